"""Microseconds a training step: mininet by hand and on autograd, raw NumPy, PyTorch eager and JAX jit, in one run.

    python -m benchmarks.steps [--seconds 2]

float32, SGD, one thread each, the same weights and batch. The implementations take
turns in short rounds, so that a busy moment of the machine hits them all; the time of
each is the median of its rounds. First every one's losses are compared over ten steps:
different arithmetic is not worth timing.
"""

import os

# before NumPy, PyTorch and JAX are imported: each reads its threads at start
os.environ.update(
    OPENBLAS_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    JAX_PLATFORMS="cpu",
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
)

import argparse
import importlib.util
import platform
import statistics
import time

import numpy as np

from benchmarks.frameworks import autograd_step, jax_step, mininet_step, torch_step
from benchmarks.nets import NETS, Maker, Net, Step
from benchmarks.raw_numpy import make_step as raw_step
from mininet_course import console

ROUNDS = 30
# times raw NumPy's, for the large nets
TARGETS = {"mininet": 1.15, "autograd": 1.25}


def implementations() -> dict[str, Maker]:
    """Return those that are installed here, and say which are not."""
    found: dict[str, Maker] = {"mininet": mininet_step, "autograd": autograd_step, "raw NumPy": raw_step}
    for name, module, make in (("PyTorch", "torch", torch_step), ("JAX", "jax", jax_step)):
        if importlib.util.find_spec(module):
            found[name] = make
        else:
            print(f"{name} is not installed and left out: pip install -e '.[compare]' -c constraints.txt")
    return found


def microseconds(steps: dict[str, Step], seconds: float) -> dict[str, float]:
    """Return the median time of a step of each, measured in turns for ``seconds`` in all."""
    repeats = {}
    for name, step in steps.items():
        start = time.perf_counter()
        for _ in range(20):
            step()
        one = (time.perf_counter() - start) / 20
        repeats[name] = max(1, int(seconds / len(steps) / ROUNDS / one))
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                step()
            times[name].append((time.perf_counter() - start) / repeats[name] * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def measure(net: Net, makers: dict[str, Maker], seconds: float) -> dict[str, float]:
    """Return the microseconds of each implementation, after checking that all compute the same."""
    start = net.start()
    steps = {name: make(net, *start) for name, make in makers.items()}
    losses = {name: [step() for _ in range(10)] for name, step in steps.items()}
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses["raw NumPy"], rtol=1e-4, err_msg=f"{net}: {name}")
    return microseconds(steps, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8, help="time for each net (default: 8)")
    options = parser.parse_args()
    makers = implementations()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}; µs a step, median of {ROUNDS} rounds")
    ratios = "".join(f"{name + '/raw':>13}" for name in TARGETS)
    print(f"{'net':<46}" + "".join(f"{name:>11}" for name in makers) + ratios)
    for net in NETS:
        times = measure(net, makers, options.seconds)
        row = "".join(f"{t:>11.1f}" for t in times.values())
        ratios = "".join(f"{times[name] / times['raw NumPy']:>12.2f}×" for name in TARGETS)
        print(f"{net!s:<46}{row}{ratios}  {', '.join(shortfalls(net, times))}", flush=True)


def shortfalls(net: Net, times: dict[str, float]) -> list[str]:
    """Return what is slower than it should be: than its share over raw NumPy, or than PyTorch."""
    found = []
    for name, target in TARGETS.items():
        if net.large and times[name] / times["raw NumPy"] > target:
            found.append(f"{name} over {target}×")
        if "PyTorch" in times and times[name] > times["PyTorch"]:
            found.append(f"{name} slower than PyTorch")
    return found


if __name__ == "__main__":
    console.forgive()
    main()
