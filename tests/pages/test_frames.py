"""Frames in a real browser, opened from disk: the slider answers, and is not there where it could not."""

import matplotlib.pyplot as plt
import pytest

from mininet_course.plots.film import frames
from tests.support.browser import NEEDS_BROWSER, PHONE, sideways, sync_api

pytestmark = NEEDS_BROWSER


def line(slope: float) -> None:
    plt.figure(figsize=(3, 2))
    plt.plot([0, 1], [0, slope])
    plt.title(f"rises to {slope}")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with the same frames twice."""
    path = tmp_path_factory.mktemp("frames") / "page.html"
    text = frames(line, [0.5, 1.0, 2.0], "slope", "A line that rises.", start=1).html
    path.write_text(
        f"<!doctype html><meta charset=utf-8><meta name=viewport content=width=device-width>{text * 2}"
    )
    return path.as_uri()


def test_arrow_keys_change_picture_words_and_number_of_their_own_frames_only(
    browser: "sync_api.Browser", address: str
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address)
    first, second = page.locator("figure").all()
    before = first.locator("img").get_attribute("src")
    first.get_by_label("slope").focus()
    page.keyboard.press("ArrowRight")
    assert first.locator("output").inner_text() == "2"
    assert first.locator("img").get_attribute("alt") == "A line that rises. slope 2. rises to 2.0"
    assert first.locator("input").get_attribute("aria-valuetext") == "rises to 2.0"
    assert first.locator("img").get_attribute("src") != before
    assert second.locator("img").get_attribute("src") == before
    assert sideways(page) <= 0
    page.close()


def test_without_javascript_there_is_a_picture_and_no_dead_slider(
    browser: "sync_api.Browser", address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("img:visible").count() == 2
    assert page.locator("input:visible").count() == 0
    context.close()


def test_print_shows_the_chosen_frame(browser: "sync_api.Browser", address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    slider = page.get_by_label("slope").first
    slider.focus()
    page.keyboard.press("Home")
    page.emulate_media(media="print")
    assert (
        page.locator("img:visible").first.get_attribute("alt") == "A line that rises. slope 0.5. rises to 0.5"
    )
    page.close()
