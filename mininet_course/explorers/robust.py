"""Explorers of defences: boxes, losses that end, a siege, a defence of yours."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from mininet.arrays import Array, Floats
from mininet.attacks import InputGradient, Predict, pgd, random_noise
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.images import images as draw_images
from mininet_course.plots.robust import boxes, ends, verdict

Defend = Callable[[Floats], Floats]
Net = tuple[InputGradient, Predict]

STEPS = 20  # of every attack here
TRIES = 10  # random changes that an image must survive
_ROUNDING = 1e-5


def box_explorer(
    train: Callable[[float], Callable[[Array], Array]], X: Floats, y: Array, start: float = 0.08
) -> Explorer:
    """Return an explorer that trains your network anew for each ε and draws it with the points' boxes of ±ε.

    ``train(epsilon)`` returns a predict function, (M, 2) to M probabilities of class 1; X is
    (N, 2) in the unit square, y (N,) 0 or 1. The left picture is ``train(0.0)``. The boxes of both
    are as large as the slider says; ``held`` of the widget counts, for both, those without a wrong answer.

    >>> X = np.array([[0.2, 0.5], [0.55, 0.5]])
    >>> box_explorer(lambda epsilon: lambda X: X[:, 0], X, np.array([0, 1])).held
    [1, 1]
    """
    undefended = _started("box_explorer", train, 0.0)
    held = [0, 0]

    def draw(figure: Figure, epsilon: float) -> None:
        left, right = figure.subplots(1, 2)
        nets = undefended, _started("box_explorer", train, epsilon)
        for i, (ax, predict) in enumerate(zip((left, right), nets, strict=True)):
            held[i] = boxes(predict, X, y, epsilon, ax)
            name = ("trained on the points", "trained on the attacked points")[i]
            ax.set_title(f"{name}\n{held[i]} of {len(X)} boxes hold", fontsize=10)

    slider = widgets.FloatSlider(value=start, min=0, max=0.16, step=0.01, description="ε")
    slider.continuous_update = False
    alt = "Two pictures of the same points with boxes around them, and the boundary of a network in each."
    result = explorer(draw, {"epsilon": slider}, alt, height=3.9, frames="epsilon")
    result.held = held
    return result


def _started(name: str, train: Callable[[float], Any], epsilon: float) -> Callable[[Array], Array]:
    predict: Callable[[Array], Array] = train(epsilon)
    if not callable(predict):
        raise TypeError(
            f"{name}: expected train(epsilon) to return a function, got {type(predict).__name__}. "
            "Return the function that predicts, not a network's answer."
        )
    return predict


def loss_explorer(
    loss: Callable[[Floats, Array], float], reference: Callable[[Floats, Array], float]
) -> Explorer:
    """Return an explorer of where your loss stops being a number, as the wrong score runs ahead of the right one.

    ``loss(logits, labels)`` gets float32 logits (1, 2) and labels (1,) and returns a number;
    ``reference`` is drawn beside it. The slider says how far the lead goes. ``ends_at`` of
    the widget holds the first lead at which each is no finite number.

    >>> e = loss_explorer(lambda z, y: float(z[0, 1] - z[0, 0]), lambda z, y: 0.0)
    >>> e.ends_at["yours"]
    inf
    """
    label, ends_at = np.array([0]), dict[str, float]()

    def draw(figure: Figure, largest: int, shift: int) -> None:
        leads = np.linspace(0, largest, 201, dtype=np.float32)
        series = {}
        with np.errstate(all="ignore"):  # that it breaks is what is to be seen
            for name, function in (("yours", loss), ("the package's", reference)):
                logits = [np.array([[shift, shift + lead]], dtype=np.float32) for lead in leads]
                series[name] = np.array([_number(function(z, label)) for z in logits])
        ends_at.update(ends(leads, series, figure.subplots()))
        stop = ends_at["yours"]
        figure.suptitle(
            "yours holds as far as this goes" if np.isinf(stop) else f"yours ends at a lead of {stop:.0f}",
            fontsize=11,
        )

    lead = widgets.IntSlider(value=150, min=10, max=1000, step=10, description="lead to")
    both = widgets.IntSlider(value=0, min=-200, max=200, step=10, description="both plus")
    for slider in (lead, both):
        slider.continuous_update = False
    alt = "The loss against the wrong score's lead: two lines, of which one may end in a cross."
    result = explorer(draw, {"largest": lead, "shift": both}, alt, width=6.0, height=3.2)
    result.ends_at = ends_at
    return result


def _number(value: Any) -> float:
    if value is None:
        raise TypeError("loss_explorer: expected one number from the loss, got None. Is a `return` missing?")
    if isinstance(value, tuple):
        raise TypeError(
            f"loss_explorer: expected one number from the loss, got a tuple of {len(value)}. "
            "Losses of the package return the gradient too: take [0]."
        )
    if np.shape(value) != ():
        raise ValueError(
            f"loss_explorer: expected one number from the loss, got shape {np.shape(value)}. "
            "Is the mean over the batch missing?"
        )
    return float(value)


def siege(
    nets: Mapping[str, Net], x: Floats, labels: Array, shape: tuple[int, int], start: float = 0.1
) -> Explorer:
    """Return an explorer with a choice of network and a slider for ε: images attacked white box, and what is read.

    ``x`` is (N, H·W) in [0, 1]; each network is (gradient, predict), as `mininet.attacks` has them.
    Every image is attacked by PGD on the network chosen; ``right`` of the widget counts those still read correctly.

    >>> zero = (lambda x, y: np.ones_like(x), lambda x: np.zeros(len(x), int))  # always class 0
    >>> siege({"a": zero}, np.ones((2, 4)), np.array([0, 1]), (2, 2)).right
    [1]
    """
    right = [0]

    def draw(figure: Figure, net: str, epsilon: float) -> None:
        gradient, predict = nets[net]
        changed = pgd(gradient, x, labels, epsilon, rng=np.random.default_rng(0), steps=STEPS)
        said = predict(changed)
        right[0] = int((said == labels).sum())
        signs = [f"{a}" if a == b else f"{b} → {a} ✗" for a, b in zip(said, labels, strict=True)]
        draw_images(changed.reshape(-1, *shape), signs, 6, figure)
        figure.suptitle(f"{net}, ε = {epsilon:.2f}: {right[0]} of {len(x)} still right", fontsize=11)

    choice = widgets.Dropdown(options=list(nets), description="network")
    slider = widgets.FloatSlider(value=start, min=0, max=0.4, step=0.01, description="ε")
    slider.continuous_update = False
    alt = "Attacked digits, each under what the chosen network reads in it; a cross marks what it gets wrong."
    result = explorer(draw, {"net": choice, "epsilon": slider}, alt, height=3.4, frames="epsilon")
    result.right = right
    return result


def defence_bench(
    defend: Defend, net: Net, other: InputGradient, x: Floats, labels: Array, start: float = 0.1
) -> Explorer:
    """Return an explorer that attacks your defence in every way it knows, and says what you may claim.

    ``defend`` takes images (N, D) in [0, 1] and returns images of the same shape; the network,
    (gradient, predict), reads what it returns. ``other`` is the gradient of another network, on which images
    are made without knowing yours. White box: your function may have no useful slope, so the gradient
    at what it returns is used in its place, as if it changed nothing (Athalye, Carlini and Wagner, 2018).
    ``shares`` of the widget holds the last bars.

    >>> zero = (lambda x, y: np.ones_like(x), lambda x: np.zeros(len(x), int))  # always class 0
    >>> defence_bench(lambda x: x, zero, zero[0], np.full((2, 4), 0.5), np.array([0, 1])).shares["no attack"]
    0.5
    """
    gradient, predict = net
    shares: dict[str, float] = {}

    def right(changed: Floats) -> Array:
        return np.asarray(predict(defended(defend, changed)) == labels)

    def draw(figure: Figure, epsilon: float) -> None:
        rng = np.random.default_rng(0)
        survived = right(x)
        shares["no attack"] = float(survived.mean())
        for _ in range(TRIES):
            survived &= right(random_noise(x, epsilon, rng))
        shares[f"{TRIES} random changes"] = float(survived.mean())

        def through(x: Floats, y: Array) -> Floats:
            return gradient(defended(defend, x), y)

        ways = {"transfer": other, "knows the net only": gradient, "knows both": through}
        for name, way in ways.items():
            shares[name] = float(right(pgd(way, x, labels, epsilon, rng=rng, steps=STEPS)).mean())
        left, rest = figure.subplots(1, 2, width_ratios=[3.2, 1])
        verdict(shares, left, f"still right at ε = {epsilon:.2f}")
        side = round(x.shape[1] ** 0.5)
        if side * side == x.shape[1]:
            rest.imshow(defended(defend, x[:1]).reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
            rest.set_title("defended", fontsize=10)
        rest.axis("off")

    slider = widgets.FloatSlider(value=start, min=0, max=0.4, step=0.01, description="ε")
    slider.continuous_update = False
    alt = (
        "Bars: the share still read correctly under five attacks; the smallest stands out. "
        "Beside them, a defended image."
    )
    result = explorer(draw, {"epsilon": slider}, alt, height=2.8)
    result.shares = shares
    return result


def defended(defend: Defend, x: Floats) -> Floats:
    """Return what the reader's defence makes of images, in [0, 1] and x's dtype, or say what does not fit.

    >>> defended(lambda x: x.round(), np.array([[0.2, 0.9]]))
    array([[0., 1.]])
    """
    answer = defend(x.copy())
    if answer is None:
        raise TypeError("defence_bench: expected images from defend, got None. Is a `return` missing?")
    values = np.asarray(answer)
    if values.shape != x.shape or values.dtype.kind not in "fbiu":
        raise ValueError(
            f"defence_bench: expected images of shape {x.shape} from defend, got {values.shape} {values.dtype}. "
            "It gets the whole batch as rows."
        )
    values = values.astype(x.dtype)
    if np.isnan(values).any():
        raise ValueError(
            "defence_bench: expected pixels from 0 to 1 from defend, got NaN. Is 0 divided by 0?"
        )
    if not (values.min() >= -_ROUNDING and values.max() <= 1 + _ROUNDING):
        raise ValueError(
            f"defence_bench: expected pixels from 0 to 1 from defend, got {values.min():.3g} to {values.max():.3g}. "
            "np.clip(..., 0, 1) keeps them on the paper."
        )
    return np.clip(values, 0, 1)
