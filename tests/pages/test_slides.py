"""The chapters' slides: chosen from the chapters' own cells, offline, and nothing on them is cut."""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mininet_course.checks import CHAPTERS
from tests.support.browser import NEEDS_BROWSER, complaints, sync_api
from tests.support.files import BOOK, read
from tools import slides

on_every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


def kinds(deck: nbformat.NotebookNode) -> list[str]:
    return [cell.metadata.slideshow.slide_type for cell in deck.cells]


def page_of(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return slides.deck(new_notebook(cells=list(cells)))


def prose(text: str, kind: str | None = "slide", show: list[str] | None = None) -> nbformat.NotebookNode:
    mark = {"slide_type": kind} | ({} if show is None else {"show": show})
    return new_markdown_cell(text, metadata={"slideshow": mark} if kind else {})


def code(text: str, show: list[str] | None = None, **metadata: object) -> nbformat.NotebookNode:
    mark = {"slide_type": "-"} | ({} if show is None else {"show": show})
    output = new_output("stream", name="stdout", text="7\n")
    return new_code_cell(text, outputs=[output], metadata={"slideshow": mark, **metadata})


def shown(deck: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in deck.cells if cell.metadata.slideshow.slide_type != "notes"]


# The chapters' own decks.


@on_every_chapter
def test_every_choice_is_found_in_its_cell(chapter: str) -> None:
    deck = slides.deck(read(BOOK / f"{chapter}.ipynb"))
    count = sum(kind in ("slide", "subslide") for kind in kinds(deck))
    assert 25 <= count <= 45, f"{count} slides; an hour has room for about forty"


@on_every_chapter
def test_a_deck_begins_with_the_goals_and_ends_with_the_summary(chapter: str) -> None:
    texts = shown(slides.deck(read(BOOK / f"{chapter}.ipynb")))
    assert texts[0].startswith("# ") and texts[0].count("\n- ") >= 4
    assert "## Summary" in texts[-1] and "hurts" in texts[-1]


@on_every_chapter
def test_every_section_of_a_chapter_has_a_slide(chapter: str) -> None:
    notebook = read(BOOK / f"{chapter}.ipynb")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    sections = set(re.findall(r"(?m)^## (.+)$", text)) - {"Exercises", "Further reading"}
    on_slides = "\n".join(shown(slides.deck(notebook)))
    assert {s for s in sections if f"## {slides._plain(s)}" not in on_slides} <= {"Who did it first"}


@on_every_chapter
def test_pictures_are_described_and_nothing_is_left_of_the_books_markup(chapter: str) -> None:
    html = slides.html(BOOK / f"{chapter}.ipynb")
    pictures = BeautifulSoup(html, "html.parser").find_all("img")
    assert len(pictures) >= 5 and not [p for p in pictures if len(str(p.get("alt", "")).split()) < 5]
    text = re.sub(r"(?s)<pre.*?</pre>|<code.*?</code>|<script.*?</script>|<style.*?</style>", "", html)
    assert not re.search(r"\{(term|cite|demo|admonition|doc|ref)\}|```|:::|\.ipynb", text)


# What the module promises.


def test_only_the_chosen_sentences_are_shown_and_the_speaker_gets_them_all() -> None:
    deck = page_of(prose("## Votes\n\nSun is good. Wind is bad. We add.", show=["Wind"]))
    assert shown(deck) == ["## Votes\n\nWind is bad."]
    assert deck.cells[-1].source == "## Votes\n\nSun is good. Wind is bad. We add."
    assert kinds(deck) == ["slide", "notes"]


def test_a_cell_without_a_mark_is_on_no_slide() -> None:
    deck = page_of(prose("# T"), prose("For the speaker.", kind=None), new_code_cell("secret()"))
    assert shown(deck) == ["# T"]
    assert "secret" not in "".join(cell.source for cell in deck.cells)
    assert deck.cells[-1].source == "For the speaker."


def test_a_further_slide_has_the_heading_again() -> None:
    deck = page_of(prose("## Votes\n\nOne.\n\nTwo.", show=["One", "---", "Two"]))
    assert shown(deck) == ["## Votes\n\nOne.", "## Votes", "Two."]
    assert [kind for kind in kinds(deck) if kind != "notes"] == ["slide", "subslide", "-"]


def test_a_heading_inside_a_cell_begins_a_slide() -> None:
    deck = page_of(prose("## A\n\nOne."), prose("More.\n\n## B\n\nTwo.", "-", ["## B", "Two"]))
    assert shown(deck) == ["## A\n\nOne.", "## B\n\nTwo."]
    assert kinds(deck) == ["slide", "notes", "slide", "notes"]


def test_lists_formulas_tables_and_boxes_are_kept_whole() -> None:
    blocks = ["- a\n- b", "$$x\n= 1$$", "| a |\n|---|\n| b |", "```{admonition} Box\nYes.\n\nNo.\n```"]
    assert slides.blocks("\n\n".join(blocks)) == blocks
    chosen = slides.chosen_prose("\n\n".join(blocks), ["- a", "```"])
    assert chosen == [blocks[0], blocks[3]]


def test_neither_code_nor_formulas_nor_numbers_end_a_sentence() -> None:
    text = "Take `a. B` and $x. Y$, 3.5 of it. *Then* stop! “Yes.” $z$ is next."
    assert slides.sentences(text) == [
        "Take `a. B` and $x. Y$, 3.5 of it.",
        "*Then* stop!",
        "“Yes.”",
        "$z$ is next.",
    ]


CODE = """\
class A:
    def f(self):
        x = 1

        return x

    def g(self):
        return 2


print(A().f())"""


def test_of_code_a_statement_ends_at_a_blank_line_and_a_class_can_be_its_first_line() -> None:
    assert slides.chosen_code(CODE.splitlines(), ["def f"]) == CODE.splitlines()[1:5]
    assert slides.chosen_code(CODE.splitlines(), ["class A", "def g"]) == [
        "class A:",
        "",
        "    # …",
        "    def g(self):",
        "        return 2",
    ]


def test_what_is_folded_on_the_page_shows_only_what_it_printed() -> None:
    deck = page_of(prose("# T"), code("draw()", tags=["hide-input"]), code("calculate()"), code("f()", []))
    assert [cell.source for cell in deck.cells if cell.cell_type == "code"] == ["", "calculate()", ""]


def test_boxes_terms_sources_links_and_quotes_become_plain() -> None:
    text = '```{admonition} Why\n:class: dropdown\nA {term}`loss <losses>`, says {cite}`rosenblatt1958`: "no".\n```'
    assert slides._plain(text) == (
        '<div class="box">\n\n**Why**\n\nA *loss*, says (Rosenblatt 1958): “no”.\n\n</div>'
    )
    assert slides._plain("[x](xor.ipynb#why) [y](../solutions/xor.ipynb) [z](notation.md)") == (
        "[x](../book/xor.html#why) [y](../solutions/xor.html) [z](../book/notation.html)"
    )
    assert (
        slides._plain("```{admonition} Demo\n:class: demo-xor\nPress.\n```")
        == "[▶ The demo in the book’s page](demo:xor)"
    )
    assert slides._plain('`"a"` and "b"') == '`"a"` and “b”'


# Each of these must be noticed.


@pytest.mark.parametrize(
    "cell",
    [
        prose("One. Two.", show=["Three"]),
        prose("One. Two.", show=["Two", "One"]),  # not in the text's order
        code("a = 1", ["b = 2"]),
    ],
)
def test_a_choice_that_the_text_does_not_have_is_a_problem(cell: nbformat.NotebookNode) -> None:
    with pytest.raises(slides.SlideProblem, match="in the text's order, or take it out"):
        page_of(cell)


def test_a_problem_names_the_notebook(tmp_path: Path) -> None:
    nbformat.write(new_notebook(cells=[prose("One.", show=["Two"])]), tmp_path / "xor.ipynb")
    with pytest.raises(slides.SlideProblem, match=r"xor\.ipynb: nothing that begins with “Two”"):
        slides.html(tmp_path / "xor.ipynb")


def test_without_reveal_the_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slides.main([str(tmp_path)]) == 1
    assert "run make book first" in capsys.readouterr().err
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(slides, "REVEAL", tmp_path)
    assert slides.main([str(tmp_path)]) == 1
    assert "npm ci" in capsys.readouterr().err


# The built slides, in a real browser, as large as a projector shows them.

MEASURE = """() => {
  const slide = Reveal.getCurrentSlide(), found = [];
  const parts = [...slide.querySelectorAll(":scope > *:not(aside)")].map((e) => e.getBoundingClientRect());
  if (!parts.length) found.push("empty");
  if (Math.max(...parts.map((p) => p.bottom)) > 695) found.push("cut below");
  if (Math.max(...parts.map((p) => p.right)) > 1225) found.push("cut at the right");
  for (const e of slide.querySelectorAll("pre, .box, mjx-container[display]"))
    if (e.scrollWidth > e.clientWidth + 1) found.push("cut at the right");
  for (const e of slide.querySelectorAll("pre"))
    if (parseFloat(getComputedStyle(e).fontSize) < 20) found.push("small code");
  for (const e of slide.querySelectorAll("img"))
    if (e.getBoundingClientRect().height < 200) found.push("small picture");
  if (slide.querySelector("mjx-merror, [data-mjx-error]")) found.push("formula");
  return found;
}"""


def faults(page: "sync_api.Page") -> dict[str, list[str]]:
    """Go through all slides; return {number: what is wrong} of those that are not right."""
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    found = {}
    for number in range(1, page.evaluate("Reveal.getTotalSlides()") + 1):
        if number > 1:
            page.evaluate("Reveal.next(); while (Reveal.availableFragments().next) Reveal.next()")
        problems = page.evaluate(MEASURE)
        if problems:
            found[str(number)] = problems
    return found


@pytest.fixture(scope="module")
def built(site: Path) -> Path:
    if not (site / "slides" / "neuron.html").is_file():
        pytest.skip("the slides are not built: run make book")
    return site


def open_slides(browser: "sync_api.Browser", page: Path) -> tuple["sync_api.Page", list[str]]:
    opened = browser.new_page(viewport={"width": slides.WIDTH, "height": slides.HEIGHT})
    found = complaints(opened, "file:")
    opened.goto(page.as_uri())
    return opened, found


class TestInABrowser:
    pytestmark = NEEDS_BROWSER

    @on_every_chapter
    def test_every_slide_fits_and_works_from_disk(
        self, browser: "sync_api.Browser", built: Path, chapter: str
    ) -> None:
        page, complaint = open_slides(browser, built / "slides" / f"{chapter}.html")
        assert faults(page) == {}
        assert complaint == []
        page.close()

    def test_formulas_are_drawn_and_the_speaker_has_notes(
        self, browser: "sync_api.Browser", built: Path
    ) -> None:
        page, _ = open_slides(browser, built / "slides" / "xor.html")
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        assert page.locator("section mjx-container svg").count() > 20
        assert "Three starts, three fates" in " ".join(page.locator("aside.notes").all_text_contents())
        page.close()

    def test_the_handout_has_a_page_for_every_slide_and_cuts_none(
        self, browser: "sync_api.Browser", built: Path
    ) -> None:
        page = browser.new_page(viewport={"width": slides.WIDTH, "height": slides.HEIGHT})
        page.goto((built / "slides" / "xor.html").as_uri() + "?print-pdf")
        page.wait_for_function("window.Reveal && Reveal.isReady() && document.querySelector('.pdf-page')")
        page.wait_for_timeout(500)
        heights = page.evaluate(
            "[...document.querySelectorAll('.pdf-page > section')].map(s => s.scrollHeight)"
        )
        assert len(heights) == page.evaluate("Reveal.getTotalSlides()") and set(heights) == {slides.HEIGHT}
        page.close()

    def test_a_slider_on_a_slide_changes_its_picture(self, browser: "sync_api.Browser", built: Path) -> None:
        page, _ = open_slides(browser, built / "slides" / "neuron.html")
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        here = "section.present section.present"
        while not page.locator(f"{here} input[type=range]").count():
            assert page.evaluate("!Reveal.isLastSlide()"), "no slider in the chapter on a single neuron"
            page.evaluate("Reveal.next()")
        before = page.locator(f"{here} img").get_attribute("src"), page.evaluate("Reveal.getSlidePastCount()")
        page.focus(f"{here} input[type=range]")
        page.keyboard.press("ArrowRight")
        after = page.locator(f"{here} img").get_attribute("src"), page.evaluate("Reveal.getSlidePastCount()")
        assert after[0] != before[0] and after[1] == before[1]
        page.close()

    @pytest.mark.parametrize(
        ("fault", "cells"),
        {
            "cut below": [prose("## T\n\n" + "\n\n".join(["A line of text."] * 20))],
            "cut at the right": [prose("## T\n\n| a | b |\n|---|---|\n| " + "x" * 150 + " | y |")],
            "small picture": [prose("## T\n\n" + "\n\n".join(["A line of text."] * 9)), code("", [])],
            "formula": [prose("## T\n\n$$\\left( x$$")],
        }.items(),
    )
    def test_planted_fault_is_noticed(
        self,
        browser: "sync_api.Browser",
        built: Path,
        tmp_path: Path,
        fault: str,
        cells: list[nbformat.NotebookNode],
    ) -> None:
        if fault == "small picture":
            png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
            cells[1].outputs = [new_output("display_data", data={"image/png": png})]
        (tmp_path / "_static").symlink_to(built / "_static")
        (tmp_path / "slides").mkdir()
        nbformat.write(new_notebook(cells=cells), tmp_path / "planted.ipynb")
        page_file = tmp_path / "slides" / "planted.html"
        page_file.write_text(slides.html(tmp_path / "planted.ipynb"), encoding="utf-8")
        page, _ = open_slides(browser, page_file)
        assert fault in str(faults(page))
        page.close()
