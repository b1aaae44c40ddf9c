"""What the API refuses before it looks at it: bodies that are no plain JSON, and parameters that it does not know."""

import functools
import inspect
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from accounts.problems import ProblemError, fault, invalid

DEEPEST = 64
PARAMETER_PREFIX = "param."
"""Jobs are filtered by any parameter of their workflow: `?param.<name>=`."""


class StrictParser(Parser):
    """JSON as RFC 8259 has it, called by its name, of bounded depth, with texts that every database can keep."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value. Raises ProblemError: 415, 400 or 422."""
        if request.content_type != "application/json":
            raise ProblemError(415, "Send the body as “Content-Type: application/json”.")
        try:
            value = json.loads(request.body, parse_constant=_refuse_constant, parse_float=_finite)
        except RecursionError as error:
            raise _too_deep() from error
        except ValueError as error:
            raise ProblemError(400, f"The body is not JSON: {error}.") from error
        _check(request.body, value)
        return value


def known_parameters_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a view: a parameter of the address that it does not know is a mistake, not something to leave out."""

    @functools.wraps(view)
    def strict(request: HttpRequest, **values: Any) -> Any:
        _refuse_unknown(request, view)
        return view(request, **values)

    @functools.wraps(view)
    async def strict_async(request: HttpRequest, **values: Any) -> Any:
        _refuse_unknown(request, view)
        return await view(request, **values)

    return strict_async if inspect.iscoroutinefunction(view) else strict


def parameters(view: Any) -> set[str]:
    """The names of the parameters that an operation's view declares for its address."""
    models = view._ninja_operation.models  # noqa: SLF001 (where ninja keeps what it read from the signature)
    return {name for model in models if model.__ninja_param_source__ == "query" for name in model.__ninja_flatten_map__}


def _refuse_unknown(request: HttpRequest, view: Any) -> None:
    if not request.GET:
        return
    known = parameters(view)
    filtered = getattr(view, "filters_by_parameter", False)
    unknown = [
        name for name in request.GET if name not in known and not (filtered and name.startswith(PARAMETER_PREFIX))
    ]
    if unknown:
        raise invalid(
            *[fault("unknown_property", f"There is no parameter “{name}” here.", name=name) for name in unknown]
        )
    if any("\0" in value for values in request.GET.lists() for value in values[1]):
        raise invalid(fault("bad_value", "A parameter can't hold the character U+0000."))


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
