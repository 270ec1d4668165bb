"""Forward and backward formulas over plain arrays, shared by both halves of the course. Built in the chapter "robust".

Each is a pair of functions: ``forward`` returns its output and what it kept, and
``backward`` takes the gradient by the output and what was kept.
"""

from typing import NamedTuple

import numpy as np

from mininet.arrays import Floats


class BatchNormKept(NamedTuple):
    """What `batch_norm_backward` needs of the forward pass."""

    normalized: Floats  # (N, F): mean 0 and variance 1 in each column
    inverse_std: Floats  # (F,): 1 / sqrt(variance + eps)
    weight: Floats  # (F,)


def check_batch_norm(features: int, momentum: float, eps: float) -> None:
    """Refuse impossible settings of a batch norm layer, in either half of the course: `ValueError`."""
    if features < 1:
        raise ValueError(f"BatchNorm1d: expected at least one feature, got {features}.")
    if not 0 <= momentum <= 1:
        raise ValueError(f"BatchNorm1d: expected a momentum from 0 to 1, got {momentum}.")
    if not 0 < eps < np.inf:  # a constant column would be divided by 0
        raise ValueError(f"BatchNorm1d: expected a positive eps, got {eps}.")


def batch_norm_forward(
    x: Floats, weight: Floats, bias: Floats, eps: float = 1e-5
) -> tuple[Floats, Floats, Floats, BatchNormKept]:
    """Return (output, mean, variance, kept): each column of ``x``, (N, F), normalised, scaled and shifted.

    The mean and the variance, (F,), are those of the batch, and the variance is the biased
    one, a mean over N. ``eps`` keeps the division safe where a column is constant.
    Source: Ioffe and Szegedy (2015), algorithm 1.

    >>> x = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> out, mean, var, _ = batch_norm_forward(x, np.ones(2), np.zeros(2))
    >>> out.round(3).tolist(), mean.tolist(), var.tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [1.0, 5.0], [1.0, 0.0])
    """
    mean = x.mean(axis=0)  # (F,)
    centered = x - mean
    var = (centered * centered).mean(axis=0)  # (F,)
    inverse_std = 1 / np.sqrt(var + eps)
    normalized = centered * inverse_std
    return normalized * weight + bias, mean, var, BatchNormKept(normalized, inverse_std, weight)


def batch_norm_backward(grad: Floats, kept: BatchNormKept) -> tuple[Floats, Floats, Floats]:
    """Return the gradients by ``x``, (N, F), by ``weight`` and by ``bias``, (F,), given that by the output.

    The mean and the variance are functions of ``x`` too. Their share takes two things out of
    each column of the gradient: its mean, and its component along the normalised column.

    >>> x = np.array([[0.0], [2.0], [7.0]])
    >>> _, _, _, kept = batch_norm_forward(x, np.ones(1), np.zeros(1))
    >>> batch_norm_backward(np.ones((3, 1)), kept)[0].round(6).ravel()  # a shift of all three changes nothing
    array([0., 0., 0.])
    """
    normalized, inverse_std, weight = kept
    by_bias = grad.sum(axis=0)  # (F,)
    by_weight = (grad * normalized).sum(axis=0)  # (F,)
    n = len(grad)
    by_x = (grad - by_bias / n - normalized * (by_weight / n)) * (weight * inverse_std)
    return by_x, by_weight, by_bias
