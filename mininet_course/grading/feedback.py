"""A page for every student: what was right, what was not, and why; never a hidden case.

Whatever the assignment's format, the page is the same: one file that is complete by
itself. A page that cannot be made, whatever its student has written, is that student's
alone: all others have theirs, and it is listed.
"""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from markupsafe import Markup

from mininet_course.calling import OutOfTime, within
from mininet_course.exercise import CourseError, Written
from mininet_course.grading import content, late, markup, page, records, rubric, variants
from mininet_course.grading.answers import Answer, in_notebook
from mininet_course.grading.marks import Mark, Score, marks
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.grading.records import Record
from mininet_course.grading.roster import people

SECONDS = 20.0  # that a page may take
LARGEST = 20_000_000  # characters of a page
STATES = {
    "right": ("right", "right"),
    "partly": ("partly", "right on the cases that you see, not on all others"),
    "wrong": ("wrong", "not yet right"),
    "not attempted": ("none", "not attempted"),
}


@dataclass
class Feedback:
    """The pages that were made, by student, and why the others were not."""

    pages: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def feedback(pack: Pack, *, solutions: bool = False, progress: bool = True) -> Feedback:
    """Write ``feedback/<student>/<assignment>.html`` for all who are graded.

    With ``solutions`` the page shows the model answers, too.

    >>> feedback(Pack(...)).problems  # doctest: +SKIP
    {}
    """
    found, called = marks(pack), people(pack)
    made = Feedback()
    try:
        from tqdm import tqdm
    except ImportError:
        raise CourseError('Feedback takes tqdm: pip install "mininet-course[grade]"') from None
    for student, mark in tqdm(found.items(), unit="student", disable=not progress):
        file = file_of(pack, student)
        try:
            text = within(SECONDS, partial(_page, pack, student, called.get(student, ""), mark, solutions))
            if len(text) > LARGEST:
                raise CourseError(f"the page would have {len(text) / 1e6:.0f} MB")
            records.write(file, text)
        except OutOfTime:
            made.problems[student] = f"the page was not done after {SECONDS:g} seconds"
        except OSError as problem:
            made.problems[student] = f"the page cannot be written ({problem.strerror})"
        except Exception as problem:  # one student's page is nobody else's trouble
            said = (
                str(problem) if isinstance(problem, CourseError) else f"{type(problem).__name__}: {problem}"
            )
            made.problems[student] = said[:300]
        else:
            made.pages[student] = file
    return made


def file_of(pack: Pack, student: str) -> Path:
    """Return where a student's page is."""
    return pack.folder / "feedback" / student / f"{pack.name}.html"


def _page(pack: Pack, student: str, name: str, mark: Mark, solutions: bool) -> str:
    record = records.load(pack, student)
    if record is None:
        raise CourseError("something new was handed in meanwhile: grade first")
    exercises, notes = [], []
    for file_name, released in variants.released(pack, student).items():
        try:
            notebook = content.read(records.submitted(pack, student) / file_name)
        except CourseError as problem:
            notes.append(f"{problem} It counts as not attempted.")
            notebook = released
        chapter = Path(file_name).stem
        answers = in_notebook(notebook, released, chapter)
        tasks = {content.about(c)[0]: c["source"] for c in released["cells"] if content.about(c)[1] == "task"}
        for exercise in content.named(released):
            answer = answers.get(exercise, Answer(chapter))
            made = _exercise(record, exercise, mark.scores[exercise], answer, tasks.get(exercise, ""))
            exercises.append(made | {"model": _model(pack, exercise) if solutions else ""})
    if mark.waits:
        notes.append("Answers in words are not marked yet; their points come on top.")
    if mark.taken:
        rule = late.load(pack)
        why = f" ({rule.policy.words})" if rule and mark.days else ""
        days = f"{content.counted(mark.days, 'day')} late" if mark.days else "late"
        notes.append(f"Handed in {days}: {content.in_points(round(mark.taken, 2))} less{why}.")
    return page.render(
        "feedback.html",
        assignment=pack.name,
        who=f"{name} ({student})" if name else student,
        total=_number(mark.points),
        most=_number(sum(pack.points.values())),
        notes=notes,
        exercises=exercises,
    )


def _exercise(record: Record, name: str, score: Score, answer: Answer, task: str) -> dict[str, object]:
    """Return what the page shows of one exercise."""
    judgement = record.judgements.get(name)
    if isinstance(EXERCISES[name], Written):
        kind, state = ("waits", "waits for a person") if score.points is None else _marked(score, answer)
    else:
        kind, state = STATES[judgement.state if judgement else "not attempted"]
        if judgement and judgement.parts and score.points:
            kind, state = "partly", f"right: {', '.join(judgement.parts)}"
    outputs = record.outputs.get(answer.chapter, {})
    pieces, first = [], True
    for piece in answer.pieces if answer.touched else ():
        shown = markup.code(piece.text) if piece.is_code else markup.words(piece.text, piece.attachments)
        if first is False:
            pieces.append('<p class="own">A cell of your own, beside it:</p>')
        pieces.append(shown + markup.outputs(outputs.get(piece.number, [])))
        first = False
    if answer.left_out:
        pieces.append(
            f'<p class="cut">… {answer.left_out:,} more cells, which are too many for this page.</p>'
        )
    worth = score.of / len(rubric.items(name)) if score.items else 0.0
    return {
        "name": name,
        "title": EXERCISES[name].title,
        "kind": kind,
        "state": state,
        "points": "–" if score.points is None else _number(score.points),
        "of": _number(score.of),
        "task": Markup(markup.words(_without_heading(task))),
        "answer": Markup("".join(pieces)),
        "report": Markup(markup.plain(judgement.report)) if judgement and judgement.report else "",
        "rubric": [
            {"text": Markup(markup.inline(text)), "points": _number(points), "of": _number(worth)}
            for text, points in zip(rubric.items(name), score.items, strict=True)
        ]
        if score.items
        else [],
        "comment": Markup(markup.words(score.comment)) if score.comment else "",
    }


def _marked(score: Score, answer: Answer) -> tuple[str, str]:
    """Return how an answer in words was marked."""
    if not answer.touched and not score.points:
        return STATES["not attempted"]
    points = score.points or 0.0
    return ("right" if points >= score.of else "partly" if points else "wrong"), "marked by a person"


def _model(pack: Pack, name: str) -> Markup:
    """Return the model answer, as the solutions have it."""
    if isinstance(EXERCISES[name], Written):
        return Markup(markup.words(rubric.model_answer(name)))
    cells = [c for c in content.solution(pack, name.split(".")[0])["cells"] if content.about(c)[0] == name]
    pieces = []
    for cell in cells:
        role = content.about(cell)[1]
        if role == "answer":
            pieces.append(markup.code(cell["source"]))
        elif role == "why":
            pieces.append(markup.words(cell["source"]))
    return Markup("".join(pieces))


def _without_heading(task: str) -> str:
    return task.split("\n", 1)[1] if task.startswith("## ") and "\n" in task else task


def _number(points: float) -> str:
    return f"{round(points, 2):g}"
