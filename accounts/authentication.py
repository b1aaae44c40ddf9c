"""Who asks: a Bearer token, or a browser's session with Django's CSRF header; and whether their scopes are enough."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from accounts.models import ApiToken
from accounts.problems import ProblemError
from accounts.scopes import Scope, holds

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_SCOPES = (Scope.WRITE.value,)
"""What a browser's session may do, staff's too: others' objects are for the admin, and for tokens of scope `admin`."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A user and what this request, socket or ticket may do for them."""

    user: User
    scopes: tuple[str, ...]
    token_id: UUID | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the scopes hold `scope`; that of `admin` counts for staff alone."""
        return holds(list(self.scopes), scope) and (scope is not Scope.ADMIN or self.user.is_staff)


class ApiRequest(HttpRequest):
    """A request that `Needs` has let pass."""

    auth: Actor


class Owned(Protocol):
    """A QuerySet of objects that belong to people."""

    def visible_to(self, user: User | AnonymousUser) -> Any:  # noqa: D102 (the models say)
        ...

    def all(self) -> Any:  # noqa: D102
        ...


Q = TypeVar("Q", bound=Owned)


def visible(objects: Q, actor: Actor) -> Q:
    """Those of the objects that the actor may see: their own; everyone's with the scope `admin`."""
    seen: Q = objects.all() if actor.may(Scope.ADMIN) else objects.visible_to(actor.user)
    return seen


def by_token(secret: str) -> Actor | None:
    """The actor that a token's secret stands for; None when it is unknown, revoked or expired."""
    token = ApiToken.objects.for_secret(secret)
    if token is None:
        return None
    token.touch()
    return Actor(token.user, tuple(token.scopes), token.pk)


class Needs(AuthBase):
    """Lets a request pass whose actor holds the scope; ninja keeps the actor as `request.auth`."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    csrf = True  # the page of the documents then sends the token along

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor. Raises ProblemError: 401 when nobody is signed in, 403 without CSRF token or scope."""
        header = request.headers.get("Authorization")
        actor = _by_session(request) if header is None else _by_header(header)
        if not actor.may(self.scope):
            raise ProblemError(403, f"This needs the scope “{self.scope}”. Use a token that has it.")
        return actor


READ, RUN, WRITE, ADMIN = map(Needs, Scope)


def _by_header(header: str) -> Actor:
    scheme, _, secret = header.partition(" ")
    actor = by_token(secret.strip()) if scheme.lower() == "bearer" else None
    if actor is None:
        raise _unauthenticated(
            "The token is unknown, expired or revoked. Make a new one.", 'Bearer error="invalid_token"'
        )
    return actor


def _by_session(request: HttpRequest) -> Actor:
    user = request.user
    if not isinstance(user, User):
        raise _unauthenticated("Send “Authorization: Bearer <token>”, or sign in.", "Bearer")
    if request.method not in SAFE_METHODS and check_csrf(request):
        raise ProblemError(403, "The CSRF token is missing or wrong. Send the cookie's value as X-CSRFToken.")
    return Actor(user, SESSION_SCOPES)


def _unauthenticated(detail: str, challenge: str) -> ProblemError:
    return ProblemError(401, detail, headers={"WWW-Authenticate": challenge})
