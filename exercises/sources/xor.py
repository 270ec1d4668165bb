# %% [markdown]
# # XOR
#
# One line was not enough, so you were shown two, and a layer to bend the plane with. Now you bend it yourself: with a pencil, in code, and by finding out why somebody
# else's network does nearly the right thing. These exercises follow the chapter from the hidden layer by hand to the networks that fail; each stands alone.

# %%
import numpy as np

from mininet.activations import sigmoid
from mininet.gradcheck import compare, numerical_gradient
from mininet.losses import binary_cross_entropy_with_logits, mse
from mininet_course import check, hint, progress, solution

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])  # (4, 2)
Y = np.array([[0.0], [1.0], [1.0], [0.0]])  # (4, 1)


# the network of the chapter; p holds W1 (2, H), b1 (H,), W2 (H, 1) and b2 (1,)
def forward(p, X):
    Z1 = X @ p["W1"] + p["b1"]  # (N, H)
    A1 = sigmoid(Z1)  # (N, H)
    Z2 = A1 @ p["W2"] + p["b2"]  # (N, 1)
    return Z1, A1, Z2, sigmoid(Z2)


def start(seed):
    rng = np.random.default_rng(seed)
    W1, W2 = rng.standard_normal((2, 2)), rng.standard_normal((2, 1))
    return {"W1": W1, "b1": np.zeros(2), "W2": W2, "b2": np.zeros(1)}


def learn(p, steps):
    """Return the parameters after so many steps with the cross-entropy on XOR, learning rate 1."""
    for _ in range(steps):
        _, A1, Z2, _ = forward(p, X)
        _, dZ2 = binary_cross_entropy_with_logits(Z2, Y)
        dA1 = dZ2 @ p["W2"].T
        dZ1 = dA1 * A1 * (1 - A1)
        gradients = {"W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": A1.T @ dZ2, "b2": dZ2.sum(axis=0)}
        p = {name: p[name] - gradients[name] for name in p}
    return p


def trained(seed):
    """Return the four answers (4, 1) of a network that started from this seed and took 1000 steps."""
    return forward(learn(start(seed), 1000), X)[3]


# %% [markdown] role="task" q="xor.1"
# **Goal.** Make one hidden layer serve for other questions than XOR.
#
# **Given.** The chapter's two hidden neurons, OR and NAND, stay as they are. Take their answers as exactly 0 or 1, OR first. The output neuron is yours: from the hidden answers
# $a_1, a_2$ it computes the score $w_1 a_1 + w_2 a_2 + b$, and above zero it says yes; zero itself is a no.
#
# **Do.** Find $w_1, w_2, b$ of the output neuron three times: `same` says yes if the two inputs are alike, `both` if both are 1, `neither` if both are 0. Many answers are right.
#
# **You should see** that the question is no longer about four rows, but about the places where they arrive.

# %% role="answer" q="xor.1"
# w1, w2, b of the output neuron
# BEGIN SOLUTION
same = [-2, -2, 3]
both = [2, -2, -1]
neither = [-2, 2, -1]
# END SOLUTION

# %% role="check" q="xor.1"
check("xor.1", same, both, neither)

# %% [markdown] role="why" q="xor.1"
# The rows arrive at (0, 1), (1, 1), (1, 1) and (1, 0). `same` must say yes at (0, 1) and (1, 0), no at (1, 1): a NAND of the hidden answers. `both` says yes at (1, 0) only: the first hidden
# answer speaks for it, the second against. `neither` is the same with the two changed. A line cuts off each of these corners.

# %% [markdown] role="task" q="xor.2"
# **Goal.** Know what a fixed hidden layer can be used for, and what not.
#
# **Given.** The four rows can be answered with yes or no in sixteen ways: XOR is one, AND another, “always no” a third. The hidden layer is OR and NAND as before, fixed.
# Only the weights and the bias of the output neuron may be chosen.
#
# **Do.** Predict, for how many of the sixteen is there a choice that does it?
#
# **You should see,** in the cell after the check, a count by trying, for this network and for a single neuron that sees the inputs.

# %% role="answer" q="xor.2"
# a whole number
# BEGIN SOLUTION
prediction = 8
# END SOLUTION

