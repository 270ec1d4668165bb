"""The exercises on fooling a network: what is right, what people get wrong, what to say then.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/adversarial.py`.
Pictures are made up, a few pixels each, and networks small and drawn by lot: an attack does not mind.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mininet.activations import sigmoid, softmax
from mininet.arrays import Array, Floats
from mininet.attacks import InputGradient, gradient_by_input, pgd
from mininet.gradcheck import numerical_gradient
from mininet.layers import Tanh, mlp
from mininet_course.compare import show
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
from mininet_course.probes.adversarial import searched, tossed

Rng = np.random.Generator


def always(rows: Sequence[Sequence[float]]) -> InputGradient:
    """Return a gradient function that answers the same whatever it is asked, and says so in a report."""

    def gradient(x: Floats, y: Array) -> Floats:
        return np.array(rows, dtype=np.float64)

    gradient.__doc__ = f"always answers {[list(row) for row in rows]}"
    return gradient


def of_a_network(rng: Rng, pixels: int, classes: int) -> InputGradient:
    """Return the gradient function of a small bent network, in float64."""
    net = mlp([pixels, 8, classes], rng, activation=Tanh).astype(np.float64)
    for p in net.parameters():
        p.data *= 3  # so that the signs change along a walk
    next(iter(net.parameters())).data[0] = 0  # a pixel without influence, whose slope is exactly 0
    gradient = gradient_by_input(net)
    gradient.__doc__ = f"that of a network with {pixels} inputs and {classes} classes"
    return gradient


# --- 1: predict, a crowd in step ------------------------------------------------------

in_step = Values(
    name="adversarial.1",
    core=True,
    title="A hundred in step",
    minutes=5,
    level="easy",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(0.12,),
    cases=[{}],
    mistakes=[
        Mistake(
            "weights forgotten",
            (0.06,),
            "You shared the 6 out among the pixels and forgot the weights: a push by ε moves the score by 0.5 ε only.",
        ),
        Mistake(
            "half of the pixels",
            (0.24,),
            "You count one kind of pixel only. Those with the weight −0.5 help just as much: the forger pushes them the other way.",
        ),
        Mistake(
            "the length of the weights",
            (1.2,),
            "You divided by the length of w, √(100 · 0.5²) = 5. That is about what pushes with tossed signs add up to, the murmur. "
            "In step the pushes add up one by one.",
        ),
        Mistake(
            "one pixel", (12.0,), "That is what one pixel would need if it were alone. There are a hundred."
        ),
        Mistake(
            "the sum of the weights",
            (0.0,),
            "The weights add up to 0, but the pushes do not: each pixel is pushed in the direction that suits its own sign.",
        ),
        Mistake(
            "times the weight",
            (0.03,),
            "Divide by the weight, do not multiply by it: the smaller the weights, the *larger* the ε that is needed.",
        ),
        Mistake(
            "upside down",
            (50 / 6,),
            "The other way up: what is to be overcome, divided by what ε = 1 achieves.",
        ),
    ],
    hints=(
        "One pixel with weight 0.5, pushed by ε against its sign, lowers the score by 0.5 · ε. And one with weight −0.5?",
        "All hundred together: 100 · 0.5 · ε. When is that 6?",
    ),
    right=[(6 / 50,), (np.float32(0.12),)],
    after="A pencil that moves each pixel by 0.12 *at random* moves the score by about 0.6: a tenth of what is needed.",
    vary=lambda rng: another_crowd(rng),
)


def another_crowd(rng: Rng) -> Varied:
    crowds = [
        (0.25, 4),
        (0.25, 2),
        (0.4, 6),
        (0.4, 5.2),
        (0.2, 4),
        (0.2, 2.8),
        (0.8, 4),
        (0.5, 9),
        (0.2, 5),
        (0.8, 7.2),
    ]
    weight, score = crowds[rng.integers(len(crowds))]
    epsilon = score / (100 * weight)
    texts = {
        "Half of its weights are 0.5, the others −0.5": f"Half of its weights are {weight}, the others −{weight}",
        "gets the score 6 ": f"gets the score {score} ",
        "np.repeat([0.5, -0.5], 50)": f"np.repeat([{weight}, -{weight}], 50)",
        "(0.03, 0.06, 0.12, 0.24)": f"({epsilon / 4:g}, {epsilon / 2:g}, {epsilon:g}, {2 * epsilon:g})",
        "+ 6:.1f": f"+ {score}:.1f",
    }
    wrong = {
        "one pixel": (score / weight,),
        "the sum of the weights": (0.0,),
        "times the weight": (score * weight / 100,),
        "upside down": (100 * weight / score,),
    }
    right = [(round(epsilon, 3),), (np.float32(epsilon),)]
    varied = replace(
        in_step, reference=(epsilon,), mistakes=as_made_with(in_step, wrong), right=right, after=""
    )
    return texts, varied


# --- 2: the gradient by the picture ---------------------------------------------------

Net = tuple[Floats, Floats, Floats, float]


def hidden(x: Floats, W1: Floats, b1: Floats, w2: Floats, b2: float) -> tuple[Floats, Floats, Floats]:
    """Return Z (N, H), A (N, H) and p (N,) of the network with one output."""
    Z = x @ W1 + b1
    A = np.tanh(Z)
    return Z, A, sigmoid(A @ w2 + b2)


def back_to_hidden(x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float) -> Floats:
    _, A, p = hidden(x, W1, b1, w2, b2)
    dZ: Floats = ((p - y) / len(y))[:, None] * w2 * (1 - A**2)
    return dZ


def by_picture(x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float) -> Floats:
    return back_to_hidden(x, y, W1, b1, w2, b2) @ W1.T


def by_nudging(x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float) -> Floats:
    def loss(x: Floats) -> float:
        p = hidden(x, W1, b1, w2, b2)[2]
        return float(-np.log(np.where(y == 1, p, 1 - p)).mean())

    return numerical_gradient(loss, x)


def picture_by_picture(
    x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float
) -> list[list[float]]:
    rows = []
    for picture, label in zip(x, y, strict=True):
        a = [np.tanh(sum(picture[j] * W1[j, k] for j in range(len(W1))) + b1[k]) for k in range(len(b1))]
        want = 1 / (1 + np.exp(-sum(w2[k] * a[k] for k in range(len(a))) - b2)) - label
        slopes = [want * w2[k] * (1 - a[k] ** 2) / len(x) for k in range(len(a))]
        rows.append([float(sum(slopes[k] * W1[j, k] for k in range(len(a)))) for j in range(len(picture))])
    return rows


def squared_habit(x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float) -> Floats:
    _, A, p = hidden(x, W1, b1, w2, b2)
    return (((p - y) * p * (1 - p) / len(y))[:, None] * w2 * (1 - A**2)) @ W1.T


def row_times_row(x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float) -> Floats:
    _, A, p = hidden(x, W1, b1, w2, b2)
    return ((p - y) / len(y) * w2 * (1 - A**2)) @ W1.T


def wrong_slope(slope: Callable[[Floats, Floats], Floats]) -> Callable[..., Floats]:
    """Return the gradient with another slope of the hidden layer, a function of Z and A."""

    def gradient(x: Floats, y: Array, W1: Floats, b1: Floats, w2: Floats, b2: float) -> Floats:
        Z, A, p = hidden(x, W1, b1, w2, b2)
        return (((p - y) / len(y))[:, None] * w2 * slope(Z, A)) @ W1.T

    return gradient


def some_net(rng: Rng, n: int, d: int, h: int) -> Case:
    return {
        "x": rng.random((n, d)),
        "y": rng.integers(0, 2, n),
        "W1": rng.normal(size=(d, h)),
        "b1": rng.normal(size=h),
        "w2": rng.normal(0, 2, h),
        "b2": float(rng.normal()),
    }


picture_gradient = Function(
    name="adversarial.2",
    core=True,
    title="One line further, by hand",
    minutes=15,
    level="medium",
    points=3,
    reference=by_picture,
    cases=[
        {
            "x": np.array([[0.8, 0.2]]),
            "y": np.array([1]),
            "W1": np.array([[1.0, -1.0, 0.5], [0.5, 2.0, 0.0]]),
            "b1": np.array([0.0, 0.1, -0.5]),
            "w2": np.array([1.0, -2.0, 3.0]),
            "b2": 0.5,
        },
        some_net(np.random.default_rng(0), 4, 3, 2),
    ],
    generate=lambda rng: [some_net(rng, n, d, h) for n, d, h in ((5, 4, 4), (2, 6, 3), (7, 2, 5))],
    mistakes=[
        Mistake(
            "by the weights",
            lambda x, y, W1, b1, w2, b2: x.T @ back_to_hidden(x, y, W1, b1, w2, b2),
            "That is the gradient by the *weights* W1, where training stops. By the pictures it is the other half of the backward "
            "pass: dZ1 times W1, turned so that (N, H) becomes (N, D).",
        ),
        Mistake(
            "up to the hidden layer",
            back_to_hidden,
            "You stopped at the hidden layer: that is dZ1, (N, H). One line further: how does each of its scores depend on each pixel?",
        ),
        Mistake(
            "W1 not turned",
            lambda x, y, W1, b1, w2, b2: back_to_hidden(x, y, W1, b1, w2, b2) @ W1,
            "dZ1 is (N, H), and W1 is (D, H). On the way back it has to be turned, dZ1 @ W1.T, so that (N, D) remains. "
            "With as many hidden units as pixels NumPy would not even complain.",
        ),
        Mistake(
            "row times row",
            row_times_row,
            "p − y is (N,), a number for each picture, and w2 is (H,), one for each hidden unit. To make a table (N, H) of them, turn the first into a column: (p − y)[:, None] * w2.",
        ),
        Mistake(
            "tanh forgotten",
            wrong_slope(lambda Z, A: np.ones_like(Z)),
            "The slope of tanh is missing. On its way back the gradient passes each hidden unit, and there it is multiplied by 1 − A².",
        ),
        Mistake(
            "slope at the score",
            wrong_slope(lambda Z, A: 1 - Z**2),
            "The slope of tanh is 1 − tanh(Z)², so 1 minus the square of what comes *out* of tanh, A. You squared what goes in.",
        ),
        Mistake(
            "slope of a ReLU",
            wrong_slope(lambda Z, A: (Z > 0).astype(float)),
            "(Z1 > 0) is the slope of the chapter's ReLU. This network has tanh, and its slope is 1 − A².",
        ),
        Mistake(
            "1/N forgotten",
            lambda x, y, W1, b1, w2, b2: by_picture(x, y, W1, b1, w2, b2) * len(y),
            "Each row is N times too large: the loss is a mean over the batch. (An attack by signs would not mind, a check does.)",
        ),
        Mistake(
            "labels forgotten",
            lambda x, y, W1, b1, w2, b2: by_picture(x, np.zeros(len(y)), W1, b1, w2, b2),
            "The label does not appear. The gradient by the last score is p − y: uphill depends on what is written on the envelope.",
        ),
        Mistake(
            "slope of the sigmoid twice",
            squared_habit,
            "You multiplied by p(1 − p) as well. With this loss the sigmoid's slope cancels: p − y is the gradient by the score already.",
        ),
        Mistake(
            "summed over the pictures",
            lambda x, y, W1, b1, w2, b2: by_picture(x, y, W1, b1, w2, b2).sum(axis=0),
            "You added up over the pictures. That is right for weights, which all pictures share; a pixel belongs to one picture. "
            "Keep a row for each.",
        ),
    ],
    hints=(
        "Forward first, keeping A = tanh(x @ W1 + b1), (N, H), and p = sigmoid(A @ w2 + b2), (N,).",
        "Backward: the gradient by the last score is (p − y) / N, (N,). As a column times w2 it is the gradient by A, (N, H).",
        "Times 1 − A² it is dZ1, (N, H). And the line that training leaves out: dZ1 @ W1.T, (N, D).",
    ),
    right=[picture_by_picture, by_nudging],
    after="Nothing here needed to know that x is a picture. What would a forger change about a bank's customer, or about a sentence?",
)

# --- 3: predict, a friend with a pencil -----------------------------------------------

friend = Choice(
    name="adversarial.3",
    title="A friend with a pencil",
    minutes=5,
    level="easy",
    points=1,
    right="B",
    options={
        "A": "The network is what it was, that is true; but so it was under the forger's pencil. What changes is the picture, and the "
        "picture is what it reads. Where the loss can be pushed up by little, can it not be pushed down as well?",
        "B": "The same lever, pushed the other way: what is a hair's breadth from wrong is a hair's breadth from right.",
        "C": "Any unplanned change of a picture does a little harm. But this one is planned: each pixel moves in the direction in which the "
        "loss of the true label *falls*.",
    },
    hints=(
        "What does a step in the direction of *minus* the gradient do to the loss of the true label? You have trained networks with it.",
        "The images that are misread: how far are they from being read correctly? As far as the others from being misread, or nearer?",
    ),
    after="A reader who needs somebody that knows the answer and draws it onto the envelope is of no use to the post. But beware of "
    "pictures that were cleaned up by somebody who knew their labels.",
)

# --- 4: pencil without eraser ---------------------------------------------------------

Step = Callable[[InputGradient, Floats, Array, float], Floats]


def ink_only(gradient: InputGradient, x: Floats, y: Array, epsilon: float) -> Floats:
    return np.clip(x + epsilon * (gradient(x, y) > 0), 0, 1)


def never_below(gradient: InputGradient, x: Floats, y: Array, epsilon: float) -> Floats:
    return np.maximum(x, np.minimum(x + epsilon * np.sign(gradient(x, y)), 1))


def pixel_by_pixel(gradient: InputGradient, x: Floats, y: Array, epsilon: float) -> Floats:
    changed, g = x.copy(), gradient(x, y)
    for place in np.argwhere(g > 0):
        changed[tuple(place)] = min(changed[tuple(place)] + epsilon, 1.0)
    return changed


def pictures(rng: Rng, n: int, d: int) -> Floats:
    """Return (N, D) greys, a fifth of the pixels at the edges of the paper, as in digits."""
    x = rng.random((n, d))
    return np.where(rng.random((n, d)) < 0.2, np.round(x), x)


def network_case(rng: Rng, n: int, d: int, classes: int, epsilon: float) -> Case:
    return {
        "gradient": of_a_network(rng, d, classes),
        "x": pictures(rng, n, d),
        "y": rng.integers(0, classes, n),
        "epsilon": epsilon,
    }


pencil = Function(
    name="adversarial.4",
    title="The eraser is lost",
    minutes=10,
    level="easy",
    points=2,
    reference=ink_only,
    cases=[
        {
            "gradient": always([[3.0, -1.0, 0.2, 0.0]]),
            "x": np.array([[0.5, 0.5, 0.9, 0.5]]),
            "y": np.array([1]),
            "epsilon": 0.25,
        },
        network_case(np.random.default_rng(0), 3, 5, 3, 0.1),
    ],
    generate=lambda rng: [
        network_case(rng, n, d, 4, eps) for n, d, eps in ((6, 9, 0.3), (4, 16, 0.05), (1, 7, 0.6))
    ],
    mistakes=[
        Mistake(
            "the eraser used",
            lambda gradient, x, y, epsilon: np.clip(x + epsilon * np.sign(gradient(x, y)), 0, 1),
            "That is the full fast gradient sign: where the slope is negative, you rub ink out. Without an eraser those pixels stay as they are.",
        ),
        Mistake(
            "ink everywhere",
            lambda gradient, x, y, epsilon: np.clip(x + epsilon, 0, 1),
            "You darken every pixel (so does |sign|). Where the slope is negative, more ink *lowers* the loss and undoes your work: leave those pixels alone.",
        ),
        Mistake(
            "ink where it helps the reader",
            lambda gradient, x, y, epsilon: np.clip(x + epsilon * (gradient(x, y) < 0), 0, 1),
            "The ink goes where the slope is negative, and there it lowers the loss: that is the friend, not the forger.",
        ),
        Mistake(
            "only the eraser",
            lambda gradient, x, y, epsilon: np.clip(x - epsilon * (gradient(x, y) < 0), 0, 1),
            "It is the pencil that is lost here: you take ink away where the slope is negative. Add some where it is positive.",
        ),
        Mistake(
            "proportional to the slope",
            lambda gradient, x, y, epsilon: np.clip(x + epsilon * np.maximum(gradient(x, y), 0), 0, 1),
            "You push in proportion to the slope. Each pixel has an allowance of its own, and whatever it leaves unused is given away: "
            "push by the full ε, however small the slope.",
        ),
        Mistake(
            "blacker than ink",
            lambda gradient, x, y, epsilon: x + epsilon * (gradient(x, y) > 0),
            "Some pixels become larger than 1, and no paper is blacker than ink. Clip the picture.",
        ),
        Mistake(
            "slope 0 counted as positive",
            lambda gradient, x, y, epsilon: np.clip(x + epsilon * (gradient(x, y) >= 0), 0, 1),
            "Where the slope is exactly 0, ink does nothing; leave that pixel as it is: > 0, not >= 0.",
        ),
        Mistake(
            "only the change",
            lambda gradient, x, y, epsilon: np.clip(x + epsilon * (gradient(x, y) > 0), 0, 1) - x,
            "You return the change. Wanted is the changed picture.",
        ),
        Mistake(
            "the picture unchanged",
            lambda gradient, x, y, epsilon: x,
            "The pictures come back as they were. Does the result of your clip go anywhere?",
        ),
    ],
    hints=(
        "gradient(x, y) > 0 says for each pixel whether more ink raises the loss.",
        "As a number, True is 1 and False is 0: epsilon * (g > 0) is the ink. Then the edge of the paper.",
    ),
    right=[never_below, pixel_by_pixel],
    after="Forging a cheque with a pen is this rule. A reader that is only ever attacked like that may be much harder to fool "
    "than FGSM suggests; the rule of the game belongs beside every number.",
)

# --- 5: the control -------------------------------------------------------------------


def as_tossed(rounds: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return what is to be said of two controls from one generator and one from another with the same seed."""
    x, forged = case["x"], case["forged"]
    if rounds[0] is None:
        return None
    first, second, again = (np.asarray(one, dtype=float) for one in rounds)
    if first.shape != x.shape:
        raise WrongForm(f"Expected pictures of x's shape {x.shape}, got {first.shape}.")
    move, plan = first - x, forged - x
    size = np.abs(plan)
    free = (size > 0) & (x - size >= 0) & (x + size <= 1)  # neither way leads off the paper
    up, with_plan = (move > 0) == (x < 2), np.sign(move) == np.sign(plan)
    share = np.array([(with_plan & free)[i].sum() / free[i].sum() for i in range(len(x))])
    alike = [
        [(kind[i] == kind[0])[free[i] & free[0]].mean() for kind in (up, with_plan)] for i in range(1, len(x))
    ]
    return (
        int(((first < -1e-6) | (first > 1 + 1e-6)).any()),
        round(10 * np.mean(np.abs(np.abs(move) - size)[free] > 1e-6)),
        min(20, round(10 * np.abs(move)[free].mean() / size[free].mean())),
        round(10 * up[free].mean()),
        round(10 * with_plan[free].mean()),
        int(((share < 0.01) | (share > 0.99)).sum()),
        int((np.max(alike, axis=1) > 0.99).sum()),
        not np.array_equal(first, second),
        np.array_equal(first, again),
    )


