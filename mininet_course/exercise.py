"""What an exercise consists of, one class a kind: function, values, choice, written.

A chapter's module in `mininet_course.checks` is a list of these. The text that
the learner reads and the answer that the book shows are in `exercises/sources/`.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


class CourseError(Exception):
    """Something the learner asked for cannot be done; the message says why and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show IPython the message alone."""
        return [str(self)]


class WrongForm(Exception):
    """For a probe: what the learner's function returned cannot be tried; the message says what was expected."""


# a case is the arguments of one call, in order: {"X": array, "bias": 0.5}
Case = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """What every exercise has. ``name`` is the chapter and a number, as in "neuron.4"."""

    name: str
    title: str
    minutes: int
    level: Literal["easy", "medium", "hard"]
    points: int
    hints: Sequence[str]  # two or more, each giving away a little more
    core: bool = False  # one of the five or six that fit into an evening
    after: str = ""  # the word after passing: something to look at, or a question
    vary: Callable[[np.random.Generator], "Varied"] | None = None  # the same exercise with other numbers

    @property
    def number(self) -> int:
        return int(self.name.split(".")[1])

    def variant(self, number: int) -> "Varied":
        """Return the exercise with the numbers of this variant, and what changes in its text; itself if it has none."""
        if not self.vary:
            return {}, self
        # the name is in it, or who shares the numbers of one exercise would share those of all
        return self.vary(np.random.default_rng([number, zlib.crc32(self.name.encode())]))


# each piece of the exercise's text that changes, with what stands there instead; and the exercise that goes with it
Varied = tuple[Mapping[str, str], Exercise]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people really give, and what to say to it.

    It is recognised by the parts of the result that it gets wrong, on all cases: an
    answer that is wrong in the same way everywhere makes this mistake.
    """

    name: str
    answer: Any
    hint: str


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """The usual probe: what the learner's function returns."""
    return function(*arguments)


def as_it_came(raw: Any, case: Case, asked: Sequence[tuple[Any, ...]]) -> Any:
    """The usual weighing: what the probe returned is what is compared."""
    return raw


def nothing_more(rng: np.random.Generator) -> Sequence[Case]:
    """For exercises whose visible cases are all there are, such as the four rows of a table."""
    return []


@dataclass(frozen=True, kw_only=True)
class Judged(Exercise):
    """An exercise judged by what the answer does: ``probe(*answer, *case)`` beside the same for the reference.

    ``probe`` is a small expression beside the answer: call the function, train the class and
    predict, let the three weights vote. It returns what came of it, raw. ``weigh`` makes of that
    what is compared, where no answer can reach: of the raw result, the case, and the arguments with
    which the case's functions were called. If that is a tuple, ``parts`` names what is in it.
    """

    reference: Any
    cases: Sequence[Case]
    generate: Callable[[np.random.Generator], Sequence[Case]] = nothing_more
    mistakes: Sequence[Mistake]
    right: Sequence[Any]  # two answers that look different and must pass
    probe: Callable[..., Any] = call
    weigh: Callable[[Any, Case, Sequence[tuple[Any, ...]]], Any] = as_it_came
    parts: Sequence[str] = ()
    tolerance: float = 1e-5
    seconds: float = 5.0
    given: Any = None  # find the bug: the code as it stands in the learner's notebook

    def run(self, answer: Any, case: Case) -> Any:
        """Apply an answer, one value or a tuple of them, to one case."""
        return self.probe(*as_tuple(answer), *case.values())


@dataclass(frozen=True, kw_only=True)
class Function(Judged):
    """The answer is a function or a class."""


@dataclass(frozen=True, kw_only=True)
class Values(Judged):
    """The answer is numbers, each with its name and shape; whatever behaves rightly is right."""

    expects: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class Choice(Exercise):
    """Predict, then run: one letter is right, and every letter has its explanation."""

    right: str
    options: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Written(Exercise):
    """Answered in words. A person reads it, with the model answer and rubric of the solutions."""


def as_made_with(exercise: Judged, answers: Mapping[str, Any]) -> list[Mistake]:
    """Return the named mistakes of an exercise with what they lead to when its numbers are others.

    A mistake whose hint speaks of the old numbers is not among them.
    """
    hints = {mistake.name: mistake.hint for mistake in exercise.mistakes}
    return [Mistake(name, answer, hints[name]) for name, answer in answers.items()]


def as_tuple(answer: Any) -> tuple[Any, ...]:
    """Return what follows the name in ``check(name, …)``: a tuple stays one, anything else becomes one."""
    return answer if isinstance(answer, tuple) else (answer,)