# %% role="check" q="xor.2"
check("xor.2", prediction)

# %% role="run"
hidden = np.array([[0, 1], [1, 1], [1, 1], [1, 0]])  # what OR and NAND say to the four rows
for name, places in [("a single neuron", X), ("behind OR and NAND", hidden)]:
    found = set()
    for w1 in (-2, -1, 0, 1, 2):
        for w2 in (-2, -1, 0, 1, 2):
            for b in np.arange(-4, 4) + 0.5:
                found.add(tuple(places @ (w1, w2) + b > 0))
    print(f"{name}: {len(found)} of 16")

# %% [markdown] role="why" q="xor.2"
# The rows (0, 1) and (1, 0) arrive at one place, so whatever the output neuron does, they get the same answer. Three places are left, and $2 · 2 · 2 = 8$ ways to answer them. All
# eight can be done: the places are the corners of a triangle, and a line cuts off any corner, any side, all or nothing.

# %% [markdown] role="task" q="xor.3"
# **Goal.** Find a second network that gives exactly the same answers.
#
# **Given.** Somebody turned the signs of *all* weights and biases of the hidden neurons: $W^{[1]}$ became $-W^{[1]}$, $b^{[1]}$ became $-b^{[1]}$. The output neuron is as it was, `W2` (H, 1) and `b2` (1,).
#
# **Do.** Write `mended`: return the `W2` and the `b2` with which the network says to every input what it said before. Remember σ(−z) = 1 − σ(z).
#
# **You should see** that turning `W2` alone does not do it.


# %% role="answer" q="xor.3"
def mended(W2, b2):
    """Return (W2, b2), shapes (H, 1) and (1,), that make up for turned signs in the hidden layer."""
    # BEGIN SOLUTION
    return -W2, b2 + W2.sum(axis=0)  # (H, 1) summed over the H neurons -> (1,)
    # END SOLUTION


# %% role="check" q="xor.3"
check("xor.3", mended)

# %% role="show"
p = learn(start(2), 1000)
turned = {"W1": -p["W1"], "b1": -p["b1"], "W2": p["W2"], "b2": p["b2"]}
repaired = {**turned}
repaired["W2"], repaired["b2"] = mended(p["W2"], p["b2"])
for name, network in [("before", p), ("signs turned", turned), ("mended", repaired)]:
    print(f"{name:<13}", *(f"{a:.2f}" for a in forward(network, X)[3][:, 0]))

# %% [markdown] role="why" q="xor.3"
# A hidden neuron that said $a$ now says $1 - a$. As $w a = w - w (1 - a)$, the weight $-w$ gives the same as before but for a $w$, and that goes into the bias, from every neuron. So each
# hidden neuron can be had in two ways, and two of them can also change places: every 2-2-1 network has seven doubles that nobody could tell from it by its answers.

# %% [markdown] role="task" q="xor.4"
# **Goal.** Write the backward walk through a hidden layer, for another bend.
#
# **Given.** The hidden neurons use tanh instead of the sigmoid: $A^{[1]} = \tanh(Z^{[1]})$, and the slope of tanh is $1 - a^2$ where its answer is $a$. You get `X` (N, D), `A1` (N, H),
# `W2` (H, 1), and `dZ2` (N, 1), which holds the factor 1/N already.
#
# **Do.** Write `hidden_gradients`: return `dW1` (D, H) and `db1` (H,).
#
# **You should see** that of the chapter's four lines for the hidden layer only one changes.


# %% role="answer" q="xor.4"
def hidden_gradients(X, A1, dZ2, W2):
    """Return (dW1, db1), shapes (D, H) and (H,), of a hidden layer of tanh neurons."""
    # BEGIN SOLUTION
    dA1 = dZ2 @ W2.T  # (N, 1) @ (1, H) -> (N, H)
    dZ1 = dA1 * (1 - A1**2)  # (N, H)
    return X.T @ dZ1, dZ1.sum(axis=0)  # (D, N) @ (N, H) -> (D, H), and (H,)
    # END SOLUTION


# %% role="check" q="xor.4"
check("xor.4", hidden_gradients)

