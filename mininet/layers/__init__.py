"""Layers with ``forward`` and ``backward`` by hand, and networks made of them. Built in the chapter "layers".

A layer maps a batch ``x`` to an output. ``backward`` takes the loss's gradient by
that output, leaves the gradient of each parameter in ``.grad``, and returns the
gradient by ``x``, which is what the layer below needs. Rows are samples, and the
gradient by an array has that array's shape. A layer saves what ``backward`` needs
of its last ``forward`` only, so it has one place in a network.
The softmax and its loss are one function, `mininet.losses.cross_entropy`.
`BatchNorm1d` and `Dropout` are built in the chapter *Defending it*.
"""

from mininet.layers.activations import ReLU, Sigmoid, Tanh
from mininet.layers.batch_norm import BatchNorm1d
from mininet.layers.dropout import Dropout
from mininet.layers.layer import Layer, Parameter
from mininet.layers.linear import Flatten, Linear
from mininet.layers.sequential import Sequential, mlp

__all__ = [
    "BatchNorm1d",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "mlp",
]
