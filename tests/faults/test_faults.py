"""Broken again and again while it is busy, it loses and doubles nothing; `make faults` does the same at length."""

from pathlib import Path
from statistics import quantiles

import pytest

from tests.faults.report import NOTICED_WITHIN, RESCUED_WITHIN, USED_WITHIN, nearly_all
from tests.faults.scene import scene
from tests.faults.table import FAULTS, GROUNDS

KILLS = 60
WEIGHTS = {"kill-workers": 5, "kill-worker": 3, "kill-pool": 2, "kill-valkey": 4, "kill-web": 3, "kill-watchdog": 3}
SLOW = {"stop-supervisor", "redis-away"}
OTHERS = ["kill-all", *(name for name in FAULTS if not name.startswith("kill-") and name not in {*SLOW, *GROUNDS})]
LATEST = 5.0
"""With room for a busy machine, on which nineteen of twenty keep to what is promised."""


@pytest.mark.timeout(400)
def test_sixty_kills_with_sixty_jobs_in_flight_lose_and_double_nothing(tmp_path: Path, seed: str) -> None:
    """Each follows as soon as any work goes on, so that they also meet parts that are only just starting."""
    with scene(tmp_path, seed) as busy:
        while busy.kills < KILLS:
            (name,) = busy.random.choices([*WEIGHTS], [*WEIGHTS.values()])
            busy.hurry(FAULTS[name])
        outcome = busy.finish()
    assert outcome.wrong == {}
    assert nearly_all(outcome.idle) < USED_WITHIN
    assert quantiles(outcome.noticed, n=20, method="inclusive")[-1] < NOTICED_WITHIN
    assert max(outcome.noticed) < LATEST
    assert max(outcome.rescued, default=0.0) < RESCUED_WITHIN


@pytest.mark.timeout(300)
def test_whatever_else_befalls_it_no_two_jobs_overlap_at_a_cap_of_one(tmp_path: Path, seed: str) -> None:
    with scene(tmp_path, seed, cap=1, in_flight=10) as busy:
        for name in busy.random.sample(OTHERS, len(OTHERS)):
            busy.strike(name, FAULTS[name])
        outcome = busy.finish()
    assert outcome.wrong == {}
    assert max(outcome.noticed + outcome.rescued) < RESCUED_WITHIN
