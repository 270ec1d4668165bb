"""The pages that instructors give away: one look for all, complete in one file, without a script.

Whatever a template is given is escaped, unless `markup` has made it. The page's own policy
says the rest: it may show its style and the pictures inside it, and load or send nothing.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mininet_course.grading import markup

PAGES = Path(__file__).parent / "pages"
POLICY = "default-src 'none'; style-src '{hash}'; img-src data:; base-uri 'none'; form-action 'none'"


def render(template: str, **values: object) -> str:
    """Return a page in HTML."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _templates()
        .get_template(template)
        .render(style=Markup(style), policy=POLICY.format(hash=f"sha256-{digest}"), **values)
    )


@cache
def _style() -> str:
    """Return the style of every page: ours, and the colours of code by day and by night."""
    text = (PAGES / "style.css").read_text(encoding="utf-8")
    day, night = markup.colours("friendly"), markup.colours("github-dark")
    return f"{text}\n{day}\n@media screen and (prefers-color-scheme: dark) {{\n{night}\n}}\n"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
