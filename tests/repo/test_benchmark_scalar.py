"""The scalar benchmark compares like with like, and the engine it times is the one on the chapter's page."""

import importlib.util

import numpy as np
import pytest

from benchmarks.scalar import MISSING, POINTS, chapter_step, check, engine, measure, micrograd_step, problem
from tests.support.files import BOOK, read

needs_micrograd = pytest.mark.skipif(importlib.util.find_spec("micrograd") is None, reason=MISSING)


def by_hand() -> tuple[float, list[np.ndarray]]:
    """The same step on arrays, with the backward pass written out."""
    weights, x, y = problem()
    (W1, b1), (W2, b2), (W3, b3) = weights
    A1 = np.maximum(x @ W1 + b1, 0)
    A2 = np.maximum(A1 @ W2 + b2, 0)
    out = A2 @ W3 + b3
    d3 = 2 * (out - y[:, None]) / POINTS
    d2 = d3 @ W3.T * (A2 > 0)
    d1 = d2 @ W2.T * (A1 > 0)
    pairs = [(x.T @ d1, d1), (A1.T @ d2, d2), (A2.T @ d3, d3)]
    # unit by unit: its weights, then its bias
    gradients = [np.vstack([dW, d.sum(axis=0)]).T.ravel() for dW, d in pairs]
    return float(((out[:, 0] - y) ** 2).mean()), gradients


def test_the_engine_has_the_gradients_of_the_hand_written_step() -> None:
    loss, gradients = chapter_step(*problem())()
    expected_loss, expected = by_hand()
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    np.testing.assert_allclose(gradients, np.concatenate(expected), rtol=1e-9, atol=1e-12)


@needs_micrograd
def test_the_engine_and_micrograd_compute_the_same_loss_and_gradients() -> None:
    check(chapter_step(*problem()), micrograd_step(*problem()))


def test_different_gradients_are_not_timed() -> None:
    ours = chapter_step(*problem())
    loss, gradients = ours()
    with pytest.raises(AssertionError):
        check(ours, lambda: (loss, [*gradients[:-1], gradients[-1] + 1e-6]))
    with pytest.raises(AssertionError):
        check(ours, lambda: (loss + 1e-6, gradients))


def test_a_second_step_has_the_same_gradients() -> None:
    # the step clears them itself; otherwise later rounds would time growing numbers
    step = chapter_step(*problem())
    assert step() == step()


def test_times_are_positive_and_named() -> None:
    times = measure({"quick": lambda: (float(sum(range(100_000))), [])}, rounds=3)
    assert list(times) == ["quick"]
    assert times["quick"] > 0


def test_the_engine_is_shorter_than_a_hundred_lines() -> None:
    cells = [c for c in read(BOOK / "autograd.ipynb").cells if "engine" in c.metadata.get("tags", [])]
    assert sum(bool(line.strip()) for cell in cells for line in cell.source.splitlines()) < 100


@pytest.fixture(scope="module")
def number():
    return engine()["Number"]


def test_a_long_chain_needs_no_recursion(number) -> None:
    leaf = end = number(1.0)
    for _ in range(10_000):
        end = end * 1.0
    end.backward()
    assert leaf.grad == 1.0


def test_a_second_backward_adds_once_more_and_no_more(number) -> None:
    a = number(3.0)
    b = a + a
    c = b + b
    c.backward()
    c.backward()
    assert a.grad == 8.0


EXPRESSIONS = {
    "add": lambda a, b: a + b + 2.0 + (2 + a),
    "sub": lambda a, b: a - b - 2.0 - (2 - a),
    "mul": lambda a, b: a * b * 2.0 * (2 * a),
    "truediv": lambda a, b: a / b / 2.0 + 2 / a,
    "neg": lambda a, b: -a * b,
    "exp, log": lambda a, b: (a * b).exp() + (a + b).log(),
    "tanh, sigmoid, relu": lambda a, b: a.tanh() * (a - b).sigmoid() + (a * b).relu() + (a - 9).relu(),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_operation_agrees_with_nudging(number, name: str) -> None:
    function, at, h = EXPRESSIONS[name], (1.3, 0.7), 1e-6
    a, b = map(number, at)
    function(a, b).backward()

    def value(x: float, y: float) -> float:
        return function(number(x), number(y)).value

    x, y = at
    assert a.grad == pytest.approx((value(x + h, y) - value(x - h, y)) / (2 * h), abs=1e-7)
    assert b.grad == pytest.approx((value(x, y + h) - value(x, y - h)) / (2 * h), abs=1e-7)


def test_a_graph_is_freed_without_the_garbage_collector(number) -> None:
    import gc

    gc.disable()
    try:
        counts = []
        for _ in range(3):
            a = number(3.0)
            ((a * a + a).tanh() * a).backward()
            counts.append(sum(type(o) is type(a) for o in gc.get_objects()))
        assert counts[0] == counts[1] == counts[2]
    finally:
        gc.enable()


def test_what_is_no_number_is_refused(number) -> None:
    with pytest.raises((TypeError, ValueError)):
        number(1.0) + "two"
