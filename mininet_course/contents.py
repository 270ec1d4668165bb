"""The chapters in the book's order, read from its table of contents, `_toc.yml`: nothing else says what comes when."""

import re
from collections.abc import Sequence

from mininet_course.exercise import CourseError
from mininet_course.places import CONTENTS


def chapters(contents: str) -> list[str]:
    """Return the chapters that a table of contents has exercises of, in its order.

    Read line by line: learners have NumPy and no reader of YAML.

    >>> chapters("  - file: exercises/neuron\\n  - file: book/neuron\\n  - file: exercises/xor\\n")
    ['neuron', 'xor']
    """
    return re.findall(r"(?m)^[ -]*file: exercises/(\w+) *$", contents)


def _read() -> Sequence[str]:
    try:
        found = chapters(CONTENTS.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CourseError(f"The table of contents {CONTENTS} cannot be read ({problem.strerror}).") from None
    if not found:
        raise CourseError(
            f"The table of contents {CONTENTS} names no exercises, as in “- file: exercises/xor”."
        )
    return found


CHAPTERS = _read()
