"""The way through the book, on the built pages: chapter, exercises, solutions, the next chapter."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from live.trail import KINDS, neighbours
from mininet_course.checks import CHAPTERS

NAMES = list(CHAPTERS)


def links(site: Path, page: str, where: str) -> list[str]:
    """Return the pages that the links in a part of a built page lead to."""
    soup = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    base = (site / page).parent
    found = [(base / str(a["href"])).resolve() for a in soup.select(f"{where} a[href]")]
    return [path.relative_to(site.resolve()).with_suffix("").as_posix() for path in found]


def test_next_leads_from_chapter_to_exercises_to_the_next_chapter_and_previous_back(site: Path) -> None:
    way = [f"{folder}/{name}" for name in NAMES for folder in ("book", "exercises")]
    for before, page, after in zip(way, way[1:], way[2:], strict=False):
        assert links(site, page, ".prev-next-area") == [before, after]


def test_solutions_lie_beside_the_way() -> None:
    assert neighbours("solutions/xor", ["neuron", "xor", "layers"]) == ("exercises/xor", "book/layers")
    assert neighbours("solutions/layers", ["neuron", "xor", "layers"]) == ("exercises/layers", None)


@pytest.mark.parametrize("name", NAMES)
def test_each_page_of_a_chapter_is_one_click_from_the_others(site: Path, name: str) -> None:
    pages = [f"{folder}/{name}" for folder in KINDS]
    for page in pages:
        others = [other for other in pages if other != page]
        assert links(site, page, "nav.trail") == [*others, "book/exercises"]


@pytest.mark.parametrize("name", NAMES)
def test_a_chapters_own_section_on_exercises_leads_to_where_they_are_checked(site: Path, name: str) -> None:
    assert f"exercises/{name}" in links(site, f"book/{name}", "section#exercises")
