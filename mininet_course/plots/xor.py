"""The hidden space of a small network: where it puts the points of the plane."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import FigureBase

from mininet.activations import sigmoid
from mininet.arrays import Array, Floats
from mininet_course.plots.boundary import boundary, points
from mininet_course.plots.palette import CLASS_COLOURS, CLASS_MARKERS, GREY, VERMILLION
from mininet_course.plots.style import new_axes, new_figure, style

Function = Callable[[Array], Array]
Line = tuple[Array, float]  # (weights (2,), bias): the points with weights · a + bias = 0

_MARGIN = 0.25  # how far the sheet reaches beyond the points
_LINES = 7  # lines of the sheet in each direction
_ROUNDING = 1e-9  # of the points' extent: a gap below it may be a rounded nothing
_TOUCHING = 0.02  # two points nearer than this part of the picture's width share one name


def hidden_space(
    hidden: Function,
    X: Array,
    y: Array,
    ax: Axes | None = None,
    line: Line | None = None,
    title: str | None = None,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw the points X (N, 2), y (N,) where ``hidden`` puts them, with the sheet of paper they lie on.

    ``hidden`` maps (M, 2) to (M, 2). The grey net is a square grid of the input plane after the
    same move. ``line`` is ``(weights (2,), bias)``: drawn where weights · a + bias = 0, with the side
    above 0 tinted as "yes". ``limits`` fixes both axes. Points of 0s and 1s are named, such as 01.
    Raises ValueError when what ``hidden`` returns does not fit.

    >>> hidden_space(lambda X: X, np.array([[0, 0], [1, 1]]), np.array([0, 1]))
    """
    X = np.asarray(X, dtype=np.float64)
    A = places(hidden, X)
    across, up = _sheet(X)
    with style():
        ax = new_axes(3.6, 3.4) if ax is None else ax
        for net in (across, up):
            for row in net:
                ax.plot(*places(hidden, row).T, color=GREY, lw=0.6, alpha=0.6, zorder=1)
        points(A, y, ax=ax)
        low, high = limits or _limits(A)
        ax.set(xlim=(low, high), ylim=(low, high), xlabel="hidden unit 1", ylabel="hidden unit 2")
        ax.set_title(title or "")
        ax.set_aspect("equal")
        ax.locator_params(nbins=5)
        if line is not None:
            _draw_line(line, ax)
        _name_the_points(X, A, np.asarray(y), ax)


def separating_line(A: Array, y: Array) -> Line | None:
    """Return the line that keeps the points A (N, 2) with y = 1 from those with y = 0, or None.

    Of all such lines it is the one in the middle of the widest gap, its positive side where y is 1.

    >>> separating_line(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])) is None
    True
    """
    A, yes = np.asarray(A, dtype=np.float64), np.asarray(y) == 1
    if yes.all() or not yes.any():
        raise ValueError("separating_line: expected points of both classes, got only one class.")
    # the widest gap touches two points and lies across their difference, or three and lies along one of theirs
    along = (A[:, np.newaxis] - A).reshape(-1, 2)
    candidates = np.concatenate([along, along @ np.array([[0, 1], [-1, 0]])])  # and turned by 90°
    lengths = np.hypot(*candidates.T)
    extent = lengths.max()
    if extent == 0:
        return None
    directions = (candidates[lengths > 0] / lengths[lengths > 0, np.newaxis]).T  # (2, directions)
    votes = A @ directions  # (N, directions)
    low, high = votes[~yes].max(axis=0), votes[yes].min(axis=0)
    best = int((high - low).argmax())
    if high[best] - low[best] < _ROUNDING * extent:
        return None
    return directions[:, best], -float(low[best] + high[best]) / 2


def two_spaces(
    p: Mapping[str, Array],
    X: Array,
    y: Array,
    activation: Callable[[Floats], Floats] = sigmoid,
    figure: FigureBase | None = None,
    axes: Sequence[Axes] | None = None,
    titles: Sequence[str] = ("the input plane", "the hidden space"),
) -> None:
    """Draw a 2-2-1 network twice: its answers over the input plane, and its hidden space.

    ``p`` holds W1 (2, 2), b1 (2,), W2 (2, 1), b2 (1,); ``activation`` is that of the hidden layer, the
    output's is the sigmoid. Dashed in the input plane: where a hidden unit's score is 0. Solid in the
    hidden space: where the output's score is 0.
    ``axes`` are two to draw into; without them two panels are added to ``figure``.

    >>> p = {"W1": np.eye(2), "b1": np.zeros(2), "W2": np.ones((2, 1)), "b2": np.zeros(1)}
    >>> two_spaces(p, np.array([[0, 0], [1, 1]]), np.array([0, 1]))
    """
    if axes is None:
        axes = (figure or new_figure(7.2, 3.5)).subplots(1, 2)
    W1, b1, W2, b2 = _checked(p)

    def hidden(X: Array) -> Array:
        return activation(X @ W1 + b1)

    left, right = axes
    boundary(lambda X: sigmoid(hidden(X) @ W2 + b2)[:, 0], X, y, ax=left, title=titles[0])
    left.set(xlabel="$x_1$", ylabel="$x_2$")
    left.set_aspect("equal")
    with style():
        for j, dash in enumerate([(0, (5, 2)), (0, (1, 1.5))]):
            _draw_zero(W1[:, j], b1[j], left, color=GREY, linestyle=dash, lw=1.4)
    # a squashed hidden space always fits the same frame, so that pictures can be compared
    squashed = (-0.15, 1.15) if activation is sigmoid else (-1.2, 1.2) if activation is np.tanh else None
    hidden_space(hidden, X, y, ax=right, line=(W2[:, 0], float(b2[0])), title=titles[1], limits=squashed)


