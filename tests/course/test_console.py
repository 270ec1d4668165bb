"""A console that lacks an arrow, a × or an umlaut gets every text all the same, with a ? in it."""

import argparse
import contextlib
import io
import runpy
import sys
from collections.abc import Callable, Iterator

import pytest

import mininet.data.__main__ as data_command
from mininet_course import check, hint, progress, solution
from mininet_course.__main__ import main
from mininet_course.console import forgive, say

ENCODINGS = ["ascii", "cp1252", "cp437"]
COMMANDS = ["list", "start", "check", "progress", "assign", "paper", "syllabus"]
COMMANDS += ["collect", "grade", "mark", "feedback", "grades"]
MODULES = ["mininet_course", "mininet.data", "tools.exercises", "tools.notebooks", "tools.train"]
MODULES += ["live.pyodide", "benchmarks.steps", "benchmarks.scalar", "benchmarks.grading"]


@contextlib.contextmanager
def console(encoding: str) -> Iterator[Callable[[], str]]:
    """A console of an old encoding; what it has shown is returned by calling what is yielded."""
    shown = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(shown, encoding, "strict", write_through=True)):
        yield lambda: shown.getvalue().decode(encoding)


every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)


@every_encoding
def test_a_character_that_is_not_there_is_a_question_mark(encoding: str) -> None:
    with console(encoding) as shown:
        with pytest.raises(UnicodeEncodeError):
            print("⇐")
        say("a ⇒ b")
        print("c ⇐ d")
        assert shown().split() == ["a", "?", "b", "c", "?", "d"]


def test_what_is_no_console_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    forgive()
    say("→")
    assert sys.stdout.getvalue() == "→\n"  # type: ignore[attr-defined]


@every_encoding
@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command(command: str, encoding: str) -> None:
    with console(encoding) as shown:
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert "usage" in shown()


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")  # it is there from another test
@pytest.mark.parametrize("module", MODULES)
def test_the_help_of_every_module_that_is_one(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # an arrow in each help, whatever it says today
    plain = argparse.ArgumentParser.format_help
    monkeypatch.setattr(argparse.ArgumentParser, "format_help", lambda parser: plain(parser) + "→")
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with console("ascii") as shown:
        with pytest.raises(SystemExit, match="0"):
            runpy.run_module(module, run_name="__main__")
        assert "usage" in shown() and shown().endswith("?")


@every_encoding
def test_what_is_printed(encoding: str) -> None:
    with console(encoding) as shown:
        assert data_command.main([]) == 0
        check("xor.1", "no such answer")
        hint("neuron.4")
        solution("neuron.4")
        progress()
        assert main(["list"]) == 0
        assert "neuron.4" in shown()


def test_a_learners_own_program_needs_no_command() -> None:
    for use in (
        lambda: hint("neuron.4"),
        lambda: check("neuron.4", 3),
        lambda: solution("neuron.4"),
        progress,
    ):
        with console("ascii") as shown:
            use()
            assert shown()


def test_every_command_is_tried() -> None:
    with pytest.raises(SystemExit), pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "exit", _stop)
        main(["nonsense"])
    assert sorted(_choices) == sorted(COMMANDS)


_choices: list[str] = []


def _stop(parser: argparse.ArgumentParser, *_: object) -> None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            _choices[:] = list(action.choices)
    raise SystemExit(2)
