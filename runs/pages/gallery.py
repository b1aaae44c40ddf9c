"""What all jobs of a workflow have made at one node, newest run first: products accumulate, whichever job is seen.

It pages by the numbers of runs, each page in four queries however much there is.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from runs.models import Asset, Job
from runs.pages.working import Working
from runs.representation import asset_document

Document = dict[str, Any]
CELLS: Final = 18
FEW_CELLS: Final = 4
"""Tiles in a node that hands out results, and in any other, with the one that says how many more there are."""
OPEN_RUNS: Final = 4
"""So many of the newest runs show every product, older ones one each."""
PER_RUN: Final = 60
"""Products of one run that are read; its page has all."""
COUNTED: Final = 1000
RUNS_A_PAGE: Final = 24
NEWEST: Final = 100
"""Jobs of which it is counted what they made."""


class Tile(NamedTuple):
    """One product, a run's only one that is shown of `fold`, or, without an asset, one that is to come at `percent`.

    Its place (run and index) is its id, so that a product takes the place of the tile that awaited it.
    """

    place: str
    job_id: str
    number: int
    asset: Document | None = None
    fold: int = 1
    percent: int | None = None
    ringed: bool = False
    """Whether it is of the run that the lens is on."""


@dataclass(frozen=True)
class Run:
    """One job's products at a node: how many there are, and the first of them."""

    job_id: str
    number: int
    label: str
    state: str
    count: int = 0
    assets: Sequence[Document] = field(default_factory=list)


@dataclass(frozen=True)
class Gallery:
    """The products of one node: `total` up to `COUNTED`, `before` the number where the next page begins."""

    node: str
    runs: Sequence[Run]
    total: int
    before: int | None

    def has(self, job_id: str) -> bool:
        """Whether this run's products are among these."""
        return any(run.job_id == job_id for run in self.runs)

    @property
    def counted(self) -> str:
        """How many there are, as people read it."""
        return counted(self.total)


class Wall(NamedTuple):
    """A gallery as a node shows it."""

    node: str
    tiles: list[Tile]
    more: str
    """How many products no tile stands for: empty for none."""
    counted: str


def read(workflow_id: UUID, node: str, *, focused: UUID | None = None, before: int | None = None) -> Gallery:
    """The newest runs that made something there, with numbers below `before`; the focused one too, however old."""
    jobs = Job.objects.filter(workflow=workflow_id).only("pk", "number", "label", "state")
    made = jobs.filter(Exists(Asset.objects.filter(job=OuterRef("pk"), node=node))).order_by("-number")
    newest = list((made if before is None else made.filter(number__lt=before))[: RUNS_A_PAGE + 1])
    shown = newest[:RUNS_A_PAGE]
    if before is None and focused and focused not in {job.pk for job in shown}:
        shown += made.filter(pk=focused)
    total = Asset.objects.filter(workflow=workflow_id, node=node).order_by()[:COUNTED].count()
    following = shown[RUNS_A_PAGE - 1].number if len(newest) > RUNS_A_PAGE else None
    return Gallery(node, list(_runs(shown, node)), total, following)


def along(gallery: Gallery, run: Run) -> Gallery:
    """The gallery for a lens on this run, which comes along however old it is; no other one does."""
    if gallery.before is None:
        return gallery
    newest = [each for each in gallery.runs if each.number >= gallery.before]
    comes = run.count and all(each.job_id != run.job_id for each in newest)
    return replace(gallery, runs=[*newest, run] if comes else newest)


def wall(gallery: Gallery, focused: str | None, working: Iterable[Working], cells: int = CELLS) -> Wall:
    """The tiles of a node: what is to come too, the newest and the focused run unfolded, older ones as one tile."""
    runs = _with_awaited(gallery, working)
    coming = {each.job_id: each for each in working if each.still_to_come(gallery.node)}
    tiles: list[Tile] = []
    for place, run in enumerate(runs):
        opened = run.job_id == focused or (place < OPEN_RUNS and run.count <= cells // 3)
        made = _tiles(run, coming.get(run.job_id), opened=opened)
        tiles += [tile._replace(ringed=True) for tile in made] if run.job_id == focused else made
    shown = _fitting(tiles, focused, cells)
    covered = sum(tile.fold for tile in shown if tile.asset)
    left = gallery.total - covered
    more = "" if left <= 0 else f"{left}+" if gallery.total >= COUNTED else str(left)
    return Wall(gallery.node, shown, more, gallery.counted)


def counted(total: int) -> str:
    """So many products, of which no more than `COUNTED` were counted."""
    return f"{COUNTED - 1}+" if total >= COUNTED else str(total)


def made_by_jobs(workflow_id: UUID, nodes: Collection[str]) -> dict[str, int]:
    """How many of the newest hundred jobs made something at each of these nodes."""
    newest = Job.objects.filter(workflow=workflow_id).order_by("-number").values_list("pk", flat=True)[:NEWEST]
    made = Asset.objects.filter(job__in=list(newest), node__in=nodes).order_by()
    return dict(made.values_list("node").annotate(Count("job", distinct=True)))


def _with_awaited(gallery: Gallery, working: Iterable[Working]) -> list[Run]:
    """The runs, and those that run and have made nothing here yet."""
    known = {run.job_id for run in gallery.runs}
    awaited = [
        Run(each.job_id, each.number, "", "running")
        for each in working
        if each.job_id not in known and each.still_to_come(gallery.node)
    ]
    return sorted([*gallery.runs, *awaited], key=lambda run: -run.number)


def _tiles(run: Run, coming: Working | None, *, opened: bool) -> list[Tile]:
    if opened or run.count == 1:
        tiles = [_tile(run, place, asset) for place, asset in enumerate(run.assets)]
    else:
        tiles = [_tile(run, 0, asset)._replace(fold=run.count) for asset in run.assets[:1]]
    if coming and not run.count:
        tiles.append(Tile(f"{run.number}-0", run.job_id, run.number, percent=round(coming.share * 100)))
    return tiles


def _tile(run: Run, place: int, asset: Document) -> Tile:
    return Tile(f"{run.number}-{place}", run.job_id, run.number, asset)


def _fitting(tiles: list[Tile], focused: str | None, cells: int) -> list[Tile]:
    """As many as there is room for beside the one that counts the rest; the focused run's come along, however old."""
    if len(tiles) <= cells:
        return tiles
    mine = [tile for tile in tiles if tile.job_id == focused][: cells // 2]
    others = [tile for tile in tiles if tile.job_id != focused][: cells - 1 - len(mine)]
    return sorted([*mine, *others], key=lambda tile: (-tile.number, int(tile.place.rpartition("-")[2])))


def _runs(jobs: Sequence[Job], node: str) -> Iterable[Run]:
    known = {job.pk: job for job in jobs}
    at_node = Asset.objects.filter(job__in=known, node=node)
    counts: Counter[UUID | None] = Counter(dict(at_node.order_by().values_list("job").annotate(Count("pk"))))
    found: defaultdict[UUID | None, list[Document]] = defaultdict(list)
    for asset in _first(at_node):
        asset.job = known[asset.job_id]  # type: ignore[index]  # a product has a job
        found[asset.job_id].append(asset_document(asset))
    for job in jobs:
        yield Run(str(job.pk), job.number, job.label, job.state, counts[job.pk], found[job.pk])


def _first(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    return assets.filter(index__lt=PER_RUN).select_related("blob").order_by("output", "index")
