"""A small dataset in the shape of MNIST, and a local web server that serves it well or badly."""

import gzip
import struct
import threading
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from mininet.data.mnist import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, Source


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def small_files() -> dict[str, bytes]:
    """20 training and 8 test images with labels, as uncompressed IDX files."""
    rng = np.random.default_rng(0)
    files = {}
    for images, labels, n in ((TRAIN_IMAGES, TRAIN_LABELS, 20), (TEST_IMAGES, TEST_LABELS, 8)):
        files[images] = idx_bytes(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8))
        files[labels] = idx_bytes(rng.integers(0, 10, n, dtype=np.uint8))
    return files


def source_of(files: dict[str, bytes], *mirrors: str, timeout: float = 10) -> Source:
    digests = {file: sha256(content).hexdigest() for file, content in files.items()}
    return Source("small", "Small-MNIST", tuple("0123456789"), digests, mirrors, timeout)


def write_files(folder: Path, files: dict[str, bytes], compress: bool = True) -> None:
    (folder / "small").mkdir(parents=True)
    for file, content in files.items():
        if compress:
            (folder / "small" / f"{file}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / "small" / file).write_bytes(content)


Answer = Callable[[BaseHTTPRequestHandler, str], None]


class Mirrors:
    """A web server in which each first part of the path is one mirror, with its own way to answer."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        mirrors = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirrors.requests.append(self.path)
                _, mirror, file = self.path.split("/")
                mirrors.answers[mirror](self, file.removesuffix(".gz"))

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # wakes the handlers that hang
        self.stop = self.server.stop = threading.Event()  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.005,))
        self.thread.start()

    def add(self, name: str, answer: Answer) -> str:
        self.answers[name] = answer
        return f"http://127.0.0.1:{self.server.server_port}/{name}/"

    def close(self) -> None:
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def respond(
    handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, length: int | None = None
) -> None:
    """Answer with these bytes, or, where ``length`` is larger, with a promise of more than these."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def redirecting(location: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, file: str) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.end_headers()

    return answer


def serving(files: dict[str, bytes]) -> Answer:
    return lambda handler, file: respond(handler, gzip.compress(files[file]))
