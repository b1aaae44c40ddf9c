"""Answers that say what is wrong (RFC 9457), the same for every error of the API."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from django.http import HttpResponse

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """Ends a request with a problem. `detail` says what to do next; other members stand beside it in the answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[Mapping[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        self.status = status
        self.detail = detail
        self.members = {**members} if errors is None else {**members, "errors": [dict(error) for error in errors]}
        self.headers = dict(headers or {})
        super().__init__(detail)

    def document(self) -> dict[str, object]:
        """The problem as JSON shows it, in answers and in a socket's `error` frames."""
        title = HTTPStatus(self.status).phrase
        return {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.members}

    def response(self) -> HttpResponse:
        """The problem as the answer to a request."""
        return HttpResponse(
            json.dumps(self.document()), status=self.status, content_type=MEDIA_TYPE, headers=self.headers
        )


def not_found(what: str = "There is nothing here that you may see.") -> ProblemError:
    """What is not there, and what is there for others alone."""
    return ProblemError(404, what)


def unavailable(what: str, *, retry_after: int = 2) -> ProblemError:
    """A part that Loupe stands on is away for the moment. `retry_after` is in seconds."""
    return ProblemError(503, what, headers={"Retry-After": str(retry_after)})


def invalid(
    *errors: Mapping[str, object], detail: str = "Correct what `errors` lists, and send it again."
) -> ProblemError:
    """A request that is well-formed and cannot be done as it is: all that is wrong with it at once."""
    return ProblemError(422, detail, errors=errors)


def fault(code: str, message: str, *, name: str | None = None, node: str | None = None) -> dict[str, str | None]:
    """One item of `errors`; `name` is the property, or the parameter of the request, that it is about."""
    return {"node": node, "property": name, "code": code, "message": message}
