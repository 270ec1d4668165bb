"""Making tensors and mixing them with numbers and arrays: what is taken and what is refused."""

import copy
import math

import numpy as np
import pytest

from mininet import functional as F
from mininet.tensor import Tensor, concatenate, record, stack, where


def floats(*shape: int, dtype: type = np.float32) -> Tensor:
    size = math.prod(shape)
    return Tensor(np.arange(1, size + 1, dtype=dtype).reshape(shape), requires_grad=True)


# making one


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([1.0, 2.0], np.float32),
        (1.5, np.float32),
        ([[1, 2.5]], np.float32),
        (np.ones(2), np.float64),
        (np.float64(2), np.float64),
        (np.ones(2, dtype=np.float32), np.float32),
        ([1, 2], np.int64),
        (3, np.int64),
        (True, np.bool_),
        (np.ones(2, dtype=np.uint8), np.uint8),
    ],
)
def test_dtypes_of_what_a_tensor_is_made_of(data: object, dtype: type) -> None:
    tensor = Tensor(data)  # type: ignore[arg-type]
    assert tensor.dtype == dtype
    assert type(tensor.data) is np.ndarray


@pytest.mark.parametrize(
    "data",
    [
        np.ones(2, dtype=np.float16),
        np.ones(2, dtype=np.longdouble),
        np.ones(2, dtype=">f4"),
        np.ones(2, dtype=complex),
        np.array(["a"]),
        np.array([None]),
        np.array(["2024-01-01"], dtype="M8[D]"),
        1j,
        "text",
        {},
    ],
)
def test_other_dtypes_are_refused(data: object) -> None:
    with pytest.raises(TypeError, match="expected float32, float64, whole numbers or booleans, got"):
        Tensor(data)  # type: ignore[arg-type]


def test_whole_numbers_require_no_gradient() -> None:
    with pytest.raises(TypeError, match="int64 has no gradient; convert"):
        Tensor([1, 2], requires_grad=True)


def test_a_tensor_of_a_tensor_is_refused() -> None:
    with pytest.raises(TypeError, match=r"got a tensor\. x\.detach\(\)"):
        Tensor(floats(2))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="NumPy got a tensor"):
        Tensor([floats(2), floats(2)])  # type: ignore[list-item]


def test_subclasses_of_arrays_lose_their_own_rules_and_masks_are_refused() -> None:
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1, 2], [3, 4]], dtype=np.float32)
    # a matrix times a matrix would be a matrix product
    assert (floats(2, 2) * matrix).data.tolist() == [[1, 4], [9, 16]]
    assert type(Tensor(matrix).data) is np.ndarray
    masked = np.ma.array([1.0, 99.0], mask=[False, True], dtype=np.float32)
    for use in (lambda: Tensor(masked), lambda: floats(2) * masked, lambda: masked + floats(2)):
        with pytest.raises(TypeError, match="lose its mask"):
            use()


def test_a_misspelt_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError):
        floats(2).gradient = 1  # type: ignore[attr-defined]


def test_repr_tells_leaves_from_results() -> None:
    x = floats(2)
    assert repr(x) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(x.detach()) == "Tensor([1., 2.])"
    assert repr(x * 2) == "Tensor([2., 4.], from *)"
    assert len(repr(floats(1000, 10))) < 1000


def test_a_loss_is_printed_with_a_format() -> None:
    loss = Tensor(0.12345, requires_grad=True)
    assert f"{loss:.3f}" == "0.123"
    assert f"{loss}" == repr(loss)
    with pytest.raises(ValueError, match="not a single number"):
        f"{Tensor([1.0, 2.0]):.3f}"


def test_item_float_and_bool() -> None:
    one = Tensor([[2.5]])
    assert one.item() == float(one) == 2.5
    assert one and not Tensor(0.0)
    for use in (Tensor([1.0, 2]).item, lambda: float(Tensor([])), lambda: bool(Tensor([1.0, 2]))):
        with pytest.raises(ValueError, match=r"shape \([02],\)"):
            use()


def test_looking_at_one() -> None:
    x = floats(2, 3)
    assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float32)


def test_a_single_number_has_no_length_and_cannot_be_walked_through() -> None:
    for use in (len, list, sum):
        with pytest.raises(TypeError, match="unsized"):
            use(Tensor(3.0))  # type: ignore[operator]


def test_walking_through_rows_and_looking_for_one() -> None:
    x = floats(3, 2)
    rows = list(x)
    assert [row.data.tolist() for row in rows] == [[1, 2], [3, 4], [5, 6]]
    assert 3.0 in floats(3) and 7.0 not in floats(3)


# comparing


def test_comparisons_give_arrays() -> None:
    x = Tensor([1.0, 2.0, 3.0])
    for got, expected in [
        (x == 2, [False, True, False]),
        (x != 2, [True, False, True]),
        (x < 2, [True, False, False]),
        (x <= 2, [True, True, False]),
        (x > np.array([0, 5, 0]), [True, False, True]),
        (x >= Tensor([1.0, 3, 3]), [True, False, True]),
        (np.array([1.0, 0, 3]) == x, [True, False, True]),
    ]:
        assert type(got) is np.ndarray and got.dtype == bool
        assert got.tolist() == expected


