"""The tables of learning platforms: one column is filled, every other byte stays."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mininet_course.exercise import CourseError

KEYS = (
    "ID",
    "Identifier",
    "student",
)  # of Canvas's gradebook, of Moodle's grading worksheet, of a list by hand
COMMENTS = "Feedback comments"  # Moodle's, in the grading worksheet
MOODLES = "Grade"  # the column of points in Moodle's grading worksheet
FORMULA = "=+-@\t\r"  # begins one
BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True)
class Table:
    """A CSV file as text, its fields' values, and where in the text each field stands."""

    text: str
    encoding: str
    bom: bytes
    rows: list[list[str]]
    spans: list[list[tuple[int, int]]]

    def column(self, name: str) -> int:
        """Return where a column is; CourseError with the names there are."""
        header = self.rows[0]
        if name not in header:
            close = difflib.get_close_matches(name, header, 1)
            meant = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(map(repr, header))}."
            raise CourseError(f"The table has no column {name!r}. {meant}")
        if header.count(name) > 1:
            raise CourseError(f"The table has more than one column {name!r}; rename all but one.")
        return header.index(name)

    def with_fields(self, fields: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with some fields exchanged, by (row, column), and nothing else."""
        text = self.text
        for row, column in sorted(fields, reverse=True):
            start, end = self.spans[row][column]
            value = fields[row, column]
            if text[start:end].startswith('"') or re.search('[",;\t\r\n]', value):
                value = '"' + value.replace('"', '""') + '"'
            text = text[:start] + value + text[end:]
        return self.bom + text.encode(self.encoding)


@dataclass(frozen=True)
class Filled:
    """A filled table, and who could not be placed: students without a row, rows without a grade."""

    data: bytes
    placed: list[str]
    without_row: list[str]
    without_grade: list[str]
    possible: str  # what the table says about the points that can be had; "" if it does not


def read_table(file: Path) -> Table:
    """Read a CSV file of commas, semicolons or tabs, whatever its encoding."""
    try:
        data = file.read_bytes()
    except OSError as problem:
        raise CourseError(f"{file} cannot be read ({problem.strerror}).") from None
    bom = next((mark for mark in BOMS if data.startswith(mark)), b"")
    for encoding in [BOMS[bom]] if bom else ["utf-8", "latin-1"]:
        try:
            text = data[len(bom) :].decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise CourseError(f"{file.name} is no text. Export the table as CSV.")
    if "\0" in text:
        raise CourseError(f"{file.name} is no text, so no table. Export the table as CSV.")
    first = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    delimiter = max(",;\t", key=first.count)
    rows, spans = _fields(text, delimiter)
    if len(rows) == 1 and delimiter in text:
        raise CourseError(
            f"{file.name} has a header and no student below it. Export it from the gradebook, as CSV."
        )
    if len(rows) < 2:
        raise CourseError(f"{file.name} holds no table. Export it from the gradebook, as CSV.")
    return Table(text, encoding, bom, rows, spans)


def fill(
    table: Table,
    scores: Mapping[str, float],
    key: str = "",
    column: str = "",
    name: str = "",
    comments: Mapping[str, str] | None = None,
) -> Filled:
    """Put scores by student into a column, finding each student by the column ``key``.

    Without ``key`` the usual columns of ids are tried; without ``column`` the one that is
    called ``name``, or begins with it as Canvas's ``hw1 (4711)`` does, or Moodle's ``Grade``.
    ``comments`` go into Moodle's column of comments, where nobody has written one.
    """
    at_key = table.column(key or usual_key(table))
    at_column = table.column(_longer(table, column) if column else _named(table, name))
    at_comment = table.column(COMMENTS) if comments else None
    wanted = {identifier(student).casefold(): student for student in scores}
    fields: dict[tuple[int, int], str] = {}
    placed, without_grade, possible = [], [], ""
    for number, row in enumerate(table.rows[1:], start=1):
        if row[0].strip() == "Points Possible":  # Canvas's second row
            possible = row[at_column].strip() if len(row) > at_column else ""
            continue
        if len(row) <= max(at_key, at_column) or not row[at_key].strip():
            if any(value.strip() for value in row):
                without_grade.append(next(value.strip() for value in row if value.strip()))
            continue
        student = wanted.get(identifier(row[at_key]).casefold())
        if student is None:
            without_grade.append(", ".join(dict.fromkeys([row[at_key].strip(), row[0].strip()])))
        elif student in placed:
            raise CourseError(
                f"The column {table.rows[0][at_key]!r} has {row[at_key]!r} twice; choose another with --key."
            )
        else:
            placed.append(student)
            fields[number, at_column] = f"{round(scores[student], 4):g}"
            if at_comment is not None and len(row) > at_comment and not row[at_comment].strip():
                fields[number, at_comment] = (comments or {}).get(student, "")
    if not placed:
        ids = ", ".join(repr(row[at_key]) for row in table.rows[1:6] if len(row) > at_key)
        raise CourseError(
            f"No student is found by the column {table.rows[0][at_key]!r}: it holds {ids}, and the "
            f"students are called {', '.join(map(repr, list(scores)[:5]))}. Choose another with --key."
        )
    without_row = [student for student in scores if student not in placed]
    return Filled(table.with_fields(fields), placed, without_row, without_grade, possible)


def no_formula(text: str) -> str:
    """Return text for a spreadsheet's cell, which must not be a formula, whoever wrote it.

    >>> no_formula("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text[:1] and text[0] in FORMULA else text


def identifier(text: str) -> str:
    """Return an id as it names a student here: "4711" for Moodle's "Participant 4711"."""
    return text.strip().removeprefix("Participant ")


def usual_key(table: Table) -> str:
    """Return the column that usually holds the students' ids."""
    for name in KEYS:
        if name in table.rows[0]:
            return name
    columns = ", ".join(map(repr, table.rows[0]))
    raise CourseError(f"Which column holds the students' ids? Say it with --key; there are {columns}.")


def _named(table: Table, name: str) -> str:
    """Return the column that is called as the assignment is, or as Moodle's worksheet always calls it."""
    found = [header for header in table.rows[0] if header == name or header.startswith(f"{name} (")]
    if not found and MOODLES in table.rows[0] and "Identifier" in table.rows[0]:
        found = [MOODLES]
    if len(found) == 1:
        return found[0]
    columns = ", ".join(map(repr, found or table.rows[0]))
    raise CourseError(f"Which column is to be filled? Say it with --column; there are {columns}.")


def _longer(table: Table, name: str) -> str:
    """Return the column's whole name where only its beginning was given: Canvas writes ``hw1 (4711)``."""
    found = [header for header in table.rows[0] if header.startswith(f"{name} (")]
    return found[0] if len(found) == 1 and name not in table.rows[0] else name


def _fields(text: str, delimiter: str) -> tuple[list[list[str]], list[list[tuple[int, int]]]]:
    """Return the values and the places of all fields; quoted ones may hold anything, also line breaks."""
    field = re.compile(rf'"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^{delimiter}\r\n]*)')
    rows: list[list[str]] = [[]]
    spans: list[list[tuple[int, int]]] = [[]]
    at = 0
    while at <= len(text):
        match = field.match(text, at)
        assert match is not None  # the plain form matches anything, also nothing
        quoted = match["quoted"]
        rows[-1].append(match["plain"] if quoted is None else quoted.replace('""', '"'))
        spans[-1].append(match.span())
        at = match.end()
        if text.startswith(delimiter, at):
            at += len(delimiter)
            continue
        if at < len(text) and text[at] not in "\r\n":
            raise CourseError(
                f"A quoted field is followed by {text[at]!r}, in row {len(rows)}: this is no CSV."
            )
        at += 2 if text.startswith("\r\n", at) else 1
        if at < len(text):
            rows.append([])
            spans.append([])
        else:
            break
    return rows, spans
