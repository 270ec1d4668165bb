"""Puts a student's answers back into the notebook that was handed out, before grading.

The released notebook is the skeleton: set-up, tasks and checks are always its own. From
the student come the answers and every cell that was added, where it stood. So a cell that
was deleted, copied, split, retyped or stripped of its marks costs nobody a point, and
what the student did is noted for the grader.
"""

import ast
import copy
import re
import unicodedata
import warnings
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from mininet_course.grading.content import Cell, Notebook, about, at_most
from mininet_course.grading.pack import EXERCISES

ANSWERS = ("answer", "written")  # the roles whose text is the student's
# No pattern here goes over a line's end and back: a student may write 400,000 empty lines.
SAFE_LINK = "(?:https?://|attachment:|#)"
CHECK = re.compile(r'^[ \t]*check\([ \t]*["\']([\w.-]+)["\']', re.MULTILINE)


@dataclass
class _Aligned:
    """Which of a student's cells is which of the released ones; the others are the student's own."""

    release: Sequence[Cell]
    theirs: list[Cell]
    place: dict[int, int] = field(default_factory=dict)  # theirs -> released
    dropped: set[int] = field(default_factory=set)  # theirs that say nothing new
    notes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # what theirs say, in the form that texts are compared in

    def where(self, released: int) -> int | None:
        """Return which of theirs is this released cell."""
        return next((mine for mine, other in self.place.items() if other == released), None)

    def free(self) -> list[int]:
        """Return theirs that have no place yet."""
        return [i for i in range(len(self.theirs)) if i not in self.place and i not in self.dropped]


def repair(release: Notebook, submitted: Notebook) -> tuple[Notebook, list[str]]:
    """Return the released notebook with a student's answers and additions in it, and notes on what was mended.

    Both as `content.read` gives them. Repairing what has been repaired changes nothing.
    """
    with warnings.catch_warnings():  # Python warns about what students write
        warnings.simplefilter("ignore")
        return _repaired(release, submitted)


def _repaired(release: Notebook, submitted: Notebook) -> tuple[Notebook, list[str]]:
    aligned = _Aligned(release["cells"], [*submitted["cells"]])
    _join_split(aligned)
    aligned.said = [plain(cell["source"]) for cell in aligned.theirs]
    _by_marks(aligned)
    _by_text(aligned)
    names = dict.fromkeys(name for name, role in map(about, release["cells"]) if role in ANSWERS)
    found = [name for name in names if _find_answer(aligned, name)]
    if found:
        aligned.notes.append(f"recognised by where it stands: the answer of {', '.join(found)}")
    return release | {"cells": _rebuilt(aligned)}, at_most(aligned.notes)


def plain(source: str) -> str:
    """Return a text in the form that texts are compared in: what editors do to blanks and accents is no edit."""
    text = unicodedata.normalize("NFC", source).replace("\N{NO-BREAK SPACE}", " ").replace("\ufeff", "")
    return "\n".join(line.expandtabs(4).rstrip() for line in text.split("\n")).strip()


def _join_split(a: _Aligned) -> None:
    """Join code cells that are Python only together: somebody split a cell in the middle of a function."""
    at = 0
    while at < len(a.theirs):
        broken = not _parses(a.theirs[at])
        for first, last in ((at - 1, at), (at, at + 1), (at - 1, at + 1), (at - 2, at), (at, at + 2)):
            pieces = a.theirs[max(first, 0) : last + 1]
            if not broken or len(pieces) <= last - first or not all(map(_joinable, pieces)):
                continue
            whole = {**pieces[0], "source": "\n".join(piece["source"] for piece in pieces)}
            whole["metadata"] = next((p["metadata"] for p in pieces if p["metadata"]), {})
            if _parses(whole):
                a.theirs[first : last + 1] = [whole]
                a.notes.append(f"a cell that was split is joined again: “{_first_line(whole)}”")
                at = first
                break
        at += 1


def _by_marks(a: _Aligned) -> None:
    """Recognise cells by what is kept in them: exercise and role, nbgrader's id, the cell's own id."""
    known = {mark: i for i, cell in enumerate(a.release) for mark in _marks(cell)}
    claims: dict[int, list[int]] = {}
    for mine, cell in enumerate(a.theirs):
        # the marks of a copied cell go with it, its id does not
        of = next((known[mark] for mark in _marks(cell) if mark in known), None)
        if of is not None:
            claims.setdefault(of, []).append(mine)
    for of, mines in claims.items():
        original = plain(a.release[of]["source"])
        changed = [mine for mine in mines if _source(a, mine) not in ("", original)]
        if about(a.release[of])[1] in ANSWERS:
            chosen = changed[-1] if changed else mines[0]
        else:
            chosen = next((mine for mine in mines if mine not in changed), mines[0])
        a.place[chosen] = of
        others = {mine for mine in mines if mine != chosen}
        same = {mine for mine in others if mine not in changed or _source(a, mine) == _source(a, chosen)}
        a.dropped |= same
        if others:
            kept = ", the others are kept as cells of their own" if others - same else ""
            a.notes.append(
                f"{_called(a.release[of])} was there {len(mines)} times: the last changed one counts{kept}"
            )


