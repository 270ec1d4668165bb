"""Networks made of layers in a row: `Sequential` and `mlp`. Built in the chapter "layers"."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from mininet.arrays import Floats
from mininet.init import Init, xavier
from mininet.layers.activations import ReLU
from mininet.layers.layer import Layer, Parameter
from mininet.layers.linear import Linear
from mininet.state import L, Row


class Sequential(Row[Layer], Layer):
    """Layers one after the other: each one's output is the next one's input.

    Errors: `TypeError` for what is not a layer, `ValueError` for no layer or one in two places.

    >>> net = Sequential(Linear(2, 3, np.random.default_rng(0)), ReLU())
    >>> [name for name, _ in net.named_parameters()]
    ['0.weight', '0.bias']
    """

    def __init__(self, *layers: Layer) -> None:
        seen: set[int] = set()
        for i, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"Sequential: expected layers, got {layer!r:.60}. Write Sequential(a, ReLU()), no list and no "
                    "class; those of mininet.nn go into mininet.nn.Sequential."
                )
            inside = {id(part): part for part in layer.modules()}
            if twice := seen & inside.keys():
                raise ValueError(
                    f"Sequential: layer {i}, {inside[min(twice)]!r:.60}, is in the row already. "
                    "It can keep one input for its backward, so make a new one for each place."
                )
            seen |= inside.keys()
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

    def forward(self, x: Floats) -> Floats:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        # below the first layer that learns, gradients serve the input alone
        first = 0 if input_gradient else self._first_that_learns()
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

    def _first_that_learns(self) -> int:
        """Return the position of the lowest layer with a parameter not frozen; the number of layers if none has one."""
        for i, layer in enumerate(self.layers):
            # most layers have theirs at hand, and a step has no time for the walk
            own = (p for p in vars(layer).values() if isinstance(p, Parameter))
            if any(p.requires_grad for p in own) or any(p.requires_grad for p in layer.parameters()):
                return i
        return len(self.layers)


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
    return Sequential(*linear_between(sizes, Linear, activation, rng, init))


def linear_between(
    sizes: Sequence[int],
    linear: Callable[..., L],
    activation: Callable[[], L],
    rng: np.random.Generator,
    init: Init,
) -> list[L]:
    """Return the layers of an `mlp` of either half: a ``linear`` from each size to the next, activations between."""
    if not hasattr(sizes, "__len__") or len(sizes) < 2:
        raise ValueError(f"mlp: expected at least an input and an output size, got {sizes!r:.60}.")
    if hasattr(activation, "modules") and not isinstance(activation, type):
        raise TypeError(
            f"mlp: expected a class as activation, got the layer {activation!r}; leave out the ()."
        )
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [linear(fan_in, fan_out, rng, init), activation()]
    return layers[:-1]
