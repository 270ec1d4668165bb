"""The exercises on layers: what is right, what people get wrong, what to say then.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/layers.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from mininet.activations import log_softmax, softmax
from mininet.arrays import Floats
from mininet.layers import Layer, Linear, ReLU, Sequential, Tanh, mlp
from mininet_course.exercise import (
    Case,
    Choice,
    Exercise,
    Function,
    Mistake,
    Values,
    Varied,
    Written,
    as_made_with,
)
from mininet_course.probes.layers import net_there_and_back, there_and_back, through_relu

# --- 1: predict, the batch twice ------------------------------------------------------

batch_twice = Choice(
    name="layers.1",
    title="Every sample twice",
    minutes=5,
    level="easy",
    points=1,
    right="B",
    options={
        "A": "A row of dX belongs to one sample and is made of that sample's own row of dZ. What its twin wants does not reach it.",
        "B": "dW and db are sums over the samples, so every term occurs twice. dX is made row by row, and no row knows of its twin.",
        "C": "The mean belongs to the loss, not to the layer. A layer sums over whatever rows it is given; had a mean been "
        "taken, its 1/N would already stand in dZ.",
    },
    hints=(
        "Which of the three results still has a row for every sample, and in which has the sample's index been summed over?",
        "Write down one entry: dW[d, m] is the sum over n of X[n, d] · dZ[n, m]. How many terms has it now?",
    ),
    after="With `mse` or `cross_entropy` on top, doubling the batch halves every row of dZ. What does the step of training do then?",
)

# --- 2: predict, what shapes cannot see -----------------------------------------------

silent = Values(
    name="layers.2",
    core=True,
    title="What shapes cannot see",
    minutes=5,
    level="medium",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(3,),
    cases=[{}],
    tolerance=0,
    mistakes=[
        Mistake(
            "none",
            (0,),
            "D and M are equal here, so W and its transpose have one shape. Whatever fits with the one fits with the other.",
        ),
        Mistake(
            "one",
            (1,),
            "There are more. Take dW, db and dX in turn, and write the shape of both lines beside each.",
        ),
        Mistake(
            "two",
            (2,),
            "One is missing. `dZ.T @ X` is (4, 5) @ (5, 4). And has a mean another shape than a sum?",
        ),
        Mistake(
            "four",
            (4,),
            "One too many. The 5 of the batch gives some lines away: where does it end up in the result, and where should it?",
        ),
        Mistake(
            "five",
            (5,),
            "Too many. N is 5 and not 4: a result with a 5 where a 4 belongs gives itself away.",
        ),
        Mistake(
            "all",
            (6,),
            "Not all. D and M are equal, but N is not: `X @ dZ.T` is (5, 4) @ (4, 5). Which shape has that?",
        ),
    ],
    hints=(
        "The results must have the shapes dW (4, 4), db (4,) and dX (5, 4).",
        "A product of (a, b) and (b, c) has the shape (a, c). A sum or mean over axis 0 removes the first number, over axis 1 the second.",
    ),
    right=[(3.0,), (np.int64(3),)],
    after="Try a mistake on layers of three different sizes N, D, M first. Which of the six would even then get through?",
)

# --- 3: a knob for every column -------------------------------------------------------


Piece = Callable[[Floats, Floats, Floats], Any]


def gain(
    dg: Piece = lambda X, g, dZ: (X * dZ).sum(axis=0),
    db: Piece = lambda X, g, dZ: dZ.sum(axis=0),
    dX: Piece = lambda X, g, dZ: dZ * g,
    out: Piece = lambda X, g, b: X * g + b,
) -> type:
    """Return a layer class, right, or with some of its formulas replaced."""

    class Gain:
        def __init__(self, g: Floats, b: Floats) -> None:
            self.g, self.b = g, b

        def forward(self, X: Floats) -> Any:
            self.X = X
            return out(X, self.g, self.b)

        def backward(self, dZ: Floats) -> Any:
            self.dg, self.db = dg(self.X, self.g, dZ), db(self.X, self.g, dZ)
            return dX(self.X, self.g, dZ)

    return Gain


class KeepsTheOutput:
    def __init__(self, g: Floats, b: Floats) -> None:
        self.g, self.b = g, b

    def forward(self, X: Floats) -> Floats:
        self.out: Floats = X * self.g + self.b
        return self.out

    def backward(self, dZ: Floats) -> Floats:
        self.dg, self.db = (self.out * dZ).sum(axis=0), dZ.sum(axis=0)
        return dZ * self.g


class ReturnsAll:
    def __init__(self, g: Floats, b: Floats) -> None:
        self.g, self.b = g, b

    def forward(self, X: Floats) -> Floats:
        self.X = X
        return X * self.g + self.b

    def backward(self, dZ: Floats) -> Any:
        return (self.X * dZ).sum(axis=0), dZ.sum(axis=0), dZ * self.g


class KeepsNothing(ReturnsAll):
    def backward(self, dZ: Floats) -> Any:
        return dZ * self.g


class ForgetsTheInput(ReturnsAll):
    def forward(self, X: Floats) -> Floats:
        return X * self.g + self.b


class GainInLoops:
    def __init__(self, g: Floats, b: Floats) -> None:
        self.knobs = list(zip(g, b, strict=True))

    def forward(self, X: Floats) -> list[list[float]]:
        self.rows = X.tolist()
        return [[x * g + b for x, (g, b) in zip(row, self.knobs, strict=True)] for row in self.rows]

    def backward(self, dZ: Floats) -> list[list[float]]:
        self.dg, self.db = [0.0] * len(self.knobs), [0.0] * len(self.knobs)
        for row, wants in zip(self.rows, dZ.tolist(), strict=True):
            for d, (x, want) in enumerate(zip(row, wants, strict=True)):
                self.dg[d] += x * want
                self.db[d] += want
        return [[want * g for want, (g, _) in zip(wants, self.knobs, strict=True)] for wants in dZ.tolist()]


def some_gain(rng: np.random.Generator, n: int, d: int) -> Case:
    return {
        "g": rng.normal(size=d),
        "b": rng.normal(size=d),
        "X": rng.normal(size=(n, d)),
        "dZ": rng.normal(size=(n, d)),
    }


own_layer = Function(
    name="layers.3",
    core=True,
    title="A knob for every column",
    minutes=15,
    level="medium",
    points=3,
    probe=there_and_back,
    parts=("output", "dg", "db", "dX"),
    reference=gain(),
    cases=[
        {
            "g": np.array([2.0, 1.0, -1.0]),
            "b": np.array([0.0, 1.0, 0.5]),
            "X": np.array([[1.0, 2.0, 0.0], [3.0, 0.0, -1.0]]),
            "dZ": np.array([[1.0, -1.0, 2.0], [2.0, 1.0, 0.0]]),
        },
        {
            "g": np.array([0.5, -3.0]),
            "b": np.array([1.0, 2.0]),
            "X": np.array([[1.0, -1.0], [0.5, 4.0], [2.0, 0.0]]),
            "dZ": np.array([[0.5, 1.0], [-2.0, 1.0], [1.0, 3.0]]),
        },
    ],
    generate=lambda rng: [some_gain(rng, n, d) for n, d in ((1, 4), (5, 1), (4, 4), (6, 3))],
    mistakes=[
        Mistake(
            "all returned",
            ReturnsAll,
            "backward returns everything at once. The gradients by the layer's own knobs stay in the box, as self.dg and self.db; "
            "only dX is returned, for the layer below.",
        ),
        Mistake(
            "nothing kept",
            KeepsNothing,
            "backward has left no gradients in the layer. Set self.dg and self.db in it.",
        ),
        Mistake(
            "input not kept",
            ForgetsTheInput,
            "backward asks the layer for something that it does not have. Whatever backward needs, forward must keep: self.X = X.",
        ),
        Mistake(
            "summed over everything",
            gain(dg=lambda X, g, dZ: (X * dZ).sum()),
            "You sum over the columns too. Every column has a knob of its own: sum over the samples only, axis=0.",
        ),
        Mistake(
            "one for each sample",
            gain(dg=lambda X, g, dZ: X * dZ),
            "Your dg has a row for every sample. One knob serves all samples, so its slopes are added up over them: dg has the shape of g.",
        ),
        Mistake(
            "without the input",
            gain(dg=lambda X, g, dZ: dZ.sum(axis=0)),
            "That is db. Turning g[d] moves Z[n, d] by X[n, d], so each dZ[n, d] counts with that factor before the sum.",
        ),
        Mistake(
            "with the factor itself",
            gain(dg=lambda X, g, dZ: (g * dZ).sum(axis=0)),
            "You multiply dZ by g. That is the way back to X; the slope of g · x + b by g is x.",
        ),
        Mistake(
            "summed, then multiplied",
            gain(dg=lambda X, g, dZ: X.sum(axis=0) * dZ.sum(axis=0)),
            "You sum first and multiply then, which mixes one sample's input with another's gradient. Multiply entry by entry, then sum.",
        ),
        Mistake(
            "as in Linear",
            gain(dg=lambda X, g, dZ: X.T @ dZ),
            "X.T @ dZ is the dW of a Linear, where every input feeds every output. Here input d feeds output d alone: one number "
            "a column.",
        ),
        Mistake(
            "mean for sum",
            gain(dg=lambda X, g, dZ: (X * dZ).mean(axis=0)),
            "Your dg is a mean. The layer sums; the 1/N of the mean is the business of the loss and already stands in dZ.",
        ),
        Mistake(
            "mean for sum in the bias",
            gain(db=lambda X, g, dZ: dZ.mean(axis=0)),
            "Your db is a mean. The layer sums; the 1/N of the mean is the business of the loss and already stands in dZ.",
        ),
        Mistake(
            "axis",
            gain(dg=lambda X, g, dZ: (X * dZ).sum(axis=1), db=lambda X, g, dZ: dZ.sum(axis=1)),
            "You sum along each row, over the columns. Rows are samples: sum down the columns, axis=0.",
        ),
        Mistake(
            "the output kept",
            KeepsTheOutput,
            "forward keeps its output, and dg is made of that. The slope of g · x + b by g is x: keep the input.",
        ),
        Mistake(
            "passed on unchanged",
            gain(dX=lambda X, g, dZ: dZ),
            "dX is dZ, unchanged. A nudge of X[n, d] arrives in Z[n, d] multiplied by g[d], and so must the way back be.",
        ),
        Mistake(
            "passed on with the input",
            gain(dX=lambda X, g, dZ: dZ * X),
            "For dX you multiply dZ by X. That is the way back to g; the slope of g · x + b by x is g.",
        ),
        Mistake(
            "a row to a single number",
            gain(dX=lambda X, g, dZ: dZ @ g),
            "`dZ @ g` adds up each row to a single number. X[n, d] reaches Z[n, d] alone, so there is nothing to add up: that is `*`.",
        ),
        Mistake(
            "a product of matrices",
            gain(out=lambda X, g, b: X @ g),
            "`X @ g` adds up each row to a single number. Every column is multiplied by its own g: that is `*`.",
        ),
    ],
    hints=(
        "Entry by entry: Z[n, d] = X[n, d] · g[d] + b[d]. Which entries of Z does g[d] touch? Which does X[n, d] touch?",
        "g[d] touches column d of Z in every sample, with the factor X[n, d]. So multiply entry by entry and sum down the columns.",
        "self.dg = (self.X * dZ).sum(axis=0). The other two are shorter.",
    ),
    right=[
        gain(
            dg=lambda X, g, dZ: np.einsum("nd,nd->d", X, dZ),
            db=lambda X, g, dZ: np.ones(len(X)) @ dZ,
            dX=lambda X, g, dZ: dZ @ np.diag(g),
            out=lambda X, g, b: X @ np.diag(g) + b,
        ),
        GainInLoops,
    ],
    after="`np.diag(dg)` holds the diagonal of `X.T @ dZ`. So this layer is a Linear with a very special W. How many numbers does it save?",
)

# --- 4: the kink ----------------------------------------------------------------------


def relu_layer(
    dZ: Callable[[Floats, Floats], Any], out: Callable[[Floats], Any] = lambda Z: np.maximum(Z, 0)
) -> type:
    """Return a ReLU layer with these two formulas: dZ(Z, dA) and out(Z)."""

    class Kinked:
        def forward(self, Z: Floats) -> Any:
            self.Z = Z
            return out(Z)

        def backward(self, dA: Floats) -> Any:
            return dZ(self.Z, dA)

    return Kinked


def pythons_max(Z: Any) -> Any:
    return max(Z, 0)


def only_tables(Z: Any) -> Any:
    return np.array([[max(z, 0) for z in row] for row in Z])


def cut_in_place(Z: Floats) -> Floats:
    Z[Z < 0] = 0
    return Z


def gradient_cut_in_place(Z: Floats, dA: Floats) -> Floats:
    dA[Z <= 0] = 0
    return dA


class ReluByAssignment:
    def forward(self, Z: Floats) -> Floats:
        self.off = ~(Z > 0)
        out = Z.copy()
        out[self.off] = 0
        return out

    def backward(self, dA: Floats) -> Floats:
        dZ = dA.copy()
        dZ[self.off] = 0
        return dZ


def with_zeros(rng: np.random.Generator, *shape: int) -> Case:
    """A case in which a good part of the inputs is exactly 0."""
    Z = np.where(rng.random(shape) < 0.3, 0, rng.normal(size=shape))
    return {"Z": Z, "dA": rng.normal(size=shape)}


kink = Function(
    name="layers.4",
    core=True,
    title="At the kink",
    minutes=10,
    level="easy",
    points=2,
    probe=through_relu,
    parts=("output", "dZ"),
    reference=ReLU,
    cases=[
        {"Z": np.array([[2.0, -1.0, 0.0]]), "dA": np.array([[5.0, 6.0, 7.0]])},
        {"Z": np.array([[0.0, -0.5], [3.0, 0.0]]), "dA": np.array([[-1.0, 2.0], [-3.0, 0.5]])},
    ],
    generate=lambda rng: [with_zeros(rng, *shape) for shape in ((6, 5), (40,), (3, 2, 4))],
    mistakes=[
        Mistake(
            "written into the input",
            relu_layer(lambda Z, dA: dA * (Z > 0), cut_in_place),
            "The array that you cut belongs to the layer below, which may still need it. np.maximum(Z, 0) makes a new one.",
        ),
        Mistake(
            "written into the gradient",
            relu_layer(gradient_cut_in_place),
            "The array that you cut is dA, which belongs to the layer above. dA * (Z > 0) makes a new one.",
        ),
        Mistake(
            "one at zero",
            relu_layer(lambda Z, dA: dA * (Z >= 0)),
            "Right, except at exactly 0: there you let the gradient through. The package, like PyTorch and JAX, takes the slope 0.",
        ),
        Mistake(
            "half at zero",
            relu_layer(lambda Z, dA: dA * np.heaviside(Z, 0.5)),
            "Right, except at exactly 0, where you take the slope one half. The package, like PyTorch and JAX, takes 0.",
        ),
        Mistake(
            "everything passes",
            relu_layer(lambda Z, dA: dA),
            "The whole gradient gets through. If you ask whether the *output* is >= 0: it always is. Which entries did forward set to 0?",
        ),
        Mistake(
            "ReLU of the gradient",
            relu_layer(lambda Z, dA: np.maximum(dA, 0)),
            "You cut off where the *gradient* is negative. What decides is the input of forward; the gradient's own sign does not matter.",
        ),
        Mistake(
            "the slope alone",
            relu_layer(lambda Z, dA: Z > 0),
            "That is the slope, 0 or 1. The chain rule multiplies it with the gradient that arrived, dA.",
        ),
        Mistake(
            "times the output",
            relu_layer(lambda Z, dA: dA * np.maximum(Z, 0)),
            "You multiply with the output. The slope of max(z, 0) is 1 where z is above 0, however far above.",
        ),
        Mistake(
            "the other half",
            relu_layer(lambda Z, dA: dA * (Z <= 0)),
            "The wrong half gets through: the gradient passes where Z is above 0.",
        ),
        Mistake(
            "picked out",
            relu_layer(lambda Z, dA: dA[Z > 0]),
            "dA[Z > 0] picks out the entries that pass and forgets their places. dZ has the shape of dA: multiply, so that the others become 0.",
        ),
        Mistake(
            "forward again",
            relu_layer(lambda Z, dA: np.maximum(Z, 0)),
            "backward returns what forward returned. It should return the gradient dA, where the slope lets it through.",
        ),
        Mistake(
            "the sign",
            relu_layer(lambda Z, dA: dA * np.sign(Z)),
            "np.sign is −1 for negative numbers, so there the gradient comes back turned round. The slope on that side is 0.",
        ),
        Mistake(
            "np.max",
            relu_layer(lambda Z, dA: dA * (Z > 0), lambda Z: np.max(Z, 0)),
            "np.max(Z, 0) is the largest number along axis 0. To compare each entry with 0 it is np.maximum(Z, 0).",
        ),
        Mistake(
            "only tables",
            relu_layer(lambda Z, dA: dA * (Z > 0), only_tables),
            "Your loops want a table of rows and columns, and Z may have any number of axes. np.maximum takes them all.",
        ),
        Mistake(
            "Python's max",
            relu_layer(lambda Z, dA: dA * (Z > 0), pythons_max),
            "Python's own `max` and `if` want a single yes or no, and an array has many. np.maximum compares entry by entry, and "
            "Z > 0 gives an array of yes and no.",
        ),
    ],
    hints=(
        "What must forward keep, so that backward knows where the input was above 0?",
        "Z > 0 is an array of True and False; multiplied with dA it counts as 1 and 0.",
    ),
    right=[relu_layer(lambda Z, dA: np.where(Z > 0, dA, 0), lambda Z: Z * (Z > 0)), ReluByAssignment],
    after="At 0 any slope from 0 to 1 would do. A gradient check cannot decide it: what does nudging measure there, up and down by h?",
)

# --- 5: a row for every hour ----------------------------------------------------------

Three = tuple[Any, Any, Any]


def hourly(
    dW: Piece = lambda X, W, dZ: np.einsum("ntd,ntm->dm", X, dZ),
    db: Piece = lambda X, W, dZ: dZ.sum(axis=(0, 1)),
    dX: Piece = lambda X, W, dZ: dZ @ W.T,
) -> Callable[[Floats, Floats, Floats], Three]:
    """Return a backward pass, right, or with some of its formulas replaced."""
    return lambda X, W, dZ: (dW(X, W, dZ), db(X, W, dZ), dX(X, W, dZ))


def every_hour_by_itself(X: Floats, W: Floats, dZ: Floats) -> Three:
    dW, db, dX = np.zeros(W.shape), np.zeros(W.shape[1]), np.zeros(X.shape)
    for n in range(X.shape[0]):
        for t in range(X.shape[1]):
            dW += np.outer(X[n, t], dZ[n, t])
            db += dZ[n, t]
            dX[n, t] = W @ dZ[n, t]
    return dW, db, dX


def as_one_batch(X: Floats, W: Floats, dZ: Floats) -> Three:
    layer = Linear(W.shape[0], W.shape[1], np.random.default_rng(0)).astype(np.float64)
    layer.weight.data = W
    layer.forward(X.reshape(-1, X.shape[2]))
    below = layer.backward(dZ.reshape(-1, dZ.shape[2]))
    return layer.weight.grad, layer.bias.grad, np.reshape(below, X.shape)  # type: ignore[arg-type]


def some_days(rng: np.random.Generator, n: int, t: int, d: int, m: int) -> Case:
    return {"X": rng.normal(size=(n, t, d)), "W": rng.normal(size=(d, m)), "dZ": rng.normal(size=(n, t, m))}


every_hour = Function(
    name="layers.5",
    title="A row for every hour",
    minutes=20,
    level="hard",
    points=3,
    parts=("dW", "db", "dX"),
    reference=hourly(),
    cases=[
        {
            "X": np.array([[[1.0, 2.0, 0.0], [3.0, 0.0, -1.0]]]),
            "W": np.array([[1.0, -1.0], [0.0, 2.0], [2.0, 1.0]]),
            "dZ": np.array([[[1.0, -1.0], [2.0, 1.0]]]),
        },
        some_days(np.random.default_rng(0), 2, 3, 4, 2),
    ],
    generate=lambda rng: [
        some_days(rng, *sizes) for sizes in ((3, 4, 2, 5), (4, 2, 3, 3), (5, 1, 2, 4), (2, 6, 1, 1))
    ],
    mistakes=[
        Mistake(
            "another order",
            lambda X, W, dZ: (dZ @ W.T, np.einsum("ntd,ntm->dm", X, dZ), dZ.sum(axis=(0, 1))),
            "All three seem to be there, in another order. Return dW, db, dX.",
        ),
        Mistake(
            ".T of three axes",
            hourly(dW=lambda X, W, dZ: X.T @ dZ),
            "With three axes, X.T turns over *all* of them: (N, T, D) becomes (D, T, N). For this layer a day has no meaning: make one "
            "long table of all hours first, with reshape.",
        ),
        Mistake(
            "reshape for transpose",
            hourly(dW=lambda X, W, dZ: X.reshape(X.shape[2], -1) @ dZ.reshape(-1, dZ.shape[2])),
            "The shapes fit, the numbers are mixed up: reshape(D, -1) cuts the row of numbers into new pieces, it does not turn the table "
            "over. Reshape to (-1, D), then .T.",
        ),
        Mistake(
            "a dW for each day",
            hourly(dW=lambda X, W, dZ: X.swapaxes(1, 2) @ dZ),
            "Your dW has one table for each day. There is one W for all of them, so add up over the days too: dW has the shape of W.",
        ),
        Mistake(
            "summed before multiplied",
            hourly(dW=lambda X, W, dZ: X.sum(axis=0).T @ dZ.sum(axis=0)),
            "You add up the days first and multiply then. That mixes one day's measurements with another day's gradient: multiply within each "
            "hour, then add up.",
        ),
        Mistake(
            "one day only",
            hourly(dW=lambda X, W, dZ: X[0].T @ dZ[0]),
            "Your dW hears the first day only. It is a sum over all days.",
        ),
        Mistake(
            "mean over all hours",
            hourly(dW=lambda X, W, dZ: np.einsum("ntd,ntm->dm", X, dZ) / (X.shape[0] * X.shape[1])),
            "Your dW is divided by the number of hours. The layer sums; the mean is the business of the loss and already stands in dZ.",
        ),
        Mistake(
            "only the last two axes",
            hourly(dX=lambda X, W, dZ: dZ @ W),
            "For dX you multiply with W; it is the transpose that brings the outputs to where `@` sums: dZ @ W.T.",
        ),
        Mistake(
            "bias over the days only",
            hourly(db=lambda X, W, dZ: dZ.sum(axis=0)),
            "Your db is summed over the days only. One bias serves every hour of every day: sum over both axes, axis=(0, 1).",
        ),
        Mistake(
            "bias over the hours only",
            hourly(db=lambda X, W, dZ: dZ.sum(axis=1)),
            "Your db is summed over the hours only. One bias serves every hour of every day: sum over both axes, axis=(0, 1).",
        ),
        Mistake(
            "bias over the outputs",
            hourly(db=lambda X, W, dZ: dZ.sum(axis=2)),
            "Your db is summed over the outputs, the last axis. Each output has its own bias, and it serves all days and hours: axis=(0, 1).",
        ),
        Mistake(
            "bias over everything",
            hourly(db=lambda X, W, dZ: dZ.sum()),
            "Your db is a single number: you summed over the outputs too. Each of the M outputs has a bias of its own.",
        ),
        Mistake(
            "means",
            hourly(db=lambda X, W, dZ: dZ.mean(axis=(0, 1))),
            "Your db is a mean. The layer sums; the 1/N of the mean is the business of the loss and already stands in dZ.",
        ),
        Mistake(
            "mean over the days",
            hourly(dW=lambda X, W, dZ: np.einsum("ntd,ntm->dm", X, dZ) / len(X)),
            "Your dW is divided by the number of days. The layer sums; the mean is the business of the loss and already stands in dZ.",
        ),
        Mistake(
            "left flat",
            hourly(dX=lambda X, W, dZ: dZ.reshape(-1, dZ.shape[2]) @ W.T),
            "The numbers of dX are right, in one long table. The gradient by X has the shape of X: reshape it back.",
        ),
    ],
    hints=(
        "For the layer, an hour is a sample: it does not matter to which day it belongs. Could you make a table of N · T rows?",
        "In letters: which are left in W, and which must be summed over? Of n, t, d, m two are left, so two are summed.",
        "rows = X.reshape(-1, X.shape[2]) is (N·T, D). Do the same with dZ, and dW and db are those of the chapter.",
    ),
    right=[every_hour_by_itself, as_one_batch],
    after="The same W at every hour: a network that reads text or sound does just this. Where in the package do two complaints to one weight add up?",
)

# --- 6: find the bug, one box twice ---------------------------------------------------


class Row(Sequential):
    """Boxes in a row, taken as they come: `Sequential` refuses a box that stands in two places."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = list(layers)


