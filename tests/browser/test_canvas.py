"""A workflow is drawn and edited on its canvas, and what one does there is saved and can be undone."""

import math
import re
from itertools import combinations
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.board import Board, at, board, box, meet, middle
from tests.browser.person import Person, edge, node, violations
from tests.live.product import Product
from tests.photographs import photograph
from tests.waiting import eventually
from workflows import ports

Theme = Literal["dark", "light"]
SEED = at(node("seed", "input.integer", name="seed", value=7), 0, 0)
NOISE = at(node("noise", "image.noise", width=64), 300, 0)
BLUR = at(node("blur", "image.blur"), 600, 0)
TEXT = at(node("text", "input.text", name="words", value="Hello"), 0, 400)
PATH = [edge("seed", "value", "noise", "seed"), edge("noise", "image", "blur", "image")]


@pytest.fixture
def drawn(page: Page, rest: httpx.Client) -> Board:
    """Seed → Noise → Blur, and a text."""
    return board(page, rest, [SEED, NOISE, BLUR, TEXT], PATH)


def test_nodes_stand_where_the_graph_says_and_edges_run_from_port_to_port(drawn: Board) -> None:
    seed, noise = box(drawn.node("seed")), box(drawn.node("noise"))
    scale = seed["width"] / 216
    assert noise["x"] - seed["x"] == pytest.approx(300 * scale, abs=1)
    line = drawn.page.locator('[data-edge="noise-blur"] .line')
    ends = line.evaluate(
        """path => [0, path.getTotalLength()].map(length => {
            const {x, y} = path.getPointAtLength(length).matrixTransform(path.getScreenCTM()); return [x, y]; })"""
    )
    wanted = [middle(box(drawn.port("noise", "out", "image"))), middle(box(drawn.port("blur", "in", "image")))]
    assert [math.dist(end, port) < 2 for end, port in zip(ends, wanted, strict=True)] == [True, True]
    assert drawn.page.locator('[data-edge="noise-blur"]').get_attribute("data-type") == "image"


def test_a_node_that_is_dragged_stays_there(drawn: Board) -> None:
    scale = box(drawn.node("blur"))["width"] / 216
    drawn.drag(drawn.node("blur").locator(".title"), (90, 60))
    place = drawn.saved_node("blur")["position"]
    assert place["x"] == pytest.approx(600 + 90 / scale, abs=2)
    assert place["y"] == pytest.approx(60 / scale, abs=2)
    drawn.open()
    assert drawn.saved_node("blur")["position"] == place


def test_arrows_move_what_is_chosen_and_shift_moves_it_far(drawn: Board) -> None:
    drawn.node("seed").locator(".title").click()
    drawn.node("text").locator(".title").click(modifiers=["Shift"])
    drawn.press("ArrowRight", "ArrowDown", "Shift+ArrowDown")
    assert drawn.saved_node("seed")["position"] == {"x": 8, "y": 72}
    assert drawn.saved_node("text")["position"] == {"x": 8, "y": 472}
    assert drawn.saved_node("noise")["position"] == {"x": 300, "y": 0}


def test_a_box_chooses_what_it_touches(drawn: Board) -> None:
    noise, blur = box(drawn.node("noise")), box(drawn.node("blur"))
    mouse = drawn.page.mouse
    mouse.move(noise["x"] - 20, noise["y"] - 20)
    mouse.down()
    mouse.move(blur["x"] + 20, noise["y"] + 10, steps=4)
    mouse.up()
    expect(drawn.page.locator("[data-node][data-chosen]")).to_have_count(2)


def test_ports_that_fit_are_joined_by_dragging(page: Page, rest: httpx.Client) -> None:
    canvas = board(page, rest, [SEED, NOISE, BLUR, TEXT])
    canvas.drag(canvas.port("noise", "out", "image"), canvas.port("blur", "in", "image"))
    canvas.drag(canvas.port("seed", "out", "value"), canvas.port("blur", "in", "radius"))
    canvas.drag(canvas.port("text", "out", "value"), canvas.port("noise", "in", "seed"))  # a text is no number
    assert canvas.saved_edges() == {"noise.image → blur.image", "seed.value → blur.radius"}
    canvas.open()
    expect(canvas.edges()).to_have_count(2)


