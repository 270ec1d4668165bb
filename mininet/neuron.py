"""A single neuron: a weighted vote, made a probability, that learns. Built in the chapter "neuron"."""

import numpy as np
from numpy.typing import ArrayLike

from mininet import expect
from mininet.activations import sigmoid
from mininet.arrays import Array, Floats


class Neuron:
    """A sigmoid neuron: ``predict(X)`` is sigmoid(X @ weights + bias).

    ``weights`` is (D,), one per input; ``bias`` is a number. Inputs ``X`` are (N, D),
    one sample a row; targets ``y`` are (N,), each 0 or 1.

    >>> both = Neuron([20, 20], bias=-30)  # AND
    >>> both.decide(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    array([0, 0, 0, 1])
    """

    def __init__(self, weights: ArrayLike, bias: float = 0.0) -> None:
        self.weights: Floats = np.array(weights, dtype=np.float64)
        self.bias = expect.number("Neuron", "bias", bias)
        if self.weights.ndim != 1 or self.weights.size == 0:
            raise ValueError(
                f"Neuron: expected weights of shape (D,), one per input, got {self.weights.shape}."
            )

    def __repr__(self) -> str:
        return f"Neuron(weights={self.weights.round(3).tolist()}, bias={self.bias:.3f})"

    def score(self, X: Array) -> Floats:
        """Return the weighted vote X @ weights + bias, (N,): above 0 means "yes"."""
        expect.rows("Neuron", X, self.weights.size)
        z: Floats = X @ self.weights + self.bias
        return z

    def predict(self, X: Array) -> Floats:
        """Return the probability of "yes" for each row of X: (N,), between 0 and 1."""
        return sigmoid(self.score(X))

    def decide(self, X: Array) -> Array:
        """Return 1 where "yes" is the more likely answer, else 0: (N,) whole numbers."""
        return (self.score(X) > 0).astype(np.int64)

    def loss(self, X: Array, y: Array) -> float:
        """Return the cross-entropy: the mean of -log(probability given to the right answer)."""
        z = self._checked_score(X, y)
        # log(1 + e^z) - y z: the same number, written so that log never sees a zero
        return float(np.mean(np.logaddexp(0, z) - y * z))

    def gradient(self, X: Array, y: Array) -> tuple[Floats, float]:
        """Return the loss's gradient by the weights, (D,), and by the bias, a number."""
        error = sigmoid(self._checked_score(X, y)) - y  # (N,)
        return error @ X / len(y), float(error.mean())

    def step(self, X: Array, y: Array, lr: float) -> float:
        """Take one step of gradient descent, in place; return the loss before it.

        ``lr``, the learning rate, is above 0: how far to go against the gradient.
        """
        lr = expect.number("Neuron", "lr", lr, above=0)
        before = self.loss(X, y)
        dw, db = self.gradient(X, y)
        self.weights -= lr * dw
        self.bias -= lr * db
        return before

    def _checked_score(self, X: Array, y: Array) -> Floats:
        z = self.score(X)
        expect.shape("Neuron", y, z.shape, "one target a row, shape")
        expect.batch("Neuron", y)
        if not ((y == 0) | (y == 1)).all():
            raise ValueError(f"Neuron: expected targets of 0 or 1, got values from {y.min()} to {y.max()}.")
        expect.finite("Neuron", z, "scores (look at the input)")
        return z


def perceptron_step(neuron: Neuron, x: Array, y: float) -> bool:
    """Apply Rosenblatt's rule to one sample, x (D,) with target y (0 or 1); return whether anything changed.

    Nothing happens when the decision is right. When it is wrong, the inputs are
    added to the weights ("should have said yes") or taken away ("should have said no").
    Source: Rosenblatt (1958, 1962).

    >>> neuron = Neuron([0, 0])
    >>> perceptron_step(neuron, np.array([1.0, 0.0]), 1), neuron
    (True, Neuron(weights=[1.0, 0.0], bias=1.000))
    """
    expect.array("perceptron_step", x, "the sample")
    if y not in (0, 1):
        raise ValueError(f"perceptron_step: expected a target of 0 or 1, got {y}.")
    error = y - neuron.decide(x[np.newaxis])[0]
    neuron.weights += error * x
    neuron.bias += float(error)
    return bool(error)
