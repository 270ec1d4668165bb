"""What runs in the sandbox: it executes cells and tries answers, and judges nothing.

One process loads the libraries and waits. For each notebook it forks a session, and for
each answer the session forks once more: what an answer does (crash, hang, take all memory,
change globals) ends with that process, and the notebook goes on. For each answer there is a
connection of its own, whose other end is outside. Whatever is sent from here may be forged;
so it is raw results alone, and what is right is known outside only.
"""

import base64
import contextlib
import gc
import io
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mininet_course import probes
from mininet_course.calling import OutOfTime, call_safely, within
from mininet_course.grading import wire

MEMORY = 4_000_000_000  # bytes that a process may map
PROCESSES = 64  # and threads, of one sandbox
FILE = 50_000_000  # bytes in a file
LINES, CHARACTERS, PICTURE = 1000, 200_000, 1_500_000  # of a cell's output that are kept

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
        self.shell, self.channel, self.child = shell, channel, 0

    def serve(self) -> None:
        """Do what is asked until there is nothing more."""
        itself = os.getpid()
        while os.getpid() == itself:
            message = self.channel.receive()
            reply: Message = {}
            if message["do"] == "run":
                reply = self.run(message["source"], message["seconds"])
            elif message["do"] == "try":
                self.attempt(message["names"], self.channel.handed.pop())
            elif message["do"] == "end":
                self.end()
            else:
                return
            if os.getpid() == itself:  # a cell may fork, and its copies are no sessions
                self.channel.send(reply | {"number": message["number"]})

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

    def attempt(self, names: Sequence[str], end: int) -> None:
        """Let an answer be tried in a process of its own, with a connection of its own to the outside."""
        self.child = os.fork()
        if self.child == 0:
            code = 1
            try:
                self.channel.end.close()
                self.answer(names, wire.Channel(socket.socket(fileno=end)))
                code = 0
            finally:
                os._exit(code)
        os.close(end)

    def end(self) -> None:
        """End the process in which an answer is tried, and the answer with it."""
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)

    def answer(self, names: Sequence[str], channel: wire.Channel) -> None:
        """Say what the answer is, then what comes of it case by case, as long as somebody asks."""
        missing = [name for name in names if name not in self.shell.user_ns]
        with channel.end, contextlib.suppress(wire.Closed):
            if missing:
                channel.send({"missing": missing[0]})
                return
            answer = tuple(self.shell.user_ns[name] for name in names)
            channel.send({"answer": [wire.encode(value) for value in answer]})
            while True:
                channel.send(tried(answer, channel.receive(), channel))


def tried(answer: tuple[Any, ...], asked: Message, channel: wire.Channel) -> Message:
    """Return what comes of an answer on one case, raw; the question's secret shows what it belongs to."""
    secret = {"secret": asked["secret"]}

    def ask(number: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        given = {
            "arguments": wire.encode(arguments),
            "named": [[name, wire.encode(named[name])] for name in named],
        }
        channel.send({"call": number} | given | secret)
        told = channel.receive()
        if told["error"] is not None:
            raise wire.decode_error(told["error"])
        return wire.decode(told["value"])

    case, probe = wire.decode_case(asked["case"], ask), probes.find(asked["probe"])
    result = call_safely(lambda: probe(*answer, *case.values()), asked["seconds"])
    arrays = {name: wire.encode(value) for name, value in case.items() if isinstance(value, np.ndarray)}
    return {"result": wire.encode_result(result), "inputs": arrays} | secret


def limit(user: int) -> None:
    """Give up resources for good, and root's rights: whoever was root goes on as a ``user`` that owns nothing."""
    limits = {
        "RLIMIT_AS": MEMORY,
        "RLIMIT_FSIZE": FILE,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_MSGQUEUE": 0,
    }
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
    channel = wire.Channel(socket.socket(fileno=fd), takes=True)
    limit(user)
    shell = make_shell()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    # whoever imports the course gets another copy than the one that tries answers
    for name in [name for name in sys.modules if name.partition(".")[0] == "mininet_course"]:
        del sys.modules[name]
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
