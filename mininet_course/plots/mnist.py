"""A long valley seen from above, and the paths that optimisers take down it."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType

from mininet.arrays import Floats
from mininet_course.plots.palette import CYCLE, GREY
from mininet_course.plots.style import new_axes, style

_DASHES: list[LineStyleType] = ["-", (0, (4, 1.5))]


def valley(paths: Mapping[str, Floats], steepness: float, ax: Axes | None = None) -> None:
    """Draw paths, each (T, 2), over the contours of ``(x² + steepness · y²) / 2``; a cross marks the bottom.

    >>> valley({"plain": np.array([[4.0, 1.0], [3.0, -0.5]])}, steepness=20)  # doctest: +SKIP
    """
    if not paths or any(path.ndim != 2 or path.shape[1] != 2 for path in paths.values()):
        shapes = {name: path.shape for name, path in paths.items()}
        raise ValueError(f"valley: expected at least one path of shape (T, 2), got {shapes}.")
    reach = 1.1 * np.abs(np.concatenate(list(paths.values()))).max(axis=0)
    x, y = np.meshgrid(np.linspace(-0.3 * reach[0], reach[0], 200), np.linspace(-reach[1], reach[1], 120))
    heights = (x * x + steepness * y * y) / 2
    with style():
        ax = ax if ax is not None else new_axes(7.0, 2.8)
        ax.contour(
            x, y, heights, levels=heights.max() * np.linspace(0.02, 1, 9) ** 2, colors="#CCCCCC", linewidths=1
        )
        for i, (name, path) in enumerate(paths.items()):
            ax.plot(
                *path.T,
                color=CYCLE[i % len(CYCLE)],
                linestyle=_DASHES[i % len(_DASHES)],
                linewidth=1.5,
                marker=".",
                markersize=4,
                label=name,
            )
        ax.plot(0, 0, "x", color=GREY, markersize=9, markeredgewidth=2)
        ax.set(xlabel="first parameter: gentle", ylabel="second: steep")
        ax.legend(loc="upper left", fontsize=9)
