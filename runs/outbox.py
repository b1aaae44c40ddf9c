"""What webhooks are to be told, as rows written in the transaction that makes it true. `runs.pool.sender` sends them.

So nothing is told that did not happen, and nothing that happened is forgotten, whatever dies in between.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from runs.models import ASSET_CREATED, BATCH_ENDED, FAILED, JOB_ENDED, Batch, Delivery, Job, Webhook

TRIED_FOR: Final = timedelta(days=2)
"""What could not be delivered by then never will: its receiver has answered nothing for all that time."""
KEPT_FOR: Final = timedelta(days=30)
MOST_WAITING: Final = 100_000
"""Of what waits for one webhook, as its receiver has been away for long, the newest so many are told."""
KEPT: Final = 1000
"""So many deliveries of a webhook that have come to their end stay, and none longer than that."""
_UNTRIED: Final = timedelta(hours=1)
"""Nobody could send what has been due for so long, as Loupe was off maybe: it is tried before it is given up."""
_AT_ONCE: Final = 500


def jobs_ended(jobs: Collection[Job]) -> None:
    """These jobs have come to their end, and with them maybe their batches. Within the transaction that ends them."""
    if not jobs or not Webhook.objects.any():
        return
    owners, ids = {job.owner_id for job in jobs}, [job.pk for job in jobs]
    hooks = Webhook.objects.hearing((JOB_ENDED, BATCH_ENDED), owners, ids)
    told = [(hook, JOB_ENDED, job.pk) for hook in hooks for job in jobs if _hears_end(hook, job)]
    if any(BATCH_ENDED in hook.events for hook in hooks):
        for batch in _ended_batches({job.batch_id for job in jobs if job.batch_id}):
            listening = [hook for hook in hooks if hook.hears(BATCH_ENDED, batch.owner_id, batch.workflow_id)]
            told += [(hook, BATCH_ENDED, batch.pk) for hook in listening]
    _write(told)


def assets_made(owner_id: UUID, workflow_id: UUID | None, assets: Collection[UUID]) -> None:
    """These assets are there. Within the transaction that writes them."""
    if not assets or not Webhook.objects.any():
        return
    hooks = Webhook.objects.hearing((ASSET_CREATED,), (owner_id,))
    listening = [hook for hook in hooks if hook.hears(ASSET_CREATED, owner_id, workflow_id)]
    _write((hook, ASSET_CREATED, asset) for asset in assets for hook in listening)


def forget_old() -> None:
    """Gives up what has waited for two days, or is too much; deletes deliveries that are too old, or many, to keep."""
    now = timezone.now()
    waiting, ended = Delivery.objects.waiting(), Delivery.objects.ended()
    tried = Q(due_at__gt=now - _UNTRIED) | Q(webhook__owner__is_active=False) | Q(created_at__lt=now - KEPT_FOR)
    _give_up(waiting.filter(tried, created_at__lt=now - TRIED_FOR), "It could not be sent for two days.")
    _delete(ended.filter(created_at__lt=now - KEPT_FOR))
    counted = Delivery.objects.order_by().values("webhook").annotate(count=Count("pk"))
    for hook in counted.filter(count__gt=KEPT).values_list("webhook", flat=True):
        _give_up(_beyond(waiting.filter(webhook=hook), MOST_WAITING), f"More than {MOST_WAITING:,} waited.")
        _delete(_beyond(ended.filter(webhook=hook), KEPT))
    _delete(Delivery.objects.exclude(webhook__in=Webhook.objects.values("pk")))
    told = Webhook.objects.filter(job_id__isnull=False, created_at__lt=now - KEPT_FOR, deliveries=None)
    _delete(told.exclude(job_id__in=Job.rows.active().values("pk")))


def _hears_end(hook: Webhook, job: Job) -> bool:
    return hook.job_id == job.pk or hook.hears(JOB_ENDED, job.owner_id, job.workflow_id)


def _ended_batches(batch_ids: Collection[UUID]) -> list[Batch]:
    """Those of which no job is left to end. Whoever ends the last two at once does it one after the other here."""
    locked = Batch.objects.select_for_update(of=("self",)).filter(pk__in=batch_ids).order_by("pk")
    return [batch for batch in locked if not Job.rows.active().filter(batch_id=batch.pk).exists()]


def _write(told: Iterable[tuple[Webhook, str, UUID]]) -> None:
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(webhook=hook, event=event, subject=subject, created_at=now, due_at=now)
        for hook, event, subject in told
    )


def _beyond(rows: QuerySet[Delivery], most: int) -> QuerySet[Delivery]:
    """Those that are older than the newest `most`."""
    last = rows.order_by("-created_at").values_list("created_at", flat=True)[most - 1 : most].first()
    return rows.filter(created_at__lt=last) if last else rows.none()


def _give_up(rows: QuerySet[Delivery], why: str) -> None:
    """Of those that wait, some at a time, as below."""
    found: list[UUID]
    while found := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        Delivery.objects.filter(pk__in=found).update(state=FAILED, due_at=None, body="", error=why)


def _delete(rows: QuerySet[Any]) -> None:
    """Some at a time, so that nobody who writes waits for it."""
    found: list[UUID]
    while found := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        rows.model._default_manager.filter(pk__in=found).delete()  # noqa: SLF001 (Django's own public name)
