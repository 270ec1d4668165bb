"""Activation functions as layers: `Sigmoid`, `Tanh`, `ReLU`. Built in the chapter "layers"."""

from collections.abc import Callable

from mininet import expect
from mininet.activations import relu, relu_derivative, sigmoid, sigmoid_derivative, tanh, tanh_derivative
from mininet.arrays import Floats
from mininet.layers.layer import Layer


class Activation(Layer):
    """A function of each entry, any shape, whose ``derivative`` is written in terms of its output."""

    function: Callable[[Floats], Floats]
    derivative: Callable[[Floats], Floats]

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        expect.array(self, x)
        self._output = self.function(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        expect.gradient(self, grad, out.shape)
        return grad * self.derivative(out)


class Sigmoid(Activation):
    """The sigmoid, 1 / (1 + exp(-x)), elementwise, any shape."""

    function, derivative = staticmethod(sigmoid), staticmethod(sigmoid_derivative)


class Tanh(Activation):
    """The hyperbolic tangent, elementwise, any shape."""

    function, derivative = staticmethod(tanh), staticmethod(tanh_derivative)


class ReLU(Activation):
    """max(x, 0), elementwise, any shape; the slope at 0 is taken to be 0."""

    function, derivative = staticmethod(relu), staticmethod(relu_derivative)
