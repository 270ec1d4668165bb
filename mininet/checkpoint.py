"""Saving a state dictionary to a file and loading it, as safetensors or as .npz. Built in the chapter "framework".

Neither format can hold code, so a file from a stranger can at worst be refused. The file's name
says which it is: ``.safetensors`` is what other frameworks read and needs the package of that name;
``.npz`` needs NumPy alone.
"""

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from mininet.arrays import Array


class CheckpointError(ValueError):
    """A file is not what its name says: damaged, cut short, or something else; the message names the file."""


def save(state: Mapping[str, Array], path: str | Path) -> None:
    """Write arrays by name to ``path``; an old file of that name is replaced only when the new one is complete.

    Errors: `ValueError` for another suffix, no arrays, or names that are not text; `TypeError` for what is
    not an array of numbers or booleans.

    >>> save(net.state_dict(), "digits.npz")  # doctest: +SKIP
    """
    path = Path(path)
    write = {".npz": _save_npz, ".safetensors": _save_safetensors}[_suffix(path)]
    if not state:
        raise ValueError("checkpoint.save: the state is empty; did you pass net.state_dict()?")
    for name, array in state.items():
        _check(name, array)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"checkpoint.save: there is no folder {path.parent}; make it first.")
    # beside its place, so that the rename stays on one disk and happens at once
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".saving-") as folder:
        complete = Path(folder) / path.name
        write({name: np.asarray(array, order="C") for name, array in state.items()}, complete)
        complete.replace(path)


def load(path: str | Path) -> dict[str, Array]:
    """Return the arrays by name that `save` wrote to ``path``.

    Errors: `FileNotFoundError`; `CheckpointError` for a damaged file or one that holds Python objects;
    `ValueError` for another suffix.

    >>> net.load_state_dict(load("digits.npz"))  # doctest: +SKIP
    """
    path = Path(path)
    read = {".npz": _load_npz, ".safetensors": _load_safetensors}[_suffix(path)]
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint.load: there is no file {path}.")
    return read(path)


def _check(name: object, array: object) -> None:
    """Refuse what one of the formats cannot give back as it was."""
    # a zip file ends a name at a 0; __metadata__ is the safetensors header's own
    if not isinstance(name, str) or name in ("", "__metadata__") or "\0" in name:
        raise ValueError(f"checkpoint.save: expected names as keys, got {name!r}.")
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        got = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"checkpoint.save: '{name}': expected an array of numbers, got {got}.")


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


def _load_npz(path: Path) -> dict[str, Array]:
    # np.load would take "w" for "w.npy" where a file has both
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(set(names)) < len(names) or not all(name.endswith(".npy") for name in names):
                raise ValueError("an entry is no array, or two have one name")
            return {name.removesuffix(".npy"): _read_entry(archive, name) for name in names}
    except Exception as error:  # a damaged zip file may raise nearly anything, MemoryError too
        raise CheckpointError(
            f"checkpoint.load: {path} is no complete .npz file of arrays ({error}). "
            "Was the download cut short, or is it another kind of file?"
        ) from error


def _read_entry(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(name) as entry:
        array: Array = np.lib.format.read_array(entry, allow_pickle=False)
        if entry.read(1):  # at the end, and only there, the checksum is compared
            raise ValueError(f"{name} is longer than its array")
    return array


def _save_safetensors(state: dict[str, Array], path: Path) -> None:
    path.write_bytes(_safetensors().save(state))  # its save_file() lets nobody else read the file


def _load_safetensors(path: Path) -> dict[str, Array]:
    library = _safetensors()
    try:
        return dict(library.load_file(path))
    except Exception as error:  # the library's own errors have no common public class
        raise CheckpointError(
            f"checkpoint.load: {path} is no complete .safetensors file ({error}). "
            "Was the download cut short, or is it another kind of file?"
        ) from error


def _safetensors() -> ModuleType:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            "Files ending in .safetensors need one more package: pip install safetensors. Or save as .npz."
        ) from None
    return safetensors.numpy
