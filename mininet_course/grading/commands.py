"""What the instructor's commands do and say."""

import argparse
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from mininet_course import storage
from mininet_course.exercise import CourseError, Written
from mininet_course.grading import pack as packs
from mininet_course.grading.content import counted
from mininet_course.grading.pack import EXERCISES, Pack


def assign(options: argparse.Namespace) -> int:
    """Make an assignment and say where what is."""
    from mininet_course.grading import content, variants
    from mininet_course.grading.assign import assign

    if options.key and not options.variants:
        raise CourseError(
            "--key names a column of the roster, and there is none. Add it with --variants, or leave out --key."
        )
    column, students = variants.roster(options.variants, options.key) if options.variants else ("", [])
    made = assign(
        options.names,
        options.out,
        format=options.format,
        name=options.name,
        points=points(options.points),
        seed=options.seed,
        extra=options.extra,
        students=students,
        due=options.due,
        by_parts=options.parts,
    )
    folder, total = options.out, sum(made.points.values())
    by_hand = sum(isinstance(EXERCISES[name], Written) for name in made.points)
    exercises = content.counted(len(made.points), "exercise")
    print(f"{made.name}: {exercises}, {content.counted(total, 'point')}, {by_hand} of them marked by hand.")
    for name in made.by_parts:
        print(f"{name} by parts: {', '.join(getattr(EXERCISES[name], 'parts', ()))}.")
    if students:
        varying = ", ".join(variants.varying(made.points))
        print(
            f"Numbers of their own for {content.counted(len(students), 'student')} in {varying}; "
            f"ids from the column {column!r}."
        )
        print(
            f"For each student: {folder / 'handout' / 'STUDENT.zip'}; "
            f"who has which numbers: {folder / 'solution' / 'variants.csv'}"
        )
    else:
        print(f"For students:     {folder / 'handout' / (made.name + '.zip')}")
    print(
        f"For you alone:    {folder / 'solution'} (answers, rubric.md), {folder / packs.FILE} (the private seed)"
    )
    if made.format == "otter":
        print(f"For Gradescope:   {folder / 'autograder.zip'}")
    else:
        print(
            f"When they have handed in: python -m mininet_course collect {folder} --from submissions.zip "
            "--lms canvas  # or moodle, plain"
        )
    return 0


def collect(options: argparse.Namespace) -> int:
    """Bring submissions into place and report; 1 if something was not taken."""
    from mininet_course.grading.collect import collect

    report = collect(packs.load(options.folder), options.source, options.lms)
    print(report)
    if report.submissions:
        print(f"Now: python -m mininet_course grade {options.folder}")
    return int(bool(report.problems))


def grade(options: argparse.Namespace) -> int:
    """Grade and report; 1 if a submission is left."""
    from mininet_course.grading.grade import grade_pack

    prepare(options)
    report = grade_pack(
        options.folder,
        jobs=options.jobs,
        sandbox=options.sandbox,
        seconds=options.seconds,
        again=options.again,
        cluster=options.cluster,
    )
    print(report)
    folder = options.folder
    print(f"\nresults.csv, statistics.csv, statistics.png and this report, report.txt, are in {folder}.")
    if any(isinstance(EXERCISES[name], Written) for name in report.pack.points):
        print(f"Answers in words wait for you: python -m mininet_course mark {folder}")
    print(
        f"Then: python -m mininet_course feedback {folder}, python -m mininet_course grades {folder} --into TABLE.csv"
    )
    return int(bool(report.unfinished))


def prepare(options: argparse.Namespace) -> None:
    """Take down who is in the class and who was late, before grading reports on it."""
    from mininet_course.grading import late, marking, roster

    if options.due and not options.late:
        raise CourseError("--due says when lateness begins; what it costs is missing. Add --late.")
    pack = packs.load(options.folder)
    marking.read(pack)  # a slip in either table is said now, and not after all the work
    late.load(pack)
    if options.roster:
        roster.take(pack, options.roster, options.key)
    if options.late:
        late.write(pack, options.late, options.due, options.roster if options.due else None)


def mark(options: argparse.Namespace) -> int:
    """Write the table in which answers in words are marked; 1 if something in it wants another look."""
    from mininet_course.grading import marking

    pack = packs.load(options.folder)
    sheet = marking.write(pack)
    marking.read(pack)  # a mark that is no number is said now
    file = options.folder / marking.FILE
    print(f"{file}: {counted(sheet.answers, 'answer')} in words, {sheet.marked} of them marked.")
    print("Alike answers stand together. Fill in the items' points, save it as CSV, then: feedback, grades.")
    if sheet.changed:
        print("Handed in anew since it was marked, mark again:", *sheet.changed, sep="\n  ")
    if sheet.begun:
        print("Marked for some items and not for all, so it does not count yet:", *sheet.begun, sep="\n  ")
    return int(bool(sheet.changed or sheet.begun))


