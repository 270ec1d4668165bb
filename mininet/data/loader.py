"""From arrays to batches: `DataLoader`, `split`, `one_hot`, `to_unit`. Built in the chapter "mnist"."""

from collections.abc import Iterator

import numpy as np

from mininet import expect
from mininet.arrays import Array, Floats


def to_unit(images: Array) -> Floats:
    """Return images ready for a network: uint8 pixels 0 to 255 become float32 in [0, 1].

    float32 and float64 arrays come back unchanged (the same array): they are taken to
    be ready. Any other dtype is an error. Any shape.

    >>> to_unit(np.array([0, 51, 255], dtype=np.uint8))
    array([0. , 0.2, 1. ], dtype=float32)
    """
    expect.array("to_unit", images, "images")
    if images.dtype in (np.float32, np.float64):
        return images
    if images.dtype != np.uint8:
        raise ValueError(
            f"to_unit: expected uint8 pixels, float32 or float64, got {images.dtype}. "
            "Convert with .astype(np.float32), scaled as the network is to see it."
        )
    pixels = images.astype(np.float32)
    pixels /= np.float32(255)
    return pixels


class DataLoader:
    """Batches of examples, newly shuffled every time it is iterated over.

    ``x`` is (N, ...) uint8, float32 or float64; ``y`` is (N,) or (N, ...). Each batch is
    a pair ``(xb, yb)`` of ``batch_size`` examples; the last one holds what is left. uint8
    images stay uint8 in memory and pass through `to_unit` when their batch is drawn.
    ``len(loader)`` is the number of batches in an epoch. With ``shuffle=False`` the order
    is that of the arrays and no ``rng`` is needed; batches that need no conversion are
    then views of the arrays.
    Raises TypeError on what is no array, no generator or no whole batch_size, and ValueError on empty or
    unequal arrays, on a y that is not numbers, on a batch_size below 1, and on NaN or infinity.

    >>> x, y = np.zeros((10, 2), np.float32), np.arange(10)
    >>> [len(xb) for xb, yb in DataLoader(x, y, batch_size=4, rng=np.random.default_rng(0))]
    [4, 4, 2]
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        batch_size: int,
        rng: np.random.Generator | None = None,
        shuffle: bool = True,
    ) -> None:
        _check_pair("DataLoader", x, y)
        if shuffle:
            expect.generator("DataLoader", rng)
        to_unit(x[:1])  # refuses a dtype that no batch could be made of
        if y.dtype.kind not in "biuf":
            raise ValueError(
                f"DataLoader: expected numbers as y, got {y.dtype}. "
                "Turn names into labels with np.unique(names, return_inverse=True)."
            )
        for name, values in (("x", x), ("y", y)):
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ValueError(f"DataLoader: {name} holds NaN or infinity. Clean the data first.")
        self.x, self.y, self.rng, self.shuffle = x, y, rng, shuffle
        self.batch_size = expect.whole("DataLoader", "batch_size", batch_size)

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)  # rounded up

    def __iter__(self) -> Iterator[tuple[Floats, Array]]:
        order = self.rng.permutation(len(self.x)) if self.shuffle and self.rng is not None else None
        for start in range(0, len(self.x), self.batch_size):
            batch = slice(start, start + self.batch_size)
            chosen = batch if order is None else order[batch]
            yield to_unit(self.x[chosen]), self.y[chosen]


def split(
    x: Array, y: Array, n_validation: int, rng: np.random.Generator
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return ``(x_train, y_train), (x_validation, y_validation)``: a random split, no example in both.

    ``n_validation`` examples are kept for validation, the others for training.

    >>> train, validation = split(np.zeros((10, 2)), np.arange(10), 3, np.random.default_rng(0))
    >>> len(train[1]), len(validation[1])
    (7, 3)
    """
    _check_pair("split", x, y)
    if len(x) < 2:
        raise ValueError("split: expected at least two examples, one for each part, got 1.")
    name = "n_validation, a count of examples,"
    n_validation = expect.whole("split", name, n_validation, most=len(x) - 1)
    expect.generator("split", rng)
    order = rng.permutation(len(x))
    validation, train = order[:n_validation], order[n_validation:]
    return (x[train], y[train]), (x[validation], y[validation])


def one_hot(labels: Array, n_classes: int) -> Floats:
    """Return (N, n_classes) float32: a 1 in each row at its label, 0 elsewhere.

    ``labels`` are integers (N,) from 0 to n_classes - 1.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    expect.array("one_hot", labels, "labels")
    n_classes = expect.whole("one_hot", "n_classes", n_classes)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(f"one_hot: expected integer labels (N,), got {labels.dtype} {labels.shape}.")
    if labels.size:
        expect.class_numbers("one_hot", labels, n_classes)
    encoded = np.zeros((len(labels), n_classes), dtype=np.float32)
    encoded[np.arange(len(labels)), labels] = 1
    return encoded


def _check_pair(where: str, x: Array, y: Array) -> None:
    expect.array(where, x, "x")
    expect.array(where, y, "y")
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"{where}: x {x.shape} and y {y.shape} need one entry for each example.")
    if len(x) == 0:
        raise ValueError(f"{where}: there are no examples, x is {x.shape}.")
