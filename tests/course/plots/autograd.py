"""The gradient microscope: every number in its place, wrong gradients marked, labels escaped, readable layout."""

import math
import re
from itertools import combinations
from operator import add, mul
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from mininet_course.plots.autograd import microscope
from mininet_course.plots.graph import MOST, ancestors, nudged
from mininet_course.plots.graph_layout import columns, place

SVG = "{http://www.w3.org/2000/svg}"


class Box(SimpleNamespace):
    """A node of no class that the microscope knows."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def leaf(value, name="", grad=None):
    return Box(value=value, grad=grad, parents=(), operation=None, name=name)


def made(operation, *parents, grad=None, name="", slopes=()):
    value = operation(*(p.value for p in parents))
    return Box(value=value, grad=grad, parents=parents, operation=operation, name=name, slopes=slopes)


@pytest.fixture
def seven():
    """The chapter's graph, with the gradients of its paper."""
    w, x, b = leaf(2.0, "w", 24.0), leaf(3.0, "x", 17.0), leaf(-4.0, "b", 6.0)
    p = made(mul, w, x, grad=8.0, name="p", slopes=(3.0, 2.0))
    s = made(add, p, b, grad=6.0, name="s", slopes=(1.0, 1.0))
    q = made(mul, p, s, grad=1.0, name="q", slopes=(2.0, 6.0))
    return made(add, q, x, grad=1.0, name="L", slopes=(1.0, 1.0))


def texts(drawing):
    return [t.text for t in ElementTree.fromstring(drawing.svg).iter(f"{SVG}text")]


def frames(drawing):
    """The boxes' rectangles: not the ground, not the badges."""
    return [r for r in ElementTree.fromstring(drawing.svg).iter(f"{SVG}rect") if r.get("stroke") is not None]


def dashed(drawing):
    return [r for r in frames(drawing) if r.get("stroke-dasharray")]


def test_nudging_measures_the_gradient_of_every_number(seven) -> None:
    measured = {node.name: value for node, value in nudged(seven).items()}
    expected = {"w": 24, "x": 17, "b": 6, "p": 8, "s": 6, "q": 1, "L": 1}
    assert measured == pytest.approx(expected, abs=1e-6)


def test_every_name_value_gradient_and_nudge_is_written(seven) -> None:
    written = texts(microscope(seven))
    for text in ("w", "x", "b", "p", "s", "q", "L", "15", "−4", "×", "+"):
        assert text in written
    assert written.count("24") == written.count("17") == 2  # gradient and nudge
    assert len(frames(microscope(seven))) == 7


def test_right_gradients_have_no_dashed_frame_and_a_wrong_one_has(seven) -> None:
    assert not dashed(microscope(seven))
    x = next(n for n in ancestors(seven) if n.name == "x")
    for wrong in (16.0, 17.001, float("nan"), float("inf")):
        x.grad = wrong
        drawing = microscope(seven)
        assert len(dashed(drawing)) == 1
        assert "dashed frame" in " ".join(texts(drawing))


def test_with_visits_only_what_was_visited_is_judged(seven) -> None:
    nodes = {n.name: n for n in ancestors(seven)}
    nodes["x"].grad = 1.0  # still waiting for 16
    assert not dashed(microscope(seven, [nodes["L"], nodes["q"]]))
    assert len(dashed(microscope(seven, [nodes["L"], nodes["x"]]))) == 1


def test_badges_count_visits_and_repeat(seven) -> None:
    nodes = {n.name: n for n in ancestors(seven)}
    written = texts(microscope(seven, [nodes[name] for name in "LqpLp"]))
    assert {"1,4", "2", "3,5"} <= set(written)
    many = texts(microscope(seven, [seven] * 9))
    assert "1,2,3,4,…" in many


def test_slopes_stand_on_the_arrows_one_for_each() -> None:
    a = leaf(0.5, "a", 1.25)
    b = leaf(1.25, "b", 0.5)
    written = texts(microscope(made(mul, a, b, grad=1.0, slopes=(1.25, 0.5))))
    assert written.count("1.25") == 4  # b's value, a's gradient and nudge, the slope
    root = ElementTree.fromstring(microscope(made(mul, a, a, grad=1.0, slopes=(0.5, 0.5))).svg)
    curves = [p.get("d") for p in root.iter(f"{SVG}path") if p.get("fill") == "none"]
    assert len(curves) == len(set(curves)) == 2  # a number used twice has two arrows, not one on the other


def test_without_gradients_only_values_are_drawn(seven) -> None:
    written = texts(microscope(seven, gradients=False))
    assert "15" in written
    assert not {"∂", "≈", "24"} & set(written)


def test_labels_are_escaped_and_the_picture_is_well_formed() -> None:
    nasty = leaf(1.0, 'a<b>&"', 1.0)
    drawing = microscope(
        made(add, nasty, leaf(2.0, "</svg>", 1.0), grad=1.0), title="<script>alert(1)</script>"
    )
    root = ElementTree.fromstring(drawing.svg)
    assert not list(root.iter(f"{SVG}script"))
    assert 'a<b>&"' in texts(drawing)
    assert "</svg>" in texts(drawing)


def test_the_picture_has_a_ground_of_its_own_and_loads_nothing(seven) -> None:
    svg = microscope(seven)._repr_svg_()
    root = ElementTree.fromstring(svg)
    ground = next(root.iter(f"{SVG}rect"))
    assert ground.get("fill") == "#fff"
    assert (ground.get("width"), ground.get("height")) == (root.get("width"), root.get("height"))
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert " id=" not in svg  # several pictures may stand in one page


