"""A page for the beginning of a course: which chapter when, how much work it is, and how it is graded."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from markupsafe import Markup

from mininet_course.checks import CHAPTERS
from mininet_course.exercise import CourseError, Written
from mininet_course.grading import content, late, markup, page
from mininet_course.grading.pack import choose


def syllabus(
    chapters: Sequence[str], start: str, *, title: str = "Neural networks", note: str = "", policy: str = ""
) -> str:
    """Return the page in HTML: a chapter a week from the day ``start``, 2026-10-12; ``note`` is your own, in Markdown.

    All chapters, if none is named. A week without a chapter is "-".
    """
    try:
        first = date.fromisoformat(start)
    except ValueError:
        raise CourseError(f"--start is a day, as in 2026-10-12, got {start!r}.") from None
    names = [*chapters] or [*CHAPTERS]
    if first.year + len(names) > date.max.year:
        raise CourseError(f"--start is a day of these times, as in 2026-10-12, got {start!r}.")
    choose([name for name in names if name != "-"])  # says which there is not
    single = next((name for name in names if name != "-" and name not in CHAPTERS), None)
    if single:
        raise CourseError(f"A week takes a chapter, and {single} is an exercise.")
    weeks = [
        {"date": f"{day.day} {day:%B %Y}", **_week(name)}
        for number, name in enumerate(names)
        for day in [first + timedelta(weeks=number)]
    ]
    exercises = [exercise for name in names if name != "-" for exercise in CHAPTERS[name]]
    return page.render(
        "syllabus.html",
        title=title,
        note=Markup(markup.words(note)) if note else "",
        weeks=weeks,
        together={
            "exercises": len(exercises),
            "minutes": sum(exercise.minutes for exercise in exercises),
            "points": sum(exercise.points for exercise in exercises),
        },
        words=sum(isinstance(exercise, Written) for exercise in exercises),
        late=late.policy(policy).words if policy else "",
    )


def write(file: Path, text: str) -> None:
    """Write the page where nothing is yet."""
    if file.exists():
        raise CourseError(f"{file} is there already and stays as it is. Choose another with --out.")
    file.write_text(text, encoding="utf-8")


def _week(name: str) -> dict[str, object]:
    if name == "-":
        return {"chapter": "no chapter", "exercises": "", "minutes": "", "points": ""}
    title = content.title_of(content.shipped("exercises", name)["cells"][0]["source"])
    return {
        "chapter": title[:1].upper() + title[1:],
        "exercises": len(CHAPTERS[name]),
        "minutes": sum(exercise.minutes for exercise in CHAPTERS[name]),
        "points": sum(exercise.points for exercise in CHAPTERS[name]),
    }