# %% role="show"
p = start(2)


def loss_by_W1(W1):
    return mse(sigmoid(np.tanh(X @ W1 + p["b1"]) @ p["W2"] + p["b2"]), Y)[0]


A1 = np.tanh(X @ p["W1"] + p["b1"])
A2 = sigmoid(A1 @ p["W2"] + p["b2"])
dW1, db1 = hidden_gradients(X, A1, mse(A2, Y)[1] * A2 * (1 - A2), p["W2"])
print("as by nudging:", compare({"W1": dW1}, {"W1": numerical_gradient(loss_by_W1, p["W1"])}).ok)

# %% [markdown] role="why" q="xor.4"
# A hair of $a$ moves the output's score by its weight, so `dA1` is `dZ2` times the output weights: `W2.T`, to turn the column into a row. Then the slope of the bend, entry by entry. Then the slope of a
# weight, its input, summed over the rows by the product; and the bias is a weight whose input is always 1, so its slope is the plain sum.

# %% [markdown] role="task" q="xor.5"
# **Goal.** Find a mistake that the training does not show.
#
# **Given.** A friend's `backward` for the mean squared error. Most of the friend's networks learn XOR, and rather quickly. But the loss they are meant to follow has other gradients: run the cell
# after the check, a table as in the chapter.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see** four times OK in that table.


# %% role="answer" q="xor.5"
def backward(p, X, Y):
    """Return the gradients (dW2, db2, dW1, db1) of the mean squared error; p is a dictionary as above."""
    Z1, A1, Z2, A2 = forward(p, X)
    # BEGIN SOLUTION
    dZ2 = 2 * (A2 - Y) / len(X) * A2 * (1 - A2)
    # INSTEAD
    # dZ2 = 2 * (A2 - Y) / len(X)
    # END SOLUTION
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)
    dA1 = dZ2 @ p["W2"].T
    dZ1 = dA1 * A1 * (1 - A1)
    dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)
    return dW2, db2, dW1, db1


# %% role="check" q="xor.5"
check("xor.5", backward)

# %% role="run"
p = start(2)
nudged = {
    name: numerical_gradient(lambda w, name=name: mse(forward({**p, name: w}, X)[3], Y)[0], p[name])
    for name in p
}
gradients = dict(zip(("W2", "b2", "W1", "b1"), backward(p, X, Y), strict=True))
for row in compare(gradients, nudged):
    print(f"d{row.name}  {row.shape!s:7} {'OK' if row.close else 'NOT OK'}")

# %% [markdown] role="why" q="xor.5"
# `2 * (A2 - Y) / len(X)` is the slope by the *answer*, `dA2`; to get to the score it must pass the sigmoid, `* A2 * (1 - A2)`. Without that factor it is twice the `dZ2` of the
# cross-entropy, where the factor cancels. So the friend was training with another loss than the one in the docstring, and a good one. A loss that falls proves nothing about a gradient.

# %% [markdown] role="task" q="xor.6"
# **Goal.** Find a mistake that is nearly none.
#
# **Given.** A friend's step for the cross-entropy, whose `dZ2` is rightly $(A^{[2]} - Y)/N$. Each line looks like the chapter's. Yet the step is not quite the one against the gradient. The cell after the check
# compares: with a small `lr` all seems well, with a large one W1 and b1 are off.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see** nothing but zeros, whatever `lr` is.


# %% role="answer" q="xor.6"
def step(p, X, Y, lr):
    """Return (W1, b1, W2, b2) after one step of gradient descent; the dictionary p stays as it is."""
    W1, b1, W2, b2 = p["W1"], p["b1"], p["W2"], p["b2"]
    Z1, A1, Z2, A2 = forward(p, X)
    dZ2 = (A2 - Y) / len(X)
    W2 = W2 - lr * A1.T @ dZ2
    b2 = b2 - lr * dZ2.sum(axis=0)
    # BEGIN SOLUTION
    dZ1 = dZ2 @ p["W2"].T * A1 * (1 - A1)
    # INSTEAD
    # dZ1 = dZ2 @ W2.T * A1 * (1 - A1)
    # END SOLUTION
    W1 = W1 - lr * X.T @ dZ1
    b1 = b1 - lr * dZ1.sum(axis=0)
    return W1, b1, W2, b2


