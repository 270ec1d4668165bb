"""Files that other runs read again: written whole or not at all, by one writer at a time, and read with suspicion.

The standard library alone, since what a learner has solved is kept without any other.
"""

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

try:
    from fcntl import LOCK_EX, LOCK_NB, flock  # by name: a browser's has none of them

    def _try_lock(file: BinaryIO) -> None:
        flock(file, LOCK_EX | LOCK_NB)

except ImportError:  # Windows; a browser has neither, nor a second process
    try:
        import msvcrt

        def _try_lock(file: BinaryIO) -> None:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

    except ImportError:

        def _try_lock(file: BinaryIO) -> None:
            pass


BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)  # somebody else holds it: the systems differ in the word
# where there are no locks, as on some network drives, one goes on without: better than keeping nothing
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
WAIT = 0.02  # seconds between two tries


class Damaged(ValueError):
    """A file that does not hold what it should; it is left as it is."""


def write(file: Path, data: str | bytes) -> None:
    """Write a file whole or not at all: a draft beside it, flushed to the disk, then moved into its place.

    A link stays a link, and the file keeps its rights. OSError, with the file's name in it, if it
    cannot be written; then the old one is there as it was.
    """
    # half a character, which JSON and names can hold and no file can
    content = data.encode("utf-8", "replace") if isinstance(data, str) else data
    place = Path(os.path.realpath(file))
    draft = place.with_name(f".{place.name[-100:]}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        try:
            with draft.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            if place.exists():
                shutil.copymode(place, draft)
            draft.replace(place)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(file)) from problem


def read_json(file: Path) -> Any:
    """Return what a JSON file holds; OSError if it cannot be read, Damaged if it is no JSON."""
    return parse_json(file.read_bytes())


def parse_json(data: bytes) -> Any:
    """Return what JSON in UTF-8, UTF-16 or UTF-32 holds; Damaged if it is none, also where numbers are not finite."""
    try:
        return json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise Damaged(str(problem)) from None


def _no_number(text: str) -> None:
    raise Damaged(f"{text} is no number of JSON")


@contextlib.contextmanager
def locked(file: Path, seconds: float | None = None) -> Iterator[None]:
    """Let nobody else change a file meanwhile who asks this, too; the lock is a file beside it, gone afterwards.

    Waits as long as somebody else holds it, at most so many seconds: then TimeoutError.
    OSError, with the file's name, where no lock can be made.
    """
    place = Path(os.path.realpath(file))
    lock = place.with_name(f".{place.name[-100:]}.lock")
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        with _opened(lock, file) as held:
            if _is_mine(held, lock):
                try:
                    yield
                finally:
                    with contextlib.suppress(OSError):  # Windows removes none that is open
                        lock.unlink()
                return
        if until is not None and time.monotonic() > until:
            raise TimeoutError(errno.ETIMEDOUT, "somebody else is writing it", str(file))
        time.sleep(WAIT)


def _opened(lock: Path, file: Path) -> BinaryIO:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("ab")
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(file)) from problem


def _is_mine(held: BinaryIO, lock: Path) -> bool:
    """Say whether the lock is had: nobody else holds it, and it is still the file of that name."""
    try:
        _try_lock(held)
    except OSError as problem:
        if problem.errno in BUSY:
            return False
        if problem.errno not in NO_LOCKS:
            raise
    try:
        return os.path.samestat(os.fstat(held.fileno()), lock.stat())
    except FileNotFoundError:
        return False
