"""The explorers of the chapter on defences do what their controls say, and tell the reader what does not fit."""

from collections.abc import Callable

import numpy as np
import pytest

from mininet.arrays import Array, Floats
from mininet.attacks import classify, gradient_by_input
from mininet.layers import Linear, Sequential
from mininet.losses import cross_entropy
from mininet_course.explorers.robust import box_explorer, defence_bench, loss_explorer, siege


def linear(w: Floats) -> Sequential:
    """Return a network that says 1 where x @ w > 0.5 · sum(w), nothing to train."""
    layer = Linear(len(w), 2, np.random.default_rng(0))
    layer.weight.data = np.stack([-w, w], axis=1).astype(np.float32)
    layer.bias.data = np.array([0.5, -0.5], dtype=np.float32) * w.sum()
    return Sequential(layer).eval()


NET, OTHER = linear(np.array([4.0, 4, 0, 0])), linear(np.array([4.0, 0, 4, 0]))
X = np.array([[0.7, 0.7, 0.5, 0.5], [0.3, 0.3, 0.5, 0.5], [0.9, 0.9, 0.5, 0.5]], dtype=np.float32)
Y = np.array([1, 0, 1])


def pair(net: Sequential) -> tuple[Callable[[Floats, Array], Floats], Callable[[Floats], Array]]:
    return gradient_by_input(net), classify(net)


def naive(logits: Floats, labels: Array) -> float:
    p = np.exp(logits) / np.exp(logits).sum()
    return float(-np.log(p[0, labels[0]]))


def fused(logits: Floats, labels: Array) -> float:
    return cross_entropy(logits, labels)[0]


def test_a_naive_loss_ends_and_the_fused_one_does_not() -> None:
    explorer = loss_explorer(naive, fused)
    assert 85 < explorer.ends_at["yours"] < 95  # exp(88.7) is the largest float32
    assert explorer.ends_at["the package's"] == np.inf


def test_moving_both_scores_up_ends_the_naive_loss_at_once() -> None:
    explorer = loss_explorer(naive, fused)
    still = explorer.still
    explorer.controls["shift"].value = 100
    assert explorer.ends_at["yours"] == 0
    assert explorer.still != still


def test_a_mended_loss_goes_on_as_far_as_one_looks() -> None:
    explorer = loss_explorer(fused, fused)
    explorer.controls["largest"].value = 1000
    assert explorer.ends_at["yours"] == np.inf


def test_a_loss_that_is_no_single_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"one number from the loss, got shape \(1, 2\)"):
        loss_explorer(lambda z, y: z, fused)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("answer", "message"),
    [(None, "got None. Is a `return` missing"), ((1.0, np.zeros(2)), r"got a tuple of 2\. .* take \[0\]")],
)
def test_a_loss_that_returns_something_else_is_told_what_to_return(answer, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match=message):
        loss_explorer(lambda z, y: answer, fused)


