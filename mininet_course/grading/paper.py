"""An exam on paper: the questions of some chapters that take a pencil, and the same with their solutions.

What takes a computer is left out; where the numbers of an exercise can vary, they are
others than the book's. Both are pages that are printed, to PDF or on paper.
"""

import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from mininet_course.exercise import Choice, CourseError, Exercise, Values, Written, as_tuple
from mininet_course.grading import content, markup, page, rubric
from mininet_course.grading.pack import EXERCISES, chapter_of, choose

ON_PAPER = (Values, Choice, Written)
ROOMS = {Values: "numbers", Choice: "letter", Written: "words"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def on_paper(names: Sequence[str], points: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return those of the chosen exercises that take a pencil alone, with their points.

    >>> [*on_paper(["neuron"])]
    ['neuron.1', 'neuron.2', 'neuron.3', 'neuron.9', 'neuron.11']
    """
    chosen = choose(names, points)
    by_machine = [name for name in names if name in chosen and not isinstance(EXERCISES[name], ON_PAPER)]
    if by_machine:
        raise CourseError(f"{by_machine[0]} takes a computer. Choose other exercises, or a whole chapter.")
    return {name: worth for name, worth in chosen.items() if isinstance(EXERCISES[name], ON_PAPER)}


def write(
    folder: Path,
    names: Sequence[str],
    *,
    title: str = "Exam",
    date: str = "",
    seed: int | None = None,
    points: Mapping[str, float] | None = None,
    pdf: bool = False,
) -> list[Path]:
    """Write paper and solutions into a new folder, as pages and, with a browser that can print, as PDF too.

    With a ``seed`` the numbers are others than the book's where they can vary.
    """
    chosen = on_paper(names, points)
    if folder.exists():
        raise CourseError(f"{folder} is there already and stays as it is. Choose another with --out.")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    if pdf and not browser:
        raise CourseError(
            "--pdf takes Chromium or Chrome. Leave it out, open the page in a browser and print it."
        )
    pages = {
        "paper.html": _page(chosen, title, date, seed, solutions=False),
        "solutions.html": _page(chosen, title, date, seed, solutions=True),
    }
    folder.mkdir(parents=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
        if pdf:
            _print(browser, folder / name)
    return sorted(folder.iterdir())


def _page(chosen: Mapping[str, float], title: str, date: str, seed: int | None, solutions: bool) -> str:
    questions = []
    for name, points in chosen.items():
        number = None if seed is None else zlib.crc32(f"paper/{seed}".encode())
        texts, exercise = ({}, EXERCISES[name]) if number is None else EXERCISES[name].variant(number)
        task = content.exchanged(_task(name), texts)
        worth = points / len(rubric.items(name)) if isinstance(exercise, Written) else 0.0
        questions.append(
            {
                "name": name,
                "title": exercise.title,
                "points": f"{points:g}",
                "worth": content.in_points(points),
                "task": Markup(markup.words(task)),
                "room": ROOMS[type(exercise)],
                "right": Markup(_right(exercise, bool(texts))) if solutions else "",
                "rubric": [
                    {"text": Markup(markup.inline(item)), "points": f"{round(worth, 2):g}"}
                    for item in rubric.items(name)
                ]
                if solutions and isinstance(exercise, Written)
                else [],
            }
        )
    return page.render(
        "paper.html",
        title=f"{title}: solutions" if solutions else title,
        over=date,
        counted=content.counted(len(questions), "question"),
        most=f"{sum(chosen.values()):g}",
        minutes=sum(EXERCISES[name].minutes for name in chosen),
        questions=questions,
        solutions=solutions,
    )


def _task(name: str) -> str:
    """Return what is given and what to do; what one should see on a screen is left out."""
    text = rubric.question(name)
    text = text[text.find("**Given") :] if "**Given" in text else text
    return text.split("**You should see", 1)[0].replace(" before you run", "").strip()


def _right(exercise: Exercise, is_varied: bool) -> str:
    """Return the right answer in HTML, and why."""
    if isinstance(exercise, Written):
        return markup.words(rubric.model_answer(exercise.name))
    if isinstance(exercise, Choice):
        return markup.words(f"**{exercise.right}.** {exercise.options[exercise.right]}")
    assert isinstance(exercise, Values)  # the others take a computer
    values = zip(exercise.expects, as_tuple(exercise.reference), strict=True)
    lines = [f"{name} = {_shown(value)}" for name, value in values]
    why = next(
        (
            cell["source"]
            for cell in content.shipped("solutions", chapter_of(exercise.name))["cells"]
            if content.about(cell) == (exercise.name, "why")
        ),
        "",
    )
    note = "*With the book's numbers:* " if why and is_varied else ""
    return markup.plain("\n".join(lines)) + markup.words(note + rubric.unfolded(why))


def _shown(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _print(browser: str, file: Path) -> None:
    """Let a browser print a page to PDF, beside it."""
    out = file.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as profile:
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
        ]
        done = subprocess.run(
            [browser, *options, f"--print-to-pdf={out}", file.resolve().as_uri()],
            capture_output=True,
            timeout=120,
        )
    if done.returncode or not out.is_file():
        raise CourseError(
            f"{Path(browser).name} did not print {file.name}. Open it in a browser and print it."
        )
