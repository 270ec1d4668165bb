"""The exercises on defending a network: what is right, what people get wrong, what to say then.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/robust.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mininet.activations import sigmoid
from mininet.arrays import Array, Floats
from mininet.attacks import fgsm, gradient_by_input
from mininet.layers import BatchNorm1d, Sequential
from mininet.losses import cross_entropy
from mininet.optim import SGD
from mininet.training import train_step
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
)
from mininet_course.probes.robust import Attack, after_steps, dropped, used

Rng = np.random.Generator

# --- 1: predict, a slow average -------------------------------------------------------

average = Values(
    name="robust.1",
    title="A slow average",
    minutes=5,
    level="easy",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(22,),
    cases=[{}],
    tolerance=0,
    mistakes=[
        Mistake(
            "at once",
            (1,),
            "One batch moves it by a tenth of the way, from 0 to 0.5. The rest of the way is still to go.",
        ),
        Mistake(
            "the momentum the wrong way round",
            (2,),
            "That would be so if each batch counted nine tenths. Here the *old* average counts nine tenths, and the batch one.",
        ),
        Mistake(
            "nine equal steps",
            (9,),
            "You let it go 0.5 further each time. But each step is a tenth of what is *left*, and less and less is left.",
        ),
        Mistake(
            "ten equal steps",
            (10,),
            "After 1 / 0.1 = 10 batches it has made about two thirds of the way, not nine tenths: each step is a tenth of what is *left*.",
        ),
        Mistake(
            "the start counted",
            (23,),
            "Very near: at the start, before any batch, the distance is 5. After n batches it is 5 · 0.9ⁿ. You counted the start as a batch.",
        ),
        Mistake("some too few", (20,), "After 20 batches it is about 4.39: not yet."),
        Mistake("just before", (21,), "Very near: 0.9²¹ is 0.109, still more than a tenth left. One more."),
        Mistake(
            "the logarithm to base 2",
            (7,),
            "After 7 batches it is about half way, for 0.9⁷ is nearly a half. Nine tenths are wanted.",
        ),
    ],
    hints=(
        "How far is it from 5 at the start, after one batch, after two? Each time nine tenths of the distance remain.",
        "After n batches the distance is 5 · 0.9ⁿ. When is that less than 0.5? (log 0.1 / log 0.9 is about 21.9.)",
    ),
    right=[(22.0,), (int(np.ceil(np.log(0.1) / np.log(0.9))),)],
    after="A network that has seen only a handful of batches has running averages that still remember their start, 0 and 1. What does it answer in eval mode?",
    vary=lambda rng: another_momentum(rng),
)


def another_momentum(rng: Rng) -> Varied:
    momentum = float(rng.choice([0.05, 0.08, 0.12, 0.15, 0.2, 0.25, 0.3]))
    batches = int(np.ceil(np.log(0.1) / np.log(1 - momentum)))
    texts = {
        "with a momentum of 0.1: each batch moves it a tenth of the way": f"with a momentum of {momentum:g}: each batch "
        "moves it by that share of the way",
        "0.9 * running + 0.1 * 5": f"{1 - momentum:g} * running + {momentum:g} * 5",
        "range(1, 25)": f"range(1, {batches + 3})",
        "(1, 2, 10, 21, 22)": f"(1, 2, {batches - 1}, {batches})",
    }
    right = [(float(batches),), (np.int64(batches),)]
    mistakes = [
        Mistake("just before", (batches - 1,), "Very near: then it has not yet made nine tenths. One more.")
    ]
    return texts, replace(average, reference=(batches,), mistakes=mistakes, right=right)


# --- 2: batch norm forward ------------------------------------------------------------

Normalised = tuple[Floats, Floats, Floats]


def packages_norm(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    layer = BatchNorm1d(x.shape[1], momentum).astype(np.float64)
    layer.running_mean, layer.running_var = np.array(mean), np.array(var)
    out = (layer.train() if training else layer.eval()).forward(x)
    return out, layer.running_mean, layer.running_var


def normalising(
    centre: Callable[[Floats, Floats], Floats] = lambda x, mean: x.mean(axis=0),
    spread: Callable[[Floats, Floats], Floats] = lambda x, var: np.sqrt(x.var(axis=0) + 1e-5),
    kept: Callable[[Floats], Floats] = lambda x: x.var(axis=0, ddof=1),
    old: Callable[[float], float] = lambda momentum: 1 - momentum,
    always: bool = False,
) -> Callable[..., Normalised]:
    """Return a batch norm; each argument can spoil it in one way. The functions get the batch and what was running."""

    def norm(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
        if not training and not always:
            return (x - mean) / np.sqrt(var + 1e-5), mean, var
        out = (x - centre(x, mean)) / spread(x, var)
        share = old(momentum)
        return out, share * mean + (1 - share) * x.mean(axis=0), share * var + (1 - share) * kept(x)

    return norm


def batch_always(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    out = normalising()(x, mean, var, momentum, True)[0]
    return out, *packages_norm(x, mean, var, momentum, training)[1:]


def running_always(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    out = normalising()(x, mean, var, momentum, False)[0]
    return out, *packages_norm(x, mean, var, momentum, training)[1:]


def new_at_once(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    if not training:
        return packages_norm(x, mean, var, momentum, False)
    _, mean, var = packages_norm(x, mean, var, momentum, True)
    return (x - mean) / np.sqrt(var + 1e-5), mean, var


def batch_for_running(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    out, new_mean, new_var = packages_norm(x, mean, var, momentum, training)
    return (out, x.mean(axis=0), x.var(axis=0, ddof=1)) if training else (out, new_mean, new_var)


def without_eps(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    _, new_mean, new_var = packages_norm(x, mean, var, momentum, training)
    centre, spread = (x.mean(axis=0), x.std(axis=0)) if training else (mean, np.sqrt(var))
    return (x - centre) / spread, new_mean, new_var


def along_the_rows(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    if not training:
        return packages_norm(x, mean, var, momentum, False)
    centre, spread = x.mean(axis=1, keepdims=True), np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    return (x - centre) / spread, *packages_norm(x, mean, var, momentum, True)[1:]


def one_for_all(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> Normalised:
    if not training:
        return packages_norm(x, mean, var, momentum, False)
    out = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    return out, (1 - momentum) * mean + momentum * x.mean(), (1 - momentum) * var + momentum * x.var()


def column_by_column(x: Floats, mean: Floats, var: Floats, momentum: float, training: bool) -> list[Any]:
    n, out, means, variances = len(x), np.zeros(x.shape), list(mean), list(var)
    for j in range(x.shape[1]):
        centre, spread = mean[j], var[j]
        if training:
            centre = sum(x[:, j]) / n
            spread = sum((value - centre) ** 2 for value in x[:, j]) / n
            means[j] += momentum * (centre - mean[j])
            variances[j] += momentum * (spread * n / (n - 1) - var[j])
        for i in range(n):
            out[i, j] = (x[i, j] - centre) / (spread + 1e-5) ** 0.5
    return [out, means, variances]


def some_batch(rng: Rng, n: int, f: int, momentum: float, training: bool) -> Case:
    x = rng.normal(rng.normal(0, 3, f), rng.uniform(0.5, 3, f), (n, f))
    x[:, 0] = 0.01 * rng.normal(size=n)  # so small that the 1e-5 shows
    x[:, -1] = 2.0  # a column that does not vary
    return {
        "x": x,
        "mean": rng.normal(size=f),
        "var": rng.uniform(0.5, 2, f),
        "momentum": momentum,
        "training": training,
    }


FIRST = np.array([[1.0, 5.0], [3.0, 5.0]])

batch_norm = Function(
    name="robust.2",
    title="In company, and alone",
    minutes=20,
    level="medium",
    points=3,
    parts=("out", "mean", "var"),
    reference=packages_norm,
    cases=[
        {"x": FIRST, "mean": np.zeros(2), "var": np.ones(2), "momentum": 0.1, "training": True},
        {"x": FIRST, "mean": np.zeros(2), "var": np.ones(2), "momentum": 0.1, "training": False},
        some_batch(np.random.default_rng(0), 5, 3, 0.2, True),
    ],
    generate=lambda rng: [
        some_batch(rng, n, f, momentum, training)
        for n, f, momentum, training in (
            (8, 4, 0.1, True),
            (3, 6, 0.5, True),
            (6, 2, 0.3, False),
            (1, 5, 0.1, False),
        )
    ],
    mistakes=[
        Mistake(
            "no mode",
            normalising(always=True),
            "You always take the batch's mean and variance, and update. With `training` False the running ones are used, and stay as they are.",
        ),
        Mistake(
            "the batch in use",
            batch_always,
            "With `training` False you still normalise with the batch. There the *running* averages are used, so that an image is read alike in any company.",
        ),
        Mistake(
            "running ones in training",
            running_always,
            "You normalise with the running averages in training, too. There the batch's own mean and variance are used; the running ones only follow.",
        ),
        Mistake(
            "new running ones in training",
            new_at_once,
            "You update first and normalise with the *running* averages. In training the batch's own mean and variance are used.",
        ),
        Mistake(
            "N - 1 in the output",
            normalising(spread=lambda x, var: np.sqrt(x.var(axis=0, ddof=1) + 1e-5)),
            "Your output divides by the root of the variance over N − 1. Only the running variance has N − 1; the batch is normalised with the mean over N, x.var(axis=0).",
        ),
        Mistake(
            "N in the running variance",
            normalising(kept=lambda x: x.var(axis=0)),
            "The running variance is to guess the spread of *all* data from a batch, and for that the sum of squares is divided by N − 1: x.var(axis=0, ddof=1).",
        ),
        Mistake(
            "the spread kept, not the variance",
            normalising(kept=lambda x: x.std(axis=0, ddof=1)),
            "You let the standard deviation run. What is kept is the *variance*; the root is taken when it is used.",
        ),
        Mistake(
            "the momentum the wrong way round",
            normalising(old=lambda momentum: momentum),
            "The old average and the batch have changed places: the old one keeps 1 − momentum, nine tenths, and the batch adds a tenth.",
        ),
        Mistake(
            "no average at all",
            batch_for_running,
            "The new running averages are those of the last batch alone. Move them a little only: (1 − momentum) · old + momentum · batch's.",
        ),
        Mistake(
            "nothing runs",
            lambda x, mean, var, momentum, training: (
                packages_norm(x, mean, var, momentum, training)[0],
                mean,
                var,
            ),
            "In training the running averages have to move; you return the old ones. A tenth of the batch's, nine tenths of the old.",
        ),
        Mistake(
            "divided by the variance",
            normalising(spread=lambda x, var: x.var(axis=0) + 1e-5),
            "You divide by the variance. The root is missing: only then does the column get the spread 1.",
        ),
        Mistake(
            "eps beside the root",
            normalising(spread=lambda x, var: x.std(axis=0) + 1e-5),
            "The 1e-5 belongs *under* the root, to the variance. (Beside it, it does its job as well, but gives slightly other numbers.)",
        ),
        Mistake(
            "no eps",
            without_eps,
            "A column that does not vary has the variance 0, and 0 / 0 is no number. Add 1e-5 to the variance, under the root.",
        ),
        Mistake(
            "a row instead of a column",
            along_the_rows,
            "You average along the rows, over one image's features. A feature is a column: axis=0, over the batch.",
        ),
        Mistake(
            "one mean for all columns",
            one_for_all,
            "You take one mean and one variance over the whole table. Each column has its own: axis=0. (And the running variance has N − 1.)",
        ),
        Mistake(
            "not centred",
            normalising(centre=lambda x, mean: np.zeros(x.shape[1])),
            "The mean is not taken away before you divide: (x − mean) / …",
        ),
    ],
    hints=(
        "Two cases. In use, `training` False: (x − mean) / np.sqrt(var + 1e-5), and both averages are returned as they came.",
        "In training, the same formula with x.mean(axis=0) and x.var(axis=0).",
        "And then the averages: (1 − momentum) · mean + momentum · x.mean(axis=0); for the variance with x.var(axis=0, ddof=1).",
    ),
    right=[column_by_column, lambda *given: list(normalising()(*given))],
    after="Why two different variances, over N and over N − 1? What would the running one be, on average, with batches of two?",
)


# --- 3: predict, the wrong company ----------------------------------------------------

company = Choice(
    name="robust.3",
    core=True,
    title="In the wrong company",
    minutes=5,
    level="medium",
    points=1,
    right="C",
    options={
        "A": "That would be so if an image were read by itself. In train mode batch norm measures each unit against the *others in the batch*, and these have just changed.",
        "B": "Half would be left if some digits suffered and others did not. But every batch lacks the same thing: digits of another kind to differ from.",
        "C": "What makes a 3 a 3, compared with other digits, is what all in the batch have in common, and exactly that is subtracted as the mean.",
    },
    hints=(
        "In train mode each unit's mean over the batch is subtracted. If all images of the batch are threes, what is that mean?",
        "A unit that is high for every 3 is, after the subtraction, 0 on average. What is left to tell a 3 by?",
    ),
    after="So an attack, or an exam, in the wrong mode looks at another network. Yet a shuffled batch would hardly have shown it: the cell shows that number as well.",
)

# --- 4: dropout -----------------------------------------------------------------------


def as_dropped(rounds: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return what is to be said of entries dropped twice from one generator, once from another, and once in use."""
    x = case["x"]
    if rounds[0] is None or rounds[3] is None:
        return None
    if not all(isinstance(one, tuple | list) and len(one) == 2 for one in rounds):
        raise WrongForm("Expected two results, `return out, factors`, in training and in use.")
    for one in rounds:
        for part in one:
            if np.shape(part) != x.shape:
                raise WrongForm(f"Expected out and factors of x's shape {x.shape}, got {np.shape(part)}.")
    (out, factors), (second, _), (again, _), (used, used_factors) = (
        [np.asarray(part, dtype=float) for part in one] for one in rounds
    )
    alive = out != 0
    return (
        round(20 * alive.mean()),
        np.median((out / x)[alive]) if alive.any() else 0.0,
        bool(np.allclose(out, x * factors)),
        int((alive == alive[0]).all()),
        int((alive == alive[:, :1]).all()),
        not np.array_equal(out, second),
        np.array_equal(out, again),
        int((used != x).sum()),
        round(20 * np.mean(used == 0)),
        bool((used_factors == 1).all()),
    )


