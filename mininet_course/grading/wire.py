"""How values cross the sandbox's wall: as JSON and raw numbers, never as code.

Functions among the inputs do not cross: what is inside can call them, and they run outside.

What comes from inside was made by a process that runs a stranger's code, so everything is
checked when it is read, and nothing in it is ever called, imported or unpickled.
"""

import base64
import builtins
import contextlib
import json
import math
import re
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mininet_course import calling, exercise
from mininet_course.calling import Result
from mininet_course.compare import show

LARGEST = 8_000_000  # bytes of one message
WATCH = 0.2  # seconds
_VALUES = 200_000  # numbers and texts in one message that are no array's
_TEXT = 2000  # characters
_DTYPE = re.compile(r"[<>|=](?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[US][0-9]{1,4})")
_KNOWN = {
    kind.__name__: kind
    for place in (builtins, np.linalg, np.exceptions, calling, exercise)
    for kind in vars(place).values()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, BaseExceptionGroup)  # which cannot be made without its members
}


class Unreadable(Exception):
    """What came from inside is no message of ours."""


class Closed(Exception):
    """The other side has gone."""


class Late(Exception):
    """No message came in time."""


class Channel:
    """One end of the only connection between a sandbox and the outside: whole messages, each with its length."""

    def __init__(self, end: socket.socket, takes: bool = False) -> None:
        """``takes`` says whether descriptors are taken that come with messages; from inside none ever are."""
        self.end, self.takes = end, takes
        self.handed: list[int] = []
        self.received = 0  # bytes

    def send(self, message: Mapping[str, Any], hand: Sequence[int] = ()) -> None:
        """Send a message, and descriptors with it; Closed if nobody is there."""
        data = pack(message)
        try:
            self.end.settimeout(10)
            sent = socket.send_fds(self.end, [data], list(hand)) if hand else 0
            self.end.sendall(data[sent:])
        except OSError:
            raise Closed from None

    def receive(
        self, seconds: float | None = None, watch: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Return the next message; Late after ``seconds``. While it waits it calls ``watch`` a few times a second."""
        until = math.inf if seconds is None else time.monotonic() + seconds
        watched = time.monotonic()
        data, count = bytearray(), 4
        while len(data) < count:
            now = time.monotonic()
            if now > until:
                raise Late
            if now > watched + WATCH:
                watch()
                watched = now
            try:
                self.end.settimeout(WATCH)
                piece = self._piece(min(count - len(data), 1 << 20))
            except TimeoutError:
                continue
            except OSError:
                raise Closed from None
            self.received += len(piece)
            if not piece:
                raise Closed
            data += piece
            if len(data) == 4 == count:
                count += struct.unpack(">I", data)[0]
                if count > LARGEST:
                    raise Unreadable(f"a message of {count:,} bytes")
        return parse(bytes(data[4:]))

    def _piece(self, most: int) -> bytes:
        if not self.takes:
            return self.end.recv(most)
        piece, handed, _, _ = socket.recv_fds(self.end, most, 1)
        self.handed += handed
        return piece


def pack(message: Mapping[str, Any]) -> bytes:
    """Return a message as it travels."""
    data = json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data


def parse(data: bytes) -> dict[str, Any]:
    """Return the message in these bytes; Unreadable if it is none."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    if not isinstance(message, dict):
        raise Unreadable("no message")
    return message


class Opaque:
    """Stands for a value that does not travel: it has its type's name and its text, and does nothing."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class OpaqueFunction(Opaque):
    """Stands for a function, or whatever could be called."""

    def __init__(self, text: str, name: str, about: str) -> None:
        super().__init__(text)
        self.__name__, self.__doc__ = name, about

    def __call__(self) -> None:
        raise TypeError("It runs in the sandbox only.")


def encode(value: Any) -> Any:
    """Return a value as JSON can hold it: numbers, texts, arrays, lists and tuples; the rest by its name only.

    >>> encode((1, True, np.array([0.5])))
    {'tuple': [1, True, {'dtype': '<f8', 'shape': [1], 'data': 'AAAAAAAA4D8='}]}
    """
    return _encode(value, [_VALUES])


def _encode(value: Any, left: list[int], depth: int = 0) -> Any:
    kind = type(value)
    left[0] -= 1
    if value is None or kind is bool or kind is float:
        return value
    if kind is int and abs(value) < 1 << 63:
        return value
    if value is Ellipsis:
        return {"ellipsis": True}
    if issubclass(kind, str):
        return {"text": str(value)[:_TEXT]}
    if issubclass(kind, np.ndarray | np.generic):
        array = np.array(value)
        if _DTYPE.fullmatch(array.dtype.str) and array.nbytes < LARGEST // 4:
            data = base64.b64encode(array.tobytes()).decode()
            made = {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}
            return made | {"scalar": True} if issubclass(kind, np.generic) else made
    elif issubclass(kind, list | tuple) and depth < 8 and len(value) < left[0]:
        items = [_encode(item, left, depth + 1) for item in value]
        return {"tuple" if issubclass(kind, tuple) else "list": items}
    elif callable(value):
        name, about = (str(getattr(value, key, None) or "")[:_TEXT] for key in ("__name__", "__doc__"))
        return {"function": name, "about": about, "text": show(value)[:_TEXT]}
    return {"object": kind.__name__, "text": show(value)[:_TEXT]}


def decode(made: Any) -> Any:
    """Return the value that ``encode`` was given, as far as it travelled; Unreadable if this cannot be one.

    >>> decode(encode((1, True, np.array([0.5]))))
    (1, True, array([0.5]))
    """
    try:
        return _decode(made)
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError):
        raise Unreadable("no value") from None


def _decode(made: Any) -> Any:
    if made is None or isinstance(made, bool | int | float):
        return made
    if "ellipsis" in made:
        return Ellipsis
    if "tuple" in made:
        return tuple(_decode(item) for item in list(made["tuple"]))
    if "list" in made:
        return [_decode(item) for item in list(made["list"])]
    if "dtype" in made:
        return _array(made)
    text = _text(made["text"])
    if "function" in made:
        return OpaqueFunction(text, _text(made["function"]), _text(made["about"]))
    return type(_name(made["object"]), (Opaque,), {})(text) if "object" in made else text


def _array(made: Mapping[str, Any]) -> Any:
    if not _DTYPE.fullmatch(made["dtype"]):
        raise ValueError("dtype")
    # frombuffer never takes more memory than what has come
    flat = np.frombuffer(base64.b64decode(made["data"], validate=True), np.dtype(made["dtype"]))
    shape = [int(n) for n in made["shape"]]
    # an array without numbers may still be endless along an axis, and a sum over the other one is not empty
    if min(shape, default=0) < 0 or math.prod(max(n, 1) for n in shape) > LARGEST:
        raise ValueError("shape")
    array = flat.reshape(shape).copy()
    return array[()] if made.get("scalar") else array


# how a function of a case is called from inside: by its number, with what it is given in order and by name
Ask = Callable[[int, tuple[Any, ...], dict[str, Any]], Any]


def encode_case(case: Mapping[str, Any], functions: list[Callable[..., Any]]) -> dict[str, Any]:
    """Return a case as it goes in. Its functions stay where they are, in ``functions``; inside they can be called."""
    return {name: _encode_input(value, functions, {}) for name, value in case.items()}


def _encode_input(value: Any, functions: list[Callable[..., Any]], seen: dict[int, int]) -> Any:
    if isinstance(value, Mapping):
        return {"dict": [[key, _encode_input(item, functions, seen)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [_encode_input(item, functions, seen) for item in value]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if isinstance(value, np.ndarray):
        if id(value) in seen:  # one array in two places is one inside, too
            return {"again": seen[id(value)]}
        seen[id(value)] = len(seen)
    elif callable(value):
        functions.append(value)
        return {"call": len(functions) - 1, "name": value.__name__}
    return encode(value)


def decode_case(made: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """Return a case; its functions call ``ask`` with their number and what they were given."""
    return {name: _decode_input(value, ask, []) for name, value in made.items()}


def _decode_input(made: Any, ask: Ask, seen: list[Any]) -> Any:
    kind = next(iter(made)) if isinstance(made, dict) else ""
    if kind == "dict":
        return {key: _decode_input(item, ask, seen) for key, item in made["dict"]}
    if kind in ("list", "tuple"):
        items = [_decode_input(item, ask, seen) for item in made[kind]]
        return tuple(items) if kind == "tuple" else items
    if kind == "again":
        return seen[made["again"]]
    if kind == "call":
        return _asking(made["call"], made["name"], ask)
    value = decode(made)
    if isinstance(value, np.ndarray):
        seen.append(value)
    return value


def _asking(number: int, name: str, ask: Ask) -> Callable[..., Any]:
    def asking(*arguments: Any, **named: Any) -> Any:
        return ask(number, arguments, named)

    asking.__name__ = name
    return asking


def encode_result(result: Result) -> dict[str, Any]:
    """Return what came of one call, as JSON can hold it."""
    return {
        "value": encode(result.value),
        "error": None if result.error is None else encode_error(result.error),
        "line": result.line[:_TEXT],
        "printed": result.printed[:_TEXT],
    }


def decode_result(made: Any) -> Result:
    """Return what came of one call; Unreadable if this is no such thing."""
    try:
        return Result(
            value=decode(made["value"]),
            error=None if made["error"] is None else decode_error(made["error"]),
            line=_text(made["line"]),
            printed=_text(made["printed"]),
        )
    except (KeyError, TypeError, ValueError):
        raise Unreadable("no result") from None


def encode_error(error: BaseException) -> dict[str, Any]:
    """Return an error by the nearest of its classes that the outside knows."""
    kind = type(error)
    try:
        text = str(error)
    except Exception:  # the student's own exception class may fail at it
        text = ""
    known = next(c.__name__ for c in kind.__mro__ if _KNOWN.get(c.__name__) is c)
    return {"name": kind.__name__, "known": known, "text": text[:_TEXT]}


def decode_error(made: Mapping[str, Any]) -> BaseException:
    """Return an error of a class that the outside knows, with its words."""
    base = _KNOWN[str(made["known"])]
    text = _text(made["text"])
    if base.__name__ == made["name"]:
        with contextlib.suppress(Exception):  # some want more than a text
            plain: BaseException = base(_Said(text))
            if str(plain) == text:
                return plain
    named = type(_name(made["name"]), (base,), {"__str__": lambda self: text, "__init__": lambda self: None})
    unnamed: BaseException = named()
    return unnamed


def _text(made: Any) -> str:
    """Return a text that can be written to a file: half a character, which JSON can hold, cannot."""
    return str(made)[:_TEXT].encode(errors="replace").decode()


class _Said(str):
    """A text without quotes: a KeyError shows the repr of what it is given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _name(name: Any) -> str:
    return str(name)[:60] if str(name).isidentifier() else "object"
