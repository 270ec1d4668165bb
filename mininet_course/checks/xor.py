"""The exercises on XOR: what is right, what people get wrong, what to say then.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/xor.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mininet.activations import sigmoid
from mininet.arrays import Array, Floats
from mininet_course.exercise import Case, Choice, Exercise, Function, Mistake, Values, Varied, Written
from mininet_course.probes.xor import NAMES, with_network

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
EITHER = np.array([[0.0], [1.0], [1.0], [0.0]])

# --- 1: one hidden layer, other answers -----------------------------------------------


def three_outputs(same: Array, both: Array, neither: Array, x: Array, hidden: Array) -> tuple[bool, ...]:
    return tuple(bool(np.dot(vote[:2], hidden) + vote[2] > 0) for vote in (same, both, neither))


SAME, BOTH, NEITHER = [-2, -2, 3], [2, -2, -1], [-2, 2, -1]

other_answers = Values(
    name="xor.1",
    title="One hidden layer, other answers",
    minutes=15,
    level="easy",
    points=3,
    expects={"same": (3,), "both": (3,), "neither": (3,)},
    probe=three_outputs,
    parts=("same", "both", "neither"),
    reference=(SAME, BOTH, NEITHER),
    tolerance=0,
    cases=[
        {"x": ROWS[0], "hidden": np.array([0.0, 1.0])},
        {"x": ROWS[1], "hidden": np.array([1.0, 1.0])},
        {"x": ROWS[2], "hidden": np.array([1.0, 1.0])},
        {"x": ROWS[3], "hidden": np.array([1.0, 0.0])},
    ],
    mistakes=[
        Mistake(
            "changed places",
            (SAME, NEITHER, BOTH),
            "`both` and `neither` have changed places: (1, 1) arrives at (1, 0), and (0, 0) at (0, 1).",
        ),
        Mistake(
            "same that is XOR",
            ([2, 2, -3], BOTH, NEITHER),
            "Your `same` answers XOR, as the chapter's output neuron does. Wanted is the opposite: turn all three signs.",
        ),
        Mistake(
            "same that always says yes",
            ([-1, -1, 3], BOTH, NEITHER),
            "Your `same` says yes to every row. Where both hidden answers are 1 the score must not be above zero.",
        ),
        Mistake(
            "same with one circle only",
            (BOTH, BOTH, NEITHER),
            "Your `same` says yes to one circle only, (1, 1). The other, (0, 0), arrives at (0, 1).",
        ),
        Mistake(
            "same with the other circle only",
            (NEITHER, BOTH, NEITHER),
            "Your `same` says yes to one circle only, (0, 0). The other, (1, 1), arrives at (1, 0).",
        ),
        Mistake(
            "same that never says yes",
            ([-2, -2, 1], BOTH, NEITHER),
            "Your `same` says no to every row. The circles arrive at (0, 1) and (1, 0): one negative vote must still "
            "leave the score above zero, two must not.",
        ),
        Mistake(
            "for the inputs",
            (SAME, [2, 2, -3], [-2, -2, 1]),
            "`both` and `neither` would be right for a neuron that sees the *inputs*. This one sees the hidden answers. "
            "Begin with the places: where does each row arrive?",
        ),
        Mistake(
            "both as AND of the hidden answers",
            (SAME, [2, 2, -3], NEITHER),
            "Your `both` is an AND of the *hidden answers*: yes at (1, 1), where the squares are, so it says XOR. "
            "The row whose *inputs* are both 1 arrives elsewhere; where?",
        ),
        Mistake(
            "both that is OR",
            (SAME, [2, 0, -1], NEITHER),
            "Your `both` says what OR says, yes to three rows. Only (1, 1) counts, and there the second hidden answer is 0: "
            "give that one a say.",
        ),
        Mistake(
            "both that never says yes",
            (SAME, [1, 1, -2], NEITHER),
            "Your `both` says no to every row. It must say yes where OR says 1 and NAND says 0.",
        ),
        Mistake(
            "both that says yes to both circles",
            (SAME, SAME, NEITHER),
            "Your `both` says yes to both circles, as `same` does. (0, 0) and (1, 1) arrive at different places: (0, 1) and (1, 0).",
        ),
        Mistake(
            "both with the wrong circle",
            (SAME, NEITHER, NEITHER),
            "Your `both` says yes to (0, 0), which arrives at (0, 1). The row (1, 1) arrives at (1, 0): the first hidden answer is for, "
            "the second against.",
        ),
        Mistake(
            "both that always says yes",
            (SAME, [1, 1, 1], NEITHER),
            "Your `both` says yes to every row. At the places (0, 1) and (1, 1) the score must not be above zero.",
        ),
        Mistake(
            "both that is NAND",
            (SAME, [0, 2, -1], NEITHER),
            "Your `both` says what NAND says, the opposite of what is wanted: turn the signs.",
        ),
        Mistake(
            "neither as NOR of the hidden answers",
            (SAME, BOTH, [-2, -2, 1]),
            "Your `neither` says yes only where both *hidden answers* are 0, and no row arrives there. "
            "The row (0, 0) arrives at (0, 1).",
        ),
        Mistake(
            "neither that is NAND",
            (SAME, BOTH, [0, 2, -1]),
            "Your `neither` says what NAND says, yes to three rows. Only (0, 0) counts, and there the first hidden answer is 0: "
            "give that one a say.",
        ),
        Mistake(
            "neither with the wrong circle",
            (SAME, BOTH, BOTH),
            "Your `neither` says yes to (1, 1), which arrives at (1, 0). The row (0, 0) arrives at (0, 1): the second hidden answer is for, "
            "the first against.",
        ),
        Mistake(
            "neither that is XOR",
            (SAME, BOTH, [2, 2, -3]),
            "Your `neither` says yes to the two squares, at (1, 1), and to nothing else. The row (0, 0) arrives at (0, 1).",
        ),
        Mistake(
            "neither that is OR",
            (SAME, BOTH, [2, 0, -1]),
            "Your `neither` says what OR says, the opposite of what is wanted: turn the signs.",
        ),
        Mistake(
            "neither that always says yes",
            (SAME, BOTH, [1, 1, 1]),
            "Your `neither` says yes to every row. At the places (1, 0) and (1, 1) the score must not be above zero.",
        ),
        Mistake(
            "neither that says yes to both circles",
            (SAME, BOTH, SAME),
            "Your `neither` says yes to both circles, as `same` does. (0, 0) arrives at (0, 1), the other circle at (1, 0).",
        ),
    ],
    hints=(
        "Only three places matter: (0, 1), where (0, 0) arrives, (1, 1), where two rows arrive, and (1, 0), where (1, 1) arrives.",
        "Write the score at the three places: w2 + b, w1 + w2 + b, w1 + b. Which must be above zero for each vote?",
        "`both`: w1 + b above zero, the other two not. So b is negative, w1 larger than that, and w2 takes it away again.",
    ),
    right=[
        ([-1, -1, 1.5], [0, -1, 0.5], [-1, 0, 0.5]),
        (np.array([-5, -5, 6]), (3.0, -7.0, -1.0), [-1, 1, -0.5]),
    ],
    after="`both` needs no more than the second hidden answer, and `neither` no more than the first. Which weight can be 0 in each?",
    vary=lambda rng: other_hidden_neurons(rng),
)


# each vote is w · OR + v · AND + b: what the two hidden neurons of the chapter would need if they were OR and AND
ON_OR_AND_AND = {"same": (-2, 2, 1), "both": (0, 2, -1), "neither": (-2, 0, 1)}


def other_hidden_neurons(rng: np.random.Generator) -> Varied:
    pairs = ["NAND, OR", "OR, AND", "AND, OR", "NOR, AND", "AND, NOR", "NOR, NAND", "NAND, NOR"]
    names = str(rng.choice(pairs)).split(", ")
    said = {"OR": ROWS.max(axis=1), "AND": ROWS.min(axis=1)}
    said |= {"NOR": 1 - said["OR"], "NAND": 1 - said["AND"]}
    votes = []
    for w, v, b in ON_OR_AND_AND.values():
        by_name = {"OR": (w, 0), "NOR": (-w, w), "AND": (v, 0), "NAND": (-v, v)}  # weight, and what goes to b
        votes.append(
            [by_name[names[0]][0], by_name[names[1]][0], b + sum(by_name[name][1] for name in names)]
        )
    texts = {
        "The chapter's two hidden neurons, OR and NAND, stay as they are.": "The two hidden neurons are given: "
        f"{names[0]} and {names[1]}, not the chapter's.",
        "0 or 1, OR first": f"0 or 1, {names[0]} first",
    }
    cases = [{"x": x, "hidden": np.array([said[name][i] for name in names])} for i, x in enumerate(ROWS)]
    right = [tuple([3 * n for n in vote] for vote in votes), tuple(np.array(vote) / 2 for vote in votes)]
    varied = replace(other_answers, reference=tuple(votes), cases=cases, mistakes=[], right=right, after="")
    return texts, varied


# --- 2: predict, how many tables ------------------------------------------------------

how_many = Values(
    name="xor.2",
    title="How many of the sixteen?",
    minutes=5,
    level="medium",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(8,),
    cases=[{}],
    tolerance=0,
    mistakes=[
        Mistake(
            "all",
            (16,),
            "Some of the sixteen answer (0, 1) and (1, 0) differently. Where do these two rows arrive in the hidden space?",
        ),
        Mistake(
            "all but XOR and its opposite",
            (14,),
            "Fourteen is right for a neuron that sees the inputs. The output neuron sees the hidden answers instead.",
        ),
        Mistake(
            "half-way",
            (12,),
            "In half of the sixteen tables (0, 1) and (1, 0) have different answers. None of those can be given.",
        ),
        Mistake(
            "without the constant ones",
            (6,),
            "Did you leave out “always yes” and “always no”? They are tables too, and a bias alone gives them.",
        ),
        Mistake(
            "without the squares' own",
            (7,),
            "One is missing. The three places are the corners of a triangle: a line can cut off any of its corners, or any side.",
        ),
        Mistake(
            "XOR and its opposite",
            (2,),
            "XOR and its opposite can be had, and others too: what does the output neuron say if it listens to OR alone?",
        ),
        Mistake(
            "one",
            (1,),
            "XOR can be had, and others too: what does the output neuron say if it listens to OR alone?",
        ),
        Mistake("two places", (4,), "The hidden layer puts the four rows at more than two different places."),
        Mistake(
            "the places",
            (3,),
            "Three is the number of places. Each place can be given a yes or a no of its own.",
        ),
    ],
    hints=(
        "At how many different places do the four rows arrive? What does the output neuron know about rows in the same place?",
        "Each place can be answered with yes or no. Multiply. Then ask: is there a line for each of these answers, "
        "when the places are the corners of a triangle?",
    ),
    right=[(8.0,), (2**3,)],
    after="A single neuron does fourteen without any hidden layer. This one won two, XOR and its opposite. Which did it lose?",
)

# --- 3: all signs turned --------------------------------------------------------------


def mended(W2: Floats, b2: Floats) -> tuple[Floats, Floats]:
    return -W2, b2 + W2.sum(axis=0)


def mended_in_loops(W2: Floats, b2: Floats) -> tuple[list[list[float]], list[float]]:
    bias, weights = float(b2[0]), []
    for row in W2:
        weights.append([-float(row[0])])
        bias += float(row[0])
    return weights, [bias]


def some_output(rng: np.random.Generator, H: int) -> Case:
    return {"W2": rng.normal(size=(H, 1)), "b2": rng.normal(size=1)}


mirror = Function(
    name="xor.3",
    title="In the mirror",
    minutes=15,
    level="medium",
    points=2,
    reference=mended,
    parts=("W2", "b2"),
    cases=[
        {"W2": np.array([[20.0], [20.0]]), "b2": np.array([-30.0])},
        {"W2": np.array([[1.0], [-2.0]]), "b2": np.array([0.5])},
    ],
    generate=lambda rng: [some_output(rng, H) for H in (3, 2, 5, 8)],
    mistakes=[
        Mistake(
            "nothing done",
            lambda W2, b2: (W2, b2),
            "That is the old output neuron. Put 1 − a for each hidden answer a, multiply out, and see which weights and bias stand there.",
        ),
        Mistake(
            "only the bias turned",
            lambda W2, b2: (W2, -b2),
            "Where a hidden answer used to go up, 1 − a goes down: its weight must turn. The bias stands for something else.",
        ),
        Mistake(
            "the bias forgotten",
            lambda W2, b2: (-W2, b2),
            "b2 has to change too. A hidden neuron used to add w·a to the score. Now it says 1 − a, and −w·(1 − a) "
            "is w·a − w: what is missing?",
        ),
        Mistake(
            "everything turned",
            lambda W2, b2: (-W2, -b2),
            "You turned b2 as well. Think of an output neuron whose weights are all 0: it says σ(b2), whatever the hidden neurons do. It should go on saying so.",
        ),
        Mistake(
            "the other way",
            lambda W2, b2: (-W2, b2 - W2.sum(axis=0)),
            "b2 goes the wrong way: −w·(1 − a) = w·a − w takes a w away, so the bias must *add* it. "
            "(Or did you add up W2 after turning its sign?)",
        ),
        Mistake(
            "turned and added",
            lambda W2, b2: (-W2, W2.sum(axis=0) - b2),
            "In b2 the sum is right, but the old b2 keeps its sign: nobody touched what it stands for.",
        ),
        Mistake(
            "mean",
            lambda W2, b2: (-W2, b2 + W2.mean(axis=0)),
            "For b2 you took the mean of the weights; every hidden neuron's w is missing in full, so take the sum.",
        ),
        Mistake(
            "one for each neuron",
            lambda W2, b2: (-W2, b2 + len(W2)),
            "To b2 you add 1 for each hidden neuron; but each adds −w·(1 − a) to the score, which is w·a − w, so it is its w that is missing.",
        ),
        Mistake(
            "one",
            lambda W2, b2: (-W2, b2 + 1),
            "To b2 you add 1. What each hidden neuron adds to the score is −w·(1 − a), which is w·a − w: so it is the w of each that is missing.",
        ),
        Mistake(
            "1 − b2",
            lambda W2, b2: (-W2, 1 - b2),
            "In b2 you wrote 1 − b. It is the hidden *answer* that became 1 − a. Put that in for each and multiply out: what is left over for the bias?",
        ),
        Mistake(
            "not summed",
            lambda W2, b2: (-W2, b2 + W2),
            "b2 + W2 is a column with a number for each hidden neuron. There is one output neuron, so one bias: add the weights up, W2.sum(axis=0).",
        ),
        Mistake(
            "sum alone",
            lambda W2, b2: (-W2, W2.sum(axis=0)),
            "b2 is now the sum of the weights alone; the old b2 belongs in it too.",
        ),
        Mistake(
            "1 − W2",
            lambda W2, b2: (1 - W2, b2 + W2.sum(axis=0)),
            "In W2 you wrote 1 − w. It is the hidden *answer* that became 1 − a; its weight becomes −w.",
        ),
        Mistake(
            "W2 as it was",
            lambda W2, b2: (W2, b2 + W2.sum(axis=0)),
            "W2 is as it was. Where a hidden answer used to go up, 1 − a goes down: its weight must turn.",
        ),
    ],
    hints=(
        "σ(−z) = 1 − σ(z): a neuron with all signs turned says 1 − a where it said a.",
        "The score was w1 a1 + w2 a2 + b. Write a as 1 − (1 − a), multiply out, and sort by (1 − a1), (1 − a2) and the rest.",
        "w·a = w − w·(1 − a): the new weight is −w, and a w is left over for the bias, one from each hidden neuron.",
    ),
    right=[mended_in_loops, lambda W2, b2: (W2 * -1, b2 + np.ones(len(W2)) @ W2)],
    after="Turn the one, the other, both, or none; and let the two change places. In how many different ways can two hidden neurons "
    "do the very same job?",
)

# --- 4: one derivative of the hidden layer --------------------------------------------


def through_tanh(X: Floats, A1: Floats, dZ2: Floats, W2: Floats) -> tuple[Floats, Floats]:
    return by_slope(X, dZ2, W2, 1 - A1**2)


def by_slope(X: Floats, dZ2: Floats, W2: Floats, slope: Floats | float) -> tuple[Floats, Floats]:
    """The walk back with any slope: most mistakes are a wrong one."""
    dZ1 = dZ2 @ W2.T * slope
    return X.T @ dZ1, dZ1.sum(axis=0)


def through_tanh_in_loops(X: Floats, A1: Floats, dZ2: Floats, W2: Floats) -> tuple[Floats, list[float]]:
    dW1, db1 = np.zeros((X.shape[1], len(W2))), [0.0] * len(W2)
    for n in range(len(X)):
        for h in range(len(W2)):
            blame = float(dZ2[n, 0] * W2[h, 0] * (1 + A1[n, h]) * (1 - A1[n, h]))
            dW1[:, h] += X[n] * blame
            db1[h] += blame
    return dW1, db1


def dA1_for_dZ1_in_db1(X: Floats, A1: Floats, dZ2: Floats, W2: Floats) -> tuple[Floats, Floats]:
    return through_tanh(X, A1, dZ2, W2)[0], (dZ2 @ W2.T).sum(axis=0)


def some_hidden_layer(rng: np.random.Generator, N: int, D: int, H: int) -> Case:
    A1 = np.tanh(rng.normal(size=(N, H)))
    return {
        "X": rng.normal(size=(N, D)),
        "A1": A1,
        "dZ2": rng.normal(size=(N, 1)),
        "W2": rng.normal(size=(H, 1)),
    }


hidden_derivative = Function(
    name="xor.4",
    core=True,
    title="The hidden layer's share",
    minutes=20,
    level="medium",
    points=3,
    reference=through_tanh,
    parts=("dW1", "db1"),
    cases=[
        {
            "X": np.array([[1.0, 0.0]]),
            "A1": np.array([[0.5, -0.9]]),
            "dZ2": np.array([[-0.1]]),
            "W2": np.array([[1.0], [-2.0]]),
        },
        {
            "X": ROWS,
            "A1": np.array([[-0.8, 0.9], [0.6, 0.6], [0.6, 0.7], [0.9, -0.5]]),
            "dZ2": np.array([[0.1], [-0.2], [-0.1], [0.05]]),
            "W2": np.array([[2.0], [1.5]]),
        },
    ],
    generate=lambda rng: [
        some_hidden_layer(rng, *sizes) for sizes in ((5, 3, 4), (4, 2, 3), (3, 3, 2), (6, 2, 1))
    ],
    mistakes=[
        Mistake(
            "no slope",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2, W2, 1.0),
            "The hidden neurons' own slope is missing: what arrives at A1 goes through tanh to reach Z1, so multiply it by 1 − A1².",
        ),
        Mistake(
            "the sigmoid's slope",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2, W2, A1 * (1 - A1)),
            "A1 * (1 - A1) is the slope of the sigmoid. These hidden neurons use tanh, whose slope is 1 − A1².",
        ),
        Mistake(
            "the square forgotten",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2, W2, 1 - A1),
            "Your slope is 1 − A1; the square is missing: 1 − A1². (A slope of tanh is never above 1. What is yours where A1 is −0.9?)",
        ),
        Mistake(
            "tanh once more",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2, W2, 1 - np.tanh(A1) ** 2),
            "You put A1 through tanh once more. A1 has been through it: it *is* tanh(Z1), and the slope is 1 − A1².",
        ),
        Mistake(
            "divided by N again",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2 / len(X), W2, 1 - A1**2),
            "With one row it is right, with N it is N times too small. The factor 1/N of the mean is in dZ2 already; from there on, sum.",
        ),
        Mistake(
            "mean in db1",
            lambda X, A1, dZ2, W2: (
                through_tanh(X, A1, dZ2, W2)[0],
                through_tanh(X, A1, dZ2 / len(X), W2)[1],
            ),
            "In db1 you took the mean. The factor 1/N is in dZ2 already, so sum over the rows.",
        ),
        Mistake(
            "db1 from dA1",
            dA1_for_dZ1_in_db1,
            "For db1 you summed dA1, before the slope. The bias is added in Z1: sum dZ1.",
        ),
        Mistake(
            "db1 along the wrong axis",
            lambda X, A1, dZ2, W2: (
                through_tanh(X, A1, dZ2, W2)[0],
                (dZ2 @ W2.T * (1 - A1**2)).sum(axis=1),
            ),
            "db1 was summed along the wrong axis. One bias for each hidden neuron, so add up the *rows*: axis=0.",
        ),
        Mistake(
            "db1 summed over everything",
            lambda X, A1, dZ2, W2: (
                through_tanh(X, A1, dZ2, W2)[0],
                (dZ2 @ W2.T * (1 - A1**2)).sum(),
            ),
            "For db1 you added up everything. Each hidden neuron has a bias of its own, so add up the *rows* only: axis=0.",
        ),
        Mistake(
            "db1 not summed",
            lambda X, A1, dZ2, W2: (through_tanh(X, A1, dZ2, W2)[0], dZ2 @ W2.T * (1 - A1**2)),
            "db1 has a row for each sample. A bias is used in every row, and their effects add: sum over the rows, axis=0.",
        ),
        Mistake(
            "the brackets",
            lambda X, A1, dZ2, W2: (
                X.T @ (dZ2 @ W2.T * 1 - A1**2),
                (dZ2 @ W2.T * 1 - A1**2).sum(axis=0),
            ),
            "Without brackets, dA1 * 1 - A1**2 is dA1 minus A1². Put the slope into brackets: dA1 * (1 - A1**2).",
        ),
        Mistake(
            "the weights left out",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2, np.ones_like(W2), 1 - A1**2),
            "W2 has no part in yours. A hair of a hidden answer moves the output's score by its weight: dA1 = dZ2 @ W2.T.",
        ),
        Mistake(
            "downhill already",
            lambda X, A1, dZ2, W2: by_slope(X, -dZ2, W2, 1 - A1**2),
            "All signs are turned. A gradient points uphill; the minus comes later, in the step.",
        ),
        Mistake(
            "A1 for X",
            lambda X, A1, dZ2, W2: (
                A1.T @ (dZ2 @ W2.T * (1 - A1**2)),
                through_tanh(X, A1, dZ2, W2)[1],
            ),
            "For dW1 you multiplied by A1, the hidden *answers*. A weight's slope is its own input, and W1 sees X.",
        ),
        Mistake(
            "X not transposed",
            lambda X, A1, dZ2, W2: (X @ (dZ2 @ W2.T * (1 - A1**2)), through_tanh(X, A1, dZ2, W2)[1]),
            "dW1 must add up over the rows, so the rows must meet: X is (N, D), dZ1 is (N, H), and X.T @ dZ1 is (D, H).",
        ),
        Mistake(
            "W2 not transposed",
            lambda X, A1, dZ2, W2: by_slope(X, dZ2, W2.T, 1 - A1**2),
            "dZ2 is (N, 1) and W2 is (H, 1); a product of these two does not fit. Each row's one number goes back to H hidden answers: "
            "dZ2 @ W2.T, (N, 1) @ (1, H).",
        ),
        Mistake(
            "shapes",
            lambda X, A1, dZ2, W2: np.ones((len(X), 2)) @ np.ones((len(X) + 2, 1)),
            "Some shapes do not fit together. Write them down: X (N, D), A1 (N, H), dZ2 (N, 1), W2 (H, 1); and on the way dA1 (N, H) and "
            "dZ1 (N, H).",
        ),
    ],
    hints=(
        "Three levers back: from Z2 to A1, through tanh to Z1, then to W1 and b1. The chapter's table has them; only one line changes.",
        "dA1 = dZ2 @ W2.T, shape (N, H). Then dZ1 = dA1 times the slope of tanh, written with A1.",
        "dZ1 = dZ2 @ W2.T * (1 - A1**2); dW1 = X.T @ dZ1; and db1 is dZ1 summed over the rows.",
    ),
    right=[
        through_tanh_in_loops,
        lambda X, A1, dZ2, W2: by_slope(X, dZ2, W2, (1 + A1) * (1 - A1)),
    ],
    after="The slope of tanh at A1 = 0 is 1, that of the sigmoid at its middle 1/4. And at −0.9, as in the first case?",
)

# --- 5: find the bug, the slope that is missing ---------------------------------------

Parameters = Mapping[str, Floats]


def forward(p: Parameters, X: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    Z1 = X @ p["W1"] + p["b1"]
    A1 = sigmoid(Z1)
    Z2 = A1 @ p["W2"] + p["b2"]
    return Z1, A1, Z2, sigmoid(Z2)


Four = tuple[Floats, Floats, Floats, Floats]
Slope = Callable[[Floats], Floats]


def flat(a: Floats) -> Floats:
    return np.ones_like(a)


def steep(a: Floats) -> Floats:
    return a * (1 - a)


def walk_back(
    to_output: Slope = steep, to_hidden: Slope = steep, hidden: Slope = steep, scale: float = 2.0
) -> Callable[..., Four]:
    """Return a `backward` in which the output's slope may differ for its own weights and for the hidden layer."""

    def backward(p: Parameters, X: Floats, Y: Floats) -> Four:
        _, A1, _, A2 = forward(p, X)
        dA2 = scale * (A2 - Y) / len(X)
        dZ2 = dA2 * to_output(A2)
        dZ1 = dA2 * to_hidden(A2) @ p["W2"].T * hidden(A1)
        return A1.T @ dZ2, dZ2.sum(axis=0), X.T @ dZ1, dZ1.sum(axis=0)

    return backward


