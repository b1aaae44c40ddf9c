"""I2: how long a slot is free while a job may start, as the history and the journal tell it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.journal.evidence import HOLDING, Evidence


@dataclass(frozen=True, slots=True)
class Quiet:
    """A time in which nothing was done to the installation, by its own clock, and the cap that was in force."""

    since: float
    until: float
    cap: int


def idle(evidence: Evidence, times: Iterable[Quiet]) -> list[float]:
    """Of each start in these times: the seconds for which a slot had been free for it, and the job or another there.

    A worker counts from its first line to its last: what has only just been started takes no job yet.
    """
    return [seconds for quiet in times for seconds in _idle(evidence, quiet)]


def _idle(evidence: Evidence, quiet: Quiet) -> Iterator[float]:
    lives = _lives(evidence)
    waiting: set[str] = set()
    holding: set[str] = set()
    since: float | None = None
    for step in evidence.steps:
        claimed = step.target == "running"
        within = quiet.since <= step.at <= quiet.until
        if within and claimed and since is not None:
            yield max(step.at - since, 0.0)
        for those, states in ((waiting, {"queued"}), (holding, HOLDING)):
            those.discard(step.job)
            if step.target in states:
                those.add(step.job)
        ready = sum(first <= step.at <= last for first, last in lives)
        if not within or not waiting or len(holding) >= min(quiet.cap, ready):
            since = None
        elif since is None or claimed:
            since = step.at


def _lives(evidence: Evidence) -> list[tuple[float, float]]:
    """When each worker wrote its first line, and its last."""
    found: dict[str, tuple[float, float]] = {}
    for line in evidence.lines:
        first, _ = found.get(line.worker, (line.wall, 0.0))
        found[line.worker] = (first, line.wall)
    return list(found.values())
