"""Mends names and roles in the built pages, where the theme's are missing or say something else than is written."""

import re
from pathlib import Path

MENDED = {
    # the arrows beside a chapter with pages below it have no name
    r'<summary>(?=<span class="toctree-toggle")': '<summary aria-label="Pages below this one">',
    # a fold's own words name it; this label would hide them
    r'<summary aria-label="Toggle hidden content">': "<summary>",
    # so do the search field's, which name the keys too
    r'(<button class="btn search-button-field[^>]*?) aria-label="Search"': r"\1",
    # titles of the button's three icons would become words of it
    r'(<i class="theme-switch[^>]*?) title="[^"]*"': r"\1",
    # a list without items, which are said to be entries of a bibliography
    r'<div role="list" class="citation-list">': '<div class="citation-list">',
}


def mend(pages: Path) -> None:
    """Mend every page under a folder, in place; mending twice changes nothing."""
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = text
        for theirs, ours in MENDED.items():
            mended = re.sub(theirs, ours, mended)
        if mended != text:
            page.write_text(mended, encoding="utf-8")
