"""Memory: freed without the garbage collector, constant over training, and no more at its peak than is needed."""

import gc
import tracemalloc
import weakref
from itertools import pairwise

import numpy as np
import pytest

from mininet import functional as F
from mininet import nn
from mininet.optim import SGD
from mininet.tensor import Node, Tensor, no_grad


def graph(x: Tensor) -> tuple[Tensor, list[weakref.ref]]:
    """Return a loss through many operations, and references to all tensors on its way."""
    steps = [x * 2]
    for operation in (
        lambda t: t.exp(),
        lambda t: t.tanh(),
        lambda t: (t * t + 1).sqrt(),
        lambda t: t / (t + 1),
        lambda t: t - t.mean(axis=0, keepdims=True),
        lambda t: t @ t.T,
        lambda t: t.reshape(-1)[[0, 1, 1]],
        F.relu,
        F.softmax,
        F.sigmoid,
        lambda t: t.max(),
    ):
        steps.append(operation(steps[-1]))
    return steps[-1], [weakref.ref(t) for t in steps[:-1]]


def test_tensors_on_the_way_are_gone_as_soon_as_nobody_holds_them(no_collector: None) -> None:
    x = Tensor(np.ones((3, 4), dtype=np.float32), requires_grad=True)
    loss, references = graph(x)
    # the nodes keep arrays and no tensors, so the tensors are gone before the way back
    assert all(reference() is None for reference in references)
    loss.backward()


def test_the_graph_is_freed_while_it_is_walked(no_collector: None) -> None:
    x = Tensor(np.ones((3, 4), dtype=np.float32), requires_grad=True)
    loss, _ = graph(x)
    assert loss.node is not None
    node = loss.node
    kept = weakref.ref(node.vjp)
    parents = node.parents
    loss.backward()
    assert kept() is None
    assert node.vjp is None and node.parents == ()
    assert all(p.vjp is None for p in parents if isinstance(p, Node))


def test_a_graph_without_backward_is_freed_too(no_collector: None) -> None:
    x = Tensor(np.ones((3, 4), dtype=np.float32), requires_grad=True)
    loss, _ = graph(x)
    assert loss.node is not None
    kept = weakref.ref(loss.node.vjp)
    del loss
    assert kept() is None


def test_a_failed_backward_leaves_no_circle(no_collector: None) -> None:
    x = Tensor(np.ones((3, 4), dtype=np.float32), requires_grad=True)
    loss, _ = graph(x)
    kept = weakref.ref(loss.node.vjp)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="expected grad"):
        loss.backward(np.ones(7))
    del loss
    assert kept() is None


def test_linear_keeps_its_input_only_for_weights_that_learn(no_collector: None) -> None:
    for learns in (True, False):
        x = Tensor(np.ones((5, 3), dtype=np.float32)) * 1
        kept = weakref.ref(x.data)
        w = Tensor(np.ones((3, 2), dtype=np.float32), requires_grad=learns)
        b = Tensor(np.ones(2, dtype=np.float32), requires_grad=True)
        out = F.linear(x, w, b)
        del x
        assert (kept() is not None) == learns
        out.sum().backward()
        assert kept() is None


def alive() -> int:
    # by type: isinstance() would ask some foreign objects, which answer with a warning
    return sum(issubclass(type(thing), (Tensor, Node)) for thing in gc.get_objects())


def test_the_number_of_live_tensors_is_constant_over_1000_steps(no_collector: None) -> None:
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Linear(3, 4, rng), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.2, rng), nn.Linear(4, 2, rng)
    )
    optimizer = SGD(net.parameters(), lr=0.1)
    x, y = rng.standard_normal((8, 3), dtype=np.float32), rng.integers(0, 2, 8)
    counts = []
    for step in range(1000):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 333 == 0:
            counts.append(alive())
    assert len(counts) == 4
    assert len(set(counts)) == 1


def test_nothing_is_kept_under_no_grad(no_collector: None) -> None:
    x = Tensor(np.ones((100, 1000), dtype=np.float32), requires_grad=True)

    def peak(layers: int) -> int:
        y = x * 2
        tracemalloc.reset_peak()
        for _ in range(layers):
            y = y.tanh()
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    with no_grad():
        few, many = peak(3), peak(30)
    recorded = peak(30)
    tracemalloc.stop()
    assert many < 1.1 * few + 10_000
    assert recorded > 5 * many  # so that the measurement can fail


# the peak of a training step


def needed(sizes: list[int], n: int) -> int:
    """Return the bytes that a step of a network of these layers cannot do without, from its shapes alone.

    After the forward pass every hidden layer's output is kept, and of the last the loss's gradient and the
    scores. On the way back the gradients of the parameters appear one by one, while the outputs
    above are let go; each layer, linear or ReLU, holds the gradient by its output while it computes
    the one by its input. At the end the update needs room for the change of the largest parameter.
    """
    hidden = [n * width for width in sizes[1:-1]]
    scores = 2 * n * sizes[-1]
    parameters = [fan_in * fan_out + fan_out for fan_in, fan_out in pairwise(sizes)]
    most = sum(hidden) + scores
    for layer in range(len(parameters)):
        kept = sum(hidden[:layer])  # its own input among them
        gradients = sum(parameters[layer:])
        by_output = n * sizes[layer + 1]
        by_input = n * sizes[layer] if layer else 0
        relu_below = 2 * n * sizes[layer] if layer else 0
        most = max(most, kept + gradients + max(by_output + by_input, relu_below))
    update = sum(parameters) + max(fan_in * fan_out for fan_in, fan_out in pairwise(sizes))
    return 4 * max(most, update)


def measured(sizes: list[int], n: int) -> int:
    rng = np.random.default_rng(0)
    net = nn.mlp(sizes, rng)
    optimizer = SGD(net.parameters(), lr=0.1)
    x, y = rng.standard_normal((n, sizes[0]), dtype=np.float32), rng.integers(0, sizes[-1], n)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


@pytest.mark.parametrize(
    ("sizes", "n"), [([784, 100, 10], 32), ([784, 512, 512, 10], 128), ([64, 256, 256, 256, 256, 10], 1000)]
)
def test_the_peak_of_a_step_is_at_most_a_fifth_above_what_it_needs(sizes: list[int], n: int) -> None:
    need, peak = needed(sizes, n), measured(sizes, n)
    print(f"{'-'.join(map(str, sizes))}, batch {n}: {peak:,} bytes, needed {need:,}, {peak / need:.3f} times")
    assert peak <= 1.2 * need
    assert peak >= 0.9 * need, "what is said to be needed is not"
