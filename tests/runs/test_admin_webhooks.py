"""Webhooks in the administration: seen with what became of what they told, disabled, and no secret is shown."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import User
from runs import webhooks
from runs.models import Delivery, Webhook
from tests import factories
from tests.rest import Rest

pytestmark = pytest.mark.django_db
HOOKS, DELIVERIES = "/admin/runs/webhook/", "/admin/runs/delivery/"
URL = "https://example.org/services/t0p-s3cret"


@pytest.fixture
def admin(client: Client, root: User) -> Client:
    """Root's browser."""
    client.force_login(root)
    return client


def hook(owner: User, **about: Any) -> Webhook:
    return webhooks.make(owner, URL, ["job.ended"], None)[0]


def told(hook: Webhook, **fields: Any) -> Delivery:
    now = timezone.now()
    given = {"event": "job.ended", "subject": uuid4(), "created_at": now, "due_at": now, "body": '{"word": "b0dy"}'}
    return Delivery.objects.create(webhook=hook, **{**given, **fields})


def shown(client: Client, address: str) -> str:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def disable(client: Client, *hooks: Webhook) -> Any:
    chosen = [str(hook.pk) for hook in hooks]
    return client.post(HOOKS, {"action": "disable", "_selected_action": chosen}, follow=True)


def test_everyones_are_listed_with_what_they_were_told_and_no_secret(admin: Client, ada: User, bob: User) -> None:
    hooks = [hook(ada), hook(bob)]
    delivery = told(hooks[0], error="It answered 500.", status=500, attempts=2)
    pages = [HOOKS, DELIVERIES, *(f"{HOOKS}{each.pk}/change/" for each in hooks), f"{DELIVERIES}{delivery.pk}/change/"]
    texts = [shown(admin, page) for page in pages]
    assert all(text in texts[0] for text in ("example.org:443", "ada", "bob", "job.ended", "all workflows", "active"))
    assert all(text in texts[1] for text in ("example.org:443", "ada", str(delivery.subject), "It answered 500."))
    for text in texts:
        assert not [secret for secret in ("t0p-s3cret", "b0dy", *(each.secret for each in hooks)) if secret in text]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=example.org", 2),
        ("?q=bob", 1),
        ("?q=t0p-s3cret", 0),
        ("?whose=ada", 1),
        ("?standing=disabled", 1),
        ("?of=a+workflow", 0),
    ],
)
def test_they_are_searched_and_filtered(admin: Client, ada: User, bob: User, query: str, found: int) -> None:
    hook(bob)
    Webhook.objects.filter(pk=hook(ada).pk).disable("It is gone.")
    assert shown(admin, f"{HOOKS}{query}").count('class="action-select"') == found


def test_deliveries_are_searched_and_filtered(admin: Client, ada: User, bob: User) -> None:
    first, second = hook(ada), hook(bob)
    failed = told(first, state="failed", due_at=None, error="It answered 500.")
    told(second, event="asset.created")
    for query in ("q=ada", "q=answered+500", f"q={failed.pk}", "state__exact=failed", f"webhook={first.pk}"):
        found = shown(admin, f"{DELIVERIES}?{query}")
        assert (str(failed.subject) in found, found.count("<tbody>"), found.count('class="field-event"')) == (
            True,
            1,
            1,
        )
    assert "0 deliveries" in shown(admin, f"{DELIVERIES}?webhook=nonsense")


def test_a_webhook_that_is_disabled_is_told_nothing_more_and_its_owner_sees_by_whom(
    admin: Client, ada: User, bob: User
) -> None:
    hooks = [hook(ada), hook(bob)]
    waiting = told(hooks[0])
    assert "1 disabled" in disable(admin, hooks[0]).content.decode()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.due_at, waiting.body) == ("failed", None, "")
    shown_to = [Rest(owner).get("/webhooks").json()["items"][0]["disabled_why"] for owner in (ada, bob)]
    assert shown_to == ["root disabled it in the administration.", None]
    assert LogEntry.objects.get().change_message == "Disabled."
    assert "0 disabled" in disable(admin, hooks[0]).content.decode()


def test_staff_see_and_disable_them_without_further_rights(client: Client, ada: User) -> None:
    made = hook(ada)
    client.force_login(User.objects.create_user("watcher", is_staff=True))
    assert "example.org" in shown(client, HOOKS)
    assert "1 disabled" in disable(client, made).content.decode()


def test_nobody_makes_changes_or_deletes_them_by_hand(admin: Client, ada: User) -> None:
    made = hook(ada)
    delivery = told(made)
    for address in (f"{HOOKS}{made.pk}", f"{DELIVERIES}{delivery.pk}"):
        assert admin.post(f"{address}/change/", {"origin": "elsewhere", "state": "delivered"}).status_code == 403
        assert admin.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert [admin.get(f"{each}add/").status_code for each in (HOOKS, DELIVERIES)] == [403, 403]
    made.refresh_from_db()
    assert made.origin == "example.org:443"


def test_one_of_a_single_run_leads_to_it(admin: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    webhooks.add_to(job, URL, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert f"/admin/runs/job/{job.pk}/change/" in shown(admin, HOOKS)
