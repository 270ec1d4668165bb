"""What every layer is: `Layer`, with its `Parameter` objects, its mode and its state. Built in the chapter "layers"."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from mininet.arrays import Array, Floats
from mininet.state import check_state

Kept = TypeVar("Kept")


class Parameter:
    """An array that training changes: ``data``, and its gradient ``grad`` (None before a backward pass).

    Both have the same shape and dtype.
    """

    __slots__ = ("data", "grad")  # a misspelt attribute is an error

    def __init__(self, data: Floats) -> None:
        self.data = data
        self.grad: Floats | None = None

    def add_gradient(self, gradient: Floats) -> None:
        """Add to ``grad``: backward passes add up until it is set to None. Errors: `ValueError` if shapes differ."""
        if gradient.shape != self.data.shape:
            raise ValueError(
                f"Parameter: expected a gradient of the parameter's shape {self.data.shape}, got {gradient.shape}."
            )
        self.grad = gradient if self.grad is None else self.grad + gradient


class Layer:
    """What every layer has. A layer of your own defines `forward` and `backward`; the rest is inherited.

    Attributes that are a `Parameter`, or a layer with parameters, are found by themselves.
    ``training`` says which mode the layer is in: `train` and `eval` change it, here and in every
    layer inside. ``buffers`` names the attributes that are state and not learned, arrays too.
    """

    training = True
    buffers: ClassVar[tuple[str, ...]] = ()

    def forward(self, x: Floats) -> Floats:
        """Return the output for a batch ``x``, samples first; keep what `backward` will need."""
        raise NotImplementedError

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        """Take the gradient by the output; add those by the parameters; return the one by the input.

        ``grad`` has the output's shape, the returned gradient the input's. With
        ``input_gradient=False`` nobody needs the latter: a layer may skip it and return None.
        Errors: `RuntimeError` before any `forward`, `ValueError` for a gradient of another shape.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __call__(self, x: Floats) -> Floats:
        return self.forward(x)

    def train(self) -> Self:
        """Put the layer, and every layer in it, into train mode; return the layer."""
        for layer in self.modules():
            layer.training = True
        return self

    def eval(self) -> Self:
        """Put the layer, and every layer in it, into eval mode, the one for use; return the layer."""
        for layer in self.modules():
            layer.training = False
        return self

    def modules(self) -> Iterator["Layer"]:
        """Yield the layer itself and every layer in it."""
        return (layer for _, layer in self._named_modules(""))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield (name, parameter) in the order in which the layer defines them; "inner.weight" for a layer in it."""
        for name, value in self._fields():
            if isinstance(value, Parameter):
                yield name, value
            elif isinstance(value, Layer):
                yield from ((f"{name}.{inner}", p) for inner, p in value.named_parameters())

    def parameters(self) -> list[Parameter]:
        """Return all parameters, in order: what an optimiser wants."""
        return [p for _, p in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """Yield (name, array) of the state that is not learned, `buffers`, here and in every layer inside."""
        return ((name, getattr(layer, buffer)) for name, layer, buffer in self._buffer_places())

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and buffers, drop gradients, return the layer: float64 for checks."""
        for p in self.parameters():
            p.data, p.grad = p.data.astype(dtype), None
        for _, layer, buffer in self._buffer_places():
            setattr(layer, buffer, getattr(layer, buffer).astype(dtype))
        return self

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name."""
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Copy the arrays in, drop gradients; names and shapes must fit, else `ValueError` and nothing is changed."""
        mine = self._state()
        check_state(mine, state)
        new = {name: np.array(state[name], dtype=array.dtype) for name, array in mine.items()}
        for name, p in self.named_parameters():
            p.data, p.grad = new[name], None
        for name, layer, buffer in self._buffer_places():
            setattr(layer, buffer, new[name])

    def _fields(self) -> Iterable[tuple[str, object]]:
        """Return what is searched for parameters and layers, by name: the attributes."""
        return vars(self).items()

    def _named_modules(self, prefix: str) -> Iterator[tuple[str, "Layer"]]:
        yield prefix, self
        for name, value in self._fields():
            if isinstance(value, Layer):
                yield from value._named_modules(f"{prefix}{name}.")

    def _buffer_places(self) -> Iterator[tuple[str, "Layer", str]]:
        """Yield each buffer's full name, the layer that has it, and its name there."""
        for prefix, layer in self._named_modules(""):
            yield from ((f"{prefix}{buffer}", layer, buffer) for buffer in layer.buffers)

    def _state(self) -> dict[str, Array]:
        return {name: p.data for name, p in self.named_parameters()} | dict(self.named_buffers())

    def _saved(self, kept: Kept | None) -> Kept:
        """Return what `forward` kept, or say that it was not called."""
        if kept is None:
            raise RuntimeError(f"{self}.backward: call forward() first; backward uses what it kept.")
        return kept

    def _check_shape(self, grad: Floats, shape: tuple[int, ...]) -> None:
        """Refuse a gradient that is not of the output's shape; NumPy might broadcast it."""
        if grad.shape != shape:
            raise ValueError(
                f"{self}.backward: expected a gradient of the output's shape {shape}, got {grad.shape}."
            )
