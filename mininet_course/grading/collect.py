"""Brings what students handed in into place, each notebook repaired.

One student's files at a time are read, and what is wrong with them is that student's alone.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from mininet_course import notebook, storage
from mininet_course.calling import OutOfTime, within
from mininet_course.exercise import CourseError
from mininet_course.grading import content, names, records, unpack, variants
from mininet_course.grading.content import Notebook
from mininet_course.grading.pack import Pack
from mininet_course.grading.repair import CHECK, plain, repair
from mininet_course.grading.unpack import Refused

FILE = "collected.json"
ORIGINALS = "collected"  # the folder of what was handed in
LOOK = "LOOK:"  # begins a note to be read before the grade is trusted
OF_ONE = 100_000_000  # bytes that one student may hand in
MOST_FILES = 200  # notebooks and zips of one student that are read
SECONDS = 30.0  # that reading what one student has handed in may take
# doejane_12345_67890_neuron-1.ipynb and doejane_LATE_12345_67890_neuron.ipynb
CANVAS = re.compile(r"(?s)(?P<name>[^_/]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)")
# Jane Doe_123456_assignsubmission_file_/neuron.ipynb, or without the slash, as a setting of Moodle has it
MOODLE = re.compile(r"(?s)(?P<name>[^/]+?)_(?P<id>\d+)_assignsubmission_[a-z]+[_/](?P<file>.+)")
MARK = re.compile(r"(?=_\d+_assignsubmission_)")  # what only Moodle should have written
PATTERNS = {"canvas": CANVAS, "moodle": MOODLE}
DEEPEST = 4  # folders around the students': some browsers unpack what they download, and it is packed again
PLATFORMS = ("canvas", "moodle", "plain")
FORMS = {
    "canvas": "name_123_456_file.ipynb",
    "moodle": "Name_123_assignsubmission_file_/file.ipynb",
}
TAKEN = (".ipynb", ".zip")


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
        # names come from strangers
        return "\n".join(names.RULING.sub("?", line)[:400] for line in lines)


@dataclass(frozen=True)
class _File:
    student: str
    name: str  # of the student, readable
    late: bool
    path: str  # in the zip
    file: str  # the name it was handed in under
    read: unpack.Read


@dataclass(frozen=True)
class _Version:
    """A notebook that a student handed in for a chapter, repaired; by exercise what it answers, unlike the stub."""

    file: _File
    handed_in: Notebook
    mended: Notebook
    notes: list[str]
    answers: Mapping[str, str]
    given: int  # how many of the released cells are in it


@dataclass(frozen=True)
class _Origin:
    """Whose a file is, as a platform has written it into the file's path."""

    student: str
    name: str
    late: bool
    file: str


def collect(pack: Pack, source: Path, platform: str) -> Report:
    """Put every student's notebooks into ``submitted/<student>/<assignment>/``, repaired.

    ``source`` is the zip that the platform gives, or a folder. A student who is there
    already is replaced if something else was handed in now, notebook by notebook; nobody
    else is touched. What goes wrong with a student's files keeps nobody else from being
    collected. Who collects at the same time waits.
    """
    problems: list[str] = []
    files = _by_student(pack, source, platform, problems)
    submissions: list[Submission] = []
    with storage.locked(pack.folder / FILE):
        known = load(pack)
        _require_release(pack)
        try:
            for student in sorted(files):
                submission = _taken(pack, files[student], known, problems)
                if submission:
                    submissions.append(submission)
        finally:  # also what was collected before an interrupt
            text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
            storage.write(pack.folder / FILE, text)
    missing = [student for student in pack.students if student not in known]
    if missing:
        problems.append(f"on the roster, but nothing handed in: {', '.join(missing)}")
    return Report(submissions, problems)


