"""Explorers of a single neuron: drag it, teach it, or draw your own."""

from collections.abc import Callable
from functools import partial

import numpy as np
from ipywidgets import Button, DOMWidget, FloatLogSlider, FloatSlider
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mininet.arrays import Array, Floats
from mininet.neuron import Neuron, perceptron_step
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.boundary import boundary
from mininet_course.plots.palette import BLUE, GREY
from mininet_course.plots.style import style


def vote_explorer(X: Array, y: Array, limit: float = 3.0, step: float = 0.1) -> Explorer:
    """Return sliders for two weights and a bias, above the yes/no map that this vote draws.

    X (N, 2), y (N,) of 0 and 1; the sliders go from ``-limit`` to ``limit``. The arrow is
    the weights' direction, perpendicular to the line: both axes have the same scale. The
    title counts right answers.

    >>> e = vote_explorer(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1]))
    >>> e.controls["w1"].value = 2.0
    """

    def draw(figure: Figure, w1: float, w2: float, bias: float) -> None:
        neuron = Neuron([w1, w2], bias)
        right = int((neuron.decide(X) == y).sum())
        ax = figure.subplots()
        boundary(
            neuron.decide,
            X,
            y,
            ax,
            f"z = {w1:.1f} x₁ {w2:+.1f} x₂ {bias:+.1f}     right: {right} of {len(y)}",
        )
        _weight_arrow(ax, neuron)
        ax.set(xlabel="x₁", ylabel="x₂", aspect="equal")  # only so does the arrow stand upright on the line

    sliders = {name: _slider(name, -limit, limit, step, start) for name, start in _START.items()}
    alt = "Points of two classes and the straight line where the vote turns, with an arrow to the yes side."
    return explorer(draw, sliders, alt, width=5.0, height=3.8, frames="w2")


def boundary_explorer(
    predict: Callable[[Array, Floats, float], Array], X: Array, y: Array, limit: float = 10.0
) -> Explorer:
    """Return sliders for two weights and a bias, above the map that *your* ``predict`` draws.

    ``predict(X, weights, bias)`` takes (M, 2), (2,) and a number; it returns M
    probabilities. X (N, 2), y (N,) are the points on top; the title gives the mean
    of -log(probability of the right answer).

    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1])
    >>> e = boundary_explorer(lambda X, weights, bias: X @ weights > 1, X, y)
    """

    def draw(figure: Figure, w1: float, w2: float, bias: float) -> None:
        def with_sliders(rows: Array) -> Array:
            return predict(rows, np.array([w1, w2]), bias)

        _map_of_predict(figure, with_sliders, X, y)

    sliders = {name: _slider(name, -limit, limit, limit / 100, start) for name, start in _START.items()}
    alt = "Points of two classes over the map of probabilities that the reader's own predict function gives."
    return explorer(draw, sliders, alt, width=5.0, height=3.8)


def perceptron_explorer(X: Array, y: Array) -> Explorer:
    """Return buttons that show Rosenblatt's rule one sample after the other; X (N, 2), y (N,) of 0 and 1.

    The ring marks the sample just seen. `one step` shows the next sample, `one round` all N.

    >>> e = perceptron_explorer(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1]))
    >>> e.controls["one step"].click()
    """
    neuron, seen, changes = Neuron([0, 0]), 0, 0

    def take(steps: int) -> None:
        nonlocal seen, changes
        for _ in range(steps):
            changes += perceptron_step(neuron, X[seen % len(y)], y[seen % len(y)])
            seen += 1

    def reset() -> None:
        nonlocal seen, changes
        neuron.weights, neuron.bias, seen, changes = np.zeros(2), 0.0, 0, 0

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        right = int((neuron.decide(X) == y).sum())
        boundary(
            neuron.decide,
            X,
            y,
            ax,
            f"samples seen: {seen}     changes: {changes}     right: {right} of {len(y)}",
        )
        if seen:
            ax.plot(*X[(seen - 1) % len(y)], "o", ms=16, mfc="none", mec="#222222", mew=1.5)
        w1, w2 = neuron.weights
        ax.set_xlabel(f"weights {w1:.1f}, {w2:.1f}   bias {neuron.bias:.1f}")

    alt = (
        "Points of two classes, a ring around the one just seen, and the line that the perceptron draws now."
    )
    return _stepper(draw, {"one step": 1, "one round": len(y)}, take, reset, {}, alt, width=5.0)


