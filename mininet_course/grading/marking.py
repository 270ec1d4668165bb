"""The table in which a person marks the answers in words: a row for each, a column for each item of the rubric.

The same answer, given by many, is marked once. Alike ones stand together. What was marked
is kept when the table is written again, unless the answer has changed since.
"""

import csv
import io
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from mininet_course.exercise import CourseError, Written
from mininet_course.grading import lms, records, rubric
from mininet_course.grading.answers import answers
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.grading.roster import people

FILE = "marking.csv"
BEFORE = "marking-before.csv"
FIRST = ("student", "name", "exercise", "group", "answer")
LONGEST = 8000  # characters of an answer in a cell; a spreadsheet takes 32,000
ALIKE = 0.9  # of two answers' characters, in their order
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Marked:
    """A person's marks for one answer: points by item of the rubric, and a remark."""

    points: tuple[float, ...]
    comment: str = ""


@dataclass(frozen=True)
class Sheet:
    """What the table holds: how many answers, groups and marked ones, and who handed in something new since."""

    answers: int
    groups: int
    marked: int
    changed: Sequence[str]
    begun: Sequence[str]


def in_words(pack: Pack) -> list[str]:
    """Return the exercises that a person marks."""
    return [name for name in pack.points if isinstance(EXERCISES[name], Written)]


def worth(pack: Pack, name: str) -> float:
    """Return the points for one item of an exercise's rubric."""
    return pack.points[name] / len(rubric.items(name))


def write(pack: Pack) -> Sheet:
    """Write ``marking.csv``, with the marks that are in it already; the table as it was is kept beside it."""
    names = in_words(pack)
    if not names:
        raise CourseError(f"{pack.folder.name} has no exercise that is answered in words: nothing to mark.")
    given = _answers(pack)
    if not given:
        raise CourseError(f"Nobody has answered {', '.join(names)} yet.")
    kept = {(row.student, row.name): row for row in _rows(pack)}
    most = max(len(rubric.items(name)) for name in names)
    called = people(pack)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow([*FIRST, *(f"item {n}" for n in range(1, most + 1)), "comment"])
    changed, begun, marked, groups = [], [], 0, 0
    for name in names:
        items = [f"{item} ({worth(pack, name):g})" for item in rubric.items(name)]
        table.writerow(
            [
                "",
                "",
                name,
                "",
                lms.no_formula(rubric.question(name)),
                *_filled(map(lms.no_formula, items), most),
                "",
            ]
        )
        theirs = {student: answer for (student, of), answer in given.items() if of == name}
        for number, group in enumerate(_groups(theirs), start=1):
            groups += 1
            for student in group:
                row = kept.get((student, name))
                if row and _same(row.answer) != _in_table(theirs[student]):
                    changed += [student] if any(row.items) else []
                    row = None
                filled = row.items if row else []
                marked += bool(row and row.is_full)
                begun += [f"{student}, {name}"] if row and any(filled) and not row.is_full else []
                first = [
                    lms.no_formula(student),
                    lms.no_formula(called.get(student, "")),
                    name,
                    number,
                    lms.no_formula(_shown(theirs[student])),
                ]
                table.writerow([*first, *_filled(filled, most), lms.no_formula(row.comment) if row else ""])
    file, made = pack.folder / FILE, "\ufeff" + text.getvalue()
    if file.is_file() and file.read_bytes() != made.encode():
        shutil.copyfile(file, pack.folder / BEFORE)
    records.write(file, made)
    return Sheet(len(given), groups, marked, sorted(set(changed)), begun)


