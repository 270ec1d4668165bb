"""Fonts, lines and figure sizes of all pictures."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mininet_course.plots.palette import CYCLE

_RC = {
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.grid": False,
    "axes.prop_cycle": cycler(color=CYCLE),
    "lines.linewidth": 2,
    "legend.frameon": False,
    "savefig.bbox": "tight",
}


@contextmanager
def style() -> Iterator[None]:
    """Let matplotlib draw in the course's style inside a ``with`` block."""
    # not rc_context: it would also undo the interactive mode that a notebook's first figure switches on,
    # and no later figure would be shown
    before = {key: mpl.rcParams[key] for key in _RC}
    mpl.rcParams.update(_RC)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def new_axes(width: float = 4.5, height: float = 3.4) -> Axes:
    """Return the axes of a new figure of this size, in inches, that a notebook shows when the cell ends."""
    with style():
        return plt.subplots(figsize=(width, height), layout="constrained")[1]


def new_figure(width: float = 7.0, height: float = 3.4) -> Figure:
    """Return a new, empty figure of this size, in inches, that a notebook shows when the cell ends."""
    with style():
        return plt.figure(figsize=(width, height), layout="constrained")


def drawn(draw: Callable[[Figure], None], width: float = 7.0, height: float = 3.4) -> Figure:
    """Return a figure of this size, in inches, that ``draw(figure)`` has filled; no notebook shows it."""
    with style():
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
    return figure


def png(draw: Callable[[Figure], None], width: float = 7.0, height: float = 3.4) -> bytes:
    """Return the PNG picture, 110 dots an inch, of a figure that ``draw(figure)`` fills; nothing is shown."""
    with style():
        buffer = io.BytesIO()
        drawn(draw, width, height).savefig(buffer, format="png")
    return buffer.getvalue()
