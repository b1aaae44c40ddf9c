"""Jobs that are put first in their lane: staff's before all, other people's before their own."""

from typing import Final
from uuid import UUID

from django.db import connection, transaction

from runs import gate, publish
from runs.errors import NotWaiting
from runs.models import Job
from runs.states import State

_STEP_BACK: Final = """
    UPDATE runs_job SET place = behind.place FROM (
        SELECT id, LEAD(place) OVER (ORDER BY place) AS place FROM runs_job
        WHERE state = 'queued' AND place BETWEEN %s AND %s
        AND (batch_id IS NULL OR batch_id NOT IN (SELECT id FROM runs_batch WHERE released_at IS NULL))
        AND owner_id = (SELECT owner_id FROM runs_job WHERE state = 'queued' AND place = %s)
    ) AS behind WHERE runs_job.id = behind.id AND behind.place IS NOT NULL
"""
"""Each but the last takes the place of the one behind it. One statement, however many wait."""


def promote(job_id: UUID, *, before_all: bool) -> Job:
    """A waiting job goes first in its lane: before all that wait there, or before its owner's own. Raises NotWaiting.

    Nobody else's place changes then: the owner's jobs before it each take the next one's, so that their order stays.
    """
    with transaction.atomic():
        gate.lock()
        job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
        if job.state != State.QUEUED:
            raise NotWaiting(NotWaiting.__doc__)
        # Before all are also the jobs of batches that are still being written, whose places are theirs already.
        line = Job.rows.waiting() if before_all else Job.objects.waiting().filter(owner=job.owner_id)
        first = line.in_lane(job.lane).values_list("place", flat=True)[0]
        if first != job.place:
            if not before_all:
                with connection.cursor() as cursor:
                    cursor.execute(_STEP_BACK, [first, job.place, job.place])
            Job.objects.filter(pk=job.pk).update(place=first - 1 if before_all else first)
            transaction.on_commit(lambda: publish.job_changed(job.pk, job.workflow_id, job.version))
    job.refresh_from_db()
    return job
