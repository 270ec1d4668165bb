"""Downloads, and the cache folder they are kept in. Built in the chapter "mnist"."""

import os
import tempfile
from concurrent.futures import Future, wait
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import getproxies

MAX_DOWNLOAD = 1 << 26  # bytes; the largest file of the course has 47 MB, uncompressed
_CHUNK = 1 << 15
_PROXIES = "$http_proxy, $https_proxy or $all_proxy (expected: http://HOST:PORT)"


class _Bounded(BytesIO):
    """A buffer that a server cannot fill for ever."""

    def write(self, part: Any) -> int:
        if self.tell() + len(part) > MAX_DOWNLOAD:
            raise OSError(f"sent more than {MAX_DOWNLOAD:,} bytes")
        return super().write(part)


def cache_folder() -> Path | None:
    """Return the user's cache folder of this package, or None without the packages that fill it."""
    try:
        import pooch
        import tqdm  # noqa: F401
    except ImportError:
        return None
    try:
        return Path(os.path.expanduser(pooch.os_cache("mininet")))
    except (
        RuntimeError
    ):  # no home folder, as in a container; whatever lies among the temporary files is checked
        return Path(tempfile.gettempdir(), "mininet")


def download(url: str, timeout: float) -> bytes:
    """Return the bytes at ``url``, with a progress bar.

    A server that is silent or slow is left: in every ``timeout`` seconds it must send 32 KiB, or the
    rest of the file. Raises OSError, with a short reason, whatever goes wrong.
    """
    from tqdm import tqdm

    finished: Future[str | None] = Future()
    # pooch sets the total, but takes a bar that has none for no bar
    bar = tqdm(desc=url.rsplit("/", 1)[-1], total=1, unit="B", unit_scale=True, leave=False)
    # leaving the block closes the buffer, and a thread that still writes to it ends
    with bar, _Bounded() as buffer:
        # a thread, because a socket's timeout starts anew with every byte: one now and then would hold us
        Thread(target=lambda: finished.set_result(_fetch(url, buffer, bar, timeout)), daemon=True).start()
        received = 0
        while not wait([finished], timeout).done:
            if buffer.tell() == received:
                raise OSError(f"sent less than {_CHUNK:,} bytes in {timeout:g} s")
            received = buffer.tell()
        reason = finished.result()
        if reason is not None:
            raise OSError(reason)
        return buffer.getvalue()


def _fetch(url: str, buffer: BytesIO, bar: Any, timeout: float) -> str | None:
    """Write the bytes at ``url`` into the buffer; return the reason if that fails."""
    import pooch
    import requests

    # ten times the time: `download` gives up before, this only ends the thread that it leaves
    fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=_CHUNK, timeout=10 * timeout)
    try:
        fetch(url, buffer, None)
    except requests.exceptions.SSLError:
        return "no safe connection: its certificate was refused"
    except requests.exceptions.ProxyError:
        return f"no connection through the proxy of {_PROXIES}"
    except requests.ConnectionError:
        return "no connection"
    except requests.exceptions.ChunkedEncodingError:
        return "the connection broke in mid-file"
    except ValueError as problem:
        # not its text where there is a proxy: that may quote a user and a password
        return (
            f"an address that is none, here or in {_PROXIES}"
            if getproxies().keys() - {"no"}
            else str(problem)
        )
    except OSError as problem:
        return str(problem)
    return None


def keep(raw: bytes, folder: Path, file: str) -> str:
    """Write a downloaded file into the cache, whole or not at all, whoever else writes it now.

    Returns the reason if the folder cannot be written, an empty text if all is well.
    """
    # some servers unpack .gz files on the way
    path = folder / (f"{file}.gz" if raw.startswith(b"\x1f\x8b") else file)
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".")
        with open(descriptor, "wb") as stream:
            stream.write(raw)
        os.replace(temporary, path)
        temporary = None
    except OSError as problem:
        return str(problem)
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return ""
