"""Losses, each returning its value and its gradient by the prediction. Built in the chapter "xor".

A loss is a mean over the batch, so the gradient of a batch of N carries a factor 1/N.
`binary_cross_entropy` and `cross_entropy` take *logits* (scores before the sigmoid
or softmax): fused, they never take the logarithm of a rounded zero, and
their gradient becomes simply (probability - target) / N.
`cross_entropy` is built in the chapter *Layers*.
"""

import numpy as np

from mininet.activations import sigmoid
from mininet.arrays import Array, Floats


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
    if not (target.min() >= 0 and target.max() <= 1):  # asked in this way, nan is found too
        raise ValueError(
            f"binary_cross_entropy: expected targets from 0 to 1, got {target.min()} to {target.max()}."
        )
    # -y log p - (1-y) log(1-p) with p = sigmoid(z), rewritten so that no exponent is positive
    losses = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
    return float(losses.mean()), (sigmoid(logits) - target) / logits.size


def cross_entropy(logits: Floats, labels: Array) -> tuple[float, Floats]:
    """Return the mean of -log(softmax(logits)[label]), and its gradient by the logits.

    ``logits`` is (N, C), ``labels`` is (N,) whole numbers from 0 to C - 1; the gradient
    is (N, C). Softmax and logarithm are one operation here, so that large logits cannot overflow.

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
    right = np.arange(n), labels  # of each row, the entry of its label
    shifted = logits - logits.max(axis=1, keepdims=True)
    gradient: Floats = np.exp(shifted)
    total = gradient.sum(axis=1, keepdims=True)  # (N, 1)
    loss = float(np.log(total).sum() - shifted[right].sum()) / n
    gradient /= total  # the probabilities, of which the right one gets 1 subtracted
    gradient[right] -= 1
    gradient /= n
    return loss, gradient


def _require_batch(name: str, prediction: Floats) -> None:
    if prediction.size == 0:
        raise ValueError(
            f"{name}: the batch is empty, shape {prediction.shape}; a mean over nothing has no value."
        )
