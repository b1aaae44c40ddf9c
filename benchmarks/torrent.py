"""A canvas of 50 nodes behind which 2,000 updates a second are told: does it stay smooth, and how far behind is it?"""

import statistics
import time
from datetime import datetime
from pathlib import Path

import httpx
from playwright.sync_api import CDPSession, Page

from benchmarks.browser import browsing, open_canvas
from benchmarks.canvases import DELAY_MS, busy
from benchmarks.figures import Figure, p95
from benchmarks.graphs import Json
from benchmarks.installation import running, workflow
from tests.waiting import eventually

RUN_SECONDS = 40
SETTLE_SECONDS = 3
WATCH_SECONDS = 8
SCRIPT = Path(__file__).with_suffix(".js")


def measure(folder: Path) -> list[Figure]:
    """The job runs in a real worker; the page follows it by its socket, as everyone's does."""
    with running(folder, cap=2) as (product, client), browsing(product, folder / "profile") as context:
        page = context.pages[0]
        page.add_init_script(path=SCRIPT)
        path = workflow(client, busy(RUN_SECONDS))
        open_canvas(page, path.split("/")[2])
        page.keyboard.press("f")  # all of it is in sight
        job = client.post(path, json={}).json()["id"]
        page.locator("#lens[data-state=running]").wait_for()
        eventually(lambda: len(_streams(client, job)) > 0)
        time.sleep(SETTLE_SECONDS)
        return _watched(page, client, job)


def _watched(page: Page, client: httpx.Client, job: str) -> list[Figure]:
    streams = _streams(client, job)
    started = {node: datetime.fromisoformat(told["started_at"]).timestamp() * 1000 for node, told in streams.items()}
    told, at = _words(client, job), time.monotonic()
    seen = page.evaluate("asked => watched(...asked)", [started, DELAY_MS, WATCH_SECONDS])
    share = _shares(page)
    rate = 2 * (_words(client, job) - told) / (time.monotonic() - at)
    behind: list[float] = seen["behind"]
    return [
        Figure("updates a second behind 50 nodes", rate, "/s", 1900, lowest=True),
        Figure("… frames a second on the canvas", seen["rate"], "/s", 59, lowest=True),
        Figure("… the longest time without a frame", seen["longest"], "ms"),
        Figure("… share of the page's main thread", share["TaskDuration"], "%", 25),
        Figure("… of it in scripts", share["ScriptDuration"], "%"),
        Figure("… from a word's telling to its painting, p50", statistics.median(behind), "ms"),
        Figure("… from a word's telling to its painting, p95", p95(behind), "ms"),
    ]


def _shares(page: Page) -> dict[str, float]:
    """Which part of its time, in %, the page's main thread is at work, while nothing but the page is there."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = _metrics(session)
    time.sleep(WATCH_SECONDS)
    after = _metrics(session)
    wall = after["Timestamp"] - before["Timestamp"]
    return {name: 100 * (after[name] - before[name]) / wall for name in ("TaskDuration", "ScriptDuration")}


def _streams(client: httpx.Client, job: str) -> dict[str, Json]:
    """The nodes that stream a text, as they were told, once they have begun."""
    snapshot = client.get(f"/jobs/{job}/telemetry").json()["snapshot"]
    return {node: told for node, told in snapshot["nodes"].items() if node in snapshot["text"]}


def _words(client: httpx.Client, job: str) -> float:
    """How many words have been told by now; each was two updates, a text and a progress."""
    return float(sum(told["progress"][0] for told in _streams(client, job).values()))


def _metrics(session: CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
