"""What runs in the sandbox: it executes cells and tries answers, and judges nothing.

One process loads the libraries and waits. For each notebook it forks a session, and for
each answer the session forks once more: what an answer does (crash, hang, take all memory,
change globals) ends with that process, and the notebook goes on. No expected value is
ever here; what is right is known outside only.
"""

import base64
import contextlib
import gc
import io
import os
import re
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mininet_course import engine
from mininet_course.calling import OutOfTime, within
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Judged
from mininet_course.grading import wire

MEMORY = 4_000_000_000  # bytes that a process may map
PROCESSES = 64  # and threads, of one sandbox
FILE = 50_000_000  # bytes in a file
LINES, CHARACTERS, PICTURE = 1000, 200_000, 1_500_000  # of a cell's output that are kept
GRACE = 2.0  # seconds after which an answer that does not stop in time is ended

Message = dict[str, Any]


class Outputs:
    """What a cell has put out so far, as a notebook holds it; the beginning is kept, the rest is counted."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.lines, self.room, self.lost = 0, CHARACTERS, 0
        self.full = False

    def stream(self, name: str, text: str) -> None:
        kept = text[: self.room]
        if text.count("\n") > LINES - self.lines:
            kept = "".join(kept.splitlines(keepends=True)[: LINES - self.lines])
        self.lines, self.room = self.lines + kept.count("\n"), self.room - len(kept)
        self.lost += text.count("\n") - kept.count("\n")
        self.full = self.room <= 0 or self.lines >= LINES
        if self.made and self.made[-1].get("name") == name:
            self.made[-1]["text"].append(kept)
        elif kept:
            self.made.append({"output_type": "stream", "name": name, "text": [kept]})

    def show(self, kind: str, data: Message, **more: Any) -> None:
        """Keep something displayed; pictures come as bytes and leave as text."""
        kept = {}
        for mime, value in data.items():
            text = base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
            limit = PICTURE if mime.startswith("image/") else self.room
            if len(text) <= limit and len(self.made) < LINES:
                kept[str(mime)] = text
                self.room -= len(text) // 8 if mime.startswith("image/") else len(text)
        self.made.append({"output_type": kind, "data": kept, "metadata": {}, **more})

    def error(self, kind: type[BaseException], value: BaseException | None, trace: list[str]) -> None:
        try:
            text = str(value)
        except Exception:  # the student's own exception class may fail at it
            text = ""
        trace = [line[:2000] for line in trace[-100:]]
        self.made.append(
            {"output_type": "error", "ename": kind.__name__, "evalue": text[:2000], "traceback": trace}
        )

    def end(self) -> list[dict[str, Any]]:
        if self.lost:
            self.room, self.lines, lost = 100, 0, self.lost
            self.stream("stdout", f"\n… ({lost:,} more lines)\n")
        for output in self.made:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        return self.made


class Stream(io.TextIOBase):
    """Takes the place of stdout or stderr."""

    def __init__(self, name: str, outputs: Outputs) -> None:
        self.name, self.outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.outputs.full:
            self.outputs.lost += text.count("\n")
        else:
            self.outputs.stream(self.name, text)
        return len(text)


OUTPUTS = Outputs()


class Publisher(DisplayPublisher):
    """Keeps what is displayed."""

    def publish(self, data: Message, metadata: Any = None, source: Any = None, **more: Any) -> None:
        OUTPUTS.show("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        OUTPUTS.begin()


class Hook(DisplayHook):
    """Keeps the value of a cell's last line."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Message, md_dict: Any = None) -> None:
        OUTPUTS.show("execute_result", format_dict, execution_count=None)


