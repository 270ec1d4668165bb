"""Numbers that change while a network trains, as lines."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType

from mininet_course.plots.palette import CYCLE
from mininet_course.plots.style import new_axes, style

# a line's colour repeats after six lines, its dash after five: thirty pairs before one returns
DASHES: list[LineStyleType] = [
    "-",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
]
LABELLED_AT_THE_END = 2  # this many lines are named where they end; more get a legend


def curves(
    series: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    xlabel: str = "epoch",
    ylabel: str = "loss",
    log: bool = False,
    title: str | None = None,
) -> None:
    """Draw each sequence of ``series`` as a line over 0, 1, 2, …, told apart by colour and by dash.

    One or two lines are named where they end, more in a legend. ``log`` makes the vertical axis
    logarithmic. Errors: `ValueError` when there is nothing to draw, or a value that is not finite.

    >>> curves({"training": [0.9, 0.4, 0.2], "validation": [0.9, 0.5, 0.4]})  # doctest: +SKIP
    """
    if not series or any(len(values) == 0 for values in series.values()):
        raise ValueError(
            "curves: expected at least one name with at least one number each, got an empty one."
        )
    _require_finite(series)
    ax = ax if ax is not None else new_axes()
    with style():
        for i, (name, values) in enumerate(series.items()):
            colour, dash = CYCLE[i % len(CYCLE)], DASHES[i % len(DASHES)]
            marker = "o" if len(values) == 1 else None  # a line through one point is invisible
            ax.plot(range(len(values)), values, color=colour, linestyle=dash, marker=marker, label=name)
        if log:
            ax.set_yscale("log")
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.locator_params(axis="x", integer=True)  # there is no epoch 2.5
        if title is not None:
            ax.set_title(title)
        if len(series) > LABELLED_AT_THE_END:
            ax.legend(fontsize=8.5, handlelength=3.2)
        else:
            _name_at_the_end(series, ax)


def _name_at_the_end(series: Mapping[str, Sequence[float]], ax: Axes) -> None:
    """Write each line's name right of its last point, moved apart where two would overlap."""
    ax.autoscale_view()  # the places on the paper are known only now
    ends = {name: ax.transData.transform((len(v) - 1, v[-1]))[1] for name, v in series.items()}
    names = sorted(ends, key=lambda name: ends[name])
    close = len(names) == LABELLED_AT_THE_END and ends[names[1]] - ends[names[0]] < 14
    for i, name in enumerate(names):
        values = series[name]
        colour = CYCLE[list(series).index(name) % len(CYCLE)]
        shift = 12 * i if close else 0
        ax.annotate(
            name,
            (len(values) - 1, values[-1]),
            (6, shift),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )


def _require_finite(series: Mapping[str, Sequence[float]]) -> None:
    for name, values in series.items():
        bad = next((i for i, v in enumerate(values) if not abs(float(v)) < float("inf")), None)
        if bad is not None:
            raise ValueError(
                f"curves: expected finite numbers, got {values[bad]} at position {bad} of {name!r}; "
                "the training diverged, or that measurement is missing."
            )
