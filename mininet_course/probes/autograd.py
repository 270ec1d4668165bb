"""Beside the answers on autograd with numbers: the least that can hold a graph, and what is read off it."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import array

from mininet.arrays import Floats
from mininet_course.exercise import WrongForm

# name -> the names it was made from, or a (parent, slope) for each of them
Graph = Mapping[str, tuple[str, ...]]
Tape = Mapping[str, tuple[tuple[str, float], ...]]


class Node:
    """A number that remembers how it was made: value, parents, the slope on the arrow from each."""

    def __init__(
        self,
        value: float,
        parents: tuple["Node", ...] = (),
        slopes: tuple[float, ...] = (),
        name: str = "",
    ) -> None:
        self.value, self.parents, self.slopes, self.name = value, parents, slopes, name
        self.operation: Any = None
        self.grad = 0.0


class Number(Node):
    """A node to compute with; the operations are those that the probes need."""

    def __add__(self, other: "Number | float") -> "Number":
        other = as_number(other)
        return Number(self.value + other.value, (self, other), (1.0, 1.0))

    def __sub__(self, other: "Number | float") -> "Number":
        return self + -1.0 * as_number(other)

    def __mul__(self, other: "Number | float") -> "Number":
        other = as_number(other)
        return Number(self.value * other.value, (self, other), (other.value, self.value))

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: "Number | float") -> "Number":
        other = as_number(other)
        return self * Number(1 / other.value, (other,), (-1 / other.value**2,))

    def exp(self) -> "Number":
        value = math.exp(self.value)
        return Number(value, (self,), (value,))

    def log(self) -> "Number":
        return Number(math.log(self.value), (self,), (1 / self.value,))

    def backward(self) -> None:
        """Go back to the leaves, by a walk of its own: to put a graph in order is one of the exercises."""
        waiting, found = dict[int, int](), list[Node]([self])
        for made in found:
            for parent in made.parents:
                found += [] if id(parent) in waiting else [parent]
                waiting[id(parent)] = waiting.get(id(parent), 0) + 1
        for made in found:
            if made.parents:
                made.grad = 0.0
        self.grad, ready = 1.0, list[Node]([self])
        while ready:
            made = ready.pop()
            for parent, slope in zip(made.parents, made.slopes, strict=True):
                parent.grad += slope * made.grad
                waiting[id(parent)] -= 1
                if not waiting[id(parent)]:
                    ready.append(parent)


def as_number(x: "Number | float") -> Number:
    return x if isinstance(x, Number) else Number(float(x))


Operation = Callable[[Number], Number]


def with_numbers(operation: Operation, a: Floats) -> tuple[Floats, Floats]:
    """Apply an operation to one number after the other; return the values and what a backward pass finds."""
    values, slopes = list[float](), list[float]()
    for v in a.tolist():
        leaf = Number(v, name="a")
        made = operation(leaf)
        if made is None:
            raise WrongForm("Your function returned None. Is the `return` missing?")
        if not all(hasattr(made, part) for part in ("value", "parents", "slopes")):
            raise WrongForm(
                f"Expected a Number, got {made!r:.60}. Write return Number(value, (a,), (slope,))."
            )
        if made is leaf:
            raise WrongForm("Your function returned `a` itself. Make a new Number, whose parent is a.")
        if not isinstance(made.parents, tuple | list) or not isinstance(made.slopes, tuple | list):
            raise WrongForm(
                "Parents and slopes are tuples, also if there is one of each. Mind the comma: (a,)."
            )
        if len(made.parents) != len(made.slopes):
            raise WrongForm(
                f"There are {len(made.parents)} parents and {len(made.slopes)} slopes; each arrow has one slope."
            )
        if any(hasattr(x, "slopes") for x in (made.value, *made.slopes)):
            raise WrongForm("A value and a slope are plain numbers. Compute with a.value, not with a.")
        made.grad = 0.0
        Number.backward(made)
        values.append(made.value)
        slopes.append(leaf.grad)
    return array(values), array(slopes)


def ordered(order: Callable[[Graph, str], Any], made_from: Graph, output: str) -> Any:
    """Return the names that an order puts out, as a list if they can be listed."""
    return listed(order(dict(made_from), output))


def listed(names: Any) -> Any:
    return list(names) if isinstance(names, Iterable) and not isinstance(names, str) else names


def of_all_names(gradients: Callable[[Tape], Any], tape: Tape) -> list[list[Any]]:
    """Return the gradients that a walk along the tape finds, in pairs with their names."""
    got = gradients(dict(tape))
    if got is None:
        raise WrongForm("Your function returned None. Is the `return` missing?")
    if not isinstance(got, Mapping):
        raise WrongForm(f"Expected a dictionary from names to gradients, got {got!r:.60}.")
    return [[name, gradient] for name, gradient in got.items()]


def names_by_walk(order: Callable[[Node], Any], made_from: Graph) -> Any:
    """Build the graph, whose output stands last; return the names of what an order puts out."""
    nodes = dict[str, Node]()
    for name, parents in made_from.items():
        nodes[name] = Node(0.0, tuple(nodes[p] for p in parents), (1.0,) * len(parents), name)
    got = listed(order(nodes[list(made_from)[-1]]))
    return [getattr(node, "name", node) for node in got] if isinstance(got, list) else got


def counted(visits: Callable[[Graph], Any], made_from: Graph) -> Any:
    return visits(dict(made_from))


Step = Callable[[list[Number], Any, Callable[[list[Number], Any], Number], float], None]


def moved(step: Step, weights: Floats, samples: Floats, lr: float) -> Floats:
    """Let a step move some weights whose grads still hold what an earlier step left there."""
    parameters = [Number(float(w)) for w in weights]
    for parameter in parameters:
        parameter.grad = 7.0
    step(parameters, [list(map(float, sample)) for sample in samples], squared_error, lr)
    if any(not isinstance(p.value, int | float | np.number) for p in parameters):
        raise WrongForm("A weight's value is no plain number any more. Move p.value by lr * p.grad, not p.")
    return array([p.value for p in parameters])


def squared_error(parameters: Sequence[Number], sample: Sequence[float]) -> Number:
    """The loss of one sample: its last number is the target."""
    score: Any = 0.0
    for w, x in zip(parameters, sample[:-1], strict=True):
        score = score + w * x
    difference: Number = score - sample[-1]
    return difference * difference


DUALS: Mapping[str, Callable[[Any, Any, float], Any]] = {
    "u + v": lambda u, v, number: u + v,
    "u * v": lambda u, v, number: u * v,
    "u.exp()": lambda u, v, number: u.exp(),
    "number + u": lambda u, v, number: number + u,
    "u * number": lambda u, v, number: u * number,
}


def with_duals(Dual: type[Any], u: Floats, v: Floats, numbers: Floats) -> tuple[Floats, ...]:
    """Return value and hairs of each operation, for u and v given as (value, hairs), and for each number."""
    results = []
    for text, apply in DUALS.items():
        rows = [
            applied(text, apply, Dual, u, v, number)
            for number in (numbers.tolist() if "number" in text else [0.0])
        ]
        results.append(array(rows if "number" in text else rows[0]))
    return tuple(results)


def applied(
    text: str, apply: Callable[..., Any], Dual: type[Any], u: Floats, v: Floats, number: float
) -> list[Any]:
    """Return value and hairs of one operation, or say what is not there."""
    try:
        made = apply(Dual(*u.tolist()), Dual(*v.tolist()), number)
    except TypeError as error:
        if "unsupported operand" not in str(error):
            raise
        raise WrongForm(
            f"`{text}` is not possible: {error}. Does the class have that method, and does it call `as_dual`?"
        ) from None
    if not hasattr(made, "value") or not hasattr(made, "hairs"):
        raise WrongForm(
            f"`{text}` should be a Dual, got {made!r:.60}. Is the `return` missing, or Dual(…, …) around the result?"
        )
    return [made.value, made.hairs]
