"""Remembers what a learner has solved, in one small file of their own; no accounts.

The file is ``mininet/progress.json`` in the user's data folder, or wherever the
environment variable MININET_PROGRESS says. In the browser it lasts as long as the page.
"""

import json
import os
import sys
from pathlib import Path
from typing import TypedDict


class Entry(TypedDict):
    """What is kept for one exercise: the last outcome ("pass" stays) and how many hints were taken."""

    outcome: str
    hints: int


Record = dict[str, Entry]


class RecordProblem(Exception):
    """The file cannot be read or written; what it holds is left untouched."""


def path() -> Path:
    """Return where the file is or will be. Errors: `RecordProblem` where nothing says so, not even a home folder."""
    chosen = os.environ.get("MININET_PROGRESS")
    if chosen:
        return _expanded(chosen)
    if sys.platform == "win32":
        folder = _expanded(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
    elif sys.platform == "darwin":
        folder = _expanded("~/Library/Application Support")
    else:
        folder = _expanded(os.environ.get("XDG_DATA_HOME") or "~/.local/share")
    return folder / "mininet" / "progress.json"


def _expanded(name: str) -> Path:
    """Return a path in which ~ is the home folder: no shell has seen one that comes from a settings file."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise RecordProblem(
            "Progress is not kept: this user has no home folder. Set MININET_PROGRESS to a file that may be written."
        ) from None


def load() -> Record:
    """Return what is kept, by exercise; nothing if there is no file yet."""
    file = path()
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(name): Entry(outcome=str(entry["outcome"]), hints=int(entry["hints"]))
            for name, entry in kept.items()
        }
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise RecordProblem(f"The progress file {file} cannot be read ({problem.strerror}).") from problem
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise RecordProblem(
            f"The progress file {file} is damaged. It was left as it is; rename it, and a new one is begun."
        ) from problem


def note(name: str, outcome: str | None = None, hints: int | None = None) -> None:
    """Keep an outcome or the number of hints taken for one exercise; "pass" is never taken back."""
    record = load()
    entry = record.get(name, Entry(outcome="", hints=0))
    if outcome is not None and entry["outcome"] != "pass":
        entry["outcome"] = outcome
    if hints is not None:
        entry["hints"] = hints
    _save(record | {name: entry})


def _save(record: Record) -> None:
    file = path()
    # written beside it and moved into place: a crash halfway loses nothing
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(file)
    except OSError as problem:
        raise RecordProblem(f"Progress could not be kept in {file} ({problem.strerror}).") from problem
