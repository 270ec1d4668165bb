"""The instructors' pages say what the exercises, the chapters and the command line really are."""

import argparse
import re
import shlex
from itertools import chain
from pathlib import Path

import pytest

from mininet_course import __main__ as command_line
from mininet_course.checks import CHAPTERS
from mininet_course.exercise import Choice, Judged, Written
from tests.support.files import BOOK
from tools import instructors

PAGES = BOOK / "instructors"
NAMES = ("teaching", "exercises", "misconceptions", "grading")
ALL = list(chain.from_iterable(CHAPTERS.values()))
on_every_plan = pytest.mark.parametrize("weeks", instructors.PLANS)


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def minutes(clock: str) -> int:
    """Return the minutes of "2 h 05"; none of an empty cell."""
    return sum(int(n) * unit for n, unit in zip(re.findall(r"\d+", clock), (60, 1), strict=False))


def table(text: str, name: str) -> list[list[str]]:
    """Return the rows of a made table, without its head."""
    made = re.search(rf"<!-- made: {name} -->(.*?)<!-- end -->", text, re.DOTALL)
    assert made, f"no table {name}"
    # a head is followed by a line of dashes
    lines = [line for line in made[1].splitlines() if line.startswith("|")]
    heads = {i for i, line in enumerate(lines) if not line.strip("|-:")}
    kept = [line for i, line in enumerate(lines) if not {i, i + 1} & heads]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in kept]


def test_the_pages_are_those_of_the_contents_before_the_back_matter() -> None:
    contents = (BOOK.parent / "_toc.yml").read_text()
    part = contents[contents.index("caption: For instructors") : contents.index("caption: Back matter")]
    assert re.findall(r"file: book/instructors/(\w+)", part) == list(NAMES)
    assert {path.stem for path in PAGES.glob("*.md")} == set(NAMES)


def test_the_tables_are_those_that_the_exercises_make() -> None:
    pages = [path for path in instructors.PAGES if instructors.filled(path.read_text()) != path.read_text()]
    assert pages == [], "run: python -m tools.instructors"


def test_every_exercise_is_in_the_table_of_all_once_and_links_to_its_place() -> None:
    made = table((BOOK / "exercises.md").read_text(), "catalogue")
    links = [re.match(r'<a href="(.+?)" data-exercise="(.+?)">(.+?)</a>', row[0]) for row in made]
    assert [link and link[2] for link in links] == [e.name for e in ALL]
    assert [int(row[4]) for row in made] == [e.minutes for e in ALL]
    # that the places exist is seen where the built pages' links are followed
    assert len({link and link[1] for link in links}) == len(ALL)


def test_every_exercise_appears_once_with_its_minutes_and_points() -> None:
    made = table(page("exercises"), "exercises")
    for exercises in CHAPTERS.values():
        rows, made = made[: len(exercises)], made[len(exercises) :]
        shown = [(row[1].split("**")[1].rstrip("."), row[3], int(row[4]), int(row[5])) for row in rows]
        assert shown == [(f"{e.number}. {e.title}", e.level, e.minutes, e.points) for e in exercises]
    assert made == []


def test_every_known_mistake_is_named() -> None:
    text = page("exercises").replace("\\", "")
    for exercise in ALL:
        if isinstance(exercise, Judged):
            for mistake in exercise.mistakes:
                assert mistake.name in text, f"{exercise.name}: {mistake.name}"


def test_the_sums_in_the_prose_are_those_of_the_exercises() -> None:
    hours = round(sum(e.minutes for e in ALL) / 60)
    points = sum(e.points for e in ALL)
    assert f"{len(ALL)} exercises, about {hours} hours, {points} points." in page("exercises")
    assert f"{len(ALL)} exercises that correct themselves" in page("teaching")


def test_the_core_has_something_to_predict_to_write_and_to_say_in_words_and_takes_an_evening() -> None:
    for chapter in CHAPTERS:
        core = instructors.core(chapter)
        assert any(isinstance(e, Written) for e in core), chapter
        assert {"predict", "numbers"} & {instructors.kind(e) for e in core}, chapter
        assert 60 <= sum(e.minutes for e in core) <= 90, chapter


@on_every_plan
def test_a_plan_has_its_weeks_and_every_chapter_once_in_order(weeks: int) -> None:
    rows = table(page("teaching"), f"plan {weeks}")
    assert [int(row[0]) for row in rows] == list(range(1, weeks + 1))
    taught = re.findall(r"\.\./([\w-]+)\.ipynb", "".join(row[1] for row in rows))
    assert taught == list(CHAPTERS)


def test_chapters_are_spread_evenly_in_their_order_and_never_over_more_weeks_than_there_are() -> None:
    work = {"a": 5, "b": 5, "c": 1, "d": 1, "e": 8}
    assert instructors.spread(work, 1) == [["a", "b", "c", "d", "e"]]
    assert instructors.spread(work, 3) == [["a"], ["b", "c", "d"], ["e"]]
    assert instructors.spread(work, 5) == [["a"], ["b"], ["c"], ["d"], ["e"]]
    with pytest.raises(ValueError, match="5 chapters do not fill 6 weeks"):
        instructors.spread(work, 6)


