"""Functions of several tensors: `concatenate`, `stack`, `where`. Built in the chapter "tensor"."""

from collections.abc import Sequence

import numpy as np

from mininet.arrays import Array
from mininet.tensor.array import Operand, Tensor, elementwise, record


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return the tensors one behind the other along ``axis``; all other sizes are equal."""
    _require_tensors("concatenate", tensors)
    ends = np.cumsum([t.shape[axis] for t in tensors])[:-1]
    value = np.concatenate([t.data for t in tensors], axis)
    return record("concatenate", value, tuple(tensors), lambda g: tuple(np.split(g, ends, axis)))


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return tensors of one shape as the entries of a new ``axis``."""
    _require_tensors("stack", tensors)
    value = np.stack([t.data for t in tensors], axis)
    return record("stack", value, tuple(tensors), lambda g: tuple(np.moveaxis(g, axis, 0)))


def where(condition: Array, a: Operand, b: Operand) -> Tensor:
    """Return a's entries where ``condition`` is true and b's elsewhere; the entry that is not taken gets gradient 0.

    >>> x = Tensor([-1.0, 2.0], requires_grad=True)
    >>> where(x > 0, x, 0.1 * x)
    Tensor([-0.1,  2. ], from where)
    """
    if not isinstance(condition, np.ndarray) or condition.dtype != bool:
        raise TypeError("where: expected an array of booleans as condition, such as x > 0.")
    known = next((side for side in (a, b) if isinstance(side, Tensor)), None)
    if known is None:
        raise TypeError("where: expected at least one tensor; for arrays and numbers there is np.where.")
    condition = condition.copy()  # the way back needs it as it is now
    a, b = known.operand("where", a), known.operand("where", b)
    value = np.where(condition, a.data, b.data)
    return elementwise(
        "where",
        a,
        b,
        value,
        lambda g: np.where(condition, g, g.dtype.type(0)),
        lambda g: np.where(condition, g.dtype.type(0), g),
    )


def _require_tensors(name: str, tensors: Sequence[Tensor]) -> None:
    if not tensors or not all(isinstance(t, Tensor) for t in tensors):
        raise TypeError(f"{name}: expected a list of at least one tensor.")
    if len({t.dtype for t in tensors}) > 1:
        raise TypeError(f"{name}: expected one dtype, got {', '.join(str(t.dtype) for t in tensors)}.")