def test_ports_that_do_not_fit_are_dimmed_while_one_drags(drawn: Board) -> None:
    x, y = middle(box(drawn.port("text", "out", "value")))
    drawn.page.mouse.move(x, y)
    drawn.page.mouse.down()
    drawn.page.mouse.move(x + 60, y + 30, steps=3)
    expect(drawn.page.locator("[data-canvas]")).to_have_attribute("data-connecting", "")
    expect(drawn.port("blur", "in", "image")).to_have_css("opacity", "0.22")
    drawn.press("Escape")
    drawn.page.mouse.up()
    expect(drawn.page.locator("[data-connecting]")).to_have_count(0)
    assert len(drawn.saved()["edges"]) == 2


def test_an_input_takes_one_edge_and_a_circle_is_refused(drawn: Board) -> None:
    drawn.press("Escape")
    drawn.drag(drawn.port("blur", "out", "image"), drawn.port("blur", "in", "image"))
    assert len(drawn.saved_edges()) == 2
    page = drawn.page
    page.locator("[data-canvas]").dblclick(position={"x": 60, "y": 120})
    page.get_by_role("combobox").fill("image.noise")
    drawn.press("Enter")
    expect(drawn.node("noise-2")).to_be_visible()
    drawn.drag(drawn.port("noise-2", "out", "image"), drawn.port("blur", "in", "image"))
    assert drawn.saved_edges() == {"seed.value → noise.seed", "noise-2.image → blur.image"}


def test_an_edge_is_taken_off_by_dragging_its_end_away(drawn: Board) -> None:
    drawn.drag(drawn.port("blur", "in", "image"), (-30, 250))
    assert drawn.saved_edges() == {"seed.value → noise.seed"}


def test_what_is_deleted_comes_back_and_goes_again(drawn: Board) -> None:
    drawn.node("noise").locator(".title").click()
    drawn.press("Delete")
    expect(drawn.node("noise")).to_have_count(0)
    assert drawn.saved_edges() == set()
    drawn.press("Control+z")
    expect(drawn.node("noise")).to_be_visible()
    expect(drawn.edges()).to_have_count(2)
    assert len(drawn.saved_edges()) == 2
    drawn.press("Control+Shift+z")
    expect(drawn.node("noise")).to_have_count(0)
    drawn.page.get_by_role("button", name="Undo").click()
    drawn.open()
    expect(drawn.page.locator("[data-node]")).to_have_count(4)


def test_the_palette_finds_a_node_type_by_a_word(drawn: Board) -> None:
    drawn.press("/")
    drawn.page.get_by_role("combobox").fill("softens")
    expect(drawn.page.get_by_role("option")).to_have_count(1)
    drawn.press("Enter")
    expect(drawn.node("blur-2")).to_be_focused()
    drawn.press("a", "Escape")
    expect(drawn.page.locator("dialog[open]")).to_have_count(0)
    assert drawn.saved_node("blur-2")["type"] == "image.blur"
    drawn.press("Control+z")
    expect(drawn.node("blur-2")).to_have_count(0)


def test_a_drag_to_the_ground_offers_what_fits_and_joins_it(drawn: Board) -> None:
    drawn.drag(drawn.port("blur", "out", "image"), (120, 300))
    titles = drawn.page.get_by_role("option").all_inner_texts()
    assert any("Resize" in title for title in titles)
    assert not any("Split text" in title for title in titles)
    drawn.page.get_by_role("option", name=re.compile("^Preview")).click()
    expect(drawn.node("preview")).to_be_visible()
    assert "blur.image → preview.value" in drawn.saved_edges()
    drawn.press("Control+z")
    assert len(drawn.saved()["nodes"]) == 4


