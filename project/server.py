"""The web process: Daphne with `protocols.py`, which ends in good order.

Run it as `python -m project.server --fd 3` (a listening socket that was inherited; several processes may share one) or
with `--host` and `--port`. docs/adr/0003-daphne-subclass.md says why it is so.
"""

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from project.protocols import KIB, Limits, Message, Request, RequestFactory, Socket, SocketFactory, Transport, loop

import daphne.server  # isort: skip  # after the module that sees to the order of Twisted's imports
from daphne.utils import import_by_path
from twisted.logger import LogLevel, STDLibLogObserver, globalLogBeginner

logger = logging.getLogger(__name__)
twisted_log = STDLibLogObserver("twisted")

Application = Callable[..., Awaitable[None]]

BACKLOG = 512
CANCEL_SECONDS = 0.5
THREADS_SECONDS = 0.5
# A send to a client that has gone takes this long, so that a loop of sends can be cancelled and holds up nobody.
GONE_SECONDS = 0.01
# Ctrl-C reaches the whole process group, and a supervisor adds its own signal at once: together they are one request.
ONE_REQUEST_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server(daphne.server.Server):
    """Serves one ASGI application on a listening socket, which it takes over, until SIGTERM or SIGINT."""

    def __init__(self, application: Application, listener: socket.socket, limits: Limits) -> None:
        super().__init__(
            application,
            application_close_timeout=limits.leave_seconds,
            endpoints=["{} port {}".format(*listener.getsockname()[:2])],
            ping_interval=limits.ping_seconds,
            server_name="",
            websocket_handshake_timeout=20,
            websocket_timeout=-1,
        )
        self.listener = listener
        self.limits = limits
        self.draining = False
        self.connections: dict[Request | Socket, dict[str, Any]] = {}

    def run(self) -> None:
        """Serve, and return when the server has drained."""
        asyncio.set_event_loop(loop)
        _log_twisted_errors()
        self.http_factory = RequestFactory(self)
        self.ws_factory = SocketFactory(self)
        self.port = self._listen()
        self.application_checker()
        self.timeout_checker()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.drain)
        logger.info("Listening on %s", self.endpoints[0])
        daphne.server.reactor.run(installSignalHandlers=False)

    def drain(self) -> None:
        """Stop accepting, send sockets away with 1012, let requests finish for a few seconds, then end."""
        if not self.draining:
            self.draining = True
            logger.info("Ending: sockets are sent away, and open requests have %g s", self.limits.drain_seconds)
            loop.call_later(ONE_REQUEST_SECONDS, _let_signals_kill)
            self._ending = loop.create_task(self._end())

    def create_application(self, protocol: Request | Socket, scope: Message) -> asyncio.Queue[Message]:
        """Start the application of one request or socket, and return the queue of what it is to receive."""
        scope.setdefault("asgi", {"version": "3.0"})
        inbox = protocol.take_inbox()
        application = self.application(scope=scope, receive=inbox.get, send=partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(application, loop=loop)
        return inbox

    async def handle_reply(self, protocol: Request | Socket, message: Message) -> None:
        """Send, once the client's buffer has room.

        To a client that has gone it sends nothing and raises nothing: an application learns it from its disconnect
        message, which an error here would keep a consumer from handling.
        """
        await protocol.room.wait()
        if protocol.gone:
            await asyncio.sleep(GONE_SECONDS)
        else:
            await super().handle_reply(protocol, message)

    def protocol_disconnected(self, protocol: Request | Socket) -> None:
        """Note when it went. A refused handshake goes twice, and may have been cleaned up between."""
        if protocol in self.connections:
            super().protocol_disconnected(protocol)

    def _listen(self) -> Any:
        self.listener.setblocking(False)
        _bound_stalls(self.listener, self.limits.stall_seconds)
        port = daphne.server.reactor.adoptStreamPort(self.listener.fileno(), self.listener.family, self.http_factory)
        port.transport = Transport
        self.listener.close()
        return port

    async def _end(self) -> None:
        try:
            self.port.stopListening()
            for protocol in list(self.connections):
                protocol.go_away()
            await self._wait_until_quiet()
            await self._cancel_applications()
        finally:
            daphne.server.reactor.stop()

    async def _wait_until_quiet(self) -> None:
        deadline = loop.time() + self.limits.drain_seconds
        while not self._is_quiet() and loop.time() < deadline:  # noqa: ASYNC110 - no event says that buffers are empty
            await asyncio.sleep(0.05)

    def _is_quiet(self) -> bool:
        """Whether all have answered and all answers have left."""
        open_or_running = any(
            "disconnected" not in details or _is_running(details) for details in self.connections.values()
        )
        return not open_or_running and not daphne.server.reactor.getWriters()

    async def _cancel_applications(self) -> None:
        running = [details["application_instance"] for details in self.connections.values() if _is_running(details)]
        for application in running:
            application.cancel()
        if running:
            await asyncio.wait(running, timeout=CANCEL_SECONDS)


def main(arguments: Sequence[str] | None = None, limits: Limits | None = None) -> None:
    """Serve until told to stop. `limits` of the caller go before the options."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    listener = _open_listener(options)
    application = import_by_path(options.application)
    gc.freeze()  # what is imported stays: to look through it for garbage took 80 ms, in the middle of a transaction too
    Server(application, listener, limits or Limits(max_body_bytes=options.max_body_bytes)).run()
    _end_without_threads()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m project.server", description="Serve Loupe's pages and sockets.")
    parser.add_argument("--application", default="project.asgi:application", metavar="MODULE:ATTRIBUTE")
    parser.add_argument("--fd", type=int, help="number of a listening socket that was inherited")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--max-body-bytes", type=int, default=Limits.max_body_bytes)
    return parser.parse_args(arguments)


def _open_listener(options: argparse.Namespace) -> socket.socket:
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family, backlog=BACKLOG)


def _bound_stalls(listener: socket.socket, seconds: float) -> None:
    """Have the kernel end connections whose reader takes nothing, and keep little of what was not yet sent.

    Accepted sockets inherit both options. Linux has both; where one is missing a stalled reader is held, not dropped.
    """
    for name, value in (("TCP_USER_TIMEOUT", int(seconds * 1000)), ("TCP_NOTSENT_LOWAT", 128 * KIB)):
        option = getattr(socket, name, None)
        if option is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def _log_twisted_errors() -> None:
    observers: list[Any] = [_log_twisted_error]
    globalLogBeginner.beginLoggingTo(observers, redirectStandardIO=False, discardBuffer=True)


def _log_twisted_error(event: Message) -> None:
    if event["log_level"] >= LogLevel.error:
        twisted_log(event)


def _is_running(details: Message) -> bool:
    application = details.get("application_instance")
    return application is not None and not application.done()


def _let_signals_kill() -> None:
    for number in STOP_SIGNALS:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)


def _end_without_threads() -> None:
    """Exit although a synchronous view may still run: Python would wait for its thread."""
    ending = threading.Timer(THREADS_SECONDS, os._exit, [0])
    ending.daemon = True
    ending.start()


if __name__ == "__main__":
    main()
