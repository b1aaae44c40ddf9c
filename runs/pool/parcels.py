"""Deliveries as they go out and come back: each is taken for one try, and settled by what came of it."""

import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from accounts.plain_json import moment
from accounts.sealing import Broken, unseal
from runs import batches, queue, results
from runs.models import (
    ASSET_CREATED,
    BATCH_ENDED,
    DELIVERED,
    FAILED,
    JOB_ENDED,
    Asset,
    Batch,
    Delivery,
    Job,
    Webhook,
)
from runs.models.webhook import WebhookQuerySet
from runs.pool.post import SECONDS, Answer, Parcel
from runs.representation import asset_document

AT_ONCE: Final = 16
AT_ONE_PLACE: Final = 4
"""So many requests go to one host at a time, so that one that hangs leaves room for others."""
AT_ONE_PERSON: Final = 8
"""So many are one person's, so that whoever has many that hang leaves room for others."""
PAUSES: Final = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
"""Seconds before each next try, as Standard Webhooks has them: eight tries in 28 to 33 hours."""
JITTER: Final = 0.2
LARGEST: Final = 256 * 1024
"""A longer body goes without what can be long in it."""
_TAKEN_FOR: Final = timedelta(seconds=2 * SECONDS)
"""Who takes a delivery has settled it by then, or has died: it is tried again."""
LOOKED_AT: Final = 100


def take(sending: Collection[Parcel]) -> Iterator[Parcel]:
    """Takes what is due, beside what is under way. Who takes it settles it."""
    load = _Load(sending)
    while load.total < AT_ONCE:
        before = load.total
        for delivery in _due(load):
            if load.has_room(delivery.webhook) and (parcel := _taken(delivery)):
                load.add(parcel)
                yield parcel
        if load.total == before:
            return


def settle(parcel: Parcel, answer: Answer) -> None:
    """What came of a try: done, tried again later, or given up. One that was taken by somebody else meanwhile stays."""
    now = timezone.now()
    mine = Delivery.objects.waiting().filter(pk=parcel.delivery_id, attempts=parcel.attempt)
    told = {"tried_at": now, "status": answer.status, "error": answer.error[:300]}
    if answer.taken:
        mine.update(state=DELIVERED, due_at=None, body="", **told)
    elif answer.gone:
        mine.update(state=FAILED, due_at=None, body="", **told)
        _hook(parcel.webhook_id).disable("Its receiver answered 410: it is gone.")
    elif parcel.attempt <= len(PAUSES):
        pause = PAUSES[parcel.attempt - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 (so that not all come at once)
        mine.update(due_at=now + timedelta(seconds=pause), **told)
    elif mine.update(state=FAILED, due_at=None, body="", **told) and not _has_answered(parcel):
        _hook(parcel.webhook_id).disable(f"Its receiver has taken nothing for {parcel.attempt} tries.")


class _Load:
    """What is under way: how many requests to each host, and for each person."""

    def __init__(self, sending: Collection[Parcel]) -> None:
        self._places, self._people = Counter[str](), Counter[UUID]()
        for parcel in sending:
            self.add(parcel)

    @property
    def total(self) -> int:
        return self._places.total()

    @property
    def full(self) -> tuple[list[str], list[UUID]]:
        """The hosts and the persons that have no room for another."""
        places = [origin for origin, count in self._places.items() if count >= AT_ONE_PLACE]
        return places, [owner for owner, count in self._people.items() if count >= AT_ONE_PERSON]

    def has_room(self, hook: Webhook) -> bool:
        places, people = self.full
        return self.total < AT_ONCE and hook.origin not in places and hook.owner_id not in people

    def add(self, parcel: Parcel) -> None:
        self._places[parcel.origin] += 1
        self._people[parcel.owner_id] += 1


def _due(load: _Load) -> Iterable[Delivery]:
    """The first that are due and for which there is room: a long line for one holds back no other's.

    Who may not sign in any more is told nothing.
    """
    places, people = load.full
    due = Delivery.objects.waiting().filter(due_at__lte=timezone.now(), webhook__owner__is_active=True)
    due = due.exclude(webhook__origin__in=places).exclude(webhook__owner__in=people)
    return due.select_related("webhook").order_by("due_at")[:LOOKED_AT]


def _taken(delivery: Delivery) -> Parcel | None:
    """The delivery for one try, unless somebody else was faster. Its body is written before the first one."""
    hook, attempt = delivery.webhook, delivery.attempts + 1
    mine = Delivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at)
    if not mine.update(due_at=timezone.now() + _TAKEN_FOR, attempts=attempt):
        return None
    if hook.disabled_at:  # while somebody wrote this
        _hook(hook.pk).disable(hook.disabled_why)
        return None
    try:
        secret = unseal(hook.secret)
    except Broken:
        _hook(hook.pk).disable("Its secret can't be read, as the SECRET_KEY has changed. Make a new webhook.")
        return None
    if not delivery.body:
        delivery.body = _body(delivery)
        if not Delivery.objects.filter(pk=delivery.pk).update(body=delivery.body):
            return None  # it was deleted with its webhook just now
    return Parcel(delivery.pk, hook.pk, hook.owner_id, hook.origin, hook.url, secret, delivery.body, attempt)


def _hook(webhook_id: UUID) -> WebhookQuerySet:
    return Webhook.objects.filter(pk=webhook_id)


def _has_answered(parcel: Parcel) -> bool:
    """Whether the receiver has taken anything since this delivery came."""
    since = Delivery.objects.filter(pk=parcel.delivery_id).values("created_at")[:1]
    taken = Delivery.objects.filter(webhook=parcel.webhook_id, state=DELIVERED, created_at__gte=since)
    return taken.exists()


def _body(delivery: Delivery) -> str:
    told = {"type": delivery.event, "timestamp": moment(delivery.created_at)}
    data = _data(delivery) or {"id": str(delivery.subject)}
    body = _json({**told, "data": data})
    if len(body.encode()) > LARGEST:
        body = _json({**told, "data": {**data, **dict.fromkeys({"params", "outputs", "scope"} & data.keys())}})
    return body


def _data(delivery: Delivery) -> dict[str, Any] | None:
    """What it tells of, as REST has it; None when it was deleted since."""
    found = _FOUND[delivery.event](delivery.subject)
    return found[0] if found else None


def _jobs(pk: UUID) -> list[dict[str, Any]]:
    return [queue.document(job, results.outputs(job)) for job in Job.objects.filter(pk=pk)]


def _batches(pk: UUID) -> list[dict[str, Any]]:
    return [batches.document(batch) for batch in Batch.objects.filter(pk=pk)]


def _assets(pk: UUID) -> list[dict[str, Any]]:
    return [asset_document(asset) for asset in Asset.objects.for_documents().filter(pk=pk)]


_FOUND: Final = {JOB_ENDED: _jobs, BATCH_ENDED: _batches, ASSET_CREATED: _assets}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
