"""Reads a notebook's file, whichever program has saved it, as the dict that it holds.

`check FILE` and grading read with this alone, so that what one of them takes the other takes too.
"""

import json
from typing import Any

from mininet_course import storage
from mininet_course.exercise import CourseError

Cell = dict[str, Any]
Notebook = dict[str, Any]

KINDS = ("code", "markdown", "raw")
MOST_CELLS = 2_000  # ours have some sixty
MOST_TEXT = 1_000_000  # characters of all cells together; ours have fifty thousand


def parse(data: bytes) -> Notebook:
    """Return the notebook that a file's bytes hold, every source as one string with the line ends of Python.

    CourseError, a sentence that begins with its verb, if they hold none, or more than anybody writes.
    """
    try:
        made = _parsed(data)
        cells = [_cell(cell) for cell in made["cells"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CourseError("is no notebook that can be read; it must be saved again in JupyterLab.") from None
    if len(cells) > MOST_CELLS:
        raise CourseError(f"holds {len(cells):,} cells, and more than {MOST_CELLS:,} are not taken.")
    text = sum(len(cell["source"]) for cell in cells)
    if text > MOST_TEXT:
        raise CourseError(f"holds {text:,} characters, and more than {MOST_TEXT:,} are not taken.")
    metadata = made.get("metadata")
    return made | {"cells": cells, "metadata": metadata if isinstance(metadata, dict) else {}}


def _parsed(data: bytes) -> Notebook:
    """Return what the file holds; ValueError if that is no JSON, TypeError if it is no dict."""
    try:
        made = storage.parse_json(data)
    except storage.Damaged:  # an old editor on Windows
        made = storage.parse_json(data.decode("cp1252", "replace").encode())
    if not isinstance(made, dict):
        raise TypeError
    text = json.dumps(made, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which JSON can hold and no file can
        made = json.loads(text.encode("utf-8", "replace"))
    return dict(made)


def _cell(cell: Any) -> Cell:
    """Return a cell with one text, metadata, and attachments only if they are some; an error if it is no cell."""
    source = cell.get("source", "")
    if cell["cell_type"] not in KINDS or not isinstance(source, str | list):
        raise ValueError
    text = "".join(source).replace("\r\n", "\n").replace("\r", "\n")
    metadata = cell.get("metadata")
    made = dict(cell) | {"source": text, "metadata": metadata if isinstance(metadata, dict) else {}}
    if not isinstance(made.get("id", ""), str):
        del made["id"]
    attachments = _attachments(made.pop("attachments", None))
    return made | ({"attachments": attachments} if attachments else {})


def _attachments(found: Any) -> dict[str, dict[str, str]]:
    """Return those attachments that are what the format says: by file name, a text for each type of content."""
    named = found if isinstance(found, dict) else {}
    return {
        name: {kind: "".join(data) for kind, data in kinds.items()}
        for name, kinds in named.items()
        if isinstance(kinds, dict) and kinds and all(map(_is_text, kinds.values()))
    }


def _is_text(data: Any) -> bool:
    return isinstance(data, str) or (isinstance(data, list) and all(isinstance(line, str) for line in data))
