"""“Open as notebook”: every notebook of the book in JupyterLite, beside the pages."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

SETTINGS = Path(__file__).parent / "lite"
# the kernel, and the browser's side of widgets; whatever else is installed here does not concern readers
EXTENSIONS = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
    "ipycanvas",
    "jupyterlab-myst",
)
ICON = '<link rel="icon" href="../../_static/logo.svg">'


class LiteProblem(Exception):
    """JupyterLite could not be built; the message is its own."""


def build(out: Path, contents: list[tuple[Path, str]]) -> None:
    """Build JupyterLite into the folder ``out``, with these files in it, each with its path there.

    The command is called as it is: Sphinx's extension for it asks another host for a font on every page.
    """
    shutil.rmtree(out, ignore_errors=True)  # the command only adds
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(SETTINGS, work, dirs_exist_ok=True)
        for file, path in contents:
            target = work / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".ipynb":
                target.write_text(_for_lite(file), encoding="utf-8")
            else:
                shutil.copyfile(file, target)
        command = [sys.executable, "-m", "jupyterlite_core.app", "build", "--output-dir", str(out.resolve())]
        installed = Path(sys.prefix, "share", "jupyter", "labextensions")
        command += [f"--LiteBuildConfig.federated_extensions={installed / name}" for name in EXTENSIONS]
        # without these JupyterLite takes settings of the machine's own Jupyter along
        environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LiteProblem(f"JupyterLite could not be built:\n{(done.stdout + done.stderr)[-3000:]}")
    page = out / "notebooks" / "index.html"
    text = page.read_text(encoding="utf-8")
    # JupyterLite names no icon, so browsers would ask for one that is not there
    page.write_text(text.replace("<head>", f"<head>\n    {ICON}", 1), encoding="utf-8")


def _for_lite(file: Path) -> str:
    """Return a notebook's text without what JupyterLite would show wrongly."""
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # neither glossary nor bibliography is there
            cell.source = re.sub(r"\{term\}`([^`<]*?)\s*(?:<[^`>]*>)?`", r"*\1*", cell.source)
            cell.source = re.sub(r"\{cite\}`([^`]*)`", r"(\1)", cell.source)
    # texts in one piece: of a list of lines it would show the commas
    return str(nbformat.writes(notebook, split_lines=False))
