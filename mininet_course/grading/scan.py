"""Lists what a human should look at before trusting a grade.

It accuses nobody and changes no score: the sandbox and the verdict outside stop most of
what these would be for. What is left is copying, and looking up the answer in the package.
Names are followed through imports, assignments, attributes and ``getattr``, from cell to
cell; what is hidden better than that is not seen.
"""

import ast
import builtins
import re
from collections.abc import Iterator

from mininet_course.grading.content import Notebook, about, at_most

# what the exercises never need
MODULES = {
    "builtins", "ctypes", "dill", "gc", "importlib", "inspect", "io", "IPython", "marshal", "multiprocessing", "os",
    "pathlib", "pickle", "requests", "runpy", "shutil", "signal", "socket", "subprocess", "sys", "tempfile",
    "threading", "types", "urllib",
    "jax", "sklearn", "tensorflow", "torch",
}  # fmt: skip
CALLS = {
    "__import__", "compile", "delattr", "eval", "exec", "get_ipython", "globals", "input", "locals", "open", "setattr",
    "vars",
}  # fmt: skip
METHODS = {
    "__array__", "__array_function__", "__array_interface__", "__array_ufunc__", "__class__", "__eq__",
    "__getattr__", "__getattribute__", "__instancecheck__", "__ne__", "__reduce__", "__reduce_ex__",
}  # fmt: skip
LOOKS = {
    "__builtins__", "__closure__", "__code__", "__defaults__", "__dict__", "__globals__", "__kwdefaults__",
    "__loader__", "__mro__", "__spec__", "__subclasses__", "__traceback__", "__wrapped__",
    "cr_frame", "f_back", "f_builtins", "f_globals", "f_locals", "gi_frame", "tb_frame",
}  # fmt: skip
# where the answers are, and what of it the exercises are for
OURS = "mininet_course"
FOR_STUDENTS = {f"{OURS}.{name}" for name in ("check", "hint", "list", "progress", "start")}
SOLUTION = f"{OURS}.solution"
# a command to IPython: %run x, !ls, name?, and also x = %pwd, x = !ls, which in Python nothing is
COMMAND = re.compile(r"[ \t]*(?:[%!?]|[^=#\n]{1,200}=[ \t]*[%!])|[ \t]*[\w.*]+\?{1,2}[ \t]*$")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def scan(notebook: Notebook, released: Notebook) -> list[str]:
    """Return remarks on what a student wrote, by cell and line; ``released`` is what was handed out."""
    given = {cell["source"] for cell in released["cells"]}
    trees = [tree for source in given if (tree := _parsed(source))]
    allowed = {name for tree in trees for name in _imported(tree)}
    reader, remarks = _Reader(allowed), []
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] != "code":
            continue
        found = reader.read(cell["source"])
        where = about(cell)[0] or f"cell {number}"
        if cell["source"] not in given:
            remarks += [f"{where}, line {line}: {what}" for line, what in sorted(found)]
    return at_most(remarks)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module != OURS:
                yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


