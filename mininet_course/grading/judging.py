"""The verdict on one answer: tried in the sandbox, judged out here.

The sandbox is told which exercise and which cases, and says what came of each. What is
right is computed here, by the check that learners use, and never enters the sandbox.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

from mininet_course import engine
from mininet_course.calling import OutOfTime, Result
from mininet_course.engine import Outcome, Verdict
from mininet_course.exercise import Case, CourseError, Exercise, Judged, as_tuple
from mininet_course.grading import wire
from mininet_course.grading.sandbox import Lost, Sandbox

TRIES = 20
REPLY = 10.0  # seconds that an answer may take beyond the exercise's own limit


class ProcessEnded(Exception):
    """The answer ended its process."""


@dataclasses.dataclass(frozen=True)
class Question:
    """What a check in a released notebook asks for: the names that hold the answer, and how it is judged.

    ``seed`` is that of the hidden cases, ``extra`` are the instructor's; ``variant`` is the
    number of the student's own numbers. ``by_parts`` asks which parts are right where not all are.
    """

    exercise: Exercise
    names: Sequence[str]
    seed: int
    extra: Sequence[Case] = ()
    variant: int | None = None
    by_parts: bool = False


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What an answer is worth, and why.

    ``state`` is "right", "partly" (on the cases that students see, but not on the hidden
    ones), "wrong" or "not attempted"; only "right" gets points. ``incident`` is "time" or
    "crash" if the answer had to be ended. ``parts`` are those that are right on all cases, if
    it was asked for.
    """

    state: str
    report: str
    mistake: str = ""
    incident: str = ""
    parts: Sequence[str] = ()


def hidden_seed(seed: int, exercise: Exercise) -> int:
    """Return the seed of an exercise's hidden cases; the assignment's own cannot be found from it.

    Where training is a throw of the dice, a seed could be unlucky for a whole class: it is
    one with which every answer that is known to be right passes.
    """
    for number in range(TRIES):
        digest = hashlib.sha256(f"hidden/{seed}/{exercise.name}/{number}".encode()).digest()
        found = int.from_bytes(digest[:6], "big")
        right = [exercise.reference, *exercise.right] if isinstance(exercise, Judged) else []
        if all(engine.judge(exercise, as_tuple(r), found).outcome is Outcome.PASS for r in right):
            return found
    raise CourseError(f"{exercise.name}: no hidden cases are found that a right answer passes. Leave it out.")


def encoded(cases: Sequence[Case], name: str) -> list[dict[str, Any]]:
    """Return an instructor's cases as they travel; CourseError for one that cannot."""
    made = [{key: wire.encode(value) for key, value in case.items()} for case in cases]
    for case in made:
        for key, value in case.items():
            if isinstance(value, dict) and ("function" in value or "object" in value):
                raise CourseError(
                    f"The extra cases of {name} must be numbers, texts, lists and arrays; "
                    f"{key} is {value['text']}."
                )
    return made


def judge(sandbox: Sandbox, question: Question) -> Judgement:
    """Judge an answer that stands in the sandbox's notebook: on the visible cases, then on hidden and extra ones.

    Raises Lost if the answer brings the notebook down.
    """
    exercise = question.exercise
    rounds: list[tuple[int | None, Sequence[Case]]] = [(None, ()), (question.seed, question.extra)]
    asked = {
        "do": "try",
        "exercise": exercise.name,
        "variant": question.variant,
        "names": list(question.names),
        "rounds": [{"seed": seed, "more": encoded(more, exercise.name)} for seed, more in rounds],
    }
    seconds = exercise.seconds if isinstance(exercise, Judged) else 0.0
    reply = sandbox.ask(asked, len(rounds) * seconds + REPLY)
    try:
        said = reply["said"]
        if said and "missing" in said[0]:
            return _missing(question, said[0]["missing"])
        if not said or len(said[0]["answer"]) != len(question.names):
            return Judgement("wrong", str(Verdict(exercise, Outcome.STOPPED, [ENDED])), incident="crash")
        answer = tuple(wire.decode(made) for made in said[0]["answer"])
        results = [wire.decode_result(made) for made in said[1:]]
        return _judged(question, answer, results, late=reply["late"] is True)
    except (wire.Unreadable, KeyError, TypeError, AttributeError) as problem:
        raise Lost(f"it sent no answer of ours ({problem})") from None


def _judged(question: Question, answer: tuple[Any, ...], results: list[Result], late: bool) -> Judgement:
    """Judge by what came of the visible cases, then of the others, which follow in the same list."""
    exercise, incident = question.exercise, ""
    tried: list[tuple[Sequence[Case], list[Result]]] = []

    def attempt(cases: Sequence[Case]) -> list[Result]:
        nonlocal incident
        mine, results[:] = results[: len(cases)], results[len(cases) :]
        timed_out = any(isinstance(result.error, OutOfTime) for result in mine)
        if len(mine) < len(cases) and not timed_out:
            # fewer results than cases are never a pass
            mine.append(Result(error=OutOfTime() if late else ProcessEnded(ENDED)))
        if len(mine) < len(cases) or timed_out:
            incident = "time" if late or timed_out else "crash"
        tried.append((cases, mine))
        return mine

    verdict, state = engine.judge(exercise, answer, attempt=attempt), "wrong"
    if verdict.outcome is Outcome.PASS and isinstance(exercise, Judged):
        results[:] = map(_silent, results)
        verdict = engine.judge(exercise, answer, question.seed, more=question.extra, attempt=attempt)
        state = "partly"
    if verdict.outcome is Outcome.PASS:
        state = "right"
    elif verdict.outcome is Outcome.NOT_WRITTEN and state == "wrong":
        state = "not attempted"
    parts: Sequence[str] = ()
    if question.by_parts and isinstance(exercise, Judged) and tried and state in ("wrong", "partly"):
        if (
            len(tried) == 1 and not incident
        ):  # wrong on the visible cases: the parts have to hold on the others, too
            attempt([*engine.cases_of(exercise, question.seed), *question.extra])
        parts = _parts(exercise, tried) if not incident else ()
    return Judgement(state, str(verdict), verdict.mistake.name if verdict.mistake else "", incident, parts)


def _parts(exercise: Judged, tried: Sequence[tuple[Sequence[Case], Sequence[Result]]]) -> list[str]:
    """Return the parts of the result that are right on all cases of all rounds."""
    right = [set(engine.right_parts(exercise, cases, results)) for cases, results in tried]
    return [name for name in exercise.parts if all(name in names for names in right)]


def _missing(question: Question, name: object) -> Judgement:
    """Judge an answer that is not there."""
    known = next((n for n in question.names if n == name), question.names[0])
    line = f"`{known}` is not there: the cell that should make it is missing or stopped with an error."
    return Judgement("wrong", str(Verdict(question.exercise, Outcome.STOPPED, [line])))


ENDED = (
    "Your code ended the Python process. It took too much memory or time, called os._exit, or made "
    "the interpreter crash."
)


def _silent(result: Result) -> Result:
    """Return a result without the words that the student's code may have chosen: hidden inputs could be in them."""
    error = result.error
    if error is not None:
        kind = type(error) if type(error).__module__ != wire.__name__ else Exception
        error = kind.__new__(kind)
    return dataclasses.replace(result, error=error, line="", printed="")
