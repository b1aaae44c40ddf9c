"""What the canvas draws: nodes with their ports and property editors, and edges; plain values, of a graph alone.

What a run does to them is drawn by the live partials, which know nothing of the graph.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError
from itertools import zip_longest
from typing import Any, Final, NamedTuple, cast

from runs.pages.drawing import WITH_GALLERY
from runs.pages.parts import Part, colour, icon, kind, part
from workflows import ports, tables, values
from workflows.declaration import Input
from workflows.graph import Cache, Edge, Graph, Node
from workflows.media import UPLOADS, Upload
from workflows.ports import ANY, MEDIA, PortType
from workflows.registry import NodeType, Registry
from workflows.shape import is_input, is_named
from workflows.wiring import Wiring

SHAPES: Final = {"any": "hollow", "integer": "diamond", "number": "diamond", "boolean": "diamond"}
WRITTEN: Final = frozenset({"lines", "table", "data"})
"""Widgets in which a value of several parts is written as text."""
LARGE: Final = frozenset({"textarea", "asset"}) | WRITTEN
"""Widgets that stand in a box of their own, below the rows."""
WIDGETS: Final = frozenset({"text", "number", "checkbox", "select", "color"}) | LARGE
FAMILIES: Final = {name: place for place, name in enumerate("input text image audio video number list output".split())}
LAST: Final = 99
KEPT_FOR: Final[Mapping[Cache, str]] = {
    None: "never",
    3600: "for an hour",
    86_400: "for a day",
    "forever": "forever",
}


class Port(NamedTuple):
    """Where edges begin or end. `many`: an input that takes more than one. `quiet`: shown only where an edge ends."""

    name: str
    title: str
    type: str
    colour: str
    shape: str
    many: bool = False
    quiet: bool = False


class Property(NamedTuple):
    """What is edited in a node. `value` is what the graph says, else the default; `shown` is it as a form has it."""

    name: str
    title: str
    help: str
    widget: str
    value: object
    default: object
    shown: str
    minimum: float | None
    maximum: float | None
    step: str
    unit: str
    choices: tuple[object, ...]
    integer: bool
    seed: bool
    asset: str
    offers: str
    """The property of its node that has the choices."""
    kind: str
    """The kind of its port."""

    @property
    def upload(self) -> Upload:
        """What is chosen for it, where it is a medium."""
        return UPLOADS[self.kind]

    @property
    def large(self) -> bool:
        """Whether it stands in a box of its own."""
        return self.widget in LARGE


class Row(NamedTuple):
    """One line of a node: an input with its editor, or an input beside an output; any of them may be missing."""

    input: Port | None
    output: Port | None
    property: Property | None


class Keeps(NamedTuple):
    """For how long what a node makes is served to equal calls: the graph's `cache` as JSON, and in words."""

    cache: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A node as the canvas draws it; `x` and `y` are None where the graph does not say where it stands."""

    part: Part
    kind: str
    description: str
    known: bool
    dynamic: bool
    bypassed: bool
    x: float | None
    y: float | None
    rows: tuple[Row, ...]
    more: tuple[Row, ...]
    switches: bool
    """Whether it is for the person to say that it shows what all runs made there."""
    keeps: tuple[Keeps, ...]
    """How long what it makes may be served again, where that is for the person to say."""

    @property
    def id(self) -> str:
        """The node's id in the graph."""
        return self.part.id


class Line(NamedTuple):
    """An edge as the canvas draws it, in the colour of what it carries."""

    edge: Edge
    colour: str


@dataclass(frozen=True, slots=True)
class Canvas:
    """All that is drawn of a graph: its nodes, each after those that feed it, and its edges."""

    nodes: tuple[Drawn, ...]
    lines: tuple[Line, ...]


class Choice(NamedTuple):
    """A node type in the palette. `takes` and `gives` are its ports' types, for those that fit to be found."""

    type: str
    title: str
    description: str
    family: str
    icon: str
    colour: str
    takes: str
    gives: str


