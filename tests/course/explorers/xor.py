"""The explorers of the XOR chapter: a press trains, a slider redraws, the reader's function drives the picture."""

import numpy as np
import pytest

from mininet.activations import sigmoid
from mininet_course.explorers.xor import fold_explorer, seed_explorer, step_explorer
from tests.support.drawing import told

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([0, 1, 1, 0])
Y = y[:, np.newaxis]


def start(seed: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.standard_normal((2, 2)),
        "b1": np.zeros(2),
        "W2": rng.standard_normal((2, 1)),
        "b2": np.zeros(1),
    }


def loss_and_gradients(p):
    A1 = sigmoid(X @ p["W1"] + p["b1"])
    A2 = sigmoid(A1 @ p["W2"] + p["b2"])
    dZ2 = (A2 - Y) * A2 * (1 - A2) / 2
    dZ1 = dZ2 @ p["W2"].T * A1 * (1 - A1)
    gradients = {"W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": A1.T @ dZ2, "b2": dZ2.sum(axis=0)}
    return float(((A2 - Y) ** 2).mean()), gradients


def shown_loss(words: list[str]) -> float:
    return float(told(words, "loss ").split("loss ")[1].split()[0])


def test_a_press_trains_by_so_many_steps_and_lowers_the_loss(drawn) -> None:
    explorer = step_explorer(loss_and_gradients, start(), X, y)
    stills = [explorer.still]
    for name in ("1 step", "10 steps", "100 steps"):
        explorer.controls[name].click()
        stills.append(explorer.still)
    for n, words in zip((0, 1, 11, 111), drawn, strict=True):
        assert told(words, f"after {n} steps")
    losses = [shown_loss(words) for words in drawn]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 0.05
    assert len(set(stills)) == 4


def test_start_again_restores_the_first_picture_and_the_readers_weights_stay(drawn) -> None:
    p = start()
    explorer = step_explorer(loss_and_gradients, p, X, y)
    explorer.controls["100 steps"].click()
    explorer.controls["start again"].click()
    assert drawn[-1] == drawn[0]
    assert drawn[-1] != drawn[1]
    np.testing.assert_array_equal(p["W1"], start()["W1"])


def lines(words: list[str]) -> list[str]:
    return "\n".join(words).splitlines()


def test_the_table_shows_nine_gradients_and_finds_a_broken_one(drawn) -> None:
    step_explorer(loss_and_gradients, start(), X, y)
    assert sum(line.startswith(("W1[", "b1[", "W2[", "b2[")) for line in lines(drawn[-1])) == 9
    assert not any("NOT OK" in line for line in lines(drawn[-1]))

    def broken(p):
        loss, gradients = loss_and_gradients(p)
        return loss, {**gradients, "b2": gradients["b2"] * 2}

    step_explorer(broken, start(), X, y)
    wrong = [line.split()[0] for line in lines(drawn[-1]) if "NOT OK" in line]
    assert wrong == ["b2[0]"]


def changed(name, change):
    def function(p):
        loss, gradients = loss_and_gradients(p)
        return loss, {**gradients, name: change(gradients[name])}

    return function


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda p: None, TypeError, r"expected the function to return \(loss, gradients\).*got NoneType"),
        (lambda p: loss_and_gradients(p)[1], TypeError, "got dict"),
        (
            lambda p: (np.zeros(4), loss_and_gradients(p)[1]),
            ValueError,
            r"one number as loss, got shape \(4,\)",
        ),
        (changed("W2", lambda g: g.T), ValueError, r"shape \(2, 1\) for W2, got \(1, 2\)"),
        (changed("b1", lambda g: None), ValueError, r"shape \(2,\) for b1, got nothing"),
    ],
)
def test_a_function_that_returns_something_else_is_told_what_is_missing(function, error, message) -> None:
    with pytest.raises(error, match=message):
        step_explorer(function, start(), X, y)


def test_an_error_while_training_is_shown_and_start_again_recovers() -> None:
    calls = []

    def breaks_for_a_while(p):
        calls.append(1)
        if 50 < len(calls) < 60:
            raise ZeroDivisionError("a slip")
        return loss_and_gradients(p)

    explorer = step_explorer(breaks_for_a_while, start(), X, y)
    explorer.controls["100 steps"].click()
    assert "ZeroDivisionError: a slip" in explorer.picture.value
    calls.extend([1] * 20)
    explorer.controls["start again"].click()
    assert explorer.picture.value.startswith("<img")


def test_sliding_to_another_epoch_redraws_without_training_again(drawn) -> None:
    trained = []

    def history(seed):
        trained.append(seed)
        return {epoch: (start(seed), 0.25 - epoch / 1000) for epoch in (0, 10, 100)}

    explorer = seed_explorer(history, X, y, sigmoid, (0, 10, 100), seed=6)
    assert told(drawn[-1], "seed 6, epoch 100: loss 0.150")
    first = explorer.still
    explorer.controls["epoch"].value = 0
    assert told(drawn[-1], "seed 6, epoch 0: loss 0.250")
    assert trained == [6]
    explorer.controls["seed"].value = 7
    assert told(drawn[-1], "seed 7")
    assert trained == [6, 7]
    assert explorer.still != first


def product_and_sum(X):
    return np.stack([X[:, 0] * X[:, 1], X.sum(axis=1)], axis=1)


def test_the_fold_says_when_a_straight_line_separates(drawn) -> None:
    explorer = fold_explorer(product_and_sum, X, y)
    assert told(drawn[-1], "100%: a straight line separates them")
    moved = explorer.still
    explorer.controls["way"].value = 0.0
    assert told(drawn[-1], "0%: no straight line separates them")
    assert explorer.still != moved


def test_a_rotation_does_not_help(drawn) -> None:
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    fold_explorer(lambda X: X @ turn, X, y)
    assert told(drawn[-1], "no straight line")


def test_a_function_of_the_wrong_shape_is_told_so() -> None:
    with pytest.raises(ValueError, match="Two numbers a row are needed"):
        fold_explorer(lambda X: X[:, 0] * X[:, 1], X, y)


def test_the_readers_function_may_work_in_place() -> None:
    def double(points):
        points *= 2
        return points

    mine = X.copy()
    fold_explorer(double, mine, y)
    np.testing.assert_array_equal(mine, X)


def test_the_output_holds_a_still_and_its_description() -> None:
    bundle = fold_explorer(product_and_sum, X, y)._repr_mimebundle_()
    assert bundle["image/png"]
    assert "straight line" in bundle["text/plain"]
