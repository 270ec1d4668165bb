"""What layers refuse, in one clear sentence: shapes, dtypes, orders of calls."""

import numpy as np
import pytest

from mininet.layers import Flatten, Layer, Linear, Parameter, ReLU, Sequential, Sigmoid, Tanh, mlp


def test_linear_says_which_shape_it_expected(rng: np.random.Generator) -> None:
    layer = Linear(784, 128, rng)
    with pytest.raises(ValueError) as images:
        layer(np.zeros((64, 28, 28), np.float32))
    assert str(images.value) == (
        "Linear(784, 128): expected an input of shape (N, 784), got (64, 28, 28). Flatten the images first."
    )
    for shape, cure in (((784,), " A single sample x goes in as x[np.newaxis]."), ((64, 128), "")):
        with pytest.raises(ValueError) as wrong:
            layer(np.zeros(shape, np.float32))
        assert (
            str(wrong.value) == f"Linear(784, 128): expected an input of shape (N, 784), got {shape}.{cure}"
        )


def test_linear_refuses_to_mix_dtypes(rng: np.random.Generator) -> None:
    with pytest.raises(
        TypeError, match=r"the weights are float32, the input is float64; .*astype\(np\.float32\)"
    ):
        Linear(2, 1, rng)(np.zeros((1, 2)))


@pytest.mark.parametrize(
    "layer", [Sigmoid(), Tanh(), ReLU(), Flatten(), Linear(2, 2, np.random.default_rng(0))]
)
def test_backward_before_forward_says_so(layer: Layer) -> None:
    with pytest.raises(RuntimeError, match=r"\)\.backward: call forward\(\) first"):
        layer.backward(np.ones((1, 2)))


def test_linear_backward_wants_the_outputs_shape(rng: np.random.Generator) -> None:
    layer = Linear(2, 3, rng)
    layer(np.zeros((4, 2), np.float32))
    with pytest.raises(ValueError, match=r"gradient of the output's shape \(4, 3\), got \(4, 2\)"):
        layer.backward(np.zeros((4, 2), np.float32))
    assert layer.weight.grad is None and layer.bias.grad is None


def test_sequential_wants_layers(rng: np.random.Generator) -> None:
    with pytest.raises(TypeError, match=r"expected layers, got \[Tanh\(\)\]\. Write Sequential\(a, "):
        Sequential([Tanh()])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="got <class"):
        Sequential(Tanh)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one layer, got none"):
        Sequential()


def test_sequential_refuses_a_layer_in_two_places(rng: np.random.Generator) -> None:
    # it would keep the second input only, and the first place's gradients would be wrong without a word
    bend = ReLU()
    with pytest.raises(ValueError, match=r"layer 3, ReLU\(\), is in the row already.*make a new one"):
        Sequential(Linear(3, 3, rng), bend, Linear(3, 3, rng), bend)


def test_sequential_names_the_layer_that_returns_no_gradient(rng: np.random.Generator) -> None:
    class Forgetful(Tanh):
        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> None:
            super().backward(grad)  # the return is missing

    net = Sequential(Linear(2, 3, rng), Forgetful(), Linear(3, 2, rng))
    net(np.zeros((4, 2), np.float32))
    for input_gradient in (True, False):
        with pytest.raises(TypeError, match=r"layer 1, Forgetful\(\), returned None from backward"):
            net.backward(np.zeros((4, 2), np.float32), input_gradient)


@pytest.mark.parametrize("layer", [Sigmoid(), Tanh(), ReLU(), Flatten()])
def test_a_gradient_that_numpy_would_broadcast_is_refused(layer: Layer) -> None:
    layer.forward(np.zeros((4, 6)))
    with pytest.raises(ValueError, match=r"\)\.backward: .* the output's shape \(4, 6\), got \(6,\)"):
        layer.backward(np.zeros(6))


def test_a_parameter_refuses_a_gradient_of_another_shape() -> None:
    with pytest.raises(ValueError, match=r"parameter's shape \(3,\), got \(1,\)"):
        Parameter(np.zeros(3)).add_gradient(np.zeros(1))


def test_starting_weights_of_the_wrong_shape_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"Linear\(2, 3\): .* from init of shape \(2, 3\), got \(3, 2\)"):
        Linear(2, 3, rng, init=lambda i, o, _: np.zeros((o, i)))


@pytest.mark.parametrize("sizes", [[], [784]])
def test_mlp_wants_two_sizes(sizes: list[int], rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"mlp: expected at least an input and an output size, got \["):
        mlp(sizes, rng)


def test_a_misspelt_attribute_of_a_parameter_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Parameter(np.zeros(2)).gard = None  # type: ignore[attr-defined]


def test_a_layer_must_define_forward_and_backward() -> None:
    with pytest.raises(NotImplementedError):
        Layer().forward(np.zeros(1))
    with pytest.raises(NotImplementedError):
        Layer().backward(np.zeros(1))
