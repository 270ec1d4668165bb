"""Attacks: closed forms on a linear model, the ball and the box, and every check with a fault that it catches."""

import copy
import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet.arrays import Array, Floats
from mininet.attacks import (
    InputGradient,
    classify,
    fgsm,
    gradient_by_input,
    minimal_epsilon,
    pgd,
    random_noise,
    targeted,
)
from mininet.layers import BatchNorm1d, Linear, Sequential, Tanh, mlp
from mininet.losses import binary_cross_entropy_with_logits, cross_entropy
from tests.support.attacks import ATTACKS, DIGITS, L2, LINF, Attack, X, Y, share_right, trained

# -- the linear model, where the best attack is known


def linear_model(rng: np.random.Generator, pixels: int = 4) -> tuple[Linear, Any, Any]:
    """Return a yes-no model with the score w·x + b in float64, its gradient and its predictions."""
    model = Linear(pixels, 1, rng).astype(np.float64)
    model.weight.data = rng.choice([-1.0, 1.0], (pixels, 1)) * rng.uniform(0.1, 1, (pixels, 1))
    model.bias.data = -0.5 * model.weight.data.sum(axis=0)  # grey is undecided

    def loss(scores: Floats, y: Array) -> tuple[float, Floats]:
        return binary_cross_entropy_with_logits(scores, y[:, None].astype(np.float64))

    return model, gradient_by_input(model, loss), lambda x: (model(x)[:, 0] > 0).astype(int)


def side(y: Array) -> Floats:
    return (2.0 * y - 1)[:, None]  # +1 for yes, -1 for no


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**16), epsilon=st.floats(0, 0.3), pixels=st.integers(1, 6))
@pytest.mark.parametrize("name", ["fgsm", "pgd", "pgd, random start"])
def test_on_a_linear_model_the_best_change_is_met_exactly(
    name: str, seed: int, epsilon: float, pixels: int
) -> None:
    rng = np.random.default_rng(seed)
    model, gradient, predict = linear_model(rng, pixels)
    x = rng.uniform(0.3, 0.7, (5, pixels))  # so far from the box that it does not matter
    y = predict(x)
    w = model.weight.data[:, 0]
    changed = LINF[name](gradient, x, y, epsilon)
    np.testing.assert_allclose(changed, x - epsilon * side(y) * np.sign(w), rtol=0, atol=1e-15)
    fall = (side(y) * (model(x) - model(changed)))[:, 0]
    np.testing.assert_allclose(fall, epsilon * np.abs(w).sum(), rtol=1e-9, atol=1e-14)  # ε·‖w‖₁


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**16), epsilon=st.floats(0, 0.3), pixels=st.integers(1, 6))
def test_on_a_linear_model_the_best_l2_change_is_met_exactly(seed: int, epsilon: float, pixels: int) -> None:
    rng = np.random.default_rng(seed)
    model, gradient, predict = linear_model(rng, pixels)
    x = rng.uniform(0.3, 0.7, (5, pixels))
    y = predict(x)
    w = model.weight.data[:, 0]
    length = np.sqrt(w @ w)
    changed = L2["pgd"](gradient, x, y, epsilon)
    np.testing.assert_allclose(changed, x - epsilon * side(y) * w / length, rtol=0, atol=1e-14)
    fall = (side(y) * (model(x) - model(changed)))[:, 0]
    np.testing.assert_allclose(fall, epsilon * length, rtol=1e-9, atol=1e-14)  # ε·‖w‖₂


def test_where_the_box_is_in_the_way_the_best_change_is_cut_off_at_it(rng: np.random.Generator) -> None:
    model, gradient, predict = linear_model(rng)
    x = rng.random((50, 4))
    y = predict(x)
    best = np.clip(x - 0.4 * side(y) * np.sign(model.weight.data[:, 0]), 0, 1)
    for attack in (LINF["fgsm"], LINF["pgd"], LINF["pgd, random start"]):
        np.testing.assert_allclose(attack(gradient, x, y, 0.4), best, atol=1e-15)