def feedback(options: argparse.Namespace) -> int:
    """Write the pages and say where they are; 1 if somebody has none."""
    from mininet_course.grading import returning
    from mininet_course.grading.feedback import feedback
    from mininet_course.grading.marks import marks

    pack = packs.load(options.folder)
    made = feedback(pack, solutions=options.solutions)
    where = options.folder / "feedback" / "STUDENT" / f"{pack.name}.html"
    print(f"{len(made.pages)} have feedback now: {where}")
    if options.like:
        back = returning.write(pack, made.pages, options.like)
        print(f"{back.file}: {len(back.placed)} pages. {UPLOAD[back.platform]}")
        if back.left_out:
            print(f"Not in {options.like.name}, so not in that zip:", *back.left_out, sep="\n  ")
    waiting = [student for student, mark in marks(pack).items() if mark.waits]
    if waiting:
        print(
            f"Answers in words of {len(waiting)} of them are not marked yet. Mark them "
            f"(python -m mininet_course mark {options.folder}), then make the feedback again."
        )
    if made.problems:
        print("No page could be made for:", *(f"{s}: {why}" for s, why in made.problems.items()), sep="\n  ")
    return _say_not_graded(pack) or int(bool(made.problems))


def grades(options: argparse.Namespace) -> int:
    """Fill the column, into a new file unless told otherwise; 1 if a grade found no place."""
    from mininet_course.grading import lms
    from mininet_course.grading.marks import comment, marks

    pack = packs.load(options.folder)
    out = options.into if options.in_place else options.out or _beside(options.into, pack)
    lms.read_table(options.into)  # what is no table is said first
    found = marks(pack)
    scores = {student: mark.points for student, mark in found.items()}
    comments = {student: comment(pack, mark) for student, mark in found.items()} if options.comments else None
    try:
        # another column of the same table may be filled at the same time
        with storage.locked(out):
            filled = lms.fill(
                lms.read_table(options.into), scores, options.key, options.column, pack.name, comments
            )
            if out.exists() and options.out:
                raise CourseError(
                    f"{out} is there already and stays as it is. Choose another with --out, or remove it."
                )
            storage.write(out, filled.data)
    except OSError as problem:
        raise CourseError(
            f"{out} cannot be written ({problem.strerror}). Choose another with --out."
        ) from None
    print(f"{out}: {len(filled.placed)} grades filled in.")
    total = sum(pack.points.values())
    if filled.possible and re.fullmatch(r"\d+(\.\d+)?", filled.possible) and float(filled.possible) != total:
        print(f"The table expects {filled.possible} points, and this assignment has {total:g}.")
    waiting = [student for student in filled.placed if found[student].waits]
    if waiting:
        print(
            f"{len(waiting)} of them are without the points for answers in words, which you give: "
            f"python -m mininet_course mark {options.folder}"
        )
    for title, names in (
        ("Graded, but not in the table", filled.without_row),
        ("In the table, but without a grade", filled.without_grade),
    ):
        if names:
            print(f"{title}:", *names, sep="\n  ")
    return _say_not_graded(pack) or int(bool(filled.without_row))


UPLOAD = {
    "canvas": "In Canvas: the assignment → Upload Submissions.",
    "moodle": "In Moodle: View all submissions → Upload multiple feedback files in a zip.",
}


def _say_not_graded(pack: Pack) -> int:
    """Name those who have handed in something that is not graded; return 1 if there are any."""
    from mininet_course.grading import records

    names = records.not_graded(pack)
    if names:
        print("Handed in, but not graded as it stands now. Run grade, then this again:", *names, sep="\n  ")
    return int(bool(names))


def paper(options: argparse.Namespace) -> int:
    """Write an exam on paper, and its solutions."""
    from mininet_course.grading import paper

    made = paper.write(
        options.out,
        options.names,
        title=options.title,
        date=options.date,
        seed=options.seed,
        points=points(options.points),
        pdf=options.pdf,
    )
    print(*made, sep="\n")
    return 0


def syllabus(options: argparse.Namespace) -> int:
    """Write the page for the beginning of a course."""
    from mininet_course.grading import syllabus

    try:
        note = options.note.read_text(encoding="utf-8") if options.note else ""
    except (OSError, UnicodeDecodeError):
        raise CourseError(f"{options.note} cannot be read; --note is a file of text in UTF-8.") from None
    page = syllabus.syllabus(
        options.chapters, options.start, title=options.title, note=note, policy=options.late
    )
    syllabus.write(options.out, page)
    print(options.out)
    return 0


def points(given: list[str]) -> dict[str, float]:
    """Return points by exercise, of ``neuron.3=4``."""
    found: dict[str, float] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise CourseError(
                f"Points are given as neuron.3=4, got {text!r}. Names of chapters and exercises come before --points."
            )
        if name in found:
            raise CourseError(
                f"Points of {name} are given twice, {found[name]:g} and {value}. Give them once."
            )
        try:
            found[name] = float(value)
        except ValueError:
            raise CourseError(f"Points are given as {name}=4, and {value!r} is no number.") from None
    return found


def _beside(table: Path, pack: Pack) -> Path:
    """Return a name that is free, beside the table: canvas-hw1.csv, and canvas-hw1-2.csv after a regrade."""
    names = (f"{table.stem}-{pack.name}{number}{table.suffix}" for number in _numbers())
    return next(file for name in names if not (file := table.with_name(name)).exists())


def _numbers() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in itertools.count(2))
