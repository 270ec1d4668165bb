"""Dropout, and what the two halves' share. Built in the chapter "robust"."""

import numpy as np

from mininet import expect
from mininet.arrays import Floats
from mininet.kernels import dropout_factors
from mininet.layers.layer import Layer, Parameter
from mininet.state import P, Stateful


class DropoutSettings(Stateful[P]):
    """The chance ``p``, from 0 to below 1, and the generator of a dropout layer of either half."""

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        name = type(self).__name__
        expect.generator(name, rng)
        self.p, self.rng = expect.number(name, "p, the share that is dropped,", p, least=0, below=1), rng

    def settings(self) -> str:
        return f"{self.p:g}"


class Dropout(DropoutSettings[Parameter], Layer):
    """In train mode each entry becomes 0 with probability ``p``, and the others are divided by 1 - p; any shape.

    The division keeps the expected value, so that in eval mode there is nothing to do: the input
    is returned (the "inverted" form, as in PyTorch). ``rng`` draws a new mask at each `forward`,
    and `backward` uses that same mask.
    Errors: `ValueError` for a p that is not from 0 to below 1, `TypeError` for no generator.
    Source: Srivastava et al. (2014).

    >>> Dropout(0.5, np.random.default_rng(0)).forward(np.ones(6))
    array([2., 2., 2., 0., 0., 0.])
    """

    _factors: Floats | None = None  # 1 / (1 - p), or 0, for each entry

    def forward(self, x: Floats) -> Floats:
        expect.array(self, x)
        self._factors = dropout_factors(x, self.p, self.rng) if self.training else np.ones_like(x)
        return x * self._factors if self.training else x

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        factors = self._saved(self._factors)
        expect.gradient(self, grad, factors.shape)
        return grad * factors
