"""Every way in which a request to the API can fail, and the problem that its answer is."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import HttpError, ValidationError

from accounts.problems import ProblemError, invalid, not_found
from project.strict import not_json
from runs.problems import PROBLEMS, faults, problem_of


def _known(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem_of(error, f"{request.method} {request.path}").response()


def _missing(_: HttpRequest, __: Http404) -> HttpResponse:
    return not_found().response()


def _refused(_: HttpRequest, error: Exception) -> HttpResponse:
    return ProblemError(403, str(error) or "You may not do this.").response()


def _invalid_request(_: HttpRequest, error: ValidationError) -> HttpResponse:
    return invalid(*faults(error.errors)).response()


def _too_large(_: HttpRequest, __: Exception) -> HttpResponse:
    return ProblemError(413, "The body is larger than a request of this kind may be.").response()


def _unreadable(_: HttpRequest, __: Exception) -> HttpResponse:
    return ProblemError(400, "The request can't be read. Check that its body is complete and well-formed.").response()


def _form(_: HttpRequest, __: Exception) -> HttpResponse:
    """A session's form: its CSRF token was looked for in it, and then there is nothing left to read as JSON."""
    return not_json().response()


def _by_ninja(_: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja raises itself. It hides what the parser said in the cause."""
    if isinstance(error.__cause__, ProblemError):
        return error.__cause__.response()
    return ProblemError(error.status_code, error.message).response()


HANDLERS: Mapping[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    **dict.fromkeys(PROBLEMS, _known),
    Http404: _missing,
    PermissionDenied: _refused,
    ValidationError: _invalid_request,
    RequestDataTooBig: _too_large,
    SuspiciousOperation: _unreadable,
    MultiPartParserError: _unreadable,
    UnreadablePostError: _unreadable,
    RawPostDataException: _form,
    HttpError: _by_ninja,
}
"""By the class of the error; the nearest of its bases counts."""
