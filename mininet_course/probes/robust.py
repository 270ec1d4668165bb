"""Beside the answers on defending a network: generators to drop by, a batch to be changed, a network to be trained."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import concatenate
from numpy.random import default_rng

from mininet.arrays import Array, Floats
from mininet.layers import Sequential, Tanh, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD
from mininet_course.exercise import WrongForm

Attack = Callable[[Floats, Array], Floats]
TrainStep = Callable[[Sequential, SGD, Floats, Array, float], Any]


def dropped(dropout: Any, x: Floats, p: float, seed: int) -> list[Any]:
    """Let entries be dropped twice from one generator, once from another with the same seed, once in use."""
    rng = default_rng(seed)
    return [
        dropout(x, p, rng, True),
        dropout(x, p, rng, True),
        dropout(x, p, default_rng(seed), True),
        dropout(x, p, rng, False),
    ]


def used(maker: Any, attack: Attack, x: Floats, y: Array) -> Any:
    """Let the function be made, and a batch be changed by it."""
    change = maker(attack)
    if change is None:
        return None
    if not callable(change):
        raise WrongForm(
            "Expected a *function* of (x, y), to be handed to fit: define it inside with `def change(x, y):`, "
            "and return it without brackets."
        )
    changed = change(x, y)
    if changed is None:
        raise WrongForm("The function that you return gives back None. Is a `return` missing in it?")
    return changed


def after_steps(step: TrainStep, x: Floats, y: Array, epsilon: float, steps: int) -> tuple[Any, Floats]:
    """Let a fresh network make some steps; return its loss on honest images, and its weights."""
    net = mlp([x.shape[1], 5, int(y.max()) + 1], default_rng(0), activation=Tanh).astype(np.float64)
    optimizer = SGD(net.parameters(), 0.5)
    for _ in range(steps):
        step(net, optimizer, x, y, epsilon)
    weights = concatenate([p.data.ravel() for p in net.parameters()])
    return cross_entropy(net.forward(x), y)[0], weights
