"""The exercises on autograd with numbers: what is right, what goes wrong, what to say.

The texts that learners read, and the answers that the book shows, are in
`exercises/sources/autograd.py`, and so is the engine that they use.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mininet_course.exercise import (
    Case,
    Choice,
    Exercise,
    Function,
    Mistake,
    Values,
    Written,
    WrongForm,
)
from mininet_course.probes.autograd import (
    DUALS,
    Graph,
    Node,
    Number,
    Operation,
    Step,
    Tape,
    as_number,
    counted,
    moved,
    names_by_walk,
    of_all_names,
    ordered,
    with_duals,
    with_numbers,
)


# name -> the names it was made from, or a (parent, slope) for each of them
def in_order(output: Node) -> list[Node]:
    """Return output and all it was made from, each after everything made from it."""
    done, seen, stack = list[Node](), set[int](), [(output, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            done.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack += [(node, True), *((parent, False) for parent in node.parents)]
    return done[::-1]


# --- 1: predict, two roads ------------------------------------------------------------

there_and_back = Values(
    name="autograd.1",
    core=True,
    title="There and back",
    minutes=10,
    level="easy",
    points=2,
    expects={"by_u": (), "by_v": ()},
    probe=lambda by_u, by_v: (by_u, by_v),
    parts=("by_u", "by_v"),
    reference=(1, 0),
    cases=[{}],
    mistakes=[
        Mistake(
            "only the near road to v",
            (1, 3),
            "`by_v`: that is what comes along the arrow from v to L at once. v is also used in the quotient: what comes along there?",
        ),
        Mistake(
            "only the far road to v",
            (1, -3),
            "`by_v`: that is what comes through the quotient. v is also used in the product itself, and roads add.",
        ),
        Mistake(
            "the quotient's slope alone",
            (1, -1.5),
            "`by_v`: −1.5 is the slope of the quotient by v, on its arrow. On the way to L it is multiplied by the slope of the next arrow, and "
            "there is a second road.",
        ),
        Mistake(
            "the product left out",
            (1, 1.5),
            "`by_v`: along the far road you kept the slope of the first arrow only. A road's slopes multiply: −u/v² on one arrow, v on the next.",
        ),
        Mistake(
            "the sign of the quotient",
            (1, 6),
            "`by_v`: with a larger v the quotient becomes *smaller*, so the slope of u/v by v is −u/v². Your two roads should pull against each other.",
        ),
        Mistake(
            "the value for the slope of u",
            (6, 0),
            "`by_u`: 6 is the value of L. By how many hairs does L move if u moves by one?",
        ),
        Mistake(
            "the quotient's value",
            (3, 0),
            "`by_u`: 3 is the value of the quotient, which is the slope of L by *v* on the near road. The road from u goes over 1/v and v.",
        ),
        Mistake(
            "the first arrow alone",
            (0.5, 0),
            "`by_u`: 1/v is the slope on the first arrow, from u to the quotient. On the next arrow stands v. Slopes along a road multiply.",
        ),
        Mistake(
            "the second arrow alone",
            (2, 0),
            "`by_u`: v is the slope on the second arrow, from the quotient to L. On the first stands 1/v. Slopes along a road multiply.",
        ),
    ],
    hints=(
        "Draw three boxes and two operations: r = u / v, then L = r · v. From v there are two arrows.",
        "The slopes: r by u is 1/v, r by v is −u/v²; L by r is v, L by v is r. Multiply along each road, add the roads.",
        "To v: along one road r = 3, along the other −6/4 · 2. And L is u, whatever v is; does that agree?",
    ),
    right=[(1.0, 0.0), (np.float64(1), -0.0)],
    after="The machine never noticed that the v cancels. It added 3 and −3. Which rounding error would you expect for u = 1 and v = 3?",
)

# --- 2: an operation ------------------------------------------------------------------


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def soft(z: float) -> float:
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def operation(value: Callable[[float], float], slope: Callable[[float], float]) -> Operation:
    """Return an operation with this value and this slope: most mistakes are a wrong one of these."""
    return lambda a: Number(value(a.value), (a,), (slope(a.value),))


def plainly(z: float) -> float:
    """The formula as it stands, which nobody can compute for a large z."""
    return math.log(1 + math.exp(z))


def wrong_slopes() -> list[Mistake]:
    """Each wrong slope twice, beside a value that stands a large number and beside one that does not."""
    slopes: Mapping[str, tuple[Callable[[float], float], str]] = {
        "the logarithm's slope alone": (
            lambda z: 1 - logistic(z),
            "1/(1 + eᶻ) is the slope of the logarithm alone. Inside it stands eᶻ, with a slope of its own; along a road slopes multiply.",
        ),
        "the exponential's slope alone": (
            lambda z: math.exp(min(z, 700.0)),
            "eᶻ is the slope of what stands inside the logarithm. The logarithm has a slope too, 1/(1 + eᶻ); along a road slopes multiply.",
        ),
        "the sigmoid's slope": (
            lambda z: logistic(z) * (1 - logistic(z)),
            "s(1 − s) is the slope of the sigmoid. The slope of *this* operation is the sigmoid itself.",
        ),
        "one over the value inside": (
            lambda z: 1 / (1 + z),
            "1/(1 + z) would be the slope of log(1 + z). Inside your logarithm stands 1 + eᶻ, and eᶻ has a slope of its own.",
        ),
        "value for slope": (
            soft,
            "You wrote the value where the slope belongs. By how many hairs does log(1 + eᶻ) move if z moves by one?",
        ),
        "the slope of relu": (
            lambda z: float(z > 0),
            "That is the slope of relu, 0 or 1. This bend is soft: at z = 0 the slope is a half.",
        ),
        "slope 1": (
            lambda z: 1.0,
            "Your slope is 1 everywhere. That is a sum's slope; this operation bends.",
        ),
        "slope turned": (
            lambda z: -logistic(z),
            "The slope has the wrong sign: as z grows, log(1 + eᶻ) grows too.",
        ),
    }
    found = []
    other_side = "Yours is log(1 + e⁻ᶻ), which *falls* as z grows. Check the sign in the exponent."
    for about, value in (("", lambda z: soft(-z)), (", and exp of something large", lambda z: plainly(-z))):
        found.append(Mistake(f"the other side{about}", operation(value, lambda z: logistic(-z)), other_side))
        found.append(
            Mistake(
                f"the other side, slope and all{about}", operation(value, lambda z: -logistic(-z)), other_side
            )
        )
        found.append(Mistake(f"the other side, right slope{about}", operation(value, logistic), other_side))
    for name, (slope, hint) in slopes.items():
        found.append(Mistake(name, operation(soft, slope), hint))
        found.append(Mistake(f"{name}, and exp of something large", operation(plainly, slope), hint))
    return found


softplus = Function(
    name="autograd.2",
    core=True,
    title="A softer bend",
    minutes=15,
    level="medium",
    points=3,
    probe=with_numbers,
    parts=("value", "slope"),
    reference=operation(soft, logistic),
    cases=[{"a": np.array([0.0])}, {"a": np.array([1.0, -2.0])}, {"a": np.array([800.0])}],
    generate=lambda rng: [
        {"a": rng.uniform(-4, 4, 3)},
        {"a": rng.uniform(-1, 1, 5)},
        {"a": np.array([30.0, 710.0])},
        {"a": np.array([-3.0, -900.0])},
    ],
    mistakes=[
        Mistake(
            "exp of something large",
            operation(plainly, lambda z: math.exp(z) / (1 + math.exp(z))),
            "The formula is right, but e⁸⁰⁰ is too large for a float. Where z is large, take e⁻ᶻ instead: log(1 + eᶻ) = z + log(1 + e⁻ᶻ).",
        ),
        Mistake(
            "exp of something large in the slope",
            operation(soft, lambda z: 1 / (1 + math.exp(-z))),
            "The formulas are right, but where z is −900, 1/(1 + e⁻ᶻ) has e⁹⁰⁰ in it, too large for a float. The sigmoid of the set-up cell is safe on both sides.",
        ),
        Mistake(
            "nothing leads back",
            lambda a: Number(soft(a.value)),
            "Your Number has no parents, so nothing leads back to a. Pass (a,) and its slope as the second and third argument.",
        ),
        Mistake(
            "relu",
            operation(lambda z: max(z, 0.0), lambda z: float(z > 0)),
            "That is relu. It has the same two ends, but log(1 + eᶻ) is above zero everywhere.",
        ),
        Mistake(
            "without the 1",
            operation(lambda z: z, lambda z: 1.0),
            "log(eᶻ) is z itself, and the bend is gone. The 1 inside the logarithm makes it.",
        ),
        *wrong_slopes(),
    ],
    hints=(
        "log(1 + eᶻ) is a logarithm of a sum with an exponential in it. Multiply the slopes: 1/(1 + eᶻ) and eᶻ. Do you know the result by another name?",
        "The slope is the sigmoid, eᶻ/(1 + eᶻ) = 1/(1 + e⁻ᶻ). The set-up cell has one that is safe on both sides.",
        "For large z, log(1 + eᶻ) = z + log(1 + e⁻ᶻ). So max(z, 0) + log(1 + exp(-abs(z))) is right on both sides.",
    ),
    right=[
        operation(lambda z: float(np.logaddexp(0, z)), lambda z: 0.5 + 0.5 * math.tanh(z / 2)),
        lambda a: (
            as_number(a) + (1 + (-1 * a).exp()).log() if a.value > 0 else (1 + a.exp()).log()
        ),  # made of smaller operations, one way for each side
    ],
    after="With -z for z this is the cross-entropy of one right answer. Its slope was so short in the chapters on XOR and on the neuron; now you see why.",
)

# --- 3: predict, how many orders ------------------------------------------------------

PAPER: Graph = {"w": (), "x": (), "b": (), "p": ("w", "x"), "s": ("p", "b"), "q": ("p", "s"), "L": ("q", "x")}

how_many_orders = Values(
    name="autograd.3",
    title="In how many orders?",
    minutes=10,
    level="medium",
    points=1,
    expects={"prediction": ()},
    probe=lambda prediction: prediction,
    reference=(8,),
    cases=[{}],
    tolerance=0,
    mistakes=[
        Mistake(
            "one",
            (1,),
            "The chapter shows one order. But two numbers that do not wait for each other may change places; b and p, for example.",
        ),
        Mistake(
            "only w and x",
            (2,),
            "w and x may change places. b waits for s alone: where may it come in?",
        ),
        Mistake(
            "only b",
            (4,),
            "You counted the places for b, or forgot that it may come last. And w and x may change places at each of them.",
        ),
        Mistake("b not last", (6,), "b may come at any place after s, also after w and x, at the very end."),
        Mistake(
            "no waiting after s",
            (24,),
            "After L, q and s there are four left, and four things have 24 orders. But w and x must wait for p.",
        ),
        Mistake(
            "x where it likes",
            (12,),
            "x waits for two numbers, L and p. It has been paid by L early on, and still may not be visited before p.",
        ),
        Mistake(
            "all orders",
            (5040,),
            "That is the number of orders of seven things without any rule. Who waits for whom?",
        ),
        Mistake(
            "after L all are free",
            (720,),
            "L comes first, but the others do not become free at once. Who waits for whom?",
        ),
    ],
    hints=(
        "Write down for each number whom it waits for: everything that was made from it. Who can come second? Third?",
        "L, q, s is the only possible beginning. Then b, p, w, x are left, with two rules: p before w, p before x.",
    ),
    right=[(8.0,), (2 * 4,)],
    after="All eight find the same gradients. `in_order` takes one of them; which, depends on the end from which `ready` is taken.",
)

# --- 4: the order in which to compute -------------------------------------------------


def needed(made_from: Graph, output: str) -> set[str]:
    """Return the names of output and all it was made from."""
    found, waiting = {output}, [output]
    while waiting:
        for parent in made_from[waiting.pop()]:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def verdict_on(names: Any, made_from: Graph, output: str) -> tuple[int, int, bool, int]:
    """Return how many names are missing, how many repeat others, if any is not needed, and how many come before a parent."""
    if names is None:
        raise WrongForm("Your function returned None. Is the `return` missing?")
    if not isinstance(names, list):
        raise WrongForm(f"Expected a list of names, such as ['a', 'b'], got {names!r:.60}.")
    for name in names:
        if not isinstance(name, str) or name not in made_from:
            raise WrongForm(f"Expected names of numbers in the graph, got {name!r:.60} in the list.")
    wanted = needed(made_from, output)
    first = dict[str, int]()
    for place, name in enumerate(names):
        first.setdefault(name, place)
    early = sum(any(first.get(p, -1) > place for p in made_from[name]) for name, place in first.items())
    return len(wanted - set(names)), len(names) - len(set(names)), bool(set(names) - wanted), early


def as_a_recipe(names: Any, case: Case, asked: Sequence[Any]) -> tuple[int, int, bool, int]:
    return verdict_on(names, case["made_from"], case["output"])


def recipe(made_from: Graph, output: str) -> list[str]:
    order, seen, stack = list[str](), set[str](), [(output, False)]
    while stack:
        name, parents_done = stack.pop()
        if parents_done:
            order.append(name)
        elif name not in seen:
            seen.add(name)
            stack += [(name, True), *((parent, False) for parent in made_from[name])]
    return order


def recipe_by_rounds(made_from: Graph, output: str) -> list[str]:
    wanted = needed(made_from, output)
    order: list[str] = []
    waiting = {name: len(set(made_from[name])) for name in wanted}
    users: dict[str, list[str]] = {name: [] for name in wanted}
    for name in wanted:
        for parent in set(made_from[name]):
            users[parent].append(name)
    ready = sorted(name for name in wanted if not waiting[name])
    while ready:
        order.append(ready.pop())
        for user in users[order[-1]]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order


def recipe_recursive(made_from: Graph, output: str) -> list[str]:
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for parent in made_from[name]:
                visit(parent)
            order.append(name)

    visit(output)
    return order


def recipe_of_roads(made_from: Graph, output: str) -> list[str]:
    return [name for parent in made_from[output] for name in recipe_of_roads(made_from, parent)] + [output]


def as_found(made_from: Graph, output: str) -> list[str]:
    """Breadth first from the output, each name once."""
    found, seen = [output], {output}
    for name in found:
        new = [p for p in dict.fromkeys(made_from[name]) if p not in seen]
        seen.update(new)
        found += new
    return found


def with_strangers(made_from: Graph, output: str) -> list[str]:
    order = recipe(made_from, output)
    known = set(order)
    return [*order, *(name for name in made_from if name not in known)]


def every_time(made_from: Graph, output: str) -> list[str]:
    """Each name as often as it is used; stopped at some length, for roads multiply."""
    found = [output]
    for name in found:
        if len(found) > 10_000:
            break
        found += made_from[name]
    return found[::-1]


def preorder(made_from: Graph, output: str) -> list[str]:
    """Depth first, a name written down when it is first met."""
    found, stack = dict[str, None](), [output]
    while stack:
        name = stack.pop()
        if name not in found:
            found[name] = None
            stack += reversed(made_from[name])
    return list(found)


def some_graph(
    rng: np.random.Generator, n: int, others: int = 0, shuffled: bool = False
) -> dict[str, tuple[str, ...]]:
    """Return a graph whose output is the last, "n…"; ``others`` are made from it, or from nothing needed."""
    made = {f"n{i}": () for i in range(2)}
    graph: dict[str, tuple[str, ...]] = dict(made)
    for i in range(2, n):
        # the youngest is always used, so that every number leads to the output
        parents = (f"n{rng.integers(0, i)}", f"n{i - 1}")
        graph[f"n{i}"] = parents if rng.random() < 0.5 else parents[::-1]
    for i in range(others):
        graph[f"other{i}"] = (f"n{rng.integers(0, n)}",)
    if shuffled:
        names = rng.permutation(list(graph)).tolist()
        graph = {name: graph[name] for name in names}
    return graph


def chain(n: int) -> dict[str, tuple[str, ...]]:
    return {f"n{i}": (f"n{i - 1}",) if i else () for i in range(n)}


def doublings(n: int) -> dict[str, tuple[str, ...]]:
    return {f"n{i}": (f"n{i - 1}",) * 2 if i else () for i in range(n + 1)}


computing_order = Function(
    name="autograd.4",
    title="Run it again",
    minutes=20,
    level="medium",
    points=3,
    probe=ordered,
    weigh=as_a_recipe,
    parts=("names missing", "names that repeat", "names not needed", "names too early"),
    reference=recipe,
    tolerance=0,
    seconds=1.8,
    cases=[
        {"made_from": {"c": ("a", "b"), "a": (), "b": ()}, "output": "c"},
        {"made_from": {"c": ("a", "b"), "b": ("a", "a"), "a": ()}, "output": "c"},
        {"made_from": {"d": ("b",), "c": ("b",), "b": ("a",), "a": ()}, "output": "c"},
        {"made_from": PAPER, "output": "L"},
    ],
    generate=lambda rng: [
        {"made_from": some_graph(rng, 9, 3, shuffled=True), "output": "n8"},
        {"made_from": some_graph(rng, 14, 5, shuffled=True), "output": "n13"},
        {"made_from": some_graph(rng, 30, 2, shuffled=True), "output": "n29"},
        {"made_from": doublings(10), "output": "n10"},
        {"made_from": chain(2000), "output": "n1999"},
    ],
    mistakes=[
        Mistake(
            "recursion",
            recipe_recursive,
            "The order is right, but your function calls itself once for each level, and one of the hidden graphs has 2,000 of them. "
            "Keep a list of what is still to be visited, as in_order does.",
        ),
        Mistake(
            "the way back",
            lambda made_from, output: recipe(made_from, output)[::-1],
            "That is the order for going *back*, the output first. To compute, a number's parents have to be there before it: turn the list round.",
        ),
        Mistake(
            "as the dictionary has it",
            lambda made_from, output: list(made_from),
            "You returned the names as they stand in the dictionary. Here they stand in no particular order, and some do not lead to the output at all.",
        ),
        Mistake(
            "as the dictionary has it, turned",
            lambda made_from, output: list(made_from)[::-1],
            "You returned the names of the dictionary from its end. They stand there in no particular order, and some do not lead to the output at all.",
        ),
        Mistake(
            "all that the graph has",
            with_strangers,
            "Your list also has names that the output was not made from. Begin at the output and collect what you meet; then put that in order.",
        ),
        Mistake(
            "as found",
            lambda made_from, output: as_found(made_from, output)[::-1],
            "You turned the order in which you *met* the names, level by level. A number that is met early, because the output uses it directly, may still "
            "be a parent of something met later. Count for each name what it still waits for.",
        ),
        Mistake(
            "as found, not turned",
            as_found,
            "These are the names in the order in which you *met* them, the output first. To compute, a number's parents have to be there before it.",
        ),
        Mistake(
            "written down too soon",
            lambda made_from, output: preorder(made_from, output)[::-1],
            "You write a name down when you first meet it. Wait until all its parents have been written down.",
        ),
        Mistake(
            "written down too soon, not turned",
            preorder,
            "You write a name down when you first meet it, the output first. Wait until all its parents have been written down.",
        ),
        Mistake(
            "as often as used",
            every_time,
            "A name comes as often as there are roads to it. Each number is computed once; remember which names you have seen.",
        ),
        Mistake(
            "as often as used, and recursion",
            recipe_of_roads,
            "A name comes as often as there are roads to it: b = a + a asks a twice. Each number is computed once; remember which names you have seen. "
            "And one of the hidden graphs is too deep for a function that calls itself.",
        ),
        Mistake(
            "by name",
            lambda made_from, output: sorted(needed(made_from, output)),
            "You sorted the names by the alphabet, which knows nothing of who was made from whom.",
        ),
        Mistake(
            "without the output",
            lambda made_from, output: recipe(made_from, output)[:-1],
            "The output itself is missing at the end of your list.",
        ),
        Mistake(
            "without the leaves",
            lambda made_from, output: [name for name in recipe(made_from, output) if made_from[name]],
            "The leaves are missing. They are made from nothing and can come first, but they belong in the list.",
        ),
    ],
    hints=(
        "Turn the station round: a number may be computed when all of its *parents* have been. Leaves wait for nobody.",
        "First collect what the output was made from, as the first half of in_order does. Then count for each name how many parents it waits for, "
        "or, if you like, take in_order's result and turn it round.",
        "With names: waiting = {output: 0}, found = [output], and made_from[name] where in_order has node.parents. At the end return order[::-1].",
    ),
    right=[recipe_by_rounds, lambda made_from, output: tuple(recipe(made_from, output))],
    after="The microscope does just this to nudge: it changes one number and computes all others again, parents first.",
)

# --- 5: backward along a tape ---------------------------------------------------------


def by_name(pairs: Any, case: Case, asked: Sequence[Any]) -> list[Any]:
    """Return the gradients in the order in which the names appear on the tape."""
    got, names = {str(name): gradient for name, gradient in pairs}, names_on(case["tape"])
    missing = [name for name in names if name not in got]
    if missing:
        raise WrongForm(
            f"Your dictionary has no gradient for {', '.join(missing[:4])}. Every name on the tape gets one, leaves too; "
            "where nothing leads to the output it is 0."
        )
    return [got[name] for name in names]


def names_on(tape: Tape) -> list[str]:
    found = dict[str, None]()
    for made, parents in tape.items():
        for parent, _ in parents:
            found[parent] = None
        found[made] = None
    return list(found)


def rewound(
    tape: Tape,
    turn: Callable[[list[str]], Iterable[str]] = reversed,
    pay: Callable[[float, float, float], float] = lambda before, slope, grad: before + slope * grad,
    end: float = 1.0,
) -> dict[str, float]:
    """The walk along the tape, in any direction and with any payment: most mistakes are a wrong one of these."""
    grads = dict.fromkeys(names_on(tape), 0.0)
    grads[list(tape)[-1]] = end
    for made in turn(list(tape)):
        for parent, slope in tape[made]:
            grads[parent] = pay(grads[parent], slope, grads[made])
    return grads


def roads_added(tape: Tape) -> dict[str, float]:
    """The right gradients, forward: each leaf's own walk with the arrows."""
    result, output = dict[str, float](), list(tape)[-1]
    for start in names_on(tape):
        hairs = {name: float(name == start) for name in names_on(tape)}
        for made, parents in tape.items():
            if made != start:
                hairs[made] = sum(slope * hairs[parent] for parent, slope in parents)
        result[start] = hairs[output]
    return result


