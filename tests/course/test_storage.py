"""Nothing that is kept is lost: two writers, a full disk, damage, newer versions."""

import errno
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mininet_course as course
from mininet_course import check, hint, progress, record, storage
from tests.support.files import ROOT

NOTES = """
import os, sys
from mininet_course import record
while not os.path.exists(sys.argv[2]):
    pass
for number in range(60):
    record.note(f"{sys.argv[1]}.{number}", outcome="pass")
"""


def test_three_processes_that_write_at_once_lose_nothing(tmp_path: Path, progress_file: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MININET_PROGRESS": str(progress_file)}
    command = [sys.executable, "-c", NOTES]
    go = tmp_path / "go"
    processes = [subprocess.Popen([*command, name, str(go)], env=environment) for name in ("a", "b", "c")]
    time.sleep(1)  # they import
    go.touch()
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(record.load()) == 180
    assert [path.name for path in progress_file.parent.iterdir()] == [progress_file.name]


def hold(file: Path, held: "multiprocessing.synchronize.Event") -> None:
    with storage.locked(file):
        held.set()
        held.wait(60)  # until it is killed
        multiprocessing.Event().wait(60)


def test_a_lock_is_waited_for_so_long_and_that_of_a_killed_process_is_none(
    tmp_path: Path, progress_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(progress_file, held))
    process.start()
    assert held.wait(30)
    monkeypatch.setattr(record, "SECONDS", 0.1)
    check("neuron.2", "B")
    assert "could not be kept" in (said := capsys.readouterr().out) and "PASS" in said
    with pytest.raises(TimeoutError), storage.locked(progress_file, 0):
        pass
    process.kill()
    process.join()
    check("neuron.2", "B")
    assert record.load()["neuron.2"]["outcome"] == "pass"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EIO])
def test_where_there_are_no_locks_one_goes_on_without(
    number: int, progress_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(file: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(storage, "_try_lock", none)
    check("neuron.2", "B")
    said = capsys.readouterr().out
    assert ("could not be kept" in said) == (number == errno.EIO) and progress_file.exists() == (
        number != errno.EIO
    )


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_draft(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "kept.json"
    storage.write(file, "old")
    monkeypatch.setattr(*((os, "fsync") if fails == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space left") as problem:
        storage.write(file, "new")
    assert problem.value.filename == str(file)
    assert file.read_text() == "old" and [path.name for path in tmp_path.iterdir()] == ["kept.json"]


def test_an_interrupt_half_way_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(number: int) -> None:
        raise KeyboardInterrupt

    storage.write(tmp_path / "kept", "old")
    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        storage.write(tmp_path / "kept", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"kept": "old"}


def test_a_link_stays_a_link_and_a_file_keeps_its_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, link = tmp_path / "there" / "kept", tmp_path / "link"
    storage.write(file, "old")
    file.chmod(0o640)
    link.symlink_to(file)
    storage.write(link, "new \ud800")  # and half a character is no reason to lose the rest
    assert link.is_symlink() and file.read_text() == "new ?" and file.stat().st_mode & 0o777 == 0o640
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError):
        storage.write(file, "newer")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[" * 100_000, b'{"a": Infinity}', b"[NaN]", b"\xff\xfe\x00", b"\x80"]
)
def test_what_is_no_json_is_damaged(data: bytes) -> None:
    with pytest.raises(storage.Damaged):
        storage.parse_json(data)


@pytest.mark.parametrize(
    "damage",
    [
        '{"neuron.2": {"outcome": "pass", "hints": Infinity}}',
        '{"neuron.2": {"outcome": "pass", "hints": -1}}',
        '{"neuron.2": {"outcome": "pass", "hints": 1.5}}',
        '{"neuron.2": {"outcome": ["pass"], "hints": 0}}',
        '{"neuron.2": null}',
        "[" * 100_000,
        "null",
        '"words"',
    ],
)
def test_damaged_progress_is_named_and_left(
    damage: str, progress_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress_file.parent.mkdir()
    progress_file.write_text(damage)
    check("neuron.2", "B")
    hint("neuron.2")
    assert capsys.readouterr().out.count("is damaged. It was left as it is") == 2
    with pytest.raises(record.RecordProblem, match=r"progress\.json is damaged"):
        progress()
    assert progress_file.read_text() == damage


def test_what_a_newer_version_has_noted_is_kept_and_shown(
    progress_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = {
        "version": 2,
        "neuron.1": {"outcome": "pass", "hints": 1, "seconds": [3, 4]},
        "neuron.2": {"outcome": "pass with distinction", "hints": 0},
        "neuron.9": {"outcome": "not yet"},
        "quantum.1": {"outcome": "pass", "hints": 0, "by": "ann"},
    }
    progress_file.parent.mkdir()
    progress_file.write_text(json.dumps(newer))
    check("neuron.2", "A")
    hint("neuron.1")
    check("neuron.9", "B")
    kept = json.loads(progress_file.read_text())
    newer["neuron.1"]["hints"] = 2  # type: ignore[index]
    newer["neuron.9"]["outcome"] = kept["neuron.9"]["outcome"]  # type: ignore[index]
    assert kept == newer
    progress()
    assert any(
        "neuron.2" in line and "pass with distinction" in line
        for line in capsys.readouterr().out.splitlines()
    )
    assert course.STATES.keys() == set(record.OUTCOMES)
