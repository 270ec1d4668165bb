"""What all demos have in common, in a browser, from disk: from a link, light and dark, wide and narrow, printed."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import NEEDS_BROWSER, PHONE, WIDE, barriers, sideways
from tests.support.demos import CALM, DEMOS, needs_esbuild, number, open_demo

pytestmark = [*NEEDS_BROWSER, needs_esbuild]

NAMES = sorted(path.stem for path in DEMOS.glob("*.js") if path.stem != "frame")


@pytest.mark.parametrize("name", NAMES)
def test_demo_is_sound_wide_and_on_a_phone_in_light_and_dark(browser: Any, tmp_path: Path, name: str) -> None:
    """One load for all four looks."""
    page, found = open_demo(browser, tmp_path, name, viewport=PHONE, **CALM)
    for viewport, theme in ((PHONE, "light"), (PHONE, "dark"), (WIDE, "dark"), (WIDE, "light")):
        page.set_viewport_size(viewport)
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.wait_for_timeout(100)  # colours are drawn anew
        assert page.locator(".demo-says").inner_text() != ""
        assert sideways(page) <= 0
        assert barriers(page) == [], (viewport, theme)
    assert found == []
    page.context.close()


def test_planted_finding_is_noticed(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "neuron", **CALM)
    page.evaluate("document.querySelector('.demo-slider span').remove()")  # a slider without its name
    assert [finding for finding in barriers(page) if finding.startswith("label")]
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_hostile_link_changes_nothing(browser: Any, tmp_path: Path, name: str) -> None:
    first, found = open_demo(browser, tmp_path, name, **CALM)
    plain = first.locator(f"#demo-{name}").inner_text()
    hostile = "w1=NaN&w2=1e999&b=Infinity&__proto__=1&constructor[x]=2&points=1,NaN,0&step=99&units=_&x0=%3Cscript%3E"
    second, found_too = open_demo(browser, tmp_path, name, hostile, **CALM)
    assert second.locator(f"#demo-{name}").inner_text() == plain
    assert found == found_too == []
    first.context.close()
    second.context.close()


GROUND = "node => getComputedStyle(node).backgroundColor"


def lightest(page: Any) -> int:
    """Return the largest of red, green and blue in the upper left corner of the plane."""
    context = "document.querySelector('.demo-plane canvas').getContext('2d')"
    largest = page.evaluate(f"Math.max(...{context}.getImageData(3, 3, 1, 1).data.slice(0, 3))")
    assert isinstance(largest, int)
    return largest


@pytest.mark.parametrize("name", NAMES)
def test_change_of_theme_is_followed(browser: Any, tmp_path: Path, name: str) -> None:
    page, _ = open_demo(browser, tmp_path, name, **CALM)
    light = page.screenshot()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(200)
    assert page.locator(".demo").evaluate(GROUND) == "rgb(27, 32, 39)"
    if page.locator(".demo-plane canvas").count():
        assert lightest(page) < 140
    assert page.screenshot() != light
    page.context.close()


def test_slider_moves_by_keyboard_and_the_address_remembers(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "neuron")
    loss = number(page, "loss")
    page.locator("input[name=w1]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('.demo-slider output').value === '0.45'")
    assert number(page, "loss") != loss
    page.wait_for_url("**/neuron.html#demo-neuron:w1=0.45")
    page.wait_for_function(
        "document.querySelector('.demo-spoken').textContent === document.querySelector('.demo-says').textContent"
    )
    page.reload()
    assert page.locator(".demo-slider output").first.inner_text() == "0.45"
    assert found == []
    page.context.close()


def test_untouched_demo_leaves_the_address_alone(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "intro")
    page.wait_for_timeout(800)
    assert page.url.endswith("intro.html")
    page.context.close()


def test_link_to_a_situation_opens_it(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "neuron", "w1=2&w2=-1.5&b=-4&points=1,1,0_9,1,1&answer=step")
    assert number(page, "right") == 2
    assert number(page, "length of w") == 2.5
    assert page.locator("input[value=step]").is_checked()
    page.goto(page.url.replace("b=-4", "b=4"))  # another link to the same page
    page.wait_for_function("document.querySelector('.demo-numbers').innerText.includes('1 of 2')")
    assert found == []
    page.context.close()


def test_link_is_copied(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "neuron", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="double all three").click()
    page.get_by_role("button", name="copy link").click()
    page.get_by_role("button", name="link copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("/neuron.html#demo-neuron:w1=1&w2=-1")
    page.context.close()


def test_link_can_be_copied_by_hand_where_there_is_no_clipboard(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "neuron")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.get_by_role("button", name="copy link").click()
    assert page.locator("input.demo-link").input_value().endswith("#demo-neuron:")
    assert found == []
    page.context.close()


def test_print_is_a_still_on_white(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "neuron", theme="dark")
    assert lightest(page) < 140
    page.emulate_media(media="print")
    page.wait_for_timeout(100)
    assert lightest(page) > 200
    assert page.locator(".demo").evaluate(GROUND) == "rgb(255, 255, 255)"
    assert not page.locator(".demo-button").first.is_visible()
    assert page.locator(".demo-plane svg").is_visible() and page.locator(".demo-says").is_visible()
    page.context.close()