def parents_in_a_dict(tape: Tape) -> dict[str, float]:
    """A parent used twice by one operation is paid once."""
    return rewound({made: tuple(dict(parents).items()) for made, parents in tape.items()})


def passed_on_at_once(tape: Tape) -> dict[str, float]:
    """The naive walk: a number passes on what it has each time it is paid."""
    grads = dict.fromkeys(names_on(tape), 0.0)
    output = list(tape)[-1]
    grads[output], stack = 1.0, [output]
    for _ in range(10_000):
        if not stack:
            break
        name = stack.pop()
        for parent, slope in tape.get(name, ()):
            grads[parent] += slope * grads[name]
            stack.append(parent)
    return grads


def some_tape(
    rng: np.random.Generator, n: int, aside: bool = False
) -> dict[str, tuple[tuple[str, float], ...]]:
    """Return a tape of n operations on three leaves; numbers are used more than once. ``aside``: one leads nowhere."""
    tape: dict[str, tuple[tuple[str, float], ...]] = {}
    names = ["a", "b", "c"]
    for i in range(n):
        first = names[int(rng.integers(0, len(names)))]
        second = names[-1] if i else first
        tape[f"n{i}"] = tuple(
            (p, round(float(s), 2)) for p, s in zip((first, second), rng.uniform(0.5, 2, 2), strict=True)
        )
        if not (aside and i == n - 2):
            names.append(f"n{i}")
    return tape


