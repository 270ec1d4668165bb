"""Make the exercises' notebooks from their one source.

    python -m tools.exercises          write exercises/*.ipynb (stubs) and solutions/*.ipynb (answers, run)
    python -m tools.exercises check    exit 1 if one differs, by a single byte, from what its source makes

A source, `exercises/sources/<chapter>.py`, is a notebook as text in jupytext's percent
format. A cell's `role` says what becomes of it; CONTRIBUTING.md lists the roles.
Making twice changes nothing: cell ids come from content, there are no times and no pictures.
"""

import argparse
import ast
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from mininet_course import console
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Exercise, Written
from tools.notebooks import GENERATED, NOTEBOOK_METADATA, as_text, code_cell, markdown_cell, normalise

ROOT = Path(__file__).parent.parent
ROLES = {"task", "answer", "check", "run", "show", "why", "written"}
ONLY_IN_SOLUTIONS = {"show", "why"}
BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)# BEGIN SOLUTION\n(?P<answer>.*?)"
    r"(?:^[ \t]*# INSTEAD\n(?P<instead>.*?))?^[ \t]*# END SOLUTION\n?",
    re.DOTALL | re.MULTILINE,
)
HOW_TO = """\
Each exercise says what is given, what to do and what you should see. Write your answer where the notebook says so,
run the cell, then run the check below it: it tells at once whether you are right, and if not, why.
`hint("{first}")` gives the next hint for that exercise, `solution("{first}")` an answer, and `progress()` a table
of what you have solved. Altogether: about {minutes} minutes."""
FOLDED = """\
Every answer is folded away: try first. For a copy of these exercises without the answers type, in a terminal,
`python -m mininet_course start {chapter}`, and open the notebook in JupyterLab.
The chapter is [{title}](../book/{chapter}.ipynb)."""


class SourceProblem(Exception):
    """A source that does not have the form of exercises; the message says which cell and what to do."""


def learners(chapter: str, cells: Sequence[NotebookNode]) -> NotebookNode:
    """Return the notebook of stubs: nothing of any answer in it."""
    kept = [cell for cell in cells if _role(cell) not in ONLY_IN_SOLUTIONS]
    made = [_titled(chapter, cells[0], "Exercises", HOW_TO), *(_learners_cell(cell) for cell in kept[1:])]
    return normalise(new_notebook(cells=made, metadata=_metadata(chapter)))


def solved(chapter: str, cells: Sequence[NotebookNode]) -> NotebookNode:
    """Return the notebook with answers, not yet run; also a page of the book, on which answers are folded."""
    made = [_titled(chapter, cells[0], "Solutions", FOLDED), *map(_solved_cell, cells[1:])]
    return normalise(new_notebook(cells=made, metadata=_metadata(chapter)))


def _metadata(chapter: str) -> dict[str, object]:
    """Return a notebook's metadata, which say where an edit belongs."""
    origin = {"from": f"exercises/sources/{chapter}.py", "by": "make exercises"}
    return {**NOTEBOOK_METADATA, GENERATED: origin}


def source(chapter: str, folder: Path = ROOT / "exercises" / "sources") -> list[NotebookNode]:
    """Return a source's cells, after checking that they are complete."""
    cells: list[NotebookNode] = jupytext.read(folder / f"{chapter}.py", fmt="py:percent").cells
    problem = _problem(CHAPTERS[chapter], cells)
    if problem:
        raise SourceProblem(f"exercises/sources/{chapter}.py: {problem}")
    return cells


def _problem(exercises: Sequence[Exercise], cells: Sequence[NotebookNode]) -> str | None:
    roles = {_role(cell) for cell in cells} - {""}
    if roles - ROLES:
        return f"unknown role {sorted(roles - ROLES)[0]!r}; known are {', '.join(sorted(ROLES))}."
    tasks = [cell.metadata["q"] for cell in cells if _role(cell) == "task"]
    if tasks != [e.name for e in exercises]:
        return (
            f"the tasks are {tasks}, the chapter's module has {[e.name for e in exercises]}; make them agree."
        )
    for exercise in exercises:
        found = [
            _role(c)
            for c in cells
            if c.metadata.get("q") == exercise.name and _role(c) not in ("why", "show")
        ]
        wanted = ["task", "written"] if isinstance(exercise, Written) else ["task", "answer", "check"]
        if found != wanted:
            return f"{exercise.name} has the cells {found}, expected {wanted}."
    for cell in cells:
        name = cell.metadata.get("q")
        if _role(cell) == "answer" and not BLOCK.search(cell.source + "\n"):
            return f"the answer of {name} has no block from # BEGIN SOLUTION to # END SOLUTION."
        if _role(cell) == "check" and not cell.source.startswith(f'check("{name}", '):
            return f'the check of {name} must begin check("{name}", '
    return None


def _role(cell: NotebookNode) -> str:
    return str(cell.metadata.get("role", ""))


def _about(cell: NotebookNode) -> dict[str, object]:
    if "q" not in cell.metadata:
        return {}
    return {"exercise": {"name": cell.metadata["q"], "role": _role(cell)}}


