"""A job's life in its worker: it comes to exactly one end, and says which."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import redis
from django.db import DataError, InternalError, OperationalError
from pytest_django import Settings

from accounts.models import User
from runs import gate, stream
from runs.errors import DatabaseAway
from runs.gate import Claim
from runs.models import Asset, Blob, Job, JobTelemetry
from runs.redis import progress_key, snapshot_key, stream_key
from runs.states import State
from runs.worker.crew import Crew
from runs.worker.executor import Executor
from tests.factories import NOISE, TEXT, waiting
from tests.runs.jobs import claimed, graph, ran, told
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

BRANCHES = graph(
    {
        "word": ("input.text", {"name": "word", "value": "hello"}),
        "fail": ("control.fail", {"message": "on purpose"}),
        "after": ("output.preview", {}),
        "out": ("output.result", {"name": "echo"}),
    },
    "word.value > fail.value",
    "fail.value > after.value",
    "word.value > out.value",
)


@contextmanager
def running(claim: Claim) -> Iterator[Executor]:
    """An executor that runs the job in a thread; the job has ended, or was given up, when the block ends."""
    executor = Executor()
    thread = threading.Thread(target=executor.execute, args=(claim,))
    thread.start()
    yield executor
    thread.join(20)
    assert not thread.is_alive()
    executor.close()


def statuses(job: Job) -> dict[str, str]:
    return {name: node["status"] for name, node in told(job)["nodes"].items()}


def has_begun(valkey: redis.Redis, claim: Claim) -> bool:
    entries: Any = valkey.xrange(stream_key(claim.job_id))
    return any(b"running" in fields.get(b"b", b"") for _, fields in entries)


def test_a_job_completes_with_its_products_and_its_telemetry(valkey: redis.Redis, ada: User) -> None:
    job = ran(ada, NOISE)
    assert (job.state, job.progress, job.error) == (State.COMPLETED, 1.0, None)
    asset = Asset.objects.get(job=job, result="picture")
    assert asset.kind == "image"
    assert statuses(job) == {"seed": "completed", "noise": "completed", "out": "completed"}
    assert [product["id"] for product in told(job)["products"] if product["node"] == "out"] == [str(asset.pk)]


def test_parameters_take_the_place_of_what_the_graph_says(valkey: redis.Redis, ada: User) -> None:
    job = ran(ada, TEXT, params={"word": "given", "out.name": "named"})
    assert Asset.objects.get(job=job, result="named").value == "given"


def test_a_failure_fails_the_job_after_its_other_branches_have_ended(valkey: redis.Redis, ada: User) -> None:
    job = ran(ada, BRANCHES)
    assert job.state == State.FAILED
    assert job.error is not None
    assert (job.error["node"], job.error["message"]) == ("fail", "on purpose")
    assert statuses(job) == {"word": "completed", "fail": "failed", "after": "skipped", "out": "completed"}
    assert Asset.objects.get(job=job).value == "hello"


def test_a_cancelled_job_stops_within_a_moment(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada, waiting(60))
    with running(claim) as executor:
        eventually(lambda: has_begun(valkey, claim))
        gate.cancel(claim.job_id, by="ada")
        executor.look()
    job = Job.objects.get(pk=claim.job_id)
    assert job.state == State.CANCELLED
    assert statuses(job) == {"wait": "cancelled"}
    assert job.ended_at is not None
    assert (job.ended_at - job.transitions.get(to_state="cancelling").at).total_seconds() < 1


def test_a_job_that_was_cancelled_before_it_began_to_run_is_cancelled(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada, waiting(60))
    gate.cancel(claim.job_id, by="ada")
    executor = Executor()
    executor.look()
    executor.execute(claim)
    executor.close()
    assert Job.objects.get(pk=claim.job_id).state == State.CANCELLED


def test_a_job_ends_after_what_is_still_being_written_for_it(
    valkey: redis.Redis, ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node whose time is over no longer waits for what is written at the desk, but the job's end does."""
    settings.JOB_TIMEOUT_SECONDS = 0.05
    over, order = threading.Event(), list[str]()
    mark, clear, finish = gate.mark_unrepeatable, Crew.clear_desk, gate.finish

    def slow(claim: Claim) -> None:
        assert over.wait(20)
        mark(claim)
        order.append("marked")

    def run_is_over(crew: Crew) -> None:
        over.set()
        clear(crew)

    def last(*args: Any, **kwargs: Any) -> bool:
        order.append("finished")
        return finish(*args, **kwargs)

    monkeypatch.setattr(gate, "mark_unrepeatable", slow)
    monkeypatch.setattr(Crew, "clear_desk", run_is_over)
    monkeypatch.setattr(gate, "finish", last)
    unsafe = graph(
        {"get": ("http.get", {"url": "http://127.0.0.1:1/"}), "out": ("output.preview", {})}, "get.text > out.value"
    )
    with running(claimed(ada, unsafe)):
        pass
    assert order == ["marked", "finished"]
    assert Job.objects.values_list("error__code", flat=True).get() == "timeout"


def test_a_look_at_a_job_that_nobody_cancelled_changes_nothing(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada, waiting(0.3))
    with running(claim) as executor:
        executor.look()
    assert Job.objects.get(pk=claim.job_id).state == State.COMPLETED


def test_a_job_that_takes_too_long_fails_and_says_so(valkey: redis.Redis, ada: User, settings: Settings) -> None:
    settings.JOB_TIMEOUT_SECONDS = 0.2
    job = ran(ada, waiting(60))
    assert job.state == State.FAILED
    assert job.error is not None
    assert job.error["code"] == "timeout"
    assert statuses(job) == {"wait": "cancelled"}


