"""Grades an assignment: every submission in a sandbox, several at once, nothing twice.

A submission that is done has its record on disk before the next begins: stopped half-way
and started again, grading goes on where it was, to the same result.
"""

import compileall
import contextlib
import csv
import importlib.util
import io
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from mininet_course import storage
from mininet_course.exercise import CourseError, Written
from mininet_course.grading import (
    collect,
    content,
    execution,
    limits,
    names,
    records,
    scan,
    statistics,
    variants,
)
from mininet_course.grading import pack as packs
from mininet_course.grading.judging import Question, hidden_seed
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.grading.records import FOLDER, Record
from mininet_course.grading.repair import repair
from mininet_course.grading.sandbox import OPEN, Lost, Sandbox, require
from mininet_course.places import PACKAGES

ORIGINALS = "collected"  # what was handed in, where it had to be mended
MOST_SECONDS = 3600


@dataclass
class Report:
    """What came of grading an assignment; its text is what an instructor reads.

    ``graded`` and ``kept`` are the students graded now and before, ``unfinished`` those
    that could not be, with the reason. ``overview`` is on the class, ``names`` are what
    students are called.
    """

    pack: Pack
    graded: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unfinished: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    records: list[Record] = field(default_factory=list)
    overview: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        each = f", {self.seconds / len(self.graded):.2f} s each" if self.graded else ""
        lines = [
            f"{len(self.graded)} graded in {self.seconds:.0f} s{each}; {len(self.kept)} were graded before."
        ]
        noted = self._noted()
        parts: list[tuple[str, list[tuple[str, Iterable[str]]]]] = [
            ("Not graded, run the command again", [(s, [why]) for s, why in self.unfinished.items()]),
            (
                "Crashed or ran out of time (--again NAME grades once more, --seconds gives a cell more time)",
                [(r.student, r.incidents) for r in self.records],
            ),
            (
                "Worth a look before you trust the grade",
                [(r.student, self._to_look_at(r, noted[r.student])) for r in self.records],
            ),
            (
                "No verdict, and so no points",
                [(r.student, self._without_verdict(r)) for r in self.records],
            ),
            (
                "Mended before grading",
                [
                    (r.student, [*(n for n in noted[r.student] if collect.LOOK not in n), *r.repairs])
                    for r in self.records
                ],
            ),
        ]
        lines += ["", *statistics.lines(statistics.table(self.pack, self.records))]
        lines += ["", *map(_plain, self.overview)] if self.overview else []
        for title, found in parts:
            about = [
                _plain(f"  {self.names.get(student) or student}: {remark}")
                for student, remarks in found
                for remark in remarks
            ]
            if about:
                lines += ["", f"{title}:", *about]
        return "\n".join(lines)

    def _without_verdict(self, record: Record) -> list[str]:
        lacking = [name for name in _judged(self.pack) if name not in record.judgements]
        return [", ".join(lacking)] if lacking else []

    def _to_look_at(self, record: Record, noted: Sequence[str]) -> list[str]:
        looks = [note for note in noted if collect.LOOK in note]
        return [*self.pack.remarks(record.student), *looks, *record.suspicious]

    def _noted(self) -> dict[str, list[str]]:
        """Return what collecting has noted on each submission; read once for the whole class."""
        collected = collect.load(self.pack)
        return {r.student: collected.get(r.student, {}).get("notes", []) for r in self.records}


def grade_pack(
    folder: Path,
    *,
    jobs: int | None = None,
    sandbox: bool = True,
    seconds: float = execution.SECONDS,
    again: Sequence[str] | None = None,
    cluster: str = "",
    progress: bool = True,
) -> Report:
    """Grade what is in ``submitted/`` and not graded yet, and write report, results and statistics.

    ``jobs`` submissions run at once (as many as there are processors), a cell for at most
    ``seconds``. The students in ``again`` are graded once more; all are, if it is empty.
    Without ``sandbox`` students' code runs with your rights. With the address of a Dask
    ``cluster`` its workers do it.

    >>> print(grade_pack(Path("hw1"), jobs=2))  # doctest: +SKIP
    """
    pack = packs.load(folder)
    if not 1 <= seconds <= MOST_SECONDS:  # too few make every answer wrong
        raise CourseError(f"A cell may run for 1 to {MOST_SECONDS} seconds, got {seconds:g}.")
    if jobs is not None and jobs < 1:
        raise CourseError(f"At least 1 submission is graded at once, got --jobs {jobs}.")
    for needed in ("IPython", "matplotlib", "psutil", "tqdm"):
        if importlib.util.find_spec(needed) is None:
            raise CourseError(f'Grading takes {needed}: pip install "mininet-course[grade]"')
    if sandbox and not cluster:
        require()
        print(limits.described(), file=sys.stderr)
    elif not sandbox:
        print(f"GRADING WITHOUT A SANDBOX: {OPEN}", file=sys.stderr)
    students = records.students(pack)
    if not students:
        raise CourseError(
            f"{folder} holds no submissions. `python -m mininet_course collect` puts them into "
            f"{Path('submitted') / 'STUDENT' / pack.name}."
        )
    collect.load(pack)  # what is damaged is said before all the work
    _check_release(pack)
    report, begun = Report(pack), time.monotonic()
    enter = _entering(pack, report.unfinished)
    # once, and not in every sandbox, where nothing can be kept
    for package in PACKAGES:
        compileall.compile_dir(package, quiet=2)
    with _alone(pack), _one_interrupt_is_enough() as interrupted:
        if again is not None:
            records.forget(pack, _known(again, students) or students)
        todo: list[str] = []
        for student in students:
            record = records.load(pack, student)
            (report.kept if record else todo).append(student)
            if record:
                enter(record)
        work = partial(grade_one, folder=pack.folder, walls=sandbox, seconds=seconds)
        if cluster:
            from mininet_course.grading.cluster import at_once  # an extra

            doing = at_once(cluster, pack, todo, sandbox, seconds, progress)
        else:
            doing = _at_once(work, todo, jobs or os.cpu_count() or 1, progress)
        with contextlib.closing(doing):
            for student, problem in doing:
                record = None if problem else records.load(pack, student)
                if record:
                    report.graded.append(student)
                    enter(record)
                else:
                    report.unfinished[student] = problem or "it changed while it was graded"
                if interrupted():
                    raise KeyboardInterrupt
        report.seconds = time.monotonic() - begun
        report.graded.sort()
        report.records = [record for student in students if (record := records.load(pack, student))]
        _write(pack, report)
    return report


