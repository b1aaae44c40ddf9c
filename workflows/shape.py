"""The form that a graph's JSON document must have to be kept: ids, types of fields, bounds. Drafts have it too."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from workflows.errors import Problem

ENDS: Final = ("source", "output", "target", "input")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ID_RULE: Final = "1 to 64 characters of A-Z a-z 0-9 _ -"
_LONGEST_NAME: Final = 200
TOO_LONG: Final = f"A name has at most {_LONGEST_NAME} characters."
_LARGEST_NUMBER: Final = 2**1024
_NOT_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a graph may be: nodes, edges, bytes of compact UTF-8 JSON, and how deep its JSON may nest."""

    nodes: int = 500
    edges: int = 2000
    bytes: int = 1024**2
    depth: int = 32


DEFAULTS: Final = Limits()


def problems(document: object, limits: Limits) -> list[Problem]:
    """All that keeps the document from being a graph; empty when nothing does."""
    if not isinstance(document, dict) or not isinstance(document.get("nodes"), list):
        return [Problem("bad_value", "A graph is an object with a list of nodes.", property="nodes")]
    found = [*_of_document(document, limits), *_of_nodes(document["nodes"], limits), *_of_edges(document, limits)]
    if not found and len(canonical(document)) > limits.bytes:
        message = f"The graph has more than {limits.bytes:,} bytes. Upload large values as assets and refer to them."
        found.append(Problem("too_large", message))
    return found


def canonical(document: object) -> bytes:
    """The document as compact UTF-8 JSON with sorted keys: the same bytes for equal documents."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def fault(value: object, depth: int = DEFAULTS.depth) -> Problem | None:
    """Why a value cannot be kept as JSON of at most `depth` levels; None when it can."""
    match value:
        case None | bool():
            return None
        case str():
            return _bad("a text has a character that cannot be kept (NUL or half of a pair)", _NOT_TEXT.search(value))
        case int() | float():
            return _bad("a number is not finite, or has more than 300 digits", not abs(value) < _LARGEST_NUMBER)
        case list() | dict():
            return _fault_inside(value, depth)
        case _:
            return Problem("bad_value", f"a {type(value).__name__} is no JSON")


def storable(text: str) -> str:
    """The text without the characters that no database keeps."""
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


def family(node_type: str) -> str:
    """What stands before the first dot of a node's type."""
    return node_type.partition(".")[0]


def is_input(node_type: str) -> bool:
    """Whether a node of this type gives a run one of its parameters."""
    return family(node_type) == "input"


def is_named(node_type: str) -> bool:
    """Whether a node of this type is known by a name: that of a parameter, or of a result."""
    return family(node_type) in {"input", "output"}


def too_long_a_name(node_type: object, properties: object) -> bool:
    """Whether a parameter or a result would have a longer name than an edge's end may have."""
    named = isinstance(node_type, str) and is_named(node_type)
    name = properties.get("name") if named and isinstance(properties, Mapping) else None
    return isinstance(name, str) and len(name) > _LONGEST_NAME


def _fault_inside(value: list[Any] | dict[Any, Any], depth: int) -> Problem | None:
    if depth == 0:
        return Problem("too_large", "it is nested too deep")
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        return Problem("bad_value", "a key is no text")
    parts = value if isinstance(value, list) else chain.from_iterable(value.items())
    return next(filter(None, (fault(part, depth - 1) for part in parts)), None)


def _bad(message: str, wrong: object) -> Problem | None:
    return Problem("bad_value", message) if wrong else None


def _of_document(document: dict[str, Any], limits: Limits) -> Iterator[Problem]:
    for key, value in document.items():
        if key not in {"nodes", "edges"}:
            yield from _faults({key: value}, limits.depth, None)
    if document.get("version", 1) != 1 or isinstance(document.get("version"), bool | float):
        yield Problem("bad_value", "This graph's version is not known here. Use version 1.", property="version")
    for key in ("edges", "notes", "groups"):
        if not isinstance(document.get(key, []), list):
            yield Problem("bad_value", f"“{key}” must be a list.", property=key)


