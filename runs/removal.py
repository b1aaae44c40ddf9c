"""Deleting assets, jobs and workflows with all that is theirs, in short transactions, telling who watches."""

import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from math import inf
from uuid import UUID

from django.db import transaction

from runs import gate, making, publish
from runs.cancelling import cancel_all
from runs.errors import AssetUsed, JobActive
from runs.models import Asset, Choice, Job
from runs.representation import asset_document
from workflows.errors import VersionMoved
from workflows.models import Workflow

_AT_ONCE = 200


def remove_job(job: Job) -> None:
    """Deletes an ended job with its telemetry and products. Raises JobActive while it is active."""
    gone = _products([job.pk])
    gate.delete(job.pk)
    publish.asset_events("deleted", gone)


def remove_asset(asset: Asset, *, force: bool = False) -> None:
    """Deletes a product or an upload; its bytes go with those that nothing needs.

    Raises JobActive while the job that makes it is active, as another attempt would make it anew; AssetUsed, unless
    forced, while a job that waits, or runs and may come back to the queue, is given it, or it is chosen for its node.
    """
    if asset.job_id and Job.objects.active().filter(pk=asset.job_id).exists():
        raise JobActive("The job that makes this asset is still active. Cancel it, or wait for its end.")
    if not force:
        _refuse_given(asset)
    document = asset_document(asset)
    asset.delete()
    if asset.job_id:
        publish.asset_events("deleted", [document])


def remove_workflow(workflow: Workflow, *, versions: Collection[int] | None = None) -> None:
    """Deletes a workflow with its jobs; from the beginning on nobody sees it. Raises JobActive.

    And VersionMoved unless it is at one of `versions`.
    """
    with transaction.atomic():
        _lock(workflow, versions)
        _refuse_active(workflow)
        _hide(workflow)
    _clear(workflow)


def remove_with_jobs(workflow: Workflow, *, by: str, versions: Collection[int] | None = None) -> bool:
    """Deletes a workflow whatever its jobs do: nothing is submitted any more, and the active ones are cancelled.

    Answers whether none was active. Else it is seen by nobody from now on, and is gone once the last of them has ended;
    see `remove_leaving`. Raises VersionMoved unless it is at one of `versions`.
    """
    with transaction.atomic():
        _lock(workflow, versions)
        _hide(workflow)
        idle = not workflow.jobs.active().exists()
    cancel_all(Job.objects.filter(workflow=workflow), by=by)
    with suppress(JobActive):
        _clear(workflow)
    return idle


def remove_leaving(seconds: float = 1.0) -> None:
    """Deletes those workflows that were to go with their jobs, and have no active one left.

    It goes on for about so long, as who calls has more to do; what is left then goes the next time.
    """
    until = time.monotonic() + seconds
    for workflow in Workflow.objects.filter(leaving=True)[:_AT_ONCE]:
        with suppress(JobActive):
            _clear(workflow, until)
        if time.monotonic() > until:
            return


def _lock(workflow: Workflow, versions: Collection[int] | None) -> None:
    """Keeps submits and changes out until the transaction ends. Raises VersionMoved, Workflow.DoesNotExist."""
    gate.lock()
    version = Workflow.objects.select_for_update().values_list("version", flat=True).get(pk=workflow.pk)
    if versions is not None and version not in versions:
        raise VersionMoved(version)


def _hide(workflow: Workflow) -> None:
    """From now on nobody finds it, changes it or submits to it. What dies before it is gone, the sweep goes on with."""
    Workflow.objects.filter(pk=workflow.pk).update(leaving=True)


def _clear(workflow: Workflow, until: float = inf) -> None:
    """Deletes what is hidden already, some jobs at a time so that nobody waits long. Raises JobActive.

    What is not done by `until` is left to the sweep.
    """
    _refuse_active(workflow)
    while ended := list(workflow.jobs.ended().values_list("pk", flat=True)[:_AT_ONCE]):
        gone = _products(ended)
        Job.objects.filter(pk__in=ended).delete()
        gate.forget(ended)
        publish.asset_events("deleted", gone)
        if time.monotonic() > until:
            return
    for batch_id in workflow.batches.in_making().values_list("pk", flat=True):
        making.clear(batch_id)
    workflow.delete()


def _refuse_given(asset: Asset) -> None:
    if Choice.objects.filter(asset=asset).exists():
        raise AssetUsed(
            "This product is chosen for its node. Choose another or none, or delete it with `?force=true`, which takes "
            "the choice back."
        )
    theirs = Job.objects.active().filter(owner=asset.owner_id).select_related("workflow")
    job = theirs.given(asset.pk).order_by("place").first()
    if job:
        raise AssetUsed(
            f"Run #{job.number} of “{job.workflow.name}” is given this asset and is not over. Cancel it or wait for "
            "its end, or delete with `?force=true`."
        )


def _refuse_active(workflow: Workflow) -> None:
    if workflow.jobs.active().exists():
        raise JobActive(
            "Jobs of this workflow are still active. Cancel them and wait for their end before you delete it."
        )


def _products(job_ids: Iterable[UUID]) -> list[dict[str, object]]:
    assets = Asset.objects.for_documents().filter(job_id__in=job_ids)
    return [asset_document(asset) for asset in assets]
