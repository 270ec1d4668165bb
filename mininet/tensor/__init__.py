"""Arrays that remember how they were computed, so that gradients can be found. Built in the chapter "tensor".

`graph` knows recorded operations and the way back through them, and nothing of arrays' arithmetic;
`array` is the `Tensor` with its operations; `joining` holds the functions of several tensors.
"""

from mininet.tensor.array import Tensor, record, unbroadcast
from mininet.tensor.graph import Node, no_grad, topological_order
from mininet.tensor.joining import concatenate, stack, where

__all__ = [
    "Node",
    "Tensor",
    "concatenate",
    "no_grad",
    "record",
    "stack",
    "topological_order",
    "unbroadcast",
    "where",
]
