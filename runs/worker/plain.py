"""Values as JSON: which are small enough for telemetry and for a row, and how the others are stored. Pure."""

import json
from typing import Final

SMALL_BYTES: Final = 32 * 1024
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def small_size(value: object) -> int | None:
    """The bytes of the value's compact JSON; None when they are more than 32 KiB, or no JSON that every database takes.

    It looks no further than those 32 KiB, so it may be asked of anything, anywhere.
    """
    return size(value, SMALL_BYTES)


def size(value: object, most: int) -> int | None:
    """As `small_size`, with another bound than 32 KiB."""
    if isinstance(value, str) and len(value) > most:
        return None
    size = 0
    try:
        for chunk in _ENCODER.iterencode(value):
            size += len(chunk.encode())
            if size > most or "\\u0000" in chunk:  # PostgreSQL's JSON takes no NUL
                return None
    except (ValueError, TypeError, RecursionError):  # half of a surrogate pair is a ValueError too
        return None
    return size


def encoded(value: object) -> tuple[bytes, str]:
    """A value as a file: its bytes and media type. What is no JSON raises ValueError, TypeError, RecursionError."""
    if isinstance(value, str):
        return value.encode(errors="replace"), "text/plain"
    return _ENCODER.encode(value).encode(errors="replace"), "application/json"


def kind(value: object, port_type: str) -> str:
    """What kind of asset a value is that is no medium."""
    if port_type == "table":
        return "table"
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else "json"
