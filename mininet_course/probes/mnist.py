"""Beside the answers on digits: generators to draw by, a small network to be trained, a network described."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import array, concatenate
from numpy.random import default_rng

from mininet import layers
from mininet.arrays import Array, Floats
from mininet.layers import Sequential, Tanh, mlp
from mininet.losses import cross_entropy
from mininet_course.exercise import WrongForm

Rng = np.random.Generator
Train = Callable[[Any, Floats, Array, float, int], Any]
Prepare = Callable[[Array, Array, int, Rng], Any]


def drawn(batches: Any, x: Array, y: Array, size: int, seed: int) -> list[Any]:
    """Return the batches of two epochs from one generator, and of one from another with the same seed."""
    rng = default_rng(seed)
    rounds = [batches(x, y, size, rng), batches(x, y, size, rng), batches(x, y, size, default_rng(seed))]
    return [list(one) if hasattr(one, "__iter__") else one for one in rounds]


def small_net(inputs: int, classes: int) -> Sequential:
    return mlp([inputs, 4, classes], default_rng(0), activation=Tanh).astype(np.float64)


def after_training(train: Train, x: Floats, y: Array, lr: float, steps: int) -> tuple[Any, Floats]:
    """Let a fresh network be trained; return its loss and its weights."""
    net = small_net(x.shape[1], int(y.max()) + 1)
    train(net, x, y, lr, steps)
    weights = concatenate([p.data.ravel() for p in net.parameters()])
    return cross_entropy(net.forward(x), y)[0], weights


def prepared(prepare: Prepare, x: Array, y: Array, n_validation: int, seed: int) -> Any:
    """Return the two piles that a preparation makes; the label of each image is its own number."""
    return prepare(x, y, n_validation, default_rng(seed))


# the layers that a description knows, each with the arrays that make it what it is
LAYERS = {
    "Linear": ("weight", "bias"),
    "BatchNorm1d": ("weight", "bias", "running_mean", "running_var"),
    "ReLU": (),
    "Sigmoid": (),
    "Tanh": (),
    "Flatten": (),
    "Dropout": (),  # does nothing in use
}
THROWS = 3


def examined(reader: Any, x: Floats, y: Array, seed: int, exam: Callable[[Any], tuple[bool, str]]) -> Any:
    """Let a network be trained and hand its description over, to be examined elsewhere.

    One run is one throw of the dice, so whoever has learned something and fails is trained
    anew, twice, from other seeds.
    """
    for throw in range(THROWS):
        net = reader(x, y, default_rng(seed + throw))
        if net is None:
            return None
        done, said = exam(described(net))
        if done:
            break
    print(said)
    return THROWS


def described(net: Any) -> list[Any]:
    """Return a network as numbers: for each layer its name, and its arrays in the order of ``LAYERS``."""
    if not (hasattr(net, "forward") and hasattr(net, "parameters")):
        raise WrongForm(f"Expected a network, with forward and parameters, got {type(net).__name__}.")
    if isinstance(net, Sequential):
        return [line for layer in net.layers for line in described(layer)]
    name = type(net).__name__
    if type(net) is not getattr(layers, name, None) or name not in LAYERS:
        raise WrongForm(
            f"Expected a network of layers from mininet.layers, found {name} in it. Its parameters can only be "
            "counted in layers that are known."
        )
    arrays = [getattr(net, part) for part in LAYERS[name]]
    return [[name, [array(getattr(part, "data", part)) for part in arrays]]]
