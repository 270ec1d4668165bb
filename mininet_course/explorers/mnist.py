"""Explorers of digits: training, weights, mistakes, a digit you draw."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice, pairwise
from typing import Any

import ipywidgets as widgets
import numpy as np
from ipycanvas import Canvas
from matplotlib.figure import Figure

from mininet.arrays import Array, Floats
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.curves import curves
from mininet_course.plots.images import images as draw_images
from mininet_course.plots.images import reading
from mininet_course.plots.palette import VERMILLION

Stroke = list[tuple[float, float]]
Training = Callable[[], Iterator[tuple[float, Floats]]]

CANVAS = 280  # pixels, a side
BOX, FIELD = 20, 28  # MNIST: the digit fits a box of 20×20 pixels in a field of 28×28
BRUSH = 1.3  # half the width of a stroke, in pixels of the field
REFRESH = 0.3  # seconds between two readings while a stroke is being drawn

# a three, as a hand might draw it on the canvas: its x, then its y
_X = [90.0, 120, 160, 188, 185, 160, 130, 165, 195, 198, 170, 125, 85]
_Y = [75.0, 48, 45, 68, 100, 125, 133, 140, 165, 202, 232, 236, 212]
EXAMPLE: list[Stroke] = [list(zip(_X, _Y, strict=True))]


def training_stepper(training: Training, steps: int = 30) -> Explorer:
    """Return an explorer that pulls your training loop forward, step by step, and draws where it stands.

    ``training()`` starts anew: a generator that, after each step, yields the loss and the
    weights as images (units, H, W). The picture begins after ``steps`` steps.

    >>> def training():
    ...     for step in range(1000):
    ...         yield 1 / (1 + step), np.zeros((2, 4, 4))
    >>> training_stepper(training).losses[:2]
    [1.0, 0.5]
    """
    state: dict[str, Any] = {"run": None, "ordered": steps}
    losses: list[float] = []

    def order(count: int, again: bool = False) -> None:
        # done when the picture is drawn: an error here, in a button's handler, would not be shown
        state["ordered"] = count
        if again:
            state["run"] = None

    def go() -> None:
        count, state["ordered"] = state["ordered"], 0
        if state["run"] is None:
            losses.clear()
            state["run"] = _started(training)
        for answer in islice(state["run"], count):
            loss, state["weights"] = _loss_and_weights(answer)
            losses.append(loss)
        if not losses:
            raise ValueError("training_stepper: expected training() to yield (loss, weights) at least once.")

    def draw(figure: Figure) -> None:
        go()
        upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1.1])
        draw_images(state["weights"], columns=10, figure=upper, diverging=True)
        title = f"step {len(losses)}: loss {losses[-1]:.3f} on its batch"
        curves({"loss": losses}, lower.subplots(), xlabel="step", title=title)

    controls = {f"{n}": widgets.Button(description=text) for n, text in _STEPS}
    controls["again"] = widgets.Button(description="start again")
    alt = "The weights of each output unit as an image, and below them the loss of every step so far."
    result = explorer(draw, controls, alt)
    for n, _ in _STEPS:
        result.when_pressed(controls[f"{n}"], partial(order, n))
    result.when_pressed(controls["again"], lambda: order(1, again=True))
    result.losses = losses
    return result


_STEPS = ((1, "one step"), (10, "ten steps"), (100, "a hundred steps"))


def _started(training: Training) -> Iterator[Any]:
    """Call the reader's function, or say what it should have been."""
    if not callable(training):
        raise TypeError(
            f"training_stepper: expected a function, got {type(training).__name__}. "
            "Pass training, not training(): every start calls it anew."
        )
    run: Any = training()
    if not isinstance(run, Iterator):
        raise TypeError(
            f"training_stepper: expected training() to be a generator, got {type(run).__name__}. "
            "Is there a `yield` in it?"
        )
    return run


def _loss_and_weights(answer: Any) -> tuple[float, Floats]:
    """Return what the reader's generator has yielded, or say clearly what does not fit."""
    if not (isinstance(answer, tuple) and len(answer) == 2 and np.shape(answer[0]) == ()):
        raise TypeError(
            "training_stepper: expected training() to yield (loss, weights), a number and an array, "
            f"got {answer!r:.60}."
        )
    loss, weights = float(answer[0]), np.asarray(answer[1])
    if weights.ndim != 3:
        raise ValueError(
            f"training_stepper: expected the weights as images, (units, H, W), got {weights.shape}. "
            "A matrix (64, units) becomes them with .T.reshape(-1, 8, 8)."
        )
    if not (np.isfinite(loss) and np.isfinite(weights).all()):
        raise ValueError(
            f"training_stepper: the weights or the loss, {loss}, are not finite numbers; the training diverged. "
            "Try a lower learning rate."
        )
    return loss, weights


