"""A worker whose job was ended from outside and deleted, while it was stopped, writes nothing, in no store."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.apps import apps
from django.conf import settings as django_settings
from django.db import transaction
from pytest_django import Settings

from accounts.models import User
from runs import gate, stream, webhooks
from runs.errors import LostLease
from runs.gate import Claim
from runs.models import JOB_ENDED, Asset, Job
from runs.redis import stream_key
from runs.removal import remove_job
from runs.states import State
from runs.submit import Order, submit
from runs.telemetry import EMPTY
from runs.worker import hold, recorder
from runs.worker.crew import Crew
from runs.worker.executor import Executor
from runs.worker.products import Products
from runs.worker.recorder import Recorder
from tests import factories
from tests.receiving import TAKEN, receiving
from tests.runs.jobs import claimed, graph, ran
from tests.turns import before
from tests.waiting import eventually
from workflows.host import Made

pytestmark = pytest.mark.django_db(transaction=True)

THEN: dict[str, tuple[str, dict[str, Any]]] = {
    "makes a picture": ("image.noise", {"width": 8, "height": 8, "seed": 4711}),
    "makes a text": ("output.result", {"name": "late"}),
    "is unsafe": ("http.get", {"url": "http://127.0.0.1:1/"}),
    "goes on telling": ("control.wait", {"seconds": 60}),
}
"""What the worker does when it has waited for a while, and its job is gone."""


INPUTS = {"image.noise": "status > then.seed", "http.get": "status > then.timeout"}


def held_then(url: str, name: str) -> dict[str, Any]:
    """A node that waits for an answer, and one that follows."""
    kind, given = THEN[name]
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"get": ("http.get", {"url": url}), "then": (kind, given)}
    return graph(nodes, f"get.{INPUTS.get(kind, 'text > then.value')}")


def everything(valkey: redis.Redis) -> dict[str, Any]:
    """All rows of all tables, all of Redis, and all files of the store."""
    kept = [model for model in apps.get_models() if model._meta.managed]
    rows = {model.__name__: list(model._base_manager.order_by("pk").values()) for model in kept}
    keys = {key: valkey.dump(key) for key in valkey.keys("*")}
    files = sorted(str(path) for path in Path(django_settings.DATA_DIR, "media").rglob("*"))
    return {"rows": rows, "keys": keys, "files": files}


def gone(claim: Claim) -> None:
    """The job failed, as its worker was thought dead, and its owner has deleted it."""
    gate.end(claim.job_id, claim.fence, code="memory_limit", message="Too much.", by="pool")
    remove_job(Job.objects.get(pk=claim.job_id))


@contextmanager
def silence(valkey: redis.Redis) -> Iterator[None]:
    """Nobody is told anything while the block runs."""
    with valkey.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.psubscribe("*")
        channel.get_message(timeout=5)
        yield
        valkey.publish("the", "end")
        assert channel.get_message(timeout=5)["data"] == b"end"


@pytest.mark.parametrize("then", THEN)
def test_a_late_worker_of_a_deleted_job_writes_nothing(
    valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """Its telemetry does not stop it sooner: it is told with the end, but where it is just that."""
    if then != "goes on telling":
        monkeypatch.setattr(recorder, "GATHER_SECONDS", 60.0)
    released = threading.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(released.wait, 20)
        writer.write(TAKEN)

    with receiving(answer) as server:
        claim = claimed(ada, held_then(f"{server.url}/", then))
        webhooks.make(ada, "https://example.org/hook", (JOB_ENDED, "asset.created"), None)
        executor = Executor()
        thread = threading.Thread(target=executor.execute, args=(claim,))
        thread.start()
        eventually(lambda: server.heard)
        gone(claim)
        before = everything(valkey)
        with silence(valkey):
            released.set()
            thread.join(20)
            assert not thread.is_alive()
    executor.close()
    assert everything(valkey) == before


def test_a_worker_that_comes_back_to_a_deleted_job_does_not_begin_it(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada)
    claim = replace(claim, started_at=claim.started_at - timedelta(seconds=django_settings.LEASE_SECONDS))
    gone(claim)
    before = everything(valkey)
    executor = Executor()
    with silence(valkey):
        executor.execute(claim)
    executor.close()
    assert everything(valkey) == before


def test_a_job_begins_though_redis_has_kept_one_that_was_deleted_and_had_its_id(
    valkey: redis.Redis, ada: User, settings: Settings
) -> None:
    first = ran(ada)
    settings.REDIS_URL, there = "redis://127.0.0.1:1/0", settings.REDIS_URL
    remove_job(first)
    settings.REDIS_URL = there
    again = ran(ada, id=first.pk)
    assert (again.state, again.error) == (State.COMPLETED, None)
    entries: Any = valkey.xrange(stream_key(again.pk))
    assert [key for key, _ in entries] == [b"1-0", b"1-1"]


def test_a_silent_worker_brings_no_deleted_job_back(
    valkey: redis.Redis, ada: User, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "SILENT_SECONDS", 0.05)
    claim = claimed(ada)

    async def be_silent() -> None:
        mine = Recorder(claim, crew, asyncio.get_running_loop())
        await asyncio.to_thread(mine.begin)
        await asyncio.to_thread(gone, claim)
        with pytest.raises(LostLease):
            await asyncio.wait_for(mine.tell(), 10)

    asyncio.run(be_silent())
    assert not valkey.keys("loupe:*")


def finished(claim: Claim) -> None:
    gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry(f"{claim.fence}-1", EMPTY))


def given_again(claim: Claim) -> Claim:
    """The job is gone, and another with its id has begun; its fences are the same, as they begin anew."""
    job = Job.objects.select_related("workflow").get(pk=claim.job_id)
    gone(claim)
    submit(job.owner, job.workflow, Order(id=job.pk))
    again = gate.claim("another worker")
    assert again is not None
    assert (again.job_id, again.fence) == (claim.job_id, claim.fence)
    stream.begin(again.job_id, again.fence)
    return again


def owned(claim: Claim) -> None:
    with hold.own(claim):
        """It would be its own."""


def locked(claim: Claim) -> None:
    with transaction.atomic():
        hold.lock(claim)


@pytest.mark.parametrize("late", [finished, owned, locked, hold.look, gate.mark_unrepeatable])
def test_a_late_worker_is_not_that_of_another_job_which_was_given_the_same_id(
    valkey: redis.Redis, ada: User, late: Callable[[Claim], object]
) -> None:
    claim = claimed(ada)
    again = given_again(claim)
    before = everything(valkey)
    with pytest.raises(LostLease):
        late(claim)
    assert everything(valkey) == before
    finished(again)


def test_a_worker_that_was_stopped_tells_nothing_of_another_job_which_was_given_the_same_id(
    valkey: redis.Redis, ada: User, crew: Crew
) -> None:
    claim = claimed(ada)

    async def be_late() -> None:
        mine = Recorder(claim, crew, asyncio.get_running_loop())
        await asyncio.to_thread(mine.begin)
        await asyncio.to_thread(given_again, claim)
        mine._sure_at -= django_settings.LEASE_SECONDS  # it stood still for so long
        mine.text("word", "late")
        with pytest.raises(LostLease):
            await asyncio.wait_for(mine.tell(), 10)

    asyncio.run(be_late())
    assert valkey.xrange(stream_key(claim.job_id)) == [(b"1-0", {b"begin": b"1"})]


@pytest.mark.parametrize("keep", [owned, locked])
def test_nobody_takes_a_job_away_while_its_worker_writes(
    valkey: redis.Redis, ada: User, keep: Callable[[Claim], object]
) -> None:
    claim = claimed(ada)
    with before(lambda: gate.lost(claim.job_id, claim.fence, by="pool", why="lost")):
        keep(claim)
    assert Job.objects.get(pk=claim.job_id).state == State.QUEUED


async def remembered(products: Products) -> None:
    await products.memory.remember("k" * 64, [Made(0, "text", "late")])


async def stored(products: Products) -> None:
    await products._safe.keep(b"late bytes of nobody", "text/plain")


@pytest.mark.parametrize("late", [remembered, stored])
def test_neither_results_nor_bytes_are_kept_for_a_job_that_has_passed_on(
    valkey: redis.Redis, ada: User, crew: Crew, late: Callable[[Products], Any]
) -> None:
    claim = claimed(ada)
    gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
    assert gate.claim("another worker") is not None
    before = everything(valkey)
    with pytest.raises(LostLease):
        asyncio.run(late(Products(claim, crew)))
    assert everything(valkey) == before


def test_products_of_a_fenced_out_attempt_never_show(valkey: redis.Redis, ada: User, settings: Settings) -> None:
    """Whatever becomes of the attempt that follows, be it that it never begins."""
    settings.MAX_ATTEMPTS = 2
    claim = claimed(ada)
    job = Job.objects.get(pk=claim.job_id)
    factories.product(job)
    gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
    again = gate.claim("another worker")
    assert again is not None
    assert not Asset.objects.exists()
    gate.lost(again.job_id, again.fence, by="a test", why="lost")
    job.refresh_from_db()
    assert (job.state, Asset.objects.count()) == (State.FAILED, 0)


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()
