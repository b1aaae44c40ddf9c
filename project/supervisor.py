"""The process that `make run` becomes: it starts Valkey, the worker pool and the web processes, and ends them all."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import redis
from django.conf import settings
from django.db import connections

from accounts.addresses import published, sign_in_address
from project.database import prepare
from project.first_start import owner_with_examples
from project.ground import check_room, data_lock, listener, plain_reasons
from project.logs import Log
from project.starter import Starter, say
from project.valkey import Valkey
from runs.pool.processes import Backoff, Child, Condition, spawn
from runs.pool.watchdog import Watchdog
from runs.redis import connection as redis_connection

TICK_SECONDS = 0.05
PATIENCE_SECONDS = 10.0
"""A supervisor that is silent for so long is taken for dead by its watchdog."""
POOL_GRACE_SECONDS = 3.0
"""What the pool may take beyond DRAIN_SECONDS to hand its jobs back."""
VALKEY_GRACE_SECONDS = 1.5
BODY_ROOM_BYTES = 1024**2
"""For what is around an uploaded file in the body of its request."""
HASTE_SECONDS = 0.7
"""A signal to a group reaches make too, which passes it on: what comes so soon after the first is the same request."""


def run(data_dir: Path, *, with_parent: bool) -> None:
    """Runs Loupe on `data_dir` until it is told to stop. Raises CannotStart when it can't."""
    starter = Starter(with_parent=with_parent)
    os.umask(0o077)
    with plain_reasons(data_dir), data_lock(data_dir) as lock, listener(settings.HOST, settings.PORT) as opened:
        check_room(data_dir)
        prepare(data_dir / "copies", say)
        address = sign_in_address(owner_with_examples(say))
        if not settings.EMBEDDED_REDIS and not _redis_answers():
            say("Nothing answers at REDIS_URL: jobs wait until it does. `./loupe doctor` says more.")
        connections.close_all()  # from here on, the supervisor waits for no database
        say("Starting …")
        with published(data_dir), Watchdog(PATIENCE_SECONDS, held=(lock,)) as watchdog:
            Supervisor(data_dir, opened, watchdog, address, starter).run()


