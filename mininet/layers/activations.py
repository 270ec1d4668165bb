"""Activation functions as layers: `Sigmoid`, `Tanh`, `ReLU`. Built in the chapter "layers"."""

from mininet.activations import relu, relu_derivative, sigmoid, sigmoid_derivative, tanh, tanh_derivative
from mininet.arrays import Floats
from mininet.layers.layer import Layer


class Sigmoid(Layer):
    """The sigmoid, 1 / (1 + exp(-x)), elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        self._output = sigmoid(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        self._check_shape(grad, out.shape)
        return grad * sigmoid_derivative(out)


class Tanh(Layer):
    """The hyperbolic tangent, elementwise, any shape."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        self._output = tanh(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        self._check_shape(grad, out.shape)
        return grad * tanh_derivative(out)


class ReLU(Layer):
    """max(x, 0), elementwise, any shape; the slope at 0 is taken to be 0."""

    def __init__(self) -> None:
        self._output: Floats | None = None

    def forward(self, x: Floats) -> Floats:
        self._output = relu(x)
        return self._output

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        out = self._saved(self._output)
        self._check_shape(grad, out.shape)
        return grad * relu_derivative(out)