def strictly(gradients: Callable[[Tape], dict[str, float]]) -> Callable[[Tape], dict[str, float]]:
    """The same, but it fails where something on the tape does not lead to the output."""

    def walk(tape: Tape) -> dict[str, float]:
        used = {list(tape)[-1]} | {parent for parents in tape.values() for parent, _ in parents}
        if set(tape) - used:
            raise KeyError(*(set(tape) - used))
        return gradients(tape)

    return walk


def wrong_payments() -> list[Mistake]:
    """What a parent is paid wrongly, each beside a walk that knows what to do where nothing leads to the output, and one that does not."""
    payments: Mapping[str, tuple[Callable[[float, float, float], float], str]] = {
        "overwritten": (
            lambda before, slope, grad: slope * grad,
            "Where a number is used twice, your second payment overwrites the first. Several roads add: use +=, or add to grads.get(parent, 0.0).",
        ),
        "the slope alone": (
            lambda before, slope, grad: before + slope,
            "You add the slopes of the arrows. A parent is paid the slope *times* the gradient of the number that was made from it.",
        ),
        "only the gradient": (
            lambda before, slope, grad: before + grad,
            "You pass the gradient on as it is; the slope on the arrow is missing. Along a road slopes multiply.",
        ),
        "slope and gradient added": (
            lambda before, slope, grad: before + slope + grad,
            "Slope and gradient are added in yours. Along *one* road slopes multiply; only different roads are added.",
        ),
        "paid by multiplying": (
            lambda before, slope, grad: (before or 1.0) * slope * grad,
            "You multiply what comes along different roads. Along one road slopes multiply; several roads *add*.",
        ),
    }
    found = []
    for name, (pay, hint) in payments.items():
        found.append(Mistake(name, lambda tape, pay=pay: rewound(tape, pay=pay), hint))
        found.append(
            Mistake(f"{name}, and fails where nothing leads to the output", strictly(found[-1].answer), hint)
        )
    return found


