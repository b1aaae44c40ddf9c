"""Every way in which a request to the API can fail, and the problem that its answer is."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import redis
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import HttpError, ValidationError

from accounts.problems import ProblemError, fault, invalid, not_found, unavailable
from runs.errors import JobGone, RunError, TooManyWaiting
from workflows.errors import GraphInvalid

log = logging.getLogger(__name__)

_CODES = {"missing": "missing_input", "extra_forbidden": "unknown_property"}


def _known(_: HttpRequest, error: ProblemError) -> HttpResponse:
    return error.response()


def _missing(_: HttpRequest, __: Http404) -> HttpResponse:
    return not_found().response()


def _refused(_: HttpRequest, error: Exception) -> HttpResponse:
    return ProblemError(403, str(error) or "You may not do this.").response()


def _invalid_graph(_: HttpRequest, error: GraphInvalid) -> HttpResponse:
    return invalid(*[problem.as_dict() for problem in error.problems]).response()


def _invalid_request(_: HttpRequest, error: ValidationError) -> HttpResponse:
    return invalid(*[_fault(each) for each in error.errors]).response()


def _conflict(_: HttpRequest, error: RunError) -> HttpResponse:
    return ProblemError(409, str(error) or type(error).__doc__ or "").response()


def _gone(_: HttpRequest, error: JobGone) -> HttpResponse:
    return not_found(str(error)).response()


def _too_many(_: HttpRequest, error: TooManyWaiting) -> HttpResponse:
    return ProblemError(429, str(error), headers={"Retry-After": "60"}).response()


def _too_large(_: HttpRequest, __: Exception) -> HttpResponse:
    return ProblemError(413, "The body is larger than a request of this kind may be.").response()


def _unreadable(_: HttpRequest, __: Exception) -> HttpResponse:
    return ProblemError(400, "The request can't be read. Check that its body is complete and well-formed.").response()


def _by_ninja(_: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja raises itself. It hides what the parser said in the cause."""
    if isinstance(error.__cause__, ProblemError):
        return error.__cause__.response()
    return ProblemError(error.status_code, error.message).response()


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.warning("%s %s: the database is away or locked: %s", request.method, request.path, error)
    return unavailable("The database is busy or away. Nothing was changed; try again in a moment.").response()


def _redis_away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.warning("%s %s: Redis is away: %s", request.method, request.path, error)
    return unavailable("Redis is away. Try again in a moment.").response()


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return ProblemError(500, "Something went wrong here, and was noted. Try again, or ask who runs Loupe.").response()


HANDLERS: Mapping[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    ProblemError: _known,
    Http404: _missing,
    PermissionDenied: _refused,
    GraphInvalid: _invalid_graph,
    ValidationError: _invalid_request,
    TooManyWaiting: _too_many,
    JobGone: _gone,
    RunError: _conflict,
    RequestDataTooBig: _too_large,
    SuspiciousOperation: _unreadable,
    MultiPartParserError: _unreadable,
    UnreadablePostError: _unreadable,
    HttpError: _by_ninja,
    OperationalError: _database_away,
    InterfaceError: _database_away,
    redis.RedisError: _redis_away,
    Exception: _unexpected,
}
"""By the class of the error; the nearest of its bases counts."""


def _fault(error: Mapping[str, Any]) -> Mapping[str, object]:
    """One of pydantic's errors. Its place begins with where the value stood, and ninja's name for the whole body."""
    place = [str(part) for part in error["loc"][1:]]
    name = ".".join(place[1:] if place[:1] == ["body"] else place)
    return fault(_CODES.get(error["type"], "bad_value"), error["msg"], name=name or "body")
