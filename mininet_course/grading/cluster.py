"""Grades on several machines: hands submissions to the workers of a Dask cluster, each in a sandbox of its own there.

A worker needs the course and a sandbox, and no folder that is shared: assignment and
submission travel to it, the record and the mended notebooks come back. What a lost worker
has not finished goes to another; a record is taken once. The cluster is yours: it can do
with the assignment what it likes, so let nobody else in.
"""

import base64
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import mininet
from mininet_course.exercise import CourseError
from mininet_course.grading import grade, records
from mininet_course.grading import pack as packs
from mininet_course.grading.pack import EXTRA, FILE, Pack

Files = Mapping[str, str]  # by path in the assignment's folder, what they hold in base64
TRIES = 3  # workers that may be lost over one submission
CONNECT = 15  # seconds


def at_once(
    address: str, pack: Pack, students: Sequence[str], walls: bool, seconds: float, progress: bool
) -> Generator[tuple[str, str], None, None]:
    """Grade every student's submission on the cluster; yield each when done, with the problem if there was one."""
    try:
        import dask
        from distributed import Client, as_completed
        from tqdm import tqdm
    except ImportError:
        raise CourseError('A cluster takes distributed: pip install "mininet-course[cluster]"') from None
    try:
        client = Client(address, timeout=CONNECT)
    except (OSError, ValueError) as reason:
        raise CourseError(
            f"No cluster answers at {address} ({reason}). It is started by `dask scheduler`, and `dask worker` "
            "on each machine."
        ) from None
    with client, dask.config.set({"distributed.scheduler.allowed-failures": TRIES}):
        common = client.scatter(_packed(pack, _common(pack)), broadcast=True)
        options = {"walls": walls, "seconds": seconds, "version": mininet.__version__}
        futures = {
            client.submit(
                graded, common, _packed(pack, _theirs(pack, student)), student, options, pure=False
            ): student
            for student in students
        }
        for future in tqdm(
            as_completed(futures), total=len(futures), unit="submission", disable=not (progress and students)
        ):
            student, problem = futures[future], ""
            try:
                _take(pack, student, future.result())
            except CourseError as reason:
                problem = str(reason)
            except Exception as reason:  # a worker lost too often, a machine without the course
                problem = f"on the cluster: {type(reason).__name__}: {reason}"
            future.release()
            yield student, problem


def graded(common: Files, theirs: Files, student: str, options: Mapping[str, Any]) -> Files:
    """Grade one submission, on a worker; return what came of it, by path in the assignment's folder."""
    if options["version"] != mininet.__version__:
        raise CourseError(
            f"The worker has version {mininet.__version__} of the course, and the assignment comes from "
            f"{options['version']}. Install the same on both."
        )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "assignment"
        _unpack(folder, {**common, **theirs})
        asked = {
            "student": student,
            "folder": str(folder),
            "walls": options["walls"],
            "seconds": options["seconds"],
        }
        problem = _child().ask(asked)
        if problem:
            raise CourseError(problem)
        pack = packs.load(folder)
        wanted = [folder / records.FOLDER / f"{student}.json", *_theirs(pack, student)]
        return _packed(pack, [*wanted, *sorted((folder / grade.ORIGINALS).rglob("*.ipynb"))])


def _common(pack: Pack) -> list[Path]:
    return [pack.folder / FILE, pack.folder / EXTRA, *sorted((pack.folder / "release").rglob("*.ipynb"))]


def _theirs(pack: Pack, student: str) -> list[Path]:
    grade.no_links(records.submitted(pack, student))
    return sorted(records.submitted(pack, student).glob("*.ipynb"))


def _packed(pack: Pack, files: Sequence[Path]) -> Files:
    return {
        file.relative_to(pack.folder).as_posix(): base64.b64encode(file.read_bytes()).decode()
        for file in files
        if file.is_file()
    }


def _unpack(folder: Path, files: Files) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(base64.b64decode(data))


def _take(pack: Pack, student: str, made: Files) -> None:
    """Put what a worker has made into place, the record last: without it nothing counts."""
    record = f"{records.FOLDER}/{student}.json"
    mended = records.submitted(pack, student).relative_to(pack.folder)
    kept = Path(grade.ORIGINALS) / student
    for path, data in sorted(made.items(), key=lambda pair: pair[0] == record):
        if path != record and Path(path).parent not in (mended, kept):
            raise CourseError(f"a worker sent {path!r}, which does not belong to {student}")
        if Path(path).parent != kept or not (pack.folder / path).exists():
            records.write(pack.folder / path, base64.b64decode(data).decode("utf-8"))


class _Child:
    """A process of the worker's that grades: limits on time want a main thread, which a worker has for itself."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, asked: Mapping[str, Any]) -> str:
        """Grade a submission in a folder; return the problem if there was one."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            reply = self._process.stdout.readline()
        except OSError:
            reply = ""
        if not reply:
            self._process.kill()
            self._process.wait()
            del _children.child
            return "the process that graded it was ended, perhaps for lack of memory"
        return str(json.loads(reply))


_children = threading.local()  # a worker may have several threads


def _child() -> _Child:
    if not hasattr(_children, "child"):
        _children.child = _Child()
    child: _Child = _children.child
    return child


def serve(asked: IO[str], replies: IO[str]) -> None:
    """Grade what is asked for, line by line, until nobody asks any more."""
    for line in asked:
        wanted = json.loads(line)
        try:
            grade.grade_one(wanted["student"], Path(wanted["folder"]), wanted["walls"], wanted["seconds"])
            problem = ""
        except Exception as reason:
            problem = grade.said(reason)
        replies.write(json.dumps(problem) + "\n")
        replies.flush()


if __name__ == "__main__":
    channel, sys.stdout = sys.stdout, sys.stderr  # whatever prints must not answer
    serve(sys.stdin, channel)
