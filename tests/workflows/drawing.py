"""Graphs for tests, drawn in a line or two."""

from collections.abc import Mapping
from typing import Any

from workflows import graph as graphs

Nodes = Mapping[str, str | tuple[str, dict[str, Any]]]


def document(nodes: Nodes, *edges: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """A graph's JSON: {id: type or (type, properties)}, edges as "a.output > b.input", `fields` of a node by its id."""
    drawn = []
    for node_id, what in nodes.items():
        node_type, properties = what if isinstance(what, tuple) else (what, {})
        drawn.append({"id": node_id, "type": node_type, "properties": properties, **fields.get(node_id, {})})
    return {"version": 1, "nodes": drawn, "edges": [_edge(number, edge) for number, edge in enumerate(edges, start=1)]}


def draw(nodes: Nodes, *edges: str, **fields: dict[str, Any]) -> graphs.Graph:
    """The graph of such a document; its edges are e1, e2, …"""
    return graphs.parse(document(nodes, *edges, **fields))


def _edge(number: int, edge: str) -> dict[str, str]:
    start, end = edge.split(" > ")
    source, output = start.split(".")
    target, taken = end.split(".")
    return {"id": f"e{number}", "source": source, "output": output, "target": target, "input": taken}
