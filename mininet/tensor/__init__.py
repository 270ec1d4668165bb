"""Arrays that remember how they were computed, so that gradients can be found. Built in the chapter "tensor".

`graph` knows recorded operations and the way back through them, and nothing of arrays' arithmetic;
`tensor` is the `Tensor` with its operations; `functions` holds those of several tensors.
"""

from mininet.tensor.functions import concatenate, stack, where
from mininet.tensor.graph import Node, no_grad, topological_order
from mininet.tensor.tensor import Tensor, grad, record, unbroadcast

__all__ = [
    "Node",
    "Tensor",
    "concatenate",
    "grad",
    "no_grad",
    "record",
    "stack",
    "topological_order",
    "unbroadcast",
    "where",
]
