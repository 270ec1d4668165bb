"""The attacks themselves: `fgsm` and `pgd`, their targeted forms, and noise. Built in the chapter "adversarial"."""

import warnings

import numpy as np
from numpy.typing import DTypeLike

from mininet import expect
from mininet.arrays import Array, Floats
from mininet.attacks.model import InputGradient, ask_gradient

Epsilon = float | Floats  # one for all samples, or one for each


def targeted(gradient: InputGradient) -> InputGradient:
    """Return the gradient for a targeted attack: downhill, for the labels that one wants to see.

    >>> wanted = targeted(lambda x, y: np.ones_like(x))
    >>> fgsm(wanted, np.array([[0.5, 0.5]]), np.array([7]), 0.1)
    array([[0.4, 0.4]])
    """
    return lambda x, y: -ask_gradient("targeted", gradient, x, y)


def fgsm(gradient: InputGradient, x: Floats, y: Array, epsilon: Epsilon) -> Floats:
    """Return x with every entry moved by ``epsilon`` in the direction that raises the loss, then clipped to [0, 1].

    The fast gradient sign method: one gradient, one step. ``epsilon`` is a number, or one for
    each sample, (N,). Source: Goodfellow, Shlens and Szegedy (2015).

    >>> x, y = np.array([[0.5, 0.0, 0.9, 0.5]]), np.array([1])
    >>> fgsm(lambda x, y: np.array([[3.0, -1.0, 0.2, 0.0]]), x, y, epsilon=0.25)
    array([[0.75, 0.  , 1.  , 0.5 ]])
    """
    expect.labelled_inputs("fgsm", x, y)
    size = _per_sample("fgsm", "epsilon", epsilon, x)
    g = ask_gradient("fgsm", gradient, x, y)
    _warn_of_flat_places("fgsm", _flat(g))
    return np.clip(x + size * np.sign(g).astype(x.dtype), 0, 1)


def pgd(
    gradient: InputGradient,
    x: Floats,
    y: Array,
    epsilon: Epsilon,
    *,
    rng: np.random.Generator | None,
    steps: int = 20,
    step_size: Epsilon | None = None,
    norm: float = np.inf,
) -> Floats:
    """Return x after ``steps`` small steps uphill, each followed by a projection to the ball and to [0, 1].

    Projected gradient descent (here: ascent). The ball has radius ``epsilon`` around x: with
    ``norm=np.inf`` no entry changes by more, with ``norm=2`` the change is no longer than that.
    It starts at a random place in the ball drawn from ``rng``, or at x with ``rng=None``.
    ``step_size`` is ``2.5 * epsilon / steps`` unless given. Source: Madry et al. (2018).

    >>> x, y = np.full((1, 2), 0.5), np.array([0])
    >>> pgd(lambda x, y: np.array([[3.0, 4.0]]), x, y, 0.1, rng=None, norm=2)
    array([[0.56, 0.58]])
    """
    expect.labelled_inputs("pgd", x, y)
    size = _per_sample("pgd", "epsilon", epsilon, x)
    steps = expect.whole("pgd", "steps", steps)
    if rng is not None:
        expect.generator("pgd", rng)
    if norm not in (2, np.inf):
        raise ValueError(f"pgd: expected norm=np.inf or norm=2, got {norm!r}.")
    step = 2.5 * size / steps if step_size is None else _per_sample("pgd", "step_size", step_size, x)
    moved = x if rng is None else np.clip(x + _random_change(x, size, norm, rng), 0, 1)
    flat = np.ones(len(x), dtype=bool)
    for _ in range(steps):
        g = ask_gradient("pgd", gradient, moved, y)
        flat &= _flat(g)
        change = moved + step * _direction(g, x.dtype, norm) - x
        # clipping last is safe: x is in the box, so clipping never takes a point farther away from it
        moved = np.clip(x + _project(change, size, norm), 0, 1)
    _warn_of_flat_places("pgd", flat)
    return moved


