"""Arrays that a demo needs, as a script: pages opened from disk can load scripts, and no other file."""

import base64
import json
from pathlib import Path

import numpy as np


def write_script(npz: Path, out: Path) -> int:
    """Write the arrays of an npz file as ``globalThis.demoArrays.<stem>``, and return the script's size in bytes.

    Each array becomes its dtype, its shape and its bytes (little-endian, row by row, base64);
    live/js/demos/lib/arrays.js reads them. book/weights/mnist.npz, 190 kB, becomes 283 kB.
    """
    with np.load(npz, allow_pickle=False) as file:
        arrays = {name: _entry(file[name]) for name in file.files}
    script = f"(globalThis.demoArrays ??= {{}}).{npz.stem} = {json.dumps(arrays, separators=(',', ':'))};\n"
    out.parent.mkdir(parents=True, exist_ok=True)
    return out.write_text(script, encoding="ascii")


def _entry(array: np.ndarray) -> dict[str, object]:
    little = array.astype(array.dtype.newbyteorder("<"))
    return {
        "dtype": array.dtype.name,
        "shape": array.shape,
        "data": base64.b64encode(little.tobytes()).decode("ascii"),
    }
