"""What a run does is told in numbered batches, whole and in order, whatever becomes of Redis meanwhile."""

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import redis
from django.db import OperationalError
from pytest_django import Settings

from accounts.models import User
from runs import gate
from runs.errors import DatabaseAway, LostLease
from runs.gate import Claim, Telemetry
from runs.models import Asset, Job
from runs.redis import snapshot_key, stream_key
from runs.steps import Tell
from runs.tail import Entry, Piece, last_known, pieces
from runs.telemetry import EMPTY, TelemetryId, fold
from runs.worker.crew import Crew, insist
from runs.worker.products import Products
from runs.worker.recorder import FLUSH_SECONDS, WHOLE_EVERY, Recorder
from tests import valkey as embedded
from tests.runs.jobs import claimed, graph, ran, told
from tests.waiting import eventually
from workflows.graph import load

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = graph({"stream": ("text.stream", {"text": "one two three four five six", "delay_ms": 50})})


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


class Telling:
    """A recorder whose batches are flushed one by one."""

    def __init__(self, claim: Claim, crew: Crew) -> None:
        self.claim = claim
        self.crew = crew
        self._runner = asyncio.Runner()
        self.recorder = Recorder(claim, crew, self._runner.get_loop())
        self.recorder.begin()
        self.recorder.expect(load(claim.graph))

    def say(self, message: str) -> Telemetry:
        """Tells one line of the log."""
        self.recorder.log(None, "info", message)
        return self.close()

    def close(self) -> Telemetry:
        self.recorder.close(self._ended)
        return self.recorder.told

    def _ended(self, write: Callable[[], None], tell: Tell) -> None:
        write()
        tell(self.claim.job_id, self.claim.workflow_id, self.claim.version)

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def look_at_redis(self) -> None:
        """As after each silence."""
        self.run(self.crew.at_desk(self.recorder._remind))

    def end(self) -> None:
        self._runner.close()


@pytest.fixture
def telling(valkey: redis.Redis, ada: User, crew: Crew) -> Iterator[Telling]:
    telling = Telling(claimed(ada), crew)
    yield telling
    telling.end()


def entries(server: redis.Redis, job_id: object) -> list[tuple[str, dict[str, Any]]]:
    found: Any = server.xrange(f"loupe:telemetry:{job_id}")
    return [(key.decode(), json.loads(fields[b"b"])) for key, fields in found if b"b" in fields]


def missed(server: redis.Redis, claim: Claim, last: str) -> list[Piece] | None:
    """What a reader is told who has all up to `last`; None for the whole."""
    start = TelemetryId.parse(last)
    behind = [(TelemetryId.parse(key), batch) for key, batch in entries(server, claim.job_id)]
    return pieces(start, [Entry(key, batch) for key, batch in behind if key > start], claim.fence)


def messages(snapshot: dict[str, Any]) -> list[str]:
    return [line["message"] for line in snapshot["logs"]]


def test_a_quick_run_is_told_in_one_batch_after_its_beginning(valkey: redis.Redis, ada: User) -> None:
    job = ran(ada)
    assert [key for key, _ in entries(valkey, job.pk)] == ["1-1"]


def test_a_longer_run_is_told_while_it_goes_on_but_not_more_often_than_ten_times_a_second(
    valkey: redis.Redis, ada: User
) -> None:
    job = ran(ada, WORDS)
    assert job.duration is not None
    batches = entries(valkey, job.pk)
    assert [key for key, _ in batches] == [f"1-{seq}" for seq in range(1, len(batches) + 1)]
    assert 2 <= len(batches) <= job.duration * 10 + 3


def test_what_is_said_again_and_again_is_told_in_batches_a_tenth_of_a_second_apart(
    telling: Telling, valkey: redis.Redis
) -> None:
    async def speak() -> float:
        began = asyncio.get_running_loop().time()
        telling_all = asyncio.create_task(telling.recorder.tell())
        for number in range(100):
            telling.recorder.log(None, "info", str(number))
            await asyncio.sleep(0.005)
        telling_all.cancel()
        return asyncio.get_running_loop().time() - began

    seconds = telling.run(speak())
    assert 2 <= len(entries(valkey, telling.claim.job_id)) <= seconds / FLUSH_SECONDS + 1


