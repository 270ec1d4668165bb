"""Layers: values by hand, every gradient against nudging, nothing changed by a failed load."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet.gradcheck import GradientError, check_gradients, check_layer
from mininet.init import kaiming
from mininet.layers import Flatten, Layer, Linear, Parameter, ReLU, Sequential, Sigmoid, Tanh, mlp
from mininet.losses import cross_entropy
from tests.support.states import check_equal

ACTIVATIONS = [Sigmoid, Tanh, ReLU]


def inputs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return float64 inputs at least 0.1 away from the kink of the ReLU."""
    x = rng.standard_normal(shape)
    return x + np.where(x < 0, -0.1, 0.1)


# values


def test_linear_by_hand() -> None:
    layer = Linear(3, 4, np.random.default_rng(0)).astype(np.float64)
    layer.weight.data = np.linspace(-1, 1, 12).reshape(3, 4)
    layer.bias.data = np.linspace(-1, 1, 4)
    expected = [
        [0.07272727, 0.41212121, 0.75151515, 1.09090909],
        [-0.90909091, 0.08484848, 1.07878788, 2.07272727],
    ]
    np.testing.assert_allclose(layer(np.linspace(-1, 1, 6).reshape(2, 3)), expected, atol=5e-9)


def test_linear_backward_by_hand() -> None:
    # the two samples that the chapter works out on paper
    layer = Linear(3, 2, np.random.default_rng(0)).astype(np.float64)
    layer.weight.data = np.array([[1.0, -1], [0, 2], [2, 1]])
    layer.forward(np.array([[1.0, 2, 0], [3, 0, -1]]))
    below = layer.backward(np.array([[1.0, -1], [2, 1]]))
    assert layer.weight.grad is not None and layer.bias.grad is not None and below is not None
    assert layer.weight.grad.tolist() == [[7, 2], [2, -2], [-2, -1]]
    assert layer.bias.grad.tolist() == [3, 0]
    assert below.tolist() == [[2, -2, 1], [1, 2, 5]]


def test_linear_starts_with_the_given_weights_and_a_bias_of_zero() -> None:
    layer = Linear(5, 3, np.random.default_rng(7), kaiming)
    np.testing.assert_array_equal(layer.weight.data, kaiming(5, 3, np.random.default_rng(7)))
    assert not layer.bias.data.any()


def test_forward_does_not_change_its_input(rng: np.random.Generator) -> None:
    x = inputs(rng, 4, 3)
    before = x.copy()
    mlp([3, 5, 2], rng).astype(np.float64).forward(x)
    np.testing.assert_array_equal(x, before)


def test_flatten_makes_rows_and_puts_them_back(rng: np.random.Generator) -> None:
    layer, x = Flatten(), rng.standard_normal((5, 2, 3))
    out = layer.forward(x)
    assert out.shape == (5, 6)
    np.testing.assert_array_equal(out[1], x[1].ravel())
    np.testing.assert_array_equal(layer.backward(out), x)


def test_mlp_has_an_activation_after_each_linear_but_the_last(rng: np.random.Generator) -> None:
    net = mlp([784, 30, 30, 10], rng, Tanh)
    assert [type(layer) for layer in net] == [Linear, Tanh, Linear, Tanh, Linear]
    assert [p.data.shape for p in net.parameters()] == [(784, 30), (30,), (30, 30), (30,), (30, 10), (10,)]
    assert isinstance(mlp([3, 2], rng)[0], Linear) and len(mlp([3, 2], rng)) == 1


def test_mlp_gives_its_init_to_every_layer(rng: np.random.Generator) -> None:
    net = mlp([3, 4, 2], rng, init=lambda i, o, _: np.full((i, o), 0.5, dtype=np.float32))
    assert all((p.data == 0.5).all() for name, p in net.named_parameters() if "weight" in name)


def test_the_same_seed_gives_the_same_network() -> None:
    a, b = (mlp([4, 3, 2], np.random.default_rng(3)) for _ in range(2))
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_printed_network_counts_its_parameters(rng: np.random.Generator) -> None:
    text = repr(mlp([784, 30, 30, 10], rng))
    assert "Linear(784, 30)" in text and "23,550 parameters" in text and "24,790 parameters in all" in text


