"""What a job's telemetry means: batches, and the one fold that makes a snapshot of them. Pure.

A batch holds any of `nodes edges text values products logs calls plan providers`, as an `update` frame carries them; a
snapshot holds all of them. Worker, sockets, admin and API all read telemetry through `fold`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Self

Batch = dict[str, Any]
"""State, not deltas, but for what is appended: `{"nodes": {"n1": {"status": "running"}}, "text": {"n1": "more"}}`."""
Snapshot = dict[str, Any]
"""Every key of `EMPTY`; what a batch cleared is gone."""

LOGS_KEPT: Final = 1000
_ID: Final = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)
_DONE: Final = frozenset({"completed", "failed", "bypassed"})


class TelemetryId(NamedTuple):
    """`<fence>-<seq>`: where a reader stands in one job's telemetry, and the order of what it reads."""

    fence: int
    seq: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id that `text` spells. Raises ValueError when it spells none."""
        found = _ID.fullmatch(text)
        if found is None:
            message = f"{text[:40]!r} is no telemetry id: give <fence>-<seq>, such as 1-42."
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]))

    def next(self) -> "TelemetryId":
        """The id that follows in the same fence."""
        return TelemetryId(self.fence, self.seq + 1)

    def __str__(self) -> str:
        return f"{self.fence}-{self.seq}"


NOTHING: Final = TelemetryId(0, 0)
"""The id of a job's telemetry before its first attempt."""


def fold(snapshot: Snapshot, batch: Batch) -> Snapshot:
    """The snapshot after `batch`: a new object that shares what did not change. Null clears the field it names."""
    folded = {**EMPTY, **merge(snapshot, batch)}
    for key in ("nodes", "edges", "values"):
        for name in batch.get(key, ()):
            folded[key][name] = {field: value for field, value in folded[key][name].items() if value is not None}
    folded["plan"] = folded["plan"] or []
    return folded


def merge(first: Batch, second: Batch) -> Batch:
    """One batch that does what `first` and then `second` would do; nulls stay, as they still have to clear."""
    merged = {key: batch[key] for batch in (first, second) for key in _RULES if key in batch}
    for key in merged.keys() & first.keys() & second.keys():
        merged[key] = _RULES[key](first[key], second[key])
    return merged


def progress(snapshot: Snapshot, nodes: int) -> float | None:
    """How far a run of so many nodes is, 0–1, each node weighing the same; None for a graph without nodes.

    What need not run counts as done, but not what a cancelled run left out.
    """
    told = snapshot["nodes"].values()
    cancelled = any(node.get("status") == "cancelled" for node in told)
    done = _DONE if cancelled else _DONE | {"skipped"}
    return sum(1.0 if node.get("status") in done else share(node) for node in told) / nodes if nodes else None


def share(node: Mapping[str, Any]) -> float:
    """How far a node says that it is, 0–1."""
    done, total = node.get("progress") or (0, 0)
    return min(max(done / total, 0.0), 1.0) if total else 0.0


def cost(snapshot: Snapshot) -> float | None:
    """What the nodes have cost together, in US dollars; None where nothing was measured."""
    measured = [node["cost"] for node in snapshot["nodes"].values() if node.get("cost") is not None]
    return sum(measured) if measured else None


def closing(snapshot: Snapshot, status: str) -> Batch:
    """The last status of everything that a snapshot leaves open, when its run ended from outside.

    What ran ends `status` (`failed` or `cancelled`), what waited is skipped, what flowed is drained.
    """
    last = {"running": status, "waiting": "skipped"}
    nodes = {
        name: {"status": last[node["status"]]} for name, node in snapshot["nodes"].items() if node.get("status") in last
    }
    edges = {name: {"state": "drained"} for name, edge in snapshot["edges"].items() if edge.get("state") == "active"}
    return {"nodes": nodes, "edges": edges}


def _fields(old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {**old, **{name: {**old.get(name, {}), **fields} for name, fields in new.items()}}


def _appended(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    return {**old, **{name: old.get(name, "") + text for name, text in new.items()}}


def _extended(old: list[Any], new: list[Any]) -> list[Any]:
    return [*old, *new]


def _newest(old: list[Any], new: list[Any]) -> list[Any]:
    return [*old, *new][-LOGS_KEPT:]


def _replaced(_old: object, new: object) -> object:
    return new


_RULES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "nodes": _fields,
    "edges": _fields,
    "text": _appended,
    "values": _fields,
    "products": _extended,
    "logs": _newest,
    "calls": _extended,
    "plan": _replaced,
    "providers": _extended,
}

EMPTY: Final[Snapshot] = {
    "nodes": {},
    "edges": {},
    "text": {},
    "values": {},
    "products": [],
    "logs": [],
    "calls": [],
    "plan": [],
    "providers": [],
}
"""The snapshot of a job that has told nothing yet. Never change it in place."""
