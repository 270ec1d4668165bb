"""Says aloud when what grading needs is missing."""

import pytest

from mininet_course.exercise import CourseError
from mininet_course.grading.sandbox import require


@pytest.fixture(scope="session")
def walls() -> None:
    """Skip where no sandbox can be built."""
    try:
        require()
    except CourseError as problem:
        pytest.skip(f"NO SANDBOX, so this is not tested: {problem}")
