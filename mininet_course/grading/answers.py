"""What a student has answered, by exercise: the answer's cells and those written beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mininet_course.exercise import CourseError
from mininet_course.grading import content, records, variants
from mininet_course.grading.content import Notebook
from mininet_course.grading.pack import Pack

BEFORE = ""  # the place of cells that stand before the first exercise
MOST_CELLS = 40  # of one exercise; nobody reads more


@dataclass(frozen=True)
class Piece:
    """A cell of the student's: its text, and where it stands in the notebook."""

    is_code: bool
    text: str
    number: int
    attachments: Any = None


@dataclass
class Answer:
    """The answer to one exercise. ``left_out`` counts cells beyond those that anybody would read."""

    chapter: str  # the notebook's name without its ending
    pieces: list[Piece] = field(default_factory=list)
    touched: bool = False
    left_out: int = 0

    @property
    def words(self) -> str:
        """What was written in words."""
        return "\n\n".join(piece.text for piece in self.pieces if not piece.is_code and piece.text.strip())

    @property
    def code(self) -> str:
        """What was written in Python."""
        return "\n\n".join(piece.text for piece in self.pieces if piece.is_code)


def answers(pack: Pack, student: str) -> dict[str, Answer]:
    """Return what a student has answered, by exercise; a notebook that cannot be read answers nothing."""
    found: dict[str, Answer] = {}
    for file_name, released in variants.released(pack, student).items():
        try:
            notebook = content.read(records.submitted(pack, student) / file_name)
        except CourseError:
            continue
        found |= in_notebook(notebook, released, Path(file_name).stem)
    return found


def in_notebook(notebook: Notebook, released: Notebook, chapter: str) -> dict[str, Answer]:
    """Return the answers in a mended notebook: what it holds beyond the released one, exercise by exercise."""
    given: Mapping[object, str] = {cell.get("id"): cell["source"].strip() for cell in released["cells"]}
    found: dict[str, Answer] = {}
    of = BEFORE
    for number, cell in enumerate(notebook["cells"]):
        name, role = content.about(cell)
        of = name or of
        as_given = given.get(cell.get("id")) == cell["source"].strip()
        if role not in ("answer", "written") and (role or as_given):
            continue
        answer = found.setdefault(of, Answer(chapter))
        answer.touched = answer.touched or not (as_given or not cell["source"].strip())
        if len(answer.pieces) == MOST_CELLS:
            answer.left_out += 1
            continue
        is_code = cell["cell_type"] == "code"
        answer.pieces.append(Piece(is_code, cell["source"], number, cell.get("attachments")))
    return found
