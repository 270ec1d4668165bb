"""The built book in a real browser, headless: no error, nothing remote, no sideways scroll, formulas drawn."""

import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from book_files import BOOK, ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]

CHAPTERS = [f"book/{p.stem}" for p in sorted(BOOK.iterdir()) if p.suffix in (".md", ".ipynb")]
CHAPTERS += [f"solutions/{p.stem}" for p in sorted((ROOT / "solutions").glob("*.ipynb"))]
PAGES = [*CHAPTERS, "search", "genindex"]
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
    """Serves a folder without writing a line for each request."""

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


def serve(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    yield from serve(site)


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


def open_page(browser: "sync_api.Browser", home: str, name: str, viewport: dict, scheme: str) -> tuple:
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound(
    browser: "sync_api.Browser", address: str, name: str, viewport: dict, scheme: str
) -> None:
    page, found = open_page(browser, address, name, viewport, scheme)
    assert found == []
    assert sideways(page) <= 0
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)")
    assert broken == []
    page.context.close()


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_are_drawn(browser: "sync_api.Browser", address: str, name: str) -> None:
    page, _ = open_page(browser, address, name, WIDE, "light")
    wanted = page.locator(".math").count()
    if wanted:
        page.wait_for_selector("mjx-container svg", state="attached")
    assert page.locator("mjx-container").count() == wanted
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    page.context.close()


def test_the_book_works_from_disk_search_included(browser: "sync_api.Browser", site: Path) -> None:
    home = site.as_uri()
    page, found = open_page(browser, home, "book/xor", WIDE, "light")
    page.wait_for_selector("mjx-container svg", state="attached")
    assert found == []
    page.goto(f"{home}/search.html?q=perceptron")
    page.wait_for_selector("ul.search li a")
    assert "neuron" in page.locator("ul.search").inner_text().lower()
    # the results lack their excerpts: browsers let no page opened from disk read another
    assert not [complaint for complaint in found if "another host" in complaint]
    page.context.close()


FAULTS = {
    "page error": "<script>throw new Error('planted')</script>",
    "404": "<img src='gone.png'>",
    "another host": "<script src='http://127.0.0.2:9/x.js'></script>",
    "console": "<script>console.error('planted')</script>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_noticed(browser: "sync_api.Browser", tmp_path: Path, fault: str) -> None:
    (tmp_path / "page.html").write_text(f"<!doctype html><link rel=icon href=data:,><p>x</p>{FAULTS[fault]}")
    for home in serve(tmp_path):
        page, found = open_page(browser, home, "page", WIDE, "light")
        assert any(fault in complaint for complaint in found), found
        page.context.close()


def test_planted_wide_table_is_noticed(browser: "sync_api.Browser", tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<!doctype html><body style='margin: 0'><p style='width: 600px'>wide</p>"
    )
    page, _ = open_page(browser, tmp_path.as_uri(), "page", PHONE, "light")
    assert sideways(page) == 210
    page.context.close()