def load(pack: Pack) -> dict[str, dict[str, Any]]:
    """Return what was collected so far: by student the name, whether late, the files and the notes.

    What else a newer version has noted is in it as well.
    """
    file = pack.folder / FILE
    try:
        kept = storage.read_json(file)
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise CourseError(f"{file} cannot be read ({problem.strerror}).") from None
    except storage.Damaged:
        kept = None
    if not isinstance(kept, dict) or not all(map(_is_noted, kept.values())):
        raise CourseError(
            f"{file} is damaged and was left as it is. Take it from a backup, or move it away and "
            "collect all submissions again."
        )
    return kept


def _is_noted(kept: Any) -> bool:
    """Say whether this is what is noted of a student."""
    if not isinstance(kept, dict):
        return False
    files, notes = kept.get("files", {}), kept.get("notes", [])
    return (
        isinstance(kept.get("name", ""), str)
        and isinstance(kept.get("late", False), bool)
        and isinstance(files, dict)
        and isinstance(notes, list)
        and all(isinstance(text, str) for text in [*files.values(), *notes])
    )


def _require_release(pack: Pack) -> None:
    """Raise CourseError unless the notebooks are there that were handed out, with all exercises in them."""
    there = {name for made in variants.released(pack, "").values() for name in content.named(made)}
    missing = [name for name in pack.points if name not in there]
    if missing:
        raise CourseError(
            f"{Path('release') / pack.name} in {pack.folder} does not hold {', '.join(missing)}, which the "
            "assignment consists of. Put the notebooks there that were handed out; nothing was collected."
        )


def _taken(
    pack: Pack, files: Sequence[_File], known: dict[str, dict[str, Any]], problems: list[str]
) -> Submission | None:
    """Collect what one student has handed in, and note it; None, with a problem, if nothing could be taken.

    It has a try and a time of its own: whatever a student hands in, the others are collected.
    """
    student, said, reason = files[0].student, list[str](), ""
    before = known.get(student, {})
    earlier = Submission(student, files=before.get("files", {}), notes=before.get("notes", []))
    submission: Submission | None = None
    try:
        made = within(SECONDS, partial(_submission, pack, files, earlier, said))
        if made:
            _place(pack, made, again=student in known)
        submission = made
    except OutOfTime:
        reason = f"reading it takes longer than {SECONDS:g} seconds"
    except OSError as problem:
        reason = f"{problem.filename} cannot be written ({problem.strerror})"
    except Exception as problem:  # nothing that a student hands in may keep the others from being collected
        reason = f"reading it fails ({type(problem).__name__})"
    problems += [*content.at_most(said), *([f"{student}: {reason}"] if reason else [])]
    if submission is None:
        graded = "what was handed in earlier is" if student in known else "nothing is"
        problems.append(f"{student}: nothing could be taken, so {graded} graded. Ask for the notebook again.")
        return None
    known[student] = before | {
        "name": submission.name,
        "late": submission.late,
        "files": submission.files,
        "notes": submission.notes,
    }
    return submission


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
            found = notebook.parse(data) if data.strip() else {"cells": []}
        except CourseError as problem:
            problems.append(f"{student}: {file.path} {problem}")
            unread[named] = "was handed in, but no notebook can be read from it"
            continue
        if any(cell["source"].strip() for cell in found["cells"]):
            read.setdefault(_which(found, file.file, release), []).append((file, found))
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
        skeleton = release[f"{chapter}.ipynb"]
        versions = [_version(skeleton, file, found) for file, found in read.get(chapter, [])]
        before = earlier.files.get(chapter)
        if not versions and before and (records.submitted(pack, student) / f"{chapter}.ipynb").is_file():
            what = unread.get(chapter, "is not in the latest submission")
            made.files[chapter] = before
            made.notes.append(f"{chapter}.ipynb {what}: {before}, handed in earlier, counts")
            made.notes += [note for note in earlier.notes if note.startswith(f"{before}: ")]
            continue
        if not versions:
            made.notebooks[chapter], _ = repair(skeleton, skeleton)
            made.notes.append(f"{chapter}.ipynb {unread.get(chapter, 'was not handed in')}")
            continue
        best, notes = _best(versions, f"{chapter}.ipynb")
        made.notes += notes
        made.notebooks[chapter] = best.mended
        made.files[chapter] = best.file.file
        theirs = best.handed_in["metadata"].get("mininet")
        number = pack.variant(student)
        notes = list(best.notes)
        if isinstance(theirs, dict) and theirs.get("variant") not in (None, number):
            whose = next((s for s in pack.students if pack.variant(s) == theirs["variant"]), "somebody")
            notes.append(
                f"{LOOK} these are the numbers of {whose}; it is graded with the student's own, or the book's"
            )
        made.notes += [f"{best.file.file}: {note}" for note in notes]
    return made


