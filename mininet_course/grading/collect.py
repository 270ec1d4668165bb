"""Brings what students handed in into place, each notebook repaired.

One student's files at a time are read, and what is wrong with them is that student's alone.
"""

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from mininet_course.exercise import CourseError
from mininet_course.grading import content, records, unpack, variants
from mininet_course.grading.content import Notebook
from mininet_course.grading.pack import Pack
from mininet_course.grading.repair import CHECK, repair
from mininet_course.grading.unpack import Refused

FILE = "collected.json"
ORIGINALS = "collected"  # the folder of what was handed in
PLATFORMS = ("canvas", "moodle", "plain")
LOOK = "LOOK: these are the numbers of"  # in a note to be read before the grade is trusted
OF_ONE = 100_000_000  # bytes that one student may hand in
# doejane_12345_67890_neuron-1.ipynb and doejane_LATE_12345_67890_neuron.ipynb
# either may lie in a folder: some browsers unpack and pack again
CANVAS = re.compile(r"(?:.*/)?(?P<name>[^_/]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_\d+_(?P<file>[^/]+)")
# Jane Doe_123456_assignsubmission_file_/neuron.ipynb; the first such folder says whose it is
MOODLE = re.compile(r"(?:.*?/)??(?P<name>[^/]+)_(?P<id>\d+)_assignsubmission_[a-z]+_?/(?P<file>.+)")
PATTERNS = {"canvas": CANVAS, "moodle": MOODLE}
FORMS = {
    "canvas": "name_123_456_file.ipynb",
    "moodle": "Name_123_assignsubmission_file_/file.ipynb",
}
TAKEN = (".ipynb", ".zip")
# in a student's name: not in folders' names on every system, patterns to nbgrader, a formula to a spreadsheet
FORBIDDEN = '<>:"|\\?*[]='
LONGEST = 200  # bytes of a student's name, which names files


