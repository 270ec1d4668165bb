"""A strict reader of IDX files, the format in which MNIST is published. Built in the chapter "mnist".

An IDX file is a header and then one byte a value, row by row. The header: two zero
bytes, a type code (8 is uint8, the only one read here), the number of dimensions, then
the size of each as a big-endian 32-bit integer. The files come from strangers, so nothing
is believed: what the header declares bounds what is read, and must be there to the byte.
Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998).
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from mininet.arrays import Array

MAX_BYTES = 1 << 28  # five times MNIST's largest file; a header that declares more is damaged or hostile
_CHUNK = 1 << 20


class IdxError(ValueError):
    """A file is not the IDX file that it should be; the message names it and says why."""


def read_idx(path: str | Path) -> NDArray[np.uint8]:
    """Return the array that an IDX file holds, gzip-compressed or plain (told by its first bytes).

    Raises IdxError if the file is not exactly one IDX array of uint8.

    >>> read_idx("train-labels-idx1-ubyte.gz").shape  # doctest: +SKIP
    (60000,)
    """
    with open(path, "rb") as stream:
        return to_array(read_content(stream, str(path)))


def read_images(path: str | Path) -> NDArray[np.uint8]:
    """Return the 28×28 images of an IDX file: uint8 (N, 28, 28).

    >>> read_images("t10k-images-idx3-ubyte.gz").shape  # doctest: +SKIP
    (10000, 28, 28)
    """
    return as_images(read_idx(path), str(path))


def read_labels(path: str | Path, n_classes: int = 10) -> NDArray[np.int64]:
    """Return the labels of an IDX file: int64 (N,), each from 0 to n_classes - 1.

    >>> read_labels("t10k-labels-idx1-ubyte.gz")[:3]  # doctest: +SKIP
    array([7, 2, 1])
    """
    return as_labels(read_idx(path), str(path), n_classes)


def read_content(stream: BinaryIO, name: str) -> bytearray:
    """Return the uncompressed bytes of an IDX file, header included; ``name`` is for messages.

    Reads no further than the header declares, so a decompression bomb stops there.
    """
    compressed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    # a GzipFile reads like any binary stream, which its declared type does not say
    source = cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if compressed else stream
    try:
        content = bytearray(source.read(4))
        shape = _read_shape(source, content, name)
        n_values = math.prod(shape)
        if n_values > MAX_BYTES:
            raise IdxError(f"{name}: its header declares {shape}, {n_values:,} bytes: too much to be true.")
        end = len(content) + n_values
        while len(content) < end:
            part = source.read(min(_CHUNK, end - len(content)))
            if not part:
                missing = end - len(content)
                raise IdxError(f"{name}: ends too early, {missing:,} of {n_values:,} bytes are missing.")
            content += part
        if source.read(1):
            raise IdxError(f"{name}: goes on after the {n_values:,} bytes that its header {shape} declares.")
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise IdxError(f"{name}: its gzip compression is damaged ({problem}). Fetch it again.") from problem
    return content


def _read_shape(source: BinaryIO, content: bytearray, name: str) -> tuple[int, ...]:
    """Return the declared shape; ``content`` holds the first four bytes and gets the others of the header."""
    if len(content) < 4 or content[:2] != b"\0\0":
        raise IdxError(f"{name}: not an IDX file; expected two zero bytes first, got {bytes(content)!r}.")
    if content[2] != 8:
        raise IdxError(f"{name}: expected type code 0x08 (uint8), got 0x{content[2]:02x}.")
    n_dimensions = content[3]
    if not 1 <= n_dimensions <= 4:
        raise IdxError(f"{name}: expected 1 to 4 dimensions, got {n_dimensions}.")
    sizes = source.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise IdxError(f"{name}: ends within its header.")
    content += sizes
    shape = struct.unpack(f">{n_dimensions}I", sizes)
    if 0 in shape:
        raise IdxError(f"{name}: holds no data, its header declares {shape}.")
    return shape


def to_array(content: bytearray) -> NDArray[np.uint8]:
    """Return the array in the bytes that `read_content` returned, without a copy."""
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def as_images(array: Array, name: str) -> NDArray[np.uint8]:
    """Return the array if it is (N, 28, 28)."""
    if array.ndim != 3 or array.shape[1:] != (28, 28):
        raise IdxError(f"{name}: expected images (N, 28, 28), got {array.shape}.")
    return array


def as_labels(array: Array, name: str, n_classes: int = 10) -> NDArray[np.int64]:
    """Return the array as int64 if it is (N,) with values from 0 to n_classes - 1."""
    if array.ndim != 1:
        raise IdxError(f"{name}: expected labels (N,), got {array.shape}.")
    if array.max() >= n_classes:
        i = int(array.argmax())
        raise IdxError(f"{name}: expected labels from 0 to {n_classes - 1}, got {array[i]} at position {i}.")
    return array.astype(np.int64)
