"""Cells that would take too long in a browser work with a smaller setting there, and say so."""

import sys
from pathlib import Path

import pytest

from mininet.browser import budget, in_browser
from tests.support.files import EXERCISES, NOTEBOOKS, ROOT

HELPER = ROOT / "mininet" / "browser.py"
OTHERS = [*NOTEBOOKS, *EXERCISES, *(file for file in sorted(HELPER.parent.rglob("*.py")) if file != HELPER)]


def asks_whether_it_is_a_browser(file: Path) -> bool:
    return "emscripten" in file.read_text(encoding="utf-8")


def test_outside_a_browser_the_usual_setting_holds_and_nothing_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not in_browser()
    assert budget(1000, browser=200, what="images") == 1000
    assert capsys.readouterr().out == ""


def test_in_a_browser_the_smaller_setting_holds_and_is_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert in_browser()
    assert budget(5000, browser=1500, what="epochs") == 1500
    assert capsys.readouterr().out == (
        "In your browser: 1,500 epochs instead of 5,000, so that this takes seconds.\n"
    )


@pytest.mark.parametrize("browser", [0, -1, 1000, 2000])
@pytest.mark.parametrize("platform", ["linux", "emscripten"])
def test_a_setting_that_is_not_smaller_is_refused_everywhere(
    browser: int, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(ValueError, match=r"budget: expected .* fewer than 1,000 images, got"):
        budget(1000, browser=browser, what="images")


def test_only_the_helper_asks_whether_it_is_a_browser() -> None:
    assert [file.name for file in OTHERS if asks_whether_it_is_a_browser(file)] == []


def test_a_scattered_if_is_noticed() -> None:
    assert asks_whether_it_is_a_browser(HELPER)
