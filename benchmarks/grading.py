"""Grades a class of made-up submissions with known scores: `python -m benchmarks.grading`.

It prints the seconds a submission takes and how many scores are right, then grades a
part of the class again, is killed half-way, goes on, and compares. Takes nbgrader and bubblewrap.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mininet_course import console
from mininet_course.exercise import Choice
from mininet_course.grading import content, execution, records, variants
from mininet_course.grading.assign import assign
from mininet_course.grading.content import Notebook, about
from mininet_course.grading.grade import grade_pack
from mininet_course.grading.marks import marks
from mininet_course.grading.pack import EXERCISES, Pack

TARGET = 0.6  # seconds a submission on two cores
# what a student does with a question, and how often
MANNERS = {"right": 0.7, "wrong": 0.15, "untouched": 0.1, "syntax error": 0.05}
MISFORTUNES = {7: "crash", 32: "endless"}  # of every fiftieth student, in the third answer


def main() -> int:
    """Run it; the exit code says whether every score is right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--chapters", nargs="+", default=["neuron"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pack = assign(options.chapters, Path(folder) / "hw", seed=1)
        print(f"{len(pack.points)} exercises, {options.submissions} submissions, {options.jobs} at once")
        known = hand_in(pack, options.submissions)
        part = Path(folder) / "part" / "hw"
        shutil.copytree(pack.folder, part)
        report = grade_pack(pack.folder, jobs=options.jobs)
        wrong = differences(known, pack)
        each = report.seconds / options.submissions
        met = "met" if each <= TARGET else "missed"
        print(
            f"{each:.2f} s a submission (target {TARGET} s on two cores: {met}; load {os.getloadavg()[0]:.1f})"
        )
        print(f"{len(known) - len(wrong)} of {len(known)} scores right", *wrong, sep="\n  ")
        wrong += killed(known, part, options.submissions // 4, options.jobs)
    return int(bool(wrong))


def hand_in(pack: Pack, count: int) -> dict[str, float]:
    """Write submissions and return the score that each must get."""
    known = {}
    for student, notebooks, score in submissions(pack, [f"student-{number:04}" for number in range(count)]):
        known[student] = score
        for file, notebook in notebooks.items():
            content.write(notebook, records.submitted(pack, student) / file)
    return known


def submissions(pack: Pack, students: Sequence[str]) -> Iterator[tuple[str, dict[str, Notebook], float]]:
    """Yield each student, what is handed in, and the score that the checks must give it."""
    rng = np.random.default_rng(2)
    solved = {
        about(cell): cell["source"]
        for chapter in pack.chapters
        for cell in content.shipped("solutions", chapter)["cells"]
    }
    for number, student in enumerate(students):
        score, notebooks = 0.0, dict(variants.released(pack, student))
        for notebook in notebooks.values():
            names = execution.questions_in(notebook)
            for cell in notebook["cells"]:
                name, role = about(cell)
                if role == "answer":
                    manner = str(rng.choice(list(MANNERS), p=list(MANNERS.values())))
                    if name == list(pack.points)[2]:
                        manner = MISFORTUNES.get(number % 50, manner)
                    score += pack.points[name] * (manner == "right")
                    cell["source"] = answered(manner, name, names[name], cell["source"], solved[name, role])
        yield student, notebooks, score


def answered(manner: str, name: str, names: list[str], stub: str, right: str) -> str:
    """Return what a student writes into the cell of an answer."""
    exercise = EXERCISES[name]
    other = "12345.0"
    if isinstance(exercise, Choice):
        other = repr(next(letter for letter in exercise.options if letter != exercise.right))
    elif "def " in right or "class " in right:
        other = "lambda *all, **named: None"
    return {
        "right": right,
        "wrong": "\n".join(f"{each} = {other}" for each in names),
        "untouched": stub,
        "syntax error": right + "\n)",
        "crash": "import os\nos._exit(1)",
        "endless": "while True:\n    pass",
    }[manner]


def differences(known: dict[str, float], pack: Pack) -> list[str]:
    """Return a line for every score that is not what it must be."""
    found = {student: mark.points for student, mark in marks(pack).items()}
    return [
        f"{student}: {found.get(student)}, expected {score}"
        for student, score in known.items()
        if found.get(student) != score
    ]


def killed(known: dict[str, float], folder: Path, count: int, jobs: int) -> list[str]:
    """Grade a part of the class, killed half-way and gone on with; return what is wrong then."""
    some = dict(list(known.items())[:count])
    for student in set(known) - set(some):
        shutil.rmtree(folder / "submitted" / student)
    call = f"grade_pack(Path({str(folder)!r}), jobs={jobs}, progress=False)"
    script = f"from pathlib import Path; from mininet_course.grading.grade import grade_pack; {call}"
    process = subprocess.Popen([sys.executable, "-c", f"if __name__ == '__main__': {script}"])
    while len(list((folder / "grading").glob("*.json"))) < count // 2 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(list((folder / "grading").glob("*.json")))
    report = grade_pack(folder, jobs=jobs)
    wrong = differences(some, report.pack)
    print(
        f"killed after {before} of {count}, gone on with {len(report.graded)}: "
        f"{count - len(wrong)} of {count} scores right"
    )
    return wrong


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
