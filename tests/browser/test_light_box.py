"""What one does with a product in the light box: deletes it, runs its job again, gives it to an input."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.board import Board
from tests.browser.person import Person, edge, node, violations
from tests.live.product import ended, make_workflow, submit

NODES = [
    node("seed", "input.integer", name="seed", value=None),
    node("noise", "image.noise", width=64, height=48),
    node("out", "output.result", name="picture"),
]
EDGES = [edge("seed", "value", "noise", "seed"), edge("noise", "image", "out", "value")]
"""seed → noise → picture, where the seed is drawn."""


@pytest.fixture
def workflow(rest: httpx.Client) -> str:
    """With two runs that have made a picture each."""
    made = make_workflow(rest, NODES, EDGES)
    for _ in range(2):
        ended(rest, submit(rest, made))
    return made


def light_box(ada: Person, workflow: str, place: int = 0) -> tuple[Page, Locator]:
    """The light box with this one of the results' pictures; the newest is the first."""
    page = ada.page
    page.goto(f"/workflows/{workflow}/")
    ada.sees_live()
    page.locator('[data-node="out"] .enlarge').nth(place).click()
    box = page.locator("#light")
    expect(box.locator(".number")).to_be_visible()
    return page, box


def pictures(page: Page) -> Locator:
    return page.locator('[data-node="out"] [data-asset]')


def test_deleting_asks_once_goes_on_to_the_next_and_closes_after_the_last(
    ada: Person, rest: httpx.Client, workflow: str
) -> None:
    page, box = light_box(ada, workflow)
    delete = box.locator("[data-action=delete]")
    delete.click()
    expect(box.get_by_text("does not come back")).to_be_in_viewport()
    assert len(rest.get(f"/workflows/{workflow}/assets", params={"node": "out"}).json()["items"]) == 2
    delete.click()
    expect(box.locator(".number")).to_have_text("#1")
    expect(delete).to_have_text("Delete")
    expect(pictures(page)).to_have_count(1)
    delete.click()
    delete.click()
    expect(box).to_be_hidden()
    expect(pictures(page)).to_have_count(0)
    assert rest.get(f"/workflows/{workflow}/assets", params={"node": "out"}).json()["items"] == []


def test_the_last_of_several_gives_way_to_the_one_before(ada: Person, workflow: str) -> None:
    page, box = light_box(ada, workflow, place=1)
    for _ in range(2):
        box.locator("[data-action=delete]").click()
    expect(box.locator(".number")).to_have_text("#2")
    expect(pictures(page)).to_have_count(1)


def test_a_node_no_longer_shows_what_its_run_has_lost(ada: Person, workflow: str) -> None:
    page, box = light_box(ada, workflow)
    page.keyboard.press("Escape")
    shown = page.locator('[data-node="noise"] [data-light]').first
    asset = shown.get_attribute("data-light")
    shown.click(force=True)
    expect(page.locator("#light-box")).to_have_attribute("data-asset", str(asset))
    for _ in range(2):
        box.locator("[data-action=delete]").click()
    expect(page.locator(f'[data-node="noise"] [data-light="{asset}"]')).to_have_count(0, timeout=15_000)


