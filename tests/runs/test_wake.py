"""Wake-ups are hints, as many as may start. A message can make a worker look for jobs, and nothing else."""

import json
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_django import Settings
from rq import Callback
from rq.job import Job as Message
from rq.queue import Queue
from rq.serializers import JSONSerializer

from accounts.models import User
from runs import wake
from runs.states import State
from tests.factories import job, workflow
from tests.waiting import eventually

OURS = zlib.compress(wake.PAYLOAD)


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
        forge(valkey, "the-last", data=OURS)
        self._thread.join(10)


@pytest.fixture
def ear(valkey: redis.Redis) -> Iterator[Ear]:
    listening = Ear()
    yield listening
    listening.stop(valkey)


def forge(valkey: redis.Redis, name: str, **fields: str | bytes) -> None:
    """Puts a message of these fields into the queue, as anybody could who writes to Redis."""
    given: Any = fields
    valkey.hset(f"rq:job:{name}", mapping=given)
    valkey.rpush("rq:queue:loupe", name)


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


def test_a_wake_up_without_redis_is_no_error(ada: User, settings: Settings) -> None:
    job(workflow(ada))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    wake.wake()


def test_a_wake_up_is_heard_and_leaves_nothing_behind(valkey: redis.Redis, ada: User, ear: Ear) -> None:
    job(workflow(ada))
    wake.wake()
    eventually(lambda: ear.heard == 1)
    assert wake.pending() == 0
    assert not valkey.keys("rq:job:*")


@pytest.mark.parametrize(
    "fields",
    [
        {"data": zlib.compress(json.dumps(["os.system", None, ["true"], {}]).encode())},
        {"data": zlib.compress(b"\x80\x04\x95")},
        {"data": zlib.compress(b"0" * 10**7)},
        {"data": b"cos\nsystem\n(S'true'\ntR."},
        {"data": b""},
        {"created_at": "no date", "meta": b"\x80\x04", "timeout": "no number"},
    ],
    ids=["function", "pickle", "bomb", "plain pickle", "empty", "nonsense"],
)
def test_a_forged_message_runs_nothing_and_is_dropped(
    valkey: redis.Redis, ear: Ear, fields: dict[str, str | bytes]
) -> None:
    forge(valkey, "forged", **fields)
    forge(valkey, "honest", data=OURS)
    eventually(lambda: ear.heard == 1)
    assert not valkey.exists("rq:job:forged", "rq:job:honest")


def test_callbacks_of_a_message_are_never_called(valkey: redis.Redis, ear: Ear, tmp_path: Path) -> None:
    queue = Queue("loupe", connection=valkey, serializer=JSONSerializer)
    touched = tmp_path / "touched"
    message = Message.create(
        "runs.worker.process.wake",
        connection=valkey,
        serializer=JSONSerializer,
        on_success=Callback("tests.runs.forged.call"),
        on_failure=Callback("tests.runs.forged.call"),
        meta={"touch": str(touched)},
    )
    queue.enqueue_job(message)
    eventually(lambda: ear.heard == 1)
    assert not valkey.exists(message.key)
    assert not touched.exists()


def test_what_looks_abandoned_is_left_alone(valkey: redis.Redis, ear: Ear) -> None:
    valkey.zadd("rq:wip:loupe", {"old:execution": 1})
    forge(valkey, "honest", data=OURS)
    eventually(lambda: ear.heard == 1)
    assert valkey.zcard("rq:wip:loupe") == 1


def test_while_redis_is_away_a_worker_looks_by_itself(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    ear = Ear()
    eventually(lambda: ear.heard >= 2)
    ear.leave.set()
    ear._thread.join(5)
    assert not ear._thread.is_alive()
