"""What functions expect of their arguments, each in one line and one wording. Built in the chapter "neuron".

``where``, the function or layer that asks, opens the message; then come what was expected, what came,
and what to do. A wrong kind of thing is a `TypeError`, a wrong value or shape a `ValueError`.
"""

import math
from typing import Any

import numpy as np

from mininet.arrays import Array, Floats

_NOTHING = "Is a return missing?"
_FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


# -- settings ------------------------------------------------------------------------------


def number(
    where: object,
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> float:
    """Return a setting as a Python float (a NumPy float64 would turn float32 arrays into float64): finite, in limits.

    >>> number("SGD", "momentum", np.float32(0.5), least=0, below=1)
    0.5
    >>> number("SGD", "momentum", 2, least=0, below=1)
    Traceback (most recent call last):
    ValueError: SGD: expected momentum to be a finite number of at least 0 and below 1, got 2.
    """
    single = _is_single(value, "iuf")
    # asked in this way, NaN is refused too
    if single and above < value < below and least <= value <= most and math.isfinite(value):
        return float(value)
    limits = {"above": above, "of at least": least, "below": below, "of at most": most}
    known = " and ".join(f"{word} {limit:g}" for word, limit in limits.items() if math.isfinite(limit))
    wanted = f"{where}: expected {name} to be a finite number {known}".rstrip()
    raise (ValueError if single else TypeError)(f"{wanted}, got {_shown(value)}.")


def whole(where: object, name: str, value: Any, least: int = 1, most: float = math.inf) -> int:
    """Return a setting that counts something as a Python int.

    >>> whole("fit", "epochs", 2.5)
    Traceback (most recent call last):
    TypeError: fit: expected epochs to be a whole number of at least 1, got 2.5.
    """
    single = _is_single(value, "iu")
    if single and least <= value <= most:
        return int(value)
    known = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
    wanted = f"{where}: expected {name} to be a whole number {known}"
    raise (ValueError if single else TypeError)(f"{wanted}, got {_shown(value)}.")


def _is_single(value: object, kinds: str) -> bool:
    """Return whether a value is one number, Python's or NumPy's, of one of the kinds; True and False are none."""
    if not isinstance(value, (int, float, np.generic, np.ndarray)):
        return False
    array = np.asarray(value)
    return array.ndim == 0 and array.dtype.kind in kinds


def _shown(value: object) -> str:
    return str(value) if isinstance(value, (np.generic, np.ndarray)) else f"{value!r:.60}"


def generator(where: object, rng: object) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{where}: expected a generator, got {rng!r:.60}. Pass np.random.default_rng(seed).")


def float_dtype(where: object, dtype: Any) -> np.dtype[Any]:
    """Return the dtype, float32 or float64."""
    try:
        wanted: np.dtype[Any] | None = (
            None if dtype is None else np.dtype(dtype)
        )  # NumPy reads None as float64
    except TypeError:
        wanted = None
    if wanted is None or wanted not in _FLOATS:
        raise TypeError(f"{where}: expected np.float32 or np.float64, got {wanted or dtype!r}.")
    return wanted


# -- arrays ----------------------------------------------------------------------------------


def array(where: object, x: object, name: str = "the input") -> None:
    # a matrix multiplies in its own way, a masked array leaves entries out
    if not isinstance(x, np.ndarray) or isinstance(x, (np.matrix, np.ma.MaskedArray)):
        cure = "Make it one: np.array(...)." if x is not None else _NOTHING
        if isinstance(x, np.ma.MaskedArray):
            cure = "Fill it, x.filled(0), or drop entries."
        if hasattr(x, "requires_grad"):  # a tensor
            cure = "Tensors go into mininet.nn and mininet.functional; tensor.data is the array in one."
        raise TypeError(f"{where}: expected an array as {name}, got {type(x).__name__}. {cure}")


def tensor(where: object, *given: object) -> None:
    for x in given:
        # told by its node: this module stands below the tensor and cannot import it
        if not hasattr(x, "node"):
            cure = "Make it one: Tensor(...). For arrays there are mininet.activations, .losses and .layers."
            raise TypeError(
                f"{where}: expected a tensor, got {type(x).__name__}. {cure if x is not None else _NOTHING}"
            )


def real(where: object, x: Any) -> Floats:
    """Return numbers as floats, which an activation is a function of: uint8 would wrap round at the first minus.

    Floats come back as they are; numbers, lists and whole numbers become float64.
    """
    if type(x) is np.ndarray and x.dtype in _FLOATS:
        return x
    if hasattr(x, "requires_grad"):
        array(where, x)
    values = np.asarray(x)
    if values.dtype.kind not in "fiub":
        raise TypeError(
            f"{where}: expected numbers, got {_shown(x):.60}. {_NOTHING if x is None else ''}".rstrip()
        )
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def floats(where: object, x: Any, name: str = "the input") -> None:
    array(where, x, name)
    if x.dtype not in _FLOATS:
        raise TypeError(
            f"{where}: expected float32 or float64 as {name}, got {x.dtype}. "
            "Convert with .astype(np.float32), uint8 images with mininet.data.to_unit."
        )


def rows(where: object, x: Floats, features: int, dtype: Any = None) -> None:
    """Expect a batch (N, features), one sample a row, of ``dtype`` unless that is None."""
    array(where, x)
    if x.ndim != 2 or x.shape[1] != features:
        cure = {1: " A single sample x goes in as x[np.newaxis].", 2: "", 0: ""}
        raise ValueError(
            f"{where}: expected an input of shape (N, {features}), got {x.shape}."
            + cure.get(x.ndim, " Flatten the images first.")
        )
    if dtype is not None and x.dtype != dtype:
        raise TypeError(
            f"{where}: the weights are {dtype}, the input is {x.dtype}; convert one: x.astype(np.{dtype})."
        )


def shape(where: object, x: Any, wanted: tuple[int, ...], what: str) -> None:
    """Expect an array of this very shape, which NumPy might else get by broadcasting."""
    if not isinstance(x, np.ndarray) or x.shape != wanted:
        got = x.shape if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(f"{where}: expected {what} {wanted}, got {got}.")


def gradient(layer: object, grad: Any, wanted: tuple[int, ...]) -> None:
    """Expect the gradient by a layer's output to have the output's shape."""
    if not isinstance(grad, np.ndarray) or grad.shape != wanted:
        shape(f"{layer}.backward", grad, wanted, "a gradient of the output's shape")


def batch(where: object, x: Array) -> None:
    """Expect at least one entry to take a mean of."""
    if x.size == 0:
        raise ValueError(f"{where}: the batch is empty, shape {x.shape}; a mean over nothing has no value.")


def finite(where: object, x: Array, name: str) -> None:
    if not np.isfinite(x).all():
        raise ValueError(f"{where}: expected {name} to be finite, got NaN or infinity.")


def between(where: object, x: Array, low: float, high: float, name: str) -> None:
    if not (x.min() >= low and x.max() <= high):  # asked in this way, NaN is refused too
        raise ValueError(f"{where}: expected {name} from {low} to {high}, got {x.min()} to {x.max()}.")


def pair(where: object, prediction: Floats, target: Array) -> None:
    """Expect floats of one shape and dtype: broadcasting would compare every pair, whole numbers would wrap round."""
    floats(where, prediction, "the prediction")
    floats(where, target, "the target")
    if prediction.shape != target.shape:
        raise ValueError(
            f"{where}: prediction {prediction.shape} and target {target.shape} differ; "
            "broadcasting them would compare every pair."
        )
    if prediction.dtype != target.dtype:
        raise TypeError(
            f"{where}: the prediction is {prediction.dtype}, the target {target.dtype}; "
            f"convert one: .astype(np.{prediction.dtype})."
        )
    batch(where, prediction)


def scores(where: object, logits: Floats, labels: Array) -> None:
    """Expect logits (N, C), a score for each class, and labels (N,), whole numbers from 0 to C - 1."""
    floats(where, logits, "the logits")
    array(where, labels, "the labels")
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"{where}: expected logits (N, C) and labels (N,), got {logits.shape} and {labels.shape}. "
            "Labels are class numbers, not one-hot rows."
        )
    batch(where, logits)
    class_numbers(where, labels, logits.shape[1])


def class_numbers(where: object, labels: Array, classes: float = math.inf) -> None:
    """Expect whole numbers from 0 to ``classes`` - 1."""
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{where}: expected whole numbers as labels, got {labels.dtype}.")
    if labels.min() < 0 or labels.max() >= classes:
        limit = f" to {classes - 1}" if classes < math.inf else ""
        raise ValueError(f"{where}: expected labels from 0{limit}, got {labels.min()} to {labels.max()}.")


def unit_batch(where: object, x: Floats) -> None:
    """Expect (N, ...) floats in [0, 1], which attacks keep within them."""
    floats(where, x)
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"{where}: expected inputs (N, ...), got {x.shape}. One input alone is x[None].")
    between(where, x, 0, 1, "inputs")


def labelled_inputs(where: object, x: Floats, y: Array) -> None:
    """Expect inputs as `unit_batch` does, and labels (N,), whole numbers from 0."""
    unit_batch(where, x)
    shape(where, y, (len(x),), "labels, a whole number for each input, of shape")
    class_numbers(where, y)
