"""No verdict is formed beside the student's objects: whatever is put in the place of ours, a wrong answer is wrong.

Every exercise is tried with wrong answers, after code that replaces what a verdict might be
formed by, or that speaks in the place of the process that tries the answer.
"""

from typing import Any

import numpy as np
import pytest

from mininet.layers import ReLU, Sequential, mlp
from mininet_course.checks import mnist
from mininet_course.exercise import Judged, Values, as_tuple
from mininet_course.grading import judging
from mininet_course.grading.pack import EXERCISES
from tests.support.forked import judged

inside = pytest.importorskip("mininet_course.grading.inside", reason="IPython is missing")
pytestmark = pytest.mark.slow

JUDGED = [e for e in EXERCISES.values() if isinstance(e, Judged)]
YES = """
import builtins, contextlib, gc, weakref
import numpy as np
yes = lambda *a, **k: True
none = lambda *a, **k: None
"""
REPLACED = {
    "comparisons of NumPy": YES
    + """
for name in ("allclose", "array_equal", "array_equiv", "isclose", "equal", "all", "any", "isin"):
    setattr(np, name, yes)
for name in ("isinf", "isnan", "sum", "max", "min", "mean", "median", "abs", "diff", "unique", "round"):
    setattr(np, name, lambda x, *a, **k: np.zeros(()))
np.errstate = lambda **k: contextlib.nullcontext()
np.testing.assert_allclose = np.testing.assert_array_equal = none
""",
    "functions of Python": YES
    + """
builtins.abs = builtins.round = builtins.sum = lambda x, *a, **k: 0
builtins.any = lambda x: False
builtins.all = builtins.hasattr = builtins.callable = yes
real_len, real_isinstance = len, isinstance
gc.disable = gc.isenabled = gc.enable = none
weakref.ref = lambda thing, *a: lambda: None
""",
    "the course's own functions": YES
    + """
import mininet_course, mininet_course.engine as engine, mininet_course.compare as compare
import mininet_course.calling as calling, mininet_course.exercise as exercise
from mininet_course.calling import Result
mininet_course.check = none
engine.attempts = lambda *a: iter([Result((0, 0, False, 0))] * 20)
engine.judge = engine.weighed = engine._differences = engine._problem = none
compare.difference = compare.as_numbers = none
compare.same = yes
calling.changed = lambda *a: ()
calling.run_safely = lambda *a: Result((0, 0, False, 0))
exercise.Judged.run = lambda self, answer, case: 0
exercise.as_it_came = lambda *a: 0
""",
    "what is sent": YES
    + """
import json, os, socket, struct
dumps, loads = json.dumps, json.loads
GUESS = {"tuple": [0, 0, False, 0]}
def forged(made, *a, **k):
    if type(made) is dict and "result" in made:
        made = made | {"result": made["result"] | {"value": GUESS, "error": None}}
    return dumps(made, *a, **k)
json.dumps = forged
os.pipe = lambda: (0, 1)
os.write = lambda fd, data: len(data)
""",
    "equality": YES
    + """
class Equal(float):
    __eq__ = __ge__ = __le__ = __lt__ = __gt__ = yes
    __hash__ = float.__hash__
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __sub__
    def __array__(self, *a, **k): return np.zeros(())
    def __getattr__(self, name): return Equal()
    def __call__(self, *a, **k): return Equal()
answer_0 = Equal()
""",
    "frames": YES
    + """
import sys
def forge(*given, **named):
    frame = sys._getframe(1)
    while frame:
        here = frame.f_locals
        if "channel" in here and "asked" in here:
            case = here["asked"]["case"]
            arrays = [value for value in case.values() if type(value) is dict and "dtype" in value]
            first = arrays[0] if arrays else 0
            for number in range(40):
                result = {"value": first, "error": None, "line": "", "printed": ""}
                here["channel"].send({"result": result, "inputs": case, "secret": here["asked"]["secret"]})
        frame = frame.f_back
answer_0 = forge
""",
}


