"""The table of runs, the page of one run, and settings: with the mouse, with keys, in both themes, on a phone."""

import re
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.browser.person import Person, edge, failing_job, node, violations, waiting_job
from tests.live.product import Json, Product, ended, make_workflow, running, submit

CUT = 20_000
"""Milliseconds, with room for a machine that does much else."""


def varied(rest: httpx.Client, *params: Json) -> list[Json]:
    """Jobs of one new workflow, each with its seed and style, and how long it takes."""
    nodes = [
        node("seed", "input.integer", name="seed", value=1),
        node("style", "input.text", name="style", value="ink"),
        node("seconds", "input.number", name="seconds", value=0),
        node("noise", "image.noise", width=32, height=24),
        node("wait", "control.wait"),
        node("out", "output.result", name="picture"),
    ]
    edges = [
        edge("seed", "value", "noise", "seed"),
        edge("noise", "image", "wait", "value"),
        {**edge("seconds", "value", "wait", "seconds"), "id": "time"},
        edge("wait", "value", "out", "value"),
    ]
    workflow = make_workflow(rest, nodes, edges)
    return [submit(rest, workflow, params=given) for given in params]


@pytest.fixture
def four(rest: httpx.Client) -> list[Json]:
    """Two seeds in two styles, all done."""
    jobs = varied(rest, *({"seed": seed, "style": style} for seed in (41, 42) for style in ("ink", "moss")))
    return [ended(rest, job) for job in jobs]


@pytest.fixture
def endless(rest: httpx.Client) -> Iterator[Json]:
    """One that goes on until it is stopped."""
    (job,) = varied(rest, {"seed": 7, "seconds": 300})
    yield running(rest, job)
    if rest.post(f"/jobs/{job['id']}/cancellation").status_code != 404:  # a test may have deleted it
        ended(rest, job)


def runs(job: Json) -> str:
    return f"/workflows/{job['workflow_id']}/runs/"


def rows(page: Page) -> Locator:
    return page.locator("tr[data-job-card]")


def shown(page: Page) -> list[str]:
    """The numbers of the runs, from above."""
    return rows(page).locator(".number").all_inner_texts()


def hear_out(socket: ClientConnection) -> None:
    """Until the server closes it, or is silent for longer than a revoked token may last."""
    while True:
        socket.recv(timeout=5)


def address(page: Page) -> str:
    return page.url.partition("?")[2]


