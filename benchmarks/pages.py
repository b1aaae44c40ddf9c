"""How fast pages come up, by Lighthouse in the system's Chromium, signed in: its desktop preset, which simulates a
network of 10 Mbit/s with 40 ms round trips and leaves the processor as it is.

Lighthouse is large and only needed here, so it is installed when this is first run: `benchmarks/lighthouse`.
"""

import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

import httpx

from benchmarks.browser import browsing
from benchmarks.figures import Figure
from benchmarks.graphs import PICTURE, Json
from benchmarks.installation import drained, running, workflow
from project.bootstrap import NODE, NPM
from tests.live.product import Product, free_port

RUNS = 12
ATTEMPTS = 3
"""On a busy machine Lighthouse now and then asks to be run again."""
LIGHTHOUSE: Final = Path(__file__).parent / "lighthouse"
PROGRAM: Final = LIGHTHOUSE / "node_modules" / "lighthouse" / "cli" / "index.js"
TIMES: Final = {
    "largest-contentful-paint": ("largest paint", 0.001, "s", 1.5),
    "total-blocking-time": ("total blocking time", 1, "ms", 100),
    "cumulative-layout-shift": ("layout shift", 1, "", 0.02),
}
BYTES: Final = {"Script": ("JavaScript", 90), "Stylesheet": ("CSS", 20), "Font": ("fonts", 100)}
"""In thousands of bytes, compressed as they are sent, without headers."""


def measure(folder: Path) -> list[Figure]:
    """Each page in a new browser, whose caches are empty."""
    _install()
    with running(folder, cap=2) as (product, client):
        path = workflow(client, PICTURE)
        axes = {"seed": list(range(RUNS))}
        client.post(path.replace("/jobs", "/batches"), json={"axes": axes}).raise_for_status()
        job = drained(client)[0]["id"]
        canvas = path.removesuffix("jobs")
        pages = {"workflows": "/", "canvas": canvas, "runs": f"{canvas}runs/", "job": f"/jobs/{job}/"}
        found = [_figures(name, _report(product, folder / name, address)) for name, address in pages.items()]
    return [figure for figures in found for figure in figures]


def _install() -> None:
    """What its lock file says, unless that is there already."""
    kept, lock = LIGHTHOUSE / "node_modules" / ".package-lock.json", LIGHTHOUSE / "package-lock.json"
    if not kept.exists() or kept.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([NODE, NPM, "ci"], cwd=LIGHTHOUSE, check=True, stdout=subprocess.DEVNULL)


def _report(product: Product, profile: Path, address: str) -> Json:
    """What Lighthouse finds on a page, in a tab of a browser that is signed in."""
    port, url = free_port(), f"{product.base}{address}"
    command = [str(NODE), str(PROGRAM), url, f"--port={port}", "--preset=desktop", "--only-categories=performance"]
    command += ["--output=json", "--quiet", "--no-enable-error-reporting"]
    for attempt in range(ATTEMPTS):
        with browsing(product, profile / str(attempt), f"--remote-debugging-port={port}"):
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, env={**os.environ, "CI": "1"})
        if done.returncode == 0:
            report: Json = json.loads(done.stdout)
            assert report["finalDisplayedUrl"] == url, f"Lighthouse was led to {report['finalDisplayedUrl']}"
            return report
    raise AssertionError("Lighthouse found nothing. Run it again when the machine is less busy.")


def _figures(page: str, report: Json) -> list[Figure]:
    audits = report["audits"]
    times = [
        Figure(f"{page} page: {name}", audits[audit]["numericValue"] * factor, unit, bound)
        for audit, (name, factor, unit, bound) in TIMES.items()
    ]
    sizes: defaultdict[str, float] = defaultdict(float)
    for request in audits["network-requests"]["details"]["items"]:
        if request.get("resourceType") in BYTES:
            sizes[request["resourceType"]] += _sent(request["url"]) / 1000
    return [
        *times,
        *(Figure(f"{page} page: {name}", sizes[kind], "KB", bound) for kind, (name, bound) in BYTES.items()),
    ]


def _sent(url: str) -> int:
    """How long a file is on its way to a browser."""
    return int(httpx.head(url, headers={"Accept-Encoding": "gzip"}).headers["content-length"])
