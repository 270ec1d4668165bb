"""Pictures of images, of weights as images, and of a classifier's answers.

Images are drawn as ink on paper: 0 is white, the largest value black. Weights
(``diverging=True``) are white at 0, vermillion above, blue below, on one scale.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from mininet.arrays import Array, Floats
from mininet_course.plots.palette import BLUE, GREY, ORANGE, VERMILLION
from mininet_course.plots.style import new_axes, new_figure, style


def images(
    images: Array,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    figure: FigureBase | None = None,
    diverging: bool = False,
) -> None:
    """Draw images (N, H, W) in rows of ``columns``, each under its title if there are any.

    All share one scale: from 0 to the largest value, or, when ``diverging``, symmetric around 0
    and saturated at the largest 0.5 %.

    >>> images(np.zeros((3, 8, 8)), titles=["a", "b", "c"])  # doctest: +SKIP
    """
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(
            f"images: expected an array (N, H, W), got {images.shape}. "
            "Reshape rows of pixels with .reshape(-1, 28, 28); a single image is image[None]."
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"images: expected a title for each of {len(images)} images, got {len(titles)}.")
    n, height, width = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    gap, room = 0.12 * width, 0.3 * height if titles else 0.0
    right, bottom = columns * (width + gap) - gap, rows * (height + room + gap) - gap
    with style():
        figure = figure if figure is not None else new_figure(0.85 * columns, 0.85 * columns * bottom / right)
        # one axes for all: a figure of 24 axes takes a second to lay out
        ax = figure.subplots()
        ax.axis("off")
        # a few extreme weights would make all the others pale
        top = float(np.quantile(np.abs(images), 0.995 if diverging else 1.0)) or 1.0
        for i, image in enumerate(images):
            x, y = i % columns * (width + gap), i // columns * (height + room + gap) + room
            _image(ax, image, top, diverging, x, y)
            if titles is not None:
                ax.text(x + width / 2, y - 0.05 * height, titles[i], ha="center", va="bottom", fontsize=10)
        ax.set(xlim=(-0.01 * right, 1.01 * right), ylim=(1.01 * bottom, -0.01 * bottom), aspect="equal")


def pixels(image: Array, ax: Axes | None = None) -> None:
    """Draw one small image (H, W), the value of each pixel written into it.

    >>> pixels(np.array([[0, 255], [128, 0]]))  # doctest: +SKIP
    """
    if image.ndim != 2:
        raise ValueError(f"pixels: expected one image (H, W), got {image.shape}.")
    with style():
        ax = ax if ax is not None else new_axes(4.0, 4.0)
        top = float(image.max()) or 1.0
        _image(ax, image, top)
        ax.axis("off")
        for (row, column), value in np.ndenumerate(image):
            colour = "white" if value > top / 2 else "black"
            ax.text(column, row, f"{value:g}", ha="center", va="center", color=colour, fontsize=9)


def confusion(matrix: Array, ax: Axes | None = None, names: Sequence[str] | None = None) -> None:
    """Draw a confusion matrix (C, C): row = the truth, column = the guess, each count written in its cell.

    The diagonal (right answers) is grey; off it, the more mistakes, the stronger the colour.

    >>> confusion(np.array([[9, 1], [0, 10]]))  # doctest: +SKIP
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"confusion: expected a square matrix (C, C), got {matrix.shape}.")
    n = len(matrix)
    with style():
        ax = ax if ax is not None else new_axes(5.6, 5.0)
        mistakes = matrix * (1 - np.eye(n))
        colours = LinearSegmentedColormap.from_list("mistakes", ["white", ORANGE])
        ax.imshow(mistakes, cmap=colours, vmin=0, vmax=mistakes.max() or 1)
        for (row, column), count in np.ndenumerate(matrix):
            if row == column:
                ax.add_patch(_cell(column, row))
            text = f"{count:,}" if count else "·"
            ax.text(column, row, text, ha="center", va="center", fontsize=9, color="black" if count else GREY)
        ticks = names or [str(i) for i in range(n)]
        ax.set_xticks(range(n), ticks)
        ax.set_yticks(range(n), ticks)
        ax.set(xlabel="the guess", ylabel="the truth")
        ax.tick_params(length=0)


def bars(
    probabilities: Floats,
    ax: Axes | None = None,
    label: int | None = None,
    names: Sequence[str] | None = None,
) -> None:
    """Draw the probabilities (C,) of one image as bars, the percentage at the end of each.

    The largest, the guess, is blue. The name of ``label``, the truth, is bold; where it
    was missed, its bar is hatched orange.

    >>> bars(np.array([0.1, 0.9]), label=0)  # doctest: +SKIP
    """
    if probabilities.ndim != 1:
        raise ValueError(f"bars: expected the probabilities of one image, (C,), got {probabilities.shape}.")
    guess = int(probabilities.argmax())
    with style():
        ax = ax if ax is not None else new_axes(3.6, 3.2)
        drawn = ax.barh(range(len(probabilities)), probabilities, color="#BBBBBB")
        drawn[guess].set_color(BLUE)
        if label is not None and label != guess:
            drawn[label].set(facecolor=ORANGE, edgecolor=VERMILLION, hatch="///")
        for i, p in enumerate(probabilities):
            ax.text(p + 0.02, i, _percent(float(p)), va="center", fontsize=9)
        ax.set_yticks(range(len(probabilities)), names or [str(i) for i in range(len(probabilities))])
        if label is not None:
            ax.get_yticklabels()[label].set(color=VERMILLION, fontweight="bold")
        ax.set(xlim=(0, 1.25), ylim=(len(probabilities) - 0.4, -0.6), xticks=[])
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(length=0)


def reading(
    image: Array,
    probabilities: Floats,
    label: int | None = None,
    figure: FigureBase | None = None,
    names: Sequence[str] | None = None,
) -> None:
    """Draw an image (H, W) and, beside it, what a classifier makes of it: probabilities (C,).

    >>> reading(np.eye(8), np.array([0.2, 0.8]), label=1)  # doctest: +SKIP
    """
    if image.ndim != 2:
        raise ValueError(f"reading: expected one image (H, W), got {image.shape}.")
    names = names or [str(i) for i in range(len(probabilities))]
    with style():
        figure = figure if figure is not None else new_figure(5.6, 2.9)
        left, right = figure.subplots(1, 2)
        _image(left, image, float(np.abs(image).max()) or 1.0)
        left.axis("off")
        guess = names[int(probabilities.argmax())]
        left.set_title(f"guess {guess}" + ("" if label is None else f", label {names[label]}"))
        bars(probabilities, right, label, names)


def _image(
    ax: Axes, image: Array, top: float, diverging: bool = False, x: float = -0.5, y: float = -0.5
) -> None:
    """Draw an image, a pixel as large as a unit of the axes, its upper left corner at (x, y)."""
    height, width = image.shape
    colours = (
        LinearSegmentedColormap.from_list("signed", [BLUE, "white", VERMILLION]) if diverging else "gray_r"
    )
    low = -top if diverging else 0
    extent = (x, x + width, y + height, y)
    ax.imshow(image, cmap=colours, vmin=low, vmax=top, interpolation="nearest", extent=extent)
    # a thin frame, or a white image would have no edge on a white page
    frame = Rectangle((x, y), width, height, fill=False, edgecolor="#BBBBBB", linewidth=0.8, clip_on=False)
    ax.add_patch(frame)


def _cell(column: int, row: int) -> Rectangle:
    return Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#E3E3E3", zorder=0.5)


def _percent(p: float) -> str:
    return "<1 %" if 0 < p < 0.01 else f"{p:.0%}".replace("%", " %")
