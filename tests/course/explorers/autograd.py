"""The explorers of graphs: a press visits, a slider changes every number, the reader's slips are named."""

import math
from operator import add, mul
from xml.etree import ElementTree

import numpy as np
import pytest

from mininet_course.explorers.autograd import expression_explorer, training_explorer, visit_explorer


class Number:
    """A small engine, not the chapter's."""

    def __init__(self, value, parents=(), slopes=(), operation=None, name=""):
        self.value, self.parents, self.slopes = value, parents, slopes
        self.operation, self.name, self.grad = operation, name, 0.0

    def __add__(self, other):
        return Number(self.value + other.value, (self, other), (1.0, 1.0), add)

    def __mul__(self, other):
        return Number(self.value * other.value, (self, other), (other.value, self.value), mul)

    def log(self):
        return Number(math.log(self.value), (self,), (1 / self.value,), math.log)

    def backward(self):
        self.grad = 1.0
        for _ in every_number_once(self):
            pass


def every_number_once(output):
    def finish(node, done):
        for parent in node.parents:
            finish(parent, done)
        if node not in done:
            done.append(node)
        return done

    for node in reversed(finish(output, [])):
        yield node
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad


def naive(node):
    yield node
    for parent, slope in zip(node.parents, node.slopes, strict=True):
        parent.grad += slope * node.grad
        yield from naive(parent)


@pytest.fixture
def doubled():
    a = Number(3.0, name="a")
    b = a + a
    c = b + b
    b.name, c.name = "b", "c"
    return c


def shown(explorer) -> list[str]:
    root = ElementTree.fromstring(explorer.still)
    return [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]


def is_marked_wrong(explorer) -> bool:
    return b"stroke-dasharray" in explorer.still


def test_a_press_makes_one_visit_and_start_again_goes_back(doubled) -> None:
    explorer = visit_explorer(doubled, every_number_once)
    assert "before the first visit" in shown(explorer)
    stills = [explorer.still]
    for k, name in enumerate("cba", start=1):
        explorer.controls["one"].click()
        assert any(text.startswith(f"visit {k} of 3: {name}") for text in shown(explorer))
        stills.append(explorer.still)
    assert len(set(stills)) == 4
    explorer.controls["one"].click()  # nothing is left to visit
    assert explorer.still == stills[-1]
    explorer.controls["again"].click()
    assert explorer.still == stills[0]


def test_the_right_order_is_never_marked_wrong_and_ends_at_four(doubled) -> None:
    explorer = visit_explorer(doubled, every_number_once)
    for k in range(4):
        explorer.controls["step"].value = k
        assert not is_marked_wrong(explorer)
    assert shown(explorer).count("4") == 2  # gradient of a, and its nudge


def test_the_naive_walk_is_marked_wrong_at_its_second_visit_and_ends_at_six(doubled) -> None:
    explorer = visit_explorer(doubled, naive, visit=1)
    assert not is_marked_wrong(explorer)
    explorer.controls["one"].click()
    assert is_marked_wrong(explorer)  # b is visited with 1 where 2 is due
    explorer.controls["step"].value = 7
    assert "visit 7 of 7: a, and that is all" in shown(explorer)
    assert shown(explorer).count("6") == 2  # gradient of a, and the value of b


def test_a_walk_that_is_none_is_told_so(doubled) -> None:
    with pytest.raises(TypeError, match=r"expected walk to be a generator, got NoneType. Write `yield node`"):
        visit_explorer(doubled, lambda output: None)
    with pytest.raises(TypeError, match="expected walk to yield nodes of the graph, got float"):
        visit_explorer(doubled, lambda output: iter([1.0]))
    with pytest.raises(TypeError, match="got list"):
        visit_explorer(doubled, lambda output: iter([[output]]))


def test_a_walk_without_end_is_stopped(doubled) -> None:
    def forever(output):
        while True:
            yield output

    with pytest.raises(ValueError, match="at most 200 visits"):
        visit_explorer(doubled, forever)


def test_dragging_an_input_changes_values_and_gradients() -> None:
    explorer = expression_explorer(lambda a, b: a * b, Number, {"a": 2.0, "b": 1.5})
    assert {"a", "b", "3", "1.5"} <= set(shown(explorer))
    explorer.controls["a"].value = -4.0
    assert {"−6", "−4"} <= set(shown(explorer))
    assert not is_marked_wrong(explorer)


def test_the_order_of_visits_is_drawn_where_it_is_given() -> None:
    explorer = expression_explorer(
        lambda a, b: a * b + a,
        Number,
        {"a": 2.0, "b": 1.5},
        order=lambda output: list(every_number_once(output)),
    )
    assert {"1", "2", "4"} <= set(shown(explorer))
    assert any("visit" in text for text in shown(explorer))


