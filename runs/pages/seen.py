"""What the canvas shows of the run that the lens is on: each node's chrome, each edge's flow. Nothing of any other run.

The workflow may have changed since the run: a node that it did not have shows nothing, one that is gone is not shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.safestring import SafeString

from runs.models import Job
from runs.pages import drawing, gallery, markdown, sheet, told, working
from runs.pages.drawing import Drawing
from runs.pages.gallery import CELLS, FEW_CELLS, Gallery, Wall, wall
from runs.pages.parts import Part
from runs.pages.sheet import Sheet
from runs.pages.step import Step
from runs.pages.working import Working
from runs.states import HOLDING
from workflows import values
from workflows.models import Workflow
from workflows.ports import MEDIA

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
    param: object = None
    """What the focused run was given by the input that it is."""

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
    def made_here(self) -> Mapping[str, Any] | None:
        """The newest picture, sound, film or file that the focused run made there."""
        newest = self.step.newest if self.step else None
        return newest if newest and newest["kind"] in MEDIA else None

    @property
    def awaits_media(self) -> bool:
        """Whether something to see or hear is to come there."""
        return self.part.shape in {"picture", "film", "sound"}

    @property
    def markdown(self) -> SafeString | None:
        """The text of a node that has come to its end, where it is written as Markdown."""
        if self.step is None or self.step.status != "completed":
            return None
        values = [value for _, value in self.step.values]
        text = self.step.text or (values[0] if len(values) == 1 else None)
        return markdown.rendered(text) if isinstance(text, str) and markdown.is_markdown(text) else None

    @property
    def structured(self) -> bool:
        """Whether its values have more to them than a line: tables, objects, lists."""
        values = [value for _, value in self.step.values] if self.step else []
        nested = [each for each in values if isinstance(each, list | dict)]
        return self.part.shape == "code" or any(not all(isinstance(item, str) for item in each) for each in nested)

    @property
    def is_input(self) -> bool:
        """Whether it gives a parameter to the run; what it has stands in its editor."""
        return self.part.is_input

    @property
    def given(self) -> bool:
        """Whether it is an input that the run was given another value for than the workflow says now."""
        told = self.step.values if self.step else []
        return self.is_input and bool(told) and told != [("value", self.saved)]

    @property
    def given_asset(self) -> str | None:
        """The picture, sound or file that the run was given, where the workflow now says another."""
        given = values.asset_of(self.param)
        return given if given != values.asset_of(self.saved) else None

    @property
    def shows(self) -> bool:
        """Whether there is a value to show; an input has its own editor, where its text or number stands."""
        if self.is_input:
            return False
        return self.part.shape != "value" or bool(self.step and (self.step.values or self.step.text))

    @property
    def counts_runs(self) -> bool:
        """Whether it says how many runs made something there: where that is not to be seen at once."""
        return self.jobs > 1 and self.wall is None and not self.is_input and not (self.step and self.step.error)

    @property
    def words(self) -> str | None:
        """The text that stands there as it is, if that is what it shows: what a node has written, or its values."""
        if self.wall or (self.made_here and not self.tells) or not (self.tells or self.shows):
            return None
        if self.awaits_media or self.markdown or (self.structured and not self.tells):
            return None
        return self.step.text or self.step.said if self.step else ""

    @property
    def summary(self) -> tuple[object, ...]:
        """All that its foot says: while it stays, the foot need not be drawn anew."""
        made = (self.wall.counted, bool(self.wall.tiles)) if self.wall else None
        step = self.step
        if step is None:
            return (made, self.focused is None)
        given = (self.number, step.values) if self.given else None
        return (made, step.status, step.cached, step.counts, step.elapsed, given)

    @property
    def sums_up(self) -> bool:
        """Whether its foot says something of what was made or given there."""
        return self.is_input or self.wall is not None

    @property
    def tells(self) -> bool:
        """Whether it shows a text: one that it makes, or one that it writes while it works."""
        if not self.shows or self.awaits_media:
            return False
        writes = self.step and self.step.text and (self.status == "running" or not self.step.values)
        return self.part.shape == "text" or bool(writes)

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
        ran = self.sheet.drawing.by_id.get(part.id) if self.sheet else None
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
            param=self.sheet.job.get("params", {}).get(self.drawing.names.get(part.id)) if self.sheet else None,
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
        jobs={**told.jobs(workflow_id), **gallery.made_by_jobs(workflow_id, [part.id for part in drawn.parts])},
        running=running,
    )
