"""Whoever writes to Redis runs nothing here: what RQ's own worker would do, ours does not, and goes on working."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Callback, Queue, SimpleWorker
from rq.job import JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from accounts.models import User
from runs import wake
from runs.models import Job
from runs.states import State
from runs.submit import Order, submit
from tests import factories
from tests.loopback import Server
from tests.receiving import receiving
from tests.runs import forged
from tests.runs.dying import Doing, Plan
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

Forge = Callable[[Queue, str, Server], object]


def callbacks(queue: Queue, path: str, _server: Server) -> None:
    called = Callback("tests.runs.forged.call")
    options: dict[str, Any] = {"on_success": called, "on_failure": called, "on_stopped": called}
    queue.enqueue_call("tests.runs.forged.nothing", meta={"touch": path}, **options)


def webhook(queue: Queue, _path: str, server: Server) -> None:
    hook = Webhook(f"{server.url}/", "finished")
    queue.enqueue_call("tests.runs.forged.nothing", webhooks=[hook])


def pickled(queue: Queue, path: str, _server: Server) -> None:
    unsafe = Queue(queue.name, connection=queue.connection)
    unsafe.enqueue_call("tests.runs.forged.nothing", args=(forged.Pickled(path),))


def abandoned(queue: Queue, path: str, _server: Server) -> None:
    """As if a worker had died while it ran a message that has a callback for that."""
    failed = Callback("tests.runs.forged.call")
    message = queue.create_job("tests.runs.forged.nothing", meta={"touch": path}, on_failure=failed)
    message.set_status(JobStatus.STARTED)
    message.save()
    queue.connection.sadd("rq:queues", queue.key)
    queue.connection.zadd(StartedJobRegistry(queue=queue).key, {f"{message.id}:1": 1})


FORGED: dict[str, Forge] = {
    "function": lambda queue, path, _: queue.enqueue_call("tests.runs.forged.touch", args=(path,)),
    "callbacks": callbacks,
    "webhook": webhook,
    "pickle": pickled,
    "abandoned": abandoned,
}


@pytest.fixture
def server() -> Iterator[Server]:
    with receiving() as found:
        yield found


@pytest.fixture
def worker(valkey: redis.Redis, tmp_path: Path) -> Iterator[Doing]:
    """A real worker process, which ends after one job."""
    changes = {"runs.worker.process.LONGEST_LIFE": 1, "runs.wake.BLOCK_SECONDS": 1}
    doing = Doing("work", ("w1",), Plan(), tmp_path / "notes", **changes)
    eventually(lambda: valkey.exists("rq:worker:w1"), 60)
    yield doing
    doing.process.kill()


def ours(valkey: redis.Redis, name: str = wake.QUEUE) -> Queue:
    return Queue(name, connection=valkey, serializer=JSONSerializer)


def run_by_rq(queue: Queue, *, pickles: bool) -> None:
    """RQ's own worker takes all that there is."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        serializer = None if pickles else JSONSerializer
        SimpleWorker([queue], connection=queue.connection, serializer=serializer).work(
            burst=True, logging_level="ERROR"
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("name", FORGED)
def test_what_rqs_own_worker_would_run_ours_drops(
    valkey: redis.Redis, ada: User, server: Server, worker: Doing, tmp_path: Path, name: str
) -> None:
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    FORGED[name](ours(valkey, "theirs"), str(theirs), server)
    run_by_rq(ours(valkey, "theirs"), pickles=name == "pickle")
    assert theirs.exists() or server.heard  # so it is no idle threat
    server.heard.clear()

    FORGED[name](ours(valkey), str(mine), server)
    works_on(valkey, ada, worker)
    assert not mine.exists()
    assert not server.heard


@pytest.mark.parametrize("command", ["shutdown", "kill-horse", "stop-job"])
def test_a_worker_takes_no_commands_by_redis(valkey: redis.Redis, ada: User, worker: Doing, command: str) -> None:
    told = {"command": command, "job_id": "any", "signature": ""}
    assert valkey.publish("rq:pubsub:w1", json.dumps(told)) == 0
    works_on(valkey, ada, worker)


def test_keys_of_another_kind_stop_no_worker(valkey: redis.Redis, ada: User, worker: Doing) -> None:
    valkey.set("rq:job:odd", "no hash")
    valkey.rpush("rq:queue:loupe", "odd", b"\xff\x00", "not there", "x" * 10**6)
    works_on(valkey, ada, worker)


def test_without_its_queue_a_worker_looks_by_itself(valkey: redis.Redis, ada: User, worker: Doing) -> None:
    valkey.set("rq:queue:loupe", "no list")
    works_on(valkey, ada, worker)


def works_on(valkey: redis.Redis, ada: User, worker: Doing) -> None:
    """The worker comes to the end of the next honest job, and of itself."""
    job = submit(ada, factories.workflow(ada), Order())
    if valkey.type("rq:queue:loupe") != b"string":
        valkey.rpush("rq:queue:loupe", wake.MESSAGE)
    assert not worker.died()
    assert Job.objects.get(pk=job.pk).state == State.COMPLETED