Dropped = Callable[[Floats, float, Rng, bool], tuple[Floats, Floats]]


def dropping(
    keep: Callable[[Floats, float, Rng], Any] = lambda x, p, rng: rng.random(x.shape) >= p,
    size: Callable[[float], float] = lambda p: 1 / (1 - p),
    always: bool = False,
    in_use: Callable[[float], float] = lambda p: 1.0,
) -> Dropped:
    """Return a dropout; each argument can spoil it in one way."""

    def dropout(x: Floats, p: float, rng: Rng, training: bool) -> tuple[Floats, Floats]:
        if not training and not always:
            return x * in_use(p), np.full(x.shape, in_use(p))
        factors = keep(x, p, rng) * size(p)
        factors = np.broadcast_to(factors, x.shape).astype(np.float64)
        return x * factors, factors

    return dropout


def entry_by_entry(x: Floats, p: float, rng: Rng, training: bool) -> list[list[list[float]]]:
    factors = [
        [(1 / (1 - p) if rng.random() < 1 - p else 0.0) if training else 1.0 for _ in row]
        for row in x.tolist()
    ]
    return [
        [[v * f for v, f in zip(*pair, strict=True)] for pair in zip(x.tolist(), factors, strict=True)],
        factors,
    ]


def mask_for_factors(x: Floats, p: float, rng: Rng, training: bool) -> tuple[Floats, Floats]:
    out, factors = dropping()(x, p, rng, training)
    return out, (factors > 0).astype(np.float64)


