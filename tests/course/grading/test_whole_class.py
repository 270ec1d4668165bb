"""Whatever one student hands in, and whatever happens meanwhile: all others are collected, and nothing is lost."""

import errno
import io
import json
import os
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mininet_course import storage
from mininet_course.exercise import CourseError
from mininet_course.grading import collect, content, records, repair, variants
from mininet_course.grading.assign import assign
from mininet_course.grading.grade import grade_pack
from mininet_course.grading.pack import Pack
from tests.support import submissions as kinds

Notebook = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("made") / "hw1"
    return assign(["neuron.3", "neuron.4", "neuron.11", "xor.3"], folder, format="zip", progress=False)


@pytest.fixture
def pack(made: Pack, tmp_path: Path) -> Pack:
    return kinds.copied(made, tmp_path)


def right(pack: Pack) -> Notebook:
    return kinds.right(pack)["neuron.ipynb"]


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content_of_file in files.items():
            archive.writestr(name, content_of_file)
    return data.getvalue()


def placed(pack: Pack) -> list[str]:
    return sorted(path.name for path in (pack.folder / "submitted").glob("*"))


def answer(pack: Pack, student: str, name: str = "neuron.4", role: str = "answer") -> str:
    cells = content.read(records.submitted(pack, student) / "neuron.ipynb")["cells"]
    return next(str(cell["source"]) for cell in cells if content.about(cell) == (name, role))


# --- one student's file


def with_cells(*cells: dict[str, Any], many: int = 1) -> Callable[[Notebook], bytes]:
    return lambda notebook: json.dumps(notebook | {"cells": [*notebook["cells"], *cells * many]}).encode()


def words(text: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text, **more}


def code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": text}


def patched(data: bytes, *places: tuple[bytes, int, bytes]) -> bytes:
    """Return a zip with some bytes exchanged, each after a signature."""
    changed = bytearray(data)
    for signature, offset, value in places:
        at = data.index(signature) + offset
        changed[at : at + len(value)] = value
    return bytes(changed)


LOCAL, DIRECTORY, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
ZIP64 = zipped({"neuron.ipynb": b"{}"}).replace(b"\xff", b"\xff")
NOTEBOOKS = {
    "400,000 empty lines": with_cells(words("\n" * 400_000)),
    "400,000 empty lines of code": with_cells(code("\n" * 400_000)),
    "100,000 blanks": with_cells(words(" " * 100_000 + "x"), code(" " * 100_000 + "x")),
    "100,000 open brackets": with_cells(words("[\n" * 100_000), words("[" * 100_000)),
    "100,000 links of nothing": with_cells(words("]:\n" * 100_000)),
    "60,000 cells": with_cells(words("x"), many=60_000),
    "2,000 broken cells": with_cells(code("def f(:\n    (" + "x" * 200), many=1_800),
    "100,000 brackets to parse": with_cells(code("(" * 100_000), code("-" * 100_000 + "1")),
    "attachments that are none": with_cells(words("x", attachments=5), words("y", attachments={"a": 3})),
    "attachments of half a character": with_cells(words("x", attachments={"a": {"image/png": "\ud800"}})),
    "half a character in a key": with_cells(words("x", attachments={"\udfff": {"image/png": "AA=="}})),
    "a source that is none": with_cells(words("x") | {"source": [1]}),
}
ZIPS = {
    "20,001 entries": lambda: zipped(dict.fromkeys(map(str, range(20_001)), b"")),
    "version 99": lambda: patched(
        zipped({"neuron.ipynb": b"{}"}), (DIRECTORY, 6, b"\x63"), (LOCAL, 4, b"\x63")
    ),
    "compressed as nobody does": lambda: patched(zipped({"n.ipynb": b"{}"}), (DIRECTORY, 10, b"\x09")),
    "a name that is not the UTF-8 that it says": lambda: patched(
        zipped({"@.ipynb": b"{}"}), (DIRECTORY, 8, b"\0\x08"), (DIRECTORY, 46, b"\xfc")
    ),
    "zip64 that lies": lambda: patched(
        zipped({"n.ipynb": b"{}"}), (END, 16, b"\xff\xff\xff\xff"), (DIRECTORY, 42, b"\xff\xff\xff\xff")
    ),
    "an entry before the file begins": lambda: patched(
        zipped({"n.ipynb": b"{}"}), (END, 12, struct.pack("<I", 9))
    ),
    "encrypted": lambda: patched(zipped({"n.ipynb": b"{}"}), (DIRECTORY, 8, b"\x01")),
    "no zip": lambda: b"PK",
}


