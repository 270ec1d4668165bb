"""The exercises on reading digits: what is right, what people get wrong, what to say then.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/mnist.py`.
All images are the small embedded digits, so nothing is fetched and everything is quick.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from mininet.arrays import Array, Floats
from mininet.data import DataLoader, digits, split, to_unit
from mininet.init import Init, kaiming, xavier
from mininet.layers import BatchNorm1d, Layer, Linear, Parameter, ReLU, Sequential, Sigmoid, Tanh, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD, Adam
from mininet.training import accuracy, fit, train_step
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
from mininet_course.probes.mnist import LAYERS, THROWS, Rng, Train, after_training, drawn, examined, prepared

Pair = tuple[Array, Array]


# --- 1: predict, the steps ------------------------------------------------------------

steps = Values(
    name="mnist.1",
    core=True,
    title="How many steps?",
    minutes=5,
    level="easy",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(240,),
    cases=[{}],
    tolerance=0,
    mistakes=[
        Mistake(
            "cut off at the end",
            (234,),
            "You divided all the images of ten epochs by 64. But every epoch ends with a batch that is not full, and it makes a step too.",
        ),
        Mistake(
            "a fraction of a step",
            (234.375,),
            "There is no 0.375 of a step. What becomes of the images that are left when an epoch runs out of full batches?",
        ),
        Mistake(
            "rounded once",
            (235,),
            "You rounded up once, at the end of all epochs. A batch never reaches into the next epoch: round up in each.",
        ),
        Mistake(
            "full batches only",
            (230,),
            "You count full batches only. The images that are left over at the end of an epoch make a smaller batch, and a step.",
        ),
        Mistake(
            "one epoch, full batches only",
            (23,),
            "That is one epoch's full batches. The images left over make one more, and there are ten epochs.",
        ),
        Mistake("one epoch", (24,), "That is one epoch. There are ten of them."),
        Mistake(
            "a step for each image",
            (15000,),
            "That is how often an image is looked at. One step is made for a whole batch.",
        ),
        Mistake("a step for each epoch", (10,), "That would be right if the whole set were one batch."),
    ],
    hints=(
        "How many full batches of 64 are there in 1,500 images, and how many images are left over?",
        "One epoch: 23 full batches and one of 28. How many steps, then, in ten epochs?",
    ),
    right=[(240.0,), (np.int64(10 * -(-1500 // 64)),)],
    after="The last batch is smaller, and its mean makes a step like any other. So do its images count for more, or for less?",
    vary=lambda rng: other_batches(rng),
)


def other_batches(rng: Rng) -> Varied:
    size, epochs = [
        (32, 8),
        (32, 15),
        (48, 8),
        (80, 20),
        (80, 12),
        (96, 20),
        (96, 7),
        (128, 9),
        (128, 25),
        (200, 12),
    ][rng.integers(10)]
    in_epoch = -(-1500 // size)
    texts = {
        "batches of 64, for 10 epochs": f"batches of {size}, for {epochs} epochs",
        "DataLoader(X, y, 64,": f"DataLoader(X, y, {size},",
    }
    wrong = {
        "rounded once": (-(-1500 * epochs // size),),
        "full batches only": (epochs * (in_epoch - 1),),
        "a step for each image": (1500 * epochs,),
        "a step for each epoch": (epochs,),
    }
    right = [(float(epochs * in_epoch),), (np.int64(epochs * in_epoch),)]
    varied = replace(steps, reference=(epochs * in_epoch,), mistakes=as_made_with(steps, wrong), right=right)
    return texts, varied


# --- 2: batches -----------------------------------------------------------------------


def some_pairs(n: int, size: int, seed: int, shape: tuple[int, ...] = (2,)) -> Case:
    """Return examples that can be told apart: the first number of each is its place in the pile."""
    x = np.zeros((n, *shape))
    x.reshape(n, -1)[:, 0] = np.arange(n)
    x.reshape(n, -1)[:, -1] += 0.5
    return {"x": x, "y": np.arange(n) * 7 % 10, "size": size, "seed": seed}


def as_stirred(rounds: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return what is to be said of two epochs from one generator and one from another with the same seed."""
    x, y = case["x"], case["y"]
    if rounds[0] is None:
        return None
    if not all(isinstance(one, list) for one in rounds):
        raise WrongForm(f"Expected a list of batches, got {type(rounds[0]).__name__}.")
    if any(len(batch) != 2 or len(batch[0]) != len(batch[1]) for one in rounds for batch in one):
        raise WrongForm("Expected a list of pairs (images, labels), each with as many images as labels.")
    ids = [[np.reshape(xb, (len(xb), -1))[:, 0].astype(int) for xb, _ in one if len(xb)] for one in rounds]
    first, second, again = (np.concatenate(one) if one else np.zeros(0, int) for one in ids)
    labels = np.concatenate([np.ravel(yb) for _, yb in rounds[0]])
    return (
        np.array([len(yb) for _, yb in rounds[0]]),
        len(np.unique(first)) < len(first),
        len(np.unique(first)) < len(x),
        np.array_equal(labels, np.asarray(y)[first]),
        sum(len(batch) >= 5 and bool((np.diff(batch) == 1).all()) for batch in ids[0]),
        not np.array_equal(first, second),
        np.array_equal(first, again),
    )


def in_order(order: Array, x: Array, y: Array, size: int) -> list[Pair]:
    return [(x[order[i : i + size]], y[order[i : i + size]]) for i in range(0, len(order), size)]


