"""What the tests of the attacks have in common: the digits, a network that knows them, the attacks by name."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from mininet.arrays import Array, Floats
from mininet.attacks import classify, fgsm, pgd, random_noise
from mininet.data import digits, to_unit
from mininet.layers import Sequential, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD
from mininet.training import fit

Attack = Callable[..., Floats]  # (gradient, x, y, epsilon) -> x'

DIGITS = digits()
X, Y = to_unit(DIGITS.x_test.reshape(-1, 64)), DIGITS.y_test
LINF: dict[str, Attack] = {
    "fgsm": fgsm,
    "pgd": lambda g, x, y, e: pgd(g, x, y, e, rng=None),
    "pgd, random start": lambda g, x, y, e: pgd(g, x, y, e, rng=np.random.default_rng(0)),
    "noise": lambda g, x, y, e: random_noise(x, e, np.random.default_rng(0)),
}
L2: dict[str, Attack] = {
    "pgd": lambda g, x, y, e: pgd(g, x, y, e, rng=None, norm=2),
    "pgd, random start": lambda g, x, y, e: pgd(g, x, y, e, rng=np.random.default_rng(0), norm=2),
}
ATTACKS = [(name, np.inf, a) for name, a in LINF.items()] + [(name, 2, a) for name, a in L2.items()]


@functools.cache
def trained() -> Sequential:
    """Return a small network that knows the 8×8 digits: 95 % of the test images."""
    net = mlp([64, 30, 10], np.random.default_rng(0))
    teach(net, np.random.default_rng(1), epochs=20)
    assert share_right(net, X) > 0.9
    return net


def teach(net: Sequential, rng: np.random.Generator, epochs: int, **options: Any) -> None:
    """Train a network on the digits."""
    fit(
        net,
        (DIGITS.x_train.reshape(-1, 64), DIGITS.y_train),
        loss=cross_entropy,
        optimizer=SGD(net.parameters(), lr=0.3),
        epochs=epochs,
        batch_size=32,
        rng=rng,
        progress=False,
        **options,
    )


def share_right(net: Any, x: Floats, y: Array = Y) -> float:
    return float(np.mean(classify(net)(x) == y))


def by_attack(gradient: Any) -> Any:
    return lambda x, y, epsilon: fgsm(gradient, x, y, epsilon)
