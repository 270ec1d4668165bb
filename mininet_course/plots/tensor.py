"""Pictures of graphs of arrays: Jacobians, broadcasting, kinks, costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mininet.arrays import Array, Floats
from mininet_course.plots.graph_layout import place
from mininet_course.plots.palette import BLUE, CYCLE, GREY, ORANGE, SKY, VERMILLION, YELLOW
from mininet_course.plots.style import new_axes, new_figure, style

LARGEST = 12  # rows or columns of a Jacobian whose numbers can still be read


def grain(n: int = 2, k: int = 3, m: int = 2, figure: FigureBase | None = None) -> None:
    """Draw x @ w + b twice, for x (N, K) and w (K, M): one node a number, and one node an array.

    The titles count the nodes: each number of the result takes K products and K additions.

    >>> grain(2, 3, 2)
    """
    with style():
        figure = new_figure(6.6, 3.4) if figure is None else figure
        fine, coarse = figure.subplots(1, 2)
        leaves = n * k + k * m + m
        fine.set_title(f"one node a number: {leaves + 2 * n * k * m} nodes", fontsize=10)
        _numbers(fine, n, k, m)
        coarse.set_title("one node an array: 5 nodes", fontsize=10)
        shapes = [f"x\n({n}, {k})", f"w\n({k}, {m})", f"b\n({m},)", f"@\n({n}, {m})", f"+\n({n}, {m})"]
        places = [(0, 2.0), (0, 1.0), (1, 0.3), (1, 1.5), (2, 0.9)]
        for tail, head in ((0, 3), (1, 3), (3, 4), (2, 4)):
            _arrow(coarse, places[tail], places[head])
        for i, (text, at) in enumerate(zip(shapes, places, strict=True)):
            box = {"boxstyle": "round,pad=0.35", "facecolor": "#e6f0f7" if i < 3 else "white"}
            coarse.text(*at, text, ha="center", va="center", bbox=box, fontsize=10)
        coarse.set(xlim=(-0.4, 2.4), ylim=(-0.2, 2.5))
        for ax in (fine, coarse):
            ax.axis("off")


def _numbers(ax: Axes, n: int, k: int, m: int) -> None:
    """Draw every number of x @ w + b as a dot: leaves, products, and the additions in a chain."""
    rows = n * k * m
    names = [("x", r, c) for r in range(n) for c in range(k)]
    names += [("w", r, c) for r in range(k) for c in range(m)] + [("b", 0, c) for c in range(m)]
    left = {name: (0.0, y) for name, y in zip(names, np.linspace(0, rows - 1, len(names)), strict=True)}
    dots: list[tuple[float, float]] = []
    for out, (i, j) in enumerate(np.ndindex(n, m)):
        before: tuple[float, float] | None = None
        for c in range(k):
            product = (1.3, float(out * k + c))
            added = (2.2 + 0.5 * c, float(out * k + c))
            ways = [(left["x", i, c], product), (left["w", c, j], product), (product, added)]
            ways += [(before, added)] if before else [(left["b", 0, j], added)]
            for a, b in ways:
                ax.plot(*zip(a, b, strict=True), color=GREY, linewidth=0.5, zorder=1)
            before = added
            dots += [product, added]
    for places, colour in ((list(left.values()), SKY), (dots, "white")):
        across, up = zip(*places, strict=True)
        ax.scatter(across, up, s=26, color=colour, edgecolor="black", linewidth=0.6, zorder=2)


def _arrow(ax: Axes, tail: tuple[float, float], head: tuple[float, float], colour: str = "black") -> None:
    style_ = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.2, "shrinkA": 18, "shrinkB": 20}
    ax.annotate("", head, tail, arrowprops=style_)


def jacobian(
    matrix: Floats, grad: Floats, names: tuple[Sequence[str], Sequence[str]], ax: Axes | None = None
) -> None:
    """Draw a Jacobian with its numbers, the gradient that comes in from the left, and their product below.

    ``matrix`` is (outputs, inputs), ``grad`` one number an output; ``names`` labels outputs and
    inputs. Zeros are left white.
    Errors: `ValueError` for shapes that do not fit, or more than 12 rows or columns.

    >>> jacobian(np.eye(2), np.array([1.0, 2.0]), (["z0", "z1"], ["x0", "x1"]))
    """
    rows, columns = matrix.shape
    if grad.shape != (rows,) or (len(names[0]), len(names[1])) != (rows, columns):
        raise ValueError(
            f"jacobian: expected grad ({rows},) and {rows} and {columns} names, got {grad.shape}, "
            f"{len(names[0])} and {len(names[1])}."
        )
    if max(rows, columns) > LARGEST:
        raise ValueError(f"jacobian: expected at most {LARGEST} rows and columns, got {matrix.shape}.")
    with style():
        ax = new_axes(6.0, 3.6) if ax is None else ax
        _cells(ax, (-2.2, 0), grad[:, None], [[VERMILLION]] * rows)
        _cells(ax, (0, 0), matrix, np.where(matrix == 0, "", BLUE).tolist())
        _cells(ax, (0, rows + 0.9), (grad @ matrix)[None], [[ORANGE] * columns])
        for i, name in enumerate(names[0]):
            ax.text(-0.15, i + 0.5, name, ha="right", va="center", fontsize=9)
        for j, name in enumerate(names[1]):
            ax.text(j + 0.5, -0.2, name, ha="center", va="bottom", fontsize=9)
        ax.text(-1.7, -0.2, "g", ha="center", va="bottom", fontsize=10, color=VERMILLION)
        ax.text(-0.3, rows + 1.4, "g times J", ha="right", va="center", fontsize=10, color=GREY)
        ax.set(xlim=(-2.6, columns + 0.2), ylim=(rows + 2.1, -1.0), aspect="equal")
        ax.axis("off")


def _cells(
    ax: Axes,
    corner: tuple[float, float],
    values: Array,
    colours: Sequence[Sequence[str]],
    hatched: Array | None = None,
) -> None:
    """Draw a grid of numbers from its upper left corner down; an empty colour is white."""
    for (i, j), value in np.ndenumerate(values):
        at = (corner[0] + j, corner[1] + i)
        colour = colours[i][j]
        copied = hatched is not None and hatched[i, j]
        face: dict[str, Any] = (
            {"facecolor": colour or "white", "alpha": 0.3} if not copied else {"facecolor": "white"}
        )
        ax.add_patch(Rectangle(at, 1, 1, **face))
        edge: dict[str, Any] = {
            "edgecolor": colour or GREY,
            "linewidth": 0.8,
            "linestyle": "--" if copied else "-",
        }
        ax.add_patch(Rectangle(at, 1, 1, fill=False, hatch="///" if copied else None, alpha=0.55, **edge))
        text = f"{value:.3g}".replace("-", "−") if value != 0 else "0"
        halo = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"} if copied else None
        ax.text(at[0] + 0.5, at[1] + 0.5, text, ha="center", va="center", fontsize=8.5, bbox=halo)


def broadcasting(a: ArrayLike, b: ArrayLike, grad: ArrayLike, ax: Axes | None = None) -> None:
    """Draw a + b with the copies that NumPy makes, and below them ``grad`` going back: copies are summed.

    ``a`` and ``b`` have at most two axes and fit together, ``grad`` has the shape of a + b.
    Copies are hatched.
    Errors: `ValueError` for shapes that do not fit, or more than two axes.

    >>> broadcasting([1, 2], [[0, 0], [5, 5]], [[1, 1], [1, 1]])
    """
    a, b, grad = (np.asarray(array) for array in (a, b, grad))
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(
            f"shapes {a.shape} and {b.shape} do not fit: counted from the right, sizes must be equal, or one of them 1."
        ) from None
    if len(shape) > 2 or grad.shape != shape:
        raise ValueError(
            f"broadcasting: expected at most two axes and grad {shape}, got {len(shape)} and {grad.shape}."
        )
    with style():
        ax = new_axes(7.0, 3.4) if ax is None else ax
        rows, columns = np.atleast_2d(grad).shape
        width, height = columns + 1.9, rows + 1.9
        _side(ax, a, grad, ("a", BLUE), (0, width), (columns + 0.95, "→←"))
        _side(ax, b, grad, ("b", ORANGE), (3 * width, 2 * width), (3 * width - 0.95, "←→"))
        ax.text(2 * width - 0.95, rows / 2, "+", ha="center", va="center", fontsize=13)
        ax.set(xlim=(-0.5, 4 * width - 1.4), ylim=(2 * height - 1.1, -1.0), aspect="equal")
        ax.axis("off")


def _side(
    ax: Axes,
    array: Array,
    grad: Array,
    look: tuple[str, str],
    x: tuple[float, float],
    arrows: tuple[float, str],
) -> None:
    """Draw one side of the sum: the array and its copies, and below ``grad`` and what comes of it."""
    name, colour = look
    rows, columns = np.atleast_2d(grad).shape
    below = rows + 1.9
    room = columns if x[0] < x[1] else 0  # what is left of its arrow stands close to it
    back, axes = _summed(grad, array.shape)
    spread = np.broadcast_to(array, grad.shape)
    _panel(ax, x[0], 0, array, f"{name} {array.shape}", colour, room=room)
    _panel(ax, x[1], 0, spread, f"as {grad.shape}", colour, _is_copy(array, grad.shape))
    _panel(ax, x[1], below, grad, f"g {grad.shape}", VERMILLION)
    _panel(ax, x[0], below, back, f"d{name} {back.shape}", VERMILLION, room=room)
    for mark, y in zip(arrows[1], (rows / 2, below + rows / 2), strict=True):
        ax.text(arrows[0], y, mark, ha="center", va="center", fontsize=13)
    over = (
        f"sum over {'axes' if len(axes) > 1 else 'axis'} {', '.join(map(str, axes))}" if axes else "as it is"
    )
    ax.text(arrows[0], below + rows + 0.35, over, ha="center", va="center", fontsize=8.5, color=GREY)


def _summed(grad: Array, shape: tuple[int, ...]) -> tuple[Array, list[int]]:
    """Return the sum of grad that has ``shape``, and the axes it was summed over."""
    added = grad.ndim - len(shape)
    axes = [i for i in range(grad.ndim) if i < added or (shape[i - added] == 1 and grad.shape[i] != 1)]
    return grad.sum(axis=tuple(axes)).reshape(shape), axes


def _is_copy(array: Array, shape: tuple[int, ...]) -> Array:
    """Return which entries of the broadcast form are copies: all but the first along the axes that NumPy made."""
    first = np.zeros(shape, dtype=bool)
    added = len(shape) - array.ndim
    made = [i < added or array.shape[i - added] == 1 for i in range(len(shape))]
    first[tuple(0 if is_made else slice(None) for is_made in made)] = True
    return ~first


def _panel(
    ax: Axes,
    x: float,
    y: float,
    values: Array,
    title: str,
    colour: str,
    hatched: Array | None = None,
    room: int = 0,
) -> None:
    """Draw a grid under its title; with ``room``, a number of cells, at the right end of it."""
    grid = np.atleast_2d(values)
    x += room - grid.shape[1] if room else 0
    marks = None if hatched is None else np.atleast_2d(hatched)
    _cells(ax, (x, y), grid, [[colour] * grid.shape[1]] * grid.shape[0], marks)
    ax.text(x + grid.shape[1] / 2, y - 0.25, title, ha="center", va="bottom", fontsize=9)


def kinks(
    functions: Mapping[str, tuple[Callable[[Floats], Floats], float, float]], figure: FigureBase | None = None
) -> None:
    """Draw functions beside each other, each with the slope that is taken at its kink.

    Each name has a function of an array, the place of the kink, and the slope there.

    >>> kinks({"abs": (np.abs, 0.0, 0.0)})
    """
    with style():
        figure = new_figure(2.2 * len(functions), 2.2) if figure is None else figure
        for ax, (name, (function, at, slope)) in zip(
            figure.subplots(1, len(functions), squeeze=False)[0], functions.items(), strict=True
        ):
            x = np.linspace(at - 1, at + 1, 201)
            ax.plot(x, function(x), color=BLUE)
            near = np.array([-0.5, 0.5])
            height = float(function(np.array([at]))[0])
            ax.plot(at + near, height + slope * near, color=VERMILLION, linestyle=(0, (3, 1.5)))
            ax.plot(at, height, "o", color=VERMILLION, markersize=5)
            ax.set_title(f"{name}: slope {slope:g} at {at:g}", fontsize=9.5)
            ax.set_aspect("equal", adjustable="datalim")


def cost(measures: Mapping[str, Mapping[str, float]], figure: FigureBase | None = None) -> None:
    """Draw one panel a measure, a bar for each way of doing the same, as multiples of the first.

    >>> cost({"time": {"by hand": 1.0, "recorded": 1.1}})
    """
    with style():
        figure = new_figure(6.8, 1.1 + 0.35 * max(map(len, measures.values()))) if figure is None else figure
        panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
        for ax, (measure, values) in zip(panels, measures.items(), strict=True):
            unit = next(iter(values.values()))
            for i, (name, value) in enumerate(values.items()):
                ax.barh(name, value / unit, color=CYCLE[i % len(CYCLE)], height=0.6)
                ax.annotate(
                    f"{value / unit:.2f}", (value / unit, i), (4, 0), textcoords="offset points", va="center"
                )
            ax.axvline(1, color=GREY, linewidth=1, linestyle=(0, (2, 2)))
            ax.set_title(measure, fontsize=10)
            ax.margins(x=0.25)
        panels[0].invert_yaxis()  # shared: once turns all of them


@dataclass(frozen=True)
class Box:
    """A node of a graph of arrays, as it is drawn: its name, its shape, and what has come back to it."""

    name: str
    shape: tuple[int, ...]
    parents: tuple[int, ...] = ()  # positions in the list of boxes, all before this one
    arrived: bool = False  # its gradient has come in
    visited: bool = False
    current: bool = False


def graph(boxes: Sequence[Box], ax: Axes | None = None) -> None:
    """Draw a graph of arrays from left to right: leaves round and blue, what has its gradient with a thick frame.

    A visited node is grey, the one being visited yellow; a gradient that has arrived is written as ∂.

    >>> graph([Box("w", (3, 2)), Box("sum", (), parents=(0,))])
    """
    with style():
        ax = new_axes(7.0, 3.0) if ax is None else ax
        column, y, between = place([box.parents for box in boxes], height=1.0, gap=0.45, lane=0.3)
        at = [(1.5 * c, -h) for c, h in zip(column, y, strict=True)]
        for i, box in enumerate(boxes):
            for parent in sorted(set(box.parents)):
                heights = [-h for h in between.get((parent, i), [])]
                way = [
                    at[parent],
                    *((1.5 * (column[parent] + 1 + k), h) for k, h in enumerate(heights)),
                    at[i],
                ]
                colour = VERMILLION if box.current else GREY
                for a, b in pairwise(way):
                    ax.plot(
                        *zip(a, b, strict=True), color=colour, linewidth=2 if box.current else 1, zorder=1
                    )
        for box, (x, height) in zip(boxes, at, strict=True):
            face = (
                YELLOW if box.current else "#dddddd" if box.visited else "white" if box.parents else "#e6f0f7"
            )
            frame = {"edgecolor": VERMILLION, "linewidth": 2} if box.arrived else {"edgecolor": "black"}
            words = f"{box.name}\n{_shape(box.shape)}" + ("\n∂" if box.arrived else "")
            rounded = {"boxstyle": "square,pad=0.3" if box.parents else "round,pad=0.3", "facecolor": face}
            ax.text(
                x, height, words, ha="center", va="center", fontsize=8, bbox={**rounded, **frame}, zorder=2
            )
        heights_ = [height for _, height in at]
        ax.set(xlim=(-0.7, max(x for x, _ in at) + 0.7), ylim=(min(heights_) - 0.7, max(heights_) + 0.7))
        ax.axis("off")


def _shape(shape: tuple[int, ...]) -> str:
    return "a number" if not shape else str(shape)
