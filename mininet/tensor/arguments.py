"""Numbers, axes, shapes and indices that operations are given, as they are now. Built in the chapter "tensor".

An operation may remember what these functions return: nobody can change it before the way back.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from mininet.arrays import Array

NUMBERS = (int, float, np.floating, np.integer, np.bool)


def is_number(value: object) -> bool:
    """Return whether it is one number: Python's, NumPy's, or in an array without axes."""
    return isinstance(value, NUMBERS) or (
        isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind in "iufb"
    )


def from_python(data: Any) -> Array:
    if data is None:
        raise TypeError("Tensor: expected an array, a list or a number, got None. Is a return missing?")
    try:
        array = np.array(data)
    except ValueError:  # rows of unequal length
        raise ValueError("Tensor: expected rows of one length, got a list that is no rectangle.") from None
    return array.astype(np.float32) if array.dtype == np.float64 else array


def number(operation: str, wanted: str, value: Any) -> float:
    if not is_number(value):
        raise TypeError(f"{operation}: expected {wanted}, got {type(value).__name__}.")
    return float(value)


def axes_of(operation: str, axis: Any, ndim: int) -> tuple[int, ...] | None:
    """Return the axes counted from the front, in a tuple that nobody can change; None for all of them."""
    if axis is None:
        return None
    try:
        return normalize_axis_tuple(axis, ndim)
    except TypeError:
        raise TypeError(
            f"{operation}: expected axis to be a whole number or a tuple of them, got {axis!r:.60}."
        ) from None


def whole_numbers(operation: str, given: Sequence[Any]) -> tuple[int, ...]:
    """Return sizes or axes that were given one by one, or all in one tuple or list."""
    numbers = given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    try:
        return tuple(map(operator.index, numbers))
    except TypeError:
        raise TypeError(f"{operation}: expected whole numbers, got {numbers!r:.60}.") from None


def frozen(part: Any) -> Any:
    """Return one part of an index as it is now: a list or an array of positions may be shuffled before the way back."""
    if part is None or part is ...:
        return part
    if hasattr(part, "node"):  # a tensor
        part = part.data
    try:
        if isinstance(part, slice):
            return slice(*(n if n is None else operator.index(n) for n in (part.start, part.stop, part.step)))
        if not isinstance(part, (np.ndarray, list, tuple, range, bool, np.bool)):
            return operator.index(part)
        array = np.array(part)
        if array.size == 0 and not isinstance(part, np.ndarray):
            array = array.astype(np.intp)
        if array.dtype.kind in "iub":
            return array if array.ndim or array.dtype == bool else int(array)
    except (TypeError, ValueError):
        pass
    got = part.dtype if isinstance(part, np.ndarray) else type(part).__name__
    raise IndexError(
        f"index: expected integers, slices, None, ..., or arrays or lists of integers or booleans, got {got}."
    )
