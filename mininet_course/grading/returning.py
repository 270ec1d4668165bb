"""All pages of feedback in one zip, named so that the platform gives each to its student.

Canvas (*Upload submissions again*) and Moodle (*Upload multiple feedback files in a zip*)
know a student by the name that they gave to what was handed in, so that zip is wanted.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mininet_course.exercise import CourseError
from mininet_course.grading import unpack
from mininet_course.grading.collect import matched
from mininet_course.grading.pack import Pack


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
        paths = [path for path, _ in unpack.entries(source, [])]
    except unpack.Refused as problem:
        raise CourseError(f"{source} {problem}. Give the one that the platform has made.") from None
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
    for match in _matched("canvas", paths):
        number = int(match["attachment"])
        if match["id"] not in found or found[match["id"]][0] < number:
            found[match["id"]] = (number, f"{match[0][: match.start('file')]}{assignment}.html")
    return {student: name for student, (_, name) in found.items()}


def _of_moodle(paths: Sequence[str], assignment: str) -> dict[str, str]:
    """Return the path of each student's page: Moodle reads the number in the folder's name."""
    return {
        # a low line in a name would end it
        match[
            "id"
        ]: f"{match['name'].replace('_', ' ')}_{match['id']}_assignsubmission_file_/{assignment}.html"
        for match in _matched("moodle", paths)
    }


def _matched(platform: str, paths: Sequence[str]) -> list[re.Match[str]]:
    """Return the platform's part of those paths that have one, as collecting reads them."""
    return [match for path in paths if (match := matched(platform, path))]