def test_a_job_that_passes_its_persons_quota_fails_and_says_so(
    valkey: redis.Redis, ada: User, settings: Settings
) -> None:
    size = Blob.objects.get(assets__job=ran(ada, NOISE), assets__node="noise").size
    settings.STORAGE_QUOTA_PER_USER = size
    assert ran(ada, NOISE).state == State.COMPLETED  # the same bytes
    settings.STORAGE_QUOTA_PER_USER = size - 1
    Asset.objects.all().delete()
    job = ran(ada, NOISE)
    assert job.error is not None
    assert (job.state, job.error["code"], job.error["node"]) == (State.FAILED, "storage_quota", "noise")
    assert f"{size - 1:,} bytes" in job.error["message"]
    assert not job.assets.exists()


def test_a_job_that_stores_too_much_fails_and_says_so(valkey: redis.Redis, ada: User, settings: Settings) -> None:
    settings.MAX_OUTPUT_BYTES = 1000
    job = ran(ada, NOISE)
    assert job.state == State.FAILED
    assert job.error is not None
    assert (job.error["code"], job.error["node"]) == ("output_limit", "noise")
    assert statuses(job) == {"seed": "completed", "noise": "failed", "out": "skipped"}


def test_a_job_that_was_taken_away_is_left_alone(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada, waiting(60))
    with running(claim) as executor:
        eventually(lambda: has_begun(valkey, claim))
        gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
        executor.look()
    job = Job.objects.get(pk=claim.job_id)
    assert (job.state, job.attempts) == (State.QUEUED, 1)
    assert not JobTelemetry.objects.exists()


def test_a_worker_that_comes_too_late_writes_nothing(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada)
    gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
    again = gate.claim("another worker")
    assert again is not None
    late, current = Executor(), Executor()
    current.execute(again)
    late.execute(claim)
    late.close()
    current.close()
    job = Job.objects.get(pk=claim.job_id)
    assert (job.state, job.worker, job.fence) == (State.COMPLETED, "another worker", 2)
    assert Asset.objects.filter(job=job).count() == 1


def test_a_job_that_only_its_stream_takes_away_is_ended(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada, waiting(60))
    with running(claim):
        eventually(lambda: valkey.exists(stream_key(claim.job_id)))
        stream.begin(claim.job_id, claim.fence + 5)
    job = Job.objects.get(pk=claim.job_id)
    assert job.error is not None
    assert (job.state, job.error["code"]) == (State.FAILED, "internal")


def test_a_graph_that_cannot_be_read_fails_the_job_with_the_details_for_admins(valkey: redis.Redis, ada: User) -> None:
    claim = claimed(ada)
    executor = Executor()
    executor.execute(replace(claim, graph={"no": "graph"}))
    executor.close()
    job = Job.objects.get(pk=claim.job_id)
    assert job.error is not None
    assert (job.state, job.error["code"]) == (State.FAILED, "internal")
    assert "KeyError" in job.traceback


def test_a_job_runs_to_its_end_without_redis(ada: User, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    job = ran(ada, NOISE)
    assert job.state == State.COMPLETED
    assert statuses(job) == {"seed": "completed", "noise": "completed", "out": "completed"}


def test_the_end_waits_for_a_database_that_is_away_or_does_not_write_yet(
    valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, unwritable = OperationalError("the database is away"), InternalError("it only reads, until it takes over")
    finish, failures = gate.finish, iter([away, unwritable])

    def away_twice(*arguments: object, **others: object) -> None:
        for error in failures:
            raise error
        finish(*arguments, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "finish", away_twice)
    assert ran(ada).state == State.COMPLETED


def test_a_worker_whose_database_stays_away_ends_so_that_its_job_is_rescued(
    valkey: redis.Redis, ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    settings.LEASE_SECONDS = 0.3
    monkeypatch.setattr(gate, "finish", away)
    with pytest.raises(DatabaseAway):
        ran(ada)
    assert Job.objects.get().state == State.RUNNING


def test_a_job_whose_end_cannot_be_written_as_it_was_ends_as_failed(
    valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, refusals = gate.finish, iter([DataError("a value that no column takes")])

    def refused_once(*arguments: object, **others: object) -> None:
        for error in refusals:
            raise error
        finish(*arguments, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "finish", refused_once)
    job = ran(ada)
    assert job.error is not None
    assert (job.state, job.error["code"]) == (State.FAILED, "internal")
    assert "a value that no column takes" in job.traceback
    assert set(statuses(job).values()) == {"completed"}  # what its nodes came to is told all the same


def test_every_nodes_last_status_comes_before_the_jobs_end(valkey: redis.Redis, ada: User) -> None:
    with valkey.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.psubscribe("asgi__group__job.*")
        channel.get_message(timeout=5)
        job = ran(ada, BRANCHES)
        messages = []
        while message := channel.get_message(timeout=0.5):
            messages.append(json.loads(message["data"]))
    order = [message["type"] for message in messages]
    assert order[0] == "job.changed"
    assert order[-1] == "job.changed"
    assert messages[-1]["version"] == job.version
    batches = [message for message in messages if message["type"] == "telemetry.batch"]
    assert batches[0]["id"] == "1-0"
    assert {name for batch in batches for name in batch["batch"].get("nodes", {})} == set(statuses(job))


def test_the_keys_of_an_ended_job_go_soon(valkey: redis.Redis, ada: User) -> None:
    job = ran(ada)
    assert all(0 < valkey.ttl(key(job.pk)) <= 60 for key in (stream_key, snapshot_key, progress_key))


def test_an_executor_runs_many_jobs_one_after_another(valkey: redis.Redis, ada: User) -> None:
    executor = Executor()
    for _ in range(3):
        executor.execute(claimed(ada))
    executor.close()
    assert Job.objects.filter(state=State.COMPLETED).count() == 3
