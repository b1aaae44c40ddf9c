"""A workflow's parameters: the values of its `input.*` nodes by name, and any property as `<node id>.<property>`."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, TypeAlias

from workflows import values
from workflows.declaration import Input
from workflows.errors import Problem
from workflows.graph import Graph, Node
from workflows.registry import Registry
from workflows.shape import DEFAULTS
from workflows.wiring import Wiring

DrawSeed: TypeAlias = Callable[[int, int], int]
"""Draws an integer that is at least the first and at most the second."""

_VALUE: Final = "value"
_SEEDS: Final = 2**32


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `input.*` node, as whoever runs the workflow sees it. `default` is what the graph says, None for nothing."""

    name: str
    node: str
    type: str
    title: str
    description: str
    required: bool
    default: object
    minimum: float | None
    maximum: float | None
    choices: list[object] | None

    def as_dict(self) -> dict[str, object]:
        """As a workflow lists it over REST."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Resolved:
    """Parameters as a job keeps them, and what is wrong with how they were given.

    `params` has every parameter by its name, given or as the graph says, and what was given by address; seeds that are
    null are drawn, and `drawn` names them. Whether the values fit is for `validation.check` to say of the graph that
    `apply` makes with them.
    """

    params: dict[str, object]
    problems: list[Problem]
    drawn: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Place:
    """A property that a parameter sets, and the parameter's name or address."""

    key: str
    node: Node
    input: Input

    @property
    def saved(self) -> object:
        """What the graph says."""
        return self.node.properties.get(self.input.name)

    @property
    def seeds(self) -> bool:
        """Whether null means a number that is drawn."""
        return values.is_seed(self.input) or (self.key == "seed" and self.input.port.kind == "integer")

    @property
    def nullable(self) -> bool:
        return self.input.nullable or self.seeds


def declared(graph: Graph, registry: Registry) -> list[Parameter]:
    """The graph's parameters, in the order of its nodes; inputs that are bypassed or fed by an edge are none."""
    places = _Places(graph, registry)
    return [_parameter(place) for place in places.named.values() if places.idle(place) is None]


def resolve(
    graph: Graph,
    registry: Registry,
    params: Mapping[str, object],
    draw_seed: DrawSeed,
    max_bytes: int = DEFAULTS.bytes,
) -> Resolved:
    """The parameters that a run of the graph has when these are given; as compact JSON, of at most `max_bytes`."""
    places = _Places(graph, registry)
    problems: list[Problem] = []
    given: dict[str, object] = {}
    for key, value in params.items():
        place = places.find(key)
        problem = _objection(key, value, place, places, given)
        if problem:
            problems.append(problem)
        elif place:
            given[place.key] = _normal(value, place)
    chosen = {place.key: _normal(place.saved, place) for place in places.kept()} | given
    drawn = _drawn(chosen, places, draw_seed)
    return Resolved({**chosen, **drawn}, [*problems, *_too_large(chosen, max_bytes)], frozenset(drawn))


def apply(graph: Graph, params: Mapping[str, object]) -> Graph:
    """The graph to run, with these parameters' values as properties. Names and addresses that it lacks do nothing."""
    named = {_name(node): node.id for node in reversed(graph.nodes) if _name(node)}
    changes: dict[str, dict[str, Any]] = {}
    for key, value in params.items():
        node, _, name = (named[key], "", _VALUE) if key in named else key.partition(".")
        changes.setdefault(node, {})[name] = value
    return graph.with_properties(changes) if changes else graph


def changed(
    graph: Graph, registry: Registry, params: Mapping[str, object], changes: Mapping[str, object]
) -> dict[str, object]:
    """The parameters that a run had, with these changes in their place, whether by name or by address."""
    places = _Places(graph, registry)
    anew = {place.key for key in changes if (place := places.find(key))}
    return {key: value for key, value in params.items() if key not in anew} | dict(changes)


def places(graph: Graph, registry: Registry, keys: Iterable[str]) -> dict[str, str]:
    """The node that each of these parameters is of; keys that are none are left out."""
    known = _Places(graph, registry)
    return {key: place.node.id for key in keys if (place := known.find(key))}


def nodes_of(graph: Graph, registry: Registry, names: Iterable[str]) -> set[str]:
    """The nodes whose properties these parameters set; names that are none set nothing."""
    places = _Places(graph, registry)
    return {place.node.id for name in names if (place := places.find(name))}