def by_choice(x: Floats, p: float, rng: Rng, training: bool) -> tuple[Floats, Floats]:
    if not training:
        return x.copy(), np.ones_like(x)
    factors = rng.choice([0.0, 1 / (1 - p)], size=x.shape, p=[p, 1 - p])
    return factors * x, factors


def some_activations(rng: Rng, n: int, f: int, p: float) -> Case:
    return {"x": rng.uniform(0.5, 2, (n, f)), "p": p, "seed": int(rng.integers(1000))}


dropout = Function(
    name="robust.4",
    core=True,
    title="Some stay at home",
    minutes=15,
    level="medium",
    points=3,
    probe=dropped,
    weigh=as_dropped,
    parts=(
        "of 20 entries, so many kept",
        "a kept entry, divided by what it was",
        "out is x times factors (1 = yes)",
        "the same entries dropped in every row (1 = yes)",
        "a whole row is dropped or kept (1 = yes)",
        "another choice in the next call (1 = yes)",
        "the same choice from the same seed (1 = yes)",
        "in use: entries that are not as they were",
        "in use: of 20 entries, so many dropped",
        "in use: all factors are 1 (1 = yes)",
    ),
    reference=dropping(),
    cases=[
        some_activations(np.random.default_rng(0), 200, 50, 0.25),
        some_activations(np.random.default_rng(1), 100, 80, 0.1),
    ],
    generate=lambda rng: [some_activations(rng, n, f, p) for n, f, p in ((150, 60, 0.4), (300, 40, 0.2))],
    mistakes=[
        Mistake(
            "p is what is kept, throughout",
            dropping(keep=lambda x, p, rng: rng.random(x.shape) < p, size=lambda p: 1 / p),
            "In itself this is consistent, with p as the share that is *kept*. Here p is the share that is dropped.",
        ),
        Mistake(
            "the old form",
            dropping(size=lambda p: 1.0, in_use=lambda p: 1 - p),
            "That is the older form: leave it alone in training, shrink it in use. It works, but here use is to change nothing: divide by 1 − p in training.",
        ),
        Mistake(
            "dropped in use",
            dropping(always=True),
            "You drop in use as well: the same image would be read differently each time. With `training` False return x, and ones for the factors.",
        ),
        Mistake(
            "not divided",
            dropping(size=lambda p: 1.0),
            "What is kept stays as it was, so on average the sum shrinks, and in use the next layer gets more than it ever saw. "
            "Divide what is kept by 1 − p.",
        ),
        Mistake(
            "p is what is kept",
            dropping(keep=lambda x, p, rng: rng.random(x.shape) < p),
            "You keep the share p and drop the rest. p is the share that is *dropped*.",
        ),
        Mistake(
            "divided by p",
            dropping(size=lambda p: 1 / p),
            "You divide by the share that is dropped. To keep the expected value, divide by the share that is *kept*, 1 − p.",
        ),
        Mistake(
            "multiplied by what is kept",
            dropping(size=lambda p: 1 - p),
            "You multiply by 1 − p, and everything shrinks twice. Divide by it: fewer entries, each so much larger.",
        ),
        Mistake(
            "shrunk in use, too",
            dropping(in_use=lambda p: 1 - p),
            "In use you multiply by 1 − p although training has divided by it already. In use nothing is to be done.",
        ),
        Mistake(
            "one mask for all rows",
            dropping(keep=lambda x, p, rng: rng.random(x.shape[1]) >= p),
            "All rows of the batch lose the same entries. Draw one number for each entry, rng.random(x.shape).",
        ),
        Mistake(
            "whole rows",
            dropping(keep=lambda x, p, rng: rng.random((len(x), 1)) >= p),
            "You drop whole rows, images that is. Draw one number for each entry, rng.random(x.shape).",
        ),
        Mistake(
            "normal numbers",
            dropping(keep=lambda x, p, rng: rng.normal(size=x.shape) >= p),
            "Normal numbers are below p far more often than in a share p of all cases. rng.random is even between 0 and 1: there, a share p lies below p.",
        ),
        Mistake(
            "factors without the size",
            mask_for_factors,
            "`out` is right, but your factors are the mask alone. The gradient passes through the same factors, divided by 1 − p as well.",
        ),
        Mistake(
            "a seed of its own",
            lambda x, p, rng, training: dropping()(x, p, np.random.default_rng(0), training),
            "Every call drops the same entries: you make a generator of your own each time. Use the rng that is given.",
        ),
        Mistake(
            "the rng not used",
            lambda x, p, rng, training: dropping()(x, p, np.random.default_rng(), training),
            "It is random, but not by the rng that is given: nobody could repeat this run. Take rng.random, not np.random.",
        ),
    ],
    hints=(
        "rng.random(x.shape) >= p is True for a share of 1 − p of the entries: those that are kept.",
        "factors = kept / (1 − p). What comes out is x * factors; the gradient will be multiplied by the same ones.",
    ),
    right=[entry_by_entry, by_choice],
    after="A network with dropout, left in train mode by mistake, gives an attacker another gradient at each step. Is that a defence? (Exercise 11 asks again.)",
)

