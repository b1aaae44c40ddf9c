"""Webhooks over REST: made with a secret that is shown once, listed, deleted; each to its owner alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs import webhooks
from runs.models import Delivery, Job, Webhook
from tests import factories
from tests.loopback import Server
from tests.receiving import SECRET, receiving
from tests.rest import Rest, codes
from workflows import outgoing
from workflows.models import Workflow

pytestmark = pytest.mark.django_db
EVENTS = ["job.ended", "batch.ended", "asset.created"]


@pytest.fixture
def receiver() -> Any:
    with receiving() as server:
        yield server


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def test_a_webhook_is_made_listed_and_deleted(ada: User, receiver: Server, workflow: Workflow) -> None:
    rest = Rest(ada)
    answer = rest.post(
        "/webhooks", {"url": receiver.url, "events": [*EVENTS, "job.ended"], "workflow_id": str(workflow.pk)}
    )
    made = answer.json()
    assert answer.status_code == 201
    assert (made["url"], made["events"], made["workflow_id"]) == (receiver.url, sorted(EVENTS), str(workflow.pk))
    assert (made["disabled_at"], made["disabled_why"]) == (None, None)
    assert webhooks.fit_secret(made["secret"]) == made["secret"]
    assert rest.get("/webhooks").json()["items"] == [{key: made[key] for key in made if key != "secret"}]
    assert rest.delete(f"/webhooks/{made['id']}").status_code == 204
    assert rest.get("/webhooks").json()["items"] == []
    assert rest.delete(f"/webhooks/{made['id']}").status_code == 404


def test_the_database_holds_no_secret_that_can_be_read(ada: User, receiver: Server) -> None:
    secret = Rest(ada).post("/webhooks", {"url": receiver.url, "events": EVENTS}).json()["secret"]
    kept = Webhook.objects.get().secret
    assert secret not in kept
    assert secret.removeprefix("whsec_") not in kept


def test_a_repeat_makes_no_second_one_and_does_not_show_the_secret_again(ada: User, receiver: Server) -> None:
    rest, body = Rest(ada), {"url": receiver.url, "events": ["job.ended"]}
    first, again = (rest.post("/webhooks", body, idempotency_key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert "secret" not in again.json()


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"url": "ftp://example.org/x"}, "url"),
        ({"url": "not an address"}, "url"),
        ({"url": "https://xn--/"}, "url"),
        ({"url": "https://example.org:0/"}, "url"),
        ({"url": "https://example.org:65536/"}, "url"),
        ({"url": "https://ada:secret@example.org/"}, "url"),
        ({"url": f"https://example.org/{'x' * 2000}"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["job.begun"]}, "events.0"),
        ({"workflow_id": str(uuid4())}, "workflow_id"),
        ({"secret": SECRET}, "secret"),
    ],
)
def test_what_can_t_be_a_webhook_is_refused_with_the_reason(
    ada: User, receiver: Server, changed: dict[str, Any], wrong: str
) -> None:
    answer = Rest(ada).post("/webhooks", {"url": receiver.url, "events": EVENTS, **changed})
    assert answer.status_code == 422
    assert {name for name, _ in codes(answer)} == {wrong}
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.7", "169.254.169.254", "[::ffff:127.0.0.1]"])
def test_an_address_that_may_not_be_reached_is_refused(ada: User, host: str) -> None:
    answer = Rest(ada).post("/webhooks", {"url": f"http://{host}:9/", "events": EVENTS})
    assert (answer.status_code, codes(answer)) == (422, {("url", "bad_value")})
    assert "HTTP_ALLOW" in answer.json()["detail"]


def test_a_name_that_is_not_found_in_time_is_told_so(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LOOK_UP_SECONDS", 0.05)
    silent = Event()
    monkeypatch.setattr(outgoing.guard, "_look_up", lambda *_: [str(silent.wait(1))])
    answer = Rest(ada).post("/webhooks", {"url": "https://slow.example/", "events": EVENTS})
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_a_workflow_of_somebody_else_is_none(ada: User, bob: User, receiver: Server) -> None:
    body = {"url": receiver.url, "events": EVENTS, "workflow_id": str(factories.workflow(bob).pk)}
    answer = Rest(ada).post("/webhooks", body)
    assert (answer.status_code, codes(answer)) == (422, {("workflow_id", "bad_value")})


def test_a_person_has_so_many_and_no_more(ada: User, bob: User, receiver: Server) -> None:
    body = {"url": receiver.url, "events": EVENTS}
    for _ in range(webhooks.MOST):
        assert Rest(ada).post("/webhooks", body).status_code == 201
    answer = Rest(ada).post("/webhooks", body)
    assert (answer.status_code, codes(answer)) == (422, {(None, "too_large")})
    assert Rest(bob).post("/webhooks", body).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_more_either(ada: User, receiver: Server) -> None:
    def make(_: int) -> int:
        try:
            return int(rest.post("/webhooks", body).status_code)
        finally:
            connection.close()

    rest, body = Rest(ada), {"url": receiver.url, "events": EVENTS}
    for _ in range(webhooks.MOST - 1):
        webhooks.make(ada, receiver.url, EVENTS, None)
    with ThreadPoolExecutor(8) as people:
        assert sorted(people.map(make, range(8))) == [201, *[422] * 7]


def test_its_deliveries_are_listed_a_page_at_a_time(ada: User, bob: User, receiver: Server) -> None:
    rest = Rest(ada)
    path = f"/webhooks/{rest.post('/webhooks', {'url': receiver.url, 'events': EVENTS}).json()['id']}/deliveries"
    assert rest.get(path).json() == {"items": [], "next": None}
    now, hook = timezone.now(), Webhook.objects.get()
    for _ in range(3):
        Delivery.objects.create(webhook=hook, event="job.ended", subject=uuid4(), created_at=now, due_at=now)
    first = rest.get(path, {"limit": 2}).json()
    rest_of_it = rest.get(path, {"limit": 2, "cursor": first["next"]}).json()
    listed = [*first["items"], *rest_of_it["items"]]
    assert {each["id"] for each in listed} == {str(pk) for pk in Delivery.objects.values_list("pk", flat=True)}
    assert listed[0]["state"] == "waiting"
    assert listed[0]["next_try_at"]
    assert Rest(bob).get(path).status_code == 404


@pytest.mark.usefixtures("valkey")
def test_a_submit_may_have_a_webhook_of_its_own(ada: User, workflow: Workflow, receiver: Server) -> None:
    rest = Rest(ada, Scope.RUN)
    body = {"webhook_url": receiver.url, "webhook_secret": SECRET}
    answer = rest.post(f"/workflows/{workflow.pk}/jobs", body)
    assert answer.status_code == 201
    assert SECRET not in answer.content.decode()
    assert str(Webhook.objects.get().job_id) == answer.json()["id"]
    assert rest.get("/webhooks").json()["items"] == []  # it is for this job alone


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"webhook_url": "https://example.org/"}, ("webhook_secret", "missing_input")),
        ({"webhook_secret": SECRET}, ("webhook_url", "missing_input")),
        ({"webhook_url": "http://127.0.0.1:9/", "webhook_secret": SECRET}, ("webhook_url", "bad_value")),
        ({"webhook_url": "example.org", "webhook_secret": SECRET}, ("webhook_url", "bad_value")),
        ({"webhook_url": "https://example.org/", "webhook_secret": "short"}, ("webhook_secret", "bad_value")),
        ({"webhook_url": "https://example.org/", "webhook_secret": "whsec_!!"}, ("webhook_secret", "bad_value")),
    ],
)
def test_what_can_t_be_a_submits_own_is_refused_and_no_job_is_made(
    ada: User, workflow: Workflow, body: dict[str, str], wrong: tuple[str, str]
) -> None:
    answer = Rest(ada).post(f"/workflows/{workflow.pk}/jobs", body)
    assert (answer.status_code, codes(answer)) == (422, {wrong})
    assert not Job.objects.exists()
    assert body.get("webhook_secret", SECRET) not in answer.content.decode()
