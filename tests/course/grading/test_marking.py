"""Answers in words, marked in a table: nothing that was marked is lost, nothing is marked that was not read."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from mininet_course.__main__ import main
from mininet_course.exercise import CourseError
from mininet_course.grading import marking
from mininet_course.grading.marks import Mark, marks
from mininet_course.grading.pack import Pack
from tests.support.graded import assignment, hand_in


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    pack = assignment(tmp_path, "neuron.3", "neuron.11", "xor.11", points={"neuron.11": 6.0})
    for student, words in (
        ("ann", "Because AND demands it."),
        ("bob", "because  and\ndemands it. "),
        ("eve", "Because AND demands it!"),
        ("joe", "=HYPERLINK(\"http://h\")"),
        ("sue", ""),
    ):  # fmt: skip
        hand_in(pack, student, {"neuron.3": "prediction = 0.1192", "neuron.11": words}, name=f"+{student}")
    return pack


Rows = list[dict[str, str]]


def table(pack: Pack) -> Rows:
    return list(csv.DictReader(io.StringIO((pack.folder / marking.FILE).read_text(encoding="utf-8-sig"))))


def edit(
    pack: Pack, change: Callable[[Rows], None], delimiter: str = ",", encoding: str = "utf-8-sig"
) -> None:
    rows = table(pack)
    change(rows)
    text = io.StringIO()
    out = csv.DictWriter(text, rows[0].keys(), delimiter=delimiter)
    out.writeheader()
    out.writerows(rows)
    (pack.folder / marking.FILE).write_bytes(text.getvalue().encode(encoding))


def give(student: str, *points: str, comment: str = "") -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        row = next(row for row in rows if row["student"] == student)
        row.update({f"item {n}": value for n, value in enumerate(points, start=1)}, comment=comment)

    return change


def test_the_table_has_a_row_an_answer_with_its_rubric_above_and_alike_ones_together(pack: Pack) -> None:
    assert main(["mark", str(pack.folder)]) == 0
    rows = table(pack)
    assert [(row["student"], row["exercise"], row["group"]) for row in rows] == [
        ("", "neuron.11", ""),
        ("ann", "neuron.11", "1"),
        ("bob", "neuron.11", "1"),
        ("eve", "neuron.11", "1"),
        ("joe", "neuron.11", "2"),
        ("", "xor.11", ""),
    ]
    assert rows[0]["item 2"] == "the contradiction drawn from their sum (2)" and rows[0]["item 4"] == ""
    assert "Show in a few lines" in rows[0]["answer"] and rows[1]["answer"] == "Because AND demands it."


def test_no_cell_of_the_table_is_a_formula(pack: Pack) -> None:
    marking.write(pack)
    for row in csv.reader(io.StringIO((pack.folder / marking.FILE).read_text(encoding="utf-8-sig"))):
        assert not [value for value in row if value[:1] in ("=", "+", "-", "@", "\t", "\r")]
    edit(pack, give("joe", "2", "2", "2"))
    assert marking.read(pack)["joe", "neuron.11"].points == (2.0, 2.0, 2.0)  # read back as what it was


def test_marks_are_added_and_the_same_answer_has_the_same_marks(pack: Pack) -> None:
    marking.write(pack)
    assert marks(pack)["ann"] == Mark(1, waits=True) and marks(pack)["sue"] == Mark(1, waits=False)
    edit(pack, give("ann", "2", "0,5", "1.5", comment="Good."), delimiter=";", encoding="latin-1")
    found = marks(pack)
    assert found["ann"] == found["bob"] == Mark(5, waits=False)
    assert found["bob"].scores["neuron.11"].comment == "Good."
    assert found["eve"] == Mark(1, waits=True)  # alike, but one character may turn the sense
    marking.write(pack)  # and back to commas
    assert table(pack)[1]["item 2"] == "0,5"
    edit(pack, give("bob", "0", "0", "0"))
    found = marks(pack)
    assert (found["ann"].points, found["bob"].points) == (5, 1)


def test_what_is_marked_stays_when_the_table_is_made_again_and_a_changed_answer_is_marked_anew(
    pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    marking.write(pack)
    edit(pack, give("ann", "2", "2", "2", comment="Good."))
    edit(pack, give("eve", "1", "1", "1"))
    edit(pack, give("joe", "1", "", ""))
    before = (pack.folder / marking.FILE).read_bytes()
    hand_in(pack, "eve", {"neuron.11": "Something else."})
    hand_in(pack, "zoe", {"neuron.11": "I am new."})
    assert marks(pack)["eve"].waits  # at once, before the table is made again
    assert main(["mark", str(pack.folder)]) == 1
    said = capsys.readouterr().out
    assert "5 answers in words, 1 of them marked" in said
    assert "mark again:\n  eve" in said and "does not count yet:\n  joe, neuron.11" in said
    rows = {row["student"]: row for row in table(pack)}
    assert (rows["ann"]["item 1"], rows["ann"]["comment"]) == ("2", "Good.") and "zoe" in rows
    assert rows["eve"]["item 1"] == "" and rows["joe"]["item 1"] == "1"
    assert (pack.folder / marking.BEFORE).read_bytes() == before
    assert marks(pack)["joe"].waits


@pytest.mark.parametrize("value", ["3", "-1", "two", "nan", "inf", "1 2"])
def test_a_mark_that_is_none_is_named_with_its_row(value: str, pack: Pack) -> None:
    marking.write(pack)
    edit(pack, give("eve", "2", value, "2"))
    with pytest.raises(
        CourseError, match=r"marking\.csv, row 5, eve, item 2: expected a number from 0 to 2, got"
    ):
        marks(pack)


def test_an_assignment_without_words_has_nothing_to_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = assignment(tmp_path, "neuron.3")
    hand_in(pack, "ann", {"neuron.3": "prediction = 1"})
    assert main(["mark", str(pack.folder)]) == 1
    assert "no exercise that is answered in words" in capsys.readouterr().err


def test_a_large_class_is_grouped_at_once(tmp_path: Path) -> None:
    import time

    pack = assignment(tmp_path, "neuron.11")
    for number in range(150):
        hand_in(pack, f"s{number}", {"neuron.11": f"word{number} " * 100 + f"and {number}"})
    begun = time.process_time()
    sheet = marking.write(pack)
    assert sheet.answers == 150 and time.process_time() - begun < 10


@pytest.mark.parametrize("words", ["a\0b", "b\x01\x1f\x7f", "a\x1cb", "\ufeffx", "'=1", "a\u2028b\x85c"])
def test_no_character_of_one_answer_makes_the_table_unreadable(words: str, pack: Pack) -> None:
    hand_in(pack, "eve", {"neuron.11": words})
    assert main(["mark", str(pack.folder)]) == 0
    edit(pack, give("eve", "2", "2", "2"))
    edit(pack, give("ann", "2", "2", "2"))
    assert main(["mark", str(pack.folder)]) == 0
    assert not marks(pack)["eve"].waits and not marks(pack)["ann"].waits


@pytest.mark.parametrize("id", [["a"], {"a": 1}, 7, None])
def test_a_cell_s_id_is_a_text_or_none(id: object, tmp_path: Path) -> None:
    """Notebooks may be put into place by hand, and words marked before anything is mended."""
    pack = assignment(tmp_path, "neuron.11")
    hand_in(pack, "ann", {"neuron.11": "Because."}, change=lambda made: made["cells"][-1].update(id=id))
    assert marking.write(pack).answers == 1
