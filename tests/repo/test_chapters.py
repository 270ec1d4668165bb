"""The book's notebooks: executed, normalised, described, every quoted result printed by a checked cell."""

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tests.support.files import BOOK, NOTEBOOKS, read
from tools import chapters, notebooks

CHECKED = {"tags": ["nbval-check-output"]}
on_every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


@on_every_notebook
def test_notebook_is_normalised(path: Path) -> None:
    notebooks_ok = notebooks.main(["check", str(path)]) == 0
    assert notebooks_ok, f"run: python -m tools.notebooks normalise {path.relative_to(BOOK.parent)}"


@on_every_notebook
def test_every_quoted_result_comes_from_a_checked_cell(path: Path) -> None:
    assert not chapters.unsupported_numbers(read(path))


@on_every_notebook
def test_notebook_was_run_in_order_without_errors_or_warnings(path: Path) -> None:
    assert not chapters.execution_problems(read(path))


@on_every_notebook
def test_a_chapter_shows_the_package_as_it_is(path: Path) -> None:
    package = "\n".join(file.read_text(encoding="utf-8") for file in (BOOK.parent / "mininet").rglob("*.py"))
    assert not chapters.stale_sources(read(path), package), f"run: python -m tools.notebooks run {path}"


@on_every_notebook
def test_every_picture_is_described_and_small(path: Path) -> None:
    assert not chapters.picture_problems(read(path))


@on_every_notebook
def test_the_live_page_knows_every_interactive_cell(path: Path) -> None:
    assert not chapters.live_problems(read(path))


@on_every_notebook
def test_predictions_can_be_pressed_and_are_settled_out_of_sight(path: Path) -> None:
    assert not chapters.prediction_problems(read(path))


@pytest.mark.parametrize("name", ["neuron", "xor", "layers", "mnist"])
def test_a_picture_follows_the_reader_s_own_code(name: str) -> None:
    cells = read(BOOK / f"{name}.ipynb").cells
    threes = [
        three
        for three in zip(cells, cells[1:], cells[2:], strict=False)
        if "follows" in chapters.tags(three[2])
    ]
    assert threes, "no cell is tagged follows"
    for before, mine, picture in threes:
        assert before.cell_type == "markdown", "nothing says what to try"
        assert mine.cell_type == "code" and not {"hide-input", "explorer"}.intersection(chapters.tags(mine))
        assert len(mine.source.splitlines()) <= 12
        assert {"hide-input", "explorer"} <= set(chapters.tags(picture))


@on_every_notebook
def test_every_chapter_has_a_picture_that_moves_without_python(path: Path) -> None:
    shown = [
        output.get("data", {}).get("text/html", "")
        for cell in chapters.code(read(path))
        for output in cell.outputs
    ]
    assert any("data-frames=" in text for text in shown)


@on_every_notebook
def test_notebook_has_the_form_of_a_chapter(path: Path) -> None:
    assert not chapters.form_problems(read(path))


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem != "intro"], ids=lambda p: p.stem)
def test_chapter_is_as_long_as_a_chapter_should_be(path: Path) -> None:
    notebook = read(path)
    text = chapters.prose(notebook)
    count = chapters.words(text)
    assert 2500 <= count <= 4500, f"{count} words"
    pictures = chapters.picture_count(notebook)
    assert pictures * 350 >= count, f"{pictures} pictures for {count} words"
    explorers = [c for c in chapters.code(notebook) if "explorer" in chapters.tags(c)]
    assert len(explorers) >= 3, f"{len(explorers)} interactive pieces"


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem != "intro"], ids=lambda p: p.stem)
def test_chapter_checks_its_results(path: Path) -> None:
    checked = [c for c in chapters.code(read(path)) if "nbval-check-output" in chapters.tags(c)]
    assert len(checked) >= 5
    for cell in checked:
        assert chapters.printed(cell).strip(), f"nothing to check in “{cell.source.splitlines()[0]}”"


