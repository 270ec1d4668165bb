"""Batch norm and dropout in both modes, the modes themselves, and state that is not learned."""

import numpy as np
import pytest

from mininet.arrays import Floats
from mininet.gradcheck import GradientError, check_layer
from mininet.layers import BatchNorm1d, Dropout, Layer, Linear, ReLU, Sequential, Tanh, mlp
from mininet.model import eval_mode, train_mode
from tests.support.states import check_equal


def batch_norm(rng: np.random.Generator, features: int = 3) -> BatchNorm1d:
    """Return one in float64 whose weights and running statistics are not the ones it starts with."""
    layer = BatchNorm1d(features).astype(np.float64)
    layer.weight.data, layer.bias.data = rng.standard_normal((2, features))
    for _ in range(3):
        layer.forward(5 + 2 * rng.standard_normal((20, features)))
    return layer


# -- batch norm


def test_batch_norm_normalises_each_column_in_train_mode(rng: np.random.Generator) -> None:
    out = BatchNorm1d(4)(100 + 7 * rng.standard_normal((50, 4), dtype=np.float32))
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(out.var(axis=0), 1, rtol=1e-3)


def test_running_statistics_by_hand() -> None:
    layer = BatchNorm1d(1, momentum=0.25).astype(np.float64)
    layer(np.array([[2.0], [6.0]]))  # mean 4, variance over N - 1: 8
    assert layer.running_mean[0] == 0.75 * 0 + 0.25 * 4
    assert layer.running_var[0] == 0.75 * 1 + 0.25 * 8
    layer(np.array([[0.0], [3.0], [6.0]]))  # mean 3, variance over N - 1: 9
    assert layer.running_mean[0] == 0.75 * 1 + 0.25 * 3
    assert layer.running_var[0] == 0.75 * 2.75 + 0.25 * 9


def test_eval_mode_uses_the_running_statistics_and_moves_nothing(rng: np.random.Generator) -> None:
    layer = batch_norm(rng).eval()
    before = layer.state_dict()
    x = rng.standard_normal((4, 3))
    scaled = (x - layer.running_mean) / np.sqrt(layer.running_var + 1e-5)
    np.testing.assert_allclose(layer(x), scaled * layer.weight.data + layer.bias.data)
    check_equal(layer.state_dict(), before)


def test_in_eval_mode_a_sample_does_not_depend_on_the_others(rng: np.random.Generator) -> None:
    layer, x = batch_norm(rng), rng.standard_normal((4, 3))
    together, changed = layer(x), layer(np.concatenate([x[:1], 9 + x[1:]]))
    assert not np.allclose(together[0], changed[0])
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0], layer(x[:1])[0])


def test_running_statistics_come_to_those_of_the_data(rng: np.random.Generator) -> None:
    layer = BatchNorm1d(2)
    for _ in range(200):
        layer((3 + 2 * rng.standard_normal((500, 2))).astype(np.float32))
    np.testing.assert_allclose(layer.running_mean, 3, atol=0.1)
    np.testing.assert_allclose(layer.running_var, 4, rtol=0.05)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_batch_norm_agrees_with_nudging_in_both_modes(mode: str, rng: np.random.Generator) -> None:
    layer = getattr(batch_norm(rng), mode)()
    assert check_layer(layer, rng.standard_normal((5, 3)), rng).ok
    net = Sequential(Linear(4, 3, rng).astype(np.float64), batch_norm(rng), Tanh(), batch_norm(rng))
    assert check_layer(getattr(net, mode)(), rng.standard_normal((6, 4)), rng).ok


class TrainFormula(BatchNorm1d):
    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        self._batch_statistics = True
        return super().backward(grad, input_gradient)


class EvalFormula(BatchNorm1d):
    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        self._batch_statistics = False
        return super().backward(grad, input_gradient)


