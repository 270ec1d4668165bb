"""The demos in a browser, opened from disk: by mouse, finger and keys, from a link, light and dark, wide and narrow."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import NEEDS_BROWSER, PHONE, WIDE, sideways
from tests.support.demos import DEMOS, needs_esbuild, number, open_demo
from tests.support.files import ROOT

pytestmark = [*NEEDS_BROWSER, needs_esbuild]

NAMES = sorted(path.stem for path in DEMOS.glob("*.js") if path.stem != "frame")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CALM = {"reduced_motion": "reduce"}


def grave_findings(page: Any) -> list[str]:
    """Return axe-core's serious and critical findings about the page."""
    page.add_script_tag(path=AXE)
    results = page.evaluate("axe.run({ preload: false })")["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in results if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_demo_is_sound(browser: Any, tmp_path: Path, name: str, viewport: dict, theme: str) -> None:
    page, found = open_demo(browser, tmp_path, name, theme=theme, viewport=viewport, **CALM)
    assert page.locator(".demo-says").inner_text() != ""
    assert sideways(page) <= 0
    assert grave_findings(page) == []
    assert found == []
    page.context.close()


def test_planted_finding_is_noticed(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "neuron", **CALM)
    page.evaluate("document.querySelector('.demo-slider span').remove()")  # a slider without its name
    assert [finding for finding in grave_findings(page) if finding.startswith("label")]
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


# neuron


def test_doubling_keeps_the_line_and_halves_the_band(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "neuron", "w1=1&w2=-2&b=-1")
    line, band, right = (
        page.locator(".demo-half").get_attribute("d"),
        number(page, "pale band"),
        number(page, "right"),
    )
    page.get_by_role("button", name="double all three").click()
    page.wait_for_function("document.querySelector('.demo-slider output').value === '2.00'")
    assert page.locator(".demo-half").get_attribute("d") == line
    assert number(page, "pale band") == pytest.approx(band / 2, abs=0.06)
    assert number(page, "right") == right == 12
    page.context.close()


def test_gradient_steps_bring_the_loss_down(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "neuron")
    losses = [number(page, "loss")]
    for _ in range(3):
        page.get_by_role("button", name="gradient step").click()
        page.wait_for_function(f"!document.querySelector('dd').textContent.includes('{losses[-1]:.3f}')")
        losses.append(number(page, "loss"))
    assert losses == sorted(losses, reverse=True)
    page.get_by_text("yes or no").click()
    page.wait_for_function("[...document.querySelectorAll('button')].filter((b) => b.disabled).length === 2")
    assert "every slope is 0" in page.locator(".demo-says").inner_text()
    page.context.close()


def test_points_are_moved_switched_and_removed_by_keys(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "neuron")
    page.locator(".demo-point").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    label = "point 1 of 12: sun 5.2, wind 2.4, tables out"
    page.locator(f".demo-point[aria-label^='{label}']").wait_for(state="attached")
    page.keyboard.press("Enter")
    page.locator(f".demo-point[aria-label^='{label.replace('out', 'in')}']").wait_for(state="attached")
    page.keyboard.press("PageDown")
    page.keyboard.press("Delete")
    page.wait_for_function("document.querySelectorAll('.demo-point').length === 11")
    page.get_by_role("button", name="add a point").click()
    page.wait_for_function("document.querySelectorAll('.demo-point').length === 12")
    assert found == []
    page.context.close()


def middle(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_point_line_and_arrow_are_dragged_by_mouse(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "neuron")
    outputs = page.locator(".demo-panel .demo-slider output")

    def drag(grip: Any, dx: float, dy: float) -> list[str]:
        x, y = grip if isinstance(grip, tuple) else middle(grip)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx, y + dy, steps=4)
        page.mouse.up()
        page.wait_for_timeout(100)
        return [outputs.nth(i).inner_text() for i in range(3)]

    w1, w2, b = drag(page.locator(".demo-tip"), 40, 0)
    assert float(w1) > 1 and w2 == "−0.50"  # the tip moved to the right only
    where = page.locator(".demo-point").nth(3).get_attribute("transform")
    drag(page.locator(".demo-point").nth(3), 30, -20)
    assert page.locator(".demo-point").nth(3).get_attribute("transform") != where
    on_line = page.locator(".demo-grip").evaluate(
        """node => { const m = node.getScreenCTM(), p = node.getPointAtLength(node.getTotalLength() / 2 + 60);
                     const q = new DOMPoint(p.x, p.y).matrixTransform(m); return [q.x, q.y]; }"""
    )
    pushed = drag(tuple(on_line), 30, 0)
    assert pushed[:2] == [w1, w2] and pushed[2] != b  # pushing the line changes the bias alone
    assert page.locator(".demo-point").count() == 12  # no drag was taken for a click that drops a point
    assert found == []
    page.context.close()


def test_point_is_dragged_by_finger_and_the_page_stays(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "neuron", viewport=PHONE, has_touch=True, is_mobile=True)
    point = page.locator(".demo-point").nth(2)
    before, (x, y) = point.get_attribute("transform"), middle(point)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *where: dict) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(where)})

    touch("touchStart", {"x": x, "y": y})
    for i in range(1, 6):
        touch("touchMove", {"x": x - 8 * i, "y": y - 8 * i})
    touch("touchEnd")
    page.wait_for_timeout(150)
    assert point.get_attribute("transform") != before
    assert page.evaluate("scrollY") == 0
    assert page.locator(".demo-point").count() == 12
    page.touchscreen.tap(x, y)  # where it was, an empty place now: a new point
    page.wait_for_function("document.querySelectorAll('.demo-point').length === 13")
    assert found == []
    page.context.close()


