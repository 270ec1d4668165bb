# %% [markdown]
# # Autograd on arrays
#
# An engine for arrays is a list of vjps and a walk. You have the walk; here are more of the vjps: a quotient, a mean, running totals, a look-up, a stack of products. You also
# find two mistakes of the kind that no shape and no gradient gives away. Each exercise stands alone.

# %%
import gc

import numpy as np

import mininet.functional as F
from mininet.gradcheck import numerical_gradient
from mininet.tensor import Tensor, record, unbroadcast
from mininet_course import check, hint, progress, solution

rng = np.random.default_rng(0)


def by_nudging(forward, g, x):
    """Return the gradient of the sum of g · forward(x), with a nudge at every entry of x."""
    return numerical_gradient(lambda v: float((g * forward(v)).sum()), x)


# %% [markdown] role="task" q="tensor.1"
# **Goal.** Count copies before you sum them.
#
# **Given.** `a` has the shape (4, 1, 3), `b` has (2, 1), and $c = a \cdot b$, entry by entry.
#
# **Do.** Predict two numbers: `entries`, how many entries `c` has; and `replies`, how many entries of $g \cdot a$ are added up for *one* entry of the gradient by `b`.
#
# **You should see,** in the cell after the check, the shape of `c`, and the replies counted.

# %% role="answer" q="tensor.1"
# two whole numbers
# BEGIN SOLUTION
entries = 24
replies = 12
# END SOLUTION

# %% role="check" q="tensor.1"
check("tensor.1", entries, replies)

# %% role="run"
a, b = Tensor(np.ones((4, 1, 3))), Tensor(np.ones((2, 1)), requires_grad=True)
c = a * b
c.sum().backward()  # with nothing but ones, each entry of b collects a 1 from each copy
print(f"c has the shape {c.shape}: {c.size} entries; replies for the entries of b:", b.grad.ravel())

# %% [markdown] role="why" q="tensor.1"
# From the right: 3 meets 1, 1 meets 2, and 4 meets nothing. The result has the shape $(4, 2, 3)$. An entry of `b` was copied 4 times in front and 3 times along its last axis: 12 copies, 12 replies. Its middle axis, of size 2, is its own.

# %% [markdown] role="task" q="tensor.2"
# **Goal.** Take a quotient back, copies and all.
#
# **Given.** $c = a / b$, entry by entry, with broadcasting. `g`, the gradient by `c`, has the shape of `c`. `unbroadcast` is imported.
#
# **Do.** Write `divide_vjp`: return the gradients by `a` and by `b`, each in its own shape.
#
# **You should see** that it is a line for each, and that both agree with nudging.


# %% role="answer" q="tensor.2"
def divide_vjp(g, a, b):
    """Return (da, db), of the shapes of a and b; g has the shape of a / b."""
    # BEGIN SOLUTION
    da = g / b
    db = -g * a / b**2
    return unbroadcast(da, a.shape), unbroadcast(db, b.shape)
    # END SOLUTION


# %% role="check" q="tensor.2"
check("tensor.2", divide_vjp)

# %% role="show"
a, b, g = rng.standard_normal((4, 1, 3)), rng.uniform(1, 2, (2, 1)), rng.standard_normal((4, 2, 3))
da, db = divide_vjp(g, a, b)
print("da", da.shape, "as by nudging:", np.allclose(da, by_nudging(lambda v: v / b, g, a)))
print("db", db.shape, "   as by nudging:", np.allclose(db, by_nudging(lambda v: a / v, g, b)))

# %% [markdown] role="why" q="tensor.2"
# First every copy gets its own gradient, as if there had been no broadcasting: $g/b$ and $-ga/b^2$, in the shape of the result. Then the copies are summed. In the other order it would be wrong: each copy of `b` met another `a` and another `g`.

# %% [markdown] role="task" q="tensor.3"
# **Goal.** Put an axis back.
#
# **Given.** `y = x.mean(axis=axis)`, for an `x` with any number of axes; the averaged axis is gone in `y`, and in `g`.
#
# **Do.** Write `mean_vjp`: return the gradient by `x`.
#
# **You should see** that it needs nothing of `x` but the shape. Try it on a square table with axis 1, where a wrong one runs without a word.


# %% role="answer" q="tensor.3"
def mean_vjp(g, x, axis):
    """Return dx, of the shape of x; g has the shape of x.mean(axis=axis), and axis may be negative."""
    # BEGIN SOLUTION
    share = g / x.shape[axis]
    return np.broadcast_to(np.expand_dims(share, axis), x.shape)
    # END SOLUTION


# %% role="check" q="tensor.3"
check("tensor.3", mean_vjp)

