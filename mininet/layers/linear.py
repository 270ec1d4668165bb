"""The fully connected layer, and the one that makes rows for it. Built in the chapter "layers"."""

import math

import numpy as np

from mininet.arrays import Floats
from mininet.init import Init, xavier
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
        weight = init(in_features, out_features, rng)
        if weight.shape != (in_features, out_features):
            raise ValueError(
                f"Linear({in_features}, {out_features}): expected starting weights of shape "
                f"({in_features}, {out_features}) from init, got {weight.shape}."
            )
        self.weight = Parameter(weight)
        self.bias = Parameter(np.zeros(out_features, dtype=weight.dtype))
        self._input: Floats | None = None

    def __repr__(self) -> str:
        n_in, n_out = self.weight.data.shape
        return f"{type(self).__name__}({n_in}, {n_out})"

    def forward(self, x: Floats) -> Floats:
        w = self.weight.data
        if x.ndim != 2 or x.shape[1] != w.shape[0]:
            hint = " Flatten the images first." if x.ndim > 2 else ""
            raise ValueError(f"{self}: expected an input of shape (N, {w.shape[0]}), got {x.shape}.{hint}")
        if x.dtype != w.dtype:
            raise TypeError(
                f"{self}: the weights are {w.dtype}, the input is {x.dtype}; "
                f"convert one: x.astype(np.{w.dtype})."
            )
        self._input = x
        out: Floats = x @ w
        out += self.bias.data
        return out

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        x, w = self._saved(self._input), self.weight.data
        self._check_shape(grad, (len(x), w.shape[1]))
        self.weight.add_gradient(x.T @ grad)  # (in, N) @ (N, out)
        self.bias.add_gradient(grad.sum(axis=0))  # (out,)
        return grad @ w.T if input_gradient else None  # (N, out) @ (out, in)


class Flatten(Layer):
    """Each sample as one row: (N, 28, 28) becomes (N, 784).

    >>> Flatten().forward(np.zeros((5, 28, 28))).shape
    (5, 784)
    """

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None

    def forward(self, x: Floats) -> Floats:
        self._shape = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        shape = self._saved(self._shape)
        self._check_shape(grad, (shape[0], math.prod(shape[1:])))
        return grad.reshape(shape)
