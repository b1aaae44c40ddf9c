"""The settings of webhooks: made with a secret that is shown once, deleted, and what each was told."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from runs import webhooks
from runs.models import Delivery, Webhook
from tests.receiving import receiving

pytestmark = pytest.mark.django_db
ADDRESS = "/settings/webhooks/"
URL = "https://93.184.215.14/hook?a=<b>"


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    """Ada's browser."""
    client.force_login(ada)
    return client


def hook(owner: User, **fields: Any) -> Webhook:
    made, _ = webhooks.make(owner, URL, ["job.ended"], None)
    Webhook.objects.filter(pk=made.pk).update(**fields)
    return made


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_page_makes_a_webhook_and_shows_its_secret_once(page: Client, ada: User) -> None:
    assert "No webhook yet" in text(page.get(ADDRESS))
    with receiving() as server:
        answer = page.post(ADDRESS, {"url": f"{server.url}/", "events": ["job.ended", "asset.created"]})
    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(found := re.findall(r"whsec_[\w+/=]{40,}", text(answer))) == 1
    made = Webhook.objects.get()
    assert (made.owner, made.events, made.workflow) == (ada, ["asset.created", "job.ended"], None)
    shown = text(page.get(ADDRESS))
    assert found[0] not in shown
    assert made.url in shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://127.0.0.1:9/", "events": ["job.ended"]}, "HTTP_ALLOW"),
        ({"url": "mailto:ada", "events": ["job.ended"]}, "http://"),
        ({"url": "https://xn--/", "events": ["job.ended"]}, "http://"),
        ({"url": "https://ada:x@93.184.215.14/", "events": ["job.ended"]}, "Leave name and password out"),
        ({"url": "https://93.184.215.14/"}, "Choose at least one"),
        ({"url": "https://93.184.215.14/", "events": ["job.begun"]}, "Choose at least one"),
        ({}, "required"),
    ],
)
def test_what_can_t_be_one_is_told_and_nothing_is_made(page: Client, given: dict[str, Any], said: str) -> None:
    answer = page.post(ADDRESS, given)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Webhook.objects.exists()


def test_beyond_so_many_it_says_to_delete_one(page: Client, ada: User) -> None:
    for _ in range(webhooks.MOST):
        hook(ada)
    answer = page.post(ADDRESS, {"url": "https://93.184.215.14/", "events": ["job.ended"]})
    assert answer.status_code == 422
    assert "Delete one" in text(answer)


def test_what_a_webhook_was_told_is_shown_with_what_was_answered(page: Client, ada: User, bob: User) -> None:
    mine, now = hook(ada, disabled_at=timezone.now(), disabled_why="Its receiver answered 410."), timezone.now()
    assert "Nothing was told yet" in text(page.get(f"{ADDRESS}{mine.pk}/"))
    told = {"event": "job.ended", "subject": uuid4(), "created_at": now}
    Delivery.objects.create(webhook=mine, state="delivered", status=204, attempts=1, **told)
    Delivery.objects.create(webhook=mine, due_at=now, status=500, error="It answered 500.", attempts=3, **told)
    Delivery.objects.create(webhook=mine, due_at=now, **told)
    shown = text(page.get(f"{ADDRESS}{mine.pk}/?cursor=nonsense"))
    for words in ("delivered · 204", "It answered 500.", "3 tries", "again at", "waiting", "answered 410"):
        assert words in shown
    assert "a=&lt;b&gt;" in shown
    assert page.get(f"{ADDRESS}{hook(bob).pk}/").status_code == 404


def test_the_page_deletes_a_webhook_of_ones_own_alone(page: Client, ada: User, bob: User) -> None:
    mine, theirs = hook(ada), hook(bob)
    assert "is deleted" in text(page.post(f"{ADDRESS}{mine.pk}/deletion/", follow=True))
    assert page.post(f"{ADDRESS}{theirs.pk}/deletion/").status_code == 404
    assert list(Webhook.objects.all()) == [theirs]
