"""Whole graphs drawn at random, with results used again and again, against nudging and against PyTorch."""

import importlib.util
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet.tensor import Tensor, topological_order
from tests.support.frameworks import framework
from tests.support.tensors import HERE, check_by_nudging, torch_operations

N = 3  # everything is (3, 3), (3,), (1, 3) or (), so that all fit together
LEAVES = [(N, N), (N,), (1, N), (), (N, N)]
MASK = np.array([[True, False, True], [False, True, False], [True, True, False]])
ROWS = np.array([2, 0, 0])


def matrix(m: Any, x: Any) -> Any:
    """Return x stretched to (3, 3)."""
    return x + m.constant(np.zeros((N, N)), x)


# smooth, of bounded slope, and of bounded size: 40 of them in a row neither explode nor sit at a kink
Step = Callable[[Any, Any, Any], Any]
STEPS: dict[str, Step] = {
    "+": lambda m, x, y: 0.7 * x + 0.5 * y,
    "-": lambda m, x, y: y - x / 2,
    "*": lambda m, x, y: m.tanh(x) * y,
    "/": lambda m, x, y: x / (1 + y * y),
    "with itself": lambda m, x, y: m.tanh(x * x),
    "@": lambda m, x, y: m.tanh(matrix(m, x) @ matrix(m, y) / 3),
    "@ its own transpose": lambda m, x, y: matrix(m, x) @ matrix(m, x).T / (1 + m.sum(x * x)),
    "matrix vector": lambda m, x, y: (matrix(m, x) @ matrix(m, y)[0]) / 3,
    "exp": lambda m, x, y: m.exp(-(x * x)),
    "log": lambda m, x, y: m.log(1.5 + x * x),
    "sqrt": lambda m, x, y: m.sqrt(1 + x * x),
    "power": lambda m, x, y: (1.5 + m.tanh(x)) ** 1.7 + 2 ** m.tanh(y),
    "sigmoid": lambda m, x, y: m.sigmoid(x) - 2 * m.sigmoid(y),
    "mean": lambda m, x, y: x - m.mean(y),
    "mean of columns": lambda m, x, y: m.mean(matrix(m, x), 0, keepdims=True) + y,
    "variance": lambda m, x, y: x / (1 + m.var(matrix(m, y), 1)),
    "sum": lambda m, x, y: m.tanh(m.sum(x)) * y,
    "softmax": lambda m, x, y: m.softmax(matrix(m, x)) * y,
    "log softmax": lambda m, x, y: 0.3 * m.log_softmax(matrix(m, x)),
    "transpose": lambda m, x, y: matrix(m, x).T - y,
    "rows": lambda m, x, y: matrix(m, x)[ROWS],
    "slice": lambda m, x, y: matrix(m, x)[:, 1:2] * matrix(m, y)[2],
    "entries": lambda m, x, y: m.sum(matrix(m, x)[m.fixed(MASK)]) * 0.2,
    "where": lambda m, x, y: m.where(m.fixed(MASK), x, y),
    "concatenate": lambda m, x, y: m.concatenate([matrix(m, x), matrix(m, y)])[1:4],
    "stack": lambda m, x, y: m.mean(m.stack([matrix(m, x), matrix(m, y), matrix(m, x)]), 0),
    "reshape": lambda m, x, y: matrix(m, x).reshape(9)[3:6] + y,
    "linear": lambda m, x, y: m.tanh(m.linear(matrix(m, x), matrix(m, y), matrix(m, x)[2])),
    "pad": lambda m, x, y: m.pad(matrix(m, x)[1:], [(1, 0), (0, 0)]),
}
# what is not smooth; PyTorch has the same rules at the kinks
KINKED: dict[str, Step] = {
    "abs": lambda m, x, y: m.abs(x) - y,
    "relu": lambda m, x, y: m.relu(x) + 0.1 * m.leaky_relu(y),
    "clip": lambda m, x, y: x.clip(-0.5, 0.5) + y,
    "max": lambda m, x, y: y - m.max(matrix(m, x), -1, keepdims=True),
}
Program = list[tuple[str, int, int]]


def programs(steps: dict[str, Step]) -> st.SearchStrategy[Program]:
    """Draw 5 to 40 operations; each takes two of the leaves and results so far, the last few more often."""
    back = st.integers(1, 4) | st.integers(1, 45)
    return st.lists(st.tuples(st.sampled_from(sorted(steps)), back, back), min_size=5, max_size=40)


def run(program: Program, m: SimpleNamespace, leaves: list[Any]) -> Any:
    """Return a number that every unused result and leaf goes into."""
    results, used = list(leaves), set()
    for name, i, j in program:
        i, j = -1 - (i - 1) % len(results), -1 - (j - 1) % len(results)
        used |= {len(results) + i, len(results) + j}
        step = STEPS.get(name) or KINKED[name]
        out = step(m, results[i], results[j])
        # what has become large is made small again
        results.append(out if np.abs(np.asarray(out.detach().data)).max() < 10 else m.tanh(out))
    loose = [matrix(m, x) for k, x in enumerate(results) if k not in used or k == len(results) - 1]
    return m.sum(m.tanh(m.mean(m.stack(loose), 0)))


def leaves_of(seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.uniform(-1, 1, shape)) for shape in LEAVES]


@given(programs(STEPS), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_random_graphs_agree_with_nudging(program: Program, seed: int) -> None:
    check_by_nudging(
        lambda *x: run(program, HERE, list(x)), leaves_of(seed), np.random.default_rng(seed), tolerance=1e-5
    )


def test_the_graphs_are_large_and_use_results_again() -> None:
    program: Program = [(name, 1 + k % 3, 2 + k % 7) for k, name in enumerate(STEPS)]
    loss = run(program, HERE, [Tensor(a, requires_grad=True) for a in leaves_of(0)])
    nodes = topological_order(loss.node)
    uses = [id(parent) for node in nodes for parent in node.parents]
    assert len(nodes) > 60
    assert max(uses.count(id(node)) for node in nodes) >= 3


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed, so nothing is compared with it"
)
@given(programs(STEPS | KINKED), st.integers(0, 1000))
@settings(max_examples=200, deadline=None)
def test_random_graphs_agree_with_pytorch(program: Program, seed: int) -> None:
    torch = framework("torch")
    ours = [Tensor(a, requires_grad=True) for a in leaves_of(seed)]
    theirs = [torch.tensor(a, requires_grad=True) for a in leaves_of(seed)]
    loss, their_loss = run(program, HERE, ours), run(program, torch_operations(torch), theirs)
    loss.backward()
    their_loss.backward()
    np.testing.assert_allclose(loss.data, their_loss.detach().numpy(), rtol=1e-9, atol=1e-12)
    for x, twin in zip(ours, theirs, strict=True):
        assert (x.grad is None) == (twin.grad is None)
        if x.grad is not None:
            np.testing.assert_allclose(x.grad, twin.grad.numpy(), rtol=1e-7, atol=1e-10)
