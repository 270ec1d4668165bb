"""The functions: the first half's numbers to the last bit, and clear refusals of what does not fit."""

import numpy as np
import pytest

from mininet import activations, losses
from mininet import functional as F
from mininet.tensor import Tensor, no_grad


def floats(*shape: int, seed: int = 0, dtype: type = np.float32) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape).astype(dtype), requires_grad=True)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softmax", "log_softmax"])
def test_activations_are_the_first_halfs_to_the_last_bit(name: str) -> None:
    x = floats(5, 4)
    np.testing.assert_array_equal(getattr(F, name)(x).data, getattr(activations, name)(x.data))


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("mse", losses.mse),
        ("binary_cross_entropy_with_logits", losses.binary_cross_entropy_with_logits),
        ("cross_entropy", losses.cross_entropy),
    ],
)
def test_losses_are_the_first_halfs_to_the_last_bit(name: str, by_hand: object) -> None:
    x = floats(5, 4)
    target = np.array([0, 3, 1, 1, 2]) if name == "cross_entropy" else np.full((5, 4), 0.3, dtype=np.float32)
    value, gradient = by_hand(x.data, target)  # type: ignore[operator]
    for given in (target, Tensor(target)):
        x.grad = None
        loss = getattr(F, name)(x, given)
        assert loss.shape == () and loss.dtype == np.float32
        assert loss.item() == np.float32(value)
        loss.backward()
        np.testing.assert_array_equal(x.grad, gradient)


def test_the_gradient_of_a_loss_takes_part_in_the_chain() -> None:
    x = floats(5, 4)
    (3 * F.mse(x, np.zeros((5, 4), dtype=np.float32))).backward()
    np.testing.assert_allclose(x.grad, 3 * x.data * 2 / 20, rtol=1e-6)


# linear


def test_linear_is_the_product_and_the_sum() -> None:
    x, w, b = floats(5, 3), floats(3, 2, seed=1), floats(2, seed=2)
    F.linear(x, w, b).tanh().sum().backward()
    fused = [t.grad for t in (x, w, b)]
    for t in (x, w, b):
        t.grad = None
    (x @ w + b).tanh().sum().backward()
    for t, gradient in zip((x, w, b), fused, strict=True):
        np.testing.assert_allclose(t.grad, gradient, rtol=1e-5)


def test_linear_computes_no_gradient_that_nobody_wants() -> None:
    w = floats(3, 2)
    out = F.linear(Tensor(np.ones((5, 3), dtype=np.float32)), w)
    assert out.node is not None and out.node.vjp is not None
    by_x, by_weight = out.node.vjp(np.ones((5, 2), dtype=np.float32))
    assert by_x is None and by_weight is not None


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((64, 28, 28), (784, 10)), r"shape \(N, 784\), got \(64, 28, 28\)\. Flatten the images first\."),
        (((5, 4), (3, 2)), r"shape \(N, 3\), got \(5, 4\)\."),
        (((3,), (3, 2)), r"shape \(N, 3\), got \(3,\)\."),
        (((5, 3), (3, 2), (1,)), r"bias float32 of shape \(2,\), got float32 \(1,\)"),
        (((5, 3), (3, 2), (5, 2)), r"got float32 \(5, 2\)"),
        (((5, 3), (3, 2), ()), r"got float32 \(\)"),
    ],
)
def test_linear_refuses_what_does_not_fit(shapes: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        F.linear(*(floats(*shape) for shape in shapes))


def test_linear_refuses_unequal_dtypes() -> None:
    with pytest.raises(TypeError, match="the weights are float32, the input is float64"):
        F.linear(floats(5, 3, dtype=np.float64), floats(3, 2))
    with pytest.raises(ValueError, match=r"bias float32 .*, got float64"):
        F.linear(floats(5, 3), floats(3, 2), floats(2, dtype=np.float64))


# dropout


def test_dropout_keeps_the_mean_and_uses_one_mask_for_both_ways(rng: np.random.Generator) -> None:
    x = Tensor(np.ones((200, 500), dtype=np.float32), requires_grad=True)
    out = F.dropout(x, 0.3, rng)
    assert abs((out.data == 0).mean() - 0.3) < 0.01
    assert abs(out.data.mean() - 1) < 0.01
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, out.data)


