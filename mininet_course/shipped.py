"""The exercises' notebooks: a learner's copy, the answers, a check of a whole file."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mininet_course import record
from mininet_course.exercise import CourseError
from mininet_course.places import BOOK


def notebook_file(kind: str, chapter: str) -> Path:
    """Return the notebook of a chapter, of the kind "exercises" or "solutions"."""
    file = BOOK / kind / f"{chapter}.ipynb"
    if file.is_file():
        return file
    raise CourseError(f"The notebook {kind}/{chapter}.ipynb is missing: in a clone, run make exercises.")


def start(chapter: str, folder: Path) -> Path:
    """Copy a chapter's exercises into a folder, as ``neuron-exercises.ipynb``; never over a file that is there."""
    copy = folder / f"{chapter}-exercises.ipynb"
    source = notebook_file("exercises", chapter)
    try:
        # "x": only if there is nothing of that name
        with copy.open("xb") as file:
            file.write(source.read_bytes())
    except FileExistsError:
        raise CourseError(
            f"{copy.name} is here already and stays as it is. To begin anew, rename it or go to another folder."
        ) from None
    except OSError as problem:
        raise CourseError(
            f"{copy} cannot be written ({problem.strerror}). Go to a folder of your own."
        ) from None
    return copy


def answer(name: str) -> str:
    """Return the answer to an exercise as the solutions notebook has it, and why it is right."""
    notebook = json.loads(notebook_file("solutions", name.split(".")[0]).read_text(encoding="utf-8"))
    texts = []
    for cell in notebook["cells"]:
        about = cell["metadata"].get("exercise", {})
        if about.get("name") == name and about["role"] in ("answer", "why", "written"):
            texts.append("".join(cell["source"]))
    # what folds text away on the book's page is noise in print
    lines = [line for line in "\n\n".join(texts).splitlines() if not line.startswith(("```", ":class:"))]
    return "\n".join(lines).strip()


def run_file(file: Path, seconds: float = 120) -> tuple[record.Record, list[str]]:
    """Run a notebook in a fresh kernel; return the outcome of every check in it, and what went wrong besides.

    The learner's own progress is not touched. A cell that takes longer than ``seconds``
    ends the run: its kernel is stopped, and the checks after it have not been made.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
    except ImportError:
        raise CourseError('Running a file takes nbclient: pip install "mininet-course[book]".') from None
    try:
        notebook: Any = nbformat.read(file, as_version=4)
    except OSError as problem:
        raise CourseError(f"{file} cannot be read ({problem.strerror}).") from None
    except Exception:
        raise CourseError(f"{file} is no notebook that can be read. Save it again in JupyterLab.") from None
    folder = Path(tempfile.mkdtemp())
    problems = []
    before = os.environ.get("MININET_PROGRESS")
    os.environ["MININET_PROGRESS"] = str(folder / "progress.json")
    try:
        resources = {"metadata": {"path": str(file.resolve().parent)}}
        NotebookClient(
            notebook, timeout=seconds, kernel_name="python3", allow_errors=True, resources=resources
        ).execute()
    except CellTimeoutError:
        problems.append(f"A cell ran for more than {seconds:g} seconds; the cells after it were not run.")
    except DeadKernelError:
        problems.append("The kernel died in a cell; the cells after it were not run.")
    finally:
        outcomes = record.load()
        if before is None:
            del os.environ["MININET_PROGRESS"]
        else:
            os.environ["MININET_PROGRESS"] = before
        shutil.rmtree(folder, ignore_errors=True)
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                problems.append(f"Cell {number} stopped with {output.ename}: {output.evalue[:200]}")
    return outcomes, problems
