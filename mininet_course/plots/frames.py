"""Pictures behind a plain slider, drawn beforehand: no kernel, no library.

The slider is hidden until the browser runs its handlers: where it could do nothing, only the picture is seen.
"""

import base64
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from mininet_course.plots.style import style

MOST_FRAMES = 60
MOST_BYTES = 400_000  # of one set, as a page holds it
_COLOURS = 48  # of a palette; 256 would take a quarter more room
_DPI = 96  # dots an inch, a little less than a single picture has


@dataclass(frozen=True)
class Frame:
    """One picture, the value that it belongs to, and the numbers it shows, in words."""

    value: str
    picture: bytes
    words: str = ""


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
    _check_count(len(values), start)
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


def _check_count(count: int, start: int) -> None:
    if not 2 <= count <= MOST_FRAMES:
        raise ValueError(f"frames: expected 2 to {MOST_FRAMES} values, one for each picture, got {count}.")
    if not 0 <= start < count:
        raise ValueError(f"frames: expected start to be a place among {count} values, from 0, got {start}.")


def _drawn(function: Callable[[Any], object], value: Any) -> Any:
    """Return the one figure that ``function`` draws for a value; pyplot forgets it, so no cell shows it."""
    import matplotlib.pyplot as plt

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


def pngs(figures: Sequence[Any]) -> list[bytes]:
    """Return matplotlib figures as PNG, all cut to the same frame, so that nothing jumps from one to the next."""
    from matplotlib.transforms import Bbox

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
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    buffer = io.BytesIO()
    # the farthest colours first, then moved into the middle of theirs: small marks keep their own
    few = image.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def titles(figure: Any) -> str:
    """Return the titles in a figure, where the numbers stand that a picture is about."""
    parts = [figure, *figure.subfigs]
    found = [part.get_suptitle() for part in parts] + [ax.get_title() for ax in figure.axes]
    return "; ".join(" ".join(text.split()) for text in found if text)


def value_text(value: Any, spec: str = "") -> str:
    """Return a value as the slider's readout shows it: floats in a few digits, unless ``spec`` says how.

    >>> value_text(0.1 + 0.2), value_text(0.25, ".0%"), value_text("ReLU")
    ('0.3', '25%', 'ReLU')
    """
    return format(value, spec or ("g" if isinstance(value, float) else ""))


# `this` is the slider; the pictures but the first lie in it, where whatever strips unknown attributes drops them
_MOVED = (
    "const [value, words, alt, picture] = JSON.parse(this.dataset.frames)[this.value];"
    "const image = this.closest('figure').querySelector('img');"
    "image.src = picture; image.alt = alt;"
    "this.setAttribute('aria-valuetext', words); this.nextElementSibling.value = value;"
)
_SLIDER = "width: min(16em, 40vw); height: 2em; vertical-align: middle"  # as high as a finger needs
_KEYS = 'data-lm-suppress-shortcuts="true"'  # or JupyterLab takes the arrow keys for itself
_PICTURE = "display: block; max-width: 100%"
_READY = "this.closest('figure').querySelector('label').hidden = false"


def html(pictures: Sequence[Frame], label: str, alt: str, start: int = 0, kind: str = "image/png") -> str:
    """Return the text of a page's ``<figure>``: the slider, its value, and the picture it chooses.

    ``kind`` is the pictures' MIME type. The same pictures give the same text; it holds no ids,
    so a page may have several. Errors: as for `frames`.
    """
    _check_count(len(pictures), start)
    rows = []
    for frame in pictures:
        described = f"{alt} {label} {frame.value}." + f" {frame.words}" * bool(frame.words)
        source = f"data:{kind};base64,{base64.b64encode(frame.picture).decode()}"
        rows.append([frame.value, frame.words or frame.value, described, source])
    value, words, described, source = rows[start]
    text = (
        '<figure class="frames" style="margin: 0">'
        '<label hidden style="white-space: nowrap">'
        f'{escape(label)} <input type="range" style="{_SLIDER}" {_KEYS} min="0" max="{len(rows) - 1}" '
        f'value="{start}" aria-valuetext="{escape(words)}" autocomplete="off" oninput="{escape(_MOVED)}" '
        f'data-frames="{escape(json.dumps(rows, ensure_ascii=False))}"> <output>{escape(value)}</output></label>'
        f'<img alt="{escape(described)}" src="{source}" style="{_PICTURE}" onload="{escape(_READY)}">'
        "</figure>"
    )
    size = len(text.encode())
    if size > MOST_BYTES:
        raise ValueError(
            f"frames: expected at most {MOST_BYTES:,} bytes, got {size:,} for {len(rows)} pictures. "
            "Take fewer values or a smaller figure."
        )
    return text