def _titled(chapter: str, cell: NotebookNode, kind: str, text: str) -> NotebookNode:
    """Return the first cell: the source's title and opening, and how to go about it."""
    exercises = CHAPTERS[chapter]
    heading, opening = cell.source.split("\n", 1)
    title = heading.removeprefix("# ")
    how_to = text.format(
        chapter=chapter, title=title, first=exercises[0].name, minutes=sum(e.minutes for e in exercises)
    )
    first_word = title.split()[0]
    acronym = len(first_word) > 1 and first_word.isupper()  # XOR is no xOR
    in_sentence = title if acronym else title[0].lower() + title[1:]
    return markdown_cell(f"# {kind}: {in_sentence}\n\n{opening.strip()}\n\n{how_to}")


def _task(cell: NotebookNode) -> NotebookNode:
    exercise = next(e for e in CHAPTERS[cell.metadata["q"].split(".")[0]] if e.name == cell.metadata["q"])
    points = "1 point" if exercise.points == 1 else f"{exercise.points} points"
    head = f"## {exercise.number}. {exercise.title}\n\n*{exercise.level}, about {exercise.minutes} minutes, {points}*"
    return markdown_cell(f"{head}\n\n{cell.source}", metadata=_about(cell))


def _learners_cell(cell: NotebookNode) -> NotebookNode:
    if _role(cell) == "task":
        return _task(cell)
    if _role(cell) == "written":
        return markdown_cell("*Write your answer here: double-click this line.*", metadata=_about(cell))
    if cell.cell_type == "markdown":
        return markdown_cell(cell.source)
    return code_cell(BLOCK.sub(_stub, cell.source + "\n"), metadata=_about(cell))


def _solved_cell(cell: NotebookNode) -> NotebookNode:
    role, about = _role(cell), _about(cell)
    if role == "task":
        return _task(cell)
    if role in ("why", "written"):
        title = "Why" if role == "why" else "A model answer"
        return markdown_cell(
            f"```{{admonition}} {title}\n:class: dropdown\n{cell.source}\n```", metadata=about
        )
    if cell.cell_type == "markdown":
        return markdown_cell(cell.source)
    tags = {"answer": ["hide-input"], "check": ["nbval-check-output"], "run": ["nbval-check-output"]}
    tags["show"] = tags["run"]
    if role in tags:
        about = about | {"tags": tags[role]}
    return code_cell(BLOCK.sub(lambda m: m["answer"], cell.source + "\n"), metadata=about)


def _stub(match: re.Match[str]) -> str:
    """Return what stands in the learner's notebook in place of an answer."""
    indent = match["indent"]
    if match["instead"]:
        return re.sub(rf"(?m)^{indent}# ?", indent, match["instead"])
    if indent:
        return f"{indent}# write your code here\n{indent}raise NotImplementedError\n"
    names = [
        target.id
        for statement in ast.parse(match["answer"]).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
    return "".join(f"{name} = ...\n" for name in names)


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a solutions notebook, in place; what it prints belongs to it, pictures do not (they differ by machine)."""
    before = os.environ.get("MININET_PROGRESS")
    with tempfile.TemporaryDirectory() as elsewhere:  # nobody's progress
        os.environ["MININET_PROGRESS"] = str(Path(elsewhere) / "progress.json")
        try:
            NotebookClient(
                notebook,
                timeout=300,
                resources={"metadata": {"path": str(folder)}},
                coalesce_streams=True,
                record_timing=False,
                store_widget_state=False,
            ).execute()
        except CellExecutionError as problem:
            raise SourceProblem(f"a cell failed, nothing was written.\n{problem}") from None
        finally:
            del os.environ["MININET_PROGRESS"]
            if before is not None:
                os.environ["MININET_PROGRESS"] = before
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if any(kind.startswith("image/") for kind in output.get("data", {})):
                raise SourceProblem(
                    f"a picture in “{cell.source.splitlines()[0]}”: exercises print, pictures differ by machine."
                )
    return normalise(notebook)


def make(chapter: str, execute: bool = True) -> dict[Path, str]:
    """Return the text of a chapter's two notebooks by where it belongs; the solutions run, or as they are before."""
    cells = source(chapter)
    answers = solved(chapter, cells)
    notebooks = {
        "exercises": learners(chapter, cells),
        "solutions": run(answers, ROOT) if execute else answers,
    }
    return {ROOT / kind / f"{chapter}.ipynb": as_text(nb) for kind, nb in notebooks.items()}


def drifted(made: dict[Path, str]) -> list[Path]:
    """Return the files that are missing or differ by a single byte from what was made."""
    return [path for path, text in made.items() if not path.is_file() or path.read_bytes() != text.encode()]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", nargs="?", choices=["make", "check"], default="make")
    parser.add_argument("chapters", nargs="*", default=list(CHAPTERS), help="only these (all)")
    options = parser.parse_args(arguments)
    stale: list[Path] = []
    for chapter in options.chapters:
        if chapter not in CHAPTERS:
            print(f"no chapter {chapter!r} in mininet_course.checks: {', '.join(CHAPTERS)}", file=sys.stderr)
            return 2
        try:
            made = make(chapter)
        except SourceProblem as problem:
            print(problem, file=sys.stderr)
            return 1
        stale += drifted(made)
        if options.action == "make":
            for path in drifted(made):
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(made[path].encode())
                print(f"wrote {path.relative_to(ROOT)}")
    if options.action == "check" and stale:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        print(f"{names}: not what the source makes; run make exercises", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
