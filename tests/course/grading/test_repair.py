"""What students do to notebooks costs them nothing: the answers find their places, the checks are the released ones."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet_course.grading import variants
from mininet_course.grading.content import Notebook, about
from mininet_course.grading.nbgrader_format import source
from mininet_course.grading.pack import Pack, choose
from mininet_course.grading.repair import repair
from tests.support import submissions as kinds

PACK = Pack(folder=Path("/nowhere"), name="hw1", format="nbgrader", points=choose(["neuron", "xor"]), seed=1)
# what changes an answer for good, or replaces the whole notebook, is no damage to be mended
DAMAGES = [name for name, kind in kinds.KINDS.items() if not kind.loses and not kind.loses_all]


@pytest.fixture(scope="module", autouse=True)
def released_here() -> Iterator[None]:
    """Let the released notebooks be nbgrader's, without running it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            variants, "released", lambda pack, student: {f"{c}.ipynb": release(c) for c in pack.chapters}
        )
        yield


def release(chapter: str = "neuron") -> Notebook:
    notebook = source(PACK, chapter)
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].split("\n### BEGIN HIDDEN")[0]
    return notebook


def right(chapter: str = "neuron") -> Notebook:
    return kinds.right(PACK)[f"{chapter}.ipynb"]


def answers(notebook: Notebook) -> dict[str, str]:
    return {about(c)[0]: c["source"] for c in notebook["cells"] if about(c)[1] in ("answer", "written")}


def at(notebook: Notebook, name: str, role: str = "answer") -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if about(cell) == (name, role))


