"""Explorers of fooled classifiers: pixels to push, flips, an aim, your attack."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mininet.arrays import Array, Floats
from mininet.attacks.model import ask_labels
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.adversarial import anatomy, flipped, four_pixels
from mininet_course.plots.images import _image
from mininet_course.plots.palette import CYCLE, GREY

Attack = Callable[[Floats, Array, float], Floats]  # (x, labels, epsilon) -> changed x
Predict = Callable[[Floats], Array]  # x -> class numbers (N,)

_ROUNDING = 1e-5  # of float32 pixels, when they are compared with epsilon


def four_pixel_explorer(x: Floats, w: Floats, b: float, names: tuple[str, str] = ("no", "yes")) -> Explorer:
    """Return an explorer in which you push four pixels yourself: a slider for ε, a choice for each pixel.

    ``x`` and ``w`` are (2, 2); the score is ``(w * x).sum() + b``, above 0 the second of
    ``names``. The title compares your change with the best one within ε, pixels kept in [0, 1].

    >>> four_pixel_explorer(np.full((2, 2), 0.5), np.ones((2, 2)), -3.0).still[:4]
    b'\\x89PNG'
    """
    if x.shape != (2, 2) or w.shape != (2, 2):
        raise ValueError(
            f"four_pixel_explorer: expected x and w of shape (2, 2), got {x.shape} and {w.shape}."
        )
    towards = 1.0 if float((w * x).sum() + b) <= 0 else -1.0  # which way the answer flips

    def score(change: Floats) -> float:
        return round(float((w * np.clip(x + change, 0, 1)).sum() + b), 6) + 0.0  # no −0.000

    def draw(figure: Figure, epsilon: float, **pushes: int) -> None:
        signs = np.array([pushes[name] for name in _CORNERS], dtype=float).reshape(2, 2)
        four_pixels(x, w, np.clip(x + epsilon * signs, 0, 1), b, figure, names)
        best = score(epsilon * towards * np.sign(w))
        title = f"your score {score(epsilon * signs):+.3f}, the best within ε = {epsilon:.2f}: {best:+.3f}"
        figure.suptitle(title.replace("-", "−"))

    epsilon = widgets.FloatSlider(value=0.1, min=0, max=0.3, step=0.01, description="ε")
    pushes = {
        name: widgets.ToggleButtons(
            options=[("− ε", -1), ("leave", 0), ("+ ε", 1)],
            value=0,
            description=name,
            style={"button_width": "4em"},
        )
        for name in _CORNERS
    }
    alt = "Image, weights, change and result of four pixels each, numbers written in, with both scores."
    return explorer(draw, {"epsilon": epsilon, **pushes}, alt, height=2.7)


_CORNERS = ("top left", "top right", "bottom left", "bottom right")


def flip_explorer(
    attack: Attack,
    predict: Predict,
    x: Floats,
    labels: Array,
    shape: tuple[int, int],
    thresholds: Floats | None = None,
    start: float = 0.1,
    largest: float = 0.3,
) -> Explorer:
    """Return an explorer with a slider for ε over a few images: each attacked, and what it is taken for.

    ``attack(x, labels, epsilon)`` returns the changed rows ``x`` (N, H·W); images are drawn with
    ``shape`` (H, W). ``thresholds`` (N,) is written below each: the ε at which it flips.
    Errors: `TypeError` or `ValueError` that say what the attack returned and should have.

    >>> e = flip_explorer(lambda x, y, epsilon: x, lambda x: np.zeros(len(x), int), np.ones((2, 4)),
    ...                   np.array([0, 1]), (2, 2))
    >>> e.controls["epsilon"].value
    0.1
    """

    def draw(figure: Figure, epsilon: float) -> None:
        changed = attacked("flip_explorer", attack(x.copy(), labels, epsilon), x, epsilon)
        guesses = ask_labels("flip_explorer", predict, changed)
        flipped(changed.reshape(-1, *shape), guesses, labels, thresholds, figure)
        wrong = int(np.count_nonzero(guesses != labels))
        figure.suptitle(f"ε = {epsilon:.3f}: {wrong} of {len(labels)} misread")

    epsilon = widgets.FloatSlider(value=start, min=0, max=largest, step=0.005, readout_format=".3f")
    epsilon.description, epsilon.continuous_update = "ε", False
    alt = "Digits, changed by at most ε a pixel, with what each is taken for; those that flipped are framed."
    rows = -(-len(labels) // min(4, len(labels)))
    return explorer(draw, {"epsilon": epsilon}, alt, height=0.5 + 2.1 * rows, frames="epsilon")


def target_explorer(
    attack: Attack,
    probabilities: Callable[[Floats], Floats],
    image: Floats,
    label: int,
    wanted: int = 7,
    start: float = 0.15,
    classes: int = 10,
) -> Explorer:
    """Return an explorer that turns one image (H, W) into the digit you choose, with a slider for ε.

    ``attack(x, wanted, epsilon)`` gets the image as a row (1, H·W) and the wanted label (1,);
    ``probabilities`` maps rows (N, H·W) to (N, C).

    >>> e = target_explorer(lambda x, y, epsilon: x, lambda x: np.eye(10)[[3]], np.ones((2, 2)), 3)
    >>> e.controls["wanted"].value
    7
    """
    x = image.reshape(1, -1)

    def draw(figure: Figure, wanted: int, epsilon: float) -> None:
        answer = attack(x.copy(), np.array([wanted]), epsilon)
        changed = attacked("target_explorer", answer, x, epsilon)
        before, after = probabilities(x)[0], probabilities(changed)[0]
        anatomy(image, changed.reshape(image.shape), before, after, label, figure, wanted)

    digit = widgets.Dropdown(options=range(classes), value=wanted, description="make it a")
    epsilon = widgets.FloatSlider(value=start, min=0, max=0.4, step=0.01, description="ε")
    epsilon.continuous_update = False
    alt = "An image, the change and the result, and under image and result their probabilities."
    return explorer(draw, {"wanted": digit, "epsilon": epsilon}, alt, height=4.6)


def attack_bench(
    attack: Attack,
    others: Mapping[str, Attack],
    predict: Predict,
    x: Floats,
    labels: Array,
    shape: tuple[int, int],
    epsilon: float = 0.1,
) -> Explorer:
    """Return an explorer that tries your attack beside others, on the same images, at an ε you choose.

    Every attack is a function (x, labels, epsilon) -> changed rows x (N, H·W). Bars show the
    share still read correctly; beside them is one image with your change and the result.
    ``shares`` of the widget holds the last bars. Errors: `TypeError` or `ValueError` when your attack
    returns no array, another shape, NaN, or leaves [0, 1] or the ε-box.

    >>> e = attack_bench(lambda x, y, epsilon: x, {}, lambda x: np.zeros(len(x), int), np.ones((2, 4)),
    ...                  np.array([0, 1]), (2, 2))
    >>> e.shares
    {'yours': 0.5}
    """
    shares: dict[str, float] = {}

    def draw(figure: Figure, epsilon: float, image: int) -> None:
        yours = attacked("attack_bench", attack(x.copy(), labels, epsilon), x, epsilon)
        made = {name: other(x, labels, epsilon) for name, other in others.items()} | {"yours": yours}
        guesses = {name: ask_labels("attack_bench", predict, changed) for name, changed in made.items()}
        shares.update({name: float(np.mean(guess == labels)) for name, guess in guesses.items()})
        left, right = figure.subfigures(1, 2, width_ratios=[1, 1.25])
        _share_bars(left.subplots(), shares, epsilon)
        change, guess = yours[image] - x[image], int(guesses["yours"][image])
        for ax, values, title in zip(
            right.subplots(1, 2),
            (change, yours[image]),
            ("your change", f"{labels[image]} read as {guess}"),
            strict=True,
        ):
            signed = values is change
            _image(ax, values.reshape(shape), (epsilon or 1.0) if signed else 1.0, diverging=signed)
            ax.set_title(title)
            ax.axis("off")

    slider = widgets.FloatSlider(value=epsilon, min=0, max=0.3, step=0.01, description="ε")
    slider.continuous_update = False
    number = widgets.IntSlider(value=0, min=0, max=len(labels) - 1, description="image")
    alt = "Bars: the share of images still read correctly after each attack; beside them one attacked image."
    result = explorer(draw, {"epsilon": slider, "image": number}, alt, height=2.9)
    result.shares = shares
    return result


def _share_bars(ax: Axes, shares: Mapping[str, float], epsilon: float) -> None:
    names = list(shares)
    colours = [GREY] * (len(names) - 1) + [CYCLE[1]]  # yours is the last
    ax.barh(names, list(shares.values()), color=colours)
    for i, share in enumerate(shares.values()):
        ax.text(share + 0.02, i, f"{share:.0%}".replace("%", " %"), va="center", fontsize=10)
    ax.set(xlim=(0, 1.25), xticks=[], title=f"still right at ε = {epsilon:.2f}")
    ax.invert_yaxis()
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(length=0)


def attacked(name: str, answer: Any, x: Floats, epsilon: float) -> Floats:
    """Return what the reader's attack has returned, or say in one sentence what does not fit.

    >>> attacked("mine", np.full((1, 2), 0.5), np.full((1, 2), 0.45), 0.1)
    array([[0.5, 0.5]])
    """
    if answer is None:
        raise TypeError(
            f"{name}: expected the changed images from the attack, got None. Is a `return` missing?"
        )
    if not isinstance(answer, np.ndarray):
        raise TypeError(
            f"{name}: expected the changed images from the attack, one array, got a {type(answer).__name__}. "
            "Return that array alone."
        )
    values = answer
    if values.shape != x.shape or values.dtype.kind != "f":
        raise ValueError(
            f"{name}: expected floats of shape {x.shape} from the attack, got {values.dtype} {values.shape}. "
            "Return x plus the change, for the whole batch."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name}: the attack returned NaN or infinity for {_count(~np.isfinite(values))}. "
            "Was a gradient divided by its own length, 0?"
        )
    if values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING:
        raise ValueError(
            f"{name}: expected pixels from 0 to 1, got {values.min():.3f} to {values.max():.3f}. "
            "np.clip(..., 0, 1) keeps them on the paper."
        )
    change = np.abs(values - x)
    if change.max() > epsilon + _ROUNDING:
        raise ValueError(
            f"{name}: the attack changed {_count(change > epsilon + _ROUNDING)} by more than epsilon = "
            f"{epsilon:.3f}, at most by {change.max():.3f}. Clip the change to ±epsilon first."
        )
    return values


def _count(bad: Array) -> str:
    images = int(bad.any(axis=1).sum())
    return f"{images} image{'s' if images != 1 else ''} of {len(bad)}"
