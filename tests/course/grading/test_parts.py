"""Points by parts: a share for each part of a result that is right, where the assignment says so and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from mininet_course.__main__ import main
from mininet_course.exercise import CourseError
from mininet_course.grading import feedback, records
from mininet_course.grading import pack as packs
from mininet_course.grading.assign import assign
from mininet_course.grading.judging import Judgement
from mininet_course.grading.marks import marks
from mininet_course.grading.pack import EXERCISES
from tests.support.graded import WRONG, assignment, hand_in

SOME = replace(WRONG, parts=["AND", "NAND"])


def test_each_right_part_has_its_share_of_the_points(tmp_path: Path) -> None:
    pack = assign(
        ["neuron.1", "neuron.4"],
        tmp_path / "hw1",
        format="zip",
        points={"neuron.1": 6},
        by_parts=["neuron.1"],
    )
    pack = packs.load(pack.folder)
    assert pack.by_parts == ("neuron.1",)
    hand_in(
        pack, "ann", {"neuron.1": "and_vote = 1"}, {"neuron.1": SOME, "neuron.4": replace(WRONG, parts=["x"])}
    )
    assert marks(pack)["ann"].points == 4
    feedback.feedback(pack, progress=False)
    text = feedback.file_of(pack, "ann").read_text(encoding="utf-8")
    assert "right: AND, NAND" in text and "<strong>4</strong> of 9 points" in text


def test_without_being_asked_for_it_is_all_or_nothing(tmp_path: Path) -> None:
    pack = assign(["neuron.1"], tmp_path / "hw1", format="zip", progress=False)
    hand_in(pack, "ann", {"neuron.1": "and_vote = 1"}, {"neuron.1": SOME})
    assert marks(pack)["ann"].points == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["neuron.4"], "neuron.4 cannot be given by parts: .*Those that can: neuron.1"),
        (["neuron.8"], "neuron.8 cannot be given by parts"),  # find the bug: some of it is right as given
        (["xor.1"], "'xor.1' is to be given by parts, and is not in the assignment"),
        (["neuron.1", "--format", "otter"], "On Gradescope an exercise gives all its points or none"),
    ],
)
def test_what_has_no_parts_is_refused(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["assign", "neuron", "--out", str(tmp_path / "hw1"), "--format", "zip", "--parts", *arguments]
    assert main(command) == 1
    import re

    assert re.search(words, capsys.readouterr().err) and not list(tmp_path.iterdir())


def test_the_parts_are_named_when_the_assignment_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["assign", "neuron", "--out", str(tmp_path / "hw1"), "--format", "zip", "--parts", "neuron.1"]
    assert main(command) == 0
    assert "neuron.1 by parts: AND, OR, NAND." in capsys.readouterr().out


def test_an_assignment_of_before_has_none(tmp_path: Path) -> None:
    pack = assign(["neuron.1"], tmp_path / "hw1", format="zip", progress=False)
    file = pack.folder / packs.FILE
    file.write_text(file.read_text().replace(',\n "by_parts": []', ""))
    assert "by_parts" not in file.read_text() and packs.load(pack.folder).by_parts == ()


def test_no_exercise_that_can_be_given_by_parts_was_handed_out_with_a_part_that_is_right() -> None:
    for name, exercise in EXERCISES.items():
        if getattr(exercise, "given", None) is not None:
            with pytest.raises(CourseError, match="cannot be given by parts"):
                packs.split([name], {name: 1.0})


def test_a_part_counts_once_and_only_if_there_is_one_of_that_name(tmp_path: Path) -> None:
    pack = replace(assignment(tmp_path, "neuron.1"), by_parts=("neuron.1",))
    first, *rest = EXERCISES["neuron.1"].parts  # type: ignore[attr-defined]
    share = pack.points["neuron.1"] / (1 + len(rest))
    for parts in ([first], [first] * 9, [first, "x", ""]):
        assert records.worth(pack, "neuron.1", Judgement("wrong", "", parts=parts)) == pytest.approx(share)