Control = Callable[[Floats, Floats, Rng], Floats]


def signs_tossed(x: Floats, forged: Floats, rng: Rng) -> Floats:
    changed: Floats = np.clip(x + rng.choice([-1, 1], x.shape) * np.abs(forged - x), 0, 1)
    return changed


def coins(x: Floats, forged: Floats, rng: Rng) -> Floats:
    change = forged - x
    return np.clip(np.where(rng.random(x.shape) < 0.5, x + change, x - change), 0, 1)


def one_coin_at_a_time(x: Floats, forged: Floats, rng: Rng) -> list[list[float]]:
    rows = []
    for before, after in zip(x, forged, strict=True):
        flips = 2 * rng.integers(0, 2, len(before)) - 1
        moved = [b + f * (a - b) for b, a, f in zip(before, after, flips, strict=True)]
        rows.append([float(min(max(value, 0), 1)) for value in moved])
    return rows


def by(draw: Callable[[Floats, Rng], Array]) -> Control:
    """Return a control that multiplies the sizes of the changes by what is drawn for them."""
    return lambda x, forged, rng: np.clip(x + draw(np.abs(forged - x), rng) * np.abs(forged - x), 0, 1)


def a_forgery(rng: Rng, n: int, d: int) -> Case:
    x = np.where(rng.random((n, d)) < 0.05, rng.integers(0, 2, (n, d)), rng.uniform(0.15, 0.85, (n, d)))
    plan = rng.choice([-1, 1], (n, d)) * rng.uniform(0.02, 0.1, (n, d))
    return {"x": x, "forged": np.clip(x + plan, 0, 1), "seed": int(rng.integers(1000))}