def test_everything_lies_inside_the_picture(seven) -> None:
    root = ElementTree.fromstring(microscope(seven, ancestors(seven), title="a title").svg)
    width, height = float(root.get("width")), float(root.get("height"))
    for r in root.iter(f"{SVG}rect"):
        x, y = float(r.get("x", 0)), float(r.get("y", 0))
        assert x >= 0
        assert y >= 0
        assert x + float(r.get("width")) <= width
        assert y + float(r.get("height")) <= height


def test_boxes_do_not_overlap(seven) -> None:
    spots = [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in frames(microscope(seven))]
    for (x, y, w, h), (u, v, w2, h2) in combinations(spots, 2):
        assert x + w <= u or u + w2 <= x or y + h <= v or v + h2 <= y


def test_names_of_data_and_op_are_read_too_and_named_operations_are_not_nudged() -> None:
    class Tensor:
        def __init__(self, data, grad, parents=(), op=None):
            self.data, self.grad, self.parents, self.op = np.array(data), np.array(grad), parents, op

    a = Tensor(3.0, 6.0)
    square = Tensor(9.0, 1.0, (a, a), "square")
    written = texts(microscope(square))
    assert {"3", "6", "9", "square"} <= set(written)
    assert nudged(square)[a] is None
    assert not dashed(microscope(square))  # not measured is not wrong


def test_an_array_is_shown_by_its_shape() -> None:
    x = Box(data=np.zeros((4, 2)), grad=np.zeros((4, 2)), parents=(), op=None)
    total = Box(data=np.float32(0), grad=np.float32(1), parents=(x,), op="sum")
    assert texts(microscope(total)).count("(4, 2)") == 2


def test_a_value_changed_after_the_calculation_is_noticed() -> None:
    u, v = leaf(2.0, "u", 3.0), leaf(3.0, "v", 2.0)
    product = made(mul, u, v, grad=1.0)
    assert not dashed(microscope(product))
    u.value = 10.0
    assert len(dashed(microscope(product))) == 1


def test_where_a_nudge_leaves_the_domain_nothing_is_measured() -> None:
    edge = leaf(0.0, "x", 1.0)
    root = made(math.sqrt, edge, grad=1.0)
    assert nudged(root)[edge] is None
    assert "–" in texts(microscope(root))


def test_too_large_and_circular_graphs_are_refused_in_one_sentence() -> None:
    end = leaf(1.0)
    for _ in range(MOST):
        end = made(add, end, end)
    with pytest.raises(ValueError, match="at most 60 numbers, found more"):
        microscope(end)
    a = leaf(1.0)
    b = made(add, a, a)
    a.parents = (b,)
    with pytest.raises(ValueError, match="without circles"):
        microscope(made(add, b, b))


def test_ancestors_come_before_their_parents_and_once(seven) -> None:
    order = ancestors(seven)
    assert len(order) == len(set(order)) == 7
    at = {node: i for i, node in enumerate(order)}
    assert all(at[node] < at[p] for node in order for p in node.parents)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0.0, "0"), (-0.0, "0"), (-1e-13, "0"), (24.0000000001, "24"), (0.5, "0.5"), (-0.10670, "−0.1067")],
        *[(0.73105858, "0.7311"), (12.34567, "12.346"), (1234.5678, "1.2e+03"), (0.00001, "1.0e−05")],
        *[(math.inf, "inf"), (math.nan, "nan"), (None, "–")],
    ],
)
def test_numbers_are_short_and_honest(value, text: str) -> None:
    assert texts(microscope(leaf(2.0, grad=value)))[2] == text


def test_columns_follow_the_arrows_and_leaves_stand_beside_their_users() -> None:
    assert columns([[], [], [0, 1], [], [2, 3], [4, 0]]) == [0, 0, 1, 1, 2, 3]


def test_a_long_arrow_gets_a_height_in_every_column_it_passes_and_misses_the_boxes() -> None:
    parents = [[], [], [0, 1], [2], [3, 0]]
    column, y, between = place(parents, height=70, gap=16, lane=14)
    assert list(between) == [(0, 4)]
    assert len(between[0, 4]) == column[4] - column[0] - 1 == 2
    for passed, height in enumerate(between[0, 4], start=1):
        boxes = [y[i] for i in range(5) if column[i] == column[0] + passed]
        assert all(abs(height - box) >= (70 + 14) / 2 for box in boxes)


def test_rounding_of_a_large_value_is_not_taken_for_a_wrong_gradient() -> None:
    power = leaf(20.0, "a", math.exp(20.0))
    large = made(math.exp, power, grad=1.0)  # its nudge is off by about a thousandth
    one = leaf(1.0, "b", 1.0)
    root = made(add, large, one, grad=1.0)
    assert abs(nudged(root)[large] - 1) > 1e-6
    assert not dashed(microscope(root))
    large.grad = 2.0
    assert len(dashed(microscope(root))) == 1


def test_the_legend_says_where_nothing_could_be_measured(seven) -> None:
    a = Box(value=3.0, grad=6.0, parents=(), operation=None)
    named = Box(value=9.0, grad=1.0, parents=(a, a), operation="square")
    assert "cannot be nudged" in " ".join(texts(microscope(named)))
    assert "cannot be nudged" not in " ".join(texts(microscope(seven)))
