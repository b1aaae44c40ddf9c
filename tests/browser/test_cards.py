"""What one does with runs by their cards: put one first, choose their lane, run again, see what a batch varies in."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.board import box, meet
from tests.browser.list import opened, study
from tests.browser.person import Person, edge, node, violations
from tests.live.product import ended, make_workflow, submit
from tests.photographs import photograph

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def line(page: Page) -> list[str]:
    """The numbers of what waits, in the order of its cards."""
    facts = page.locator("#queue-waiting [data-job-card] .facts").all_inner_texts()
    return [text.split()[0] for text in facts]


def test_a_waiting_run_is_put_first_by_its_card(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    for seed in range(1, 5):
        submit(rest, workflow, params={"seed": seed})
    page = opened(ada, workflow)
    expect(page.locator("#queue-waiting [data-job-card]")).to_have_count(2)
    assert line(page) == ["#3", "#4"]
    promote = page.get_by_role("button", name="Run #4 next")
    expect(page.locator("[data-action=promote]")).to_have_count(1)  # none for what is first already
    promote.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#queue-waiting [data-job-card]").first).to_contain_text("#4")
    assert line(page) == ["#4", "#3"]
    page.get_by_role("button", name="Run #3 next").click()
    expect(page.locator("#queue-waiting [data-job-card]").first).to_contain_text("#3")


def test_on_a_phone_the_list_leads_to_all_that_are_done(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=0)
    for _ in range(5):
        ended(rest, submit(rest, workflow))
    page = opened(ada, workflow)
    expect(page.locator("#queue-completed .run-card:visible")).to_have_count(5)
    expect(page.get_by_text("All 5 done")).to_be_hidden()
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator("#queue-completed .run-card:visible")).to_have_count(3)
    page.get_by_role("link", name="All 5 done").click()
    page.wait_for_url("**/runs/?state=completed")
    expect(page.locator("tr.run")).to_have_count(5)
    row = page.locator("tr.run").first
    assert not meet(box(row.locator("time")), box(row.locator(".acts")))


def test_many_runs_wait_in_the_background_where_one_says_so(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    for _ in range(2):
        submit(rest, workflow)
    page = opened(ada, workflow)
    page.locator("[data-many]").click()
    dialog = page.get_by_role("dialog", name="Run many")
    expect(dialog.get_by_label("seed")).to_be_focused()
    page.keyboard.type("1, 2")
    dialog.get_by_label("In the background").check()
    dialog.get_by_label("Stop at the first failure").check()
    dialog.get_by_label("Stop after so many seconds").fill("600")
    expect(page.locator("[data-start]")).to_have_text("Start 2 runs")
    assert violations(page) == []
    page.locator("[data-start]").click()
    expect(page.locator("#queue-waiting .facts", has_text="background")).to_have_count(2)
    newest = rest.get("/jobs", params={"workflow": workflow, "limit": 1}).json()["items"][0]
    stop = rest.get(f"/batches/{newest['batch_id']}").json()["stop"]
    assert (stop["first_failure"], stop["seconds"]) == (True, 600)
    page.locator("[data-canvas]").press("Control+Enter")
    expect(page.locator("#queue-waiting [data-job-card]").first).to_contain_text("#5")
    assert line(page) == ["#5", "#3", "#4"]


def test_what_keeps_a_run_from_being_run_again_is_said(ada: Person, rest: httpx.Client) -> None:
    given = rest.post("/assets", files={"file": ("coffee.png", photograph())}).json()["id"]
    nodes = [
        node("photo", "input.image", name="photo", value={"asset": given}),
        node("wait", "control.wait", seconds=300),
    ]
    workflow = make_workflow(rest, nodes, [edge("photo", "value", "wait", "value")])
    for job in [submit(rest, workflow) for _ in range(2)]:
        rest.post(f"/jobs/{job['id']}/cancellation")
    page = opened(ada, workflow)
    expect(page.locator('[data-job-card][data-state="cancelled"]')).to_have_count(2, timeout=15_000)
    assert rest.delete(f"/assets/{given}", params={"force": "true"}).status_code == 204
    ada.tolerates = ("409",)
    page.locator("[data-action=rerun]").first.click()
    expect(page.locator("[data-told]")).to_contain_text("asset")
    expect(page.locator("#announcer")).to_contain_text("asset")
    expect(page.locator("[data-ever]")).to_have_text("2")


def test_a_batch_says_what_it_varies_in(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=0)
    rest.post(f"/workflows/{workflow}/batches", json={"axes": {"seed": [1, 2, 3]}})
    page = opened(ada, workflow)
    expect(page.locator("#queue-completed .fold summary strong")).to_have_text("3 runs · seed 1–3", timeout=20_000)


def test_the_foot_of_a_node_says_all_that_it_says(ada: Person, rest: httpx.Client) -> None:
    nodes = [
        node("seed", "input.integer", name="seed", value=7),
        node("wait", "control.wait", seconds=0.1),
        node("seen", "output.preview"),
        node("out", "output.result", name="number"),
    ]
    edges = [edge("seed", "value", "wait", "value"), *(edge("wait", "value", to, "value") for to in ("seen", "out"))]
    workflow = make_workflow(rest, nodes, edges)
    submit(rest, workflow)
    page = opened(ada, workflow)
    expect(page.locator('[data-node="out"]')).to_have_attribute("data-status", "completed", timeout=20_000)
    job = submit(rest, workflow, params={"seed": 4_294_967_295, "wait.seconds": 300})
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "running", timeout=20_000)
    rest.post(f"/jobs/{job['id']}/cancellation")
    expect(page.locator('[data-node="seen"]')).to_have_attribute("data-status", "skipped", timeout=20_000)
    expect(page.locator("#foot-seen")).to_contain_text("1 made")
    expect(page.locator("#foot-out")).to_contain_text("1 by others")
    expect(page.locator("#foot-seed .given")).to_have_text("4294967295")
    cut = "feet => feet.filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1).length"
    assert page.locator(".foot, .foot .mono, .foot .given").evaluate_all(cut) == 0
