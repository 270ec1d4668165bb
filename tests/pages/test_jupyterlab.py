"""An explorer and frames in JupyterLab, in a real browser: they appear, and their sliders change the picture."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.support.browser import CHROMIUM, sync_api
from tools.notebooks import NOTEBOOK_METADATA, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]

EXPLORER = """
from ipywidgets import FloatSlider
from mininet_course.explorers.explorer import explorer

def draw(figure, w):
    figure.subplots().plot([0, 1], [0, w])

explorer(draw, {"w": FloatSlider(1)}, "A line that rises with w")
"""

FRAMES = """
import matplotlib.pyplot as plt
from mininet_course.plots.film import frames

frames(lambda w: plt.plot([0, w]), [1, 2, 3], "w", "A line that rises with w")
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab on loopback, in an empty folder that holds a notebook for each; yields the folder's address."""
    tmp_path = tmp_path_factory.mktemp("lab")
    for name, source in {"explorer": EXPLORER, "frames": FRAMES}.items():
        notebook = new_notebook(cells=[new_code_cell(source.strip())], metadata=NOTEBOOK_METADATA)
        write(notebook, tmp_path / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ip=127.0.0.1"]
    command += ["--IdentityProvider.token=", "--allow-root", "--ServerApp.port_retries=0"]
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen(command, cwd=tmp_path, env=os.environ | home, stdout=log, stderr=log)
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail(f"JupyterLab did not start: {(tmp_path / 'log').read_text()[-2000:]}")
        yield f"http://127.0.0.1:{port}/lab/tree"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.mark.parametrize(
    ("name", "slider"),
    [("explorer", ".widget-slider .noUi-handle"), ("frames", ".jp-OutputArea input[type=range]")],
    ids=["explorer", "frames"],
)
def test_arrow_keys_change_the_picture(browser: "sync_api.Browser", lab: str, name: str, slider: str) -> None:
    page = browser.new_page()
    page.goto(f"{lab}/{name}.ipynb?reset")  # without what another test has left open
    cell = page.locator(".jp-Cell .cm-content").first
    picture = page.locator("img[alt^='A line that rises with w']").first
    cell.click(timeout=60_000)
    for _ in range(12):  # JupyterLab drops what is run before its kernel listens
        cell.click()
        page.keyboard.press("Control+Enter")
        with suppress(sync_api.TimeoutError):
            picture.wait_for(timeout=5_000)
            break
    before = picture.get_attribute("src")
    page.locator(slider).first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector(\"img[alt^='A line that rises with w']\").src !== before",
        arg=before,
    )
    page.close()
