"""What the page of one job shows: plain values, made of its row, its history, its products and its folded telemetry."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.utils import timezone

from runs import naming, queue, tail, twins
from runs.models import Asset, Job, JobTransition
from runs.pages import acts, drawing, reasons, timeline
from runs.pages.drawing import Drawing
from runs.pages.markup import money
from runs.pages.parts import Part
from runs.pages.step import Step, counts
from runs.pages.viewer import OWNER, Viewer
from runs.representation import asset_document
from runs.states import ACTIVE, HOLDING, TERMINAL, State
from runs.telemetry import Batch, Snapshot, cost, fold, progress, share

Document = Mapping[str, Any]
PRODUCTS: Final = 1000
TILES: Final = 6
"""Pictures in a node's card; all are among the results, or in the API's list."""
LOG_LINES: Final = 200
FEW_RESULTS: Final = 4
DONE: Final = frozenset({"completed", "bypassed"})


class Bar(NamedTuple):
    """When a node worked: `seconds` long, from `start` seconds after the run's own; drawn at shares of the scale.

    One that worked item by item is as long as all its work, and begins with the first.
    """

    start: float
    seconds: float
    left: float
    width: float


class Beside(NamedTuple):
    """The runs of the same workflow before and after one, if there are any."""

    before: Job | None
    after: Job | None


class Result(NamedTuple):
    """One named result: what has landed; and whether something may come where nothing has."""

    part: Part
    items: list[Document]
    coming: bool
    why: str = ""
    """Why nothing comes, where nothing does."""


@dataclass(frozen=True)
class Sheet:
    """One job as its page shows it. `job` is its document as REST has it, `products` assets' documents by their id.

    `files` has the names of pictures that it was given, by their assets' ids.
    `row` is for staff alone.
    """

    job: Document
    drawing: Drawing
    snapshot: Snapshot
    products: Mapping[str, Document]
    history: Sequence[JobTransition]
    now: datetime = field(default_factory=timezone.now)
    files: Mapping[str, str] = field(default_factory=dict)
    viewer: Viewer = OWNER
    row: Job | None = None
    twin: Job | None = None
    """An earlier run that was the same, and came to a good end."""

    def after(self, batch: Batch) -> "Sheet":
        """The sheet once a batch of telemetry is folded in."""
        landed = {product["id"]: self.viewer.product(product) for product in batch.get("products", ())}
        products = {**self.products, **landed} if landed else self.products
        return replace(self, snapshot=fold(self.snapshot, batch), products=products, now=timezone.now())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The nodes of its graph, each after those that feed it."""
        return self.drawing.parts

    @cached_property
    def steps(self) -> list[Step]:
        """Every node, each after those that feed it."""
        return [self.step(part) for part in self.parts]

    @cached_property
    def results(self) -> list[Result]:
        """What the run hands out, by name; last what may be many, so that what lands moves nothing else."""
        parts = sorted((part for part in self.parts if part.result), key=lambda part: part.id in self.drawing.many)
        return [self._result(part) for part in parts]

    def step(self, part: Part) -> Step:
        """One node, as it stands."""
        node = self.snapshot["nodes"].get(part.id, {})
        status = node.get("status") or ("skipped" if self.ended else "waiting")
        made = self.made(part.id)
        pictures = [each for each in made if each["thumbnail_url"]]
        return Step(
            part=part,
            status=status,
            share=1.0 if status == "completed" else share(node),
            counts=counts(node) if status == "running" else "",
            elapsed=self._elapsed(node, status),
            error=node.get("error"),
            text=self.snapshot["text"].get(part.id, ""),
            values=self._values(part),
            pictures=pictures[-TILES:],
            more=max(len(pictures) - TILES, 0),
            job_id=self.job["id"],
            why=self._why_skipped(part) if status == "skipped" else "",
            cached=bool(node.get("cached")),
            newest=made[-1] if made else None,
            acts=acts.of(self.snapshot, part.id),
            money=money(node.get("cost")),
        )

    @cached_property
    def scale(self) -> timeline.Scale:
        """The scale of its timeline."""
        return timeline.scale(self.elapsed or 0.0, grows=self.ticks)

    @property
    def bars(self) -> list[tuple[Step, Bar | None]]:
        """Every node with its bar in the timeline."""
        return [(step, self.bar(step)) for step in self.steps]

    def bar(self, step: Step) -> Bar | None:
        """One node's bar; None for one that has not begun, in the attempt that the job is in."""
        began, started = self.snapshot["nodes"].get(step.part.id, {}).get("started_at"), self.job["started_at"]
        if not began or not started or step.elapsed is None:
            return None
        start = max((moment(began) - moment(started)).total_seconds(), 0.0)
        return Bar(start, step.elapsed, *self.scale.bar(start, step.elapsed))

    def made(self, node: str) -> list[Document]:
        """What it made at a node, in the order of outputs and items."""
        return self._products_by_node.get(node, [])

    @property
    def ended(self) -> bool:
        """Whether the job has come to its end."""
        return self.job["state"] in TERMINAL

    @property
    def active(self) -> bool:
        """Whether the job may still be stopped."""
        return self.job["state"] in ACTIVE

    @property
    def ticks(self) -> bool:
        """Whether the job's time still runs."""
        return self.job["state"] in HOLDING

    @property
    def elapsed(self) -> float | None:
        """Seconds since the job started, or from its start to its end."""
        if self.job["started_at"] is None:
            return None
        end = moment(self.job["ended_at"]) if self.job["ended_at"] else self.now
        return max((end - moment(self.job["started_at"])).total_seconds(), 0.0)

    @property
    def share(self) -> float:
        """How far the job is, 0–1. What a completed one left out was not to be done."""
        if self.job["state"] == State.COMPLETED:
            return 1.0
        if self.ended:
            return float(self.job["progress"] or 0.0)
        return progress(self.snapshot, len(self.parts)) or self.job["progress"] or 0.0

    @property
    def done(self) -> int:
        """How many nodes have done what they are there for."""
        return sum(node.get("status") in DONE for node in self.snapshot["nodes"].values())

    @property
    def money(self) -> str:
        """What the job's nodes have cost together; empty where nothing was measured."""
        return money(cost(self.snapshot))

    @property
    def tally(self) -> str:
        """How the nodes of an ended job ended, unless all were done: "12 done, 2 skipped"."""
        if not self.ended or self.done == len(self.parts):
            return ""
        ended = Counter("done" if step.status in DONE else step.status for step in self.steps)
        words = [f"{ended[status]} {status}" for status in ("done", "failed", "cancelled", "skipped") if ended[status]]
        return ", ".join(words)

    @property
    def broken(self) -> list[Part]:
        """The nodes that have failed, first of those of a job that still runs."""
        failed = {node for node, told in self.snapshot["nodes"].items() if told.get("status") == "failed"}
        return [part for part in self.parts if part.id in failed]

    @property
    def crowded(self) -> bool:
        """Whether there are so many results that each is shown small; as `grows`, the same while a job runs."""
        return sum(bool(part.result) for part in self.parts) > FEW_RESULTS

    @property
    def grows(self) -> bool:
        """Whether nobody knows beforehand how many results there will be."""
        return any(part.result and part.id in self.drawing.many for part in self.parts)

    @property
    def failed(self) -> Part | None:
        """The node that the job's error is about."""
        return self.drawing.by_id.get((self.job["error"] or {}).get("node") or "")

    @property
    def stopped(self) -> JobTransition | None:
        """Who asked for the stop of the job, when and why."""
        stops = [step for step in self.history if step.to_state in {"cancelling", "cancelled"}]
        return stops[0] if stops else None

    @property
    def logs(self) -> list[Document]:
        """The newest lines of the log, the newest last."""
        lines: list[Document] = self.snapshot["logs"][-LOG_LINES:]
        return lines

    @property
    def params(self) -> list[tuple[str, object]]:
        """What the job was submitted with, by the names that people know."""
        given: Mapping[str, object] = self.job["params"]
        return [(self.drawing.title(name), self._with_name(value)) for name, value in given.items()]

    def _with_name(self, value: object) -> object:
        """A picture's reference with the name of its file, and where it is for who looks."""
        named = naming.with_name(value, self.files)
        if not isinstance(named, dict) or "asset" not in named:
            return value
        return {**named, "url": self.viewer.content_url(str(named["asset"]))}

    def _why_skipped(self, part: Part) -> str:
        if (scope := self.job.get("scope")) and part.id not in scope["runs"]:
            return "not in this run"
        return reasons.why_skipped(part.id, self.drawing, self.snapshot)

    def _result(self, part: Part) -> Result:
        made = self.made(part.id)
        coming = not made and self.active and self.step(part).status in {"waiting", "running"}
        why = "" if coming or made else reasons.why_missing(part.id, self.drawing, self.snapshot)
        return Result(part, made, coming, why)

    @cached_property
    def _products_by_node(self) -> Mapping[str, list[Document]]:
        found: defaultdict[str, list[Document]] = defaultdict(list)
        for product in sorted(self.products.values(), key=lambda each: (each["output"] or "", each["index"])):
            found[product["node"]].append(product)
        return found

    def _values(self, part: Part) -> list[tuple[str, object]]:
        kept = list(self.snapshot["values"].get(part.id, {}).items())
        return (
            kept or [(made["output"], made["value"]) for made in self.made(part.id) if made["value"] is not None][-1:]
        )

    def _elapsed(self, node: Document, status: str) -> float | None:
        if status != "running":
            return None if node.get("elapsed_ms") is None else node["elapsed_ms"] / 1000
        started = node.get("started_at")
        return max((self.now - moment(started)).total_seconds(), 0.0) if started else 0.0


