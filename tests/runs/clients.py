"""A client for tests that need no server: it talks to the ASGI application, with a browser's or a program's headers."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from accounts import tickets
from accounts.credentials import Credentials
from accounts.models import ApiToken, User
from accounts.scopes import Scope
from project.asgi import application
from runs.sockets.feed import Frame

PATIENCE = 10.0


class SocketClient:
    """One open socket."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator

    async def message(self) -> dict[str, Any]:
        """The next message, as it is."""
        output = await self._communicator.receive_output(PATIENCE)
        assert output["type"] == "websocket.send", output
        message: dict[str, Any] = json.loads(output["text"])
        return message

    async def frame(self, kind: str | None = None) -> Frame:
        """The next frame, or the next of that kind; heads don't count."""
        while True:
            frame: Frame = await self.message()
            if frame["type"] == kind or (kind is None and frame["type"] != "head"):
                return frame

    async def until(self, *texts: str, **patch: Any) -> dict[str, Any]:
        """The next message of a page whose HTML holds these texts, and whose patch holds these values."""
        while True:
            found = await self.message()
            html, told = found.get("content", ""), found.get("patch", {})
            if all(text in html for text in texts) and patch.items() <= told.items():
                return found

    async def say(self, command: object) -> None:
        await self.say_text(command if isinstance(command, str) else json.dumps(command))

    async def say_text(self, text: str) -> None:
        await self._communicator.send_to(text_data=text)

    async def say_bytes(self, data: bytes) -> None:
        await self._communicator.send_to(bytes_data=data)

    async def ask(self, command: object) -> Frame:
        """The answer to a command, whatever comes before it."""
        await self.say(command)
        while (frame := await self.frame())["type"] not in {"ack", "error"}:
            pass
        return frame

    async def closed(self) -> int:
        """The code that it is closed with, whatever comes before."""
        while (output := await self._communicator.receive_output(PATIENCE))["type"] != "websocket.close":
            pass
        code: int = output["code"]
        return code


@contextlib.asynccontextmanager
async def connected(path: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[SocketClient]:
    """An accepted socket, disconnected at the end."""
    communicator = WebsocketCommunicator(application, path, _encoded(headers or {}))
    accepted, _ = await communicator.connect(PATIENCE)
    assert accepted
    try:
        yield SocketClient(communicator)
    finally:
        await communicator.disconnect(timeout=PATIENCE)


def ticket(user: User) -> str:
    """What opens a socket once, for a token of this person that may read."""
    token, _ = ApiToken.objects.issue(user, [Scope.READ])
    return tickets.named(tickets.issue(Credentials(user, (Scope.READ,), token_id=token.pk)))


async def refused(path: str, headers: Mapping[str, str]) -> bool:
    """Whether the handshake is refused."""
    communicator = WebsocketCommunicator(application, path, _encoded(headers))
    accepted, _ = await communicator.connect(PATIENCE)
    if accepted:
        await communicator.disconnect(timeout=PATIENCE)
    return not accepted


def bearer(user: User, *scopes: Scope) -> dict[str, str]:
    """The header of a new token."""
    return {"authorization": f"Bearer {ApiToken.objects.issue(user, scopes or [Scope.WRITE])[1]}"}


def cookie(user: User) -> dict[str, str]:
    """The cookie of a new session."""
    client = Client()
    client.force_login(user)
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def _encoded(headers: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    given = {"host": "localhost:8000", **headers}
    return [(name.encode(), value.encode()) for name, value in given.items()]
