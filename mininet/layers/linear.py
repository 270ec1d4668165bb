"""The fully connected layer, and the one that makes rows for it. Built in the chapter "layers"."""

import math

import numpy as np

from mininet import expect
from mininet.arrays import Floats, column_sums
from mininet.init import Init, starting_weights, xavier
from mininet.layers.layer import Layer, Parameter


class Linear(Layer):
    """A fully connected layer: ``x @ weight + bias``, (N, in_features) to (N, out_features).

    ``weight`` is (in_features, out_features) and drawn by ``init``; ``bias`` is
    (out_features,) and starts at 0. Both have the dtype that ``init`` returns: float32 in `mininet.init`.
    Errors: `ValueError` for an input, a gradient or starting weights of another shape,
    `TypeError` for an input of another dtype.

    >>> layer = Linear(3, 2, np.random.default_rng(0))
    >>> layer.forward(np.zeros((5, 3), dtype=np.float32)).shape
    (5, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, rng: np.random.Generator, init: Init = xavier
    ) -> None:
        self.weight = Parameter(starting_weights(init, in_features, out_features, rng))
        self.bias = Parameter(np.zeros(out_features, dtype=self.weight.data.dtype))
        self._input: Floats | None = None

    def settings(self) -> str:
        return "{}, {}".format(*self.weight.data.shape)

    def forward(self, x: Floats) -> Floats:
        w = self.weight.data
        expect.rows(self, x, len(w), w.dtype)
        self._input = x
        out: Floats = x @ w
        out += self.bias.data
        return out

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        x, w = self._saved(self._input), self.weight.data
        expect.gradient(self, grad, (len(x), w.shape[1]))
        if self.weight.requires_grad:
            self.weight.add_gradient(x.T @ grad)  # (in, N) @ (N, out)
        if self.bias.requires_grad:
            self.bias.add_gradient(column_sums(grad))  # (out,)
        return grad @ w.T if input_gradient else None  # (N, out) @ (out, in)


class Flatten(Layer):
    """Each sample as one row: (N, 28, 28) becomes (N, 784).

    >>> Flatten().forward(np.zeros((5, 28, 28))).shape
    (5, 784)
    """

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None

    def forward(self, x: Floats) -> Floats:
        expect.array(self, x)
        self._shape = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        shape = self._saved(self._shape)
        expect.gradient(self, grad, (shape[0], math.prod(shape[1:])))
        return grad.reshape(shape)