def grade_one(student: str, folder: Path, walls: bool, seconds: float) -> None:
    """Grade one submission and write its record; Lost if no sandbox can be built."""
    begun = time.monotonic()
    warnings.simplefilter("ignore")  # Python warns about what students write
    pack = packs.load(folder)
    no_links(records.submitted(pack, student))
    released_to = variants.released(pack, student)
    # what is graded and its fingerprint are of the same moment, whatever is collected from now on
    with storage.locked(pack.folder / collect.FILE):
        mended = {name: _mended(pack, student, name, released) for name, released in released_to.items()}
        record = Record(student, records.state(pack, student))
    with execution.Submission(partial(Sandbox, walls, pack.folder), seconds) as submission:
        for file_name, released in released_to.items():
            chapter = Path(file_name).stem
            notebook, notes = mended[file_name]
            ran = submission.run(notebook, questions(pack, student, released))
            record.judgements |= ran.judgements
            record.outputs[chapter] = ran.outputs
            record.incidents += [f"{chapter}: {what}" for what in ran.incidents]
            record.suspicious += scan.scan(notebook, released)
            record.repairs += notes
    record.seconds = time.monotonic() - begun
    record.save(pack)


def _judged(pack: Pack) -> list[str]:
    """Return the names of the exercises that are judged by checks; the others a person reads."""
    return [name for name in pack.points if not isinstance(EXERCISES[name], Written)]


def _check_release(pack: Pack) -> None:
    """Raise CourseError unless the released notebooks hold every check: without one there is no verdict."""
    folder = pack.folder / "release" / pack.name
    found = {
        name
        for file in folder.glob("*.ipynb")
        for name in execution.questions_in(content.read(file))
        if file.stem in (packs.chapter_of(name), pack.name)
    }
    lacking = [name for name in _judged(pack) if name not in found]
    if lacking:
        raise CourseError(
            f"{folder} no longer holds the checks of {', '.join(lacking)}, and without them nothing is judged. "
            "Take the notebooks from a backup, under the names that they had; an editor may have lost their marks."
        )


def _known(names: Sequence[str], students: Sequence[str]) -> Sequence[str]:
    """Return the names; CourseError if one is no student who has handed in."""
    for name in names:
        if name not in students:
            shown = ", ".join(students[:10]) + (", …" if len(students) > 10 else "")
            raise CourseError(f"{name!r} has handed in nothing. There are {shown}.")
    return names


@contextlib.contextmanager
def _one_interrupt_is_enough() -> Iterator[Callable[[], bool]]:
    """Remember an interrupt: where Python may not raise, as in a library's callback, it would be lost."""
    seen = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        seen.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield seen.is_set
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield seen.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def no_links(folder: Path) -> None:
    """Raise CourseError if a submission holds a link: it could lead to another's, or to any file of yours."""
    for path in (folder.parent, folder, *folder.rglob("*")):
        if path.is_symlink():
            raise CourseError(
                f"{path.name} is a link, which may lead anywhere. Remove it and ask for the file."
            )


def questions(pack: Pack, student: str, released: content.Notebook) -> dict[str, Question]:
    """Return what is judged in a released notebook, as this student has it."""
    return {
        name: Question(
            exercise=pack.exercise(name, student),
            names=names,
            seed=_seed(pack.seed, name, pack.variant(student)),
            extra=pack.extra_cases(name),
            variant=pack.variant(student),
            by_parts=name in pack.by_parts,
        )
        for name, names in execution.questions_in(released).items()
    }


