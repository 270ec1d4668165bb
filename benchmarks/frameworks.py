"""The same training step in both halves of mininet, PyTorch (eager) and JAX (jit)."""

import numpy as np

from benchmarks.nets import Net, Step
from mininet import functional as F
from mininet import nn
from mininet.arrays import Array
from mininet.layers import Linear, ReLU, Sigmoid, Tanh, mlp
from mininet.losses import cross_entropy, mse
from mininet.optim import SGD
from mininet.training import train_step


def mininet_step(net: Net, weights: list[Array], x: Array, y: Array) -> Step:
    """Return a function that takes one step as `fit` does and returns the loss."""
    activation = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}[net.activation]
    model = mlp(net.sizes, np.random.default_rng(0), activation)
    linear = [layer for layer in model if isinstance(layer, Linear)]
    for layer, w in zip(linear, weights, strict=True):
        layer.weight.data = w.copy()
    optimizer = SGD(model.parameters(), lr=net.lr)
    loss = mse if net.loss == "mse" else cross_entropy
    return lambda: train_step(model, loss, optimizer, x, y)[0]


def autograd_step(net: Net, weights: list[Array], x: Array, y: Array) -> Step:
    """Return a function that takes one step with recorded gradients and returns the loss."""
    activation = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}[net.activation]
    model = nn.mlp(net.sizes, np.random.default_rng(0), activation)
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    for layer, w in zip(linear, weights, strict=True):
        layer.weight.data = w.copy()
    optimizer = SGD(model.parameters(), lr=net.lr)
    loss_function = F.mse if net.loss == "mse" else F.cross_entropy

    def step() -> float:
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def torch_step(net: Net, weights: list[Array], x: Array, y: Array) -> Step:
    """Return a function that takes one eager PyTorch step and returns the loss."""
    import torch

    torch.set_num_threads(1)
    activation = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}[net.activation]
    modules: list[torch.nn.Module] = []
    for w in weights:
        linear = torch.nn.Linear(*w.shape)
        linear.weight.data = torch.from_numpy(w.T.copy())
        torch.nn.init.zeros_(linear.bias)
        modules += [linear, activation()]
    model = torch.nn.Sequential(*modules[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=net.lr)
    loss_function = torch.nn.MSELoss() if net.loss == "mse" else torch.nn.CrossEntropyLoss()
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_function(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def jax_step(net: Net, weights: list[Array], x: Array, y: Array) -> Step:
    """Return a function that takes one JAX step, compiled on the first call, and returns the loss."""
    import jax
    import jax.numpy as jnp

    activation = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh}[net.activation]
    Parameters = list[tuple[jax.Array, jax.Array]]  # of each layer: (in, out) and (out,)

    def loss_function(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        for w, b in parameters[:-1]:
            x = activation(x @ w + b)
        w, b = parameters[-1]
        out = x @ w + b
        if net.loss == "mse":
            return jnp.mean((out - y) ** 2)
        return -jnp.mean(jax.nn.log_softmax(out)[jnp.arange(len(y)), y])

    def update(parameters: Parameters, x: jax.Array, y: jax.Array) -> tuple[jax.Array, Parameters]:
        loss, gradients = jax.value_and_grad(loss_function)(parameters, x, y)
        return loss, jax.tree.map(lambda p, g: p - net.lr * g, parameters, gradients)

    compiled = jax.jit(update)
    parameters = [(jnp.asarray(w), jnp.zeros(w.shape[1], dtype=jnp.float32)) for w in weights]
    inputs, targets = jnp.asarray(x), jnp.asarray(y)

    def step() -> float:
        nonlocal parameters
        loss, parameters = compiled(parameters, inputs, targets)
        return float(loss)

    return step
