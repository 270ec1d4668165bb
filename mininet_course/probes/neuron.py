"""Beside the answers on a single neuron: an array that raises where something overflows."""

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from numpy import any as any_of
from numpy import errstate, exp, isfinite, isinf

from mininet.arrays import Floats


class Watched(np.ndarray):
    """An array that raises where finite numbers become infinite. In a browser NumPy itself does not notice."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        given = [copy(unwatched(x)) for x in inputs]  # copies, because the result may take their place
        if "out" in options:
            options["out"] = tuple(unwatched(x) for x in options["out"])
        result = getattr(ufunc, method)(*given, **options)
        is_float = getattr(result, "dtype", np.dtype(bool)).kind == "f"
        if is_float and any_of(isinf(result)) and all(isfinite(x).all() for x in given):
            raise FloatingPointError(f"overflow encountered in {ufunc.__name__}")
        return result.view(Watched) if isinstance(result, np.ndarray) else result


def unwatched(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Watched) else x


def overflow_is_an_error(function: Callable[[Floats], Floats], z: Floats) -> tuple[Any, list[bool]]:
    """Return what a function makes of z, and for each of its numbers whether e to the power of thrice that overflows.

    The second is known beforehand: it shows that the watch was still kept when the answer was done.
    """
    with errstate(over="raise"):  # what comes from single numbers is not Watched
        result = unwatched(function(z.view(Watched)))
        return result, [_overflows(3 * number) for number in z.ravel().tolist()]


def _overflows(number: float) -> bool:
    try:
        exp(np.array([number]).view(Watched))
    except FloatingPointError:
        return True
    return False
