"""What a stranger does first: open the link, give a photograph, run it six times, watch, get the picture."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.live.product import Product
from tests.photographs import photograph


@pytest.fixture
def stranger(product: Product, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(base_url=product.base, reduced_motion="reduce")
    person = Person(context.new_page(), product.base)
    yield person
    context.close()
    assert person.complaints == []


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    path = tmp_path / "coffee.png"
    path.write_bytes(photograph())
    return path


def test_from_the_link_to_six_runs_of_ones_own_photograph(stranger: Person, product: Product, coffee: Path) -> None:
    page = stranger.page
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    page.goto(product.command("sign_in_link", "owner").split()[-1])
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("link", name=re.compile("Postcard")).click()
    page.get_by_role("link", name=re.compile("^Runs")).click()
    page.get_by_role("button", name="Run…").click()
    page.get_by_label("Photograph").set_input_files(coffee)
    expect(page.get_by_alt_text("The picture that you chose")).to_be_visible()
    for run in range(1, 7):
        if run > 1:
            page.get_by_role("button", name="Run…").click()
        page.get_by_label("Greeting").fill(f"Hello number {run}")
        page.locator(".run-form [data-action=run]").click()
        expect(page.locator("[data-job-card]")).to_have_count(run)
    page.locator("[data-job-card]", has_text="Hello number 6").locator("a.open").click()
    stranger.sees_live()
    stranger.sees_state("completed", within=60)
    picture = page.locator("#results [data-asset] img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [
        1200,
        800,
    ]
    stranger.goes_back()
    expect(page.locator('[data-job-card][data-state="completed"]')).to_have_count(6, timeout=60_000)
    expect(page.locator("[data-job-card] img")).to_have_count(6)


def test_a_link_that_is_used_says_so_and_lets_nobody_in(stranger: Person, product: Product) -> None:
    link = product.command("sign_in_link", "owner").split()[-1]
    page = stranger.page
    page.goto(link)
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{product.base}/")
    page.locator("[popovertarget=account]").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(re.compile("/sign-in/"))
    stranger.tolerates = ("410",)
    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text("This link has been used, or is too old")