def test_glossary_terms_that_chapters_use_are_defined() -> None:
    glossary = (BOOK / "glossary.md").read_text(encoding="utf-8")
    defined = {line.strip().lower() for line in glossary.splitlines()}
    for path in NOTEBOOKS:
        text = "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
        for term in re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", text):
            assert term.strip().lower() in defined, f"{path.stem}: {term}"


# Each of these checks must catch what it is there for.


def result_page(prose: str, printed: str, tagged: bool = True) -> nbformat.NotebookNode:
    output = new_output("stream", name="stdout", text=printed)
    cell = new_code_cell("show()", outputs=[output], metadata=CHECKED if tagged else {})
    return new_notebook(cells=[new_markdown_cell(prose), cell])


def test_a_result_that_no_cell_prints_is_found() -> None:
    assert chapters.unsupported_numbers(result_page("We got 97.6 %.", "97.5 %"))
    assert chapters.unsupported_numbers(result_page("All 1,515 are wrong.", "151"))
    assert chapters.unsupported_numbers(result_page("Loss $L = 0.25$.", "0.26"))
    assert chapters.unsupported_numbers(result_page("From 97.6–98.1 %.", "97.6"))
    assert chapters.unsupported_numbers(result_page("```{tip}\nIt is 12.5 now.\n```", ""))


def test_prose_between_two_directives_is_read() -> None:
    text = "```{tip}\nOne.\n```\n\nIt is 12.5 now.\n\n```{tip}\nTwo.\n```\n"
    assert chapters.unsupported_numbers(result_page(text, ""))
    nested = "````{tip}\n```python\nx = 0.456\n```\nIt is 12.5 now.\n````\n"
    assert len(chapters.unsupported_numbers(result_page(nested, ""))) == 1


def test_a_result_printed_by_an_unchecked_cell_is_found() -> None:
    assert chapters.unsupported_numbers(result_page("We got 97.6 %.", "97.6 %", tagged=False))


def test_printed_cited_and_given_numbers_are_accepted() -> None:
    assert not chapters.unsupported_numbers(
        result_page("We got 97.6–98.1 % of 50,000.", "97.6 to 98.1 of 50_000")
    )
    assert not chapters.unsupported_numbers(result_page("They report 98.5 % {cite}`lecun`. Fine.", ""))
    assert not chapters.unsupported_numbers(
        result_page("The code `x * 0.123` and\n```python\n0.456\n```\n", "")
    )


def test_a_source_that_has_changed_since_is_found() -> None:
    output = new_output("stream", name="stdout", text="def f():\n    return 1\n")
    page = new_notebook(cells=[new_code_cell("print(inspect.getsource(f))", outputs=[output])])
    assert chapters.stale_sources(page, "def f():\n    return 2\n") == ["    return 1"]
    assert not chapters.stale_sources(page, "class A:\n    def f():\n        return 1\n")


def test_unrun_failed_and_complaining_cells_are_found() -> None:
    late = new_notebook(cells=[new_code_cell("a", execution_count=2), new_code_cell("b", execution_count=1)])
    assert chapters.execution_problems(late)
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert chapters.execution_problems(
        new_notebook(cells=[new_code_cell("a", execution_count=1, outputs=[error])])
    )
    warning = new_output("stream", name="stderr", text="RuntimeWarning: overflow")
    assert chapters.execution_problems(
        new_notebook(cells=[new_code_cell("a", execution_count=1, outputs=[warning])])
    )


@pytest.mark.parametrize("alt", [None, "", "a plot", "No description has been provided for this image"])
def test_pictures_without_a_real_description_are_found(alt: str | None) -> None:
    picture = new_output("display_data", data={"image/png": "aGk="})
    metadata = {"mystnb": {"image": {"alt": alt}}}
    assert chapters.picture_problems(
        new_notebook(cells=[new_code_cell("a", outputs=[picture], metadata=metadata)])
    )


