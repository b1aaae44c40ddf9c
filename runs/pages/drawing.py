"""What is drawn of a graph, known by its digest: a graph never changes, so this is worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from runs.pages.parts import Part, parts
from workflows import graph as graphs
from workflows.models import Graph
from workflows.parameters import declared
from workflows.registry import registry
from workflows.wiring import Wiring

WITH_GALLERY: Final = frozenset({"output.result", "output.preview"})


@dataclass(frozen=True)
class Drawing:
    """A graph and its nodes as `parts`, each after those that feed it."""

    graph: graphs.Graph
    parts: tuple[Part, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Part]:
        """The nodes by their ids."""
        return {part.id: part for part in self.parts}

    @cached_property
    def edges(self) -> tuple[str, ...]:
        """The edges' ids."""
        return tuple(edge.id for edge in self.graph.edges)

    @cached_property
    def galleries(self) -> tuple[str, ...]:
        """The nodes that show what all runs made there."""
        switched = {node.id for node in self.graph.nodes if node.gallery}
        return tuple(part.id for part in self.parts if part.type in WITH_GALLERY or part.id in switched)

    @cached_property
    def saved(self) -> Mapping[str, object]:
        """What the inputs say, by node."""
        return {node.id: node.properties.get("value") for node in self.graph.nodes if node.is_input}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What the inputs are called as parameters, by node."""
        return {node.id: str(node.properties.get("name", "")) for node in self.graph.nodes if node.is_input}

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """What people call the parameters, by name."""
        return {parameter.name: parameter.title for parameter in declared(self.graph, registry)}

    @cached_property
    def many(self) -> frozenset[str]:
        """The nodes that may work more than once in a run: something before them streams, and nothing collects that."""
        wiring = Wiring(self.graph, registry)
        found: set[str] = set()
        for node in filter(None, map(self.graph.node, self.by_id)):
            inputs = wiring.inputs(node)
            coming = [edge for edge in self.graph.incoming(node.id) if edge.input in inputs]
            spread = [edge for edge in coming if not inputs[edge.input].collects]
            if any(edge.source in found or self._streams(edge) for edge in spread):
                found.add(node.id)
        return frozenset(found)

    def title(self, name: str) -> str:
        """A parameter's title; of one that is addressed, the node's title and the property."""
        node, dot, property_ = name.partition(".")
        part = self.by_id.get(node) if dot and name not in self.titles else None
        return f"{part.title}: {property_}" if part else self.titles.get(name, name)

    def _streams(self, edge: graphs.Edge) -> bool:
        node = self.graph.node(edge.source)
        declared = registry.get(node.type) if node else None
        output = declared.output(edge.output) if declared else None
        return bool(output and output.streams)


@lru_cache(maxsize=256)
def of(digest: str) -> Drawing:
    """The drawing of a stored graph."""
    return draw(Graph.objects.get(pk=digest).loaded())


def draw(graph: graphs.Graph) -> Drawing:
    """The drawing of a graph; a draft that goes round in a circle has no nodes, as no run can be seen."""
    try:
        return Drawing(graph, parts(graph, registry))
    except ValueError:
        return Drawing(graph, ())
