"""What grading keeps: the verdict of what was graded, nothing damaged passed over, every disk and folder survived."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mininet_course import storage
from mininet_course.__main__ import main
from mininet_course.exercise import CourseError
from mininet_course.grading import (
    collect,
    content,
    execution,
    grade,
    marks,
    nbgrader_format,
    records,
    variants,
)
from mininet_course.grading import pack as packs
from mininet_course.grading.assign import assign
from mininet_course.grading.judging import Judgement
from mininet_course.grading.lms import no_formula
from mininet_course.grading.pack import Pack
from mininet_course.grading.records import Record
from tests.support import submissions
from tests.support.files import ROOT

NAMES = ["neuron.3", "neuron.4"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    pack = assign(NAMES, tmp_path_factory.mktemp("kept") / "hw1", format="zip", seed=11, progress=False)
    hand_in(pack, "ann")
    return pack


@pytest.fixture
def pack(made: Pack, tmp_path: Path) -> Pack:
    return submissions.copied(made, tmp_path)


def hand_in(pack: Pack, student: str, kind: str = "right") -> None:
    for name, notebook in submissions.of_kind(pack, submissions.KINDS[kind], student).items():
        content.write(notebook, records.submitted(pack, student) / name)


class Ran:
    """In place of a sandbox, which takes long: everything is right; meanwhile something else happens."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile

    def __call__(self, *arguments: Any) -> "Ran":
        return self

    def __enter__(self) -> "Ran":
        return self

    def __exit__(self, *problem: object) -> None:
        pass

    def run(self, notebook: content.Notebook, questions: Any) -> execution.Ran:
        self.meanwhile()
        return execution.Ran({}, {name: Judgement("right", "") for name in questions}, [])


def test_a_verdict_is_that_of_what_was_graded(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "Submission", Ran(partial(hand_in, pack, "ann", "untouched")))
    grade.grade_one("ann", pack.folder, False, 5)
    assert records.load(pack, "ann") is None and records.not_graded(pack) == ["ann"]
    monkeypatch.setattr(execution, "Submission", Ran(lambda: None))
    grade.grade_one("ann", pack.folder, False, 5)
    assert records.load(pack, "ann") is not None


