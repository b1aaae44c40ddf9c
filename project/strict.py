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
            raise not_json()
        return plain_json.read(request.body)


def not_json() -> ProblemError:
    """The body is of another type."""
    return ProblemError(415, "Send the body as “Content-Type: application/json”.")


def known_parameters_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a view: a parameter that it does not know, or that is given twice, is a mistake, not left out."""

    @functools.wraps(view)
    def strict(request: HttpRequest, **values: Any) -> Any:
        _refuse_odd(request, view)
        return view(request, **values)

    @functools.wraps(view)
    async def strict_async(request: HttpRequest, **values: Any) -> Any:
        _refuse_odd(request, view)
        return await view(request, **values)

    return strict_async if inspect.iscoroutinefunction(view) else strict


def _declared(view: Any) -> dict[str, bool]:
    """The parameters that an operation's view declares for its address, and whether each may be given many times."""
    models = view._ninja_operation.models  # noqa: SLF001 (where ninja keeps what it read from the signature)
    return {
        name: name in model.__ninja_collection_fields__
        for model in models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }


def _refuse_odd(request: HttpRequest, view: Any) -> None:
    if not request.GET:
        return
    known = _declared(view)
    prefix = getattr(view, "parameter_prefix", None)  # any name that begins so is known too, however often
    named = [name for name in request.GET if not (prefix and name.startswith(prefix))]
    unknown = [name for name in named if name not in known]
    if unknown:
        raise invalid(
            *[fault("unknown_property", f"There is no parameter “{name}” here.", name=name) for name in unknown]
        )
    twice = [name for name in named if not known[name] and len(request.GET.getlist(name)) > 1]
    if twice:
        raise invalid(*[fault("bad_value", f"Give “{name}” once: only one can count.", name=name) for name in twice])
    if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
        raise invalid(fault("bad_value", "A parameter can't hold the character U+0000."))
