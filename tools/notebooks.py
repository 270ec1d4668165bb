"""Run the book's notebooks and bring them into the form in which they are committed.

    python -m tools.notebooks run book/xor.ipynb      execute from top to bottom, then normalise
    python -m tools.notebooks normalise book/*.ipynb  only normalise
    python -m tools.notebooks check book/*.ipynb      exit 1 if one is not normalised

Normalised: cell ids made from the cells' content, no times, no widget state (an
explorer keeps its still picture), pictures with a palette of 256 colours (a third of
the size), one form of metadata. Running twice changes nothing
but what the code itself prints.
"""

import argparse
import base64
import hashlib
import io
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from PIL import Image

from mininet_course import console
from mininet_course.plots.frames import FRAMES

KEPT_CELL_METADATA = ("exercise", "mystnb", "slideshow", "tags")
# in the metadata of a notebook that a program makes: from what, and how to make it anew
GENERATED = "generated"
WIDGET = "application/vnd.jupyter.widget-view+json"
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Bring a notebook into its committed form, in place, and return it."""
    generated = {key: notebook.metadata[key] for key in (GENERATED,) if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA | generated)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    for cell in notebook.cells:
        cell.source = cell.source.strip("\n")
        kept = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        # folded in JupyterLab as on the page
        folds = {"hide-input": "source_hidden", "hide-output": "outputs_hidden"}
        folded = {folds[tag]: True for tag in kept.get("tags", []) if tag in folds}
        if folded:
            kept["jupyter"] = folded
        cell.metadata = nbformat.from_dict(kept)
        cell["id"] = _identity(cell, seen)
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(_without_widget, cell.outputs) if output is not None]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = _with_palette(output.data["image/png"])
    return notebook


def _identity(cell: NotebookNode, seen: set[str]) -> str:
    repeat = 0
    while True:
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}\n{repeat}".encode()).hexdigest()[:8]
        if name not in seen:
            seen.add(name)
            return name
        repeat += 1


def _without_widget(output: NotebookNode) -> NotebookNode | None:
    """Return the output without its live widget; None if nothing else was in it, as in a progress bar."""
    data = output.get("data")
    if data is None or WIDGET not in data:
        return output
    del data[WIDGET]
    return output if any(kind.startswith(("image/", "text/html")) for kind in data) else None


def _with_palette(png: str) -> str:
    """Return a base64 PNG with at most 256 colours; one that has a palette already stays as it is."""
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "P":
        return png
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(image, mask=image if image.mode == "RGBA" else None)
    buffer = io.BytesIO()
    on_white.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def run(path: Path) -> None:
    """Execute a notebook in its folder and write it back, normalised; an error leaves it as it was."""
    notebook = read(path)
    os.environ.pop("MPLBACKEND", None)  # one set from outside would keep figures out of the notebook
    NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
    ).execute(env=os.environ | {FRAMES: "1"})
    write(normalise(notebook), path)


def read(path: Path) -> NotebookNode:
    """Return the notebook in a file."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def as_text(notebook: NotebookNode) -> str:
    """Return a notebook's text as Jupyter writes it: one space of indent, keys sorted."""
    return f"{nbformat.writes(notebook)}\n"


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook as Jupyter does."""
    path.write_text(as_text(notebook), encoding="utf-8")


def markdown_cell(source: str, **fields: object) -> NotebookNode:
    """Return a new Markdown cell."""
    cell: NotebookNode = nbformat.v4.new_markdown_cell(source, **fields)
    return cell


def code_cell(source: str, **fields: object) -> NotebookNode:
    """Return a new code cell."""
    cell: NotebookNode = nbformat.v4.new_code_cell(source, **fields)
    return cell


def _normalised_text(path: Path) -> str:
    return as_text(normalise(read(path)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["run", "normalise", "check"])
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    failed = False
    for path in options.notebooks:
        if options.action == "run":
            print(f"running {path} …", flush=True)
            try:
                run(path)
            except CellExecutionError as error:
                print(f"{path}: a cell failed; the file is unchanged.\n{error}", file=sys.stderr)
                failed = True
        elif options.action == "normalise":
            path.write_text(_normalised_text(path), encoding="utf-8")
        elif path.read_text(encoding="utf-8") != _normalised_text(path):
            print(
                f"{path}: not normalised; run `python -m tools.notebooks normalise {path}`", file=sys.stderr
            )
            failed = True
    return int(failed)


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
