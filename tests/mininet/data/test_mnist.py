"""MNIST from $MININET_DATA, the cache and the network: found, checked, never half there."""

import gzip
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest

from mininet.data import (
    Dataset,
    DatasetUnavailable,
    IdxError,
    StandInWarning,
    available,
    digits,
    fashion_mnist,
    mnist,
)
from mininet.data.download import cache_folder
from mininet.data.mnist import FASHION_MNIST, MNIST, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, Source, load
from tests.support.mirrors import (
    Answer,
    Mirrors,
    idx_bytes,
    redirecting,
    respond,
    serving,
    small_files,
    source_of,
    write_files,
)

FILES = small_files()
PACKED_FILES = {f"{file}.gz": content for file, content in FILES.items()}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the cache, unpacked; hidden ones too, so a left-over temporary file shows."""
    return {path.name: gzip.decompress(path.read_bytes()) for path in (folder / "small").iterdir()}


# --- $MININET_DATA ---------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [True, False])
def test_files_are_found_in_mininet_data_packed_or_not(
    compress: bool, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "mine", FILES, compress)
    monkeypatch.setenv("MININET_DATA", str(tmp_path / "mine"))
    dataset = load(source_of(FILES))
    assert str(dataset) == "Small-MNIST: 20 training and 8 test images of 28×28, from $MININET_DATA"
    assert repr(dataset) == str(dataset)
    assert (dataset.x_train.shape, dataset.x_test.shape) == ((20, 28, 28), (8, 28, 28))
    assert (dataset.x_train.dtype, dataset.y_train.dtype) == (np.uint8, np.int64)
    assert idx_bytes(dataset.x_train) == FILES[TRAIN_IMAGES]
    assert idx_bytes(dataset.y_test.astype(np.uint8)) == FILES[TEST_LABELS]
    assert not dataset.stand_in
    assert not cache.exists()


def flip_a_bit(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


DAMAGE = {
    "truncated": (TRAIN_IMAGES, lambda content: content[:-100], "ends too early, 100 of 15,680 bytes"),
    "another magic": (TRAIN_IMAGES, lambda content: b"\7" + content[1:], "not an IDX file"),
    "flipped bit": (TRAIN_IMAGES, flip_a_bit, "SHA-256 differs"),
    "label 11": (TRAIN_LABELS, lambda content: content[:-1] + b"\x0b", "from 0 to 9, got 11 at position 19"),
    "other images": (TRAIN_IMAGES, lambda _: idx_bytes(np.zeros((20, 8, 8), np.uint8)), "got (20, 8, 8)"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_in_mininet_data_is_an_error_even_where_the_cache_is_good(
    case: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, damage, message = DAMAGE[case]
    write_files(tmp_path / "mine", FILES | {file: damage(FILES[file])})
    write_files(cache, FILES)
    monkeypatch.setenv("MININET_DATA", str(tmp_path / "mine"))
    with pytest.raises(IdxError) as caught:
        load(source_of(FILES))
    assert message in str(caught.value)
    assert str(tmp_path / "mine" / "small" / f"{file}.gz") in str(caught.value)


def test_a_stand_in_never_hides_a_damaged_file(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / f"{TRAIN_LABELS}.gz").write_bytes(b"<html>")
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    with pytest.raises(IdxError, match="not an IDX file"):
        mnist(offline="digits")
    with pytest.raises(IdxError, match="not an IDX file"):
        available("mnist")


def test_a_gzip_file_cut_short_is_an_error(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, FILES)
    path = tmp_path / "small" / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:-50])
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    with pytest.raises(IdxError, match="gzip compression is damaged"):
        load(source_of(FILES))


def test_counts_that_disagree_are_an_error(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FILES | {TRAIN_LABELS: idx_bytes(np.zeros(19, np.uint8))}
    write_files(tmp_path, files)
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    with pytest.raises(IdxError, match=r"20 images in train-images.*, but 19 labels in train-labels"):
        load(source_of(files))


def test_an_incomplete_folder_is_passed_over_and_named(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, FILES)
    (tmp_path / "small" / f"{TEST_LABELS}.gz").unlink()
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    monkeypatch.setenv("MININET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable, match=rf"\$MININET_DATA: no {TEST_LABELS} in "):
        load(source_of(FILES))
    write_files(cache, FILES)
    assert load(source_of(FILES)).source == "from the cache"


def test_the_path_in_mininet_data_may_begin_with_a_tilde(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "mine", FILES)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("MININET_DATA", os.path.join("~", "mine"))
    assert load(source_of(FILES)).source == "from $MININET_DATA"


def test_a_relative_mininet_data_is_named_in_full(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MININET_DATA", "mine")
    monkeypatch.setenv("MININET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable) as caught:
        load(source_of(FILES))
    assert f"no files in {tmp_path / 'mine' / 'small'}" in str(caught.value)


KAGGLE = {file: file.replace("-idx", ".idx") for file in FILES}
PLACES = {
    "Kaggle": {file: f"small/{name}" for file, name in KAGGLE.items()},
    "Kaggle, packed": {file: f"small/{name}.gz" for file, name in KAGGLE.items()},
    "Kaggle, as unpacked": {file: f"small/{file}/{file}" for file in FILES},
    "torchvision": {file: f"Small/raw/{file}" for file in FILES},
    "torchvision, packed": {file: f"Small/raw/{file}.gz" for file in FILES},
    "torchvision, without raw": {file: f"Small/{file}" for file in FILES},
    "torchvision, in its place": {file: f"small/SmallMNIST/raw/{file}" for file in FILES},
    "spelt otherwise": {file: f"SM_AL-L/{file}" for file in FILES},
    "raw": {file: f"small/raw/{file}" for file in FILES},
    "here and there": dict(
        zip(FILES, ("small/%s", "Small/raw/%s.gz", "Small/%s", "small/%s.gz"), strict=True)
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_names_and_folders_of_kaggle_and_torchvision_are_found(
    place: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, name in PLACES[place].items():
        path = tmp_path / (name % file if "%" in name else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(FILES[file]) if path.suffix == ".gz" else FILES[file])
    if place == "Kaggle":  # its archive has a folder of each file's name, too
        (tmp_path / "small" / TRAIN_IMAGES).mkdir()
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    assert load(source_of(FILES)).source == "from $MININET_DATA"


@pytest.mark.parametrize(
    ("source", "folder"),
    [(MNIST, "MNIST"), (FASHION_MNIST, "FashionMNIST"), (FASHION_MNIST, "fashion_mnist")],
)
def test_torchvisions_folders_are_known(
    source: Source, folder: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder / "raw").mkdir(parents=True)
    (tmp_path / folder / "raw" / TRAIN_LABELS).write_bytes(FILES[TRAIN_LABELS])
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    with pytest.raises(IdxError, match=rf"{folder}.raw.{TRAIN_LABELS}: a well-formed file, but not the one"):
        load(source)


def test_a_foreign_file_under_kaggles_name_is_named(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    for name in KAGGLE.values():
        (tmp_path / "mnist" / name).write_bytes(b"\0\0\10\1\0\0\0\1\0")
    monkeypatch.setenv("MININET_DATA", str(tmp_path))
    with pytest.raises(IdxError, match=r"train-images\.idx3-ubyte: expected images"):
        mnist()


# --- the network -----------------------------------------------------------------------------------


def test_a_download_is_kept_and_the_next_one_needs_no_network(mirrors: Mirrors, cache: Path) -> None:
    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    dataset = load(source)
    assert dataset.source == f"downloaded from {source.mirrors[0]}"
    assert idx_bytes(dataset.x_train) == FILES[TRAIN_IMAGES]
    assert contents(cache) == PACKED_FILES
    assert len(mirrors.requests) == 4
    assert load(source).source == "from the cache"
    assert len(mirrors.requests) == 4


def test_a_download_shows_its_progress(
    mirrors: Mirrors, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(source_of(FILES, mirrors.add("good", serving(FILES))))
    shown = capsys.readouterr().err
    assert all(f"{file}.gz:" in shown for file in FILES)
    assert f"/{len(gzip.compress(FILES[TRAIN_IMAGES])) / 1000:.1f}k" in shown


def cut_short(handler: BaseHTTPRequestHandler, file: str) -> None:
    packed = gzip.compress(FILES[file])
    respond(handler, packed[: len(packed) // 2], length=len(packed))


def cut_short_unnoticed(handler: BaseHTTPRequestHandler, file: str) -> None:
    respond(handler, gzip.compress(FILES[file])[:-20])


def length_in_words(handler: BaseHTTPRequestHandler, file: str) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + gzip.compress(FILES[file]))


def serve_without_end(handler: BaseHTTPRequestHandler, file: str) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while not handler.server.stop.is_set():
            handler.wfile.write(bytes(1 << 16))
    except OSError:
        pass


BAD_ANSWERS = {
    "html": (lambda handler, _: respond(handler, b"<!DOCTYPE html><p>Log in"), "not an IDX file"),
    "a length that is none": (length_in_words, "invalid literal"),
    "redirect to a file": (redirecting(Path(__file__).as_uri()), "No connection adapters"),
    "404": (lambda handler, _: respond(handler, b"gone", 404), "404 Client Error"),
    "500": (lambda handler, _: respond(handler, b"sorry", 500), "500 Server Error"),
    "empty": (lambda handler, _: respond(handler, b""), "not an IDX file"),
    "wrong file": (
        lambda handler, _: respond(handler, gzip.compress(idx_bytes(np.ones((20, 28, 28), np.uint8)))),
        "not the one Small-MNIST consists of",
    ),
    "cut short": (cut_short, "the connection broke in mid-file"),
    "cut short unnoticed": (cut_short_unnoticed, "gzip compression is damaged"),
    "bomb": (
        lambda handler, file: respond(handler, gzip.compress(FILES[file] + bytes(10_000_000), 1)),
        "goes on after the 15,680 bytes",
    ),
    "endless": (serve_without_end, "sent more than 1,000,000 bytes"),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_a_bad_mirror_is_left_for_the_next_and_leaves_nothing_behind(
    case: str, mirrors: Mirrors, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mininet.data.download.MAX_DOWNLOAD", 1_000_000)
    answer, reason = BAD_ANSWERS[case]
    bad, good = mirrors.add("bad", answer), mirrors.add("good", serving(FILES))
    with pytest.raises(DatasetUnavailable) as caught:
        load(source_of(FILES, bad))
    assert f"- {bad}: " in str(caught.value)
    assert reason in str(caught.value)
    assert not cache.exists()
    assert len(mirrors.requests) == 1  # not asked for the other three files
    dataset = load(source_of(FILES, bad, good))
    assert dataset.source == f"downloaded from {good}"
    assert contents(cache) == PACKED_FILES


def hang(handler: BaseHTTPRequestHandler, file: str) -> None:
    handler.server.stop.wait(10)


def hang_in_mid_file(handler: BaseHTTPRequestHandler, file: str) -> None:
    respond(handler, gzip.compress(FILES[file])[:60], length=5000)
    hang(handler, file)


def hang_after_a_good_start(handler: BaseHTTPRequestHandler, file: str) -> None:
    respond(handler, bytes(40_000), length=100_000)
    hang(handler, file)


def trickle(handler: BaseHTTPRequestHandler, text: bytes) -> None:
    """Send a byte every 20 ms, for 5 s at the most."""
    try:
        for byte in text[:250]:
            handler.wfile.write(bytes([byte]))
            handler.server.stop.wait(0.02)
    except OSError:
        pass  # the client has left


def trickle_the_file(handler: BaseHTTPRequestHandler, file: str) -> None:
    respond(handler, b"", length=len(FILES[file]))
    trickle(handler, FILES[file])


def trickle_the_header(handler: BaseHTTPRequestHandler, file: str) -> None:
    trickle(handler, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000)


@pytest.mark.parametrize(
    "answer", [hang, hang_in_mid_file, hang_after_a_good_start, trickle_the_file, trickle_the_header]
)
def test_a_mirror_that_keeps_us_waiting_is_left(answer: Answer, mirrors: Mirrors, cache: Path) -> None:
    source = source_of(FILES, mirrors.add("slow", answer), timeout=0.3)
    start = time.monotonic()
    with pytest.raises(DatasetUnavailable, match=r"/slow/: sent less than 32,768 bytes in 0\.3 s"):
        load(source)
    assert time.monotonic() - start < 4
    assert not cache.exists()


def test_a_slow_mirror_that_sends_enough_is_not_left(mirrors: Mirrors, cache: Path) -> None:
    rng = np.random.default_rng(0)
    images = idx_bytes(rng.integers(0, 256, (200, 28, 28), dtype=np.uint8))
    files = FILES | {TRAIN_IMAGES: images, TRAIN_LABELS: idx_bytes(np.zeros(200, np.uint8))}

    def in_parts(handler: BaseHTTPRequestHandler, file: str) -> None:
        respond(handler, b"", length=len(files[file]))
        for start in range(0, len(files[file]), 35_000):
            handler.wfile.write(files[file][start : start + 35_000])
            handler.server.stop.wait(0.45)  # in all, longer than the timeout

    load(source_of(files, mirrors.add("slow", in_parts), timeout=1.5))
    assert (cache / "small" / TRAIN_IMAGES).read_bytes() == images


@pytest.mark.skipif(sys.platform == "win32", reason="no signal goes to a thread there")
def test_ctrl_c_in_mid_file_ends_the_download_and_leaves_nothing_behind(
    mirrors: Mirrors, cache: Path
) -> None:
    def hang_and_interrupt(handler: BaseHTTPRequestHandler, file: str) -> None:
        respond(handler, gzip.compress(FILES[file])[:60], length=5000)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        hang(handler, file)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has none
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            load(source_of(FILES, mirrors.add("good", hang_and_interrupt)))
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - start < 8
    assert not cache.exists()


def test_an_unreachable_mirror_is_left_for_the_next(mirrors: Mirrors, cache: Path) -> None:
    with socket.socket() as unused:  # bound but not listening: connections are refused
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(DatasetUnavailable, match=f"- {dead}: no connection"):
            load(source_of(FILES, dead))
        load(source_of(FILES, dead, mirrors.add("good", serving(FILES))))
    assert contents(cache) == PACKED_FILES


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_dead_proxy_is_named(name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv(name, f"http://anna:geheim@127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(
            DatasetUnavailable, match=r"no connection through the proxy of \$http_proxy"
        ) as caught:
            load(source_of(FILES, "http://mirror.invalid/"))
    assert "anna" not in str(caught.value) and "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy",
    ["anna:geheim@", "http://anna:geheim@host:port", "http://anna:geheim", "http://anna:ge/heim@host:80", "://anna:geheim@",
     "http://anna:geheim@[::1", "ftp://anna:geheim@host:21", "socks9://anna:geheim@host:1"],
)  # fmt: skip
def test_a_malformed_proxy_is_never_quoted(
    proxy: str, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(DatasetUnavailable, match=r"http://mirror\.invalid/: .*proxy") as caught:
        load(source_of(FILES, "http://mirror.invalid/", timeout=2))
    shown = "".join(capfd.readouterr()) + str(caught.value)
    assert not any(secret in shown for secret in ("anna", "geheim", "ge/heim"))


def test_a_second_attempt_fetches_only_what_is_missing(mirrors: Mirrors, cache: Path) -> None:
    def fail_on_the_last(handler: BaseHTTPRequestHandler, file: str) -> None:
        if file == TEST_LABELS:
            respond(handler, b"", 503)
        else:
            serving(FILES)(handler, file)

    with pytest.raises(DatasetUnavailable, match="503"):
        load(source_of(FILES, mirrors.add("flaky", fail_on_the_last)))
    assert set(contents(cache)) == set(PACKED_FILES) - {f"{TEST_LABELS}.gz"}
    mirrors.requests.clear()
    load(source_of(FILES, mirrors.add("good", serving(FILES))))
    assert mirrors.requests == [f"/good/{TEST_LABELS}.gz"]
    assert contents(cache) == PACKED_FILES


def test_a_damaged_file_in_the_cache_is_fetched_again(mirrors: Mirrors, cache: Path) -> None:
    write_files(cache, FILES | {TRAIN_IMAGES: flip_a_bit(FILES[TRAIN_IMAGES])})
    load(source_of(FILES, mirrors.add("good", serving(FILES))))
    assert mirrors.requests == [f"/good/{TRAIN_IMAGES}.gz"]
    assert contents(cache) == PACKED_FILES


def test_a_damaged_file_in_the_cache_is_named_and_removed(
    mirrors: Mirrors, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(cache, FILES | {TRAIN_IMAGES: flip_a_bit(FILES[TRAIN_IMAGES])})
    source = source_of(FILES, mirrors.add("plain", lambda handler, file: respond(handler, FILES[file])))
    monkeypatch.setenv("MININET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable, match=rf"- the cache: .*{TRAIN_IMAGES}.gz: .*SHA-256 differs"):
        load(source)
    assert set(contents(cache)) == set(PACKED_FILES) - {f"{TRAIN_IMAGES}.gz"}
    # nothing may hide the good file, even where it comes under another name
    monkeypatch.delenv("MININET_OFFLINE")
    load(source)
    assert load(source).source == "from the cache"


def test_a_server_that_unpacks_on_the_way_does_no_harm(mirrors: Mirrors, cache: Path) -> None:
    source = source_of(FILES, mirrors.add("plain", lambda handler, file: respond(handler, FILES[file])))
    load(source)
    kept = {path.name: path.read_bytes() for path in (cache / "small").iterdir()}
    assert kept == FILES
    assert load(source).source == "from the cache"


def test_a_cache_that_cannot_be_written_costs_a_warning_and_no_more(mirrors: Mirrors, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    with pytest.warns(
        UserWarning, match="Small-MNIST was downloaded but could not be kept: .*cache"
    ) as caught:
        dataset = load(source)
    assert len(caught) == 1
    assert len(dataset.x_train) == 20


def test_a_file_that_cannot_be_kept_does_not_cost_the_others(mirrors: Mirrors, cache: Path) -> None:
    (cache / "small" / f"{TRAIN_IMAGES}.gz").mkdir(parents=True)
    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    with pytest.warns(UserWarning, match="could not be kept"):
        load(source)
    assert {path.name for path in (cache / "small").iterdir()} == set(PACKED_FILES)


def test_a_read_only_cache_costs_a_warning_and_no_more(mirrors: Mirrors, cache: Path) -> None:
    write_files(cache, {TRAIN_LABELS: b"damaged"})
    (cache / "small").chmod(0o500)
    try:
        if os.access(cache / "small", os.W_OK):
            pytest.skip("no folder is read-only to root")
        with pytest.warns(UserWarning, match="could not be kept: .*Permission denied"):
            dataset = load(source_of(FILES, mirrors.add("good", serving(FILES))))
        assert len(dataset.x_train) == 20
    finally:
        (cache / "small").chmod(0o700)


def test_an_interrupted_write_leaves_nothing_behind(
    mirrors: Mirrors, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load(source)
    assert contents(cache) == {}
    load(source)
    assert contents(cache) == PACKED_FILES


TWO_AT_ONCE = """
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from tests.support.mirrors import small_files, source_of

