"""Python in the page: every cell of every chapter runs in the browser, and pictures do what the reader says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.browser import NEEDS_BROWSER, sync_api
from tests.support.files import NOTEBOOKS
from tests.support.live import NOT_HERE, live_page, needs_numpy, open_live

pytestmark = [*NEEDS_BROWSER, needs_numpy, pytest.mark.timeout(900)]

# no cell runs or waits, and the one that follows has its picture (a widget draws it after the cell is done)
FOLLOWED = """() => window.live.cells.all.every(cell => !['running', 'waiting'].includes(cell.state))
  && document.querySelector("div.cell.tag_follows .live-output img[src^='data:']")"""

# what a cell shows, its controls left out
SHOWN = """cell => [...cell.querySelectorAll('.live-output :is(img, canvas, pre, table, .widget-html-content)')]
  .map(part => part.src ?? part.toDataURL?.() ?? part.textContent).join()"""


@dataclass
class Ran:
    """A chapter's page after all its cells were run, and what came of them, by the cells' numbers."""

    name: str
    page: "sync_api.Page"
    complaints: list[str]
    seconds: dict[int, float] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    skipped: list[int] = field(default_factory=list)


@pytest.fixture(scope="module", params=[f"book/{path.stem}" for path in NOTEBOOKS])
def chapter(request: pytest.FixtureRequest, browser: "sync_api.Browser", home: str) -> Iterator[Ran]:
    """One start of Python for all tests of a chapter."""
    with live_page(browser) as page:
        ran = Ran(request.param, page, open_live(page, home, request.param))
        for i in range(page.evaluate("window.live.cells.all.length")):
            state, ran.seconds[i + 1], text = page.evaluate(
                """async i => {
                  const cell = window.live.cells.all[i];
                  const began = performance.now();
                  const state = await window.live.cells.runThese([cell]);
                  const error = cell.element.querySelector('.live-error')?.textContent ?? '';
                  return [state, (performance.now() - began) / 1000, error];
                }""",
                i,
            )
            if (state != "done" and NOT_HERE in text) or (ran.skipped and "is not defined" in text):
                ran.skipped.append(i + 1)
            elif state != "done":
                ran.failed[i + 1] = text[-500:]
        yield ran


def test_every_cell_of_a_chapter_runs_in_the_browser(chapter: Ran) -> None:
    if chapter.skipped:
        print(f"{chapter.name}: cells {chapter.skipped} need {NOT_HERE}, which only the published Python has")
    slow = {i: round(seconds, 1) for i, seconds in chapter.seconds.items() if seconds > 5}
    start = chapter.page.evaluate("window.live.kernel.startTime") / 1000
    print(
        f"{chapter.name}: {sum(chapter.seconds.values()):.0f} s, start {start:.1f} s, cells over 5 s: {slow}"
    )
    assert chapter.failed == {}
    assert chapter.complaints == []


def test_every_slider_moves_its_picture(chapter: Ran) -> None:
    assert sliders_that_move_nothing(chapter.page) == []
    assert chapter.complaints == []


def sliders_that_move_nothing(page: "sync_api.Page") -> list[str]:
    """Move the first slider of each explorer by a step; return the code of those whose output stays as it was."""
    idle = []
    for cell in page.locator("div.cell.tag_explorer:has(.noUi-handle)").all():
        cell.evaluate("cell => cell.querySelectorAll('details').forEach(fold => { fold.open = true; })")
        before = cell.evaluate(SHOWN)
        handle = cell.locator(".noUi-handle").first
        at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.press("ArrowLeft" if at_the_end else "ArrowRight")
        button = cell.locator(".live-output button.jupyter-button").first
        if button.count():  # the slider sets how far its step goes
            button.click()
        try:
            moved = f"([cell, before]) => ({SHOWN})(cell) !== before"
            page.wait_for_function(moved, arg=[cell.element_handle(), before], timeout=60_000)
        except sync_api.TimeoutError:
            idle.append(cell.locator(".cell_input").inner_text())
    return idle


@pytest.mark.parametrize("chapter", ["book/neuron"], indirect=True)
def test_the_picture_follows_an_edited_cell(chapter: Ran) -> None:
    """Run again unchanged, it is the same picture; edited, it is another."""
    page = chapter.page
    editable = page.locator("div.cell:has(+ div.cell.tag_follows)").first
    follower = page.locator("div.cell.tag_follows").first
    picture = follower.locator(".live-output img[src^='data:']")

    def drawn_after(act: Callable[[], None]) -> str:
        act()
        page.wait_for_function(FOLLOWED)
        source = picture.get_attribute("src")
        assert source
        return source

    press_run = editable.get_by_role("button", name="▶ Run").click
    first = drawn_after(press_run)
    assert drawn_after(press_run) == first
    editable.get_by_role("button", name="Edit").click()
    page.locator(".cm-content").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("def my_predict(X, weights, bias):\n    return 0.9 + 0 * X[:, 0]")
    assert drawn_after(lambda: page.keyboard.press("Shift+Enter")) != first
    editable.get_by_role("button", name="Undo my changes").click()
    assert "0.9" not in editable.locator(".cell_input").inner_text()
    assert chapter.complaints == []


@pytest.mark.parametrize("chapter", ["book/neuron"], indirect=True)
def test_what_settles_a_prediction_stays_folded_until_its_own_cell_is_pressed(chapter: Ran) -> None:
    cells = chapter.page.locator("div.cell.tag_hide-output").all()
    assert cells and all(cell.locator(".cell_output").count() == 1 for cell in cells)
    fold = cells[0].locator("details:has(.cell_output)")
    assert not fold.evaluate("details => details.open")  # all cells have been run
    cells[0].get_by_role("button", name="▶ Run").click()
    chapter.page.wait_for_function(FOLLOWED.partition(" &&")[0])
    assert fold.evaluate("details => details.open")
    assert "same decision on every morning" in cells[0].locator(".live-output").inner_text()