def slope_of_the_score(p: Parameters, X: Floats, Y: Floats) -> Four:
    Z2 = forward(p, X)[2]
    return walk_back(to_output=lambda a: Z2 * (1 - Z2), to_hidden=lambda a: Z2 * (1 - Z2))(p, X, Y)


def hidden_slope_of_the_score(p: Parameters, X: Floats, Y: Floats) -> Four:
    Z1 = forward(p, X)[0]
    return walk_back(to_output=flat, to_hidden=flat, hidden=lambda a: Z1 * (1 - Z1))(p, X, Y)


def without_brackets(p: Parameters, X: Floats, Y: Floats) -> Four:
    _, A1, _, A2 = forward(p, X)
    dZ2 = 2 * (A2 - Y) / len(X) * A2 - A2
    dZ1 = dZ2 @ p["W2"].T * steep(A1)
    return A1.T @ dZ2, dZ2.sum(axis=0), X.T @ dZ1, dZ1.sum(axis=0)


def not_a_mean(p: Parameters, X: Floats, Y: Floats) -> Four:
    return walk_back(scale=2.0 * len(X))(p, X, Y)


def hidden_slope_outside(p: Parameters, X: Floats, Y: Floats) -> Four:
    """The hidden slope where the output's belongs: (N, 1) * (N, 2), and the next product does not fit."""
    _, A1, _, A2 = forward(p, X)
    dZ2 = 2 * (A2 - Y) / len(X) * A1 * (1 - A1)
    dZ1 = dZ2 @ p["W2"].T * A1 * (1 - A1)
    return A1.T @ dZ2, dZ2.sum(axis=0), X.T @ dZ1, dZ1.sum(axis=0)


