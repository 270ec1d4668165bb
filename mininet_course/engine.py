"""The engine of a check: from an exercise and an answer to an outcome with a report."""

import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from mininet_course.calling import OutOfTime, Result, limit_is_possible, quiet, run_safely
from mininet_course.compare import as_numbers, difference, same, show
from mininet_course.exercise import (
    Case,
    Choice,
    CourseError,
    Exercise,
    Function,
    Judged,
    Mistake,
    Values,
    WrongForm,
)

PUBLIC_SEED = 0  # of the generated cases that a learner's own check adds to the visible ones


class CheckFailed(AssertionError):
    """A strict check did not pass; the message is the report."""

    def _render_traceback_(self) -> list[str]:
        """Show IPython the report alone, without frames of this library."""
        return str(self).splitlines()


class Outcome(StrEnum):
    NOT_WRITTEN = "not written yet"
    NOT_YET = "not yet"
    STOPPED = "stopped"
    PASS = "pass"


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check and the lines of its report; ``mistake`` is the known one, if it was that."""

    exercise: Exercise
    outcome: Outcome
    lines: Sequence[str] = ()
    mistake: Mistake | None = None

    def __str__(self) -> str:
        head = f"{self.outcome.upper()}   {self.exercise.name}  {self.exercise.title}"
        return "\n".join([head, *(textwrap.indent(_wrapped(line), "  ") for line in self.lines)])


# tries an answer on these cases, somewhere; returns what came of each, up to where it stopped
Attempt = Callable[[Sequence[Case]], Sequence[Result]]


def judge(
    exercise: Exercise,
    answer: tuple[Any, ...],
    seed: int | None = None,
    *,
    more: Sequence[Case] = (),
    attempt: Attempt | None = None,
) -> Verdict:
    """Judge an answer. Without a seed: the visible cases and some generated ones, all shown in the report.

    With a seed, which whoever grades keeps private: only cases generated from it and
    those given as ``more``, and the report shows neither inputs nor expected values.
    ``attempt`` tries the answer elsewhere, in a sandbox; else that happens here.
    """
    unset = (Ellipsis,) if isinstance(exercise, Function) else (Ellipsis, None)
    if not answer or any(value is placeholder for value in answer for placeholder in unset):
        return Verdict(
            exercise, Outcome.NOT_WRITTEN, ["Put your answer where the `...` is, and run its cell first."]
        )
    if isinstance(exercise, Choice):
        return _judge_choice(exercise, answer)
    if isinstance(exercise, Judged):
        problem = _unfit(exercise, answer)
        if problem:
            return Verdict(exercise, Outcome.NOT_YET, [problem])
        cases = [*cases_of(exercise, seed), *more]
        results = attempt(cases) if attempt else list(attempts(exercise, answer, cases, exercise.seconds))
        return _judge_results(exercise, cases, results, hidden=seed is not None)
    raise CourseError(
        f"{exercise.name} is answered in words. Compare yours with solution({exercise.name!r})."
    )


def _judge_choice(exercise: Choice, answer: tuple[Any, ...]) -> Verdict:
    letter = answer[0].strip(" .()").upper() if type(answer[0]) is str else ""
    if letter not in exercise.options:
        letters = ", ".join(f'"{option}"' for option in exercise.options)
        return Verdict(exercise, Outcome.NOT_YET, [f"Expected one of {letters}, got {show(answer[0])}."])
    explanation = exercise.options[letter]
    if letter != exercise.right:
        return Verdict(
            exercise, Outcome.NOT_YET, [f"{letter}: {explanation}"], Mistake(letter, letter, explanation)
        )
    return Verdict(exercise, Outcome.PASS, [line for line in (explanation, exercise.after) if line])


def _unfit(exercise: Judged, answer: tuple[Any, ...]) -> str | None:
    """Say why an answer cannot even be tried; None if it can."""
    if isinstance(exercise, Function):
        if len(answer) != 1:
            return f"Expected one function, got {len(answer)} values."
        if not callable(answer[0]):
            return (
                f"Expected the function itself, as in check({exercise.name!r}, f), without brackets and inputs; "
                f"got {show(answer[0])}."
            )
    if isinstance(exercise, Values):
        if len(answer) != len(exercise.expects):
            return (
                f"Expected {len(exercise.expects)} values, {', '.join(exercise.expects)}, got {len(answer)}."
            )
        for value, (name, shape) in zip(answer, exercise.expects.items(), strict=True):
            numbers = as_numbers(value)
            if numbers is None or numbers.shape != shape or not np.isfinite(numbers).all():
                text = " (text; take the quotes away)" if isinstance(value, str) else ""
                return f"`{name}`: expected {_wanted(shape)}, got {show(value)}{text}."
    return None


def _wanted(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a number"
    return f"{shape[0]} numbers" if len(shape) == 1 else f"an array of numbers of shape {shape}"


def cases_of(exercise: Judged, seed: int | None) -> list[Case]:
    """Return the cases that an answer is tried on: with a seed those generated from it, if there are any."""
    generated = exercise.generate(np.random.default_rng(PUBLIC_SEED if seed is None else seed))
    return [*exercise.cases, *generated] if seed is None or not generated else list(generated)


def attempts(
    exercise: Judged, answer: Any, cases: Sequence[Case], seconds: float | None = None
) -> Iterator[Result]:
    """Try an answer on one case after the other, in ``seconds`` altogether; it ends where the time did.

    Without ``seconds`` it is one of ours, which needs no limit.
    """
    end = time.monotonic() + (seconds or 0)
    for case in cases:
        left = None if seconds is None else max(end - time.monotonic(), 0.01)
        result = weighed(exercise, case, run_safely(lambda copies: exercise.run(answer, copies), case, left))
        yield result
        if isinstance(result.error, OutOfTime | KeyboardInterrupt):
            return


def weighed(exercise: Judged, case: Case, result: Result) -> Result:
    """Return a result with what is compared in place of what the probe returned; an answer's own error stays."""
    if result.error is not None:
        return result
    try:
        with quiet():
            return replace(result, value=exercise.weigh(result.value, case, result.asked))
    except Exception as error:  # what came raw may be anything
        return replace(result, value=None, error=error.with_traceback(None))


