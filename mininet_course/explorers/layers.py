"""Explorers: data flowing, starting weights, softmax, gradient checks."""

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from mininet.activations import (
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    tanh,
    tanh_derivative,
)
from mininet.arrays import Array, Floats
from mininet.gradcheck import numerical_gradient
from mininet.layers import Layer, Sequential
from mininet.losses import cross_entropy
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.curves import curves
from mininet_course.plots.layers import checked_gradients, scores
from mininet_course.plots.network import LIMIT, network

_DEPTH, _WIDTH = 10, 100
_ACTIVATIONS = {
    "ReLU": (relu, relu_derivative),
    "tanh": (tanh, tanh_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
}


def flow_explorer(net: Sequential, x: Floats, label: int) -> Explorer:
    """Return a widget that runs one sample forward and its gradients back through ``net``, step by step.

    ``x`` is (D,), ``label`` its class; every layer has at most eight units. The loss is
    `mininet.losses.cross_entropy`. Above, the lines are the weights; below, their gradients.
    The network itself is left as it was.
    Errors: `ValueError` for a layer too large to draw; `TypeError` where a layer's forward returns
    None, `RuntimeError` where its backward does.
    """
    net = copy.deepcopy(net)
    values, gradients, loss = _flow(net, x, label)
    sizes = [len(v) for v in values]
    if max(sizes) > LIMIT:
        raise ValueError(f"flow_explorer: expected layers of at most {LIMIT} units, got {sizes}.")
    last = 2 * len(net) + 1
    step = widgets.IntSlider(0, 0, last, description="step")
    forward = widgets.Button(description="one step")
    again = widgets.Button(description="start again")
    forward.on_click(lambda _: setattr(step, "value", min(step.value + 1, last)))
    again.on_click(lambda _: setattr(step, "value", 0))

    def draw(figure: Figure, step: int) -> None:
        top, bottom = figure.subplots(2, 1)
        names = ["x", *(type(layer).__name__ for layer in net)]
        shown = [v if i <= step else np.full_like(v, np.nan) for i, v in enumerate(values)]
        known = [g if i >= last - step else np.full_like(g, np.nan) for i, g in enumerate(gradients)]
        shapes = list(pairwise(sizes))
        links = [_links(layer, shape) for layer, shape in zip(net, shapes, strict=True)]
        slopes = [
            _links(net[i], shape, gradient=True) if i >= last - step else np.zeros(shape)
            for i, shape in enumerate(shapes)
        ]
        network(sizes, ax=top, weights=links, values=shown, labels=names)
        network(sizes, ax=bottom, weights=slopes, values=known, labels=[f"d{name}" for name in names])
        top.set_title(f"step {step} of {last}: {_sentence(net, step, loss)}", fontsize=10)

    alt = "A small network twice: above, values from left to right; below, gradients from right to left."
    return explorer(draw, {"step": step, "forward": forward, "again": again}, alt, 6.0, 4.0, "step")


def _flow(net: Sequential, x: Floats, label: int) -> tuple[list[Floats], list[Floats], float]:
    """Return the values between the layers, the gradients by them, and the loss, for one sample."""
    values = [x[None, :]]
    for layer in net:
        out: Floats | None = layer.forward(values[-1])  # a reader's own forward may forget its return
        if out is None:
            raise TypeError(f"flow_explorer: {layer!r}.forward returned None; return the output.")
        values.append(out)
    loss, gradient = cross_entropy(values[-1], np.array([label]))
    gradients = [gradient]
    for i in range(len(net) - 1, -1, -1):
        below = net[i].backward(gradients[0])
        if below is None:
            raise RuntimeError(
                f"flow_explorer: {net[i]}.backward returned None; return the gradient by its input."
            )
        gradients.insert(0, below)
    return [v[0] for v in values], [g[0] for g in gradients], loss


def _links(layer: Layer, shape: tuple[int, int], gradient: bool = False) -> Array:
    """Return the lines between two columns: the weights or their gradient, or one for each unit."""
    for p in layer.parameters():
        if p.data.shape == shape:
            return p.grad if gradient and p.grad is not None else p.data
    return np.eye(*shape)


def _sentence(net: Sequential, step: int, loss: float) -> str:
    depth = len(net)
    if step == 0:
        return "the input arrives"
    if step <= depth:
        return f"{net[step - 1]!r}.forward"
    if step == depth + 1:
        return f"the loss is {loss:.3f}; its gradient by the scores is p − y"
    return f"{net[2 * depth + 1 - step]!r}.backward"


def init_explorer(seed: int = 0) -> Explorer:
    """Return a widget: the scale of the starting weights against the spread through ten layers, both ways.

    The spread is the root mean square of a batch of 100 samples in layers 100 wide;
    weights are normal with standard deviation ``gain / sqrt(100)``.
    """
    rng = np.random.default_rng(seed)
    x, grad = rng.standard_normal((2, _WIDTH, _WIDTH))
    noise = rng.standard_normal((_DEPTH, _WIDTH, _WIDTH))
    gain = widgets.FloatSlider(1.0, min=0.2, max=3.0, step=0.05, description="gain")
    activation = widgets.Dropdown(options=list(_ACTIVATIONS), description="activation")
    xavier = widgets.Button(description="Xavier: 1")
    he = widgets.Button(description="He: √2")
    xavier.on_click(lambda _: setattr(gain, "value", 1.0))
    he.on_click(lambda _: setattr(gain, "value", 1.41))

    def draw(figure: Figure, gain: float, activation: str) -> None:
        weights = gain / np.sqrt(_WIDTH) * noise
        forward, backward = spreads(x, grad, weights, activation)
        left, right = figure.subplots(1, 2, sharey=True)
        curves({activation: forward}, ax=left, xlabel="after layer", ylabel="spread", log=True)
        curves({activation: backward}, ax=right, xlabel="layers back from the loss", ylabel="", log=True)
        left.set_title(f"values: 1.00 → {forward[-1]:.2g}")
        right.set_title(f"gradients: 1.00 → {backward[-1]:.2g}")
        left.set_ylim(min(1e-8, *forward, *backward), 1e4)  # the same scale as long as the lines fit in

    alt = "Two lines on a log scale: the spread of values forward and of gradients back through ten layers."
    controls = {"gain": gain, "activation": activation, "xavier": xavier, "he": he}
    return explorer(draw, controls, alt, 7.0, 3.2, "gain")


def spreads(x: Floats, grad: Floats, weights: Floats, activation: str) -> tuple[list[float], list[float]]:
    """Return the root mean square of values after each layer, and of gradients going back.

    ``x`` and ``grad`` are (N, M), ``weights`` (L, M, M); both lists have L + 1 numbers, the first of them 1.
    """
    if activation not in _ACTIVATIONS:
        raise ValueError(f"spreads: expected one of {', '.join(_ACTIVATIONS)}, got {activation!r}.")
    f, derivative = _ACTIVATIONS[activation]
    values = [x]
    for w in weights:
        values.append(f(values[-1] @ w))
    gradients = [grad]
    for w, a in zip(weights[::-1], values[:0:-1], strict=True):
        gradients.append((gradients[-1] * derivative(a)) @ w.T)
    return _root_mean_squares(values), _root_mean_squares(gradients)


def _root_mean_squares(arrays: Sequence[Floats]) -> list[float]:
    first, *others = (float(np.sqrt(np.mean(a * a))) for a in arrays)
    return [1.0, *(value / first for value in others)]


def softmax_explorer(function: Callable[[Floats], Floats] = softmax) -> Explorer:
    """Return a widget: three scores, temperature and shift, and the probabilities of ``function``.

    ``function`` takes float32 scores (1, 3), already shifted and divided by the
    temperature, and returns probabilities of the same shape; pass your own.
    """
    sliders = {
        f"z{i}": widgets.FloatSlider(value, min=-5, max=5, step=0.1, description=f"score {i}")
        for i, value in enumerate((2.0, 1.0, 0.0))
    }
    temperature = widgets.FloatLogSlider(1.0, min=-1, max=1, step=0.05, description="temperature")
    shift = widgets.FloatSlider(0.0, min=-200, max=200, step=10, description="shift")

    def draw(figure: Figure, z0: float, z1: float, z2: float, temperature: float, shift: float) -> None:
        z = np.array([[z0, z1, z2]], dtype=np.float32) / np.float32(temperature) + np.float32(shift)
        with np.errstate(all="ignore"):
            answer = function(z)
            p = np.asarray(answer)
            total = f"{p.sum():.4f}" if p.dtype.kind in "iuf" else ""
        if p.shape != z.shape or not total:
            what = p.shape if p.ndim else repr(answer)
            hint = " Is its return missing?" if answer is None else ""
            raise ValueError(
                f"softmax_explorer: expected probabilities of shape {z.shape} from your function, got {what}.{hint}"
            )
        scores(z[0], p[0], figure=figure)
        total = total.replace("nan", "not a number").replace("inf", "infinite")
        figure.suptitle(f"sum of probabilities: {total}", fontsize=10)

    alt = "Bars for three scores on the left and for the three probabilities made of them on the right."
    return explorer(
        draw, {**sliders, "temperature": temperature, "shift": shift}, alt, 6.6, 2.6, "temperature"
    )


def check_explorer(layer: Layer, shape: tuple[int, ...], seed: int = 0) -> Explorer:
    """Return a widget that checks a layer's gradients entry by entry against nudging, at a random input.

    ``shape`` is that of the input, batch first; keep it small. Ticks and green: they agree
    to 1e-6; crosses and red: they do not. The layer may be of your own making: it
    is copied and converted to float64, and left as it was.
    Errors: `TypeError` for what is not a layer, or a forward without a return; `ValueError` where
    backward leaves no gradient.
    """
    if not isinstance(layer, Layer):
        raise TypeError(
            f"check_explorer: expected a layer that inherits from mininet.layers.Layer, got {layer!r}; "
            "write MyLayer(), with brackets."
        )
    layer = copy.deepcopy(layer).astype(np.float64)
    place = widgets.IntSlider(seed, 0, 20, description="input no.")
    nudge = widgets.IntSlider(-5, -12, -1, description="log₁₀ nudge")

    def draw(figure: Figure, place: int, nudge: int) -> None:
        rng = np.random.default_rng(place)
        ours, nudged = _both_gradients(layer, rng.standard_normal(shape), rng, 10.0**nudge)
        checked_gradients(ours, nudged, figure=figure)

    alt = "Each gradient as a grid of numbers, green with ticks where nudging agrees, else red with crosses."
    return explorer(draw, {"place": place, "nudge": nudge}, alt, 7.0, 2.8)


def _both_gradients(
    layer: Layer, x: Floats, rng: np.random.Generator, h: float
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the gradients of a weighted sum of the output, by ``backward`` and by nudging."""
    parameters = dict(layer.named_parameters())
    for p in parameters.values():
        p.grad = None
    out: Floats | None = layer.forward(x)  # a reader's own forward may forget its return
    if out is None:
        raise TypeError(f"check_explorer: {layer!r}.forward returned None; return the output.")
    weights = rng.standard_normal(out.shape)
    ours = {"input": layer.backward(weights), **{name: p.grad for name, p in parameters.items()}}
    missing = [name for name, gradient in ours.items() if gradient is None]
    if missing:
        raise ValueError(
            f"check_explorer: backward() left no gradient for {', '.join(missing)}; "
            "return the one by the input, add_gradient those by the parameters."
        )
    nudged = {"input": numerical_gradient(lambda v: float((weights * layer.forward(v)).sum()), x, h)}
    for name, p in parameters.items():
        data = p.data

        def loss(nudge: Floats, p: Any = p) -> float:
            p.data = nudge
            return float((weights * layer.forward(x)).sum())

        nudged[name] = numerical_gradient(loss, data, h)
        p.data = data
    return {name: gradient for name, gradient in ours.items() if gradient is not None}, nudged