control = Function(
    name="adversarial.5",
    core=True,
    title="The same pencil, no plan",
    minutes=15,
    level="medium",
    points=3,
    probe=tossed,
    weigh=as_tossed,
    parts=(
        "a pixel is off the paper (1 = yes)",
        "of ten pixels, so many moved by another amount than in the forgery",
        "mean move (10 = as in the forgery, 20 = twice as far or more)",
        "of ten pixels, so many became darker",
        "of ten pixels, so many moved the same way as in the forgery",
        "pictures whose plan was kept, or turned round as a whole",
        "pictures that share the tosses of the first one",
        "another toss in the next call (1 = yes)",
        "the same toss from the same seed (1 = yes)",
    ),
    reference=signs_tossed,
    tolerance=0,
    cases=[a_forgery(np.random.default_rng(0), 30, 64), a_forgery(np.random.default_rng(1), 40, 100)],
    generate=lambda rng: [a_forgery(rng, n, d) for n, d in ((50, 49), (20, 200))],
    mistakes=[
        Mistake(
            "nothing tossed",
            lambda x, forged, rng: forged,
            "That is the forgery itself, plan and all. Toss a sign for each pixel.",
        ),
        Mistake(
            "the change alone",
            lambda x, forged, rng: rng.choice([-1, 1], x.shape) * np.abs(forged - x),
            "What you return is the change alone, half of it below 0. Put the picture under it, x + change, and clip.",
        ),
        Mistake(
            "the change alone, clipped",
            lambda x, forged, rng: np.clip(rng.choice([-1, 1], x.shape) * np.abs(forged - x), 0, 1),
            "What you return is the change alone. Put the picture under it, x + change, and clip then.",
        ),
        Mistake(
            "the forgery moved on",
            lambda x, forged, rng: np.clip(forged + rng.choice([-1, 1], x.shape) * np.abs(forged - x), 0, 1),
            "You start from the forgery, so its plan is still in there. Start from x.",
        ),
        Mistake(
            "coins of 0 and 1",
            by(lambda size, rng: rng.integers(0, 2, size.shape)),
            "Your coin shows 0 or 1, so half of the pixels do not move and the others all become darker. A sign is −1 or 1: "
            "rng.choice([-1, 1], x.shape), or 2 * coin - 1.",
        ),
        Mistake(
            "plan times coins of 0 and 1",
            lambda x, forged, rng: np.clip(x + rng.integers(0, 2, x.shape) * (forged - x), 0, 1),
            "Your coin shows 0 or 1: half of the pixels stay, and the other half follow the plan. Toss −1 or 1.",
        ),
        Mistake(
            "coins of three sides",
            by(lambda size, rng: rng.integers(-1, 2, size.shape)),
            "Your coin has three sides, −1, 0 and 1, and a third of the pixels does not move. rng.choice([-1, 1], x.shape) has two.",
        ),
        Mistake(
            "any amount",
            by(lambda size, rng: rng.uniform(-1, 1, size.shape)),
            "You draw the *amount* as well, so on average a pixel moves half as far as in the forgery. The control is fair if each pixel "
            "moves as far; only the sign is tossed.",
        ),
        Mistake(
            "a single coin",
            by(lambda size, rng: rng.choice([-1, 1])),
            "A single coin for everything: all pixels of all pictures go the same way. rng.choice([-1, 1], x.shape) tosses one for each.",
        ),
        Mistake(
            "one coin for each picture",
            by(lambda size, rng: rng.choice([-1, 1], (len(size), 1))),
            "One coin for a whole picture: all of its pixels become darker, or all lighter. Toss one for each pixel, of shape x.shape.",
        ),
        Mistake(
            "plan turned picture by picture",
            lambda x, forged, rng: np.clip(x + rng.choice([-1, 1], (len(x), 1)) * (forged - x), 0, 1),
            "One coin for a whole picture: its plan is kept, or turned round. Pushes that all go the wrong way are still in step. "
            "Toss a coin for each pixel, of shape x.shape.",
        ),
        Mistake(
            "the same coins for all pictures",
            by(lambda size, rng: rng.choice([-1, 1], size.shape[1])),
            "All pictures share one row of tosses: what is tossed for one is tossed for all. Draw x.shape of them, one for each pixel of each picture.",
        ),
        Mistake(
            "the largest for all",
            lambda x, forged, rng: np.clip(x + rng.choice([-1, 1], x.shape) * np.abs(forged - x).max(), 0, 1),
            "You move every pixel by the *largest* change there is. That is more pencil than the forger had: take |forged - x|, pixel by pixel.",
        ),
        Mistake(
            "amounts of its own",
            lambda x, forged, rng: np.clip(x + rng.uniform(-0.1, 0.1, x.shape), 0, 1),
            "You draw amounts anew, whatever the forgery did. The control is fair if each pixel moves as far as it did there, |forged - x|.",
        ),
        Mistake(
            "the changes shuffled",
            lambda x, forged, rng: np.clip(x + rng.permuted(forged - x, axis=1), 0, 1),
            "The amounts are those of the forgery, but at other pixels. Shuffled like that it is a good control, too, but not this one: keep each pixel's own amount and toss its sign.",
        ),
        Mistake(
            "off the paper",
            lambda x, forged, rng: x + rng.choice([-1, 1], x.shape) * np.abs(forged - x),
            "Some pixels are below 0 or above 1: what went off the paper is more than the forger had. Clip at the end.",
        ),
        Mistake(
            "a seed of its own",
            lambda x, forged, rng: signs_tossed(x, forged, np.random.default_rng(0)),
            "Every call tosses the same: you make a generator of your own each time. Use the rng that is given.",
        ),
        Mistake(
            "the rng not used",
            lambda x, forged, rng: signs_tossed(x, forged, np.random.default_rng()),
            "It is tossed, but not by the rng that is given: nobody could repeat this run. Take rng.choice, not np.random.",
        ),
    ],
    hints=(
        "np.abs(forged - x) is how far each pixel moved. What is missing is a sign for each.",
        "rng.choice([-1, 1], x.shape) tosses one for each pixel of each picture. Then add, and clip.",
    ),
    right=[coins, one_coin_at_a_time],
    after="The small digits lose a few more under this control than under `random_noise` of the same ε. So even the amounts give a little of the plan "
    "away. Think of blank paper: which of its pixels has the forger not moved, and what does your coin do there?",
)

