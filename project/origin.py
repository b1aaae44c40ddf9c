"""Lets no other site's page open sockets here: browsers send cookies with a handshake, whichever page makes it."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

DEFAULT_PORTS = {"http": 80, "https": 443}

Application = Callable[..., Awaitable[None]]
Place = tuple[str, int | None]


def own_origin(application: Application) -> Application:
    """Refuses handshakes (403) for a host that is not ours, and of pages that come from elsewhere.

    Programs send no Origin. An Origin is ours when its host and port are the request's own, so that forwarded ports
    work, or when it is among `CSRF_TRUSTED_ORIGINS`.
    """

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin1") for name, value in scope["headers"] if name in {b"host", b"origin"}}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if _is_served(host) and (origin is None or is_ours(origin, host)):
            await application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close"})

    return guarded


def is_ours(origin: str, host: str) -> bool:
    """Whether a page of `origin` may talk to what was asked for as `host`."""
    place = _place(origin)
    if place is None:
        return False
    own = _place(f"{urlsplit(origin).scheme}://{host}")
    return place == own or any(_matches(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _is_served(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def _place(origin: str) -> Place | None:
    """Host and port of an Origin; None for `null` and whatever else names none."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and parts.scheme in DEFAULT_PORTS else None


def _matches(origin: str, trusted: str) -> bool:
    """As Django's CSRF check reads the setting: `https://example.com`, or `https://*.example.com`."""
    ours, listed = urlsplit(origin.lower()), urlsplit(trusted.lower())
    if listed.netloc.startswith("*"):
        return ours.scheme == listed.scheme and bool(is_same_domain(ours.netloc, listed.netloc[1:]))
    return ours.scheme == listed.scheme and _place(origin) == _place(trusted)