def _by_text(a: _Aligned) -> None:
    """Recognise cells without marks by what they say: the same text, a check's call, a task's heading."""
    for of, cell in enumerate(a.release):
        if a.where(of) is not None:
            continue
        name, role = about(cell)
        wanted = plain(cell["source"])
        heading = wanted.split("\n", 1)[0]
        for mine in a.free():
            source = _source(a, mine)
            # a stub may look like the stub of another exercise: answers are found by where they stand
            same = role not in ANSWERS and source == wanted
            call = CHECK.search(source) if role == "check" and source.count("\n") < 3 else None
            titled = role == "task" and source.startswith(heading)
            if same or (call and call[1] == name) or titled:
                a.place[mine] = of
                break
    copies = {plain(cell["source"]) for cell in a.release if about(cell)[1] not in ANSWERS}
    a.dropped |= {mine for mine in a.free() if _source(a, mine) in copies | {""}}


def _find_answer(a: _Aligned, name: str) -> bool:
    """Find the answer to an exercise where its cell is lost or was left as it was given; say whether it took that."""
    of = next(i for i, cell in enumerate(a.release) if about(cell)[0] == name and about(cell)[1] in ANSWERS)
    stub, mine, wanted = plain(a.release[of]["source"]), a.where(of), _names(a.release[of]["source"])
    near = [i for i in a.free() if i in _between(a, name, of)]
    stubs = [i for i in near if _source(a, i) == stub]
    if mine is None or _source(a, mine) in ("", stub):
        others = [i for i in near if i not in stubs]
        if wanted:  # code: what defines the expected names; the last definition counts
            found = [i for i in others if _names(_source(a, i)) & wanted][-1:]
        else:  # words: what was written first, in a cell for words if there is one
            words = [i for i in others if a.theirs[i]["cell_type"] != "code"]
            found = (words or ([] if mine is not None else others))[:1]
        if not found and mine is None:
            found = stubs[:1] or [
                i for i in a.free() if wanted and _distinct(a, name) <= _names(_source(a, i))
            ]
        if found:
            if mine is not None:
                del a.place[mine]
                a.dropped.add(mine)
            a.place[found[0]] = of
        elif mine is None:
            a.notes.append(f"{_called(a.release[of])} was missing and is put back empty")
    # a second stub would undo the answer above it
    a.dropped |= {i for i in stubs if i not in a.place}
    return a.where(of) != mine and a.where(of) not in stubs


def _between(a: _Aligned, name: str, of: int) -> range:
    """Return theirs from an exercise's beginning to the next one's, as far as they can be told."""
    last = max(i for i, cell in enumerate(a.release) if about(cell)[0] == name)
    before = [mine for mine, place in a.place.items() if place < of]
    after = [mine for mine, place in a.place.items() if place > last]
    return range(max(before, default=-1) + 1, min((m for m in after), default=len(a.theirs)))


def _distinct(a: _Aligned, name: str) -> set[str]:
    """Return the names that only this exercise's answer defines; one that nobody has if there is none."""
    own, others = set[str](), set[str]()
    for cell in a.release:
        if about(cell)[1] == "answer":
            (own if about(cell)[0] == name else others).update(_names(cell["source"]))
    return own - others or {" "}


def _rebuilt(a: _Aligned) -> list[Cell]:
    """Return the released cells in their order, with the answers, and the student's own cells where they stood."""
    added: dict[int, list[Cell]] = {}
    anchor = -1
    for mine, cell in enumerate(a.theirs):
        if mine in a.place:
            anchor = a.place[mine]
            added.setdefault(anchor, []).extend(_left_of(a, mine))
        elif mine not in a.dropped:
            added.setdefault(anchor, []).append(_own(cell))
    cells, missing = added.get(-1, []), dict[str, list[str]]()
    for of, released in enumerate(a.release):
        cell, at = copy.deepcopy(released), a.where(of)
        name, role = about(released)
        if at is None and role not in ANSWERS:
            missing.setdefault(f"the {role} of" if role else "the given cell", []).append(
                name if role else f"“{_first_line(released)}”"
            )
        elif at is not None and role == "check":
            cells += _renamed(a, name, released["source"], a.theirs[at]["source"])
        elif at is not None and role in ANSWERS:
            theirs = a.theirs[at]
            pictures = theirs.get("attachments", {}) if cell["cell_type"] == "markdown" else {}
            cell["source"] = theirs["source"] if role == "answer" else harmless(theirs["source"], pictures)
            if pictures:
                cell["attachments"] = pictures
            if theirs["cell_type"] != cell["cell_type"]:
                kind = theirs["cell_type"]
                a.notes.append(f"{_called(released)} was turned into a {kind} cell and is turned back")
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        cells += [cell, *added.get(of, [])]
    if missing:
        what = "; ".join(f"{kind} {', '.join(names)}" for kind, names in missing.items())
        a.notes.append(f"missing and put back: {what}")
    _number(cells)
    return cells


