"""Networks made of layers in a row: `Sequential` and `mlp`. Built in the chapter "layers"."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from mininet.arrays import Floats
from mininet.init import Init, xavier
from mininet.layers.activations import ReLU
from mininet.layers.layer import Layer
from mininet.layers.linear import Linear


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

    def _fields(self) -> Iterable[tuple[str, object]]:
        return ((str(i), layer) for i, layer in enumerate(self.layers))

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

    >>> len(mlp([784, 30, 30, 10], np.random.default_rng(0)).parameters())
    6
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: expected at least an input and an output size, got {list(sizes)}.")
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, rng, init), activation()]
    return Sequential(*layers[:-1])
