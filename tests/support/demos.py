"""Demos under test: their arithmetic run by node, and a bare page that holds one of them."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live.arrays import write_script
from tests.support.browser import NEEDS_BROWSER, WIDE, complaints
from tests.support.files import BOOK, ROOT

DEMOS = ROOT / "live" / "js" / "demos"
CSS = ROOT / "live" / "css" / "demos.css"
# npm and node come with the environment; a system's own serve as well
NODE = shutil.which("node", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
ESBUILD = ROOT / "node_modules" / ".bin" / "esbuild"

CASES = 60  # of a demo's arithmetic, compared with mininet's
TOLERANCE = {"rtol": 0, "atol": 1e-5}
CALM = {"reduced_motion": "reduce"}

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
needs_esbuild = pytest.mark.skipif(
    NODE is None or not ESBUILD.exists(), reason="the demos cannot be bundled: run npm ci"
)


def in_page(test: Any) -> Any:
    """Mark a test that shows a demo in a browser."""
    for mark in [*NEEDS_BROWSER, needs_esbuild]:
        test = mark(test)
    return test


def in_node(module: Path, expression: str, argument: Any) -> Any:
    """Return what a JavaScript expression gives, with the module's exports as ``m`` and ``argument`` as ``a``."""
    code = (
        "const [path, a] = JSON.parse(await new Response(process.stdin).text());"
        f"const m = await import(path); console.log(JSON.stringify({expression}));"
    )
    assert NODE is not None
    run = subprocess.run(
        [NODE, "--input-type=module", "-e", code],
        input=json.dumps([module.as_uri(), argument]),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def spoiled(folder: Path, name: str, right: str, wrong: str) -> Path:
    """Return a copy of a demo in which ``right`` was replaced by ``wrong``: a test must notice it."""
    shutil.copytree(DEMOS, folder / "demos")
    (folder / "package.json").write_text('{"type": "module"}')
    module = folder / "demos" / f"{name}.js"
    source = module.read_text(encoding="utf-8")
    assert right in source, f"{name}.js has changed: “{right}” is not in it"
    module.write_text(source.replace(right, wrong), encoding="utf-8")
    return module


@functools.cache
def bundled(name: str) -> bytes:
    """Return a demo's script as the book has it, with all that it imports."""
    command = [ESBUILD, DEMOS / f"{name}.js", "--bundle", "--format=iife"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def page_with(folder: Path, name: str, theme: str = "light") -> str:
    """Write a page with nothing but the demo, bundled as in the book, and return its address on disk."""
    (folder / "demo.js").write_bytes(bundled(name))
    shutil.copy(CSS, folder / "demos.css")
    if name == "mnist":
        write_script(BOOK / "weights" / "mnist.npz", folder / "mnist-weights.js")
    page = folder / f"{name}.html"
    page.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="demos.css"><script defer src="demo.js"></script>'
        # as the theme's page: boxes, and a column of this width
        "<style>body { font-family: sans-serif; margin: 1rem auto; max-width: 780px; padding: 0 1rem }"
        "html[data-theme=dark] { background: #14181e; color: #fff } * { box-sizing: border-box }</style>"
        f'<main><h1>{name}</h1><figure class="demo" data-demo="{name}" id="demo-{name}">'
        "<figcaption><p>What to do.</p></figcaption></figure></main>",
        encoding="utf-8",
    )
    return page.as_uri()


def open_demo(
    browser: Any, folder: Path, name: str, fragment: str = "", theme: str = "light", **context: Any
) -> tuple[Any, list[str]]:
    """Return a page with only the demo, in a context of its own, and the list of what goes wrong in it.

    ``fragment`` is what follows ``#demo-name:`` in the address; ``context`` goes to Playwright's new_context.
    """
    page = browser.new_context(**{"viewport": WIDE} | context).new_page()
    found = complaints(page, folder.as_uri())
    page.goto(page_with(folder, name, theme) + (fragment and f"#demo-{name}:{fragment}"))
    page.wait_for_selector(".demo-ready")
    return page, found


def number(page: Any, name: str) -> float:
    """Return the number that the demo shows under this name."""
    shown = page.locator(".demo-numbers > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")
    return float(shown.inner_text().split()[0].replace("−", "-").replace(",", ""))


def middle(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def differences(module: Path, expression: str, cases: list[Any], expected: list[Any]) -> list[int]:
    """Return the numbers of the cases in which JavaScript and mininet are further apart than 1e-5."""
    answers = in_node(module, f"a.map((c) => {expression})", cases)
    assert len(answers) == len(expected) == CASES
    return [
        i
        for i, (ours, theirs) in enumerate(zip(answers, expected, strict=True))
        if not all(np.allclose(ours[key], theirs[key], **TOLERANCE) for key in theirs)
    ]
