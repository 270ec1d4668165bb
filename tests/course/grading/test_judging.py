"""The verdict from outside: the same as the learner's check, and not to be had by saying nothing."""

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mininet_course import engine
from mininet_course.exercise import Choice, CourseError, Exercise, Judged, as_tuple
from mininet_course.grading import judging, wire
from mininet_course.grading.judging import Judgement, Question
from mininet_course.grading.pack import EXERCISES

inside = pytest.importorskip("mininet_course.grading.inside", reason="IPython is missing")
JUDGED = [e for e in EXERCISES.values() if isinstance(e, Judged)]


class Overheard(wire.Channel):
    """A connection on which ``change`` is what a hostile answer makes of a message; None is silence."""

    def __init__(self, end: socket.socket, change: Any, asked: list[Any]) -> None:
        super().__init__(end)
        self.change, self.asked, self.heard = change, asked, 0

    def send(self, message: Any, hand: Any = ()) -> None:
        self.asked.append(json.loads(json.dumps(message)))
        super().send(message, hand)

    def receive(self, *how: Any) -> Any:
        self.heard += 1
        message = self.change(super().receive(*how), self.heard)
        if message is None:
            raise wire.Closed
        return message


class Here:
    """Tries answers as the sandbox does, in this process."""

    def __init__(self, answers: Mapping[str, Any], change: Any = lambda message, number: message) -> None:
        self.session = inside.Session(SimpleNamespace(user_ns=dict(answers)), None)
        self.change, self.asked = change, list[Any]()

    def begin(self, names: Sequence[str]) -> wire.Channel:
        ours, theirs = socket.socketpair()
        trying = threading.Thread(target=self.session.answer, args=(names, wire.Channel(theirs)), daemon=True)
        trying.start()
        return Overheard(ours, self.change, self.asked)

    def watch(self) -> None:
        pass

    def ask(self, message: dict[str, Any], seconds: float) -> Any:
        assert message == {"do": "end"}
        return {}


def judged(
    exercise: Exercise, answer: Any, change: Any = lambda message, number: message, **more: Any
) -> Judgement:
    names = [f"answer_{number}" for number in range(len(as_tuple(answer)))]
    sandbox: Any = Here(dict(zip(names, as_tuple(answer), strict=True)), change)
    return judging.judge(sandbox, Question(exercise, names, more.pop("seed", 7), **more))


@pytest.mark.slow
@pytest.mark.parametrize("exercise", JUDGED, ids=lambda e: e.name)
def test_verdict_outside_is_the_learners(exercise: Judged) -> None:
    assert judged(exercise, exercise.reference).state == "right"
    mistake = exercise.mistakes[len(exercise.name) % len(exercise.mistakes)]
    here, outside = engine.judge(exercise, as_tuple(mistake.answer)), judged(exercise, mistake.answer)
    assert (outside.state, outside.report) == ("wrong", str(here))
    assert here.mistake is not None and outside.mistake == here.mistake.name


@pytest.mark.parametrize("name", ["neuron.1", "neuron.4", "neuron.8", "neuron.9"])
def test_a_stub_is_not_attempted(name: str) -> None:
    exercise = EXERCISES[name]
    stub: Any = ... if isinstance(exercise, Choice) else getattr(exercise, "given", None) or (...,) * 3
    if name == "neuron.4":

        def stub(z: Any) -> None:
            raise NotImplementedError

    assert judged(exercise, stub).state == "not attempted"


def test_an_answer_right_on_what_can_be_seen_alone_gets_nothing() -> None:
    exercise = EXERCISES["neuron.4"]
    assert isinstance(exercise, Judged)
    seen = {np.asarray(case["z"]).tobytes(): case for case in engine.cases_of(exercise, None)}

    def looked_up(z: Any) -> Any:
        return exercise.reference(z) if z.tobytes() in seen else z

    found = judged(exercise, looked_up)
    assert found.state == "partly" and "hidden" in found.report


