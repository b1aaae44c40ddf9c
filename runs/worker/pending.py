"""What a run has said and nobody was told yet: the newest state of each node and edge, and what was appended. Pure."""

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from runs.telemetry import LOGS_KEPT, Batch
from runs.worker import plain

TEXT_KEPT: Final = 256 * 1024
"""Characters of streamed text that a node may show; the value that it puts out is whole."""
MESSAGE_KEPT: Final = 4_000
CALLS_KEPT: Final = 500
"""Calls of tools that a job shows, and as many of providers."""
TASKS_KEPT: Final = 100
TASK_KEPT: Final = 300
"""Tasks of a node's plan, and the characters of each."""
CUT: Final = "\n… (the rest is too long to be shown here)"


Told = list[dict[str, object]]


class Pending:
    """Collects what is said, from any thread, bounded whatever a node does. `take` empties it into one batch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[str, int] = {}
        self._costs: dict[str, float] = {}
        self._plans: dict[str, Told] = {}
        self._called = self._asked = 0
        self._empty()

    def node(self, node: str, fields: Mapping[str, Any]) -> None:
        """The newest of a node's fields."""
        with self._lock:
            self._nodes.setdefault(node, {}).update(fields)

    def edge(self, edge: str, fields: Mapping[str, Any]) -> None:
        """The newest of an edge's fields."""
        with self._lock:
            self._edges.setdefault(edge, {}).update(fields)

    def value(self, node: str, output: str, value: object) -> None:
        """The newest value of an output."""
        with self._lock:
            self._values.setdefault(node, {})[output] = value

    def text(self, node: str, chunk: str) -> None:
        """Text to append, until the node has shown as much as it may."""
        with self._lock:
            shown = self._shown.get(node, 0)
            if shown > TEXT_KEPT or not chunk:
                return
            self._shown[node] = shown + len(chunk)
            kept = chunk[: TEXT_KEPT - shown]
            self._text.setdefault(node, []).append(kept if len(kept) == len(chunk) else kept + CUT)

    def log(self, node: str | None, level: str, message: str) -> None:
        """A line of the log, of which the newest are kept."""
        line = {"at": now(), "level": level, "node": node, "message": message[:MESSAGE_KEPT]}
        with self._lock:
            self._logs.append(line)

    def cost(self, node: str, amount: float) -> None:
        """Adds to what a node has cost."""
        with self._lock:
            self._costs[node] = self._costs.get(node, 0.0) + amount
            self._nodes.setdefault(node, {})["cost"] = self._costs[node]

    def call(self, node: str, call: str, fields: Mapping[str, object]) -> None:
        """A tool's call, or what came of it; those beyond what is shown are left out."""
        told = {"node": node, "id": call, **{name: shown(value) for name, value in fields.items()}}
        with self._lock:
            self._called += 1
            if self._called <= CALLS_KEPT:
                self._calls.append(told)

    def plan(self, node: str, tasks: Sequence[tuple[str, str]]) -> None:
        """What a node means to do; the job's plan is that of all its nodes."""
        told: Told = [{"node": node, "task": task[:TASK_KEPT], "state": state} for task, state in tasks[:TASKS_KEPT]]
        with self._lock:
            self._plans[node] = told
            self._plan[:] = [task for tasks in self._plans.values() for task in tasks]

    def provider(self, node: str, fields: Mapping[str, object]) -> None:
        """A provider was asked; those beyond what is shown are left out."""
        with self._lock:
            self._asked += 1
            if self._asked <= CALLS_KEPT:
                self._providers.append({"node": node, **fields})

    def take(self) -> Batch:
        """All that was said since the last time, as one batch without empty parts."""
        with self._lock:
            batch = {
                "nodes": self._nodes,
                "edges": self._edges,
                "text": {node: "".join(chunks) for node, chunks in self._text.items()},
                "values": self._values,
                "logs": list(self._logs),
                "calls": self._calls,
                "plan": self._plan,
                "providers": self._providers,
            }
            self._empty()
        return {key: part for key, part in batch.items() if part}

    def _empty(self) -> None:
        self._nodes: dict[str, dict[str, Any]] = {}
        self._edges: dict[str, dict[str, Any]] = {}
        self._values: dict[str, dict[str, object]] = {}
        self._text: dict[str, list[str]] = {}
        self._logs: deque[dict[str, Any]] = deque(maxlen=LOGS_KEPT)
        self._calls: Told = []
        self._plan: Told = []
        self._providers: Told = []


def shown(value: object) -> object:
    """As much of what a tool was given, or gave, as is kept: itself if it is small, else the beginning of its text."""
    size = plain.small_size(value)
    if size is not None and size <= MESSAGE_KEPT:
        return value
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__} that JSON can't write"
    return text.encode(errors="replace").decode().replace("\0", "�")[:MESSAGE_KEPT] + CUT


def now() -> str:
    """The time, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
