"""Who is in the class, and what everybody is called: from the platform's table, and from what was handed in."""

import json
from collections.abc import Mapping
from pathlib import Path

from mininet_course.exercise import CourseError
from mininet_course.grading import collect, lms, records
from mininet_course.grading.pack import Pack

FILE = "roster.json"
NAMES = ("Student", "Full name", "name")


def take(pack: Pack, file: Path, key: str = "") -> None:
    """Keep who is in the class, of a platform's table."""
    table = lms.read_table(file)
    at = table.column(key or lms.usual_key(table))
    name = next((table.column(name) for name in NAMES if name in table.rows[0]), None)
    rows = [row for row in table.rows[1:] if len(row) > at and row[at].strip()]
    found = {
        student: row[name].strip() if name is not None and len(row) > name else ""
        for student, row in zip(lms.identifiers([row[at] for row in rows]), rows, strict=True)
        if not {*row[:2]} & {*lms.TEST_STUDENT}
    }
    records.write(pack.folder / FILE, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def people(pack: Pack) -> dict[str, str]:
    """Return the readable names by student, as far as roster or platform say them; everybody on the roster is there."""
    found = dict.fromkeys(pack.students, "")
    file = pack.folder / FILE
    if file.is_file():
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            found |= {str(student): str(name) for student, name in kept.items()}
        except (ValueError, AttributeError, RecursionError):
            raise CourseError(f"{file} is damaged. Run grade --roster with the table again.") from None
    for student, taken in collect.load(pack).items():
        found[student] = found.get(student) or str(taken.get("name", ""))
    return found


def called(student: str, names: Mapping[str, str]) -> str:
    """Return what to call a student: the id, and the name if there is one."""
    return f"{student} ({names[student]})" if names.get(student) else student
