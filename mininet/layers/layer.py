"""What every layer with a backward by hand is: `Layer`, and its `Parameter` objects. Built in the chapter "layers"."""

from typing import TypeVar

from mininet import expect
from mininet.arrays import Floats
from mininet.state import Stateful

Saved = TypeVar("Saved")


class Parameter:
    """An array that training changes: ``data``, and its gradient ``grad`` (None before a backward pass).

    Both have the same shape and dtype. With ``requires_grad = False`` it is frozen: it gets no gradient.
    """

    __slots__ = ("data", "grad", "requires_grad")  # a misspelt attribute is an error

    def __init__(self, data: Floats) -> None:
        expect.floats("Parameter", data, "its data")
        self.data = data
        self.grad: Floats | None = None
        self.requires_grad = True

    def add_gradient(self, gradient: Floats) -> None:
        """Add to ``grad``: backward passes add up until it is set to None. Errors: `ValueError` if shapes differ."""
        if gradient.shape != self.data.shape:
            expect.shape("Parameter", gradient, self.data.shape, "a gradient of the parameter's shape")
        if self.requires_grad:
            self.grad = gradient if self.grad is None else self.grad + gradient


class Layer(Stateful[Parameter]):
    """What every layer has. A layer of your own defines `forward` and `backward`; the rest is inherited.

    Attributes that are a `Parameter`, or a layer with parameters, or lists, tuples and dictionaries of
    these, are found by themselves; see `mininet.state`.
    """

    def forward(self, x: Floats) -> Floats:
        """Return the output for a batch ``x``, samples first; save what `backward` will need."""
        raise NotImplementedError

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        """Take the gradient by the output; add those by the parameters; return the one by the input.

        ``grad`` has the output's shape, the returned gradient the input's. With
        ``input_gradient=False`` nobody needs the latter: a layer may skip it and return None.
        Errors: `RuntimeError` before any `forward`, `ValueError` for a gradient of another shape.
        """
        raise NotImplementedError

    def is_parameter(self, value: object) -> bool:
        return isinstance(value, Parameter)

    def __repr__(self) -> str:
        return self.title()

    def __call__(self, x: Floats) -> Floats:
        return self.forward(x)

    def _saved(self, saved: Saved | None) -> Saved:
        """Return what `forward` saved, or say that it was not called."""
        if saved is None:
            raise RuntimeError(f"{self}.backward: call forward() first; backward uses what it saved.")
        return saved