def by_rows(p: Parameters, X: Floats, Y: Floats) -> Four:
    """The right gradients, one row after the other."""
    shares = [walk_back()(p, X[n : n + 1], Y[n : n + 1]) for n in range(len(X))]  # each with its own N = 1
    dW2, db2, dW1, db1 = (np.mean([share[k] for share in shares], axis=0) for k in range(4))
    return dW2, db2, dW1, db1


def some_network(rng: np.random.Generator, N: int, H: int) -> dict[str, Any]:
    return {
        "W1": rng.normal(size=(2, H)),
        "b1": rng.normal(size=H),
        "W2": rng.normal(size=(H, 1)),
        "b2": rng.normal(size=1),
        "X": rng.normal(size=(N, 2)),
        "Y": rng.integers(0, 2, (N, 1)).astype(float),
    }


PENCIL = {
    "W1": np.array([[1.0, -1.5], [0.5, 0.5]]),
    "b1": np.array([0.0, -0.5]),
    "W2": np.array([[1.0], [-2.0]]),
    "b2": np.array([0.5]),
}

missing_slope = Function(
    name="xor.5",
    core=True,
    title="Find the bug: it learns all the same",
    minutes=15,
    level="medium",
    points=2,
    probe=with_network,
    parts=("dW2", "db2", "dW1", "db1"),
    reference=walk_back(),
    given=walk_back(to_output=flat, to_hidden=flat),
    cases=[{**PENCIL, "X": ROWS[2:3], "Y": EITHER[2:3]}, {**PENCIL, "X": ROWS, "Y": EITHER}],
    generate=lambda rng: [some_network(rng, N, H) for N, H in ((4, 2), (7, 3), (5, 2))],
    mistakes=[
        Mistake(
            "the hidden slope taken away",
            walk_back(to_output=flat, to_hidden=flat, hidden=flat),
            "Now both slopes are missing; the hidden one was right. The table says dW2 and db2 are off too, and they come before dZ1.",
        ),
        Mistake(
            "the hidden neurons' scores",
            hidden_slope_of_the_score,
            "In dZ1 you replaced A1 by Z1. That line was right: the slope of the sigmoid is a (1 − a), with a its *answer*. dW2 and db2 come before it, "
            "and they are off already.",
        ),
        Mistake(
            "only the sign",
            walk_back(to_output=flat, to_hidden=flat, scale=-2.0),
            "The sign was right: A2 − Y is what the square's slope is made of. Something is missing between A2 and Z2.",
        ),
        Mistake(
            "the answer for the slope",
            walk_back(to_output=lambda a: a, to_hidden=lambda a: a),
            "You found the line. But you multiply by the sigmoid's *answer*, A2. Its slope is A2 * (1 - A2).",
        ),
        Mistake(
            "1 − A2",
            walk_back(to_output=lambda a: 1 - a, to_hidden=lambda a: 1 - a),
            "You found the line. Half of the slope is there, 1 − A2; the slope of the sigmoid is A2 * (1 - A2).",
        ),
        Mistake(
            "the brackets",
            without_brackets,
            "You found the line. Without brackets, … * A2 * 1 - A2 takes A2 away at the end. Write A2 * (1 - A2).",
        ),
        Mistake(
            "the slope of the score",
            slope_of_the_score,
            "You found the line. But the slope of the sigmoid is a (1 − a), with a its *answer*, A2. You put the score Z2 in.",
        ),
        Mistake(
            "only on the way to the hidden layer",
            walk_back(to_output=flat),
            "dW2 and db2 are what they were when you got the code: what you changed stands after them. They are wrong already, and they are made of A1 and dZ2.",
        ),
        Mistake(
            "only for the output's own weights",
            walk_back(to_hidden=flat),
            "dW1 and db1 are what they were when you got the code. The mended dZ2 must go on to the hidden layer, too.",
        ),
        Mistake(
            "the other loss",
            walk_back(to_output=flat, to_hidden=flat, scale=1.0),
            "(A2 − Y) / N is the dZ2 of the cross-entropy. The loss here is the mean squared error, so two factors belong in: "
            "2, and a slope.",
        ),
        Mistake(
            "the 2 lost",
            walk_back(scale=1.0),
            "The slope is right, and everything is half as large as it should be: the 2 from the square got lost.",
        ),
        Mistake(
            "the mean lost",
            not_a_mean,
            "The slope is right, but with N rows everything is N times too large: the loss is a mean, keep / len(X).",
        ),
        Mistake(
            "the slope moved",
            walk_back(hidden=flat),
            "You put the slope in at the output and took it away at the hidden layer. Both layers have a sigmoid; both slopes belong in.",
        ),
        Mistake(
            "the slope twice",
            walk_back(to_output=lambda a: steep(a) ** 2, to_hidden=lambda a: steep(a) ** 2),
            "Now the slope is in there twice. Once is enough: there is one sigmoid between A2 and Z2.",
        ),
        Mistake(
            "uphill and down",
            walk_back(to_output=lambda a: -steep(a), to_hidden=lambda a: -steep(a)),
            "The slope is right, with its sign turned: A2 * (1 - A2), not A2 * (A2 - 1).",
        ),
        Mistake(
            "dW2 as it was",
            lambda p, X, Y: (walk_back(to_output=flat)(p, X, Y)[0], *walk_back()(p, X, Y)[1:]),
            "dW2 is what it was when you got the code. It is made of A1 and dZ2, and A1 is fine.",
        ),
        Mistake(
            "the hidden neurons' slope",
            hidden_slope_outside,
            "You put the slope of the *hidden* sigmoids, made of A1, where the output's belongs: (N, 1) times (N, 2) is no dZ2. "
            "The output's answer is A2.",
        ),
    ],
    hints=(
        "Walk back as the chapter does. Which is the first gradient that is off? Everything made of it is off too.",
        "dW2 and db2 are made of A1 and dZ2. A1 is fine. Compare the line of dZ2 with the chapter's two lines, dA2 and dZ2.",
        "Between Z2 and A2 there is a sigmoid. Its slope is A2 * (1 - A2).",
    ),
    right=[by_rows, lambda p, X, Y: [gradient.tolist() for gradient in walk_back()(p, X, Y)]],
    after="The friend's gradient is right for another loss. Which one? (Twice the gradient of it, to be exact.)",
)

