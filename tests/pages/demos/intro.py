"""The demo "intro": it learns as mininet does, by itself, and rests where nobody looks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mininet.layers import Linear, Sequential, Tanh
from mininet.losses import binary_cross_entropy_with_logits
from mininet.optim import SGD
from tests.support.demos import (
    CALM,
    CASES,
    DEMOS,
    differences,
    in_node,
    in_page,
    middle,
    needs_node,
    number,
    open_demo,
    spoiled,
)


def intro_cases() -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(2)
    cases, expected = [], []
    for i in range(CASES):
        hidden, n, lr = int(rng.integers(1, 9)), int(rng.integers(1, 60)), float(rng.uniform(0.05, 1))
        net = Sequential(Linear(2, hidden, rng), Tanh(), Linear(hidden, 1, rng)).astype(np.float64)
        for p in net.parameters():
            p.data = rng.normal(0, 1 if i % 3 else 20, p.data.shape)
        X, y = rng.uniform(-2, 2, (n, 2)), rng.integers(0, 2, (n, 1)).astype(np.float64)
        W1, b1, W2, b2 = (p.data.copy() for p in net.parameters())
        units = np.column_stack([W1.T, b1, W2])  # one row a unit: w1, w2, b, v
        dots, optimiser = np.column_stack([X, y]).tolist(), SGD(net.parameters(), lr=lr)
        answer: dict[str, Any] = {"score": net.forward(X)[:, 0]}
        answer["loss"] = binary_cross_entropy_with_logits(net.forward(X), y)[0]
        for _ in range(10):
            optimiser.zero_grad()
            net.backward(binary_cross_entropy_with_logits(net.forward(X), y)[1])
            optimiser.step()
        W1, b1, W2, _ = (p.data for p in net.parameters())
        answer |= {"units": np.column_stack([W1.T, b1, W2]), "c": net.parameters()[-1].data[0]}
        cases.append({"net": {"units": units.tolist(), "c": b2[0]}, "dots": dots, "lr": lr})
        expected.append(answer)
    return cases, expected


INTRO = """((net) => {
  const score = c.dots.map((dot) => m.score(net, dot)), loss = m.loss(net, c.dots);
  for (let i = 0; i < 10; i++) net = m.step(net, c.dots, c.lr);
  return { score, loss, ...net };
})(c.net)"""


@needs_node
def test_intro_learns_as_mininet_does() -> None:
    assert differences(DEMOS / "intro.js", INTRO, *intro_cases()) == []


@needs_node
def test_a_forgotten_mean_is_noticed(tmp_path: Path) -> None:
    module = spoiled(tmp_path, "intro", "- dot[2]) / dots.length;", "- dot[2]);")
    assert len(differences(module, INTRO, *intro_cases())) > CASES / 2


@needs_node
@pytest.mark.parametrize("seed", range(5))
def test_intro_learns_the_ring_from_every_start(seed: int) -> None:
    learnt = """((net, dots) => {
      for (let i = 0; i < 1500; i++) net = m.step(net, dots, 0.3);
      return [m.right(net, dots), dots.length];
    })(m.start(a, 6), m.FIELDS.dots.start)"""
    count, dots = in_node(DEMOS / "intro.js", learnt, seed)
    assert count == dots


@in_page
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


@in_page
def test_intro_does_not_start_itself_for_whom_motion_disturbs(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "intro", **CALM)
    page.wait_for_timeout(500)
    assert number(page, "steps") == 0
    page.get_by_role("button", name="10 steps").click()
    page.wait_for_function("document.querySelector('.demo-says').innerText.includes('after 10 steps')")
    page.context.close()


@in_page
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


@in_page
def test_intro_takes_dots_by_keys(browser: Any, tmp_path: Path) -> None:
    page, found = open_demo(browser, tmp_path, "intro", **CALM)
    page.locator(".demo-aim").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.demo-numbers').innerText.includes('of 15')")
    page.wait_for_url("**_0,1,1")
    assert found == []
    page.context.close()
