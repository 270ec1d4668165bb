"""Starting weights of the right size, so that signals neither die nor blow up. Built in the chapter "layers".

Each returns a ``(fan_in, fan_out)`` matrix for ``x @ w``, drawn from ``rng``.
"""

import math
from collections.abc import Callable

import numpy as np

from mininet import expect
from mininet.arrays import Floats

Init = Callable[[int, int, np.random.Generator], Floats]


def xavier(fan_in: int, fan_out: int, rng: np.random.Generator) -> Floats:
    """Return (fan_in, fan_out) float32, uniform within ±sqrt(6 / (fan_in + fan_out)).

    The compromise that keeps both the signal going forward and the gradient coming
    back at about the same size, for activations that are straight lines near 0
    (tanh, sigmoid). Source: Glorot and Bengio (2010), equation 16.

    >>> bool(abs(xavier(300, 300, np.random.default_rng(0))).max() <= 0.1)
    True
    """
    fan_in, fan_out = _checked("xavier", fan_in, fan_out, rng)
    limit = math.sqrt(6 / (fan_in + fan_out))
    return (rng.random((fan_in, fan_out), dtype=np.float32) * 2 - 1) * limit


def kaiming(fan_in: int, fan_out: int, rng: np.random.Generator) -> Floats:
    """Return (fan_in, fan_out) float32, normal with standard deviation sqrt(2 / fan_in).

    The factor 2 makes up for the half of the signal that a ReLU cuts off.
    Source: He, Zhang, Ren and Sun (2015), section 2.2.

    >>> kaiming(2, 3, np.random.default_rng(0)).shape
    (2, 3)
    """
    fan_in, fan_out = _checked("kaiming", fan_in, fan_out, rng)
    return rng.standard_normal((fan_in, fan_out), dtype=np.float32) * math.sqrt(2 / fan_in)


def starting_weights(init: Init, fan_in: int, fan_out: int, rng: np.random.Generator) -> Floats:
    """Return what ``init`` draws, refused unless it is (fan_in, fan_out)."""
    fan_in, fan_out = (expect.whole("Linear", "its number of features", n) for n in (fan_in, fan_out))
    weights = init(fan_in, fan_out, rng)
    expect.shape(
        f"Linear({fan_in}, {fan_out})", weights, (fan_in, fan_out), "starting weights from init of shape"
    )
    return weights


def _checked(name: str, fan_in: int, fan_out: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return the sizes as Python's numbers: a sum of NumPy's uint8 would wrap round."""
    expect.generator(name, rng)
    return (
        expect.whole(name, "the number of inputs", fan_in),
        expect.whole(name, "the number of outputs", fan_out),
    )