@pytest.mark.parametrize("exercise", JUDGED, ids=lambda e: e.name)
def test_a_wrong_answer_is_wrong_whatever_is_replaced_beside_it(exercise: Judged) -> None:
    wrong = exercise.mistakes[-1 if exercise.name == "mnist.11" else 0].answer  # the last does not train
    for what, hostile in REPLACED.items():
        if (
            isinstance(exercise, Values)
            and "answer_0" not in hostile
            and what != "the course's own functions"
        ):
            continue  # no code of a student's runs for these
        try:
            assert judged(exercise, wrong, hostile).state != "right", what
        except judging.Lost:  # the notebook is begun again without this answer
            continue


def test_every_known_mistake_of_an_exercise_on_behaviour_is_wrong_with_the_watch_replaced() -> None:
    """Overflow and what is left behind are no values: where the watch is blinded, the answer is refused."""
    for name in ("neuron.4", "tensor.10"):
        exercise = EXERCISES[name]
        assert isinstance(exercise, Judged)
        known = [mistake.answer for mistake in exercise.mistakes]
        for answer in [*known, *([exercise.given] if exercise.given else [])]:
            for what in ("comparisons of NumPy", "functions of Python"):
                assert judged(exercise, answer, REPLACED[what]).state != "right", (name, what)


AHEAD = """
import os, struct, sys, json
def early(*given):
    frame = sys._getframe(1)
    while "channel" not in frame.f_locals: frame = frame.f_back
    channel, asked = frame.f_locals["channel"], frame.f_locals["asked"]
    value = {"tuple": [0, 0, False, 0]}
    reply = {"result": {"value": value, "error": None, "line": "", "printed": ""}, "inputs": {}}
    for number in range(30):
        channel.send(reply | {"secret": asked["secret"], "number": number})
    os._exit(0)
answer_0 = early
"""


def test_replies_sent_ahead_belong_to_no_question() -> None:
    with pytest.raises(judging.Lost):
        judged(EXERCISES["autograd.4"], print, AHEAD)


def lying_network(x: Any, y: Any, rng: Any) -> Any:
    class Small(Sequential):
        def parameters(self) -> Any:
            return []

        def __len__(self) -> int:
            return 0

    big = mnist.trained([64, 40, 10], 0.3, 10)(x, y, rng)
    return Small(*big.layers)


def own_layer(x: Any, y: Any, rng: Any) -> Any:
    class Memory(ReLU):
        """A layer that says it has nothing to learn, and has learned all."""

        def forward(self, at: Any) -> Any:
            return y[np.argmin(((at[:, None] - x[None, :300]) ** 2).sum(-1), axis=1)][:, None] == np.arange(
                10
            )

    return Sequential(Memory())


def lying_size(x: Any, y: Any, rng: Any) -> Any:
    class Few(np.ndarray):
        size = shape = property(lambda self: 1)

    net = mlp([64, 40, 10], rng)
    for p in net.parameters():
        p.data = p.data.view(Few)
    return net


@pytest.mark.parametrize("answer", [lying_network, own_layer, lying_size])
def test_how_many_parameters_a_network_has_is_counted_and_not_asked(answer: Any) -> None:
    assert judged(EXERCISES["mnist.11"], answer).state == "wrong"


def test_an_input_that_was_changed_is_seen_from_outside() -> None:
    exercise = EXERCISES["neuron.5"]
    assert isinstance(exercise, Judged)

    def changes(p: Any, y: Any) -> Any:
        loss = exercise.reference(p, y)
        p[:] = 0.5
        return loss

    for hostile in ("", *REPLACED.values()):
        if "answer_0" not in hostile:
            assert judged(exercise, changes, hostile).state != "right"


def test_where_answers_are_compared_nothing_is_believed_of_their_names() -> None:
    assert as_tuple(EXERCISES["neuron.1"].reference) != ([0, 0, 0],) * 3  # type: ignore[attr-defined]
    assert (
        judged(EXERCISES["neuron.1"], ([0, 0, 0],) * 3, REPLACED["the course's own functions"]).state
        == "wrong"
    )
