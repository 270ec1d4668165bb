"""Explorers of small networks: step by step, seed by seed, and a folded plane.

Each takes functions that the chapter's reader has written, and draws what they do.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from mininet.arrays import Array, Floats
from mininet.gradcheck import numerical_gradient
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.style import style
from mininet_course.plots.xor import hidden_space, places, separating_line, two_spaces

Parameters = Mapping[str, Floats]
LossAndGradients = Callable[[Parameters], tuple[float, Mapping[str, Floats]]]
Snapshots = Mapping[int, tuple[Parameters, float]]  # epoch -> (parameters, loss)


def step_explorer(
    loss_and_gradients: LossAndGradients, start: Parameters, X: Array, y: Array, lr: float = 1.0
) -> Explorer:
    """Return an explorer that trains a 2-2-1 network by 1, 10 or 100 steps and checks every gradient.

    ``loss_and_gradients`` takes parameters (W1 (2, 2), b1 (2,), W2 (2, 1), b2 (1,), float64) and
    returns the loss and a gradient for each name. The table's last column measures each of the nine
    numbers by nudging: a wrong gradient shows itself there.
    """
    state: dict[str, Any] = {}

    def reset() -> None:
        state["p"] = {name: np.array(value, dtype=np.float64) for name, value in start.items()}
        state["steps"] = state["ordered"] = 0

    def order(steps: int) -> None:
        # done when the picture is drawn: an error here, in a button's handler, would not be shown
        state["ordered"] = steps

    def go() -> None:
        steps, state["ordered"] = state["ordered"], 0
        for _ in range(steps):
            _, gradients = _checked(loss_and_gradients, state["p"])
            state["p"] = {name: value - lr * gradients[name] for name, value in state["p"].items()}
            state["steps"] += 1

    def draw(figure: Figure) -> None:
        go()
        top, bottom = figure.subfigures(2, 1, height_ratios=[1.25, 1])
        loss, gradients = _checked(loss_and_gradients, state["p"])
        title = f"after {state['steps']} steps: loss {loss:.4f}"
        two_spaces(state["p"], X, y, figure=top, titles=(title, "the hidden space"))
        _gradient_table(bottom, state["p"], gradients, loss_and_gradients)

    reset()
    presses = {
        "1 step": lambda: order(1),
        "10 steps": lambda: order(10),
        "100 steps": lambda: order(100),
        "start again": reset,
    }
    buttons = {name: widgets.Button(description=name) for name in presses}
    alt = (
        "Left, the answers of a 2-2-1 network over the input plane; right, its hidden space with the "
        "output's line; below, a table of its nine gradients, by the rule and by nudging."
    )
    result = explorer(draw, buttons, alt, width=7.0, height=5.7)
    for name, button in buttons.items():
        result.when_pressed(button, presses[name])
    return result


def _checked(function: LossAndGradients, p: Parameters) -> tuple[float, Mapping[str, Floats]]:
    """Return what the reader's function returns, or say clearly what does not fit."""
    answer: Any = function(p)
    if not (isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[1], Mapping)):
        raise TypeError(
            "step_explorer: expected the function to return (loss, gradients), a number and a dictionary, "
            f"got {type(answer).__name__}. Is a `return`, or a part of it, missing?"
        )
    loss, gradients = answer
    if np.shape(loss) != ():
        raise ValueError(f"step_explorer: expected one number as loss, got shape {np.shape(loss)}.")
    for name, value in p.items():
        gradient = gradients.get(name)
        got = "nothing" if gradient is None else np.shape(gradient)
        if got != value.shape:
            raise ValueError(
                f"step_explorer: expected a gradient of shape {value.shape} for {name}, got {got}. "
                "A gradient has the shape of what it belongs to."
            )
    return float(loss), gradients


