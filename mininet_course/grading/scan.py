"""Lists what a human should look at before trusting a grade.

It accuses nobody and changes no score: the sandbox and the verdict outside stop most of
what these would be for. What is left is copying, and looking up the answer in the package.
"""

import ast
from collections.abc import Iterator

from mininet_course.grading.content import Notebook, about

# what the exercises never need
MODULES = {
    "builtins", "ctypes", "dill", "gc", "importlib", "inspect", "multiprocessing", "os", "pickle", "requests",
    "shutil", "signal", "socket", "subprocess", "sys", "threading", "urllib",
    "jax", "sklearn", "tensorflow", "torch",
}  # fmt: skip
CALLS = {"__import__", "compile", "eval", "exec", "get_ipython", "globals", "open", "setattr", "vars"}
METHODS = {"__array__", "__array_function__", "__array_ufunc__", "__eq__", "__reduce__"}
# where the answers are
ANSWERS = "mininet_course."


def scan(notebook: Notebook, released: Notebook) -> list[str]:
    """Return remarks on what a student wrote, by cell and line; ``released`` is what was handed out."""
    given = {cell["source"] for cell in released["cells"]}
    allowed = {name for source in given for name in _imported(_parsed(source))}
    remarks = []
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] != "code" or cell["source"] in given:
            continue
        found = set()
        tree = _parsed(cell["source"])
        if tree is None:  # it does nothing, unless it has commands to IPython, which may do anything
            lines = cell["source"].split("\n")
            commands = {n: line.strip() for n, line in enumerate(lines) if line.lstrip()[:1] in ("%", "!")}
            found = {(n + 1, f"commands {line[:60]}") for n, line in commands.items()}
            tree = _parsed("\n".join("" if n in commands else line for n, line in enumerate(lines)))
        if tree:
            found |= set(_remarks(tree, allowed))
        where = about(cell)[0] or f"cell {number}"
        remarks += [f"{where}, line {line}: {what}" for line, what in sorted(found)]
    return remarks


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module | None) -> Iterator[str]:
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _remarks(tree: ast.Module, allowed: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the remark for everything in a cell that is worth a look."""
    modules = {"np", "numpy", "math", "mininet"}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = list(_imported(ast.Module([node], [])))
            modules |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
            for name in names:
                if name.split(".")[0] in MODULES and name not in allowed:
                    yield line, f"imports {name}"
                elif name.startswith(ANSWERS):
                    yield line, f"imports {name}, where the answers are"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in CALLS:
                yield line, f"calls {node.func.id}()"
            elif node.func.id == "solution":
                yield line, "shows the solution"
        elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in modules
            ):
                yield line, f"replaces {node.value.id}.{node.attr}"
        elif isinstance(node, ast.FunctionDef) and node.name in METHODS:
            yield line, f"defines {node.name}"
        elif isinstance(node, ast.Attribute) and node.attr in ("__globals__", "__subclasses__", "__code__"):
            yield line, f"looks at {node.attr}"
