# %% [markdown]
# # Digits
#
# The apprentice can read. Now look after his training yourself: stir his envelopes, keep his score, stop him in time, and find out where
# he cheats. These exercises follow the chapter; each stands alone. All of them use the small digits, so nothing takes longer than a few seconds.

# %%
import numpy as np

from mininet.data import DataLoader, digits, split, to_unit
from mininet.init import kaiming
from mininet.layers import Linear, ReLU, Sequential, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD, Adam
from mininet.training import evaluate, fit, train_step
from mininet_course import check, hint, progress, solution

small = digits()
X, y = to_unit(small.x_train.reshape(-1, 64)), small.y_train  # (1500, 64), (1500,)
practice, mock = split(X, y, n_validation=300, rng=np.random.default_rng(0))

# %% [markdown] role="task" q="mnist.1"
# **Goal.** Know how much work an epoch is.
#
# **Given.** All 1,500 images of the small training set, in shuffled batches of 64, for 10 epochs. (In the chapter 300 of them were the mock exam.)
#
# **Do.** Predict how many steps are made, that is, how often the weights change.
#
# **You should see,** in the cell after the check, the batches of one epoch.

# %% role="answer" q="mnist.1"
# a whole number
# BEGIN SOLUTION
prediction = 240
# END SOLUTION

# %% role="check" q="mnist.1"
check("mnist.1", prediction)

# %% role="run"
print(f"{len(y):,} images, in batches of:")
print(*(len(labels) for _, labels in DataLoader(X, y, 64, np.random.default_rng(0))))

# %% [markdown] role="why" q="mnist.1"
# 1500 = 23 · 64 + 28: twenty-three full batches, and one of the 28 images that are left. Each of these 24 makes a step, ten times over.

# %% [markdown] role="task" q="mnist.2"
# **Goal.** Write what `DataLoader` does at its heart.
#
# **Given.** Images `x` (N, …), labels `y` (N,), the `size` of a batch, and a generator `rng`.
#
# **Do.** Write `batches`: one epoch as a list of pairs (images, labels), in an order drawn by `rng`. Every example comes exactly once, beside its own label; the last batch
# holds what is left. Leave `x` and `y` as they are.
#
# **You should see** another order each time you call it with the same `rng`.


# %% role="answer" q="mnist.2"
def batches(x, y, size, rng):
    """Return one epoch of x (N, ...) and y (N,), stirred: a list of pairs with `size` examples each, the last maybe fewer."""
    # BEGIN SOLUTION
    order = rng.permutation(len(x))  # every position once
    pairs = []
    for start in range(0, len(x), size):
        chosen = order[start : start + size]
        pairs.append((x[chosen], y[chosen]))
    return pairs
    # END SOLUTION


# %% role="check" q="mnist.2"
check("mnist.2", batches)

# %% role="show"
rng = np.random.default_rng(0)
for _ in range(2):
    print(*(labels.tolist() for _, labels in batches(np.zeros((7, 2)), np.arange(7), 3, rng)))

# %% [markdown] role="why" q="mnist.2"
# One order of positions, used for images and labels alike, keeps every pair together. A slice that reaches beyond the end takes what is there, so the last batch needs no case of
# its own.

# %% [markdown] role="task" q="mnist.3"
# **Goal.** Find a bug from what it does.
#
# **Given.** A training loop without shuffling, to keep it short. The first step is right to the last digit. After that it gets stranger and stranger.
#
# **Do.** Find the cause, and mend it.
#
# **You should see,** in the cell after the check, a loss that falls with the number of steps.


# %% role="answer" q="mnist.3"
def train(net, x, y, lr, steps):
    """Change the network by so many steps on the whole of x (N, D) and y (N,)."""
    optimizer = SGD(net.parameters(), lr)
    for _ in range(steps):
        loss, grad = cross_entropy(net.forward(x), y)
        # BEGIN SOLUTION
        optimizer.zero_grad()  # backward adds to what is there
        # INSTEAD
        # # gradients of all parameters, then the step
        # END SOLUTION
        net.backward(grad)
        optimizer.step()


# %% role="check" q="mnist.3"
check("mnist.3", train)

