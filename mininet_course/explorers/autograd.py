"""Explorers of graphs of numbers: visit by visit, your own function, training.

Each takes functions that the chapter's reader has written, and draws what they do.
"""

from collections.abc import Callable, Generator, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from mininet.arrays import Array
from mininet_course.explorers.explorer import Explorer, explorer, svg_explorer
from mininet_course.plots.autograd import microscope
from mininet_course.plots.boundary import boundary
from mininet_course.plots.curves import curves
from mininet_course.plots.graph import ancestors

MOST_VISITS = 200
Walk = Callable[[Any], Iterator[Any]]
Training = Callable[[], Generator[tuple[float, Callable[[Array], Array]]]]


@dataclass(eq=False)
class _Moment:
    """A node as it was at one moment of the walk."""

    value: Any
    grad: Any
    parents: tuple["_Moment", ...]
    operation: Any
    slopes: Sequence[float]
    name: str


def visit_explorer(output: Any, walk: Walk, visit: int = 0) -> Explorer:
    """Return an explorer that steps through a backward pass, one visit at a time.

    ``walk(output)`` is a generator: it yields each node when it comes to it, then adds to the gradients of
    that node's parents. All gradients are 0 before it starts, and 1 for ``output``. A gradient is judged
    against its nudge as soon as its node is visited, for that is when it is passed on. The explorer opens
    at ``visit``.
    Errors: ValueError for more than 200 visits, TypeError where ``walk`` yields anything but nodes of the graph.
    """
    nodes, visits, grads = _walked(output, walk)
    step = widgets.IntSlider(min(visit, len(visits)), 0, len(visits), description="visit")
    one = widgets.Button(description="one visit")
    again = widgets.Button(description="start again")
    one.on_click(lambda _: setattr(step, "value", min(step.value + 1, len(visits))))
    again.on_click(lambda _: setattr(step, "value", 0))

    def draw(step: int) -> str:
        moments = _frozen(nodes, grads[max(step - 1, 0) if step < len(visits) else -1])
        seen = [moments[node] for node in visits[:step]]
        if step == 0:
            title = "before the first visit"
        else:
            name = getattr(visits[step - 1], "name", "") or "this number"
            last = step == len(visits)
            title = f"visit {step} of {len(visits)}: {name}" + (", and that is all" if last else "")
        return microscope(moments[output], seen, current=seen[-1] if seen else None, title=title).svg

    alt = (
        "A graph of numbers in boxes, each with its gradient so far; black badges count the visits, and the "
        "node just visited is highlighted."
    )
    return svg_explorer(draw, {"step": step, "one": one, "again": again}, alt, frames="step")


def _walked(output: Any, walk: Walk) -> tuple[list[Any], list[Any], list[dict[Any, float]]]:
    """Run the walk once; return the nodes, the visits, and all gradients at each visit and at the end."""
    nodes = ancestors(output)
    for node in nodes:
        node.grad = 0.0
    output.grad = 1.0
    visits: list[Any] = []
    grads: list[dict[Any, float]] = []
    steps = walk(output)
    if not isinstance(steps, Iterator):
        raise TypeError(
            f"visit_explorer: expected walk to be a generator, got {type(steps).__name__}. "
            "Write `yield node` where it visits a node."
        )
    for node in steps:
        if not isinstance(node, Hashable) or node not in nodes:
            raise TypeError(
                f"visit_explorer: expected walk to yield nodes of the graph, got {type(node).__name__}."
            )
        visits.append(node)
        grads.append({n: n.grad for n in nodes})
        if len(visits) > MOST_VISITS:
            raise ValueError(
                f"visit_explorer: expected at most {MOST_VISITS} visits, and they go on. Take a smaller graph."
            )
    grads.append({n: n.grad for n in nodes})
    return nodes, visits, grads


def _frozen(nodes: Sequence[Any], grads: Mapping[Any, float]) -> dict[Any, _Moment]:
    moments: dict[Any, _Moment] = {}
    for node in reversed(nodes):  # parents first
        parents = tuple(moments[p] for p in node.parents)
        slopes = tuple(getattr(node, "slopes", ()))
        name = getattr(node, "name", "")
        moments[node] = _Moment(node.value, grads[node], parents, node.operation, slopes, name)
    return moments


def expression_explorer(
    function: Callable[..., Any],
    number: Callable[[float], Any],
    values: Mapping[str, float],
    order: Callable[[Any], Sequence[Any]] | None = None,
    reach: float = 4.0,
) -> Explorer:
    """Return an explorer of the reader's own function: drag its inputs, see every value and gradient.

    ``function`` takes one number for each of ``values``, in that order, and returns one. ``number`` makes a
    number of the reader's engine from a float; what ``function`` returns must have ``backward()``.
    ``order(output)``, if given, returns the nodes in the order of the visits. Sliders go from -reach to reach.
    Errors: TypeError when ``function`` returns anything else, or an operation's parents and slopes do not match.

    >>> expression_explorer(lambda a, b: a * b + a, Number, {"a": 2.0, "b": 1.0})  # doctest: +SKIP
    """

    def draw(**at: float) -> str:
        leaves = [number(value) for value in at.values()]
        for leaf, name in zip(leaves, at, strict=True):
            leaf.name = name
        output = function(*leaves)
        if not hasattr(output, "backward"):
            raise TypeError(_not_a_number(output, type(leaves[0]).__name__ if leaves else "number"))
        _check_operations(output)
        output.backward()
        return microscope(output, order(output) if order else None).svg

    sliders = {
        name: widgets.FloatSlider(value, min=-reach, max=reach, step=0.1, description=name)
        for name, value in values.items()
    }
    alt = (
        "The graph of the reader's own function, inputs on the left, with the value, the gradient and the "
        "nudged gradient of every number."
    )
    return svg_explorer(draw, sliders, alt)