def test_a_loss_that_is_never_a_number_is_drawn_all_the_same() -> None:
    assert loss_explorer(lambda z, y: np.nan, fused).ends_at["yours"] == 0


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda points: None, "got None. Is its `return` missing"),
        (lambda points: np.zeros(1), r"one probability a row, .* got \(1,\)"),
        (lambda points: points[:, 0] * np.nan, "got NaN"),
        (lambda points: 10 * points[:, 0] - 4, "return the score instead"),
    ],
)
def test_a_predict_that_is_wrong_is_told_what_to_return(predict, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        box_explorer(lambda epsilon: predict, X[:, :2], Y)


def test_what_a_reader_s_train_raises_later_is_shown_in_the_picture_s_place() -> None:
    def train(epsilon: float) -> Callable[[Array], Array]:
        if epsilon > 0.1:
            raise RuntimeError("too large for me")
        return lambda points: points[:, 0]

    explorer = box_explorer(train, X[:, :2], Y)
    explorer.controls["epsilon"].value = 0.12
    assert "too large for me" in explorer.picture.value


def test_boxes_break_as_they_grow_and_train_is_called_with_the_epsilon() -> None:
    asked = []

    def train(epsilon: float) -> Callable[[Array], Array]:
        asked.append(epsilon)
        return lambda points: points[:, 0]

    points = np.array([[0.42, 0.5], [0.8, 0.5]], dtype=np.float32)
    explorer = box_explorer(train, points, np.array([0, 1]), start=0.05)
    assert explorer.held == [2, 2]
    explorer.controls["epsilon"].value = 0.1
    assert explorer.held == [1, 1]
    assert asked == [0.0, 0.05, 0.1]


def test_a_train_that_returns_an_answer_is_told_to_return_a_function() -> None:
    with pytest.raises(TypeError, match="return a function, got ndarray"):
        box_explorer(lambda epsilon: np.zeros(2), X[:2, :2], np.array([0, 1]))  # type: ignore[arg-type, return-value]


def test_more_epsilon_leaves_fewer_right_and_another_network_another_count() -> None:
    explorer = siege({"plain": pair(NET), "blind": pair(OTHER)}, X, Y, (2, 2))
    assert explorer.right == [3]
    explorer.controls["epsilon"].value = 0.25
    assert explorer.right == [1]
    explorer.controls["epsilon"].value = 0.38
    assert explorer.right == [1]  # 0.9 - 0.38 is still above 0.5
    explorer.controls["epsilon"].value = 0.0
    explorer.controls["net"].value = "blind"
    assert explorer.right == [3]


def test_the_bench_finds_that_no_defence_is_none() -> None:
    bench = defence_bench(lambda x: x, pair(NET), gradient_by_input(OTHER), X, Y, start=0.25)
    assert bench.shares["no attack"] == 1
    assert bench.shares["knows the net only"] == bench.shares["knows both"] == pytest.approx(1 / 3)
    assert bench.shares["transfer"] > bench.shares["knows both"]


def test_the_bench_sees_through_a_staircase_whose_own_slope_is_zero() -> None:
    def staircase(x: Floats) -> Floats:
        return np.round(x * 5) / 5

    bench = defence_bench(staircase, pair(NET), gradient_by_input(OTHER), X, Y, start=0.25)
    assert bench.shares["no attack"] == 1
    assert bench.shares["knows both"] == pytest.approx(1 / 3)


def test_a_defence_that_erases_everything_is_seen_to_cost_everything() -> None:
    bench = defence_bench(lambda x: 0 * x, pair(NET), gradient_by_input(OTHER), X, Y)
    assert bench.shares["no attack"] == pytest.approx(1 / 3)


def test_a_defence_may_answer_in_yes_and_no_or_in_whole_numbers() -> None:
    for kind in (bool, int):
        bench = defence_bench(
            lambda x, kind=kind: (x > 0.6).astype(kind), pair(NET), gradient_by_input(OTHER), X, Y
        )  # type: ignore[misc]
        assert bench.shares["no attack"] == 1


@pytest.mark.parametrize(
    ("defend", "error", "message"),
    [
        (lambda x: None, TypeError, "got None. Is a `return` missing"),
        (lambda x: x[0], ValueError, r"shape \(3, 4\) from defend, got \(4,\)"),
        (lambda x: x * 255, ValueError, "pixels from 0 to 1 from defend"),
        (lambda x: x * np.nan, ValueError, "got NaN"),
        (lambda x: [None] * 3, ValueError, r"got \(3,\) object"),
    ],
)
def test_a_defence_that_returns_something_else_is_told_what_to_return(defend, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        defence_bench(defend, pair(NET), gradient_by_input(OTHER), X, Y)


def test_a_defence_cannot_change_the_images_it_is_given() -> None:
    def spoil(x: Floats) -> Floats:
        x[:] = 0
        return x

    before = X.copy()
    defence_bench(spoil, pair(NET), gradient_by_input(OTHER), X, Y)
    np.testing.assert_array_equal(X, before)


def test_an_error_after_the_first_picture_is_shown_in_its_place() -> None:
    def moody(x: Floats) -> Floats:
        if moods:
            raise RuntimeError("not today")
        return x

    moods: list[int] = []
    bench = defence_bench(moody, pair(NET), gradient_by_input(OTHER), X, Y)
    moods.append(1)
    bench.controls["epsilon"].value = 0.2
    assert "not today" in bench.picture.value
