"""Batch norm, `BatchNorm1d`, and what the two halves' share. Built in the chapter "robust"."""

from typing import Any, ClassVar

import numpy as np

from mininet import expect
from mininet.arrays import Floats
from mininet.kernels import BatchNormSaved, batch_norm_backward, batch_norm_forward
from mininet.layers.layer import Layer, Parameter
from mininet.state import P, Stateful


class BatchNormState(Stateful[P]):
    """Settings, parameters and running statistics of a batch norm layer of either half."""

    buffers = ("running_mean", "running_var")
    parameter: ClassVar[Any]  # the half's class of parameters

    def __init__(self, features: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        name = type(self).__name__
        self.features = expect.whole(name, "features", features)
        self.momentum = expect.number(name, "momentum", momentum, least=0, most=1)
        # above 0: else a constant column would be divided by 0
        self.eps = expect.number(name, "eps", eps, above=0)
        self.weight: P = self.parameter(np.ones(self.features, dtype=np.float32))
        self.bias: P = self.parameter(np.zeros(self.features, dtype=np.float32))
        self.running_mean: Floats = np.zeros(self.features, dtype=np.float32)
        self.running_var: Floats = np.ones(self.features, dtype=np.float32)

    def settings(self) -> str:
        return str(self.features)

    def check_batch(self, x: Floats) -> None:
        """Refuse an input that is not (N, features) of the weights' dtype; in train mode, one of a single sample."""
        expect.rows(self.title(), x, self.features, self.weight.data.dtype)
        if self.training and len(x) < 2:
            raise ValueError(
                f"{self.title()}: expected at least two samples in train mode, got {len(x)}: the variance of one "
                "sample says nothing. Call eval() to use the network; in training choose a batch_size that leaves "
                "no last batch of one."
            )

    def move_running(self, mean: Floats, var: Floats, n: int) -> None:
        """Move the running statistics towards a batch's of ``n`` samples; ``var`` is its biased variance."""
        m = self.momentum
        self.running_mean = (1 - m) * self.running_mean + m * mean
        self.running_var = (1 - m) * self.running_var + m * (n / (n - 1)) * var


class BatchNorm1d(BatchNormState[Parameter], Layer):
    """Each of ``features`` columns brought to mean 0 and variance 1, times ``weight``, plus ``bias``; (N, features).

    In train mode the mean and the variance are those of the batch, so a sample's output depends
    on the other samples, and ``running_mean`` and ``running_var`` move towards them:
    ``running = (1 - momentum) * running + momentum * batch's``, with the unbiased variance (over
    N - 1), as in PyTorch. In eval mode the running ones are used, and a sample's output depends
    on that sample alone. ``backward`` follows the mode of the last `forward`.
    Errors: `ValueError` for another shape, or for a batch of one in train mode; `TypeError` for
    another dtype. Source: Ioffe and Szegedy (2015).

    >>> layer = BatchNorm1d(2)
    >>> layer.forward(np.array([[0, 5], [2, 7]], dtype=np.float32)).round(3)
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    >>> layer.running_mean
    array([0.1, 0.6], dtype=float32)
    """

    parameter = Parameter
    _normalization: BatchNormSaved | None = None
    _batch_statistics = True

    def forward(self, x: Floats) -> Floats:
        self.check_batch(x)
        weight, bias = self.weight.data, self.bias.data
        self._batch_statistics = self.training
        if self.training:
            out, mean, var, self._normalization = batch_norm_forward(x, weight, bias, self.eps)
            self.move_running(mean, var, len(x))
            return out
        inverse_std = 1 / np.sqrt(self.running_var + self.eps)
        normalized: Floats = (x - self.running_mean) * inverse_std
        self._normalization = BatchNormSaved(normalized, inverse_std, weight)
        return normalized * weight + bias

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        saved = self._saved(self._normalization)
        expect.gradient(self, grad, saved.normalized.shape)
        by_x, by_weight, by_bias = batch_norm_backward(grad, saved)
        self.weight.add_gradient(by_weight)
        self.bias.add_gradient(by_bias)
        # fixed statistics do not move with x: what is left is a multiplication
        return by_x if self._batch_statistics else grad * (saved.weight * saved.inverse_std)