def _check_operations(output: Any) -> None:
    """Raise TypeError where an operation of the reader's wrote down parents or slopes that cannot be."""
    found = {output}
    todo = [output]
    while todo:
        node = todo.pop()
        parents, slopes = node.parents, getattr(node, "slopes", None)
        lists = [part for part in (parents, slopes) if part is not None]
        if not all(isinstance(part, tuple | list) for part in lists) or len({*map(len, lists)}) > 1:
            raise TypeError(
                "expression_explorer: expected an operation to have a tuple of parents and a tuple of as many "
                f"slopes, got {parents!r} and {slopes!r}. A tuple of one needs its comma: (a,)."
            )
        for parent in parents:
            if not hasattr(parent, "parents"):
                raise TypeError(
                    f"expression_explorer: expected every parent to be a {type(output).__name__}, "
                    f"got {type(parent).__name__}. An ordinary number is no parent: it needs no gradient."
                )
            if parent not in found:
                found.add(parent)
                todo.append(parent)


def _not_a_number(got: Any, expected: str) -> str:
    kind = type(got).__name__
    if got is None:
        cause = "Is its `return` missing?"
    elif isinstance(got, Real):
        cause = "Somewhere it left the graph: math.exp(x) or x.value give a plain float, x.exp() does not."
    else:
        cause = "It should return a single number."
    return f"expression_explorer: expected the function to return a {expected}, got {kind}. {cause}"


def training_explorer(training: Training, X: Array, y: Array, steps: int = 0) -> Explorer:
    """Return an explorer that trains by 1, 10 or 100 steps and draws answers and loss.

    ``training()`` is a generator: it yields the loss before each step and a function ``predict`` that maps
    (M, 2) to M probabilities. ``X`` is (N, 2), ``y`` (N,) with 0 and 1. The explorer opens after ``steps``.
    Errors: TypeError when ``training`` is anything else, ValueError when it ends.
    """
    state: dict[str, Any] = {}

    def reset(done: int = 0) -> None:
        # the first loss is that of no step at all
        state.update(run=None, losses=[], ordered=done + 1)

    def order(steps: int) -> None:
        # done when the picture is drawn: an error here, in a button's handler, would not be shown
        state["ordered"] = steps

    def draw(figure: Figure) -> None:
        todo, state["ordered"] = state["ordered"], 0
        if state["run"] is None:
            state["run"] = _steps(training)
        for _ in range(todo):
            loss, state["predict"] = next(state["run"])
            state["losses"].append(loss)
        left, right = figure.subplots(1, 2)
        done = len(state["losses"]) - 1
        boundary(state["predict"], X, y, ax=left, title=f"after {done} steps")
        curves({"loss": state["losses"]}, ax=right, xlabel="step", title=f"loss {state['losses'][-1]:.4f}")

    reset(steps)
    presses = {
        "1 step": lambda: order(1),
        "10 steps": lambda: order(10),
        "100 steps": lambda: order(100),
        "start again": reset,
    }
    buttons = {name: widgets.Button(description=name) for name in presses}
    alt = "Left, what the network says over the plane; right, its loss at every step so far."
    result = explorer(draw, buttons, alt, width=7.0, height=3.2)
    for name, button in buttons.items():
        result.when_pressed(button, presses[name])
    return result


def _steps(training: Training) -> Iterator[tuple[float, Callable[[Array], Array]]]:
    """Go through the reader's training, and name what is wrong with it."""
    run: Any = training()
    if not isinstance(run, Iterator):
        raise TypeError(
            f"training_explorer: expected training() to return a generator, got {type(run).__name__}. "
            "Is its `return` missing, or the `yield`?"
        )
    count = 0
    for got in run:
        count += 1
        parts: tuple[Any, ...] = got if isinstance(got, tuple) else (got,)
        if len(parts) != 2 or not isinstance(parts[0], Real) or not callable(parts[1]):
            raise TypeError(
                "training_explorer: expected training to yield the loss, a float, and a function predict, "
                f"got {', '.join(type(part).__name__ for part in parts)}. "
                "Of a number of your engine, yield the value."
            )
        yield float(parts[0]), parts[1]
    raise ValueError(
        f"training_explorer: expected training to go on for ever, it ended with yield {count}. "
        "Let it loop with `while True`."
    )
