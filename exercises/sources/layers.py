# %% [markdown]
# # Layers
#
# The baker and the miller know what to do with a complaint. Here you are the one in the mill: you build boxes that the chapter did not, pass gradients back through
# them, start them well, check them, and put a loss on top. Each exercise stands alone, so take them in any order.

# %%
from itertools import pairwise

import numpy as np

from mininet.activations import softmax
from mininet.gradcheck import check_layer
from mininet.layers import Linear, ReLU, Sequential
from mininet.losses import cross_entropy
from mininet_course import check, hint, progress, solution


class Row(Sequential):
    """The chapter's list with its two loops: boxes in a row, taken as they come."""

    def __init__(self, *layers):
        self.layers = list(layers)


# the batch, weights and gradient that the chapter does on paper
X = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, -1.0]])
W = np.array([[1.0, -1.0], [0.0, 2.0], [2.0, 1.0]])
dZ = np.array([[1.0, -1.0], [2.0, 1.0]])

# %% [markdown] role="task" q="layers.1"
# **Goal.** Know which results of a backward pass belong to a sample, and which to the layer.
#
# **Given.** The layer of the chapter's paper example: `X` (2, 3), `W` (3, 2), and `dZ` (2, 2) that arrives from above. Now every sample occurs twice, together with its row of `dZ`:
# `X` is (4, 3) and `dZ` is (4, 2).
#
# **Do.** Choose before you run: what becomes of `dW`, `db` and `dX`?
#
# - A. All three become twice as large.
# - B. `dW` and `db` become twice as large; `dX` has the rows it had, each twice.
# - C. `dW` and `db` stay the same, as a gradient is a mean over the batch; `dX` has the rows it had, each twice.
#
# **You should see,** in the cell after the check, the three for both batches.

# %% role="answer" q="layers.1"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="layers.1"
check("layers.1", prediction)

# %% role="run"
for name, rows, wants in [("once ", X, dZ), ("twice", np.repeat(X, 2, axis=0), np.repeat(dZ, 2, axis=0))]:
    print(f"{name}  dW {(rows.T @ wants).tolist()}  db {wants.sum(axis=0).tolist()}")
    print(f"       dX {(wants @ W.T).tolist()}")

# %% [markdown] role="task" q="layers.2"
# **Goal.** Know how far shapes can be trusted.
#
# **Given.** A batch of 5 in a square layer: `X` is (5, 4), `W` is (4, 4), `dZ` is (5, 4). The right lines are `dW = X.T @ dZ`, `db = dZ.sum(axis=0)` and
# `dX = dZ @ W.T`. Here are six wrong ones:
#
# - for `dW`: `X @ dZ.T` and `dZ.T @ X`;
# - for `db`: `dZ.sum(axis=1)` and `dZ.mean(axis=0)`;
# - for `dX`: `dZ @ W` and `W @ dZ.T`.
#
# **Do.** Predict, with a pencil: how many of the six wrong results have the right shape?
#
# **You should see,** in the cell after the check, the shape of each.

# %% role="answer" q="layers.2"
# a whole number
# BEGIN SOLUTION
prediction = 3
# END SOLUTION

# %% role="check" q="layers.2"
check("layers.2", prediction)

# %% role="run"
x5, w4, dz5 = np.ones((5, 4)), np.ones((4, 4)), np.ones((5, 4))
for name, right, wrong in [
    ("dW", (4, 4), {"X @ dZ.T": x5 @ dz5.T, "dZ.T @ X": dz5.T @ x5}),
    ("db", (4,), {"dZ.sum(axis=1)": dz5.sum(axis=1), "dZ.mean(axis=0)": dz5.mean(axis=0)}),
    ("dX", (5, 4), {"dZ @ W": dz5 @ w4, "W @ dZ.T": w4 @ dz5.T}),
]:
    for line, result in wrong.items():
        print(
            f"{name} {right!s:<6}   {line:<15} {result.shape!s:<6}  {'silent' if result.shape == right else ''}"
        )

# %% [markdown] role="task" q="layers.3"
# **Goal.** Build a layer that the package does not have, with all its gradients.
#
# **Given.** A layer with one factor and one bias for every column: $Z_{nd} = X_{nd}\,g_d + b_d$, where `X` is (N, D), and `g` and `b` are (D,). It stretches and shifts each input, and mixes none.
#
# **Do.** Write `forward` and `backward`, as in the chapter's `Linear`: `forward` returns the output; `backward` takes `dZ` (N, D), leaves the gradients by the layer's own numbers in
# `self.dg` and `self.db`, and returns `dX`.
#
# **You should see,** for the chapter's batch, a `dg` and a `db` of three numbers each, and a `dX` of the shape of `X`.