@pytest.mark.parametrize(("norm", "attack"), [(1, LINF["fgsm"]), (1, LINF["pgd"]), (2, L2["pgd"])])
def test_minimal_epsilon_on_a_linear_model_is_the_score_over_the_norm(
    norm: int, attack: Attack, rng: np.random.Generator
) -> None:
    model, gradient, predict = linear_model(rng)
    x = rng.uniform(0.3, 0.7, (40, 4))
    x[0] = 0.5 + 1e-9 * np.sign(model.weight.data[:, 0])  # hardly on the yes side
    exact = np.abs(model(x)[:, 0]) / np.linalg.norm(model.weight.data[:, 0], ord=norm)
    assert exact.max() < 0.3
    for tolerance in (0.05, 1e-3, 1e-6):
        found = minimal_epsilon(
            lambda x, y, e: attack(gradient, x, y, e), predict, x, predict(x), tolerance=tolerance
        )
        assert (found >= exact - 1e-12).all() and (found <= exact + tolerance + 1e-12).all()


def assert_success_never_falls(attack: Attack, rng: np.random.Generator) -> None:
    _, gradient, predict = linear_model(rng)
    x = rng.random((200, 4))
    y = predict(x)
    fooled_before = np.zeros(200, dtype=bool)
    for epsilon in np.linspace(0, 1, 21):
        fooled = predict(attack(gradient, x, y, epsilon)) != y
        assert not (fooled_before & ~fooled).any(), f"fooled, and at epsilon {epsilon} no longer"
        fooled_before = fooled
    assert fooled_before.mean() > 0.9


@pytest.mark.parametrize("name", ["fgsm", "pgd", "pgd, random start"])
def test_success_never_falls_as_epsilon_grows_on_a_linear_model(name: str, rng: np.random.Generator) -> None:
    assert_success_never_falls(LINF[name], rng)


def test_success_never_falls_in_l2(rng: np.random.Generator) -> None:
    # inside the box there is nothing to be in the way: a radius of 0.5 from the middle
    _, gradient, predict = linear_model(rng)
    x = rng.uniform(0.45, 0.55, (200, 4))
    y, before = predict(x), np.zeros(200, dtype=bool)
    for epsilon in np.linspace(0, 0.4, 15):
        fooled = predict(L2["pgd"](gradient, x, y, epsilon)) != y
        assert not (before & ~fooled).any()
        before = fooled
    assert before.all()


@pytest.mark.parametrize(
    "faulty",
    [
        lambda g, x, y, e: np.clip(x + e * (1 - e) * np.sign(g(x, y)), 0, 1),  # turns round at 1/2
        lambda g, x, y, e: np.mod(x + e * np.sign(g(x, y)), 1.0),  # wraps round in place of clipping
    ],
)
def test_success_that_falls_is_noticed(faulty: Attack, rng: np.random.Generator) -> None:
    with pytest.raises(AssertionError, match="no longer"):
        assert_success_never_falls(faulty, rng)


def test_random_noise_of_the_same_size_does_far_less(rng: np.random.Generator) -> None:
    _, gradient, predict = linear_model(rng, pixels=400)
    x = rng.random((200, 400))
    y = predict(x)
    assert np.mean(predict(fgsm(gradient, x, y, 0.1)) == y) < 0.05
    assert np.mean(predict(random_noise(x, 0.1, rng)) == y) > 0.85


# -- the ball and the box


def assert_inside(attack: Attack, norm: float, epsilon: Any, x: Floats, y: Array) -> None:
    changed = attack(gradient_by_input(copy.deepcopy(trained()).astype(x.dtype)), x, y, epsilon)
    assert changed.dtype == x.dtype and changed.shape == x.shape, "another dtype or shape"
    assert not np.shares_memory(changed, x), "written into its input"
    assert changed.min() >= 0 and changed.max() <= 1, "outside the box"
    change = changed.astype(np.float64) - x
    size = np.abs(change).max(axis=1) if norm == np.inf else np.sqrt((change * change).sum(axis=1))
    slack = np.finfo(x.dtype).eps if norm == np.inf else 8 * np.finfo(x.dtype).eps
    assert (size <= np.asarray(epsilon) + slack).all(), "outside the ball"
    assert (size > 0).all() or np.min(epsilon) == 0, "not moved"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("epsilon", [0, 1e-6, 0.1, 0.5, 3.0])