tape_of_the_paper: Tape = {
    "p": (("w", 3.0), ("x", 2.0)),
    "s": (("p", 1.0), ("b", 1.0)),
    "q": (("p", 2.0), ("s", 6.0)),
    "L": (("q", 1.0), ("x", 1.0)),
}

along_the_tape = Function(
    name="autograd.5",
    core=True,
    title="Rewind the tape",
    minutes=20,
    level="medium",
    points=3,
    probe=of_all_names,
    weigh=by_name,
    reference=rewound,
    cases=[
        {"tape": {"p": (("w", 3.0), ("x", 2.0))}},
        {"tape": {"b": (("a", 2.0),), "c": (("b", 5.0),)}},
        {"tape": {"b": (("a", 1.0), ("a", 1.0)), "c": (("b", 1.0), ("b", 1.0))}},
        {"tape": tape_of_the_paper},
    ],
    generate=lambda rng: [
        {"tape": some_tape(rng, 4)},
        {"tape": some_tape(rng, 7, aside=True)},
        {"tape": some_tape(rng, 10, aside=True)},
        {"tape": some_tape(rng, 12)},
    ],
    mistakes=[
        *wrong_payments(),
        Mistake(
            "paid once by each operation",
            parents_in_a_dict,
            "In b = a + a the number a stands twice among the parents, and you pay it once. Go through the pairs as they are; a dictionary of them keeps only one.",
        ),
        Mistake(
            "the wrong way along",
            lambda tape: rewound(tape, turn=lambda names: names),
            "You go along the tape from its beginning. The last number has its gradient, 1, and the others get theirs from there: begin at the end, "
            "reversed(tape).",
        ),
        Mistake(
            "nothing at the end",
            lambda tape: rewound(tape, end=0.0),
            "Everything is 0, because nothing was there to be passed on. The output moves by one hair when it moves by one: its gradient is 1.",
        ),
        Mistake(
            "passed on at once",
            passed_on_at_once,
            "A number in your walk passes on what it has each time it is paid, and what came first is counted again. Go along the tape once, from its end: "
            "then everybody has been paid in full when it is their turn.",
        ),
        Mistake(
            "nothing for what leads nowhere",
            strictly(lambda tape: rewound(tape)),
            "Your walk is right as long as everything leads to the output. One of the operations here does not, so nobody has paid what it made when it is its turn: "
            "grads.get(made, 0.0) is 0 then.",
        ),
        Mistake(
            "no place for leaves",
            lambda tape: dict.fromkeys(tape, 0.0)["a leaf"],
            "Your dictionary starts with the names on the left of the tape. Leaves have no entry there; they appear among the parents only. "
            "grads.get(parent, 0.0) reads 0 where there is nothing yet.",
        ),
        Mistake(
            "the output left at 0",
            lambda tape: rewound(tape) | {list(tape)[-1]: 0.0},
            "The gradient of the output itself is 1.",
        ),
    ],
    hints=(
        "On the tape every number stands after its parents. So from the end to the beginning every number comes after all that was made from it: no counting.",
        "Start with a dictionary that has 0 for every name and 1 for the last one made. For each made, from the end: each parent gets += slope * grads[made].",
        "Leaves do not stand on the left of the tape, only among the parents. grads.get(parent, 0.0) reads 0 where there is nothing yet.",
    ),
    right=[roads_added, lambda tape: {name: np.float64(g) for name, g in rewound(dict(tape)).items()}],
    after="Your walk visited every operation on the tape, also those that have nothing to do with the output. What did they pay?",
)

