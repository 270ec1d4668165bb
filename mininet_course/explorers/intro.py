"""The explorer of the opening page: look through what a network reads."""

from ipywidgets import IntSlider
from matplotlib.figure import Figure

from mininet.arrays import Array, Floats
from mininet_course.explorers.explorer import Explorer, explorer
from mininet_course.plots.images import reading


def browse(images: Array, labels: Array, probabilities: Floats) -> Explorer:
    """Return a widget that shows one image after another beside the probabilities given to each class.

    ``images`` is (N, H, W), ``labels`` (N,) whole numbers, ``probabilities`` (N, C).
    Raises ValueError when their lengths differ.
    """
    if not len(images) == len(labels) == len(probabilities):
        raise ValueError(
            f"browse: expected equally many images, labels and rows of probabilities, "
            f"got {len(images)}, {len(labels)} and {len(probabilities)}."
        )

    def draw(figure: Figure, image: int) -> None:
        reading(images[image], probabilities[image], int(labels[image]), figure)

    slider = IntSlider(0, 0, len(images) - 1, description="image")
    return explorer(
        draw, {"image": slider}, "A digit beside the probability of each class.", 6.0, 3.0, "image"
    )
