"""Makes an assignment in a new folder: all of it, or nothing. Built in the chapter "neuron"."""

import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mininet.course.exercise import CourseError
from mininet.course.packs import content, nbgrader_format, otter_format, variants, zip_format
from mininet.course.packs.pack import EXTRA, Pack, check_name, choose, read_extra

MAKERS: Mapping[str, Callable[[Pack], None]] = {
    "nbgrader": nbgrader_format.make,
    "otter": otter_format.make,
    "zip": zip_format.make,
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
) -> Pack:
    """Make an assignment of chapters and exercises in the folder ``out``, which must be new or empty.

    Without a seed one is drawn; it is kept in ``pack.json`` and in nothing that students get.

    >>> assign(["neuron", "xor.3"], Path("hw1"))  # doctest: +SKIP
    """
    name = check_name(name or out.resolve().name)
    chosen = choose(names, points)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CourseError(
            f"{out} is there already and stays as it is. Choose another folder with --out, or move it away."
        )
    if seed is None:
        seed = secrets.randbits(128)  # a variant's number must not lead back to it
    if extra:
        read_extra(extra, chosen, seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    # made beside its place and moved there at the end
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{name}-") as workshop:
        folder = Path(workshop) / name
        folder.mkdir()
        pack = Pack(
            folder=folder, name=name, format=format, points=chosen, seed=seed, students=tuple(students)
        )
        if extra:
            shutil.copyfile(extra, folder / EXTRA)
        MAKERS[format](pack)
        for chapter in pack.chapters:
            content.write(content.solution(pack, chapter), folder / "solution" / f"{chapter}.ipynb")
        (folder / "solution" / "rubric.md").write_text(content.rubric(pack), encoding="utf-8")
        _hand_out(pack)
        pack.save()
        if out.exists():
            out.rmdir()
        folder.rename(out)
    return replace(pack, folder=out.resolve())


def _hand_out(pack: Pack) -> None:
    """Put what students get into ``handout/``: one zip for all, or one for each student."""
    release = pack.folder / "release" / pack.name
    folder = pack.folder / "handout"
    folder.mkdir()
    if not pack.students:
        _zip(folder / f"{pack.name}.zip", {file.name: file.read_bytes() for file in release.iterdir()})
        return
    for student in pack.students:
        files = {n: content.text(nb).encode() for n, nb in variants.released(pack, student).items()}
        _zip(folder / f"{student}.zip", files)
    (pack.folder / "solution" / "variants.csv").write_text(variants.table(pack), encoding="utf-8")


def _zip(file: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            # a date of its own would make every pack differ
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
