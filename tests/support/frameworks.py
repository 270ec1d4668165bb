"""PyTorch and JAX behind one face, and what is compared with them: layers, losses, networks, training, tolerance."""

import importlib
import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pytest

from mininet.layers import BatchNorm1d, Dropout, Flatten, Layer, Linear, ReLU, Sequential, Sigmoid, Tanh, mlp
from mininet.losses import binary_cross_entropy_with_logits, cross_entropy, mse
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


def needs(*names: str) -> None:
    """Skip the calling test module, in one line of pytest's report, where none of the frameworks is installed."""
    __tracebackhide__ = True  # the line names the test module, not this one
    if not any(map(importlib.util.find_spec, names)):
        pytest.skip(_missing(*names), allow_module_level=True)


def _missing(*names: str) -> str:
    return f"nothing is compared with {' or '.join(names)}: not installed (pip install -e .[compare])"


def framework(name: str) -> Any:
    """Import a framework, whose own deprecation warnings are not ours; skip aloud where it is not installed."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        pytest.skip(_missing(name))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
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
        "binary_cross_entropy_with_logits": (
            binary_cross_entropy_with_logits,
            scores,
            rng.random((6, 4), dtype=np.float32),
        ),
        "cross_entropy": (cross_entropy, scores, rng.integers(0, 4, 6)),
        "cross_entropy, huge scores": (cross_entropy, 100 * scores, rng.integers(0, 4, 6)),
    }


LOSSES = list(losses(np.random.default_rng(0)))


# by the input, by each parameter in our order and layout, and buffers by name where the framework has them
Gradients = tuple[Any, Sequence[Any], Mapping[str, Any]]


class Framework(Protocol):
    """What both can be asked for. The layers and networks that they are given stay as they are."""

    def vjp(self, layer: Layer, x: np.ndarray) -> tuple[Any, Callable[[np.ndarray], Gradients]]:
        """Return the layer's output as it is computed there, and the way back from a gradient by it."""

    def loss(self, name: str, prediction: np.ndarray, target: np.ndarray) -> tuple[Any, Any]:
        """Return a loss and its gradient by the prediction."""

    def cross_entropy_of(self, net: Sequential, x: np.ndarray, labels: np.ndarray) -> tuple[Any, Gradients]:
        """Return the loss of a network and its gradients."""

    def train(
        self, net: Sequential, optimizer: str, x: np.ndarray, labels: np.ndarray
    ) -> tuple[Any, list[Any]]:
        """Return the loss of the last step, and the parameters after it."""


class PyTorch:
    def __init__(self) -> None:
        self.torch = framework("torch")

    def vjp(self, layer: Layer, x: np.ndarray) -> tuple[Any, Callable[[np.ndarray], Gradients]]:
        twin, x_twin = self.twin(layer), self.torch.tensor(x, requires_grad=True)
        out = twin(x_twin)

        def back(grad: np.ndarray) -> Gradients:
            out.backward(self.torch.from_numpy(grad))
            return self._gradients(twin, x_twin)

        return out.detach(), back

    def loss(self, name: str, prediction: np.ndarray, target: np.ndarray) -> tuple[Any, Any]:
        functions = {
            "mse": self.torch.nn.functional.mse_loss,
            "binary_cross_entropy_with_logits": self.torch.nn.functional.binary_cross_entropy_with_logits,
            "cross_entropy": self.torch.nn.functional.cross_entropy,
        }
        twin = self.torch.tensor(prediction, requires_grad=True)
        loss = functions[name](twin, self.torch.from_numpy(target))
        loss.backward()
        return loss.detach(), twin.grad

    def cross_entropy_of(self, net: Sequential, x: np.ndarray, labels: np.ndarray) -> tuple[Any, Gradients]:
        twin, x_twin = self.twin(net), self.torch.tensor(x, requires_grad=True)
        loss = self.torch.nn.functional.cross_entropy(twin(x_twin), self.torch.from_numpy(labels))
        loss.backward()
        return loss.detach(), self._gradients(twin, x_twin)

    def train(
        self, net: Sequential, optimizer: str, x: np.ndarray, labels: np.ndarray
    ) -> tuple[Any, list[Any]]:
        twin = self.twin(net)
        loss = self.train_twin(twin, optimizer, x, labels)
        return loss, [self._in_our_layout(p) for p in twin.parameters()]

    def train_twin(self, twin: Any, optimizer: str, x: np.ndarray, labels: np.ndarray) -> Any:
        kind, options = OPTIMIZERS[optimizer]
        steps = getattr(self.torch.optim, kind.__name__)(twin.parameters(), **options)
        for _ in range(STEPS):
            steps.zero_grad()
            loss = self.torch.nn.functional.cross_entropy(
                twin(self.torch.from_numpy(x)), self.torch.from_numpy(labels)
            )
            loss.backward()
            steps.step()
        return loss.detach()

    def twin(self, layer: Layer) -> Any:
        """Return a layer or a network as a module of PyTorch, with the same weights and in the same mode."""
        torch = self.torch
        if isinstance(layer, Sequential):
            return torch.nn.Sequential(*map(self.twin, layer))
        if isinstance(layer, BatchNorm1d):
            twin = torch.nn.BatchNorm1d(len(layer.weight.data), momentum=layer.momentum, eps=layer.eps)
            state = {name: torch.from_numpy(a) for name, a in layer.state_dict().items()}
            twin.load_state_dict(state, strict=False)
            return twin.train(layer.training)
        if not isinstance(layer, Linear):
            return getattr(torch.nn, type(layer).__name__)().train(layer.training)
        twin = torch.nn.Linear(*layer.weight.data.shape)
        with torch.no_grad():
            twin.weight.copy_(torch.from_numpy(layer.weight.data.T.copy()))  # PyTorch's is (out, in)
            twin.bias.copy_(torch.from_numpy(layer.bias.data))
        return twin

    def _gradients(self, twin: Any, x: Any) -> Gradients:
        parameters = [self._in_our_layout(p.grad) for p in twin.parameters()]
        return x.grad, parameters, dict(twin.named_buffers())

    @staticmethod
    def _in_our_layout(tensor: Any) -> Any:
        """Return a tensor as an array; weights turned from (out, in) to (in, out)."""
        return tensor.detach().numpy().T


