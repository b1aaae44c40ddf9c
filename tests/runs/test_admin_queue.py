"""The page of the queue: what runs, waits and works, and the cap, which is changed there and written down."""

import pickle
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs import capacity, gate, wake
from runs.admin import queue
from runs.models import Gate, Worker
from runs.states import State
from runs.telemetry import EMPTY
from tests import factories
from tests.rest import Rest

pytestmark = pytest.mark.django_db
QUEUE = "/admin/queue/"


class Forged:
    """Once unpickled, it has left a file behind."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self._mark,)


@pytest.fixture
def admin(client: Client, root: User, valkey: redis.Redis) -> Client:
    client.force_login(root)
    return client


def shown(client: Client, address: str = QUEUE, **headers: str) -> str:
    answer: Any = client.get(address, headers=headers)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def line(html: str, mark: str) -> str:
    """What stands in the line that has this mark."""
    return html.split(mark)[1].split("</li>", maxsplit=1)[0]


def test_what_runs_and_waits_is_listed_with_its_place(admin: Client, ada: User) -> None:
    running = factories.job(factories.workflow(ada, name="A sky"), label="seed 42")
    factories.worker("w1")
    gate.claim("w1")
    waiting = [factories.job(running.workflow) for _ in range(2)]
    html = shown(admin)
    assert f'<b id="slots">1 of {settings.MAX_CONCURRENT_JOBS}</b> slots in use · 2 waiting' in html
    for text in ("seed 42", "A sky · ada · w1", "Running"):
        assert text in line(html, f'data-job-card="{running.pk}"')
    assert "2nd" in line(html, f'data-job-card="{waiting[1].pk}"')


def test_the_queue_is_paged(admin: Client, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    jobs = [factories.job(factories.workflow(ada)) for _ in range(3)]
    first = shown(admin)
    assert f'href="?after={jobs[1].place}"' in first
    assert str(jobs[2].pk) not in first
    rest = shown(admin, f"{QUEUE}?after={jobs[1].place}")
    assert "3rd" in line(rest, f'data-job-card="{jobs[2].pk}"')
    assert f'hx-get="?part=board&after={jobs[1].place}"' in rest
    assert str(jobs[0].pk) not in rest
    assert "Nothing waits further back" in shown(admin, f"{QUEUE}?after={jobs[2].place}")


def test_of_many_that_run_the_rest_are_in_the_list_of_jobs(
    admin: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    for _ in range(3):
        factories.job(factories.workflow(ada), state=State.RUNNING)
    html = shown(admin)
    assert html.count("data-job-card") == 2
    assert '?state__exact=running">All 3, in the list of jobs' in html


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "²"])
def test_a_place_that_is_none_is_the_beginning(admin: Client, ada: User, after: str) -> None:
    job = factories.job(factories.workflow(ada))
    assert str(job.pk) in shown(admin, f"{QUEUE}?after={after}")


def test_its_cost_does_not_grow_with_the_queue(admin: Client, ada: User, settings: Any) -> None:
    settings.MAX_CONCURRENT_JOBS, settings.LEASE_SECONDS = 2, 300
    costs = []
    for more in (2, 6):
        for state in (State.RUNNING, State.QUEUED) * more:
            factories.picture(factories.job(factories.workflow(ada), state=state), result="picture")
            factories.worker(f"w{Worker.objects.count()}")
        shown(admin)
        with CaptureQueriesContext(connection) as queries:
            shown(admin)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_workers_say_what_they_do_and_when_they_were_seen(admin: Client, ada: User, settings: Any) -> None:
    settings.LEASE_SECONDS = 300
    factories.worker("w1")
    factories.worker("w2", draining=True)
    factories.worker("w3", heartbeat_at=timezone.now() - timedelta(minutes=9))
    factories.worker("w4", host="there", pid=99)
    job = factories.job(factories.workflow(ada))
    gate.claim("w1")
    html = shown(admin)
    for name, state in (("w1", "busy"), ("w2", "draining"), ("w3", "silent"), ("w4", "idle")):
        assert f'data-worker="{name}" data-state="{state}"' in html
    assert f"/admin/runs/job/{job.pk}/change/" in line(html, 'data-worker="w1"')
    assert "there · process 99" in line(html, 'data-worker="w4"')
    assert "seen 9 min" in line(html, 'data-worker="w3"')


def test_what_rq_holds_is_read_and_never_unpacked(admin: Client, valkey: redis.Redis, tmp_path: Path) -> None:
    factories.worker("w1")
    mark = tmp_path / "ran"
    evil = pickle.dumps(Forged(mark))
    valkey.sadd("rq:workers:loupe", "rq:worker:w1", "rq:worker:evil", evil)
    valkey.hset("rq:worker:w1", "last_heartbeat", "2026-11-26T01:02:03.000000Z")
    valkey.hset("rq:worker:evil", mapping={"last_heartbeat": evil, "meta": evil, "current_job": evil})
    valkey.rpush("rq:queue:loupe", evil)
    html = shown(admin)
    assert "<dt>wake-ups not taken yet</dt> <dd>1</dd>" in html
    assert "<dt>workers that listen</dt> <dd>3</dd>" in html
    assert "listened 01:02:03 UTC" in line(html, 'data-worker="w1"')
    assert not mark.exists()


def test_only_so_many_listeners_are_asked(valkey: redis.Redis) -> None:
    valkey.sadd("rq:workers:loupe", *(f"rq:worker:w{number}" for number in range(5)))
    held = wake.held(most=2)
    assert (held.listening, list(held.beats)) == (5, ["w0", "w1"])


@pytest.mark.parametrize(
    ("cap", "said"), [("3", "At most 3 run at once"), ("", f"At most {settings.MAX_CONCURRENT_JOBS} run at once")]
)
def test_the_cap_is_changed_and_written_down(admin: Client, cap: str, said: str) -> None:
    gate.set_cap(7)
    answer: Any = admin.post(QUEUE, {"cap": cap}, follow=True)
    html = answer.content.decode()
    assert said in html
    after = int(cap or settings.MAX_CONCURRENT_JOBS)
    assert gate.cap() == after
    entry = LogEntry.objects.get()
    assert (entry.user.username, str(after) in entry.change_message, "7" in entry.change_message) == (
        "root",
        True,
        True,
    )
    assert entry.change_message in html


@pytest.mark.parametrize("cap", ["0", "1001", "-3", "two", "2.5"])
def test_a_cap_that_is_none_changes_nothing_and_says_why(admin: Client, cap: str) -> None:
    answer = admin.post(QUEUE, {"cap": cap})
    assert answer.status_code == 422
    assert "Give " in answer.content.decode()
    assert gate.cap() == settings.MAX_CONCURRENT_JOBS
    assert not LogEntry.objects.exists()


def test_a_cap_set_over_rest_is_written_down_too(root: User, valkey: redis.Redis) -> None:
    Rest(root, Scope.ADMIN).patch("/queue", {"cap": 9})
    assert LogEntry.objects.get().change_message == f"Cap: {settings.MAX_CONCURRENT_JOBS} → 9."


@pytest.mark.django_db(transaction=True)
def test_a_raised_cap_wakes_as_many_as_may_start(admin: Client, ada: User, valkey: redis.Redis) -> None:
    gate.set_cap(1)
    workflow = factories.workflow(ada)
    factories.job(workflow, state=State.RUNNING)
    for _ in range(5):
        factories.job(workflow)
    assert wake.pending() == 0
    admin.post(QUEUE, {"cap": "3"})
    assert wake.pending() == 2


def test_a_lowered_cap_lets_nothing_start_until_there_is_room(admin: Client, ada: User) -> None:
    for _ in range(4):
        factories.job(factories.workflow(ada))
    held = [gate.claim("w"), gate.claim("w")]
    admin.post(QUEUE, {"cap": "1"})
    assert gate.claim("w") is None
    assert "nothing starts until 1 are" in shown(admin)
    assert held[0] is not None
    gate.finish(held[0], gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY))
    assert gate.claim("w") is None
    assert held[1] is not None
    gate.finish(held[1], gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY))
    assert gate.claim("w") is not None


def test_staff_change_the_cap_without_further_rights(client: Client, ada: User, valkey: redis.Redis) -> None:
    client.force_login(User.objects.create_user("watcher", is_staff=True))
    factories.job(factories.workflow(ada))
    assert 'name="cap"' in shown(client)
    assert client.post(QUEUE, {"cap": "3"}).status_code == 302
    assert gate.cap() == 3


def test_strangers_see_nothing(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get(QUEUE).status_code == 302
    assert client.get(f"{QUEUE}?part=board", headers={"HX-Request": "true"}).status_code == 403
    client.logout()
    assert client.get(QUEUE).status_code == 302
    assert client.get(f"{QUEUE}?part=board", headers={"HX-Request": "true"}).status_code == 401


def test_a_page_that_is_open_reads_the_board_alone(admin: Client) -> None:
    part = shown(admin, f"{QUEUE}?part=board", **{"HX-Request": "true"})
    assert part.startswith('<section id="runs"')
    assert "<html" not in part


@pytest.mark.parametrize("page", ["/admin/", "/admin/runs/job/"])
def test_it_is_a_click_away(admin: Client, page: str) -> None:
    assert f'href="{QUEUE}"' in shown(admin, page)


def test_it_says_what_keeps_runs_from_starting(admin: Client, ada: User, settings: Any) -> None:
    settings.LEASE_SECONDS = 300
    factories.job(factories.workflow(ada))
    assert "No worker is there" in shown(admin)
    factories.worker("w1")
    factories.job(factories.workflow(ada))
    gate.claim("w1")
    assert "Every worker is busy" in shown(admin)


def test_while_redis_is_away_it_says_so(client: Client, root: User, settings: Any) -> None:
    client.force_login(root)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "Redis is away" in shown(client)


def test_the_queue_is_paused_and_resumed_there(admin: Client, root: User) -> None:
    assert "Pause" in shown(admin)
    answer: Any = admin.post(QUEUE, {"paused": "true"}, follow=True)
    page = " ".join(unescape(answer.content.decode()).split())
    assert "Paused: nothing starts until it is resumed." in page
    assert Gate.objects.now().paused
    admin.post(QUEUE, {"paused": "false"})
    assert not Gate.objects.now().paused
    assert [entry.user for entry in capacity.changes()] == [root, root]