class Shell(InteractiveShell):
    """IPython without a terminal: what it shows goes to OUTPUTS."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        OUTPUTS.error(etype, evalue, stb)

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def ask_exit(self) -> None:
        pass


class Session:
    """One notebook: its cells are run one after the other, its answers tried."""

    def __init__(self, shell: InteractiveShell, channel: wire.Channel) -> None:
        self.shell, self.channel = shell, channel

    def serve(self) -> None:
        """Do what is asked until there is nothing more."""
        itself = os.getpid()
        while os.getpid() == itself:
            message = self.channel.receive()
            if message["do"] == "run":
                answer = self.run(message["source"], message["seconds"])
            elif message["do"] == "try":
                answer = self.attempt(message)
            else:
                return
            if os.getpid() == itself:  # a cell may fork, and its copies are no sessions
                self.channel.send(answer | {"number": message["number"]})

    def run(self, source: str, seconds: float) -> Message:
        """Run a cell as Jupyter would; return its outputs and whether it ran out of time."""
        OUTPUTS.begin()
        late = False
        with (
            contextlib.redirect_stdout(Stream("stdout", OUTPUTS)),
            contextlib.redirect_stderr(Stream("stderr", OUTPUTS)),
        ):
            try:
                done = within(seconds, lambda: self.shell.run_cell(source, store_history=True))
                late = isinstance(done.error_in_exec, OutOfTime)
            except OutOfTime:
                late = True
        outputs = OUTPUTS.end()
        if late:
            outputs = [output for output in outputs if output.get("ename") != "OutOfTime"]
        return {"outputs": outputs, "late": late}

    def attempt(self, message: Message) -> Message:
        """Try an answer in a process of its own; return what that has said, and whether time ran out."""
        exercise = _exercise(message)
        limit = (len(message["rounds"]) * exercise.seconds if isinstance(exercise, Judged) else 1) + GRACE
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with os.fdopen(writer, "wb") as pipe:
                    for said in self.tried(exercise, message):
                        pipe.write(wire.pack(said))
                        pipe.flush()
                code = 0
            finally:
                os._exit(code)
        os.close(writer)
        heard, late = _gather(reader, time.monotonic() + limit)
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return {"said": heard, "late": late}

    def tried(self, exercise: Any, message: Message) -> Iterator[Message]:
        """Say what the answer is, then what comes of it case by case, round by round."""
        missing = [name for name in message["names"] if name not in self.shell.user_ns]
        if missing:
            yield {"missing": missing[0]}
            return
        answer = tuple(self.shell.user_ns[name] for name in message["names"])
        yield {"answer": [wire.encode(value) for value in answer]}
        if not isinstance(exercise, Judged) or any(value is Ellipsis for value in answer):
            return
        for asked in message["rounds"]:
            more = [{name: wire.decode(made) for name, made in case.items()} for case in asked["more"]]
            cases = [*engine.cases_of(exercise, asked["seed"]), *more]
            for result in engine.attempts(exercise, answer, cases, exercise.seconds):
                yield wire.encode_result(result)
                if isinstance(result.error, OutOfTime):
                    return


def _exercise(message: Message) -> Any:
    exercise = next(e for e in CHAPTERS[message["exercise"].split(".")[0]] if e.name == message["exercise"])
    return exercise if message["variant"] is None else exercise.variant(message["variant"])[1]


def _gather(pipe: int, until: float) -> tuple[list[Message], bool]:
    """Read messages until the other end is closed; return them and whether time ran out before."""
    data = bytearray()
    late = False
    while len(data) < wire.LARGEST // 2:
        left = until - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            late = True
            break
        piece = os.read(pipe, 1 << 20)
        if not piece:
            break
        data += piece
    said: list[Message] = []
    while len(data) >= 4 and len(data) >= (length := int.from_bytes(data[:4], "big") + 4):
        said.append(wire.parse(bytes(data[4:length])))
        del data[:length]
    return said, late


def limit(user: int) -> None:
    """Give up resources for good, and root's rights: whoever was root goes on as a ``user`` that owns nothing."""
    limits = {"RLIMIT_AS": MEMORY, "RLIMIT_FSIZE": FILE, "RLIMIT_CORE": 0, "RLIMIT_NOFILE": 256}
    root = os.getuid() == 0
    kernel = [int(number) for number in re.findall(r"\d+", os.uname().release)[:2]]
    if user and (root or kernel >= [5, 14]):  # an older one would count all that you run
        limits["RLIMIT_NPROC"] = PROCESSES
    if user and root:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    for name, most in limits.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))
    os.nice(5)


def make_shell() -> InteractiveShell:
    """Return IPython without history and start-up files."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    shell = Shell.instance(config=settings, display_pub_class=Publisher, displayhook_class=Hook)
    shell.user_ns["__name__"] = "__main__"
    return shell


def main(fd: int, user: int) -> None:
    """Wait for notebooks at the other end of a socket."""
    channel = wire.Channel(socket.socket(fileno=fd))
    limit(user)
    shell = make_shell()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    gc.freeze()  # forks share what is loaded, as long as nobody touches it
    channel.send({"ready": True})
    while channel.receive()["do"] == "open":
        child = os.fork()
        if child == 0:
            code = 1
            try:
                Session(shell, channel).serve()
                code = 0
            finally:
                os._exit(code)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        channel.send({"ended": ended})


if __name__ == "__main__":
    with contextlib.suppress(wire.Closed):
        main(int(sys.argv[1]), int(sys.argv[2]))
