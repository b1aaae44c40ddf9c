"""Whether a graph can run: everything that keeps it from that, at once, each with its node and property."""

from collections import Counter
from collections.abc import Iterator, Mapping

from workflows import ports, values
from workflows.declaration import Input
from workflows.errors import Problem
from workflows.graph import Edge, Graph, Node
from workflows.registry import NodeType, Registry
from workflows.shape import TOO_LONG, is_named, too_long_a_name
from workflows.wiring import Wiring


def check(graph: Graph, registry: Registry) -> list[Problem]:
    """All that is wrong, node by node, then edge by edge; empty for a graph that can run."""
    wiring = Wiring(graph, registry)
    return [
        *(problem for node in graph.nodes for problem in _of_node(node, registry, wiring)),
        *(problem for edge in graph.edges for problem in _of_edge(edge, graph, registry, wiring)),
        *_crowded(graph, wiring),
        *_cycles(graph),
        *_same_names(graph),
    ]


def check_properties(graph: Graph, registry: Registry) -> list[Problem]:
    """What is wrong with the properties of nodes and the names they give, whatever their edges lead to."""
    wiring = Wiring(graph, registry)
    return [*(problem for node in graph.nodes for problem in _of_node(node, registry, wiring)), *_same_names(graph)]


def _of_node(node: Node, registry: Registry, wiring: Wiring) -> Iterator[Problem]:
    declared = registry.get(node.type)
    if declared is None:
        yield Problem("unknown_type", f"There is no node type “{node.type}” here. Replace or remove the node.", node.id)
    elif not node.bypassed:
        yield from _unknown(node, declared, wiring.inputs(node))
        for each in wiring.inputs(node).values():
            if (node.id, each.name) not in wiring.connected:
                yield from _of_property(node, each)
        yield from _of_name(node, declared, wiring)


def _unknown(node: Node, declared: NodeType, known: Mapping[str, Input]) -> Iterator[Problem]:
    """Names that the node uses and its type does not know."""
    for name in node.properties:
        if name not in known:
            yield Problem("unknown_property", f"“{node.type}” has no property “{name}”. Remove it.", node.id, name)
    for name in node.dynamic_inputs:
        if not declared.dynamic:
            message = f"“{node.type}” takes no inputs of your own. Remove “{name}”."
            yield Problem("unknown_property", message, node.id, name)
        elif name in declared.by_name:
            yield Problem("bad_value", f"“{name}” is an input already. Rename yours.", node.id, "dynamic_inputs")


def _of_property(node: Node, declared: Input) -> Iterator[Problem]:
    """What is wrong with an input that no edge feeds."""
    given = node.properties.get(declared.name)
    absent = declared.name not in node.properties or (given is None and not declared.nullable)
    if declared.required and absent:
        title = declared.setting.title or declared.name
        yield Problem("missing_input", f"“{title}” is missing. Connect it, or give it a value.", node.id, declared.name)
    elif declared.name in node.properties:
        try:
            values.accept(given, node, declared)
        except ValueError as error:
            yield Problem("bad_value", str(error), node.id, declared.name)


def _of_name(node: Node, declared: NodeType, wiring: Wiring) -> Iterator[Problem]:
    """Parameters and results are addressed by name, so that the name must stand in the graph."""
    if not is_named(node.type) or "name" not in declared.by_name:
        return
    if (node.id, "name") in wiring.connected:
        yield Problem("bad_edge", "A name must be written down, not come along an edge.", node.id, "name")
    elif node.properties.get("name") == "":
        yield Problem("bad_value", "The name must not be empty.", node.id, "name")
    elif too_long_a_name(node.type, node.properties):
        yield Problem("bad_value", TOO_LONG, node.id, "name")


def _of_edge(edge: Edge, graph: Graph, registry: Registry, wiring: Wiring) -> Iterator[Problem]:
    source, target = graph.node(edge.source), graph.node(edge.target)
    if source is None or target is None:
        yield from _dangling(edge, source, target)
        return
    sends, takes = registry.get(source.type), registry.get(target.type)
    sent = sends.output(edge.output) if sends else None
    taken = wiring.inputs(target).get(edge.input)
    if sends and sent is None:
        yield Problem("bad_edge", f"“{source.type}” has no output “{edge.output}”. Remove edge “{edge.id}”.", source.id)
    if takes and taken is None:
        message = f"“{target.type}” has no input “{edge.input}”. Remove edge “{edge.id}”."
        yield Problem("bad_edge", message, target.id, edge.input)
    if sent and taken and not ports.fits(sent.port, taken.port):
        message = f"{sent.port} from “{edge.output}” of node “{source.id}” does not fit: {taken.port} is needed here."
        yield Problem("type_mismatch", message, target.id, edge.input)


def _dangling(edge: Edge, source: Node | None, target: Node | None) -> Iterator[Problem]:
    missing = " and ".join(f"“{end}”" for end, node in ((edge.source, source), (edge.target, target)) if node is None)
    message = f"Edge “{edge.id}” refers to {missing}, which is not there. Remove the edge."
    present = target or source
    yield Problem("bad_edge", message, present.id if present else None, edge.input if target else None)


def _crowded(graph: Graph, wiring: Wiring) -> Iterator[Problem]:
    """Inputs that take one edge and have several."""
    for (target, name), count in Counter((edge.target, edge.input) for edge in graph.edges).items():
        node = graph.node(target)
        taken = wiring.inputs(node).get(name) if node and count > 1 else None
        if taken and taken.port.items is None:
            message = f"“{name}” takes one edge and has {count}. Remove all but one."
            yield Problem("bad_edge", message, target, name)


def _cycles(graph: Graph) -> Iterator[Problem]:
    for cycle in graph.cycles():
        way = " → ".join([*cycle, cycle[0]])
        for node in sorted(cycle):
            yield Problem("cycle", f"{way} feed each other in a circle. Remove one of the edges between them.", node)


def _same_names(graph: Graph) -> Iterator[Problem]:
    seen: set[str] = set()
    for node in graph.nodes:
        name = node.properties.get("name")
        if not node.is_input or node.bypassed or not isinstance(name, str):
            continue
        if name in seen:
            message = f"Another parameter is called “{name}” too. Give each its own name."
            yield Problem("duplicate_parameter", message, node.id, "name")
        seen.add(name)