@pytest.mark.parametrize(("name", "norm", "attack"), ATTACKS)
def test_results_stay_in_the_ball_and_in_the_box(
    name: str, norm: float, attack: Attack, epsilon: float, dtype: type
) -> None:
    assert_inside(attack, norm, epsilon, X[:100].astype(dtype), Y[:100])


@pytest.mark.parametrize(("name", "norm", "attack"), ATTACKS)
def test_an_epsilon_for_each_sample_is_kept_for_each(name: str, norm: float, attack: Attack) -> None:
    epsilon = np.linspace(0, 0.5, 100)
    assert_inside(attack, norm, epsilon, X[:100], Y[:100])
    gradient = gradient_by_input(trained())
    both = attack(gradient, X[:2], Y[:2], np.array([0.2, 0.2]))
    np.testing.assert_array_equal(both, attack(gradient, X[:2], Y[:2], 0.2))


def test_zero_leaves_everything_as_it_is() -> None:
    for _, _, attack in ATTACKS:
        np.testing.assert_array_equal(attack(gradient_by_input(trained()), X[:9], Y[:9], 0), X[:9])


FAULTS: dict[str, tuple[float, Attack, str]] = {
    "not clipped": (np.inf, lambda g, x, y, e: x + np.float32(e) * np.sign(g(x, y)), "box"),
    "too far": (
        np.inf,
        lambda g, x, y, e: np.clip(x + np.float32(1.01 * e) * np.sign(g(x, y)), 0, 1),
        "ball",
    ),
    "never projected": (
        np.inf,
        lambda g, x, y, e: fgsm(g, fgsm(g, x, y, e), y, e),
        "ball",
    ),
    "the wrong norm": (2, lambda g, x, y, e: pgd(g, x, y, e, rng=None, norm=np.inf), "ball"),
    "float64": (np.inf, lambda g, x, y, e: fgsm(g, x, y, e).astype(np.float64), "another dtype"),
    "in place": (np.inf, lambda g, x, y, e: np.clip(x + np.float32(e), 0, 1, out=x), "written into"),
    "does nothing": (np.inf, lambda g, x, y, e: x.copy(), "not moved"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_attack_is_found_outside(fault: str) -> None:
    norm, attack, message = FAULTS[fault]
    with pytest.raises(AssertionError, match=message):
        assert_inside(attack, norm, 0.1, X[:100].copy(), Y[:100])


def test_inputs_of_any_shape_are_attacked(rng: np.random.Generator) -> None:
    images = rng.random((5, 2, 3, 4))
    gradient = rng.standard_normal(images.shape)
    for norm in (np.inf, 2):
        flat = pgd(
            lambda x, y: gradient.reshape(5, 24), images.reshape(5, 24), Y[:5], 0.1, rng=None, norm=norm
        )
        deep = pgd(lambda x, y: gradient, images, Y[:5], 0.1, rng=None, norm=norm)
        np.testing.assert_allclose(deep.reshape(5, 24), flat)


def test_random_starts_differ_and_come_from_the_generator_alone() -> None:
    def nothing(x: Floats, y: Array) -> Floats:
        return np.zeros_like(x)

    x, y = np.full((200, 3), 0.5), np.zeros(200, dtype=int)
    for norm in (np.inf, 2):
        with pytest.warns(UserWarning, match="100% of the samples"):
            one, same, other = (
                pgd(nothing, x, y, 0.2, rng=np.random.default_rng(seed), norm=norm) for seed in (0, 0, 1)
            )
        np.testing.assert_array_equal(one, same)
        assert (one != other).all()
        change = one - x
        size = np.abs(change).max(axis=1) if norm == np.inf else np.linalg.norm(change, axis=1)
        # uniform in the ball: the share inside radius r is (r / 0.2)³
        for radius in (0.1, 0.15):
            assert np.mean(size < radius) == pytest.approx((radius / 0.2) ** 3, abs=0.08)
        assert np.abs(change.mean(axis=0)).max() < 0.03


# -- a gradient of 0


@pytest.mark.parametrize(("name", "norm", "attack"), ATTACKS[:3] + ATTACKS[4:])
def test_a_gradient_of_zero_gives_no_nan(name: str, norm: float, attack: Attack) -> None:
    gradient = gradient_by_input(trained())

    def blind_to_the_first(x: Floats, y: Array) -> Floats:
        g = gradient(x, y)
        g[0] = 0
        return g

    with pytest.warns(UserWarning, match="for 25% of the samples the gradient is exactly 0"):
        changed = attack(blind_to_the_first, X[:4], Y[:4], 0.1)
    assert np.isfinite(changed).all()
    assert (changed[1:] != X[1:4]).any(axis=1).all()
    if "random" not in name:
        np.testing.assert_array_equal(changed[0], X[0])


def test_a_few_flat_places_are_no_news_and_a_tenth_is() -> None:
    def flat_at_the_first(n: int) -> InputGradient:
        return lambda x, y: np.where(np.arange(len(x))[:, None] < n, 0, np.ones_like(x))

    x, y = np.full((40, 3), 0.5), np.zeros(40, dtype=int)
    for attack in (fgsm, functools.partial(pgd, rng=None)):
        attack(flat_at_the_first(3), x, y, 0.1)  # a warning would be an error here
        with pytest.warns(UserWarning, match="for 10% of the samples"):
            attack(flat_at_the_first(4), x, y, 0.1)


@pytest.mark.parametrize("factor", [1e-38, 1e-30, 1e-20, 1e20, 1e30])
def test_the_size_of_the_gradient_does_not_matter(factor: float) -> None:
    # squared, such numbers are 0 or infinite in float32
    g = np.random.default_rng(0).choice([-1, 1], (5, 64)).astype(np.float32) + np.float32(0.5)
    for _, _, attack in ATTACKS[:3] + ATTACKS[4:]:
        small = attack(lambda x, y: g * np.float32(factor), X[:5], Y[:5], 0.1)
        np.testing.assert_allclose(small, attack(lambda x, y: g, X[:5], Y[:5], 0.1), atol=1e-6)


def test_a_gradient_in_float64_that_float32_cannot_hold_points_the_same_way() -> None:
    g = np.random.default_rng(0).standard_normal((5, 64))
    for _, _, attack in ATTACKS[:3] + ATTACKS[4:]:
        changed = attack(lambda x, y: 1e-60 * g, X[:5], Y[:5], 0.1)
        assert changed.dtype == np.float32
        np.testing.assert_allclose(changed, attack(lambda x, y: g, X[:5], Y[:5], 0.1), atol=1e-6)


def test_a_network_that_rounds_its_gradient_away_seems_safe_and_is_said_not_to_be() -> None:
    # the same decisions with logits 10,000 times as large: every probability is 0 or 1 in float32
    net, masked = trained(), mlp([64, 30, 10], np.random.default_rng(0))
    masked.load_state_dict(net.state_dict())
    for p in masked[2].parameters():
        p.data *= np.float32(1e4)
    right = classify(net)(X) == Y
    x, y = X[right], Y[right]
    for attack in (fgsm, functools.partial(pgd, rng=None)):
        with pytest.warns(UserWarning, match=r"(9\d|100)% of the samples the gradient is exactly 0") as said:
            seems = attack(gradient_by_input(masked), x, y, 0.2)
        assert len(said) == 1
        assert np.mean((seems == x).all(axis=1)) > 0.9
        assert share_right(masked, seems, y) > 0.9
    # what the warning says to do, at this network's size of scores
    softer = gradient_by_input(masked, lambda z, y: cross_entropy(z / 10_000, y))
    assert share_right(masked, fgsm(softer, x, y, 0.2), y) < 0.3
    assert share_right(masked, fgsm(gradient_by_input(net), x, y, 0.2), y) < 0.3


# -- one network, many attacks


def assert_pgd_is_at_least_as_strong(attack: Attack) -> None:
    net = trained()
    gradient = gradient_by_input(net)
    for epsilon in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3):
        assert share_right(net, attack(gradient, X, Y, epsilon)) <= share_right(
            net, fgsm(gradient, X, Y, epsilon)
        ), f"weaker at epsilon {epsilon}"


@pytest.mark.parametrize("name", ["pgd", "pgd, random start"])
def test_fgsm_is_never_stronger_than_pgd_over_a_set(name: str) -> None:
    assert_pgd_is_at_least_as_strong(LINF[name])


@pytest.mark.parametrize(
    "faulty",
    [
        LINF["noise"],
        lambda g, x, y, e: pgd(g, x, y, e, rng=None, steps=1, step_size=e / 2),
        lambda g, x, y, e: pgd(g, x, y, e, rng=None, norm=2),
        lambda g, x, y, e: pgd(targeted(g), x, y, e, rng=None),
    ],
)
def test_a_weak_pgd_is_noticed(faulty: Attack) -> None:
    with pytest.raises(AssertionError, match="weaker"):
        assert_pgd_is_at_least_as_strong(faulty)


def test_one_full_step_of_pgd_from_x_is_fgsm() -> None:
    gradient = gradient_by_input(trained())
    one = pgd(gradient, X, Y, 0.1, rng=None, steps=1)
    np.testing.assert_allclose(one, fgsm(gradient, X, Y, 0.1), atol=1e-7)


def assert_batch_and_one_by_one_agree(attack: Attack) -> None:
    net = Sequential(Linear(64, 20, np.random.default_rng(0)), BatchNorm1d(20), Tanh())
    net = Sequential(*net, Linear(20, 10, np.random.default_rng(1))).astype(np.float64)
    for x in (X[:50], X[50:100]):
        net.forward(x.astype(np.float64))  # running statistics of their own
    gradient, x, y = gradient_by_input(net), X[:20].astype(np.float64), Y[:20]
    alone = [attack(gradient, x[i : i + 1], y[i : i + 1], 0.1) for i in range(20)]
    np.testing.assert_allclose(attack(gradient, x, y, 0.1), np.concatenate(alone), rtol=1e-9)


@pytest.mark.parametrize("attack", [LINF["fgsm"], LINF["pgd"], L2["pgd"]])
def test_a_batch_and_one_by_one_agree(attack: Attack) -> None:
    assert_batch_and_one_by_one_agree(attack)


@pytest.mark.parametrize(
    "faulty",
    [
        lambda g, x, y, e: np.clip(x + e * g(x, y) / np.abs(g(x, y)).max(), 0, 1),  # the batch's largest
        lambda g, x, y, e: np.clip(x + e * np.sign(g(x, y).mean(axis=0)), 0, 1),  # one for all
        lambda g, x, y, e: np.clip(x + e * g(x, y), 0, 1),  # a 1/N in it
    ],
)
def test_an_attack_that_mixes_its_samples_is_noticed(faulty: Attack) -> None:
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_batch_and_one_by_one_agree(faulty)


def test_targeted_attacks_reach_the_label_that_is_wanted() -> None:
    net = trained()
    gradient = gradient_by_input(net)
    wanted = (Y + 3) % 10
    for attack in (LINF["pgd"], LINF["pgd, random start"]):
        assert share_right(net, attack(targeted(gradient), X, wanted, 0.4), wanted) > 0.9
        assert share_right(net, attack(gradient, X, wanted, 0.4), wanted) < 0.1  # uphill is away from it


# -- noise, the control


def test_random_noise_is_plus_or_minus_epsilon_half_and_half(rng: np.random.Generator) -> None:
    x = np.full((100, 100), 0.5, dtype=np.float32)
    change = random_noise(x, 0.25, rng) - x
    assert set(np.unique(change).tolist()) == {-0.25, 0.25}
    assert np.mean(change > 0) == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match="random_noise: expected epsilon to be a finite number"):
        random_noise(x, -1, rng)
    with pytest.raises(TypeError, match="random_noise: expected float32 or float64"):
        random_noise(DIGITS.x_test, 0.1, rng)
