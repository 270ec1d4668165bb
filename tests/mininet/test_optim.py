"""Optimisers follow their formulas, keep float32, and refuse what cannot be right."""

import math
from typing import Any

import numpy as np
import pytest

from mininet import nn
from mininet.layers import Parameter, mlp
from mininet.optim import SGD, Adam, Optimizer
from mininet.tensor import Tensor


def parameter(
    values: list[float], gradient: list[float] | None = None, dtype: type = np.float64
) -> Parameter:
    p = Parameter(np.array(values, dtype=dtype))
    p.grad = None if gradient is None else np.array(gradient, dtype=dtype)
    return p


def test_sgd_subtracts_lr_times_gradient() -> None:
    p = parameter([1.0, -2.0], [0.5, -0.25])
    SGD([p], lr=0.1).step()
    np.testing.assert_allclose(p.data, [0.95, -1.975], rtol=1e-15)


def test_momentum_by_hand() -> None:
    # v: 2, then 0.5·2 + 2 = 3, then 0.5·3 + 2 = 3.5; p falls by 0.1·v
    p = parameter([1.0], [2.0])
    sgd = SGD([p], lr=0.1, momentum=0.5)
    seen = []
    for _ in range(3):
        sgd.step()
        seen.append(p.data[0])
    np.testing.assert_allclose(seen, [0.8, 0.5, 0.15], rtol=1e-12)


def test_nesterov_by_hand() -> None:
    # v as above; the step is 0.1·(g + 0.5·v): 0.3, then 0.35
    p = parameter([1.0], [2.0])
    sgd = SGD([p], lr=0.1, momentum=0.5, nesterov=True)
    sgd.step()
    np.testing.assert_allclose(p.data, [0.7], rtol=1e-12)
    sgd.step()
    np.testing.assert_allclose(p.data, [0.35], rtol=1e-12)


def test_weight_decay_adds_a_share_of_the_parameter_to_the_gradient() -> None:
    # g = 2 + 0.1·10 = 3
    p = parameter([10.0], [2.0])
    SGD([p], lr=0.5, weight_decay=0.1).step()
    np.testing.assert_allclose(p.data, [8.5], rtol=1e-12)


def test_weight_decay_enters_the_velocity() -> None:
    # first: g = 3, v = 3, p = 10 - 0.5·3 = 8.5; then g = 2.85, v = 1.5 + 2.85 = 4.35, p = 6.325
    p = parameter([10.0], [2.0])
    sgd = SGD([p], lr=0.5, momentum=0.5, weight_decay=0.1)
    sgd.step()
    sgd.step()
    np.testing.assert_allclose(p.data, [6.325], rtol=1e-12)


def test_step_leaves_the_gradient_as_it_was() -> None:
    p = parameter([1.0], [2.0])
    sgd = SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.5)
    sgd.step()
    sgd.step()
    assert p.grad is not None
    assert p.grad[0] == 2.0


def test_first_step_of_adam_has_length_lr_whatever_the_gradient() -> None:
    p = parameter([0.0, 0.0, 0.0], [1e-3, -5.0, 1e4])
    Adam([p], lr=0.01).step()
    np.testing.assert_allclose(p.data, [-0.01, 0.01, -0.01], rtol=1e-4)


def test_adam_is_algorithm_1_of_its_paper() -> None:
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(5, 3))
    p = parameter([0.3, -0.2, 0.1], None)
    adam = Adam([p], lr=0.05, betas=(0.8, 0.95), eps=1e-6)
    theta, m, v = p.data.copy(), np.zeros(3), np.zeros(3)
    for t, g in enumerate(gradients, start=1):
        p.grad = g
        adam.step()
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        theta = theta - 0.05 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-6)
        np.testing.assert_allclose(p.data, theta, rtol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda ps: SGD(ps, lr=np.float64(0.1)),  # type: ignore[arg-type]
        lambda ps: SGD(ps, lr=0.1, momentum=0.9),
        lambda ps: SGD(ps, lr=0.1, momentum=np.float64(0.9), nesterov=True, weight_decay=np.float64(1e-4)),
        lambda ps: Adam(ps, lr=np.float64(1e-3)),
    ],
)
def test_float32_stays_float32(make) -> None:  # type: ignore[no-untyped-def]
    p = parameter([1.0, 2.0], [0.5, 0.5], np.float32)
    optimizer = make([p])
    for _ in range(3):
        optimizer.step()
    assert p.data.dtype == np.float32
    buffers = [*getattr(optimizer, "_velocities", []), *getattr(optimizer, "_squares", [])]
    assert all(buffer.dtype == np.float32 for buffer in buffers)