def test_filters_by_mouse_stand_in_the_address_and_survive_a_reload(page: Page, four: list[Json]) -> None:
    page.goto(runs(four[0]))
    assert shown(page) == ["#4", "#3", "#2", "#1"]
    expect(rows(page).locator("img.face")).to_have_count(4)
    rows(page).first.get_by_role("link", name="moss", exact=True).click()
    expect(rows(page)).to_have_count(2)
    page.locator("[data-filter=completed]").click()
    expect(page.locator("[data-filter=completed]")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Order").click()
    page.get_by_role("link", name="Oldest first").click()
    expect(page).to_have_url(re.compile(r"\?param\.style=moss&state=completed&order=created_at$"))
    page.reload()
    assert shown(page) == ["#2", "#4"]
    page.get_by_role("link", name="Submitted").click()
    expect(page.get_by_role("columnheader", name="Submitted")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("link", name="Submitted").click()
    expect(page.get_by_role("columnheader", name="Submitted")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("link", name="Filter style: moss. Remove it").click()
    expect(rows(page)).to_have_count(4)
    page.locator("[data-filter=failed]").click()
    page.locator("[data-filter=completed]").click()
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    page.locator(".empty").get_by_role("link", name="Clear filters").click()
    expect(rows(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"\?order=created_at$"))


def test_filters_and_rows_by_keyboard_alone(page: Page, four: list[Json]) -> None:
    page.goto(runs(four[0]))
    page.locator("[name=find]").focus()
    page.keyboard.type("seed = 42")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(2)
    assert address(page) == "param.seed=42"
    page.locator("a.open").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("a.open").nth(1)).to_be_focused()
    page.get_by_role("link", name="Filter seed: 42. Remove it").press("Enter")
    expect(rows(page)).to_have_count(4)
    page.locator("[name=find]").focus()
    page.keyboard.type("#2")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.locator("a.open").press("Enter")
    expect(page).to_have_url(re.compile(four[1]["id"]))


def test_an_open_table_follows_and_takes_nothing_away(page: Page, endless: Json, rest: httpx.Client) -> None:
    page.goto(f"{runs(endless)}?state=running&state=cancelling")
    row = page.locator(f'[data-job-card="{endless["id"]}"]')
    expect(row.locator("progress")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.locator("[name=find]").fill("half a word")
    rest.post(f"/jobs/{endless['id']}/cancellation")
    expect(row).to_have_attribute("data-state", "cancelled", timeout=CUT)
    expect(page.locator("#announcer")).to_have_text("Run #1: Cancelled.")
    expect(page.locator("[data-filter=running] .mono")).to_have_text("0")
    expect(page.locator("[data-filter=cancelled] .mono")).to_have_text("1")
    expect(page).not_to_have_title(re.compile(r"^\(1\) "))
    submit(rest, endless["workflow_id"], params={"seed": 8, "seconds": 1})
    expect(page.locator("nav [data-ever]")).to_have_text("2", timeout=CUT)
    expect(page.locator("[name=find]")).to_have_value("half a word")
    page.reload()
    expect(row).to_have_count(0)


def test_a_row_is_run_again_stopped_deleted_and_opened_on_the_canvas(
    page: Page, endless: Json, rest: httpx.Client
) -> None:
    page.goto(f"{runs(endless)}?param.seed=7")
    first = page.locator(f'[data-job-card="{endless["id"]}"]')
    first.locator("[data-action=rerun]").click()
    expect(rows(page)).to_have_count(2)
    for row in (rows(page).first, first):
        row.locator("[data-action=cancel]").click()
        expect(row).to_have_attribute("data-state", "cancelled", timeout=CUT)
    first.locator("[data-action=delete]").click()
    expect(page.locator("#deletion")).to_contain_text("Delete run #1")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.locator("#deletion [data-sure]").click()
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?param\.seed=7$"))
    left = rows(page).get_attribute("data-job-card")
    rows(page).locator("[data-action=canvas]").click()
    expect(page.locator("[data-canvas]")).to_have_attribute("data-focused-job", str(left))


def test_more_runs_are_a_page_further(page: Page, rest: httpx.Client) -> None:
    workflow = make_workflow(rest, [node("n", "input.integer", name="n", value=0)], [])
    made = rest.post(f"/workflows/{workflow}/batches", json={"axes": {"n": list(range(35))}}).json()["jobs"]
    for job in made[-2:]:
        ended(rest, job)
    page.goto(f"/workflows/{workflow}/runs/")
    expect(rows(page)).to_have_count(30)
    page.get_by_role("link", name="More runs").click()
    expect(rows(page)).to_have_count(5)
    page.get_by_role("link", name="From the beginning").click()
    expect(rows(page)).to_have_count(30)


def test_a_timeline_is_live_while_a_run_works(ada: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=300)
    ada.follow(job)
    ada.sees_status("wait", "running")
    lane, bar = ada.page.locator("#lane-wait"), ada.page.locator("#lane-wait .bar")
    expect(lane).to_have_attribute("data-runs", "")
    expect(ada.page.locator("#lane-out .bar")).to_be_hidden()
    end = ada.page.locator("[data-mark]").last
    before = end.inner_text()
    expect(end).not_to_have_text(before)
    width = bar.evaluate("bar => bar.getBoundingClientRect().width / bar.parentElement.getBoundingClientRect().width")
    assert 0.5 < width <= 1
    ada.page.locator("[data-action=stop]").click()
    ada.sees_state("cancelled")
    expect(lane).to_have_class(re.compile("cancelled"))
    expect(lane).not_to_have_attribute("data-runs", "")
    expect(ada.page.locator("#lane-noise .status")).to_have_text(re.compile("Done"))
    ada.page.reload()
    expect(lane).to_contain_text("Cancelled")


def test_a_run_leads_to_its_neighbours_runs_again_and_shows_on_the_canvas(page: Page, four: list[Json]) -> None:
    page.goto(f"/jobs/{four[1]['id']}/")
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile(four[2]["id"]))
    page.get_by_role("link", name="Previous run, #2").click()
    expect(page).to_have_url(re.compile(four[1]["id"]))
    page.locator("[data-action=rerun]").click()
    expect(page.locator("#head .number").first).to_have_text("#5")
    expect(page.locator("#head")).to_have_attribute("data-state", "completed", timeout=CUT)
    again = page.locator("#head").get_attribute("data-job-card")
    page.locator("[data-action=canvas]").click()
    expect(page.locator("[data-canvas]")).to_have_attribute("data-focused-job", str(again))


def test_a_token_is_made_used_and_revoked_which_ends_what_it_follows(
    page: Page, product: Product, endless: Json
) -> None:
    page.goto("/")
    page.locator("[popovertarget=account]").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("What it is for").fill("A script")
    page.get_by_role("button", name="Make token").click()
    secret = page.locator("#secret").inner_text()
    me, headers = f"{product.base}/api/v1/me", {"Authorization": f"Bearer {secret}"}
    assert httpx.get(me, headers=headers).json()["scopes"] == ["run"]
    followed = f"{product.base.replace('http', 'ws')}/ws/v1/jobs/{endless['id']}"
    with connect(followed, additional_headers=headers) as socket:
        page.goto("/settings/tokens/")
        expect(page.locator("#secret")).to_have_count(0)
        token = page.locator("[data-token]", has_text="A script")
        expect(token).to_contain_text("last used just now")
        token.get_by_role("button", name="Revoke A script…").click()
        page.locator("#revocation [data-sure]").click()
        expect(page.get_by_role("status").first).to_contain_text("“A script” is revoked.")
        assert httpx.get(me, headers=headers).status_code == 401
        with pytest.raises(ConnectionClosed):
            hear_out(socket)
        assert socket.close_code == 4401


def test_how_it_looks_is_chosen_and_stays(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/settings/appearance/")
    page.get_by_role("radio", name="Dark").check()
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("[data-action=theme]").click()
    expect(page.get_by_role("radio", name="System")).to_be_checked()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_what_opens_and_in_what_is_filtered(
    ada: Person, four: list[Json], rest: httpx.Client, theme: Literal["dark", "light"]
) -> None:
    page = ada.page
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(f"{runs(four[0])}?param.style=moss&state=completed")
    for opens in ("[popovertarget=orders]", "[popovertarget=account]", "[data-action=delete]"):
        page.locator(opens).first.click()
        assert violations(page) == [], opens
        page.keyboard.press("Escape")
    page.locator("[data-open]").click()
    assert violations(page) == []
    failed = failing_job(rest, "No. " * 40)
    ended(rest, failed)
    for place in (f"{runs(four[0])}?search=nothing", runs(failed), f"/jobs/{failed['id']}/"):
        page.goto(place)
        assert violations(page) == [], place
    page.goto("/settings/tokens/")
    page.get_by_label("What it is for").fill("axe")
    page.get_by_role("button", name="Make token").click()
    expect(page.locator("#secret")).to_be_visible()
    assert violations(page) == []


def test_on_a_phone_rows_are_cards_and_everything_is_within_reach(
    product: Product, browser: Browser, signed_in: str, rest: httpx.Client, four: list[Json]
) -> None:
    context = browser.new_context(
        base_url=product.base, storage_state=signed_in, viewport={"width": 360, "height": 740}, has_touch=True
    )
    page = context.new_page()
    failed = failing_job(rest, "The sizes differ: 512 × 512 and 768 × 512. Give both the same, and run it again.")
    ended(rest, failed)
    for place in (runs(four[0]), runs(failed), f"/jobs/{four[0]['id']}/", "/settings/tokens/", "/settings/appearance/"):
        page.goto(place)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, place
        for button in page.locator("header :is(button, a):visible").all():
            box = button.bounding_box()
            assert box
            assert box["x"] + box["width"] <= 360, place
    page.goto(runs(four[0]))
    row = rows(page).first
    box = row.bounding_box()
    assert box
    assert box["height"] > 90
    row.locator("[data-action=delete]").tap()
    page.locator("#deletion [data-sure]").tap()
    expect(rows(page)).to_have_count(3)
    context.close()
