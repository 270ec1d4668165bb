"""Frames: pictures behind a plain slider, as a page holds them; no kernel, no library.

The slider is hidden until the browser runs its handlers: where it could do nothing, only the picture is seen.
`mininet_course.plots.film` draws the pictures.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

FRAMES = "MININET_FRAMES"  # set where the book is made: only there are frames drawn, which takes seconds
MOST_FRAMES = 60
MOST_BYTES = 400_000  # of one set, as a page holds it


@dataclass(frozen=True)
class Frame:
    """One picture, the value that it belongs to, and the numbers it shows, in words."""

    value: str
    picture: bytes
    words: str = ""


def check_count(count: int, start: int) -> None:
    """Raise ValueError for fewer than 2 or more than 60 pictures, or a ``start`` beyond them."""
    if not 2 <= count <= MOST_FRAMES:
        raise ValueError(f"frames: expected 2 to {MOST_FRAMES} values, one for each picture, got {count}.")
    if not 0 <= start < count:
        raise ValueError(f"frames: expected start to be a place among {count} values, from 0, got {start}.")


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
    so a page may have several. Errors: ValueError for fewer than 2 or more than 60 pictures, a ``start`` beyond
    them, and more than 400,000 bytes.
    """
    check_count(len(pictures), start)
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
