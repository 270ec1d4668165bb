"""The gate that runs the chapters again: it fails on a planted wrong output and says what it skipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.support.files import ROOT
from tools.notebooks import write

pytestmark = pytest.mark.slow


def run_nbval(
    folder: Path, printed: str, tags: list[str], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run nbval as `make test` does on a notebook that prints 97.6 and whose stored output is ``printed``."""
    output = new_output("stream", name="stdout", text=f"{printed}\n")
    cell = new_code_cell("print(97.6)", outputs=[output], metadata={"tags": tags}, execution_count=1)
    write(new_notebook(cells=[cell]), folder / "page.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(ROOT),
    ]
    command += ["--confcutdir", str(ROOT), "-p", "conftest", str(folder / "page.ipynb")]
    settings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True)


def test_right_output_passes(tmp_path: Path) -> None:
    result = run_nbval(tmp_path, "97.6", ["nbval-check-output"])
    assert result.returncode == 0, result.stdout


def test_planted_wrong_output_fails(tmp_path: Path) -> None:
    result = run_nbval(tmp_path, "98.6", ["nbval-check-output"])
    assert result.returncode == 1, result.stdout
    assert "98.6" in result.stdout


def test_without_mnist_its_outputs_are_not_compared_and_counted(tmp_path: Path) -> None:
    nowhere = {"MININET_DATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "MININET_OFFLINE": "1"}
    tags = ["nbval-check-output", "needs-mnist"]
    result = run_nbval(tmp_path, "98.6", tags, **nowhere)
    assert result.returncode == 0, result.stdout
    assert "page.ipynb: 1 outputs not compared" in result.stdout


def test_without_mnist_all_other_outputs_are_still_compared(tmp_path: Path) -> None:
    nowhere = {"MININET_DATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "MININET_OFFLINE": "1"}
    assert run_nbval(tmp_path, "98.6", ["nbval-check-output"], **nowhere).returncode == 1
