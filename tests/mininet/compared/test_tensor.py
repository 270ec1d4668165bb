"""Every operation, its rules at kinks, ties and extremes, and the layers agree with PyTorch's."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from mininet import functional as F
from mininet import nn
from mininet.tensor import Tensor, where
from tests.support.frameworks import needs
from tests.support.tensors import CASES, HERE, Case, run_here, torch_operations

pytestmark = pytest.mark.slow

needs("torch")


def gradients_there(
    torch: Any, run: Callable[..., Any], arrays: list[np.ndarray], cotangent: np.ndarray
) -> tuple[Any, list[Any]]:
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = run(torch_operations(torch), *inputs)
    out.backward(torch.from_numpy(np.array(cotangent)))
    return out, [x.grad for x in inputs]


@pytest.mark.parametrize("case", [c for c in CASES if c.in_torch], ids=str)
def test_value_gradient_shape_and_dtype(torch: Any, case: Case) -> None:
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-5)):
        arrays = case.inputs(dtype)
        out, cotangent, gradients = run_here(case.run, arrays, np.random.default_rng(0))
        theirs, their_gradients = gradients_there(torch, case.run, arrays, cotangent)
        assert str(theirs.dtype) == f"torch.{out.dtype}"
        assert tuple(theirs.shape) == out.shape
        np.testing.assert_allclose(out.data, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
        for ours, their in zip(gradients, their_gradients, strict=True):
            assert ours.shape == tuple(their.shape)
            np.testing.assert_allclose(ours, their.numpy(), rtol=tolerance, atol=tolerance)


Rule = Callable[[Any, Any], Any]
INFINITY = np.inf
KINKS: dict[str, tuple[Rule, list[float]]] = {
    "abs at 0": (lambda m, x: m.abs(x), [-1, 0, 1]),
    "relu at 0": (lambda m, x: m.relu(x), [-1, 0, 1]),
    "leaky relu at 0": (lambda m, x: m.leaky_relu(x), [-1, 0, 1]),
    "clip at its limits": (lambda m, x: x.clip(-1, 1), [-2, -1, 0, 1, 2]),
    "ties share a maximum": (lambda m, x: m.max(x), [3, 1, 3, 3]),
    "all tie": (lambda m, x: m.max(x, 0), [2, 2]),
    "sqrt at 0": (lambda m, x: m.sqrt(x), [0, 4]),
    "log at 0": (lambda m, x: m.log(x), [0, 1]),
    "1 / x at 0": (lambda m, x: 1 / x, [0, 2]),
    "x / y for tiny y": (lambda m, x: m.constant([1e-30, 1e-25], x) / x, [1e-30, 1e-25]),
    "x / y for huge y": (lambda m, x: m.constant([1e20, 1e30], x) / x, [1e20, 1e30]),
    "x ** 0 at 0": (lambda m, x: x**0, [0, 2]),
    "x ** 1 at 0": (lambda m, x: x**1, [0, 2]),
    "x ** 2 at 0": (lambda m, x: x**2, [0, -2]),
    "x ** 0.5 at 0": (lambda m, x: x**0.5, [0, 4]),
    "exp of far below and above": (lambda m, x: m.exp(x), [-1000, 80]),
    "tanh": (lambda m, x: m.tanh(x), [-1000, 0, 1000]),
    "sigmoid": (lambda m, x: m.sigmoid(x), [-1000, -80, 0, 80, 1000]),
    "softmax": (lambda m, x: m.softmax(x), [-1000, 0, 1000]),
    "softmax, all equal": (lambda m, x: m.softmax(x), [7, 7, 7]),
    "log softmax": (lambda m, x: m.log_softmax(x), [-1000, 0, 1000]),
    "log softmax of impossible": (lambda m, x: m.log_softmax(x), [-INFINITY, 0, 1]),
    "variance of equal entries": (lambda m, x: m.var(x), [5, 5, 5]),
}


@pytest.mark.parametrize("name", KINKS)
def test_rules_at_kinks_ties_and_extremes(torch: Any, name: str) -> None:
    run, values = KINKS[name]
    array = np.array(values, dtype=np.float32)
    with np.errstate(all="ignore"):
        out, cotangent, (gradient,) = run_here(run, [array], np.random.default_rng(1))
    theirs, (their_gradient,) = gradients_there(torch, run, [array], cotangent)
    # assert_allclose takes an infinity or a NaN for equal only to the same
    np.testing.assert_allclose(out.data, theirs.detach().numpy(), rtol=1e-6, atol=1e-37)
    np.testing.assert_allclose(gradient, their_gradient.numpy(), rtol=1e-6, atol=1e-37)


def test_the_one_difference_a_maximum_along_an_axis_shares_a_tie_where_theirs_picks_one(torch: Any) -> None:
    array = np.array([[3.0, 3.0]], dtype=np.float32)
    x, twin = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    x.max(axis=1).sum().backward()
    twin.max(dim=1).values.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[0.5, 0.5]]
    assert sorted(twin.grad.numpy().ravel()) == [0, 1]


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy_with_logits", "mse"])
def test_losses_of_huge_scores_and_probabilities_of_0_and_1(torch: Any, name: str, scale: float) -> None:
    scores = (scale * np.array([[1, -1, 0], [0, 0, 0], [-1, 1, 1]])).astype(np.float32)
    targets = np.array([[1, 1, 0], [0, 1, 0.5], [0, 1, 0]], dtype=np.float32)
    target = np.array([0, 2, 0]) if name == "cross_entropy" else targets
    x, twin = Tensor(scores, requires_grad=True), torch.tensor(scores, requires_grad=True)
    ours = getattr(F, name)(x, target)
    theirs = getattr(torch.nn.functional, {"mse": "mse_loss"}.get(name, name))(twin, torch.from_numpy(target))
    ours.backward()
    theirs.backward()
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(x.grad, twin.grad.numpy(), rtol=1e-5, atol=1e-8)


def test_a_nan_in_the_branch_not_taken(torch: Any) -> None:
    values = np.array([-1.0, 4.0], dtype=np.float32)
    x, twin = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    with np.errstate(invalid="ignore"):
        where(x > 0, x.sqrt(), 0.0).sum().backward()
        y = Tensor(values, requires_grad=True)
        where(y > 0, y.clip(1e-9).sqrt(), 0.0).sum().backward()
    torch.where(twin > 0, twin.sqrt(), 0.0).sum().backward()
    # 0 * NaN is NaN on the way on, here and there: the cure is to take the root of something positive
    np.testing.assert_array_equal(x.grad, twin.grad.numpy())
    assert x.grad is not None and np.isnan(x.grad[0]) and x.grad[1] == 0.25
    assert y.grad is not None and y.grad.tolist() == [0, 0.25]


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_a_network_with_batch_norm(torch: Any, mode: str) -> None:
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(5, 4, rng), nn.BatchNorm1d(4), nn.LeakyReLU(), nn.Linear(4, 3, rng))
    twin = torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.BatchNorm1d(4), torch.nn.LeakyReLU(), torch.nn.Linear(4, 3)
    )
    with torch.no_grad():
        for p, theirs in zip(net.parameters(), twin.parameters(), strict=True):
            p.data = rng.standard_normal(p.shape, dtype=np.float32)
            theirs.copy_(torch.from_numpy(p.data.T.copy()))
    labels = rng.integers(0, 3, 8)
    for _ in range(3):  # three batches move the running statistics
        x = rng.standard_normal((8, 5), dtype=np.float32)
        net.train()(x), twin.train()(torch.from_numpy(x))
    getattr(net, mode)(), getattr(twin, mode)()
    F.cross_entropy(net(x), labels).backward()
    torch.nn.functional.cross_entropy(twin(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
    for p, theirs in zip(net.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, theirs.grad.numpy().T, rtol=1e-4, atol=1e-6)
    for name in ("running_mean", "running_var"):
        np.testing.assert_allclose(getattr(net[1], name), getattr(twin[1], name).numpy(), rtol=1e-5)


def test_gradients_add_up_over_two_passes_and_a_kept_graph(torch: Any) -> None:
    values = np.array([1.0, -2.0, 3.0])
    results = []
    for make, m in ((partial(Tensor, requires_grad=True), HERE), (torch.tensor, torch_operations(torch))):
        x = make(values) if m is HERE else make(values, requires_grad=True)
        loss = m.sum(m.tanh(x) * x)
        loss.backward(retain_graph=True)
        loss.backward()
        m.sum(x * x).backward()
        results.append(np.asarray(x.grad))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)


def test_pytorch_warns_about_nothing_that_these_comparisons_do(torch: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.tensor([1.0], requires_grad=True).sum().backward()
