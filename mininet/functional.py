"""Differentiable functions of tensors, in families. Built in the chapter "tensor".

Each computes its value as the first half of the course does and records its gradient
with the first half's rule, so both halves agree to the last bit wherever the order of
operations is the same. Names and argument order are PyTorch's; rows are samples.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mininet import activations, losses
from mininet.arrays import Array, Floats
from mininet.kernels import batch_norm_backward, batch_norm_forward
from mininet.tensor import Tensor, record

# -- layers ------------------------------------------------------------------------------


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x @ weight + bias`` as one operation: (N, in) @ (in, out) + (out,) is (N, out).

    Two operations would need a second array for the sum, and record twice.
    Errors: `ValueError` for shapes that do not fit, `TypeError` for unequal dtypes.
    """
    inputs, w = x.data, weight.data
    if inputs.ndim != 2 or inputs.shape[1] != w.shape[0]:
        hint = " Flatten the images first." if x.ndim > 2 else ""
        raise ValueError(f"linear: expected an input of shape (N, {w.shape[0]}), got {x.shape}.{hint}")
    if inputs.dtype != w.dtype:
        raise TypeError(
            f"linear: the weights are {w.dtype}, the input is {x.dtype}; convert one: x.astype(np.{w.dtype})."
        )
    out: Floats = inputs @ w
    if bias is not None:
        b = bias.data
        if b.shape != w.shape[1:] or b.dtype != w.dtype:  # += would broadcast, and convert
            raise ValueError(
                f"linear: expected a bias {w.dtype} of shape {w.shape[1:]}, got {b.dtype} {b.shape}."
            )
        out += b
    # only what a gradient needs is kept: for the one by the weights the input, and the other way round
    kept_inputs = inputs if weight.requires_grad else None
    kept_weights = w if x.requires_grad else None
    with_bias = bias is not None

    def vjp(grad: Floats) -> tuple[Floats | None, ...]:
        by_x = None if kept_weights is None else grad @ kept_weights.T  # (N, out) @ (out, in)
        by_weight = None if kept_inputs is None else _by_weight(kept_inputs, grad)
        return (by_x, by_weight, grad.sum(axis=0)) if with_bias else (by_x, by_weight)

    return record("linear", out, (x, weight) if bias is None else (x, weight, bias), vjp)


def _by_weight(inputs: Floats, grad: Floats) -> Floats:
    """Return inputs.T @ grad, (in, N) @ (N, out)."""
    if len(inputs) == 1:  # a column times a row: BLAS takes ten times as long as NumPy
        return inputs.T * grad
    return inputs.T @ grad


def dropout(x: Tensor, p: float, rng: np.random.Generator, training: bool = True) -> Tensor:
    """Return x with each entry set to 0 with chance ``p`` and the others divided by 1 - p; x itself if not training.

    Source: Srivastava et al. (2014), in the form that leaves evaluation as it is.
    """
    if not 0 <= p < 1:
        raise ValueError(f"dropout: expected a chance from 0 to below 1, got p={p}.")
    if not training or p == 0:
        return x
    # `>=`: random() may return 0 exactly, which p = 0 must keep; float(): a NumPy float64 would leak
    factors = (rng.random(x.shape, dtype=np.float32) >= p).astype(x.dtype) / (1 - float(p))
    return record("dropout", x.data * factors, (x,), lambda g: (g * factors,))


def batch_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> tuple[Tensor, Floats, Floats]:
    """Return (output, mean, variance): each column of x, (N, F), to mean 0 and variance 1, times weight, plus bias.

    The mean and the (biased) variance, (F,), are the batch's, and gradients go through them
    too; they are returned as arrays for whoever keeps running ones. Source: Ioffe and Szegedy (2015).
    Errors: `ValueError` for another shape, or a batch of one, whose variance says nothing.
    """
    if x.ndim != 2 or x.shape[1] != weight.size or len(x) < 2:
        raise ValueError(
            f"batch_norm: expected an input of shape (N, {weight.size}) with N of at least 2, got {x.shape}."
        )
    if not x.dtype == weight.dtype == bias.dtype:
        raise TypeError(
            f"batch_norm: the weights are {weight.dtype}, the input is {x.dtype}; "
            f"convert one: x.astype(np.{weight.dtype})."
        )
    # float(): a NumPy float64 would leak
    out, mean, var, kept = batch_norm_forward(x.data, weight.data, bias.data, float(eps))
    result = record("batch_norm", out, (x, weight, bias), lambda g: batch_norm_backward(g, kept))
    return result, mean, var


