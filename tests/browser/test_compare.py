"""Two products side by side: chosen in the light box, at a node or in the strip; moved by mouse, keys and fingers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.board import box, middle, painted
from tests.browser.person import Person, edge, node, violations
from tests.live.product import Json, Product, ended, make_workflow, submit
from tests.waiting import eventually

NODES = [
    node("seed", "input.integer", name="seed", value=1),
    node("title", "input.text", name="title", value="Drift"),
    node("noise", "image.noise", width=320, height=400),
    node("out", "output.result", name="picture"),
    node("words", "output.result", name="words"),
]
EDGES = [
    edge("seed", "value", "noise", "seed"),
    edge("noise", "image", "out", "value"),
    edge("title", "value", "words", "value"),
]
"""seed → noise → picture, and the title as it is."""
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def workflow(rest: httpx.Client) -> str:
    """With three runs, of the seeds 3, 4 and 5."""
    return with_runs(rest, 3)


def with_runs(rest: httpx.Client, runs: int) -> str:
    made = make_workflow(rest, NODES, EDGES)
    for seed in range(3, 3 + runs):
        ended(rest, submit(rest, made, params={"seed": seed}))
    return made


def products(rest: httpx.Client, workflow: str, at: str = "out") -> list[str]:
    """Those of a node, the newest first."""
    items: list[Json] = rest.get(f"/workflows/{workflow}/assets", params={"node": at}).json()["items"]
    return [item["id"] for item in items]


def compare(page: Page, workflow: str, *assets: str, **more: str) -> None:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    page.goto(f"/workflows/{workflow}/compare/?assets={','.join(assets)}{query}")
    painted(page)


def sees(page: Page, a: str, b: str) -> None:
    """Both, in the middle, at the sides, in the strip and in the address."""
    for letter, asset in (("A", a), ("B", b)):
        expect(page.locator(f"#side-{letter}")).to_have_attribute("data-asset", asset)
        expect(page.locator(f'.pick[data-asset="{asset}"] [data-mark]')).to_have_text(letter)
    expect(page.locator(".pick.chosen")).to_have_count(2)
    expect(page).to_have_url(re.compile(f"assets={a},{b}"))


def pick(page: Page, asset: str) -> Locator:
    return page.locator(f'.pick[data-asset="{asset}"] a')


def share(page: Page) -> float:
    """Which part of the pair's width shows A, by what is clipped."""
    clipped = page.locator('[data-shown="A"] img').evaluate("each => getComputedStyle(each).clipPath")
    hidden = re.search(r"inset\(0px ([\d.]+)% 0px 0px\)", clipped)
    assert hidden, clipped
    return 1 - float(hidden[1]) / 100


