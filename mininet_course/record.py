"""Remembers what a learner has solved, in one small file of their own; no accounts.

The file is ``mininet/progress.json`` in the user's data folder, or wherever the
environment variable MININET_PROGRESS says. In the browser it lasts as long as the page.
What a newer version of the course has noted there, and this one does not know, stays.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, TypedDict

from mininet_course import storage

OUTCOMES = ("", "not written yet", "stopped", "not yet", "pass")
SECONDS = 10.0  # for which another process is waited for; it takes milliseconds


class Entry(TypedDict):
    """What is kept for one exercise: the last outcome ("pass" stays) and how many hints were taken."""

    outcome: str
    hints: int


Record = dict[str, Entry]


class RecordProblem(Exception):
    """The file cannot be read or written; what it holds is left untouched."""


def path() -> Path:
    """Return where the file is or will be."""
    chosen = os.environ.get("MININET_PROGRESS")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return folder / "mininet" / "progress.json"


def load() -> Record:
    """Return what is kept, by exercise; nothing if there is no file yet.

    An outcome that is none of OUTCOMES is a newer version's.
    """
    return {
        name: Entry(outcome=entry.get("outcome", ""), hints=entry.get("hints", 0))
        for name, entry in _read().items()
        if _is_exercise(name)
    }


def note(name: str, outcome: str | None = None, hints: int | None = None) -> None:
    """Keep an outcome or the number of hints taken for one exercise.

    "pass" is never taken back, nor is an outcome that only a newer version knows.
    """
    file = path()
    try:
        with storage.locked(file, SECONDS):
            kept = _read()
            entry = kept.setdefault(name, {"outcome": "", "hints": 0})
            before = entry.get("outcome", "")
            if outcome is not None and before in OUTCOMES and before != "pass":
                entry["outcome"] = str(outcome)
            if hints is not None:
                entry["hints"] = hints
            storage.write(file, json.dumps(kept, indent=1, sort_keys=True) + "\n")
    except OSError as problem:
        raise RecordProblem(f"Progress could not be kept in {file} ({problem.strerror}).") from problem


def _read() -> dict[str, Any]:
    """Return all that the file holds, also what only a newer version can read; RecordProblem if it is damaged."""
    file = path()
    try:
        kept = storage.read_json(file)
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise RecordProblem(f"The progress file {file} cannot be read ({problem.strerror}).") from problem
    except storage.Damaged:
        kept = None
    if not isinstance(kept, dict) or not all(_is_entry(kept[name]) for name in kept if _is_exercise(name)):
        raise RecordProblem(
            f"The progress file {file} is damaged. It was left as it is; rename it, and a new one is begun."
        )
    return kept


def _is_exercise(name: str) -> bool:
    """Say whether this names an exercise, as xor.3 does, and no other thing that a newer version keeps."""
    return "." in name


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    hints = entry.get("hints", 0)
    return isinstance(entry.get("outcome", ""), str) and type(hints) is int and hints >= 0
