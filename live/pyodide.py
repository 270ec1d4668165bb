"""The Python that runs in the page: Pyodide's core from npm, the course's own wheel, and a lock of where the rest is.

    python -m live.pyodide FOLDER --wheels DIR

assembles a Pyodide folder for ``make book PYODIDE=FOLDER``: the core, the pure wheels of the package
index, and the compiled ones (NumPy, matplotlib, …) in DIR. Pyodide's own release, unpacked, serves as well.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mininet_course import console

ROOT = Path(__file__).parents[1]
NPM = ROOT / "node_modules" / "pyodide"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
# loaded before the first cell runs
AT_START = ("ipywidgets", "pyodide-kernel")
# comes with the first import of mininet or mininet_course: what their modules import
WITH_MININET = ("ipycanvas", "ipywidgets", "matplotlib", "numpy", "safetensors", "tqdm")
# what JupyterLite's kernel asks for besides
FOR_LITE = ("jedi", "micropip", "pyodide-http", "setuptools")
# pure Python, not in Pyodide's distribution
FROM_INDEX = ("comm", "ipycanvas", "ipywidgets", "jupyterlab-widgets", "widgetsnbextension")
# what wheels that are no part of Pyodide's distribution need
NEEDS = {
    "comm": ("traitlets",),
    "ipycanvas": ("ipywidgets", "numpy", "pillow"),
    "ipywidgets": ("comm", "ipython", "traitlets"),
    "mininet-course": WITH_MININET,
    "pyodide-kernel": ("comm", "ipython"),
}
# compiled for Pyodide and on the package index, at another version than in the lock
WASM_ON_INDEX = {"contourpy": "1.4.0"}

Lock = dict[str, Any]


class PyodideProblem(Exception):
    """The browser's Python cannot be put together; the message says what is missing and what to do."""


def cdn() -> str:
    """Return the address of Pyodide's own release, of the version that package-lock.json pins."""
    if not NPM.is_dir():
        raise PyodideProblem("node_modules/pyodide is missing: run npm ci (make book does).")
    pinned = json.loads((NPM / "package.json").read_text(encoding="utf-8"))["version"]
    return f"https://cdn.jsdelivr.net/pyodide/v{pinned}/full/"


def publish(out: Path, wheels: Iterable[Path], source: Path | None) -> list[str]:
    """Write core, wheels and lock into the folder ``out`` of the built book; return what the lock had to leave out.

    With a ``source`` folder its packages are copied too and nothing is fetched from
    elsewhere; without one the lock points to the pinned release, each file with its SHA-256.
    """
    if source is not None and not (source / LOCK).is_file():
        raise PyodideProblem(f"PYODIDE={source}: expected a Pyodide folder with {LOCK} in it.")
    lock: Lock = json.loads((source or NPM).joinpath(LOCK).read_text(encoding="utf-8"))
    own = {_name(wheel): wheel for wheel in wheels}
    entries = lock["packages"] | {name: _entry(name, wheel) for name, wheel in own.items()}
    lock["packages"], left_out = closure(entries, (*AT_START, "mininet-course", *FOR_LITE))
    out.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        _copy(NPM / name, out / name)
    for name, entry in lock["packages"].items():
        if name in own:
            # a folder named by the content: a browser's cache never hands out another commit's wheel
            entry["file_name"] = f"{entry['sha256'][:8]}/{own[name].name}"
            _copy(own[name], out / entry["file_name"])
        elif source is None:
            entry["file_name"] = cdn() + entry["file_name"]
        else:
            _copy(_present(source / entry["file_name"]), out / entry["file_name"])
    (out / LOCK).write_text(json.dumps(lock, indent=1, sort_keys=True), encoding="utf-8")
    return left_out


def closure(entries: Lock, wanted: Iterable[str]) -> tuple[Lock, list[str]]:
    """Return the entries of these packages and of all that they need, each a copy; and the names that have none."""
    found: Lock = {}
    missing = set()
    todo = list(wanted)
    while todo:
        name = _normal(todo.pop())
        if name in found:
            continue
        if name not in entries:
            missing.add(name)
            continue
        found[name] = dict(entries[name])
        todo += entries[name]["depends"]
    for entry in found.values():
        entry["depends"] = [name for name in entry["depends"] if _normal(name) not in missing]
    return dict(sorted(found.items())), sorted(missing)