@pytest.mark.parametrize("kind", [*NOTEBOOKS, *ZIPS])
def test_a_file_of_one_student_keeps_nobody_else_from_being_collected(
    kind: str, pack: Pack, tmp_path: Path
) -> None:
    good = kinds.file(right(pack))
    bad = (
        {"mia/neuron.ipynb": NOTEBOOKS[kind](right(pack))}
        if kind in NOTEBOOKS
        else {"mia/a.zip": ZIPS[kind]()}
    )
    source = write_zip(tmp_path / "z.zip", {"ann/neuron.ipynb": good, **bad, "zoe/neuron.ipynb": good})
    begun = time.monotonic()
    report = collect.collect(pack, source, "plain")
    assert time.monotonic() - begun < 20
    assert {"ann", "zoe"} <= set(placed(pack)) and {"ann", "zoe"} <= set(collect.load(pack))
    # either taken with the right answer, or named
    assert (
        "np.exp" in answer(pack, "mia") if "mia" in placed(pack) else any("mia" in p for p in report.problems)
    )


def failing(*errors: BaseException) -> Callable[..., Any]:
    """Return collect's own step for one student, which fails for bob."""
    real = collect._submission

    def step(pack: Pack, files: Any, earlier: collect.Submission, problems: list[str]) -> Any:
        if earlier.student == "bob":
            raise errors[0]
        return real(pack, files, earlier, problems)

    return step


def three(pack: Pack, tmp_path: Path) -> Path:
    files = dict.fromkeys(
        ("ann/neuron.ipynb", "bob/neuron.ipynb", "zoe/neuron.ipynb"), kinds.file(right(pack))
    )
    return write_zip(tmp_path / "three.zip", files)


@pytest.mark.parametrize(
    "problem",
    [ZeroDivisionError(), MemoryError(), RecursionError(), OSError(errno.ENAMETOOLONG, "long", "f")],
)
def test_whatever_goes_wrong_with_one_is_said_and_the_others_are_collected(
    problem: Exception, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "_submission", failing(problem))
    report = collect.collect(pack, three(pack, tmp_path), "plain")
    assert placed(pack) == sorted(collect.load(pack)) == ["ann", "zoe"]
    [why, then] = report.problems
    assert why.startswith("bob: ") and then.startswith("bob: nothing could be taken, so nothing is graded.")


