"""What an attack is given, and what it is answered: the checks of both. Built in the chapter "adversarial"."""

from collections.abc import Callable

import numpy as np

from mininet.arrays import Array, Floats

InputGradient = Callable[[Floats, Array], Floats]
Predict = Callable[[Floats], Array]
Epsilon = float | Floats  # one for all samples, or one for each


def ask(where: str, gradient: InputGradient, x: Floats, y: Array) -> Floats:
    """Return the gradient, or say what is wrong with it."""
    answer = gradient(x, y)
    if not isinstance(answer, np.ndarray) or answer.shape != x.shape or answer.dtype.kind != "f":
        got = f"{answer.dtype} {answer.shape}" if isinstance(answer, np.ndarray) else type(answer).__name__
        raise ValueError(
            f"{where}: expected floats of x's shape {x.shape} from the gradient function, got {got}. "
            "Does it return the gradient by x?"
        )
    if not np.isfinite(answer).all():
        raise ValueError(f"{where}: the gradient holds NaN or infinity, so it points nowhere.")
    return answer


def ask_labels(where: str, predict: Predict, x: Floats) -> Array:
    """Return the predicted classes, or say what is wrong with them."""
    answer = np.asarray(predict(x))
    if answer.shape != (len(x),) or answer.dtype.kind not in "iu":
        raise ValueError(
            f"{where}: expected ({len(x)},) whole numbers from predict, a class for each sample, "
            f"got {answer.dtype} {answer.shape}. Take argmax(axis=1) of the outputs."
        )
    return answer


def per_sample(where: str, name: str, value: Epsilon, x: Floats) -> Floats:
    """Return a number, or one for each sample, in x's dtype and in a shape that multiplies x."""
    sizes = np.asarray(value, dtype=np.float64)
    if sizes.shape not in ((), (len(x),)):
        raise ValueError(
            f"{where}: expected {name} to be a number or of shape ({len(x)},), got {sizes.shape}."
        )
    if not ((sizes >= 0) & np.isfinite(sizes)).all():  # asked in this way, NaN is refused too
        raise ValueError(
            f"{where}: expected {name} to be finite and at least 0, got {sizes.min()} to {sizes.max()}."
        )
    return sizes.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))


def check_inputs(where: str, x: Floats) -> None:
    """Refuse what is not (N, ...) floats in [0, 1]."""
    if not isinstance(x, np.ndarray) or x.dtype not in (np.float32, np.float64):
        got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(
            f"{where}: expected float32 or float64 inputs, got {got}. Scale uint8 images with mininet.data.to_unit."
        )
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"{where}: expected inputs (N, ...), got {x.shape}. One input alone is x[None].")
    if not (x.min() >= 0 and x.max() <= 1):  # asked in this way, NaN is refused too
        raise ValueError(f"{where}: expected inputs in [0, 1], got {x.min()} to {x.max()}.")


def check_batch(where: str, x: Floats, y: Array) -> None:
    """Refuse inputs as `check_inputs` does, and labels that are not (N,) whole numbers from 0."""
    check_inputs(where, x)
    if not isinstance(y, np.ndarray) or y.shape != (len(x),) or y.dtype.kind not in "iu":
        got = f"{y.dtype} {y.shape}" if isinstance(y, np.ndarray) else type(y).__name__
        raise ValueError(f"{where}: expected labels ({len(x)},), a whole number for each input, got {got}.")
    if y.min() < 0:
        raise ValueError(f"{where}: expected labels from 0, got {y.min()}.")


def check_changed(where: str, changed: Floats, x: Floats) -> None:
    """Refuse an attack's result that is no input, or not of the shape of the one it was given."""
    check_inputs(f"{where}, what the attack returned", changed)
    if changed.shape != x.shape:
        raise ValueError(f"{where}: expected the attack to return x's shape {x.shape}, got {changed.shape}.")