def _judge_results(
    exercise: Judged, cases: Sequence[Case], results: Sequence[Result], hidden: bool
) -> Verdict:
    wanted = list(attempts(exercise, exercise.reference, cases))
    note = (
        []
        if limit_is_possible()
        else ["(There is no time limit here: should a check never end, restart Python.)"]
    )
    if any(isinstance(r.error, NotImplementedError) or r.value is Ellipsis for r in results):
        return Verdict(
            exercise,
            Outcome.NOT_WRITTEN,
            ["Write your code in place of the line `raise NotImplementedError`."],
        )
    if exercise.given is not None and _untouched(exercise, cases, results):
        return Verdict(exercise, Outcome.NOT_WRITTEN, ["The code still does what it did when you got it."])
    for case, result, want in zip(cases, results, wanted, strict=False):
        problem = _problem(exercise, result, want)
        if problem:
            mistakes = _known(exercise, cases, results, wanted)
            stopped = result.error is not None and not isinstance(result.error, WrongForm)
            outcome = Outcome.STOPPED if stopped else Outcome.NOT_YET
            lines = _report(case, result, problem, mistakes, hidden)
            return Verdict(exercise, outcome, [*lines, *note], mistakes[0] if mistakes else None)
    if len(results) < len(cases):
        raise ValueError(f"{exercise.name}: {len(cases)} cases, but only {len(results)} results to judge by")
    count = f"{len(cases)} cases are right." if len(cases) > 1 else "Right."
    return Verdict(exercise, Outcome.PASS, [count, *([exercise.after] if exercise.after else []), *note])