def _version(skeleton: Notebook, file: _File, handed_in: Notebook) -> _Version:
    """Return a notebook repaired, with what it answers."""
    mended, notes = repair(skeleton, handed_in)
    stubs = {content.about(cell): plain(cell["source"]) for cell in skeleton["cells"]}
    answers = {
        content.about(cell)[0]: text
        for cell in mended["cells"]
        if content.about(cell)[1] in ("answer", "written")
        and (text := plain(cell["source"])) != stubs[content.about(cell)]
    }
    given = len({content.about(cell) for cell in handed_in["cells"]} & set(stubs))
    return _Version(file, handed_in, mended, notes, answers, given)


def _best(versions: Sequence[_Version], usual: str) -> tuple[_Version, list[str]]:
    """Return the version that counts, and notes on the others.

    It is the one that answers the most exercises, of these the latest attempt by its name, of
    these the one with the most of the given cells. Where that does not decide, the grader is told to look.
    """

    def rank(version: _Version) -> tuple[int, int, int]:
        return len(version.answers), _turn(version.file.file), version.given

    # where nothing else decides, the one that is called as it was handed out, then by the path
    ordered = sorted(versions, key=lambda version: (version.file.file != usual, version.file.path))
    best = max(ordered, key=rank)  # the first of the greatest
    notes = []
    same = [v.file.file for v in versions].count(best.file.file) > 1
    counts = best.file.path if same else best.file.file
    for other in ordered:
        if other is best:
            continue
        name = other.file.path if same else other.file.file
        more = [exercise for exercise in other.answers if exercise not in best.answers]
        if more:
            notes.append(f"{LOOK} {name} is left out for {counts}, but it alone answers {', '.join(more)}")
        elif rank(other) == rank(best) and other.answers != best.answers:
            notes.append(f"{LOOK} {name} is left out for {counts}, which answers as much, and otherwise")
        elif len(other.answers) < len(best.answers):
            notes.append(f"{name} answers less than {counts} and is left out")
        elif other.answers == best.answers and _turn(other.file.file) == _turn(best.file.file):
            notes.append(f"{name} answers the same as {counts} and is left out")
        else:
            notes.append(f"{name} is an earlier version of {counts} and is left out")
    return best, notes


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
    folder = records.submitted(pack, submission.student)
    changed = False
    for chapter, made in submission.notebooks.items():
        file = folder / f"{chapter}.ipynb"
        # what is the same stays untouched, and need not be graded again
        if not file.is_file() or file.read_bytes() != content.text(made).encode():
            content.write(made, file)
            changed = True
    if again:
        submission.notes.insert(0, "replaces an earlier submission" if changed else "the same as before")


