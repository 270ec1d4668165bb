"""Saving a state dictionary to a file and loading it, as safetensors or as .npz. Built in the chapter "framework".

Neither format can hold code, and what a file declares is held against a limit before memory is
taken, so a file from a stranger can at worst be refused. The file's name says which it is:
``.safetensors`` is what other frameworks read and needs the package of that name; ``.npz`` needs NumPy
alone. A ``~`` in a path is the home folder.
"""

import math
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import numpy as np

from mininet import expect
from mininet.arrays import Array

MAX_BYTES = 1 << 30  # of all arrays of a file together; the largest network of the course has 250 MB


class CheckpointError(ValueError):
    """A file is not what its name says: damaged, cut short, or something else; the message names the file."""


def save(state: Mapping[str, Array], path: str | Path) -> None:
    """Write arrays by name to ``path``; an old file of that name is replaced only when the new one is complete.

    A symbolic link stays one: the file that it leads to is replaced.
    Errors: `ValueError` for another suffix, no arrays, or names that are not text; `TypeError` for what is
    not an array of numbers or booleans.

    >>> save(net.state_dict(), "digits.npz")  # doctest: +SKIP
    """
    if not isinstance(state, Mapping):
        raise TypeError(
            f"checkpoint.save: expected arrays by name, got {type(state).__name__}; write save(net.state_dict(), path)."
        )
    path = _home(path)
    write = {".npz": _save_npz, ".safetensors": _save_safetensors}[_suffix(path)]
    if not state:
        raise ValueError("checkpoint.save: the state is empty; did you pass net.state_dict()?")
    for name, array in state.items():
        _check(name, array)
    if path.is_symlink():
        path = path.resolve()
    if not path.parent.is_dir():
        raise FileNotFoundError(f"checkpoint.save: there is no folder {path.parent}; make it first.")
    # beside its place, so that the rename stays on one disk and happens at once
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".saving-") as folder:
        complete = Path(folder) / path.name
        write({name: np.asarray(array, order="C") for name, array in state.items()}, complete)
        complete.replace(path)


def load(path: str | Path, max_bytes: float = MAX_BYTES) -> dict[str, Array]:
    """Return the arrays by name that `save` wrote to ``path``.

    bfloat16 and float8, which NumPy lacks, become float32, exactly.
    Errors: `FileNotFoundError`; `CheckpointError` for a damaged file, one whose arrays take more than
    ``max_bytes``, or one that holds anything but real numbers and booleans; `ValueError` for another suffix.

    >>> net.load_state_dict(load("digits.npz"))  # doctest: +SKIP
    """
    path = _home(path)
    max_bytes = expect.number("checkpoint.load", "max_bytes", max_bytes, least=0)
    read = {".npz": _load_npz, ".safetensors": _load_safetensors}[_suffix(path)]
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint.load: there is no file {path}.")
    return read(path, max_bytes)


def _home(path: str | Path) -> Path:
    if not isinstance(path, (str, Path)):
        raise TypeError(
            f"checkpoint: expected a path, got {type(path).__name__}; write save(state, path), load(path)."
        )
    return Path(os.path.expanduser(path))  # Path.expanduser() raises where there is no home folder


def _check(name: object, array: object) -> None:
    """Refuse what one of the formats cannot give back as it was."""
    # a zip file ends a name at a 0; __metadata__ is the safetensors header's own
    if not isinstance(name, str) or name in ("", "__metadata__") or "\0" in name:
        raise ValueError(f"checkpoint.save: expected names as keys, got {name!r}.")
    if not isinstance(array, np.ndarray) or not _real(array.dtype):
        got = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(
            f"checkpoint.save: '{name}': expected an array of numbers, got {got}; for a tensor its .data."
        )


def _real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "fiub" and dtype.itemsize <= 8


def _require_room(path: Path, n_bytes: int, max_bytes: float) -> None:
    if n_bytes > max_bytes:
        raise CheckpointError(
            f"checkpoint.load: {path} declares {n_bytes:,} bytes of arrays, more than the {max_bytes:,.0f} allowed. "
            "If it may be that large, say so: load(path, max_bytes=...)."
        )


def _suffix(path: Path) -> str:
    if path.suffix not in (".npz", ".safetensors"):
        raise ValueError(f"checkpoint: expected a name ending in .npz or .safetensors, got {path.name!r}.")
    return path.suffix


