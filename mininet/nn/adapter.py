"""`OnArrays`: an autograd network with arrays on both sides. Built in the chapter "framework"."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from mininet.arrays import Floats
from mininet.tensor import Tensor, record

if TYPE_CHECKING:
    from mininet.nn.module import Module


class OnArrays:
    """A module with arrays on both sides, ``forward(x)`` and ``backward(grad)``: what `fit` and the attacks work with.

    ``backward`` takes the loss's gradient by the output and leaves the parameters' gradients in
    their ``grad``. With ``input_gradient=True`` it also returns the gradient by the input, which
    attacks need and training does not, so it is not recorded unless asked for here.
    Errors: `RuntimeError` for `backward` before `forward`, or for an input gradient that was not asked for.

    >>> import numpy as np
    >>> from mininet.nn import Linear
    >>> net = OnArrays(Linear(3, 2, np.random.default_rng(0)))
    >>> out = net.forward(np.ones((5, 3), dtype=np.float32))
    >>> net.backward(np.ones_like(out), input_gradient=False)
    >>> net.module.bias.grad
    array([5., 5.], dtype=float32)
    """

    def __init__(self, module: "Module", input_gradient: bool = False) -> None:
        self.module, self.input_gradient = module, input_gradient
        self._input: Tensor | None = None
        self._output: Tensor | None = None

    @property
    def layers(self) -> "list[OnArrays]":
        """Each module of a `Sequential`, on arrays: where a NaN began is found by walking through them."""
        # another module may have a list of layers and do more in its forward than walk through it
        rows: Any = self.module
        return [OnArrays(module) for module in rows] if hasattr(rows, "__iter__") else [self]

    def forward(self, x: Floats) -> Floats:
        self._input = Tensor(x, requires_grad=self.input_gradient)
        given = self._input
        if self.input_gradient:
            # a result and no leaf: a module that keeps its input in an attribute has not gained a parameter
            given = record("input", given.data, (given,), lambda g: (g,))
        self._output = self.module(given)
        if not isinstance(self._output, Tensor):
            raise TypeError(
                f"{type(self.module).__name__}.forward: expected it to return a tensor, "
                f"got {type(self._output).__name__}. Does it end with return?"
            )
        return self._output.data

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        if self._input is None or self._output is None:
            raise RuntimeError(f"{self!r}.backward: call forward() first; backward uses what it recorded.")
        if input_gradient and not self.input_gradient:
            raise RuntimeError(
                "OnArrays.backward: the gradient by the input was not recorded. "
                "Make it OnArrays(module, input_gradient=True), or call backward(grad, input_gradient=False)."
            )
        self._output.backward(grad)
        return self._input.grad if input_gradient else None

    def on_arrays(self, input_gradient: bool = False) -> "OnArrays":
        return self if self.input_gradient or not input_gradient else OnArrays(self.module, True)

    def train(self) -> Self:
        self.module.train()
        return self

    def eval(self) -> Self:
        self.module.eval()
        return self

    def modules(self) -> "Iterator[Any]":
        return self.module.modules()

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        return self.module.named_parameters()

    def parameters(self) -> list[Tensor]:
        return self.module.parameters()

    def __repr__(self) -> str:
        return repr(self.module)
