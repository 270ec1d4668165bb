"""Rules that turn gradients into better parameters: SGD and Adam. Built in the chapter "mnist".

An optimiser sees only ``.data`` and ``.grad`` of what it is given. It does not
know which network they belong to, nor how the gradients were found.
"""

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np

from mininet.arrays import Floats


class HasGradient(Protocol):
    """What an optimiser needs: an array and, after a backward pass, its gradient."""

    data: Floats
    grad: Floats | None


class Optimizer:
    """What all optimisers share: the list of parameters, `zero_grad`, and checks."""

    def __init__(self, parameters: Iterable[HasGradient], lr: float) -> None:
        self.parameters = list(parameters)
        name = type(self).__name__
        if not self.parameters:
            raise ValueError(f"{name}: the list of parameters is empty; did you pass net.parameters()?")
        if not (math.isfinite(lr) and lr > 0):
            raise ValueError(f"{name}: expected a positive learning rate, got lr={lr}.")
        # float(): a NumPy float64 would turn float32 parameters into float64
        self.lr = float(lr)

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward pass starts from nothing."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Change every parameter a little, by its gradient."""
        raise NotImplementedError

    def _gradients(self) -> list[Floats]:
        """Return all gradients; asked for before anything is changed, so that a step is taken whole or not at all."""
        gradients = []
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                raise RuntimeError(
                    f"{type(self).__name__}.step: parameter {i} of shape {p.data.shape} "
                    "has no gradient; call backward() first."
                )
            gradients.append(p.grad)
        return gradients


class SGD(Optimizer):
    """Stochastic gradient descent, with optional momentum (Nesterov's too) and weight decay.

    Without momentum: ``p -= lr * g``. With momentum m, a velocity remembers the
    gradients so far: ``v = m * v + g``, ``p -= lr * v``; Nesterov's form looks one
    step ahead: ``p -= lr * (g + m * v)``. Weight decay adds ``weight_decay * p`` to g.
    The same formulas as PyTorch's. Sources: Polyak (1964), Sutskever et al. (2013).

    >>> from mininet.layers import Parameter
    >>> p = Parameter(np.array([1.0])); p.grad = np.array([0.5])
    >>> SGD([p], lr=0.1).step(); p.data
    array([0.95])
    """

    def __init__(
        self,
        parameters: Iterable[HasGradient],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        if not 0 <= momentum < 1:
            raise ValueError(f"SGD: expected a momentum from 0 to below 1, got {momentum}.")
        if nesterov and momentum == 0:
            raise ValueError("SGD: Nesterov's form needs a momentum above 0; pass momentum=0.9, say.")
        if not 0 <= weight_decay < math.inf:  # asked in this way, NaN is refused too
            raise ValueError(f"SGD: expected a finite weight decay of at least 0, got {weight_decay}.")
        self.momentum, self.nesterov, self.weight_decay = float(momentum), nesterov, float(weight_decay)
        self._velocities = [np.zeros_like(p.data) for p in self.parameters] if momentum else []

    def step(self) -> None:
        for i, (p, g) in enumerate(zip(self.parameters, self._gradients(), strict=True)):
            if self.weight_decay:
                g = g + self.weight_decay * p.data
            if self.momentum:
                v = self._velocities[i]
                v *= self.momentum
                v += g
                g = (g + self.momentum * v) if self.nesterov else v
            p.data -= self.lr * g


class Adam(Optimizer):
    """Adam: each parameter gets its own step size from running means of its gradient and its square.

    ``m`` is the running mean of g, ``v`` of g²; both start at 0 and are corrected for
    it. The step is ``lr * m / (sqrt(v) + eps)``. Source: Kingma and Ba (2015), algorithm 1.

    >>> from mininet.layers import Parameter
    >>> p = Parameter(np.array([1.0, 1.0])); p.grad = np.array([0.5, -200.0])
    >>> Adam([p], lr=0.1).step(); p.data.round(6)
    array([0.9, 1.1])
    """

    def __init__(
        self,
        parameters: Iterable[HasGradient],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"Adam: expected betas from 0 to below 1, got {betas}.")
        if not 0 < eps < math.inf:  # a gradient that is always 0 would be divided by 0
            raise ValueError(f"Adam: expected a positive eps, got {eps}.")
        self.betas = (float(betas[0]), float(betas[1]))
        self.eps = float(eps)
        self.steps = 0
        self._means = [np.zeros_like(p.data) for p in self.parameters]
        self._squares = [np.zeros_like(p.data) for p in self.parameters]

    def step(self) -> None:
        gradients = self._gradients()
        self.steps += 1
        beta1, beta2 = self.betas
        correction1 = 1 - beta1**self.steps
        correction2 = math.sqrt(1 - beta2**self.steps)
        for p, g, m, v in zip(self.parameters, gradients, self._means, self._squares, strict=True):
            m += (1 - beta1) * (g - m)
            v += (1 - beta2) * (g * g - v)
            p.data -= (self.lr / correction1) * m / (np.sqrt(v) / correction2 + self.eps)
