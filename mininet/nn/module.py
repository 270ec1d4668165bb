"""`Module`: what every layer and network on autograd is. Built in the chapter "framework"."""

from reprlib import recursive_repr

from mininet.arrays import Array, Floats
from mininet.nn.adapter import OnArrays
from mininet.state import Stateful, inside
from mininet.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes: it requires a gradient from the start."""

    __slots__ = ()

    def __init__(self, data: Floats) -> None:
        super().__init__(data, requires_grad=True)


class Module(Stateful[Tensor]):
    """What every layer and network has. One of your own defines `forward`; the rest is inherited.

    Its parameters are found by looking through its attributes, see `mininet.state`: `Parameter`
    objects, and other tensors that require a gradient and were not computed.

    >>> import numpy as np
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

    def forward(self, x: Tensor) -> Tensor:
        """Return the output for a batch ``x``, samples first."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(self, x).")

    def __call__(self, x: Tensor | Array) -> Tensor:
        """Return ``forward(x)``; an array becomes a constant tensor first."""
        return self.forward(x if isinstance(x, Tensor) else Tensor(x))

    def is_parameter(self, value: object) -> bool:
        # a parameter that somebody has frozen, requires_grad = False, is still part of the state
        return isinstance(value, Parameter) or (
            isinstance(value, Tensor) and value.requires_grad and value.node is None
        )

    def on_arrays(self, input_gradient: bool = False) -> OnArrays:
        """Return the module with arrays on both sides: what `fit` and the attacks make of it by themselves."""
        return OnArrays(self, input_gradient)

    @recursive_repr()
    def __repr__(self) -> str:
        members = list(inside(self, self._fields().items()))
        inner = [(k, v) for k, v in members if isinstance(v, Module)]
        name = self.title() if self.settings() or not inner else type(self).__name__
        shapes = "".join(f", {k} {v.shape}" for k, v in members if isinstance(v, Tensor))
        total = sum(p.size for p in self.parameters())
        head = f"{name}{shapes}: {total:,} parameters" if total else name
        lines = [f"{k}: {v!r}".replace("\n", "\n  ") for k, v in inner]
        return "\n  ".join([head, *lines])
