"""What is drawn of a graph, known by its digest: a graph never changes, so this is worked out once."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from runs.pages.parts import Part, parts
from workflows import graph as graphs
from workflows.models import Graph
from workflows.parameters import declared
from workflows.registry import registry
from workflows.shape import is_input

WITH_GALLERY: Final = frozenset({"output.result", "output.preview"})


class Drawing(NamedTuple):
    """The nodes, each after those that feed it, and the edges' ids."""

    parts: tuple[Part, ...]
    edges: tuple[str, ...]
    galleries: tuple[str, ...]
    """The nodes that show what all runs made there."""
    saved: Mapping[str, object]
    """What the inputs say, by node."""
    names: Mapping[str, str]
    """What the inputs are called as parameters, by node."""
    graph: graphs.Graph
    titles: Mapping[str, str]
    """What people call the parameters, by name."""

    def part(self, node: str) -> Part | None:
        """One node."""
        return next((part for part in self.parts if part.id == node), None)

    def title(self, name: str) -> str:
        """A parameter's title; of one that is addressed, the node's title and the property."""
        node, dot, property_ = name.partition(".")
        part = self.part(node) if dot and name not in self.titles else None
        return f"{part.title}: {property_}" if part else self.titles.get(name, name)


@lru_cache(maxsize=256)
def of(digest: str) -> Drawing:
    """The drawing of a stored graph; a draft that goes round in a circle has no nodes, as no run can be seen."""
    row = Graph.objects.get(pk=digest)
    graph, nodes = row.loaded(), row.document["nodes"]
    try:
        drawn = parts(graph, registry)
    except ValueError:
        drawn = ()
    switched = {node["id"] for node in nodes if node.get("gallery")}
    return Drawing(
        parts=drawn,
        edges=tuple(edge.id for edge in graph.edges),
        galleries=tuple(part.id for part in drawn if part.type in WITH_GALLERY or part.id in switched),
        saved={node["id"]: node.get("properties", {}).get("value") for node in nodes if is_input(node["type"])},
        names={node.id: str(node.properties.get("name", "")) for node in graph.nodes if node.is_input},
        graph=graph,
        titles={parameter.name: parameter.title for parameter in declared(graph, registry)},
    )