def test_who_takes_too_long_is_left_out(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = collect._submission

    def slow(pack: Pack, files: Any, earlier: collect.Submission, problems: list[str]) -> Any:
        while earlier.student == "bob":
            pass
        return real(pack, files, earlier, problems)

    monkeypatch.setattr(collect, "_submission", slow)
    monkeypatch.setattr(collect, "SECONDS", 1.0)
    report = collect.collect(pack, three(pack, tmp_path), "plain")
    assert (
        placed(pack) == ["ann", "zoe"] and report.problems[0] == "bob: reading it takes longer than 1 seconds"
    )


def test_of_one_who_hands_in_thousands_of_files_some_are_read(pack: Pack, tmp_path: Path) -> None:
    files = {f"mia/lib/{number}.txt": b"" for number in range(3_000)}
    files |= {f"mia/z{number}.ipynb": b"" for number in range(collect.MOST_FILES + 5)}
    files |= {"mia/a.ipynb": kinds.file(right(pack)), "zoe/neuron.ipynb": kinds.file(right(pack))}
    files = dict(sorted(files.items()))
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert placed(pack) == ["mia", "zoe"] and "np.exp" in answer(pack, "mia")
    assert report.problems[0].endswith("all after it are not read; 200 files were")


def test_what_is_wrong_with_one_fills_no_report(pack: Pack, tmp_path: Path) -> None:
    inner = zipped({f"../{number}.ipynb": b"" for number in range(500)})
    many = with_cells(*[code("def f(:"), code("    x)")] * 300)(right(pack))
    files = {"ann/a.zip": inner, "ann/neuron.ipynb": many, "bob/neuron.ipynb": kinds.file(right(pack))}
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    assert placed(pack) == ["ann", "bob"]
    assert report.problems[-1] == "… and 460 more of these"
    assert len(str(report).splitlines()) < 100


# --- what happens meanwhile


def test_an_interrupt_loses_nothing_that_was_done(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "_submission", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        collect.collect(pack, three(pack, tmp_path), "plain")
    assert placed(pack) == sorted(collect.load(pack)) == ["ann"]


def full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_everything_as_it_was(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect.collect(pack, three(pack, tmp_path), "plain")
    before = {path: path.read_bytes() for path in pack.folder.rglob("*") if path.is_file()}
    better = right(pack)
    kinds.before("neuron.4", "# better\n")({"neuron.ipynb": better})
    again = write_zip(tmp_path / "again.zip", {"ann/neuron.ipynb": kinds.file(better)})
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left") as problem:
        patch.setattr(os, "fsync", full)
        collect.collect(pack, again, "plain")
    assert problem.value.filename == str(pack.folder / "collected.json")
    assert {path: path.read_bytes() for path in pack.folder.rglob("*") if path.is_file()} == before
    collect.collect(pack, again, "plain")  # there is room again
    assert answer(pack, "ann").startswith("# better")


def test_two_who_collect_at_once_are_both_noted(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = collect.load

    def slow(pack: Pack) -> Any:
        kept = real(pack)
        time.sleep(0.3)
        return kept

    good = kinds.file(right(pack))
    sources = [write_zip(tmp_path / f"{n}.zip", {f"{n}/neuron.ipynb": good}) for n in ("ann", "bob")]
    monkeypatch.setattr(collect, "load", slow)
    threads = [threading.Thread(target=collect.collect, args=(pack, source, "plain")) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(real(pack)) == ["ann", "bob"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{",
        "null",
        '{"ann": []}',
        '{"ann": {"files": [1]}}',
        '{"ann": {"late": NaN}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_record_is_named_and_left(damage: str, pack: Pack, tmp_path: Path) -> None:
    file = pack.folder / collect.FILE
    file.write_text(damage)
    with pytest.raises(CourseError, match=r"collected\.json is damaged and was left as it is\. Take it from"):
        collect.collect(pack, three(pack, tmp_path), "plain")
    assert file.read_text() == damage and not placed(pack)


def test_what_a_newer_version_has_noted_stays(pack: Pack, tmp_path: Path) -> None:
    newer = {
        "ann": {"name": "A", "late": False, "files": {}, "notes": [], "minutes": [3]},
        "zed": {"by": "mail"},
    }
    storage.write(pack.folder / collect.FILE, json.dumps(newer))
    collect.collect(pack, three(pack, tmp_path), "plain")
    kept = collect.load(pack)
    assert kept["ann"]["minutes"] == [3] and kept["ann"]["files"] and kept["zed"] == {"by": "mail"}


def test_without_the_notebooks_that_were_handed_out_nothing_is_collected(pack: Pack, tmp_path: Path) -> None:
    (pack.folder / "release" / "hw1" / "xor.ipynb").unlink()
    with pytest.raises(CourseError, match=r"release/hw1 .* does not hold xor\.3, .* nothing was collected"):
        collect.collect(pack, three(pack, tmp_path), "plain")
    assert not placed(pack) and not (pack.folder / collect.FILE).exists()


def test_all_that_was_handed_in_is_kept_under_whatever_name(pack: Pack, tmp_path: Path) -> None:
    good, better = kinds.file(right(pack)), kinds.file(right(pack)) + b"\n"
    for data in (good, better, better):
        files = {"ann/a/neuron.ipynb": data, "ann/b/neuron.ipynb": data + b" ", "bob.ipynb": good}
        collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    kept = {path.read_bytes() for path in (pack.folder / "collected" / "ann").iterdir()}
    assert kept == {good, better, good + b" ", better + b" "}
    assert len(list((pack.folder / "collected" / "ann").iterdir())) == 4


# --- which file counts


def solved(pack: Pack, *unsolved: str, comment: str = "") -> bytes:
    """Return a notebook in which all is answered but some; with a comment in one answer."""
    notebook, stubs = right(pack), variants.released(pack, "")["neuron.ipynb"]["cells"]
    for cell in notebook["cells"]:
        if content.about(cell)[0] in unsolved and content.about(cell)[1] in repair.ANSWERS:
            cell["source"] = next(c["source"] for c in stubs if content.about(c) == content.about(cell))
        elif content.about(cell) == ("neuron.4", "answer"):
            cell["source"] = comment + cell["source"]
    return kinds.file(notebook)


ALL = ("neuron.3", "neuron.4", "neuron.11")
COPIES = [
    "neuron-Copy1.ipynb",
    "neuron-checkpoint.ipynb",
    "Kopie von neuron.ipynb",
    "neuron (1).ipynb",
    "a-2.ipynb",
]


@pytest.mark.parametrize("platform", ["canvas", "plain"])
@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("worked_in", ["original", "copy"])
def test_the_notebook_with_the_answers_counts(
    worked_in: str, copy: str, platform: str, pack: Pack, tmp_path: Path
) -> None:
    untouched, worked = solved(pack, *ALL), solved(pack)
    names = ("neuron.ipynb", copy) if worked_in == "original" else (copy, "neuron.ipynb")
    before = "doe_1_90{}_" if platform == "canvas" else "1/"
    for order in (1, -1):
        pairs = list(enumerate(zip(names, (worked, untouched), strict=True)))[::order]
        files = {f"{before.format(n)}{name}": data for n, (name, data) in pairs}
        report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), platform)
        assert "np.exp" in answer(pack, "1")
        assert f"{names[1]} answers less than {names[0]} and is left out" in report.submissions[0].notes


def test_where_that_does_not_decide_the_grader_is_told_to_look(pack: Pack, tmp_path: Path) -> None:
    files = {
        "ann/neuron.ipynb": solved(pack, comment="# one\n"),
        "ann/neuron-Copy1.ipynb": solved(pack, comment="# other\n"),
        "bob/neuron.ipynb": solved(pack, "neuron.11"),
        "bob/neuron-Copy1.ipynb": solved(pack, "neuron.3", "neuron.4"),
        "cat/a/neuron.ipynb": solved(pack),
        "cat/b/neuron.ipynb": solved(pack),
    }
    report = collect.collect(pack, write_zip(tmp_path / "z.zip", files), "plain")
    ann, bob, cat = (submission.notes[0] for submission in report.submissions)
    assert answer(pack, "ann").startswith("# one")
    assert (
        ann == "LOOK: neuron-Copy1.ipynb is left out for neuron.ipynb, which answers as much, and otherwise"
    )
    assert bob == "LOOK: neuron-Copy1.ipynb is left out for neuron.ipynb, but it alone answers neuron.11"
    assert cat == "cat/b/neuron.ipynb answers the same as cat/a/neuron.ipynb and is left out"


# --- whose it is


def test_an_entry_belongs_to_the_id_that_the_platform_wrote(pack: Pack, tmp_path: Path) -> None:
    good = kinds.file(right(pack))
    evil = solved(pack, comment="# mallory's\n")
    files = {
        "victim_111_900_neuron.ipynb": good,
        "mallory_999_888_x\\victim_111_999_neuron-9.ipynb": evil,
        "mallory_999_889_y/victim_111_999_neuron-8.ipynb": evil,
        "mallory_999_887_victim_111_999_neuron-7.ipynb": evil,
    }
    collect.collect(pack, write_zip(tmp_path / "c.zip", files), "canvas")
    assert placed(pack) == ["111", "999"] and not answer(pack, "111").startswith("# mallory")
    files = {
        "Vic_1_assignsubmission_file_/neuron.ipynb": good,
        "Eve_2_assignsubmission_file_/Vic_1_assignsubmission_file_/neuron-9.ipynb": evil,
        "Eve_2_assignsubmission_file_x\\Vic_1_assignsubmission_file_neuron.ipynb": evil,
        "Vic_1_assignsubmission_file__2_assignsubmission_file_/neuron-9.ipynb": evil,  # so she has called herself
        "Eve_2_assignsubmission_file_x_1_assignsubmission_file_neuron-9.ipynb": evil,
    }
    report = collect.collect(pack, write_zip(tmp_path / "m.zip", files), "moodle")
    assert placed(pack) == ["1", "111", "2", "999"] and not answer(pack, "1").startswith("# mallory")
    assert sum("may be of two students" in problem for problem in report.problems) == 2


def test_moodle_without_folders(pack: Pack, tmp_path: Path) -> None:
    files = {
        "Jane Doe_101_assignsubmission_file_neuron.ipynb": kinds.file(right(pack)),
        "Teilnehmer 7_102_assignsubmission_file_my work_2.ipynb": kinds.file(right(pack)),
    }
    report = collect.collect(pack, write_zip(tmp_path / "m.zip", files), "moodle")
    assert not report.problems and placed(pack) == ["101", "102"]
    assert [s.name for s in report.submissions] == ["Jane Doe", "Teilnehmer 7"]
    assert collect.load(pack)["102"]["files"] == {"neuron": "my work_2.ipynb"}
    with pytest.raises(CourseError, match="named as Moodle names files"):
        collect.collect(pack, tmp_path / "m.zip", "plain")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp437"])
def test_a_name_whose_encoding_the_zip_does_not_say(encoding: str, pack: Pack, tmp_path: Path) -> None:
    for wanted in ("Müller", "José Nuñez", "Zoë"):
        raw = wanted.encode(encoding)
        stand_in = "q" * len(raw)
        data = zipped(
            {f"{stand_in}/neuron.ipynb": kinds.file(right(pack)), "bob.ipynb": kinds.file(right(pack))}
        )
        (tmp_path / "z.zip").write_bytes(data.replace(stand_in.encode() + b"/", raw + b"/"))
        report = collect.collect(pack, tmp_path / "z.zip", "plain")
        assert not report.problems and wanted in placed(pack)


@pytest.mark.parametrize("nested", [False, True])
def test_a_name_that_is_not_the_utf8_that_the_zip_says(nested: bool, pack: Pack, tmp_path: Path) -> None:
    good = kinds.file(right(pack))
    data = zipped({"ann/neuron.ipynb": good, "zoe/neuron.ipynb": good, "Mqller/neuron.ipynb": good})
    lying = data.replace(b"Mqller", b"M\xfcller")
    lying = patched(lying, (DIRECTORY, 8, b"\0\x08"))  # the first says it, and is
    at = lying.rindex(DIRECTORY)  # the last says it, and is not
    lying = lying[: at + 8] + b"\0\x08" + lying[at + 10 :]
    if nested:
        lying = zipped({"mia/all.zip": lying, "zoe/neuron.ipynb": good})
    (tmp_path / "z.zip").write_bytes(lying)
    report = collect.collect(pack, tmp_path / "z.zip", "plain")
    assert not report.problems and placed(pack) == (["mia", "zoe"] if nested else ["Müller", "ann", "zoe"])
    assert "np.exp" in answer(pack, placed(pack)[0])


def test_a_folder_with_names_that_are_no_utf8_with_links_and_with_the_systems_own(
    pack: Pack, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for name in (
        b"M\xfcller/neuron.ipynb",
        b"M\xfcller/n\xff.ipynb",
        b"ann/neuron.ipynb",
        b"ann/._neuron.ipynb",
    ):
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kinds.file(right(pack)) if b"._" not in name else b"\0\5\x16\7")
    (folder / "ann" / "xor.ipynb").symlink_to(tmp_path)
    report = collect.collect(pack, folder, "plain")
    assert placed(pack) == ["Müller", "ann"]
    assert report.problems == ["ann/xor.ipynb is a link and is not taken"]


@pytest.mark.parametrize("name", ["+1+1", "-2+3", "@SUM(1+1)", "=1", "＝1", "\t1", "\r1"])
def test_a_name_that_a_spreadsheet_would_calculate_is_refused(name: str, pack: Pack, tmp_path: Path) -> None:
    good = kinds.file(right(pack))
    source = write_zip(tmp_path / "z.zip", {f"{name}/neuron.ipynb": good, "bob/neuron.ipynb": good})
    report = collect.collect(pack, source, "plain")
    assert placed(pack) in (["bob"], sorted(["bob", name.strip()])) and name not in placed(pack)
    assert report.problems or name != name.strip()


def test_an_assignment_that_is_being_graded_is_graded_by_nobody_else(pack: Pack) -> None:
    content.write(right(pack), records.submitted(pack, "ann") / "neuron.ipynb")
    with storage.locked(pack.folder / records.FOLDER / "all"), pytest.raises(CourseError, match="already"):
        grade_pack(pack.folder, sandbox=False, progress=False)
