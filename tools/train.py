"""Train the networks whose weights a chapter loads, and measure them.

    python -m tools.train              all of them
    python -m tools.train robust       those of the chapter "robust"
    python -m tools.train mnist        the one of the chapter "mnist", which its demo reads with

Writes `book/weights/<name>.npz`, the weights of one seed as float16, and
`book/weights/<name>.json`, what was measured. Needs MNIST; all of "robust" takes
about half an hour on one core, "mnist" a minute. Whoever runs it again gets the same
weights up to the rounding of their machine's arithmetic.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import numpy as np
from tqdm import tqdm

from mininet.arrays import Array, Floats
from mininet.attacks import (
    InputGradient,
    Predict,
    adversarial_training,
    classify,
    fgsm,
    gradient_by_input,
    minimal_epsilon,
    pgd,
)
from mininet.data import mnist, to_unit
from mininet.init import Init, kaiming, xavier
from mininet.layers import BatchNorm1d, Dropout, Layer, Linear, ReLU, Sequential, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD, Adam
from mininet.training import Data, History, fit, noise
from mininet_course import console

FOLDER = Path(__file__).parent.parent / "book" / "weights"
SIZES = [784, 100, 200, 10]
SEEDS = (0, 1, 2)
ITSELF = "noise, attacked itself"
LR = 2e-3  # of Adam, when a network is hardened
ATTACKED = 1000  # images at once, small enough for a processor's cache

Change = Callable[[Floats, Array], Floats]
Attack = Callable[[Layer, Floats, Array], Floats]
Table = dict[str, dict[str, list[int]]]  # [row][column] = right ones, a count for each seed


def plain(
    data: Data,
    seed: int,
    change: Change | None = None,
    net: Sequential | None = None,
    weight_decay: float = 0.0,
    epochs: int = 25,
    init: Init = xavier,
) -> Sequential:
    """Return a network trained as in the chapter "mnist": SGD, learning rate 0.1, batches of 32."""
    rng = np.random.default_rng(seed)
    net = net if net is not None else mlp(SIZES, rng, init=init)
    optimizer = SGD(net.parameters(), 0.1, weight_decay=weight_decay)
    fit(net, data, loss=cross_entropy, optimizer=optimizer, epochs=epochs, batch_size=32, rng=rng,
        transform=change, progress=False)  # fmt: skip
    return net


def hardened(data: Data, seed: int, *, steps: int, epsilon: float, epochs: int) -> Sequential:
    """Return a network trained on images that PGD attacks anew at every step; with ``steps=1``, FGSM.

    Adam, batches of 128. The learning rate falls to nothing, and epsilon grows to its full size
    over the first third of the epochs: a network that cannot read yet learns less from an attack at full strength.
    """
    rng = np.random.default_rng(seed)
    net = mlp(SIZES, rng, init=kaiming)
    optimizer, done = Adam(net.parameters(), lr=LR), 0

    def attack(gradient: InputGradient, x: Floats, y: Array) -> Floats:
        now = epsilon * min(1.0, 3 * (done + 1) / epochs)
        if steps == 1:
            return fgsm(gradient, x, y, now)
        return pgd(gradient, x, y, now, rng=rng, steps=steps)

    def next_epoch(history: History) -> None:
        nonlocal done
        done = len(history["loss"])
        optimizer.lr = LR * max(1 - done / epochs, 1 / epochs)

    fit(net, data, loss=cross_entropy, optimizer=optimizer, epochs=epochs, batch_size=128, rng=rng,
        transform=adversarial_training(net, attack), on_epoch=next_epoch, progress=False)  # fmt: skip
    return net


def with_dropout(seed: int, p: float) -> Sequential:
    """Return an untrained network of the usual shape with dropout after both hidden layers."""
    rng = np.random.default_rng([seed, 1])
    a, b, c = (Linear(m, n, rng, xavier) for m, n in pairwise(SIZES))
    return Sequential(a, ReLU(), Dropout(p, rng), b, ReLU(), Dropout(p, rng), c)


def with_batch_norm(seed: int) -> Sequential:
    """Return an untrained network of the usual shape with batch norm before both hidden activations."""
    rng = np.random.default_rng([seed, 1])
    a, b, c = (Linear(m, n, rng, xavier) for m, n in pairwise(SIZES))
    return Sequential(a, BatchNorm1d(SIZES[1]), ReLU(), b, BatchNorm1d(SIZES[2]), ReLU(), c)


def as_stored(net: Sequential) -> Sequential:
    """Round all weights to float16 and back, so that what is measured is what the file holds."""
    net.load_state_dict(
        {name: a.astype(np.float16).astype(np.float32) for name, a in net.state_dict().items()}
    )
    return net.eval()


def in_parts(attack: Change, x: Floats, y: Array) -> Floats:
    """Return ``attack(x, y)``, some images at a time."""
    parts = range(0, len(x), ATTACKED)
    return np.concatenate([attack(x[i : i + ATTACKED], y[i : i + ATTACKED]) for i in parts])


def right(net: Layer, x: Floats, y: Array) -> int:
    """Return how many images the network reads correctly."""
    predict: Predict = classify(net)
    return sum(
        int((predict(x[i : i + ATTACKED]) == y[i : i + ATTACKED]).sum()) for i in range(0, len(x), ATTACKED)
    )


def by_fgsm(epsilon: float) -> Attack:
    """Return the attack by FGSM of this size."""
    return lambda net, x, y: fgsm(gradient_by_input(net), x, y, epsilon)


def by_pgd(epsilon: float, steps: int = 20) -> Attack:
    """Return the attack by PGD of this size, with the same random starts whenever it is used."""
    return lambda net, x, y: pgd(
        gradient_by_input(net), x, y, epsilon, rng=np.random.default_rng(0), steps=steps
    )


def barely(net: Layer, x: Floats, y: Array) -> Floats:
    """Take for each image the smallest FGSM step that makes it wrong, or none where no step does."""
    gradient = gradient_by_input(net)

    def attack(x: Floats, y: Array, epsilon: Floats) -> Floats:
        return fgsm(gradient, x, y, epsilon)

    smallest = minimal_epsilon(attack, classify(net), x, y)
    return attack(x, y, np.where(np.isfinite(smallest), smallest, 0).astype(x.dtype))


class Hardening(TypedDict):
    """How `hardened` trains."""

    steps: int
    epsilon: float
    epochs: int


HARDENED: dict[str, Hardening] = {
    "FGSM": {"steps": 1, "epsilon": 0.12, "epochs": 20},
    "FGSM 0.3": {"steps": 1, "epsilon": 0.3, "epochs": 20},
    "PGD": {"steps": 5, "epsilon": 0.12, "epochs": 25},
}
CLASSIC_NETS = ("plain", "another plain", "noise")
STORED = ("plain", "another plain", "noise", "FGSM", "PGD", "FGSM 0.3")
CLASSIC: dict[str, Attack] = {
    "FGSM, epsilon 0.1": by_fgsm(0.1),
    "FGSM, epsilon 0.2": by_fgsm(0.2),
    "FGSM, epsilon 0.3": by_fgsm(0.3),
    "PGD, epsilon 0.1": by_pgd(0.1),
    "barely enough": barely,
}
WHITE_BOX: dict[str, Attack] = {
    "clean": lambda net, x, y: x,
    "FGSM 0.1": by_fgsm(0.1),
    "PGD 0.1": by_pgd(0.1),
    "PGD 0.2": by_pgd(0.2),
    "FGSM 0.3": by_fgsm(0.3),
    "PGD 0.3": by_pgd(0.3),
}


def classic(nets: dict[str, Layer], x: Floats, y: Array) -> dict[str, dict[str, int]]:
    """Show images made on the net "plain" to every net, and attack "noise" itself: [attack][net] = right ones."""
    table: dict[str, dict[str, int]] = {}
    for attack_name, attack in CLASSIC.items():
        made = in_parts(lambda x, y, a=attack: a(nets["plain"], x, y), x, y)  # type: ignore[misc]
        table[attack_name] = {name: right(net, made, y) for name, net in nets.items()}
        own = in_parts(lambda x, y, a=attack: a(nets["noise"], x, y), x, y)  # type: ignore[misc]
        table[attack_name][ITSELF] = right(nets["noise"], own, y)
    return table


def white_box(net: Layer, x: Floats, y: Array) -> dict[str, int]:
    """Attack a network directly: how many images it still reads correctly, by attack."""
    return {
        name: right(net, in_parts(lambda x, y, a=attack: a(net, x, y), x, y), y)  # type: ignore[misc]
        for name, attack in WHITE_BOX.items()
    }


def robust(folder: Path) -> None:
    """Train and measure what the chapter "robust" tells of; write its weights and its tables."""
    dataset = mnist()
    x, y = to_unit(dataset.x_train[:50_000].reshape(-1, 784)), dataset.y_train[:50_000]
    x_test, y_test = to_unit(dataset.x_test.reshape(-1, 784)), dataset.y_test
    data, table_classic, table_white = (x, y), Table(), Table()
    with tqdm(total=len(SEEDS) * 11, unit="step") as bar:

        def done(net: Sequential, name: str) -> Sequential:
            bar.set_description_str(f"measuring {name}")
            net = as_stored(net)
            _append(table_white, {name: white_box(net, x_test, y_test)})
            bar.update()
            return net

        for seed in SEEDS:
            nets = {name: done(net, name) for name, net in _trained(data, seed)}
            bar.set_description_str("classic")
            _append(table_classic, classic({name: nets[name] for name in CLASSIC_NETS}, x, y))
            bar.update()
            if seed == SEEDS[0]:
                _save(folder / "robust.npz", {name: nets[name] for name in STORED})
    settings = {"seeds": list(SEEDS), "training images": len(y), "test images": len(y_test), **HARDENED}
    report = {"settings": settings, "classic": table_classic, "white box": table_white}
    (folder / "robust.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _trained(data: Data, seed: int) -> Iterator[tuple[str, Sequential]]:
    """Yield every network of the chapter "robust", by name, trained with this seed."""
    rng = np.random.default_rng([seed, 2])
    yield "plain", plain(data, seed)
    yield "another plain", plain(data, seed + 100)
    yield "noise", plain(data, seed + 200, noise(0.1, rng, mean=0.3))
    yield "noise 0.3", plain(data, seed, noise(0.3, rng))
    yield "weight decay", plain(data, seed, weight_decay=1e-3)
    yield "dropout", plain(data, seed, net=with_dropout(seed, 0.5))
    yield "batch norm", plain(data, seed, net=with_batch_norm(seed))
    for name, settings in HARDENED.items():
        yield name, hardened(data, seed, **settings)


def _append(table: Table, counts: dict[str, dict[str, int]]) -> None:
    """Add one seed's counts to a table."""
    for row, columns in counts.items():
        for column, count in columns.items():
            table.setdefault(row, {}).setdefault(column, []).append(count)


