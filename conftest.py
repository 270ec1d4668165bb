"""For every test run: one BLAS thread, no network, MNIST where it lies, units of work, what was not compared."""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from xdist.scheduler import LoadScopeScheduling

from mininet.data import available

ROOT = Path(__file__).parent
SHARED_DATA = ROOT.parent / "shared" / "data"
if SHARED_DATA.is_dir():
    os.environ.setdefault("MININET_DATA", str(SHARED_DATA))
# the tests never wait for a download: no MNIST here means its stand-in
os.environ.setdefault("MININET_OFFLINE", "1")
# nor do they touch what a learner on this machine has solved
os.environ["MININET_PROGRESS"] = str(
    Path(tempfile.gettempdir()) / f"mininet-tests-{os.getpid()}" / "progress.json"
)

_without_mnist: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def figures_are_closed() -> Iterator[None]:
    """Leave no figure open behind a test: matplotlib warns of the twenty-first."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def site() -> Path:
    """The built book's folder; without it the tests of its pages are skipped aloud."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.skip("the book is not built: run make book")
    return folder


# What takes longest is begun first, so that all processes end together; what is not named comes last.
LONGEST = (
    "tests/course/grading",
    "tests/pages/live",
    "book",
    "tests/pages",
    "tests/course",
    "tests/repo",
)
# A file is a unit of work, for its tests share what they set up. In this folder all files do;
TOGETHER = "tests/course/grading/"
# of these files, the tests of each page are a unit of their own.
ONE_BY_ONE = ("tests/pages/live/test_cells.py", "tests/pages/test_pages.py")


class Units(LoadScopeScheduling):
    """Hands out a file or a notebook at a time, in their order; sometimes a folder, sometimes what concerns one page.

    A scheduler of our own, because marks for `--dist loadgroup` do not reach it with pytest 9.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        if file.startswith(TOGETHER):
            return TOGETHER
        return f"{file}[{nodeid.rpartition('[')[2]}" if file in ONE_BY_ONE else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Units:
    return Units(config, log)


def _rank(item: pytest.Item) -> int:
    file = item.path.relative_to(ROOT) if item.path.is_relative_to(ROOT) else item.path
    return next((i for i, place in enumerate(LONGEST) if file.is_relative_to(place)), len(LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and see what can be compared."""
    items.sort(key=_rank)  # stable: within a file and a notebook the order stays
    _without_mnist_nothing_is_compared(items)


def _without_mnist_nothing_is_compared(items: list[pytest.Item]) -> None:
    """Without MNIST, its cells still run, on the stand-in, but their outputs are not compared."""
    cells = [item for item in items if hasattr(item, "cell")]  # nbval's items are notebook cells
    compared = [c for c in cells if "needs-mnist" in c.cell.metadata.get("tags", []) and c.options["check"]]
    # asked last: it reads and checks the whole dataset
    if not compared or available("mnist"):
        return
    for item in compared:
        item.options["check"] = False
        _without_mnist[item.parent.path.name] += 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """In a learner's notebook, as nbval runs it, every check must find that nothing is written yet."""
    yield
    cell = getattr(item, "cell", {})
    if (
        item.path.parent.name == "exercises"
        and cell.get("metadata", {}).get("exercise", {}).get("role") == "check"
    ):
        said = "".join(output.get("text", "") for output in item.test_outputs or [])  # type: ignore[attr-defined]
        assert said.startswith("NOT WRITTEN YET"), f"an untouched exercise says: {said}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In one of several processes: send the counts to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["without_mnist"] = dict(_without_mnist)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take a process's counts; every process collects every notebook, so all count the same."""
    _without_mnist.update(Counter(node.workeroutput.get("without_mnist", {})) - _without_mnist)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for notebook, count in _without_mnist.items():
        terminalreporter.write_line(
            f"{notebook}: {count} outputs not compared: MNIST is not on this machine (set MININET_DATA)"
        )
