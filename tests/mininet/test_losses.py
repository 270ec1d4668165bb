"""The losses: values by hand, gradients against nudging, no infinities, clear errors."""

from typing import Any

import numpy as np
import pytest

from mininet.activations import log_softmax
from mininet.gradcheck import numerical_gradient
from mininet.losses import binary_cross_entropy_with_logits, cross_entropy, mse

LABELS = np.array([2, 0, 1, 2])


def scores(seed: int = 0, shape: tuple[int, ...] = (4, 3)) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape) * 3


def targets(shape: tuple[int, ...] = (4, 3)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2, shape).astype(float)


def test_mse_by_hand() -> None:
    loss, gradient = mse(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 4.0]]))
    assert loss == (0 + 4 + 9 + 0) / 4
    np.testing.assert_array_equal(gradient, [[0, 1], [1.5, 0]])


def test_binary_cross_entropy_by_hand() -> None:
    # probabilities 1/2 and 3/4: logits log(p / (1 - p)) = 0 and log 3
    loss, gradient = binary_cross_entropy_with_logits(np.array([0.0, np.log(3)]), np.array([1.0, 0.0]))
    assert loss == pytest.approx((np.log(2) + np.log(4)) / 2)
    np.testing.assert_allclose(gradient, [-0.25, 0.375])


def test_binary_cross_entropy_takes_targets_between_0_and_1() -> None:
    loss, gradient = binary_cross_entropy_with_logits(np.array([np.log(3)]), np.array([0.75]))
    assert loss == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    np.testing.assert_allclose(gradient, [0], atol=1e-15)


def test_cross_entropy_by_hand() -> None:
    # exp gives 1 : 1 : 2, so the probabilities are 1/4, 1/4, 1/2
    loss, gradient = cross_entropy(np.log([[1.0, 1.0, 2.0], [1.0, 1.0, 2.0]]), np.array([0, 2]))
    assert loss == pytest.approx((np.log(4) + np.log(2)) / 2)
    np.testing.assert_allclose(gradient, [[-0.375, 0.125, 0.25], [0.125, 0.125, -0.25]])


def test_cross_entropy_of_two_classes_is_the_binary_one() -> None:
    z = scores(shape=(5, 1))
    y = np.array([0, 1, 1, 0, 1])
    both, _ = cross_entropy(np.hstack([np.zeros_like(z), z]), y)
    assert both == pytest.approx(binary_cross_entropy_with_logits(z, y[:, np.newaxis].astype(float))[0])


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("mse", lambda z: mse(z, targets())),
        ("binary", lambda z: binary_cross_entropy_with_logits(z, targets())),
        ("cross entropy", lambda z: cross_entropy(z, LABELS)),
    ],
)
def test_gradients_agree_with_nudging(name: str, function) -> None:
    z = scores()
    gradient = function(z)[1]
    assert gradient.shape == z.shape
    np.testing.assert_allclose(gradient, numerical_gradient(lambda z: function(z)[0], z), atol=1e-6, rtol=0)