def one_activation_for_all(sizes: Sequence[int], rng: np.random.Generator) -> Row:
    activation, layers = ReLU(), list[Layer]()
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, rng), activation]
    return Row(*layers[:-1])


def one_at_the_end_too(sizes: Sequence[int], rng: np.random.Generator) -> Row:
    return Row(*mlp(sizes, rng), ReLU())


def the_class_itself(sizes: Sequence[int], rng: np.random.Generator) -> Row:
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, rng), ReLU]
    return Row(*layers[:-1])


def emptied_in_the_loop(sizes: Sequence[int], rng: np.random.Generator) -> Row:
    *_, last = (Linear(a, b, rng) for a, b in pairwise(sizes))
    return Row(last)


def one_at_the_end_only(sizes: Sequence[int], rng: np.random.Generator) -> Row:
    return Row(*(Linear(a, b, rng) for a, b in pairwise(sizes)), ReLU())


def in_two_lists(sizes: Sequence[int], rng: np.random.Generator) -> Row:
    linear = [Linear(a, b, rng) for a, b in pairwise(sizes)]
    kinks = [ReLU() for _ in linear[1:]]
    net: list[Layer] = [linear[0]]
    for kink_layer, following in zip(kinks, linear[1:], strict=True):
        net += [kink_layer, following]
    return Row(*net)