# %% role="answer" q="layers.3"
class Gain:
    """Z = X * g + b, with g and b (D,), for a batch X (N, D)."""

    def __init__(self, g, b):
        self.g, self.b = g, b

    def forward(self, X):
        """Return Z (N, D); keep what backward needs."""
        # BEGIN SOLUTION
        self.X = X
        return X * self.g + self.b
        # END SOLUTION

    def backward(self, dZ):
        """Set self.dg and self.db, both (D,), and return dX (N, D)."""
        # BEGIN SOLUTION
        self.dg = (self.X * dZ).sum(axis=0)
        self.db = dZ.sum(axis=0)
        return dZ * self.g
        # END SOLUTION


# %% role="check" q="layers.3"
check("layers.3", Gain)

# %% role="show"
layer = Gain(np.array([2.0, 1.0, -1.0]), np.zeros(3))
layer.forward(X)
dX = layer.backward(np.array([[1.0, -1.0, 2.0], [2.0, 1.0, 0.0]]))
print("dg", layer.dg.tolist(), " db", layer.db.tolist(), " dX", dX.tolist())

# %% [markdown] role="why" q="layers.3"
# Write out one entry, as the chapter does. $g_d$ touches column $d$ in every sample, with the factor $X_{nd}$: multiply entry by entry, sum over the samples. $b_d$ touches the same places with the factor 1. And $X_{nd}$ touches $Z_{nd}$ alone,
# with the factor $g_d$: no sum at all. The rule holds that each gradient has the shape of what it belongs to.

# %% [markdown] role="task" q="layers.4"
# **Goal.** Decide what happens where the slope jumps.
#
# **Given.** max(z, 0) has slope 0 on the left of zero and 1 on the right. At exactly 0 there is no slope; the package takes 0 there, as PyTorch and JAX do.
#
# **Do.** Write the layer. `forward` takes `Z` of any shape and must leave it as it is; `backward` takes `dA` of the same shape and returns `dZ`.
#
# **You should see,** for Z = (2, −1, 0) and dA = (5, 6, 7), the output (2, 0, 0) and dZ = (5, 0, 0).


# %% role="answer" q="layers.4"
class Kinked:
    """max(Z, 0), entry by entry, for arrays of any shape."""

    def forward(self, Z):
        """Return the output, in the shape of Z; keep what backward needs."""
        # BEGIN SOLUTION
        self.on = Z > 0
        return np.maximum(Z, 0)
        # END SOLUTION

    def backward(self, dA):
        """Return dZ, in the shape of dA."""
        # BEGIN SOLUTION
        return dA * self.on
        # END SOLUTION


# %% role="check" q="layers.4"
check("layers.4", Kinked)

# %% role="show"
layer = Kinked()
print(layer.forward(np.array([2.0, -1.0, 0.0])), layer.backward(np.array([5.0, 6.0, 7.0])))

# %% [markdown] role="why" q="layers.4"
# The slope is 1 or 0, so all that `forward` has to keep is a yes or no for each entry. The package keeps the output instead: it is above 0 exactly where the input is.
# An exact 0 is rarer than one thinks, and less rare than one hopes: if for some sample all units of a layer are off, the scores of the next layer are its biases, and those start at 0.

# %% [markdown] role="task" q="layers.5"
# **Goal.** Find the backward pass of a linear layer when `X` has three axes.
#
# **Given.** N days of T hours each, with D measurements an hour: `X` (N, T, D). The same `W` (D, M) and bias (M,) serve every hour: $Z_{ntm} = \sum_d X_{ntd} W_{dm} + b_m$. In NumPy that is
# `X @ W + b`, unchanged, for `@` works on the last two axes and does the rest for every day.
#
# **Do.** Write `backward`: from `X`, `W` and `dZ` (N, T, M), return `dW`, `db` and `dX`, each in the shape of what it belongs to.
#
# **You should see,** for one day of two hours with the numbers of the chapter's paper example, the `dW`, `db` and `dX` that you found there.