# --- 5: find the bug, log of zero -----------------------------------------------------

LossOf = Callable[[Floats, Array], Any]


def textbook(
    guard: Callable[[Floats], Floats] = lambda p: p, dtype: Any = None, shift: bool = True
) -> LossOf:
    """Return the loss as books write it, with something done to the right class's probability before the logarithm."""

    def loss(logits: Floats, y: Array) -> Any:
        z = logits if dtype is None else logits.astype(dtype)
        if shift:
            z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        return -np.log(guard(p[np.arange(len(y)), y])).mean()

    return loss


# what people put under a logarithm, so that it is never 0
SMALL = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-30)


def largest_for_infinite(logits: Floats, y: Array) -> Any:
    z = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.nan_to_num(np.log(p[np.arange(len(y)), y])).mean()


def fused(logits: Floats, y: Array) -> float:
    return cross_entropy(logits.astype(np.float64), y)[0]


def by_logaddexp(logits: Floats, y: Array) -> float:
    return float((np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]).mean())


def leads(logits: Floats, y: Array) -> float:
    total = 0.0
    for row, label in zip(logits.astype(float), y, strict=True):
        total += np.log(sum(np.exp(score - row.max()) for score in row)) + row.max() - row[label]
    return float(total / len(y))


def logarithm_of_sum(shift_back: bool = True, own: int = 1, mean: bool = True) -> LossOf:
    def loss(logits: Floats, y: Array) -> Any:
        top = logits.max(axis=1)
        sums = np.log(np.exp(logits - top[:, None]).sum(axis=1))
        losses = sums - own * (logits[np.arange(len(y)), y] - shift_back * top)
        return losses.mean() if mean else losses.sum()

    return loss


def some_scores(rng: Rng, n: int, classes: int, size: float) -> Case:
    logits, y = (size * rng.normal(size=(n, classes))).astype(np.float32), rng.integers(0, classes, n)
    y[0], y[-1] = logits[0].argmax(), logits[-1].argmin()  # one surely right, one surely wrong
    return {"logits": logits, "y": y}


infinite = Function(
    name="robust.5",
    core=True,
    title="Find the bug: an infinite complaint",
    minutes=15,
    level="medium",
    points=2,
    reference=fused,
    given=textbook(),
    cases=[
        {"logits": np.array([[2.0, 1.0, 0.0]], dtype=np.float32), "y": np.array([1])},
        {"logits": np.array([[0.0, 200.0], [3.0, 0.0]], dtype=np.float32), "y": np.array([0, 0])},
        {"logits": np.array([[-1000.0, 1000.0, 0.0]], dtype=np.float32), "y": np.array([0])},
        {"logits": np.array([[200.0, 0.0]], dtype=np.float32), "y": np.array([0])},
    ],
    generate=lambda rng: [
        some_scores(rng, n, c, size) for n, c, size in ((6, 10, 1.0), (9, 4, 150.0), (2, 7, 2000.0))
    ],
    mistakes=[
        *(
            Mistake(
                f"{small:g} under the logarithm",
                textbook(lambda p, small=small: np.maximum(p, np.float32(small))),  # type: ignore[misc]
                "A small number under the logarithm makes the loss finite, and wrong: it can never be larger than −log of that number, however "
                "large the lead. And where it is stuck, its slope is 0. Do not compute the probability at all.",
            )
            for small in SMALL
        ),
        Mistake(
            "infinity made a number",
            lambda logits, y: np.nan_to_num(textbook()(logits, y)),
            "np.nan_to_num puts the largest number there is in place of infinity. That is as little the loss. Do not compute the probability at all.",
        ),
        Mistake(
            "infinities made numbers",
            largest_for_infinite,
            "np.nan_to_num puts the largest number there is in place of infinity. That is as little the loss. Do not compute the probability at all.",
        ),
        Mistake(
            "sixteen digits",
            textbook(dtype=np.float64),
            "float64 only moves the cliff: from a lead of about 104 to one of about 745. The last case falls over it. Write the logarithm of the quotient as a "
            "difference, before anything is rounded.",
        ),
        Mistake(
            "the shift gone",
            textbook(shift=False),
            "Now the shift is gone, too, and the exponential itself overflows: inf / inf is nan. Keep the shift.",
        ),
        Mistake(
            "infinity swept away",
            textbook(lambda p: np.where(p > 0, p, 1)),
            "You count such images as if their loss were 0, and they are the ones that are most wrong.",
        ),
        Mistake(
            "the shift forgotten in one place",
            logarithm_of_sum(shift_back=False),
            "Your sum is of the shifted scores, the label's own score is not shifted. Both or neither: log Σ exp(z_c − z_max) − (z_right − z_max).",
        ),
        Mistake(
            "the label's own score forgotten",
            logarithm_of_sum(own=0),
            "That is the logarithm of the sum alone. From it the label's own score, shifted like the others, is subtracted.",
        ),
        Mistake(
            "own score added",
            logarithm_of_sum(own=-1),
            "You add the label's own score; subtract it: −log(a / s) = log s − log a.",
        ),
        Mistake(
            "a sum",
            logarithm_of_sum(mean=False),
            "The formula is right, but you add up over the batch. The loss is the mean.",
        ),
    ],
    hints=(
        "−log(a / s) = log s − log a. With a = exp(z) the last logarithm is z itself: nothing to compute, nothing to round.",
        "With z the shifted scores: np.log(np.exp(z).sum(axis=1)) − z[right]. The largest of the exponentials is 1, so the sum is at least 1.",
    ),
    right=[by_logaddexp, leads],
    after="The planted loss is right on every ordinary batch, which is why it lives long. Which tests would you write for a loss function?",
)

# --- 6: the burglar on paper ----------------------------------------------------------

Worst = Callable[..., tuple[Any, Floats, Any]]


def worst_case(
    size: Callable[[Floats], Any] = lambda w: np.abs(w).sum(),
    slope: Callable[[Floats], Floats] = np.sign,
    side: Callable[[Array], Array] = lambda s: np.ones(len(s)),
    mean: bool = True,
    labels: Callable[[Array], Array] = lambda y: 2 * y - 1,
) -> Worst:
    """Return the loss of a linear model under the worst attack, with its gradients; each argument can spoil it."""

    def worst(w: Floats, b: float, x: Floats, y: Array, epsilon: float) -> tuple[Any, Floats, Any]:
        s = labels(y)
        margin = s * (x @ w + b) - side(s) * epsilon * size(w)
        losses, pull = np.logaddexp(0, -margin), -sigmoid(-margin)
        by_w = (pull * s)[:, None] * x - (pull * side(s))[:, None] * epsilon * slope(w)
        total = np.mean if mean else np.sum
        return total(losses), total(by_w, axis=0), total(pull * s)

    return worst