def test_losses_are_means_so_a_doubled_batch_changes_nothing_but_the_share_of_each_row() -> None:
    z, y = scores(), targets()
    twice, labels_twice = np.vstack([z, z]), np.concatenate([LABELS, LABELS])
    for once, doubled in [
        (mse(z, y), mse(twice, np.vstack([y, y]))),
        (binary_cross_entropy_with_logits(z, y), binary_cross_entropy_with_logits(twice, np.vstack([y, y]))),
        (cross_entropy(z, LABELS), cross_entropy(twice, labels_twice)),
    ]:
        assert doubled[0] == pytest.approx(once[0])
        np.testing.assert_allclose(doubled[1][: len(z)], once[1] / 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_a_thousand_give_finite_losses_and_gradients(dtype: type) -> None:
    z = np.array([[1000.0], [-1000.0], [1000.0], [-1000.0]], dtype=dtype)
    loss, gradient = binary_cross_entropy_with_logits(z, np.array([[1.0], [0.0], [0.0], [1.0]], dtype=dtype))
    assert loss == 500  # two rows right at no cost, two wrong at 1000 each
    np.testing.assert_array_equal(gradient, [[0], [0], [0.25], [-0.25]])

    loss, gradient = cross_entropy(np.array([[1000.0, -1000.0]] * 2, dtype=dtype), np.array([0, 1]))
    assert loss == 1000
    np.testing.assert_array_equal(gradient, [[0, 0], [0.5, -0.5]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64])
def test_labels_may_be_whole_numbers_of_any_kind(dtype: type) -> None:
    z = scores()
    loss, gradient = cross_entropy(z, LABELS.astype(dtype))
    assert loss == cross_entropy(z, LABELS)[0]
    np.testing.assert_array_equal(gradient, cross_entropy(z, LABELS)[1])


def test_float32_stays_float32() -> None:
    z, y = scores().astype(np.float32), targets().astype(np.float32)
    for loss, gradient in (mse(z, y), binary_cross_entropy_with_logits(z, y), cross_entropy(z, LABELS)):
        assert type(loss) is float
        assert gradient.dtype == np.float32


def test_inputs_are_not_changed() -> None:
    z, y, labels = scores(), targets(), LABELS.copy()
    before = z.copy(), y.copy()
    mse(z, y), binary_cross_entropy_with_logits(z, y), cross_entropy(z, labels)
    np.testing.assert_array_equal(z, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_array_equal(labels, LABELS)


def test_cross_entropy_gradient_rows_sum_to_zero() -> None:
    gradient = cross_entropy(scores(), LABELS)[1]
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-16)


def test_cross_entropy_is_minus_the_log_softmax_at_the_label() -> None:
    z = scores()
    assert cross_entropy(z, LABELS)[0] == pytest.approx(-log_softmax(z)[np.arange(4), LABELS].mean())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: mse(np.zeros((3, 1)), np.zeros(3)),
            ValueError,
            r"prediction \(3, 1\) and target \(3,\) differ",
        ),
        (lambda: mse(np.zeros((0, 1)), np.zeros((0, 1))), ValueError, r"mse: the batch is empty"),
        (
            lambda: binary_cross_entropy_with_logits(np.zeros((3, 1)), np.zeros(3)),
            ValueError,
            r"prediction \(3, 1\) and target \(3,\) differ",
        ),
        (
            lambda: binary_cross_entropy_with_logits(np.zeros(0), np.zeros(0)),
            ValueError,
            r"binary_cross_entropy_with_logits: the batch is empty",
        ),
        (
            lambda: binary_cross_entropy_with_logits(np.zeros(2), np.array([-1.0, 1.0])),
            ValueError,
            r"expected targets from 0 to 1, got -1.0 to 1.0",
        ),
        (
            lambda: binary_cross_entropy_with_logits(np.zeros(2), np.array([np.nan, 1.0])),
            ValueError,
            r"expected targets from 0 to 1, got nan",
        ),
        (
            lambda: cross_entropy(np.zeros(3), np.array([0])),
            ValueError,
            r"expected logits \(N, C\) and labels \(N,\), got \(3,\)",
        ),
        (lambda: cross_entropy(np.zeros((2, 3)), np.eye(3)[:2]), ValueError, r"not one-hot rows"),
        (
            lambda: cross_entropy(np.zeros((2, 3)), np.array([0.0, 1.0])),
            TypeError,
            r"expected whole numbers as labels, got float64",
        ),
        (
            lambda: cross_entropy(np.zeros((0, 3)), np.zeros(0, dtype=int)),
            ValueError,
            r"cross_entropy: the batch is empty",
        ),
        (
            lambda: cross_entropy(np.zeros((2, 3)), np.array([0, 3])),
            ValueError,
            r"expected labels from 0 to 2, got 0 to 3",
        ),
        (
            lambda: cross_entropy(np.zeros((2, 3)), np.array([-1, 2])),
            ValueError,
            r"expected labels from 0 to 2, got -1 to 2",
        ),
    ],
)
def test_errors_say_what_was_expected_and_what_came(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# -- whole numbers, which would wrap round or hide another scale

WHOLE = [np.uint8, np.int8, np.int16, np.int64, bool]


@pytest.mark.parametrize("dtype", WHOLE)
@pytest.mark.parametrize("loss", [mse, binary_cross_entropy_with_logits])
def test_whole_numbers_are_refused_as_predictions_and_as_targets(loss: Any, dtype: type) -> None:
    """The mean square of the uint8 numbers 0 and 16 would be 0."""
    floats, whole = np.zeros((2, 1)), np.array([[0], [1]], dtype=dtype)
    with pytest.raises(TypeError, match=f"{loss.__name__}: expected float32 or float64 as the prediction"):
        loss(whole, floats)
    with pytest.raises(TypeError, match=r"as the target, got .*\. Convert with \.astype.*to_unit"):
        loss(floats, whole)


@pytest.mark.parametrize("dtype", WHOLE)
def test_whole_numbers_are_no_logits(dtype: type) -> None:
    with pytest.raises(TypeError, match="cross_entropy: expected float32 or float64 as the logits"):
        cross_entropy(np.zeros((4, 3), dtype=dtype), LABELS)


@pytest.mark.parametrize("loss", [mse, binary_cross_entropy_with_logits])
def test_unequal_floats_are_refused_since_the_gradient_would_widen(loss: Any) -> None:
    with pytest.raises(TypeError, match="the prediction is float32, the target float64; convert one"):
        loss(np.zeros(2, dtype=np.float32), np.zeros(2))
