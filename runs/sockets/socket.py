"""A client's socket: who may join, what goes out, and how it closes."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import parse_cookie

from accounts import tickets
from accounts.authentication import Visible, visible
from accounts.credentials import Credentials, of_secret, of_session
from accounts.scopes import Scope
from runs.errors import IdGivenAgain, JobGone, WorkflowGone
from runs.models import Job
from runs.sockets.feed import Frame, JobFeed
from runs.sockets.hints import AWAY
from runs.sockets.patience import Patience
from runs.sockets.reading import Reading, read_ended
from runs.sockets.tasks import first_of, to_the_end
from runs.sockets.threads import in_database
from runs.sockets.warden import Warden
from runs.telemetry import TelemetryId
from workflows.models import Workflow

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SEND_PATIENCE = 30.0
"""Seconds that frames may wait for a client that takes none of them."""
TRY_AGAIN_LATER = 1013
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404
TOO_SLOW = 4429


_as_json = json.JSONEncoder(separators=(",", ":")).encode
_workflow_of_job = Visible[UUID](lambda: Job.objects.values_list("workflow_id", flat=True))
_workflow = Visible[UUID](lambda: Workflow.objects.values_list("pk", flat=True))


class Closing(Exception):  # noqa: N818 (what is to happen, not what went wrong)
    """Ends a socket with a close code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class Feed(Protocol):
    """What a socket sends by itself."""

    async def run(self) -> None:
        """Sends it, until the task is cancelled. Raises JobGone or WorkflowGone."""


class Socket(ABC):
    """One client. Every handshake is accepted, so that the close code can say why a client may not stay."""

    credentials: Credentials
    workflow_id: UUID
    feed: Feed

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.subject_id: UUID = next(iter(scope["url_route"]["kwargs"].values()))
        self.query = parse_qs(scope["query_string"].decode("latin1"))
        self._receive = receive
        self._send = send
        self._verdict: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._patience = Patience(SEND_PATIENCE, lambda: self._close(TOO_SLOW))

    @classmethod
    async def serve(cls, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI application: one socket, from its handshake to its end."""
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await cls(scope, receive, send).stay()
        except Closing as closing:
            await send({"type": "websocket.close", "code": closing.code})

    async def stay(self) -> None:
        """Returns when the client goes. Raises Closing when it has to."""
        try:
            await in_database(self._admit)
        except (*AWAY, OperationalError, InterfaceError) as error:
            raise Closing(TRY_AGAIN_LATER) from error
        self.feed = self.make_feed()
        Warden.here().add(self)
        try:
            await first_of(self._follow(), self._listen(), self._wait_for_verdict())
        finally:
            self._patience.close()
            await to_the_end(Warden.here().remove(self))

    @classmethod
    @abstractmethod
    def seen(cls, credentials: Credentials, subject_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """What these credentials let one see of the subjects of such sockets, each with its workflow's id.

        Reads the database.
        """

    @abstractmethod
    def make_feed(self) -> Feed:
        """What is to be followed, once it is known that it may be."""

    def identify(self) -> Credentials | None:
        """Who is there, if anybody. Reads database and Redis."""
        return _of_session(self.scope)

    async def hear(self, text: str | None) -> None:  # noqa: B027 (to most that is nothing)
        """A message of the client's; None for one that is not text."""

    async def tell(self, frame: Frame) -> None:
        """Sends a frame as it is."""
        await self.send(frame)

    async def send(self, message: Mapping[str, Any]) -> None:
        """One JSON message. A client that does not take it in time is sent away."""
        with self._patience:
            await self._send({"type": "websocket.send", "text": _as_json(message)})

    def expel(self) -> None:
        """The warden found the credentials no longer good."""
        self._close(NOT_SIGNED_IN)

    def lose_sight(self) -> None:
        """The warden found that what is shown is gone, or not to be seen any more."""
        self._close(NOT_FOUND)

    def _admit(self) -> None:
        """Who is there, and may they see what is shown? Reads database and Redis. Raises Closing."""
        credentials = self.identify()
        if credentials is None or not credentials.may(Scope.READ):
            raise Closing(NOT_SIGNED_IN)
        self.credentials = credentials
        workflow_id = self.seen(credentials, [self.subject_id]).get(self.subject_id)
        if workflow_id is None:
            raise Closing(NOT_FOUND)
        self.workflow_id = workflow_id

    async def _follow(self) -> None:
        try:
            await self.feed.run()
        except (JobGone, WorkflowGone) as error:
            raise Closing(NOT_FOUND) from error
        except IdGivenAgain as error:
            raise Closing(TRY_AGAIN_LATER) from error

    async def _listen(self) -> None:
        while (message := await self._receive())["type"] != "websocket.disconnect":
            await self.hear(message.get("text"))

    async def _wait_for_verdict(self) -> None:
        raise Closing(await self._verdict)

    def _close(self, code: int) -> None:
        if not self._verdict.done():
            self._verdict.set_result(code)


class JobSocket(Socket):
    """One client on one job."""

    feed: JobFeed
    _ended: Reading | None

    @property
    def job_id(self) -> UUID:
        """The one of the address."""
        return self.subject_id

    @classmethod
    def seen(cls, credentials: Credentials, subject_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Jobs."""
        if len(subject_ids) == 1:  # each handshake asks for one
            return _alone(_workflow_of_job, credentials, *subject_ids)
        jobs = visible(Job.objects.all(), credentials).filter(pk__in=subject_ids)
        return dict(jobs.values_list("pk", "workflow_id"))

    def make_feed(self) -> JobFeed:
        """The job's, from where the client wants to go on."""
        return JobFeed(self.job_id, self.tell, after=self.after(), ended=self._ended)

    def _admit(self) -> None:
        """At once with its end, if the job has come to it."""
        super()._admit()
        self._ended = read_ended(self.job_id)

    def after(self) -> TelemetryId | None:
        """Where the client wants to go on; what is no id can't be gone on from, and gets a snapshot."""
        try:
            return TelemetryId.parse(self.query["after"][0])
        except (KeyError, ValueError):
            return None


class WorkflowSocket(Socket):
    """One client on one workflow."""

    @classmethod
    def seen(cls, credentials: Credentials, subject_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Workflows."""
        if len(subject_ids) == 1:
            return _alone(_workflow, credentials, *subject_ids)
        workflows = visible(Workflow.objects.all(), credentials).filter(pk__in=subject_ids)
        return {found: found for found in workflows.values_list("pk", flat=True)}


async def nothing_here(_scope: Message, receive: Receive, send: Send) -> None:
    """The ASGI application of every address that is no socket's: accepted, then closed as not found."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": NOT_FOUND})


def of_program(scope: Message) -> Credentials | None:
    """By Bearer header, one-time ticket, or session cookie, whichever comes first; a bad one is not passed over."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, secret = value.decode("latin1").partition(" ")
            return of_secret(secret.strip()) if scheme.lower() == "bearer" else None
    given = parse_qs(scope["query_string"].decode("latin1")).get("ticket")
    return tickets.redeem(given[0]) if given else _of_session(scope)


def _alone(one: Visible[UUID], credentials: Credentials, subject_id: UUID) -> dict[UUID, UUID]:
    found = one(credentials, subject_id)
    return {subject_id: found} if found else {}


def _of_session(scope: Message) -> Credentials | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            key = parse_cookie(value.decode("latin1")).get(settings.SESSION_COOKIE_NAME)
            return of_session(key) if key else None
    return None
