"""What feeds what when a graph runs: the inputs a node has, and which edges bring anything past bypassed nodes."""

from collections.abc import Mapping
from functools import cached_property

from workflows import ports
from workflows.declaration import Input, Setting
from workflows.graph import Edge, Graph, Node
from workflows.registry import NodeType, Registry


def inputs(node: Node, declared: NodeType) -> Mapping[str, Input]:
    """The inputs of a node by name: its type's, and those that it adds itself where its type lets it."""
    if not (declared.dynamic and node.dynamic_inputs):
        return declared.by_name
    added = {name: Input(name, ports.ANY, Setting(), required=False, nullable=True) for name in node.dynamic_inputs}
    return added | dict(declared.by_name)


class Wiring:
    """The edges of one graph that bring something when it runs."""

    def __init__(self, graph: Graph, registry: Registry) -> None:
        self._graph = graph
        self._registry = registry
        self._known: dict[str, bool] = {}

    @cached_property
    def connected(self) -> frozenset[tuple[str, str]]:
        """Every (node, input) that an edge feeds. What a property says there is ignored."""
        return frozenset((edge.target, edge.input) for edge in self._graph.edges if self.live(edge))

    def live(self, edge: Edge) -> bool:
        """Whether anything can come along the edge: not from a bypassed node that has nothing to pass on."""
        if edge.id not in self._known:
            self._known[edge.id] = True  # in a cycle, which validation reports as such
            node = self._graph.node(edge.source)
            self._known[edge.id] = node is None or not node.bypassed or self.passing(node, edge.output) is not None
        return self._known[edge.id]

    def passing(self, node: Node, output: str) -> Edge | None:
        """The edge whose items a bypassed node passes on as this output: one of the same type, else one that fits."""
        declared = self._registry.get(node.type)
        sent = declared.output(output) if declared else None
        if declared is None or sent is None:
            return None
        has = inputs(node, declared)
        position = {name: place for place, name in enumerate(has)}
        coming = [edge for edge in self._graph.incoming(node.id) if edge.input in has and self.live(edge)]
        coming = [edge for edge in coming if ports.fits(has[edge.input].port, sent.port)]
        return min(coming, key=lambda edge: (has[edge.input].port != sent.port, position[edge.input]), default=None)
