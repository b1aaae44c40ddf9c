"""What the canvas shows of the run that the lens is on: each node's chrome, each edge's flow. Nothing of any other run.

The workflow may have changed since the run: a node that it did not have shows nothing, one that is gone is not shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from runs.models import Job
from runs.pages import drawing, gallery, sheet, working
from runs.pages.drawing import Drawing
from runs.pages.gallery import CELLS, FEW_CELLS, Gallery, Wall, wall
from runs.pages.parts import Part
from runs.pages.sheet import Sheet, Step
from runs.pages.working import Working
from runs.states import HOLDING
from workflows.models import Workflow

DOTS = 3


class Ring(NamedTuple):
    """Other jobs that are busy at a node: how many, and the numbers of the first."""

    jobs: int
    numbers: list[int]


class Seen(NamedTuple):
    """One node through the lens. `step` is what the focused run did there, if anything."""

    part: Part
    step: Step | None
    wall: Wall | None
    jobs: int
    """How many runs made something there."""
    ring: Ring
    workflow_id: str
    number: int | None
    focused: str | None
    saved: object

    @property
    def id(self) -> str:
        """The node's id in the graph."""
        return self.part.id

    @property
    def status(self) -> str:
        """The node's status in the focused run; `idle` where the run has nothing to do with it."""
        return self.step.status if self.step else "idle"

    @property
    def share(self) -> float:
        """How far the node is, 0–1."""
        return self.step.share if self.step else 0.0

    @property
    def picture(self) -> Mapping[str, Any] | None:
        """The newest picture that the focused run made there."""
        return self.step.pictures[-1] if self.step and self.step.pictures else None

    @property
    def given(self) -> bool:
        """Whether it is an input that the run was given another value for than the workflow says now."""
        values = self.step.values if self.step else []
        return self.part.type.startswith("input.") and bool(values) and values != [("value", self.saved)]

    @property
    def shows(self) -> bool:
        """Whether there is a value to show; an input has its own editor, where its text or number stands."""
        if self.part.type.startswith("input."):
            return False
        return self.part.shape != "value" or bool(self.step and self.step.values)

    @property
    def made(self) -> int:
        """How many pictures the focused run made there."""
        return len(self.step.pictures) + self.step.more if self.step else 0


@dataclass(frozen=True)
class View:
    """A workflow's canvas as its person sees it now: the focused run, if any, and what the others do and have made."""

    workflow_id: str
    digest: str
    drawing: Drawing
    sheet: Sheet | None = None
    galleries: Mapping[str, Gallery] = field(default_factory=dict)
    jobs: Mapping[str, int] = field(default_factory=dict)
    running: tuple[Working, ...] = ()

    @property
    def focused(self) -> str | None:
        """The id of the focused job."""
        return str(self.sheet.job["id"]) if self.sheet else None

    @property
    def nodes(self) -> dict[str, Seen]:
        """Every node of the workflow as it is now, by its id."""
        return {part.id: self.node(part) for part in self.drawing.parts}

    def node(self, part: Part) -> Seen:
        """One node."""
        ran = self._ran.get(part.id) if self.sheet else None
        return Seen(
            part=part,
            step=self.sheet.step(ran) if self.sheet and ran else None,
            wall=self.wall(part),
            jobs=self.jobs.get(part.id, 0),
            ring=self.ring(part.id),
            workflow_id=self.workflow_id,
            number=self.sheet.job["number"] if self.sheet else None,
            focused=self.focused,
            saved=self.drawing.saved.get(part.id),
        )

    def wall(self, part: Part) -> Wall | None:
        """What all runs made at a node, if it shows that."""
        held = self.galleries.get(part.id)
        return wall(held, self.focused, self.working, CELLS if part.result else FEW_CELLS) if held else None

    def ring(self, node: str) -> Ring:
        """Who is busy at a node besides the focused run."""
        busy = [each.number for each in self.working if each.job_id != self.focused and each.busy_at(node)]
        return Ring(len(busy), busy[:DOTS])

    @property
    def flows(self) -> dict[str, tuple[str, str]]:
        """The state of every edge, and what its counter says: items that passed."""
        told: Mapping[str, Any] = self.sheet.snapshot["edges"] if self.sheet else {}
        return {edge: flow(told.get(edge, {})) for edge in self.drawing.edges}

    @property
    def thumbnail(self) -> str | None:
        """The newest picture of the focused run."""
        pictures = [made["thumbnail_url"] for made in self.sheet.products.values()] if self.sheet else []
        return next((picture for picture in reversed(pictures) if picture), None)

    @property
    def working(self) -> list[Working]:
        """The runs that run; the focused one as its telemetry has it, which is newer than any summary."""
        if self.sheet is None:
            return list(self.running)
        job, told = self.sheet.job, self.sheet.snapshot
        others = [each for each in self.running if each.job_id != job["id"]]
        mine = working.working(job["id"], job["number"], told, len(self.sheet.parts))
        return sorted([*others, mine], key=lambda each: -each.number) if self.sheet.ticks else others

    @cached_property
    def _ran(self) -> dict[str, Part]:
        return {part.id: part for part in self.sheet.parts} if self.sheet else {}


