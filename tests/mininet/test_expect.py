"""Expectations: what each lets through, what it refuses, and that one wording serves everybody."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mininet import expect, functional, init, layers, losses, nn, training
from mininet.attacks import fgsm, random_noise
from mininet.neuron import Neuron
from mininet.tensor import Tensor

RNG = np.random.default_rng(0)
F32 = np.ones((2, 3), dtype=np.float32)
NUMBERS: list[Any] = [0.5, np.float32(0.5), np.float64(0.5), np.float16(0.5), np.array(0.5)]
WHOLE: list[Any] = [2, np.int64(2), np.uint8(2), np.array(2)]


@pytest.mark.parametrize("value", [*NUMBERS, *WHOLE])
def test_a_number_may_be_numpys_and_comes_back_as_pythons(value: Any) -> None:
    number = expect.number("f", "x", value)
    assert type(number) is float and number == value


@pytest.mark.parametrize("value", WHOLE)
def test_a_whole_number_may_be_numpys_and_comes_back_as_pythons(value: Any) -> None:
    assert type(expect.whole("f", "n", value)) is int


@pytest.mark.parametrize(
    "value", ["1", None, True, np.True_, 1j, [1], np.array([1.0]), np.datetime64("2020")]
)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="f: expected x to be a finite number, got "):
        expect.number("f", "x", value)
    with pytest.raises(TypeError, match="f: expected x to be a whole number of at least 1, got "):
        expect.whole("f", "x", value)


@pytest.mark.parametrize("value", [0, -1, 3, 4, np.nan, np.inf, -np.inf])
def test_limits_are_kept(value: float) -> None:
    with pytest.raises(ValueError, match=r"f: expected x to be a finite number above 0 and below 3, got"):
        expect.number("f", "x", value, above=0, below=3)
    assert expect.number("f", "x", 3, least=0, most=3) == 3 and expect.number("f", "x", 0, least=0) == 0


# every setting of the package's that is a number, at numbers of NumPy's
SETTINGS: dict[str, Callable[[Any], Any]] = {
    "Dropout": lambda v: layers.Dropout(v, RNG).forward(F32),
    "nn.Dropout": lambda v: nn.Dropout(v, RNG)(F32).data,
    "functional.dropout": lambda v: functional.dropout(Tensor(F32), v, RNG).data,
    "BatchNorm1d momentum": lambda v: layers.BatchNorm1d(3, momentum=v).forward(F32),
    "BatchNorm1d eps": lambda v: layers.BatchNorm1d(3, eps=v).forward(F32),
    "nn.BatchNorm1d": lambda v: nn.BatchNorm1d(3, momentum=v, eps=v)(F32).data,
    "functional.batch_norm": lambda v: (
        functional.batch_norm(Tensor(F32), Tensor(F32[0]), Tensor(F32[0]), v)[0].data
    ),
    "LeakyReLU": lambda v: nn.LeakyReLU(v)(F32).data,
    "leaky_relu": lambda v: functional.leaky_relu(Tensor(F32), v).data,
    "noise": lambda v: training.noise(v, RNG, v)(F32, F32),
    "fgsm": lambda v: fgsm(lambda x, y: x, F32, np.zeros(2, dtype=int), v),
    "random_noise": lambda v: random_noise(F32, v, RNG),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("value", NUMBERS, ids=lambda v: type(v).__name__)
def test_settings_take_numpys_numbers_and_float32_stays_float32(setting: str, value: Any) -> None:
    assert SETTINGS[setting](value).dtype == np.float32


COUNTS: dict[str, Callable[[Any], Any]] = {
    "Linear": lambda v: layers.Linear(v, v, RNG),
    "nn.Linear": lambda v: nn.Linear(v, v, RNG),
    "mlp": lambda v: layers.mlp([v, v], RNG),
    "xavier": lambda v: init.xavier(v, v, RNG),
    "kaiming": lambda v: init.kaiming(v, v, RNG),
    "BatchNorm1d": lambda v: layers.BatchNorm1d(v),
    "nn.BatchNorm1d": lambda v: nn.BatchNorm1d(v),
    "predict": lambda v: training.predict(layers.ReLU(), F32, v),
}


@pytest.mark.parametrize("count", COUNTS)
def test_counts_take_numpys_whole_numbers_and_refuse_fractions(count: str) -> None:
    for value in WHOLE:
        COUNTS[count](value)
    for wrong in (2.0, np.float64(2), "2", None):
        with pytest.raises(TypeError, match="to be a whole number of at least 1, got"):
            COUNTS[count](wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: layers.mlp([2, 1], rng),
        lambda rng: nn.mlp([2, 1], rng),
        lambda rng: layers.Dropout(0.5, rng),
        lambda rng: nn.Dropout(0.5, rng),
        lambda rng: training.noise(0.5, rng),
        lambda rng: random_noise(F32, 0.1, rng),
    ],
)
@pytest.mark.parametrize("seed", [0, None, np.random.RandomState(0)])
def test_a_seed_in_place_of_a_generator_is_refused_in_one_wording(make: Any, seed: Any) -> None:
    with pytest.raises(
        TypeError, match=r"expected a generator, got .*\. Pass np\.random\.default_rng\(seed\)"
    ):
        make(seed)


# -- arrays and tensors


ON_TENSORS: dict[str, Callable[[Any], Any]] = {
    name: getattr(functional, name)
    for name in ("relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax")
} | {
    "linear": lambda x: functional.linear(x, Tensor(F32.T.copy())),
    "linear weight": lambda x: functional.linear(Tensor(F32), x),
    "linear bias": lambda x: functional.linear(Tensor(F32), Tensor(F32.T.copy()), x),
    "dropout": lambda x: functional.dropout(x, 0.5, RNG),
    "batch_norm": lambda x: functional.batch_norm(x, Tensor(F32[0]), Tensor(F32[0])),
    "batch_norm bias": lambda x: functional.batch_norm(Tensor(F32), Tensor(F32[0]), x),
    "pad": lambda x: functional.pad(x, [(0, 0), (1, 1)]),
    "mse": lambda x: functional.mse(x, F32),
    "binary_cross_entropy_with_logits": lambda x: functional.binary_cross_entropy_with_logits(x, F32),
    "cross_entropy": lambda x: functional.cross_entropy(x, np.zeros(2, dtype=int)),
    "nn.Flatten.forward": lambda x: nn.Flatten().forward(x),
    "nn.BatchNorm1d.forward": lambda x: nn.BatchNorm1d(3).forward(x),
    "nn.mlp.forward": lambda x: nn.mlp([3, 1], RNG).forward(x),
}


@pytest.mark.parametrize("function", ON_TENSORS)
@pytest.mark.parametrize("given", [F32, F32.tolist(), 1.0], ids=lambda v: type(v).__name__)
def test_functions_of_tensors_say_so_when_they_get_something_else(function: str, given: Any) -> None:
    message = f"expected a tensor, got {type(given).__name__}. Make it one: Tensor(...)."
    with pytest.raises(TypeError, match=re.escape(message)):
        ON_TENSORS[function](given)


ON_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "Linear": lambda x: layers.Linear(3, 1, RNG)(x),
    "mlp": lambda x: layers.mlp([3, 1], RNG)(x),
    "Sigmoid": lambda x: layers.Sigmoid()(x),
    "Tanh": lambda x: layers.Tanh()(x),
    "ReLU": lambda x: layers.ReLU()(x),
    "Flatten": lambda x: layers.Flatten()(x),
    "BatchNorm1d": lambda x: layers.BatchNorm1d(3)(x),
    "Dropout": lambda x: layers.Dropout(0.5, RNG)(x),
    "Dropout in eval mode": lambda x: layers.Dropout(0.5, RNG).eval()(x),
    "mse": lambda x: losses.mse(x, F32),
    "mse target": lambda x: losses.mse(F32, x),
    "binary_cross_entropy_with_logits": lambda x: losses.binary_cross_entropy_with_logits(x, F32),
    "cross_entropy": lambda x: losses.cross_entropy(x, np.zeros(2, dtype=int)),
    "cross_entropy labels": lambda x: losses.cross_entropy(F32, x),
    "accuracy": lambda x: training.accuracy(x, np.zeros(2, dtype=int)),
    "predict": lambda x: training.predict(layers.ReLU(), x),
    "fgsm": lambda x: fgsm(lambda x, y: x, x, np.zeros(2, dtype=int), 0.1),
    "Neuron": lambda x: Neuron([1, 1, 1]).predict(x),
    "Parameter": layers.Parameter,
}


@pytest.mark.parametrize("function", ON_ARRAYS)
def test_functions_of_arrays_name_the_place_of_tensors(function: str) -> None:
    with pytest.raises(TypeError, match=r"expected an array as .*, got Tensor\. Tensors go into mininet\.nn"):
        ON_ARRAYS[function](Tensor(F32))
    with pytest.raises(TypeError, match=r"expected an array as .*, got list\. Make it one: np\.array"):
        ON_ARRAYS[function](F32.tolist())


def test_no_module_words_for_itself_what_expect_says() -> None:
    """Sentences that several modules had, each in its own hand."""
    said = [
        "convert one: x.astype",
        "Pass np.random.default_rng",
        "Flatten the images",
        "expected a generator",
    ]
    package = Path(expect.__file__).parent
    mine = {
        p for p in package.rglob("*.py") if p.parent.name not in ("data", "tensor") and p.stem != "expect"
    }
    for path in mine:
        assert not [phrase for phrase in said if phrase in path.read_text()], path.name
