"""Gradients by the input, the smallest epsilon, transfer and adversarial training, on real networks."""

import functools
from typing import Any

import numpy as np
import pytest

from mininet import functional, layers, nn
from mininet.arrays import Array, Floats
from mininet.attacks import (
    adversarial_training,
    classify,
    fgsm,
    gradient_by_input,
    minimal_epsilon,
    pgd,
    targeted,
    transfer_table,
)
from mininet.gradcheck import numerical_gradient
from mininet.layers import BatchNorm1d, Dropout, Linear, Sequential, Tanh, mlp
from mininet.losses import cross_entropy
from tests.support.attacks import X, Y, by_attack, share_right, teach, trained
from tests.support.states import check_equal

# -- the smallest epsilon


def test_minimal_epsilon_succeeds_where_it_says_and_fails_a_tolerance_below() -> None:
    net = trained()
    attack, predict = by_attack(gradient_by_input(net)), classify(net)
    found = minimal_epsilon(attack, predict, X, Y)
    assert found.shape == Y.shape
    wrong = predict(X) != Y
    np.testing.assert_array_equal(found == 0, wrong)
    reached = np.isfinite(found)
    assert reached.mean() > 0.95
    at = np.where(reached, found, 0)
    assert (predict(attack(X, Y, at)) != Y)[reached].all()
    # the last one that failed lies within the tolerance: one of these, at least, has to fail
    below = [predict(attack(X, Y, np.maximum(at - d, 0))) == Y for d in np.linspace(0, 1e-3, 9)[1:]]
    assert np.any(below, axis=0)[reached & ~wrong].all()


def test_minimal_epsilon_finds_a_small_one_where_the_largest_fails() -> None:
    def predict(x: Floats) -> Array:  # fooled between 0.1 and 0.3 of change, not beyond
        return ((x[:, 0] > 0.1) & (x[:, 0] < 0.3)).astype(int)

    up = by_attack(lambda x, y: np.ones_like(x))
    found = minimal_epsilon(up, predict, np.zeros((1, 1)), np.array([0]), tolerance=1e-3)
    assert 0.1 < found[0] <= 0.101


def test_minimal_epsilon_is_infinite_where_nothing_helps_and_minds_the_largest() -> None:
    up = by_attack(lambda x, y: np.ones_like(x))

    def predict(x: Floats) -> Array:
        return (x[:, 0] > 0.5).astype(int)

    x, y = np.array([[0.0], [0.3], [0.9]]), np.array([0, 0, 0])
    found = minimal_epsilon(up, predict, x, y, largest=0.3)
    assert np.isinf(found[0]) and found[2] == 0
    assert found[1] == pytest.approx(0.2, abs=1.1e-3)
    never = minimal_epsilon(up, lambda x: np.zeros(len(x), dtype=int), x, y)
    assert np.isinf(never).all()


def test_minimal_epsilon_of_a_targeted_attack() -> None:
    net = trained()
    wanted = (Y + 1) % 10
    attack, predict = by_attack(targeted(gradient_by_input(net))), classify(net)
    found = minimal_epsilon(attack, predict, X, wanted, fooled=np.equal)
    reached = np.isfinite(found)
    assert reached.mean() > 0.4
    assert (predict(attack(X, wanted, np.where(reached, found, 0)))[reached] == wanted[reached]).all()
    assert np.mean(found[reached]) > np.mean(
        minimal_epsilon(by_attack(gradient_by_input(net)), predict, X, Y)
    )


def test_minimal_epsilon_of_a_batch_is_that_of_its_samples() -> None:
    net = trained()
    attack, predict = by_attack(gradient_by_input(net)), classify(net)
    whole = minimal_epsilon(attack, predict, X[:12], Y[:12])
    alone = [minimal_epsilon(attack, predict, X[i : i + 1], Y[i : i + 1])[0] for i in range(12)]
    np.testing.assert_array_equal(whole, alone)


@pytest.mark.parametrize(
    "options",
    [{"tolerance": 0}, {"tolerance": 1e-9}, {"tolerance": 2}, {"largest": np.inf}, {"largest": np.nan}],
)
def test_minimal_epsilon_refuses_a_range_that_makes_no_sense(options: dict[str, float]) -> None:
    net = trained()
    with pytest.raises(ValueError, match=r"expected (tolerance|largest) to be a finite number of at least "):
        minimal_epsilon(by_attack(gradient_by_input(net)), classify(net), X[:3], Y[:3], **options)


