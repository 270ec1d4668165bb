"""The frame of every explorer: controls, a picture they change, and a still of it."""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any, Concatenate

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from mininet_course.plots.film import pngs, titles
from mininet_course.plots.frames import FRAMES, Frame, html, value_text
from mininet_course.plots.style import drawn, png

MOST_STOPS = 21  # of a slider, as frames of a page

Values = Mapping[str, Any]  # of the controls, by name


class Explorer(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Controls and the picture they change; its notebook output holds the still beside the live widget."""

    def __init__(
        self,
        drawing: Callable[[Values], bytes],
        film: Callable[[Sequence[Values]], list[tuple[bytes, str]]],
        kind: str,
        controls: Mapping[str, widgets.DOMWidget],
        alt: str,
        frames: str,
        most: int,
    ) -> None:
        """Draw for the first time; ``drawing(values)`` returns the still, of the MIME type ``kind``.

        ``film`` returns pictures for a list of values, each with its titles.
        """
        self.picture = widgets.HTML()
        self.still = b""
        self.controls = dict(controls)
        self._drawing, self._film, self._kind = drawing, film, kind
        self._alt, self._frames, self._most = alt, frames, most
        row = widgets.HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__([row, self.picture])
        for control in controls.values():
            if hasattr(control, "value"):
                control.observe(lambda change: self.redraw(), names="value")
        self.redraw()

    def values(self) -> dict[str, Any]:
        """Return the value of each control that has one, by name."""
        return {name: c.value for name, c in self.controls.items() if hasattr(c, "value")}

    def redraw(self) -> None:
        """Draw anew; an error is shown in the picture's place, that of the first drawing is raised."""
        try:
            self.still = self._drawing(self.values())
        except Exception as problem:  # whatever the reader's own function raises
            if not self.still:
                raise
            # Jupyter hides what a control's handler raises, and the old picture would stay
            message = escape(f"{type(problem).__name__}: {problem}")
            self.picture.value = f'<p role="alert">{message}</p>'
            return
        source = base64.b64encode(self.still).decode()
        self.picture.value = (
            f'<img alt="{escape(self._alt)}" style="max-width: 100%" src="data:{self._kind};base64,{source}">'
        )

    def when_pressed(self, button: widgets.Button, act: Callable[[], None]) -> None:
        """Let a button do something, then draw anew."""

        def pressed(_: widgets.Button) -> None:
            act()
            self.redraw()

        button.on_click(pressed)

    def framed(self) -> str:
        """Return the frames of the control that ``frames`` names, as a page's text."""
        control, now = self.controls[self._frames], self.values()
        spec = getattr(control, "readout_format", "")
        values, start = stops(control, self._most)
        films = self._film([{**now, self._frames: value} for value in values])
        texts = [value_text(value, spec) for value in values]
        pictures = [Frame(text, *shown) for text, shown in zip(texts, films, strict=True)]
        return html(pictures, control.description or self._frames, self._alt, start, self._kind)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**options)
        if self._frames and FRAMES in os.environ:
            return {**bundle, "text/plain": self._alt, "text/html": self.framed()}
        # a notebook stores SVG as text, other pictures in base64
        is_text = self._kind == "image/svg+xml"
        stored = self.still.decode() if is_text else base64.b64encode(self.still).decode()
        return {**bundle, "text/plain": self._alt, self._kind: stored}


def explorer(
    draw: Callable[Concatenate[Figure, ...], None],
    controls: Mapping[str, widgets.DOMWidget],
    alt: str,
    width: float = 7.0,
    height: float = 3.4,
    frames: str = "",
    most: int = MOST_STOPS,
) -> Explorer:
    """Return a widget: the controls above a picture that is drawn anew when one of them changes.

    ``draw(figure, **values)`` fills an empty matplotlib figure of ``width`` by ``height``
    inches; ``values`` holds the value of each control under its name. Controls without
    a value (buttons) are shown only: let their handler change another control, or give them
    something to do with ``when_pressed(button, act)`` of the returned widget. ``alt`` says
    in words what the picture shows.
    In a page without a kernel the picture remains as a still, or as frames: ``frames`` names the control
    whose values, at most ``most``, a reader can go through there, the others standing where they are. An
    error in the first drawing is raised; later ones are shown in the picture's place.

    >>> from ipywidgets import FloatSlider
    >>> e = explorer(lambda figure, w: figure.subplots().plot([0, 1], [0, w]), {"w": FloatSlider(1)}, "a line")
    >>> e.still[:4]
    b'\\x89PNG'
    """

    def picture(values: Values) -> bytes:
        return png(partial(draw, **values), width, height)

    def film(stops: Sequence[Values]) -> list[tuple[bytes, str]]:
        figures = [drawn(partial(draw, **at), width, height) for at in stops]
        return list(zip(pngs(figures), map(titles, figures), strict=True))

    return Explorer(picture, film, "image/png", controls, alt, frames, most)


def svg_explorer(
    draw: Callable[..., str], controls: Mapping[str, widgets.DOMWidget], alt: str, frames: str = ""
) -> Explorer:
    """Return an explorer whose picture is SVG: ``draw(**values)`` returns its text. See `explorer`.

    >>> from ipywidgets import IntSlider
    >>> box = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="9"><rect width="{0}" height="9"/></svg>'
    >>> svg_explorer(lambda w: box.format(w), {"w": IntSlider(5)}, "a bar").still[:4]
    b'<svg'
    """

    def picture(values: Values) -> bytes:
        return draw(**values).encode()

    def film(stops: Sequence[Values]) -> list[tuple[bytes, str]]:
        return [(picture(at), "") for at in stops]

    return Explorer(picture, film, "image/svg+xml", controls, alt, frames, MOST_STOPS)


def stops(control: widgets.DOMWidget, most: int = MOST_STOPS) -> tuple[list[Any], int]:
    """Return at most ``most`` values of a control, evenly spread, besides the one it has now; and its place.

    >>> from ipywidgets import IntSlider
    >>> stops(IntSlider(3, min=0, max=4))
    ([0, 1, 2, 3, 4], 3)
    """
    if hasattr(control, "options"):
        count, now = len(control.options), control.index
    else:
        place = np.log(control.value) / np.log(control.base) if hasattr(control, "base") else control.value
        count = round((control.max - control.min) / control.step) + 1
        now = round((place - control.min) / control.step)
    chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    places = sorted({*chosen.tolist(), now})
    return [_at(control, place) for place in places], places.index(now)


def _at(control: widgets.DOMWidget, place: int) -> Any:
    """Return the value of a control at its ``place``-th stop from the lowest."""
    if hasattr(control, "options"):
        return control.options[place]
    value = control.min + place * control.step
    if hasattr(control, "base"):
        return float(control.base**value)
    return value if isinstance(value, int) else round(value, 10)  # 0.3, not 0.30000000000000004
