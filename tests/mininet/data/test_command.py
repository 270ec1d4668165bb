"""`python -m mininet.data`, and what importing the package costs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mininet.data.__main__ import main
from tests.support.mirrors import Mirrors, serving, small_files, source_of, write_files

FILES = small_files()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture
def source(mirrors: Mirrors, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """The small dataset as the only one that the command knows."""
    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    monkeypatch.setattr("mininet.data.__main__.SOURCES", {"small": source})
    return source


def test_the_table_lists_what_is_here_and_what_is_not(tmp_path: Path) -> None:
    # an empty home and an empty cache folder, whatever the platform calls them
    nowhere = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    # and a terminal without a ×
    result = run("-m", "mininet.data", MININET_DATA=str(tmp_path), PYTHONIOENCODING="ascii", **nowhere)
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["name", "where", "images", "size"],
        ["mnist", "not", "here"],
        ["fashion-mnist", "not", "here"],
        ["digits", "embedded", "in", "mininet", "1,797", "8?8"],
    ]


def test_a_dataset_that_is_not_to_be_had_is_no_traceback(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MININET_OFFLINE", "1")
    assert main(["fetch", "mnist"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("MNIST is not on this machine")
    assert "$MININET_DATA: not set" in shown.err


def test_help_says_what_there_is_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(
        word in shown for word in ("python -m mininet.data", "fetch", "MININET_DATA", "MININET_OFFLINE")
    )
    with pytest.raises(SystemExit, match="2"):
        main(["fetch", "mnits"])
    assert "choose from" in capsys.readouterr().err


def test_fetch_downloads_once_and_then_says_where_it_is(
    source, mirrors: Mirrors, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    assert "not here" in capsys.readouterr().out
    assert main(["fetch", "small"]) == 0
    assert capsys.readouterr().out == (
        f"Small-MNIST: 20 training and 8 test images of 28×28, downloaded from {source.mirrors[0]}\n"
    )
    assert main(["fetch", "small"]) == 0
    assert capsys.readouterr().out.endswith(", from the cache\n")
    assert len(mirrors.requests) == 4
    assert main([]) == 0
    assert "small          from the cache              28  28×28\n" in capsys.readouterr().out


def test_fetch_fails_where_nothing_can_be_kept(
    source, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="could not be kept"):
        assert main(["fetch", "small"]) == 1
    assert capsys.readouterr().err.endswith("small could not be kept in the cache.\n")


def test_a_damaged_file_is_in_the_table_and_its_error_below(
    source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, {file: content[:-1] for file, content in FILES.items()})
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    assert main([]) == 1
    shown = capsys.readouterr()
    assert "small          damaged\n" in shown.out
    assert "ends too early, 1 of 15,680 bytes" in shown.err
    assert main(["fetch", "small"]) == 1


def test_a_file_that_cannot_be_read_is_no_traceback(
    source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied", "a file")

    write_files(tmp_path, FILES)
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert main(["fetch", "small"]) == 1
    assert "Permission denied: 'a file'" in capsys.readouterr().err


def test_ctrl_c_is_no_traceback(
    source, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mininet.data.__main__.load", interrupt)
    assert main(["fetch", "small"]) == 130
    assert capsys.readouterr().err.startswith("Interrupted")


def test_importing_the_package_imports_numpy_alone() -> None:
    script = (
        "import sys, numpy.random; before = set(sys.modules); import mininet.data\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'numpy'}))"
    )
    result = run("-c", script)
    assert (result.stdout, result.stderr) == ("['mininet']\n", "")
