"""Pictures of images, of weights as images, and of a classifier's answers. Built in the chapter "mnist".

Images are drawn as ink on paper: 0 is white, the largest value black. Weights
(``diverging=True``) are white at 0, vermillion above, blue below, on one scale.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mininet.plots.style import BLUE, GREY, ORANGE, VERMILLION, new_axes, new_figure, style
from mininet.typing import Array, Floats


def images(
    images: Array,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    figure: Any = None,
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
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    with style():
        figure = figure or new_figure(0.85 * columns, rows * (1.1 if titles else 0.88))
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        # a few extreme weights would make all the others pale
        top = float(np.quantile(np.abs(images), 0.995 if diverging else 1.0)) or 1.0
        for ax in grid:
            ax.axis("off")
        for i, image in enumerate(images):
            _image(grid[i], image, top, diverging)
            if titles is not None:
                grid[i].set_title(titles[i], fontsize=10, pad=3)


def pixels(image: Array, ax: Any = None) -> None:
    """Draw one small image (H, W), the value of each pixel written into it.

    >>> pixels(np.array([[0, 255], [128, 0]]))  # doctest: +SKIP
    """
    if image.ndim != 2:
        raise ValueError(f"pixels: expected one image (H, W), got {image.shape}.")
    with style():
        ax = ax or new_axes(4.0, 4.0)
        top = float(image.max()) or 1.0
        _image(ax, image, top, False)
        for (row, column), value in np.ndenumerate(image):
            colour = "white" if value > top / 2 else "black"
            ax.text(column, row, f"{value:g}", ha="center", va="center", color=colour, fontsize=9)


def confusion(matrix: Array, ax: Any = None, names: Sequence[str] | None = None) -> None:
    """Draw a confusion matrix (C, C): row = the truth, column = the guess, each count written in its cell.

    The diagonal (right answers) is grey; off it, the more mistakes, the stronger the colour.

    >>> confusion(np.array([[9, 1], [0, 10]]))  # doctest: +SKIP
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"confusion: expected a square matrix (C, C), got {matrix.shape}.")
    n = len(matrix)
    with style():
        from matplotlib.colors import LinearSegmentedColormap

        ax = ax or new_axes(5.6, 5.0)
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
    probabilities: Floats, ax: Any = None, label: int | None = None, names: Sequence[str] | None = None
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
        ax = ax or new_axes(3.6, 3.2)
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
    figure: Any = None,
    names: Sequence[str] | None = None,
) -> None:
    """Draw an image (H, W) and, beside it, what a classifier makes of it: probabilities (C,).

    >>> reading(np.eye(8), np.array([0.2, 0.8]), label=1)  # doctest: +SKIP
    """
    if image.ndim != 2:
        raise ValueError(f"reading: expected one image (H, W), got {image.shape}.")
    names = names or [str(i) for i in range(len(probabilities))]
    with style():
        figure = figure or new_figure(5.6, 2.9)
        left, right = figure.subplots(1, 2)
        _image(left, image, float(np.abs(image).max()) or 1.0, False)
        guess = names[int(probabilities.argmax())]
        left.set_title(f"guess {guess}" + ("" if label is None else f", truth {names[label]}"))
        bars(probabilities, right, label, names)


def _image(ax: Any, image: Array, top: float, diverging: bool) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    if diverging:
        colours = LinearSegmentedColormap.from_list("signed", [BLUE, "white", VERMILLION])
        ax.imshow(image, cmap=colours, vmin=-top, vmax=top, interpolation="nearest")
    else:
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
    # a thin frame, or a white image would have no edge on a white page
    ax.axis("on")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color="#BBBBBB", linewidth=0.8)


def _cell(column: int, row: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#E3E3E3", zorder=0.5)


def _percent(p: float) -> str:
    return "<1 %" if 0 < p < 0.01 else f"{p:.0%}".replace("%", " %")
