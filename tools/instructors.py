"""The tables of the instructors' pages, and that of all exercises, made from the exercises and the chapters.

    python -m tools.instructors          write the tables into book/instructors/*.md and book/exercises.md
    python -m tools.instructors check    exit 1 if one differs

A page holds a table between `<!-- made: NAME -->` and `<!-- end -->`; what lies between is replaced.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import combinations, pairwise
from pathlib import Path

import jupytext
from docutils.nodes import make_id
from nbformat import NotebookNode

from mininet_course import console
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Choice, Exercise, Judged, Values, Written
from tools import chapters, notebooks

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
PAGES = [*sorted((BOOK / "instructors").glob("*.md")), BOOK / "exercises.md"]
TABLE = re.compile(r"(<!-- made: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)

# A plan is its number of weeks, and what else is done in some of them; the chapters are spread over the others.
PLANS: Mapping[int, Mapping[int, str]] = {
    4: {},
    8: {},
    14: {
        4: "workshop: derivatives and shapes, on paper; catching up",
        6: "mid-term exam on the chapters so far",
        12: "project, first week: question, plan, control",
        13: "project, second week: results, report",
        14: "talks about the projects, oral questions",
    },
}


@cache
def notebook(chapter: str) -> NotebookNode:
    """Return a chapter."""
    return notebooks.read(ROOT / "book" / f"{chapter}.ipynb")


def title(chapter: str) -> str:
    """Return a chapter's title, as its page has it."""
    return str(notebook(chapter).cells[0].source.splitlines()[0].removeprefix("# "))


def link(chapter: str) -> str:
    """Return a link to a chapter from an instructors' page."""
    return f"[{title(chapter)}](../{chapter}.ipynb)"


def reading(chapter: str) -> tuple[int, int]:
    """Estimate the minutes of reading a chapter, and of trying out what it offers; each to the next five.

    Reading: 150 words a minute, 4 seconds a visible line of code, 15 seconds a picture, 30 a formula
    on a line of its own. Trying: 2 minutes for each prediction or "to do", 3 for each interactive piece.
    """
    page = notebook(chapter)
    code = chapters.code(page)
    lines = sum(
        bool(line.strip())
        for cell in code
        if "hide-input" not in chapters.tags(cell)
        for line in cell.source.splitlines()
    )
    text = "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    words, formulas = chapters.words(chapters.prose(page)), text.count("$$") // 2
    tasks = len(re.findall(r"\*To do|\*\*Try it|Predict, then", text))
    pieces = sum("explorer" in chapters.tags(cell) for cell in code) + len(re.findall(r":class: demo-", text))
    read = words / 150 + lines * 4 / 60 + chapters.picture_count(page) / 4 + formulas / 2
    return _to_five(read), _to_five(2 * tasks + 3 * pieces)


def _to_five(minutes: float) -> int:
    return 5 * round(minutes / 5)


def core(chapter: str) -> list[Exercise]:
    """Return a chapter's core exercises."""
    return [exercise for exercise in CHAPTERS[chapter] if exercise.core]


def kind(exercise: Exercise) -> str:
    """Say in a word or three what a learner hands in."""
    if isinstance(exercise, Choice):
        return "predict"
    if isinstance(exercise, Written):
        return "in words"
    if exercise.title.startswith("Find the bug"):
        return "find the bug"
    return "numbers" if isinstance(exercise, Values) else "code"


def goal(exercise: Exercise) -> str:
    """Return the exercise's own sentence on what it is for, from its source."""
    for cell in _source(ROOT / "exercises" / "sources" / f"{exercise.name.split('.')[0]}.py"):
        if cell.metadata.get("q") == exercise.name and cell.metadata.get("role") == "task":
            found = re.search(r"\*\*Goal\.\*\*\s+(.*?)(?:\n\s*\n|\Z)", cell.source, re.DOTALL)
            if found:
                return " ".join(found[1].split())
    raise ValueError(f"{exercise.name}: its source has no paragraph that begins with **Goal.**")


@cache
def _source(path: Path) -> list[NotebookNode]:
    cells: list[NotebookNode] = jupytext.read(path, fmt="py:percent").cells
    return cells


def goals(chapter: str) -> list[str]:
    """Return what a reader of the chapter will be able to do, as its first cell says."""
    return [
        _plain(line[2:]) for line in notebook(chapter).cells[0].source.splitlines() if line.startswith("- ")
    ]


def _plain(text: str) -> str:
    return re.sub(r"\{term\}`([^`<]*?)(?:\s*<[^`>]*>)?`", r"\1", text)


# --- the tables ------------------------------------------------------------------------


def of_times() -> Iterator[str]:
    yield "| Chapter | read, min | try out, min | exercises, min | points | core, min | points |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    total = [0] * 6
    for chapter, exercises in CHAPTERS.items():
        row = [*reading(chapter), *_sums(exercises), *_sums(core(chapter))]
        total = [a + b for a, b in zip(total, row, strict=True)]
        yield f"| {link(chapter)} | {' | '.join(map(str, row))} |"
    in_hours = [str(n) if column in (3, 5) else f"{n / 60:.0f} h" for column, n in enumerate(total)]
    yield f"| *together* | {' | '.join(in_hours)} |"


def _sums(exercises: Sequence[Exercise]) -> tuple[int, int]:
    return sum(e.minutes for e in exercises), sum(e.points for e in exercises)


def work(chapter: str) -> int:
    """Return the minutes that a chapter takes: to read, to try out, and for the core exercises."""
    return sum(reading(chapter)) + _sums(core(chapter))[0]