# --- 6: the projection ----------------------------------------------------------------


def in_the_square(change: Floats, epsilon: float) -> Floats:
    return np.clip(change, -epsilon, epsilon)


def shortened(change: Floats, epsilon: float, length: Any) -> Floats:
    """Return the change cut to epsilon where a length, however it was measured, is larger."""
    cut: Floats = change * np.minimum(1, epsilon / np.maximum(length, 1e-12))
    return cut


def in_the_ball(change: Floats, epsilon: float) -> Floats:
    return shortened(change, epsilon, np.sqrt((change**2).sum(axis=1, keepdims=True)))


def row_by_row(change: Floats, epsilon: float) -> tuple[list[list[float]], list[list[float]]]:
    square, ball = [], []
    for row in change.tolist():
        length = sum(v * v for v in row) ** 0.5
        square.append([max(-epsilon, min(epsilon, v)) for v in row])
        ball.append([v * epsilon / length for v in row] if length > epsilon else row)
    return square, ball


def with_norm(change: Floats, epsilon: float) -> list[Floats]:
    length = np.linalg.norm(change, axis=1)
    ball, long = change.copy(), length > epsilon
    ball[long] *= (epsilon / length[long])[:, None]
    return [np.minimum(np.maximum(change, -epsilon), epsilon), ball]


def some_changes(rng: Rng, n: int, d: int, epsilon: float) -> Case:
    change = rng.normal(size=(n, d)) * rng.uniform(0, 2, (n, 1)) * epsilon
    change[0] = 0  # nothing to shorten, and nothing to divide by
    return {"change": change, "epsilon": epsilon}


def square_alone(change: Floats, epsilon: float, square: Floats) -> tuple[Floats, Floats]:
    return square, in_the_ball(change, epsilon)


def ball_alone(change: Floats, epsilon: float, ball: Floats) -> tuple[Floats, Floats]:
    return in_the_square(change, epsilon), ball


