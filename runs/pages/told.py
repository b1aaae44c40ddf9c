"""What runs made at a node that keeps no products: its values, as the runs' telemetry has them."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from runs import tail
from runs.models import Job
from runs.pages import drawing, product
from runs.pages.gallery import NEWEST, RUNS_A_PAGE, Gallery, Run
from runs.pages.parts import Part
from runs.states import State
from workflows.shape import is_named


def jobs(workflow_id: UUID) -> Mapping[str, int]:
    """How many of the newest hundred jobs came to a good end at each node that makes a value."""
    newest = Job.objects.filter(workflow=workflow_id).order_by("-number").values_list("state", "graph_id")[:NEWEST]
    completed = Counter(digest for state, digest in newest if state == State.COMPLETED)
    found: Counter[str] = Counter()
    for digest, count in completed.items():
        found.update({part.id: count for part in drawing.of(digest).parts if makes_values(part)})
    return found


def makes_values(part: Part) -> bool:
    """Whether it makes texts, numbers or JSON; what an input has, stands in its editor."""
    return part.shape in {"text", "code", "value"} and not is_named(part.type)


def read(workflow_id: UUID, node: str, *, before: int | None = None) -> Gallery:
    """The values that the newest ended runs made there, with numbers below `before`."""
    ended = Job.objects.filter(workflow=workflow_id, telemetry__isnull=False).order_by("-number")
    found = list((ended if before is None else ended.filter(number__lt=before))[: RUNS_A_PAGE + 1])
    runs = [Run(str(job.pk), job.number, job.label, job.state, len(made), made) for job, made in _made(found, node)]
    following = found[RUNS_A_PAGE - 1].number if len(found) > RUNS_A_PAGE else None
    return Gallery(node, [run for run in runs if run.count], sum(run.count for run in runs), following)


def _made(found: list[Job], node: str) -> list[tuple[Job, list[dict[str, Any]]]]:
    return [(job, _documents(job, node)) for job in found[:RUNS_A_PAGE]]


def _documents(job: Job, node: str) -> list[dict[str, Any]]:
    standing = tail.stored(job.pk)
    values = standing.snapshot["values"].get(node, {}) if standing else {}
    return [
        {
            "id": "",
            "kind": product.kind_of(value),
            "value": value,
            "size": len(json.dumps(value)),
            "thumbnail_url": None,
            "job_number": job.number,
        }
        for value in values.values()
    ]