def test_the_slider_goes_where_the_mouse_drags_it_and_by_keys(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (b, a, *_) = ada.page, products(rest, workflow)
    compare(page, workflow, a, b)
    sees(page, a, b)
    expect(page.locator("#differ li")).to_contain_text("seed")
    pair, slider = page.locator("[data-pair]"), page.get_by_role("slider")
    assert share(page) == pytest.approx(0.5)
    held = box(pair)
    page.mouse.move(*middle(held))
    page.mouse.down()
    page.mouse.move(held["x"] + held["width"] / 4, held["y"] + 40, steps=5)
    page.mouse.up()
    assert share(page) == pytest.approx(0.25, abs=0.01)
    handle = middle(box(page.locator(".divider span")))
    assert handle[0] == pytest.approx(held["x"] + held["width"] / 4, abs=2)
    slider.press("Home")
    assert share(page) == 0
    slider.press("ArrowRight")
    assert share(page) == pytest.approx(0.01)
    slider.press("End")
    assert share(page) == 1
    assert slider.get_attribute("aria-valuetext") == "100 % of A"


def test_a_click_in_the_strip_replaces_b_and_with_shift_a(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (three, two, one) = ada.page, products(rest, workflow)
    compare(page, workflow, three, two)
    kept = page.locator('[data-shown="A"] img').element_handle()
    page.get_by_role("slider").press("Home")
    pick(page, one).click()
    sees(page, three, one)
    expect(page.locator("#differ li")).to_have_text(re.compile(r"seed\s+5.*3", re.DOTALL))
    assert kept.evaluate("each => each.isConnected")  # what is not replaced does not flicker
    assert share(page) == 0
    pick(page, two).click(modifiers=["Shift"])
    sees(page, two, one)
    page.get_by_text("A", exact=True).and_(page.locator("label")).click()
    pick(page, three).click()
    sees(page, three, one)
    pick(page, one).click()
    sees(page, one, three)
    page.go_back()
    sees(page, three, one)
    page.reload()
    sees(page, three, one)


def test_it_is_all_within_reach_of_the_keyboard(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (three, two, one) = ada.page, products(rest, workflow)
    compare(page, workflow, three, two)
    page.keyboard.press("[")
    sees(page, three, one)
    page.keyboard.press("a")
    page.keyboard.press("k")
    sees(page, two, one)
    tab_to(page, pick(page, three))
    page.keyboard.press("Shift+Enter")
    sees(page, three, one)
    tab_to(page, page.locator("a[data-view=side]"), backwards=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("slider")).to_be_hidden()
    tab_to(page, page.locator("a[data-view=slider]"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("slider"))
    page.keyboard.press("ArrowLeft")
    assert share(page) == pytest.approx(0.49)
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/workflows/{workflow}/")
    page.goto(f"/workflows/{workflow}/compare/")  # where two are still to be chosen
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/workflows/{workflow}/")


def test_the_view_stays_over_a_reload_and_other_products(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (three, two, one) = ada.page, products(rest, workflow)
    compare(page, workflow, three, two)
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator("#comparison")).to_have_attribute("data-view", "side")
    pick(page, one).click()
    sees(page, three, one)
    page.reload()
    sees(page, three, one)
    expect(page.get_by_role("link", name="Side by side")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("slider")).to_be_hidden()
    left, right = (box(page.locator(f'[data-shown="{letter}"] img')) for letter in "AB")
    assert left["x"] + left["width"] < right["x"]
    page.go_back()
    sees(page, three, two)
    page.go_back()
    expect(page.get_by_role("slider")).to_be_visible()


def test_the_details_follow_the_pointer(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (b, a, *_) = ada.page, products(rest, workflow)
    compare(page, workflow, a, b)
    held = box(page.locator("[data-pair]"))
    places = []
    for x, y in ((0.1, 0.1), (0.9, 0.9)):
        page.mouse.move(held["x"] + held["width"] * x, held["y"] + held["height"] * y)
        places.append([box(page.locator(f'[data-crop="{letter}"] img')) for letter in "AB"])
    for first, second in zip(*places, strict=True):
        assert second["x"] < first["x"]
        assert second["y"] < first["y"]
    expect(page.locator("[data-scale]").first).to_have_text(re.compile(r"^2\d\d %$"))


def test_what_made_one_runs_again_and_is_saved(ada: Person, rest: httpx.Client) -> None:
    workflow, page = with_runs(rest, 2), ada.page
    b, a = products(rest, workflow)
    compare(page, workflow, a, b)
    side = page.locator("#side-A")
    side.get_by_role("button", name="Re-run").click()
    expect(side.get_by_role("status")).to_have_text("Run #3 has been started with the same inputs.")
    newest = rest.get("/jobs", params={"workflow": workflow}).json()["items"][0]
    assert newest["params"]["seed"] == 3
    with page.expect_download() as saved:
        side.locator("[data-action=download]").click()
    assert re.fullmatch(r"run-1-.*\.png", saved.value.suggested_filename)
    ended(rest, newest)


def test_what_was_deleted_meanwhile_is_told_and_another_can_be_chosen(ada: Person, rest: httpx.Client) -> None:
    workflow, page = with_runs(rest, 3), ada.page
    ada.tolerates = ("404",)
    three, two, one = products(rest, workflow)
    compare(page, workflow, three, two)
    rest.delete(f"/assets/{one}").raise_for_status()
    pick(page, one).click()
    expect(page.get_by_role("alert")).to_contain_text("not there any more")
    pick(page, two).click()
    sees(page, three, two)


def test_the_strip_goes_on_where_it_ends(ada: Person, rest: httpx.Client) -> None:
    nodes = [node("word", "input.text", name="word", value="x"), node("out", "output.result", name="said")]
    workflow, page = make_workflow(rest, nodes, [edge("word", "value", "out", "value")]), ada.page
    words = [f"word {number}" for number in range(30)]
    batch = rest.post(f"/workflows/{workflow}/batches", json={"axes": {"word": words}}).json()
    ended(rest, batch["jobs"][-1])
    eventually(lambda: len(products(rest, workflow)) == 30, 30)
    newest, second, third, *_, oldest = products(rest, workflow)
    compare(page, workflow, newest, second)
    expect(page.locator(".pick")).to_have_count(24)
    pick(page, third).click()
    sees(page, newest, third)
    page.locator(".older").scroll_into_view_if_needed()
    expect(page.locator(".pick")).to_have_count(30)
    expect(page.locator(".older")).to_have_count(0)
    sees(page, newest, third)
    pick(page, oldest).click()
    sees(page, newest, oldest)


def test_texts_stand_side_by_side(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (b, a, *_) = ada.page, products(rest, workflow, "words")
    compare(page, workflow, a, b)
    sees(page, a, b)
    expect(page.locator("[data-shown]")).to_contain_text(["Drift", "Drift"])
    expect(page.get_by_role("slider")).to_have_count(0)
    expect(page.locator("#views")).to_be_hidden()


def test_the_light_box_compares_with_the_next_older_one(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (three, two, one) = ada.page, products(rest, workflow)
    for asset, other in ((three, two), (one, two)):
        opened(ada, workflow)
        tile(page, asset).locator(".enlarge").click()
        expect(page.locator("#light-box")).to_have_attribute("data-asset", asset)
        page.keyboard.press("c")
        sees(page, asset, other)


def test_tiles_are_chosen_at_a_node_by_clicks_and_by_keys(ada: Person, rest: httpx.Client, workflow: str) -> None:
    page, (three, two, one) = ada.page, products(rest, workflow)
    opened(ada, workflow)
    seen = page.locator("#lens .number").inner_text()
    for asset in (two, one):
        tile(page, asset).locator(".choose").click(modifiers=["Control"])
    expect(page.locator("#chosen")).to_contain_text("2 chosen")
    expect(page.locator("#lens .number")).to_have_text(seen)
    page.locator("#chosen").get_by_role("link").click()
    sees(page, two, one)
    opened(ada, workflow)
    for asset in (three, one):
        tile(page, asset).locator("[data-tick]").focus()
        page.keyboard.press("Space")
    page.keyboard.press("c")
    sees(page, three, one)


def test_what_is_chosen_stays_so_while_others_land(ada: Person, rest: httpx.Client) -> None:
    workflow, page = with_runs(rest, 1), ada.page
    (one,) = products(rest, workflow)
    opened(ada, workflow)
    tile(page, one).locator("[data-tick]").check(force=True)
    expect(page.locator("#chosen").get_by_role("link")).to_have_text(re.compile("Compare with…"))
    ended(rest, submit(rest, workflow, params={"seed": 9}))
    expect(page.locator('[data-node="out"] .tile[data-asset]')).to_have_count(2)
    expect(tile(page, one).locator("[data-tick]")).to_be_checked()
    page.get_by_role("button", name="Choose none").click()
    expect(page.locator("#chosen")).to_be_hidden()
    expect(tile(page, one).locator("[data-tick]")).not_to_be_checked()


def test_tiles_are_chosen_in_the_shelf_of_a_node(ada: Person, rest: httpx.Client) -> None:
    workflow, page = with_runs(rest, 2), ada.page
    b, a = products(rest, workflow)
    opened(ada, workflow)
    page.locator('[data-node="noise"] [data-shelf]').first.click(force=True)
    shelf = page.locator("#shelf")
    ticks = shelf.locator("[data-tick]")
    expect(ticks).to_have_count(2)
    for at in (1, 0):
        ticks.nth(at).focus()
        page.keyboard.press("Space")
    expect(shelf.locator("#chosen")).to_contain_text("2 chosen")
    page.keyboard.press("c")
    older, newer = products(rest, workflow, "noise")[::-1]
    sees(page, older, newer)
    assert {older, newer}.isdisjoint({a, b})


def test_on_a_phone_two_are_chosen_and_compared_with_fingers(
    product: Product, browser: Browser, signed_in: Path, rest: httpx.Client, workflow: str
) -> None:
    context = browser.new_context(
        base_url=product.base,
        storage_state=signed_in,
        viewport=PHONE,  # type: ignore[arg-type]
        has_touch=True,
        reduced_motion="reduce",
    )
    phone = Person(context.new_page(), product.base)
    page, (three, two, one) = phone.page, products(rest, workflow)
    opened(phone, workflow)
    page.get_by_role("link", name="Results").tap()
    expect(page.locator("#lens")).to_be_hidden()
    for asset in (three, one):
        tile(page, asset).locator(".tick").tap()
    page.locator("#chosen").get_by_role("link").tap()
    sees(page, three, one)
    assert fits(page)
    held = box(page.locator("[data-pair]"))
    swipe(page, middle(held), (held["x"] + held["width"] * 0.75, middle(held)[1]))
    assert share(page) == pytest.approx(0.75, abs=0.03)
    for letter, seed in (("A", 5), ("B", 3)):
        row = page.locator(f"#side-{letter} .differs")
        row.scroll_into_view_if_needed()
        expect(row).to_have_text(re.compile(rf"seed\s+{seed}"))
        assert box(row)["width"] > 120
    page.get_by_role("link", name="Side by side").tap()
    expect(page.locator("#comparison")).to_have_attribute("data-view", "side")
    assert fits(page)
    page.get_by_role("navigation", name="phone").get_by_role("link", name="Compare").tap()
    expect(page.get_by_role("heading", name="Choose two to compare")).to_be_visible()
    assert fits(page)
    pick(page, two).tap()
    pick(page, one).tap()
    sees(page, two, one)
    page.get_by_role("link", name="Watch").tap()
    phone.sees_live()
    assert phone.complaints == []
    context.close()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(ada: Person, rest: httpx.Client, workflow: str, theme: Literal["dark", "light"]) -> None:
    ada.tolerates = ("404",)
    page, (three, two, _) = ada.page, products(rest, workflow)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    words = products(rest, workflow, "words")
    looks: list[Callable[[], None]] = [
        lambda: compare(page, workflow, three, two),
        lambda: compare(page, workflow, three, two, view="side"),
        lambda: compare(page, workflow, words[0], two),
        lambda: compare(page, workflow),
        lambda: compare(page, workflow, three),
        lambda: compare(page, workflow, three, "gone"),
    ]
    for size in ({"width": 1440, "height": 900}, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for look in looks:
            look()
            assert violations(page) == [], page.url
        opened(ada, workflow)
        tile(page, three).locator("[data-tick]").check(force=True)
        assert violations(page) == []


def opened(person: Person, workflow: str) -> None:
    """The workflow's canvas, once it is live."""
    person.page.goto(f"/workflows/{workflow}/")
    person.sees_live()
    person.page.locator("[data-canvas][data-ready]").wait_for()


def tile(page: Page, asset: str) -> Locator:
    return page.locator(f'.plane .tile[data-asset="{asset}"]')


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def tab_to(page: Page, target: Locator, *, backwards: bool = False) -> None:
    """Presses Tab until the focus is there."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if target.evaluate("each => each === document.activeElement"):
            return
    pytest.fail("The keyboard does not reach it.")


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger put down, drawn to another place and lifted."""
    session = page.context.new_cdp_session(page)
    points = [(start[0] + (end[0] - start[0]) * at / 8, start[1] + (end[1] - start[1]) * at / 8) for at in range(9)]
    for at, (x, y) in enumerate(points):
        kind = "touchMove" if at else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
