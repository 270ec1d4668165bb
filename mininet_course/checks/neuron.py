"""The exercises on a single neuron: what is right, what people get wrong, what to say then.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/neuron.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mininet.activations import sigmoid
from mininet.arrays import Array, Floats
from mininet.neuron import Neuron
from mininet_course.exercise import (
    Case,
    Choice,
    Exercise,
    Function,
    Mistake,
    Values,
    Varied,
    Written,
    WrongForm,
    as_made_with,
)
from mininet_course.probes.neuron import overflow_is_an_error

GATE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
BOTH = np.array([0, 0, 0, 1])
DIARY = np.array([[6.0, 4.0], [9.5, 1.0], [2.0, 3.0]])


# --- 1: weights by hand ---------------------------------------------------------------


def three_votes(and_vote: Array, or_vote: Array, nand_vote: Array, x: Array) -> tuple[bool, ...]:
    return tuple(bool(np.dot(vote[:2], x) + vote[2] > 0) for vote in (and_vote, or_vote, nand_vote))


AND, OR, NAND = [2, 2, -3], [2, 2, -1], [-2, -2, 3]

gates = Values(
    name="neuron.1",
    title="Three gates by hand",
    minutes=10,
    level="easy",
    points=2,
    expects={"and_vote": (3,), "or_vote": (3,), "nand_vote": (3,)},
    probe=three_votes,
    parts=("AND", "OR", "NAND"),
    reference=(AND, OR, NAND),
    tolerance=0,
    cases=[{"x": x} for x in GATE],
    mistakes=[
        Mistake(
            "AND without a bias",
            ([1, 1, 0], OR, NAND),
            "Your AND says yes as soon as one input is 1; that is OR. A negative bias makes one vote too little.",
        ),
        Mistake(
            "AND that never says yes",
            ([1, 1, -2], OR, NAND),
            "Your AND never says yes. Two votes must get the score above zero, and exactly zero is not above.",
        ),
        Mistake(
            "OR that wants both",
            (AND, [1, 1, -1], NAND),
            "Your OR needs both inputs, as an AND does. A single vote must get the score above zero; exactly zero is not above.",
        ),
        Mistake(
            "OR that always says yes",
            (AND, [1, 1, 1], NAND),
            "Your OR says yes even to (0, 0). There the score is the bias alone, so the bias must not be above zero.",
        ),
        Mistake(
            "NAND with the bias of AND",
            (AND, OR, [-2, -2, -3]),
            "Your NAND never says yes. At (0, 0) the score is the bias alone, and NAND says yes there: turn the sign of the bias too.",
        ),
        Mistake(
            "NAND that is NOR",
            (AND, OR, [-1, -1, 1]),
            "Your NAND says no as soon as one input is 1. The bias must outweigh one negative vote, but not two.",
        ),
        Mistake("NAND that is AND", (AND, OR, AND), "Your NAND answers as AND does; turn all three signs."),
    ],
    hints=(
        "Write down the score at the four corners: b, w2 + b, w1 + b, w1 + w2 + b. Which must be above zero?",
        "Let both weights be 2. For which b is one vote too little and two are enough? And when does one suffice?",
        "NAND says the opposite of AND. What does turning the sign of all three numbers do to a score?",
    ),
    right=[([1, 1, -1.5], [1, 1, -0.5], [-1, -1, 1.5]), (np.array([3, 1, -3]), (5.0, 4.0, 0.0), [-2, -3, 4])],
    after="AND and OR can be done with whole numbers no larger than 1. Can NAND? (Zero is not above zero.)",
)

# --- 2: predict, another order --------------------------------------------------------

another_order = Choice(
    name="neuron.2",
    core=True,
    title="The diary backwards",
    minutes=5,
    level="easy",
    points=1,
    right="B",
    options={
        "A": "The same mornings and the same rule, but not the same mistakes: what the rule corrects depends on the line "
        "as it stands when a morning comes.",
        "B": "Another order makes other mistakes, so another line. It rests when all fifty mornings are right, and many lines do that.",
        "C": "It comes to rest whatever the order, because some line separates the mornings. The proof never asks for an order.",
    },
    hints=(
        "When does the rule change the weights? What decides whether a morning is a mistake?",
        "How many lines separate the squares from the circles in the picture of the diary: one, or many?",
    ),
    after="So which of the many lines is best? The perceptron does not ask. The sigmoid neuron does: it pushes the line away from the points.",
)

# --- 3: predict, the other side -------------------------------------------------------

other_side = Values(
    name="neuron.3",
    title="The other side of the S",
    minutes=5,
    level="easy",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(0.1192,),
    cases=[{}],
    tolerance=0.001,
    mistakes=[
        Mistake(
            "odd",
            (-0.8808,),
            "A probability is never negative. The S is symmetric about the height one half, not zero.",
        ),
        Mistake("even", (0.8808,), "A score of −2 speaks for no, so the probability is below one half."),
        Mistake(
            "half",
            (0.4404,),
            "Nothing is halved. The two answers, for z and for −z, must share the whole between them.",
        ),
        Mistake(
            "distance", (0.3808,), "That is how far 0.8808 lies above one half. Go as far below one half."
        ),
    ],
    hints=(
        "What is σ(0)? Sketch the S through it, and mark the heights at 2 and at −2.",
        "The neuron with all signs turned gives “no” the probability that this one gives “yes”.",
    ),
    right=[(0.12,), (1 - 0.8808,)],
    after="σ(−z) = 1 − σ(z): turn all signs of a neuron, and yes and no change places.",
    vary=lambda rng: another_score(rng),
)


def another_score(rng: np.random.Generator) -> Varied:
    z = float(rng.choice([0.5, 0.8, 1, 1.2, 1.5, 1.8, 2.2, 2.5, 3]))
    p = round(float(sigmoid(np.array(z))), 4)
    texts = {
        "At the score 2 ": f"At the score {z:g} ",
        "σ(2) = 0.8808": f"σ({z:g}) = {p:.4f}",
        "σ(−2)": f"σ(−{z:g})",
        "(-2.0, 2.0)": f"(-{z}, {z})",
    }
    mistakes = as_made_with(other_side, {"odd": (-p,), "half": (p / 2,)})
    right = [(round(1 - p, 3),), (1 - p,)]
    return texts, replace(other_side, reference=(1 - p,), mistakes=mistakes, right=right)


# --- 4: the sigmoid -------------------------------------------------------------------


def where_sigmoid(z: Floats) -> Floats:
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


def masked_sigmoid(z: Floats) -> Floats:
    p = np.empty(np.shape(z))
    p[z >= 0] = 1 / (1 + np.exp(-z[z >= 0]))
    p[z < 0] = 1 - 1 / (1 + np.exp(z[z < 0]))
    return p


LARGEST = float(np.log(np.finfo(np.float64).max))  # e to the power of more overflows


def if_the_watch_was_kept(raw: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return what the function made of z, unless the watch for overflow has overlooked one that there was."""
    result, noticed = raw
    if np.array_equal(noticed, 3 * case["z"].ravel() > LARGEST):
        return result
    raise WrongForm("Overflow went unnoticed in the check itself: leave NumPy as it is, and restart Python.")