def asset_references(graph: Graph, *, idle: bool = False) -> dict[str, list[tuple[str, str]]]:
    """The assets that the nodes to run refer to, each with the (node, property) where it does.

    `idle`: also where a value does nothing as the graph stands, since its node is bypassed or an edge feeds it.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    connected = {(edge.target, edge.input) for edge in graph.edges}
    for node in graph.nodes:
        for name, value in node.properties.items():
            ids = {values.asset_of(item) for item in (value if isinstance(value, list) else [value])} - {None}
            if ids and (idle or (not node.bypassed and (node.id, name) not in connected)):
                for asset in sorted(filter(None, ids)):
                    found.setdefault(asset, []).append((node.id, name))
    return found


class _Places:
    """Where a graph's parameters are."""

    def __init__(self, graph: Graph, registry: Registry) -> None:
        self._graph = graph
        self._wiring = Wiring(graph, registry)

    @cached_property
    def named(self) -> dict[str, _Place]:
        """The parameters that have a name; the first of those with the same."""
        found: dict[str, _Place] = {}
        for node in self._graph.nodes:
            name, known = _name(node), self._wiring.inputs(node)
            if name and _VALUE in known:
                found.setdefault(name, _Place(name, node, known[_VALUE]))
        return found

    def find(self, key: str) -> _Place | None:
        """The place of this name, else of this address; an address of what has a name gets its name."""
        if key in self.named:
            return self.named[key]
        node_id, _, name = key.partition(".")
        node = self._graph.node(node_id)
        known = self._wiring.inputs(node) if node else {}
        if node is None or name not in known:
            return None
        named = self.named.get(_name(node) or "")
        return named if named and named.node is node and name == _VALUE else _Place(key, node, known[name])

    def kept(self) -> Iterator[_Place]:
        """What stands with a job even when it is not given: parameters that have a value, and seeds to be drawn."""
        for place in self.named.values():
            if self.idle(place) is None and (
                place.saved is not None or (place.seeds and _VALUE in place.node.properties)
            ):
                yield place
        for node in self._graph.nodes:
            seed = self._wiring.inputs(node).get("seed")
            if seed and values.is_seed(seed) and node.properties.get("seed", 0) is None:
                place = _Place(f"{node.id}.seed", node, seed)
                yield from () if self.idle(place) else (place,)

    def idle(self, place: _Place) -> str | None:
        """Why a value there would do nothing; None when it does something."""
        if place.node.bypassed:
            return "its node is bypassed"
        return "an edge feeds it" if (place.node.id, place.input.name) in self._wiring.connected else None

    def range(self, place: _Place, params: Mapping[str, object]) -> tuple[int, int]:
        """The lowest and the highest seed that may be drawn: 32 bits of those in bounds, given the other parameters."""
        node = apply(self._graph, params).node(place.node.id) or place.node
        bounds = values.bounds(node, place.input)
        highest = math.inf if bounds.maximum is None else math.floor(bounds.maximum)
        lowest = int(min(0, highest)) if bounds.minimum is None else math.ceil(bounds.minimum)
        return lowest, max(lowest, int(min(highest, lowest + _SEEDS - 1)))


def _parameter(place: _Place) -> Parameter:
    bounds = values.bounds(place.node, place.input)
    description = place.node.properties.get("description")
    return Parameter(
        name=place.key,
        node=place.node.id,
        type=str(place.input.port),
        title=place.node.title or place.key,
        description=description if isinstance(description, str) else "",
        required=place.saved is None and not place.seeds,
        default=place.saved,
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        choices=list(bounds.choices) if bounds.choices else None,
    )


def _objection(
    key: str, value: object, place: _Place | None, places: _Places, given: Mapping[str, object]
) -> Problem | None:
    """What is wrong with giving this value there, whatever its type."""
    if place is None:
        known = ", ".join(f"“{name}”" for name in places.named) or "none"
        return Problem(
            "unknown_parameter", f"There is no parameter “{key[:200]}”. There are: {known}.", property=key[:200]
        )
    where = (place.node.id, place.input.name)
    idle = places.idle(place)
    if idle:
        return Problem("unknown_parameter", f"“{key}” would do nothing: {idle}. Leave it out.", *where)
    if place.key in given:
        return Problem("duplicate_parameter", f"“{key}” is given twice, by name and by address. Leave one out.", *where)
    if value is None and not place.nullable:
        return Problem("bad_value", f"“{key}” must not be null.", *where)
    return None


def _too_large(params: Mapping[str, object], max_bytes: int) -> Iterator[Problem]:
    """They are kept with every job, and go wherever it is shown. Whether they can be kept at all, validation says."""
    text = json.dumps(params, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode(errors="surrogatepass")) > max_bytes:
        message = f"The parameters have more than {max_bytes:,} bytes. Upload large values as assets and refer to them."
        yield Problem("too_large", message)


def _normal(value: object, place: _Place) -> object:
    """As the input takes it; as given when it does not, which validation then says."""
    try:
        return value if value is None else values.accept(value, place.node, place.input)
    except ValueError:
        return value


def _drawn(params: dict[str, object], places: _Places, draw_seed: DrawSeed) -> dict[str, object]:
    """The seeds that are null, as numbers."""
    unset = [place for key, value in params.items() if value is None and (place := places.find(key))]
    return {place.key: draw_seed(*places.range(place, params)) for place in unset if place.seeds}


def _name(node: Node) -> str | None:
    """The name of the parameter that a node makes; None when it makes none."""
    name = node.properties.get("name")
    return name if node.is_input and isinstance(name, str) and not node.bypassed and name else None
