"""Layers with ``forward`` and ``backward`` by hand, and networks made of them. Built in the chapter "layers".

A layer maps a batch ``x`` to an output. ``backward`` takes the loss's gradient by
that output, leaves the gradient of each parameter in ``.grad``, and returns the
gradient by ``x``, which is what the layer below needs. Rows are samples, and the
gradient by an array has that array's shape. A layer keeps what ``backward`` needs
of its last ``forward`` only, so it has one place in a network.
The softmax and its loss are one function, `mininet.losses.cross_entropy`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from mininet.activations import relu, relu_derivative, sigmoid, sigmoid_derivative, tanh, tanh_derivative
from mininet.init import Init, xavier
from mininet.typing import Array, Floats

Kept = TypeVar("Kept")


class Parameter:
    """An array that training changes: ``data``, and its gradient ``grad`` (None before a backward pass).

    Both have the same shape and dtype.
    """

    __slots__ = ("data", "grad")  # a misspelt attribute is an error

    def __init__(self, data: Floats) -> None:
        self.data = data
        self.grad: Floats | None = None

    def add_gradient(self, gradient: Floats) -> None:
        """Add to ``grad``: backward passes add up until it is set to None. Errors: `ValueError` if shapes differ."""
        if gradient.shape != self.data.shape:
            raise ValueError(
                f"Parameter: expected a gradient of the parameter's shape {self.data.shape}, got {gradient.shape}."
            )
        self.grad = gradient if self.grad is None else self.grad + gradient


class Layer:
    """What every layer has. A layer of your own defines `forward` and `backward`; the rest is inherited.

    Attributes that are a `Parameter`, or a layer with parameters, are found by themselves.
    """

    def forward(self, x: Floats) -> Floats:
        """Return the output for a batch ``x``, samples first; keep what `backward` will need."""
        raise NotImplementedError

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        """Take the gradient by the output; add those by the parameters; return the one by the input.

        ``grad`` has the output's shape, the returned gradient the input's. With
        ``input_gradient=False`` nobody needs the latter: a layer may skip it and return None.
        Errors: `RuntimeError` before any `forward`, `ValueError` for a gradient of another shape.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __call__(self, x: Floats) -> Floats:
        return self.forward(x)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield (name, parameter) in the order in which the layer defines them; "inner.weight" for a layer in it."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield name, value
            elif isinstance(value, Layer):
                yield from ((f"{name}.{inner}", p) for inner, p in value.named_parameters())

    def parameters(self) -> list[Parameter]:
        """Return all parameters, in order: what an optimiser wants."""
        return [p for _, p in self.named_parameters()]

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters, in place, drop their gradients, return the layer: float64 for checks."""
        for p in self.parameters():
            p.data, p.grad = p.data.astype(dtype), None
        return self

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters by name."""
        return {name: p.data.copy() for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Copy the arrays in, drop gradients; names and shapes must fit, else `ValueError` and nothing is changed."""
        mine = dict(self.named_parameters())
        problems = [f"missing '{name}'" for name in mine if name not in state]
        problems += [f"unexpected '{name}'" for name in state if name not in mine]
        problems += [
            f"'{name}' is {p.data.shape} here and {np.shape(state[name])} in the given state"
            for name, p in mine.items()
            if name in state and np.shape(state[name]) != p.data.shape
        ]
        if problems:
            raise ValueError(f"load_state_dict: {'; '.join(problems)}.")
        for name, p in mine.items():
            p.data, p.grad = np.array(state[name], dtype=p.data.dtype), None

    def _saved(self, kept: Kept | None) -> Kept:
        """Return what `forward` kept, or say that it was not called."""
        if kept is None:
            raise RuntimeError(f"{self}.backward: call forward() first; backward uses what it kept.")
        return kept

    def _check_shape(self, grad: Floats, shape: tuple[int, ...]) -> None:
        """Refuse a gradient that is not of the output's shape; NumPy might broadcast it."""
        if grad.shape != shape:
            raise ValueError(
                f"{self}.backward: expected a gradient of the output's shape {shape}, got {grad.shape}."
            )


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


class Sigmoid(Layer):
    """The sigmoid, 1 / (1 + exp(-x)), elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        self._output = sigmoid(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        self._check_shape(grad, out.shape)
        return grad * sigmoid_derivative(out)


class Tanh(Layer):
    """The hyperbolic tangent, elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        self._output = tanh(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        self._check_shape(grad, out.shape)
        return grad * tanh_derivative(out)


class ReLU(Layer):
    """max(x, 0), elementwise, any shape; the slope at 0 is taken to be 0."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        self._output = relu(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        self._check_shape(grad, out.shape)
        return grad * relu_derivative(out)


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


class Sequential(Layer):
    """Layers one after the other: each one's output is the next one's input.

    Errors: `TypeError` for what is not a layer, `ValueError` for no layer or one in two places.

    >>> net = Sequential(Linear(2, 3, np.random.default_rng(0)), ReLU())
    >>> [name for name, _ in net.named_parameters()]
    ['0.weight', '0.bias']
    """

    def __init__(self, *layers: Layer) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"Sequential: expected layers, got {type(layer).__name__}. "
                    "Write Sequential(a, b), not a list."
                )
            if any(layer is other for other in layers[:i]):
                raise ValueError(
                    f"Sequential: layer {i}, {layer!r}, is in the row already. "
                    "It can keep one input for its backward, so make a new one for each place."
                )
        if not layers:
            raise ValueError("Sequential: expected at least one layer, got none.")
        self.layers = list(layers)

    def __repr__(self) -> str:
        rows = [
            f"  {i}: {layer!r:<20} {count:>9,} parameters" for i, (layer, count) in enumerate(self._counts())
        ]
        total = sum(count for _, count in self._counts())
        return "\n".join(["Sequential(", *rows, f")  {total:,} parameters in all"])

    def _counts(self) -> list[tuple[Layer, int]]:
        return [(layer, sum(p.data.size for p in layer.parameters())) for layer in self.layers]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Layer:
        return self.layers[i]

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        for i, layer in enumerate(self.layers):
            for name, p in layer.named_parameters():
                yield f"{i}.{name}", p

    def forward(self, x: Floats) -> Floats:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        # below the first layer with parameters, gradients serve the input alone
        first = 0 if input_gradient else self._first_with_parameters()
        for i in range(len(self.layers) - 1, first - 1, -1):
            needed = input_gradient or i > first
            below = self.layers[i].backward(grad, needed)
            if not needed:
                return None
            if below is None:
                raise TypeError(
                    f"Sequential: layer {i}, {self.layers[i]!r}, returned None from backward; "
                    "expected the gradient by its input."
                )
            grad = below
        return grad if input_gradient else None

    def _first_with_parameters(self) -> int:
        """Return the position of the lowest layer that learns; the number of layers if none does."""
        return next((i for i, layer in enumerate(self.layers) if layer.parameters()), len(self.layers))


def mlp(
    sizes: Sequence[int],
    rng: np.random.Generator,
    activation: type[Layer] = ReLU,
    init: Init = xavier,
) -> Sequential:
    """Return a multilayer perceptron: Linear layers between ``sizes``, an activation after each but the last.

    ``sizes`` counts the inputs, the units of each hidden layer, and the outputs, which are
    logits: (N, sizes[0]) to (N, sizes[-1]), float32. ``init`` draws the weights of every `Linear`;
    for a deep network of ReLUs take `mininet.init.kaiming`.
    Errors: `ValueError` for fewer than two sizes, or one below 1.

    >>> len(mlp([784, 30, 30, 10], np.random.default_rng(0), Sigmoid).parameters())
    6
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: expected at least an input and an output size, got {list(sizes)}.")
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, rng, init), activation()]
    return Sequential(*layers[:-1])