class _Reader(ast.NodeVisitor):
    """Reads cells one after the other, and knows what their names stand for: ``np`` for numpy, ``e`` for eval."""

    def __init__(self, allowed: set[str]) -> None:
        self.allowed = allowed
        self.names: dict[
            str, str
        ] = {}  # what each name stands for, with dots; "" for something of the student's
        self.found: set[tuple[int, str]] = set()

    def read(self, source: str) -> set[tuple[int, str]]:
        """Return the lines and remarks for everything in a cell that is worth a look."""
        self.found = set()
        tree = _parsed(source)
        if tree is None:  # it does nothing, unless it has commands to IPython, which may do anything
            lines = source.split("\n")
            commands = {n: line for n, line in enumerate(lines) if COMMAND.match(line)}
            self.found |= {(n + 1, f"commands {line.strip()[:60]}") for n, line in commands.items()}
            for n, line in commands.items():
                lines[n] = f"{line[: len(line) - len(line.lstrip())]}pass"
            tree = _parsed("\n".join(lines))
        if tree:
            try:
                self.visit(tree)
            except RecursionError:
                self.found.add((1, "nests more deeply than can be read"))
        return self.found

    def remark(self, node: ast.AST, what: str) -> None:
        self.found.add((getattr(node, "lineno", 0), what))

    def origin(self, node: ast.AST | None) -> str:
        """Return what an expression stands for, as numpy.linalg.norm; "" if that cannot be told."""
        if isinstance(node, ast.Name):
            known = self.names.get(node.id)
            return node.id if known is None and hasattr(builtins, node.id) else known or ""
        if isinstance(node, ast.NamedExpr):
            return self.origin(node.value)
        if isinstance(node, ast.Attribute):
            return self.within(self.origin(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            return self.item(node)
        if isinstance(node, ast.Call):
            return self.result(node)
        return ""

    def within(self, of: str, name: str) -> str:
        of = of.removeprefix("builtins") if of == "builtins" else f"{of}." if of else "?"
        return "" if of == "?" else f"{of}{name}".removesuffix(".__dict__")

    def item(self, node: ast.Subscript) -> str:
        """Return what is taken from a module's dictionary: vars(m)["x"], m.__dict__["x"], sys.modules["m"]."""
        of, name = self.origin(node.value), _text(node.slice)
        if of == "sys.modules":
            return name
        is_dictionary = isinstance(node.value, ast.Call) or (
            isinstance(node.value, ast.Attribute) and node.value.attr == "__dict__"
        )
        return self.within(of, name) if of and name and is_dictionary else ""

    def result(self, node: ast.Call) -> str:
        """Return what a call gives where it gives a thing by its name, as getattr(m, "x") and __import__("m") do."""
        called, first = self.origin(node.func), node.args[0] if node.args else None
        if called in ("__import__", "importlib.import_module"):
            return _text(first)
        if called == "vars":
            return self.origin(first)
        if called == "getattr" and len(node.args) > 1:
            return self.within(self.origin(first), _text(node.args[1]))
        return ""

    # --- what is worth a look

    def thing(self, node: ast.AST, name: str, verb: str) -> None:
        """Remark on a thing, called by its name with dots, if students do not need it."""
        if name in self.allowed and name != SOLUTION:
            return
        if name == SOLUTION:
            self.remark(node, "shows the solution")
        elif name == OURS or (name.startswith(f"{OURS}.") and name not in FOR_STUDENTS):
            self.remark(node, f"{verb} {name}, where the answers are")
        elif name.split(".")[0] in MODULES and name.split(".")[0] not in self.allowed:
            self.remark(node, f"{verb} {name}")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.thing(node, alias.name, "imports")
            self.names[alias.asname or alias.name.split(".")[0]] = (
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        for alias in node.names:
            name = f"{module}.{alias.name}"
            if name == SOLUTION:
                pass  # the set-up imports it for everybody; using it is what is worth a look
            elif module == OURS or alias.name == "*":
                self.thing(node, name, "imports")
            else:
                self.thing(node, module, "imports")
            self.names[alias.asname or alias.name] = "" if alias.name == "*" else name

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use(node)
        else:
            self.replaced(node, node.value, node.attr)
        if node.attr in LOOKS:
            self.remark(node, f"looks at {node.attr}")
        self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load) and self.origin(node.value) and _text(node.slice):
            self.replaced(node, node.value, _text(node.slice))
        elif isinstance(node.ctx, ast.Load):
            self.use(node)
        self.generic_visit(node)

    def use(self, node: ast.expr) -> None:
        name = self.origin(node)
        if name in CALLS:
            self.remark(node, f"calls {name}()")
        elif "." in name or name == OURS:
            self.thing(node, name, "uses")

    def replaced(self, node: ast.AST, of: ast.expr, attribute: str) -> None:
        """Remark on an attribute that is set or deleted, where that changes what is not the student's."""
        owner = self.origin(of)
        if owner:
            shown = of.id if isinstance(of, ast.Name) else owner
            self.remark(node, f"replaces {shown}.{attribute}")
        elif attribute in METHODS:
            self.remark(node, f"defines {attribute}")

    def visit_Call(self, node: ast.Call) -> None:
        called = self.origin(node.func)
        if called == "getattr" and len(node.args) > 1:
            name = _text(node.args[1])
            if not name:
                self.remark(node, "calls getattr() with a name that it makes")
            elif name in LOOKS:
                self.remark(node, f"looks at {name}")
        self.use(node)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names[node.name] = ""
        for statement in node.body:
            targets = statement.targets if isinstance(statement, ast.Assign) else ()
            for target in [target.id for target in targets if isinstance(target, ast.Name)]:
                if target in METHODS:
                    self.remark(statement, f"defines {target}")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self.bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self.bind(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self.bind(node.target, node.value)

    def visit_For(self, node: ast.For) -> None:
        self.bind(node.target, None)
        self.generic_visit(node)

    def bind(self, target: ast.expr, value: ast.expr | None) -> None:
        """Note what a name stands for from here on; of a tuple each name by its place."""
        if isinstance(target, ast.Name):
            self.names[target.id] = self.origin(value)
        elif isinstance(target, ast.Tuple | ast.List):
            same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            values = (
                value.elts if same and isinstance(value, ast.Tuple | ast.List) else [None] * len(target.elts)
            )
            for one, of in zip(target.elts, values, strict=True):
                self.bind(one, of)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in METHODS:
            self.remark(node, f"defines {node.name}")
        self.names[node.name] = ""
        self.function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.names[node.name] = ""
        self.function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.function(node)

    def function(self, node: FUNCTIONS) -> None:
        """Read a function, whose arguments and variables are its own."""
        outside = dict(self.names)
        every = [
            *node.args.posonlyargs,
            *node.args.args,
            *node.args.kwonlyargs,
            node.args.vararg,
            node.args.kwarg,
        ]
        self.names |= {argument.arg: "" for argument in every if argument}
        self.generic_visit(node)
        self.names = outside


def _text(node: ast.AST | None) -> str:
    """Return a text that stands in the code; "" if it is none, or made."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