# --- 6: find the bug, the step out of order -------------------------------------------


def one_step(
    hidden_sees: str = "old",
    moved: Sequence[str] = NAMES,
    signs: float = 1.0,
    output: Slope = flat,
    hidden_scale: bool = False,
) -> Callable[..., Four]:
    """Return a step, right or wrong: the hidden layer asks the old or the new W2; only some parameters move."""

    def step(p: Parameters, X: Floats, Y: Floats, lr: float) -> Four:
        _, A1, _, A2 = forward(p, X)
        dZ2 = (A2 - Y) / len(X) * output(A2)
        W2, b2 = p["W2"] - lr * A1.T @ dZ2, p["b2"] - lr * dZ2.sum(axis=0)
        asked = {"old": p["W2"], "new": W2, "undone the wrong way": W2 - lr * A1.T @ dZ2}[hidden_sees]
        dZ1 = dZ2 @ asked.T * A1 * (1 - A1) / (len(X) if hidden_scale else 1)
        W1, b1 = p["W1"] - signs * lr * X.T @ dZ1, p["b1"] - signs * lr * dZ1.sum(axis=0)
        new: Parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        first, second, third, fourth = (new[name] if name in moved else p[name] for name in NAMES)
        return first, second, third, fourth

    return step


def hidden_layer_first(p: Parameters, X: Floats, Y: Floats, lr: float) -> Four:
    """Moves the hidden layer first and computes the hidden answers again before the output's step."""
    W1, b1, _, b2 = one_step()(p, X, Y, lr)
    dZ2 = (forward(p, X)[3] - Y) / len(X)
    A1 = forward({**p, "W1": W1, "b1": b1}, X)[1]
    return W1, b1, p["W2"] - lr * A1.T @ dZ2, b2


