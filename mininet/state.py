"""State dictionaries: the arrays of a network by name, and whether one fits another. Built in the chapter "layers"."""

from collections.abc import Mapping

import numpy as np

from mininet.arrays import Array


def check_state(mine: Mapping[str, Array], given: Mapping[str, Array], strict: bool = True) -> None:
    """Refuse a given state that does not fit: `ValueError` with all that is missing, unexpected or misshaped.

    Without ``strict`` only wrong shapes count.

    >>> check_state({"w": np.zeros(2)}, {"v": np.zeros(2)})
    Traceback (most recent call last):
    ValueError: load_state_dict: missing 'w'; unexpected 'v'.
    """
    problems = [f"missing '{name}'" for name in mine if name not in given and strict]
    problems += [f"unexpected '{name}'" for name in given if name not in mine and strict]
    problems += [
        f"'{name}' is {array.shape} here and {np.shape(given[name])} in the given state"
        for name, array in mine.items()
        if name in given and np.shape(given[name]) != array.shape
    ]
    if problems:
        raise ValueError(f"load_state_dict: {'; '.join(problems)}.")
