"""Wake-ups are hints, as many as may start. A message can make a worker look for jobs, and nothing else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.db import OperationalError
from pytest_django import Settings
from rq import Callback
from rq.job import Job as Message
from rq.queue import Queue
from rq.serializers import JSONSerializer

from accounts.models import User
from runs import gate, wake
from runs.models import Job
from runs.states import State
from tests.factories import job, workflow
from tests.waiting import eventually


@contextmanager
def listening(valkey: redis.Redis, channel: str) -> Iterator[Callable[[], object]]:
    """What is given tells the next message of the channel, once it has come."""
    with valkey.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
        subscription.subscribe(channel)
        subscription.get_message(timeout=15)  # that it has been subscribed
        yield lambda: subscription.get_message(timeout=15)["data"]


class Ear:
    """Listens for wake-ups in a thread, until it has heard `enough`."""

    def __init__(self) -> None:
        self.heard = 0
        self.leave = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            wake.listen("ear", self._wake)
        except wake.Stopped:
            return

    def _wake(self) -> None:
        if self.leave.is_set():
            raise wake.Stopped
        self.heard += 1

    def stop(self, valkey: redis.Redis) -> None:
        self.leave.set()
        valkey.rpush("rq:queue:loupe", wake.MESSAGE)
        self._thread.join(10)


@pytest.fixture
def ear(valkey: redis.Redis) -> Iterator[Ear]:
    listening = Ear()
    yield listening
    listening.stop(valkey)


def test_as_many_are_woken_as_may_start(valkey: redis.Redis, ada: User, settings: Settings) -> None:
    settings.MAX_CONCURRENT_JOBS = 3
    mine = workflow(ada)
    for _ in range(2):
        job(mine)
    wake.wake()
    assert wake.pending() == 2
    for _ in range(5):
        job(mine)
    wake.wake()
    wake.wake()
    assert wake.pending() == 3


def test_nobody_is_woken_while_all_slots_are_taken(valkey: redis.Redis, ada: User, settings: Settings) -> None:
    settings.MAX_CONCURRENT_JOBS = 1
    mine = workflow(ada)
    job(mine, state=State.RUNNING)
    job(mine)
    wake.wake()
    assert wake.pending() == 0


def end(running: Job) -> None:
    gate.end(running.pk, running.fence, code="timeout", message="It took too long.", by="pool")


def go_on(running: Job) -> None:
    gate.pause(True)
    end(running)
    assert wake.pending() == 0
    gate.pause(False)


ROOM: dict[str, Callable[[Job], object]] = {
    "a higher cap": lambda _: gate.set_cap(2),
    "an end from outside": end,
    "a queue that goes on": go_on,
    "a lost worker": lambda running: gate.lost(running.pk, running.fence, by="pool", why="killed"),
    "a job that is handed back": lambda running: gate.hand_back(running.pk, running.fence, by="pool"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ROOM)
def test_whatever_makes_room_wakes_a_worker_at_once(
    valkey: redis.Redis, ada: User, settings: Settings, way: str
) -> None:
    settings.MAX_CONCURRENT_JOBS = 1
    running = job(workflow(ada), state=State.RUNNING, fence=1, attempts=1, worker="w1")
    job(running.workflow)
    ROOM[way](running)
    assert wake.pending() == 1


def test_a_wake_up_without_redis_is_no_error(ada: User, settings: Settings) -> None:
    job(workflow(ada))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    wake.wake()


def test_one_more_that_waits_wakes_one_more(valkey: redis.Redis, ada: User, settings: Settings) -> None:
    settings.MAX_CONCURRENT_JOBS = 2
    mine = workflow(ada)
    for woken in (1, 2, 2):
        job(mine)
        wake.wake_for_one([])
        assert wake.pending() == woken


@pytest.mark.parametrize(("cap", "woken"), [(1, 1), (0, 0)])
def test_hints_go_with_wake_ups_and_where_nobody_is_to_be_woken(
    valkey: redis.Redis, ada: User, settings: Settings, cap: int, woken: int
) -> None:
    settings.MAX_CONCURRENT_JOBS = cap
    job(workflow(ada))
    with listening(valkey, "ours") as heard:
        wake.wake([("ours", b"1"), ("ours", b"2")])
        assert [heard(), heard()] == [b"1", b"2"]
    assert wake.pending() == woken


def test_hints_go_where_redis_refuses_the_wake_up(valkey: redis.Redis, ada: User) -> None:
    job(workflow(ada))
    valkey.set(wake.LIST, "somebody else's")
    with listening(valkey, "ours") as heard:
        wake.wake([("ours", b"1")])
        assert heard() == b"1"


def test_hints_go_where_the_database_is_away(valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise OperationalError("the database is away")

    monkeypatch.setattr(wake, "free_slots", away)
    with listening(valkey, "ours") as heard:
        wake.wake_for_one([("ours", b"1")])
        assert heard() == b"1"


def test_a_wake_up_is_heard_and_leaves_nothing_behind(valkey: redis.Redis, ada: User, ear: Ear) -> None:
    job(workflow(ada))
    wake.wake()
    eventually(lambda: ear.heard == 1)
    assert wake.pending() == 0
    assert not valkey.keys("rq:job:*")


def test_after_redis_was_restarted_wake_ups_are_sent(valkey: redis.Redis, ada: User) -> None:
    job(workflow(ada))
    wake.wake()
    valkey.flushall()
    valkey.script_flush()
    wake.wake()
    assert wake.pending() == 1


def test_a_message_of_anybody_is_but_a_wake_up(
    valkey: redis.Redis, ear: Ear, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touched = tmp_path / "touched"
    message = Message.create(
        "tests.runs.forged.nothing",
        connection=valkey,
        serializer=JSONSerializer,
        on_success=Callback("tests.runs.forged.call"),
        on_failure=Callback("tests.runs.forged.call"),
        meta={"touch": str(touched)},
    )
    Queue("loupe", connection=valkey, serializer=JSONSerializer).enqueue_job(message)
    eventually(lambda: ear.heard == 1)
    assert "Who writes to Redis?" in caplog.text
    assert not touched.exists()


def test_what_looks_abandoned_is_left_alone(valkey: redis.Redis, ear: Ear) -> None:
    valkey.zadd("rq:wip:loupe", {"old:execution": 1})
    valkey.rpush("rq:queue:loupe", wake.MESSAGE)
    eventually(lambda: ear.heard == 1)
    assert valkey.zcard("rq:wip:loupe") == 1


def test_now_and_then_a_worker_looks_though_nobody_woke_it(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "BLOCK_SECONDS", 1)
    ear = Ear()
    eventually(lambda: ear.heard)
    ear.stop(valkey)


def test_while_redis_is_away_a_worker_looks_by_itself(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    ear = Ear()
    eventually(lambda: ear.heard >= 2)
    ear.leave.set()
    ear._thread.join(5)
    assert not ear._thread.is_alive()
