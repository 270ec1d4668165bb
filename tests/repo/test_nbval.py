"""The gate that runs the notebooks again: it fails on planted wrong outputs and says what it skipped."""

import os
import re
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.support.files import ROOT
from tools.notebooks import write

pytestmark = pytest.mark.slow

CHECK = {"exercise": {"role": "check", "name": "neuron.1"}}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What nbval says, as `make test` calls it, of planted notebooks on a machine without MNIST: one run for all."""
    folder = tmp_path_factory.mktemp("notebooks")

    def plant(name: str, stored: str, **metadata: object) -> None:
        """Write a notebook that prints 97.6 and whose stored output is another."""
        outputs = [new_output("stream", name="stdout", text=f"{stored}\n")]
        cell = new_code_cell("print(97.6)", outputs=outputs, metadata=metadata, execution_count=1)
        (folder / name).parent.mkdir(exist_ok=True)
        write(new_notebook(cells=[cell]), folder / name)

    plant("right.ipynb", "97.6", tags=["nbval-check-output"])
    plant("wrong.ipynb", "98.6", tags=["nbval-check-output"])
    plant("mnist.ipynb", "98.6", tags=["nbval-check-output", "needs-mnist"])
    plant("exercises/solved.ipynb", "97.6", **CHECK)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-rA", "--color=no"]
    command += ["--rootdir", str(ROOT), "--confcutdir", str(ROOT), "-p", "conftest", str(folder)]
    nowhere = {"MININET_DATA": str(folder), "XDG_CACHE_HOME": str(folder), "MININET_OFFLINE": "1"}
    settings = os.environ | nowhere | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    assert "2 failed, 2 passed" in done.stdout
    return done.stdout


def failure(report: str, printed: str) -> str:
    """Return what is said of the failed cells in which these words stand."""
    parts = re.split(r"(?m)^_{5,} .*$", report.split("= FAILURES =")[1].split("short test summary")[0])
    return "\n".join(part for part in parts if printed in part)


def test_planted_wrong_output_fails_and_the_right_one_passes(report: str) -> None:
    # of the pages with a tag only the wrong one: the summary counts two failures, the other is the exercise's
    assert "98.6" in failure(report, "mismatch") and "97.6" in failure(report, "mismatch")


def test_without_mnist_its_outputs_are_not_compared_and_counted(report: str) -> None:
    assert "mnist.ipynb: 1 outputs not compared" in report


def test_an_exercise_that_is_solved_before_anybody_began_fails(report: str) -> None:
    assert "97.6" in failure(report, "an untouched exercise says")
