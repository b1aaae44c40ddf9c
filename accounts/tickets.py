"""One-time tickets: they let a socket in where no header can be set, without a lasting secret in a URL."""

import json
import secrets
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.credentials import Credentials, of_session, of_token
from accounts.models import digest

LIFETIME_SECONDS = 30


def issue(credentials: Credentials) -> str:
    """Makes a ticket that stands for the credentials, and answers its name: see `named`.

    Raises redis.RedisError while Redis is away.
    """
    name = secrets.token_urlsafe(32)
    kept = json.dumps(_standing_for(credentials))
    _connection(settings.REDIS_URL).set(_key(named(name)), kept, ex=LIFETIME_SECONDS)
    return name


def named(name: str) -> str:
    """The ticket of this name, for `?ticket=`: whoever reads a name somewhere has no ticket, but who makes them has."""
    made = salted_hmac("accounts.tickets", name, algorithm="sha256").digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def expires_in(ticket: str) -> int:
    """For how many seconds it is still good; 0 when it is used or too old. Raises redis.RedisError."""
    left: Any = _connection(settings.REDIS_URL).ttl(_key(ticket))
    return max(int(left), 0)


def asked_by(credentials: Credentials) -> bytes:
    """Tells those apart for whom tickets are made, also of one person: they may do different things."""
    return json.dumps(_standing_for(credentials)).encode()


def redeem(ticket: str) -> Credentials | None:
    """Uses the ticket up. None when it is unknown, used or too old, or what it stood for is no longer good."""
    kept = _connection(settings.REDIS_URL).getdel(_key(ticket))
    if not isinstance(kept, str | bytes):
        return None
    named = json.loads(kept)
    return of_token(UUID(named["token"])) if named["token"] else of_session(named["session"])


def _standing_for(credentials: Credentials) -> dict[str, str | None]:
    token_id = str(credentials.token_id) if credentials.token_id else None
    return {"token": token_id, "session": credentials.session_key}


def _key(ticket: str) -> str:
    return f"loupe:ticket:{digest(ticket)}"


@cache
def _connection(url: str) -> redis.Redis:
    """This process's connections; short timeouts, since a person waits."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
