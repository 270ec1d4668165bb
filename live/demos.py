"""The directive `demo`: a figure that a plain-JavaScript demo fills, and its script on that page only.

```{demo} neuron
What to do and what to look for: the caption.

A second paragraph is seen only where the demo does not run: without JavaScript and in JupyterLab.
```
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "js" / "demos"
DEMOS = sorted(path.stem for path in SCRIPTS.glob("*.js") if path.stem != "frame")


class demo(nodes.General, nodes.Element):
    """A demo's place in a page; its children are the caption."""


class Demo(SphinxDirective):
    """The directive: the demo's name, then its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in DEMOS:
            log.warning(
                "no demo is called “%s”; there are: %s", name, ", ".join(DEMOS), location=self.get_location()
            )
            return []
        if any(other["name"] == name for other in self.state.document.findall(demo)):
            log.warning("demo “%s” is in this page twice; once is enough", name, location=self.get_location())
            return []
        if not self.content:
            log.warning("demo “%s” has no caption; say what to do in it", name, location=self.get_location())
        return [demo("", *self.parse_content_to_nodes(), name=name)]


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
    """Register the directive; called by `live`."""
    app.add_directive("demo", Demo)
    app.add_node(demo, html=(open_figure, close_figure))
    app.connect("html-page-context", add_scripts)
