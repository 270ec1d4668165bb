"""Pictures of defended networks: counts by seed, boxes, losses that end, verdicts."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mininet.arrays import Array, Floats
from mininet_course.plots.boundary import boundary
from mininet_course.plots.curves import DASHES
from mininet_course.plots.palette import CYCLE, GREY, VERMILLION
from mininet_course.plots.style import new_axes, style

MARKERS = ("o", "s", "^", "D", "v", "P")  # with a line's colour: no two columns share both
EDGE = 21  # points along each side of a box where the boundary is looked for


def ranges(
    table: Mapping[str, Mapping[str, Sequence[float]]],
    ax: Axes | None = None,
    xlabel: str = "share read correctly",
) -> None:
    """Draw ``table[row][column] = a number for each seed``: a mark at each mean, a bar from least to most.

    Rows go down the page, columns are told apart by colour and by mark.

    >>> ranges({"FGSM": {"plain": [0.1, 0.2], "noise": [0.4, 0.5]}})  # doctest: +SKIP
    """
    columns = list(dict.fromkeys(column for row in table.values() for column in row))
    if not columns or any(len(values) == 0 for row in table.values() for values in row.values()):
        raise ValueError("ranges: expected at least one row with at least one number, got an empty one.")
    with style():
        ax = ax if ax is not None else new_axes(6.6, 0.75 + 0.62 * len(table))
        for c, column in enumerate(columns):
            colour, marker = CYCLE[c % len(CYCLE)], MARKERS[c % len(MARKERS)]
            for r, row in enumerate(table.values()):
                if column in row:
                    values, y = np.asarray(row[column]), r + 0.16 * (c - (len(columns) - 1) / 2)
                    ax.plot(
                        [values.min(), values.max()], [y, y], color=colour, linewidth=3, solid_capstyle="butt"
                    )
                    ax.plot(values.mean(), y, marker, color=colour, markersize=7, clip_on=False)
            ax.plot([], [], marker, color=colour, label=column)
        ax.set_yticks(range(len(table)), list(table))
        ax.set(ylim=(len(table) - 0.5, -0.5), xlabel=xlabel, xlim=(0, None))
        for r in range(1, len(table)):
            ax.axhline(r - 0.5, color="#DDDDDD", linewidth=0.8)
        ax.tick_params(axis="y", length=0)
        ax.legend(fontsize=8.5, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1)


def boxes(
    predict: Callable[[Array], Array],
    X: Floats,
    y: Array,
    epsilon: float,
    ax: Axes | None = None,
    title: str = "",
) -> int:
    """Draw what ``predict`` says of the unit square, and around each point of X (N, 2) its box of ±``epsilon``.

    ``predict`` maps (M, 2) to M probabilities of class 1, y (N,) is 0 or 1. A box that holds a wrong answer,
    as far as a grid of points in it shows, is drawn in vermillion, dashed. Returns how many boxes hold none.

    >>> boxes(lambda X: X[:, 0], np.array([[0.2, 0.5], [0.6, 0.5]]), np.array([0, 1]), 0.2)  # doctest: +SKIP
    1
    """
    if not epsilon >= 0:
        raise ValueError(f"boxes: expected an epsilon of at least 0, got {epsilon}.")
    with style():
        ax = ax if ax is not None else new_axes(4.2, 4.0)
        reach = float(max(X.min(axis=0).max(), 1 - X.max(axis=0).min()))
        # drawn far enough to fill the unit square, but never asked outside it; first, since it checks predict
        boundary(lambda at: predict(np.clip(at, 0, 1)), X, y, ax, title, margin=reach)
        steps = np.linspace(-epsilon, epsilon, EDGE, dtype=X.dtype)
        inside = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)  # (B, 2)
        around = np.clip(X[:, None] + inside, 0, 1)  # (N, B, 2)
        said = np.asarray(predict(around.reshape(-1, 2))).reshape(len(X), -1) > 0.5  # (N, B)
        holds = (said == (y[:, None] == 1)).all(axis=1)  # (N,)
        for (a, b), ok in zip(X, holds, strict=True):
            low = np.clip([a - epsilon, b - epsilon], 0, 1)
            high = np.clip([a + epsilon, b + epsilon], 0, 1)
            look = (
                {"edgecolor": GREY} if ok else {"edgecolor": VERMILLION, "linestyle": "--", "linewidth": 1.8}
            )
            ax.add_patch(Rectangle(low, *(high - low), fill=False, **look))
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    return int(holds.sum())


def ends(
    leads: Floats, series: Mapping[str, Floats], ax: Axes | None = None, title: str = ""
) -> dict[str, float]:
    """Draw losses (L,) against leads (L,); where one stops being a finite number, its line ends in a cross.

    Returns for each name the first lead at which it is not finite; infinity if there is none.

    >>> ends(np.array([0.0, 1.0]), {"mine": np.array([0.7, np.inf])})  # doctest: +SKIP
    {'mine': 1.0}
    """
    found: dict[str, float] = {}
    with style():
        ax = ax if ax is not None else new_axes(5.4, 3.0)
        for i, (name, values) in enumerate(series.items()):
            colour, dash = CYCLE[i % len(CYCLE)], DASHES[i % len(DASHES)]
            bad = np.flatnonzero(~np.isfinite(values))
            stop = int(bad[0]) if len(bad) else len(values)
            found[name] = float(leads[stop]) if len(bad) else np.inf
            ax.plot(leads[:stop], values[:stop], color=colour, linestyle=dash, label=name)
            if len(bad):
                height = values[stop - 1] if stop else 0.0
                ax.plot(leads[stop], height, "X", color=colour, markersize=11, markeredgecolor="white")
                text = f"{values[stop]}".replace("inf", "∞")
                ax.annotate(text, (leads[stop], height), (8, -3), textcoords="offset points", color=colour)
        ax.set(xlabel="the wrong score's lead over the right one", ylabel="loss", title=title)
        ax.set_xlim(leads[0], leads[-1])
        ax.legend(fontsize=9, handlelength=3.2)
    return found


def verdict(shares: Mapping[str, float], ax: Axes | None = None, title: str = "") -> None:
    """Draw the share still right under each attack as bars; the smallest, which alone may be claimed, stands out.

    >>> verdict({"no attack": 0.98, "PGD": 0.2})  # doctest: +SKIP
    """
    if not shares:
        raise ValueError("verdict: expected at least one share, got none.")
    worst = min(shares, key=lambda name: shares[name])
    with style():
        ax = ax if ax is not None else new_axes(5.4, 0.6 + 0.4 * len(shares))
        drawn = ax.barh(list(shares), list(shares.values()), color="#BBBBBB")
        drawn[list(shares).index(worst)].set(color=VERMILLION, hatch="//", edgecolor="white")
        for i, (name, share) in enumerate(shares.items()):
            text = f"{share:.0%}".replace("%", " %") + ("  may be claimed, at most" if name == worst else "")
            weight = "bold" if name == worst else "normal"
            ax.text(share + 0.02, i, text, va="center", fontsize=9, fontweight=weight)
        ax.set(xlim=(0, 1.45), xticks=[], title=title)
        ax.invert_yaxis()
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(length=0)