# gradients


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_agree_with_nudging(activation: type[Layer], rng: np.random.Generator) -> None:
    assert check_layer(activation(), inputs(rng, 4, 3), rng).ok


def test_linear_and_flatten_agree_with_nudging(rng: np.random.Generator) -> None:
    assert check_layer(Linear(3, 4, rng).astype(np.float64), inputs(rng, 5, 3), rng).ok
    assert check_layer(Flatten(), inputs(rng, 2, 3, 2), rng).ok


@settings(deadline=None, max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=5),
    n=st.integers(1, 5),
    activation=st.sampled_from([Sigmoid, Tanh]),  # smooth: no hidden score can sit on a kink
    seed=st.integers(0, 2**16),
)
def test_networks_of_any_shape_agree_with_nudging(
    sizes: list[int], n: int, activation: type[Layer], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    net = mlp(sizes, rng, activation).astype(np.float64)
    x = inputs(rng, n, sizes[0])
    assert net(x).shape == (n, sizes[-1])
    assert check_layer(net, x, rng).ok


def test_relu_network_agrees_with_nudging_away_from_its_kinks() -> None:
    # a seed whose hidden scores all stay 0.01 away from 0: 1000 nudges
    for seed in range(100):
        rng = np.random.default_rng(seed)
        net, x = mlp([3, 5, 4, 2], rng).astype(np.float64), inputs(rng, 4, 3)
        hidden = [net[0](x), net[2](net[1](net[0](x)))]
        if min(np.abs(z).min() for z in hidden) > 0.01:
            assert check_layer(net, x, rng).ok
            return
    pytest.fail("no seed keeps away from the kinks")


def test_network_with_its_loss_agrees_with_nudging(rng: np.random.Generator) -> None:
    net, x, labels = (
        mlp([3, 4, 3], rng, Tanh).astype(np.float64),
        inputs(rng, 5, 3),
        np.array([0, 1, 2, 1, 0]),
    )
    parameters = dict(net.named_parameters())

    def function(values: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
        for name, p in parameters.items():
            p.data, p.grad = values[name], None
        loss, gradient = cross_entropy(net(x), labels)
        net.backward(gradient)
        return loss, {name: p.grad for name, p in parameters.items() if p.grad is not None}

    assert check_gradients(function, {name: p.data for name, p in parameters.items()}).ok


class NoTranspose(Linear):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        super().backward(grad)
        return grad @ self.weight.data  # .T is missing


class WeightTransposed(Linear):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        x = self._saved(self._input)
        self.weight.add_gradient((x.T @ grad).T)  # one .T too many
        self.bias.add_gradient(grad.sum(axis=0))
        return grad @ self.weight.data.T


class BiasMean(Linear):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        self.weight.add_gradient(self._saved(self._input).T @ grad)
        self.bias.add_gradient(grad.mean(axis=0))  # should be the sum
        return grad @ self.weight.data.T


class NoSum(Linear):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        self.weight.add_gradient(self._saved(self._input).T @ grad)
        self.bias.add_gradient(grad[0])  # the first sample alone
        return grad @ self.weight.data.T


class WrongSigmoid(Sigmoid):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        return grad * self._saved(self._output)  # (1 - a) is missing


class WrongTanh(Tanh):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        return grad * (1 - self._saved(self._output))  # the square is missing


class WrongReLU(ReLU):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        return grad  # lets everything through


@pytest.mark.parametrize("faulty", [NoTranspose, WeightTransposed, BiasMean, NoSum])
def test_planted_faults_of_a_square_linear_are_caught(faulty: type[Linear], rng: np.random.Generator) -> None:
    layer = faulty(3, 3, rng).astype(np.float64)
    with pytest.raises(GradientError, match="NOT OK"):
        check_layer(layer, inputs(rng, 5, 3), rng)


@pytest.mark.parametrize("faulty", [WrongSigmoid, WrongTanh, WrongReLU])
def test_planted_faults_of_activations_are_caught(faulty: type[Layer], rng: np.random.Generator) -> None:
    with pytest.raises(GradientError, match="NOT OK"):
        check_layer(faulty(), inputs(rng, 5, 3), rng)


def test_a_fault_in_one_layer_is_caught_in_a_network(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 3, rng), Tanh(), NoTranspose(3, 3, rng)).astype(np.float64)
    with pytest.raises(GradientError, match="NOT OK"):
        check_layer(net, inputs(rng, 4, 3), rng)


def test_gradients_accumulate_until_emptied(rng: np.random.Generator) -> None:
    net, x, grad = mlp([3, 4, 2], rng), np.ones((5, 3), np.float32), np.ones((5, 2), np.float32)
    net.forward(x)
    net.backward(grad)
    once = [p.grad.copy() for p in net.parameters() if p.grad is not None]
    net.forward(x)
    net.backward(grad)
    for p, first in zip(net.parameters(), once, strict=True):
        np.testing.assert_allclose(p.grad, 2 * first)
        p.grad = None
    net.forward(x)
    net.backward(grad)
    for p, first in zip(net.parameters(), once, strict=True):
        np.testing.assert_array_equal(p.grad, first)


def test_accumulating_leaves_the_array_that_was_handed_out(rng: np.random.Generator) -> None:
    layer = Linear(2, 2, rng)
    layer.forward(np.ones((3, 2), np.float32))
    layer.backward(np.ones((3, 2), np.float32))
    handed_out = layer.weight.grad
    assert handed_out is not None
    before = handed_out.copy()
    layer.backward(np.ones((3, 2), np.float32))
    np.testing.assert_array_equal(handed_out, before)


class Counting(Linear):
    """A Linear that notes each call of `backward`."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.asked: list[bool] = []

    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.asked.append(input_gradient)
        return super().backward(grad, input_gradient)


class CountingFlatten(Flatten):
    calls = 0

    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.calls += 1
        return super().backward(grad, input_gradient)


@pytest.mark.parametrize("flatten_first", [False, True])
def test_without_input_gradient_work_is_skipped_and_parameters_get_the_same(
    flatten_first: bool, rng: np.random.Generator
) -> None:
    first, second, flatten = Counting(6, 4, rng), Counting(4, 2, rng), CountingFlatten()
    net = Sequential(*([flatten] if flatten_first else []), first, Tanh(), second)
    x = rng.standard_normal((5, 2, 3) if flatten_first else (5, 6)).astype(np.float32)
    grad = rng.standard_normal((5, 2)).astype(np.float32)

    net.forward(x)
    below = net.backward(grad)
    assert below is not None and below.shape == x.shape
    expected = [p.grad for p in net.parameters()]
    for p in net.parameters():
        p.grad = None
    first.asked, second.asked, flatten.calls = [], [], 0

    net.forward(x)
    assert net.backward(grad, input_gradient=False) is None
    assert (first.asked, second.asked, flatten.calls) == ([False], [True], 0)
    for p, gradient in zip(net.parameters(), expected, strict=True):
        np.testing.assert_array_equal(p.grad, gradient)


def test_linear_returns_no_input_gradient_that_nobody_asked_for(rng: np.random.Generator) -> None:
    layer = Linear(3, 2, rng)
    layer(np.ones((4, 3), np.float32))
    assert layer.backward(np.ones((4, 2), np.float32), input_gradient=False) is None
    assert layer.weight.grad is not None and layer.bias.grad is not None


def test_a_network_without_parameters_skips_everything(rng: np.random.Generator) -> None:
    flatten = CountingFlatten()
    net = Sequential(flatten, Tanh())
    net.forward(rng.standard_normal((2, 3, 1)))
    assert net.backward(np.ones((2, 3)), input_gradient=False) is None
    assert flatten.calls == 0


@settings(deadline=None, max_examples=20)
@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4), n=st.integers(1, 4))
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype: type, activation: type[Layer], sizes: list[int], n: int) -> None:
    rng = np.random.default_rng(0)
    net = Sequential(*mlp(sizes, rng, activation), activation()).astype(dtype)
    out = net(rng.standard_normal((n, sizes[0])).astype(dtype))
    below = net.backward(out)
    assert below is not None and out.dtype == below.dtype == dtype
    assert all(p.data.dtype == dtype for p in net.parameters())
    assert all(p.grad is not None and p.grad.dtype == dtype for p in net.parameters())


def test_astype_converts_parameters_and_forgets_gradients(rng: np.random.Generator) -> None:
    net = mlp([2, 3, 1], rng)
    net(np.ones((1, 2), np.float32))
    net.backward(np.ones((1, 1), np.float32))
    assert net.astype(np.float64) is net
    assert all(p.data.dtype == np.float64 and p.grad is None for p in net.parameters())


# layers of one's own


def test_a_layer_of_ones_own_joins_a_network(rng: np.random.Generator) -> None:
    class Scale(Layer):
        def __init__(self) -> None:
            self.factor = Parameter(np.array([2.0], dtype=np.float32))

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * self.factor.data

        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
            self.factor.add_gradient((grad * self.x).sum(keepdims=True).reshape(1))
            return grad * self.factor.data

    net = Sequential(Linear(3, 2, rng), Scale()).astype(np.float64)
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.factor"]
    assert check_layer(net, inputs(rng, 4, 3), rng).ok


def test_a_layer_made_of_layers_shows_their_parameters(rng: np.random.Generator) -> None:
    class Residual(Layer):
        def __init__(self) -> None:
            self.inner = mlp([3, 4, 3], rng, Tanh)

        def forward(self, x: np.ndarray) -> np.ndarray:
            return x + self.inner(x)

        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
            below = self.inner.backward(grad)
            assert below is not None
            return grad + below

    net = Sequential(Linear(2, 3, rng), Residual()).astype(np.float64)
    names = [name for name, _ in net.named_parameters()]
    assert names[2:] == ["1.inner.0.weight", "1.inner.0.bias", "1.inner.2.weight", "1.inner.2.bias"]
    assert check_layer(net, inputs(rng, 4, 2), rng).ok


def test_every_layer_prints_its_name(rng: np.random.Generator) -> None:
    class Own(Linear):
        pass

    assert [repr(layer) for layer in (Flatten(), ReLU(), Own(2, 3, rng))] == [
        "Flatten()",
        "ReLU()",
        "Own(2, 3)",
    ]


# saving and loading


def test_state_dict_round_trip_gives_the_same_outputs(rng: np.random.Generator) -> None:
    one, other, x = mlp([3, 4, 2], rng), mlp([3, 4, 2], rng), rng.standard_normal((5, 3), dtype=np.float32)
    assert not np.array_equal(one(x), other(x))
    state = one.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    other.load_state_dict(state)
    np.testing.assert_array_equal(one(x), other(x))


def test_state_dict_and_network_share_no_memory(rng: np.random.Generator) -> None:
    net = mlp([2, 2], rng)
    state = net.state_dict()
    state["0.weight"][:] = 7
    assert not (net[0].weight.data == 7).any()
    net.load_state_dict(state)
    state["0.weight"][:] = 8
    assert (net[0].weight.data == 7).all()


def test_loading_forgets_the_gradients_of_the_old_weights(rng: np.random.Generator) -> None:
    net = mlp([2, 2], rng)
    net(np.ones((1, 2), np.float32))
    net.backward(np.ones((1, 2), np.float32))
    net.load_state_dict(net.state_dict())
    assert all(p.grad is None for p in net.parameters())


def test_loading_keeps_the_networks_dtype(rng: np.random.Generator) -> None:
    net = mlp([2, 2], rng)
    net.load_state_dict({name: array.astype(np.float64) for name, array in net.state_dict().items()})
    assert net[0].weight.data.dtype == np.float32


def test_failed_load_names_every_problem_and_changes_nothing(rng: np.random.Generator) -> None:
    net = mlp([3, 4, 2], rng)
    before = copy.deepcopy(net.state_dict())
    bad = {
        "0.weight": np.zeros((4, 3), np.float32),
        "0.bias": np.zeros(4, np.float32),
        "2.weight": np.zeros((4, 2), np.float32),
        "4.bias": np.zeros(2, np.float32),
    }
    message = (
        r"load_state_dict: missing '2\.bias'; unexpected '4\.bias'; "
        r"'0\.weight' is \(3, 4\) here and \(4, 3\) in the given state\."
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        net.load_state_dict(bad)
    check_equal(net.state_dict(), before)
