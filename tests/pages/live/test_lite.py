"""“Open as notebook”: the page's notebook in JupyterLite, with the same Python and the course's own package."""

from tests.support.browser import NEEDS_BROWSER, complaints, sync_api
from tests.support.live import needs_numpy

pytestmark = [*NEEDS_BROWSER, needs_numpy]

CODE = "import mininet, numpy\nprint('from', mininet.__name__, numpy.arange(4).sum())"


def test_a_page_opens_as_a_notebook_and_its_cells_run(page: "sync_api.Page", home: str) -> None:
    found = complaints(page, home)
    page.goto(f"{home}/book/neuron.html")
    link = page.get_by_role("link", name="Open as notebook").first
    page.goto(f"{home}/book/{link.get_attribute('href')}")
    cell = page.locator(".jp-CodeCell").first
    cell.locator(".cm-content").click()
    text = page.locator(".jp-Notebook").inner_text()
    assert "A single neuron" in text and "measure a gradient by nudging" in text
    assert "{term}" not in text and "\n,sun" not in text  # a role, and lines joined by commas
    menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert menus == [
        "File",
        "Edit",
        "View",
        "Run",
        "Kernel",
        "Settings",
        "Help",
    ]  # nothing that happens to be installed
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(CODE)
    page.keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea-output", has_text="from mininet 6").wait_for()
    assert found == []