def bending(
    networks: Mapping[str, Mapping[str, Array]],
    X: Array,
    y: Array,
    activation: Callable[[Floats], Floats] = sigmoid,
    figure: FigureBase | None = None,
) -> None:
    """Draw several 2-2-1 networks side by side: input planes above, hidden spaces below, under their names.

    The values of ``networks`` are parameters as in `two_spaces`: moments of one training, or different nets.
    """
    if not networks:
        raise ValueError("bending: expected at least one network to draw, got none.")
    figure = figure or new_figure(1.9 * len(networks), 4.0)
    axes = figure.subplots(2, len(networks), squeeze=False)
    for i, (name, p) in enumerate(networks.items()):
        two_spaces(p, X, y, activation, axes=list(axes[:, i]), titles=(name, ""))
        for ax in axes[:, i]:
            ax.tick_params(labelsize=7)
            ax.locator_params(nbins=4)
            ax.set_xlabel(ax.get_xlabel(), fontsize=8)
            ax.set_ylabel(ax.get_ylabel() if i == 0 else "", fontsize=8)


def atlas(
    fields: Array,
    solved: Sequence[bool],
    captions: Sequence[str] | None = None,
    columns: int = 9,
    figure: FigureBase | None = None,
) -> None:
    """Draw a gallery of answers over one square: ``fields`` (K, n, n), probabilities, lowest row first.

    A network that solved its task has a thin frame and a ✓; one that did not a thick red frame and a ✗.
    ``captions`` are K short texts, one under each.

    >>> atlas(np.zeros((2, 5, 5)), [True, False], columns=2)
    """
    fields = np.asarray(fields)
    if fields.ndim != 3 or len(solved) != len(fields):
        raise ValueError(
            f"atlas: expected fields of shape (K, n, n) and K marks, got {fields.shape} and {len(solved)}."
        )
    rows = -(-len(fields) // columns)
    low = 0.28 if captions is None else 0.42
    figure = figure or new_figure(0.75 * columns, (0.52 + low) * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    with style():
        for ax in axes:
            ax.axis("off")
        for i, (ax, field) in enumerate(zip(axes, fields, strict=False)):
            _stamp(ax, field, bool(solved[i]))
            if captions is not None:
                ax.set_xlabel(captions[i], fontsize=7.5, labelpad=2)


def _stamp(ax: Axes, field: Array, solved: bool) -> None:
    no, yes = ([0.5 + 0.5 * part for part in to_rgb(colour)] for colour in CLASS_COLOURS)
    ax.axis("on")
    ax.contourf(field, levels=[-0.01, 0.25, 0.5, 0.75, 1.01], colors=[no, "#dfe9f1", "#faeed6", yes])
    if field.min() < 0.5 < field.max():
        ax.contour(field, levels=[0.5], colors="#222222", linewidths=1.2)
    ax.set(xticks=[], yticks=[], aspect="equal")
    for side in ax.spines.values():
        side.set(visible=True, color=GREY if solved else VERMILLION, linewidth=0.8 if solved else 2.2)
    mark, colour = ("✓", "#222222") if solved else ("✗", VERMILLION)
    ax.set_title(mark, fontsize=9, color=colour, pad=2)


def _checked(p: Mapping[str, Array]) -> tuple[Array, Array, Array, Array]:
    expected = {"W1": (2, 2), "b1": (2,), "W2": (2, 1), "b2": (1,)}
    for name, shape in expected.items():
        if name not in p or np.shape(p[name]) != shape:
            got = np.shape(p[name]) if name in p else "nothing"
            raise ValueError(f"two_spaces: expected {name} of shape {shape}, for a 2-2-1 network, got {got}.")
    W1, b1, W2, b2 = (np.asarray(p[name], dtype=np.float64) for name in expected)
    return W1, b1, W2, b2


def places(hidden: Function, X: Array) -> Floats:
    """Return where ``hidden`` puts the points X (M, 2): (M, 2); raise ValueError when that is no plane.

    >>> places(lambda X: 2 * X, np.array([[1.0, 2.0]]))
    array([[2., 4.]])
    """
    moved = hidden(X.copy())  # a copy: hidden may work in place
    if moved is None:
        raise ValueError("hidden_space: expected an array from hidden, got None. Is its `return` missing?")
    A = np.asarray(moved, dtype=np.float64)
    if A.shape != X.shape:
        raise ValueError(
            f"hidden_space: expected hidden to return {X.shape} for an input of {X.shape}, got {A.shape}. "
            "Two numbers a row are needed, to be drawn on a plane: np.stack([first, second], axis=1)."
        )
    if not np.isfinite(A).all():
        raise ValueError(
            "hidden_space: expected finite numbers from hidden, got infinity or nan. The points and the net "
            f"around them go down to {X.min():g}, where a root, a logarithm or 1/x may have no value."
        )
    return A


def _sheet(X: Array) -> tuple[Floats, Floats]:
    """Return the lines of a square grid around the points, each (lines, 41, 2)."""
    low, high = X.min(axis=0) - _MARGIN, X.max(axis=0) + _MARGIN
    fine, coarse = np.linspace(low, high, 41), np.linspace(low, high, _LINES)  # (·, 2)
    across = [np.stack([fine[:, 0], np.full(41, c)], axis=1) for c in coarse[:, 1]]
    up = [np.stack([np.full(41, c), fine[:, 1]], axis=1) for c in coarse[:, 0]]
    return np.array(across), np.array(up)


def _limits(A: Array) -> tuple[float, float]:
    low, high = A.min(), A.max()
    return low - 0.25 * (high - low) - 0.1, high + 0.25 * (high - low) + 0.1


def _draw_zero(w: Array, b: float, ax: Axes, **look: Any) -> None:
    """Draw where w · x + b = 0, without changing what the axes show; nothing if w is 0."""
    length = float(np.hypot(*w))
    if length < 1e-12:
        return
    foot = -b * np.asarray(w) / length**2
    limits = ax.get_xlim(), ax.get_ylim()
    # axline wants no limits of its own, but it does autoscale
    ax.axline(tuple(foot), tuple(foot + np.array([-w[1], w[0]]) / length), zorder=2, **look)
    ax.set(xlim=limits[0], ylim=limits[1])


def _draw_line(line: Line, ax: Axes) -> None:
    weights, bias = line
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    a, b = np.linspace(left, right, 60), np.linspace(low, high, 60)
    score = weights[0] * a[np.newaxis] + weights[1] * b[:, np.newaxis] + bias  # (60, 60)
    ax.contourf(a, b, score, levels=[-np.inf, 0, np.inf], colors=CLASS_COLOURS, alpha=0.15, zorder=0)
    _draw_zero(np.asarray(weights), bias, ax, color="#222222", lw=2)


def _name_the_points(X: Array, A: Array, y: Array, ax: Axes) -> None:
    """Write 00, 01, … beside points made of 0s and 1s; those that lie on one another share a line of text.

    Where both classes lie on one another the square would hide the circle: a small one goes on top.
    """
    if not np.isin(X, (0, 1)).all():
        return
    (low, high), rest = ax.get_xlim(), list(range(len(X)))
    while rest:
        together = [i for i in rest if np.abs(A[i] - A[rest[0]]).max() <= _TOUCHING * (high - low)]
        rest = [i for i in rest if i not in together]
        if len(set(y[together])) == 2:
            ax.plot(
                *A[together[0]],
                CLASS_MARKERS[0],
                color=CLASS_COLOURS[0],
                ms=5.5,
                mec="white",
                clip_on=False,
                zorder=3,
            )
        names = ", ".join("".join(str(int(x)) for x in X[i]) for i in together)
        away = A[together[0]] - A[[i for i in range(len(A)) if i not in together]]  # from each other point
        distance = np.hypot(*away.T)[:, np.newaxis]
        outwards = (away / distance / distance).sum(axis=0)  # most from the nearest
        dx, dy = 9 * outwards / max(float(np.hypot(*outwards)), 1e-9)
        across = (A[together[0], 0] - low) / (high - low)
        room = 0.12 + 0.035 * len(names)  # of the width, in a small picture
        if (dx > 0 and across > 1 - room) or (dx < 0 and across < room):
            dx = -dx  # the text would leave the picture
        ax.annotate(
            names,
            tuple(A[together[0]]),
            (dx, dy),
            textcoords="offset points",
            ha="left" if dx >= 0 else "right",
            va="bottom" if dy >= 0 else "top",
            fontsize=8,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
        )