def test_what_one_would_rather_keep_stays(ada: Person, workflow: str) -> None:
    page, box = light_box(ada, workflow)
    for key in ("Shift+Tab", "Escape"):
        box.locator("[data-action=delete]").click()
        expect(box.locator("[data-action=download]")).to_be_hidden()
        page.keyboard.press(key)
        if key == "Shift+Tab":
            page.keyboard.press("Enter")
        expect(box.locator("[data-action=delete]")).to_be_focused()
        expect(box.locator("[data-action=delete]")).to_have_text("Delete")
        expect(box.locator("[data-keep]")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(pictures(page)).to_have_count(2)


def test_what_keeps_it_from_being_deleted_is_said(ada: Person, rest: httpx.Client) -> None:
    nodes = [*NODES, node("wait", "control.wait", seconds=300)]
    workflow = make_workflow(rest, nodes, [*EDGES, edge("noise", "image", "wait", "value")])
    job = submit(rest, workflow)
    ada.tolerates = ("409",)
    ada.page.goto(f"/workflows/{workflow}/")
    expect(pictures(ada.page)).to_have_count(1, timeout=20_000)
    _, box = light_box(ada, workflow)
    for _ in range(2):
        box.locator("[data-action=delete]").click()
    expect(box.locator("[role=status]")).to_contain_text("still active")
    expect(box.locator("[data-action=delete]")).to_have_text("Delete")
    rest.post(f"/jobs/{job['id']}/cancellation")
    ended(rest, job)


def test_running_again_makes_a_run_of_the_same_inputs_and_the_lens_follows(
    ada: Person, rest: httpx.Client, workflow: str
) -> None:
    page, box = light_box(ada, workflow, place=1)
    box.locator("[data-action=rerun]").click()
    expect(box.locator("[role=status]")).to_contain_text("Run #3")
    expect(page.locator("#lens .number")).to_have_text("#3")
    expect(pictures(page)).to_have_count(3, timeout=20_000)
    page.keyboard.press("r")
    expect(box.locator("[role=status]")).to_contain_text("Run #4")
    jobs = rest.get("/jobs", params={"workflow": workflow, "order": "created_at"}).json()["items"]
    first, _, third, fourth = [job["params"] for job in jobs]
    assert first == third == fourth


def test_it_is_all_within_reach_of_the_keyboard(ada: Person, workflow: str) -> None:
    page, box = light_box(ada, workflow)
    for key, number in (("ArrowRight", 1), ("ArrowLeft", 2), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect(box.locator(".number")).to_have_text(f"#{number}")
    delete = box.locator("[data-action=delete]")
    for _ in range(12):
        if delete.evaluate("each => each === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(box.locator(".number")).to_have_text("#2")
    expect(pictures(page)).to_have_count(1)
    page.keyboard.press("r")
    expect(pictures(page)).to_have_count(2, timeout=20_000)


def test_a_picture_becomes_the_input_of_the_next_run(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, box = light_box(ada, workflow)
    expect(box.locator("[data-action=use]")).to_have_count(0)
    graph = rest.get(f"/workflows/{workflow}").json()["graph"]
    graph["nodes"].append({**node("photo", "input.image", name="photo"), "title": "Photo"})
    rest.patch(f"/workflows/{workflow}", json={"graph": graph}).raise_for_status()
    board = Board(page, rest, workflow)
    page, box = light_box(ada, workflow)
    asset = page.locator("#light-box").get_attribute("data-asset")
    expect(box.locator("[data-action=use]")).to_be_visible()
    page.keyboard.press("u")
    expect(box.locator("[role=status]")).to_contain_text("“Photo” has it")
    assert board.saved_node("photo")["properties"]["value"] == {"asset": asset}
    page.keyboard.press("Escape")
    page.locator("[data-canvas]").press("Control+z")
    expect(board.node("photo").locator("img")).to_be_hidden()
    assert "value" not in board.saved_node("photo")["properties"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_before_and_after_it_asks(ada: Person, workflow: str, theme: str) -> None:
    ada.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    _, box = light_box(ada, workflow)
    assert violations(ada.page) == []
    box.locator("[data-action=delete]").click()
    expect(box.locator("[data-keep]")).to_be_visible()
    assert violations(ada.page) == []


def test_a_product_is_chosen_for_its_node_and_stays_so(ada: Person, rest: httpx.Client) -> None:
    workflow = make_workflow(rest, [{**each, "gallery": each["id"] == "noise"} for each in NODES], EDGES)
    ended(rest, submit(rest, workflow))
    page = ada.page
    page.goto(f"/workflows/{workflow}/")
    ada.sees_live()

    def opened() -> Locator:
        page.locator('[data-node="noise"] .enlarge').first.click()
        return page.locator("#light [data-action=choose]")

    choose = opened()
    expect(choose).to_have_attribute("aria-pressed", "false")
    choose.click()
    expect(choose).to_have_text("Chosen for its node")
    assert [each["node"] for each in rest.get(f"/workflows/{workflow}/choices").json()["items"]] == ["noise"]
    assert violations(page) == []

    page.reload()
    ada.sees_live()
    choose = opened()
    expect(choose).to_have_attribute("aria-pressed", "true")
    choose.click()
    expect(choose).to_have_text("Choose for its node")
    assert rest.get(f"/workflows/{workflow}/choices").json()["items"] == []
    page.keyboard.press("Escape")
    page.locator('[data-node="out"] .enlarge').first.click()
    expect(page.locator("#light [data-action=rerun]")).to_be_visible()
    expect(page.locator("#light [data-action=choose]")).to_have_count(0)
