"""The explorers of the chapter on the framework: sliders, buttons and the reader's own module change what is shown."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mininet.functional as F
from mininet import layers, nn
from mininet.data import moons, spirals
from mininet.tensor import Tensor
from mininet_course.explorers import framework as module
from mininet_course.explorers.framework import build_explorer, built, halves_stepper, module_explorer
from tests.support.drawing import told

POINTS, SIDES = moons(60, np.random.default_rng(0))
SPIRALS, ARMS = spirals(60, np.random.default_rng(0))


def test_sliders_build_the_network_and_its_inventory(shown: list[list[str]]) -> None:
    view = build_explorer()
    assert told(shown[-1], "parameters") == "354 parameters"
    view.controls["width"].value = 32  # 2·32 + 32, 32·32 + 32, 32·2 + 2
    assert told(shown[-1], "parameters") == "1,218 parameters"
    view.controls["hidden"].value = 0
    assert told(shown[-1], "parameters") == "6 parameters"
    view.controls["task"].value = "MNIST, 784 → 10"
    assert told(shown[-1], "parameters") == "7,850 parameters"
    assert "nn.Linear(784, 10, rng)" in told(shown[-1], "net =")


def test_running_statistics_are_counted_apart(shown: list[list[str]]) -> None:
    view = build_explorer()
    view.controls["batch_norm"].value = True
    assert told(shown[-1], "parameters") == "418 parameters and 64 buffers"
    assert "running_mean" in shown[-1]


def test_the_code_shown_makes_the_network_shown() -> None:
    net, code = built([2, 5, 3], batch_norm=True, dropout=0.2)
    space = {"nn": nn, "rng": np.random.default_rng(0)}
    exec("\n".join(code), space)
    assert repr(space["net"]) == repr(net)


def pair(seed: int = 0) -> tuple[layers.Sequential, nn.Sequential]:
    return layers.mlp([2, 8, 2], np.random.default_rng(0)), nn.mlp([2, 8, 2], np.random.default_rng(seed))


def test_both_halves_step_together_and_start_again(shown: list[list[str]]) -> None:
    hand, auto = pair()
    view = halves_stepper(hand, auto, POINTS, SIDES)
    start = hand.state_dict()
    assert told(shown[-1], "steps:").startswith("after 0 steps")
    view.controls["10 steps"].click()
    view.controls["1 step"].click()
    title = told(shown[-1], "steps:")
    assert title.startswith("after 11 steps")
    if "last bit" not in title:  # a machine that adds up in another order
        assert float(title.split()[-1]) < 1e-5
    view.controls["start again"].click()
    assert told(shown[-1], "steps:").startswith("after 0 steps")
    assert all(np.array_equal(start[name], value) for name, value in hand.state_dict().items())


def test_stepping_lowers_both_losses(monkeypatch: pytest.MonkeyPatch, shown: list[list[str]]) -> None:
    seen: list[tuple[list[float], list[float]]] = []
    monkeypatch.setattr(module, "overlaid", lambda a, b, ax: seen.append((list(a), list(b))))
    view = halves_stepper(*pair(), POINTS, SIDES, steps=3)
    view.controls["100 steps"].click()
    by_hand, recorded = seen[-1]
    assert len(by_hand) == len(recorded) == 103
    assert by_hand[-1] < by_hand[0] / 2 and recorded[-1] < recorded[0] / 2


def test_different_starts_are_told_apart(shown: list[list[str]]) -> None:
    halves_stepper(*pair(seed=1), POINTS, SIDES)
    assert "last bit" not in told(shown[-1], "steps:")


def test_nets_of_different_shape_are_refused() -> None:
    hand, auto = layers.mlp([2, 8, 2], np.random.default_rng(0)), nn.mlp([2, 9, 2], np.random.default_rng(0))
    with pytest.raises(ValueError, match="the same parameters"):
        halves_stepper(hand, auto, POINTS, SIDES)


def test_the_readers_module_is_trained_and_drawn(shown: list[list[str]]) -> None:
    view = module_explorer(lambda rng: nn.mlp([2, 16, 2], rng), SPIRALS, ARMS)
    view.controls["adam"].value = True
    view.controls["steps"].value = 500
    share = told(shown[-1], "right").split(", ")[1]
    assert int(share.split("%")[0]) > 90
    view.controls["steps"].value = 0  # untrained: nothing to plot, and no error
    assert told(shown[-1], "right").startswith("82 parameters")


def test_a_module_with_dropout_is_drawn_in_eval_mode(shown: list[list[str]]) -> None:
    nets: list[nn.Module] = []

    def make(rng: np.random.Generator) -> nn.Module:
        nets.append(nn.Sequential(nn.Linear(2, 8, rng), nn.Dropout(0.5, rng), nn.Linear(8, 2, rng)))
        return nets[-1]

    module_explorer(make, SPIRALS, ARMS)
    assert not any(part.training for part in nets[-1].modules())


class Own(nn.Module):
    """A module whose forward is handed in."""

    def __init__(self, rng: np.random.Generator, forward: Callable[[Any, Tensor], Any]) -> None:
        self.used, self.unused = nn.Linear(2, 2, rng), nn.Linear(2, 2, rng)
        self.own = forward

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.own(self, x)
        return result


@pytest.mark.parametrize(
    ("forward", "error", "said"),
    [
        (lambda net, x: None, TypeError, "Is the return missing"),
        (lambda net, x: net.used(x).data, TypeError, "expected a tensor from your forward, got ndarray"),
        (lambda net, x: net.used(x)[:, 0], ValueError, r"\(60, 2\), got \(60,\)"),
        (lambda net, x: net.used(x), RuntimeError, "no gradient reaches unused.weight, unused.bias"),
        (lambda net, x: net.unused(net.used(x).detach()), RuntimeError, "used.weight, used.bias"),
        (lambda net, x: net.unused(net.used(x)) * np.nan, ArithmeticError, "before the first step"),
    ],
)
def test_what_is_wrong_with_a_module_is_said(
    forward: Callable[[Any, Tensor], Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        module_explorer(lambda rng: Own(rng, forward), SPIRALS, ARMS)


@pytest.mark.parametrize(
    ("made", "error", "said"),
    [
        (None, TypeError, "Is the return missing"),
        (layers.ReLU(), TypeError, r"got ReLU. Write class Mine\(nn.Module\)"),
        (nn.Sequential(nn.ReLU()), ValueError, "has no parameters"),
    ],
)
def test_what_is_no_trainable_module_is_refused(made: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        module_explorer(lambda rng: made, SPIRALS, ARMS)


def test_a_module_in_place_of_its_class_is_refused() -> None:
    with pytest.raises(TypeError, match=r"pass Mine, not Mine\(rng\)"):
        module_explorer(nn.Linear(2, 2, np.random.default_rng(0)), SPIRALS, ARMS)


def test_a_learning_rate_that_is_too_high_is_named_as_the_cause(shown: list[list[str]]) -> None:
    def cubed(net: Any, x: Tensor) -> Tensor:
        hidden: Tensor = net.used(x)
        result: Tensor = net.unused(hidden * hidden * hidden)
        return result

    view = module_explorer(lambda rng: Own(rng, cubed), SPIRALS, ARMS)
    view.controls["lr"].value = 3.0
    assert "lower learning rate" in view.picture.value


def test_a_later_fault_is_shown_in_the_pictures_place(shown: list[list[str]]) -> None:
    view = module_explorer(lambda rng: nn.mlp([2, 8, 2], rng), SPIRALS, ARMS)
    before = len(shown)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.F, "cross_entropy", lambda a, b, f=F.cross_entropy: f(a * float("inf"), b))
        view.controls["seed"].value = 1
    assert len(shown) == before and 'role="alert"' in view.picture.value
