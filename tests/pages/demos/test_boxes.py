"""A demo in a built page: a figure with its caption, its script on that page only, and clear refusals."""

import io
import re
from pathlib import Path

import pytest

from live import demos

# Sphinx warns of what will change in versions to come
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

CAPTION = "Drag the *line*. What happens to the loss?"


def build(folder: Path, **pages: str) -> tuple[dict[str, str], str]:
    """Build a book of these pages; return their HTML, and what Sphinx warned of."""
    from sphinx.application import Sphinx

    source = folder / "source"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['myst_parser', 'live.demos']\nmaster_doc = 'first'\n")
    for name, text in pages.items():
        (source / f"{name}.md").write_text(f"---\norphan: true\n---\n# {name}\n\n{text}\n", encoding="utf-8")
    out, warnings = folder / "html", io.StringIO()
    Sphinx(source, source, out, folder / "doctrees", "html", status=None, warning=warnings).build()
    return {name: (out / f"{name}.html").read_text(encoding="utf-8") for name in pages}, warnings.getvalue()


def box(name: str, caption: str = CAPTION) -> str:
    return f"```{{admonition}} Demo\n:class: demo-{name}\n{caption}\n```\n"


def test_demo_is_a_figure_with_its_caption_and_script(tmp_path: Path) -> None:
    html, warnings = build(tmp_path, first=box("neuron"), second="No demo here.")
    (figure,) = re.findall(r"(?s)<figure.*?</figure>", html["first"])
    assert figure.startswith('<figure class="demo" data-demo="neuron" id="demo-neuron">\n<figcaption>')
    assert "Drag the <em>line</em>. What happens to the loss?" in figure
    assert re.search(r'<script defer="defer" src="_static/demos/neuron\.js', html["first"])
    assert "demos.css" in html["first"]
    assert "figure" not in html["second"]
    assert "demos/" not in html["second"] and "demos.css" not in html["second"]
    assert "demo “" not in warnings


def test_every_demo_has_its_own_script(tmp_path: Path) -> None:
    html, _ = build(tmp_path, first="\n".join(box(name) for name in demos.DEMOS))
    assert re.findall(r"_static/demos/([a-z]+)\.js", html["first"]) == demos.DEMOS


def test_unknown_demo_is_refused_and_the_known_ones_named(tmp_path: Path) -> None:
    html, warnings = build(tmp_path, first=box("neurone"))
    assert "first.md:6" in warnings
    assert "demo “neurone” does not exist; there are: " in warnings
    assert all(name in warnings for name in ("intro", "layers", "neuron"))
    assert "figure" not in html["first"]


def test_demo_twice_in_a_page_is_noticed(tmp_path: Path) -> None:
    html, warnings = build(tmp_path, first=box("neuron") + "\n" + box("neuron"))
    assert "demo “neuron” is in this page twice" in warnings
    assert html["first"].count("<figure") == 1
