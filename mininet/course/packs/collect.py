"""Brings what students handed in into place, each notebook repaired. Built in the chapter "neuron".

One student's files at a time are read, and what is wrong with them is that student's alone.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from mininet.course.exercise import CourseError
from mininet.course.packs import content, unpack, variants
from mininet.course.packs.content import Notebook
from mininet.course.packs.pack import Pack
from mininet.course.packs.repair import CHECK, repair
from mininet.course.packs.unpack import Refused

FILE = "collected.json"
ORIGINALS = "collected"  # the folder of what was handed in
PLATFORMS = ("canvas", "moodle", "plain")
OF_ONE = 100_000_000  # bytes that one student may hand in
# doejane_12345_67890_neuron-1.ipynb and doejane_LATE_12345_67890_neuron.ipynb
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_\d+_(?P<file>.+)")
# Jane Doe_123456_assignsubmission_file_/neuron.ipynb
MOODLE = re.compile(r"(?P<name>[^/]+)_(?P<id>\d+)_assignsubmission_[a-z]+_?/(?P<file>.+)")
FORMS = {
    "canvas": "name_123_456_file.ipynb",
    "moodle": "Name_123_assignsubmission_file_/file.ipynb",
    "plain": "student/file.ipynb",
}


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
        lines = [f"{len(self.submissions)} submissions collected"]
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
    already is replaced if something else was handed in now; nobody else is touched.
    """
    problems: list[str] = []
    files = _by_student(pack, source, platform, problems)
    known = load(pack)
    submissions = []
    for student, theirs in sorted(files.items()):
        submission = _submission(pack, student, theirs, problems)
        if submission is None:
            problems.append(
                f"{student}: nothing could be taken, so nothing is graded. Ask for the notebook again."
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


def load(pack: Pack) -> dict[str, dict[str, object]]:
    """Return what was collected so far: by student the name, whether late, the files and the notes."""
    file = pack.folder / FILE
    if not file.is_file():
        return {}
    kept: dict[str, dict[str, object]] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def _submission(pack: Pack, student: str, files: Sequence[_File], problems: list[str]) -> Submission | None:
    """Read and repair what one student handed in; None if there is no notebook in it."""
    made = Submission(student, files[0].name, any(file.late for file in files))
    release = variants.released(pack, student)
    chapters = [Path(name).stem for name in release]
    read: dict[str, list[tuple[_File, Notebook]]] = {}
    for file, data in _opened(files, problems):
        _keep(pack, file, data)
        try:
            notebook = content.parse(data)
            read.setdefault(_which(notebook, file.file, release), []).append((file, notebook))
        except CourseError as problem:
            problems.append(f"{student}: {file.path} {problem}")
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
        if not handed_in:
            made.notebooks[chapter], _ = repair(skeleton, skeleton)
            made.notes.append(f"{chapter}.ipynb was not handed in")
            continue
        file, notebook = handed_in[-1]
        made.notebooks[chapter], notes = repair(skeleton, notebook)
        made.files[chapter] = file.file
        theirs = notebook["metadata"].get("mininet")
        number = pack.variant(student)
        if number is not None and isinstance(theirs, dict) and theirs.get("variant") not in (None, number):
            whose = next((s for s in pack.students if pack.variant(s) == theirs["variant"]), "somebody")
            notes.append(f"LOOK: these are the numbers of {whose}; it is graded with the student's own")
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
    name = re.sub(r"[^\w ().-]", "_", file.file)[-100:]
    (folder / name).write_bytes(data)


def _by_student(pack: Pack, source: Path, platform: str, problems: list[str]) -> dict[str, list[_File]]:
    """Return what every student has handed in, not yet read; what cannot be told to be somebody's is noted."""
    if not source.exists():
        raise CourseError(f"{source} is not there. Give the zip that the platform has made, or a folder.")
    try:
        entries = unpack.entries(source, problems)
    except (zipfile.BadZipFile, OSError):
        raise CourseError(f"{source.name} is no zip that can be read. Download it again.") from None
    entries = _without_common_folder(pack, entries) if platform == "plain" else entries
    found: dict[str, list[_File]] = {}
    for path, read in entries:
        whose = _whose(pack, path, platform)
        if whose is None:
            problems.append(f"{path}: not named as {platform} names files, {FORMS[platform]}")
        else:
            student, name, late, file = whose
            found.setdefault(student, []).append(_File(student, name, late, path, file, read))
    return found


def _opened(files: Sequence[_File], problems: list[str]) -> Iterator[tuple[_File, bytes]]:
    """Read a student's files, those in a zip too; what cannot be taken, and what is too much, is noted."""
    left, waiting = OF_ONE, list(files)
    while waiting:
        file = waiting.pop(0)
        kind = PurePosixPath(file.file).suffix.lower()
        try:
            if kind not in (".ipynb", ".zip"):
                raise Refused("is no notebook and is left where it is")
            data = file.read()
            left -= len(data)
            if left < 0:
                raise Refused(f"comes after {OF_ONE // 1_000_000} MB of others and is not taken")
            if kind == ".ipynb":
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


def _whose(pack: Pack, path: str, platform: str) -> tuple[str, str, bool, str] | None:
    """Return student, readable name, whether late, and file name, as a platform puts them into a path."""
    if platform != "plain":
        # some browsers unpack and pack again, in a folder
        name = PurePosixPath(path).name if platform == "canvas" else "/".join(path.split("/")[-2:])
        match = (CANVAS if platform == "canvas" else MOODLE).fullmatch(name)
        if match is None:
            return None
        late = platform == "canvas" and match["late"] is not None
        return match["id"], match["name"], late, PurePosixPath(match["file"]).name
    folder, _, file = path.rpartition("/")
    student = folder.split("/")[0]
    if not student:  # janedoe.ipynb, or janedoe_neuron.ipynb
        chapters = "|".join(map(re.escape, pack.chapters))
        student = re.sub(rf"[-_ ]+({chapters})$", "", PurePosixPath(file).stem)
    if not re.fullmatch(r"[\w.@+ -]+", student) or student.startswith("."):
        return None
    return student, "", False, file


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