project = Function(
    name="adversarial.6",
    title="Back to the nearest allowed point",
    minutes=15,
    level="medium",
    points=3,
    parts=("square", "ball"),
    reference=lambda change, epsilon: (in_the_square(change, epsilon), in_the_ball(change, epsilon)),
    cases=[
        {"change": np.array([[0.3, -0.4, 0.0], [0.1, 0.2, -0.1]]), "epsilon": 0.25},
        {
            "change": np.array([[0.3, -0.4, 0.0], [0.1, 0.1, -0.1], [0.0, 0.0, 0.0], [-2.0, 1.0, 2.0]]),
            "epsilon": 0.25,
        },
    ],
    generate=lambda rng: [
        some_changes(rng, n, d, eps) for n, d, eps in ((6, 5, 0.5), (5, 4, 2.0), (3, 12, 0.1))
    ],
    mistakes=[
        Mistake(
            "swapped",
            lambda change, epsilon: (in_the_ball(change, epsilon), in_the_square(change, epsilon)),
            "The two have changed places: return the square first.",
        ),
        Mistake(
            "twice the square",
            lambda change, epsilon: ball_alone(change, epsilon, in_the_square(change, epsilon)),
            "You clip for the ball as well. But the corner of the square is farther than ε from the middle: its length is ε√D.",
        ),
        Mistake(
            "one length for all",
            lambda change, epsilon: ball_alone(
                change, epsilon, shortened(change, epsilon, np.linalg.norm(change))
            ),
            "You measure one length for the whole batch. Each picture has a change of its own, and a length of its own: sum over axis=1.",
        ),
        Mistake(
            "length of the columns",
            lambda change, epsilon: ball_alone(
                change, epsilon, shortened(change, epsilon, np.sqrt((change**2).sum(axis=0)))
            ),
            "You measure down the columns, one pixel over all pictures. A picture is a row: axis=1.",
        ),
        Mistake(
            "lengths as a row",
            lambda change, epsilon: ball_alone(
                change, epsilon, shortened(change, epsilon, np.sqrt((change**2).sum(axis=1)))
            ),
            "There is one length for each row. Keep them as a column, (N, 1), with keepdims=True, and choose row by row with np.minimum or np.where, not with min or if.",
        ),
        Mistake(
            "the ball first",
            lambda change, epsilon: square_alone(
                change, epsilon, in_the_square(in_the_ball(change, epsilon), epsilon)
            ),
            "Your square is clipped from what the ball has shortened already. Both start from the change that is given.",
        ),
        Mistake(
            "the square first",
            lambda change, epsilon: ball_alone(
                change, epsilon, in_the_ball(in_the_square(change, epsilon), epsilon)
            ),
            "Your ball is shortened from what the square has clipped already. Both start from the change that is given.",
        ),
        Mistake(
            "always on the surface",
            lambda change, epsilon: ball_alone(
                change,
                epsilon,
                change * epsilon / np.maximum(np.linalg.norm(change, axis=1, keepdims=True), 1e-12),
            ),
            "You stretch short changes, too, until they reach the surface of the ball. What is inside already *is* its own nearest point.",
        ),
        Mistake(
            "always, and 0 / 0",
            lambda change, epsilon: ball_alone(
                change, epsilon, change * epsilon / np.linalg.norm(change, axis=1, keepdims=True)
            ),
            "A change of 0 has no direction and cannot be stretched to length ε. It need not be: what is inside the ball stays as it is. "
            "Shorten only where the length is larger than ε.",
        ),
        Mistake(
            "sum of amounts",
            lambda change, epsilon: ball_alone(
                change, epsilon, shortened(change, epsilon, np.abs(change).sum(axis=1, keepdims=True))
            ),
            "You measure the length by the sum of the amounts. The straight way is the root of the sum of the squares.",
        ),
        Mistake(
            "root forgotten",
            lambda change, epsilon: ball_alone(
                change, epsilon, shortened(change, epsilon, (change**2).sum(axis=1, keepdims=True))
            ),
            "That is the *square* of the length. The root is missing.",
        ),
        Mistake(
            "the mean of the squares",
            lambda change, epsilon: ball_alone(
                change, epsilon, shortened(change, epsilon, np.sqrt((change**2).mean(axis=1, keepdims=True)))
            ),
            "You take the mean of the squares. A length is the root of their *sum*.",
        ),
        Mistake(
            "to the corner",
            lambda change, epsilon: square_alone(change, epsilon, epsilon * np.sign(change)),
            "You push every entry out to ±ε. What lies between −ε and ε is allowed, and stays as it is.",
        ),
        Mistake(
            "shrunk as a whole",
            lambda change, epsilon: square_alone(
                change, epsilon, shortened(change, epsilon, np.abs(change).max(axis=1, keepdims=True))
            ),
            "You shrink the whole row until its largest entry fits. That keeps the direction, but a nearer point of the square exists: "
            "leave the entries alone that fit already.",
        ),
        Mistake(
            "one side only",
            lambda change, epsilon: square_alone(change, epsilon, np.minimum(change, epsilon)),
            "You cut only what is larger than ε. What is below −ε has gone too far as well.",
        ),
        Mistake(
            "clipped to the paper",
            lambda change, epsilon: square_alone(change, epsilon, np.clip(change, 0, epsilon)),
            "You cut at 0. A change may be negative, too, down to −ε.",
        ),
    ],
    hints=(
        "The square asks each entry for itself: np.clip. The ball asks for the length of each row.",
        "The length of each row, as a column: np.sqrt((change**2).sum(axis=1, keepdims=True)).",
        "Multiply each row by ε / length where that is less than 1, and by 1 elsewhere: np.minimum(1, …).",
    ),
    right=[row_by_row, with_norm],
    after="In 784 dimensions the square's corners are 28 times as far away as its sides. So an ε of 0.1 in the one norm and in the other "
    "are two quite different games.",
)

# --- 7: find the bug ------------------------------------------------------------------

Walk = Callable[[InputGradient, Floats, Array, float, float, int], Floats]


def walking(
    back: Callable[[Floats, Floats, float], Floats],
    end: Callable[[Floats, Floats, float], Floats] = lambda at, x, epsilon: at,
    stand: bool = False,
    share: Callable[[float, float, int], float] = lambda step, epsilon, steps: step,
) -> Walk:
    """Return a walk: ``back`` says where a stride that led beyond ends, ``end`` what becomes of the last place."""

    def walk(gradient: InputGradient, x: Floats, y: Array, epsilon: float, step: float, steps: int) -> Floats:
        at, stride = x, share(step, epsilon, steps)
        for _ in range(steps):
            at = back(at + stride * np.sign(gradient(x if stand else at, y)), x, epsilon)
        return end(at, x, epsilon)

    return walk


def into_both(at: Floats, x: Floats, epsilon: float) -> Floats:
    return np.clip(x + np.clip(at - x, -epsilon, epsilon), 0, 1)


def onto_the_paper(at: Floats, x: Floats, epsilon: float) -> Floats:
    return np.clip(at, 0, 1)


def astray(gradient: InputGradient, x: Floats, y: Array, epsilon: float, step: float, steps: int) -> Floats:
    at = x
    for _ in range(steps):
        change = np.clip(step * np.sign(gradient(at, y)), -epsilon, epsilon)
        at = np.clip(at + change, 0, 1)
    return at


def from_the_start(
    gradient: InputGradient, x: Floats, y: Array, epsilon: float, step: float, steps: int
) -> Floats:
    at = x
    for _ in range(steps):
        at = np.clip(x + np.clip(step * np.sign(gradient(at, y)), -epsilon, epsilon), 0, 1)
    return at


def packages_walk(
    gradient: InputGradient, x: Floats, y: Array, epsilon: float, step: float, steps: int
) -> Floats:
    return pgd(gradient, x, y, epsilon, rng=None, steps=steps, step_size=step)


def fenced(gradient: InputGradient, x: Floats, y: Array, epsilon: float, step: float, steps: int) -> Floats:
    low, high, at = np.maximum(x - epsilon, 0), np.minimum(x + epsilon, 1), x.copy()
    for _ in range(steps):
        at = np.minimum(np.maximum(at + step * np.sign(gradient(at, y)), low), high)
    return at


