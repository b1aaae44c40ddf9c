"""JSON as RFC 8259 has it, of bounded depth, with texts that every database can keep: for REST and sockets alike."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from accounts.problems import ProblemError, fault, invalid

DEEPEST = 64


def read(body: bytes) -> Any:
    """The value that `body` spells. Raises ProblemError: 400 when it spells none, 422 when it goes too far."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ProblemError(400, f"The body is not JSON in UTF-8: {error}.") from error
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise ProblemError(400, f"The body is not JSON: {error}.") from error
    _check(body, value)
    return value


def moment(at: datetime | None) -> str | None:
    """How JSON writes a time: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _refuse_constant(name: str) -> float:
    message = f"{name} is no JSON value"
    raise ValueError(message)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = f"{text} is too large a number"
        raise ValueError(message)
    return number


def _check(body: bytes, value: object) -> None:
    """Bounds the depth, and refuses what is no character. Most bodies show by their bytes that they need no walk."""
    suspicious = body.count(b"[") + body.count(b"{") > DEEPEST
    odd = b"\\u0000" in body or b"\\ud" in body.lower()
    if not suspicious and not odd:
        return
    for depth, each in _walk(value):
        if depth > DEEPEST:
            raise _too_deep()
        if odd and isinstance(each, str) and not _storable(each):
            raise invalid(fault("bad_value", "A text holds U+0000 or half of a surrogate pair, which can't be stored."))


def _walk(value: object) -> Iterator[tuple[int, object]]:
    waiting = [(1, value)]
    while waiting:
        depth, each = waiting.pop()
        yield depth, each
        if isinstance(each, dict):
            waiting += [(depth + 1, key) for key in each]
            waiting += [(depth + 1, item) for item in each.values()]
        elif isinstance(each, list):
            waiting += [(depth + 1, item) for item in each]


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _too_deep() -> ProblemError:
    message = f"The body is nested more than {DEEPEST} deep."
    return invalid(fault("too_large", message), detail=message)
