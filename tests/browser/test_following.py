"""One job's page follows it: what comes is put in place, nothing jumps, and after any interruption it is true again."""

import re
import signal

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import Person, edge, failing_job, many_pictures_job, node, telling_job, waiting_job
from tests.live.product import Product, make_workflow, submit
from tests.waiting import eventually

STORY = "Once upon a time there was a lamp in a window above the sea. " * 3
SHIFT = """() => new Promise(done => new PerformanceObserver(list =>
    done(list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0))
).observe({type: "layout-shift", buffered: true}) ?? setTimeout(() => done(0), 300))"""
"""How far the page's parts have jumped by themselves."""
NO_WEB = ("WebSocket connection", "ERR_CONNECTION_REFUSED", "503")
"""What a browser itself says while the web process is away."""


def test_text_streams_in_and_a_selection_in_it_stays(ada: Person, rest: httpx.Client) -> None:
    ada.follow(telling_job(rest, STORY, delay_ms=40))
    told = ada.page.locator("#text-story")
    expect(told).to_contain_text("Once upon a time")
    told.evaluate("box => getSelection().setBaseAndExtent(box.firstChild, 0, box.firstChild, 4)")
    expect(told).to_contain_text("above the sea. Once upon")
    assert ada.page.evaluate("getSelection().toString()") == "Once"
    ada.sees_state("completed")
    expect(told).to_have_text(STORY)
    expect(ada.page.locator("#results .frame.text")).to_have_text(STORY)
    expect(ada.page.locator("#results .frame.number")).to_have_text("7")


def test_pictures_land_in_place(ada: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=1)
    ada.follow(job)
    expect(ada.page.locator(f'[data-node="noise"] [data-asset][data-job="{job["id"]}"] img')).to_be_visible()
    ada.sees_state("completed")
    expect(ada.page.locator(f'#results [data-asset][data-job="{job["id"]}"] img')).to_be_visible()
    assert ada.page.evaluate(SHIFT) <= 0.02


def test_an_error_stands_in_its_node_and_above_all(ada: Person, rest: httpx.Client) -> None:
    ada.follow(failing_job(rest, "The <b>sizes</b> differ."))
    ada.sees_state("failed")
    ada.sees_status("fail", "failed")
    ada.sees_status("out", "skipped")
    expect(ada.page.locator("#standing")).to_contain_text("The <b>sizes</b> differ.")
    expect(ada.page.locator('[data-node="fail"]')).to_contain_text("The <b>sizes</b> differ.")


def test_a_node_that_fails_while_another_works_is_told_at_once(ada: Person, rest: httpx.Client) -> None:
    nodes = [
        node("noise", "image.noise", width=64, height=48),
        node("wait", "control.wait", seconds=300),
        node("soon", "control.wait", seconds=1),
        node("fail", "control.fail", message="Sizes differ."),
    ]
    edges = [
        edge("noise", "image", "wait", "value"),
        edge("noise", "image", "soon", "value"),
        edge("soon", "value", "fail", "value"),
    ]
    job = submit(rest, make_workflow(rest, nodes, edges))
    ada.follow(job)
    expect(ada.page.locator("#standing")).to_contain_text("has failed. What does not need it goes on.", timeout=20_000)
    ada.sees_state("running")
    ada.sees_status("wait", "running")
    rest.post(f"/jobs/{job['id']}/cancellation")


def test_stopping_one_stops_it_and_says_who(ada: Person, rest: httpx.Client) -> None:
    ada.follow(waiting_job(rest, seconds=300))
    ada.sees_status("wait", "running")
    ada.page.locator("[data-action=stop]").click()
    ada.sees_state("cancelled")
    expect(ada.page.locator("#standing")).to_contain_text("Cancelled by owner")
    ada.sees_status("wait", "cancelled")
    expect(ada.page.locator("#announcer")).to_contain_text("Cancelled")


def test_a_waiting_run_says_its_place_and_leaves_the_queue(ada: Person, rest: httpx.Client) -> None:
    running = [waiting_job(rest, seconds=300) for _ in range(2)]
    first, second = waiting_job(rest, seconds=0), waiting_job(rest, seconds=300)
    ada.follow(second)
    expect(ada.page.locator("#standing")).to_contain_text("Waits, 2nd in line.")
    rest.post(f"/jobs/{first['id']}/cancellation")
    expect(ada.page.locator("#standing")).to_contain_text("Waits, 1st in line.")
    ada.page.locator("[data-action=stop]").click()
    ada.sees_state("cancelled")
    for job in running:
        rest.post(f"/jobs/{job['id']}/cancellation")


