"""Who has written nearly the same as somebody else: a question to ask, not a charge.

Code is taken apart by Pygments, which reads broken code too; layout does not count, and
neither do the names that somebody gave to things. What was handed out, what stands in the
book's solutions, and what many have written is taken away first: from that nobody can be
told. What is left is compared by RapidFuzz.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pygments.lexers import PythonLexer
from pygments.token import Comment, Name, Text
from rapidfuzz import process
from rapidfuzz.distance import Indel

from mininet_course.grading import content, records, variants
from mininet_course.grading.answers import Answer, answers
from mininet_course.grading.pack import Pack

ALIKE = 0.85  # of what is left of two submissions
FEWEST = 25  # words and signs; less may be chance
MANY, SHARE = 3, 0.1  # what more than three, and more than a tenth of the class, have written is common
MOST = 20_000  # characters of an answer
FIRST, LETTERS = 0x10000, 0x100000  # of the characters that stand for words and signs

Line = tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two students, how alike what is theirs alone is (0 to 1), how much that is, and where it is the same."""

    students: tuple[str, str]
    likeness: float
    size: int
    same: Sequence[str]


def pairs(pack: Pack) -> list[Pair]:
    """Return the pairs of students whose submissions are nearly the same, the most alike first."""
    written = {student: _written(answers(pack, student)) for student in records.students(pack)}
    own = _own(pack, written)
    left = {
        student: [t for lines in mine.values() for line in lines for t in line]
        for student, mine in own.items()
    }
    students = [student for student, tokens in left.items() if len(tokens) >= FEWEST]
    if len(students) < 2:
        return []
    # a letter of its own for each word and sign, as long as there are letters: RapidFuzz is quickest on texts
    tokens = dict.fromkeys(t for s in students for t in left[s])
    alphabet = {token: chr(FIRST + n % LETTERS) for n, token in enumerate(tokens)}
    texts = ["".join(alphabet[token] for token in left[student]) for student in students]
    table = process.cdist(texts, texts, scorer=Indel.normalized_similarity, score_cutoff=ALIKE)
    found = []
    for at, one in enumerate(students):
        for beside in range(at + 1, len(students)):
            if table[at, beside] >= ALIKE:
                other = students[beside]
                same = [name for name, lines in own[one].items() if lines and lines == own[other].get(name)]
                size = min(len(left[one]), len(left[other]))
                found.append(Pair((one, other), float(table[at, beside]), size, same))
    return sorted(found, key=lambda pair: (-pair.likeness, pair.students))


def _written(theirs: Mapping[str, Answer]) -> dict[str, list[Line]]:
    return {name: [*_code(answer.code), *_words(answer.words)] for name, answer in theirs.items()}


def _own(pack: Pack, written: Mapping[str, Mapping[str, Sequence[Line]]]) -> dict[str, dict[str, list[Line]]]:
    """Return of every submission the lines that are neither given, nor in the book's solutions, nor common."""
    known: set[Line] = set()
    for chapter in pack.chapters:
        for cell in content.solution(pack, chapter)["cells"]:
            known |= set(_code(cell["source"]) if cell["cell_type"] == "code" else _words(cell["source"]))
    for notebook in variants.released(pack, "").values():
        for cell in notebook["cells"]:
            known |= set(_code(cell["source"]) if cell["cell_type"] == "code" else _words(cell["source"]))
    counts = Counter(
        line for mine in written.values() for line in {line for lines in mine.values() for line in lines}
    )
    common = {line for line, count in counts.items() if count > max(MANY, SHARE * len(written))}
    return {
        student: {
            name: [line for line in lines if line not in known | common] for name, lines in mine.items()
        }
        for student, mine in written.items()
    }


def _code(source: str) -> Iterator[Line]:
    """Yield the lines of code as words and signs, with numbers in place of the names that somebody chose."""
    line: list[str] = []
    names: dict[str, str] = {}
    for kind, text in PythonLexer(ensurenl=True).get_tokens(source[:MOST]):
        if kind in Comment:
            yield from _words(text)
        elif kind in (Name, Name.Function, Name.Class, Name.Variable) and line[-1:] != ["."]:
            line.append(names.setdefault(text, f"name {len(names)}"))
        elif text.strip():
            line.append(text)
        if kind in Text and "\n" in text and line:
            yield tuple(line)
            line, names = [], {}


def _words(text: str) -> Iterator[Line]:
    """Yield the sentences of a text as words and signs."""
    for sentence in re.split(r"[.!?\n]\s*", text[:MOST].casefold()):
        words = re.findall(r"\w+|[^\w\s]", sentence)
        if words:
            yield tuple(words)
