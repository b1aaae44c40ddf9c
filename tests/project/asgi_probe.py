"""A small ASGI application that shows what the web process does."""

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]

PIECE = b"x" * 65_536
PIECES = 3_200
SPRINKLES = 1_000
"""Of 1 KiB."""

counts: Counter[str] = Counter()
woken = asyncio.Event()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Route by the path's first part. HTTP paths that are not named here are Django's."""
    routes = {**HTTP, **SOCKETS}
    await routes.get(scope["path"].split("/")[1], django)(scope, receive, send)


async def counted(scope: Message, receive: Receive, send: Send) -> None:
    await answer(send, json.dumps(counts).encode())


async def scoped(scope: Message, receive: Receive, send: Send) -> None:
    shown = {key: scope[key] for key in ("scheme", "client", "root_path", "method")}
    await answer(send, json.dumps(shown).encode())


async def digested(scope: Message, receive: Receive, send: Send) -> None:
    digest, size = hashlib.sha256(), 0
    async for chunk in body(receive):
        digest.update(chunk)
        size += len(chunk)
    counts["digested"] += 1
    await answer(send, json.dumps({"size": size, "sha256": digest.hexdigest()}).encode())


async def downloaded(scope: Message, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            counts["downloaded"] += 1
        await send({"type": "http.response.body", "body": b""})
    finally:
        counts["downloads closed"] += 1


async def slow(scope: Message, receive: Receive, send: Send) -> None:
    """Answer after as many seconds as the path says."""
    counts["slow begun"] += 1
    await asyncio.sleep(float(scope["path"].split("/")[2]))
    await answer(send, b"done")


async def broken(scope: Message, receive: Receive, send: Send) -> None:
    raise RuntimeError("broken on purpose")


async def stubborn(scope: Message, receive: Receive, send: Send) -> None:
    """Begin, and go on until long after the client has left, unless cancelled."""
    counts["stubborn begun"] += 1
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    except asyncio.CancelledError:
        counts["stubborn cancelled"] += 1
        raise


async def echoed(scope: Message, receive: Receive, send: Send) -> None:
    """Give every message back; `close <code>` closes, `long <n>` is answered with so many letters."""
    await receive()
    await send({"type": "websocket.accept"})
    counts["echoes open"] += 1
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text") or ""
        if text.startswith("close "):
            await send({"type": "websocket.close", "code": int(text.removeprefix("close "))})
        elif text.startswith("long "):
            await send({"type": "websocket.send", "text": "x" * int(text.removeprefix("long "))})
        else:
            await send({"type": "websocket.send", "text": text})
    counts["echoes open"] -= 1
    counts[f"closed with {message['code']}"] += 1


async def poured(scope: Message, receive: Receive, send: Send) -> None:
    """Send far more than a client that does not read can take, unless it is cancelled."""
    await receive()
    await send({"type": "websocket.accept"})
    try:
        for _ in range(PIECES):
            await send({"type": "websocket.send", "bytes": PIECE})
            counts["poured"] += 1
    finally:
        counts["pours ended"] += 1
    await receive()


async def sprinkled(scope: Message, receive: Receive, send: Send) -> None:
    """Send many small messages, and count how often others have their turn meanwhile."""
    await receive()
    await send({"type": "websocket.accept"})

    async def turn() -> None:
        while True:
            await asyncio.sleep(0)
            counts["turns of others"] += 1

    others = asyncio.create_task(turn())
    for _ in range(SPRINKLES):
        await send({"type": "websocket.send", "bytes": PIECE[:1024]})
    others.cancel()
    await receive()


class Consumer(AsyncWebsocketConsumer):
    """Answers one message with more than its client takes, and counts what becomes of it."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        for _ in range(200):
            await self.send(bytes_data=PIECE)
            counts["consumed"] += 1

    async def disconnect(self, code: int) -> None:  # noqa: ARG002
        counts["consumers disconnected"] += 1


async def deaf(scope: Message, receive: Receive, send: Send) -> None:
    """Accept, and take nothing until somebody asks for `/wake`."""
    await receive()
    await send({"type": "websocket.accept"})
    await woken.wait()
    while (await receive())["type"] == "websocket.receive":
        counts["heard"] += 1


async def late(scope: Message, receive: Receive, send: Send) -> None:
    """Accept once somebody asks for `/wake`."""
    counts["late begun"] += 1
    await receive()
    await woken.wait()
    await send({"type": "websocket.accept"})
    await receive()


async def wake(scope: Message, receive: Receive, send: Send) -> None:
    woken.set()
    await answer(send, b"")


async def refused(scope: Message, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close"})


async def body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def answer(send: Send, content: bytes) -> None:
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


def blocking_view(request: HttpRequest) -> HttpResponse:
    time.sleep(0.5)
    return HttpResponse("done")


def hanging_view(request: HttpRequest) -> HttpResponse:
    counts["hanging begun"] += 1
    time.sleep(60)
    return HttpResponse("done")


def upload_view(request: HttpRequest) -> HttpResponse:
    upload = request.FILES["file"]
    assert isinstance(upload, UploadedFile)
    return HttpResponse(str(upload.size))


def stream_view(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(stream())


async def stream() -> AsyncIterator[bytes]:
    try:
        for _ in range(PIECES):
            yield PIECE
    finally:
        counts["streams closed"] += 1


Application = Callable[..., Awaitable[None]]
HTTP: dict[str, Application] = {
    "counts": counted,
    "scope": scoped,
    "digest": digested,
    "download": downloaded,
    "slow": slow,
    "broken": broken,
    "stubborn": stubborn,
    "wake": wake,
}
SOCKETS: dict[str, Application] = {
    "echo": echoed,
    "pour": poured,
    "sprinkle": sprinkled,
    "deaf": deaf,
    "late": late,
    "refused": refused,
    "consumer": Consumer.as_asgi(),
}
urlpatterns = [
    path("django/blocking", blocking_view),
    path("django/hanging", hanging_view),
    path("django/upload", upload_view),
    path("django/stream", stream_view),
]

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="of the probe alone", MIDDLEWARE=[])
django = get_asgi_application()