@on_every_plan
def test_a_plans_minutes_are_those_of_the_exercises(weeks: int) -> None:
    rows = table(page("teaching"), f"plan {weeks}")
    assert sum(minutes(row[4]) for row in rows) == sum(e.minutes for e in ALL)
    core = [e for chapter in CHAPTERS for e in instructors.core(chapter)]
    assert sum(minutes(row[3]) for row in rows) == sum(e.minutes for e in core)


def test_times_per_chapter_are_those_of_the_exercises_and_what_the_chapters_say() -> None:
    *rows, _ = table(page("teaching"), "times")
    for row, (chapter, exercises) in zip(rows, CHAPTERS.items(), strict=True):
        assert f"../{chapter}.ipynb" in row[0]
        assert int(row[3]) == sum(e.minutes for e in exercises)
        assert int(row[4]) == sum(e.points for e in exercises)
        assert 60 <= int(row[1]) + int(row[2]) <= 95, f"{chapter} says 60–90 minutes of itself"


def test_every_chapter_has_goals_that_begin_with_a_verb() -> None:
    text = page("teaching")
    for chapter in CHAPTERS:
        goals = instructors.goals(chapter)
        assert len(goals) >= 4, chapter
        for goal in goals:
            assert f"- {goal}\n" in text
            assert goal.split()[0].islower(), goal


def test_misconceptions_name_exercises_and_mistakes_that_there_are() -> None:
    mistakes = {e.name: {m.name for m in e.mistakes} for e in ALL if isinstance(e, Judged)}
    mistakes |= {e.name: set() for e in ALL if isinstance(e, Choice | Written)}
    rows = [line.split("|") for line in page("misconceptions").splitlines() if line.startswith("| ")]
    named = [part for row in rows for part in row[-2].split(";") if "`" in part]
    assert len(named) > 50
    for part in named:
        (exercise,) = re.findall(r"`([\w-]+\.\d+)`", part)
        assert set(re.findall(r"“([^”]+)”", part)) <= mistakes[exercise], part


def test_every_chapter_has_misconceptions_and_oral_questions() -> None:
    misconceptions, grading = page("misconceptions"), page("grading")
    for chapter in CHAPTERS:
        title = instructors.title(chapter)
        section = misconceptions.split(f"\n## {title}\n")[1].split("\n## ")[0]
        assert section.count("\n| ") >= 6, title
        (row,) = re.findall(rf"(?m)^\| {re.escape(title)} \| (.*) \|$", grading)
        assert row.count(" · ") == 1, title


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_be_filled_in(name: str) -> None:
    assert not re.search(r"\{\{|\}\}|TODO|XXX", page(name))


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m mininet_course`, which the command builds and uses at once."""
    found: list[argparse.ArgumentParser] = []

    def take(self: argparse.ArgumentParser, *_: object) -> None:
        found.append(self)
        raise SystemExit

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(argparse.ArgumentParser, "parse_args", take)
        command_line.main([])
    return found[0]


def commands(text: str) -> list[list[str]]:
    """Return the arguments of every `python -m mininet_course …` in a text that has any."""
    lines = re.findall(r"python -m mininet_course ([^`\n]+)", text)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_one_that_the_command_line_takes(name: str) -> None:
    for arguments in commands(page(name)):
        if "--help" not in arguments:
            assert parser().parse_args(arguments).command == arguments[0]


def test_the_whole_way_from_assignment_to_grades_is_there() -> None:
    used = {arguments[0] for arguments in commands(page("grading"))}
    assert {"list", "start", "check", "assign", "collect", "grade", "feedback", "grades"} <= used


# Each of these must be noticed.


@pytest.mark.parametrize("wrong", ["asign neuron --out hw1", "assign neuron", "grade hw1 --fast"])
def test_a_command_that_there_is_not_is_noticed(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(*commands(f"type `python -m mininet_course {wrong}`"))
    assert "usage:" in capsys.readouterr().err


def test_a_table_that_was_changed_by_hand_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.md").write_text(page(name), encoding="utf-8")
    monkeypatch.setattr(instructors, "PAGES", sorted(tmp_path.glob("*.md")))
    monkeypatch.setattr(instructors, "TABLES", {**instructors.TABLES, "times": lambda: iter(["| other |"])})
    assert instructors.main(["check"]) == 1
    assert "teaching.md differs: run python -m tools.instructors" in capsys.readouterr().err
    assert instructors.main([]) == 0
    assert "| other |" in (tmp_path / "teaching.md").read_text(encoding="utf-8")
    assert instructors.main(["check"]) == 0


def test_an_exercise_without_a_goal_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "exercises" / "sources").mkdir(parents=True)
    source = tmp_path / "exercises" / "sources" / "neuron.py"
    source.write_text('# %% [markdown] role="task" q="neuron.1"\n# Do something.\n', encoding="utf-8")
    monkeypatch.setattr(instructors, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"neuron\.1: its source has no paragraph"):
        instructors.goal(CHAPTERS["neuron"][0])
