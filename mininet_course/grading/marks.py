"""What every student has got for an assignment: by the checks, by hand, and less for being late."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mininet_course.exercise import CourseError, Written
from mininet_course.grading import late, marking, nbgrader_format, records
from mininet_course.grading.answers import answers
from mininet_course.grading.marking import Marked
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.grading.records import Record


@dataclass(frozen=True)
class Score:
    """The points for one exercise, None while a person has yet to give them; by item if a rubric's were marked."""

    points: float | None
    of: float
    items: tuple[float, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class Mark:
    """A student's points, and whether answers in words still wait for a person.

    ``scores`` are those of the exercises; ``taken`` is what was taken off for ``days`` late.
    """

    points: float
    waits: bool
    scores: Mapping[str, Score] = field(default_factory=dict, compare=False)
    taken: float = 0.0
    days: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ByHand:
    """What a person has given for an exercise in nbgrader's formgrader; None if nothing."""

    points: float | None
    more: float = 0.0
    comment: str = ""


@dataclass(frozen=True)
class _InBook:
    exercises: Mapping[str, ByHand]
    late: float


def marks(pack: Pack) -> dict[str, Mark]:
    """Return the marks by student.

    What is judged gets its points by its verdict, not by what nbgrader makes of it, unless a person has given others in
    formgrader. Who has handed in anew since grading has none: the old one would be that of
    another answer.
    """
    book = _gradebook(pack) if pack.format == "nbgrader" else {}
    marked, lateness = marking.read(pack), late.load(pack)
    found = {}
    for student in records.students(pack):
        record = records.load(pack, student)
        if record is None:
            continue
        mine = book.get(student, _InBook({}, 0.0))
        scores = _scores(pack, record, mine.exercises, marked)
        points = max(0.0, sum(score.points or 0.0 for score in scores.values()) - mine.late)
        taken = lateness.taken(student, points) if lateness else 0.0
        days = (lateness.days.get(student) or 0) if lateness else 0
        waits = any(score.points is None for score in scores.values())
        found[student] = Mark(points - taken, waits, scores, taken + mine.late, days)
    if not found:
        raise CourseError(
            f"Nothing is graded in {pack.folder.name} yet: python -m mininet_course grade {pack.folder.name}"
        )
    return found


def comment(pack: Pack, mark: Mark) -> str:
    """Return a mark in a line: the points, and the exercises that lack some, for a platform's comment."""
    lacking = [
        f"{EXERCISES[name].title} ({score.points:g} of {score.of:g})"
        for name, score in mark.scores.items()
        if score.points is not None and score.points < score.of
    ]
    text = f"{mark.points:g} of {sum(pack.points.values()):g} points."
    if mark.taken:
        text += f" {mark.taken:g} more were taken off for lateness."
    if mark.waits:
        text += " Answers in words are not marked yet."
    return f"{text} Not complete: {'; '.join(lacking)}." if lacking else text


def _scores(
    pack: Pack, record: Record, by_hand: Mapping[str, ByHand], marked: Mapping[tuple[str, str], Marked]
) -> dict[str, Score]:
    """Return the scores by exercise. Of two opinions on an answer in words, the one in ``marking.csv`` counts."""
    scores = {}
    theirs = answers(pack, record.student) if marking.in_words(pack) else {}
    for name, of in pack.points.items():
        hand, rubric = by_hand.get(name, ByHand(None)), marked.get((record.student, name))
        points, comment = hand.points, hand.comment
        if rubric:
            points, comment = sum(rubric.points), rubric.comment
        elif points is None and isinstance(EXERCISES[name], Written):
            points = None if name in theirs and theirs[name].touched else 0.0
        elif points is None:
            points = records.worth(pack, name, record.judgements.get(name))
        items = rubric.points if rubric else ()
        scores[name] = Score(None if points is None else points + hand.more, of, items, comment)
    return scores


def _gradebook(pack: Pack) -> dict[str, _InBook]:
    """Return what people have entered into nbgrader's gradebook, by student."""
    try:
        from nbgrader.api import Gradebook, MissingEntry
    except ImportError:
        raise CourseError('This takes nbgrader: pip install "mininet-course[grade]"') from None
    names = {name.replace(".", "-"): name for name in pack.points}
    found = {}
    with Gradebook(nbgrader_format.database(pack)) as gradebook:
        try:
            submissions = gradebook.find_assignment(pack.name).submissions
        except MissingEntry:
            return {}
        for submission in submissions:
            given = {}
            for notebook in submission.notebooks:
                said = {comment.name: comment.comment or "" for comment in notebook.comments}
                for grade in notebook.grades:
                    if grade.name in names:
                        extra, comment = grade.extra_credit or 0.0, said.get(grade.name, "")
                        given[names[grade.name]] = ByHand(grade.manual_score, extra, comment)
            found[str(submission.student.id)] = _InBook(given, submission.late_submission_penalty or 0.0)
    return dict(sorted(found.items()))
