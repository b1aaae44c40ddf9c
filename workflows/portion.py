"""Which part of a graph runs when only some of it is asked for, and which nodes' earlier values it needs."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, TypeAlias

from workflows import graph as graphs
from workflows.graph import Edge, Graph
from workflows.registry import Registry
from workflows.wiring import Wiring

Mode: TypeAlias = Literal["node", "from", "selection"]
Stock: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What nodes that do not run have made before: `{node: {output: {"assets": [id, …]} or {"value": JSON}}}`."""
Has: TypeAlias = Callable[[str, Collection[str]], bool]
"""Whether there are earlier values of a node for all these of its outputs."""


def asked(graph: Graph, mode: Mode, nodes: Collection[str]) -> frozenset[str]:
    """The nodes that a scope asks to run: these, and with `from` all that they feed; bypassed ones never run."""
    found, waiting = set(nodes), list(nodes) if mode == "from" else []
    while waiting:
        behind = {edge.target for edge in graph.outgoing(waiting.pop())} - found
        found |= behind
        waiting += behind
    return frozenset(node.id for node in graph.nodes if node.id in found and not node.bypassed)


def completed(graph: Graph, registry: Registry, nodes: Collection[str], has: Has) -> frozenset[str]:
    """The nodes that have to run so that these can: with them those before them of which a value is missing."""
    wiring, runs = Wiring(graph, registry), set(nodes)
    while missing := {node for node, outputs in _needed(graph, wiring, runs).items() if not has(node, outputs)}:
        runs |= missing
    return frozenset(runs)


def needed(graph: Graph, registry: Registry, runs: Collection[str]) -> dict[str, set[str]]:
    """The nodes that feed those that run and do not run themselves, each with the outputs that are needed of it."""
    return _needed(graph, Wiring(graph, registry), runs)


def cut(graph: Graph, registry: Registry, runs: Collection[str]) -> Graph:
    """The graph of what runs, with the nodes whose earlier values feed it. These have no edges and no properties."""
    wiring = Wiring(graph, registry)
    edges = {edge.id: edge for way in _ways(graph, wiring, runs) for edge in way}
    sources = {edge.source for edge in edges.values()} - set(runs)
    nodes = []
    for node, document in zip(graph.nodes, graph.document["nodes"], strict=True):
        if node.id in runs or (node.id in sources and node.bypassed):
            nodes.append(document)
        elif node.id in sources:
            nodes.append({"id": node.id, "type": node.type, "title": node.title, "properties": {}})
    kept = [edge for edge in graph.document.get("edges", ()) if edge["id"] in edges]
    return graphs.load({**graph.document, "nodes": nodes, "edges": kept})


def before(graph: Graph, nodes: Collection[str]) -> frozenset[str]:
    """All nodes that these depend on, and are not among them."""
    found, waiting = set(nodes), list(nodes)
    while waiting:
        feeding = {edge.source for edge in graph.incoming(waiting.pop())} - found
        found |= feeding
        waiting += feeding
    return frozenset(found) - set(nodes)


def repeated(graph: Graph, registry: Registry) -> frozenset[str]:
    """The nodes that work item by item, as something before them streams."""
    wiring, found = Wiring(graph, registry), set[str]()
    while more := {edge.target for edge in graph.edges if _streams(edge, graph, registry, wiring, found)} - found:
        found |= more
    return frozenset(found)


def _streams(edge: Edge, graph: Graph, registry: Registry, wiring: Wiring, found: Collection[str]) -> bool:
    source, target = graph.node(edge.source), graph.node(edge.target)
    declared = source and registry.get(source.type)
    output = declared.output(edge.output) if declared else None
    taken = wiring.inputs(target).get(edge.input) if target else None
    return bool(edge.source in found or (output and output.streams)) and not (taken and taken.collects)


def _needed(graph: Graph, wiring: Wiring, runs: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for way in _ways(graph, wiring, runs):
        if way[0].source not in runs:
            found.setdefault(way[0].source, set()).add(way[0].output)
    return found


def _ways(graph: Graph, wiring: Wiring, runs: Collection[str]) -> list[list[Edge]]:
    """How items come to the nodes that run; edges from nodes that are not there are for validation to name."""
    live = (edge for edge in graph.edges if edge.target in runs and graph.node(edge.source) and wiring.live(edge))
    return [wiring.way(edge) for edge in live]
