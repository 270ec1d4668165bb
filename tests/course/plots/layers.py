"""The pictures of networks, matrix products, histograms, scores and checks show what they claim."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from mininet_course.plots.layers import checked_gradients, contract, histograms, product, scores
from mininet_course.plots.network import RADIUS, network
from mininet_course.plots.palette import BLUE, GREEN, VERMILLION, YELLOW
from tests.support.drawing import new_ax, texts


def units(ax) -> int:  # type: ignore[no-untyped-def]
    return sum(isinstance(p, Circle) and p.radius == RADIUS for p in ax.patches)


def test_small_network_has_a_circle_a_unit_and_a_line_a_weight() -> None:
    ax = new_ax()
    network([2, 3, 1], ax=ax, labels=["in", "hidden", "out"])
    assert units(ax) == 6
    assert len(ax.lines) == 2 * 3 + 3 * 1
    assert texts(ax) == ["in", "hidden", "out"]


def test_large_layers_are_abbreviated_with_their_size_under_them() -> None:
    ax = new_ax()
    network([784, 30, 10], ax=ax)
    assert units(ax) == 12
    assert len(ax.patches) - units(ax) == 9  # three dots each
    assert texts(ax) == ["784", "30", "10"]
    first = [p for p in ax.patches if isinstance(p, Circle) and p.center[0] == 0]
    for a in first:  # the dots of the ellipsis lie between the circles, not in them
        assert all(np.hypot(0, a.center[1] - b.center[1]) > a.radius + b.radius for b in first if b is not a)
    ax = new_ax()
    network([8, 1], ax=ax)
    assert units(ax) == 9 and not texts(ax)


def test_lines_show_sign_by_colour_and_dash_and_size_by_width() -> None:
    ax = new_ax()
    network([2, 2], ax=ax, weights=[[[4.0, -2.0], [1.0, 0.0]]])
    assert len(ax.lines) == 3  # a weight of 0 is no line
    strong, negative, weak = ax.lines
    assert [to_hex(line.get_color()).upper() for line in ax.lines] == [BLUE, VERMILLION, BLUE]
    assert [line.is_dashed() for line in ax.lines] == [False, True, False]
    assert strong.get_linewidth() > negative.get_linewidth() > weak.get_linewidth()


def test_values_stand_in_their_circles_and_unknown_ones_are_left_out() -> None:
    ax = new_ax()
    network([2, 1], ax=ax, values=[[0.25, -1.5], [np.nan]])
    assert texts(ax) == ["0.25", "−1.50"]
    where = {t.get_text(): t.get_position() for t in ax.texts if t.get_text()}
    circles = {tuple(p.center) for p in ax.patches if isinstance(p, Circle)}
    assert set(where.values()) < circles


def test_an_exact_zero_is_told_from_a_rounded_one() -> None:
    ax = new_ax()
    network([2, 1], ax=ax, values=[[-0.0, 0.001], [0.0]])
    assert texts(ax) == ["0", "0.00", "0"]


def test_networks_of_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two or more layers of at least one unit, got \[3\]"):
        network([3], ax=new_ax())
    with pytest.raises(
        ValueError, match=r"weights of shapes \[\(2, 3\)\], got \[\(3, 2\)\]; a weight matrix is"
    ):
        network([2, 3], ax=new_ax(), weights=[np.zeros((3, 2))])
    with pytest.raises(ValueError, match=r"values of shapes \[\(2,\), \(1,\)\], got \[\(2,\)\]"):
        network([2, 1], ax=new_ax(), values=[np.zeros(2)])
    with pytest.raises(ValueError, match="expected 2 labels, one a layer, got 1"):
        network([2, 1], ax=new_ax(), labels=["in"])


def test_product_writes_the_result_and_the_sum_of_one_entry() -> None:
    ax = new_ax()
    product([[1, 2], [3, 4]], [[0, 5], [1, -6]], ("a", "b", "c"), entry=(1, 1), ax=ax)
    words = texts(ax)
    assert "row 1, column 1:  (3)(5) + (4)(−6) = −9" in words
    assert {"a (2, 2)", "b (2, 2)", "c (2, 2)"} <= set(words) and "−7" in words
    yellow = [
        p for p in ax.patches if isinstance(p, Rectangle) and to_hex(p.get_facecolor()).upper() == YELLOW
    ]
    assert len(yellow) == 2 + 2 + 1


def test_product_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"expected \(I, K\) and \(K, J\), got \(1, 2\) and \(1, 2\)"):
        product([[1, 2]], [[3, 4]], ax=new_ax())
    with pytest.raises(ValueError, match=r"entry \(1, 0\) is outside the result of shape \(1, 1\)"):
        product([[1]], [[3]], entry=(1, 0), ax=new_ax())


def test_histograms_count_every_value() -> None:
    figure, rng = Figure(), np.random.default_rng(0)
    histograms({"a": [rng.uniform(-1, 1, (5, 4))] * 3, "b": [np.zeros(7)] * 3}, figure=figure)
    assert len(figure.axes) == 6
    counts = [sum(p.get_height() for p in ax.patches) for ax in figure.axes]
    assert counts == [20, 20, 20, 7, 7, 7]
    assert [ax.get_title() for ax in figure.axes] == ["layer 1", "layer 2", "layer 3", "", "", ""]
    with pytest.raises(ValueError, match=r"equally many layers, got \[1, 2\]"):
        histograms({"a": [np.zeros(1)], "b": [np.zeros(1)] * 2}, figure=Figure())


def test_scores_draw_bars_and_say_when_there_is_no_number() -> None:
    figure = Figure()
    scores([2.0, -1.0], [0.75, np.nan], figure=figure)
    left, right = figure.axes
    assert [p.get_width() for p in left.patches] == [2.0, -1.0]
    assert [p.get_width() for p in right.patches] == [0.75, 0.0]
    assert texts(right) == ["0.750", "not a number"]
    with pytest.raises(ValueError, match=r"one probability a score, got \(1,\) for \(2,\)"):
        scores([1.0, 2.0], [1.0], figure=Figure())


def test_checked_gradients_mark_the_one_wrong_entry() -> None:
    figure, right = Figure(), np.arange(6.0).reshape(2, 3)
    wrong = right.copy()
    wrong[1, 2] += 0.5
    checked_gradients({"W": wrong, "b": np.ones(2)}, {"W": right, "b": np.ones(2)}, figure=figure)
    first, second = figure.axes
    assert "NOT OK" in first.get_title() and "NOT OK" not in second.get_title() and "OK" in second.get_title()
    marks = [t.get_text() for t in first.texts if t.get_text() in "✓✗"]
    assert marks == ["✓"] * 5 + ["✗"]
    assert to_hex(first.patches[0].get_facecolor()).upper() == GREEN
    assert to_hex(first.patches[-1].get_facecolor()).upper() == VERMILLION


def test_checked_gradients_show_a_wrong_shape_as_not_ok() -> None:
    figure = Figure()
    checked_gradients({"W": np.zeros((2, 3))}, {"W": np.zeros((3, 2))}, figure=figure)
    assert "NOT OK" in figure.axes[0].get_title() and texts(figure.axes[0]) == ["expected\n(3, 2)"]


def test_contract_names_what_goes_in_and_out() -> None:
    ax = new_ax()
    contract(ax)
    assert {"x (N, D)", "out (N, M)", "dx (N, D)", "d out (N, M)"} <= set(texts(ax))
