"""What a page says when nothing comes in any more: signed out, or without a server; and when it is well again."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.board import Board
from tests.browser.person import Person, waiting_job
from tests.live.product import Json
from tests.waiting import eventually

SIGNED_OUT = ("401",)
SESSION = re.compile("session")
NO_SERVER = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")


@pytest.fixture
def job(rest: httpx.Client) -> Iterator[Json]:
    """One that runs for as long as the test."""
    made = waiting_job(rest, seconds=300)
    yield made
    rest.post(f"/jobs/{made['id']}/cancellation")


class Network:
    """A page's, as it is where a machine loses it: these tests have none, so that Chromium does not notice."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket("**", self._open)

    def goes(self) -> None:
        """Nothing passes any more by the sockets that are open, for ever; nobody closes them."""
        self._page.context.set_offline(True)
        self._sockets.clear()
        self._page.evaluate("dispatchEvent(new Event('offline'))")

    def comes(self) -> None:
        """There is one again."""
        self._page.context.set_offline(False)
        self._page.evaluate("dispatchEvent(new Event('online'))")

    def _open(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        self._sockets.append(page)
        page.on_message(lambda message: server.send(message) if page in self._sockets else None)
        server.on_message(lambda message: page.send(message) if page in self._sockets else None)


def runs_of(job: Json) -> str:
    return f"/workflows/{job['workflow_id']}/runs/"


def sees(page: Page, words: str) -> None:
    expect(page.locator(".connection:visible", has_text=words)).to_be_visible()


def test_a_list_says_that_one_is_signed_out_and_keeps_what_it_shows(
    ada: Person, context: BrowserContext, job: Json
) -> None:
    ada.page.goto(runs_of(job))
    ada.tolerates = SIGNED_OUT
    context.clear_cookies(name=SESSION)
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "offline")
    sees(ada.page, "You are signed out.")
    expect(ada.page.locator("[data-job-card]")).to_have_count(1)
    expect(ada.page.locator("#runs form")).to_have_count(0)
    ada.page.get_by_role("link", name="Sign in again").click()
    expect(ada.page).to_have_url(re.compile(rf"/sign-in/\?next={runs_of(job)}"))


def test_a_stop_that_is_lost_because_one_is_signed_out_says_so(ada: Person, context: BrowserContext, job: Json) -> None:
    ada.follow(job)
    ada.tolerates = SIGNED_OUT
    context.clear_cookies(name=SESSION)
    ada.page.locator("[data-action=stop]").click()
    sees(ada.page, "that was not done")
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "offline")
    ticking = ada.page.locator("#head [data-ticking]")
    stood = ticking.text_content()
    ada.page.wait_for_timeout(1200)  # longer than the clock takes to show another second
    assert ticking.text_content() == stood


def test_a_canvas_says_that_what_was_asked_of_it_was_not_done(
    ada: Person, context: BrowserContext, rest: httpx.Client, job: Json
) -> None:
    board = Board(ada.page, rest, job["workflow_id"])
    ada.sees_live()
    ada.tolerates = (*SIGNED_OUT, "Failed to load resource")
    context.set_offline(True)
    ada.page.locator("[data-action=run]").click()
    sees(ada.page, "That did not reach Loupe.")
    context.set_offline(False)
    ada.sees_live()
    context.clear_cookies(name=SESSION)
    ada.page.locator("[data-action=run]").click()
    sees(ada.page, "You are signed out, so that was not done.")
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "offline")
    board.node("noise").locator('[data-property="width"]').fill("128")
    expect(ada.page.locator("[data-saved]")).to_contain_text("Not saved")


def test_a_list_says_that_the_server_is_gone_and_comes_back(ada: Person, context: BrowserContext, job: Json) -> None:
    ada.page.goto(runs_of(job))
    ada.tolerates = NO_SERVER
    context.set_offline(True)
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "reconnecting")
    sees(ada.page, "The connection is lost.")
    ada.page.locator("[data-action=cancel]").click()
    sees(ada.page, "That did not reach Loupe.")
    context.set_offline(False)
    ada.sees_live()


@pytest.mark.parametrize(("path", "stands"), [("/workflows/{workflow_id}/", "#lens"), ("/jobs/{id}/", "#head")])
def test_a_page_that_was_offline_for_a_minute_is_true_within_two_seconds(
    ada: Person, rest: httpx.Client, job: Json, path: str, stands: str
) -> None:
    ada.page.clock.install()
    network = Network(ada.page)
    ada.page.goto(path.format(**job))
    ada.sees_live()
    ada.sees_status("wait", "running")
    ada.tolerates = (*NO_SERVER, "WebSocket connection")
    network.goes()
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "reconnecting")
    rest.post(f"/jobs/{job['id']}/cancellation").raise_for_status()
    eventually(lambda: rest.get(f"/jobs/{job['id']}").json()["state"] == "cancelled")
    ada.page.clock.fast_forward("01:00")
    expect(ada.page.locator(stands)).to_have_attribute("data-state", "running")
    network.comes()
    expect(ada.page.locator(stands)).to_have_attribute("data-state", "cancelled", timeout=2000)
    ada.sees_live(within=2)


def test_a_list_does_not_wait_for_ever_for_a_server_that_is_silent(ada: Person, job: Json) -> None:
    ada.page.goto(runs_of(job))
    ada.tolerates = ("timeout",)
    ada.page.route("**/?part=list", lambda _route: None)
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "reconnecting", timeout=25_000)
    ada.page.unroute("**/?part=list")
    ada.sees_live(within=15)


def test_an_idle_list_finds_what_was_started_elsewhere(ada: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=0)
    ada.page.goto(runs_of(job))
    expect(ada.page.locator("[data-job-card][data-state=completed]")).to_have_count(1, timeout=20_000)
    rest.post(f"/workflows/{job['workflow_id']}/jobs", json={})
    expect(ada.page.locator("[data-job-card]")).to_have_count(2, timeout=15_000)


def test_who_stops_a_run_with_the_keyboard_stays_at_it(ada: Person, job: Json) -> None:
    ada.page.goto(runs_of(job))
    ada.page.locator("[data-action=cancel]").focus()
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator("[data-job-card]")).to_have_attribute("data-state", "cancelled", timeout=20_000)
    assert ada.page.evaluate("document.activeElement.closest('[data-job-card]') !== null")


def test_the_skip_link_is_seen_when_it_has_the_focus(ada: Person) -> None:
    ada.page.goto("/")
    ada.page.keyboard.press("Tab")
    link = ada.page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    box = link.bounding_box()
    assert box is not None
    assert box["width"] > 100
    assert box["height"] > 20