def some_net(rng: np.random.Generator, sizes: list[int], n: int) -> Case:
    return {
        "sizes": sizes,
        "X": rng.normal(size=(n, sizes[0])),
        "grad": rng.normal(size=(n, sizes[-1])),
    }


shared_box = Function(
    name="layers.6",
    core=True,
    title="Find the bug: fine with one hidden layer",
    minutes=10,
    level="medium",
    points=2,
    probe=net_there_and_back,
    parts=("output", "gradients of the parameters", "dX"),
    reference=mlp,
    given=one_activation_for_all,
    cases=[
        some_net(np.random.default_rng(0), [2, 3, 2], 3),
        some_net(np.random.default_rng(1), [2, 3, 3, 2], 3),
    ],
    generate=lambda rng: [
        some_net(rng, sizes, n) for sizes, n in (([3, 5, 4, 2], 4), ([3, 6, 6, 6, 4], 5), ([4, 2], 3))
    ],
    mistakes=[
        Mistake(
            "one at the end too",
            one_at_the_end_too,
            "Now there is an activation after the last Linear too, and no score can be negative. Leave the last line as it was.",
        ),
        Mistake(
            "the class itself",
            the_class_itself,
            "A layer is missing its brackets: ReLU is the class, the drawing of the box; ReLU() builds one.",
        ),
        Mistake(
            "no activation",
            lambda sizes, rng: Row(*(Linear(a, b, rng) for a, b in pairwise(sizes))),
            "The gradients fit again, but the activations are gone, and without a bend all those layers are worth a single one.",
        ),
        Mistake(
            "one at the end only",
            one_at_the_end_only,
            "One ReLU is left, after the last Linear, where none belongs. There should be one after each of the others, each its own box.",
        ),
        Mistake(
            "emptied in the loop",
            emptied_in_the_loop,
            "The first layer of this network does not fit the input. Is `layers = []` inside the loop, so that only the last pair is left? "
            "Make the list once, before the loop.",
        ),
        Mistake(
            "another activation",
            lambda sizes, rng: mlp(sizes, rng, Tanh),
            "The layers are no longer ReLUs. The activation was right; ask what its box keeps between forward and backward.",
        ),
        Mistake(
            "a list",
            lambda sizes, rng: list(mlp(sizes, rng)),
            "build must return a Row, which has forward and backward; leave the last line as it was.",
        ),
    ],
    hints=(
        "How many ReLU boxes does the code build for three Linear layers? How many should there be?",
        "A box keeps what its backward needs. What is in it after it has been used twice on the way up?",
    ),
    right=[in_two_lists, lambda sizes, rng: Row(*list(mlp(sizes, rng, ReLU)))],
    after="With hidden layers of different width the bug crashes; with equal ones it says nothing. The package's Sequential "
    "refuses one box in two places at once. Which of the three would you rather have?",
)

