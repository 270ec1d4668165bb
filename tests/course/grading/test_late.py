"""Points off for lateness: by a policy in words, from times that somebody has written down, never from a guess."""

import csv
import io
from pathlib import Path

import pytest

from mininet_course.__main__ import main
from mininet_course.exercise import CourseError
from mininet_course.grading import feedback, late
from mininet_course.grading.marks import marks
from mininet_course.grading.pack import Pack
from tests.support.graded import assignment, hand_in

TEN = "10% a day, at most 3"
MOODLE = (
    "Identifier,Full name,Grade,Last modified (submission)\n"
    'Participant 1,Ann,,"Monday, 30 November 2026, 11:59 PM"\n'
    'Participant 2,Bob,,"Tuesday, 1 December 2026, 12:01 AM"\n'
    "Participant 3,Eve,,2026-12-05 08:00\n"
    "Participant 4,Joe,,-\n"
    "Participant 5,Sue,,gestern\n"
)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    pack = assignment(tmp_path, "neuron.3", points={"neuron.3": 10.0})
    for student, marked in (("1", False), ("2", False), ("3", True), ("4", True), ("5", False)):
        hand_in(pack, student, {"neuron.3": "prediction = 0.1192"}, late=marked, name="=Ann")
    return pack


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "worksheet.csv").write_text(MOODLE)
    return tmp_path / "worksheet.csv"


@pytest.mark.parametrize(
    ("words", "points", "days", "taken"),
    [
        (TEN, 20, 0, 0),
        (TEN, 20, 1, 2),
        (TEN, 20, 9, 6),
        ("10 % per day", 20, 12, 20),
        ("2 points a day, at most 3 days", 20, 2, 4),
        ("2,5 points  a day", 4, 2, 4),
        ("1 point a day at most 1", 4, 2, 1),
    ],
)
def test_a_policy_takes_what_it_says(words: str, points: float, days: int, taken: float) -> None:
    assert late.policy(words).taken(points, days) == pytest.approx(taken)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "9" * 400 + " points a day",
        "ten percent",
        "10",
        "10% a week",
        "110% a day",
        "-5% a day",
        "10% a day, at least 3",
    ],
)
def test_what_is_no_policy_is_refused(words: str) -> None:
    with pytest.raises(CourseError, match=r"a day|At most 100%"):
        late.policy(words)


def test_days_are_those_begun_after_the_deadline(pack: Pack, table: Path) -> None:
    found = late.write(pack, TEN, "2026-11-30 23:59", table)
    # a time in words that nobody can read is no time in time
    assert found.days == {"2": 1, "3": 5, "4": None, "5": None} and found.unknown == ["4", "5"]
    points = {student: mark.points for student, mark in marks(pack).items()}
    assert points == {"1": 10, "2": 9, "3": 7, "4": 10, "5": 10}
    assert "=Ann" not in (pack.folder / late.FILE).read_text().replace("'=Ann", "")
    feedback.feedback(pack, progress=False)
    assert "1 day late: 1 point less (10% a day, at most 3)" in feedback.file_of(pack, "2").read_text(
        encoding="utf-8"
    )


def test_without_times_only_the_platform_s_mark_is_known_and_days_are_asked_for(pack: Pack) -> None:
    assert late.write(pack, TEN).days == {"3": None, "4": None}
    assert marks(pack)["3"].points == 10
    file = pack.folder / late.FILE
    file.write_text(file.read_text().replace("3,'=Ann,,", "3,'=Ann,,2"))
    assert marks(pack)["3"].points == 8
    assert late.write(pack, "20% a day").days == {"3": 2, "4": None}  # what was filled in stays
    assert marks(pack)["3"].points == 6


def test_days_changed_by_hand_stay_until_something_new_is_handed_in(pack: Pack, table: Path) -> None:
    late.write(pack, TEN, "2026-11-30 23:59", table)
    file = pack.folder / late.FILE
    file.write_text(file.read_text().replace("08:00,5", "08:00,0"))
    assert late.write(pack, TEN, "2026-11-30 23:59", table).days["3"] == 0
    table.write_text(MOODLE.replace("2026-12-05 08:00", "2026-12-06 08:00"))
    assert late.write(pack, TEN, "2026-11-30 23:59", table).days["3"] == 6


@pytest.mark.parametrize(
    ("wrong", "words"), [("x", "whole number, got 'x'"), ("1.5", "whole number"), ("-1", "whole number")]
)
def test_a_day_that_is_none_is_named(wrong: str, words: str, pack: Pack) -> None:
    late.write(pack, TEN)
    file = pack.folder / late.FILE
    file.write_text(file.read_text().replace("3,'=Ann,,", f"3,'=Ann,,{wrong}"))
    with pytest.raises(CourseError, match=words):
        marks(pack)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--due", "2026-11-30"], "Add --late"),
        (["--late", "some"], "is written as"),
        (["--late", TEN, "--due", "soon", "--roster", "TABLE"], "--due is a day and a time"),
        (["--late", TEN, "--due", "2026-11-30", "--roster", "PLAIN"], "says nobody's time"),
    ],
)
def test_mistakes_are_said_before_anything_is_graded(
    options: list[str], words: str, pack: Pack, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = table.with_name("plain.csv")
    plain.write_text("student,name\n1,Ann\n")
    options = [{"TABLE": str(table), "PLAIN": str(plain)}.get(option, option) for option in options]
    assert main(["grade", str(pack.folder), *options]) == 1
    assert words in capsys.readouterr().err and not (pack.folder / "report.txt").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_the_table_is_read_as_a_spreadsheet_saves_it(encoding: str, pack: Pack, table: Path) -> None:
    file = pack.folder / late.FILE
    late.write(pack, TEN, "2026-11-30 23:59", table)
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    rows[1][1] = "Zoë"
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    file.write_bytes(text.getvalue().encode(encoding))
    assert marks(pack)["2"].points == 9 and marks(pack)["3"].points == 7


def test_a_class_in_which_nobody_is_late_has_a_table_without_rows(pack: Pack) -> None:
    for student in ("3", "4"):
        hand_in(pack, student, {"neuron.3": "prediction = 0.1192"})
    assert late.write(pack, TEN).days == {} and marks(pack)["3"].points == 10
