"""Every student's own numbers: the text, the check and the grade speak of the same ones, and of nobody else's."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

from mininet_course import check
from mininet_course.engine import Outcome, judge
from mininet_course.exercise import CourseError, Judged, Values, as_tuple
from mininet_course.grading import content, variants
from mininet_course.grading.pack import EXERCISES, Pack, choose
from tests.support.reports import check_told

VARYING = [name for name, exercise in EXERCISES.items() if exercise.vary]
NUMBERS = range(40)


def judged(name: str, number: int) -> Judged:
    exercise = EXERCISES[name].variant(number)[1]
    assert isinstance(exercise, Judged)
    return exercise


def passes(exercise: Judged, answer: object) -> bool:
    return judge(exercise, as_tuple(answer)).outcome is Outcome.PASS


def test_the_first_chapters_have_exercises_that_vary() -> None:
    assert {"neuron", "xor", "layers", "mnist"} <= {name.split(".")[0] for name in VARYING}


@pytest.mark.parametrize("name", VARYING)
def test_every_piece_that_changes_stands_in_the_text_and_is_gone_afterwards(name: str) -> None:
    pack = Pack(folder=Path("x"), name="hw", format="zip", points=choose([name]), seed=1)
    given = content.students(pack, name.split(".")[0])
    whole = "\n".join(cell["source"] for cell in given["cells"])
    for number in NUMBERS:
        texts, _ = EXERCISES[name].variant(number)
        assert texts and all(piece in whole for piece in texts)
        varied = "\n".join(cell["source"] for cell in content.with_numbers(given, number)["cells"])
        for piece, instead in texts.items():
            assert instead in varied and (piece == instead or piece not in varied)
        assert f"variant={number})" in varied and content.OWN_NUMBERS in varied


@pytest.mark.parametrize("name", VARYING)
def test_a_right_answer_passes_its_own_variant_only(name: str) -> None:
    base = EXERCISES[name]
    assert isinstance(base, Judged)
    told = [(str(EXERCISES[name].variant(n)[0]), judged(name, n)) for n in NUMBERS]
    by_text = dict(told)
    assert len(by_text) >= 5, "too few variants to be worth the trouble"
    for text, exercise in by_text.items():
        assert passes(exercise, exercise.reference) and not passes(base, exercise.reference)
        assert not passes(exercise, base.reference)
        assert all(passes(exercise, right) for right in exercise.right)
        for other_text, other in by_text.items():
            assert other_text == text or not passes(other, exercise.reference)


@pytest.mark.parametrize("name", VARYING)
def test_a_mistake_on_other_numbers_is_recognised_by_them(name: str) -> None:
    for number in NUMBERS:
        exercise = judged(name, number)
        for mistake in exercise.mistakes:
            check_told(judge(exercise, as_tuple(mistake.answer)), mistake)


@pytest.mark.parametrize("name", VARYING)
def test_the_cell_after_the_check_shows_the_variants_numbers(name: str) -> None:
    """Run it: what it prints must hold the variant's right answer wherever the book's printed the book's."""
    pack = Pack(folder=Path("x"), name="hw", format="zip", points=choose([name]), seed=1)
    given = content.students(pack, name.split(".")[0])
    setup, *_ = code_of(given)
    start: dict[str, object] = {"__name__": "__main__"}
    exec(setup, start)
    book = printed_after_check(given, dict(start))
    base = EXERCISES[name]
    assert isinstance(base, Values)
    shown = [i for i, value in enumerate(answers(base)) if has(book, value)]
    for number in (0, 1, 2):
        varied = content.with_numbers(given, number)
        assert code_of(varied)[0] == setup
        printed, wanted = printed_after_check(varied, dict(start)), answers(judged(name, number))
        assert all(has(printed, wanted[i]) for i in shown)
        # the book's numbers in a variant's cell would be noticed
        assert not shown or not all(has(book, wanted[i]) for i in shown)


def code_of(notebook: content.Notebook) -> list[str]:
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def answers(exercise: Judged) -> list[float]:
    return [float(value) for part in as_tuple(exercise.reference) for value in np.ravel(part)]


def has(numbers: list[float], value: float) -> bool:
    return any(abs(number - value) < 5e-4 for number in numbers)


