"""Extreme numbers, kinks and ties: finite where they should be, and the rules that the modules state."""

import numpy as np
import pytest

from mininet import functional as F
from mininet.tensor import Tensor, where


def row(*values: float) -> Tensor:
    return Tensor(np.array(values, dtype=np.float32), requires_grad=True)


def gradient(out: Tensor, x: Tensor) -> list[float]:
    out.sum().backward()
    assert x.grad is not None
    return x.grad.tolist()


@pytest.mark.parametrize(
    ("name", "use", "values", "expected"),
    [
        ("abs has slope 0 at 0", abs, [-2, 0, 2], [-1, 0, 1]),
        ("relu has slope 0 at 0", F.relu, [-1, 0, 1], [0, 0, 1]),
        ("leaky relu has the lower slope at 0", lambda x: F.leaky_relu(x, 0.25), [-1, 0, 1], [0.25, 0.25, 1]),
        ("clip has slope 1 at its limits", lambda x: x.clip(-1, 1), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]),
        ("ties share a maximum", lambda x: x.max(), [3, 1, 3], [0.5, 0, 0.5]),
        ("x ** 0 has slope 0 at 0", lambda x: x**0, [0, 1], [0, 0]),
        ("x ** 1 has slope 1 at 0", lambda x: x**1, [0, 1], [1, 1]),
        ("x ** 2 has slope 0 at 0", lambda x: x**2, [0, 1], [0, 2]),
        ("a variance of equal entries has slope 0", lambda x: x.var(), [5, 5, 5], [0, 0, 0]),
        ("tanh is flat far out", lambda x: x.tanh(), [-1000, 0, 1000], [0, 1, 0]),
        ("sigmoid is flat far out", F.sigmoid, [-1000, 0, 1000], [0, 0.25, 0]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rules_at_kinks_and_ties(name: str, use: object, values: list[float], expected: list[float]) -> None:
    x = row(*values)
    assert gradient(use(x), x) == expected  # type: ignore[operator]


def test_ties_share_a_maximum_along_an_axis() -> None:
    x = Tensor(np.array([[1.0, 4, 4, 4], [2, 2, 1, 0]]), requires_grad=True)
    np.testing.assert_allclose(gradient(x.max(axis=1), x), [[0, 1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0, 0]])


def test_the_slope_of_a_square_root_at_0_is_infinite_and_numpy_warns() -> None:
    x = row(0, 4)
    with np.errstate(divide="ignore"):
        assert gradient(x.sqrt(), x) == [np.inf, 0.25]
    x = row(0, 4)
    y = x.sqrt().sum()
    with np.errstate(divide="warn"), pytest.raises(RuntimeError, match=r"backward of sqrt: .*divide by zero"):
        y.backward()  # the warning is an error in tests
    assert x.grad is None


@pytest.mark.parametrize("scale", [1000, 1e30])
def test_softmax_of_huge_scores(scale: float) -> None:
    x = row(-scale, 0, scale)
    p = F.softmax(x)
    assert p.data.tolist() == [0, 0, 1]
    assert gradient(p * Tensor([1.0, 2, 3]), x) == [0, 0, 0]


def test_log_softmax_of_huge_scores_is_finite() -> None:
    x = row(-1000, 0, 1000)
    out = F.log_softmax(x)
    assert out.data.tolist() == [-2000, -1000, 0]
    np.testing.assert_array_equal(gradient(out, x), [1, 1, -2])


def test_softmax_of_equal_scores() -> None:
    x = row(7, 7, 7, 7)
    assert F.softmax(x).data.tolist() == [0.25] * 4
    assert gradient(F.log_softmax(x)[0], x) == [0.75, -0.25, -0.25, -0.25]


def test_cross_entropy_of_certain_right_and_wrong_answers() -> None:
    x = Tensor(
        np.array([[1000, -1000, 0], [1000, -1000, 0], [5, 5, 5]], dtype=np.float32), requires_grad=True
    )
    loss = F.cross_entropy(x, np.array([0, 1, 2]))
    np.testing.assert_allclose(loss.item(), (0 + 2000 + np.log(3)) / 3, rtol=1e-6)
    loss.backward()
    expected = np.array([[0, 0, 0], [1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]) / 3
    np.testing.assert_allclose(x.grad, expected, rtol=1e-6)


def test_binary_cross_entropy_of_probabilities_0_and_1() -> None:
    x = row(1000, 1000, -1000, -1000, 0)
    loss = F.binary_cross_entropy_with_logits(x, np.array([1, 0, 0, 1, 0.5], dtype=np.float32))
    np.testing.assert_allclose(loss.item(), (0 + 1000 + 0 + 1000 + np.log(2)) / 5, rtol=1e-6)
    loss.backward()
    np.testing.assert_allclose(x.grad, [0, 0.2, 0, -0.2, 0], atol=1e-8)


def test_the_same_loss_from_probabilities_is_infinite_which_is_why_it_takes_logits() -> None:
    x = row(1000)
    with np.errstate(divide="ignore"):
        assert (-(1 - F.sigmoid(x)).log()).item() == np.inf


def test_batch_norm_of_a_constant_column_is_0_and_finite() -> None:
    x = Tensor(np.array([[5.0, 1], [5, 2], [5, 3]], dtype=np.float32), requires_grad=True)
    one, zero = Tensor(np.ones(2, dtype=np.float32)), Tensor(np.zeros(2, dtype=np.float32))
    out, _, _ = F.batch_norm(x, one, zero)
    assert out.data[:, 0].tolist() == [0, 0, 0]
    assert np.isfinite(gradient(out * Tensor([[1.0], [2.0], [4.0]]), x)).all()


def test_a_nan_in_the_branch_not_taken_is_in_neither_value_nor_gradient() -> None:
    x, other = row(1, 2, 3), row(np.nan, np.inf, 5)
    out = where(np.array([True, True, False]), x, other)
    assert out.data.tolist() == [1, 2, 5]
    assert gradient(out * 2, x) == [2, 2, 0]
    assert other.grad is not None and other.grad.tolist() == [0, 0, 2]


def test_a_nan_made_by_a_function_of_the_branch_not_taken_comes_back_unless_its_input_is_safe() -> None:
    # where() hands 0 back, and 0 times the infinite slope of the root is NaN: as in PyTorch
    x = row(0, 4)
    with np.errstate(all="ignore"):
        got = gradient(where(x > 0, x.sqrt(), 0.0), x)
    assert np.isnan(got[0]) and got[1] == 0.25
    x = row(0, 4)
    safe = where(x > 0, x, 1.0)
    assert gradient(where(x > 0, safe.sqrt(), 0.0), x) == [0, 0.25]


def test_nan_and_infinity_are_not_hidden() -> None:
    for use in (
        F.relu,
        F.sigmoid,
        lambda x: x.tanh(),
        lambda x: x.max(),
        F.leaky_relu,
        lambda x: x.clip(0, 1),
    ):
        assert np.isnan(use(row(np.nan, 1)).data.flat[0])
