"""Python in the page: every cell of every chapter runs in the reader's browser, and the controls do what they say."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from book_files import NOTEBOOKS, ROOT
from browser_support import NEEDS_BROWSER, WIDE, complaints, serving, sync_api
from live import pyodide

pytestmark = NEEDS_BROWSER

COMPILED = ROOT.parent / "shared" / "wasm"
CDN = re.compile(r"https://cdn\.jsdelivr\.net/pyodide/v[\d.]+/full/(.+)")
# not on the package index for the browser, so not in the folder that is put together here
NOT_HERE = "safetensors"
# no cell runs or waits, and the one that follows has its picture (a widget draws it after the cell is done)
FOLLOWED = """() => window.live.cells.all.every(cell => !['running', 'waiting'].includes(cell.state))
  && document.querySelector("div.cell.tag_follows .live-output img[src^='data:']")"""
STATE = "i => window.live.cells.all[i].state"


@pytest.fixture(scope="session")
def folder() -> Path:
    """A Pyodide folder, put together once, with NumPy and matplotlib where their compiled wheels are at hand."""
    out = ROOT / "_build" / ("pyodide" if COMPILED.is_dir() else "pyodide-pure")
    pyodide.assemble(out, COMPILED)
    return out


@pytest.fixture(scope="session")
def python(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the book would serve under /pyodide/, made from the folder."""
    out = tmp_path_factory.mktemp("pyodide")
    pyodide.publish(out, pyodide.own_wheels(ROOT / "_build" / "wheels-tests"), folder)
    return out


@pytest.fixture(scope="session")
def home(site: Path, python: Path) -> Iterator[str]:
    with serving(site, pyodide=python) as address:
        yield address


needs_numpy = pytest.mark.skipif(
    not COMPILED.is_dir(), reason="no compiled wheels for the browser here: cells with NumPy were not run"
)


@pytest.fixture
def page(browser: "sync_api.Browser", request: pytest.FixtureRequest) -> Iterator["sync_api.Page"]:
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


@needs_numpy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [f"book/{path.stem}" for path in NOTEBOOKS])
def test_every_cell_of_a_chapter_runs_in_the_browser(page: "sync_api.Page", home: str, name: str) -> None:
    found = open_live(page, home, name)
    slow, failed, skipped = {}, {}, []
    for i in range(page.evaluate("window.live.cells.all.length")):
        state, seconds, text = page.evaluate(
            """async i => {
              const cell = window.live.cells.all[i];
              const began = performance.now();
              const state = await window.live.cells.runThese([cell]);
              const error = cell.element.querySelector('.live-error')?.textContent ?? '';
              return [state, (performance.now() - began) / 1000, error];
            }""",
            i,
        )
        if (state != "done" and NOT_HERE in text) or (skipped and "is not defined" in text):
            skipped.append(i + 1)
        elif state != "done":
            failed[i + 1] = text[-500:]
        if seconds > 5:
            slow[i + 1] = round(seconds, 1)
    if skipped:
        print(f"{name}: cells {skipped} need {NOT_HERE}, which the published Python has and this one has not")
    print(
        f"{name}: cells over 5 s: {slow}, start {page.evaluate('window.live.kernel.startTime') / 1000:.1f} s"
    )
    assert failed == {}
    assert found == []


@needs_numpy
def test_moving_a_slider_changes_the_picture(page: "sync_api.Page", home: str) -> None:
    found = open_live(page, home, "book/neuron")
    cell = page.locator("div.cell.tag_explorer").first
    cell.get_by_role("button", name="▶ Run").click()
    picture = cell.locator(".live-output img")
    picture.wait_for()
    before = picture.get_attribute("src")
    cell.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('div.cell.tag_explorer .live-output img').src !== before",
        arg=before,
    )
    assert found == []


@needs_numpy
def test_the_picture_follows_an_edited_cell(page: "sync_api.Page", home: str) -> None:
    """Run again unchanged, it is the same picture; edited, it is another."""
    found = open_live(page, home, "book/neuron")
    editable = page.locator("div.cell:has(+ div.cell.tag_follows)").first
    follower = page.locator("div.cell.tag_follows").first
    picture = follower.locator(".live-output img[src^='data:']")

    def drawn_after(act: Callable[[], None]) -> str:
        act()
        page.wait_for_function(FOLLOWED)
        source = picture.get_attribute("src")
        assert source
        return source

    press_run = editable.get_by_role("button", name="▶ Run").click
    first = drawn_after(press_run)
    assert drawn_after(press_run) == first
    editable.get_by_role("button", name="Edit").click()
    page.locator(".cm-content").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("def my_predict(X, weights, bias):\n    return 0.9 + 0 * X[:, 0]")
    assert drawn_after(lambda: page.keyboard.press("Shift+Enter")) != first
    editable.get_by_role("button", name="Undo my changes").click()
    assert "0.9" not in editable.locator(".cell_input").inner_text()
    assert found == []


