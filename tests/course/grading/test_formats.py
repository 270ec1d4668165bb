"""From `assign` to the platform's table, with every kind of submission: right scores, and nobody harms another."""

import gc
import json
import os
import re
import subprocess
import sys
import threading
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from mininet_course.__main__ import main
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Judged
from mininet_course.grading import collect, content, records
from mininet_course.grading.assign import assign
from mininet_course.grading.feedback import feedback, file_of
from mininet_course.grading.grade import grade_pack
from mininet_course.grading.marks import Mark, marks
from mininet_course.grading.pack import Pack
from tests.support import submissions as kinds
from tests.support.graded import WRONG, hand_in
from tests.support.sandboxed import needs_sandbox

pytestmark = [needs_sandbox, pytest.mark.slow]

SECONDS = 3.0  # that a cell may run: an endless one takes them all
IDS = {str(100 + number): name for number, name in enumerate(kinds.KINDS)}


def canvas(pack: Pack, path: Path) -> Path:
    """Write the zip that Canvas would make of all kinds of submissions."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, name in IDS.items():
            for file, notebook in kinds.of_kind(pack, kinds.KINDS[name]).items():
                archive.writestr(f"student_{student}_9{student}_{file}", kinds.file(notebook))
    return path


def graded(pack: Pack) -> Pack:
    report = collect.collect(pack, canvas(pack, pack.folder.with_name("submissions.zip")), "canvas")
    assert not report.problems and len(report.submissions) == len(IDS)
    assert not grade_pack(pack.folder, jobs=2, seconds=SECONDS, progress=False).unfinished
    return pack


@pytest.fixture(scope="module")
def course(with_gradebook: Pack, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """An assignment with nbgrader's gradebook, graded."""
    return graded(kinds.copied(with_gradebook, tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The same as plain notebooks."""
    return graded(kinds.assigned(tmp_path_factory.mktemp("plain"), "zip"))


@pytest.fixture(scope="module")
def by_the_checks(course: Pack) -> Mapping[str, Mark]:
    """The marks as nbgrader adds them up, before anybody has marked by hand."""
    return marks(course)


def points(pack: Pack, student: str) -> Mapping[str, float]:
    record = records.load(pack, student)
    assert record is not None
    return {name: pack.points[name] * (j.state == "right") for name, j in record.judgements.items()}


@pytest.mark.parametrize("student", IDS)
def test_every_kind_of_submission_gets_its_points(
    student: str, course: Pack, by_the_checks: Mapping[str, Mark]
) -> None:
    wanted = kinds.expected(course, kinds.KINDS[IDS[student]])
    assert points(course, student) == wanted
    assert by_the_checks[student] == Mark(sum(wanted.values()), waits=IDS[student] != "untouched")


@pytest.mark.parametrize("student", IDS)
def test_every_kind_of_submission_gets_its_points_without_a_gradebook(student: str, plain: Pack) -> None:
    wanted = kinds.expected(plain, kinds.KINDS[IDS[student]])
    assert points(plain, student) == wanted
    assert marks(plain)[student].points == sum(wanted.values())


@pytest.fixture(scope="module")
def by_hand(course: Pack, by_the_checks: Mapping[str, Mark]) -> Pack:
    """The same after a person has read an answer in words, as formgrader would enter it."""
    from nbgrader.api import Gradebook

    with warnings.catch_warnings(), Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        warnings.simplefilter("ignore")
        grade = gradebook.find_grade("neuron-11", "neuron", "hw1", "100")
        grade.manual_score, grade.needs_manual_grade = 2, False
        gradebook.find_comment("neuron-11", "neuron", "hw1", "100").manual_comment = "A good proof."
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module", params=["by_hand", "plain"])
def pages(request: pytest.FixtureRequest) -> Pack:
    pack: Pack = request.getfixturevalue(request.param)
    made = feedback(pack, progress=False)
    assert len(made.pages) == len(IDS) and not made.problems
    return pack


def page(pack: Pack, student: str) -> str:
    html = file_of(pack, student).read_text()
    return re.sub(r"\s+", " ", BeautifulSoup(html, "html.parser").get_text(" "))


def test_feedback_says_what_is_wrong_and_why(pages: Pack) -> None:
    wrong = next(student for student, name in IDS.items() if name == "partly wrong")
    text = page(pages, wrong)
    assert "NOT YET neuron.3" in text and "below one half" in text
    assert "STOPPED neuron.4" in text and "FloatingPointError" in text and "PASS neuron.5" in text
    assert "NOT WRITTEN YET neuron.4" in page(pages, "101")


def test_feedback_holds_nothing_hidden(pages: Pack) -> None:
    for file in (pages.folder / "feedback").rglob("*.html"):
        text = file.read_text()
        for private in (str(pages.seed), "HIDDEN TESTS", "Nobody has judged", "0.123456", str(pages.folder)):
            assert private not in text, (file, private)


def test_formgrader_shows_no_line_that_nobody_has_judged(course: Pack) -> None:
    for file in (course.folder / "autograded").rglob("*.ipynb"):
        assert "Nobody has judged" not in file.read_text()


def test_a_wrong_answer_to_hidden_cases_alone_tells_no_case(tmp_path: Path) -> None:
    """Right wherever students can see, wrong for the instructor's case: 0 points, and the case stays hidden."""
    (tmp_path / "mine.py").write_text(kinds.EXTRA)
    pack = assign(["neuron.5"], tmp_path / "hw1", format="zip", extra=tmp_path / "mine.py")
    theirs = kinds.right(pack)["neuron.ipynb"]
    cell = next(c for c in theirs["cells"] if content.about(c)[1] == "answer")
    cell["source"] += "\n\nright = loss\n\ndef loss(p, y):\n    print(p)\n    assert len(p) != 6, p"
    cell["source"] += "\n    return right(p, y)"
    content.write(theirs, tmp_path / "in" / "ann" / "neuron.ipynb")
    collect.collect(pack, tmp_path / "in", "plain")
    grade_pack(pack.folder, jobs=1, progress=False)
    feedback(pack, progress=False)
    assert marks(pack)["ann"].points == 0
    text = page(pack, "ann")
    assert "A hidden case is not right" in text and "on the cases that you see, not on all" in text
    assert "0.123456" not in text


def test_grades_go_into_the_platforms_table(
    course: Pack, by_the_checks: Mapping[str, Mark], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["Student,ID,SIS User ID,SIS Login ID,Section,hw1 (4711)", "    Points Possible,,,,,14.00"]
    rows += [f'"Doe, {name}",{student},,,A,' for student, name in IDS.items() if student != "100"]
    table = tmp_path / "canvas.csv"
    table.write_bytes(("\r\n".join([*rows, '"Late, Comer",777,,,A,']) + "\r\n").encode("utf-8-sig"))
    before = table.read_bytes()
    arguments = ["grades", str(course.folder), "--into", str(table)]
    assert main(arguments) == 1  # somebody is not in the table
    said = capsys.readouterr().out
    assert f"{len(IDS) - 1} grades filled in" in said and "not in the table:\n  100" in said
    assert "777, Late, Comer" in said and "answers in words" in said
    assert "expects 14.00 points, and this assignment has 15" in said
    assert table.read_bytes() == before
    filled = (tmp_path / "canvas-hw1.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    wanted = {
        student: sum(kinds.expected(course, kinds.KINDS[name]).values()) for student, name in IDS.items()
    }
    assert [row.rsplit(",", 1)[1] for row in filled[2:-2]] == [f"{wanted[s]:g}" for s in IDS if s != "100"]
    assert main(arguments) == 1 and (tmp_path / "canvas-hw1-2.csv").is_file()
    assert main([*arguments, "--in-place"]) == 1 and table.read_bytes() != before


def test_marks_given_by_hand_count_and_are_on_the_page(
    by_the_checks: Mapping[str, Mark], by_hand: Pack, pages: Pack
) -> None:
    assert by_the_checks["100"] == Mark(12, waits=True) and marks(by_hand)["100"] == Mark(14, waits=False)
    assert ("A good proof." in page(pages, "100")) == (pages is by_hand)


def test_points_are_those_of_the_verdicts_whatever_the_gradebook_has_made_of_them(
    with_gradebook: Pack, tmp_path: Path
) -> None:
    """Somebody whom nbgrader has not taken has them too; marks given in formgrader count where there are some."""
    pack = kinds.copied(with_gradebook, tmp_path)
    hand_in(pack, "ann", {"neuron.3": "x", "neuron.5": "y", "neuron.11": "Because."}, {"neuron.5": WRONG})
    assert marks(pack) == {"ann": Mark(4, waits=True)}


def test_everybodys_own_numbers_are_graded_and_a_neighbours_are_not(tmp_path: Path) -> None:
    students = [str(number) for number in range(6)]
    pack = assign(["mnist.1", "mnist.7"], tmp_path / "hw1", format="zip", students=students)
    answers = {student: pack.exercise("mnist.1", student).reference for student in students}  # type: ignore[attr-defined]
    ann = students[0]
    bob = next(student for student in students if answers[student] != answers[ann])
    for student, whose in ((ann, ann), (bob, ann), ("guest", "guest")):
        for file, notebook in kinds.right(pack, whose).items():
            content.write(notebook, tmp_path / "in" / student / file)
    report = collect.collect(pack, tmp_path / "in", "plain")
    grade_pack(pack.folder, jobs=2, progress=False)
    assert points(pack, ann) == {"mnist.1": 1, "mnist.7": 2}
    assert points(pack, bob)["mnist.1"] == 0
    assert points(pack, "guest") == {"mnist.1": 1, "mnist.7": 2}  # not on the roster: the common numbers
    notes = {s.student: " ".join(s.notes) for s in report.submissions}
    assert f"LOOK: these are the numbers of {ann}" in notes[bob] and not notes[ann]
    assert "nothing handed in" in report.problems[0]


# --- Gradescope -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def gradescope(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Made by otter, which has also run the zip on the right answers."""
    pytest.importorskip("otter")
    return kinds.assigned(tmp_path_factory.mktemp("gradescope"), "otter")


def test_the_zip_for_gradescope_is_complete_and_students_get_nothing_of_it(gradescope: Pack) -> None:
    with zipfile.ZipFile(gradescope.folder / "autograder.zip") as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read("otter_config.json"))["plugins"] == [
            "mininet_course.grading.otter_plugin.Judged"
        ]
    assert {"run_autograder", "setup.sh", "environment.yml", "tests/neuron_4.py", "pack/pack.json"} <= names
    assert {
        "mininet_course/grading/otter_plugin.py",
        "mininet/data/digits.npz",
        "pack/extra_cases.py",
    } <= names
    assert not [name for name in names if "solutions" in name or "__pycache__" in name]
    with zipfile.ZipFile(gradescope.folder / "handout" / "hw1.zip") as archive:
        given = archive.read("hw1.ipynb").decode()
    for private in (str(gradescope.seed), "0.123456", "np.exp(-np.abs(z))", "otter"):
        assert private not in given


def test_an_image_that_has_nothing_of_ours_finds_both_packages_and_the_contents_in_the_zip(
    gradescope: Pack, tmp_path: Path
) -> None:
    with zipfile.ZipFile(gradescope.folder / "autograder.zip") as archive:
        archive.extractall(tmp_path, [n for n in archive.namelist() if n.startswith("mininet")])
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from mininet_course import places, contents\n"
        "import mininet, mininet_course.grading.otter_plugin as plugin\n"
        "print(mininet.__file__, plugin.__file__, places.CONTENTS, *contents.CHAPTERS)"
    )
    said = subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, text=True).split()
    assert all(Path(file).is_relative_to(tmp_path) for file in said[:3]), said
    assert said[3:] == list(CHAPTERS)


