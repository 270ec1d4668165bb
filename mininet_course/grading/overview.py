"""What the report says about the class: how many points, who is late, who handed in nothing, who wrote alike."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mininet_course.exercise import CourseError
from mininet_course.grading import collect, late, likeness, lms, records
from mininet_course.grading.marks import Mark, marks
from mininet_course.grading.pack import Pack

ROSTER = "roster.csv"  # who is in the class: id and name
NAMES = ("Student", "Full name", "name")
BARS = 10
WIDEST = 40  # characters of a bar


def take_roster(pack: Pack, file: Path, key: str = "") -> None:
    """Keep who is in the class, of a platform's table."""
    table = lms.read_table(file)
    at = table.column(key or lms.usual_key(table))
    name = next((table.column(name) for name in NAMES if name in table.rows[0]), at)
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["student", "name"])
    for row in table.rows[1:]:
        if len(row) > max(at, name) and row[at].strip():
            out.writerow([lms.identifier(row[at]), row[name].strip() if name != at else ""])
    records.write(pack.folder / ROSTER, text.getvalue())


def names(pack: Pack) -> dict[str, str]:
    """Return the readable names by student, as far as roster or platform say them; everybody on the roster is there."""
    found = dict.fromkeys(pack.students, "")
    file = pack.folder / ROSTER
    if file.is_file():
        with file.open(encoding="utf-8", newline="") as opened:
            found |= {row["student"]: row["name"] for row in csv.DictReader(opened)}
    for student, kept in collect.load(pack).items():
        found[student] = found.get(student) or str(kept.get("name", ""))
    return found


def called(student: str, names: Mapping[str, str]) -> str:
    """Return what to call a student: the id, and the name if there is one."""
    return f"{student} ({names[student]})" if names.get(student) else student


def lines(pack: Pack) -> list[str]:
    """Return the class in a few lines, for the report; of those who are graded."""
    people = names(pack)
    try:
        points = _points(pack, marks(pack))
    except CourseError as problem:  # a report with a gap is better than none
        points = [f"Points: {problem}"]
    return [
        *points,
        *_listed("Late", _late(pack, people)),
        *_listed("Handed in, but nothing of it could be taken", _unreadable(pack, people)),
        *_listed("Handed in nothing", _absent(pack, people)),
        *_listed(
            "Alike, beyond what was given, what the book has and what many wrote (ask; it may have a good reason)",
            _alike(pack, people),
        ),
    ]


def _points(pack: Pack, found: Mapping[str, Mark]) -> list[str]:
    """Return mean, median and histogram of the points."""
    points = np.array([mark.points for mark in found.values()])
    most = sum(pack.points.values())
    waiting = sum(mark.waits for mark in found.values())
    without = f", without answers in words of {waiting} that wait for you" if waiting else ""
    edges = np.linspace(0, max(most, points.max()), BARS + 1)
    counts, _ = np.histogram(points, edges)
    scale = min(1.0, WIDEST / max(counts.max(), 1))
    width = len(f"{edges[-1]:g}")
    return [
        f"Points: mean {points.mean():.4g}, median {np.median(points):.4g}, of {most:g}{without}",
        *(
            f"  {low:>{width}.4g} to {high:<{width}.4g}  {'█' * int(np.ceil(count * scale))} {count or ''}".rstrip()
            for low, high, count in zip(edges, edges[1:], counts.tolist(), strict=False)
        ),
    ]


def _late(pack: Pack, people: Mapping[str, str]) -> list[str]:
    known = late.load(pack)
    if known is None:
        marked = [student for student, kept in sorted(collect.load(pack).items()) if kept.get("late")]
        return [
            f"{called(student, people)}: by the platform's mark; nothing is taken off" for student in marked
        ]
    return [
        f"{called(student, people)}: "
        + (f"{days} days" if days is not None else f"how many days? Say it in {late.FILE}")
        for student, days in known.days.items()
        if days != 0
    ]


def _unreadable(pack: Pack, people: Mapping[str, str]) -> list[str]:
    """Return those of whom something was kept, and nothing could be put into place."""
    tried = sorted(path.name for path in (pack.folder / collect.ORIGINALS).glob("*") if path.is_dir())
    there = set(records.students(pack))
    return [called(student, people) for student in tried if student not in there]


def _absent(pack: Pack, people: Mapping[str, str]) -> list[str]:
    there = set(records.students(pack)) | {path.name for path in (pack.folder / collect.ORIGINALS).glob("*")}
    return [called(student, people) for student in people if student not in there]


def _alike(pack: Pack, people: Mapping[str, str]) -> list[str]:
    return [
        f"{called(pair.students[0], people)} and {called(pair.students[1], people)}: {pair.likeness:.0%} of "
        f"{pair.size} words and signs" + (f", the same in {', '.join(pair.same)}" if pair.same else "")
        for pair in likeness.pairs(pack)
    ]


def _listed(title: str, entries: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {entry}" for entry in entries)] if entries else []