@dataclass
class Submission:
    """What one student handed in: the repaired notebooks by chapter, and what a grader should know."""

    student: str
    name: str = ""
    late: bool = False
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # chapter -> the name it was handed in under
    notes: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Who handed in what, and what could not be taken."""

    submissions: list[Submission]
    problems: list[str]

    def __str__(self) -> str:
        number = len(self.submissions)
        lines = [f"{number} submission{'' if number == 1 else 's'} collected"]
        late = [s.student for s in self.submissions if s.late]
        if late:
            lines.append(f"late: {', '.join(late)}")
        for submission in self.submissions:
            who = f"{submission.student} ({submission.name})" if submission.name else submission.student
            lines += [f"  {who}: {note}" for note in submission.notes]
        if self.problems:
            lines.append("NOT TAKEN, please look:")
            lines += [f"  {problem}" for problem in self.problems]
        # names come from strangers, and some characters rule a terminal
        return "\n".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", line)[:400] for line in lines)


@dataclass(frozen=True)
class _File:
    student: str
    name: str  # of the student, readable
    late: bool
    path: str  # in the zip
    file: str  # the name it was handed in under
    read: unpack.Read


def collect(pack: Pack, source: Path, platform: str) -> Report:
    """Put every student's notebooks into ``submitted/<student>/<assignment>/``, repaired.

    ``source`` is the zip that the platform gives, or a folder. A student who is there
    already is replaced if something else was handed in now, notebook by notebook; nobody
    else is touched.
    """
    problems: list[str] = []
    files = _by_student(pack, source, platform, problems)
    known = load(pack)
    submissions = []
    for student, theirs in sorted(files.items()):
        earlier = Submission(student, **known.get(student, {}))
        submission = _submission(pack, theirs, earlier, problems)
        if submission is None:
            graded = "what was handed in earlier is" if student in known else "nothing is"
            problems.append(
                f"{student}: nothing could be taken, so {graded} graded. Ask for the notebook again."
            )
            continue
        _place(pack, submission, again=student in known)
        known[student] = {
            "name": submission.name,
            "late": submission.late,
            "files": submission.files,
            "notes": submission.notes,
        }
        submissions.append(submission)
    missing = [student for student in pack.students if student not in known]
    if missing:
        problems.append(f"on the roster, but nothing handed in: {', '.join(missing)}")
    text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (pack.folder / FILE).write_text(text, encoding="utf-8")
    return Report(submissions, problems)


def load(pack: Pack) -> dict[str, dict[str, Any]]:
    """Return what was collected so far: by student the name, whether late, the files and the notes."""
    file = pack.folder / FILE
    if not file.is_file():
        return {}
    kept: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def _submission(
    pack: Pack, files: Sequence[_File], earlier: Submission, problems: list[str]
) -> Submission | None:
    """Read and repair what one student handed in; None if there is no notebook in it.

    A notebook that was handed in earlier and is not among the files now still counts.
    """
    student = earlier.student
    made = Submission(student, files[0].name, any(file.late for file in files))
    release = variants.released(pack, student)
    chapters = [Path(name).stem for name in release]
    read: dict[str, list[tuple[_File, Notebook]]] = {}
    unread: dict[str, str] = {}
    for file, data in _opened(files, problems):
        _keep(pack, file, data)
        named = _by_name(file.file, release)
        try:
            notebook = content.parse(data) if data.strip() else {"cells": []}
        except CourseError as problem:
            problems.append(f"{student}: {file.path} {problem}")
            unread[named] = "was handed in, but no notebook can be read from it"
            continue
        if any(cell["source"].strip() for cell in notebook["cells"]):
            read.setdefault(_which(notebook, file.file, release), []).append((file, notebook))
        else:
            problems.append(f"{student}: {file.path} is empty")
            unread[named] = "was handed in, but empty"
    if not any(chapter in read for chapter in chapters):
        problems += [
            f"{student}: {file.path} holds none of the assignment's exercises" for file, _ in read.get("", [])
        ]
        return None
    for file, _ in read.get("", []):
        made.notes.append(f"{file.file} holds none of the assignment's exercises and is left out")
    for chapter in chapters:
        handed_in = sorted(read.get(chapter, []), key=lambda pair: _turn(pair[0].file))
        for file, _ in handed_in[:-1]:
            made.notes.append(f"{file.file} is an earlier version of {handed_in[-1][0].file} and is left out")
        skeleton = release[f"{chapter}.ipynb"]
        before = earlier.files.get(chapter)
        if not handed_in and before and (records.submitted(pack, student) / f"{chapter}.ipynb").is_file():
            what = unread.get(chapter, "is not in the latest submission")
            made.files[chapter] = before
            made.notes.append(f"{chapter}.ipynb {what}: {before}, handed in earlier, counts")
            made.notes += [note for note in earlier.notes if note.startswith(f"{before}: ")]
            continue
        if not handed_in:
            made.notebooks[chapter], _ = repair(skeleton, skeleton)
            made.notes.append(f"{chapter}.ipynb {unread.get(chapter, 'was not handed in')}")
            continue
        file, notebook = handed_in[-1]
        made.notebooks[chapter], notes = repair(skeleton, notebook)
        made.files[chapter] = file.file
        theirs = notebook["metadata"].get("mininet")
        number = pack.variant(student)
        if isinstance(theirs, dict) and theirs.get("variant") not in (None, number):
            whose = next((s for s in pack.students if pack.variant(s) == theirs["variant"]), "somebody")
            notes.append(f"{LOOK} {whose}; it is graded with the student's own, or the book's")
        made.notes += [f"{file.file}: {note}" for note in notes]
    return made


def _which(notebook: Notebook, file: str, release: dict[str, Notebook]) -> str:
    """Return the chapter of a notebook, by the exercises in it, else by its name; "" if it is none."""
    here = {about for cell in notebook["cells"] if (about := content.about(cell)[0])}
    here |= {match[1] for cell in notebook["cells"] for match in CHECK.finditer(cell["source"])}
    counts = {Path(name).stem: len(here & set(content.named(skeleton))) for name, skeleton in release.items()}
    best = max(counts, key=lambda chapter: counts[chapter])
    if counts[best]:
        return best
    kept = notebook["metadata"].get("mininet")
    if isinstance(kept, dict) and f"{kept.get('chapter')}.ipynb" in release:
        return str(kept["chapter"])
    return _by_name(file, release)


def _by_name(file: str, release: dict[str, Notebook]) -> str:
    """Return the chapter that a file's name begins with; "" if there is none."""
    return next((Path(name).stem for name in release if file.startswith(Path(name).stem)), "")