@pytest.mark.parametrize(("faulty", "mode"), [(TrainFormula, "eval"), (EvalFormula, "train")])
def test_the_formula_of_the_other_mode_is_caught(
    faulty: type[BatchNorm1d], mode: str, rng: np.random.Generator
) -> None:
    with pytest.raises(GradientError, match=r"input .* NOT OK"):
        check_layer(getattr(faulty(3).astype(np.float64), mode)(), rng.standard_normal((5, 3)), rng)


def test_backward_follows_the_mode_of_the_forward_pass_before_it(rng: np.random.Generator) -> None:
    layer, x, grad = batch_norm(rng), rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
    layer.train()(x)
    expected = layer.backward(grad)
    layer(x)
    layer.eval()
    np.testing.assert_array_equal(layer.backward(grad), expected)


def test_a_batch_of_one_is_refused_in_train_mode_only(rng: np.random.Generator) -> None:
    layer = BatchNorm1d(3)
    before = layer.state_dict()
    with pytest.raises(ValueError) as error:
        layer(np.zeros((1, 3), np.float32))
    assert str(error.value) == (
        "BatchNorm1d(3): expected at least two samples in train mode, got 1: the variance of one sample "
        "says nothing. Call eval() to use the network; in training choose a batch_size that leaves no "
        "last batch of one."
    )
    check_equal(layer.state_dict(), before)
    assert layer.eval()(np.ones((1, 3), np.float32)).shape == (1, 3)


def test_a_column_that_does_not_vary_is_safe_in_both_modes(rng: np.random.Generator) -> None:
    layer, x = BatchNorm1d(2, momentum=1.0), np.full((4, 2), 3.0, np.float32)
    assert not layer(x).any()
    assert np.isfinite(layer.backward(np.ones_like(x))).all()
    assert layer.running_var.tolist() == [0, 0]
    assert not layer.eval()(x).any()


def test_batch_norm_says_what_it_expected() -> None:
    layer = BatchNorm1d(3)
    for shape in ((4, 2), (3,), (4, 3, 1)):
        with pytest.raises(ValueError) as error:
            layer(np.zeros(shape, np.float32))
        assert str(error.value).startswith(f"BatchNorm1d(3): expected an input of shape (N, 3), got {shape}.")
    with pytest.raises(
        TypeError, match=r"weights are float32, the input is float64; .*astype\(np\.float32\)"
    ):
        layer(np.zeros((4, 3)))
    with pytest.raises(RuntimeError, match=r"call forward\(\) first"):
        layer.backward(np.zeros((4, 3)))
    layer(np.zeros((4, 3), np.float32))
    with pytest.raises(ValueError, match=r"output's shape \(4, 3\), got \(3,\)"):
        layer.backward(np.zeros(3, np.float32))
    assert layer.weight.grad is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": 0}, "features to be a whole number of at least 1, got 0"),
        (
            {"features": 2, "momentum": 1.1},
            "momentum to be a finite number of at least 0 and of at most 1, got 1.1",
        ),
        ({"features": 2, "momentum": np.nan}, "momentum to be a finite number .*, got nan"),
        ({"features": 2, "eps": 0.0}, "eps to be a finite number above 0, got 0.0"),
    ],
)
def test_batch_norm_refuses_numbers_that_make_no_sense(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"BatchNorm1d: expected {message}"):
        BatchNorm1d(**options)  # type: ignore[arg-type]


# -- dropout


def test_dropout_drops_a_share_of_p_and_keeps_the_expected_value(rng: np.random.Generator) -> None:
    out = Dropout(0.25, rng)(np.ones((200, 500), np.float32))
    assert set(np.unique(out).tolist()) == {0.0, np.float32(1 / 0.75)}
    assert np.mean(out == 0) == pytest.approx(0.25, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.01)


def test_dropout_draws_a_new_mask_each_time_from_its_generator_alone() -> None:
    one, same, x = (
        Dropout(0.5, np.random.default_rng(3)),
        Dropout(0.5, np.random.default_rng(3)),
        np.ones((9, 9)),
    )
    first = one(x)
    np.testing.assert_array_equal(first, same(x))
    assert (first != one(x)).any()