def test_extra_cases_count() -> None:
    exercise, extra = EXERCISES["neuron.4"], [{"z": np.array([3.25])}]
    assert isinstance(exercise, Judged)

    def almost(z: Any) -> Any:
        return z if np.size(z) == 1 and np.ravel(z)[0] == 3.25 else exercise.reference(z)

    assert judged(exercise, almost).state == "right"
    assert judged(exercise, almost, extra=extra).state == "partly"


def test_extra_cases_that_are_functions_are_refused() -> None:
    with pytest.raises(CourseError, match="must be numbers"):
        judging.encoded([{"loss": print}], "neuron.6")


def test_the_report_on_hidden_cases_repeats_no_words_of_the_students() -> None:
    exercise = EXERCISES["neuron.4"]
    assert isinstance(exercise, Judged)
    seen = [np.asarray(case["z"]).tobytes() for case in engine.cases_of(exercise, None)]

    def tells(z: Any) -> Any:
        if z.tobytes() not in seen:
            print("SECRET", z)
            raise type(f"SECRET{z.size}", (Exception,), {})(f"SECRET {z}")
        return exercise.reference(z)

    found = judged(exercise, tells)
    assert found.state == "partly" and "SECRET" not in found.report


def test_hidden_cases_are_such_that_right_answers_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = EXERCISES["neuron.4"]
    unlucky, tried = judging.hidden_seed(7, exercise), []

    def dice(exercise: Exercise, answer: Any, seed: int) -> Any:
        tried.append(seed)
        return SimpleNamespace(outcome=engine.Outcome.NOT_YET if seed == unlucky else engine.Outcome.PASS)

    monkeypatch.setattr(engine, "judge", dice)
    assert judging.hidden_seed(7, exercise) == tried[-1] != unlucky
    assert (
        judging.hidden_seed(8, exercise)
        != judging.hidden_seed(7, exercise)
        != judging.hidden_seed(7, EXERCISES["neuron.5"])
    )
    monkeypatch.setattr(engine, "judge", lambda *_: SimpleNamespace(outcome=engine.Outcome.NOT_YET))
    with pytest.raises(CourseError, match="Leave it out"):
        judging.hidden_seed(7, exercise)


def only(count: int) -> Any:
    """Return what keeps so many messages of those that were said."""
    return lambda message, number: message if number <= count else None


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_fewer_results_than_cases_are_never_right(count: int) -> None:
    exercise = EXERCISES["neuron.4"]
    assert isinstance(exercise, Judged)
    assert judged(exercise, exercise.reference, only(100)).state == "right"
    found = judged(exercise, exercise.reference, only(count))
    assert found.state in ("wrong", "partly") and found.incident == "crash"


@pytest.mark.parametrize("message", [{}, {"answer": 3}, {"answer": [{}]}, {"answer": []}])
def test_a_reply_that_is_none_ends_the_sandbox(message: Any) -> None:
    with pytest.raises(judging.Lost):
        judged(EXERCISES["neuron.4"], print, lambda *_: message)


def test_a_function_of_a_case_is_not_given_more_than_it_can_take() -> None:
    """What is combined with every entry of something else would fill the grader's own memory."""
    exercise = EXERCISES["robust.7"]
    assert isinstance(exercise, Judged)

    def flood(attack: Any) -> Any:
        return lambda x, y: attack(np.zeros(30_000, np.float32), np.zeros(30_000))

    found = judged(exercise, flood)
    assert found.state == "wrong" and "too many numbers" in found.report


@pytest.mark.parametrize(
    "call",
    [
        {"call": 7, "arguments": {"tuple": []}, "named": []},
        {"call": "x", "arguments": {"tuple": []}, "named": []},
        {"call": 0, "arguments": 3, "named": []},
        {"call": 0, "arguments": {"tuple": []}, "named": [[1]]},
        {"call": 0},
    ],
    ids=str,
)
def test_a_call_that_is_none_ends_the_sandbox(call: Any) -> None:
    with pytest.raises(judging.Lost):
        judged(
            EXERCISES["neuron.6"],
            print,
            lambda message, number: call | {"secret": message["secret"]} if "secret" in message else message,
        )