# %% role="show"
x, g = rng.standard_normal((3, 3)), rng.standard_normal(3)
nudged = by_nudging(lambda v: v.mean(axis=1), g, x)
print("as by nudging:", np.allclose(mean_vjp(g, x, 1), nudged))
print("without putting the axis back:", np.allclose(np.broadcast_to(g / 3, x.shape), nudged))

# %% [markdown] role="why" q="tensor.3"
# A sum forward is a copy back, and a mean is a sum divided by $n$, the size of the axis. The copy must run along the axis that was summed: `expand_dims` puts it back there, with size 1. NumPy's own rule would put a missing axis in *front*, and for a square table that fits, too.

# %% [markdown] role="task" q="tensor.4"
# **Goal.** Meet a gradient that tells nothing.
#
# **Given.** Scores $z = (1, 2, 3)$, their softmax $p$, and as the loss the plain sum of the three probabilities.
#
# **Do.** Choose before you run: what is the gradient by $z$?
#
# - A. three ones
# - B. three zeros, up to rounding
# - C. the three probabilities
# - D. $p(1 - p)$, entry by entry
#
# **You should see,** in the cell after the check, the probabilities, their sum, and the gradient; and beside it the gradient of a sum with random weights.

# %% role="answer" q="tensor.4"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="tensor.4"
check("tensor.4", prediction)

# %% role="run"
z = Tensor(np.array([[1.0, 2.0, 3.0]]), requires_grad=True)
p = F.softmax(z)
total = p.sum()
print("p =", p.data.round(3), f"  sum {total.item():.3f}")
total.backward()
print("gradient of the plain sum, all below 1e-12:", bool((np.abs(z.grad) < 1e-12).all()))
z.grad = None
(F.softmax(z) * np.array([[0.5, -1.0, 2.0]])).sum().backward()
print("with a weight for each entry:", z.grad.round(3))

# %% [markdown] role="task" q="tensor.5"
# **Goal.** Ask one entry what it touches.
#
# **Given.** `y = np.cumsum(x, axis=1)`: running totals along each row, so that $y_0 = x_0$, $y_1 = x_0 + x_1$, $y_2 = x_0 + x_1 + x_2$, and so on. `g` has the shape of `y`, (N, M).
#
# **Do.** Write `cumsum_vjp`: return the gradient by `x`.
#
# **You should see** that the way back is a running total as well, but which?


# %% role="answer" q="tensor.5"
def cumsum_vjp(g):
    """Return dx (N, M) from g (N, M), the gradient by the running totals of each row."""
    # BEGIN SOLUTION
    from_the_right = np.cumsum(g[:, ::-1], axis=1)
    return from_the_right[:, ::-1]
    # END SOLUTION


# %% role="check" q="tensor.5"
check("tensor.5", cumsum_vjp)

# %% role="show"
x, g = rng.standard_normal((2, 4)), rng.standard_normal((2, 4))
print("as by nudging:", np.allclose(cumsum_vjp(g), by_nudging(lambda v: np.cumsum(v, axis=1), g, x)))
print("ones go back to", cumsum_vjp(np.ones((1, 4))).tolist())

# %% [markdown] role="why" q="tensor.5"
# $x_i$ takes part in total $i$ and in all after it, each time with the slope 1. So it collects $g_i + g_{i+1} + \dots$: running totals from the right. The first entry hears from everybody, the last from one.

# %% [markdown] role="task" q="tensor.6"
# **Goal.** Take a look-up back.
#
# **Given.** `y = x[index]`: row `n` of `y` is row `index[n]` of `x`. `x` is (V, D), `index` holds N whole numbers, `g` is (N, D). The same row may be looked up several times, and some not at all.
#
# **Do.** Write `rows_vjp`: return the gradient by `x`.
#
# **You should see** what the line that first comes to mind does where a row is looked up twice.


# %% role="answer" q="tensor.6"
def rows_vjp(g, x, index):
    """Return dx (V, D); g is (N, D), x is (V, D), and index (N,) holds row numbers of x."""
    # BEGIN SOLUTION
    dx = np.zeros(x.shape)
    np.add.at(dx, index, g)  # one after the other, so that repeated rows add up
    return dx
    # END SOLUTION


# %% role="check" q="tensor.6"
check("tensor.6", rows_vjp)

# %% role="show"
index, g = np.array([2, 0, 2]), np.array([[1.0], [10.0], [100.0]])
short = np.zeros((3, 1))
short[index] += g
print("np.add.at:     ", rows_vjp(g, np.zeros((3, 1)), index).ravel())
print("dx[index] += g:", short.ravel())

# %% [markdown] role="why" q="tensor.6"
# A row that is looked up twice has been copied, and its replies add up; a row that nobody looked up gets 0. `dx[index] += g` means `dx[index] = dx[index] + g`: all rows are read first, and where one occurs twice, the second writing wins over the first.
# `np.add.at` adds one after the other.