# %% role="answer" q="layers.5"
def backward(X, W, dZ):
    """Return dW (D, M), db (M,) and dX (N, T, D) for X (N, T, D), W (D, M) and dZ (N, T, M)."""
    # BEGIN SOLUTION
    rows = X.reshape(-1, X.shape[2])  # (N·T, D)
    wants = dZ.reshape(-1, dZ.shape[2])  # (N·T, M)
    return rows.T @ wants, wants.sum(axis=0), dZ @ W.T
    # END SOLUTION


# %% role="check" q="layers.5"
check("layers.5", backward)

# %% role="show"
dW, db, dX = backward(X[np.newaxis], W, dZ[np.newaxis])
print("dW", dW.tolist(), " db", db.tolist(), " dX", dX.tolist())

# %% [markdown] role="why" q="layers.5"
# For the layer, an hour is a sample; that 24 of them make a day is none of its business. In letters: `einsum("ntd,ntm->dm", X, dZ)`, where n and t are both missing on the right, so both are summed over.
# `reshape(-1, D)` makes of the two axes one and leaves the rows in order. It can do that only with *neighbouring* axes: to bring D to the front takes a transpose.

# %% [markdown] role="task" q="layers.6"
# **Goal.** Find a bug that hides in small networks.
#
# **Given.** A friend wrote a shorter `mlp`, and `Row`, which stands in the first cell and runs a list of boxes forward and back as in the chapter. With one hidden layer it passes the gradient check. With two hidden layers of the same width it does not, although the output is right; with two of different
# width, `backward` crashes. `Linear` and `ReLU` are those of the package; they and `Row` are right.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see,** in the cell after the check, OK for both networks.


# %% role="answer" q="layers.6"
def build(sizes, rng):
    """Return a network: Linear layers between the sizes, with a ReLU after each but the last."""
    # BEGIN SOLUTION
    layers = []
    # INSTEAD
    # activation, layers = ReLU(), []
    # END SOLUTION
    for fan_in, fan_out in pairwise(sizes):
        # BEGIN SOLUTION
        layers += [Linear(fan_in, fan_out, rng), ReLU()]
        # INSTEAD
        # layers += [Linear(fan_in, fan_out, rng), activation]
        # END SOLUTION
    return Row(*layers[:-1])


# %% role="check" q="layers.6"
check("layers.6", build)

# %% role="run"
for sizes in ([3, 6, 2], [3, 6, 6, 2]):
    rng = np.random.default_rng(0)
    network = build(sizes, rng).astype(np.float64)
    table = check_layer(network, rng.standard_normal((5, 3)), rng, tolerance=np.inf)
    print(sizes, {row.name: "OK" if row.difference < 1e-6 else "NOT OK" for row in table})

# %% [markdown] role="why" q="layers.6"
# There was one ReLU box, and it stood in the list twice. On the way up its second use overwrote what it had kept from the first; on the way back both uses got the mask of the second. With one hidden layer
# there is no second use. A box that keeps something can stand in one place only: `ReLU()` in the loop builds a new one each time.

# %% [markdown] role="task" q="layers.7"
# **Goal.** Derive starting weights for an activation of your own.
#
# **Given.** The leaky ReLU: $z$ where $z > 0$, else $s z$ with a small slope $s$. And `noise` (D, M): standard normal numbers, with mean 0 and variance 1.
#
# **Do.** On paper: which variance of the weights keeps the mean square from layer to layer? Follow the chapter's derivation for He, and ask what the activation leaves of the mean square. Then write
# `starting_weights`: the noise, made as large as it should be.
#
# **You should see** that slope 0 gives He's rule back.


# %% role="answer" q="layers.7"
def starting_weights(noise, slope):
    """Return weights (D, M) for D inputs, from noise (D, M), that keep the spread under a leaky ReLU."""
    # BEGIN SOLUTION
    fan_in = noise.shape[0]
    return noise * np.sqrt(2 / ((1 + slope**2) * fan_in))
    # END SOLUTION


# %% role="check" q="layers.7"
check("layers.7", starting_weights)

# %% role="show"
rng = np.random.default_rng(0)
a = rng.standard_normal((200, 100))
for _ in range(10):
    z = a @ starting_weights(rng.standard_normal((100, 100)), 0.3)
    a = np.where(z > 0, z, 0.3 * z)
print(f"slope 0.3, spread after ten layers: {np.sqrt(np.mean(a * a)):.1f}")