# %% role="check" q="xor.6"
check("xor.6", step)

# %% role="run"
p = start(2)
nudged = {
    name: numerical_gradient(
        lambda w, name=name: binary_cross_entropy_with_logits(forward({**p, name: w}, X)[2], Y)[0], p[name]
    )
    for name in p
}
for lr in (0.01, 0.1, 1.0, 10.0):
    taken = dict(zip(("W1", "b1", "W2", "b2"), step(p, X, Y, lr), strict=True))
    off = {name: np.abs(taken[name] - (p[name] - lr * nudged[name])).max() for name in p}
    print(
        f"lr {lr:5.2f}   off by: W2 {off['W2']:.5f}   b2 {off['b2']:.5f}   W1 {off['W1']:.5f}   b1 {off['b1']:.5f}"
    )

# %% [markdown] role="why" q="xor.6"
# `dZ1` must be computed with the W2 that the forward pass used. The friend moved W2 first, so the hidden layer's blame was taken with weights that nobody had used yet: off by something that
# grows with `lr`, and with `lr` once more in the step, which is why it hides behind a small one. Moving the line of `dZ1` above that of W2 mends it too.

# %% [markdown] role="task" q="xor.7"
# **Goal.** Measure how often a training succeeds.
#
# **Given.** `train`, a function: `train(seed)` starts a network from that seed, trains it, and returns its answers (N, 1). `seeds`, a list of whole numbers. The right answers `Y` (N, 1).
# A network has solved its task if *each* of its answers is nearer than 0.4 to the right one.
#
# **Do.** Write `success_rate`: the share of the seeds whose network has solved it, from 0 to 1.
#
# **You should see** two thirds for the three seeds of the chapter: 2 and 0 learned XOR, 6 did not.


# %% role="answer" q="xor.7"
def success_rate(train, seeds, Y):
    """Return the share of seeds for which every answer of train(seed), (N, 1), is nearer than 0.4 to Y."""
    # BEGIN SOLUTION
    solved = [(np.abs(train(seed) - Y) < 0.4).all() for seed in seeds]
    return np.mean(solved)
    # END SOLUTION


# %% role="check" q="xor.7"
check("xor.7", success_rate)

# %% role="show"
print(f"of 20 real networks: {success_rate(trained, range(20), Y):.2f}")

# %% [markdown] role="why" q="xor.7"
# Two different averages hide in this: *all* over the rows of one network, *mean* over the networks. A network with three right rows of four has not learned three quarters of XOR; it has learned something else.

# %% [markdown] role="task" q="xor.8"
# **Goal.** Know what ten seeds are worth.
#
# **Given.** Suppose that in truth three networks in four learn XOR. A hundred friends train ten networks each, from seeds of their own, and each reports how many of the ten succeeded.
#
# **Do.** Choose before you run: what do the hundred reports look like?
#
# - A. Nearly all of them say 7 or 8.
# - B. They go from about half, or even fewer, up to all ten; most lie between.
# - C. They are spread evenly, from none to all ten.
#
# **You should see,** in the cell after the check, how many friends reported what.

# %% role="answer" q="xor.8"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="xor.8"
check("xor.8", prediction)

# %% role="run"
rng = np.random.default_rng(0)
reports = rng.binomial(10, 0.75, 100)  # ten networks for each of 100 friends
for count in range(reports.min(), 11):
    print(f"{count:2d} of 10: {'|' * (reports == count).sum()}")
thousand = rng.binomial(1000, 0.75, 100) / 10  # in percent
print(f"with a thousand each: from {thousand.min():.0f} % to {thousand.max():.0f} %")

# %% [markdown] role="task" q="xor.9"
# **Goal.** Predict how alike is too alike.
#
# **Given.** In the chapter two hidden neurons with equal weights and equal *output* weights stayed twins for ever. Now both have the same column in W1 and the same bias, but the output weights
# are 0.5 and −0.3.
#
# **Do.** Choose before you run: what happens in training?
#
# - A. The two hidden neurons stay alike for ever.
# - B. They part at the very first step.
# - C. They stay alike, and the two output weights come together.
#
# **You should see,** in the cell after the check, the weights into both neurons, and the four answers, as the steps go by.