# --- 7: starting weights for a leaky ReLU ---------------------------------------------


def scaled(factor: Callable[[int, float], float]) -> Callable[[Floats, float], Floats]:
    """Return weights made of noise with the standard deviation factor(fan_in, slope)."""
    return lambda noise, slope: noise * factor(noise.shape[0], slope)


def weights_in_loops(noise: Floats, slope: float) -> list[list[float]]:
    kept = 0.5 * 1**2 + 0.5 * slope**2  # share of the mean square: half of the scores keep 1, half keep slope
    return [[x / (kept * len(noise)) ** 0.5 for x in row] for row in noise.tolist()]


leaky_start = Function(
    name="layers.7",
    title="Starting weights for a leaky ReLU",
    minutes=15,
    level="medium",
    points=2,
    reference=scaled(lambda d, s: (2 / ((1 + s * s) * d)) ** 0.5),
    cases=[
        {"noise": np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]]), "slope": 0.1},
        {"noise": np.array([[1.0], [-1.0], [2.0]]), "slope": 0.5},
        {"noise": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "slope": 0.0},
    ],
    generate=lambda rng: [
        {"noise": rng.normal(size=shape), "slope": slope}
        for shape, slope in (((6, 4), 0.8), ((2, 9), -0.5), ((5, 5), 0.25))
    ],
    mistakes=[
        Mistake(
            "He",
            scaled(lambda d, s: (2 / d) ** 0.5),
            "That is He's rule: right for slope 0, where the negative half vanishes. With a slope it keeps a part of its mean square, so the "
            "weights must be a little smaller.",
        ),
        Mistake(
            "variance",
            scaled(lambda d, s: 2 / ((1 + s * s) * d)),
            "You multiply by the variance. Numbers of variance v are standard normal numbers times √v.",
        ),
        Mistake(
            "slope not squared",
            scaled(lambda d, s: (2 / ((1 + s) * d)) ** 0.5),
            "The slope counts by its square: a score multiplied by s has a square multiplied by s².",
        ),
        Mistake(
            "square outside",
            scaled(lambda d, s: (2 / ((1 + s) ** 2 * d)) ** 0.5),
            "You square 1 + slope as a whole. Each half has a square of its own: 1² for the positive scores, slope² for the negative ones.",
        ),
        Mistake(
            "fan_out",
            lambda noise, slope: noise * (2 / ((1 + slope * slope) * noise.shape[1])) ** 0.5,
            "You divide by the number of outputs, the second axis. A unit adds up its D *inputs*, the first axis of W.",
        ),
        Mistake(
            "all weights counted",
            lambda noise, slope: noise * (2 / ((1 + slope * slope) * noise.size)) ** 0.5,
            "You divide by the number of all weights. A unit adds up its D inputs only, the first axis of W.",
        ),
        Mistake(
            "Xavier",
            lambda noise, slope: noise * (2 / sum(noise.shape)) ** 0.5,
            "That is Xavier's rule, the compromise for an activation without a bend. Here count the inputs alone, and what the bend leaves.",
        ),
        Mistake(
            "the factor alone",
            lambda noise, slope: (2 / ((1 + slope * slope) * noise.shape[0])) ** 0.5,
            "That is the right standard deviation. Return the weights: the noise multiplied by it.",
        ),
        Mistake(
            "noise standardised",
            lambda noise, slope: noise / noise.std() * (2 / ((1 + slope * slope) * noise.shape[0])) ** 0.5,
            "You divide the noise by its own spread. It is drawn with variance 1 already; what one small sample happens to have is chance. "
            "Use it as it is.",
        ),
        Mistake(
            "noise bent",
            lambda noise, slope: np.where(noise > 0, noise, slope * noise) * (2 / noise.shape[0]) ** 0.5,
            "You send the weights through the leaky ReLU. It acts on the *scores*; for the weights it only decides how large they must be.",
        ),
        Mistake(
            "root of the denominator",
            scaled(lambda d, s: 2 / ((1 + s * s) * d) ** 0.5),
            "The root covers the denominator only. It belongs over the whole fraction, the 2 too.",
        ),
        Mistake(
            "minus",
            scaled(lambda d, s: (2 * (1 - s * s) / d) ** 0.5),
            "1 − slope² is close for small slopes, but not it: the mean squares of the two halves add up to (1 + slope²)/2, and one divides by that.",
        ),
        Mistake(
            "half forgotten",
            scaled(lambda d, s: (1 / ((1 + s * s) * d)) ** 0.5),
            "A factor of 2 is missing: each of the two slopes applies to one *half* of the scores.",
        ),
        Mistake(
            "larger, not smaller",
            scaled(lambda d, s: (2 * (1 + s * s) / d) ** 0.5),
            "The factor 1 + slope² stands on the wrong side: the more the activation lets through, the smaller the weights.",
        ),
        Mistake(
            "no bend",
            scaled(lambda d, s: (1 / d) ** 0.5),
            "Your weights are those for a layer without a bend, v = 1/D. What does the leaky ReLU leave of the mean square?",
        ),
    ],
    hints=(
        "z and −z are equally likely. One half of the scores stays as it is; what becomes of the squares of the other half?",
        "E[a²] = ½ (1 + slope²) E[z²], and E[z²] = D · v · E[x²]. For which v does a layer keep the mean square?",
        "v = 2 / ((1 + slope²) · D). And from a variance to numbers of that variance?",
    ),
    right=[weights_in_loops, lambda noise, slope: noise / np.sqrt(noise.shape[0] * (1 + slope**2) / 2)],
    after="Slope 0 is He's rule. Which rule of the chapter's derivation is slope 1? And what function is a leaky ReLU of slope −1?",
)

