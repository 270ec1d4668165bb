"""How little fools a network, and whose examples fool which. Built in the chapter "adversarial"."""

from collections.abc import Callable, Mapping

import numpy as np

from mininet import expect
from mininet.arrays import Array, Floats
from mininet.attacks.model import InputGradient, Predict, ask_labels


def minimal_epsilon(
    attack: Callable[[Floats, Array, Floats], Floats],
    predict: Predict,
    x: Floats,
    y: Array,
    *,
    largest: float = 1.0,
    tolerance: float = 1e-3,
    fooled: Callable[[Array, Array], Array] = np.not_equal,
) -> Floats:
    """Return for each sample the smallest epsilon found at which the attack succeeds, (N,).

    ``attack(x, y, epsilon)`` gets an epsilon for each sample and returns the changed inputs.
    It has succeeded where ``fooled(predict(changed), y)``: by default, where the label is
    another; for a targeted attack pass ``fooled=np.equal``. Epsilon is doubled, from
    ``tolerance`` to ``largest``, until the attack succeeds, and the last interval is bisected
    down to ``tolerance``. So 0 means fooled without an attack, and infinity that no epsilon tried
    up to ``largest`` was enough. At a number in between the attack did succeed, and at one at
    most ``tolerance`` smaller it did not. It is an upper bound: another attack may need less,
    and an attack that succeeds, fails and succeeds again as epsilon grows may between two that were tried.

    >>> from mininet.attacks import fgsm
    >>> gradient = lambda x, y: np.ones_like(x)
    >>> predict = lambda x: (x.sum(axis=1) > 1.2).astype(int)
    >>> attack = lambda x, y, epsilon: fgsm(gradient, x, y, epsilon)
    >>> minimal_epsilon(attack, predict, np.array([[0.5, 0.5], [0.9, 0.9]]), np.array([0, 0])).round(2)
    array([0.1, 0. ])
    """
    expect.labelled_inputs("minimal_epsilon", x, y)
    # finer than 1e-6, pixels in float32 cannot tell
    tolerance = expect.number("minimal_epsilon", "tolerance", tolerance, least=1e-6)
    largest = expect.number("minimal_epsilon", "largest", largest, least=tolerance)

    def succeeds(epsilon: Floats) -> Array:
        changed = attack(x, y, epsilon)
        _check_changed("minimal_epsilon", changed, x)
        return fooled(ask_labels("minimal_epsilon", predict, changed), y)

    failed_at = np.zeros(len(x))
    fooled_at = np.where(fooled(ask_labels("minimal_epsilon", predict, x), y), 0.0, np.inf)
    # from below, and not by halving the largest: one big step may jump over the place where a small one lands
    tried = 0.0
    while tried < largest:
        tried = min(max(2 * tried, tolerance), largest)
        fooled_at[np.isinf(fooled_at) & succeeds(np.full(len(x), tried))] = tried
        failed_at[np.isinf(fooled_at)] = tried
        if np.isfinite(fooled_at).all():
            break
    while (still := np.isfinite(fooled_at) & (fooled_at - failed_at > tolerance)).any():
        middle = (failed_at + np.where(still, fooled_at, failed_at)) / 2
        success = succeeds(middle)
        fooled_at[still & success] = middle[still & success]
        failed_at[still & ~success] = middle[still & ~success]
    return fooled_at


def transfer_table(
    nets: Mapping[str, tuple[InputGradient, Predict]],
    attack: Callable[[InputGradient, Floats, Array], Floats],
    x: Floats,
    y: Array,
) -> Floats:
    """Return what each network makes of the examples made on each: [made on, shown to] = share still right.

    ``nets`` maps a name to a network's (gradient, predict); rows and columns are in its order.
    The diagonal is the white-box attack. Shares are from 0 to 1.
    """
    expect.labelled_inputs("transfer_table", x, y)
    if not nets:
        raise ValueError("transfer_table: expected at least one network, got none.")
    if not all(isinstance(net, tuple) and len(net) == 2 for net in nets.values()):
        raise TypeError(
            "transfer_table: expected a pair of functions for each name; pass (gradient_by_input(net), classify(net))."
        )
    table = np.empty((len(nets), len(nets)))
    for row, (gradient, _) in zip(table, nets.values(), strict=True):
        changed = attack(gradient, x, y)
        _check_changed("transfer_table", changed, x)
        row[:] = [
            np.mean(ask_labels("transfer_table", predict, changed) == y) for _, predict in nets.values()
        ]
    return table


def _check_changed(where: str, changed: Floats, x: Floats) -> None:
    """Refuse an attack's result that is no input, or not of the shape of the one it was given."""
    expect.unit_batch(f"{where}, what the attack returned", changed)
    expect.shape(where, changed, x.shape, "the attack to return x's shape")
