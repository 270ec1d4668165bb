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
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike, DTypeLike

from mininet.arrays import Array, Floats
from mininet.sums import total
from mininet.tensor.arguments import NUMBERS, axes_of, from_python, frozen, is_number, number, whole_numbers
from mininet.tensor.graph import Node, Vjp, backward_through, gradients_by, read_only, recording, watch

Axis: TypeAlias = int | tuple[int, ...] | None
Number: TypeAlias = int | float | np.floating[Any] | np.integer[Any] | np.bool
Operand: TypeAlias = "Tensor | Array | Number"

_FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def _reflected(sign: str, operation: Callable[[Any, Any], Any]) -> Callable[["Tensor", Operand], "Tensor"]:
    """Return the method for a tensor on the right of something else."""
    return lambda tensor, other: operation(tensor.operand(sign, other), tensor)


def _in_place(sign: str, operation: Callable[..., "Tensor"]) -> Callable[["Tensor", Any], "Tensor"]:
    """Return the method for x += y: a result, unless the name in front of the sign would lose a leaf for it."""

    def method(tensor: "Tensor", other: Any) -> "Tensor":
        if tensor.node is None and tensor.requires_grad:
            raise TypeError(
                f"{sign}: this tensor is a leaf that requires a gradient, and `w {sign} ...` would put a result in "
                f"its place. For a training step write `w.data {sign} ...`, as in w.data -= lr * w.grad, or use an "
                f"optimiser such as SGD; for a new result write `y = w {sign[:-1]} ...`."
            )
        return operation(tensor, other)

    return method


def _comparison(operation: Callable[[Any, Any], Any]) -> Callable[["Tensor", Any], Any]:
    """Return the method that compares entries."""

    def method(tensor: "Tensor", other: Any) -> Any:
        if not isinstance(other, (Tensor, np.ndarray, list, *NUMBERS)):
            return NotImplemented  # Python then says False, or for < an error
        return np.asarray(operation(tensor.data, other.data if isinstance(other, Tensor) else other))

    return method


