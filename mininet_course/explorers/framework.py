"""Explorers: a network from sliders, both halves side by side, and a module of the reader's own."""

import copy
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

import mininet.functional as F
from mininet import nn
from mininet.activations import softmax
from mininet.arrays import Array, Floats
from mininet.layers import Layer
from mininet.losses import cross_entropy
from mininet.optim import SGD, Adam, Optimizer
from mininet.tensor import Tensor, no_grad
from mininet.training import train_step
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.boundary import boundary
from mininet_course.plots.curves import curves
from mininet_course.plots.framework import inventory, overlaid

_TASKS = {"spirals, 2 → 2": (2, 2), "small digits, 64 → 10": (64, 10), "MNIST, 784 → 10": (784, 10)}


def build_explorer() -> Explorer:
    """Return a widget that builds a `Sequential` from sliders and draws its inventory, with the code for it."""
    controls = {
        "task": widgets.Dropdown(options=list(_TASKS), description="task"),
        "hidden": widgets.IntSlider(2, 0, 3, description="hidden layers"),
        "width": widgets.IntSlider(16, 1, 200, description="width"),
        "batch_norm": widgets.Checkbox(False, description="batch norm"),
        "dropout": widgets.FloatSlider(0.0, min=0.0, max=0.8, step=0.1, description="dropout"),
    }

    def draw(figure: Figure, task: str, hidden: int, width: int, batch_norm: bool, dropout: float) -> None:
        inputs, outputs = _TASKS[task]
        net, code = built([inputs, *[width] * hidden, outputs], batch_norm, dropout)
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.25])
        left.axis("off")
        left.text(0, 1, "\n".join(code), family="monospace", fontsize=8, va="top", linespacing=1.5)
        state = net.state_dict()
        inventory(state, ax=right)
        count = sum(p.size for p in net.parameters())
        buffers = sum(array.size for array in state.values()) - count
        title = f"{count:,} parameters" + (f" and {buffers:,} buffers" if buffers else "")
        right.set_title(title, fontsize=10)

    alt = (
        "Left, the code of a network, a module a line; right, the tree of its arrays with shapes and counts."
    )
    return explorer(draw, controls, alt, 7.4, 4.6)


def built(sizes: list[int], batch_norm: bool, dropout: float) -> tuple[nn.Sequential, list[str]]:
    """Return a network with an activation after every layer but the last, and the lines of code that make it."""
    rng = np.random.default_rng(0)
    modules: list[nn.Module] = []
    lines: list[str] = []
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        modules.append(nn.Linear(n_in, n_out, rng))
        lines.append(f"nn.Linear({n_in}, {n_out}, rng)")
        if i == len(sizes) - 2:
            break
        if batch_norm:
            modules.append(nn.BatchNorm1d(n_out))
            lines.append(f"nn.BatchNorm1d({n_out})")
        modules.append(nn.ReLU())
        lines.append("nn.ReLU()")
        if dropout > 0:
            modules.append(nn.Dropout(dropout, rng))
            lines.append(f"nn.Dropout({dropout:.1f}, rng)")
    return nn.Sequential(*modules), ["net = nn.Sequential(", *(f"    {line}," for line in lines), ")"]


def halves_stepper(
    hand: Layer, auto: nn.Module, X: Floats, y: Array, lr: float = 0.3, steps: int = 0
) -> Explorer:
    """Return a widget that trains a hand-written net and an autograd net side by side on two classes of points.

    X is (N, 2), y (N,) whole numbers 0 or 1; both nets give two scores. Every step uses all points.
    Above, both boundaries; below, both losses, and the largest difference between any two of their
    parameters. The nets themselves are left as they were; ``steps`` are taken before the first picture.
    Errors: `ValueError` where the nets do not have the same parameters.
    """
    labels = np.asarray(y).astype(np.int64)
    state: dict[str, Any] = {}

    def reset() -> None:
        state["nets"] = copy.deepcopy(hand), copy.deepcopy(auto)
        state["losses"], state["ordered"] = ([], []), 0
        _require_alike(*state["nets"])

    def order(count: int) -> None:
        # done when the picture is drawn: an error here, in a button's handler, would not be shown
        state["ordered"] = count

    def go() -> None:
        count, state["ordered"] = state["ordered"], 0
        for net, losses in zip(state["nets"], state["losses"], strict=True):
            model = nn.OnArrays(net) if isinstance(net, nn.Module) else net
            optimizer = SGD(net.parameters(), lr)
            losses += [train_step(model, cross_entropy, optimizer, X, labels)[0] for _ in range(count)]

    def draw(figure: Figure) -> None:
        go()
        top, bottom = figure.subfigures(2, 1, height_ratios=[1.5, 1])
        names = "by hand", "autograd"
        for ax, net, name in zip(top.subplots(1, 2), state["nets"], names, strict=True):
            boundary(_probability(net), X, labels, ax=ax, title=name, margin=0.3)
        ax = bottom.subplots()
        if state["losses"][0]:
            by_hand, recorded = state["losses"]
            overlaid(by_hand, recorded, ax=ax)
        apart = _largest_difference(*state["nets"])
        said = (
            f"largest difference between parameters: {apart:.1e}"
            if apart
            else "parameters equal to the last bit"
        )
        ax.set_title(f"after {len(state['losses'][0])} steps: {said}", fontsize=9.5)

    reset()
    order(steps)
    presses = {"1 step": 1, "10 steps": 10, "100 steps": 100}
    buttons = {name: widgets.Button(description=name) for name in (*presses, "start again")}
    alt = "Two boundaries, of a net by hand and one on autograd, above their two loss curves."
    result = explorer(draw, buttons, alt, 7.0, 5.2)
    for name, count in presses.items():
        result.when_pressed(buttons[name], partial(order, count))
    result.when_pressed(buttons["start again"], reset)
    return result


