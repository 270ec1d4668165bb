"""Numbers of their own for every student on a roster.

Whoever copies a neighbour's answer then hands in the answer to other numbers. It takes
exercises that can vary, which `list` marks; the others are the same for all.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from mininet_course.exercise import Choice, CourseError, as_tuple
from mininet_course.grading import content, names
from mininet_course.grading.lms import identifiers, no_formula, read_table
from mininet_course.grading.pack import EXERCISES, Pack

ID_COLUMNS = ("student", "ID", "Identifier", "id", "SIS Login ID", "Username", "Email address")


def roster(file: Path, key: str = "") -> tuple[str, list[str]]:
    """Return the column of ids in a CSV file of students, and the ids in it.

    Without ``key`` it is a column that usually holds them, else the first. The gradebook
    that Canvas or Moodle exports will do.
    """
    table = read_table(file)
    header = table.rows[0]
    column = key or next((name for name in ID_COLUMNS if name in header), header[0])
    if column not in header:
        raise CourseError(
            f"{file.name} has no column {column!r}, only {', '.join(header)}. Choose one with --key."
        )
    at = header.index(column)
    found = identifiers([row[at] for row in table.rows[1:] if len(row) > at and row[at].strip()])
    twice = next((student for i, student in enumerate(found) if student in found[:i]), None)
    if twice:
        raise CourseError(
            f"{file.name} has {twice!r} twice in the column {column!r}; choose another with --key."
        )
    if not found:
        raise CourseError(f"{file.name} has no student in the column {column!r}; choose another with --key.")
    for student in found:
        problem = names.problem(student)
        if problem:
            raise CourseError(
                f"{file.name}: {student!r} cannot name a folder: {problem}, or choose another column with --key."
            )
    return column, found


def varying(names: Iterable[str]) -> list[str]:
    """Return the names of those exercises that can vary."""
    return [name for name in names if EXERCISES[name].vary]


def released(pack: Pack, student: str) -> dict[str, content.Notebook]:
    """Return the notebooks that a student got, by file name: the released ones, with the student's numbers."""
    notebooks = {}
    for file in sorted((pack.folder / "release" / pack.name).glob("*.ipynb")):
        notebook = content.read(file)
        number = pack.variant(student)
        notebooks[file.name] = notebook if number is None else content.with_numbers(notebook, number)
    return notebooks


def table(pack: Pack) -> str:
    """Return a CSV of who has which numbers, and a right answer to them: for the instructor."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["student", "variant", "exercise", "instead of", "stands", "right answer"])
    for student in pack.students:
        number = pack.variant(student)
        assert number is not None  # they are on the roster
        for name in varying(pack.points):
            texts, exercise = EXERCISES[name].variant(number)
            right = exercise.right if isinstance(exercise, Choice) else getattr(exercise, "reference", "")
            shown = ", ".join(f"{n:.5g}" if isinstance(n, float) else str(n) for n in as_tuple(right))
            row = [student, str(number), name, " | ".join(texts), " | ".join(texts.values()), shown]
            rows.writerow(map(no_formula, row))
    return text.getvalue()