def web_arguments(handle: int) -> list[str]:
    """How Python is called to be the web process on this listening socket. It takes no larger body than Loupe may."""
    most = max(settings.MAX_UPLOAD_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + BODY_ROOM_BYTES
    return ["-m", "project.server", "--fd", str(handle), "--max-body-bytes", str(most)]


class Service:
    """One child that is to run for as long as Loupe does."""

    def __init__(self, name: str, start: Callable[[], Child], log: Log) -> None:
        self.name = name
        self.log = log
        self.child: Child | None = None
        self._start = start
        self._backoff = Backoff()

    def tend(self) -> None:
        """Starts it when it does not run; kills it when it is stopped, since it then serves nobody."""
        if self.child is None:
            self._try_to_start()
        elif (condition := self.child.look()) is Condition.STOPPED:
            self.child.send(signal.SIGKILL)
        elif condition is Condition.ENDED:
            self._note_end(self.child)

    def has_ended(self) -> bool:
        """Whether nothing of it runs any more."""
        if self.child is not None and self.child.look() is Condition.ENDED:
            self.child.reap()
            self.child = None
        return self.child is None

    def _try_to_start(self) -> None:
        if not self._backoff.due:
            return
        try:
            self.child = self._start()
        except OSError as error:  # a full disk, say: the others go on
            self._backoff.ended(0)
            say(f"{self.name} could not be started ({error}); it is tried again.")

    def _note_end(self, child: Child) -> None:
        code = child.reap()
        self._backoff.ended(time.monotonic() - child.started)
        self.child = None
        say(f"{self.name} ended unasked (code {code}) and is started again; its log is {self.log.path}.")


class Supervisor:
    """Keeps the services running, in this order started and in the opposite one ended."""

    def __init__(
        self, data_dir: Path, listener: socket.socket, watchdog: Watchdog, address: str, starter: Starter
    ) -> None:
        self._listener = listener
        self._watchdog = watchdog
        self._address = address
        self._starter = starter
        self._announced = False
        self._store_answers = False
        self._asked_at: float | None = None
        self._hastened = False
        logs = data_dir / "logs"
        self._valkey = Valkey(data_dir / "valkey", Log(logs, "valkey")) if settings.EMBEDDED_REDIS else None
        self._store = [Service("Valkey", self._start_valkey, Log(logs, "valkey"))] if self._valkey else []
        self._workers = Service("The worker pool", self._start_pool, Log(logs, "workers"))
        self._web = [self._web_service(Log(logs, name)) for name in _web_names()]

    def run(self) -> None:
        """Returns when Loupe was asked to stop and has stopped."""
        self._listen_to_signals()
        try:
            while self._asked_at is None:
                self._tick()
                time.sleep(TICK_SECONDS)
        finally:
            say("Stopping …")
            self._end((*self._web, self._workers), settings.DRAIN_SECONDS + POOL_GRACE_SECONDS)
            self._end(self._store, VALKEY_GRACE_SECONDS)
            if self._valkey:
                self._valkey.remove_socket()
        say("Loupe has stopped.")

    def _tick(self) -> None:
        self._watchdog.beat()
        for service in self._wanted():
            service.tend()
            service.log.trim()
        if not self._announced and _answers(self._listener):
            self._announced = True
            say(f"Loupe is ready. Open this once to be signed in (Ctrl-C stops Loupe):\n{self._address}")
        if self._starter.has_gone():
            self._asked_at = time.monotonic()

    def _wanted(self) -> list[Service]:
        """The services that are to run by now: what needs Valkey is started once that has answered."""
        self._store_answers = self._store_answers or self._valkey is None or self._valkey.answers()
        return [*self._store, self._workers, *self._web] if self._store_answers else self._store

    def _end(self, services: Sequence[Service], seconds: float) -> None:
        """Asks these to end, and kills what has not done so in time."""
        for service in services:
            if service.child:
                service.child.tell(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while sum(not service.has_ended() for service in services):
            self._watchdog.beat()
            if self._hastened or time.monotonic() > deadline:
                _kill(services)
            time.sleep(TICK_SECONDS / 2)

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it to live on
            signal.signal(signal.SIGHUP, self._take_signal)
        for number in (signal.SIGTSTP, signal.SIGTTOU):  # stopped, it would be taken for dead
            signal.signal(number, signal.SIG_IGN)

    def _take_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        elif number == signal.SIGINT and now - self._asked_at > HASTE_SECONDS:
            self._hastened = True

    def _start_valkey(self) -> Child:
        assert self._valkey  # noqa: S101 (the service exists with it)
        return self._valkey.start(self._watchdog)

    def _start_pool(self) -> Child:
        return self._start_python(["manage.py", "workers"], self._workers.log)

    def _web_service(self, log: Log) -> Service:
        handle = self._listener.fileno()
        return Service("The web process", lambda: self._start_python(web_arguments(handle), log, handle), log)

    def _start_python(self, arguments: list[str], log: Log, *descriptors: int) -> Child:
        with log.open() as output:
            return spawn(
                [sys.executable, *arguments],
                self._watchdog,
                folder=settings.BASE_DIR,
                output=output,
                descriptors=descriptors,
            )


def _web_names() -> list[str]:
    """What the logs of the web processes are called."""
    return ["web", *(f"web-{number}" for number in range(2, settings.WEB_PROCESSES + 1))]


def _redis_answers() -> bool:
    with suppress(redis.RedisError):
        return bool(redis_connection().ping())
    return False


def _kill(services: Sequence[Service]) -> None:
    for service in services:
        if service.child:
            service.child.send(signal.SIGKILL)


def _answers(listener: socket.socket) -> bool:
    """Whether the web process answers a request within a moment."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (the other way round)
    with suppress(OSError), socket.create_connection((host, port), timeout=2 * TICK_SECONDS) as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        return client.recv(5) == b"HTTP/"
    return False