def test_zero_grad_forgets_every_gradient() -> None:
    ps = [parameter([1.0], [1.0]), parameter([1.0], [1.0])]
    SGD(ps, lr=0.1).zero_grad()
    assert [p.grad for p in ps] == [None, None]


def test_momentum_rolls_down_a_long_valley_faster() -> None:
    # a bowl 50 times steeper across than along: plain descent crawls along the floor
    def height_after(momentum: float) -> float:
        p = parameter([10.0, 1.0], None)
        sgd = SGD([p], lr=0.03, momentum=momentum)
        for _ in range(80):
            p.grad = np.array([1.0, 50.0]) * p.data
            sgd.step()
        return float(0.5 * (np.array([1.0, 50.0]) * p.data**2).sum())

    assert height_after(0.8) < height_after(0.0) / 100


def test_a_generator_of_parameters_is_kept() -> None:
    p = parameter([1.0], [1.0])
    sgd = SGD((q for q in [p]), lr=0.5)
    sgd.step()
    sgd.step()
    assert p.data[0] == 0.0


@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan, math.inf])
@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_learning_rate_must_be_positive_and_finite(optimizer: type[Optimizer], lr: float) -> None:
    with pytest.raises(ValueError, match=f"{optimizer.__name__}: expected lr to be a finite number above 0"):
        optimizer([parameter([1.0], None)], lr=lr)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_no_parameters_is_an_error(optimizer: type[Optimizer]) -> None:
    with pytest.raises(ValueError, match=r"is empty; did you pass net\.parameters\(\)\?"):
        optimizer([], lr=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 1.0}, "expected momentum to be a finite number of at least 0 and below 1, got 1.0"),
        ({"momentum": -0.1}, "expected momentum to be a finite number of at least 0 and below 1, got -0.1"),
        ({"nesterov": True}, "Nesterov's form needs a momentum above 0"),
        ({"weight_decay": -1e-4}, "expected weight_decay to be a finite number of at least 0, got -0.0001"),
        ({"weight_decay": math.nan}, "expected weight_decay to be a finite number of at least 0, got nan"),
    ],
)
def test_sgd_refuses_options_that_make_no_sense(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SGD([parameter([1.0], None)], lr=0.1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("betas", [(1.0, 0.999), (0.9, -0.1)])
def test_adam_refuses_betas_outside_their_range(betas: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="expected betas to be a finite number of at least 0 and below 1"):
        Adam([parameter([1.0], None)], betas=betas)


@pytest.mark.parametrize("eps", [0.0, -1e-8, math.nan])
def test_adam_refuses_an_eps_that_would_divide_by_zero(eps: float) -> None:
    with pytest.raises(ValueError, match="expected eps to be a finite number above 0"):
        Adam([parameter([1.0], None)], eps=eps)


def test_adam_leaves_a_parameter_without_slope_where_it_is() -> None:
    p = parameter([3.0], [0.0])
    Adam([p]).step()
    assert p.data[0] == 3.0


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_step_that_fails_has_changed_nothing(optimizer: type[Optimizer]) -> None:
    ps = [parameter([1.0], [1.0]), parameter([1.0, 2.0], [1.0])]  # NumPy would broadcast the second gradient
    with pytest.raises(
        ValueError, match=r"as gradient of parameter 1 an array of its shape \(2,\), got \(1,\)"
    ):
        optimizer(ps, lr=0.1).step()
    assert ps[0].data[0] == 1.0


# -- what is given to an optimiser


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_parameter_that_no_gradient_reached_is_named_once_and_left_as_it_is(
    optimizer: type[Optimizer],
) -> None:
    ps = [parameter([1.0], [1.0]), parameter([1.0, 2.0], None)]
    made = optimizer(ps, lr=0.1)
    with pytest.warns(UserWarning, match=r"no gradient reached parameter 1 of shape \(2,\)") as said:
        made.step()
        made.step()
    assert len(said) == 1
    assert ps[0].data[0] < 1.0
    np.testing.assert_array_equal(ps[1].data, [1.0, 2.0])


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_frozen_parameter_is_passed_over_in_silence(optimizer: type[Optimizer]) -> None:
    ps = [parameter([1.0], [1.0]), parameter([1.0], None)]
    ps[1].requires_grad = False
    optimizer(ps, lr=0.1).step()
    assert ps[0].data[0] < 1.0 and ps[1].data[0] == 1.0


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_step_without_any_gradient_says_what_may_be_the_reason(optimizer: type[Optimizer]) -> None:
    unrelated, w = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    (w * w).sum().backward()
    with pytest.raises(
        RuntimeError, match=r"none of 1 parameters .*Call backward\(\) first; if you have, the loss"
    ):
        optimizer([unrelated], lr=0.1).step()


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_parameter_given_twice_is_stepped_once(optimizer: type[Optimizer]) -> None:
    once, twice = parameter([1.0], [0.5]), parameter([1.0], [0.5])
    optimizer([once], lr=0.1).step()
    optimizer([twice, parameter([1.0], [0.5]), twice], lr=0.1).step()
    assert once.data[0] == twice.data[0]


def results() -> dict[str, tuple[Any, type[Exception], str]]:
    w = Tensor([1.0, 2.0], requires_grad=True)
    scaled = w * 0.1
    return {
        "result": ([w, scaled], ValueError, r"parameter 1 of shape \(2,\) is the result of an operation"),
        "a row of a leaf": ([w[0]], ValueError, "is the result of an operation"),
        "alone": (w, TypeError, r"got one alone; write \[w\]"),
        "by hand, alone": (parameter([1.0]), TypeError, r"got one alone; write \[w\]"),
        "a network": (nn.mlp([2, 1], np.random.default_rng(0)), TypeError, r"pass net\.parameters\(\)"),
        "by hand, a network": (mlp([2, 1], np.random.default_rng(0)), TypeError, r"pass net\.parameters\(\)"),
        "arrays": ([np.ones(2)], TypeError, r"got ndarray at place 0\. Of an array .*Parameter\(array\)"),
        "nothing": (None, TypeError, "expected a list of parameters, got None"),
        "one array": (np.ones((2, 2)), TypeError, "got ndarray at place 0"),
        "a state": (mlp([2, 1], np.random.default_rng(0)).state_dict(), TypeError, "got str at place 0"),
        "whole numbers": ([Tensor(np.ones(2, dtype=int))], TypeError, "float64 as parameter 0, got int64"),
    }


@pytest.mark.parametrize("case", results())
@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_what_cannot_be_optimised_is_named_when_it_is_given(optimizer: type[Optimizer], case: str) -> None:
    given, kind, message = results()[case]
    with pytest.raises(kind, match=f"{optimizer.__name__}: .*{message}"):
        optimizer(given, lr=0.1)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_read_only_array_is_refused_and_its_copy_trained(optimizer: type[Optimizer]) -> None:
    """The array of a recorded result is read-only, and what shares it cannot be stepped."""
    p = parameter([1.0, 2.0], [1.0, 1.0])
    p.data.setflags(write=False)
    with pytest.raises(ValueError, match=r"read-only, .*Tensor\(t\.data\.copy\(\), requires_grad=True\)"):
        optimizer([p], lr=0.1)
    copy = Tensor(p.data.copy(), requires_grad=True)
    (copy * copy).sum().backward()
    optimizer([copy], lr=0.1).step()
    assert (copy.data < p.data).all()


def test_adam_counts_each_parameters_own_steps() -> None:
    """As PyTorch does: a first step has length lr, also where others have taken many before."""
    late, always = parameter([1.0], None), parameter([1.0], [0.5])
    late.requires_grad = False
    adam = Adam([always, late], lr=0.1)
    for _ in range(5):
        adam.step()
    late.requires_grad, late.grad = True, np.array([0.5])
    adam.step()
    assert late.data[0] == pytest.approx(0.9)


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.array(0.5), 0.5])
def test_numbers_may_be_numpys(number: Any) -> None:
    ps = [Parameter(np.ones(1, dtype=np.float32)) for _ in range(2)]
    for p, optimizer in zip(
        ps,
        (
            SGD([ps[0]], number, momentum=number, weight_decay=number),
            Adam([ps[1]], number, (number, number), number),
        ),
        strict=True,
    ):
        p.grad = np.ones(1, dtype=np.float32)
        optimizer.step()
        assert p.data.dtype == np.float32 and type(optimizer.lr) is float


@pytest.mark.parametrize("wrong", ["0.1", True, None, np.array([0.1]), 1j])
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="SGD: expected lr to be a finite number above 0, got"):
        SGD([parameter([1.0])], lr=wrong)


def test_the_base_class_has_no_rule_of_its_own() -> None:
    with pytest.raises(NotImplementedError):
        Optimizer([parameter([1.0], [1.0])], lr=0.1).step()
