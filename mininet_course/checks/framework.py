"""The exercises on modules and state dictionaries: what is right, what goes wrong, what to say.

The texts that learners read, and the answers that the book shows, are in `exercises/sources/framework.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

import mininet.functional as F
from mininet import nn
from mininet.arrays import Array, Floats
from mininet.model import eval_mode
from mininet.optim import SGD
from mininet.tensor import Tensor
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
from mininet_course.probes.framework import (
    Batches,
    Collect,
    State,
    arrays_in,
    clipped,
    measured,
    moved_over,
    place_of,
    stepped,
    tried,
    written_down,
)

# --- 1: predict, the names ------------------------------------------------------------

names = Choice(
    name="framework.1",
    core=True,
    title="What the clipboard writes down",
    minutes=5,
    level="easy",
    points=1,
    right="B",
    options={
        "A": "Those six are the parameters, what the optimiser gets. A state dictionary has more to put back: "
        "batch norm's running means and variances, which no gradient changes.",
        "B": "Six parameters in the order of the attributes, and after them the two buffers of batch norm. `scale` asks for no gradient and is a constant; "
        "the ReLU in drawer 0 holds nothing, so the Linear is in drawer 1.",
        "C": "`scale` is a tensor, but it does not ask for a gradient. For the clipboard it is a constant, and it is not written down.",
        "D": "Drawers are numbered by their place in the list. The ReLU lies in drawer 0, even if nothing in it is written down.",
    },
    hints=(
        "Go through the attributes in order, and open the dictionary and the list. Which tensors ask for a gradient?",
        "Then add what belongs to the network although no gradient changes it. Where in the list is the last Linear?",
    ),
    after="`scale` is not saved at all. If somebody changes it, the change is lost with the next loading; `nn.Parameter` or `buffers` would keep it.",
)

# --- 2: predict, shared things --------------------------------------------------------

count = Values(
    name="framework.2",
    title="Count what is shared",
    minutes=10,
    level="medium",
    points=2,
    expects={"arrays": (), "numbers": ()},
    probe=lambda arrays, numbers: (arrays, numbers),
    parts=("arrays", "numbers"),
    reference=(5, 39),
    tolerance=0,
    cases=[{}],
    mistakes=[
        Mistake(
            "three blocks",
            (9, 63),
            "[block] * 3 makes three doors to *one* cupboard: a list with the same layer in it three times. It is written down once.",
        ),
        Mistake(
            "everything twice",
            (10, 81),
            "You count each door. [block] * 3 is one layer under three names, and `back` is encode.weight under a second one.",
        ),
        Mistake(
            "the tied one twice",
            (6, 57),
            "`back` is encode.weight itself, under a second name. It has been seen already.",
        ),
        Mistake("no biases", (2, 27), "Each Linear has a bias, too, and `last` is a parameter."),
        Mistake(
            "without last",
            (4, 33),
            "`last` is missing: a Parameter may lie in an attribute, without a layer.",
        ),
        Mistake(
            "no biases in the layers",
            (3, 33),
            "Each Linear has a bias beside its weight, with one number for each output.",
        ),
        Mistake(
            "without the block",
            (3, 27),
            "The list has to be opened: the block in it is a parameter's home as well, once.",
        ),
        Mistake(
            "a layer is one array",
            (3, 39),
            "`arrays`: you count each layer once. A Linear has two arrays, weight and bias.",
        ),
        Mistake(
            "block counted thrice",
            (5, 63),
            "`numbers`: the block has 12 numbers, however often it is in the list.",
        ),
        Mistake(
            "tied counted twice",
            (5, 57),
            "`numbers`: the 18 of encode.weight are in there twice; `back` is the same array.",
        ),
        Mistake(
            "biases by input",
            (5, 42),
            "`numbers`: the bias of Linear(6, 3) has one number for each *output*, that is 3.",
        ),
    ],
    hints=(
        "Write a line for each array: name, shape, count. Strike out what is the same object as one above it.",
        "[block] * 3 copies the reference and not the layer. `back` is no copy, either.",
    ),
    right=[(5.0, 39.0), (2 + 2 + 1, 18 + 3 + 9 + 3 + 6)],
    after="The block is used three times going forward, and its three gradients add up in one `.grad`. What would [nn.Linear(3, 3, rng) for _ in range(3)] have made?",
    vary=lambda rng: other_sizes(rng),
)


def other_sizes(rng: np.random.Generator) -> Varied:
    sizes = [(4, 3), (5, 4), (8, 2), (7, 3), (5, 2), (9, 4), (4, 5), (8, 5)]
    n, h = sizes[rng.integers(len(sizes))]
    encode, block = n * h + h, h * h + h
    texts = {
        "nn.Linear(6, 3, rng)": f"nn.Linear({n}, {h}, rng)",
        "nn.Linear(3, 3, rng)": f"nn.Linear({h}, {h}, rng)",
        "np.zeros(6, dtype": f"np.zeros({n}, dtype",
    }
    total = encode + block + n
    wrong = {
        "three blocks": (9, total + 2 * block),
        "the tied one twice": (6, total + n * h),
        "without last": (4, encode + block),
        "a layer is one array": (3, total),
    }
    right = [(5.0, float(total)), (np.int64(5), total)]
    varied = replace(count, reference=(5, total), mistakes=as_made_with(count, wrong), right=right, after="")
    return texts, varied


# --- 3: the walk ----------------------------------------------------------------------


def joined(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)


def is_array(thing: object) -> bool:
    return isinstance(thing, np.ndarray)


def is_same(one: object, other: object) -> bool:
    return one is other


def walking(
    lists: tuple[type, ...] = (list, tuple),
    start: int = 0,
    join: Callable[[str, object], str] = joined,
    seen_if: Callable[[Any, Any], bool] = is_same,
    leaf: Callable[[object], bool] = is_array,
    floors: int = 100,
) -> Collect:
    """Return the walk through a tree, or a walk with something changed."""

    def collect(tree: dict[str, Any]) -> State:
        found: State = {}
        seen: list[Any] = []

        def look(thing: Any, name: str, floor: int) -> None:
            if leaf(thing):
                if not any(seen_if(thing, other) for other in seen):
                    seen.append(thing)
                    found[name] = thing
            elif isinstance(thing, dict) and floor < floors:
                for key, value in thing.items():
                    look(value, join(name, key), floor + 1)
            elif isinstance(thing, lists) and floor < floors:
                drawers: Any = thing
                for i, value in enumerate(drawers, start):
                    look(value, join(name, i), floor + 1)

        look(tree, "", 0)
        return found

    return collect


by_walking = walking()


def with_a_heap(tree: dict[str, Any]) -> State:
    """The same without a function that calls itself."""
    heap: list[tuple[str, Any]] = [("", tree)]
    found: State = {}
    while heap:
        name, thing = heap.pop()
        if isinstance(thing, np.ndarray):
            if id(thing) not in [id(a) for a in found.values()]:
                found[name] = thing
        elif isinstance(thing, (dict, list, tuple)):
            inside = thing if isinstance(thing, dict) else dict(enumerate(thing))
            heap += [(joined(name, key), value) for key, value in reversed(inside.items())]
    return found


def with_yield(tree: dict[str, Any]) -> State:
    def look(thing: Any, path: tuple[str, ...]) -> Any:
        if isinstance(thing, np.ndarray):
            yield ".".join(path), thing
        elif isinstance(thing, dict):
            for key, value in thing.items():
                yield from look(value, (*path, str(key)))
        elif isinstance(thing, (list, tuple)):
            yield from look(dict(enumerate(thing)), path)

    first_names = {id(a): name for name, a in reversed(list(look(tree, ())))}
    return {name: a for name, a in look(tree, ()) if first_names[id(a)] == name}


def line_by_line(lines: Any, case: Case, asked: Sequence[Any]) -> tuple[int, list[int], list[int], list[int]]:
    """Return how many lines the list has, and for each expected one how long its name is, and what is right in it."""
    arrays = arrays_in(case["tree"])
    want = [(name, place_of(a, arrays)) for name, a in by_walking(case["tree"]).items()]
    pairs = list(zip(want, [*lines, *[("", -1)] * len(want)], strict=False))
    letters = [len(str(found)) for _, (found, _) in pairs]
    named = [int(name == found) for (name, _), (found, _) in pairs]
    right = [int(place == found) for (_, place), (_, found) in pairs]
    return len(lines), letters, named, right


def some_tree(rng: np.random.Generator, n: int) -> Case:
    blocks = [{"weight": rng.normal(size=(2, 2)), "bias": np.zeros(2)} for _ in range(n)]
    tree = {
        "title": "a tree",
        "blocks": blocks,
        "pair": (rng.normal(size=3), [rng.normal(size=1)]),
        "optimiser": {"state": {"m": rng.normal(size=2)}, "lr": 0.1},
        "again": blocks[0]["weight"],
    }
    return {"tree": tree | {f"more{i}": rng.normal(size=i) for i in range(n)}}


SHARED = np.array([7.0])

collecting = Function(
    name="framework.3",
    core=True,
    title="Your own clipboard",
    minutes=20,
    level="medium",
    points=3,
    reference=by_walking,
    probe=written_down,
    weigh=line_by_line,
    tolerance=0,
    parts=(
        "how many lines",
        "letters in each name",
        "lines with the right name",
        "lines with the right array",
    ),
    cases=[
        {"tree": {"w": np.array([1.0]), "b": np.array([2.0])}},
        {"tree": {"in": {"w": np.array([1.0]), "n": 3}}},
        {"tree": {"b": [np.array([1.0]), np.array([2.0])], "c": "x"}},
        {"tree": {"b": [{"w": np.array([0.0])}, {"w": np.array([0.0])}]}},
        {"tree": {"p": (np.array([1.0]), np.array([2.0])), "lr": 0.1}},
        {"tree": {"a": SHARED, "b": {"a": SHARED}, "c": np.array([8.0])}},
    ],
    generate=lambda rng: [some_tree(rng, n) for n in (1, 2, 3)],
    mistakes=[
        Mistake(
            "everything else as well",
            walking(leaf=lambda thing: not isinstance(thing, (dict, list, tuple))),
            "Texts and numbers are in your list, too. Only arrays are wanted: isinstance(thing, np.ndarray).",
        ),
        Mistake(
            "top floor alone",
            walking(floors=1),
            "You look at the first floor only. If you do call `collect` for what lies inside, what happens to the dictionary that it returns? Put its lines into yours.",
        ),
        Mistake(
            "lists not opened",
            walking(lists=()),
            "Lists and tuples stay closed in yours. Their drawers are called 0, 1, 2, …: dict(enumerate(thing)).",
        ),
        Mistake(
            "tuples not opened",
            walking(lists=(list,)),
            "Lists are opened, tuples are not: isinstance(thing, (list, tuple)) asks for both.",
        ),
        Mistake(
            "counted twice",
            walking(seen_if=lambda one, other: False),
            "An array that can be reached by two ways is in your list twice. Remember what you have seen, by id(…), and pass it on to the inner calls.",
        ),
        Mistake(
            "equal taken for the same",
            walking(seen_if=np.array_equal),
            "You leave out an array because another holds the same *numbers*. Two biases of zeros are still two. Ask whether it is the same object: id(…), or `is`.",
        ),
        Mistake(
            "the last key alone",
            walking(join=lambda name, key: str(key)),
            "Your names are the last step only, and where two drawers are called alike the second pushes the first out. A name is the whole way: the name so far, a dot, the key.",
        ),
        Mistake(
            "a dot in front",
            walking(join=lambda name, key: f"{name}.{key}"),
            'Your names begin with a dot. At the top the name so far is "", and then no dot is wanted.',
        ),
        Mistake(
            "no dot",
            walking(join=lambda name, key: f"{name}{key}"),
            "The steps of a name run into one another. Put a dot between them.",
        ),
        Mistake(
            "underscores",
            walking(join=lambda name, key: f"{name}_{key}" if name else str(key)),
            'The steps of a name are parted by a dot: "in.w".',
        ),
        Mistake(
            "counted from 1",
            walking(start=1),
            "The drawers of a list are counted from 0 in Python, and in these names as well.",
        ),
    ],
    hints=(
        "A function that calls itself: an array is written down, a dictionary or a list is opened, and for anything else nothing happens.",
        'An inner function `look(thing, name)` can write into a dictionary `found` that stands outside it. The way on is f"{name}.{key}" if name else str(key).',
        "A list is a dictionary with the keys 0, 1, …: dict(enumerate(thing)). And a set `seen` of id(array) keeps what is shared from coming twice.",
    ),
    right=[with_a_heap, with_yield],
    after="JAX calls such a nest a *pytree*, and has no other network. But it would write a shared array down twice. Why can it not ask whether two arrays are the same object?",
)

# --- 4: a skip connection -------------------------------------------------------------

Forward = Callable[[Any, Tensor], Any]


def adder(
    forward: Forward, wanted: Callable[[int, int], bool] = lambda n_in, n_out: n_in != n_out
) -> type[nn.Module]:
    """Return a module with a layer `change`, and with one `around` where it is wanted."""

    class Block(nn.Module):
        def __init__(self, n_in: int, n_out: int, rng: np.random.Generator) -> None:
            self.change = nn.Linear(n_in, n_out, rng)
            self.around = nn.Linear(n_in, n_out, rng) if wanted(n_in, n_out) else None

    Block.forward = forward  # type: ignore[method-assign, assignment]
    return Block


def road(net: Any, x: Tensor) -> Tensor:
    """The road around the change."""
    return net.around(x) if getattr(net, "around", None) is not None else x


def adding(net: Any, x: Tensor) -> Tensor:
    return road(net, x) + F.relu(net.change(x))


class InARow(nn.Module):
    """A right answer that keeps its layers in other modules, under the same names."""

    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator) -> None:
        if n_in != n_out:
            self.around = nn.Linear(n_in, n_out, rng)
        self.change = nn.Linear(n_in, n_out, rng)
        self.same = n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.change(x))
        return out + x if self.same else out + self.around(x)


class ByFunctions(adder(adding)):  # type: ignore[misc]
    def forward(self, x: Tensor) -> Tensor:
        h = x @ self.change.weight + self.change.bias
        h = h * (h.data > 0).astype(h.dtype)
        out: Tensor = h + x if self.around is None else h + (x @ self.around.weight + self.around.bias)
        return out


class NoAttribute(InARow):
    def forward(self, x: Tensor) -> Tensor:
        return self.around(x) + F.relu(self.change(x))


class Unseen(nn.Module):
    """The layer around is remembered by a function alone."""

    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator) -> None:
        self.change = nn.Linear(n_in, n_out, rng)
        layer = nn.Linear(n_in, n_out, rng)
        self.road = (lambda x: x) if n_in == n_out else (lambda x: layer(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.road(x) + F.relu(self.change(x))


def some_block(rng: np.random.Generator, n: int, n_in: int, n_out: int) -> Case:
    return {"x": rng.normal(size=(n, n_in)).round(3), "n_out": n_out}


skipping = Function(
    name="framework.4",
    core=True,
    title="A way around",
    minutes=20,
    level="medium",
    points=3,
    reference=adder(adding),
    probe=tried,
    parts=("output", "gradient by x"),
    cases=[
        {"x": np.array([[1.0, -2.0]]), "n_out": 2},
        {"x": np.array([[1.0, -2.0], [0.5, 3.0]]), "n_out": 3},
    ],
    generate=lambda rng: [some_block(rng, *sizes) for sizes in ((4, 3, 3), (3, 4, 2), (5, 2, 5))],
    mistakes=[
        Mistake(
            "no way around",
            adder(lambda net, x: F.relu(net.change(x)), lambda n_in, n_out: False),
            "x comes out only as what the layer makes of it. The way around is missing: add x itself, or around(x) where the sizes differ.",
        ),
        Mistake(
            "built, not used",
            adder(lambda net, x: F.relu(net.change(x))),
            "The layers are there, but `forward` only goes through `change`. Add x, or around(x).",
        ),
        Mistake(
            "no layer to call",
            adder(lambda net, x: net.around(x) + F.relu(net.change(x))),
            "Where n_in and n_out are equal, there is no layer to call: `around` is None. The way around is x itself then.",
        ),
        Mistake(
            "no attribute",
            NoAttribute,
            "Where n_in and n_out are equal, no attribute `around` was ever set, and `forward` asks for it. Set it to None there, and let x itself go around.",
        ),
        Mistake(
            "always a layer",
            adder(lambda net, x: net.around(x) + F.relu(net.change(x)), lambda n_in, n_out: True),
            "You build `around` also where n_in and n_out are equal. There x fits as it is, and the way around should cost no parameter.",
        ),
        Mistake(
            "not found",
            Unseen,
            "Where the sizes differ, a second Linear is wanted, kept in the attribute `around`. If you have one, is it made in `__init__`, and does the clipboard see it under this name?",
        ),
        Mistake(
            "ReLU over the sum",
            adder(lambda net, x: F.relu(road(net, x) + net.change(x))),
            "Your ReLU comes after the sum and so closes the way around for what is negative. It belongs to the change alone: … + F.relu(self.change(x)).",
        ),
        Mistake(
            "ReLU twice",
            adder(lambda net, x: F.relu(road(net, x)) + F.relu(net.change(x))),
            "There is a ReLU on the way around, too. Nothing should stand in that way.",
        ),
        Mistake(
            "around after a ReLU",
            adder(lambda net, x: F.relu(adding(net, x))),
            "There is one ReLU too many, over the whole sum. It closes the way around for what is negative.",
        ),
        Mistake(
            "no ReLU",
            adder(lambda net, x: road(net, x) + net.change(x)),
            "The ReLU is missing: … + F.relu(self.change(x)).",
        ),
        Mistake(
            "one after the other",
            adder(lambda net, x: (lambda h: h + F.relu(h))(net.change(x))),
            "You add the output of the layer to itself. What goes around the layer is x, as it came in.",
        ),
        Mistake(
            "multiplied",
            adder(lambda net, x: road(net, x) * F.relu(net.change(x))),
            "You multiply the two roads. They meet in a plus.",
        ),
        Mistake(
            "cut off",
            adder(
                lambda net, x: (x.data if net.around is None else net.around(x).data) + F.relu(net.change(x))
            ),
            "The output is right, but the way around has lost its gradient: .data is an array, and nothing is recorded for it. Add the tensor.",
        ),
    ],
    hints=(
        "In `__init__`: self.change always, self.around only if n_in != n_out. An attribute that is None is nothing to the clipboard.",
        "In `forward`: around = x if n_in == n_out, else self.around(x). The sum of that and F.relu(self.change(x)).",
    ),
    right=[InARow, ByFunctions],
    after="Set the weights and the bias of `change` to zero. What does a block with n_in == n_out compute then, and fifty of them?",
)

# --- 5: weights from PyTorch ----------------------------------------------------------

Translate = Callable[[State], State]
COUNTER = "num_batches_tracked"


def translated(of_array: Callable[[str, Array], Array], keep: Callable[[str], bool]) -> Translate:
    return lambda state: {name: of_array(name, a) for name, a in state.items() if keep(name)}


def no_counter(name: str) -> bool:
    return not name.endswith(COUNTER)


def everything(name: str) -> bool:
    return True


turned = translated(lambda name, a: a.T.copy(), no_counter)


def in_place(state: State) -> State:
    for name in list(state):
        state[name] = state[name].T
        if not no_counter(name):
            del state[name]
    return state


def in_place_with_counter(state: State) -> State:
    for name in state:
        state[name] = state[name].T
    return state


def while_looking(state: State) -> State:
    for name, a in state.items():
        if no_counter(name):
            state[name] = a.T
        else:
            del state[name]
    return state


def turned_in_a_loop(state: State) -> State:
    ours = {}
    for name, a in state.items():
        if a.ndim == 2:
            ours[name] = np.stack([a[:, i] for i in range(a.shape[1])])
        elif a.ndim == 1:
            ours[name] = a
    return ours


def as_moved(raw: Any, case: Case, asked: Sequence[Any]) -> tuple[Array, Floats, int]:
    """Return shapes and numbers in the order of the names, and whether the old state was changed."""
    state, want = case["state"], turned(case["state"])
    got, after = dict(raw[0]), dict(raw[1])
    if set(got) != set(want):
        raise WrongForm(
            f"Expected the names {', '.join(want)}; missing in yours: {', '.join(set(want) - set(got)) or 'none'}; "
            f"too many: {', '.join(map(str, set(got) - set(want))) or 'none'}."
        )
    arrays = [np.asarray(got[name]) for name in want]
    shapes = np.array([(*a.shape, 0, 0)[:2] for a in arrays])
    same = list(after) == list(state) and all(np.array_equal(after[name], a) for name, a in state.items())
    return shapes, np.concatenate([a.ravel() for a in arrays]), int(not same)


def some_state(rng: np.random.Generator, sizes: Sequence[int], norm: bool) -> Case:
    state: State = {}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        state[f"{2 * i}.weight"] = rng.normal(size=(n_out, n_in)).round(2)
        state[f"{2 * i}.bias"] = rng.normal(size=n_out).round(2)
    if norm:
        last = 2 * len(sizes)
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{last}.{part}"] = rng.uniform(size=sizes[-1]).round(2)
        state[f"{last}.{COUNTER}"] = np.array(5)
    return {"state": state}


from_pytorch = Function(
    name="framework.5",
    title="Weights from elsewhere",
    minutes=15,
    level="easy",
    points=2,
    reference=turned,
    probe=moved_over,
    weigh=as_moved,
    parts=("shapes", "numbers", "the state handed in (1: changed)"),
    cases=[
        {
            "state": {
                "weight": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
                "bias": np.array([7.0, 8.0, 9.0]),
            }
        },
        {"state": {"0.weight": np.array([[1.0, 2.0], [3.0, 4.0]]), "0.bias": np.array([5.0, 6.0])}},
        {"state": {"1.weight": np.ones(2), "1.running_mean": np.zeros(2), f"1.{COUNTER}": np.array(5)}},
    ],
    generate=lambda rng: [
        some_state(rng, sizes, norm)
        for sizes, norm in (((4, 4), False), ((2, 3, 5), True), ((3, 1, 2, 2), True))
    ],
    mistakes=[
        Mistake(
            "in place, counter kept",
            in_place_with_counter,
            "You write into the state that you were handed, and whoever loads it now gets turned weights. Fill a new dictionary, and leave out what ends in "
            f"{COUNTER}.",
        ),
        Mistake(
            "nothing turned, counter kept",
            translated(lambda name, a: a.copy(), everything),
            f"The weights are as they came. Turn each, (out, in) to (in, out), and leave out what ends in {COUNTER}.",
        ),
        Mistake(
            "counter kept",
            translated(lambda name, a: a.T, everything),
            f'The counter of batch norm is still there: leave out each name with name.endswith("{COUNTER}").',
        ),
        Mistake(
            "not turned",
            translated(lambda name, a: a.copy(), no_counter),
            "The weights are as they came, (out, in). For a square one nobody would complain when you load it: turn them, .T.",
        ),
        Mistake(
            "reshaped",
            translated(lambda name, a: a.reshape(a.shape[::-1]), no_counter),
            "The shapes are right, and the numbers are in wrong places: reshape fills row by row and does not turn. Take .T.",
        ),
        Mistake(
            "biases lost",
            translated(lambda name, a: a.T, lambda name: name.endswith("weight")),
            "Only the weights have come over. Biases and running statistics belong to the state as well.",
        ),
        Mistake(
            "biases made tables",
            translated(lambda name, a: np.atleast_2d(a).T, no_counter),
            "A bias became a column here. It has one axis and keeps it; a bias is its own .T.",
        ),
        Mistake(
            "two axes taken for granted",
            translated(lambda name, a: np.swapaxes(a, 0, 1), no_counter),
            "A bias has one axis only, so there is nothing to swap. .T turns a table and leaves a single axis as it is.",
        ),
        Mistake(
            "deleted while looking",
            while_looking,
            "You delete from the dictionary through which the loop is walking. Fill a new one instead; the state you were handed belongs to somebody else.",
        ),
        Mistake(
            "in place",
            in_place,
            "The result is right, but you have also changed the state that you were handed, and whoever loads it now gets turned weights. Fill a new dictionary.",
        ),
    ],
    hints=(
        "A new dictionary, with the same names: {name: … for name, a in state.items()}. `if` at its end leaves names out.",
        "a.T turns a table; with one axis or none it changes nothing.",
    ),
    right=[
        turned_in_a_loop,
        translated(lambda name, a: np.einsum("oi->io", a) if a.ndim == 2 else a, no_counter),
    ],
    after="A weight that is square *and* not turned passes every check of names and shapes. How would you notice after loading?",
)

# --- 6: clipping by the global norm ---------------------------------------------------

Clip = Callable[[list[Tensor], float], Any]
Scale = Callable[[list[Floats], float], Sequence[Any]]


def norm_of(gradients: Sequence[Floats]) -> float:
    return float(np.sqrt(sum((g**2).sum() for g in gradients)))


def clipping(scale: Scale, norm: Callable[[Sequence[Floats]], float] = norm_of, after: bool = False) -> Clip:
    """Return a function that multiplies the gradients by what `scale` says and returns their norm."""

    def clip(parameters: list[Tensor], max_norm: float) -> float:
        with_gradient = [p for p in parameters if p.grad is not None]
        gradients: list[Any] = [p.grad for p in with_gradient]
        factors = scale(gradients, max_norm)
        before = norm(gradients)
        for p, g, factor in zip(with_gradient, gradients, factors, strict=True):
            p.grad = g * factor
        return norm([p.grad for p in with_gradient if p.grad is not None]) if after else before

    return clip


def shared_factor(size: Callable[[list[Floats]], float]) -> Scale:
    """Return the scaling that is the same for all: to max_norm, if the size is larger."""
    return lambda gs, m: [m / size(gs) if size(gs) > m else 1.0] * len(gs)


rightly = shared_factor(norm_of)


def by_one_long_row(parameters: list[Tensor], max_norm: float) -> Any:
    norm = np.linalg.norm(np.concatenate([p.grad.ravel() for p in parameters if p.grad is not None]))
    for p in parameters:
        if p.grad is not None and norm > max_norm:
            p.grad = max_norm * p.grad / norm
    return norm


def none_not_skipped(parameters: list[Tensor], max_norm: float) -> float:
    gradients: list[Any] = [p.grad for p in parameters]
    norm = norm_of(gradients)
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g * (max_norm / norm) if norm > max_norm else g
    return norm


def data_scaled(parameters: list[Tensor], max_norm: float) -> float:
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = norm_of(gradients)
    for p in parameters:
        p.data = p.data * min(1.0, max_norm / (norm + 1e-30))
    return norm


def entry_by_entry(parameters: list[Tensor], max_norm: float) -> float:
    gradients = [p.grad for p in parameters if p.grad is not None]
    for p in parameters:
        p.grad = None if p.grad is None else np.clip(p.grad, -max_norm, max_norm)
    return norm_of(gradients)


def some_gradients(rng: np.random.Generator, n: int, max_norm: float) -> Case:
    found: dict[str, Floats | None] = {f"p{i}": rng.normal(size=(i + 1, 2)).round(2) for i in range(n)}
    return {"gradients": {"frozen": None, **found} if n > 3 else found, "max_norm": max_norm}


clip_gradients = Function(
    name="framework.6",
    title="One length for all",
    minutes=15,
    level="medium",
    points=3,
    reference=clipping(rightly),
    probe=clipped,
    parts=("norm", "gradients", "parameters"),
    cases=[
        {"gradients": {"w": np.array([3.0, 4.0])}, "max_norm": 1.0},
        {"gradients": {"w": np.array([3.0, 4.0])}, "max_norm": 10.0},
        {"gradients": {"w": np.array([[2.0, -4.0]]), "b": np.array([5.0, 6.0])}, "max_norm": 3.0},
        {"gradients": {"w": np.array([3.0]), "frozen": None, "b": np.array([0.0, 4.0])}, "max_norm": 2.5},
        {"gradients": {"w": np.array([0.0, 0.0])}, "max_norm": 1.0},
    ],
    generate=lambda rng: [some_gradients(rng, *c) for c in ((3, 0.5), (4, 100.0), (5, 1.5), (6, 3.0))],
    mistakes=[
        Mistake(
            "None not skipped",
            none_not_skipped,
            "One parameter has no gradient: its .grad is None. Where networks are frozen in part, that is nothing unusual; pass it over.",
        ),
        Mistake(
            "squared norm",
            clipping(shared_factor(lambda gs: norm_of(gs) ** 2), lambda gs: norm_of(gs) ** 2),
            "The square root is missing: the norm is the root of the sum of all squares.",
        ),
        Mistake(
            "norms added",
            clipping(
                shared_factor(lambda gs: sum(norm_of([g]) for g in gs)),
                lambda gs: sum(norm_of([g]) for g in gs),
            ),
            "You add the norms of the single arrays. Lengths at right angles do not add up, their squares do: one root over the sum of all squares.",
        ),
        Mistake(
            "largest norm",
            clipping(
                shared_factor(lambda gs: max(norm_of([g]) for g in gs)),
                lambda gs: max(norm_of([g]) for g in gs),
            ),
            "You take the longest of the arrays for the whole. All gradients together are one long arrow: the root of the sum of *all* squares.",
        ),
        Mistake(
            "the last array's norm",
            clipping(shared_factor(lambda gs: norm_of(gs[-1:])), lambda gs: norm_of(gs[-1:])),
            "Your norm is that of the last array. Is a variable set anew in the loop, where it should be added to?",
        ),
        Mistake(
            "norm afterwards",
            clipping(rightly, after=True),
            "The gradients are right. Return the norm as it was *before* clipping: that is what people plot, to see when training gets rough.",
        ),
        Mistake(
            "each by itself",
            clipping(lambda gs, m: [rightly([g], m)[0] for g in gs]),
            "You shorten each array by its own norm, so that the direction of the whole changes. One factor for all of them.",
        ),
        Mistake(
            "entry by entry",
            entry_by_entry,
            "np.clip cuts off single entries, which turns the arrow. Multiply everything by one factor, and its direction stays.",
        ),
        Mistake(
            "always scaled",
            clipping(lambda gs, m: [np.float64(m) / norm_of(gs)] * len(gs)),
            "You also *lengthen* short gradients, and divide 0 by 0 where there is nothing to shorten. Only if norm > max_norm.",
        ),
        Mistake(
            "to length 1",
            clipping(lambda gs, m: [1 / norm_of(gs) if norm_of(gs) > m else 1.0] * len(gs)),
            "What was too long has the norm 1 in yours; it should have max_norm. The factor is max_norm / norm.",
        ),
        Mistake(
            "the factor turned over",
            clipping(lambda gs, m: [norm_of(gs) / m if norm_of(gs) > m else 1.0] * len(gs)),
            "Your factor is norm / max_norm and makes long gradients longer. Turn it over.",
        ),
        Mistake(
            "the parameters",
            data_scaled,
            "You have shortened the parameters themselves, p.data. It is p.grad that is too long.",
        ),
        Mistake(
            "nothing written",
            clipping(lambda gs, m: [1.0] * len(gs)),
            "The norm is right, and the gradients are as long as before. `g = g * factor` only gives a name to a new array; write p.grad = p.grad * factor.",
        ),
    ],
    hints=(
        "Two walks over the parameters: the first adds up all squares, the second multiplies each gradient by the same factor.",
        "norm = the square root of the sum of (p.grad**2).sum() over all parameters that have a gradient.",
        "if norm > max_norm: p.grad = p.grad * (max_norm / norm), for each of them. Return norm in any case.",
    ),
    right=[by_one_long_row, clipping(lambda gs, m: [min(1.0, m / (norm_of(gs) + 1e-12))] * len(gs))],
    after="It belongs between two lines of the training loop. Which two? Adam divides by the size of the gradients anyway. Does clipping do anything for it?",
)

# --- 7: one step from several small batches -------------------------------------------

BigStep = Callable[[nn.Module, SGD, Batches], Any]


def of_all(n: int, batches: Batches) -> float:
    """The share of n samples in all."""
    return n / sum(len(x) for x, _ in batches)


def stepping(
    share: Callable[[int, Batches], float] = of_all,
    zero: str = "first",
    step: str = "last",
    told: Callable[[list[float], list[int]], float] = lambda losses, sizes: float(
        np.average(losses, weights=sizes)
    ),
) -> BigStep:
    """Return the step from all batches, or one with something changed."""

    def big_step(net: nn.Module, optimizer: SGD, batches: Batches) -> float:
        losses = [F.cross_entropy(net(x), t).item() for x, t in batches]
        if zero == "first":
            optimizer.zero_grad()
        for x, t in batches:
            if zero == "each":
                optimizer.zero_grad()
            (F.cross_entropy(net(x), t) * share(len(x), batches)).backward()
            if step == "each":
                optimizer.step()
        if zero == "after backward":
            optimizer.zero_grad()
        if step == "last":
            optimizer.step()
        return told(losses, [len(x) for x, _ in batches])

    return big_step


def as_one_batch(net: nn.Module, optimizer: SGD, batches: Batches) -> float:
    x, t = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    loss = F.cross_entropy(net(x), t)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def one_backward(net: nn.Module, optimizer: SGD, batches: Batches) -> float:
    """Add the losses up and go back once: right, but it keeps all graphs at a time."""
    n = sum(len(x) for x, _ in batches)
    total: Any = sum(F.cross_entropy(net(x), t) * (len(x) / n) for x, t in batches)
    for p in net.parameters():
        p.grad = None
    total.backward()
    optimizer.step()
    return float(total.item())


def some_batches(rng: np.random.Generator, sizes: Sequence[int], d: int) -> Case:
    n = sum(sizes)
    return {"x": rng.normal(size=(n, d)).round(2), "t": rng.integers(3, size=n), "sizes": np.array(sizes)}


accumulating = Function(
    name="framework.7",
    core=True,
    title="Small batches, one step",
    minutes=20,
    level="hard",
    points=4,
    reference=stepping(),
    probe=stepped,
    parts=("loss", "weights and biases"),
    cases=[
        {"x": np.array([[1.0], [2.0]]), "t": np.array([0, 2]), "sizes": np.array([2])},
        {
            "x": np.array([[1.0], [2.0], [-1.0], [0.5]]),
            "t": np.array([0, 2, 1, 1]),
            "sizes": np.array([2, 2]),
        },
        {
            "x": np.array([[1.0], [2.0], [-1.0], [0.5]]),
            "t": np.array([0, 2, 1, 1]),
            "sizes": np.array([3, 1]),
        },
    ],
    generate=lambda rng: [some_batches(rng, *c) for c in (([4, 4, 4], 2), ([8, 8, 3], 3), ([1, 5], 2))],
    mistakes=[
        Mistake(
            "zeroed after backward",
            stepping(zero="after backward"),
            "Your zero_grad() stands between backward() and step(), and throws away what was just computed. It belongs in front of the first backward().",
        ),
        Mistake(
            "the usual loop",
            stepping(share=lambda n, batches: 1.0, zero="each", step="each"),
            "That is the usual loop: a step after each batch. Here there is one step in the end, from all batches together, so zero_grad() goes in front of the loop and step() behind it.",
        ),
        Mistake(
            "zeroed each time",
            stepping(share=lambda n, batches: 1.0, zero="each"),
            "zero_grad() inside the loop forgets the batches before: only the last one counts. Put it in front of the loop. Then each loss needs its share, too: times len(x) / n.",
        ),
        Mistake(
            "zeroed each time, with shares",
            stepping(zero="each"),
            "zero_grad() inside the loop forgets the batches before: only the last one counts. Put it in front of the loop.",
        ),
        Mistake(
            "a step each time",
            stepping(share=lambda n, batches: 1.0, step="each"),
            "step() is inside the loop: one step after each batch. Move it behind the loop. Then each loss needs its share, too: times len(x) / n.",
        ),
        Mistake(
            "a step each time, with shares",
            stepping(step="each"),
            "step() is inside the loop: the later batches see weights that have moved already. Move it behind the loop.",
        ),
        Mistake(
            "summed",
            stepping(share=lambda n, batches: 1.0),
            "The gradients of all batches are added as they are. Each is a mean over its own batch, and the sum of several means is too long: multiply each loss by len(x) / n before backward().",
        ),
        Mistake(
            "the mean of means",
            stepping(share=lambda n, batches: 1 / len(batches)),
            "You give each batch the same say, 1 / len(batches). A batch of three samples should count three times as much as one of a single sample: len(x) / n.",
        ),
        Mistake(
            "per sample",
            stepping(share=lambda n, batches: 1 / sum(len(x) for x, _ in batches)),
            "You divide each batch's mean by n. Its *sum* over n would be right: the mean times len(x), over n.",
        ),
        Mistake(
            "never zeroed",
            stepping(zero="never"),
            "The parameters still hold the gradients of the step before, and yours are added to them. zero_grad() first.",
        ),
        Mistake(
            "never stepped",
            stepping(step="never"),
            "Nothing has moved. Call optimizer.step(), once, at the end.",
        ),
        Mistake(
            "loss summed",
            stepping(told=lambda losses, sizes: float(np.sum(losses))),
            "The step is right. The loss that you return is the sum of the means; report the mean over all samples, with the same shares.",
        ),
        Mistake(
            "loss averaged without weights",
            stepping(told=lambda losses, sizes: float(np.mean(losses))),
            "The step is right. In the loss that you return each batch has the same say; weigh it by len(x) / n, as in the step.",
        ),
        Mistake(
            "last loss",
            stepping(told=lambda losses, sizes: losses[-1]),
            "The step is right. The loss that you return is the last batch's; report the mean over all samples.",
        ),
        Mistake(
            "the last share",
            stepping(told=lambda losses, sizes: losses[-1] * sizes[-1] / sum(sizes)),
            "The step is right. What you return is the last batch's share of the loss; add all shares up.",
        ),
    ],
    hints=(
        "backward() *adds* to .grad. What was a trap in the chapter is a tool here: zero_grad() once, backward() for each batch, step() once.",
        "cross_entropy is the mean over its batch. The mean over all n samples is the sum of these means, each times len(x) / n.",
        "loss = F.cross_entropy(net(x), t) * (len(x) / n), then loss.backward(); and total += loss.item().",
    ),
    right=[as_one_batch, one_backward],
    after="Now the memory of one small batch is enough for a step from a large one. For a network with batch norm it would *not* be the same step. Why?",
)

# --- 8: find the bug, the mode --------------------------------------------------------

Measure = Callable[[nn.Module, Floats, Array], Any]


def share(net: nn.Module, x: Floats, t: Array) -> float:
    return float((net(x).data.argmax(axis=1) == t).mean())


def in_eval_mode(net: nn.Module, x: Floats, t: Array) -> float:
    with eval_mode(net):
        return share(net, x, t)


def and_back(net: nn.Module, x: Floats, t: Array) -> float:
    before = net.training
    result = share(net.eval(), x, t)
    if before:
        net.train()
    return result


def part_by_part(net: nn.Module, x: Floats, t: Array) -> float:
    modules = list(net.modules())
    before = [module.training for module in modules]
    for module in modules:
        module.training = False
    result = share(net, x, t)
    for module, mode in zip(modules, before, strict=True):
        module.training = mode
    return result


def outer_flag(net: nn.Module, x: Floats, t: Array) -> float:
    net.training = False
    return share(net, x, t)


def outer_flag_and_back(net: nn.Module, x: Floats, t: Array) -> float:
    result = outer_flag(net, x, t)
    net.training = True
    return result


def eval_too_late(net: nn.Module, x: Floats, t: Array) -> float:
    result = share(net, x, t)
    net.eval()
    return result


def trained_instead(net: nn.Module, x: Floats, t: Array) -> float:
    return share(net.train(), x, t)


def always_trained_after(net: nn.Module, x: Floats, t: Array) -> float:
    result = share(net.eval(), x, t)
    net.train()
    return result


def some_samples(rng: np.random.Generator, n: int, d: int, training: bool) -> Case:
    return {"x": rng.normal(2, 3, size=(n, d)).round(2), "t": rng.integers(3, size=n), "training": training}


mode = Function(
    name="framework.8",
    title="Find the bug: a measurement that changes its object",
    minutes=10,
    level="medium",
    points=2,
    probe=measured,
    parts=("share", "running means afterwards", "train mode afterwards, the net and each part"),
    reference=in_eval_mode,
    given=share,
    cases=[
        some_samples(np.random.default_rng(0), 30, 2, True),
        some_samples(np.random.default_rng(1), 40, 2, False),
    ],
    generate=lambda rng: [some_samples(rng, *c) for c in ((60, 3, True), (50, 4, False), (80, 5, True))],
    mistakes=[
        Mistake(
            "the outer flag",
            outer_flag,
            "`net.training = False` tells the net itself and nobody in it; batch norm and dropout have flags of their own. net.eval() walks to all of them. And put the mode back.",
        ),
        Mistake(
            "the outer flag, and back",
            outer_flag_and_back,
            "`net.training = …` tells the net itself and nobody in it; batch norm and dropout have flags of their own. net.eval() and net.train() walk to all of them.",
        ),
        Mistake(
            "too late",
            eval_too_late,
            "eval() comes after the forward pass. It has to be called before, and its effect undone after.",
        ),
        Mistake(
            "train mode",
            trained_instead,
            "You set train mode: dropout tosses its coins, and batch norm looks at the batch. For measuring it is net.eval().",
        ),
        Mistake(
            "left in eval mode",
            lambda net, x, t: share(net.eval(), x, t),
            "The share is right now. But whoever was training goes on in eval mode, without dropout, and does not know. Put the net back into the mode it had.",
        ),
        Mistake(
            "always into train mode",
            always_trained_after,
            "You always put the net into train mode afterwards, also one that was in eval mode when it came to you. Remember net.training first.",
        ),
    ],
    hints=(
        "Ask the function twice about the same data. Which layers can answer differently, and what do they look at to decide?",
        "before = net.training, then net.eval(), then measure, and at the end net.train() if before was True.",
        "Or `with eval_mode(net):` from mininet.model, which also undoes it after an error.",
    ),
    right=[and_back, part_by_part],
    after="no_grad() was there from the start and did not help. What is the difference between not recording and not training?",
)

# --- 9: predict, what is forgotten ----------------------------------------------------

interrupted = Choice(
    name="framework.9",
    core=True,
    title="Interrupted, and gone on",
    minutes=10,
    level="medium",
    points=2,
    right="C",
    options={
        "A": "All of the *network* has come back. But is the network all there is? Look at what `SGD` with momentum keeps from one step to the next.",
        "B": "The loss at the first step after loading is computed from the loaded weights alone, before any optimiser does anything. The weights are the same to the last bit.",
        "C": "The weights are the same, so the next loss is. But the velocities lay in the optimiser, which nobody saved. The new one starts from rest, its first step is shorter, and from then on the two runs part.",
        "D": "A state dictionary holds copies with every bit of them. Nothing is rounded on the way.",
    },
    hints=(
        "Write down what takes part in the loss of step 51, and then what takes part in the step after it.",
        "With momentum, v = m·v + g. Who keeps v, and is it in net.state_dict()?",
    ),
    after="The generator that shuffles is one more thing to save, if you want to go on as if nothing had happened. What does a dropout layer have in this line?",
)

# --- 10: in words ---------------------------------------------------------------------

why_names = Written(
    name="framework.10",
    core=True,
    title="Why not the whole object?",
    minutes=15,
    level="medium",
    points=3,
    hints=(
        "Three people: one who gets the file from a stranger, one who renames a class next year, and one who works in another framework.",
        "What must be there already, on the other machine, before a pickle can be opened? And what does a state dictionary leave for you to do?",
    ),
)

EXERCISES: Sequence[Exercise] = (
    names,
    count,
    collecting,
    skipping,
    from_pytorch,
    clip_gradients,
    accumulating,
    mode,
    interrupted,
    why_names,
)
