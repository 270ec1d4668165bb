"""Checkpoints: both formats give back what they got; damaged and hostile files are refused by name."""

import io
import json
import os
import pickle
import stat
import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mininet import nn
from mininet.checkpoint import MAX_BYTES, CheckpointError, load, save
from tests.support.states import check_equal

FORMATS = ["npz", "safetensors"]
both_formats = pytest.mark.parametrize("suffix", FORMATS)


def small_state() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "0.weight": rng.standard_normal((30, 20), dtype=np.float32),
        "0.bias": np.zeros(20, dtype=np.float32),
    }


@both_formats
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0, 3), (2, 3, 4)])
def test_every_dtype_and_shape_comes_back(
    tmp_path: Path, suffix: str, dtype: str, shape: tuple[int, ...]
) -> None:
    state = {"x": np.asarray(np.arange(np.prod(shape)).reshape(shape) % 2).astype(dtype)}
    save(state, tmp_path / f"x.{suffix}")
    check_equal(load(tmp_path / f"x.{suffix}"), state)


@both_formats
def test_any_memory_order_comes_back_in_the_right_places(tmp_path: Path, suffix: str) -> None:
    a = np.arange(24.0).reshape(4, 6)
    state = {"t": a.T, "f": np.asfortranarray(a), "s": a[::-2, ::3], "b": np.broadcast_to(a[0], (3, 6))}
    save(state, tmp_path / f"x.{suffix}")
    check_equal(load(tmp_path / f"x.{suffix}"), state)


@both_formats
def test_the_other_byte_order_keeps_its_numbers(tmp_path: Path, suffix: str) -> None:
    save({"x": np.arange(5, dtype=">f4")}, tmp_path / f"x.{suffix}")
    assert load(tmp_path / f"x.{suffix}")["x"].tolist() == [0, 1, 2, 3, 4]


@both_formats
def test_special_numbers_come_back_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, np.finfo(np.float32).max], dtype=np.float32)
    save({"x": x}, tmp_path / f"x.{suffix}")
    assert load(tmp_path / f"x.{suffix}")["x"].tobytes() == x.tobytes()


@both_formats
def test_odd_names_come_back(tmp_path: Path, suffix: str) -> None:
    names = [
        "file",
        "a/b",
        "../x",
        "/root",
        "größe",
        "层.0",
        "w",
        "w.npy",
        "w.npy.npy",
        ".",
        "..",
        " ",
        "a\\b",
        "C:x",
    ]
    names += ["x" * 300, 'quote"', "new\nline", "arr_0", "allow_pickle", "self", "🙂"]
    state = {name: np.full(3, i, dtype=np.float32) for i, name in enumerate(names)}
    save(state, tmp_path / f"x.{suffix}")
    check_equal(load(tmp_path / f"x.{suffix}"), state)
    assert [p.name for p in tmp_path.iterdir()] == [f"x.{suffix}"], "a name is no path"


@both_formats
def test_a_network_comes_back(tmp_path: Path, suffix: str) -> None:
    net, other = (
        nn.Sequential(nn.Linear(3, 4, np.random.default_rng(seed)), nn.BatchNorm1d(4)) for seed in (0, 1)
    )
    net(np.random.default_rng(2).standard_normal((5, 3), dtype=np.float32))
    save(net.state_dict(), str(tmp_path / f"net.{suffix}"))
    other.load_state_dict(load(str(tmp_path / f"net.{suffix}")))
    check_equal(other.state_dict(), net.state_dict())


# what is refused when saving


@both_formats
@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({}, ValueError, r"the state is empty; did you pass net\.state_dict\(\)\?"),
        ({"x": [1.0]}, TypeError, "'x': expected an array of numbers, got list"),
        ({"x": None}, TypeError, "got NoneType"),
        ({"x": nn.Parameter(np.ones(2, dtype=np.float32))}, TypeError, "got Parameter"),
        ({"x": np.array(["text"])}, TypeError, "got dtype <U4"),
        ({"x": np.array([{}])}, TypeError, "got dtype object"),
        ({"x": np.ones(2, dtype=complex)}, TypeError, "got dtype complex128"),
        ({"x": np.zeros(2, dtype=[("a", "f4")])}, TypeError, "got dtype"),
        ({0: np.ones(2)}, ValueError, "expected names as keys, got 0"),
        ({"": np.ones(2)}, ValueError, "expected names as keys, got ''"),
        ({"a\0b": np.ones(2)}, ValueError, "expected names as keys, got 'a"),
        ({"__metadata__": np.ones(2)}, ValueError, "got '__metadata__'"),
    ],
)
def test_what_cannot_be_saved(
    tmp_path: Path, suffix: str, state: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        save(state, tmp_path / f"x.{suffix}")
    assert not list(tmp_path.iterdir())


@both_formats
def test_other_suffixes_are_refused(tmp_path: Path, suffix: str) -> None:
    for name in ("net", "net.pt", "net.pkl", f"net.{suffix.upper()}", f"net.{suffix}.gz"):
        with pytest.raises(ValueError, match=r"expected a name ending in \.npz or \.safetensors"):
            save(small_state(), tmp_path / name)
        with pytest.raises(ValueError, match=r"expected a name ending in \.npz or \.safetensors"):
            load(tmp_path / name)


@both_formats
def test_missing_files_and_folders_are_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"there is no file .*gone.{suffix}"):
        load(tmp_path / f"gone.{suffix}")
    (tmp_path / f"folder.{suffix}").mkdir()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / f"folder.{suffix}")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*gone; make it first"):
        save(small_state(), tmp_path / "gone" / f"x.{suffix}")


