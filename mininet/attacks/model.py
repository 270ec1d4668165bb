"""What attacks need of a model, and training on what they make of it. Built in the chapter "adversarial"."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from mininet import expect
from mininet.arrays import Array, Floats
from mininet.losses import Loss, checked, cross_entropy
from mininet.model import Model, OnTensors, eval_mode, on_arrays

InputGradient = Callable[[Floats, Array], Floats]
Predict = Callable[[Floats], Array]


def gradient_by_input(model: Model | OnTensors, loss: Loss = cross_entropy) -> InputGradient:
    """Return the function ``(x, y) -> gradient of the loss by x`` of a model of either half; it has x's shape.

    The model is asked in eval mode and left in the mode it was in. Its parameters are frozen meanwhile, so
    their gradients are not computed and stay as they were. The loss is a mean over the batch, so the gradient carries
    a factor 1/N, which no attack here minds.
    A `backward` that is to follow needs a new `forward`: a layer saves its last one only.

    >>> import numpy as np
    >>> from mininet.layers import mlp
    >>> net = mlp([4, 3, 2], np.random.default_rng(0))
    >>> gradient_by_input(net)(np.full((5, 4), 0.5, dtype=np.float32), np.zeros(5, dtype=int)).shape
    (5, 4)
    """

    net, loss = on_arrays("gradient_by_input", model, input_gradient=True), checked("gradient_by_input", loss)

    def gradient(x: Floats, y: Array) -> Floats:
        with eval_mode(net), _frozen(net):
            below = net.backward(loss(net.forward(x), y)[1])
        if below is None:
            raise TypeError(
                f"gradient_by_input: {type(model).__name__}.backward returned None; "
                "expected the gradient by its input."
            )
        return below

    return gradient


def classify(model: Model | OnTensors) -> Predict:
    """Return the function ``x -> class numbers (N,)`` of a model: the largest of its outputs, in eval mode."""

    net = on_arrays("classify", model)

    def predict(x: Floats) -> Array:
        with eval_mode(net):
            outputs = net.forward(x)
        if outputs.ndim != 2 or outputs.shape[1] < 2:
            raise ValueError(
                f"classify: expected outputs (N, C), of two classes or more, got {outputs.shape}."
            )
        labels: Array = outputs.argmax(axis=1)
        return labels

    return predict


def adversarial_training(
    model: Model | OnTensors,
    attack: Callable[[InputGradient, Floats, Array], Floats],
    loss: Loss = cross_entropy,
) -> Callable[[Floats, Array], Floats]:
    """Return the function ``(x, y) -> x`` that attacks each batch on the model as it is at that moment.

    For `mininet.training.fit`: ``fit(net, ..., transform=adversarial_training(net, attack))``
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
def _frozen(model: Model) -> Iterator[None]:
    """Freeze the parameters for the length of a ``with`` block; then each is as it was, its gradient too."""
    parameters = list(model.parameters()) if hasattr(model, "parameters") else []
    learning = [p for p in parameters if getattr(p, "requires_grad", False)]
    before = [p.grad for p in parameters]
    for p in parameters:  # a layer of one's own may write a gradient all the same
        p.grad = None
    for p in learning:
        p.requires_grad = False
    try:
        yield
    finally:
        for p in learning:
            p.requires_grad = True
        for p, grad in zip(parameters, before, strict=True):
            p.grad = grad


def ask_gradient(where: str, gradient: InputGradient, x: Floats, y: Array) -> Floats:
    """Return the gradient, or say what is wrong with it."""
    if hasattr(gradient, "forward"):
        raise TypeError(
            f"{where}: expected a function (x, y) -> gradient by x, got a network; pass gradient_by_input(net)."
        )
    answer = gradient(x, y)
    expect.shape(where, answer, x.shape, "the gradient function to return the gradient by x, of shape")
    expect.floats(where, answer, "the gradient")
    expect.finite(where, answer, "the gradient")
    return answer


def ask_labels(where: str, predict: Predict, x: Floats) -> Array:
    """Return the predicted classes, or say what is wrong with them."""
    if hasattr(predict, "forward"):
        raise TypeError(f"{where}: expected a function x -> labels, got a network; pass classify(net).")
    answer = np.asarray(predict(x))
    if answer.shape != (len(x),) or answer.dtype.kind not in "iu":
        raise ValueError(
            f"{where}: expected ({len(x)},) whole numbers from predict, a class for each sample, "
            f"got {answer.dtype} {answer.shape}. Take argmax(axis=1) of the outputs."
        )
    return answer
