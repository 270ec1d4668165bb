"""A single neuron: its gradient, what it can learn, what it cannot, and its messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet.activations import sigmoid
from mininet.data import blobs, logic_gate
from mininet.neuron import Neuron, perceptron_step

GATE, AND = logic_gate("and")
XOR = logic_gate("xor")[1]


def trained(X: np.ndarray, y: np.ndarray, steps: int, lr: float, seed: int = 0) -> Neuron:
    neuron = Neuron(np.random.default_rng(seed).normal(size=X.shape[1]))
    for _ in range(steps):
        neuron.step(X, y, lr)
    return neuron


def perceptron_rounds(neuron: Neuron, X: np.ndarray, y: np.ndarray, rounds: int) -> list[int]:
    return [sum(perceptron_step(neuron, x, t) for x, t in zip(X, y, strict=True)) for _ in range(rounds)]


def test_the_forward_pass_of_the_chapter() -> None:
    neuron = Neuron([0.5, -0.5])
    assert neuron.score(np.array([[6.0, 4.0]])) == pytest.approx([1.0])
    assert neuron.predict(np.array([[6.0, 4.0]])) == pytest.approx([0.7310585786])
    neuron.step(np.array([[6.0, 4.0]]), np.array([0]), lr=0.1)
    assert [*neuron.weights, neuron.bias] == pytest.approx([0.0613649, -0.7924234, -0.0731059], abs=1e-7)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 9))
def test_gradient_agrees_with_nudging(seed: int, inputs: int, samples: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(samples, inputs)), rng.integers(0, 2, samples)
    weights, bias, h = rng.normal(size=inputs), rng.normal(), 1e-5
    dw, db = Neuron(weights, bias).gradient(X, y)
    assert dw.shape == (inputs,)
    for j in range(inputs):
        e = np.zeros(inputs)
        e[j] = h
        nudged = (Neuron(weights + e, bias).loss(X, y) - Neuron(weights - e, bias).loss(X, y)) / (2 * h)
        assert dw[j] == pytest.approx(nudged, abs=1e-8)
    nudged = (Neuron(weights, bias + h).loss(X, y) - Neuron(weights, bias - h).loss(X, y)) / (2 * h)
    assert db == pytest.approx(nudged, abs=1e-8)


def test_loss_is_the_mean_of_minus_log_of_what_the_right_answer_got() -> None:
    rng = np.random.default_rng(0)
    X, y, neuron = rng.normal(size=(20, 3)), rng.integers(0, 2, 20), Neuron(rng.normal(size=3), 0.3)
    p = neuron.predict(X)
    assert neuron.loss(X, y) == pytest.approx(-np.log(np.where(y == 1, p, 1 - p)).mean(), rel=1e-12)


def test_loss_and_gradient_are_finite_where_a_probability_rounds_to_0() -> None:
    neuron, X, y = Neuron([1000.0]), np.array([[1.0], [-1.0]]), np.array([0, 1])
    assert neuron.loss(X, y) == 1000
    dw, db = neuron.gradient(X, y)
    assert (dw, db) == (1.0, 0.0)


def test_step_moves_against_the_gradient_and_returns_the_loss_before_it() -> None:
    neuron = Neuron([0.3, -0.2], 0.1)
    before, (dw, db) = neuron.loss(GATE, AND), neuron.gradient(GATE, AND)
    assert neuron.step(GATE, AND, lr=0.5) == before
    np.testing.assert_allclose(neuron.weights, np.array([0.3, -0.2]) - 0.5 * dw)
    assert neuron.bias == pytest.approx(0.1 - 0.5 * db)
    assert neuron.loss(GATE, AND) < before


@pytest.mark.parametrize("name", ["and", "or", "nand"])
@pytest.mark.parametrize("seed", range(3))
def test_separable_gates_are_learned_by_descent_and_by_the_perceptron(name: str, seed: int) -> None:
    X, y = logic_gate(name)
    np.testing.assert_array_equal(trained(X, y, 500, lr=1.0, seed=seed).decide(X), y)
    perceptron = Neuron(np.random.default_rng(seed).normal(size=2))
    assert perceptron_rounds(perceptron, X, y, 30)[-1] == 0
    np.testing.assert_array_equal(perceptron.decide(X), y)


def test_a_separable_cloud_is_learned() -> None:
    X, y = blobs(200, np.random.default_rng(0), spread=0.4)
    assert (trained(X, y, 200, lr=0.5).decide(X) == y).all()


@pytest.mark.parametrize("seed", range(5))
def test_trained_on_xor_every_probability_goes_to_one_half(seed: int) -> None:
    neuron = trained(GATE, XOR, 500, lr=1.0, seed=seed)
    np.testing.assert_allclose(neuron.predict(GATE), 0.5, atol=1e-4)
    assert neuron.loss(GATE, XOR) == pytest.approx(np.log(2), abs=1e-6)


def test_the_perceptron_never_rests_on_xor() -> None:
    assert min(perceptron_rounds(Neuron([0, 0]), GATE, XOR, 200)) > 0


@settings(deadline=None)
@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(-100, 100))
def test_no_weights_decide_xor(w1: float, w2: float, bias: float) -> None:
    assert (Neuron([w1, w2], bias).decide(GATE) != XOR).any()


def test_perceptron_step_changes_only_on_a_mistake() -> None:
    neuron, x = Neuron([1.0, 2.0], -1.0), np.array([1.0, 1.0])
    assert not perceptron_step(neuron, x, 1)
    assert [*neuron.weights, neuron.bias] == [1, 2, -1]
    assert perceptron_step(neuron, x, 0)
    assert [*neuron.weights, neuron.bias] == [0, 1, -2]


def test_decide_is_predict_above_one_half_and_a_tie_is_no() -> None:
    neuron = Neuron([2.0, -1.0], 0.5)
    X = np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_array_equal(neuron.decide(X), sigmoid(X @ neuron.weights + neuron.bias) > 0.5)
    assert Neuron([1.0]).decide(np.array([[0.0]])) == [0]


def test_weights_given_are_copied() -> None:
    mine = np.array([1.0, 1.0])
    Neuron(mine).step(GATE, AND, lr=1.0)
    np.testing.assert_array_equal(mine, [1, 1])


def test_repr_is_readable() -> None:
    assert repr(Neuron([0.12345, 2], -1)) == "Neuron(weights=[0.123, 2.0], bias=-1.000)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Neuron([]), r"expected weights of shape \(D,\).*got \(0,\)"),
        (lambda: Neuron([[1, 2]]), r"got \(1, 2\)"),
        (
            lambda: Neuron([1, 2]).predict(np.zeros((3, 5))),
            r"expected an input of shape \(N, 2\).*got \(3, 5\)",
        ),
        (lambda: Neuron([1, 2]).decide(np.zeros(2)), r"x\[np\.newaxis\]"),
        (lambda: Neuron([1, 2]).loss(GATE, AND[:, None]), r"shape \(4,\).*got \(4, 1\)"),
        (lambda: Neuron([1, 2]).loss(np.zeros((0, 2)), np.zeros(0)), "the batch is empty"),
        (lambda: Neuron([1, 2]).gradient(GATE, 2 * AND), "targets of 0 or 1, got values from 0.0 to 2.0"),
        (lambda: Neuron([1, 2]).gradient(GATE, np.array([0, 1, np.nan, 0])), "targets of 0 or 1"),
        (lambda: Neuron([1, 2]).loss(GATE * np.nan, AND), "expected scores .* to be finite"),
        (lambda: Neuron([1, 2]).step(GATE, AND, lr=0), "expected lr to be a finite number above 0, got 0"),
        (lambda: Neuron([1, 2]).step(GATE, AND, lr=float("nan")), "number above 0"),
        (lambda: Neuron([1, 2]).step(GATE, AND, lr=float("inf")), "finite number above 0, got inf"),
        (lambda: perceptron_step(Neuron([1, 2]), GATE[0], -1), "target of 0 or 1, got -1"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
