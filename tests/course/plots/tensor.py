"""The pictures of the chapter on autograd for arrays show the shapes, sums and slopes that they claim."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mininet_course.plots.tensor import Box, broadcasting, cost, grain, graph, jacobian, kinks
from tests.support.drawing import texts


def panel(ax, title: str) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    return next(text.get_position() for text in ax.texts if text.get_text() == title)


def test_a_number_a_node_draws_as_many_dots_as_the_title_counts() -> None:
    figure = Figure()
    grain(2, 3, 2, figure=figure)
    fine, coarse = figure.axes
    dots = sum(len(collection.get_offsets()) for collection in fine.collections)
    assert dots == 38 and "38 nodes" in fine.get_title()
    assert len(texts(coarse)) == 5 and "5 nodes" in coarse.get_title()


def test_the_jacobians_last_row_is_the_vector_times_the_matrix() -> None:
    ax = Figure().subplots()
    jacobian(np.array([[2.0, 0.0], [3.0, 4.0]]), np.array([5.0, 7.0]), (["z0", "z1"], ["x0", "x1"]), ax=ax)
    assert {"31", "28", "z0", "x1"} <= set(texts(ax))


@pytest.mark.parametrize(
    ("matrix", "grad", "message"),
    [
        (np.eye(2), np.ones(3), r"expected grad \(2,\) and 2 and 2 names, got \(3,\)"),
        (np.eye(13), np.ones(13), r"at most 12 rows and columns, got \(13, 13\)"),
    ],
)
def test_a_jacobian_that_does_not_fit_is_refused(matrix: np.ndarray, grad: np.ndarray, message: str) -> None:
    n = len(matrix)
    with pytest.raises(ValueError, match=message):
        jacobian(matrix, grad, (["z"] * n, ["x"] * n))


def hatched(ax) -> int:  # type: ignore[no-untyped-def]
    return sum(patch.get_hatch() is not None for patch in ax.patches)


@pytest.mark.parametrize(
    ("a", "b", "copies", "sums"),
    [
        ((3, 1), (4,), 9 + 8, ["sum over axis 1", "sum over axis 0"]),
        ((2, 3), (3,), 3, ["as it is", "sum over axis 0"]),
        ((2, 3), (1, 1), 5, ["as it is", "sum over axes 0, 1"]),
        ((3,), (3,), 0, ["as it is", "as it is"]),
    ],
)
def test_copies_are_hatched_and_summed_on_the_way_back(
    a: tuple[int, ...], b: tuple[int, ...], copies: int, sums: list[str]
) -> None:
    ax = Figure().subplots()
    shape = np.broadcast_shapes(a, b)
    broadcasting(np.ones(a), np.ones(b), np.full(shape, 7), ax=ax)
    assert hatched(ax) == copies
    assert [text for text in texts(ax) if text.startswith(("sum over", "as it is"))] == sums
    assert f"da {a}" in texts(ax) and f"db {b}" in texts(ax)


def test_the_numbers_that_come_back_are_the_sums_over_the_copies() -> None:
    ax = Figure().subplots()
    broadcasting([[1.0], [2.0]], [3.0, 4.0, 5.0], [[1, 20, 300], [2, 40, 600]], ax=ax)
    assert {"321", "642", "3", "60", "900"} <= set(texts(ax))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\) do not fit: counted from the right"):
        broadcasting(np.ones(2), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match=r"at most two axes and grad \(2, 2, 2\)"):
        broadcasting(np.ones((2, 2, 2)), np.ones(2), np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match=r"grad \(2,\), got 1 and \(3,\)"):
        broadcasting(np.ones(2), np.ones(2), np.ones(3))


def test_the_slope_drawn_at_a_kink_is_the_one_given() -> None:
    figure = Figure()
    kinks({"abs": (np.abs, 0.0, 0.0), "clip": (lambda x: np.clip(x, -1, 1), 1.0, 1.0)}, figure=figure)
    for ax, slope, at in zip(figure.axes, (0.0, 1.0), (0.0, 1.0), strict=True):
        x, y = ax.lines[1].get_data()
        assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(slope) and x.mean() == pytest.approx(at)


def test_costs_are_multiples_of_the_first() -> None:
    figure = Figure()
    cost(
        {"time": {"by hand": 2.0, "recorded": 3.0}, "memory": {"by hand": 8.0, "recorded": 4.0}},
        figure=figure,
    )
    widths = [[patch.get_width() for patch in ax.patches] for ax in figure.axes]
    assert widths == [[1.0, 1.5], [1.0, 0.5]]
    assert "1.50" in texts(figure.axes[0]) and figure.axes[0].yaxis_inverted()


def test_the_graph_flows_to_the_right_and_marks_what_has_arrived() -> None:
    boxes = [
        Box("w", (3, 2), arrived=True),
        Box("x", (4, 3)),
        Box("@", (4, 2), (0, 1), arrived=True, visited=True, current=True),
        Box("sum", (), (2,), arrived=True, visited=True),
    ]
    ax = Figure().subplots()
    graph(boxes, ax=ax)
    place = {text.get_text().split("\n")[0]: text for text in ax.texts}
    assert place["w"].get_position()[0] == place["x"].get_position()[0] < place["@"].get_position()[0]
    assert place["@"].get_position()[0] < place["sum"].get_position()[0]
    assert [name for name, text in place.items() if "∂" in text.get_text()] == ["w", "@", "sum"]
    assert "a number" in place["sum"].get_text()
    assert len({place[name].get_bbox_patch().get_facecolor() for name in ("@", "sum", "x")}) == 3
