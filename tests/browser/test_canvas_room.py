"""Room on the canvas: what is seen of it as the window changes, where new nodes go, edges and counts that stay free."""

from itertools import combinations, product

import httpx
import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.board import Board, at, board, box, meet, middle
from tests.browser.person import edge, node
from tests.live.product import ended, submit
from tests.waiting import eventually

ROW = [at(node(f"n{x}", "image.noise"), 300 * x, 0) for x in range(6)]
GRID = [at(node(f"n{x}{y}", "image.noise"), 300 * x, 520 * y) for x in range(4) for y in range(2)]


def outside(drawn: Board) -> list[str | None]:
    """The nodes of which something is beyond the window."""
    width = drawn.page.evaluate("innerWidth")
    found = drawn.page.locator("[data-node]").all()
    return [each.get_attribute("data-node") for each in found if box(each)["x"] + box(each)["width"] > width]


def wider(found: FloatRect, by: float) -> FloatRect:
    """With so many pixels more at the left and at the right."""
    return {**found, "x": found["x"] - by, "width": found["width"] + 2 * by}


def test_the_canvas_fits_again_as_the_window_shrinks(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, GRID)
    zoom = page.locator("[data-zoom]").inner_text()
    page.set_viewport_size({"width": 640, "height": 700})
    expect(page.locator("[data-zoom]")).not_to_have_text(zoom)
    assert outside(drawn) == []


def test_where_one_has_moved_the_canvas_stays_as_the_window_shrinks(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, GRID)
    page.locator("[data-view=in]").click()
    zoom = page.locator("[data-zoom]").inner_text()
    before = box(drawn.node("n00"))
    page.set_viewport_size({"width": 900, "height": 700})
    expect(page.locator("[data-canvas]")).to_have_js_property("clientWidth", 900)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("[data-zoom]")).to_have_text(zoom)
    assert box(drawn.node("n00"))["x"] == before["x"]


def test_the_canvas_fits_again_as_the_list_of_runs_is_folded(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, ROW)
    for _ in range(2):
        drawn.press("Control+Enter")
    expect(page.locator("[data-ever]")).to_have_text("2")
    expect(page.locator("#queue")).to_be_visible()
    zoom, away = page.locator("[data-zoom]").inner_text(), page.locator("#queue [data-queue]")
    expect(away).to_have_attribute("aria-expanded", "true")
    away.click()
    expect(page.locator("[data-zoom]")).not_to_have_text(zoom)
    drawn.press("q")
    expect(page.locator("[data-zoom]")).to_have_text(zoom)
    assert not [each for each in page.locator("[data-node]").all() if meet(box(each), box(page.locator("#queue")))]


def test_the_list_of_runs_begins_folded_where_it_would_lie_on_nodes(page: Page, rest: httpx.Client) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    drawn = board(page, rest, GRID)
    for _ in range(2):
        drawn.press("Control+Enter")
    queue = page.locator("#queue")
    expect(page.locator("[data-ever]")).to_have_text("2")
    expect(queue).to_be_visible()
    expect(queue.locator(".groups")).to_be_hidden()
    expect(queue.locator("[data-queue]")).to_have_attribute("aria-expanded", "false")
    assert not [each for each in page.locator("[data-node]").all() if meet(box(each), box(queue))]
    drawn.press("q")  # as one asks for it, it stays from then on
    drawn.open()
    expect(queue.locator(".groups")).to_be_visible()


def test_the_list_of_runs_that_nobody_opened_makes_room_as_the_window_shrinks(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, ROW)
    for _ in range(2):
        drawn.press("Control+Enter")
    groups, stood = page.locator("#queue .groups"), box(drawn.node("n0"))
    expect(groups).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 768})
    expect(groups).to_be_hidden()
    page.set_viewport_size({"width": 360, "height": 740})
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(groups).to_be_visible()
    back = "y => document.querySelector('[data-node=n0]').getBoundingClientRect().y === y"
    page.wait_for_function(back, arg=stood["y"])


def test_a_phone_says_what_keeps_a_workflow_from_running(page: Page, rest: httpx.Client) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    board(page, rest, [at(node("blur", "image.blur"), 0, 0)])
    expect(page.get_by_text("Nothing is made yet.")).to_be_in_viewport()
    page.locator("[data-action=run]").click()
    expect(page.get_by_role("button", name="Blur: “image” is missing.")).to_be_in_viewport()


def test_no_node_lies_under_the_list_of_runs_that_one_opens(page: Page, rest: httpx.Client) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    drawn = board(page, rest, ROW)
    for _ in range(2):
        drawn.press("Control+Enter")
    expect(page.locator("#queue")).to_be_visible()
    drawn.press("q")
    expect(page.locator("#queue .groups")).to_be_visible()
    assert not [each for each in page.locator("[data-node]").all() if meet(box(each), box(page.locator("#queue")))]


def test_a_new_node_lies_on_no_other_and_is_in_sight(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, GRID)
    for new in ("blur", "blur-2", "blur-3"):
        drawn.press("/")
        page.keyboard.type("blur")
        page.keyboard.press("Enter")
        expect(drawn.node(new)).to_be_focused()
        expect(drawn.node(new)).to_be_in_viewport(ratio=0.999)
    boxes = [box(each) for each in page.locator("[data-node]").all()]
    assert not [pair for pair in combinations(boxes, 2) if meet(*pair)]


