"""A clock that is stepped, and processes that reach the database but not Redis, or Redis but not the database."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.faults.grounds import Ground, own_clock, relayed
from tests.faults.scene import Scene, scene
from tests.faults.table import FAULTS

TOGETHER = (
    ("cut-worker-redis", "cut-worker-database", "step-clock"),
    ("cut-pool-redis", "step-clock", "cut-pool-database"),
)


def do_together(names: Sequence[str], scene: Scene) -> None:
    """At once, so that what is waited for is so too."""
    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(FAULTS[name], scene) for name in names]:
            done.result()


@pytest.mark.timeout(200)
def test_whatever_is_cut_off_and_however_the_clock_goes_nothing_is_lost(tmp_path: Path, seed: str) -> None:
    with own_clock(tmp_path) as own, relayed(tmp_path) as ways:
        ground = Ground({**own.settings, **ways.settings}, own.clock, ways.redis, ways.database)
        with scene(tmp_path, seed, in_flight=20, ground=ground) as busy:
            for names in TOGETHER:
                busy.strike(names[0], partial(do_together, names))
            outcome = busy.finish()
    assert outcome.wrong == {}
