# %% [markdown]
# # A single neuron
#
# The brother has learned Mira's decisions. Now it is your turn to build, break and mend the neuron that did it. These exercises follow
# the chapter from the weighted vote to its limits; each stands alone, so take them in any order.

# %%
import numpy as np

from mininet.data import logic_gate
from mininet.neuron import Neuron, perceptron_step
from mininet_course import check, hint, progress, solution


# Mira's diary, as in the chapter
def mornings(n, rng):
    sun, wind = rng.uniform(0, 10, n).round(1), rng.uniform(0, 5, n).round(1)
    mira = sun - 2 * wind - 1
    clear = np.abs(mira) > 0.8
    return np.stack([sun, wind], axis=1)[clear], (mira > 0)[clear].astype(int)


X, y = mornings(60, np.random.default_rng(1))

# %% [markdown] role="task" q="neuron.1"
# **Goal.** Set a vote's weights and bias with nothing but a pencil.
#
# **Given.** The score of two inputs, each 0 or 1, is $z = w_1 x_1 + w_2 x_2 + b$. Above zero the answer is yes; zero itself is a no.
#
# **Do.** Find three numbers $w_1, w_2, b$ for each of AND (yes if both inputs are 1), OR (yes if at least one is) and NAND (the opposite of AND).
# Many answers are right; any of them will do.
#
# **You should see** that one idea serves for all three: where does one vote suffice?

# %% role="answer" q="neuron.1"
# w1, w2, b
# BEGIN SOLUTION
and_vote = [2, 2, -3]
or_vote = [2, 2, -1]
nand_vote = [-2, -2, 3]
# END SOLUTION

# %% role="check" q="neuron.1"
check("neuron.1", and_vote, or_vote, nand_vote)

# %% [markdown] role="why" q="neuron.1"
# With both weights 2, the score is $b$, $2 + b$ or $4 + b$ for none, one or two yeses. AND needs $2 + b \le 0 < 4 + b$, so any $b$ above −4 and up to −2.
# OR needs $b \le 0 < 2 + b$. NAND is AND with all signs turned, which works because no score of this AND is exactly zero.

# %% [markdown] role="task" q="neuron.2"
# **Goal.** Predict what the order of the examples does to the perceptron.
#
# **Given.** In the chapter the brother read the diary from the first morning to the last, round after round, until a round passed without a mistake. Some straight
# line separates the mornings. Now he reads each round backwards.
#
# **Do.** Choose before you run: what happens?
#
# - A. He ends with the same line.
# - B. He ends with another line, which is also right on all mornings.
# - C. He may never come to rest.
#
# **You should see,** in the cell after the check, weights and bias for both orders.

# %% role="answer" q="neuron.2"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="neuron.2"
check("neuron.2", prediction)

# %% role="run"
for order, inputs, answers in [("forwards", X, y), ("backwards", X[::-1], y[::-1])]:
    brother, changes = Neuron([0, 0]), 1
    while changes:
        changes = sum(perceptron_step(brother, x, t) for x, t in zip(inputs, answers, strict=True))
    print(f"{order:<10} {brother}, right on {(brother.decide(X) == y).sum()} of {len(y)}")

# %% [markdown] role="task" q="neuron.3"
# **Goal.** Know the sigmoid's other half without computing it.
#
# **Given.** At the score 2 the neuron says yes with probability σ(2) = 0.8808.
#
# **Do.** Predict σ(−2) from that number and a sketch of the S, without `exp`.
#
# **You should see** that the sigmoid treats yes and no alike.

# %% role="answer" q="neuron.3"
# to three decimals
# BEGIN SOLUTION
prediction = 0.119
# END SOLUTION

# %% role="check" q="neuron.3"
check("neuron.3", prediction)

# %% role="run"
for z in (-2.0, 2.0):
    print(f"z = {z:4.1f}   p = {1 / (1 + np.exp(-z)):.4f}")

# %% [markdown] role="task" q="neuron.4"
# **Goal.** Write a sigmoid that survives any score.
#
# **Given.** $\sigma(z) = 1 / (1 + e^{-z})$, and the chapter's warning: at −1000 this asks for $e^{1000}$, which no float can hold.
#
# **Do.** Write `sigmoid` for arrays of any shape. The check turns overflow into an error, so a warning that is merely ignored will not do.
#
# **You should see** 0 at −1000, one half at 0, 1 at 1000, and no complaint.


# %% role="answer" q="neuron.4"
def sigmoid(z):
    """Return 1 / (1 + exp(-z)) for every element of the array z, in its shape."""
    # BEGIN SOLUTION
    small = np.exp(-np.abs(z))  # at most 1
    return np.where(z >= 0, 1, small) / (1 + small)
    # END SOLUTION


