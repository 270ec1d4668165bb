"""Nothing handed to an answer leads to what is right, by closures, defaults, globals, frames or the collector.

In a real sandbox an answer searches everything that it can reach, in every exercise that hands
something over; outside it is compared with what the reference says and is made of.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mininet_course import engine
from mininet_course.compare import as_numbers
from mininet_course.exercise import Function, Judged, call
from mininet_course.grading import judging
from mininet_course.grading.pack import EXERCISES
from mininet_course.grading.sandbox import Sandbox
from tests.support.sandboxed import needs_sandbox

pytestmark = [needs_sandbox, pytest.mark.slow]
# more than numbers is handed over by a probe of its own, or with a function among the inputs
FUNCTIONS = [
    e
    for e in EXERCISES.values()
    if isinstance(e, Function) and (e.probe is not call or any(map(callable, e.cases[0].values())))
]

SEARCH = """
import gc, json, sys, types
import numpy as np

def reached(*starts):
    "Everything that can be reached from these by closures, defaults, globals, attributes, items and frames."
    seen, waiting = {}, list(starts)
    while waiting and len(seen) < 30_000:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (types.ModuleType, str, bytes)): continue
        seen[id(thing)] = thing
        if isinstance(thing, types.FunctionType):
            waiting += [thing.__closure__, thing.__defaults__, thing.__kwdefaults__, thing.__globals__, thing.__dict__]
        elif isinstance(thing, types.CellType):
            try: waiting.append(thing.cell_contents)
            except ValueError: pass
        elif isinstance(thing, types.MethodType): waiting += [thing.__self__, thing.__func__]
        elif isinstance(thing, types.FrameType): waiting += [thing.f_locals, thing.f_globals, thing.f_back]
        elif isinstance(thing, dict): waiting += thing.values()
        elif isinstance(thing, (list, tuple, set, frozenset)): waiting += thing
        else:
            if hasattr(thing, "__dict__"): waiting.append(dict(vars(thing)))
            waiting.append(type(thing))
    return seen.values()

class Found(Exception): pass

def search(*given, **named):
    gc.unfreeze()  # what was loaded beforehand
    functions, numbers = set(), []
    for thing in gc.get_objects():
        code = getattr(thing, "__code__", None)
        if isinstance(code, types.CodeType): functions.add(code.co_filename)
    for thing in reached(given, named, sys._getframe()):
        if isinstance(thing, types.FunctionType): functions.add(thing.__code__.co_filename)
        if type(thing) in (float, np.ndarray, np.float64):
            try: numbers.append(np.asarray(thing, dtype=float).ravel().tolist()[:50])
            except (TypeError, ValueError): pass
    loaded = [name for name in sys.modules if name.startswith("mininet_course.checks")]
    with open("/tmp/found", "w") as file: json.dump([sorted(functions), loaded, numbers], file)
    raise Found
"""


@pytest.fixture(scope="module")
def searching() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.open()
        reply = sandbox.ask({"do": "run", "source": SEARCH, "seconds": 10}, 20)
        assert reply["outputs"] == []
        yield sandbox


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_what_is_handed_to_an_answer_does_not_lead_to_what_is_right(
    exercise: Function, searching: Sandbox
) -> None:
    case = exercise.generate(np.random.default_rng(5))[0]
    functions, loaded, numbers = found(exercise, case, searching)
    assert any("/probes/" in file for file in functions), "nothing was searched"
    assert not [file for file in functions if "/checks/" in file]
    assert loaded == []
    (want,) = engine.attempts(exercise, exercise.reference, [case])
    for part in want.value if isinstance(want.value, tuple) else (want.value,):
        right = as_numbers(part)
        if right is not None and right.size > 1 and np.ptp(right) > 0 and not is_given(right, case):
            assert not [n for n in numbers if np.array_equal(n, right.ravel()[:50])]


def is_given(right: Any, case: Any) -> bool:
    """Say whether a right result is an input as it came, and so in the answer's hands anyway."""
    given = [numbers.ravel() for value in case.values() if (numbers := as_numbers(value)) is not None]
    return any(np.array_equal(right.ravel(), numbers) for numbers in given)


def found(exercise: Judged, case: Any, sandbox: Sandbox) -> Any:
    """Return what the searching answer has found."""
    channel = sandbox.begin(["search"])
    with channel.end:
        channel.receive(10)
        result = judging._asked(exercise, case, channel, time.monotonic() + 20, sandbox.watch)
    sandbox.ask({"do": "end"}, 10)
    assert type(result.error).__name__ == "Found", result
    read = "import os; print(open('/tmp/found').read()); os.remove('/tmp/found')"
    (output,) = sandbox.ask({"do": "run", "source": read, "seconds": 10}, 20)["outputs"]
    return json.loads(output["text"])


def test_thresholds_that_are_asked_for_are_not_handed_over(searching: Sandbox) -> None:
    """The search would find them: it finds what is in a closure."""
    exercise = EXERCISES["adversarial.9"]
    assert isinstance(exercise, Function)
    case = exercise.generate(np.random.default_rng(5))[0]
    thresholds = case["fooled"].thresholds.tolist()
    assert thresholds not in found(exercise, case, searching)[2]
    assert thresholds in found(exercise, {**case, "largest": case["fooled"].thresholds}, searching)[2]
