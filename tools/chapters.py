"""What every notebook of the book must keep to, as far as a program can see.

Each function takes a notebook and returns a list of problems, empty when there are none.
"""

import ast
import base64
import json
import re
from collections.abc import Iterator
from itertools import pairwise, takewhile

from bs4 import BeautifulSoup
from nbformat import NotebookNode

from tools.alt_text import alt_of, alt_problem

MAX_PICTURE = 60_000  # bytes
MAX_FRAMES = 400_000  # bytes of a whole set, as the page holds it
MAX_SECTION = 700  # words
# what a quoted result looks like: 0.98 · 97.6 % · 76 % · 45,903
RESULT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+(?=\s?%)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
WIDGETS = ("mininet_course.explorers", "ipywidgets")
PICTURES = ("image/png", "image/svg+xml", "image/jpeg")


def prose(notebook: NotebookNode) -> str:
    """Return the text of all markdown cells, without code."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    kept: list[str] = []
    fences: list[tuple[str, bool]] = []  # open ones: marks, and whether a directive, whose text is prose
    for line in text.splitlines():
        fence = re.match(r"(`{3,}|~{3,})(.*)", line)
        if fence and fences and fence[1].startswith(fences[-1][0]) and not fence[2].strip():
            fences.pop()
        elif fence:
            fences.append((fence[1], fence[2].startswith("{")))
        if all(directive for _, directive in fences):
            kept.append(line)
    return re.sub(r"(?<!\})`[^`\n]*`", " ", "\n".join(kept))


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells that hold something."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def tags(cell: NotebookNode) -> list[str]:
    """Return a cell's tags."""
    found: list[str] = cell.metadata.get("tags", [])
    return found


def printed(cell: NotebookNode) -> str:
    """Return the text that a cell printed or showed as its value."""
    return "\n".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)


def unsupported_numbers(notebook: NotebookNode) -> list[str]:
    """Find results quoted in the prose that no checked cell prints.

    A quoted number (decimal, percentage or with thousands) must stand in the output
    of a cell tagged ``nbval-check-output``, or in a cell's source (a setting), or in a
    sentence that cites a source.
    """
    outputs = " ".join(printed(cell) for cell in code(notebook) if "nbval-check-output" in tags(cell))
    known = _numbers(outputs) | _numbers(" ".join(cell.source for cell in code(notebook)))
    problems = []
    for sentence in re.split(r"(?<=[.!?:])\s+|\n\s*\n", prose(notebook).replace("{,}", ",")):
        if "{cite" in sentence:
            continue
        for match in RESULT.finditer(sentence):
            if match.group().replace(",", "") not in known:
                excerpt = " ".join(sentence.split())[:90]
                problems.append(f"{match.group()} is printed by no checked cell: “{excerpt}”")
    return problems


def _numbers(text: str) -> set[str]:
    text = re.sub(r"(?<=\d)[,_](?=\d{3})", "", text)
    # .5 in NumPy's print is 0.5, 2. is 2
    text = re.sub(r"(?<!\d)\.(?=\d)", "0.", text)
    return set(NUMBER.findall(text))


