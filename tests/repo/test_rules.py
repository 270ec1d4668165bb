"""The package's rules: imports run one way, chapters import what is built, NumPy alone, float32 stays."""

import ast
import graphlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml

import mininet
from mininet_course import contents
from tests.support.files import BOOK, EXERCISES, NOTEBOOKS, ROOT, read

CHAPTERS = ["intro", *contents.CHAPTERS]
# what a part of a package may import from its package, besides `arrays` and `expect`: see the design's picture
MAY_IMPORT: dict[str, dict[str, set[str]]] = {
    "mininet": {
        "activations": set(),
        "neuron": {"activations"},
        "losses": {"activations"},
        "gradcheck": set(),
        "init": set(),
        "optim": set(),
        "browser": set(),
        "data": {"browser"},
        "kernels": set(),
        "model": set(),
        "diagnosis": {"model"},
        "layers": {"activations", "init", "kernels", "state"},
        "training": {"browser", "data", "diagnosis", "losses", "model", "optim"},
        "attacks": {"losses", "model"},
        "state": set(),
        "sums": set(),
        "tensor": {"sums"},
        "functional": {"activations", "kernels", "losses", "tensor"},
        "nn": {"functional", "gradcheck", "init", "kernels", "layers", "losses", "state", "tensor"},
        "checkpoint": set(),
    },
    "mininet_course": {
        "exercise": set(),
        "places": set(),
        "compare": set(),
        "console": set(),
        "storage": set(),
        "record": {"storage"},
        "weights": set(),
        "plots": set(),
        "contents": {"exercise", "places"},
        "calling": {"places"},
        "checks": {"compare", "contents", "exercise", "probes"},
        "probes": {"contents", "exercise"},
        "engine": {"calling", "compare", "exercise"},
        "explorers": {"plots"},
        "notebook": {"exercise", "storage"},
        "shipped": {"exercise", "notebook", "places", "record"},
        "grading": {"calling", "checks", "compare", "engine", "exercise", "places", "probes", "shipped"}
        | {"notebook", "storage"},
    },
}
GROUND = {"arrays", "expect"}  # stands below everything and imports nothing but itself
PARTS = [
    (package, part.stem)
    for package in MAY_IMPORT
    for part in sorted((ROOT / package).iterdir())
    if (part.suffix == ".py" or (part / "__init__.py").is_file())
    and not part.name.startswith("_")
    and part.stem not in GROUND
]


