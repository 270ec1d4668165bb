"""Compares a learner's value with the expected one and says in words what differs."""

from collections.abc import Sequence

import numpy as np

from mininet.arrays import Array, Floats

_SHOWN = 8  # values that fit on a line


def as_numbers(value: object) -> Floats | None:
    """Return a value as a plain float64 array, whatever holds its numbers; None if they are not numbers.

    Lists, tuples, arrays and numbers of any dtype are welcome. Comparing happens on
    this copy only: an object with an ``==`` of its own is never asked.

    >>> as_numbers((1, True, 2.5))
    array([1. , 1. , 2.5])
    """
    # by its type: an object can lie about its class to isinstance
    if not issubclass(type(value), (np.ndarray, np.generic, int, float, list, tuple)):
        return None
    try:
        array = np.array(value)  # a copy, and never a subclass
    except Exception:  # a ragged list, or an object that resists
        return None
    if array.dtype.kind not in "biuf":
        return None
    numbers: Floats = array.astype(np.float64)
    return numbers


def wrong_places(got: Floats, want: Floats, tolerance: float) -> Array:
    """Return where two arrays of one shape differ by more than ``tolerance`` · max(1, |want|)."""
    with np.errstate(invalid="ignore"):
        near = np.isfinite(want) & (np.abs(got - want) <= tolerance * np.maximum(1, np.abs(want)))
    wrong: Array = ~(near | (got == want) | (np.isnan(got) & np.isnan(want)))
    return wrong


def same(got: object, want: object, tolerance: float) -> bool:
    """Say whether two values hold the same numbers in the same shape."""
    return difference(got, want, tolerance) is None


def difference(got: object, want: object, tolerance: float) -> str | None:
    """Say in a sentence or two how ``got`` differs from ``want``; None if it does not.

    >>> print(difference([1, 2, 4], [1, 2, 3], 1e-5))
    1 of 3 values is wrong, at index 2: yours 4, expected 3. A gap up to 1e-05 is accepted.
    """
    g, w = as_numbers(got), as_numbers(want)
    if w is None:
        raise TypeError(f"difference: expected a reference of numbers, got {want!r}. Mend the exercise.")
    if g is None:
        return _not_numbers(got)
    if g.shape != w.shape:
        return _shapes(g.shape, w.shape)
    for name, test, causes in (
        ("nan (not a number)", np.isnan, "0/0, the logarithm of a negative number, or inf - inf"),
        ("inf (infinity)", np.isinf, "a division by 0, log(0), or an exp of something large"),
    ):
        found = test(g) & ~test(w)
        if found.any():
            return f"The result holds {name}{_at(found)}. It comes from {causes}."
    wrong = wrong_places(g, w, tolerance)
    return _values(g, w, wrong, tolerance) if wrong.any() else None


def show(value: object) -> str:
    """Return a value as one short line of text, or a few for a small table."""
    array = as_numbers(value)
    if array is None:
        return _function(value) if callable(value) else _short(value)
    with np.printoptions(
        precision=4, threshold=24, edgeitems=2, suppress=bool(np.abs(array).max(initial=0) < 1e5)
    ):
        text = np.array2string(np.asarray(value), separator=", ") if array.ndim else f"{array:.6g}"
    return text + (f"   shape {array.shape}" if array.size > _SHOWN else "")


def _function(value: object) -> str:
    """Return a function's name, and what it says of itself in its first line."""
    name = getattr(value, "__name__", "")
    about = (getattr(value, "__doc__", None) or "").split("\n")[0] if name != "<lambda>" else ""
    return f"the function {name}" + (f": {about}" if about else "") if name else _short(value)


def _short(value: object, limit: int = 60) -> str:
    try:
        text = repr(value)
    except Exception:  # the learner's own class may fail at it
        text = f"a {type(value).__name__}"
    return text if len(text) <= limit else text[:limit] + " …"


def _at(places: Array) -> str:
    return f" at index {_index(places)}" if places.ndim else ""


def _index(places: Array) -> int | tuple[int, ...]:
    first = tuple(int(i) for i in np.argwhere(places)[0])
    return first[0] if len(first) == 1 else first


def _not_numbers(got: object) -> str:
    if got is None:
        return "The result is None. Is the `return` missing, or is it inside an `if` that was not taken?"
    if callable(got):
        return f"Expected numbers, got {show(got)} itself. Are the brackets of a call missing?"
    if isinstance(got, np.ndarray | list | tuple):
        try:
            kind = np.array(got).dtype.kind
        except Exception:
            return (
                "Expected numbers in a regular table; the rows of this one have different lengths or forms."
            )
        what = {"c": "complex numbers", "U": "text", "S": "text"}.get(kind, "something that is no number")
        return f"Expected numbers, but the result holds {what}: {_short(got)}"
    if isinstance(got, str):
        return f"Expected numbers, got the text {_short(got)}. Take the quotes away."
    return f"Expected numbers, got {_short(got)}, of the type {type(got).__name__}."


def _shapes(got: Sequence[int], want: Sequence[int]) -> str:
    if not want:
        return f"Expected a single number, got an array of shape {got}. Is a mean or a sum missing?"
    if not got:
        return (
            f"Expected an array of shape {want}, got a single number. Was something averaged or indexed away?"
        )
    text = f"Expected the shape {want}, got {got}."
    if len(want) > 1 and got == want[::-1]:
        return text + " It looks transposed."
    if len(want) == 1 and got == (*want, *want):
        return text + " A column (N, 1) against a row (N,) gives a table (N, N): make both (N,)."
    if np.prod(got) == np.prod(want):
        return (
            text
            + " The number of values is right, their arrangement is not: look for an index that keeps an axis."
        )
    return text


def _values(g: Floats, w: Floats, wrong: Array, tolerance: float) -> str:
    text = f"Yours is {_pair(g, w)}." if not g.ndim else _first_and_largest(g, w, wrong)
    if not tolerance:
        return text
    return f"{text}{_factor(g, w, tolerance)} A gap up to {tolerance:g} is accepted."


def _first_and_largest(g: Floats, w: Floats, wrong: Array) -> str:
    count, first = int(wrong.sum()), tuple(np.argwhere(wrong)[0])
    many = f"{count} of {g.size} values {'is' if count == 1 else 'are'} wrong"
    where = f"{'the first ' if count > 1 else ''}at index {_index(wrong)}: yours {_pair(g[first], w[first])}"
    return f"{many}, {where}." + (
        f" The largest gap is {np.abs(g - w)[wrong].max():.3g}." if count > 1 else ""
    )


def _factor(g: Floats, w: Floats, tolerance: float) -> str:
    """Say so if everything is right but for the sign."""
    return " The sign is turned." if not wrong_places(-g, w, tolerance).any() else ""


def _pair(g: Floats, w: Floats) -> str:
    """Return both numbers with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 17):
        yours, expected = f"{g:.{digits}g}", f"{w:.{digits}g}"
        if yours != expected:
            break
    return f"{yours}, expected {expected}"
