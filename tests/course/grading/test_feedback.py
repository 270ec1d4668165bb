"""A page for every student: complete, the same in every format, and one that cannot be made stops no other."""

import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from mininet_course.__main__ import main
from mininet_course.grading import content, feedback, marking, markup, records
from mininet_course.grading.content import Notebook
from mininet_course.grading.judging import Judgement
from mininet_course.grading.pack import Pack
from tests.support.graded import WRONG, assignment, hand_in

ANSWERS = {
    "neuron.3": "prediction = 0.1192",
    "neuron.4": "def sigmoid(z):\n    return z",
    "neuron.11": "Because $w_1 > 0$.",
}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return assignment(tmp_path, "neuron.3", "neuron.4", "neuron.11", "xor.11")


def page(pack: Pack, student: str) -> BeautifulSoup:
    return BeautifulSoup(feedback.file_of(pack, student).read_text(encoding="utf-8"), "html.parser")


def words(page: BeautifulSoup) -> str:
    return " ".join(page.text.split())


def test_a_page_has_name_total_table_answers_verdicts_and_marks(pack: Pack) -> None:
    hand_in(pack, "41", ANSWERS, {"neuron.4": WRONG}, name="Jane <Doe>")
    feedback.feedback(pack, progress=False)
    made, text = page(pack, "41"), words(page(pack, "41"))
    assert made.h1 is not None and made.h1.text == "Jane <Doe> (41)"
    assert text.startswith("hw1: Jane <Doe> (41)") and "1 of 11 points" in text
    rows = [" ".join(row.text.split()) for row in made.select(".overview tbody tr")]
    assert rows == [
        "The other side of the S neuron.3 right 1 of 1",
        "A sigmoid that does not overflow neuron.4 not yet right 0 of 3",
        "Why AND needs a bias neuron.11 waits for a person – of 3",
        "One hidden neuron is not enough xor.11 not attempted 0 of 4",
    ]
    assert [row["class"] for row in made.select(".overview tbody tr")] == [
        ["right"],
        ["wrong"],
        ["waits"],
        ["none"],
    ]
    four = made.find(id="neuron.4")
    assert (
        four is not None
        and "def sigmoid(z):" in four.text
        and "NOT YET one wrong answer" in " ".join(four.text.split())
    )
    assert made.select_one("[id='neuron.11'] .answer math") is not None
    assert "model answer" not in text and "not marked yet" in text
    assert made.find("script") is None and made.find("link") is None
    policy = made.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy is not None and str(policy["content"]).startswith("default-src 'none'; style-src 'sha256-")


def test_model_answers_are_on_the_page_only_if_they_are_wanted(pack: Pack) -> None:
    hand_in(pack, "41", ANSWERS)
    feedback.feedback(pack, solutions=True, progress=False)
    text = words(page(pack, "41"))
    assert text.count("A model answer") == 4 and "np.exp(-np.abs(z))" in text and "Both cannot hold" in text


def test_marks_for_words_are_on_the_page_with_their_rubric_and_comment(pack: Pack) -> None:
    hand_in(pack, "41", ANSWERS, {"neuron.4": WRONG})
    marking.write(pack)
    table = pack.folder / marking.FILE
    filled = table.read_text(encoding="utf-8-sig").replace(
        "$w_1 > 0$.,,,,,", '$w_1 > 0$.,1,"0,5",0,,Which *row*?'
    )
    table.write_text(filled, encoding="utf-8")
    feedback.feedback(pack, progress=False)
    made = page(pack, "41")
    section = made.find(id="neuron.11")
    assert section is not None
    text = " ".join(section.text.split())
    assert (
        "marked by a person 1.5 of 3" in text
        and "drawn from their sum0.5 of 1" in text
        and "Which row?" in text
    )
    assert "2.5 of 11 points" in words(made) and "not marked yet" not in words(made)


