"""What runs make, as what it is: on tiles and in full, with real workers; and what nodes say besides their work."""

import base64
import math
import re
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.board import Board, box
from tests.browser.conftest import sign_in
from tests.browser.person import Person, edge, node, violations
from tests.live.product import Product, ended, make_workflow, submit
from tests.staged.nodes import STEPS
from tests.waiting import eventually

DRAWN = re.compile(r"^M.+v")
RECORD = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
  const pen = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  for (let at = 0; at < 20; at++) {
    pen.fillStyle = `hsl(${at * 18} 70% 50%)`;
    pen.fillRect(0, 0, 64, 48);
    await new Promise((next) => setTimeout(next, 40));
  }
  await new Promise((stopped) => { recorder.onstop = stopped; recorder.stop(); });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """With the node types of `tests.staged`."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.staged.settings", "MAX_CONCURRENT_JOBS": 2}
    product = Product(tmp_path_factory.mktemp("products"), **settings)
    try:
        yield product.start()
    finally:
        product.end()


@pytest.fixture(scope="module")
def rest(product: Product) -> Iterator[httpx.Client]:
    with product.client() as client:
        yield client


@pytest.fixture(scope="module")
def signed_in(product: Product, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sign_in(product, browser, tmp_path_factory.mktemp("cookies") / "owner.json")


@pytest.fixture(scope="module")
def kinds(rest: httpx.Client) -> str:
    """A workflow that has made a table, JSON, a letter and a number, twice."""
    nodes = [
        node("rows", "staged.table"),
        node("facts", "staged.json"),
        node("letter", "staged.letter"),
        node("count", "input.integer", name="count", value=42),
        *(node(f"{name}-out", "output.result", name=name) for name in ("rows", "facts", "letter", "count")),
    ]
    sent = {"rows": "table", "facts": "json", "letter": "text", "count": "value"}
    made = make_workflow(rest, nodes, [edge(name, output, f"{name}-out", "value") for name, output in sent.items()])
    for count in (1, 2):
        assert ended(rest, submit(rest, made, params={"count": count}))["state"] == "completed"
    return made


@pytest.fixture(scope="module")
def media(product: Product, rest: httpx.Client, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A workflow whose one run has made a sound and a film."""
    folder = tmp_path_factory.mktemp("media")
    page = browser.new_page()
    page.goto(f"{product.base}/sign-in/")
    (folder / "film.webm").write_bytes(base64.b64decode(page.evaluate(RECORD)))
    page.close()
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        tone = (round(20_000 * math.sin(at / 4) * (at % 4000) / 4000) for at in range(40_000))
        file.writeframes(b"".join(struct.pack("<h", each) for each in tone))
    made = make_workflow(rest, [node("sound", "output.preview"), node("film", "output.preview")], [])
    job = submit(rest, made)
    ended(rest, job)
    for asset in rest.get(f"/jobs/{job['id']}/assets").json()["items"]:
        rest.delete(f"/assets/{asset['id']}")
    for name, place in (("tone.wav", "sound"), ("film.webm", "film")):
        product.command("keep", str(folder / name), "--job", job["id"], "--node", place)
    return made


def large(board: Board, name: str) -> Locator:
    """The newest product of a node, in the light box."""
    board.node(name).locator(".enlarge").first.evaluate("button => button.click()")
    shown = board.page.locator("#light .full")
    expect(shown).to_be_visible()
    return shown


def bottom(of: Locator) -> float:
    found = box(of)
    return found["y"] + found["height"]


