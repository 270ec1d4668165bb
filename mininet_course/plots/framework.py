"""Pictures of a network's inventory, of the package's two halves, and of the bridge between them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from mininet.arrays import Array, Floats
from mininet_course.plots.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILLION
from mininet_course.plots.style import new_axes, style

_INDENT, _SHAPES, _COUNTS, _BARS, _END = 0.5, 3.6, 7.2, 7.4, 9.4  # where the columns of an inventory stand


@dataclass(frozen=True)
class Row:
    """One line of an inventory: a drawer (``shape`` is None), or an array in it."""

    depth: int
    label: str
    shape: tuple[int, ...] | None
    count: int  # how many numbers; for a drawer, all that are in it


def inventory_rows(state: Mapping[str, Array]) -> list[Row]:
    """Return the tree that the dotted names of a state dictionary describe, from top to bottom.

    >>> [row.label for row in inventory_rows({"out.weight": np.ones((2, 3)), "out.bias": np.ones(3)})]
    ['out', 'weight', 'bias']
    """
    return list(_tree_rows(state, "", 0))


def _tree_rows(state: Mapping[str, Array], prefix: str, depth: int) -> Iterator[Row]:
    """Yield the lines of one drawer: what begins with the same word stands together, where it came first."""
    inside = [name[len(prefix) :].split(".") for name in state if name.startswith(prefix)]
    for label in dict.fromkeys(first for first, *_ in inside):
        name = f"{prefix}{label}"
        if name in state:
            yield Row(depth, label, state[name].shape, int(state[name].size))
        else:
            count = sum(int(array.size) for key, array in state.items() if key.startswith(f"{name}."))
            yield Row(depth, label, None, count)
            yield from _tree_rows(state, f"{name}.", depth + 1)


def inventory(state: Mapping[str, Array], ax: Axes | None = None, title: str | None = None) -> None:
    """Draw a state dictionary as a tree: each name at its depth, with shape, count, and a bar for its share.

    ``state`` holds arrays by dotted names, as `state_dict` returns them.
    Errors: `ValueError` for an empty one.

    >>> inventory({"out.weight": np.ones((2, 3)), "out.bias": np.ones(3)})
    """
    rows = inventory_rows(state)
    if not rows:
        raise ValueError("inventory: expected at least one array, got an empty state.")
    total = sum(row.count for row in rows if row.shape is not None)
    with style():
        ax = new_axes(5.6, 0.55 + 0.27 * (len(rows) + 1)) if ax is None else ax
        _branches(ax, rows)
        for i, row in enumerate(rows):
            weight = "bold" if row.shape is None else "normal"
            ax.text(row.depth * _INDENT, -i, row.label, va="center", fontsize=10, fontweight=weight)
            if row.shape is None:
                continue
            ax.text(_SHAPES, -i, str(row.shape), va="center", fontsize=10, family="monospace")
            ax.text(_COUNTS, -i, f"{row.count:,}", va="center", ha="right", fontsize=10)
            ax.barh(-i, (_END - _BARS) * row.count / total, 0.55, _BARS, color=BLUE)
        ax.axhline(-len(rows) + 0.45, color=GREY, linewidth=0.8)
        ax.text(
            _COUNTS, -len(rows) - 0.05, f"{total:,}", va="center", ha="right", fontsize=10, fontweight="bold"
        )
        ax.text(0, -len(rows) - 0.05, "all together", va="center", fontsize=10)
        ax.set(xlim=(-0.2, _END), ylim=(-len(rows) - 0.6, 0.7), title=title or "")
        ax.axis("off")


def _branches(ax: Axes, rows: Sequence[Row]) -> None:
    """Draw a line from each drawer down to what is in it."""
    for i, row in enumerate(rows):
        if row.depth == 0:
            continue
        above = next(j for j in range(i - 1, -1, -1) if rows[j].depth < row.depth)
        x = (row.depth - 1) * _INDENT + 0.12
        elbow = ([x, x, row.depth * _INDENT - 0.06], [-above - 0.4, -i, -i])
        ax.plot(*elbow, color=GREY, linewidth=0.8)


def halves(ax: Axes | None = None) -> None:
    """Draw which module of the package stands on which: shared below, a half on each side, what takes either above."""
    with style():
        ax = new_axes(7.0, 4.3) if ax is None else ax
        _box(
            ax,
            (0.0, 0.0),
            10.0,
            1.0,
            "activations · losses · init · kernels · data · state · modes · gradcheck",
            GREY,
        )
        ax.text(2.0, 1.13, "shared by both halves", fontsize=8.5, color=GREY)
        _box(ax, (0.0, 2.0), 3.2, 3.2, "layers\n\nforward and backward\nwritten by hand", ORANGE)
        _box(ax, (4.6, 2.0), 2.6, 0.85, "tensor", BLUE)
        _box(ax, (4.6, 3.18), 4.5, 0.85, "functional", BLUE)
        _box(ax, (4.6, 4.35), 5.4, 0.85, "nn: forward only, backward recorded", BLUE)
        _box(ax, (4.6, 5.75), 2.9, 0.7, "nn.OnArrays", GREEN)
        _box(ax, (0.0, 7.0), 10.0, 0.9, "training · attacks · optim · checkpoint", GREY)
        ax.text(9.05, 6.05, "parameters\nand states", fontsize=8.5, color=GREY, va="center")
        ax.text(0.1, 8.03, "take either half", fontsize=8.5, color=GREY)
        for x, low, high in (
            (1.6, 1.0, 2.0),
            (5.9, 2.85, 3.18),
            (8.3, 1.0, 3.18),
            (9.6, 1.0, 4.35),
            (5.9, 4.03, 4.35),
            (5.9, 5.2, 5.75),
            (5.9, 6.45, 7.0),
            (1.6, 5.2, 7.0),
            (8.9, 5.2, 7.0),
        ):
            ax.annotate("", (x, high), (x, low), arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.3})
        ax.set(xlim=(-0.1, 10.1), ylim=(-0.1, 8.5))
        ax.axis("off")


def bridge(ax: Axes | None = None) -> None:
    """Draw `OnArrays`: arrays outside, tensors inside; solid the way forward, dashed the way back."""
    with style():
        ax = new_axes(6.6, 2.5) if ax is None else ax
        _box(ax, (2.0, 0.0), 6.0, 3.0, "", GREEN)
        ax.text(5.0, 2.68, "OnArrays", ha="center", va="center", fontsize=10, color=GREEN)
        _box(ax, (4.0, 0.75), 2.0, 1.5, "module\n(autograd)", BLUE)
        forward = {"arrowstyle": "-|>", "color": "black", "lw": 1.6}
        back = {"arrowstyle": "-|>", "color": VERMILLION, "lw": 1.6, "linestyle": (0, (4, 2))}
        for start, end, look, text, above in (
            ((0.3, 1.95), (4.0, 1.95), forward, "array → Tensor", True),
            ((6.0, 1.95), (9.7, 1.95), forward, "Tensor → array", True),
            ((9.7, 1.05), (6.0, 1.05), back, "backward(grad)", False),
            ((4.0, 1.05), (0.3, 1.05), back, "input.grad", False),
        ):
            ax.annotate("", end, start, arrowprops=look)
            middle = 3.0 if start[0] < 5 else 7.0
            ax.text(middle, start[1] + (0.14 if above else -0.32), text, ha="center", fontsize=8)
        for x, y, text in ((0.2, 2.1, "x"), (9.8, 2.1, "out"), (9.8, 0.6, "grad"), (0.2, 0.6, "dx")):
            ax.text(x, y, text, ha="center", fontsize=10, family="monospace")
        ax.annotate("", (5.0, -0.6), (5.0, 0.75), arrowprops=back)
        ax.text(5.15, -0.45, "each parameter's .grad", fontsize=8)
        ax.set(xlim=(-0.2, 10.2), ylim=(-0.75, 3.1))
        ax.axis("off")


def _box(ax: Axes, corner: tuple[float, float], width: float, height: float, text: str, colour: str) -> None:
    shape = "round,pad=0,rounding_size=0.12"
    look: dict[str, Any] = {"facecolor": "white", "edgecolor": colour, "linewidth": 1.8}
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, **look))
    ax.text(corner[0] + width / 2, corner[1] + height / 2, text, ha="center", va="center", fontsize=9.5)


def overlaid(
    wide: Sequence[float],
    thin: Sequence[float],
    ax: Axes | None = None,
    labels: tuple[str, str] = ("by hand", "autograd"),
    xlabel: str = "step",
    log: bool = False,
) -> None:
    """Draw two series over 0, 1, 2, …, the first as a wide pale line and the second as a thin dark one upon it.

    Where they are equal, the thin line runs in the middle of the wide one.
    Errors: `ValueError` for series of unequal length, empty ones, or values that are not finite.

    >>> overlaid([0.9, 0.4, 0.2], [0.9, 0.4, 0.2])
    """
    if len(wide) != len(thin) or not len(wide):
        raise ValueError(
            f"overlaid: expected two series of one length, got {len(wide)} and {len(thin)} numbers."
        )
    if not all(math.isfinite(value) for value in (*wide, *thin)):
        raise ValueError("overlaid: expected finite numbers, got NaN or infinity; the training diverged.")
    marker = "o" if len(wide) == 1 else None
    with style():
        ax = new_axes(5.6, 3.0) if ax is None else ax
        places = range(len(wide))
        ax.plot(places, wide, color=SKY, linewidth=7, alpha=0.7, marker=marker, label=labels[0])
        ax.plot(places, thin, color="black", linewidth=1.2, marker=marker, markersize=3, label=labels[1])
        ax.set(xlabel=xlabel, ylabel="loss")
        if log:
            ax.set_yscale("log")
        ax.locator_params(axis="x", integer=True)
        ax.legend()


def answers(
    rows: Mapping[str, Floats], ax: Axes | None = None, xlabel: str = "probability of the label"
) -> None:
    """Draw, for each name, the answers to one question asked many times: a dot an answer, from 0 to 1.

    Dots are spread upwards so that equal answers do not hide one another.

    >>> answers({"train": np.array([0.2, 0.7]), "eval": np.array([0.5, 0.5])})
    """
    if not rows:
        raise ValueError("answers: expected at least one row of answers, got none.")
    with style():
        ax = new_axes(6.0, 0.7 + 0.75 * len(rows)) if ax is None else ax
        for i, values in enumerate(rows.values()):
            height = -i + 0.5 * (np.arange(len(values)) / max(len(values) - 1, 1) - 0.5)
            colour = (VERMILLION, BLUE)[i % 2]
            ax.plot(values, height, "o", color=colour, markersize=3, alpha=0.6, markeredgewidth=0)
        ax.set(xlim=(-0.02, 1.02), ylim=(-len(rows) + 0.5, 0.5), xlabel=xlabel)
        ax.set_yticks([-i for i in range(len(rows))], list(rows))


def file_layout(parts: Mapping[str, int], ax: Axes | None = None) -> None:
    """Draw a file as a bar of its parts, in order, as wide as they have bytes; narrow ones are named above it.

    >>> file_layout({"length": 8, "header": 200, "0.weight": 128})
    """
    if not parts or min(parts.values()) < 1:
        raise ValueError(f"file_layout: expected parts of at least one byte, got {dict(parts)}.")
    total, left = sum(parts.values()), 0
    colours = [GREY, ORANGE, BLUE, SKY]
    with style():
        ax = new_axes(6.6, 1.5) if ax is None else ax
        for i, (name, size) in enumerate(parts.items()):
            colour = colours[i] if i < 2 else colours[2 + i % 2]
            ax.barh(0, size, 0.6, left, color=colour, edgecolor="white")
            middle, text = left + size / 2, f"{name}\n{size} bytes"
            if size > 0.17 * total:
                ink = "white" if colour in (GREY, BLUE) else "black"
                ax.text(middle, 0, text, ha="center", va="center", fontsize=8.5, color=ink)
            else:
                ax.text(middle, 0.34, f"{name}, {size}", rotation=35, ha="left", va="bottom", fontsize=8)
            left += size
        ax.set(xlim=(0, total * 1.03), ylim=(-0.4, 1.25))
        ax.axis("off")
