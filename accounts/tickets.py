"""One-time tickets: they let a socket in where no header can be set, without a lasting secret in a URL."""

import json
import secrets
from functools import cache
from uuid import UUID

import redis
from django.conf import settings

from accounts.credentials import Credentials, of_session, of_token
from accounts.models import digest

LIFETIME_SECONDS = 30


def issue(credentials: Credentials) -> str:
    """A ticket that stands for the credentials, for `?ticket=`. Raises redis.RedisError while Redis is away."""
    ticket = secrets.token_urlsafe(32)
    token_id = str(credentials.token_id) if credentials.token_id else None
    kept = {"token": token_id, "session": credentials.session_key}
    _connection(settings.REDIS_URL).set(_key(ticket), json.dumps(kept), ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> Credentials | None:
    """Uses the ticket up. None when it is unknown, used or too old, or what it stood for is no longer good."""
    kept = _connection(settings.REDIS_URL).getdel(_key(ticket))
    if not isinstance(kept, str | bytes):
        return None
    named = json.loads(kept)
    return of_token(UUID(named["token"])) if named["token"] else of_session(named["session"])


def _key(ticket: str) -> str:
    return f"loupe:ticket:{digest(ticket)}"


@cache
def _connection(url: str) -> redis.Redis:
    """This process's connections; short timeouts, since a person waits."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
