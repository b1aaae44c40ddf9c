"""Jobs that are the same run: of one graph, with the same parameters, and nothing random in it."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db.models import BigIntegerField, IntegerField, OuterRef, Subquery, UUIDField

from accounts.compiled import Compiled
from runs.models import Job
from runs.states import State
from workflows.models import Graph
from workflows.registry import registry

_STEADY: Final = frozenset({"control.wait", "text.stream"})
_STEADY_FAMILIES: Final = frozenset({"input", "output"})
"""Not pure, as there is nothing to be saved by it; but they always give the same."""


_NEWEST: Final = Compiled[Job](
    lambda twin, number, workflow: (
        Job.objects.filter(twin=twin, state=State.COMPLETED, number__lt=number, workflow=workflow)
        .only("number", "graph_id", "params")
        .order_by("-number")[:1]
    ),
    twin=BigIntegerField(),
    number=IntegerField(),
    workflow=UUIDField(),
)


def steady(graph: Graph) -> bool:
    """Whether nothing random is in it: with the same parameters it always gives the same."""
    return all(_is_steady(node["type"]) for node in graph.document["nodes"])


def key(graph_id: str, params: Mapping[str, object]) -> int:
    """A number that twins share, and hardly any others."""
    told = json.dumps([graph_id, params], sort_keys=True, separators=(",", ":"))
    return int.from_bytes(sha256(told.encode()).digest()[:8], signed=True)


def of(job: Job) -> Job | None:
    """The newest run of the same workflow before this one that was the same and came to a good end.

    Of its fields those that tell which it is.
    """
    if job.twin is None:
        return None
    found = _NEWEST.first(twin=job.twin, number=job.number, workflow=job.workflow_id)
    return found if found and _same(job, found) else None


def named(job: Job) -> str | None:
    """The id of that run."""
    twin = of(job)
    return str(twin.pk) if twin else None


def of_batch(jobs: Sequence[Job]) -> dict[UUID, UUID]:
    """Of each of a batch's jobs that has such a run from before the batch, which one it is. In few queries."""
    if not jobs:
        return {}
    first = jobs[0]
    alike = Job.objects.filter(twin=OuterRef("twin"), state=State.COMPLETED, workflow=first.workflow_id)
    newest = Subquery(alike.filter(number__lt=first.number).order_by("-number").values("pk")[:1])
    named = dict(Job.objects.filter(batch_id=first.batch_id, twin__isnull=False).values_list("pk", newest))
    runs = Job.objects.only("graph_id", "params").in_bulk([pk for pk in set(named.values()) if pk])
    twins = {job.pk: runs.get(named.get(job.pk)) for job in jobs}
    return {job.pk: twin.pk for job in jobs if (twin := twins[job.pk]) and _same(job, twin)}


def _same(job: Job, other: Job) -> bool:
    return (other.graph_id, other.params) == (job.graph_id, job.params)


def _is_steady(name: str) -> bool:
    declared = registry.get(name)
    return declared is not None and (declared.pure or name in _STEADY or declared.family in _STEADY_FAMILIES)