def test_properties_are_saved_as_one_types_and_are_there_after_a_reload(page: Page, rest: httpx.Client) -> None:
    write = at(node("write", "image.text"), 300, 0, note="kept", nested={"a": [1]})
    canvas = board(page, rest, [SEED, write, NOISE | {"position": {"x": 600, "y": 0}}, TEXT])
    canvas.editor("seed", "value").fill("42")
    canvas.editor("write", "size").fill("72")
    canvas.editor("write", "color").fill("#ff8800")
    canvas.editor("write", "position").select_option(label="top-left")
    canvas.editor("write", "text").fill("two\nlines")
    canvas.editor("noise", "color").uncheck()
    canvas.editor("text", "value").press("End")
    page.keyboard.type("!")
    written = canvas.saved_node("write")
    wanted = {"size": 72, "color": "#ff8800", "position": "top-left", "text": "two\nlines"}
    assert {name: written["properties"][name] for name in wanted} == wanted
    assert (written["note"], written["nested"]) == ("kept", {"a": [1]})
    canvas.open()
    expect(canvas.editor("seed", "value")).to_have_value("42")
    expect(canvas.editor("write", "position")).to_have_value("0")
    expect(canvas.editor("noise", "color")).not_to_be_checked()
    expect(canvas.editor("text", "value")).to_have_value("Hello!")


def test_typing_is_one_step_and_its_keys_do_nothing_else(drawn: Board) -> None:
    words = drawn.editor("text", "value")
    words.fill("")
    words.press_sequentially("a/cfl")
    drawn.press("Delete", "ArrowLeft")
    expect(drawn.page.locator("dialog[open]")).to_have_count(0)
    assert drawn.saved_node("text")["properties"]["value"] == "a/cfl"
    words.blur()
    drawn.press("Control+z")
    expect(words).to_have_value("Hello")


