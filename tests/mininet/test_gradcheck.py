"""The gradient checker: it passes what is right, and every planted mistake is found."""

from collections.abc import Callable

import numpy as np
import pytest

from mininet.gradcheck import (
    Comparison,
    GradientError,
    check_gradients,
    check_layer,
    compare,
    numerical_gradient,
)
from mininet.tensor import Tensor

Gradients = dict[str, np.ndarray]
X = np.random.default_rng(0).standard_normal((5, 3))
AT = {"W": np.random.default_rng(1).standard_normal((3, 2)), "b": np.random.default_rng(2).standard_normal(2)}


def tanh_layer(p: Gradients) -> tuple[float, Gradients]:
    """Return the sum of tanh(XW + b)² and its right gradients."""
    A = np.tanh(X @ p["W"] + p["b"])
    dZ = 2 * A * (1 - A * A)
    return float((A * A).sum()), {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def broken(change: Callable[[Gradients], Gradients]) -> Callable[[Gradients], tuple[float, Gradients]]:
    def function(p: Gradients) -> tuple[float, Gradients]:
        loss, gradients = tanh_layer(p)
        return loss, change(gradients)

    return function


def test_right_gradients_pass_and_the_table_says_so() -> None:
    table = check_gradients(tanh_layer, AT)
    assert table.ok
    assert [row.name for row in table] == ["W", "b"]
    assert max(row.difference for row in table) < 1e-8
    assert str(table).count("OK") == 2
    assert "NOT OK" not in str(table)


def one_entry(g: Gradients, by: float) -> Gradients:
    W = g["W"].copy()
    W[2, 1] += by
    return {**g, "W": W}


@pytest.mark.parametrize(
    ("mistake", "change", "wrong"),
    [
        ("wrong scale", lambda g: {**g, "W": g["W"] * 2}, {"W"}),
        ("a mean for a sum", lambda g: {**g, "b": g["b"] / 5}, {"b"}),
        ("wrong sign", lambda g: {**g, "W": -g["W"]}, {"W"}),
        ("forgotten slope", lambda g: {"W": g["W"] * 0.9, "b": g["b"] * 0.9}, {"W", "b"}),
        ("missing term in one entry", lambda g: one_entry(g, 1e-4), {"W"}),
        ("all zero", lambda g: {**g, "W": np.zeros_like(g["W"])}, {"W"}),
        ("transposed", lambda g: {**g, "W": g["W"].T}, {"W"}),
        ("summed too far", lambda g: {**g, "b": np.array(g["b"].sum())}, {"b"}),
        ("None", lambda g: {**g, "W": None}, {"W"}),
        ("nan", lambda g: one_entry(g, np.nan), {"W"}),
        ("infinite", lambda g: one_entry(g, np.inf), {"W"}),
    ],
)
def test_planted_mistakes_are_found_where_they_are(
    mistake: str, change: Callable[[Gradients], Gradients], wrong: set[str]
) -> None:
    with pytest.raises(GradientError, match="NOT OK") as error:
        check_gradients(broken(change), AT)
    rows = [line for line in str(error.value).splitlines() if line.startswith(("W ", "b "))]
    assert {row.split()[0] for row in rows if "NOT OK" in row} == wrong


def test_a_transposed_square_matrix_is_found_too() -> None:
    at = {"W": np.random.default_rng(3).standard_normal((3, 3)), "b": np.zeros(3) + 0.1}
    with pytest.raises(GradientError, match=r"W .* NOT OK"):
        check_gradients(broken(lambda g: {**g, "W": g["W"].T}), at)


def test_a_forgotten_gradient_is_no_match() -> None:
    with pytest.raises(KeyError, match="names differ"):
        check_gradients(broken(lambda g: {"W": g["W"]}), AT)


def test_a_function_that_reuses_its_buffers_is_checked_rightly() -> None:
    buffers = {name: np.zeros_like(array) for name, array in AT.items()}

    def function(p: Gradients) -> tuple[float, Gradients]:
        loss, gradients = tanh_layer(p)
        for name, buffer in buffers.items():
            buffer[...] = gradients[name]
        return loss, buffers

    assert check_gradients(function, AT).ok


def test_a_buffer_that_is_added_to_on_every_call_is_found() -> None:
    buffer = np.zeros_like(AT["W"])

    def forgets_to_clear(p: Gradients) -> tuple[float, Gradients]:
        loss, gradients = tanh_layer(p)
        buffer[...] += gradients["W"]
        return loss, {**gradients, "W": buffer}

    forgets_to_clear(AT)
    with pytest.raises(GradientError, match=r"W .* NOT OK"):
        check_gradients(forgets_to_clear, AT)


def test_the_place_of_the_check_is_not_changed() -> None:
    before = {name: array.copy() for name, array in AT.items()}
    check_gradients(tanh_layer, AT)
    for name in AT:
        np.testing.assert_array_equal(AT[name], before[name])


def test_float32_is_refused() -> None:
    with pytest.raises(TypeError, match="expected float64, got float32"):
        numerical_gradient(lambda x: float(x.sum()), np.zeros(2, dtype=np.float32))
    with pytest.raises(TypeError, match="float64"):
        check_gradients(tanh_layer, {name: array.astype(np.float32) for name, array in AT.items()})


def test_numerical_gradient_of_a_cubic_is_right_to_nine_digits() -> None:
    x = np.array([[0.5, -1.5], [2.0, 0.3]])
    np.testing.assert_allclose(numerical_gradient(lambda x: float((x**3).sum()), x), 3 * x**2, rtol=1e-9)


def test_nudging_restores_x_and_leaves_the_original_alone() -> None:
    x = np.array([1.0, 2.0])
    seen = []
    numerical_gradient(lambda v: seen.append(v.copy()) or float(v.sum()), x, h=0.25)
    np.testing.assert_array_equal(x, [1, 2])
    np.testing.assert_array_equal(seen, [[1.25, 2], [0.75, 2], [1, 2.25], [1, 1.75]])


def test_away_from_the_kink_a_relu_passes_and_within_h_of_it_nudging_itself_is_wrong() -> None:
    def relu_sum(p: Gradients) -> tuple[float, Gradients]:
        return float(np.maximum(p["x"], 0).sum()), {"x": (p["x"] > 0).astype(float)}

    h = 1e-5
    assert check_gradients(relu_sum, {"x": np.array([10 * h, -10 * h, 1.0])}).ok
    with pytest.raises(GradientError, match=r"x .* NOT OK"):
        check_gradients(relu_sum, {"x": np.array([h / 2])})


def test_compare_is_absolute_below_one_and_relative_above() -> None:
    small = compare({"x": np.array([1e-7])}, {"x": np.array([3e-7])})
    large = compare({"x": np.array([1e6])}, {"x": np.array([1e6 + 0.5])})
    assert small.ok
    assert large.ok
    assert not compare({"x": np.array([0.5])}, {"x": np.array([0.5 + 2e-6])}).ok
    assert not compare({"x": np.array([1e6])}, {"x": np.array([1e6 + 2])}).ok


def test_compare_tells_exact_from_close() -> None:
    table = compare(
        {"x": np.array([1.0]), "y": np.array([1.0])}, {"x": np.array([1.0]), "y": np.array([1 + 1e-9])}
    )
    assert [row.exact for row in table] == [True, False]
    assert table.ok
    assert isinstance(table, Comparison)
    assert repr(table) == str(table)


def test_compare_refuses_shapes_that_would_broadcast_and_names_both() -> None:
    table = compare({"b": np.ones((1, 2))}, {"b": np.ones(2)})
    assert not table.ok
    assert str(table).endswith("(1, 2)       no     NOT OK inf, expected shape (2,)")


def test_small_unsigned_numbers_do_not_wrap_around() -> None:
    (row,) = compare({"x": np.array([1], dtype=np.uint8)}, {"x": np.array([2], dtype=np.uint8)})
    assert row.difference == 0.5


def test_a_gradient_of_none_for_a_single_number_is_found() -> None:
    with pytest.raises(GradientError, match=r"x .* NOT OK"):
        check_gradients(lambda p: (float(p["x"] ** 2), {"x": None}), {"x": np.array(3.0)})


SIZES = [1e-12, 1e-9, 1e-7, 1e-3, 1.0, 1e4, 1e9]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("wrong", [0.0, 0.999, -1.0, 1.001])
def test_a_wrong_gradient_of_any_size_is_found_and_a_right_one_passes(size: float, wrong: float) -> None:
    def function(p: Gradients, factor: float = 1.0) -> tuple[float, Gradients]:
        loss, gradients = tanh_layer(p)
        return size * loss, {name: size * factor * g for name, g in gradients.items()}

    assert check_gradients(function, AT).ok
    with pytest.raises(GradientError, match=r"W .* NOT OK"):
        check_gradients(lambda p: function(p, wrong), AT)


def test_one_small_entry_among_large_ones_is_found() -> None:
    weights = np.array([1.0, 1e-5, 1.0])

    def function(p: Gradients) -> tuple[float, Gradients]:
        return float((weights * p["x"] ** 2).sum()), {"x": 2 * weights * p["x"] * np.array([1, 0.9, 1])}

    with pytest.raises(GradientError):
        check_gradients(function, {"x": np.array([0.5, 0.5, 0.5])})


def test_what_rounding_hides_is_not_held_against_a_gradient() -> None:
    # a loss of a million moves by a ten-billionth of itself at every rounding
    assert check_gradients(
        lambda p: (1e6 + 1e-3 * float(p["x"] ** 2), {"x": 2e-3 * p["x"]}), {"x": np.array(1.0)}
    )
    # x³ at 0 bends: the slope is 0, the nudged one h²
    assert check_gradients(lambda p: (float((p["x"] ** 3).sum()), {"x": 3 * p["x"] ** 2}), {"x": np.zeros(2)})
    with pytest.raises(GradientError):
        check_gradients(lambda p: (float((p["x"] ** 3).sum()), {"x": p["x"] + 1e-8}), {"x": np.zeros(2)})


@pytest.mark.parametrize("three", [3, 3.0, np.float64(3.0)])
def test_numbers_are_nudged_as_numbers(three: float) -> None:
    gradient = numerical_gradient(lambda x: float(x * x), three)
    assert isinstance(gradient, float) and abs(gradient - 6) < 1e-9
    assert check_gradients(
        lambda p: (p["x"] ** 2 * p["w"].sum(), {"x": 2 * p["x"] * 2, "w": np.full(2, 9.0)}),
        {"x": three, "w": np.ones(2)},
    ).ok
    assert numerical_gradient(lambda x: float(x * x), np.array(3.0)).shape == ()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.float32(3), "expected float64, got float32"),
        (np.int64(3), "expected float64, got int64"),
        (np.array([1, 2]), "expected float64, got int64"),
        ([1.0], "expected an array or a number, got list"),
        ("3", "expected an array or a number, got str"),
        (None, "expected an array or a number, got NoneType"),
        (True, "expected an array or a number, got bool"),
    ],
)
def test_what_cannot_be_nudged_is_named(x: object, message: str) -> None:
    with pytest.raises(TypeError, match=f"numerical_gradient: {message}"):
        numerical_gradient(lambda v: 0.0, x)
    with pytest.raises(TypeError, match=f"check_gradients: {message}"):
        check_gradients(lambda p: (0.0, {}), {"x": x})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x * x, r"a single number, of shape \(\), got shape \(2,\)\. End it with \.sum\(\)"),
        (lambda x: (x * x).sum(keepdims=True), r"got shape \(1,\)"),
        (lambda x: None, "a single number, got None"),
        (lambda x: "loss", "a single number, got 'loss'"),
        (lambda x: 1j, "a single number, got 1j"),
        (lambda x: (1.0, {}), r"a single number, got \(1\.0, \{\}\)"),
    ],
)
def test_a_function_that_returns_something_else_is_told_what_it_should(
    function: Callable, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        numerical_gradient(function, np.array([1.0, 2.0]))


def test_a_function_may_return_numpys_numbers_or_a_tensor_of_one() -> None:
    for loss in ((lambda x: (x * x).sum()), (lambda x: np.array(x @ x)), (lambda x: Tensor(x) @ Tensor(x))):
        np.testing.assert_allclose(numerical_gradient(loss, np.array([1.0, 2.0])), [2, 4], rtol=1e-9)


@pytest.mark.parametrize("out", [1.0, None, (1.0,), (1.0, [np.ones(2)]), (1.0, {"x": np.ones(2)}, 2)])
def test_check_gradients_says_what_the_function_should_return(out: object) -> None:
    with pytest.raises(
        TypeError, match=r"expected the function to return a number and a dictionary, \(loss, gradients\)"
    ):
        check_gradients(lambda p: out, {"x": np.ones(2)})
    with pytest.raises(TypeError, match=r"got shape \(1,\)"):
        check_gradients(lambda p: (np.ones(1), {"x": np.ones(2)}), {"x": np.ones(2)})


class Parameter:
    def __init__(self, data: np.ndarray) -> None:
        self.data, self.grad = data, None


class Layer:
    """A linear layer with a switch for each mistake."""

    def __init__(self, mistake: str = "") -> None:
        self.mistake = mistake
        self.weight = Parameter(np.random.default_rng(4).standard_normal((3, 2)))

    def parameters(self) -> list[Parameter]:
        return [self.weight]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.weight.data

    def backward(self, grad: np.ndarray) -> np.ndarray | None:
        if self.mistake != "no parameter gradient":
            self.weight.grad = self.x.T @ grad * (3 if self.mistake == "scale" else 1)
        if self.mistake == "no input gradient":
            return None
        dx = grad @ self.weight.data.T
        return dx.sum(axis=0) if self.mistake == "shape" else -dx if self.mistake == "sign" else dx


def test_a_right_layer_passes_and_is_left_as_it_was() -> None:
    layer = Layer()
    data, grad = layer.weight.data, np.full((3, 2), 7.0)
    layer.weight.grad = grad
    table = check_layer(layer, X, np.random.default_rng(5))
    assert [row.name for row in table] == ["input", "parameter 0"]
    assert layer.weight.data is data
    assert layer.weight.grad is grad


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ("scale", r"parameter 0 .* NOT OK"),
        ("sign", r"input .* NOT OK"),
        ("shape", r"input .* NOT OK"),
        ("no input gradient", r"no gradient for input\."),
        ("no parameter gradient", r"no gradient for parameter 0\."),
    ],
)
def test_a_broken_layer_is_found_and_still_restored(mistake: str, message: str) -> None:
    layer = Layer(mistake)
    data = layer.weight.data
    with pytest.raises(GradientError, match=message):
        check_layer(layer, X, np.random.default_rng(5))
    assert layer.weight.data is data
    assert layer.weight.grad is None