safe_sigmoid = Function(
    name="neuron.4",
    title="A sigmoid that does not overflow",
    minutes=15,
    level="medium",
    points=3,
    probe=overflow_is_an_error,
    weigh=if_the_watch_was_kept,
    reference=sigmoid,
    cases=[
        {"z": np.array([0.0, 1.0, -1.0])},
        {"z": np.array([[-3.0, 0.5], [2.0, 8.0]])},
        {"z": np.array([-1000.0, 1000.0])},
    ],
    generate=lambda rng: [
        {"z": rng.normal(0, 300, (3, 4))},
        {"z": rng.normal(0, 5, 17)},
        {"z": -rng.uniform(800, 1e6, (2, 1, 3))},
        {"z": rng.uniform(800, 1e6, 5)},
    ],
    mistakes=[
        Mistake(
            "exp(z)",
            lambda z: 1 / (1 + np.exp(z)),
            "Yours falls where it should rise. The formula has exp(−z).",
        ),
        Mistake(
            "as in the chapter",
            lambda z: 1 / (1 + np.exp(-z)),
            "The formula is right, and it overflows at −1000, where it asks for e to the power of 1000. Multiply numerator and "
            "denominator by exp(z), and use that form where z is negative.",
        ),
        Mistake(
            "the other form everywhere",
            lambda z: np.exp(z) / (1 + np.exp(z)),
            "This form is safe where z is negative and overflows where it is large. Each half of the axis wants its own form.",
        ),
        Mistake(
            "np.where computes both",
            where_sigmoid,
            "np.where chooses after *both* formulas have been computed, the overflowing one too. Let exp see only −|z|, or "
            "compute each half with a mask.",
        ),
        Mistake(
            "clipping too tightly",
            lambda z: 1 / (1 + np.exp(-np.clip(z, -5, 5))),
            "Your clipping changes ordinary scores. It must leave everything alone that does not overflow.",
        ),
        Mistake("tanh", np.tanh, "That is tanh, an S from −1 to 1. A probability needs one from 0 to 1."),
        Mistake(
            "the brackets",
            lambda z: 1 / 1 + np.exp(-z),
            "Without brackets, 1 / 1 + exp(−z) is 1 + exp(−z). Put the denominator into brackets.",
        ),
    ],
    hints=(
        "exp overflows for large positive numbers only. Which scores make −z large?",
        "Multiply numerator and denominator of 1 / (1 + exp(−z)) by exp(z). What does the new form do with z = −1000?",
        "exp(−|z|) never overflows, and both forms can be written with it.",
    ),
    right=[masked_sigmoid, lambda z: 0.5 * (1 + np.tanh(np.asarray(z) / 2))],
    after="Unfold `mininet.activations.sigmoid` again: it computes one exponential only. What makes its numerator 1 on one half of the axis?",
)

