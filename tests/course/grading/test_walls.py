"""What a sandbox may take and reach, with a control group and without one, as root and as anybody."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mininet_course.grading import limits, sandbox
from mininet_course.grading.execution import Submission
from mininet_course.grading.sandbox import Lost, Sandbox
from mininet_course.places import CONTENTS, PACKAGES
from tests.support.sandboxed import RIGHT, needs_sandbox, notebook, questions, states

pytestmark = [needs_sandbox, pytest.mark.slow]

SEGMENTS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
for number in range(14):
    segment = libc.shmget(0, ctypes.c_size_t(100_000_000), 0o1600)
    if segment < 0: raise OSError(ctypes.get_errno(), "refused")
    place = libc.shmat(segment, None, 0)
    ctypes.memset(place, 1, 100_000_000)
    libc.shmdt(ctypes.c_void_p(place))
"""
FILES = """
import os
held = []
for number in range(24):
    held.append(os.memfd_create("x"))
    os.write(held[-1], b"x" * 47_000_000)
"""
SOCKETS = """
import socket
held = []
for number in range(100):
    held.append(socket.socketpair())
    for end in held[-1]:
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, buffer, 4_000_000)
        end.setblocking(False)
        try:
            while True: end.send(b"x" * 4096)
        except BlockingIOError: pass
"""
UNSEEN = {"segments": SEGMENTS, "files in memory": FILES, "sockets": SOCKETS}


def run(source: str) -> Any:
    """Run a cell and then a right answer, as in one submission."""
    answers = {"neuron.4": source + RIGHT["neuron.4"], "neuron.5": RIGHT["neuron.5"]}
    with Submission(seconds=20) as submission:
        return submission.run(notebook(answers), questions(answers))


@pytest.mark.parametrize("source", UNSEEN.values(), ids=UNSEEN)
def test_memory_that_nobody_has_mapped_is_counted(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = limits.group(1 << 30)
    if made is None:
        pytest.skip("NO CONTROL GROUP, so this is not tested: this system gives none")
    made.remove()
    monkeypatch.setattr(sandbox, "MEMORY", 500_000_000)
    ran = run(source)
    assert any("more than 0.5 GB of memory" in what for what in ran.incidents), ran.incidents
    assert states(ran)["neuron.5"] == "right" and not left_over()


@pytest.mark.parametrize("source", [SEGMENTS, FILES, SOCKETS], ids=UNSEEN)
def test_without_a_control_group_it_is_refused(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "group", lambda memory: None)
    ran = run(source)
    (output,) = ran.outputs[1]
    assert output["ename"] in ("PermissionError", "OSError"), output
    assert states(ran) == {"neuron.4": "wrong", "neuron.5": "right"}


def test_without_a_control_group_full_sockets_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "group", lambda memory: None)
    monkeypatch.setattr(sandbox, "MEMORY", 455_000_000)  # processes 90 MB, array 320, sockets 85
    filled = re.sub(r".*setsockopt.*\n", "            pass\n", SOCKETS) + "import time; time.sleep(5)\n"
    greedy = {"half of it": "import numpy as np\nx = np.ones(40_000_000)\n", "sockets": filled}
    greedy["both"] = greedy["half of it"] + filled
    for what, source in greedy.items():
        with Sandbox() as one:
            one.open()
            asked = {"do": "run", "source": source, "seconds": 20}
            if what == "both":
                with pytest.raises(Lost, match=r"more than 0\.5 GB"):
                    one.ask(asked, 30)
            else:
                assert one.ask(asked, 30)["outputs"] == []


def left_over() -> list[Path]:
    """Return control groups of ours that are still there."""
    return [folder for parent, _ in limits._parents() for folder in parent.glob(f"mininet-{os.getpid()}-*")]


@pytest.fixture(scope="module")
def one() -> Iterator[Sandbox]:
    with Sandbox() as inside:
        inside.open()
        yield inside


def said(inside: Sandbox, source: str) -> str:
    outputs = inside.ask({"do": "run", "source": source, "seconds": 10}, 20)["outputs"]
    return "".join(str(output.get("text") or output.get("ename")) for output in outputs)


CALLS = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def refused(function, *arguments):
    ctypes.set_errno(0)
    done = function(*arguments)
    return done < 0 and ctypes.get_errno() == 1
print(all([
    refused(libc.unshare, 0x10000000),
    refused(libc.unshare, 0x20000),
    refused(libc.setns, 0, 0),
    refused(libc.ptrace, 0, 0, 0, 0),
    refused(libc.mount, b"x", b"/tmp", b"tmpfs", 0, None),
    refused(libc.syscall, ctypes.c_long(56), ctypes.c_long(0x10000000 | 17), 0, 0, 0, 0),
]))
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86-64")
def test_neither_namespaces_nor_tracing_nor_mounting(one: Sandbox) -> None:
    assert said(one, CALLS) == "True\n"


