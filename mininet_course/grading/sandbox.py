"""A process that students' code can do what it likes in, walled off by bubblewrap.

Inside there is no network, no file of yours, nothing of your environment; what can be
written is a small temporary folder that nobody reads. The only connection is a socket
without a name that it is born with. Memory, processes and time have limits.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mininet_course.exercise import CourseError
from mininet_course.grading import limits, wire
from mininet_course.places import CONTENTS, PACKAGES

COURSE = Path(__file__).parents[1]
MEMORY = 6_000_000_000  # bytes that all processes of one sandbox may hold together
PROCESSES = 100
STORE = "64000000"  # bytes of files, in the temporary folder and in shared memory each
START = 60.0  # seconds until it is there
BEGIN = 10.0  # until a process for an answer is there


class Lost(Exception):
    """The sandbox is gone, or had to be ended; the message says why."""


class Sandbox:
    """A started sandbox. ``open()`` begins a notebook, ``ask()`` has something done in it.

    >>> with Sandbox() as sandbox:  # doctest: +SKIP
    ...     sandbox.open()
    ...     sandbox.ask({"do": "run", "source": "1 + 1", "seconds": 5}, 10)
    """

    def __init__(self, walls: bool = True, hide: Path | None = None) -> None:
        """Start it; without ``walls`` the code runs with your rights, and only the limits remain.

        The folder ``hide`` is not seen inside even where it lies among Python's own.
        """
        ours, theirs = socket.socketpair()
        self.channel = wire.Channel(ours)
        self._group = limits.group(MEMORY)
        inside = [sys.executable, "-m", "mininet_course.grading.inside", str(theirs.fileno())]
        # a user of its own for each sandbox, so that none counts another's processes
        command = [*inside, str(1_000_000_000 + os.getpid())] if walls else [*inside, "0"]
        calls = limits.system_calls(self._group is not None) if walls else None
        if walls:
            filtered = ["--seccomp", str(calls.fileno())] if calls else []
            command = [*_walls(hide), *filtered, *command]
        if self._group:
            command = self._group.holding(command)
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the rest
        with theirs, calls or contextlib.nullcontext():
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
                pass_fds=[theirs.fileno(), *([calls.fileno()] if calls else [])],
                start_new_session=True,
                env=None if walls else os.environ | ENVIRONMENT | {"PYTHONPATH": _python_path()},
            )
        try:
            self.channel.receive(START)
        except (wire.Closed, wire.Late, wire.Unreadable):
            self._words.seek(0)
            words = self._words.read(2000).decode(errors="replace").strip()
            self.close()
            raise Lost(f"The sandbox does not start: {words or 'no reason given'}") from None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def open(self) -> None:
        """Begin a notebook."""
        try:
            self.channel.send({"do": "open"})
        except wire.Closed:
            raise Lost("it ended its process") from None

    def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a message and return the answer; Lost if none comes in time, or the notebook's process ends."""
        return self._asked(message, seconds, ())

    def begin(self, names: Sequence[str]) -> wire.Channel:
        """Let the answer that these names hold be tried; return the connection to where that happens. Lost as above."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._asked({"do": "try", "names": list(names)}, BEGIN, [theirs.fileno()])
            except Lost:
                ours.close()
                raise
        return wire.Channel(ours)

    def _asked(self, message: dict[str, Any], seconds: float, hand: Sequence[int]) -> dict[str, Any]:
        number = secrets.token_hex(8)  # what has not been asked cannot be answered ahead
        try:
            self.channel.send(message | {"number": number}, hand)
            answer = self.channel.receive(seconds, self.watch)
            self._check_memory()
        except wire.Late:
            raise Lost("it did not answer in time") from None
        except wire.Closed:
            self._check_memory()
            raise Lost("it ended its process") from None
        except wire.Unreadable as problem:
            raise Lost(f"it sent {problem}") from None
        if "ended" in answer:
            raise Lost("it ended its process")
        if answer.get("number") != number:
            raise Lost("it sent an answer to nothing")
        return answer

    def end_session(self) -> None:
        """End the notebook; Lost if that does not work."""
        try:
            self.channel.send({"do": "close"})
            if "ended" in self.channel.receive(5):
                return
        except (wire.Closed, wire.Late, wire.Unreadable):
            pass
        raise Lost("it does not end")

    def close(self) -> None:
        """End it and everything in it."""
        self.channel.end.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._words.close()
        if self._group:
            self._group.remove()

    def watch(self) -> None:
        """Raise Lost if it has too many processes or holds too much memory."""
        import psutil

        self._check_memory()
        inside: list[int] = []
        with contextlib.suppress(psutil.Error):
            inside = [child.pid for child in psutil.Process(self._process.pid).children(recursive=True)]
        if len(inside) > PROCESSES:
            raise Lost(f"it started {len(inside)} processes")
        if not self._group and limits.seen(inside) > MEMORY:
            raise Lost(_too_much())

    def _check_memory(self) -> None:
        """Raise Lost if the kernel has ended something in it for lack of memory."""
        if self._group and self._group.exceeded():
            raise Lost(_too_much())


def _too_much() -> str:
    return f"it took more than {MEMORY / 1e9:.1f} GB of memory"


ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


def require() -> None:
    """Raise CourseError, with what to do, where no sandbox can be built."""
    if not sys.platform.startswith("linux"):
        raise CourseError(
            "The sandbox that students' code runs in, bubblewrap, exists on Linux only. Grade in a Linux "
            f"container or in WSL. {UNSAFE}"
        )
    if shutil.which("bwrap") is None:
        raise CourseError(
            "Grading runs students' code, and the sandbox for it is missing: install bubblewrap "
            f"(apt install bubblewrap, dnf install bubblewrap). {UNSAFE}"
        )
    try:
        Sandbox().close()
    except Lost as problem:
        raise CourseError(
            f"{problem}\nbubblewrap is there and cannot build its walls. In a container it takes the right to make "
            "namespaces (docker run --privileged); on Ubuntu 24.04 and later, "
            f"sysctl kernel.apparmor_restrict_unprivileged_userns=0. {UNSAFE}"
        ) from None


OPEN = (
    "every submission can read and change whatever you can, and every other grade. "
    "Do that only in a machine that you throw away afterwards."
)
UNSAFE = f"With --no-sandbox it grades without: then {OPEN}"


def _walls(hide: Path | None) -> list[str]:
    """Return bubblewrap's command line: what can be seen inside, and nothing else."""
    home = "/tmp/home"
    walls = [
        "bwrap",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    if os.getuid() == 0:
        # the inside goes on as nobody before anything of a student runs: see limit()
        walls += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        walls += ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
        walls += ["--disable-userns"] if "--disable-userns" in _options() else []
    walls += ["--die-with-parent", "--hostname", "sandbox", "--clearenv"]
    outside = {"PATH": "/usr/bin:/bin", "HOME": home, "USER": "student", "PYTHONPATH": _python_path()}
    for name, value in (ENVIRONMENT | outside).items():
        walls += ["--setenv", name, value]
    walls += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            walls += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            walls += ["--ro-bind", str(path), str(path)]
    for path in (Path("/etc/ld.so.cache"), Path("/etc/alternatives")):  # where libraries are found
        walls += ["--ro-bind-try", str(path), str(path)]
    # no process and no mount of the host can be read where there is no /proc
    walls += ["--dir", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    walls += ["--perms", "1777", "--size", STORE, "--tmpfs", "/dev/shm"]
    walls += ["--perms", "1777", "--size", STORE, "--tmpfs", "/tmp"]
    for folder in _libraries():
        for parent in reversed(folder.parents):
            walls += ["--perms", "0755", "--dir", str(parent)]
        walls += ["--ro-bind", str(folder), str(folder)]
    # what knows the answers is left out, and the names that notebooks import from there stand for it
    for course in _courses():
        walls += ["--ro-bind", str(COURSE / "grading" / "desk.py"), str(course / "__init__.py")]
        for folder in (course / "checks", course / "book" / "solutions", course / "book" / "exercises"):
            walls += ["--tmpfs", str(folder), "--remount-ro", str(folder)] if folder.is_dir() else []
    if hide and any(hide.is_relative_to(folder) for folder in (Path("/usr"), *_libraries())):
        walls += ["--tmpfs", str(hide)]
    walls += ["--perms", "1777", "--dir", home]
    # without it matplotlib looks at every font for seconds
    for above in (f"{home}/.cache", f"{home}/.cache/matplotlib"):
        walls += ["--perms", "1777", "--dir", above]
    cache = Path(os.path.expanduser(os.environ.get("MPLCONFIGDIR") or "~/.cache/matplotlib"))
    for fonts in cache.glob("fontlist-*.json"):
        walls += ["--ro-bind", str(fonts), f"{home}/.cache/matplotlib/{fonts.name}"]
    return [*walls, "--chdir", home, "--remount-ro", "/"]


@cache
def _options() -> str:
    """Return what this version of bubblewrap says that it can do."""
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def _libraries() -> list[Path]:
    """Return what holds Python, its packages and the course, besides /usr."""
    python = [sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])]
    packages = [path for path in sys.path if path.endswith("-packages")]
    found: list[Path] = []
    for folder in (*map(Path, [*python, *packages]), *PACKAGES, CONTENTS):
        if folder.exists() and not any(folder.is_relative_to(above) for above in (Path("/usr"), *found)):
            found.append(folder)
    return found


def _courses() -> list[Path]:
    """Return the course, and every other copy of it that is installed among the packages seen inside."""
    copies = (Path(path, COURSE.name) for path in sys.path if path.endswith("-packages"))
    return list(dict.fromkeys([COURSE, *(copy for copy in copies if (copy / "__init__.py").is_file())]))


def _python_path() -> str:
    """Return where Python looks inside: for the course, and in the packages of a user, who is not known there."""
    packages = [path for path in sys.path if path.endswith("-packages")]
    return os.pathsep.join([*{str(package.parent) for package in PACKAGES}, *packages])
