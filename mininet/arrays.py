"""The names for types that signatures share, and a sum that keeps its digits. Built in the chapter "intro"."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.floating]

_BLOCK = 512  # rows that are added one by one


class HasGradient(Protocol):
    """What training changes: an array and, after a backward pass, the loss's gradient by it."""

    data: Floats
    grad: Floats | None


def column_sums(a: Floats) -> Floats:
    """Return the sum of each column, (N, F) to (F,), in a's dtype; many rows are added in blocks.

    NumPy adds rows one by one, and each addition rounds: over 60,000 rows float32 keeps three
    digits. Sums of blocks, added up, keep six.

    >>> column_sums(np.full((60_000, 1), 0.1, dtype=np.float32)).round(2)
    array([6000.], dtype=float32)
    """
    if len(a) > _BLOCK:
        whole = len(a) // _BLOCK * _BLOCK
        # a product with ones is the quickest sum of a block
        sums: Floats = np.ones(_BLOCK, dtype=a.dtype) @ a[:whole].reshape(-1, _BLOCK, a.shape[1])
        return column_sums(np.vstack([sums, a[whole:].sum(axis=0)]))
    sums = a.sum(axis=0)
    return sums
