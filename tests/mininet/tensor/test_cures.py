"""What people do wrong with tensors, and the sentence that leads them out; or it simply works, as in PyTorch."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest

from mininet import functional as F
from mininet.tensor import Tensor, concatenate, grad, no_grad, record, stack, where


def leaf(*values: float, dtype: type = np.float64) -> Tensor:
    return Tensor(np.array(values, dtype=dtype), requires_grad=True)


def gradient(x: Tensor) -> list:
    assert x.grad is not None
    return x.grad.tolist()


# training by hand


def subtract(w: Tensor) -> None:
    w -= 0.1 * w.grad


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize(
    "step",
    [
        subtract,
        lambda w: w.__iadd__(1),
        lambda w: w.__imul__(0.5),
        lambda w: w.__itruediv__(2),
        lambda w: w.__ipow__(2),
        lambda w: w.__imatmul__(np.eye(2)),
    ],
)
def test_a_step_in_place_names_data_and_the_optimiser(step: Callable[[Tensor], None], quiet: bool) -> None:
    w = leaf(1, 2)
    (w * w).sum().backward()
    with pytest.raises(TypeError, match=r"a leaf that requires a gradient.*w\.data -= lr \* w\.grad.*SGD"):
        if quiet:  # PyTorch's idiom: there would be a constant in its place
            with no_grad():
                step(w)
        else:
            step(w)
    w.data -= 0.1 * w.grad
    assert w.data.tolist() == [0.8, 1.6]


def test_in_place_of_a_constant_or_a_frozen_leaf_is_a_new_tensor() -> None:
    total = Tensor(np.zeros(2))
    x = leaf(1, 2)
    total += x * x
    total.sum().backward()
    assert gradient(x) == [2, 4]


def test_a_detached_result_can_be_trained_and_leaves_the_result_alone() -> None:
    w = leaf(1, 2)
    y = w * 2
    d = y.detach()
    assert d.data is y.data
    d.requires_grad = True
    (d * d).sum().backward()
    assert d.grad is not None
    d.data -= 0.25 * d.grad
    assert d.data.tolist() == [1, 2] and y.data.tolist() == [2, 4]
    parameter = Tensor(y.data, requires_grad=True)
    parameter.data += 1
    assert parameter.data.tolist() == [3, 5] and y.data.tolist() == [2, 4]


def test_a_result_follows_its_inputs_and_says_where_gradients_are() -> None:
    w = leaf(1, 2)
    y = w * 2
    with pytest.raises(RuntimeError, match=r"the result of \*.*detach"):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match=r"the result of \*.*kept for leaves"):
        y.grad  # noqa: B018
    (y * y).sum().backward()
    with pytest.raises(RuntimeError, match="the result of"):
        _ = y.grad
    y.grad = None  # what zero_grad() does to whatever it is given


def test_whole_numbers_cannot_be_made_to_require_a_gradient_afterwards() -> None:
    labels = Tensor([1, 2])
    with pytest.raises(TypeError, match="int64 has no gradient"):
        labels.requires_grad = True


# dtypes


@pytest.mark.parametrize(("there", "back"), [(np.float32, np.float64), (np.float64, np.float32)])
def test_astype_takes_the_gradient_back(there: type, back: type) -> None:
    x = leaf(1, 2, dtype=there)
    y = x.astype(back)
    assert y.dtype == back
    (y * y).sum().backward()
    assert x.grad is not None and x.grad.dtype == there and gradient(x) == [2, 4]


def test_the_advice_about_dtypes_can_be_taken() -> None:
    x, w = Tensor(np.ones((1, 3))), Tensor(np.ones((3, 2), dtype=np.float32), requires_grad=True)
    with pytest.raises(TypeError, match=r"one side is float64, the other float32; convert one: \.astype"):
        x @ w
    assert (x.astype(np.float32) @ w).data.tolist() == [[3, 3]]
    assert x.astype("float64") is x
    assert Tensor([1, 2]).astype(float).dtype == np.float64
    assert Tensor([1.5]).astype(int).data.tolist() == [1]
    for dtype in (int, np.float16, complex, object, bool):
        with pytest.raises(TypeError, match=r"expected float32 or float64, got .*x\.data\.astype"):
            leaf(1).astype(dtype)


# NumPy's scalars

SCALARS = [np.float32(2), np.float64(2), np.float16(2), np.int8(2), np.uint64(2), np.int64(2)]


@pytest.mark.parametrize("two", SCALARS, ids=lambda two: str(two.dtype))
def test_numpys_scalars_are_taken_for_numbers(two: np.generic) -> None:
    x = leaf(3, dtype=np.float32)
    outs = [
        x + two,
        two + x,
        x * two,
        two / x,
        two - x,
        x**two,
        two**x,
        x.clip(two, two),
        where(x > two, x, two),
    ]
    for out in outs:
        assert isinstance(out, Tensor) and out.dtype == np.float32
    assert [out.data.tolist() for out in outs[5:7]] == [[9], [8]]
    assert (x > two).tolist() == [True]
    y = leaf(1, 2, 3, 4)
    assert y.reshape(np.int8(2), np.int64(2)).sum(axis=np.uint8(1), keepdims=np.True_).shape == (2, 1)
    assert y.reshape(2, 2).transpose(np.int64(1), np.int64(0)).shape == (2, 2)
    assert concatenate([y, y], np.int64(0)).shape == stack([y, y], np.int8(-1)).reshape(8).shape
    assert y[np.int16(1)].item() == y[slice(np.int64(1), np.int64(2))].item() == 2


def test_numpys_booleans_are_taken_too() -> None:
    x = leaf(3)
    assert (x * np.True_).item() == where(np.True_, x, 0.0).item() == where(True, x, 0.0).item() == 3


# arguments in our words


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda x: x.transpose("ab"), TypeError, "transpose: expected whole numbers, got"),
        (lambda x: x.transpose(None), TypeError, "transpose: expected whole numbers, got"),
        (lambda x: x.transpose(0), ValueError, r"expected an order of all 2 axes, got \(0,\)"),
        (lambda x: x.reshape("six"), TypeError, "reshape: expected whole numbers, got"),
        (lambda x: x.reshape(2.0, 3), TypeError, "reshape: expected whole numbers"),
        (lambda x: x.reshape((2, None)), TypeError, "reshape: expected whole numbers"),
        (
            lambda x: x.sum(axis="rows"),
            TypeError,
            "sum: expected axis to be a whole number or a tuple of them",
        ),
        (lambda x: x.mean(axis=1.0), TypeError, "mean: expected axis to be a whole number"),
        (lambda x: x.var(axis=(0, None)), TypeError, "var: expected axis to be a whole number"),
        (lambda x: x.max(axis=object()), TypeError, "max: expected axis to be a whole number"),
        (
            lambda x: concatenate([x, x], None),
            TypeError,
            "concatenate: expected a whole number as axis, got None",
        ),
        (lambda x: concatenate([x, x], 2), ValueError, "concatenate: expected an axis from -2 to 1, got 2"),
        (lambda x: concatenate([x, x.T]), ValueError, r"differ along axis 0 only, got \(2, 3\) and \(3, 2\)"),
        (lambda x: concatenate([x, x[0]]), ValueError, r"got \(2, 3\) and \(3,\)"),
        (lambda x: concatenate([x[0, 0]]), ValueError, "expected an axis from"),
        (lambda x: concatenate(x), TypeError, "expected a list of at least one tensor"),
        (lambda x: concatenate(None), TypeError, "expected a list of at least one tensor"),
        (lambda x: stack([x, x], "0"), TypeError, "stack: expected a whole number as axis, got '0'"),
        (lambda x: stack([x, x], 3), ValueError, "stack: expected an axis from -3 to 2, got 3"),
        (lambda x: stack([x, x.T]), ValueError, r"stack: expected one shape, got \(2, 3\), \(3, 2\)"),
        (lambda x: x.clip("0", "1"), TypeError, "clip: expected numbers as limits, got str"),
        (lambda x: x.clip(np.zeros(3), 1), TypeError, "clip: expected numbers as limits, got ndarray"),
        (lambda x: where("yes", x, x), TypeError, "where: expected an array of booleans"),
        (lambda x: where(x > 0, x, None), TypeError, "where: expected a tensor, an array or a number"),
        (lambda x: x["first"], IndexError, "expected integers, slices.*got str"),
        (lambda x: x[object()], IndexError, "expected integers, slices.*got object"),
        (lambda x: x[1.0], IndexError, "expected integers, slices.*got float"),
        (lambda x: x[[0, 1.5]], IndexError, "expected integers, slices.*got list"),
        (lambda x: x[[[0], [0, 1]]], IndexError, "expected integers, slices.*got list"),
        (lambda x: x[slice("a")], IndexError, "expected integers, slices.*got slice"),
        (lambda x: x < "a", TypeError, "not supported between instances of 'Tensor' and 'str'"),
        (lambda x: x >= None, TypeError, "not supported between"),
        (lambda x: Tensor([[1.0], [1.0, 2.0]]), ValueError, "expected rows of one length"),
        (lambda x: Tensor("text"), TypeError, "expected float32, float64, whole numbers or booleans"),
        (lambda x: Tensor(None), TypeError, "a list or a number, got None"),
        (lambda x: grad(x, [1.0]), TypeError, "grad: expected tensors, got float"),
    ],
)
def test_arguments_of_another_kind_get_a_sentence(
    use: Callable[[Tensor], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        use(Tensor(np.ones((2, 3)), requires_grad=True))


def test_a_tuple_or_a_list_stands_for_its_numbers() -> None:
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    assert x.transpose((1, 0)).shape == x.transpose([1, 0]).shape == x.T.shape
    assert x.reshape((3, 2)).shape == x.reshape([3, -1]).shape == (3, 2)
    assert x[0, 0].reshape(()).shape == ()


def test_something_else_is_not_equal() -> None:
    x = leaf(1)
    assert (x == None) is False and (x != "relu") is True  # noqa: E711
    assert (x == [1.0]).tolist() == [True]


# what is recorded keeps nothing that may change


MUTABLE: dict[str, tuple[Callable[[Tensor, list], Tensor], list]] = {
    "a list as an index": (lambda x, given: x[given], [0, 0]),
    "a list of lists": (lambda x, given: x[[given, given]], [0, 1]),
    "a list among the parts": (lambda x, given: x[:, given], [0, 0]),
    "a list of booleans": (lambda x, given: x[[i == 0 for i in range(3)]] * len(given), [1]),
    "a list of axes": (lambda x, given: x.sum(given), [0, 1]),
    "axes of a mean": (lambda x, given: x.mean(given), [0]),
    "axes of a variance": (lambda x, given: x.var(given), [1]),
    "axes of a maximum": (lambda x, given: x.max(given), [1]),
    "an order of axes": (lambda x, given: x.transpose(given), [1, 0]),
    "a shape": (lambda x, given: x.reshape(given), [9]),
}


@pytest.mark.parametrize("name", MUTABLE)
def test_lists_that_are_changed_later_count_as_they_were(name: str) -> None:
    operation, given = MUTABLE[name]
    gradients = []
    for change in (False, True):
        x, argument = Tensor(np.arange(9.0).reshape(3, 3) ** 2, requires_grad=True), list(given)
        out = operation(x, argument)
        loss = (out * out).sum()
        if change:
            argument[:] = [2] * 5
        loss.backward()
        gradients.append(gradient(x))
    assert gradients[0] == gradients[1]


def test_arrays_as_axes_and_limits_of_slices_count_as_they_were() -> None:
    x, axis, start = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True), np.array(0), np.array(1)
    loss = (x.sum(axis) * 2).sum() + x[slice(start, None)].sum() + x[np.array(0)].sum()
    axis[...], start[...] = 1, 0
    loss.backward()
    assert gradient(x) == [[3, 3, 3], [3, 3, 3]]


# functions that only begin when they are called


def rows(x: Tensor) -> Iterator[Tensor]:
    yield x * 2


async def later(x: Tensor) -> Tensor:
    return x * 2


async def rows_later(x: Tensor) -> AsyncIterator[Tensor]:
    yield x * 2


@pytest.mark.parametrize("function", [rows, later, rows_later, functools.partial(rows, leaf(1))])
def test_no_grad_above_a_function_that_runs_later_is_refused(function: Callable) -> None:
    with pytest.raises(TypeError, match=r"generator or async.*Write `with no_grad\(\):` inside it"):
        no_grad()(function)


@pytest.mark.parametrize(
    "what", [lambda x: rows(x), lambda x: (x * k for k in range(2)), lambda x: map(x.__mul__, [1, 2]), later]
)
def test_no_grad_above_a_function_that_returns_what_runs_later_is_refused(what: Callable) -> None:
    @no_grad()
    def measure(x: Tensor) -> object:
        out = what(x)
        if asyncio.iscoroutine(out):
            out.close()
        return out

    with pytest.raises(TypeError, match="generator or async"):
        measure(leaf(1))


@pytest.mark.parametrize("what", [type("Net", (), {}), classmethod(rows), None, "text"])
def test_no_grad_above_what_is_no_function_is_refused(what: Callable) -> None:
    with pytest.raises(TypeError, match="expected a function"):
        no_grad()(what)


def test_one_no_grad_can_be_used_again_and_inside_itself() -> None:
    quiet, x = no_grad(), leaf(1)
    with quiet, quiet:
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


# writing between the forward pass and the way back


def whole(x: Tensor) -> None:
    x.data[...] = 7


def in_place(x: Tensor) -> None:
    x.data -= 0.5


def out(x: Tensor) -> None:
    np.multiply(x.data, 2, out=x.data)


def a_view(x: Tensor) -> None:
    x.data.T[1] = 9


def one_entry(x: Tensor) -> None:
    x.data[0, 1] += 1e-15


def shuffled(x: Tensor) -> None:
    x.data[:] = x.data[::-1].copy()


WRITERS = [whole, in_place, out, a_view, one_entry, shuffled]
NEEDED: dict[str, Callable[[Tensor], Tensor]] = {
    "*": lambda x: x * x,
    "@": lambda x: x @ x.T,
    "/": lambda x: 1 / x,
    "log": lambda x: x.log(),
    "abs": lambda x: x.abs(),
    "**": lambda x: x**3,
    "max": lambda x: x.max(axis=0),
    "clip": lambda x: x.clip(0, 2),
    "linear": lambda x: F.linear(x, x.T),
    "reshape": lambda x: x.reshape(6) * 2,
    "a view of a view": lambda x: x.T[0] * x.T[1],
    "leaky_relu": lambda x: F.leaky_relu(x),
}


@pytest.mark.parametrize("write", WRITERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("operation", NEEDED)
def test_writing_into_a_leaf_too_early_is_noticed(operation: str, write: Callable[[Tensor], None]) -> None:
    x = Tensor(np.linspace(0.5, 1, 6).reshape(2, 3), requires_grad=True)
    loss = NEEDED[operation](x).sum()
    write(x)
    with pytest.raises(
        RuntimeError, match=r"float64 \(2, 3\) was written into after the forward pass.*step\(\)"
    ):
        loss.backward()
    assert x.grad is None


def test_writing_into_the_array_it_was_made_of_or_a_constant_is_noticed() -> None:
    images, weights = np.ones((4, 3)), leaf(1, 2, 3)
    view = images[:2]
    loss = (Tensor(view) * weights).sum()
    images[0] = 0  # the next batch, read into the same buffer
    with pytest.raises(RuntimeError, match="written into"):
        loss.backward()
    buffer = np.ones(3)
    loss = (buffer * weights).sum()
    buffer += 1
    with pytest.raises(RuntimeError, match="written into"):
        loss.backward()


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F", "view"])
def test_a_step_between_two_ways_back_is_noticed_in_large_arrays_too(kind: str, order: str) -> None:
    rng = np.random.default_rng(0)
    array = rng.standard_normal((600, 256)).astype(kind)
    array = array[::2, ::2] if order == "view" else np.asarray(array, order=order)  # type: ignore[call-overload]
    for write in (
        lambda w: w.__isub__(0.01 * w),
        lambda w: w.__setitem__((slice(None), 17), 3),
        lambda w: w.__setitem__(123, 3),
        lambda w: np.add.at(w, ([5], [77]), 1e-3),
        lambda w: np.sign(w[7:9], out=w[7:9]),
        lambda w: w[1].sort(),
        rng.shuffle,
    ):
        w, x = Tensor(array.copy(order="K"), requires_grad=True), Tensor(np.ones((2, len(array)), dtype=kind))
        loss = (x @ w).sum()
        loss.backward(retain_graph=True)
        write(w.data)
        with pytest.raises(RuntimeError, match="written into"):
            loss.backward()


def test_writing_after_the_way_back_replacing_and_reading_are_no_writing() -> None:
    x = leaf(1, np.nan)
    for _ in range(3):
        loss = (x * x).sum()
        _ = x.data.sum(), x.data[0]
        with no_grad():
            (x * 2).sum()
        loss.backward()
        x.data -= 0.1
    forgotten = (x * x).sum()  # nobody goes back through it, so nobody minds
    x.data -= 0.1
    assert forgotten.node is not None


def test_what_no_rule_has_kept_may_go(no_collector: None) -> None:
    x = leaf(1, 2)
    loss = (x + np.ones(2)).sum() + record(
        "own", x.data * 2, (x, Tensor(np.ones(5))), lambda g: (2 * g, None)
    ).sum()
    loss.backward()
    assert gradient(x) == [3, 3]


# the gradient by some inputs only


def test_grad_gives_the_asked_gradients_and_leaves_the_rest_alone() -> None:
    x, w, b = leaf(1, 2), leaf(3, 4), leaf(5, 6)
    h = x * w
    loss = ((h + b) * h).sum()
    by_h, by_x = grad(loss, (h, x), retain_graph=True)
    assert by_h.tolist() == (2 * h.data + b.data).tolist()
    assert by_x.tolist() == (by_h * w.data).tolist()
    assert x.grad is w.grad is b.grad is None
    by_x[:] = 0  # the caller's own
    loss.backward()
    assert gradient(x) == ((2 * h.data + b.data) * w.data).tolist()


def test_grad_computes_nothing_that_nobody_asked_for() -> None:
    asked: list[str] = []

    def traced(name: str, x: Tensor) -> Tensor:
        return record(name, x.data * 2, (x,), lambda g: asked.append(name) or (2 * g,))

    x, w = leaf(1, 2), leaf(3, 4)
    side = traced("weights", w)
    loss = (traced("input", x) * side).sum() + traced("aside", w).sum()
    assert grad(loss, [x])[0].tolist() == [12, 16]
    assert asked == ["input"]
    with pytest.raises(RuntimeError, match="freed"):
        loss.backward()


def test_the_rule_of_the_side_that_is_not_wanted_is_not_run() -> None:
    big, x = Tensor(np.ones((1, 3)), requires_grad=True), leaf(1, 2, 3)
    loss = (x * big).sum()
    node = loss.node.parents[0]  # type: ignore[union-attr]
    wanted = []
    rule = node.vjp
    node.vjp = lambda g, which: wanted.append(list(which)) or rule(g, which)
    grad(loss, x)
    assert wanted == [[True, False]]


def test_grad_takes_what_backward_takes_and_refuses_what_it_refuses() -> None:
    x, y = leaf(1, 2), leaf(1, 2)
    assert grad(x * 3, x, np.array([1.0, 2.0]))[0].tolist() == [3, 6]
    assert grad(x, [x, x], np.ones(2))[1].tolist() == [1, 1]
    for use, error, message in (
        (lambda: grad(x * 3, x), ValueError, "not a single number"),
        (lambda: grad((x * 3).sum(), [x, y]), RuntimeError, r"nothing recorded leads from inputs\[1\]"),
        (lambda: grad(Tensor([1.0]), [x]), RuntimeError, r"grad\(\): nothing was recorded"),
    ):
        with pytest.raises(error, match=message):
            use()


# rounding and speed


@pytest.mark.parametrize("shape", [(60_000, 3), (300, 200, 3), (3, 60_000), (60_001, 2)])
def test_long_columns_of_float32_keep_their_digits(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).random(shape, dtype=np.float32) + 1
    axes = tuple(range(len(shape) - 1)) if shape[0] != 3 else (1,)
    exact = array.sum(axis=axes, dtype=np.float64)
    x = Tensor(array)
    np.testing.assert_allclose(x.sum(axes).data, exact, rtol=1e-6)
    np.testing.assert_allclose(x.mean(axes).data, exact / (x.size / exact.size), rtol=1e-6)
    transposed = Tensor(np.moveaxis(array, 0, -1)).sum(tuple((a - 1) % len(shape) for a in axes))
    np.testing.assert_allclose(transposed.data, exact, rtol=1e-6)
    bias = Tensor(np.zeros(shape[-1], dtype=np.float32), requires_grad=True)
    (x + bias).sum().backward(np.float32(1))
    column = Tensor(np.zeros((1, shape[-1]), dtype=np.float32), requires_grad=True)
    (x * column).sum().backward()
    by_column = array.reshape(-1, shape[-1]).sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(column.grad[0], by_column, rtol=1e-6)  # type: ignore[index]


def test_the_gradient_by_a_sum_is_an_array_that_a_matrix_product_is_fast_with() -> None:
    seen = []
    x = Tensor(np.ones((4, 3), dtype=np.float32), requires_grad=True)
    y = record("seen", x.data.copy(), (x,), lambda g: seen.append(g.strides) or (g,))
    y.sum().backward(retain_graph=True)
    y.mean(axis=0).sum().backward()
    assert seen == [(12, 4), (12, 4)]
