"""What attacks need of a model, and training on what they make of it. Built in the chapter "adversarial"."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from mininet.arrays import Array, Floats
from mininet.attacks.checks import InputGradient, Predict
from mininet.losses import cross_entropy
from mininet.modes import eval_mode

Loss = Callable[[Floats, Array], tuple[float, Floats]]


class Model(Protocol):
    """What can be attacked: a forward pass, and a backward pass that returns the gradient by the input."""

    def forward(self, x: Floats) -> Floats: ...
    def backward(self, grad: Floats) -> Floats | None: ...


def gradient_by_input(model: Model, loss: Loss = cross_entropy) -> InputGradient:
    """Return the function ``(x, y) -> gradient of the loss by x`` of a model; the gradient has x's shape.

    The model is asked in eval mode and left in the mode it was in, and the gradients of its
    parameters are left as they were. The loss is a mean over the batch, so the gradient carries
    a factor 1/N, which no attack here minds.
    A `backward` that is to follow needs a new `forward`: a layer keeps its last one only.

    >>> import numpy as np
    >>> from mininet.layers import mlp
    >>> net = mlp([4, 3, 2], np.random.default_rng(0))
    >>> gradient_by_input(net)(np.full((5, 4), 0.5, dtype=np.float32), np.zeros(5, dtype=int)).shape
    (5, 4)
    """

    def gradient(x: Floats, y: Array) -> Floats:
        with eval_mode(model), _parameter_gradients_kept(model):
            below = model.backward(loss(model.forward(x), y)[1])
        if below is None:
            raise TypeError(
                f"gradient_by_input: {type(model).__name__}.backward returned None; "
                "expected the gradient by its input."
            )
        return below

    return gradient


def classify(model: Model) -> Predict:
    """Return the function ``x -> class numbers (N,)`` of a model: the largest of its outputs, in eval mode."""

    def predict(x: Floats) -> Array:
        with eval_mode(model):
            labels: Array = model.forward(x).argmax(axis=1)
        return labels

    return predict


def adversarial_training(
    model: Model, attack: Callable[[InputGradient, Floats, Array], Floats], loss: Loss = cross_entropy
) -> Callable[[Floats, Array], Floats]:
    """Return the function ``(x, y) -> x`` that attacks each batch on the model as it is at that moment.

    For `mininet.training.fit`: ``fit(net, ..., change_batch=adversarial_training(net, attack))``
    trains on adversarial examples in place of the images. Sources: Goodfellow, Shlens and
    Szegedy (2015), Madry et al. (2018).

    >>> import numpy as np
    >>> from mininet.layers import mlp
    >>> net = mlp([4, 3, 2], np.random.default_rng(0))
    >>> from mininet.attacks import fgsm
    >>> change = adversarial_training(net, lambda gradient, x, y: fgsm(gradient, x, y, 0.1))
    >>> change(np.full((5, 4), 0.5, dtype=np.float32), np.zeros(5, dtype=int)).shape
    (5, 4)
    """
    gradient = gradient_by_input(model, loss)
    return lambda x, y: attack(gradient, x, y)


@contextmanager
def _parameter_gradients_kept(model: Model) -> Iterator[None]:
    """Put the parameters' gradients away for the length of a ``with`` block."""
    parameters = list(model.parameters()) if hasattr(model, "parameters") else []
    before = [p.grad for p in parameters]
    for p in parameters:
        p.grad = None
    try:
        yield
    finally:
        for p, grad in zip(parameters, before, strict=True):
            p.grad = grad