KEYS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments): return libc.syscall(*map(lambda a: ctypes.c_long(a) if type(a) is int else a, arguments))
{}
"""
LEAVE = 'print(call(248, b"user", b"answer", b"return 7", 8, -4) >= 0)'
TAKE = 'print(call(249, b"user", b"answer", None, -4) >= 0, call(250, 0, -4, 1) >= 0)'


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86-64")
def test_nothing_can_be_left_in_a_keyring_for_the_next(one: Sandbox) -> None:
    assert said(one, KEYS.format(LEAVE)) == "False\n"
    with Sandbox() as other:
        other.open()
        assert said(other, KEYS.format(TAKE)) == "False False\n"


def test_nothing_of_the_host_is_in_proc(one: Sandbox) -> None:
    assert said(one, "import os; print(os.listdir('/proc'))") == "[]\n"
    for name in ("1/cmdline", "self/mountinfo", "self/environ", "cmdline", "sysvipc/shm", "keys"):
        assert said(one, f"print(open('/proc/{name}').read())") == "FileNotFoundError"


def test_what_knows_the_answers_is_not_there(one: Sandbox) -> None:
    assert said(one, "import mininet_course.checks.neuron") == "ModuleNotFoundError"
    assert said(one, "from mininet_course.checks import CHAPTERS") == "ImportError"
    assert "left out" in said(one, "from mininet_course import check; check('neuron.4', print)")
    assert "left out" in said(one, "from mininet_course import solution; solution('neuron.4')")
    assert said(one, LOOK) == "[]\n"


LOOK = """
import os, mininet_course
top = os.path.dirname(mininet_course.__file__)
print([name for at, _, names in os.walk(top) for name in names if "/checks" in at or name.endswith(".ipynb")])"""
INSTALLED = """
import sys
sys.path[:0] = {path!r}
from mininet_course.grading import sandbox
assert str(sandbox.COURSE).startswith(sys.path[0])
with sandbox.Sandbox() as one:
    one.open()
    print(one.ask({{"do": "run", "source": {look!r}, "seconds": 10}}, 20)["outputs"][0]["text"])
"""


def test_what_knows_the_answers_is_not_there_where_the_course_is_installed(tmp_path: Path) -> None:
    """An installed course carries its notebooks inside the package."""
    for package in PACKAGES:
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    book = tmp_path / "mininet_course" / "book"
    for folder in ("exercises", "solutions"):
        (book / folder).mkdir(parents=True)
        (book / folder / "neuron.ipynb").write_text("the answers")
    shutil.copy(CONTENTS, book)
    script = INSTALLED.format(path=[str(tmp_path), *sys.path], look=LOOK)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "[]\n\n", done.stderr


UNPRIVILEGED = """
import sys
sys.path[:0] = {path!r}
from mininet_course.grading import limits, sandbox
print(limits.described())
with sandbox.Sandbox() as one:
    one.open()
    for source in ("print(6 * 7)", "import os; print(os.listdir('/proc'), os.getuid())", {calls!r}):
        print(one.ask({{"do": "run", "source": source, "seconds": 10}}, 20)["outputs"][0]["text"])
    print(one._group)
"""


def test_whoever_is_not_root_has_the_same_walls() -> None:
    nobody = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
    command = [*nobody, sys.executable, "-c", UNPRIVILEGED.format(path=sys.path, calls=CALLS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "42\n\n[] 65534\n\nTrue\n" in done.stdout, done.stderr


KINDS = {1: "4:memory:/mine\n0::/\n", 2: "0::/mine\n"}


@pytest.mark.parametrize("version", KINDS)
def test_a_control_group_is_made_by_either_of_the_kernels_interfaces(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On folders that stand for the kernel's; the tests above use whichever this system has."""
    own = tmp_path / ("memory/mine" if version == 1 else "mine")
    own.mkdir(parents=True)
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (own / name).write_text("memory pids")
    (tmp_path / "own").write_text(KINDS[version])
    monkeypatch.setattr(limits, "CGROUPS", tmp_path)
    monkeypatch.setattr(limits, "OWN", tmp_path / "own")
    made = limits.group(700_000_000)
    assert made and made.version == version and made.folder.parent == own
    limit = made.folder / ("memory.limit_in_bytes" if version == 1 else "memory.max")
    assert limit.read_text() == "700000000" and not made.exceeded()
    said = made.folder / ("memory.oom_control" if version == 1 else "memory.events")
    said.write_text("under_oom 0\noom_kill 2\n")
    assert made.exceeded()
    with monkeypatch.context() as refusing:
        refusing.setattr(limits, "ENTER", ["false"])
        assert limits.group(700_000_000) is None, "nobody may enter it"
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (own / name).write_text("cpu")
    if version == 2:
        assert limits.group(700_000_000) is None, "memory is not counted there"


def test_which_walls_apply_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "control group" in limits.described() and "system calls" in limits.described()
    monkeypatch.setattr(limits, "group", lambda memory: None)
    assert "gives no control group" in limits.described() and "is refused" in limits.described()
    monkeypatch.setattr(limits, "system_calls", lambda counted: None)
    assert "NOT FILTERED" in limits.described() and "is not counted" in limits.described()


def test_a_second_copy_of_the_course_shows_no_answers_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the course is installed, and graded with from a clone."""
    packages = tmp_path / "site-packages"
    copy = packages / "mininet_course"
    answers = [copy / "checks" / "neuron.py", copy / "book" / "solutions" / "neuron.ipynb"]
    for file in (*answers, copy / "__init__.py", copy / "compare.py"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("KNOWN")
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    source = "\n".join(
        ["from pathlib import Path"]
        + [f"print(Path({str(file)!r}).is_file())" for file in (*answers, copy / "compare.py")]
        + [f"print('KNOWN' in Path({str(copy / '__init__.py')!r}).read_text())"]
    )
    with Sandbox() as sandbox:
        sandbox.open()
        said = sandbox.ask({"do": "run", "source": source, "seconds": 5}, 10)["outputs"]
    assert said[0]["text"].split() == ["False", "False", "True", "False"]
