"""What students do to notebooks costs them nothing: the answers find their places, the checks are the released ones."""

import copy
import json
import time
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet_course.grading import content, variants
from mininet_course.grading.content import Notebook, about
from mininet_course.grading.nbgrader_format import source
from mininet_course.grading.pack import Pack, choose
from mininet_course.grading.repair import CHECK, _names, harmless, plain, repair
from mininet_course.notebook import parse
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
    written = theirs["cells"][at(theirs, "neuron.11", "written")]
    written |= {"source": words, "attachments": {"a.png": {"image/png": "AA=="}}}
    assert answers(repair(release(), theirs)[0])["neuron.11"] == words


EDITORS = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "line ends of old Macs": lambda text: text.replace("\n", "\r"),
    "tabs": lambda text: text.replace("    ", "\t"),
    "trailing blanks": lambda text: text.replace("\n", "  \n") + " \n\n",
    "accents of another form": lambda text: unicodedata.normalize("NFD", text),
    "blanks that do not break": lambda text: text.replace(" ", "\N{NO-BREAK SPACE}"),
    "a mark at the beginning": lambda text: f"\ufeff{text}",
}


@pytest.mark.parametrize("editor", EDITORS)
@pytest.mark.parametrize("marks", ["kept", "lost"])
def test_what_an_editor_does_to_blanks_is_no_edit(marks: str, editor: str) -> None:
    theirs = right()
    for number, cell in enumerate(theirs["cells"]):
        if about(cell)[1] not in ("answer", "written"):
            cell["source"] = EDITORS[editor](cell["source"])
        if marks == "lost":
            cell["metadata"], cell["id"] = {}, f"new-{number}"
    mended, notes = repair(release(), parse(json.dumps(theirs).encode()))
    assert [note for note in notes if "recognised by where it stands" not in note] == []
    assert [c["source"] for c in mended["cells"]] == [c["source"] for c in right()["cells"]]


def test_given_code_laid_out_anew_is_the_same_code() -> None:
    theirs = right()
    [given] = [c for c in theirs["cells"] if c["cell_type"] == "code" and not about(c)[0]][:1]
    given["source"] = f"# laid out anew\n{given['source']}\n\n\npass".removesuffix("\n\n\npass")
    mended, notes = repair(release(), theirs)
    assert not notes and len(mended["cells"]) == len(release()["cells"])
    given["source"] += "\nmine = 1"  # and this is not
    mended, notes = repair(release(), theirs)
    assert "was changed: it is put back" in notes[0] and len(mended["cells"]) == len(release()["cells"]) + 1


@pytest.mark.parametrize(
    "text",
    [
        "> [x]: javascript:alert(1)\n\n[x]",
        "- [x]: javascript:alert(1)\n\n[x]",
        "1. [x]: javascript:alert(1)\n\n[x]",
        "[a\\]b]: javascript:alert(1)\n\n[a\\]b]",
        "[x]:" + " " * 20 + "javascript:alert(1)\n\n[x]",
    ],
)
def test_a_link_that_is_defined_elsewhere_leads_nowhere_else(text: str) -> None:
    pytest.importorskip("nbconvert")
    from bs4 import BeautifulSoup
    from nbconvert.filters import markdown2html

    page = BeautifulSoup(markdown2html(harmless(text)), "html.parser")
    assert not [a for a in page.find_all("a") if not a["href"].startswith(("http", "#"))]
    assert harmless("[x]: https://a.b\n[y]: #c") == "[x]: https://a.b\n[y]: #c"


@pytest.mark.parametrize(
    "piece", ["\n", " ", "\n ", "[", "[\n", "]:", "](", "<", "check(", "def \n", "x \n", "$", "`"]
)
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    text = piece * (400_000 // len(piece)) + "x"
    begun = time.process_time()
    harmless(text)
    list(CHECK.finditer(text))
    _names(text)
    plain(text)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "text", ["![](attachment:a.png)", "![d]( attachment:a%20b.png )", "[x]: attachment:c\n![x]"]
)
def test_a_picture_that_is_not_attached_stops_no_page(text: str) -> None:
    pytest.importorskip("nbconvert")
    from nbconvert.filters import markdown2html

    theirs = right()
    theirs["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
    mended, _ = repair(release(), theirs)
    assert "attached: " in mended["cells"][-1]["source"]
    markdown2html(mended["cells"][-1]["source"])


def test_a_given_cell_that_nests_deeply_stays_the_student_s_own() -> None:
    release = content.shipped("exercises", "neuron")
    submitted = copy.deepcopy(release)
    setup = next(c for c in submitted["cells"] if c["cell_type"] == "code" and about(c) == ("", ""))
    setup["source"] += "\nx = " + "+".join("1" * 2_000)
    mended, _ = repair(release, submitted)
    assert setup["source"] in [cell["source"] for cell in mended["cells"]]


def test_what_python_warns_of_in_a_student_s_code_is_not_said() -> None:
    release = content.shipped("exercises", "neuron")
    submitted = copy.deepcopy(release)
    submitted["cells"].append({"cell_type": "code", "metadata": {}, "source": "x = '\\d'\nx is 1"})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        repair(release, submitted)
    assert not said