module = import_module("mininet.data.mnist")
module.cache_folder = lambda: Path(sys.argv[2])
print(module.load(source_of(small_files(), sys.argv[3])).x_train.sum())
"""


def test_two_processes_that_download_at_once_both_end_with_good_data(mirrors: Mirrors, cache: Path) -> None:
    both = threading.Barrier(2)

    def serve_in_step(handler: BaseHTTPRequestHandler, file: str) -> None:
        both.wait(10)  # each file goes out to both processes at the same moment
        serving(FILES)(handler, file)

    url = mirrors.add("slow", serve_in_step)
    command = [sys.executable, "-c", TWO_AT_ONCE, str(Path(__file__).parent), str(cache), url]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    expected = np.frombuffer(FILES[TRAIN_IMAGES], np.uint8, offset=16).sum()
    for process in processes:
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert output == f"{expected}\n"
    assert len(mirrors.requests) == 8
    assert contents(cache) == PACKED_FILES


# --- nowhere ---------------------------------------------------------------------------------------


def test_unavailable_says_what_was_tried_and_what_to_do(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MININET_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("MININET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable) as caught:
        fashion_mnist()
    text = str(caught.value)
    for part in (
        "Fashion-MNIST is not on this machine",
        f"- $MININET_DATA: no files in {tmp_path / 'nothing' / 'fashion-mnist'}",
        f"- the cache: no files in {cache / 'fashion-mnist'}",
        "- the network: not asked, because $MININET_OFFLINE is set",
        "python -m mininet.data fetch fashion-mnist",
        'fashion_mnist(offline="digits")',
    ):
        assert part in text
    assert not available("fashion-mnist")


def test_mininet_offline_asks_no_network(
    mirrors: Mirrors, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    monkeypatch.setenv("MININET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable, match="MININET_OFFLINE"):
        load(source)
    assert mirrors.requests == []
    monkeypatch.setenv("MININET_OFFLINE", "0")
    load(source)
    assert len(mirrors.requests) == 4


def test_without_a_home_folder_the_cache_is_among_the_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(_: object) -> str:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pooch.os_cache", nowhere)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cache_folder() == tmp_path / "mininet"
    monkeypatch.setattr("pooch.os_cache", lambda name: Path("~") / name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache_folder() == tmp_path / "mininet"


def test_without_pooch_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)  # importing it fails
    monkeypatch.setenv("MININET_DATA", "")
    monkeypatch.setenv("MININET_OFFLINE", "")
    with pytest.raises(DatasetUnavailable, match="pip install pooch tqdm"):
        mnist()


@pytest.mark.parametrize(("function", "title"), [(mnist, "MNIST"), (fashion_mnist, "Fashion-MNIST")])
def test_digits_stand_in_with_a_warning_at_the_callers_line(
    function: type(mnist), title: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MININET_OFFLINE", "1")
    with pytest.warns(StandInWarning, match=rf"^{title} is neither .* 1,797 embedded digits") as caught:
        dataset = function(offline="digits")
    assert caught[0].filename == __file__
    assert dataset.stand_in
    assert str(dataset) == (
        "digits: 1,500 training and 297 test images of 28×28, "
        f"digits 8×8 enlarged to 28×28, standing in for {title}"
    )
    assert (dataset.x_train.shape, dataset.x_train.dtype) == ((1500, 28, 28), np.uint8)
    np.testing.assert_array_equal(dataset.x_train[:, 2:26:3, 2:26:3], digits().x_train)
    np.testing.assert_array_equal(dataset.x_train[:, 4:26:3, 4:26:3], digits().x_train)
    assert not dataset.x_train[:, :2].any()
    assert not dataset.x_train[:, :, 26:].any()


def test_in_a_browser_no_network_is_asked_and_the_digits_stand_in(
    mirrors: Mirrors, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    source = source_of(FILES, mirrors.add("good", serving(FILES)))
    with pytest.raises(DatasetUnavailable, match="does not come with the page") as caught:
        load(source)
    assert 'small(offline="digits")' in str(caught.value)
    assert mirrors.requests == []
    with pytest.warns(StandInWarning, match=r"^MNIST does not come with the page: 1,797 .* your own machine"):
        assert mnist(offline="digits").stand_in


def test_in_a_browser_files_of_ones_own_are_read(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "mine", FILES, compress=True)
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setenv("MININET_DATA", str(tmp_path / "mine"))
    assert load(source_of(FILES)).source == "from $MININET_DATA"


def test_misspelt_arguments_are_errors() -> None:
    with pytest.raises(ValueError, match="expected offline=\"digits\" or None, got 'digit'"):
        mnist(offline="digit")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected one of 'mnist', 'fashion-mnist', got 'mnits'"):
        available("mnits")


# --- the real ones ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "function", "first_labels"),
    [(MNIST, mnist, [5, 0, 4, 1, 9]), (FASHION_MNIST, fashion_mnist, [9, 0, 0, 3, 0])],
    ids=["mnist", "fashion-mnist"],
)
def test_the_real_dataset_is_what_it_should_be(
    source: Source, function: Callable[[], Dataset], first_labels: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MININET_OFFLINE", "1")
    start = time.process_time()
    try:
        dataset = function()
    except DatasetUnavailable:
        pytest.skip(f"{source.title} is neither in $MININET_DATA nor in the cache")
    assert time.process_time() - start < 5
    assert available(source.name)
    assert dataset.x_train.shape == (60_000, 28, 28)
    assert dataset.x_test.shape == (10_000, 28, 28)
    assert dataset.y_train[:5].tolist() == first_labels
    assert np.bincount(dataset.y_test).sum() == 10_000
    assert set(dataset.y_train.tolist()) == set(range(10))
    assert len(dataset.class_names) == 10


def test_the_embedded_digits_are_whole_and_balanced() -> None:
    dataset = digits()
    assert (dataset.x_train.shape, dataset.x_test.shape) == ((1500, 8, 8), (297, 8, 8))
    assert (dataset.x_train.dtype, dataset.y_train.dtype) == (np.uint8, np.int64)
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 255)
    assert np.bincount(dataset.y_train).tolist() == [151, 151, 150, 153, 148, 152, 151, 149, 146, 149]
    assert np.bincount(dataset.y_test).tolist() == [27, 31, 27, 30, 33, 30, 30, 30, 28, 31]
    assert not dataset.stand_in


def test_the_embedded_digits_are_those_of_scikit_learn() -> None:
    # the digests are those of load_digits() of scikit-learn 1.9.1: images as uint8, target as uint8
    dataset = digits()
    ink = np.rint(np.concatenate([dataset.x_train, dataset.x_test]) * (16 / 255)).astype(np.uint8)
    labels = np.concatenate([dataset.y_train, dataset.y_test]).astype(np.uint8)
    assert (
        sha256(ink.tobytes()).hexdigest()
        == "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
    )
    assert (
        sha256(labels.tobytes()).hexdigest()
        == "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"
    )
