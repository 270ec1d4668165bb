"""The project's own files agree with each other: dependencies, pins, versions, contents."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

import mininet
from tests.support.files import NOTEBOOKS, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(text: str) -> dict[str, str]:
    """Return {name: range} of a requirements text, comments and the project itself left out."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    pairs = (re.match(r"([A-Za-z0-9_.-]+)(?:\[.*\])?(.*)", line) for line in lines if line and line != "-e .")
    return {m.group(1).lower().replace("_", "-"): m.group(2) for m in pairs if m}


def extras(*names: str) -> dict[str, str]:
    lines = [line for name in names for line in PROJECT["optional-dependencies"][name]]
    return requirements("\n".join(line for line in lines if not line.startswith(PROJECT["name"])))


CONSTRAINTS = requirements((ROOT / "constraints.txt").read_text())


def test_requirements_and_extras_name_the_same_packages_and_ranges() -> None:
    assert requirements((ROOT / "requirements.txt").read_text()) == extras(
        "data", "checkpoint", "book", "grade", "gradescope", "test"
    )


def test_numpy_is_the_only_hard_dependency() -> None:
    assert list(requirements("\n".join(PROJECT["dependencies"]))) == ["numpy"]


def test_constraints_pin_every_direct_dependency_to_one_version() -> None:
    direct = {"numpy", *extras("data", "checkpoint", "book", "grade", "gradescope", "test", "compare")}
    assert direct <= set(CONSTRAINTS)
    assert all(version.startswith("==") for version in CONSTRAINTS.values())


def test_constraints_name_no_path_and_no_host() -> None:
    assert not re.search(r"://|@|file:|^/", (ROOT / "constraints.txt").read_text())


def test_jupyter_book_is_version_1() -> None:
    assert CONSTRAINTS["jupyter-book"].startswith("==1.")
    assert extras("book")["jupyter-book"].endswith("<2")


def test_version_is_the_same_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert PROJECT["version"] == mininet.__version__ == citation["version"]


def test_readme_names_every_top_level_folder_of_the_repository() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    folders = {line.split("/")[0] for line in tracked.stdout.splitlines() if "/" in line and line[0] != "."}
    readme = (ROOT / "README.md").read_text()
    assert {f for f in folders if f"`{f}/`" not in readme} == set()


def test_every_page_of_the_book_is_in_the_contents() -> None:
    contents = (ROOT / "_toc.yml").read_text()
    pages = [f"book/{p.stem}" for p in [*NOTEBOOKS, *(ROOT / "book").glob("*.md")]]
    pages += [f"solutions/{p.stem}" for p in (ROOT / "solutions").glob("*.ipynb")]
    assert {p for p in pages if f"{p}\n" not in contents} == set()


def test_doctests_of_the_package_pass() -> None:
    modules = [str(p) for p in (ROOT / "mininet").rglob("*.py") if p.name != "__main__.py"]
    command = [sys.executable, "-m", "pytest", "--doctest-modules", "-q", "-p", "no:cacheprovider", *modules]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