def _save_npz(state: dict[str, Array], path: Path) -> None:
    # np.savez takes names as arguments and would trip over "file"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in state.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def _load_npz(path: Path, max_bytes: float) -> dict[str, Array]:
    # np.load would take "w" for "w.npy" where a file has both
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if len(names) < len(entries) or not all(name.endswith(".npy") for name in names):
                raise ValueError("an entry is no array, or two have one name")
            # zipfile reads no entry further than it declares
            _require_room(path, sum(entry.file_size for entry in entries), max_bytes)
            return {entry.filename.removesuffix(".npy"): _read_entry(archive, entry) for entry in entries}
    except CheckpointError:
        raise
    except Exception as error:  # a damaged zip file may raise nearly anything
        raise _damaged(path, ".npz file of arrays", error) from error


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    with archive.open(entry) as file:
        shape, by_columns, dtype = _read_header(file)
        if not _real(dtype):
            raise ValueError(f"{entry.filename} holds {dtype}, expected real numbers or booleans")
        size = math.prod(shape)
        if min(shape, default=0) < 0 or size * dtype.itemsize > entry.file_size:
            raise ValueError(f"{entry.filename} is shorter than its shape {shape}")
        array = np.empty(size, dtype)
        n_read = file.readinto(array.view(np.uint8))  # type: ignore[attr-defined]  # ZipExtFile is a BufferedIOBase
        # at the end, and only there, the checksum is compared
        if n_read != array.nbytes or file.read(1):
            raise ValueError(f"{entry.filename} is not as long as its array")
        return array.reshape(shape, order="F" if by_columns else "C")


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)  # version 3 differs where names of fields are not Latin


def _damaged(path: Path, kind: str, error: object) -> CheckpointError:
    return CheckpointError(
        f"checkpoint.load: {path} is no complete {kind} ({error}). "
        "Was the download cut short, or is it another kind of file?"
    )


def _save_safetensors(state: dict[str, Array], path: Path) -> None:
    path.write_bytes(_safetensors().numpy.save(state))  # its save_file() lets nobody else read the file


def _load_safetensors(path: Path, max_bytes: float) -> dict[str, Array]:
    library = _safetensors()
    _require_room(path, path.stat().st_size, max_bytes)  # nothing is compressed
    try:
        entries = dict(library.deserialize(path.read_bytes()))
    except Exception as error:  # the library's own errors have no common public class
        raise _damaged(path, ".safetensors file", error) from error
    unknown = [name for name, entry in entries.items() if entry["dtype"] not in _STORED]
    if unknown:
        raise CheckpointError(
            f"checkpoint.load: {path}: '{unknown[0]}' is stored as {entries[unknown[0]]['dtype']}, which is not "
            f"read here; expected one of {', '.join(_STORED)}. Convert it where it was made, to float32 for one."
        )
    return {name: _from_stored(**entry) for name, entry in entries.items()}


# the names of the format, and what NumPy reads them as; the last three it lacks
_STORED = {
    **{f"F{n}": f"<f{n // 8}" for n in (16, 32, 64)},
    **{f"{sign}{n}": f"<{sign.lower()}{n // 8}" for sign in "IU" for n in (8, 16, 32, 64)},
    "BOOL": "?",
    **{"BF16": "<u2", "F8_E5M2": "u1", "F8_E4M3": "u1"},
}


def _from_stored(dtype: str, shape: list[int], data: bytearray) -> Array:
    array = np.frombuffer(data, _STORED[dtype]).reshape(shape)
    if dtype == "BF16":  # the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    elif dtype == "F8_E5M2":  # the upper half of a float16
        array = (array.astype(np.uint16) << 8).view(np.float16).astype(np.float32)
    elif dtype == "F8_E4M3":
        array = _E4M3[array]
    return np.asarray(array)  # of no axes, it has become a number


def _every_e4m3() -> Array:
    """Return the 256 numbers of a sign, 4 bits of exponent and 3 of fraction, without infinity: arXiv:2209.05433."""
    bits = np.arange(128)
    exponent, fraction = bits >> 3, (bits & 7) / 8
    positive = np.where(exponent == 0, fraction * 2.0**-6, (1 + fraction) * 2.0 ** (exponent - 7))
    positive[-1] = np.nan
    return np.concatenate([positive, -positive]).astype(np.float32)


_E4M3 = _every_e4m3()


def _safetensors() -> ModuleType:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            "Files ending in .safetensors need one more package: pip install safetensors. Or save as .npz."
        ) from None
    return safetensors
