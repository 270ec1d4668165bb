"""Grading a class: each once, stopped and gone on with, into nbgrader's gradebook, and never without the walls."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mininet_course.__main__ import main
from mininet_course.exercise import CourseError
from mininet_course.grading import content, execution, grade, records, sandbox
from mininet_course.grading.assign import assign
from mininet_course.grading.judging import Judgement
from mininet_course.grading.marks import marks
from mininet_course.grading.pack import Pack
from mininet_course.grading.records import Record
from tests.support import submissions, torn
from tests.support.sandboxed import needs_sandbox

pytestmark = pytest.mark.slow
NAMES = ["neuron.3", "neuron.4", "neuron.5"]
LOSES = {"right": 0.0, "partly wrong": 4.0, "crash in a cell": 2.0, "untouched": 6.0}


def hand_in(pack: Pack, student: str, kind: str) -> None:
    made = submissions.of_kind(pack, submissions.KINDS[kind], student)
    for name, notebook in made.items():
        content.write(notebook, records.submitted(pack, student) / name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Return an assignment without a gradebook, with a submission of each kind."""
    pack = assign(NAMES, tmp_path_factory.mktemp("plain") / "hw1", format="zip", seed=11)
    for student, kind in enumerate(LOSES):
        hand_in(pack, f"student-{student}", kind)
    return pack


@pytest.fixture
def pack(made: Pack, tmp_path: Path) -> Pack:
    return submissions.copied(made, tmp_path)


@pytest.fixture(scope="module")
def first(made: Pack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, grade.Report]:
    """Return the assignment graded once, and the report on that."""
    pack = submissions.copied(made, tmp_path_factory.mktemp("graded"))
    return pack, grade.grade_pack(pack.folder, jobs=2, seconds=5, progress=False)


@pytest.fixture
def graded(first: tuple[Pack, grade.Report], tmp_path: Path) -> Pack:
    return submissions.copied(first[0], tmp_path)


def points(folder: Path) -> list[float]:
    with (folder / "results.csv").open(encoding="utf-8") as file:
        return [float(row["points"]) for row in csv.DictReader(file)]


EXPECTED = [6 - lost for lost in LOSES.values()]


@needs_sandbox
def test_each_is_graded_once_and_again_only_if_it_changes(
    first: tuple[Pack, grade.Report], graded: Pack
) -> None:
    pack, report = graded, first[1]
    assert points(pack.folder) == EXPECTED
    assert len(report.graded) == 4 and not report.kept and not report.unfinished
    assert "student-2: neuron: cell" in str(report)
    assert (pack.folder / "report.txt").read_text(encoding="utf-8") == f"{report}\n"
    records_then = {file.name: file.read_bytes() for file in (pack.folder / "grading").glob("*.json")}

    report = grade.grade_pack(pack.folder, progress=False)
    assert not report.graded and len(report.kept) == 4
    assert {file.name: file.read_bytes() for file in (pack.folder / "grading").glob("*.json")} == records_then

    hand_in(pack, "student-3", "right")
    assert grade.grade_pack(pack.folder, progress=False).graded == ["student-3"]
    assert points(pack.folder) == [*EXPECTED[:3], 6]
    kept = pack.folder / "pack.json"
    kept.write_text(kept.read_text().replace('"seed": 11', '"seed": 12'), encoding="utf-8")
    assert all(records.load(grade.packs.load(pack.folder), f"student-{n}") is None for n in range(4))


def test_a_link_in_a_submission_is_not_followed(pack: Pack) -> None:
    file = records.submitted(pack, "student-3") / "neuron.ipynb"
    file.unlink()
    file.symlink_to(records.submitted(pack, "student-0") / "neuron.ipynb")
    with pytest.raises(CourseError, match=r"neuron\.ipynb is a link"):
        grade.grade_one("student-3", pack.folder, False, 5)


SCRIPT = """
import sys
from pathlib import Path
from mininet_course.grading import grade
if __name__ == "__main__":
    grade.grade_pack(Path(sys.argv[1]), jobs=1, seconds=5, progress=False)
"""


