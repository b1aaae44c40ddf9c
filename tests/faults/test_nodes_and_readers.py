"""Nodes that do what no node should, and readers that stop reading, harm nobody else."""

from pathlib import Path

import pytest

from tests.faults.grounds import MEMORY_BYTES, Ground
from tests.faults.reading import stop_reading
from tests.faults.scene import Scene, scene
from tests.faults.wild import LIMITS, end_wild, look_for_leftovers, send_wild


def run_all_wild(scene: Scene) -> None:
    """At once, so that what is waited for is so too."""
    jobs = {how: send_wild(scene, how) for how in ("leak", "print", "fork", "hang")}
    end_wild(scene, jobs.pop("leak"), error=LIMITS["leak"])
    end_wild(scene, *jobs.values())
    look_for_leftovers(scene)


@pytest.mark.timeout(200)
def test_wild_nodes_end_and_readers_that_stall_are_closed(tmp_path: Path, seed: str) -> None:
    ground = Ground({"WORKER_MEMORY_BYTES": str(MEMORY_BYTES), "SEND_PATIENCE": "5"})
    with scene(tmp_path, seed, in_flight=10, ground=ground) as busy:
        busy.strike("wild", run_all_wild)
        busy.strike("stop-reading", stop_reading)
        outcome = busy.finish()
    assert outcome.wrong == {}