# %% role="run"
for steps in (1, 10, 100):
    net = mlp([64, 12, 10], np.random.default_rng(0), init=kaiming)
    train(net, *practice, 0.5, steps)
    print(f"loss after {steps:3d} steps: {evaluate(net, practice, cross_entropy)[0]:.1f}")

# %% [markdown] role="why" q="mnist.3"
# `backward` *adds* to the gradients that are there. Without `zero_grad` the second step uses the sum of two gradients, the tenth that of ten, most of them measured at weights that are
# long gone. It has the inertia of a trolley without friction, momentum with $\mu = 1$, and swings past every valley.

# %% [markdown] role="task" q="mnist.4"
# **Goal.** Predict what a network makes of nonsense.
#
# **Given.** 200 of the images, but their labels are dealt out anew, by lot. A network with 200 hidden units trains on them for 60 epochs.
#
# **Do.** Choose before you run: which training accuracy does it reach, and which accuracy on 300 images with *true* labels?
#
# - A. Both about 0.1: there is nothing to learn.
# - B. Training accuracy about 1, the other about 0.1.
# - C. Training accuracy about one half, the other about 0.1.
#
# **You should see** both figures in the cell after the check.

# %% role="answer" q="mnist.4"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="mnist.4"
check("mnist.4", prediction)

# %% role="run"
rng = np.random.default_rng(0)
nonsense = practice[0][:200], rng.permutation(practice[1][:200])
net = mlp([64, 200, 10], rng, init=kaiming)
options = {"loss": cross_entropy, "epochs": 60, "batch_size": 32, "rng": rng, "progress": False}
fit(net, nonsense, optimizer=Adam(net.parameters(), 0.01), **options)
for name, data in (("labels by lot, trained on", nonsense), ("true labels, never seen", mock)):
    print(f"{name}: accuracy {evaluate(net, data, cross_entropy)[1]:.1f}")

# %% [markdown] role="task" q="mnist.5"
# **Goal.** Measure accuracy when the reader has several guesses.
#
# **Given.** Scores `logits` (N, C), labels `y` (N,), and a number `k` from 1 to C. No two scores of a row are equal.
#
# **Do.** Write `accuracy`: the share of images, from 0 to 1, whose label is among the `k` largest scores of their row.
#
# **You should see** the chapter's accuracy for `k = 1`, and something higher for `k = 2`.


# %% role="answer" q="mnist.5"
def accuracy(logits, y, k):
    """Return the share of rows of logits (N, C) that have their label, of y (N,), among the k largest: a number."""
    # BEGIN SOLUTION
    best = np.argsort(-logits, axis=1)[:, :k]  # (N, k)
    right = (best == y[:, None]).any(axis=1)  # (N, k) against (N, 1) -> (N,)
    return right.mean()
    # END SOLUTION


# %% role="check" q="mnist.5"
check("mnist.5", accuracy)

# %% role="show"
rng = np.random.default_rng(0)
line = mlp([64, 10], rng)
fit(line, practice, loss=cross_entropy, optimizer=SGD(line.parameters(), 0.3), epochs=20, batch_size=32, rng=rng, progress=False)  # fmt: skip
once, twice = (accuracy(line.forward(mock[0]), mock[1], k) for k in (1, 2))
print(
    "of the linear layer's mistakes, more than half are right at the second guess:",
    1 - twice < (1 - once) / 2,
)

# %% [markdown] role="why" q="mnist.5"
# `y[:, None]` is a column, so every row of guesses meets its own label. `any` turns k comparisons into one yes or no for each image, and the mean of yeses and noes is a share. Another way: count the
# scores in a row that are larger than the label's own; fewer than k of them means right.

# %% [markdown] role="task" q="mnist.6"
# **Goal.** Read a confusion matrix in both directions.
#
# **Given.** `matrix` (C, C) as in the chapter: row, the truth; column, the guess; in each cell a count. Two questions about the 4: of the images that *are* a 4, which share was called 4? That is
# its *recall*. Of the images that were *called* 4, which share is one? That is its *precision*.
#
# **Do.** Write `recall_and_precision`: return both for every digit, as two arrays (C,). Where there is nothing to divide by, because a digit never occurred or was never called,
# it is 0.
#
# **You should see,** for the chapter's cats and dogs, a recall of 2/3 for the cats and a precision of 3/4 for the dogs.


