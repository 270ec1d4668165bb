"""Batch norm as arrays: by hand, against nudging, and safe where a column does not vary."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet import layers, nn
from mininet.arrays import Floats, column_sums
from mininet.gradcheck import Comparison, GradientError, check_gradients
from mininet.kernels import BatchNormSaved, batch_norm_backward, batch_norm_forward


def check(backward, n: int = 5, features: int = 3, seed: int = 0) -> Comparison:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((n, features))

    def function(p: dict[str, Floats]) -> tuple[float, dict[str, Floats]]:
        out, _, _, kept = batch_norm_forward(p["x"], p["weight"], p["bias"], eps=1e-3)
        gradients = backward(weights, kept)
        return float((weights * out).sum()), dict(zip(("x", "weight", "bias"), gradients, strict=True))

    return check_gradients(
        function,
        {
            "x": rng.standard_normal((n, features)),
            "weight": rng.standard_normal(features),
            "bias": rng.standard_normal(features),
        },
    )


def test_batch_norm_by_hand() -> None:
    x = np.array([[1.0, 10], [3, 10], [5, 40], [7, 0]])
    out, mean, var, kept = batch_norm_forward(x, np.array([1.0, 2]), np.array([0.0, 100]), eps=1e-12)
    assert mean.tolist() == [4, 15] and var.tolist() == [5, 225]
    np.testing.assert_allclose(out[:, 0], np.array([-3, -1, 1, 3]) / np.sqrt(5))
    np.testing.assert_allclose(out[:, 1], 100 + 2 * np.array([-5, -5, 25, -15]) / 15)
    np.testing.assert_allclose(kept.normalized.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(kept.normalized.var(axis=0), 1)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(2, 6), features=st.integers(1, 4), seed=st.integers(0, 2**16))
def test_batch_norm_agrees_with_nudging(n: int, features: int, seed: int) -> None:
    assert check(batch_norm_backward, n, features, seed).ok


def mean_forgotten(grad: Floats, kept: BatchNormSaved) -> tuple[Floats, Floats, Floats]:
    x, w, b = batch_norm_backward(grad, kept)
    return x + b / len(grad) * kept.weight * kept.inverse_std, w, b


def variance_forgotten(grad: Floats, kept: BatchNormSaved) -> tuple[Floats, Floats, Floats]:
    _, w, b = batch_norm_backward(grad, kept)
    return (grad - b / len(grad)) * kept.weight * kept.inverse_std, w, b


def statistics_taken_as_fixed(grad: Floats, kept: BatchNormSaved) -> tuple[Floats, Floats, Floats]:
    _, w, b = batch_norm_backward(grad, kept)
    return grad * kept.weight * kept.inverse_std, w, b


def weight_forgotten(grad: Floats, kept: BatchNormSaved) -> tuple[Floats, Floats, Floats]:
    x, w, b = batch_norm_backward(grad, kept)
    return x / kept.weight, w, b


def means_for_sums(grad: Floats, kept: BatchNormSaved) -> tuple[Floats, Floats, Floats]:
    x, w, b = batch_norm_backward(grad, kept)
    return x, w / len(grad), b / len(grad)


@pytest.mark.parametrize(
    "faulty",
    [mean_forgotten, variance_forgotten, statistics_taken_as_fixed, weight_forgotten, means_for_sums],
)
def test_planted_faults_are_caught(faulty) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GradientError, match="NOT OK"):
        check(faulty)


def test_a_column_that_does_not_vary_is_safe() -> None:
    x = np.full((4, 2), 7.0, dtype=np.float32)
    out, _, var, kept = batch_norm_forward(x, np.ones(2, np.float32), np.zeros(2, np.float32))
    assert not out.any() and not var.any()
    assert all(np.isfinite(g).all() for g in batch_norm_backward(np.ones_like(x), kept))


def test_a_large_offset_does_not_drown_the_variance() -> None:
    # the mean of the squares minus the square of the mean would be off by all its digits here
    x = np.array([[10_000.0], [10_001.0], [10_002.0]], dtype=np.float32)
    _, _, var, _ = batch_norm_forward(x, np.ones(1, np.float32), np.zeros(1, np.float32))
    assert var[0] == pytest.approx(2 / 3, rel=1e-4)


def test_the_dtype_stays() -> None:
    for dtype in (np.float32, np.float64):
        x = np.arange(6, dtype=dtype).reshape(3, 2)
        out, mean, var, kept = batch_norm_forward(x, np.ones(2, dtype), np.zeros(2, dtype))
        arrays = [out, mean, var, *kept, *batch_norm_backward(out, kept)]
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}


# -- sums of columns


@pytest.mark.parametrize("rows", [1, 2, 511, 512, 513, 1024, 1025, 60_000, 300_001])
@pytest.mark.parametrize("columns", [1, 3])
def test_sums_of_many_rows_keep_their_digits(rows: int, columns: int) -> None:
    a = np.random.default_rng(0).random((rows, columns), dtype=np.float32)
    sums = column_sums(a)
    assert sums.dtype == np.float32 and sums.shape == (columns,)
    np.testing.assert_allclose(sums, a.sum(axis=0, dtype=np.float64), rtol=6e-7)


def test_sums_of_no_rows_and_of_other_layouts() -> None:
    assert column_sums(np.zeros((0, 2))).tolist() == [0, 0]
    a = np.random.default_rng(0).random((3, 5000))
    for turned in (a.T, np.asfortranarray(a.T), a.T[::-1]):
        np.testing.assert_allclose(column_sums(turned), a.sum(axis=1), rtol=1e-13)


def test_gradients_of_large_batches_keep_their_digits_in_both_halves() -> None:
    rng = np.random.default_rng(0)
    x, grad = (rng.random((60_000, 3), dtype=np.float32) for _ in range(2))
    exact = grad.sum(axis=0, dtype=np.float64)
    for make in (layers.Linear(3, 3, rng), layers.BatchNorm1d(3)):
        make.forward(x)
        make.backward(grad)
        np.testing.assert_allclose(make.bias.grad, exact, rtol=6e-7)
    for module in (nn.Linear(3, 3, rng), nn.BatchNorm1d(3)):
        module(x).backward(grad)
        np.testing.assert_allclose(module.bias.grad, exact, rtol=6e-7)
    _, mean, var, _ = batch_norm_forward(x + 100, np.ones(3, np.float32), np.zeros(3, np.float32))
    wide = (x + np.float32(100)).astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(axis=0), rtol=6e-7)
    np.testing.assert_allclose(var, wide.var(axis=0), rtol=1e-4)
