"""The demo "xor": its arithmetic is that of the chapter, and it works in a page opened from disk."""

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from mininet.gradcheck import numerical_gradient
from mininet.layers import Layer, Linear, ReLU, Sequential, Sigmoid, Tanh
from mininet.losses import binary_cross_entropy_with_logits, mse
from mininet.optim import SGD
from tests.support.demos import CALM, DEMOS, in_node, in_page, needs_node, open_demo, spoiled
from tests.support.files import BOOK

NET = DEMOS / "lib" / "xor-net.js"
ATLAS = DEMOS / "lib" / "xor-atlas.js"
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
ACTIVATIONS: dict[str, tuple[type[Layer], float]] = {
    "sigmoid": (Sigmoid, 1.0),
    "tanh": (Tanh, 1.0),
    "relu": (ReLU, 0.5),
}
LOSSES = ("squares", "entropy")
KINDS = [(activation, loss) for activation in ACTIVATIONS for loss in LOSSES]
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-5}


def network(p: np.ndarray, activation: str, loss: str) -> Sequential:
    """Return nine numbers, in the demo's order, as a network of mininet."""
    rng = np.random.default_rng(0)
    layers: list[Layer] = [Linear(2, 2, rng), ACTIVATIONS[activation][0](), Linear(2, 1, rng)]
    net = Sequential(*layers, *([Sigmoid()] if loss == "squares" else [])).astype(np.float64)
    for parameter, part in zip(net.parameters(), np.split(p, [4, 6, 8]), strict=True):
        parameter.data = part.reshape(parameter.data.shape).copy()
    return net


def numbers(net: Sequential) -> np.ndarray:
    return np.concatenate([parameter.data.ravel() for parameter in net.parameters()])


def step(net: Sequential, loss: str, lr: float) -> tuple[float, np.ndarray]:
    """Take one step; return the loss before it and the gradients."""
    optimizer = SGD(net.parameters(), lr)
    optimizer.zero_grad()
    value, grad = (mse if loss == "squares" else binary_cross_entropy_with_logits)(net.forward(X), Y)
    net.backward(grad)
    gradients = np.concatenate([parameter.grad.ravel() for parameter in net.parameters()])  # type: ignore[union-attr]
    optimizer.step()
    return value, gradients


def starts(count: int, scale: float) -> np.ndarray:
    return np.random.default_rng(5).normal(0, scale, (count, 9))


ONE_STEP = """a.map(([p, activation, loss]) => [
  m.lossOf(p, m.ACTIVATIONS[activation], loss), ...m.gradients(p, m.ACTIVATIONS[activation], loss),
  ...m.train(p, m.ACTIVATIONS[activation], loss, 1)])"""
CASES = [(p.tolist(), *kind) for kind in KINDS for scale in (1, 30) for p in starts(10, scale)]


def one_step_is_mininets(module: Path) -> list[bool]:
    theirs = []
    for p, activation, loss in CASES:
        net = network(np.array(p), activation, loss)
        value, gradients = step(net, loss, ACTIVATIONS[activation][1])
        theirs.append([value, *gradients, *numbers(net)])
    ours = in_node(module, ONE_STEP, CASES)
    return [bool(np.allclose(a, b, **CLOSE)) for a, b in zip(ours, theirs, strict=True)]


@needs_node
def test_loss_gradients_and_a_step_are_mininets() -> None:
    assert all(one_step_is_mininets(NET))


@needs_node
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("into[3] += x2 * dZ12;", "into[3] += x1 * dZ12;"),
        ("slope: (a) => 1 - a * a", "slope: (a) => 1 - a"),
        ("* p[7] * slope(a2)", "* p[7]"),
        ("dZ2 *= 2 * a * (1 - a)", "dZ2 *= a * (1 - a)"),
    ],
)
def test_a_wrong_derivative_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    same = one_step_is_mininets(spoiled(tmp_path, "lib/xor-net", right, wrong))
    assert same.count(False) >= 10


@needs_node
@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_whole_trainings_end_where_mininets_end(activation: str, loss: str) -> None:
    epochs, begin = 400, starts(12, 1.0)
    expression = f"a.map((p) => Array.from(m.train(p, m.ACTIVATIONS.{activation}, '{loss}', {epochs})))"
    ours = in_node(NET, expression, begin.tolist())
    for p, end in zip(begin, ours, strict=True):
        net = network(p, activation, loss)
        for _ in range(epochs):
            step(net, loss, ACTIVATIONS[activation][1])
        np.testing.assert_allclose(end, numbers(net), **CLOSE)