def weights_explorer(
    snapshots: Sequence[Floats], validation: Sequence[float], shape: tuple[int, int] = (28, 28)
) -> Explorer:
    """Return an explorer with a slider over epochs: the first layer's weights as images, and the mistakes.

    ``snapshots[e]`` is the (H·W, units) weight matrix after epoch e, where 0 is before
    training; at most 16 units are drawn. ``validation[e]`` is the accuracy at that moment.

    >>> weights_explorer([np.zeros((16, 3)), np.ones((16, 3))], [0.1, 0.9], (4, 4)).controls["epoch"].max
    1
    """
    if len(snapshots) != len(validation) or not snapshots:
        raise ValueError(
            f"weights_explorer: expected one accuracy for each snapshot, got {len(validation)} "
            f"for {len(snapshots)}; both begin before the first epoch."
        )

    def draw(figure: Figure, epoch: int) -> None:
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.5, 1])
        units = snapshots[epoch].T[:16].reshape(-1, *shape)
        draw_images(units, columns=8, figure=upper, diverging=True)
        ax = lower.subplots()
        title = f"after epoch {epoch}: validation accuracy {validation[epoch]:.3f}"
        mistakes = [1 - v for v in validation]
        curves({"mistakes": mistakes}, ax, ylabel="share", log=min(mistakes) > 0, title=title)
        ax.margins(y=0.2)  # the line ends above the axis, and its name with it
        ax.plot(epoch, mistakes[epoch], "o", color=VERMILLION, markersize=9, clip_on=False)

    if snapshots[0].ndim != 2 or len(snapshots[0]) != shape[0] * shape[1]:
        raise ValueError(
            f"weights_explorer: expected weights of shape ({shape[0] * shape[1]}, units) for images of {shape}, "
            f"got {snapshots[0].shape}."
        )
    last = len(snapshots) - 1
    slider = widgets.IntSlider(value=last, min=0, max=last, description="epoch")
    alt = (
        "Weights of the first layer as small images, and below them the validation accuracy over the epochs."
    )
    return explorer(draw, {"epoch": slider}, alt, height=4.0, frames="epoch", most=11)


def mistake_browser(
    images: Array, labels: Array, probabilities: Floats, names: Sequence[str] | None = None
) -> Explorer:
    """Return an explorer with a slider over images (N, H, W): each with its label and its probabilities.

    ``labels`` is (N,), ``probabilities`` (N, C); the order is the one you give.

    >>> browser = mistake_browser(np.ones((2, 4, 4)), np.array([0, 1]), np.eye(2))
    >>> browser.controls["number"].max
    1
    """
    if images.ndim != 3 or len(images) == 0 or not len(images) == len(labels) == len(probabilities):
        raise ValueError(
            f"mistake_browser: expected images (N, H, W), labels (N,) and probabilities (N, C), "
            f"got {images.shape}, {labels.shape} and {probabilities.shape}."
        )

    def draw(figure: Figure, number: int) -> None:
        reading(images[number], probabilities[number], int(labels[number]), figure, names)

    slider = widgets.IntSlider(value=0, min=0, max=len(images) - 1, description="number")
    alt = "An image that was misread, and beside it the probability of each class, the truth hatched."
    return explorer(draw, {"number": slider}, alt, width=5.6, height=2.9, frames="number")


def strokes_to_image(strokes: Sequence[Stroke]) -> Floats:
    """Return strokes as an image like MNIST's: float32 (28, 28), 0 for paper to 1 for ink.

    A stroke is a list of points (x, y), y downwards, in any unit. The digit is scaled to
    fit 20×20 pixels, drawn with a soft brush, and moved until its centre of mass is the
    middle of the field, as LeCun, Bottou, Bengio and Haffner (1998) describe.

    >>> strokes_to_image([[(0, 0), (0, 50)]]).shape
    (28, 28)
    """
    if not any(strokes):
        return np.zeros((FIELD, FIELD), dtype=np.float32)
    points = np.concatenate([np.asarray(stroke, dtype=np.float64) for stroke in strokes if stroke])
    low, extent = points.min(axis=0), float(np.ptp(points, axis=0).max())
    scale = (BOX - 2 * BRUSH) / extent if extent else 0.0  # a dot stays a dot
    lines = [(np.asarray(stroke, dtype=np.float64) - low) * scale for stroke in strokes if stroke]
    middle = (FIELD - 1) / 2
    # stamped once to find the centre of mass, and again where that is the middle
    offset = np.full(2, middle - (BOX - 2 * BRUSH) / 2)
    for _ in range(2):
        image = _stamp([line + offset for line in lines])
        rows, columns = np.indices(image.shape)
        offset += middle - np.array([(image * columns).sum(), (image * rows).sum()]) / image.sum()
    return _stamp([line + offset for line in lines]).astype(np.float32)


