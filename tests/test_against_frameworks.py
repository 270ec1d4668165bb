"""The same weights and inputs give the same outputs, gradients and training steps as in PyTorch and in JAX."""

import importlib
import importlib.util
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mininet.layers import Flatten, Layer, Linear, ReLU, Sequential, Sigmoid, Tanh, mlp
from mininet.losses import binary_cross_entropy, cross_entropy, mse
from mininet.optim import SGD, Adam, Optimizer

SIZES = [5, 8, 6, 3]
STEPS = 20
LAYERS = ["linear", "sigmoid", "tanh", "relu", "flatten"]
OPTIMIZERS: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "sgd": (SGD, {"lr": 0.1}),
    "momentum": (SGD, {"lr": 0.1, "momentum": 0.9}),
    "nesterov": (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "weight decay": (SGD, {"lr": 0.1, "weight_decay": 0.01}),
    "all of them": (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": (Adam, {"lr": 0.01}),
}


def needs(name: str) -> Callable[[Any], Any]:
    """Return a decorator that skips a test, aloud, where the framework is not installed."""
    if importlib.util.find_spec(name) is not None:
        return lambda test: test
    return pytest.mark.skip(
        f"{name} is not installed, so nothing is compared with it (pip install -e .[compare])"
    )


needs_torch, needs_jax = needs("torch"), needs("jax")


def framework(name: str) -> Any:
    """Import a framework; its own deprecation warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def torch() -> Any:
    return framework("torch")


@pytest.fixture(scope="module")
def jax() -> Any:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    return framework("jax")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


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
    if name == "relu":
        x[0, 0] = 0  # at the kink all three take the slope to be 0
    return layers[name](), x


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


# PyTorch


def torch_layer(torch: Any, layer: Layer) -> Any:
    if not isinstance(layer, Linear):
        return getattr(torch.nn, type(layer).__name__)()
    twin = torch.nn.Linear(*layer.weight.data.shape)
    with torch.no_grad():
        twin.weight.copy_(torch.from_numpy(layer.weight.data.T.copy()))  # PyTorch's is (out, in)
        twin.bias.copy_(torch.from_numpy(layer.bias.data))
    return twin


def torch_network(torch: Any, net: Sequential) -> Any:
    return torch.nn.Sequential(*(torch_layer(torch, layer) for layer in net))


def in_our_layout(tensor: Any) -> np.ndarray:
    """Return a tensor as an array; weights turned from (out, in) to (in, out)."""
    array: np.ndarray = tensor.detach().numpy()
    return array.T


@needs_torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_agree_with_pytorch(torch: Any, rng: np.random.Generator, name: str) -> None:
    layer, x = layer_and_input(name, rng)
    twin, x_twin = torch_layer(torch, layer), torch.tensor(x, requires_grad=True)
    out, out_twin = layer(x), twin(x_twin)
    grad = rng.standard_normal(out.shape, dtype=np.float32)
    out_twin.backward(torch.from_numpy(grad))
    close(out, out_twin.detach())
    close(layer.backward(grad), x_twin.grad)
    for p, p_twin in zip(layer.parameters(), twin.parameters(), strict=True):
        close(p.grad, in_our_layout(p_twin.grad))


@needs_torch
@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree_with_pytorch(torch: Any, rng: np.random.Generator, name: str) -> None:
    functions = {
        "mse": torch.nn.functional.mse_loss,
        "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
        "cross_entropy": torch.nn.functional.cross_entropy,
    }
    function, prediction, target = losses(rng)[name]
    loss, gradient = function(prediction, target)
    twin = torch.tensor(prediction, requires_grad=True)
    loss_twin = functions[name.split(",")[0]](twin, torch.from_numpy(target))
    loss_twin.backward()
    close(loss, loss_twin.detach())
    close(gradient, twin.grad)


@needs_torch
@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_network_with_cross_entropy_agrees_with_pytorch(
    torch: Any, rng: np.random.Generator, activation: type[Layer]
) -> None:
    net = network(rng, activation)
    x, labels = batch(rng)
    twin, x_twin = torch_network(torch, net), torch.tensor(x, requires_grad=True)
    loss, gradient = cross_entropy(net(x), labels)
    loss_twin = torch.nn.functional.cross_entropy(twin(x_twin), torch.from_numpy(labels))
    loss_twin.backward()
    close(loss, loss_twin.detach())
    close(net.backward(gradient), x_twin.grad)
    for p, p_twin in zip(net.parameters(), twin.parameters(), strict=True):
        close(p.grad, in_our_layout(p_twin.grad))


@needs_torch
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_agree_with_pytorch(torch: Any, rng: np.random.Generator, name: str) -> None:
    net = network(rng)
    x, labels = batch(rng)
    twin = torch_network(torch, net)
    kind, options = OPTIMIZERS[name]
    optimizer = getattr(torch.optim, kind.__name__)(twin.parameters(), **options)
    start = [p.data.copy() for p in net.parameters()]
    loss = train(net, kind(net.parameters(), **options), x, labels)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_twin = torch.nn.functional.cross_entropy(twin(torch.from_numpy(x)), torch.from_numpy(labels))
        loss_twin.backward()
        optimizer.step()
    close(loss, loss_twin.detach())
    for p, p_twin, first in zip(net.parameters(), twin.parameters(), start, strict=True):
        assert np.abs(p.data - first).max() > 0.01  # something was learnt at all
        close(p.data, in_our_layout(p_twin))


# JAX


def jax_function(jax: Any, layer: Layer) -> Callable[..., Any]:
    """Return the layer as a function of (parameters, x)."""
    if isinstance(layer, Linear):
        return lambda p, x: x @ p[0] + p[1]
    functions = {
        Sigmoid: jax.nn.sigmoid,
        Tanh: jax.numpy.tanh,
        ReLU: jax.nn.relu,
        Flatten: lambda x: x.reshape(len(x), -1),
    }
    function = functions[type(layer)]
    return lambda p, x: function(x)


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


@needs_jax
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


@needs_jax
@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree_with_jax(jax: Any, rng: np.random.Generator, name: str) -> None:
    function, prediction, target = losses(rng)[name]
    loss, gradient = function(prediction, target)
    twin = jax.value_and_grad(jax_losses(jax)[name.split(",")[0]])
    loss_twin, gradient_twin = twin(jax.numpy.array(prediction), jax.numpy.array(target))
    close(loss, loss_twin)
    close(gradient, gradient_twin)


@needs_jax
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


@needs_jax
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
