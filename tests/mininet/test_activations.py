"""Activations: never overflowing, derivatives right, dtype kept, wrong forms noticed."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mininet import activations
from mininet.activations import (
    log_softmax,
    log_softmax_backward,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_backward,
    tanh,
    tanh_derivative,
)

ALL = [sigmoid, tanh, relu, softmax, log_softmax]
WITH_DERIVATIVE = [(sigmoid, sigmoid_derivative), (tanh, tanh_derivative), (relu, relu_derivative)]
WITH_BACKWARD = [(softmax, softmax_backward), (log_softmax, log_softmax_backward)]


def scores(limit: float, min_side: int = 1) -> st.SearchStrategy[np.ndarray]:
    return arrays(
        np.float64, array_shapes(max_dims=3, max_side=5, min_side=min_side), elements=st.floats(-limit, limit)
    )


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_neither_warn_nor_give_nan_and_dtype_is_kept(function: Callable, dtype: type) -> None:
    z = np.array([[-1000, -80, -1, 0, 1, 80, 1000]], dtype=dtype)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        a = function(z)
    assert np.isfinite(a).all()
    assert a.dtype == dtype
    assert a.shape == z.shape


def test_the_naive_sigmoid_would_overflow_at_minus_1000() -> None:
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        1 / (1 + np.exp(-np.array(-1000.0)))


def test_sigmoid_known_values_and_precision_of_small_probabilities() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1000.0, 0.0, 1000.0])), [0, 0.5, 1])
    np.testing.assert_allclose(sigmoid(np.array(-80.0)), np.exp(-80.0), rtol=1e-15)
    np.testing.assert_allclose(sigmoid(np.array(1.0)), 0.7310585786300049, rtol=1e-15)


@given(scores(700))
def test_sigmoid_of_minus_z_is_the_other_probability_and_odds_are_exp_z(z: np.ndarray) -> None:
    np.testing.assert_allclose(sigmoid(z) + sigmoid(-z), 1, rtol=1e-14)
    np.testing.assert_allclose(sigmoid(z) / sigmoid(-z), np.exp(z), rtol=1e-12)


@pytest.mark.parametrize(("function", "derivative"), WITH_DERIVATIVE)
def test_derivative_from_the_output_agrees_with_nudging(function: Callable, derivative: Callable) -> None:
    z, h = np.random.default_rng(0).normal(0, 2, (5, 7)), 1e-5
    z[np.abs(z) < 0.01] = 0.5  # stay away from the ReLU's kink
    nudged = (function(z + h) - function(z - h)) / (2 * h)
    np.testing.assert_allclose(derivative(function(z)), nudged, atol=1e-9)


def test_a_derivative_given_the_score_instead_of_the_output_is_noticed() -> None:
    z, h = np.random.default_rng(0).normal(0, 2, (5, 7)), 1e-5
    nudged = (sigmoid(z + h) - sigmoid(z - h)) / (2 * h)
    assert np.abs(sigmoid_derivative(z) - nudged).max() > 0.1


@pytest.mark.parametrize(("function", "derivative"), WITH_DERIVATIVE)
def test_derivative_keeps_float32(function: Callable, derivative: Callable) -> None:
    assert derivative(function(np.array([-1.0, 2.0], dtype=np.float32))).dtype == np.float32


def test_relu_slope_at_the_kink_is_0() -> None:
    np.testing.assert_array_equal(relu_derivative(relu(np.array([-2.0, 0.0, 3.0]))), [0, 0, 1])


@settings(deadline=None)
@given(scores(50, min_side=2), st.floats(-900, 900))
def test_softmax_rows_sum_to_1_and_ignore_a_shift(z: np.ndarray, shift: float) -> None:
    p = softmax(z)
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(softmax(z + shift), p, rtol=1e-9)
    np.testing.assert_allclose(np.exp(log_softmax(z)), p, rtol=1e-12)


def test_softmax_of_two_scores_is_the_sigmoid_of_their_difference() -> None:
    z = np.random.default_rng(1).normal(size=(6, 2))
    np.testing.assert_allclose(softmax(z)[:, 1], sigmoid(z[:, 1] - z[:, 0]), rtol=1e-14)


def test_log_softmax_keeps_what_the_logarithm_of_softmax_would_lose() -> None:
    z = np.array([[0.0, -1000.0]])
    assert softmax(z)[0, 1] == 0
    np.testing.assert_allclose(log_softmax(z), z)


@pytest.mark.parametrize(("function", "backward"), WITH_BACKWARD)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_row_function_backward_agrees_with_nudging(
    function: Callable, backward: Callable, shape: tuple[int, ...]
) -> None:
    rng, h = np.random.default_rng(2), 1e-5
    z, grad = rng.normal(size=shape), rng.normal(size=shape)
    nudged = np.empty(shape)
    for i in np.ndindex(shape):
        e = np.zeros(shape)
        e[i] = h
        nudged[i] = (grad * (function(z + e) - function(z - e))).sum() / (2 * h)
    np.testing.assert_allclose(backward(grad, function(z)), nudged, atol=1e-9)
    assert backward(grad.astype(np.float32), function(z.astype(np.float32))).dtype == np.float32


@pytest.mark.parametrize("function", ALL)
def test_input_is_not_changed(function: Callable) -> None:
    z = np.random.default_rng(3).normal(size=(3, 4))
    before = z.copy()
    function(z)
    np.testing.assert_array_equal(z, before)


def test_every_function_has_its_derivative_beside_it() -> None:
    for function in ALL:
        name = function.__name__
        assert hasattr(activations, f"{name}_derivative") or hasattr(activations, f"{name}_backward"), name
