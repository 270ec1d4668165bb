"""How the tests are handed out to several processes: what shares a set-up stays together, the longest comes first."""

from types import ModuleType

import pytest

from tests.support.files import ROOT


@pytest.fixture
def root(pytestconfig: pytest.Config) -> ModuleType:
    plugin = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    assert isinstance(plugin, ModuleType)
    return plugin


def unit(root: ModuleType, nodeid: str) -> str:
    found = root.Units._split_scope(None, nodeid)
    assert isinstance(found, str)
    return found


def test_the_cells_of_a_notebook_and_the_tests_of_a_file_stay_together(root: ModuleType) -> None:
    cells = {unit(root, f"book/xor.ipynb::Cell {i}") for i in range(5)}
    assert cells == {"book/xor.ipynb"}
    assert unit(root, "tests/course/grading/test_grade.py::a") == unit(
        root, "tests/course/grading/test_wire.py::b"
    )
    assert unit(root, "tests/pages/test_site.py::test_a[x]") == unit(root, "tests/pages/test_site.py::test_b")


def test_pages_are_handed_out_one_by_one_each_with_all_its_tests(root: ModuleType) -> None:
    for file in root.ONE_BY_ONE:
        assert (ROOT / file).is_file(), "the file has moved, and its pages would go to one process"
        first, second, other = (f"{file}::test_{n}[book/{page}]" for n, page in ("1x", "2x", "1y"))
        assert unit(root, first) == unit(root, second) != unit(root, other)


def test_every_place_that_takes_long_is_there(root: ModuleType) -> None:
    assert all((ROOT / place).exists() for place in (*root.LONGEST, root.TOGETHER))


def test_the_longest_are_begun_first_and_nothing_changes_place_within_a_file(
    root: ModuleType, request: pytest.FixtureRequest
) -> None:
    ranks = [root._rank(item) for item in request.session.items]
    assert ranks == sorted(ranks)
    mine = [item.name for item in request.session.items if item.path == request.path]
    order = [name for name in vars(request.module) if name in mine]
    assert mine == order
