"""Sums of long float32 columns that keep their digits. Built in the chapter "tensor"."""

import math

import numpy as np

from mininet.arrays import Array, column_sums

_LONG = 1024  # below that many numbers, adding one after the other loses less than a digit


def total(x: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
    """Return ``x.sum(axis, keepdims=keepdims)``, rounded no worse over the first axes than over the last.

    NumPy adds pairwise along the last axis, and row after row along the others, where float32 loses a
    digit in every ten thousand rows or so. Here `column_sums` adds them in blocks.

    >>> ones = np.full((100_000, 3), 0.1, dtype=np.float32)
    >>> float(abs(total(ones, 0) - 1e4).max()) < 0.05, float(abs(ones.sum(0) - 1e4).max()) < 0.5
    (True, False)
    """
    keepdims = bool(keepdims)  # NumPy does not take its own booleans
    if axis is None or x.dtype != np.float32 or x.size < _LONG:
        return np.asarray(x.sum(axis=axis, keepdims=keepdims))
    axes = sorted(i % x.ndim for i in ((axis,) if isinstance(axis, int) else axis))
    n = math.prod(x.shape[i] for i in axes)
    trailing = axes == list(range(x.ndim - len(axes), x.ndim)) and x.flags.c_contiguous
    if n < _LONG or trailing:
        return np.asarray(x.sum(axis=axis, keepdims=keepdims))
    if axes != list(range(len(axes))) or not x.flags.c_contiguous:
        return np.asarray(x.sum(axis=axis, keepdims=keepdims, dtype=np.float64).astype(np.float32))
    rest = (1,) * (len(axes) if keepdims else 0) + x.shape[len(axes) :]
    return np.asarray(column_sums(x.reshape(n, -1)).reshape(rest))