# layers


def test_layers_go_forward_and_back_and_the_table_follows(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "layers")
    captions = []
    for _ in range(8):
        captions.append(page.locator(".demo-table caption").inner_text())
        if len(captions) < 8:
            page.get_by_role("button", name="next").press("Enter")
            page.wait_for_function(
                f"document.querySelector('caption').innerText.startsWith('{len(captions)}:')"
            )
    assert captions[3] == "3: Linear(3, 2).forward" and captions[5] == "5: Linear(3, 2).backward"
    assert page.locator(".demo-table tr").count() == 1 + 6 + 3 + 2
    assert number(page, "loss") == 1.141  # the chapter's own example
    page.get_by_role("button", name="gradient step").click()
    page.wait_for_function("document.querySelector('.demo-says').innerText.includes('was 1.141 before')")
    assert number(page, "loss") < 0.9
    assert found == []
    page.context.close()


def test_weight_in_layers_is_changed_by_its_slider(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "layers", "step=1")
    page.get_by_label("which weight").select_option("b1[2]")
    page.get_by_label("its value").focus()
    page.keyboard.press("End")
    page.wait_for_url("**#demo-layers:b1=0,0,2&step=1")
    assert page.locator(".demo-table td").last.inner_text() == "1.166"  # z[2] was −0.834
    page.context.close()


# intro


def test_intro_learns_by_itself_and_learns_again(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "intro")
    page.wait_for_function(
        "document.querySelector('.demo-says').innerText.startsWith('14 of 14')", timeout=60_000
    )
    x, y = middle(page.locator(".demo-plane"))
    page.mouse.click(x, y)  # a square in the middle of the circles
    page.wait_for_function("document.querySelector('.demo-numbers').innerText.includes('of 15')")
    assert page.get_by_role("button", name="pause").is_visible()
    page.mouse.click(x, y)  # and away again
    page.wait_for_function("document.querySelector('.demo-numbers').innerText.includes('of 14')")
    assert found == []
    page.context.close()


def test_intro_does_not_start_itself_for_whom_motion_disturbs(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "intro", **CALM)
    page.wait_for_timeout(500)
    assert number(page, "steps") == 0
    page.get_by_role("button", name="10 steps").click()
    page.wait_for_function("document.querySelector('.demo-says').innerText.includes('after 10 steps')")
    page.context.close()


def test_intro_rests_out_of_sight(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "intro")
    page.evaluate("document.querySelector('main').style.paddingBottom = '5000px'; scrollTo(0, 4000)")
    page.wait_for_timeout(300)
    steps = number(page, "steps")
    page.wait_for_timeout(500)
    assert number(page, "steps") == steps
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function(f"!document.querySelector('.demo-numbers').innerText.endsWith('\\n{steps:.0f}')")
    page.context.close()


def test_intro_takes_dots_by_keys(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "intro", **CALM)
    page.locator(".demo-aim").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.demo-numbers').innerText.includes('of 15')")
    page.wait_for_url("**_0,1,1")
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