@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 4)])
def test_dropout_backward_uses_the_mask_of_its_forward(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    layer, grad = Dropout(0.4, rng), rng.standard_normal(shape)
    out = layer(np.ones(shape))
    np.testing.assert_array_equal(layer.backward(grad), grad * out)


class SameMask(Dropout):
    """A dropout that can be nudged: it draws the same mask at each forward pass."""

    def forward(self, x: Floats) -> Floats:
        self.rng = np.random.default_rng(0)
        return super().forward(x)


class NewMask(SameMask):
    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        super().forward(grad)
        self._factors = np.roll(self._saved(self._factors), 1)
        return super().backward(grad)


class NotScaled(SameMask):
    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        below = super().backward(grad)
        assert below is not None
        return below * (1 - self.p)


def test_dropout_agrees_with_nudging(rng: np.random.Generator) -> None:
    assert check_layer(SameMask(0.5, rng), rng.standard_normal((5, 4)), rng).ok
    assert check_layer(Dropout(0.5, rng).eval(), rng.standard_normal((5, 4)), rng).ok
    for faulty in (NewMask, NotScaled):
        with pytest.raises(GradientError, match=r"input .* NOT OK"):
            check_layer(faulty(0.5, rng), rng.standard_normal((5, 4)), rng)


def test_dropout_does_nothing_in_eval_mode_and_draws_nothing(rng: np.random.Generator) -> None:
    layer, x = Dropout(0.9, rng).eval(), rng.standard_normal((5, 4))
    before = rng.bit_generator.state
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    assert rng.bit_generator.state == before


def test_a_p_of_zero_drops_nothing(rng: np.random.Generator) -> None:
    x = rng.standard_normal((50, 40), dtype=np.float32)
    np.testing.assert_array_equal(Dropout(0, rng)(x), x)


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, np.nan])
def test_dropout_refuses_a_p_outside_its_range(p: float, rng: np.random.Generator) -> None:
    with pytest.raises(
        ValueError, match="share that is dropped, to be a finite number of at least 0 and below 1, got"
    ):
        Dropout(p, rng)


def test_dropout_wants_a_generator() -> None:
    with pytest.raises(TypeError, match=r"expected a generator, got 0\. Pass np\.random\.default_rng"):
        Dropout(0.5, 0)  # type: ignore[arg-type]


def test_dropout_refuses_backward_before_forward_and_another_shape(rng: np.random.Generator) -> None:
    layer = Dropout(0.5, rng)
    with pytest.raises(RuntimeError, match=r"Dropout\(0\.5\)\.backward: call forward\(\) first"):
        layer.backward(np.ones((2, 2)))
    layer(np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"output's shape \(2, 2\), got \(2,\)"):
        layer.backward(np.ones(2))


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype: type, mode: str, rng: np.random.Generator) -> None:
    # NumPy floats as options: they would turn float32 into float64 where they leak
    norm, drop = BatchNorm1d(4, momentum=np.float64(0.1), eps=np.float64(1e-5)), Dropout(np.float64(0.5), rng)
    net = getattr(Sequential(Linear(3, 4, rng), norm, drop).astype(dtype), mode)()
    out = net(rng.standard_normal((5, 3)).astype(dtype))
    below = net.backward(out)
    arrays = [out, below, *net.state_dict().values(), *(p.grad for p in net.parameters())]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


# -- modes


