"""Losses, each returning its value and its gradient by the prediction. Built in the chapter "xor".

A loss is a mean over the batch, so the gradient of a batch of N carries a factor 1/N.
`binary_cross_entropy_with_logits` and `cross_entropy` take *logits* (scores before the
sigmoid or softmax): fused, they never take the logarithm of a rounded zero, and
their gradient becomes simply (probability - target) / N. Names are PyTorch's, but for
`mse`, which is called ``mse_loss`` there.
Errors of all: `TypeError` for what are no floats of one dtype, `ValueError` for shapes, labels or targets
that do not fit and for an empty batch.
`cross_entropy` is built in the chapter *Layers*.
"""

from collections.abc import Callable

import numpy as np

from mininet import expect
from mininet.activations import sigmoid
from mininet.arrays import Array, Floats

Loss = Callable[[Floats, Array], tuple[float, Floats]]


def checked(where: str, loss: Loss) -> Loss:
    """Return the loss, one of your own perhaps, whose answers are looked at."""

    if not callable(loss):
        raise TypeError(f"{where}: expected a loss, such as mininet.losses.mse, got {loss!r:.60}.")

    def measured(outputs: Floats, y: Array) -> tuple[float, Floats]:
        answer = loss(outputs, y)
        if not isinstance(answer, tuple) or len(answer) != 2 or np.shape(answer[0]) != ():
            raise TypeError(
                f"{where}: expected the loss to return a number and its gradient by the outputs, (value, gradient), "
                f"got {answer!r:.60}."
            )
        expect.shape(where, answer[1], outputs.shape, "of the loss a gradient by the outputs, of shape")
        return float(answer[0]), answer[1]

    return measured


def mse(prediction: Floats, target: Floats) -> tuple[float, Floats]:
    """Return the mean squared error over all entries, and its gradient by the prediction.

    Both arrays have the same shape, any; the gradient has it too.

    >>> mse(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))
    (2.0, array([[0.],
           [2.]]))
    """
    expect.pair("mse", prediction, target)
    error = prediction - target
    return float(np.mean(error * error)), error * (2 / error.size)


def binary_cross_entropy_with_logits(logits: Floats, target: Floats) -> tuple[float, Floats]:
    """Return the mean of -log(probability of the right answer) for yes/no targets, and its gradient by the logits.

    ``logits`` and ``target`` have the same shape, any; the probability of a 1 is
    ``sigmoid(logits)`` and targets lie in [0, 1].

    >>> loss, gradient = binary_cross_entropy_with_logits(np.array([0.0, 1000.0]), np.array([1.0, 1.0]))
    >>> round(loss, 4), gradient
    (0.3466, array([-0.25,  0.  ]))
    """
    expect.pair("binary_cross_entropy_with_logits", logits, target)
    expect.between("binary_cross_entropy_with_logits", target, 0, 1, "targets")
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
    expect.scores("cross_entropy", logits, labels)
    n = len(labels)
    right = np.arange(n), labels  # of each row, the entry of its label
    shifted = logits - logits.max(axis=1, keepdims=True)
    gradient: Floats = np.exp(shifted)
    total = gradient.sum(axis=1, keepdims=True)  # (N, 1)
    loss = float(np.log(total).sum() - shifted[right].sum()) / n
    gradient /= total  # the probabilities, of which the right one gets 1 subtracted
    gradient[right] -= 1
    gradient /= n
    return loss, gradient
