"""Beside the answers on XOR: the call with the dictionary that the chapter keeps its parameters in."""

from collections.abc import Callable
from typing import Any

from mininet.arrays import Floats

NAMES = ("W1", "b1", "W2", "b2")


def with_network(answer: Callable[..., Any], *case: Floats) -> Any:
    """Call an answer with the dictionary p that the chapter uses."""
    *parameters, X, Y = case[:6]
    return answer(dict(zip(NAMES, parameters, strict=True)), X, Y, *case[6:])
