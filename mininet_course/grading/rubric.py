"""The rubric of an exercise that is answered in words: its items, and the model answer.

Both stand in one cell of the solutions, the rubric in its last paragraph: "**Rubric,** one
point each: the first; the second."
"""

import re
from functools import cache

from mininet_course.exercise import CourseError, Written
from mininet_course.grading.content import about, in_points, shipped
from mininet_course.grading.pack import EXERCISES, Pack, chapter_of

BEGINS = re.compile(r"\*\*Rubric,\*\* one point each:\s*")


@cache
def items(name: str) -> tuple[str, ...]:
    """Return what an answer in words gets its points for, all items worth the same.

    >>> len(items("neuron.11"))
    3
    """
    found = BEGINS.split(_solution(name), maxsplit=1)
    if len(found) != 2:
        raise CourseError(f"{name} has no rubric that says what its points are given for.")
    text = " ".join(found[1].split()).removesuffix(".")
    # a semicolon in brackets belongs to its item
    pieces = re.split(r";\s+(?![^(]*\))", text)
    return tuple(piece.strip() for piece in pieces)


@cache
def model_answer(name: str) -> str:
    """Return the model answer, in Markdown.

    >>> model_answer("neuron.11")[:40]
    'The rows (0, 1) and (1, 0) must give no:'
    """
    return BEGINS.split(_solution(name), maxsplit=1)[0].strip()


@cache
def question(name: str) -> str:
    """Return the question, in Markdown, without its heading.

    >>> question("neuron.11")[:9]
    '**Goal.**'
    """
    return re.sub(r"^## .*\n\n\*.*\*\n\n", "", _cell(name, "exercises", "task"))


def sheet(pack: Pack) -> str:
    """Return the rubric in Markdown: how every exercise gets its points, and the model answers of those in words."""
    rows = [
        f"| {name} | {exercise.title} | {'by hand' if isinstance(exercise, Written) else 'by the check'} "
        f"| {exercise.minutes} | {points:g} |"
        for name, points in pack.points.items()
        for exercise in [EXERCISES[name]]
    ]
    minutes, points = sum(EXERCISES[name].minutes for name in pack.points), sum(pack.points.values())
    text = [
        f"# {pack.name}: rubric\n",
        "An exercise that is checked gets its points or none: the answer is tried on the cases that students see,",
        "on hidden ones made from the assignment's own seed, and on your own if you added any. Answers in words",
        "are marked by you.\n",
        "| exercise | title | marked | minutes | points |\n|---|---|---|---:|---:|",
        *rows,
        f"| | together | | {minutes} | {points:g} |",
    ]
    for name in pack.points:
        if isinstance(EXERCISES[name], Written):
            each = in_points(pack.points[name] / len(items(name)))
            text.append(
                f"\n## {name}: {EXERCISES[name].title}, {in_points(pack.points[name])}\n\n{question(name)}\n\n"
                f"### Model answer\n\n{model_answer(name)}\n\n### Rubric, {each} each\n\n"
                + "\n".join(f"- {item}" for item in items(name))
            )
    return "\n".join(text) + "\n"


def unfolded(text: str) -> str:
    """Return a cell's text without what folds it on the book's page."""
    return re.sub(r"^```\{admonition\} .*\n:class: dropdown\n|\n```$", "", text)


def _solution(name: str) -> str:
    return unfolded(_cell(name, "solutions", "written"))


def _cell(name: str, kind: str, role: str) -> str:
    cells = shipped(kind, chapter_of(name))["cells"]
    return next(str(cell["source"]) for cell in cells if about(cell) == (name, role))
