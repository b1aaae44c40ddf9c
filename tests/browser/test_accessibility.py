"""Everyone can use the pages: axe finds nothing in either theme, the keyboard reaches all, a phone is wide enough."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import Person, failing_job, telling_job, violations, waiting_job
from tests.live.product import Product, ended

Theme = Literal["dark", "light"]


@pytest.fixture(scope="module")
def addresses(rest: httpx.Client) -> Iterator[list[str]]:
    """Every kind of page that a person sees, in its states."""
    told, failed, running = telling_job(rest, "A story.", delay_ms=0), failing_job(rest, "No."), waiting_job(rest, 300)
    made = waiting_job(rest, 0)
    for job in (told, failed, made):
        ended(rest, job)
    jobs = [f"/jobs/{job['id']}/" for job in (told, failed, running, made)]
    lists = [f"/workflows/{job['workflow_id']}/runs/" for job in (told, running)]
    examples = rest.get("/workflows").json()["items"]
    forms = [f"/workflows/{each['id']}/runs/" for each in examples if each["name"] in {"Postcard", "Story line"}]
    settings = ["/settings/tokens/", "/settings/webhooks/", "/settings/appearance/"]
    yield ["/", *settings, *lists, *forms, *jobs, "/jobs/11111111-1111-4111-8111-111111111111/"]
    rest.post(f"/jobs/{running['id']}/cancellation")


@pytest.fixture(params=["dark", "light"])
def theme(request: pytest.FixtureRequest) -> Theme:
    chosen: Theme = request.param
    return chosen


@pytest.fixture
def phone(product: Product, browser: Browser, signed_in: Path) -> Iterator[Page]:
    size = {"width": 360, "height": 740}
    context = browser.new_context(base_url=product.base, storage_state=signed_in, viewport=size)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def test_axe_finds_nothing(ada: Person, addresses: list[str], theme: Theme) -> None:
    ada.tolerates = ("404",)
    ada.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for address in addresses:
        ada.page.goto(address)
        assert violations(ada.page) == [], address


def test_axe_finds_nothing_at_the_door(product: Product, browser: Browser, theme: Theme) -> None:
    context = browser.new_context(base_url=product.base, color_scheme=theme)
    page = context.new_page()
    for address in ("/", product.command("sign_in_link", "owner").split()[-1]):
        page.goto(address)
        assert violations(page) == [], address
    context.close()


def test_nothing_is_wider_than_a_phone(phone: Page, addresses: list[str]) -> None:
    for address in addresses:
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, address


def test_the_description_of_the_api_is_dark_where_loupe_is_and_fits_a_phone(phone: Page) -> None:
    phone.emulate_media(color_scheme="light")
    phone.goto("/api/v1/docs")
    expect(phone.get_by_text("/api/v1/workflows", exact=True).first).to_be_visible(timeout=20_000)
    light = _background(phone)
    phone.locator("[data-action=theme]").click()
    expect(phone.locator(".swagger-ui").first).not_to_have_css("background-color", light)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_alone_runs_and_stops(ada: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=300)
    ada.page.goto(f"/workflows/{job['workflow_id']}/runs/")
    ada.tabs_to("[data-action=cancel]")
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator(f'[data-job-card="{job["id"]}"]')).to_have_attribute(
        "data-state", "cancelled", timeout=20_000
    )
    ada.page.locator("#content").focus()
    ada.tabs_to("[data-action=run]")
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator("[data-job-card]")).to_have_count(2)
    ada.tabs_to("[data-job-card] a")
    ada.page.keyboard.press("Enter")
    ada.sees_live()
    ada.tabs_to("[data-action=stop]")
    ada.page.keyboard.press("Enter")
    ada.sees_state("cancelled")


@pytest.mark.parametrize(("system", "other"), [("dark", "light"), ("light", "dark")])
def test_each_click_changes_the_theme_which_stays_and_is_told(ada: Person, system: Theme, other: Theme) -> None:
    ada.page.emulate_media(color_scheme=system)
    ada.page.goto("/")
    button = ada.page.locator("[data-action=theme]")
    expect(button).to_have_attribute("title", re.compile(f"{system}, as your system"))
    before = _background(ada.page)
    button.click()
    ada.page.reload()
    assert _background(ada.page) != before
    expect(button).to_have_attribute("title", re.compile(f"Appearance: {other}. Switch to {system}"))
    button.click()
    ada.page.reload()
    assert _background(ada.page) == before
    assert ada.page.locator("html").get_attribute("data-theme") is None


def test_whatever_has_only_an_icon_has_a_tooltip(ada: Person, addresses: list[str]) -> None:
    for address in addresses[:-1]:
        ada.page.goto(address)
        for each in ada.page.locator(".only-icon").all():
            assert each.get_attribute("title"), address


def _background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
