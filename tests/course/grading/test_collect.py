"""Zips as Canvas and Moodle make them, and as nobody should: everything in its place, nothing outside it."""

import io
import json
import os
import stat
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from mininet_course.exercise import CourseError
from mininet_course.grading import collect, content, unpack
from mininet_course.grading.assign import assign
from mininet_course.grading.pack import Pack
from tests.support import submissions as kinds


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return assign(
        ["neuron.3", "neuron.4", "neuron.11", "xor.3"], tmp_path_factory.mktemp("made") / "hw1", format="zip"
    )


@pytest.fixture
def pack(made: Pack, tmp_path: Path) -> Pack:
    """An assignment into which nothing has been handed in."""
    for file in (made.folder / "release").rglob("*.ipynb"):
        copy = tmp_path / "hw1" / file.relative_to(made.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return Pack(folder=tmp_path / "hw1", name="hw1", format="zip", points=made.points, seed=made.seed)


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def notebook(pack: Pack, chapter: str = "neuron") -> bytes:
    return kinds.file(kinds.right(pack)[f"{chapter}.ipynb"])


def answer(pack: Pack, student: str, name: str = "neuron.4") -> str:
    """Return the answer that will be graded."""
    file = pack.folder / "submitted" / student / "hw1" / f"{name.split('.')[0]}.ipynb"
    cells = content.read(file)["cells"]
    return next(str(cell["source"]) for cell in cells if content.about(cell) == (name, "answer"))


def placed(pack: Pack) -> list[str]:
    return sorted(path.name for path in (pack.folder / "submitted").glob("*"))


def test_a_zip_of_canvas(pack: Pack, tmp_path: Path) -> None:
    source = write_zip(
        tmp_path / "submissions.zip",
        {
            "doejane_11_901_neuron.ipynb": notebook(pack),
            "doejane_11_902_xor.ipynb": notebook(pack, "xor"),
            "roejohn_LATE_12_903_neuron-1.ipynb": notebook(pack),
            "o'neill-smith_13_904_my homework.ipynb": notebook(pack),
        },
    )
    report = collect.collect(pack, source, "canvas")
    assert placed(pack) == ["11", "12", "13"] and not report.problems
    assert "np.exp" in answer(pack, "11") and "np.exp" in answer(pack, "13")
    found = {s.student: s for s in report.submissions}
    assert not found["11"].notes and found["11"].name == "doejane"
    assert found["12"].late and "late: 12" in str(report)
    assert "xor.ipynb was not handed in" in found["13"].notes
    assert "NotImplementedError" in answer(pack, "13", "xor.3")
    assert collect.load(pack)["13"]["files"] == {"neuron": "my homework.ipynb"}


def test_a_zip_of_moodle(pack: Pack, tmp_path: Path) -> None:
    folder = "Jane Doe_123456_assignsubmission_file_/"
    source = write_zip(
        tmp_path / "m.zip",
        {
            folder + "neuron.ipynb": notebook(pack),
            folder + "xor.ipynb": notebook(pack, "xor"),
            folder + "a.pdf": b"%PDF",
        },
    )
    report = collect.collect(pack, source, "moodle")
    assert placed(pack) == ["123456"] and report.submissions[0].name == "Jane Doe"
    assert report.problems == [f"123456: {folder}a.pdf is no notebook and is left where it is"]


@pytest.mark.parametrize(
    "paths",
    [
        ("ann/neuron.ipynb", "bob/neuron.ipynb"),
        ("ann.ipynb", "bob.ipynb"),
        ("ann_neuron.ipynb", "ann_xor.ipynb", "bob-neuron.ipynb"),
        ("all/ann/neuron.ipynb", "all/bob/neuron.ipynb"),
        ("ann/hw1/neuron.ipynb", "bob/hw1/neuron.ipynb"),
    ],
)
def test_plain_zips_and_folders(paths: tuple[str, ...], pack: Pack, tmp_path: Path) -> None:
    files = {path: notebook(pack, "xor" if "xor" in path else "neuron") for path in paths}
    collect.collect(pack, write_zip(tmp_path / "p.zip", files), "plain")
    assert placed(pack) == ["ann", "bob"]
    folder = tmp_path / "folder"
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    report = collect.collect(pack, folder, "plain")
    assert placed(pack) == ["ann", "bob"]
    assert all(s.notes[0] == "the same as before" for s in report.submissions)


def test_who_hands_in_again_is_replaced_and_nobody_else(pack: Pack, tmp_path: Path) -> None:
    both = {"ann/neuron.ipynb": notebook(pack), "bob/neuron.ipynb": notebook(pack)}
    collect.collect(pack, write_zip(tmp_path / "first.zip", both), "plain")
    bobs = pack.folder / "submitted" / "bob" / "hw1" / "neuron.ipynb"
    before = bobs.stat().st_mtime_ns, bobs.read_bytes()
    better = kinds.right(pack)["neuron.ipynb"]
    kinds.before("neuron.4", "# better\n")({"neuron.ipynb": better})
    again = write_zip(tmp_path / "second.zip", {"ann/neuron.ipynb": kinds.file(better)})
    report = collect.collect(pack, again, "plain")
    assert report.submissions[0].notes[0] == "replaces an earlier submission"
    assert answer(pack, "ann").startswith("# better")
    assert (bobs.stat().st_mtime_ns, bobs.read_bytes()) == before
    assert set(collect.load(pack)) == {"ann", "bob"}


def test_a_notebook_that_is_not_handed_in_again_still_counts(pack: Pack, tmp_path: Path) -> None:
    xor = json.loads(notebook(pack, "xor"))
    first = {"ann/neuron.ipynb": notebook(pack), "ann/my xor.ipynb": json.dumps(xor).encode()}
    collect.collect(pack, write_zip(tmp_path / "first.zip", first), "plain")
    right = answer(pack, "ann", "xor.3")
    better = kinds.right(pack)["neuron.ipynb"]
    kinds.before("neuron.4", "# better\n")({"neuron.ipynb": better})
    again = write_zip(tmp_path / "second.zip", {"ann/neuron.ipynb": kinds.file(better)})
    note = "xor.ipynb is not in the latest submission: my xor.ipynb, handed in earlier, counts"
    for before in ("replaces an earlier submission", "the same as before"):
        report = collect.collect(pack, again, "plain")
        assert report.submissions[0].notes == [before, note]
        assert answer(pack, "ann").startswith("# better") and answer(pack, "ann", "xor.3") == right
    assert collect.load(pack)["ann"]["files"] == {"neuron": "neuron.ipynb", "xor": "my xor.ipynb"}
    broken = write_zip(tmp_path / "third.zip", {"ann/xor.ipynb": b"{", "ann/neuron.ipynb": notebook(pack)})
    notes = collect.collect(pack, broken, "plain").submissions[0].notes
    assert notes[1].startswith("xor.ipynb was handed in, but no notebook can be read from it: my xor.ipynb,")
    assert answer(pack, "ann", "xor.3") == right
    nothing = collect.collect(pack, write_zip(tmp_path / "4.zip", {"ann/xor.ipynb": b"{"}), "plain")
    assert "so what was handed in earlier is graded" in nothing.problems[1]


def test_what_was_noted_on_a_notebook_that_still_counts_is_not_forgotten(pack: Pack, tmp_path: Path) -> None:
    xor = json.loads(notebook(pack, "xor"))
    xor["cells"] = [cell for cell in xor["cells"] if content.about(cell) != ("xor.3", "answer")]
    first = {"ann/xor.ipynb": json.dumps(xor).encode(), "ann/neuron.ipynb": notebook(pack)}
    report = collect.collect(pack, write_zip(tmp_path / "first.zip", first), "plain")
    [note] = report.submissions[0].notes
    assert note.startswith("xor.ipynb: the answer of xor.3 was missing")
    again = write_zip(tmp_path / "again.zip", {"ann/neuron.ipynb": notebook(pack)})
    assert collect.collect(pack, again, "plain").submissions[0].notes[-1] == note


def test_of_two_attempts_in_one_zip_the_later_counts(pack: Pack, tmp_path: Path) -> None:
    better = kinds.right(pack)["neuron.ipynb"]
    kinds.before("neuron.4", "# better\n")({"neuron.ipynb": better})
    files = {"d_1_2_neuron-2.ipynb": kinds.file(better), "d_1_3_neuron.ipynb": notebook(pack)}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "canvas")
    assert answer(pack, "1").startswith("# better")
    assert (
        "neuron.ipynb is an earlier version of neuron-2.ipynb and is left out" in report.submissions[0].notes
    )