def flow(edge: Mapping[str, Any]) -> tuple[str, str]:
    """An edge's state, and the text of its counter."""
    return edge.get("state") or "idle", str(edge["count"]) if edge.get("count") is not None else ""


def view(workflow: Workflow, focused: Job | None) -> View:
    """The whole canvas as database and Redis have it now."""
    running = workflow.jobs.filter(state__in=HOLDING).defer("traceback", "params").order_by("-number")
    seen = sheet.read(focused) if focused else None
    return _view(workflow.pk, workflow.graph_id, seen, tuple(working.of_workflow(running)))


def read(workflow_id: UUID, *, seen: Sheet | None = None, running: tuple[Working, ...] = ()) -> View:
    """The canvas of the workflow as it is now, with what is known of its runs already."""
    digest = Workflow.objects.values_list("graph_id", flat=True).get(pk=workflow_id)
    return _view(workflow_id, digest, seen, running)


def through(view: View, seen: Sheet) -> View:
    """The canvas through the lens on another run. What all runs made is known already, and what this one made too."""
    workflow_id = UUID(view.workflow_id)
    digest = Workflow.objects.values_list("graph_id", flat=True).get(pk=workflow_id)
    if digest != view.digest:
        return _view(workflow_id, digest, seen, view.running)
    galleries = {node: gallery.along(held, _run(seen, node)) for node, held in view.galleries.items()}
    return replace(view, sheet=seen, galleries=galleries)


def with_galleries(view: View, nodes: Iterable[str]) -> View:
    """The view once something has landed in the galleries of these nodes."""
    focused = UUID(view.focused) if view.focused else None
    landed = {node: gallery.read(UUID(view.workflow_id), node, focused=focused) for node in nodes}
    return replace(view, galleries={**view.galleries, **landed})


def _run(seen: Sheet, node: str) -> gallery.Run:
    """What the run made at a node."""
    job, made = seen.job, seen.made(node)
    shown = [dict(each) for each in made[: gallery.PER_RUN]]
    return gallery.Run(job["id"], job["number"], job["label"], job["state"], len(made), shown)


def _view(workflow_id: UUID, digest: str, seen: Sheet | None, running: tuple[Working, ...]) -> View:
    drawn = drawing.of(digest)
    focused = UUID(str(seen.job["id"])) if seen else None
    return View(
        workflow_id=str(workflow_id),
        digest=digest,
        drawing=drawn,
        sheet=seen,
        galleries={node: gallery.read(workflow_id, node, focused=focused) for node in drawn.galleries},
        jobs=gallery.made_by_jobs(workflow_id, [part.id for part in drawn.parts]),
        running=running,
    )
