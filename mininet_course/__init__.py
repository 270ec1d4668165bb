"""Exercises that say at once whether an answer is right, and why not.

    from mininet_course import check, hint, progress, solution

Nothing else in the package imports this part; it needs NumPy alone.
"""

import contextlib
import difflib
from pathlib import Path
from typing import Any

from mininet_course import record, shipped
from mininet_course.checks import CHAPTERS
from mininet_course.engine import CheckFailed, Outcome, judge
from mininet_course.exercise import CourseError, Exercise, Written

__all__ = ["CheckFailed", "CourseError", "check", "hint", "list", "progress", "solution", "start"]


def check(
    name: str, *answer: Any, strict: bool = False, seed: int | None = None, variant: int | None = None
) -> None:
    """Check an answer and print the report: pass, not yet, stopped, or not written yet.

    The learner's form never raises, so a notebook runs to its end. ``strict`` raises
    CheckFailed unless it passes, as graders want; with a ``seed`` the cases are
    generated from it alone, and the report does not show them. ``variant`` stands in
    assignments whose numbers differ from student to student.

    >>> check("neuron.3", "the answer is 42")  # doctest: +ELLIPSIS
    NOT YET   neuron.3  ...
    """
    try:
        exercise = _find(name)
        verdict = judge(exercise if variant is None else exercise.variant(variant)[1], answer, seed)
    except CourseError as problem:
        if strict:
            raise CheckFailed(str(problem)) from None
        print(problem)
        return
    if strict:
        if verdict.outcome is not Outcome.PASS:
            raise CheckFailed(str(verdict))
        return
    print(verdict)
    _note(name, outcome=verdict.outcome)


def hint(name: str) -> None:
    """Print the next hint for an exercise; after the last one, the first again.

    >>> hint("neuron.4")  # doctest: +SKIP
    """
    hints = _find(name).hints
    taken = 0
    with contextlib.suppress(record.RecordProblem):  # _note will tell
        taken = record.load().get(name, {"hints": 0})["hints"]
    here = taken % len(hints)
    print(f"Hint {here + 1} of {len(hints)}: {hints[here]}")
    if here + 1 == len(hints):
        print(f"That was the last one; solution({name!r}) shows an answer.")
    _note(name, hints=taken + 1)


def solution(name: str) -> None:
    """Print an answer to an exercise, with a word on why it is right.

    >>> solution("neuron.4")  # doctest: +SKIP
    """
    print(shipped.answer(_find(name).name))


def progress() -> None:
    """Print a table of the exercises and what you have solved.

    >>> progress()  # doctest: +SKIP
    """
    kept = record.load()
    for chapter, exercises in CHAPTERS.items():
        judged = [e for e in exercises if not isinstance(e, Written)]
        solved = sum(kept.get(e.name, {"outcome": ""})["outcome"] == "pass" for e in judged)
        print(f"{chapter}: {solved} of {len(judged)} solved")
        width = max(len(e.name) for e in exercises)
        for exercise in exercises:
            entry = kept.get(exercise.name, {"outcome": "", "hints": 0})
            outcome = entry["outcome"]  # a newer version's, which this one does not know, is shown as it is
            state = "in words" if isinstance(exercise, Written) else STATES.get(outcome, outcome[:30])
            hints = f"   hints taken: {entry['hints']}" if entry["hints"] else ""
            print(f"  {exercise.name:<{width}}  {state:<9} {exercise.title}{hints}")


STATES = {"pass": "solved", "not yet": "tried", "stopped": "tried", "not written yet": "", "": ""}


def start(chapter: str, folder: str | Path = ".") -> None:
    """Put a fresh copy of a chapter's exercises where you stand; a file that is there is never overwritten.

    >>> start("neuron")  # doctest: +SKIP
    """
    copy = shipped.start(_chapter(chapter), Path(folder))
    print(f"{copy.name} is yours now: open it in JupyterLab and run it from the top.")


def list() -> None:
    """Print every exercise with its level, minutes and points.

    >>> list()  # doctest: +SKIP
    """
    for chapter, exercises in CHAPTERS.items():
        minutes, points = sum(e.minutes for e in exercises), sum(e.points for e in exercises)
        print(f"{chapter}: {len(exercises)} exercises, {minutes} minutes, {points} points")
        width = max(len(e.name) for e in exercises)
        for e in exercises:
            varies = "  (numbers can vary)" if e.vary else ""
            print(f"  {e.name:<{width}}  {e.level:<7}{e.minutes:>3} min  {e.points} p.  {e.title}{varies}")


def _chapter(name: str) -> str:
    if name not in CHAPTERS:
        raise CourseError(f"There is no chapter {name!r} with exercises, only {', '.join(CHAPTERS)}.")
    return name


def _find(name: str) -> Exercise:
    names = {e.name: e for exercises in CHAPTERS.values() for e in exercises}
    if name not in names:
        close = difflib.get_close_matches(str(name), names, 1)
        meant = f"Did you mean {close[0]!r}?" if close else "list() shows them all."
        raise CourseError(f"There is no exercise {name!r}. {meant}")
    return names[name]


def _note(name: str, **what: Any) -> None:
    """Keep it in the learner's record; where that fails, say so and go on."""
    try:
        record.note(name, **what)
    except record.RecordProblem as problem:
        print(problem)
