"""The toy sets: shapes, types, geometry, and the same points from the same generator."""

from collections.abc import Callable

import numpy as np
import pytest

from mininet.data import blobs, circles, logic_gate, moons, noisy_sinc, spirals

TWO_CLASSES = [blobs, moons, circles]
ALL = [*TWO_CLASSES, spirals, noisy_sinc]


def test_the_gates_are_their_truth_tables() -> None:
    x, y = logic_gate("xor")
    assert (x.dtype, y.dtype, x.shape, y.shape) == (np.float32, np.float32, (4, 2), (4,))
    a, b = x.astype(bool).T
    assert len({(p, q) for p, q in x.tolist()}) == 4
    for name, expected in {"and": a & b, "or": a | b, "nand": ~(a & b), "xor": a ^ b}.items():
        np.testing.assert_array_equal(logic_gate(name)[1], expected)


def test_an_unknown_gate_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'nand', 'xor', got 'nor'"):
        logic_gate("nor")


@pytest.mark.parametrize("make", TWO_CLASSES)
def test_two_classes_are_balanced_float32_targets_in_random_order(make: Callable) -> None:
    x, y = make(101, np.random.default_rng(0))
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, (101, 2), np.float32, (101,))
    assert sorted(np.unique(y)) == [0, 1]
    assert abs(2 * y.sum() - 101) == 1
    assert 20 < np.count_nonzero(np.diff(y)) < 80


@pytest.mark.parametrize("make", ALL)
def test_the_same_generator_gives_the_same_points(make: Callable) -> None:
    first, again, other = (make(50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("make", ALL)
def test_bad_sizes_and_noises_are_errors(make: Callable) -> None:
    rng = np.random.default_rng(0)
    for n in (0, -3):
        with pytest.raises(
            ValueError, match=rf"{make.__name__}: expected n, .* to be a whole number of at least 1, got {n}"
        ):
            make(n, rng)
    option = "spread" if make is blobs else "noise"
    for noise in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"{make.__name__}: expected the noise, .* of at least 0, got"):
            make(5, rng, **{option: noise})


def test_a_straight_line_separates_the_blobs() -> None:
    x, y = blobs(500, np.random.default_rng(0))
    np.testing.assert_array_equal(x.sum(axis=1) > 0, y == 1)


def test_without_noise_the_points_lie_on_their_curves() -> None:
    rng = np.random.default_rng(0)
    x, y = circles(200, rng, noise=0)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y == 0, 1, 0.5), rtol=1e-6)
    x, y = moons(200, rng, noise=0)
    centres = np.where(y[:, None] == 0, (0, 0), (1, 0.5))
    np.testing.assert_allclose(np.linalg.norm(x - centres, axis=1), 1, rtol=1e-6)
    assert (x[y == 0, 1] >= 0).all()
    assert (x[y == 1, 1] <= 0.5).all()
    x, y = noisy_sinc(200, rng, noise=0)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((200, 1), np.float32, (200, 1), np.float32)
    np.testing.assert_allclose(y, np.sinc(x), atol=1e-6)


def test_noise_has_the_standard_deviation_it_says() -> None:
    x, y = noisy_sinc(5000, np.random.default_rng(0), noise=0.3)
    assert np.std(y - np.sinc(x)) == pytest.approx(0.3, rel=0.05)


def test_spirals_have_int64_labels_and_arms_that_do_not_touch() -> None:
    x, labels = spirals(300, np.random.default_rng(0), n_classes=3, noise=0)
    assert (x.dtype, labels.dtype, np.bincount(labels).tolist()) == (np.float32, np.int64, [100] * 3)
    for arm in range(3):
        others = x[labels != arm]
        distances = np.linalg.norm(x[labels == arm][:, None] - others, axis=2)
        assert distances.min() > 0.1
    with pytest.raises(ValueError, match="n_classes to be a whole number of at least 2, got 1"):
        spirals(10, np.random.default_rng(0), n_classes=1)