# a write that fails


@both_formats
@pytest.mark.parametrize("where", ["write", "rename"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, suffix: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"x.{suffix}"
    save(small_state(), path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if where == "rename":
        monkeypatch.setattr(Path, "replace", full)
    elif suffix == "npz":
        monkeypatch.setattr(np.lib.format, "write_array", full)
    else:
        monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save({"other": np.ones(3)}, path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@both_formats
def test_a_new_file_replaces_the_old_one_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    save({"large": np.ones(10_000)}, path)
    save({"small": np.ones(2)}, path)
    check_equal(load(path), {"small": np.ones(2)})
    assert list(tmp_path.iterdir()) == [path]


@both_formats
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_a_read_only_folder_is_an_error(tmp_path: Path, suffix: str) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            save(small_state(), tmp_path / f"x.{suffix}")
    finally:
        tmp_path.chmod(0o700)
    assert not list(tmp_path.iterdir())


@both_formats
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such rights there")
def test_others_may_read_the_file_as_any_other_new_one(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "ordinary").touch()
    save(small_state(), tmp_path / f"x.{suffix}")
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ordinary", f"x.{suffix}")]
    assert rights[0] & 0o044 == rights[1] & 0o044


# damaged and hostile files


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        load(path)
    assert str(path) in str(error.value)
    return str(error.value)


@both_formats
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    save(small_state(), path)
    whole = path.read_bytes()
    places = {0, 1, 3, 4, 7, 8, 9, 20, 100, len(whole) // 2, len(whole) - 23, len(whole) - 2, len(whole) - 1}
    for length in sorted(places | set(range(0, len(whole), len(whole) // 40))):
        path.write_bytes(whole[:length])
        assert "cut short" in refused(path)


@both_formats
def test_a_flipped_bit_is_refused_or_is_in_the_numbers_where_the_format_has_no_checksum(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"x.{suffix}"
    save(small_state(), path)
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            state = load(path)
        except CheckpointError:
            continue
        if suffix == "npz" and set(state) == set(small_state()):
            check_equal(state, small_state())  # in a field that says nothing about the arrays
        assert all(isinstance(array, np.ndarray) for array in state.values())


@both_formats
@pytest.mark.parametrize(
    "content",
    [
        b"<html>404 Not Found</html>" * 10,
        pickle.dumps({"w": [1.0, 2.0]}),
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }" + b" " * 60,
        b"PK\x03\x04" + b"\x00" * 200,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 10_000) + b"{",
    ],
    ids=["html", "pickle", "npy", "zip start", "huge header", "list header", "no header"],
)
def test_other_kinds_of_files_are_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"x.{suffix}").write_bytes(content)
    assert "another kind of file" in refused(tmp_path / f"x.{suffix}")


@both_formats
def test_each_formats_file_under_the_others_name_is_refused(tmp_path: Path, suffix: str) -> None:
    other = "npz" if suffix == "safetensors" else "safetensors"
    save(small_state(), tmp_path / f"x.{suffix}")
    (tmp_path / f"x.{suffix}").rename(tmp_path / f"x.{other}")
    refused(tmp_path / f"x.{other}")


def npy(shape: str, descr: str = "'<f4'", data: bytes = b"\0" * 16) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (64 - (len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, ("bomb",))


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([Bomb()], dtype=object), allow_pickle=True)
    return file.getvalue()


HOSTILE_NPY = {
    "pickle": pickled(),
    "a shape beyond memory": npy("(1000000000000000,)"),
    "a shape beyond any number": npy("(99999999999999999999999,)"),
    "a product that wraps around": npy("(4294967296, 4294967296)"),
    "a negative shape": npy("(-1,)"),
    "a shape of text": npy("('a',)"),
    "more than the data": npy("(5,)"),
    "less than the data": npy("(3,)"),
    "code for a header": npy("__import__('os').mkdir('bomb')"),
    "a deep header": npy("(" * 3000 + ")" * 3000),
    "no dtype": npy("(4,)", "'?nonsense'"),
    "an object dtype": npy("(2,)", "'|O'"),
    "no array": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("attack", HOSTILE_NPY)
def test_hostile_arrays_are_refused_and_run_no_code(
    tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("x.npz", "w") as archive:
        archive.writestr("good.npy", npy("(4,)"))
        archive.writestr("w.npy", HOSTILE_NPY[attack])
    refused(Path("x.npz"))
    assert os.listdir() == ["x.npz"]


@pytest.mark.parametrize("names", [["w.npy", "w.npy"], ["w.npy", "readme.txt"], ["w"]])
def test_entries_of_one_name_or_of_another_kind_are_refused(tmp_path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr(names[0], npy("(4,)"))
        for name in names[1:]:
            if name in archive.namelist():
                with pytest.warns(UserWarning, match="Duplicate name"):
                    archive.writestr(name, npy("(4,)"))
            else:
                archive.writestr(name, npy("(4,)"))
    refused(tmp_path / "x.npz")


def test_what_numpy_saved_is_read_too(tmp_path: Path) -> None:
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "x.npz", a=np.arange(3), b=np.eye(2))
        check_equal(load(tmp_path / "x.npz"), {"a": np.arange(3), "b": np.eye(2)})


HOSTILE_HEADERS = {
    "beyond the data": {"w": {"dtype": "F32", "shape": [10**15], "data_offsets": [0, 4 * 10**15]}},
    "a shape that does not fit": {"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}},
    "a product that wraps around": {"w": {"dtype": "F32", "shape": [2**32, 2**32], "data_offsets": [0, 16]}},
    "a negative shape": {"w": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}},
    "a negative place": {"w": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}},
    "a hole": {"w": {"dtype": "F32", "shape": [3], "data_offsets": [4, 16]}},
    "two in one place": {
        "v": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        "w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
    },
    "no such dtype": {"w": {"dtype": "OBJECT", "shape": [4], "data_offsets": [0, 16]}},
    "no fields": {"w": {}},
    "no table": {"w": 3},
}


@pytest.mark.parametrize("attack", HOSTILE_HEADERS)
def test_hostile_headers_are_refused(tmp_path: Path, attack: str) -> None:
    header = json.dumps(HOSTILE_HEADERS[attack]).encode()
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 16)
    refused(tmp_path / "x.safetensors")


@both_formats
def test_without_the_package_safetensors_says_what_to_do_and_npz_still_works(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"x.{suffix}"
    save(small_state(), path)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    if suffix == "npz":
        save(load(path), path)
        return
    for use in (lambda: load(path), lambda: save(small_state(), path)):
        with pytest.raises(ImportError, match=r"pip install safetensors\. Or save as \.npz\."):
            use()
    assert list(tmp_path.iterdir()) == [path]


# what other frameworks store, and what nobody should


def safetensors_file(path: Path, **entries: tuple[str, list[int], bytes]) -> Path:
    header, data = {}, b""
    for name, (dtype, shape, raw) in entries.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


EVERY_BYTE = bytes(range(256))
# [-1, 0.1 rounded, the largest, the smallest above 0, 1.5], by the formats' definitions
SMALL_FLOATS = {
    "BF16": (
        struct.pack("<5H", 0xBF80, 0x3DCD, 0x7F7F, 0x0001, 0x3FC0),
        [-1, 205 / 2048, 255 * 2.0**120, 2.0**-133, 1.5],
    ),
    "F8_E4M3": (bytes([0xB8, 0x1D, 0x7E, 0x01, 0x3C]), [-1, 0.1015625, 448, 2.0**-9, 1.5]),
    "F8_E5M2": (bytes([0xBC, 0x2E, 0x7B, 0x01, 0x3E]), [-1, 0.09375, 57344, 2.0**-16, 1.5]),
}


@pytest.mark.parametrize("dtype", SMALL_FLOATS)
def test_bfloat16_and_float8_become_float32(tmp_path: Path, dtype: str) -> None:
    raw, numbers = SMALL_FLOATS[dtype]
    path = safetensors_file(
        tmp_path / "x.safetensors", w=(dtype, [5, 1], raw), one=(dtype, [], raw[: len(raw) // 5])
    )
    state = load(path)
    check_equal(
        state, {"w": np.array(numbers, dtype=np.float32)[:, None], "one": np.array(-1, dtype=np.float32)}
    )


@pytest.mark.parametrize(
    ("dtype", "name"), [("F8_E4M3", "float8_e4m3fn"), ("F8_E5M2", "float8_e5m2"), ("BF16", "bfloat16")]
)
def test_every_small_float_is_what_pytorch_says(tmp_path: Path, dtype: str, name: str) -> None:
    torch = pytest.importorskip("torch")
    raw = EVERY_BYTE if dtype.startswith("F8") else np.arange(1 << 16, dtype="<u2").tobytes()
    state = load(
        safetensors_file(
            tmp_path / "x.safetensors", w=(dtype, [len(raw) // (1 if dtype[0] == "F" else 2)], raw)
        )
    )
    theirs = torch.frombuffer(bytearray(raw), dtype=getattr(torch, name)).to(torch.float32).numpy()
    np.testing.assert_array_equal(state["w"], theirs)


@pytest.mark.parametrize(("dtype", "size"), [("F8_E8M0", 1), ("C64", 8)])
def test_what_is_not_read_is_named(tmp_path: Path, dtype: str, size: int) -> None:
    path = safetensors_file(tmp_path / "x.safetensors", w=(dtype, [2], bytes(2 * size)))
    with pytest.raises(
        CheckpointError, match=f"'w' is stored as {dtype}, which is not read here; expected one of F16"
    ):
        load(path)


@pytest.mark.parametrize(
    "array",
    [
        np.ones(2, dtype=complex),
        np.array(["a", "b"]),
        np.array([b"a"]),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
        np.array([3], dtype="timedelta64[s]"),
        np.zeros(2, dtype=[("a", "f4"), ("b", "f4")]),
        np.ones(2, dtype=np.longdouble),
        np.zeros(2, dtype="V4"),
    ],
    ids=lambda a: a.dtype.name,
)
def test_only_real_numbers_are_loaded(tmp_path: Path, array: np.ndarray) -> None:
    np.savez(tmp_path / "x.npz", w=array)
    assert "expected real numbers or booleans" in refused(tmp_path / "x.npz")


def test_a_file_that_swells_or_declares_too_much_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    small, swelling = tmp_path / "small.npz", tmp_path / "swelling.npz"
    np.savez_compressed(small, w=np.zeros(1000))
    with zipfile.ZipFile(swelling, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a", "b", "c"):
            with archive.open(f"{name}.npy", "w") as entry:
                entry.write(npy("(50000000,)", data=b""))
                for _ in range(200):
                    entry.write(bytes(1_000_000))
    assert swelling.stat().st_size < 1_000_000
    tracemalloc.start()
    with pytest.raises(
        CheckpointError, match=r"declares 600,000,\d+ bytes of arrays, more than the 500,000,000 allowed"
    ):
        load(swelling, max_bytes=500_000_000)
    with pytest.raises(CheckpointError, match=r"load\(path, max_bytes=\.\.\.\)"):
        load(small, max_bytes=8000)
    assert load(small, max_bytes=9000)["w"].nbytes == 8000
    state = safetensors_file(tmp_path / "x.safetensors", w=("F32", [1000], bytes(4000)))
    with pytest.raises(CheckpointError, match="more than the 4,000 allowed"):
        load(state, max_bytes=4000)
    # an entry that is small, whose array says that it takes 7 GB
    with zipfile.ZipFile(tmp_path / "boast.npz", "w") as archive:
        archive.writestr("w.npy", npy("(1750000000,)"))
    refused(tmp_path / "boast.npz")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_the_usual_limit_is_far_above_the_courses_networks_and_below_a_machines_memory() -> None:
    assert 4 * 62_000_000 < MAX_BYTES <= 1 << 30


@both_formats
@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / f"large.{suffix}", tmp_path / f"net.{suffix}"
    link.symlink_to(Path("disk") / target.name)
    for state in ({"x": np.ones(2)}, {"x": np.zeros(3)}):  # the first time the link leads nowhere yet
        save(state, link)
        assert link.is_symlink() and not target.is_symlink()
        check_equal(load(link), state)
    assert {p.name for p in tmp_path.rglob("*")} == {"disk", target.name, link.name}


@both_formats
def test_a_tilde_is_the_home_folder(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for path in (f"~/x.{suffix}", Path("~") / f"x.{suffix}"):
        save(small_state(), path)
        check_equal(load(path), small_state())
        (tmp_path / f"x.{suffix}").unlink()
