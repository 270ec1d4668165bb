"""Palette, fonts and figure sizes of all pictures."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Okabe and Ito's colours, told apart by colour-blind readers too
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#666666"
CYCLE = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY]

# a "no" is a blue circle, a "yes" an orange square: colour is never the only sign
CLASS_COLOURS, CLASS_MARKERS = (BLUE, ORANGE), ("o", "s")

_RC = {
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.grid": False,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "savefig.bbox": "tight",
}


@contextmanager
def style() -> Iterator[None]:
    """Let matplotlib draw in the course's style inside a ``with`` block."""
    import matplotlib as mpl
    from cycler import cycler

    ours = {**_RC, "axes.prop_cycle": cycler(color=CYCLE)}
    # not rc_context: it would also undo the interactive mode that a notebook's first figure switches on,
    # and no later figure would be shown
    before = {key: mpl.rcParams[key] for key in ours}
    mpl.rcParams.update(ours)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def new_axes(width: float = 4.5, height: float = 3.4) -> Any:
    """Return the axes of a new figure of this size, in inches, that a notebook shows when the cell ends."""
    import matplotlib.pyplot as plt

    with style():
        return plt.subplots(figsize=(width, height), layout="constrained")[1]


def new_figure(width: float = 7.0, height: float = 3.4) -> Any:
    """Return a new, empty figure of this size, in inches, that a notebook shows when the cell ends."""
    import matplotlib.pyplot as plt

    with style():
        return plt.figure(figsize=(width, height), layout="constrained")


def drawn(draw: Callable[[Any], None], width: float = 7.0, height: float = 3.4) -> Any:
    """Return a figure of this size, in inches, that ``draw(figure)`` has filled; no notebook shows it."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
    return figure


def png(draw: Callable[[Any], None], width: float = 7.0, height: float = 3.4) -> bytes:
    """Return the PNG picture, 110 dots an inch, of a figure that ``draw(figure)`` fills; nothing is shown."""
    with style():
        buffer = io.BytesIO()
        drawn(draw, width, height).savefig(buffer, format="png")
    return buffer.getvalue()
