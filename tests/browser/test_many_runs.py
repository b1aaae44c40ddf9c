"""Many runs, one lens: six runs of one workflow on its canvas, watched, moved among, stopped, and found again."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.board import box, meet
from tests.browser.list import opened, study
from tests.browser.person import Person, edge, failing_job, node, violations
from tests.live.product import Json, Product, make_workflow, submit
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("nothing_is_left")
NO_WEB = ("WebSocket connection", "ERR_CONNECTION_REFUSED", "503", "Failed to fetch")


@pytest.fixture
def workflow(rest: httpx.Client) -> str:
    return study(rest, seconds=0.3)


def run(rest: httpx.Client, workflow: str, **body: object) -> Json:
    return submit(rest, workflow, **body)


def sees_focus(page: Page, number: int, within: float = 5.0) -> None:
    expect(page.locator("#lens .number")).to_have_text(f"#{number}", timeout=within * 1000)
    expect(page.locator('[data-job-card][aria-current="true"] .facts')).to_contain_text(f"#{number}")


def focused(page: Page) -> str | None:
    return page.locator("[data-canvas]").get_attribute("data-focused-job")


@contextmanager
def another_browser(product: Product, browser: Browser, signed_in: str) -> Iterator[Person]:
    context = browser.new_context(base_url=product.base, storage_state=signed_in, reduced_motion="reduce")
    person = Person(context.new_page(), product.base)
    yield person
    assert person.complaints == []
    context.close()


def test_six_runs_are_watched_and_all_that_they_made_stands_side_by_side(ada: Person, workflow: str) -> None:
    page = opened(ada, workflow)
    seed = page.locator('[data-node="seed"] [data-property="value"]')
    for value in range(1, 7):
        seed.fill(str(value))
        page.locator("[data-action=run]").click()
        expect(page.locator("[data-ever]")).to_have_text(str(value))
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(6, timeout=30_000)
    expect(page.locator('[data-job-card][data-state="completed"]')).to_have_count(6)
    sees_focus(page, 6)
    expect(page.locator('[data-node="out"] .tile.ring')).to_have_count(1)
    expect(page.locator('[data-node="out"]')).to_have_attribute("data-status", "completed")
    expect(page.locator('[data-edge="wait-out"]')).to_have_attribute("data-state", "completed")


def test_one_run_feels_like_one_run(ada: Person, workflow: str) -> None:
    page = opened(ada, workflow)
    page.locator("[data-action=run]").click()
    expect(page.locator('[data-node="out"]')).to_have_attribute("data-status", "completed", timeout=20_000)
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#lens [data-action=next]")).to_be_hidden()


def test_the_lens_moves_by_card_by_tile_and_by_keys(ada: Person, rest: httpx.Client, workflow: str) -> None:
    for seed in (1, 2, 3):
        run(rest, workflow, params={"seed": seed})
    page = opened(ada, workflow)
    expect(page.locator('[data-job-card][data-state="completed"]')).to_have_count(3, timeout=20_000)
    page.locator("[data-job-card]", has_text="#1").locator(".choose").click()
    sees_focus(page, 1)
    expect(page.locator('[data-node="seed"] .given')).to_have_text("1")
    page.locator('[data-node="out"] [data-asset]').first.locator(".choose").click()
    sees_focus(page, 3)
    for key, number in (("[", 2), ("k", 1), ("j", 2), ("]", 3), ("3", 1), ("1", 3)):
        page.locator("[data-canvas]").press(key)
        sees_focus(page, number)
    page.locator("[data-job-card]", has_text="#2").focus()
    page.keyboard.press("Enter")
    sees_focus(page, 2)
    expect(page.locator("#announcer")).to_have_text("Run #2 on the canvas: Done")
    page.locator("#lens [data-action=previous]").click()
    sees_focus(page, 1)


def test_what_shows_the_run_on_the_canvas_has_its_colour_and_nothing_else_has(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    run(rest, workflow, params={"seed": 1})
    page = opened(ada, workflow)
    waits = page.locator('[data-node="wait"]')
    expect(waits).to_have_attribute("data-status", "running", timeout=20_000)
    hues = set()
    for number in (1, 2):
        sees_focus(page, number)
        expect(waits).to_have_attribute("data-status", "running", timeout=20_000)
        hue = page.locator("#lens").get_attribute("data-hue") or ""
        hues.add(hue)
        for place in (waits, page.locator("[data-edges]"), page.locator("[data-minimap]")):
            expect(place).to_have_attribute("data-hue", hue)
        expect(page.locator(".node[data-hue]")).to_have_count(1)
        run(rest, workflow, params={"seed": 2})
    assert len(hues) == 2


def test_what_is_drawn_again_and_again_leaves_nothing_behind(ada: Person, rest: httpx.Client) -> None:
    steps = {"seconds": 0.01}
    words = node("words", "input.text", name="words", value="\n".join(map(str, range(120))))
    nodes = [words, node("split", "text.split"), node("wait", "control.wait", **steps), node("all", "list.collect")]
    edges = [edge("words", "value", "split", "text"), edge("split", "item", "wait", "value")]
    page = opened(ada, make_workflow(rest, nodes, [*edges, edge("wait", "value", "all", "item")]))
    grown = "[...document.querySelectorAll('.node')].map(each => each.childNodes.length)"
    before = page.evaluate(grown)
    page.locator("[data-action=run]").click()
    expect(page.locator("#lens")).to_have_attribute("data-state", "completed", timeout=30_000)
    expect(page.locator("#text-wait")).to_have_text("119")
    assert page.evaluate(grown) == before


def test_keys_do_nothing_while_one_types(ada: Person, rest: httpx.Client, workflow: str) -> None:
    for seed in (1, 2):
        run(rest, workflow, params={"seed": seed})
    asked: list[str] = []
    ada.page.on("websocket", lambda socket: socket.on("framesent", lambda sent: asked.append(str(sent))))
    page = opened(ada, workflow)
    sees_focus(page, 2)
    width = page.locator('[data-node="noise"] [data-property="width"]')
    width.press("1")
    width.press("[")
    width.blur()
    page.keyboard.press("[")
    sees_focus(page, 1)
    assert [each for each in asked if "lens" in each] == ['{"lens":{"step":"-1"}}']


def test_where_the_socket_is_not_open_a_request_moves_the_lens(ada: Person, rest: httpx.Client, workflow: str) -> None:
    for seed in (1, 2):
        run(rest, workflow, params={"seed": seed})
    page = opened(ada, workflow)
    page.evaluate("Object.defineProperty(WebSocket.prototype, 'readyState', { get: () => WebSocket.CLOSING })")
    with page.expect_request(re.compile("/lens/$")):
        page.keyboard.press("[")
    sees_focus(page, 1)
    with page.expect_request(re.compile("/lens/$")):
        page.locator("#lens [data-action=next]").click()
    sees_focus(page, 2)


def test_a_pinned_run_stays_and_an_unpinned_one_gives_way(ada: Person, rest: httpx.Client, workflow: str) -> None:
    run(rest, workflow, params={"seed": 1})
    run(rest, workflow, params={"seed": 2})
    page = opened(ada, workflow)
    page.locator("#lens [data-action=pin]").click()
    expect(page.locator("#lens [data-action=unpin]")).to_be_visible()
    run(rest, workflow, params={"seed": 3})
    expect(page.locator("[data-ever]")).to_have_text("3")
    sees_focus(page, 2)
    page.locator("[data-canvas]").press("Shift+P")
    expect(page.locator("#lens [data-action=pin]")).to_be_visible()
    run(rest, workflow, params={"seed": 4})
    sees_focus(page, 4)


def test_stop_says_which_run_it_stops_and_stops_it(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    page = opened(ada, workflow)
    page.locator("[data-action=run]").click()
    stop = page.locator("[data-action=stop]")
    expect(stop).to_contain_text("Stop #1")
    beside = box(page.locator("[data-add]").first)
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "running", timeout=20_000)
    page.locator("[data-canvas]").press("Control+Alt+Enter")
    expect(page.locator("#lens")).to_have_attribute("data-state", "cancelled", timeout=20_000)
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "cancelled")
    expect(stop).to_have_count(0)
    assert box(page.locator("[data-add]").first) == beside  # its place is kept, though nothing can be stopped


def test_waiting_runs_say_their_place_and_are_cancelled_at_once(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    for seed in range(5):
        run(rest, workflow, params={"seed": seed})
    page = opened(ada, workflow)
    expect(page.locator('[data-job-card][data-state="running"]')).to_have_count(2, timeout=20_000)
    expect(page.locator("#queue-waiting .face").first).to_have_text("1st")
    expect(page.locator("#queue-waiting .why")).to_contain_text("2 of 2 slots busy")
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    page.locator("#cancel-waiting").click()
    expect(page.locator('[data-job-card][data-state="cancelled"]')).to_have_count(3)
    for job in rest.get("/jobs", params={"workflow": workflow, "state": "running"}).json()["items"]:
        rest.post(f"/jobs/{job['id']}/cancellation")
    expect(page.locator('[data-job-card][data-state="running"]')).to_have_count(0, timeout=20_000)
    expect(page).to_have_title(re.compile(r"^test"))


def test_other_runs_are_a_quiet_ring_and_a_tile_until_their_picture_lands(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=8)
    run(rest, workflow, params={"seed": 1})
    run(rest, workflow, params={"seed": 2})
    page = opened(ada, workflow)
    expect(page.locator('[data-node="wait"] .ring')).to_contain_text("+1", timeout=20_000)
    expect(page.locator('[data-node="out"] .tile.live')).to_have_count(2)
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(2, timeout=20_000)
    expect(page.locator('[data-node="out"] .tile')).to_have_count(2)
    expect(page.locator('[data-node="wait"] .ring')).to_be_hidden()


def test_a_grid_says_how_many_runs_it_makes_and_makes_them(ada: Person, workflow: str) -> None:
    page = opened(ada, workflow)
    page.locator("[data-many]").click()
    dialog = page.locator("#many")
    dialog.get_by_label("seed").fill("1..3")
    dialog.get_by_label("Repeat").fill("2")
    start = dialog.locator("[data-start]")
    expect(start).to_have_text("Start 6 runs")
    start.click()
    expect(dialog).to_be_hidden()
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(6, timeout=30_000)
    expect(page.locator("#queue-completed .fold")).to_contain_text("6 runs")


def test_the_keyboard_alone_starts_a_grid_and_stops_what_it_shows(ada: Person, rest: httpx.Client) -> None:
    page = opened(ada, study(rest, seconds=300))
    ada.tabs_to("[data-many]")
    page.keyboard.press("Enter")
    expect(page.locator("#many").get_by_label("seed")).to_be_focused()
    page.keyboard.type("1..4")
    expect(page.locator("[data-start]")).to_have_text("Start 4 runs")
    ada.tabs_to("[data-start]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-action=stop]")).to_contain_text("Stop #1")
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "running", timeout=20_000)
    ada.tabs_to("[data-action=stop]")
    page.keyboard.press("Enter")
    expect(page.locator("#lens")).to_have_attribute("data-state", "cancelled", timeout=20_000)
    ada.tabs_to("#cancel-waiting")
    page.keyboard.press("Enter")
    expect(page.locator("#queue-waiting")).to_be_hidden()


def test_what_a_grid_can_not_read_is_said_and_can_be_mended(ada: Person, workflow: str) -> None:
    page = opened(ada, workflow)
    page.locator("[data-many]").click()
    dialog = page.locator("#many")
    dialog.get_by_label("seed").fill("often")
    expect(dialog.locator(".axis", has_text="seed").locator(".complaint")).to_contain_text(
        "“often” is not a whole number"
    )
    expect(dialog.locator("[data-start]")).to_be_disabled()
    expect(dialog.locator("[data-start]")).to_have_text("Start")
    dialog.get_by_label("seed").fill("1..3")
    expect(dialog.locator("[data-start]")).to_have_text("Start 3 runs")


def test_the_light_box_turns_by_the_arrow_keys(ada: Person, rest: httpx.Client, workflow: str) -> None:
    for seed in (1, 2):
        run(rest, workflow, params={"seed": seed})
    page = opened(ada, workflow)
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(2, timeout=20_000)
    page.locator('[data-node="out"] [data-asset]').first.hover()
    page.locator('[data-node="out"] .enlarge').first.click()
    box = page.locator("#light")
    expect(box.locator(".number")).to_have_text("#2")
    expect(box.locator("dl")).to_contain_text("seed 2")
    page.keyboard.press("ArrowRight")
    expect(box.locator(".number")).to_have_text("#1")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


def test_a_reload_in_the_middle_shows_where_everything_stands(ada: Person, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    jobs = [run(rest, workflow, params={"seed": seed}) for seed in (1, 2)]
    page = opened(ada, workflow)
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "running", timeout=20_000)
    page.reload()
    ada.sees_live(within=2)
    sees_focus(page, 2)
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "running")
    expect(page.locator('[data-job-card][data-state="running"]')).to_have_count(2)
    for job in jobs:
        rest.post(f"/jobs/{job['id']}/cancellation")
    expect(page.locator("#lens")).to_have_attribute("data-state", "cancelled", timeout=20_000)


def test_a_second_browser_of_the_same_person_follows(
    ada: Person, rest: httpx.Client, workflow: str, product: Product, browser: Browser, signed_in: str
) -> None:
    for seed in (1, 2):
        run(rest, workflow, params={"seed": seed})
    page = opened(ada, workflow)
    with another_browser(product, browser, signed_in) as other:
        opened(other, workflow)
        page.locator("[data-canvas]").press("[")
        sees_focus(other.page, 1, within=2)
        other.page.locator("[data-action=run]").click()
        expect(page.locator("[data-ever]")).to_have_text("3")


def test_a_restart_of_the_web_process_is_mended(ada: Person, rest: httpx.Client, product: Product) -> None:
    workflow = study(rest, seconds=300)
    job = run(rest, workflow, params={"seed": 1})
    page = opened(ada, workflow)
    expect(page.locator('[data-node="wait"]')).to_have_attribute("data-status", "running", timeout=20_000)
    ada.tolerates = NO_WEB
    product.signal("web", signal.SIGKILL)
    expect(page.locator("body")).to_have_attribute("data-connection", "reconnecting")
    expect(page.locator(".connection.reconnecting")).to_be_visible()
    eventually(product.answers, 20)
    ada.sees_live(within=2)
    rest.post(f"/jobs/{job['id']}/cancellation")
    expect(page.locator("#lens")).to_have_attribute("data-state", "cancelled", timeout=20_000)


def test_what_keeps_it_from_running_is_said_and_nothing_is_cleared(
    ada: Person, rest: httpx.Client, workflow: str
) -> None:
    run(rest, workflow)
    page = opened(ada, workflow)
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(1, timeout=20_000)
    graph = rest.get(f"/workflows/{workflow}").json()["graph"]
    graph["nodes"].append(node("blur", "image.blur"))
    rest.patch(f"/workflows/{workflow}", json={"graph": graph}).raise_for_status()
    page.reload()
    ada.sees_live()
    page.locator("[data-action=run]").click()
    expect(page.locator('[data-node="blur"] [data-faults]')).to_be_visible()
    expect(page.locator("[data-problems]")).to_have_attribute("open", "")
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(1)
    expect(page.locator("[data-ever]")).to_have_text("1")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_a_canvas_with_runs(ada: Person, rest: httpx.Client, workflow: str, theme: str) -> None:
    for seed in (1, 2, 3):
        run(rest, workflow, params={"seed": seed})
    ada.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page = opened(ada, workflow)
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(3, timeout=20_000)
    assert violations(page) == []
    page.locator("[data-many]").click()
    expect(page.locator("[data-start]")).to_have_text("Start 1 run")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator('[data-node="out"] .enlarge').first.click()
    expect(page.locator("#light .number")).to_be_visible()
    assert violations(page) == []


def test_on_a_phone_one_watches_focuses_and_stops(
    product: Product, browser: Browser, signed_in: str, rest: httpx.Client
) -> None:
    workflow = study(rest, seconds=300)
    done = study(rest, seconds=0)
    for seed in (1, 2):
        run(rest, done, params={"seed": seed})
    context = browser.new_context(
        base_url=product.base, storage_state=signed_in, viewport={"width": 360, "height": 740}, has_touch=True
    )
    phone = Person(context.new_page(), product.base)
    page = opened(phone, done)
    expect(page.locator('[data-node="out"] [data-asset]')).to_have_count(2, timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator('[data-node="out"] [data-asset]').last.locator(".choose").tap()
    sees_focus(page, 1)
    page = opened(phone, workflow)
    page.locator("[data-action=run]").tap()
    expect(page.locator("[data-action=stop]")).to_be_visible(timeout=20_000)
    assert not meet(box(page.locator("#lens .way")), box(page.locator("[data-action=stop]")))
    page.locator("[data-action=stop]").tap()
    expect(page.locator("#lens")).to_have_attribute("data-state", re.compile("cancel"), timeout=20_000)
    failing = failing_job(rest, "No paper.")
    page = opened(phone, failing["workflow_id"])
    page.get_by_role("link", name="No paper.").tap(timeout=20_000)
    expect(page).to_have_url(re.compile(f"/jobs/{failing['id']}/#node-fail"))
    phone.sees_live()  # a browser complains of a socket that is closed while it opens
    assert phone.complaints == []
    context.close()


def test_a_page_that_has_slept_is_true_within_two_seconds(ada: Person, rest: httpx.Client, workflow: str) -> None:
    ada.page.clock.install()
    page = opened(ada, workflow)
    with page.expect_websocket(timeout=2000):
        page.clock.fast_forward("08:00:00")
    ada.sees_live(within=2)
    run(rest, workflow, params={"seed": 1})
    expect(page.locator("[data-ever]")).to_have_text("1")
