"""One-time tickets: they let a socket in where no header can be set, without a lasting secret in a URL."""

import json
import secrets
from functools import cache
from uuid import UUID

import redis
from django.conf import settings
from django.contrib.auth.models import User

from accounts.authentication import Actor
from accounts.models import ApiToken, digest

LIFETIME_SECONDS = 30


def issue(actor: Actor) -> str:
    """A ticket that stands for the actor, for `?ticket=`. Raises redis.RedisError while Redis is away."""
    ticket = secrets.token_urlsafe(32)
    kept = {"user": actor.user.pk, "scopes": actor.scopes, "token": str(actor.token_id) if actor.token_id else None}
    _redis().set(_key(ticket), json.dumps(kept), ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> Actor | None:
    """Uses the ticket up. None when it is unknown, used or too old, or its user or token is no longer good."""
    kept = _redis().getdel(_key(ticket))
    return None if kept is None else _actor(json.loads(kept))


def _actor(kept: dict[str, object]) -> Actor | None:
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    token_id = UUID(str(kept["token"])) if kept["token"] else None
    if user is None or (token_id and not ApiToken.objects.usable().filter(pk=token_id).exists()):
        return None
    scopes = kept["scopes"]
    return Actor(user, tuple(map(str, scopes)) if isinstance(scopes, list) else (), token_id)


def _key(ticket: str) -> str:
    return f"loupe:ticket:{digest(ticket)}"


@cache
def _redis() -> redis.Redis:
    """This process's connections; short timeouts, since a person waits."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
