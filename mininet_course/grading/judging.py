"""The verdict on one answer: tried in the sandbox, judged out here.

The sandbox is given one case after the other and says what came of each, raw. Whatever it
says may be forged by the student's code; so a right reply must take what a right answer
takes. What is right is computed here, by the check that learners use, and never goes inside.
"""

import dataclasses
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from mininet_course import calling, engine, probes
from mininet_course.calling import OutOfTime, Result
from mininet_course.engine import Outcome, Verdict
from mininet_course.exercise import Case, CourseError, Exercise, Judged, Values, as_tuple
from mininet_course.grading import wire
from mininet_course.grading.sandbox import Lost, Sandbox

TRIES = 20
MOST = 40_000_000  # bytes that may come of an answer, all its cases together
REPLY = 10.0  # seconds until an answer's process has to speak, or to end
GRACE = 2.0  # seconds after which an answer that does not stop in time is ended


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
    channel = sandbox.begin(question.names)
    try:
        with channel.end:
            return _judged(question, channel, sandbox.watch)
    except (wire.Unreadable, KeyError, TypeError, AttributeError) as problem:
        raise Lost(f"it sent no answer of ours ({problem})") from None
    finally:
        sandbox.ask({"do": "end"}, REPLY)


def _judged(question: Question, channel: wire.Channel, watch: Callable[[], None]) -> Judgement:
    exercise = question.exercise
    try:
        said = channel.receive(REPLY, watch)
    except (wire.Closed, wire.Late):
        return Judgement("wrong", str(Verdict(exercise, Outcome.STOPPED, [ENDED])), incident="crash")
    if "missing" in said:
        return _missing(question, said["missing"])
    if len(said["answer"]) != len(question.names):
        raise wire.Unreadable("another number of values")
    answer = tuple(wire.decode(made) for made in said["answer"])
    hidden, incident = False, ""
    tried: list[tuple[Sequence[Case], list[Result]]] = []

    def attempt(cases: Sequence[Case]) -> list[Result]:
        nonlocal incident
        assert isinstance(exercise, Judged)
        if isinstance(exercise, Values):  # plain numbers: nothing of the student's runs here
            results = list(engine.attempts(exercise, answer, cases))
        else:
            results, incident = _tried(exercise, cases, channel, watch)
        tried.append((cases, results))
        return [_silent(result) for result in results] if hidden else results

    verdict, state = engine.judge(exercise, answer, attempt=attempt), "wrong"
    if verdict.outcome is Outcome.PASS and isinstance(exercise, Judged):
        hidden, state = True, "partly"
        verdict = engine.judge(exercise, answer, question.seed, more=question.extra, attempt=attempt)
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


def _tried(
    exercise: Judged, cases: Sequence[Case], channel: wire.Channel, watch: Callable[[], None]
) -> tuple[list[Result], str]:
    """Return what comes of an answer on one case after the other, up to where it stopped, and why it did."""
    end, results = time.monotonic() + exercise.seconds, list[Result]()
    for case in cases:
        try:
            result = _asked(exercise, case, channel, end, watch)
        except (wire.Late, wire.Closed) as problem:
            # fewer results than cases are never a pass
            late = isinstance(problem, wire.Late)
            return [*results, Result(error=OutOfTime() if late else ProcessEnded(ENDED))], (
                "time" if late else "crash"
            )
        results.append(engine.weighed(exercise, case, result))
        if isinstance(result.error, OutOfTime | KeyboardInterrupt):
            return results, "time" if isinstance(result.error, OutOfTime) else ""
    return results, ""


def _asked(
    exercise: Judged, case: Case, channel: wire.Channel, end: float, watch: Callable[[], None]
) -> Result:
    """Ask for what comes of an answer on one case, and answer meanwhile for the functions in the case.

    Each question has a secret of its own: a reply that was made before it belongs to none.
    """
    secret, functions, asked = secrets.token_hex(16), list[Callable[..., Any]](), list[tuple[Any, ...]]()
    left, room = max(end - time.monotonic(), 0.01), 1000 + 10 * _size(list(case.values()))
    question = {"probe": probes.name_of(exercise.probe), "case": wire.encode_case(case, functions)}
    channel.send(question | {"secret": secret, "seconds": left})
    while True:
        said = channel.receive(max(end - time.monotonic(), 0) + GRACE, watch)
        if said.get("secret") != secret:
            raise wire.Unreadable("an answer to another question")
        if channel.received > MOST:
            raise wire.Unreadable(f"more than {MOST:,} bytes")
        if "call" not in said:
            after = {name: wire.decode(made) for name, made in said["inputs"].items()}
            result = wire.decode_result(said["result"])
            return dataclasses.replace(result, changed=calling.changed(case, after), asked=tuple(asked))
        call, given = _call(functions, said)
        asked.append(given)
        channel.send(_told(call, given, room))


def _call(
    functions: Sequence[Callable[..., Any]], said: Mapping[str, Any]
) -> tuple[Callable[[], Any], tuple[Any, ...]]:
    """Return the call of a function that is asked for from inside, and what it is given; Unreadable if it is none."""
    try:
        arguments = tuple(wire.decode(said["arguments"]))
        named = {str(name): wire.decode(made) for name, made in said["named"]}
        return partial(functions[said["call"]], *arguments, **named), (*arguments, *named.values())
    except (LookupError, TypeError, ValueError):
        raise wire.Unreadable("no call") from None


def _told(call: Callable[[], Any], given: tuple[Any, ...], room: int) -> dict[str, Any]:
    """Return what a function of the case says to what a student's code gave it; that may be anything."""
    try:
        if _size(given) > room:  # arrays that are combined could take all memory out here
            raise ValueError(f"too many numbers: {_size(given):,}, and this case has room for {room:,}")
        with calling.quiet():
            return {"value": wire.encode(call()), "error": None}
    except Exception as error:
        return {"value": None, "error": wire.encode_error(error)}


def _size(value: Any) -> int:
    """Return how many numbers there are in a value."""
    return sum(map(_size, value)) if isinstance(value, list | tuple) else int(np.size(value))


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