class Residual(Layer):
    """A layer of one's own, with layers in it."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.inner = Sequential(Linear(3, 3, rng), BatchNorm1d(3), Dropout(0.5, rng))

    def forward(self, x: Floats) -> Floats:
        return x + self.inner(x)

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        below = self.inner.backward(grad)
        assert below is not None
        return grad + below


def test_modes_reach_every_layer_inside(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 3, rng), Residual(rng), ReLU())
    parts = list(net.modules())
    assert [type(part).__name__ for part in parts] == [
        *("Sequential", "Linear", "Residual", "Sequential", "Linear", "BatchNorm1d", "Dropout", "ReLU")
    ]
    assert all(part.training for part in parts)
    assert net.eval() is net
    assert not any(part.training for part in parts)
    assert net.train() is net
    assert all(part.training for part in parts)
    assert Layer.training  # of this network only


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("into", [eval_mode, train_mode])
def test_a_block_gives_each_layer_its_own_mode_back(into, fails: bool, rng: np.random.Generator) -> None:  # type: ignore[no-untyped-def]
    net = Sequential(Linear(3, 3, rng), Residual(rng))
    net[1].inner[1].eval()
    before = [part.training for part in net.modules()]
    assert before.count(False) == 1
    try:
        with into(net):
            assert {part.training for part in net.modules()} == {into is train_mode}
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert [part.training for part in net.modules()] == before


def test_what_has_no_modes_is_left_alone() -> None:
    class Bare:
        def train(self) -> None:
            raise AssertionError("this one trains")

    bare = Bare()
    with eval_mode(bare), train_mode(bare):
        assert vars(bare) == {}


def test_train_and_eval_change_no_network_that_has_no_such_layer(rng: np.random.Generator) -> None:
    net, x = mlp([3, 4, 2], rng), rng.standard_normal((5, 3), dtype=np.float32)
    np.testing.assert_array_equal(net.train()(x), net.eval()(x))


# -- state that is not learned


def test_buffers_are_state_and_no_parameters(rng: np.random.Generator) -> None:
    net = Sequential(Residual(rng), BatchNorm1d(3))
    names = ["0.inner.1.running_mean", "0.inner.1.running_var", "1.running_mean", "1.running_var"]
    assert [name for name, _ in net.named_buffers()] == names
    assert sorted(net.state_dict()) == sorted([*names, *(name for name, _ in net.named_parameters())])
    assert len(net.parameters()) == 6


def test_a_loaded_network_answers_as_the_saved_one_in_eval_mode(rng: np.random.Generator) -> None:
    one, other = (Sequential(Linear(3, 3, rng), BatchNorm1d(3), Residual(rng)) for _ in range(2))
    x = rng.standard_normal((8, 3), dtype=np.float32)
    for _ in range(5):
        one(x)
    state = one.state_dict()
    other.load_state_dict(state)
    np.testing.assert_array_equal(one.eval()(x), other.eval()(x))
    state["1.running_mean"][:] = 99  # a copy in both directions
    assert (one[1].running_mean != 99).all() and (other[1].running_mean != 99).all()
    other.train()(x)
    assert (other[1].running_mean != one[1].running_mean).any()


def test_a_failed_load_names_buffers_and_changes_nothing(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 2, rng), BatchNorm1d(2))
    before = net.state_dict()
    bad = net.state_dict() | {"1.running_var": np.ones(3), "1.steps": np.ones(1)}
    del bad["1.running_mean"]
    message = (
        r"load_state_dict: missing '1\.running_mean'; unexpected '1\.steps'; "
        r"'1\.running_var' is \(2,\) here and \(3,\) in the given state\."
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        net.load_state_dict(bad)
    check_equal(net.state_dict(), before)


def test_loading_and_converting_keep_buffers_in_the_dtype_of_the_network(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 2, rng), BatchNorm1d(2))
    net.load_state_dict({name: array.astype(np.float64) for name, array in net.state_dict().items()})
    assert {array.dtype for array in net.state_dict().values()} == {np.dtype(np.float32)}
    net.astype(np.float64)
    assert {array.dtype for array in net.state_dict().values()} == {np.dtype(np.float64)}


def test_a_gradient_check_leaves_running_statistics_as_they_are() -> None:
    layer = BatchNorm1d(3).astype(np.float64)
    before = layer.state_dict()
    check_layer(layer, np.random.default_rng(0).standard_normal((5, 3)), np.random.default_rng(1))
    check_equal(layer.state_dict(), before)
