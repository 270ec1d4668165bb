"""Operations that are wrong in each way there is: every one is caught, and the message names the operation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mininet.gradcheck import GradientError
from mininet.tensor import Tensor, record
from tests.support.tensors import check_by_nudging

Vjp = Callable[[np.ndarray], Any]


def product(a: Tensor, b: Tensor, vjp: Vjp, value: np.ndarray | None = None) -> Tensor:
    """Return a * b with another rule for the way back."""
    return record("product", a.data * b.data if value is None else value, (a, b), vjp)


def inputs(dtype: type = np.float64, shape: tuple[int, ...] = (2, 3)) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    a = Tensor(rng.standard_normal((2, 3)).astype(dtype), requires_grad=True)
    return a, Tensor(rng.standard_normal(shape).astype(dtype), requires_grad=True)


WRONG_NUMBERS: dict[str, Callable[[Tensor, Tensor, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "wrong scale": lambda a, b, g: (2 * g * b.data, g * a.data),
    "scale off by a millionth": lambda a, b, g: (g * b.data * 1.00001, g * a.data),
    "wrong sign": lambda a, b, g: (g * b.data, -g * a.data),
    "the gradient not used": lambda a, b, g: (b.data, a.data),
    "swapped": lambda a, b, g: (g * a.data, g * b.data),
    "zero": lambda a, b, g: (g * b.data, np.zeros_like(g)),
    "one entry": lambda a, b, g: (g * b.data, np.where(np.arange(3) == 1, 0, g * a.data)),
    "NaN": lambda a, b, g: (g * b.data * np.nan, g * a.data),
    "rows mixed": lambda a, b, g: ((g * b.data)[::-1].copy(), g * a.data),
}


@pytest.mark.parametrize("mistake", WRONG_NUMBERS)
def test_wrong_numbers_are_found_by_nudging(mistake: str) -> None:
    def run(a: Tensor, b: Tensor) -> Tensor:
        return product(a, b, lambda g: WRONG_NUMBERS[mistake](a, b, g))

    with pytest.raises(GradientError, match=r"^product: the slope by input [01] is .*, by nudging"):
        check_by_nudging(run, [x.data for x in inputs()], np.random.default_rng(1))


def test_the_right_rule_passes() -> None:
    def run(a: Tensor, b: Tensor) -> Tensor:
        return product(a, b, lambda g: (g * b.data, g * a.data))

    check_by_nudging(run, [x.data for x in inputs()], np.random.default_rng(1))


def test_a_wrong_rule_in_the_middle_of_others_is_among_the_names() -> None:
    def run(a: Tensor, b: Tensor) -> Tensor:
        return product(a.tanh(), b, lambda g: (g, g)).exp()

    with pytest.raises(GradientError, match=r"^exp < product < tanh: "):
        check_by_nudging(run, [x.data for x in inputs()], np.random.default_rng(1))


REFUSED: dict[str, tuple[Callable[[Tensor, Tensor, np.ndarray], Any], type[Exception], str]] = {
    "missing unbroadcast": (
        lambda a, b, g: (g * b.data, g * a.data),
        ValueError,
        r"shape \(3,\), got \(2, 3\)\. Is an unbroadcast missing\?",
    ),
    "summed too far": (lambda a, b, g: (g, g.sum()), ValueError, r"shape \(3,\), got \(\)"),
    "an axis kept": (lambda a, b, g: (g, g.sum(axis=0, keepdims=True)), ValueError, r"got \(1, 3\)"),
    "transposed": (lambda a, b, g: (g.T, g[0]), ValueError, r"shape \(2, 3\), got \(3, 2\)"),
    "a float64 leak": (
        lambda a, b, g: (g * np.float64(2), g[0]),
        TypeError,
        r"the parent is float32, its gradient float64\. Did a NumPy float64 get in\?",
    ),
    "booleans": (lambda a, b, g: (g > 0, g[0]), TypeError, "its gradient bool"),
    "None": (lambda a, b, g: (g, None), RuntimeError, "returned None for a parent that needs a gradient"),
    "no return": (lambda a, b, g: None, RuntimeError, "expected its vjp to return a tuple of 2.*got None"),
    "too few": (lambda a, b, g: (g,), RuntimeError, "expected its vjp to return a tuple of 2"),
    "too many": (lambda a, b, g: (g, g[0], g), RuntimeError, "expected its vjp to return a tuple of 2"),
    "an array for a tuple": (lambda a, b, g: g, RuntimeError, "expected its vjp to return a tuple of 2"),
    "a list for a tuple": (lambda a, b, g: [g, g[0]], RuntimeError, "expected its vjp to return a tuple"),
    "text": (lambda a, b, g: ("g", g[0]), TypeError, "expected its vjp to return arrays, got str"),
    "writes into its gradient": (
        lambda a, b, g: (np.multiply(g, b.data, out=g), g[0]),
        RuntimeError,
        "its vjp raised ValueError: .*read-only",
    ),
    "adds to its gradient": (lambda a, b, g: (g.__iadd__(1), g[0]), RuntimeError, "read-only"),
    "an error": (lambda a, b, g: (g / None, g[0]), RuntimeError, "its vjp raised TypeError"),
    "a tensor": (lambda a, b, g: (Tensor(g), g[0]), TypeError, "to return arrays, got Tensor"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_wrong_forms_are_refused_by_the_engine_under_the_operations_name(mistake: str) -> None:
    rule, error, message = REFUSED[mistake]
    a, b = inputs(np.float32, (3,))
    out = product(a, b, lambda g: rule(a, b, g))
    with pytest.raises(error, match=f"backward of product: .*{message}"):
        (out * 2).sum().backward()
    assert a.grad is None and b.grad is None


def test_a_float64_leak_on_the_way_forward_is_caught_by_name_on_the_way_back() -> None:
    a, b = inputs(np.float32)
    leaking = product(a, b, lambda g: (g * b.data, g * a.data), a.data * b.data * np.float64(1))
    with pytest.raises(TypeError, match="backward of product: the parent is float32, its gradient float64"):
        leaking.sum().backward()
    with pytest.raises(TypeError, match=r"\*: one side is float64, the other float32"):
        leaking * a


def test_a_constant_needs_no_gradient_and_may_get_none() -> None:
    a, _ = inputs()
    constant = Tensor(np.ones((2, 3)))
    product(a, constant, lambda g: (g * constant.data, None)).sum().backward()
    np.testing.assert_array_equal(a.grad, constant.data)


def test_a_wrong_rule_that_is_not_asked_for_does_no_harm() -> None:
    a, _ = inputs()
    constant = Tensor(np.ones((2, 3)))
    product(a, constant, lambda g: (g * constant.data, np.ones(7))).sum().backward()
    np.testing.assert_array_equal(a.grad, constant.data)


def test_a_vjp_cannot_change_what_a_neighbour_got() -> None:
    # both inputs of "+" get one and the same array
    a, b = inputs()

    def greedy(grad: np.ndarray) -> tuple[np.ndarray]:
        grad *= 100
        return (grad,)

    with pytest.raises(RuntimeError, match="backward of greedy"):
        (record("greedy", a.data.copy(), (a,), greedy) + b).sum().backward()
    assert b.grad is None
