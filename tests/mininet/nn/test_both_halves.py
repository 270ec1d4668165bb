"""Hand-written and autograd networks: the same start, state, gradients, training, attacks and reports."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mininet import attacks, layers, nn, optim
from mininet import functional as F
from mininet.gradcheck import GradientError
from mininet.losses import binary_cross_entropy_with_logits, cross_entropy, mse
from mininet.optim import SGD, Adam
from mininet.tensor import Tensor, no_grad, record
from mininet.training import NonFiniteLoss, evaluate, fit, predict
from tests.support.states import check_equal

Build = Callable[[Any, np.random.Generator], Any]
NETS: dict[str, Build] = {
    "relu": lambda m, rng: m.mlp([6, 8, 5, 3], rng),
    "sigmoid": lambda m, rng: m.mlp([6, 8, 3], rng, m.Sigmoid),
    "tanh": lambda m, rng: m.mlp([6, 8, 3], rng, m.Tanh),
    "one layer": lambda m, rng: m.Sequential(m.Linear(6, 3, rng)),
    "batch norm": lambda m, rng: m.Sequential(
        m.Flatten(), m.Linear(6, 8, rng), m.BatchNorm1d(8), m.ReLU(), m.Linear(8, 3, rng)
    ),
    "dropout": lambda m, rng: m.Sequential(
        m.Linear(6, 8, rng), m.Tanh(), m.Dropout(0.3, np.random.default_rng(7)), m.Linear(8, 3, rng)
    ),
    "inside each other": lambda m, rng: m.Sequential(
        m.Sequential(m.Linear(6, 4, rng), m.BatchNorm1d(4)), m.Sequential(m.Sigmoid(), m.Linear(4, 3, rng))
    ),
}


def pair(name: str) -> tuple[layers.Sequential, nn.Sequential]:
    """Return a network of each half, from one seed."""
    return tuple(NETS[name](half, np.random.default_rng(0)) for half in (layers, nn))  # type: ignore[return-value]


def batch(n: int = 20, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, 6), dtype=np.float32), rng.integers(0, 3, n)


def check_same_state(hand: layers.Layer, auto: nn.Module, rtol: float = 0) -> None:
    ours, theirs = auto.state_dict(), hand.state_dict()
    assert list(ours) == list(theirs)
    for name in ours:
        assert ours[name].dtype == theirs[name].dtype
        np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, atol=rtol, err_msg=name)


@pytest.mark.parametrize("name", NETS)
def test_from_one_seed_both_start_alike(name: str) -> None:
    check_same_state(*pair(name))


@pytest.mark.parametrize("name", NETS)
def test_the_state_of_each_loads_into_the_other(name: str) -> None:
    for moved in (0, 1):
        hand, auto = pair(name)
        x, _ = batch()
        (hand, auto)[moved](x)  # moves running statistics
        state = {k: v + 1 for k, v in (hand, auto)[moved].state_dict().items()}
        (hand, auto)[moved].load_state_dict(state)
        (auto, hand)[moved].load_state_dict((hand, auto)[moved].state_dict())
        check_same_state(hand, auto)
        np.testing.assert_allclose(auto.eval()(x).data, hand.eval()(x), rtol=1e-6)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_compare_finds_the_same_gradients(name: str, mode: str) -> None:
    hand, auto = pair(name)
    # the masks of dropout are the same, too: one seed for each, and one pass
    getattr(hand, mode)(), getattr(auto, mode)()
    table = nn.compare(hand, auto, *batch())
    assert table.ok, table
    assert [row.name for row in table] == ["input", *(n for n, _ in hand.named_parameters())]
    if not (name == "dropout" and mode == "train"):  # nudging draws masks of its own
        assert all(row.nudged is not None and row.nudged < 1e-4 for row in table), table
    text = str(table)
    assert "to nudging" in text and "NOT OK" not in text


@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_most_gradients_are_the_same_to_the_last_bit(name: str) -> None:
    table = nn.compare(*pair(name), *batch())
    assert all(row.exact for row in table), table


def test_compare_takes_other_losses_and_arrays_in_any_order() -> None:
    for loss in (mse, binary_cross_entropy_with_logits):
        hand, auto = pair("tanh")
        x, _ = batch()
        turned = np.asfortranarray(x)
        for p in (*hand.parameters(), *auto.parameters()):
            p.data = np.asfortranarray(p.data)
        table = nn.compare(hand, auto, turned, np.full((20, 3), 0.3, dtype=np.float32), loss)
        assert table.ok and all(row.nudged is not None and row.nudged < 1e-4 for row in table), table


class BrokenTanh(nn.Module):
    """A tanh that has lost a factor of its slope."""

    def forward(self, x: Tensor) -> Tensor:
        out = np.tanh(x.data)
        return record("broken tanh", out, (x,), lambda g: (g * (1 - out),))


class BrokenByHand(layers.Tanh):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        below = super().backward(grad, input_gradient)
        return None if below is None else below * 1.5


def test_a_broken_recorded_gradient_is_not_ok_and_far_from_nudging() -> None:
    hand, auto = pair("tanh")
    auto.layers[1] = BrokenTanh()
    table = nn.compare(hand, auto, *batch())
    assert not table.ok
    rows = {row.name: row for row in table}
    for name in ("0.weight", "0.bias", "input"):
        assert not rows[name].close, name
        assert rows[name].nudged is not None and rows[name].nudged > 1e-3, name
    for name in ("2.weight", "2.bias"):  # above the fault
        assert rows[name].close and rows[name].nudged is not None and rows[name].nudged < 1e-4
    assert str(table).count("NOT OK") == 3


def test_a_broken_gradient_by_hand_is_not_ok_but_nudging_takes_the_other_side() -> None:
    hand, auto = pair("tanh")
    hand.layers[1] = BrokenByHand()
    table = nn.compare(hand, auto, *batch())
    assert not table.ok
    assert all(row.nudged is not None and row.nudged < 1e-4 for row in table), table


def test_compare_refuses_nets_that_are_not_the_same() -> None:
    hand, auto = pair("relu")
    auto[0].weight.data = auto[0].weight.data + 1
    with pytest.raises(
        ValueError, match=r"differ in 0\.weight; first auto\.load_state_dict\(hand\.state_dict"
    ):
        nn.compare(hand, auto, *batch())
    longer = nn.Sequential(*pair("relu")[1], nn.Linear(3, 3, np.random.default_rng(0)))
    with pytest.raises(KeyError, match="names differ"):
        nn.compare(hand, longer, *batch())


def test_compare_says_which_gradient_is_missing() -> None:
    class Detached(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.detach()

    hand, auto = pair("tanh")
    auto.layers[1] = Detached()
    with pytest.raises(GradientError, match=r"left no gradient for input, 0\.weight, 0\.bias"):
        nn.compare(hand, auto, *batch())


# training, unchanged

OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "sgd": lambda p: SGD(p, lr=0.3),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "nesterov, weight decay": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: Adam(p, lr=0.01),
}


def test_every_optimiser_is_tried() -> None:
    kinds = {
        thing
        for thing in vars(optim).values()
        if isinstance(thing, type) and issubclass(thing, optim.Optimizer) and thing is not optim.Optimizer
    }
    assert {
        type(make(nn.Linear(1, 1, np.random.default_rng(0)).parameters())) for make in OPTIMIZERS.values()
    } == kinds


def train(model: Any, parameters: Any, optimizer: str, epochs: int = 3) -> list[float]:
    """Return the loss of every step, and of the validation after every epoch."""
    seen: list[float] = []

    def loss(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = cross_entropy(logits, labels)
        seen.append(value)
        return value, gradient

    fit(
        model,
        batch(50),
        loss=loss,
        optimizer=OPTIMIZERS[optimizer](parameters),
        epochs=epochs,
        batch_size=10,
        rng=np.random.default_rng(5),
        validation=batch(20, seed=9),
        progress=False,
    )
    return seen


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETS)
def test_both_train_to_the_same_loss_step_by_step(name: str, optimizer: str) -> None:
    hand, auto = pair(name)
    by_hand = train(hand, hand.parameters(), optimizer)
    recorded = train(nn.OnArrays(auto), auto.parameters(), optimizer)
    assert len(by_hand) == len(recorded) == 18
    np.testing.assert_allclose(recorded, by_hand, rtol=2e-5)
    check_same_state(hand, auto, rtol=1e-3)
    assert by_hand[-1] != by_hand[5]


def test_float32_from_the_batch_to_the_updated_weights() -> None:
    _, auto = pair("batch norm")
    train(nn.OnArrays(auto), auto.parameters(), "adam", epochs=1)
    assert {a.dtype for a in auto.state_dict().values()} == {np.dtype(np.float32)}
    assert {p.grad.dtype for p in auto.parameters() if p.grad is not None} == {np.dtype(np.float32)}


def test_predict_and_evaluate_take_it_and_put_the_mode_back() -> None:
    hand, auto = pair("dropout")
    x, y = batch()
    auto[2].eval()
    model = nn.OnArrays(auto)
    np.testing.assert_allclose(predict(model, x), predict(hand, x), rtol=1e-6)
    np.testing.assert_allclose(
        evaluate(model, (x, y), cross_entropy), evaluate(hand, (x, y), cross_entropy), rtol=1e-6
    )
    assert [m.training for m in model.modules()] == [True, True, True, False, True]


def test_a_nan_is_traced_to_its_layer() -> None:
    _, auto = pair("tanh")
    auto[2].weight.data[0, 0] = np.nan
    with pytest.raises(NonFiniteLoss, match=r"Layer 2 of 3 .*Linear\(8, 3\).*Its weight holds NaN"):
        train(nn.OnArrays(auto), auto.parameters(), "sgd")


def test_a_nan_in_a_module_of_ones_own_names_the_module() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            # a list of this name, and a forward that is more than a walk through it
            self.layers = [
                nn.Linear(6, 6, np.random.default_rng(0)),
                nn.Linear(6, 3, np.random.default_rng(1)),
            ]

        def forward(self, x: Tensor) -> Tensor:
            self.kept = F.relu(self.layers[0](x)) + x
            return (-self.layers[1](self.kept).abs() - 1).log()

    net = Net()
    with pytest.raises(NonFiniteLoss, match=r"Layer 0 of 1 .*Net"):
        train(nn.OnArrays(net), net.parameters(), "sgd")


# arrays on both sides


def test_on_arrays_computes_the_gradient_by_the_input_only_if_asked() -> None:
    hand, auto = pair("relu")
    x, y = batch()
    _, gradient = cross_entropy(hand(x), y)
    with_input = nn.OnArrays(auto, input_gradient=True)
    with_input.forward(x)
    np.testing.assert_allclose(with_input.backward(gradient), hand.backward(gradient), rtol=1e-5, atol=1e-8)
    with_input.forward(x)
    assert with_input.backward(gradient, input_gradient=False) is None
    without = nn.OnArrays(auto)
    out = without.forward(x)
    assert type(out) is np.ndarray
    with pytest.raises(RuntimeError, match=r"Make it OnArrays\(module, input_gradient=True\)"):
        without.backward(gradient)


def test_an_input_that_a_module_keeps_does_not_become_a_parameter() -> None:
    class Keeps(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(6, 3, np.random.default_rng(0))

        def forward(self, x: Tensor) -> Tensor:
            self.x = x
            return self.layer(x)

    net = Keeps()
    out = (model := nn.OnArrays(net, input_gradient=True)).forward(batch()[0])
    assert list(net.state_dict()) == ["layer.weight", "layer.bias"]
    below = model.backward(np.ones_like(out))
    assert below is not None and below.shape == (20, 6)
    assert list(net.state_dict()) == ["layer.weight", "layer.bias"]


def test_on_arrays_refuses_what_cannot_work() -> None:
    _, auto = pair("relu")
    model, (x, _) = nn.OnArrays(auto), batch()
    with pytest.raises(RuntimeError, match=r"call forward\(\) first"):
        model.backward(np.ones((20, 3), dtype=np.float32), input_gradient=False)
    out = model.forward(x)
    with pytest.raises(ValueError, match=r"shape \(20, 3\), got \(20, 1\)"):
        model.backward(out[:, :1], input_gradient=False)
    model.backward(out, input_gradient=False)
    with pytest.raises(RuntimeError, match="freed"):
        model.backward(out, input_gradient=False)
    with no_grad():
        model.forward(x)
    with pytest.raises(RuntimeError, match="nothing was recorded"):
        model.backward(out, input_gradient=False)

    class Forgetful(nn.Module):
        def forward(self, x: Tensor) -> Tensor:  # type: ignore[return]
            F.relu(x)

    with pytest.raises(TypeError, match=r"Forgetful\.forward: expected it to return a tensor, got NoneType"):
        nn.OnArrays(Forgetful()).forward(x)


def test_its_modes_and_parameters_are_the_modules() -> None:
    _, auto = pair("dropout")
    model = nn.OnArrays(auto)
    assert model.eval() is model and not auto[2].training
    assert model.train() is model and auto[2].training
    assert [id(p) for p in model.parameters()] == [id(p) for p in auto.parameters()]
    assert [name for name, _ in model.named_parameters()] == list(auto.state_dict())
    assert repr(model) == repr(auto)


# attacks


@pytest.mark.parametrize("name", ["relu", "batch norm", "dropout"])
def test_attacks_do_the_same_to_both_and_leave_the_net_as_it_was(name: str) -> None:
    hand, auto = pair(name)
    x, y = batch()
    model = nn.OnArrays(auto, input_gradient=True)
    for p in auto.parameters():
        p.grad = np.full(p.shape, 7, dtype=np.float32)
    state = auto.state_dict()
    by_hand, recorded = attacks.gradient_by_input(hand), attacks.gradient_by_input(model)
    np.testing.assert_allclose(recorded(x, y), by_hand(x, y), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(attacks.fgsm(recorded, x, y, 0.1), attacks.fgsm(by_hand, x, y, 0.1), atol=1e-6)
    moved = [attacks.pgd(g, x, y, 0.1, rng=np.random.default_rng(3), norm=2) for g in (recorded, by_hand)]
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-4)
    np.testing.assert_array_equal(attacks.classify(model)(x), attacks.classify(hand)(x))
    assert all((p.grad == 7).all() for p in auto.parameters() if p.grad is not None)
    assert all(m.training for m in auto.modules())
    check_equal(auto.state_dict(), state)


def test_adversarial_training_of_both_is_the_same() -> None:
    results = []
    for net, model in zip(
        pair("tanh"), (lambda n: n, lambda n: nn.OnArrays(n, input_gradient=True)), strict=True
    ):
        change = attacks.adversarial_training(model(net), lambda g, x, y: attacks.fgsm(g, x, y, 0.05))
        history = fit(
            model(net),
            batch(50),
            loss=cross_entropy,
            optimizer=SGD(net.parameters(), lr=0.2),
            epochs=3,
            batch_size=10,
            rng=np.random.default_rng(0),
            transform=change,
            progress=False,
        )
        results.append(history["loss"])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5)
