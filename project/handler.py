"""Django's ASGI handler, as quick as it can be for synchronous views.

As it comes, each request has a new thread, a new database connection, and two changes of threads for every middleware:
4 ms of processor altogether, as much as most of our views take themselves. One more change and back, for what Django
does before each, goes where the application is made (`project.asgi`).
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from os import SEEK_END
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections, connections, reset_queries
from django.http import HttpRequest
from django.http.response import HttpResponseBase

KEPT_THREADS = 16
"""As many wait for the next request, each with its database connection; more are made and ended as they are needed."""

BEFORE_EACH = (reset_queries, close_old_connections)
"""What Django does before each request, as receivers of `request_started`."""

Message = Mapping[str, Any]


class Handler(ASGIHandler):
    """Runs each request from its first middleware to its view on one thread, which has served others before."""

    def __init__(self) -> None:
        self._idle: deque[ThreadPoolExecutor] = deque()
        super().__init__()

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Serves one request, on a thread that is lent to it alone."""
        async with self._thread() as thread, ThreadSensitiveContext(executor=thread):
            await super().__call__(scope, receive, send)

    def create_request(self, scope: Mapping[str, Any], body_file: IO[bytes]) -> Any:
        """A body that came in chunks gets its length: without one Django finds nothing in a form."""
        if not any(name == b"content-length" for name, _ in scope["headers"]):
            length = body_file.seek(0, SEEK_END)
            body_file.seek(0)
            if length:
                scope = {**scope, "headers": [*scope["headers"], (b"content-length", str(length).encode())]}
        return super().create_request(scope, body_file)

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 (Django's signature)
        """All of it synchronous: asynchronous views are waited for on the event loop, as ever."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """The response, made on the request's thread in one go."""
        return await sync_to_async(self._respond, thread_sensitive=True)(request)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        for begin in BEFORE_EACH:
            begin()
        return self.get_response(request)

    @asynccontextmanager
    async def _thread(self) -> AsyncIterator[ThreadPoolExecutor]:
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            yield thread
        finally:
            if len(self._idle) < KEPT_THREADS:
                self._idle.append(thread)
            else:
                thread.submit(connections.close_all)
                thread.shutdown(wait=False)