def test_pictures_of_every_kind_are_counted_and_must_be_described() -> None:
    drawn = new_output("display_data", data={"image/svg+xml": "<svg/>", "text/plain": "a graph"})
    photographed = new_output("display_data", data={"image/png": "aGk=", "text/plain": "a graph"})
    printed = new_output("execute_result", data={"text/plain": "a graph"})
    page = new_notebook(cells=[new_code_cell("a", outputs=[drawn, photographed, printed])])
    assert chapters.picture_count(page) == 2
    assert len(chapters.picture_problems(page)) == 2


def test_a_heavy_drawing_is_found() -> None:
    picture = new_output("display_data", data={"image/svg+xml": "<svg>" + "é" * 30_000 + "</svg>"})
    metadata = {"mystnb": {"image": {"alt": "A line that falls from left to right."}}}
    page = new_notebook(cells=[new_code_cell("a", outputs=[picture], metadata=metadata)])
    (problem,) = chapters.picture_problems(page)
    assert "60,011 bytes" in problem


def test_a_heavy_picture_is_found() -> None:
    picture = new_output("display_data", data={"image/png": "AAAA" * 20_001})
    metadata = {"mystnb": {"image": {"alt": "A line that falls from left to right."}}}
    (problem,) = chapters.picture_problems(
        new_notebook(cells=[new_code_cell("a", outputs=[picture], metadata=metadata)])
    )
    assert "60,003 bytes" in problem


def framed(alt: str, more: str = "", padding: int = 0) -> nbformat.NotebookNode:
    """Return a page with two frames, the first described by ``alt``, the second by ``more``."""
    rows = [["0", "0", alt, "data:,"], ["1", "1", more or alt, "data:," + "x" * padding]]
    text = f"<input type='range' data-frames='{json.dumps(rows)}'><img alt='{alt}' src='data:,'>"
    return new_notebook(
        cells=[new_code_cell("a", outputs=[new_output("display_data", data={"text/html": text})])]
    )


def test_frames_count_as_one_picture_and_every_one_must_be_described() -> None:
    good = "A line that falls from left to right."
    assert chapters.picture_count(framed(good)) == 1
    assert not chapters.picture_problems(framed(good))
    assert len(chapters.picture_problems(framed("a plot", good))) == 2  # as it is seen first, and in its row
    assert len(chapters.picture_problems(framed(good, "a plot"))) == 1


def test_heavy_frames_are_found() -> None:
    (problem,) = chapters.picture_problems(framed("A line that falls from left to right.", padding=400_000))
    assert "frames of 400," in problem


def test_an_interactive_cell_without_its_tag_is_found() -> None:
    for source in (
        "from ipywidgets import interact\ninteract(f)",
        "from mininet_course.explorers.intro import browse as b\nb(x)",
    ):
        assert chapters.live_problems(new_notebook(cells=[new_code_cell(source)]))
        tagged = new_code_cell(source, metadata={"tags": ["explorer"]})
        assert not chapters.live_problems(new_notebook(cells=[tagged]))


def test_an_explorer_imported_by_an_earlier_cell_is_found() -> None:
    cells = [new_code_cell("from mininet_course.explorers.intro import browse"), new_code_cell("browse(x)")]
    assert len(chapters.live_problems(new_notebook(cells=cells))) == 1


def test_a_picture_that_follows_no_code_is_found() -> None:
    picture = new_code_cell("draw(f)", metadata={"tags": ["follows"]})
    assert chapters.live_problems(new_notebook(cells=[new_markdown_cell("Look."), picture]))
    assert not chapters.live_problems(new_notebook(cells=[new_code_cell("f = 1"), picture]))


ASKED = """```{admonition} Predict, then run
:class: predict
What comes out?

- **A** Nothing.
- **B** All.
```

```{admonition} Every answer, explained
:class: dropdown predict-answers
- **A:** Something does.
- **B is right.** All does.
```"""


def asked(text: str = ASKED, tags: tuple[str, ...] = ("hide-output",)) -> list[str]:
    """Return what is wrong with a question that a cell settles by printing something."""
    settles = new_code_cell(
        "print(1)", metadata={"tags": list(tags)}, outputs=[new_output("stream", text="1")]
    )
    return chapters.prediction_problems(new_notebook(cells=[new_markdown_cell(text), settles]))