# %% [markdown] role="task" q="tensor.7"
# **Goal.** Find a bug that a test on a square batch would miss.
#
# **Given.** A friend's vjp of the softmax along each row. From the Jacobian, $\partial p_j / \partial z_i = p_j (\delta_{ij} - p_i)$, where $\delta_{ij}$ is 1 for $i = j$ and else 0, comes the formula
# $dz_i = p_i \left(g_i - \sum_j g_j p_j\right)$, and it is right. The code has been tried on 3 samples with 3 classes, and it ran.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see,** in the cell after the check, True for both sizes.


# %% role="answer" q="tensor.7"
def softmax_vjp(g, p):
    """Return dz (N, C) from g (N, C), the gradient by the probabilities p (N, C)."""
    # BEGIN SOLUTION
    replies = (g * p).sum(axis=1, keepdims=True)  # (N, 1): each sample its own
    # INSTEAD
    # replies = (g * p).sum(axis=1)
    # END SOLUTION
    return p * (g - replies)


# %% role="check" q="tensor.7"
check("tensor.7", softmax_vjp)


# %% role="run"
def softmax(z):
    return F.softmax(Tensor(z)).data


for shape in ((3, 3), (4, 2)):
    z, g = rng.standard_normal(shape), rng.standard_normal(shape)
    try:
        print(shape, "as by nudging:", np.allclose(softmax_vjp(g, softmax(z)), by_nudging(softmax, g, z)))
    except ValueError as error:
        print(shape, error)

# %% [markdown] role="why" q="tensor.7"
# `sum(axis=1)` leaves (N,), N numbers in a row, and NumPy lines shapes up from the right: along the *classes*. If there are as many classes as samples, it fits, and sample 1's sum is subtracted in column 1 of every sample. With `keepdims=True` the sums stand in a column, (N, 1), and each meets its own row.
# So test with sizes that all differ: 4 samples, 2 classes.

# %% [markdown] role="task" q="tensor.8"
# **Goal.** Take a whole stack of products back at once.
#
# **Given.** For more than two axes, `x @ w` multiplies the matrices in the last two: `x` (B, N, K) times `w` (K, M) gives (B, N, M), with the same `w` for each of the B matrices; a `w` (B, K, M) has one for each. The axes in front are broadcast as usual.
#
# **Do.** Write `matmul_vjp` for all these cases, two axes or more: return the gradients by `x` and by `w`, each in its own shape.
#
# **You should see** that `.T` will not do. `np.swapaxes(x, -1, -2)` changes the last two axes and leaves the others.


# %% role="answer" q="tensor.8"
def matmul_vjp(g, x, w):
    """Return (dx, dw), of the shapes of x (..., N, K) and w (..., K, M); g has the shape of x @ w."""
    # BEGIN SOLUTION
    dx = g @ np.swapaxes(w, -1, -2)  # (..., N, M) @ (..., M, K)
    dw = np.swapaxes(x, -1, -2) @ g  # (..., K, N) @ (..., N, M)
    return unbroadcast(dx, x.shape), unbroadcast(dw, w.shape)
    # END SOLUTION


# %% role="check" q="tensor.8"
check("tensor.8", matmul_vjp)

# %% role="show"
for shape in ((4, 2), (3, 4, 2)):
    x, w, g = rng.standard_normal((3, 5, 4)), rng.standard_normal(shape), rng.standard_normal((3, 5, 2))
    dx, dw = matmul_vjp(g, x, w)
    right = (
        np.allclose(dx, by_nudging(lambda v, w=w: v @ w, g, x)),
        np.allclose(dw, by_nudging(lambda v, x=x: x @ v, g, w)),
    )
    print(f"w {shape}: dx {dx.shape} {right[0]}, dw {dw.shape} {right[1]}")

# %% [markdown] role="why" q="tensor.8"
# For each matrix of the stack it is the pair that you know, and `@` takes the stack along. Then the copies: a `w` with two axes was used B times, so its B gradients are summed, which `unbroadcast` does for the axes that were put in front. It also does nothing where nothing was copied, so one line serves all cases.

# %% [markdown] role="task" q="tensor.9"
# **Goal.** Know where a float64 comes from.
#
# **Given.** A gradient `g` of dtype float32 and shape (2, 3), and six lines such as a vjp may have:
#
# - a: `g * 2**0.5`
# - b: `g * np.sqrt(2)`
# - c: `g / len(g)`
# - d: `g * (g > 0)`
# - e: `g * np.arange(3)`
# - f: `g - g.mean()`
#
# **Do.** Predict how many bits a number in each result has: a list `bits` of six times 32 or 64, in this order.
#
# **You should see** which lines the package's engine would refuse.

