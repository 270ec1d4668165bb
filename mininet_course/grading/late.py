"""Points taken off for lateness: a policy in words, and a table of who was how late.

The days are in ``late.csv``, where an instructor may change them. What the platform does
not say is left empty there, takes no points, and is reported.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil import parser as dates

from mininet_course.exercise import CourseError
from mininet_course.grading import collect, lms, records
from mininet_course.grading.pack import Pack
from mininet_course.grading.roster import people

FILE = "late.csv"
WORDS = re.compile(
    r"(?P<amount>\d{1,4}(?:[.,]\d{1,4})?) ?(?P<unit>%|points?) (?:a|per) day(?:,? at most (?P<most>\d+)(?: days?)?)?"
)
# of Moodle's grading worksheet, of a list by hand
TIMES = ("Last modified (submission)", "handed in")


@dataclass(frozen=True)
class Policy:
    """So much for each day begun: a share of the points that the submission got, or points; of so many days at most."""

    words: str
    amount: float
    is_share: bool
    most: float

    def taken(self, points: float, days: int) -> float:
        """Return what is taken off these points for so many days.

        >>> policy("10% a day, at most 3").taken(20, 5)
        6.0
        """
        off = min(days, self.most) * self.amount
        return min(points, points * off / 100 if self.is_share else off)


@dataclass(frozen=True)
class Lateness:
    """The policy, and by student how many days late; None where nobody knows."""

    policy: Policy
    days: Mapping[str, int | None]

    def taken(self, student: str, points: float) -> float:
        """Return what is taken off a student's points."""
        return self.policy.taken(points, self.days.get(student) or 0)

    @property
    def unknown(self) -> list[str]:
        """Those who are late, and nobody knows by how much."""
        return [student for student, days in self.days.items() if days is None]


def policy(words: str) -> Policy:
    """Read a policy; CourseError if it is none.

    >>> policy("2 points a day").taken(20, 3)
    6.0
    """
    found = WORDS.fullmatch(" ".join(words.split()))
    if not found:
        raise CourseError(
            f"A late policy is written as “10% a day, at most 3” or “2 points a day”, got {words!r}."
        )
    amount, is_share = float(found["amount"].replace(",", ".")), found["unit"] == "%"
    if is_share and amount > 100:
        raise CourseError(f"At most 100% a day can be taken off, got {amount:g}%.")
    return Policy(found[0], amount, is_share, float(found["most"] or math.inf))


def write(pack: Pack, words: str, due: str = "", table: Path | None = None) -> Lateness:
    """Write ``late.csv``: everybody who is late by the platform's mark or the table's times, and by how much.

    Days that stand there already stay, unless the time of handing in is another now.
    """
    rule, kept = policy(words), _rows(pack)
    times = _times(table) if table else {}
    end = _moment(due) if due else None
    if due and end is None:
        raise CourseError(f"--due is a day and a time, as in “2026-11-30 23:59”, got {due!r}.")
    known, called = collect.load(pack), people(pack)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["student", "name", "handed in", f"days ({rule.words})"])
    for student in records.students(pack):
        time, moment = times.get(student, ""), _moment(times.get(student, ""))
        days = str(_days(moment - end)) if moment and end else ""
        marked = bool(known.get(student, {}).get("late"))
        before = kept.get(student)
        if before and before[1] and before[0] == time:
            days = before[1]
        elif not (marked or int(days or 0) or (end and time.strip("- ") and moment is None)):
            continue
        elif marked and days == "0":
            days = ""  # the platform calls it late, the table does not
        rows.writerow([student, lms.no_formula(called.get(student, "")), time, days])
    records.write(pack.folder / FILE, text.getvalue())
    found = load(pack)
    assert found is not None  # it has been written
    return found


def load(pack: Pack) -> Lateness | None:
    """Return what ``late.csv`` says; None if there is none, and then nothing is taken off."""
    file = pack.folder / FILE
    if not file.is_file():
        return None
    words = next((found for name in _table(file)[0] if (found := re.fullmatch(r"days \((.*)\)", name))), None)
    if not words:
        raise CourseError(f"{file} has no column “days (…)” that names the policy. Run grade --late again.")
    days: dict[str, int | None] = {}
    for student, (_, text) in _rows(pack).items():
        if text and not re.fullmatch(r"\d{1,4}", text):
            raise CourseError(f"{file}: the days of {student} must be a whole number, got {text!r}.")
        days[student] = int(text) if text else None
    return Lateness(policy(words[1]), days)


def _rows(pack: Pack) -> dict[str, tuple[str, str]]:
    """Return time and days by student, as they stand in the table."""
    file = pack.folder / FILE
    if not file.is_file():
        return {}
    return {row[0]: (row[2], row[3].strip()) for row in _table(file)[1:] if len(row) > 3}


def _table(file: Path) -> Sequence[Sequence[str]]:
    """Return the rows of the table, whichever program has saved it; of nobody it is there with its header alone."""
    return lms.read_table(file, least=1).rows


def _times(file: Path) -> dict[str, str]:
    """Return when each student handed in, of a platform's table; nothing if it has no such column."""
    table = lms.read_table(file)
    name = next((name for name in TIMES if name in table.rows[0]), None)
    if name is None:
        raise CourseError(
            f"{file.name} says nobody's time: it has none of the columns {', '.join(map(repr, TIMES))}. "
            "Leave it out; who is late by the platform's mark is listed then, and you fill in the days."
        )
    key, at = table.column(lms.usual_key(table)), table.column(name)
    rows = [row for row in table.rows[1:] if len(row) > max(key, at) and row[key].strip()]
    return dict(
        zip(lms.identifiers([row[key] for row in rows]), (row[at].strip() for row in rows), strict=True)
    )


def _moment(text: str) -> datetime | None:
    """Return a time, a local one as if it were everybody's; None if it cannot be read."""
    try:
        found = dates.parse(text) if text.strip("- ") else None
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _days(over: timedelta) -> int:
    """Return the days begun."""
    return max(0, math.ceil(over / timedelta(days=1)))
