"""What a batch would take, from what the workflow's own nodes took in its newest runs that came to a good end.

Each figure is a range, from the least to the most that was measured; it is None where a node has never been measured.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Coalesce

from runs import gate, tail
from runs.models import Asset, Job
from runs.states import State
from workflows.graph import Graph
from workflows.models import Workflow

RUNS: Final = 20
"""How many of the newest runs are looked at."""
KEPT: Final = 10 * RUNS
"""Of how many runs this process remembers what they took."""


class Range(NamedTuple):
    """From the least to the most."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until the last run would end, bytes that all would keep, and what all would cost, in US dollars."""

    seconds: Range | None = None
    bytes: Range | None = None
    cost: Range | None = None


class _Work(NamedTuple):
    """What one node of one run took."""

    type: str
    seconds: float
    cost: float | None


_kept: dict[UUID, Mapping[str, _Work]] = {}
"""Of the runs read last, by job: the dialog asks again at each change that is written there."""


@dataclass(slots=True)
class _Past:
    """What one node took, a figure for each run."""

    seconds: list[float] = field(default_factory=list)
    bytes: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)


def estimate(workflow: Workflow, count: int) -> Estimate:
    """What `count` runs would take if they had the slots to themselves."""
    graph = workflow.graph.loaded()
    past = _past(workflow, graph)
    if any(not past[node.id].seconds for node in graph.nodes):
        return Estimate()
    slots = min(gate.cap(), settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW or math.inf, count)
    rounds = math.ceil(count / slots)
    costs = [past[node.id].cost for node in graph.nodes if past[node.id].cost]
    return Estimate(
        seconds=Range(rounds * _longest(graph, past), rounds * sum(max(each.seconds) for each in past.values())),
        bytes=_times(count, [past[node.id].bytes for node in graph.nodes]),
        cost=_times(count, costs) if costs else None,
    )


def _past(workflow: Workflow, graph: Graph) -> Mapping[str, _Past]:
    """By the node's id, as long as it was of the same type then."""
    completed = workflow.jobs.filter(state=State.COMPLETED, telemetry__isnull=False)
    runs = list(completed.order_by("-number").values_list("pk", flat=True)[:RUNS])
    sizes = _sizes(runs)
    found: defaultdict[str, _Past] = defaultdict(_Past)
    for job_id, took in _took(runs).items():
        for node in graph.nodes:
            work = took.get(node.id)
            if work is None or work.type != node.type:
                continue
            found[node.id].seconds.append(work.seconds)
            found[node.id].bytes.append(sizes.get((job_id, node.id), 0))
            if work.cost is not None:
                found[node.id].cost.append(work.cost)
    return found


def _took(runs: Collection[UUID]) -> Mapping[UUID, Mapping[str, _Work]]:
    """What each of the runs took, by node. They have ended, so that it stays what it was: most are known already."""
    found = {job_id: kept for job_id in runs if (kept := _kept.get(job_id)) is not None}
    unread = Job.objects.filter(pk__in=set(runs) - found.keys()).defer("traceback", "params")
    for job in unread.select_related("graph", "telemetry"):
        found[job.pk] = _kept[job.pk] = _worked(job)
    for job_id in list(_kept)[:-KEPT]:
        _kept.pop(job_id, None)
    return found


def _worked(job: Job) -> Mapping[str, _Work]:
    """The nodes that the job has worked at; one that was skipped took no time, and tells nothing.

    One that was served from the cache took none either, and may again.
    """
    types = {node["id"]: node["type"] for node in job.graph.document["nodes"]}
    found: dict[str, _Work] = {}
    for node, told in tail.unpacked(job.telemetry)["nodes"].items():
        took = told.get("elapsed_ms")
        if took is None and told.get("cached") and job.scope is None:
            took = 0
        if took is not None and node in types:
            found[node] = _Work(types[node], took / 1000, told.get("cost"))
    return found


def _sizes(runs: Collection[UUID]) -> Mapping[tuple[UUID, str], int]:
    made = Asset.objects.filter(job__in=runs).order_by().values_list("job", "node")
    return {(job, node): size for job, node, size in made.annotate(size=Coalesce(Sum("blob__size"), 0))}


def _longest(graph: Graph, past: Mapping[str, _Past]) -> float:
    """The least that a run takes whose nodes work side by side: the way through the graph that takes longest."""
    done: dict[str, float] = {}
    for node in graph.order():
        before = max((done[edge.source] for edge in graph.incoming(node)), default=0.0)
        done[node] = before + min(past[node].seconds)
    return max(done.values(), default=0.0)


def _times(count: int, figures: list[list[float]]) -> Range:
    return Range(count * sum(map(min, figures)), count * sum(map(max, figures)))
