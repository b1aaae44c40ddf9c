"""A session by `curl` and a WebSocket client: a grid of 24 on a cap of 4, from the first call to the last byte."""

import itertools
from datetime import datetime
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from runs.telemetry import EMPTY, TelemetryId
from tests.live.curl import Curl
from tests.live.product import Json, Product
from tests.live.witness import Witness
from tests.runs.jobs import graph

CAP = 4
GRAPH = graph(
    {
        "seed": ("input.integer", {"name": "seed", "value": 0}),
        "style": ("input.text", {"name": "style", "value": ""}),
        "say": ("text.stream", {"delay_ms": 20}),
        "wait": ("control.wait", {"seconds": 0.3}),
        "noise": ("image.noise", {"width": 32, "height": 32}),
        "said": ("output.result", {"name": "said"}),
        "picture": ("output.result", {"name": "picture"}),
    },
    "style.value > say.text",
    "say.text > said.value",
    "seed.value > noise.seed",
    "noise.image > wait.value",
    "wait.value > picture.value",
)
AXES: dict[str, list[Any]] = {"style": ["a b c", "d e f", "g h i"], "seed": list(range(1, 9))}
GRID = [{"style": style, "seed": seed} for style, seed in itertools.product(*AXES.values())]


@pytest.fixture
def curl(product: Product, rest: httpx.Client) -> Curl:
    return Curl(product, rest.headers["Authorization"].removeprefix("Bearer "))


def plan(curl: Curl, path: str) -> None:
    """What the grid would be, and that so many jobs have to be confirmed only beyond 50."""
    told = curl("POST", f"{path}/batches", {"axes": AXES, "dry_run": True}).json()
    assert (told["count"], len(set(told["labels"]))) == (24, 24)
    assert told["estimate"] == {"seconds": None, "bytes": None, "cost": None}, "nothing ever ran here"
    refusal = curl("POST", f"{path}/batches", {"axes": AXES, "repeat": 3})
    assert (refusal.status, refusal.json()["count"]) == (409, 72)
    assert curl("GET", f"/jobs?workflow={path.rpartition('/')[2]}").json() == {"items": [], "next": None}


def make(curl: Curl, path: str) -> list[Json]:
    """The jobs of the grid, which a repeat with the same key finds again."""
    made = curl("POST", f"{path}/batches", {"axes": AXES}, Idempotency_Key="grid-1")
    again = curl("POST", f"{path}/batches", {"axes": AXES}, Idempotency_Key="grid-1")
    assert (made.status, again.status) == (201, 200)
    jobs: list[Json] = made.json()["jobs"]
    assert [job["id"] for job in again.json()["jobs"]] == [job["id"] for job in jobs]
    assert [job["params"] for job in jobs] == GRID
    assert [job["number"] for job in jobs] == list(range(1, 25))
    return jobs


def test_a_grid_of_24_at_a_cap_of_4_keeps_every_promise_of_order(product: Product, curl: Curl) -> None:
    workflow = curl("POST", "/workflows", {"name": "grid", "graph": GRAPH}).json()["id"]
    path = f"/workflows/{workflow}"
    assert curl("POST", f"{path}/validation", {}).json()["errors"] == []
    plan(curl, path)
    ticket = curl("POST", "/ws-tickets").json()["ticket"]
    address = f"{product.base.replace('http', 'ws', 1)}/ws/v1/workflows/{workflow}?ticket={ticket}"
    with connect(address) as socket:
        witness = Witness(socket, workflow)
        assert witness.take() == "focus"
        assert (witness.focus[0]["job_id"], witness.focus[0]["pinned"]) == (None, False)
        jobs = make(curl, path)
        extra = meddle(curl, witness, jobs)
        everyone = [*(job["id"] for job in jobs), extra]
        while not all(witness.jobs[job_id].ended for job_id in everyone):
            witness.take()
            if witness.kinds.total() % 20 == 0:
                assert curl("GET", "/queue").json()["running"] <= CAP
        begin_again(witness, jobs[0]["id"])
    what_was_told_is_true(curl, witness, everyone, cancelled=jobs[20]["id"])
    order_was_kept(curl, path, jobs, extra)
    everything_can_be_had(curl, product, path, jobs)


