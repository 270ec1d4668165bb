"""Feedback and grades on their way back: each to its own student, in the form that the platform takes."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from mininet_course.__main__ import main
from mininet_course.exercise import CourseError
from mininet_course.grading import feedback, returning
from mininet_course.grading.lms import fill, read_table
from mininet_course.grading.pack import Pack
from tests.support.graded import WRONG, assignment, hand_in

ANSWERS = {"neuron.3": "prediction = 0.1192", "neuron.5": "def loss(p, y):\n    return 0"}
CANVAS = [
    "doejane_LATE_41_880_neuron.ipynb",
    "doejane_LATE_41_881_neuron-1.ipynb",
    "roe_42_900_77_88_neuron.ipynb",
    "poe_43_901_link.html",
]
MOODLE = [
    "hw1/Jane Doe_41_assignsubmission_file_/neuron.ipynb",
    "hw1/Jane Doe_41_assignsubmission_onlinetext_/onlinetext.html",
    "hw1/José Roe_42_assignsubmission_file/my/neuron_7_assignsubmission_file_.ipynb",
]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    pack = assignment(tmp_path, "neuron.3", "neuron.5")
    for student in ("41", "42", "50"):
        hand_in(pack, student, ANSWERS, {"neuron.5": WRONG})
    return pack


def zipped(file: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file


def read_by_canvas(name: str) -> tuple[str, str]:
    """Return the user and the attachment as Canvas's own code finds them: the first two parts that are numbers."""
    user, attachment = [part for part in name.rsplit("/", 1)[-1].split("_") if part.isdigit()][:2]
    return user, attachment


def read_by_moodle(path: str) -> tuple[str, str, str]:
    """Return participant, plugin and file as Moodle's own code finds them in the first folder that has them."""
    parts = path.split("/")
    while parts:
        pieces = parts.pop(0).split("_", 4)
        if len(pieces) >= 4 and pieces[1].isdigit():
            return pieces[1], f"{pieces[2]}_{pieces[3]}", "/".join([*pieces[4:], *parts]).lstrip("/")
    raise AssertionError(path)


