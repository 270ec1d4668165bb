"""Reads zips and folders that come from strangers.

Nothing is unpacked by its own name: whoever wants an entry gets its bytes, up to a limit,
whatever the zip says of its size.
"""

import re
import stat
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from mininet_course.exercise import CourseError

LARGEST = 50_000_000  # bytes of one file
RATIO = 1000  # how far a file of more than a megabyte may have been squeezed
ENTRIES = 20_000
SYSTEMS_OWN = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini")

# reads an entry, or raises Refused
Read = Callable[[], bytes]


class Refused(Exception):
    """An entry that is not taken; the message says why."""


def entries(source: Path | bytes, problems: list[str], within: str = "") -> list[tuple[str, Read]]:
    """Return path and reader of everything in a folder, a zip, or the bytes of a zip that is ``within`` one.

    What is dangerous by its name or kind is noted and left out; zipfile.BadZipFile if it is no zip.
    """
    if isinstance(source, Path) and source.is_dir():
        return _in_folder(source)
    archive = zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source))
    found: dict[str, Read] = {}
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > ENTRIES:
        raise CourseError(f"The zip holds {len(infos):,} files; more than {ENTRIES:,} are not taken.")
    for info in infos:
        path = info.filename.replace("\\", "/")
        if any(part in SYSTEMS_OWN for part in path.split("/")):
            continue
        problem = _danger(info, path, nested=bool(within))
        if not problem and path in found:
            problem = "is in the zip twice; the first one counts"
        if problem:
            problems.append(f"{within}{'/' if within else ''}{info.filename!r} {problem}")
        else:
            found[path] = partial(_read, archive, info)
    return list(found.items())


def _danger(info: zipfile.ZipInfo, path: str, nested: bool) -> str:
    """Say what is wrong with an entry before it is read; nothing if it may be."""
    if path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path) or "\x00" in path:
        return "points out of its folder and is not taken"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link and is not taken"
    if info.flag_bits & 1:
        return "is encrypted and cannot be read"
    if nested and path.lower().endswith(".zip"):
        return "is a zip in a zip in a zip and is not taken"
    return ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            data = file.read(LARGEST + 1)
    except Exception as problem:  # zipfile, zlib, bz2 and lzma each have errors of their own
        raise Refused(f"is damaged and cannot be read ({type(problem).__name__})") from None
    if len(data) > LARGEST:
        raise Refused(TOO_LARGE)
    if len(data) > 1_000_000 and len(data) > RATIO * max(info.compress_size, 1):
        raise Refused("is squeezed far more than a notebook can be, and is not taken")
    return data


def _in_folder(folder: Path) -> list[tuple[str, Read]]:
    found: list[tuple[str, Read]] = []
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if file.is_file() and not file.is_symlink() and not any(part in SYSTEMS_OWN for part in path.parts):
            found.append((path.as_posix(), partial(_read_file, file)))
    return found


def _read_file(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Refused(TOO_LARGE)
        return file.read_bytes()
    except OSError as problem:
        raise Refused(f"cannot be read ({problem.strerror})") from None


TOO_LARGE = f"holds more than {LARGEST // 1_000_000} MB and is not taken"
