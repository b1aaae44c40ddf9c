"""Node types as tools that a model calls: those that take and make plain values, each call on its own."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from workflows import values
from workflows.errors import NodeFailed
from workflows.graph import Node
from workflows.ports import PortType
from workflows.registry import Input, NodeType, registry

LONGEST_RESULT: Final = 100_000
"""Characters of JSON: a model reads no more of what a tool gave."""
_KINDS: Final = {"text": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
_ANYTHING: Final = frozenset({"any", "json"})
_NOT_OFFERED: Final = frozenset({"input", "output", "control", "llm"})


def named(types: Iterable[str]) -> dict[str, NodeType]:
    """The node types of these names, by names that models take, which have no dots. NodeFailed if one is no tool."""
    found: dict[str, NodeType] = {}
    for name in types:
        declared = registry.get(name.strip())
        if declared is None or not usable(declared):
            able = ", ".join(each.type for each in registry.all() if usable(each))
            raise NodeFailed("bad_value", f"“{name[:80]}” is no tool. Choose among {able}.")
        found[declared.type.replace(".", "_")] = declared
    return found


def usable(declared: NodeType) -> bool:
    """Whether a model can call it: with JSON alone, for a value that is JSON."""
    ports = [each.port for each in declared.inputs] + [each.port for each in declared.outputs]
    alone = declared.call in {"value", "async value"} and declared.context is None
    return alone and declared.family not in _NOT_OFFERED and bool(declared.outputs) and all(map(_plain, ports))


def schema(declared: NodeType) -> dict[str, Any]:
    """Its inputs, as JSON Schema."""
    return {
        "type": "object",
        "properties": {each.name: _described(each) for each in declared.inputs},
        "required": [each.name for each in declared.inputs if each.required],
        "additionalProperties": declared.dynamic,
    }


async def use(declared: NodeType, arguments: Mapping[str, object]) -> object:
    """What a call with these arguments gives. Raises NodeFailed and whatever else the node's function does."""
    accepted = {name: _accepted(declared, name, value) for name, value in arguments.items()}
    missing = [each.name for each in declared.inputs if each.required and each.name not in accepted]
    if missing:
        raise NodeFailed("missing_input", f"It needs {', '.join(missing)}.")
    if declared.call == "async value":
        called: Any = declared.function(**accepted)
        return await called
    return await asyncio.to_thread(lambda: declared.function(**accepted))


def readable(result: object) -> str:
    """A result as the model reads it."""
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return text if len(text) <= LONGEST_RESULT else f"{text[:LONGEST_RESULT]}… (cut here)"


def _accepted(declared: NodeType, name: str, value: object) -> object:
    known = declared.by_name.get(name)
    if known is None and not declared.dynamic:
        raise NodeFailed("unknown_property", f"It has no input “{name[:80]}”.")
    try:
        return (
            values.accept(value, Node(declared.type, declared.type, "", {}, False, None, ()), known) if known else value
        )
    except ValueError as error:
        raise NodeFailed("bad_value", str(error)) from error


def _plain(port: PortType) -> bool:
    return _plain(port.items) if port.items else port.kind in _KINDS or port.kind in _ANYTHING


def _described(declared: Input) -> dict[str, Any]:
    setting = declared.setting
    said = {
        "description": setting.description,
        "minimum": setting.minimum,
        "maximum": setting.maximum,
        "enum": list(setting.choices or ()),
    }
    return _type(declared.port) | {key: value for key, value in said.items() if value not in ("", None, [])}


def _type(port: PortType) -> dict[str, Any]:
    if port.items:
        return {"type": "array", "items": _type(port.items)}
    return {"type": _KINDS[port.kind]} if port.kind in _KINDS else {}
