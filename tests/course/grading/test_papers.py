"""What is given out on paper and beside the notebooks: an exam of pencil exercises, the page of an assignment."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import mininet
from mininet_course.__main__ import main
from mininet_course.exercise import Choice, CourseError, Written
from mininet_course.grading import handout, otter_format, paper, syllabus
from mininet_course.grading.assign import assign
from mininet_course.grading.pack import EXERCISES, Pack, choose
from tests.support.files import ROOT

CHROMIUM = next((found for name in paper.BROWSERS if (found := shutil.which(name))), None)


def text(file: Path) -> str:
    return " ".join(BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").get_text(" ").split())


def test_a_paper_asks_what_takes_a_pencil_and_its_solutions_answer_it(tmp_path: Path) -> None:
    names = [*paper.on_paper(["neuron", "tensor"])]
    assert len(names) >= 8 and not {"neuron.4", "neuron.7"} & set(names)
    paper.write(tmp_path / "exam", ["neuron", "tensor"], title="Mid-term", points={"neuron.11": 9})
    asked, solved = text(tmp_path / "exam" / "paper.html"), text(tmp_path / "exam" / "solutions.html")
    points = sum(paper.on_paper(["neuron", "tensor"], {"neuron.11": 9}).values())
    for number, name in enumerate(names, start=1):
        assert (
            f"{number}. {EXERCISES[name].title}" in asked and f"{number}. {EXERCISES[name].title}" in solved
        )
    assert f"{len(names)} questions, {points:g} points" in asked and "Name" in asked
    for answer in (
        "Both cannot hold",
        "the contradiction drawn from their sum 3",
        "0.119",
        "Another order makes other",
    ):
        assert answer in solved and answer not in asked
    assert (
        "You should see" not in asked
        and "before you run" not in asked
        and "Which of" not in asked.split("1. ")[0]
    )


def test_no_paper_gives_an_answer_away(tmp_path: Path) -> None:
    everything = list({name.split(".")[0] for name in EXERCISES})
    paper.write(tmp_path / "exam", everything)
    asked = text(tmp_path / "exam" / "paper.html")
    for name in paper.on_paper(everything):
        exercise = EXERCISES[name]
        if isinstance(exercise, Choice):
            assert exercise.options[exercise.right][:60] not in asked
        elif isinstance(exercise, Written):
            assert paper.rubric.items(name)[0] not in asked


def test_numbers_are_others_than_the_book_s_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8), ("book", None)):
        paper.write(tmp_path / name, ["neuron.3", "mnist.1", "mnist.7", "robust.1"], seed=seed)
    read = {name: text(tmp_path / name / "paper.html") for name in ("a", "b", "c", "book")}
    assert read["a"] == read["b"] and len({*read.values()}) == 3
    solved = text(tmp_path / "a" / "solutions.html")
    assert "With the book's numbers" in solved and "With the book's numbers" not in text(
        tmp_path / "book" / "solutions.html"
    )


@pytest.mark.parametrize(
    ("names", "words"),
    [(["neuron.4"], "neuron.4 takes a computer"), (["nothing"], "no chapter or exercise 'nothing'")],
)
def test_what_cannot_be_asked_on_paper_is_refused(names: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=words):
        paper.write(tmp_path / "exam", names)
    assert not list(tmp_path.iterdir())
    (tmp_path / "exam").mkdir()
    with pytest.raises(CourseError, match="stays as it is"):
        paper.write(tmp_path / "exam", ["neuron"])


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)")
def test_a_paper_is_printed_to_pdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "neuron", "--out", str(tmp_path / "exam"), "--pdf"]) == 0
    assert "solutions.pdf" in capsys.readouterr().out
    for name in ("paper.pdf", "solutions.pdf"):
        data = (tmp_path / "exam" / name).read_bytes()
        assert data.startswith(b"%PDF") and len(data) > 10_000


def test_without_a_browser_pdf_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match="takes Chromium or Chrome"):
        paper.write(tmp_path / "exam", ["neuron"], pdf=True)
    assert not (tmp_path / "exam").exists()


# --- what is handed out ---------------------------------------------------------------


def handed_out(pack: Pack, student: str = "") -> dict[str, str]:
    with zipfile.ZipFile(pack.folder / "handout" / f"{student or pack.name}.zip") as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("students", [(), ("ann", "bob")])
def test_an_assignment_comes_with_a_page_that_says_how_and_when(
    students: tuple[str, ...], tmp_path: Path
) -> None:
    names = ["neuron.3", "neuron.11", "xor"]
    pack = assign(
        names, tmp_path / "hw1", format="zip", due="Monday, 23:59", students=students, progress=False
    )
    for student in students or ("",):
        files = handed_out(pack, student)
        assert set(files) == {"neuron.ipynb", "xor.ipynb", handout.FILE}
        page = " ".join(BeautifulSoup(files[handout.FILE], "html.parser").get_text(" ").split())
        assert "13 exercises, 29 points" in page and page.count("Monday, 23:59") == 2
        assert (
            handout.WHEEL in page
            and "The other side of the S neuron.3 5 1" in page
            and 'hint("neuron.3")' in page
        )
        assert str(pack.seed) not in files[handout.FILE]


def test_without_a_date_none_is_named(tmp_path: Path) -> None:
    page = handout.handout(
        assign(["neuron.3"], tmp_path / "hw1", format="zip", progress=False), ["neuron.ipynb"]
    )
    assert "Hand in by" not in page and "read by a person" not in page


def test_whatever_is_handed_out_names_only_files_that_are_there(tmp_path: Path) -> None:
    pack = assign(["neuron", "xor"], tmp_path / "hw1", format="zip", progress=False)
    given = [handed_out(pack)]
    one = Pack(folder=tmp_path, name="hw2", format="otter", points=choose(["neuron", "xor"]), seed=1)
    words = "\n".join(str(cell["source"]) for cell in otter_format.notebook(one)["cells"])
    given.append({"hw2.ipynb": words, handout.FILE: handout.handout(one, ["hw2.ipynb"])})
    for files in given:
        for content in files.values():
            for named in re.findall(r"[\w-]+\.ipynb", content):
                assert named in files, named
    assert "hand in this file and" not in words and "hand in this file." in words


def test_the_wheel_and_the_python_are_those_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={handout.PYTHON}"' in project
    name = re.findall(r'(?m)^name = "(.*)"$', project)[0].replace("-", "_")
    assert handout.WHEEL.startswith(f"{name}-{mininet.__version__}-py3")


# --- the syllabus ---------------------------------------------------------------------


def test_a_syllabus_has_a_chapter_a_week_with_its_work(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("Room 5, *Tuesdays*.")
    out = tmp_path / "syllabus.html"
    command = [
        "syllabus",
        "neuron",
        "-",
        "xor",
        "--start",
        "2026-12-14",
        "--title",
        "Seminar",
        "--out",
        str(out),
    ]
    assert main([*command, "--note", str(tmp_path / "mine.md"), "--late", "10% a day, at most 3"]) == 0
    found = text(out)
    assert "14 December 2026 A single neuron 11 115 23" in found and "28 December 2026 XOR 11 145 25" in found
    assert "21 December 2026 no chapter" in found and "Together 22 260 48" in found
    assert "2 of them are answered in words" in found and "Room 5, Tuesdays" in found
    assert "Late: 10% a day, at most 3" in found
    assert main(command) == 1  # it stays


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--start", "tomorrow"], "is a day, as in 2026-10-12, got 'tomorrow'"),
        (["nothing", "--start", "2026-10-12"], "no chapter or exercise 'nothing'"),
        (["xor.3", "--start", "2026-10-12"], "xor.3 is an exercise"),
        (["--start", "2026-10-12", "--late", "soon"], "is written as"),
        (["--start", "2026-10-12", "--note", "no.md"], "no.md cannot be read"),
    ],
)
def test_a_syllabus_that_cannot_be_made_says_why(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["syllabus", *arguments, "--out", str(tmp_path / "s.html")]) == 1
    assert words in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", ["9999-12-31", "9999-01-01"])
def test_a_course_at_the_end_of_time_is_refused(start: str) -> None:
    with pytest.raises(CourseError, match="--start is a day"):
        syllabus.syllabus(["neuron", "-", "xor"], start)
