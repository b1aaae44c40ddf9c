"""Why a node of a run did nothing, in words."""

from collections.abc import Mapping
from typing import Any, Final

from runs.pages.drawing import Drawing
from runs.telemetry import Snapshot
from workflows.graph import Edge, Graph

THINGS: Final = {"picture": "a picture", "text": "a text", "sound": "a sound", "film": "a video"}
_SHORT: Final = frozenset({"failed", "skipped", "cancelled"})


def why_skipped(node_id: str, drawn: Drawing, snapshot: Snapshot) -> str:
    """What a node that was skipped had needed, and from where; "" where nothing is known of that."""
    edge = _missing(node_id, drawn.graph, snapshot)
    if edge is None:
        return ""
    source = drawn.by_id[edge.source]
    if _status(snapshot, edge.source) in _SHORT:
        return f"needs {THINGS.get(source.shape, 'a value')} from “{source.title}”"
    return _left_out(edge, drawn)


def why_missing(node_id: str, drawn: Drawing, snapshot: Snapshot) -> str:
    """Where it began that a result is missing: the first node on the way to it that gave nothing on."""
    edge, seen = _missing(node_id, drawn.graph, snapshot), {node_id}
    while edge and _status(snapshot, edge.source) == "skipped" and edge.source not in seen:
        seen.add(edge.source)
        edge = _missing(edge.source, drawn.graph, snapshot)
    status = _status(snapshot, edge.source) if edge else ""
    if edge is None or status in {"skipped", "waiting", ""}:
        return "not reached"
    if status == "completed":
        return _left_out(edge, drawn)
    return f"needs “{drawn.by_id[edge.source].title}”, which {'failed' if status == 'failed' else 'was stopped'}"


def _missing(node_id: str, graph: Graph, snapshot: Snapshot) -> Edge | None:
    """The edge along which the node waited in vain."""
    for edge in graph.incoming(node_id):
        status = _status(snapshot, edge.source)
        sent = snapshot["edges"].get(edge.id, {}).get("count", 0)
        if status in _SHORT or (status == "completed" and not sent):
            return edge
    return None


def _left_out(edge: Edge, drawn: Drawing) -> str:
    """A node that has worked sent nothing this way; a switch says which way it was set."""
    node = drawn.graph.node(edge.source)
    if node is None or node.type != "control.if":
        return f"“{drawn.by_id[edge.source].title}” sent nothing this way"
    asked = next((each.source for each in drawn.graph.incoming(node.id) if each.input == "condition"), node.id)
    return f"left out: “{drawn.by_id[asked].title}” is {'off' if edge.output == 'then' else 'on'}"


def _status(snapshot: Snapshot, node_id: str) -> str:
    node: Mapping[str, Any] = snapshot["nodes"].get(node_id, {})
    return str(node.get("status", ""))
