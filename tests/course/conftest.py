"""Every test of exercises keeps its own progress."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def progress_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "data" / "progress.json"
    monkeypatch.setenv("MININET_PROGRESS", str(file))
    return file