@pytest.mark.parametrize(("platform", "names"), [("canvas", CANVAS), ("moodle", MOODLE)])
def test_every_page_goes_to_its_student(
    platform: str, names: list[str], pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = zipped(tmp_path / "submissions.zip", names)
    assert main(["feedback", str(pack.folder), "--like", str(source)]) == 0
    said = capsys.readouterr().out
    assert f"feedback-{platform}.zip: 2 pages" in said and "not in that zip:\n  50" in said
    with zipfile.ZipFile(pack.folder / f"feedback-{platform}.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert len(pages) == 2
    for name, text in pages.items():
        if platform == "canvas":
            student, attachment = read_by_canvas(name)
            assert attachment == {"41": "881", "42": "900"}[student] and name.endswith("_hw1.html")
        else:
            student, plugin, file = read_by_moodle(name)
            assert (plugin, file) == ("assignsubmission_file", "hw1.html")
        assert text == feedback.file_of(pack, student).read_text(encoding="utf-8")


def test_a_name_that_a_student_chose_sends_nothing_to_another(pack: Pack, tmp_path: Path) -> None:
    pages = {student: tmp_path / f"{student}.html" for student in ("41", "42")}
    for student, file in pages.items():
        file.write_text(student)
    names = [
        "mallory_42_900_x\\victim_41_881_neuron.ipynb",
        "mallory_42_901_victim_41_881_neuron.ipynb",
        "Mallory_42_assignsubmission_file_/Victim_41_assignsubmission_file_/neuron.ipynb",
    ]
    for chosen in ([names[0], names[1]], [names[2]]):
        back = returning.write(pack, pages, zipped(tmp_path / "s.zip", chosen))
        assert back.placed == ["42"] and back.left_out == ["41"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.ipynb"], "named as Canvas or Moodle names files; the first is 'a.ipynb'"),
        (["roe_7_9_a.ipynb"], "nothing of 41, 42, 50"),
    ],
)
def test_a_zip_of_something_else_is_said(names: list[str], words: str, pack: Pack, tmp_path: Path) -> None:
    pages = {student: tmp_path for student in ("41", "42", "50")}
    with pytest.raises(CourseError, match=words):
        returning.write(pack, pages, zipped(tmp_path / "s.zip", names))
    (tmp_path / "t.zip").write_text("no zip")
    with pytest.raises(CourseError, match="no zip that can be read"):
        returning.write(pack, pages, tmp_path / "t.zip")
    assert not list(pack.folder.glob("feedback-*"))


WORKSHEET = (
    "\ufeffIdentifier,Full name,Status,Grade,Maximum grade,Last modified (submission),Feedback comments\r\n"
    'Participant 41,Jane Doe,Submitted for grading,,3.00,"Monday, 30 November 2026, 9:14 PM",\r\n'
    'Participant 42,José Roe,Submitted for grading,,3.00,-,"Mine, do not touch"\r\n'
)


def test_moodles_worksheet_is_filled_without_being_told_where(
    pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "worksheet.csv"
    table.write_text(WORKSHEET, encoding="utf-8", newline="")
    assert main(["grades", str(pack.folder), "--into", str(table), "--comments"]) == 1  # 50 is not in it
    rows = list(csv.DictReader(io.StringIO((tmp_path / "worksheet-hw1.csv").read_text(encoding="utf-8-sig"))))
    assert [row["Grade"] for row in rows] == ["1", "1"]
    assert rows[0]["Feedback comments"] == "1 of 3 points. Not complete: How wrong is it? (0 of 2)."
    assert rows[1]["Feedback comments"] == "Mine, do not touch"
    assert "2 grades filled in" in capsys.readouterr().out
    plain = fill(read_table(table), {"41": 1.0, "42": 2.5}, name="hw1").data.decode("utf-8-sig")
    assert plain == WORKSHEET.lstrip("\ufeff").replace("grading,,", "grading,1,", 1).replace(
        "grading,,", "grading,2.5,"
    )


def test_comments_want_a_column(pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("student,hw1\n41,\n42,\n50,\n")
    assert main(["grades", str(pack.folder), "--into", str(tmp_path / "t.csv"), "--comments"]) == 1
    assert "no column 'Feedback comments'" in capsys.readouterr().err


def test_a_second_time_is_written_beside_the_first(
    pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("student,hw1\n41,\n42,\n50,\n")
    command = ["grades", str(pack.folder), "--into", str(table)]
    assert main(command) == 0
    hand_in(pack, "41", ANSWERS)
    assert main(command) == 0 and main(command) == 0
    found = {file.name: file.read_text() for file in tmp_path.glob("t-*.csv")}
    assert found == {
        "t-hw1.csv": "student,hw1\n41,1\n42,1\n50,1\n",
        "t-hw1-2.csv": "student,hw1\n41,3\n42,1\n50,1\n",
        "t-hw1-3.csv": "student,hw1\n41,3\n42,1\n50,1\n",
    }
    assert "t-hw1-3.csv: 3 grades" in capsys.readouterr().out
    assert main([*command, "--out", str(tmp_path / "t-hw1.csv")]) == 1
    assert "stays as it is" in capsys.readouterr().err


@pytest.mark.parametrize(
    "names",
    [
        ["Jane_Doe_41_assignsubmission_file_neuron.ipynb", "J R_42_assignsubmission_file_x.ipynb"],
        ["a/b/Jane Doe_41_assignsubmission_file_/n.ipynb", "a/b/J R_42_assignsubmission_file_/n.ipynb"],
        ["a/doe_41_7_n.ipynb", "a/roe_LATE_42_8_n.ipynb"],
        ["doe\u00e9_41_7_n.ipynb", "roe_42_8_n.ipynb"],
    ],
)
def test_whoever_is_collected_gets_the_page_back(names: list[str], pack: Pack, tmp_path: Path) -> None:
    """Names as `collect` takes them: without folders, in more folders, with a low line, in no UTF-8."""
    pages = {student: tmp_path / f"{student}.html" for student in ("41", "42")}
    for student, file in pages.items():
        file.write_text(student)
    source = zipped(tmp_path / "s.zip", names)
    source.write_bytes(source.read_bytes().replace("\u00e9".encode(), b"\xe9e"))  # the flag still says UTF-8
    back = returning.write(pack, pages, source)
    assert back.placed == ["41", "42"]
    for name, text in contents(back.file).items():
        whose = read_by_canvas(name)[0] if back.platform == "canvas" else read_by_moodle(name)[0]
        assert text == whose


def test_a_file_in_a_folder_of_somebody_s_own_is_nobody_else_s(pack: Pack, tmp_path: Path) -> None:
    pages = {student: tmp_path / f"{student}.html" for student in ("41", "42")}
    for student, file in pages.items():
        file.write_text(student)
    names = ["doe_41_7_neuron.ipynb", "mallory_42_900_x/doe_41_999_neuron.ipynb"]
    back = returning.write(pack, pages, zipped(tmp_path / "s.zip", names))
    assert contents(back.file) == {"doe_41_7_hw1.html": "41", "mallory_42_900_hw1.html": "42"}


def contents(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
