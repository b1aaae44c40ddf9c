"""Why a node of a run did nothing, in words; and which nodes may send many items."""

from collections.abc import Mapping
from typing import Any, Final

from runs.pages.parts import Part
from runs.telemetry import Snapshot
from workflows.graph import Edge, Graph
from workflows.registry import Registry
from workflows.wiring import Wiring

Parts = Mapping[str, Part]
THINGS: Final = {"picture": "a picture", "text": "a text", "sound": "a sound", "film": "a video"}
_SHORT: Final = frozenset({"failed", "skipped", "cancelled"})


def why_skipped(node_id: str, graph: Graph, snapshot: Snapshot, parts: Parts) -> str:
    """What a node that was skipped had needed, and from where; "" where nothing is known of that."""
    edge = _missing(node_id, graph, snapshot)
    if edge is None:
        return ""
    source = parts[edge.source]
    if _status(snapshot, edge.source) in _SHORT:
        return f"needs {THINGS.get(source.shape, 'a value')} from “{source.title}”"
    return _left_out(edge, graph, parts)


def why_missing(node_id: str, graph: Graph, snapshot: Snapshot, parts: Parts) -> str:
    """Where it began that a result is missing: the first node on the way to it that gave nothing on."""
    edge, seen = _missing(node_id, graph, snapshot), {node_id}
    while edge and _status(snapshot, edge.source) == "skipped" and edge.source not in seen:
        seen.add(edge.source)
        edge = _missing(edge.source, graph, snapshot)
    status = _status(snapshot, edge.source) if edge else ""
    if edge is None or status in {"skipped", "waiting", ""}:
        return "not reached"
    if status == "completed":
        return _left_out(edge, graph, parts)
    return f"needs “{parts[edge.source].title}”, which {'failed' if status == 'failed' else 'was stopped'}"


def many(graph: Graph, registry: Registry) -> frozenset[str]:
    """The nodes that may work more than once in a run, as something before them streams, and nothing collects that."""
    wiring = Wiring(graph, registry)
    found: set[str] = set()
    for node in filter(None, map(graph.node, graph.order())):
        inputs = wiring.inputs(node)
        coming = [edge for edge in graph.incoming(node.id) if edge.input in inputs and not inputs[edge.input].collects]
        if any(edge.source in found or _streams(edge, graph, registry) for edge in coming):
            found.add(node.id)
    return frozenset(found)


def _missing(node_id: str, graph: Graph, snapshot: Snapshot) -> Edge | None:
    """The edge along which the node waited in vain."""
    for edge in graph.incoming(node_id):
        status = _status(snapshot, edge.source)
        sent = snapshot["edges"].get(edge.id, {}).get("count", 0)
        if status in _SHORT or (status == "completed" and not sent):
            return edge
    return None


def _left_out(edge: Edge, graph: Graph, parts: Parts) -> str:
    """A node that has worked sent nothing this way; a switch says which way it was set."""
    node = graph.node(edge.source)
    if node is None or node.type != "control.if":
        return f"“{parts[edge.source].title}” sent nothing this way"
    asked = next((each.source for each in graph.incoming(node.id) if each.input == "condition"), node.id)
    return f"left out: “{parts[asked].title}” is {'off' if edge.output == 'then' else 'on'}"


def _streams(edge: Edge, graph: Graph, registry: Registry) -> bool:
    node = graph.node(edge.source)
    declared = registry.get(node.type) if node else None
    output = declared.output(edge.output) if declared else None
    return bool(output and output.streams)


def _status(snapshot: Snapshot, node_id: str) -> str:
    node: Mapping[str, Any] = snapshot["nodes"].get(node_id, {})
    return str(node.get("status", ""))
