"""What a set of labelled images consists of, and what can go wrong with one. Built in the chapter "intro"."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class DatasetUnavailable(RuntimeError):
    """The dataset is neither on this machine nor to be had from the network."""


class StandInWarning(UserWarning):
    """Other data stand in for the dataset that was asked for."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, split into training and test set.

    Images are uint8 (N, H, W), 0 black to 255 white; labels are int64 (N,), and
    ``class_names[label]`` says what a label means. ``source`` tells where the
    bytes came from; ``stand_in`` is True where other data than asked for are here.

    >>> from mininet.data import digits
    >>> print(digits())
    digits: 1,500 training and 297 test images of 8×8, embedded in mininet
    """

    name: str
    source: str
    stand_in: bool
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __str__(self) -> str:
        height, width = self.x_train.shape[1:]
        n, m = len(self.x_train), len(self.x_test)
        return f"{self.name}: {n:,} training and {m:,} test images of {height}×{width}, {self.source}"

    # the generated one would print four arrays
    __repr__ = __str__
