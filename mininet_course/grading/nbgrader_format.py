"""An assignment as a course folder for nbgrader."""

import contextlib
import logging
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from mininet_course.exercise import CourseError
from mininet_course.grading import content
from mininet_course.grading.content import Cell, Notebook
from mininet_course.grading.pack import Pack

CONFIG = """\
# nbgrader's settings for this assignment, made by `python -m mininet_course assign`.
# In this folder nbgrader's own commands work too: nbgrader formgrader, nbgrader export.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "{name}"
c.ClearSolutions.code_stub = {{"python": "# write your code here\\nraise NotImplementedError"}}
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.LockCells",
    "mininet_course.grading.stubs.KeepStubs",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# answers are judged by `python -m mininet_course grade`, in a sandbox; nbgrader autograde refuses
c.Autograde.autograde_preprocessors = [
    "mininet_course.grading.by_hand.NotByHand",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    # neither formgrader nor feedback shows the line that made sure that somebody has judged
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.HTMLExporter.sanitize_html = True
"""
# removed from the students' version; in the grader's it makes sure that an answer which
# nobody has judged gets no points
UNJUDGED = """
### BEGIN HIDDEN TESTS
raise AssertionError("Nobody has judged this answer: grade with python -m mininet_course grade")
### END HIDDEN TESTS"""


DATABASE = "gradebook.db"
BEGINS = b"SQLite format 3\0"  # every database of SQLite
OF_NBGRADER = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'assignment'"
# in the path of a folder nbgrader takes these for a pattern, for the end of its database's address, or for a variable
NOT_IN_PATHS = "*?[]%$"


def require_path(folder: Path) -> None:
    """Raise CourseError if nbgrader cannot work in a folder, for what its path holds."""
    path = str(folder.resolve())
    bad = next((c for c in path if c in NOT_IN_PATHS or not c.isprintable()), None)
    if bad:
        raise CourseError(
            f"nbgrader cannot work in {path!r}, for the {bad!r} in it: choose a folder without, or --format zip."
        )


def database(pack: Pack) -> str:
    """Return the address of an assignment's gradebook; CourseError if it is missing or damaged.

    Nothing is written: nbgrader would begin a new one, and remove what was graded.
    """
    require_path(pack.folder)
    file = pack.folder / DATABASE
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(BEGINS))
        # read only, and by an address in which no character of the path means something
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            sound = begins == BEGINS and connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            sound = sound and bool(connection.execute(OF_NBGRADER).fetchall())
    except FileNotFoundError:
        raise CourseError(f"{file} is missing. Take it from a backup.") from None
    except OSError as problem:
        raise CourseError(f"{file} cannot be read ({problem.strerror}).") from None
    except sqlite3.Error:
        sound = False
    if not sound:
        raise CourseError(f"{file} is damaged and was left as it is. Take it from a backup.")
    return f"sqlite:///{file}"


def make(pack: Pack) -> None:
    """Write ``source/`` and let nbgrader make ``release/`` and its gradebook from it."""
    for chapter in pack.chapters:
        content.write(source(pack, chapter), pack.folder / "source" / pack.name / f"{chapter}.ipynb")
    (pack.folder / "nbgrader_config.py").write_text(CONFIG.format(name=pack.name), encoding="utf-8")
    run(pack.folder, "generate_assignment", pack.name)


def source(pack: Pack, chapter: str) -> Notebook:
    """Return the notebook that nbgrader takes: the students', with its marks on what is answered and graded."""
    notebook = content.students(pack, chapter)
    before = True
    for cell in notebook["cells"]:
        name, role = content.about(cell)
        before = before and not name
        if role == "answer":
            _mark(cell, f"{name}-answer", solution=True)
        elif role == "check":
            cell["source"] += UNJUDGED
            _mark(cell, name, grade=True, locked=True, points=pack.points[name])
        elif role == "written":
            _mark(cell, name, solution=True, grade=True, points=pack.points[name])
        elif before and cell["cell_type"] == "code":  # what every exercise stands on
            _mark(cell, f"setup-{cell['id']}", locked=True)
    return notebook


def run(folder: Path, command: str, *arguments: str) -> None:
    """Run a command of nbgrader in a course folder; CourseError with its last words if it fails."""
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise CourseError('This takes nbgrader: pip install "mininet-course[grade]"') from None
    # nbgrader calls alembic by its bare name
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", command, *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        words = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise CourseError(f"nbgrader {command} failed:\n{words}")


def course(pack: Pack) -> tuple[Any, Any, logging.Logger]:
    """Return nbgrader's settings of an assignment, its course folder, and a log that keeps quiet.

    CourseError unless its gradebook is there and whole.
    """
    database(pack)
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    settings = PyFileConfigLoader("nbgrader_config.py", path=str(pack.folder)).load_config()
    settings.merge(Config({"CourseDirectory": {"root": str(pack.folder), "assignment_id": pack.name}}))
    log = logging.getLogger(f"{__name__}.nbgrader")
    log.propagate = False
    log.handlers = [logging.NullHandler()]
    return settings, CourseDirectory(config=settings), log


def _mark(cell: Cell, grade_id: str, points: float | None = None, **what: bool) -> None:
    """Put nbgrader's mark on a cell."""
    mark: dict[str, Any] = {"schema_version": 3, "grade_id": grade_id.replace(".", "-"), "task": False}
    mark |= {"solution": False, "grade": False, "locked": False} | what
    if points is not None:
        mark["points"] = points
    cell["metadata"]["nbgrader"] = mark