def read(pack: Pack) -> dict[tuple[str, str], Marked]:
    """Return the marks in the table, by student and exercise; an answer that was changed since has none.

    Who has given the same answer, but for capitals and spaces, as one who is marked has
    these marks too, unless there are two opinions.
    """
    rows = _rows(pack)
    if not rows:
        return {}
    given = _answers(pack)
    opinions: dict[tuple[str, str], set[Marked]] = {}
    found: dict[tuple[str, str], Marked] = {}
    for row in rows:
        here = (row.student, row.name)
        if here in given and row.is_full and _same(row.answer) == _in_table(given[here]):
            found[here] = Marked(row.points(pack), row.comment)
            opinions.setdefault((row.name, _same(given[here])), set()).add(found[here])
    for (student, name), answer in given.items():
        shared = opinions.get((name, _same(answer)), set())
        if (student, name) not in found and len(shared) == 1:
            found[student, name] = next(iter(shared))
    return found


@dataclass(frozen=True)
class _Row:
    at: int  # in the table, as a spreadsheet counts
    student: str
    name: str
    answer: str
    items: list[str]
    comment: str

    @property
    def is_full(self) -> bool:
        return all(self.items)

    def points(self, pack: Pack) -> tuple[float, ...]:
        """Return the marks as numbers; CourseError for one that is none, or too many."""
        most, made = worth(pack, self.name), []
        for number, text in enumerate(self.items, start=1):
            try:
                points = float(text.replace(",", "."))
            except ValueError:
                points = -1.0
            if not 0 <= points <= most:
                raise CourseError(
                    f"{FILE}, row {self.at}, {self.student}, item {number}: expected a number from 0 to {most:g}, "
                    f"got {text!r}. Correct it there."
                )
            made.append(points)
        return tuple(made)


def _rows(pack: Pack) -> list[_Row]:
    """Return the rows of the table that belong to somebody, if there is one."""
    file = pack.folder / FILE
    if not file.is_file():
        return []
    table = lms.read_table(file)
    at = {name: table.column(name) for name in (*FIRST, "comment")}
    first_item = table.column("item 1")
    found = []
    for number, row in enumerate(table.rows[1:], start=2):
        row = [*row, *[""] * (len(table.rows[0]) - len(row))]
        student, name = _text(row[at["student"]]).strip(), row[at["exercise"]].strip()
        if student and name in pack.points and isinstance(EXERCISES[name], Written):
            count = len(rubric.items(name))
            items = [value.strip() for value in row[first_item : first_item + count]]
            answer, comment = _text(row[at["answer"]]), _text(row[at["comment"]])
            found.append(_Row(number, student, name, answer, items, comment))
    return found


def _answers(pack: Pack) -> dict[tuple[str, str], str]:
    """Return the answers in words by student and exercise, of those who have written any."""
    found = {}
    for student in records.students(pack):
        theirs = answers(pack, student)
        for name in in_words(pack):
            if name in theirs and theirs[name].touched:
                found[student, name] = theirs[name].words
    return found


def _groups(theirs: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the students whose answers are alike together, the largest group first."""
    groups: list[tuple[str, list[str]]] = []
    same: dict[str, list[str]] = {}
    for student, answer in theirs.items():
        same.setdefault(_same(answer)[:LONGEST], []).append(student)
    for answer, students in same.items():
        for first, group in groups:
            if Indel.normalized_similarity(first, answer, score_cutoff=ALIKE):
                group += students
                break
        else:
            groups.append((answer, students))
    yield from (group for _, group in sorted(groups, key=lambda pair: -len(pair[1])))


def _same(answer: str) -> str:
    """Return an answer so that it is equal to another that differs in capitals and spaces alone."""
    return " ".join(answer.casefold().split())


def _filled(values: Iterator[str] | Sequence[str], most: int) -> list[str]:
    values = list(values)
    return [*values, *[""] * (most - len(values))]


def _in_table(answer: str) -> str:
    """Return an answer as it is read back from the table, but for capitals and spaces."""
    return _same(_text(lms.no_formula(_shown(answer))))


def _shown(answer: str) -> str:
    """Return an answer as it stands in the table: not too long, and without what no table can hold."""
    answer = CONTROL.sub("", answer)
    return answer if len(answer) <= LONGEST else f"{answer[:LONGEST]} … (cut)"


def _text(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and lms.no_formula(cell[1:]) == cell else cell