def test_a_cell_that_raises_shows_its_traceback_and_the_next_still_runs(
    page: "sync_api.Page", home: str
) -> None:
    open_live(page, home, "book/intro")
    shown = run(page, "def share(pie, guests):\n    return pie / guests\n\nshare(1, 0)")
    assert "ZeroDivisionError" in shown and "share(1, 0)" in shown
    assert page.evaluate(STATE, 0) == "error"
    assert run(page, "print(6 * 7)") == "42"
    assert page.evaluate(STATE, 0) == "done"


def test_restart_forgets_and_stops_an_endless_loop(page: "sync_api.Page", home: str) -> None:
    open_live(page, home, "book/intro")
    assert run(page, "kept = 5\nprint(kept)") == "5"
    page.evaluate(
        """() => {
          const cell = window.live.cells.all[0];
          Object.defineProperty(cell, 'code', { value: 'while True: pass', configurable: true });
          window.live.cells.runThese([cell]);
        }"""
    )
    page.wait_for_function("window.live.cells.all[0].state === 'running'")
    page.get_by_role("button", name="↻ Restart").click()
    assert "knows nothing" in page.locator(".live-status").inner_text()
    assert "NameError" in run(page, "print(kept)")


def test_a_loop_that_prints_does_not_freeze_the_page(page: "sync_api.Page", home: str) -> None:
    open_live(page, home, "book/intro")
    shown = run(page, "for i in range(60_000): print('line', i)")
    assert shown.startswith("line 0") and shown.endswith("the rest is not shown")
    assert len(shown) < 200_000


def test_without_its_files_python_says_so_and_the_page_still_reads(
    page: "sync_api.Page", site: Path, tmp_path: Path
) -> None:
    with serving(site, pyodide=tmp_path) as address:  # an empty folder
        page.goto(f"{address}/book/neuron.html")
        before = page.locator("article").inner_text()
        page.get_by_role("button", name="▶ Run all").click()
        page.wait_for_function("window.live.kernel.state === 'failed'")
        status = page.locator(".live-status").inner_text()
        assert "Python could not start" in status and "Press ▶ to try again" in status
        assert page.locator("div.cell img").first.is_visible()
        assert page.locator("article").inner_text().replace(status, "")[:2000] == before[:2000]


def test_a_failed_start_can_be_tried_again(page: "sync_api.Page", home: str) -> None:
    page.goto(f"{home}/book/intro.html")
    page.route("**/pyodide.mjs", lambda route: route.abort())
    page.get_by_role("button", name="▶ Run all").click()
    page.wait_for_function("window.live.kernel.state === 'failed'")
    page.unroute("**/pyodide.mjs")
    assert run(page, "print('there')") == "there"


def test_opened_from_disk_the_button_says_what_it_needs(page: "sync_api.Page", site: Path) -> None:
    page.goto((site / "book" / "neuron.html").as_uri())
    page.get_by_role("button", name="▶ Run").first.click()
    page.wait_for_function("window.live.kernel.state === 'failed'")
    assert "make serve" in page.locator(".live-status").inner_text()


@needs_numpy
def test_the_published_configuration_asks_its_one_host_and_only_after_a_press(
    page: "sync_api.Page", site: Path, folder: Path
) -> None:
    """The site as `make book` makes it; what it asks of the pinned release is answered from the local folder."""
    names = {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}
    asked: list[str] = []

    def answer(route: "sync_api.Route") -> None:
        file = CDN.fullmatch(route.request.url)
        assert file, route.request.url
        asked.append(file[1])
        wheel = names.get(file[1].split("-")[0])
        if wheel is None:
            route.abort()
        else:
            route.fulfill(body=wheel.read_bytes(), headers={"access-control-allow-origin": "*"})

    def with_local_digests(route: "sync_api.Route") -> None:
        lock = json.loads((site / "pyodide" / pyodide.LOCK).read_text(encoding="utf-8"))
        local = json.loads((folder / pyodide.LOCK).read_text(encoding="utf-8"))["packages"]
        for name in [name for name in lock["packages"] if name == NOT_HERE]:
            del lock["packages"][name]
        for name, entry in lock["packages"].items():
            entry["depends"] = [other for other in entry["depends"] if other != NOT_HERE]
            if CDN.fullmatch(entry["file_name"]):
                entry["sha256"] = local[name]["sha256"]
        route.fulfill(json=lock)

    with serving(site) as address:
        page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), answer)
        page.route(f"**/{pyodide.LOCK}", with_local_digests)
        page.goto(f"{address}/book/neuron.html")
        page.wait_for_load_state("networkidle")
        assert asked == []
        assert run(
            page, "import numpy as np\nfrom mininet.neuron import Neuron\nprint(np.ones(2), Neuron([0, 0]))"
        )
    assert any(name.startswith("numpy-") for name in asked)


def test_a_wheel_that_was_tampered_with_is_refused(page: "sync_api.Page", site: Path, python: Path) -> None:
    with serving(site, pyodide=python) as address:
        page.route("**/mininet_course-*.whl", lambda route: route.fulfill(body=b"PK not what was built"))
        page.goto(f"{address}/book/intro.html")
        shown = run(page, "import mininet")
    assert page.evaluate(STATE, 0) == "error", shown
