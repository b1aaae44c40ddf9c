"""Runs of one graph that differ in their parameters: the first is checked whole, the others where they may differ."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from workflows import graph as graphs, parameters, validation
from workflows.errors import Problem
from workflows.graph import Graph
from workflows.parameters import DrawSeed, Resolved
from workflows.registry import Registry
from workflows.shape import DEFAULTS
from workflows.wiring import Wiring

Params: TypeAlias = Mapping[str, object]


@dataclass(slots=True)
class Variations:
    """The parameters that each run keeps, which of them were drawn, and what is wrong with any, each thing once.

    `assets` has those that any of them refers to, with the (node, property) where it does.
    """

    params: list[dict[str, object]] = field(default_factory=list)
    drawn: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    assets: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def refer(self, graph: Graph) -> None:
        """Notes the assets that the graph refers to."""
        for asset, places in parameters.asset_references(graph).items():
            self.assets.setdefault(asset, set()).update(places)

    def object(self, problems: Iterable[Problem]) -> None:
        """Notes what is wrong, unless it is known."""
        self.problems = list(dict.fromkeys([*self.problems, *problems]))


def resolve(
    graph: Graph, registry: Registry, given: Sequence[Params], draw_seed: DrawSeed, max_bytes: int = DEFAULTS.bytes
) -> Variations:
    """What each run is when these parameters are given, of which all have the same names. There is at least one.

    As compact JSON, those of one run may have `max_bytes`.
    """
    of_run = partial(parameters.resolve, registry=registry, draw_seed=draw_seed, max_bytes=max_bytes)
    first = of_run(graph, params=given[0])
    ready = parameters.apply(graph, first.params)
    found = Variations([first.params], first.drawn)
    found.object([*first.problems, *validation.check(ready, registry)])
    found.refer(ready)
    if len(given) > 1:
        _others(found, _part(graph, registry, {*given[0], *first.drawn}), registry, given[1:], of_run)
    return found


def _others(
    found: Variations, part: Graph, registry: Registry, given: Sequence[Params], of_run: Callable[..., Resolved]
) -> None:
    """What is wrong with names is known of the first run; here it is the values that count."""
    problems: list[Problem] = []
    for params in given:
        resolved = of_run(part, params=params)
        ready = parameters.apply(part, resolved.params)
        problems += [problem for problem in resolved.problems if problem.code in {"bad_value", "too_large"}]
        problems += validation.check_properties(ready, registry)
        found.params.append({**found.params[0], **resolved.params})
        found.drawn |= resolved.drawn
        found.refer(ready)
    found.object(problems)


def _part(graph: Graph, registry: Registry, names: Collection[str]) -> Graph:
    """The nodes whose properties these parameters set, with the edges that bring something to them.

    Where names are set, with all nodes that could have the same.
    """
    nodes, wiring = parameters.nodes_of(graph, registry, names), Wiring(graph, registry)
    if any(name.endswith(".name") for name in names):
        nodes |= {node.id for node in graph.nodes if node.is_input}
    live = {edge.id for edge in graph.edges if edge.target in nodes and wiring.live(edge)}
    return graphs.load(
        {
            "version": 1,
            "nodes": [node for node in graph.document["nodes"] if node["id"] in nodes],
            "edges": [edge for edge in graph.document["edges"] if edge["id"] in live],
        }
    )