def a_walk(rng: Rng, n: int, d: int, epsilon: float, step: float, steps: int) -> Case:
    return {**network_case(rng, n, d, 3, epsilon), "step": step, "steps": steps}


def doubled(gradient: InputGradient, x: Floats, y: Array, epsilon: float, step: float, steps: int) -> Floats:
    at = x
    for _ in range(steps):
        change = np.clip(at + step * np.sign(gradient(at, y)) - x, -epsilon, epsilon)
        at = np.clip(at + change, 0, 1)
    return at


stray = Function(
    name="adversarial.7",
    core=True,
    title="Find the bug: a long leash",
    minutes=10,
    level="medium",
    points=2,
    reference=packages_walk,
    given=astray,
    cases=[
        {
            "gradient": always([[2.0, -1.0, 0.5, -3.0]]),
            "x": np.array([[0.5, 0.5, 0.95, 0.05]]),
            "y": np.array([0]),
            "epsilon": 0.1,
            "step": 0.06,
            "steps": 3,
        },
        a_walk(np.random.default_rng(0), 6, 8, 0.3, 0.12, 10),
    ],
    generate=lambda rng: [a_walk(rng, *sizes) for sizes in ((9, 10, 0.4, 0.15, 12), (12, 6, 0.25, 0.1, 7))],
    mistakes=[
        Mistake(
            "back at the end only",
            walking(onto_the_paper, into_both),
            "The result keeps to the rule now, but the walk does not: it strays, asks for slopes at pictures that it may never use, and is "
            "called back once at the end. Call it back after *every* step.",
        ),
        Mistake(
            "back at the end only, paper too",
            walking(lambda at, x, epsilon: at, into_both),
            "The walk runs free, beyond rule and paper, and is called back once at the end. Call it back after *every* step.",
        ),
        Mistake(
            "shorter steps",
            walking(onto_the_paper, share=lambda step, epsilon, steps: min(step, epsilon / steps)),
            "Steps so short that they cannot leave the square keep the rule, but they are not the steps asked for, and where the slope turns, the "
            "walk never reaches the edge. Leave the step as it is, and measure how far you are from x.",
        ),
        Mistake(
            "off the paper",
            walking(lambda at, x, epsilon: x + np.clip(at - x, -epsilon, epsilon)),
            "The square is right now, but pixels leave the paper: clip the picture to 0 and 1 as well, in every step.",
        ),
        Mistake(
            "the slope at the start",
            walking(into_both, stand=True),
            "You ask for the slope at x in every step: a jump in instalments. Look again where you stand: gradient(at, y).",
        ),
        Mistake(
            "the picture clipped, not the change",
            walking(lambda at, x, epsilon: np.clip(np.clip(at, -epsilon, epsilon), 0, 1)),
            "You clip the *picture* to ±ε, and it turns nearly white. What may not be larger than ε is the change, the difference from x.",
        ),
        Mistake(
            "the picture of x forgotten",
            walking(lambda at, x, epsilon: np.clip(np.clip(at - x, -epsilon, epsilon), 0, 1)),
            "What you keep is the change alone. Put x under it again: x + change.",
        ),
        Mistake(
            "change added where you stand",
            doubled,
            "The change is measured from x now, but then added to the place where you stand, so it counts twice. Add it to x.",
        ),
        Mistake(
            "from x in every step",
            from_the_start,
            "You go back to x before every step, so it never gets farther than one step. Go on from `at`; only the *limit* is measured from x.",
        ),
        Mistake(
            "one step",
            lambda gradient, x, y, epsilon, step, steps: packages_walk(gradient, x, y, epsilon, step, 1),
            "It makes one step and stops. Is the `return` inside the loop?",
        ),
        Mistake(
            "downhill",
            lambda gradient, x, y, epsilon, step, steps: packages_walk(
                lambda at, labels: -gradient(at, labels), x, y, epsilon, step, steps
            ),
            "The rule is kept, but the walk goes downhill now, as a friend would. The forger wants a high loss: a plus before the step.",
        ),
    ],
    hints=(
        "Follow one pixel for three steps with the same slope: 0.5, 0.56, 0.62, 0.68. Which of the clips should have stopped it, and what does it measure?",
        "`change` is the change of this *one step*. The rule is about the change since the start.",
        "change = at + step * np.sign(gradient(at, y)) - x; clip that; then at is x + change, clipped to the paper.",
    ),
    right=[fenced, walking(into_both)],
    after="Whoever measures a network with this bug reports it far weaker than it is. After every attack, measure np.abs(changed - x).max() and print it.",
)


# --- 8: a targeted step ---------------------------------------------------------------

Scores = Callable[[Floats], Floats]


def linear_reader(rng: Rng, pixels: int, classes: int) -> tuple[InputGradient, Scores]:
    """Return the gradient by the picture, and the scores, of a linear reader drawn by lot."""
    W, b = rng.normal(0, 2, (pixels, classes)), rng.normal(-4, 1, classes)

    def scores(x: Floats) -> Floats:
        z: Floats = x @ W + b
        return z

    def gradient(x: Floats, y: Array) -> Floats:
        g: Floats = (softmax(scores(x)) - np.eye(classes)[np.asarray(y, dtype=int)]) @ W.T / len(x)
        return g

    scores.__doc__ = f"those of a linear reader, for {classes} classes"
    gradient.__doc__ = "that of the same reader; labels (N,)"
    return gradient, scores


def a_reader(rng: Rng, n: int, pixels: int, classes: int, epsilon: float, misread: int) -> Case:
    gradient, scores = linear_reader(rng, pixels, classes)
    x = pictures(rng, n, pixels)
    y = scores(x).argmax(axis=1)
    y[:misread] = (y[:misread] + 1) % classes
    return {"gradient": gradient, "scores": scores, "x": x, "y": y, "epsilon": epsilon}


def the_rival(scores: Scores, x: Floats, y: Array) -> Array:
    z = np.array(scores(x), dtype=float)
    z[np.arange(len(y)), y] = -np.inf
    rival: Array = z.argmax(axis=1)
    return rival


def struck_out(z: Floats, places: Any, value: float) -> Array:
    z[places] = value
    best: Array = z.argmax(axis=1)
    return best


def aimed(
    choose: Callable[[Scores, Floats, Array], Array] = the_rival,
    sign: float = -1,
    paper: bool = True,
    own: bool = False,
) -> Callable[..., tuple[Array, Floats]]:
    """Return a targeted step; each argument can spoil it in one way."""

    def aim(
        gradient: InputGradient, scores: Scores, x: Floats, y: Array, epsilon: float
    ) -> tuple[Array, Floats]:
        wanted = choose(scores, x, y)
        changed = x + sign * epsilon * np.sign(gradient(x, y if own else wanted))
        return wanted, np.clip(changed, 0, 1) if paper else changed

    return aim


def aim_by_sorting(gradient: InputGradient, scores: Scores, x: Floats, y: Array, epsilon: float) -> list[Any]:
    best = np.argsort(-scores(x), axis=1)
    wanted = [int(row[0] if row[0] != label else row[1]) for row, label in zip(best, y, strict=True)]
    g = gradient(x, np.array(wanted))
    return [
        wanted,
        np.where(g > 0, np.maximum(x - epsilon, 0), np.where(g < 0, np.minimum(x + epsilon, 1), x)),
    ]


