"""The two halves compared, gradient by gradient. Built in the chapter "framework"."""

import copy
from dataclasses import replace

import numpy as np

from mininet import expect, gradcheck
from mininet.arrays import Array, Floats
from mininet.layers import Layer
from mininet.losses import Loss, cross_entropy
from mininet.nn.adapter import OnArrays
from mininet.nn.module import Module


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
    if not isinstance(hand, Layer) or not isinstance(auto, Module):
        raise TypeError(
            f"compare: expected a network of mininet.layers, then one of mininet.nn, got {type(hand).__module__} and "
            f"{type(auto).__module__}."
        )
    samples = expect.whole("compare", "samples", samples)
    ours, theirs = hand.state_dict(), auto.state_dict()
    unequal = [k for k in ours if k in theirs and not np.array_equal(ours[k], theirs[k])]
    if unequal:
        raise ValueError(
            f"compare: the nets differ in {', '.join(unequal)}; first auto.load_state_dict(hand.state_dict())."
        )
    by_hand = _gradients(hand, x, y, loss)
    recorded = _gradients(auto.on_arrays(input_gradient=True), x, y, loss)
    table = gradcheck.compare(recorded, by_hand)
    nudged = _distance_from_nudging(hand, x, y, loss, recorded, samples)
    return gradcheck.Comparison(replace(row, nudged=nudged[row.name]) for row in table)


def _gradients(net: Layer | OnArrays, x: Floats, y: Array, loss: Loss) -> dict[str, Floats]:
    """Return the gradients of the loss by the input and by each parameter, by name."""
    for p in net.parameters():
        p.grad = None
    by_input = net.backward(loss(net.forward(x), y)[1])
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
    y = y.astype(np.float64) if y.dtype.kind == "f" else y
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
