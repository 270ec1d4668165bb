"""What layers of both halves share: parameters, modes, state dictionaries. Built in the chapter "layers"."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from mininet import expect
from mininet.arrays import Array, HasGradient

P = TypeVar("P", bound=HasGradient)  # a half's parameters
L = TypeVar("L")


class Stateful(Generic[P]):
    """A layer or network whose parameters are found by looking through its attributes, in their order.

    Found are parameters, layers, and lists, tuples and dictionaries of these (a set has no order and is
    refused). Nothing has to be registered, and ``__init__`` need not call the parent's. What is reachable
    by two ways counts once, under its first name. ``training`` says which mode it is in. State that is
    not learned is named by the class attribute ``buffers``.
    """

    training = True
    buffers: ClassVar[tuple[str, ...]] = ()

    def is_parameter(self, value: object) -> bool:
        """Return whether a value is a parameter: the one question that the halves answer differently."""
        raise NotImplementedError

    def settings(self) -> str:
        """Return what `title` shows between the brackets."""
        return ""

    def title(self) -> str:
        """Return the class and its settings, as `BatchNorm1d(30)`."""
        return f"{type(self).__name__}({self.settings()})"

    def train(self) -> Self:
        """Put it, and every layer in it, into train mode; return it."""
        for layer in self.modules():
            layer.training = True
        return self

    def eval(self) -> Self:
        """Put it, and every layer in it, into eval mode, the one for use; return it."""
        for layer in self.modules():
            layer.training = False
        return self

    def modules(self) -> Iterator["Stateful[P]"]:
        """Yield it and every layer in it."""
        return (value for _, value in _walk(self, "") if isinstance(value, Stateful))

    def named_parameters(self) -> Iterator[tuple[str, P]]:
        """Yield (name, parameter); "hidden.weight" for a layer in an attribute, "layers.0.weight" for one in a list."""
        return ((name, value) for name, value in _walk(self, "") if not isinstance(value, Stateful))

    def parameters(self) -> list[P]:
        """Return all parameters, in order: what an optimiser wants."""
        return [p for _, p in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """Yield (name, array) of the state that is not learned, `buffers`, here and in every layer inside."""
        return ((name, getattr(layer, buffer)) for name, layer, buffer in self._buffer_places())

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and buffers, drop gradients, return it: float64 for checks."""
        dtype = expect.float_dtype("astype", dtype)
        for p in self.parameters():
            p.data, p.grad = p.data.astype(dtype), None
        for _, layer, buffer in self._buffer_places():
            setattr(layer, buffer, getattr(layer, buffer).astype(dtype))
        return self

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name."""
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Array], strict: bool = True) -> None:
        """Copy the arrays in and drop gradients.

        Names and shapes must fit and all must be real numbers, else `ValueError` lists what does not, and
        nothing is changed. Without ``strict``, missing and unexpected names are passed over.
        """
        mine = self._state()
        check_state(mine, state, strict)
        # all of them before the first is put in: one that cannot be converted leaves everything as it was
        new = {name: np.array(state[name], dtype=old.dtype) for name, old in mine.items() if name in state}
        for name, p in self.named_parameters():
            if name in new:
                p.data, p.grad = new[name], None
        for name, layer, buffer in self._buffer_places():
            if name in new:
                setattr(layer, buffer, new[name])

    def _state(self) -> dict[str, Array]:
        named = [*((name, p.data) for name, p in self.named_parameters()), *self.named_buffers()]
        state = dict(named)
        if len(state) < len(named):  # as for a dictionary with the keys 1 and "1"
            names = [name for name, _ in named]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"{type(self).__name__}: two arrays are called {', '.join(twice)}; rename one.")
        return state

    def _buffer_places(self) -> Iterator[tuple[str, "Stateful[P]", str]]:
        """Yield each buffer's full name, the layer that has it, and its name there."""
        for name, value in _walk(self, ""):
            if isinstance(value, Stateful):
                yield from ((f"{name}.{b}".lstrip("."), value, b) for b in value.buffers)

    def _fields(self) -> Mapping[str, object]:
        """Return what is searched for parameters and layers, by name: the attributes."""
        return vars(self)


class Row(Generic[L]):
    """Layers in a row, which can be counted, and are named by their places: "0", "1", …."""

    layers: list[L]

    def __iter__(self) -> Iterator[L]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> L:
        return self.layers[i]

    def _fields(self) -> Mapping[str, object]:
        others = {name: value for name, value in vars(self).items() if name != "layers"}
        return {str(i): layer for i, layer in enumerate(self.layers)} | others


def _walk(layer: Stateful[P], name: str, seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the layer and, in order, every layer and parameter in it with its full name; each thing once."""
    seen = set() if seen is None else seen
    seen.add(id(layer))
    yield name, layer
    for inner, value in inside(layer, layer._fields().items(), f"{name}." if name else ""):
        if id(value) in seen:
            continue
        if isinstance(value, Stateful):
            yield from _walk(value, inner, seen)
        else:
            seen.add(id(value))
            yield inner, value


def inside(
    layer: Stateful[P], fields: Iterable[tuple[Any, object]], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield the layers and parameters among the values, and those in lists, tuples and dictionaries among them."""
    for key, value in fields:
        if isinstance(value, Stateful) or layer.is_parameter(value):
            yield f"{prefix}{key}", value
        elif isinstance(value, Mapping):
            yield from inside(layer, value.items(), f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            yield from inside(layer, enumerate(value), f"{prefix}{key}.")
        elif isinstance(value, Set) and any(inside(layer, enumerate(value))):
            raise TypeError(f"'{prefix}{key}' is a set of layers, which has no order; make it a list.")


def check_state(mine: Mapping[str, Array], given: Mapping[str, Array], strict: bool = True) -> None:
    """Refuse a given state that does not fit: `ValueError` with all that is missing, unexpected or unfit.

    Without ``strict`` only names in both count. Errors: `TypeError` for what is no dictionary.

    >>> check_state({"w": np.zeros(2)}, {"v": np.zeros(2)})
    Traceback (most recent call last):
    ValueError: load_state_dict: missing 'w'; unexpected 'v'.
    """
    if not isinstance(given, Mapping):
        raise TypeError(
            f"load_state_dict: expected a dictionary of arrays by name, got {type(given).__name__}. "
            "A file is read by mininet.checkpoint.load, a network gives its state_dict()."
        )
    problems = [f"missing '{name}'" for name in mine if name not in given and strict]
    problems += [f"unexpected '{name}'" for name in given if name not in mine and strict]
    problems += [
        f"'{name}' {problem}"
        for name, array in mine.items()
        if name in given and (problem := _misfit(array, given[name]))
    ]
    if problems:
        raise ValueError(f"load_state_dict: {'; '.join(problems)}.")


def _misfit(mine: Array, given: object) -> str:
    """Return why the given array cannot take the place of mine; nothing if it can."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError):  # a tensor, or rows of unequal length
        return f"is an array here and {type(given).__name__} in the given state"
    if array.dtype.kind not in "fiub":
        return f"holds {array.dtype} in the given state, and no real numbers"
    if array.shape != mine.shape:
        return f"is {mine.shape} here and {array.shape} in the given state"
    return ""