# --- 5: the loss ----------------------------------------------------------------------


def some_answers(rng: np.random.Generator, n: int) -> Case:
    return {"p": rng.uniform(0.001, 0.999, n), "y": rng.integers(0, 2, n)}


def given_to_right(p: Floats, y: Array) -> Floats:
    return np.where(np.asarray(y) == 1, p, 1 - np.asarray(p))


cross_entropy = Function(
    name="neuron.5",
    core=True,
    title="How wrong is it?",
    minutes=10,
    level="easy",
    points=2,
    reference=lambda p, y: -np.log(given_to_right(p, y)).mean(),
    cases=[
        {"p": np.array([0.7311]), "y": np.array([0])},
        {"p": np.array([0.5, 0.5]), "y": np.array([0, 1])},
        {"p": np.array([0.9, 0.2, 0.01]), "y": np.array([1, 0, 1])},
    ],
    generate=lambda rng: [some_answers(rng, n) for n in (1, 4, 50)],
    mistakes=[
        Mistake(
            "sum",
            lambda p, y: -np.log(given_to_right(p, y)).sum(),
            "That is the sum over the samples; take the mean.",
        ),
        Mistake(
            "one for each sample",
            lambda p, y: -np.log(given_to_right(p, y)),
            "You return a loss for each sample. Wanted is one number, their mean.",
        ),
        Mistake(
            "no minus",
            lambda p, y: np.log(given_to_right(p, y)).mean(),
            "The minus is missing: logs of numbers below 1 are negative.",
        ),
        Mistake(
            "p whatever the answer",
            lambda p, y: -np.log(p).mean(),
            "Where the right answer is no, it was given 1 − p, not p.",
        ),
        Mistake(
            "only the yes",
            lambda p, y: -(y * np.log(p)).mean(),
            "Where y is 0 your loss is 0. Those samples have a loss too: −log(1 − p).",
        ),
        Mistake(
            "log 10",
            lambda p, y: -np.log10(given_to_right(p, y)).mean(),
            "log is the natural logarithm here, np.log.",
        ),
        Mistake(
            "log 2",
            lambda p, y: -np.log2(given_to_right(p, y)).mean(),
            "log is the natural logarithm here, np.log.",
        ),
        Mistake(
            "distance",
            lambda p, y: np.abs(p - y).mean(),
            "That is the mean distance of p from y. Wanted is the surprise: −log(what the right answer was given).",
        ),
        Mistake(
            "squared error",
            lambda p, y: ((p - y) ** 2).mean(),
            "That is the squared error. The cross-entropy is the mean of −log(what the right answer was given).",
        ),
    ],
    hints=(
        "First the probability given to the right answer: p where y is 1, and where y is 0?",
        "np.where(y == 1, p, 1 - p) chooses for each sample. Then the logarithm, the minus, the mean.",
    ),
    right=[
        lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(),
        lambda p, y: -sum(np.log(a) if b else np.log(1 - a) for a, b in zip(p, y, strict=True)) / len(p),
    ],
    after="A neuron that shrugs gives one half to everything. Why is its loss 0.6931, whatever the answers are?",
)