def test_an_error_is_told_at_once_with_what_waits(
    telling: Telling, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.worker.recorder.FLUSH_SECONDS", 60.0)

    def told() -> int:
        return len(entries(valkey, telling.claim.job_id))

    async def fail() -> None:
        telling_all = asyncio.create_task(telling.recorder.tell())
        telling.recorder.log(None, "info", "before")
        await asyncio.to_thread(eventually, lambda: told() == 1)
        telling.recorder.log(None, "info", "then")
        telling.recorder.node("say", status="failed", error=("broken", "It broke."))
        await asyncio.to_thread(eventually, lambda: told() == 2)
        telling_all.cancel()

    telling.run(fail())
    assert messages(last_known(telling.claim.job_id)) == ["before", "then"]


def test_what_another_thread_says_is_told_while_nothing_else_wakes_the_run(
    telling: Telling, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.worker.recorder.SILENT_SECONDS", 60.0)

    def is_told(line: str) -> bool:
        return line in messages(last_known(telling.claim.job_id))

    lines = ["one", "two", "three"]  # before the second, the loop sleeps

    def speak() -> None:
        for line in lines:
            telling.recorder.log(None, "info", line)
            eventually(partial(is_told, line))

    async def listen() -> None:
        telling_all = asyncio.create_task(telling.recorder.tell())
        await asyncio.to_thread(speak)
        telling_all.cancel()

    telling.run(listen())
    assert messages(last_known(telling.claim.job_id)) == lines


def test_the_stream_folded_is_what_the_ended_job_keeps(valkey: redis.Redis, ada: User) -> None:
    job = ran(ada, WORDS)
    snapshot = EMPTY
    for _, batch in entries(valkey, job.pk):
        snapshot = fold(snapshot, batch)
    assert snapshot == told(job)
    assert "".join(snapshot["text"].values()).split() == ["one", "two", "three", "four", "five", "six"]


@pytest.mark.parametrize("last_words", [True, False])
def test_the_end_is_told_at_once_be_there_more_to_tell_or_not(
    valkey: redis.Redis, telling: Telling, last_words: bool
) -> None:
    kinds: list[str] = []
    with valkey.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.subscribe(f"asgi__group__job.{telling.claim.job_id}")
        channel.get_message(timeout=5)
        if last_words:
            telling.say("the last")
        else:
            telling.close()
        while "job.changed" not in kinds:
            kinds.append(json.loads(channel.get_message(timeout=5)["data"])["type"])
    assert kinds == [*["telemetry.batch"] * last_words, "job.changed"]


def test_two_jobs_of_one_workflow_never_touch_each_others_telemetry(valkey: redis.Redis, ada: User, crew: Crew) -> None:
    first, second = Telling(claimed(ada), crew), Telling(claimed(ada), crew)
    first.say("of the first")
    second.say("of the second")
    assert messages(last_known(first.claim.job_id)) == ["of the first"]
    assert messages(last_known(second.claim.job_id)) == ["of the second"]
    first.end()
    second.end()


def test_everything_that_the_engine_says_arrives(telling: Telling) -> None:
    recorder = telling.recorder
    recorder.node("word", status="running", progress=(1, 4))
    recorder.node("out", status="failed", error=("bad_value", "Too large."))
    recorder.edge("e1", state="active")
    recorder.edge("e1", count=3)
    recorder.text("word", "chunk")
    recorder.cost("word", 0.5)
    snapshot = telling.close().snapshot
    assert snapshot["nodes"] == {
        "word": {"status": "running", "progress": [1, 4], "cost": 0.5},
        "out": {"status": "failed", "error": {"code": "bad_value", "message": "Too large."}},
    }
    assert snapshot["edges"] == {"e1": {"state": "active", "count": 3}}
    assert snapshot["text"] == {"word": "chunk"}
    assert recorder.progress == pytest.approx(0.625)


@pytest.mark.parametrize(("value", "shown"), [("small", True), ("x" * 40_000, False), (None, False)])
def test_only_small_values_are_shown(telling: Telling, value: object, shown: bool) -> None:
    telling.run(telling.recorder.product("word", "value", 0, "any", value))
    snapshot = telling.close().snapshot
    assert snapshot["values"] == ({"word": {"value": value}} if shown else {})


def test_products_are_told_when_their_rows_are_written(telling: Telling) -> None:
    telling.run(telling.recorder.product("out", "value", 0, "any", "hello"))
    (product,) = telling.close().snapshot["products"]
    asset = Asset.objects.get()
    assert (product["id"], product["value"]) == (str(asset.pk), "hello")


def test_a_job_that_was_taken_away_tells_nothing_more(telling: Telling) -> None:
    claim = telling.claim
    gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
    again = gate.claim("another worker")
    assert again is not None
    other = Telling(again, telling.crew)
    other.say("of the second attempt")
    telling.recorder.log(None, "info", "too late")
    with pytest.raises(LostLease):
        telling.run(telling.recorder.tell())
    assert messages(last_known(claim.job_id)) == ["of the second attempt"]
    other.end()


def test_the_products_of_an_attempt_that_was_lost_go_when_the_next_begins(telling: Telling) -> None:
    telling.run(telling.recorder.product("out", "value", 0, "any", "hello"))
    telling.close()
    gate.lost(telling.claim.job_id, telling.claim.fence, by="a test", why="lost")
    again = gate.claim("another worker")
    assert again is not None
    Telling(again, telling.crew).end()
    assert not Asset.objects.exists()


def test_a_node_that_is_unsafe_to_repeat_is_noted_before_it_begins(telling: Telling) -> None:
    telling.run(telling.recorder.unsafe("word"))
    assert not Job.objects.get().repeatable


def test_temporary_files_go_with_the_run(telling: Telling) -> None:
    folder = telling.recorder.temporary_folder()
    (folder / "file").touch()
    assert telling.recorder.temporary_folder() == folder
    telling.recorder.clear_up()
    assert not folder.exists()


def test_the_only_secret_is_the_key_of_the_models_service(telling: Telling, settings: Settings) -> None:
    assert telling.recorder.secret("LLM_API_KEY") is None
    settings.LLM_API_KEY = "sk-4711"
    assert telling.recorder.secret("LLM_API_KEY") == "sk-4711"
    assert telling.recorder.secret("SECRET_KEY") is None


def test_a_snapshot_is_kept_beside_the_stream_every_so_many_batches(telling: Telling, valkey: redis.Redis) -> None:
    for number in range(WHOLE_EVERY + 1):
        telling.say(str(number))
    kept = json.loads(valkey.get(snapshot_key(telling.claim.job_id)) or b"")
    assert kept["id"] == f"1-{WHOLE_EVERY}"
    assert len(last_known(telling.claim.job_id)["logs"]) == WHOLE_EVERY + 1


def test_a_run_goes_on_without_redis_and_readers_get_all_of_it_when_it_is_back(
    ada: User, crew: Crew, settings: Settings, tmp_path: Path
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path / 'valkey.sock'}?db=0"
    telling = Telling(claimed(ada), crew)
    telling.say("while it had not started")
    with embedded.serving(tmp_path) as server:
        telling.say("while it was there")
        assert messages(last_known(telling.claim.job_id)) == ["while it had not started", "while it was there"]
        server.shutdown(nosave=True)
    telling.say("while it was away")
    with embedded.serving(tmp_path) as server:
        told = telling.say("when it was back")
        assert last_known(telling.claim.job_id) == told.snapshot
        assert [key for key, _ in entries(server, telling.claim.job_id)] == ["1-4"]
    assert len(told.snapshot["logs"]) == 4
    telling.end()


def test_a_redis_that_came_back_empty_is_told_all_again(telling: Telling, valkey: redis.Redis) -> None:
    telling.say("before")
    valkey.flushall()
    telling.say("after")
    assert messages(last_known(telling.claim.job_id)) == ["before", "after"]
    assert valkey.xlen(stream_key(telling.claim.job_id)) == 1


def test_a_run_that_is_silent_sees_that_redis_lost_what_it_told(
    telling: Telling, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.worker.recorder.SILENT_SECONDS", 0.05)
    job_id = telling.claim.job_id

    async def be_silent() -> None:
        silence = asyncio.create_task(telling.recorder.tell())
        await asyncio.to_thread(eventually, lambda: last_known(job_id)["logs"])
        silence.cancel()

    first = telling.say("before")
    telling.say("and more")
    valkey.flushall()
    telling.run(be_silent())
    assert messages(last_known(job_id)) == ["before", "and more"]
    assert missed(valkey, telling.claim, first.last_id) is None  # who stood there is told the whole
    assert messages(telling.say("after").snapshot) == messages(last_known(job_id)) == ["before", "and more", "after"]


def test_a_run_that_is_silent_tells_what_redis_has_missed(telling: Telling, valkey: redis.Redis) -> None:
    before = telling.say("before")
    valkey.config_set("maxmemory", 1)  # it takes nothing
    told = telling.say("while it was full")
    assert last_known(telling.claim.job_id) == before.snapshot
    valkey.config_set("maxmemory", 0)
    telling.look_at_redis()
    assert last_known(telling.claim.job_id) == told.snapshot
    assert missed(valkey, telling.claim, before.last_id) is None


def test_a_run_that_is_silent_says_nothing_while_redis_has_all(telling: Telling, valkey: redis.Redis) -> None:
    told = telling.say("before")
    telling.look_at_redis()
    assert telling.recorder.told == told
    assert entries(valkey, telling.claim.job_id) == [(told.last_id, ANY)]


def test_products_wait_for_the_database_while_the_run_goes_on(
    valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, failures = Products.save, iter([True, True])

    def away_twice(products: Products) -> list[dict[str, Any]]:
        if next(failures, False):
            raise OperationalError("the database is away")
        return save(products)

    monkeypatch.setattr(Products, "save", away_twice)
    job = ran(ada, WORDS)
    assert "".join(told(job)["text"].values()).split()[-1] == "six"


def test_insisting_ends_with_the_lease(settings: Settings) -> None:
    def away() -> None:
        raise OperationalError("the database is away")

    settings.LEASE_SECONDS = 0.1
    with pytest.raises(DatabaseAway, match="longer than a lease"):
        insist(away)
