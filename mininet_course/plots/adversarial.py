"""Pictures of images changed on purpose, and of what a classifier makes of them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from mininet.arrays import Array, Floats
from mininet_course.plots.curves import DASHES
from mininet_course.plots.images import _image, bars
from mininet_course.plots.palette import BLUE, CYCLE, GREY, ORANGE, VERMILLION
from mininet_course.plots.style import new_axes, new_figure, style


def four_pixels(
    x: Floats,
    w: Floats,
    changed: Floats,
    b: float = 0.0,
    figure: FigureBase | None = None,
    names: tuple[str, str] = ("no", "yes"),
) -> None:
    """Draw an image (2, 2), the weights, the change to it and the result, numbers written in, and both scores.

    The score is ``(w * x).sum() + b``; above 0 it is the second of ``names``.

    >>> four_pixels(np.ones((2, 2)), np.ones((2, 2)), np.zeros((2, 2)), b=-2.0)  # doctest: +SKIP
    """
    for name, array in (("x", x), ("w", w), ("changed", changed)):
        if array.shape != (2, 2):
            raise ValueError(f"four_pixels: expected {name} of shape (2, 2), got {array.shape}.")
    parts = [("image", x, "ink"), ("weights", w, "sign"), ("change", changed - x, "sign")]
    parts.append(("result", changed, "ink"))
    with style():
        figure = figure if figure is not None else new_figure(7.0, 2.5)
        for ax, (title, values, kind) in zip(figure.subplots(1, 4), parts, strict=True):
            signed = kind == "sign"
            _image(ax, values, max(float(np.abs(values).max()), 1.0) if signed else 1.0, diverging=signed)
            for (row, column), value in np.ndenumerate(values):
                dark = abs(value) > 0.5 * (2 if signed else 1)
                text = f"{value:+.2f}" if signed else f"{value:.2f}"
                ax.text(column, row, text.replace("-", "−"), ha="center", va="center",
                        color="white" if dark else "black")  # fmt: skip
            ax.axis("off")
            ax.set_title(title)
            if not signed:
                score = round(float((w * values).sum() + b), 6) + 0.0  # no −0.00
                said = f"score {score:+.2f}: {names[int(score > 0)]}".replace("-", "−")
                ax.text(0.5, 1.62, said, ha="center", va="top", color=VERMILLION if score > 0 else BLUE,
                        fontweight="bold")  # fmt: skip
            ax.set_ylim(2.0, -0.55)


def growth(sizes: Sequence[int], series: Mapping[str, Sequence[float]], ax: Axes | None = None) -> None:
    """Draw how large a change must be, one line for each entry of ``series``, against the number of pixels.

    >>> growth([4, 64], {"in step": [0.2, 0.05], "at random": [0.7, 0.7]})  # doctest: +SKIP
    """
    with style():
        ax = ax if ax is not None else new_axes(5.2, 3.2)
        for i, (name, values) in enumerate(series.items()):
            ax.plot(sizes, values, color=CYCLE[i], linestyle=DASHES[i], marker="os^"[i % 3], label=name)
        ax.set(xscale="log", yscale="log", xlabel="number of pixels", ylabel="smallest ε that flips half")
        ax.legend(fontsize=9, handlelength=3.2)


def anatomy(
    image: Floats,
    changed: Floats,
    before: Floats,
    after: Floats,
    label: int,
    figure: FigureBase | None = None,
    wanted: int | None = None,
) -> None:
    """Draw image, change and result (H, W) in a row; under the first and last, their probabilities (C,).

    The change is drawn from −largest to +largest, ink added in vermillion, ink taken in blue.
    ``wanted`` names the class that a targeted attack aims at.

    >>> anatomy(np.eye(8), 1 - np.eye(8), np.eye(10)[0], np.eye(10)[1], label=0)  # doctest: +SKIP
    """
    if image.ndim != 2 or image.shape != changed.shape:
        raise ValueError(
            f"anatomy: expected two images of one shape (H, W), got {image.shape} and {changed.shape}."
        )
    change = changed - image
    largest = float(np.abs(change).max())
    guesses = [int(p.argmax()) for p in (before, after)]
    with style():
        figure = figure if figure is not None else new_figure(7.0, 4.6)
        axes = figure.subplots(2, 3, gridspec_kw={"height_ratios": [1, 1.15]})
        titles = [f"image: “{guesses[0]}”", f"change, at most {largest:.2f}", f"result: “{guesses[1]}”"]
        for ax, title, values, signed in zip(
            axes[0], titles, (image, change, changed), (False, True, False), strict=True
        ):
            _image(ax, values, (largest or 1.0) if signed else 1.0, diverging=signed)
            ax.set_title(title)
            ax.axis("off")
        bars(before, axes[1, 0], label)
        bars(after, axes[1, 2], label)
        aim = "" if wanted is None else f"\nwanted: {wanted}"
        axes[1, 1].text(0.5, 0.55, f"label: {label}{aim}", ha="center", va="center", fontsize=12)
        axes[1, 1].axis("off")


def flipped(
    images: Floats,
    guesses: Array,
    labels: Array,
    thresholds: Floats | None = None,
    figure: FigureBase | None = None,
) -> None:
    """Draw images (N, H, W) with what each is taken for; a misread one is framed and says so.

    ``thresholds`` (N,) are written below: the ε from which each is misread.

    >>> flipped(np.ones((2, 4, 4)), np.array([3, 8]), np.array([3, 3]))  # doctest: +SKIP
    """
    if images.ndim != 3 or not len(images) == len(guesses) == len(labels):
        raise ValueError(
            "flipped: expected images (N, H, W), guesses (N,) and labels (N,), "
            f"got {images.shape}, {np.shape(guesses)} and {np.shape(labels)}."
        )
    with style():
        columns = min(4, len(images))
        rows = -(-len(images) // columns)
        figure = figure if figure is not None else new_figure(1.75 * columns, 2.1 * rows)
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax in axes.flat:
            ax.axis("off")
        for i, ax in enumerate(axes.flat[: len(images)]):
            _image(ax, images[i], 1.0)
            height, width = images[i].shape
            wrong = guesses[i] != labels[i]
            ax.set_title(f"{labels[i]} → {guesses[i]}" if wrong else f"{guesses[i]}",
                         color=VERMILLION if wrong else "black", fontweight="bold" if wrong else "normal")  # fmt: skip
            if wrong:
                frame = Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=VERMILLION, linewidth=3)
                ax.add_patch(frame)
            if thresholds is not None:
                flips = f"flips at {thresholds[i]:.3f}" if np.isfinite(thresholds[i]) else "never flips"
                ax.text((width - 1) / 2, height + 0.03 * height, flips, ha="center", va="top", fontsize=9,
                        color=GREY)  # fmt: skip


def against_epsilon(
    epsilons: Sequence[float], series: Mapping[str, Array], ax: Axes | None = None, title: str | None = None
) -> None:
    """Draw accuracy against ε: a line for each entry, (E,), or (S, E): the mean of S seeds in a band of all.

    >>> against_epsilon([0, 0.1], {"FGSM": np.array([[0.98, 0.3], [0.97, 0.2]])})  # doctest: +SKIP
    """
    with style():
        ax = ax if ax is not None else new_axes(5.4, 3.4)
        for i, (name, values) in enumerate(series.items()):
            runs = np.atleast_2d(values)
            if runs.shape[1] != len(epsilons):
                raise ValueError(
                    f"against_epsilon: expected {len(epsilons)} values for {name!r}, got {runs.shape[1]}."
                )
            colour, dash = CYCLE[i % len(CYCLE)], DASHES[i % len(DASHES)]
            ax.plot(epsilons, runs.mean(axis=0), color=colour, linestyle=dash, label=name)
            if len(runs) > 1:
                ax.fill_between(epsilons, runs.min(axis=0), runs.max(axis=0), color=colour, alpha=0.2, lw=0)
        ax.set(xlabel="ε", ylabel="share read correctly", ylim=(-0.03, 1.03), xticks=epsilons)
        ax.legend(fontsize=9, handlelength=3.2)
        if title is not None:
            ax.set_title(title)


def walk(
    loss: Callable[[Floats], Floats],
    paths: Mapping[str, Floats],
    start: Floats,
    epsilon: float,
    ax: Axes | None = None,
    returns: Floats | None = None,
) -> None:
    """Draw walks (T, 2) uphill on a loss over two pixels, inside the ε-square around ``start``.

    ``loss`` maps points (M, 2) to losses (M,); it is drawn on the paper only, where both
    pixels are from 0 to 1. ``returns`` (P, 2, 2) are pairs of a point outside and the point
    it was projected to: an arrow each.

    >>> walk(lambda p: p.sum(axis=1), {"one step": np.zeros((2, 2))}, np.zeros(2), 0.1)  # doctest: +SKIP
    """
    if start.shape != (2,):
        raise ValueError(f"walk: expected a start of two pixels, (2,), got {start.shape}.")
    with style():
        ax = ax if ax is not None else new_axes(5.2, 4.4)
        low, high = start - 1.5 * epsilon, start + 1.5 * epsilon
        x, y = (np.linspace(low[i], high[i], 121) for i in (0, 1))
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        on_paper = ((grid >= 0) & (grid <= 1)).all(axis=1)
        field = np.where(on_paper, loss(grid.astype(start.dtype)), np.nan).reshape(len(y), len(x))
        ax.contourf(x, y, field, levels=12, cmap="Greys", alpha=0.55)
        for corner, side, colour, name, dash in (
            (start - epsilon, 2 * epsilon, BLUE, "within ε", "-"),
            (np.zeros(2), 1.0, GREY, "0 to 1", "--"),
        ):
            ax.add_patch(Rectangle(tuple(corner), side, side, fill=False, edgecolor=colour, linewidth=2,
                                   linestyle=dash, label=name))  # fmt: skip
        for i, (name, path) in enumerate(paths.items()):
            colour = (VERMILLION, ORANGE, "#000000")[i % 3]
            ax.plot(*path.T, color=colour, linestyle=DASHES[i], marker=".", linewidth=1.6, label=name)
            ax.plot(*path[-1], marker="*X^"[i % 3], color=colour, markersize=13, markeredgecolor="white")
        ax.plot(*start, "o", color="white", markeredgecolor="black", markersize=9)
        for outside, inside in () if returns is None else returns:
            if not np.allclose(outside, inside):
                ax.annotate("", inside, outside, arrowprops={"arrowstyle": "->", "color": "black", "lw": 1.1})
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="pixel 1", ylabel="pixel 2",
               aspect="equal")  # fmt: skip
        ax.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(1, 1))


def transfer(table: Floats, names: Sequence[str], ax: Axes | None = None) -> None:
    """Draw a transfer table (K, K): row = where the images were made, column = who reads them.

    Each cell holds the share still read correctly, in percent; the fewer, the darker.

    >>> transfer(np.array([[0.2, 0.7], [0.6, 0.3]]), ["a", "b"])  # doctest: +SKIP
    """
    if table.ndim != 2 or table.shape != (len(names), len(names)):
        raise ValueError(f"transfer: expected a table ({len(names)}, {len(names)}), got {table.shape}.")
    with style():
        ax = ax if ax is not None else new_axes(6.2, 4.4)
        colours = LinearSegmentedColormap.from_list("fooled", [ORANGE, "white"])
        ax.imshow(table, cmap=colours, vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(table):
            weight = "bold" if row == column else "normal"
            ax.text(
                column, row, f"{share:.0%}".replace("%", " %"), ha="center", va="center", fontweight=weight
            )
        ax.set_xticks(range(len(names)), names, fontsize=9)
        ax.set_yticks(range(len(names)), names, fontsize=9)
        ax.set(xlabel="read by", ylabel="made on")
        ax.tick_params(length=0)