# --- 6: nudging -----------------------------------------------------------------------

Loss = Callable[[Floats], float]


def bowl(w: Floats) -> float:
    """w[0]**2 + 3 * w[1]"""
    return float(w[0] ** 2 + 3 * w[1])


def twisted(w: Floats) -> float:
    """sin(w[0]) * w[1] + w[2]**3"""
    return float(np.sin(w[0]) * w[1] + w[2] ** 3)


def random_loss(rng: np.random.Generator, size: int) -> Loss:
    across, along = rng.normal(size=(size, size)), rng.normal(size=size)

    def loss(w: Floats) -> float:
        """one with random slopes"""
        return float(w @ across @ w + along @ np.tanh(w))

    return loss


def nudge(loss: Loss, weights: Array, h: float) -> Floats:
    one = np.eye(len(weights))
    return np.array([(loss(weights + h * e) - loss(weights - h * e)) / (2 * h) for e in one])


def one_sided(loss: Loss, weights: Array, h: float) -> Floats:
    return np.array([(loss(weights + h * e) - loss(weights)) / h for e in np.eye(len(weights))])


def all_together(loss: Loss, weights: Array, h: float) -> Floats:
    return np.full(len(weights), (loss(weights + h) - loss(weights - h)) / (2 * h))


def piled_up(loss: Loss, weights: Array, h: float) -> Floats:
    up, down, slopes = np.array(weights, float), np.array(weights, float), np.zeros(len(weights))
    for j in range(len(weights)):
        up[j] += h
        down[j] -= h
        slopes[j] = (loss(up) - loss(down)) / (2 * h)
    return slopes


def same_array_twice(loss: Loss, weights: Array, h: float) -> Floats:
    slopes = np.zeros(len(weights))
    for j in range(len(weights)):
        up = down = weights
        up[j] += h
        down[j] -= h
        slopes[j] = (loss(up) - loss(down)) / (2 * h)
    return slopes


def one_weight_alone(loss: Loss, weights: Array, h: float) -> list[float]:
    return [(loss(w + h) - loss(w - h)) / (2 * h) for w in weights]


def whole_numbers(loss: Loss, weights: Array, h: float) -> Floats:
    slopes = np.zeros(len(weights))
    for j in range(len(weights)):
        up, down = weights.copy(), weights.copy()
        up[j] += h
        down[j] -= h
        slopes[j] = (loss(up) - loss(down)) / (2 * h)
    return slopes


def nudge_in_a_loop(loss: Loss, weights: Array, h: float) -> list[float]:
    slopes = []
    for j in range(len(weights)):
        up, down = [float(w) for w in weights], [float(w) for w in weights]
        up[j], down[j] = up[j] + h, down[j] - h
        slopes.append((loss(np.array(up)) - loss(np.array(down))) / (2 * h))
    return slopes


def nudge_backwards(loss: Loss, weights: Array, h: float) -> Floats:
    return nudge(loss, weights, -h)


