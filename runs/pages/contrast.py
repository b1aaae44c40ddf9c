"""What two runs were made with, side by side: their parameters, and what was written at the nodes in between."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Final, NamedTuple

from runs.models import Job
from runs.pages import drawing
from runs.pages.drawing import Drawing
from workflows.graph import Node
from workflows.registry import registry

ALIKE: Final = 12
"""Characters that two texts may have in common at their beginning and still be shown from there."""


class Pair(NamedTuple):
    """One thing that both were made with; None where one of them has no such thing."""

    name: str
    a: object
    b: object

    @property
    def differs(self) -> bool:
        """Whether it tells them apart."""
        return self.a != self.b

    @property
    def apart(self) -> tuple[object, object]:
        """Both; of long texts that begin alike, what comes from the word on where they part."""
        if not isinstance(self.a, str) or not isinstance(self.b, str):
            return self.a, self.b
        alike = sum(1 for _ in takewhile(lambda each: each[0] == each[1], zip(self.a, self.b, strict=False)))
        begin = self.a.rfind(" ", 0, alike) + 1
        return (f"…{self.a[begin:]}", f"…{self.b[begin:]}") if begin > ALIKE else (self.a, self.b)


class Contrast(NamedTuple):
    """Every parameter of both, in their order, then each property of a node that is not the same any more."""

    pairs: list[Pair]
    rebuilt: bool
    """Whether nodes or edges came or went between the two."""

    @property
    def differing(self) -> list[Pair]:
        """What tells the two apart."""
        return [pair for pair in self.pairs if pair.differs]


def contrast(a: Job, b: Job) -> Contrast:
    """Both with their params; their graphs are read where they are not the same one."""
    given = [Pair(name, a.params.get(name), b.params.get(name)) for name in {**a.params, **b.params}]
    if a.graph_id == b.graph_id:
        return Contrast(given, rebuilt=False)
    before, after = drawing.of(a.graph_id), drawing.of(b.graph_id)
    varied = {pair.name for pair in given}
    written = [pair for address, pair in _written(before, after) if address not in varied]
    return Contrast(given + written, rebuilt=_bones(before) != _bones(after))


def _written(before: Drawing, after: Drawing) -> Iterator[tuple[str, Pair]]:
    """Each property that differs, with its address as a parameter. Inputs' values are parameters by their names."""
    for node in after.graph.nodes:
        was, part = before.graph.node(node.id), after.by_id.get(node.id)
        if was is None or was.type != node.type or node.is_input:
            continue
        first, second = _values(before, was), _values(after, node)
        for name in {**first, **second}:
            pair = Pair(f"{part.title if part else node.id} {name}", first.get(name), second.get(name))
            if pair.differs:
                yield f"{node.id}.{name}", pair


def _values(drawn: Drawing, node: Node) -> Mapping[str, object]:
    """Its properties that count, those left out as they are by default."""
    declared = registry.get(node.type)
    defaults = {each.name: each.default for each in declared.inputs} if declared else {}
    fed = {edge.input for edge in drawn.graph.incoming(node.id)}
    return {name: value for name, value in {**defaults, **node.properties}.items() if name not in fed}


def _bones(drawn: Drawing) -> object:
    graph = drawn.graph
    nodes = {(node.id, node.type, node.bypassed) for node in graph.nodes}
    return nodes, {(edge.source, edge.output, edge.target, edge.input) for edge in graph.edges}
