"""The exercises on autograd with arrays: what is right, what goes wrong, what to say.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/tensor.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mininet.arrays import Array, Floats
from mininet.tensor import Tensor, record, unbroadcast
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
from mininet_course.probes.tensor import Operation, looked_at

Pair = tuple[Floats, Floats]

# --- 1: predict, how many replies -----------------------------------------------------

replies = Values(
    name="tensor.1",
    core=True,
    title="How many replies?",
    minutes=5,
    level="easy",
    points=1,
    expects={"entries": (), "replies": ()},
    probe=lambda entries, replies: (entries, replies),
    parts=("entries", "replies"),
    reference=(24, 12),
    tolerance=0,
    cases=[{}],
    mistakes=[
        Mistake(
            "as many as a has",
            (12, 12),
            "`entries`: 12 is what `a` holds. The axis of size 1 in the middle of it is stretched to meet the 2 of `b`.",
        ),
        Mistake(
            "as the shapes side by side",
            (4 * 1 * 3 * 2 * 1 * 2, 12),
            "`entries`: axes that meet do not multiply. Write the shapes under one another from the right; of each pair, the larger size wins.",
        ),
        Mistake(
            "all numbers counted",
            (14, 12),
            "`entries`: 14 is how many numbers both hold together. Of each pair of axes, from the right, the larger size wins; then multiply.",
        ),
        Mistake(
            "the front axis alone",
            (24, 4),
            "`replies`: 4 is for the axis that was put in front of `b`. Its own last axis, of size 1, was stretched as well.",
        ),
        Mistake(
            "the stretched axis alone",
            (24, 3),
            "`replies`: 3 is for the last axis of `b`, which was stretched. Another axis was put in front of it, too.",
        ),
        Mistake(
            "no copies",
            (24, 1),
            "`replies`: 1 would be the number without any copies. The two numbers of `b` are used for all 24 entries.",
        ),
        Mistake(
            "added",
            (24, 7),
            "`replies`: along both axes there are copies, 4 times 3 of them, and not 4 plus 3.",
        ),
        Mistake(
            "everybody's",
            (24, 24),
            "`replies`: the 24 entries of g belong to two entries of `b`. How many to each?",
        ),
        Mistake(
            "the middle axis",
            (24, 2),
            "`replies`: 2 is the size of the axis along which `b` was *not* copied.",
        ),
        Mistake(
            "of a",
            (24, 6),
            "`replies`: which axis of the result is an axis of `b` itself, neither new nor stretched? All others are summed over.",
        ),
    ],
    hints=(
        "Write the shapes under one another, from the right: (4, 1, 3) and (2, 1). Where one is missing or 1, the other decides.",
        "c has the shape (4, 2, 3). b holds two numbers; how often does each of them occur in c?",
    ),
    right=[(24.0, 12.0), (4 * 2 * 3, 4 * 3)],
    after="And for one entry of `a`? Copies times entries is the same number for both.",
    vary=lambda rng: other_shapes(rng),
)


def other_shapes(rng: np.random.Generator) -> Varied:
    shapes = [(5, 2, 3), (2, 4, 5), (3, 5, 4), (6, 3, 2), (2, 7, 3), (5, 5, 2), (3, 3, 6), (2, 3, 4)]
    front, last, own = shapes[rng.integers(len(shapes))]
    texts = {
        "(4, 1, 3), `b` has (2, 1)": f"({front}, 1, {last}), `b` has ({own}, 1)",
        "np.ones((4, 1, 3))": f"np.ones(({front}, 1, {last}))",
        "np.ones((2, 1))": f"np.ones(({own}, 1))",
    }
    answer = front * own * last, front * last
    right = [(float(answer[0]), float(answer[1])), (np.int64(answer[0]), answer[1])]
    return texts, replace(replies, reference=answer, mistakes=[], right=right)


# --- 2: a quotient with broadcasting --------------------------------------------------


def quotient_vjp(g: Floats, a: Floats, b: Floats) -> Pair:
    return unbroadcast(g / b, a.shape), unbroadcast(-g * a / b**2, b.shape)


def each_entry(g: Floats, a: Floats, b: Floats) -> Pair:
    """The right gradients, entry by entry of the result."""
    at_a = np.broadcast_to(np.arange(a.size).reshape(a.shape), g.shape)
    at_b = np.broadcast_to(np.arange(b.size).reshape(b.shape), g.shape)
    da, db = np.zeros(a.size), np.zeros(b.size)
    for place in np.ndindex(g.shape):
        i, j = at_a[place], at_b[place]
        da[i] += g[place] / b.flat[j]
        db[j] -= g[place] * a.flat[i] / b.flat[j] ** 2
    return da.reshape(a.shape), db.reshape(b.shape)


def some_quotient(rng: np.random.Generator, a: tuple[int, ...], b: tuple[int, ...]) -> Case:
    return {
        "g": rng.normal(size=np.broadcast_shapes(a, b)).round(3),
        "a": rng.normal(size=a).round(3),
        "b": rng.uniform(0.5, 2, b).round(3) * rng.choice([-1, 1], b),
    }


def sum_first(g: Floats, a: Floats, b: Floats) -> Pair:
    return quotient_vjp(g, a, b)[0], unbroadcast(-unbroadcast(g, b.shape) * a / b**2, b.shape)


def db_as(of_b: Callable[[Floats, Floats, Floats], Floats]) -> Callable[[Floats, Floats, Floats], Pair]:
    """Return a vjp that is right for a and says this for b, summed."""
    return lambda g, a, b: (quotient_vjp(g, a, b)[0], unbroadcast(np.asarray(of_b(g, a, b)), b.shape))


def da_as(of_a: Callable[[Floats, Floats, Floats], Floats]) -> Callable[[Floats, Floats, Floats], Pair]:
    return lambda g, a, b: (unbroadcast(np.asarray(of_a(g, a, b)), a.shape), quotient_vjp(g, a, b)[1])


def wrong_in_db() -> list[Mistake]:
    """Wrong slopes by b, each summed over the copies and not."""
    slopes: dict[str, tuple[Callable[[Floats, Floats, Floats], Floats], str]] = {
        "the sign": (
            lambda g, a, b: g * a / b**2,
            "In `db` the minus is missing: a larger b makes the quotient smaller.",
        ),
        "not squared": (
            lambda g, a, b: -g * a / b,
            "In `db` b must be squared: the slope of a/b by b is −a/b².",
        ),
        "a left out of db": (
            lambda g, a, b: -g / b**2,
            "In `db` a is missing: −1/b² is the slope of 1/b, and a stands before it.",
        ),
        "the brackets": (
            lambda g, a, b: -(((g * a) / b) ** 2),
            "In `db` everything is squared, g and a too. Only b is: −g a / b².",
        ),
    }
    found = []
    for name, (slope, hint) in slopes.items():
        found.append(Mistake(name, db_as(slope), hint))
        unsummed = f"{hint} And sum over its copies: unbroadcast(…, b.shape)."
        found.append(
            Mistake(
                f"{name}, not summed",
                lambda g, a, b, slope=slope: (quotient_vjp(g, a, b)[0], slope(g, a, b)),
                unsummed,
            )
        )
    return found


quotient = Function(
    name="tensor.2",
    core=True,
    title="Divided, and copied",
    minutes=15,
    level="easy",
    points=3,
    reference=quotient_vjp,
    parts=("da", "db"),
    cases=[
        {"g": np.array([1.0]), "a": np.array([6.0]), "b": np.array([2.0])},
        {
            "g": np.array([[1.0, -1.0], [2.0, 3.0]]),
            "a": np.array([[6.0, 1.0], [2.0, 4.0]]),
            "b": np.array([2.0, -4.0]),
        },
        {"g": np.array([[1.0, -1.0], [2.0, 3.0]]), "a": np.array([[3.0], [5.0]]), "b": np.array([2.0, -4.0])},
    ],
    generate=lambda rng: [
        some_quotient(rng, *shapes)
        for shapes in (((3, 4), (4,)), ((4, 1, 3), (2, 1)), ((2, 3), ()), ((3,), (2, 3)), ((3, 1), (1, 4)))
    ],
    mistakes=[
        Mistake(
            "nothing summed",
            lambda g, a, b: (g / b, -g * a / b**2),
            "The slopes are right. But what was copied on the way forward has to be summed on the way back: unbroadcast(…, a.shape), and the same for b.",
        ),
        Mistake(
            "b not summed",
            lambda g, a, b: (quotient_vjp(g, a, b)[0], -g * a / b**2),
            "`db` has the shape of the result; b may have been copied, so sum over the copies, unbroadcast(…, b.shape).",
        ),
        Mistake(
            "a not summed",
            lambda g, a, b: (g / b, quotient_vjp(g, a, b)[1]),
            "`da` has the shape of the result, also where a was copied; sum over the copies: unbroadcast(…, a.shape).",
        ),
        *wrong_in_db(),
        Mistake(
            "da always summed over the front axis",
            lambda g, a, b: ((g / b).sum(axis=0), quotient_vjp(g, a, b)[1]),
            "In `da` you sum over axis 0, whether a was copied along it or not. Sum over the copies and nothing else: unbroadcast(…, a.shape).",
        ),
        Mistake(
            "db always summed over the front axis",
            lambda g, a, b: (quotient_vjp(g, a, b)[0], (-g * a / b**2).sum(axis=0)),
            "In `db` you sum over axis 0, whether b was copied along it or not. Sum over the copies and nothing else: unbroadcast(…, b.shape).",
        ),
        Mistake(
            "summed first",
            sum_first,
            "In `db` you sum g first and multiply afterwards. Each copy of b met a different a and a different g: multiply first, then sum.",
        ),
        Mistake(
            "the product's slope in db",
            db_as(lambda g, a, b: g * a),
            "In `db` you have the slope of a product. For a/b it is −a/b².",
        ),
        Mistake(
            "the product's slope in da",
            da_as(lambda g, a, b: g * b),
            "In `da` you multiply by b. That is for a product; the slope of a/b by a is 1/b.",
        ),
        Mistake("g alone in da", da_as(lambda g, a, b: g), "In `da` the slope is missing: 1/b."),
        Mistake(
            "the slopes without g",
            lambda g, a, b: (unbroadcast(1 / b + 0 * g, a.shape), unbroadcast(-a / b**2 + 0 * g, b.shape)),
            "These are the slopes alone. A vjp is handed g, the gradient by the result, and multiplies by it.",
        ),
        Mistake(
            "da without g",
            da_as(lambda g, a, b: 1 / b + 0 * g),
            "In `da` g is missing: along a road slopes multiply.",
        ),
        Mistake(
            "db without g",
            db_as(lambda g, a, b: -a / b**2 + 0 * g),
            "In `db` g is missing: along a road slopes multiply.",
        ),
        Mistake(
            "changed places",
            lambda g, a, b: quotient_vjp(g, a, b)[::-1],
            "The two gradients have changed places: a vjp returns them in the order of the inputs, a first.",
        ),
    ],
    hints=(
        "The slopes are in the table of the last chapter: a/b has 1/b by a, and −a/b² by b. Multiply by g, entry by entry.",
        "Then each gradient has the shape of the *result*. unbroadcast(…, a.shape) sums over the copies of a; the same for b.",
    ),
    right=[each_entry, lambda g, a, b: [unbroadcast(g / b, a.shape), unbroadcast(-g * (a / b) / b, b.shape)]],
    after="The second slope is −(a/b)/b: the result of the forward line, divided by b once more. Which array would you keep for the way back, a or the result?",
)

# --- 3: the mean along an axis --------------------------------------------------------


def mean_back(g: Floats, x: Floats, axis: int) -> Floats:
    return spread(g, x, axis, x.shape[axis])


def spread(g: Floats, x: Floats, axis: int, n: float) -> Floats:
    return np.broadcast_to(np.expand_dims(g, axis) / n, x.shape)


def mean_by_slices(g: Floats, x: Floats, axis: int) -> Floats:
    dx = np.empty(x.shape)
    for i in range(x.shape[axis]):
        np.moveaxis(dx, axis, 0)[i] = g / x.shape[axis]
    return dx


def some_mean(rng: np.random.Generator, shape: tuple[int, ...], axis: int) -> Case:
    x = rng.normal(size=shape).round(3)
    return {"g": rng.normal(size=x.mean(axis=axis).shape).round(3), "x": x, "axis": axis}


mean_axis = Function(
    name="tensor.3",
    core=True,
    title="The mean along an axis",
    minutes=15,
    level="medium",
    points=2,
    reference=mean_back,
    cases=[
        {"g": np.array([3.0]), "x": np.array([[1.0, 5.0, 2.0]]), "axis": 1},
        {"g": np.array([6.0, -2.0]), "x": np.array([[1.0, 5.0], [2.0, 0.0]]), "axis": 1},
        {"g": np.array([6.0, -2.0, 4.0]), "x": np.array([[1.0, 5.0, 3.0], [2.0, 0.0, 7.0]]), "axis": 0},
    ],
    generate=lambda rng: [
        some_mean(rng, *case)
        for case in (((3, 3), 1), ((2, 5), 1), ((2, 3, 4), 1), ((4, 2, 3), -1), ((5,), 0), ((3, 2, 2), 0))
    ],
    mistakes=[
        Mistake(
            "a sum's",
            lambda g, x, axis: spread(g, x, axis, 1),
            "That is the way back from a *sum*. An entry moves the mean by only one n-th of its hair, n being the number of entries along the axis.",
        ),
        Mistake(
            "divided by all",
            lambda g, x, axis: spread(g, x, axis, x.size),
            "You divide by the number of *all* entries. Each mean was taken over x.shape[axis] of them.",
        ),
        Mistake(
            "divided by the rows",
            lambda g, x, axis: spread(g, x, axis, len(x)),
            "You divide by len(x), the size of axis 0. The mean was taken along `axis`: x.shape[axis].",
        ),
        Mistake(
            "divided by those of g",
            lambda g, x, axis: spread(g, x, axis, g.size),
            "You divide by the number of *means*. Each of them was taken over x.shape[axis] entries.",
        ),
        Mistake(
            "divided by the length of g",
            lambda g, x, axis: spread(g, x, axis, len(g)),
            "You divide by len(g), the number of *means*, or of rows of them. Each mean was taken over x.shape[axis] entries.",
        ),
        Mistake(
            "without g",
            lambda g, x, axis: np.ones(x.shape) / x.shape[axis],
            "That is the slope alone. A vjp is handed g, the gradient by the result, and multiplies by it.",
        ),
        Mistake(
            "the axis not put back",
            lambda g, x, axis: np.broadcast_to(g / x.shape[axis], x.shape),
            "g lacks the axis that was averaged away. Copied as it is, NumPy puts the new axis in *front*, and where x happens to be square nobody complains. "
            "Put it back where it was: np.expand_dims(g, axis).",
        ),
        Mistake(
            "the axis not put back, nor divided",
            lambda g, x, axis: np.broadcast_to(g, x.shape),
            "g lacks the axis that was averaged away; put it back where it was, np.expand_dims(g, axis). And each entry moves the mean by one n-th only.",
        ),
        Mistake(
            "always a column",
            lambda g, x, axis: np.broadcast_to(g[:, None] / x.shape[axis], x.shape),
            "g[:, None] puts the axis back for axis 1 of a table. For any axis: np.expand_dims(g, axis).",
        ),
        Mistake(
            "not copied",
            lambda g, x, axis: np.expand_dims(g, axis) / x.shape[axis],
            "The numbers are right; now copy them along the axis. A vjp returns the shape of its input: np.broadcast_to(…, x.shape).",
        ),
        Mistake(
            "nothing put back",
            lambda g, x, axis: g / x.shape[axis],
            "That still has the shape of g. A vjp returns the shape of its *input*: put the axis back, np.expand_dims, and copy along it.",
        ),
        Mistake(
            "multiplied by x",
            lambda g, x, axis: spread(g, x, axis, x.shape[axis]) * x,
            "You multiply by x. A mean has the slope 1/n whatever stands in x.",
        ),
        Mistake(
            "the other way",
            lambda g, x, axis: spread(g, x, axis, 1 / x.shape[axis]),
            "You multiply by n. An entry moves the mean by one n-th of its hair: divide.",
        ),
    ],
    hints=(
        "Think of the way back from `total`: a sum forward is a copy back. A mean is a sum, divided by n.",
        "g lacks one axis. np.expand_dims(g, axis) puts it back, with size 1; negative axes are fine.",
        "np.broadcast_to(np.expand_dims(g, axis) / x.shape[axis], x.shape).",
    ),
    right=[
        mean_by_slices,
        lambda g, x, axis: np.repeat(np.expand_dims(g, axis), x.shape[axis], axis) / x.shape[axis],
    ],
    after="x itself was only asked for its shape. What does a vjp of `mean` have to keep, then, of an input of a gigabyte?",
)

# --- 4: predict, the sum of a softmax -------------------------------------------------

sum_of_softmax = Choice(
    name="tensor.4",
    core=True,
    title="The gradient of nothing",
    minutes=5,
    level="medium",
    points=1,
    right="B",
    options={
        "A": "Ones are what the sum hands back to the softmax: that is g, and not yet the gradient by the scores. "
        "What can a nudge to a score do to a sum of probabilities?",
        "B": "The probabilities add up to 1 for any scores. A nudge changes each of them and never their sum. So the gradient is 0, up to rounding, and a "
        "check with .sum() sees nothing of a softmax, right or wrong.",
        "C": "Those are the values. How does the *sum* of them answer to a nudge?",
        "D": "p(1 − p) is how each probability answers to its *own* score. It also answers to the other two, and the sum collects all of that.",
    },
    hints=(
        "What is the sum, for these scores? And for any others?",
        "A function that has the same value everywhere has a simple gradient.",
    ),
    after="This is why the chapter checks with a random weight for each entry. Look for another operation of which a plain sum tells nothing.",
)

# --- 5: running totals ----------------------------------------------------------------


def totals_back(g: Floats) -> Floats:
    return np.cumsum(g[:, ::-1], axis=1)[:, ::-1]


def totals_by_a_table(g: Floats) -> Floats:
    # the Jacobian of one row: total j has slope 1 by entry i if i is not after j
    M = g.shape[1]
    return g @ np.tril(np.ones((M, M)))


def totals_in_a_loop(g: Floats) -> list[list[float]]:
    return [[float(sum(row[i:])) for i in range(len(row))] for row in g.tolist()]


running_totals = Function(
    name="tensor.5",
    title="Running totals",
    minutes=10,
    level="easy",
    points=2,
    reference=totals_back,
    cases=[
        {"g": np.array([[0.0, 0.0, 1.0]])},
        {"g": np.array([[1.0, 0.0, 0.0]])},
        {"g": np.array([[1.0, 10.0, 100.0], [2.0, 0.0, -1.0]])},
    ],
    generate=lambda rng: [
        {"g": rng.normal(size=shape).round(3)} for shape in ((3, 3), (2, 5), (4, 1), (5, 2))
    ],
    mistakes=[
        Mistake(
            "the same again",
            lambda g: np.cumsum(g, axis=1),
            "You run the totals over g from the left, as on the way forward. Which totals does the *first* entry of x take part in? In all of them; and the last one only in the last.",
        ),
        Mistake(
            "not turned back",
            lambda g: np.cumsum(g[:, ::-1], axis=1),
            "The sums are right, but they stand in the wrong order: you turned g round and did not turn the result back.",
        ),
        Mistake(
            "turned back only",
            lambda g: np.cumsum(g, axis=1)[:, ::-1],
            "You turned the result round, but not g before it. The sums have to be taken from the right.",
        ),
        Mistake(
            "unchanged",
            lambda g: g.copy(),
            "That is g. An entry of x takes part in its own total and in all later ones; their replies add up.",
        ),
        Mistake(
            "differences",
            lambda g: np.diff(g, axis=1, prepend=0),
            "You take differences, which would *undo* the running totals. A vjp undoes nothing: it collects, for each entry of x, the replies of all totals it took part in.",
        ),
        Mistake(
            "without its own",
            lambda g: totals_back(g) - g,
            "One reply is missing for each entry: it takes part in its own total, too.",
        ),
        Mistake(
            "all for all",
            lambda g: np.repeat(g.sum(axis=1, keepdims=True), g.shape[1], axis=1),
            "Every entry gets all replies in yours. But a later entry has no part in an earlier total.",
        ),
        Mistake(
            "along the wrong axis",
            lambda g: np.cumsum(g[::-1], axis=0)[::-1],
            "You sum down the columns. The totals run along each row: axis=1.",
        ),
        Mistake(
            "in one line",
            lambda g: np.cumsum(g).reshape(g.shape),
            "Without axis=1 the totals run on from one row to the next. Each row is for itself.",
        ),
    ],
    hints=(
        "Ask one entry: in which totals does x[0, i] take part? In total i and all after it. So it collects g[0, i] + g[0, i + 1] + …",
        "These are running totals, too, but from the right. [:, ::-1] turns each row round; np.cumsum(…, axis=1) runs along it.",
    ),
    right=[totals_by_a_table, totals_in_a_loop],
    after="The Jacobian of one row is a triangle of ones. You multiplied by it without writing it down.",
)

# --- 6: rows looked up ----------------------------------------------------------------


def rows_back(g: Floats, x: Floats, index: Array) -> Floats:
    dx = np.zeros(x.shape)
    np.add.at(dx, index, g)
    return dx


def rows_by_one_hot(g: Floats, x: Floats, index: Array) -> Floats:
    one_hot = np.eye(len(x))[index]
    return np.asarray(one_hot.T @ g)


def rows_in_a_loop(g: Floats, x: Floats, index: Array) -> Floats:
    dx = 0.0 * x
    for n, i in enumerate(index):
        dx[i] = dx[i] + g[n]
    return dx


def rows_written(g: Floats, x: Floats, index: Array) -> Floats:
    dx = np.zeros(x.shape)
    dx[index] = g
    return dx


def rows_by_their_own_number(g: Floats, x: Floats, index: Array) -> Floats:
    dx = np.zeros(x.shape)
    for i in index:
        dx[i] += g[i]
    return dx


def rows_averaged(g: Floats, x: Floats, index: Array) -> Floats:
    return rows_back(g, x, index) / np.maximum(np.bincount(index, minlength=len(x)), 1)[:, None]


def rows_added_to_x(g: Floats, x: Floats, index: Array) -> Floats:
    return x + rows_back(g, x, index)


def some_rows(rng: np.random.Generator, V: int, D: int, N: int) -> Case:
    index = rng.integers(0, V - 1, N)  # the last row is never looked up
    index[1] = index[0]
    return {"g": rng.normal(size=(N, D)).round(3), "x": rng.normal(size=(V, D)).round(3), "index": index}


looked_up = Function(
    name="tensor.6",
    core=True,
    title="Looked up twice",
    minutes=15,
    level="medium",
    points=3,
    reference=rows_back,
    cases=[
        {"g": np.array([[1.0, 2.0]]), "x": np.array([[3.0, 4.0], [5.0, 6.0]]), "index": np.array([0])},
        {
            "g": np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]),
            "x": np.array([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]),
            "index": np.array([2, 0, 2]),
        },
    ],
    generate=lambda rng: [some_rows(rng, *sizes) for sizes in ((4, 3, 6), (3, 3, 3), (6, 2, 7), (5, 4, 9))],
    mistakes=[
        Mistake(
            "only the last one",
            rows_written,
            "Where a row is looked up twice, only the last reply is left. dx[index] += g does not help: NumPy reads dx[index] once, adds, and writes each row back, so a repeated row is overwritten. "
            "np.add.at(dx, index, g) adds one after the other; so does a loop.",
        ),
        Mistake(
            "only the first one",
            lambda g, x, index: rows_written(g[::-1], x, index[::-1]),
            "Where a row is looked up twice, only one of the replies is left. They add up: np.add.at(dx, index, g), or a loop with +=.",
        ),
        Mistake(
            "looked up again",
            lambda g, x, index: g[index],
            "g[index] looks rows up in g. The way back is the other direction: row n of g belongs to row index[n] of x.",
        ),
        Mistake(
            "the row for the place",
            rows_by_their_own_number,
            "Your loop runs over the *numbers in* index, and takes row i of g for row i of x. Row n of g belongs to row index[n]: for n, i in enumerate(index).",
        ),
        Mistake(
            "looked up in the input",
            lambda g, x, index: x[index],
            "x[index] is the way forward. On the way back, row n of g goes to row index[n].",
        ),
        Mistake(
            "the mean of the replies",
            rows_averaged,
            "You take the mean where a row is looked up more than once. Replies add up.",
        ),
        Mistake(
            "added to x",
            rows_added_to_x,
            "You add into a copy of x. A gradient starts from zeros: np.zeros(x.shape).",
        ),
        Mistake(
            "g itself",
            lambda g, x, index: g.copy(),
            "That is g, with a row for each *look-up*. A vjp returns the shape of its input: a row for each row of x.",
        ),
        Mistake(
            "ones",
            lambda g, x, index: rows_back(np.ones_like(g), x, index),
            "You count how often each row was looked up. Collect the rows of g instead.",
        ),
        Mistake(
            "everything everywhere",
            lambda g, x, index: np.zeros(x.shape) + g.sum(axis=0),
            "Each row of x gets all replies in yours. Row n of g belongs to row index[n] alone; rows that nobody looked up get 0.",
        ),
    ],
    hints=(
        "A row that is looked up twice has been copied, and copies on the way forward are a sum on the way back. A row that nobody looked up gets 0.",
        "Start with np.zeros(x.shape), and for each n add g[n] to row index[n].",
        "Without a loop: np.add.at(dx, index, g). (Try dx[index] += g as well, and see what it does to the second case.)",
    ),
    right=[rows_by_one_hot, rows_in_a_loop],
    after="If the rows of x stand for words and `index` is a text, this is the layer with which every network that reads begins. Most rows get a gradient of 0 in each step.",
)

# --- 7: find the bug, keepdims --------------------------------------------------------


def softmax_back(g: Floats, p: Floats) -> Floats:
    weighted = (g * p).sum(axis=1, keepdims=True)
    return np.asarray(p * (g - weighted))


def softmax_by_jacobians(g: Floats, p: Floats) -> list[Floats]:
    return [row_g @ (np.diag(row) - np.outer(row, row)) for row_g, row in zip(g, p, strict=True)]


def some_softmax(rng: np.random.Generator, N: int, C: int) -> Case:
    exps = np.exp(rng.normal(size=(N, C)))
    return {"g": rng.normal(size=(N, C)).round(3), "p": (exps / exps.sum(axis=1, keepdims=True)).round(6)}


kept_axis = Function(
    name="tensor.7",
    title="Find the bug: only for squares",
    minutes=10,
    level="medium",
    points=2,
    reference=softmax_back,
    given=lambda g, p: p * (g - (g * p).sum(axis=1)),
    cases=[
        {"g": np.array([[1.0, 0.0], [0.0, 2.0]]), "p": np.array([[0.5, 0.5], [0.25, 0.75]])},
        {
            "g": np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]]),
            "p": np.array([[0.2, 0.3, 0.5], [0.25, 0.25, 0.5]]),
        },
    ],
    generate=lambda rng: [some_softmax(rng, *sizes) for sizes in ((3, 3), (4, 2), (2, 5), (1, 4))],
    mistakes=[
        Mistake(
            "the wrong axis",
            lambda g, p: p * (g - (g * p).sum(axis=0)),
            "axis=0 sums down the columns, over the *samples*. Each sample has a softmax of its own, along its row, axis 1. The axis was right. Into which shape did the sums come, and into which should they?",
        ),
        Mistake(
            "one sum for all",
            lambda g, p: p * (g - (g * p).sum()),
            "Now one number is subtracted everywhere, from all samples together. Each row has a sum of its own.",
        ),
        Mistake(
            "only its own",
            lambda g, p: p * (1 - p) * g,
            "p(1 − p) is the diagonal of the Jacobian. Each probability also answers to all other scores; the sum was there for them.",
        ),
        Mistake(
            "without the sum",
            lambda g, p: p * g,
            "Without the sum each probability answers to its own score only, and not even rightly. The sum belongs there; it has the wrong shape.",
        ),
        Mistake(
            "the mean",
            lambda g, p: p * (g - (g * p).mean(axis=1, keepdims=True)),
            "The shape is right now. But it is a sum, not a mean: Σ g p, with p as the weights.",
        ),
        Mistake(
            "the sum without p",
            lambda g, p: p * (g - g.sum(axis=1, keepdims=True)),
            "The shape is right now. But p got lost inside the sum: Σ g p.",
        ),
        Mistake(
            "p outside the sum",
            lambda g, p: p * (g - p * g.sum(axis=1, keepdims=True)),
            "The shape is right now. But p stands outside the sum in yours; inside it, each reply has its own weight: Σ g p.",
        ),
        Mistake(
            "without p in front",
            lambda g, p: g - (g * p).sum(axis=1, keepdims=True),
            "The shape is right now. But the p in front got lost.",
        ),
        Mistake(
            "plus",
            lambda g, p: p * (g + (g * p).sum(axis=1, keepdims=True)),
            "The shape is right now. But the minus was fine.",
        ),
    ],
    hints=(
        "Print the shape of (g * p).sum(axis=1) and that of g, for 4 samples and 2 classes. How does NumPy line them up?",
        "Shapes are compared from the right: (N,) lies along a row. For N = C nothing complains, and sample 1's sum is subtracted in *column* 1 of everybody.",
        "A column, (N, 1), is wanted: keepdims=True.",
    ),
    right=[softmax_by_jacobians, lambda g, p: p * (g - np.einsum("nc,nc->n", g, p)[:, None])],
    after="A test on a square batch would have passed any check of shapes. Which sizes should a test have?",
)

# --- 8: products of stacks ------------------------------------------------------------


def stacks_back(g: Floats, x: Floats, w: Floats) -> Pair:
    return unbroadcast(g @ turned(w), x.shape), unbroadcast(turned(x) @ g, w.shape)


def turned(x: Floats) -> Floats:
    return np.swapaxes(x, -1, -2)


def stacks_by_one(g: Floats, x: Floats, w: Floats) -> Pair:
    """The right gradients, one pair of matrices after the other."""
    stack = g.shape[:-2]
    xs, ws = (np.broadcast_to(a, (*stack, *a.shape[-2:])) for a in (x, w))
    dx, dw = np.zeros(xs.shape), np.zeros(ws.shape)
    for place in np.ndindex(stack):
        dx[place], dw[place] = g[place] @ ws[place].T, xs[place].T @ g[place]
    return unbroadcast(dx, x.shape), unbroadcast(dw, w.shape)


def stacks_by_letters(g: Floats, x: Floats, w: Floats) -> list[Floats]:
    return [
        unbroadcast(np.einsum("...nm,...km->...nk", g, w), x.shape),
        unbroadcast(np.einsum("...nk,...nm->...km", x, g), w.shape),
    ]


def mean_over_the_stack(g: Floats, x: Floats, w: Floats) -> Pair:
    dx, dw = stacks_back(g, x, w)
    return dx, dw / (np.prod(g.shape[:-2]) if w.ndim == 2 else 1)


def some_stacks(rng: np.random.Generator, x: tuple[int, ...], w: tuple[int, ...]) -> Case:
    left, right = rng.normal(size=x).round(2), rng.normal(size=w).round(2)
    return {"g": rng.normal(size=(left @ right).shape).round(2), "x": left, "w": right}


stacked = Function(
    name="tensor.8",
    title="A stack of matrices",
    minutes=20,
    level="hard",
    points=4,
    reference=stacks_back,
    parts=("dx", "dw"),
    cases=[
        {
            "g": np.array([[1.0], [-1.0]]),
            "x": np.array([[1.0, 2.0], [3.0, 0.0]]),
            "w": np.array([[2.0], [5.0]]),
        },
        {
            "g": np.array([[[1.0]], [[10.0]], [[100.0]]]),
            "x": np.array([[[1.0, 2.0]], [[3.0, 0.0]], [[0.0, 1.0]]]),
            "w": np.array([[2.0], [5.0]]),
        },
    ],
    generate=lambda rng: [
        some_stacks(rng, *shapes)
        for shapes in (
            ((4, 3), (3, 2)),
            ((3, 2, 4), (4, 5)),
            ((3, 2, 4), (3, 4, 5)),
            ((2, 3, 2, 4), (4, 3)),
            ((2, 4), (3, 4, 2)),
            ((3, 3, 3), (3, 3)),
        )
    ],
    mistakes=[
        Mistake(
            "all axes turned",
            lambda g, x, w: (unbroadcast(g @ w.T, x.shape), unbroadcast(x.T @ g, w.shape)),
            "x.T turns *all* axes round: (B, N, K) becomes (K, N, B). In a stack only the last two change places: np.swapaxes(x, -1, -2).",
        ),
        Mistake(
            "all axes of x turned, nothing summed",
            lambda g, x, w: (g @ w.T, x.T @ g),
            "x.T turns *all* axes round: (B, N, K) becomes (K, N, B). In a stack only the last two change places: np.swapaxes(x, -1, -2). And what was copied must be summed: unbroadcast.",
        ),
        Mistake(
            "nothing summed",
            lambda g, x, w: (g @ turned(w), turned(x) @ g),
            "The products are right. But one w was used for every matrix of the stack, and each of them sends a reply: sum over the copies, unbroadcast(…, w.shape). The same for x.",
        ),
        Mistake(
            "dw not summed",
            lambda g, x, w: (stacks_back(g, x, w)[0], turned(x) @ g),
            "In `dw` there is a matrix for each one in the stack; where one w served them all, sum: unbroadcast(…, w.shape).",
        ),
        Mistake(
            "dx not summed",
            lambda g, x, w: (g @ turned(w), stacks_back(g, x, w)[1]),
            "In `dx` there is a matrix for each one in the stack, also where one x served them all: unbroadcast(…, x.shape).",
        ),
        Mistake(
            "dw always summed over the front axis",
            lambda g, x, w: (stacks_back(g, x, w)[0], (turned(x) @ g).sum(axis=0)),
            "In `dw` you sum over axis 0, whether there is a stack or not. Sum over what was copied, and nothing else: unbroadcast(…, w.shape) knows.",
        ),
        Mistake(
            "the mean",
            mean_over_the_stack,
            "In `dw` you take the mean over the stack. Replies add up.",
        ),
        Mistake(
            "all axes of w turned",
            lambda g, x, w: (unbroadcast(g @ w.T, x.shape), unbroadcast(turned(x) @ g, w.shape)),
            "w.T turns *all* axes of w round; if w is a stack, (B, K, M) becomes (M, K, B). Only the last two may change places: np.swapaxes(w, -1, -2).",
        ),
        Mistake(
            "nothing turned",
            lambda g, x, w: (unbroadcast(g @ w, x.shape), unbroadcast(x @ g, w.shape)),
            "Nothing is turned in yours, so the axes do not meet. For one matrix it is dx = g @ w.T and dw = x.T @ g; in a stack, np.swapaxes(…, -1, -2).",
        ),
        Mistake(
            "changed places",
            lambda g, x, w: stacks_back(g, x, w)[::-1],
            "The two gradients have changed places: a vjp returns them in the order of the inputs, x first.",
        ),
        Mistake(
            "dw turned",
            lambda g, x, w: (stacks_back(g, x, w)[0], turned(stacks_back(g, x, w)[1])),
            "`dw` has the right numbers, but its last two axes have changed places: turned(x) @ g, and not turned(g) @ x.",
        ),
        Mistake(
            "dx turned",
            lambda g, x, w: (turned(stacks_back(g, x, w)[0]), stacks_back(g, x, w)[1]),
            "`dx` has the right numbers, but its last two axes have changed places: g @ turned(w), and not w @ turned(g).",
        ),
    ],
    hints=(
        "For one matrix you know it: dx = g @ w.T and dw = x.T @ g. @ does the same for each matrix of a stack; only .T does not.",
        "np.swapaxes(x, -1, -2) turns each matrix of a stack and leaves the stack alone.",
        "Where w is a single matrix and x a stack, w was copied: sum over the copies. unbroadcast(…, w.shape) does that, and nothing where nothing was copied.",
    ),
    right=[stacks_by_one, stacks_by_letters],
    after="In the network for digits the batch was a table, and `X.T @ g` summed over the samples by itself. Here the stack is summed by `unbroadcast`. Could you have reshaped the stack into one long table?",
)

# --- 9: predict, dtypes ---------------------------------------------------------------

LINES = ("a", "b", "c", "d", "e", "f")


def bits_but(line: str, hint: str) -> Mistake:
    """Return the mistake of taking one line for the other dtype."""
    bits = [96 - b if name == line else b for name, b in zip(LINES, BITS, strict=True)]
    return Mistake(f"line {line}", (bits,), hint)


BITS = (32, 64, 32, 32, 64, 32)

leaks = Values(
    name="tensor.9",
    title="Where the bits come in",
    minutes=10,
    level="medium",
    points=2,
    expects={"bits": (6,)},
    probe=lambda bits: tuple(bits),
    parts=LINES,
    reference=(list(BITS),),
    tolerance=0,
    cases=[{}],
    mistakes=[
        bits_but(
            "a",
            "Line a: 2**0.5 is an ordinary Python float. Such a number adapts to the array that it meets.",
        ),
        bits_but(
            "b",
            "Line b: np.sqrt(2) is no Python float: it is a float64 of NumPy's. What happens if it meets a float32?",
        ),
        bits_but("c", "Line c: len(g) is an ordinary Python number, and adapts to the array."),
        bits_but("d", "Line d: g > 0 holds booleans. They fit into any dtype of numbers without a loss."),
        bits_but(
            "e",
            "Line e: np.arange(3) holds int64. A float32 cannot hold all of those, so NumPy looks for something that can.",
        ),
        bits_but(
            "f",
            "Line f: the mean of a float32 array is a float32, too; it comes from NumPy, but with the right dtype.",
        ),
    ],
    hints=(
        "Ask of each line what g meets: an ordinary Python number, or something of NumPy's with a dtype of its own? The first adapts to g.",
        "Where two dtypes of NumPy's meet, the result is one that can hold both. For float32 with bool that is float32; with float64 or int64 it is float64.",
    ),
    right=[(np.array(BITS),), (tuple(map(float, BITS)),)],
    after="One such line in one vjp, and every gradient before it would be float64. The package's engine names the operation; the chapter's own would have said nothing.",
)

# --- 10: find the bug, the circle -----------------------------------------------------


def if_the_look_was_sharp(raw: Any, case: Case, asked: Sequence[Any]) -> tuple[Any, ...]:
    """Return value, gradient and results left behind, unless the look has missed what had to be left behind."""
    value, gradient, left, known = raw
    if np.array_equal(known, case["x"].ravel() > 0):
        return value, gradient, left
    raise WrongForm("The check itself no longer sees what is left behind: leave gc and weakref as they are.")


def tanh_with(slope: Callable[[Floats, Floats, Floats], Floats], circle: bool = False) -> Operation:
    """Return a tanh whose vjp is slope(g, t, x); in a circle if it asks the result itself."""

    def tanh(a: Tensor) -> Tensor:
        x, t = a.data, np.tanh(a.data)
        if not circle:
            return record("tanh", t, (a,), lambda g: (slope(g, t, x),))
        out = record("tanh", t, (a,), lambda g: (slope(g, out.data, x),))
        return out

    return tanh


def tanh_again(a: Tensor) -> Tensor:
    """The input may be kept: nothing leads from it to the result."""
    return record("tanh", np.tanh(a.data), (a,), lambda g: (g / np.cosh(a.data) ** 2,))


def tanh_of_exps(a: Tensor) -> Tensor:
    return 1 - 2 / ((2 * a).exp() + 1)


def right_slope(g: Floats, t: Floats, x: Floats) -> Floats:
    return g * (1 - t * t)


def wrong_slopes() -> list[Mistake]:
    """Wrong slopes; whether the circle is broken is another part of the result."""
    slopes: dict[str, tuple[Callable[[Floats, Floats, Floats], Floats], str]] = {
        "not squared": (
            lambda g, t, x: g * (1 - t),
            "The slope of tanh is 1 − t²: the square got lost.",
        ),
        "the sigmoid's": (
            lambda g, t, x: g * t * (1 - t),
            "t(1 − t) is the slope of the sigmoid. That of tanh is 1 − t², and it was right.",
        ),
        "of the input": (
            lambda g, t, x: g * (1 - x * x),
            "You put the *input* where the result was: 1 − x². The slope is 1 − t² with t = np.tanh(a.data). Compute t first, in a line of its own, and use it twice.",
        ),
        "tanh once more": (
            lambda g, t, x: g * (1 - np.tanh(t) ** 2),
            "You take tanh once more, of what was through it already. The slope is 1 − t².",
        ),
        "without g": (
            lambda g, t, x: 1 - t * t,
            "g got lost: a vjp multiplies what it is handed by the slope.",
        ),
        "the sign": (
            lambda g, t, x: -g * (1 - t * t),
            "The slope has the wrong sign now; the one you were given was right.",
        ),
    }
    return [Mistake(name, tanh_with(slope), hint) for name, (slope, hint) in slopes.items()]


circle = Function(
    name="tensor.10",
    title="Find the bug: nobody lets go",
    minutes=10,
    level="medium",
    points=2,
    probe=looked_at,
    weigh=if_the_look_was_sharp,
    parts=("value", "gradient", "results left behind"),
    reference=tanh_with(right_slope),
    given=tanh_with(right_slope, circle=True),
    cases=[{"x": np.array([0.5])}, {"x": np.array([[0.0, -1.0], [2.0, 0.3]])}],
    generate=lambda rng: [{"x": rng.normal(size=shape)} for shape in ((3,), (2, 3), (1, 4, 2))],
    mistakes=wrong_slopes(),
    hints=(
        "Which names does the lambda use? All of them it keeps, for as long as it lives itself. And who keeps the lambda?",
        "`out` keeps its node, the node keeps the vjp, and the vjp keeps `out`. It needs only the numbers in it.",
        "t = np.tanh(a.data) first; then record(…, t, …), and t * t in the lambda.",
    ),
    right=[tanh_again, tanh_of_exps],
    after="`out.data` in the lambda looks as if it kept the array. But a lambda keeps *names*: it looks up `out` when it is called, and `.data` only then.",
)

# --- 11: in words ---------------------------------------------------------------------

plain_sum = Written(
    name="tensor.11",
    core=True,
    title="What a plain sum does not see",
    minutes=20,
    level="hard",
    points=4,
    hints=(
        "Which g does the vjp get if the loss is operation(x).sum()? And if each entry has a random weight?",
        "Think of an operation that only moves entries to other places, such as a transposition or turning each row round. What does its vjp do with a g of ones?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    replies,
    quotient,
    mean_axis,
    sum_of_softmax,
    running_totals,
    looked_up,
    kept_axis,
    stacked,
    leaks,
    circle,
    plain_sum,
)
