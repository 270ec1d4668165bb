"""The same weights and inputs give the same outputs, gradients and training steps as in PyTorch."""

from typing import Any

import numpy as np
import pytest

from mininet.attacks import fgsm, gradient_by_input, pgd
from mininet.layers import BatchNorm1d, Layer, Linear, ReLU, Sequential, Sigmoid, Tanh
from mininet.losses import cross_entropy
from tests.support.frameworks import (
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    STEPS,
    batch,
    batch_norm,
    close,
    framework,
    layer_and_input,
    losses,
    needs,
    network,
    train,
)

pytestmark = pytest.mark.slow

needs("torch")


@pytest.fixture(scope="module")
def torch() -> Any:
    return framework("torch")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def torch_layer(torch: Any, layer: Layer) -> Any:
    if isinstance(layer, BatchNorm1d):
        twin = torch.nn.BatchNorm1d(len(layer.weight.data), momentum=layer.momentum, eps=layer.eps)
        twin.load_state_dict(
            {name: torch.from_numpy(a) for name, a in layer.state_dict().items()}, strict=False
        )
        return twin.train(layer.training)
    if not isinstance(layer, Linear):
        return getattr(torch.nn, type(layer).__name__)().train(layer.training)
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
    state = twin.state_dict()
    for buffer, array in layer.named_buffers():
        close(array, state[buffer])


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


def with_batch_norm(rng: np.random.Generator) -> Sequential:
    return Sequential(Linear(5, 8, rng), batch_norm(rng, 8, training=True), Tanh(), Linear(8, 3, rng))


def test_training_with_batch_norm_agrees_with_pytorch_in_both_modes(
    torch: Any, rng: np.random.Generator
) -> None:
    net = with_batch_norm(rng)
    x, labels = batch(rng)
    twin = torch_network(torch, net)
    kind, options = OPTIMIZERS["sgd"]
    train(net, kind(net.parameters(), **options), x, labels)
    optimizer = torch.optim.SGD(twin.parameters(), **options)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(twin(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        optimizer.step()
    close(net[1].running_mean, twin[1].running_mean)
    close(net[1].running_var, twin[1].running_var)
    new = rng.standard_normal((4, 5), dtype=np.float32)
    close(net.eval()(new), twin.eval()(torch.from_numpy(new)).detach())


def torch_gradient(torch: Any, twin: Any, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    x_twin = torch.tensor(x, requires_grad=True)
    torch.nn.functional.cross_entropy(twin(x_twin), torch.from_numpy(labels)).backward()
    gradient: np.ndarray = x_twin.grad.numpy()
    return gradient


@pytest.mark.parametrize("make", [network, with_batch_norm])
def test_gradients_by_the_input_and_the_attacks_on_them_agree_with_pytorch(
    torch: Any, rng: np.random.Generator, make: Any
) -> None:
    net = make(rng)
    twin = torch_network(torch, net).eval()
    _, labels = batch(rng)
    x = rng.random((16, 5), dtype=np.float32)
    ours, theirs = gradient_by_input(net)(x, labels), torch_gradient(torch, twin, x, labels)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())
    x_twin = x + np.float32(0.1) * torch.sign(torch.from_numpy(theirs)).numpy()
    close(fgsm(gradient_by_input(net), x, labels, 0.1), np.clip(x_twin, 0, 1))
    # five steps in L2, written out
    moved = x.copy()
    for _ in range(5):
        g = torch_gradient(torch, twin, moved, labels)
        change = moved + np.float32(0.05) * g / np.linalg.norm(g, axis=1, keepdims=True) - x
        change *= np.minimum(1, np.float32(0.1) / np.linalg.norm(change, axis=1, keepdims=True))
        moved = np.clip(x + change, 0, 1)
    close(pgd(gradient_by_input(net), x, labels, 0.1, rng=None, steps=5, norm=2), moved)
