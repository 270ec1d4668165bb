"""The pictures of frames, drawn by a function of the slider's value."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from mininet_course.plots.frames import Frame, check_count, html, value_text
from mininet_course.plots.style import style

_COLOURS = 48  # of a palette; 256 would take a quarter more room
_DPI = 96  # dots an inch, a little less than a single picture has


@dataclass(frozen=True)
class Frames:
    """A set of frames as a notebook shows it; ``html`` is what a page holds."""

    html: str
    alt: str = field(repr=False)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.alt}


def frames(
    function: Callable[[Any], object],
    values: Sequence[Any],
    label: str,
    alt: str,
    start: int = 0,
    spec: str = "",
) -> Frames:
    """Return a slider over pictures: ``function(value)`` draws each one as a cell of its own would.

    ``label`` names the slider, ``alt`` says in words what the pictures show; the titles of each picture are
    added to it. ``start`` is the place in ``values`` of the one that is seen first, and in print. ``spec``
    formats the values, as in ``format(value, spec)``.
    Errors: ValueError for fewer than 2 or more than 60 values, a ``start`` beyond them, a call that draws no figure
    or several, and for more than 400,000 bytes.

    >>> import matplotlib.pyplot as plt
    >>> frames(lambda slope: plt.plot([0, slope]), [1, 2], "slope", "A line that rises.").html[:7]
    '<figure'
    """
    check_count(len(values), start)
    figures = [_drawn(function, value) for value in values]
    return Frames(
        html(
            [
                Frame(value_text(value, spec), picture, titles(figure))
                for value, picture, figure in zip(values, pngs(figures), figures, strict=True)
            ],
            label,
            alt,
            start,
        ),
        alt,
    )


def _drawn(function: Callable[[Any], object], value: Any) -> Figure:
    """Return the one figure that ``function`` draws for a value; pyplot forgets it, so no cell shows it."""
    before = set(plt.get_fignums())
    with style():
        function(value)
    new = [plt.figure(number) for number in plt.get_fignums() if number not in before]
    for figure in new:
        plt.close(figure)
    if len(new) != 1 or not (new[0].axes or new[0].texts):
        got = f"{len(new)} figures" if len(new) != 1 else "an empty one"
        raise ValueError(f"frames: expected the function to draw one new figure for {value!r}, got {got}.")
    return new[0]


def pngs(figures: Sequence[Figure]) -> list[bytes]:
    """Return matplotlib figures as PNG, all cut to the same frame, so that nothing jumps from one to the next."""
    for figure in figures:
        figure.draw_without_rendering()  # the layout is done when a figure is drawn
    frame = Bbox.union([figure.get_tightbbox() for figure in figures]).padded(0.1)
    pictures = []
    for figure in figures:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI, bbox_inches=frame)
        pictures.append(_with_palette(buffer.getvalue()))
    return pictures


def _with_palette(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    buffer = io.BytesIO()
    # the farthest colours first, then moved into the middle of theirs: small marks keep their own
    few = image.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def titles(figure: Figure) -> str:
    """Return the titles in a figure, where the numbers stand that a picture is about."""
    parts = [figure, *figure.subfigs]
    found = [part.get_suptitle() for part in parts] + [ax.get_title() for ax in figure.axes]
    return "; ".join(" ".join(text.split()) for text in found if text)
