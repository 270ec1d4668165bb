"""The page's own scripts: their tests in node and their types, both of which must be able to fail, and bundles."""

import shutil
import subprocess
from pathlib import Path

import pytest

from live.demos import DEMOS
from tests.support.demos import NODE, needs_node
from tests.support.files import ROOT

TSC = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
TESTS = sorted(Path(__file__).parent.glob("*.test.js"))


def node_test(*files: Path) -> "subprocess.CompletedProcess[str]":
    assert NODE
    return subprocess.run(
        [NODE, "--test", *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@needs_node
def test_the_tests_of_the_scripts_pass() -> None:
    done = node_test(*TESTS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "# fail 0" in done.stdout.replace("ℹ", "#")


@needs_node
def test_a_planted_fault_fails_them(tmp_path: Path) -> None:
    source = (ROOT / "live" / "js" / "page" / "store.js").read_text(encoding="utf-8")
    (tmp_path / "live/js/page").mkdir(parents=True)
    (tmp_path / "live/js/page/store.js").write_text(
        source.replace("startsWith(`${chapter}.`)", "includes('.')"), encoding="utf-8"
    )
    notebook = ROOT / "live" / "js" / "page" / "notebook.js"
    (tmp_path / "live/js/page/notebook.js").write_bytes(notebook.read_bytes())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tests/pages/js").mkdir(parents=True)
    test = tmp_path / "tests/pages/js/store.test.js"
    test.write_bytes(Path(__file__).with_name("store.test.js").read_bytes())
    assert node_test(test).returncode != 0


# in messages between the page and the worker, on both sides and both ways
FAULTS = {
    "worker/kernel.js": (
        "this.#post({ type: 'done', id, status: 'ok' })",
        "this.#post({ type: 'done', id })",
    ),
    "worker/index.js": ("kernel.run(message.id, message.code)", "kernel.run(message.id, message.source)"),
    "page/python.js": ("this.#post({ type: 'run', id, code })", "this.#post({ type: 'run', id, code: 1 })"),
    "page/outputs.js": ("this.#clear(content.wait)", "this.#clear(content.text)"),
}


@pytest.mark.slow
@needs_node
@pytest.mark.skipif(not TSC.is_file(), reason="tsc is missing: run npm ci")
def test_a_planted_fault_in_a_message_is_a_type_error(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "live" / "js", tmp_path / "live" / "js")
    shutil.copy(ROOT / "tsconfig.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for name, (right, wrong) in FAULTS.items():
        script = tmp_path / "live" / "js" / name
        source = script.read_text(encoding="utf-8")
        assert source.count(right) == 1, f"{name} has changed: “{right}” is not in it once"
        script.write_text(source.replace(right, wrong), encoding="utf-8")
    done = subprocess.run(
        [str(NODE), TSC, "--noEmit", "--pretty", "false"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    found = [line.split("(")[0] for line in done.stdout.splitlines() if ": error TS" in line]
    assert sorted(found) == sorted(f"live/js/{name}" for name in FAULTS), done.stdout


def test_every_script_is_bundled_as_a_classic_script() -> None:
    scripts = ["live", "editor", "widgets", *(f"demos/{name}" for name in DEMOS)]
    for name in scripts:
        text = (ROOT / "live" / "static" / f"{name}.js").read_text(encoding="utf-8")
        assert not text.lstrip().startswith(("import ", "export ")), name
        assert len(text) > 1000, name
