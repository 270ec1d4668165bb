"""Beside the answers on layers: a forward and a backward pass through what was built."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import concatenate
from numpy.random import default_rng

from mininet.arrays import Floats


def there_and_back(layer_class: Any, g: Floats, b: Floats, X: Floats, dZ: Floats) -> tuple[Any, ...]:
    layer = layer_class(g, b)
    out = layer.forward(X)
    dX = layer.backward(dZ)
    left = [getattr(layer, name, f"nothing: self.{name} was not set") for name in ("dg", "db")]
    return out, *left, dX


def through_relu(layer_class: Any, Z: Floats, dA: Floats) -> tuple[Any, Any]:
    layer = layer_class()
    return layer.forward(Z), layer.backward(dA)


def net_there_and_back(build: Any, sizes: Sequence[int], X: Floats, grad: Floats) -> tuple[Any, ...]:
    net = build(sizes, default_rng(0)).astype(np.float64)
    out, dX = net.forward(X), net.backward(grad)
    return out, concatenate([p.grad.ravel() for p in net.parameters()]), dX