def output_first_then_forward(p: Parameters, X: Floats, Y: Floats, lr: float) -> Four:
    """Moves the output neuron, then runs the new network forward for the hidden step."""
    _, _, W2, b2 = one_step()(p, X, Y, lr)
    return one_step(moved=("W1", "b1"))({**p, "W2": W2, "b2": b2}, X, Y, lr)


def all_gradients_first(p: Parameters, X: Floats, Y: Floats, lr: float) -> list[Floats]:
    dW2, db2, dW1, db1 = walk_back(to_output=flat, to_hidden=flat, scale=1.0)(p, X, Y)
    return [p[name] - lr * slope for name, slope in zip(NAMES, (dW1, db1, dW2, db2), strict=True)]


def output_last(p: Parameters, X: Floats, Y: Floats, lr: float) -> Four:
    """The step with the same two lines moved to the end."""
    W1, b1, _, _ = one_step(moved=("W1", "b1"))(p, X, Y, lr)
    _, _, W2, b2 = one_step(moved=("W2", "b2"))(p, X, Y, lr)
    return W1, b1, W2, b2


order = Function(
    name="xor.6",
    title="Find the bug: nearly the right step",
    minutes=15,
    level="hard",
    points=3,
    probe=with_network,
    parts=NAMES,
    reference=one_step(),
    given=one_step(hidden_sees="new"),
    cases=[
        {**PENCIL, "X": ROWS[2:3], "Y": EITHER[2:3], "lr": 1.0},
        {**PENCIL, "X": ROWS, "Y": EITHER, "lr": 1.0},
    ],
    generate=lambda rng: [
        {**some_network(rng, N, H), "lr": lr} for N, H, lr in ((4, 2, 1.0), (7, 3, 0.5), (5, 2, 2.0))
    ],
    mistakes=[
        Mistake(
            "the output stays",
            one_step(moved=("W1", "b1")),
            "The output neuron does not move any more. Its two lines are right; it is a matter of *when*.",
        ),
        Mistake(
            "W2 stays",
            one_step(moved=("b2", "W1", "b1")),
            "W2 does not move any more. It must still be in what you return, only *later* in the code.",
        ),
        Mistake(
            "b2 stays",
            one_step(moved=("W2", "W1", "b1")),
            "b2 does not move any more. It was innocent; put its line back.",
        ),
        Mistake(
            "the hidden layer stays",
            one_step(moved=("W2", "b2")),
            "The hidden layer does not move any more. Its two lines were fine; the numbers are off because of what `dZ1` is made of.",
        ),
        Mistake(
            "hidden layer uphill",
            one_step(signs=-1.0),
            "W1 and b1 now have the right size and walk uphill. Their minus was fine.",
        ),
        Mistake(
            "new W2, uphill",
            one_step(hidden_sees="new", signs=-1.0),
            "The minus in the lines of W1 and b1 was fine; put it back. The numbers are off because of what `dZ1` is made of.",
        ),
        Mistake(
            "the squared error's slope",
            one_step(hidden_sees="new", output=steep),
            "You put the output's slope into dZ2. Here the loss is the cross-entropy, in which it cancels: that line was right. W2 and b2 were right with it.",
        ),
        Mistake(
            "the squared error's slope, old W2",
            one_step(output=steep),
            "The order is right now. But you put the output's slope into dZ2, and with the cross-entropy it cancels: that line was right.",
        ),
        Mistake(
            "divided by N again",
            one_step(hidden_sees="new", hidden_scale=True),
            "You divided by the number of rows in the hidden layer as well. dZ2 holds that factor already, and dZ1 is made of it.",
        ),
        Mistake(
            "undone the wrong way",
            one_step(hidden_sees="undone the wrong way"),
            "You tried to undo the step of W2, but took it twice. It is safer not to need undoing: which lines can change places?",
        ),
        Mistake(
            "forward again",
            output_first_then_forward,
            "After moving the output neuron you ran forward again. That is a second step, from a second place. "
            "A gradient is measured at *one* place: compute all that you need first.",
        ),
        Mistake(
            "hidden layer first",
            hidden_layer_first,
            "Now W2 is off: it uses hidden answers that were computed with the new W1. "
            "All gradients belong to the place where you stood before the step.",
        ),
    ],
    hints=(
        "With a tiny lr the step is nearly right, with a large one it is off; and only in W1 and b1. What else has changed by then that lr decides about?",
        "Read the code from top to bottom and say at each line which W2 it means: the one given, or the one already moved?",
        "dZ1 asks how far Z2 moved when A1 did. That was with the old W2.",
    ),
    right=[all_gradients_first, output_last],
    after="It would hardly have hurt: such a network learns XOR, too. But nudging shows what is a gradient and what is not. "
    "The chapter avoids the trap: `backward` changes nothing, and all nine numbers move afterwards.",
)