def pad(x: Tensor, widths: Sequence[tuple[int, int]]) -> Tensor:
    """Return x with zeros around it: ``widths`` holds, for each axis, how many before and how many after.

    >>> pad(Tensor([[1.0]]), [(0, 0), (1, 2)]).shape
    (1, 4)
    """
    if len(widths) != x.ndim or any(n < 0 for pair in widths for n in pair):
        raise ValueError(f"pad: expected two widths of at least 0 for each of {x.ndim} axes, got {widths}.")
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
    return record("pad", np.pad(x.data, widths), (x,), lambda g: (g[inside],))


# -- activations ---------------------------------------------------------------------------


def relu(x: Tensor) -> Tensor:
    """Return max(x, 0), elementwise; the slope at 0 is taken to be 0."""
    out = np.maximum(x.data, 0)
    return record("relu", out, (x,), lambda g: (g * (out > 0),))


def leaky_relu(x: Tensor, slope: float = 0.01) -> Tensor:
    """Return x where it is positive and ``slope * x`` elsewhere; at 0 the slope is ``slope``."""
    z = x.data
    factor = np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))
    return record("leaky_relu", z * factor, (x,), lambda g: (g * factor,))


def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)), elementwise, without overflow."""
    out = activations.sigmoid(x.data)
    return record("sigmoid", out, (x,), lambda g: (g * activations.sigmoid_derivative(out),))


def tanh(x: Tensor) -> Tensor:
    """Return the hyperbolic tangent, elementwise."""
    return x.tanh()


def softmax(x: Tensor) -> Tensor:
    """Turn scores (..., C) into probabilities over the last axis."""
    out = activations.softmax(x.data)
    return record("softmax", out, (x,), lambda g: (activations.softmax_backward(g, out),))


def log_softmax(x: Tensor) -> Tensor:
    """Return log(softmax(x)) over the last axis (..., C), finite for any finite scores."""
    out = activations.log_softmax(x.data)
    return record("log_softmax", out, (x,), lambda g: (activations.log_softmax_backward(g, out),))


# -- losses: means over the batch ------------------------------------------------------------


def mse_loss(prediction: Tensor, target: Tensor | Array) -> Tensor:
    """Return the mean squared error over all entries; prediction and target have one shape, any."""
    return _loss("mse_loss", losses.mse, prediction, _target("mse_loss", target, prediction))


def binary_cross_entropy_with_logits(logits: Tensor, target: Tensor | Array) -> Tensor:
    """Return the mean of -log(probability of the right answer): scores before the sigmoid, targets from 0 to 1."""
    name = "binary_cross_entropy_with_logits"
    return _loss(name, losses.binary_cross_entropy, logits, _target(name, target, logits))


def cross_entropy(logits: Tensor, labels: Tensor | Array) -> Tensor:
    """Return the mean of -log(softmax(logits)[label]): logits (N, C), labels (N,) whole numbers from 0 to C - 1."""
    return _loss("cross_entropy", losses.cross_entropy, logits, _target("cross_entropy", labels))


def _loss(
    name: str, loss: Callable[[Floats, Array], tuple[float, Floats]], prediction: Tensor, target: Array
) -> Tensor:
    """Record a loss of the first half: the gradient that it returns is the rule for the way back."""
    value, gradient = loss(prediction.data, target)
    return record(name, np.asarray(value, dtype=prediction.dtype), (prediction,), lambda g: (g * gradient,))


def _target(name: str, target: Tensor | Array, like: Tensor | None = None) -> Array:
    """Return the target's array: a constant, of the prediction's dtype where that matters."""
    if isinstance(target, Tensor) and target.requires_grad:
        raise ValueError(
            f"{name}: the target requires a gradient, which this loss does not give; detach() it."
        )
    array = target.data if isinstance(target, Tensor) else target
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected the target to be an array or a tensor, got {type(array).__name__}."
        )
    if like is not None and array.dtype != like.dtype:
        raise TypeError(
            f"{name}: the prediction is {like.dtype}, the target {array.dtype}; "
            f"convert one: .astype(np.{like.dtype})."
        )
    return array
