"""Two classes of points, and the boundary a model draws between them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.typing import ColorType

from mininet.arrays import Array
from mininet_course.plots.palette import CLASS_COLOURS, CLASS_MARKERS
from mininet_course.plots.style import new_axes, style

_CELLS = 101  # along each side of the colour field: smooth enough, and 10,201 rows for predict
_FINE = 301  # for answers of only 0 and 1, whose line would be drawn in stairs
_BANDS = np.linspace(0, 1, 12)  # eleven tints: an odd number, so that one half has a tint of its own
_UNDECIDED = 1e-6  # a field this close to one half everywhere crosses it by rounding only


def points(X: Array, y: Array, ax: Axes | None = None, labels: Sequence[str] = ("no", "yes")) -> None:
    """Draw the points X (N, 2): a blue circle where y (N,) is 0, an orange square where it is 1.

    Raises ValueError for other shapes.

    >>> points(np.array([[0, 0], [1, 1]]), np.array([0, 1]))
    """
    X, y = _checked(X, y)
    with style():
        ax = new_axes() if ax is None else ax
        for answer, (colour, marker) in enumerate(zip(CLASS_COLOURS, CLASS_MARKERS, strict=True)):
            x1, x2 = X[y == answer].T
            (line,) = ax.plot(
                x1, x2, marker, color=colour, label=labels[answer], ms=8, mec="white", mew=1.2, clip_on=False
            )
            # unclipped and empty, it would count as a spot in the figure's corner, and the layout make room for it
            line.set_in_layout(bool((y == answer).any()))


def boundary(
    predict: Callable[[Array], Array],
    X: Array,
    y: Array,
    ax: Axes | None = None,
    title: str | None = None,
    margin: float = 0.5,
) -> None:
    """Draw what ``predict`` says everywhere around the points X (N, 2), y (N,).

    ``predict`` maps (M, 2) to M probabilities, (M,) or (M, 1); it is given float32
    where X is float32, else float64. The field goes in eleven tints from blue (0, "no")
    to orange (1, "yes"); the solid line is where it crosses 0.5. The picture reaches
    ``margin`` beyond the points, in their units.
    Raises ValueError when what ``predict`` returns does not fit.

    >>> boundary(lambda X: X[:, 0] > 0.5, np.array([[0, 0], [1, 1]]), np.array([0, 1]))
    """
    X, y = _checked(X, y)
    low, high = X.min(axis=0) - margin, X.max(axis=0) + margin
    across, up, field = _field(predict, low, high, _CELLS, X.dtype)
    if np.isin(field, (0, 1)).all():
        across, up, field = _field(predict, low, high, _FINE, X.dtype)
    with style():
        ax = new_axes() if ax is None else ax
        ax.contourf(across, up, field, levels=_BANDS, cmap=_soft_colours(), vmin=0, vmax=1)
        if field.min() < 0.5 - _UNDECIDED and field.max() > 0.5 + _UNDECIDED:
            ax.contour(across, up, field, levels=[0.5], colors="#222222", linewidths=2)
        points(X, y, ax=ax)
        ax.locator_params(nbins=5)
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), title=title or "")


def _checked(X: Array, y: Array) -> tuple[Array, Array]:
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"boundary: expected points of shape (N, 2), to be drawn on a plane, got {X.shape}.")
    if y.shape != (len(X),):
        raise ValueError(f"boundary: expected answers of shape ({len(X)},), got {y.shape}. Try y.ravel().")
    return X, y


def _field(
    predict: Callable[[Array], Array], low: Array, high: Array, cells: int, dtype: np.dtype[Any]
) -> tuple[Array, Array, Array]:
    """Return the positions across and up, (cells,) each, and what predict says there, (cells, cells)."""
    across, up = np.linspace(low[0], high[0], cells), np.linspace(low[1], high[1], cells)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)  # (M, 2)
    values = predict(grid.astype(np.result_type(dtype, np.float32)))
    return across, up, _probabilities(values, len(grid)).reshape(cells, cells)


def _probabilities(values: Array | None, count: int) -> Array:
    if values is None:
        raise ValueError(
            f"boundary: expected predict to return one probability a row, ({count},), got None. "
            "Is its `return` missing?"
        )
    values = np.asarray(values, dtype=np.float64)
    if values.shape not in {(count,), (count, 1)}:
        raise ValueError(
            f"boundary: expected predict to return one probability a row, ({count},), got {values.shape}. "
            "Does it handle all rows of X at once?"
        )
    if np.isnan(values).any():
        raise ValueError(
            f"boundary: expected probabilities from 0 to 1, got NaN in {np.isnan(values).sum()} of {count} rows. "
            "Is something divided by zero, or an infinity by an infinity?"
        )
    if values.min() < 0 or values.max() > 1:
        raise ValueError(
            f"boundary: expected probabilities from 0 to 1, got {values.min():.3g} to {values.max():.3g}. "
            "Did you return the score instead of sigmoid(score)?"
        )
    return values


def _soft_colours() -> LinearSegmentedColormap:
    no, yes = map(_pale, CLASS_COLOURS)
    colours: list[tuple[float, ColorType]] = [(0, no), (0.5, "#fbfbfb"), (1, yes)]
    return LinearSegmentedColormap.from_list("answers", colours)


def _pale(colour: str) -> tuple[float, float, float]:
    red, green, blue = (0.55 + 0.45 * part for part in to_rgb(colour))
    return red, green, blue