# %% role="answer" q="tensor.9"
# six numbers, each 32 or 64
# BEGIN SOLUTION
bits = [32, 64, 32, 32, 64, 32]
# END SOLUTION

# %% role="check" q="tensor.9"
check("tensor.9", bits)

# %% role="run"
g = np.ones((2, 3), dtype=np.float32)
lines = {
    "g * 2**0.5": g * 2**0.5,
    "g * np.sqrt(2)": g * np.sqrt(2),
    "g / len(g)": g / len(g),
    "g * (g > 0)": g * (g > 0),
    "g * np.arange(3)": g * np.arange(3),
    "g - g.mean()": g - g.mean(),
}
for line, result in lines.items():
    print(f"{line:<18} {result.dtype}")

# %% [markdown] role="why" q="tensor.9"
# An ordinary Python number has no dtype and takes the array's. What comes from NumPy has one: `np.sqrt(2)` is a float64 and `np.arange(3)` holds int64, which a float32 cannot hold without loss, so the result gets 64 bits. `g.mean()` comes from NumPy, too, but with the dtype of `g`.

# %% [markdown] role="task" q="tensor.10"
# **Goal.** Find a bug that no gradient shows.
#
# **Given.** A friend's tanh for the package's engine. Value and gradient are right, yet the memory fills up. The cell after the check makes ten results, forgets them, and counts how many tensors are still alive, with the garbage collector switched off.
#
# **Do.** Find out who keeps whom, and mend it. Value and gradient must stay right.
#
# **You should see** none left.


# %% role="answer" q="tensor.10"
def tanh(a):
    """Return the hyperbolic tangent of a tensor, recorded."""
    # BEGIN SOLUTION
    t = np.tanh(a.data)
    return record("tanh", t, (a,), lambda g: (g * (1 - t * t),))  # keeps t, an array
    # INSTEAD
    # out = record("tanh", np.tanh(a.data), (a,), lambda g: (g * (1 - out.data * out.data),))
    # return out
    # END SOLUTION


# %% role="check" q="tensor.10"
check("tensor.10", tanh)


# %% role="run"
def alive():
    return sum(type(thing) is Tensor for thing in gc.get_objects())


x = Tensor(np.zeros(1000), requires_grad=True)
gc.collect()
gc.disable()
before = alive()
for _ in range(10):
    tanh(x)
print("left behind by 10 results:", alive() - before)
gc.enable()

# %% [markdown] role="why" q="tensor.10"
# `out` keeps its node, the node keeps the vjp, and the vjp, a lambda that uses the name `out`, keeps `out`. Nobody outside needs to hold any of them for all three to stay. The vjp needs the numbers and not the tensor; computed first, in `t`, they are an array, which knows nothing of nodes.
# After a `backward` the package's engine takes the vjp out of the node, so the circle only shows where no one goes back: while a loss is being measured, for instance.

# %% [markdown] role="task" q="tensor.11"
# **Goal.** Know how a check of gradients can be fooled.
#
# **Given.** A friend checks vjps by nudging, with `operation(x).sum()` as the loss. The chapter gives each entry of the result a random weight before summing.
#
# **Do.** Describe two different operations, each with a *wrong* vjp that passes the friend's check, and say why it does. Then say why the random weights find both.
#
# **You should see** that both ways of checking multiply by the same Jacobian, but with another row on the left.

# %% [markdown] role="written" q="tensor.11"
# With a plain sum the vjp is only ever called with a `g` of ones. It is judged by what it does to this one row, and may do anything to all others.
#
# *Moving entries.* For `y = x.T` of a square `x`, or `y = x[:, ::-1]`, a vjp that returns `g` as it is: forgotten to move the entries back. A table of ones looks the same after any move, so the check sees no difference. The same goes for sorting and for shuffling.
#
# *A sum that is fixed.* For a softmax the right gradient of the plain sum is 0. A vjp that returns zeros for every `g` passes; so does one with `g - g.mean()` in place of `g - Σ g p`, since for ones both are 0.
#
# *Entries that hide behind one another.* For `x[index]` with repeats: no, here the plain sum finds the lost replies, since a row that should get 2 gets 1. Not every mistake is hidden.
#
# With random weights, `g` is a row without any pattern. A wrong vjp that is linear multiplies by another matrix than the Jacobian, and then the two results agree only for rows that the *difference* of the two matrices takes to 0. Ones may be such a row; a random row is one with probability 0. So one draw is enough, as far as rounding lets us see.
#
# **Rubric,** one point each: with a plain sum `g` is all ones; a first operation with a wrong vjp that treats ones rightly; a second of another kind; random weights make an accidental agreement all but impossible, with the reason.
