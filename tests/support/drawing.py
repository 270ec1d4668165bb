"""What pictures say: the words on axes and figures, and an ear for those that an explorer draws."""

from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mininet_course.explorers import explorer


def new_ax() -> Axes:
    return Figure().subplots()


def texts(ax: Axes) -> list[str]:
    """Return what is written on an axes, beside its labels and its title."""
    return [text.get_text() for text in ax.texts if text.get_text()]


def words(figure: Figure) -> list[str]:
    """Return all that a figure says: its title and texts, then for each axes the title, the labels and the texts."""
    found = [text.get_text() for part in (figure, *figure.subfigs) for text in part.texts]
    for ax in figure.axes:
        found += [ax.get_title(), ax.get_xlabel(), ax.get_ylabel(), *texts(ax)]
    return [word for word in found if word]


def told(words: list[str], part: str) -> str:
    """Return the one text that holds ``part``."""
    (text,) = [word for word in words if part in word]
    return text


def heard(monkeypatch: pytest.MonkeyPatch, *, rendered: bool) -> list[list[str]]:
    """Return a list to which every picture that an explorer draws adds its words.

    Where nothing is ``rendered``, which takes long, every still is the same.
    """
    seen: list[list[str]] = []
    png = explorer.png

    def listening(draw: Any, width: float, height: float) -> bytes:
        def and_listen(figure: Figure) -> None:
            draw(figure)
            seen.append(words(figure))

        if rendered:
            return png(and_listen, width, height)
        and_listen(Figure(figsize=(width, height)))
        return b"still"

    monkeypatch.setattr(explorer, "png", listening)
    return seen
