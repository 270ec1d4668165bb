"""The frameworks that are compared with; the tests of one that is not installed are skipped aloud."""

from typing import Any

import pytest

from tests.support.frameworks import FRAMEWORKS, Framework, PyTorch, framework


@pytest.fixture(scope="session", params=FRAMEWORKS)
def theirs(request: pytest.FixtureRequest) -> Framework:
    return FRAMEWORKS[request.param]()


@pytest.fixture(scope="session")
def pytorch() -> PyTorch:
    return PyTorch()


@pytest.fixture(scope="session")
def torch(pytorch: PyTorch) -> Any:
    return pytorch.torch


@pytest.fixture(scope="session")
def jax() -> Any:
    return framework("jax")