# --- 6: find the bug, each once and yet too early -------------------------------------


def as_an_order(names: Any, case: Case, asked: Sequence[Any]) -> tuple[int, int, int]:
    """Judge an order: a number comes after everything made from it."""
    made_from = case["made_from"]
    missing, many, _, _ = verdict_on(names, made_from, list(made_from)[-1])
    if many > 100 * len(made_from):
        raise WrongForm(f"Your list has {len(names):,} names, for a graph of {len(made_from)} numbers.")
    return missing, many, sum(name in made_from[later] for i, name in enumerate(names) for later in names[i:])


def depth_first(node: Node, after: bool, seen: list[Node] | None = None) -> list[Node]:
    """Recursion as in the exercise: a number is written down before or after its parents."""
    found = list[Node]()

    def visit(node: Node) -> None:
        if seen is None and any(node is other for other in found + open_now):
            return
        open_now.append(node)
        if not after:
            found.append(node)
        for parent in node.parents:
            visit(parent)
        if after:
            found.append(node)

    open_now: list[Node] = []
    visit(node)
    return found


def breadth_first(node: Node) -> list[Node]:
    found = [node]
    for made in found:
        found += [p for p in dict.fromkeys(made.parents) if p not in found]
    return found


def by_the_longest_road(node: Node) -> list[Node]:
    far = {node: 0}
    changed = True
    while changed:
        changed = False
        for made in list(far):
            for parent in made.parents:
                if far.get(parent, -1) < far[made] + 1:
                    far[parent], changed = far[made] + 1, True
    return sorted(far, key=lambda made: far[made])


each_once = Function(
    name="autograd.6",
    title="Find the bug: each once, and too early",
    minutes=15,
    level="medium",
    points=2,
    probe=names_by_walk,
    weigh=as_an_order,
    parts=("numbers missing", "numbers that repeat", "pairs the wrong way round"),
    reference=in_order,
    given=lambda node: depth_first(node, after=False),
    tolerance=0,
    cases=[
        {"made_from": {"a": (), "b": ("a", "a"), "c": ("b", "b")}},
        {"made_from": {"a": (), "b": ("a",), "c": ("a", "b")}},
        {"made_from": PAPER},
    ],
    generate=lambda rng: [{"made_from": some_graph(rng, n)} for n in (5, 7, 8, 9)],
    mistakes=[
        Mistake(
            "leaves first",
            lambda node: depth_first(node, after=True),
            "You put the node behind its parents. That is the order for computing, the leaves first. The node was in its right place; "
            "look at how the lists of its parents are put together.",
        ),
        Mistake(
            "only turned round",
            lambda node: depth_first(node, after=False)[::-1],
            "The output comes last in yours; you turned the friend's list round as a whole. The node belongs in front. It is the lists of its parents that are put together the wrong way.",
        ),
        Mistake(
            "without seen",
            lambda node: depth_first(node, after=False, seen=[]),
            "Without `seen` a number comes once for each road. `seen` was right. Look at how the lists of the parents are put together.",
        ),
        Mistake(
            "without seen, put together rightly",
            lambda node: depth_first(node, after=True, seen=[])[::-1],
            "The lists are put together rightly now, but without `seen` a number comes once for each road.",
        ),
        Mistake(
            "without seen, leaves first",
            lambda node: depth_first(node, after=True, seen=[]),
            "Without `seen` a number comes once for each road; and you list the leaves first, which is the order for computing.",
        ),
        Mistake(
            "level by level",
            breadth_first,
            "You go level by level. A number that the output uses directly comes on the second level, although it may still be waiting for somebody further down.",
        ),
        Mistake(
            "the output alone",
            lambda node: [node],
            "Only the output is left in your list. The walk has to go on to its parents.",
        ),
        Mistake(
            "the parents from the other end",
            lambda node: preorder_from_the_right(node),
            "You changed the order in which the parents are *asked*. For some graphs that helps, for others it hurts. What matters is whose list goes in front.",
        ),
        Mistake(
            "nothing",
            lambda node: [],
            "Your list is empty. Each number has to be written down once.",
        ),
    ],
    hints=(
        "Follow the code for c = a + b, where b was made from a. Which list comes back from a, which from b, and how are they put together?",
        "When the second parent is asked, all that the first one found is in `seen` already. So what the second one finds may be made *from* that; the other way round cannot be.",
        "What is found later has to stand earlier: put the new list in front of what is there.",
    ),
    right=[by_the_longest_road, lambda node: iter(depth_first(node, after=True)[::-1])],
    after="Depth first is how many engines find their order. What happens to it in the chapter's chain of 10,000 additions?",
)