def test_a_reload_in_the_middle_shows_where_it_stands(ada: Person, rest: httpx.Client) -> None:
    ada.follow(telling_job(rest, STORY, delay_ms=200))
    expect(ada.page.locator("#text-story")).to_contain_text("Once upon a time")
    ada.page.reload()
    ada.sees_status("story", "running")
    expect(ada.page.locator("#text-story")).to_contain_text("Once upon a time")
    ada.sees_state("completed")
    expect(ada.page.locator("#text-story")).to_have_text(STORY)


def test_back_and_forward_find_it_live_again(ada: Person, rest: httpx.Client) -> None:
    job = waiting_job(rest, seconds=300)
    ada.follow(job)
    ada.sees_status("wait", "running")
    ada.page.evaluate("window.left = true")
    ada.page.goto("/")
    ada.goes_back()
    expect(ada.page).to_have_url(re.compile(job["id"]))
    assert ada.page.evaluate("window.left"), "the page was loaded anew, so this shows nothing"
    ada.sees_live(within=2)
    rest.post(f"/jobs/{job['id']}/cancellation")
    ada.sees_state("cancelled")


def test_a_restart_of_the_web_process_under_an_open_page_is_mended(
    ada: Person, rest: httpx.Client, product: Product
) -> None:
    job = waiting_job(rest, seconds=300)
    ada.follow(job)
    ada.sees_status("wait", "running")
    ada.tolerates = NO_WEB
    product.signal("web", signal.SIGKILL)
    expect(ada.page.locator("body")).to_have_attribute("data-connection", "reconnecting")
    eventually(product.answers, 20)
    ada.sees_live(within=2)
    rest.post(f"/jobs/{job['id']}/cancellation")
    ada.sees_state("cancelled")


def test_an_admins_cancel_is_seen_within_a_second(
    ada: Person, rest: httpx.Client, product: Product, browser: Browser
) -> None:
    job = waiting_job(rest, seconds=300)
    ada.follow(job)
    ada.sees_status("wait", "running")
    admin = _admin(product, browser)
    admin.goto(f"/admin/runs/job/?q={job['id']}")
    admin.locator("input.action-select").check()
    admin.locator("select[name=action]").select_option("cancel")
    admin.get_by_role("button", name=re.compile("Run|Go")).click(no_wait_after=True)
    expect(admin.locator(".messagelist")).to_contain_text("1 cancelled")
    expect(ada.page.locator("#standing")).to_contain_text("by boss", timeout=1000)
    ada.sees_state("cancelled")
    admin.goto(f"/admin/runs/job/{job['id']}/change/")
    expect(admin.locator("#history")).to_contain_text("by boss")
    admin.context.close()


def test_nothing_jumps_when_many_pictures_land(ada: Person, rest: httpx.Client) -> None:
    ada.follow(many_pictures_job(rest, 7))
    ada.sees_state("completed")
    expect(ada.page.locator("#results [data-asset] img")).to_have_count(7)
    assert ada.page.evaluate(SHIFT) <= 0.02
    tops = ada.page.locator("#steps + .nodes > li").evaluate_all("cards => cards.map(card => card.offsetHeight)")
    assert len(set(tops)) == 1


def test_a_run_is_deleted_after_a_question_that_back_does_not_ask_again(ada: Person, rest: httpx.Client) -> None:
    job = telling_job(rest, "short", delay_ms=0)
    ada.follow(job)
    ada.sees_state("completed")
    ada.page.locator("[data-action=delete]").click()
    expect(ada.page.get_by_role("button", name="Keep it")).to_be_focused()
    ada.page.locator("[data-sure]").click()
    expect(ada.page).to_have_url(re.compile("/workflows/.+/runs/"))
    ada.tolerates = ("404",)
    ada.goes_back()
    expect(ada.page).to_have_url(re.compile(job["id"]))
    expect(ada.page.locator("#sure:popover-open")).to_have_count(0)


def test_who_stops_a_run_stays_at_its_head(ada: Person, rest: httpx.Client) -> None:
    ada.follow(waiting_job(rest, seconds=300))
    ada.sees_status("wait", "running")
    ada.page.locator("[data-action=stop]").focus()
    ada.page.keyboard.press("Enter")
    ada.sees_state("cancelled")
    assert ada.page.evaluate("document.activeElement.closest('#head') !== null")


def test_a_deleted_run_is_gone_from_its_open_page(ada: Person, rest: httpx.Client) -> None:
    job = telling_job(rest, "short", delay_ms=0)
    ada.follow(job)
    ada.sees_state("completed")
    ada.page.locator("[data-action=delete]").click()
    ada.page.locator("[data-sure]").click()
    expect(ada.page).to_have_url(re.compile("/workflows/.+/runs/"))
    expect(ada.page.locator("[data-job-card]")).to_have_count(0)


def _admin(product: Product, browser: Browser) -> Page:
    product.command("create_token", "boss", "--create", "--staff", "--superuser")
    page = browser.new_context(base_url=product.base).new_page()
    page.goto(product.command("sign_in_link", "boss").split()[-1])
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{product.base}/")
    return page
