"""What a sandbox may take and call: a control group that counts its memory, a filter of system calls.

A control group counts whatever memory there is: of processes, of segments that nobody has
mapped, of files in memory, of sockets' buffers. Where the system gives none, what cannot be
seen from outside is refused by the filter, and the rest is counted by looking.
"""

import contextlib
import itertools
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CGROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_NUMBERS = itertools.count()
CLONE_NEW = 0x7E020080  # the flags of clone that make namespaces

# nothing that an exercise needs; each has been a way out of some sandbox
REFUSED = (
    ("keyctl", "add_key", "request_key"),  # keyrings, which outlive a sandbox
    ("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "open_tree"),
    ("move_mount", "mount_setattr", "open_by_handle_at", "name_to_handle_at"),
    ("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "perf_event_open", "bpf"),
    ("userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "kexec_load", "init_module"),
)
# memory that no process has mapped, so that looking at processes does not find it
UNSEEN = ("memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open")

# a process enters a group by writing its number into a file; then it becomes what follows
ENTER = ["sh", "-c", 'echo $$ > "$0" && exec "$@"']
# by version: the file that holds the limit, the one that keeps it from going on in swap, and what that is told
SETTINGS = {
    1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "{memory}"),
    2: ("memory.max", "memory.swap.max", "0"),
}


@dataclass(frozen=True)
class Group:
    """A control group for one sandbox. ``version`` is that of the kernel's interface, 1 or 2."""

    folder: Path
    version: int

    def holding(self, command: Sequence[str]) -> list[str]:
        """Return a command that enters the group before it becomes the given one."""
        return [*ENTER, str(self.folder / "cgroup.procs"), *command]

    def exceeded(self) -> bool:
        """Say whether the kernel has ended a process because the group had no memory left."""
        file = self.folder / ("memory.events" if self.version == 2 else "memory.oom_control")
        try:
            lines = dict(line.split() for line in file.read_text(encoding="ascii").splitlines())
        except OSError:
            return False
        return int(lines.get("oom_kill", 0)) > 0

    def remove(self) -> None:
        """Remove it; what was in it has been killed, which takes a moment."""
        with contextlib.suppress(OSError):
            (self.folder / "cgroup.kill").write_text("1", encoding="ascii")  # there in version 2 only
        for _ in range(100):
            try:
                self.folder.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.02)


def group(memory: int) -> Group | None:
    """Return a new control group that may hold so many bytes; None where the system gives none."""
    for parent, version in _parents():
        folder = parent / f"mininet-{os.getpid()}-{next(_NUMBERS)}"
        limit, swap, none = SETTINGS[version]
        _sweep(parent)
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / limit).write_text(str(memory), encoding="ascii")
            if (folder / swap).exists():
                (folder / swap).write_text(none.format(memory=memory), encoding="ascii")
            subprocess.run([*ENTER, str(folder / "cgroup.procs")], check=True, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            with contextlib.suppress(OSError):
                folder.rmdir()
            continue
        return Group(folder, version)
    return None


def _sweep(parent: Path) -> None:
    """Remove the groups of graders that were killed."""
    for folder in parent.glob("mininet-*-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _parents() -> list[tuple[Path, int]]:
    """Return the control groups in which one for a sandbox might be made, the nearest first."""
    found: list[tuple[Path, int]] = []
    try:
        lines = OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for line in lines:
        number, kinds, path = line.split(":", 2)
        if number == "0":
            own = CGROUPS / path.lstrip("/")
            for parent in (own, *own.parents):
                control = parent / "cgroup.subtree_control"
                if parent.is_relative_to(CGROUPS) and control.is_file():
                    found += [(parent, 2)] if "memory" in control.read_text(encoding="ascii").split() else []
        elif "memory" in kinds.split(","):
            own = CGROUPS / kinds / path.lstrip("/")
            found += [(parent, 1) for parent in (own, CGROUPS / kinds) if parent.is_dir()]
    return found


def system_calls(counted: bool) -> IO[bytes] | None:
    """Return a file with a filter of system calls, as bubblewrap reads it; None without the library for it.

    ``counted`` says that a control group counts all memory; else whatever could not be seen is refused.
    """
    try:
        import pyseccomp as seccomp

        made = seccomp.SyscallFilter(seccomp.ALLOW)
    except (ImportError, RuntimeError, OSError):
        return None
    no = seccomp.ERRNO(1)  # EPERM
    for name in (*itertools.chain(*REFUSED), *(() if counted else UNSEEN)):
        with contextlib.suppress(ValueError, OSError):  # a machine of another kind has not all of them
            made.add_rule(no, name)
    for flag in (1 << bit for bit in range(32) if CLONE_NEW >> bit & 1):
        made.add_rule(no, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    made.add_rule(
        seccomp.ERRNO(38), "clone3"
    )  # ENOSYS: its flags cannot be looked at, and clone is tried instead
    if not counted:
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            level = seccomp.Arg(1, seccomp.EQ, socket.SOL_SOCKET)
            made.add_rule(no, "setsockopt", level, seccomp.Arg(2, seccomp.EQ, buffer))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the sandbox has read it
    made.export_bpf(file)
    file.seek(0)
    return file


def seen(processes: Sequence[int]) -> int:
    """Return how many bytes these processes hold as far as looking at them tells, sockets as if they were full."""
    import psutil

    held, sockets = 0, set[str]()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            held += psutil.Process(process).memory_info().rss
        with contextlib.suppress(OSError):
            for descriptor in os.scandir(f"/proc/{process}/fd"):
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(descriptor.path))
    default = int(Path("/proc/sys/net/core/wmem_default").read_text(encoding="ascii"))
    return held + 2 * default * sum(name.startswith("socket:") for name in sockets)


def described() -> str:
    """Return what of this the system gives, for whoever grades."""
    made, calls = group(1 << 30), system_calls(True)
    counted = "its memory is counted by a control group, whatever kind it is of"
    if made:
        made.remove()
    elif calls:
        counted = (
            "this system gives no control group, so its memory is counted by looking at its processes, and "
            "memory that they need not map is refused"
        )
    else:
        counted = (
            "this system gives no control group, so its memory is counted by looking at its processes, and "
            "what they need not map is not counted"
        )
    if calls:
        calls.close()
        return f"The sandbox: {counted}; system calls that no exercise needs are refused."
    return (
        f"The sandbox: {counted}; SYSTEM CALLS ARE NOT FILTERED, so keyrings are shared by all submissions and "
        'namespaces can be made inside. pip install "mininet-course[grade]" and libseccomp (apt install libseccomp2).'
    )
