"""The same weights and inputs give the same outputs, gradients and training steps as in PyTorch and in JAX."""

from typing import Any

import numpy as np
import pytest

from mininet.attacks import fgsm, gradient_by_input, pgd
from mininet.layers import Layer, Linear, Parameter, ReLU, Sequential, Sigmoid, Tanh
from mininet.losses import cross_entropy
from mininet.optim import SGD, Adam, Optimizer
from tests.support.frameworks import (
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    Framework,
    PyTorch,
    batch,
    batch_norm,
    close,
    layer_and_input,
    losses,
    needs,
    network,
    train,
)

pytestmark = pytest.mark.slow

needs("torch", "jax")


@pytest.mark.parametrize("name", LAYERS)
def test_layers_agree(theirs: Framework, rng: np.random.Generator, name: str) -> None:
    layer, x = layer_and_input(name, rng)
    out_there, back = theirs.vjp(layer, x)
    out = layer(x)
    grad = rng.standard_normal(out.shape, dtype=np.float32)
    by_input, by_parameters, buffers = back(grad)
    close(out, out_there)
    close(layer.backward(grad), by_input)
    for p, gradient in zip(layer.parameters(), by_parameters, strict=True):
        close(p.grad, gradient)
    if isinstance(theirs, PyTorch):  # functions of JAX have no state
        for name, array in layer.named_buffers():
            close(array, buffers[name])


@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree(theirs: Framework, rng: np.random.Generator, name: str) -> None:
    function, prediction, target = losses(rng)[name]
    loss, gradient = function(prediction, target)
    loss_there, gradient_there = theirs.loss(name.split(",")[0], prediction, target)
    close(loss, loss_there)
    close(gradient, gradient_there)


@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_network_with_cross_entropy_agrees(
    theirs: Framework, rng: np.random.Generator, activation: type[Layer]
) -> None:
    net = network(rng, activation)
    x, labels = batch(rng)
    loss_there, (by_input, by_parameters, _) = theirs.cross_entropy_of(net, x, labels)
    loss, gradient = cross_entropy(net(x), labels)
    close(loss, loss_there)
    close(net.backward(gradient), by_input)
    for p, there in zip(net.parameters(), by_parameters, strict=True):
        close(p.grad, there)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_agree(theirs: Framework, rng: np.random.Generator, name: str) -> None:
    net = network(rng)
    x, labels = batch(rng)
    loss_there, parameters = theirs.train(net, name, x, labels)
    kind, options = OPTIMIZERS[name]
    start = [p.data.copy() for p in net.parameters()]
    loss = train(net, kind(net.parameters(), **options), x, labels)
    close(loss, loss_there)
    for p, there, first in zip(net.parameters(), parameters, start, strict=True):
        assert np.abs(p.data - first).max() > 0.01  # something was learnt at all
        close(p.data, there)


# -- with PyTorch alone


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.filterwarnings("ignore:.*no gradient reached")
def test_parameters_that_gradients_reach_now_and_then_agree(
    pytorch: PyTorch, rng: np.random.Generator, name: str
) -> None:
    ours = [Parameter(rng.standard_normal(3)) for _ in range(4)]
    theirs = [pytorch.torch.tensor(p.data.copy(), requires_grad=True) for p in ours]
    if name == "SGD":
        one: Optimizer = SGD(ours, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
        other = pytorch.torch.optim.SGD(theirs, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    else:
        one, other = Adam(ours, 0.01), pytorch.torch.optim.Adam(theirs, 0.01)
    for _ in range(20):
        for p, q in zip(ours, theirs, strict=True):
            p.grad = rng.standard_normal(3) if rng.random() < 0.6 else None
            q.grad = None if p.grad is None else pytorch.torch.tensor(p.grad)
        one.step()
        other.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12)


def with_batch_norm(rng: np.random.Generator) -> Sequential:
    return Sequential(Linear(5, 8, rng), batch_norm(rng, 8, training=True), Tanh(), Linear(8, 3, rng))


def test_training_with_batch_norm_agrees_in_both_modes(pytorch: PyTorch, rng: np.random.Generator) -> None:
    net = with_batch_norm(rng)
    x, labels = batch(rng)
    twin = pytorch.twin(net)
    kind, options = OPTIMIZERS["sgd"]
    train(net, kind(net.parameters(), **options), x, labels)
    pytorch.train_twin(twin, "sgd", x, labels)
    close(net[1].running_mean, twin[1].running_mean)
    close(net[1].running_var, twin[1].running_var)
    new = rng.standard_normal((4, 5), dtype=np.float32)
    close(net.eval()(new), twin.eval()(pytorch.torch.from_numpy(new)).detach())


def torch_gradient(torch: Any, twin: Any, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    x_twin = torch.tensor(x, requires_grad=True)
    torch.nn.functional.cross_entropy(twin(x_twin), torch.from_numpy(labels)).backward()
    gradient: np.ndarray = x_twin.grad.numpy()
    return gradient


@pytest.mark.parametrize("make", [network, with_batch_norm])
def test_gradients_by_the_input_and_the_attacks_on_them_agree(
    pytorch: PyTorch, rng: np.random.Generator, make: Any
) -> None:
    net, torch = make(rng), pytorch.torch
    twin = pytorch.twin(net).eval()
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
