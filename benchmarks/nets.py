"""The networks of the course whose training steps are timed, and the same start for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mininet.arrays import Array
from mininet.init import xavier

Step = Callable[[], float]  # takes one step and returns the loss before it


@dataclass(frozen=True)
class Net:
    """A multilayer perceptron, its batch size and its loss."""

    sizes: tuple[int, ...]
    batch: int
    activation: Literal["relu", "sigmoid", "tanh"]
    loss: Literal["cross-entropy", "mse"] = "cross-entropy"
    lr: float = 0.01

    def __str__(self) -> str:
        sizes = "-".join(map(str, self.sizes)).replace("-".join(["50"] * 9), "50×9")
        return f"{sizes}, batch {self.batch}, {self.activation}, {self.loss}"

    @property
    def large(self) -> bool:
        """Whether the matrices are large enough for arithmetic to count more than calls."""
        return max(self.sizes) > 100

    def start(self) -> tuple[list[Array], Array, Array]:
        """Return weights, inputs and targets, the same for every implementation."""
        rng = np.random.default_rng(0)
        weights = [xavier(m, n, rng) for m, n in zip(self.sizes[:-1], self.sizes[1:], strict=True)]
        x = rng.random((self.batch, self.sizes[0]), dtype=np.float32)
        if self.loss == "mse":
            return weights, x, rng.random((self.batch, self.sizes[-1]), dtype=np.float32)
        return weights, x, rng.integers(0, self.sizes[-1], self.batch)


Maker = Callable[[Net, list[Array], Array, Array], Step]  # of a net, its weights, inputs and targets

NETS = [
    Net((784, 128, 10), 1, "relu"),
    Net((784, 100, 200, 10), 32, "relu"),
    Net((784, 128, 10), 128, "relu"),
    Net((784, 30, 30, 10), 100, "sigmoid"),
    Net((1, *[50] * 9, 1), 20, "tanh", "mse"),
    Net((2, 2, 1), 4, "sigmoid", "mse"),
]
