"""Slides for the chapters, made from the chapters' own notebooks: reveal.js, offline, nothing written twice.

    python -m tools.slides [_build/html]   writes slides/<chapter>.html into the built book

What stands on the slides is chosen in the cells' metadata, under "slideshow":

    slide_type   "slide" begins a slide, "subslide" one below it, "-" goes on with the one before
                 unless a heading comes. A cell without it is on no slide; its prose is for the speaker.
    show         what is shown of the cell, in its order, each named by how it begins: a sentence,
                 list, formula, table, box or further heading; in code, a statement with all that
                 follows up to a blank line, or one inside it. "---" begins another subslide.
                 Without it all is shown; an empty list shows no code, only what it printed.

A heading with which a cell begins is always shown; the whole text goes into the speaker notes.
"""

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from docutils.utils import smartquotes
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from pybtex.database import Entry, parse_file

from mininet_course import console
from mininet_course.checks import CHAPTERS
from tools.notebooks import code_cell, markdown_cell, read

ROOT = Path(__file__).parent.parent
TEMPLATE = Path(__file__).parent / "slides_template"
REVEAL = ROOT / "node_modules" / "reveal.js"
# all that the slides load of it
REVEAL_FILES = ("LICENSE", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")
WIDTH, HEIGHT = 1280, 720
BREAK = "---"
HEADING = re.compile(r"(#{1,3}) (.*)")
NOT_PROSE = re.compile(r"#{1,6} |[-*] |\d+\. |\||\$\$|`{3,}|:{3,}")
MASKED = re.compile(r"`+[^`]*`+|\$[^$]*\$")
SENTENCE_END = re.compile(r"[.!?…][)\"”’*_]*(?=\s+[\"“(\[*_`{$A-Z0-9\x00])")


class SlideProblem(Exception):
    """A cell's choice that its text does not have; the message says which, and what to do."""


def make(site: Path) -> list[Path]:
    """Write the slides of all chapters, and what they load, into a built book; return their pages."""
    if not (REVEAL / "dist" / "reveal.js").is_file():
        raise SlideProblem("reveal.js is missing: run npm ci (it is among the dependencies of package.json).")
    beside = site / "_static" / "reveal"
    for name in REVEAL_FILES:
        (beside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REVEAL / name, beside / name)
    (beside / "dist" / "theme").mkdir(exist_ok=True)
    shutil.copyfile(TEMPLATE / "slides.css", beside / "dist" / "theme" / "course.css")
    folder = site / "slides"
    folder.mkdir(exist_ok=True)
    pages = []
    for chapter in CHAPTERS:
        page = folder / f"{chapter}.html"
        page.write_text(html(ROOT / "book" / f"{chapter}.ipynb"), encoding="utf-8")
        pages.append(page)
    return pages


def html(path: Path) -> str:
    """Return the slides of one notebook as a page that lies beside ``_static``."""
    exporter = SlidesExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        reveal_url_prefix="../_static/reveal",
        reveal_theme="course",
        reveal_width=str(WIDTH),
        reveal_height=str(HEIGHT),
        exclude_anchor_links=True,
    )
    try:
        slides = deck(read(path))
    except SlideProblem as problem:
        raise SlideProblem(f"{path.name}: {problem}") from None
    text, _ = exporter.from_notebook_node(slides, resources={"metadata": {"name": path.stem}})
    text = text.replace('href="demo:', f'href="../book/{path.stem}.html#demo-')
    return re.sub(r'<(h\d) id="[^"]*"', r"<\1", text)  # a heading comes again on each of its slides


