"""Sounds, films and files as real workers make, take and pass them on, and as REST hands them out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests.live.product import Json, Product, ended, make_workflow, submit
from tests.waiting import eventually
from tests.workflows.test_sound import wav


def node(node_id: str, kind: str, /, **properties: Any) -> Json:
    return {"id": node_id, "type": kind, "properties": properties}


def edge(source: str, output: str, target: str, given: str) -> Json:
    return {"id": f"{source}-{target}", "source": source, "output": output, "target": target, "input": given}


def film_of(pictures: int) -> tuple[list[Json], list[Json]]:
    """A graph that makes a film of so many pictures, each with its number on it."""
    nodes = [
        node("words", "text.split", text="\n".join(map(str, range(pictures)))),
        node("noise", "image.noise", width=161, height=90),
        node("write", "image.text"),
        node("film", "video.from_images"),
        node("out", "output.result", name="film"),
    ]
    edges = [
        edge("words", "item", "write", "text"),
        edge("noise", "image", "write", "image"),
        edge("write", "image", "film", "images"),
        edge("film", "video", "out", "value"),
    ]
    return nodes, edges


def upload(rest: httpx.Client, name: str, data: bytes) -> Json:
    found: Json = rest.post("/assets", files={"file": (name, data)}).raise_for_status().json()
    return found


def asset_of(rest: httpx.Client, job: Json, name: str) -> Json:
    """The asset that is the job's result of this name."""
    found: Json = rest.get(f"/assets/{ended(rest, job)['outputs'][name]['asset']}").json()
    return found


@pytest.fixture
def content(product: Product, rest: httpx.Client) -> Callable[..., httpx.Response]:
    """The bytes of an asset."""
    return lambda asset, **headers: rest.get(f"{product.base}{asset['url']}", headers=headers)


def test_a_tone_is_a_sound_that_can_be_had_in_parts(rest: httpx.Client, content: Callable[..., httpx.Response]) -> None:
    nodes = [node("tone", "audio.tone", seconds=1.5), node("out", "output.result", name="tone")]
    job = submit(rest, make_workflow(rest, nodes, [edge("tone", "audio", "out", "value")]))
    asset = asset_of(rest, job, "tone")
    assert (asset["kind"], asset["media_type"], asset["duration"]) == ("audio", "audio/wav", 1.5)
    assert (asset["width"], asset["height"], asset["thumbnail_url"]) == (None, None, None)
    whole = content(asset)
    assert whole.headers["Content-Type"] == "audio/wav"
    assert (whole.content[:4], len(whole.content)) == (b"RIFF", asset["size"])
    part = content(asset, Range="bytes=44-143")
    assert (part.status_code, part.content) == (206, whole.content[44:144])
    made = rest.get(f"/jobs/{job['id']}/assets").json()["items"]
    assert {each["node"] for each in made} == {"tone", "out"}
    assert len({each["sha256"] for each in made}) == 1


def test_a_film_has_length_size_and_poster_and_plays(
    rest: httpx.Client, product: Product, content: Callable[..., httpx.Response], tmp_path: Path
) -> None:
    asset = asset_of(rest, submit(rest, make_workflow(rest, *film_of(12))), "film")
    assert (asset["kind"], asset["media_type"], asset["duration"]) == ("video", "video/mp4", 1.5)
    assert (asset["width"], asset["height"]) == (160, 90)
    poster = rest.get(f"{product.base}{asset['thumbnail_url']}")
    assert (poster.status_code, poster.headers["Content-Type"]) == (200, "image/webp")
    part = content(asset, Range="bytes=0-31")
    assert (part.status_code, part.content[4:8]) == (206, b"ftyp")
    (tmp_path / "film.mp4").write_bytes(content(asset).content)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert len(list(film.decode(video=0))) == 12


def test_a_film_that_is_being_made_can_be_cancelled(rest: httpx.Client) -> None:
    nodes, edges = film_of(400)
    nodes[1]["properties"] = {"width": 2048, "height": 1152}
    nodes[2] = node("write", "control.fail", when=False)  # hands on the same picture for each number
    edges[0]["input"], edges[1]["input"], edges[2]["output"] = "message", "value", "value"
    job = submit(rest, make_workflow(rest, nodes, edges))

    def pictures_done() -> float:
        snapshot = rest.get(f"/jobs/{job['id']}/telemetry").json()["snapshot"]
        progress: list[float] = snapshot["nodes"].get("film", {}).get("progress") or [0, 400]
        return progress[0]

    eventually(lambda: pictures_done() > 0, 30)
    assert rest.post(f"/jobs/{job['id']}/cancellation").status_code == 202
    assert ended(rest, job, 5)["state"] == "cancelled"
    assert 0 < pictures_done() < 400


@pytest.mark.parametrize("kind", ["audio", "video", "file"])
def test_what_is_given_is_what_comes_out(
    rest: httpx.Client, content: Callable[..., httpx.Response], tmp_path: Path, kind: str
) -> None:
    film = asset_of(rest, submit(rest, make_workflow(rest, *film_of(2))), "film")
    given = {
        "audio": lambda: upload(rest, "a.wav", wav(tmp_path / "a.wav", 2).read_bytes()),
        "video": lambda: film,
        "file": lambda: upload(rest, "notes.txt", b"some notes"),
    }[kind]()
    nodes = [node("in", f"input.{kind}", name="given"), node("out", "output.result", name="got")]
    workflow = make_workflow(rest, nodes, [edge("in", "value", "out", "value")])
    got = asset_of(rest, submit(rest, workflow, params={"given": {"asset": given["id"]}}), "got")
    assert got["kind"] == kind
    same = ("media_type", "size", "sha256", "width", "height", "duration")
    assert [got[name] for name in same] == [given[name] for name in same]
    assert content(got).content == content(given).content


def test_any_asset_can_be_given_as_a_file_and_no_other_kind_as_a_sound(rest: httpx.Client, tmp_path: Path) -> None:
    sound = upload(rest, "a.wav", wav(tmp_path / "a.wav", 2).read_bytes())
    nodes = [node("in", "input.file", name="given"), node("out", "output.result", name="got")]
    workflow = make_workflow(rest, nodes, [edge("in", "value", "out", "value")])
    got = asset_of(rest, submit(rest, workflow, params={"given": {"asset": sound["id"]}}), "got")
    assert (got["kind"], got["sha256"]) == ("file", sound["sha256"])

    nodes[0]["type"] = "input.video"
    workflow = make_workflow(rest, nodes, [edge("in", "value", "out", "value")])
    refused = rest.post(f"/workflows/{workflow}/jobs", json={"params": {"given": {"asset": sound["id"]}}})
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert (problem["code"], problem["node"], problem["property"]) == ("bad_value", "in", "value")
    assert "kind “video” is needed" in problem["message"]
