"""A network drawn as circles and lines, with weights and values if given."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from mininet.arrays import Floats
from mininet_course.plots.palette import BLUE, VERMILLION
from mininet_course.plots.style import new_axes, style

LIMIT = 8  # a layer with more units than this is drawn abbreviated
RADIUS = 0.36
LINE = "#aaaaaa"  # of a weight whose value is not given

Rows = list[tuple[int, float]]  # (which unit, at what height)


def network(
    sizes: Sequence[int],
    ax: Axes | None = None,
    weights: Sequence[ArrayLike] | None = None,
    values: Sequence[ArrayLike] | None = None,
    labels: Sequence[str] | None = None,
) -> None:
    """Draw the layers of a network from left to right: a circle a unit, a line a weight.

    ``sizes`` counts the units of each layer, inputs first. ``weights[l]`` is the matrix
    (sizes[l], sizes[l + 1]): positive weights are blue and solid, negative ones red and
    dashed, a larger weight is a thicker line, and a weight of 0 is no line. ``values[l]`` holds
    the numbers written into the circles of layer l (nothing for a NaN), ``labels[l]`` the words under it.
    A layer of more than eight units shows its first two and last two, and its size under them.

    >>> network([2, 3, 1], labels=["inputs", "hidden", "output"])
    """
    sizes = [int(size) for size in sizes]
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"network: expected two or more layers of at least one unit, got {sizes}.")
    matrices = _arrays("weights", weights, list(pairwise(sizes)))
    numbers = _arrays("values", values, [(size,) for size in sizes])
    if labels is not None and len(labels) != len(sizes):
        raise ValueError(f"network: expected {len(sizes)} labels, one a layer, got {len(labels)}.")
    columns = [_rows(size) for size in sizes]
    tallest = max(len(rows) for rows in columns)
    gap = max(2.2, 0.45 * tallest)
    with style():
        if ax is None:
            ax = new_axes(1.5 + 1.5 * len(sizes), 1.0 + 0.5 * tallest)
        for i in range(len(sizes) - 1):
            _lines(ax, i * gap, gap, columns[i], columns[i + 1], None if matrices is None else matrices[i])
        for i, rows in enumerate(columns):
            _units(ax, i * gap, rows, sizes[i], None if numbers is None else numbers[i])
        _captions(ax, gap, columns, sizes, labels)
        ax.set_aspect("equal")
        ax.axis("off")


def _arrays(
    what: str, given: Sequence[ArrayLike] | None, shapes: list[tuple[int, ...]]
) -> list[Floats] | None:
    """Return the given arrays, if their shapes are the expected ones."""
    if given is None:
        return None
    arrays: list[Floats] = [np.asarray(array, dtype=np.float64) for array in given]
    if [array.shape for array in arrays] != shapes:
        raise ValueError(
            f"network: expected {what} of shapes {shapes}, got {[array.shape for array in arrays]}; "
            "a weight matrix is (units on the left, units on the right)."
        )
    return arrays


def _rows(size: int) -> Rows:
    """Return which units of a layer are drawn and how high; a long layer keeps two and two."""
    shown = list(range(size)) if size <= LIMIT else [0, 1, size - 2, size - 1]
    places = np.arange(len(shown), dtype=np.float64)
    if size > LIMIT:
        places[2:] += 1.2  # room for the ellipsis
    return list(zip(shown, (places[-1] / 2 - places).tolist(), strict=True))


def _lines(ax: Axes, x: float, gap: float, left: Rows, right: Rows, matrix: Floats | None) -> None:
    largest = 1.0 if matrix is None else max(float(np.abs(matrix).max()), 1e-12)
    for i, y in left:
        for j, y_next in right:
            look: dict[str, Any] = {"color": LINE, "linewidth": 0.7}
            if matrix is not None and matrix[i, j] == 0:
                continue
            if matrix is not None:
                strength = abs(matrix[i, j]) / largest
                sign = (
                    {"color": BLUE}
                    if matrix[i, j] >= 0
                    else {"color": VERMILLION, "linestyle": (0, (3, 1.5))}
                )
                look = {"linewidth": 0.4 + 2.8 * strength, "alpha": 0.35 + 0.65 * strength, **sign}
            ax.plot([x, x + gap], [y, y_next], zorder=1, **look)


def _units(ax: Axes, x: float, rows: Rows, size: int, numbers: Floats | None) -> None:
    for i, y in rows:
        ax.add_patch(Circle((x, y), RADIUS, facecolor="white", edgecolor="black", linewidth=1.2, zorder=2))
        if numbers is not None and not np.isnan(numbers[i]):
            ax.text(x, y, _text(numbers[i]), ha="center", va="center", fontsize=7, zorder=3)
    if size > LIMIT:
        middle = (rows[1][1] + rows[2][1]) / 2
        for offset in (-0.28, 0, 0.28):
            ax.add_patch(Circle((x, middle + offset), 0.06, color="black", zorder=2))


def _text(value: float) -> str:
    """Return a number in at most five characters where that is possible: -0.34, 12.50, 1.2e+05; 0 if exact."""
    if value == 0:  # a ReLU's, say; 0.00 is a rounded number
        return "0"
    text = f"{value:.2f}" if abs(value) < 99.5 else f"{value:.2g}"
    return text.replace("-", "−")


def _captions(
    ax: Axes, gap: float, columns: list[Rows], sizes: list[int], labels: Sequence[str] | None
) -> None:
    bottom = min(rows[-1][1] for rows in columns) - RADIUS - 0.25
    for i, size in enumerate(sizes):
        lines = [] if labels is None else [labels[i]]
        lines += [f"{size:,}"] if size > LIMIT else []
        ax.text(i * gap, bottom, "\n".join(lines), ha="center", va="top", fontsize=9)
    ax.set_xlim(-0.75, (len(sizes) - 1) * gap + 0.75)
    room = 0.5 * (int(labels is not None) + int(max(sizes) > LIMIT))
    ax.set_ylim(bottom - 0.1 - room, max(rows[0][1] for rows in columns) + RADIUS + 0.15)
