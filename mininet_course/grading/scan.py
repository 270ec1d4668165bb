"""Lists what a human should look at before trusting a grade.

It accuses nobody and changes no score: the sandbox and the verdict outside stop most of
what these would be for. What is left is copying, and looking up the answer in the package.
"""

import ast
import re
from collections.abc import Iterator

from mininet_course.grading.content import Notebook, about

# what the exercises never need
MODULES = {
    "builtins", "ctypes", "dill", "gc", "importlib", "inspect", "multiprocessing", "os", "pickle", "requests",
    "shutil", "signal", "socket", "subprocess", "sys", "threading", "urllib",
    "jax", "sklearn", "tensorflow", "torch",
}  # fmt: skip
CALLS = {
    "__import__", "compile", "eval", "exec", "get_ipython", "getattr", "globals", "open", "setattr", "vars",
}  # fmt: skip
METHODS = {"__array__", "__array_function__", "__array_ufunc__", "__eq__", "__reduce__"}
ANSWERS = "mininet_course"  # where the answers are, besides what notebooks take from there
TAKEN = {"check", "hint", "list", "progress", "solution", "start"}


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
            tree = _parsed(_plain("\n".join("" if n in commands else line for n, line in enumerate(lines))))
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


def _plain(source: str) -> str:
    """Return a cell without what only IPython reads within a line: commands whose result gets a name, and help."""
    named = re.sub(r"(?m)^([^\n=%!]*=)[ \t]*[%!].*$", r"\1 get_ipython()", source)
    return re.sub(
        r"(?m)^[ \t]*\??[\w.]+\?{0,2}[ \t]*$", lambda line: "" if "?" in line[0] else line[0], named
    )


def _imported(tree: ast.Module | None) -> Iterator[str]:
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _remarks(tree: ast.Module, allowed: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the remark for everything in a cell that is worth a look."""
    modules, stored = {"np", "numpy", "math", "mininet"}, set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored.add(node.id)
        elif isinstance(node, ast.Assign) and _root(node.value) in modules:
            modules |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(ast.Module([node], [])):
                if name.split(".")[0] in MODULES and name not in allowed:
                    yield line, f"imports {name}"
                elif _is_of_answers(name, node):
                    yield line, f"imports {name}, where the answers are"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield line, f"calls {node.func.id}()"
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            if _root(node) in modules:
                yield line, f"replaces {ast.unparse(node)}"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in METHODS:
            yield line, f"defines {node.id}"
        elif isinstance(node, ast.Name) and node.id == "solution" and node.id not in stored:
            yield line, "shows the solution"
        elif isinstance(node, ast.FunctionDef) and node.name in METHODS:
            yield line, f"defines {node.name}"
        elif isinstance(node, ast.Attribute) and node.attr in ("__globals__", "__subclasses__", "__code__"):
            yield line, f"looks at {node.attr}"


def _root(node: ast.expr) -> str:
    """Return the name that a chain of attributes begins with: "np" of np.linalg.norm."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_of_answers(name: str, node: ast.Import | ast.ImportFrom) -> bool:
    if name != ANSWERS:
        return name.startswith(f"{ANSWERS}.")
    return isinstance(node, ast.Import) or any(alias.name not in TAKEN for alias in node.names)