def _turn(file: str) -> int:
    """Return which attempt a file is: Canvas calls the second neuron-1.ipynb, a browser neuron (1).ipynb."""
    match = re.search(r"(?:-| \()(\d+)\)?\.ipynb$", file)
    return int(match[1]) if match else 0


def _place(pack: Pack, submission: Submission, again: bool) -> None:
    folder = pack.folder / "submitted" / submission.student / pack.name
    changed = False
    for chapter, notebook in submission.notebooks.items():
        file, text = folder / f"{chapter}.ipynb", content.text(notebook)
        # what is the same stays untouched, and need not be graded again
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            content.write(notebook, file)
            changed = True
    if again:
        submission.notes.insert(0, "replaces an earlier submission" if changed else "the same as before")


def _keep(pack: Pack, file: _File, data: bytes) -> None:
    """Keep what was handed in, byte for byte, under a name that is safe anywhere."""
    folder = pack.folder / ORIGINALS / file.student
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w ().-]", "_", file.file)[-60:]
    (folder / name).write_bytes(data)


def _by_student(pack: Pack, source: Path, platform: str, problems: list[str]) -> dict[str, list[_File]]:
    """Return what every student has handed in, not yet read; what cannot be told to be somebody's is noted."""
    entries = _entries(pack, source, problems)
    inside = _without_common_folder(pack, entries)
    # one of each folder, so that what a student calls files inside it decides for nobody else
    ones = {short.split("/")[0]: path for (path, _), (short, _) in zip(entries, inside, strict=True)}
    _require_form(source, list(ones.values()), platform)
    entries = inside if platform == "plain" else entries
    found: dict[str, list[_File]] = {}
    refused: dict[str, None] = {}  # a folder's name is refused once
    for path, read in entries:
        try:
            student, name, late, file = _whose(pack, path, platform)
            found.setdefault(student, []).append(_File(student, name, late, path, file, read))
        except Refused as problem:
            refused[str(problem)] = None
    problems += refused
    if platform == "plain":
        for student in [student for student, files in found.items() if not any(map(_taken, files))]:
            path = found.pop(student)[0].path
            problems.append(
                f"{student + '/' if '/' in path else path} holds no notebook and is not taken for a student"
            )
    return found


def _entries(pack: Pack, source: Path, problems: list[str]) -> list[tuple[str, unpack.Read]]:
    """Return path and reader of every file in the source; CourseError if it can be no class's submissions."""
    if not source.exists():
        raise CourseError(f"{source} is not there. Give the zip that the platform has made, or a folder.")
    if pack.folder.resolve().is_relative_to(source.resolve()):
        raise CourseError(
            f"{source} holds the assignment itself, {pack.folder.name}. Give a folder that holds "
            "what was handed in and nothing else."
        )
    if source.is_file() and source.suffix == ".ipynb":
        raise CourseError(
            f"{source.name} is a notebook. Give the zip that the platform has made, or a folder "
            "with a subfolder for each student."
        )
    try:
        return unpack.entries(source, problems)
    except (zipfile.BadZipFile, OSError):
        raise CourseError(f"{source.name} is no zip that can be read. Download it again.") from None


def _require_form(source: Path, paths: Sequence[str], platform: str) -> None:
    """Raise CourseError if files are named as another platform names them, or none as this one does."""
    alike = {form: [path for path in paths if PATTERNS[form].fullmatch(path)] for form in PATTERNS}
    for form, found in alike.items():
        if form != platform and len(found) > len(paths) / 2:
            raise CourseError(
                f"{source}: these are named as {form.title()} names files, as {found[0]!r}. "
                f"Collect them with --lms {form}."
            )
    if paths and platform in alike and not alike[platform]:
        raise CourseError(
            f"{source}: no file is named as {platform.title()} names files, {FORMS[platform]}; "
            f"the first is {paths[0]!r}. Give the zip as {platform.title()} has made it, or, for a "
            "subfolder for each student, --lms plain."
        )