@needs_node
def test_the_gradients_agree_with_nudging() -> None:
    p = starts(1, 1.0)[0]
    ours = in_node(NET, "Array.from(m.gradients(a, m.ACTIVATIONS.tanh, 'entropy'))", p.tolist())

    def loss(p: np.ndarray) -> float:
        return binary_cross_entropy_with_logits(network(p, "tanh", "entropy").forward(X), Y)[0]

    np.testing.assert_allclose(ours, numerical_gradient(loss, p), **CLOSE)


@needs_node
def test_the_seeds_are_the_chapters() -> None:
    ours = in_node(NET, "m.STARTS", None)
    for seed in (2, 0, 6):
        rng = np.random.default_rng(seed)
        W1, W2 = rng.standard_normal((2, 2)), rng.standard_normal((2, 1))
        np.testing.assert_array_equal(ours[str(seed)], [*W1.ravel(), 0, 0, *W2.ravel(), 0])


@needs_node
def test_the_seeds_end_as_the_chapter_prints() -> None:
    expression = """a.map((seed) => {
      const net = m.train(m.STARTS[seed], m.ACTIVATIONS.sigmoid, 'squares', 5000);
      const said = m.answers(net, m.ACTIVATIONS.sigmoid).map((a) => a.toFixed(2)).join(' ');
      return `seed ${seed}: loss ${m.lossOf(net, m.ACTIVATIONS.sigmoid, 'squares').toFixed(3)}, answers ${said}`;
    })"""
    lines = in_node(NET, expression, [2, 0, 6])
    page = nbformat.read(BOOK / "xor.ipynb", as_version=4)
    printed = "".join(o.get("text", "") for c in page.cells if c.cell_type == "code" for o in c.outputs)
    for line in lines:
        assert line in printed


@needs_node
def test_the_weights_chosen_by_hand_solve_it_and_twins_do_not() -> None:
    solved, twins = in_node(
        NET,
        """[m.isSolved(m.STARTS.hand, m.ACTIVATIONS.sigmoid),
            m.ending(m.train(a, m.ACTIVATIONS.sigmoid, 'squares', 5000), m.ACTIVATIONS.sigmoid, 'squares')]""",
        [0.7, 0.7, -0.4, -0.4, 0, 0, 0.5, 0.5, 0],
    )
    assert solved
    assert twins == 3 or twins == 2


@needs_node
def test_the_steps_of_the_staircase_are_the_chapters() -> None:
    ours = in_node(
        NET, "['squares', 'entropy'].map((loss) => [2, 3, 4].map((n) => m.lossOfAlike(n, loss)))", None
    )
    np.testing.assert_allclose(ours[0], [1 / 8, 1 / 6, 1 / 4], rtol=1e-12)
    np.testing.assert_allclose(
        ours[1], [np.log(2) / 2, (3 * np.log(3) - 2 * np.log(2)) / 4, np.log(2)], rtol=1e-12
    )


@needs_node
def test_the_atlas_trains_every_tile_as_if_it_were_alone() -> None:
    same = in_node(
        ATLAS,
        """await (async () => {
          const { ACTIVATIONS, train } = await import(a);
          const all = new m.Trainings(m.randomStarts(3).slice(0, 20), ACTIVATIONS.relu, 'entropy');
          while (!all.done) all.work(1);
          return all.nets.every((net, k) =>
            train(all.starts[k], ACTIVATIONS.relu, 'entropy', 5000).every((w, i) => w === net[i]));
        })()""",
        NET.as_uri(),
    )
    assert same


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "loss", "share"),
    [
        ("sigmoid", "squares", 0.755),
        ("sigmoid", "entropy", 0.72),
        ("tanh", "entropy", 0.505),
        ("relu", "entropy", 0.215),
    ],
)
def test_as_many_random_starts_are_solved_as_in_the_chapter(activation: str, loss: str, share: float) -> None:
    draws = 3
    solved = in_node(
        ATLAS,
        f"""await (async () => {{
          const {{ ACTIVATIONS }} = await import(a);
          let solved = 0;
          for (let draw = 1; draw <= {draws}; draw++) {{
            const all = new m.Trainings(m.randomStarts(draw), ACTIVATIONS.{activation}, '{loss}');
            all.work(60000);
            solved += all.endings().filter((end) => end === 0).length;
          }}
          return solved;
        }})()""",
        NET.as_uri(),
    )
    n = 400 * draws
    assert abs(solved / n - share) < 3 * np.sqrt(share * (1 - share) / n)


# in a page


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    page, found = open_demo(browser, tmp_path, "xor")
    yield page
    assert found == []
    page.context.close()