def by_attacking(w: Floats, b: float, x: Floats, y: Array, epsilon: float) -> list[Any]:
    forged = [
        [v - (2 * t - 1) * epsilon * np.sign(u) for v, u in zip(row, w, strict=True)]
        for row, t in zip(x, y, strict=True)
    ]
    z = np.array(forged) @ w + b
    return [
        float(np.mean(np.where(y == 1, np.log1p(np.exp(-z)), np.log1p(np.exp(z))))),
        ((sigmoid(z) - y) / len(y)) @ np.array(forged),
        float(np.mean(sigmoid(z) - y)),
    ]


def without_attack(w: Floats, b: float, x: Floats, y: Array, epsilon: float) -> tuple[Any, Floats, Any]:
    return worst_case()(w, b, x, y, 0.0)


def in_full(w: Floats, b: float, x: Floats, y: Array, epsilon: float) -> tuple[Any, Floats, Any]:
    loss, _, by_b = worst_case()(w, b, x, y, epsilon)
    return loss, worst_case(slope=np.zeros_like)(w, b, x, y, epsilon)[1] - epsilon * np.sign(w), by_b


def added_in_full(w: Floats, b: float, x: Floats, y: Array, epsilon: float) -> tuple[Any, Floats, Any]:
    loss, by_w, by_b = in_full(w, b, x, y, epsilon)
    return loss, by_w + 2 * epsilon * np.sign(w), by_b


def sign_forgotten_for_b(w: Floats, b: float, x: Floats, y: Array, epsilon: float) -> tuple[Any, Floats, Any]:
    s = 2 * y - 1
    loss, by_w, _ = worst_case()(w, b, x, y, epsilon)
    return loss, by_w, np.mean(-sigmoid(-s * (x @ w + b) + epsilon * np.abs(w).sum()))


def some_points(rng: Rng, n: int, d: int, epsilon: float) -> Case:
    w = rng.normal(size=d)
    return {
        "w": w,
        "b": float(rng.normal()),
        "x": rng.random((n, d)),
        "y": rng.integers(0, 2, n),
        "epsilon": epsilon,
    }


on_paper = Function(
    name="robust.6",
    title="The burglar on paper",
    minutes=25,
    level="hard",
    points=4,
    parts=("loss", "by w", "by b"),
    reference=worst_case(),
    cases=[
        {
            "w": np.array([2.0, -1.0]),
            "b": 0.0,
            "x": np.array([[0.8, 0.4], [0.3, 0.6]]),
            "y": np.array([1, 0]),
            "epsilon": 0.1,
        },
        some_points(np.random.default_rng(0), 5, 3, 0.3),
    ],
    generate=lambda rng: [
        some_points(rng, n, d, eps) for n, d, eps in ((8, 4, 0.2), (4, 9, 0.05), (12, 2, 0.5))
    ],
    mistakes=[
        Mistake(
            "no burglar",
            without_attack,
            "That is the loss without an attack. The burglar takes ε‖w‖₁ from every margin.",
        ),
        Mistake(
            "a friend",
            lambda w, b, x, y, epsilon: worst_case()(w, b, x, y, -epsilon),
            "The margins grow by ε‖w‖₁: that is a friend with the pencil. The burglar makes them smaller.",
        ),
        Mistake(
            "the same way for both classes",
            worst_case(side=lambda s: s),
            "You lower the *score* for both classes. For an image of class 0 the burglar wants it higher: it is the margin, s · z, that falls.",
        ),
        Mistake(
            "labels as they are",
            worst_case(labels=lambda y: y),
            "You multiply the score by y, so images of class 0 have no margin at all. The sign s is −1 for them: 2y − 1.",
        ),
        Mistake(
            "the length of w",
            worst_case(lambda w: np.sqrt((w**2).sum()), lambda w: w / np.sqrt((w**2).sum())),
            "You take the length of w, the root of the sum of squares. With a limit for each pixel the pushes add up one by one: the sum of the |w|.",
        ),
        Mistake(
            "the largest weight",
            worst_case(lambda w: np.abs(w).max(), lambda w: np.sign(w) * (np.abs(w) == np.abs(w).max())),
            "You take the largest |w| alone. Every pixel is pushed, so all of them are added up.",
        ),
        Mistake(
            "the signs cancel",
            worst_case(lambda w: w.sum(), np.ones_like),
            "You add up the weights with their signs. The burglar turns each push to suit its weight: add up |w|.",
        ),
        Mistake(
            "the burglar not differentiated",
            worst_case(slope=np.zeros_like),
            "The loss is right. But ε‖w‖₁ depends on w as well, with the slope ε sign(w): the gradient by w lacks that part.",
        ),
        Mistake(
            "a sum",
            worst_case(mean=False),
            "You add up over the images. Loss and gradients are means.",
        ),
        Mistake(
            "both classes alike, not differentiated",
            worst_case(side=lambda s: s, slope=np.zeros_like),
            "Two things. You lower the *score* for both classes; for an image of class 0 the burglar wants it higher, so take ε‖w‖₁ from the margin s · z. "
            "And ε‖w‖₁ depends on w: the gradient by w has a part with sign(w).",
        ),
        Mistake(
            "the price not weighed, subtracted",
            in_full,
            "by w: ε sign(w) stands beside the rest, in full. It belongs to the slope of the *margin*, so it is multiplied by −sigmoid(−m) like the rest: "
            "the price is due only where the loss still cares.",
        ),
        Mistake(
            "the price not weighed",
            added_in_full,
            "by w: ε sign(w) stands beside the rest, in full, as with a penalty on |w|. It belongs to the slope of the *margin*, so it is multiplied by sigmoid(−m): "
            "the price is due only where the loss still cares.",
        ),
        Mistake(
            "by b without the sign",
            sign_forgotten_for_b,
            "by b: the margin is s · (x · w + b) − …, so its slope by b is s, and −1 for the images of class 0.",
        ),
        Mistake(
            "ridge",
            worst_case(lambda w: np.abs(w).sum(), lambda w: w),
            "The slope of |w| is its sign, not w itself: a small weight is pushed towards 0 as hard as a large one.",
        ),
    ],
    hints=(
        "s = 2 * y − 1, and the margins are m = s · (x @ w + b) − ε · np.abs(w).sum(), (N,). The loss of each is log(1 + exp(−m)).",
        "The slope of log(1 + exp(−m)) by m is −sigmoid(−m). By b, m has the slope s.",
        "By w, m has the slope s · x − ε · sign(w), (N, D). Multiply by −sigmoid(−m) as a column, and take the mean over the images.",
    ),
    right=[by_attacking, lambda *given: list(worst_case()(*given))],
    after="Where the margin is large, sigmoid(−m) is 0, and the price is not due: that is how this differs from weight decay. What happens to weights whose pixel is never of any use?",
)

# --- 7: half honest, half forged ------------------------------------------------------

Maker = Callable[[Attack], Attack]


