"""What the nodes of a workflow made before: by choice, in a named job, or newest."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from runs import tail
from runs.models import Asset, Choice, Job, JobTelemetry
from runs.states import TERMINAL, State
from runs.telemetry import EMPTY, Snapshot
from workflows import ports
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.portion import Stock, repeated
from workflows.ports import MEDIA
from workflows.registry import Output, registry

LOOKED_AT: Final = 20
"""Of so many of the newest jobs that have ended, values are looked for that are no assets."""

_Made = Mapping[str, Mapping[str, Any]]
_Find = Callable[[str], Mapping[str, Any] | None]


class Shelf:
    """Finds, in a few queries, what stands in for nodes that are not to run.

    Inputs stand for the parameters of the job itself: of them only what was chosen counts.
    """

    def __init__(
        self, workflow: Workflow, graph: Graph, nodes: Collection[str], job: Job | None, before: Stock | None = None
    ) -> None:
        self._workflow = workflow
        self._graph = graph
        self._nodes = frozenset(nodes)
        self._job = job
        self._before = self._still_there(before or {})
        self._snapshots: dict[UUID, Snapshot] = {}

    def has(self, node: str, outputs: Collection[str]) -> bool:
        """Whether all these outputs of the node have something."""
        return self.of(node, outputs) is not None

    def of(self, node: str, outputs: Collection[str]) -> _Made | None:
        """What stands in for these outputs, all from one place; None when there is none that has them all."""
        for find in self._places(node):
            found = {output: made for output in sorted(outputs) if (made := find(output)) is not None}
            if len(found) == len(outputs):
                return found
        return None

    def _places(self, node: str) -> Iterator[_Find]:
        if node in self._before:
            yield self._before[node].get
        chosen = self._choices.get(node)
        if chosen:
            yield lambda output: self._chosen(chosen.asset, output)
        found = self._graph.node(node)
        if found is None or found.is_input:
            return
        if self._job:
            yield self._of_job(self._job, node)
        if node in self._newest:
            yield self._of_job(self._newest[node], node)
        for job in self._recent:
            yield self._of_job(job, node)

    def _chosen(self, asset: Asset, output: str) -> Mapping[str, Any] | None:
        if asset.output == output:
            return {"assets": [str(asset.pk)]} if self._is_fit(asset, asset.node, output) else None
        return self._of_job(asset.job, asset.node)(output) if asset.job else None

    def _of_job(self, job: Job, node: str) -> _Find:
        def find(output: str) -> Mapping[str, Any] | None:
            declared = self._output(node, output)
            if declared is None:
                return None
            assets = self._assets[job.pk, node, output]
            return (assets and self._all(job, node, declared, assets)) or self._value(job, node, declared)

        return find

    def _all(self, job: Job, node: str, output: Output, assets: list[Asset]) -> dict[str, Any] | None:
        """The assets, if they are all that came of the output then."""
        listed, many = output.port.items is not None, output.streams or node in self._repeated
        whole = not (listed and many) and (job.state == State.COMPLETED or not (listed or many))
        single = many or listed or len(assets) == 1
        fit = all(self._is_fit(asset, node, output.name) for asset in assets)
        return {"assets": [str(asset.pk) for asset in assets]} if whole and single and fit else None

    def _value(self, job: Job, node: str, output: Output) -> dict[str, Any] | None:
        """The one value that the job's telemetry keeps, if there was but one."""
        if output.streams or node in self._repeated or job.state not in TERMINAL:
            return None
        snapshot = self._snapshot(job)
        told, values = snapshot["nodes"].get(node, {}), snapshot["values"].get(node, {})
        there = told.get("status") == "completed" and output.name in values
        return {"value": values[output.name]} if there and ports.matches(values[output.name], output.port) else None

    def _is_fit(self, asset: Asset, node: str, output: str) -> bool:
        """Whether it can come from this output as it is declared now. Of lists, only media are an asset each."""
        declared = self._output(node, output)
        if declared is None:
            return False
        items = declared.port.items
        if asset.kind in MEDIA:
            return (items or declared.port).kind in {asset.kind, "file"} or declared.port == ports.ANY
        return items is None and declared.port.kind not in MEDIA

    def _output(self, node: str, output: str) -> Output | None:
        found = self._graph.node(node)
        declared = registry.get(found.type) if found else None
        return declared.output(output) if declared else None

    def _snapshot(self, job: Job) -> Snapshot:
        if job.pk not in self._snapshots:
            row = self._telemetry.get(job.pk)
            self._snapshots[job.pk] = tail.unpacked(row) if row else EMPTY
        return self._snapshots[job.pk]

    @cached_property
    def _repeated(self) -> frozenset[str]:
        return repeated(self._graph, registry)

    @cached_property
    def _choices(self) -> dict[str, Choice]:
        rows = Choice.objects.filter(workflow=self._workflow, node__in=self._nodes).select_related("asset__job")
        return {choice.node: choice for choice in rows}

    @cached_property
    def _newest(self) -> dict[str, Job]:
        """The job of each node's newest product."""
        theirs = Asset.objects.filter(workflow=self._workflow, node__in=self._nodes, job__isnull=False)
        last = dict(theirs.order_by().values_list("node").annotate(Max("created_at")))
        rows = theirs.filter(created_at__in=set(last.values())).select_related("job")
        return {row.node: row.job for row in rows if row.job and row.created_at == last[row.node]}

    @cached_property
    def _recent(self) -> list[Job]:
        ended = self._workflow.jobs.filter(state__in=[State.COMPLETED, State.FAILED, State.CANCELLED])
        return list(ended.defer("params", "traceback").order_by("-number")[:LOOKED_AT])

    @cached_property
    def _jobs(self) -> set[UUID]:
        chosen = {choice.asset.job_id for choice in self._choices.values() if choice.asset.job_id}
        return {job.pk for job in (*self._newest.values(), *self._recent, *filter(None, [self._job]))} | chosen

    @cached_property
    def _assets(self) -> Mapping[tuple[UUID, str, str], list[Asset]]:
        """All that the jobs in question made at the nodes, in order."""
        found: defaultdict[tuple[UUID, str, str], list[Asset]] = defaultdict(list)
        for asset in Asset.objects.filter(job__in=self._jobs, node__in=self._nodes).defer("value").order_by("index"):
            if asset.job_id:
                found[asset.job_id, asset.node, asset.output].append(asset)
        return found

    @cached_property
    def _telemetry(self) -> dict[UUID, JobTelemetry]:
        return JobTelemetry.objects.in_bulk(self._jobs)

    def _still_there(self, stock: Stock) -> Stock:
        """Without the nodes of which a product has been deleted since."""
        named = {asset for outputs in stock.values() for made in outputs.values() for asset in made.get("assets", ())}
        there = {str(pk) for pk in Asset.objects.filter(pk__in=named).values_list("pk", flat=True)} if named else set()
        return {
            node: outputs
            for node, outputs in stock.items()
            if all(set(made.get("assets", ())) <= there for made in outputs.values())
        }