def random_noise(x: Floats, epsilon: Epsilon, rng: np.random.Generator) -> Floats:
    """Return x with every entry moved by plus or minus ``epsilon`` at random, clipped to [0, 1]: the control.

    >>> random_noise(np.array([[0.5, 0.5, 0.95]]), 0.1, np.random.default_rng(0))
    array([[0.6 , 0.4 , 0.85]])
    """
    expect.unit_batch("random_noise", x)
    expect.generator("random_noise", rng)
    size = _per_sample("random_noise", "epsilon", epsilon, x)
    return np.clip(x + np.where(rng.random(x.shape) < 0.5, -size, size), 0, 1)


def _per_sample(where: str, name: str, value: Epsilon, x: Floats) -> Floats:
    """Return a number, or one for each sample, in x's dtype and in a shape that multiplies x."""
    sizes = np.asarray(value)
    if sizes.shape not in ((), (len(x),)):
        raise ValueError(
            f"{where}: expected {name} to be a number or of shape ({len(x)},), got {sizes.shape}."
        )
    if sizes.dtype.kind not in "iuf":
        raise TypeError(f"{where}: expected {name} to be real numbers, got {sizes.dtype}.")
    for size in (sizes.min(), sizes.max()):
        expect.number(where, name, size, least=0)
    return sizes.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))


def _flat(gradient: Floats) -> Array:
    """Return for each sample whether its gradient is exactly 0, (N,) booleans."""
    flat: Array = (gradient == 0).reshape(len(gradient), -1).all(axis=1)
    return flat


def _warn_of_flat_places(where: str, flat: Array) -> None:
    """Warn if a tenth of the samples or more got no direction: their attack has shown nothing."""
    if (share := float(flat.mean())) >= 0.1:
        warnings.warn(
            f"{where}: for {share:.0%} of the samples the gradient is exactly 0, and they were not attacked: that they "
            "are still right shows nothing. A very confident network rounds its gradients away; make it less "
            "confident for the attack, by smaller scores in the loss: "
            "gradient_by_input(net, lambda z, y: cross_entropy(z / 1000, y)).",
            stacklevel=3,
        )


def _direction(gradient: Floats, dtype: DTypeLike, norm: float) -> Floats:
    """Return the steepest way up, of length 1: each entry's sign, or each sample's gradient at length 1; 0 stays 0."""
    if norm == np.inf:
        return np.sign(gradient).astype(dtype)
    # first by the largest entry: the square of a small gradient would be 0 in float32
    largest = np.abs(gradient).max(axis=tuple(range(1, gradient.ndim)), keepdims=True)  # (N, 1, ...)
    scaled = (gradient / np.where(largest > 0, largest, 1)).astype(dtype)
    return scaled / np.maximum(_length(scaled), 1)  # the length is at least 1, or 0


def _length(change: Floats) -> Floats:
    """Return each sample's Euclidean length, (N, 1, ...)."""
    squares: Floats = (change * change).sum(axis=tuple(range(1, change.ndim)), keepdims=True)
    return np.sqrt(squares)


def _project(change: Floats, size: Floats, norm: float) -> Floats:
    """Return the nearest change of at most ``size`` in the norm."""
    if norm == np.inf:
        return np.clip(change, -size, size)
    return change * (size / np.maximum(_length(change), np.maximum(size, np.finfo(change.dtype).tiny)))


def _random_change(x: Floats, size: Floats, norm: float, rng: np.random.Generator) -> Floats:
    """Return a change drawn uniformly from the ball."""
    if norm == np.inf:
        return size * (2 * rng.random(x.shape, dtype=x.dtype) - 1)
    way = _direction(rng.standard_normal(x.shape, dtype=x.dtype), x.dtype, norm)
    # a ball's volume grows with radius^d, so most of it is near the surface
    radius: Floats = size * rng.random((len(x), *[1] * (x.ndim - 1)), dtype=x.dtype) ** (1 / x[0].size)
    return way * radius