def test_a_zip_in_the_zip_is_opened_once(pack: Pack, tmp_path: Path) -> None:
    inner, innermost = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(innermost, "w") as archive:
        archive.writestr("neuron.ipynb", notebook(pack))
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("hw/neuron.ipynb", notebook(pack))
        archive.writestr("deeper.zip", innermost.getvalue())
        archive.writestr("../../../evil.ipynb", notebook(pack))
    files = {"d_1_2_all.zip": inner.getvalue(), "e_2_3_all.zip": b"PK but no zip"}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "canvas")
    assert placed(pack) == ["1"]
    problems = "\n".join(report.problems)
    assert "a zip in a zip in a zip" in problems and "points out of its folder" in problems
    assert "2: e_2_3_all.zip is no zip that can be read" in problems


HOSTILE = [
    "../../evil.ipynb",
    "/etc/evil.ipynb",
    "C:/evil.ipynb",
    "C:\\evil.ipynb",
    "..\\..\\evil.ipynb",
    "a/../../evil.ipynb",
]


@pytest.mark.parametrize("platform", collect.PLATFORMS)
def test_paths_that_lead_out_are_named_and_nobody_else_is_affected(
    platform: str, pack: Pack, tmp_path: Path
) -> None:
    good = {
        "canvas": "d_1_2_neuron.ipynb",
        "moodle": "D_1_assignsubmission_file_/neuron.ipynb",
        "plain": "1/neuron.ipynb",
    }[platform]
    files = {name: notebook(pack) for name in HOSTILE}
    before = {path for path in tmp_path.rglob("*") if "hw1" not in path.parts}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files | {good: notebook(pack)}), platform)
    assert placed(pack) == ["1"]
    assert sum("points out of its folder" in problem for problem in report.problems) == len(HOSTILE)
    after = {path for path in tmp_path.rglob("*") if "hw1" not in path.parts}
    assert after - before == {tmp_path / "z.zip"}
    assert not [path for path in pack.folder.rglob("*") if "evil" in path.name]


