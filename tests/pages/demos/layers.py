"""The demo "layers": it counts as mininet's layers do, forward and back, and its table follows."""

from pathlib import Path
from typing import Any

import numpy as np

from mininet.layers import Linear, Sequential, Tanh, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD
from tests.support.demos import (
    CASES,
    DEMOS,
    TOLERANCE,
    differences,
    in_node,
    in_page,
    needs_node,
    number,
    open_demo,
    spoiled,
)


def as_network(net: Sequential, x: np.ndarray, label: int) -> dict[str, Any]:
    first, second = net[0], net[2]
    assert isinstance(first, Linear) and isinstance(second, Linear)
    parts = {"W1": first.weight, "b1": first.bias, "W2": second.weight, "b2": second.bias}
    return {"x": x.tolist(), "label": label} | {name: p.data.tolist() for name, p in parts.items()}


def layers_cases() -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(1)
    cases, expected = [], []
    for i in range(CASES):
        net = mlp([2, 3, 2], rng, Tanh).astype(np.float64)
        for p in net.parameters():
            p.data = rng.normal(0, 1 if i % 3 else 30, p.data.shape)
        x, label, lr = rng.normal(size=(1, 2)), int(rng.integers(2)), float(rng.uniform(0.1, 2))
        case = as_network(net, x[0], label)
        z = net[0].forward(x)
        a = net[1].forward(z)
        s = net[2].forward(a)
        loss, ds = cross_entropy(s, np.array([label]))
        da = net[2].backward(ds)
        assert da is not None
        dz = net[1].backward(da)
        assert dz is not None
        dx = net[0].backward(dz)
        assert dx is not None
        answer = {
            "z": z[0],
            "a": a[0],
            "s": s[0],
            "loss": loss,
            "ds": ds[0],
            "da": da[0],
            "dz": dz[0],
            "dx": dx[0],
        }
        parameters = dict(zip(("W1", "b1", "W2", "b2"), net.parameters(), strict=True))
        answer |= {f"d{name}": p.grad for name, p in parameters.items()}
        SGD(net.parameters(), lr=lr).step()
        answer |= {f"{name} after": p.data for name, p in parameters.items()}
        cases.append(case | {"lr": lr})
        expected.append(answer)
    return cases, expected


LAYERS = """({ ...m.forward(c), ...m.backward(c),
  ...Object.fromEntries(Object.entries(m.step(c, c.lr)).map(([name, value]) => [`${name} after`, value])) })"""


@needs_node
def test_layers_counts_as_mininets_layers() -> None:
    assert differences(DEMOS / "layers.js", LAYERS, *layers_cases()) == []


@needs_node
def test_a_missing_slope_of_the_tanh_is_noticed(tmp_path: Path) -> None:
    module = spoiled(tmp_path, "layers", "d * slope[j]", "d")
    assert len(differences(module, LAYERS, *layers_cases())) > CASES / 2


@needs_node
def test_layers_starts_with_the_chapters_example() -> None:
    net = mlp([2, 3, 2], np.random.default_rng(4), Tanh)
    theirs = as_network(net, np.array([0.5, -1.2]), 1)
    ours = in_node(
        DEMOS / "layers.js",
        "m.network(Object.fromEntries(Object.entries(m.FIELDS).map(([name, field]) => [name, field.start])))",
        None,
    )
    assert all(np.allclose(ours[name], theirs[name], **TOLERANCE) for name in theirs)


@in_page
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


@in_page
def test_weight_in_layers_is_changed_by_its_slider(browser: Any, tmp_path: Path) -> None:
    page, _ = open_demo(browser, tmp_path, "layers", "step=1")
    page.get_by_label("which weight").select_option("b1[2]")
    page.get_by_label("its value").focus()
    page.keyboard.press("End")
    page.wait_for_url("**#demo-layers:b1=0,0,2&step=1")
    assert page.locator(".demo-table td").last.inner_text() == "1.166"  # z[2] was −0.834
    page.context.close()
