"""The notebooks of an assignment, made from those that the course ships.

A notebook is handled as the dict that its file holds: this takes no library, and what an
assignment consists of can be read here without knowing any grader.
"""

import copy
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mininet_course import storage
from mininet_course.exercise import CourseError, Written
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.notebook import Cell as Cell
from mininet_course.notebook import Notebook as Notebook
from mininet_course.notebook import parse
from mininet_course.shipped import notebook_file

HOW_TO = """\
# {name}: {title}

{count}, {points}, about {minutes} minutes.

- Write each answer where the notebook says so, run its cell, then run the check below it: it tells at once whether
  you are right, and if not, why. `hint("{first}")` gives a hint. Answers in words are read by a person.
- Leave the checks and the cells that are given as they are. You may add cells of your own.
- Before you hand in: *Kernel → Restart and Run All*, save, and hand in this file{also}.

What counts are your answers, tried on more inputs than the checks show."""

OWN_NUMBERS = "Some of the numbers in it are yours alone; hints and solutions speak of the book's."


def students(pack: Pack, chapter: str, student: str = "") -> Notebook:
    """Return the notebook of a chapter that a student gets: stubs, no answers, nothing private."""
    notebook = shipped("exercises", chapter)
    chosen = _chosen(pack, notebook["cells"], chapter)
    cells = [markdown(_heading(pack, chapter, notebook["cells"][0]["source"]), id="about"), *chosen]
    number = pack.variant(student)
    about = {"assignment": pack.name, "chapter": chapter} | ({} if number is None else {"variant": number})
    made = notebook | {"cells": cells, "metadata": notebook["metadata"] | {"mininet": about}}
    return made if number is None else with_numbers(made, number)


def solution(pack: Pack, chapter: str) -> Notebook:
    """Return the notebook of a chapter with the answers, why they are right, and what they print."""
    notebook = shipped("solutions", chapter)
    cells = _chosen(pack, notebook["cells"], chapter)
    for cell in cells:
        cell["metadata"] = {key: about for key, about in cell["metadata"].items() if key == "exercise"}
        if cell["cell_type"] == "markdown":  # what folds text on the book's page is noise in a notebook
            text = re.sub(r"^```\{admonition\} (.*)\n:class: dropdown\n", r"**\1.** ", cell["source"])
            cell["source"] = text.removesuffix("\n```")
    title = title_of(notebook["cells"][0]["source"])
    return notebook | {"cells": [markdown(f"# {pack.name}, solutions: {title}", id="about"), *cells]}


def with_numbers(notebook: Notebook, number: int) -> Notebook:
    """Return a student's notebook with the numbers of a variant in texts, given code and checks."""
    made = copy.deepcopy(notebook)
    texts = {name: EXERCISES[name].variant(number)[0] for name in named(made) if EXERCISES[name].vary}
    of = ""
    if texts:
        made["cells"][0]["source"] += "\n\n" + OWN_NUMBERS
    for cell in made["cells"]:
        name, role = about(cell)
        of = name or of
        if of not in texts:
            continue
        cell["source"] = exchanged(cell["source"], texts[of])
        if role == "check":
            cell["source"] = cell["source"].rstrip().removesuffix(")") + f", variant={number})"
    made["metadata"].setdefault("mininet", {})["variant"] = number
    return made


def shipped(kind: str, chapter: str) -> Notebook:
    """Read a notebook that the course ships, "exercises" or "solutions", every source as one string."""
    return read(notebook_file(kind, chapter))


def read(file: Path) -> Notebook:
    """Read a notebook's file, every source as one string; CourseError if it is none."""
    try:
        return parse(file.read_bytes())
    except OSError as problem:
        raise CourseError(f"{file} cannot be read ({problem.strerror}).") from None
    except CourseError as problem:
        raise CourseError(f"{file.name} {problem}") from None


def write(notebook: Notebook, file: Path) -> None:
    """Write a notebook, making its folder; whole or not at all."""
    storage.write(file, text(notebook))


def text(notebook: Notebook) -> str:
    """Return a notebook as its file holds it."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def about(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Return the exercise and the role of a cell, two empty strings if it belongs to none."""
    kept = cell["metadata"].get("exercise")
    if not isinstance(kept, dict):
        return "", ""
    return str(kept.get("name", "")), str(kept.get("role", ""))


def named(notebook: Notebook) -> list[str]:
    """Return the names of the exercises in a notebook, in order."""
    names = dict.fromkeys(about(cell)[0] for cell in notebook["cells"])
    return [name for name in names if name in EXERCISES]


def _chosen(pack: Pack, cells: Sequence[Cell], chapter: str) -> list[Cell]:
    """Return the set-up of a chapter, and of each chosen exercise its cells and what follows them without a label."""
    wanted, of, chosen = set(pack.of_chapter(chapter)), "", []
    for cell in copy.deepcopy(cells[1:]):  # the first is the title
        name, role = about(cell)
        of = name or of
        if not of or of in wanted:
            if role == "task" and pack.points[of] != EXERCISES[of].points:
                cell["source"] = re.sub(
                    r"(?m)^(\*.*, )[^,]* points?\*$",
                    rf"\g<1>{in_points(pack.points[of])}*",
                    cell["source"],
                    count=1,
                )
            chosen.append(cell)
    return chosen


def _heading(pack: Pack, chapter: str, opening: str) -> str:
    names = pack.of_chapter(chapter)
    # otter takes one notebook for all
    chapters = pack.chapters if pack.format != "otter" else [chapter]
    others = [f"`{other}.ipynb`" for other in chapters if other != chapter]
    judged = [name for name in names if not isinstance(EXERCISES[name], Written)]
    return HOW_TO.format(
        name=pack.name,
        title=title_of(opening),
        count=counted(len(names), "exercise"),
        points=in_points(sum(pack.points[name] for name in names)),
        minutes=sum(EXERCISES[name].minutes for name in names),
        first=(judged or names)[0],
        also=f" and {', '.join(others)}" if others else "",
    )


def title_of(opening: str) -> str:
    """Return "a single neuron" of "# Exercises: a single neuron …"."""
    return opening.split("\n", 1)[0].split(": ", 1)[1]


def counted(number: float, what: str) -> str:
    """Return "1 exercise", "2 exercises", "1.5 points"."""
    return f"{number:g} {what}{'' if number == 1 else 's'}"


def at_most(lines: Sequence[str], most: int = 40) -> list[str]:
    """Return the first lines and how many more there are: nobody's own fills a report."""
    more = len(lines) - most
    return [*lines[:most], *([f"… and {more:,} more of these"] if more > 0 else [])]


def in_points(points: float) -> str:
    return counted(points, "point")


def exchanged(text: str, texts: Mapping[str, str]) -> str:
    """Exchange all pieces at once, so that what one puts in is not taken for another."""
    if not texts:
        return text
    pieces = "|".join(re.escape(piece) for piece in sorted(texts, key=len, reverse=True))
    return re.sub(pieces, lambda match: texts[match[0]], text)


def markdown(text: str, id: str) -> Cell:
    """Return a cell of text."""
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": text}
