"""Between the halves: autograd networks on arrays, gradients side by side. Built in the chapter "framework"."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

import numpy as np

from mininet import gradcheck
from mininet.arrays import Array, Floats
from mininet.layers import Layer
from mininet.losses import cross_entropy
from mininet.nn.layers import Sequential
from mininet.nn.module import Module
from mininet.tensor import Tensor, record

Loss = Callable[[Floats, Array], tuple[float, Floats]]


class OnArrays:
    """A module with arrays on both sides, ``forward(x)`` and ``backward(grad)``: what `fit` and the attacks work with.

    ``backward`` takes the loss's gradient by the output and leaves the parameters' gradients in
    their ``grad``. With ``input_gradient=True`` it also returns the gradient by the input, which
    attacks need and training does not, so it is not recorded unless asked for here.
    Errors: `RuntimeError` for `backward` before `forward`, or for an input gradient that was not asked for.

    >>> from mininet.nn import Linear
    >>> net = OnArrays(Linear(3, 2, np.random.default_rng(0)))
    >>> out = net.forward(np.ones((5, 3), dtype=np.float32))
    >>> net.backward(np.ones_like(out), input_gradient=False)
    >>> net.module.bias.grad
    array([5., 5.], dtype=float32)
    """

    def __init__(self, module: Module, input_gradient: bool = False) -> None:
        self.module, self.input_gradient = module, input_gradient
        self._input: Tensor | None = None
        self._output: Tensor | None = None

    @property
    def layers(self) -> "list[OnArrays]":
        """Each module of a `Sequential`, on arrays: where a NaN began is found by walking through them."""
        # other modules may have a list of that name and do more in their forward than walk through it
        inner = self.module.layers if isinstance(self.module, Sequential) else None
        return [self] if inner is None else [OnArrays(module) for module in inner]

    def forward(self, x: Floats) -> Floats:
        self._input = Tensor(x, requires_grad=self.input_gradient)
        given = self._input
        if self.input_gradient:
            # a result and no leaf: a module that keeps its input in an attribute has not gained a parameter
            given = record("input", given.data, (given,), lambda g: (g,))
        self._output = self.module(given)
        if not isinstance(self._output, Tensor):
            raise TypeError(
                f"{type(self.module).__name__}.forward: expected it to return a tensor, "
                f"got {type(self._output).__name__}. Does it end with return?"
            )
        return self._output.data

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        if self._input is None or self._output is None:
            raise RuntimeError(f"{self!r}.backward: call forward() first; backward uses what it recorded.")
        if input_gradient and not self.input_gradient:
            raise RuntimeError(
                "OnArrays.backward: the gradient by the input was not recorded. "
                "Make it OnArrays(module, input_gradient=True), or call backward(grad, input_gradient=False)."
            )
        self._output.backward(grad)
        return self._input.grad if input_gradient else None

    def train(self) -> Self:
        self.module.train()
        return self

    def eval(self) -> Self:
        self.module.eval()
        return self

    def modules(self) -> Iterator[Module]:
        return self.module.modules()

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        return self.module.named_parameters()

    def parameters(self) -> list[Tensor]:
        return self.module.parameters()

    def __repr__(self) -> str:
        return repr(self.module)


def compare(
    hand: Layer, auto: Module, x: Floats, y: Array, loss: Loss = cross_entropy, samples: int = 10
) -> gradcheck.Comparison:
    """Compare the gradients of a hand-written net and an autograd net of the same weights; `print` it for a table.

    A row for the input, (N, ...), and for each parameter: is it exactly the same, is it close, the
    largest difference, and, as a third opinion, the largest difference of autograd's gradient to
    nudging (in float64, at ``samples`` entries of each, drawn with a fixed seed). Both nets run in the mode
    they are in. In train mode dropout draws a new mask at each forward pass: the nets have the same one only
    while their generators are in the same state, and nudging has others, so put dropout into eval mode.
    The parameters' ``grad`` are overwritten.
    Errors: `KeyError` if the nets have not the same parameters, `ValueError` if these are not equal.
    """
    ours, theirs = hand.state_dict(), auto.state_dict()
    unequal = [k for k in ours if k in theirs and not np.array_equal(ours[k], theirs[k])]
    if unequal:
        raise ValueError(
            f"compare: the nets differ in {', '.join(unequal)}; first auto.load_state_dict(hand.state_dict())."
        )
    by_hand = _gradients_by_hand(hand, x, y, loss)
    recorded = _recorded_gradients(auto, x, y, loss)
    table = gradcheck.compare(recorded, by_hand)
    nudged = _distance_from_nudging(hand, x, y, loss, recorded, samples)
    return gradcheck.Comparison(replace(row, nudged=nudged[row.name]) for row in table)


def _gradients_by_hand(hand: Layer, x: Floats, y: Array, loss: Loss) -> dict[str, Floats]:
    for p in hand.parameters():
        p.grad = None
    by_input = hand.backward(loss(hand.forward(x), y)[1])
    return _named(by_input, hand)


def _recorded_gradients(auto: Module, x: Floats, y: Array, loss: Loss) -> dict[str, Floats]:
    for p in auto.parameters():
        p.grad = None
    net = OnArrays(auto, input_gradient=True)
    by_input = net.backward(loss(net.forward(x), y)[1])
    return _named(by_input, auto)


def _named(by_input: Floats | None, net: Layer | Module) -> dict[str, Floats]:
    gradients = {"input": by_input} | {name: p.grad for name, p in net.named_parameters()}
    missing = [name for name, gradient in gradients.items() if gradient is None]
    if missing:
        raise gradcheck.GradientError(f"compare: backward left no gradient for {', '.join(missing)}.")
    return {name: gradient for name, gradient in gradients.items() if gradient is not None}


def _distance_from_nudging(
    hand: Layer, x: Floats, y: Array, loss: Loss, gradients: dict[str, Floats], samples: int
) -> dict[str, float]:
    """Return, for each gradient, its largest distance from central differences at a few entries."""
    twin, wide = copy.deepcopy(hand).astype(np.float64), x.astype(np.float64, order="C")
    for p in twin.parameters():
        p.data = np.ascontiguousarray(p.data)
    places = {"input": wide} | {name: p.data for name, p in twin.named_parameters()}
    rng = np.random.default_rng(0)
    distances = {}
    for name, array in places.items():
        # flat is a view, since all of them are contiguous: nudging it nudges the net
        flat, gradient = array.reshape(-1), gradients[name].reshape(-1)
        chosen = rng.choice(flat.size, min(samples, flat.size), replace=False)
        before = flat[chosen]

        def loss_with(values: Floats, flat: Floats = flat, chosen: Array = chosen) -> float:
            flat[chosen] = values
            return loss(twin.forward(wide), y)[0]

        slopes = gradcheck.numerical_gradient(loss_with, before)
        flat[chosen] = before
        off = np.abs(gradient[chosen] - slopes) / np.maximum(1, np.abs(slopes))
        distances[name] = float(off.max(initial=0))
    return distances