class Tensor:
    """An array ``data`` that records operations, and after `backward` the loss's gradient by it, ``grad``.

    ``data`` is float32 or float64 (lists and Python numbers become float32); whole numbers and booleans
    are kept as they are and have no gradient. The array is not copied: operations remember it for the
    way back, so write into it after ``backward()``; before, and `backward` refuses, see `graph.watch`.
    The data of a recorded result is read-only. ``grad`` is None, or an array of data's shape and dtype;
    only leaves that require one get it.
    Arithmetic is NumPy's, broadcasting included; both operands have the same dtype, Python numbers fit any.
    Errors: `TypeError` for other dtypes, for mixing them, and for whole numbers that require a gradient.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4.], dtype=float32)
    """

    __slots__ = ("__weakref__", "_grad", "_requires_grad", "data", "node")

    # array * tensor: NumPy leaves the operation to the tensor
    __array_ufunc__ = None

    def __init__(self, data: ArrayLike, requires_grad: bool = False) -> None:
        if isinstance(data, Tensor):
            raise TypeError(
                "Tensor: got a tensor. x.detach() is a tensor of the same data without its history."
            )
        array = data if isinstance(data, (np.ndarray, np.generic)) else from_python(data)
        if array.dtype not in _FLOATS and array.dtype.kind not in "iub":
            raise TypeError(
                f"Tensor: expected float32, float64, whole numbers or booleans, got {array.dtype}. "
                "Convert with .astype(np.float32)."
            )
        if isinstance(array, np.ma.MaskedArray):
            raise TypeError(
                "Tensor: a masked array would lose its mask; fill it with .filled(0), or drop entries."
            )
        self.data: Array = np.asarray(array)
        self.node: Node | None = None  # the operation it is the result of; None for a leaf
        self._grad: Floats | None = None
        self._requires_grad = False
        if requires_grad:
            self.requires_grad = True

    # -- looking at it ------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations with it are recorded; can be changed for a leaf.

        Errors: `TypeError` for whole numbers, `RuntimeError` for a result.
        """
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.node is not None:
            raise RuntimeError(
                f"requires_grad: this tensor is the result of {self.node.operation}, and follows its inputs. "
                "x.detach() is a tensor of the same data without its history."
            )
        if wanted and self.data.dtype.kind != "f":
            raise TypeError(f"Tensor: {self.data.dtype} has no gradient; convert with .astype(np.float32).")
        if wanted and not self.data.flags.writeable:
            self.data = (
                self.data.copy()
            )  # training will write into it, and the array is someone else's result
        self._requires_grad = bool(wanted)

    @property
    def grad(self) -> Floats | None:
        """A leaf's gradient, None before `backward`. Errors: `RuntimeError` for a result, which keeps none."""
        if self.node is not None:
            raise RuntimeError(
                f"grad: this tensor is the result of {self.node.operation}, and gradients are kept for leaves: "
                "tensors made with Tensor(..., requires_grad=True). Train those, "
                "or ask for this one's gradient with mininet.tensor.grad(loss, [x])."
            )
        return self._grad

    @grad.setter
    def grad(self, value: Floats | None) -> None:
        self._grad = value

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
        return f"Tensor({array}{', requires_grad=True' if self._requires_grad else ''})"

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

    __array_function__ = __array__

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "x[...] = value: a tensor's entries are not set one by one. Write into its array, x.data[...] = value, "
            "before the forward pass or after backward(), or choose entries with mininet.tensor.where."
        )

    def detach(self) -> "Tensor":
        """Return a tensor of the same data without its history: a constant. The array is shared."""
        return Tensor(self.data)

    def astype(self, dtype: DTypeLike) -> "Tensor":
        """Return the entries as float32 or float64; the gradient is converted back. Whole numbers have none.

        Errors: `TypeError` for another dtype, and for whole numbers where a gradient is required.
        """
        before, after = self.dtype, np.dtype(dtype)
        if after not in _FLOATS and (self.requires_grad or after.kind not in "iub"):
            raise TypeError(
                f"astype: expected float32 or float64, got {after}. For others: x.data.astype(...)."
            )
        if after == before:
            return self
        return record("astype", self.data.astype(after), (self,), lambda g: (g.astype(before),))

    # -- backward -----------------------------------------------------------------------

    def backward(self, grad: Floats | Number | None = None, retain_graph: bool = False) -> None:
        """Add to every leaf's ``grad`` the gradient of this tensor by that leaf.

        A tensor of a single number needs no argument; for any other, ``grad``, of its shape,
        is the gradient of what comes after it. The graph is freed on the way, unless
        ``retain_graph``. An error leaves all ``grad`` as they were.
        Errors: `RuntimeError` without a graph, for a freed one, or where a vjp fails; `ValueError`
        and `TypeError` for a gradient of another shape or dtype.
        """
        self._require_recorded("backward()")
        backward_through(self.node or self, self._first_gradient(grad), retain_graph)

    def _require_recorded(self, name: str) -> None:
        if not self.requires_grad:
            raise RuntimeError(
                f"{name}: nothing was recorded on the way to this tensor. Does any input have "
                "requires_grad=True, and was it computed outside no_grad()?"
            )

    def _first_gradient(self, grad: Floats | Number | None) -> Floats:
        if grad is None:
            if self.size != 1:
                raise ValueError(
                    f"backward(): this tensor has shape {self.shape}, not a single number. "
                    "Call .mean() or .sum() first, or pass grad=."
                )
            return read_only(np.full(self.shape, 1, dtype=self.dtype))
        if self.shape == () and is_number(grad):
            grad = np.array(grad, dtype=self.dtype)
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
        x, p = self.data, number("**", "a number as exponent", exponent)
        if p == 0:  # else 0 * x**-1, which is NaN at 0
            return record("**", np.ones_like(x), (self,), lambda g: (np.zeros_like(g),))
        return record("**", x**p, (self,), lambda g: (g * (p * x ** (p - 1)),))

    def __rpow__(self, base: float) -> "Tensor":
        """Return a positive number to the power of each entry."""
        if not isinstance(base, NUMBERS) or not base > 0:
            raise TypeError(f"**: expected a positive number below a tensor, got {base!r}.")
        out, slope = float(base) ** self.data, math.log(base)
        return record("**", out, (self,), lambda g: (g * (slope * out),))

    __radd__, __rsub__ = _reflected("+", operator.add), _reflected("-", operator.sub)
    __rmul__, __rtruediv__ = _reflected("*", operator.mul), _reflected("/", operator.truediv)
    __rmatmul__ = _reflected("@", operator.matmul)

    def operand(self, operation: str, other: Operand) -> "Tensor":
        """Return the other side as a tensor of the same dtype: a number takes it, anything else must have it."""
        if not isinstance(other, Tensor) and is_number(other):
            # for whole numbers a fraction stays one, and is refused below
            other = read_only(np.array(other, dtype=self.dtype if self.dtype.kind == "f" else None))
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

    # -- x += y and the like: y for a result, nothing for a leaf that training changes --------------

    __iadd__, __isub__ = _in_place("+=", __add__), _in_place("-=", __sub__)
    __imul__, __itruediv__ = _in_place("*=", __mul__), _in_place("/=", __truediv__)
    __ipow__, __imatmul__ = _in_place("**=", __pow__), _in_place("@=", __matmul__)

    # -- comparisons give arrays of booleans, without a gradient -----------------------------

    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
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
        # limits as Python numbers take the array's dtype
        low, high = (
            None if limit is None else number("clip", "numbers as limits", limit) for limit in (low, high)
        )

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
        shape, axes = self.shape, axes_of("sum", axis, self.ndim)
        out = total(self.data, axes, keepdims)
        return record("sum", out, (self,), lambda g: (_spread(g, shape, axes, keepdims),))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the mean over ``axis``. Errors: `ValueError` if there is nothing to take it of."""
        shape, axes = self.shape, axes_of("mean", axis, self.ndim)
        n = self._count("mean", axes)
        out = total(self.data, axes, keepdims) / n
        return record("mean", out, (self,), lambda g: (_spread(g / n, shape, axes, keepdims),))

    def var(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the variance over ``axis``: the mean squared distance from the mean, as in NumPy."""
        axes = axes_of("var", axis, self.ndim)
        n = self._count("var", axes)
        off = self.data - total(self.data, axes, keepdims=True) / n
        out = total(off * off, axes, keepdims) / n
        return record("var", out, (self,), lambda g: (off * _kept(g * (2 / n), axes, keepdims),))

    def max(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Return the largest entry over ``axis``; entries that tie share the gradient equally."""
        axes = axes_of("max", axis, self.ndim)
        self._count("max", axes)
        x, top = self.data, self.data.max(axis=axes, keepdims=True)

        def vjp(grad: Floats) -> tuple[Floats]:
            tied = x == top
            ties = tied.sum(axis=axes, keepdims=True, dtype=x.dtype)
            return (tied * (_kept(grad, axes, keepdims) / ties),)

        out = top if keepdims else x.max(axis=axes)
        return record("max", out, (self,), vjp)

    def _count(self, operation: str, axes: tuple[int, ...] | None) -> int:
        """Return how many entries go into one of the result."""
        n = self.size if axes is None else math.prod(self.shape[i] for i in axes)
        if n == 0:
            where = "" if axes is None else f", axis {', '.join(map(str, axes))}"
            raise ValueError(f"{operation}: there is nothing to take it of, shape {self.shape}{where}.")
        return n

    # -- the same entries, arranged differently --------------------------------------------------------

    def reshape(self, *shape: int | Sequence[int]) -> "Tensor":
        """Return the same entries in another shape, sizes or a tuple of them; one may be -1: whatever is left."""
        before, after = self.shape, whole_numbers("reshape", shape)
        return record("reshape", self.data.reshape(after), (self,), lambda g: (g.reshape(before),))

    def transpose(self, *axes: int | Sequence[int]) -> "Tensor":
        """Return the axes in another order, numbers or a tuple of them; without an argument, reversed."""
        wanted = whole_numbers("transpose", axes) if axes else range(self.ndim)[::-1]
        order = normalize_axis_tuple(wanted, self.ndim)
        if len(order) != self.ndim:
            raise ValueError(f"transpose: expected an order of all {self.ndim} axes, got {order}.")
        back = tuple(np.argsort(order).tolist())
        return record("transpose", self.data.transpose(order), (self,), lambda g: (g.transpose(back),))

    @property
    def T(self) -> "Tensor":
        """The axes reversed: a matrix on its side."""
        return self.transpose()

    def __getitem__(self, index: Any) -> "Tensor":
        """Return what NumPy returns for numbers, slices, None, ..., arrays of whole numbers and masks."""
        parts = tuple(frozen(part) for part in (index if isinstance(index, tuple) else (index,)))
        # an array of whole numbers may name an entry twice, and then both gradients count
        twice = any(isinstance(part, np.ndarray) and part.dtype != bool for part in parts)
        shape, dtype = self.shape, self.dtype

        def vjp(grad: Floats) -> tuple[Floats]:
            out = np.zeros(shape, dtype=dtype)
            if twice:
                np.add.at(out, parts, grad)
            else:
                out[parts] = grad
            return (out,)

        return record("getitem", self.data[parts], (self,), vjp)


def record(
    operation: str, value: Array, parents: tuple[Tensor, ...], vjp: Vjp, selective: bool = False
) -> Tensor:
    """Return ``value`` as a tensor and, if a gradient will be wanted, remember how to take it back to ``parents``.

    ``vjp(grad)`` gets the loss's gradient by ``value``, of its shape, read-only, and returns a tuple:
    for each parent the loss's gradient by it, of its shape and dtype, or None where it requires none.
    A ``selective`` vjp gets, where only some gradients are wanted, a second argument, a bool for each parent.
    It may keep arrays, never the tensor that is returned here: that would be a circle.
    """
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    out = _constant(array)
    if not recording():
        return out
    sources: list[Node | Tensor | None] = []
    watched = []
    wanted = own = False
    for p in parents:
        data = p.data
        if data is array:
            own = True
        if p.node is None:
            if data.flags.writeable:  # that of a result is not
                watched.append(data)
            sources.append(p if p._requires_grad else None)
            wanted = wanted or p._requires_grad
        else:
            sources.append(p.node)
            wanted = True
    if wanted:
        out.node = Node(operation, tuple(sources), vjp, array.shape, array.dtype, watch(watched), selective)
        out._requires_grad = True
        if not own:  # vjp may use the value, so nobody may write into it; unless it is an input's own array
            read_only(array)
    return out


def grad(
    outputs: Tensor,
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Floats | Number | None = None,
    retain_graph: bool = False,
) -> tuple[Floats, ...]:
    """Return the gradients of ``outputs``, one tensor, by each of ``inputs``, leaves or results; no ``grad`` changes.

    Only what leads to the inputs is gone through, and only their gradients are computed: by an image, say,
    and not by the weights. ``grad_outputs`` and ``retain_graph`` are as in `Tensor.backward`.
    Errors: as there, and `RuntimeError` for an input from which nothing leads to the output.

    >>> x, w = Tensor([3.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    >>> grad(x * w, [x])
    (array([2.], dtype=float32),)
    """
    ends = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    for tensor in (outputs, *ends):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"grad: expected tensors, got {type(tensor).__name__}.")
    outputs._require_recorded("grad()")
    found = gradients_by(
        [x.node or x for x in ends],
        outputs.node or outputs,
        outputs._first_gradient(grad_outputs),
        retain_graph,
    )
    for i, gradient in enumerate(found):
        if gradient is None:
            raise RuntimeError(
                f"grad: nothing recorded leads from inputs[{i}], of shape {ends[i].shape}, to the output. "
                "Does it have requires_grad=True, and is it what the output was computed from?"
            )
    return tuple(gradient for gradient in found if gradient is not None)


def unbroadcast(grad: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the gradient by an array of ``shape`` from the one by its broadcast form: the sum over the copies.

    >>> unbroadcast(np.ones((5, 3)), (3,))
    array([5., 5., 5.])
    """
    if grad.shape == shape:
        return grad
    added = grad.ndim - len(shape)
    stretched = tuple(i + added for i, size in enumerate(shape) if size == 1 and grad.shape[i + added] != 1)
    return total(grad, (*range(added), *stretched)).reshape(shape)


def elementwise(
    operation: str,
    a: Tensor,
    b: Tensor,
    value: Array,
    by_a: Callable[[Floats], Floats],
    by_b: Callable[[Floats], Floats],
) -> Tensor:
    """Record an operation of two tensors that NumPy may have broadcast; each rule is kept only if its side needs it."""
    rule_a = by_a if a._requires_grad else None
    rule_b = by_b if b._requires_grad else None
    shape_a, shape_b = a.data.shape, b.data.shape

    def vjp(grad: Floats, wanted: Sequence[bool] = (True, True)) -> tuple[Floats | None, Floats | None]:
        return (
            None if rule_a is None or not wanted[0] else unbroadcast(rule_a(grad), shape_a),
            None if rule_b is None or not wanted[1] else unbroadcast(rule_b(grad), shape_b),
        )

    return record(operation, value, (a, b), vjp, selective=True)


def _constant(array: Array) -> Tensor:
    """Return a tensor without the constructor's questions."""
    out = Tensor.__new__(Tensor)
    out.data, out._grad, out._requires_grad, out.node = array, None, False, None
    return out


def _kept(grad: Floats, axes: tuple[int, ...] | None, keepdims: bool) -> Floats:
    """Return the gradient by a sum over ``axes`` with these axes in their places, of size 1, or without any."""
    return grad if axes is None or keepdims else np.expand_dims(grad, axes)


def _spread(grad: Floats, shape: tuple[int, ...], axes: tuple[int, ...] | None, keepdims: bool) -> Floats:
    """Return the gradient by what was summed over ``axes``: every entry's share is the whole of its sum's gradient."""
    # an array, since np.broadcast_to would make the matrix product that may come next four times as slow
    out = np.empty(shape, dtype=grad.dtype)
    out[...] = _kept(grad, axes, keepdims)
    return out