def marking(x: Floats, y: Array) -> Floats:
    """marks each image by its own label, which the first pixels show afterwards"""
    marked: Floats = x * np.float32(0.5) + (np.asarray(y) / 20)[:, None].astype(np.float32)
    return marked


def greying(x: Floats, y: Array) -> Floats:
    """moves every pixel by a tenth, the odd labels up and the even ones down"""
    way = np.where(np.asarray(y) % 2 == 1, 0.1, -0.1)[:, None].astype(np.float32)
    moved: Floats = np.clip(x + way, 0, 1)
    return moved


def halves(build: Callable[[Attack, Floats, Array, int], Any]) -> Maker:
    """Return a maker whose function builds the batch, given the attack, the batch and its half."""

    def maker(attack: Attack) -> Attack:
        def change(x: Floats, y: Array) -> Floats:
            changed: Floats = build(attack, x, y, len(x) // 2)
            return changed

        return change

    return maker


def good_half(attack: Attack, x: Floats, y: Array, half: int) -> Any:
    return np.concatenate([x[:half], attack(x[half:], y[half:])])


def chosen_after(attack: Attack) -> Attack:
    return lambda x, y: np.where((np.arange(len(x)) >= len(x) // 2)[:, None], attack(x, y), x)


def on_a_copy(attack: Attack) -> Attack:
    def change(x: Floats, y: Array) -> Floats:
        changed, first = x.copy(), len(x) // 2
        changed[first:] = attack(x[first:], y[first:])
        return changed

    return change


def a_batch(rng: Rng, attack: Attack, n: int, d: int) -> Case:
    return {"attack": attack, "x": rng.random((n, d)).astype(np.float32), "y": rng.integers(0, 10, n)}


def with_its_dtype(changed: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return the changed batch, and whether it is in x's dtype; a list has none."""
    return changed, not isinstance(changed, np.ndarray) or changed.dtype == case["x"].dtype


half = Function(
    name="robust.7",
    title="Half honest, half forged",
    minutes=10,
    level="easy",
    points=2,
    probe=used,
    weigh=with_its_dtype,
    parts=("changed batch", "in x's dtype (1 = yes)"),
    reference=halves(good_half),
    cases=[
        a_batch(np.random.default_rng(0), greying, 4, 2),
        a_batch(np.random.default_rng(1), marking, 7, 3),
    ],
    generate=lambda rng: [
        a_batch(rng, attack, n, d) for attack, n, d in ((marking, 9, 5), (greying, 32, 4), (marking, 1, 6))
    ],
    mistakes=[
        Mistake(
            "the other half",
            halves(lambda attack, x, y, half: np.concatenate([attack(x[:half], y[:half]), x[half:]])),
            "You attack the first half and leave the second alone. It is to be the other way round.",
        ),
        Mistake(
            "changed places",
            halves(lambda attack, x, y, half: np.concatenate([attack(x[half:], y[half:]), x[:half]])),
            "The halves have changed places, and the labels have not: every image now stands beside somebody else's label. Keep the order of x.",
        ),
        Mistake(
            "all of it",
            lambda attack: attack,
            "The whole batch is attacked. The first half is to stay as it is.",
        ),
        Mistake(
            "nothing",
            halves(lambda attack, x, y, half: x),
            "The batch comes back as it was. Is the attacked half put in anywhere?",
        ),
        Mistake(
            "labels of the other half",
            halves(
                lambda attack, x, y, half: np.concatenate([x[:half], attack(x[half:], y[: len(x) - half])])
            ),
            "The second half is attacked with the labels of the *first*. An attack needs each image's own: y[half:].",
        ),
        Mistake(
            "all labels",
            halves(lambda attack, x, y, half: np.concatenate([x[:half], attack(x[half:], y)])),
            "The attack gets half of the images and all of the labels. Cut both: y[half:].",
        ),
        Mistake(
            "both, one after the other",
            halves(lambda attack, x, y, half: np.concatenate([x, attack(x, y)])),
            "Your batch has twice as many images as there are labels. Replace the second half, do not append.",
        ),
        Mistake(
            "only the half",
            halves(lambda attack, x, y, half: attack(x[half:], y[half:])),
            "Only the attacked half comes back, and the batch has fewer images than labels. Put the honest half before it.",
        ),
        Mistake(
            "every other",
            halves(
                lambda attack, x, y, half: np.where((np.arange(len(x)) % 2 == 1)[:, None], attack(x, y), x)
            ),
            "You attack every other image. Half is half, but asked for is the second half of the batch.",
        ),
        Mistake(
            "one too few",
            halves(lambda attack, x, y, half: good_half(attack, x, y, len(x) - half)),
            "In a batch of odd length the image in the middle is to be attacked, too: the honest half is N // 2, rounded down.",
        ),
        Mistake(
            "half of each",
            halves(lambda attack, x, y, half: (x + attack(x, y)) / np.float32(2)),
            "You take the mean of honest and forged, image by image: that is an attack of half the size. Leave half of the images alone, and attack the others in full.",
        ),
        Mistake(
            "float64",
            halves(lambda attack, x, y, half: good_half(attack, x, y, half).astype(np.float64)),
            "The numbers are right, but the batch has become float64, and `fit` would refuse it. np.zeros makes float64 unless told otherwise; np.concatenate and x.copy() keep what they get.",
        ),
    ],
    hints=(
        "The inner function, change, is what fit will call; it remembers `attack`. So it needs three things: half, what stays, what is attacked.",
        "With half = len(x) // 2: x[:half] stays, attack(x[half:], y[half:]) comes behind it, np.concatenate joins them.",
    ),
    right=[chosen_after, on_a_copy],
    after="fit stirs the data, so which images are honest differs from epoch to epoch. What would change if the data were not stirred?",
)

# --- 8: find the bug, the burglar's tools ---------------------------------------------


def backward(net: Sequential, x: Floats, y: Array) -> Floats:
    """Let gradients be added to the parameters' own; return that by x."""
    below = net.backward(cross_entropy(net.forward(x), y)[1])
    assert below is not None  # a Sequential that begins with a Linear returns it
    return below


def forging(net: Sequential, x: Floats, y: Array, epsilon: float) -> Floats:
    """Return forgeries; the gradients of the parameters are left in them, too."""
    return np.clip(x + epsilon * np.sign(backward(net, x, y)), 0, 1)


def clean_hands(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    forged = fgsm(gradient_by_input(net), x, y, epsilon)
    train_step(net, cross_entropy, optimizer, forged, y)


def forgets_by_hand(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    forged = forging(net, x, y, epsilon)
    for p in net.parameters():
        p.grad = None
    backward(net, forged, y)
    optimizer.step()


def restores(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    forged = forging(net, x, y, epsilon)
    left = [0 if p.grad is None else p.grad.copy() for p in net.parameters()]
    backward(net, forged, y)
    for p, before in zip(net.parameters(), left, strict=True):
        p.grad = None if p.grad is None else p.grad - before
    optimizer.step()
    optimizer.zero_grad()


def tools_left(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    optimizer.zero_grad()
    forged = forging(net, x, y, epsilon)
    backward(net, forged, y)
    optimizer.step()


def forgets_too_late(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    forged = forging(net, x, y, epsilon)
    backward(net, forged, y)
    optimizer.zero_grad()
    optimizer.step()


def no_second_backward(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    optimizer.zero_grad()
    forging(net, x, y, epsilon)
    optimizer.step()


def both_halved(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    optimizer.zero_grad()
    forged = forging(net, x, y, epsilon)
    backward(net, forged, y)
    for p in net.parameters():
        p.grad = None if p.grad is None else p.grad / 2
    optimizer.step()


def only_some_forgotten(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    optimizer.zero_grad()
    forged = forging(net, x, y, epsilon)
    for name, p in net.named_parameters():
        if "weight" in name:
            p.grad = None
    backward(net, forged, y)
    optimizer.step()


def friendly(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    gradient = gradient_by_input(net)
    forged = fgsm(lambda at, labels: -gradient(at, labels), x, y, epsilon)
    train_step(net, cross_entropy, optimizer, forged, y)


def two_steps(net: Sequential, optimizer: SGD, x: Floats, y: Array, epsilon: float) -> None:
    optimizer.zero_grad()
    forged = forging(net, x, y, epsilon)
    optimizer.step()
    optimizer.zero_grad()
    backward(net, forged, y)
    optimizer.step()


def some_training(rng: Rng, n: int, d: int, classes: int, epsilon: float, steps: int) -> Case:
    y = np.append(rng.integers(0, classes, n - 1), classes - 1)
    return {"x": rng.random((n, d)), "y": y, "epsilon": epsilon, "steps": steps}


tools = Function(
    name="robust.8",
    title="Find the bug: the burglar's tools",
    minutes=10,
    level="medium",
    points=2,
    probe=after_steps,
    parts=("loss on honest images afterwards", "weights"),
    reference=clean_hands,
    given=tools_left,
    cases=[
        some_training(np.random.default_rng(0), 4, 2, 2, 0.1, 1),
        some_training(np.random.default_rng(1), 6, 3, 3, 0.2, 5),
    ],
    generate=lambda rng: [some_training(rng, *sizes) for sizes in ((7, 4, 3, 0.1, 3), (10, 5, 4, 0.3, 6))],
    mistakes=[
        Mistake(
            "forgotten too late",
            forgets_too_late,
            "The gradients are thrown away just before they are needed, so the weights never move. Forget the attack's gradients *before* the second backward pass.",
        ),
        Mistake(
            "only the attack's",
            no_second_backward,
            "The step is made with the gradients of the *honest* images. The forgeries need a forward and a backward pass of their own, net.forward(forged), after the attack's gradients are forgotten.",
        ),
        Mistake(
            "the mean of both",
            both_halved,
            "You take the mean of the two gradients. That is training on honest and forged images, half and half: a method of its own, but not this one. Forget the attack's gradients.",
        ),
        Mistake(
            "only the weights",
            only_some_forgotten,
            "The weights' gradients are forgotten, those of the biases still hold the attack's share. optimizer.zero_grad() forgets all.",
        ),
        Mistake(
            "two steps",
            two_steps,
            "You make a step with the attack's gradients, too, on the honest images. Only the forgeries are to move the weights.",
        ),
        Mistake(
            "downhill forgeries",
            friendly,
            "The gradients are clean now, but the forgeries go downhill: they are easier than the honest images. A plus before epsilon.",
        ),
    ],
    hints=(
        "backward *adds* to the gradients that are there. How many backward passes are made before the step, and on which images?",
        "The attack needs the gradient by the pixels only. What else did its backward pass leave behind?",
        "Somebody has to forget the parameters' gradients between the two passes. The optimiser has a method for it.",
    ),
    right=[restores, forgets_by_hand],
    after="`gradient_by_input` puts the parameters' gradients away and back. Batch norm and dropout bring the next trap of this kind: in which mode should the attack ask?",
)

# --- 9: what survives everything ------------------------------------------------------


def surviving(clean: Array, attacked: Array, y: Array) -> tuple[float, float, float]:
    right = attacked == y
    return (
        float(np.mean(clean == y)),
        float(right.mean(axis=1).min()),
        float(np.mean((clean == y) & right.all(axis=0))),
    )


def one_by_one(clean: Array, attacked: Array, y: Array) -> list[float]:
    kept = [sum(a == t for a, t in zip(row, y, strict=True)) / len(y) for row in attacked.tolist()]
    alive = 0
    for i, label in enumerate(y):
        alive += all(answer == label for answer in [clean[i], *attacked[:, i]])
    return [sum(np.asarray(clean) == y) / len(y), min(kept), alive / len(y)]


def fewest(clean: Array, attacked: Array, y: Array) -> tuple[Any, Any, Any]:
    table = np.vstack([clean, attacked]) == np.asarray(y)
    return table[0].mean(), min(row.mean() for row in table[1:]), table.min(axis=0).mean()


def third(count: Callable[[Array, Array], Any]) -> Callable[[Array, Array, Array], tuple[Any, Any, Any]]:
    """Return the three shares with another third one: a function of right when clean, (N,), and when attacked, (K, N)."""
    return lambda clean, attacked, y: (*surviving(clean, attacked, y)[:2], count(clean == y, attacked == y))


def second(share: Callable[[Array], Any]) -> Callable[[Array, Array, Array], tuple[Any, Any, Any]]:
    def wrong(clean: Array, attacked: Array, y: Array) -> tuple[Any, Any, Any]:
        first, _, last = surviving(clean, attacked, y)
        return first, share(attacked == y), last

    return wrong


def some_answers(rng: Rng, k: int, n: int) -> Case:
    y = rng.integers(0, 10, n)

    def read(share: float) -> Array:
        return np.where(rng.random(n) < share, y, (y + 1) % 10)

    return {
        "clean": read(0.85),
        "attacked": np.stack([read(rng.uniform(0.5, 0.8)) for _ in range(k)]),
        "y": y,
    }


honest = Function(
    name="robust.9",
    core=True,
    title="What survives everything",
    minutes=10,
    level="medium",
    points=2,
    parts=("clean", "strongest", "all"),
    reference=surviving,
    cases=[
        {
            "clean": np.array([3, 1, 4, 0, 5]),
            "attacked": np.array([[3, 7, 4, 1, 5], [3, 1, 4, 1, 2]]),
            "y": np.array([3, 1, 4, 1, 5]),
        },
        some_answers(np.random.default_rng(0), 3, 20),
    ],
    generate=lambda rng: [some_answers(rng, k, n) for k, n in ((2, 60), (4, 90), (5, 40))],
    mistakes=[
        Mistake(
            "the smallest share",
            lambda clean, attacked, y: (*surviving(clean, attacked, y)[:2], surviving(clean, attacked, y)[1]),
            "all: the smallest of the shares is what the *strongest single* attack leaves. Two attacks may each find images that the other misses: ask image by image.",
        ),
        Mistake(
            "shares multiplied",
            third(lambda clean, right: clean.mean() * right.mean(axis=1).prod()),
            "all: you multiply the shares, as if attacks fooled images independently. They mostly find the same weak ones. Ask image by image.",
        ),
        Mistake(
            "the mean",
            third(lambda clean, right: right.mean()),
            "all: that is the mean over the attacks. An attacker does not draw lots; an image is right only if *every* attack fails on it.",
        ),
        Mistake(
            "any",
            third(lambda clean, right: (clean & right.any(axis=0)).mean()),
            "all: you count an image if *some* attack fails on it. It has to withstand every one: .all(axis=0).",
        ),
        Mistake(
            "clean mistakes forgotten",
            third(lambda clean, right: right.all(axis=0).mean()),
            "all: an image that is misread without any attack is not right, even if every attack happens to mend it. Leaving it alone is an attack, too.",
        ),
        Mistake(
            "brackets",
            lambda clean, attacked, y: (
                *surviving(clean, attacked, y)[:2],
                (clean == (y & (attacked == y).all(axis=0))).mean(),
            ),
            "all: & binds more tightly than ==, so Python computes y & … first. Put brackets around the comparison: (clean == y) & …",
        ),
        Mistake(
            "of those that were read",
            third(lambda clean, right: (clean & right.all(axis=0)).sum() / clean.sum()),
            "all: you divide by the images that were right before. Count over *all* images; a clean mistake counts as a mistake.",
        ),
        Mistake(
            "along the images",
            third(lambda clean, right: right.all(axis=1).mean()),
            "all: .all(axis=1) asks whether an attack fails on every image. Ask for each image whether every attack fails: axis=0.",
        ),
        Mistake(
            "a count",
            third(lambda clean, right: (clean & right.all(axis=0)).sum()),
            "all: that is how many survive, not which share.",
        ),
        Mistake(
            "the weakest attack",
            second(lambda right: right.mean(axis=1).max()),
            "strongest: that is the share that the *weakest* attack leaves. The strongest leaves the least.",
        ),
        Mistake(
            "the mean of the attacks",
            second(lambda right: right.mean()),
            "strongest: that is the mean over the attacks. Take the share for each, a row, and then the smallest.",
        ),
        Mistake(
            "the worst image",
            second(lambda right: right.mean(axis=0).min()),
            "strongest: you average over the attacks, image by image. Each attack is a *row*: the mean along axis=1 is its share.",
        ),
        Mistake(
            "the number of the attack",
            second(lambda right: right.mean(axis=1).argmin()),
            "strongest: argmin says *which* attack it is. Asked is the share that it leaves.",
        ),
    ],
    hints=(
        "attacked == y compares every row with the labels: (K, N), True where an attack failed.",
        "Its mean along axis=1 is a share for each attack. .all(axis=0) says for each image whether all attacks failed.",
        "And the image has to be right when nobody touches it: combine with clean == y, by &.",
    ),
    right=[one_by_one, fewest],
    after="The third number can only fall when attacks are added. So a report with one attack and a report with five are not to be compared by it.",
)

# --- 10: glue, or a lock? -------------------------------------------------------------


def verdict(name: str, value: float, hint: str, text: str) -> Mistake:
    """Return the mistake of one network judged wrongly, with everything else right."""
    answers = {"A": 1, "B": 0, "C": 1, "D": 0, "E": 0, "claim": 0.52, name: value}
    return Mistake(hint, tuple(answers.values()), text)


glue = Values(
    name="robust.10",
    core=True,
    title="Glue, or a lock?",
    minutes=10,
    level="medium",
    points=3,
    expects={"A": (), "B": (), "C": (), "D": (), "E": (), "claim": ()},
    probe=lambda A, B, C, D, E, claim: (A, B, C, D, E, claim),
    parts=("A", "B", "C", "D", "E", "claim"),
    reference=(1, 0, 1, 0, 0, 0.52),
    cases=[{}],
    mistakes=[
        verdict(
            "A",
            0,
            "weak taken for broken",
            "A: weak is not broken. PGD does better than one step, better than chance and transfer, and brings it to 0. The measurement is sound; what it says is that this network has no defence.",
        ),
        verdict(
            "B",
            1,
            "glue believed",
            "B: twenty and two hundred steps do no better than one, images made on *another* network fool it far more often, and at ε = 0.5 it still reads most. Nobody found the gradient.",
        ),
        verdict(
            "C",
            0,
            "strong taken for broken",
            "C: a high number alone is no sign of glue. More steps help a little, transfer and chance do less than PGD, and at ε = 0.5 nothing is left. That is how a measured defence looks.",
        ),
        verdict(
            "D",
            1,
            "one step beats twenty",
            "D: compare FGSM with PGD. One long step does *better* than twenty small ones, so the small ones have lost their way.",
        ),
        verdict(
            "E",
            1,
            "never down to 0",
            "E: look at the last column. With an ε of 0.5 every pixel can become the same grey, and still 0.12 are read. Whoever reads something there was not attacked.",
        ),
        verdict(
            "claim",
            0.95,
            "the claim of the gradient",
            "claim: 0.95 is what the blind attacks leave. Another row of the same table did better, and no rule forbids it.",
        ),
        verdict(
            "claim",
            0.81,
            "another epsilon",
            "claim: 0.81 was measured at another ε. Of the attacks at 0.1, take the one that leaves the least.",
        ),
        verdict(
            "claim",
            0.93,
            "the random tries",
            "claim: fifty random tries leave 0.93, but there is an attack in the table that leaves less.",
        ),
        verdict("claim", 52, "per cent", "claim: those are per cent. The table has shares, from 0 to 1."),
        verdict(
            "claim",
            0.98,
            "the clean share",
            "claim: 0.98 is read without an attack. Asked is what may at most be claimed *under* attack.",
        ),
    ],
    hints=(
        "Four signs: more steps do not help; transfer beats white box; chance beats the gradient; a huge ε leaves something. One is enough.",
        "For the claim: an attack is an attack, wherever its images come from. Which of those at ε = 0.1 leaves the least of B?",
    ),
    right=[(True, False, True, False, False, 0.52), (1.0, 0.0, 1.0, 0.0, 0.0, np.float64(0.52))],
    after="0.52 is only an upper limit: nobody has attacked B with its own gradient yet. How would you get around the glue?",
)

# --- 11: in words ---------------------------------------------------------------------

dice = Written(
    name="robust.11",
    core=True,
    title="A reader that throws dice",
    minutes=20,
    level="hard",
    points=4,
    hints=(
        "The attacker knows that dice are thrown, though not how they will fall. Which gradient would she rather follow than that of a single throw?",
        "The reader's answer to one and the same image changes from throw to throw. So what is a mistake: one wrong throw, or most of them? And how often may the burglar try?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    average,
    batch_norm,
    company,
    dropout,
    infinite,
    on_paper,
    half,
    tools,
    honest,
    glue,
    dice,
)
