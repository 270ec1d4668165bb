"""Layers on autograd, and networks made of them. Built in the chapter "framework"."""

import math
from collections.abc import Sequence

import numpy as np

from mininet import expect
from mininet import functional as F
from mininet.init import Init, starting_weights, xavier
from mininet.layers.batch_norm import BatchNormState
from mininet.layers.dropout import DropoutSettings
from mininet.layers.sequential import linear_between
from mininet.nn.module import Module, Parameter
from mininet.state import Row
from mininet.tensor import Tensor


class Linear(Module):
    """A fully connected layer: ``x @ weight + bias``, (N, in_features) to (N, out_features).

    ``weight``, (in_features, out_features), is drawn by ``init``; ``bias``, (out_features,), starts at 0.

    >>> Linear(784, 30, np.random.default_rng(0))
    Linear(784, 30), weight (784, 30), bias (30,): 23,550 parameters
    """

    def __init__(
        self, in_features: int, out_features: int, rng: np.random.Generator, init: Init = xavier
    ) -> None:
        self.weight = Parameter(starting_weights(init, in_features, out_features, rng))
        self.bias = Parameter(np.zeros(out_features, dtype=self.weight.dtype))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def settings(self) -> str:
        return "{}, {}".format(*self.weight.shape)


class BatchNorm1d(BatchNormState[Tensor], Module):
    """Each of ``features`` columns to mean 0 and variance 1, times ``weight``, plus ``bias``; (N, features).

    Train and eval mode, running statistics and errors as in `mininet.layers.BatchNorm1d`.
    """

    parameter = Parameter

    def forward(self, x: Tensor) -> Tensor:
        expect.tensor(self.title(), x)
        self.check_batch(x.data)
        if not self.training:
            inverse_std = 1 / np.sqrt(self.running_var + self.eps)
            normalized: Tensor = (x - self.running_mean) * inverse_std
            return normalized * self.weight + self.bias
        out, mean, var = F.batch_norm(x, self.weight, self.bias, self.eps)
        self.move_running(mean, var, len(x))
        return out


class Dropout(DropoutSettings[Tensor], Module):
    """In train mode each entry becomes 0 with chance ``p``, the others are divided by 1 - p; in eval mode, nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.p, self.rng, self.training)


class ReLU(Module):
    """max(x, 0), elementwise."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class LeakyReLU(Module):
    """x where it is positive, ``slope * x`` elsewhere."""

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = expect.number("LeakyReLU", "slope", slope)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.slope)

    def settings(self) -> str:
        return f"{self.slope:g}"


class Sigmoid(Module):
    """1 / (1 + exp(-x)), elementwise."""

    def forward(self, x: Tensor) -> Tensor:
        return F.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent, elementwise."""

    def forward(self, x: Tensor) -> Tensor:
        return F.tanh(x)


class Flatten(Module):
    """Each sample as one row: (N, 28, 28) becomes (N, 784)."""

    def forward(self, x: Tensor) -> Tensor:
        expect.tensor("Flatten", x)
        return x.reshape(len(x), math.prod(x.shape[1:]))  # not -1, which an empty batch leaves open


class Sequential(Row[Module], Module):
    """Modules one after the other: each one's output is the next one's input; they are named "0", "1", ….

    Errors: `TypeError` for what is not a module, `ValueError` for none at all.

    >>> Sequential(Linear(2, 3, np.random.default_rng(0)), ReLU())
    Sequential: 9 parameters
      0: Linear(2, 3), weight (2, 3), bias (3,): 9 parameters
      1: ReLU()
    """

    def __init__(self, *modules: Module) -> None:
        if not modules:
            raise ValueError("Sequential: expected at least one module, got none.")
        for module in modules:
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: expected modules, got {module!r:.60}. Write Sequential(a, ReLU()), no list and no "
                    "class; those of mininet.layers go into mininet.layers.Sequential."
                )
        self.layers = list(modules)

    def forward(self, x: Tensor) -> Tensor:
        for module in self.layers:
            x = module.forward(x)
        return x


def mlp(
    sizes: Sequence[int],
    rng: np.random.Generator,
    activation: type[Module] = ReLU,
    init: Init = xavier,
) -> Sequential:
    """Return a multilayer perceptron, as `mininet.layers.mlp` does; from one seed both have the same weights.

    >>> len(mlp([784, 30, 30, 10], np.random.default_rng(0), Sigmoid).parameters())
    6
    """
    return Sequential(*linear_between(sizes, Linear, activation, rng, init))