def says(page: Any, words: str) -> None:
    page.wait_for_function(f"document.querySelector('.demo-says').textContent.includes({words!r})")


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def atlas_done(page: Any) -> None:
    page.wait_for_function("document.querySelector('progress').value >= 5000", timeout=90_000)


@in_page
def test_training_can_be_watched_stopped_and_scrubbed(page: Any) -> None:
    press(page, "train")
    page.wait_for_function("document.querySelector('input[name=epoch]').valueAsNumber > 50")
    press(page, "pause")
    stopped = page.locator("input[name=epoch]").input_value()
    page.wait_for_timeout(300)
    assert page.locator("input[name=epoch]").input_value() == stopped
    page.locator("input[name=epoch]").fill("2000")
    says(page, "Epoch 2000: loss 0.002, 4 of 4 answers right. Solved")
    press(page, "back to epoch 0")
    says(page, "Epoch 0: loss 0.322")


@in_page
def test_the_stuck_seed_is_said_to_be_stuck(page: Any) -> None:
    press(page, "seed 6")
    page.locator("input[name=epoch]").fill("5000")
    says(page, "loss 0.126")
    says(page, "01 and 11 lie almost in one place")


@in_page
def test_a_lever_turns_by_mouse_and_by_keys(page: Any) -> None:
    before = page.locator(".demo-says").inner_text()
    tip = page.get_by_role("button", name="line of hidden unit 1: tip")
    box = tip.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] - 40, steps=4)
    page.mouse.up()
    page.wait_for_function(f"document.querySelector('.demo-says').textContent !== {before!r}")
    page.get_by_text("the nine weights as sliders").click()
    slider = page.get_by_role("slider", name="hidden unit 2, bias")
    bias = slider.get_attribute("aria-valuetext")
    page.get_by_role("button", name="line of hidden unit 2: its place").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function(
        f"document.querySelector('[aria-label=\"hidden unit 2, bias\"]').getAttribute('aria-valuetext') !== {bias!r}"
    )


@in_page
def test_the_atlas_trains_counts_and_gives_its_tiles(page: Any) -> None:
    press(page, "train 400 starts")
    atlas_done(page)
    counts = [int(page.locator(".demo-ends dd").nth(i).inner_text().split()[0]) for i in range(1, 5)]
    assert sum(counts) == 400
    assert 250 < counts[0] < 330
    canvas = page.locator(".demo-atlas")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_function(
        "document.querySelector('.demo-ends .demo-help').textContent.startsWith('Starts with')"
    )
    ends = page.locator(".demo-ends .demo-help").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('input[name=epoch]').valueAsNumber > 0")
    page.locator("input[name=epoch]").fill("5000")
    loss = ends.split("loss ")[1].split(",")[0]
    says(page, f"Epoch 5000: loss {loss}")


@in_page
def test_the_atlas_can_be_stopped_and_the_page_answers_meanwhile(page: Any) -> None:
    press(page, "train 400 starts")
    press(page, "100 epochs")
    says(page, "Epoch 100")
    press(page, "stop")
    stopped = page.evaluate("document.querySelector('progress').value")
    page.wait_for_timeout(400)
    assert page.evaluate("document.querySelector('progress').value") == stopped < 5000
    press(page, "go on")
    page.wait_for_function(f"document.querySelector('progress').value > {stopped}")


@in_page
def test_a_link_brings_back_network_and_atlas(browser: Any, tmp_path: Path) -> None:
    net, atlas = (
        "start=1,-1,-1,1,0,0,2,2,0&epoch=300&activation=tanh&loss=entropy",
        "atlas=1&kind=map&around=1,2,3,4,0,0,1,1,0",
    )
    page, found = open_demo(browser, tmp_path, "xor", f"{net}&{atlas}")
    says(page, "Epoch 300")
    assert page.get_by_role("radio", name="tanh").is_checked()
    assert page.get_by_role("radio", name="a map around").is_checked()
    atlas_done(page)
    assert found == []
    page.context.close()


@in_page
@pytest.mark.parametrize(
    "fragment",
    [
        "epoch=3.5",
        "epoch=-1",
        "start=",
        "start=1,2,3",
        "start=1,2,3,4,5,6,7,8,NaN",
        "activation=constructor",
        "draw=0.5",
    ],
)
def test_a_bad_link_is_ignored(browser: Any, tmp_path: Path, fragment: str) -> None:
    page, found = open_demo(browser, tmp_path, "xor", fragment)
    says(page, "Epoch 0: loss 0.322")
    assert found == []
    page.context.close()


@in_page
def test_where_motion_is_not_wanted_training_jumps_to_its_end(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "xor", **CALM)
    press(page, "train")
    says(page, "Epoch 5000")
    page.context.close()