def preorder_from_the_right(node: Node) -> list[Node]:
    found, stack = dict[Node, None](), [node]
    while stack:
        made = stack.pop()
        if made not in found:
            found[made] = None
            stack += made.parents
    return list(found)


# --- 7: count the roads ---------------------------------------------------------------


def roads_to(made_from: Graph) -> dict[str, int]:
    roads = dict.fromkeys(made_from, 0)
    roads[list(made_from)[-1]] = 1
    for name in reversed(list(made_from)):
        for parent in made_from[name]:
            roads[parent] += roads[name]
    return roads


def the_wrong_way_along(made_from: Graph) -> int:
    roads = dict.fromkeys(made_from, 0)
    roads[list(made_from)[-1]] = 1
    for name, parents in made_from.items():
        for parent in parents:
            roads[parent] += roads[name]
    return sum(roads.values())


def from_below(made_from: Graph) -> int:
    """Count the visits that begin at each number, leaves first."""
    visits = dict[str, int]()
    for name, parents in made_from.items():
        visits[name] = 1 + sum(visits[parent] for parent in parents)
    return visits[list(made_from)[-1]]


def each_parent_once(made_from: Graph) -> int:
    return sum(
        roads_to({name: tuple(dict.fromkeys(parents)) for name, parents in made_from.items()}).values()
    )


roads = Function(
    name="autograd.7",
    title="How long would it take?",
    minutes=20,
    level="medium",
    points=3,
    probe=counted,
    reference=lambda made_from: sum(roads_to(made_from).values()),
    seconds=1.0,
    cases=[
        {"made_from": {"w": (), "x": (), "p": ("w", "x")}},
        {"made_from": {"a": (), "b": ("a", "a"), "c": ("b", "b")}},
        {"made_from": {"a": (), "b": ("a",), "c": ("a", "b")}},
        {"made_from": PAPER},
        {"made_from": doublings(60)},
    ],
    generate=lambda rng: [
        {"made_from": some_graph(rng, 6)},
        {"made_from": some_graph(rng, 20)},
        {"made_from": some_graph(rng, 50)},
    ],
    mistakes=[
        Mistake(
            "in order",
            len,
            "That is one visit for each number, as `ordered` makes them. every_road comes to a number once for each *road* that leads there.",
        ),
        Mistake(
            "the arrows",
            lambda made_from: sum(len(parents) for parents in made_from.values()),
            "You counted the arrows. An arrow is gone along once for each road that leads to its head.",
        ),
        Mistake(
            "the arrows and the output",
            lambda made_from: 1 + sum(len(parents) for parents in made_from.values()),
            "You counted each arrow once. But every visit to a number goes along *all* arrows to its parents, and some numbers are visited more than once.",
        ),
        Mistake(
            "the roads to leaves",
            lambda made_from: sum(n for name, n in roads_to(made_from).items() if not made_from[name]),
            "You counted whole roads, from the output to a leaf. The walk also visits all numbers on the way.",
        ),
        Mistake(
            "the output left out",
            lambda made_from: sum(roads_to(made_from).values()) - 1,
            "One is missing: the walk begins with a visit to the output itself.",
        ),
        Mistake(
            "each parent once",
            each_parent_once,
            "In b = a + a the number a stands twice among the parents, so two roads lead there. A set, or `in`, counts them as one.",
        ),
        Mistake(
            "as if all were doublings",
            lambda made_from: 2 ** len(made_from) - 1,
            "2ⁿ − 1 is right for the doublings of the chapter only, where each number has two arrows to the next. Count for any graph.",
        ),
        Mistake(
            "from the beginning",
            the_wrong_way_along,
            "You go through the names from the beginning. Only the output has its visit at the start, and the others get theirs from there: begin at the end, reversed(made_from).",
        ),
        Mistake(
            "only the first number",
            lambda made_from: roads_to(made_from)[next(iter(made_from))],
            "That is how often *one* number is visited, the first. Add up over all of them.",
        ),
    ],
    hints=(
        "Do not walk. To how many roads does a number belong? The output is visited once; a parent is visited once for each visit to a number made from it.",
        "A dictionary with 0 for every name and 1 for the output. From the end: each parent gets += as many visits as the number that was made from it. At the end, the sum.",
        "It is the walk of the chapter, with visits for gradients and every slope equal to 1.",
    ),
    right=[from_below, lambda made_from: float(sum(roads_to(made_from).values()))],
    after="Counting the roads took one visit each. What else could be counted in one backward walk, with other numbers on the arrows?",
)

# --- 8: find the bug, only the last sample --------------------------------------------


def a_step(
    clear: str = "before",
    scale: Callable[[int], float] = lambda n: 1 / n,
    move: str = "after",
) -> Step:
    """Return a step, right or wrong: when the gradients are cleared, when the weights move, and how far."""

    def step(parameters: list[Number], samples: Any, loss: Any, lr: float) -> None:
        def now(when: str) -> None:
            if clear == when:
                for p in parameters:
                    p.grad = 0.0
            if move == when:
                for p in parameters:
                    p.value -= lr * p.grad * scale(len(samples))

        now("before")
        for sample in samples:
            now("each")
            loss(parameters, sample).backward()
        now("after all")
        now("after")

    return step


def one_graph(parameters: list[Number], samples: Any, loss: Any, lr: float) -> None:
    """The mean loss as one number, and one way back."""
    total = loss(parameters, samples[0])
    for sample in samples[1:]:
        total = total + loss(parameters, sample)
    for p in parameters:
        p.grad = 0.0
    total.backward()
    for p in parameters:
        p.value = p.value - lr * p.grad / len(samples)