# %% [markdown] role="why" q="layers.7"
# The scores z and −z are equally likely, so half of the mean square belongs to each sign. The positive half stays, the negative one is multiplied by $s^2$: $\mathbb{E}[a^2] = \tfrac12 (1 + s^2)\,\mathbb{E}[z^2]$.
# With $\mathbb{E}[z^2] = D\,v\,\mathbb{E}[x^2]$, a layer multiplies by $\tfrac12 (1 + s^2)\,D\,v$. For that to be 1, $v = 2 / ((1 + s^2) D)$. The root of it is what standard normal numbers are multiplied by.

# %% [markdown] role="task" q="layers.8"
# **Goal.** Check a million slopes with two calls.
#
# **Given.** Nudging one entry at a time takes two calls of the function for *each* entry. Instead, move all entries at once by a small piece of a direction `v`: entry $i$ by $h v_i$. The slope along that way
# can be measured with two calls, and it can be computed from the gradient. If the gradient is right, the two agree.
#
# **Do.** Write `along`, for arrays of any shape. Return two numbers: the slope *measured* at `x` with `f`, between a step of `h` along `v` and a step of `h` against it; and the slope that the `gradient` *claims*.
# Do not compare them yet: a wrong gradient is to claim what it claims.
#
# **You should see** −2 and −2 for $x_1^2 + x_2^2$ at (1, −2), with the gradient (2, −4), along (1, 1).


# %% role="answer" q="layers.8"
def along(f, x, gradient, v, h):
    """Return (measured, claimed), two numbers; x, gradient and v are arrays of one shape, f(x) is a number."""
    # BEGIN SOLUTION
    measured = (f(x + h * v) - f(x - h * v)) / (2 * h)
    claimed = (gradient * v).sum()
    return measured, claimed
    # END SOLUTION


# %% role="check" q="layers.8"
check("layers.8", along)

# %% role="show"
labels, v = np.array([0, 1]), np.array([[1.0, 0.0, -2.0], [0.5, 1.0, 0.0]])
z = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
measured, claimed = along(lambda z: cross_entropy(z, labels)[0], z, cross_entropy(z, labels)[1], v, 1e-5)
print(f"cross_entropy along v: measured {measured:.6f}, claimed {claimed:.6f}")

# %% [markdown] role="why" q="layers.8"
# Entry $i$ moves at the speed $v_i$, and each unit of that changes f by its slope; the chain rule adds up $\sum_i g_i v_i$. A wrong gradient is off by some array $e$, and the check misses it only if
# $\sum_i e_i v_i = 0$. For a `v` drawn at random that hardly ever happens. But it only tells *that* something is wrong; the table of the chapter tells where.

# %% [markdown] role="task" q="layers.9"
# **Goal.** Find out why a check never fails.
#
# **Given.** A friend's gradient check. She is delighted: every gradient she has tried passes, with a gap of exactly 0. In the cell after the check below, even a gradient made of nothing but sevens passes.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see** that the right gradient has a gap that is tiny but *not* exactly 0, and the sevens one that is large.


# %% role="answer" q="layers.9"
def largest_gap(f, x, gradient):
    """Return the largest gap between the gradient, of the shape of x, and the slopes measured by nudging x."""
    h = 1e-5
    # BEGIN SOLUTION
    measured = np.zeros_like(gradient)
    # INSTEAD
    # measured = gradient
    # END SOLUTION
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        measured[i] = (f(up) - f(down)) / (2 * h)
    return np.abs(measured - gradient).max()


# %% role="check" q="layers.9"
check("layers.9", largest_gap)

# %% role="run"
for name, gradient in [("right", np.cos(X)), ("sevens", np.full(X.shape, 7.0))]:
    gap = largest_gap(lambda x: np.sin(x).sum(), X, gradient)
    print(f"{name:<7} exactly 0: {gap == 0!s:<6} below 1e-6: {gap < 1e-6}")

# %% [markdown] role="why" q="layers.9"
# `measured = gradient` makes no second array, only a second name for the same one. Each `measured[i] = …` overwrote the claim with the measurement, and at the end the array was compared with itself. The clue was
# the exact 0: nudging rounds, so a check that really compares never gets it everywhere. The friend's gradient was destroyed on the way, too. `gradient.copy()`, `np.zeros_like(gradient)` and `np.empty_like(gradient)` are all right.