def test_mending_a_notebook_undoes_no_new_hand_in(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a notebook is read, mended and written back, nobody else writes it."""
    held = []
    real = grade._mended

    def watched(*arguments: Any) -> Any:
        with pytest.raises(TimeoutError), storage.locked(pack.folder / collect.FILE, 0):
            pass
        held.append(True)
        return real(*arguments)

    monkeypatch.setattr(grade, "_mended", watched)
    monkeypatch.setattr(execution, "Submission", Ran(lambda: None))
    grade.grade_one("ann", pack.folder, False, 5)
    assert held


@pytest.mark.parametrize("damage", ["[" * 100_000, '{"seconds": NaN}', '"x"', "", "\x00"])
def test_a_damaged_verdict_is_none(damage: str, pack: Pack) -> None:
    Record("ann", records.state(pack, "ann"), {"neuron.3": Judgement("right", "")}).save(pack)
    assert records.load(pack, "ann")
    (pack.folder / "grading" / "ann.json").write_text(damage)
    assert records.load(pack, "ann") is None


@pytest.mark.parametrize(
    "change",
    [{"state": 1}, {"report": None}, {"mistake": ["a"]}, {"incident": 3}, {"parts": 3}, {"parts": [1]}],
)
def test_a_judgement_of_other_types_is_none(change: dict[str, Any], pack: Pack) -> None:
    Record("ann", records.state(pack, "ann"), {"neuron.3": Judgement("wrong", "")}).save(pack)
    file = pack.folder / "grading" / "ann.json"
    kept = json.loads(file.read_text())
    kept["judgements"]["neuron.3"] |= change
    file.write_text(json.dumps(kept))
    assert records.load(pack, "ann") is None


def test_the_verdict_of_somebody_else_is_none(pack: Pack) -> None:
    hand_in(pack, "bob")
    assert records.state(pack, "ann") == records.state(pack, "bob")
    Record("ann", records.state(pack, "ann"), {"neuron.3": Judgement("right", "")}).save(pack)
    (pack.folder / "grading" / "ann.json").rename(pack.folder / "grading" / "bob.json")
    assert records.load(pack, "bob") is None


def test_a_verdict_of_other_types_is_none(pack: Pack) -> None:
    record = Record("ann", records.state(pack, "ann"))
    for field, value in (("incidents", [[1]]), ("suspicious", "x"), ("repairs", {"a": 1}), ("newer", 1)):
        kept = json.loads(json.dumps(record.__dict__)) | {field: value}
        storage.write(pack.folder / "grading" / "ann.json", json.dumps(kept))
        assert records.load(pack, "ann") is None


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"by_parts": ["neuron.3"]},
        {"by_parts": "neuron"},
        {"by_parts": 3},
        {"seed": float("inf")},
        {"seed": 1.5},
        {"seed": "11"},
        {"points": {"neuron.3": float("nan")}},
        {"points": {"neuron.3": -1}},
        {"points": {"neuron.3": float("inf")}},
        {"name": "../hw1"},
        {"name": 3},
        "[" * 100_000,
        "",
        "[]",
    ],
)
def test_a_damaged_pack_is_named_and_left(change: Any, pack: Pack) -> None:
    file = pack.folder / "pack.json"
    text = change if isinstance(change, str) else json.dumps(json.loads(file.read_text()) | change)
    file.write_text(text)
    with pytest.raises(CourseError, match=r"pack\.json is damaged\. Take it from a backup"):
        packs.load(pack.folder)
    assert file.read_text() == text


def test_a_damaged_record_of_collecting_is_said_before_all_the_work(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pack.folder / collect.FILE).write_text("[]")
    monkeypatch.setattr(grade, "_at_once", lambda *arguments: pytest.fail("it has begun"))
    with pytest.raises(CourseError, match=r"collected\.json is damaged"):
        grade.grade_pack(pack.folder, sandbox=False, progress=False)


# --- nbgrader's database


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def garbage(file: Path) -> None:
    file.write_bytes(b"no database at all " * 100)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def another(file: Path) -> None:
    file.unlink()
    file.mkdir()


def of_something_else(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE assignment")
        connection.execute("CREATE TABLE notes (x)")
    connection.close()


@pytest.mark.parametrize("harm", [missing, empty, garbage, cut, another, of_something_else])
def test_a_gradebook_that_is_missing_or_damaged_is_named_and_nothing_is_touched(
    harm: Callable[[Path], None], pack: Pack
) -> None:
    from mininet_course.grading.gradebook import gradebook

    file = pack.folder / "gradebook.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE assignment (x)")
        connection.executemany("INSERT INTO assignment VALUES (?)", [("x" * 100,)] * 1000)
    connection.close()
    (pack.folder / "nbgrader_config.py").write_text("")
    of_nbgrader = replace(pack, format="nbgrader")
    assert nbgrader_format.database(of_nbgrader) == f"sqlite:///{file}"
    harm(file)
    before = {path: path.is_dir() or path.read_bytes() for path in pack.folder.rglob("*")}
    for use in (gradebook, marks.marks, nbgrader_format.course):
        with pytest.raises(CourseError, match=r"gradebook\.db (is missing|is damaged|cannot be read)"):
            use(of_nbgrader)  # type: ignore[operator]
    assert {path: path.is_dir() or path.read_bytes() for path in pack.folder.rglob("*")} == before


# --- folders with odd names

ODD = ["[2024]", "what now?", "50%25 a", "#1", "a;b & c", 'it\'s "q"', "a*b{c}", "ü ~ $HOME"]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_folder_works_or_is_refused_before_anything_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / name
    here.mkdir()
    monkeypatch.chdir(here)
    assert main(["assign", *NAMES, "--out", "hw1", "--format", "zip"]) == 0
    pack = packs.load(here / "hw1")
    for student in ("ann", "bob"):
        content.write(submissions.right(pack)["neuron.ipynb"], here / "in" / student / "neuron.ipynb")
    assert main(["collect", "hw1", "--from", "in", "--lms", "plain"]) == 0
    monkeypatch.setattr(execution, "Submission", Ran(lambda: None))
    for student in records.students(pack):
        grade.grade_one(student, pack.folder, False, 5)
    (here / "t.csv").write_text("student,hw1\nann,\nbob,\n")
    assert main(["grades", "hw1", "--into", "t.csv", "--in-place"]) == 0
    assert (here / "t.csv").read_text() == "student,hw1\nann,4\nbob,4\n"
    if not set(name) & set(nbgrader_format.NOT_IN_PATHS):
        return
    capsys.readouterr()
    assert main(["assign", *NAMES, "--out", "hw2"]) == 1
    said = capsys.readouterr().err
    assert (
        said.startswith("nbgrader cannot work in ") and said.count("\n") == 1 and not (here / "hw2").exists()
    )
    with pytest.raises(CourseError, match="nbgrader cannot work in"):  # nor where it has been moved to
        nbgrader_format.database(replace(pack, format="nbgrader"))


# --- a full disk, a folder that may not be written


def steps(pack: Pack, here: Path) -> dict[str, list[str]]:
    content.write(submissions.right(pack)["neuron.ipynb"], here / "in" / "bob" / "neuron.ipynb")
    (here / "t.csv").write_text("student,hw1\nann,\n")
    return {
        "assign": ["assign", *NAMES, "--out", str(here / "hw2"), "--format", "zip"],
        "collect": ["collect", str(pack.folder), "--from", str(here / "in"), "--lms", "plain"],
        "grades": ["grades", str(pack.folder), "--into", str(here / "t.csv")],
        "grades in place": ["grades", str(pack.folder), "--into", str(here / "t.csv"), "--in-place"],
    }


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("step", ["assign", "collect", "grades", "grades in place"])
def test_where_nothing_can_be_written_one_sentence_says_so_and_nothing_is_lost(
    step: str,
    number: int,
    pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    command = steps(pack, tmp_path)[step]
    Record("ann", records.state(pack, "ann"), {name: Judgement("right", "") for name in NAMES}).save(pack)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        assert main(command) == 1
    said = capsys.readouterr()
    assert os.strerror(number) in said.err and "Traceback" not in said.err
    assert said.err.strip().count("\n") == (step == "assign")  # a bar stands before
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files
    assert main(command) == 0  # there is room again


def test_what_is_no_longer_read_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m mininet_course list | head -n 1"
    done = subprocess.run(
        command,
        shell=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


# --- tables


def test_two_columns_of_a_table_can_be_filled_at_once(pack: Pack, tmp_path: Path) -> None:
    Record("ann", records.state(pack, "ann"), {name: Judgement("right", "") for name in NAMES}).save(pack)
    table = tmp_path / "t.csv"
    table.write_text("student," + ",".join(f"c{n}" for n in range(2)) + "\nann,,\n")
    command = [sys.executable, "-m", "mininet_course", "grades", str(pack.folder), "--into", str(table)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [*command, "--column", f"c{n}", "--in-place"], env=environment, stdout=subprocess.DEVNULL
        )
        for n in range(2)
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert table.read_text().splitlines()[1] == "ann,4,4"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("text", ["=1", "+1+1", "-2+3", "@SUM(1+1)", "\t=1", "\r=1", "\n=1", "＝1", " =1"])
def test_a_text_that_would_be_calculated_is_quoted(text: str) -> None:
    assert no_formula(text) == f"'{text}"
    assert [no_formula(plain) for plain in ("ann", "O'Hara", "", "a=b", "7")] == [
        "ann",
        "O'Hara",
        "",
        "a=b",
        "7",
    ]


@pytest.mark.parametrize("student", ["+1+1", "-2", "@SUM(1)", "=1", "a|b", "a/b"])
def test_no_roster_and_no_table_of_ours_holds_a_formula(student: str, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(f"student\n{student}\n")
    with pytest.raises(CourseError, match="cannot name a folder"):
        variants.roster(tmp_path / "roster.csv")
