"""Mistakes that people make with either half: each gets one sentence that leads out of it, none a wrong result."""

import functools
import re
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mininet import activations, attacks, checkpoint, data, functional, gradcheck, init, layers, losses, nn
from mininet.optim import SGD, Adam
from mininet.tensor import Tensor, concatenate, no_grad, where
from mininet.training import accuracy, evaluate, fit

RNG = np.random.default_rng(0)
X, Y = np.full((4, 3), 0.5, dtype=np.float32), np.zeros(4, dtype=int)
HALVES = pytest.mark.parametrize("half", [layers, nn], ids=["layers", "nn"])


def train(net: Any, given: Any = (X, Y), **settings: Any) -> Any:
    usual: dict[str, Any] = {"loss": losses.cross_entropy, "epochs": 1, "batch_size": 2, "rng": RNG}
    return fit(
        net, given, progress=False, **(usual | {"optimizer": SGD(net.parameters(), lr=0.1)} | settings)
    )


# -- whole numbers and numbers of NumPy's


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softmax", "log_softmax"])
def test_activations_take_whole_numbers_of_any_size_and_lists(name: str) -> None:
    function = getattr(activations, name)
    wanted = function(np.array([[0.0, 16.0, 3.0]]))
    for dtype in (np.uint8, np.int8, np.uint16, np.int64, np.float64):
        np.testing.assert_allclose(function(np.array([[0, 16, 3]], dtype=dtype)), wanted)
    np.testing.assert_allclose(function([[0, 16, 3]]), wanted)
    np.testing.assert_array_equal(function(np.array([[True, False]])), function(np.array([[1.0, 0.0]])))
    assert function(X).dtype == np.float32
    with pytest.raises(
        TypeError, match=f"{name}: expected an array as the input, got Tensor. Tensors go into"
    ):
        function(Tensor(X))
    for wrong in (None, "a", np.array([None])):
        with pytest.raises(TypeError, match=f"{name}: expected numbers, got "):
            function(wrong)


@pytest.mark.parametrize("draw", [init.xavier, init.kaiming])
def test_sizes_that_are_small_whole_numbers_do_not_wrap_round(draw: Callable[..., Any]) -> None:
    wanted = draw(200, 100, np.random.default_rng(0))
    np.testing.assert_array_equal(draw(np.uint8(200), np.uint8(100), np.random.default_rng(0)), wanted)


def test_a_number_without_axes_is_a_number() -> None:
    x = Tensor([2.0], requires_grad=True)
    assert (x ** np.array(2)).data == 4 and x.clip(np.array(0), np.array(1.0)).data == 1
    assert gradcheck.numerical_gradient(lambda v: float(v.sum()), np.ones(2), np.array(1e-5)).shape == (2,)
    assert len(train(layers.mlp([3, 2], RNG), epochs=np.array(2), batch_size=np.array(2))["loss"]) == 2
    assert data.moons(np.array(10), RNG, np.array(0.1))[0].shape == (10, 2)
    assert len(data.split(X, Y, np.array(1), RNG)[1][0]) == 1
    assert data.one_hot(Y, np.array(3)).shape == (4, 3)


@pytest.mark.parametrize("two", [2, np.uint8(2), np.float64(2), np.array(2), np.array(2.0)])
def test_numbers_of_any_kind_meet_a_tensor(two: Any) -> None:
    x = Tensor([3.0], requires_grad=True)
    for value, wanted in ((two * x, 6), (x - two, 1), (two / x, 2 / 3), (where(x > 5, x, two), 2)):
        assert value.dtype == np.float32 and value.data[0] == np.float32(wanted)
    (x * x).sum().backward(two)
    assert x.grad == 12


def test_a_nudge_in_float32_leaves_the_gradient_in_float64() -> None:
    def cube(x: Any) -> float:
        return float((x**3).sum())

    at = np.array([1.234567890123])
    off = gradcheck.numerical_gradient(cube, at, np.float32(1e-5)) - 3 * at**2
    assert abs(off[0]) < 1e-8
    for h in (0, -1e-5, np.nan):
        with pytest.raises(
            ValueError, match="numerical_gradient: expected h to be a finite number above 0, got"
        ):
            gradcheck.numerical_gradient(cube, at, h)


# -- networks where something else is expected, and something else where networks are


@HALVES
def test_check_layer_takes_either_half_and_leaves_out_what_is_frozen(half: Any) -> None:
    net = half.mlp([3, 4, 2], RNG).astype(np.float64)
    net.parameters()[1].requires_grad = False
    x = RNG.standard_normal((5, 3))
    assert len(gradcheck.check_layer(net, x, RNG)) == 4
    assert not net.parameters()[1].requires_grad


