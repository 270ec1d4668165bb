"""Forward and backward formulas over plain arrays, shared by both halves of the course. Built in the chapter "robust".

Of each pair of functions, ``forward`` returns its output and what is saved for
``backward``, which takes the gradient by the output and what was saved.
"""

from typing import NamedTuple

import numpy as np

from mininet.arrays import Floats, column_sums


class BatchNormSaved(NamedTuple):
    """What `batch_norm_backward` needs of the forward pass."""

    normalized: Floats  # (N, F): mean 0 and variance 1 in each column
    inverse_std: Floats  # (F,): 1 / sqrt(variance + eps)
    weight: Floats  # (F,)


def batch_norm_forward(
    x: Floats, weight: Floats, bias: Floats, eps: float = 1e-5
) -> tuple[Floats, Floats, Floats, BatchNormSaved]:
    """Return (output, mean, variance, saved): each column of ``x``, (N, F), normalised, scaled and shifted.

    The mean and the variance, (F,), are those of the batch, and the variance is the biased
    one, a mean over N. ``eps`` keeps the division safe where a column is constant.
    Source: Ioffe and Szegedy (2015), algorithm 1.

    >>> x = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> out, mean, var, _ = batch_norm_forward(x, np.ones(2), np.zeros(2))
    >>> out.round(3).tolist(), mean.tolist(), var.tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [1.0, 5.0], [1.0, 0.0])
    """
    n = len(x)
    mean = column_sums(x) / n  # (F,)
    centered = x - mean
    var = column_sums(centered * centered) / n  # (F,)
    inverse_std = 1 / np.sqrt(var + eps)
    normalized = centered * inverse_std
    return normalized * weight + bias, mean, var, BatchNormSaved(normalized, inverse_std, weight)


def batch_norm_backward(grad: Floats, saved: BatchNormSaved) -> tuple[Floats, Floats, Floats]:
    """Return the gradients by ``x``, (N, F), by ``weight`` and by ``bias``, (F,), given that by the output.

    The mean and the variance are functions of ``x`` too. Their share takes two things out of
    each column of the gradient: its mean, and its component along the normalised column.

    >>> x = np.array([[0.0], [2.0], [7.0]])
    >>> _, _, _, saved = batch_norm_forward(x, np.ones(1), np.zeros(1))
    >>> batch_norm_backward(np.ones((3, 1)), saved)[0].round(6).ravel()  # a shift of all three changes nothing
    array([0., 0., 0.])
    """
    normalized, inverse_std, weight = saved
    by_bias = column_sums(grad)  # (F,)
    by_weight = column_sums(grad * normalized)  # (F,)
    n = len(grad)
    by_x = (grad - by_bias / n - normalized * (by_weight / n)) * (weight * inverse_std)
    return by_x, by_weight, by_bias


def dropout_factors(x: Floats, p: float, rng: np.random.Generator) -> Floats:
    """Return for each entry of ``x`` 0, with chance ``p``, or else 1 / (1 - p), in x's dtype."""
    # `>=`: random() may return 0 exactly, which p = 0 must let through
    passed = rng.random(x.shape, dtype=np.float32) >= p
    return passed.astype(x.dtype) / (1 - p)