def _of_nodes(nodes: list[Any], limits: Limits) -> Iterator[Problem]:
    if len(nodes) > limits.nodes:
        yield Problem("too_large", f"The graph has {len(nodes)} nodes; at most {limits.nodes} are allowed.")
        return
    for node in nodes:
        yield from _of_node(node, limits.depth - 2)
    yield from _repeated("node", [node.get("id") for node in nodes if isinstance(node, dict)])


def _of_node(node: object, depth: int) -> Iterator[Problem]:
    if not isinstance(node, dict):
        yield Problem("bad_value", "Every node must be an object.", property="nodes")
        return
    node_id = node["id"] if _is_id(node.get("id")) else None
    yield from _faults(node, depth, node_id)
    if too_long_a_name(node.get("type"), node.get("properties")):
        yield Problem("bad_value", TOO_LONG, node_id, "name")
    for key, (holds, rule) in _FIELDS.items():
        if (key in node or key in {"id", "type"}) and not holds(node.get(key)):
            yield Problem("bad_value", f"A node's “{key}” must be {rule}.", node_id, key)


def _of_edges(document: dict[str, Any], limits: Limits) -> Iterator[Problem]:
    edges = document.get("edges", [])
    if not isinstance(edges, list):
        return
    if len(edges) > limits.edges:
        yield Problem("too_large", f"The graph has {len(edges)} edges; at most {limits.edges} are allowed.")
        return
    for edge in edges:
        yield from _of_edge(edge, limits.depth - 2)
    yield from _repeated("edge", [edge.get("id") for edge in edges if isinstance(edge, dict)])


def _of_edge(edge: object, depth: int) -> Iterator[Problem]:
    if not isinstance(edge, dict):
        yield Problem("bad_edge", "Every edge must be an object.", property="edges")
        return
    yield from _faults(edge, depth, None)
    if not _is_id(edge.get("id")):
        yield Problem("bad_edge", f"An edge's “id” must be {_ID_RULE}.", property="edges")
    for key in ENDS:
        holds, rule = (_is_id, _ID_RULE) if key in {"source", "target"} else (_is_name, _NAME_RULE)
        if not holds(edge.get(key)):
            yield Problem("bad_edge", f"The “{key}” of edge “{edge.get('id')}” must be {rule}.", property="edges")


def _faults(entries: dict[Any, Any], depth: int, node: str | None) -> Iterator[Problem]:
    """What cannot be kept among the entries of an object that may itself nest `depth` levels."""
    for key, value in entries.items():
        bad_key = fault({key: None})
        found = bad_key or fault(value, depth - 1)
        if found:
            name = None if bad_key else key[:_LONGEST_NAME]
            yield Problem(found.code, f"“{name}” cannot be kept: {found.message}.", node, name)


def _repeated(what: str, ids: list[Any]) -> Iterator[Problem]:
    for each, count in Counter(each for each in ids if _is_id(each)).items():
        if count == 1:
            continue
        message = f"Several {what}s have the id “{each}”. Give each its own."
        yield Problem("duplicate_id", message, each if what == "node" else None, "id" if what == "node" else "edges")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_title(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_position(value: object) -> bool:
    return value is None or (isinstance(value, dict) and _is_number(value.get("x")) and _is_number(value.get("y")))


def _is_cache(value: object) -> bool:
    return value in (None, "forever", "never") or (_is_number(value) and value >= 0)  # type: ignore[operator]


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_name, value)) and len(set(value)) == len(value)


_NAME_RULE: Final = f"a text of 1 to {_LONGEST_NAME} characters"
_FIELDS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "id": (_is_id, _ID_RULE),
    "type": (_is_name, _NAME_RULE),
    "title": (_is_title, "a text"),
    "properties": (_is_object, "an object"),
    "position": (_is_position, "an object with the numbers “x” and “y”"),
    "bypassed": (_is_flag, "true or false"),
    "gallery": (_is_flag, "true or false"),
    "cache": (_is_cache, "null, “forever”, “never” or a number of seconds"),
    "dynamic_inputs": (_are_names, f"a list of different names, each {_NAME_RULE}"),
}