def _require_alike(hand: Layer, auto: nn.Module) -> None:
    ours, theirs = ({name: p.data.shape for name, p in net.named_parameters()} for net in (hand, auto))
    if ours != theirs:
        raise ValueError(f"halves_stepper: expected nets with the same parameters, got {ours} and {theirs}.")


def _largest_difference(hand: Layer, auto: nn.Module) -> float:
    theirs = dict(auto.named_parameters())
    return max(float(np.abs(p.data - theirs[name].data).max()) for name, p in hand.named_parameters())


def _probability(net: Layer | nn.Module) -> Callable[[Array], Array]:
    """Return the function points (M, 2) -> probability of class 1, (M,)."""
    model = nn.OnArrays(net) if isinstance(net, nn.Module) else net
    return lambda points: softmax(model.forward(points.astype(np.float32)))[:, 1]


def module_explorer(make: Callable[[np.random.Generator], nn.Module], X: Floats, y: Array) -> Explorer:
    """Return a widget that trains the reader's own module on two classes of points and draws its boundary.

    ``make(rng)`` returns a new module from (N, 2) to two scores a row, (N, 2). X is (N, 2), y (N,) whole
    numbers 0 or 1. Each change of a control trains it anew, always on all points.
    What is wrong with the module is said in one sentence: no module, no parameters, no tensor, another
    shape, a parameter that no gradient reaches, a loss that is no number.
    """
    labels = np.asarray(y).astype(np.int64)
    controls = {
        "steps": widgets.IntSlider(300, 0, 1000, step=50, description="steps", continuous_update=False),
        "lr": widgets.FloatLogSlider(
            0.1, min=-3, max=0.5, step=0.1, description="lr", continuous_update=False
        ),
        "adam": widgets.Checkbox(False, description="Adam"),
        "seed": widgets.IntSlider(0, 0, 9, description="seed", continuous_update=False),
    }

    def draw(figure: Figure, steps: int, lr: float, adam: bool, seed: int) -> None:
        if isinstance(make, nn.Module):  # calling it would take the generator for its input
            raise TypeError(
                "expected the class, or a function that makes a module; pass Mine, not Mine(rng)."
            )
        net = make(np.random.default_rng(seed))
        check_module(net, X)
        optimizer = Adam(net.parameters(), lr) if adam else SGD(net.parameters(), lr)
        with np.errstate(over="ignore", invalid="ignore"):  # own_step says it better
            losses = [own_step(net, optimizer, X, labels) for _ in range(steps)]
        net.eval()
        scores = net(X).data
        right = float((scores.argmax(axis=1) == labels).mean())
        left, below = figure.subplots(1, 2, width_ratios=[1.2, 1])
        boundary(_probability(net), X, labels, ax=left, margin=0.3)
        count = sum(p.size for p in net.parameters())
        left.set_title(f"{count:,} parameters, {right:.0%} of the points right", fontsize=10)
        if losses:
            curves({"training": losses}, ax=below, xlabel="step")

    alt = "Left, the boundary that the reader's own module has learned among two classes of points; right, its loss."
    return explorer(draw, controls, alt, 7.0, 3.2, "steps")


def check_module(net: Any, X: Floats) -> None:
    """Refuse what `module_explorer` cannot train, with one sentence that says why.

    >>> check_module(nn.Sequential(nn.ReLU()), np.ones((5, 2), dtype=np.float32))
    Traceback (most recent call last):
    ValueError: your module has no parameters: nothing in its attributes is a Parameter or a module that has some.
    """
    if not isinstance(net, nn.Module):
        hint = " Is the return missing?" if net is None else " Write class Mine(nn.Module)."
        raise TypeError(f"expected a module from your function, got {type(net).__name__}.{hint}")
    if not net.parameters():
        raise ValueError(
            "your module has no parameters: nothing in its attributes is a Parameter or a module that has some."
        )
    with no_grad():
        out: Any = net(X)
    if not isinstance(out, Tensor):
        hint = " Is the return missing?" if out is None else " Compute with tensors from beginning to end."
        raise TypeError(f"expected a tensor from your forward, got {type(out).__name__}.{hint}")
    if out.shape != (len(X), 2):
        raise ValueError(f"expected two scores a row from your forward, ({len(X)}, 2), got {out.shape}.")
    if not np.isfinite(out.data).all():
        raise ArithmeticError(
            "your forward gives NaN or infinity before the first step; look for its cause there."
        )


def own_step(net: nn.Module, optimizer: Optimizer, X: Floats, labels: Array) -> float:
    """Take one step on all points; return the loss before it."""
    loss = F.cross_entropy(net(X), labels)
    if not np.isfinite(loss.data):
        raise ArithmeticError(f"the loss is {loss.item()}: a lower learning rate is the usual cure.")
    optimizer.zero_grad()
    loss.backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None]
    if idle:
        raise RuntimeError(
            f"no gradient reaches {', '.join(idle)}: not used in your forward, detached on the way, or frozen."
        )
    optimizer.step()
    return loss.item()
