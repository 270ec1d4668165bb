"""Toy sets made in code, small enough to see whole. Built in the chapter "neuron".

Inputs are float32 (N, 2), except `noisy_sinc`: (N, 1). Two classes come as float32
targets 0 and 1 of shape (N,), as a neuron with one output wants them; `spirals`, which
may have more classes, gives int64 labels (N,). Classes are equally large (give or take
one) and in random order.
"""

import math

import numpy as np

from mininet import expect
from mininet.arrays import Array, Floats

_GATES = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "xor": (0, 1, 1, 0)}


def logic_gate(name: str) -> tuple[Floats, Floats]:
    """Return the truth table of "and", "or", "nand" or "xor": inputs (4, 2) and targets (4,), float32.

    >>> x, y = logic_gate("xor")
    >>> y
    array([0., 1., 1., 0.], dtype=float32)
    """
    if name not in _GATES:
        raise ValueError(f"logic_gate: expected one of {', '.join(map(repr, _GATES))}, got {name!r}.")
    x = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], dtype=np.float32)
    return x, np.array(_GATES[name], dtype=np.float32)


def blobs(n: int, rng: np.random.Generator, spread: float = 0.5) -> tuple[Floats, Floats]:
    """Return two round clouds around (-1.5, -1.5) and (1.5, 1.5): inputs (n, 2), targets (n,) 0 or 1.

    ``spread`` is each cloud's standard deviation; at 0.5 a straight line separates them.

    >>> x, y = blobs(100, np.random.default_rng(0))
    >>> x.shape, int(y.sum())
    ((100, 2), 50)
    """
    labels = _shuffled_labels("blobs", n, 2, rng)
    centres = np.array([(-1.5, -1.5), (1.5, 1.5)])
    return _with_noise("blobs", centres[labels], spread, rng), labels.astype(np.float32)


def moons(n: int, rng: np.random.Generator, noise: float = 0.1) -> tuple[Floats, Floats]:
    """Return two interlocking half-circles of radius 1: inputs (n, 2), targets (n,) 0 or 1.

    ``noise`` is the standard deviation of what is added to each coordinate.

    >>> x, y = moons(100, np.random.default_rng(0))
    >>> x.shape, x.dtype
    ((100, 2), dtype('float32'))
    """
    labels = _shuffled_labels("moons", n, 2, rng)
    angle = rng.uniform(0, math.pi, len(labels))
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.where(labels[:, None] == 0, upper, lower)
    return _with_noise("moons", points, noise, rng), labels.astype(np.float32)


def circles(n: int, rng: np.random.Generator, noise: float = 0.1) -> tuple[Floats, Floats]:
    """Return a circle of radius 1 (class 0) around one of radius 0.5 (class 1): (n, 2) and (n,).

    >>> x, y = circles(100, np.random.default_rng(0), noise=0)
    >>> radius = np.linalg.norm(x, axis=1)
    >>> bool(np.allclose(radius[y == 1], 0.5))
    True
    """
    labels = _shuffled_labels("circles", n, 2, rng)
    angle = rng.uniform(0, 2 * math.pi, len(labels))
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.array([1.0, 0.5])[labels, None]
    return _with_noise("circles", points, noise, rng), labels.astype(np.float32)


def spirals(
    n: int, rng: np.random.Generator, n_classes: int = 2, noise: float = 0.02
) -> tuple[Floats, Array]:
    """Return ``n_classes`` spiral arms, each three quarters of a turn: inputs (n, 2), int64 labels (n,).

    >>> x, labels = spirals(90, np.random.default_rng(0), n_classes=3)
    >>> np.bincount(labels)
    array([30, 30, 30])
    """
    n_classes = expect.whole("spirals", "n_classes", n_classes, least=2)
    labels = _shuffled_labels("spirals", n, n_classes, rng)
    radius = rng.uniform(0.1, 1, len(labels))
    angle = 1.5 * math.pi * radius + 2 * math.pi * labels / n_classes
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _with_noise("spirals", points, noise, rng), labels


def noisy_sinc(n: int, rng: np.random.Generator, noise: float = 0.1) -> tuple[Floats, Floats]:
    """Return points of the curve sin(πx) / (πx) with noise on y: x in [-4, 4] and y, both (n, 1) float32.

    Targets have the shape of a network's one-column prediction. ``x`` is in random order.

    >>> x, y = noisy_sinc(500, np.random.default_rng(0), noise=0)
    >>> bool(np.allclose(y, np.sinc(x), atol=1e-6))
    True
    """
    expect.generator("noisy_sinc", rng)
    n = expect.whole("noisy_sinc", "n, the number of points,", n)
    x = rng.uniform(-4, 4, (n, 1))
    return x.astype(np.float32), _with_noise("noisy_sinc", np.sinc(x), noise, rng)


def _shuffled_labels(where: str, n: int, n_classes: int, rng: np.random.Generator) -> Array:
    expect.generator(where, rng)
    n = expect.whole(where, "n, the number of points,", n)
    return rng.permutation(np.arange(n, dtype=np.int64) % n_classes)


def _with_noise(where: str, points: Array, noise: float, rng: np.random.Generator) -> Floats:
    noise = expect.number(where, "the noise, a standard deviation,", noise, least=0)
    return np.asarray(points + rng.normal(0, noise, points.shape), dtype=np.float32)
