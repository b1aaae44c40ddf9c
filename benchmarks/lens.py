"""Moving the lens on a workflow of 30 nodes that has run 2,000 times: from the click or key to the full canvas."""

import random
import statistics
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from benchmarks.browser import browsing, open_canvas
from benchmarks.canvases import branching
from benchmarks.figures import Figure, p95
from benchmarks.graphs import Json
from benchmarks.installation import running, workflow
from tests.waiting import eventually

JOBS = 2000
BATCH = 100
ALONE = 60
"""So many of the newest jobs are submitted one by one; the others come in batches."""
CLICKS = 30
KEYS = 40
"""The keys go on to runs that are older than what the galleries show."""
WARM = 3
SCRIPT = Path(__file__).with_name("moves.js")


def measure(folder: Path) -> list[Figure]:
    """Every move is to another run; between two, the page comes to rest."""
    with running(folder, cap=2) as (product, client):
        path = workflow(client, branching())
        began = time.monotonic()
        _run(client, path)
        ran = JOBS / (time.monotonic() - began)
        with browsing(product, folder / "profile", "--force-device-scale-factor=1") as context:
            page = context.pages[0]
            page.add_init_script(path=SCRIPT)
            open_canvas(page, path.split("/")[2])
            moves = _moves(page, client, path)
    chrome = [move["chrome"] for move in moves]
    pictures = [move["pictures"] for move in moves]
    return [
        Figure("runs of 30 nodes, cap 2, with the submits", ran, "jobs/s"),
        Figure("moving the lens, 30 nodes and 2,000 jobs, p50", statistics.median(chrome), "ms", 100),
        Figure("moving the lens, 30 nodes and 2,000 jobs, p95", p95(chrome), "ms", 100),
        Figure("… until the run's pictures are there too, p95", p95(pictures), "ms"),
    ]


def _run(client: httpx.Client, path: str) -> None:
    """All jobs, each with a seed of its own, run by the workers."""
    seeds = list(range(1, JOBS + 1))
    batches = path.replace("/jobs", "/batches")
    for first in range(0, JOBS - ALONE, BATCH):
        axis = seeds[first : min(first + BATCH, JOBS - ALONE)]
        client.post(batches, json={"axes": {"seed": axis}, "confirm": True}).raise_for_status()
    for seed in seeds[-ALONE:]:
        client.post(path, json={"params": {"seed": seed}}).raise_for_status()
    eventually(lambda: not client.get("/queue").json()["mine"]["waiting"], 1800)
    eventually(lambda: not client.get("/queue").json()["mine"]["running"], 60)


def _moves(page: Page, client: httpx.Client, path: str) -> list[dict[str, float]]:
    """What each move took."""
    jobs = client.get("/jobs", params={"workflow": path.split("/")[2], "limit": 200}).json()["items"]
    jobs.sort(key=lambda job: -job["number"])
    order = random.Random(4)
    cards = page.locator("#queue-completed > .cards > [data-job-card]")
    shown = {cards.nth(at).get_attribute("data-job-card") for at in range(cards.count())}
    there = [at for at, job in enumerate(jobs) if job["id"] in shown]
    here, clicks = 0, []
    for _ in range(WARM + CLICKS):
        here = order.choice([at for at in there if at != here])
        card = page.locator(f"#choose-{jobs[here]['id']}")
        clicks.append(_move(page, client, jobs[here], lambda card=card: card.click()))
    older = jobs[here + 1 : here + 1 + KEYS]
    return [*clicks[WARM:], *(_move(page, client, job, lambda: page.keyboard.press("[")) for job in older)]


def _move(page: Page, client: httpx.Client, job: Json, act: Any) -> dict[str, float]:
    """One move of the lens to this job; `act` is what the person does."""
    page.evaluate("run => { globalThis.move = moved(run); }", _expected(client, job))
    act()
    found: dict[str, float] = page.evaluate("move")
    return found


def _expected(client: httpx.Client, job: Json) -> Json:
    """What the canvas has to show of the job: by REST, which has it from the database."""
    snapshot = client.get(f"/jobs/{job['id']}/telemetry").json()["snapshot"]
    assets = client.get(f"/jobs/{job['id']}/assets", params={"limit": 200}).json()["items"]
    pictures = {each["node"]: each["id"] for each in assets if each["kind"] == "image" and each["output"] == "image"}
    return {
        "job": job["id"],
        "statuses": {node: told["status"] for node, told in snapshot["nodes"].items()},
        "texts": {node: found["text"] for node, found in snapshot["values"].items() if "text" in found},
        "pictures": pictures,
    }