def test_a_prediction_that_can_be_pressed_is_accepted() -> None:
    assert asked() == []
    demo = new_markdown_cell(f"{ASKED}\n\n```{{admonition}} Demo\n:class: demo-xor\nPress.\n```")
    assert chapters.prediction_problems(new_notebook(cells=[demo])) == []


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        (":class: predict\n", "", "of the class predict"),
        ("Predict, then run", "Predict it", "Predict, then …"),
        ("dropdown predict-answers", "dropdown", "no box of the class predict-answers"),
        ("- **A** Nothing.\n- **B** All.", "A. Nothing. B. All.", "a list of options"),
        ("- **A:** Something does.\n", "", "an explanation of each"),
        ("B is right.", "B:", "one explanation"),
        ("A:** Something", "A is right.** Something", "one explanation"),
    ],
)
def test_a_prediction_that_cannot_be_pressed_is_found(right: str, wrong: str, problem: str) -> None:
    assert right in ASKED and problem in " ".join(asked(ASKED.replace(right, wrong)))


def test_a_result_that_stands_open_below_its_question_is_found() -> None:
    assert "tag hide-output" in " ".join(asked(tags=()))
    no_code = chapters.prediction_problems(new_notebook(cells=[new_markdown_cell(ASKED)]))
    assert "tag hide-output" in " ".join(no_code)


def test_long_sections_magics_and_hidden_code_are_found() -> None:
    assert chapters.form_problems(new_notebook(cells=[new_markdown_cell("# T\n\n## S\n\n" + "word " * 701)]))
    assert chapters.form_problems(
        new_notebook(cells=[new_markdown_cell("# T"), new_code_cell("%matplotlib inline")])
    )
    hidden = new_code_cell("a = 1", metadata={"tags": ["remove-input"]})
    assert chapters.form_problems(new_notebook(cells=[new_markdown_cell("# T"), hidden]))
    assert not chapters.form_problems(
        new_notebook(cells=[new_markdown_cell("# T\n\n## S\n\nword"), new_code_cell("a")])
    )


def test_normalising_twice_changes_nothing_and_drops_widget_state() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "bar"}
    picture = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(picture, "PNG")
    still = widget | {"image/png": base64.b64encode(picture.getvalue()).decode()}
    outputs = [new_output("display_data", data=widget), new_output("execute_result", data=still)]
    cell = new_code_cell("a\n", outputs=outputs, metadata={"collapsed": True, "tags": ["explorer"]})
    once = notebooks.normalise(
        new_notebook(cells=[cell, new_code_cell("a")], metadata={"widgets": {"state": 1}})
    )
    assert [list(o.data) for o in once.cells[0].outputs] == [["text/plain", "image/png"]]
    assert once.cells[0].metadata == {"tags": ["explorer"]}
    assert "widgets" not in once.metadata
    assert once.cells[0].id != once.cells[1].id
    text = nbformat.writes(once)
    assert nbformat.writes(notebooks.normalise(nbformat.reads(text, as_version=4))) == text


def test_what_is_folded_on_the_page_is_folded_in_jupyterlab() -> None:
    tags = [["hide-input"], ["hide-output"], ["hide-input", "hide-output"], []]
    cells = [new_code_cell(f"draw({i})", metadata={"tags": kept}) for i, kept in enumerate(tags)]
    normalised = notebooks.normalise(new_notebook(cells=cells))
    source, outputs = {"source_hidden": True}, {"outputs_hidden": True}
    folded = [cell.metadata.get("jupyter") for cell in normalised.cells]
    assert folded == [source, outputs, source | outputs, None]


def test_a_failing_cell_leaves_the_notebook_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.ipynb"
    notebooks.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert notebooks.main(["run", str(path)]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.slow
def test_figures_are_stored_whatever_backend_is_set_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    path = tmp_path / "figure.ipynb"
    cell = new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])")
    notebooks.write(new_notebook(cells=[cell]), path)
    assert notebooks.main(["run", str(path)]) == 0
    assert chapters.picture_count(read(path)) == 1