aim = Function(
    name="adversarial.8",
    title="The nearest wrong answer",
    minutes=15,
    level="medium",
    points=3,
    parts=("wanted", "changed"),
    reference=aimed(),
    cases=[
        a_reader(np.random.default_rng(0), 1, 4, 3, 0.1, misread=0),
        a_reader(np.random.default_rng(1), 6, 5, 4, 0.2, misread=2),
    ],
    generate=lambda rng: [
        a_reader(rng, n, d, c, eps, misread)
        for n, d, c, eps, misread in ((20, 9, 10, 0.3, 6), (40, 6, 3, 0.1, 9))
    ],
    mistakes=[
        Mistake(
            "the answer itself",
            aimed(lambda scores, x, y: scores(x).argmax(axis=1)),
            "You aim at the largest score of all, and that is what the reader says already. Wanted is the best of the *wrong* classes: leave out "
            "the label.",
        ),
        Mistake(
            "always the second",
            aimed(lambda scores, x, y: np.argsort(scores(x), axis=1)[:, -2]),
            "You always take the second largest score. For a picture that is misread already the best wrong class is the *first*, and the "
            "second may be the label itself.",
        ),
        Mistake(
            "columns struck out",
            aimed(lambda scores, x, y: struck_out(scores(x), (slice(None), y), -np.inf)),
            "z[:, y] strikes out whole columns: every class that is the label of *any* picture. One entry in each row is z[np.arange(len(y)), y].",
        ),
        Mistake(
            "rows struck out",
            aimed(lambda scores, x, y: struck_out(scores(x), y, -np.inf)),
            "z[y] takes labels for the numbers of *rows*. One entry in each row is z[np.arange(len(y)), y].",
        ),
        Mistake(
            "0 for the label",
            aimed(lambda scores, x, y: struck_out(scores(x), (np.arange(len(y)), y), 0)),
            "You put 0 where the label stands. Scores may be negative, and then 0 wins. Nothing is lower than −np.inf.",
        ),
        Mistake(
            "the farthest",
            aimed(lambda scores, x, y: scores(x).argmin(axis=1)),
            "You aim at the class with the lowest score, the farthest of all. The nearest wrong answer is the one with the highest score.",
        ),
        Mistake(
            "the next label",
            aimed(lambda scores, x, y: (y + 1) % scores(x).shape[1]),
            "You aim at the next label, whatever the reader thinks of it. Ask the scores which wrong class is nearest.",
        ),
        Mistake(
            "uphill",
            aimed(sign=1),
            "You aim at the right class and then walk away from it: with a plus the loss of the *wanted* label rises. Downhill, with a minus.",
        ),
        Mistake(
            "away from the label",
            aimed(sign=1, own=True),
            "That is the untargeted step: away from the label, to wherever. Ask for the gradient with the label that is *wanted*, and go down it.",
        ),
        Mistake(
            "towards the label",
            aimed(own=True),
            "You lower the loss of the label that is written on it: that is the friend with the pencil. Ask for the gradient with the wanted label.",
        ),
        Mistake(
            "off the paper",
            aimed(paper=False),
            "The aim is right, but pixels leave the paper. Clip to 0 and 1.",
        ),
        Mistake(
            "changed places",
            lambda gradient, scores, x, y, epsilon: aimed()(gradient, scores, x, y, epsilon)[::-1],
            "The two results have changed places: the wanted labels first.",
        ),
    ],
    hints=(
        "On a copy of the scores, put −inf where the label stands: z[np.arange(len(y)), y] = -np.inf. What does argmax say then?",
        "gradient(x, wanted) points to where the loss of the wanted label *rises*. Which way do you go?",
    ),
    right=[aim_by_sorting, lambda *given: list(aimed()(*given))],
    after="The nearest by score need not be the nearest by pencil: remember that for a linear reader the distance is "
    "(z_t − z_c) / ‖w_t − w_c‖₁. When do the two disagree?",
)

# --- 9: bisection ---------------------------------------------------------------------

QUESTIONS = 40


Fooled = Callable[[Any], Array]


class Shop:
    """Says which pictures are fooled at an epsilon, from thresholds that whoever asks does not see."""

    def __init__(self, thresholds: Sequence[float] | Floats) -> None:
        self.thresholds = np.array(thresholds)
        self.__name__ = "fooled"
        self.__doc__ = f"says which are fooled; the smallest epsilons are {show(self.thresholds)}"

    def __call__(self, epsilon: Any) -> Array:
        at = np.asarray(epsilon, dtype=float)
        if at.shape not in ((), self.thresholds.shape):
            raise WrongForm(
                f"`fooled` wants one epsilon for each picture, of shape {self.thresholds.shape}, and was given {at.shape}."
            )
        yes: Array = at >= self.thresholds
        return yes


def a_shop(thresholds: Sequence[float] | Floats, tolerance: float) -> Case:
    return {"fooled": Shop(thresholds), "largest": np.ones(len(thresholds)), "tolerance": tolerance}


