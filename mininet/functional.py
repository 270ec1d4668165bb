"""Differentiable functions of tensors, in families. Built in the chapter "tensor".

Each computes its value as the first half of the course does and records its gradient
with the first half's rule, so both halves agree to the last bit wherever the order of
operations is the same. Names and argument order are PyTorch's (`mse` is its ``mse_loss``); rows are samples.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mininet import activations, expect, losses
from mininet.arrays import Array, Floats, column_sums
from mininet.kernels import batch_norm_backward, batch_norm_forward, dropout_factors
from mininet.tensor import Tensor, record

# -- layers ------------------------------------------------------------------------------


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x @ weight + bias`` as one operation: (N, in) @ (in, out) + (out,) is (N, out).

    Two operations would need a second array for the sum, and record twice.
    Errors: `ValueError` for shapes that do not fit, `TypeError` for unequal dtypes.
    """
    expect.tensor("linear", x, weight, *([] if bias is None else [bias]))
    inputs, w = x.data, weight.data
    if w.ndim != 2:
        raise ValueError(f"linear: expected a weight of shape (in, out), got {w.shape}.")
    expect.rows("linear", inputs, len(w), w.dtype)
    out: Floats = inputs @ w
    if bias is not None:
        b = bias.data
        if b.shape != w.shape[1:] or b.dtype != w.dtype:  # += would broadcast, and convert
            raise ValueError(
                f"linear: expected a bias {w.dtype} of shape {w.shape[1:]}, got {b.dtype} {b.shape}."
            )
        out += b
    # only what a gradient needs is saved: for the one by the weights the input, and the other way round
    saved_inputs = inputs if weight.requires_grad else None
    saved_weights = w if x.requires_grad else None
    with_bias, learns_bias = bias is not None, bias is not None and bias.requires_grad

    def vjp(grad: Floats) -> tuple[Floats | None, ...]:
        by_x = None if saved_weights is None else grad @ saved_weights.T  # (N, out) @ (out, in)
        by_weight = None if saved_inputs is None else _by_weight(saved_inputs, grad)
        by_bias = column_sums(grad) if learns_bias else None
        return (by_x, by_weight, by_bias) if with_bias else (by_x, by_weight)

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
    expect.tensor("dropout", x)
    p = expect.number("dropout", "p", p, least=0, below=1)
    if not training or p == 0:
        return x
    expect.generator("dropout", rng)
    factors = dropout_factors(x.data, p, rng)
    return record("dropout", x.data * factors, (x,), lambda g: (g * factors,))


def batch_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> tuple[Tensor, Floats, Floats]:
    """Return (output, mean, variance): each column of x, (N, F), to mean 0 and variance 1, times weight, plus bias.

    The mean and the (biased) variance, (F,), are the batch's, and gradients go through them
    too; they are returned as arrays for whoever keeps running ones. Source: Ioffe and Szegedy (2015).
    Errors: `ValueError` for another shape, or a batch of one, whose variance says nothing.
    """
    expect.tensor("batch_norm", x, weight, bias)
    expect.rows("batch_norm", x.data, weight.size, weight.dtype)
    if len(x) < 2:
        raise ValueError("batch_norm: expected at least two samples, got 1: its variance says nothing.")
    if bias.dtype != weight.dtype:
        raise TypeError(f"batch_norm: the weights are {weight.dtype}, the bias is {bias.dtype}; convert one.")
    eps = expect.number("batch_norm", "eps", eps, above=0)
    out, mean, var, saved = batch_norm_forward(x.data, weight.data, bias.data, eps)
    result = record("batch_norm", out, (x, weight, bias), lambda g: batch_norm_backward(g, saved))
    return result, mean, var


def pad(x: Tensor, widths: Sequence[tuple[int, int]]) -> Tensor:
    """Return x with zeros around it: ``widths`` holds, for each axis, how many before and how many after.

    >>> pad(Tensor([[1.0]]), [(0, 0), (1, 2)]).shape
    (1, 4)
    """
    expect.tensor("pad", x)
    sizes = np.asarray(widths)
    if sizes.shape != (x.ndim, 2) or sizes.dtype.kind not in "iu" or (sizes < 0).any():
        raise ValueError(
            f"pad: expected two widths of at least 0, whole numbers, for each of {x.ndim} axes, got {widths!r:.60}."
        )
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
    return record("pad", np.pad(x.data, widths), (x,), lambda g: (g[inside],))


# -- activations ---------------------------------------------------------------------------


def relu(x: Tensor) -> Tensor:
    """Return max(x, 0), elementwise; the slope at 0 is taken to be 0."""
    expect.tensor("relu", x)
    out = np.maximum(x.data, 0)
    return record("relu", out, (x,), lambda g: (g * (out > 0),))


def leaky_relu(x: Tensor, slope: float = 0.01) -> Tensor:
    """Return x where it is positive and ``slope * x`` elsewhere; at 0 the slope is ``slope``."""
    expect.tensor("leaky_relu", x)
    z, slope = x.data, expect.number("leaky_relu", "slope", slope)
    factor = np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))
    return record("leaky_relu", z * factor, (x,), lambda g: (g * factor,))


def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)), elementwise, without overflow."""
    expect.tensor("sigmoid", x)
    out = activations.sigmoid(x.data)
    return record("sigmoid", out, (x,), lambda g: (g * activations.sigmoid_derivative(out),))


def tanh(x: Tensor) -> Tensor:
    """Return the hyperbolic tangent, elementwise."""
    expect.tensor("tanh", x)
    return x.tanh()


def softmax(x: Tensor) -> Tensor:
    """Turn scores (..., C) into probabilities over the last axis."""
    expect.tensor("softmax", x)
    out = activations.softmax(x.data)
    return record("softmax", out, (x,), lambda g: (activations.softmax_backward(g, out),))


def log_softmax(x: Tensor) -> Tensor:
    """Return log(softmax(x)) over the last axis (..., C), finite for any finite scores."""
    expect.tensor("log_softmax", x)
    out = activations.log_softmax(x.data)
    return record("log_softmax", out, (x,), lambda g: (activations.log_softmax_backward(g, out),))


# -- losses: means over the batch ------------------------------------------------------------


def mse(prediction: Tensor, target: Tensor | Array) -> Tensor:
    """Return the mean squared error over all entries; prediction and target have one shape, any."""
    return _loss(losses.mse, prediction, target)


def binary_cross_entropy_with_logits(logits: Tensor, target: Tensor | Array) -> Tensor:
    """Return the mean of -log(probability of the right answer): scores before the sigmoid, targets from 0 to 1."""
    return _loss(losses.binary_cross_entropy_with_logits, logits, target)


def cross_entropy(logits: Tensor, labels: Tensor | Array) -> Tensor:
    """Return the mean of -log(softmax(logits)[label]): logits (N, C), labels (N,) whole numbers from 0 to C - 1."""
    return _loss(losses.cross_entropy, logits, labels)


def _loss(
    loss: Callable[[Floats, Array], tuple[float, Floats]], prediction: Tensor, target: Tensor | Array
) -> Tensor:
    """Record a loss of the first half: the gradient that it returns is the rule for the way back."""
    name = loss.__name__
    expect.tensor(name, prediction)
    if isinstance(target, Tensor):
        if target.requires_grad:
            raise ValueError(
                f"{name}: the target requires a gradient, which this loss does not give; detach() it."
            )
        target = target.data
    value, gradient = loss(prediction.data, target)
    return record(name, np.asarray(value, dtype=prediction.dtype), (prediction,), lambda g: (g * gradient,))