class JAX:
    def __init__(self) -> None:
        self.jax = framework("jax")

    def vjp(self, layer: Layer, x: np.ndarray) -> tuple[Any, Callable[[np.ndarray], Gradients]]:
        out, pull_back = self.jax.vjp(self._function(layer), [p.data for p in layer.parameters()], x)

        def back(grad: np.ndarray) -> Gradients:
            parameters, by_input = pull_back(self.jax.numpy.array(grad))
            return by_input, parameters, {}

        return out, back

    def loss(self, name: str, prediction: np.ndarray, target: np.ndarray) -> tuple[Any, Any]:
        twin = self.jax.value_and_grad(self._losses()[name])
        loss, gradient = twin(self.jax.numpy.array(prediction), self.jax.numpy.array(target))
        return loss, gradient

    def cross_entropy_of(self, net: Sequential, x: np.ndarray, labels: np.ndarray) -> tuple[Any, Gradients]:
        parameters, forward = self._network(net)
        cross_entropy_there = self._losses()["cross_entropy"]
        twin = self.jax.value_and_grad(
            lambda p, x: cross_entropy_there(forward(p, x), labels), argnums=(0, 1)
        )
        loss, (gradients, by_input) = twin(parameters, x)
        return loss, (by_input, [g for layer in gradients for g in layer], {})

    def train(
        self, net: Sequential, optimizer: str, x: np.ndarray, labels: np.ndarray
    ) -> tuple[Any, list[Any]]:
        parameters, forward = self._network(net)
        cross_entropy_there = self._losses()["cross_entropy"]
        kind, given = OPTIMIZERS[optimizer]
        options = dict(given)
        # weight decay d adds d·p to the gradient: the gradient of d·p²/2
        decay = options.pop("weight_decay", 0.0)

        def penalty(p: Any) -> Any:
            return decay / 2 * sum((leaf**2).sum() for leaf in self.jax.tree_util.tree_leaves(p))

        gradient = self.jax.jit(
            self.jax.grad(lambda p: cross_entropy_there(forward(p, x), labels) + penalty(p))
        )
        start, update, current = self._optimizer(**options, adam=kind is Adam)
        state = start(parameters)
        for step in range(STEPS):
            last = current(state)
            state = update(step, gradient(last), state)
        return cross_entropy_there(forward(last, x), labels), [p for layer in current(state) for p in layer]

    def _function(self, layer: Layer) -> Callable[..., Any]:
        """Return the layer as a function of (parameters, x)."""
        jax = self.jax
        if isinstance(layer, Linear):
            return lambda p, x: x @ p[0] + p[1]
        if isinstance(layer, BatchNorm1d):
            fixed = None if layer.training else (layer.running_mean, layer.running_var)
            return lambda p, x: self._batch_norm(p, x, fixed, layer.eps)
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

    def _batch_norm(self, p: list[Any], x: Any, fixed: tuple[Any, Any] | None, eps: float) -> Any:
        mean, var = fixed or (x.mean(axis=0), x.var(axis=0))
        return p[0] * (x - mean) * self.jax.lax.rsqrt(var + eps) + p[1]

    def _network(self, net: Sequential) -> tuple[list[list[Any]], Callable[..., Any]]:
        functions = [self._function(layer) for layer in net]

        def forward(parameters: list[list[Any]], x: Any) -> Any:
            for function, p in zip(functions, parameters, strict=True):
                x = function(p, x)
            return x

        return [[self.jax.numpy.array(p.data) for p in layer.parameters()] for layer in net], forward

    def _losses(self) -> dict[str, Callable[..., Any]]:
        jax, log_sigmoid = self.jax, self.jax.nn.log_sigmoid
        return {
            "mse": lambda z, t: ((z - t) ** 2).mean(),
            "binary_cross_entropy_with_logits": lambda z, t: (
                -(t * log_sigmoid(z) + (1 - t) * log_sigmoid(-z)).mean()
            ),
            "cross_entropy": lambda z, t: -jax.nn.log_softmax(z)[jax.numpy.arange(len(z)), t].mean(),
        }

    @staticmethod
    def _optimizer(lr: float, momentum: float = 0.0, nesterov: bool = False, adam: bool = False) -> Any:
        """Return JAX's own example of the optimiser: (init, update, get_params)."""
        from jax.example_libraries import optimizers

        if adam:
            return optimizers.adam(lr)
        if nesterov:
            return optimizers.nesterov(lr, momentum)
        return optimizers.momentum(lr, momentum) if momentum else optimizers.sgd(lr)


FRAMEWORKS: dict[str, Callable[[], Framework]] = {"PyTorch": PyTorch, "JAX": JAX}
