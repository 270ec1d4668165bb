"""Submissions of every kind, with the exercises that each must lose: for the tests of packs and the benchmark."""

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mininet_course.exercise import Choice, Values, Written
from mininet_course.grading import content, variants
from mininet_course.grading.assign import assign
from mininet_course.grading.content import Notebook, about
from mininet_course.grading.pack import Pack

Notebooks = dict[str, Notebook]  # by file name

EXERCISES = ["neuron.2", "neuron.3", "neuron.4", "neuron.5", "neuron.11", "xor.3"]
POINTS = {"neuron.3": 4.0}
EXTRA = 'CASES = {"neuron.5": [{"p": [0.123456] * 6, "y": [0] * 6}]}\n'

ENDLESS = "while True:\n    pass\n"
KILL = "import os\n\nos._exit(1)\n"
SEGFAULT = "import ctypes\n\nctypes.string_at(0)\n"
MEMORY = "import numpy as np\n\nnp.ones(10**10)\n"  # 80 GB
PRINT = "for number in range(100_000):\n    print(number)\n"


@dataclass(frozen=True)
class Kind:
    """A kind of submission: what it does to right notebooks, and which exercises it must lose."""

    make: Callable[[Notebooks], None]
    loses: tuple[str, ...] = ()
    loses_all: bool = False


def assigned(folder: Path, format: str) -> Pack:
    """Return an assignment that every kind of submission can be made for, with a case of the instructor's own."""
    extra = folder / "mine.py"
    extra.write_text(EXTRA)
    return assign(EXERCISES, folder / "hw1", format=format, points=POINTS, extra=extra, seed=2**100 + 7)


def copied(pack: Pack, folder: Path) -> Pack:
    """Return a copy of an assignment, with all that is in its folder."""
    shutil.copytree(pack.folder, folder / pack.name)
    return replace(pack, folder=folder / pack.name)


def right(pack: Pack, student: str = "") -> Notebooks:
    """Return what a student hands in who has everything right, in words too."""
    notebooks = variants.released(pack, student)
    for notebook in notebooks.values():
        solved = {
            about(cell): cell["source"]
            for chapter in {name.split(".")[0] for name in content.named(notebook)}
            for cell in content.shipped("solutions", chapter)["cells"]
        }
        for cell in notebook["cells"]:
            name, role = about(cell)
            if role == "answer":
                cell["source"] = _own_numbers(pack, name, student) or solved[name, role]
            elif role == "written":
                cell["source"] = "Because each row demands something of the weights, and no weights give it."
    return notebooks


def expected(pack: Pack, kind: Kind) -> dict[str, float]:
    """Return the points that a submission of this kind gets by the checks; words are marked by a person."""
    return {
        name: 0 if kind.loses_all or name in kind.loses else points
        for name, points in pack.points.items()
        if not isinstance(pack.exercise(name), Written)
    }


def of_kind(pack: Pack, kind: Kind, student: str = "") -> Notebooks:
    """Return a submission of a kind."""
    notebooks = variants.released(pack, student) if kind.loses_all else right(pack, student)
    kind.make(notebooks)
    return notebooks


def file(notebook: Notebook) -> bytes:
    """Return a notebook as the bytes of its file."""
    return json.dumps(notebook, indent=1).encode()


def _own_numbers(pack: Pack, name: str, student: str) -> str:
    exercise = pack.exercise(name, student)
    if pack.variant(student) is None or not exercise.vary:
        return ""
    if isinstance(exercise, Choice):
        return f'prediction = "{exercise.right}"'
    assert isinstance(exercise, Values), "a varied function is answered as everybody's"
    return "\n".join(
        f"{n} = {value!r}" for n, value in zip(exercise.expects, exercise.reference, strict=True)
    )


def _cells(notebooks: Notebooks, name: str, role: str = "answer") -> tuple[list[content.Cell], int]:
    """Return the cells of the notebook that holds an exercise, and where in it the wanted one is."""
    for notebook in notebooks.values():
        for at, cell in enumerate(notebook["cells"]):
            if about(cell) == (name, role):
                return notebook["cells"], at
    raise KeyError(name)


def before(name: str, code: str) -> Callable[[Notebooks], None]:
    """Put code above an answer, in its cell."""

    def change(notebooks: Notebooks) -> None:
        cells, at = _cells(notebooks, name)
        cells[at]["source"] = code + cells[at]["source"]

    return change


def inside(name: str, code: str) -> Callable[[Notebooks], None]:
    """Let the answer's function do this, whatever it is called with."""

    def change(notebooks: Notebooks) -> None:
        cells, at = _cells(notebooks, name)
        head = next(line for line in cells[at]["source"].splitlines() if line.startswith("def "))
        body = "".join(f"    {line}\n" for line in code.splitlines())
        cells[at]["source"] = f"{head}\n{body}    return None\n"

    return change


