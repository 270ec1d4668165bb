"""`python -m mininet_course`: the exercises on the command line."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import mininet_course as course
from mininet_course import console, shipped
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import CourseError, Written
from mininet_course.record import RecordProblem

EPILOG = """\
For instructors, in this order: assign, collect, grade, mark, feedback, grades. Each says more with --help.
In a notebook the same is called: from mininet_course import check, hint, solution, progress
Environment: MININET_PROGRESS, the file that remembers what is solved."""


NOTHING_LOST = "What was there is as it was; mend that, and run the same command again."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (the command line's if None) and return its exit code.

    >>> main(["start", "neuron"])  # doctest: +SKIP
    neuron-exercises.ipynb is yours now: open it in JupyterLab and run it from the top.
    0
    """
    console.forgive()
    parser = argparse.ArgumentParser(
        prog="python -m mininet_course",
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
    _for_instructors(commands)
    options = parser.parse_args(arguments)
    try:
        if options.command == "check":
            return _check(options.file, options.seconds)
        if options.command == "start":
            course.start(options.chapter)
        elif options.command == "list":
            course.list()
        elif options.command == "progress":
            course.progress()
        else:
            from mininet_course.grading import commands as instructors

            return int(getattr(instructors, options.command)(options))
    except (CourseError, RecordProblem) as problem:
        print(problem, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read what is printed has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as problem:  # a full disk, a folder that may not be written, a drive that is gone
        where = f"{os.fsdecode(problem.filename)}: " if problem.filename else ""
        print(f"{where}{problem.strerror or problem}. {NOTHING_LOST}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130  # as shells have it
    return 0


def _for_instructors(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that make, collect and grade assignments."""

    def command(name: str, help: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=help, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    assign = command("assign", "make an assignment of chapters or exercises", ASSIGN)
    assign.add_argument(
        "names", nargs="*", metavar="NAME", help="a chapter (neuron) or an exercise (xor.3); list shows all"
    )
    assign.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="a new folder for the assignment"
    )
    assign.add_argument(
        "--format",
        choices=("nbgrader", "otter", "zip"),
        default="nbgrader",
        help="nbgrader: a course folder with a gradebook (the usual); otter: for Gradescope; zip: plain notebooks",
    )
    assign.add_argument("--name", default="", help="what the assignment is called (as the folder)")
    assign.add_argument(
        "--points",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=POINTS",
        help="other points than the book's: neuron.3=4 xor.3=1.5",
    )
    assign.add_argument(
        "--seed",
        type=int,
        help="the private number that hidden cases come from; best left out, then a long one is drawn",
    )
    assign.add_argument(
        "--extra", type=Path, metavar="my_cases.py", help="your own cases, tried besides the hidden ones"
    )
    assign.add_argument(
        "--variants",
        type=Path,
        metavar="roster.csv",
        help="numbers of their own for every student in this table, where exercises have numbers that can vary",
    )
    assign.add_argument(
        "--key", default="", metavar="COLUMN", help="the roster's column of ids (ID, Identifier, student)"
    )

    assign.add_argument(
        "--parts",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME",
        help="exercises of which each right part of the result has its share of the points: neuron.1 layers.5",
    )
    assign.add_argument(
        "--due", default="", metavar="WORDS", help='what students are told: "Monday, 30 November, 23:59"'
    )

    paper = command("paper", "make an exam on paper, and its solutions", PAPER)
    paper.add_argument("names", nargs="+", metavar="NAME", help="a chapter (neuron) or an exercise (xor.11)")
    paper.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder for it")
    paper.add_argument("--title", default="Exam", help="what stands at its top (Exam)")
    paper.add_argument("--date", default="", help="the line above the title: course, day, place")
    paper.add_argument(
        "--seed", type=int, help="any number: then numbers that can vary are others than the book's"
    )
    paper.add_argument(
        "--points", action="extend", nargs="+", default=[], metavar="NAME=POINTS", help="other points"
    )
    paper.add_argument("--pdf", action="store_true", help="as PDF, too; it takes Chromium or Chrome")

    syllabus = command("syllabus", "make a page for the beginning of a course", SYLLABUS)
    syllabus.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="one a week, in this order, - for a week without (all)"
    )
    syllabus.add_argument("--start", required=True, metavar="DAY", help="of the first week: 2026-10-12")
    syllabus.add_argument("--out", type=Path, required=True, metavar="syllabus.html")
    syllabus.add_argument("--title", default="Neural networks", help="the course's name")
    syllabus.add_argument(
        "--note", type=Path, metavar="mine.md", help="your own words, in Markdown: place, times, rules"
    )
    syllabus.add_argument("--late", default="", metavar="POLICY", help='"10%% a day, at most 3"')

    collect = command("collect", "bring what students handed in into place, and mend it", COLLECT)
    collect.add_argument("folder", type=Path, metavar="FOLDER", help="the assignment's folder")
    collect.add_argument("--from", dest="source", type=Path, required=True, metavar="submissions.zip")
    collect.add_argument(
        "--lms",
        choices=("canvas", "moodle", "plain"),
        required=True,
        help="who made the zip; it decides how files are named",
    )

    grade = command("grade", "grade all that is new, in a sandbox", GRADE)
    grade.add_argument("folder", type=Path, metavar="FOLDER", help="the assignment's folder")
    grade.add_argument(
        "--jobs", type=int, metavar="N", help="how many submissions at once (one for each processor)"
    )
    grade.add_argument("--seconds", type=float, default=10.0, help="the longest that one cell may run (10)")
    grade.add_argument(
        "--again",
        nargs="*",
        metavar="STUDENT",
        help="grade these students once more, or all if none is named; as after a run on an overloaded machine",
    )
    grade.add_argument(
        "--no-sandbox",
        dest="sandbox",
        action="store_false",
        help="run students' code with your own rights: only inside a container or machine that you can throw away",
    )

    grade.add_argument(
        "--cluster",
        default="",
        metavar="tcp://…",
        help="the scheduler of a Dask cluster, whose workers then grade; it must be yours alone",
    )
    grade.add_argument(
        "--roster",
        type=Path,
        metavar="TABLE.csv",
        help="the platform's exported table: the report then has names, and who handed in nothing",
    )
    grade.add_argument(
        "--key", default="", metavar="COLUMN", help="that table's column of ids (ID, Identifier)"
    )
    grade.add_argument(
        "--late",
        default="",
        metavar="POLICY",
        help='what lateness costs, of the points that were got: "10%% a day, at most 3", "2 points a day"',
    )
    grade.add_argument(
        "--due",
        default="",
        metavar="TIME",
        help='when lateness begins, "2026-11-30 23:59"; the times are then those of the roster (Moodle\'s worksheet)',
    )

    mark = command("mark", "make the table in which you mark answers in words", MARK)
    mark.add_argument("folder", type=Path, metavar="FOLDER", help="the assignment's folder")

    feedback = command("feedback", "a page for every student, without the hidden cases", FEEDBACK)
    feedback.add_argument("folder", type=Path, metavar="FOLDER", help="the assignment's folder")
    feedback.add_argument(
        "--solutions", action="store_true", help="with the model answers; not while others still work on it"
    )
    feedback.add_argument(
        "--like",
        type=Path,
        metavar="submissions.zip",
        help="the zip that Canvas or Moodle made: all pages in one zip, too, named as it takes them back",
    )

    grades = command("grades", "fill a column of the table that your platform exported", GRADES)
    grades.add_argument("folder", type=Path, metavar="FOLDER", help="the assignment's folder")
    grades.add_argument(
        "--into", type=Path, required=True, metavar="canvas.csv", help="the platform's own exported table"
    )
    grades.add_argument(
        "--key", default="", metavar="COLUMN", help="the column of ids (ID for Canvas, Identifier for Moodle)"
    )
    grades.add_argument(
        "--column", default="", help="the column to fill (the one called as the assignment is)"
    )
    grades.add_argument(
        "--comments",
        action="store_true",
        help="a line for each student in Moodle's column Feedback comments, where it is empty",
    )
    where = grades.add_mutually_exclusive_group()
    where.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write (canvas-hw1.csv, beside the table)"
    )
    where.add_argument("--in-place", action="store_true", help="write into the table itself")


ASSIGN = """\
Make an assignment: what students get, the answers with a rubric, and the grader's side.

  python -m mininet_course assign neuron xor --out hw1
  python -m mininet_course assign neuron.4 xor.3 xor.5 --out hw2 --points xor.3=4 --extra my_cases.py
  python -m mininet_course assign neuron mnist --out hw3 --variants canvas.csv

Nothing that is there is overwritten. pack.json stays with you: the private seed is in it.

Your own cases are a Python file with inputs by exercise; the right results are computed:
  import numpy as np
  CASES = {"neuron.4": [{"z": np.array([[700.0, -700.0]])}]}
or a function cases(rng) that returns such a dict."""

PAPER = """\
Make an exam of what takes a pencil alone: the questions to predict, those with numbers on paper, those in words.
Of a chapter that is all of these; what takes a computer is left out.

  python -m mininet_course paper neuron xor --out exam --seed 7 --title "Mid-term exam" --pdf"""

SYLLABUS = """\
Make a page for the beginning of a course: which chapter when, how much work it is, how it is graded.

  python -m mininet_course syllabus neuron xor layers - mnist --start 2026-10-12 --out syllabus.html --note mine.md"""

COLLECT = """\
Bring what students handed in into place, each under the student's id. Canvas: Assignments → Download
Submissions. Moodle: View all submissions → Download all submissions. plain: STUDENT/any.ipynb or STUDENT.ipynb,
in a zip or a folder. Cells that were deleted, copied, renamed or stripped of their marks are put right;
everything that was mended, and every file that could not be taken, is listed (and the exit code is 1).
Collecting again replaces what a student has handed in anew and leaves all others alone."""

GRADE = """\
Grade every submission that is not graded yet, each in a sandbox without network and without your files.
Stop it when you like and start it again: nothing is lost and nothing is graded twice.
It writes report.txt (what to look at), results.csv, statistics.csv and statistics.png: where the class failed,
and on which known mistake. Answers in words are then marked by you: nbgrader formgrader."""

MARK = """\
Write marking.csv into the assignment's folder: a row for each answer in words, a column for each item of its
rubric. Fill in the points and save it as CSV; feedback and grades read it. Written again after others have
handed in, it keeps the marks that are in it.
Who has given the same answer as one that is marked gets the same marks; alike answers stand together."""

FEEDBACK = """\
Write a page for every student with verdict and hints, marks and comments; hidden cases are not in it."""

GRADES = """\
Fill one column of the table that your platform exported, and change nothing else in it; then import it there.
Everyone who could not be placed is listed.

  python -m mininet_course grades hw1 --into canvas.csv
  python -m mininet_course grades hw1 --into worksheet.csv --comments"""


def _check(file: Path, seconds: float) -> int:
    outcomes, problems = shipped.run_file(file, seconds)
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