nudging = Function(
    name="neuron.6",
    core=True,
    title="A gradient by nudging, for any number of knobs",
    minutes=15,
    level="medium",
    points=3,
    reference=nudge,
    tolerance=1e-6,
    cases=[
        {"loss": bowl, "weights": np.array([0.5, -0.5]), "h": 0.001},
        {"loss": twisted, "weights": np.array([1.0, 2.0, -1.0]), "h": 0.01},
        {"loss": bowl, "weights": np.array([3, 1]), "h": 0.001},
    ],
    generate=lambda rng: (
        [
            {"loss": random_loss(rng, n), "weights": rng.normal(size=n), "h": h}
            for n, h in ((1, 0.1), (4, 0.01), (7, 0.001))
        ]
        + [{"loss": random_loss(rng, 5), "weights": rng.integers(-3, 4, 5), "h": 0.001}]
    ),
    mistakes=[
        Mistake(
            "one side only",
            one_sided,
            "You nudge to one side only. Nudge up *and* down and divide by 2h: the error is then far smaller.",
        ),
        Mistake(
            "divided by h",
            lambda loss, weights, h: 2 * nudge(loss, weights, h),
            "Everything is twice too large. From weight − h to weight + h is a way of 2h.",
        ),
        Mistake(
            "the sign",
            lambda loss, weights, h: -nudge(loss, weights, h),
            "The sign is turned: the loss after nudging up comes first, minus the loss after nudging down.",
        ),
        Mistake(
            "all knobs at once",
            all_together,
            "You turn all knobs at once, so every slope is the same. Turn one, keep the others still.",
        ),
        Mistake(
            "all knobs at once, one slope",
            lambda loss, weights, h: (loss(weights + h) - loss(weights - h)) / (2 * h),
            "weights + h turns all knobs at once, and gives one slope for all. Turn one knob at a time, and keep a slope for each.",
        ),
        Mistake(
            "one weight alone",
            one_weight_alone,
            "You hand a single weight to loss. It wants the whole array each time, with one number in it nudged.",
        ),
        Mistake(
            "the same array twice",
            same_array_twice,
            "Your slopes are all zero: up = weights is no copy but a second name, so up and down are the same array.",
        ),
        Mistake(
            "nudges pile up",
            piled_up,
            "The first slope is right, the later ones are not: an earlier nudge was not undone. Start from fresh weights for each knob.",
        ),
        Mistake(
            "whole numbers",
            whole_numbers,
            "Right, except for weights that are whole numbers: such an array cannot hold 3.001 and cuts it off to 3. "
            "Make it one of floats, np.array(weights, dtype=float).",
        ),
        Mistake(
            "not divided",
            lambda loss, weights, h: 2 * h * nudge(loss, weights, h),
            "That is how much the loss changed. A slope is the change for each unit of turning: divide by 2h.",
        ),
    ],
    hints=(
        "Begin with one knob j: a copy of the weights in which only number j is h larger, another in which it is h smaller.",
        "np.array(weights, dtype=float) is a copy that can hold 3.001. Make two new ones for every j.",
        "slopes[j] = (loss(up) - loss(down)) / (2 * h)",
    ),
    right=[nudge_in_a_loop, nudge_backwards],
    after="Count the calls of `loss`: two for every knob. Nothing in your code knows what a neuron is; it works for any loss.",
)

# --- 7: one step ----------------------------------------------------------------------


def neuron_step(X: Floats, y: Array, weights: Floats, bias: float, lr: float) -> tuple[Floats, float]:
    neuron = Neuron(weights, bias)
    neuron.step(X, y, lr)
    return neuron.weights, neuron.bias


def one_step(
    X: Floats, y: Array, weights: Floats, bias: float, lr: float, error: Floats
) -> tuple[Floats, float]:
    """A step with any error in place of p − y: most mistakes are a wrong error."""
    return weights - lr * error @ X / len(y), bias - lr * error.mean()


def error_of(X: Floats, y: Array, weights: Floats, bias: float) -> Floats:
    error: Floats = sigmoid(X @ weights + bias) - y
    return error


