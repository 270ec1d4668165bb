"""A page for every student: what was right, what was not, and why; never a hidden case.

With a gradebook nbgrader writes the pages, so that marks and comments given by hand are on
them; without one nbconvert does, with a table of the points first.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

from mininet_course.exercise import CourseError, Written
from mininet_course.grading import content, nbgrader_format, records
from mininet_course.grading.gradebook import fill
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.grading.records import Record

NEEDED = 'Feedback takes nbgrader: pip install "mininet-course[grade]"'
STATES = {
    "right": "right",
    "partly": "right on the cases that you see, not on all others",
    "wrong": "not yet right",
    "not attempted": "not attempted",
}


def feedback(pack: Pack, progress: bool = True) -> list[Path]:
    """Write ``feedback/<student>/<assignment>/*.html`` for all who are graded; return the students' folders."""
    graded = [record for student in records.students(pack) if (record := records.load(pack, student))]
    if not graded:
        raise CourseError(
            f"Nothing is graded in {pack.folder.name} yet: python -m mininet_course grade {pack.folder.name}"
        )
    try:
        from tqdm import tqdm

        write = _with_nbgrader(pack) if pack.format == "nbgrader" else _with_nbconvert(pack)
    except ImportError:
        raise CourseError(NEEDED) from None
    for record in tqdm(graded, unit="student", disable=not progress):
        write(record)
    return [pack.folder / "feedback" / record.student / pack.name for record in graded]


def _with_nbgrader(pack: Pack) -> Callable[[Record], None]:
    """Return a function that lets nbgrader write a student's pages, from its gradebook."""
    from nbgrader.converters import GenerateFeedback

    settings, course, log = nbgrader_format.course(pack)
    converter = GenerateFeedback(coursedir=course, config=settings)
    converter.force, converter.log = True, log

    def write(record: Record) -> None:
        course.student_id = record.student
        try:
            with warnings.catch_warnings():  # nbgrader's own, about its database
                warnings.simplefilter("ignore")
                converter.start()
        except Exception as problem:
            raise CourseError(f"nbgrader writes no feedback for {record.student}: {problem}") from None

    return write


def _with_nbconvert(pack: Pack) -> Callable[[Record], None]:
    """Return a function that writes a student's pages from what grading has found."""
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(sanitize_html=True)

    def write(record: Record) -> None:
        folder = pack.folder / "feedback" / record.student / pack.name
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(records.submitted(pack, record.student).glob("*.ipynb")):
            notebook = nbformat.from_dict(content.read(file))
            fill(notebook, record.outputs.get(file.stem, {}))
            table = content.markdown(_table(pack, record, content.named(notebook)), id="feedback")
            notebook.cells.insert(0, nbformat.from_dict(table))
            page, _ = exporter.from_notebook_node(notebook)
            (folder / f"{file.stem}.html").write_text(page, encoding="utf-8")

    return write


def _table(pack: Pack, record: Record, names: list[str]) -> str:
    rows = []
    for name in names:
        of = f"{pack.points[name]:g}"
        if isinstance(EXERCISES[name], Written):
            rows.append(f"| {name} | {EXERCISES[name].title} | read by a person | | {of} |")
            continue
        judgement = record.judgements.get(name)
        state = judgement.state if judgement else "not attempted"
        got = of if state == "right" else "0"
        rows.append(f"| {name} | {EXERCISES[name].title} | {STATES[state]} | {got} | {of} |")
    head = "| exercise | title | your answer | points | of |\n|---|---|---|---:|---:|"
    return "\n".join([f"# {pack.name}: {record.student}\n", head, *rows])