# --- 8: a gradient check with two calls -----------------------------------------------

OfArray = Callable[[Floats], float]


def squares(x: Floats) -> float:
    """the sum of the squares of x"""
    return float((x * x).sum())


def wavy(x: Floats) -> float:
    """the sum of sin(x), plus the cube of the first entry"""
    return float(np.sin(x).sum() + x.flat[0] ** 3)


def random_function(rng: np.random.Generator, shape: tuple[int, ...]) -> OfArray:
    linear, bend = rng.normal(size=shape), rng.normal(size=shape)

    def function(x: Floats) -> float:
        """one with random slopes"""
        return float((linear * x).sum() + np.sin((bend * x).sum()))

    return function


def along(f: OfArray, x: Floats, gradient: Floats, v: Floats, h: float) -> tuple[float, float]:
    return (f(x + h * v) - f(x - h * v)) / (2 * h), float((gradient * v).sum())


def measuring(wrong: Callable[[OfArray, Floats, Floats, float], float]) -> Callable[..., tuple[float, float]]:
    return lambda f, x, gradient, v, h: (wrong(f, x, v, h), float((gradient * v).sum()))


def claiming(wrong: Callable[[Floats, Floats], Any]) -> Callable[..., tuple[float, Any]]:
    return lambda f, x, gradient, v, h: (along(f, x, gradient, v, h)[0], wrong(gradient, v))


def one_array(f: OfArray, x: Floats, v: Floats, h: float) -> float:
    up = x
    up += h * v
    down = x
    down -= h * v
    return (f(up) - f(down)) / (2 * h)


def along_in_loops(f: OfArray, x: Floats, gradient: Floats, v: Floats, h: float) -> list[float]:
    up, down, claimed = x.copy(), x.copy(), 0.0
    for i in np.ndindex(x.shape):
        up[i] += h * v[i]
        down[i] -= h * v[i]
        claimed += float(gradient[i] * v[i])
    return [(f(up) - f(down)) / (2 * h), claimed]


def some_direction(rng: np.random.Generator, shape: tuple[int, ...], h: float) -> Case:
    x, gradient, v = rng.normal(size=(3, *shape))
    return {"f": random_function(rng, shape), "x": x, "gradient": gradient, "v": v, "h": h}