@needs_sandbox
def test_killed_half_way_and_run_again_gives_the_same(pack: Pack, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, str(script), str(pack.folder)], cwd=Path.cwd())
    until = time.monotonic() + 120
    while time.monotonic() < until and not list((pack.folder / "grading").glob("*.json")):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = [file.stem for file in (pack.folder / "grading").glob("*.json")]
    assert 0 < len(done) < 4
    report = grade.grade_pack(pack.folder, jobs=2, seconds=5, progress=False)
    assert set(done) <= set(report.kept) and len(report.graded) + len(report.kept) == 4
    assert points(pack.folder) == EXPECTED


@needs_sandbox
def test_ctrl_c_ends_it_at_once_and_the_next_run_goes_on(pack: Pack) -> None:
    for student in range(4, 7):
        hand_in(pack, f"student-{student}", "right")
    command = [sys.executable, "-m", "mininet_course", "grade", str(pack.folder), "--jobs", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 120
    while time.monotonic() < until and not list((pack.folder / "grading").glob("*.json")):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Stopped. What is finished is kept" in said and "Traceback" not in said
    done = [file.stem for file in (pack.folder / "grading").glob("*.json")]
    assert 0 < len(done) < 7
    report = grade.grade_pack(pack.folder, jobs=2, seconds=5, progress=False)
    assert set(done) <= set(report.kept) and len(report.graded) + len(report.kept) == 7
    assert points(pack.folder) == [*EXPECTED, *[6.0] * 3]


@needs_sandbox
def test_again_grades_once_more(graded: Pack) -> None:
    pack = graded
    assert grade.grade_pack(pack.folder, again=["student-1"], progress=False).graded == ["student-1"]
    assert len(grade.grade_pack(pack.folder, again=[], progress=False).graded) == 4
    with pytest.raises(CourseError, match=r"'ann' has handed in nothing\. There are student-0, "):
        grade.grade_pack(pack.folder, again=["ann"], progress=False)
    assert points(pack.folder) == EXPECTED


@pytest.mark.parametrize("seconds", [0, -1, 0.01, float("nan"), float("inf")])
def test_a_time_in_which_nothing_can_be_right_is_refused(pack: Pack, seconds: float) -> None:
    with pytest.raises(CourseError, match=f"1 to 3600 seconds, got {seconds:g}"):
        grade.grade_pack(pack.folder, seconds=seconds, sandbox=False, progress=False)
    with pytest.raises(CourseError, match="--jobs 0"):
        grade.grade_pack(pack.folder, jobs=0, sandbox=False, progress=False)


@needs_sandbox
def test_who_hands_in_anew_has_no_grade_until_graded_again(
    graded: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = graded
    hand_in(pack, "student-0", "untouched")
    assert sorted(marks(pack)) == ["student-1", "student-2", "student-3"]
    table = tmp_path / "list.csv"
    table.write_text("student,hw1\nstudent-0,\nstudent-1,\n", encoding="utf-8")
    for command in (["grades", str(pack.folder), "--into", str(table)], ["feedback", str(pack.folder)]):
        assert main(command) == 1
        assert (
            "not graded as it stands now. Run grade, then this again:\n  student-0\n"
            in capsys.readouterr().out
        )
    assert (tmp_path / "list-hw1.csv").read_text(encoding="utf-8").splitlines()[1] == "student-0,"


@needs_sandbox
def test_nobody_grades_beside(pack: Pack) -> None:
    with grade._alone(pack), pytest.raises(CourseError, match="being graded"):
        grade.grade_pack(pack.folder, progress=False)


@needs_sandbox
def test_a_notebook_that_is_none_or_missing_is_not_attempted_and_said_so(pack: Pack) -> None:
    file = records.submitted(pack, "student-0") / "neuron.ipynb"
    file.write_text("no notebook")
    (records.submitted(pack, "student-1") / "neuron.ipynb").unlink()
    report = grade.grade_pack(pack.folder, jobs=2, seconds=5, progress=False)
    assert points(pack.folder)[:2] == [0, 0]
    assert "student-0: neuron.ipynb" in str(report) and "student-1: neuron.ipynb" in str(report)
    assert (pack.folder / "collected" / "student-0" / "neuron.ipynb").read_text() == "no notebook"


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)


def test_without_bubblewrap_it_refuses_and_says_what_to_do(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch)
    with pytest.raises(CourseError, match=r"apt install bubblewrap[\s\S]*--no-sandbox"):
        grade.grade_pack(pack.folder, progress=False)
    assert not (pack.folder / "grading").exists()


def test_on_another_system_it_refuses(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    with pytest.raises(CourseError, match="container"):
        grade.grade_pack(pack.folder, progress=False)


def test_where_the_walls_cannot_be_built_it_refuses(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: "/usr/bin/bwrap")
    monkeypatch.setattr(
        sandbox, "_walls", lambda hide: ["sh", "-c", "echo no namespaces for you; exit 1", "--"]
    )
    with pytest.raises(CourseError, match=r"no namespaces for you[\s\S]*cannot build"):
        grade.grade_pack(pack.folder, progress=False)


def test_typed_no_sandbox_it_grades_without_and_says_so_loudly(
    pack: Pack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refuse(monkeypatch)
    report = grade.grade_pack(pack.folder, jobs=2, sandbox=False, seconds=5, progress=False)
    assert len(report.graded) == 4 and points(pack.folder) == EXPECTED
    assert "WITHOUT A SANDBOX: every submission can read and change" in capsys.readouterr().err


def test_an_empty_folder_and_no_submissions_say_what_to_do(tmp_path: Path, made: Pack) -> None:
    with pytest.raises(CourseError, match=r"pack\.json"):
        grade.grade_pack(tmp_path, sandbox=False, progress=False)
    shutil.copytree(made.folder, tmp_path / "hw1", ignore=shutil.ignore_patterns("submitted"))
    with pytest.raises(CourseError, match="collect"):
        grade.grade_pack(tmp_path / "hw1", sandbox=False, progress=False)


def test_a_submission_that_cannot_be_graded_keeps_no_other_from_it(tmp_path: Path) -> None:
    students = ["crash", "fault", "lost", "anna", "ben"]
    done = dict(grade._at_once(partial(torn.work, folder=tmp_path), students, 2, False))
    assert set(done) == set(students)
    assert {file.name for file in tmp_path.iterdir()} == set(students[3:])
    assert "was ended" in done["crash"] and done["fault"] == "ZeroDivisionError: by zero"
    assert done["lost"] == "no sandbox for you"
    assert not any(done[student] for student in students[3:])


def test_what_could_not_be_graded_is_said(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        grade, "_at_once", lambda work, students, *rest: ((s, "no sandbox") for s in students)
    )
    report = grade.grade_pack(pack.folder, sandbox=False, progress=False)
    assert set(report.unfinished) == {f"student-{n}" for n in range(4)}
    assert "run the command again" in str(report) and "no sandbox" in str(report)


def test_a_report_cannot_rule_a_terminal() -> None:
    record = Record("anna", "", suspicious=["\x1b[2J\x1b]0;owned\x07 line\nforged: right"])
    report = grade.Report(
        Pack(folder=Path("none"), name="hw1", format="zip", points={}, seed=1), records=[record]
    )
    assert "\x1b" not in str(report) and "\nforged" not in str(report)


@needs_sandbox
def test_nbgrader_gets_the_scores_and_runs_no_code_whatever_its_settings_say(
    with_gradebook: Pack, tmp_path: Path
) -> None:
    from nbgrader.api import Gradebook

    pack = submissions.copied(with_gradebook, tmp_path)
    settings = pack.folder / "nbgrader_config.py"
    trace = tmp_path / "ran"
    # as an instructor's own settings may be: nbgrader's step that runs code, first
    text = settings.read_text().replace(
        "mininet_course.grading.by_hand.NotByHand", "nbgrader.preprocessors.Execute"
    )
    settings.write_text(text, encoding="utf-8")
    for student, kind in enumerate(LOSES):
        hand_in(pack, f"student-{student}", kind)
    file = records.submitted(pack, "student-0") / "neuron.ipynb"
    notebook = content.read(file)
    notebook["cells"][1]["source"] += f"\nopen({str(trace)!r}, 'w')"
    content.write(notebook, file)

    report = grade.grade_pack(pack.folder, jobs=2, seconds=5, progress=False)
    assert not report.unfinished and not trace.exists()
    with Gradebook(f"sqlite:///{pack.folder / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions("hw1")}
        waiting = {s.student.id for s in book.assignment_submissions("hw1") if s.needs_manual_grade}
    of_kind = [submissions.expected(pack, submissions.KINDS[kind]) for kind in LOSES]
    assert scores == {f"student-{n}": sum(expected.values()) for n, expected in enumerate(of_kind)}
    assert waiting == {"student-0", "student-1", "student-2"}, "the answers in words wait for a person"
    again = grade.grade_pack(pack.folder, progress=False)
    assert not again.graded and len(again.kept) == 4

    settings.write_text(
        text.replace("nbgrader.preprocessors.Execute", "mininet_course.grading.by_hand.NotByHand")
    )
    by_hand = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "hw1", "--force", "--student=student-1"],
        cwd=pack.folder,
        capture_output=True,
        text=True,
    )
    assert by_hand.returncode and "without a sandbox" in by_hand.stderr


def moved(release: Path) -> None:
    release.rename(release.with_name("elsewhere"))


def renamed(release: Path) -> None:
    (release / "neuron.ipynb").rename(release / "neuron (1).ipynb")


def without_marks(release: Path) -> None:
    notebook = content.read(release / "neuron.ipynb")
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    content.write(notebook, release / "neuron.ipynb")


@pytest.mark.parametrize("spoil", [moved, renamed, without_marks])
def test_without_the_released_checks_nothing_is_graded(pack: Pack, spoil: Callable[[Path], None]) -> None:
    spoil(pack.folder / "release" / pack.name)
    with pytest.raises(
        CourseError, match=r"holds the checks of neuron\.3, neuron\.4, neuron\.5, and without"
    ):
        grade.grade_pack(pack.folder, sandbox=False, progress=False)
    with pytest.raises(CourseError, match="Nothing is graded"):
        marks(pack)


def test_without_a_verdict_there_are_no_points_and_the_report_says_so(pack: Pack) -> None:
    for student in range(4):
        Record(f"student-{student}", records.state(pack, f"student-{student}")).save(pack)
    report = grade.grade_pack(pack.folder, sandbox=False, progress=False)
    assert "No verdict, and so no points:\n  student-0: neuron.3, neuron.4, neuron.5\n" in str(report)
    assert points(pack.folder) == [0] * 4 and all(mark.points == 0 for mark in marks(pack).values())


@pytest.mark.parametrize("spoil", [moved, without_marks])
def test_a_gradebook_never_gives_points_without_a_verdict(
    with_gradebook: Pack, tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = submissions.copied(with_gradebook, tmp_path)
    hand_in(pack, "ann", "untouched")
    spoil(pack.folder / "release" / pack.name)
    Record("ann", records.state(pack, "ann")).save(pack)
    monkeypatch.setattr(grade, "_check_release", lambda pack: None)
    report = grade.grade_pack(pack.folder, sandbox=False, progress=False)
    assert not report.unfinished and marks(pack)["ann"].points == 0


def test_what_comes_out_of_the_sandbox_is_made_an_output() -> None:
    hostile = [
        3,
        {"output_type": "stream", "name": "<b>", "text": 7},
        {"output_type": "error", "ename": None, "evalue": [], "traceback": "x"},
        {"output_type": "display_data", "data": {"text/html": "<script>", "image/png": '"><script>'}},
        {"output_type": "display_data", "data": "x"},
        {"output_type": "stream", "text": "\ud800"},
    ]
    nbformat = pytest.importorskip("nbformat")
    outputs = execution.clean(hostile)
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "source": "",
        "outputs": outputs,
        "id": "a",
    }
    nbformat.validate({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert not any("script" in str(output) for output in outputs)
    assert execution.clean("x") == []


def test_a_record_that_is_damaged_is_made_anew(pack: Pack) -> None:
    record = Record("student-0", records.state(pack, "student-0"), {"neuron.3": Judgement("right", "")})
    record.save(pack)
    assert records.load(pack, "student-0") == record
    file = pack.folder / "grading" / "student-0.json"
    for text in (file.read_text()[:-20], "[]", "{}", "null"):
        file.write_text(text)
        assert records.load(pack, "student-0") is None
