"""What the built pages must keep to: links, pictures, no tracebacks, nothing from other hosts.

python -m tools.site _build/html   prints the problems and exits 1 if there are any
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from mininet_course import console
from tools.alt_text import alt_of, alt_problem

# elements that make a browser fetch something at once, and the attribute that says what
LOADED = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "track": "src",
    "video": "src",
}
LINK_KINDS_LOADED = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "manifest",
    "dns-prefetch",
    "preconnect",
}


def problems(site: Path) -> list[str]:
    """Return every problem of every page and style sheet under ``site``, each with the file's name."""
    pages = sorted(page for page in site.rglob("*.html") if "_static" not in page.parts)
    if not pages:
        return [f"{site}: no page here; build the book first"]
    found = []
    for page in pages:
        soup = _parse(page)
        for check in (_tracebacks, _pictures, _links, _remote):
            found += [f"{page.relative_to(site)}: {problem}" for problem in check(soup, page)]
    for sheet in sorted(site.rglob("*.css")):
        found += [
            f"{sheet.relative_to(site)}: {problem}" for problem in _remote_in_css(sheet.read_text("utf-8"))
        ]
    return found


@cache
def _parse(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def _tracebacks(soup: BeautifulSoup, page: Path) -> Iterator[str]:
    for output in soup.select(".cell_output"):
        if "Traceback (most recent call last)" in output.get_text() or output.select(".traceback"):
            yield "an output is a traceback"


def _pictures(soup: BeautifulSoup, page: Path) -> Iterator[str]:
    for image in soup.find_all("img"):
        source = str(image.get("src", ""))
        problem = alt_problem(alt_of(image))
        if problem is not None:
            yield f"{problem} ({source[:60]})"
        if not _is_remote(source) and not source.startswith("data:") and not _target(page, source).is_file():
            yield f"missing picture {source}"


def _links(soup: BeautifulSoup, page: Path) -> Iterator[str]:
    for link in soup.find_all("a", href=True):
        href = str(link["href"])
        parts = urlsplit(href)
        if parts.scheme or parts.netloc:
            continue
        target = _target(page, href) if parts.path else page
        if not target.is_file():
            yield f"broken link {href}"
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _names(target):
            yield f"link to a place that is not there: {href}"


@cache
def _names(page: Path) -> set[str]:
    return {
        str(tag.get("id") or tag.get("name"))
        for tag in _parse(page).find_all(lambda t: t.get("id") or t.get("name"))
    }


def _remote(soup: BeautifulSoup, page: Path) -> Iterator[str]:
    for tag in soup.find_all(list(LOADED)):
        assert isinstance(tag, Tag)
        kinds = set(tag.get("rel") or [])
        if tag.name == "link" and not kinds & LINK_KINDS_LOADED:
            continue
        for address in (str(tag.get(LOADED[tag.name], "")), *str(tag.get("srcset", "")).split()):
            if _is_remote(address):
                yield f"<{tag.name}> loads from another host: {address}"
    for style in soup.find_all("style"):
        yield from _remote_in_css(style.get_text())
    for tag in soup.find_all(style=True):
        yield from _remote_in_css(str(tag["style"]))


def _remote_in_css(css: str) -> Iterator[str]:
    for address in re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", css):
        if _is_remote(address):
            yield f"style loads from another host: {address}"


def _is_remote(address: str) -> bool:
    return bool(re.match(r"(?:https?:)?//", address))


def _target(page: Path, address: str) -> Path:
    return (page.parent / unquote(urlsplit(address).path)).resolve()


if __name__ == "__main__":
    console.forgive()
    found = problems(Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html"))
    print("\n".join(found) or "no problems")
    sys.exit(bool(found))
