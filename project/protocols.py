"""Daphne's connections, mended: they wait for slow readers, bound what clients send, and close in good order.

What each override mends, and the numbers, are in docs/adr/0003-daphne-subclass.md.
"""
# ruff: noqa: D102, N802, N803 - most methods here are Twisted's and Autobahn's, under their names

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

# Daphne's server comes first: it installs the reactor that all other Twisted modules then use.
import daphne.server  # isort: skip
from autobahn.twisted import websocket as autobahn_connection
from autobahn.websocket import protocol as autobahn_protocol
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import tcp
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from zope.interface import implementer

from accounts.problems import MEDIA_TYPE, ProblemError

if TYPE_CHECKING:
    from project.server import Server

loop: asyncio.AbstractEventLoop = daphne.server.twisted_loop

Message = dict[str, Any]


def _as_it_is(value: Any, *_: Any) -> Any:
    return value


# For debug lines that are not kept Autobahn spells the options of each socket, and colours names and numbers of each
# frame: a tenth of what a handshake costs, and more of what a frame does.
autobahn_protocol.pformat = repr  # type: ignore[assignment, attr-defined]
for module in (autobahn_protocol, autobahn_connection):
    module.hltype = module.hlval = _as_it_is  # type: ignore[attr-defined]

KIB = 1024
MIB = 1024 * KIB
BODY_CHUNK_BYTES = 64 * KIB
PROMPT_BYTES = 32 * KIB
INBOX_MESSAGES = 32
REFUSAL_LINGER_SECONDS = 5
CLOSE_HANDSHAKE_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one client may take. `max_body_bytes` leaves room for the wrapping around an upload of 256 MiB."""

    max_body_bytes: int = 257 * MIB
    max_message_bytes: int = 64 * KIB
    head_seconds: float = 30
    ping_seconds: float = 20
    stall_seconds: float = 120
    leave_seconds: float = 10
    drain_seconds: float = 3


class Transport(tcp.Server):
    """One client's connection, which hands what is written to the kernel at once.

    Twisted queues it, registers for writing, is called, writes and unregisters: that costs several times the write.
    After 32 KiB it is queued, whose bound (`Room`) makes the sender wait, however much the kernel would take.
    """

    sent_promptly = 0
    _held: list[bytes] | None = None

    @contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """What is written within goes out as one, at the end of the outermost: an answer's end may begin the next."""
        if self._held is not None:
            yield
            return
        held = self._held = []
        try:
            yield
        finally:
            self._held = None
            self.write(b"".join(held))

    def write(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
            return
        if data and self._may_send():
            with suppress(OSError):  # there is no room now; or the client has gone, which the queue finds out
                sent = self.socket.send(data)
                self.sent_promptly += sent
                data = data[sent:]
        super().write(data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        self.write(b"".join(iovec))

    def doWrite(self) -> Any:
        self.sent_promptly = 0
        return super().doWrite()

    def _may_send(self) -> bool:
        queued = self.dataBuffer or self._tempDataBuffer
        return bool(self.connected and not self._aborting and not queued and self.sent_promptly < PROMPT_BYTES)


@implementer(IPushProducer)
class Room(asyncio.Event):
    """Set while a client's send buffer has room (64 KiB). The transport is told that this is what fills it."""

    def __init__(self) -> None:
        super().__init__()
        self.set()

    def pauseProducing(self) -> None:
        self.clear()

    def resumeProducing(self) -> None:
        self.set()

    def stopProducing(self) -> None:
        self.set()


class RequestInbox(asyncio.Queue[Message]):
    """What a request's application receives: the body from the file that holds it, piece by piece, then the queue."""

    def __init__(self, body: IO[bytes]) -> None:
        super().__init__()
        self.body = body

    async def get(self) -> Message:
        chunk = b"" if self.body.closed else self.body.read(BODY_CHUNK_BYTES)
        if not chunk:
            self.body.close()
            return await super().get()
        await asyncio.sleep(0)
        return {"type": "http.request", "body": chunk, "more_body": True}


def _refusal(status: int, title: str, detail: str) -> bytes:
    body = json.dumps(ProblemError(status, detail).document())
    head = (f"HTTP/1.1 {status} {title}", "Connection: close", f"Content-Type: {MEDIA_TYPE}")
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode()


BODY_TOO_LARGE = _refusal(
    413, "Content Too Large", "The body is larger than any request may be. Send less, or ask who runs Loupe."
)
HEAD_TOO_LARGE = _refusal(
    431,
    "Request Header Fields Too Large",
    "The address and the headers may have 16,384 bytes in all. Send less of them.",
)
MALFORMED = _refusal(400, "Bad Request", "This is no request that HTTP knows. Look at its first line and its headers.")


class SocketInbox(asyncio.Queue[Message]):
    """What a WebSocket's application receives. While it is behind, nothing more is read from the client."""

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self.transport = transport

    def put_nowait(self, item: Message) -> None:
        super().put_nowait(item)
        if self.qsize() == INBOX_MESSAGES:
            self.transport.pauseProducing()

    async def get(self) -> Message:
        item = await super().get()
        if self.qsize() == INBOX_MESSAGES - 1:
            self.transport.resumeProducing()
        return item


class Channel(HTTPChannel):
    """One HTTP connection."""

    def connectionMade(self) -> None:
        self.room = Room()
        self.refused = False
        super().connectionMade()

    def lineReceived(self, line: bytes) -> None:
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.refuse(HEAD_TOO_LARGE)
        if not self.refused:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002 (Twisted's signature)
        self.refuse(HEAD_TOO_LARGE)

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(MALFORMED)

    def refuse(self, answer: bytes) -> None:
        """Answer at once, but read on for a moment: a close would take the answer from a client still sending."""
        if self.refused:
            return
        self.refused = True
        transport: Any = self.transport
        transport.write(answer)
        transport.loseWriteConnection()
        loop.call_later(REFUSAL_LINGER_SECONDS, transport.abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.room.set()
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        self.room.clear()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        self.room.set()
        super().resumeProducing()

    def resetTimeout(self) -> None:
        """Each piece of a body buys time, and the first of a head, but not those that a slow client adds to a head."""
        head_has_begun = self.line_mode and (self._buffer or self.requests)
        if not head_has_begun:
            super().resetTimeout()


class Request(WebRequest):
    """One HTTP request and its response."""

    # So that Daphne's own answers (malformed requests) name no product.
    error_template = "<!doctype html><title>%(title)s</title><p>%(body)s</p>"

    def __init__(self, channel: Channel, queued: object) -> None:
        # Twisted would read a whole form into memory to parse it; Django does that from the file.
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self.room = channel.room
        self.body_bytes = 0
        self.refused = False

    def __repr__(self) -> str:
        """Name the path alone: this goes to the log, and a query may hold a ticket."""
        return f"<Request {self.method!r} {self.path!r}>"

    @property
    def gone(self) -> bool:
        return bool(self.finished or self._disconnected)

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        if (length or 0) > self.server.limits.max_body_bytes:
            self._refuse_body()

    def handleContentChunk(self, data: bytes) -> None:
        self.body_bytes += len(data)
        if self.body_bytes > self.server.limits.max_body_bytes:
            self._refuse_body()
        if not self.refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self.refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def process(self) -> None:
        # Daphne takes the application's mount point from this header, whoever sent it.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        if self.server.draining:
            self.go_away()
        super().process()

    def handle_reply(self, message: Message) -> None:
        """Send a part of the response: head and body leave together."""
        if self.gone:
            return
        with self.channel.transport.in_one_piece():
            super().handle_reply(message)

    def take_inbox(self) -> RequestInbox:
        """Give the body to the application and leave Daphne an empty file: it would queue the whole body in memory."""
        inbox = RequestInbox(self.content)
        super().gotLength(0)
        return inbox

    def go_away(self) -> None:
        if not self.gone:
            self.channel.persistent = 0
            self.responseHeaders.setRawHeaders(b"Connection", [b"close"])

    def _refuse_body(self) -> None:
        self.refused = True
        self.requestHeaders.removeHeader(b"Expect")
        self.channel.refuse(BODY_TOO_LARGE)


class Socket(WebSocketProtocol):
    """One WebSocket."""

    def connectionMade(self) -> None:
        self.room = Room()
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.room, True)
        super().connectionMade()

    @property
    def gone(self) -> bool:
        return self.state in (self.STATE_CLOSING, self.STATE_CLOSED)

    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:
        """An Origin that Autobahn can't read is refused as every other that is not ours."""
        super().failHandshake(reason, 403 if reason.startswith("HTTP Origin header") else code, responseHeaders)

    def onOpen(self) -> None:
        super().onOpen()
        if self.server.draining:
            self.go_away()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.room.set()
        # Autobahn also closes what never came as far as an application: a malformed handshake.
        if hasattr(self, "server"):
            super().onClose(wasClean, code, reason)

    def sendMessage(self, payload: bytes, isBinary: bool = False, **options: Any) -> None:
        """Send a message of any length: Autobahn bounds what goes out as it bounds what comes in."""
        bound = self.server.limits.max_message_bytes
        self.maxMessagePayloadSize = 0
        try:
            super().sendMessage(payload, isBinary, **options)
        finally:
            self.maxMessagePayloadSize = bound

    def serverClose(self, code: int | None = None) -> None:
        """Send any close code; Autobahn's own way raises for 1012 and other codes below 3000."""
        self.sendCloseFrame(code=code or 1000)

    def check_timeouts(self) -> None:
        """Ping, unless frames wait: behind them a ping would cut a slow reader that lives. The kernel watches those."""
        if self.room.is_set():
            super().check_timeouts()

    def take_inbox(self) -> SocketInbox:
        return SocketInbox(self.transport)

    def go_away(self) -> None:
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=1012, reasonUtf8=b"restarting")


class RequestFactory(HTTPFactory):
    """Makes the HTTP connections of one server."""

    protocol = Channel

    def __init__(self, server: "Server") -> None:
        super().__init__(server)
        self.timeOut = server.limits.head_seconds

    def buildProtocol(self, addr: Any) -> Channel:
        channel: Channel = super().buildProtocol(addr)
        channel.requestFactory = Request  # type: ignore[assignment]  # Daphne's WebRequest has no types
        return channel

    def log(self, request: object) -> None:
        """Keep no access log: its lines have query strings, and with them tickets."""


class SocketFactory(WebSocketFactory):
    """Makes the WebSockets of one server.

    It agrees to no compression: that costs 10 µs for each KiB, while all others wait, and 150 KiB for each socket.
    """

    protocol = Socket

    def __init__(self, server: "Server") -> None:
        super().__init__(server, server="")
        self.setProtocolOptions(
            allowNullOrigin=True,  # Origins are the application's affair.
            autoPingTimeout=server.limits.ping_seconds,
            closeHandshakeTimeout=CLOSE_HANDSHAKE_SECONDS,
            failByDrop=False,  # Else a message that is too long ends as 1006, not 1009.
            maxFramePayloadSize=server.limits.max_message_bytes,
            maxMessagePayloadSize=server.limits.max_message_bytes,
            openHandshakeTimeout=server.websocket_handshake_timeout,
        )
