"""Starting weights: range, variance, and that they keep a signal's size, measured over many draws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mininet.init import kaiming, xavier

SHAPES = [(784, 30), (30, 784), (100, 100)]


@pytest.mark.parametrize("shape", SHAPES)
def test_xavier_is_even_within_its_limit(shape: tuple[int, int]) -> None:
    limit = math.sqrt(6 / sum(shape))
    w = np.stack([xavier(*shape, np.random.default_rng(seed)) for seed in range(20)])
    assert np.abs(w).max() <= limit * (1 + 1e-6)
    # over 200,000 draws, some come within a thousandth of each end
    assert w.max() > 0.999 * limit and w.min() < -0.999 * limit
    tenths = np.histogram(w, bins=10, range=(-limit, limit))[0]
    np.testing.assert_allclose(tenths / w.size, 0.1, atol=0.005)


@pytest.mark.parametrize("shape", SHAPES)
def test_xavier_has_variance_two_by_fan_in_plus_fan_out(shape: tuple[int, int]) -> None:
    w = np.stack([xavier(*shape, np.random.default_rng(seed)) for seed in range(20)])
    assert w.var() == pytest.approx(2 / sum(shape), rel=0.02)
    assert abs(w.mean()) < 5 * w.std() / math.sqrt(w.size)


@pytest.mark.parametrize("shape", SHAPES)
def test_kaiming_is_normal_with_variance_two_by_fan_in(shape: tuple[int, int]) -> None:
    w = np.stack([kaiming(*shape, np.random.default_rng(seed)) for seed in range(20)])
    assert w.var() == pytest.approx(2 / shape[0], rel=0.02)
    assert abs(w.mean()) < 5 * w.std() / math.sqrt(w.size)
    # the share of a normal distribution beyond one and beyond two standard deviations
    assert np.mean(np.abs(w) > w.std()) == pytest.approx(0.3173, abs=0.005)
    assert np.mean(np.abs(w) > 2 * w.std()) == pytest.approx(0.0455, abs=0.003)


def test_kaiming_keeps_the_spread_through_ten_layers_of_relu() -> None:
    ends = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((100, 200), dtype=np.float32)
        for _ in range(10):
            a = np.maximum(a @ kaiming(200, 200, rng), 0)
        ends.append(np.mean(a * a))
    assert 0.7 < np.mean(ends) < 1.4


@pytest.mark.parametrize("transposed", [False, True])
def test_xavier_keeps_the_spread_of_a_square_layer_both_ways(transposed: bool) -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((100, 400), dtype=np.float32)
    for _ in range(10):
        w = xavier(400, 400, rng)
        a = a @ (w.T if transposed else w)
    assert 0.7 < np.mean(a * a) < 1.4


@pytest.mark.parametrize("init", [xavier, kaiming])
@given(fan_in=st.integers(1, 50), fan_out=st.integers(1, 50), seed=st.integers(0, 2**32))
def test_shape_dtype_and_reproducibility(init, fan_in: int, fan_out: int, seed: int) -> None:  # type: ignore[no-untyped-def]
    w = init(fan_in, fan_out, np.random.default_rng(seed))
    assert w.shape == (fan_in, fan_out) and w.dtype == np.float32 and np.isfinite(w).all()
    np.testing.assert_array_equal(w, init(fan_in, fan_out, np.random.default_rng(seed)))


def test_two_draws_from_one_generator_differ() -> None:
    rng = np.random.default_rng(0)
    assert not np.array_equal(xavier(3, 3, rng), xavier(3, 3, rng))


@pytest.mark.parametrize("init", [xavier, kaiming])
@pytest.mark.parametrize("fans", [(0, 3), (3, 0), (-1, 2)])
def test_a_layer_of_nothing_is_refused(init, fans: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    message = f"{init.__name__}: expected the number of (in|out)puts to be a whole number of at least 1, got"
    with pytest.raises(ValueError, match=message):
        init(*fans, np.random.default_rng(0))
