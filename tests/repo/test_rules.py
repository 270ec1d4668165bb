"""The package's rules: imports run one way, chapters import what is built, NumPy alone, float32 stays."""

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest

from tests.support.files import BOOK, EXERCISES, NOTEBOOKS, ROOT, read

PACKAGE = ROOT / "mininet"
CHAPTERS = [
    "intro",
    "neuron",
    "xor",
    "layers",
    "mnist",
    "adversarial",
    "robust",
    "autograd",
    "tensor",
    "framework",
]
BELOW = {
    "activations",
    "attacks",
    "browser",
    "data",
    "gradcheck",
    "init",
    "layers",
    "losses",
    "modes",
    "neuron",
    "optim",
    "training",
}
AUTOGRAD = {"checkpoint", "functional", "nn", "state", "tensor"}
# what a part of the package may import from the package, besides `typing`: see the design's picture
MAY_IMPORT = {
    "activations": set(),
    "neuron": {"activations"},
    "losses": {"activations"},
    "gradcheck": set(),
    "init": set(),
    "optim": set(),
    "browser": set(),
    "data": {"browser"},
    "kernels": set(),
    "modes": set(),
    "layers": {"activations", "init", "kernels", "state"},
    "training": {"browser", "data", "losses", "modes", "optim"},
    "attacks": {"losses", "modes"},
    "state": set(),
    "tensor": set(),
    "functional": {"activations", "kernels", "losses", "tensor"},
    "nn": {"functional", "gradcheck", "init", "kernels", "layers", "losses", "state", "tensor"},
    "checkpoint": set(),
    "plots": {"activations", "gradcheck"},
    "widgets": BELOW | AUTOGRAD | {"plots"},
    # exercises may use what chapters build, and nothing may use them
    "course": BELOW | AUTOGRAD,
}
PARTS = sorted(p.stem for p in PACKAGE.iterdir() if not p.name.startswith(("_", "typing", "py.typed")))


def part_files(part: str) -> list[Path]:
    path = PACKAGE / part
    return sorted(path.glob("**/*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imported_parts(source: str) -> Iterator[str]:
    """Yield the parts of mininet that a source imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "mininet":
            names = [f"mininet.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (name.split(".")[1] for name in names if name.startswith("mininet."))


def chapter_of(file: Path) -> str | None:
    """Return the chapter that a module's docstring says it is built in."""
    match = re.search(
        r'Built in the chapter "([\w-]+)"', ast.get_docstring(ast.parse(file.read_text())) or ""
    )
    return match.group(1) if match else None


def disallowed(part: str, source: str) -> set[str]:
    return set(imported_parts(source)) - MAY_IMPORT[part] - {part, "typing"}


def too_early(chapter: str, notebook: nbformat.NotebookNode) -> set[str]:
    """Return the parts that a chapter imports although a later chapter builds them."""
    source = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    built = CHAPTERS[: CHAPTERS.index(chapter) + 1]
    return {part for part in imported_parts(source) if chapter_of(part_files(part)[0]) not in built}


def test_every_part_of_the_package_is_in_the_plan() -> None:
    assert set(PARTS) == set(MAY_IMPORT)


@pytest.mark.parametrize("part", PARTS)
def test_imports_run_one_way(part: str) -> None:
    for file in part_files(part):
        assert not disallowed(part, file.read_text()), f"{file.name} imports what may import it"


def test_an_import_the_wrong_way_is_noticed() -> None:
    assert disallowed("activations", "def f():\n    from mininet import layers") == {"layers"}
    assert disallowed("data", "import mininet.training") == {"training"}
    for part in set(PARTS) - {"course"}:
        assert disallowed(part, "from mininet_course import check") == {"course"}


@pytest.mark.parametrize("part", PARTS)
def test_every_module_says_which_chapter_builds_it(part: str) -> None:
    for file in part_files(part):
        assert chapter_of(file) in CHAPTERS, (
            f"{file}: 'Built in the chapter \"…\"' is missing or names no chapter"
        )


@pytest.mark.parametrize("path", EXERCISES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_exercises_import_only_what_is_built_by_then(path: Path) -> None:
    assert not too_early(path.stem, read(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_chapter_imports_only_what_is_built_by_then(path: Path) -> None:
    assert not too_early(path.stem, read(path))


def test_an_import_too_early_is_noticed() -> None:
    cell = nbformat.v4.new_code_cell("from mininet.layers import mlp")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert too_early("xor", notebook) == {"layers"}
    assert not too_early("layers", notebook)


def test_every_chapter_of_the_contents_has_its_place_in_the_order() -> None:
    contents = re.findall(r"(?:file|root): book/([\w-]+)", (ROOT / "_toc.yml").read_text())
    assert [name for name in contents if name in {p.stem for p in NOTEBOOKS}] == [
        name for name in CHAPTERS if (BOOK / f"{name}.ipynb").exists()
    ]


def test_importing_mininet_imports_numpy_and_nothing_else() -> None:
    script = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import mininet\n"
        "print({name.split('.')[0] for name in set(sys.modules) - before} - {'mininet'})"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


# nbgrader, otter and the sandbox load these by name; they are made of those tools' classes
OF_TOOLS = {"by_hand", "inside", "otter_plugin", "stubs"}


def test_no_part_needs_more_than_numpy_to_be_imported() -> None:
    # what chapters import at their top must not drag in matplotlib, ipywidgets, pooch or tqdm
    modules = [
        ".".join(f.relative_to(ROOT).with_suffix("").parts)
        for part in PARTS
        for f in part_files(part)
        if f.parent.name != "packs" or f.stem not in OF_TOOLS
    ]
    modules = [m.removesuffix(".__init__") for m in modules if not m.endswith("__main__")]
    script = (
        "import sys, importlib\n"
        f"for module in {modules!r}: importlib.import_module(module)\n"
        "foreign = {'matplotlib', 'ipywidgets', 'IPython', 'pooch', 'tqdm', 'ipycanvas', 'PIL'}\n"
        "print(foreign & {name.split('.')[0] for name in sys.modules})"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


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
    assert notebooks == {f"mininet_course/notebooks/{path.relative_to(ROOT)}" for path in EXERCISES}
    assert not [n for n in names if "sources" in n]
    assert {n.split("/")[0] for n in names if not n.startswith("mininet_course")} == {"mininet"}


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
