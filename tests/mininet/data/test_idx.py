"""The IDX reader accepts what is exactly right and names what is wrong with anything else."""

import gzip
import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mininet.data import IdxError, read_idx, read_images, read_labels
from mininet.data.idx import read_content, to_array
from tests.support.mirrors import idx_bytes

LABELS = np.arange(10, dtype=np.uint8)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 255), st.booleans())
def test_every_array_survives_the_round_trip(shape: list[int], seed: int, compress: bool) -> None:
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    content = idx_bytes(array)
    stream = io.BytesIO(gzip.compress(content) if compress else content)
    np.testing.assert_array_equal(to_array(read_content(stream, "file")), array)


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda tail: b"\0\0\x08\x01\0\0\0\x05" + tail))
def test_bytes_of_any_kind_are_an_array_or_an_idx_error(content: bytes) -> None:
    try:
        array = to_array(read_content(io.BytesIO(content), "file"))
    except IdxError as problem:
        assert "file: " in str(problem)
    else:
        assert idx_bytes(array) == content


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_one_changed_byte_of_a_gzip_file_is_an_error_or_harmless(position: int, change: int) -> None:
    packed = bytearray(gzip.compress(idx_bytes(LABELS), mtime=0))
    packed[position % len(packed)] ^= change
    try:
        content = read_content(io.BytesIO(packed), "file")
    except IdxError:
        return
    # name, time and system of the gzip header mean nothing
    assert content == idx_bytes(LABELS)


def test_images_and_labels_have_their_types(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(idx_bytes(np.full((2, 28, 28), 7, np.uint8)))
    (tmp_path / "labels.gz").write_bytes(gzip.compress(idx_bytes(LABELS)))
    images, labels = read_images(tmp_path / "images"), read_labels(str(tmp_path / "labels.gz"))
    assert (images.dtype, images.shape, images.flags.writeable) == (np.uint8, (2, 28, 28), True)
    assert labels.dtype == np.int64
    assert labels.tolist() == list(range(10))


WHOLE = idx_bytes(LABELS)
PACKED = gzip.compress(WHOLE)
WRONG = {
    "empty": (b"", r"expected two zero bytes first, got b''"),
    "html": (b"<!DOCTYPE html>", r"not an IDX file.*got b'<!DO'"),
    "magic": (b"\1" + WHOLE[1:], "not an IDX file"),
    "type": (WHOLE[:2] + b"\x0d" + WHOLE[3:], r"expected type code 0x08 \(uint8\), got 0x0d"),
    "no dimension": (b"\0\0\x08\0\1", "expected 1 to 4 dimensions, got 0"),
    "dimensions": (b"\0\0\x08\x05" + bytes(20), "expected 1 to 4 dimensions, got 5"),
    "header": (WHOLE[:6], "ends within its header"),
    "no data": (idx_bytes(np.zeros((0,), np.uint8)), r"declares \(0,\)"),
    "cut": (WHOLE[:-3], "ends too early, 3 of 10 bytes are missing"),
    "cut gzip": (PACKED[:-9], "gzip compression is damaged"),
    "cut in the gzip header": (PACKED[:5], "gzip compression is damaged"),
    "flipped in gzip": (PACKED[:-6] + bytes([PACKED[-6] ^ 4]) + PACKED[-5:], "compression is damaged"),
    "trailing": (WHOLE + b"!", r"goes on after the 10 bytes that its header \(10,\) declares"),
    "trailing in gzip": (gzip.compress(WHOLE + b"!"), "goes on after the 10 bytes"),
    "two files in one": (PACKED + PACKED, "goes on after the 10 bytes"),
    "garbage after gzip": (PACKED + b"garbage", "compression is damaged"),
    "overflow": (b"\0\0\x08\x03" + b"\x80\0\0\0" * 2 + b"\0\0\0\4", "too much to be true"),
    "absurd": (b"\0\0\x08\x04" + b"\xff" * 16, "too much to be true"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_error_names_the_file_and_what_is_wrong(case: str, tmp_path: Path) -> None:
    content, message = WRONG[case]
    path = tmp_path / "some-file"
    path.write_bytes(content)
    with pytest.raises(IdxError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_a_gzip_file_in_several_members_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(WHOLE[:3]) + gzip.compress(b"") + gzip.compress(WHOLE[3:]))
    assert read_labels(path).tolist() == LABELS.tolist()


def test_a_label_of_11_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.array([3, 11], np.uint8)))
    with pytest.raises(IdxError, match="expected labels from 0 to 9, got 11 at position 1"):
        read_labels(path)
    assert read_labels(path, n_classes=12).tolist() == [3, 11]


@pytest.mark.parametrize("shape", [(5, 28, 27), (784,), (2, 1, 28, 28)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    with pytest.raises(IdxError, match=r"images: expected images \(N, 28, 28\), got"):
        read_images(path)


def test_labels_in_a_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.zeros((5, 1), np.uint8)))
    with pytest.raises(IdxError, match=r"labels: expected labels \(N,\), got \(5, 1\)"):
        read_labels(path)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(WHOLE + bytes(20_000_000), 1),
        struct.pack(">BBBBI", 0, 0, 8, 1, 200_000_000),
        gzip.compress(struct.pack(">BBBBI", 0, 0, 8, 1, 200_000_000)),
        struct.pack(">BBBB4I", 0, 0, 8, 4, *[2**32 - 1] * 4),
    ],
    ids=["bomb", "large lie", "large lie in gzip", "absurd lie"],
)
def test_neither_a_bomb_nor_a_lie_about_the_size_costs_memory(content: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(IdxError):
            read_content(io.BytesIO(content), "file")
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