def bias_after_weights(X: Floats, y: Array, weights: Floats, bias: float, lr: float) -> tuple[Floats, float]:
    weights = weights - lr * error_of(X, y, weights, bias) @ X / len(y)
    return weights, bias - lr * error_of(X, y, weights, bias).mean()


def squared_error_step(X: Floats, y: Array, weights: Floats, bias: float, lr: float) -> tuple[Floats, float]:
    p = sigmoid(X @ weights + bias)
    return one_step(X, y, weights, bias, lr, 2 * (p - y) * p * (1 - p))


def step_in_loops(X: Floats, y: Array, weights: Floats, bias: float, lr: float) -> tuple[list[float], float]:
    errors = [float(sigmoid(np.dot(x, weights) + bias)) - t for x, t in zip(X, y, strict=True)]
    slopes = [sum(e * x[j] for e, x in zip(errors, X, strict=True)) / len(y) for j in range(len(weights))]
    return [w - lr * s for w, s in zip(weights, slopes, strict=True)], bias - lr * sum(errors) / len(y)


def some_step(rng: np.random.Generator, n: int, d: int) -> Case:
    X, y = rng.normal(size=(n, d)), rng.integers(0, 2, n)
    return {
        "X": X,
        "y": y,
        "weights": rng.normal(size=d),
        "bias": float(rng.normal()),
        "lr": float(rng.uniform(0.05, 2)),
    }


step = Function(
    name="neuron.7",
    core=True,
    title="One step downhill",
    minutes=15,
    level="medium",
    points=3,
    reference=neuron_step,
    parts=("weights", "bias"),
    cases=[
        {"X": DIARY[:1], "y": np.array([0]), "weights": np.array([0.5, -0.5]), "bias": 0.0, "lr": 0.1},
        {"X": DIARY, "y": np.array([0, 1, 0]), "weights": np.array([0.5, -0.5]), "bias": 0.25, "lr": 0.1},
    ],
    generate=lambda rng: [some_step(rng, n, d) for n, d in ((4, 2), (6, 5), (2, 2), (1, 3))],
    mistakes=[
        Mistake(
            "uphill",
            lambda X, y, w, b, lr: one_step(X, y, w, b, lr, -error_of(X, y, w, b)),
            "You walk uphill. The error is p − y, and the step goes *against* the slope: two signs, and one of them is turned.",
        ),
        Mistake(
            "sum for mean",
            lambda X, y, w, b, lr: one_step(X, y, w, b, lr, len(y) * error_of(X, y, w, b)),
            "With one morning it is right, with N the step is N times too long: the loss is a mean, so divide by len(y).",
        ),
        Mistake(
            "bias forgotten",
            lambda X, y, w, b, lr: (neuron_step(X, y, w, b, lr)[0], b),
            "The bias has not moved. It is a knob like the others; its slope is the mean of p − y.",
        ),
        Mistake(
            "bias slope summed",
            lambda X, y, w, b, lr: (neuron_step(X, y, w, b, lr)[0], b - lr * error_of(X, y, w, b).sum()),
            "For the bias you took the sum of the errors; take the mean.",
        ),
        Mistake(
            "lr forgotten",
            lambda X, y, w, b, lr: neuron_step(X, y, w, b, 1.0),
            "The step has the full length of the gradient: multiply it by lr.",
        ),
        Mistake(
            "the step alone",
            lambda X, y, w, b, lr: one_step(X, y, 0 * w, 0.0, lr, error_of(X, y, w, b)),
            "That is the step. The new weights are the old ones plus the step.",
        ),
        Mistake(
            "X @ error",
            lambda X, y, w, b, lr: (
                w - lr * X @ error_of(X, y, w, b) / len(y),
                neuron_step(X, y, w, b, lr)[1],
            ),
            "X @ error adds up over the inputs of a morning. Wanted is a sum over the mornings: error @ X, (N,) @ (N, D) -> (D,).",
        ),
        Mistake(
            "bias after weights",
            bias_after_weights,
            "The bias is off, but little: you computed the error again with the *new* weights. Both steps start from the same place.",
        ),
        Mistake(
            "decision for p",
            lambda X, y, w, b, lr: one_step(X, y, w, b, lr, (X @ w + b > 0) - y),
            "Your error is 1, 0 or −1: you compare with the decision, as the perceptron does. Compare with p, the sigmoid of the score.",
        ),
        Mistake(
            "score for p",
            lambda X, y, w, b, lr: one_step(X, y, w, b, lr, X @ w + b - y),
            "You compare y with the score. Put it through the sigmoid first.",
        ),
        Mistake(
            "squared error",
            squared_error_step,
            "That is the slope of the squared error, with a factor p (1 − p) in it. With the cross-entropy it cancels: p − y.",
        ),
    ],
    hints=(
        "In this order: scores z (N,), probabilities p (N,), errors p − y (N,), slopes, step.",
        "The slopes by the weights are (p - y) @ X / len(y), shape (D,); by the bias it is the mean of p − y.",
        "The new weights are weights - lr * slopes. Return both: return new_weights, new_bias",
    ),
    right=[step_in_loops, lambda X, y, w, b, lr: one_step(X, y, w, b, lr, error_of(X, y, w, b))],
    after="The first case is the morning you did on paper. Do the numbers agree with the chapter's?",
)

