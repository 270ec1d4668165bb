"""What crosses the sandbox's wall: values arrive as they were, and whatever else comes is refused."""

import json
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mininet_course.calling import OutOfTime, Result
from mininet_course.exercise import Judged, WrongForm
from mininet_course.grading import wire
from mininet_course.grading.pack import EXERCISES

VALUES = [
    None,
    True,
    3,
    -2.5,
    float("inf"),
    "a text",
    Ellipsis,
    (1, [2.0, None], ()),
    np.arange(6).reshape(2, 3),
    np.array(0.25, np.float32),
    np.float32(0.1),
    np.array([True, False]),
    np.zeros((0, 3)),
    np.array(["x", "yz"]),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_arrive_as_they_were(value: Any) -> None:
    got = wire.decode(wire.parse(wire.pack({"value": wire.encode(value)})[4:])["value"])
    assert type(got) is type(value)
    if isinstance(value, np.ndarray):
        assert got.dtype == value.dtype and got.shape == value.shape
    assert np.array_equal(got, value) if isinstance(value, np.ndarray) else got == value


def test_nan_arrives() -> None:
    assert np.isnan(wire.decode(wire.encode(float("nan"))))


class Liar:
    """Equal to everything, and an array if asked."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __array__(self, *arguments: Any) -> Any:
        return np.ones(3)

    def __repr__(self) -> str:
        return "three ones"


@pytest.mark.parametrize("value", [Liar(), {1: 2}, 1 << 70, np.array([Liar()], dtype=object)], ids=repr)
def test_of_other_values_only_their_text_arrives(value: Any) -> None:
    got = wire.decode(wire.encode(value))
    assert isinstance(got, wire.Opaque) and type(got).__name__ == type(value).__name__
    assert not np.array_equal(got, 1)


def test_a_subclass_arrives_as_the_plain_thing() -> None:
    class Text(str):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    class Numbers(np.ndarray[Any, Any]):
        pass

    assert type(wire.decode(wire.encode(Text("A")))) is str
    assert type(wire.decode(wire.encode(np.ones(2).view(Numbers)))) is np.ndarray


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("key"),
        OutOfTime(),
        WrongForm("so"),
        SystemExit(3),
        np.linalg.LinAlgError("s"),
    ],
    ids=repr,
)
def test_errors_of_known_kinds_arrive_as_themselves(error: BaseException) -> None:
    got = wire.decode_result(wire.encode_result(Result(error=error))).error
    assert type(got) is type(error) and str(got) == str(error)


def test_a_students_own_error_arrives_by_name_and_nearest_kind() -> None:
    class Mine(ValueError):
        pass

    got = wire.decode_result(wire.encode_result(Result(error=Mine("so")))).error
    assert isinstance(got, ValueError) and type(got).__name__ == "Mine" and str(got) == "so"


def test_functions_stay_outside_and_can_be_called() -> None:
    secret = np.array([3.0, 4.0])

    def scaled(x: Any) -> Any:
        """not for the inside"""
        return secret * x

    shared = np.arange(3.0)
    case = {"f": scaled, "tree": {"a": shared, "b": [shared, (1, "x", None)]}, "n": 3}
    functions: list[Any] = []
    made = json.loads(json.dumps(wire.encode_case(case, functions)))
    assert functions == [scaled] and "4.0" not in str(made)
    got = wire.decode_case(made, lambda number, given, named: functions[number](*given, **named))
    assert got["f"](2).tolist() == got["f"](x=2).tolist() == [6, 8] and got["f"].__doc__ is None
    assert got["tree"]["a"] is got["tree"]["b"][0] and got["tree"]["b"][1] == (1, "x", None)


@pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES.values() if isinstance(e, Judged)], ids=lambda e: e.name
)
def test_every_case_goes_in_as_it_is(exercise: Judged) -> None:
    for case in [*exercise.cases, *exercise.generate(np.random.default_rng(2))]:
        functions: list[Any] = []
        made = json.loads(json.dumps(wire.encode_case(case, functions)))
        got = wire.decode_case(made, lambda number, given, named, there=functions: there[number])
        assert alike(got, dict(case)), exercise.name


def alike(got: Any, sent: Any) -> bool:
    if callable(sent):
        return callable(got) and got() is sent
    if isinstance(sent, dict):
        return list(got) == list(sent) and all(alike(got[name], sent[name]) for name in sent)
    if isinstance(sent, list | tuple):
        return type(got) is type(sent) and all(map(alike, got, sent))
    same = np.array_equal(got, sent) if isinstance(sent, np.ndarray) else got == sent
    return type(got) is type(sent) and bool(same)


HOSTILE = [
    {"dtype": "|O", "shape": [1], "data": "AAAAAAAAAAA="},
    {"dtype": "<f8,<f8", "shape": [1], "data": "AAAAAAAAAAA="},
    {"dtype": "<f8", "shape": [10**12], "data": "AAAAAAAAAAA="},
    {"dtype": "<f8", "shape": [0, 10**12], "data": ""},
    {"dtype": "<f8", "shape": [10**6, 0, 10**6], "data": ""},
    {"dtype": "<f8", "shape": [-1], "data": "AAAAAAAAAAA="},
    {"dtype": "<f8", "shape": [1], "data": "import os"},
    {"dtype": "<f8", "shape": "x", "data": "AAAAAAAAAAA="},
    {"dtype": 8, "shape": [1], "data": "AAAAAAAAAAA="},
    {"tuple": 3},
    {"list": [[1]]},
    {},
    [1, 2],
    "text",
]


@pytest.mark.parametrize("made", HOSTILE, ids=repr)
def test_what_is_no_value_is_refused(made: Any) -> None:
    with pytest.raises(wire.Unreadable):
        wire.decode(made)


RESULT = wire.encode_result(Result())


@pytest.mark.parametrize("made", [None, 3, {}, {"value": 1}, RESULT | {"error": {"known": "exec"}}])
def test_what_is_no_result_is_refused(made: Any) -> None:
    with pytest.raises(wire.Unreadable):
        wire.decode_result(made)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, wire.Channel]]:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, wire.Channel(ours)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 2**32 - 1),
        struct.pack(">I", 4) + b"nope",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 100_000) + b"[" * 100_000,
    ],
    ids=["4 GB", "no JSON", "no message", "deep"],
)
def test_what_is_no_message_is_refused(ends: tuple[socket.socket, wire.Channel], data: bytes) -> None:
    theirs, channel = ends
    theirs.sendall(data)
    with pytest.raises(wire.Unreadable):
        channel.receive(5)


@pytest.mark.parametrize("takes", [False, True])
def test_descriptors_are_taken_inside_only(takes: bool) -> None:
    """Whoever took them from inside would run out of them."""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        channel = wire.Channel(ours, takes)
        wire.Channel(theirs).send({"x": 1}, [theirs.fileno()])
        assert channel.receive(5) == {"x": 1}
        assert len(channel.handed) == takes
        for number in channel.handed:
            os.close(number)


def test_a_message_that_never_ends_is_late(ends: tuple[socket.socket, wire.Channel]) -> None:
    theirs, channel = ends
    theirs.sendall(struct.pack(">I", 10) + b"{")
    with pytest.raises(wire.Late):
        channel.receive(0.3)


def test_a_closed_end_is_noticed(ends: tuple[socket.socket, wire.Channel]) -> None:
    theirs, channel = ends
    theirs.close()
    with pytest.raises(wire.Closed):
        channel.receive(5)


def test_half_a_character_becomes_one_that_a_file_can_hold() -> None:
    error = wire.encode_error(ValueError("a\ud800"))
    made = RESULT | {"error": error, "line": "\ud800", "printed": "\udfff"}
    result = wire.decode_result(json.loads(json.dumps(made)))
    said = (result.line, result.printed, str(result.error), wire.decode({"text": "\ud800"}))
    assert said == ("?", "?", "a?", "?")
