"""`python -m mininet.course`: the exercises on the command line. Built in the chapter "neuron"."""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from mininet import course
from mininet.course import notebooks
from mininet.course.exercise import CourseError, Written
from mininet.course.exercises import CHAPTERS
from mininet.course.record import RecordProblem

EPILOG = """\
In a notebook the same is called: from mininet.course import check, hint, solution, progress
Environment: MININET_PROGRESS, the file that remembers what is solved."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (the command line's if None) and return its exit code.

    >>> main(["start", "neuron"])  # doctest: +SKIP
    neuron-exercises.ipynb is yours now: open it in JupyterLab and run it from the top.
    0
    """
    parser = argparse.ArgumentParser(
        prog="python -m mininet.course",
        description="The exercises of the course.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="all exercises, with level, minutes and points")
    start = commands.add_parser("start", help="put a fresh copy of a chapter's exercises into this folder")
    start.add_argument("chapter", metavar="CHAPTER", help=", ".join(CHAPTERS))
    check = commands.add_parser(
        "check",
        help="run a notebook in a fresh kernel and print the outcome of every check (exit code 1 unless all pass)",
    )
    check.add_argument("file", type=Path, metavar="FILE.ipynb")
    check.add_argument("--seconds", type=float, default=120, help="the longest that one cell may run (120)")
    commands.add_parser("progress", help="what you have solved so far")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without UTF-8 shows a ? rather than an error
        sys.stdout.reconfigure(errors="replace")
    try:
        if options.command == "check":
            return _check(options.file, options.seconds)
        if options.command == "start":
            course.start(options.chapter)
        elif options.command == "list":
            course.list()
        else:
            course.progress()
    except (CourseError, RecordProblem) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _check(file: Path, seconds: float) -> int:
    outcomes, problems = notebooks.run_file(file, seconds)
    checked = [
        (exercise, outcomes[exercise.name]["outcome"])
        for exercises in CHAPTERS.values()
        for exercise in exercises
        if exercise.name in outcomes and outcomes[exercise.name]["outcome"]
    ]
    width = max((len(exercise.name) for exercise, _ in checked), default=0)
    for exercise, outcome in checked:
        print(f"{exercise.name:<{width}}  {outcome:<16} {exercise.title}")
    passed = sum(outcome == "pass" for _, outcome in checked)
    chapters = {exercise.name.split(".")[0] for exercise, _ in checked}
    expected = sum(not isinstance(e, Written) for name in chapters for e in CHAPTERS[name])
    print(f"{passed} of {expected} pass" if checked else f"{file} holds no check that ran")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(not checked or passed < expected or bool(problems))


if __name__ == "__main__":
    sys.exit(main())
