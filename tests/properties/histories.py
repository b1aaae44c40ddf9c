"""Histories of telemetry as runs tell them, and a client's picture of one, by the contract's own words."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from runs.telemetry import Batch, Snapshot

Named = dict[str, dict[str, Any]]
"""The fields of each node, or edge."""

NODES, EDGES = st.sampled_from(["n1", "n2", "n3"]), st.sampled_from(["e1", "e2"])
COUNTS = st.integers(0, 9)
WORDS = st.text("ab é😀", min_size=1, max_size=4)
STATUSES = st.sampled_from("waiting running completed failed cancelled skipped bypassed".split())
JSON = st.recursive(st.none() | COUNTS | WORDS, lambda inner: st.lists(inner, max_size=2), max_leaves=3)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these fields; null clears one."""
    return st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in fields.items()})


_node = _some(
    status=STATUSES,
    progress=st.lists(COUNTS, min_size=2, max_size=2),
    elapsed_ms=COUNTS,
    error=st.fixed_dictionaries({"code": WORDS, "message": WORDS}),
    cached=st.booleans(),
    cost=COUNTS,
)
_edge = _some(state=st.sampled_from(["active", "completed", "drained"]), count=COUNTS)
_log = st.fixed_dictionaries({"level": st.just("info"), "node": st.none() | NODES, "message": WORDS})
_call = st.fixed_dictionaries({"node": NODES, "id": WORDS, "result": JSON})
_task = st.fixed_dictionaries({"task": WORDS, "state": st.sampled_from(["to_do", "done"])})


def _few(each: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(each, max_size=3)


BATCHES: st.SearchStrategy[Batch] = st.fixed_dictionaries(
    {},
    optional={
        "nodes": st.dictionaries(NODES, _node, max_size=3),
        "edges": st.dictionaries(EDGES, _edge, max_size=2),
        "values": st.dictionaries(NODES, st.dictionaries(st.sampled_from(["out", "other"]), JSON, max_size=2)),
        "text": st.dictionaries(NODES, WORDS, max_size=3),
        "products": _few(st.fixed_dictionaries({"id": COUNTS})),
        "logs": _few(_log),
        "calls": _few(_call),
        "plan": st.none() | _few(_task),
        "providers": _few(st.fixed_dictionaries({"node": NODES, "tokens": COUNTS})),
    },
)
HISTORIES = st.lists(BATCHES, max_size=8)


class Picture:
    """What a client has of a job. Nothing of this is the product's: its fold has to come to the same."""

    def __init__(self, logs_kept: int) -> None:
        self._logs_kept = logs_kept
        self._fields: dict[str, Named] = {"nodes": {}, "edges": {}, "values": {}}
        self._text: dict[str, str] = {}
        self._lists: dict[str, list[Any]] = {"products": [], "logs": [], "calls": [], "providers": []}
        self._plan: list[Any] = []

    def take(self, batch: Batch) -> None:
        """ "An update replaces, field by field, what it names, and null clears." """
        for kind, told in self._fields.items():
            for name, fields in batch.get(kind, {}).items():
                for field, value in fields.items():
                    told.setdefault(name, {})[field] = value
        for node, text in batch.get("text", {}).items():
            self._text[node] = self._text.get(node, "") + text
        for kind, items in self._lists.items():
            items.extend(batch.get(kind, []))
        if "plan" in batch:
            self._plan = batch["plan"] or []

    def shows(self, snapshot: Snapshot) -> bool:
        """Whether this snapshot tells the same; a node of which nothing is told may be named or not."""
        lists = {**self._lists, "logs": self._lists["logs"][-self._logs_kept :]}
        ours = {kind: _named(_without_nulls(named)) for kind, named in self._fields.items()}
        theirs = {kind: _named(snapshot[kind]) for kind in self._fields}
        return {**ours, **lists, "text": self._text, "plan": self._plan} == {**snapshot, **theirs}


def pictured(batches: Iterable[Batch], logs_kept: int) -> Picture:
    """The picture that these batches make."""
    picture = Picture(logs_kept)
    for batch in batches:
        picture.take(batch)
    return picture


def _without_nulls(named: Named) -> Named:
    return {name: {key: value for key, value in fields.items() if value is not None} for name, fields in named.items()}


def _named(named: Named) -> Named:
    """Those of which something is told."""
    return {name: fields for name, fields in named.items() if fields}
