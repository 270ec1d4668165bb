"""The trained weights that a page loads where training would take minutes."""

import os
from pathlib import Path

import numpy as np

from mininet.arrays import Array
from mininet.checkpoint import CheckpointError, load

_MAX_BYTES = 1 << 26  # the course's files hold a few hundred thousand numbers


def read_weights(path: str | Path, net: str) -> dict[str, Array]:
    """Return the float32 arrays of the network called ``net`` in an npz file, by name, for `load_state_dict`.

    The file holds them as float16, half the size, under "net/name of the parameter".
    Nothing in it is ever unpickled, and no more memory taken than such files need.
    Errors: `FileNotFoundError`, `KeyError` for a network that is not in it, `ValueError` for a damaged or
    oversized file or weights that are no finite numbers.

    >>> read_weights("book/weights/robust.npz", "plain")["0.weight"].shape  # doctest: +SKIP
    (784, 100)
    """
    path = Path(os.path.expanduser(path))
    again = f"Make it anew with `python -m tools.train {path.stem}`, or fetch it again from the course's repository."
    if not path.is_file():
        raise FileNotFoundError(f"read_weights: there is no file {path}. {again}")
    try:
        arrays = load(path, max_bytes=_MAX_BYTES)
    except (CheckpointError, OSError) as error:
        raise ValueError(
            f"read_weights: {path} is damaged or no npz file of weights ({error}). {again}"
        ) from None
    found = {
        k.removeprefix(f"{net}/"): a.astype(np.float32) for k, a in arrays.items() if k.startswith(f"{net}/")
    }
    if not found:
        names = sorted({key.split("/")[0] for key in arrays})
        raise KeyError(f"read_weights: {path} holds no network {net!r}, only {', '.join(names)}.")
    bad = [name for name, array in found.items() if not np.isfinite(array).all()]
    if bad:
        raise ValueError(f"read_weights: {path}: {net}/{bad[0]} holds NaN or infinity. {again}")
    return found
