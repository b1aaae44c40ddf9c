"""Nodes that do what no node should: cancelled or at a limit they end, nothing of them stays, and the others go on."""

import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from project.logs import LARGEST_BYTES
from tests.faults.scene import QUIET_WITHIN, Scene
from tests.journal import book
from tests.journal.evidence import TERMINAL, Plan
from tests.live.product import Json, alive, command_line, make_workflow
from tests.waiting import eventually

CANCELLED_WITHIN: Final = 10.0
LIMITS: Final = {"leak": "memory_limit", "hang": "timeout"}
"""What ends those that nobody cancels."""
PROMISE: Final = "wild nodes end"


def run_wild(how: str, scene: Scene) -> float:
    """Runs such a node, and cancels it, or leaves it to its limit. When it had begun."""
    limited = how == "leak" or (how == "hang" and scene.random.random() < 0.5)
    job = send_wild(scene, how)
    since = time.monotonic()
    end_wild(scene, job, error=LIMITS[how] if limited else "")
    look_for_leftovers(scene)
    return since


def send_wild(scene: Scene, how: str, seconds: float = 0) -> Json:
    """Such a job, which is running by now."""
    scene.restore_cap()  # a lower one may be in force
    node = {"id": "wild", "type": "journal.wild", "properties": {"how": how, "seconds": seconds}}
    errors = frozenset({LIMITS[how]}) if how in LIMITS else frozenset()
    job = scene.send(make_workflow(scene.client, [node], []), Plan(nodes=(), errors=errors))
    eventually(
        lambda: any((line.job, line.node) == (job["id"], how) for line in book.read(scene.journal)), QUIET_WITHIN
    )
    return job


def end_wild(scene: Scene, *jobs: Json, error: str = "") -> None:
    """Cancels them, or waits until they fail with this error."""
    since, asked = time.monotonic(), scene.now()
    for job in () if error else jobs:
        assert scene.client.post(f"/jobs/{job['id']}/cancellation").status_code == 202
    for job in jobs:
        _see_end(scene, job, since, asked, error)


def _see_end(scene: Scene, job: Json, since: float, asked: float, error: str) -> None:
    found: Json = {}

    def has_ended() -> bool:
        found.update(scene.client.get(f"/jobs/{job['id']}").json())
        return found["state"] in TERMINAL

    eventually(has_ended, QUIET_WITHIN)
    took = datetime.fromisoformat(found["ended_at"]).timestamp() - asked  # however late it is seen
    code = (found["error"] or {}).get("code", "")
    if code != error or found["state"] != ("failed" if error else "cancelled"):
        scene.wrong[PROMISE].append(f"{job['id']} ended {found['state']} ({code})")
    if not error and took > CANCELLED_WITHIN:
        scene.wrong[PROMISE].append(f"{job['id']} was cancelled after {took:.1f} s")
    if took > 1.0 and not scene.has_begun(since, until=since + took):
        scene.wrong[PROMISE].append(f"no other job began in the {took:.1f} s that {job['id']} took to end")


def look_for_leftovers(scene: Scene) -> None:
    """No process that a node has started may be there, and no large log."""
    left = [process for process in _forked(scene) if "worker" in command_line(process)]
    log = scene.product.data_dir / "logs" / "workers.log"
    with suppress(AssertionError):
        eventually(lambda: not alive(left), 3)
    if alive(left):
        scene.wrong[PROMISE].append(f"processes {[process.pid for process in alive(left)]} were left behind")
        for process in alive(left):
            process.kill()
    with suppress(AssertionError):
        eventually(lambda: _size(log) <= LARGEST_BYTES, 3)
    if _size(log) > LARGEST_BYTES:
        scene.wrong[PROMISE].append(f"the log has {_size(log):,} bytes")


def _forked(scene: Scene) -> list[psutil.Process]:
    found = []
    forked = scene.product.data_dir / "forked"
    for pid in forked.read_text().split() if forked.exists() else ():
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(int(pid)))
    return found


def _size(file: Path) -> int:
    return file.stat().st_size