# --- 8: find the bug ------------------------------------------------------------------


def training(weights_sign: float = 1, bias_sign: float = 1, skip: int = 0) -> Callable[..., object]:
    """Return a training loop, right or wrong: with signs turned, or with steps left out."""

    def train(X: Floats, y: Array, lr: float, steps: int) -> tuple[Floats, float]:
        weights, bias = np.zeros(X.shape[1]), 0.0
        for _ in range(steps - skip):
            error = error_of(X, y, weights, bias)
            weights = weights - lr * weights_sign * error @ X / len(y)
            bias = bias - lr * bias_sign * float(error.mean())
        return weights, bias

    return train


def trained_neuron(X: Floats, y: Array, lr: float, steps: int) -> tuple[Floats, float]:
    neuron = Neuron(np.zeros(X.shape[1]))
    for _ in range(steps):
        neuron.step(X, y, lr)
    return neuron.weights, neuron.bias


wrong_sign = Function(
    name="neuron.8",
    core=True,
    title="Find the bug: the loss that grows",
    minutes=10,
    level="medium",
    points=2,
    reference=training(),
    parts=("weights", "bias"),
    given=training(weights_sign=-1, bias_sign=-1),
    cases=[
        {"X": GATE, "y": BOTH, "lr": 1.0, "steps": 1},
        {"X": GATE, "y": BOTH, "lr": 1.0, "steps": 100},
    ],
    generate=lambda rng: [
        {"X": rng.normal(size=(n, d)), "y": rng.integers(0, 2, n), "lr": 0.3, "steps": steps}
        for n, d, steps in ((5, 3, 7), (9, 1, 20))
    ],
    mistakes=[
        Mistake(
            "only the weights mended",
            training(bias_sign=-1),
            "The weights walk downhill now, the bias still walks uphill. One cause turned both signs: where is it?",
        ),
        Mistake(
            "only the bias mended",
            training(weights_sign=-1),
            "The bias walks downhill now, the weights still walk uphill. One cause turned both signs: where is it?",
        ),
        Mistake(
            "one step",
            lambda X, y, lr, steps: training()(X, y, lr, 1),
            "Right after the first step, wrong after many: is the `return` inside the loop?",
        ),
        Mistake(
            "one step too few",
            training(skip=1),
            "The directions are right, and one step is missing. Leave range(steps) as it is.",
        ),
        Mistake(
            "no step at all",
            lambda X, y, lr, steps: (np.zeros(X.shape[1]), 0.0),
            "Nothing moves any more: weights and bias are still zero at the end.",
        ),
    ],
    hints=(
        "Print the loss before and after one tiny step. If even a tiny step makes it grow, a sign is wrong.",
        "The rule has two minuses: the error is p − y, and the step is *minus* lr times the slope. Find both in the code.",
    ),
    right=[trained_neuron, lambda X, y, lr, steps: tuple(trained_neuron(X, y, lr, steps))],
    after="Two turned signs would have cancelled, and the code would have been right by luck. How would you tell?",
)

