"""The pages that instructors give away, in a real browser: nothing runs, nothing is fetched, all can be read."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mininet_course.grading import content, feedback, markup
from mininet_course.grading.content import Notebook
from tests.course.grading.test_markup import HOSTILE, PNG
from tests.support.browser import CHROMIUM, NEEDS_BROWSER, PHONE, QUIET, WIDE, sideways, sync_api
from tests.support.graded import WRONG, assignment, hand_in

pytestmark = NEEDS_BROWSER
GOOD = (
    "We have $w_1 \\le 0$ and\n\n$$\\sum_{i=1}^{2} w_i \\le 0.$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    + "long" * 60
)


@pytest.fixture(scope="module")
def browser() -> "Iterator[sync_api.Browser]":
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that notes every request: its host, and the paths."""
    paths: list[str] = []

    class Notes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def hostile_page(folder: Path, host: str) -> Path:
    """Return a page of somebody who has written all of this, in words, in code, and beside it."""
    pack = assignment(folder, "neuron.4", "neuron.11")
    texts = [text.replace("HOST", host) for text in HOSTILE]

    def more(notebook: Notebook) -> None:
        for number, text in enumerate(texts[:30]):
            notebook["cells"].insert(-1, content.markdown(text, id=f"own-{number}"))

    answers = {"neuron.4": "\n".join(texts), "neuron.11": "\n\n".join(texts)}
    record = hand_in(pack, "eve", answers, change=more, name=texts[0] + texts[1])
    record.outputs = {
        "neuron": {
            n: [{"output_type": "stream", "name": "stdout", "text": "\n".join(texts)}] for n in range(9)
        }
    }
    record.save(pack)
    assert not feedback.feedback(pack, progress=False).problems
    return feedback.file_of(pack, "eve")


def used(browser: "sync_api.Browser", file: Path) -> tuple[list[str], str]:
    """Open a page, press all that can be pressed; return what it asked for or said, and where it is then."""
    context = browser.new_context()
    found: list[str] = []
    context.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else found.append(r.url))
    context.on("page", lambda other: found.append("another window"))
    page = context.new_page()
    found.clear()
    page.on("dialog", lambda dialog: (found.append("dialog"), dialog.dismiss()))
    page.goto(file.as_uri())
    for what in page.query_selector_all("a, button, summary, input, [onclick], [tabindex]"):
        what.evaluate("element => element.click()")
    page.wait_for_timeout(500)
    if page.evaluate("window.hacked"):
        found.append("a script ran")
    where = page.url
    context.close()
    return found, where


def test_nothing_of_a_student_s_runs_or_is_fetched(
    browser: "sync_api.Browser", asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    host, paths = asked
    file = hostile_page(tmp_path, host)
    found, where = used(browser, file)
    assert found == [] and paths == [] and where.split("#")[0] == file.as_uri()


def test_what_slipped_through_would_be_stopped_by_the_page_s_policy_and_without_both_is_noticed(
    browser: "sync_api.Browser", asked: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same page with the cleaning taken out, and then with the policy taken out, too: the control."""
    host, paths = asked

    class Nothing:
        def clean(self, made: str) -> str:
            return made

    monkeypatch.setattr(markup, "_cleaner", Nothing)
    file = hostile_page(tmp_path, host)
    text = (
        file.read_text(encoding="utf-8").replace('http-equiv="refresh"', "").replace("http-equiv=refresh", "")
    )
    context = browser.new_context()
    for policy in (True, False):
        file.write_text(text if policy else text.replace("Content-Security-Policy", "X"), encoding="utf-8")
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.goto(file.as_uri())
        page.wait_for_timeout(500)
        assert bool(page.evaluate("window.hacked")) is not policy
        assert bool(paths) is not policy, paths
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_page_fits_its_window_and_can_be_read(
    scheme: str, viewport: dict[str, int], browser: "sync_api.Browser", tmp_path: Path
) -> None:
    pack = assignment(tmp_path, "neuron.3", "neuron.4", "neuron.11", "xor.11")
    answers = {"neuron.3": "prediction = 0.1", "neuron.4": "z = " + "1 + " * 80 + "1", "neuron.11": GOOD}
    record = hand_in(pack, "41", answers, {"neuron.4": WRONG}, name="Jane Doe")
    record.outputs = {
        "neuron": {2: [{"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {}}]}
    }
    record.save(pack)
    feedback.feedback(pack, solutions=True, progress=False)
    context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.goto(feedback.file_of(pack, "41").as_uri())
    assert sideways(page) <= 0 and said == []
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light is (scheme == "light")
    formula = page.locator(".answer math[display=block]").bounding_box()
    assert formula is not None and formula["height"] > 25
    badges = page.locator(".overview .badge")
    assert [badges.nth(n).text_content() for n in range(4)] == [
        "right", "not yet right", "waits for a person", "not attempted",
    ]  # fmt: skip
    colours = {badges.nth(n).evaluate("e => getComputedStyle(e).color") for n in range(4)}
    assert len(colours) == 4
    context.close()
