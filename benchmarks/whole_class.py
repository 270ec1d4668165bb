"""A class of made-up students, from `assign` to the filled table, by the commands: `python -m benchmarks.whole_class`.

A tenth of them hand in something hostile or broken. Everybody else must get the points that the checks and
the marks make together, whatever those do. Printed are the seconds of each step.
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.grading import submissions
from mininet_course import console
from mininet_course.exercise import Written
from mininet_course.grading import marking, rubric
from mininet_course.grading.assign import assign
from mininet_course.grading.content import Notebook, about
from mininet_course.grading.pack import EXERCISES, Pack

LMS_ROW = "    Points Possible"
WORDS = "Because each row demands something of the weights, and no weights give it all."


def with_words(text: str) -> Callable[[Notebook], bytes]:
    """Return what adds a cell of text to a notebook."""

    def add(notebook: Notebook) -> bytes:
        notebook["cells"].append({"cell_type": "markdown", "id": "more", "metadata": {}, "source": text})
        return _bytes(notebook)

    return add


def with_code(code: str) -> Callable[[Notebook], bytes]:
    """Return what puts code before the third answer of a notebook."""

    def add(notebook: Notebook) -> bytes:
        cell = [cell for cell in notebook["cells"] if about(cell)[1] == "answer"][2]
        cell["source"] = code + "\n" + cell["source"]
        return _bytes(notebook)

    return add


def with_attachments(notebook: Notebook) -> bytes:
    """Give every cell of text attachments that are none."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["attachments"] = 5
    return _bytes(notebook)


HOSTILE: Sequence[Callable[[Notebook], bytes]] = [
    lambda notebook: _bytes(notebook)[:-200],
    lambda notebook: b"[" * 100_000,
    with_words("\n" * 400_000),
    with_words("![d](attachment:drawing.png)\n\n<script>fetch('//x')</script>\n\n[x]: javascript:alert(1)"),
    with_attachments,
    with_code("while True:\n    pass"),
    with_code("import numpy as np\nheld = [np.ones(10**8) for _ in range(1000)]"),
    with_code("import os\nwhile True:\n    os.fork()"),
    with_code("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    with_code("import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True"),
]


def _bytes(notebook: Notebook) -> bytes:
    return json.dumps(notebook).encode()


def main() -> int:
    """Run it; the exit code says whether everybody who did not hand in rubbish has the right points."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--chapters", nargs="+", default=["neuron"])
    parser.add_argument("--format", default="zip", choices=["zip", "nbgrader"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pack = assign(options.chapters, Path("hw1"), seed=1, format=options.format)
        known, hostile = write_zip(pack, options.students)
        print(
            f"{options.students} students, {len(hostile)} of them hostile or broken; {options.jobs} at once"
        )
        steps = {
            "collect": ["hw1", "--from", "submissions.zip", "--lms", "canvas"],
            "grade": ["hw1", "--jobs", str(options.jobs), "--roster", "canvas.csv"],
            "mark": ["hw1"],
            "feedback": ["hw1", "--like", "submissions.zip"],
            "grades": ["hw1", "--into", "canvas.csv"],
        }
        for name, arguments in steps.items():
            began = time.perf_counter()
            command = [sys.executable, "-m", "mininet_course", name, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - began
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            print(
                f"{name:9} {seconds:7.1f} s, {seconds / options.students:.2f} each, exit {done.returncode}",
                *last,
            )
            if name == "mark":
                print(f"          {mark_all(pack)} answers in words marked")
        filled = {
            row[1]: row[2] for row in csv.reader(io.StringIO(Path("canvas-hw1.csv").read_text("utf-8")))
        }
        with zipfile.ZipFile("hw1/feedback-canvas.zip") as archive:
            pages = len(archive.namelist())
        wrong = [
            f"{who}: {filled.get(who)}, expected {points:g}"
            for who, points in known.items()
            if filled.get(who) in (None, "") or abs(float(filled[who]) - points) > 1e-6
        ]
        print(
            f"{pages} pages given back; {len(known) - len(wrong)} of {len(known)} grades right",
            *wrong,
            sep="\n  ",
        )
    return int(bool(wrong))


def write_zip(pack: Pack, count: int) -> tuple[dict[str, float], list[str]]:
    """Write the zip and the table that Canvas would make; return what the others must get, and who is hostile."""
    in_words = sum(points for name, points in pack.points.items() if isinstance(EXERCISES[name], Written))
    students = [str(10_000 + number) for number in range(count)]
    known, hostile = {}, []
    with zipfile.ZipFile("submissions.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for at, (student, notebooks, score) in enumerate(submissions(pack, students)):
            worst = HOSTILE[at // 10 % len(HOSTILE)] if at % 10 == 5 else None
            known[student] = score + in_words
            if worst:
                hostile.append(student)
                del known[student]
            for file, notebook in notebooks.items():
                for cell in notebook["cells"]:
                    if about(cell)[1] == "written":
                        cell["source"] = f"{WORDS} ({student})"
                archive.writestr(
                    f"s{student}_{student}_9{student}_{file}", worst(notebook) if worst else _bytes(notebook)
                )
    rows = ["Student,ID,hw1 (7)", f"{LMS_ROW},,{sum(pack.points.values()):g}"]
    Path("canvas.csv").write_text(
        "\n".join(rows + [f'"Student, {s}",{s},' for s in students]) + "\n", "utf-8"
    )
    return known, hostile


def mark_all(pack: Pack) -> int:
    """Fill the table of answers in words, as a person would: all points for everybody; return how many."""
    path = pack.folder / marking.FILE
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    answers = [row for row in rows if row["student"]]  # the others hold the questions
    for row in answers:
        each = marking.worth(pack, row["exercise"])
        row |= {f"item {n + 1}": f"{each:g}" for n in range(len(rubric.items(row["exercise"])))}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return len(answers)


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
