"""Predictions in the built pages: pressed, answered, kept; and everything is readable without a script and in print."""

import pytest

from tests.support.browser import NEEDS_BROWSER, PHONE, WIDE, barriers, open_page, sideways, sync_api

pytestmark = NEEDS_BROWSER

PAGE = "book/neuron"
# right is C: “both weights and the bias are doubled”
ASKED = "What happens to the line?"


def question(page: "sync_api.Page") -> "sync_api.Locator":
    return page.locator(".admonition.predict", has_text=ASKED)


def fold(page: "sync_api.Page") -> "sync_api.Locator":
    """Return the fold with the output that settles the question."""
    return page.locator(f".admonition.predict:has-text('{ASKED}') ~ .cell.tag_hide-output details").first


def is_open(details: "sync_api.Locator") -> bool:
    return bool(details.evaluate("details => details.open"))


def test_a_reader_commits_sees_whether_and_why_and_only_then_the_output(
    browser: "sync_api.Browser", address: str
) -> None:
    page, found = open_page(browser, address, PAGE, WIDE, "light")
    count = page.locator(".admonition.predict").count()
    summary = page.locator(".predict-summary")
    assert summary.inner_text() == f"This page asks for {count} predictions; you have made none yet."
    why = question(page).locator("+ .predict-answers li").first
    assert not is_open(fold(page)) and not why.is_visible()
    group = question(page).get_by_role("group", name="Your prediction")
    assert group.get_by_role("button").count() == 4
    group.get_by_role("button", name="B It turns.").press("Enter")
    said = question(page).get_by_role("status")
    assert said.inner_text() == "✗ You said B. C is right."
    assert is_open(fold(page)) and why.is_visible() and "the line slides" in why.inner_text()
    pressed = [b.get_attribute("aria-pressed") for b in group.get_by_role("button").all()]
    assert pressed == ["false", "true", "false", "false"]
    group.get_by_role("button", name="C It stays").click(force=True)  # the first choice counts
    assert said.inner_text() == "✗ You said B. C is right."
    assert summary.inner_text() == f"You predicted 1 of {count}, and were right 0 times."
    assert barriers(page, "main") == []
    page.reload()
    page.locator(".predict-summary", has_text="You predicted 1 of").wait_for()
    assert said.inner_text() == "✗ You said B. C is right." and is_open(fold(page))
    assert [complaint for complaint in found if not complaint.startswith("failed:")] == []
    page.context.close()


def test_what_is_kept_goes_with_the_rest_when_the_reader_deletes_all(
    browser: "sync_api.Browser", address: str
) -> None:
    page, _ = open_page(browser, address, PAGE, WIDE, "light")
    question(page).get_by_role("button", name="C It stays").click()
    assert question(page).get_by_role("status").inner_text() == "✓ You said C, and C is right."
    page.goto(f"{address}/exercises/neuron.html")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text("My answers").click()
    page.get_by_role("button", name="Delete all").click()
    assert "prediction" not in page.evaluate("Object.keys(localStorage).join()")
    page.context.close()


def test_without_scripts_the_options_are_a_list_and_the_output_is_behind_a_fold(
    browser: "sync_api.Browser", address: str
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/{PAGE}.html")
    assert "It turns." in question(page).locator("li").nth(1).inner_text()
    assert "the line slides" in question(page).locator("+ .predict-answers li").first.inner_text()
    output = fold(page).locator(".cell_output")
    assert not output.is_visible()
    fold(page).locator("summary").click()
    assert output.is_visible()
    page.context.close()


def test_in_print_all_is_open(browser: "sync_api.Browser", address: str) -> None:
    page, _ = open_page(browser, address, PAGE, WIDE, "light")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert is_open(fold(page))
    page.context.close()


@pytest.mark.parametrize("name", ["book/xor", "book/layers"])
def test_options_fit_on_a_phone(browser: "sync_api.Browser", address: str, name: str) -> None:
    page, found = open_page(browser, address, name, PHONE, "dark")
    for button in page.locator(".predict-options button").all():
        box = button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["height"] >= 24
    assert sideways(page) <= 0 and found == []
    page.context.close()
