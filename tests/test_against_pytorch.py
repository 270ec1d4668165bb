"""The same weights and inputs give the same outputs, gradients and training steps as in PyTorch."""

from typing import Any

import numpy as np
import pytest
from framework_support import (
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

from mininet.layers import Layer, Linear, ReLU, Sequential, Sigmoid, Tanh
from mininet.losses import cross_entropy

pytestmark = pytest.mark.slow

needs("torch")


@pytest.fixture(scope="module")
def torch() -> Any:
    return framework("torch")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


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
