"""Exercises in the page: checks and hints answer at once, and what is solved stays in this browser until deleted."""

import json
from pathlib import Path

from tests.support.browser import NEEDS_BROWSER, sync_api
from tests.support.live import needs_numpy, open_live

pytestmark = [*NEEDS_BROWSER, needs_numpy]

ANSWER, CHECK = "and_vote = ...", 'check("neuron.1"'
WRONG = "and_vote, or_vote, nand_vote = [1, 1, 0], [2, 2, -1], [-2, -2, 3]"
RIGHT = "and_vote, or_vote, nand_vote = [2, 2, -3], [2, 2, -1], [-2, -2, 3]"


def cell(page: "sync_api.Page", beginning: str) -> "sync_api.Locator":
    """Return the cell whose original code contains these words."""
    number = page.evaluate(
        "words => window.live.cells.all.findIndex(cell => cell.original.includes(words))", beginning
    )
    assert number >= 0, beginning
    return page.locator("div.cell:has(.live-tools)").nth(number)


def write(page: "sync_api.Page", where: str, code: str) -> None:
    place = cell(page, where)
    place.get_by_role("button", name="Edit").click()
    place.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)


def verdict(page: "sync_api.Page", check: str = CHECK) -> str:
    """Press ▶ at a check; return what it says."""
    place = cell(page, check)
    place.get_by_role("button", name="▶ Run").click()
    page.wait_for_function(
        "window.live.cells.all.every(cell => cell.state !== 'running' && cell.state !== 'waiting')"
    )
    return place.locator(".cell_output").inner_text()


def solved(page: "sync_api.Page") -> str:
    return page.locator(".live-solved").inner_text()


def test_a_learner_is_told_at_once_and_what_is_solved_stays_until_deleted(
    page: "sync_api.Page", home: str, tmp_path: Path
) -> None:
    found = open_live(page, home, "exercises/neuron")
    untouched = solved(page)
    assert untouched.startswith("0 of ")
    write(page, ANSWER, WRONG)
    assert "A negative bias makes one vote too little" in " ".join(verdict(page).split())
    assert solved(page) == untouched
    cell(page, CHECK).get_by_role("button", name="Hint").click()
    cell(page, CHECK).get_by_text("Write down the score at the four corners").wait_for()
    write(page, ANSWER, "and_vote = oops")
    cell(page, CHECK).get_by_role("button", name="▶ Run").click()
    link = cell(page, CHECK).get_by_role("button", name="code cell 2, above")
    link.click()
    assert "NameError" in cell(page, ANSWER).locator(".live-error").inner_text()

    write(page, ANSWER, RIGHT)
    assert "PASS" in verdict(page)
    assert solved(page).startswith("1 of ")

    page.reload()  # what was written and solved is still there
    page.wait_for_function("window.live")
    assert solved(page).startswith("1 of ")
    assert RIGHT in cell(page, ANSWER).locator(".cell_input").inner_text()
    page.get_by_text("My answers").click()
    for button, name in [("Export progress", "progress.json"), ("Save as notebook", "neuron.ipynb")]:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    assert "neuron.1" in json.dumps(json.loads((tmp_path / "progress.json").read_text()))
    notebook = json.loads((tmp_path / "neuron.ipynb").read_text())
    assert RIGHT in ["".join(c["source"]) for c in notebook["cells"]]

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete all").click()
    assert solved(page).startswith("1 of ")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete all").click()
    assert solved(page) == untouched
    page.reload()
    page.wait_for_function("window.live")
    assert solved(page) == untouched
    assert ANSWER in cell(page, ANSWER).locator(".cell_input").inner_text()

    page.goto(f"{home}/solutions/neuron.html")  # an answer that was read is not an answer that was found
    page.wait_for_function("window.live")
    assert "PASS" in verdict(page)
    assert page.locator(".live-solved").count() == 0
    page.goto(f"{home}/exercises/neuron.html")
    page.wait_for_function("window.live")
    assert solved(page) == untouched
    assert found == []
