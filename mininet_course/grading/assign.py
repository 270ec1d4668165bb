"""Makes an assignment in a new folder: all of it, or nothing."""

import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mininet_course import storage
from mininet_course.exercise import CourseError
from mininet_course.grading import content, nbgrader_format, otter_format, rubric, variants, zip_format
from mininet_course.grading.pack import EXERCISES, EXTRA, Pack, check_name, choose, read_extra, split

MAKERS: Mapping[str, Callable[[Pack], None]] = {
    "nbgrader": nbgrader_format.make,
    "otter": otter_format.make,
    "zip": zip_format.make,
}
MAKING = {
    "nbgrader": "nbgrader makes the notebooks and the gradebook",
    "otter": "otter makes autograder.zip and tries it on the right answers",
    "zip": "notebooks",
}


def assign(
    names: Sequence[str],
    out: Path,
    *,
    format: str = "nbgrader",
    name: str = "",
    points: Mapping[str, float] | None = None,
    seed: int | None = None,
    extra: Path | None = None,
    students: Sequence[str] = (),
    due: str = "",
    by_parts: Sequence[str] = (),
    progress: bool = True,
) -> Pack:
    """Make an assignment of chapters and exercises in the folder ``out``, which must be new or empty.

    Without a seed one is drawn; it is kept in ``pack.json`` and in nothing that students get.
    ``due`` is told to the students, in these words. Of the exercises ``by_parts`` each part of
    the result that is right has its share of the points; of all others it is all or nothing.

    >>> assign(["neuron", "xor.3"], Path("hw1"))  # doctest: +SKIP
    """
    name = check_name(name or out.resolve().name)
    chosen = choose(names, points)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CourseError(
            f"{out} is there already and stays as it is. Choose another folder with --out, or move it away."
        )
    if format == "nbgrader":
        nbgrader_format.require_path(out)
    if students and not variants.varying(chosen):
        raise CourseError(
            "None of the chosen exercises has numbers that can vary. "
            f"Add one that has ({', '.join(variants.varying(EXERCISES))}), or leave out --variants."
        )
    if by_parts and format == "otter":
        raise CourseError("On Gradescope an exercise gives all its points or none. Leave out --parts.")
    if seed is None:
        seed = secrets.randbits(128)  # a variant's number must not lead back to it
    if seed < 0:
        raise CourseError(f"A seed is a whole number from 0 on, got --seed {seed}.")
    if extra:
        read_extra(extra, chosen, seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    # made beside its place and moved there at the end
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{name}-") as workshop:
        folder = Path(workshop) / name
        folder.mkdir()
        pack = Pack(
            folder=folder,
            name=name,
            format=format,
            points=chosen,
            seed=seed,
            students=tuple(students),
            by_parts=split(by_parts, chosen),
        )
        if extra:
            shutil.copyfile(extra, folder / EXTRA)
        steps = {MAKING[format]: partial(MAKERS[format], pack)}
        steps |= {f"answers of {chapter}": partial(_solve, pack, chapter) for chapter in pack.chapters}
        steps |= {"rubric": partial(_write_rubric, pack), "handout": partial(_hand_out, pack, due)}
        _do(steps, progress)
        pack.save()
        if out.exists():
            out.rmdir()
        folder.rename(out)
    return replace(pack, folder=out.resolve())


def _do(steps: Mapping[str, Callable[[], None]], progress: bool) -> None:
    """Take one step after the other, behind a bar that says which it is."""
    try:
        from tqdm import tqdm
    except ImportError:
        raise CourseError('This takes tqdm: pip install "mininet-course[grade]"') from None
    with tqdm(total=len(steps), unit="step", disable=not progress) as bar:
        for what, take in steps.items():
            bar.set_description_str(what)
            take()
            bar.update()
        bar.set_description_str("made")


def _solve(pack: Pack, chapter: str) -> None:
    content.write(content.solution(pack, chapter), pack.folder / "solution" / f"{chapter}.ipynb")


def _write_rubric(pack: Pack) -> None:
    storage.write(pack.folder / "solution" / "rubric.md", rubric.sheet(pack))


def _hand_out(pack: Pack, due: str) -> None:
    """Put what students get into ``handout/``: one zip for all, or one for each student."""
    from mininet_course.grading import handout

    release = pack.folder / "release" / pack.name
    folder = pack.folder / "handout"
    folder.mkdir()
    page = handout.handout(pack, sorted(file.name for file in release.iterdir()), due).encode()
    if not pack.students:
        files = {file.name: file.read_bytes() for file in release.iterdir()}
        _zip(folder / f"{pack.name}.zip", files | {handout.FILE: page})
        return
    for student in pack.students:
        files = {n: content.text(nb).encode() for n, nb in variants.released(pack, student).items()}
        _zip(folder / f"{student}.zip", files | {handout.FILE: page})
    storage.write(pack.folder / "solution" / "variants.csv", variants.table(pack))


def _zip(file: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            # a date of its own would make every pack differ
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