def draw(graph: Graph, registry: Registry) -> Canvas:
    """The whole graph."""
    hand = _Hand(graph, registry)
    return Canvas(tuple(hand.nodes()), tuple(Line(edge, hand.sends(edge)) for edge in graph.edges))


def palette(registry: Registry) -> list[Choice]:
    """Every node type there is, family by family: what a workflow begins with first."""
    return sorted(map(_choice, registry.all()), key=lambda choice: (FAMILIES.get(choice.family, LAST), choice.type))


class _Hand:
    """Draws the nodes of one graph."""

    def __init__(self, graph: Graph, registry: Registry) -> None:
        self._graph = graph
        self._registry = registry
        self._wiring = Wiring(graph, registry)

    def nodes(self) -> Iterator[Drawn]:
        documents = {document["id"]: document for document in self._graph.document["nodes"]}
        for node in filter(None, map(self._graph.node, _order(self._graph))):
            yield self._node(node, documents[node.id].get("position") or {})

    def sends(self, edge: Edge) -> str:
        """The colour of what comes along an edge."""
        source = self._graph.node(edge.source)
        declared = self._registry.get(source.type) if source else None
        output = declared.output(edge.output) if declared else None
        return colour(output.port if output else None)

    def _node(self, node: Node, position: Mapping[str, Any]) -> Drawn:
        declared = self._registry.get(node.type)
        rows = self._rows(node, declared) if declared else self._unknown(node)
        folds = declared is not None and is_named(node.type)  # it is what its title and value say
        more = [row for row in rows if folds and _folds(row.property)]
        return Drawn(
            part=part(node, self._graph, self._registry),
            kind=declared.title if declared else node.type,
            description=declared.description if declared else "Loupe does not know this type; it is kept as it is.",
            known=declared is not None,
            dynamic=declared is not None and declared.dynamic,
            bypassed=node.bypassed,
            x=position.get("x"),
            y=position.get("y"),
            rows=tuple(row for row in rows if row not in more),
            more=tuple(more),
            switches=declared is not None and not node.is_input and node.type not in WITH_GALLERY,
            keeps=_keeps(node.cache) if declared is not None and declared.pure else (),
        )

    def _rows(self, node: Node, declared: NodeType) -> list[Row]:
        """Outputs stand beside the inputs that come first: ports without an editor, then what is written in a box."""
        fields = [(_input(each, node.type), _property(each, node)) for each in self._wiring.inputs(node).values()]
        sent = [_port(output.name, output.port) for output in declared.outputs]
        if node.is_input:
            return [Row(port, sent[0] if port.name == "value" else None, editor) for port, editor in fields]
        plain, large, small = ([field for field in fields if _rank(field[1]) == rank] for rank in range(3))
        return _paired([*plain, *large], sent) + [Row(port, None, editor) for port, editor in small]

    def _unknown(self, node: Node) -> list[Row]:
        """What the edges say of ports, and what the graph says of properties, as JSON that is not edited."""
        fed = dict.fromkeys(edge.input for edge in self._graph.incoming(node.id))
        sent = dict.fromkeys(edge.output for edge in self._graph.outgoing(node.id))
        kept = [Row(None, None, _json(name, value)) for name, value in node.properties.items() if name not in fed]
        return _paired([(_port(name, ANY), None) for name in fed], [_port(name, ANY) for name in sent]) + kept


def _keeps(cache: Cache) -> tuple[Keeps, ...]:
    """What may be chosen; and what the graph says, if that is none of it."""
    if cache == "never":
        offered: dict[Cache, str] = {"never" if value is None else value: words for value, words in KEPT_FOR.items()}
    else:
        cache = int(cache) if isinstance(cache, float) and cache.is_integer() else cache
        offered = {**KEPT_FOR, cache: KEPT_FOR.get(cache, f"for {cache} s")}
    return tuple(Keeps(json.dumps(value), words, value == cache) for value, words in offered.items())


def _folds(editor: Property | None) -> bool:
    """What there is to choose from stands in sight until there is something."""
    return editor is not None and editor.name != "value" and (editor.name != "choices" or bool(editor.value))


