"""The words of every picture that an explorer draws."""

import pytest

from tests.support.drawing import heard


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The words, newest picture last; nothing is rendered."""
    return heard(monkeypatch, rendered=False)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The words, newest picture last; every picture is rendered too, so that stills can be compared."""
    return heard(monkeypatch, rendered=True)