# %% role="check" q="neuron.4"
check("neuron.4", sigmoid)

# %% [markdown] role="why" q="neuron.4"
# Multiply numerator and denominator by $e^{z}$: $\sigma(z) = e^{z} / (1 + e^{z})$. One form has the harmless exponent where $z$ is positive, the other where it is
# negative, and in both the exponent is $-|z|$. So one `exp` is enough, and the two forms differ only in the numerator.

# %% [markdown] role="task" q="neuron.5"
# **Goal.** Measure how wrong a set of answers is.
#
# **Given.** `p` (N,), the probabilities of yes that a neuron gave, all strictly between 0 and 1, and `y` (N,), the right answers, each 0 or 1.
#
# **Do.** Write `loss`: the mean of −log(probability given to the right answer).
#
# **You should see** 1.3134 for Mira's morning, whose answer was no and where yes had been given 0.7311.


# %% role="answer" q="neuron.5"
def loss(p, y):
    """Return the cross-entropy, a number, of the probabilities p (N,) for the answers y (N,)."""
    # BEGIN SOLUTION
    given = np.where(y == 1, p, 1 - p)
    return -np.log(given).mean()
    # END SOLUTION


# %% role="check" q="neuron.5"
check("neuron.5", loss)

# %% role="show"
print(f"{loss(np.array([0.7311]), np.array([0])):.4f}")

# %% [markdown] role="why" q="neuron.5"
# The same in one line: `-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()`. As y is 0 or 1, one of the two terms is always switched off. That is how papers write it.

# %% [markdown] role="task" q="neuron.6"
# **Goal.** Measure the gradient of *any* function of *any* number of weights.
#
# **Given.** `loss`, a function that takes an array of weights and returns a number; `weights` (D,); and `h`, the size of a nudge.
#
# **Do.** Write `nudge`: for each weight the loss a little above, minus the loss a little below, over the way between them. Leave the given weights as they are.
#
# **You should see** the slopes 1 and 3 for the loss $w_1^2 + 3 w_2$ at (0.5, −0.5).


# %% role="answer" q="neuron.6"
def nudge(loss, weights, h):
    """Return the slopes of loss(weights) by each of the weights (D,), measured with nudges of h: (D,)."""
    # BEGIN SOLUTION
    slopes = np.zeros(len(weights))
    for j in range(len(weights)):
        up, down = np.array(weights, dtype=float), np.array(weights, dtype=float)
        up[j] += h
        down[j] -= h
        slopes[j] = (loss(up) - loss(down)) / (2 * h)
    return slopes
    # END SOLUTION


# %% role="check" q="neuron.6"
check("neuron.6", nudge)

# %% [markdown] role="why" q="neuron.6"
# Fresh copies for every knob, so that no nudge is left over from the last one; and copies of floats, as an array of whole numbers cannot hold a nudge: it cuts the fraction off.

# %% [markdown] role="task" q="neuron.7"
# **Goal.** Take one step of gradient descent by the rule, for all mornings at once.
#
# **Given.** Inputs `X` (N, D), answers `y` (N,), `weights` (D,), a number `bias`, and the learning rate `lr`. The gradient of one sample is $(p - y)\,x$ by the
# weights and $p - y$ by the bias; of many it is the mean.
#
# **Do.** Write `step`: return new weights and a new bias. Leave the given weights as they are.
#
# **You should see,** for the morning on paper in the chapter, a step from the weights (0.5, −0.5) and bias 0 to weights of about (0.06, −0.79) and a bias of about −0.07.


# %% role="answer" q="neuron.7"
def step(X, y, weights, bias, lr):
    """Return (weights, bias), shapes (D,) and a number, after one step with learning rate lr."""
    # BEGIN SOLUTION
    p = 1 / (1 + np.exp(-(X @ weights + bias)))  # (N, D) @ (D,) -> (N,)
    error = p - y  # (N,)
    slopes = error @ X / len(y)  # (N,) @ (N, D) -> (D,)
    return weights - lr * slopes, bias - lr * error.mean()
    # END SOLUTION


# %% role="check" q="neuron.7"
check("neuron.7", step)

# %% [markdown] role="why" q="neuron.7"
# `error @ X` multiplies every morning's inputs by its error and adds them up, for all weights at once. Division by N makes it the mean, and the minus
# goes against the slope. `weights - …` is a new array; `weights -= …` would have written into the array of whoever called.