def test_if_x_equals_y_is_refused_for_many_and_right_for_one() -> None:
    x, y = Tensor([1.0, 2]), Tensor([1.0, 3])
    with pytest.raises(ValueError, match="ambiguous"):
        assert x == y
    with pytest.raises(ValueError, match="ambiguous"):
        assert y in [x]
    assert x in [x]  # by identity
    assert Tensor(1.0) == Tensor(1.0)
    with pytest.raises(ValueError, match="broadcast"):
        assert (x == Tensor([1.0, 2, 3])) is not None


def test_tensors_are_keys_by_identity() -> None:
    x, y = Tensor([1.0]), Tensor([1.0])
    names = {x: "x", y: "y"}
    assert names[x] == "x" and names[y] == "y" and len({x, y, x}) == 2
    assert copy.copy(x) not in names


# dtypes


MIXED = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "@": lambda x, y: x @ y,
    "where": lambda x, y: where(np.ones((2, 2), dtype=bool), x, y),
}


@pytest.mark.parametrize("sign", MIXED)
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.bool_])
def test_mixing_dtypes_raises_and_names_both(sign: str, dtype: type) -> None:
    other = np.ones((2, 2), dtype=dtype)
    for use in (
        lambda: MIXED[sign](floats(2, 2), Tensor(other)),
        lambda: MIXED[sign](floats(2, 2), other),
    ):
        with pytest.raises(TypeError) as error:
            use()
        assert str(error.value).startswith(f"{sign}: one side is float32, the other {np.dtype(dtype)};")


@pytest.mark.parametrize("join", [concatenate, stack])
def test_joining_unequal_dtypes_raises(join: object) -> None:
    with pytest.raises(TypeError, match="expected one dtype, got float32, float64"):
        join([floats(2), floats(2, dtype=np.float64)])  # type: ignore[operator]


def test_joining_needs_tensors() -> None:
    for join in (concatenate, stack):
        for what in ([], [np.ones(2)], [floats(2), np.ones(2)]):
            with pytest.raises(TypeError, match="expected a list of at least one tensor"):
                join(what)


