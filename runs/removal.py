"""Deleting jobs and workflows with all that is theirs, in short transactions, telling who watches."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from runs import gate, publish
from runs.errors import JobActive
from runs.models import Asset, Job
from runs.representation import asset_document
from workflows.models import Workflow

_AT_ONCE = 200


def remove_job(job: Job) -> None:
    """Deletes an ended job with its telemetry and products. Raises JobActive while it is active."""
    gone = _products([job.pk])
    gate.delete(job.pk)
    publish.asset_events("deleted", gone)


def remove_workflow(workflow: Workflow) -> None:
    """Deletes a workflow with its jobs, some at a time so that nobody waits long. Raises JobActive."""
    _refuse_active(workflow)
    while ended := list(workflow.jobs.ended().values_list("pk", flat=True)[:_AT_ONCE]):
        gone = _products(ended)
        Job.objects.filter(pk__in=ended).delete()
        gate.forget(ended)
        publish.asset_events("deleted", gone)
    with transaction.atomic():
        gate.lock()  # no submit may come in between
        _refuse_active(workflow)
        workflow.delete()


def _refuse_active(workflow: Workflow) -> None:
    if workflow.jobs.active().exists():
        raise JobActive(
            "Jobs of this workflow are still active. Cancel them and wait for their end before you delete it."
        )


def _products(job_ids: Iterable[UUID]) -> list[dict[str, object]]:
    assets = Asset.objects.for_documents().filter(job_id__in=job_ids)
    return [asset_document(asset) for asset in assets]