def test_dropout_does_nothing_in_use_and_draws_nothing(rng: np.random.Generator) -> None:
    x = floats(3)
    before = rng.bit_generator.state
    assert F.dropout(x, 0.5, rng, training=False) is x
    assert F.dropout(x, 0.0, rng) is x
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, np.nan])
def test_dropout_refuses_what_is_no_share(rng: np.random.Generator, p: float) -> None:
    with pytest.raises(
        ValueError, match="dropout: expected p to be a finite number of at least 0 and below 1, got"
    ):
        F.dropout(floats(3), p, rng)


# batch norm


def test_batch_norm_returns_the_statistics_of_the_batch() -> None:
    x = floats(50, 3)
    out, mean, var = F.batch_norm(x, Tensor(np.full(3, 2.0, np.float32)), Tensor(np.full(3, 7.0, np.float32)))
    np.testing.assert_allclose(mean, x.data.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(var, x.data.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(out.data.mean(axis=0), 7, rtol=1e-5)
    np.testing.assert_allclose(out.data.std(axis=0), 2, rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 3), (5, 2), (3,), (5, 3, 1)])
def test_batch_norm_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(N, 3\), got|at least two samples, got 1"):
        F.batch_norm(floats(*shape), floats(3), floats(3))


def test_batch_norm_refuses_unequal_dtypes() -> None:
    for use in (
        lambda: F.batch_norm(floats(5, 3, dtype=np.float64), floats(3), floats(3)),
        lambda: F.batch_norm(floats(5, 3), floats(3), floats(3, dtype=np.float64)),
    ):
        with no_grad(), pytest.raises(TypeError, match="batch_norm: the weights are float32"):
            use()


# pad


@pytest.mark.parametrize("widths", [[(1, 1)], [(1, 1), (0, -1)], [(0, 0)] * 3, []])
def test_pad_refuses_other_widths(widths: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="two widths of at least 0, whole numbers, for each of 2 axes"):
        F.pad(floats(2, 3), widths)


# losses


@pytest.mark.parametrize("name", ["mse", "binary_cross_entropy_with_logits"])
def test_targets_that_do_not_fit_are_refused(name: str) -> None:
    loss, x = getattr(F, name), floats(4, 1)
    with pytest.raises(ValueError, match=r"\(4, 1\) and target \(4,\) differ"):
        loss(x, np.zeros(4, dtype=np.float32))
    with pytest.raises(TypeError, match=f"{name}: the prediction is float32, the target float64"):
        loss(x, np.zeros((4, 1)))
    with pytest.raises(TypeError, match="as the target, got int64"):
        loss(x, np.zeros((4, 1), dtype=int))
    with pytest.raises(TypeError, match="expected an array as the target, got list"):
        loss(x, [[0.0]] * 4)
    with pytest.raises(ValueError, match="the target requires a gradient"):
        loss(x, floats(4, 1))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.array([0, 3]), ValueError, "labels from 0 to 2, got 0 to 3"),
        (np.array([-1, 0]), ValueError, "got -1 to 0"),
        (np.array([0.0, 1.0]), TypeError, "whole numbers"),
        (np.array([[1, 0, 0], [0, 1, 0]]), ValueError, "not one-hot rows"),
        (np.array([0, 1, 2]), ValueError, r"\(2, 3\) and \(3,\)"),
        ([0, 1], TypeError, "got list"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        F.cross_entropy(floats(2, 3), labels)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mse", "binary_cross_entropy_with_logits", "cross_entropy"])
def test_an_empty_batch_is_refused(name: str) -> None:
    target = np.zeros(0, dtype=int) if name == "cross_entropy" else np.zeros((0, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="the batch is empty"):
        getattr(F, name)(floats(0, 3), target)