def printed_after_check(notebook: content.Notebook, namespace: dict[str, object]) -> list[float]:
    """Run a notebook after its set-up; return the numbers that the cells below the check print."""
    _, *sources = code_of(notebook)
    (check_at,) = [n for n, source in enumerate(sources) if source.startswith("check(")]
    printed = io.StringIO()
    for n, source in enumerate(sources):
        with contextlib.redirect_stdout(printed if n > check_at else io.StringIO()):
            exec(source, namespace)
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", printed.getvalue())]


def test_the_variant_comes_from_seed_and_student_and_gives_neither_away() -> None:
    points = choose(["neuron"])
    packs = [
        Pack(folder=Path("x"), name="hw", format="zip", points=points, seed=s, students=("a", "b"))
        for s in (1, 2)
    ]
    numbers = {pack.variant(student) for pack in packs for student in ("a", "b")}
    assert len(numbers) == 4 and packs[0].variant("a") == packs[0].variant("a")
    assert packs[0].variant("not on the roster") is None
    assert packs[0].exercise("neuron.3", "nobody") is EXERCISES["neuron.3"]
    (remark,) = packs[0].remarks("nobody")
    assert "not on the roster" in remark and "the book's own numbers" in remark
    common = Pack(folder=Path("x"), name="hw", format="zip", points=points, seed=1)
    assert packs[0].remarks("a") == common.remarks("nobody") == []


def test_who_shares_the_numbers_of_one_exercise_has_others_in_the_rest() -> None:
    students = tuple(str(number) for number in range(101, 161))
    points = choose(["neuron.3", "xor.1", "mnist.1", "mnist.7"])
    one, again = (
        Pack(folder=Path("x"), name="hw", format="zip", points=points, seed=7, students=students)
        for _ in range(2)
    )

    def numbers(pack: Pack, student: str) -> str:
        return str([pack.exercise(name, student).reference for name in points])  # type: ignore[attr-defined]

    sets = [numbers(one, student) for student in students]
    assert sets == [numbers(again, student) for student in students]
    assert len(set(sets)) > 50  # about twenty if one draw decided all


def test_a_variant_is_the_same_on_every_machine() -> None:
    """What students were given once must be what they are graded with later."""
    assert [judged(name, 2**31).reference for name in ("neuron.3", "mnist.1")] == [(0.0474,), (300,)]


def test_a_check_with_a_variant_speaks_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    number = 3
    exercise = judged("mnist.1", number)
    check("mnist.1", *exercise.reference, variant=number)
    check("mnist.1", 240, variant=number)
    first, second = capsys.readouterr().out.split("NOT YET")
    assert first.startswith("PASS") and "mnist.1" in second


@pytest.mark.parametrize(
    ("text", "key", "column", "wanted"),
    [
        ("student\nann\nbob\n", "", "student", ["ann", "bob"]),
        ("Name,Mail\nAnn,a@x\nBob,b@x\n", "", "Name", ["Ann", "Bob"]),
        (
            'Student,ID,SIS Login ID\n"  Points Possible",,\n"Doe, J",11,jd\n"Roe, J",12,jr\n',
            "",
            "ID",
            ["11", "12"],
        ),
        (
            'Student,ID,SIS Login ID\n"Doe, J",11,jd\n"Roe, J",12,jr\n',
            "SIS Login ID",
            "SIS Login ID",
            ["jd", "jr"],
        ),
        ("Identifier;Full name\nParticipant 7;Ann\n", "", "Identifier", ["7"]),
    ],
)
def test_rosters(text: str, key: str, column: str, wanted: list[str], tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(text)
    assert variants.roster(tmp_path / "r.csv", key) == (column, wanted)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("student\nann\nann\n", "", "'ann' twice"),
        ("student,x\n,1\n", "", "no student"),
        ("student\n../ann\n", "", "cannot name a folder"),
        ("student\nann\n", "login", "no column 'login', only student"),
    ],
)
def test_rosters_that_cannot_be_used_say_why(text: str, key: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(CourseError, match=words):
        variants.roster(tmp_path / "r.csv", key)


def test_the_instructors_table_holds_everybodys_right_answers() -> None:
    pack = Pack(
        folder=Path("x"), name="hw", format="zip", points=choose(["mnist"]), seed=5, students=("ann", "bob")
    )
    rows = variants.table(pack).splitlines()
    assert len(rows) == 1 + 2 * len(variants.varying(pack.points))
    exercise = pack.exercise("mnist.1", "ann")
    assert isinstance(exercise, Judged) and str(np.array(exercise.reference)[0]) in rows[1]
