"""Batches: every example exactly once an epoch, float32 in [0, 1], and clear errors."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mininet.data import DataLoader, blobs, circles, moons, noisy_sinc, one_hot, spirals, split, to_unit


def pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Examples that can be recognised: x[i] is (i, i) and y[i] is i."""
    return np.repeat(np.arange(n, dtype=np.float32)[:, None], 2, axis=1), np.arange(n)


@given(n=st.integers(1, 60), batch_size=st.integers(1, 70), shuffle=st.booleans(), seed=st.integers(0, 5))
def test_every_example_comes_exactly_once_with_its_target(
    n: int, batch_size: int, shuffle: bool, seed: int
) -> None:
    x, y = pairs(n)
    loader = DataLoader(x, y, batch_size, np.random.default_rng(seed), shuffle)
    batches = list(loader)
    assert len(batches) == len(loader)
    assert [len(xb) for xb, _ in batches[:-1]] == [batch_size] * (len(batches) - 1)
    seen = np.concatenate([yb for _, yb in batches])
    np.testing.assert_array_equal(np.concatenate([xb for xb, _ in batches])[:, 0], seen)
    np.testing.assert_array_equal(np.sort(seen), y)


def test_examples_are_shuffled_and_not_whole_batches() -> None:
    x, y = pairs(100)
    epoch = [set(yb.tolist()) for _, yb in DataLoader(x, y, 10, np.random.default_rng(0))]
    blocks = [set(range(start, start + 10)) for start in range(0, 100, 10)]
    assert not any(batch == block for batch in epoch for block in blocks)


def test_two_epochs_differ_and_a_seed_repeats_both() -> None:
    x, y = pairs(50)

    def two_epochs(seed: int) -> list[list[int]]:
        loader = DataLoader(x, y, 8, np.random.default_rng(seed))
        return [[label for _, yb in loader for label in yb.tolist()] for _ in range(2)]

    first, second = two_epochs(0)
    assert first != second
    assert two_epochs(0) == [first, second]
    assert two_epochs(1)[0] != first


def test_without_shuffling_the_order_stays_and_nothing_is_copied() -> None:
    x, y = pairs(10)
    batches = list(DataLoader(x, y, 4, shuffle=False))
    np.testing.assert_array_equal(np.concatenate([yb for _, yb in batches]), y)
    assert all(np.shares_memory(xb, x) for xb, _ in batches)


