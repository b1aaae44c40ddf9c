"""What a person tells one run from its siblings by: the parameters that differ, as "seed 42 · ink"."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Params: TypeAlias = Mapping[str, object]

LONGEST = 200
_LONGEST_VALUE = 40
_MOST = 4


def label(params: Params, saved: Params, before: Callable[[], Params | None]) -> str:
    """The label of a run with `params`.

    It names what differs from the workflow as it is saved, else from the run `before`, else the run's own first values.
    """
    differing = _differing(params, saved) or _differing(params, (before() if params else None) or params)
    named = differing or {name: value for name, value in params.items() if not isinstance(value, dict)}
    words = [_words(name, value) for name, value in named.items()]
    return " · ".join([word for word in words if word][:_MOST])[:LONGEST]


def _differing(params: Params, others: Params) -> Params:
    return {name: value for name, value in params.items() if others.get(name) != value}


def _words(name: str, value: object) -> str:
    """Text speaks for itself; numbers and switches need their name; a picture has that of its file, if any."""
    if isinstance(value, str):
        return _cut(" ".join(value.split()))
    if isinstance(value, bool) and name.endswith("?"):
        return f"{name} {'yes' if value else 'no'}"
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if isinstance(value, int | float):
        return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
    if isinstance(value, dict) and "asset" in value:
        return _cut(str(value.get("name") or f"own {name}"))
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
