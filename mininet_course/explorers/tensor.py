"""Explorers: broadcasting, the way back through a graph of arrays, your own operation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mininet.arrays import Floats
from mininet.gradcheck import numerical_gradient
from mininet.tensor import Node, Tensor, topological_order
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.layers import checked_gradients
from mininet_course.plots.palette import VERMILLION
from mininet_course.plots.tensor import Box, broadcasting, graph

MOST_NODES = 24  # operations in one picture; more are too small to read
MOST_ENTRIES = 40  # numbers in one grid, likewise
Operation = Callable[..., Tensor]


def broadcast_explorer() -> Explorer:
    """Return an explorer of a + b: choose both shapes, see the copies, and the gradient summed back.

    ``rows`` of 0 means that there is no such axis: the array is (columns,).
    """

    def slider(name: str, value: int, least: int) -> widgets.IntSlider:
        return widgets.IntSlider(value, least, 4, description=name)

    controls = {
        "a_rows": slider("a: rows", 3, 0),
        "a_columns": slider("columns", 1, 1),
        "b_rows": slider("b: rows", 0, 0),
        "b_columns": slider("columns", 4, 1),
    }

    def draw(figure: Figure, a_rows: int, a_columns: int, b_rows: int, b_columns: int) -> None:
        a = np.arange(1, max(a_rows, 1) * a_columns + 1).reshape(_shape(a_rows, a_columns))
        b = 10 * np.arange(1, max(b_rows, 1) * b_columns + 1).reshape(_shape(b_rows, b_columns))
        ax = figure.subplots()
        try:
            shape = np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            _say(
                ax,
                f"{a.shape} and {b.shape} do not fit.\nCounted from the right, sizes must be equal, or one of them 1.",
            )
            return
        broadcasting(a, b, 1 + np.arange(np.prod(shape)).reshape(shape) % 5, ax=ax)

    alt = (
        "Above, a and b with the copies that NumPy makes of them before it adds; below, a gradient of the "
        "result's shape, summed over the copies."
    )
    return explorer(draw, controls, alt, 7.0, 3.4)


def _shape(rows: int, columns: int) -> tuple[int, ...]:
    return (rows, columns) if rows else (columns,)


def _say(ax: Axes, words: str) -> None:
    """Write a message where a picture would be."""
    ax.text(0.5, 0.5, words, ha="center", va="center", fontsize=10, color=VERMILLION, wrap=True)
    ax.axis("off")


def walk_explorer(result: Tensor, names: Mapping[str, Tensor], visit: int = 0) -> Explorer:
    """Return an explorer that goes back from ``result`` to the leaves, one operation at a time.

    ``result`` is a single number with its graph, which is not freed; ``names`` names its leaves. Nobody's ``grad``
    is changed. The explorer opens at ``visit``.
    Errors: `ValueError` without a graph, for more than 24 operations, or a result that is not a single number.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> walk_explorer((x * x).sum(), {"x": x}).controls["visit"].max
    2
    """
    if result.node is None or result.size != 1:
        raise ValueError(
            f"walk_explorer: expected a single number with a graph, got shape {result.shape}, "
            f"{'with' if result.node else 'without'} a graph."
        )
    steps = _steps(result.node, {id(leaf): name for name, leaf in names.items()})
    last = len(steps) - 1
    visit_ = widgets.IntSlider(min(visit, last), 0, last, description="visit")
    one = widgets.Button(description="one visit")
    again = widgets.Button(description="start again")
    one.on_click(lambda _: setattr(visit_, "value", min(visit_.value + 1, last)))
    again.on_click(lambda _: setattr(visit_, "value", 0))

    def draw(figure: Figure, visit: int) -> None:
        boxes, title = steps[visit]
        ax = figure.subplots()
        graph(boxes, ax=ax)
        ax.set_title(f"visit {visit} of {last}: {title}", fontsize=9.5)

    alt = "A graph of arrays from left to right; gradients arrive, marked ∂, from the right to the leaves."
    return explorer(draw, {"visit": visit_, "one": one, "again": again}, alt, 7.2, 3.6, "visit")


def _steps(root: Node, names: Mapping[int, str]) -> list[tuple[list[Box], str]]:
    """Return, before the first visit and after each, the boxes of the picture and a sentence."""
    order = topological_order(root)
    if len(order) > MOST_NODES or any(node.vjp is None for node in order):
        raise ValueError(
            f"walk_explorer: expected at most {MOST_NODES} operations that no backward() has freed, got "
            f"{len(order)}. Run the forward pass again, or look at a smaller graph."
        )
    things = _with_leaves(order)
    position = {id(thing): i for i, thing in enumerate(things)}
    arrived: dict[int, Floats] = {id(root): np.ones(root.shape, dtype=root.dtype)}
    visited: set[int] = set()

    def boxes(current: Node | None) -> list[Box]:
        return [
            Box(
                getattr(thing, "operation", None) or names.get(id(thing), "leaf"),
                thing.shape,
                tuple(position[id(p)] for p in getattr(thing, "parents", ()) if p is not None),
                id(thing) in arrived,
                id(thing) in visited,
                thing is current,
            )
            for thing in things
        ]

    steps = [(boxes(None), "the result has the gradient 1; nothing has been handed on")]
    for node in reversed(order):
        assert node.vjp is not None
        grad = arrived[id(node)]
        sent = []
        for parent, gradient in zip(node.parents, node.vjp(grad), strict=True):
            if parent is not None and gradient is not None:
                before = arrived.get(id(parent))
                arrived[id(parent)] = gradient if before is None else before + gradient
                sent.append(str(gradient.shape))
        visited.add(id(node))
        steps.append((boxes(node), f"{node.operation}.  In {grad.shape},  out {',  '.join(sent)}"))
    return steps


def _with_leaves(order: Sequence[Node]) -> list[Any]:
    """Return the nodes and, each just before its first user, the leaves."""
    things: list[Any] = []
    seen: set[int] = set()
    for node in order:
        for thing in (*node.parents, node):
            if thing is not None and id(thing) not in seen:
                seen.add(id(thing))
                things.append(thing)
    return things


def operation_explorer(
    operation: Operation, shapes: Mapping[str, tuple[int, ...]], positive: bool = False
) -> Explorer:
    """Return an explorer of the reader's own operation: its gradients at a random place, beside nudging.

    ``operation`` takes a float64 tensor for each of ``shapes``, in that order, and returns a tensor. Its result is
    made a single number by a weighted sum with random weights. With ``positive`` the inputs lie between
    0.2 and 2, for logarithms and roots. What goes wrong on the way back is written in the picture's place.
    Errors: `TypeError` when the operation returns anything but a tensor; `ValueError` for shapes of more than
    40 numbers, which nobody could read; whatever the operation itself raises on its way forward.

    >>> operation_explorer(lambda a, b: a * b, {"a": (2, 3), "b": (3,)}).still[:4]
    b'\\x89PNG'
    """
    for name, shape in shapes.items():
        if not 1 <= np.prod(shape) <= MOST_ENTRIES:
            raise ValueError(
                f"operation_explorer: expected shapes of 1 to {MOST_ENTRIES} numbers, got {name} {shape}. "
                "A rule that is right for (2, 3) is right for larger ones."
            )
    place = widgets.IntSlider(0, 0, 20, description="place")
    another = widgets.Button(description="another place")
    another.on_click(lambda _: setattr(place, "value", (place.value + 1) % 21))

    def draw(figure: Figure, place: int) -> None:
        rng = np.random.default_rng(place)
        at = {name: _draw(rng, shape, positive) for name, shape in shapes.items()}
        out, leaves = _run(operation, at)
        if not np.isfinite(out.data).all():
            hint = "" if positive else "\nFor logarithms and roots pass positive=True."
            _say(figure.subplots(), f"Your operation gave NaN or infinity at this place.{hint}")
            return
        weights = rng.standard_normal(out.shape)
        try:
            out.backward(weights)
        except (RuntimeError, TypeError, ValueError) as problem:
            _say(figure.subplots(), f"{type(problem).__name__}:\n{problem}")
            return
        checked_gradients(_gradients(at, leaves), _nudged(operation, at, weights), figure=figure)

    alt = "For each input of the operation a grid with its gradient, ticked where nudging agrees and crossed where not."
    return explorer(draw, {"place": place, "another": another}, alt, 6.5, 3.0)


def _draw(rng: np.random.Generator, shape: tuple[int, ...], positive: bool) -> Floats:
    return np.asarray(rng.uniform(0.2, 2, shape) if positive else rng.standard_normal(shape))


def _run(operation: Operation, values: Mapping[str, Floats]) -> tuple[Tensor, list[Tensor]]:
    """Return the operation's result and the leaves that it was made from."""
    # copies: an operation that writes into its inputs would move the place
    leaves = [Tensor(value.copy(), requires_grad=True) for value in values.values()]
    with np.errstate(all="ignore"):  # NaN is spoken of in the picture
        out = operation(*leaves)
    if not isinstance(out, Tensor):
        raise TypeError(
            f"operation_explorer: expected a tensor from your operation, got {type(out).__name__}. "
            "Is its return missing, or did it return an array?"
        )
    return out, leaves


def _gradients(at: Mapping[str, Floats], leaves: Sequence[Tensor]) -> dict[str, Floats]:
    """Return each leaf's gradient, 0 where none came; a single number as an array of one, to be drawn."""
    return {
        name: np.atleast_1d(np.zeros_like(value) if leaf.grad is None else leaf.grad)
        for (name, value), leaf in zip(at.items(), leaves, strict=True)
    }


def _nudged(operation: Operation, at: Mapping[str, Floats], weights: Floats) -> dict[str, Floats]:
    """Return the gradients of the weighted sum by nudging."""

    def total(name: str, value: Floats) -> float:
        return float((_run(operation, {**at, name: value})[0].data * weights).sum())

    return {
        name: np.atleast_1d(numerical_gradient(lambda v, n=name: total(n, v), value))  # type: ignore[misc]
        for name, value in at.items()
    }
