"""One training step of the chapter's scalar engine beside micrograd's, as a ratio, in one run.

    python -m benchmarks.scalar [--rounds 10]

A 2-16-16-1 network with ReLUs, 100 points, mean squared error: forward, gradients cleared,
backward. The engine is the one in book/autograd.ipynb, taken from its cells. First the
losses and all gradients are compared: different arithmetic is not worth timing.
"""

import argparse
import gc
import importlib.util
import platform
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from mininet.arrays import Floats
from mininet_course import console

CHAPTER = Path(__file__).parent.parent / "book" / "autograd.ipynb"
SIZES, POINTS = (2, 16, 16, 1), 100
Weights = list[tuple[Floats, Floats]]  # of each layer: (in, out) and (out,)
Step = Callable[[], tuple[float, list[float]]]  # -> the loss, the gradients in the order of the weights
MISSING = "micrograd is not installed: pip install -e '.[compare]' -c constraints.txt"


def engine() -> dict[str, Any]:
    """Return what the chapter's cells tagged ``engine`` define: ``Number`` and what it needs."""
    names: dict[str, Any] = {}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if "engine" in cell.metadata.get("tags", []):
            exec(cell.source, names)  # the book's own code
    return names


def problem(seed: int = 0) -> tuple[Weights, Floats, Floats]:
    """Return weights for ``SIZES``, points (100, 2) and their targets 1 or −1 (100,): XOR's four quarters."""
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(SIZES))
    weights: Weights = [(rng.uniform(-1, 1, shape), rng.uniform(-1, 1, shape[1])) for shape in shapes]
    x = rng.standard_normal((POINTS, SIZES[0]))
    return weights, x, np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)


def chapter_step(weights: Weights, x: Floats, y: Floats) -> Step:
    """Return a step of the chapter's engine."""
    number = engine()["Number"]
    layers = [
        [
            ([number(w) for w in column], number(bias))
            for column, bias in zip(W.T.tolist(), b.tolist(), strict=True)
        ]
        for W, b in weights
    ]
    rows, targets = x.tolist(), y.tolist()

    def step() -> tuple[float, list[float]]:
        total = number(0.0)
        for row, target in zip(rows, targets, strict=True):
            values = [number(v) for v in row]
            for layer in layers:
                values = [
                    sum((w * v for w, v in zip(unit, values, strict=True)), bias) for unit, bias in layer
                ]
                if layer is not layers[-1]:
                    values = [z.relu() for z in values]
            difference = values[0] - target
            total = total + difference * difference
        loss = total * (1 / len(rows))
        parameters = [p for layer in layers for unit, bias in layer for p in (*unit, bias)]
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        return loss.value, [p.grad for p in parameters]

    return step


def micrograd_step(weights: Weights, x: Floats, y: Floats) -> Step:
    """Return the same step of micrograd, with its own network class."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    net = MLP(SIZES[0], list(SIZES[1:]))
    for layer, (W, b) in zip(net.layers, weights, strict=True):
        for neuron, column, bias in zip(layer.neurons, W.T.tolist(), b.tolist(), strict=True):
            neuron.w, neuron.b = [Value(w) for w in column], Value(bias)
    rows, targets = x.tolist(), y.tolist()

    def step() -> tuple[float, list[float]]:
        total = Value(0.0)
        for row, target in zip(rows, targets, strict=True):
            difference = net([Value(v) for v in row]) - target
            total = total + difference * difference
        loss = total * (1 / len(rows))
        net.zero_grad()
        loss.backward()
        return loss.data, [p.grad for p in net.parameters()]

    return step


def check(ours: Step, theirs: Step) -> None:
    """Raise AssertionError unless both steps give the same loss and gradients."""
    (loss, gradients), (their_loss, their_gradients) = ours(), theirs()
    np.testing.assert_allclose(loss, their_loss, rtol=1e-12)
    np.testing.assert_allclose(gradients, their_gradients, rtol=1e-9, atol=1e-12)


def measure(steps: dict[str, Step], rounds: int) -> dict[str, float]:
    """Return each one's milliseconds of processor time a step: the median of rounds in which they take turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            gc.collect()  # or one would clear up what the other has left behind
            start = time.process_time()
            step()
            times[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10, help="steps of each (default: 10)")
    options = parser.parse_args()
    if importlib.util.find_spec("micrograd") is None:
        sys.exit(MISSING)
    start = problem()
    steps = {"the chapter's engine": chapter_step(*start), "micrograd": micrograd_step(*start)}
    check(*steps.values())
    print(
        f"Python {platform.python_version()}; loss and gradients are the same; median of {options.rounds} steps"
    )
    ours, theirs = (times := measure(steps, options.rounds)).values()
    for name, milliseconds in times.items():
        print(f"{name:<22}{milliseconds:>9.1f} ms")
    print(f"{'ratio':<22}{ours / theirs:>9.2f}×{'' if ours <= theirs else '  slower than micrograd'}")


if __name__ == "__main__":
    console.forgive()
    main()
