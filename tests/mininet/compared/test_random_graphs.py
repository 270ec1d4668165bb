"""Five hundred random graphs, of any shapes, in float32 and float64: PyTorch finds the same values and gradients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from mininet.tensor import Tensor, topological_order
from tests.support.frameworks import needs
from tests.support.tensors import HERE, torch_operations

pytestmark = pytest.mark.slow

needs("torch")

N_GRAPHS = 500
Step = Callable[[Any, list[Any]], Any]  # (whose functions, leaves and results so far) -> the next result


@dataclass
class Graph:
    """A program of steps over leaves; built while it is run here in float64, so that shapes and sizes are known."""

    rng: np.random.Generator
    arrays: list[np.ndarray] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    kinds: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        base = tuple(int(n) for n in self.rng.integers(1, 5, self.rng.integers(1, 4)))
        for i in range(self.rng.integers(2, 5)):
            tail = base[self.rng.integers(0, len(base) + 1) if i else 0 :]
            shape = tuple(1 if self.rng.random() < 0.2 else n for n in tail)
            self.arrays.append(np.asarray(self.rng.uniform(-1.5, 1.5, shape)))
        self.values: list[Any] = [Tensor(a, requires_grad=True) for a in self.arrays]
        while len(self.steps) < 4 + self.rng.integers(0, 20):
            kind = str(self.rng.choice(list(KINDS)))
            if step := KINDS[kind](self):
                self.add(kind, step)
        loose = [k for k in range(len(self.values)) if k not in self.used or k == len(self.values) - 1]
        weights = self.rng.uniform(0.5, 1.5, len(loose))
        self.add(
            "loss",
            lambda m, v: sum(float(w) * m.mean(m.tanh(v[k])) for k, w in zip(loose, weights, strict=True)),
        )

    def add(self, kind: str, step: Step) -> None:
        out = step(HERE, self.values)
        if kind != "loss" and np.abs(out.data).max() > 4:  # what has become large is made small again
            out, step = out.tanh(), lambda m, v, step=step: m.tanh(step(m, v))
        self.values.append(out)
        self.steps.append(step)
        self.kinds.append(kind)

    def pick(self, fits: Callable[[Any], bool] = lambda x: True) -> int | None:
        """Return the place of a leaf or a result that fits, rather a late one."""
        places = [k for k, x in enumerate(self.values) if fits(x)]
        if not places:
            return None
        k = places[-1 - min(int(self.rng.geometric(0.3)) - 1, len(places) - 1)]
        self.used.add(k)
        return k

    def run(self, m: Any, leaves: list[Any]) -> Any:
        values = list(leaves)
        for step in self.steps:
            values.append(step(m, values))
        return values[-1]


def one(function: Callable[[Any, Any], Any]) -> Callable[[Graph], Step | None]:
    def draw(g: Graph) -> Step | None:
        i = g.pick()
        return lambda m, v: function(m, v[i])

    return draw


def two(function: Callable[[Any, Any, Any], Any]) -> Callable[[Graph], Step | None]:
    """Draw two that NumPy broadcasts, the same one twice among them."""

    def draw(g: Graph) -> Step | None:
        i = g.pick()

        def fits(y: Any) -> bool:
            try:
                return int(np.prod(np.broadcast_shapes(g.values[i].shape, y.shape))) <= 300
            except ValueError:
                return False

        j = g.pick(fits)
        return lambda m, v: function(m, v[i], v[j])

    return draw


def draw_reduction(g: Graph) -> Step | None:
    i = g.pick()
    name = str(g.rng.choice(["sum", "mean", "var", "max"]))
    n = g.values[i].ndim
    axes = [int(a) for a in g.rng.permutation(n)[: g.rng.integers(0, n + 1)]]
    axis = None if not axes else tuple(a - n if g.rng.random() < 0.5 else a for a in axes)
    keep = bool(g.rng.random() < 0.5)
    return lambda m, v: getattr(m, name)(v[i], axis, keepdims=keep)


def draw_product(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim > 0)
    if i is None:
        return None
    inner = g.values[i].shape[-1]
    j = g.pick(lambda y: 0 < y.ndim < 3 and y.shape[-2 if y.ndim > 1 else 0] == inner)
    if j is None:  # with its own transpose
        return (lambda m, v: v[i] @ m.transpose(v[i])) if g.values[i].ndim < 3 else None
    return lambda m, v: v[i] @ v[j]


def draw_reshape(g: Graph) -> Step | None:
    i = g.pick()
    size, sizes = g.values[i].size, []
    while size > 1 and g.rng.random() < 0.8:
        divisor = int(g.rng.choice([d for d in range(1, size + 1) if size % d == 0]))
        sizes.append(divisor)
        size //= divisor
    shape = [*sizes, size] if g.rng.random() < 0.5 else [*sizes, -1]
    return lambda m, v: v[i].reshape(*shape)


def draw_transpose(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim > 1)
    if i is None:
        return None
    order = [int(a) for a in g.rng.permutation(g.values[i].ndim)]
    return lambda m, v: m.transpose(v[i], *order)


def draw_index(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim > 0)
    if i is None:
        return None
    n = g.values[i].shape[0]
    rows = [int(k) for k in g.rng.integers(-n, n, g.rng.integers(1, 6))]
    mask = g.rng.random(n) < 0.5
    mask[g.rng.integers(n)] = True
    start = int(g.rng.integers(n))
    index = [
        rows[0],
        slice(start, None),
        slice(None, None, 2),
        rows,
        (None, ..., -1),
        (..., rows[0] % g.values[i].shape[-1]),
    ]
    choice = g.rng.integers(len(index) + 1)
    if choice == len(index):
        return lambda m, v: v[i][m.fixed(mask)]
    return lambda m, v: v[i][index[choice]]


def draw_join(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim > 0 and x.size < 100)
    if i is None:
        return None
    shape = g.values[i].shape
    j = g.pick(lambda y: y.shape == shape)
    axis = int(g.rng.integers(-len(shape), len(shape)))
    name = str(g.rng.choice(["concatenate", "stack"]))
    return lambda m, v: getattr(m, name)([v[i], v[j], v[i]], axis)


def draw_where(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim > 0)
    if i is None:
        return None
    j = g.pick(lambda y: y.shape == g.values[i].shape)
    mask = g.rng.random(g.values[i].shape) < 0.5
    return lambda m, v: m.where(m.fixed(mask), v[i], v[j])


def draw_last_axis(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim > 0)
    name = str(g.rng.choice(["softmax", "log_softmax"]))
    return None if i is None else lambda m, v: getattr(m, name)(v[i])


def draw_linear(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim == 2)
    if i is None:
        return None
    j = g.pick(lambda w: w.ndim == 2 and w.shape[0] == g.values[i].shape[1])
    if j is None:
        return lambda m, v: m.linear(v[i], m.transpose(v[i]), v[i][:, 0])
    return lambda m, v: m.linear(v[i], v[j], v[j][0])


def draw_pad(g: Graph) -> Step | None:
    i = g.pick(lambda x: x.ndim == 2 and x.size < 50)
    return None if i is None else lambda m, v: m.pad(v[i], [(1, 0), (0, 2)])


KINDS: dict[str, Callable[[Graph], Step | None]] = {
    "+": two(lambda m, x, y: x + 0.5 * y),
    "-": two(lambda m, x, y: 2 - x - y),
    "*": two(lambda m, x, y: x * y),
    "/": two(lambda m, x, y: x / (1 + y * y)),
    "1 /": one(lambda m, x: 1 / (2 + m.tanh(x))),
    "detached": two(lambda m, x, y: x * y.detach()),
    "neg": one(lambda m, x: -x),
    "**": one(lambda m, x: (1.5 + m.tanh(x)) ** 1.7 - x**2),
    "2 **": one(lambda m, x: 2 ** m.tanh(x)),
    "exp": one(lambda m, x: m.exp(-(x * x))),
    "log": one(lambda m, x: m.log(1.5 + x * x)),
    "sqrt": one(lambda m, x: m.sqrt(1 + x * x)),
    "tanh": one(lambda m, x: m.tanh(x)),
    "sigmoid": one(lambda m, x: m.sigmoid(3 * x)),
    "abs": one(lambda m, x: m.abs(x)),
    "relu": one(lambda m, x: m.relu(x)),
    "leaky_relu": one(lambda m, x: m.leaky_relu(x)),
    "clip": one(lambda m, x: x.clip(-0.5, 0.7)),
    "reduction": draw_reduction,
    "@": draw_product,
    "reshape": draw_reshape,
    "transpose": draw_transpose,
    "index": draw_index,
    "join": draw_join,
    "where": draw_where,
    "softmax": draw_last_axis,
    "linear": draw_linear,
    "pad": draw_pad,
}


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [Graph(np.random.default_rng([13, seed])) for seed in range(N_GRAPHS)]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 2e-4)])
def test_five_hundred_random_graphs_agree_with_pytorch(
    torch: Any, graphs: list[Graph], dtype: type, tolerance: float
) -> None:
    there = torch_operations(torch)
    for seed, graph in enumerate(graphs):
        arrays = [a.astype(dtype) for a in graph.arrays]
        ours = [Tensor(a, requires_grad=True) for a in arrays]
        theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
        loss, their_loss = graph.run(HERE, ours), graph.run(there, theirs)
        assert loss.dtype == dtype and str(their_loss.dtype) == f"torch.{loss.dtype}"
        loss.backward()
        their_loss.backward()
        where = f"seed {seed}: {graph.kinds}"
        np.testing.assert_allclose(
            loss.data, their_loss.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=where
        )
        for x, twin in zip(ours, theirs, strict=True):
            assert (x.grad is None) == (twin.grad is None), where
            if x.grad is not None:
                assert x.grad.dtype == dtype
                scale = max(1e-3, float(twin.grad.abs().max()))
                np.testing.assert_allclose(
                    x.grad / scale, twin.grad.numpy() / scale, rtol=0, atol=tolerance, err_msg=where
                )


def test_the_graphs_are_varied_and_deep(graphs: list[Graph]) -> None:
    counts = {kind: sum(graph.kinds.count(kind) for graph in graphs) for kind in KINDS}
    assert min(counts.values()) >= 40, counts
    nodes = [len(topological_order(graph.values[-1].node)) for graph in graphs]
    assert np.median(nodes) > 20 and max(nodes) > 60
    assert len({graph.values[-2].shape for graph in graphs}) > 40
    again = 0
    for graph in graphs:
        parents = [
            p for node in topological_order(graph.values[-1].node) for p in node.parents if p is not None
        ]
        again += len(parents) - len(set(parents))
    assert again > 5 * len(graphs)


def test_a_rule_that_is_slightly_wrong_is_found(
    torch: Any, graphs: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Tensor.tanh

    def tanh(x: Tensor) -> Tensor:
        out = plain(x)
        if out.node is not None:
            rule = out.node.vjp
            out.node.vjp = lambda g: (rule(g)[0] * x.dtype.type(1.001),)  # type: ignore[misc]
        return out

    monkeypatch.setattr(Tensor, "tanh", tanh)
    with pytest.raises(AssertionError, match="seed 0"):
        test_five_hundred_random_graphs_agree_with_pytorch(torch, graphs[:1], np.float32, 2e-4)
