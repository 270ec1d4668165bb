"""The whole way that the instructors' page describes, by its commands, for a small class with accidents."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from mininet_course.__main__ import main
from mininet_course.grading import content, marking
from mininet_course.grading import pack as packs
from tests.support import submissions as kinds
from tests.support.sandboxed import needs_sandbox

pytestmark = [needs_sandbox, pytest.mark.slow]

CLASS = {
    "101": ("Noether, Emmy", "right"),
    "102": ("Gauss, Karl", "partly wrong"),
    "103": ("Curie, Marie", "checks deleted"),
    "104": ("Lovelace, Ada", "crash in a function"),
}


def test_a_class_is_collected_graded_marked_and_returned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def do(*arguments: str, code: int = 0) -> str:
        assert main([*arguments]) == code, capsys.readouterr()
        return capsys.readouterr().out

    do(
        "assign",
        "neuron.3",
        "neuron.4",
        "neuron.5",
        "neuron.11",
        "--out",
        "hw1",
        "--format",
        "zip",
        "--due",
        "Monday",
    )
    pack = packs.load(tmp_path / "hw1")
    with zipfile.ZipFile("submissions.zip", "w") as archive:
        for student, (name, kind) in CLASS.items():
            late = "LATE_" if student == "103" else ""
            begins = f"{name.replace(', ', '').lower()}_{late}{student}_9{student}"
            for file, notebook in kinds.of_kind(pack, kinds.KINDS[kind]).items():
                archive.writestr(f"{begins}_{file}", kinds.file(notebook))
        archive.writestr("galois_105_9105_neuron.ipynb", "{ torn")
    rows = ["Student,ID,hw1 (7)", "    Points Possible,,9.00"]
    rows += [f'"{name}",{student},' for student, (name, _) in CLASS.items()]
    Path("canvas.csv").write_text("\n".join([*rows, '"Galois, Évariste",105,', '"Gone, Girl",106,']) + "\n")

    do("collect", "hw1", "--from", "submissions.zip", "--lms", "canvas", code=1)
    late = ("--roster", "canvas.csv", "--late", "10% a day, at most 3")
    said = do("grade", "hw1", "--jobs", "2", "--seconds", "3", *late)
    assert "4 graded" in said and "Handed in nothing:\n  106 (Gone, Girl)" in said
    assert "nothing of it could be taken:\n  105 (Galois, Évariste)" in said
    assert "104 (Lovelace, Ada): neuron: neuron.5: ended its process" in said
    assert "103 (Curie, Marie): how many days?" in said
    table = Path("hw1/late.csv")
    table.write_text(table.read_text().rstrip("\n") + "2\n")  # the days of the last, and only, row

    assert "4 answers in words, 0 of them marked" in do("mark", "hw1")
    marks = Path("hw1") / marking.FILE
    marks.write_text(
        marks.read_text(encoding="utf-8-sig").replace('give it.",,,,', 'give it.",1,1,0.5,Nearly.', 1)
    )

    said = do("feedback", "hw1", "--like", "submissions.zip")
    assert (
        "4 have feedback now" in said and "feedback-canvas.zip: 4 pages" in said and "not marked" not in said
    )
    with zipfile.ZipFile("hw1/feedback-canvas.zip") as archive:
        assert archive.namelist()[0] == "noetheremmy_101_9101_hw1.html"
        page = archive.read("noetheremmy_101_9101_hw1.html").decode()
    assert "Noether, Emmy (101)" in page and "<strong>8.5</strong> of 9 points" in page and "Nearly." in page

    do("grades", "hw1", "--into", "canvas.csv")
    filled = list(csv.reader(io.StringIO(Path("canvas-hw1.csv").read_text())))
    assert [row[2] for row in filled[2:]] == ["8.5", "4.5", "6.8", "6.5", "", ""]
    (pages,) = [content.read(file) for file in Path("hw1/release").rglob("*.ipynb")]
    assert content.named(pages) == ["neuron.3", "neuron.4", "neuron.5", "neuron.11"]