# -- transfer


def test_transfer_table_by_hand() -> None:
    # two networks that look at one pixel each; the attack lowers the pixel that its network looks at
    def looks_at(pixel: int) -> tuple[Any, Any]:
        def gradient(x: Floats, y: Array) -> Floats:
            g = np.zeros_like(x)
            g[:, pixel] = -1
            return g

        return gradient, lambda x: (x[:, pixel] > 0.5).astype(int)

    x = np.array([[0.9, 0.9], [0.9, 0.6], [0.6, 0.6], [0.6, 0.9]])
    nets = {"left": looks_at(0), "right": looks_at(1)}

    def attack(gradient: Any, x: Floats, y: Array) -> Floats:
        changed = fgsm(gradient, x, y, 0.2)
        changed[0, 1] = changed[0, 1] if gradient is nets["left"][0] else 0.4
        return changed

    table = transfer_table(nets, attack, x, np.ones(4, dtype=int))
    # left lowers pixel 0: left loses rows 2 and 3; right keeps all. right lowers pixel 1, and loses rows 0, 1, 2
    np.testing.assert_array_equal(table, [[0.5, 1.0], [1.0, 0.25]])


def test_attacks_transfer_less_than_they_hit() -> None:
    nets = {}
    for seed in range(2):
        net = mlp([64, 30, 10], np.random.default_rng(seed))
        teach(net, np.random.default_rng(seed), epochs=8)
        nets[str(seed)] = gradient_by_input(net), classify(net)
    table = transfer_table(nets, lambda g, x, y: fgsm(g, x, y, 0.15), X, Y)
    assert table[0, 0] < table[0, 1] and table[1, 1] < table[1, 0]
    by_hand = nets["1"][1](fgsm(nets["0"][0], X, Y, 0.15)) == Y
    assert table[0, 1] == by_hand.mean()


def test_transfer_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one network, got none"):
        transfer_table({}, lambda g, x, y: x, X, Y)


# -- the gradient by the input


def test_gradient_by_input_agrees_with_nudging(rng: np.random.Generator) -> None:
    net = Sequential(Linear(5, 4, rng), BatchNorm1d(4), Tanh(), Dropout(0.5, rng), Linear(4, 3, rng))
    net.astype(np.float64).forward(rng.standard_normal((20, 5)))  # running statistics that are not 0 and 1
    x, y = rng.random((6, 5)), np.array([0, 1, 2, 0, 1, 2])
    expected = numerical_gradient(lambda x: cross_entropy(net.eval()(x), y)[0], x)
    np.testing.assert_allclose(gradient_by_input(net.train())(x, y), expected, atol=1e-9)


def test_gradient_by_input_leaves_the_model_as_it_was(rng: np.random.Generator) -> None:
    net = Sequential(Linear(4, 5, rng), BatchNorm1d(5), Dropout(0.5, rng), Linear(5, 3, rng))
    net[1].eval()  # frozen, in a network that is trained
    x, y = rng.random((6, 4), dtype=np.float32), np.zeros(6, dtype=int)
    net.forward(x)
    net.backward(np.ones((6, 3), dtype=np.float32))
    before, grads = net.state_dict(), [p.grad for p in net.parameters()]
    values = [p.grad.copy() for p in net.parameters() if p.grad is not None]
    draws = net[2].rng.bit_generator.state
    gradient_by_input(net)(x, y)
    classify(net)(x)
    assert [layer.training for layer in net.modules()] == [True, True, False, True, True]
    assert all(p.grad is grad for p, grad in zip(net.parameters(), grads, strict=True))
    for p, value in zip(net.parameters(), values, strict=True):
        np.testing.assert_array_equal(p.grad, value)
    check_equal(net.state_dict(), before)
    assert net[2].rng.bit_generator.state == draws


def test_an_error_on_the_way_leaves_the_model_as_it_was_too(rng: np.random.Generator) -> None:
    net = Sequential(Linear(4, 3, rng), Dropout(0.5, rng))
    x = rng.random((6, 4), dtype=np.float32)
    net.forward(x)
    net.backward(np.ones((6, 3), dtype=np.float32))
    grads = [p.grad for p in net.parameters()]
    with pytest.raises(ValueError, match="expected labels from 0 to 2, got 0 to 3"):
        gradient_by_input(net)(x, np.array([0, 1, 2, 3, 0, 1]))
    assert all(layer.training for layer in net.modules())
    assert all(p.grad is grad for p, grad in zip(net.parameters(), grads, strict=True))