def test_what_nobody_damaged_stays_as_it_is() -> None:
    mended, notes = repair(release(), right())
    assert not notes and [c["source"] for c in mended["cells"]] == [c["source"] for c in right()["cells"]]
    untouched, notes = repair(release(), release())
    assert not notes and untouched["cells"] == release()["cells"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_mended(damage: str) -> None:
    submitted = {
        name: json.loads(json.dumps(nb)) for name, nb in kinds.of_kind(PACK, kinds.KINDS[damage]).items()
    }
    for chapter in ("neuron", "xor"):
        theirs = (
            next(nb for nb in submitted.values() if any(f'"{chapter}.' in c["source"] for c in nb["cells"]))
            if damage != "checks deleted"
            else submitted[f"{chapter}.ipynb"]
        )
        mended, _ = repair(release(chapter), theirs)
        roles = [about(c) for c in mended["cells"] if about(c)[0]]
        assert roles == [about(c) for c in release(chapter)["cells"] if about(c)[0]]
        changed = (
            {"neuron.4": "my_sigmoid", "neuron.5": "print"}
            if damage != "imports in the set-up"
            else {"neuron.4": "math"}
        )
        for name, answer in answers(mended).items():
            assert answer == answers(right(chapter))[name] or changed[name] in answer
        again, notes = repair(release(chapter), mended)
        assert again == mended and not notes


@pytest.mark.parametrize(
    "damage", ["cells duplicated", "checks deleted", "set-up deleted", "all metadata lost", "cell split"]
)
def test_what_was_mended_is_noted(damage: str) -> None:
    submitted = kinds.of_kind(PACK, kinds.KINDS[damage])
    assert repair(release(), submitted["neuron.ipynb"])[1]


def test_an_answer_that_is_gone_is_empty_and_its_neighbours_stay() -> None:
    theirs = right()
    del theirs["cells"][at(theirs, "neuron.4")]
    for cell in theirs["cells"]:
        cell["metadata"] = {}
    mended, notes = repair(release(), theirs)
    assert answers(mended)["neuron.4"] == answers(release())["neuron.4"]
    assert answers(mended)["neuron.3"] == answers(right())["neuron.3"]
    assert "the answer of neuron.4 was missing and is put back empty" in notes


def test_predictions_all_have_one_name_and_are_told_apart_by_where_they_stand() -> None:
    theirs = right()
    for cell in theirs["cells"]:
        cell["metadata"], cell["id"] = {}, "x"
    theirs["cells"] = [c for c in theirs["cells"] if c["cell_type"] == "code"]  # not even the tasks
    mended, _ = repair(release(), theirs)
    assert all(answers(mended)[f"neuron.{n}"] == answers(right())[f"neuron.{n}"] for n in (2, 3, 4, 9))


def test_a_copied_stub_does_not_undo_the_answer_above_it() -> None:
    theirs = right()
    where = at(theirs, "neuron.3")
    stub = release()["cells"][where]
    for metadata in (stub["metadata"], {}):
        copied = copy.deepcopy(theirs)
        copied["cells"].insert(where + 1, {**stub, "id": "copy", "metadata": metadata})
        mended, _ = repair(release(), copied)
        assert [c["source"] for c in mended["cells"]].count(stub["source"]) == 0
        assert answers(mended)["neuron.3"] == answers(right())["neuron.3"]


def test_a_changed_check_is_put_back() -> None:
    theirs = right()
    theirs["cells"][at(theirs, "neuron.3", "check")]["source"] = 'print("PASS neuron.3")'
    mended, notes = repair(release(), theirs)
    assert mended["cells"][at(mended, "neuron.3", "check")]["source"] == 'check("neuron.3", prediction)'
    assert "the check of neuron.3 was changed and is put back" in notes


def test_helpers_in_cells_of_their_own_stay_where_they_stood() -> None:
    theirs = right()
    where = at(theirs, "neuron.4")
    theirs["cells"].insert(
        where, {"cell_type": "code", "metadata": {"nbgrader": {"grade": True}}, "source": "h = 1"}
    )
    mended, _ = repair(release(), theirs)
    sources = [c["source"] for c in mended["cells"]]
    assert sources.index("h = 1") == at(mended, "neuron.4") - 1
    assert mended["cells"][sources.index("h = 1")]["metadata"] == {}  # nor may a student grade with it


def test_words_written_below_the_line_for_them_count() -> None:
    theirs = right()
    where = at(theirs, "neuron.11", "written")
    words = theirs["cells"][where]["source"]
    theirs["cells"][where]["source"] = release()["cells"][where]["source"]
    theirs["cells"].append({"cell_type": "markdown", "metadata": {}, "source": words})
    assert answers(repair(release(), theirs)[0])["neuron.11"] == words


def test_pictures_in_words_are_kept_and_outputs_are_not() -> None:
    theirs = right()
    theirs["cells"][at(theirs, "neuron.11", "written")]["attachments"] = {"a.png": {"image/png": "AA=="}}
    theirs["cells"][at(theirs, "neuron.4")]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x"}
    ]
    mended, _ = repair(release(), theirs)
    assert mended["cells"][at(mended, "neuron.11", "written")]["attachments"]
    assert all(not cell.get("outputs") for cell in mended["cells"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_to_cells_the_skeleton_stands(data: st.DataObject) -> None:
    theirs = kinds.right(PACK)["xor.ipynb"]
    for _ in range(data.draw(st.integers(0, 6))):
        cells = theirs["cells"]
        if not cells:
            break
        i, j = (data.draw(st.integers(0, len(cells) - 1)) for _ in range(2))
        what = data.draw(st.sampled_from(["delete", "copy", "swap", "strip", "retype", "break"]))
        if what == "delete":
            del cells[i]
        elif what == "copy":
            cells.insert(j, copy.deepcopy(cells[i]))
        elif what == "swap":
            cells[i], cells[j] = cells[j], cells[i]
        elif what == "strip":
            cells[i]["metadata"] = {}
        elif what == "retype":
            cells[i]["cell_type"] = "raw"
        else:
            cells[i]["source"] = cells[i]["source"][: len(cells[i]["source"]) // 2]
    mended, _ = repair(release("xor"), theirs)
    skeleton = [c for c in mended["cells"] if about(c)[0] or c["metadata"].get("nbgrader")]
    wanted = [c for c in release("xor")["cells"] if about(c)[0] or c["metadata"].get("nbgrader")]
    assert [c["metadata"] for c in skeleton] == [c["metadata"] for c in wanted]
    given_text = [c["source"] for c in skeleton if about(c)[1] not in ("answer", "written")]
    assert given_text == [c["source"] for c in wanted if about(c)[1] not in ("answer", "written")]
    ids = [c["id"] for c in mended["cells"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "$<img src=x onerror=alert(1)>$",
        "`<svg/onload=alert(1)>`",
        "<!-- --><iframe src=x>",
        "[x](javascript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x]( javascript:alert(1))",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "[x][1]\n\n[1]:\n   javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_words_hold_nothing_that_a_graders_browser_would_run(text: str, kind: str) -> None:
    pytest.importorskip("nbconvert")
    from bs4 import BeautifulSoup
    from nbconvert.filters import markdown2html

    theirs = right()
    theirs["cells"][at(theirs, "neuron.11", "written")]["source"] = text
    theirs["cells"].append({"cell_type": kind, "metadata": {"raw_mimetype": "text/html"}, "source": text})
    mended, _ = repair(release(), theirs)
    for cell in (mended["cells"][at(mended, "neuron.11", "written")], mended["cells"][-1]):
        assert cell["cell_type"] == "markdown"
        page = BeautifulSoup(markdown2html(cell["source"]), "html.parser")
        assert not page.find_all(["script", "img", "svg", "iframe"])
        assert not [a for a in page.find_all("a") if not a["href"].startswith(("http", "#"))]


def test_formulas_and_pictures_are_left_alone() -> None:
    words = "If $w_1 < 0$ and `a <= b`, then [see](https://a.b) ![](attachment:a.png) <3"
    theirs = right()
    theirs["cells"][at(theirs, "neuron.11", "written")]["source"] = words
    assert answers(repair(release(), theirs)[0])["neuron.11"] == words
