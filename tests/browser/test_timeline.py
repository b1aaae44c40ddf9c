"""The timeline on a job's page: bars grow while their nodes work, and stay where they came to."""

import httpx
from playwright.sync_api import expect

from tests.browser.person import Person, waiting_job


def test_a_bar_grows_while_its_node_works_and_ends_with_it(ada: Person, rest: httpx.Client) -> None:
    ada.follow(waiting_job(rest, seconds=8))
    line = ada.page.locator("#bar-wait")
    expect(line).to_contain_text("Running")
    bar = line.locator("[data-start]")
    begun = bar.evaluate("bar => bar.width.baseVal.value")
    ada.page.wait_for_function(
        "([bar, begun]) => bar.width.baseVal.value > begun + 20", arg=[bar.element_handle(), begun]
    )
    expect(ada.page.locator("#timeline .scale")).to_contain_text("10 s")  # five seconds have not been enough
    ada.sees_state("completed")
    expect(line).to_contain_text("Done")
    expect(ada.page.locator("#timeline[data-steps]")).to_have_count(0)
    expect(ada.page.locator("#timeline .scale")).not_to_contain_text("10 s")
    line.get_by_role("link", name="Wait").click()
    expect(ada.page.locator("#node-wait")).to_be_in_viewport()
