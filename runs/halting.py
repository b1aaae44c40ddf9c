"""Carries out the stop of a batch: what waits leaves the queue, and what runs is told to stop. What was made stays."""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from runs import rules
from runs.cancelling import cancel_all
from runs.models import SECONDS, Batch, Job

BY: Final = "its batch"
"""Who cancels, in the history of those jobs."""
_AT_ONCE: Final = 100


def halt(batch_id: UUID) -> None:
    """Cancels what a stopped batch has left, if it has stopped. Whoever does it, and however often, is the same."""
    batch = Batch.objects.filter(pk=batch_id, stopping=True).first()
    if batch is None:
        return
    cancel_all(Job.objects.filter(batch_id=batch_id), by=BY, why=batch.stopped_why.rstrip("."))
    if not Job.objects.active().filter(batch_id=batch_id).exists():
        Batch.objects.filter(pk=batch_id).update(stopping=False)


def halt_all() -> None:
    """Stops batches whose time is spent, and carries out what others have left undone."""
    for batch_id in Batch.objects.filter(stops_at__lte=timezone.now()).values_list("pk", flat=True)[:_AT_ONCE]:
        _out_of_time(batch_id)
    for batch_id in Batch.objects.filter(stopping=True).values_list("pk", flat=True)[:_AT_ONCE]:
        halt(batch_id)


def _out_of_time(batch_id: UUID) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
        if batch.stopped_at is None and rules.is_at_work(batch):
            rules.stop(batch, SECONDS, rules.out_of_time(batch), timezone.now())
        batch.stops_at = None
        batch.save(update_fields=rules.STOP_FIELDS)
