"""When each node of a run worked, as bars on one scale of seconds since the run's start."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

QUARTERS = 4
SHORTEST = 0.001
"""Seconds that the scale is long at least."""
NARROWEST = 0.6
"""Percent of the scale that a bar is wide at least, so that it is seen."""


class Bar(NamedTuple):
    """From when to when a node worked, in seconds since the run's start; None for one that has not begun."""

    start: float | None
    end: float | None
    runs: bool

    def placed(self, total: float) -> tuple[str, str]:
        """Where it begins and how long it is, in percent of a scale of `total` seconds."""
        if self.start is None or self.end is None:
            return "0", "0"
        width = max((self.end - self.start) / total * 100, NARROWEST)
        return f"{min(self.start / total * 100, 100 - NARROWEST):.2f}", f"{width:.2f}"


class Lane(NamedTuple):
    """One node's bar, and its place on the scale in percent."""

    node: str
    bar: Bar
    x: str
    width: str


class Timeline(NamedTuple):
    """The lanes in the order of the nodes, and how many seconds the scale is long."""

    lanes: Sequence[Lane]
    total: float

    @property
    def marks(self) -> list[float]:
        """The seconds that stand below the scale, from its beginning to its end."""
        return [self.total * quarter / QUARTERS for quarter in range(QUARTERS + 1)]

    def lane(self, node: str) -> Lane:
        """One node's."""
        return next(lane for lane in self.lanes if lane.node == node)


def drawn(
    nodes: Mapping[str, Mapping[str, Any]], order: Sequence[str], began: datetime | None, now: datetime
) -> Timeline:
    """The timeline of a run that began then, of what its nodes told."""
    bars = {node: _bar(nodes.get(node, {}), began, now) for node in order}
    total = max([SHORTEST, *(bar.end for bar in bars.values() if bar.end is not None)])
    return Timeline([Lane(node, bar, *bar.placed(total)) for node, bar in bars.items()], total)


def _bar(node: Mapping[str, Any], began: datetime | None, now: datetime) -> Bar:
    started = node.get("started_at")
    if not started or began is None:
        return Bar(None, None, runs=False)
    start = max((datetime.fromisoformat(started) - began).total_seconds(), 0.0)
    if node.get("status") == "running":
        return Bar(start, max((now - began).total_seconds(), start), runs=True)
    return Bar(start, start + (node.get("elapsed_ms") or 0) / 1000, runs=False)
