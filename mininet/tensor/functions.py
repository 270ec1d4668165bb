"""Functions of several tensors: `concatenate`, `stack`, `where`. Built in the chapter "tensor"."""

from collections.abc import Sequence

import numpy as np

from mininet.arrays import Array
from mininet.tensor.tensor import Operand, Tensor, elementwise, record


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return the tensors one behind the other along ``axis``; all other sizes are equal."""
    tensors = _checked("concatenate", tensors)
    shape = tensors[0].shape
    axis = _axis("concatenate", axis, len(shape))
    for other in (t.shape for t in tensors):
        if other[:axis] + other[axis + 1 :] != shape[:axis] + shape[axis + 1 :] or len(other) != len(shape):
            raise ValueError(
                f"concatenate: expected shapes that differ along axis {axis} only, got {shape} and {other}."
            )
    ends = np.cumsum([t.shape[axis] for t in tensors])[:-1]
    value = np.concatenate([t.data for t in tensors], axis)
    return record("concatenate", value, tensors, lambda g: tuple(np.split(g, ends, axis)))


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return tensors of one shape as the entries of a new ``axis``."""
    tensors = _checked("stack", tensors)
    if len({t.shape for t in tensors}) > 1:
        raise ValueError(f"stack: expected one shape, got {', '.join(str(t.shape) for t in tensors)}.")
    axis = _axis("stack", axis, tensors[0].ndim + 1)
    value = np.stack([t.data for t in tensors], axis)
    return record("stack", value, tensors, lambda g: tuple(np.moveaxis(g, axis, 0)))


def where(condition: Array | np.bool | bool, a: Operand, b: Operand) -> Tensor:
    """Return a's entries where ``condition`` is true and b's elsewhere; the entry that is not taken gets gradient 0.

    >>> x = Tensor([-1.0, 2.0], requires_grad=True)
    >>> where(x > 0, x, 0.1 * x)
    Tensor([-0.1,  2. ], from where)
    """
    if not isinstance(condition, (np.ndarray, np.bool, bool)) or np.asarray(condition).dtype != bool:
        raise TypeError(
            f"where: expected an array of booleans as condition, such as x > 0, got {type(condition).__name__}."
        )
    known = next((side for side in (a, b) if isinstance(side, Tensor)), None)
    if known is None:
        raise TypeError("where: expected at least one tensor; for arrays and numbers there is np.where.")
    condition = np.array(condition)  # the way back needs it as it is now
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


def _checked(name: str, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if (
        not isinstance(tensors, (list, tuple))
        or not tensors
        or not all(isinstance(t, Tensor) for t in tensors)
    ):
        raise TypeError(f"{name}: expected a list of at least one tensor, got {tensors!r:.60}.")
    if len({t.dtype for t in tensors}) > 1:
        raise TypeError(f"{name}: expected one dtype, got {', '.join(str(t.dtype) for t in tensors)}.")
    return tuple(tensors)


def _axis(name: str, axis: int, ndim: int) -> int:
    """Return the axis counted from the front."""
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{name}: expected a whole number as axis, got {axis!r:.60}.")
    if not -ndim <= axis < ndim:
        raise ValueError(f"{name}: expected an axis from {-ndim} to {ndim - 1}, got {axis}.")
    return int(axis) % ndim
