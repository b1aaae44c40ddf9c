"""The first five minutes of a stranger, with the network off: product.md's part 9, in either theme, with pictures."""

import errno
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.board import painted
from tests.browser.person import Person, violations
from tests.live.product import Product
from tests.waiting import eventually

Theme = Literal["dark", "light"]
PICTURES = Path(__file__).resolve().parents[2] / "results" / "first-five-minutes"
CLICKS, SECONDS = 5, 60
"""From the start of Loupe to six pictures side by side, at most."""


class Stranger(Person):
    """Someone who has never seen Loupe, counts their clicks, and takes pictures of what they see."""

    def __init__(self, page: Page, base: str, theme: Theme) -> None:
        super().__init__(page, base)
        self._theme = theme
        self.clicks = 0

    def clicks_on(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def takes_a_picture(self, name: str) -> None:
        """At both widths; what shows at either must be free of what axe finds."""
        for width, height in ((1440, 900), (360, 740)):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=PICTURES / f"{name}-{self._theme}-{width}.png")
            assert violations(self.page) == [], (name, width)
        self.page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture(params=["dark", "light"])
def theme(request: pytest.FixtureRequest) -> Theme:
    chosen: Theme = request.param
    return chosen


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Product]:
    """As `make run` makes it, not yet started."""
    installation = Product(tmp_path, LOUPE_DEMO=1)
    yield installation
    installation.end()


@pytest.fixture
def context(installation: Product, browser: Browser, theme: Theme) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=installation.base,
        color_scheme=theme,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    yield context
    context.close()


@pytest.fixture
def stranger(installation: Product, context: BrowserContext, theme: Theme) -> Iterator[Stranger]:
    someone = Stranger(context.new_page(), installation.base, theme)
    yield someone
    assert someone.complaints == []


@pytest.fixture(autouse=True)
def network_is_off() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        reached = any_socket.connect_ex(("192.0.2.1", 9))
    assert reached == errno.ENETUNREACH, (
        "The network is on. Run these tests by `make test-browser`, which takes it away."
    )


@pytest.mark.timeout(300)  # a whole story
def test_the_first_five_minutes(installation: Product, stranger: Stranger, context: BrowserContext) -> None:
    six_pictures_side_by_side(installation, stranger)
    stranger.takes_a_picture("1-six-pictures")
    the_lens_moves(stranger)
    two_are_compared(stranger)
    a_grid_is_run(stranger)
    all_survives_a_reload(stranger)
    stranger.takes_a_picture("4-grid")
    with installation.client() as rest:
        a_run_is_stopped(stranger, rest)
        another_browser_follows(stranger, context)
        an_admin_stops_a_run(installation, stranger, context)
        eventually(lambda: rest.get("/queue").json()["running"] == 0, 10)
    stranger.takes_a_picture("5-stopped")


def six_pictures_side_by_side(installation: Product, stranger: Stranger) -> None:
    began, page = time.monotonic(), stranger.page
    installation.start()
    page.goto(installation.link)
    stranger.clicks_on(page.get_by_role("button", name="Come in"))
    stranger.clicks_on(page.get_by_role("link", name=re.compile("Cloud study")))
    sees_hint(page, "Press Run, or Ctrl-Enter")
    stranger.takes_a_picture("0-opened")
    stranger.clicks_on(page.locator("[data-many]"))
    page.locator("#many").get_by_label("Repeat").fill("6")
    start = page.locator("[data-start]")
    expect(start).to_have_text("Start 6 runs")
    stranger.clicks_on(start)
    expect(page.locator('[data-job-card][data-state="running"]')).to_have_count(4)
    expect(page.locator("[data-node][data-status=running]").first).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\([1-4]\) "))
    expect(made(page)).to_have_count(6, timeout=SECONDS * 1000)
    assert stranger.clicks <= CLICKS
    assert time.monotonic() - began <= SECONDS


def the_lens_moves(stranger: Stranger) -> None:
    page = stranger.page
    sees_hint(page, "The canvas shows one run")
    made(page).last.locator(".choose").click()
    expect(page.locator("#lens .number")).to_have_text("#1")
    expect(page.locator("#hints")).not_to_contain_text("The canvas shows one run", use_inner_text=True)
    page.locator("[data-canvas]").press("]")
    expect(page.locator("#lens .number")).to_have_text("#2")
    expect(page.locator('[data-node="picture"] .tile.ring')).to_have_count(1)
    expect(page.locator('[data-node="picture"] .tile.ring')).to_contain_text("#2")