def meddle(curl: Curl, witness: Witness, jobs: list[Json]) -> str:
    """In the middle one is cancelled, one goes first, the lens moves, and one more is asked for; its id."""
    while witness.jobs[jobs[0]["id"]].state != "running":
        witness.take()
    assert witness.focus[-1]["job_id"] == jobs[0]["id"], "a batch counts by its first job"
    cancelled = witness.ask(type="cancel", ref="c", job_id=jobs[20]["id"])
    assert (cancelled["type"], cancelled["result"]["state"]) == ("ack", "cancelled")
    assert curl("POST", f"/jobs/{jobs[23]['id']}/promotion").status == 200
    assert witness.ask(type="focus", ref="f", job_id=jobs[2]["id"], pinned=True)["type"] == "ack"
    run = witness.ask(type="run", ref="r", body={"params": {"style": "one more", "seed": 99}})
    nonsense = witness.ask(type="dance", ref="d")
    assert (nonsense["type"], nonsense["problem"]["status"]) == ("error", 422)
    while not witness.focus[-1]["pinned"]:
        witness.take()
    assert witness.focus[-1]["job_id"] == jobs[2]["id"], "a pinned lens stays where it is"
    return str(run["result"]["id"])


def begin_again(witness: Witness, job_id: str) -> None:
    """An ended job that is gone on with from its beginning is told as its job, then all that it told, and no more."""
    told = witness.jobs[job_id]
    whole = told.snapshot
    witness.resumed.add(job_id)
    before = len(told.kinds)
    told.last, told.snapshot = TelemetryId(1, 0), EMPTY
    assert witness.ask(type="resume", ref="again", job_id=job_id, after="1-0")["type"] == "ack"
    while len(told.kinds) < before + 2:
        witness.take()
    assert told.kinds[before] == "job"
    assert told.snapshot == whole


def what_was_told_is_true(curl: Curl, witness: Witness, everyone: list[str], cancelled: str) -> None:
    for job_id in everyone:
        told, job = witness.jobs[job_id], curl("GET", f"/jobs/{job_id}").json()
        kept = curl("GET", f"/jobs/{job_id}/telemetry").json()
        assert told.kinds[:2] == ["job", "snapshot"]
        assert told.state == job["state"] == ("cancelled" if job_id == cancelled else "completed")
        assert (str(told.last), told.snapshot) == (kept["id"], kept["snapshot"])
        assets = curl("GET", f"/jobs/{job_id}/assets").json()["items"]
        assert told.assets == {asset["id"] for asset in assets}
        if job_id == cancelled:
            assert set(told.kinds) == {"job", "snapshot"}, "what never started tells nothing"
        else:
            assert told.snapshot["text"]["say"] == job["params"]["style"]
            assert list(dict.fromkeys(told.states)) == ["queued", "running", "completed"]
        back = [now - before for before, now in itertools.pairwise(told.positions) if now > before]
        assert back in ([], [1]), "nobody is put back, but for the one that was put first"


def order_was_kept(curl: Curl, path: str, jobs: list[Json], extra: str) -> None:
    """First in, first out, but for the one that was put first; and never more than the cap at once."""
    listed = curl("GET", f"/jobs?workflow={path.rpartition('/')[2]}&order=started_at&limit=200").json()["items"]
    began = [job for job in listed if job["started_at"]]
    promoted = jobs[23]["id"]
    plain = [job["number"] for job in began if job["id"] != promoted]
    assert plain == sorted(plain)
    assert began[-1]["id"] == extra
    assert [job["id"] for job in began].index(promoted) < 20, "it went before those that waited"
    spans = [(moment(job["started_at"]), 1) for job in began] + [(moment(job["ended_at"]), -1) for job in began]
    running = itertools.accumulate(change for _, change in sorted(spans))
    assert max(running) <= CAP


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def everything_can_be_had(curl: Curl, product: Product, path: str, jobs: list[Json]) -> None:
    """Filters, products and their bytes; and what is deleted is gone."""
    batch = jobs[0]["batch_id"]
    found: Any = curl("GET", f"/jobs?batch={batch}&state=completed&param.seed=3&limit=200").json()["items"]
    assert {job["params"]["style"] for job in found} == {"a b c", "d e f", "g h i"}
    (said,) = curl("GET", f"{path}/assets?node=said&job={jobs[0]['id']}").json()["items"]
    assert (said["kind"], said["value"], said["job_number"]) == ("text", "a b c", 1)
    picture = curl("GET", f"/jobs/{jobs[0]['id']}").json()["outputs"]["picture"]
    content = curl("GET", picture["url"].removeprefix("/api/v1"))
    assert content.body.startswith(b"\x89PNG")
    assert b"iTXtloupe" in content.body
    assert curl("GET", picture["url"].removeprefix("/api/v1"), If_None_Match=content.headers["etag"]).status == 304
    assert curl("DELETE", f"/jobs/{jobs[0]['id']}").status == 204
    assert curl("GET", f"/assets/{picture['asset']}").status == 404
