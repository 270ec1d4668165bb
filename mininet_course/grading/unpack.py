"""Reads zips and folders that come from strangers.

Nothing is unpacked by its own name: whoever wants an entry gets its bytes, up to a limit,
whatever the zip says of its size.
"""

import os
import re
import stat
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

LARGEST = 50_000_000  # bytes of one file
RATIO = 1000  # how far a file of more than a megabyte may have been squeezed
ENTRIES = 200_000  # of a class
OF_ONE = 20_000  # entries of a zip that one student handed in
SYSTEMS_OWN = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini")
APPLES = "._"  # what macOS puts beside a file on a disk that is not its own: ._neuron.ipynb
UTF8_NAME = 0x800  # the flag of an entry whose name is said to be UTF-8
IN_DIRECTORY = b"PK\x01\x02"  # begins each entry of a zip's directory

# reads an entry, or raises Refused
Read = Callable[[], bytes]


class Refused(Exception):
    """What is not taken; the message says why."""


def entries(source: Path | bytes, problems: list[str], within: str = "") -> list[tuple[str, Read]]:
    """Return path and reader of everything in a folder, a zip, or the bytes of a zip that is ``within`` one.

    What is dangerous by its name or kind is noted and left out; Refused if it is no zip that
    can be read, or holds too much.
    """
    if isinstance(source, Path) and source.is_dir():
        return _in_folder(source, problems)
    archive, most = _opened(source), OF_ONE if within else ENTRIES
    found: dict[str, Read] = {}
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > most:
        raise Refused(_too_many(len(infos), most))
    for info in infos:
        name = _name(info)
        path = name.replace("\\", "/")
        if _is_systems_own(path):
            continue
        problem = _danger(info, path, nested=bool(within))
        if not problem and path in found:
            problem = "is in the zip twice; the first one counts"
        if problem:
            problems.append(f"{within}{'/' if within else ''}{name!r} {problem}")
        else:
            found[path] = partial(_read, archive, info)
    return list(found.items())


def decoded(name: bytes) -> str:
    """Return a file's name whose encoding nobody has said: UTF-8 if it is that, else what its accents look like.

    The accented letters of cp437, which zips of DOS and Windows use, lie where Latin-1 has
    control characters.
    """
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        foreign = [byte for byte in name if byte >= 0x80]
        return name.decode("cp437" if all(byte < 0xA8 for byte in foreign) else "latin-1")


def _opened(source: Path | bytes) -> zipfile.ZipFile:
    """Return a zip; Refused if it cannot be read, for which zipfile has errors of many kinds."""
    if isinstance(source, bytes) and (number := source.count(IN_DIRECTORY)) > OF_ONE:
        raise Refused(_too_many(number, OF_ONE))  # before zipfile makes objects of them all
    try:
        try:
            return zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source))
        except UnicodeDecodeError:
            data = source.read_bytes() if isinstance(source, Path) else source
            return zipfile.ZipFile(BytesIO(_honest(data)))
    except NotImplementedError:
        raise Refused("is no zip that can be read: it asks for a newer kind of zip") from None
    except Exception:
        raise Refused("is no zip that can be read") from None


def _honest(data: bytes) -> bytes:
    """Return a zip's bytes without the flag of UTF-8 on names that are none: zipfile reads no zip with such a name."""
    made, at = bytearray(data), data.find(IN_DIRECTORY)
    while at >= 0:
        flags, length = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (8, 28))
        try:
            data[at + 46 : at + 46 + length].decode("utf-8")
        except UnicodeDecodeError:
            made[at + 8 : at + 10] = (flags & ~UTF8_NAME).to_bytes(2, "little")
        at = data.find(IN_DIRECTORY, at + len(IN_DIRECTORY))
    return bytes(made)


def _too_many(number: int, most: int) -> str:
    return f"holds {number:,} files; more than {most:,} are not taken"


def _is_systems_own(path: str) -> bool:
    return any(part in SYSTEMS_OWN or part.startswith(APPLES) for part in path.split("/"))


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name, also where its zip says nothing of the encoding; zipfile takes it for cp437 then."""
    name = info.orig_filename.split("\0")[0]
    if info.flag_bits & UTF8_NAME:
        return name
    try:
        return decoded(name.encode("cp437"))
    except UnicodeEncodeError:  # a newer zipfile has read it from the entry's extra field
        return name


def _danger(info: zipfile.ZipInfo, path: str, nested: bool) -> str:
    """Say what is wrong with an entry before it is read; nothing if it may be."""
    if path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path):
        return "points out of its folder and is not taken"
    if stat.S_ISLNK(info.external_attr >> 16):
        return LINK
    if info.flag_bits & 1:
        return "is encrypted and cannot be read"
    if nested and path.lower().endswith(".zip"):
        return "is a zip in a zip in a zip and is not taken"
    return ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            data = file.read(LARGEST + 1)
    except NotImplementedError:
        raise Refused("is packed in a way that cannot be read; it must be zipped anew") from None
    except Exception as problem:  # zipfile, zlib, bz2 and lzma each have errors of their own
        raise Refused(f"is damaged and cannot be read ({type(problem).__name__})") from None
    if len(data) > LARGEST:
        raise Refused(TOO_LARGE)
    if len(data) > 1_000_000 and len(data) > RATIO * max(info.compress_size, 1):
        raise Refused("is squeezed far more than a notebook can be, and is not taken")
    return data


def _in_folder(folder: Path, problems: list[str]) -> list[tuple[str, Read]]:
    def unread(problem: OSError) -> None:
        problems.append(f"{_shown(folder, problem.filename)}/ cannot be read ({problem.strerror})")

    found: list[tuple[str, Read]] = []
    for here, folders, files in os.walk(folder, onerror=unread):
        folders.sort()
        for name in sorted([*files, *(name for name in folders if Path(here, name).is_symlink())]):
            file = Path(here, name)
            path = _shown(folder, file)
            if _is_systems_own(path):
                continue
            if file.is_symlink():
                problems.append(f"{path} {LINK}")
            elif file.is_file():
                found.append((path, partial(_read_file, file)))
    return sorted(found, key=lambda pair: pair[0])


def _shown(folder: Path, path: Path | str) -> str:
    """Return a path in a folder as text, also where its bytes are no UTF-8."""
    return decoded(os.fsencode(Path(path).relative_to(folder).as_posix()))


def _read_file(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Refused(TOO_LARGE)
        return file.read_bytes()
    except OSError as problem:
        raise Refused(f"cannot be read ({problem.strerror})") from None


TOO_LARGE = f"holds more than {LARGEST // 1_000_000} MB and is not taken"
LINK = "is a link and is not taken"
