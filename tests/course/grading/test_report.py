"""What an instructor is shown after grading: what is worth a look, and where the class failed."""

import csv
from pathlib import Path
from typing import Any

import pytest

from mininet_course.grading import statistics
from mininet_course.grading.judging import Judgement
from mininet_course.grading.pack import Pack
from mininet_course.grading.records import Record
from mininet_course.grading.scan import scan


def notebook(*sources: str) -> dict[str, Any]:
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return {"cells": cells, "metadata": {}}


GIVEN = "import numpy as np\nimport sys\nfrom mininet_course import check, solution"


def remarks(source: str) -> list[str]:
    return scan(notebook(GIVEN, source), notebook(GIVEN))


@pytest.mark.parametrize(
    ("source", "remark"),
    [
        ("import os", "imports os"),
        ("from subprocess import run", "imports subprocess"),
        ("def f():\n    import ctypes.util", "cell 2, line 2: imports ctypes.util"),
        ("from mininet_course.checks import neuron", "where the answers are"),
        ("import mininet_course.checks.neuron as n", "where the answers are"),
        ("np.allclose = lambda *a: True", "replaces np.allclose"),
        ("import mininet_course as c\nc.check = print", "replaces c.check"),
        ("del np.abs", "replaces np.abs"),
        ("eval('1')", "calls eval()"),
        ("solution('neuron.4')", "shows the solution"),
        ("class A:\n    def __eq__(self, other): return True", "defines __eq__"),
        ("f.__globals__", "looks at __globals__"),
        ("x = 1\n%run other.py", "cell 2, line 2: commands %run other.py"),
        ("import os\n!ls", "commands !ls"),
        ("import os\n!ls", "imports os"),
        ("here = %pwd\nimport os", "calls get_ipython()"),
        ("here = %pwd\nimport os", "cell 2, line 2: imports os"),
        ("files = !ls\nnp.abs = 1", "replaces np.abs"),
        ("np.mean?\nimport os", "imports os"),
        ("?np.mean\nimport os", "imports os"),
        ("from mininet_course import CHAPTERS", "where the answers are"),
        ("import mininet_course as c", "where the answers are"),
        ("getattr(m, 'checks').CHAPTERS", "calls getattr()"),
        ("np.linalg.norm = abs", "replaces np.linalg.norm"),
        ("n = np\nn.linalg.norm = abs", "replaces n.linalg.norm"),
        ("class A:\n    __eq__ = lambda self, other: True", "defines __eq__"),
        ("s = solution\ns('neuron.4')", "shows the solution"),
    ],
)
def test_what_is_worth_a_look_is_named_with_its_line(source: str, remark: str) -> None:
    assert any(remark in found for found in remarks(source))


@pytest.mark.parametrize(
    "source",
    [
        "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))",
        "import math\nimport sys",  # the second stands in the given cells
        "from mininet.neuron import Neuron\nn = Neuron([0, 0])\nn.w = 3",
        "check('neuron.4', f)",
        "from mininet_course import check, hint, progress, solution",
        "solution = np.linalg.solve(A, b)\nprint(solution)",
        "def f(:",
    ],
)
def test_honest_work_is_not_remarked_on(source: str) -> None:
    assert remarks(source) == []


def test_given_cells_are_not_scanned() -> None:
    assert scan(notebook("import os"), notebook("import os")) == []


@pytest.fixture
def graded(tmp_path: Path) -> tuple[Pack, list[Record]]:
    points = {"neuron.4": 3.0, "neuron.5": 2.0, "neuron.11": 3.0}
    pack = Pack(folder=tmp_path, name="hw1", format="zip", points=points, seed=1)
    kinds = [
        Judgement("right", ""),
        Judgement("right", ""),
        Judgement("wrong", "", "exp(z)"),
        Judgement("wrong", "", "tanh"),
        Judgement("wrong", "", "tanh"),
        Judgement("partly", ""),
        Judgement("not attempted", ""),
        Judgement("wrong", "", incident="time"),
    ]
    both = [{"neuron.4": kind, "neuron.5": kinds[0]} for kind in kinds]
    return pack, [Record(f"student-{n}", "", judgements) for n, judgements in enumerate(both)]


def test_table_counts_states_and_mistakes(graded: tuple[Pack, list[Record]]) -> None:
    first, second = statistics.table(*graded)
    assert first.counts == {"right": 2, "partly": 1, "wrong": 4, "not attempted": 1}
    assert first.mistakes == [("tanh", 2), ("exp(z)", 1)] and first.common == "tanh (2)"
    assert first.ended == 1
    assert second.counts["right"] == 8 and second.common == ""


def test_table_is_readable(graded: tuple[Pack, list[Record]]) -> None:
    head, first, second = statistics.lines(statistics.table(*graded))
    assert head.endswith("right  partly  wrong  not attempted  most common mistake")
    assert first.split() == ["neuron.4", "2", "1", "4", "1", "tanh", "(2)"]
    assert second.split() == ["neuron.5", "8", "0", "0", "0"]


def test_statistics_are_written_as_table_and_picture(graded: tuple[Pack, list[Record]]) -> None:
    pack, records = graded
    statistics.save(pack, records)
    with (pack.folder / "statistics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["exercise"] for row in rows] == ["neuron.4", "neuron.5"]
    assert (rows[0]["share right"], rows[0]["known mistakes"]) == ("0.25", "tanh (2); exp(z) (1)")
    assert (pack.folder / "statistics.png").read_bytes().startswith(b"\x89PNG")
