"""Mends names of controls in the built pages, where the theme's are missing or say something else than is written."""

from pathlib import Path

MODES = (("light", "Light"), ("dark", "Dark"), ("auto", "System Settings"))
MENDED = {
    # the arrows beside a chapter with pages below it
    '<summary><span class="toctree-toggle"': '<summary aria-label="Pages below this one"><span class="toctree-toggle"',
    # a fold's own words name it; this label would hide them
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def mend(pages: Path) -> None:
    """Mend every page under a folder, in place; mending twice changes nothing."""
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = text
        for theirs, ours in MENDED.items():
            mended = mended.replace(theirs, ours)
        if mended != text:
            page.write_text(mended, encoding="utf-8")