@pytest.mark.parametrize("name", [name for name in kinds.KINDS if "files" not in name])
def test_on_gradescope_every_kind_of_submission_gets_its_points(
    name: str, gradescope: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin alone, in a folder as Gradescope's; otter's own part has been run on the right answers."""
    import nbformat

    from mininet_course.grading import otter_plugin

    with zipfile.ZipFile(gradescope.folder / "autograder.zip") as archive:
        archive.extractall(tmp_path / "source", [n for n in archive.namelist() if n.startswith("pack/")])
    (theirs,) = kinds.of_kind(gradescope, kinds.KINDS[name]).values()
    monkeypatch.setattr(otter_plugin, "SECONDS", SECONDS)
    plugin = otter_plugin.Judged(str(tmp_path / "submission" / "hw1.ipynb"), {}, {})
    notebook = plugin.before_execution(nbformat.reads(json.dumps(theirs), as_version=4))
    told: dict[str, object] = {}
    exec(notebook.cells[0].source, told)
    got = {q: gradescope.points[q] * made["right"] for q, made in told["judged"].items()}  # type: ignore[attr-defined]
    assert got == kinds.expected(gradescope, kinds.KINDS[name])
    assert not (tmp_path / "source" / "pack").exists()  # gone before students' code ran


def test_otter_itself_gives_the_points(
    gradescope: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `otter run` calls, in this process: otter has been started by itself when the zip was made."""
    import otter.run

    (theirs,) = kinds.of_kind(gradescope, kinds.KINDS["crash in a function"]).values()
    (tmp_path / "theirs.ipynb").write_bytes(kinds.file(theirs))
    monkeypatch.setenv("PATH", os.environ["PATH"])  # otter changes it
    before = set(threading.enumerate())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        otter.run.main(
            str(tmp_path / "theirs.ipynb"),
            autograder=str(gradescope.folder / "autograder.zip"),
            output_dir=str(tmp_path),
            no_logo=True,
        )
        # its log still listens for a moment, in a thread, and leaves its socket open
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
        gc.collect()
    results = json.loads((tmp_path / "results.json").read_text())
    scores = {test["name"]: test["score"] for test in results["tests"] if "score" in test}
    assert scores == {"neuron_2": 1, "neuron_3": 4, "neuron_4": 3, "neuron_5": 0, "xor_3": 2}
    assert "ended the Python process" in json.dumps(results)


def test_on_gradescope_a_student_is_found_on_the_roster() -> None:
    from mininet_course.grading.otter_plugin import whose

    fields = {"folder": Path("x"), "name": "x", "format": "otter", "points": {"neuron.3": 1.0}, "seed": 1}
    pack = Pack(**fields, students=("ann@u.edu", "12"))  # type: ignore[arg-type]
    assert whose(pack, {"users": [{"email": "ann@u.edu", "id": 5}]}) == "ann@u.edu"
    assert whose(pack, {"users": [{"email": "b@u.edu", "sid": "12"}]}) == "12"
    assert whose(pack, {"users": [{"email": "c@u.edu"}]}) == "" == whose(pack, {})
    assert isinstance(pack.exercise("neuron.3", "12"), Judged)
