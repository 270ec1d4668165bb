"""What attacks refuse, in one clear sentence: inputs, labels, sizes, and what the given functions answer."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mininet.arrays import Array, Floats
from mininet.attacks import fgsm, gradient_by_input, minimal_epsilon, pgd, targeted, transfer_table
from mininet.layers import mlp
from tests.support.attacks import DIGITS, X, Y, by_attack

GRADIENT = {"good": lambda x, y: np.ones_like(x)}
CALLS: dict[str, Callable[..., Any]] = {
    "fgsm": lambda x, y, e, g: fgsm(g, x, y, e),
    "pgd": lambda x, y, e, g: pgd(g, x, y, e, rng=None),
    "minimal_epsilon": lambda x, y, e, g: minimal_epsilon(
        lambda x, y, _: fgsm(g, x, y, e), lambda x: np.zeros(len(x), dtype=int), x, y
    ),
    "transfer_table": lambda x, y, e, g: transfer_table(
        {"a": (g, lambda x: np.zeros(len(x), dtype=int))}, lambda g, x, y: fgsm(g, x, y, e), x, y
    ),
}
BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "bytes": ({"x": DIGITS.x_test[:3]}, TypeError, r"float32 or float64 as the input, got uint8\. .*to_unit"),
    "a list": ({"x": [[0.5]]}, TypeError, "an array as the input, got list"),
    "float16": ({"x": X[:3].astype(np.float16)}, TypeError, "got float16"),
    "one image": ({"x": X[0]}, ValueError, r"inputs \(N, \.\.\.\), got \(64,\)\. One input alone is x\[None\]"),
    "no image": ({"x": X[:0], "y": Y[:0]}, ValueError, r"inputs \(N, \.\.\.\), got \(0, 64\)"),
    "NaN": ({"x": np.full((3, 4), np.nan)}, ValueError, "inputs from 0 to 1, got nan to nan"),
    "not scaled": ({"x": 255 * X[:3]}, ValueError, r"inputs from 0 to 1, got 0\.0 to 255"),
    "below 0": ({"x": X[:3] - np.float32(0.1)}, ValueError, r"inputs from 0 to 1, got -0\.1"),
    "too few labels": ({"y": Y[:2]}, ValueError, r"labels, a whole number .*\(3,\), got \(2,\)"),
    "one-hot": ({"y": np.eye(10)[Y[:3]]}, ValueError, r"labels, .*\(3,\), got \(3, 10\)"),
    "float labels": ({"y": Y[:3] + 0.5}, TypeError, "whole numbers as labels, got float64"),
    "a list of labels": ({"y": [1, 2, 3]}, ValueError, r"labels, .*\(3,\), got list"),
    "a negative label": ({"y": np.array([0, -1, 2])}, ValueError, r"labels from 0, got -1"),
    "negative epsilon": ({"e": -0.1}, ValueError, r"epsilon to be a finite number of at least 0, got -0\.1"),
    "NaN for epsilon": ({"e": np.nan}, ValueError, "epsilon to be a finite number of at least 0, got nan"),
    "infinite epsilon": ({"e": np.inf}, ValueError, "epsilon to be a finite number of at least 0, got inf"),
    "one epsilon is NaN": ({"e": np.array([0.1, np.nan, 0.1])}, ValueError, "finite number of at least 0, got nan"),
    "text for epsilon": ({"e": "0.1"}, TypeError, "epsilon to be real numbers, got <U3"),
    "complex epsilons": ({"e": np.ones(3) * 1j}, TypeError, "epsilon to be real numbers, got complex128"),
    "no epsilon": ({"e": None}, TypeError, "epsilon to be real numbers, got object"),
    "two epsilons for three": ({"e": np.ones(2)}, ValueError, r"number or of shape \(3,\), got \(2,\)"),
    "epsilon a column": ({"e": np.ones((3, 1))}, ValueError, r"number or of shape \(3,\), got \(3, 1\)"),
    "gradient of None": ({"g": lambda x, y: None}, ValueError, r"the gradient function to return .*, got NoneType\."),
    "gradient by w": ({"g": lambda x, y: np.ones((64, 10))}, ValueError, r"shape \(3, 64\), got \(64, 10\)"),
    "gradient of one row": ({"g": lambda x, y: np.ones(64)}, ValueError, r"shape \(3, 64\), got \(64,\)"),
    "gradient a number": ({"g": lambda x, y: 1.0}, ValueError, "got float"),
    "whole gradient": ({"g": lambda x, y: np.ones(x.shape, dtype=int)}, TypeError, "as the gradient, got int64"),
    "gradient of NaN": ({"g": lambda x, y: x * np.nan}, ValueError, "the gradient to be finite, got NaN or infinity"),
    "one infinity": ({"g": lambda x, y: np.where(x > 0.9, np.inf, 1)}, ValueError, "the gradient to be finite"),
    "a label too large": (
        {"y": np.array([0, 10, 2]), "g": gradient_by_input(mlp([64, 10], np.random.default_rng(0)))},
        ValueError,
        "cross_entropy: expected labels from 0 to 9, got 0 to 10",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("function", CALLS)
def test_bad_input_is_refused_in_one_sentence(function: str, bad: str) -> None:
    wrong, kind, message = BAD[bad]
    given_ = {"x": X[:3], "y": Y[:3], "e": 0.1, "g": GRADIENT["good"], **wrong}
    with pytest.raises(kind, match=message) as error:
        CALLS[function](**given_)
    if not bad.startswith("a label"):
        assert re.match(r"(fgsm|pgd|minimal_epsilon|transfer_table): ", str(error.value))


def test_what_is_not_bad_is_not_refused() -> None:
    for call in CALLS.values():
        one = call(x=X[:3], y=Y[:3], e=0.1, g=GRADIENT["good"])
        other = call(
            x=X[:3].astype(np.float64), y=Y[:3].astype(np.uint8), e=np.full(3, 0.1), g=GRADIENT["good"]
        )
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps to be a whole number of at least 1, got 0"),
        ({"steps": 2.5}, r"steps to be a whole number of at least 1, got 2\.5"),
        ({"norm": 1}, "norm=np.inf or norm=2, got 1"),
        ({"norm": "inf"}, "norm=np.inf or norm=2, got 'inf'"),
        ({"step_size": -1.0}, "step_size to be a finite number of at least 0"),
        ({"step_size": np.ones(2)}, r"step_size to be a number or of shape \(3,\)"),
    ],
)
def test_pgd_refuses_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"pgd: expected {message}"):
        pgd(GRADIENT["good"], X[:3], Y[:3], 0.1, rng=None, **options)


def test_targeted_names_a_gradient_of_none() -> None:
    with pytest.raises(
        ValueError, match=r"targeted: expected the gradient function to return .* got NoneType"
    ):
        targeted(lambda x, y: None)(X[:2], Y[:2])  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    "answer", [np.zeros((3, 10)), np.zeros(3), np.zeros(2, dtype=int), np.zeros((3, 1), dtype=int)]
)
def test_logits_in_place_of_labels_are_refused(answer: Array) -> None:
    attack = by_attack(GRADIENT["good"])
    with pytest.raises(ValueError, match=r"whole numbers from predict.* Take argmax\(axis=1\)"):
        minimal_epsilon(attack, lambda x: answer, X[:3], Y[:3])
    with pytest.raises(ValueError, match=r"transfer_table: .*Take argmax\(axis=1\)"):
        transfer_table({"a": (GRADIENT["good"], lambda x: answer)}, lambda g, x, y: x, X[:3], Y[:3])


def test_an_attack_that_returns_something_else_is_refused() -> None:
    def predict(x: Floats) -> Array:
        return Y[:3]

    for returned, message in (
        (X[:2], r"return x's shape \(3, 64\), got \(2, 64\)"),
        (X[:3] + np.float32(0.5), r"what the attack returned: expected inputs from 0 to 1"),
        (None, "what the attack returned: expected an array as the input, got NoneType"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            minimal_epsilon(lambda x, y, e, r=returned: r, predict, X[:3], Y[:3])  # type: ignore[misc]
        with pytest.raises((ValueError, TypeError), match=message):
            transfer_table({"a": (GRADIENT["good"], predict)}, lambda g, x, y, r=returned: r, X[:3], Y[:3])  # type: ignore[misc]
