"""What an instructor is shown after grading: what is worth a look, and where the class failed."""

import csv
import time
from pathlib import Path
from typing import Any

import pytest

from mininet_course.checks import CHAPTERS
from mininet_course.grading import collect, content, grade, statistics
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
        # by another name, or in another way
        ("from mininet_course import CHAPTERS", "imports mininet_course.CHAPTERS, where the answers are"),
        ("import mininet_course as c", "imports mininet_course, where the answers are"),
        ("import mininet_course as c\nc.CHAPTERS", "cell 2, line 2: uses mininet_course.CHAPTERS, where"),
        (
            "import mininet_course as m\ngetattr(m, 'CHAPTERS')",
            "cell 2, line 2: uses mininet_course.CHAPTERS",
        ),
        ("import mininet_course as m\nvars(m)['CHAPTERS']", "cell 2, line 2: uses mininet_course.CHAPTERS"),
        (
            "import mininet_course as m\nm.__dict__['CHAPTERS']",
            "cell 2, line 2: uses mininet_course.CHAPTERS",
        ),
        ("import sys\nsys.modules['mininet_course.checks']", "uses mininet_course.checks, where the answers"),
        ("m = __import__('mininet_course')\nm.CHAPTERS", "uses mininet_course.CHAPTERS"),
        ("check.__globals__['CHAPTERS']", "looks at __globals__"),
        ("s = solution\ns('neuron.4')", "shows the solution"),
        ("print(solution)", "shows the solution"),
        ("from mininet_course import solution as s\ns('neuron.4')", "cell 2, line 2: shows the solution"),
        ("e = eval\ne('1')", "cell 2, line 2: calls eval()"),
        ("import builtins as b\nb.eval('1')", "cell 2, line 2: calls eval()"),
        ("a, b = 1, exec\nb('1')", "cell 2, line 2: calls exec()"),
        ("(f := open)('x')", "calls open()"),
        ("np.linalg.norm = lambda x: 0", "replaces numpy.linalg.norm"),
        ("from numpy import linalg as L\nL.norm = print", "replaces L.norm"),
        ("L = np.linalg\nL.norm = print", "replaces L.norm"),
        ("np.__dict__['allclose'] = print", "replaces numpy.allclose"),
        ("vars(np)['allclose'] = print", "replaces numpy.allclose"),
        ("setattr(np, 'allclose', print)", "calls setattr()"),
        ("for np.abs in [print]: pass", "replaces np.abs"),
        ("with open('x') as np.abs: pass", "replaces np.abs"),
        ("class A:\n    __eq__ = lambda self, other: True", "cell 2, line 2: defines __eq__"),
        ("class A: pass\nA.__eq__ = print", "cell 2, line 2: defines __eq__"),
        ("getattr(f, '__glo' + 'bals__')", "calls getattr() with a name that it makes"),
        ("getattr(f, '__globals__')", "looks at __globals__"),
        ("here = %pwd\nimport gc", "commands here = %pwd"),
        ("here = %pwd\nimport gc", "cell 2, line 2: imports gc"),
        ("files = !ls\nimport gc", "cell 2, line 2: imports gc"),
        ("np.abs??\nimport gc", "cell 2, line 2: imports gc"),
        ("%%time\nimport gc", "cell 2, line 2: imports gc"),
        ("if True:\n    %run x.py\nimport gc", "cell 2, line 3: imports gc"),
        ("def f():\n    try: pass\n    except E as e: e.__traceback__.tb_frame.f_back", "looks at f_back"),
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
        "def f(:",
        "def f(open, vars):\n    return open + vars",
        "input = np.zeros(3)\nprint(input)",
        "class V:\n    def __add__(self, other): return V()\n    def __mul__(self, other): return self",
        "import numpy as n\nx = n.zeros(3)\nx[0] = 1\nx.shape = (3, 1)",
        "layers = {}\nlayers['a'] = 1\nlayers['a'] += 1",
        "rng = np.random.default_rng(0)\nrng.state = 1",
        "text = 'x = %d' % 3\nok = 3 != 4",
        "from mininet_course import check, hint, solution\nhint('neuron.4')",
        "getattr(np, 'zeros')(3)",
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


def test_what_a_name_stands_for_is_known_from_cell_to_cell() -> None:
    later = scan(notebook(GIVEN, "e = eval", "def f():\n    e = 1", "e('1')"), notebook(GIVEN))
    assert later == ["cell 2, line 1: calls eval()", "cell 4, line 1: calls eval()"]
    assert scan(notebook(GIVEN, "e = eval\ne = abs", "e(1)"), notebook(GIVEN)) == [
        "cell 2, line 1: calls eval()"
    ]


@pytest.mark.parametrize(
    "source", ["x = " + "-" * 50_000 + "1", "x" + ".a" * 50_000, "x = " + "a + " * 50_000 + "a", "[" * 90_000]
)
def test_what_nests_deeply_is_survived(source: str) -> None:
    assert len(remarks(source)) <= 1


@pytest.mark.parametrize("piece", ["%a\n", "a=\n", " ", "\n", "a" * 50 + " = ", "?", "a?\n", "=" * 100])
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    begun = time.process_time()
    remarks(piece * (300_000 // len(piece)) + "(")
    assert time.process_time() - begun < 5


def test_one_students_remarks_fill_no_report() -> None:
    found = remarks("import gc\n" * 5_000)
    assert len(found) == 41 and found[-1] == "… and 4,960 more of these"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_books_own_answers_are_not_remarked_on(chapter: str) -> None:
    handed_out, answered = content.shipped("exercises", chapter), content.shipped("solutions", chapter)
    assert scan(answered, handed_out) == []


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\r", "\u202e", "\u2067", "\u200f", "\u2028"])
def test_no_name_rules_the_terminal_or_turns_a_line_round(character: str) -> None:
    said = f"{collect.Report([collect.Submission('ann', f'a{character}b')], [f'c{character}d'])}"
    assert character not in said + grade._plain(f"a{character}b")
