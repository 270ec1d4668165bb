"""The project's own files agree with each other: dependencies, pins, versions, contents."""

import doctest
import importlib
import re
import shutil
import subprocess
import tomllib
import types
from pathlib import Path

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
        "data", "checkpoint", "book", "cluster", "grade", "gradescope", "test"
    )


def test_numpy_is_the_only_hard_dependency() -> None:
    assert list(requirements("\n".join(PROJECT["dependencies"]))) == ["numpy"]


def test_constraints_pin_every_direct_dependency_to_one_version() -> None:
    direct = {
        "numpy",
        *extras("data", "checkpoint", "book", "cluster", "grade", "gradescope", "test", "compare"),
    }
    assert direct <= set(CONSTRAINTS)
    assert all(version.startswith("==") for version in CONSTRAINTS.values())


def test_constraints_name_no_path_and_no_host() -> None:
    assert not re.search(r"://|@|file:|^/", (ROOT / "constraints.txt").read_text())


def test_jupyter_book_is_version_1() -> None:
    assert CONSTRAINTS["jupyter-book"].startswith("==1.")
    assert extras("book")["jupyter-book"].endswith("<2")


def test_version_is_the_same_everywhere() -> None:
    """The package says it; the distribution reads it there, and a citation must repeat it."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    assert citation["version"] == mininet.__version__


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


MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("mininet", "mininet_course", "tools", "live")
    for file in sorted((ROOT / package).rglob("*.py"))
    if file.name != "__main__.py"
]


@pytest.mark.parametrize("name", MODULES)
def test_doctests_of_the_packages_pass(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0, capsys.readouterr().out


def test_most_of_what_the_packages_show_is_tried_and_a_wrong_example_is_noticed() -> None:
    find = doctest.DocTestFinder().find
    examples = [e for name in MODULES for test in find(importlib.import_module(name)) for e in test.examples]
    assert sum(doctest.SKIP not in example.options for example in examples) > 150
    wrong = types.ModuleType("wrong", ">>> 1 + 1\n3\n")
    assert doctest.testmod(wrong, report=False).failed == 1


def test_the_packages_say_they_are_typed() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in ("mininet", "mininet_course"))


@pytest.mark.parametrize("name", ["[2024]", "a[b", "plain", "what now? 50%25 #1; $HOME 'q'"])
def test_a_folder_that_the_book_cannot_be_built_in_is_refused_before_anything_is_made(
    name: str, tmp_path: Path
) -> None:
    here = tmp_path / name
    here.mkdir()
    shutil.copy(ROOT / "Makefile", here)
    bad = "[" in name
    target = "book" if bad else "place"
    done = subprocess.run(["make", target], cwd=here, capture_output=True, text=True)
    if bad:
        assert done.returncode != 0 and "for the brackets in it: move the folder." in done.stderr
    else:
        assert done.returncode == 0, done.stderr
    assert [path.name for path in here.iterdir()] == ["Makefile"]