def _problem(exercise: Judged, result: Result, want: Result) -> list[str]:
    """Say what is wrong with one result; nothing if it is right."""
    if want.error is not None:
        raise want.error  # the reference itself fails: a fault of the exercise
    if isinstance(result.error, OutOfTime):
        after = [f"It stopped in {result.line}"] if result.line else []
        return [
            f"Your code was still running after {exercise.seconds:g} seconds. Is there a loop that never ends?",
            *after,
        ]
    if isinstance(result.error, WrongForm):
        return [str(result.error)]
    if result.error is not None:
        at = (
            [f"your {result.line}"]
            if result.line
            else ["It happened in the call: has your function these inputs, in this order?"]
        )
        return [*at, _named(result.error), *_advice(result.error)]
    if result.changed:
        names = ", ".join(f"`{name}`" for name in result.changed)
        return [
            f"Your function wrote into its input {names}, which belongs to whoever called it. Work on a copy: "
            "x.copy() or x - d is a new array; x -= d and x[0] = d write into the old one."
        ]
    return _differences(exercise, result.value, want.value)


def _named(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return "SystemExit: your code called exit(). A function gives its result back with `return`."
    if isinstance(error, KeyboardInterrupt):
        return "KeyboardInterrupt: it was stopped by hand."
    try:
        message = str(error)
    except Exception:  # the learner's own exception class may fail at it
        message = ""
    return f"{kind}: {message[:300]}" if message else kind


# errors whose own words do not help a beginner, by a piece of NumPy's message
ADVICE = {
    "truth value of an array": "`if` wants one yes or no, and this is an array of them. "
    "np.where(condition, a, b) chooses element by element.",
    "converted to Python scalars": "math.exp and math.log take one number; np.exp and np.log take whole arrays.",
    "mismatch in its core dimension": "The shapes on both sides of @ do not fit: the last axis on the left must "
    "be as long as the first on the right. Print both shapes.",
    "could not be broadcast together": "The shapes of the two arrays do not fit. Print both.",
    "boolean array indexing assignment": "The mask is missing on the right: high[yes] = middle[yes] takes the same "
    "entries on both sides.",
    "only integer scalar arrays": "np.concatenate wants its pieces in one list, np.concatenate([a, b]); and a plain "
    "list cannot be indexed with an array.",
    "must have same number of dimensions": "One array is a table (N, D), the other has a single axis (N,). "
    "x[:, None] makes a column (N, 1).",
}


def _advice(error: BaseException) -> list[str]:
    try:
        return [f"({text})" for piece, text in ADVICE.items() if piece in str(error)]
    except Exception:  # the learner's own exception class may fail at it
        return []


def _differences(exercise: Judged, got: Any, want: Any) -> list[str]:
    if not isinstance(want, tuple):
        problem = difference(got, want, exercise.tolerance)
        return [problem] if problem else []
    got_parts = _parts(got, len(want))
    if got is None:
        return [str(difference(None, 0, exercise.tolerance))]
    if got_parts is None:
        return [f"Expected {len(want)} results, `return {', '.join(exercise.parts)}`, got {show(got)}."]
    found = []
    for name, part, expected in zip(exercise.parts, got_parts, want, strict=True):
        problem = difference(part, expected, exercise.tolerance)
        if problem:
            found.append(f"{name}: {problem}")
    return found


def _parts(value: Any, count: int) -> Sequence[Any] | None:
    """Return a value as so many parts; None if it does not consist of them."""
    # not an array: a lone array of two weights is not "weights and bias"
    return value if issubclass(type(value), (tuple, list)) and len(value) == count else None


def _known(
    exercise: Judged, cases: Sequence[Case], results: Sequence[Result], wanted: Sequence[Result]
) -> list[Mistake]:
    """Return the known mistakes that were made, the first that fits for each part of the result."""
    found, explained = [], set[int]()
    for mistake in exercise.mistakes:
        parts = _makes(exercise, mistake.answer, cases, results, wanted)
        if parts and not parts & explained:
            found.append(mistake)
            explained |= parts
    return found


def _makes(
    exercise: Judged, wrong: Any, cases: Sequence[Case], results: Sequence[Result], wanted: Sequence[Result]
) -> set[int]:
    """Return the parts that a wrong answer gets wrong if results have just these wrong, on all cases; else none."""
    if len(results) < len(cases):
        return set()
    theirs = list(attempts(exercise, wrong, cases))
    count = len(wanted[0].value) if isinstance(wanted[0].value, tuple) else 1
    parts = {
        i
        for i in range(count)
        if any(not _agree(exercise, t, w, i, count) for t, w in zip(theirs, wanted, strict=True))
    }
    alike = all(_agree(exercise, r, t, i, count) for r, t in zip(results, theirs, strict=True) for i in parts)
    return parts if alike else set()


def right_parts(exercise: Judged, cases: Sequence[Case], results: Sequence[Result]) -> list[str]:
    """Return the parts of the result that are right on all of these cases; none if a case has no result."""
    if len(results) < len(cases) or any(r.error is not None or r.changed for r in results):
        return []
    wanted = list(attempts(exercise, exercise.reference, cases))
    count = len(exercise.parts)
    return [
        name
        for part, name in enumerate(exercise.parts)
        if all(_agree(exercise, r, w, part, count) for r, w in zip(results, wanted, strict=True))
    ]


def _untouched(exercise: Judged, cases: Sequence[Case], results: Sequence[Result]) -> bool:
    """Return whether the results are those of the code as it was given, in every part and on all cases."""
    given = list(attempts(exercise, exercise.given, cases))
    count = len(given[0].value) if isinstance(given[0].value, tuple) else 1
    return len(results) == len(cases) and all(
        _agree(exercise, r, g, i, count) for r, g in zip(results, given, strict=True) for i in range(count)
    )


def _agree(exercise: Judged, one: Result, other: Result, part: int, count: int) -> bool:
    if one.error is not None or other.error is not None:
        return type(one.error) is type(other.error)
    if one.changed != other.changed:
        return False
    if count == 1:
        return _alike(one.value, other.value, exercise.tolerance)
    ones, others = _parts(one.value, count), _parts(other.value, count)
    if ones is None or others is None:
        return ones is others and _alike(one.value, other.value, exercise.tolerance)
    return _alike(ones[part], others[part], exercise.tolerance)


def _alike(one: Any, other: Any, tolerance: float) -> bool:
    if as_numbers(other) is None:
        return type(one) is type(other)
    return same(one, other, tolerance)


def _report(
    case: Case, result: Result, problem: Sequence[str], mistakes: Sequence[Mistake], hidden: bool
) -> list[str]:
    if hidden:
        shapes = ", ".join(f"{name} of shape {np.shape(v)}" for name, v in case.items() if not callable(v))
        lines = [f"A hidden case is not right ({shapes})."]
        lines += problem if result.error else []
    elif not case:  # a prediction: the right number is not given away
        lines = ["That is not it."]
    else:
        lines = [f"for   {name} = {_under(show(value), len(name) + 9)}" for name, value in case.items()]
        lines += problem
    if result.printed and not hidden:
        lines += ["Your function printed:", textwrap.indent(result.printed, "| ")]
    return lines + [f"Hint: {mistake.hint}" for mistake in mistakes]


def _under(text: str, indent: int) -> str:
    """Put the rows of a table under each other."""
    return text.replace("\n", "\n" + " " * indent)


def _wrapped(line: str) -> str:
    """Wrap prose at a page's width; leave tables of numbers as they are."""
    return (
        line if "\n" in line or line.startswith("for   ") else textwrap.fill(line, 72, break_long_words=False)
    )