def _save(path: Path, nets: dict[str, Sequential], **others: Array) -> None:
    """Write the networks' weights as float16, under "net/parameter", and other arrays as they are."""
    arrays = {
        f"{name}/{key}": array.astype(np.float16)
        for name, net in nets.items()
        for key, array in net.state_dict().items()
    }
    np.savez_compressed(path, **arrays, **others)  # type: ignore[arg-type]


def demo(folder: Path) -> None:
    """Train the network of the chapter "mnist" as its page does; write it, with test images for its demo.

    The images are, of each digit, the first that is read correctly, and the first three that are misread.
    """
    dataset, seed = mnist(), SEEDS[0]
    x_test, y_test = to_unit(dataset.x_test.reshape(-1, 784)), dataset.y_test
    train = dataset.x_train[:50_000].reshape(-1, 784), dataset.y_train[:50_000]
    net = plain(train, seed, init=kaiming)
    exact = right(net, x_test, y_test)
    net = as_stored(net)
    hits = classify(net)(x_test) == y_test
    first = [np.flatnonzero(hits & (y_test == digit))[0] for digit in range(10)]
    shown = np.array([*first, *np.flatnonzero(~hits)[:3]])
    _save(
        folder / "mnist.npz",
        {"mnist": net},
        images=dataset.x_test[shown],
        labels=y_test[shown].astype(np.uint8),
    )
    report = {
        "settings": {
            "sizes": SIZES,
            "seed": seed,
            "training images": len(train[1]),
            "test images": len(y_test),
        },
        "right": {"as trained": exact, "as float16": int(hits.sum())},
        "shown": shown.tolist(),  # which test images, counted from 0
    }
    (folder / "mnist.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


MAKERS = {"robust": robust, "mnist": demo}


def main(arguments: list[str] | None = None) -> int:
    """Make the weights named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(MAKERS)}; none: all")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the files go")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(MAKERS):
        parser.error(f"invalid choice: {unknown.pop()!r} (choose from {', '.join(MAKERS)})")
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or MAKERS:
        MAKERS[name](options.folder)
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
