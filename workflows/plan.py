"""How a graph will run: what feeds what once bypassed nodes are out of the way, and which items match."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from workflows.declaration import Input
from workflows.graph import Edge, Graph, Node
from workflows.joins import Scope
from workflows.portion import Stock
from workflows.ports import PortType
from workflows.registry import NodeType, Output, Registry
from workflows.wiring import Wiring

CAPACITY: Final = 64
"""Items that may wait on an edge before its source has to."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What an edge is when the graph runs.

    `path` has the types that a value takes on its way, more than two when it passes bypassed nodes, whose incoming
    edges are its `mirrors` (of several channels only of the first). `bounded`: its source waits while it is full.
    """

    edge: str
    mirrors: tuple[str, ...]
    source: str
    output: str
    target: str
    input: Input
    path: tuple[PortType, ...]
    scope: Scope
    bounded: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A node that runs: what comes in, and the scope of what one call of it is about."""

    node: Node
    type: NodeType
    inputs: Mapping[str, Input]
    channels: tuple[Channel, ...]
    scope: Scope


def plan(graph: Graph, registry: Registry, given: Stock | None = None) -> dict[str, Step]:
    """The nodes that run, each after all that feed it. The graph must be valid, but for those that are `given`.

    Several items that are given of one output are a stream, which begins there.
    """
    planner = _Planner(graph, registry, given or {})
    for node_id in graph.order():
        planner.add(node_id)
    return planner.steps


class _Planner:
    """Goes along the graph and keeps what it has learnt of the nodes behind it."""

    def __init__(self, graph: Graph, registry: Registry, given: Stock) -> None:
        self.steps: dict[str, Step] = {}
        self._graph = graph
        self._registry = registry
        self._given = given
        self._wiring = Wiring(graph, registry)
        self._streamed: set[str] = set()  # nodes that stream, and all that those feed
        self._mirrored: set[str] = set()

    def add(self, node_id: str) -> None:
        node, declared, taken = self._known(node_id)
        if node.bypassed:
            return
        ways = [self._wiring.way(edge) for edge in self._graph.incoming(node_id) if self._wiring.live(edge)]
        streamed = [way for way in ways if way[0].source in self._streamed]
        channels = tuple(self._channel(way, bounded=all(other is way for other in streamed)) for way in ways)
        if streamed or any(self._sends_many(node_id, output) for output in declared.outputs):
            self._streamed.add(node_id)
        origins = {origin for channel in channels if not channel.input.collects for origin in channel.scope}
        scope = tuple(origin for origin in self.steps if origin in origins) if origins else ()
        self.steps[node_id] = Step(node, declared, taken, channels, scope)

    def _channel(self, way: list[Edge], *, bounded: bool) -> Channel:
        """An edge is unbounded where a full one might keep its source from feeding another input of the same node.

        With nothing that streams at the others, what they bring is never held up, so that the node empties this one.
        """
        source, target = way[0].source, way[-1].target
        mirrors = [edge.id for edge in way[:-1] if edge.id not in self._mirrored]
        self._mirrored.update(mirrors)
        taken = self._known(target)[2][way[-1].input]
        output, before = self.steps[source].type.output(way[0].output), self.steps[source].scope
        return Channel(
            edge=way[-1].id,
            mirrors=tuple(mirrors),
            source=source,
            output=way[0].output,
            target=target,
            input=taken,
            path=tuple(port for edge in way for port in self._ends(edge)),
            scope=(*before, source) if output and self._sends_many(source, output) else before,
            bounded=bounded,
        )

    def _sends_many(self, node_id: str, output: Output) -> bool:
        made = self._given.get(node_id, {}).get(output.name, {}).get("assets", ())
        return output.streams or (len(made) > 1 and output.port.items is None)

    def _ends(self, edge: Edge) -> tuple[PortType, PortType]:
        output = self._known(edge.source)[1].output(edge.output)
        taken = self._known(edge.target)[2][edge.input].port
        return (output.port if output else taken, taken)

    def _known(self, node_id: str) -> tuple[Node, NodeType, Mapping[str, Input]]:
        node = self._graph.node(node_id)
        declared = self._registry.get(node.type) if node else None
        if node is None or declared is None:
            raise KeyError(node_id)
        return node, declared, self._wiring.inputs(node)
