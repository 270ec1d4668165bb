"""Python in the page: errors, restarts, failed starts, and where its files come from."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import pyodide
from mininet_course.checks import CHAPTERS
from tests.support.browser import NEEDS_BROWSER, serving, sync_api
from tests.support.live import NOT_HERE, STATE, live_page, needs_numpy, open_live, run

pytestmark = NEEDS_BROWSER

CDN = re.compile(r"https://cdn\.jsdelivr\.net/pyodide/v[\d.]+/full/(.+)")


# every answer that the course knows, judged in the page as the exercises' own tests judge it
JUDGE_ALL = """
from mininet_course.engine import Outcome, judge
from mininet_course.exercise import Judged, as_tuple
from mininet_course.checks import CHAPTERS

judged = 0
for exercise in CHAPTERS[{chapter!r}]:
    if isinstance(exercise, Judged):
        answers = [(right, None) for right in [exercise.reference, *exercise.right]]
        for answer, mistake in answers + [(m.answer, m) for m in exercise.mistakes]:
            verdict, judged = judge(exercise, as_tuple(answer), 1), judged + 1
            if verdict.mistake is not mistake or (verdict.outcome is Outcome.PASS) != (mistake is None):
                print(exercise.name, mistake and mistake.name, verdict)
print(judged, "judged")
"""


@pytest.fixture(scope="module")
def intro(browser: "sync_api.Browser", home: str) -> Iterator["sync_api.Page"]:
    """A page with one Python for all tests that need no Python of their own: a start takes longer than they do."""
    with live_page(browser) as page:
        open_live(page, home, "book/intro")
        yield page


@needs_numpy
@pytest.mark.timeout(900)
def test_the_pages_python_judges_every_known_answer_as_this_one(intro: "sync_api.Page") -> None:
    """WebAssembly computes a little differently; for one, NumPy does not notice an overflow there."""
    for chapter in CHAPTERS:
        shown = run(intro, JUDGE_ALL.format(chapter=chapter)).splitlines()
        assert len(shown) == 1 and shown[0].endswith("judged"), "\n".join(shown)
        assert int(shown[0].split()[0]) > 30


def test_errors_floods_and_endless_loops_end_and_the_next_cell_runs(intro: "sync_api.Page") -> None:
    page = intro
    shown = run(page, "def share(pie, guests):\n    return pie / guests\n\nshare(1, 0)")
    assert "ZeroDivisionError" in shown and "share(1, 0)" in shown
    assert page.evaluate(STATE, 0) == "error"
    assert run(page, "kept = 6 * 7\nprint(kept)") == "42"
    assert page.evaluate(STATE, 0) == "done"

    shown = run(page, "for i in range(60_000): print('line', i)")
    assert shown.startswith("line 0") and shown.endswith("the rest is not shown")
    assert len(shown) < 200_000

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


def test_a_failed_or_stopped_start_can_be_tried_again_and_a_wheel_that_was_tampered_with_is_refused(
    page: "sync_api.Page", home: str
) -> None:
    page.goto(f"{home}/book/intro.html")
    page.route("**/pyodide.mjs", lambda route: route.abort())
    page.get_by_role("button", name="▶ Run all").click()
    page.wait_for_function("window.live.kernel.state === 'failed'")
    page.unroute("**/pyodide.mjs")

    page.get_by_role("button", name="▶ Run").first.click()
    page.wait_for_function("window.live.kernel.state === 'starting' && window.live.kernel.bytes")
    page.get_by_role("button", name="↻ Restart").click()  # while Python is still starting
    assert page.evaluate(STATE, 0) == ""
    page.route("**/mininet_course-*.whl", lambda route: route.fulfill(body=b"PK not what was built"))
    assert run(page, "print('there')") == "there"
    shown = run(page, "import mininet")
    assert page.evaluate(STATE, 0) == "error", shown


def test_opened_from_disk_the_button_says_what_it_needs(page: "sync_api.Page", site: Path) -> None:
    page.goto((site / "book" / "neuron.html").as_uri())
    page.get_by_role("button", name="▶ Run").first.click()
    page.wait_for_function("window.live.kernel.state === 'failed'")
    assert "make serve" in page.locator(".live-status").inner_text()


@needs_numpy
def test_the_published_configuration_asks_its_one_host_and_only_after_a_press(
    page: "sync_api.Page", site: Path, python_folder: Path
) -> None:
    """The site as `make book` makes it; what it asks of the pinned release is answered from the local folder."""
    names = {wheel.name.split("-")[0]: wheel for wheel in python_folder.glob("*.whl")}
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
        local = json.loads((python_folder / pyodide.LOCK).read_text(encoding="utf-8"))["packages"]
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
            page,
            "import numpy as np\nfrom mininet.neuron import Neuron\nprint(np.ones(2), Neuron([0, 0]))",
        )
    assert any(name.startswith("numpy-") for name in asked)
