"""Beside the answers on a framework: modules and parameters to work on, and what is read off them afterwards."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import asarray, concatenate, cos, cumsum, ones, sin, split, zeros
from numpy.random import default_rng

from mininet import nn
from mininet.arrays import Array, Floats
from mininet.optim import SGD
from mininet.tensor import Tensor
from mininet_course.exercise import WrongForm

State = dict[str, Array]
Collect = Callable[[dict[str, Any]], State]


class NoDictionary(WrongForm):
    """A form of its own, so that it is not taken for a dictionary with other names."""


def pairs(got: Any) -> list[tuple[Any, Any]]:
    """Return the names in a dictionary, each with what belongs to it."""
    if not isinstance(got, dict):
        raise NoDictionary(f"Expected a dictionary from names to arrays, got {got!r:.60}.")
    return list(got.items())


def arrays_in(tree: Any) -> list[Array]:
    """Return the arrays in a tree of dictionaries, lists and tuples, as often as they stand in it."""
    found, waiting = list[Array](), [tree]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, np.ndarray):
            found.append(thing)
        else:
            inside = thing.values() if isinstance(thing, Mapping) else thing
            waiting += inside if isinstance(thing, Mapping | list | tuple) else ()
    return found


def place_of(thing: Any, arrays: Sequence[Array]) -> int:
    """Return the place of an array among others, -1 if it is none of them: equal numbers do not make it the same."""
    return next((place for place, other in enumerate(arrays) if other is thing), -1)


def written_down(collect: Collect, tree: dict[str, Any]) -> list[list[Any]]:
    """Return the names on the list, each with the place of its array among those in the tree."""
    arrays = arrays_in(tree)
    return [[name, place_of(thing, arrays)] for name, thing in pairs(collect(tree))]


def tried(Block: Any, x: Floats, n_out: int) -> tuple[Floats, Floats]:
    """Return a block's output, and the gradient of a weighted sum of it by x, with weights of our own."""
    net = Block(x.shape[1], int(n_out), default_rng(0))
    if not isinstance(net, nn.Module):
        raise WrongForm("Expected a class that inherits from nn.Module: class Block(nn.Module).")
    layers = ["change"] if x.shape[1] == n_out else ["change", "around"]
    wanted = [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]
    found = dict(net.named_parameters())
    if set(found) != set(wanted):
        raise WrongForm(
            f"For n_in = {x.shape[1]} and n_out = {n_out}, expected the parameters {', '.join(wanted)}; "
            f"found {', '.join(found) or 'none'}."
        )
    for i, name in enumerate(wanted):
        p = found[name]
        p.data = sin(np.arange(p.size) + 5.0 * i + 1).reshape(p.shape)
    x_in = Tensor(x, requires_grad=True)
    out: Any = net(x_in)
    if not isinstance(out, Tensor):
        none = " Is the `return` missing?" if out is None else " Stay with tensors, or nothing can go back."
        raise WrongForm(f"forward: expected a Tensor, got {type(out).__name__}.{none}")
    value = out.data.copy()
    if out.requires_grad:
        (out * cos(np.arange(out.size)).reshape(out.shape)).sum().backward()
    return value, zeros(x.shape) if x_in.grad is None else x_in.grad


def moved_over(translate: Callable[[State], State], state: State) -> tuple[list[Any], list[Any]]:
    """Return the translated state and the one that was handed in, as it is afterwards."""
    theirs = {name: a.copy() for name, a in state.items()}
    return pairs(translate(theirs)), pairs(theirs)


def clipped(
    clip: Callable[[list[Tensor], float], Any], gradients: dict[str, Floats | None], max_norm: float
) -> tuple[Any, Floats, Floats]:
    """Return what the function returns, and gradients and parameters afterwards, each as one long row."""
    parameters = []
    for g in gradients.values():
        p = Tensor(ones(2 if g is None else g.shape), requires_grad=True)
        p.grad = None if g is None else g.copy()
        parameters.append(p)
    norm = clip(parameters, float(max_norm))
    after = [
        asarray(p.grad).ravel() for p, g in zip(parameters, gradients.values(), strict=True) if g is not None
    ]
    return norm, concatenate(after), concatenate([p.data.ravel() for p in parameters])


Batches = list[tuple[Floats, Array]]


def stepped(
    big_step: Callable[[nn.Module, SGD, Batches], Any], x: Floats, t: Array, sizes: Sequence[int]
) -> tuple[Any, Floats]:
    """Return the loss that was reported, and all weights after the step."""
    net = nn.Linear(x.shape[1], 3, default_rng(0)).astype(np.float64)
    for p in net.parameters():
        p.grad = ones(p.shape)  # left over from the step before
    ends = cumsum(sizes)[:-1]
    loss = big_step(
        net, SGD(net.parameters(), lr=0.5), list(zip(split(x, ends), split(t, ends), strict=True))
    )
    if isinstance(loss, Tensor):
        raise WrongForm(
            "You return the loss as a tensor, and with it the whole graph; loss.item() is the number."
        )
    return loss, concatenate([p.data.ravel() for p in net.parameters()])


def measured(
    measure: Callable[[nn.Module, Floats, Array], Any], x: Floats, t: Array, training: bool
) -> tuple[Any, Floats, list[bool]]:
    """Return the share, batch norm's running means afterwards, and who is in train mode."""
    rng, d = default_rng(0), x.shape[1]
    net = nn.Sequential(
        nn.BatchNorm1d(d), nn.Linear(d, 8, rng), nn.ReLU(), nn.Dropout(0.5, rng), nn.Linear(8, 3, rng)
    ).astype(np.float64)
    if training:
        net.train()
    else:
        net.eval()
    result = measure(net, x, t)
    norm: Any = net[0]
    return result, norm.running_mean, [module.training for module in net.modules()]
