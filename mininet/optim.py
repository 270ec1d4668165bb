"""Rules that turn gradients into better parameters: SGD and Adam. Built in the chapter "mnist".

An optimiser sees only ``.data`` and ``.grad`` of what it is given. It does not
know which network they belong to, nor how the gradients were found.
"""

import math
import warnings
from collections.abc import Iterable

import numpy as np

from mininet import expect
from mininet.arrays import Floats, HasGradient


class Optimizer:
    """What all optimisers share: the list of parameters, each of them once, `zero_grad`, and checks.

    A frozen parameter is left as it is, and so is one that no gradient reached, which a warning names once.
    Errors: `TypeError` for what are no parameters; `ValueError` for none, for results of operations, and for
    two parameters in one memory.
    """

    def __init__(self, parameters: Iterable[HasGradient], lr: float) -> None:
        name = type(self).__name__
        self.parameters = _distinct(name, parameters)
        self.lr = expect.number(name, "lr", lr, above=0)
        self._named: set[int] = set()  # places of parameters that the warning has named

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward pass starts from nothing."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Change every parameter a little, by its gradient."""
        raise NotImplementedError

    def _with_gradients(self) -> list[tuple[int, HasGradient, Floats]]:
        """Return (place, parameter, gradient) of all that have a gradient, before any is changed."""
        found = [
            (i, p, p.grad)
            for i, p in enumerate(self.parameters)
            if p.grad is not None and getattr(p, "requires_grad", True)
        ]
        if not found:
            raise RuntimeError(
                f"{type(self).__name__}.step: none of {len(self.parameters)} parameters has a gradient. Call "
                "backward() first; if you have, the loss does not depend on them: are they this network's, and "
                "not frozen?"
            )
        for i, p, g in found:
            if not isinstance(g, np.ndarray) or g.shape != p.data.shape:
                what = f"as gradient of parameter {i} an array of its shape"
                expect.shape(type(self).__name__, g, p.data.shape, what)
        if len(found) < len(self.parameters):
            self._name_unreached()
        return found

    def _name_unreached(self) -> None:
        new = {
            i: p
            for i, p in enumerate(self.parameters)
            if p.grad is None and getattr(p, "requires_grad", True) and i not in self._named
        }
        self._named |= set(new)
        if new:
            names = ", ".join(f"{i} of shape {p.data.shape}" for i, p in new.items())
            warnings.warn(
                f"{type(self).__name__}.step: no gradient reached parameter {names}; it stays as it is. Does the "
                "loss depend on it? If it is not to learn, set its requires_grad to False.",
                stacklevel=4,
            )


def _distinct(name: str, parameters: Iterable[HasGradient]) -> list[HasGradient]:
    """Return the parameters, each once, or say what else was given."""
    if hasattr(parameters, "parameters"):
        raise TypeError(f"{name}: expected a list of parameters, got a network; pass net.parameters().")
    if _has_array(parameters):
        raise TypeError(f"{name}: expected a list of parameters, got one alone; write [w].")
    if not isinstance(parameters, Iterable):
        raise TypeError(f"{name}: expected a list of parameters, got {parameters!r:.60}.")
    found = list({id(p): p for p in parameters}.values())
    if not found:
        raise ValueError(f"{name}: the list of parameters is empty; did you pass net.parameters()?")
    for i, p in enumerate(found):
        if not _has_array(p):
            raise TypeError(
                f"{name}: expected parameters, with .data and .grad, got {type(p).__name__} at place {i}. "
                "Of an array mininet.layers.Parameter(array) makes one, and Tensor(array, requires_grad=True)."
            )
        recorded = getattr(p, "node", None) is not None
        if recorded or not p.data.flags.writeable:
            what = "the result of an operation" if recorded else "read-only, as a detached result"
            raise ValueError(
                f"{name}: parameter {i} of shape {p.data.shape} is {what}, and no leaf. Pass the tensors that it was "
                "computed from, or start anew from a copy: Tensor(t.data.copy(), requires_grad=True)."
            )
        expect.floats(name, p.data, f"parameter {i}")
        for j, other in enumerate(found[:i]):
            if np.may_share_memory(p.data, other.data) and np.shares_memory(p.data, other.data):
                raise ValueError(
                    f"{name}: parameters {j} and {i} are two, but their arrays share memory, so a step would change "
                    "it twice. Give one a copy, or let both layers have the one parameter: b.weight = a.weight."
                )
    return found


def _has_array(value: object) -> bool:
    return isinstance(getattr(value, "data", None), np.ndarray)


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
        self.momentum = expect.number("SGD", "momentum", momentum, least=0, below=1)
        if nesterov and momentum == 0:
            raise ValueError("SGD: Nesterov's form needs a momentum above 0; pass momentum=0.9, say.")
        self.nesterov = nesterov
        self.weight_decay = expect.number("SGD", "weight_decay", weight_decay, least=0)
        self._velocities = [np.zeros_like(p.data) for p in self.parameters] if momentum else []

    def step(self) -> None:
        for i, p, g in self._with_gradients():
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
        if np.shape(betas) != (2,):
            raise TypeError(f"Adam: expected two betas, got {betas!r:.60}.")
        self.betas = tuple(expect.number("Adam", "betas", beta, least=0, below=1) for beta in betas)
        # above 0: a gradient that is always 0 would be divided by it
        self.eps = expect.number("Adam", "eps", eps, above=0)
        self._means = [np.zeros_like(p.data) for p in self.parameters]
        self._squares = [np.zeros_like(p.data) for p in self.parameters]
        self._steps = [0 for _ in self.parameters]  # each parameter's own: it may have been left out of some

    def step(self) -> None:
        beta1, beta2 = self.betas
        for i, p, g in self._with_gradients():
            self._steps[i] += 1
            correction1 = 1 - beta1 ** self._steps[i]
            correction2 = math.sqrt(1 - beta2 ** self._steps[i])
            m, v = self._means[i], self._squares[i]
            m += (1 - beta1) * (g - m)
            v += (1 - beta2) * (g * g - v)
            p.data -= (self.lr / correction1) * m / (np.sqrt(v) / correction2 + self.eps)
