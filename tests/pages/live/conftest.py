"""A live Python for the pages, put together once, and a page in a context of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from live import pyodide
from tests.support.browser import serving, sync_api
from tests.support.files import ROOT
from tests.support.live import COMPILED, live_page

# tests run in several processes, and these folders are kept from run to run
one_at_a_time = FileLock(ROOT / "_build" / "pyodide.lock")


@pytest.fixture(scope="session")
def python_folder() -> Path:
    """A Pyodide folder, put together once, with NumPy and matplotlib where their compiled wheels are at hand."""
    out = ROOT / "_build" / ("pyodide" if COMPILED.is_dir() else "pyodide-pure")
    with one_at_a_time:
        pyodide.assemble(out, COMPILED)
    return out


@pytest.fixture(scope="session")
def python(python_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the book would serve under /pyodide/, made from the folder."""
    out = tmp_path_factory.mktemp("pyodide")
    with one_at_a_time:
        pyodide.publish(out, pyodide.own_wheels(ROOT / "_build" / "wheels-tests"), python_folder)
    return out


@pytest.fixture(scope="session")
def home(site: Path, python: Path) -> Iterator[str]:
    with serving(site, pyodide=python) as address:
        yield address


@pytest.fixture
def page(browser: "sync_api.Browser") -> Iterator["sync_api.Page"]:
    with live_page(browser) as page:
        yield page
