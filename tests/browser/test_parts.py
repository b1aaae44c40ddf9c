"""Parts of a workflow, run from the menu of a node; and for how long what it makes is kept."""

import httpx
from playwright.sync_api import Page, expect

from tests.browser.board import at, board
from tests.browser.person import node


def test_what_is_chosen_is_run_and_a_choice_of_how_long_results_are_kept_is_undone(
    page: Page, rest: httpx.Client
) -> None:
    drawn = board(page, rest, [at(node(f"n{x}", "image.noise", width=8, height=8), 300 * x, 0) for x in range(3)])
    menu = drawn.node("n1").get_by_label("What to do with")
    drawn.node("n1").click(position={"x": 60, "y": 12})
    menu.click()
    kept = drawn.node("n1").locator("[data-cache]")
    kept.select_option("forever")
    drawn.press("Escape")
    expect(kept).not_to_be_visible()
    assert drawn.saved_node("n1")["cache"] == "forever"
    drawn.press("Control+z")
    expect(kept).to_have_value("null")
    drawn.node("n0").click(position={"x": 60, "y": 12}, modifiers=["Shift"])
    menu.click()
    drawn.node("n1").get_by_text("Run what is chosen").click()
    for each, status in (("n0", "completed"), ("n1", "completed"), ("n2", "skipped")):
        expect(drawn.node(each)).to_have_attribute("data-status", status, timeout=10_000)
