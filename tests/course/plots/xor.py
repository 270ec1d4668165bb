"""Curves, hidden spaces and the atlas: what is drawn is where it should be."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mininet.activations import relu, sigmoid
from mininet_course.plots.curves import curves
from mininet_course.plots.palette import CLASS_COLOURS, VERMILLION
from mininet_course.plots.xor import atlas, bending, hidden_space, separating_line, two_spaces

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([0, 1, 1, 0])
BY_HAND = {
    "W1": np.array([[20.0, -20.0], [20.0, -20.0]]),
    "b1": np.array([-10.0, 30.0]),
    "W2": np.array([[20.0], [20.0]]),
    "b2": np.array([-30.0]),
}


@pytest.fixture
def ax():
    return plt.subplots()[1]


@pytest.fixture
def figure():
    return plt.figure()


def test_curves_draws_the_given_numbers_over_their_positions(ax) -> None:
    curves({"training": [3.0, 2.0, 1.0], "validation": [3.0, 2.5]}, ax=ax, title="a title")
    first, second = ax.get_lines()
    np.testing.assert_array_equal(first.get_xydata(), [[0, 3], [1, 2], [2, 1]])
    np.testing.assert_array_equal(second.get_xydata(), [[0, 3], [1, 2.5]])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("epoch", "loss", "a title")


def test_curves_are_told_apart_by_more_than_colour(ax) -> None:
    curves({str(i): [1.0, 2.0] for i in range(12)}, ax=ax)
    looks = [(line.get_color(), str(line._unscaled_dash_pattern)) for line in ax.get_lines()]
    assert len(set(looks)) == 12
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(looks))


def test_two_curves_are_named_where_they_end_and_more_in_a_legend(ax) -> None:
    curves({"a": [1.0, 2.0], "b": [1.0, 5.0]}, ax=ax)
    assert [(text.get_text(), text.xy) for text in ax.texts] == [("a", (1, 2.0)), ("b", (1, 5.0))]
    assert ax.get_legend() is None
    ax.clear()
    curves({"a": [1.0], "b": [1.0], "c": [1.0]}, ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]


def test_names_of_curves_that_end_together_do_not_overlap(ax) -> None:
    curves({"a": [0.0, 1.0], "b": [1.0, 1.0]}, ax=ax)
    ax.figure.canvas.draw()
    low, high = sorted(text.get_window_extent().y0 for text in ax.texts)
    assert high - low >= 10


def test_curves_on_a_logarithmic_axis(ax) -> None:
    curves({"loss": [1.0, 0.1]}, ax=ax, log=True)
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize("series", [{}, {"a": []}])
def test_curves_without_numbers_are_an_error(series, ax) -> None:
    with pytest.raises(ValueError, match="at least one number"):
        curves(series, ax=ax)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_curves_with_a_nan_say_where_it_is(bad: float, ax) -> None:
    with pytest.raises(ValueError, match="at position 1 of 'loss'; the training diverged"):
        curves({"loss": [1.0, bad]}, ax=ax)


def test_separating_line_separates_with_the_widest_gap() -> None:
    A = np.array([[0.0, 0.0], [0.0, 1.0], [2.0, 0.0], [2.0, 1.0]])
    weights, bias = separating_line(A, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(weights, [1, 0], atol=1e-12)
    assert bias == pytest.approx(-1)


def test_no_line_separates_xor_and_one_does_in_the_space_made_by_hand() -> None:
    assert separating_line(X, y) is None
    weights, bias = separating_line(sigmoid(X @ BY_HAND["W1"] + BY_HAND["b1"]), y)
    score = sigmoid(X @ BY_HAND["W1"] + BY_HAND["b1"]) @ weights + bias
    np.testing.assert_array_equal(score > 0, y == 1)


def test_a_gap_in_a_narrow_direction_is_found() -> None:
    A = X * [1000, 1]
    A[:, 1] += A[:, 0] + np.array([0, 1, -1, 0])  # along a long, narrow, slanting strip
    weights, bias = separating_line(A, np.array([0, 1, 0, 1]))
    np.testing.assert_array_equal(A @ weights + bias > 0, [False, True, False, True])


def test_no_rotation_or_scale_lets_a_line_separate_xor() -> None:
    rng = np.random.default_rng(0)
    for scale in (1e-6, 1, 1e6):
        assert all(
            separating_line(scale * (X @ rng.standard_normal((2, 2)) + rng.standard_normal(2)), y) is None
            for _ in range(20)
        )


def test_points_that_lie_on_one_another_are_not_separated() -> None:
    assert separating_line(np.zeros((2, 2)), np.array([0, 1])) is None


def test_one_class_alone_has_no_separating_line() -> None:
    with pytest.raises(ValueError, match="only one class"):
        separating_line(X, np.zeros(4))


def test_hidden_space_draws_the_points_where_the_function_puts_them(ax) -> None:
    hidden_space(lambda X: 2 * X + 1, X, y, ax=ax)
    squares = next(line for line in ax.get_lines() if line.get_color() == CLASS_COLOURS[1])
    np.testing.assert_array_equal(squares.get_xydata(), [[1, 3], [3, 1]])


def test_points_at_one_place_share_one_name(ax) -> None:
    hidden_space(lambda X: np.stack([X[:, 0] * X[:, 1], X.sum(axis=1)], axis=1), X, y, ax=ax)
    assert sorted(text.get_text() for text in ax.texts) == ["00", "01, 10", "11"]


def test_names_of_near_points_do_not_overlap(ax) -> None:
    huddle = np.array([[0.5, 0.5], [0.39, 0.08], [0.54, 0.37], [0.44, 0.04]])  # an untrained network's
    hidden_space(lambda points: huddle if len(points) == 4 else points, X, y, ax=ax, limits=(-0.15, 1.15))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_function_that_works_in_place_leaves_the_points_alone(ax) -> None:
    def double(points):
        points *= 2
        return points

    before = X.copy()
    hidden_space(double, X, y, ax=ax)
    np.testing.assert_array_equal(X, before)


def test_a_circle_under_a_square_stays_visible(ax) -> None:
    hidden_space(np.zeros_like, X, y, ax=ax)
    last = ax.get_lines()[-1]
    assert last.get_color() == CLASS_COLOURS[0]
    assert [text.get_text() for text in ax.texts] == ["00, 01, 10, 11"]


def test_hidden_space_draws_the_line_where_the_score_is_zero_and_tints_its_yes_side(ax) -> None:
    hidden_space(lambda X: X, X, y, ax=ax, line=(np.array([1.0, 1.0]), -1.5))
    line = ax.get_lines()[-1]
    (a, b), slope = line.get_xy1(), (line.get_xy2()[1] - line.get_xy1()[1])
    assert a + b == pytest.approx(1.5)
    assert slope / (line.get_xy2()[0] - a) == pytest.approx(-1)
    assert len(ax.collections) >= 1


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (lambda X: X[:, 0], r"to return \(4, 2\) for an input of \(4, 2\), got \(4,\)"),
        (lambda X: X @ np.ones((2, 3)), r"Two numbers a row are needed"),
        (lambda X: X + np.nan, "finite numbers"),
        (lambda X: None, "got None. Is its `return` missing"),
    ],
)
def test_hidden_space_says_what_does_not_fit(hidden, message: str, ax) -> None:
    with pytest.raises(ValueError, match=message):
        hidden_space(hidden, X, y, ax=ax)


def test_two_spaces_shows_the_corridor_of_the_network_made_by_hand(figure) -> None:
    two_spaces(BY_HAND, X, y, figure=figure)
    left, right = figure.axes
    dashed = [line for line in left.get_lines() if hasattr(line, "get_xy1")]
    sums = sorted(sum(line.get_xy1()) for line in dashed)
    assert sums == pytest.approx([0.5, 1.5])  # x1 + x2 = 1/2 (OR) and 3/2 (NAND)
    assert right.get_xlim() == (-0.15, 1.15)
    assert sorted(text.get_text() for text in right.texts) == ["00", "01, 10", "11"]


def test_two_spaces_survives_a_network_of_zeros(figure) -> None:
    two_spaces({name: np.zeros_like(value) for name, value in BY_HAND.items()}, X, y, figure=figure)
    assert [text.get_text() for text in figure.axes[1].texts] == ["00, 01, 10, 11"]


def test_two_spaces_names_the_parameter_that_does_not_fit(figure) -> None:
    with pytest.raises(ValueError, match=r"W2 of shape \(2, 1\), for a 2-2-1 network, got \(2,\)"):
        two_spaces({**BY_HAND, "W2": np.zeros(2)}, X, y, figure=figure)
    with pytest.raises(ValueError, match=r"b2 of shape .* got nothing"):
        two_spaces({name: BY_HAND[name] for name in ("W1", "b1", "W2")}, X, y, figure=figure)


def test_bending_has_two_rows_and_a_column_a_network(figure) -> None:
    bending({"one": BY_HAND, "two": BY_HAND, "three": BY_HAND}, X, y, relu, figure=figure)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:3]] == ["one", "two", "three"]


def test_bending_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one network"):
        bending({}, X, y)


def test_atlas_marks_failures_by_frame_and_by_sign(figure) -> None:
    atlas(
        np.random.default_rng(0).random((3, 5, 5)), [True, False, True], list("abc"), columns=2, figure=figure
    )
    good, bad, _, empty = figure.axes
    assert (good.get_title(), bad.get_title(), empty.get_title()) == ("✓", "✗", "")
    assert bad.spines["top"].get_linewidth() > 2 * good.spines["top"].get_linewidth()
    assert bad.spines["top"].get_edgecolor() == pytest.approx(plt.matplotlib.colors.to_rgba(VERMILLION))
    assert [ax.get_xlabel() for ax in figure.axes] == ["a", "b", "c", ""]
    assert not empty.axison


def test_atlas_needs_a_mark_for_each_picture() -> None:
    with pytest.raises(ValueError, match=r"got \(3, 5, 5\) and 2"):
        atlas(np.zeros((3, 5, 5)), [True, False])
