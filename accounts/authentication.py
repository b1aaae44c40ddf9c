"""Who asks: a Bearer token, or a browser's session with Django's CSRF header; and whether their scopes are enough."""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import UUIDField
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from accounts.compiled import Compiled, Somebody
from accounts.credentials import Credentials, of_request, of_secret
from accounts.models import User
from accounts.problems import ProblemError
from accounts.scopes import Scope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ApiRequest(HttpRequest):
    """A request that `Needs` has let pass."""

    auth: Credentials


class Owned(Protocol):
    """A QuerySet of objects that belong to people."""

    def visible_to(self, user: User | AnonymousUser) -> Any:  # noqa: D102 (the models say)
        ...

    def all(self) -> Any:  # noqa: D102
        ...


Q = TypeVar("Q", bound=Owned)
Found = TypeVar("Found")


def visible(objects: Q, credentials: Credentials) -> Q:
    """Those of the objects that these credentials let one see: one's own; everyone's with the scope `admin`."""
    seen: Q = objects.all() if credentials.may(Scope.ADMIN) else objects.visible_to(credentials.user)
    return seen


class Visible(Generic[Found]):
    """Finds one object by its id, of all those that `objects` gives when it is compiled, if the credentials let one."""

    def __init__(self, objects: Callable[[], Any]) -> None:
        self._mine = Compiled[Found](lambda pk: objects().visible_to(Somebody()).filter(pk=pk), pk=UUIDField())
        self._any = Compiled[Found](lambda pk: objects().all().filter(pk=pk), pk=UUIDField())

    def __call__(self, credentials: Credentials, pk: UUID) -> Found | None:
        """The object, if there is such a one and it may be seen."""
        if credentials.may(Scope.ADMIN):
            return self._any.first(pk=pk)
        return self._mine.first(pk=pk, user=credentials.user.pk)


def need(credentials: Credentials, scope: Scope) -> None:
    """Raises ProblemError 403 unless the credentials reach so far."""
    if not credentials.may(scope):
        raise ProblemError(403, f"This needs the scope “{scope}”. Use a token that has it.")


class Needs(AuthBase):
    """Lets a request pass whose credentials hold the scope; ninja keeps them as `request.auth`."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    csrf = True  # the page of the documents then sends the token along

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Credentials:
        """The credentials. Raises ProblemError: 401 when nobody is signed in, 403 without CSRF token or scope."""
        header = request.headers.get("Authorization")
        credentials = _by_session(request) if header is None else _by_header(header)
        need(credentials, self.scope)
        return credentials


READ, RUN, WRITE, ADMIN = map(Needs, Scope)


def _by_header(header: str) -> Credentials:
    scheme, _, secret = header.partition(" ")
    credentials = of_secret(secret.strip()) if scheme.lower() == "bearer" else None
    if credentials is None:
        detail = "The token is unknown, expired or revoked. Make a new one."
        raise _unauthenticated(detail, 'Bearer error="invalid_token"')
    return credentials


def _by_session(request: HttpRequest) -> Credentials:
    user = request.user
    if not isinstance(user, User):
        raise _unauthenticated("Send “Authorization: Bearer <token>”, or sign in.", "Bearer")
    if request.method not in SAFE_METHODS and check_csrf(request):
        raise ProblemError(403, "The CSRF token is missing or wrong. Send the cookie's value as X-CSRFToken.")
    return of_request(request, user)


def _unauthenticated(detail: str, challenge: str) -> ProblemError:
    return ProblemError(401, detail, headers={"WWW-Authenticate": challenge})