def deck(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook of the slides: the chosen parts of the cells, and everything they say as notes."""
    cells: list[NotebookNode] = []
    heading = ""
    for cell in notebook.cells:
        mark = cell.metadata.get("slideshow", {})
        kind = mark.get("slide_type", "notes")
        parts = list(_code(cell, mark) if cell.cell_type == "code" else _prose(cell, mark))
        for part in parts if kind not in ("notes", "skip") else []:
            own = HEADING.match(part.source) if part.cell_type == "markdown" else None
            if own:
                heading = f"## {own[2]}"
            begun = part.metadata.slideshow.slide_type
            if begun == "subslide" and not own:
                cells.append(_slide_cell(markdown_cell(_plain(heading)), "subslide"))
                part.metadata.slideshow.slide_type = "-"
            cells.append(part)
        if cell.cell_type == "markdown" and kind != "skip" and cells:
            cells.append(_slide_cell(markdown_cell(_plain(cell.source)), "notes"))
    title = next((HEADING.match(c.source) for c in notebook.cells if c.source.startswith("# ")), None)
    slides: NotebookNode = new_notebook(cells=cells, metadata={"title": title[2] if title else ""})
    return slides


def _slide_cell(cell: NotebookNode, kind: str) -> NotebookNode:
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell


def _code(cell: NotebookNode, mark: NotebookNode) -> Iterator[NotebookNode]:
    hidden = {"hide-input", "explorer"} & set(cell.metadata.get("tags", []))
    show = mark.get("show", [] if hidden else None)
    source = cell.source if show is None else "\n".join(chosen_code(cell.source.splitlines(), show))
    made = code_cell(source, outputs=[o for o in cell.outputs if o.output_type != "error"])
    made.metadata["alt"] = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    yield _slide_cell(made, mark.get("slide_type", "-"))


def _prose(cell: NotebookNode, mark: NotebookNode) -> Iterator[NotebookNode]:
    show = mark.get("show")
    kind = mark.get("slide_type", "-")
    chosen = blocks(cell.source) if show is None else chosen_prose(cell.source, show)
    parts: list[tuple[str, list[str]]] = [(kind, [])]
    for block in chosen:
        found = HEADING.match(block)
        if block == BREAK:
            parts.append(("subslide", []))
        elif found and (parts[-1][1] or kind == "-"):
            parts.append(("slide" if found[1] == "##" else "subslide", [block]))
        else:
            parts[-1][1].append(block)
    for begun, text in parts:
        if text:
            yield _slide_cell(markdown_cell(_plain("\n\n".join(text))), begun)


def blocks(text: str) -> list[str]:
    """Return the blocks of a Markdown text: what blank lines part, but a fenced box in one piece."""
    found: list[list[str]] = [[]]
    fence = ""
    for line in text.splitlines():
        opened = re.match(r"`{3,}|:{3,}", line)
        if fence:
            found[-1].append(line)
            fence = "" if line.strip() == fence else fence
        elif opened:
            fence = opened[0]
            found.append([line])
        elif not line.strip():
            found.append([])
        elif found[-1] and HEADING.match(found[-1][-1]):
            found.append([line])
        else:
            found[-1].append(line)
    return ["\n".join(lines) for lines in found if lines]


def sentences(paragraph: str) -> list[str]:
    """Return a paragraph's sentences; code and formulas end none."""
    # masked letter by letter, so that places stay; what is masked may begin a sentence
    masked = MASKED.sub(lambda m: "\x00" * len(m[0]), paragraph)
    ends = [match.end() for match in SENTENCE_END.finditer(masked)]
    return [paragraph[a:b].strip() for a, b in zip([0, *ends], [*ends, len(paragraph)], strict=True)]


def chosen_prose(text: str, show: Sequence[str]) -> list[str]:
    """Return the blocks of a slide: the chosen ones, and of paragraphs the chosen sentences."""
    wanted, kept = list(show), []
    for number, block in enumerate(blocks(text)):
        while wanted and wanted[0] == BREAK:
            kept.append(wanted.pop(0))
        if NOT_PROSE.match(block):
            first = number == 0 and HEADING.match(block)
            named = wanted and block.startswith(wanted[0])
            if first and not named:
                kept.append(block)
            elif named:
                kept.append(block)
                wanted.pop(0)
        else:
            paragraph: list[str] = []
            for sentence in sentences(block):
                if wanted and wanted[0] == BREAK and paragraph:
                    kept += [" ".join(paragraph), wanted.pop(0)]
                    paragraph = []
                if wanted and sentence.startswith(wanted[0]):
                    paragraph.append(sentence)
                    wanted.pop(0)
            if paragraph:
                kept.append(" ".join(paragraph))
    _all_found(wanted, text)
    return kept


def chosen_code(lines: Sequence[str], show: Sequence[str]) -> list[str]:
    """Return the chosen statements; a comment with dots stands for what is left out."""
    spans: list[tuple[int, int]] = []
    wanted = list(show)
    for number, line in enumerate(lines):
        if wanted and line.strip().startswith(wanted[0]):
            spans.append((number, _end(lines, number)))
            wanted.pop(0)
    _all_found(wanted, "\n".join(lines))
    kept: set[int] = set()
    for (start, end), (following, _) in pairwise([*spans, (len(lines), 0)]):
        kept |= set(range(start, end)) if following >= end else {start}  # of a class, its first line
    shown: list[str] = []
    left_out = False
    for number, line in enumerate(lines):
        if number in kept:
            if left_out and shown:
                shown.append(" " * _indent(line) + "# …")
            shown.append(line)
            left_out = False
        elif line.strip():
            left_out = True
        elif shown and shown[-1]:
            shown.append("")
    return "\n".join(shown).rstrip().split("\n") if shown else []


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _end(lines: Sequence[str], start: int) -> int:
    """Return where the statement of a line ends: at a blank line with nothing deeper behind it, or a shallower line."""
    for number in range(start + 1, len(lines)):
        if not lines[number].strip():
            following = next((line for line in lines[number:] if line.strip()), "")
            if _indent(following) <= _indent(lines[start]):
                return number
        elif _indent(lines[number]) < _indent(lines[start]):
            return number
    return len(lines)


def _all_found(missing: Sequence[str], text: str) -> None:
    left = [name for name in missing if name != BREAK]
    if left:
        raise SlideProblem(
            f"nothing that begins with “{left[0]}” comes here in the cell “{text.splitlines()[0]}”. "
            "Put the new beginning into the cell's slideshow.show, in the text's order, or take it out."
        )


# --- from the book's Markdown to plain Markdown ----------------------------------------


def _plain(text: str) -> str:
    """Return Markdown that needs no Sphinx: boxes as divs, terms in italics, sources by name, links into the book."""
    text = "\n\n".join(_box(block) for block in blocks(text))
    text = re.sub(r"\{term\}`([^`<]*?)(?:\s*<[^`>]*>)?`", r"*\1*", text)
    text = re.sub(r"\{cite\}`([^`]*)`", lambda m: f"({'; '.join(map(_source, m[1].split(',')))})", text)
    text = re.sub(
        r"\]\((?:\.\./)?((?:exercises|solutions)/)?([\w/-]+)\.(?:ipynb|md)(#[\w-]*)?\)", _link, text
    )
    text = re.sub(
        r"(?<=[^$]\$)(?=[.,;:)])", "\u2060", text
    )  # no line break between a formula and its full stop
    return _quotes(text)


def _box(block: str) -> str:
    found = re.match(r"(`{3,}|:{3,})\{(\w+)\} ?(.*)\n((?:.*\n)*?)\1\s*$", block)
    if found is None:
        return block
    if found[2] != "admonition":
        return ""
    demo = re.match(r":class: demo-(\w+)\n", found[4])
    if demo:
        return f"[▶ The demo in the book’s page](demo:{demo[1]})"
    body = re.sub(r"(?m)^:\w+:.*\n", "", found[4])
    return f'<div class="box">\n\n**{found[3]}**\n\n{body.strip()}\n\n</div>'


def _link(match: re.Match[str]) -> str:
    return f"](../{match[1] or 'book/'}{match[2]}.html{match[3] or ''})"


@cache
def _references() -> dict[str, str]:
    entries = parse_file(str(ROOT / "book" / "references.bib")).entries
    return {key: _short(entry) for key, entry in entries.items()}


def _short(entry: Entry) -> str:
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(person.last_names) for person in people]
    shown = " and ".join(names) if len(names) <= 2 else f"{names[0]} and others"
    return f"{shown} {entry.fields.get('year', '')}".replace("{", "").replace("}", "").strip()


def _source(key: str) -> str:
    return _references()[key.strip()]


def _quotes(text: str) -> str:
    """Return the text with the quotation marks that the book's pages have; code and formulas stay."""
    parts = re.split(r"(`+[^`]*`+|\$\$.*?\$\$|\$[^$]*\$|<[^>]*>)", text, flags=re.DOTALL)
    tokens = [("literal" if number % 2 else "plain", part) for number, part in enumerate(parts)]
    return "".join(smartquotes.educate_tokens(tokens, "q", "en"))


def main(arguments: Sequence[str]) -> int:
    site = Path(arguments[0] if arguments else "_build/html")
    if not (site / "index.html").is_file():
        print(f"{site}: no built book here; run make book first", file=sys.stderr)
        return 1
    try:
        pages = make(site)
    except SlideProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Slides of {len(pages)} chapters: {pages[0].parent}")
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(sys.argv[1:]))
