"""The demo "mnist": it reads as mininet reads, prepares drawings as mininet does, and works from disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live.arrays import write_script
from mininet.activations import softmax
from mininet.attacks import fgsm, gradient_by_input
from mininet.layers import Sequential, mlp
from mininet_course.explorers.mnist import EXAMPLE, Stroke, strokes_to_image
from mininet_course.weights import read_weights
from tests.support.demos import DEMOS, in_node, in_page, needs_node, open_demo, spoiled
from tests.support.files import BOOK

WEIGHTS = BOOK / "weights" / "mnist.npz"
NET, PEN, ARRAYS = (DEMOS / "lib" / f"{name}.js" for name in ("digit-net", "pen", "arrays"))
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("mnist") / "mnist-weights.js"
    write_script(WEIGHTS, path)
    return path


def network() -> Sequential:
    net = mlp([784, 100, 200, 10], np.random.default_rng(0))
    net.load_state_dict(read_weights(WEIGHTS, "mnist"))
    return net.astype(np.float64)


def images_shown() -> np.ndarray:
    with np.load(WEIGHTS) as file:
        images: np.ndarray = file["images"].reshape(-1, 784) / 255
    return images


# the weights as a script


@needs_node
def test_the_script_holds_the_arrays_bit_by_bit(script: Path) -> None:
    expression = """await (async () => {
      await import(a);
      return Object.fromEntries(Object.entries(m.decode(globalThis.demoArrays.mnist)).map(
        ([name, { shape, values }]) => [name, { shape, values: Array.from(values) }]));
    })()"""
    ours = in_node(ARRAYS, expression, script.as_uri())
    with np.load(WEIGHTS) as file:
        assert set(ours) == set(file.files)
        for name in file.files:
            assert tuple(ours[name]["shape"]) == file[name].shape
            np.testing.assert_array_equal(ours[name]["values"], file[name].ravel().astype(np.float64))


@needs_node
def test_every_kind_of_half_is_read() -> None:
    bits = np.array(
        [0, 1, 0x3FF, 0x400, 0x3C00, 0x7BFF, 0x7C00, 0x8000, 0x8001, 0xBC01, 0xFC00], dtype=np.uint16
    )
    ours = in_node(ARRAYS, "a.map((bits) => String(m.half(bits)))", bits.tolist())
    np.testing.assert_array_equal(np.array(ours, dtype=np.float64), bits.view(np.float16).astype(np.float64))
    assert in_node(ARRAYS, "Number.isNaN(m.half(a))", 0x7E00)


def test_the_script_is_no_larger_than_it_must_be(script: Path) -> None:
    assert script.stat().st_size < 300_000
    assert script.read_text(encoding="ascii").startswith("(globalThis.demoArrays ??= {}).mnist = {")


# the network

READ = """await (async () => {
  const { decode } = await import(new URL('arrays.js', a.module));
  await import(a.script);
  const net = m.networkFrom(decode(globalThis.demoArrays.mnist), 'mnist');
  return a.images.map((image, i) => ({
    probabilities: m.read(net, image).probabilities,
    first: Array.from(m.read(net, image).outputs[0]),
    gradient: Array.from(m.gradientByInput(net, image, a.labels[i])),
    attacked: Array.from(m.fgsm(net, image, a.labels[i], 0.1)),
  }));
})()"""


def readings(module: Path, script: Path) -> tuple[list[bool], ...]:
    """Return for each image whether JavaScript and mininet agree: reading, hidden layer, gradient, attack."""
    rng, net = np.random.default_rng(1), network()
    x = np.concatenate([images_shown(), rng.random((7, 784)), np.zeros((1, 784))])
    y = rng.integers(0, 10, len(x))
    ours = in_node(
        module,
        READ,
        {"module": NET.as_uri(), "script": script.as_uri(), "images": x.tolist(), "labels": y.tolist()},
    )
    hidden = net.layers[1].forward(net.layers[0].forward(x))
    gradient = gradient_by_input(net)
    theirs = softmax(net.forward(x)), hidden, len(x) * gradient(x, y), fgsm(gradient, x, y, 0.1)
    keys = ("probabilities", "first", "gradient", "attacked")
    return tuple(
        [bool(np.allclose(o[key], t, **CLOSE)) for o, t in zip(ours, array, strict=True)]
        for key, array in zip(keys, theirs, strict=True)
    )


@needs_node
def test_reading_gradient_and_attack_are_mininets(script: Path) -> None:
    for agree in readings(NET, script):
        assert all(agree)


@needs_node
@pytest.mark.parametrize(
    ("right", "wrong", "noticed_in"),
    [
        ("Math.max(z, 0)", "Math.abs(z)", 0),
        ("Float64Array.from(bias)", "new Float64Array(bias.length)", 0),
        ("if (layer > 0 && outputs[layer - 1][i] <= 0) continue;", "", 2),
        ("Math.sign(grad[i])", "-Math.sign(grad[i])", 3),
    ],
)
def test_a_wrong_network_is_noticed(
    tmp_path: Path, script: Path, right: str, wrong: str, noticed_in: int
) -> None:
    agree = readings(spoiled(tmp_path, "lib/digit-net", right, wrong), script)
    assert agree[noticed_in].count(False) >= 10


# from strokes to pixels


def drawings() -> list[list[Stroke]]:
    rng = np.random.default_rng(2)
    wild = [
        [rng.uniform(0, 28, (int(rng.integers(1, 30)), 2)).tolist() for _ in range(rng.integers(1, 4))]
        for _ in range(20)
    ]
    corner, dot, flat = [[(27.0, 27.5), (28.0, 28.0)]], [[(3.0, 25.0)]], [[(0.0, 4.0), (28.0, 4.0)]]
    example = [[(x / 10, y / 10) for x, y in stroke] for stroke in EXAMPLE]
    return [[], corner, dot, flat, example, *wild]


def prepared_alike(module: Path) -> list[bool]:
    ours = in_node(module, "a.map((strokes) => Array.from(m.asMnist(strokes)))", drawings())
    theirs = [strokes_to_image(strokes).ravel() for strokes in drawings()]
    return [bool(np.allclose(o, t, **CLOSE)) for o, t in zip(ours, theirs, strict=True)]


@needs_node
def test_drawings_are_prepared_as_mininet_prepares_them() -> None:
    assert all(prepared_alike(PEN))


@needs_node
@pytest.mark.parametrize(
    ("right", "wrong"),
    [("offset[1] += middle - y", "offset[1] += middle - x"), ("BRUSH + 0.5 - nearest", "BRUSH - nearest")],
)
def test_another_preparation_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    assert prepared_alike(spoiled(tmp_path, "lib/pen", right, wrong)).count(False) >= 10


@needs_node
def test_the_example_is_the_one_of_the_chapters_board() -> None:
    ours = in_node(DEMOS / "mnist.js", "m.FIELDS.strokes.start", None)
    np.testing.assert_allclose(ours, np.array(EXAMPLE) / 10)


# in a page


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    page, found = open_demo(browser, tmp_path, "mnist", has_touch=True)
    yield page
    assert found == []
    page.context.close()


def says(page: Any, words: str) -> None:
    page.wait_for_function(f"document.querySelector('.demo-says').textContent.includes({words!r})")


def draw(page: Any, *strokes: Stroke) -> None:
    """Draw with the mouse, in pixels of the field."""
    box = page.locator(".demo-board").bounding_box()
    for stroke in strokes:
        places = [(box["x"] + x / 28 * box["width"], box["y"] + y / 28 * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=6)
        page.mouse.up()


SEVEN: Stroke = [(5, 5), (17, 5), (10, 20)]
ONE: Stroke = [(14, 4), (13.5, 24)]


@in_page
def test_the_example_is_read_and_a_drawing_wipes_it(page: Any) -> None:
    says(page, "It says 3")
    draw(page, SEVEN)
    says(page, "It says 7")
    page.get_by_role("button", name="clear").click()
    says(page, "There is no answer “no digit”")


@in_page
def test_fingers_draw(page: Any) -> None:
    box = page.locator(".demo-board").bounding_box()
    page.evaluate("scrollTo(0, 0)")
    session = page.context.new_cdp_session(page)
    place = [{"x": box["x"] + x / 28 * box["width"], "y": box["y"] + y / 28 * box["height"]} for x, y in ONE]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [place[0]]})
    for part in np.linspace(0, 1, 12):
        point = {k: place[0][k] + part * (place[1][k] - place[0][k]) for k in "xy"}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    says(page, "It says 1")


@in_page
def test_keys_draw(page: Any) -> None:
    page.get_by_role("button", name="clear").click()
    page.locator(".demo-board").focus()
    for keys in (["ArrowUp"] * 10, [" "], ["ArrowDown"] * 19, [" "], ["ArrowLeft"] * 5):
        for key in keys:
            page.keyboard.press(key)
    says(page, "It says 1")
    page.wait_for_function(
        "document.querySelector('.demo-stage .demo-spoken').textContent.startsWith('Pen up')"
    )


@in_page
def test_test_images_are_read_as_the_report_says(page: Any) -> None:
    for digit in range(10):
        page.get_by_role("button", name=f"test image {digit + 1}, a {digit}", exact=True).click()
        says(page, f"It says {digit}")
        assert "misread" not in page.locator(".demo-says").inner_text()
    for number in (11, 12, 13):
        page.get_by_role("button", name=f"test image {number}, ").click()
        says(page, "misread")


@in_page
def test_without_scaling_and_centring_a_small_digit_in_a_corner_is_another(page: Any) -> None:
    draw(page, [(5.5, 5), (6.5, 3.5), (9, 3.5), (10, 5.5), (6, 11.5), (10.5, 11.5)])
    says(page, "It says 2")
    page.get_by_role("checkbox").uncheck()
    says(page, "It says 7")


@in_page
def test_a_small_epsilon_turns_the_guess(page: Any) -> None:
    page.get_by_role("button", name="test image 4, a 3").click()
    says(page, "It says 3")
    page.get_by_role("slider", name="ε").fill("0.2")
    says(page, "no longer 3")


@in_page
def test_a_link_brings_back_the_drawing(browser: Any, tmp_path: Path) -> None:
    first, _ = open_demo(browser, tmp_path, "mnist")
    draw(first, SEVEN)
    first.wait_for_url("**#demo-mnist:strokes=*")
    said, link = first.locator(".demo-says").inner_text(), first.url
    assert len(link.split("strokes=")[1]) < 200
    first.context.close()
    second, found = open_demo(browser, tmp_path, "mnist", link.split("#demo-mnist:")[1])
    says(second, said)
    assert found == []
    second.context.close()


@in_page
@pytest.mark.parametrize(
    "fragment", ["strokes=A", "strokes=____", "strokes=%F0%9F%92%A9", "sample=2.5", "sample=99", "unit=0"]
)
def test_a_bad_link_is_ignored(browser: Any, tmp_path: Path, fragment: str) -> None:
    page, found = open_demo(browser, tmp_path, "mnist", fragment)
    says(page, "It says 3")
    assert found == []
    page.context.close()


@in_page
def test_missing_weights_are_said_to_be_missing(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "mnist")
    (tmp_path / "mnist-weights.js").unlink()
    page.reload()
    says(page, "The demo has no network")
    page.context.close()
