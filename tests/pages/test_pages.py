"""The built book in a real browser: no error, nothing remote, no sideways scroll, formulas drawn, no barrier."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.browser import (
    NEEDS_BROWSER,
    PHONE,
    WIDE,
    barriers,
    complaints,
    open_page,
    serving,
    sideways,
    sync_api,
)
from tests.support.files import BOOK, EXERCISES, NOTEBOOKS, ROOT

pytestmark = NEEDS_BROWSER

CHAPTERS = [
    p.relative_to(ROOT).with_suffix("").as_posix()
    for p in sorted(BOOK.rglob("*"))
    if p.suffix == ".md" or p in NOTEBOOKS
]
CHAPTERS += [f"{p.parent.name}/{p.stem}" for p in EXERCISES]
PAGES = [*CHAPTERS, "search", "genindex"]


# one of each kind is examined whole; what the others add to it is in their main part
KINDS = [
    "book/xor",
    "book/instructors/grading",
    "exercises/xor",
    "solutions/xor",
    "search",
    "genindex",
]
# colours are measured without transitions, so that none is measured on its way
AT_ONCE = "*, *::before, *::after { transition: none !important; }"


def is_sound(page: "sync_api.Page", found: list[str], scheme: str) -> None:
    assert found == []
    assert sideways(page) <= 0
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)")
    assert broken == []


def look(page: "sync_api.Page", viewport: Mapping[str, int], scheme: str) -> None:
    """Give the page another window, let the system go over to light or dark, and wait until the page has followed."""
    page.set_viewport_size(viewport)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)


def formulas_are_drawn(page: "sync_api.Page") -> None:
    wanted = page.locator(".math").count()
    if wanted:
        page.wait_for_selector("mjx-container svg", state="attached")
    assert page.locator("mjx-container").count() == wanted
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0


# a drawn formula is one picture made of hundreds of elements; of code, one word of every colour is enough
THIN = """() => {
  document.querySelectorAll('mjx-container').forEach(formula => formula.remove());
  const seen = new Set();
  for (const word of document.querySelectorAll('.highlight span:not(:has(*))')) {
    if (seen.has(word.className)) word.replaceWith(word.textContent);
    seen.add(word.className);
  }
}"""


@pytest.fixture(scope="module")
def tab(browser: "sync_api.Browser", address: str) -> "Iterator[tuple[sync_api.Page, list[str]]]":
    """One tab for page after page, as a reader has: the scripts that they share are read once."""
    page = browser.new_context().new_page()
    yield page, complaints(page, address)
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_and_accessible_wide_and_on_a_phone_in_light_and_dark(
    tab: "tuple[sync_api.Page, list[str]]", address: str, name: str
) -> None:
    """One load for all four looks."""
    page, found = tab
    page.goto("about:blank")  # whatever the page before still does ends here
    found.clear()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}/{name}.html")
    page.wait_for_load_state("networkidle")
    is_sound(page, found, "dark")
    page.add_style_tag(content=AT_ONCE)
    look(page, PHONE, "light")
    is_sound(page, found, "light")
    look(page, WIDE, "light")
    is_sound(page, found, "light")
    formulas_are_drawn(page)
    part = "html" if name in KINDS else "main"
    if part == "main":
        page.evaluate(THIN)
    in_the_light = barriers(page, part)
    look(page, WIDE, "dark")
    is_sound(page, found, "dark")
    # colours are all that differs in the dark
    assert in_the_light + barriers(page, part, ["color-contrast"]) == []


def test_one_page_of_every_kind_is_examined_whole() -> None:
    assert set(KINDS) <= set(PAGES)
    # the templates: chapters and texts, exercises, solutions, instructors' pages, Sphinx's own two
    assert {"/".join(name.split("/")[:-1]) for name in PAGES} == {
        "/".join(name.split("/")[:-1]) for name in KINDS
    }


INACCESSIBLE = {
    "image-alt": "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
    "button-name": "<button></button>",
    "color-contrast": "<p style='color: #999; background: #fff'>pale</p>",
    "label": "<input type='range'>",
}


@pytest.mark.parametrize("part", ["html", "main"])
@pytest.mark.parametrize("fault", INACCESSIBLE)
def test_planted_barrier_is_noticed(
    browser: "sync_api.Browser", tmp_path: Path, fault: str, part: str
) -> None:
    (tmp_path / "page.html").write_text(
        f"<!doctype html><html lang=en><title>T</title><main><h1>T</h1>{INACCESSIBLE[fault]}</main>"
    )
    page, _ = open_page(browser, tmp_path.as_uri(), "page", WIDE, "light")
    assert any(finding.startswith(f"{fault}:") for finding in barriers(page, part))
    page.context.close()


def test_the_book_works_from_disk_search_included(browser: "sync_api.Browser", site: Path) -> None:
    home = site.as_uri()
    page, found = open_page(browser, home, "book/xor", WIDE, "light")
    page.wait_for_selector("mjx-container svg", state="attached")
    assert found == []
    page.goto(f"{home}/search.html?q=perceptron")
    page.wait_for_selector("ul.search li a")
    assert "neuron" in page.locator("ul.search").inner_text().lower()
    # the results lack their excerpts: browsers let no page opened from disk read another
    assert not [complaint for complaint in found if "another host" in complaint]
    page.context.close()


FAULTS = {
    "page error": "<script>throw new Error('planted')</script>",
    "404": "<img src='gone.png'>",
    "another host": "<script src='http://127.0.0.2:9/x.js'></script>",
    "console": "<script>console.error('planted')</script>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_noticed(browser: "sync_api.Browser", tmp_path: Path, fault: str) -> None:
    (tmp_path / "page.html").write_text(f"<!doctype html><link rel=icon href=data:,><p>x</p>{FAULTS[fault]}")
    with serving(tmp_path) as home:
        page, found = open_page(browser, home, "page", WIDE, "light")
        assert any(fault in complaint for complaint in found), found
        page.context.close()


def test_planted_wide_table_is_noticed(browser: "sync_api.Browser", tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<!doctype html><body style='margin: 0'><p style='width: 600px'>wide</p>"
    )
    page, _ = open_page(browser, tmp_path.as_uri(), "page", PHONE, "light")
    assert sideways(page) == 210
    page.context.close()