# --- 7: a rate over seeds -------------------------------------------------------------

Train = Callable[[int], Floats]


def solved_share(train: Train, seeds: Sequence[int], Y: Floats) -> float:
    return share_where(lambda A2: bool((np.abs(A2 - Y) < 0.4).all()), train, seeds)


def share_where(solved: Callable[[Floats], Any], train: Train, seeds: Sequence[int]) -> float:
    """The share of seeds by any measure of success: most mistakes are a wrong one."""
    return float(np.mean([solved(train(seed)) for seed in seeds]))


def count_in_a_loop(train: Train, seeds: Sequence[int], Y: Floats) -> float:
    count = 0
    for seed in seeds:
        A2 = train(seed)
        if max(abs(float(a) - float(t)) for a, t in zip(A2[:, 0], Y[:, 0], strict=True)) < 0.4:
            count += 1
    return count / len(seeds)


def a_few_fates(seed: int) -> Floats:
    """every seed learns XOR, but 6 gives the answers 0.03, 0.50, 0.98, 0.50"""
    return np.array([[0.03], [0.5 if seed == 6 else 0.97], [0.98], [0.5 if seed == 6 else 0.02]])


def by_a_hair(seed: int) -> Floats:
    """even seeds learn XOR, odd ones too, but with 0.45 for the row (0, 0)"""
    return np.array([[0.45 if seed % 2 else 0.01], [0.95], [0.99], [0.02]])


def three_fates(seed: int) -> Floats:
    """seed 1 is right on all rows, seed 2 has 0.10 for (0, 1), seed 3 has 0.90 for (1, 1)"""
    return np.array([[0.05], [0.1 if seed == 2 else 0.9], [0.95], [0.9 if seed == 3 else 0.1]])


def random_fates(rng: np.random.Generator, N: int, first: int, last: int) -> Case:
    """Eight kinds of networks, so chosen that every wrong measure of success gives another share."""
    Y = rng.permutation(np.arange(N) % 2)[:, np.newaxis].astype(float)  # (N, 1), half of them 1
    gaps = rng.uniform(0, 0.3, (8, N, 1))
    zero, one = int(np.argmin(Y)), int(np.argmax(Y))
    gaps[1, zero], gaps[2, zero], gaps[3, one], gaps[7, zero] = 0.45, 0.8, 0.8, 0.55
    gaps[4], gaps[6] = 0.8, 0.8
    gaps[6, one] = 0.1
    answers = np.abs(Y - gaps)

    def fates(seed: int) -> Floats:
        """some of its networks are right on every row, others are not"""
        A2: Floats = answers[int(seed) % 8]
        return A2

    middle = [*sorted({*range(8)} - {first, last}), 1, 1, 1, 3, 3, 3, 3, 4, 4, 7, 7]
    kinds = [first, *rng.permutation(middle), last]
    return {"train": fates, "seeds": [int(kind + 8 * rng.integers(1, 9)) for kind in kinds], "Y": Y}