@pytest.mark.parametrize("shuffle", [True, False])
def test_images_stay_uint8_in_memory_and_leave_as_float32_in_unit_range(shuffle: bool) -> None:
    images = np.arange(256, dtype=np.uint8).repeat(4).reshape(256, 2, 2)
    loader = DataLoader(images, np.arange(256), 256, np.random.default_rng(0), shuffle)
    ((xb, yb),) = loader
    assert loader.x is images
    assert xb.dtype == np.float32
    assert (xb.min(), xb.max()) == (0, 1)
    np.testing.assert_array_equal(xb[:, 0, 0], yb.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_pass_unchanged(dtype: type) -> None:
    x = np.random.default_rng(0).normal(0, 100, (6, 3)).astype(dtype)
    ((xb, _),) = DataLoader(x, np.arange(6), 6, shuffle=False)
    assert xb.dtype == dtype
    np.testing.assert_array_equal(xb, x)
    assert to_unit(x) is x


def test_bad_loaders_are_errors_that_say_why() -> None:
    x, y = pairs(4)
    rng = np.random.default_rng(0)
    for arguments, message in (
        ((x[:0], y[:0], 2, rng), r"no examples, x is \(0, 2\)"),
        ((x, y[:3], 2, rng), r"x \(4, 2\) and y \(3,\)"),
        ((x, np.array(1), 2, rng), r"x \(4, 2\) and y \(\)"),
        ((x, y, 0, rng), "batch_size to be a whole number of at least 1, got 0"),
        ((x, y, 2.0, rng), r"batch_size to be a whole number of at least 1, got 2\.0"),
        ((x, y, 2), "expected a generator, got None"),
        ((x, y, 2, 0), "expected a generator, got 0"),
        ((x, np.array(list("abcd")), 2, rng), "expected numbers as y, got <U1"),
        ((x, np.array([0, 1, None, 3]), 2, rng), "expected numbers as y, got object"),
        ((x.astype(np.int64), y, 2, rng), "expected uint8 pixels, float32 or float64, got int64"),
        ((x * np.float32("nan"), y, 2, rng), "x holds NaN or infinity"),
        ((x, np.array([0, 1, np.inf, 0]), 2, rng), "y holds NaN or infinity"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            DataLoader(*arguments)


@given(n=st.integers(2, 50), data=st.data())
def test_a_split_is_disjoint_and_complete(n: int, data: st.DataObject) -> None:
    n_validation = data.draw(st.integers(1, n - 1))
    x, y = pairs(n)
    (x_train, y_train), (x_val, y_val) = split(x, y, n_validation, np.random.default_rng(0))
    assert len(x_val) == n_validation
    np.testing.assert_array_equal(x_train[:, 0], y_train)
    np.testing.assert_array_equal(x_val[:, 0], y_val)
    np.testing.assert_array_equal(np.sort(np.concatenate([y_train, y_val])), y)


def test_a_split_is_random_and_both_parts_are_needed() -> None:
    x, y = pairs(30)
    assert split(x, y, 10, np.random.default_rng(0))[1][1].tolist() != list(range(10))
    for n_validation in (0, 30, -1, 0.2, 6.0):
        message = f"n_validation, a count of examples, to be a whole number from 1 to 29, got {n_validation}"
        with pytest.raises((TypeError, ValueError), match=message):
            split(x, y, n_validation, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least two examples"):
        split(x[:1], y[:1], 1, np.random.default_rng(0))
    with pytest.raises(TypeError, match="split: expected a generator, got 7"):
        split(x, y, 10, 7)


@pytest.mark.parametrize("part", [lambda x: x[::2], lambda x: x[::-1], lambda x: np.asfortranarray(x)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_arrays_may_lie_in_memory_as_they_like(part: Callable, dtype: type) -> None:
    x = part(np.arange(24, dtype=dtype).reshape(8, 3))
    y = np.arange(len(x))
    for xb, yb in DataLoader(x, y, 3, np.random.default_rng(0)):
        np.testing.assert_array_equal(xb, to_unit(x)[yb])


def test_lists_are_errors_that_say_what_to_do() -> None:
    x, y = pairs(4)
    rng = np.random.default_rng(0)
    for call in (
        lambda: DataLoader(x.tolist(), y, 2, rng),
        lambda: DataLoader(x, y.tolist(), 2, rng),
        lambda: split(x, y.tolist(), 2, rng),
        lambda: one_hot([0, 1], 2),
        lambda: to_unit([0, 255]),
    ):
        with pytest.raises(TypeError, match=r"expected an array as .*, got list\. Make it one: np\.array"):
            call()


@given(st.lists(st.integers(0, 6), max_size=20))
def test_one_hot_has_a_single_one_where_the_label_says(labels: list[int]) -> None:
    encoded = one_hot(np.array(labels, dtype=np.int64), 7)
    assert (encoded.shape, encoded.dtype) == ((len(labels), 7), np.float32)
    assert encoded.sum() == len(labels)
    assert encoded.argmax(axis=1).tolist() == labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 10], "expected labels from 0 to 9, got 0 to 10"),
        ([-1, 3], "got -1 to 3"),
        ([[1], [2]], r"expected integer labels \(N,\), got int64 \(2, 1\)"),
        ([0.0, 1.0], "got float64"),
        ([True], "got bool"),
    ],
)
def test_one_hot_refuses_labels_that_are_none(labels: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        one_hot(np.array(labels), 10)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
def test_numpys_whole_numbers_are_sizes_and_seeds(kind: type) -> None:
    x, y = np.zeros((1000, 2), np.float32), np.arange(1000)
    loader = DataLoader(x, y, kind(100), np.random.default_rng(kind(0)))
    assert [len(xb) for xb, _ in loader] == [100] * len(loader) == [100] * 10
    assert len(split(x, y, kind(100), np.random.default_rng(0))[1][1]) == 100
    assert one_hot(np.array([1], dtype=np.uint8), kind(2)).tolist() == [[0, 1]]
    for make in (blobs, moons, circles, spirals, noisy_sinc):
        assert len(make(kind(30), np.random.default_rng(0))[0]) == 30
    assert set(spirals(kind(30), np.random.default_rng(0), kind(3), np.float32(0.1))[1]) == {0, 1, 2}


@pytest.mark.parametrize("n", [10.5, 10.0, True, "10", None])
def test_what_is_no_whole_number_is_no_size(n: object) -> None:
    rng, x = np.random.default_rng(0), np.zeros((20, 2), np.float32)
    for use in (
        lambda: blobs(n, rng),
        lambda: spirals(20, rng, n_classes=n),
        lambda: noisy_sinc(n, rng),
        lambda: DataLoader(x, np.zeros(20), n, rng),
        lambda: split(x, np.zeros(20), n, rng),
        lambda: one_hot(np.zeros(3, dtype=int), n),
    ):
        with pytest.raises(TypeError, match=r"expected .* to be a whole number .*, got"):
            use()
