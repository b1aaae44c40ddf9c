"""What the API refuses before it looks at it: bodies that are no plain JSON, and parameters that it does not know."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from accounts import plain_json
from accounts.problems import ProblemError, fault, invalid


class StrictParser(Parser):
    """JSON as RFC 8259 has it, called by its name, of bounded depth, with texts that every database can keep."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value. Raises ProblemError: 415, 400 or 422."""
        if request.content_type != "application/json":
            raise ProblemError(415, "Send the body as “Content-Type: application/json”.")
        return plain_json.read(request.body)


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
    prefix = getattr(view, "parameter_prefix", None)  # any name that begins so is known too
    unknown = [name for name in request.GET if name not in known and not (prefix and name.startswith(prefix))]
    if unknown:
        raise invalid(
            *[fault("unknown_property", f"There is no parameter “{name}” here.", name=name) for name in unknown]
        )
    if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
        raise invalid(fault("bad_value", "A parameter can't hold the character U+0000."))
