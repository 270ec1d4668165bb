"""The explorers of fooled classifiers answer to their controls and to the reader's own attack."""

from typing import Any

import numpy as np
import pytest

from mininet.arrays import Array, Floats
from mininet.data import digits, to_unit
from mininet_course.explorers.adversarial import (
    attack_bench,
    attacked,
    flip_explorer,
    four_pixel_explorer,
    target_explorer,
)

X4, W4 = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[2.0, -1.0], [-2.0, 1.0]])
DIGITS = digits()
X = to_unit(DIGITS.x_train[:40].reshape(-1, 64))  # (40, 64)
# a linear reader: the nearest mean of the first hundred images of each of two digits
MEANS = np.stack(
    [to_unit(DIGITS.x_train[DIGITS.y_train == c][:100].reshape(-1, 64)).mean(axis=0) for c in range(10)]
)


def scores(x: Floats) -> Floats:
    return x @ (2 * MEANS.T) - (MEANS**2).sum(axis=1)


def predict(x: Floats) -> Array:
    return scores(x).argmax(axis=1)


def probabilities(x: Floats) -> Floats:
    e = np.exp(scores(x) - scores(x).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


Y = predict(X)  # so that every image is read correctly


def towards(x: Floats, wanted: Array, epsilon: float) -> Floats:
    """Against the nearest-mean reader: a step along the wanted mean, away from the present guess."""
    return np.clip(x + epsilon * np.sign(MEANS[wanted] - MEANS[predict(x)]), 0, 1)


def untargeted(x: Floats, y: Array, epsilon: float) -> Floats:
    return towards(x, probabilities(x).argsort(axis=1)[:, -2], epsilon)


# -- four pixels


def test_the_right_four_pushes_flip_the_answer_and_match_the_best(drawn: list[list[str]]) -> None:
    explorer = four_pixel_explorer(X4, W4, 0.0)
    assert drawn[-1][0] == "your score +1.200, the best within ε = 0.10: +0.600"
    still = explorer.still
    for name in explorer.controls.keys() - {"epsilon"}:
        row, column = name.startswith("bottom"), name.endswith("right")
        explorer.controls[name].value = -int(np.sign(W4[int(row), int(column)]))
    explorer.controls["epsilon"].value = 0.2
    assert drawn[-1][0] == "your score +0.000, the best within ε = 0.20: +0.000"
    explorer.controls["epsilon"].value = 0.25
    assert drawn[-1][0] == "your score −0.300, the best within ε = 0.25: −0.300"
    assert explorer.still != still


def test_from_a_negative_score_the_best_push_is_upwards(drawn: list[list[str]]) -> None:
    four_pixel_explorer(X4, W4, -2.0)
    assert drawn[-1][0] == "your score −0.800, the best within ε = 0.10: −0.200"
    with pytest.raises(ValueError, match=r"expected x and w of shape \(2, 2\), got \(4,\) and \(2, 2\)"):
        four_pixel_explorer(X4.ravel(), W4, 0.0)


# -- where digits flip


def test_the_slider_attacks_with_that_epsilon(drawn: list[list[str]]) -> None:
    explorer = flip_explorer(untargeted, predict, X[:8], Y[:8], (8, 8), thresholds=np.full(8, 0.1))
    still = explorer.still
    explorer.controls["epsilon"].value = 0.0
    assert drawn[-1][0] == "ε = 0.000: 0 of 8 misread"
    explorer.controls["epsilon"].value = 0.3
    assert drawn[-1][0] == "ε = 0.300: 8 of 8 misread"
    assert explorer.still != still


def test_a_wish_is_granted_and_another_can_be_chosen() -> None:
    explorer = target_explorer(towards, probabilities, X[0].reshape(8, 8), int(Y[0]), wanted=7, start=0.3)
    still = explorer.still
    explorer.controls["wanted"].value = 4
    assert explorer.still != still
    assert predict(towards(X[:1], np.array([4]), 0.3)) == 4


# -- the reader's own attack


def bench(attack: Any, **others: Any) -> Any:
    return attack_bench(attack, others, predict, X, Y, (8, 8), epsilon=0.1)


def test_the_bench_measures_yours_beside_the_others() -> None:
    explorer = bench(untargeted, nothing=lambda x, y, epsilon: x)
    assert list(explorer.shares) == ["nothing", "yours"]
    assert explorer.shares["nothing"] == 1.0
    weak = explorer.shares["yours"]
    assert weak == np.mean(predict(untargeted(X, Y, 0.1)) == Y) < 0.8
    explorer.controls["epsilon"].value = 0.3
    assert explorer.shares["yours"] < weak
    still = explorer.still
    explorer.controls["image"].value = 3
    assert explorer.still != still


def test_an_attack_that_writes_into_its_input_does_not_spoil_the_bench() -> None:
    def greedy(x: Floats, y: Array, epsilon: float) -> Floats:
        x += epsilon
        return np.clip(x, 0, 1, out=x)

    before = X.copy()
    bench(greedy)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda x: None, TypeError, "got None. Is a `return` missing"),
        (lambda x: x[0], ValueError, r"floats of shape \(40, 64\) from the attack, got float32 \(64,\)"),
        (lambda x: (x, [x]), TypeError, "the changed images from the attack, one array, got a tuple"),
        (lambda x: x - x - 0.1, ValueError, "pixels from 0 to 1, got -0.100 to -0.100"),
        (lambda x: x * np.nan, ValueError, "returned NaN or infinity for 40 images of 40"),
        (lambda x: x - 0.05, ValueError, r"expected pixels from 0 to 1, got -0.050 to 0.95"),
        (lambda x: np.clip(x + 0.2, 0, 1), ValueError, "by more than epsilon = 0.100, at most by 0.200"),
        (lambda x: np.ones(x.shape, dtype=int), ValueError, "got int64"),
    ],
)
def test_a_wrong_answer_is_named(answer: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        bench(lambda x, y, epsilon: answer(x))


def test_scores_in_place_of_labels_are_named() -> None:
    with pytest.raises(ValueError, match=r"attack_bench: expected \(40,\) whole numbers from predict"):
        attack_bench(lambda x, y, epsilon: x, {}, scores, X, Y, (8, 8))
    with pytest.raises(ValueError, match=r"flip_explorer: expected \(8,\) whole numbers from predict"):
        flip_explorer(lambda x, y, epsilon: x, scores, X[:8], Y[:8], (8, 8))


def test_what_the_attack_raises_is_not_swallowed() -> None:
    def broken(x: Floats, y: Array, epsilon: float) -> Floats:
        raise KeyError("my own mistake")

    with pytest.raises(KeyError, match="my own mistake"):
        bench(broken)


def test_the_message_counts_the_images_that_broke_the_rule() -> None:
    changed = np.zeros((3, 2))
    changed[1, 0] = 0.3
    with pytest.raises(ValueError, match="changed 1 image of 3 by more than epsilon"):
        attacked("mine", changed, np.zeros((3, 2)), 0.1)


def test_rounding_in_float32_is_not_held_against_the_attack() -> None:
    x = np.linspace(0, 0.9, 1000, dtype=np.float32)[None]
    changed = x + np.float32(0.1)
    assert np.abs(changed - x).max() > 0.1  # only rounding
    np.testing.assert_array_equal(attacked("mine", changed, x, 0.1), changed)


def test_a_later_error_is_shown_in_the_pictures_place() -> None:
    def breaks_rule(x: Floats, y: Array, epsilon: float) -> Floats:
        return np.clip(x + 0.1, 0, 1)

    explorer = bench(breaks_rule)
    explorer.controls["epsilon"].value = 0.05
    assert "by more than epsilon = 0.050" in explorer.picture.value
