"""Enters graded submissions into nbgrader's gradebook, with nbgrader's own autograder.

nbgrader does everything but run code: in place of that stands a step that puts in the
outputs that the sandbox gave. So its manual grading, late penalties, feedback and
export work as ever.
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mininet_course.exercise import CourseError
from mininet_course.grading import execution, nbgrader_format
from mininet_course.grading.pack import Pack
from mininet_course.grading.records import FOLDER, Record, write

ENTERED = "entered"


def gradebook(pack: Pack) -> Callable[[Record], None]:
    """Return a function that enters a record into an assignment's gradebook, unless it is there.

    >>> enter = gradebook(pack)  # doctest: +SKIP
    >>> enter(record)  # doctest: +SKIP
    """
    try:
        from nbconvert.preprocessors import ExecutePreprocessor
        from nbgrader.api import Gradebook, MissingEntry
        from nbgrader.converters import Autograde
        from nbgrader.preprocessors import CheckCellMetadata

        from mininet_course.grading.by_hand import NotByHand
    except ImportError:
        raise CourseError('Grading takes nbgrader: pip install "mininet-course[grade]"') from None
    # nbgrader calls alembic by its bare name
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    settings, course, log = nbgrader_format.course(pack)
    words = _Words()
    log.addHandler(words)
    autograde = Autograde(coursedir=course, config=settings)
    autograde.force, autograde.log, course.log = True, log, log
    try:
        with Gradebook(course.db_url) as book:
            known = {submission.student_id for submission in book.assignment_submissions(pack.name)}
    except MissingEntry:
        raise CourseError(
            f"The gradebook in {pack.folder} does not know {pack.name}. Take gradebook.db from a backup."
        ) from None
    current: list[Record] = []

    def put_in(notebook: Any, resources: Any) -> tuple[Any, Any]:
        fill(notebook, current[-1].outputs.get(resources["nbgrader"]["notebook"], {}))
        return notebook, resources

    # whatever the settings say, nothing is executed here; and the notebooks were repaired from our
    # own, so their marks need no validating, which would take a third of the time
    needless = (ExecutePreprocessor, NotByHand, CheckCellMetadata)
    kept = [step for step in autograde.autograde_preprocessors if not _is_any(step, needless)]
    autograde.autograde_preprocessors = [put_in, *kept]
    kept = [step for step in autograde.sanitize_preprocessors if not _is_any(step, needless)]
    autograde.sanitize_preprocessors = kept

    def enter(record: Record) -> None:
        mark = pack.folder / FOLDER / ENTERED / record.student
        here = pack.folder / "autograded" / record.student / pack.name
        entered = mark.read_text(encoding="utf-8") if mark.is_file() and here.is_dir() else ""
        if record.student in known and entered == record.state:
            return
        current[:] = [record]
        words.kept.clear()
        course.student_id = record.student
        autograde.assignments, autograde.notebooks = {}, []
        try:
            with warnings.catch_warnings():  # nbgrader's own, about its database
                warnings.simplefilter("ignore")
                autograde.start()
        except Exception as problem:
            said = "\n".join(words.kept[-8:])
            raise CourseError(f"nbgrader does not take {record.student}: {problem}\n{said}") from None
        _score(course.db_url, pack, record)
        write(mark, record.state)

    return enter


def _score(url: str, pack: Pack, record: Record) -> None:
    """Give each checked exercise the points of its verdict: none without one, whatever nbgrader made of the outputs."""
    from nbgrader.api import Gradebook

    right = {name.replace(".", "-") for name, judged in record.judgements.items() if judged.state == "right"}
    with Gradebook(url) as book:
        for notebook in book.find_submission(pack.name, record.student).notebooks:
            for grade in notebook.grades:
                if grade.cell.cell_type == "code":
                    grade.auto_score = grade.max_score if grade.name in right else 0.0
        book.db.commit()


def fill(notebook: Any, outputs: dict[int, list[dict[str, Any]]]) -> None:
    """Put outputs into a notebook, by the number of the cell; a check without a verdict says so."""
    from nbformat import from_dict

    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            graded = cell.metadata.get("nbgrader", {}).get("grade")
            made = outputs.get(number, [execution.UNJUDGED] if graded else [])
            cell.outputs = [from_dict(output) for output in made]


def _is_any(step: Any, classes: tuple[type, ...]) -> bool:
    """Say whether a step of nbgrader's, a class or its name, is one of these."""
    from traitlets import import_item

    kind = import_item(step) if isinstance(step, str) else step
    return issubclass(kind if isinstance(kind, type) else type(kind), classes)


class _Words(logging.Handler):
    """Keeps what nbgrader logs, to be shown if it fails."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record.getMessage())
