"""The same weights and inputs give the same outputs, gradients and training steps as in JAX."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mininet.layers import BatchNorm1d, Dropout, Flatten, Layer, Linear, ReLU, Sequential, Sigmoid, Tanh
from mininet.losses import cross_entropy
from mininet.optim import Adam
from tests.support.frameworks import (
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    STEPS,
    batch,
    close,
    framework,
    layer_and_input,
    losses,
    needs,
    network,
    train,
)

pytestmark = pytest.mark.slow

needs("jax")


@pytest.fixture(scope="module")
def jax() -> Any:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    return framework("jax")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def jax_function(jax: Any, layer: Layer) -> Callable[..., Any]:
    """Return the layer as a function of (parameters, x)."""
    if isinstance(layer, Linear):
        return lambda p, x: x @ p[0] + p[1]
    if isinstance(layer, BatchNorm1d):
        fixed = None if layer.training else (layer.running_mean, layer.running_var)
        return lambda p, x: jax_batch_norm(jax, p, x, fixed, layer.eps)
    if isinstance(layer, Dropout):
        assert not layer.training  # its masks come from NumPy's generator
        return lambda p, x: x
    functions = {
        Sigmoid: jax.nn.sigmoid,
        Tanh: jax.numpy.tanh,
        ReLU: jax.nn.relu,
        Flatten: lambda x: x.reshape(len(x), -1),
    }
    function = functions[type(layer)]
    return lambda p, x: function(x)


def jax_batch_norm(jax: Any, p: list[Any], x: Any, fixed: tuple[Any, Any] | None, eps: float) -> Any:
    mean, var = fixed or (x.mean(axis=0), x.var(axis=0))
    return p[0] * (x - mean) * jax.lax.rsqrt(var + eps) + p[1]


def jax_network(jax: Any, net: Sequential) -> tuple[list[list[Any]], Callable[..., Any]]:
    functions = [jax_function(jax, layer) for layer in net]

    def forward(parameters: list[list[Any]], x: Any) -> Any:
        for function, p in zip(functions, parameters, strict=True):
            x = function(p, x)
        return x

    return [[jax.numpy.array(p.data) for p in layer.parameters()] for layer in net], forward


def jax_losses(jax: Any) -> dict[str, Callable[..., Any]]:
    log_sigmoid = jax.nn.log_sigmoid
    return {
        "mse": lambda z, t: ((z - t) ** 2).mean(),
        "binary_cross_entropy": lambda z, t: -(t * log_sigmoid(z) + (1 - t) * log_sigmoid(-z)).mean(),
        "cross_entropy": lambda z, t: -jax.nn.log_softmax(z)[jax.numpy.arange(len(z)), t].mean(),
    }


@pytest.mark.parametrize("name", LAYERS)
def test_layers_agree_with_jax(jax: Any, rng: np.random.Generator, name: str) -> None:
    layer, x = layer_and_input(name, rng)
    out_twin, pull_back = jax.vjp(jax_function(jax, layer), [p.data for p in layer.parameters()], x)
    out = layer(x)
    grad = rng.standard_normal(out.shape, dtype=np.float32)
    parameter_gradients, x_gradient = pull_back(jax.numpy.array(grad))
    close(out, out_twin)
    close(layer.backward(grad), x_gradient)
    for p, gradient in zip(layer.parameters(), parameter_gradients, strict=True):
        close(p.grad, gradient)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree_with_jax(jax: Any, rng: np.random.Generator, name: str) -> None:
    function, prediction, target = losses(rng)[name]
    loss, gradient = function(prediction, target)
    twin = jax.value_and_grad(jax_losses(jax)[name.split(",")[0]])
    loss_twin, gradient_twin = twin(jax.numpy.array(prediction), jax.numpy.array(target))
    close(loss, loss_twin)
    close(gradient, gradient_twin)


@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_network_with_cross_entropy_agrees_with_jax(
    jax: Any, rng: np.random.Generator, activation: type[Layer]
) -> None:
    net = network(rng, activation)
    x, labels = batch(rng)
    parameters, forward = jax_network(jax, net)
    cross_entropy_twin = jax_losses(jax)["cross_entropy"]
    twin = jax.value_and_grad(lambda p, x: cross_entropy_twin(forward(p, x), labels), argnums=(0, 1))
    loss_twin, (parameter_gradients, x_gradient) = twin(parameters, x)
    loss, gradient = cross_entropy(net(x), labels)
    close(loss, loss_twin)
    close(net.backward(gradient), x_gradient)
    for layer, gradients in zip(net, parameter_gradients, strict=True):
        for p, gradient_twin in zip(layer.parameters(), gradients, strict=True):
            close(p.grad, gradient_twin)


def jax_optimizer(
    jax: Any, lr: float, momentum: float = 0.0, nesterov: bool = False, adam: bool = False
) -> Any:
    """Return JAX's own example of the optimiser: (init, update, get_params)."""
    from jax.example_libraries import optimizers

    if adam:
        return optimizers.adam(lr)
    if nesterov:
        return optimizers.nesterov(lr, momentum)
    return optimizers.momentum(lr, momentum) if momentum else optimizers.sgd(lr)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_agree_with_jax(jax: Any, rng: np.random.Generator, name: str) -> None:
    net = network(rng)
    x, labels = batch(rng)
    parameters, forward = jax_network(jax, net)
    kind, options = OPTIMIZERS[name]
    options = dict(options)
    loss = train(net, kind(net.parameters(), **options), x, labels)

    # weight decay d adds d·p to the gradient: the gradient of d·p²/2
    decay = options.pop("weight_decay", 0.0)
    cross_entropy_twin = jax_losses(jax)["cross_entropy"]

    def penalty(p: Any) -> Any:
        return decay / 2 * sum((leaf**2).sum() for leaf in jax.tree_util.tree_leaves(p))

    gradient = jax.jit(jax.grad(lambda p: cross_entropy_twin(forward(p, x), labels) + penalty(p)))
    start, update, current = jax_optimizer(jax, **options, adam=kind is Adam)
    state = start(parameters)
    for step in range(STEPS):
        last = current(state)
        state = update(step, gradient(last), state)
    close(loss, cross_entropy_twin(forward(last, x), labels))
    for layer, twins in zip(net, current(state), strict=True):
        for p, twin in zip(layer.parameters(), twins, strict=True):
            close(p.data, twin)
