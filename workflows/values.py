"""Values as JSON gives them, in properties and parameters: whether an input takes them, and as what."""

import re
from dataclasses import replace
from typing import Final

from workflows import ports
from workflows.declaration import Input, Setting
from workflows.graph import Node, fault
from workflows.ports import PortType

_UUID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_DESCRIBED: Final = {
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "table": "a list of row objects",
    "datetime": "a date and time with its zone, such as 2026-01-31T12:00:00Z",
}


def accept(value: object, node: Node, declared: Input) -> object:
    """The value as this node's input takes it, 1.0 as the integer 1; ValueError with a sentence if it does not."""
    name = declared.setting.title or declared.name
    if value is None and (declared.nullable or is_seed(declared)):
        return None
    found = fault(value)
    if found:
        raise ValueError(f"“{name}” cannot be kept: {found.message}.")
    accepted = _typed(value, declared.port)
    if not _is_literal(accepted, declared.port):
        raise ValueError(f"“{name}” must be {_described(declared.port)}.")
    objection = bounds(node, declared).objection(accepted)
    if objection:
        raise ValueError(f"“{name}” {objection}.")
    return accepted


def bounds(node: Node, declared: Input) -> Setting:
    """The bounds of an input. The value of an `input.*` node has those that the node's own properties give it."""
    if not node.is_input or declared.name != "value":
        return declared.setting
    choices = node.properties.get("choices")
    return replace(
        declared.setting,
        minimum=_bound(node.properties.get("minimum")),
        maximum=_bound(node.properties.get("maximum")),
        choices=tuple(choices) if isinstance(choices, list) and choices else declared.setting.choices,
    )


def is_seed(declared: Input) -> bool:
    """Whether null stands for a number that is drawn when the job is submitted."""
    return declared.name == "seed" and declared.port.kind == "integer"


def asset_of(value: object) -> str | None:
    """The id in `{"asset": "<id>"}`; None for anything else."""
    if not isinstance(value, dict) or value.keys() != {"asset"}:
        return None
    asset = value["asset"]
    return asset.lower() if isinstance(asset, str) and _UUID.fullmatch(asset) else None


def _typed(value: object, port: PortType) -> object:
    """As JSON Schema sees it, 1.0 is an integer."""
    if port.kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if port.items is not None and isinstance(value, list):
        return [_typed(item, port.items) for item in value]
    return value


def _is_literal(value: object, port: PortType) -> bool:
    if port.items is not None:
        return isinstance(value, list) and all(_is_literal(item, port.items) for item in value)
    return asset_of(value) is not None if port.kind in ports.MEDIA else ports.matches(value, port)


def _described(port: PortType) -> str:
    if port.items is not None:
        return f"a list in which each is {_described(port.items)}"
    asset = 'an asset, given as {"asset": "<id>"}'
    return asset if port.kind in ports.MEDIA else _DESCRIBED.get(port.kind, f"a {port}")


def _bound(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