def execution_problems(notebook: NotebookNode) -> list[str]:
    """Find cells not run, not run in order, or ending in an error or a warning."""
    problems = []
    counts = [cell.execution_count for cell in code(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        problems.append(f"cells were not run once each from top to bottom: {counts}")
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                problems.append(f"an output is a traceback: {output.ename}: {output.evalue}")
            if output.get("name") == "stderr":
                problems.append(f"a cell wrote to stderr: {output.text[:80]!r}")
    return problems


def picture_count(notebook: NotebookNode) -> int:
    """Count the pictures, of whatever kind, that the cells show."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    still = sum(any(kind in output.get("data", {}) for kind in PICTURES) for output in outputs)
    return still + sum(bool(_html(output).find("img")) for output in outputs)


def _html(output: NotebookNode) -> BeautifulSoup:
    return BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser")


def frame_problems(output: NotebookNode) -> list[str]:
    """Find pictures in an HTML output that are not described, and frames that are too large together."""
    soup = _html(output)
    described = [alt_of(picture) for picture in soup.find_all("img")]
    for slider in soup.find_all("input", attrs={"data-frames": True}):
        described += [alt for _, _, alt, _ in json.loads(str(slider["data-frames"]))]
    problems = [problem for problem in map(alt_problem, described) if problem is not None]
    size = len(output.get("data", {}).get("text/html", "").encode())
    if described and size > MAX_FRAMES:
        problems.append(f"frames of {size:,} bytes, at most {MAX_FRAMES:,}")
    return problems


def picture_problems(notebook: NotebookNode) -> list[str]:
    """Find pictures without a proper description, or too large."""
    problems = []
    for cell in code(notebook):
        first = cell.source.splitlines()[0]
        for output in cell.outputs:
            problems += [f"{problem} (cell “{first}”)" for problem in frame_problems(output)]
            data = output.get("data", {})
            kind = next((kind for kind in PICTURES if kind in data), None)
            if kind is None:
                continue
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
            if (problem := alt_problem(alt)) is not None:
                problems.append(f"{problem} (cell “{first}”)")
            drawing = kind == "image/svg+xml"  # stored as text
            size = len(data[kind].encode() if drawing else base64.b64decode(data[kind]))
            if size > MAX_PICTURE:
                problems.append(f"a picture of {size:,} bytes, at most {MAX_PICTURE:,} (cell “{first}”)")
    return problems


def stale_sources(notebook: NotebookNode, package: str) -> list[str]:
    """Return the lines of package sources that a page shows and that stand in the package's text no longer."""
    standing = {line.strip() for line in package.splitlines()}
    shown = [printed(cell) for cell in code(notebook) if "getsource" in cell.source]
    return [
        line for text in shown for line in text.splitlines() if line.strip() and line.strip() not in standing
    ]


def sections(notebook: NotebookNode) -> Iterator[tuple[str, int]]:
    """Yield (heading, number of words) of every second-level section."""
    parts = re.split(r"(?m)^##\s+(.*)$", prose(notebook))
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        yield heading, words(text)


def words(text: str) -> int:
    """Count words, leaving out maths and directive lines."""
    text = re.sub(r"(?s)\$\$.*?\$\$|\$[^$\n]*\$", " ", text)
    text = re.sub(r"(?m)^(`{3,}|:{3,}).*$|^:\w+:.*$", " ", text)
    return len(re.findall(r"[A-Za-zÀ-ÿ’'-]+", text))


def form_problems(notebook: NotebookNode) -> list[str]:
    """Find headings, sections and cells that readers or the live page would stumble on."""
    problems = []
    titles = re.findall(r"(?m)^# .+$", prose(notebook))
    if len(titles) != 1:
        problems.append(f"expected exactly one title, got {titles}")
    problems += [
        f"section “{heading}” has {count} words, at most {MAX_SECTION}"
        for heading, count in sections(notebook)
        if count > MAX_SECTION
    ]
    for cell in code(notebook):
        first = cell.source.splitlines()[0]
        if re.search(r"(?m)^\s*[%!]", cell.source):
            problems.append(f"a magic line, which the page's own Python does not know (cell “{first}”)")
        if {"remove-input", "remove-cell"} & set(tags(cell)):
            problems.append(f"hidden code that later cells may need: use hide-input (cell “{first}”)")
    return problems


def live_problems(notebook: NotebookNode) -> list[str]:
    """Find cells that the live page would not know for what they are.

    A cell that calls something of `mininet_course.explorers` or of ipywidgets is tagged ``explorer``: the page
    says there how to bring it to life. One tagged ``follows`` is run again after the code cell just above it.
    """
    problems, explorers = [], set[str]()
    for above, cell in pairwise([None, *notebook.cells]):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        first = cell.source.splitlines()[0]
        nodes = list(ast.walk(ast.parse(cell.source)))
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(WIDGETS):
                explorers |= {alias.asname or alias.name for alias in node.names}
        calls = {
            node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if calls & explorers and "explorer" not in tags(cell):
            problems.append(f"calls {', '.join(calls & explorers)} without the tag explorer (cell “{first}”)")
        if "follows" in tags(cell) and (above is None or above.cell_type != "code"):
            problems.append(f"tagged follows, and the cell above it is no code (cell “{first}”)")
    return problems


QUESTION = re.compile(r"Predict, then \w+")
BOX = re.compile(r"(?ms)^```\{admonition\} (?P<title>[^\n]*)\n(?P<options>(?::[^\n]*\n)*)(?P<text>.*?)^```$")


def prediction_problems(notebook: NotebookNode) -> list[str]:
    """Find predictions that a reader could not press, or whose answer stands open below.

    A question is a box of the class ``predict`` with a list of options, “- **A** …”; right after it comes a box
    of the class ``predict-answers`` with an explanation of each, one of them “- **C is right.** …”. The code cells
    that follow settle it: those that show something are tagged ``hide-output``. A demo may settle it as well.
    """
    problems = []
    for at, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        boxes = list(BOX.finditer(cell.source))
        for box, after in pairwise([*boxes, None]):
            if box is None or not (box["title"].startswith("Predict") or "predict\n" in box["options"]):
                continue
            name = " ".join(box["text"].split())[:50]
            if not QUESTION.fullmatch(box["title"]) or ":class: predict\n" not in box["options"]:
                problems.append(f"a question is a box “Predict, then …” of the class predict (“{name}”)")
                continue
            if after is None or ":class: dropdown predict-answers\n" not in after["options"]:
                problems.append(f"no box of the class predict-answers follows in the same cell (“{name}”)")
                continue
            problems += [f"{problem} (“{name}”)" for problem in _answer_problems(box["text"], after["text"])]
            below = cell.source[after.end() :].split("\n## ")[0]
            if ":class: demo-" not in below and not _settled(notebook.cells[at + 1 :]):
                problems.append(f"the cells that settle it show their outputs: tag hide-output (“{name}”)")
    return problems


def _answer_problems(question: str, answers: str) -> Iterator[str]:
    options = re.findall(r"(?m)^- \*\*([A-H])\*\* ", question)
    explained = re.findall(r"(?m)^- \*\*([A-H])(?: is right\.|:)?\*\* ", answers)
    right = re.findall(r"(?m)^- \*\*([A-H]) is right\.\*\* ", answers)
    if options != list("ABCDEFGH"[: len(options)]) or len(options) < 2:
        yield f"expected a list of options “- **A** …”, got {options}"
    if explained != options:
        yield f"expected an explanation of each of {options}, got {explained}"
    if len(right) != 1:
        yield f"expected one explanation “- **C is right.** …”, got {right}"


def _settled(after: list[NotebookNode]) -> bool:
    """Return whether code follows, and folds what it shows up to the next text."""
    cells = list(takewhile(lambda cell: cell.cell_type == "code", after))
    return bool(cells) and all("hide-output" in tags(cell) for cell in cells if cell.outputs)