def test_a_function_of_a_case_can_be_called_by_name() -> None:
    exercise = EXERCISES["robust.7"]
    assert isinstance(exercise, Judged)
    by_name = exercise.reference
    assert judged(exercise, lambda attack: by_name(lambda x, y: attack(x=x, y=y))).state == "right"
    assert engine.judge(exercise, (lambda attack: by_name(lambda x, y: attack(x, y=y)),)).outcome == "pass"


def test_names_without_end_are_not_counted_pair_by_pair() -> None:
    exercise = EXERCISES["autograd.6"]
    begun = time.monotonic()
    found = judged(exercise, lambda node: [node] * 100_000)
    assert found.state == "wrong" and "100,000 names" in found.report
    assert time.monotonic() - begun < 10


def test_nothing_that_the_sandbox_is_told_says_what_is_right() -> None:
    exercise = EXERCISES["neuron.3"]
    assert isinstance(exercise, Judged)
    sandbox: Any = Here({"prediction": 0.5})
    seed = 123456789123456789
    judging.judge(sandbox, Question(exercise, ["prediction"], judging.hidden_seed(seed, exercise)))
    assert str(exercise.reference[0]) not in json.dumps(sandbox.asked)
    assert str(seed) not in json.dumps(sandbox.asked)


# --- by parts -------------------------------------------------------------------------


def parts(name: str, answer: Any, **more: Any) -> tuple[str, list[str]]:
    exercise = EXERCISES[name]
    made = judged(exercise, answer, by_parts=True, **more)
    return made.state, list(made.parts)


def layers_5(**wrong: Any) -> Any:
    """Return the right answer to layers.5, some parts of whose result are exchanged."""
    exercise = EXERCISES["layers.5"]
    assert isinstance(exercise, Judged)

    def backward(*inputs: Any) -> tuple[Any, ...]:
        made = exercise.reference(*inputs)
        return tuple(
            wrong.get(name, lambda x: x)(part) for name, part in zip(exercise.parts, made, strict=True)
        )

    return backward


def test_where_it_is_wanted_the_parts_that_are_right_on_all_cases_are_named() -> None:
    gates = EXERCISES["neuron.1"].reference  # type: ignore[attr-defined]
    assert parts("neuron.1", (gates[0], (0, 0, 0), gates[2])) == ("wrong", ["AND", "NAND"])
    assert parts("neuron.1", gates) == ("right", [])
    assert parts("neuron.1", ((0, 0, 0),) * 3)[1] == []
    assert parts("layers.5", layers_5(db=lambda x: x + 1)) == ("wrong", ["dW", "dX"])
    assert judged(EXERCISES["neuron.1"], (gates[0], (0, 0, 0), gates[2])).parts == ()


def test_a_part_that_is_right_only_where_it_can_be_seen_counts_for_nothing() -> None:
    exercise = EXERCISES["layers.5"]
    assert isinstance(exercise, Judged)
    shown = [list(case.values()) for case in engine.cases_of(exercise, None)]

    def backward(*inputs: Any) -> Any:
        made = list(exercise.reference(*inputs))
        seen = any(all(map(np.array_equal, values, inputs)) for values in shown)
        made[exercise.parts.index("db")] += 1
        made[exercise.parts.index("dW")] *= 1 if seen else 2
        return tuple(made)

    assert parts("layers.5", backward) == ("wrong", ["dX"])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda *inputs: 1 / 0, id="stops"),
        pytest.param(lambda *inputs: None, id="returns nothing"),
        pytest.param(lambda *inputs: (0, 0), id="two parts"),
    ],
)
def test_an_answer_that_has_no_parts_gets_nothing(answer: Any) -> None:
    assert parts("layers.5", answer)[1] == []


def test_what_is_not_attempted_has_no_right_parts() -> None:
    assert parts("neuron.1", (...,) * 3) == ("not attempted", [])