def loader_batches(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    return list(DataLoader(x, y, size, rng))


def torn_apart(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    x, y = x[rng.permutation(len(x))], y[rng.permutation(len(y))]
    return in_order(np.arange(len(x)), x, y, size)


def drawn_with_return(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    return in_order(rng.integers(0, len(x), len(x)), x, y, size)


def last_one_dropped(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    return in_order(rng.permutation(len(x))[: len(x) // size * size], x, y, size)


def whole_batches_stirred(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    batches = in_order(np.arange(len(x)), x, y, size)
    return [batches[i] for i in rng.permutation(len(batches))]


def so_many_batches(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    return [(x[part], y[part]) for part in np.array_split(rng.permutation(len(x)), size)]


def one_too_many(x: Array, y: Array, size: int, rng: Rng) -> list[Pair]:
    order = rng.permutation(len(x))
    starts = range(0, (len(x) // size + 1) * size, size)
    return [(x[order[i : i + size]], y[order[i : i + size]]) for i in starts]


def yielded_batches(x: Array, y: Array, size: int, rng: Rng) -> Iterator[Pair]:
    left = list(range(len(x)))
    rng.shuffle(left)
    while left:
        chosen, left = left[:size], left[size:]
        yield np.array([x[i] for i in chosen]), np.array([y[i] for i in chosen])


def sorted_by_dice(x: Array, y: Array, size: int, rng: Rng) -> list[list[Array]]:
    order = np.argsort(rng.random(len(y)))
    return [[x[part], y[part]] for part in np.split(order, range(size, len(y), size))]


batches = Function(
    name="mnist.2",
    core=True,
    title="Spoonfuls, well stirred",
    minutes=15,
    level="medium",
    points=3,
    probe=drawn,
    weigh=as_stirred,
    parts=(
        "sizes of the batches",
        "an example comes twice (1 = yes)",
        "an example never comes (1 = yes)",
        "labels still beside their images (1 = yes)",
        "batches of images that lay side by side in the pile",
        "another order in the next epoch (1 = yes)",
        "the same order from the same seed (1 = yes)",
    ),
    reference=loader_batches,
    tolerance=0,
    cases=[some_pairs(37, 5, seed=0), some_pairs(48, 6, seed=1)],
    generate=lambda rng: [
        some_pairs(n, size, int(rng.integers(1000)), shape)
        for n, size, shape in ((61, 7, (3,)), (200, 25, (2, 2)), (80, 9, (1, 4)))
    ],
    mistakes=[
        Mistake(
            "not stirred",
            lambda x, y, size, rng: in_order(np.arange(len(x)), x, y, size),
            "Nobody stirs: the images come as they lie in the pile, and if that is sorted, the last batches hold nothing but nines. "
            "Draw an order with rng.permutation(len(x)).",
        ),
        Mistake(
            "images and labels stirred apart",
            torn_apart,
            "Images and labels are stirred separately, so an image gets some other image's label and there is nothing left to "
            "learn. Draw *one* order, and use it for both.",
        ),
        Mistake(
            "drawn with return",
            drawn_with_return,
            "Some images are drawn twice and others never. An epoch goes through every image once: cut up one permutation.",
        ),
        Mistake(
            "the last batch dropped",
            last_one_dropped,
            "The images that do not fill a batch are lost. Let the last batch be smaller: a slice that reaches beyond the end "
            "takes what there is.",
        ),
        Mistake(
            "return in the loop",
            lambda x, y, size, rng: in_order(rng.permutation(len(x))[:size], x, y, size),
            "Only the first batch comes back. Is the `return` inside the loop? It belongs behind it, one step to the left.",
        ),
        Mistake(
            "one flat list",
            lambda x, y, size, rng: [part for pair in loader_batches(x, y, size, rng) for part in pair],
            "Each batch is to be a pair of its own. With a list: pairs.append((x[chosen], y[chosen])), with two pairs of brackets.",
        ),
        Mistake(
            "whole batches stirred",
            whole_batches_stirred,
            "You stir the batches, but each still holds images that lay side by side in the pile. In a sorted pile that is ten "
            "times the same digit. Stir the images first, then cut.",
        ),
        Mistake(
            "a seed of its own",
            lambda x, y, size, rng: loader_batches(x, y, size, np.random.default_rng(0)),
            "Every epoch has the same order: you make a new generator each time, and it begins anew. Use the rng that is given.",
        ),
        Mistake(
            "the rng not used",
            lambda x, y, size, rng: loader_batches(x, y, size, np.random.default_rng()),
            "It is stirred, but not by the rng that is given: nobody could repeat this run. Take rng.permutation, not np.random.",
        ),
        Mistake(
            "so many batches",
            so_many_batches,
            "You make `size` batches. Wanted are batches of `size` images each, as many as it takes.",
        ),
        Mistake(
            "an empty batch",
            one_too_many,
            "Where the batches come out even, you add an empty one at the end, and a mean over nothing is no number. "
            "range(0, len(x), size) ends in time.",
        ),
    ],
    hints=(
        "Stir positions instead of images: order = rng.permutation(len(x)) holds every position once.",
        "A batch is a slice of the order: chosen = order[start : start + size]. Then x[chosen] and y[chosen] belong together.",
        "start runs over range(0, len(x), size). Collect the pairs (x[chosen], y[chosen]) in a list.",
    ),
    right=[yielded_batches, sorted_by_dice],
    after="Look at `DataLoader.__iter__` in `mininet.data`: it draws an order, too. Why does it not simply stir x and y themselves?",
)

# --- 3: find the bug ------------------------------------------------------------------


def well_trained(net: Sequential, x: Floats, y: Array, lr: float, steps: int) -> None:
    optimizer = SGD(net.parameters(), lr)
    for _ in range(steps):
        train_step(net, cross_entropy, optimizer, x, y)


def piling_up(
    forget: str = "", share: Callable[[int, int], float] = lambda k, steps: 1.0, step: bool = True
) -> Train:
    """Return a training loop that forgets the gradients of some parameters only, or takes a share of the pile."""

    def train(net: Sequential, x: Floats, y: Array, lr: float, steps: int) -> None:
        for k in range(steps):
            net.backward(cross_entropy(net.forward(x), y)[1])
            for name, p in net.named_parameters():
                if p.grad is not None and step:
                    p.data -= lr * share(k, steps) * p.grad
                if forget and forget in name:
                    p.grad = None

    return train


def forgets_too_early(net: Sequential, x: Floats, y: Array, lr: float, steps: int) -> None:
    optimizer = SGD(net.parameters(), lr)
    for _ in range(steps):
        net.backward(cross_entropy(net.forward(x), y)[1])
        optimizer.zero_grad()
        optimizer.step()


def forgets_afterwards(net: Sequential, x: Floats, y: Array, lr: float, steps: int) -> None:
    for _ in range(steps):
        net.backward(cross_entropy(net.forward(x), y)[1])
        for p in net.parameters():
            p.data, p.grad = p.data - lr * (0 if p.grad is None else p.grad), None


def some_training(rng: Rng, n: int, d: int, classes: int, lr: float, steps: int) -> Case:
    y = np.append(rng.integers(0, classes, n - 1), classes - 1)
    return {"x": rng.normal(size=(n, d)), "y": y, "lr": lr, "steps": steps}


pile = Function(
    name="mnist.3",
    core=True,
    title="Find the bug: it starts well",
    minutes=10,
    level="medium",
    points=2,
    probe=after_training,
    parts=("loss afterwards", "weights"),
    reference=well_trained,
    given=piling_up(),
    cases=[
        some_training(np.random.default_rng(1), 4, 2, 2, 0.5, 1),
        some_training(np.random.default_rng(1), 4, 2, 2, 0.5, 2),
        some_training(np.random.default_rng(2), 6, 3, 3, 0.5, 20),
    ],
    generate=lambda rng: [some_training(rng, *sizes) for sizes in ((7, 4, 3, 0.2, 5), (5, 2, 4, 0.3, 8))],
    mistakes=[
        Mistake(
            "forgotten too early",
            forgets_too_early,
            "The gradients are thrown away just before they are needed: zero_grad stands between backward and step. Put it "
            "before backward, or after step.",
        ),
        Mistake(
            "only the weights",
            piling_up(forget="weight"),
            "The gradients of the weights are forgotten now, those of the biases still pile up. Ask the optimiser to forget all "
            "gradients, optimizer.zero_grad().",
        ),
        Mistake(
            "the mean of the pile",
            piling_up(share=lambda k, steps: 1 / (k + 1)),
            "You take the mean of all gradients so far. The old ones belong to weights that are gone; only the newest says "
            "where it is downhill from here.",
        ),
        Mistake(
            "a smaller learning rate",
            piling_up(share=lambda k, steps: 1 / steps),
            "You divide the learning rate by the number of steps. That only hides the cause: print the length of a gradient after "
            "each step and see it grow, though the loss falls.",
        ),
        Mistake(
            "one step",
            lambda net, x, y, lr, steps: well_trained(net, x, y, lr, 1),
            "Right after one step, and it never makes another: does the loop end too early?",
        ),
        Mistake(
            "no step",
            piling_up(step=False),
            "Nothing moves any more: the weights are those of the beginning. Does optimizer.step() still stand in the loop?",
        ),
        Mistake(
            "the sign",
            piling_up(forget=".", share=lambda k, steps: -1.0),
            "The pile is gone, but the steps go uphill now. `step` has the minus already; leave it alone.",
        ),
    ],
    hints=(
        "The first step is right, the second is not. What is there in the second that was not there in the first?",
        "Unfold `Parameter.add_gradient` in `mininet.layers`: what does backward do where a gradient is already?",
        "Somebody has to forget the old gradients before each backward. The optimiser has a method for it.",
    ),
    right=[forgets_afterwards, piling_up(forget=".")],
    after="Adding up has its use: two small batches without zero_grad between them make the gradient of one large batch. Which "
    "factor do you have to mind?",
)

# --- 4: predict, labels by lot --------------------------------------------------------

by_lot = Choice(
    name="mnist.4",
    title="Labels by lot",
    minutes=5,
    level="medium",
    points=1,
    right="B",
    options={
        "A": "There is no rule to be found, that is true. But two hundred images are two hundred different rows, and a network of "
        "this size has more than enough weights to treat each as a case of its own.",
        "B": "It learns two hundred envelopes by heart, smudges and all, and what it has learned says nothing about the next one.",
        "C": "Where should it get the half from? An image that it has not seen gives no clue to a label drawn by lot, "
        "and for the images that it has seen nothing stops it at one half.",
    },
    hints=(
        "Count: 64 · 100 + 100 weights and biases in the first layer alone, for 200 images.",
        "Could you learn two hundred faces with random names? And would it help you with the name of a stranger?",
    ),
    after="So a training accuracy of 1 proves nothing, not even that there was something to learn. Only images that it has not seen can tell.",
)

# --- 5: accuracy ----------------------------------------------------------------------


def best_of(logits: Floats, k: int) -> Array:
    best: Array = np.argsort(-logits, axis=1)[:, :k]
    return best


def hits(best: Array, y: Array) -> Array:
    found: Array = (best == np.asarray(y)[:, None]).any(axis=1)
    return found


def among_best(logits: Floats, y: Array, k: int) -> float:
    return float(hits(best_of(logits, k), y).mean())


def by_rank(logits: Floats, y: Array, k: int) -> float:
    own = logits[np.arange(len(y)), y]
    return float(np.mean((logits > own[:, None]).sum(axis=1) < k))


def one_by_one(logits: Floats, y: Array, k: int) -> float:
    right = 0
    for row, label in zip(logits.tolist(), y.tolist(), strict=True):
        right += row[label] in sorted(row, reverse=True)[:k]
    return right / len(y)


def some_logits(rng: Rng, n: int, classes: int, k: int) -> Case:
    return {"logits": rng.normal(0, 3, (n, classes)), "y": rng.integers(0, classes, n), "k": k}


second_chance = Function(
    name="mnist.5",
    title="A second chance",
    minutes=10,
    level="medium",
    points=2,
    reference=among_best,
    cases=[
        {"logits": np.array([[3.0, 1.0, 2.0], [0.5, 0.1, 0.2]]), "y": np.array([2, 0]), "k": 1},
        {
            "logits": np.array([[3.0, 1.0, 2.0], [0.5, 0.1, 0.2], [1.0, 2.0, 4.0], [0.0, 5.0, -1.0]]),
            "y": np.array([2, 0, 0, 1]),
            "k": 2,
        },
    ],
    generate=lambda rng: [
        some_logits(rng, n, classes, k) for n, classes, k in ((50, 10, 1), (80, 10, 3), (7, 4, 4), (60, 5, 2))
    ],
    mistakes=[
        Mistake(
            "k ignored",
            lambda logits, y, k: accuracy(logits, y),
            "That is the accuracy with one guess, whatever k is. With k guesses the label may be any of the k largest scores.",
        ),
        Mistake(
            "smallest",
            lambda logits, y, k: float(hits(np.argsort(logits, axis=1)[:, :k], y).mean()),
            "np.argsort begins with the *smallest*. You take the k worst guesses; the best stand at the end, [:, -k:].",
        ),
        Mistake(
            "divided by k too",
            lambda logits, y, k: float((best_of(logits, k) == y[:, None]).mean()),
            "Your mean runs over all N · k guesses, so an image that was read at the second try counts 1/k. For each image ask "
            "whether *any* of its guesses is right, .any(axis=1), then take the mean.",
        ),
        Mistake(
            "everyone against everyone",
            lambda logits, y, k: float((best_of(logits, k)[:, :, None] == y).any(axis=1).mean()),
            "Each row's guesses are compared with the labels of *all* rows. Make the labels a column, y[:, None], so that row meets row.",
        ),
        Mistake(
            "labels as a row",
            lambda logits, y, k: float((best_of(logits, k) == y).any(axis=1).mean()),
            "Your guesses are (N, k) and the labels (N,): NumPy holds each row of guesses against *all* labels, or refuses. Make the labels a "
            "column, y[:, None].",
        ),
        Mistake(
            "down the columns",
            lambda logits, y, k: float((best_of(logits, k) == y[:, None]).any(axis=0).mean()),
            "You ask down the columns: is there any image that was read at the first guess, any at the second? Ask along the rows, .any(axis=1).",
        ),
        Mistake(
            "return in the loop",
            lambda logits, y, k: float(hits(best_of(logits, k), y)[0]) / len(y),
            "Only the first image was looked at. Is the `return` inside the loop? It belongs behind it.",
        ),
        Mistake(
            "only the k-th",
            lambda logits, y, k: float((best_of(logits, k)[:, k - 1] == y).mean()),
            "You look at the k-th best guess alone. The ones before it count, too.",
        ),
        Mistake(
            "one too many",
            lambda logits, y, k: float(hits(best_of(logits, k + 1), y).mean()),
            "You grant one guess too many: a slice [:k] holds k entries already.",
        ),
        Mistake(
            "a count",
            lambda logits, y, k: int(hits(best_of(logits, k), y).sum()),
            "That is how many were read, not the share: divide by the number of images.",
        ),
        Mistake(
            "per cent",
            lambda logits, y, k: 100 * among_best(logits, y, k),
            "Those are per cent. Wanted is the share, from 0 to 1.",
        ),
        Mistake(
            "the wrong ones",
            lambda logits, y, k: 1 - among_best(logits, y, k),
            "That is the share of images that were *not* read.",
        ),
        Mistake(
            "scores for positions",
            lambda logits, y, k: float(hits(np.sort(logits, axis=1)[:, -k:], y).mean()),
            "You compare labels with scores: np.sort gives the values in order. np.argsort gives their positions, which are the digits.",
        ),
        Mistake(
            "the wrong axis",
            lambda logits, y, k: float(hits(np.argsort(-logits, axis=0)[:, :k], y).mean()),
            "You sort down the columns, which ranks the images for each digit. Sort along the rows, axis=1.",
        ),
    ],
    hints=(
        "np.argsort(-logits, axis=1) has the positions of each row's scores, the largest first: (N, C).",
        "best = np.argsort(-logits, axis=1)[:, :k] is (N, k). Compare it with y as a column, y[:, None].",
        "(best == y[:, None]).any(axis=1) says for each image whether one of its k guesses is right.",
    ),
    right=[by_rank, one_by_one],
    after="What does it give for k = 10 on ten digits? It is a good test for a function of yours: a case whose answer you know without computing.",
)

# --- 6: reading a confusion matrix ----------------------------------------------------


def recall_and_precision(matrix: Array) -> tuple[Floats, Floats]:
    right = np.diag(matrix)
    return right / np.maximum(matrix.sum(axis=1), 1), right / np.maximum(matrix.sum(axis=0), 1)


def cell_by_cell(matrix: Array) -> tuple[list[float], list[float]]:
    n, recall, precision = len(matrix), [], []
    for c in range(n):
        row, column = sum(matrix[c][j] for j in range(n)), sum(matrix[i][c] for i in range(n))
        recall.append(matrix[c][c] / row if row else 0.0)
        precision.append(matrix[c][c] / column if column else 0.0)
    return recall, precision


def nan_to_zero(matrix: Array) -> tuple[Floats, Floats]:
    right = matrix.diagonal()
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(right / matrix.sum(1)), np.nan_to_num(right / matrix.sum(0))


def unguarded(matrix: Array) -> tuple[Floats, Floats]:
    return np.diag(matrix) / matrix.sum(axis=1), np.diag(matrix) / matrix.sum(axis=0)


def of_all(matrix: Array) -> tuple[Floats, Floats]:
    share = np.diag(matrix) / matrix.sum()
    return share, share


def wrong_shares(matrix: Array) -> tuple[Floats, Floats]:
    recall, precision = recall_and_precision(matrix)
    return np.where(matrix.sum(axis=1) > 0, 1 - recall, 0), np.where(matrix.sum(axis=0) > 0, 1 - precision, 0)


def some_matrix(rng: Rng, classes: int, never_called: int | None = None) -> Case:
    matrix = rng.integers(0, 9, (classes, classes)) + np.diag(rng.integers(5, 50, classes))
    if never_called is not None:
        matrix[:, never_called] = 0
    return {"matrix": matrix}


shares = Function(
    name="mnist.6",
    core=True,
    title="Along the row, down the column",
    minutes=15,
    level="medium",
    points=3,
    parts=("recall", "precision"),
    reference=recall_and_precision,
    cases=[
        {"matrix": np.array([[2, 1, 0], [0, 3, 1], [0, 0, 5]])},
        {"matrix": np.array([[8, 2, 0], [1, 3, 0], [3, 2, 0]])},
    ],
    generate=lambda rng: [some_matrix(rng, 10), some_matrix(rng, 4, never_called=1), some_matrix(rng, 5, 4)],
    mistakes=[
        Mistake(
            "swapped",
            lambda matrix: recall_and_precision(matrix)[::-1],
            "The two have changed places. A row holds the images that *are* a 4, so the recall divides by the sum of a row, "
            "matrix.sum(axis=1).",
        ),
        Mistake(
            "a class that is never called",
            unguarded,
            "Right, but for a digit that was never called: 0 of 0 is not a number. It is to be 0 there; np.maximum(sums, 1) "
            "keeps you from dividing by 0.",
        ),
        Mistake(
            "both by rows",
            lambda matrix: (recall_and_precision(matrix)[0],) * 2,
            "Both times you divide by the sums of the rows. The precision asks about the images that were *called* a 4: they stand in a column.",
        ),
        Mistake(
            "both by columns",
            lambda matrix: (recall_and_precision(matrix)[1],) * 2,
            "Both times you divide by the sums of the columns. The recall asks about the images that *are* a 4: they stand in a row.",
        ),
        Mistake(
            "of all images",
            of_all,
            "You divide by the number of all images. Each digit has a sum of its own: of its row, and of its column.",
        ),
        Mistake(
            "the wrong ones",
            wrong_shares,
            "Those are the shares of the *wrong* ones. The right ones stand on the diagonal.",
        ),
        Mistake(
            "counts",
            lambda matrix: (np.diag(matrix), np.diag(matrix)),
            "Those are counts. Divide them by the sums of the rows, and by those of the columns.",
        ),
        Mistake(
            "whole tables",
            lambda matrix: (
                matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1),
                matrix / np.maximum(matrix.sum(axis=0), 1),
            ),
            "You divide the whole table, every cell of it. Only the diagonal is wanted: np.diag of your tables, and you are there.",
        ),
        Mistake(
            "whole tables, unguarded",
            lambda matrix: (matrix / matrix.sum(axis=1), matrix / matrix.sum(axis=0)),
            "You divide the whole table, and against a row of sums NumPy divides *columns*. Only the diagonal is wanted, np.diag(matrix), and that is (C,) as "
            "the sums are.",
        ),
        Mistake(
            "whole numbers",
            lambda matrix: tuple(np.floor(s) for s in recall_and_precision(matrix)),
            "Your shares are cut off to whole numbers: // drops what comes after the point. Divide with /.",
        ),
        Mistake(
            "by the wrong ones alone",
            lambda matrix: tuple(np.diag(matrix) / (matrix.sum(axis=a) - np.diag(matrix)) for a in (1, 0)),
            "You divide the right ones by the wrong ones. A share divides by all of the row, or column, the right ones included.",
        ),
        Mistake(
            "the mean",
            lambda matrix: tuple(float(s.mean()) for s in recall_and_precision(matrix)),
            "You return one number for all digits. Wanted is one for each, as a 4 may be harder than a 0.",
        ),
    ],
    hints=(
        "np.diag(matrix) holds the right answers, one for each digit: (C,).",
        "Row c holds all images that are a c, column c all that were called a c. Which sum is matrix.sum(axis=1)?",
        "recall = np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1), and the precision likewise.",
    ),
    right=[cell_by_cell, nan_to_zero],
    after="A reader that calls everything a 4 has a recall of 1 for the 4. What is its precision there, if all digits are equally frequent?",
)

# --- 7: predict, coasting -------------------------------------------------------------

coasting = Values(
    name="mnist.7",
    title="Coasting",
    minutes=10,
    level="medium",
    points=2,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(1.8,),
    cases=[{}],
    tolerance=0.001,
    mistakes=[
        Mistake(
            "not slowed at first",
            (2.0,),
            "Close. The velocity is multiplied by μ *before* the step is made, so the first step is already a little shorter.",
        ),
        Mistake(
            "the first step only",
            (0.18,),
            "That is the first step. The trolley still has nine tenths of its velocity then, and goes on.",
        ),
        Mistake(
            "one step at full speed",
            (0.2,),
            "That is a single step, lr times the velocity. The velocity does not vanish after it, and it shrinks before it.",
        ),
        Mistake(
            "lr forgotten",
            (18.0,),
            "That is the sum of the velocities. Each step is lr times the velocity, and lr is 0.1.",
        ),
        Mistake(
            "lr forgotten, not slowed",
            (20.0,),
            "That is v / (1 − μ), a sum of velocities that begins one too early. And each step is lr times the velocity.",
        ),
        Mistake(
            "the velocity forgotten",
            (0.9,),
            "That would be right for a velocity of 1. This trolley comes with 2.",
        ),
        Mistake(
            "no gradient, no step",
            (0.0,),
            "So it would be without momentum. But the velocity remembers: μ v + 0 is not zero.",
        ),
        Mistake(
            "with its sign",
            (-1.8,),
            "The number is right, and p does become smaller. Asked is how far, a distance: without the minus.",
        ),
    ],
    hints=(
        "Write down the velocity after one, two, three steps: 0.9 · 2, 0.9² · 2, …",
        "For a number q below 1, 1 + q + q² + … = 1 / (1 − q). Your sum begins with q, not with 1.",
    ),
    right=[(0.1 * 2 * 0.9 / (1 - 0.9),), (1.8001,)],
    after="Nine more steps' worth, after the push is gone. Is that good or bad at the bottom of a valley?",
    vary=lambda rng: another_trolley(rng),
)


def another_trolley(rng: Rng) -> Varied:
    trolleys = [(0.8, 0.1, 3), (0.8, 0.1, 4), (0.8, 0.1, 6), (0.75, 0.1, 5), (0.75, 0.1, 3), (0.75, 0.2, 5)]
    trolleys += [(0.8, 0.2, 4), (0.6, 0.1, 4), (0.9, 0.2, 3), (0.9, 0.1, 3), (0.6, 0.2, 7), (0.75, 0.2, 6)]
    mu, lr, v = trolleys[rng.integers(len(trolleys))]
    far = lr * v * mu / (1 - mu)
    texts = {
        r"$\mu = 0.9$ and $\eta = 0.1$": rf"$\mu = {mu}$ and $\eta = {lr}$",
        "velocity $v = 2$": f"velocity $v = {v}$",
        "p, v = 0.0, 2.0": f"p, v = 0.0, {v}.0",
        "v = 0.9 * v": f"v = {mu} * v",
        "p = p - 0.1 * v": f"p = p - {lr} * v",
    }
    wrong = {
        "not slowed at first": (lr * v / (1 - mu),),
        "one step at full speed": (lr * v,),
        "lr forgotten, not slowed": (v / (1 - mu),),
        "no gradient, no step": (0.0,),
        "with its sign": (-far,),
    }
    right = [(round(far, 1),), (far + 0.0001,)]
    varied = replace(
        coasting, reference=(far,), mistakes=as_made_with(coasting, wrong), right=right, after=""
    )
    return texts, varied


# --- 8: momentum ----------------------------------------------------------------------

Roll = tuple[Floats, Floats]


def sgd_with_momentum(p: Floats, v: Floats, g: Floats, lr: float, mu: float) -> Roll:
    velocity = mu * v + g
    return p - lr * velocity, velocity


def rolled_in_place(p: Floats, v: Floats, g: Floats, lr: float, mu: float) -> Roll:
    p, v = np.array(p, dtype=float), np.array(v, dtype=float)
    v *= mu
    v += g
    p -= lr * v
    return p, v


def rolled_one_by_one(p: Floats, v: Floats, g: Floats, lr: float, mu: float) -> list[Floats]:
    velocity = np.array([mu * a + b for a, b in zip(v.flat, g.flat, strict=True)]).reshape(v.shape)
    place = np.array([a - lr * b for a, b in zip(p.flat, velocity.flat, strict=True)]).reshape(p.shape)
    return [place, velocity]


def some_roll(rng: Rng, shape: tuple[int, ...]) -> Case:
    p, v, g = rng.normal(size=(3, *shape))
    return {"p": p, "v": v, "g": g, "lr": float(rng.uniform(0.02, 0.4)), "mu": float(rng.uniform(0.3, 0.8))}


momentum = Function(
    name="mnist.8",
    title="The trolley",
    minutes=10,
    level="easy",
    points=2,
    parts=("parameters", "velocity"),
    reference=sgd_with_momentum,
    cases=[
        {"p": np.array([10.0, 1.0]), "v": np.zeros(2), "g": np.array([10.0, 50.0]), "lr": 0.03, "mu": 0.7},
        {
            "p": np.array([9.7, -0.5]),
            "v": np.array([10.0, 50.0]),
            "g": np.array([9.7, -25.0]),
            "lr": 0.03,
            "mu": 0.7,
        },
    ],
    generate=lambda rng: [some_roll(rng, shape) for shape in ((3, 4), (5,), (2, 1, 3))],
    mistakes=[
        Mistake(
            "down by the gradient",
            lambda p, v, g, lr, mu: (p - lr * g, mu * v + g),
            "You compute the velocity, and then step by the gradient as if there were none. The step is lr times the velocity.",
        ),
        Mistake(
            "the old velocity",
            lambda p, v, g, lr, mu: (p - lr * v, mu * v + g),
            "You step with the *old* velocity, so the new gradient has no say in this step. First the velocity, then the step with it.",
        ),
        Mistake(
            "a running mean",
            lambda p, v, g, lr, mu: (p - lr * (mu * v + (1 - mu) * g), mu * v + (1 - mu) * g),
            "You take (1 − μ) of the gradient, which makes the velocity a running mean, as in Adam. Here the gradient enters whole: μ v + g.",
        ),
        Mistake(
            "lr in the velocity",
            lambda p, v, g, lr, mu: (p - (mu * v + lr * g), mu * v + lr * g),
            "You multiply by lr when the gradient enters the velocity. That is a convention, too, but then v means something else. "
            "Here lr comes last, p − lr · v.",
        ),
        Mistake(
            "lr in the velocity, with a minus",
            lambda p, v, g, lr, mu: (p + mu * v - lr * g, mu * v - lr * g),
            "You use another convention, v ← μ v − lr · g and p ← p + v. It rolls as well, but here v is a sum of gradients, and lr and minus come last.",
        ),
        Mistake(
            "lr twice",
            lambda p, v, g, lr, mu: (p - lr * (mu * v + lr * g), mu * v + lr * g),
            "lr is in twice: once where the gradient enters the velocity, and once more in the step. Only the step has it.",
        ),
        Mistake(
            "the step not kept",
            lambda p, v, g, lr, mu: (p, mu * v + g),
            "The velocity is right, and the parameters have not moved: p - lr * v alone is computed and thrown away. Give the result a name, or return it.",
        ),
        Mistake(
            "Nesterov",
            lambda p, v, g, lr, mu: (p - lr * (g + mu * (mu * v + g)), mu * v + g),
            "That is Nesterov's form, which looks one step ahead. The plain one steps by lr · v.",
        ),
        Mistake(
            "uphill",
            lambda p, v, g, lr, mu: (p + lr * (mu * v + g), mu * v + g),
            "The velocity is right, and the step goes uphill: p *minus* lr · v.",
        ),
        Mistake(
            "no friction",
            lambda p, v, g, lr, mu: (p - lr * (v + g), v + g),
            "Nothing slows the trolley: the old velocity must be multiplied by μ.",
        ),
        Mistake(
            "friction on the gradient",
            lambda p, v, g, lr, mu: (p - lr * (v + mu * g), v + mu * g),
            "μ is at the wrong one of the two: it shrinks the old velocity, not the new gradient.",
        ),
        Mistake(
            "friction on both",
            lambda p, v, g, lr, mu: (p - lr * mu * (v + g), mu * (v + g)),
            "Your μ shrinks the gradient, too. μ · v + g, without brackets.",
        ),
        Mistake(
            "in the wrong order",
            lambda p, v, g, lr, mu: (mu * v + g, p - lr * (mu * v + g)),
            "Both are right, and in the wrong order: return the parameters first, then the velocity.",
        ),
    ],
    hints=(
        "Two lines, in this order: the new velocity from the old one and the gradient; the new parameters from the new velocity.",
        "v = mu * v + g makes a new array. v *= mu would write into the one that was given.",
    ),
    right=[rolled_in_place, rolled_one_by_one],
    after="The two visible cases are the first two steps of the chapter's valley. Which of the two coordinates turns round, and why?",
)

# --- 9: early stopping ----------------------------------------------------------------

Stop = tuple[float, int]


def best_and_ran(
    losses: Floats,
    patience: int,
    better: Callable[[float, float], bool] = lambda loss, lowest: loss < lowest,
    reset: bool = True,
    against_last: bool = False,
) -> Stop:
    """Early stopping, right or wrong: what counts as better, whether patience comes back, what a loss is held against."""
    best, waited, mark = 0, 0, losses[0]
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best] or (not against_last and better(losses[epoch], losses[best])):
            best = epoch
        if better(losses[epoch], mark):
            waited = 0 if reset else waited
            mark = losses[epoch]
        else:
            waited += 1
        if against_last:
            mark = losses[epoch]
        if waited == patience:
            return best, epoch + 1
    return best, len(losses)


def any_fall(losses: Floats, patience: int) -> Stop:
    best = waited = 0
    for epoch in range(1, len(losses)):
        waited += 1
        if losses[epoch] < losses[epoch - 1]:
            best, waited = epoch, 0
        elif waited == patience:
            return best, epoch + 1
    return best, len(losses)


def first_one_bad(losses: Floats, patience: int) -> Stop:
    best = waited = 0
    for epoch in range(len(losses)):
        waited += 1
        if losses[epoch] < losses[best]:
            best, waited = epoch, 0
        elif waited == patience:
            return best, epoch + 1
    return best, len(losses)


def best_of_all(losses: Floats, patience: int) -> Stop:
    return int(np.argmin(losses)), best_and_ran(losses, patience)[1]


def stop_by_slices(losses: Floats, patience: int) -> Stop:
    for ran in range(1, len(losses) + 1):
        best = int(np.argmin(losses[:ran]))
        if ran - 1 - best >= patience:
            break
    return best, ran


def stop_by_while(losses: Floats, patience: int) -> list[int]:
    best = epoch = 0
    while epoch < len(losses) and epoch - best < patience:
        epoch += 1
        if epoch < len(losses) and losses[epoch] < losses[best]:
            best = epoch
    return [best, min(epoch + 1, len(losses))]


def up_and_down(rng: Rng, falls: int, patience: int) -> Case:
    """Losses that fall with bumps as long as patience allows, then stay above the lowest, with a tie and a dip, and fall again too late."""
    low, unit, losses = 9.0, float(rng.uniform(0.01, 0.03)), list[float]()
    for fall in range(falls):
        # patience 4 has no long bump at the very beginning, so that those who count the first epoch as bad can be told
        long = fall == 1 or (fall == 0 and patience != 4)
        wait = patience - 1 if long else 1
        losses += [low, *(low + unit * (3 + rng.integers(1, 9, wait)))]
        low -= unit * float(rng.integers(2, 20))
    tail = [0, 6, 4] if patience == 3 else [6, 0, 4, 5, 3, 8, 2][:patience]
    late = [9, -40, -30, -35, *range(-20, patience + 2 - 20)]
    return {"losses": np.array([*losses, low, *(low + unit * np.array(tail + late))]), "patience": patience}


def steady(rng: Rng, epochs: int, patience: int) -> Case:
    return {"losses": 2 - np.cumsum(rng.uniform(0.01, 0.1, epochs)), "patience": patience}


early_stopping = Function(
    name="mnist.9",
    title="When to stop",
    minutes=20,
    level="medium",
    points=3,
    parts=("best epoch", "epochs run"),
    reference=best_and_ran,
    tolerance=0,
    cases=[
        {"losses": np.array([1.0, 0.6, 0.5, 0.7, 0.8, 0.3]), "patience": 2},
        {"losses": np.array([0.9, 0.7, 0.8, 0.6, 0.7, 0.5, 0.55]), "patience": 2},
        {"losses": np.array([0.9, 0.4, 0.6, 0.5, 0.45, 0.3, 0.2]), "patience": 3},
        {"losses": np.array([0.9, 0.4, 0.4, 0.4, 0.3, 0.2]), "patience": 2},
        {"losses": np.array([0.9, 0.7, 0.6]), "patience": 3},
        {"losses": np.array([0.5, 0.6, 0.4, 0.7, 0.8, 0.9]), "patience": 2},
    ],
    generate=lambda rng: [
        up_and_down(rng, 6, 3),
        up_and_down(rng, 8, 4),
        up_and_down(rng, 9, 6),
        steady(rng, 9, 2),
    ],
    mistakes=[
        Mistake(
            "held against the last",
            lambda losses, patience: best_and_ran(losses, patience, against_last=True),
            "You hold each loss against the one of the epoch before, so a small dip on the way up buys new patience. Hold it "
            "against the *lowest* so far.",
        ),
        Mistake(
            "any fall is a new best",
            any_fall,
            "You hold each loss against the one of the epoch before: a dip on the way up counts as a new best. Hold it against "
            "the *lowest* so far, losses[best].",
        ),
        Mistake(
            "the first epoch counted as bad",
            first_one_bad,
            "You count the first epoch as one without a new lowest loss, so patience is one shorter at the very beginning. Nothing came before "
            "it: it *is* the lowest so far. Begin the loop at 1.",
        ),
        Mistake(
            "patience never comes back",
            lambda losses, patience: best_and_ran(losses, patience, reset=False),
            "Your patience runs out for good: bad epochs are counted over the whole course. Each new lowest loss starts the "
            "count again from 0.",
        ),
        Mistake(
            "the future known",
            lambda losses, patience: (int(np.argmin(losses)), len(losses)),
            "You look through all the losses. Training ends before the later ones exist: only what came until the stop may count.",
        ),
        Mistake(
            "best of all",
            best_of_all,
            "It stops at the right moment. But your best epoch may lie behind that moment, where nobody ever was: look only at losses[:ran].",
        ),
        Mistake(
            "one epoch too long",
            lambda losses, patience: best_and_ran(losses, patience + 1),
            "You wait one epoch too long. With a patience of 2, the second epoch in a row without a new lowest loss is the last.",
        ),
        Mistake(
            "one epoch too short",
            lambda losses, patience: best_and_ran(losses, patience - 1 or 1) if patience > 1 else (0, 1),
            "You stop one epoch too early. With a patience of 2, it takes two epochs in a row without a new lowest loss.",
        ),
        Mistake(
            "the last for the best",
            lambda losses, patience: (
                best_and_ran(losses, patience)[1] - 1,
                best_and_ran(losses, patience)[1],
            ),
            "It stops at the right moment, and you return the epoch where it stopped. The best one lies before: remember where the "
            "lowest loss was.",
        ),
        Mistake(
            "counted from 1",
            lambda losses, patience: (
                best_and_ran(losses, patience)[0] + 1,
                best_and_ran(losses, patience)[1],
            ),
            "Your best epoch is counted from 1. Here epochs are counted from 0, as the list is: losses[best] is the lowest.",
        ),
        Mistake(
            "the last epoch's number",
            lambda losses, patience: (
                best_and_ran(losses, patience)[0],
                best_and_ran(losses, patience)[1] - 1,
            ),
            "The second result is one too small: you give the number of the last epoch, counted from 0. Wanted is how many were run.",
        ),
        Mistake(
            "equal is better",
            lambda losses, patience: best_and_ran(losses, patience, better=lambda loss, low: loss <= low),
            "You take an equal loss for a better one. Level ground is no progress: it must be lower, <.",
        ),
        Mistake(
            "the loss itself",
            lambda losses, patience: (
                float(losses[best_and_ran(losses, patience)[0]]),
                best_and_ran(losses, patience)[1],
            ),
            "You return the lowest loss. Wanted is the epoch in which it was reached, so that its weights can be fetched.",
        ),
        Mistake(
            "in the wrong order",
            lambda losses, patience: best_and_ran(losses, patience)[::-1],
            "Both are right, and in the wrong order: first the best epoch, then the number of epochs run.",
        ),
    ],
    hints=(
        "Go through the losses with a for loop, and keep two things: the best epoch so far, and where you are.",
        "How long have you waited? epoch − best. A new lowest loss makes that 0 by itself.",
        "If losses[epoch] < losses[best]: best = epoch. Otherwise, if epoch − best == patience: return best, epoch + 1. And after the loop?",
    ),
    right=[stop_by_slices, stop_by_while],
    after="Early stopping chooses an epoch by the validation loss. Is the validation loss of that epoch, then, an honest figure for a report?",
)

# --- 10: find the leak ----------------------------------------------------------------


def with_copies(x: Array, y: Array) -> Pair:
    """The images (N, 8, 8) and, behind them, a copy of each moved one pixel to the right."""
    return np.concatenate([x, np.roll(x, 1, axis=2)]), np.concatenate([y, y])


def moved(images: Array, numbers: Array, originals: Array) -> int:
    """Count the images that are not their originals, pixel by pixel."""
    return int((np.asarray(images) != originals[numbers]).reshape(len(numbers), -1).any(axis=1).sum())


def who_sits_where(piles: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Follow the images through a preparation; here the label of each is its own number."""
    if piles is None:
        return None
    if not (isinstance(piles, list | tuple) and len(piles) == 2 and all(len(pile) == 2 for pile in piles)):
        raise WrongForm("Expected two pairs, (x_train, y_train), (x_validation, y_validation).")
    (x_train, y_train), (x_val, y_val) = piles
    y_train, y_val = np.asarray(y_train), np.asarray(y_val)
    both = np.isin(y_val, y_train).sum()
    return len(y_val), both, moved(x_val, y_val, case["x"]), len(y_train), moved(x_train, y_train, case["x"])


def copies_for_practice(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    train, validation = split(x, y, n_validation, rng)
    return with_copies(*train), validation


def copies_for_all(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    return split(*with_copies(x, y), n_validation, rng)


def copies_for_both(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    train, validation = split(x, y, n_validation, rng)
    return with_copies(*train), with_copies(*validation)


def split_twice(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    train, _ = split(x, y, n_validation, rng)
    _, validation = split(x, y, n_validation, rng)
    return with_copies(*train), validation


def moved_alone(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    (x_train, y_train), validation = split(x, y, n_validation, rng)
    return (np.roll(x_train, 1, axis=2), y_train), validation


def split_by_hand(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    order = rng.permutation(len(x))
    practice, mock = order[:-n_validation], order[-n_validation:]
    images = np.concatenate([x[practice], np.roll(x[practice], 1, axis=2)])
    return [(images, np.tile(y[practice], 2)), (x[mock], y[mock])]


def last_ones(x: Array, y: Array, n_validation: int, rng: Rng) -> Any:
    n = len(x) - n_validation
    return with_copies(x[:n], y[:n]), (x[n:], y[n:])


def numbered_images(count: int, n_validation: int, seed: int) -> Case:
    return {
        "x": digits().x_train[:count],
        "y": np.arange(count),
        "n_validation": n_validation,
        "seed": seed,
    }


leak = Function(
    name="mnist.10",
    core=True,
    title="Find the bug: too good a mock exam",
    minutes=15,
    level="medium",
    points=3,
    probe=prepared,
    weigh=who_sits_where,
    parts=(
        "images in the validation set",
        "of these, images that sit in the training set too, or whose copy does",
        "moved images in the validation set",
        "images in the training set",
        "moved images in the training set",
    ),
    reference=copies_for_practice,
    given=copies_for_all,
    tolerance=0,
    cases=[numbered_images(40, 10, seed=0), numbered_images(100, 30, seed=1)],
    generate=lambda rng: [
        numbered_images(int(rng.integers(50, 90)), int(rng.integers(10, 30)), int(rng.integers(1000)))
        for _ in range(2)
    ],
    mistakes=[
        Mistake(
            "copies for the mock exam too",
            copies_for_both,
            "The leak is closed. But now the mock exam holds moved copies as well: it should consist of images as they come, each once. "
            "Copies are for practice.",
        ),
        Mistake(
            "no copies at all",
            lambda x, y, n_validation, rng: split(x, y, n_validation, rng),
            "The leak is closed, and the copies are gone with it. They are welcome in the training set: add them after the split.",
        ),
        Mistake(
            "copies of everything",
            lambda x, y, n_validation, rng: (with_copies(x, y), split(x, y, n_validation, rng)[1]),
            "You split, but the training set is made of *all* images, so the whole mock exam sits in it. Make the copies from the training part.",
        ),
        Mistake(
            "split twice",
            split_twice,
            "You split twice, and each time the rng stirs anew: the two halves do not belong together. Split once and keep both parts.",
        ),
        Mistake(
            "the piles swapped",
            lambda x, y, n_validation, rng: copies_for_practice(x, y, n_validation, rng)[::-1],
            "The piles have changed places: return the training set first.",
        ),
        Mistake(
            "copies only",
            moved_alone,
            "The training set holds the moved copies alone. Keep the originals of the training part beside them.",
        ),
    ],
    hints=(
        "Follow one image, and its copy, through the two lines. Where may the one end, and where the other?",
        "What has to happen first so that an image and its copy can never be parted: copying or splitting?",
        "Split the originals. Then give the training part, and it alone, to with_copies.",
    ),
    right=[split_by_hand, last_ones],
    after="The same leak in other clothes: several photographs of one patient, frames of one film, overlapping pieces of one recording. "
    "And in the chapter? The 13 writers.",
)

# --- 11: a thousand parameters --------------------------------------------------------

BUDGET = 1000
EXAMINED = 100_000  # parameters; a larger network would take a grader's memory
# Shares read of the held-out digits, half of them negatives. Below the first mark: guessing, and every
# linear layer trained on both kinds (0.08 to 0.12). Below the last: whoever reads one kind only (0.45).
# Networks of 1,000 parameters, trained in a few ordinary ways, read 0.7 to 0.9.
MARKS = (0.2, 0.4, 0.6)


def with_negatives(x: Floats, y: Array) -> tuple[Floats, Array]:
    return np.concatenate([x, 1 - x]), np.concatenate([y, y])


def rows(images: Array, mirrored: bool) -> Floats:
    return to_unit(images[:, :, ::-1] if mirrored else images).reshape(-1, 64)


class Exam:
    """Examines a described network on digits that it has not seen, positives and negatives."""

    def __init__(self, mirrored: bool) -> None:
        small = digits()
        self.x, self.y = with_negatives(rows(small.x_test, mirrored), small.y_test)
        self.__name__ = "exam"
        self.__doc__ = "examines a network on held-out digits, positives and negatives"

    def __call__(self, description: Any) -> tuple[bool, str]:
        """Say whether another throw of the dice is of no use, as it passes, guesses or is too large; and what it reads."""
        count, share = counted(description), self.share(description)
        said = (
            f"(the check: {count:,} parameters; {share:.2f} of the held-out images read, wanted {MARKS[-1]})"
        )
        return count > BUDGET or not MARKS[0] <= share < MARKS[-1], said

    def share(self, description: Any) -> float:
        """Return the share that the network reads; it is built here from its arrays, whatever it was there."""
        if counted(description) > EXAMINED:
            raise WrongForm(f"A network of more than {EXAMINED:,} parameters is not examined.")
        out = self.x
        for name, arrays in description:
            out = applied(name, arrays, out)
        return accuracy(out, self.y)


def counted(description: Any) -> int:
    """Return how many numbers a described network has learned: weights and biases, not running statistics."""
    return sum(np.size(part) for _, arrays in description for part in arrays[:2])


def applied(name: str, arrays: Sequence[Array], x: Floats) -> Floats:
    """Apply one layer of a description, as it is in use."""
    axes = [2 if (name, part) == ("Linear", "weight") else 1 for part in LAYERS[name]]
    if [np.ndim(part) for part in arrays] != axes:
        raise WrongForm(
            f"{name}: expected arrays with {axes} axes, got {[np.ndim(part) for part in arrays]}."
        )
    if name in ("Flatten", "Dropout"):
        return x.reshape(len(x), -1) if name == "Flatten" else x
    kinds: dict[str, Callable[[], Any]] = {"ReLU": ReLU, "Sigmoid": Sigmoid, "Tanh": Tanh}
    kinds["Linear"], kinds["BatchNorm1d"] = (
        lambda: Linear(1, 1, np.random.default_rng(0)),
        lambda: BatchNorm1d(1),
    )
    layer = kinds[name]()
    for part, value in zip(LAYERS[name], arrays, strict=True):
        setattr(layer, part, value if part.startswith("running") else Parameter(value))
    out: Floats = layer.eval().forward(x)
    return out


def practice(count: int, seed: int, mirrored: bool = False) -> Case:
    small = digits()
    x, y = with_negatives(rows(small.x_train[:count], mirrored), small.y_train[:count])
    return {"x": x, "y": y, "seed": seed, "exam": Exam(mirrored)}


def rung(said: Any, case: Case, asked: Sequence[Any]) -> Any:
    """Return how many parameters are too many, and how far up the ladder of marks the best throw has come."""
    if said is None:
        return None
    nets = [description for (description,) in asked[:THROWS]]
    count, best = counted(nets[-1]), max(case["exam"].share(net) for net in nets)
    return max(0, count - BUDGET), sum(best >= mark for mark in MARKS)


def trained(
    sizes: Sequence[int], lr: float, epochs: int, size: int = 32, init: Init = kaiming
) -> Callable[[Floats, Array, Rng], Sequential]:
    def reader(x: Floats, y: Array, rng: Rng) -> Sequential:
        net = mlp(sizes, rng, init=init)
        fit(
            net,
            (x, y),
            loss=cross_entropy,
            optimizer=SGD(net.parameters(), lr),
            epochs=epochs,
            batch_size=size,
            rng=rng,
            progress=False,
        )
        return net

    return reader


def nearest_means(x: Floats, y: Array, rng: Rng) -> Linear:
    """Return the chapter's nearest mean, which is a linear layer: 650 numbers, no training."""
    linear = Linear(64, 10, rng)
    means = np.stack([x[y == c].mean(axis=0) for c in range(10)])
    linear.weight, linear.bias = Parameter(2 * means.T), Parameter(-(means**2).sum(axis=1))
    return linear


def with_adam(x: Floats, y: Array, rng: Rng) -> Sequential:
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise([64, 12, 10]):
        layers += [Linear(fan_in, fan_out, rng, kaiming), ReLU()]
    net = Sequential(*layers[:-1])
    optimizer = Adam(net.parameters(), 0.003)
    for _ in range(30):
        for xb, yb in DataLoader(x, y, 32, rng):
            train_step(net, cross_entropy, optimizer, xb, yb)
    return net


def one_kind_only(x: Floats, y: Array, rng: Rng) -> Sequential:
    dark = x.reshape(-1, 8, 8)[:, :, [0, 7]].mean(axis=(1, 2)) < 0.5
    return Sequential(nearest_means(x[dark], y[dark], rng))


thousand = Function(
    name="mnist.11",
    title="A thousand parameters",
    minutes=30,
    level="hard",
    points=4,
    probe=examined,
    weigh=rung,
    parts=("parameters beyond 1,000", "rung of the ladder"),
    reference=trained([64, 13, 10], 0.3, 20, size=64),
    tolerance=0,
    seconds=30,
    cases=[practice(1500, seed=0)],
    generate=lambda rng: [practice(int(rng.integers(1200, 1400)), int(rng.integers(1000)), mirrored=True)],
    mistakes=[
        Mistake(
            "guessing",
            trained([64, 10], 0.3, 1, size=128),
            "That is no better than guessing. Without a hidden layer no network does better here, however long it trains: what speaks for a "
            "4 in a positive speaks against it in the negative. If yours has one: does the optimiser hold the parameters of "
            "the network that you return, and does the loss fall?",
        ),
        Mistake(
            "hardly trained",
            lambda x, y, rng: trained([64, 13, 10], 0.02, 5, init=xavier)(x, y, np.random.default_rng(1)),
            "It has begun to learn, and was stopped early. Give it more epochs, twenty or thirty, or a larger learning rate, and watch the loss.",
        ),
        Mistake(
            "one kind only",
            one_kind_only,
            "It reads one of the two kinds, positives or negatives, and hardly any of the other. Does it practise on all of x, and are there enough "
            "hidden units for both?",
        ),
        Mistake(
            "the chapter's 30 units",
            trained([64, 30, 10], 0.3, 6),
            "Thirty hidden units, as in the chapter, have 2,260 parameters. Count: 64 · H + H for the hidden layer, H · 10 + 10 for the last one.",
        ),
        Mistake(
            "biases not counted",
            trained([64, 14, 10], 0.3, 8),
            "Fourteen hidden units are a little too many. Count the biases, too: 64 · 14 + 14 and 14 · 10 + 10.",
        ),
        Mistake(
            "not the network",
            lambda x, y, rng: {"loss": [2.3]},
            "Return the network itself, alone: not its scores, and not the history, which is what `fit` returns.",
        ),
    ],
    hints=(
        "A hidden layer of H units costs 64 · H + H numbers, and the output layer H · 10 + 10. How large may H be?",
        "mlp([64, H, 10], rng, init=kaiming), then fit as in the chapter, with SGD and a learning rate of about 0.1 to 0.3.",
        "If it reads less than 0.6: more epochs, twenty or thirty, in batches of 32. The budget is for parameters, not for patience.",
    ),
    right=[trained([64, 12, 10], 0.3, 25), with_adam],
    after="With a layer of one's own there is a way with 650 parameters: notice that an image is a negative, turn it over, and give it to a linear layer. Knowing "
    "something about the pictures is worth hundreds of weights.",
)

# --- 12: in words ---------------------------------------------------------------------

report = Written(
    name="mnist.12",
    core=True,
    title="Would you believe it?",
    minutes=15,
    level="hard",
    points=4,
    hints=(
        "What would the laziest reader get, the one that always gives the same answer?",
        "Who sits in which pile: photographs, or people? And how often was the test set looked at before the figure was written down?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    steps,
    batches,
    pile,
    by_lot,
    second_chance,
    shares,
    coasting,
    momentum,
    early_stopping,
    leak,
    thousand,
    report,
)
