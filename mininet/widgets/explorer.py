"""The frame of every explorer: controls, a picture they change, and a still of it. Built in the chapter "intro"."""

import base64
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from mininet.plots.style import png


def explorer(
    draw: Callable[..., None],
    controls: Mapping[str, Any],
    alt: str,
    width: float = 7.0,
    height: float = 3.4,
) -> Any:
    """Return a widget: the controls above a picture that is drawn anew when one of them changes.

    ``draw(figure, **values)`` fills an empty matplotlib figure of ``width`` by ``height``
    inches; ``values`` holds the value of each control under its name. Controls without
    a value (buttons) are shown only: let their handler change another control, or give them
    something to do with ``when_pressed(button, act)`` of the returned widget. ``alt`` says
    in words what the picture shows.
    In a page without a kernel the picture remains as a still. An error in the first drawing
    is raised; later ones are shown in the picture's place.

    >>> from ipywidgets import FloatSlider
    >>> e = explorer(lambda figure, w: figure.subplots().plot([0, 1], [0, w]), {"w": FloatSlider(1)}, "a line")
    >>> e.still[:4]
    b'\\x89PNG'
    """

    def picture(values: Mapping[str, Any]) -> bytes:
        return png(lambda figure: draw(figure, **values), width, height)

    return _explorer(picture, "image/png", controls, alt)


def svg_explorer(draw: Callable[..., str], controls: Mapping[str, Any], alt: str) -> Any:
    """Return an explorer whose picture is SVG: ``draw(**values)`` returns its text. See `explorer`.

    >>> from ipywidgets import IntSlider
    >>> box = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="9"><rect width="{0}" height="9"/></svg>'
    >>> svg_explorer(lambda w: box.format(w), {"w": IntSlider(5)}, "a bar").still[:4]
    b'<svg'
    """

    def picture(values: Mapping[str, Any]) -> bytes:
        return draw(**values).encode()

    return _explorer(picture, "image/svg+xml", controls, alt)


def _explorer(
    picture: Callable[[Mapping[str, Any]], bytes], kind: str, controls: Mapping[str, Any], alt: str
) -> Any:
    """Return the widget; ``picture(values)`` returns the still, of the MIME type ``kind``."""
    import ipywidgets as widgets

    class Explorer(widgets.VBox):  # type: ignore[misc]
        """Controls and picture; its notebook output holds the still beside the live widget."""

        def __init__(self) -> None:
            self.picture = widgets.HTML()
            self.still = b""
            self.controls = dict(controls)
            super().__init__(
                [widgets.HBox(list(controls.values()), layout={"flex_flow": "row wrap"}), self.picture]
            )
            for control in controls.values():
                if hasattr(control, "value"):
                    control.observe(lambda change: self.redraw(), names="value")
            self.redraw()

        def redraw(self) -> None:
            values = {name: c.value for name, c in controls.items() if hasattr(c, "value")}
            try:
                self.still = picture(values)
            except Exception as problem:  # whatever the reader's own function raises
                if not self.still:
                    raise
                # Jupyter hides what a control's handler raises, and the old picture would stay
                message = escape(f"{type(problem).__name__}: {problem}")
                self.picture.value = f'<p role="alert">{message}</p>'
                return
            source = base64.b64encode(self.still).decode()
            self.picture.value = (
                f'<img alt="{escape(alt)}" style="max-width: 100%" src="data:{kind};base64,{source}">'
            )

        def when_pressed(self, button: Any, act: Callable[[], None]) -> None:
            """Let a button do something, then draw anew."""

            def pressed(_: Any) -> None:
                act()
                self.redraw()

            button.on_click(pressed)

        def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
            bundle: dict[str, str] = super()._repr_mimebundle_(**options)
            # a notebook stores SVG as text, other pictures in base64
            is_text = kind == "image/svg+xml"
            stored = self.still.decode() if is_text else base64.b64encode(self.still).decode()
            return {**bundle, "text/plain": alt, kind: stored}

    return Explorer()
