"""Who stands behind a request or a socket, and whether they still do: a session, or an API token."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField, UUIDField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.compiled import Compiled
from accounts.models import ApiToken, User, digest
from accounts.scopes import Scope, holds

_BY_DIGEST: Final = Compiled(
    lambda digest, now: ApiToken.objects.usable(now).select_related("user").filter(digest=digest),
    digest=CharField(),
    now=DateTimeField(),
)
_BY_ID: Final = Compiled(
    lambda pk, now: ApiToken.objects.usable(now).select_related("user").filter(pk=pk),
    pk=UUIDField(),
    now=DateTimeField(),
)
SESSION_SCOPES = (Scope.WRITE,)
"""What a session may do, also one of staff: the admin is theirs, the API's `admin` scope needs a token."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user, what they may do here, and the token or the session that says so."""

    user: User
    scopes: tuple[str, ...]
    token_id: UUID | None = None
    session_key: str = ""

    def may(self, scope: Scope) -> bool:
        """Whether the scopes reach so far. `admin` is for staff alone, whatever a token says."""
        return holds(list(self.scopes), scope) and (scope != Scope.ADMIN or self.user.is_staff)


def of_secret(secret: str) -> Credentials | None:
    """Those of the API token that `secret` is; None when it is unknown, revoked or expired, or its user inactive."""
    token = _BY_DIGEST.first(digest=digest(secret), now=timezone.now())
    if token is None:
        return None
    token.touch()
    return _of_token(token)


def of_token(token_id: UUID) -> Credentials | None:
    """Those of a token that is known already, while it is usable."""
    token = _BY_ID.first(pk=token_id, now=timezone.now())
    return None if token is None else _of_token(token)


def of_session(key: str) -> Credentials | None:
    """Those of a signed-in session; None when it has ended, or its user is inactive or has a new password."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    return Credentials(user, SESSION_SCOPES, session_key=key) if isinstance(user, User) else None


def of_request(request: HttpRequest, user: User) -> Credentials:
    """Those of the session in which this user, who is signed in, makes the request."""
    return Credentials(user, SESSION_SCOPES, session_key=request.session.session_key or "")


def still_good(held: Collection[Credentials]) -> set[Credentials]:
    """Those that are as good as when they were given, in three queries however many there are."""
    tokens = {one.token_id for one in held if one.token_id}
    keys = {one.session_key for one in held if one.session_key}
    usable = set(ApiToken.objects.usable().filter(pk__in=tokens).values_list("pk", flat=True))
    alive = set(
        Session.objects.filter(pk__in=keys, expire_date__gt=timezone.now()).values_list("session_key", flat=True)
    )
    users = User.objects.filter(is_active=True).in_bulk({one.user.pk for one in held})
    return {one for one in held if _unchanged(one, users) and (one.token_id in usable or one.session_key in alive)}


def _of_token(token: ApiToken) -> Credentials:
    return Credentials(token.user, tuple(token.scopes), token_id=token.pk)


def _unchanged(held: Credentials, users: dict[UUID, User]) -> bool:
    """A user who lost their rights has to join again; a new password ends sessions, but no tokens."""
    user = users.get(held.user.pk)
    if user is None or user.is_staff != held.user.is_staff:
        return False
    if held.token_id:
        return True
    return constant_time_compare(user.get_session_auth_hash(), held.user.get_session_auth_hash())
