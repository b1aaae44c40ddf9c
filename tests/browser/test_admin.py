"""The administration in a real browser: jobs live, the queue and its cap; an admin's stop is seen where people look."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.person import Person, failing_job, violations, waiting_job
from tests.live.product import Json, Product, ended, submit

SECOND = 1000  # ms


@pytest.fixture(scope="module")
def desk(product: Product, browser: Browser) -> Iterator[BrowserContext]:
    """The browser of Anna, who is an admin, and somebody else than who owns the runs."""
    product.command("create_token", "anna", "--create", "--staff", "--superuser")
    context = browser.new_context(base_url=product.base, reduced_motion="reduce")
    page = context.new_page()
    page.goto(product.command("sign_in_link", "anna").split()[-1])
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{product.base}/")
    page.close()
    yield context
    context.close()


@pytest.fixture
def anna(product: Product, desk: BrowserContext) -> Iterator[Person]:
    person = Person(desk.new_page(), product.base)
    yield person
    assert person.complaints == []
    person.page.close()


@pytest.fixture(autouse=True)
def idle(rest: httpx.Client) -> Iterator[None]:
    """What a test leaves running or waiting is stopped when it ends."""
    yield
    active = rest.get("/jobs", params={"state": ["running", "queued", "cancelling"], "limit": 200}).json()["items"]
    for job in active:
        rest.post(f"/jobs/{job['id']}/cancellation")
    for job in active:
        ended(rest, job)


@pytest.fixture
def capped(product: Product) -> Iterator[httpx.Client]:
    """REST for the queue; afterwards the cap is as it was."""
    with product.client("anna", "admin") as client:
        yield client
        client.patch("/queue", json={"cap": None})


def detail(job: Json) -> str:
    return f"/admin/runs/job/{job['id']}/change/"


def test_an_admins_stop_is_seen_on_the_canvas_within_a_second_with_the_admins_name(
    ada: Person, anna: Person, rest: httpx.Client
) -> None:
    job = waiting_job(rest, seconds=300)
    ada.page.goto(f"/workflows/{job['workflow_id']}/")
    lens = ada.page.locator("#lens")
    expect(lens).to_have_attribute("data-state", "running")
    ada.sees_status("wait", "running")
    anna.page.goto(detail(job))
    anna.sees_live()
    anna.page.locator("[data-action=stop]").click()
    expect(lens).to_contain_text("Stopped by anna", timeout=SECOND)
    expect(lens).to_have_attribute("data-state", "cancelled", timeout=SECOND)
    expect(lens).to_contain_text("Cancelled")
    ada.sees_status("wait", "cancelled")
    anna.sees_state("cancelled")
    expect(anna.page.locator("#standing")).to_contain_text("Cancelled by anna")


def test_an_admins_stop_from_the_list_is_seen_on_the_jobs_page_and_on_its_card(
    ada: Person, anna: Person, rest: httpx.Client
) -> None:
    first = waiting_job(rest, seconds=300)
    submit(rest, first["workflow_id"])
    ada.follow(first)
    ada.sees_status("wait", "running")
    board = ada.page.context.new_page()
    board.goto(f"/workflows/{first['workflow_id']}/")
    card = board.locator(f'[data-job-card="{first["id"]}"]')
    expect(card).to_have_attribute("data-state", "running")
    anna.page.goto("/admin/runs/job/")
    anna.page.locator(f'input[value="{first["id"]}"]').check()
    anna.page.get_by_label("Action:").select_option("cancel")
    anna.page.get_by_role("button", name="Go").click(no_wait_after=True)
    expect(ada.page.locator("#standing")).to_contain_text(
        re.compile("(Being stopped|Cancelled) by anna"), timeout=SECOND
    )
    ada.sees_state("cancelled", within=2)
    expect(card).to_have_attribute("data-state", "cancelled")
    expect(card).to_contain_text("Stopped by anna")
    expect(anna.page.locator(".messagelist")).to_contain_text("1 cancelled")
    board.close()


def test_a_jobs_page_in_the_administration_is_live(anna: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=8)
    anna.page.goto(detail(job))
    anna.sees_status("wait", "running")
    bar = anna.page.locator("#bar-wait [data-start]")
    begun = bar.evaluate("bar => bar.width.baseVal.value")
    anna.page.wait_for_function("([bar, begun]) => bar.width.baseVal.value > begun", arg=[bar.element_handle(), begun])
    expect(anna.page.locator("#facts")).to_contain_text("owner")
    anna.sees_state("completed")
    picture = anna.page.locator(f'#results [data-job="{job["id"]}"] img')
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    expect(anna.page.locator("#bar-wait")).to_contain_text("Done")
    anna.page.locator("[data-action=rerun]").click()
    expect(anna.page.locator("#history")).to_contain_text("by anna")
    anna.sees_state("completed")


def test_an_error_comes_with_its_traceback(anna: Person, rest: httpx.Client, capped: httpx.Client) -> None:
    capped.patch("/queue", json={"cap": 1})
    blocking, job = waiting_job(rest, seconds=300), failing_job(rest, "The kiln is cold.")
    anna.page.goto(detail(job))
    anna.sees_state("queued")
    expect(anna.page.locator("#trace pre")).to_have_count(0)
    rest.post(f"/jobs/{blocking['id']}/cancellation")
    expect(anna.page.locator("#trace pre")).to_contain_text("NodeFailed: The kiln is cold.", timeout=10 * SECOND)


def test_a_raised_cap_lets_waiting_runs_start_at_once(anna: Person, rest: httpx.Client, capped: httpx.Client) -> None:
    capped.patch("/queue", json={"cap": 1})
    jobs = [waiting_job(rest, seconds=300) for _ in range(3)]
    anna.page.goto("/admin/queue/")
    cards = [anna.page.locator(f'[data-job-card="{job["id"]}"]') for job in jobs]
    for card, state in zip(cards, ("running", "queued", "queued"), strict=True):
        expect(card).to_have_attribute("data-state", state)
    expect(cards[2]).to_contain_text("2nd")
    anna.page.get_by_label("Runs at once").fill("3")
    anna.page.get_by_role("button", name="Set", exact=True).click()
    for card in cards:
        expect(card).to_have_attribute("data-state", "running", timeout=10 * SECOND)
    expect(anna.page.locator("#slots")).to_have_text("3 of 3")
    expect(anna.page.locator("#runs")).to_contain_text("Cap: 1 → 3.")
    at_work = anna.page.locator("[data-worker]", has=anna.page.locator(".number"))  # the lowered cap may have one drain
    expect(at_work).to_have_count(3, timeout=10 * SECOND)
    for card in cards:
        card.locator("[data-action=cancel]").click()
        expect(card).to_have_count(0)
    for job in jobs:
        ended(rest, job)


def test_what_is_typed_for_the_cap_stays_while_the_queue_moves(anna: Person, rest: httpx.Client) -> None:
    anna.page.goto("/admin/queue/")
    field = anna.page.get_by_label("Runs at once")
    field.fill("77")
    job = waiting_job(rest, seconds=300)
    expect(anna.page.locator(f'[data-job-card="{job["id"]}"]')).to_be_visible(timeout=5 * SECOND)
    expect(field).to_have_value("77")
    expect(field).to_be_focused()
    field.fill("0")
    anna.tolerates = ("422",)
    field.press("Enter")
    expect(anna.page.locator(".cap .complaint")).to_contain_text("Give 1 or more.")


@pytest.fixture
def places(rest: httpx.Client) -> list[str]:
    """The pages of the administration that are Loupe's own, with something on each."""
    failed, running = failing_job(rest, "No."), waiting_job(rest, 300)
    waiting = [waiting_job(rest, 300) for _ in range(2)]
    ended(rest, failed)
    lists = ["/admin/", "/admin/runs/job/", "/admin/runs/asset/", "/admin/workflows/workflow/", "/admin/queue/"]
    return [*lists, detail(failed), detail(running), detail(waiting[1])]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(anna: Person, places: list[str], theme: str) -> None:
    anna.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    for place in places:
        anna.page.goto(place)
        assert violations(anna.page, preload=False) == [], place


def test_the_pages_fit_a_phone(anna: Person, places: list[str]) -> None:
    anna.page.set_viewport_size({"width": 360, "height": 740})
    for place in places:
        anna.page.goto(place)
        assert anna.page.evaluate("document.documentElement.scrollWidth") <= 360, place
    anna.page.set_viewport_size({"width": 1280, "height": 720})


def test_the_keyboard_alone_stops_a_run_from_the_queue(anna: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=300)
    anna.page.goto("/admin/queue/")
    anna.tabs_to(f'[data-job-card="{job["id"]}"] [data-action=cancel]')
    anna.page.keyboard.press("Enter")
    expect(anna.page.locator(f'[data-job-card="{job["id"]}"]')).to_have_count(0, timeout=10 * SECOND)
    assert ended(rest, job)["state"] == "cancelled"
