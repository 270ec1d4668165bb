"""All pages of feedback in one zip, named so that the platform gives each to its student.

Canvas (*Upload submissions again*) and Moodle (*Upload multiple feedback files in a zip*)
know a student by the name that they gave to what was handed in, so that zip is wanted.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mininet_course.exercise import CourseError
from mininet_course.grading.pack import Pack

# doejane_LATE_12345_67890_neuron.ipynb: who, and which file of theirs, is in the numbers
CANVAS = re.compile(r"(?P<begins>[^_/\\]+_(?:LATE_)?(?P<id>\d+)_(?P<attachment>\d+))_[^/\\]+")
# Jane Doe_123456_assignsubmission_file_/neuron.ipynb; the first such folder says whose it is
MOODLE = re.compile(r"(?:[^/\\]+/)??(?P<begins>[^_/\\]+_(?P<id>\d+)_assignsubmission)_[a-z]+_?/.+")


@dataclass(frozen=True)
class Returned:
    """The zip, the platform it is for, and the students whose pages are in it, and are not."""

    file: Path
    platform: str
    placed: Sequence[str]
    left_out: Sequence[str]


def write(pack: Pack, pages: Mapping[str, Path], source: Path) -> Returned:
    """Write ``feedback-canvas.zip`` or ``feedback-moodle.zip`` into the assignment's folder.

    ``source`` is the zip that the platform made of what was handed in.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            paths = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        raise CourseError(
            f"{source} is no zip that can be read. Give the one that the platform has made."
        ) from None
    canvas, moodle = _of_canvas(paths, pack.name), _of_moodle(paths, pack.name)
    platform, names = ("canvas", canvas) if len(canvas) >= len(moodle) else ("moodle", moodle)
    if not names:
        first = f"; the first is {paths[0]!r}" if paths else ""
        raise CourseError(f"{source}: no file is named as Canvas or Moodle names files{first}.")
    file = pack.folder / f"feedback-{platform}.zip"
    placed = [student for student in pages if student in names]
    if not placed:
        raise CourseError(f"{source} holds nothing of {', '.join([*pages][:5])}. Is it another assignment's?")
    draft = file.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in placed:
            archive.write(pages[student], names[student])
    draft.replace(file)
    return Returned(file, platform, placed, [student for student in pages if student not in names])


def _of_canvas(paths: Sequence[str], assignment: str) -> dict[str, str]:
    """Return the name of each student's page: Canvas reads the numbers of the student and of the latest file."""
    found: dict[str, tuple[int, str]] = {}
    for path in paths:
        match = CANVAS.fullmatch(PurePosixPath(path).name)
        if match:
            number = int(match["attachment"])
            if match["id"] not in found or found[match["id"]][0] < number:
                found[match["id"]] = (number, f"{match['begins']}_{assignment}.html")
    return {student: name for student, (_, name) in found.items()}


def _of_moodle(paths: Sequence[str], assignment: str) -> dict[str, str]:
    """Return the path of each student's page: Moodle reads the number in the folder's name."""
    matches = [match for path in paths if (match := MOODLE.fullmatch(path))]
    return {match["id"]: f"{match['begins']}_file_/{assignment}.html" for match in matches}
