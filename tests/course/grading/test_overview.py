"""The class in the report: how many points, who is missing, who wrote alike; every name that is known."""

import csv
from pathlib import Path

import pytest

from mininet_course.grading import collect, content, likeness, overview, roster
from mininet_course.grading.grade import Report, _write
from mininet_course.grading.pack import Pack
from mininet_course.grading.records import Record, load, students
from tests.support.graded import RIGHT, WRONG, assignment, hand_in

OWN = """\
def loss(p, y):
    # my grandmother's recipe for a loss
    safe = np.clip(np.asarray(p), 1e-12, 1 - 1e-12)
    total = 0.0
    for guess, truth in zip(safe, np.asarray(y)):
        total = total - (np.log(guess) if truth else np.log1p(-guess))
    return total / max(len(safe), 1)
"""
OTHER = """\
def loss(p, y):
    p, y = np.array(p, dtype=float), np.array(y) > 0
    right = [q if yes else 1.0 - q for q, yes in zip(p.ravel(), y.ravel())]
    return float(sum(-np.log(r) for r in right)) / y.size
"""
WORDS = (
    "If both inputs must count, the first weight stays under zero, and I find that the second one does too."
)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return assignment(tmp_path, "neuron.5", "neuron.11")


def alike(pack: Pack) -> dict[tuple[str, str], int]:
    return {pair.students: round(100 * pair.likeness) for pair in likeness.pairs(pack)}


def solution(name: str) -> str:
    cells = content.shipped("solutions", name.split(".")[0])["cells"]
    return next(str(c["source"]) for c in cells if content.about(c) == (name, "answer"))


def test_a_copy_is_found_also_with_other_names_other_spaces_and_without_its_remarks(pack: Pack) -> None:
    renamed = OWN.replace("safe", "probs").replace("guess", "g").replace("truth", "t").replace("total", "acc")
    hand_in(pack, "ann", {"neuron.5": OWN, "neuron.11": WORDS})
    hand_in(pack, "bob", {"neuron.5": OWN, "neuron.11": WORDS.upper().replace(", ", ",  ")})
    hand_in(
        pack, "eve", {"neuron.5": renamed.replace("  # my", "").replace("    ", "  "), "neuron.11": WORDS}
    )
    hand_in(pack, "joe", {"neuron.5": OTHER, "neuron.11": "Because it has to be so, as we saw."})
    found = alike(pack)
    assert found[("ann", "bob")] == 100 and found[("ann", "eve")] >= 90 and set(found) == {
        ("ann", "bob"), ("ann", "eve"), ("bob", "eve"),
    }  # fmt: skip
    assert likeness.pairs(pack)[0].same == ["neuron.5", "neuron.11"]


def test_what_the_book_has_what_was_given_and_what_many_wrote_says_nothing(pack: Pack) -> None:
    for student in ("ann", "bob", "cid"):
        hand_in(pack, student, {"neuron.5": solution("neuron.5"), "neuron.11": ""})
    assert alike(pack) == {}
    for student in ("ann", "bob", "cid", "dan"):
        hand_in(pack, student, {"neuron.5": OWN, "neuron.11": WORDS})
    assert alike(pack) == {}  # of four nobody can say who
    hand_in(pack, "dan", {"neuron.5": OTHER, "neuron.11": ""})
    assert set(alike(pack)) == {("ann", "bob"), ("ann", "cid"), ("bob", "cid")}


def test_short_answers_and_honest_work_are_not_listed(pack: Pack) -> None:
    hand_in(pack, "ann", {"neuron.5": "def loss(p, y):\n    return 7 * len(p)", "neuron.11": ""})
    hand_in(pack, "bob", {"neuron.5": "def loss(p, y):\n    return 7 * len(p)", "neuron.11": ""})
    hand_in(pack, "eve", {"neuron.5": OWN, "neuron.11": WORDS})
    hand_in(
        pack, "joe", {"neuron.5": OTHER, "neuron.11": "A sum of two numbers below zero is below zero: so no."}
    )
    assert alike(pack) == {}


@pytest.mark.parametrize("source", ["def f(:\n  '''", "\x00\ud7ff", "(" * 5000, "x" * 100_000, ""])
def test_code_that_is_broken_is_compared_too(source: str, pack: Pack) -> None:
    hand_in(pack, "ann", {"neuron.5": source + "\n" + OWN})
    hand_in(pack, "bob", {"neuron.5": source + "\n" + OWN})
    likeness.pairs(pack)


def test_the_report_has_mean_median_histogram_and_whoever_is_missing(pack: Pack, tmp_path: Path) -> None:
    for number, verdict in enumerate([RIGHT, WRONG, WRONG, WRONG]):
        hand_in(pack, f"{number}", {"neuron.5": OTHER}, {"neuron.5": verdict}, name=f"N{number}")
    hand_in(pack, "4", {"neuron.11": WORDS}, name="N4", late=True)
    (pack.folder / collect.ORIGINALS / "torn").mkdir(parents=True)
    table = tmp_path / "canvas.csv"
    table.write_text('Student,ID\n"Poe, Edgar",1\n"Gone, Girl",77\n"Torn, File",torn\n')
    roster.take(pack, table)
    text = "\n".join(overview.lines(pack))
    assert "Points: mean 0.4, median 0, of 5, without answers in words of 1 that wait for you" in text
    bars = [line for line in text.splitlines() if "█" in line]
    assert [line.split() for line in bars] == [["0", "to", "0.5", "████", "4"], ["2", "to", "2.5", "█", "1"]]
    assert "Handed in nothing:\n  77 (Gone, Girl)" in text
    assert "nothing of it could be taken:\n  torn (Torn, File)" in text
    assert "Late:\n  4 (N4): by the platform's mark; nothing is taken off" in text
    assert roster.people(pack)["1"] == "Poe, Edgar" and roster.people(pack)["2"] == "N2"


def test_report_and_results_name_students(pack: Pack) -> None:
    hand_in(pack, "1", {"neuron.5": OWN}, name="=Evil()")
    hand_in(pack, "2", {"neuron.5": OWN}, name="Ann\x1b[31m")
    record = load(pack, "2")
    assert record is not None
    record.incidents = ["it crashed"]
    report = Report(pack, records=[r for s in students(pack) if isinstance(r := load(pack, s), Record)])
    report.records[1].incidents = ["it crashed"]
    _write(pack, report)
    assert "2 (Ann [31m): it crashed" in str(report) and "\x1b" not in str(report)
    assert "1 (=Evil()) and 2 (Ann" in str(report)
    with (pack.folder / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"] == "'=Evil()" and rows[0]["days late"] == ""


def test_a_large_class_is_compared_at_once(tmp_path: Path) -> None:
    import time

    pack = assignment(tmp_path, "neuron.5")
    for number in range(150):
        extra = "".join(f"    value_{n} = {number} + {n} ** {number % 7}\n" for n in range(20))
        hand_in(
            pack, f"s{number:03}", {"neuron.5": OWN.replace("    total = 0.0\n", f"    total = 0.0\n{extra}")}
        )
    begun = time.process_time()
    likeness.pairs(pack)
    assert time.process_time() - begun < 15


def test_more_words_than_there_are_letters_are_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "FIRST", 0x10FF00)
    monkeypatch.setattr(likeness, "LETTERS", 0x100)
    pack = assignment(tmp_path, "neuron.11")
    same = " ".join(f"word{number}" for number in range(400))
    for student, words in (("ann", same), ("bob", same), ("eve", same[::-1])):
        hand_in(pack, student, {"neuron.11": words})
    assert [pair.students for pair in likeness.pairs(pack)] == [("ann", "bob")]
