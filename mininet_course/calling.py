"""Calls a learner's code so that nothing it does can hurt: time, prints, exits, inputs.

The time limit interrupts Python code, also where a bare ``except:`` swallows the
interrupt. It cannot stop one long operation inside C (a sum over a trillion numbers), nor
a loop that swallows everything twice over: then the notebook hangs until the kernel is
restarted; ``python -m mininet_course check FILE`` stops such a kernel itself. Where there
are no threads (Pyodide, in the browser) there is no limit at all, and reports say so.
"""

import _thread
import contextlib
import copy
import io
import linecache
import os
import signal
import sys
import sysconfig
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from mininet.browser import in_browser
from mininet_course.places import PACKAGES

_KEPT = 400  # characters of what a case printed
_RINGS = 25
_LIBRARIES = tuple(
    str(folder) + os.sep for folder in (*PACKAGES, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
)


class OutOfTime(BaseException):
    """The learner's code ran longer than the limit. No Exception: `except Exception` must not hold it."""


@dataclass(frozen=True)
class Result:
    """What came of one call: a value or an error, and what else was noticed."""

    value: Any = None
    error: BaseException | None = None
    line: str = ""  # of the learner's code, where the error happened
    changed: tuple[str, ...] = ()  # the inputs that the code wrote into
    printed: str = ""
    asked: tuple[tuple[Any, ...], ...] = ()  # with what the functions among the inputs were called


class _Sink(io.TextIOBase):
    """Takes what is printed; keeps the beginning, counts the lines."""

    def __init__(self) -> None:
        self.kept, self.lines = "", 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        if len(self.kept) < _KEPT:
            self.kept += text[: _KEPT - len(self.kept)]
        return len(text)


def run_safely(
    run: Callable[[Mapping[str, Any]], Any], case: Mapping[str, Any], seconds: float | None
) -> Result:
    """Call ``run`` with a copy of the case; return what came of it, whatever that was."""
    asked: list[tuple[Any, ...]] = []
    copies = {name: _copy(value, asked) for name, value in case.items()}
    result = call_safely(lambda: run(copies), seconds)
    return replace(result, changed=changed(case, copies), asked=tuple(asked))


def call_safely(call: Callable[[], Any], seconds: float | None) -> Result:
    """Return what came of a call, whatever that was.

    Warnings and stderr are swallowed (some graders take a warning for a failure);
    of what is printed the beginning is kept.
    """
    sink, error, line, value = _Sink(), None, "", None
    with quiet(), contextlib.redirect_stdout(sink), contextlib.redirect_stderr(_Sink()):
        try:
            value = call() if seconds is None else within(seconds, call)
        except BaseException as problem:  # exit() and interrupts too: a check never raises
            line = _own_line(problem.__traceback__)
            error = problem.with_traceback(None)  # its frames hold the learner's data
    more = f"… ({sink.lines:,} lines)" if sink.lines > 5 else ""
    printed = "\n".join([*sink.kept.splitlines()[:5], *([more] if more else [])])
    return Result(value, error, line, printed=printed)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let neither Python nor NumPy warn."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def changed(case: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of those inputs that are not as they were."""
    return tuple(name for name, value in case.items() if not _equal(value, after.get(name)))


def limit_is_possible() -> bool:
    """Say whether code can be interrupted here: it takes threads, and only the main one is interrupted."""
    return not in_browser() and threading.current_thread() is threading.main_thread()


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """Return ``call()``; raise OutOfTime in it after so many seconds. Works on every system with threads."""
    if not limit_is_possible():
        return call()
    finished, rung, boundary = threading.Event(), threading.Event(), sys._getframe()
    previous, tracer = signal.getsignal(signal.SIGINT), sys.gettrace()

    over = False

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if over:
            return
        if not rung.is_set():  # it was the learner, with the stop button
            raise KeyboardInterrupt
        while frame is not None and frame is not boundary:
            frame.f_trace = _insist
            frame = frame.f_back
        sys.settrace(_insist)
        raise OutOfTime

    def ring() -> None:
        for _ in range(_RINGS):
            if finished.wait(0.2 if rung.is_set() else seconds):
                return
            rung.set()
            _interrupt_main()

    signal.signal(signal.SIGINT, on_interrupt)
    threading.Thread(target=ring, daemon=True).start()
    try:
        try:
            return call()
        finally:
            over = True
    finally:
        over = True
        sys.settrace(tracer)
        finished.set()
        signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)


def _insist(frame: FrameType, event: str, argument: Any) -> Any:
    """A trace function: where `except:` swallowed the interrupt, the handler's own first line raises it again."""
    if event == "line":
        raise OutOfTime
    return None if event == "call" else _insist


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):
        # a real signal also wakes a sleeping thread
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _copy(value: Any, asked: list[tuple[Any, ...]]) -> Any:
    """Return an input for an answer to have: an array of its own, a function that notes with what it is called."""
    if not callable(value):
        return np.array(value) if isinstance(value, np.ndarray) else value

    def noted(*arguments: Any, **named: Any) -> Any:
        asked.append(copy.deepcopy((*arguments, *named.values())))
        return value(*arguments, **named)

    noted.__name__, noted.__doc__ = value.__name__, value.__doc__
    return noted


def _equal(before: Any, after: Any) -> bool:
    if not isinstance(before, np.ndarray):
        return True
    return type(after) is np.ndarray and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")


def _own_line(trace: TracebackType | None) -> str:
    """Return the last line of a traceback that is the learner's own, with its number; "" if there is none."""
    found = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        # an interrupt may come between two lines: then there is no number
        if trace.tb_lineno is not None and not file.startswith((*_LIBRARIES, "<frozen", "<__array")):
            text = linecache.getline(file, trace.tb_lineno, trace.tb_frame.f_globals).strip()
            found = f"line {trace.tb_lineno}: {text}" if text else f"line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