def _duplicated(notebooks: Notebooks) -> None:
    for name, role in (("neuron.4", "answer"), ("neuron.4", "check"), ("neuron.3", "answer")):
        cells, at = _cells(notebooks, name, role)
        cells.insert(at + 1, copy.deepcopy(cells[at]) | {"id": f"copied-{at}"})


def _without_checks(notebooks: Notebooks) -> None:
    for notebook in notebooks.values():
        notebook["cells"] = [cell for cell in notebook["cells"] if about(cell)[1] != "check"]


def _without_setup(notebooks: Notebooks) -> None:
    for notebook in notebooks.values():
        del notebook["cells"][1]


def _answer_deleted(notebooks: Notebooks) -> None:
    cells, at = _cells(notebooks, "neuron.4")
    del cells[at]


def _without_marks(notebooks: Notebooks) -> None:
    """As other editors leave a notebook: no metadata, new ids."""
    for notebook in notebooks.values():
        notebook["metadata"] = {}
        for number, cell in enumerate(notebook["cells"]):
            cell["metadata"], cell["id"] = {}, f"new-{number}"


def _files_renamed(notebooks: Notebooks) -> None:
    for number, name in enumerate(sorted(notebooks)):
        notebooks[f"my homework ({number}).ipynb"] = notebooks.pop(name)


def _function_renamed(notebooks: Notebooks) -> None:
    for role in ("answer", "check"):
        cells, at = _cells(notebooks, "neuron.4", role)
        cells[at]["source"] = cells[at]["source"].replace("sigmoid", "my_sigmoid")


def _retyped(notebooks: Notebooks) -> None:
    cells, at = _cells(notebooks, "neuron.4")
    kept = {key: cells[at][key] for key in ("id", "metadata", "source")}
    cells[at] = {"cell_type": "markdown", **kept}


def _split(notebooks: Notebooks) -> None:
    cells, at = _cells(notebooks, "neuron.4")
    first, rest = cells[at]["source"].rsplit("\n", 1)
    cells[at]["source"] = first
    cells.insert(at + 1, copy.deepcopy(cells[at]) | {"id": "split", "source": rest})


def _answered_below(notebooks: Notebooks) -> None:
    cells, at = _cells(notebooks, "neuron.4")
    answer = cells[at]["source"]
    as_given, there = _cells({"": content.shipped("exercises", "neuron")}, "neuron.4")
    cells[at]["source"] = as_given[there]["source"]
    below = {"cell_type": "code", "id": "below", "metadata": {}, "source": answer}
    cells.insert(at + 2, below | {"outputs": [], "execution_count": None})


def _imports_in_setup(notebooks: Notebooks) -> None:
    cells, at = _cells(notebooks, "neuron.4")
    cells[1]["source"] = "import math\n" + cells[1]["source"]
    cells[at]["source"] = "assert math.pi > 3\n" + cells[at]["source"]


def _wrong(notebooks: Notebooks) -> None:
    """As in the chapter, where it overflows; the other half of the S; the loss that was given."""
    for name, answer in (
        ("neuron.4", "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))"),
        ("neuron.3", "prediction = 0.8808"),
    ):
        cells, at = _cells(notebooks, name)
        cells[at]["source"] = answer


def nothing(notebooks: Notebooks) -> None:
    """Hand in as it is."""


# for an assignment in which neuron.3 to neuron.5 are, with their common numbers
KINDS: Mapping[str, Kind] = {
    "right": Kind(nothing),
    "untouched": Kind(nothing, loses_all=True),
    "partly wrong": Kind(_wrong, ("neuron.3", "neuron.4")),
    "endless in a function": Kind(inside("neuron.5", ENDLESS), ("neuron.5",)),
    "endless in a cell": Kind(before("neuron.5", ENDLESS), ("neuron.5",)),
    "crash in a function": Kind(inside("neuron.5", SEGFAULT), ("neuron.5",)),
    "crash in a cell": Kind(before("neuron.5", KILL), ("neuron.5",)),
    "80 GB in a function": Kind(inside("neuron.5", MEMORY), ("neuron.5",)),
    "80 GB in a cell": Kind(before("neuron.5", MEMORY), ("neuron.5",)),
    "100,000 lines": Kind(before("neuron.5", PRINT)),
    "syntax error": Kind(before("neuron.5", "def (:\n"), ("neuron.5",)),
    "cells duplicated": Kind(_duplicated),
    "checks deleted": Kind(_without_checks),
    "set-up deleted": Kind(_without_setup),
    "answer deleted": Kind(_answer_deleted, ("neuron.4",)),
    "all metadata lost": Kind(_without_marks),
    "files renamed": Kind(_files_renamed),
    "function renamed": Kind(_function_renamed),
    "cell retyped": Kind(_retyped),
    "cell split": Kind(_split),
    "answered below the check": Kind(_answered_below),
    "imports in the set-up": Kind(_imports_in_setup),
}
