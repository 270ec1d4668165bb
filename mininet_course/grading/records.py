"""What grading a submission has found, kept so that nothing is graded twice."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import mininet
from mininet_course import storage
from mininet_course.grading.judging import Judgement
from mininet_course.grading.pack import EXERCISES, EXTRA, FILE, Pack
from mininet_course.storage import write as write

FOLDER = "grading"


@dataclass
class Record:
    """A graded submission: judgements by exercise, the cells' outputs by notebook, what a human should look at.

    ``state`` is a fingerprint of the submission and of all that it is judged by.
    """

    student: str
    state: str
    judgements: dict[str, Judgement] = field(default_factory=dict)
    outputs: dict[str, dict[int, list[dict[str, Any]]]] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    suspicious: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def save(self, pack: Pack) -> None:
        """Write it, all or nothing: a run that is stopped here leaves no half of it."""
        write(_file(pack, self.student), json.dumps(asdict(self), indent=1))


def load(pack: Pack, student: str) -> Record | None:
    """Return a student's record; None if there is none that fits what was handed in and what it is judged by."""
    try:
        kept = storage.read_json(_file(pack, student))
        kept["judgements"] = {
            name: Judgement(**made | {"parts": tuple(made["parts"])})
            for name, made in kept["judgements"].items()
        }
        kept["outputs"] = {
            chapter: {int(number): outputs for number, outputs in cells.items()}
            for chapter, cells in kept["outputs"].items()
        }
        record = Record(**kept)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    parts = [judgement.parts for judgement in record.judgements.values()]
    lists = [record.incidents, record.suspicious, record.repairs, *parts]
    texts = [text for j in record.judgements.values() for text in (j.state, j.report, j.mistake, j.incident)]
    if not all(isinstance(kept, list | tuple) for kept in lists):
        return None
    if not all(isinstance(text, str) for kept in [texts, *lists] for text in kept):
        return None
    return record if (record.student, record.state) == (student, state(pack, student)) else None


def worth(pack: Pack, name: str, judgement: Judgement | None) -> float:
    """Return the points that a verdict is worth: all if it is right, by parts if the assignment says so, else none."""
    if judgement is None:
        return 0.0
    if judgement.state == "right":
        return pack.points[name]
    parts = getattr(EXERCISES[name], "parts", ())
    return (
        pack.points[name] * len({*judgement.parts} & {*parts}) / len(parts) if name in pack.by_parts else 0.0
    )


def forget(pack: Pack, names: Sequence[str]) -> None:
    """Remove students' records, so that they are graded again."""
    for student in names:
        _file(pack, student).unlink(missing_ok=True)


def not_graded(pack: Pack) -> list[str]:
    """Return who has handed in something that is not graded as it stands now."""
    return [student for student in students(pack) if load(pack, student) is None]


def submitted(pack: Pack, student: str) -> Path:
    """Return the folder of a student's notebooks."""
    return pack.folder / "submitted" / student / pack.name


def students(pack: Pack) -> list[str]:
    """Return who has handed in."""
    found: Sequence[Path] = sorted((pack.folder / "submitted").glob(f"*/{pack.name}"))
    return [path.parent.name for path in found if path.is_dir()]


def state(pack: Pack, student: str) -> str:
    """Return a fingerprint of a submission and of all that it is judged by."""
    files = [pack.folder / FILE, pack.folder / EXTRA]
    for folder in (pack.folder / "release" / pack.name, submitted(pack, student)):
        files += sorted(folder.glob("*.ipynb"))
    digest = hashlib.sha256(mininet.__version__.encode())
    for file in files:
        data = file.read_bytes() if file.is_file() else b""
        digest.update(f"{file.name} {len(data)} ".encode() + data)
    return digest.hexdigest()


def _file(pack: Pack, student: str) -> Path:
    return pack.folder / FOLDER / f"{student}.json"
