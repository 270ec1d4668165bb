"""The built pages: no traceback, missing picture or broken link, nothing remote, every picture described."""

from pathlib import Path

import pytest

from tests.support.files import BOOK, EXERCISES, NOTEBOOKS
from tools import site as checks


def test_built_book_has_no_problem(site: Path) -> None:
    assert checks.problems(site) == []


def test_every_page_of_the_contents_is_built(site: Path) -> None:
    pages = {page.stem for page in (site / "book").glob("*.html")}
    assert {p.stem for p in [*NOTEBOOKS, *BOOK.glob("*.md")]} <= pages
    solutions = {page.stem for page in (site / "solutions").glob("*.html")}
    assert {p.stem for p in EXERCISES} <= solutions


def test_the_search_index_knows_the_chapters(site: Path) -> None:
    assert "book/neuron" in (site / "searchindex.js").read_text(encoding="utf-8")


ALT = 'alt="A line that falls from left to right"'
FAULTS = {
    "traceback": '<div class="cell_output"><pre>Traceback (most recent call last)</pre></div>',
    "missing picture": f'<img src="gone.png" {ALT}>',
    "no alt text": '<img src="here.png">',
    "fewer than five words": '<img src="here.png" alt="a plot">',
    "placeholder": '<img src="here.png" alt="No description has been provided for this image">',
    "broken link": '<a href="nowhere.html">there</a>',
    "place that is not there": '<a href="#nowhere">there</a>',
    "<script> loads from another host": '<script src="https://cdn.example/x.js"></script>',
    "<link> loads from another host": '<link rel="stylesheet" href="//fonts.example/x.css">',
    "<img> loads from another host": f'<img src="https://example.org/x.png" {ALT}>',
    "<iframe> loads from another host": '<iframe src="https://example.org"></iframe>',
    "style loads from another host": '<p style="background: url(https://example.org/x.png)">x</p>',
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(fault: str, tmp_path: Path) -> None:
    (tmp_path / "here.png").write_bytes(b"")
    page = '<h1 id="top">T</h1><a href="#top">up</a><a href="https://example.org">a link may leave</a>'
    (tmp_path / "page.html").write_text(f'{page}<img src="here.png" {ALT}>')
    assert checks.problems(tmp_path) == []
    other = tmp_path / "faulty.html"
    other.write_text(page + FAULTS[fault])
    (problem,) = checks.problems(tmp_path)
    assert problem.startswith("faulty.html") and fault in problem


def test_remote_import_in_a_style_sheet_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>x</p>")
    (tmp_path / "style.css").write_text('@import "https://fonts.example/x.css";')
    assert checks.problems(tmp_path) == [
        "style.css: style loads from another host: https://fonts.example/x.css"
    ]


def test_a_folder_without_pages_is_a_problem(tmp_path: Path) -> None:
    assert checks.problems(tmp_path)
