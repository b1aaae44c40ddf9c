"""Ids in addresses mean the same in capitals: a UUID is read either way (RFC 9562)."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

_ID = re.compile(r"(?<=/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/|$)", re.ASCII | re.IGNORECASE)

Application = Callable[..., Awaitable[None]]


def ids_in_any_case(application: Application) -> Application:
    """The ASGI application, which finds in the path of a request or a socket what routes and databases know."""

    async def spelled(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if "path" in scope:
            scope = {**scope, "path": _ID.sub(lambda found: found[0].lower(), scope["path"])}
        await application(scope, receive, send)

    return spelled
