"""What the report says about the class: how many points, who is late, who handed in nothing, who wrote alike."""

from collections.abc import Mapping, Sequence

import numpy as np

from mininet_course.exercise import CourseError
from mininet_course.grading import collect, late, likeness, records
from mininet_course.grading.marks import Mark, marks
from mininet_course.grading.pack import Pack
from mininet_course.grading.roster import called, people

BARS = 10
WIDEST = 40  # characters of a bar


def lines(pack: Pack) -> list[str]:
    """Return the class in a few lines, for the report; of those who are graded."""
    who = people(pack)
    try:
        points = _points(pack, marks(pack))
    except CourseError as problem:  # a report with a gap is better than none
        points = [f"Points: {problem}"]
    return [
        *points,
        *_listed("Late", _late(pack, who)),
        *_listed("Handed in, but nothing of it could be taken", _unreadable(pack, who)),
        *_listed("Handed in nothing", _absent(pack, who)),
        *_listed(
            "Alike, beyond what was given, what the book has and what many wrote (ask; it may have a good reason)",
            _alike(pack, who),
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


def _late(pack: Pack, who: Mapping[str, str]) -> list[str]:
    known = late.load(pack)
    if known is None:
        marked = [student for student, kept in sorted(collect.load(pack).items()) if kept.get("late")]
        return [f"{called(student, who)}: by the platform's mark; nothing is taken off" for student in marked]
    return [
        f"{called(student, who)}: "
        + (f"{days} days" if days is not None else f"how many days? Say it in {late.FILE}")
        for student, days in known.days.items()
        if days != 0
    ]


def _unreadable(pack: Pack, who: Mapping[str, str]) -> list[str]:
    """Return those of whom something was kept, and nothing could be put into place."""
    tried = sorted(path.name for path in (pack.folder / collect.ORIGINALS).glob("*") if path.is_dir())
    there = set(records.students(pack))
    return [called(student, who) for student in tried if student not in there]


def _absent(pack: Pack, who: Mapping[str, str]) -> list[str]:
    there = set(records.students(pack)) | {path.name for path in (pack.folder / collect.ORIGINALS).glob("*")}
    return [called(student, who) for student in who if student not in there]


def _alike(pack: Pack, who: Mapping[str, str]) -> list[str]:
    return [
        f"{called(pair.students[0], who)} and {called(pair.students[1], who)}: {pair.likeness:.0%} of "
        f"{pair.size} words and signs" + (f", the same in {', '.join(pair.same)}" if pair.same else "")
        for pair in likeness.pairs(pack)
    ]


def _listed(title: str, entries: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {entry}" for entry in entries)] if entries else []