two_calls = Function(
    name="layers.8",
    core=True,
    title="A gradient check with two calls",
    minutes=15,
    level="medium",
    points=3,
    parts=("measured", "claimed"),
    reference=along,
    tolerance=1e-6,
    cases=[
        {
            "f": squares,
            "x": np.array([1.0, -2.0]),
            "gradient": np.array([2.0, -4.0]),
            "v": np.array([1.0, 1.0]),
            "h": 0.01,
        },
        {
            "f": wavy,
            "x": np.array([[0.5, 1.0, -1.0], [2.0, 0.0, 3.0]]),
            "gradient": np.cos([[0.5, 1.0, -1.0], [2.0, 0.0, 3.0]]),  # the cube's slope is missing
            "v": np.array([[1.0, -1.0, 2.0], [0.5, 0.0, -1.0]]),
            "h": 0.01,
        },
    ],
    generate=lambda rng: [
        some_direction(rng, shape, h) for shape, h in (((4,), 0.01), ((3, 3), 0.001), ((2, 3, 2), 0.1))
    ],
    mistakes=[
        Mistake(
            "the other order",
            lambda f, x, gradient, v, h: along(f, x, gradient, v, h)[::-1],
            "Both numbers are right, in the other order: return measured, claimed.",
        ),
        Mistake(
            "unit length",
            lambda f, x, gradient, v, h: tuple(s / np.linalg.norm(v) for s in along(f, x, gradient, v, h)),
            "You divide by the length of v. v is the speed as well as the direction here: use it as it is, in both.",
        ),
        Mistake(
            "one array, two names",
            measuring(one_array),
            "Measured is always 0: f is called twice at the same place. `up = x` makes no copy, and what you do to `down` happens to `up` too. "
            "x + h * v is a new array.",
        ),
        Mistake(
            "times h",
            measuring(lambda f, x, v, h: (f(x + h * v) - f(x - h * v)) / 2 * h),
            "`/ 2 * h` divides by 2 and then *multiplies* by h. Put the 2 * h into brackets.",
        ),
        Mistake(
            "half divided",
            measuring(lambda f, x, v, h: f(x + h * v) - f(x - h * v) / (2 * h)),
            "Only the second f is divided. Put the difference into brackets.",
        ),
        Mistake(
            "one side only",
            measuring(lambda f, x, v, h: (f(x + h * v) - f(x)) / h),
            "You nudge to one side only. Nudge along v *and* against it, and divide by 2h: the error is then far smaller.",
        ),
        Mistake(
            "divided by h",
            measuring(lambda f, x, v, h: (f(x + h * v) - f(x - h * v)) / h),
            "Measured is twice too large: from x − h·v to x + h·v the way is 2h.",
        ),
        Mistake(
            "not divided",
            measuring(lambda f, x, v, h: f(x + h * v) - f(x - h * v)),
            "Measured is how much f changed. A slope is the change for each unit of the way: divide by 2h.",
        ),
        Mistake(
            "direction forgotten",
            measuring(lambda f, x, v, h: (f(x + h) - f(x - h)) / (2 * h)),
            "You push all entries up by the same h. Entry i moves by h · v[i].",
        ),
        Mistake(
            "the whole way",
            measuring(lambda f, x, v, h: (f(x + v) - f(x - v)) / 2),
            "You go the whole way v, not a small piece of it. The step is h · v.",
        ),
        Mistake(
            "sign",
            measuring(lambda f, x, v, h: (f(x - h * v) - f(x + h * v)) / (2 * h)),
            "Measured has the wrong sign: f after the step along v comes first, minus f after the step against it.",
        ),
        Mistake(
            "the gradient alone",
            claiming(lambda gradient, v: gradient.sum()),
            "For claimed you add up the slopes as they are. Along v, entry i counts with the factor v[i].",
        ),
        Mistake(
            "mean",
            claiming(lambda gradient, v: (gradient * v).mean()),
            "Claimed is a mean. All entries move at once and their effects add up: take the sum.",
        ),
        Mistake(
            "a number for each entry",
            claiming(lambda gradient, v: gradient * v),
            "Those are the entries' single contributions. All move at once, so claimed is their sum, one number.",
        ),
        Mistake(
            "the gradient itself",
            claiming(lambda gradient, v: gradient),
            "Claimed is the gradient itself. What slope does it claim for the way along v? One number, made of both.",
        ),
        Mistake(
            "matrix product",
            claiming(lambda gradient, v: gradient @ v),
            "`@` is right for two rows of numbers; of tables it makes a matrix product. Multiply entry by entry with `*`, then sum.",
        ),
    ],
    hints=(
        "Measured needs f at two places only: x + h * v and x - h * v.",
        "The chain rule: when every entry i moves by v[i], the change of f adds up slope by slope, gradient[i] · v[i].",
        "return (f(x + h * v) - f(x - h * v)) / (2 * h), (gradient * v).sum()",
    ),
    right=[along_in_loops, lambda f, x, gradient, v, h: (-along(f, x, x, -v, h)[0], np.vdot(gradient, v))],
    after="The second case has a wrong gradient; two calls found it. Which v would have missed it? Why is a random v safe?",
)

# --- 9: find the bug, the check that always passes ------------------------------------


def gap_check(
    start: Callable[[Floats], Any] = np.zeros_like,
    end: Callable[[Floats, Floats], Any] = lambda measured, gradient: np.abs(measured - gradient).max(),
    afresh: bool = False,
) -> Callable[[OfArray, Floats, Floats], Any]:
    """Return a gradient check, right, or starting and ending with something else."""

    def largest_gap(f: OfArray, x: Floats, gradient: Floats) -> Any:
        h, measured = 1e-5, start(gradient)
        for i in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[i] += h
            down[i] -= h
            measured = start(gradient) if afresh else measured
            measured[i] = (f(up) - f(down)) / (2 * h)
        return end(measured, gradient)

    return largest_gap


def only_the_last_slope(f: OfArray, x: Floats, gradient: Floats) -> float:
    up, down = x.copy(), x.copy()
    up.flat[-1] += 1e-5
    down.flat[-1] -= 1e-5
    return float(np.abs((f(up) - f(down)) / 2e-5 - gradient).max())


def gap_entry_by_entry(f: OfArray, x: Floats, gradient: Floats) -> float:
    largest = 0.0
    for i in np.ndindex(x.shape):
        nudge = np.zeros(x.shape)
        nudge[i] = 1e-5
        largest = max(largest, abs(float(gradient[i]) - (f(x + nudge) - f(x - nudge)) / 2e-5))
    return largest


def some_claim(rng: np.random.Generator, shape: tuple[int, ...]) -> Case:
    """A gradient of squares that is right but for one entry, where it is too large; x is largest there, too."""
    x = rng.uniform(-1, 1, shape)
    i = rng.integers(x.size - 1)  # never the last, which a check may treat better than the others
    x.flat[i] += 3
    gradient = 2 * x
    gradient.flat[i] += rng.uniform(0.5, 2)
    return {"f": squares, "x": x, "gradient": gradient}


always_passes = Function(
    name="layers.9",
    title="Find the bug: the check that always passes",
    minutes=15,
    level="medium",
    points=2,
    reference=gap_check(),
    given=gap_check(lambda gradient: gradient),
    tolerance=1e-6,
    cases=[
        {
            "f": squares,
            "x": np.array([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]]),
            "gradient": np.array([[2.0, -4.0, 1.0], [6.0, 0.75, -2.0]]),
        },
        {"f": squares, "x": np.array([[1.0, 2.0]]), "gradient": np.array([[2.0, 3.0]])},
        {"f": squares, "x": np.array([[1.0], [2.0]]), "gradient": np.array([[2.0], [4.0]])},
    ],
    generate=lambda rng: [some_claim(rng, shape) for shape in ((3, 2), (2, 2, 2), (1, 4))],
    mistakes=[
        Mistake(
            "a place for each row only",
            gap_check(lambda gradient: np.zeros(len(gradient))),
            "`measured` has a place for each row, but x has more axes than one. It needs the shape of the gradient: np.zeros_like(gradient).",
        ),
        Mistake(
            "a list",
            gap_check(lambda gradient: []),
            "A list cannot be indexed with (row, column). Make an array of the gradient's shape: np.zeros_like(gradient).",
        ),
        Mistake(
            "afresh for every entry",
            gap_check(afresh=True),
            "`measured` is made anew for every entry, so only the last one survives. Make it once, before the loop.",
        ),
        Mistake(
            "a single number",
            only_the_last_slope,
            "`measured` is a single number that every round overwrites, and the last one is compared with all entries. Keep one for each: "
            "measured[i].",
        ),
        Mistake(
            "without abs",
            gap_check(end=lambda measured, gradient: (measured - gradient).max()),
            "Without np.abs a gradient that is too large counts as a negative gap, and the largest gap overlooks it.",
        ),
        Mistake(
            "mean",
            gap_check(end=lambda measured, gradient: np.abs(measured - gradient).mean()),
            "A mean hides a single wrong entry among many right ones. The last line was right: the largest gap.",
        ),
        Mistake(
            "nothing to compare with",
            gap_check(end=lambda measured, gradient: np.abs(measured).max()),
            "You return the largest slope that was measured. The gap is between measured and gradient; the last line was right.",
        ),
        Mistake(
            "an array of whole numbers",
            gap_check(lambda gradient: np.zeros(gradient.shape, dtype=int)),
            "Your `measured` holds whole numbers only and cuts the rest off. Let it be one of floats.",
        ),
    ],
    hints=(
        "Nudging is never exact, yet the gap is exactly 0. When is the difference of two arrays exactly 0, whatever is in them?",
        "Print `measured is gradient`. How many arrays are there? What does a line such as `measured[i] = …` write into?",
        "`measured = gradient` gives the same array a second name; so does gradient[:], a view. Make a new one of the same shape.",
    ),
    right=[gap_entry_by_entry, gap_check(lambda gradient: gradient.copy())],
    after="Before you trust a check, let it fail once. Which two wrong gradients would you plant to test this one?",
)