def descent_explorer(X: Array, y: Array, lr: float = 1.0) -> Explorer:
    """Return buttons that take gradient steps with a sigmoid neuron; X (N, 2), y (N,) of 0 and 1.

    Left the map of probabilities, right the loss after every step. The slider is the
    learning rate of the steps to come; `start again` goes back to weights of 0.

    >>> e = descent_explorer(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1]))
    >>> e.controls["ten steps"].click()
    """
    neuron = Neuron([0, 0])
    losses = [neuron.loss(X, y)]
    rate = FloatLogSlider(lr, min=-3, max=2, step=0.1, description="lr", readout_format=".3g")

    def take(steps: int) -> None:
        for _ in range(steps):
            neuron.step(X, y, rate.value)
            losses.append(neuron.loss(X, y))

    def reset() -> None:
        neuron.weights, neuron.bias = np.zeros(2), 0.0
        losses[:] = [neuron.loss(X, y)]

    def draw(figure: Figure, lr: float) -> None:
        left, right = figure.subplots(1, 2)
        taken = len(losses) - 1
        boundary(neuron.predict, X, y, left, f"after {taken} step{'s' * (taken != 1)}")
        w1, w2 = neuron.weights
        left.set_xlabel(f"weights {w1:.2f}, {w2:.2f}   bias {neuron.bias:.2f}")
        right.plot(losses, ".-", color=BLUE)
        right.set(title=f"loss {losses[-1]:.4f}", xlabel="step", ylim=(0, 1.05 * max(losses)))

    alt = (
        "Left the map of a neuron's probabilities with its boundary, right its loss after every step so far."
    )
    return _stepper(draw, {"one step": 1, "ten steps": 10, "100 steps": 100}, take, reset, {"lr": rate}, alt)


def _map_of_predict(figure: Figure, predict: Callable[[Array], Array], X: Array, y: Array) -> None:
    ax = figure.subplots()
    boundary(predict, X, y, ax)
    p = np.asarray(predict(X.copy())).reshape(len(y))  # a copy: the reader's code may work in place
    given = np.where(y == 1, p, 1 - p)  # the probability of the right answer
    with np.errstate(divide="ignore"):  # sure and wrong: the loss is infinite, and shown so
        loss = -np.log(given).mean()
    ax.set(xlabel="x₁", ylabel="x₂")
    ax.set_title(f"right: {int((given > 0.5).sum())} of {len(y)}     loss: {loss:.3f}")


_START = {"w1": 1.0, "w2": -1.0, "bias": 0.0}


def _slider(name: str, low: float, high: float, step: float, start: float) -> FloatSlider:
    return FloatSlider(start, min=low, max=high, step=step, description=name)


def _stepper(
    draw: Callable[..., None],
    buttons: dict[str, int],
    take: Callable[[int], None],
    reset: Callable[[], None],
    controls: dict[str, DOMWidget],
    alt: str,
    width: float = 7.0,
) -> Explorer:
    """Return an explorer with a button for each number of steps and one to start again."""
    pressed = {name: Button(description=name) for name in [*buttons, "start again"]}
    view = explorer(draw, {**controls, **pressed}, alt, width, height=3.6)

    for name, steps in buttons.items():
        view.when_pressed(pressed[name], partial(take, steps))
    view.when_pressed(pressed["start again"], reset)
    return view


def _weight_arrow(ax: Axes, neuron: Neuron) -> None:
    """Draw the weights' direction as an arrow from the boundary, where it is nearest the middle."""
    length = float(np.hypot(*neuron.weights))
    if length == 0:
        return
    left, right = ax.get_xlim()
    low, high = ax.get_ylim()
    middle = np.array([left + right, low + high]) / 2
    foot = middle - neuron.score(middle[np.newaxis])[0] / length**2 * neuron.weights
    tip = foot + 0.2 * min(right - left, high - low) * neuron.weights / length
    if left < foot[0] < right and low < foot[1] < high:
        with style():
            ax.annotate("", tip, foot, arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 2})
