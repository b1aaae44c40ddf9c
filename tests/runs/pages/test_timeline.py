"""The timeline of a run: when each node worked, on one scale that grows while one does."""

from datetime import UTC, datetime, timedelta
from typing import Any

from runs.pages import timeline

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def node(after: float, **fields: Any) -> dict[str, Any]:
    return {"started_at": (BEGAN + timedelta(seconds=after)).isoformat(), **fields}


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def test_bars_stand_where_their_nodes_worked() -> None:
    told = {
        "first": node(0, status="completed", elapsed_ms=1000),
        "slow": node(1, status="running"),
        "none": {"status": "skipped"},
    }
    drawn = timeline.drawn(told, ["first", "slow", "none", "later"], BEGAN, at(4))
    assert drawn.total == 4
    assert [(lane.node, lane.x, lane.width, lane.bar.runs) for lane in drawn.lanes] == [
        ("first", "0.00", "25.00", False),
        ("slow", "25.00", "75.00", True),
        ("none", "0", "0", False),
        ("later", "0", "0", False),
    ]
    assert drawn.marks == [0, 1, 2, 3, 4]
    assert drawn.lane("slow").bar == timeline.Bar(1, 4, runs=True)


def test_a_bar_is_never_too_narrow_to_be_seen_nor_out_of_sight() -> None:
    told = {"long": node(0, status="completed", elapsed_ms=60_000), "last": node(60, status="failed", elapsed_ms=0)}
    lane = timeline.drawn(told, ["long", "last"], BEGAN, at(70)).lane("last")
    assert (lane.x, lane.width) == ("99.40", "0.60")


def test_a_clock_that_goes_before_moves_nothing_out_of_the_scale() -> None:
    lane = timeline.drawn({"n": node(-3, status="running")}, ["n"], BEGAN, at(-1)).lanes[0]
    assert (lane.bar.start, lane.bar.end, lane.x) == (0, 0, "0.00")


def test_before_the_start_there_is_a_scale_without_bars() -> None:
    drawn = timeline.drawn({"n": node(0)}, ["n"], None, at(0))
    assert (drawn.total, drawn.lanes[0].bar.start) == (timeline.SHORTEST, None)
