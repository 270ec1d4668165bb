"""Layers and networks on autograd: you write ``forward``, the gradients follow. Built in the chapter "framework".

Names, shapes, starting values and state dictionaries are those of `mininet.layers`:
from one seed both halves start alike, and the state of one loads into the other.
"""

from mininet.nn.adapter import OnArrays
from mininet.nn.comparison import compare
from mininet.nn.layers import (
    BatchNorm1d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    mlp,
)
from mininet.nn.module import Module, Parameter

__all__ = [
    "BatchNorm1d",
    "Dropout",
    "Flatten",
    "LeakyReLU",
    "Linear",
    "Module",
    "OnArrays",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "compare",
    "mlp",
]