def test_a_wrong_slope_of_the_readers_own_operation_is_marked() -> None:
    def sine(x):
        return Number(math.sin(x.value), (x,), (math.sin(x.value),), math.sin)  # the slope is the cosine

    assert is_marked_wrong(expression_explorer(sine, Number, {"x": 1.0}))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a: None, "expected the function to return a Number, got NoneType. Is its `return` missing"),
        (lambda a: math.exp(a.value), "got float. Somewhere it left the graph"),
        (lambda a: [a, a], "got list. It should return a single number"),
    ],
)
def test_a_function_that_returns_something_else_is_told_what_is_missing(function, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        expression_explorer(function, Number, {"a": 1.0})


def test_an_error_while_dragging_is_shown_and_forgotten() -> None:
    explorer = expression_explorer(lambda a: a.log(), Number, {"a": 1.0})
    explorer.controls["a"].value = -1.0
    assert "ValueError" in explorer.picture.value
    explorer.controls["a"].value = 2.0
    assert explorer.picture.value.startswith("<img")


def test_the_output_holds_a_drawing_and_its_description() -> None:
    bundle = expression_explorer(lambda a: a * a, Number, {"a": 1.0})._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "image/png" not in bundle
    assert "gradient" in bundle["text/plain"]


X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([0, 0, 0, 1])


def training():
    loss = 1.0
    while True:
        yield loss, lambda points, loss=loss: 1 / (1 + np.exp(-(points.sum(axis=1) - 1.5) / loss))
        loss *= 0.9


def test_presses_train_and_start_again_starts_a_new_training() -> None:
    explorer = training_explorer(training, X, y)
    first = explorer.still
    explorer.controls["1 step"].click()
    second = explorer.still
    explorer.controls["10 steps"].click()
    assert len({first, second, explorer.still}) == 3
    explorer.controls["start again"].click()
    assert explorer.still == first
    explorer.controls["1 step"].click()
    assert explorer.still == second


def test_the_explorer_of_training_may_open_later() -> None:
    explorer = training_explorer(training, X, y)
    explorer.controls["1 step"].click()
    assert training_explorer(training, X, y, steps=1).still == explorer.still


def test_an_error_in_training_is_shown() -> None:
    def breaks():
        yield 1.0, lambda points: np.full(len(points), 0.5)
        raise ZeroDivisionError("a slip")

    explorer = training_explorer(breaks, X, y)
    explorer.controls["1 step"].click()
    assert "ZeroDivisionError: a slip" in explorer.picture.value


def half(points):
    return np.full(len(points), 0.5)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: None, TypeError, "return a generator, got NoneType. Is its `return` missing"),
        (lambda: iter([0.5]), TypeError, r"a float, and a function predict, got float\."),
        (lambda: iter([(0.5, None)]), TypeError, "got float, NoneType"),
        (lambda: iter([(Number(0.5), half)]), TypeError, "got Number, function. Of a number of your engine"),
        (lambda: iter([(0.5, half)]), ValueError, "it ended with yield 1. Let it loop with `while True`"),
    ],
)
def test_a_training_that_is_none_is_told_so(wrong, error, message: str) -> None:
    with pytest.raises(error, match=message):
        training_explorer(wrong, X, y, steps=3)


def test_after_an_error_start_again_trains_anew() -> None:
    runs = iter([(0.5,), (0.5, 0.4, 0.3)])
    explorer = training_explorer(lambda losses=runs: iter([(loss, half) for loss in next(losses)]), X, y)
    explorer.controls["1 step"].click()
    assert "ended with yield 1" in explorer.picture.value
    explorer.controls["start again"].click()
    explorer.controls["1 step"].click()
    assert explorer.picture.value.startswith("<img")


def test_a_plain_number_of_numpy_has_left_the_graph_too() -> None:
    with pytest.raises(TypeError, match=r"got float32\. Somewhere it left the graph"):
        expression_explorer(lambda a: np.float32(a.value), Number, {"a": 1.0})


@pytest.mark.parametrize(
    ("parents", "slopes", "message"),
    [
        (lambda a: a, (1.0,), "A tuple of one needs its comma"),
        (lambda a: (a,), 1.0, "and 1.0. A tuple of one needs its comma"),
        (lambda a: (a,), (), "a tuple of as many slopes"),
        (lambda a: (a, 2.0), (2.0, 1.0), "expected every parent to be a Number, got float"),
    ],
)
def test_a_slip_in_an_operation_of_ones_own_is_named(parents, slopes, message: str) -> None:
    def twice(a):
        return Number(2 * a.value, parents(a), slopes, lambda x, y=2.0: x * y)

    with pytest.raises(TypeError, match=message):
        expression_explorer(lambda a: twice(a) + a, Number, {"a": 1.0})
