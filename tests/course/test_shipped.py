"""The exercises' notebooks: made from one source, without answers for learners, running from top to bottom."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Written
from tests.support.files import EXERCISES, ROOT, read
from tools import chapters, exercises, notebooks

pytestmark = pytest.mark.slow

on_every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
on_every_notebook = pytest.mark.parametrize("path", EXERCISES, ids=lambda p: f"{p.parent.name}-{p.stem}")
SOLUTIONS = [path for path in EXERCISES if path.parent.name == "solutions"]


def before_running(path: Path) -> str:
    """Return a notebook's text without what running it has added."""
    notebook = read(path)
    for cell in chapters.code(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebooks.as_text(notebook)


def test_every_chapter_has_both_notebooks_and_nothing_else_is_there() -> None:
    assert {(p.parent.name, p.stem) for p in EXERCISES} == {
        (kind, chapter) for kind in ("exercises", "solutions") for chapter in CHAPTERS
    }
    assert {p.stem for p in (ROOT / "exercises" / "sources").glob("*.py")} == set(CHAPTERS)


@on_every_chapter
def test_committed_notebooks_are_what_their_sources_make(chapter: str) -> None:
    """To the byte; what the solutions print is compared where nbval runs them."""
    for path, text in exercises.make(chapter, execute=False).items():
        assert before_running(path) == text, "run: make exercises"
        assert path.parent.name == "solutions" or before_running(path) == path.read_text(encoding="utf-8")


def uncompared(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the code of cells that hold outputs which nbval would not compare."""
    cells = chapters.code(notebook)
    return [c.source for c in cells if c.outputs and "nbval-check-output" not in chapters.tags(c)]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_whatever_solutions_print_is_compared_by_nbval(path: Path) -> None:
    assert uncompared(read(path)) == []


def test_an_output_that_nbval_would_not_compare_is_noticed() -> None:
    notebook = read(SOLUTIONS[0])
    cell = next(cell for cell in chapters.code(notebook) if cell.outputs)
    cell.metadata.tags = []
    assert uncompared(notebook) == [cell.source]


def test_a_planted_drift_of_one_byte_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = exercises.make("neuron", execute=False)
    copies = {tmp_path / path.relative_to(ROOT): text for path, text in made.items()}
    for path, text in copies.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    assert exercises.drifted(copies) == []
    first = next(iter(copies))
    first.write_bytes(copies[first].encode().replace(b"Do.", b"Do!", 1))
    assert exercises.drifted(copies) == [first]
    monkeypatch.setattr(exercises, "ROOT", tmp_path)
    monkeypatch.setattr(exercises, "make", lambda chapter: copies)
    assert exercises.main(["check", "neuron"]) == 1
    assert "not what the source makes" in capsys.readouterr().err
    first.unlink()
    assert exercises.drifted(copies) == [first]
    assert exercises.main([]) == 0
    assert exercises.main(["check"]) == 0


def test_running_stores_what_cells_print_and_keeps_nobody_s_progress(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell("from mininet_course import check"),
        nbformat.v4.new_code_cell('check("neuron.2", "A")'),
    ]
    ran = exercises.run(nbformat.v4.new_notebook(cells=cells), tmp_path)
    assert "neuron.2" in chapters.printed(ran.cells[1])
    assert [cell.execution_count for cell in ran.cells] == [1, 2]
    assert not Path(os.environ["MININET_PROGRESS"]).exists()


@on_every_chapter
def test_every_check_of_a_learners_notebook_is_one_that_must_find_nothing_written(chapter: str) -> None:
    """It does where nbval runs it, see conftest.py: by the cell's role."""
    notebook = read(ROOT / "exercises" / f"{chapter}.ipynb")
    checks = [c for c in notebook.cells if c.metadata.get("exercise", {}).get("role") == "check"]
    assert len(checks) == sum(not isinstance(e, Written) for e in CHAPTERS[chapter])
    assert all(cell.source.startswith("check(") for cell in checks)


def test_the_learners_own_line_is_shown_in_a_notebook_and_a_strict_report_has_no_frames(
    tmp_path: Path,
) -> None:
    cells = [
        "from mininet_course import check",
        "def loss(p, y):\n    return p / nothing",
        'check("neuron.5", loss)',
        'check("neuron.5", loss, strict=True)',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    assert "your line 2: return p / nothing\n" in chapters.printed(notebook.cells[2])
    (error,) = notebook.cells[3].outputs
    assert error.ename == "CheckFailed"
    assert error.traceback[0].startswith("STOPPED") and not any("File" in line for line in error.traceback)


@on_every_chapter
def test_every_check_of_the_solutions_passes(chapter: str) -> None:
    cells = [
        c
        for c in read(ROOT / "solutions" / f"{chapter}.ipynb").cells
        if c.metadata.get("exercise", {}).get("role") == "check"
    ]
    names = [e.name for e in CHAPTERS[chapter] if not isinstance(e, Written)]
    assert [c.metadata["exercise"]["name"] for c in cells] == names
    assert all(chapters.printed(c).startswith("PASS") for c in cells)


@on_every_chapter
def test_no_answer_and_no_seed_is_in_the_learners_notebook(chapter: str) -> None:
    cells = jupytext.read(ROOT / "exercises" / "sources" / f"{chapter}.py", fmt="py:percent").cells
    learners = (ROOT / "exercises" / f"{chapter}.ipynb").read_text(encoding="utf-8")
    text = "\n".join(cell.source for cell in nbformat.reads(learners, as_version=4).cells)
    for cell in cells:
        if cell.metadata.get("role") in ("why", "written", "show"):
            assert cell.source not in text
        for match in exercises.BLOCK.finditer(cell.source + "\n"):
            for line in match["answer"].splitlines():
                assert line.strip() not in text.replace("= ...", ""), line
    assert "SOLUTION" not in text and "INSTEAD" not in text and "seed=" not in text
    assert not any(cell.get("outputs") for cell in nbformat.reads(learners, as_version=4).cells)


@on_every_chapter
def test_every_task_has_its_four_parts_its_level_and_its_time(chapter: str) -> None:
    tasks = [
        c.source
        for c in read(ROOT / "exercises" / f"{chapter}.ipynb").cells
        if c.metadata.get("exercise", {}).get("role") == "task"
    ]
    for task in tasks:
        for part in ("**Goal.**", "**Given.**", "**Do.**", "**You should see"):
            assert part in task, task
        assert re.search(r"\*(easy|medium|hard), about \d+ minutes, \d points?\*", task)


@on_every_notebook
def test_notebook_has_the_books_form(path: Path) -> None:
    notebook = read(path)
    assert notebooks.main(["check", str(path)]) == 0
    assert not chapters.form_problems(notebook)
    assert not chapters.picture_problems(notebook)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_solutions_were_run_and_their_numbers_are_printed(path: Path) -> None:
    assert not chapters.execution_problems(read(path))
    assert not chapters.unsupported_numbers(read(path))


# The generator refuses a source that lacks something.

SOURCE = (ROOT / "exercises" / "sources" / "neuron.py").read_text(encoding="utf-8")
FAULTS = {
    "unknown role 'anser'": ('role="answer" q="neuron.5"', 'role="anser" q="neuron.5"'),
    "make them agree": ('role="task" q="neuron.5"', 'role="task" q="neuron.50"'),
    "expected ['task', 'answer', 'check']": ('role="check" q="neuron.5"', 'role="run"'),
    "no block from": ("    # BEGIN SOLUTION\n    given", "    given"),
    'must begin check("neuron.5"': ('check("neuron.5", loss)', 'check("neuron.4", loss)'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_incomplete_source_is_refused(fault: str, tmp_path: Path) -> None:
    right, wrong = FAULTS[fault]
    assert SOURCE.count(right) == 1
    (tmp_path / "neuron.py").write_text(SOURCE.replace(right, wrong), encoding="utf-8")
    with pytest.raises(exercises.SourceProblem, match=re.escape(fault)):
        exercises.source("neuron", tmp_path)


def test_stubs() -> None:
    def stub(text: str) -> str:
        return exercises.BLOCK.sub(exercises._stub, text)

    assert stub("# BEGIN SOLUTION\na = 1\nb = [2]\n# END SOLUTION\n") == "a = ...\nb = ...\n"
    function = "def f(x):\n    # BEGIN SOLUTION\n    y = x\n    return y\n    # END SOLUTION\n"
    assert stub(function) == "def f(x):\n    # write your code here\n    raise NotImplementedError\n"
    bug = "for i in x:\n    # BEGIN SOLUTION\n    y = 1\n    # INSTEAD\n    # y = 2\n    # END SOLUTION\n    z = 3\n"
    assert stub(bug) == "for i in x:\n    y = 2\n    z = 3\n"


def test_a_picture_in_a_source_is_refused(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell(
        "from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(50))"
    )
    with pytest.raises(exercises.SourceProblem, match="pictures differ"):
        exercises.run(nbformat.v4.new_notebook(cells=[cell], metadata=notebooks.NOTEBOOK_METADATA), tmp_path)


@pytest.mark.slow
def test_installed_from_the_wheel_a_learner_can_start(tmp_path: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "installed"),
    ]
    subprocess.run([*pip, str(ROOT)], check=True)
    here = tmp_path / "here"
    here.mkdir()
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}

    def course(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mininet_course", *arguments]
        return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)

    where = [sys.executable, "-c", "import mininet; print(mininet.__file__)"]
    assert str(tmp_path) in subprocess.check_output(where, cwd=here, env=environment, text=True)
    for chapter in CHAPTERS:
        assert course("start", chapter).returncode == 0
        copy = here / f"{chapter}-exercises.ipynb"
        assert copy.read_bytes() == (ROOT / "exercises" / f"{chapter}.ipynb").read_bytes()
    script = "from mininet_course import solution; solution('neuron.4')"
    printed = subprocess.check_output([sys.executable, "-c", script], cwd=here, env=environment, text=True)
    assert "np.exp(-np.abs(z))" in printed
