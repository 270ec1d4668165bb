"""What the book serves as the browser's Python: a lock that names every file with its digest, and clear refusals."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from live import pyodide
from live.accessible import mend

pytestmark = pytest.mark.skipif(not pyodide.NPM.is_dir(), reason="node_modules is missing: run npm ci")


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    """Wheels in miniature of what the book serves itself."""
    made = []
    for name, module in [
        ("mininet_course", "mininet"),
        ("pyodide_kernel", "pyodide_kernel"),
        ("comm", "comm"),
    ]:
        path = tmp_path / "wheels" / f"{name}-1.0-py3-none-any.whl"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{module}/__init__.py", "")
            archive.writestr(f"{name}-1.0.dist-info/METADATA", "")
        made.append(path)
    return made


def lock_in(folder: Path) -> dict:
    return json.loads((folder / pyodide.LOCK).read_text(encoding="utf-8"))["packages"]


def test_the_published_lock_points_to_the_pinned_release_with_digests(
    tmp_path: Path, wheels: list[Path]
) -> None:
    left_out = pyodide.publish(tmp_path / "out", wheels, None)
    packages = lock_in(tmp_path / "out")
    assert packages["numpy"]["file_name"].startswith(pyodide.cdn())
    assert pyodide.cdn().split("/v")[1].split("/")[0].count(".") == 2  # a version, not “latest”
    assert all(len(entry["sha256"]) == 64 for entry in packages.values())
    assert set(left_out) == {"ipycanvas", "ipywidgets"}  # not among the wheels in miniature
    for entry in packages.values():
        assert {name.replace("_", "-") for name in entry["depends"]} <= set(packages)


def test_own_wheels_lie_in_folders_named_by_their_content(tmp_path: Path, wheels: list[Path]) -> None:
    pyodide.publish(tmp_path / "out", wheels, None)
    entry = lock_in(tmp_path / "out")["mininet-course"]
    served = tmp_path / "out" / entry["file_name"]
    assert hashlib.sha256(served.read_bytes()).hexdigest() == entry["sha256"]
    assert entry["file_name"].split("/")[0] == entry["sha256"][:8]
    assert entry["imports"] == ["mininet"]
    assert {"numpy", "matplotlib"} <= set(entry["depends"])


def test_a_folder_of_ones_own_is_copied_and_nothing_is_asked_elsewhere(
    tmp_path: Path, wheels: list[Path]
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    lock = json.loads((pyodide.NPM / pyodide.LOCK).read_text(encoding="utf-8"))
    lock["packages"] = {"numpy": lock["packages"]["numpy"]}
    (folder / pyodide.LOCK).write_text(json.dumps(lock))
    (folder / lock["packages"]["numpy"]["file_name"]).write_bytes(b"wheel")
    left_out = pyodide.publish(tmp_path / "out", wheels, folder)
    packages = lock_in(tmp_path / "out")
    assert "matplotlib" in left_out and "numpy" in packages
    assert not [entry for entry in packages.values() if entry["file_name"].startswith("http")]
    assert (tmp_path / "out" / packages["numpy"]["file_name"]).read_bytes() == b"wheel"


def test_a_folder_without_a_lock_is_refused(tmp_path: Path, wheels: list[Path]) -> None:
    with pytest.raises(pyodide.PyodideProblem, match="expected a Pyodide folder"):
        pyodide.publish(tmp_path / "out", wheels, tmp_path)


def test_a_folder_that_lacks_a_file_of_its_lock_is_refused(tmp_path: Path, wheels: list[Path]) -> None:
    shutil.copy(pyodide.NPM / pyodide.LOCK, tmp_path)
    with pytest.raises(pyodide.PyodideProblem, match=r"lacks .*whl"):
        pyodide.publish(tmp_path / "out", wheels, tmp_path)


def test_names_of_controls_are_mended_once(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<summary><span class="toctree-toggle"></span></summary><summary aria-label="Toggle hidden content">'
    )
    mend(tmp_path)
    mended = page.read_text()
    assert 'aria-label="Pages below this one"' in mended and "Toggle hidden" not in mended
    mend(tmp_path)
    assert page.read_text() == mended
