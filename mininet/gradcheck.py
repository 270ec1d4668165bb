"""Gradients measured by nudging, and the comparison of two sets of gradients. Built in the chapter "xor".

A central difference in float64 with a nudge of 1e-5 is right to about nine digits;
in float32 the same nudge drowns in rounding, so everything that nudges insists on float64.
Nudging itself has an error, of two parts: what rounding the loss does to the difference, about
100·2⁻⁵³·|loss| / h, and what a curve's bending does, which a nudge of twice the size shows. A gradient
that nudging should confirm may be that far from it, and a share of its own size.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, overload

import numpy as np

from mininet import expect
from mininet.arrays import Array, Floats, HasGradient

Arrays = Mapping[str, Floats]
_H = 1e-5
_REFINED = 1e-6  # a difference above it is looked at with a second nudge
_ROUNDING = 100 * 2.0**-53  # of a loss's size: a hundred roundings on the way to it


class GradientError(AssertionError):
    """Two gradients that should agree do not; the message is the table of all of them."""


@dataclass(frozen=True)
class Row:
    """One line of a comparison: do two arrays of this name agree, and how far are they apart?"""

    name: str
    shape: tuple[int, ...]
    expected: tuple[int, ...]  # the shape in the reference
    exact: bool
    close: bool
    # largest |a - b| / max(1, |a|, |b|); where b is nudged, |a - b| less nudging's own error / max(|a|, |b|);
    # infinite when shapes differ or a value is not finite
    difference: float
    # the largest distance from nudging, where somebody has measured it
    nudged: float | None = None


class Comparison(tuple[Row, ...]):
    """The rows of a comparison; prints as a table."""

    @property
    def ok(self) -> bool:
        """Whether every pair is close."""
        return all(row.close for row in self)

    def __str__(self) -> str:
        width = max([len(row.name) for row in self] + [8])
        nudging = any(row.nudged is not None for row in self)
        heading = f"{'gradient':<{width}}  {'shape':<12} exact  close  largest difference"
        lines = [heading + ("  to nudging" if nudging else "")]
        for row in self:
            marks = f"{'yes' if row.exact else 'no':<5}  {'OK' if row.close else 'NOT OK':<6}"
            note = "" if row.shape == row.expected else f", expected shape {row.expected}"
            measured = "" if row.nudged is None else f"{'':<13}{row.nudged:.1e}"
            lines.append(
                f"{row.name:<{width}}  {row.shape!s:<12} {marks} {row.difference:.1e}{measured}{note}"
            )
        return "\n".join(lines)

    __repr__ = __str__


def compare(ours: Arrays, reference: Arrays, tolerance: float = 1e-6) -> Comparison:
    """Compare two dictionaries of arrays name by name; `print` the result for a table.

    The difference is absolute for values below 1 and relative above. A name that
    only one side has raises `KeyError`: a forgotten gradient is not a match.

    >>> compare({"w": np.array([1.0, 2.0])}, {"w": np.array([1.0, 2.5])}).ok
    False
    """
    _require_same_names("compare", ours, reference)
    return Comparison(_row(name, ours[name], reference[name], tolerance) for name in ours)


def _require_same_names(where: str, ours: Arrays, reference: Arrays) -> None:
    if set(ours) != set(reference):
        raise KeyError(f"{where}: names differ: {sorted(ours)} here, {sorted(reference)} in the reference.")


def _row(
    name: str, ours: Array, reference: Array, tolerance: float, floor: float = 1.0, error: float | Array = 0.0
) -> Row:
    """Compare two arrays; ``error`` is how far the reference may be off by itself."""
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(reference, dtype=np.float64)  # None becomes nan
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Row(name, a.shape, b.shape, exact=False, close=False, difference=float("inf"))
    scale = np.maximum(floor, np.maximum(np.abs(a), np.abs(b)))
    off = np.maximum(np.abs(a - b) - error, 0)
    difference = float(np.divide(off, scale, out=np.zeros_like(off), where=off > 0).max(initial=0))
    exact = bool((a == b).all())
    return Row(name, a.shape, b.shape, exact=exact, close=difference <= tolerance, difference=difference)


@overload
def numerical_gradient(function: Callable[[Floats], Any], x: Floats, h: float = _H) -> Floats: ...
@overload
def numerical_gradient(function: Callable[[float], Any], x: float, h: float = _H) -> float: ...
def numerical_gradient(function: Callable[[Any], Any], x: Floats | float, h: float = _H) -> Floats | float:
    """Return the gradient of ``function`` at ``x`` by nudging each entry up and down by ``h``.

    ``function`` takes an array of x's shape and returns a single number; ``x`` is not changed. For a
    number ``x`` it takes one, and the gradient is one. Stay at least 10·h away from kinks such as the ReLU's at 0.
    Errors: `TypeError` unless x is float64 and the function returns a single number.

    >>> numerical_gradient(lambda x: float((x * x).sum()), np.array([1.0, -2.0])).round(6)
    array([ 2., -4.])
    """
    at = _float64("numerical_gradient", x)
    h = expect.number("numerical_gradient", "h", h, above=0)
    if not isinstance(x, np.ndarray):
        return float(numerical_gradient(lambda nudged: function(nudged[()]), at, h))
    nudged, gradient = at.copy(), np.empty_like(at)
    for i in np.ndindex(at.shape):
        nudged[i] = at[i] + h
        above = _single_number(function(nudged))
        nudged[i] = at[i] - h
        below = _single_number(function(nudged))
        nudged[i] = at[i]
        gradient[i] = (above - below) / (2 * h)
    return gradient


def _float64(where: str, x: object) -> Floats:
    """Return an array or a number in float64; anything else is refused."""
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return np.array(x, dtype=np.float64)
    if not isinstance(x, (np.ndarray, np.generic)):
        raise TypeError(f"{where}: expected an array or a number, got {type(x).__name__}.")
    if x.dtype != np.float64:
        raise TypeError(
            f"{where}: expected float64, got {x.dtype}. Convert with x.astype(np.float64): "
            "in float32 a nudge of 1e-5 drowns in rounding."
        )
    return np.asarray(x)


def _single_number(out: Any) -> float:
    shape = getattr(out, "shape", None)
    if shape not in (None, ()):
        raise TypeError(
            f"numerical_gradient: expected the function to return a single number, of shape (), got shape {shape}. "
            "End it with .sum() or .mean(), or take the number out with .item()."
        )
    try:
        return float(out)
    except (TypeError, ValueError):
        raise TypeError(
            f"numerical_gradient: expected the function to return a single number, got {out!r:.60}."
        ) from None


def check_gradients(
    function: Callable[[dict[str, Floats]], tuple[float, Arrays]],
    at: Mapping[str, Floats | float],
    tolerance: float = 1e-6,
) -> Comparison:
    """Check every gradient that ``function`` returns against nudging; raise `GradientError` if one is off.

    ``function`` takes a dictionary of float64 arrays (or numbers, where ``at`` holds numbers) and returns
    ``(loss, gradients)``: a single number, and a gradient for each name in ``at``, the place where it is checked.
    An entry may differ by nudging's own error (see the top of this module) and, beyond that, by ``tolerance``
    times its size, however small it is.

    >>> table = check_gradients(lambda p: (float((p["w"] ** 2).sum()), {"w": 2 * p["w"]}), {"w": np.array([3.0])})
    >>> table.ok
    True
    """
    if not isinstance(at, Mapping) or not at:
        raise ValueError(
            f"check_gradients: expected as place at least one array by its name, got {at!r:.60}."
        )
    values = {name: _float64("check_gradients", x).copy() for name, x in at.items()}
    numbers = {name for name, x in at.items() if not isinstance(x, np.ndarray)}

    def result(**nudged: Floats) -> tuple[Any, Arrays]:
        out = function({n: x[()] if n in numbers else x for n, x in (values | nudged).items()})
        if not isinstance(out, tuple) or len(out) != 2 or not isinstance(out[1], Mapping):
            raise TypeError(
                "check_gradients: expected the function to return a number and a dictionary, (loss, gradients), "
                f"got {out!r:.60}."
            )
        return out

    loss, gradients = result()
    # copies: a function may hand out an array that its next call writes into; None becomes nan
    ours = {name: np.array(gradient, dtype=np.float64) for name, gradient in gradients.items()}
    _require_same_names("check_gradients", ours, values)
    rounding = _ROUNDING * abs(_single_number(loss)) / _H

    def row(name: str, x: Floats) -> Row:
        def loss_at(nudged: Floats) -> Any:
            return result(**{name: nudged})[0]

        slopes = numerical_gradient(loss_at, x)
        found = _row(name, ours[name], slopes, tolerance, floor=0, error=rounding)
        if found.difference <= min(tolerance, _REFINED) or ours[name].shape != x.shape:
            return found
        # is it nudging that is off? Twice as far its error is four times as large: a third of the difference
        error = rounding + np.abs(numerical_gradient(loss_at, x, 2 * _H) - slopes) / 2
        return _row(name, ours[name], slopes, tolerance, floor=0, error=error)

    table = Comparison(row(name, x) for name, x in values.items())
    if not table.ok:
        raise GradientError(f"gradients differ from nudging by more than {tolerance:g}:\n{table}")
    return table


class _Layer(Protocol):
    def forward(self, x: Floats) -> Floats: ...
    def backward(self, grad: Floats) -> Floats | None: ...
    def parameters(self) -> Iterable[HasGradient]: ...


def check_layer(layer: _Layer, x: Floats, rng: np.random.Generator, tolerance: float = 1e-6) -> Comparison:
    """Check a layer's or network's gradients, by its input and by each parameter, against nudging.

    The output is made a single number by a weighted sum with random weights drawn
    from ``rng``, so that no entry of the gradient can hide behind another. Needs a
    layer in float64, of either half, and works on a copy of it: parameters, gradients and running
    statistics stay as they are. Frozen parameters are left out.

    Errors: `GradientError` with the table when a gradient is off.
    """
    layer = copy.deepcopy(layer)
    if hasattr(layer, "on_arrays"):
        layer = layer.on_arrays(input_gradient=True)
    parameters = [p for p in layer.parameters() if getattr(p, "requires_grad", True)]
    names = [f"parameter {i}" for i in range(len(parameters))]
    weights = rng.standard_normal(layer.forward(x).shape)

    def function(values: dict[str, Floats]) -> tuple[float, Arrays]:
        for name, p in zip(names, parameters, strict=True):
            p.data, p.grad = values[name], None
        loss = float((weights * layer.forward(values["input"])).sum())
        gradients = {"input": layer.backward(weights)}
        gradients |= {name: p.grad for name, p in zip(names, parameters, strict=True)}
        missing = [name for name, gradient in gradients.items() if gradient is None]
        if missing:
            raise GradientError(f"check_layer: backward() left no gradient for {', '.join(missing)}.")
        return loss, {name: g for name, g in gradients.items() if g is not None}

    at = dict(zip(names, (p.data for p in parameters), strict=True))
    return check_gradients(function, {"input": x, **at}, tolerance)