def read(job: Job, viewer: Viewer = OWNER) -> Sheet:
    """The sheet of a job as database and Redis have it now. Its graph must be at hand."""
    return sheet(job, queue.document(job), tail.known(job), viewer)


def sheet(job: Job, document: Document, snapshot: Snapshot, viewer: Viewer = OWNER) -> Sheet:
    """The sheet of a job of which document and telemetry are known already."""
    return Sheet(
        document,
        drawing.of(job.graph_id),
        snapshot,
        {name: viewer.product(product) for name, product in products(job.pk).items()},
        history(job.pk),
        files=naming.files(job.params),
        viewer=viewer,
        row=row(job.pk) if viewer.staff else None,
        twin=twins.of(job),
    )


def row(job_id: UUID) -> Job | None:
    """The job's row, with its owner, workflow and traceback."""
    return Job.objects.select_related("owner", "workflow").filter(pk=job_id).first()


def beside(job: Job) -> Beside:
    """The job's neighbours by number."""
    others = Job.objects.filter(workflow=job.workflow_id).only("number", "label")
    before = others.filter(number__lt=job.number).order_by("-number").first()
    return Beside(before, others.filter(number__gt=job.number).order_by("number").first())


def products(job_id: UUID) -> dict[str, Document]:
    """The documents of what the job made, by id, in the order in which it was made."""
    return {document["id"]: document for document in _documents(job_id)}


def history(job_id: UUID, version: int | None = None) -> list[JobTransition]:
    """The job's steps from state to state, up to a version of its row: each step made one."""
    return list(JobTransition.objects.filter(job=job_id).order_by("id")[:version])


def moment(text: str) -> datetime:
    """The time that a document writes as RFC 3339."""
    return datetime.fromisoformat(text)


def _documents(job_id: UUID) -> Iterable[Document]:
    made = Asset.objects.for_documents().filter(job=job_id)
    return map(asset_document, made.order_by("created_at", "node", "output", "index")[:PRODUCTS])