success_rate = Function(
    name="xor.7",
    core=True,
    title="How often does it work?",
    minutes=15,
    level="medium",
    points=3,
    reference=solved_share,
    cases=[
        {"train": a_few_fates, "seeds": [2, 0, 6], "Y": EITHER},
        {"train": three_fates, "seeds": [1, 2, 3, 1], "Y": EITHER},
        {"train": by_a_hair, "seeds": [1, 5, 8, 9, 11], "Y": EITHER},
    ],
    generate=lambda rng: [random_fates(rng, *sizes) for sizes in ((4, 0, 2), (6, 4, 5), (8, 5, 0))],
    mistakes=[
        Mistake(
            "right rows counted",
            lambda train, seeds, Y: share_where(lambda A2: (np.abs(A2 - Y) < 0.4).mean(), train, seeds),
            "You count right *rows*. A network counts once, and only if *all* its rows are right: .all() before you average.",
        ),
        Mistake(
            "any row",
            lambda train, seeds, Y: share_where(lambda A2: (np.abs(A2 - Y) < 0.4).any(), train, seeds),
            "A network with one right row counts in yours. All rows must be right: .all(), not .any().",
        ),
        Mistake(
            "the mean gap",
            lambda train, seeds, Y: share_where(lambda A2: np.abs(A2 - Y).mean() < 0.4, train, seeds),
            "You ask whether the gaps are below 0.4 on average, so three good rows hide a bad one. Ask it of each row.",
        ),
        Mistake(
            "decisions",
            lambda train, seeds, Y: share_where(lambda A2: ((A2 > 0.5) == Y).all(), train, seeds),
            "You take every answer on the right side of one half. A shrug of 0.45 should not count: nearer than 0.4 to the target.",
        ),
        Mistake(
            "no abs",
            lambda train, seeds, Y: share_where(lambda A2: (A2 - Y < 0.4).all(), train, seeds),
            "A2 − Y is negative where the answer is too low, and so always below 0.4: a 0 where a 1 belongs counts as right. Take np.abs.",
        ),
        Mistake(
            "squares",
            lambda train, seeds, Y: share_where(lambda A2: ((A2 - Y) ** 2 < 0.4).all(), train, seeds),
            "You compare the *squares* of the gaps with 0.4, and the square of 0.5 is only 0.25. Take np.abs of the gap.",
        ),
        Mistake(
            "a row against a column",
            lambda train, seeds, Y: share_where(lambda A2: (np.abs(A2 - Y[:, 0]) < 0.4).all(), train, seeds),
            "Yours is always 0. One of answers and targets is a column (N, 1) and the other a row (N,): their difference is a table (N, N), "
            "every answer against every target. Keep both (N, 1).",
        ),
        Mistake(
            "rows of the last network",
            lambda train, seeds, Y: share_where(lambda A2: (np.abs(A2 - Y) < 0.4).mean(), train, seeds[-1:]),
            "That is the share of right rows in the *last* network. Each network gives one verdict, .all(); keep the verdicts in a list.",
        ),
        Mistake(
            "if on a table",
            lambda train, seeds, Y: share_where(lambda A2: 1 if np.abs(A2 - Y) < 0.4 else 0, train, seeds),
            "A network gives N answers, so this condition is N times True or False. It is solved if they are *all* True: "
            "(np.abs(A2 - Y) < 0.4).all().",
        ),
        Mistake(
            "a list of verdicts",
            lambda train, seeds, Y: np.array([(np.abs(train(seed) - Y) < 0.4).all() for seed in seeds]),
            "These are the verdicts, one for each seed. The share of True among them is their mean.",
        ),
        Mistake(
            "in percent",
            lambda train, seeds, Y: 100 * solved_share(train, seeds, Y),
            "That is in percent. Wanted is a share, from 0 to 1.",
        ),
        Mistake(
            "counted",
            lambda train, seeds, Y: len(seeds) * solved_share(train, seeds, Y),
            "That is *how many* were solved. Divide by the number of seeds.",
        ),
        Mistake(
            "failures",
            lambda train, seeds, Y: 1 - solved_share(train, seeds, Y),
            "That is the share of the failures.",
        ),
        Mistake(
            "only the first seed",
            lambda train, seeds, Y: solved_share(train, seeds[:1], Y),
            "Only the first seed counts in yours. Is the `return` inside the loop?",
        ),
        Mistake(
            "only the last seed",
            lambda train, seeds, Y: solved_share(train, seeds[-1:], Y),
            "Only the last seed counts in yours. Keep the verdicts of all of them, in a list or a counter, and average after the loop.",
        ),
        Mistake(
            "divided by the rows",
            lambda train, seeds, Y: len(seeds) / len(Y) * solved_share(train, seeds, Y),
            "The count is right; you divided it by the number of rows. Divide by the number of seeds.",
        ),
        Mistake(
            "the place in the list",
            lambda train, seeds, Y: solved_share(train, range(len(seeds)), Y),
            "You train from 0, 1, 2, …, the places in the list. Train from the seeds in it: for seed in seeds.",
        ),
        Mistake(
            "all seeds at once",
            lambda train, seeds, Y: float((np.abs(train(seeds) - Y) < 0.4).all()),
            "`train` takes one seed, and you gave it the whole list. Call it in a loop: for seed in seeds.",
        ),
    ],
    hints=(
        "Begin with one network: A2 = train(seed), shape (N, 1). When is it solved?",
        "(np.abs(A2 - Y) < 0.4).all() is True or False. Collect one for each seed.",
        "The mean of a list of True and False is the share of True.",
    ),
    right=[
        count_in_a_loop,
        lambda train, seeds, Y: np.all(
            np.abs(np.stack([train(s) for s in seeds]) - Y) < 0.4, axis=(1, 2)
        ).mean(),
    ],
    after="Now with real networks: success_rate(trained, range(20), Y). It takes a few seconds. Then seeds 20 to 39. Is it the same?",
)

# --- 8: predict, what ten seeds say ---------------------------------------------------

ten_seeds = Choice(
    name="xor.8",
    title="What ten seeds say",
    minutes=5,
    level="medium",
    points=1,
    right="B",
    options={
        "A": "Seven or eight are the likeliest, and together they come to little more than half of the friends. The chance that all ten "
        "succeed is 0.75 ten times multiplied, about one in eighteen: among a hundred, several will see it.",
        "B": "Ten seeds are few. Among a hundred friends a few are lucky with all ten, and a few see only half of theirs succeed, or fewer. "
        "Either would tell you something wrong, in good faith.",
        "C": "That happens if every count is equally likely. For ten failures, what has a chance of one in four must come ten times running: less than "
        "once in a million.",
    },
    hints=(
        "Flip two coins together: with a chance of three in four at least one shows heads. Do it ten times and count; then again. Always seven or eight?",
        "The chance that all ten succeed is 0.75 ten times multiplied. Is that much rarer than one friend in a hundred?",
    ),
    after="The last line of the next cell is for a thousand seeds each. A hundred times as many seeds, and the spread is ten times smaller. "
    "So how many does it take to tell 72 % from 75 %?",
)

# --- 9: predict, half twins -----------------------------------------------------------

half_twins = Choice(
    name="xor.9",
    core=True,
    title="Half twins",
    minutes=10,
    level="medium",
    points=1,
    right="B",
    options={
        "A": "They give the same answers at the start, but they do not get the same blame: dA1 is dZ2 times each one's *own* output weight.",
        "B": "What comes back to each is multiplied by its own output weight, 0.5 or −0.3. Different gradients, different weights, after one step.",
        "C": "Look at dW2 = A1ᵀ dZ2: equal answers give equal slopes, so both output weights take the same step and their difference stays. "
        "It is dW1 that is not the same for both.",
    },
    hints=(
        "Follow the walk back for both of them. Where does a number come in that only one of them has?",
        "dA1 = dZ2 @ W2.T. Its two columns are dZ2 times 0.5, and dZ2 times −0.3.",
    ),
    after="So it takes equality in *everything* to be stuck. What if W1 is random, and only W2 starts with equal weights?",
)

# --- 10: twins are one ----------------------------------------------------------------


