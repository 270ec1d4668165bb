"""What the tests of explorers share: the words that an explorer's pictures show."""

from types import ModuleType

import pytest
from matplotlib.figure import Figure


def words_of_pictures(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return a list to which every figure drawn by the module's explorers adds its words; nothing is rendered."""
    seen: list[list[str]] = []
    frame = module.explorer

    def listening(draw, *args, **kwargs):  # type: ignore[no-untyped-def]
        def and_listen(figure, **values):  # type: ignore[no-untyped-def]
            draw(figure, **values)
            words = [figure.get_suptitle()]
            for ax in figure.axes:
                words += [ax.get_title(), *(t.get_text() for t in ax.texts)]
            seen.append([word for word in words if word])

        return frame(and_listen, *args, **kwargs)

    def unrendered(draw, width: float, height: float) -> bytes:  # type: ignore[no-untyped-def]
        draw(Figure(figsize=(width, height)))
        return b"still"

    monkeypatch.setattr(module, "explorer", listening)
    monkeypatch.setattr("mininet_course.explorers.explorer.png", unrendered)
    return seen
