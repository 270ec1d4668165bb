"""Train mode and eval mode: how a model is put into one and back again. Built in the chapter "mnist".

Some layers do one thing while a network is trained and another while it is used:
batch norm and dropout. A model *has modes* if it has ``modules()``, which yields the model
itself and everything inside it, each with a bool ``training``, and ``train()`` and ``eval()``,
which set them. A model without ``modules`` has one mode, and nothing happens to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def eval_mode(model: object) -> Iterator[None]:
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
    with _own_modes_kept(model) as has_modes:
        if has_modes:
            model.eval()  # type: ignore[attr-defined]
        yield


@contextmanager
def train_mode(model: object) -> Iterator[None]:
    """Put the model into train mode for the length of a ``with`` block; then each part is back in its own mode."""
    with _own_modes_kept(model) as has_modes:
        if has_modes:
            model.train()  # type: ignore[attr-defined]
        yield


@contextmanager
def _own_modes_kept(model: object) -> Iterator[bool]:
    """Yield whether the model has modes; at the end give each part the mode it had."""
    parts = list(model.modules()) if hasattr(model, "modules") else []
    # each part's own: somebody may have frozen one batch norm and not the others
    before = [part.training for part in parts]
    try:
        yield bool(parts)
    finally:
        for part, training in zip(parts, before, strict=True):
            part.training = training