def test_a_picture_is_dropped_on_an_input(page: Page, rest: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "coffee.png"
    path.write_bytes(photograph())
    canvas = board(page, rest, [at(node("photo", "input.image", name="photo"), 0, 0)])
    canvas.editor("photo", "value").set_input_files(path)
    expect(canvas.node("photo").locator(".drop img")).to_be_visible()
    asset = canvas.saved_node("photo")["properties"]["value"]["asset"]
    assert rest.get(f"/assets/{asset}").json()["kind"] == "image"
    canvas.open()
    expect(canvas.node("photo").locator(".drop img")).to_have_attribute("src", re.compile(asset))
    assert rest.get(f"/assets/{asset}").json()["media_type"] == "image/png"


def test_what_is_missing_stands_on_its_node_and_in_a_list(page: Page, rest: httpx.Client) -> None:
    canvas = board(page, rest, [BLUR, NOISE])
    expect(canvas.node("blur").locator(".faults")).to_contain_text("image")
    expect(page.locator("[data-problem-count]")).to_have_text("1 thing to do before it runs")
    canvas.drag(canvas.port("noise", "out", "image"), canvas.port("blur", "in", "image"))
    expect(page.locator("[data-problems]")).to_be_hidden()
    expect(canvas.node("blur").locator(".faults")).to_be_hidden()


def test_what_can_not_be_saved_says_why_and_is_not_lost(ada: Person, drawn: Board) -> None:
    ada.tolerates = ("Failed to load", "503")
    page, tabs = drawn.page, drawn.page.locator(".tabs")
    place = box(tabs)
    page.route("**/api/v1/workflows/*", lambda route: route.fulfill(status=503, json={"detail": "the disk is full"}))
    drawn.editor("seed", "value").fill("99")
    expect(page.locator("[data-why]")).to_have_text("Not saved: the disk is full")
    assert box(tabs) == place
    page.unroute("**/api/v1/workflows/*")
    page.get_by_role("button", name="Retry").click()
    assert drawn.saved_node("seed")["properties"]["value"] == 99


def test_a_save_whose_answer_was_lost_is_no_change_of_others(ada: Person, drawn: Board) -> None:
    ada.tolerates = ("Failed to load", "412", "ERR_FAILED")
    page = drawn.page

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/workflows/*", lose, times=1)
    drawn.editor("seed", "value").fill("99")
    expect(page.locator("[data-why]")).to_have_text("Not saved: Loupe does not answer")
    assert drawn.saved_node("seed")["properties"]["value"] == 99


def test_what_was_changed_elsewhere_is_not_written_over_unasked(ada: Person, drawn: Board, rest: httpx.Client) -> None:
    ada.tolerates = ("412",)
    page = drawn.page
    rest.patch(f"/workflows/{drawn.workflow}", json={"graph": {"version": 1, "nodes": [SEED], "edges": []}})
    drawn.editor("seed", "value").fill("99")
    expect(page.locator("[data-why]")).to_have_text("Not saved: it was changed elsewhere")
    assert rest.get(f"/workflows/{drawn.workflow}").json()["version"] == 2
    page.get_by_role("button", name="Keep mine").click()
    assert len(drawn.saved()["nodes"]) == 4
    rest.patch(f"/workflows/{drawn.workflow}", json={"graph": {"version": 1, "nodes": [SEED], "edges": []}})
    drawn.editor("seed", "value").fill("100")
    page.get_by_role("button", name="Take theirs").click()
    expect(page.locator("[data-node]")).to_have_count(1)


def test_what_is_typed_just_before_one_leaves_is_kept(drawn: Board, rest: httpx.Client) -> None:
    drawn.editor("seed", "value").fill("31")
    drawn.page.goto("/")
    eventually(lambda: rest.get(f"/workflows/{drawn.workflow}").json()["version"] == 2, 10)
    drawn.open()
    expect(drawn.editor("seed", "value")).to_have_value("31")


def test_a_type_that_is_not_known_is_drawn_and_keeps_all(page: Page, rest: httpx.Client) -> None:
    strange = at(node("odd", "dream.machine", depth=3, plan={"a": [1]}), 300, 0, colour="mauve")
    canvas = board(page, rest, [SEED, strange, TEXT], [edge("seed", "value", "odd", "wish")])
    expect(canvas.node("odd")).to_contain_text("dream.machine")
    expect(canvas.port("odd", "in", "wish")).to_be_visible()
    expect(canvas.edges()).to_have_count(1)
    canvas.drag(canvas.node("odd").locator(".title"), (30, 30))
    saved = canvas.saved_node("odd")
    assert (saved["properties"], saved["colour"]) == (strange["properties"], "mauve")


def test_nodes_without_a_place_do_not_lie_on_each_other(page: Page, rest: httpx.Client) -> None:
    nodes = [{key: value for key, value in each.items() if key != "position"} for each in (SEED, NOISE, BLUR, TEXT)]
    canvas = board(page, rest, nodes, PATH)
    places = [box(canvas.node(each["id"])) for each in nodes]
    assert not any(meet(one, other) for one, other in combinations(places, 2))


def test_tidy_puts_one_column_to_each_depth(drawn: Board) -> None:
    drawn.drag(drawn.node("blur").locator(".title"), (-300, 200))
    drawn.press("Escape", "l")
    eventually(lambda: drawn.saved_node("blur")["position"]["x"] == 600, 10)
    columns = {each: drawn.saved_node(each)["position"]["x"] for each in ("seed", "noise", "blur", "text")}
    assert columns == {"seed": 0, "text": 0, "noise": 300, "blur": 600}


def test_wheel_space_and_keys_pan_and_zoom(drawn: Board) -> None:
    page, before = drawn.page, box(drawn.node("seed"))
    page.mouse.move(700, 700)
    page.mouse.wheel(0, 100)
    after = box(drawn.node("seed"))
    assert after["y"] == pytest.approx(before["y"] - 100, abs=2)
    page.keyboard.down("Space")
    page.mouse.down()
    page.mouse.move(760, 700, steps=3)
    page.mouse.up()
    page.keyboard.up("Space")
    assert box(drawn.node("seed"))["x"] == pytest.approx(before["x"] + 60, abs=2)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    assert box(drawn.node("seed"))["width"] > before["width"]
    drawn.press("f")
    assert box(drawn.node("seed"))["x"] == pytest.approx(before["x"], abs=1)
    expect(page.locator("[data-zoom]")).to_have_text(re.compile(r"^\d+ %$"))


def test_the_keyboard_alone_adds_joins_moves_names_and_deletes(page: Page, rest: httpx.Client) -> None:
    canvas = board(page, rest, [NOISE])
    canvas.press("/")
    page.keyboard.type("blur")
    canvas.press("Enter")
    expect(canvas.node("blur")).to_be_focused()
    canvas.press("Tab", "c")
    page.keyboard.type("noise")
    canvas.press("Enter")
    assert canvas.saved_edges() == {"noise.image → blur.image"}
    canvas.press("F2")
    page.keyboard.type("Dream")
    canvas.press("Enter")
    expect(canvas.node("blur")).to_be_focused()
    place = canvas.saved_node("blur")["position"]
    canvas.press("ArrowUp")
    moved = canvas.saved_node("blur")
    assert (moved["title"], moved["position"]["y"]) == ("Dream", place["y"] - 8)
    canvas.press("Delete")
    expect(canvas.node("blur")).to_have_count(0)


def test_the_outline_leads_to_a_node(drawn: Board) -> None:
    entry = drawn.page.get_by_role("navigation", name="Outline").get_by_role("button", name="Blur: image from Noise")
    entry.focus()
    expect(entry).to_be_in_viewport()
    drawn.press("Enter")
    expect(drawn.node("blur")).to_be_focused()
    expect(drawn.node("blur")).to_have_attribute("data-chosen", "")


def test_inputs_of_a_template_follow_what_it_mentions(page: Page, rest: httpx.Client) -> None:
    canvas = board(page, rest, [at(node("line", "text.template", template="hi"), 300, 0), TEXT])
    canvas.editor("line", "template").fill("{{ greeting }}, {{ name }}!")
    canvas.editor("line", "template").blur()
    canvas.drag(canvas.port("text", "out", "value"), canvas.port("line", "in", "name"))
    saved = canvas.saved_node("line")
    assert saved["dynamic_inputs"] == ["greeting", "name"]
    assert canvas.saved_edges() == {"text.value → line.name"}


def test_the_same_types_fit_here_as_on_the_server(drawn: Board) -> None:
    types = [*ports.KINDS, "list[text]", "list[any]", "list[image]", "list[list[text]]"]
    found = drawn.page.evaluate(
        """async types => {
            const {fits} = await import("/static/js/editor/types.js");
            return types.map(source => types.map(target => fits(source, target))); }""",
        types,
    )
    assert found == [[ports.fits(ports.parse(source), ports.parse(target)) for target in types] for source in types]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_canvas_or_in_its_dialogs(page: Page, rest: httpx.Client, theme: Theme) -> None:
    page.emulate_media(color_scheme=theme)
    strange = at(node("odd", "dream.machine", depth=3), 900, 0)
    photo = at(node("photo", "input.image", name="photo"), 0, 700)
    canvas = board(page, rest, [SEED, NOISE, BLUR | {"id": "alone"}, TEXT, strange, photo], PATH[:1])
    expect(page.locator("[data-problems]")).to_be_visible()
    canvas.node("seed").locator("[data-fold]").click()
    canvas.node("alone").locator(".title").click()
    page.locator("[data-problems] summary").click()
    assert violations(page) == []
    canvas.press("Escape", "/")
    assert violations(page) == []
    canvas.press("Escape")
    canvas.port("noise", "out", "image").focus()
    canvas.press("c")
    assert violations(page) == []


def test_a_tablet_shows_it_and_pans_by_touch(
    product: Product, browser: Browser, signed_in: Path, rest: httpx.Client
) -> None:
    context = browser.new_context(
        base_url=product.base, storage_state=signed_in, viewport={"width": 800, "height": 740}, has_touch=True
    )
    canvas = board(context.new_page(), rest, [SEED, NOISE, BLUR, TEXT], PATH)
    before = box(canvas.node("seed"))
    touch = context.new_cdp_session(canvas.page)
    for kind, at_ in (("touchStart", 600), ("touchMove", 560), ("touchMove", 500), ("touchEnd", None)):
        points = [] if at_ is None else [{"x": 180, "y": at_}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert box(canvas.node("seed"))["y"] == pytest.approx(before["y"] - 100, abs=3)
    context.close()