def _stamp(lines: Sequence[Floats]) -> Floats:
    """Return the field's ink: by how much each pixel's centre lies within the brush's width of a line."""
    rows, columns = np.indices((FIELD, FIELD))
    pixels = np.stack([columns, rows], axis=-1).reshape(-1, 1, 2)  # (784, 1, 2)
    nearest = np.full(FIELD * FIELD, np.inf)
    for line in lines:
        start, along = line, np.diff(line, axis=0, append=line[-1:])  # (P, 2), the last of length 0
        squared = np.maximum((along * along).sum(axis=-1), 1e-12)
        share = np.clip(((pixels - start) * along).sum(axis=-1) / squared, 0, 1)  # (784, P)
        distance = np.linalg.norm(pixels - (start + share[..., None] * along), axis=-1)
        nearest = np.minimum(nearest, distance.min(axis=1))
    return np.clip(BRUSH + 0.5 - nearest, 0, 1).reshape(FIELD, FIELD)


def draw_digit(predict: Callable[[Floats], Floats]) -> Explorer:
    """Return an explorer to draw a digit in, with mouse or finger, that shows how your function reads it.

    ``predict`` takes the drawing as MNIST would have it, float32 (28, 28) in [0, 1], and
    returns the probabilities of the ten digits, (10,). The first stroke wipes the example.

    >>> draw_digit(lambda image: np.full(10, 0.1)).still[:4]
    b'\\x89PNG'
    """
    return _Sketch(predict).explorer


class _Sketch:
    """The canvas, the strokes drawn on it so far, and the explorer that shows how they are read."""

    def __init__(self, predict: Callable[[Floats], Floats]) -> None:
        self.predict = predict
        self.strokes: list[Stroke] = EXAMPLE
        self.drawing, self.read_at = False, 0.0
        self.canvas = Canvas(width=CANVAS, height=CANVAS, layout={"border": "1px solid #666666"})
        self.canvas.on_mouse_down(self.start)
        self.canvas.on_mouse_move(self.move)
        self.canvas.on_mouse_up(self.end)
        self.canvas.on_mouse_out(self.end)
        self.canvas.on_touch_start(lambda touches: self.start(*touches[0]))
        self.canvas.on_touch_move(lambda touches: self.move(*touches[0]))
        self.canvas.on_touch_end(lambda touches: self.end())
        self.canvas.on_touch_cancel(lambda touches: self.end())
        self.canvas.on_client_ready(self.paint)
        clear = widgets.Button(description="clear")
        clear.on_click(lambda _: self.replace([]))
        example = widgets.Button(description="an example")
        example.on_click(lambda _: self.replace(EXAMPLE))
        controls = {"canvas": self.canvas, "clear": clear, "example": example}
        alt = "A drawn digit as the network gets it, 28 by 28 pixels, and a bar for each digit's probability."
        self.explorer = explorer(self.draw, controls, alt, width=5.6, height=2.9)
        self.explorer.sketch = self
        self.paint()

    def start(self, x: float, y: float) -> None:
        """Begin a stroke; the first one wipes the example."""
        if self.strokes is EXAMPLE:
            self.strokes = []
            self.paint()
        self.drawing = True
        self.strokes.append([(x, y)])

    def move(self, x: float, y: float, *_: float) -> None:
        """Lengthen the stroke, and read it now and then."""
        if not self.drawing:
            return
        self.canvas.stroke_line(*self.strokes[-1][-1], x, y)
        self.strokes[-1].append((x, y))
        if time.monotonic() - self.read_at > REFRESH:
            self.read()

    def end(self, *_: float) -> None:
        """End the stroke and read what there is."""
        if self.drawing:
            self.drawing = False
            self.read()

    def replace(self, strokes: list[Stroke]) -> None:
        """Put these strokes on the canvas instead of what is there."""
        self.strokes, self.drawing = strokes, False
        self.paint()
        self.read()

    def read(self) -> None:
        self.explorer.redraw()
        self.read_at = time.monotonic()

    def paint(self) -> None:
        self.canvas.clear()
        self.canvas.line_width, self.canvas.line_cap = CANVAS / FIELD * 2 * BRUSH, "round"
        for stroke in self.strokes:
            for (x0, y0), (x1, y1) in pairwise(stroke):
                self.canvas.stroke_line(x0, y0, x1, y1)

    def draw(self, figure: Figure) -> None:
        image = strokes_to_image(self.strokes)
        if not image.any():
            figure.text(0.5, 0.5, "Draw a digit.", ha="center", fontsize=14)
            return
        reading(image, _probabilities(self.predict(image)), figure=figure)


def _probabilities(answer: Any) -> Floats:
    """Return what the reader's function has returned as ten probabilities, or say what does not fit."""
    if answer is None:
        raise TypeError(
            "draw_digit: expected ten probabilities from predict, got None. Is a `return` missing?"
        )
    values = np.asarray(answer)
    if values.shape != (10,) or values.dtype.kind not in "iuf":
        raise ValueError(
            f"draw_digit: expected ten probabilities from predict, (10,), got {values.shape} {values.dtype}. "
            "For a batch of one image, return row 0."
        )
    if not (values.min() >= 0 and abs(values.sum() - 1) < 1e-3):  # asked in this way, NaN is found too
        raise ValueError(
            f"draw_digit: expected probabilities, which add up to 1, got {values.min():.3g} to "
            f"{values.max():.3g}, sum {values.sum():.3g}. Scores become probabilities by softmax."
        )
    return values
