"""The benchmark compares like with like: every implementation takes the same training step."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.frameworks import autograd_step, mininet_step
from benchmarks.nets import NETS, Net
from benchmarks.raw_numpy import make_step
from benchmarks.steps import measure, shortfalls


@pytest.mark.parametrize("half", [mininet_step, autograd_step])
@pytest.mark.parametrize("net", NETS, ids=str)
def test_mininet_and_raw_numpy_take_the_same_steps(net: Net, half: Callable) -> None:
    start = net.start()
    ours, raw = half(net, *start), make_step(net, *start)
    np.testing.assert_allclose([ours() for _ in range(10)], [raw() for _ in range(10)], rtol=1e-4)


def test_different_arithmetic_is_not_timed() -> None:
    def wrong(net: Net, *start: object):
        return lambda: 0.0

    with pytest.raises(AssertionError, match="wrong"):
        measure(NETS[-1], {"raw NumPy": make_step, "wrong": wrong}, 0.01)


def test_times_are_positive_and_named() -> None:
    times = measure(NETS[-1], {"mininet": mininet_step, "raw NumPy": make_step}, 0.05)
    assert set(times) == {"mininet", "raw NumPy"}
    assert min(times.values()) > 0


def test_a_step_over_its_target_is_said() -> None:
    times = {"mininet": 1.1, "autograd": 1.3, "raw NumPy": 1.0, "PyTorch": 1.2}
    assert shortfalls(NETS[1], times) == ["autograd over 1.25×", "autograd slower than PyTorch"]
    assert shortfalls(NETS[-1], times) == ["autograd slower than PyTorch"]