def priced(found: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return how many pictures are fooled at the epsilons found, how many a tolerance below, and whether it took too many questions."""
    thresholds, tolerance = case["fooled"].thresholds, case["tolerance"]
    if found is None:
        return None
    at = np.asarray(found, dtype=float)
    if at.shape != thresholds.shape:
        raise WrongForm(f"Expected an epsilon for each picture, of shape {thresholds.shape}, got {at.shape}.")
    rounding = 1e-9
    return (
        int((at >= thresholds - rounding).sum()),
        int((at - tolerance > thresholds + rounding).sum()),
        len(asked) > QUESTIONS,
    )


def halving(
    result: Callable[[Floats, Floats], Floats] = lambda low, high: high,
    turned: bool = False,
    one_for_all: Callable[[Array], Any] | None = None,
    rounds: int | None = None,
) -> Callable[[Fooled, int, float], Floats]:
    """Return a bisection for all pictures at once; each argument can spoil it in one way."""

    def smallest(fooled: Fooled, n: int, tolerance: float) -> Floats:
        low, high = np.zeros(n), np.ones(n)
        for _ in range(rounds or int(np.ceil(np.log2(1 / tolerance)))):
            middle = (low + high) / 2
            yes = fooled(middle)
            if one_for_all is not None:
                yes = np.full(n, one_for_all(yes))
            if turned:
                yes = ~yes
            high, low = np.where(yes, middle, high), np.where(yes, low, middle)
        return result(low, high)

    return smallest


def in_small_steps(fooled: Fooled, n: int, tolerance: float) -> Floats:
    found = np.full(n, np.inf)
    for step in range(int(np.ceil(1 / tolerance)) + 1):
        at = min(step * tolerance, 1.0)
        found[np.isinf(found) & fooled(np.full(n, at))] = at
    return found


def one_after_the_other(fooled: Fooled, n: int, tolerance: float) -> list[float]:
    found = []
    for i in range(n):
        low, high = 0.0, 1.0
        while high - low > tolerance:
            middle = (low + high) / 2
            low, high = (low, middle) if fooled(np.full(n, middle))[i] else (middle, high)
        found.append(high)
    return found


def up_and_down(fooled: Fooled, n: int, tolerance: float) -> Floats:
    at, step = np.full(n, 0.5), 0.25
    while step > tolerance:
        at = np.where(fooled(at), at - step, at + step)
        step /= 2
    return at


def step_halved(fooled: Fooled, n: int, tolerance: float) -> list[float]:
    at, step = np.ones(n), 1.0
    while step > tolerance:
        step /= 2
        lower = at - step
        at[fooled(lower)] -= step
    return [float(value) for value in at]


def until_all_fit(fooled: Fooled, n: int, tolerance: float) -> Floats:
    low, high = np.zeros(n), np.ones(n)
    while (high - low).max() > tolerance:
        middle = (low + high) / 2
        success = np.asarray(fooled(middle))
        high[success] = middle[success]
        low[~success] = middle[~success]
    return high


def some_thresholds(rng: Rng, n: int, tolerance: float) -> Case:
    return a_shop(rng.uniform(0.02, 0.97, n).round(4), tolerance)


smallest = Function(
    name="adversarial.9",
    title="The price of each picture",
    minutes=20,
    level="hard",
    points=4,
    probe=searched,
    weigh=priced,
    parts=(
        "pictures that are fooled at your epsilon",
        "pictures that are still fooled a tolerance below",
        f"more than {QUESTIONS} questions (1 = yes)",
    ),
    reference=halving(),
    tolerance=0,
    cases=[
        a_shop([0.31, 0.62], 0.01),
        a_shop([0.31, 0.05, 0.72, 0.93], 0.001),
    ],
    generate=lambda rng: [some_thresholds(rng, n, tol) for n, tol in ((3, 0.001), (50, 0.01), (7, 0.0005))],
    mistakes=[
        Mistake(
            "the lower end",
            halving(lambda low, high: low),
            "At the number you return the picture is *not* fooled: you return the last failure. Return the other end, where it was seen to work.",
        ),
        Mistake(
            "the middle",
            halving(lambda low, high: (low + high) / 2),
            "The middle of the last interval was never tried: some pictures are fooled there, some are not. Return the upper end, where it was seen to work.",
        ),
        Mistake(
            "the wrong half kept",
            halving(turned=True),
            "You keep the wrong half. If a picture is fooled in the middle, its smallest epsilon is below: the *upper* end comes down to the middle.",
        ),
        Mistake(
            "one answer for all: all",
            halving(one_for_all=np.all),
            "One interval for all pictures: you go down only if *all* are fooled. Each picture has a threshold of its own; choose with "
            "np.where(yes, …, …), picture by picture.",
        ),
        Mistake(
            "one answer for all: any",
            halving(one_for_all=np.any),
            "One interval for all pictures: you go down as soon as *any* is fooled. Each picture has a threshold of its own; choose with "
            "np.where(yes, …, …), picture by picture.",
        ),
        Mistake(
            "the first picture's answer",
            halving(one_for_all=lambda yes: yes[0]),
            "All pictures follow the answer of the first. Keep an interval for each, and choose with np.where(yes, …, …).",
        ),
        Mistake(
            "stopped too early",
            halving(rounds=5),
            "You stop too early: after five halvings the interval is still a thirty-second wide. Go on until it is no wider than the tolerance.",
        ),
        Mistake(
            "small steps",
            in_small_steps,
            "The numbers are right, but you ask at every step from 0 to 1, a thousand times for a thousandth. Each question to the middle halves what is left: "
            "ten are enough.",
        ),
        Mistake(
            "one after the other",
            one_after_the_other,
            "The numbers are right, but you search for one picture after the other and throw away what `fooled` says of the rest. "
            "Keep an interval for each picture, low and high of shape (n,), and halve all of them with each question.",
        ),
        Mistake(
            "last place not tried",
            up_and_down,
            "The place where you arrive in the end was never tried: some pictures are fooled there, some are not. Remember for each picture "
            "the smallest ε at which it *was* fooled.",
        ),
        Mistake(
            "everybody at 1",
            lambda fooled, n, tolerance: np.ones(n),
            "All are fooled at 1, that is given. The question is how far down you can go: ask in the middle.",
        ),
    ],
    hints=(
        "Keep two arrays, low = np.zeros(n), where nobody is fooled, and high = np.ones(n), where everybody is. Ask in the middle.",
        "Where the answer is yes, the middle becomes the new high; elsewhere the new low: np.where(yes, middle, high), and the other way round.",
        "Go on while (high - low).max() > tolerance. Which of the two ends was *seen* to fool?",
    ),
    right=[step_halved, until_all_fit],
    after="This trusts that a picture, once fooled, stays fooled for every larger ε. With FGSM it need not be so. How does `minimal_epsilon` guard against that?",
)

# --- 10: reading a table --------------------------------------------------------------

table = Values(
    name="adversarial.10",
    core=True,
    title="Read the table",
    minutes=10,
    level="medium",
    points=2,
    expects={"white_box": (), "stranger": (), "best_maker": ()},
    probe=lambda white_box, stranger, best_maker: (white_box, stranger, best_maker),
    parts=("white_box", "stranger", "best_maker"),
    reference=(0.31, 0.47, 3),
    cases=[{}],
    mistakes=[
        Mistake(
            "row for column, white box right",
            (0.31, 0.66, 3),
            "stranger: 0.66 stands in *row* 4, where network 4 is the forger. As a reader it stands in column 4.",
        ),
        Mistake(
            "the mildest stranger",
            (0.31, 0.60, 3),
            "stranger: 0.60 is what the *mildest* forger leaves. A forger chooses the network that serves her best.",
        ),
        Mistake(
            "own forgeries counted as a stranger's",
            (0.31, 0.31, 3),
            "stranger: that is network 4's own forgery. Without the weights she has to forge on one of the other three.",
        ),
        Mistake(
            "the mean stranger",
            (0.31, round((0.54 + 0.60 + 0.47) / 3, 2), 3),
            "stranger: 0.54 is what network 1's forgeries leave, and also the mean of the three. She may choose, and takes the network that serves her best.",
        ),
        Mistake(
            "the worst of all white boxes",
            (0.02, 0.47, 3),
            "white_box: 0.02 is network 1's own. Asked is network 4: the number where its row and its column meet.",
        ),
        Mistake(
            "the claim believed",
            (0.47, 0.47, 3),
            "white_box: whoever knows the weights of network 4 forges on network 4 itself. Look at the diagonal.",
        ),
        Mistake(
            "the diagonal counted",
            (0.31, 0.47, 1),
            "best_maker: row 1 has the smallest mean only if its own network is counted, the 0.02. Facing somebody else's, she never meets that. Leave the diagonal out.",
        ),
        Mistake(
            "columns",
            (0.31, 0.47, 2),
            "best_maker: 2 is what the means of the columns say, and columns are readers. Who forges stands in the rows. (If you meant row 3: the networks are counted from 1.)",
        ),
        Mistake(
            "the mildest maker",
            (0.31, 0.47, 4),
            "best_maker: forgeries made on network 4 are read best by the others, so it is the *worst* to forge on. Small numbers are what the forger wants.",
        ),
    ],
    hints=(
        "Network 4 as a reader is the last column, from top to bottom. Which of its entries was made with its own weights?",
        "For the best maker, take the mean of each row without its entry on the diagonal. The forger wants it small.",
    ),
    right=[(0.31, 0.47, 3.0), (np.float64(0.31), np.float64(0.47), np.int64(3))],
    after="“Keeps 47 of 100 even of the worst forgeries” is true and says little. How would you get the diagonal number out of somebody who will not show the weights?",
)

# --- 11: in words ---------------------------------------------------------------------

certificate = Written(
    name="adversarial.11",
    core=True,
    title="A certificate of safety",
    minutes=15,
    level="hard",
    points=4,
    hints=(
        "On whose network were the forgeries made? And which images does the share count?",
        "Which numbers would have to stand beside 96 of 100 before you know what it means? Think of both ends: no plan at all, and the best plan there is.",
    ),
)

EXERCISES: Sequence[Exercise] = (
    in_step,
    picture_gradient,
    friend,
    pencil,
    control,
    project,
    stray,
    aim,
    smallest,
    table,
    certificate,
)
