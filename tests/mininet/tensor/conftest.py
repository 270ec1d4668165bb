"""For the tests that count what is alive, and for graphs so large that the garbage collector would slow them down."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Leave freeing to the counting of references: circles would stay."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
