"""`python -m mininet_course` and the file that remembers: clear words, no traceback, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import mininet_course as course
from mininet_course import CourseError, check, progress, record, start
from mininet_course.__main__ import main
from tests.support.files import ROOT

pytestmark = pytest.mark.slow

GOOD = "import numpy as np\nloss = lambda p, y: -np.log(np.where(y == 1, p, 1 - p)).mean()"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mininet_course", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8")


def test_help_says_what_there_is(tmp_path: Path) -> None:
    result = run("--help", cwd=tmp_path)
    assert result.returncode == 0
    assert all(w in result.stdout for w in ("list", "start", "check", "progress", "MININET_PROGRESS"))


def test_start_copies_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["start", "neuron"]) == 0
    copy = tmp_path / "neuron-exercises.ipynb"
    assert copy.read_bytes() == (ROOT / "exercises" / "neuron.ipynb").read_bytes()
    copy.write_text("my work")
    assert main(["start", "neuron"]) == 1
    assert "is here already and stays as it is" in capsys.readouterr().err
    assert copy.read_text() == "my work"
    assert main(["start", "nueron"]) == 1
    assert "There is no chapter 'nueron'" in capsys.readouterr().err
    with pytest.raises(CourseError, match="cannot be written"):
        start("neuron", tmp_path / "nowhere")


def test_list_shows_every_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert all(e.name in shown and e.title in shown for group in course.CHAPTERS.values() for e in group)


def test_titles_stand_under_each_other_also_where_a_chapter_has_a_long_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for table in (course.list, progress):
        table()
        lines = capsys.readouterr().out.splitlines()
        for exercises in course.CHAPTERS.values():
            rows = [line for e in exercises for line in lines if line.split()[0] == e.name]
            assert len(rows) == len(exercises)
            assert len({row.index(e.title) for row, e in zip(rows, exercises, strict=True)}) == 1


def test_progress_shows_what_is_solved(capsys: pytest.CaptureFixture[str]) -> None:
    check("neuron.2", "B")
    check("neuron.9", "A")
    course.hint("neuron.9")
    check("neuron.2", "A")  # solved stays solved
    capsys.readouterr()
    progress()
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "1 of 10 solved" in lines["neuron:"]
    assert "solved" in lines["neuron.2"]
    assert "tried" in lines["neuron.9"] and "hints taken: 1" in lines["neuron.9"]
    assert "tried" not in lines["neuron.4"] and "in words" in lines["neuron.11"]


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"neuron.2": "pass"}', '{"neuron.2": {"hints": "many"}}', "\x00"]
)
def test_a_damaged_file_is_named_and_left_alone(
    damage: str, progress_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress_file.parent.mkdir()
    progress_file.write_text(damage)
    check("neuron.2", "B")
    course.hint("neuron.2")
    shown = capsys.readouterr().out
    assert "PASS" in shown and "Hint 1" in shown and "is damaged. It was left as it is" in shown
    assert main(["progress"]) == 1
    assert str(progress_file) in capsys.readouterr().err
    assert progress_file.read_text() == damage


def test_where_nothing_can_be_kept_a_check_still_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MININET_PROGRESS", str(tmp_path / "file" / "progress.json"))
    check("neuron.2", "B")
    shown = capsys.readouterr().out
    assert "PASS" in shown and "progress.json" in shown


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", "mininet/progress.json"),
        ("win32", "LOCALAPPDATA", "mininet/progress.json"),
        ("darwin", "HOME", "Library/Application Support/mininet/progress.json"),
    ],
)
def test_the_file_is_in_the_users_data_folder(
    platform: str, variable: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MININET_PROGRESS")
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    assert record.path() == tmp_path / expected


def write_notebook(path: Path, *cells: str) -> Path:
    nbformat.write(
        new_notebook(cells=[new_code_cell(c) for c in ("from mininet_course import check", *cells)]), path
    )
    return path


def test_check_runs_a_file_and_prints_the_table(
    tmp_path: Path, progress_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [GOOD, 'check("neuron.5", loss)', 'check("neuron.2", "A")', "1 / 0", 'check("neuron.4", abs)']
    path = write_notebook(tmp_path / "mine.ipynb", *cells)
    before = path.read_bytes()
    assert main(["check", str(path)]) == 1
    shown = capsys.readouterr()
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in shown.out.splitlines()}
    assert rows["neuron.5"].startswith("pass How wrong")
    assert rows["neuron.2"].startswith("not yet The diary")
    assert rows["neuron.4"].startswith("not yet A sigmoid")
    assert rows["1"] == "of 10 pass"
    assert "Cell 5 stopped with ZeroDivisionError" in shown.err
    # neither the file nor anyone's progress is touched
    assert path.read_bytes() == before
    assert not progress_file.exists()


@pytest.mark.slow
def test_check_stops_a_kernel_that_nothing_else_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = "sum(range(10**15))"  # inside C: no interrupt gets through
    path = write_notebook(
        tmp_path / "mine.ipynb", 'check("neuron.2", "B")', endless, 'check("neuron.9", "B")'
    )
    assert main(["check", str(path), "--seconds", "3"]) == 1
    shown = capsys.readouterr()
    assert "neuron.2" in shown.out and "neuron.9" not in shown.out
    assert "more than 3 seconds" in shown.err


def test_check_of_what_is_no_notebook_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.ipynb").write_text("{}")
    (tmp_path / "y.ipynb").write_text(json.dumps({"cells": 3}))
    for name, words in (
        ("x.ipynb", "no notebook"),
        ("y.ipynb", "no notebook"),
        ("z.ipynb", "cannot be read"),
    ):
        assert main(["check", str(tmp_path / name)]) == 1
        assert words in capsys.readouterr().err
    empty = write_notebook(tmp_path / "empty.ipynb")
    assert main(["check", str(empty)]) == 1
    assert "no check that ran" in capsys.readouterr().out


def test_a_mistaken_command_line_has_no_traceback(tmp_path: Path) -> None:
    result = run("start", "nowhere", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("There is no chapter") and "Traceback" not in result.stderr
    for arguments in (["lst"], ["check"], []):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)


def python_kernel(folder: Path, *argv: str) -> None:
    """Install a kernel called python3, as another environment has left it behind."""
    (folder / "kernels" / "python3").mkdir(parents=True)
    spec = {"argv": list(argv), "display_name": "Python 3", "language": "python"}
    (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(spec))


@pytest.mark.parametrize("installed", ["removed", "other"])
def test_check_runs_in_this_python_whatever_kernels_there_are_and_prints_its_report_alone(
    installed: str, tmp_path: Path
) -> None:
    if installed == "removed":
        python_kernel(tmp_path / "jupyter", "/gone/bin/python", "-m", "ipykernel", "-f", "{connection_file}")
    else:  # a Python that does not know the course
        isolated = [sys.executable, "-I", "-S", "-m", "ipykernel", "-f", "{connection_file}"]
        python_kernel(tmp_path / "jupyter", *isolated)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": "twice"}
    sources = ["from mininet_course import check\r\n", 'check("neuron.2", "B")\r\n']
    made: dict[str, object] = {"cells": [cell | {"source": [source]} for source in sources], "metadata": {}}
    # a byte-order mark, Windows' line ends, the same id twice: what collect takes, too
    made |= {"nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(made, indent=1).replace("\n", "\r\n")
    (tmp_path / "mine.ipynb").write_bytes(text.encode("utf-16" if installed == "other" else "utf-8-sig"))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "HOME": str(tmp_path)}
    environment |= {"JUPYTER_PATH": str(tmp_path / "jupyter"), "JUPYTER_PREFER_ENV_PATH": "0"}
    command = [sys.executable, "-m", "mininet_course", "check", "mine.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stderr == "" and done.returncode == 1
    [line, total] = done.stdout.splitlines()
    assert line.startswith("neuron.2  pass") and total == "1 of 10 pass"


def test_check_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_notebook(tmp_path / "mine.ipynb", 'check("neuron.2", "B")')
    monkeypatch.setitem(sys.modules, "ipykernel.kernelspec", None)
    assert main(["check", str(path)]) == 1
    assert 'pip install "mininet-course[book]"' in capsys.readouterr().err