class Bare:
    """The least that can be attacked: two methods, and a `train` that has nothing to do with modes."""

    def forward(self, x: Floats) -> Floats:
        self.x = x
        return x @ np.array([[1.0, -1.0], [0.0, 2.0]])

    def backward(self, grad: Floats) -> Floats:
        return grad @ np.array([[1.0, -1.0], [0.0, 2.0]]).T

    def train(self, x: Floats, y: Array) -> None:
        raise AssertionError("nobody asked for this")


@pytest.mark.parametrize("half", [layers, nn])
def test_the_parameters_gradients_are_not_computed_and_stay_as_they_were(
    half: Any, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = half.mlp([64, 30, 10], rng)
    net.parameters()[0].requires_grad = False
    net.parameters()[2].grad = before = np.ones_like(net.parameters()[2].data)
    computed: list[Any] = []
    monkeypatch.setattr(layers.Parameter, "add_gradient", lambda *given: computed.append(given))
    monkeypatch.setattr(functional, "_by_weight", lambda *given: computed.append(given))
    gradient_by_input(net)(X[:5], Y[:5])
    assert computed == []
    assert [p.requires_grad for p in net.parameters()] == [False, True, True, True]
    assert net.parameters()[2].grad is before and net.parameters()[1].grad is None


def test_a_network_on_tensors_is_attacked_as_it_is(rng: np.random.Generator) -> None:
    hand, auto = trained(), nn.mlp([64, 30, 10], rng)
    auto.load_state_dict(hand.state_dict())
    for attack in (fgsm, functools.partial(pgd, rng=None, steps=3)):
        one, other = (attack(gradient_by_input(net), X, Y, 0.1) for net in (hand, auto))
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(classify(hand)(one), classify(auto)(other))
    transform = adversarial_training(auto, lambda gradient, x, y: fgsm(gradient, x, y, 0.1))
    assert (transform(X[:5], Y[:5]) != X[:5]).any()


def test_anything_with_forward_and_backward_can_be_attacked() -> None:
    x, y = np.array([[0.6, 0.1], [0.2, 0.4]]), np.array([0, 1])
    net = Bare()
    assert classify(net)(x).tolist() == [0, 1]
    expected = numerical_gradient(lambda x: cross_entropy(net.forward(x), y)[0], x)
    np.testing.assert_allclose(gradient_by_input(net)(x, y), expected, atol=1e-9)
    assert classify(net)(fgsm(gradient_by_input(net), x, y, 0.3)).tolist() == [1, 0]


def test_a_model_that_returns_no_gradient_by_its_input_is_named() -> None:
    class Forgetful(Bare):
        def backward(self, grad: Floats) -> None:  # type: ignore[override]
            super().backward(grad)

    with pytest.raises(
        TypeError, match=r"Forgetful\.backward returned None; expected the gradient by its input"
    ):
        gradient_by_input(Forgetful())(np.full((2, 2), 0.5), np.array([0, 1]))


# -- adversarial training


def test_adversarial_training_attacks_the_network_as_it_is_at_that_moment() -> None:
    net = mlp([64, 10], np.random.default_rng(0))
    change = adversarial_training(net, lambda gradient, x, y: fgsm(gradient, x, y, 0.1))
    before = change(X, Y)
    np.testing.assert_array_equal(before, fgsm(gradient_by_input(net), X, Y, 0.1))
    net[0].weight.data *= -1
    assert (change(X, Y) != before).any()


def test_adversarial_training_makes_a_network_harder_to_fool() -> None:
    net = mlp([64, 30, 10], np.random.default_rng(0))
    attack = adversarial_training(net, lambda g, x, y: pgd(g, x, y, 0.1, rng=None, steps=5))
    teach(net, np.random.default_rng(1), epochs=20, transform=attack)
    plain, hardened = (
        share_right(n, pgd(gradient_by_input(n), X, Y, 0.1, rng=np.random.default_rng(0)))
        for n in (trained(), net)
    )
    assert hardened > plain + 0.15
    assert share_right(net, X) > 0.85