@pytest.mark.parametrize("number", [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.uint8(2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_takes_the_tensors_dtype(number: object, dtype: type) -> None:
    x = floats(2, dtype=dtype)
    for out in (
        x + number,
        number + x,
        x - number,
        number - x,
        x * number,
        number * x,
        x / number,
        number / x,
    ):
        assert isinstance(out, Tensor)
        assert out.dtype == dtype
        out.sum().backward()
        assert x.grad is not None and x.grad.dtype == dtype


def test_numpy_float64_numbers_do_not_leak_anywhere() -> None:
    x, half = floats(4, 2), np.float64(0.5)
    rng = np.random.default_rng(0)
    w, b = floats(2), floats(2)
    outs = [
        x.clip(half, 2 * half),
        x**half,
        half**x,
        F.leaky_relu(x, half),
        F.dropout(x, half, rng),
        F.batch_norm(x, w, b, half)[0],
        where(x > 1, x, half),
        x.mean(axis=np.int64(0)),
    ]
    for out in outs:
        assert out.dtype == np.float32, out
        out.sum().backward()
    for leaf in (x, w, b):
        assert leaf.grad is not None and leaf.grad.dtype == np.float32


def test_whole_numbers_index_compare_and_go_through_without_a_gradient() -> None:
    labels = Tensor([2, 0])
    x = floats(3, 2)
    x[labels].sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[1, 1], [0, 0], [1, 1]]
    assert (labels + 1).data.tolist() == [3, 1]
    assert not (labels * labels).requires_grad
    with pytest.raises(TypeError, match="one side is int64, the other float64"):
        labels + 0.5


# NumPy on the left, and NumPy's functions


def test_numpy_on_the_left_of_every_sign() -> None:
    a, x = np.array([[2.0, 4.0]], dtype=np.float32), floats(2)
    square = floats(2, 2)
    for out, expected in [
        (a + x, [[3, 6]]),
        (a - x, [[1, 2]]),
        (a * x, [[2, 8]]),
        (a / x, [[2, 2]]),
        (a @ square, [[14, 20]]),
    ]:
        assert isinstance(out, Tensor), "an array of objects would be slow, and without a gradient"
        assert out.data.tolist() == expected
    with pytest.raises(TypeError, match="positive number below a tensor"):
        a**x


def test_adding_to_an_array_in_place_is_refused() -> None:
    a = np.ones(2, dtype=np.float32)
    with pytest.raises(TypeError):
        a += floats(2)
    assert a.tolist() == [1, 1]


@pytest.mark.parametrize(
    "function",
    [
        np.sum,
        np.mean,
        np.max,
        np.exp,
        np.abs,
        np.sqrt,
        np.transpose,
        np.concatenate,
        np.asarray,
        np.linalg.norm,
    ],
)
def test_numpys_functions_refuse_tensors(function: object) -> None:
    with pytest.raises(TypeError):
        function(floats(2, 2))  # type: ignore[operator]


def test_numpy_is_told_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match=r"Pass tensor\.data if no gradient is needed"):
        np.asarray(floats(2))


# what is refused, in words


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda x: x + "a", TypeError, r"\+: expected a tensor, an array or a number, got str"),
        (lambda x: x * [1, 2], TypeError, r"\*: expected a tensor, an array or a number, got list"),
        (lambda x: x + None, TypeError, "got NoneType"),
        (lambda x: x + 1j, TypeError, "got complex"),
        (lambda x: x**x, TypeError, "expected a number as exponent, got Tensor"),
        (lambda x: (-2) ** x, TypeError, "expected a positive number below a tensor, got -2"),
        (lambda x: 0**x, TypeError, "expected a positive number"),
        (lambda x: x @ x, ValueError, r"@: shapes \(2, 3\) and \(2, 3\) do not fit"),
        (lambda x: x @ x[0, 0], ValueError, r"shapes \(2, 3\) and \(\) do not fit"),
        (lambda x: x @ 2.0, ValueError, r"shapes \(2, 3\) and \(\) do not fit"),
        (lambda x: x.clip(0, x[0, 0]), TypeError, "expected numbers as limits, got Tensor"),
        (lambda x: x[x], IndexError, "integer"),
        (lambda x: x[5], IndexError, "out of bounds"),
        (lambda x: x.sum(axis=2), ValueError, "axis 2 is out of bounds"),
        (lambda x: x.mean(axis=-3), ValueError, "axis -3 is out of bounds"),
        (lambda x: x.transpose(0, 0), ValueError, "repeated axis"),
        (lambda x: x.reshape(4, -1), ValueError, "cannot reshape"),
        (lambda x: x + np.ones(2, dtype=np.float32), ValueError, "broadcast"),
        (lambda x: where([True], x, x), TypeError, "expected an array of booleans"),
        (lambda x: where(np.array([1, 0, 1]), x, x), TypeError, "expected an array of booleans"),
        (lambda x: where(x.data > 1, 1.0, 2.0), TypeError, r"there is np\.where"),
        (lambda x: x[:0].mean(), ValueError, r"mean: there is nothing to take it of, shape \(0, 3\)"),
        (
            lambda x: x[:0].max(axis=0),
            ValueError,
            r"max: there is nothing to take it of, shape \(0, 3\), axis 0",
        ),
    ],
)
def test_bad_input_gets_a_sentence(use: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use(floats(2, 3))  # type: ignore[operator]


@pytest.mark.parametrize("use", [lambda x: x.__setitem__(0, 1.0), lambda x: x // 2, lambda x: x % 2])
def test_what_there_is_not(use: object) -> None:
    with pytest.raises((TypeError, AttributeError)):
        use(floats(2))  # type: ignore[operator]


def test_a_sum_in_place_makes_a_new_tensor_of_a_result() -> None:
    x = floats(2)
    y = z = x * 2
    y += 1
    assert y is not z and z.data.tolist() == [2, 4]
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2, 2]


def test_an_operation_of_your_own_takes_its_place_in_the_graph() -> None:
    x = floats(3)
    cube = record("cube", x.data * x.data * x.data, (x,), lambda g: (g * 3 * x.data * x.data,))
    (2 * cube).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [6, 24, 54]


# rounding


def test_division_keeps_its_gradient_where_squares_leave_float32() -> None:
    for size in (1e-30, 1e-25, 1e25, 1e30):
        x, y = (Tensor(np.array([size], dtype=np.float32), requires_grad=True) for _ in range(2))
        (x / y).sum().backward()
        np.testing.assert_allclose(x.grad, [1 / size], rtol=1e-6)
        np.testing.assert_allclose(y.grad, [-1 / size], rtol=1e-6)


def test_a_sum_of_a_million_float32_numbers_is_right_to_six_digits() -> None:
    x = Tensor(np.full(1_000_000, 0.1, dtype=np.float32), requires_grad=True)
    assert abs(x.sum().item() / 1e5 - 1) < 1e-6
    assert abs(x.mean().item() / 0.1 - 1) < 1e-6
    assert x.var().item() < 1e-12


def test_a_variance_far_from_zero_does_not_cancel() -> None:
    x = Tensor(np.array([10_000, 10_001, 10_002], dtype=np.float32))
    assert abs(x.var().item() - 2 / 3) < 1e-6


@pytest.mark.parametrize("place", [0, 1])
def test_an_operation_that_returns_an_inputs_own_array_does_not_lock_it(place: int) -> None:
    inputs = [Tensor(np.ones(2, dtype=np.float32), requires_grad=True) for _ in range(2)]
    record("one of two", inputs[place].data, tuple(inputs), lambda g: (g, g))
    inputs[place].data -= 1
    assert inputs[place].data.tolist() == [0, 0] and inputs[1 - place].data.tolist() == [1, 1]
