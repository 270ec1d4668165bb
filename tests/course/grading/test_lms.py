"""Grades into the table that a platform has exported: one column changes, no other byte."""

import time
from pathlib import Path

import pytest

from mininet_course.exercise import CourseError
from mininet_course.grading.lms import fill, identifiers, read_table

CANVAS = (
    'Student,ID,SIS User ID,SIS Login ID,Section,hw1 (4711),"hw2, late (4712)"\r\n'
    "    Points Possible,,,,,30.00,10.00\r\n"
    '"Doe, Jane",11,0007,jdoe,"Maths ""A""",,\r\n'
    '"Roe, José",12,0008,jroe,B,5,1\r\n'
    '"Poe, Edgar\nAllan",13,0009,epoe,B,"",\r\n'
    '"Student, Test",99,,,B,,'
)


def write(path: Path, text: str, encoding: str = "utf-8-sig") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16", "latin-1"])
def test_only_the_cells_of_one_column_change(encoding: str, tmp_path: Path) -> None:
    path = write(tmp_path / "canvas.csv", CANVAS, encoding)
    filled = fill(read_table(path), {"11": 27.5, "12": 30.0, "13": 0.0}, name="hw1")
    wanted = CANVAS.replace('""A""",,', '""A""",27.5,').replace("B,5,1", "B,30,1").replace('B,"",', 'B,"0",')
    assert filled.data == wanted.encode(encoding)
    assert filled.placed == ["11", "12", "13"] and filled.possible == "30.00"
    assert not filled.without_row and not filled.without_grade


def test_everybody_who_cannot_be_placed_is_named_both_ways(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "canvas.csv", CANVAS))
    filled = fill(table, {"jdoe": 3.0, "nobody": 4.0}, key="SIS Login ID", column="hw2, late (4712)")
    assert filled.placed == ["jdoe"] and filled.without_row == ["nobody"]
    assert filled.without_grade == ["jroe, Roe, José", "epoe, Poe, Edgar\nAllan"]


def test_ids_are_text(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "c.csv", CANVAS))
    filled = fill(table, {"0007": 3.0, "8": 4.0}, key="SIS User ID", name="hw1")
    assert filled.placed == ["0007"] and filled.without_row == ["8"]


def test_a_grading_worksheet_of_moodle_with_semicolons(tmp_path: Path) -> None:
    text = '"Identifier";"Full name";"Grade"\n"Participant 4711";"Jane Doe";""\n"Participant 4712";"John Roe";"2"\n'
    filled = fill(read_table(write(tmp_path / "m.csv", text, "utf-8")), {"4711": 9.0}, column="Grade")
    assert filled.data.decode() == text.replace('"Jane Doe";""', '"Jane Doe";"9"')
    assert filled.without_grade == ["Participant 4712"]


@pytest.mark.parametrize(
    ("key", "column", "words"),
    [
        ("SIS Logn ID", "", "Did you mean 'SIS Login ID'"),
        ("", "hw3", "no column 'hw3'"),
        ("Section", "", "has 'B' twice"),
    ],
)
def test_mistaken_columns_say_which_there_are(key: str, column: str, words: str, tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "c.csv", CANVAS))
    with pytest.raises(CourseError, match=words):
        fill(table, {"B": 1.0}, key=key, column=column, name="hw1")


def test_which_column_must_be_said_where_it_is_not_plain(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "c.csv", "who,mark\nann,\n", "utf-8"))
    with pytest.raises(CourseError, match="--key; there are 'who', 'mark'"):
        fill(table, {"ann": 1.0}, name="hw1")
    with pytest.raises(CourseError, match="--column; there are 'who', 'mark'"):
        fill(table, {"ann": 1.0}, key="who", name="hw1")
    assert fill(table, {"ANN ": 1.0}, key="who", column="mark").data == b"who,mark\nann,1\n"


def test_the_beginning_of_canvas_column_will_do(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "c.csv", CANVAS))
    assert b'""A""",7,' in fill(table, {"11": 7.0}, column="hw1").data


def test_a_column_in_which_nobody_is_found_is_refused(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "c.csv", CANVAS))
    with pytest.raises(CourseError, match=r"'Student': it holds .*Doe, Jane.*called '11'.*--key"):
        fill(table, {"11": 7.0}, key="Student", name="hw1")


