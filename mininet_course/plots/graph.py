"""What a graph is made of, whatever its class, and its gradients by nudging."""

import math
import sys
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

MOST = 60  # numbers in one graph; in a picture, more are too small to read
_NUDGE = 1e-5


class Node(Hashable, Protocol):
    """What the microscope looks at: any object with these attributes, whatever its class.

    ``data`` is read where there is no ``value``, and ``op`` where there is no ``operation``. The operation
    is either the function that made the value from the parents' values, and can then be run again with a
    nudge, or only its name. If there are ``slopes``, one local derivative a parent, they are written on
    the arrows.
    """

    value: Any
    grad: Any
    parents: Sequence["Node"]
    operation: Callable[..., float] | str | None
    # optional: name: str, slopes: Sequence[float]


def ancestors(output: Any) -> list[Any]:
    """Return ``output`` and all it was made from, every node once and before its parents.

    Raises ValueError for more than 60 nodes and for a graph that runs in a circle.
    """
    waiting = {output: 0}
    found = [output]
    for node in found:  # the list grows meanwhile
        for parent in parents_of(node):
            if parent not in waiting:
                waiting[parent] = 0
                found.append(parent)
            waiting[parent] += 1
        if len(found) > MOST:
            raise ValueError(
                f"microscope: expected at most {MOST} numbers, found more. Look at a smaller graph, "
                "for instance at one sample instead of the whole batch."
            )
    ready, order = [output], []
    while ready:
        node = ready.pop(0)
        order.append(node)
        for parent in parents_of(node):
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)
    if len(order) < len(found):
        raise ValueError("microscope: expected a graph without circles, got a number made from itself.")
    return order


def nudged(output: Any) -> dict[Any, float | None]:
    """Return for every node how ``output`` answers to a nudge of it: its gradient, measured.

    All operations are run again from the leaves' values of now. None where that is not possible:
    an operation is only named, a value is not a single number, or a nudged run fails.

    >>> from operator import mul
    >>> from types import SimpleNamespace
    >>> class Box(SimpleNamespace):
    ...     __hash__ = object.__hash__
    >>> a = Box(value=3.0, grad=None, parents=(), operation=None)
    >>> round(nudged(Box(value=9.0, grad=None, parents=(a, a), operation=mul))[a], 6)
    6.0
    """
    order = ancestors(output)[::-1]  # parents first

    def rerun(which: Any, by: float) -> float:
        values: dict[Any, float] = {}
        for node in order:
            parents = parents_of(node)
            if parents:
                values[node] = float(operation_of(node)(*(values[p] for p in parents)))
            else:
                values[node] = float(value_of(node))
            if node is which:
                values[node] += by
        return values[output]

    measured: dict[Any, float | None] = {}
    for node in order:
        try:
            measured[node] = (rerun(node, _NUDGE) - rerun(node, -_NUDGE)) / (2 * _NUDGE)
        except (ArithmeticError, TypeError, ValueError):
            measured[node] = None
    return measured


def rounding(nodes: Sequence[Any]) -> float:
    """Return how far rounding alone may put off a nudge in a graph of these numbers.

    The difference of two outputs of size v is wrong by about v times 1e-16, and is divided by the nudge.
    """
    sizes = [abs(v) for node in nodes if (v := single(value_of(node))) is not None and math.isfinite(v)]
    return 2 * sys.float_info.epsilon * max(sizes, default=0.0) / _NUDGE


def parents_of(node: Any) -> Sequence[Any]:
    """Return what a node was made from; nothing for a leaf."""
    return getattr(node, "parents", None) or ()


def value_of(node: Any) -> Any:
    """Return a node's ``value``, or its ``data``."""
    return node.value if hasattr(node, "value") else node.data


def operation_of(node: Any) -> Any:
    """Return a node's ``operation``, or its ``op``: a function, a name, or None."""
    return getattr(node, "operation", None) or getattr(node, "op", None)


def single(value: Any) -> float | None:
    """Return a number, or an array of one entry, as a float; None for everything else."""
    if value is None or getattr(value, "size", 1) != 1:
        return None
    return float(value.item() if hasattr(value, "item") else value)
