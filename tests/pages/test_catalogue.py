"""The table of all exercises, served and from disk: searched, filtered, and with what the reader has solved."""

import json
import re
from pathlib import Path

import pytest

from mininet_course.checks import CHAPTERS
from tests.support.browser import NEEDS_BROWSER, WIDE, open_page, sync_api

pytestmark = NEEDS_BROWSER

SOLVED = {"neuron.1": {"outcome": "pass", "hints": 0}, "xor.2": {"outcome": "wrong", "hints": 1}}


@pytest.mark.parametrize("served", [True, False], ids=["served", "from disk"])
def test_all_exercises_are_searched_and_filtered_and_say_what_is_solved(
    browser: "sync_api.Browser", site: Path, address: str, served: bool
) -> None:
    count = sum(map(len, CHAPTERS.values()))
    page, found = open_page(browser, address if served else site.as_uri(), "book/exercises", WIDE, "light")
    page.evaluate("text => localStorage.setItem('mininet-course:progress', text)", json.dumps(SOLVED))
    page.reload()
    said, rows = page.locator(".catalogue-count"), page.locator(".catalogue tbody tr:visible")
    assert re.match(rf"{count} of {count} exercises, about \d+ hours; 1 solved\.", said.inner_text())
    words = page.get_by_role("searchbox", name="Search", exact=True)
    page.get_by_label("Yours").select_option("solved")
    assert rows.count() == 1 and "✓ solved" in rows.inner_text()
    page.get_by_label("Yours").select_option("open")
    page.get_by_label("Chapter").select_option("XOR")
    words.fill("sixteen")
    assert rows.count() == 1 and "tried" in rows.inner_text()
    words.fill("sixteen zebras")
    assert rows.count() == 0 and said.inner_text().startswith("No exercise is like that")
    words.fill("")
    rows.get_by_role("link").first.click()
    page.wait_for_url("**/exercises/xor.html#*")
    assert page.evaluate("document.querySelector(location.hash).querySelector('h2').innerText").startswith(
        "1."
    )
    assert [complaint for complaint in found if not complaint.startswith("failed:")] == []
    page.context.close()
