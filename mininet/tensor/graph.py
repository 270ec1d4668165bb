"""Recorded operations and the way back through them. Built in the chapter "tensor".

A `Node` is one operation. `backward_through` walks from the last node to the leaves
and hands every gradient on, in an order in which each node is complete before it is used.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np

from mininet.arrays import Floats

Vjp = Callable[[Floats], tuple[Floats | None, ...]]

# a context variable, so that a thread that measures does not stop another one's recording
_recording: ContextVar[bool] = ContextVar("mininet_recording", default=True)
recording = _recording.get


@contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside: ``with no_grad():``, or ``@no_grad()`` above a function.

    For measuring and for predictions: no graph is kept, and results require no gradient.
    What held before holds again afterwards, after an exception too.

    >>> from mininet.tensor import Tensor
    >>> x = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     print((2 * x).requires_grad)
    False
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


class Leaf(Protocol):
    """Where a way back ends: what was made and not computed."""

    grad: Floats | None

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...


class Node:
    """One recorded operation; it knows its output's shape and dtype and not the output: that would be a circle.

    ``parents`` holds, for each input, the node it came from, or the leaf itself, or None
    where no gradient goes. ``vjp`` takes the loss's gradient by the output to the
    gradients by the inputs; it is None once a backward pass has freed the node.
    """

    __slots__ = ("dtype", "operation", "parents", "shape", "vjp")

    def __init__(
        self,
        operation: str,
        parents: tuple["Node | Leaf | None", ...],
        vjp: Vjp,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self.operation, self.parents, self.shape, self.dtype = operation, parents, shape, dtype
        self.vjp: Vjp | None = vjp

    def __repr__(self) -> str:
        return f"Node({self.operation}, shape {self.shape})"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Node":
        return self  # a copied result has the same history; copying that would end at copies of the leaves


def topological_order(root: Node) -> list[Node]:
    """Return the nodes that lead to ``root``, each after all of its parents; ``root`` is the last.

    With a list of what is still to be visited and no recursion, so a graph may be as deep as memory allows.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    to_visit: list[tuple[Node, bool]] = [(root, False)]
    while to_visit:
        node, parents_done = to_visit.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            to_visit.append((node, True))
            to_visit += [(p, False) for p in node.parents if type(p) is Node and p not in seen]
    return order


def backward_through(root: "Node | Leaf", grad: Floats, retain_graph: bool) -> None:
    """Take ``grad``, the gradient by root's output, back to the leaves and add it to their ``grad``.

    Nodes are freed on the way unless ``retain_graph``. The leaves are changed at the very end,
    so an error leaves them as they were.
    """
    arrived: dict[Node | Leaf, Floats] = {root: grad}
    order = topological_order(root) if isinstance(root, Node) else []
    if None in [node.vjp for node in order]:
        raise RuntimeError(
            "backward(): this graph has been freed by an earlier backward(). "
            "Run the forward pass again, or pass retain_graph=True to the first backward()."
        )
    while order:
        node = order.pop()  # all that used its output have been visited, so its gradient is complete
        _hand_on(node, arrived.pop(node), arrived)
        if not retain_graph:
            node.vjp, node.parents = None, ()
    totals = [
        (leaf, gradient if leaf.grad is None else _total(leaf, leaf.grad, gradient))
        for leaf, gradient in arrived.items()
        if not isinstance(leaf, Node)
    ]
    for leaf, total in totals:
        leaf.grad = read_only(total)


def _total(leaf: Leaf, before: Floats, gradient: Floats) -> Floats:
    """Return the sum of the leaf's ``grad`` and the new one, or say what is wrong with the one it had."""
    # a sum, never +=: the array may be another leaf's gradient, too
    total = np.asarray(before + gradient)
    if total.shape != leaf.shape or total.dtype != leaf.dtype:
        raise ValueError(
            f"backward(): a leaf is {leaf.dtype} {leaf.shape}, but its grad, to be added to, was "
            f"{np.asarray(before).dtype} {np.shape(before)}. Set it to None before."
        )
    return total


def _hand_on(node: Node, grad: Floats, arrived: "dict[Node | Leaf, Floats]") -> None:
    """Take ``grad`` back through one operation and add what comes out to what has arrived at its parents."""
    assert node.vjp is not None
    try:
        gradients = node.vjp(grad)
    except Exception as error:
        raise RuntimeError(
            f"backward of {node.operation}: its vjp raised {type(error).__name__}: {error}"
        ) from error
    if type(gradients) is not tuple or len(gradients) != len(node.parents):
        raise RuntimeError(
            f"backward of {node.operation}: expected its vjp to return a tuple of {len(node.parents)}, "
            f"a gradient or None for each parent, got {gradients!r:.60}."
        )
    for parent, gradient in zip(node.parents, gradients):  # noqa: B905  # counted above
        if parent is None:
            continue
        if (
            type(gradient) is not np.ndarray
            or gradient.shape != parent.shape
            or gradient.dtype != parent.dtype
        ):
            gradient = _mended(node, parent, gradient)
        if parent in arrived:
            gradient = np.asarray(arrived[parent] + gradient)  # a sum of two arrays without axes is no array
        # write=False, by name, takes twice as long
        gradient.setflags(False)  # type: ignore[call-arg]
        arrived[parent] = gradient


def _mended(node: Node, parent: "Node | Leaf", gradient: Floats | None) -> Floats:
    """Return a single number as an array; for anything else say which operation went wrong, and how."""
    if gradient is None:
        raise RuntimeError(
            f"backward of {node.operation}: its vjp returned None for a parent that needs a gradient."
        )
    if not isinstance(gradient, (np.ndarray, np.generic)):
        raise TypeError(
            f"backward of {node.operation}: expected its vjp to return arrays, got {type(gradient).__name__}."
        )
    gradient = np.asarray(gradient)
    if gradient.shape != parent.shape:
        raise ValueError(
            f"backward of {node.operation}: expected a gradient of the parent's shape {parent.shape}, "
            f"got {gradient.shape}. Is an unbroadcast missing?"
        )
    if gradient.dtype != parent.dtype:
        raise TypeError(
            f"backward of {node.operation}: the parent is {parent.dtype}, its gradient {gradient.dtype}. "
            "Did a NumPy float64 get in?"
        )
    return gradient


def read_only(array: Floats) -> Floats:
    """Return the array, locked: gradients are handed around, and writing into one would change another."""
    # write=False, by name, takes twice as long
    array.setflags(False)  # type: ignore[call-arg]
    return array