def kept_beside(parameters: list[Number], samples: Any, loss: Any, lr: float) -> None:
    """Each sample's gradients collected in a list of their own."""
    sums = [0.0] * len(parameters)
    for sample in samples:
        for p in parameters:
            p.grad = 0.0
        loss(parameters, sample).backward()
        sums = [s + p.grad for s, p in zip(sums, parameters, strict=True)]
    for s, p in zip(sums, parameters, strict=True):
        p.value -= lr * s / len(samples)


def each_sample_a_whole_step(parameters: list[Number], samples: Any, loss: Any, lr: float) -> None:
    for sample in samples:
        each_sample_a_step(parameters, [sample], loss, lr)


def each_sample_a_step(parameters: list[Number], samples: Any, loss: Any, lr: float) -> None:
    for sample in samples:
        for p in parameters:
            p.grad = 0.0
        loss(parameters, sample).backward()
        for p in parameters:
            p.value -= lr * p.grad / len(samples)


def each_sample_a_step_uncleared(parameters: list[Number], samples: Any, loss: Any, lr: float) -> None:
    for p in parameters:
        p.grad = 0.0
    for sample in samples:
        loss(parameters, sample).backward()
        for p in parameters:
            p.value -= lr * p.grad / len(samples)


def some_step(rng: np.random.Generator, N: int, D: int) -> Case:
    return {
        "weights": rng.normal(size=D).round(2),
        "samples": rng.normal(size=(N, D + 1)).round(2),
        "lr": round(float(rng.uniform(0.05, 0.2)), 3),
    }


last_sample = Function(
    name="autograd.8",
    core=True,
    title="Find the bug: the last one counts",
    minutes=10,
    level="easy",
    points=2,
    probe=moved,
    reference=a_step(),
    given=a_step(clear="each"),
    cases=[
        {"weights": np.array([1.0]), "samples": np.array([[2.0, 1.0]]), "lr": 0.1},
        {"weights": np.array([1.0]), "samples": np.array([[2.0, 1.0], [1.0, 2.0]]), "lr": 0.1},
        {
            "weights": np.array([1.0, -2.0]),
            "samples": np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0], [2.0, 1.0, 1.0]]),
            "lr": 0.1,
        },
    ],
    generate=lambda rng: [some_step(rng, *size) for size in ((2, 2), (5, 1), (4, 3), (7, 2))],
    mistakes=[
        Mistake(
            "never cleared",
            a_step(clear="never"),
            "Now nobody clears the gradients: what an earlier step left in `grad` is still there. Clear them once, before the first sample.",
        ),
        Mistake(
            "cleared after backward",
            a_step(clear="after all"),
            "Nothing moved: the gradients are cleared after `backward` and before the step, which then finds zeros. Clear them once, before the first sample.",
        ),
        Mistake(
            "a step for each sample, and no mean",
            each_sample_a_whole_step,
            "You take a whole step after each sample, so the second sample sees weights that have moved already. This step belongs to the *mean* loss: add up first, step once, divided by len(samples).",
        ),
        Mistake(
            "a step for each sample",
            each_sample_a_step,
            "You take a step after each sample, so the second sample sees weights that have moved already. All gradients belong to one place: step once, after the loop.",
        ),
        Mistake(
            "a step for each sample, gradients adding up",
            each_sample_a_step_uncleared,
            "You take a step after each sample, with the gradients of all the earlier ones still in it. Step once, after the loop.",
        ),
        Mistake(
            "the sum for the mean",
            a_step(scale=lambda n: 1.0),
            "The clearing is right. But the step is N times too long: divide by len(samples), as the code did.",
        ),
        Mistake(
            "no division, still the last one",
            a_step(clear="each", scale=lambda n: 1.0),
            "The division by len(samples) was right, for a mean of N losses. But what is in `grad` when the loop is over: the sum of all samples, or one of them?",
        ),
        Mistake(
            "uphill",
            a_step(scale=lambda n: -1 / n),
            "The clearing is right, but the step goes uphill. The minus was fine.",
        ),
        Mistake(
            "divided twice",
            a_step(scale=lambda n: 1 / n**2),
            "The clearing is right, but you divide by len(samples) twice.",
        ),
    ],
    hints=(
        "With one sample the step is right. With two, compute by hand what is in `grad` after each line of the loop.",
        "`backward` adds to the leaves, and here this is just what you want. Who takes it away again?",
        "Clear once, before the loop over the samples.",
    ),
    right=[one_graph, kept_beside],
    after="Adding up over several backward passes is used on purpose, where a batch is too large for the memory: one part after the other, then one step.",
)

# --- 9: predict, the kink -------------------------------------------------------------

kink = Choice(
    name="autograd.9",
    core=True,
    title="What the machine cannot see",
    minutes=5,
    level="medium",
    points=1,
    right="B",
    options={
        "A": "That is what a nudge says, and what is true: the function is x itself, whose slope is 1 everywhere. But the machine never sees the function, only four operations, one after the other. "
        "What does each relu say its slope is, at exactly 0?",
        "B": "Both relus sit exactly on their kinks, and there each says that its slope is 0. Two roads, both blocked. The function is x, its slope is 1, and the machine says 0: "
        "it differentiates operations, not functions.",
        "C": "It would come out if relu said a half at its kink. Many would find that fair; the chapter's machine had to choose, and chose something else.",
        "D": "Nothing in these operations can fail: at 0 relu has a value, and the chapter's relu also has a slope, because somebody chose one.",
    },
    hints=(
        "relu(x) − relu(−x): for positive x the second part is 0, for negative x the first. Which function is it?",
        "The chapter's relu writes down 1.0 if self.value > 0, else 0.0. What is that for x = 0? And for −x?",
    ),
    after="The microscope would put a dashed frame round x, and both would have a point. How likely is a value of exactly 0 in a network? And if its inputs are blank pixels?",
)

# --- 10: dual numbers -----------------------------------------------------------------


class Dual:
    """A number and by how many hairs it moves."""

    def __init__(self, value: Any, hairs: Any) -> None:
        self.value, self.hairs = value, hairs

    def __add__(self, other: Any) -> "Dual":
        other = self.other(other)
        return type(self)(self.value + other.value, self.sum(other))

    def __mul__(self, other: Any) -> "Dual":
        other = self.other(other)
        return type(self)(self.value * other.value, self.product(other))

    __radd__, __rmul__ = __add__, __mul__

    def exp(self) -> "Dual":
        value = math.exp(self.value)
        return type(self)(value, self.of_exp(value))

    # what the mistakes change
    constant: Any = 0.0

    def other(self, x: Any) -> Any:
        return x if isinstance(x, Dual) else type(self)(x, self.constant)

    def sum(self, other: Any) -> Any:
        return self.hairs + other.hairs

    def product(self, other: Any) -> Any:
        return self.hairs * other.value + self.value * other.hairs

    def of_exp(self, value: Any) -> Any:
        return value * self.hairs