# %% role="answer" q="mnist.6"
def recall_and_precision(matrix):
    """Return (recall, precision), each (C,), from the counts of a confusion matrix (C, C)."""
    # BEGIN SOLUTION
    right = np.diag(matrix)  # (C,)
    are, called = matrix.sum(axis=1), matrix.sum(axis=0)  # sums of the rows, of the columns
    return right / np.maximum(are, 1), right / np.maximum(called, 1)
    # END SOLUTION


# %% role="check" q="mnist.6"
check("mnist.6", recall_and_precision)

# %% role="show"
for name, share in zip(
    ("recall", "precision"), recall_and_precision(np.array([[2, 1], [0, 3]])), strict=True
):
    print(f"{name:<9} cats {share[0]:.2f}, dogs {share[1]:.2f}")

# %% [markdown] role="why" q="mnist.6"
# The right answers are the same both times, the diagonal. What differs is what they are held against: all that stand in the row, or all that stand in the column. If a sum is 0, the
# diagonal is 0, too, and 0 / 1 does no harm.

# %% [markdown] role="task" q="mnist.7"
# **Goal.** Know how far a trolley rolls without a push.
#
# **Given.** The rule $v \leftarrow \mu v + g$, $p \leftarrow p - \eta v$ with $\mu = 0.9$ and $\eta = 0.1$. The trolley has the velocity $v = 2$ and comes to level ground: from now on
# the gradient $g$ is 0.
#
# **Do.** Predict how far $p$ still moves altogether, until it is at rest.
#
# **You should see,** in the cell after the check, how far it is after 1, 10 and 100 steps.

# %% role="answer" q="mnist.7"
# a distance, to one decimal
# BEGIN SOLUTION
prediction = 1.8
# END SOLUTION

# %% role="check" q="mnist.7"
check("mnist.7", prediction)

# %% role="run"
p, v = 0.0, 2.0
for step in range(1, 101):
    v = 0.9 * v
    p = p - 0.1 * v
    if step in (1, 10, 100):
        print(f"after {step:3d} steps: {abs(p):.2f} away, velocity {v:.2f}")

# %% [markdown] role="why" q="mnist.7"
# The steps are $\eta v$ times 0.9, 0.9², 0.9³ and so on. $0.9 + 0.9^2 + \dots = 0.9 / (1 - 0.9) = 9$, and nine times 0.2 is the answer.

# %% [markdown] role="task" q="mnist.8"
# **Goal.** Write an optimiser's step with momentum.
#
# **Given.** Parameters `p`, velocity `v` and gradient `g`, three arrays of one shape; the learning rate `lr` and the momentum `mu`. The rule is the one of the chapter,
# $v \leftarrow \mu v + g$, then $p \leftarrow p - \eta v$.
#
# **Do.** Write `step`: return the new parameters and the new velocity. Leave the given arrays as they are.
#
# **You should see,** for the first step in the chapter's valley from (10, 1), that it lands at (9.7, −0.5).


# %% role="answer" q="mnist.8"
def step(p, v, g, lr, mu):
    """Return (parameters, velocity), in the shape of p, v and g, after one step with momentum mu."""
    # BEGIN SOLUTION
    velocity = mu * v + g
    return p - lr * velocity, velocity
    # END SOLUTION


# %% role="check" q="mnist.8"
check("mnist.8", step)

# %% role="show"
p, v = step(np.array([10.0, 1.0]), np.zeros(2), np.array([10.0, 50.0]), 0.03, 0.7)
print("parameters", p.round(2), "velocity", v)

# %% [markdown] role="why" q="mnist.8"
# The order matters: the step is made with the *new* velocity, in which the newest gradient has its full say and older ones less and less. An optimiser keeps one such velocity for every parameter.

