"""The page's own scripts: their tests in node, which must be able to fail, and a bundle of every one."""

import subprocess
from pathlib import Path

from live.demos import DEMOS
from tests.support.demos import NODE, needs_node
from tests.support.files import ROOT

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


def test_every_script_is_bundled_as_a_classic_script() -> None:
    scripts = ["live", "editor", "widgets", *(f"demos/{name}" for name in DEMOS)]
    for name in scripts:
        text = (ROOT / "live" / "static" / f"{name}.js").read_text(encoding="utf-8")
        assert not text.lstrip().startswith(("import ", "export ")), name
        assert len(text) > 1000, name