def merged(W1: Floats, b1: Floats, W2: Floats) -> tuple[Floats, Floats, Floats]:
    return W1[:, :1], b1[:1], W2.sum(axis=0, keepdims=True)


def merged_with_lists(
    W1: Floats, b1: Floats, W2: Floats
) -> tuple[list[list[float]], list[float], list[list[float]]]:
    return [[float(row[0])] for row in W1], [float(b1[0])], [[sum(float(w[0]) for w in W2)]]


def some_twins(rng: np.random.Generator, D: int, H: int) -> Case:
    return {
        "W1": np.repeat(rng.normal(size=(D, 1)), H, axis=1),
        "b1": np.repeat(rng.normal(size=1), H),
        "W2": rng.normal(size=(H, 1)),
    }


all_one = Function(
    name="xor.10",
    title="Two doing one job",
    minutes=10,
    level="easy",
    points=2,
    reference=merged,
    parts=("W1", "b1", "W2"),
    cases=[
        {
            "W1": np.array([[0.7, 0.7], [-0.4, -0.4]]),
            "b1": np.array([0.25, 0.25]),
            "W2": np.array([[0.5], [0.75]]),
        },
        {
            "W1": np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]),
            "b1": np.array([-1.0, -1.0, -1.0]),
            "W2": np.array([[3.0], [-1.0], [0.5]]),
        },
    ],
    generate=lambda rng: [some_twins(rng, D, H) for D, H in ((2, 2), (3, 5), (2, 1), (1, 4))],
    mistakes=[
        Mistake(
            "numbers for arrays",
            lambda W1, b1, W2: (W1[:, 0], b1[0], W2.sum()),
            "The numbers are right, only their forms are not. Slices keep an axis where an index drops it: W1[:, :1], b1[:1]; and "
            "sum(axis=0, keepdims=True).",
        ),
        Mistake(
            "everything summed, without axes",
            lambda W1, b1, W2: (W1.sum(axis=1), b1.sum(), W2.sum()),
            "You added up everything. For W2 that is the idea (as a table of one, keepdims=True). But with the twins' weights and biases added up "
            "the new neuron gets H times the score: take one twin's, W1[:, :1] and b1[:1].",
        ),
        Mistake(
            "two of W2",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], 2 * W2[:1]),
            "W2 is twice the first twin's weight. The output weights differ, and there may be more than two twins: add all of them up.",
        ),
        Mistake(
            "W2 as a number",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], W2.sum()),
            "The number in W2 is right; as a layer from one hidden neuron to one output it has the shape (1, 1): W2.sum(axis=0, keepdims=True).",
        ),
        Mistake(
            "a flat row of W1",
            lambda W1, b1, W2: (W1[0], *merged(W1, b1, W2)[1:]),
            "W1[0] is a *row* of W1, what the first input tells all of the twins. A hidden neuron is a column, and as a table: W1[:, :1].",
        ),
        Mistake(
            "mean of W2",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], W2.mean(axis=0, keepdims=True)),
            "In W2 you took the mean. The output added up w·a for each twin: how much a is that altogether?",
        ),
        Mistake(
            "first of W2",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], W2[:1]),
            "W2 holds the first twin's weight only. The others spoke too: add theirs.",
        ),
        Mistake(
            "first of W2, flat",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], W2[0]),
            "W2[0] is the first twin's weight only. The others spoke too: add theirs, W2.sum(axis=0, keepdims=True).",
        ),
        Mistake(
            "W2 times H",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], len(W2) * W2[:1]),
            "W2 is the first twin's weight, once for each twin; but their output weights differ. Add them up.",
        ),
        Mistake(
            "W2 as it was",
            lambda W1, b1, W2: (*merged(W1, b1, W2)[:2], W2),
            "W2 still has a weight for each twin. One neuron has one: shape (1, 1).",
        ),
        Mistake(
            "everything summed",
            lambda W1, b1, W2: (
                W1.sum(axis=1, keepdims=True),
                b1.sum(keepdims=True),
                W2.sum(axis=0, keepdims=True),
            ),
            "With the twins' weights and biases added up, the new neuron gets H times the score and says something else "
            "than the twins did. It should say what each of them said.",
        ),
        Mistake(
            "W1 summed",
            lambda W1, b1, W2: (W1.sum(axis=1, keepdims=True), *merged(W1, b1, W2)[1:]),
            "W1 is too large: with the twins' weights added up the new neuron gets another score. Take one twin's column.",
        ),
        Mistake(
            "b1 summed",
            lambda W1, b1, W2: (W1[:, :1], b1.sum(keepdims=True), W2.sum(axis=0, keepdims=True)),
            "b1 is too large: the new neuron should get the same score as each of the twins, so it takes one twin's bias.",
        ),
        Mistake(
            "a row of W1",
            lambda W1, b1, W2: (W1[:1], *merged(W1, b1, W2)[1:]),
            "You took a *row* of W1, what the first input tells all of the twins. A hidden neuron is a column: W1[:, :1].",
        ),
        Mistake(
            "without the axis",
            lambda W1, b1, W2: (W1[:, 0], *merged(W1, b1, W2)[1:]),
            "The numbers of W1 are right, its form is not: W1[:, 0] drops the axis of the neurons. W1[:, :1] keeps it.",
        ),
        Mistake(
            "b1 as a number",
            lambda W1, b1, W2: (W1[:, :1], b1[0], W2.sum(axis=0, keepdims=True)),
            "The number in b1 is right, but it should be an array of one, shape (1,): b1[:1] keeps the axis that b1[0] drops.",
        ),
        Mistake(
            "W2 without keepdims",
            lambda W1, b1, W2: (W1[:, :1], b1[:1], W2.sum(axis=0)),
            "The number in W2 is right; as a layer from one hidden neuron to one output it has the shape (1, 1): keepdims=True.",
        ),
    ],
    hints=(
        "All twins say the same a. What do w1 · a + w2 · a add up to?",
        "The new hidden neuron must say a, as each of the twins did: one twin's column of W1, one twin's bias.",
        "W1[:, :1] is the first column with its axis kept, (D, 1). W2.sum(axis=0, keepdims=True) is (1, 1).",
    ),
    right=[
        merged_with_lists,
        lambda W1, b1, W2: (
            W1.mean(axis=1, keepdims=True),
            b1.mean(keepdims=True),
            np.ones((1, len(W2))) @ W2,
        ),
    ],
    after="So a network of twins, of a thousand even, is worth one hidden neuron. What one hidden neuron is worth, the last exercise asks.",
)

# --- 11: in words ---------------------------------------------------------------------

one_hidden = Written(
    name="xor.11",
    core=True,
    title="One hidden neuron is not enough",
    minutes=20,
    level="hard",
    points=4,
    hints=(
        "Let z be the hidden neuron's score. As z grows, what does the hidden answer do, and then the output's score, if the output weight is positive?",
        "So the network says yes where z lies above some number, or below some number, or everywhere, or nowhere. Each is a line in the plane of the inputs.",
        "Say yes where z > c, with z = w1 x1 + w2 x2 + b. What does each of the four rows demand? Add the outer two, add the inner two.",
    ),
)

EXERCISES: Sequence[Exercise] = (
    other_answers,
    how_many,
    mirror,
    hidden_derivative,
    missing_slope,
    order,
    success_rate,
    ten_seeds,
    half_twins,
    all_one,
    one_hidden,
)