def assemble(out: Path, compiled: Path) -> list[str]:
    """Write a Pyodide folder from npm, the package index and compiled wheels; return what could not be had."""
    lock: Lock = json.loads((NPM / LOCK).read_text(encoding="utf-8"))
    given = {_name(wheel): wheel for wheel in compiled.glob("*.whl")}
    out.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        _copy(NPM / name, out / name)
    wanted = {*AT_START, *FOR_LITE, *(name for names in NEEDS.values() for name in names)}
    needed, _ = closure(lock["packages"], sorted(wanted))
    packages: Lock = {}
    pure = {
        name: f"{name}=={e['version']}"
        for name, e in needed.items()
        if e["file_name"].endswith("-none-any.whl")
    }
    fetched = _download(out, {n: pure[n] for n in pure if n not in given})
    for name, entry in needed.items():
        if name in given:
            wheel = given[name]
            _copy(wheel, out / wheel.name)
        elif name in fetched:
            wheel = fetched[name]
        elif name in WASM_ON_INDEX:
            wheel = _download(out, {name: f"{name}=={WASM_ON_INDEX[name]}"}, lock["info"])[name]
        else:
            continue
        found = {"file_name": wheel.name, "version": wheel.name.split("-")[1], "sha256": _digest(wheel)}
        packages[name] = entry | found
    lock["packages"], missing = closure(packages, needed)
    (out / LOCK).write_text(json.dumps(lock, indent=1, sort_keys=True), encoding="utf-8")
    return missing


def own_wheels(cache: Path) -> list[Path]:
    """Return the wheels that the book itself serves: the course's package as it stands, and what Pyodide lacks."""
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.glob("mininet_course-*.whl"):
        old.unlink()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(cache)]
    _run(build, "The course's wheel could not be built")
    extension = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
    kernels = sorted(extension.glob("static/pypi/pyodide_kernel-*.whl"))
    if not kernels:
        raise PyodideProblem("jupyterlite-pyodide-kernel is not installed: pip install -r requirements.txt")
    fetched = _download(cache, {name: f"{name}=={version(name)}" for name in FROM_INDEX})
    return [*cache.glob("mininet_course-*.whl"), kernels[-1], *fetched.values()]


def _download(
    folder: Path, requirements: Mapping[str, str], wasm: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Return the wheels of requirements ``name==version``, by name, fetched at once unless they are in the folder."""

    def there(requirement: str) -> Path | None:
        name, number = requirement.split("==")
        pattern = f"{re.escape(name.replace('-', '_'))}-{re.escape(number)}-.*\\.whl"
        return next((w for w in sorted(folder.glob("*.whl")) if re.fullmatch(pattern, w.name, re.I)), None)

    missing = [requirement for requirement in requirements.values() if there(requirement) is None]
    if missing:
        tags = ["--python-version", "3.14", "--platform", "any", "--only-binary=:all:"]
        if wasm:
            tags += ["--platform", f"pyemscripten_{wasm['abi_version']}_wasm32", "--implementation", "cp"]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        _run([*pip, *tags, "-d", str(folder), *missing], f"{', '.join(missing)} could not be fetched")
    found = {name: there(requirement) for name, requirement in requirements.items()}
    wheels = {name: wheel for name, wheel in found.items() if wheel is not None}
    if lost := [requirements[name] for name in found if name not in wheels]:
        raise PyodideProblem(
            f"{', '.join(lost)}: the package index has no wheel of that name that the browser can use."
        )
    return wheels


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PyodideProblem(f"{what}:\n{done.stderr.strip() or done.stdout.strip()}")


def _entry(name: str, wheel: Path) -> dict[str, Any]:
    """Return a lock's entry for a pure wheel of ours."""
    with zipfile.ZipFile(wheel) as archive:
        roots = {path.split("/")[0] for path in archive.namelist() if "/" in path}
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "sha256": _digest(wheel),
        "imports": sorted(root for root in roots if root.isidentifier()),
        "depends": list(NEEDS.get(name, ())),
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }


def _present(file: Path) -> Path:
    if not file.is_file():
        raise PyodideProblem(f"{file.parent} lacks {file.name}, which its {LOCK} names.")
    return file


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _name(wheel: Path) -> str:
    return _normal(wheel.name.split("-")[0])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    console.forgive()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--wheels", type=Path, required=True, help="compiled wheels for Pyodide")
    options = parser.parse_args()
    left_out = assemble(options.folder, options.wheels)
    print(f"{options.folder}: ready" + (f", without {', '.join(left_out)}" if left_out else ""))