def dual(**changed: Any) -> type[Dual]:
    return type("Changed", (Dual,), changed)


class ByArrays:
    """A right answer of another kind: value and hairs in one array."""

    def __init__(self, value: float, hairs: float) -> None:
        self.both = np.array([value, hairs])

    value = property(lambda self: self.both[0])
    hairs = property(lambda self: self.both[1])

    def __add__(self, other: Any) -> "ByArrays":
        return ByArrays(*(self.both + (other.both if isinstance(other, ByArrays) else [other, 0])))

    def __mul__(self, other: Any) -> "ByArrays":
        if not isinstance(other, ByArrays):
            return ByArrays(*(self.both * other))
        return ByArrays(self.value * other.value, float(self.both @ other.both[::-1]))

    __radd__, __rmul__ = __add__, __mul__

    def exp(self) -> "ByArrays":
        return ByArrays(*(np.exp(self.value) * np.array([1, self.hairs])))


def some_duals(rng: np.random.Generator, n: int) -> Case:
    u, v = rng.uniform(-2, 2, (2, 2)).round(3)
    return {"u": u, "v": v, "numbers": rng.uniform(-2, 2, n).round(2)}


dual_numbers = Function(
    name="autograd.10",
    title="Forwards, with operators",
    minutes=25,
    level="hard",
    points=4,
    probe=with_duals,
    parts=tuple(DUALS),
    reference=Dual,
    cases=[
        {"u": np.array([2.0, 1.0]), "v": np.array([5.0, 0.0]), "numbers": np.array([3.0])},
        {"u": np.array([0.0, 1.0]), "v": np.array([-3.0, 1.0]), "numbers": np.array([3.0])},
        {"u": np.array([1.0, -2.0]), "v": np.array([4.0, 0.5]), "numbers": np.array([3.0])},
    ],
    generate=lambda rng: [some_duals(rng, n) for n in (2, 3, 1, 4)],
    mistakes=[
        Mistake(
            "hairs multiplied",
            dual(product=lambda self, other: self.hairs * other.hairs),
            "In a product you multiplied the hairs with each other. If u moves by a hair, u·v moves by v hairs; if v moves, by u. Both roads count, and they add.",
        ),
        Mistake(
            "only the first factor",
            dual(product=lambda self, other: self.hairs * other.value),
            "In a product you let only the first factor move. The second may move too: its road is missing.",
        ),
        Mistake(
            "only the second factor",
            dual(product=lambda self, other: self.value * other.hairs),
            "In a product you let only the second factor move. The first may move too: its road is missing.",
        ),
        Mistake(
            "each with its own",
            dual(product=lambda self, other: self.value * self.hairs + other.value * other.hairs),
            "In a product the slope by u is v, and the slope by v is u. Yours multiplies each one's hairs by its own value.",
        ),
        Mistake(
            "the product as a sum",
            dual(product=lambda self, other: self.hairs + other.hairs),
            "That is how a *sum* moves. In a product the slope by u is v, and the slope by v is u.",
        ),
        Mistake(
            "a minus in the product",
            dual(product=lambda self, other: self.hairs * other.value - self.value * other.hairs),
            "In a product the two roads add; yours takes the second away.",
        ),
        Mistake(
            "the sum's hairs multiplied",
            dual(sum=lambda self, other: self.hairs * other.hairs),
            "In a sum you multiplied the hairs. Both slopes of a sum are 1, and roads add.",
        ),
        Mistake(
            "one in every sum",
            dual(sum=lambda self, other: 1.0),
            "The slopes of a sum are 1, yes; but they stand on the *arrows*. The sum moves by the hairs of the one plus the hairs of the other.",
        ),
        Mistake(
            "only the first of a sum",
            dual(sum=lambda self, other: self.hairs),
            "In a sum you let only the first number move.",
        ),
        Mistake(
            "the exponential without hairs",
            dual(of_exp=lambda self, value: value),
            "exp: that is the slope. If the number inside moves by two hairs, the result moves by twice that: slope times hairs.",
        ),
        Mistake(
            "the exponential of the hairs",
            dual(of_exp=lambda self, value: math.exp(self.hairs)),
            "exp: you took the exponential of the hairs. The slope of eᵘ is eᵘ; multiply it by the hairs of u.",
        ),
        Mistake(
            "the hairs passed on",
            dual(of_exp=lambda self, value: self.hairs),
            "exp: the hairs go through unchanged in yours, as if the slope were 1. The slope of eᵘ is eᵘ.",
        ),
        Mistake(
            "value of u as the slope",
            dual(of_exp=lambda self, value: self.value * self.hairs),
            "exp: the slope is eᵘ, the result's own value, not u.",
        ),
        Mistake(
            "an ordinary number taken for a Dual",
            dual(other=lambda self, x: x),
            "An ordinary number, such as the 3 in 3 * u, has no `value` and no `hairs`. Let as_dual look at `other` first: other = as_dual(other).",
        ),
        Mistake(
            "a constant that moves",
            dual(constant=1.0),
            "An ordinary number such as 3 does not move: 0 hairs. Yours moves by one.",
        ),
    ],
    hints=(
        "A Dual is what forward_mode keeps for a node: the value, and in `hairs` the sum over the parents of slope times hairs.",
        "The slopes are in the chapter's table. A sum: 1 and 1. A product u·v: v and u. eᵘ: eᵘ.",
        "Product: Dual(self.value * other.value, self.hairs * other.value + self.value * other.hairs).",
    ),
    right=[
        ByArrays,
        dual(
            product=lambda self, other: sum(np.array([self.hairs, self.value]) * [other.value, other.hairs])
        ),
    ],
    after="No graph, no order, no walk, and nothing to be kept. But for the slopes by a million weights you would compute everything a million times.",
)

# --- 11: in words ---------------------------------------------------------------------

by_distance = Written(
    name="autograd.11",
    core=True,
    title="Nearest first?",
    minutes=20,
    level="hard",
    points=4,
    hints=(
        "Look at x in the graph of the paper. How far is it from L? And whom does it wait for?",
        "If u is made from v, compare the longest road to u with the longest road to v: how much longer is the second at least?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    there_and_back,
    softplus,
    how_many_orders,
    computing_order,
    along_the_tape,
    each_once,
    roads,
    last_sample,
    kink,
    dual_numbers,
    by_distance,
)