# %% role="answer" q="xor.9"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="xor.9"
check("xor.9", prediction)

# %% role="run"
pair = {
    "W1": np.array([[0.7, 0.7], [-0.4, -0.4]]),
    "b1": np.zeros(2),
    "W2": np.array([[0.5], [-0.3]]),
    "b2": np.zeros(1),
}
taken = 0
for steps in (0, 1, 100, 1000):
    pair, taken = learn(pair, steps - taken), steps
    first, second = (", ".join(f"{w:6.3f}" for w in column) for column in pair["W1"].T)
    print(
        f"{steps:5d} steps: ({first}) and ({second})   says", *(f"{a:.2f}" for a in forward(pair, X)[3][:, 0])
    )

# %% [markdown] role="task" q="xor.10"
# **Goal.** See that twins are one neuron.
#
# **Given.** A network whose H hidden neurons are all alike: the columns of `W1` (D, H) are equal, and so are the numbers in `b1` (H,). Their output weights `W2` (H, 1) may differ; there is also a `b2`, which
# stays as it is.
#
# **Do.** Write `merged`: return `W1` (D, 1), `b1` (1,) and `W2` (1, 1) of a network with *one* hidden neuron that gives the same answers.
#
# **You should see** why twins can do no more than a single one could.


# %% role="answer" q="xor.10"
def merged(W1, b1, W2):
    """Return (W1, b1, W2), shapes (D, 1), (1,) and (1, 1): one hidden neuron in place of H equal ones."""
    # BEGIN SOLUTION
    return W1[:, :1], b1[:1], W2.sum(axis=0, keepdims=True)
    # END SOLUTION


# %% role="check" q="xor.10"
check("xor.10", merged)

# %% [markdown] role="why" q="xor.10"
# All twins say the same $a$, so the output's score is $w_1 a + w_2 a + … + b = (w_1 + w_2 + …)\,a + b$. One neuron that says $a$, with the sum as its output weight, does the same. It says $a$ if it has
# the weights and the bias of one twin; only what leaves them adds up.

# %% [markdown] role="task" q="xor.11"
# **Goal.** Prove that XOR takes two.
#
# **Given.** A 2-1-1 network: *one* hidden neuron with a sigmoid, $a = \sigma(w_1 x_1 + w_2 x_2 + b)$, and one output neuron that says yes if $v\,a + c > 0$.
#
# **Do.** Show that no choice of $w_1, w_2, b, v, c$ makes it answer as XOR does. Do not forget that $v$ may be negative, or zero.
#
# **You should see** the four inequalities of the last chapter come back.

# %% [markdown] role="written" q="xor.11"
# Write $z = w_1 x_1 + w_2 x_2 + b$. The sigmoid rises, so $a$ is larger where $z$ is larger. If $v > 0$, the score $v\,a + c$ rises with $z$ too: the network says yes exactly where $z$ is above some number $t$, or everywhere, or nowhere.
# (If $v\,a + c$ crosses zero, it does so at one $z$; call it $t$.) Everywhere and nowhere is not XOR. So the four rows demand
# $b \le t$, $w_2 + b > t$, $w_1 + b > t$ and $w_1 + w_2 + b \le t$. Add the two in the middle: $w_1 + w_2 + 2b > 2t$. Add the outer two: $w_1 + w_2 + 2b \le 2t$. Both cannot hold.
#
# If $v < 0$, the score falls as $z$ grows, and the network says yes where $z < t$: all four signs are turned, $b \ge t$, $w_2 + b < t$, $w_1 + b < t$, $w_1 + w_2 + b \ge t$, and the same sums contradict one another.
# If $v = 0$, the answer is the same for every row. So it takes two hidden neurons, and the chapter shows two that do it.
#
# **Rubric,** one point each: the output depends on $z$ alone and can change from no to yes only once as $z$ grows; the four inequalities, each from its row; the contradiction from the two sums;
# the cases $v < 0$ and $v = 0$.