def two_are_compared(stranger: Stranger) -> None:
    page = stranger.page
    made(page).first.dblclick()
    expect(page.locator("#light")).to_be_visible()
    stranger.takes_a_picture("2-light-box")
    page.keyboard.press("c")
    expect(page.locator("#differ li")).to_contain_text("Seed")
    painted(page)
    slider = page.get_by_role("slider")
    slider.press("PageDown")
    expect(slider).to_have_attribute("aria-valuetext", "40 % of A")
    stranger.takes_a_picture("3-compared")
    page.keyboard.press("Escape")
    stranger.sees_live()


def a_grid_is_run(stranger: Stranger) -> None:
    page = stranger.page
    page.locator("[data-many]").click()
    dialog = page.locator("#many")
    dialog.get_by_label("haze").fill("0, 24")
    dialog.get_by_label("seed").fill("7, 8")
    expect(page.locator("[data-start]")).to_have_text("Start 4 runs")
    expect(dialog.locator(".labels li").first).to_contain_text("haze 0")
    page.locator("[data-start]").click()
    expect(page.locator("[data-ever]")).to_have_text("10")


def all_survives_a_reload(stranger: Stranger) -> None:
    page = stranger.page
    page.reload()
    stranger.sees_live(within=2)
    expect(made(page)).to_have_count(10, timeout=SECONDS * 1000)
    page.reload()
    expect(made(page)).to_have_count(10)
    expect(page.locator("#queue-completed .fold")).to_contain_text(["4 runs", "6 runs"])


def a_run_is_stopped(stranger: Stranger, rest: httpx.Client) -> None:
    page = stranger.page
    page.locator("#lens [data-action=unpin]").click()
    page.locator('[data-node="drift"] [data-property="seconds"]').fill("600")
    page.locator("[data-canvas]").press("Control+Enter")
    expect(page.locator("#lens")).to_have_attribute("data-state", "running")
    expect(page.locator('[data-node="drift"]')).to_have_attribute("data-status", "running")
    page.locator("[data-action=stop]").click()
    expect(page.locator("#lens")).to_have_attribute("data-state", "cancelled")
    expect(page.locator('[data-node="drift"]')).to_have_attribute("data-status", "cancelled")
    eventually(lambda: rest.get("/queue").json()["running"] == 0, 10)
    expect(made(page)).to_have_count(10)


def another_browser_follows(stranger: Stranger, context: BrowserContext) -> None:
    page, other = stranger.page, context.new_page()
    other.goto(page.url)
    expect(other.locator("body")).to_have_attribute("data-connection", "live")
    page.locator("[data-canvas]").press("Control+Enter")
    for each in (page, other):
        expect(each.locator("#lens .number")).to_have_text("#12")
        expect(each.locator('[data-node="drift"]')).to_have_attribute("data-status", "running")
    other.close()


def an_admin_stops_a_run(installation: Product, stranger: Stranger, context: BrowserContext) -> None:
    installation.command("create_token", "grace", "--create", "--staff", "--superuser")
    assert context.browser
    theirs = context.browser.new_context(base_url=installation.base)
    admin = theirs.new_page()
    admin.goto(installation.command("sign_in_link", "grace").split()[-1])
    admin.get_by_role("button", name="Come in").click()
    admin.goto("/admin/runs/job/?state__exact=running")
    admin.locator("input.action-select").first.check()
    admin.locator("select[name=action]").select_option("cancel")
    admin.get_by_role("button", name=re.compile("Run|Go")).click(no_wait_after=True)
    expect(stranger.page.locator("#lens")).to_have_attribute("data-state", "cancelled")
    expect(stranger.page.locator("#lens")).to_contain_text("grace")
    theirs.close()


def made(page: Page) -> Locator:
    """What the result node has got of all runs."""
    return page.locator('[data-node="picture"] [data-asset]')


def sees_hint(page: Page, words: str) -> None:
    expect(page.locator("#hints [data-hint]:visible")).to_have_count(1)
    expect(page.locator("#hints [data-hint]:visible")).to_contain_text(words)
