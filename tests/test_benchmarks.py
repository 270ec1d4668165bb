"""The benchmark compares like with like: every implementation takes the same training step."""

import numpy as np
import pytest

from benchmarks.frameworks import mininet_step
from benchmarks.nets import NETS, Net
from benchmarks.raw_numpy import make_step
from benchmarks.steps import measure


@pytest.mark.parametrize("net", NETS, ids=str)
def test_mininet_and_raw_numpy_take_the_same_steps(net: Net) -> None:
    start = net.start()
    ours, raw = mininet_step(net, *start), make_step(net, *start)
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