def test_links_are_not_followed(pack: Pack, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(notebook(pack))
    link = zipfile.ZipInfo("ann/neuron.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, str(secret))
        archive.writestr("bob/neuron.ipynb", notebook(pack))
    report = collect.collect(pack, tmp_path / "z.zip", "plain")
    assert placed(pack) == ["bob"] and any("is a link" in problem for problem in report.problems)
    folder = tmp_path / "folder" / "eve"
    folder.mkdir(parents=True)
    os.symlink(secret, folder / "neuron.ipynb")
    assert not collect.collect(pack, tmp_path / "folder", "plain").submissions


def test_bombs_do_not_go_off(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LARGEST", 3_000_000)
    files = {
        "big/neuron.ipynb": os.urandom(100) * 40_000,
        "dense/neuron.ipynb": b" " * 2_900_000,
        "ok/neuron.ipynb": notebook(pack),
    }
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert placed(pack) == ["ok"]
    assert any("big/neuron.ipynb" in p and "holds more than" in p for p in report.problems)
    monkeypatch.setattr(unpack, "RATIO", 500)
    report = collect.collect(pack, tmp_path / "z.zip", "plain")
    assert any("dense/neuron.ipynb" in p and "squeezed" in p for p in report.problems)
    monkeypatch.setattr(unpack, "ENTRIES", 2)
    with pytest.raises(CourseError, match="3 files"):
        collect.collect(pack, tmp_path / "z.zip", "plain")


def test_who_hands_in_too_much_harms_nobody_else(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "OF_ONE", 100_000)
    files = {f"ann/{number}.ipynb": os.urandom(40_000) for number in range(4)}
    report = collect.collect(
        pack, write_zip(tmp_path / "z.zip", files | {"bob/neuron.ipynb": notebook(pack)}), "plain"
    )
    assert placed(pack) == ["bob"]
    assert sum("MB of others and is not taken" in problem for problem in report.problems) == 2


def test_names_cannot_rule_the_terminal(pack: Pack, tmp_path: Path) -> None:
    files = {"ann/\x1b[2J\x1b]0;gone\x07.ipynb": b"{", "d\x1b[31m": b""}
    said = str(collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain"))
    assert "\x1b" not in said and "\x07" not in said and "?[2J" in said


def test_an_entry_that_lies_about_its_size_is_refused(pack: Pack, tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "z.zip", {"liar/neuron.ipynb": notebook(pack), "ok/neuron.ipynb": notebook(pack)}
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")  # the directory's first entry: its uncompressed size
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    report = collect.collect(pack, path, "plain")
    assert placed(pack) == ["ok"] and any("liar" in problem for problem in report.problems)


@pytest.mark.parametrize(
    "content_of_file",
    [
        b"{",
        b"[]",
        b"\xff\xfe\x00",
        b'{"cells": [1], "metadata": {}}',
        b'{"cells": [{"source": 1}]}',
        b"[" * 100_000,
        b'{"worksheets": [], "metadata": {}, "nbformat": 3}',
        b"<html>login</html>",
    ],
)
def test_what_is_no_notebook_is_reported_for_its_student_alone(
    content_of_file: bytes, pack: Pack, tmp_path: Path
) -> None:
    files = {"ann/neuron.ipynb": content_of_file, "bob/neuron.ipynb": notebook(pack)}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert placed(pack) == ["bob"]
    assert any(p.startswith("ann: ann/neuron.ipynb is no notebook") for p in report.problems)
    assert any("Ask for the notebook again" in p for p in report.problems)


@pytest.mark.parametrize(
    "content_of_file", [b"", b" \n", b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}']
)
def test_what_is_empty_is_called_empty(content_of_file: bytes, pack: Pack, tmp_path: Path) -> None:
    files = {"ann/neuron.ipynb": content_of_file, "bob/neuron.ipynb": notebook(pack)}
    files |= {"bob/xor.ipynb": content_of_file}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert placed(pack) == ["bob"]
    assert report.submissions[0].notes == ["xor.ipynb was handed in, but empty"]
    assert report.problems == [
        "ann: ann/neuron.ipynb is empty",
        "ann: nothing could be taken, so nothing is graded. Ask for the notebook again.",
        "bob: bob/xor.ipynb is empty",
    ]
    assert str(report).startswith("1 submission collected\n")


def test_what_cannot_be_read_was_handed_in(pack: Pack, tmp_path: Path) -> None:
    files = {"ann/neuron.ipynb": notebook(pack), "ann/xor.ipynb": b"{"}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert report.submissions[0].notes == ["xor.ipynb was handed in, but no notebook can be read from it"]


def test_half_a_character_and_strange_metadata_are_no_obstacle(pack: Pack, tmp_path: Path) -> None:
    strange = json.loads(notebook(pack))
    cells = strange["cells"]
    at = next(i for i, cell in enumerate(cells) if content.about(cell) == ("neuron.4", "answer"))
    cells[at]["source"] += "\n# \ud800"
    cells[0]["metadata"] = {"exercise": ["neuron.4"], "nbgrader": 7}
    cells[2]["id"] = {"not": "text"}
    cells[3]["metadata"]["nbgrader"] = {"grade_id": ["x"], "grade": True, "points": 1e9}
    source = write_zip(tmp_path / "z.zip", {"ann/neuron.ipynb": json.dumps(strange).encode()})
    collect.collect(pack, source, "plain")
    assert "np.exp" in answer(pack, "ann")
    text = (pack.folder / "submitted" / "ann" / "hw1" / "neuron.ipynb").read_text()
    assert "1e9" not in text and "1000000000" not in text


def test_another_assignments_notebook_is_not_taken(pack: Pack, tmp_path: Path) -> None:
    other = kinds.file(content.shipped("exercises", "mnist"))
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", {"ann/mnist.ipynb": other}), "plain")
    assert not report.submissions and "holds none of the assignment's exercises" in report.problems[0]


def test_what_is_named_otherwise_is_listed(pack: Pack, tmp_path: Path) -> None:
    files = {"neuron.ipynb": notebook(pack), "__MACOSX/._x": b"", ".DS_Store": b""}
    files |= {"d_1_2_neuron.ipynb": notebook(pack)}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "canvas")
    assert report.problems == ["neuron.ipynb: not named as Canvas names files, name_123_456_file.ipynb"]


NAMED = {
    "canvas": ("mueller_101_88000_neuron.ipynb", "roe_102_88001_xor.ipynb", "poe_LATE_103_88002_n.pdf"),
    "moodle": ("Jo Poe_7_assignsubmission_file_/neuron.ipynb", "A B_8_assignsubmission_file_/a/x.ipynb"),
    "plain": ("ann/neuron.ipynb", "bob/neuron.ipynb"),
}


@pytest.mark.parametrize("folder", ["", "submissions/"])
@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("meant", ["canvas", "moodle"])
@pytest.mark.parametrize("platform", collect.PLATFORMS)
def test_another_platforms_names_are_told_once_and_nothing_is_taken(
    platform: str, meant: str, number: int, folder: str, pack: Pack, tmp_path: Path
) -> None:
    files = {f"{folder}{path}": notebook(pack) for path in NAMED[meant][:number]}
    source = write_zip(tmp_path / "z.zip", files)
    if platform == meant:
        assert collect.collect(pack, source, platform).submissions
        return
    with pytest.raises(CourseError, match=f"named as {meant.title()} names files, as '.*--lms {meant}"):
        collect.collect(pack, source, platform)
    assert not placed(pack) and not (pack.folder / collect.FILE).exists()


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_names_of_no_platform_are_told_once(platform: str, pack: Pack, tmp_path: Path) -> None:
    source = write_zip(tmp_path / "z.zip", {path: notebook(pack) for path in NAMED["plain"]})
    with pytest.raises(
        CourseError, match=r"no file is named as .* the first is 'ann/neuron.ipynb'.*--lms plain"
    ):
        collect.collect(pack, source, platform)


def test_what_one_student_calls_files_decides_for_nobody_else(pack: Pack, tmp_path: Path) -> None:
    files = dict.fromkeys(NAMED["plain"], notebook(pack)) | {f"eve/e_1_{n}_x.ipynb": b"" for n in range(9)}
    assert len(collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain").submissions) == 2


def test_nobody_hands_in_for_another_by_a_folder_in_the_own_one(pack: Pack, tmp_path: Path) -> None:
    path = "Eve_1_assignsubmission_file_/Bob_2_assignsubmission_file_/neuron.ipynb"
    collect.collect(pack, write_zip(tmp_path / "z.zip", {path: notebook(pack)}), "moodle")
    assert placed(pack) == ["1"]


def test_what_is_no_notebook_is_told_once_for_each_student(pack: Pack, tmp_path: Path) -> None:
    files = {"ann/neuron.ipynb": notebook(pack)} | {f"ann/{n}.png": b"" for n in range(17)}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert report.problems == ["ann: ann/0.png is no notebook and is left where it is, like 16 more"]


def test_folders_without_notebooks_are_no_students(pack: Pack, tmp_path: Path) -> None:
    files = {"ann/neuron.ipynb": notebook(pack), "bob/neuron.ipynb": b"{", "list.txt": b"", ".git/a": b""}
    files |= {"docs/a.pdf": b"", "docs/deeper/b.pdf": b"", ".git/b": b""}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert placed(pack) == ["ann"]
    assert sorted(report.problems) == [
        ".git/: a student's name cannot begin with a dot; rename it",
        "bob: bob/neuron.ipynb is no notebook that can be read; it must be saved again in JupyterLab.",
        "bob: nothing could be taken, so nothing is graded. Ask for the notebook again.",
        "docs/ holds no notebook and is not taken for a student",
        "list.txt holds no notebook and is not taken for a student",
    ]


@pytest.mark.parametrize(
    "name", ["O'Hara", "Müller, Änne", "anna(1)", "Mu\u0308ller", "李 小龙", "a+b@c.org", "R&D #2; 100%"]
)
def test_students_may_be_called_as_people_are(name: str, pack: Pack, tmp_path: Path) -> None:
    files = {f"{name}/neuron.ipynb": notebook(pack), "bob_neuron.ipynb": notebook(pack)}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert not report.problems
    assert set(placed(pack)) == {unicodedata.normalize("NFC", name), "bob"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a*/neuron.ipynb", "a*/: a student's name cannot hold the character '*'; rename it"),
        ("a[1]/neuron.ipynb", "a[1]/: a student's name cannot hold the character '['; rename it"),
        ("=a.ipynb", "=a.ipynb: a student's name cannot hold the character '='; rename it"),
        ("a\u202eb.ipynb", r"a student's name cannot hold the character '\u202e'; rename it"),
        (f"{'ä' * 101}.ipynb", "a student's name cannot be longer than 200 bytes; rename it"),
        (
            "xor.ipynb",
            "no student's name in it; name it student_file.ipynb, or put it into a folder student/",
        ),
    ],
)
def test_a_name_that_cannot_be_taken_says_why(path: str, words: str, pack: Pack, tmp_path: Path) -> None:
    files = {path: notebook(pack), "bob/neuron.ipynb": notebook(pack)}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    [problem] = report.problems
    assert placed(pack) == ["bob"] and problem.endswith(words)


def test_mistaken_sources_say_what_to_do(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(CourseError, match="no zip that can be read"):
        collect.collect(pack, tmp_path / "no.zip", "canvas")
    with pytest.raises(CourseError, match="is not there"):
        collect.collect(pack, tmp_path / "nowhere.zip", "canvas")
    (tmp_path / "bob.ipynb").write_bytes(notebook(pack))
    with pytest.raises(CourseError, match=r"bob\.ipynb is a notebook\. Give the zip"):
        collect.collect(pack, tmp_path / "bob.ipynb", "plain")
    with pytest.raises(CourseError, match=r"holds the assignment itself, hw1\. Give a folder"):
        collect.collect(pack, tmp_path, "plain")
