"""An answer tried in a process of its own, as in the sandbox but without walls, after a student's code has run."""

import os
import signal
import socket
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from mininet_course.exercise import Exercise, as_tuple
from mininet_course.grading import inside, judging, wire
from mininet_course.grading.judging import Judgement, Question


class Forked:
    """Stands for a sandbox: each answer gets a process, in which ``hostile`` runs first."""

    def __init__(self, answers: Mapping[str, Any], hostile: str = "") -> None:
        self.answers, self.hostile, self.child = dict(answers), hostile, 0

    def begin(self, names: Sequence[str]) -> wire.Channel:
        ours, theirs = socket.socketpair()
        self.child = os.fork()
        if self.child == 0:
            try:
                ours.close()
                space: dict[str, Any] = self.answers
                exec(self.hostile, space)
                inside.Session(SimpleNamespace(user_ns=space), None).answer(names, wire.Channel(theirs))  # type: ignore[arg-type]
            finally:
                os._exit(0)
        theirs.close()
        return wire.Channel(ours)

    def watch(self) -> None:
        pass

    def ask(self, message: dict[str, Any], seconds: float) -> Any:
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        return {}


def judged(exercise: Exercise, answer: Any, hostile: str = "", seed: int = 7) -> Judgement:
    """Return the verdict on an answer, reached out here while ``hostile`` did what it could in there."""
    names = [f"answer_{number}" for number in range(len(as_tuple(answer)))]
    sandbox: Any = Forked(dict(zip(names, as_tuple(answer), strict=True)), hostile)
    return judging.judge(sandbox, Question(exercise, names, seed))