# %% [markdown] role="task" q="mnist.9"
# **Goal.** Stop training when the mock exam gets no better.
#
# **Given.** `losses`, the validation loss of each epoch, counted from 0 (at least one), and a whole number `patience` of at least 1. After each epoch you look at its loss. If it is lower than *every* one before, you note the
# epoch as the best so far. If `patience` epochs in a row have brought no new lowest loss, training ends, and the later losses never come to exist.
#
# **Do.** Write `stop`: return the best epoch, and how many epochs were run.
#
# **You should see,** for the losses 1, 0.6, 0.5, 0.7, 0.8, 0.3 and a patience of 2, epoch 2 as the best of 5.


# %% role="answer" q="mnist.9"
def stop(losses, patience):
    """Return (best epoch, counted from 0; number of epochs run), two whole numbers."""
    # BEGIN SOLUTION
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        elif epoch - best == patience:
            return best, epoch + 1
    return best, len(losses)
    # END SOLUTION


# %% role="check" q="mnist.9"
check("mnist.9", stop)

# %% role="show"
print("best epoch {}, epochs run {}".format(*stop([1, 0.6, 0.5, 0.7, 0.8, 0.3], 2)))

# %% [markdown] role="why" q="mnist.9"
# There is no need to count the bad epochs: `epoch - best` *is* their number, and a new lowest loss sets it to 0. The loss of 0.3 is never seen. Perhaps a patience of 3 would have found it; perhaps it
# would have waited for nothing. In `fit` the same rule is an `on_epoch` that returns True.

# %% [markdown] role="task" q="mnist.10"
# **Goal.** Find a leak between practice and mock exam.
#
# **Given.** A friend wants more images to practise on. `with_copies`, which is right, adds to each image a copy, moved one pixel to the right. Then he splits. His mock exam has never looked so good, and on new
# envelopes nothing is better than before.
#
# **Do.** Mend `prepare`, so that no image is in the validation set whose original or copy sits in the training set. The validation set holds `n_validation` images as they come; the training set
# holds all the others, and their copies.
#
# **You should see,** in the cell after the check, how many images of the mock exam have a twin in the practice pile.


# %% role="answer" q="mnist.10"
def with_copies(x, y):
    """Return x (N, 8, 8) and y (N,) with a moved copy of each image behind them: (2N, 8, 8), (2N,)."""
    return np.concatenate([x, np.roll(x, 1, axis=2)]), np.concatenate([y, y])


def prepare(x, y, n_validation, rng):
    """Return (x_train, y_train), (x_validation, y_validation)."""
    # BEGIN SOLUTION
    train, validation = split(x, y, n_validation, rng)
    return with_copies(*train), validation
    # INSTEAD
    # x, y = with_copies(x, y)
    # return split(x, y, n_validation, rng)
    # END SOLUTION


# %% role="check" q="mnist.10"
check("mnist.10", prepare)

# %% role="run"
numbers = np.arange(len(small.x_train))  # in place of labels: each image has its own
(_, in_practice), (_, in_mock) = prepare(small.x_train, numbers, 300, np.random.default_rng(0))
print(
    "images of the mock exam:",
    len(in_mock),
    "  with a twin in practice:",
    np.isin(in_mock, in_practice).sum(),
)

# %% [markdown] role="why" q="mnist.10"
# An image and its copy are nearly the same. Split after copying, and chance puts the one into practice and the other into the mock exam for a good part of the pairs. Whatever multiplies images, moving, turning,
# cutting into pieces, comes after the split, and for the training set alone.

# %% [markdown] role="task" q="mnist.11"
# **Goal.** Beat the linear layer, with 1,000 parameters and no more.
#
# **Given.** In the chapter a linear layer read the small digits so well that a hidden layer added next to nothing. Now half of the envelopes arrive as *negatives*, white ink on black paper: the pixel
# $x$ becomes $1 - x$. The cell below makes such digits. The linear layer, trained on them as in the chapter, is as good as a reader who guesses; one that gives up the negatives reads less than half of all.
#
# **Do.** Write `reader`: make a network of the layers in `mininet.layers`, train it on `x` (N, 64) and `y` (N,), and return it. At most 1,000 numbers may be learned, biases included. It should read 0.6 or more of images that it has
# not seen, positives and negatives. Use `rng` for everything that is drawn. The check trains it on
# such digits, and anew on mirrored ones, so it has to learn from `x` and `y`. Whoever has learned something and still fails may try again twice, from another seed, as one run is one throw of the dice. All that
# should take no longer than half a minute.
#
# **You should see** that it is not even close.


