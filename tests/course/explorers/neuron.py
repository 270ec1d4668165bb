"""The explorers of the first chapter: what is dragged or pressed changes what is shown."""

import re

import numpy as np
import pytest

from mininet.data import logic_gate
from mininet_course.explorers import neuron as module
from mininet_course.explorers.neuron import (
    boundary_explorer,
    descent_explorer,
    perceptron_explorer,
    vote_explorer,
)
from tests.support.drawing import told

X, AND = logic_gate("and")
XOR = logic_gate("xor")[1]


def drag(view, w1: float, w2: float, bias: float) -> None:  # type: ignore[no-untyped-def]
    for name, value in (("w1", w1), ("w2", w2), ("bias", bias)):
        view.controls[name].value = value


def predict(rows: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(rows @ weights + bias)))


def test_dragging_the_vote_to_and_makes_all_four_right(drawn: list[list[str]]) -> None:
    view = vote_explorer(X, AND)
    before = view.still
    drag(view, 2.0, 2.0, -3.0)
    assert view.still != before
    assert told(drawn[-1], "right: 4 of 4")


def test_no_place_of_the_sliders_gets_xor_right(drawn: list[list[str]]) -> None:
    view = vote_explorer(X, XOR)
    for w1, w2, bias in [(2, 2, -1), (-1, 1, 0)]:
        drag(view, w1, w2, bias)
        assert "right: 4" not in told(drawn[-1], "right: ")
    assert max(int(re.findall(r"right: (\d)", told(words, "right: "))[0]) for words in drawn) == 3


def test_weights_of_zero_draw_no_arrow_and_no_error(drawn: list[list[str]]) -> None:
    view = vote_explorer(X, AND)
    drag(view, 0, 0, 1)
    assert told(drawn[-1], "right: 1 of 4")


def test_the_readers_own_predict_is_what_is_drawn(drawn: list[list[str]]) -> None:
    calls = []

    def mine(rows: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
        calls.append((weights.tolist(), bias))
        return predict(rows, weights, bias)

    view = boundary_explorer(mine, X, AND)
    drag(view, 5.0, 5.0, -7.5)
    assert calls[-1] == ([5.0, 5.0], -7.5)
    expected = -np.log(np.where(AND == 1, p := predict(X, np.array([5, 5]), -7.5), 1 - p)).mean()
    assert told(drawn[-1], f"right: 4 of 4     loss: {expected:.3f}")


def test_a_predict_with_a_product_of_inputs_solves_xor_as_the_exercise_says(drawn: list[list[str]]) -> None:
    def mine(rows: np.ndarray, w: np.ndarray, bias: float) -> np.ndarray:
        z = w[0] * (rows[:, 0] + rows[:, 1]) + w[1] * rows[:, 0] * rows[:, 1] + bias
        return 1 / (1 + np.exp(-z))

    drag(boundary_explorer(mine, X, XOR), 2, -4, -1)
    assert told(drawn[-1], "right: 4 of 4")


def test_a_predict_that_is_sure_and_wrong_shows_an_infinite_loss(drawn: list[list[str]]) -> None:
    boundary_explorer(lambda rows, weights, bias: np.zeros(len(rows)), X, AND)
    assert told(drawn[-1], "loss: inf")


def test_a_predict_that_returns_scores_gets_the_clear_error() -> None:
    with pytest.raises(ValueError, match="Did you return the score"):
        boundary_explorer(lambda rows, weights, bias: rows @ weights + bias - 5, X, AND)


def test_a_predict_that_fails_only_after_a_drag_says_so_in_the_pictures_place() -> None:
    def mine(rows: np.ndarray, w: np.ndarray, bias: float) -> np.ndarray:
        if bias > 1:
            raise ZeroDivisionError("my own mistake")
        return predict(rows, w, bias)

    view = boundary_explorer(mine, X, AND)
    good = view.picture.value
    drag(view, 1.0, -1.0, 2.0)
    assert "ZeroDivisionError: my own mistake" in view.picture.value
    drag(view, 1.0, -1.0, 0.0)
    assert view.picture.value == good


def test_a_predict_that_fails_at_once_raises_where_the_reader_sees_it() -> None:
    with pytest.raises(ValueError, match=r"got None\. Is its `return` missing"):
        boundary_explorer(lambda rows, weights, bias: None, X, AND)


def test_a_predict_that_works_in_place_leaves_the_points_alone() -> None:
    points = X.copy()

    def mine(rows: np.ndarray, w: np.ndarray, bias: float) -> np.ndarray:
        rows *= 2
        return predict(rows, w, bias)

    drag(boundary_explorer(mine, points, AND), 2, 2, -3)
    np.testing.assert_array_equal(points, X)


def test_the_arrow_is_seen_at_a_right_angle_to_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    arrow = module._weight_arrow
    monkeypatch.setattr(module, "_weight_arrow", lambda ax, neuron: (seen.append(ax), arrow(ax, neuron)))
    view = vote_explorer(X * [3, 1], AND)  # a map that is three times as broad as high
    drag(view, 2.0, 1.0, -3.0)
    to_paper = seen[-1].transData.transform
    along = to_paper((1.0, 1.0)) - to_paper((1.5, 0.0))  # two points where 2 x₁ + x₂ = 3
    (label,) = seen[-1].texts
    across = to_paper(label.xy) - to_paper(label.xyann)
    assert abs(along @ across) < 1e-6 * np.hypot(*along) * np.hypot(*across)


def test_the_perceptron_learns_and_in_six_rounds_and_starts_again(drawn: list[list[str]]) -> None:
    view = perceptron_explorer(X, AND)
    start = view.still
    for _ in range(3):
        view.controls["one step"].click()
    assert told(drawn[-1], "samples seen: 3     changes: 0")
    view.controls["one step"].click()
    assert told(drawn[-1], "samples seen: 4     changes: 1") and told(
        drawn[-1], "weights 1.0, 1.0   bias 1.0"
    )
    for _ in range(5):
        view.controls["one round"].click()
    assert told(drawn[-1], "samples seen: 24     changes: 10     right: 4 of 4")
    view.controls["start again"].click()
    assert view.still == start


def test_every_step_of_descent_lowers_the_loss_and_the_slider_sets_its_length(drawn: list[list[str]]) -> None:
    def loss() -> float:
        return float(re.findall(r"loss ([\d.]+)", told(drawn[-1], "loss "))[0])

    view = descent_explorer(X, AND, lr=1.0)
    start, losses = view.still, [loss()]
    assert losses == [0.6931]
    for name in ("one step", "ten steps", "100 steps"):
        view.controls[name].click()
        losses.append(loss())
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.15
    assert told(drawn[-1], "after 111 steps")
    view.controls["start again"].click()
    assert loss() == 0.6931 and view.still == start
    view.controls["lr"].value = 0.01
    view.controls["one step"].click()
    assert losses[1] < loss() < 0.6931
