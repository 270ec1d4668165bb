"""What an assignment consists of, kept in ``pack.json`` by its instructor."""

import difflib
import hashlib
import importlib.util
import inspect
import json
import re
import reprlib
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mininet_course import storage
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Case, CourseError, Exercise, Judged, Written
from mininet_course.grading import judging

FILE = "pack.json"
FORMATS = ("nbgrader", "otter", "zip")
MOST_POINTS = 1000  # for one exercise; more is a slip of the hand
EXTRA = "extra_cases.py"  # the instructor's own cases, copied into the folder
EXERCISES: Mapping[str, Exercise] = {e.name: e for exercises in CHAPTERS.values() for e in exercises}


@dataclass(frozen=True, kw_only=True)
class Pack:
    """An assignment: its exercises with their points, and what only the instructor may know.

    ``points`` holds the exercises in the assignment's order. From ``seed`` come the hidden
    cases and the students' variants. ``students`` is the roster if each has numbers of
    their own, else empty. ``by_parts`` are the exercises of which each part that is right has its share.
    """

    folder: Path
    name: str
    format: str
    points: Mapping[str, float]
    seed: int
    students: Sequence[str] = ()
    by_parts: Sequence[str] = ()
    _extra: dict[str, Sequence[Case]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def chapters(self) -> list[str]:
        """The chapters that the assignment takes from, in its order; each has one notebook."""
        return list(dict.fromkeys(chapter_of(name) for name in self.points))

    def of_chapter(self, chapter: str) -> list[str]:
        """Return the names of the assignment's exercises that are in a chapter."""
        return [name for name in self.points if chapter_of(name) == chapter]

    def variant(self, student: str) -> int | None:
        """Return the number of a student's variant; None if the student has the common numbers.

        It comes from the seed and the id, and neither can be found from it.
        """
        if student not in self.students:
            return None
        digest = hashlib.sha256(f"{self.seed}/{self.name}/{student}".encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def remarks(self, student: str) -> list[str]:
        """Return what to know before trusting a student's grade: that there are no numbers of this student's own."""
        if not self.students or student in self.students:
            return []
        return ["is not on the roster of the variants: graded with the book's own numbers"]

    def exercise(self, name: str, student: str = "") -> Exercise:
        """Return an exercise as this student has it: with the numbers of the student's variant."""
        number = self.variant(student)
        return EXERCISES[name] if number is None else EXERCISES[name].variant(number)[1]

    def extra_cases(self, name: str) -> Sequence[Case]:
        """Return the instructor's own cases for an exercise; most have none."""
        if not self._extra and (self.folder / EXTRA).is_file():
            self._extra.update(read_extra(self.folder / EXTRA, self.points, self.seed))
        return self._extra.get(name, ())

    def save(self) -> None:
        """Write ``pack.json``."""
        kept = {
            "format": self.format,
            "name": self.name,
            "points": dict(self.points),
            "seed": self.seed,
            "students": list(self.students),
            "by_parts": list(self.by_parts),
        }
        storage.write(self.folder / FILE, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def load(folder: Path) -> Pack:
    """Read the pack in a folder.

    >>> load(Path("hw1")).chapters  # doctest: +SKIP
    ['neuron', 'xor']
    """
    try:
        kept = storage.read_json(folder / FILE)
        points = {name: float(points) for name, points in kept["points"].items()}
        if (
            type(kept["seed"]) is not int
            or kept["seed"] < 0
            or not all(0 < value <= MOST_POINTS for value in points.values())
        ):
            raise storage.Damaged
        pack = Pack(
            folder=folder.resolve(),
            name=check_name(kept["name"]),
            format=str(kept["format"]),
            points=points,
            seed=kept["seed"],
            students=tuple(map(str, kept["students"])),
            by_parts=tuple(map(str, kept.get("by_parts", ()))),
        )
    except FileNotFoundError:
        raise CourseError(
            f"{folder} holds no {FILE}, so it is no assignment made here. Give the folder that "
            "`python -m mininet_course assign … --out FOLDER` has made."
        ) from None
    except OSError as problem:
        raise CourseError(f"{folder / FILE} cannot be read ({problem.strerror}).") from None
    except (ValueError, TypeError, KeyError, AttributeError, CourseError):
        raise _damaged(folder) from None
    unknown = [name for name in pack.points if name not in EXERCISES]
    if unknown or pack.format not in FORMATS or not pack.points:
        what = f"the exercise {unknown[0]}" if unknown else f"the format {pack.format!r}"
        raise CourseError(
            f"{folder / FILE} names {what}, which this version of the course does not have. "
            "Use the version that made the assignment."
        )
    try:
        split(pack.by_parts, pack.points)
    except CourseError:
        raise _damaged(folder) from None
    return pack


def _damaged(folder: Path) -> CourseError:
    return CourseError(f"{folder / FILE} is damaged. Take it from a backup: the seed is in it.")


def chapter_of(name: str) -> str:
    """Return the chapter of an exercise: "neuron" of "neuron.4"."""
    return name.split(".")[0]


def choose(names: Sequence[str], overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the chosen exercises with their points, chapter by chapter in the order they were named.

    A name is a chapter or an exercise; what is named twice comes once.

    >>> choose(["xor.3", "neuron.11"], {"xor.3": 5})
    {'xor.3': 5, 'neuron.11': 3}
    """
    wanted: dict[str, set[str]] = {}
    for name in names:
        if name not in CHAPTERS and name not in EXERCISES:
            raise CourseError(
                f"There is no chapter or exercise {name!r}. {_meant(name, [*CHAPTERS, *EXERCISES])}"
            )
        wanted.setdefault(chapter_of(name), set()).update(
            [name] if name in EXERCISES else [e.name for e in CHAPTERS[name]]
        )
    points: dict[str, float] = {
        e.name: e.points for chapter, chosen in wanted.items() for e in CHAPTERS[chapter] if e.name in chosen
    }
    if not points:
        raise CourseError("Name at least one chapter or exercise, as in: assign neuron xor.3")
    for name, value in (overrides or {}).items():
        if name not in points:
            raise CourseError(
                f"Points are given for {name!r}, which is not in the assignment. {_meant(name, points)}"
            )
        if not 0 < value <= MOST_POINTS:
            raise CourseError(
                f"The points of {name} must be a number above zero and at most {MOST_POINTS}, got {value:g}."
            )
        points[name] = value
    return points


def split(names: Sequence[str], chosen: Mapping[str, float]) -> tuple[str, ...]:
    """Return exercises whose points are to be given by parts; CourseError for one that has no parts.

    >>> split(["neuron.1"], {"neuron.1": 2})
    ('neuron.1',)
    """
    for name in names:
        if name not in chosen:
            raise CourseError(
                f"{name!r} is to be given by parts, and is not in the assignment. {_meant(name, chosen)}"
            )
        if not _has_parts(name):
            having = ", ".join(filter(_has_parts, chosen)) or "none in this assignment"
            raise CourseError(
                f"{name} cannot be given by parts: it has one result, or some of it is right before anybody "
                f"has done anything. Those that can: {having}."
            )
    return tuple(dict.fromkeys(names))


def _has_parts(name: str) -> bool:
    """Say whether an exercise has parts each of which has to be earned; where a bug is to be found, some are given."""
    exercise = EXERCISES[name]
    return isinstance(exercise, Judged) and len(exercise.parts) > 1 and exercise.given is None


def check_name(name: str) -> str:
    """Return an assignment's name if it can name folders everywhere; it appears in students' files."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}", name):
        raise CourseError(
            f"An assignment's name consists of letters, digits, - and _, as in hw1; got {name!r}. "
            "Choose one with --name."
        )
    return name


def read_extra(file: Path, names: Iterable[str], seed: int) -> dict[str, Sequence[Case]]:
    """Run an instructor's file of extra cases and return its cases by exercise.

    The file holds ``CASES = {"neuron.4": [{"z": np.array([3.0])}]}``, or a function
    ``cases(rng)`` that returns such a dict; a case gives every input by its name.
    """
    spec = importlib.util.spec_from_file_location("extra_cases", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise CourseError(f"{file} is no Python file that can be read; --extra wants one, as in my_cases.py.")
    module = importlib.util.module_from_spec(spec)
    _run(file, spec.loader.exec_module, module)
    found = getattr(module, "CASES", None)
    if hasattr(module, "cases"):
        rng = np.random.default_rng(seed)
        _check_takes(file, module.cases, rng)
        found = _run(file, module.cases, rng)
    if not isinstance(found, dict) or not found:
        raise CourseError(
            f'{file.name} must hold CASES = {{"neuron.4": [{{"z": …}}]}}, '
            "or a function cases(rng) that returns such a dict."
        )
    return {name: _fitting(name, cases, list(names), file.name) for name, cases in found.items()}


def _run(file: Path, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call what an instructor's file holds; CourseError with the file's last line on the way if it stops."""
    try:
        return function(*arguments)
    except Exception as problem:
        frames = traceback.extract_tb(problem.__traceback__)
        lines = [f", line {frame.lineno}," for frame in frames if Path(frame.filename) == file.absolute()]
        raise CourseError(
            f"{file.name}{lines[-1] if lines else ''} stopped with {type(problem).__name__}: {problem}"
        ) from None


def _check_takes(file: Path, cases: Any, rng: np.random.Generator) -> None:
    """Raise CourseError unless ``cases`` is a function that can be called with a generator."""
    try:
        inspect.signature(cases).bind(rng)
    except TypeError:
        got = f"def cases{inspect.signature(cases)}" if callable(cases) else f"cases = {reprlib.repr(cases)}"
        raise CourseError(
            f"{file.name}: cases must be a function of a random generator, def cases(rng): …, got {got}. "
            "Cases that are not drawn are called CASES."
        ) from None


def _fitting(name: Any, cases: Any, names: Sequence[str], file: str) -> list[Case]:
    """Return cases as the exercise wants them: inputs in its order, lists as arrays where it has arrays."""
    if name not in names:
        raise CourseError(f"{file}: {name!r} is not in the assignment. {_meant(str(name), names)}")
    exercise = EXERCISES[name]
    if not isinstance(exercise, Judged) or not exercise.cases[0]:
        kind = "answered in words" if isinstance(exercise, Written) else "a prediction"
        raise CourseError(f"{file}: {name} is {kind}; there are no cases to add.")
    model = exercise.cases[0]
    if not isinstance(cases, list | tuple) or not cases:
        raise CourseError(
            f"{file}: the cases of {name} must be a list of dicts with the keys {', '.join(model)}."
        )
    fitting: list[Case] = []
    for number, case in enumerate(cases, start=1):
        if not isinstance(case, dict) or set(case) != set(model):
            got = f"a dict with {', '.join(map(str, case))}" if isinstance(case, dict) else repr(case)
            raise CourseError(
                f"{file}: case {number} of {name} must be a dict with the keys {', '.join(model)}; got {got}."
            )
        fitting.append(
            {
                key: np.asarray(case[key]) if isinstance(usual, np.ndarray) else case[key]
                for key, usual in model.items()
            }
        )
        try:
            exercise.run(exercise.reference, fitting[-1])
        except Exception as problem:
            raise CourseError(
                f"{file}: case {number} of {name} stops even the right answer, with {type(problem).__name__}: {problem}"
            ) from None
    try:
        judging.encoded(fitting, name)
    except CourseError as problem:
        raise CourseError(f"{file}: {problem}") from None
    return fitting


def _meant(name: str, known: Iterable[str]) -> str:
    chapter, _, number = name.partition(".")
    if number and chapter in CHAPTERS and name not in EXERCISES:
        return f"{chapter} has the exercises 1 to {len(CHAPTERS[chapter])}."
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    return (
        f"Did you mean {close[0]!r}?"
        if close
        else f"There are {', '.join(known[:12])}{'…' if len(known) > 12 else '.'}"
    )