def test_check_layer_finds_a_wrong_gradient_of_a_module() -> None:
    from mininet.tensor import record

    class Off(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return record("off", x.data * 2, (x,), lambda g: (g * 2.01,))

    with pytest.raises(gradcheck.GradientError):
        gradcheck.check_layer(Off(), np.ones((2, 3)), RNG)


@HALVES
def test_a_network_is_no_state_no_gradient_and_no_prediction(half: Any, tmp_path: Path) -> None:
    net = half.mlp([3, 2], RNG)
    with pytest.raises(TypeError, match=r"got Sequential; write save\(net\.state_dict\(\), path\)"):
        checkpoint.save(net, tmp_path / "net.npz")
    with pytest.raises(TypeError, match=r"fgsm: .* got a network; pass gradient_by_input\(net\)"):
        attacks.fgsm(net, X, Y, 0.1)
    with pytest.raises(TypeError, match=r"pgd: .* got a network; pass gradient_by_input\(net\)"):
        attacks.pgd(net, X, Y, 0.1, rng=None)
    with pytest.raises(TypeError, match=r"targeted: .* got a network; pass gradient_by_input\(net\)"):
        attacks.fgsm(attacks.targeted(net), X, Y, 0.1)
    with pytest.raises(TypeError, match=r"minimal_epsilon: .* got a network; pass classify\(net\)"):
        attacks.minimal_epsilon(lambda x, y, e: x, net, X, Y)
    for pair in (net, (net,)):
        with pytest.raises(TypeError, match=r"pass \(gradient_by_input\(net\), classify\(net\)\)"):
            attacks.transfer_table({"net": pair}, lambda g, x, y: x, X, Y)


def test_compare_says_which_half_comes_first() -> None:
    hand, auto = layers.mlp([3, 2], RNG), nn.mlp([3, 2], RNG)
    for pair in ((auto, hand), (hand, hand), (auto, auto)):
        with pytest.raises(
            TypeError, match=r"compare: expected a network of mininet\.layers, then one of mininet\.nn"
        ):
            nn.compare(*pair, X, Y)  # type: ignore[arg-type]


# -- data and losses that are none


@HALVES
@pytest.mark.parametrize("given", [X, (X,), (X, Y, Y), data.digits(), data.DataLoader(X, Y, 2, RNG)])
def test_data_are_a_pair(half: Any, given: Any) -> None:
    net = half.mlp([3, 2], RNG)
    with pytest.raises(TypeError, match=r"fit: expected data as a pair of arrays, \(x, y\), got"):
        train(net, given)
    with pytest.raises(TypeError, match=r"evaluate: expected data as a pair of arrays, \(x, y\), got"):
        evaluate(net, given, losses.cross_entropy)


@HALVES
def test_a_loss_of_ones_own_returns_a_number_and_a_gradient(half: Any) -> None:
    net = half.mlp([3, 2], RNG)
    for wrong in (1.0, (1.0,), (np.ones(2), np.ones((2, 2))), None):
        for ask in (
            lambda loss: train(net, loss=loss),
            lambda loss: evaluate(net, (X, Y), loss),
            lambda loss: attacks.gradient_by_input(net, loss)(X, Y),
        ):
            with pytest.raises(TypeError, match=r"expected the loss to return a number and its gradient"):
                ask(lambda outputs, y, wrong=wrong: wrong)
    with pytest.raises(ValueError, match=r"gradient by the outputs, of shape \(2, 2\), got \(1,\)"):
        train(net, loss=lambda outputs, y: (0.5, np.ones(1, dtype=np.float32)))
    value = train(net, loss=lambda outputs, y: (np.float32(0.1), np.zeros_like(outputs)))["loss"][0]
    assert value == pytest.approx(np.float32(0.1), rel=1e-12)  # a float32 sum would be off


def test_a_metric_may_be_partial_and_is_not_called_as_the_loss() -> None:
    def loss(outputs: Any, y: Any) -> float:
        return 0.0

    net = layers.mlp([3, 2], RNG)
    assert set(train(net, metric=functools.partial(accuracy))) == {"loss", "accuracy"}
    with pytest.raises(ValueError, match="the metric is called loss"):
        train(net, metric=loss)


@pytest.mark.parametrize(
    "use", [data.to_unit, lambda x: data.one_hot(x, 2), lambda x: data.DataLoader(x, Y, 2, RNG)]
)
def test_data_say_what_to_do_with_a_tensor(use: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"got Tensor\. .*tensor\.data is the array in one"):
        use(Tensor(X))


@pytest.mark.parametrize("kind", [np.ma.masked_array, np.matrix])
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_arrays_with_rules_of_their_own_are_refused(kind: Any) -> None:
    x = kind(np.ones((2, 2)))
    for use in (lambda: losses.mse(x, x), lambda: layers.ReLU()(x), lambda: accuracy(x, Y[:2])):
        with pytest.raises(
            TypeError, match=r"expected an array as .*, got (MaskedArray\. Fill|matrix\. Make)"
        ):
            use()


def test_one_column_of_scores_names_no_class() -> None:
    with pytest.raises(ValueError, match=r"accuracy: expected logits \(N, C\), C at least 2"):
        accuracy(X[:, :1], Y)
    with pytest.raises(
        ValueError, match=r"classify: expected outputs \(N, C\), of two classes or more, got \(4, 1\)"
    ):
        attacks.classify(layers.mlp([3, 1], RNG))(X)


@HALVES
def test_fit_says_what_is_no_optimiser_and_no_loss(half: Any) -> None:
    net = half.mlp([3, 2], RNG)
    for wrong in (None, SGD):
        with pytest.raises(
            TypeError, match=r"fit: expected an optimiser, such as SGD\(net\.parameters\(\), lr=0\.1\)"
        ):
            train(net, optimizer=wrong)
    with pytest.raises(TypeError, match=r"fit: expected a loss, such as mininet\.losses\.mse, got None"):
        train(net, loss=None)


# -- nothing, and the wrong shape, given to functions of tensors


@pytest.mark.parametrize(
    "use",
    [
        functional.relu,
        functional.softmax,
        lambda x: functional.mse(x, X),
        lambda x: functional.linear(x, Tensor(X)),
        lambda x: functional.linear(Tensor(X), x),
        lambda x: functional.batch_norm(Tensor(X), Tensor(X[0]), x),
    ],
)
def test_nothing_is_no_tensor(use: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"expected a tensor, got NoneType\. Is a return missing\?"):
        use(None)


@pytest.mark.parametrize("shape", [(), (3,), (1, 3, 2)])
def test_a_weight_is_a_matrix(shape: tuple[int, ...]) -> None:
    message = re.escape(f"linear: expected a weight of shape (in, out), got {shape}")
    with pytest.raises(ValueError, match=message):
        functional.linear(Tensor(X), Tensor(np.ones(shape, dtype=np.float32)))


@pytest.mark.parametrize("widths", [1, [1, 2], [(0.5, 1), (0, 0)], [(0, -1), (0, 0)], [(0, 0)]])
def test_pad_says_what_widths_are(widths: Any) -> None:
    with pytest.raises(
        ValueError, match="pad: expected two widths of at least 0, whole numbers, for each of 2 axes, got"
    ):
        functional.pad(Tensor(X), widths)


def test_functions_of_several_tensors_say_what_came() -> None:
    with pytest.raises(TypeError, match="expected a list of at least one tensor, got"):
        concatenate([X])  # type: ignore[list-item]
    for use in (np.sum, np.mean, np.argmax):
        with pytest.raises(TypeError, match="NumPy got a tensor where it expected an array"):
            use(Tensor(X))
    with pytest.raises(TypeError, match=r"Write into its array, x\.data\[\.\.\.\] = value"):
        Tensor(X)[0] = 1
    with pytest.raises(TypeError, match=r"got None\. Is a return missing"):
        nn.ReLU()(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="such as x > 0, got Tensor"):
        where(Tensor([True]), Tensor([1.0]), 0.0)  # type: ignore[arg-type]


# -- layers in two places, and parameters in one memory


def test_a_layer_deep_in_two_places_is_refused_by_hand_and_shared_by_tensors() -> None:
    a, act = layers.Linear(3, 3, RNG), layers.ReLU()
    for twice in (
        lambda: layers.Sequential(layers.Sequential(a), a),
        lambda: layers.Sequential(layers.Sequential(a, act), layers.Linear(3, 3, RNG), act),
        lambda: layers.Sequential(layers.Sequential(a), layers.Sequential(a)),
    ):
        with pytest.raises(ValueError, match=r"layer \d, .*, is in the row already"):
            twice()
    b = nn.Linear(3, 3, RNG)
    assert len(nn.Sequential(nn.Sequential(b), b).parameters()) == 2


@HALVES
def test_layers_say_which_row_they_belong_into(half: Any) -> None:
    other = nn if half is layers else layers
    for wrong in (other.ReLU(), half.ReLU, [half.ReLU()]):
        with pytest.raises(
            TypeError, match=r"Sequential: expected (layers|modules), got .*Write Sequential\(a, ReLU\(\)\)"
        ):
            half.Sequential(wrong)
    with pytest.raises(TypeError, match=r"got the layer ReLU\(\); leave out the \(\)"):
        half.mlp([2, 3, 2], RNG, half.ReLU())
    with pytest.raises(ValueError, match="expected at least an input and an output size, got 784"):
        half.mlp(784, RNG)


@HALVES
@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_two_parameters_in_one_memory_are_refused_and_one_in_two_layers_is_not(
    half: Any, optimiser: Any
) -> None:
    drawn = np.ones((3, 3), dtype=np.float32)
    a, b = (half.Linear(3, 3, RNG, lambda *_: drawn) for _ in range(2))
    for other in (b.weight, half.Parameter(drawn.T), half.Parameter(drawn[1:])):
        with pytest.raises(ValueError, match="parameters 0 and 1 are two, but their arrays share memory"):
            optimiser([a.weight, other], lr=0.1)
    both = np.zeros(6, dtype=np.float32)
    optimiser([half.Parameter(both[:3]), half.Parameter(both[3:])], lr=0.1)
    optimiser([half.Parameter(both[::2]), half.Parameter(both[1::2])], lr=0.1)
    b.weight = a.weight
    assert len(optimiser([*a.parameters(), *b.parameters()], lr=0.1).parameters) == 3


@HALVES
def test_a_parameter_frozen_after_backward_stays(half: Any) -> None:
    net = half.mlp([3, 4, 2], RNG)
    before = {name: array.copy() for name, array in net.state_dict().items()}
    optimiser = SGD(net.parameters(), lr=0.1)
    for p in net.parameters():
        p.grad = np.ones_like(p.data)
    net[0].weight.requires_grad = False
    optimiser.step()
    changed = [name for name, array in net.state_dict().items() if not np.array_equal(array, before[name])]
    assert changed == ["0.bias", "2.weight", "2.bias"]


def test_a_tensor_is_no_gradient() -> None:
    p = layers.Parameter(X.copy())
    p.grad = Tensor(X)  # type: ignore[assignment]
    with pytest.raises(
        ValueError, match=r"expected as gradient of parameter 0 an array of its shape .*got Tensor"
    ):
        SGD([p], lr=0.1).step()


# -- decorators, paths, and checks of nothing


def test_no_grad_wants_its_brackets_and_no_context_manager() -> None:
    with pytest.raises(TypeError, match=r"no_grad: .*write @no_grad\(\) with brackets"):
        no_grad(lambda: 1)

    @no_grad()
    @contextmanager
    def measuring() -> Any:
        yield

    with pytest.raises(TypeError, match="most of it runs after the decorator has ended"):
        measuring()


def test_a_checkpoint_says_what_is_a_path_and_what_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    checkpoint.save({"w": X}, path)
    for wrong in ("1", None, np.nan, -1):
        with pytest.raises((TypeError, ValueError), match="load: expected max_bytes to be a finite number"):
            checkpoint.load(path, max_bytes=wrong)
    assert checkpoint.load(path, max_bytes=np.array(1e9))["w"].shape == X.shape
    with pytest.raises(checkpoint.CheckpointError, match="more than the 1 allowed"):
        checkpoint.load(path, max_bytes=np.uint8(1))
    with pytest.raises(TypeError, match="checkpoint: expected a path, got dict"):
        checkpoint.save({"w": X}, {"w": X})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"expected an array of numbers, got Tensor; for a tensor its \.data"):
        checkpoint.save({"w": Tensor(X)}, path)  # type: ignore[dict-item]


def test_a_check_of_nothing_is_refused_and_one_of_nan_fails() -> None:
    with pytest.raises(ValueError, match="at least one array by its name"):
        gradcheck.check_gradients(lambda p: (0.0, {}), {})
    assert not gradcheck.compare({"w": X}, {"w": 2 * X}, np.nan).ok


@pytest.mark.parametrize("dtype", [None, "foo", np.float16, int])
@HALVES
def test_a_network_is_of_two_dtypes(half: Any, dtype: Any) -> None:
    with pytest.raises(TypeError, match=r"astype: expected np\.float32 or np\.float64, got"):
        half.mlp([3, 2], RNG).astype(dtype)