def _keep(pack: Pack, file: _File, data: bytes) -> None:
    """Keep what was handed in, byte for byte, under a name that is safe anywhere, beside what was there before."""
    folder = pack.folder / ORIGINALS / file.student
    place = folder / re.sub(r"[^\w ().-]", "_", file.file)[-60:]
    if place.is_file() and place.read_bytes() != data:
        place = place.with_name(f"{place.stem}-{hashlib.sha256(data).hexdigest()[:8]}{place.suffix}")
    if not place.exists():
        storage.write(place, data)


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
            whose = _plain(pack, path) if platform == "plain" else _of_platform(platform, path)
            file = _File(whose.student, whose.name, whose.late, path, whose.file, read)
            found.setdefault(whose.student, []).append(file)
        except Refused as problem:
            refused[str(problem)] = None
    problems += refused
    if platform == "plain":
        for student in [student for student, files in found.items() if not any(map(_may_hold, files))]:
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
    except Refused as problem:
        raise CourseError(f"{source.name} {problem}. Download it again, or pack it anew.") from None


def _require_form(source: Path, paths: Sequence[str], platform: str) -> None:
    """Raise CourseError if files are named as another platform names them, or none as this one does."""
    alike = {form: [path for path in paths if _is_of(form, path)] for form in FORMS}
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
    student, left, number = files[0].student, OF_ONE, 0
    waiting, others = list(reversed(files)), list[_File]()
    while waiting:
        file = waiting.pop()
        if not _may_hold(file):
            others.append(file)
            continue
        number += 1
        if number > MOST_FILES:
            problems.insert(
                0, f"{student}: {file.path} and all after it are not read; {MOST_FILES} files were"
            )
            break
        try:
            data = file.read()
            left -= len(data)
            if left < 0:
                raise Refused(f"comes after {OF_ONE // 1_000_000} MB of others and is not taken")
            if not file.file.lower().endswith(".zip"):
                yield file, data
                continue
            inner = [
                replace(file, path=f"{file.path}/{path}", file=PurePosixPath(path).name, read=read)
                for path, read in unpack.entries(data, problems, within=file.path)
            ]
            waiting[:0] = reversed(inner)
        except Refused as problem:
            problems.append(f"{student}: {file.path} {problem}")
    if others:
        like = f", like {len(others) - 1} more" if others[1:] else ""
        problems.append(f"{student}: {others[0].path} is no notebook and is left where it is{like}")


def _may_hold(file: _File) -> bool:
    """Say whether there may be a notebook in a file, by its name."""
    return file.file.lower().endswith(TAKEN)


def _is_of(platform: str, path: str) -> bool:
    """Say whether a path is named as a platform names it."""
    return matched(platform, path) is not None


def matched(platform: str, path: str) -> re.Match[str] | None:
    """Return the platform's part of a path. It is the first that looks so: what follows, the student has chosen."""
    parts = path.split("/", DEEPEST)
    found = (PATTERNS[platform].fullmatch("/".join(parts[at:])) for at in range(len(parts)))
    return next((match for match in found if match), None)


def _of_platform(platform: str, path: str) -> _Origin:
    """Return whose a file is, by the platform's own part of its path; Refused if it is not there, or there twice."""
    match = matched(platform, path)
    if match is None:
        raise Refused(f"{path}: not named as {platform.title()} names files, {FORMS[platform]}")
    if len(MARK.findall(match[0].split("/")[0])) > 1:
        raise Refused(f"{path}: may be of two students, since one has chosen such a name; look whose it is")
    late = match.groupdict().get("late") is not None
    return _Origin(match["id"], match["name"], late, PurePosixPath(match["file"]).name)


def _plain(pack: Pack, path: str) -> _Origin:
    """Return whose a file is, by the folder it lies in or by its own name; Refused if that can be no student's."""
    folder, _, file = path.rpartition("/")
    student = folder.split("/")[0]
    if not student:  # janedoe.ipynb, or janedoe_neuron.ipynb
        stem = PurePosixPath(file).stem
        chapter = next((c for c in sorted(pack.chapters, key=len, reverse=True) if stem.endswith(c)), "")
        before = stem.removesuffix(chapter)
        student = before.rstrip("-_ ") if not before or before[-1:] in "-_ " else stem
    student = names.normal(student)
    problem = names.problem(student)
    if problem:
        raise Refused(f"{student + '/' if folder else path}: {problem}")
    return _Origin(student, "", False, file)


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
