"""Sounds and films that workers make are heard and seen on the canvas; files are given to a workflow there."""

import re
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.board import Board, at, board
from tests.browser.person import Person, edge, node, violations
from tests.live.product import Json, ended, make_workflow, submit
from tests.waiting import eventually
from tests.workflows.test_sound import wav
from workflows.media import encode_image

DRAWN = re.compile(r"^M.+v")
RED = (200, 40, 30)
SHOWN = """video => {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  return [video.videoWidth, video.videoHeight, ...pen.getImageData(20, 20, 1, 1).data.slice(0, 3)];
}"""


def upload(rest: httpx.Client, name: str, data: bytes) -> Json:
    """What an input gives: a file, uploaded."""
    return {"asset": rest.post("/assets", files={"file": (name, data)}).raise_for_status().json()["id"]}


@pytest.fixture(scope="module")
def made(rest: httpx.Client) -> str:
    """A workflow that has made a tone, and a film of twenty red pictures."""
    red = upload(rest, "red.png", encode_image(Image.new("RGB", (161, 91), RED)).data)
    nodes = [
        at(node("tone", "audio.tone", seconds=2), 0, 0),
        at(node("heard", "output.result", name="tone"), 300, 0),
        at(node("words", "text.split", text="\n".join("." * 20)), 0, 340),
        at(node("red", "input.image", name="red", value=red), 0, 620),
        at(node("again", "control.fail", when=False), 300, 340),
        at(node("film", "video.from_images"), 600, 340),
        at(node("seen", "output.result", name="film"), 900, 340),
    ]
    edges = [
        edge("tone", "audio", "heard", "value"),
        edge("words", "item", "again", "message"),
        edge("red", "value", "again", "value"),
        edge("again", "value", "film", "images"),
        edge("film", "video", "seen", "value"),
    ]
    workflow = make_workflow(rest, nodes, edges)
    job = ended(rest, submit(rest, workflow))
    assert job["state"] == "completed", job["error"]
    return workflow


def play(where: Locator, what: str) -> Locator:
    button = where.get_by_role("button", name=f"Play {what}")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    return button


@pytest.mark.parametrize("place", ["tone", "heard"])
def test_a_tone_is_heard_from_its_node_and_its_tile(page: Page, rest: httpx.Client, made: str, place: str) -> None:
    shown = Board(page, rest, made).node(place)
    expect(shown.locator(".wave .all")).to_have_attribute("d", DRAWN)
    expect(shown.locator("[data-lasts]")).to_have_text("2 s")
    button = play(shown, "audio")
    expect(shown.locator(".wave .played")).to_have_attribute("d", DRAWN)
    expect(button).to_have_attribute("aria-pressed", "false", timeout=10_000)  # it has come to its end


@pytest.mark.parametrize("place", ["film", "seen"])
def test_a_film_is_seen_on_its_node_and_its_tile(page: Page, rest: httpx.Client, made: str, place: str) -> None:
    shown = Board(page, rest, made).node(place)
    video = shown.locator("video")
    expect(video).to_have_attribute("poster", re.compile("/thumbnail$"))
    expect(video).to_have_js_property("networkState", 1)  # nothing of it is fetched before it is asked for
    expect(video).to_have_js_property("readyState", 0)
    play(shown, "video")
    eventually(lambda: video.evaluate("video => video.currentTime") > 0.5, 10)
    width, height, *colour = video.evaluate(SHOWN)
    assert (width, height) == (160, 90)
    assert colour == pytest.approx(RED, abs=8)


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_a_file_is_dropped_on_an_input_heard_or_seen_there_and_stays(
    page: Page, rest: httpx.Client, made: str, tmp_path: Path, kind: str
) -> None:
    if kind == "audio":
        path = wav(tmp_path / "birds.wav", 2)
    else:
        film = rest.get(f"/workflows/{made}/assets", params={"kind": "video"}).json()["items"][0]
        path = tmp_path / "film.mp4"
        path.write_bytes(rest.get(f"/assets/{film['id']}/content").content)
    canvas = board(page, rest, [at(node("in", f"input.{kind}", name="in"), 0, 0)])
    canvas.editor("in", "value").set_input_files(path)
    drop = canvas.node("in").locator(".drop")
    expect(drop.locator(".media")).to_be_visible()
    expect(drop.locator(".hint")).to_be_hidden()
    play(drop, kind)
    asset = canvas.saved_node("in")["properties"]["value"]["asset"]
    assert rest.get(f"/assets/{asset}").json()["kind"] == kind
    canvas.open()
    expect(drop.locator(f'[data-sound*="{asset}"], video[src*="{asset}"]')).to_be_visible()
    page.locator("[data-canvas]").focus()
    ended(rest, submit(rest, canvas.workflow))
    expect(canvas.node("in")).to_have_attribute("data-status", "completed", timeout=15_000)


def test_any_file_is_given_to_a_file_by_its_name(page: Page, rest: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "notes of today.txt").write_text("notes")
    canvas = board(page, rest, [at(node("in", "input.file", name="in"), 0, 0)])
    canvas.editor("in", "value").set_input_files(tmp_path / "notes of today.txt")
    expect(canvas.node("in").locator(".drop .face")).to_contain_text("notes of today.txt")


def test_a_file_of_another_kind_is_refused_where_it_was_dropped(page: Page, rest: httpx.Client, tmp_path: Path) -> None:
    canvas = board(page, rest, [at(node("in", "input.audio", name="in"), 0, 0)])
    (tmp_path / "song.wav").write_text("no sound at all")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deletion:
        canvas.editor("in", "value").set_input_files(tmp_path / "song.wav")
    assert deletion.value.status == 204
    complaint = canvas.node("in").locator(".complaint")
    expect(complaint).to_have_text("This is no sound that Loupe reads. Choose a WAV, MP3, FLAC, Ogg or M4A.")
    expect(canvas.node("in").locator(".hint")).to_be_visible()
    assert "value" not in canvas.saved_node("in")["properties"]
    canvas.editor("in", "value").set_input_files(wav(tmp_path / "birds.wav", 2))
    expect(canvas.node("in").locator(".drop .wave .all")).to_have_attribute("d", DRAWN)
    expect(complaint).to_be_hidden()


def test_a_run_is_given_another_sound_in_its_form(page: Page, rest: httpx.Client, tmp_path: Path) -> None:
    own = upload(rest, "own.wav", wav(tmp_path / "own.wav", 2).read_bytes())
    workflow = make_workflow(rest, [node("in", "input.audio", name="song", value=own)], [])
    page.goto(f"/workflows/{workflow}/runs/")
    page.get_by_title("Run it with other inputs").click()
    form = page.locator(".run-form")
    expect(form.locator(".wave .all")).to_have_attribute("d", DRAWN)
    play(form, "audio")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(ada: Person, rest: httpx.Client, made: str, tmp_path: Path, theme: str) -> None:
    page = ada.page
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    Board(page, rest, made)
    ada.sees_live()
    assert violations(page) == []
    sound = upload(rest, "a.wav", wav(tmp_path / "a.wav", 2).read_bytes())
    notes = upload(rest, "notes.txt", b"notes")
    given = {"audio": sound, "video": None, "file": notes}
    nodes = [at(node(kind, f"input.{kind}", name=kind, value=given[kind]), 300 * x, 0) for x, kind in enumerate(given)]
    canvas = Board(page, rest, make_workflow(rest, nodes, []))
    expect(canvas.node("audio").locator(".wave .all")).to_have_attribute("d", DRAWN)
    expect(canvas.node("file").locator(".face")).to_be_visible()
    assert violations(page) == []