def _opened(files: Sequence[_File], problems: list[str]) -> Iterator[tuple[_File, bytes]]:
    """Read a student's files, those in a zip too; what cannot be taken, and what is too much, is noted."""
    left, waiting, others = OF_ONE, list(files), list[_File]()
    while waiting:
        file = waiting.pop(0)
        if not _taken(file):
            others.append(file)
            continue
        try:
            data = file.read()
            left -= len(data)
            if left < 0:
                raise Refused(f"comes after {OF_ONE // 1_000_000} MB of others and is not taken")
            if not file.file.lower().endswith(".zip"):
                yield file, data
                continue
            waiting += [
                replace(file, path=f"{file.path}/{path}", file=PurePosixPath(path).name, read=read)
                for path, read in unpack.entries(data, problems, within=file.path)
            ]
        except Refused as problem:
            problems.append(f"{file.student}: {file.path} {problem}")
        except zipfile.BadZipFile:
            problems.append(f"{file.student}: {file.path} is no zip that can be read")
    if others:
        like = f", like {len(others) - 1} more" if others[1:] else ""
        problems.append(f"{others[0].student}: {others[0].path} is no notebook and is left where it is{like}")


def _taken(file: _File) -> bool:
    """Say whether there may be a notebook in a file, by its name."""
    return file.file.lower().endswith(TAKEN)


def _whose(pack: Pack, path: str, platform: str) -> tuple[str, str, bool, str]:
    """Return student, readable name, whether late, and file name, as a platform puts them into a path.

    Refused if nobody can be told from it.
    """
    if platform in PATTERNS:
        match = PATTERNS[platform].fullmatch(path)
        if match is None:
            raise Refused(f"{path}: not named as {platform.title()} names files, {FORMS[platform]}")
        late = match.groupdict().get("late") is not None
        return match["id"], match["name"], late, PurePosixPath(match["file"]).name
    folder, _, file = path.rpartition("/")
    student = folder.split("/")[0]
    if not student:  # janedoe.ipynb, or janedoe_neuron.ipynb
        chapters = "|".join(map(re.escape, pack.chapters))
        student = re.sub(rf"(^|[-_ ]+)({chapters})$", "", PurePosixPath(file).stem)
    # a letter with an accent is one character or two, as the system likes
    student = unicodedata.normalize("NFC", student).strip()
    problem = _no_name(student)
    if problem:
        raise Refused(f"{student + '/' if folder else path}: {problem}")
    return student, "", False, file


def _no_name(student: str) -> str:
    """Say why a student cannot be called this, since it names folders; nothing if it can."""
    if not student:
        return "no student's name in it; name it student_file.ipynb, or put it into a folder student/"
    if student.startswith("."):
        return "a student's name cannot begin with a dot; rename it"
    bad = next((c for c in student if c in FORBIDDEN or not c.isprintable()), None)
    if bad:
        return f"a student's name cannot hold the character {bad!r}; rename it"
    if len(student.encode()) > LONGEST:
        return f"a student's name cannot be longer than {LONGEST} bytes; rename it"
    return ""


def _without_common_folder(
    pack: Pack, entries: list[tuple[str, unpack.Read]]
) -> list[tuple[str, unpack.Read]]:
    """Take away a folder around all students, as in submissions/janedoe/neuron.ipynb."""
    parts = [path.split("/") for path, _ in entries]
    ours = {f"{chapter}.ipynb" for chapter in pack.chapters} | {pack.name}
    seconds = {part[1] for part in parts if len(part) > 1}
    if len(entries) > 1 and len({part[0] for part in parts}) == 1 and len(seconds) > 1 and not seconds & ours:
        return [(path.split("/", 1)[1], read) for path, read in entries]
    return entries
