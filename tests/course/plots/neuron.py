"""The pictures of the first chapter: what they show is where it should be."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from mininet.neuron import Neuron
from mininet_course.plots.boundary import boundary, points
from mininet_course.plots.neuron import functions, slope
from tests.support.drawing import new_ax

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
AND = np.array([0, 0, 0, 1])


def line_of(ax) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Return the points of the drawn 0.5 line, (M, 2)."""
    (line,) = [c for c in ax.collections if isinstance(c, QuadContourSet) and not c.filled]
    return np.concatenate([path.vertices for path in line.get_paths()])


def test_the_line_lies_where_the_neuron_is_undecided() -> None:
    neuron, ax = Neuron([4.0, 2.0], -3.0), new_ax()
    boundary(neuron.predict, X, AND, ax)
    np.testing.assert_allclose(neuron.score(line_of(ax)), 0, atol=0.01)


def test_the_line_of_hard_decisions_is_right_to_a_cell() -> None:
    neuron, ax = Neuron([4.0, 2.0], -3.0), new_ax()
    boundary(neuron.decide, X, AND, ax)
    assert np.abs(neuron.score(line_of(ax))).max() / np.hypot(4, 2) < 2 / 300


@pytest.mark.parametrize("p", [0.5, 0.5 + 1e-9, 0.9])
def test_a_model_that_never_changes_its_mind_gets_no_line(p: float) -> None:
    ax = new_ax()
    boundary(lambda rows: np.full(len(rows), p), X, AND, ax)
    assert all(c.filled for c in ax.collections if isinstance(c, QuadContourSet))


@pytest.mark.parametrize("answer", [0, 1])
def test_a_class_that_is_missing_leaves_the_layout_as_it_is(answer: int) -> None:
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    both, one = figure.subplots(1, 2)
    points(X, AND, ax=both)
    points(X, np.full(4, answer), ax=one)
    figure.draw_without_rendering()  # a layout that collapsed would warn
    assert both.get_position().width == pytest.approx(one.get_position().width)
    assert both.get_position().width > 0.35


def test_orange_lies_on_the_yes_side() -> None:
    ax = new_ax()
    boundary(lambda rows: (rows[:, 0] > 0.5).astype(float), X, AND, ax)
    figure = ax.figure
    figure.set_layout_engine("none")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())

    def colour(x: float, y: float) -> np.ndarray:
        column, row = ax.transData.transform((x, y)).astype(int)
        return picture[len(picture) - row, column].astype(int)

    yes, no = colour(1.25, 0.5), colour(-0.25, 0.5)
    assert yes[0] > yes[2] and no[2] > no[0]


def test_a_column_of_probabilities_is_taken_too() -> None:
    flat, column = new_ax(), new_ax()
    neuron = Neuron([1.0, 1.0], -1.0)
    boundary(neuron.predict, X, AND, flat)
    boundary(lambda rows: neuron.predict(rows)[:, np.newaxis], X, AND, column)
    np.testing.assert_array_equal(line_of(flat), line_of(column))


@pytest.mark.parametrize(
    ("dtype", "given"), [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64)]
)
def test_predict_gets_rows_of_the_points_precision(dtype: type, given: type) -> None:
    seen = []

    def predict(rows: np.ndarray) -> np.ndarray:
        seen.append(rows.dtype)
        return rows[:, 0] * 0 + 0.3

    boundary(predict, X.astype(dtype), AND, new_ax())
    assert seen == [given]


def test_the_picture_reaches_margin_beyond_the_points_and_has_its_title() -> None:
    ax = new_ax()
    boundary(lambda rows: np.zeros(len(rows)), X, AND, ax, title="here", margin=0.25)
    assert ax.get_xlim() == (-0.25, 1.25)
    assert ax.get_title() == "here"


def test_classes_differ_in_colour_and_in_marker() -> None:
    ax = new_ax()
    points(X, AND, ax, labels=("in", "out"))
    no, yes = ax.lines
    assert no.get_marker() != yes.get_marker() and no.get_color() != yes.get_color()
    np.testing.assert_array_equal(yes.get_xydata(), [[1, 1]])
    assert [no.get_label(), yes.get_label()] == ["in", "out"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: points(np.zeros((4, 3)), AND), r"shape \(N, 2\).*got \(4, 3\)"),
        (lambda: points(X, AND[:, np.newaxis]), r"got \(4, 1\). Try y.ravel"),
        (lambda: boundary(lambda rows: 0.5, X, AND), r"one probability a row, \(10201,\), got \(\)"),
        (lambda: boundary(lambda rows: rows, X, AND), r"got \(10201, 2\)"),
        (lambda: boundary(Neuron([4, 4], 0).score, X, AND), r"got -4 to 12\. Did you return the score"),
        (lambda: boundary(lambda rows: rows[:, 0] * np.nan, X, AND), "got NaN in 10201 of 10201 rows"),
        (lambda: boundary(lambda rows: None, X, AND), "got None. Is its `return` missing"),
        (lambda: functions({"f": np.sin}, 1, 1), "expected low below high"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_functions_are_told_apart_by_dash_and_named() -> None:
    ax = new_ax()
    functions({"sin": np.sin, "cos": np.cos}, 0, 3, ax, xlabel="x")
    first, second = ax.lines
    np.testing.assert_allclose(second.get_ydata(), np.cos(second.get_xdata()))
    assert first.get_linestyle() != second.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sin", "cos"]


def test_slope_draws_the_tangent_and_prints_its_steepness() -> None:
    ax = new_ax()
    slope(lambda x: x * x, 1.5, low=-2, high=2, ax=ax)
    x, y = ax.lines[1].get_xdata(), ax.lines[1].get_ydata()
    assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(3.0)
    assert [text.get_text() for text in ax.texts] == ["slope 3.00"]


def test_nothing_is_drawn_as_a_mesh_that_would_bloat_the_page() -> None:
    ax = new_ax()
    boundary(Neuron([1.0, 1.0]).predict, X, AND, ax)
    assert not [c for c in ax.collections if isinstance(c, QuadMesh)]
