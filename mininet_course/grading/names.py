"""What students are called: by a platform, in folders, and in tables."""

import re
import unicodedata

# in a student's name: not in folders' names on every system, patterns to nbgrader, a formula to a spreadsheet
FORBIDDEN = '<>:"|\\?*[]=/'
LONGEST = 200  # bytes of a student's name, which names files
# begins what a spreadsheet takes for a formula, in full width too
FORMULAS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
# what rules a terminal, or turns the order in which the rest of a line is read
RULING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# "Participant 4711", "Teilnehmer/in 4711", "Participant4711", "参与者 4711": a word in any language, then the number
NUMBERED = re.compile(r"(?P<word>[^\d\s][^\d]*)(?P<number>\d+)")


def normal(text: str) -> str:
    """Return a name in the one form that it is compared in: a letter with an accent is one character or two."""
    return unicodedata.normalize("NFC", text).strip()


def problem(student: str) -> str:
    """Say why a student cannot be called this, since it names folders and stands in tables; nothing if it can."""
    if not student:
        return "no student's name in it; name it student_file.ipynb, or put it into a folder student/"
    if student.startswith("."):
        return "a student's name cannot begin with a dot; rename it"
    bad = next((c for c in student if c in FORBIDDEN or not c.isprintable()), None)
    if bad:
        return f"a student's name cannot hold the character {bad!r}; rename it"
    if student[0] in FORMULAS:
        return f"a student's name cannot begin with {student[0]!r}, which a spreadsheet calculates; rename it"
    if len(student.encode()) > LONGEST:
        return f"a student's name cannot be longer than {LONGEST} bytes; rename it"
    return ""


def number_of(text: str) -> str:
    """Return the number of "Participant 4711", whatever the word is; "" if that is not its form."""
    match = NUMBERED.fullmatch(text.strip())
    return match["number"] if match else ""
