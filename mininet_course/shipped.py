"""The exercises' notebooks: a learner's copy, the answers, a check of a whole file."""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mininet_course import notebook, record
from mininet_course.exercise import CourseError
from mininet_course.places import BOOK, PACKAGES


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
    solutions = json.loads(notebook_file("solutions", name.split(".")[0]).read_text(encoding="utf-8"))
    texts = []
    for cell in solutions["cells"]:
        about = cell["metadata"].get("exercise", {})
        if about.get("name") == name and about["role"] in ("answer", "why", "written"):
            texts.append("".join(cell["source"]))
    # what folds text away on the book's page is noise in print
    lines = [line for line in "\n\n".join(texts).splitlines() if not line.startswith(("```", ":class:"))]
    return "\n".join(lines).strip()


def run_file(file: Path, seconds: float = 120) -> tuple[record.Record, list[str]]:
    """Run a notebook in a fresh kernel of this Python; return every check's outcome, and what went wrong besides.

    Whatever kernels are installed, and whatever the notebook asks for. The learner's own
    progress is not touched. A cell that takes longer than ``seconds`` ends the run: its
    kernel is stopped, and the checks after it have not been made.
    """
    try:
        found = notebook.parse(file.read_bytes())
    except OSError as problem:
        raise CourseError(f"{file} cannot be read ({problem.strerror}).") from None
    except CourseError as problem:
        raise CourseError(f"{file} {problem}") from None
    folder = Path(tempfile.mkdtemp())
    before = os.environ.get("MININET_PROGRESS")
    os.environ["MININET_PROGRESS"] = str(folder / "progress.json")
    try:
        problems = _run(found["cells"], file.resolve().parent, folder, seconds)
        return record.load(), problems
    finally:
        if before is None:
            del os.environ["MININET_PROGRESS"]
        else:
            os.environ["MININET_PROGRESS"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _run(cells: Sequence[notebook.Cell], here: Path, folder: Path, seconds: float) -> list[str]:
    """Run a notebook's code in a folder, with another for what the kernel needs; return what went wrong."""
    try:
        from ipykernel.kernelspec import write_kernel_spec
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from nbformat import v4
    except ImportError:
        raise CourseError(
            'Running a file takes nbclient and ipykernel: pip install "mininet-course[book]".'
        ) from None
    # ids of our own: those in the file may be missing, or there twice
    runs = [
        v4.new_code_cell(cell["source"], id=f"cell-{number}")
        for number, cell in enumerate(cells, start=1)
        if cell["cell_type"] == "code"
    ]
    write_kernel_spec(folder / "kernels" / "this")
    specs = KernelSpecManager(kernel_dirs=[str(folder / "kernels")])
    client = NotebookClient(
        v4.new_notebook(cells=runs),
        km=AsyncKernelManager(kernel_name="this", kernel_spec_manager=specs),
        timeout=seconds,
        allow_errors=True,
        resources={"metadata": {"path": str(here)}},
        log=_silent(),
    )
    # this course, also where it is not installed; and nobody's own settings of IPython
    paths = [*map(str, dict.fromkeys(package.parent for package in PACKAGES)), os.environ.get("PYTHONPATH")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    problems = []
    try:
        # what the kernel itself says is about its sockets, and not about the notebook
        client.execute(cleanup_kc=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except CellTimeoutError:
        problems.append(f"A cell ran for more than {seconds:g} seconds; the cells after it were not run.")
    except DeadKernelError:
        problems.append("The kernel died in a cell; the cells after it were not run.")
    except RuntimeError as problem:
        raise CourseError(f"The kernel of {sys.executable} does not start ({problem}).") from None
    for cell in runs:
        for output in cell.outputs:
            if output.output_type == "error":
                number = cell.id.removeprefix("cell-")
                problems.append(f"Cell {number} stopped with {output.ename}: {output.evalue[:200]}")
    return problems


def _silent() -> logging.Logger:
    """Return a log that says nothing: what went wrong is said in our words."""
    log = logging.getLogger(f"{__name__}.run")
    log.propagate = False
    log.handlers = [logging.NullHandler()]
    return log
