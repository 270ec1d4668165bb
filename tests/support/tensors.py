"""Every operation of the autograd half as cases, run alike here, in NumPy and in PyTorch, and checked by nudging."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from mininet import functional as F
from mininet import tensor
from mininet.gradcheck import GradientError
from mininet.tensor import Tensor, topological_order

Run = Callable[..., Any]

LABELS = np.array([2, 0, 1, 1])
CONDITION = np.array([[True, False, True], [False, False, True]])
TARGETS = np.linspace(0, 1, 6).reshape(2, 3)


@dataclass(frozen=True)
class Case:
    """One use of an operation: ``run(m, *inputs)``, where ``m`` holds the functions of whoever runs it."""

    operation: str  # a method of Tensor, or a function's name
    label: str
    run: Run
    shapes: tuple[tuple[int, ...], ...]
    positive: bool = False
    in_torch: bool = True  # PyTorch has no negative steps, for one

    def __str__(self) -> str:
        return f"{self.operation} {self.label}".replace(" ", "_")

    def inputs(self, dtype: type, seed: int = 0) -> list[np.ndarray]:
        """Return arrays with all entries different and at least 0.05 away from the kinks at 0 and at ±0.6."""
        rng = np.random.default_rng(seed)
        arrays = []
        for shape in self.shapes:
            size = int(np.prod(shape))
            values = rng.permutation(np.linspace(0.1, 2, size) if size else np.empty(0)).reshape(shape)
            values = np.where(np.abs(values - 0.6) < 0.05, values + 0.15, values)
            signs = 1 if self.positive else rng.choice([-1, 1], shape)
            arrays.append(np.asarray(values * signs).astype(dtype))
        return arrays


def _dtype(x: Any) -> str:
    return str(x.dtype).removeprefix("torch.")


def _axis_cases(operation: str) -> list[Case]:
    def case(label: str, run: Run, *shape: int) -> Case:
        return Case(operation, label, run, (shape,))

    def reduce(m: Any) -> Run:
        function: Run = getattr(m, operation)
        return function

    return [
        case("all", lambda m, x: reduce(m)(x), 2, 3),
        case("all, kept", lambda m, x: reduce(m)(x, keepdims=True), 2, 3),
        case("axis 0", lambda m, x: reduce(m)(x, 0), 4, 3),
        case("axis -1, kept", lambda m, x: reduce(m)(x, -1, keepdims=True), 2, 3, 4),
        case("axes 0 and -1", lambda m, x: reduce(m)(x, (0, -1)), 2, 3, 4),
        case("axes -1 and 0, kept", lambda m, x: reduce(m)(x, (-1, 0), keepdims=True), 2, 3, 4),
        case("an axis of size 1", lambda m, x: reduce(m)(x, 1), 3, 1, 2),
        case("no axes at all", lambda m, x: reduce(m)(x)),
        # PyTorch warns about the variance of no rows
        Case(operation, "no rows", lambda m, x: reduce(m)(x, 1), ((0, 3),), in_torch=operation != "var"),
    ]


def _index_case(label: str, index: Any, in_torch: bool = True) -> Case:
    return Case("__getitem__", label, lambda m, x: x[index], ((3, 4, 2),), in_torch=in_torch)


ARITHMETIC = [
    Case("__add__", "same shape", lambda m, x, y: x + y, ((2, 3), (2, 3))),
    Case("__add__", "row", lambda m, x, y: x + y, ((2, 3), (3,))),
    Case("__add__", "number", lambda m, x: x + 2, ((2, 3),)),
    Case("__sub__", "column", lambda m, x, y: x - y, ((2, 3), (2, 1))),
    Case("__sub__", "both stretched", lambda m, x, y: x - y, ((1, 3), (2, 1))),
    Case("__mul__", "no axes", lambda m, x, y: x * y, ((), (2, 3))),
    Case("__mul__", "itself", lambda m, x: x * x, ((2, 3),)),
    Case("__mul__", "nothing", lambda m, x, y: x * y, ((0, 3), (3,))),
    Case("__truediv__", "row", lambda m, x, y: x / y, ((2, 3), (3,))),
    Case("__truediv__", "by a matrix", lambda m, x, y: x / y, ((3,), (2, 3))),
    Case("__truediv__", "number", lambda m, x: x / 4, ((2, 3),)),
    Case("__neg__", "", lambda m, x: -x, ((2, 3),)),
    Case("__pow__", "3", lambda m, x: x**3, ((2, 3),)),
    Case("__pow__", "-1.5", lambda m, x: x**-1.5, ((2, 3),), positive=True),
    Case("__pow__", "1", lambda m, x: x**1, ((2, 3),)),
    Case("__rpow__", "2", lambda m, x: 2**x, ((2, 3),)),
    Case("__radd__", "number", lambda m, x: 2 + x, ((2, 3),)),
    Case("__radd__", "array", lambda m, x: m.constant([1, 2, 3], x) + x, ((2, 1),)),
    Case("__rsub__", "number", lambda m, x: 2 - x, ((2, 3),)),
    Case("__rsub__", "array", lambda m, x: m.constant([1, 2, 3], x) - x, ((2, 1),)),
    Case("__rmul__", "number", lambda m, x: 2 * x, ((2, 3),)),
    Case("__rmul__", "array", lambda m, x: m.constant([1, 2, 3], x) * x, ((2, 1),)),
    Case("__rtruediv__", "number", lambda m, x: 2 / x, ((2, 3),)),
    Case("__rtruediv__", "array", lambda m, x: m.constant([1, 2, 3], x) / x, ((2, 1),)),
    Case("__matmul__", "matrices", lambda m, x, y: x @ y, ((2, 3), (3, 4))),
    Case("__matmul__", "matrix vector", lambda m, x, y: x @ y, ((2, 3), (3,))),
    Case("__matmul__", "vector matrix", lambda m, x, y: x @ y, ((3,), (3, 4))),
    Case("__matmul__", "vectors", lambda m, x, y: x @ y, ((3,), (3,))),
    Case("__matmul__", "many matrices, one matrix", lambda m, x, y: x @ y, ((5, 2, 3), (3, 4))),
    Case("__matmul__", "stretched", lambda m, x, y: x @ y, ((5, 1, 2, 3), (4, 3, 1))),
    Case("__matmul__", "many matrices, vector", lambda m, x, y: x @ y, ((5, 2, 3), (3,))),
    Case("__matmul__", "vector, many matrices", lambda m, x, y: x @ y, ((3,), (5, 3, 2))),
    Case("__matmul__", "nothing to sum", lambda m, x, y: x @ y, ((2, 0), (0, 3))),
    Case("__matmul__", "with its own transpose", lambda m, x: x @ x.T, ((2, 3),)),
    Case("__rmatmul__", "array", lambda m, x: m.constant([[1, 2], [3, 4], [5, 6]], x) @ x, ((2, 3),)),
]
# in place of a result, which gets a new one; a leaf is refused
IN_PLACE = [
    Case("__iadd__", "row", lambda m, x, y: operator.iadd(x * 1, y), ((2, 3), (3,))),
    Case("__isub__", "number", lambda m, x: operator.isub(x * 1, 2), ((2, 3),)),
    Case("__imul__", "itself", lambda m, x: operator.imul(x * 1, x), ((2, 3),)),
    Case("__itruediv__", "", lambda m, x, y: operator.itruediv(x * 1, y), ((2, 3), (2, 3))),
    Case("__ipow__", "3", lambda m, x: operator.ipow(x * 1, 3), ((2, 3),)),
    Case("__imatmul__", "", lambda m, x, y: operator.imatmul(x * 1, y), ((2, 3), (3, 3))),
]
ENTRYWISE = [
    Case("exp", "", lambda m, x: m.exp(x), ((2, 3),)),
    Case("log", "", lambda m, x: m.log(x), ((2, 3),), positive=True),
    Case("sqrt", "", lambda m, x: m.sqrt(x), ((2, 3),), positive=True),
    Case("tanh", "", lambda m, x: m.tanh(x), ((2, 3),)),
    Case("abs", "", lambda m, x: m.abs(x), ((2, 3),)),
    Case("__abs__", "", lambda m, x: abs(x), ((2, 3),)),
    Case("clip", "both", lambda m, x: x.clip(-0.6, 0.6), ((3, 4),)),
    Case("clip", "low", lambda m, x: x.clip(-0.6), ((3, 4),)),
    # a float64 that has been a float32 is too coarse to be nudged, and counts nothing here
    Case("astype", "", lambda m, x: x + 0 * m.astype(m.astype(x, "float32"), _dtype(x)), ((2, 3),)),
    Case("clip", "high", lambda m, x: x.clip(None, 0.6), ((3, 4),)),
]
REDUCTIONS = [case for name in ("sum", "mean", "var", "max") for case in _axis_cases(name)]
ARRANGED = [
    Case("reshape", "", lambda m, x: x.reshape(3, 4), ((2, 6),)),
    Case("reshape", "-1", lambda m, x: x.reshape(4, -1), ((2, 3, 2),)),
    Case("reshape", "of a transpose", lambda m, x: m.transpose(x).reshape(4, 3), ((2, 6),)),
    Case("transpose", "reversed", lambda m, x: m.transpose(x), ((2, 3, 4),)),
    Case("transpose", "turned", lambda m, x: m.transpose(x, 2, 0, 1), ((2, 3, 4),)),
    Case("transpose", "negative", lambda m, x: m.transpose(x, -1, 0, -2), ((2, 3, 4),)),
    Case("T", "", lambda m, x: x.T, ((2, 3),)),
    _index_case("a number", 1),
    _index_case("a negative number", (-1, 0)),
    _index_case("all numbers", (1, 2, 0)),
    _index_case("slices", (slice(0, 2), slice(None, None, 2))),
    _index_case("a negative step", (slice(None, None, -1), slice(3, None, -2)), in_torch=False),
    _index_case("an empty slice", slice(2, 2)),
    _index_case("None and ...", (None, ..., 0)),
    _index_case("nothing", ()),
    _index_case("a list", [2, 0]),
    _index_case("rows, twice", np.array([0, 0, 2])),
    _index_case("rows and columns, twice", (np.array([0, 1, 0]), np.array([3, 3, 3]))),
    _index_case("arrays with a slice between", (np.array([0, 0]), slice(None), np.array([1, 1]))),
    _index_case("a table of rows", np.array([[0, 1], [1, -1]])),
    _index_case("a mask of rows", np.array([True, False, True])),
    _index_case("a mask of entries", np.arange(12).reshape(3, 4) % 3 == 0),
    Case("__iter__", "", lambda m, x: sum(x), ((3, 2),)),
    Case("concatenate", "", lambda m, x, y, z: m.concatenate([x, y, z]), ((2, 3), (0, 3), (1, 3))),
    Case("concatenate", "axis -1", lambda m, x, y: m.concatenate([x, y], -1), ((2, 3), (2, 1))),
    Case("concatenate", "with itself", lambda m, x: m.concatenate([x, x], 1), ((2, 3),)),
    Case("stack", "", lambda m, x, y: m.stack([x, y]), ((2, 3), (2, 3))),
    Case("stack", "axis -1", lambda m, x, y: m.stack([x, y], -1), ((2, 3), (2, 3))),
    Case("stack", "numbers", lambda m, x, y: m.stack([x, y]), ((), ())),
    Case("where", "", lambda m, x, y: m.where(m.fixed(CONDITION), x, y), ((2, 3), (2, 3))),
    Case("where", "stretched", lambda m, x, y: m.where(m.fixed(CONDITION), x, y), ((3,), (2, 1))),
    Case(
        "where", "condition stretched", lambda m, x, y: m.where(m.fixed(CONDITION[:, :1]), x, y), ((3,), ())
    ),
    Case("where", "number", lambda m, x: m.where(m.fixed(CONDITION), x, 3.0), ((2, 3),)),
]
FUNCTIONAL = [
    Case("linear", "", lambda m, x, w, b: m.linear(x, w, b), ((4, 3), (3, 2), (2,))),
    Case("linear", "without bias", lambda m, x, w: m.linear(x, w), ((4, 3), (3, 2))),
    Case("linear", "no rows", lambda m, x, w, b: m.linear(x, w, b), ((0, 3), (3, 2), (2,))),
    Case("dropout", "", lambda m, x: m.dropout(x, 0.4), ((4, 3),)),
    Case("batch_norm", "", lambda m, x, w, b: m.batch_norm(x, w, b), ((5, 3), (3,), (3,))),
    Case("pad", "", lambda m, x: m.pad(x, [(0, 1), (2, 0)]), ((2, 3),)),
    Case("pad", "by nothing", lambda m, x: m.pad(x, [(0, 0), (0, 0)]), ((2, 3),)),
    Case("relu", "", lambda m, x: m.relu(x), ((3, 4),)),
    Case("leaky_relu", "", lambda m, x: m.leaky_relu(x), ((3, 4),)),
    Case("leaky_relu", "slope 0.2", lambda m, x: m.leaky_relu(x, 0.2), ((3, 4),)),
    Case("sigmoid", "", lambda m, x: m.sigmoid(x), ((3, 4),)),
    Case("tanh_function", "", lambda m, x: m.tanh_function(x), ((3, 4),)),
    Case("softmax", "", lambda m, x: m.softmax(x), ((2, 3, 4),)),
    Case("log_softmax", "", lambda m, x: m.log_softmax(x), ((2, 3, 4),)),
    Case("mse", "", lambda m, x: m.mse(x, m.constant(TARGETS, x)), ((2, 3),)),
    Case(
        "binary_cross_entropy_with_logits",
        "",
        lambda m, x: m.binary_cross_entropy_with_logits(x, m.constant(TARGETS, x)),
        ((2, 3),),
    ),
    Case("cross_entropy", "", lambda m, x: m.cross_entropy(x, m.fixed(LABELS)), ((4, 3),)),
]
CASES = ARITHMETIC + IN_PLACE + ENTRYWISE + REDUCTIONS + ARRANGED + FUNCTIONAL


# -- whoever runs a case -------------------------------------------------------------------


def _method(name: str) -> Run:
    return lambda x, *arguments, **named: getattr(x, name)(*arguments, **named)


HERE = SimpleNamespace(
    **{
        name: _method(name)
        for name in ("sum", "mean", "var", "max", "exp", "log", "sqrt", "tanh", "abs", "astype")
    },
    constant=lambda values, like: np.asarray(values, dtype=like.dtype),
    fixed=lambda values: values,
    transpose=_method("transpose"),
    concatenate=tensor.concatenate,
    stack=tensor.stack,
    where=tensor.where,
    linear=F.linear,
    dropout=lambda x, p: F.dropout(x, p, np.random.default_rng(0)),
    batch_norm=lambda x, w, b: F.batch_norm(x, w, b)[0],
    pad=F.pad,
    relu=F.relu,
    leaky_relu=F.leaky_relu,
    sigmoid=F.sigmoid,
    tanh_function=F.tanh,
    softmax=F.softmax,
    log_softmax=F.log_softmax,
    mse=F.mse,
    binary_cross_entropy_with_logits=F.binary_cross_entropy_with_logits,
    cross_entropy=F.cross_entropy,
)


def dropout_factors(shape: tuple[int, ...], p: float) -> np.ndarray:
    return (np.random.default_rng(0).random(shape, dtype=np.float32) >= p) / (1 - p)


def _np_softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


# NumPy's own functions, and the textbook's formulas where it has none
NUMPY = SimpleNamespace(
    sum=np.sum,
    mean=np.mean,
    var=np.var,
    max=np.max,
    exp=np.exp,
    log=np.log,
    sqrt=np.sqrt,
    tanh=np.tanh,
    abs=np.abs,
    astype=lambda x, name: x.astype(name),
    constant=lambda values, like: np.asarray(values, dtype=like.dtype),
    fixed=lambda values: values,
    transpose=lambda x, *axes: np.transpose(x, axes or None),
    concatenate=np.concatenate,
    stack=np.stack,
    where=lambda condition, a, b: np.where(condition, a, b),
    linear=lambda x, w, b=0: x @ w + b,
    dropout=lambda x, p: x * dropout_factors(x.shape, p),
    batch_norm=lambda x, w, b: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * w + b,
    pad=np.pad,
    relu=lambda x: x * (x > 0),
    leaky_relu=lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    sigmoid=lambda x: 1 / (1 + np.exp(-x)),
    tanh_function=np.tanh,
    softmax=_np_softmax,
    log_softmax=lambda x: np.log(_np_softmax(x)),
    mse=lambda x, t: np.mean((x - t) ** 2),
    binary_cross_entropy_with_logits=lambda x, t: np.mean(
        -t * np.log(1 / (1 + np.exp(-x))) - (1 - t) * np.log(1 - 1 / (1 + np.exp(-x)))
    ),
    cross_entropy=lambda x, labels: -np.mean(np.log(_np_softmax(x))[np.arange(len(x)), labels]),
)


def torch_operations(torch: Any) -> SimpleNamespace:
    f = torch.nn.functional

    def over(function: Callable[..., Any]) -> Run:
        def run(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            axes = tuple(range(x.ndim)) if axis is None else axis
            return function(x, axes, keepdims)

        return run

    return SimpleNamespace(
        sum=over(lambda x, axes, keep: x.sum(axes, keepdim=keep) if axes != () else x + 0),
        mean=over(lambda x, axes, keep: x.mean(axes, keepdim=keep)),
        var=over(lambda x, axes, keep: x.var(axes, correction=0, keepdim=keep)),
        max=over(lambda x, axes, keep: x.amax(axes, keepdim=keep)),
        exp=torch.exp,
        log=torch.log,
        sqrt=torch.sqrt,
        tanh=torch.tanh,
        abs=torch.abs,
        astype=lambda x, name: x.to(getattr(torch, name)),
        constant=lambda values, like: torch.tensor(np.array(values), dtype=like.dtype),
        fixed=lambda values: torch.from_numpy(np.array(values)),
        transpose=lambda x, *axes: x.permute(axes or tuple(range(x.ndim))[::-1]),
        concatenate=torch.concatenate,
        stack=torch.stack,
        where=torch.where,
        linear=lambda x, w, b=None: f.linear(x, w.T, b),
        dropout=lambda x, p: x * torch.tensor(dropout_factors(tuple(x.shape), p), dtype=x.dtype),
        batch_norm=lambda x, w, b: f.batch_norm(x, None, None, w, b, training=True),
        pad=lambda x, widths: f.pad(x, [n for pair in widths[::-1] for n in pair]),
        relu=torch.relu,
        leaky_relu=f.leaky_relu,
        sigmoid=torch.sigmoid,
        tanh_function=torch.tanh,
        softmax=lambda x: torch.softmax(x, -1),
        log_softmax=lambda x: torch.log_softmax(x, -1),
        mse=f.mse_loss,
        binary_cross_entropy_with_logits=f.binary_cross_entropy_with_logits,
        cross_entropy=f.cross_entropy,
    )


# -- running and checking ---------------------------------------------------------------------


def run_here(
    run: Run, arrays: Sequence[np.ndarray], rng: np.random.Generator
) -> tuple[Tensor, np.ndarray, list[np.ndarray]]:
    """Return the output, the random gradient by it, and the gradients by the inputs."""
    inputs = [Tensor(array, requires_grad=True) for array in arrays]
    out = run(HERE, *inputs)
    cotangent = np.asarray(rng.standard_normal(out.shape)).astype(out.dtype)
    out.backward(cotangent)
    gradients = []
    for x in inputs:
        assert x.grad is not None
        gradients.append(x.grad)
    return out, cotangent, gradients


def operations_of(out: Tensor) -> list[str]:
    return [node.operation for node in topological_order(out.node)] if out.node is not None else []


def check_by_nudging(
    run: Callable[..., Tensor],
    arrays: Sequence[np.ndarray],
    rng: np.random.Generator,
    tolerance: float = 1e-6,
) -> None:
    """Compare each gradient with a central difference along a random direction; `GradientError` names the operation.

    ``run`` takes tensors in float64 and returns one; its output is weighted with random numbers.
    """
    inputs = [Tensor(array.copy(), requires_grad=True) for array in arrays]
    out = run(*inputs)
    weights = np.asarray(rng.standard_normal(out.shape))
    names = " < ".join(reversed(operations_of(out)))
    out.backward(weights)
    h = 1e-6
    for i, x in enumerate(inputs):
        direction = np.asarray(rng.standard_normal(x.shape))
        sides = []
        for step in (h, -h):
            nudged = [Tensor(a + step * direction if j == i else a) for j, a in enumerate(arrays)]
            sides.append(run(*nudged).data)
        expected = float((weights * (sides[0] - sides[1])).sum() / (2 * h))
        # an input that nothing depends on gets no gradient, and its slope is 0
        got = 0.0 if x.grad is None else float((x.grad * direction).sum())
        if not abs(got - expected) <= tolerance * max(1, abs(expected)):
            raise GradientError(f"{names}: the slope by input {i} is {got:.9g}, by nudging {expected:.9g}.")
