"""The `Tensor`: an array, its operations, and each one's gradient beside it. Built in the chapter "tensor".

An operation computes its value with NumPy and, if a gradient will be wanted, records
``vjp``, which turns the loss's gradient by the result into the gradients by the inputs
(a vector-Jacobian product). `Tensor.backward` then goes from the result back to the
leaves, the tensors that were made and not computed.

Where a function has a kink or a tie: `abs` has slope 0 at 0, `clip` has slope 1 at its
limits, entries that share a maximum share its gradient equally, `sqrt` has an infinite
slope at 0. All of this is as in PyTorch, except that its ``max(dim)`` picks one of the
tied entries (its ``amax`` shares, as here).
Left out on purpose: in-place operations, devices, hooks, gradients of gradients.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike

from mininet.arrays import Array, Floats
from mininet.tensor.graph import Node, Vjp, backward_through, read_only, recording

Axis: TypeAlias = int | tuple[int, ...] | None
Number: TypeAlias = int | float | np.floating[Any] | np.integer[Any]
Operand: TypeAlias = "Tensor | Array | Number"


_FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


class Tensor:
    """An array ``data`` that records operations, and after `backward` the loss's gradient by it, ``grad``.

    ``data`` is float32 or float64 (lists and Python numbers become float32); whole numbers and booleans
    are kept as they are and have no gradient. The array is not copied: operations remember it for the
    way back, so write into it after ``backward()``, not before. The data of a recorded result is read-only.
    ``grad`` is None, or a read-only array of data's shape and dtype; only leaves that require one get it.
    Arithmetic is NumPy's, broadcasting included; both operands have the same dtype, Python numbers fit any.
    Errors: `TypeError` for other dtypes, for mixing them, and for whole numbers that require a gradient.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4.], dtype=float32)
    """

    __slots__ = ("__weakref__", "data", "grad", "node", "requires_grad")

    # array * tensor: NumPy leaves the operation to the tensor
    __array_ufunc__ = None

    def __init__(self, data: ArrayLike, requires_grad: bool = False) -> None:
        if isinstance(data, Tensor):
            raise TypeError(
                "Tensor: got a tensor. x.detach() is a tensor of the same data without its history."
            )
        array = data if isinstance(data, (np.ndarray, np.generic)) else _from_python(data)
        if array.dtype not in _FLOATS and array.dtype.kind not in "iub":
            raise TypeError(
                f"Tensor: expected float32, float64, whole numbers or booleans, got {array.dtype}. "
                "Convert with .astype(np.float32)."
            )
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(f"Tensor: {array.dtype} has no gradient; convert with .astype(np.float32).")
        if isinstance(array, np.ma.MaskedArray):
            raise TypeError(
                "Tensor: a masked array would lose its mask; fill it with .filled(0), or drop entries."
            )
        self.data: Array = np.asarray(array)
        self.grad: Floats | None = None
        self.requires_grad = requires_grad
        self.node: Node | None = None  # the operation it is the result of; None for a leaf

    # -- looking at it ------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.data.dtype

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator["Tensor"]:
        # without this, Python would ask for [0], [1], ..., and take a single number for an empty list
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        array = np.array2string(self.data, separator=", ", prefix="Tensor(", threshold=100)
        if self.node is not None:
            return f"Tensor({array}, from {self.node.operation})"
        return f"Tensor({array}{', requires_grad=True' if self.requires_grad else ''})"

    def item(self) -> float:
        """Return the single number in it. Errors: `ValueError` if there are more, or none."""
        if self.size != 1:
            raise ValueError(f"item(): this tensor has shape {self.shape}, not a single number.")
        return float(self.data.item())

    __float__ = item

    def __format__(self, spec: str) -> str:
        """Return f"{loss:.3f}" of a tensor of a single number; without a format the same as `repr`."""
        return format(self.item(), spec) if spec else repr(self)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(f"a tensor of shape {self.shape} is neither true nor false; compare its .data.")
        return bool(self.data)

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise TypeError(
            "NumPy got a tensor where it expected an array. Pass tensor.data if no gradient is needed; "
            "else use the tensor's own methods or mininet.functional."
        )

    def detach(self) -> "Tensor":
        """Return a tensor of the same data without its history: a constant. The array is shared."""
        return Tensor(self.data)

    # -- backward -----------------------------------------------------------------------

    def backward(self, grad: Floats | None = None, retain_graph: bool = False) -> None:
        """Add to every leaf's ``grad`` the gradient of this tensor by that leaf.

        A tensor of a single number needs no argument; for any other, ``grad``, of its shape,
        is the gradient of what comes after it. The graph is freed on the way, unless
        ``retain_graph``. An error leaves all ``grad`` as they were.
        Errors: `RuntimeError` without a graph, for a freed one, or where a vjp fails; `ValueError`
        and `TypeError` for a gradient of another shape or dtype.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "backward(): nothing was recorded on the way to this tensor. Does any input have "
                "requires_grad=True, and was it computed outside no_grad()?"
            )
        backward_through(self.node or self, self._first_gradient(grad), retain_graph)

    def _first_gradient(self, grad: Floats | None) -> Floats:
        if grad is None:
            if self.size != 1:
                raise ValueError(
                    f"backward(): this tensor has shape {self.shape}, not a single number. "
                    "Call .mean() or .sum() first, or pass grad=."
                )
            return read_only(np.ones(self.shape, dtype=self.dtype))
        if not isinstance(grad, np.ndarray) or grad.shape != self.shape:
            got = grad.shape if isinstance(grad, np.ndarray) else f"a {type(grad).__name__}"
            raise ValueError(
                f"backward(): expected grad, an array of this tensor's shape {self.shape}, got {got}."
            )
        grad = np.array(grad)  # the caller may write into his array later
        if grad.dtype != self.dtype:
            raise TypeError(f"backward(): this tensor is {self.dtype}, grad is {grad.dtype}; convert grad.")
        return read_only(grad)

    # -- arithmetic, elementwise, with broadcasting ---------------------------------------

    def __add__(self, other: Operand) -> "Tensor":
        a, b = self, self.operand("+", other)
        return elementwise("+", a, b, a.data + b.data, lambda g: g, lambda g: g)

    def __sub__(self, other: Operand) -> "Tensor":
        a, b = self, self.operand("-", other)
        return elementwise("-", a, b, a.data - b.data, lambda g: g, lambda g: -g)

    def __mul__(self, other: Operand) -> "Tensor":
        b = self.operand("*", other)
        x, y = self.data, b.data
        return elementwise("*", self, b, x * y, lambda g: g * y, lambda g: g * x)

    def __truediv__(self, other: Operand) -> "Tensor":
        b = self.operand("/", other)
        y = b.data
        out = self.data / y
        # out / y and not x / y²: the square of a small or large y leaves float32's range
        return elementwise("/", self, b, out, lambda g: g / y, lambda g: -g * out / y)

    def __neg__(self) -> "Tensor":
        return record("neg", -self.data, (self,), lambda g: (-g,))

    def __pow__(self, exponent: float) -> "Tensor":
        """Return each entry to the power of a number. Small whole powers are faster as x * x."""
        if not isinstance(exponent, (int, float, np.floating, np.integer)):
            raise TypeError(f"**: expected a number as exponent, got {type(exponent).__name__}.")
        x, p = self.data, float(exponent)
        if p == 0:  # else 0 * x**-1, which is NaN at 0
            return record("**", np.ones_like(x), (self,), lambda g: (np.zeros_like(g),))
        return record("**", x**p, (self,), lambda g: (g * (p * x ** (p - 1)),))

    def __rpow__(self, base: float) -> "Tensor":
        """Return a positive number to the power of each entry."""
        if not isinstance(base, (int, float)) or not base > 0:
            raise TypeError(f"**: expected a positive number below a tensor, got {base!r}.")
        out, slope = float(base) ** self.data, math.log(base)
        return record("**", out, (self,), lambda g: (g * (slope * out),))

    def __radd__(self, other: Operand) -> "Tensor":
        return self.operand("+", other) + self

    def __rsub__(self, other: Operand) -> "Tensor":
        return self.operand("-", other) - self

    def __rmul__(self, other: Operand) -> "Tensor":
        return self.operand("*", other) * self

    def __rtruediv__(self, other: Operand) -> "Tensor":
        return self.operand("/", other) / self

    def __rmatmul__(self, other: Array) -> "Tensor":
        return self.operand("@", other) @ self

    def operand(self, operation: str, other: Operand) -> "Tensor":
        """Return the other side as a tensor of the same dtype: a number takes it, anything else must have it."""
        if isinstance(other, (int, float, np.floating, np.integer)):
            # for whole numbers a fraction stays one, and is refused below
            other = np.asarray(other, dtype=self.dtype if self.dtype.kind == "f" else None)
        if not isinstance(other, (Tensor, np.ndarray)):
            raise TypeError(
                f"{operation}: expected a tensor, an array or a number, got {type(other).__name__}."
            )
        if other.dtype != self.dtype:
            raise TypeError(
                f"{operation}: one side is {self.dtype}, the other {other.dtype}; "
                f"convert one: .astype(np.{self.dtype})."
            )
        if isinstance(other, Tensor):
            return other
        # a matrix or another subclass of the array has rules of its own, which Tensor() takes off or refuses
        return _constant(other) if type(other) is np.ndarray else Tensor(other)

    def __matmul__(self, other: "Tensor | Array") -> "Tensor":
        """Return the matrix product: (..., N, K) @ (..., K, M) is (..., N, M); one-dimensional operands as in NumPy."""
        a, b = self, self.operand("@", other)
        if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
            raise ValueError(f"@: shapes {a.shape} and {b.shape} do not fit; the inner sizes must be equal.")
        if a.ndim == 1:
            return (a[None] @ b)[..., 0, :] if b.ndim > 1 else (a * b).sum()
        if b.ndim == 1:
            return (a @ b[:, None])[..., 0]
        x, y = a.data, b.data
        return elementwise(
            "@", a, b, x @ y, lambda g: g @ np.swapaxes(y, -1, -2), lambda g: np.swapaxes(x, -1, -2) @ g
        )

    # -- comparisons give arrays of booleans, without a gradient -----------------------------

    def __eq__(self, other: Operand) -> Array:  # type: ignore[override]
        return np.asarray(self.data == _array(other))

    def __ne__(self, other: Operand) -> Array:  # type: ignore[override]
        return np.asarray(self.data != _array(other))

    def __lt__(self, other: Operand) -> Array:
        return np.asarray(self.data < _array(other))

    def __le__(self, other: Operand) -> Array:
        return np.asarray(self.data <= _array(other))

    def __gt__(self, other: Operand) -> Array:
        return np.asarray(self.data > _array(other))

    def __ge__(self, other: Operand) -> Array:
        return np.asarray(self.data >= _array(other))

    __hash__ = object.__hash__  # by identity: a tensor's data may change

    # -- functions of each entry ---------------------------------------------------------------

    def exp(self) -> "Tensor":
        """Return e to the power of each entry."""
        out = np.exp(self.data)
        return record("exp", out, (self,), lambda g: (g * out,))

    def log(self) -> "Tensor":
        """Return the natural logarithm of each entry."""
        x = self.data
        return record("log", np.log(x), (self,), lambda g: (g / x,))

    def sqrt(self) -> "Tensor":
        """Return the square root of each entry; its slope at 0 is infinite."""
        out = np.sqrt(self.data)
        return record("sqrt", out, (self,), lambda g: (g / (2 * out),))

    def tanh(self) -> "Tensor":
        """Return the hyperbolic tangent of each entry."""
        out = np.tanh(self.data)
        return record("tanh", out, (self,), lambda g: (g * (1 - out * out),))

    def abs(self) -> "Tensor":
        """Return the absolute value of each entry; the slope at 0 is taken to be 0."""
        x = self.data
        return record("abs", np.abs(x), (self,), lambda g: (g * np.sign(x),))

    __abs__ = abs

    def clip(self, low: float | None = None, high: float | None = None) -> "Tensor":
        """Return each entry, moved to the nearer limit if it lies outside; the slope is 1 at the limits, 0 outside."""
        x = self.data
        if isinstance(low, Tensor) or isinstance(high, Tensor):
            raise TypeError("clip: expected numbers as limits, got a tensor; its gradient would be lost.")
        # limits as Python numbers take the array's dtype
        low, high = (None if limit is None else float(limit) for limit in (low, high))

        def vjp(grad: Floats) -> tuple[Floats]:
            inside = np.ones(x.shape, dtype=bool)
            if low is not None:
                inside &= x >= low
            if high is not None:
                inside &= x <= high
            return (grad * inside,)

        return record("clip", np.clip(x, low, high), (self,), vjp)

    # -- from many entries to few ------------------------------------------------------------------

    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the sum over ``axis`` (all of them by default), as in NumPy."""
        shape = self.shape
        out = self.data.sum(axis=axis, keepdims=keepdims)
        return record("sum", out, (self,), lambda g: (_spread(g, shape, axis, keepdims),))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the mean over ``axis``. Errors: `ValueError` if there is nothing to take it of."""
        shape, n = self.shape, self._count("mean", axis)
        out = self.data.mean(axis=axis, keepdims=keepdims)
        return record("mean", out, (self,), lambda g: (_spread(g / n, shape, axis, keepdims),))

    def var(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the variance over ``axis``: the mean squared distance from the mean, as in NumPy."""
        shape, n = self.shape, self._count("var", axis)
        off = self.data - self.data.mean(axis=axis, keepdims=True)
        out = (off * off).mean(axis=axis, keepdims=keepdims)
        return record("var", out, (self,), lambda g: (off * _spread(g * (2 / n), shape, axis, keepdims),))

    def max(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the largest entry over ``axis``; entries that tie share the gradient equally."""
        self._count("max", axis)
        x, top = self.data, self.data.max(axis=axis, keepdims=True)

        def vjp(grad: Floats) -> tuple[Floats]:
            tied = x == top
            ties = tied.sum(axis=axis, keepdims=True, dtype=x.dtype)
            return (tied * (_spread(grad, x.shape, axis, keepdims) / ties),)

        out = top if keepdims else x.max(axis=axis)
        return record("max", out, (self,), vjp)

    def _count(self, operation: str, axis: Axis) -> int:
        """Return how many entries go into one of the result."""
        axes = range(self.ndim) if axis is None else normalize_axis_tuple(axis, self.ndim)
        n = math.prod(self.shape[i] for i in axes)
        if n == 0:
            raise ValueError(f"{operation}: there is nothing to take it of, shape {self.shape}, axis {axis}.")
        return n

    # -- the same entries, arranged differently --------------------------------------------------------

    def reshape(self, *shape: int) -> "Tensor":
        """Return the same entries in another shape; one size may be -1: whatever is left."""
        before = self.shape
        return record("reshape", self.data.reshape(*shape), (self,), lambda g: (g.reshape(before),))

    def transpose(self, *axes: int) -> "Tensor":
        """Return the axes in another order; without an argument, reversed."""
        order = normalize_axis_tuple(axes or range(self.ndim)[::-1], self.ndim)
        back = np.argsort(order)
        return record("transpose", self.data.transpose(order), (self,), lambda g: (g.transpose(back),))

    @property
    def T(self) -> "Tensor":
        """The axes reversed: a matrix on its side."""
        return self.transpose()

    def __getitem__(self, index: Any) -> "Tensor":
        """Return what NumPy returns for numbers, slices, None, ..., arrays of whole numbers and masks."""
        parts = tuple(_array(part) for part in (index if isinstance(index, tuple) else (index,)))
        # copies: somebody may shuffle an array of positions again before the way back
        parts = tuple(part.copy() if isinstance(part, np.ndarray) else part for part in parts)
        # an array of whole numbers may name an entry twice, and then both gradients count
        twice = any(np.ndim(part) and np.asarray(part).dtype != bool for part in parts)
        shape, dtype = self.shape, self.dtype

        def vjp(grad: Floats) -> tuple[Floats]:
            out = np.zeros(shape, dtype=dtype)
            if twice:
                np.add.at(out, parts, grad)
            else:
                out[parts] = grad
            return (out,)

        return record("getitem", self.data[parts], (self,), vjp)


def record(operation: str, value: Array, parents: tuple[Tensor, ...], vjp: Vjp) -> Tensor:
    """Return ``value`` as a tensor and, if a gradient will be wanted, remember how to take it back to ``parents``.

    ``vjp(grad)`` gets the loss's gradient by ``value``, of its shape, read-only, and returns a tuple:
    for each parent the loss's gradient by it, of its shape and dtype, or None where it requires none.
    It may keep arrays, never the tensor that is returned here: that would be a circle.
    """
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    out = _constant(array)
    if not recording():
        return out
    sources: list[Node | Tensor | None] = []
    wanted, own = False, False
    for p in parents:
        if p.requires_grad:
            wanted = True
            sources.append(p.node or p)
        else:
            sources.append(None)
        if array is p.data:
            own = True
    if wanted:
        out.node = Node(operation, tuple(sources), vjp, array.shape, array.dtype)
        out.requires_grad = True
        if not own:  # vjp may use the value, so nobody may write into it; unless it is an input's own array
            read_only(array)
    return out


def unbroadcast(grad: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the gradient by an array of ``shape`` from the one by its broadcast form: the sum over the copies.

    >>> unbroadcast(np.ones((5, 3)), (3,))
    array([5., 5., 5.])
    """
    if grad.shape == shape:
        return grad
    added = grad.ndim - len(shape)
    stretched = tuple(i + added for i, size in enumerate(shape) if size == 1 and grad.shape[i + added] != 1)
    out: Floats = grad.sum(axis=(*range(added), *stretched))
    return out.reshape(shape)


def elementwise(
    operation: str,
    a: Tensor,
    b: Tensor,
    value: Array,
    by_a: Callable[[Floats], Floats],
    by_b: Callable[[Floats], Floats],
) -> Tensor:
    """Record an operation of two tensors that NumPy may have broadcast; each rule is kept only if its side needs it."""
    rule_a = by_a if a.requires_grad else None
    rule_b = by_b if b.requires_grad else None
    shape_a, shape_b = a.data.shape, b.data.shape

    def vjp(grad: Floats) -> tuple[Floats | None, Floats | None]:
        return (
            None if rule_a is None else unbroadcast(rule_a(grad), shape_a),
            None if rule_b is None else unbroadcast(rule_b(grad), shape_b),
        )

    return record(operation, value, (a, b), vjp)


def _constant(array: Array) -> Tensor:
    """Return a tensor without the constructor's questions."""
    out = Tensor.__new__(Tensor)
    out.data, out.grad, out.requires_grad, out.node = array, None, False, None
    return out


def _from_python(data: Any) -> Array:
    array = np.array(data)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _array(other: Operand) -> Any:
    return other.data if isinstance(other, Tensor) else other


def _spread(grad: Floats, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Floats:
    """Return the gradient by what was summed over ``axis``: every entry's share is the whole of its sum's gradient."""
    if axis is not None and not keepdims:
        grad = np.expand_dims(grad, axis)
    return np.broadcast_to(grad, shape)
