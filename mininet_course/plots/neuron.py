"""Graphs of functions of one number, and the slope at a point."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes

from mininet.arrays import Array
from mininet_course.plots.palette import VERMILLION
from mininet_course.plots.style import new_axes, style

_DASHES = ("-", "--", ":", "-.")


def functions(
    named: Mapping[str, Callable[[Array], Array]],
    low: float,
    high: float,
    ax: Axes | None = None,
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """Draw each function from ``low`` to ``high``, told apart by colour and dash, with a legend if several.

    Each function maps (M,) to (M,).

    >>> functions({"square": lambda x: x * x}, -1, 1)
    """
    if not low < high:
        raise ValueError(f"functions: expected low below high, got low={low} and high={high}.")
    x = np.linspace(low, high, 401)
    with style():
        ax = new_axes() if ax is None else ax
        for i, (name, function) in enumerate(named.items()):
            ax.plot(x, function(x), _DASHES[i % len(_DASHES)], label=name)
        if len(named) > 1:
            ax.legend()
        ax.set(xlabel=xlabel, ylabel=ylabel)


def slope(
    function: Callable[[float], float],
    at: float,
    low: float,
    high: float,
    ax: Axes | None = None,
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """Draw a function of one number and the straight line that touches it at ``at``.

    The line's slope is measured by a nudge of 1e-5 up and down.

    >>> slope(lambda x: x * x, 1.0, low=-2, high=2)
    """
    h = 1e-5
    value, steepness = function(at), (function(at + h) - function(at - h)) / (2 * h)
    reach = np.array([-0.15, 0.15]) * (high - low)
    with style():
        ax = new_axes() if ax is None else ax
        functions({"": np.vectorize(function)}, low, high, ax, xlabel, ylabel)
        ax.plot(at + reach, value + steepness * reach, "--", color=VERMILLION)
        ax.plot(at, value, "o", color=VERMILLION, ms=8)
        ax.annotate(
            f"slope {steepness:.2f}", (at, value), (12, -14), textcoords="offset points", color=VERMILLION
        )