def part_files(package: str, part: str) -> list[Path]:
    path = ROOT / package / part
    return sorted(path.glob("**/*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imported(source: str) -> set[str]:
    """Return what a source imports, anywhere in it, with dots: `from a import b` is a.b."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_parts(source: str, package: str) -> set[str]:
    """Return the parts of a package that a source imports: the second word of `mininet.layers.linear`."""
    return {name.split(".")[1] for name in imported(source) if name.startswith(f"{package}.")}


def disallowed(package: str, part: str, source: str) -> set[str]:
    """Return what a part imports and may not: other parts of its package, and all of mininet_course in mininet."""
    parts = {p for _, p in PARTS}  # `from mininet import __version__` imports no part
    above = imported_parts(source, package) & parts - MAY_IMPORT[package][part] - {part} - GROUND
    if package == "mininet":
        above |= {name.split(".")[0] for name in imported(source)} & {"mininet_course"}
    return above


def test_every_part_of_the_packages_is_in_the_plan() -> None:
    assert set(PARTS) == {(package, part) for package, parts in MAY_IMPORT.items() for part in parts}


@pytest.mark.parametrize(("package", "part"), PARTS)
def test_imports_run_one_way(package: str, part: str) -> None:
    for file in part_files(package, part):
        assert not disallowed(package, part, file.read_text()), f"{file.name} imports what may import it"


def namesakes(modules: Iterable[Path]) -> set[str]:
    """Return the names of modules that Python's own library has too."""
    return {module.stem for module in modules} & sys.stdlib_module_names


def test_no_module_of_mininet_has_the_name_of_one_of_pythons_own() -> None:
    assert namesakes(file for file in MODULES if file.parent.name != "tensor") == set()
    assert namesakes([ROOT / "mininet" / "typing.py"]) == {"typing"}


def test_the_plan_has_no_circle() -> None:
    for parts in MAY_IMPORT.values():
        # raises CycleError
        assert set(graphlib.TopologicalSorter(parts).static_order()) == set(parts)


def test_an_import_the_wrong_way_is_noticed() -> None:
    assert disallowed("mininet", "activations", "def f():\n    from mininet import layers") == {"layers"}
    assert disallowed("mininet", "data", "import mininet.training") == {"training"}
    assert disallowed("mininet_course", "plots", "from mininet_course.explorers.xor import x") == {
        "explorers"
    }
    for part in MAY_IMPORT["mininet"]:
        for source in (
            "import mininet_course",
            "from mininet_course import check",
            "import mininet_course.plots",
        ):
            assert disallowed("mininet", part, source) == {"mininet_course"}


# --- which chapter builds what -----------------------------------------------------------------


def chapter_of(source: str) -> str | None:
    """Return the chapter that a module's docstring says it is built in."""
    match = re.search(r'Built in the chapter "(\w+)"', ast.get_docstring(ast.parse(source)) or "")
    return match.group(1) if match else None


def home_of(name: str) -> Path | None:
    """Return the file of a module of mininet, or the file that a name which its face exports comes from."""
    path = ROOT.joinpath(*name.split("."))
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    if (path / "__init__.py").is_file():
        return path / "__init__.py"
    face = path.parent / "__init__.py"
    if not face.is_file():  # a name in a module
        return home_of(name.rpartition(".")[0])
    for node in ast.walk(ast.parse(face.read_text())):
        if isinstance(node, ast.ImportFrom) and path.name in {
            alias.asname or alias.name for alias in node.names
        }:
            return home_of(f"{node.module}.{path.name}")
    return None


def code(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "code")


def needed(source: str) -> set[Path]:
    """Return the files of mininet that a source imports from; of `from mininet.data import digits` digits.py alone."""
    return {file for name in imported(source) if name.startswith("mininet.") and (file := home_of(name))}


MODULES = sorted(file for file in (ROOT / "mininet").rglob("*.py") if not file.name.startswith("__"))


def true_chapters() -> dict[Path, str]:
    """Return the chapter in which each module of mininet first serves.

    That is the first whose page imports from it, or from a module that needs it. What a package exports
    and no page imports comes with the package's first module.
    """
    found: dict[Path, str] = {}
    for chapter in CHAPTERS:
        waiting = needed(code(read(BOOK / f"{chapter}.ipynb")))
        while waiting:
            file = waiting.pop()
            if file not in found:
                found[file] = chapter
                waiting |= needed(file.read_text())
    for file in set(MODULES) - set(found):
        beside = {found[other] for other in MODULES if other in found and other.parent == file.parent}
        if file.parent != ROOT / "mininet" and beside:
            found[file] = min(beside, key=CHAPTERS.index)
    return found


def untrue(modules: Mapping[Path, str]) -> list[str]:
    """Return what is wrong with the chapters that modules, given with their sources, say they are built in."""
    true = true_chapters()
    return [
        f"{file.relative_to(ROOT)}: says {chapter_of(source)}, first serves in {true.get(file)}"
        for file, source in modules.items()
        if chapter_of(source) is None or chapter_of(source) != true.get(file)
    ]


def test_every_module_of_mininet_says_truly_which_chapter_builds_it() -> None:
    assert untrue({file: file.read_text() for file in MODULES}) == []


def test_a_module_that_names_no_chapter_or_a_wrong_one_is_noticed() -> None:
    source = LAYERS.read_text()
    assert untrue({LAYERS: source}) == []
    for chapter in ("xor", "framework", "nowhere"):
        assert len(untrue({LAYERS: source.replace('chapter "layers"', f'chapter "{chapter}"')})) == 1
    assert len(untrue({LAYERS: source.replace('Built in the chapter "layers".', "")})) == 1


LAYERS = ROOT / "mininet" / "layers" / "linear.py"


def too_early(chapter: str, notebook: nbformat.NotebookNode) -> set[str]:
    """Return the parts that a chapter imports although a later chapter builds them."""
    built = CHAPTERS[: CHAPTERS.index(chapter) + 1]
    return {
        file.relative_to(ROOT).as_posix()
        for file in needed(code(notebook))
        if file.name != "__init__.py" and chapter_of(file.read_text()) not in built
    }


@pytest.mark.parametrize("path", [*NOTEBOOKS, *EXERCISES], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_notebook_imports_only_what_is_built_by_then(path: Path) -> None:
    assert not too_early(path.stem, read(path))


def test_an_import_too_early_is_noticed() -> None:
    cell = nbformat.v4.new_code_cell("from mininet.layers import mlp")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert too_early("xor", notebook) == {"mininet/layers/sequential.py"}
    assert not too_early("layers", notebook)


# --- the order of the chapters, from the table of contents alone -----------------------------------


def test_the_contents_name_every_chapter_with_its_exercises_and_solutions_in_one_order() -> None:
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
    pages = [page for part in parts for page in part["chapters"]]
    exercises = [page for page in pages if page["file"].startswith("exercises/")]
    numbered = [page["file"] for part in parts if part.get("numbered") for page in part["chapters"]]
    assert numbered == [f"book/{chapter}" for chapter in contents.CHAPTERS]
    assert [page["file"] for page in exercises] == [f"exercises/{chapter}" for chapter in contents.CHAPTERS]
    assert [[page["file"] for page in above["sections"]] for above in exercises] == [
        [f"solutions/{chapter}"] for chapter in contents.CHAPTERS
    ]


def test_every_chapter_has_its_files_and_no_file_has_no_chapter() -> None:
    for folder, suffix in {
        "book": ".ipynb",
        "exercises": ".ipynb",
        "exercises/sources": ".py",
        "solutions": ".ipynb",
        "mininet_course/checks": ".py",
        "mininet_course/probes": ".py",
        "mininet_course/explorers": ".py",
    }.items():
        names = {path.stem for path in (ROOT / folder).glob(f"*{suffix}") if not path.name.startswith("__")}
        names = {name for name in names if not name.endswith("-exercises")}  # a learner's copy
        others = {"intro", "explorer"} if folder in ("book", "mininet_course/explorers") else set()
        assert names - others == set(contents.CHAPTERS), folder


@pytest.mark.parametrize("folder", ["mininet_course", "tools", "live", "benchmarks"])
def test_no_list_of_chapters_stands_beside_the_table_of_contents(folder: str) -> None:
    """A list, a dictionary or an import of most of the chapters would have to be changed for every new one."""
    lists = [file.name for file in (ROOT / folder).rglob("*.py") if chapters_listed(file.read_text()) > 3]
    assert lists == []


def chapters_listed(source: str) -> int:
    """Return how many chapters the longest collection, or import, of a source names."""
    most = 0
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            names = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            names = [e.value for e in node.elts if isinstance(e, ast.Constant)]
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names] if node.module != "mininet" else []
        else:
            continue
        most = max(most, len(set(contents.CHAPTERS) & set(names)))
    return most


def test_a_list_of_chapters_is_noticed() -> None:
    assert chapters_listed("X = {'neuron': 1, 'xor': 2, 'layers': 3, 'mnist': 4}") == 4
    assert chapters_listed("from a import (neuron, xor, layers, mnist, robust)") == 5


# --- what the packages need ------------------------------------------------------------------------


def test_importing_mininet_imports_numpy_and_nothing_else() -> None:
    script = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import mininet\n"
        "print({name.split('.')[0] for name in set(sys.modules) - before} - {'mininet'})"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


# learners' checks, which run in the browser too, start without these parts of mininet_course
NOT_AT_THE_START = {"explorers", "grading"}
# of the plots, those that write text: a page in the browser shows them before matplotlib is there
WRITTEN = {"__init__", "autograd", "frames", "graph", "graph_layout", "palette"}


def modules_of(package: str, part: str) -> list[str]:
    return [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in part_files(package, part)
        if part != "plots" or file.stem in WRITTEN
    ]


def beyond_numpy(modules: Sequence[str]) -> set[str]:
    """Return what comes along when these modules are imported, besides NumPy and Python's own library."""
    script = (
        "import sys, importlib, numpy\n"
        "before = set(sys.modules)\n"
        f"for module in {list(modules)!r}: importlib.import_module(module)\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    found = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    ours = {"mininet", "mininet_course", "numpy", "cython_runtime"}  # the last is made by NumPy's own modules
    return {name for name in found if not name.startswith("_")} - ours


def test_no_part_of_mininet_needs_more_than_numpy_to_be_imported() -> None:
    assert beyond_numpy([m for part in PARTS if part[0] == "mininet" for m in modules_of(*part)]) == set()


def test_checks_and_pictures_written_as_text_need_no_more_than_numpy_to_be_imported() -> None:
    parts = [part for package, part in PARTS if package == "mininet_course"]
    light = [m for part in parts if part not in NOT_AT_THE_START for m in modules_of("mininet_course", part)]
    assert {"mininet_course.checks.xor", "mininet_course.plots.palette"} < set(light)
    assert beyond_numpy(["mininet_course.__main__", *light]) == set()


def test_an_import_of_more_than_numpy_is_noticed() -> None:
    assert {"matplotlib", "PIL"} <= beyond_numpy(["mininet_course.plots.style"])


SEEN_AT_THE_TOP = {"IPython", "ipycanvas", "ipywidgets", "matplotlib", "mpl_toolkits"}


def hidden_imports(source: str) -> set[str]:
    """Return which of these libraries a source imports elsewhere than at its top level."""
    tree = ast.parse(source)
    below = [node for statement in tree.body for node in ast.walk(statement) if node is not statement]
    names = {alias.name for node in below if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in below if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names} & SEEN_AT_THE_TOP


def test_libraries_of_pictures_and_widgets_are_imported_at_the_top_of_a_module() -> None:
    found = {file: hidden_imports(file.read_text()) for file in (ROOT / "mininet_course").rglob("*.py")}
    assert {file.name: names for file, names in found.items() if names} == {}


def test_an_import_hidden_in_a_function_is_noticed() -> None:
    planted = """
import ipywidgets

class Picture:
    def draw(self):
        with style():
            from matplotlib.patches import Rectangle
        import nbformat, IPython.display as display
"""
    assert hidden_imports(planted) == {"matplotlib", "IPython"}
    assert hidden_imports("import ipywidgets\nfrom matplotlib.axes import Axes") == set()


@pytest.mark.slow
def test_the_wheel_is_pure_python_and_holds_the_digits(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "mininet/data/digits.npz" in names
    assert not [n for n in names if n.endswith((".so", ".pyd"))]
    # the learner's notebooks travel along, their sources and the book do not
    notebooks = {n for n in names if n.endswith(".ipynb")}
    assert notebooks == {f"mininet_course/book/{path.relative_to(ROOT)}" for path in EXERCISES}
    assert not [n for n in names if "sources" in n]
    assert "mininet_course/book/_toc.yml" in names
    assert strangers(names) == set()


def strangers(names: Iterable[str]) -> set[str]:
    """Return what stands at a wheel's top beside the two packages and what pip needs to know of them."""
    about = f"mininet_course-{mininet.__version__}.dist-info"
    return {name.split("/")[0] for name in names} - {"mininet", "mininet_course", about}


def test_a_stranger_in_the_wheel_is_noticed_whatever_it_is_called() -> None:
    names = ["mininet/a.py", "mininet_course/b.py", f"mininet_course-{mininet.__version__}.dist-info/RECORD"]
    assert strangers(names) == set()
    assert strangers([*names, "_toc.yml", "mininet_course_tests/c.py"]) == {
        "_toc.yml",
        "mininet_course_tests",
    }


def test_float32_stays_float32_from_the_batch_to_the_updated_weights() -> None:
    from mininet.data import DataLoader, to_unit
    from mininet.layers import Linear, ReLU, Sequential, Sigmoid, Tanh
    from mininet.losses import cross_entropy
    from mininet.optim import SGD, Adam

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 6), dtype=np.uint8)
    labels = rng.integers(0, 3, 20)
    net = Sequential(
        Linear(6, 5, rng), ReLU(), Linear(5, 5, rng), Tanh(), Linear(5, 4, rng), Sigmoid(), Linear(4, 3, rng)
    )
    sgd = SGD(net.parameters(), lr=np.float64(0.1), momentum=0.9, nesterov=True, weight_decay=1e-3)
    for optimizer in (sgd, Adam(net.parameters(), lr=np.float64(0.001))):
        for x, y in DataLoader(images, labels, 8, rng):
            assert x.dtype == np.float32
            logits = net.forward(x)
            _, gradient = cross_entropy(logits, y)
            optimizer.zero_grad()
            below = net.backward(gradient)
            optimizer.step()
            arrays = [logits, gradient, below, *(p.grad for p in net.parameters())]
            assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert {p.data.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    assert to_unit(images).dtype == np.float32
