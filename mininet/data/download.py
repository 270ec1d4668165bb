"""Downloads, and the cache folder they are kept in. Built in the chapter "intro"."""

import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

MAX_DOWNLOAD = 1 << 26  # bytes; the largest file of the course has 47 MB, uncompressed


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
    return Path(pooch.os_cache("mininet"))


def download(url: str, timeout: float) -> bytes:
    """Return the bytes at ``url``, with a progress bar; ``timeout`` is the longest silence, in seconds.

    Raises OSError, with a short reason, whatever goes wrong.
    """
    import pooch
    import requests
    from tqdm import tqdm

    buffer = _Bounded()
    # pooch sets the total, but takes a bar that has none for no bar
    with tqdm(desc=url.rsplit("/", 1)[-1], total=1, unit="B", unit_scale=True, leave=False) as bar:
        fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=timeout)
        try:
            fetch(url, buffer, None)
        except requests.Timeout as problem:
            raise OSError(f"silent for {timeout:g} s") from problem
        except requests.exceptions.SSLError as problem:
            raise OSError("no safe connection: its certificate was refused") from problem
        except requests.ConnectionError as problem:
            # a silence in mid-file arrives here too
            silent = "timed out" in str(problem).lower()
            raise OSError(f"silent for {timeout:g} s" if silent else "no connection") from problem
        except requests.exceptions.ChunkedEncodingError as problem:
            raise OSError("the connection broke in mid-file") from problem
    return buffer.getvalue()


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
