"""Layers on autograd, and networks made of them. Built in the chapter "framework"."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from mininet import functional as F
from mininet.arrays import Floats
from mininet.init import Init, xavier
from mininet.kernels import check_batch_norm
from mininet.nn.module import Module, Parameter
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
        weight = init(in_features, out_features, rng)
        self.weight = Parameter(weight)
        self.bias = Parameter(np.zeros(out_features, dtype=weight.dtype))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def settings(self) -> str:
        return "{}, {}".format(*self.weight.shape)


class BatchNorm1d(Module):
    """Each of ``features`` columns to mean 0 and variance 1, times ``weight``, plus ``bias``; (N, features).

    Train and eval mode, running statistics and errors as in `mininet.layers.BatchNorm1d`.
    """

    buffers = ("running_mean", "running_var")

    def __init__(self, features: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        check_batch_norm(features, momentum, eps)
        self.weight = Parameter(np.ones(features, dtype=np.float32))
        self.bias = Parameter(np.zeros(features, dtype=np.float32))
        self.running_mean: Floats = np.zeros(features, dtype=np.float32)
        self.running_var: Floats = np.ones(features, dtype=np.float32)
        self.momentum, self.eps = float(momentum), float(eps)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 2 or x.shape[1] != self.weight.size:  # (N, 1) would be broadcast
            raise ValueError(
                f"BatchNorm1d: expected an input of shape (N, {self.weight.size}), got {x.shape}."
            )
        if not self.training:
            inverse_std = 1 / np.sqrt(self.running_var + self.eps)
            normalized: Tensor = (x - self.running_mean) * inverse_std
            return normalized * self.weight + self.bias
        out, mean, var = F.batch_norm(x, self.weight, self.bias, self.eps)
        m, n = self.momentum, len(x)
        self.running_mean = (1 - m) * self.running_mean + m * mean
        self.running_var = (1 - m) * self.running_var + m * (n / (n - 1)) * var
        return out

    def settings(self) -> str:
        return str(self.weight.size)


class Dropout(Module):
    """In train mode each entry becomes 0 with chance ``p``, the others are divided by 1 - p; in eval mode, nothing."""

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: expected p, the share that is dropped, from 0 to below 1, got {p}.")
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"Dropout: expected a generator, got {rng!r}. Pass np.random.default_rng(seed).")
        self.p, self.rng = float(p), rng

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.p, self.rng, self.training)

    def settings(self) -> str:
        return f"{self.p:g}"


class ReLU(Module):
    """max(x, 0), elementwise."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class LeakyReLU(Module):
    """x where it is positive, ``slope * x`` elsewhere."""

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = float(slope)

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
        return x.reshape(len(x), math.prod(x.shape[1:]))  # not -1, which an empty batch leaves open


class Sequential(Module):
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
                    f"Sequential: expected modules, got {type(module).__name__}. "
                    "Write Sequential(a, b), not a list; layers with a backward by hand stay in mininet.layers."
                )
        self.layers = list(modules)

    def forward(self, x: Tensor) -> Tensor:
        for module in self.layers:
            x = module.forward(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]

    def _fields(self) -> Mapping[str, object]:
        others = {name: value for name, value in vars(self).items() if name != "layers"}
        return {str(i): module for i, module in enumerate(self.layers)} | others


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
    if len(sizes) < 2:
        raise ValueError(f"mlp: expected at least an input and an output size, got {list(sizes)}.")
    modules: list[Module] = []
    for fan_in, fan_out in pairwise(sizes):
        modules += [Linear(fan_in, fan_out, rng, init), activation()]
    return Sequential(*modules[:-1])
