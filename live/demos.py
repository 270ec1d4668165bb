"""Demos: a box of the class ``demo-NAME`` becomes a figure that a plain-JavaScript demo fills.

```{admonition} Demo: what it is
:class: demo-neuron
What to do and what to look for: the caption.

A second paragraph is seen only where the demo does not run: without JavaScript and in JupyterLab.
```

A box, because JupyterLab shows one, and would show a directive of our own as an error.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "js" / "demos"
DEMOS = sorted(path.stem for path in SCRIPTS.glob("*.js") if path.stem != "frame")


class demo(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """A demo's place in a page; its children are the caption."""


class DemoPlaces(SphinxTransform):
    """Turns the boxes of class ``demo-NAME`` into demos."""

    default_priority = 200

    def apply(self, **options: Any) -> None:
        """Replace each box; warn of what is wrong, and leave that box as it is."""
        found: set[str] = set()
        for box in list(self.document.findall(nodes.admonition)):
            name = next((c.removeprefix("demo-") for c in box["classes"] if c.startswith("demo-")), None)
            if name is None:
                continue
            problem = ""
            if name not in DEMOS:
                problem = f"does not exist; there are: {', '.join(DEMOS)}"
            elif name in found:
                problem = "is in this page twice; once is enough"
            if problem:
                log.warning("demo “%s” %s", name, problem, location=box)
                continue
            found.add(name)
            box.replace_self(demo("", *box.children[1:], name=name))  # without the box's title


def open_figure(translator: HTML5Translator, node: demo) -> None:
    name = node["name"]
    translator.body.append(f'<figure class="demo" data-demo="{name}" id="demo-{name}">\n<figcaption>\n')


def close_figure(translator: HTML5Translator, node: demo) -> None:
    translator.body.append("</figcaption>\n</figure>\n")


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page with demos their scripts and their style sheet."""
    names = [node["name"] for node in doctree.findall(demo)] if doctree else []
    for name in names:
        app.add_js_file(f"demos/{name}.js", loading_method="defer")
    if names:
        app.add_css_file("demos.css")


def setup(app: Sphinx) -> None:
    """Register what this module does; called by `live`."""
    app.add_transform(DemoPlaces)
    app.add_node(demo, html=(open_figure, close_figure))
    app.connect("html-page-context", add_scripts)
