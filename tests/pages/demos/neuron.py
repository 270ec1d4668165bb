"""The demo "neuron": it counts as mininet's neuron does, and is moved by mouse, finger and keys."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mininet.neuron import Neuron
from tests.support.browser import PHONE
from tests.support.demos import (
    CASES,
    DEMOS,
    differences,
    in_page,
    middle,
    needs_node,
    number,
    open_demo,
    spoiled,
)


def neuron_cases() -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(0)
    cases, expected = [], []
    for i in range(CASES):
        n = int(rng.integers(1, 40))
        X, y = rng.uniform(-5, 10, (n, 2)), rng.integers(0, 2, n)
        # every third is so sure that a naive sigmoid or logarithm would overflow
        (w1, w2, b), lr = rng.normal(0, 300 if i % 3 == 0 else 2, 3), rng.uniform(0.01, 2)
        neuron = Neuron([w1, w2], b)
        answer = {"score": neuron.score(X), "right": (neuron.decide(X) == y).sum()}
        (dw1, dw2), db = neuron.gradient(X, y)
        answer |= {"gradient": [dw1, dw2, db], "loss": neuron.step(X, y, lr)}
        answer["after"] = [*neuron.weights, neuron.bias]
        cases.append(
            {"neuron": dict(w1=w1, w2=w2, b=b), "points": np.column_stack([X, y]).tolist(), "lr": lr}
        )
        expected.append(answer)
    return cases, expected


NEURON = """(([g, s]) => ({
  score: c.points.map((p) => m.score(c.neuron, p)), right: m.right(c.neuron, c.points),
  loss: m.loss(c.neuron, c.points),
  gradient: [g.w1, g.w2, g.b], after: [s.w1, s.w2, s.b],
}))([m.gradient(c.neuron, c.points), m.step(c.neuron, c.points, c.lr)])"""


@needs_node
def test_neuron_counts_as_mininets_neuron() -> None:
    assert differences(DEMOS / "neuron.js", NEURON, *neuron_cases()) == []


@needs_node
def test_a_spoiled_neuron_is_noticed(tmp_path: Path) -> None:
    module = spoiled(tmp_path, "neuron", "b: mean(errors)", "b: 1.001 * mean(errors)")
    assert len(differences(module, NEURON, *neuron_cases())) > CASES / 2


@in_page
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


@in_page
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


@in_page
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


@in_page
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


@in_page
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
