"""How a graph's nodes are drawn on a page: an icon, the colour of their type, and what kind of thing they make."""

from typing import Final, NamedTuple

from workflows.graph import Graph, Node
from workflows.ports import PortType
from workflows.registry import Registry
from workflows.shape import is_input
from workflows.wiring import passed_on

COLOURS: Final = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "text": "text",
    "datetime": "text",
    "integer": "number",
    "number": "number",
    "boolean": "number",
    "table": "table",
}
SHAPES: Final = {
    "image": "picture",
    "video": "film",
    "audio": "sound",
    "text": "text",
    "table": "code",
    "json": "code",
}
ICONS: Final = {
    "input.text": "type",
    "input.integer": "hash",
    "input.number": "sliders-horizontal",
    "input.boolean": "toggle-left",
    "input.choice": "list-checks",
    "input.image": "image",
    "input.audio": "music",
    "input.video": "film",
    "input.file": "file",
    "input.table": "table-2",
    "output.result": "flag",
    "output.preview": "eye",
    "text.template": "braces",
    "text.split": "scissors",
    "text.stream": "message-square-text",
    "number.calculate": "calculator",
    "list.collect": "list-plus",
    "control.wait": "timer",
    "control.fail": "octagon-x",
    "control.if": "split",
    "image.noise": "waves",
    "image.gradient": "blend",
    "image.blur": "droplets",
    "image.resize": "scaling",
    "image.text": "case-sensitive",
    "audio.tone": "audio-waveform",
    "video.from_images": "clapperboard",
    "http.get": "globe",
    "llm.chat": "sparkles",
}
OTHER_ICON: Final = "box"


class Part(NamedTuple):
    """A node as pages draw it: `colour` is that of its first output's type, `shape` one of picture, film,
    sound, text, code (what has rows), value.
    """

    id: str
    title: str
    type: str
    icon: str
    colour: str
    shape: str
    result: str
    """The name of the result that it hands out; empty for all but `output.result`."""

    @property
    def is_input(self) -> bool:
        """Whether it gives a run one of its parameters."""
        return is_input(self.type)


def parts(graph: Graph, registry: Registry) -> tuple[Part, ...]:
    """Every node of the graph, each after those that feed it."""
    ordered = [graph.node(node_id) for node_id in graph.order()]
    return tuple(part(node, graph, registry) for node in ordered if node)


def part(node: Node, graph: Graph, registry: Registry) -> Part:
    """One node of the graph."""
    declared = registry.get(node.type)
    port = _sent(node, registry)
    return Part(
        id=node.id,
        title=node.title or (declared.title if declared else node.type),
        type=node.type,
        icon=icon(node.type),
        colour=colour(port),
        shape=SHAPES.get(kind(passed_on(node, graph, registry)), "value"),
        result=str(node.properties.get("name") or node.id) if node.type == "output.result" else "",
    )


def icon(node_type: str) -> str:
    """The icon of a node type."""
    return ICONS.get(node_type, OTHER_ICON)


def colour(port: PortType | None) -> str:
    """The colour of a port type, as `data-type` has it: image, audio, video, text, number, table, or any."""
    return COLOURS.get(kind(port), "any")


def kind(port: PortType | None) -> str:
    """The kind of a port, of a list's items for a list; "any" for none."""
    while port is not None and port.items is not None:
        port = port.items
    return port.kind if port else "any"


def _sent(node: Node, registry: Registry) -> PortType | None:
    declared = registry.get(node.type)
    return declared.outputs[0].port if declared and declared.outputs else None
