"""Which deliveries go out next: nobody's long line, and nobody's many receivers that hang, holds up another's."""

from collections import Counter

import pytest
from django.utils import timezone

from accounts.models import User
from runs import webhooks
from runs.models import Delivery, Webhook
from runs.pool import parcels
from runs.pool.post import Answer
from tests.receiving import receiving
from tests.runs import jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


def test_a_long_line_for_one_receiver_leaves_room_for_others(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "LOOKED_AT", 3)
    with receiving() as busy, receiving() as other:
        webhooks.make(ada, f"{busy.url}/", ["job.ended"], None)
        for _ in range(parcels.AT_ONE_PLACE + 2):
            jobs.ran(ada)
        webhooks.make(ada, f"{other.url}/", ["job.ended"], None)
        jobs.ran(ada)
        origins = Counter(parcel.origin for parcel in parcels.take(()))
    assert sorted(origins.values()) == [1, parcels.AT_ONE_PLACE]


def test_who_has_many_receivers_that_hang_leaves_room_for_others(ada: User, bob: User) -> None:
    addresses = [f"https://{number}.example.org/" for number in range(parcels.AT_ONCE)]
    for address in addresses:
        webhooks.make(ada, address, ["job.ended"], None)
    webhooks.make(bob, "https://example.com/", ["job.ended"], None)
    for owner in (ada, bob):
        jobs.ran(owner)
    taken = Counter(parcel.owner_id for parcel in parcels.take(()))
    assert taken == {ada.pk: parcels.AT_ONE_PERSON, bob.pk: 1}


def test_who_may_not_sign_in_any_more_is_told_nothing(ada: User) -> None:
    webhooks.make(ada, "https://example.org/", ["job.ended"], None)
    jobs.ran(ada)
    User.objects.update(is_active=False)
    assert list(parcels.take(())) == []
    jobs.ran(ada)
    assert Delivery.objects.count() == 1


def test_what_is_deleted_while_its_body_is_written_is_not_sent(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks.make(ada, "https://example.org/", ["job.ended"], None)
    jobs.ran(ada)
    monkeypatch.setattr(parcels, "_body", lambda _: str(Webhook.objects.all().delete()))
    assert list(parcels.take(())) == []


def test_what_two_have_looked_at_is_taken_by_one(ada: User) -> None:
    webhooks.make(ada, "https://example.org/", ["job.ended"], None)
    jobs.ran(ada)
    (first,), (second,) = (list(parcels._due(parcels._Load(()))) for _ in range(2))
    assert parcels._taken(first) is not None
    assert parcels._taken(second) is None
    assert Delivery.objects.get().attempts == 1


def test_an_answer_to_a_try_that_was_given_up_settles_nothing(ada: User) -> None:
    webhooks.make(ada, "https://example.org/", ["job.ended"], None)
    jobs.ran(ada)
    (late,) = parcels.take(())
    Delivery.objects.update(due_at=timezone.now())  # whoever had taken it seems dead
    assert [parcel.attempt for parcel in parcels.take(())] == [2]
    before = Delivery.objects.values().get()
    parcels.settle(late, Answer(500, "It answered 500."))
    assert Delivery.objects.values().get() == before
