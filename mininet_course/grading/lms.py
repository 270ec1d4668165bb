"""The tables of learning platforms: one column is filled, every other byte stays."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mininet_course.exercise import CourseError
from mininet_course.grading import names

KEYS = (
    "ID",
    "Identifier",
    "student",
)  # of Canvas's gradebook, of Moodle's grading worksheet, of a list by hand
COMMENTS = "Feedback comments"  # Moodle's, in the grading worksheet
MOODLES = "Grade"  # the column of points in Moodle's grading worksheet
# the row that Canvas has for whoever looks at a course as a student would
TEST_STUDENT = ("Student, Test", "Test Student")
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
        pieces, at = [], 0
        for row, column in sorted(fields):
            start, end = self.spans[row][column]
            value = fields[row, column]
            if (self.text.startswith('"', start) and end > start) or re.search('[",;\t\r\n]', value):
                value = '"' + value.replace('"', '""') + '"'
            pieces += [self.text[at:start], value]
            at = end
        return self.bom + "".join([*pieces, self.text[at:]]).encode(self.encoding)


@dataclass(frozen=True)
class Filled:
    """A filled table, and who could not be placed: students without a row, rows without a grade."""

    data: bytes
    placed: list[str]
    without_row: list[str]
    without_grade: list[str]
    possible: str  # what the table says about the points that can be had; "" if it does not


def read_table(file: Path, least: int = 2) -> Table:
    """Read a CSV file of commas, semicolons or tabs, whatever its encoding; the header is one of the ``least`` rows."""
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
    if len(rows) == 1 < least and delimiter in text:
        raise CourseError(
            f"{file.name} has a header and no student below it. Export it from the gradebook, as CSV."
        )
    if len(rows) < least:
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
    rows = {n: row for n, row in enumerate(table.rows[1:], start=1) if len(row) > max(at_key, at_column)}
    ids = {number: row[at_key] for number, row in rows.items() if row[at_key].strip()}
    first = min(ids, default=0)
    of_row = _students(ids, scores)
    # a table that writes 7,5 reads 7.5 as something else
    point = "," if any(re.fullmatch(r"\d+,\d+", row[at_column].strip()) for row in rows.values()) else "."
    fields: dict[tuple[int, int], str] = {}
    placed, without_grade, possible = [], [], ""
    for number, row in enumerate(table.rows[1:], start=1):
        student = of_row.get(number)
        if student is not None:
            if student in placed:
                raise CourseError(
                    f"The column {table.rows[0][at_key]!r} has {row[at_key]!r} twice; choose another with --key."
                )
            placed.append(student)
            fields[number, at_column] = f"{round(scores[student], 4):g}".replace(".", point)
            if at_comment is not None and len(row) > at_comment and not row[at_comment].strip():
                fields[number, at_comment] = (comments or {}).get(student, "")
        elif number in ids:
            if row[0].strip() not in TEST_STUDENT:
                without_grade.append(", ".join(dict.fromkeys([row[at_key].strip(), row[0].strip()])))
        elif number < first and (not row[0].strip() or row[0][0] == " "):
            # Canvas's own rows, above the first student: "Manual Posting", "    Points Possible"
            value = row[at_column].strip() if number in rows else ""
            possible = value if re.fullmatch(r"\d+(?:[.,]\d+)?", value) else possible
        elif any(value.strip() for value in row) and row[0].strip() not in TEST_STUDENT:
            without_grade.append(next(value.strip() for value in row if value.strip()))
    if not placed:
        shown = ", ".join(repr(row[at_key]) for row in table.rows[1:6] if len(row) > at_key)
        raise CourseError(
            f"No student is found by the column {table.rows[0][at_key]!r}: it holds {shown}, and the "
            f"students are called {', '.join(map(repr, list(scores)[:5]))}. Choose another with --key."
        )
    without_row = [student for student in scores if student not in placed]
    return Filled(table.with_fields(fields), placed, without_row, without_grade, possible)


def _students(ids: Mapping[int, str], scores: Iterable[str]) -> dict[int, str]:
    """Return the student of each row, by the ids of the rows: the same id first, then one that differs in case alone.

    Where neither is there, the number counts: "4711" is Moodle's "Participant 4711", in whatever language.
    """
    found: dict[int, str] = {}
    for form in (str, names.normal, _folded, names.number_of):
        by_form: dict[str, list[str]] = {}
        for student in set(scores) - set(found.values()):
            # a student called "ann7" has a name; one called "7" has a number
            by_form.setdefault(student if form is names.number_of else form(student), []).append(student)
        rows = Counter(form(text) for number, text in ids.items() if number not in found)
        for number, text in ids.items():
            same = by_form.get(form(text), [])
            # two rows that are only alike may be two students: neither is taken for this one
            if number not in found and len(same) == 1 and (form is str or rows[form(text)] == 1):
                found[number] = same[0]
    return found


def no_formula(text: str) -> str:
    """Return text for a spreadsheet's cell, which must not be a formula, whoever wrote it.

    >>> no_formula("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.lstrip(" ")[:1] in tuple(names.FORMULAS) else text


def _folded(text: str) -> str:
    return names.normal(text).casefold()


def identifiers(texts: Sequence[str]) -> list[str]:
    """Return the ids in a column as they name students here: the numbers of Moodle's "Participant 4711".

    The word may be of any language. That each is a word, the same, and a number, tells such ids from logins.
    """
    found = [names.normal(text) for text in texts]
    numbers = [names.number_of(text) for text in found]
    words = {text.removesuffix(number) for text, number in zip(found, numbers, strict=True)}
    if not found or not all(numbers) or len(words) > 1:
        return found
    [word] = words
    is_word = word[-1].isspace() or not word.isascii() or word.casefold() == "participant"
    return numbers if is_word else found


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
    field = re.compile(rf'"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<plain>[^{delimiter}\r\n]*)')
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
