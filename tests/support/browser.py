"""A headless browser for the tests of pages: Debian's Chromium, servers on loopback, and an ear for what goes wrong."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.files import ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Chromium would otherwise look for updates and accounts of its own
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a line for each request; other folders may take the place of its own."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *args: object, instead: Mapping[str, Path], **options: object) -> None:
        self.instead = instead
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        for name, folder in self.instead.items():
            if path.startswith(f"/{name}/"):
                here, self.directory = self.directory, str(folder)
                try:
                    return super().translate_path(path.removeprefix(f"/{name}"))
                finally:
                    self.directory = here
        return super().translate_path(path)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving(folder: Path, **instead: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield its address. ``name=other`` serves another folder under /name/."""
    handler = partial(Quiet, directory=str(folder), instead=instead)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def complaints(page: "sync_api.Page", home: str) -> list[str]:
    """Return a list that fills with whatever goes wrong in a page."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"page error: {error}"))
    page.on("console", lambda m: found.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("requestfailed", lambda request: found.append(f"failed: {request.url}"))
    page.on("response", lambda r: found.append(f"{r.status}: {r.url}") if r.status >= 400 else None)

    def leaves(request: "sync_api.Request") -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            found.append(f"request to another host: {request.url}")

    page.on("request", leaves)
    return found


def open_page(
    browser: "sync_api.Browser", home: str, name: str, viewport: Mapping[str, int], scheme: str
) -> "tuple[sync_api.Page, list[str]]":
    """Return a page of the book in a context of its own, once it is quiet, and the list of what goes wrong in it."""
    context = browser.new_context(viewport=dict(viewport), color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found = complaints(page, home)
    page.goto(f"{home}/{name}.html")
    page.wait_for_load_state("networkidle")
    return page, found


def sideways(page: "sync_api.Page") -> int:
    """Return by how many pixels the page is wider than the window."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert isinstance(width, int)
    return width


def barriers(page: "sync_api.Page", part: str = "html", rules: list[str] | None = None) -> list[str]:
    """Return what axe-core finds serious or critical, by all rules or by these, in the page or in a part of it."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    # what a page loads has been loaded: axe would fetch styles once more, and cannot from disk
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": rules} if rules else {})
    found = page.evaluate("([part, options]) => axe.run(part, options)", [part, options])
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
