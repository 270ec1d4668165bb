"""An empty cache folder and a local web server for the tests of `mininet.data`."""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.mirrors import Mirrors

# the module; as an attribute of the package, the name is the function's
MNIST_MODULE = import_module("mininet.data.mnist")


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Mirrors()
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, no $MININET_DATA and no $MININET_OFFLINE."""
    monkeypatch.delenv("MININET_DATA", raising=False)
    monkeypatch.delenv("MININET_OFFLINE", raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setattr(MNIST_MODULE, "cache_folder", lambda: folder)
    return folder
