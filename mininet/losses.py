"""Losses, each returning its value and its gradient by the prediction. Built in the chapter "xor".

A loss is a mean over the batch, so the gradient of a batch of N carries a factor 1/N.
`binary_cross_entropy` and `cross_entropy` take *logits* (scores before the sigmoid
or softmax): fused, they never take the logarithm of a rounded zero, and
their gradient becomes simply (probability - target) / N.
`cross_entropy` is built in the chapter *Layers*.
"""

import numpy as np

from mininet.activations import log_softmax, sigmoid
from mininet.typing import Array, Floats


def mse(prediction: Floats, target: Floats) -> tuple[float, Floats]:
    """Return the mean squared error over all entries, and its gradient by the prediction.

    Both arrays have the same shape, any; the gradient has it too.

    >>> mse(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))
    (2.0, array([[0.],
           [2.]]))
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"mse: prediction {prediction.shape} and target {target.shape} differ; "
            "broadcasting them would compare every pair."
        )
    _require_batch("mse", prediction)
    error = prediction - target
    return float(np.mean(error * error)), error * (2 / error.size)


def binary_cross_entropy(logits: Floats, target: Floats) -> tuple[float, Floats]:
    """Return the mean of -log(probability of the right answer) for yes/no targets, and its gradient by the logits.

    ``logits`` and ``target`` have the same shape, any; the probability of a 1 is
    ``sigmoid(logits)`` and targets lie in [0, 1].

    >>> loss, gradient = binary_cross_entropy(np.array([0.0, 1000.0]), np.array([1.0, 1.0]))
    >>> round(loss, 4), gradient
    (0.3466, array([-0.25,  0.  ]))
    """
    if logits.shape != target.shape:
        raise ValueError(
            f"binary_cross_entropy: logits {logits.shape} and target {target.shape} differ; "
            "broadcasting them would compare every pair."
        )
    _require_batch("binary_cross_entropy", logits)
    if target.min() < 0 or target.max() > 1:
        raise ValueError(
            f"binary_cross_entropy: expected targets from 0 to 1, got {target.min()} to {target.max()}."
        )
    # -y log p - (1-y) log(1-p) with p = sigmoid(z), rewritten so that no exponent is positive
    losses = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
    return float(losses.mean()), (sigmoid(logits) - target) / logits.size


def cross_entropy(logits: Floats, labels: Array) -> tuple[float, Floats]:
    """Return the mean of -log(softmax(logits)[label]), and its gradient by the logits.

    ``logits`` is (N, C), ``labels`` is (N,) whole numbers from 0 to C - 1; the gradient
    is (N, C). Softmax and logarithm are one operation here: finite for any finite logits.

    >>> loss, gradient = cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(loss, 4), gradient
    (0.6931, array([[ 0.5, -0.5]]))
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"cross_entropy: expected logits (N, C) and labels (N,), got {logits.shape} and {labels.shape}. "
            "Labels are class numbers, not one-hot rows."
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: expected whole numbers as labels, got {labels.dtype}.")
    _require_batch("cross_entropy", logits)
    n, n_classes = logits.shape
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"cross_entropy: expected labels from 0 to {n_classes - 1}, got {labels.min()} to {labels.max()}."
        )
    rows = np.arange(n)
    log_p = log_softmax(logits)
    loss = -float(log_p[rows, labels].mean())
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    gradient *= 1 / n
    return loss, gradient


def _require_batch(name: str, prediction: Floats) -> None:
    if prediction.size == 0:
        raise ValueError(f"{name}: the batch is empty, shape {prediction.shape}; a mean over nothing has no value.")