# --- 10: predict, one class withdraws -------------------------------------------------

withdraws = Values(
    name="layers.10",
    title="One class fewer",
    minutes=5,
    level="easy",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(0.7311,),
    cases=[{}],
    tolerance=0.001,
    mistakes=[
        Mistake(
            "no change",
            (0.665,),
            "Then the two that are left would add up to 0.910. The share of the third must go somewhere.",
        ),
        Mistake(
            "shared evenly",
            (0.71,),
            "You gave each of the two half of what is free. Both e^z are as before, so it is their *ratio* that must stay.",
        ),
        Mistake(
            "all to the first",
            (0.755,),
            "You gave everything that is free to the first. The second grows too.",
        ),
        Mistake(
            "by the scores",
            (2 / 3,),
            "You divided the scores themselves, 2 out of 3. The softmax divides e to the power of the scores.",
        ),
        Mistake("two decimals", (0.73,), "That is right so far; three decimals are asked for."),
        Mistake("half", (0.5,), "Their scores differ by 1 still, so their probabilities cannot be alike."),
        Mistake(
            "the other one",
            (0.2689,),
            "That is the probability of the second class. Asked is the first, with the larger score.",
        ),
    ],
    hints=(
        "Each p is e^z over the sum. Which of the two, numerator or denominator, changes for the first class?",
        "The ratio of the first two stays, 0.665 to 0.245, and now they must add up to 1.",
    ),
    right=[(0.731,), (0.665 / (0.665 + 0.245),)],
    after="0.731 is σ(1), and 1 is the difference of the two scores. Why must it be?",
    vary=lambda rng: other_scores(rng),
)


def other_scores(rng: np.random.Generator) -> Varied:
    scores = [
        (3, 1, 0),
        (2.5, 2, 0),
        (3, 1.5, 1),
        (1.8, 1, 0),
        (2.2, 1, 0),
        (3, 0.5, 0),
        (2.3, 2, 1),
        (1.6, 0.9, 0),
    ]
    a, b, c = (float(z) for z in scores[rng.integers(len(scores))])
    p, q, r = softmax(np.array([a, b, c])).round(3)
    answer = 1 / (1 + np.exp(b - a))
    texts = {
        "The scores 2, 1 and 0 have the probabilities 0.665, 0.245 and 0.090, as in the chapter.": f"The scores {a:g}, "
        f"{b:g} and {c:g} have the probabilities {p:.3f}, {q:.3f} and {r:.3f}.",
        "stay 2 and 1.": f"stay {a:g} and {b:g}.",
        "a number that you have met at the very first neuron": "that both of them gain",
        "([2.0, 1.0, 0.0], [2.0, 1.0])": f"([{a}, {b}, {c}], [{a}, {b}])",
    }
    wrong = {
        "shared evenly": (p + r / 2,),
        "all to the first": (p + r,),
        "the other one": (1 - answer,),
    }
    right = [(round(answer, 3),), (p / (p + q),)]
    mistakes = as_made_with(withdraws, wrong)
    return texts, replace(withdraws, reference=(answer,), mistakes=mistakes, right=right, after="")


# --- 11: cross-entropy when the truth is not sure -------------------------------------


def soft_loss(logits: Floats, targets: Floats) -> float:
    return -float((targets * log_softmax(logits)).sum(axis=1).mean())


def soft_gradient(logits: Floats, targets: Floats) -> Floats:
    return (softmax(logits) - targets) / len(logits)


def losing(wrong: Callable[[Floats, Floats], Any]) -> Callable[..., tuple[Any, Floats]]:
    return lambda logits, targets: (wrong(logits, targets), soft_gradient(logits, targets))


def sloping(wrong: Callable[[Floats, Floats], Any]) -> Callable[..., tuple[float, Any]]:
    return lambda logits, targets: (soft_loss(logits, targets), wrong(logits, targets))


def unfused(shift: Callable[[Floats], Any], axis: int = 1) -> Callable[..., tuple[Any, Any]]:
    """Softmax first, then the logarithm; and the shift may be wrong."""

    def loss_and_gradient(logits: Floats, targets: Floats) -> tuple[Any, Any]:
        e = np.exp(logits - shift(logits))
        p = e / e.sum(axis=axis, keepdims=True)
        return -(targets * np.log(p)).sum(axis=1).mean(), (p - targets) / len(logits)

    return loss_and_gradient


def as_if_sure(targets: Floats) -> Floats:
    sure: Floats = np.eye(targets.shape[1])[targets.argmax(axis=1)]
    return sure


def with_log_p(log_p: Callable[[Floats], Any]) -> Callable[..., tuple[Any, Any]]:
    """Everything is right but the formula for log p."""

    def loss_and_gradient(logits: Floats, targets: Floats) -> tuple[Any, Any]:
        logs = log_p(logits)
        return -(targets * logs).sum(axis=1).mean(), (np.exp(logs) - targets) / len(logits)

    return loss_and_gradient


def guarded(tiny: float) -> Callable[[Floats, Floats], Any]:
    return lambda z, y: -(y * np.log(softmax(z) + tiny)).sum(axis=1).mean()


def top(z: Floats) -> Floats:
    highest: Floats = z.max(axis=1, keepdims=True)
    return highest


def log_sum(shifted: Floats) -> Floats:
    total: Floats = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return total


def no_keepdims(z: Floats) -> Floats:
    shifted: Floats = z - z.max(axis=1)
    log_p: Floats = shifted - np.log(np.exp(shifted).sum(axis=1))
    return log_p


def soft_in_loops(logits: Floats, targets: Floats) -> tuple[float, list[list[float]]]:
    loss, gradient = 0.0, []
    for z, y in zip(logits, targets, strict=True):
        log_p = [s - max(z) - np.log(sum(np.exp(other - max(z)) for other in z)) for s in z]
        loss += sum(-t * lp for t, lp in zip(y, log_p, strict=True)) / len(logits)
        gradient.append([(np.exp(lp) - t) / len(logits) for t, lp in zip(y, log_p, strict=True)])
    return loss, gradient


def soft_by_logaddexp(logits: Floats, targets: Floats) -> tuple[float, Floats]:
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -float((targets * log_p).sum()) / len(logits), (np.exp(log_p) - targets) / len(logits)


