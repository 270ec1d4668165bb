"""Gradients measured by nudging, and the comparison of two sets of gradients. Built in the chapter "xor".

A central difference in float64 with a nudge of 1e-5 is right to about nine digits;
in float32 the same nudge drowns in rounding, so everything that nudges insists on float64.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mininet.arrays import Array, Floats

Arrays = Mapping[str, Floats]


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
    # largest |a - b| / max(1, |a|, |b|); infinite when shapes differ or a value is not finite
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
    if set(ours) != set(reference):
        raise KeyError(f"compare: names differ: {sorted(ours)} here, {sorted(reference)} in the reference.")
    return Comparison(_row(name, ours[name], reference[name], tolerance) for name in ours)


def _row(name: str, ours: Array, reference: Array, tolerance: float) -> Row:
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(reference, dtype=np.float64)  # None becomes nan
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Row(name, a.shape, b.shape, exact=False, close=False, difference=float("inf"))
    scale = np.maximum(1, np.maximum(np.abs(a), np.abs(b)))
    difference = float((np.abs(a - b) / scale).max(initial=0))
    exact = bool((a == b).all())
    return Row(name, a.shape, b.shape, exact=exact, close=difference <= tolerance, difference=difference)


def numerical_gradient(function: Callable[[Floats], float], x: Floats, h: float = 1e-5) -> Floats:
    """Return the gradient of ``function`` at ``x`` by nudging each entry up and down by ``h``.

    ``function`` takes an array of x's shape and returns a number; ``x`` is not
    changed. Stay at least 10·h away from kinks such as the ReLU's at 0.

    >>> numerical_gradient(lambda x: float((x * x).sum()), np.array([1.0, -2.0])).round(6)
    array([ 2., -4.])
    """
    if x.dtype != np.float64:
        raise TypeError(
            f"numerical_gradient: expected float64, got {x.dtype}. Convert with x.astype(np.float64): "
            "in float32 a nudge of 1e-5 drowns in rounding."
        )
    nudged = x.copy()
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        value = nudged[i]
        nudged[i] = value + h
        above = function(nudged)
        nudged[i] = value - h
        below = function(nudged)
        nudged[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient


def check_gradients(
    function: Callable[[dict[str, Floats]], tuple[float, Arrays]], at: Arrays, tolerance: float = 1e-6
) -> Comparison:
    """Check every gradient that ``function`` returns against nudging; raise `GradientError` if one is off.

    ``function`` takes a dictionary of float64 arrays and returns ``(loss, gradients)``
    with a gradient for each name in ``at``, the place where it is checked.

    >>> table = check_gradients(lambda p: (float((p["w"] ** 2).sum()), {"w": 2 * p["w"]}), {"w": np.array([3.0])})
    >>> table.ok
    True
    """
    values = {name: array.copy() for name, array in at.items()}

    def loss_with(name: str) -> Callable[[Floats], float]:
        return lambda nudged: function({**values, name: nudged})[0]

    # copies: a function may hand out an array that its next call writes into
    ours = {name: np.array(gradient) for name, gradient in function(dict(values))[1].items()}
    numerical = {name: numerical_gradient(loss_with(name), array) for name, array in values.items()}
    table = compare(ours, numerical, tolerance)
    if not table.ok:
        raise GradientError(f"gradients differ from nudging by more than {tolerance:g}:\n{table}")
    return table


class _Parameter(Protocol):
    data: Floats
    grad: Floats | None


class _Layer(Protocol):
    def forward(self, x: Floats) -> Floats: ...
    def backward(self, grad: Floats) -> Floats | None: ...
    def parameters(self) -> Iterable[_Parameter]: ...


def check_layer(layer: _Layer, x: Floats, rng: np.random.Generator, tolerance: float = 1e-6) -> Comparison:
    """Check a layer's or network's gradients, by its input and by each parameter, against nudging.

    The output is made a single number by a weighted sum with random weights drawn
    from ``rng``, so that no entry of the gradient can hide behind another. Needs a
    layer in float64, and works on a copy of it: parameters, gradients and running statistics stay as they are.

    Errors: `GradientError` with the table when a gradient is off.
    """
    layer = copy.deepcopy(layer)
    parameters = list(layer.parameters())
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