def _rank(editor: Property | None) -> int:
    """Where an input stands: 0 for ports alone, 1 for what is edited in a box, 2 for what fits into a line."""
    return 0 if editor is None else 1 if editor.large else 2


def _paired(fields: list[tuple[Port, Property | None]], sent: list[Port]) -> list[Row]:
    """Inputs and outputs side by side, as many rows as the longer of the two has."""
    pairs = zip_longest(fields, sent, fillvalue=None)
    return [Row(*((field[0], output, field[1]) if field else (None, output, None))) for field, output in pairs]


def _port(name: str, port: PortType) -> Port:
    shape = "circle" if kind(port) in MEDIA else SHAPES.get(kind(port), "square")
    return Port(name, name, str(port), colour(port), shape, many=port.items is not None)


def _input(declared: Input, node_type: str) -> Port:
    """What a person gives to a run by name is seldom fed by an edge; its ports show only where one is."""
    quiet = is_input(node_type) or (is_named(node_type) and declared.name == "name")
    return _port(declared.name, declared.port)._replace(title=declared.setting.title or declared.name, quiet=quiet)


def _property(declared: Input, node: Node) -> Property | None:
    """The editor of an input; None where nothing is typed in: what only edges bring."""
    document = declared.as_dict()
    widget = str(document["widget"] or "")
    if widget not in WIDGETS or (widget == "asset" and not node.is_input) or _is_list(declared):
        return None
    setting = values.bounds(node, declared)
    value = node.properties.get(declared.name, declared.default)
    whole = declared.port.kind == "integer"
    if whole and isinstance(value, float) and value.is_integer():
        value = int(value)  # 6.0 will do as a whole number, and reads as one
    return Property(
        name=declared.name,
        title=str(document["title"]),
        help=setting.description,
        widget="select" if setting.choices else widget,
        value=value,
        default=declared.default,
        shown=_shown(value, widget),
        minimum=setting.minimum,
        maximum=setting.maximum,
        step="1" if whole else "any",
        unit=setting.unit or "",
        choices=setting.choices or (),
        integer=whole,
        seed=values.is_seed(declared) or (whole and node.properties.get("name") == "seed" and declared.name == "value"),
        asset=values.asset_of(value) or "",
        offers="choices" if node.type == "input.choice" and widget == "select" else "",
        kind=declared.port.kind,
    )


def _json(name: str, value: object) -> Property:
    """A property of a type that is not known."""
    return Property(
        name=name,
        title=name,
        help="",
        widget="json",
        value=value,
        default=None,
        shown=json.dumps(value, ensure_ascii=False),
        minimum=None,
        maximum=None,
        step="",
        unit="",
        choices=(),
        integer=False,
        seed=False,
        asset="",
        offers="",
        kind="any",
    )


def _is_list(declared: Input) -> bool:
    """Whether it takes a list that only edges bring."""
    return declared.port.items is not None and declared.setting.widget not in WRITTEN


def _shown(value: object, widget: str) -> str:
    """As it is written, also where it is no value of the property's type: the graph may be a draft."""
    if value is None:
        return ""
    if widget == "table" and ports.matches(value, ports.TABLE):
        return tables.write(cast("tables.Rows", value))
    if widget == "lines" and isinstance(value, list):
        return "\n".join(map(str, value))
    if widget == "data":
        return json.dumps(value, ensure_ascii=False, indent=2)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _choice(declared: NodeType) -> Choice:
    inputs = [_input(each, declared.type) for each in declared.inputs]
    return Choice(
        type=declared.type,
        title=declared.title,
        description=declared.description,
        family=declared.family,
        icon=icon(declared.type),
        colour=colour(declared.outputs[0].port if declared.outputs else None),
        takes=" ".join(["any"] * declared.dynamic + [port.type for port in inputs if not port.quiet]),
        gives=" ".join(str(output.port) for output in declared.outputs),
    )


def _order(graph: Graph) -> tuple[str, ...]:
    """Every node after those that feed it; a draft that goes round in a circle, as it was written."""
    try:
        return graph.order()
    except CycleError:
        return tuple(node.id for node in graph.nodes)