def test_a_table_is_a_table_on_its_node_its_tile_and_in_full(page: Page, rest: httpx.Client, kinds: str) -> None:
    board = Board(page, rest, kinds)
    expect(board.node("rows").locator(".rows-of .tr").first).to_have_text("portheighthigh")
    expect(board.node("rows-out").locator(".tile .table").first).to_be_visible()
    shown = large(board, "rows-out")
    expect(shown.get_by_role("columnheader", name="height")).to_be_visible()
    expect(shown.locator("tbody tr")).to_have_count(200)
    expect(shown.locator(".rest")).to_have_text("+40 more rows")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_text_on_a_tile_ends_with_a_whole_line(page: Page, rest: httpx.Client, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    story = node("story", "input.text", name="story", value="At the edge of the map a fox waits. " * 20)
    nodes = [story, node("out", "output.result", name="told")]
    made = make_workflow(rest, nodes, [edge("story", "value", "out", "value")])
    for count in (1, 2):  # alone it has a whole row
        ended(rest, submit(rest, made))
        board = Board(page, rest, made)
        faces = board.node("out").locator(".tile .words")
        expect(faces).to_have_count(count)
        lines, rest_of_it = faces.first.evaluate(
            """face => {
                const {height, lineHeight, paddingTop, paddingBottom, borderTopWidth} = getComputedStyle(face);
                const [high, line, ...around] = [height, lineHeight, paddingTop, paddingBottom].map(parseFloat);
                const lines = (high - around[0] - around[1] - 2 * parseFloat(borderTopWidth)) / line;
                return [lines, Math.abs(lines - Math.round(lines))];
            }"""
        )
        assert lines > 2
        assert rest_of_it < 0.1


def test_json_folds_and_unfolds(page: Page, rest: httpx.Client, kinds: str) -> None:
    shown = large(Board(page, rest, kinds), "facts-out")
    expect(shown.get_by_text('"waxing"')).to_be_visible()
    shown.locator("summary", has_text="moon").click()
    expect(shown.get_by_text('"waxing"')).to_be_hidden()


def test_markdown_is_rendered_and_can_be_read_as_it_is_written(page: Page, rest: httpx.Client, kinds: str) -> None:
    board = Board(page, rest, kinds)
    expect(board.node("letter").locator(".text.markdown strong")).to_have_text("reader")
    shown = large(board, "letter-out")
    expect(shown.get_by_role("heading", name="A letter")).to_be_visible()
    expect(shown.get_by_role("link", name="a link")).to_have_attribute("href", "https://example.org")
    expect(shown.locator(".markdown")).to_contain_text('<script>document.title = "mine"</script>')
    shown.get_by_text("As written").click()
    expect(shown.locator(".written")).to_contain_text("Dear **reader**")
    expect(shown.get_by_role("heading", name="A letter")).to_be_hidden()
    assert "mine" not in page.title()


def test_a_number_is_large(page: Page, rest: httpx.Client, kinds: str) -> None:
    expect(large(Board(page, rest, kinds), "count-out").locator(".figure")).to_have_text("2")


def test_the_count_at_a_value_opens_what_each_run_made(page: Page, rest: httpx.Client, kinds: str) -> None:
    board = Board(page, rest, kinds)
    board.node("letter").locator(".count").evaluate("button => button.click()")
    shelf = page.locator("#shelf")
    expect(shelf.locator(".tile .markdown strong", has_text="reader")).to_have_count(2)
    expect(shelf.locator(".number")).to_have_text(["#2", "#1"])


def test_a_sound_draws_its_wave_and_plays_until_it_is_paused(page: Page, rest: httpx.Client, media: str) -> None:
    board = Board(page, rest, media)
    tile = board.node("sound").locator(".tile")
    expect(tile.locator(".wave .all")).to_have_attribute("d", DRAWN)
    expect(tile.locator("[data-lasts]")).to_have_text("5 s")
    play = tile.get_by_role("button", name="Play audio")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(tile.locator(".wave .played")).to_have_attribute("d", DRAWN)
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    shown = large(board, "sound")
    shown.locator(".play").click()
    audio = shown.locator("audio")
    eventually(lambda: audio.evaluate("audio => audio.currentTime") > 0, 10)
    page.keyboard.press("Escape")
    expect(audio).to_have_js_property("paused", value=True)


def test_a_film_has_its_first_picture_as_poster_and_plays(page: Page, rest: httpx.Client, media: str) -> None:
    board = Board(page, rest, media)
    poster = page.locator(".tile .poster")
    eventually(lambda: poster.evaluate("video => video.readyState") >= 2, 10)
    board.node("film").locator(".tile").get_by_role("button", name="Play video").click()
    eventually(lambda: poster.evaluate("video => video.currentTime") > 0.1, 10)
    video = large(board, "film").locator("video")
    expect(video).to_have_attribute("controls", "")
    expect(video).to_have_js_property("videoWidth", 64)


def test_what_an_agent_does_is_told_while_it_does_it(page: Page, rest: httpx.Client) -> None:
    nodes = [node("agent", "staged.agent", pause=0.6), node("out", "output.result", name="report")]
    workflow = make_workflow(rest, nodes, [edge("agent", "text", "out", "value")])
    board = Board(page, rest, workflow)
    submit(rest, workflow)
    agent = board.node("agent")
    plan = agent.locator("#plan-chip-agent")
    expect(plan).to_contain_text(STEPS[1], timeout=20_000)
    agent.locator("#calls-chip-agent").click()
    calls = page.locator("#calls-agent")
    calls.locator("summary").first.click()
    expect(calls.locator("li").first).to_contain_text('"found"')
    expect(calls.locator("li")).to_have_count(3, timeout=20_000)  # what is open stays so while more comes
    expect(calls.locator("details[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(board.node("agent")).to_have_attribute("data-status", "completed", timeout=20_000)
    expect(plan).to_contain_text("3/3")
    expect(agent.locator(".cost")).to_have_text("$0.0036")
    expect(page.locator("#job-cost")).to_have_text("$0.0036")
    agent.locator("#log-chip-agent").click()
    expect(page.locator("#log-agent li.warning")).to_contain_text("Step 2 of 3 is done.")


def test_a_text_follows_its_end_unless_it_is_read_back(page: Page, rest: httpx.Client) -> None:
    told = "\n".join(f"Line {at} of a story" for at in range(60))
    workflow = make_workflow(rest, [node("story", "text.stream", text=told, delay_ms=40)], [])
    Board(page, rest, workflow)
    submit(rest, workflow)
    text = page.locator("#text-story")
    expect(text).to_contain_text("Line 12", timeout=20_000)
    assert text.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 8
    text.evaluate("box => { box.scrollTop = 0; }")
    expect(page.locator("#node-story")).to_have_attribute("data-status", "completed", timeout=20_000)
    expect(text).to_contain_text("Line 59")
    assert text.evaluate("box => box.scrollTop") == 0


def test_a_node_is_switched_to_a_gallery_and_back(page: Page, rest: httpx.Client) -> None:
    workflow = make_workflow(rest, [node("letter", "staged.letter")], [])
    board = Board(page, rest, workflow)
    switch = board.node("letter").get_by_role("button", name="Show what all runs make")
    switch.focus()
    page.keyboard.press("Enter")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#body-letter.gallery")).to_be_visible()
    assert board.saved_node("letter")["gallery"] is True
    ended(rest, submit(rest, workflow))
    expect(board.node("letter").locator(".tile .markdown")).to_be_visible(timeout=15_000)
    page.locator("[data-history=undo]").click()
    expect(page.locator("#body-letter:not(.gallery)")).to_be_visible()
    assert not board.saved_node("letter").get("gallery")


def test_a_gallery_never_covers_the_node_below_it(page: Page, rest: httpx.Client) -> None:
    nodes = [
        {**node("noise", "image.noise", width=64, height=48, seed=None), "position": {"x": 0, "y": 0}},
        {**node("out", "output.result", name="picture"), "position": {"x": 400, "y": 0}},
        {**node("below", "output.preview"), "position": {"x": 400, "y": 360}},
    ]
    workflow = make_workflow(rest, nodes, [edge("noise", "image", "out", "value")])
    jobs = [submit(rest, workflow) for _ in range(7)]
    ended(rest, jobs[-1])
    board = Board(page, rest, workflow)
    expect(board.node("out").locator(".tile")).to_have_count(7)
    eventually(lambda: bottom(board.node("out")) < box(board.node("below"))["y"], 10)
    assert board.node("out").locator(".wall").evaluate("wall => wall.scrollHeight > wall.clientHeight")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(context: BrowserContext, ada: Person, rest: httpx.Client, kinds: str, theme: str) -> None:
    page = ada.page
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    board = Board(page, rest, kinds)
    ada.sees_live()
    assert violations(page) == []
    for name in ("rows-out", "facts-out", "letter-out", "count-out"):
        large(board, name)
        assert violations(page) == [], name
        page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_at_sounds_films_and_agents(ada: Person, rest: httpx.Client, media: str, theme: str) -> None:
    page = ada.page
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    board = Board(page, rest, media)
    ada.sees_live()
    assert violations(page) == []
    for name in ("sound", "film"):
        large(board, name)
        assert violations(page) == [], name
        page.keyboard.press("Escape")
    workflow = make_workflow(rest, [node("agent", "staged.agent", pause=0)], [])
    ended(rest, submit(rest, workflow))
    board = Board(page, rest, workflow)
    for chip in ("plan", "calls", "asked", "log"):
        board.node("agent").locator(f"#{chip}-chip-agent").click()
        expect(page.locator(f"#{chip}-agent")).to_be_visible()
        assert violations(page) == [], chip
        page.keyboard.press("Escape")