def test_a_page_holds_no_more_of_a_notebook_than_anybody_reads(pack: Pack) -> None:
    def many(notebook: Notebook) -> None:
        extra = [content.markdown(f"cell {n}", id=f"own-{n}") for n in range(1_900)]
        notebook["cells"] += extra

    hand_in(pack, "41", ANSWERS, change=many)
    begun = time.monotonic()
    assert not feedback.feedback(pack, progress=False).problems
    assert time.monotonic() - begun < 20
    text = words(page(pack, "41"))
    assert "cell 38" in text and "cell 100" not in text and "1,861 more cells" in text


@pytest.mark.parametrize(
    ("text", "attachments"),
    [
        ("![d](attachment:drawing.png)", None),
        ("![d](attachment:drawing.png)", 5),
        ("![d](attachment:drawing.png)", {"drawing.png": 5}),
        ("![d](attachment:drawing.png)", {"drawing.png": {"image/png": ["x"]}}),
        ("![d](attachment:%ff%00.png) ![](attachment:)", {"": {}}),
        ("\n" * 400_000, None),
        (" " * 100_000, None),
        ("[a]: b\n" * 50_000, None),
        ("<div>" * 50_000, None),
        ("$" + "{" * 1000 + "$", None),
        ("\ud800 \x00 \u202e", None),
    ],
    ids=range(11),
)
def test_whatever_a_student_has_written_all_have_their_pages(
    text: str, attachments: object, pack: Pack
) -> None:
    def change(notebook: Notebook) -> None:
        for cell in notebook["cells"]:
            if content.about(cell) == ("neuron.11", "written"):
                cell["source"] = text.encode("utf-8", "replace").decode()
                cell["attachments"] = attachments

    for student in ("a", "c"):
        hand_in(pack, student, ANSWERS)
    hand_in(pack, "b", ANSWERS, change=change)
    made = feedback.feedback(pack, progress=False)
    assert [*made.pages] == ["a", "b", "c"] and not made.problems


def test_a_page_that_cannot_be_made_is_listed_and_all_others_are_there(
    pack: Pack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for student in ("ann", "bob", "eve", "joe", "sue"):
        hand_in(pack, student, ANSWERS | {"neuron.11": f"This is {student}."})
    real = markup.words

    def breaks(text: str, attachments: object = None) -> str:
        if "bob" in text:
            raise RecursionError("too deep")
        while "eve" in text:
            pass
        return real(text, attachments) + "x" * (1000 if "sue" in text else 0)

    monkeypatch.setattr(markup, "words", breaks)
    monkeypatch.setattr(feedback, "SECONDS", 0.5)
    (pack.folder / "feedback").mkdir()
    (pack.folder / "feedback" / "joe").write_text("a file where a folder should be")
    assert main(["feedback", str(pack.folder)]) == 1
    said = capsys.readouterr().out
    assert "2 have feedback now" in said and "No page could be made for:" in said
    assert "bob: RecursionError: too deep" in said and "eve: the page was not done after 0.5 seconds" in said
    assert "joe: the page cannot be written" in said
    assert feedback.file_of(pack, "ann").is_file() and feedback.file_of(pack, "sue").is_file()
    monkeypatch.setattr(feedback, "LARGEST", 500)
    assert "would have" in feedback.feedback(pack, progress=False).problems["ann"]


def test_a_notebook_that_cannot_be_read_is_said_on_its_page(pack: Pack) -> None:
    hand_in(pack, "ann", ANSWERS)
    (records.submitted(pack, "ann") / "xor.ipynb").write_text("{")
    record = records.Record("ann", records.state(pack, "ann"), {"neuron.3": Judgement("right", "PASS")})
    record.save(pack)
    assert not feedback.feedback(pack, progress=False).problems
    assert "xor.ipynb is no notebook that can be read" in words(page(pack, "ann"))


def test_who_has_handed_in_anew_has_no_page_of_the_old_answer(
    pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(pack, "ann", ANSWERS)
    hand_in(pack, "bob", ANSWERS)
    file = records.submitted(pack, "bob") / "neuron.ipynb"
    file.write_text(file.read_text() + "\n")
    assert main(["feedback", str(pack.folder)]) == 1
    said = capsys.readouterr().out
    assert "1 have feedback now" in said and "not graded as it stands now" in said and "bob" in said
    assert not feedback.file_of(pack, "bob").exists()
