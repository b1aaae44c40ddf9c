"""A workflow's graph: nodes and edges, by their ids. Whether it can run is for `validation` to say."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal, TypeAlias

from workflows.errors import GraphInvalid
from workflows.shape import DEFAULTS, ENDS, Limits, canonical, family, fault, is_input, problems

__all__ = ("Cache", "Document", "Edge", "Graph", "Limits", "Node", "canonical", "fault", "load", "parse")

Cache: TypeAlias = Literal["forever", "never"] | float | None
Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One node as the graph has it. `properties` is the document's own and must not be changed."""

    id: str
    type: str
    title: str
    properties: Mapping[str, Any]
    bypassed: bool
    cache: Cache
    dynamic_inputs: tuple[str, ...]
    gallery: bool = False

    @property
    def family(self) -> str:
        """What stands before the first dot of its type."""
        return family(self.type)

    @property
    def is_input(self) -> bool:
        """Whether it gives a run one of its parameters."""
        return is_input(self.type)


@dataclass(frozen=True, slots=True)
class Edge:
    """From an output of one node to an input of another."""

    id: str
    source: str
    output: str
    target: str
    input: str


@dataclass(frozen=True)
class Graph:
    """A well-formed graph. `document` is what was given, unknown keys and all; it must not be changed."""

    document: Document
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON, in hex: equal for equal graphs, whatever the order of their keys."""
        return hashlib.sha256(canonical(self.document)).hexdigest()

    def node(self, node_id: str) -> Node | None:
        """The node of this id, if there is one."""
        return self._by_id.get(node_id)

    def incoming(self, node_id: str) -> tuple[Edge, ...]:
        """The edges that end at this node, in the graph's order."""
        return self._incoming.get(node_id, ())

    def outgoing(self, node_id: str) -> tuple[Edge, ...]:
        """The edges that begin at this node, in the graph's order."""
        return self._outgoing.get(node_id, ())

    def order(self) -> tuple[str, ...]:
        """Every node's id, each after all that feed it; ValueError when there is a cycle."""
        return tuple(self._sorter().static_order())

    def cycles(self) -> list[list[str]]:
        """Cycles that share no node, each as the ids along it; without their nodes no cycle is left."""
        found: list[list[str]] = []
        while True:
            try:
                self._sorter(without={each for cycle in found for each in cycle}).prepare()
            except CycleError as error:
                found.append(error.args[1][1:])
            else:
                return found

    def with_properties(self, changes: Mapping[str, Mapping[str, Any]]) -> "Graph":
        """The same graph with some nodes' properties changed: {node id: {property: value}}."""
        nodes = [
            {**node, "properties": {**node.get("properties", {}), **changes[node["id"]]}}
            if node["id"] in changes
            else node
            for node in self.document["nodes"]
        ]
        return load({**self.document, "nodes": nodes})

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def _incoming(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def _outgoing(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped(self.edges, lambda edge: edge.source)

    def _sorter(self, without: Collection[str] = ()) -> TopologicalSorter[str]:
        """Over the edges whose both ends exist and are not among those to leave out."""
        kept = self._by_id.keys() - set(without)
        sorter = TopologicalSorter({node: () for node in self._by_id if node in kept})
        for edge in self.edges:
            if {edge.source, edge.target} <= kept:
                sorter.add(edge.target, edge.source)
        return sorter


def parse(document: object, limits: Limits = DEFAULTS) -> Graph:
    """The graph of a JSON document that someone gives; GraphInvalid with all that is wrong with its form."""
    found = problems(document, limits)
    if found or not isinstance(document, dict):
        raise GraphInvalid(found)
    return load(document)


def load(document: Document) -> Graph:
    """The graph of a document that `parse` took when it was saved, even if the limits have been lowered since."""
    nodes = tuple(
        Node(
            id=node["id"],
            type=node["type"],
            title=node.get("title") or "",
            properties=node.get("properties", {}),
            bypassed=node.get("bypassed", False),
            cache=node.get("cache"),
            dynamic_inputs=tuple(node.get("dynamic_inputs", ())),
            gallery=node.get("gallery", False),
        )
        for node in document["nodes"]
    )
    edges = tuple(Edge(edge["id"], *(edge[key] for key in ENDS)) for edge in document.get("edges", ()))
    return Graph(document, nodes, edges)


def _grouped(edges: tuple[Edge, ...], key: Callable[[Edge], str]) -> dict[str, tuple[Edge, ...]]:
    groups: dict[str, list[Edge]] = {}
    for edge in edges:
        groups.setdefault(key(edge), []).append(edge)
    return {name: tuple(group) for name, group in groups.items()}
