"""Recorded operations and the way back through them. Built in the chapter "tensor".

A `Node` is one operation. `backward_through` walks from the last node to the leaves
and hands every gradient on, in an order in which each node is complete before it is used.
"""

import inspect
import itertools
import operator
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncContextDecorator, ContextDecorator
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, Protocol, TypeVar
from weakref import ref

import numpy as np

from mininet.arrays import Array, Floats

Watched = tuple["ref[Array]", bytes]
Vjp = Callable[..., tuple[Floats | None, ...]]
Result = TypeVar("Result")

# a context variable, so that a thread that measures does not stop another one's recording
_recording: ContextVar[bool] = ContextVar("mininet_recording", default=True)
recording = _recording.get


class no_grad:
    """Record nothing inside: ``with no_grad():``, or ``@no_grad()`` above a function.

    For measuring and for predictions: no graph is kept, and results require no gradient.
    What held before holds again afterwards, after an exception too. A generator lends its block to
    whoever uses it: no ``yield`` inside ``with no_grad():``.
    Errors: `TypeError` above a class, or a function that only begins when it is called: a generator, an async one.

    >>> from mininet.tensor import Tensor
    >>> x = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     print((2 * x).requires_grad)
    False
    """

    def __init__(self, *function: object) -> None:
        if function:
            raise TypeError(
                f"no_grad: expected nothing, got {function[0]!r:.60}; write @no_grad() with brackets."
            )
        self._before: list[Token[bool]] = []

    def __enter__(self) -> None:
        self._before.append(_recording.set(False))

    def __exit__(self, *_: object) -> None:
        _recording.reset(self._before.pop())

    def __call__(self, function: Callable[..., Result]) -> Callable[..., Result]:
        if inspect.isclass(function) or not callable(function):
            raise TypeError(
                f"@no_grad(): expected a function, got {function!r:.60}; put it above its methods."
            )
        _require_finished(function.__qualname__ if hasattr(function, "__qualname__") else "it", function)

        @wraps(function)
        def measured(*arguments: Any, **named: Any) -> Result:
            with no_grad():
                result = function(*arguments, **named)
            _require_finished(measured.__qualname__, result)
            return result

        return measured


def _require_finished(name: str, what: object) -> None:
    """Refuse what would run after the block has ended: it would record all the same."""
    # what @contextmanager makes is a ContextDecorator
    late = isinstance(
        what, (Iterator, AsyncIterator, Awaitable, ContextDecorator, AsyncContextDecorator)
    ) or (
        inspect.isgeneratorfunction(what)
        or inspect.iscoroutinefunction(what)
        or inspect.isasyncgenfunction(what)
    )
    if late:
        raise TypeError(
            f"@no_grad(): {name} is a generator or async, so most of it runs after the decorator has ended. "
            "Write `with no_grad():` inside it, around what computes and not around a yield or an await."
        )


_WHOLE = 1 << 14  # bytes
_COLUMNS = 1021  # a prime, so that entries that change places, as in a sort, change columns
_count = itertools.count()
_made = operator.attrgetter("made")


class Leaf(Protocol):
    """Where a way back ends: what was made and not computed."""

    _grad: Floats | None

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...


class Node:
    """One recorded operation; it knows its output's shape and dtype and not the output: that would be a circle.

    ``parents`` holds, for each input, the node it came from, or the leaf itself, or None
    where no gradient goes. ``vjp`` takes the loss's gradient by the output to the
    gradients by the inputs; it is None once a backward pass has freed the node. A ``selective`` one
    takes, as a second argument, a bool for each parent: whether its gradient is wanted.
    ``watched`` holds the inputs that somebody could write into, see `watch`; nodes are ``made`` in this order.
    """

    __slots__ = ("dtype", "made", "operation", "parents", "selective", "shape", "vjp", "watched")

    def __init__(
        self,
        operation: str,
        parents: tuple["Node | Leaf | None", ...],
        vjp: Vjp,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        watched: Sequence[Watched] = (),
        selective: bool = False,
    ) -> None:
        self.operation, self.parents, self.shape, self.dtype = operation, parents, shape, dtype
        self.vjp: Vjp | None = vjp
        self.watched, self.selective, self.made = watched, selective, next(_count)

    def __repr__(self) -> str:
        return f"Node({self.operation}, shape {self.shape})"

    def free(self) -> None:
        """Let go of all that the way back through it needs."""
        self.vjp, self.parents, self.watched = None, (), ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Node":
        return self  # a copied result has the same history; copying that would end at copies of the leaves


def watch(arrays: Iterable[Array]) -> Sequence[Watched]:
    """Return what tells later whether somebody has written into the arrays; it does not keep them alive.

    Up to 16 KiB are compared whole; of a larger array, read as whole numbers and laid out in rows of a
    prime length, the sums of the columns: a change of any entry changes one, and a shuffle most.
    """
    return [(ref(a), _seal(a)) for a in arrays]


def _require_unchanged(node: "Node") -> None:
    for array, before in node.watched:
        a = array()  # None: it is gone, so it was not needed for the way back
        if a is not None and _seal(a) != before:
            raise RuntimeError(
                f"backward of {node.operation}: its input {a.dtype} {a.shape} was written into after the "
                "forward pass, so its gradient would mix old numbers and new. Call backward() before the "
                "optimiser's step() and before you write into .data, or run the forward pass again."
            )


