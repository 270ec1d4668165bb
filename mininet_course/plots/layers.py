"""Pictures of matrix products, of activations from layer to layer, of scores and of gradient checks."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mininet.arrays import Array, Floats
from mininet.gradcheck import compare
from mininet_course.plots.palette import BLUE, GREEN, GREY, ORANGE, VERMILLION, YELLOW
from mininet_course.plots.style import new_axes, new_figure, style


def product(
    left: ArrayLike,
    right: ArrayLike,
    names: Sequence[str] = ("left", "right", "product"),
    entry: tuple[int, int] = (0, 0),
    ax: Axes | None = None,
) -> None:
    """Draw left (I, K) times right (K, J) with the numbers inside, and where one entry comes from.

    The row and the column that meet in ``entry`` are coloured; their sum is written under the matrices.

    >>> product([[1, 2]], [[3], [4]], ("a", "b", "a @ b"))
    """
    left, right = np.asarray(left), np.asarray(right)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise ValueError(f"product: expected (I, K) and (K, J), got {left.shape} and {right.shape}.")
    i, j = entry
    result = left @ right
    if not (0 <= i < result.shape[0] and 0 <= j < result.shape[1]):
        raise ValueError(f"product: the entry {entry} is outside the result of shape {result.shape}.")
    matrices = [
        (left, {(i, k) for k in range(left.shape[1])}),
        (right, {(k, j) for k in range(right.shape[0])}),
        (result, {(i, j)}),
    ]
    with style():
        width = sum(m.shape[1] for m, _ in matrices) + 2.4
        ax = new_axes(0.55 * width + 0.4, 2.6) if ax is None else ax
        x = 0.0
        for (matrix, marked), name, sign in zip(matrices, names, ("@", "=", ""), strict=True):
            _matrix(ax, x, matrix, marked, f"{name} {matrix.shape}")
            x += matrix.shape[1] + 1.2
            ax.text(x - 0.6, 0, sign, ha="center", va="center", fontsize=14)
        terms = " + ".join(f"({_text(a)})({_text(b)})" for a, b in zip(left[i], right[:, j], strict=True))
        low = -max(len(m) for m, _ in matrices) / 2
        sentence = f"row {i}, column {j}:  {terms} = {_text(result[i, j])}"
        ax.text((x - 1.2) / 2, low - 0.5, sentence, ha="center", va="center", fontsize=10)
        ax.set(xlim=(-0.2, x - 1.0), ylim=(low - 0.9, -low + 0.8), aspect="equal")
        ax.axis("off")


def _matrix(ax: Axes, x: float, matrix: Array, marked: set[tuple[int, int]], title: str) -> None:
    top = len(matrix) / 2
    for (row, column), value in np.ndenumerate(matrix):
        colour = YELLOW if (row, column) in marked else "white"
        corner = (x + column, top - row - 1)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor=GREY, linewidth=1))
        ax.text(corner[0] + 0.5, corner[1] + 0.5, _text(value), ha="center", va="center", fontsize=11)
    ax.text(x + matrix.shape[1] / 2, top + 0.4, title, ha="center", va="center", fontsize=9)


def _text(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def histograms(rows: Mapping[str, Sequence[Floats]], figure: FigureBase | None = None) -> None:
    """Draw one row of histograms for each name: how its values are spread, layer after layer.

    Every sequence holds one array a layer, any shape, and all are equally long. Each
    histogram has its own height; the scale from -1 to 1 is the same for all, as tanh's is.

    >>> histograms({"layer by layer": [np.array([0.1, 0.2]), np.array([0.5, -0.5])]})
    """
    lengths = {len(layers) for layers in rows.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"histograms: expected rows with equally many layers, got {sorted(lengths)}.")
    with style():
        figure = new_figure(7.0, 1.0 + 0.85 * len(rows)) if figure is None else figure
        panels = figure.subplots(len(rows), lengths.pop(), sharex=True, squeeze=False)
        for i, (line, (name, layers)) in enumerate(zip(panels, rows.items(), strict=True)):
            for number, (ax, values) in enumerate(zip(line, layers, strict=True), start=1):
                ax.hist(np.asarray(values).ravel(), bins=np.linspace(-1, 1, 22).tolist(), color=BLUE)
                ax.set(yticks=[], xticks=[-1, 0, 1], xlim=(-1.1, 1.1))
                ax.spines["left"].set_visible(False)
                if i == 0:
                    ax.set_title(f"layer {number}", fontsize=9)
            line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)


def scores(
    z: ArrayLike, p: ArrayLike, names: Sequence[str] | None = None, figure: FigureBase | None = None
) -> None:
    """Draw scores z (C,) as bars beside the probabilities p (C,) made of them, each with its number.

    What is not a finite number is written as such, with no bar.

    >>> scores([2.0, 1.0], [0.73, 0.27])
    """
    z, p = np.asarray(z, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if z.ndim != 1 or z.shape != p.shape:
        raise ValueError(f"scores: expected one probability a score, got {p.shape} for {z.shape}.")
    names = [f"class {i}" for i in range(len(z))] if names is None else names
    with style():
        figure = new_figure(6.4, 2.2) if figure is None else figure
        left, right = figure.subplots(1, 2)
        for ax, values, title, colour, digits in (
            (left, z, "scores", BLUE, 1),
            (right, p, "probabilities", ORANGE, 3),
        ):
            shown = np.where(np.isfinite(values), values, 0)
            ax.barh(range(len(z)), shown, color=colour, height=0.6)
            for i, value in enumerate(values):
                text = "not a number" if np.isnan(value) else f"{value:.{digits}f}".replace("inf", "infinite")
                text = text.replace("-", "−")
                ax.annotate(text, (max(shown[i], 0), i), (4, 0), textcoords="offset points", va="center")
            ax.set_yticks(range(len(z)), names)
            ax.set_title(title)
            ax.invert_yaxis()
            ax.margins(x=0.2)
        right.set_xlim(0, 1.25)
        right.set_xticks([0, 0.5, 1])


def checked_gradients(
    ours: Mapping[str, Floats],
    nudged: Mapping[str, Floats],
    tolerance: float = 1e-6,
    figure: FigureBase | None = None,
) -> None:
    """Draw each gradient as a grid of numbers: green ticks where nudging agrees, red crosses where not.

    Both mappings have the same names. The title of each grid says OK or NOT OK and the largest difference.

    >>> checked_gradients({"w": np.array([1.0])}, {"w": np.array([1.0])})
    """
    with style():
        figure = new_figure() if figure is None else figure
        widths = [np.atleast_2d(array).shape[-1] + 0.8 for array in nudged.values()]
        panels = figure.subplots(1, len(nudged), width_ratios=widths, squeeze=False)[0]
        for ax, row in zip(panels, compare(ours, nudged, tolerance), strict=True):
            colour = GREEN if row.close else VERMILLION
            verdict = "OK" if row.close else "NOT OK"
            ax.set_title(f"{row.name} {row.shape}\n{verdict} {row.difference:.0e}", fontsize=9, color=colour)
            ax.axis("off")
            mine, theirs = np.asarray(ours[row.name]), np.asarray(nudged[row.name])
            if mine.shape == theirs.shape:
                _verdicts(ax, mine, theirs, tolerance)
            else:
                ax.text(0.5, 0.5, f"expected\n{theirs.shape}", ha="center", va="center", color=colour)


def _verdicts(ax: Axes, mine: Floats, theirs: Floats, tolerance: float) -> None:
    mine, theirs = (array.reshape(-1, array.shape[-1]) for array in (mine, theirs))
    for (row, column), value in np.ndenumerate(mine):
        close = compare({"": np.array(value)}, {"": theirs[row, column]}, tolerance).ok
        colour, mark = (GREEN, "✓") if close else (VERMILLION, "✗")
        ax.add_patch(Rectangle((column, -row - 1), 1, 1, facecolor=colour, alpha=0.25, edgecolor="white"))
        ax.text(
            column + 0.5, -row - 0.4, f"{value:.2f}".replace("-", "−"), ha="center", va="center", fontsize=8
        )
        ax.text(column + 0.5, -row - 0.76, mark, ha="center", va="center", fontsize=8, color=colour)
    ax.set(xlim=(0, mine.shape[1]), ylim=(-len(mine), 0), aspect="equal")


def contract(ax: Axes | None = None) -> None:
    """Draw one layer as a box: values pass forward, gradients backward, and it keeps those of its own.

    >>> contract()
    """
    with style():
        ax = new_axes(6.0, 2.4) if ax is None else ax
        ax.add_patch(Rectangle((-1, -1), 2, 2, facecolor="white", edgecolor="black", linewidth=1.5))
        ax.text(0, 0.5, "forward →", ha="center", va="center", color=BLUE, fontsize=11)
        ax.text(0, -0.5, "← backward", ha="center", va="center", color=VERMILLION, fontsize=11)
        for tail, head, colour, dashes, words, place in (
            ((-3.2, 0.5), (-1, 0.5), BLUE, "-", "x (N, D)", (-2.1, 0.8)),
            ((1, 0.5), (3.2, 0.5), BLUE, "-", "out (N, M)", (2.1, 0.8)),
            ((3.2, -0.5), (1, -0.5), VERMILLION, (0, (4, 2)), "d out (N, M)", (2.1, -0.85)),
            ((-1, -0.5), (-3.2, -0.5), VERMILLION, (0, (4, 2)), "dx (N, D)", (-2.1, -0.85)),
            ((0, -1), (0, -1.9), VERMILLION, (0, (4, 2)), "dW (D, M), db (M,): kept here", (0.25, -1.6)),
        ):
            arrow = {"arrowstyle": "->", "color": colour, "linewidth": 2, "linestyle": dashes}
            ax.annotate("", head, tail, arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0})
            align = "left" if place[0] == 0.25 else "center"
            ax.text(*place, words, ha=align, va="center", fontsize=10)
        ax.set(xlim=(-3.4, 3.4), ylim=(-2.0, 1.15))
        ax.axis("off")