def test_a_workbook_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "grades.xlsx").write_bytes(b"PK\x03\x04\x14\x00\x06\x00ID,hw1\n")
    with pytest.raises(CourseError, match=r"grades\.xlsx is no text.*as CSV"):
        read_table(tmp_path / "grades.xlsx")


@pytest.mark.parametrize("text", ["", "\n", "just words", 'a,b\n"x"y,1\n'])
def test_what_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"no table|no CSV"):
        read_table(write(tmp_path / "c.csv", text, "utf-8"))


def test_rows_of_canvas_own_are_no_students(tmp_path: Path) -> None:
    head, rest = CANVAS.split("\r\n", 1)
    for possible in ("    Points Possible", "    Mögliche Punkte"):
        text = f"{head}\r\n,,,,,Manual Posting,\r\n{rest.replace('    Points Possible', possible)}"
        filled = fill(read_table(write(tmp_path / "c.csv", text)), {"11": 7.0}, name="hw1")
        assert filled.possible == "30.00"
        assert filled.without_grade == ["12, Roe, José", "13, Poe, Edgar\nAllan"]
    without_id = CANVAS.replace('"Doe, Jane",11', '"Doe, Jane",')  # a student for all that
    filled = fill(read_table(write(tmp_path / "c.csv", without_id)), {"12": 7.0}, name="hw1")
    assert "Doe, Jane" in filled.without_grade


@pytest.mark.parametrize(
    "word", ["Participant ", "Teilnehmer/in ", "Participante ", "Participant", "参与者 ", "参加者"]
)
def test_moodles_number_counts_and_not_its_word(word: str, tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "m.csv", f"ID,Name,Note\n{word}4711,J,\n{word}4712,R,\n"))
    filled = fill(table, {"4711": 9.0, "4712": 1.0}, "ID", "Note")
    assert filled.placed == ["4711", "4712"] and not filled.without_row
    assert identifiers([f"{word}4711", f"{word}4712"]) == ["4711", "4712"]


def test_logins_keep_their_letters() -> None:
    for logins in (["s4711", "s4712"], ["ann7", "bob7"], ["stud 1", "tutor 2"], ["7", "8"], []):
        assert identifiers(logins) == logins


def test_the_same_id_goes_before_one_in_another_case_and_before_a_number(tmp_path: Path) -> None:
    scores = {"Ann": 1.0, "ann": 2.0, "Jose\u0301": 3.0, "7": 4.0, "s7": 5.0}
    rows = "ann,\nAnn,\nJosé,\ns7,\n7,\nANN,\n"
    filled = fill(read_table(write(tmp_path / "c.csv", f"who,mark\n{rows}", "utf-8")), scores, "who", "mark")
    assert filled.data.decode() == "who,mark\nann,2\nAnn,1\nJosé,3\ns7,5\n7,4\nANN,\n"
    assert filled.without_grade == ["ANN"]


def test_a_table_that_writes_a_comma_gets_one(tmp_path: Path) -> None:
    text = "ID;Note;Max\n4711;6,5;10,00\n4712;;10,00\n"
    filled = fill(
        read_table(write(tmp_path / "m.csv", text, "utf-8")), {"4711": 7.5, "4712": 8.0}, "ID", "Note"
    )
    assert filled.data.decode() == 'ID;Note;Max\n4711;"7,5";10,00\n4712;8;10,00\n'


def test_a_large_table_takes_no_long_time(tmp_path: Path) -> None:
    rows = "".join(f'"{"x" * 100}",{number},\n' for number in range(5_000))
    table = read_table(write(tmp_path / "c.csv", f"Student,ID,hw1\n{rows}"))
    begun = time.process_time()
    filled = fill(table, {str(number): 1.0 for number in range(5_000)}, name="hw1")
    assert len(filled.placed) == 5_000 and time.process_time() - begun < 5


def test_one_who_is_like_two_is_neither(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "c.csv", "who,mark\nAnn,\nann,\nbob,\n", "utf-8"))
    filled = fill(table, {"ANN": 1.0, "bob": 2.0}, "who", "mark")
    assert (
        filled.placed == ["bob"] and filled.without_row == ["ANN"] and filled.without_grade == ["Ann", "ann"]
    )
