"""An assignment: any exercises, complete for whoever gets it, and nothing in it that they must not see."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mininet_course import CHAPTERS, CourseError
from mininet_course.exercise import Judged, Written
from mininet_course.grading import content, nbgrader_format, rubric
from mininet_course.grading import pack as packs
from mininet_course.grading.assign import assign
from mininet_course.grading.pack import EXERCISES, Pack, choose
from tests.support import submissions as kinds


def unsaved(*names: str, **fields: object) -> Pack:
    return Pack(
        **{"folder": Path("x"), "name": "hw1", "format": "zip", "points": choose(names), "seed": 1} | fields
    )  # type: ignore[arg-type]


def code_of(notebook: content.Notebook) -> list[content.Cell]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


# --- what is chosen -------------------------------------------------------------------


def test_chapters_and_exercises_come_in_the_books_order_once() -> None:
    points = choose(["xor.5", "neuron.4", "xor.3", "neuron.4"], {"xor.3": 1.5})
    assert points == {"xor.3": 1.5, "xor.5": 2, "neuron.4": 3}
    assert list(choose(["neuron"])) == [e.name for e in CHAPTERS["neuron"]]


@pytest.mark.parametrize(
    ("names", "points", "words"),
    [
        (["nueron"], {}, "Did you mean 'neuron'"),
        (["neuron.44"], {}, "neuron has the exercises 1 to 11"),
        (["neurn.4"], {}, "Did you mean 'neuron.4'"),
        (["zzz"], {}, "There are neuron, xor"),
        ([], {}, "at least one"),
        (["neuron"], {"neuron.33": 2}, "neuron has the exercises 1 to 11"),
        (["neuron"], {"xor.3": 2}, "which is not in the assignment. There are neuron.1"),
        (["neuron"], {"neuron.3": 0}, "above zero"),
        (["neuron"], {"neuron.3": float("nan")}, "above zero"),
        (["neuron"], {"neuron.3": 1e9}, "at most 1000, got 1e"),
    ],
)
def test_a_name_that_is_unknown_is_answered_with_the_nearest(
    names: list[str], points: dict[str, float], words: str
) -> None:
    with pytest.raises(CourseError, match=words):
        choose(names, points)


# --- what is in the notebooks ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_any_exercise_alone_runs_from_top_to_bottom_untouched_and_solved(
    chapter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    setup = None
    for exercise in CHAPTERS[chapter]:
        pack = unsaved(exercise.name)
        for kind in (content.students, content.solution):
            cells = code_of(kind(pack, chapter))
            if setup is None:  # the same for all, and some train a network in it
                setup = {"__name__": "__main__"}
                exec(cells[0]["source"], setup)
            namespace = dict(setup)
            capsys.readouterr()
            for cell in cells[1:]:
                exec(compile(cell["source"], exercise.name, "exec"), namespace)
            said = capsys.readouterr().out
            if not isinstance(exercise, Written):
                assert ("NOT WRITTEN YET" if kind is content.students else "PASS") in said, said


def test_only_what_was_chosen_is_there_with_its_points() -> None:
    pack = unsaved("xor.3", "xor.5", points=choose(["xor.3", "xor.5"], {"xor.3": 4}))
    notebook = content.students(pack, "xor")
    assert content.named(notebook) == ["xor.3", "xor.5"]
    text = "\n".join(cell["source"] for cell in notebook["cells"])
    assert "about 15 minutes, 4 points*" in text and "2 exercises, 6 points, about 30 minutes" in text
    assert text.startswith("# hw1: XOR")


def leaks(pack: Pack, chapter: str, notebook: content.Notebook) -> list[str]:
    """Return the exercises whose answer, or a word on it, is in a notebook."""
    given = "\n".join(cell["source"] for cell in notebook["cells"])
    found = []
    for cell in content.solution(pack, chapter)["cells"]:
        name, role = content.about(cell)
        longest = max(cell["source"].splitlines(), key=len)
        if (role == "answer" and cell["source"] in given) or (
            role in ("why", "written") and longest in given
        ):
            found.append(name)
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_students_get_no_answers(chapter: str) -> None:
    pack = unsaved(chapter)
    assert leaks(pack, chapter, content.students(pack, chapter)) == []
    leaking = content.students(pack, chapter)
    leaking["cells"].append(content.solution(pack, chapter)["cells"][3])
    assert leaks(pack, chapter, leaking) == [f"{chapter}.1"]


def test_the_rubric_is_complete() -> None:
    pack = unsaved(*CHAPTERS)
    sheet = rubric.sheet(pack)
    for chapter, exercises in CHAPTERS.items():
        solved = {content.about(c): c["source"] for c in content.solution(pack, chapter)["cells"]}
        for exercise in exercises:
            assert f"| {exercise.name} |" in sheet
            if isinstance(exercise, Written):
                model = solved[exercise.name, "written"].removeprefix("**A model answer.** ")
                assert model.partition("\n\n**Rubric,**")[0] in sheet
                assert sheet.count(f"## {exercise.name}: ") == 1 and "one point each" not in sheet
    assert "admonition" not in sheet


@pytest.mark.parametrize("name", [n for n, e in EXERCISES.items() if isinstance(e, Written)])
def test_every_rubric_has_an_item_for_each_point(name: str) -> None:
    assert len(rubric.items(name)) == EXERCISES[name].points
    assert all(len(item) > 20 and item.count("(") == item.count(")") for item in rubric.items(name))


def test_nbgraders_source_holds_no_answer_and_no_seed() -> None:
    """So no mistake in making the release could let one out."""
    pack = unsaved("neuron", seed=2**100 + 12345)
    source = json.dumps(nbgrader_format.source(pack, "neuron"))
    assert "np.exp(-np.abs(z))" not in source and str(pack.seed) not in source
    assert "np.exp(-np.abs(z))" in json.dumps(content.solution(pack, "neuron"))


def test_every_exercise_has_its_marks_for_nbgrader() -> None:
    pack = unsaved("neuron", "autograd")
    for chapter in pack.chapters:
        marks = [c["metadata"].get("nbgrader") for c in nbgrader_format.source(pack, chapter)["cells"]]
        ids = [mark["grade_id"] for mark in marks if mark]
        assert len(set(ids)) == len(ids)
        points = {mark["grade_id"]: mark["points"] for mark in marks if mark and mark["grade"]}
        assert points == {name.replace(".", "-"): pack.points[name] for name in pack.of_chapter(chapter)}


# --- the folder -----------------------------------------------------------------------


def zip_text(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def test_a_zip_assignment_and_what_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text('CASES = {"neuron.4": [{"z": [31337.5, -31337.5]}]}\n')
    made = assign(
        ["neuron", "xor.3"], tmp_path / "hw1", format="zip", seed=98765432101, extra=tmp_path / "mine.py"
    )
    files = {str(path.relative_to(made.folder)) for path in made.folder.rglob("*") if path.is_file()}
    assert files == {
        "pack.json",
        "extra_cases.py",
        "handout/hw1.zip",
        "release/hw1/neuron.ipynb",
        "release/hw1/xor.ipynb",
        "solution/neuron.ipynb",
        "solution/xor.ipynb",
        "solution/rubric.md",
    }
    given = zip_text(made.folder / "handout" / "hw1.zip")
    given += "".join(path.read_text() for path in (made.folder / "release").rglob("*.ipynb"))
    for private in ("98765432101", "31337", "np.exp(-np.abs(z))", str(tmp_path)):
        assert private not in given
    again = packs.load(made.folder)
    assert again == made and again.extra_cases("neuron.4")[0]["z"].tolist() == [31337.5, -31337.5]
    assert again.extra_cases("neuron.5") == ()


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    one, two = (assign(["neuron"], tmp_path / n / "hw1", format="zip", seed=7) for n in ("a", "b"))
    for file in one.folder.rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (two.folder / file.relative_to(one.folder)).read_bytes(), file


def test_a_seed_that_is_not_given_is_drawn_long(tmp_path: Path) -> None:
    seeds = {assign(["neuron.4"], tmp_path / n, format="zip").seed for n in ("a", "b")}
    assert len(seeds) == 2 and all(seed > 2**80 for seed in seeds)


def test_nothing_is_overwritten_and_nothing_half_made_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hw1").mkdir()
    assign(["neuron.4"], tmp_path / "hw1", format="zip")  # an empty folder is as good as none
    with pytest.raises(CourseError, match="stays as it is"):
        assign(["neuron.4"], tmp_path / "hw1", format="zip")

    def fails(*_: object) -> None:
        raise CourseError("no")

    monkeypatch.setattr(rubric, "sheet", fails)
    with pytest.raises(CourseError, match="no"):
        assign(["neuron.4"], tmp_path / "hw2", format="zip")
    assert [path.name for path in tmp_path.iterdir()] == ["hw1"]
    monkeypatch.undo()
    with pytest.raises(CourseError, match="letters, digits"):
        assign(["neuron.4"], tmp_path / "hw 3", format="zip")


def test_everybodys_own_numbers(tmp_path: Path) -> None:
    made = assign(["neuron", "mnist"], tmp_path / "hw1", format="zip", students=["ann", "bob"])
    given = {student: zip_text(made.folder / "handout" / f"{student}.zip") for student in ("ann", "bob")}
    for student, text in given.items():
        number = made.variant(student)
        assert f'check(\\"mnist.1\\", prediction, variant={number})' in text and str(made.seed) not in text
        texts, exercise = EXERCISES["mnist.1"].variant(number or 0)
        assert isinstance(exercise, Judged) and texts["batches of 64, for 10 epochs"] in text
    assert "batches of 64, for 10 epochs" in (made.folder / "release/hw1/mnist.ipynb").read_text()
    solved = kinds.right(made, "ann")["mnist.ipynb"]
    answer = next(c["source"] for c in solved["cells"] if content.about(c) == ("mnist.1", "answer"))
    assert answer == f"prediction = {made.exercise('mnist.1', 'ann').reference[0]}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("format", ["nbgrader", "zip"])
def test_students_without_an_exercise_that_varies_are_refused(format: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"None .* can vary. Add one that has \(neuron.3, xor.1, "):
        assign(["neuron.4"], tmp_path / "hw1", format=format, students=["ann"])
    assert not list(tmp_path.iterdir())


def test_a_bar_says_what_is_being_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assign(["neuron.4", "xor.3"], tmp_path / "hw1", format="zip")
    said = capsys.readouterr().err
    steps = ["notebooks: ", "answers of neuron: ", "answers of xor: ", "rubric: ", "handout: ", "made: 100%"]
    assert sorted(steps, key=said.index) == steps
    assign(["neuron.4"], tmp_path / "hw2", format="zip", progress=False)
    assert capsys.readouterr().err == ""


# --- pack.json and the instructor's own cases -----------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "holds no pack.json"),
        ("{", "damaged"),
        ("[]", "damaged"),
        (
            '{"format": "zip", "name": "x", "points": {"neuron.77": 1}, "seed": 1, "students": []}',
            "neuron.77",
        ),
        ('{"format": "tar", "name": "x", "points": {"neuron.4": 1}, "seed": 1, "students": []}', "'tar'"),
    ],
)
def test_a_pack_that_cannot_be_read_says_so(text: str | None, words: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "pack.json").write_text(text)
    with pytest.raises(CourseError, match=words):
        packs.load(tmp_path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("CASES = ", "stopped with SyntaxError"),
        ("x = 1\n1 / 0", "^mine.py, line 2, stopped with ZeroDivisionError"),
        (
            "import math\ndef half(x):\n    return math.sqrt(y)\ndef cases(rng):\n    return half(1)",
            "^mine.py, line 3, stopped with NameError: name 'y'",
        ),
        ("import json\njson.loads('{')", "^mine.py, line 2, stopped with JSONDecodeError"),
        ("cases = 3", r"def cases\(rng\): …, got cases = 3\. Cases that are not drawn are called CASES"),
        ("def cases():\n    return {}", r"cases must be a function .* got def cases\(\)\."),
        ("x = 1", "must hold CASES"),
        ("CASES = {}", "must hold CASES"),
        ('CASES = {"neuron.44": [{"z": 1}]}', "neuron has the exercises 1 to 11"),
        ('CASES = {"neuron.4": {"z": 1}}', "must be a list of dicts with the keys z"),
        (
            'CASES = {"neuron.4": [{"x": 1}]}',
            "case 1 of neuron.4 must be a dict with the keys z; got a dict with x",
        ),
        ('CASES = {"neuron.4": [{"z": "no"}]}', "stops even the right answer"),
        ('CASES = {"neuron.2": [{"z": 1}]}', "neuron.2 is a prediction"),
        ('CASES = {"neuron.3": [{}]}', "neuron.3 is a prediction"),
        ('CASES = {"neuron.11": [{}]}', "neuron.11 is answered in words"),
        ('CASES = {"neuron.6": [{"loss": lambda w: 1.0, "weights": [1.0], "h": 0.1}]}', "loss"),
    ],
)
def test_extra_cases_that_cannot_be_used_say_why(code: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(CourseError, match=words):
        packs.read_extra(tmp_path / "mine.py", choose(["neuron"]), 1)


def test_extra_cases_may_be_drawn_and_come_in_the_calls_order(tmp_path: Path) -> None:
    text = 'def cases(rng):\n    return {"neuron.5": [{"y": [1, 0], "p": rng.uniform(0.1, 0.9, 2)}]}\n'
    (tmp_path / "mine.py").write_text(text)
    one, two = (
        packs.read_extra(tmp_path / "mine.py", choose(["neuron"]), 5)["neuron.5"][0] for _ in range(2)
    )
    assert list(one) == ["p", "y"] and isinstance(one["y"], np.ndarray) and np.array_equal(one["p"], two["p"])
    with pytest.raises(CourseError, match="no Python file"):
        packs.read_extra(tmp_path / "nowhere.py", choose(["neuron"]), 5)


def test_a_seed_below_zero_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="from 0 on, got --seed -1"):
        assign(["neuron.3"], tmp_path / "hw1", format="zip", seed=-1)
    assert not list(tmp_path.iterdir())