# --- 9: predict, twins ----------------------------------------------------------------

twins = Choice(
    name="neuron.9",
    title="Twins",
    minutes=5,
    level="medium",
    points=1,
    right="B",
    options={
        "A": "Nothing prefers the first column. Its slope, the mean of (p − y) · x, is the very number that the second one gets.",
        "B": "The same input and the same error make the same slope. Weights that start alike stay alike, at every step.",
        "C": "For that one slope would have to be positive where the other is negative, and they are the same number.",
    },
    hints=(
        "Write down the slope by each of the two weights, (p − y) · x. What is different?",
        "They start equal. Can a step make them different?",
    ),
    after="And if they start unequal? Their difference stays for ever. Remember this in the next chapter, when hidden neurons start as twins.",
)

# --- 10: the bias in disguise ---------------------------------------------------------


def with_ones(X: Array) -> Floats:
    return np.hstack([X, np.ones((len(X), 1))])


def ones_last_in_a_loop(X: Array) -> list[list[float]]:
    return [[*map(float, row), 1.0] for row in X]


def ones_into_zeros(X: Array) -> Floats:
    wider = np.zeros((len(X), X.shape[1] + 1))
    wider[:, :-1], wider[:, -1] = X, 1
    return wider


disguise = Function(
    name="neuron.10",
    title="The bias in disguise",
    minutes=10,
    level="easy",
    points=2,
    reference=with_ones,
    cases=[{"X": GATE}, {"X": DIARY}],
    generate=lambda rng: (
        [{"X": rng.normal(size=shape)} for shape in ((1, 4), (5, 1), (3, 3))]
        + [{"X": rng.integers(0, 9, (6, 2))}]
    ),
    mistakes=[
        Mistake(
            "ones in front",
            lambda X: np.hstack([np.ones((len(X), 1)), X]),
            "The ones are in front. Put them last, so that the last weight is the bias.",
        ),
        Mistake(
            "a row of ones",
            lambda X: np.vstack([X, np.ones(X.shape[1])]),
            "You added a row: one more morning with ones in it. Wanted is one more column, a further input of every morning.",
        ),
        Mistake(
            "ones without columns",
            lambda X: np.append(X, np.ones(len(X)), axis=1),
            "np.ones(len(X)) has the shape (N,). A column has the shape (N, 1): np.ones((len(X), 1)).",
        ),
        Mistake(
            "in a single row",
            lambda X: np.append(X, 1),
            "np.append without an axis flattens everything into one row. Use np.hstack or np.column_stack.",
        ),
        Mistake(
            "a column of zeros",
            lambda X: np.hstack([X, np.zeros((len(X), 1))]),
            "Whatever the weight of a zero is, it adds nothing to the score. The bias needs an input that is always 1.",
        ),
        Mistake(
            "ones added",
            lambda X: X + 1,
            "That adds 1 to every input. Wanted is one more input, always 1, beside the others.",
        ),
    ],
    hints=(
        "The score with a bias is w1 x1 + w2 x2 + b · 1. So the bias is the weight of which input?",
        "np.ones((len(X), 1)) is a column, shape (N, 1). np.hstack([left, right]) puts columns side by side.",
    ),
    right=[ones_last_in_a_loop, ones_into_zeros],
    after="Old books and many libraries do it this way. It saves a special case; here the bias stays visible.",
)

# --- 11: in words ---------------------------------------------------------------------

no_bias = Written(
    name="neuron.11",
    core=True,
    title="Why AND needs a bias",
    minutes=15,
    level="hard",
    points=3,
    hints=(
        "Write down what each row of AND demands of w1 and w2 when there is no b, as the chapter does for XOR.",
        "Rows (0, 1) and (1, 0) demand something of each weight alone. What follows for their sum?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    gates,
    another_order,
    other_side,
    safe_sigmoid,
    cross_entropy,
    nudging,
    step,
    wrong_sign,
    twins,
    disguise,
    no_bias,
)
