"""`Module`: parameters, modes and state of networks on autograd. Built in the chapter "framework"."""

from collections.abc import Iterator, Mapping, Set
from reprlib import recursive_repr
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from mininet.arrays import Array, Floats
from mininet.state import check_state
from mininet.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes: it requires a gradient from the start."""

    __slots__ = ()

    def __init__(self, data: Floats) -> None:
        super().__init__(data, requires_grad=True)


class Module:
    """What every layer and network has. One of your own defines `forward`; the rest is inherited.

    Its parameters are found by looking through its attributes in the order in which they were
    defined: `Parameter` objects, other tensors that require a gradient, modules, and lists,
    tuples and dictionaries of these (a set has no order and is refused). Nothing has to be
    registered, and ``__init__`` need not call the parent's. State that is not learned is named by
    the class attribute ``buffers``. What is reachable by two ways counts once, under its first name.

    >>> from mininet.nn import Linear
    >>> class Doubled(Module):
    ...     def __init__(self, rng):
    ...         self.layer = Linear(3, 2, rng)
    ...     def forward(self, x):
    ...         return 2 * self.layer(x)
    >>> net = Doubled(np.random.default_rng(0))
    >>> [name for name, _ in net.named_parameters()], net(np.ones((5, 3), dtype=np.float32)).shape
    (['layer.weight', 'layer.bias'], (5, 2))
    """

    training = True
    buffers: tuple[str, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Return the output for a batch ``x``, samples first."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(self, x).")

    def __call__(self, x: Tensor | Array) -> Tensor:
        """Return ``forward(x)``; an array becomes a constant tensor first."""
        return self.forward(x if isinstance(x, Tensor) else Tensor(x))

    def modules(self) -> Iterator["Module"]:
        """Yield the module itself and every module in it."""
        return (value for _, value in _walk(self, "") if isinstance(value, Module))

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, parameter); "hidden.weight" for a layer in an attribute, "layers.0.weight" for one in a list."""
        return ((name, value) for name, value in _walk(self, "") if isinstance(value, Tensor))

    def parameters(self) -> list[Tensor]:
        """Return all parameters, in order: what an optimiser wants."""
        return [p for _, p in self.named_parameters()]

    def train(self) -> Self:
        """Put the module, and every module in it, into train mode; return the module."""
        return self._set_mode(True)

    def eval(self) -> Self:
        """Put the module, and every module in it, into eval mode, the one for use; return the module."""
        return self._set_mode(False)

    def _set_mode(self, training: bool) -> Self:
        for module in self.modules():
            module.training = training
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and buffers, drop gradients, return the module: float64 for checks."""
        for p in self.parameters():
            p.data, p.grad = p.data.astype(dtype), None
        for _, module, buffer in self._buffer_places():
            setattr(module, buffer, getattr(module, buffer).astype(dtype))
        return self

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name."""
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Array], strict: bool = True) -> None:
        """Copy the arrays in and drop gradients.

        Names and shapes must fit, else `ValueError` lists all that do not, and nothing is changed.
        Without ``strict``, missing and unexpected names are passed over; wrong shapes never are.
        """
        mine = self._state()
        check_state(mine, state, strict)
        # all of them before the first is put in: one that cannot be converted leaves everything as it was
        new = {name: np.array(state[name], dtype=old.dtype) for name, old in mine.items() if name in state}
        for name, p in self.named_parameters():
            if name in new:
                p.data, p.grad = new[name], None
        for name, module, buffer in self._buffer_places():
            if name in new:
                setattr(module, buffer, new[name])

    def _state(self) -> dict[str, Array]:
        named = [(name, p.data) for name, p in self.named_parameters()]
        named += [(name, getattr(module, buffer)) for name, module, buffer in self._buffer_places()]
        state = dict(named)
        if len(state) < len(named):  # as for a dictionary with the keys 1 and "1"
            names = [name for name, _ in named]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"{type(self).__name__}: two arrays are called {', '.join(twice)}; rename one.")
        return state

    def _buffer_places(self) -> Iterator[tuple[str, "Module", str]]:
        """Yield each buffer's full name, the module that has it, and its name there."""
        for name, value in _walk(self, ""):
            if isinstance(value, Module):
                yield from ((f"{name}.{b}".lstrip("."), value, b) for b in value.buffers)

    def _fields(self) -> Mapping[str, object]:
        """Return what is searched for parameters and modules, by name: the attributes."""
        return vars(self)

    def settings(self) -> str:
        """Return what `repr` shows between the brackets."""
        return ""

    @recursive_repr()
    def __repr__(self) -> str:
        inner = [(k, v) for k, v in _inside(self._fields(), "") if isinstance(v, Module)]
        settings = self.settings()
        name = f"{type(self).__name__}({settings})" if settings or not inner else type(self).__name__
        own = [(k, v) for k, v in _inside(self._fields(), "") if not isinstance(v, Module)]
        total = sum(p.size for p in self.parameters())
        shapes = "".join(f", {k} {v.shape}" for k, v in own)
        head = f"{name}{shapes}: {total:,} parameters" if total else name
        lines = [f"{k}: {v!r}".replace("\n", "\n  ") for k, v in inner]
        return "\n  ".join([head, *lines])


def _walk(module: Module, name: str, seen: set[int] | None = None) -> Iterator[tuple[str, "Module | Tensor"]]:
    """Yield the module and, in order, everything in it with its full name; each thing once."""
    seen = set() if seen is None else seen
    seen.add(id(module))
    yield name, module
    for inner, value in _inside(module._fields(), f"{name}." if name else ""):
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Module):
            yield from _walk(value, inner, seen)
        else:
            yield inner, value


def _inside(fields: Mapping[Any, object], prefix: str) -> Iterator[tuple[str, "Module | Tensor"]]:
    """Yield the modules and parameters among the values, and those in lists, tuples and dictionaries among them."""
    for key, value in fields.items():
        # a parameter that somebody has frozen, requires_grad = False, is still part of the state
        if isinstance(value, (Module, Parameter)) or (
            isinstance(value, Tensor) and value.requires_grad and value.node is None
        ):
            yield f"{prefix}{key}", value
        elif isinstance(value, Mapping):
            yield from _inside(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            yield from _inside(dict(enumerate(value)), f"{prefix}{key}.")
        elif isinstance(value, Set) and any(isinstance(item, (Module, Tensor)) for item in value):
            raise TypeError(
                f"Module: '{prefix}{key}' is a set of layers, which has no order; make it a list."
            )
