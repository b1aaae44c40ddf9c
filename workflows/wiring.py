"""What feeds what when a graph runs: the inputs a node has, and which edges bring anything past bypassed nodes."""

from collections.abc import Mapping
from functools import cached_property

from workflows import ports
from workflows.declaration import Input, Setting
from workflows.graph import Edge, Graph, Node
from workflows.ports import PortType
from workflows.registry import NodeType, Registry


class Wiring:
    """The inputs of a graph's nodes, and the edges that bring something to them when it runs."""

    def __init__(self, graph: Graph, registry: Registry) -> None:
        self._graph = graph
        self._registry = registry
        self._inputs: dict[str, Mapping[str, Input]] = {}
        self._dead: set[str] = set()
        for node in self._bypassed():
            passed = {
                output: self.passing(node, output) for output in {edge.output for edge in graph.outgoing(node.id)}
            }
            self._dead |= {edge.id for edge in graph.outgoing(node.id) if passed[edge.output] is None}

    def inputs(self, node: Node) -> Mapping[str, Input]:
        """The inputs of a node by name: its type's, and those that it adds itself where its type lets it."""
        if node.id not in self._inputs:
            declared = self._registry.get(node.type)
            self._inputs[node.id] = _inputs(node, declared) if declared else {}
        return self._inputs[node.id]

    @cached_property
    def connected(self) -> frozenset[tuple[str, str]]:
        """Every (node, input) that an edge feeds. What a property says there is ignored."""
        return frozenset((edge.target, edge.input) for edge in self._graph.edges if self.live(edge))

    def live(self, edge: Edge) -> bool:
        """Whether anything can come along the edge: not from a bypassed node that has nothing to pass on."""
        return edge.id not in self._dead

    def way(self, edge: Edge) -> list[Edge]:
        """The edge, and before it those on which bypassed nodes get what they pass on."""
        way = [edge]
        while (
            (node := self._graph.node(way[0].source))
            and node.bypassed
            and (before := self.passing(node, way[0].output))
            and before not in way  # in a circle, which cannot run
        ):
            way.insert(0, before)
        return way

    def passing(self, node: Node, output: str) -> Edge | None:
        """The edge whose items a bypassed node passes on as this output: one of the same type, else one that fits."""
        declared = self._registry.get(node.type)
        sent = declared.output(output) if declared else None
        if sent is None:
            return None
        has = self.inputs(node)
        position = {name: place for place, name in enumerate(has)}
        coming = [edge for edge in self._graph.incoming(node.id) if edge.input in has and self.live(edge)]
        coming = [edge for edge in coming if ports.fits(has[edge.input].port, sent.port)]
        return min(coming, key=lambda edge: (has[edge.input].port != sent.port, position[edge.input]), default=None)

    def _bypassed(self) -> list[Node]:
        """The bypassed nodes, each after those that feed it; none in a graph with a cycle, which cannot run anyway."""
        if not any(node.bypassed for node in self._graph.nodes) or self._graph.cycles():
            return []
        nodes = (self._graph.node(node_id) for node_id in self._graph.order())
        return [node for node in nodes if node is not None and node.bypassed]


def passed_on(node: Node, graph: Graph, registry: Registry) -> PortType | None:
    """The type of what a node puts out or keeps; where it takes anything and passes it on, of what comes to it."""
    seen: set[str] = set()
    declared = registry.get(node.type)
    port = declared.outputs[0].port if declared and declared.outputs else None
    while _open(port) and node.id not in seen:
        seen.add(node.id)
        before = next((edge for edge in graph.incoming(node.id) if edge.input in {"value", "item"}), None)
        source = graph.node(before.source) if before else None
        if before is None or source is None:
            break
        node, declared = source, registry.get(source.type)
        output = declared.output(before.output) if declared else None
        port = output.port if output else None
    return port


def _open(port: PortType | None) -> bool:
    while port is not None and port.items is not None:
        port = port.items
    return port is None or port == ports.ANY


def _inputs(node: Node, declared: NodeType) -> Mapping[str, Input]:
    if not (declared.dynamic and node.dynamic_inputs):
        return declared.by_name
    added = {name: Input(name, ports.ANY, Setting(), required=False, nullable=True) for name in node.dynamic_inputs}
    return added | dict(declared.by_name)
