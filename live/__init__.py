"""Sphinx extension: brings the book's pages to life in the reader's browser. See live/README.md."""

import json
import os
import shutil
import zlib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from live import accessible, arrays, demos, lite, pyodide, trail

HERE = Path(__file__).parent
SCRIPTS = HERE / "static"
# put into the built book, by their names there
PYODIDE_FOLDER, FILES_FOLDER, LITE_FOLDER = "pyodide", "files", "lite"
NOTEBOOKS = ("book", "exercises", "solutions")  # the folders of those that open in JupyterLite


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what the extension does; called by Sphinx."""
    app.add_config_value("live_files", [], "html", list)
    app.connect("builder-inited", _add_static_files)
    app.connect("html-page-context", _add_to_page)
    app.connect("html-page-context", _add_button, priority=900)  # when the theme has made its own
    app.connect("build-finished", _finish)
    demos.setup(app)
    trail.setup(app)
    # pages built by other sources than these are made anew, and with them the scripts beside them
    sources = [*HERE.glob("*.py"), *HERE.glob("css/*.css"), *HERE.glob("js/**/*.js")]
    return {
        "version": "1",
        "env_version": zlib.crc32(b"".join(path.read_bytes() for path in sorted(sources))),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _add_static_files(app: Sphinx) -> None:
    if not (SCRIPTS / "live.js").is_file():
        raise ExtensionError("live/static holds no scripts: run npm ci and npm run build (make book does).")
    arrays.write_script(Path(app.srcdir, "book/weights/mnist.npz"), SCRIPTS / "demos" / "mnist-weights.js")
    app.config.html_static_path += [str(SCRIPTS), str(HERE / "css")]


def _add_to_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Give pages made from notebooks the script, and the addresses that it needs; the table of exercises its own."""
    if page == "book/exercises":
        app.add_js_file("catalogue.js", loading_method="defer")
    if doctree is None or context.get("page_source_suffix") != ".ipynb":
        return
    root = context["pathto"]("", resource=True) or "./"
    config = {
        "root": root,
        "page": page,
        "sources": f"_sources/{page}.ipynb",
        "exercises": _exercises(page),
        "worker": "_static/worker.js",
        "widgets": {"script": "_static/widgets.js", "style": "_static/widgets.css"},
        "editor": "_static/editor.js",
        "pyodide": f"{PYODIDE_FOLDER}/pyodide.mjs",
        "lock": f"{PYODIDE_FOLDER}/{pyodide.LOCK}",
        "packages": pyodide.AT_START,
        "files": [{"path": path, "url": f"{FILES_FOLDER}/{path}"} for path in _files(app)],
    }
    app.add_js_file(None, body=json.dumps(config), type="application/json", id="live-config")
    app.add_js_file("live.js", loading_method="defer")
    if any("predict" in box["classes"] for box in doctree.findall(nodes.admonition)):
        app.add_js_file("predict.js", loading_method="defer")
    app.add_css_file("live.css")


def _add_button(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add “Open as notebook” to the buttons in the page's header."""
    if context.get("page_source_suffix") != ".ipynb" or "header_buttons" not in context:
        return
    address = context["pathto"](f"{LITE_FOLDER}/notebooks/index.html", resource=True)
    context["header_buttons"].append(
        {
            "type": "link",
            "url": f"{address}?path={page}.ipynb",
            "text": "Open as notebook",
            "tooltip": "Open this page as a notebook in your browser",
            "icon": "fas fa-book-open",
            "label": "lite-button",
        }
    )


def _exercises(page: str) -> dict[str, Any] | None:
    """Return the chapter whose exercises stand on the page, and how many of them are checked."""
    folder, _, chapter = page.partition("/")
    if folder != "exercises":  # on a page of solutions nothing is solved
        return None
    from mininet_course.checks import CHAPTERS
    from mininet_course.exercise import Written

    checked = [exercise for exercise in CHAPTERS[chapter] if not isinstance(exercise, Written)]
    return {"chapter": chapter, "count": len(checked)}


def _files(app: Sphinx) -> list[str]:
    """Return the files that notebooks read, relative to the notebooks' folder."""
    folder = Path(app.srcdir, "book")
    return sorted(
        str(p.relative_to(folder)) for pattern in app.config.live_files for p in folder.glob(pattern)
    )


def _finish(app: Sphinx, problem: Exception | None) -> None:
    """Put the browser's Python, JupyterLite and the files that notebooks read beside the pages."""
    if problem is not None or app.builder.format != "html":
        return
    source = os.environ.get("PYODIDE")
    try:
        wheels = pyodide.own_wheels(Path(app.outdir).parent / "wheels")
        left_out = pyodide.publish(Path(app.outdir, PYODIDE_FOLDER), wheels, Path(source) if source else None)
        if {"numpy", "matplotlib"} & set(left_out):
            raise pyodide.PyodideProblem(f"PYODIDE={source} lacks {', '.join(left_out)}.")
        lite.build(Path(app.outdir, LITE_FOLDER), _lite_contents(app))
    except (lite.LiteProblem, pyodide.PyodideProblem) as trouble:
        raise ExtensionError(str(trouble)) from None
    accessible.mend(Path(app.outdir))
    for path in _files(app):
        target = Path(app.outdir, FILES_FOLDER, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(app.srcdir, "book", path), target)


def _lite_contents(app: Sphinx) -> list[tuple[Path, str]]:
    """Return JupyterLite's files: the notebooks that are pages, and what they read."""
    pages = sorted(app.env.found_docs)
    notebooks = [Path(f"{page}.ipynb") for page in pages if page.split("/")[0] in NOTEBOOKS]
    files = [
        *(n for n in notebooks if Path(app.srcdir, n).is_file()),
        *(Path("book", p) for p in _files(app)),
    ]
    return [(Path(app.srcdir, file), file.as_posix()) for file in files]
