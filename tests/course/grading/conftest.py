"""Says aloud when what grading needs is missing; an assignment of nbgrader's, which takes long to make."""

import pytest

from mininet_course.exercise import CourseError
from mininet_course.grading.pack import Pack
from mininet_course.grading.sandbox import require
from tests.support import submissions


@pytest.fixture(scope="session")
def walls() -> None:
    """Skip where no sandbox can be built."""
    try:
        require()
    except CourseError as problem:
        pytest.skip(f"NO SANDBOX, so this is not tested: {problem}")


@pytest.fixture(scope="session")
def with_gradebook(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Return an assignment as nbgrader makes it, without submissions; what changes it takes a copy."""
    pytest.importorskip("nbgrader", reason="nbgrader is missing")
    return submissions.assigned(tmp_path_factory.mktemp("nbgrader"), "nbgrader")
