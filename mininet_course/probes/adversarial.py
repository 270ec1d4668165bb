"""Beside the answers on fooling a network: a generator to toss by, somebody to ask."""

from collections.abc import Callable
from typing import Any

from numpy.random import default_rng

from mininet.arrays import Array, Floats


def tossed(control: Any, x: Floats, forged: Floats, seed: int) -> list[Any]:
    """Return two controls from one generator, and one from another with the same seed."""
    rng = default_rng(seed)
    return [control(x, forged, rng), control(x, forged, rng), control(x, forged, default_rng(seed))]


def searched(smallest: Any, fooled: Callable[[Any], Array], largest: Floats, tolerance: float) -> Any:
    """Return the smallest epsilons that are found for pictures which are all fooled at the largest."""
    return smallest(fooled, len(largest), tolerance)
