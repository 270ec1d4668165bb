"""Activation functions in forms that never overflow, each with its derivative. Built in the chapter "neuron".

Every derivative is written in terms of the function's *output*, which the
forward pass has already computed: it costs a product, not another exponential.
All functions work elementwise on an array of any shape, or row by row over the
last axis (softmax), and keep its dtype; whole numbers, lists and single numbers become float64.
"""

import numpy as np

from mininet import expect
from mininet.arrays import Floats


def sigmoid(z: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)), elementwise: a probability.

    The exponent is never above 0, so nothing can overflow, and small
    probabilities keep their precision: ``sigmoid(-80)`` is 1.8e-35, not 0.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    z = expect.real("sigmoid", z)
    e: Floats = np.exp(-np.abs(z))
    a: Floats = np.maximum(e, np.sign(z))  # the numerator: 1 where z >= 0, exp(z) elsewhere
    e += 1
    a /= e
    return a


def sigmoid_derivative(a: Floats) -> Floats:
    """Return the slope of the sigmoid where its output is ``a``: a (1 - a), at most 1/4."""
    return a * (1 - a)


def tanh(z: Floats) -> Floats:
    """Return the hyperbolic tangent, elementwise, in (-1, 1)."""
    z = expect.real("tanh", z)
    return np.tanh(z)


def tanh_derivative(a: Floats) -> Floats:
    """Return the slope of tanh where its output is ``a``: 1 - a², at most 1."""
    return 1 - a * a


def relu(z: Floats) -> Floats:
    """Return max(z, 0), elementwise.

    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    z = expect.real("relu", z)
    return np.maximum(z, 0)


def relu_derivative(a: Floats) -> Floats:
    """Return the slope of the ReLU where its output is ``a``: 1 where a > 0, else 0.

    At the kink, z = 0, the slope is taken to be 0, as in PyTorch and JAX.
    """
    return (a > 0).astype(a.dtype)


def softmax(z: Floats) -> Floats:
    """Turn scores (..., C) into probabilities (..., C): exp(z) / sum(exp(z)) over the last axis.

    The row's maximum is subtracted first. It cancels in the quotient, and it
    keeps every exponent at or below 0.

    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    z = expect.real("softmax", z)
    p: Floats = np.exp(z - z.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def softmax_backward(grad: Floats, p: Floats) -> Floats:
    """Return the gradient by the scores, from the gradient by the probabilities ``p = softmax(z)``.

    All shapes are (..., C). Every probability depends on every score of its row,
    so the derivative of a row is a C×C matrix; this is its product with ``grad``,
    without ever forming the matrix.
    """
    by_scores: Floats = p * (grad - (grad * p).sum(axis=-1, keepdims=True))
    return by_scores


def log_softmax(z: Floats) -> Floats:
    """Return log(softmax(z)) over the last axis (..., C), finite for any finite scores.

    >>> log_softmax(np.array([[0.0, -1000.0]]))
    array([[    0., -1000.]])
    """
    z = expect.real("log_softmax", z)
    shifted: Floats = z - z.max(axis=-1, keepdims=True)
    log_p: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return log_p


def log_softmax_backward(grad: Floats, log_p: Floats) -> Floats:
    """Return the gradient by the scores, from the gradient by ``log_p = log_softmax(z)``; all (..., C)."""
    by_scores: Floats = grad - np.exp(log_p) * grad.sum(axis=-1, keepdims=True)
    return by_scores
