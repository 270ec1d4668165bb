"""The instructor's command line: help that explains, errors that say what to do, no traceback."""

import builtins
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mininet_course.__main__ import main
from mininet_course.grading import content
from mininet_course.grading import pack as packs
from tests.support import submissions as kinds

COMMANDS = {
    "assign": ["--format", "--points", "--seed", "--extra", "--variants", "pack.json stays with you"],
    "collect": ["--from", "--lms", "Download", "put right"],
    "grade": ["--jobs", "--no-sandbox", "nothing is graded twice", "statistics.png"],
    "feedback": ["hidden cases are not in it"],
    "grades": ["--into", "--key", "--column", "could not be placed"],
}


def say(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_help_names_all_commands_and_each_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    whole = capsys.readouterr().out
    for command, words in COMMANDS.items():
        assert command in whole
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        said = capsys.readouterr().out
        assert all(word in said for word in words), command


def test_from_nothing_to_submissions_in_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "hw1"
    make = [
        "assign",
        "neuron.3",
        "neuron.11",
        "--out",
        str(folder),
        "--format",
        "zip",
        "--points",
        "neuron.3=2.5",
    ]
    code, out, _ = say(make, capsys)
    assert code == 0 and "hw1: 2 exercises, 5.5 points, 1 of them marked by hand." in out
    assert str(folder / "handout" / "hw1.zip") in out
    assert f"collect {folder} --from submissions.zip --lms canvas  # or moodle, plain" in out
    pack = packs.load(folder)
    content.write(kinds.right(pack)["neuron.ipynb"], tmp_path / "in" / "ann" / "neuron.ipynb")
    collect = ["collect", str(folder), "--from", str(tmp_path / "in"), "--lms", "plain"]
    assert say(collect, capsys)[0] == 0
    (tmp_path / "in" / "bob.ipynb").write_text("{")
    code, out, _ = say(collect, capsys)
    assert code == 1 and "NOT TAKEN" in out and "bob: bob.ipynb is no notebook" in out


def test_numbers_of_their_own_say_who_gets_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "roster.csv").write_text("login,name\nann,A\nbob,B\n")
    variants = ["--variants", str(tmp_path / "roster.csv"), "--key", "login", "--format", "zip"]
    _, out, _ = say(["assign", "mnist", "--out", str(tmp_path / "hw1"), *variants], capsys)
    assert "for 2 students in mnist.1, mnist.7; ids from the column 'login'." in out and "variants.csv" in out
    assert {path.name for path in (tmp_path / "hw1" / "handout").iterdir()} == {"ann.zip", "bob.zip"}
    (tmp_path / "roster.csv").write_text("login\nann\n")
    _, out, _ = say(
        ["assign", "xor.1", "--out", str(tmp_path / "hw2"), *variants, "--points", "xor.1=1"], capsys
    )
    assert "hw2: 1 exercise, 1 point, 0 of them" in out and "for 1 student in xor.1" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["assign", "nueron", "--out", "x"], "Did you mean 'neuron'?"),
        (["assign", "neuron", "--out", "x", "--points", "neuron.3"], "Points are given as neuron.3=4"),
        (
            ["assign", "neuron", "--out", "x", "--points", "neuron.3=4", "xor"],
            "got 'xor'. Names of chapters and exercises come before --points",
        ),
        (["assign", "neuron", "--out", "x", "--points", "neuron.3=abc"], "'abc' is no number"),
        (
            ["assign", "neuron", "--out", "x", "--points", "neuron.3=3", "neuron.3=4"],
            "Points of neuron.3 are given twice, 3 and 4",
        ),
        (["assign", "neuron", "--out", "x", "--key", "ID"], "Add it with --variants, or leave out --key"),
        (["assign", "neuron", "--out", "x", "--extra", "no.py"], "no Python file"),
        (["assign", "neuron", "--out", "x", "--variants", "no.csv"], "cannot be read"),
        (["collect", "nowhere", "--from", "x.zip", "--lms", "canvas"], "holds no pack.json"),
        (["grade", "nowhere"], "holds no pack.json"),
        (["feedback", "nowhere"], "holds no pack.json"),
        (["grades", "nowhere", "--into", "x.csv"], "holds no pack.json"),
    ],
)
def test_mistakes_are_answered_without_a_traceback(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, error = say(arguments, capsys)
    assert code == 1 and words in error and "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_before_grading_there_is_no_feedback_and_no_grade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "hw1")
    main(["assign", "neuron.3", "--out", folder, "--format", "zip"])
    (tmp_path / "t.csv").write_text("student,hw1\nann,\n")
    capsys.readouterr()
    for command in (["feedback", folder], ["grades", folder, "--into", str(tmp_path / "t.csv")]):
        code, _, error = say(command, capsys)
        assert code == 1 and "Nothing is graded in hw1 yet: python -m mininet_course grade" in error


@pytest.mark.parametrize(
    ("format", "missing", "extra"), [("nbgrader", "nbgrader", "[grade]"), ("otter", "otter", "[gradescope]")]
)
def test_a_missing_extra_is_named(
    format: str,
    missing: str,
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] == missing:
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    code, _, error = say(["assign", "neuron.3", "--out", str(tmp_path / "hw1"), "--format", format], capsys)
    assert code == 1 and f'pip install "mininet-course{extra}"' in error
    assert not list(tmp_path.iterdir())
