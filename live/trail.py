"""The way through the book: a chapter, its exercises, their solutions, the next chapter.

Each of these pages begins with links to the other two of its chapter, and “previous” and “next” lead along the way.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from mininet_course.contents import CHAPTERS

KINDS = {"book": "Chapter", "exercises": "Exercises", "solutions": "Solutions"}


def setup(app: Sphinx) -> None:
    """Register what this module does; called by `live`."""
    app.connect("html-page-context", add_trail)


def neighbours(page: str, chapters: Sequence[str] = CHAPTERS) -> tuple[str | None, str | None]:
    """Return the pages before and after one of a chapter's pages; None where the table of contents knows.

    Solutions lie beside the way: they come from their exercises and lead on to the next chapter.

    >>> neighbours("exercises/xor", ["neuron", "xor", "layers"])
    ('book/xor', 'book/layers')
    >>> neighbours("book/xor", ["neuron", "xor", "layers"])
    ('exercises/neuron', 'exercises/xor')
    """
    folder, _, chapter = page.partition("/")
    at = chapters.index(chapter)
    following = f"book/{chapters[at + 1]}" if at + 1 < len(chapters) else None
    if folder == "book":
        return f"exercises/{chapters[at - 1]}" if at else None, f"exercises/{chapter}"
    return f"book/{chapter}" if folder == "exercises" else f"exercises/{chapter}", following


def add_trail(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the links of its chapter above a page, and lead “previous” and “next” along the way."""
    folder, _, chapter = page.partition("/")
    if folder not in KINDS or chapter not in CHAPTERS or "body" not in context:
        return
    assert isinstance(app.builder, StandaloneHTMLBuilder)  # nobody else makes pages of HTML
    for name, to in zip(("prev", "next"), neighbours(page), strict=True):
        if to is not None:
            title = app.builder.render_partial(app.env.titles[to])["title"]
            context[name] = {"link": app.builder.get_relative_uri(page, to), "title": title}
    context["body"] = "".join(_links(app, page, chapter)) + context["body"]


def _links(app: Sphinx, page: str, chapter: str) -> Iterator[str]:
    yield '<nav class="trail" aria-label="This chapter’s pages"><ul>'
    for folder, name in KINDS.items():
        to = f"{folder}/{chapter}"
        if to == page:
            yield f'<li><span aria-current="page">{name}</span></li>'
        else:
            yield f'<li><a href="{escape(app.builder.get_relative_uri(page, to))}">{name}</a></li>'
    all_of_them = escape(app.builder.get_relative_uri(page, "book/exercises"))
    yield f'<li><a href="{all_of_them}">All exercises</a></li></ul></nav>\n'
