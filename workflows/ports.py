"""Port types, which outputs may feed which inputs, and what happens to a value on its way from one to the other.

A run's values are plain Python: `str`, `int`, `float`, `bool`, JSON values, lists, `PIL.Image.Image`; a table is a list
of row objects, a datetime an RFC 3339 text. Audio, video and files are `Recording`s.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from PIL import Image

from workflows.errors import TypeMismatch
from workflows.recordings import Audio, File, Video

KINDS: Final = (
    "any text integer number boolean json table image audio video file datetime"  # and list[T] of each
).split()
MEDIA: Final = frozenset({"image", "audio", "video", "file"})
_TO_TEXT: Final = frozenset({"number", "integer", "boolean"})
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class PortType:
    """A kind of value, or with `items` a list of such; prints as the graph writes it."""

    kind: str
    items: "PortType | None" = None

    def __str__(self) -> str:
        return f"list[{self.items}]" if self.items else self.kind


ANY: Final = PortType("any")
TEXT: Final = PortType("text")
TABLE: Final = PortType("table")


@lru_cache(maxsize=256)
def parse(name: str) -> PortType:
    """The port type written as `text`, `list[image]`, …; ValueError for anything else."""
    inner, depth = name, 0
    while inner.startswith("list[") and inner.endswith("]") and depth < _DEEPEST:
        inner, depth = inner[5:-1], depth + 1
    if inner not in KINDS:
        message = f"“{name}” is no port type. Use one of {', '.join(KINDS)} or list[…] of one."
        raise ValueError(message)
    port = PortType(inner)
    for _ in range(depth):
        port = PortType("list", port)
    return port


def fits(source: PortType, target: PortType) -> bool:
    """Whether an output of type `source` may feed an input of type `target`."""
    return (
        _same(source, target) or _widens(source, target) or (target.items is not None and _same(source, target.items))
    )


def convert(value: object, source: PortType, target: PortType) -> object:
    """The value as an input of type `target` takes it; TypeMismatch when it does not fit.

    A value from a port of type `any` is judged by what it is, and converts as its own type would.
    """
    if matches(value, target):
        return value
    if target == TEXT and isinstance(value, bool | int | float) and _open(source):
        return as_text(value)
    if target.items is not None and matches(value, target.items):
        return [value]
    message = f"{describe(value)} came from a port of type {source}, but {target} is needed here."
    raise TypeMismatch(message)


def matches(value: object, port: PortType) -> bool:
    """Whether a run's value is one of this type as it stands, without conversion."""
    if port.items is None:
        return _CHECKS[port.kind](value)
    items = port.items
    return isinstance(value, list) and (items == ANY or all(matches(item, items) for item in value))


def as_text(value: bool | float) -> str:
    """Numbers and booleans as JSON writes them: `1`, `1.0`, `true`. TypeMismatch for what JSON cannot write."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError as error:
        message = f"{value} cannot be written as text: it is not a finite number."
        raise TypeMismatch(message) from error


def kind_of(value: object) -> str:
    """The narrowest port type's name that a run's value has, `any` for objects that no port knows."""
    if isinstance(value, list):
        return "json" if is_json(value) else "list[any]"
    return next((kind for kind in _NARROWEST if _CHECKS[kind](value)), "any")


def describe(value: object) -> str:
    """What a value is, for messages; never the value itself, which may be long or private."""
    kind = kind_of(value)
    if value is None:
        return "Nothing (null)"
    return f"A value of type {type(value).__name__}" if kind == "any" else f"A value of type {kind}"


def is_json(value: object) -> bool:
    """Whether JSON can write the value: finite numbers, text keys, no other objects."""
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return math.isfinite(value)
        case list():
            return all(is_json(item) for item in value)
        case dict():
            return all(isinstance(key, str) and is_json(item) for key, item in value.items())
        case _:
            return False


def _same(source: PortType, target: PortType) -> bool:
    """Equal, or one of them leaves open what it is. What `any` holds is judged when it is there."""
    if ANY in {source, target}:
        return True
    if source.items and target.items:
        return _same(source.items, target.items)
    return source == target


def _widens(source: PortType, target: PortType) -> bool:
    return (source.kind, target.kind) == ("integer", "number") or (target == TEXT and source.kind in _TO_TEXT)


def _open(source: PortType) -> bool:
    return source == ANY or source.kind in _TO_TEXT


def _is_table(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) and is_json(row) for row in value)


def _is_datetime(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_CHECKS: Final[dict[str, Callable[[object], bool]]] = {
    "any": lambda _: True,
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "json": is_json,
    "table": _is_table,
    "image": lambda value: isinstance(value, Image.Image),
    "audio": lambda value: isinstance(value, Audio),
    "video": lambda value: isinstance(value, Video),
    "file": lambda value: isinstance(value, File),
    "datetime": _is_datetime,
}
_NARROWEST: Final = ("text", "boolean", "integer", "number", "image", "audio", "video", "file", "json")
