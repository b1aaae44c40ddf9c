"""Processes that do what Loupe does, and really die at one of its steps, by SIGKILL; or tell the steps that they took.

A step is what others can see: a transaction that wrote something is committed, a file is written, a message goes to
Redis or to a receiver. It has the name of Loupe's own function that takes it. Between two steps nothing happens that
outlasts a process, so dying before each, and after the last, is dying everywhere.

Children are forked from a warm process of one thread, which has loaded all that they need and connected to nothing.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.conf import settings
from django.db import connection, connections
from django.db.backends.utils import CursorWrapper
from django.test import Client
from rq.queue import Queue

import project.asgi  # noqa: F401 (all that a web process loads)
from runs import gate, publish, store, stream, wake
from runs.models import Delivery
from runs.pool import sender
from runs.pool.children import Children
from runs.pool.ledger import Ledger
from runs.pool.post import office
from runs.pool.processes import Child
from runs.pool.sender import Sender
from runs.pool.sweep import Sweep
from runs.worker.process import Worker
from runs.worker.recorder import Recorder
from tests.runs.racer import race
from tests.waiting import eventually
from workflows import outgoing

PATIENCE: Final = 30.0
WRITES: Final = ("INSERT", "UPDATE", "DELETE")
OURS: Final = ("accounts.", "runs.", "workflows.")
LOOSE: Final = {"stream.append", "Products.save"}
"""How often a run is told depends on how long it takes: these are seen where they are expected."""

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Plan:
    """The steps that are expected once `since` was taken, and which of them not to survive; one more: the last."""

    steps: Sequence[str] = ()
    dies_at: int | None = None
    since: str = ""
    prompt: bool = False
    """Whether a run tells of the first thing that it has made at once."""


class Doing:
    """A child that does what `ACTS` says under this name, and dies as planned.

    `notes`: where it writes what steps it took. `changes`: settings, and attributes of modules, that it has otherwise.
    """

    def __init__(self, act: str, given: Sequence[Any], plan: "Plan", notes: Path, **changes: Any) -> None:
        self.notes = notes
        arguments = (str(connection.settings_dict["NAME"]), act, given, plan, notes, changes)
        self.process = context.Process(target=_do, args=arguments, daemon=True)
        self.process.start()

    @property
    def lives(self) -> bool:
        return self.process.is_alive()

    def tell(self, number: signal.Signals) -> None:
        """As a pool signals a worker."""
        assert self.process.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def died(self) -> bool:
        """Whether it was killed; waits for its end."""
        self.process.join(PATIENCE)
        assert self.process.exitcode in {0, -signal.SIGKILL}, self.process.exitcode
        return self.process.exitcode != 0

    def took(self) -> list[str]:
        """The steps that it took."""
        return [str(step) for step in json.loads(self.notes.read_text())]


class Watch:
    """Sees every step, and ends this process before the one at which it is to die."""

    def __init__(self, plan: Plan) -> None:
        self.took: list[str] = []
        self._plan = plan
        self._begun = not plan.since
        self._here = threading.local()

    def step(self, name: str, take: Callable[[], Any], counts: Callable[[], bool] = lambda: True) -> Any:
        """Takes the step, unless it is a part of another. It may turn out to be none, as it changed nothing."""
        if getattr(self._here, "within", False):
            return take()
        self._here.within = True
        try:
            if self._begun and name == self._expected():
                self._die_at(len(self.took))
            result = take()
        finally:
            self._here.within = False
        if counts() and (name == self._expected() or name not in LOOSE):
            self._note(name)
        return result

    def _note(self, name: str) -> None:
        if self._begun:
            self.took.append(name)
            if len(self.took) == len(self._plan.steps):
                self._die_at(len(self.took))
        self._begun = self._begun or name == self._plan.since

    def _expected(self) -> str:
        """The next step as planned."""
        return "".join(self._plan.steps[len(self.took) :][:1])

    def _die_at(self, place: int) -> None:
        if place == self._plan.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _do(database: str, act: str, given: Sequence[Any], plan: Plan, notes: Path, changes: dict[str, Any]) -> None:
    connection.settings_dict["NAME"] = database
    for name, value in changes.items():
        module, _, attribute = name.rpartition(".")
        setattr(sys.modules[module] if module else settings, attribute, value)
    outgoing.guard.allow(settings.HTTP_ALLOW)
    watch = Watch(plan)
    _watch_database(watch)
    _watch_redis(watch)
    _watch_others(watch)
    if plan.prompt:
        _tell_at_once()
    ACTS[act](*given)
    notes.write_text(json.dumps(watch.took))
    connection.close()


def _watch_database(watch: Watch) -> None:
    backend: Any = type(connections["default"])
    commit = backend._commit

    def committing(self: Any) -> None:
        wrote, self.wrote = getattr(self, "wrote", False), False
        if wrote:
            watch.step(_name(), lambda: commit(self))
        else:
            commit(self)

    def executing(execute: Any) -> Any:
        def noted(self: Any, sql: str, *rest: Any) -> Any:
            if not sql.lstrip().startswith(WRITES):
                return execute(self, sql, *rest)
            if not self.db.in_atomic_block:
                return watch.step(_name(), lambda: execute(self, sql, *rest), lambda: self.cursor.rowcount > 0)
            result = execute(self, sql, *rest)
            changed = self.cursor.rowcount > 0 or "RETURNING" in sql  # SQLite counts those once they are fetched
            self.db.wrote = getattr(self.db, "wrote", False) or changed
            return result

        return noted

    backend._commit = committing
    wrapper: Any = CursorWrapper
    wrapper._execute, wrapper._executemany = executing(wrapper._execute), executing(wrapper._executemany)


def _watch_redis(watch: Watch) -> None:
    for name in ("begin", "append", "shut", "expire", "forget"):
        setattr(stream, name, _stepping(watch, getattr(stream, name), f"stream.{name}"))
    send: Any = publish._publish

    def publishing(messages: Any) -> None:
        if told := list(messages):
            watch.step(_name(), lambda: send(told))

    publish._publish = publishing
    push: Any = wake._push

    def pushing(*given: Any) -> None:
        sent: list[int] = []
        watch.step(_name(), lambda: sent.append(push(*given)), lambda: sent != [0])

    setattr(wake, "_push", pushing)  # noqa: B010 (it answers nothing, and nobody asks)
    queue: Any = Queue
    queue.lpop = staticmethod(_stepping(watch, queue.lpop))


def _watch_others(watch: Watch) -> None:
    store._write = _stepping(watch, store._write, "the file")
    sending: Any = sender
    post = sending.send

    async def posting(parcel: Any) -> Any:
        watch.step("post.send", lambda: None)
        return await post(parcel)

    sending.send = posting


def _tell_at_once() -> None:
    keep: Any = Recorder.product
    told: list[str] = []

    async def keeping(self: Any, node: str, *rest: Any) -> None:
        await keep(self, node, *rest)
        self._stir(urgent=not told)
        told.append(node)

    setattr(Recorder, "product", keeping)  # noqa: B010 (mypy would have it a method)


def _stepping(watch: Watch, act: Any, name: str | None = None) -> Any:
    return lambda *given, **named: watch.step(name or _name(), lambda: act(*given, **named))


def _name() -> str:
    """The function of ours that takes a step: the outermost of those that are called within its module."""
    frame: Any = sys._getframe(1)
    while not frame.f_globals["__name__"].startswith(OURS):
        frame = frame.f_back
    while frame.f_back and frame.f_back.f_globals["__name__"] == frame.f_globals["__name__"]:
        frame = frame.f_back
    name = str(frame.f_code.co_qualname).split(".<locals>")[0]
    return name if "." in name else f"{frame.f_globals['__name__'].rpartition('.')[2]}.{name}"


def ask(method: str, path: str, headers: dict[str, str], body: object, *, again: bool = False) -> None:
    """A web process is asked; if again, what it was to delete may be gone by now."""
    answer: Any = Client().generic(method, path, json.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code < 300 or (again and method == "DELETE" and answer.status_code == 404), answer.content


def _work(name: str) -> None:
    """A worker waits to be woken."""
    worker = Worker(name)
    worker._take_signals()
    with contextlib.suppress(wake.Stopped):
        wake.listen(name, worker._work)
    worker._executor.close()


def _look(pool: str) -> None:
    """A pool's ledger looks at the jobs of its workers, none of whom lives."""
    Ledger(pool, childless(pool)).round()


def childless(pool: str) -> Children:
    """A pool's workers, of which there are none and none is started."""

    def start(name: str) -> Child:
        raise AssertionError(f"{name} is not wanted")

    return Children(pool, start, 2**40)


def send(pool: str) -> None:
    """A pool sends what webhooks are to be told."""
    sending = Sender(pool)

    def is_sent() -> bool:
        sending.round(loop)
        return not Delivery.objects.waiting().exists()

    with office() as loop:
        eventually(is_sent)


ACTS: Final[dict[str, Callable[..., object]]] = {
    "ask": ask,
    "work": _work,
    "look": _look,
    "sweep": lambda pool: Sweep(pool).round(),
    "hand back": lambda job, fence, pool: gate.hand_back(job, fence, by=pool),
    "end": lambda job, fence, pool: gate.end(job, fence, code="memory_limit", message="Too much.", by=pool),
    "send": send,
    "race": race,
}
