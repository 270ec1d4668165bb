"""Beside the answers on autograd with arrays: a look at what a learner's operation leaves behind."""

from collections.abc import Callable
from gc import disable, enable, isenabled
from typing import Any
from weakref import ref

from mininet.arrays import Floats
from mininet.tensor import Tensor
from mininet_course.exercise import WrongForm

Operation = Callable[[Tensor], Tensor]


def looked_at(operation: Operation, x: Floats) -> tuple[Any, Any, int, list[bool]]:
    """Return the value, the gradient of the sum of squares, and whether a result outlives being forgotten.

    Last, for each number in x, whether a thing outlived it that holds itself where the number is
    positive. That is known beforehand: it shows that the look was still sharp when the answer was done.
    """
    was_on = isenabled()
    disable()  # the collector would break a circle, sooner or later
    try:
        a = Tensor(x, requires_grad=True)
        out = operation(a)
        if not isinstance(out, Tensor):
            raise WrongForm(f"Expected a Tensor, got {out!r:.60}. Return what `record` returns.")
        value = out.data.copy()
        try:
            (out * out).sum().backward()
        except (RuntimeError, TypeError, ValueError) as error:  # the engine says what its vjp did
            raise WrongForm(str(error)) from None
        forgotten = ref(operation(a))
        return (
            value,
            a.grad,
            int(forgotten() is not None),
            [_outlives(number > 0) for number in x.ravel().tolist()],
        )
    finally:
        if was_on:
            enable()


class _Thing:
    """Something that can hold itself."""

    held: Any = None


def _outlives(holds_itself: bool) -> bool:
    thing = _Thing()
    thing.held = thing if holds_itself else None
    forgotten = ref(thing)
    del thing
    return forgotten() is not None