def _seal(array: Array) -> bytes:
    if array.nbytes <= _WHOLE:
        return array.tobytes()
    words = array.ravel("K").view(f"u{array.itemsize}")
    whole = words.size // _COLUMNS * _COLUMNS
    sums: Array = np.add.reduce(words[:whole].reshape(-1, _COLUMNS), dtype=words.dtype)
    return sums.tobytes() + words[whole:].tobytes()


def topological_order(root: Node) -> list[Node]:
    """Return the nodes that lead to ``root``, each after all of its parents; ``root`` is the last.

    A result is made after its inputs, so the order in which the nodes were made is such an order.
    No recursion: a graph may be as deep as memory allows.
    """
    order, seen = [root], {root}
    for node in order:  # the list grows while we go along it
        for parent in node.parents:
            if type(parent) is Node and parent not in seen:
                seen.add(parent)
                order.append(parent)
    order.sort(key=_made)
    return order


def backward_through(root: "Node | Leaf", grad: Floats, retain_graph: bool) -> None:
    """Take ``grad``, the gradient by root's output, back to the leaves and add it to their ``grad``.

    Nodes are freed on the way unless ``retain_graph``. The leaves are changed at the very end,
    so an error leaves them as they were.
    """
    arrived: dict[Node | Leaf, Floats] = {root: grad}
    order = topological_order(root) if isinstance(root, Node) else []
    _require_not_freed(order)
    while order:
        node = order.pop()  # all that used its output have been visited, so its gradient is complete
        _hand_on(node, arrived.pop(node), arrived)
        if not retain_graph:
            node.free()
    leaves = [leaf for leaf in arrived if not isinstance(leaf, Node)]
    gradients = _own(arrived.values(), retain_graph)
    totals = [
        gradient if leaf._grad is None else _total(leaf, leaf._grad, gradient)
        for leaf, gradient in zip(leaves, gradients, strict=True)
    ]
    for leaf, total in zip(leaves, totals, strict=True):
        leaf._grad = total


def gradients_by(
    wanted: "Sequence[Node | Leaf]", root: "Node | Leaf", grad: Floats, retain_graph: bool
) -> list[Floats | None]:
    """Return the gradients by ``wanted`` alone, None where no way leads; no leaf's ``grad`` is changed.

    Only operations on the way to what is wanted are gone through, and freed unless ``retain_graph``.
    """
    order = topological_order(root) if isinstance(root, Node) else []
    ends = set(wanted)
    leading = set(ends)
    through = []  # the operations that have something wanted above them
    for node in order:
        if not leading.isdisjoint(node.parents):
            leading.add(node)
            through.append(node)
    _require_not_freed(through)
    arrived: dict[Node | Leaf, Floats] = {root: grad}
    while through:
        node = through.pop()
        _hand_on(node, arrived[node] if node in ends else arrived.pop(node), arrived, leading)
        if not retain_graph:
            node.free()
    found = [end for end in wanted if end in arrived]
    own = dict(zip(found, _own([arrived[end] for end in found], retain_graph), strict=True))
    return [own.get(end) for end in wanted]


def _require_not_freed(order: "list[Node]") -> None:
    if None in [node.vjp for node in order]:
        raise RuntimeError(
            "backward(): this graph has been freed by an earlier backward(). "
            "Run the forward pass again, or pass retain_graph=True to the first backward()."
        )


def _own(gradients: Iterable[Floats], retain_graph: bool) -> list[Floats]:
    """Return each gradient as an array that its owner may write into: nobody else's, and no view of one."""
    own: list[Floats] = []
    seen: set[int] = set()
    for gradient in gradients:
        # a graph that is kept may hold the array as well
        if retain_graph or gradient.base is not None or id(gradient) in seen:
            gradient = gradient.copy()
        seen.add(id(gradient))
        gradient.setflags(True)  # type: ignore[call-arg]  # by position, as above
        own.append(gradient)
    return own


def _total(leaf: Leaf, before: Floats, gradient: Floats) -> Floats:
    """Return the sum of the leaf's ``grad`` and the new one, or say what is wrong with the one it had."""
    # a sum, never +=: somebody may have kept the array
    total = np.asarray(before + gradient)
    if total.shape != leaf.shape or total.dtype != leaf.dtype:
        raise ValueError(
            f"backward(): a leaf is {leaf.dtype} {leaf.shape}, but its grad, to be added to, was "
            f"{np.asarray(before).dtype} {np.shape(before)}. Set it to None before."
        )
    return total


def _hand_on(
    node: Node,
    grad: Floats,
    arrived: "dict[Node | Leaf, Floats]",
    leading: "set[Node | Leaf] | None" = None,
) -> None:
    """Take ``grad`` back through one operation and add what comes out to what has arrived at its parents.

    With ``leading``, only at those of them.
    """
    assert node.vjp is not None
    if node.watched:
        _require_unchanged(node)
    parents = node.parents
    if leading is not None:
        parents = tuple(p if p in leading else None for p in parents)
    try:
        if leading is not None and node.selective:
            gradients = node.vjp(grad, [p is not None for p in parents])
        else:
            gradients = node.vjp(grad)
    except Exception as error:
        raise RuntimeError(
            f"backward of {node.operation}: its vjp raised {type(error).__name__}: {error}"
        ) from error
    if type(gradients) is not tuple or len(gradients) != len(parents):
        raise RuntimeError(
            f"backward of {node.operation}: expected its vjp to return a tuple of {len(parents)}, "
            f"a gradient or None for each parent, got {gradients!r:.60}."
        )
    for parent, gradient in zip(parents, gradients):  # noqa: B905  # counted above
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
