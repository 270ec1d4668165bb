"""The pictures of the chapter on defences show what they were given, and refuse what they cannot show."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mininet_course.plots.palette import GREY, VERMILLION
from mininet_course.plots.robust import boxes, ends, ranges, verdict


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def test_ranges_puts_a_mark_at_the_mean_and_a_bar_from_least_to_most(ax: Axes) -> None:
    ranges({"FGSM": {"plain": [1.0, 2.0, 6.0]}, "PGD": {"plain": [0.0], "noise": [4.0, 5.0]}}, ax)
    drawn = [(line.get_xdata(), line.get_ydata()) for line in ax.lines]
    spans = [(list(x), y[0]) for x, y in drawn if len(x) == 2 and y[0] == y[1] and list(x) != [0, 1]]
    means = [(x[0], y[0]) for x, y in drawn if len(x) == 1]
    assert [x for x, _ in spans] == [[1, 6], [0, 0], [4, 5]]
    assert [x for x, _ in means] == [3, 0, 4.5]
    # the two rows do not mix: the first row's marks lie within half a row of 0, the second's of 1
    assert [round(y) for _, y in means] == [0, 1, 1]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["FGSM", "PGD"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["plain", "noise"]


def test_ranges_tells_columns_apart_by_mark_too(ax: Axes) -> None:
    ranges({"a": {"x": [1.0], "y": [2.0]}}, ax)
    marks = {line.get_marker() for line in ax.lines} - {"None"}
    assert len(marks) == 2


@pytest.mark.parametrize("table", [{}, {"a": {}}, {"a": {"x": []}}])
def test_an_empty_table_is_refused(table: dict[str, dict[str, list[float]]]) -> None:
    with pytest.raises(ValueError, match="at least one number"):
        ranges(table)


def test_a_box_that_the_boundary_cuts_is_dashed_and_not_counted(ax: Axes) -> None:
    X = np.array([[0.2, 0.5], [0.6, 0.5], [0.9, 0.5]])
    y = np.array([0, 1, 1])
    held = boxes(lambda points: points[:, 0], X, y, 0.15, ax)  # the boundary is at 0.5
    assert held == 2
    colours = [to_hex(patch.get_edgecolor()).upper() for patch in ax.patches]
    assert colours == [GREY.upper(), VERMILLION.upper(), GREY.upper()]
    # boxes end where the unit square ends
    assert ax.patches[2].get_x() + ax.patches[2].get_width() == pytest.approx(1.0)
    assert ax.patches[0].get_width() == pytest.approx(0.3)


def test_boxes_of_size_zero_hold_where_the_point_is_right(ax: Axes) -> None:
    X = np.array([[0.2, 0.5], [0.6, 0.5]])
    assert boxes(lambda points: points[:, 0], X, np.array([0, 0]), 0.0, ax) == 1
    with pytest.raises(ValueError, match="at least 0"):
        boxes(lambda points: points[:, 0], X, np.array([0, 0]), -0.1, ax)


def test_a_loss_ends_in_a_cross_at_its_first_number_that_is_none(ax: Axes) -> None:
    leads = np.array([0.0, 1.0, 2.0, 3.0])
    found = ends(leads, {"mine": np.array([0.7, 1.3, np.inf, np.nan]), "theirs": leads}, ax)
    assert found == {"mine": 2.0, "theirs": np.inf}
    crosses = [line for line in ax.lines if line.get_marker() == "X"]
    assert [float(line.get_xdata()[0]) for line in crosses] == [2.0]
    assert [text.get_text() for text in ax.texts] == ["∞"]
    lengths = {line.get_label(): len(line.get_xdata()) for line in ax.lines}
    assert (lengths["mine"], lengths["theirs"]) == (2, 4)


def test_a_loss_that_never_was_a_number_is_marked_at_the_start(ax: Axes) -> None:
    assert ends(np.array([0.0, 1.0]), {"mine": np.array([np.nan, np.nan])}, ax) == {"mine": 0.0}


def test_the_verdict_marks_the_smallest_share_and_no_other(ax: Axes) -> None:
    verdict({"no attack": 0.98, "PGD": 0.21, "transfer": 0.5}, ax)
    hatched = [i for i, bar in enumerate(ax.patches) if bar.get_hatch()]
    assert hatched == [1]
    said = [text.get_text() for text in ax.texts]
    assert said[0] == "98 %"
    assert said[1] == "21 %  may be claimed, at most"
    with pytest.raises(ValueError, match="at least one share"):
        verdict({})
