"""What the tests of grading share: small notebooks, and a mark that says aloud when bubblewrap is missing."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mininet_course.grading.execution import Ran, Submission
from mininet_course.grading.judging import Question
from mininet_course.grading.pack import EXERCISES

NAMES = {"neuron.4": "sigmoid", "neuron.5": "loss", "neuron.9": "prediction"}
RIGHT = {
    "neuron.4": "def sigmoid(z):\n    return 0.5 * (1 + np.tanh(np.asarray(z) / 2))",
    "neuron.5": "def loss(p, y):\n    return -np.log(np.where(np.asarray(y) == 1, p, 1 - np.asarray(p))).mean()",
    "neuron.9": f'prediction = "{EXERCISES["neuron.9"].right}"',  # type: ignore[attr-defined]
}


needs_sandbox = pytest.mark.usefixtures("walls")


def notebook(answers: Mapping[str, str], after: Sequence[str] = ()) -> dict[str, Any]:
    """Return a notebook with a set-up cell, answers with their checks, and cells of the student's own."""
    cells = [cell("import numpy as np")]
    for name, source in answers.items():
        cells += [cell(source, name, "answer"), cell(f'check("{name}", {NAMES[name]})', name, "check")]
    return {"cells": [*cells, *map(cell, after)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def cell(source: str, name: str = "", role: str = "") -> dict[str, Any]:
    about = {"exercise": {"name": name, "role": role}} if name else {}
    return {"cell_type": "code", "metadata": about, "source": source}


def questions(answers: Mapping[str, str]) -> dict[str, Question]:
    return {name: Question(EXERCISES[name], [NAMES[name]], seed=7) for name in answers}


def grade(
    answers: Mapping[str, str], after: Sequence[str] = (), *, seconds: float = 4, altogether: float = 60
) -> Ran:
    """Run a small notebook in a sandbox, as grading does."""
    with Submission(seconds=seconds, altogether=altogether) as submission:
        return submission.run(notebook(answers, after), questions(answers))


def states(ran: Ran) -> dict[str, str]:
    return {name: judgement.state for name, judgement in ran.judgements.items()}