# %% role="show"
weights, bias = step(np.array([[6.0, 4.0]]), np.array([0]), np.array([0.5, -0.5]), 0.0, 0.1)
print("new weights {:.2f} {:.2f}, new bias {:.2f}".format(*weights, bias))

# %% [markdown] role="task" q="neuron.8"
# **Goal.** Find a bug from what it does.
#
# **Given.** A training loop that looks right. A friend used it on AND, and the loss grew with every step, even with a tiny `lr`.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see** a loss well below 0.6931, that of shrugging, in the cell after the check.


# %% role="answer" q="neuron.8"
def train(X, y, lr, steps):
    """Return (weights, bias) after so many steps of gradient descent from zero."""
    weights, bias = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(X @ weights + bias)))
        # BEGIN SOLUTION
        error = p - y
        # INSTEAD
        # error = y - p
        # END SOLUTION
        weights = weights - lr * error @ X / len(y)
        bias = bias - lr * error.mean()
    return weights, bias


# %% role="check" q="neuron.8"
check("neuron.8", train)

# %% role="run"
gate, both = logic_gate("and")
print(f"shrugging: {np.log(2):.4f}")
for steps in (1, 10, 100):
    print(f"loss after {steps:3d} steps: {Neuron(*train(gate, both, 1.0, steps)).loss(gate, both):.4f}")

# %% [markdown] role="why" q="neuron.8"
# The error is p − y. Written the other way round it turns the sign of *every* slope, and each step goes uphill. Mending the two updates (`+ lr` in both) is right too;
# then error means “right answer minus given answer”, as in the perceptron's rule.

# %% [markdown] role="task" q="neuron.9"
# **Goal.** Predict what a neuron does with the same input twice.
#
# **Given.** By mistake the diary's table holds the sun in *two* columns, the same numbers in both, and then the wind. A neuron learns from it by gradient descent, from weights of
# zero.
#
# **Do.** Choose before you run: what becomes of the two weights of the sun?
#
# - A. The first gets all the weight, the second stays zero.
# - B. Both are the same, at every step.
# - C. One goes up and the other down.
#
# **You should see,** in the cell after the check, the three weights after 1, 10 and 100 steps.

# %% role="answer" q="neuron.9"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="neuron.9"
check("neuron.9", prediction)

# %% role="run"
twice, taken = Neuron([0, 0, 0]), 0
for steps in (1, 10, 100):
    for _ in range(steps - taken):
        twice.step(X[:, [0, 0, 1]], y, lr=0.1)
    taken = steps
    print(
        f"after {steps:3d} steps: sun {twice.weights[0]:.2f}, sun again {twice.weights[1]:.2f}, wind {twice.weights[2]:.2f}"
    )

# %% [markdown] role="task" q="neuron.10"
# **Goal.** Get rid of the bias without losing it.
#
# **Given.** Inputs `X` (N, D). A neuron without a bias fails even on AND.
#
# **Do.** Write `with_ones`: return the inputs with one more column, the last, that holds nothing but ones: (N, D + 1).
#
# **You should see** why: the last weight of a neuron without a bias, fed with this table, does what a bias does.


# %% role="answer" q="neuron.10"
def with_ones(X):
    """Return X (N, D) with a last column of ones: (N, D + 1)."""
    # BEGIN SOLUTION
    return np.hstack([X, np.ones((len(X), 1))])
    # END SOLUTION


# %% role="check" q="neuron.10"
check("neuron.10", with_ones)

# %% [markdown] role="why" q="neuron.10"
# The score of a row with a 1 at its end is $w_1 x_1 + w_2 x_2 + w_3 \cdot 1$: the weight $w_3$ is the bias, and it is learned by the same rule as the others, as its input is 1.

# %% [markdown] role="task" q="neuron.11"
# **Goal.** Prove it, as the chapter does for XOR.
#
# **Given.** A vote without a bias: yes if $w_1 x_1 + w_2 x_2 > 0$.
#
# **Do.** Show in a few lines that no weights make it answer as AND does. Then say in a sentence why a sigmoid at the end does not help.
#
# **You should see** two inequalities that shut out a third.

# %% [markdown] role="written" q="neuron.11"
# The rows (0, 1) and (1, 0) must give no: $w_2 \le 0$ and $w_1 \le 0$. Then $w_1 + w_2 \le 0$, but the row (1, 1) must give yes, $w_1 + w_2 > 0$. Both cannot hold.
# The sigmoid does not help: it is above one half exactly where the score is above zero, so the same rows demand the same of the weights.
#
# **Rubric,** one point each: the three inequalities, each from its row; the contradiction drawn from their sum; the step from the score to the sigmoid, with its reason.