def spread(work: Mapping[str, int], weeks: int) -> list[list[str]]:
    """Cut the chapters, in their order, into weeks, so that the fullest is as short as can be, then the next fullest.

    >>> spread({"a": 1, "b": 1, "c": 3}, 2)
    [['a', 'b'], ['c']]
    """
    names = list(work)
    if not 1 <= weeks <= len(names):
        raise ValueError(
            f"{len(names)} chapters do not fill {weeks} weeks; plan other things for some of them."
        )
    ways = ([0, *cuts, len(names)] for cuts in combinations(range(1, len(names)), weeks - 1))
    weekly = ([names[a:b] for a, b in pairwise(way)] for way in ways)
    return min(weekly, key=lambda plan: sorted((sum(work[c] for c in week) for week in plan), reverse=True))


def of_plan(weeks: int) -> Iterator[str]:
    yield "| Week | Chapter | read and try | core exercises | all exercises |"
    yield "|--:|---|--:|--:|--:|"
    others = PLANS[weeks]
    chapters_of = iter(spread({c: work(c) for c in CHAPTERS}, weeks - len(others)))
    for number in range(1, weeks + 1):
        if number in others:
            yield f"| {number} | *{others[number]}* | | | |"
            continue
        week = next(chapters_of)
        before = sum(sum(reading(chapter)) for chapter in week)
        short, _ = _sums([e for chapter in week for e in core(chapter)])
        full, _ = _sums([e for chapter in week for e in CHAPTERS[chapter]])
        names = ", ".join(map(link, week))
        yield f"| {number} | {names} | {_clock(before)} | {_clock(short)} | {_clock(full)} |"


def _clock(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02}"


def of_goals() -> Iterator[str]:
    for chapter in CHAPTERS:
        yield f"**{link(chapter)}**\n"
        yield from (f"- {line}" for line in goals(chapter))
        yield ""


def of_slides() -> Iterator[str]:
    yield "<ul>"
    for chapter in CHAPTERS:
        yield f'<li><a href="../../slides/{chapter}.html">{title(chapter)}</a></li>'
    yield "</ul>"


def of_exercises() -> Iterator[str]:
    for chapter in CHAPTERS:
        yield f"## {title(chapter)}\n"
        yield from _exercises_of(chapter)
        yield ""


def _exercises_of(chapter: str) -> Iterator[str]:
    minutes, points = _sums(CHAPTERS[chapter])
    yield f"{len(CHAPTERS[chapter])} exercises, {minutes} minutes, {points} points."
    short, few = _sums(core(chapter))
    yield f"Core (●): {len(core(chapter))} exercises, {short} minutes, {few} points.\n"
    yield "| ● | Exercise, and what it asks for | kind | level | min | points | mistakes |"
    yield "|---|---|---|---|--:|--:|--:|"
    for e in CHAPTERS[chapter]:
        known = "–"
        if isinstance(e, Judged):
            known = str(len(e.mistakes))
        elif isinstance(e, Choice):
            known = str(len(e.options) - 1)
        mark = "●" if e.core else ""
        stop = "" if e.title.endswith("?") else "."
        text = f"**{e.number}. {e.title}{stop}** {goal(e)}"
        row = (mark, text, kind(e), e.level, str(e.minutes), str(e.points), known)
        yield f"| {' | '.join(row)} |"
    yield "\n````{dropdown} The mistakes that are recognised"
    for e in CHAPTERS[chapter]:
        if isinstance(e, Judged):
            yield f"**{e.number}. {e.title}**: {'; '.join(_escaped(m.name) for m in e.mistakes)}.\n"
        elif isinstance(e, Choice):
            wrong = ", ".join(letter for letter in e.options if letter != e.right)
            yield f"**{e.number}. {e.title}**: each of the answers {wrong} has an explanation of its own.\n"
    yield "````"


def of_the_catalogue() -> Iterator[str]:
    """Yield one table of all exercises, for learners; each links to its heading in the chapter's exercises."""
    yield "| Exercise | Chapter | Kind | Level | Minutes |"
    yield "|---|---|---|---|--:|"
    for chapter, exercises in CHAPTERS.items():
        for e in exercises:
            # as Sphinx names a heading, after straight quotes have become typographic ones
            heading = make_id(f"{e.number}. {e.title}".replace("'", "’"))
            place = f"../exercises/{chapter}.html#{heading}"
            text = f'<a href="{place}" data-exercise="{e.name}">{e.title}</a> {goal(e)}'
            yield f"| {text} | {title(chapter)} | {kind(e)} | {e.level} | {e.minutes} |"


def _escaped(name: str) -> str:
    """Return a mistake's name as text: what looks like code in it is none."""
    return re.sub(r"([*_`|$])", r"\\\1", name)


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "times": of_times,
    "goals": of_goals,
    "slides": of_slides,
    **{f"plan {weeks}": partial(of_plan, weeks) for weeks in PLANS},
    "exercises": of_exercises,
    "catalogue": of_the_catalogue,
}


def filled(page: str) -> str:
    """Return a page's text with its tables made anew.

    >>> filled("no table")
    'no table'
    """
    return TABLE.sub(lambda m: m[1] + "\n" + "\n".join(TABLES[m[2]]()) + "\n\n" + m[3], page)


def main(arguments: Sequence[str]) -> int:
    if list(arguments) not in ([], ["check"]):
        print(__doc__, file=sys.stderr)
        return 2
    different = False
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if filled(text) == text:
            continue
        if arguments:
            print(f"{path.name} differs: run python -m tools.instructors", file=sys.stderr)
            different = True
        else:
            path.write_text(filled(text), encoding="utf-8")
            print(path.name)
    return int(different)


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(sys.argv[1:]))