# %% role="run"
def with_negatives(x, y):
    return np.concatenate([x, 1 - x]), np.concatenate([y, y])


def score(net):
    """Return the share read of the mock exam, positives and negatives."""
    return evaluate(net, with_negatives(*mock), cross_entropy)[1]


rng = np.random.default_rng(0)
line = mlp([64, 10], rng)
options = {"loss": cross_entropy, "epochs": 10, "batch_size": 32, "rng": rng, "progress": False}
fit(line, with_negatives(*practice), optimizer=SGD(line.parameters(), 0.3), **options)
count = sum(p.data.size for p in line.parameters())
print(
    f"linear layer: reads {score(line):.1f} with {count} parameters; you have {1000:,}, and are to read 0.6"
)


# %% role="answer" q="mnist.11"
def reader(x, y, rng):
    """Return a network of at most 1,000 parameters, trained on images x (N, 64), float32 from 0 to 1, and labels y (N,)."""
    # BEGIN SOLUTION
    net = mlp([64, 13, 10], rng, init=kaiming)  # 64·13 + 13 + 13·10 + 10 = 985
    settings = {"epochs": 20, "batch_size": 64, "rng": rng, "progress": False}
    fit(net, (x, y), loss=cross_entropy, optimizer=SGD(net.parameters(), 0.3), **settings)
    return net
    # END SOLUTION


# %% role="check" q="mnist.11"
check("mnist.11", reader)

# %% role="show"
net = reader(*with_negatives(*practice), np.random.default_rng(0))
print(f"{sum(p.data.size for p in net.parameters())} parameters, reads 0.6 or more: {score(net) >= 0.6}")

# %% [markdown] role="why" q="mnist.11"
# A linear score of the negative is $(1 - x) \cdot w + b = (\sum_j w_j + 2b) - (x \cdot w + b)$: a constant minus the score of the positive. So whatever speaks for a 4 in a positive speaks as loudly
# against it in the negative, and the best compromise is to say nothing. A hidden layer can first ask which of the two it has before it. It is XOR again, in 64 dimensions.

# %% [markdown] role="task" q="mnist.12"
# **Goal.** Read a report as somebody who has trained networks.
#
# **Given.** “We photographed the skin of 40 people, 25 pictures each. In 950 of the 1,000 pictures there is nothing wrong. The pictures were shuffled and split into a training set of 800 and a test set of 200. We trained 60 networks
# and report the one with the best test accuracy, 0.96.”
#
# **Do.** Name three reasons not to believe that the network will be as good for the next visitor, each in a sentence or two with what should have been done instead. Then say which figure besides accuracy you would ask
# for.
#
# **You should see** that everything you need stands in the report itself.

# %% [markdown] role="written" q="mnist.12"
# *The lazy reader.* Whoever says “nothing wrong” to every picture is right on 95 of 100. So 0.96 is hardly better than no network at all; the report should have set this mark first.
#
# *The leak.* Each person's 25 pictures were dealt out to both piles, so the network was examined on skin that it had practised on. Split by person: all pictures of a person belong in one pile.
#
# *The exam as a mock exam.* The best of 60 was chosen by its test accuracy, so that figure has been fitted to the test set and is too good. Choose by a validation set, and open the test set once, for the chosen one. (With
# 200 pictures luck is large, too: the standard error of 0.96 is $\sqrt{0.96 \cdot 0.04 / 200}$, more than a hundredth.)
#
# *The figure to ask for:* the recall for “something wrong”, the share of such pictures that were found; or the whole confusion matrix, with the precision beside it.
#
# **Rubric,** one point each: the lazy reader's 0.95; pictures of the same person on both sides, and the split by person; the test set used for choosing, and a validation set instead; recall or the confusion matrix, with its reason.

# %% role="show" q="mnist.12"
print(f"always “nothing wrong”: {950 / 1000:.2f} of {1000:,} pictures")
print(f"standard error of {0.96} on 200 pictures: {np.sqrt(0.96 * 0.04 / 200):.3f}")
