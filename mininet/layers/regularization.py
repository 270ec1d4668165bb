"""Layers that act differently in training and in use: `BatchNorm1d`, `Dropout`. Built in the chapter "robust"."""

import numpy as np

from mininet.arrays import Floats
from mininet.kernels import BatchNormKept, batch_norm_backward, batch_norm_forward, check_batch_norm
from mininet.layers.layer import Layer, Parameter


class BatchNorm1d(Layer):
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

    buffers = ("running_mean", "running_var")

    def __init__(self, features: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        check_batch_norm(features, momentum, eps)
        self.weight = Parameter(np.ones(features, dtype=np.float32))
        self.bias = Parameter(np.zeros(features, dtype=np.float32))
        self.running_mean: Floats = np.zeros(features, dtype=np.float32)
        self.running_var: Floats = np.ones(features, dtype=np.float32)
        # float(): a NumPy float64 would turn float32 arrays into float64
        self.momentum, self.eps = float(momentum), float(eps)
        self._kept: BatchNormKept | None = None
        self._batch_statistics = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.weight.data)})"

    def forward(self, x: Floats) -> Floats:
        self._check_input(x)
        weight, bias = self.weight.data, self.bias.data
        self._batch_statistics = self.training
        if self.training:
            out, mean, var, self._kept = batch_norm_forward(x, weight, bias, self.eps)
            m, n = self.momentum, len(x)
            self.running_mean = (1 - m) * self.running_mean + m * mean
            self.running_var = (1 - m) * self.running_var + m * (n / (n - 1)) * var
            return out
        inverse_std = 1 / np.sqrt(self.running_var + self.eps)
        normalized: Floats = (x - self.running_mean) * inverse_std
        self._kept = BatchNormKept(normalized, inverse_std, weight)
        return normalized * weight + bias

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        kept = self._saved(self._kept)
        self._check_shape(grad, kept.normalized.shape)
        by_x, by_weight, by_bias = batch_norm_backward(grad, kept)
        self.weight.add_gradient(by_weight)
        self.bias.add_gradient(by_bias)
        # fixed statistics do not move with x: what is left is a multiplication
        return by_x if self._batch_statistics else grad * (kept.weight * kept.inverse_std)

    def _check_input(self, x: Floats) -> None:
        features, dtype = len(self.weight.data), self.weight.data.dtype
        if x.ndim != 2 or x.shape[1] != features:
            raise ValueError(f"{self}: expected an input of shape (N, {features}), got {x.shape}.")
        if x.dtype != dtype:
            raise TypeError(
                f"{self}: the weights are {dtype}, the input is {x.dtype}; convert one: x.astype(np.{dtype})."
            )
        if self.training and len(x) < 2:
            raise ValueError(
                f"{self}: expected at least two samples in train mode, got {len(x)}: the variance of one sample "
                "says nothing. Call eval() to use the network; in training choose a batch_size that leaves no "
                "last batch of one."
            )


class Dropout(Layer):
    """In train mode each entry becomes 0 with probability ``p``, and the others are divided by 1 - p; any shape.

    The division keeps the expected value, so that in eval mode there is nothing to do: the input
    is returned (the "inverted" form, as in PyTorch). ``rng`` draws a new mask at each `forward`,
    and `backward` uses that same mask.
    Errors: `ValueError` for a p that is not from 0 to below 1, `TypeError` for no generator.
    Source: Srivastava et al. (2014).

    >>> Dropout(0.5, np.random.default_rng(0)).forward(np.ones(6))
    array([2., 2., 2., 0., 0., 0.])
    """

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: expected p, the share that is dropped, from 0 to below 1, got {p}.")
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"Dropout: expected a generator, got {rng!r}. Pass np.random.default_rng(seed).")
        self.p, self.rng = float(p), rng
        self._factors: Floats | None = None  # (1 - p)⁻¹ or 0 for each entry

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.p:g})"

    def forward(self, x: Floats) -> Floats:
        if not self.training:
            self._factors = np.ones_like(x)
            return x
        # `>=`: random() may return 0 exactly, which p = 0 must keep
        kept = self.rng.random(x.shape, dtype=np.float32) >= self.p
        self._factors = kept.astype(x.dtype) / (1 - self.p)
        return x * self._factors

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        factors = self._saved(self._factors)
        self._check_shape(grad, factors.shape)
        return grad * factors
