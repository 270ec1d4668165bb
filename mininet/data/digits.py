"""The embedded 8×8 handwritten digits, there at once and without a network. Built in the chapter "intro"."""

from importlib.resources import files

import numpy as np

from mininet.arrays import Array
from mininet.data.dataset import Dataset

_N_TRAIN = 1500


def digits() -> Dataset:
    """Return 1,797 handwritten digits of 8×8 pixels: the first 1,500 for training, 297 for testing.

    The file holds ink counts 0 to 16; here they are scaled to 0 to 255, so that
    one rule (`to_unit`: divide by 255) holds for every image of the course.
    The order is the original one. Training set: 146 to 153 images a digit, test set: 27 to 33.
    Source: Alpaydin and Kaynak (1998), doi:10.24432/C50P49; licence in ``digits.LICENSE.md``.

    >>> digits().x_train.shape
    (1500, 8, 8)
    """
    with (files("mininet.data") / "digits.npz").open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        images, labels = archive["images"], archive["labels"]
    images = np.rint(images * (255 / 16)).astype(np.uint8)
    sets = images[:_N_TRAIN], labels[:_N_TRAIN], images[_N_TRAIN:], labels[_N_TRAIN:]
    return Dataset("digits", "embedded in mininet", False, *sets, tuple("0123456789"))


def enlarge(images: Array) -> Array:
    """Return 8×8 images as 28×28: every pixel becomes 3×3, with a border of 2.

    ``images`` is (N, 8, 8), any dtype; the result is (N, 28, 28) of the same dtype.

    >>> enlarge(digits().x_test).shape
    (297, 28, 28)
    """
    return np.pad(np.kron(images, np.ones((1, 3, 3), images.dtype)), ((0, 0), (2, 2), (2, 2)))
