"""Where the book's files lie, for the tests of notebooks and pages."""

from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
# a learner's copy that `start` put beside the chapters is not a chapter
NOTEBOOKS = sorted(path for path in BOOK.glob("*.ipynb") if not path.stem.endswith("-exercises"))
EXERCISES = sorted([*(ROOT / "exercises").glob("*.ipynb"), *(ROOT / "solutions").glob("*.ipynb")])


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)
