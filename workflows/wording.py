"""How a value of a node reads to people: a text as itself, yes or no, texts as they stand, anything else as JSON."""

import json
from typing import Final

ONE_LINE: Final = 60
"""Characters; a list that is longer gets a line for each of its texts."""


def shown(value: object) -> str:
    """A value in full, texts line by line."""
    plain = _plain(value, "\n")
    return json.dumps(value, ensure_ascii=False, indent=2) if plain is None else plain


def brief(value: object) -> str:
    """As `shown`, in one line where that is short enough."""
    long = isinstance(value, list) and len(str(value)) > ONE_LINE
    plain = _plain(value, "\n" if long else ", ")
    return json.dumps(value, ensure_ascii=False) if plain is None else plain


def _plain(value: object, between: str) -> str | None:
    """What needs no JSON to be read; None for all else."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return between.join(each.strip() for each in value)
    return value if isinstance(value, str) else None
