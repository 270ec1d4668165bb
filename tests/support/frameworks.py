"""What the comparisons with PyTorch and with JAX have in common: layers, networks, losses, training, tolerance."""

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mininet.layers import BatchNorm1d, Dropout, Flatten, Layer, Linear, ReLU, Sequential, Sigmoid, Tanh, mlp
from mininet.losses import binary_cross_entropy, cross_entropy, mse
from mininet.optim import SGD, Adam, Optimizer

SIZES = [5, 8, 6, 3]
STEPS = 20
LAYERS = [
    "linear",
    "sigmoid",
    "tanh",
    "relu",
    "flatten",
    "batch norm",
    "batch norm in eval mode",
    "dropout in eval mode",
]
OPTIMIZERS: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "sgd": (SGD, {"lr": 0.1}),
    "momentum": (SGD, {"lr": 0.1, "momentum": 0.9}),
    "nesterov": (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "weight decay": (SGD, {"lr": 0.1, "weight_decay": 0.01}),
    "all of them": (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": (Adam, {"lr": 0.01}),
}


def needs(name: str) -> None:
    """Skip the calling test module, in one line of pytest's report, where the framework is not installed."""
    __tracebackhide__ = True  # the line names the test module, not this one
    if importlib.util.find_spec(name) is None:
        reason = f"{name} is not installed, so nothing is compared with it (pip install -e .[compare])"
        pytest.skip(reason, allow_module_level=True)


def framework(name: str) -> Any:
    """Import a framework; its own deprecation warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module(name)


def close(ours: Any, theirs: Any) -> None:
    theirs = np.asarray(theirs)
    assert np.asarray(ours).dtype == theirs.dtype == np.float32 or np.ndim(ours) == 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def layer_and_input(name: str, rng: np.random.Generator) -> tuple[Layer, np.ndarray]:
    shape = (4, 2, 3) if name == "flatten" else (4, 5)
    x = rng.standard_normal(shape, dtype=np.float32)
    layers = {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU, "flatten": Flatten}
    if name == "linear":
        layer = Linear(5, 3, rng)
        layer.bias.data = rng.standard_normal(3, dtype=np.float32)
        return layer, x
    if name.startswith("batch norm"):
        return batch_norm(rng, 5, training=name == "batch norm"), 3 + 2 * x
    if name == "dropout in eval mode":
        return Dropout(0.5, rng).eval(), x
    if name == "relu":
        x[0, 0] = 0  # at the kink all three take the slope to be 0
    return layers[name](), x


def batch_norm(rng: np.random.Generator, features: int, training: bool) -> BatchNorm1d:
    """Return one that has seen batches, with weights of its own and a momentum and an eps that are not the usual."""
    layer = BatchNorm1d(features, momentum=0.3, eps=1e-3)
    layer.weight.data, layer.bias.data = rng.standard_normal((2, features), dtype=np.float32)
    for _ in range(2):
        layer.forward(2 + rng.standard_normal((7, features), dtype=np.float32))
    return layer if training else layer.eval()


def network(rng: np.random.Generator, activation: type[Layer] = Tanh) -> Sequential:
    net = mlp(SIZES, rng, activation)
    for name, p in net.named_parameters():
        if name.endswith("bias"):
            p.data = rng.standard_normal(p.data.shape, dtype=np.float32)
    return net


def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.standard_normal((16, SIZES[0]), dtype=np.float32), rng.integers(0, SIZES[-1], 16)


def train(net: Sequential, optimizer: Optimizer, x: np.ndarray, labels: np.ndarray) -> float:
    for _ in range(STEPS):
        loss, gradient = cross_entropy(net(x), labels)
        optimizer.zero_grad()
        net.backward(gradient, input_gradient=False)
        optimizer.step()
    return loss


def losses(rng: np.random.Generator) -> dict[str, tuple[Callable[..., Any], np.ndarray, np.ndarray]]:
    scores = 3 * rng.standard_normal((6, 4), dtype=np.float32)
    return {
        "mse": (mse, scores, rng.standard_normal((6, 4), dtype=np.float32)),
        "binary_cross_entropy": (binary_cross_entropy, scores, rng.random((6, 4), dtype=np.float32)),
        "cross_entropy": (cross_entropy, scores, rng.integers(0, 4, 6)),
        "cross_entropy, huge scores": (cross_entropy, 100 * scores, rng.integers(0, 4, 6)),
    }


LOSSES = list(losses(np.random.default_rng(0)))