def _left_of(a: _Aligned, mine: int) -> list[Cell]:
    """Return what a student wrote into a cell that is not for answers, as a cell of its own, if it may matter."""
    released, theirs = a.release[a.place[mine]], a.theirs[mine]
    role = about(released)[1]
    same = _source(a, mine) == plain(released["source"])
    if role or released["cell_type"] != "code" or same or _is_same_code(theirs, released):
        if role == "check" and not same:
            a.notes.append(f"{_called(released)} was changed and is put back")
        return []
    a.notes.append(
        f"{_called(released)} was changed: it is put back, and theirs follows as a cell of its own"
    )
    return [_own(theirs)]


def _is_same_code(theirs: Cell, released: Cell) -> bool:
    """Say whether two cells are the same to Python, as after an editor that lays code out anew."""
    if theirs["cell_type"] != "code" or not _parses(theirs):
        return False
    try:
        return ast.dump(ast.parse(theirs["source"])) == ast.dump(ast.parse(released["source"]))
    except RecursionError:  # it nests more deeply than any of ours
        return False


def _renamed(a: _Aligned, name: str, released: str, theirs: str) -> list[Cell]:
    """Return a cell that gives an answer its expected name, where the student changed name and check alike."""
    wanted, got = _arguments(released), _arguments(theirs)
    pairs = [(w, g) for w, g in zip(wanted, got, strict=False) if w != g]
    if len(wanted) != len(got) or not pairs:
        return []
    a.notes.append(f"{name}: " + ", ".join(f"{g} is taken for {w}" for w, g in pairs))
    return [_own({"cell_type": "code", "source": "\n".join(f"{w} = {g}" for w, g in pairs)})]


def _arguments(source: str) -> list[str]:
    """Return the plain names that a check is called with."""
    try:
        call = ast.parse(source).body[0]
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError):
        return []
    if not (isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)):
        return []
    return [argument.id for argument in call.value.args if isinstance(argument, ast.Name)]


def _parses(cell: Cell) -> bool:
    if cell["cell_type"] == "code":
        try:
            ast.parse(cell["source"])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _joinable(cell: Cell) -> bool:
    return cell["cell_type"] == "code" and about(cell)[1] in ("", "answer")


def _names(source: str) -> set[str]:
    """Return the functions, classes and variables that a cell defines at the left margin, also a broken cell."""
    defined = re.findall(r"^(?:def|class)[ \t]+(\w+)", source, re.MULTILINE)
    return {*defined, *re.findall(r"^(\w+)[ \t]*=(?!=)", source, re.MULTILINE)}


def _marks(cell: Cell) -> Iterable[object]:
    name, role = about(cell)
    if name in EXERCISES and role:
        yield (name, role)
    mark = cell["metadata"].get("nbgrader")
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        yield mark["grade_id"]
    if not role and isinstance(cell.get("id"), str):
        yield ("id", cell["id"])


def _source(a: _Aligned, mine: int) -> str:
    return a.said[mine]


def _called(cell: Cell) -> str:
    """Return what to call a released cell in a note."""
    name, role = about(cell)
    if role:
        return {"answer": "the answer", "written": "the answer"}.get(role, f"the {role}") + f" of {name}"
    return f"the given cell “{_first_line(cell)}”"


def _first_line(cell: Cell) -> str:
    return str(cell["source"]).strip().split("\n", 1)[0][:40]


def _own(cell: Cell) -> Cell:
    """Return a student's cell with nothing but its text."""
    if cell["cell_type"] == "code":
        kept = {"cell_type": "code", "metadata": {}, "source": cell["source"]}
        return kept | {"outputs": [], "execution_count": None}
    # a raw cell's text would go into a page as it is
    pictures = cell.get("attachments", {})
    kept = {"cell_type": "markdown", "metadata": {}, "source": harmless(cell["source"], pictures)}
    return kept | ({"attachments": pictures} if pictures else {})


def harmless(text: str, pictures: Container[str] = ()) -> str:
    """Return a student's words so that a page that shows them holds no HTML of theirs and no link but to the web.

    nbgrader's pages do not clean what they show, and a grader is logged in where they are
    opened. A space does it, and changes no formula. A picture that is not among the attached
    ones is none: nbconvert would make no page at all.
    """
    text = re.sub(
        r"attachment:([^\s)>\"']*)", lambda m: m[0] if m[1] in pictures else f"attached: {m[1]}", text
    )
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(rf"\]\((?!{SAFE_LINK})", "] (", text)
    # wherever it stands: in a list or a quotation a line may begin otherwise than with the bracket
    return re.sub(rf"\]:(?!\s{{0,9}}{SAFE_LINK})", "] :", text)


def _number(cells: Sequence[Cell]) -> None:
    """Give every added cell an id of its own."""
    taken = {cell["id"] for cell in cells if "id" in cell}
    number = 0
    for cell in cells:
        while "id" not in cell:
            number += 1
            if f"added-{number}" not in taken:
                cell["id"] = f"added-{number}"
