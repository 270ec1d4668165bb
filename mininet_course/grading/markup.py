"""What a student wrote, as HTML that can be shown anywhere: rendered, then sanitised.

Markdown is rendered by markdown-it, formulas become MathML, which browsers draw without
script or font; what comes of it is cleaned by nh3 against a list of what may stay. That
list has no link, no style, no address but that of a picture inside the page: nothing runs
and nothing is fetched. Lengths are bounded, so that no text takes long.
"""

import base64
import binascii
import html
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

LONGEST = 20_000  # characters of one text
LONGEST_FORMULA = 2_000
MOST_CELLS = 20_000  # of a table
LARGEST = 3_000_000  # characters of one picture
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
DATA = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/]+={0,2}")
WIDTH = re.compile(r"-?\d?\.?\d{1,4}em")

TEXT = set(
    [
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "sub",
        "sup",
    ]
)
TEXT |= set(["table", "tbody", "td", "th", "thead", "tr", "ul", "img"])
MATHS = set(
    [
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "ms",
        "mtext",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "msub",
        "msup",
        "msubsup",
        "munder",
        "mover",
        "munderover",
        "mtable",
        "mtr",
        "mtd",
        "mstyle",
        "mpadded",
        "mphantom",
        "mmultiscripts",
        "mprescripts",
        "none",
    ]
)
ATTRIBUTES = {
    "img": {"src", "alt"},
    "ol": {"start"},
    "mi": {"mathvariant"},
    "mo": {"fence", "form", "largeop", "movablelimits", "separator", "stretchy"},
    "mfrac": {"linethickness"},
    "mspace": {"width"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign", "rowspacing"},
    "mtd": {"columnalign"},
    "mover": {"accent"},
    "munder": {"accentunder"},
}


def words(text: str, attachments: object = None) -> str:
    """Return Markdown as HTML; ``attachments`` are a notebook cell's, and may be anything.

    >>> words("**so** [here](javascript:alert(1))").strip()
    '<p><strong>so</strong> [here](javascript:alert(1))</p>'
    """
    made = _markdown().render(text[:LONGEST], {"attachments": attachments})
    return str(_cleaner().clean(made)) + _cut(text)


def inline(text: str) -> str:
    """Return one paragraph of Markdown as HTML, to stand in another element."""
    return words(text).strip().removeprefix("<p>").removesuffix("</p>")


def code(text: str) -> str:
    """Return Python, coloured."""
    made = highlight(text[:LONGEST], PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return f"<pre>{_coloured().clean(made)}</pre>" + _cut(text)


def plain(text: str) -> str:
    """Return text as it is, without what would rule a terminal."""
    shown = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]", "", text[:LONGEST])
    return f"<pre>{html.escape(shown)}</pre>" + _cut(text)


def outputs(made: Sequence[Mapping[str, Any]]) -> str:
    """Return a cell's outputs, as `execution.clean` leaves them: texts and pictures."""
    pieces = []
    for output in made:
        if output["output_type"] == "stream":
            pieces.append(plain(output["text"]))
        elif output["output_type"] == "error":
            pieces.append(plain("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}"))
        else:
            shown = next((p for kind in PICTURES if (p := picture(kind, output["data"].get(kind)))), "")
            pieces.append(shown or plain(output["data"].get("text/plain", "")))
    return "".join(pieces)


def picture(kind: str, data: object, alt: str = "") -> str:
    """Return a picture that is part of the page; "" if that is none."""
    if kind not in PICTURES or not isinstance(data, str) or len(data) > LARGEST:
        return ""
    packed = re.sub(r"\s+", "", data)
    try:
        begins = base64.b64decode(packed, validate=True).startswith(PICTURES[kind])
    except (binascii.Error, ValueError):
        return ""
    return f'<img src="data:{kind};base64,{packed}" alt="{html.escape(alt)}">' if begins else ""


def formula(tex: str, display: bool = False) -> str:
    """Return a formula as MathML; as it was typed if it is none."""
    kind = "block" if display else "inline"
    try:
        if len(tex) > LONGEST_FORMULA:
            raise ValueError
        return str(convert(tex, display=kind))
    except Exception:  # what the library raises for wrong TeX is of many kinds, none of them documented
        return f"<code>{html.escape(tex)}</code>"


def colours(style: str) -> str:
    """Return the CSS of coloured code, in one of Pygments' styles."""
    lines = HtmlFormatter(style=style).get_style_defs("pre").splitlines()
    return "\n".join(line for line in lines if line.startswith("pre ."))  # the rest is the page's own


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return (
        f'<p class="cut">… {more:,} more characters, which are too many for this page.</p>'
        if more > 0
        else ""
    )


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TEXT | MATHS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        tag_attribute_values={"math": {"display": {"inline", "block"}}},
        url_schemes={"data"},
        link_rel=None,
    )


@cache
def _coloured() -> nh3.Cleaner:
    return nh3.Cleaner(tags={"span"}, attributes={"span": {"class"}}, attribute_filter=_token)


def _kept(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value if it may stay."""
    if (tag, name) == ("img", "src"):
        return value if DATA.fullmatch(value) else None
    if (tag, name) == ("mspace", "width"):
        return value if WIDTH.fullmatch(value) else None
    return value[:200]


def _token(tag: str, name: str, value: str) -> str | None:
    return value if re.fullmatch(r"[a-z]{1,3}\d?", value) else None


@cache
def _markdown() -> MarkdownIt:
    """Return the renderer. Without references: links are shown as text, and many of them take square time."""
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable("reference")
    made.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,
        double_inline=True,
        renderer=lambda tex, how: formula(tex, how["display_mode"]),
    )
    made.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    for name, rule in (("link_open", _opened), ("link_close", _closed), ("image", _image)):
        made.add_render_rule(name, rule)
    return made


def _table(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Recognise a table, unless it could have too many cells: short rows are filled up to the header's columns."""
    columns = state.src.count("|", state.bMarks[first], state.eMarks[first]) + 1
    return columns * (last - first) <= MOST_CELLS and table(state, first, last, silent)


def _opened(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    env.setdefault("links", []).append(str(tokens[at].attrGet("href")))
    return "<span>"


def _closed(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Return the address beside a link's text: it can be read, and not pressed by mistake."""
    address = env["links"].pop()
    return f"</span> (<code>{html.escape(address)}</code>)"


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    source, alt = str(token.attrGet("src")), token.content
    if source.startswith("attachment:"):
        name = source.removeprefix("attachment:")
        shown = _attached(env["attachments"], name, alt)
        return (
            shown
            or f"<em>[the picture {html.escape(source.removeprefix('attachment:'))} is not in the notebook]</em>"
        )
    if DATA.fullmatch(source):
        return f'<img src="{html.escape(source)}" alt="{html.escape(alt)}">'
    return f"<em>[a picture from elsewhere is not shown: {html.escape(alt)} {html.escape(source[:200])}]</em>"


def _attached(attachments: object, name: str, alt: str) -> str:
    """Return a picture that is attached to the cell; "" if there is none, whatever stands in its place."""
    kinds = attachments.get(name) if isinstance(attachments, dict) else None
    for kind, data in kinds.items() if isinstance(kinds, dict) else ():
        shown = picture(kind, data, alt)
        if shown:
            return shown
    return ""
