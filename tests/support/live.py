"""What the tests of Python in the page share: pages with a live kernel, and cells that run given code."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.browser import WIDE, complaints, sync_api
from tests.support.files import ROOT

COMPILED = ROOT.parent / "shared" / "wasm"
# not on the package index for the browser, so not in the folder that is put together here
NOT_HERE = "safetensors"
STATE = "i => window.live.cells.all[i].state"
needs_numpy = pytest.mark.skipif(
    not COMPILED.is_dir(), reason="no compiled wheels for the browser here: cells with NumPy were not run"
)


@contextmanager
def live_page(browser: "sync_api.Browser") -> Iterator["sync_api.Page"]:
    """Yield a page in a context of its own, with the patience that Python in a browser needs."""
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(240_000)
    yield page
    context.close()


def open_live(page: "sync_api.Page", home: str, name: str) -> list[str]:
    found = complaints(page, home)
    page.goto(f"{home}/{name}.html")
    page.wait_for_function("window.live")
    return found


def run(page: "sync_api.Page", code: str) -> str:
    """Run code in place of the page's first cell; return what the cell shows."""
    page.evaluate(
        """async code => {
          const cell = window.live.cells.all[0];
          Object.defineProperty(cell, 'code', { value: code, configurable: true });
          await window.live.cells.runThese([cell]);
        }""",
        code,
    )
    return page.locator("div.cell").first.locator(".cell_output").inner_text().strip()