@cache
def _seed(seed: int, name: str, variant: int | None) -> int:
    """Return the seed of an exercise's hidden cases; finding it takes a moment, and a process grades many."""
    exercise = EXERCISES[name]
    return hidden_seed(seed, exercise if variant is None else exercise.variant(variant)[1])


def _mended(
    pack: Pack, student: str, file_name: str, released: content.Notebook
) -> tuple[content.Notebook, list[str]]:
    """Return a submitted notebook, repaired, and the notes on it; what was handed in is kept if that changes it."""
    file = records.submitted(pack, student) / file_name
    notes = []
    try:
        notebook = content.read(file)
    except CourseError as problem:
        notes.append(f"{file_name}: {problem} It counts as not attempted.")
        notebook = {}
    mended, more = repair(released, notebook or released)
    if content.text(mended) != content.text(notebook):
        original = pack.folder / ORIGINALS / student / file_name
        if file.is_file() and not original.exists():
            records.write(original, file.read_bytes())
        records.write(file, content.text(mended))
    return mended, [*notes, *(f"{file_name}: {note}" for note in more)]


def _entering(pack: Pack, unfinished: dict[str, str]) -> Callable[[Record], None]:
    """Return what enters a record into the gradebook, if the assignment has one."""
    if pack.format != "nbgrader":
        return lambda record: None
    from mininet_course.grading.gradebook import gradebook

    into = gradebook(pack)

    def enter(record: Record) -> None:
        try:
            into(record)
        except CourseError as problem:
            unfinished[record.student] = str(problem)

    return enter


@contextlib.contextmanager
def _alone(pack: Pack) -> Iterator[None]:
    """Let nobody else grade this assignment meanwhile."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(storage.locked(pack.folder / FOLDER / "all", 0))
        except TimeoutError:
            raise CourseError(
                f"{pack.folder.name} is being graded already. Wait until that is done."
            ) from None
        yield


def _at_once(
    work: Callable[[str], None], students: Sequence[str], jobs: int, progress: bool
) -> Generator[tuple[str, str], None, None]:
    """Do the work for every student, several at once; yield each when done, with the problem if there was one."""
    from tqdm import tqdm

    with tqdm(total=len(students), unit="submission", disable=not (progress and students)) as bar:
        torn = []
        for student, problem in _in_processes(work, students, jobs):
            if isinstance(problem, BrokenProcessPool):
                torn.append(student)
            else:
                yield student, said(problem)
                bar.update()
        # one of them has brought its process down, and the others' with it: each gets one of its own
        for torn_one in torn:
            for student, problem in _in_processes(work, [torn_one], 1):
                yield student, said(problem)
                bar.update()


def _in_processes(
    work: Callable[[str], None], students: Sequence[str], jobs: int
) -> Iterator[tuple[str, BaseException | None]]:
    if not students:
        return
    fresh, jobs = multiprocessing.get_context("spawn"), min(jobs, len(students))
    pool = ProcessPoolExecutor(jobs, fresh, initializer=_follow, initargs=(os.getpid(),))
    try:
        futures = {pool.submit(work, student): student for student in students}
        for future in as_completed(futures):
            yield futures[future], future.exception()
    except BaseException:  # an interrupt: what is being graded is not worth waiting for
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def said(problem: BaseException | None) -> str:
    """Return what to say of a problem; nothing if there was none."""
    if problem is None:
        return ""
    if isinstance(problem, BrokenProcessPool):
        return "the process that graded it was ended, perhaps for lack of memory"
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}"
    return str(problem) if isinstance(problem, Lost | CourseError) else f"{type(problem).__name__}: {problem}"


def _follow(parent: int) -> None:
    """End this process when the one that started it is gone, however it went; that one alone hears Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _write(pack: Pack, report: Report) -> None:
    """Write the report, the results and the statistics into the assignment's folder."""
    # not above: on Gradescope this module is used, and what these take is missing
    from mininet_course.grading import late, lms, overview, roster

    people, lateness = roster.people(pack), late.load(pack)
    report.names = {student: roster.called(student, people) for student in people}
    report.overview = overview.lines(pack)
    judged = _judged(pack)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "name", *judged, "points", "days late"])
    for record in report.records:
        verdicts = {name: record.judgements[name] for name in judged if name in record.judgements}
        states = {name: verdict.state for name, verdict in verdicts.items()}
        points = sum(records.worth(pack, name, verdict) for name, verdict in verdicts.items())
        days = lateness.days.get(record.student) if lateness else None
        table.writerow(
            [
                lms.no_formula(record.student),
                lms.no_formula(people.get(record.student, "")),
                *(states.get(name, "") for name in judged),
                f"{points:g}",
                "" if days is None else days,
            ]
        )
    records.write(pack.folder / "results.csv", text.getvalue())
    records.write(pack.folder / "report.txt", f"{report}\n")
    statistics.save(pack, report.records)


def _plain(text: str) -> str:
    """Return one line without control characters, which could rule a terminal; a student may have chosen the words."""
    return names.RULING.sub(" ", re.sub(r"[^\S ]+", " ", text))[:300]
