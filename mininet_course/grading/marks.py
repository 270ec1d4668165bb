"""What every student has got for an assignment, by the checks and by hand."""

from dataclasses import dataclass

from mininet_course.exercise import CourseError, Written
from mininet_course.grading import nbgrader_format, records
from mininet_course.grading.pack import EXERCISES, Pack


@dataclass(frozen=True)
class Mark:
    """A student's points, and whether answers in words still wait for a person."""

    points: float
    waits: bool


def marks(pack: Pack) -> dict[str, Mark]:
    """Return the marks by student: from nbgrader's gradebook if there is one, else by the checks alone.

    Who has handed in anew since has none: the old one would be that of another answer.
    """
    found = _of_gradebook(pack) if pack.format == "nbgrader" else _of_records(pack)
    for student in records.not_graded(pack):
        found.pop(student, None)
    if not found:
        raise CourseError(
            f"Nothing is graded in {pack.folder.name} yet: python -m mininet_course grade {pack.folder.name}"
        )
    return found


def _of_gradebook(pack: Pack) -> dict[str, Mark]:
    try:
        from nbgrader.api import Gradebook, MissingEntry
    except ImportError:
        raise CourseError('This takes nbgrader: pip install "mininet-course[grade]"') from None
    found = {}
    with Gradebook(nbgrader_format.database(pack)) as gradebook:
        try:
            submissions = gradebook.find_assignment(pack.name).submissions
        except MissingEntry:
            return {}
        for submission in submissions:
            # as nbgrader's own export has it: nothing below zero for being late
            points = max(0.0, submission.score - (submission.late_submission_penalty or 0.0))
            found[str(submission.student.id)] = Mark(float(points), bool(submission.needs_manual_grade))
    return dict(sorted(found.items()))


def _of_records(pack: Pack) -> dict[str, Mark]:
    in_words = any(isinstance(EXERCISES[name], Written) for name in pack.points)
    found = {}
    for student in records.students(pack):
        record = records.load(pack, student)
        if record:
            right = [name for name, judgement in record.judgements.items() if judgement.state == "right"]
            found[student] = Mark(sum(pack.points[name] for name in right), in_words)
    return found
