"""Where a NaN or an infinity began, and what usually cures it. Built in the chapter "mnist"."""

import copy
import math

import numpy as np

from mininet.arrays import Floats
from mininet.model import Model

_HUGE = 1e9  # outputs beyond this come from weights that have run away
_SLOWER = "A lower learning rate is the usual cure."


class NonFiniteLoss(ArithmeticError):
    """The loss became NaN or infinite; the message names the step and the layer where it began."""


def first_bad_layer(model: Model, x: Floats) -> str:
    """Say where NaN or infinity first appears when ``x`` goes through the model's layers, and what may cure it."""
    if not np.isfinite(x).all():
        return "The batch itself holds NaN or infinity: clean the data."
    model = copy.deepcopy(model)  # looking must not move running statistics, nor what layers save
    layers = list(getattr(model, "layers", [model]))
    for i, layer in enumerate(layers):
        out = layer.forward(x)
        if not np.isfinite(out).all():
            return (
                f"Layer {i} of {len(layers)} (counted from 0), {layer!r}, was the first whose output "
                f"went bad; its input was finite, at most {np.abs(x).max():.3g}. {_cure(layer, x)}"
            )
        x = out
    top = float(np.abs(x).max())
    if top > _HUGE:
        return f"Every layer's output is finite, at most {top:.3g}. {_SLOWER}"
    return (
        f"Every layer's output is finite, at most {top:.3g}, so the loss made it, perhaps the logarithm "
        "of 0: cross_entropy, which takes logits, cannot. Look at the loss and the targets."
    )


def _cure(layer: Model, x: Floats) -> str:
    """Say what usually cures a layer that makes NaN or infinity of a finite ``x``."""
    parameters = dict(layer.named_parameters()) if hasattr(layer, "named_parameters") else {}
    sizes = {name: float(np.abs(p.data).max(initial=0)) for name, p in parameters.items()}
    bad = [name for name, size in sizes.items() if not math.isfinite(size)]
    if bad:
        return f"Its {bad[0]} holds NaN or infinity already. {_SLOWER}"
    if max([float(np.abs(x).max()), *sizes.values()]) > _HUGE:
        return _SLOWER
    if x.max() > np.log(np.finfo(x.dtype).max):
        return (
            f"The exponential of {x.max():.3g} is more than {x.dtype} can hold: a softmax has to "
            "subtract each row's largest score first."
        )
    return (
        "Such numbers go bad in a division by 0, as by the standard deviation of a column that does not vary "
        "(add a small eps), or in the logarithm of 0."
    )