def some_votes(rng: np.random.Generator, n: int, c: int) -> Case:
    return {"logits": 2 * rng.normal(size=(n, c)), "targets": rng.dirichlet(np.ones(c), n)}


def far_apart(rng: np.random.Generator) -> Case:
    """Rows far from each other, and classes far from each other in a row, with a target of 0 there and without."""
    logits = rng.normal(size=(5, 3)) + np.array([[0], [2000], [-2000], [2000], [2000]])
    logits[3:, 0] -= 1500
    targets = rng.dirichlet(np.ones(3), 5)
    targets[3] = [0, 0.25, 0.75]
    return {"logits": logits, "targets": targets}


unsure_truth = Function(
    name="layers.11",
    title="When the truth is not sure",
    minutes=20,
    level="hard",
    points=3,
    parts=("loss", "gradient"),
    reference=lambda logits, targets: (soft_loss(logits, targets), soft_gradient(logits, targets)),
    cases=[
        {"logits": np.array([[2.0, 1.0, 0.0]]), "targets": np.array([[0.0, 1.0, 0.0]])},
        {
            "logits": np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]]),
            "targets": np.array([[0.8, 0.2, 0.0], [0.0, 0.5, 0.5]]),
        },
        {
            "logits": np.array([[0.0, 1000.0], [-999.0, -1000.0], [1000.0, 0.0]]),
            "targets": np.array([[1.0, 0.0], [0.3, 0.7], [1.0, 0.0]]),
        },
    ],
    generate=lambda rng: [*(some_votes(rng, n, c) for n, c in ((4, 3), (3, 3), (1, 5))), far_apart(rng)],
    mistakes=[
        Mistake(
            "no shift",
            unfused(lambda z: 0),
            "It overflows: e to the power of 1000 is inf, and inf/inf is nan. Subtract the largest score of each row first; and take the "
            "logarithm of p from the formula, not of a finished p.",
        ),
        Mistake(
            "one shift for all rows, unfused",
            unfused(lambda z: z.max()),
            "You subtract the largest score of the whole table. In a row far below it every e^z becomes 0, and 0/0 is nan. Each row needs its "
            "own: max(axis=1, keepdims=True).",
        ),
        Mistake(
            "the wrong axis",
            unfused(lambda z: z.max(axis=0, keepdims=True), axis=0),
            "Your softmax runs down the columns, so samples compete with each other. The classes of one sample share the 1: axis=1, "
            "with keepdims=True.",
        ),
        Mistake(
            "log of a finished p",
            unfused(lambda z: z.max(axis=1, keepdims=True)),
            "The shift is right, yet with scores 1000 apart a p is rounded to 0, and the logarithm of 0 is −inf. Compute log p itself: "
            "shifted − log(sum of exp(shifted)).",
        ),
        Mistake(
            "as if sure",
            losing(lambda z, y: soft_loss(z, as_if_sure(y))),
            "You use only the class with the largest share. A target of 0.8 and 0.2 wants both: −0.8 log p₀ − 0.2 log p₁.",
        ),
        Mistake(
            "as if sure, in the gradient",
            sloping(lambda z, y: soft_gradient(z, as_if_sure(y))),
            "Your gradient subtracts 1 at the class with the largest share. Subtract the whole row of targets: p − y.",
        ),
        *(
            Mistake(
                f"log(p + {tiny})",
                losing(guarded(tiny)),
                "A tiny number that keeps the logarithm away from 0 hides the trouble and changes the loss: where it should be 1000, "
                "yours stops at some tens. Compute log p itself: shifted − log(sum of exp(shifted)).",
            )
            for tiny in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)
        ),
        Mistake(
            "no keepdims",
            with_log_p(no_keepdims),
            "max(axis=1) and sum(axis=1) give one number a row, shape (N,), and that does not fit beside a table (N, C). With keepdims=True it is "
            "a column (N, 1).",
        ),
        Mistake(
            "one sum for all rows",
            with_log_p(lambda z: z - top(z) - np.log(np.exp(z - top(z)).sum())),
            "Your sum of exp(shifted) runs over the whole table, so samples share their probabilities. Each row has its own: axis=1, "
            "keepdims=True.",
        ),
        Mistake(
            "shifted on one side",
            with_log_p(lambda z: z - log_sum(z - top(z))),
            "You take the log of the *shifted* sum from scores that are not shifted. Both or neither: shifted − log(sum of exp(shifted)).",
        ),
        Mistake(
            "the sum alone",
            with_log_p(lambda z: log_sum(z - top(z)) + 0 * z),
            "Your log p is only the logarithm of the sum. The class's own score is missing: shifted − log(sum of exp(shifted)).",
        ),
        Mistake(
            "sum over the samples",
            losing(lambda z, y: len(z) * soft_loss(z, y)),
            "Your loss is summed over the samples; take their mean.",
        ),
        Mistake(
            "mean over the classes too",
            losing(lambda z, y: soft_loss(z, y) / z.shape[1]),
            "Your mean runs over the classes too. Sum over the classes of a sample (axis=1), then the mean over the samples.",
        ),
        Mistake(
            "no minus",
            losing(lambda z, y: -soft_loss(z, y)),
            "The minus is missing: logs of probabilities are negative.",
        ),
        Mistake(
            "a loss for each sample",
            losing(lambda z, y: -(y * log_softmax(z)).sum(axis=1)),
            "You return a loss for each sample. Wanted is one number, their mean.",
        ),
        Mistake(
            "N forgotten",
            sloping(lambda z, y: softmax(z) - y),
            "The loss is a mean over N samples, so each sample's gradient p − y is divided by N.",
        ),
        Mistake(
            "divided by the classes too",
            sloping(lambda z, y: soft_gradient(z, y) / z.shape[1]),
            "Your gradient is divided by N · C. The mean runs over the samples only: divide by N.",
        ),
        Mistake(
            "y - p",
            sloping(lambda z, y: -soft_gradient(z, y)),
            "The gradient has the wrong sign. It is what was said minus what is true: p − y.",
        ),
        Mistake(
            "p alone",
            sloping(lambda z, y: softmax(z) / len(z)),
            "Your gradient is p alone: the slope of log Σ e^z. The first term, −Σ y z, has a slope too.",
        ),
        Mistake(
            "one shift for all rows",
            with_log_p(lambda z: z - z.max() - log_sum(z - z.max())),
            "You subtract the largest score of the whole table. In a row far below it every e^z becomes 0, and so does their sum. Each row "
            "needs its own: max(axis=1, keepdims=True).",
        ),
    ],
    hints=(
        "log p = shifted − log(sum of exp(shifted)), row by row, where shifted is the row minus its largest score.",
        "A sample's loss is −Σ y log p, over its classes. With y = (0, 1, 0) it is the chapter's −log p of the right class.",
        "The slope of −Σ y z is −y. The slope of log Σ e^z is p, and it counts Σ y times, which is once. And the mean over samples?",
    ),
    right=[soft_in_loops, soft_by_logaddexp],
    after="Sure targets want infinitely large scores; 0.8 and 0.2 want a difference of log 4 and no more. How low can this loss get?",
)

# --- 12: in words ---------------------------------------------------------------------

no_gain = Written(
    name="layers.12",
    core=True,
    title="Nobody gains unless others lose",
    minutes=15,
    level="hard",
    points=3,
    hints=(
        "Add up one row of p − y. What is the sum of a softmax, and what that of y?",
        "db is the sum of the rows of dZ. So in which order can you add up its entries?",
        "Adding the same number to all scores of a sample changes nothing. Which biases do that?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    batch_twice,
    silent,
    own_layer,
    kink,
    every_hour,
    shared_box,
    leaky_start,
    two_calls,
    always_passes,
    withdraws,
    unsure_truth,
    no_gain,
)
