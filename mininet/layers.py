"""Layers with ``forward`` and ``backward`` by hand, and networks made of them. Built in the chapter "layers".

A layer maps a batch ``x`` to an output. ``backward`` takes the loss's gradient by
that output, leaves the gradient of each parameter in ``.grad``, and returns the
gradient by ``x``, which is what the layer below needs. Rows are samples.
The softmax and its loss are one function, `mininet.losses.cross_entropy`.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from mininet.activations import relu, relu_derivative, sigmoid, sigmoid_derivative, tanh, tanh_derivative
from mininet.init import Init, xavier
from mininet.typing import Array, Floats


class Parameter:
    """An array that training changes: ``data``, and its gradient ``grad`` (None before a backward pass)."""

    __slots__ = ("data", "grad")  # a misspelt attribute is an error

    def __init__(self, data: Floats) -> None:
        self.data = data
        self.grad: Floats | None = None

    def add_gradient(self, gradient: Floats) -> None:
        """Add to the gradient: two backward passes without `zero_grad` between them sum up."""
        self.grad = gradient if self.grad is None else self.grad + gradient


class Layer:
    """What every layer has. A layer of your own defines `forward` and `backward`; the rest is inherited."""

    def forward(self, x: Floats) -> Floats:
        """Return the output for a batch; keep what `backward` will need."""
        raise NotImplementedError

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        """Take the gradient by the output; return the one by the input, or None if it is not asked for."""
        raise NotImplementedError

    def __call__(self, x: Floats) -> Floats:
        return self.forward(x)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield (name, parameter) in the order in which the layer defines them."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield name, value

    def parameters(self) -> list[Parameter]:
        """Return all parameters, in order: what an optimiser wants."""
        return [p for _, p in self.named_parameters()]

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters, in place, and return the layer: float64 for checking gradients."""
        for p in self.parameters():
            p.data, p.grad = p.data.astype(dtype), None
        return self

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters by name."""
        return {name: p.data.copy() for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Copy the arrays in; names and shapes must all fit, else `ValueError` and nothing is changed."""
        mine = dict(self.named_parameters())
        problems = [f"missing '{name}'" for name in mine if name not in state]
        problems += [f"unexpected '{name}'" for name in state if name not in mine]
        problems += [
            f"'{name}' is {p.data.shape} here and {np.shape(state[name])} in the file"
            for name, p in mine.items()
            if name in state and np.shape(state[name]) != p.data.shape
        ]
        if problems:
            raise ValueError(f"load_state_dict: {'; '.join(problems)}.")
        for name, p in mine.items():
            p.data = np.array(state[name], dtype=p.data.dtype)

    def _saved(self, array: Floats | None) -> Floats:
        """Return what `forward` kept, or say that it was not called."""
        if array is None:
            raise RuntimeError(f"{self}.backward: call forward() first; backward uses what it kept.")
        return array


class Linear(Layer):
    """A fully connected layer: ``x @ weight + bias``, (N, in_features) to (N, out_features).

    ``weight`` is (in_features, out_features) and drawn by ``init``; ``bias`` is
    (out_features,) and starts at 0. float32.

    >>> layer = Linear(3, 2, np.random.default_rng(0))
    >>> layer.forward(np.zeros((5, 3), dtype=np.float32)).shape
    (5, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, rng: np.random.Generator, init: Init = xavier
    ) -> None:
        self.weight = Parameter(init(in_features, out_features, rng))
        self.bias = Parameter(np.zeros(out_features, dtype=self.weight.data.dtype))
        self._input: Floats | None = None

    def __repr__(self) -> str:
        return f"Linear({', '.join(map(str, self.weight.data.shape))})"

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
        x = self._saved(self._input)
        if grad.shape != (len(x), self.weight.data.shape[1]):
            raise ValueError(
                f"{self}.backward: expected a gradient of the output's shape "
                f"{(len(x), self.weight.data.shape[1])}, got {grad.shape}."
            )
        self.weight.add_gradient(x.T @ grad)  # (in, N) @ (N, out)
        self.bias.add_gradient(grad.sum(axis=0))  # (out,)
        return grad @ self.weight.data.T if input_gradient else None  # (N, out) @ (out, in)


class Sigmoid(Layer):
    """The sigmoid, elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def __repr__(self) -> str:
        return "Sigmoid()"

    def forward(self, x: Floats) -> Floats:
        self._output = sigmoid(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        return grad * sigmoid_derivative(self._saved(self._output))


class Tanh(Layer):
    """The hyperbolic tangent, elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def __repr__(self) -> str:
        return "Tanh()"

    def forward(self, x: Floats) -> Floats:
        self._output = tanh(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        return grad * tanh_derivative(self._saved(self._output))


class ReLU(Layer):
    """max(x, 0), elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def __repr__(self) -> str:
        return "ReLU()"

    def forward(self, x: Floats) -> Floats:
        self._output = relu(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        return grad * relu_derivative(self._saved(self._output))


class Flatten(Layer):
    """Each sample as one row: (N, 28, 28) becomes (N, 784)."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        return "Flatten()"

    def forward(self, x: Floats) -> Floats:
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        if self._shape is None:
            raise RuntimeError("Flatten().backward: call forward() first; backward uses what it kept.")
        return grad.reshape(self._shape)


class Sequential(Layer):
    """Layers one after the other: each one's output is the next one's input.

    >>> net = Sequential(Linear(2, 3, np.random.default_rng(0)), ReLU())
    >>> [name for name, _ in net.named_parameters()]
    ['0.weight', '0.bias']
    """

    def __init__(self, *layers: Layer) -> None:
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"Sequential: expected layers, got {type(layer).__name__}. "
                    "Write Sequential(a, b), not a list."
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
        last = 0 if input_gradient else self._first_with_parameters()
        for i in range(len(self.layers) - 1, last - 1, -1):
            below = self.layers[i].backward(grad, input_gradient or i > last)
            if below is None:
                return None
            grad = below
        return grad if input_gradient else None

    def _first_with_parameters(self) -> int:
        return next((i for i, layer in enumerate(self.layers) if layer.parameters()), len(self.layers))


def mlp(
    sizes: Sequence[int],
    rng: np.random.Generator,
    activation: type[Layer] = ReLU,
    init: Init = xavier,
) -> Sequential:
    """Return a multilayer perceptron: Linear layers between ``sizes``, an activation after each but the last.

    The outputs are logits. Any depth and width; float32.

    >>> len(mlp([784, 30, 30, 10], np.random.default_rng(0), Sigmoid).parameters())
    6
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: expected at least an input and an output size, got {list(sizes)}.")
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, rng, init), activation()]
    return Sequential(*layers[:-1])