def _gradient_table(figure: Figure, p: Parameters, gradients: Parameters, function: LossAndGradients) -> None:
    """Write each number, its gradient by the rule and by nudging, and where they differ."""
    lines = [f"{'':10}{'value':>10}{'gradient':>12}{'by nudging':>12}"]
    for name, array in p.items():
        nudged = numerical_gradient(_loss_of(function, p, name), array)
        for i in np.ndindex(array.shape):
            place = f"{name}[{', '.join(map(str, i))}]"
            rule, nudge = float(gradients[name][i]), float(nudged[i])
            agree = abs(rule - nudge) <= 1e-6
            mark = "" if agree else "   NOT OK"
            lines.append(f"{place:10}{array[i]:10.4f}{rule:12.6f}{nudge:12.6f}{mark}")
    with style():
        figure.text(0.5, 0.98, "\n".join(lines), family="monospace", fontsize=9, ha="center", va="top")


def _loss_of(function: LossAndGradients, p: Parameters, name: str) -> Callable[[Floats], float]:
    return lambda value: function({**p, name: value})[0]


def seed_explorer(
    history: Callable[[int], Snapshots],
    X: Array,
    y: Array,
    activation: Callable[[Floats], Floats],
    epochs: Sequence[int],
    seed: int = 0,
) -> Explorer:
    """Return an explorer of trainings: choose a seed, slide through the epochs.

    ``history(seed)`` returns {epoch: (parameters, loss)} of a 2-2-1 network for each of ``epochs``; it is
    called once a seed. ``activation`` is that of the hidden layer.
    """
    remembered = lru_cache(maxsize=100)(history)

    def draw(figure: Figure, seed: int, epoch: int) -> None:
        p, loss = remembered(seed)[epoch]
        titles = (f"seed {seed}, epoch {epoch}: loss {loss:.3f}", "the hidden space")
        two_spaces(p, X, y, activation, figure=figure, titles=titles)

    controls = {
        "seed": widgets.BoundedIntText(seed, min=0, max=9999, description="seed"),
        "epoch": widgets.SelectionSlider(
            options=list(epochs), value=epochs[-1], description="epoch", continuous_update=False
        ),
    }
    alt = (
        "Left, what one network says over the input plane at one epoch of its training; right, where its "
        "hidden layer has put the four points, with the output's straight line."
    )
    return explorer(draw, controls, alt, width=7.0, height=3.6, frames="epoch")


def fold_explorer(hidden: Callable[[Array], Array], X: Array, y: Array) -> Explorer:
    """Return an explorer that moves the input plane, step by step, to where ``hidden`` puts it.

    ``hidden`` is any function from (M, 2) to (M, 2). As soon as one straight line keeps the two
    classes apart it is drawn, and the title says so.

    >>> fold_explorer(lambda X: X**2, np.array([[0.0, 0], [0, 1]]), np.array([0, 1]))  # doctest: +SKIP
    """
    X = np.asarray(X, dtype=np.float64)
    # one frame for the whole way, or the paper would seem to stand still and the axes to move
    ends = np.concatenate([X, places(hidden, X)])
    pad = 0.3 * max(float(np.ptp(ends)), 1.0)
    limits = (float(ends.min()) - pad, float(ends.max()) + pad)

    def draw(figure: Figure, way: float) -> None:
        def moved(points: Array) -> Floats:
            return np.asarray((1 - way) * points + way * places(hidden, points))

        line = separating_line(moved(X), y)
        verdict = "no straight line separates them" if line is None else "a straight line separates them"
        hidden_space(
            moved, X, y, ax=figure.subplots(), line=line, title=f"{way:.0%}: {verdict}", limits=limits
        )

    controls = {
        "way": widgets.FloatSlider(
            1.0, min=0, max=1, step=0.05, description="moved", readout_format=".0%", continuous_update=False
        )
    }
    alt = (
        "The four points on a square net after the reader's own function has moved them; the title says "
        "whether a straight line separates circles from squares, and if so the line is drawn."
    )
    return explorer(draw, controls, alt, width=4.6, height=4.4, frames="way")
