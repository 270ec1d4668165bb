"""What training and attacks ask of a model: arrays in and out, train mode and eval mode. Built in the chapter "mnist".

A network by hand is such a model; one on tensors says how it becomes one: ``on_arrays``.
Some layers do one thing while a network is trained and another while it is used:
batch norm and dropout. A model *has modes* if it has ``modules()``, which yields the model
itself and everything inside it, each with a bool ``training``, and ``train()`` and ``eval()``,
which set them. A model without ``modules`` has one mode, and nothing happens to it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from mininet.arrays import Floats


class Model(Protocol):
    """What can be trained: a forward pass, and a backward pass that leaves gradients in the parameters."""

    def forward(self, x: Floats) -> Floats: ...
    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None: ...


class OnTensors(Protocol):
    """A model on tensors, as a `mininet.nn.Module`, which says how it takes arrays."""

    def on_arrays(self, input_gradient: bool = False) -> Model: ...


def on_arrays(where: str, model: Model | OnTensors, input_gradient: bool = False) -> Model:
    """Return the model itself or, of one on tensors, what makes it take arrays.

    With ``input_gradient`` its ``backward`` will be asked for the gradient by the input.
    Errors: `TypeError` for what is no model.
    """
    if isinstance(model, type) or not hasattr(model, "forward"):
        raise TypeError(
            f"{where}: expected a network with a forward and a backward, got {model!r:.60}. "
            "Those of mininet.layers and mininet.nn are such networks."
        )
    adapt = getattr(model, "on_arrays", None)
    if adapt is not None:
        adapted: Model = adapt(input_gradient)
        return adapted
    return model  # type: ignore[return-value]


def eval_mode(model: object) -> AbstractContextManager[None]:
    """Put the model into eval mode for the length of a ``with`` block; then each part is back in its own mode.

    >>> import numpy as np
    >>> from mininet.layers import Dropout
    >>> layer = Dropout(0.5, np.random.default_rng(0))
    >>> with eval_mode(layer):
    ...     layer.forward(np.ones(3))
    array([1., 1., 1.])
    >>> layer.training
    True
    """
    return _mode(model, training=False)


def train_mode(model: object) -> AbstractContextManager[None]:
    """Put the model into train mode for the length of a ``with`` block; then each part is back in its own mode."""
    return _mode(model, training=True)


@contextmanager
def _mode(model: object, training: bool) -> Iterator[None]:
    parts = list(model.modules()) if hasattr(model, "modules") else []
    # each part's own: somebody may have frozen one batch norm and not the others
    before = [part.training for part in parts]
    try:
        if parts:
            model.train() if training else model.eval()  # type: ignore[attr-defined]
        yield
    finally:
        for part, own in zip(parts, before, strict=True):
            part.training = own
