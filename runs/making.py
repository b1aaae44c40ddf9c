"""A batch in the making: written some jobs at a time, seen by nobody, then released by one short transaction.

So nobody who writes waits long, however large it is, and its jobs are there all or none, whatever dies in between: who
writes a batch goes on before `making_until`, or the sweep removes what was left. See ADR 0011.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error as DatabaseError, transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts.models import User
from runs import entry, gate, lens, publish, wake
from runs.entry import Entry, Stretch
from runs.errors import BatchGivenUp
from runs.models import SECONDS, Batch, Job
from workflows.models import Workflow

HOLD_SECONDS: Final = 0.01
"""How long one of its transactions is to take; none may take 0.05, also on a machine that does much else."""
_FEWEST, _MOST = 20, 100
_REMOVED_AT_ONCE: Final = 50

logger = logging.getLogger(__name__)


def write(
    user: User, workflow: Workflow, entries: Sequence[Entry], *, lane: str, stop: dict[str, Any] | None = None
) -> UUID:
    """The jobs of a new batch, seen by nobody until `release`. Raises TooManyWaiting, or BatchGivenUp."""
    batch_id = uuid4()
    stretch = _begin(user, workflow, entries[-1], Batch(id=batch_id, count=len(entries), stop=stop), lane)
    try:
        for jobs in _chunks(stretch, entries[:-1]):
            with transaction.atomic():
                _go_on(batch_id)
                entry.insert(jobs, by=stretch.by)
    except BaseException:
        clear(batch_id)
        raise
    return batch_id


def release(user: User, batch_id: UUID, *, focus: bool) -> None:
    """Puts all its jobs into the queue at once. Raises as `write`, Workflow.DoesNotExist when that is gone."""
    with transaction.atomic():
        gate.lock()
        _go_on(batch_id)
        batch = Batch.objects.select_related("workflow").get(pk=batch_id)
        if batch.workflow.leaving:
            raise Workflow.DoesNotExist
        entry.refuse_beyond(batch.owner_id, batch.count)
        now = timezone.now()
        batch.released_at, batch.making_until = now, None
        seconds = (batch.stop or {}).get(SECONDS)
        batch.stops_at = now + timedelta(seconds=seconds) if seconds else None
        batch.save(update_fields=("released_at", "making_until", "stops_at"))
        hints = publish.batch_hints(batch.workflow_id, batch_id)
        if focus:
            hints += lens.follow(user, Job.objects.filter(batch_id=batch_id).order_by("number")[0])
        transaction.on_commit(lambda: wake.wake(hints))


def clear(batch_id: UUID) -> None:
    """Removes what there is of a batch that is not to be; nothing of one that is released. The sweep tries again."""
    try:
        if Batch.objects.in_making().filter(pk=batch_id).update(making_until=None):
            _remove(batch_id)
    except DatabaseError as error:
        logger.info("A batch that came to nothing is left for the sweep (%s).", error)


def clear_leftovers() -> None:
    """Removes what is left of batches whose writer has died, or stopped for so long that it counts as dead."""
    dead = Batch.objects.in_making().filter(making_until__lt=timezone.now())
    dead.update(making_until=None)
    for batch_id in Batch.objects.in_making().filter(making_until=None).values_list("pk", flat=True):
        _remove(batch_id)


def _begin(user: User, workflow: Workflow, last: Entry, batch: Batch, lane: str) -> Stretch:
    """The last job is written first: whoever comes to the lane meanwhile gets a place behind it."""
    batch.workflow, batch.owner_id, batch.making_until = workflow, workflow.owner_id, _until()
    with transaction.atomic():
        gate.lock()
        stretch = entry.reserve(user, workflow, batch.count, lane=lane, batch_id=batch.pk)
        batch.created_at = stretch.at
        batch.save(force_insert=True)
        entry.insert([stretch.job(batch.count - 1, last)], by=stretch.by)
    return stretch


def _go_on(batch_id: UUID) -> None:
    """One more term for who writes it, unless it was given up."""
    mine = Batch.objects.in_making().filter(pk=batch_id, making_until__isnull=False)
    if not mine.update(making_until=_until()):
        raise BatchGivenUp(BatchGivenUp.__doc__)


def _until() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _chunks(stretch: Stretch, entries: Sequence[Entry]) -> Iterator[list[Job]]:
    """So many at a time as the last ones took of the time that there is."""
    start, size = 0, _FEWEST
    while start < len(entries):
        jobs = [stretch.job(start + index, each) for index, each in enumerate(entries[start : start + size])]
        began = time.monotonic()
        yield jobs
        start += size
        took = max(time.monotonic() - began, 0.001)
        size = max(min(int(size * HOLD_SECONDS / took), 2 * size, _MOST), _FEWEST)


def _remove(batch_id: UUID) -> None:
    """Its jobs some at a time, as they were written, then the batch itself; its numbers too if they are the last."""
    mine = Job.rows.filter(batch_id=batch_id)
    last = mine.aggregate(last=Max("number"))["last"]
    while left := list(mine.values_list("pk", flat=True)[:_REMOVED_AT_ONCE]):
        with transaction.atomic():
            Job.rows.filter(pk__in=left).delete()
    with transaction.atomic():
        for batch in Batch.objects.in_making().filter(pk=batch_id):
            numbered = Workflow.objects.filter(pk=batch.workflow_id, jobs_made=last)
            numbered.update(jobs_made=F("jobs_made") - batch.count)
            batch.delete()