# %% [markdown] role="task" q="layers.10"
# **Goal.** Know what a softmax keeps when a class is taken away.
#
# **Given.** The scores 2, 1 and 0 have the probabilities 0.665, 0.245 and 0.090, as in the chapter. Now the third class is struck off. The scores of the other two stay 2 and 1.
#
# **Do.** Predict the new probability of the first class, from these numbers and without `exp`.
#
# **You should see** a number that you have met at the very first neuron.

# %% role="answer" q="layers.10"
# to three decimals
# BEGIN SOLUTION
prediction = 0.731
# END SOLUTION

# %% role="check" q="layers.10"
check("layers.10", prediction)

# %% role="run"
for scores in ([2.0, 1.0, 0.0], [2.0, 1.0]):
    print(scores, "->", " ".join(f"{p:.3f}" for p in softmax(np.array(scores))))

# %% [markdown] role="task" q="layers.11"
# **Goal.** Write the loss for targets that are themselves unsure.
#
# **Given.** Ten people looked at a scrawled digit; eight said 4, two said 9. So the truth is a row of probabilities: `targets` (N, C), each row at least 0 and with the sum 1. The loss of a sample is
# $-\sum_k y_k \log p_k$, where $p$ is the softmax of its scores; that of the batch is the mean. As in the chapter, the gradient by the scores of one sample is $p - y$.
#
# **Do.** Write `soft_cross_entropy`: return the loss, a number, and its gradient by the `logits` (N, C). It must survive scores of 1000 and −1000.
#
# **You should see,** for the scores (2, 1, 0) and a truth of (0, 1, 0), the chapter's loss of 1.408 and gradient (0.665, −0.755, 0.090).


# %% role="answer" q="layers.11"
def soft_cross_entropy(logits, targets):
    """Return (loss, gradient), a number and (N, C), for logits (N, C) and targets (N, C), rows of probabilities."""
    # BEGIN SOLUTION
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, C), no exponent above 0
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -(targets * log_p).sum(axis=1).mean()
    return loss, (np.exp(log_p) - targets) / len(logits)
    # END SOLUTION


# %% role="check" q="layers.11"
check("layers.11", soft_cross_entropy)

# %% role="show"
for target in ([0.0, 1.0, 0.0], [0.2, 0.8, 0.0]):
    loss, gradient = soft_cross_entropy(np.array([[2.0, 1.0, 0.0]]), np.array([target]))
    print(target, f"loss {loss:.3f}, gradient", " ".join(f"{slope:.3f}" for slope in gradient[0]))

# %% [markdown] role="why" q="layers.11"
# $-\sum_k y_k \log p_k = -\sum_k y_k z_k + \log \sum_c e^{z_c}$, as the $y_k$ add up to 1. By $z_k$, the first term has the slope $-y_k$, the second $p_k$. The rest is care: each row is shifted by its own largest score, and log p is never
# the logarithm of a p that may have been rounded to 0. With −1000 for log p and a target of 0 the product is 0; with −∞ it would have been nan.

# %% [markdown] role="task" q="layers.12"
# **Goal.** Prove something about the last layer of every classifier.
#
# **Given.** A network ends in a `Linear` with bias `b` (C,), and `cross_entropy` on top. So $dZ = (p - y)/N$, row by row.
#
# **Do.** Show in a few lines that the entries of `db` add up to 0, whatever the network and the batch. Then answer, with reasons: what does gradient descent do to the *sum* of these biases,
# if they start at 0? And how could you have known without any gradient, from the shift that the softmax does not notice?
#
# **You should see** the same fact from two sides: from p − y, and from the shift.

# %% [markdown] role="written" q="layers.12"
# Each row of $p$ adds up to 1, and so does each row of $y$; so each row of $p - y$ adds up to 0, and dividing by N changes nothing. `db` is the sum of these rows. Adding up its entries adds up all entries of $dZ$, and
# that can be done row by row: each gives 0.
#
# A step subtracts `lr * db`, so it changes the sum of the biases by −lr · 0. If they start at 0, their sum stays 0 for ever (up to rounding): no class gains unless others lose.
#
# From the other side: adding the same number s to all biases adds s to all scores of every sample, and the softmax does not notice. So the loss does not change along the direction (1, 1, …, 1). The slope along it is 0, and that slope is the
# sum of the entries of `db`.
#
# **Rubric,** one point each: rows of p − y add up to 0, with the reason, and hence `db`; the sum of the biases stays where it started, because each step changes it by 0; the shift of all biases by
# the same number, and the slope along it.