def test_counts_of_edges_that_cross_stand_apart(page: Page, rest: httpx.Client) -> None:
    nodes = [
        *(at(node(f"a{y}", "input.text", name=f"a{y}", value="x"), 0, 300 * y) for y in range(2)),
        *(at(node(f"b{y}", "output.result", name=f"b{y}"), 400, 300 * y) for y in range(2)),
    ]
    drawn = board(page, rest, nodes, [edge("a0", "value", "b1", "value"), edge("a1", "value", "b0", "value")])
    drawn.press("Control+Enter")
    counts = page.locator("[data-edge-count]:not([hidden])")
    expect(counts).to_have_count(2)
    assert not meet(*(box(each) for each in counts.all()))


def test_counts_of_edges_that_part_at_one_port_stand_apart_and_clear_of_nodes(page: Page, rest: httpx.Client) -> None:
    nodes = [
        at(node("seed", "input.integer", name="seed", value=1), 0, 242),
        at(node("size", "input.integer", name="size", value=64), 0, 458),
        at(node("noise", "image.noise"), 300, 285),
    ]
    given = [("seed", "seed"), ("size", "width"), ("size", "height")]
    edges = [{**edge(source, "value", "noise", to), "id": to} for source, to in given]
    drawn = board(page, rest, nodes, edges)
    drawn.press("Control+Enter")
    counts = page.locator("[data-edge-count]:not([hidden])")
    expect(counts).to_have_count(3)
    bubbles = [box(each) for each in counts.all()]
    assert not [pair for pair in combinations(bubbles, 2) if meet(*pair)]
    nodes_at = [wider(box(each), 12) for each in page.locator("[data-node]").all()]
    assert not [pair for pair in product(bubbles, nodes_at) if meet(*pair)]


def test_what_has_grown_over_the_node_below_it_is_read_first(page: Page, rest: httpx.Client) -> None:
    nodes = [
        at(node("fail", "control.fail", value=1, message="It is as it is."), 0, 0),
        at(node("below", "image.noise", width=64, height=48), 0, 200),
    ]
    drawn = board(page, rest, nodes)
    top = "([x, y]) => document.elementFromPoint(x, y).closest('[data-node]').dataset.node"
    drawn.press("Control+Enter")
    expect(drawn.node("fail")).to_have_attribute("data-status", "failed", timeout=20_000)
    where = middle(box(drawn.node("fail").locator(".foot")))
    assert meet(box(drawn.node("fail").locator(".foot")), box(drawn.node("below")))
    assert page.evaluate(top, where) == "fail"


def test_an_edge_that_runs_back_runs_under_no_node(page: Page, rest: httpx.Client) -> None:
    nodes = [
        at(node("from", "image.noise"), 900, 0),
        at(node("between", "image.noise"), 450, 150),
        at(node("to", "image.blur"), 0, 700),
    ]
    board(page, rest, nodes, [edge("from", "image", "to", "image")])
    under = page.locator('[data-edge="from-to"] .line').evaluate(
        """path => Array.from({length: 99}, (_, at) => {
            const point = path.getPointAtLength(path.getTotalLength() * (at + 1) / 100);
            const {x, y} = point.matrixTransform(path.getScreenCTM());
            return [...document.querySelectorAll("[data-node]")].find((node) => {
                const {left, top, right, bottom} = node.getBoundingClientRect();
                return x > left && x < right && y > top && y < bottom;
            })?.dataset.node;
        }).filter(Boolean)"""
    )
    assert under == []


def test_a_gallery_ends_above_what_stands_below_it_and_shows_no_tile_in_part(page: Page, rest: httpx.Client) -> None:
    seen = at(node("seen", "output.preview"), 300, 0)
    nodes = [
        at(node("from", "image.noise", width=64, height=64), 0, 0),
        seen,
        at(node("below", "image.noise"), 300, 340),
    ]
    drawn = board(page, rest, nodes, [edge("from", "image", "seen", "value")])
    for runs in range(5):
        drawn.open()
        expect(drawn.node("seen").locator("[data-asset]")).to_have_count(runs)
        eventually(lambda: not meet(box(drawn.node("seen")), box(drawn.node("below"))))  # once a frame is drawn
        ended(rest, submit(rest, drawn.workflow))
    wall = drawn.node("seen").locator(".wall")
    assert wall.evaluate("wall => wall.scrollHeight > wall.clientHeight")
    end, ring = box(wall)["y"] + box(wall)["height"], 3.5 * box(drawn.node("seen"))["width"] / 216
    places = [box(tile) for tile in wall.locator(".tile").all()]
    assert [place for place in places if place["y"] - ring < end < place["y"] + place["height"]] == []


@pytest.mark.parametrize("width", [1440, 360])
def test_the_tabs_stand_at_one_place_on_every_page_of_a_workflow(page: Page, rest: httpx.Client, width: int) -> None:
    board(page, rest, GRID)
    tabs = page.locator(".tabs")
    page.set_viewport_size({"width": width, "height": 740})
    place = box(tabs)["x"]
    tabs.get_by_role("link", name="Runs").click()
    page.wait_for_url("**/runs/")
    assert box(tabs)["x"] == place
