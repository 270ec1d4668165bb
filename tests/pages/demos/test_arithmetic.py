"""The arithmetic of the demos neuron, layers and intro is mininet's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mininet.layers import Linear, Sequential, Tanh, mlp
from mininet.losses import binary_cross_entropy, cross_entropy
from mininet.neuron import Neuron
from mininet.optim import SGD
from tests.support.demos import DEMOS, in_node, needs_node, spoiled

CASES = 60
TOLERANCE = {"rtol": 0, "atol": 1e-5}


def differences(module: Path, expression: str, cases: list[Any], expected: list[Any]) -> list[int]:
    """Return the numbers of the cases in which JavaScript and mininet are further apart than 1e-5."""
    answers = in_node(module, f"a.map((c) => {expression})", cases)
    assert len(answers) == len(expected) == CASES
    return [
        i
        for i, (ours, theirs) in enumerate(zip(answers, expected, strict=True))
        if not all(np.allclose(ours[key], theirs[key], **TOLERANCE) for key in theirs)
    ]


# neuron


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


# layers


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


# intro


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
        answer["loss"] = binary_cross_entropy(net.forward(X), y)[0]
        for _ in range(10):
            optimiser.zero_grad()
            net.backward(binary_cross_entropy(net.forward(X), y)[1])
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
