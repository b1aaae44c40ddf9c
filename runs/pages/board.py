"""The queue selector: the runs of a workflow by how they stand, then what is active elsewhere.

Its queries do not grow with the jobs there are: each group shows its first cards, and says how many more there are.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from runs import gate, labels, queue, store
from runs.models import Asset, Batch, Job, JobTransition
from runs.states import State
from workflows.models import Workflow

FIRST: Final = {"running": 24, "waiting": 12, "completed": 12, "failed": 6, "cancelled": 4}
"""Cards of a group before anyone asks for more."""
MOST: Final = 240
ELSEWHERE: Final = 8
READ_AHEAD: Final = 8
"""How many times as many ended rows are read as cards are shown, as a batch folds into one."""
FACES: Final = 4
FOLDS: Final = 3
"""So many runs of one batch that stand alike fold into one card."""
TITLES: Final = {
    "running": "Running",
    "waiting": "Waiting",
    "completed": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "running": (State.RUNNING, State.CANCELLING),
    "waiting": (State.QUEUED,),
    "completed": (State.COMPLETED,),
    "failed": (State.FAILED,),
    "cancelled": (State.CANCELLED,),
}


class Card(NamedTuple):
    """One run."""

    job: Job
    place: queue.Place
    thumbnail: UUID | None
    stopped_by: str = ""
    leads: bool = False
    """Whether it is the first of its person's that wait in its lane."""
    soon: str = ""
    """About when it starts, where that can be told."""

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.job.pk)

    @property
    def elapsed(self) -> float | None:
        """Seconds since it started, while it runs."""
        return self.job.ran if self.job.runs else None

    @property
    def share(self) -> float:
        """How far it is, 0–1."""
        return self.place.progress or 0.0

    @property
    def key(self) -> tuple[object, ...]:
        """What the card says but for what ticks: while it stays, the card need not be drawn anew."""
        return (self.job.pk, self.job.version, self.place.position, self.leads, self.soon, self.thumbnail)


class Fold(NamedTuple):
    """Runs of one batch that stand alike, as one card."""

    batch: UUID
    cards: list[Card]

    @property
    def first(self) -> int:
        """The lowest number among them."""
        return min(card.job.number for card in self.cards)

    @property
    def last(self) -> int:
        """The highest number among them."""
        return max(card.job.number for card in self.cards)

    @property
    def spread(self) -> str:
        """What they vary in."""
        return labels.spread([card.job.label for card in sorted(self.cards, key=lambda card: card.job.number)])

    @property
    def faces(self) -> list[Card]:
        """The first that have pictures."""
        return [card for card in self.cards if card.thumbnail][:FACES]

    @property
    def key(self) -> tuple[object, ...]:
        """As a card's."""
        return (self.batch, *[card.key for card in self.cards])


@dataclass(frozen=True)
class Group:
    """The runs that stand alike: `more` of `size` are not shown. `why`: what the waiting ones wait for."""

    name: str
    size: int
    cards: Sequence[Card | Fold]
    more: int
    why: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES.get(self.name, "In other workflows")

    @property
    def key(self) -> tuple[object, ...]:
        """While it stays, the group need not be drawn anew."""
        return (self.name, self.size, self.more, self.why, *[card.key for card in self.cards])


@dataclass(frozen=True)
class Board:
    """All groups of a workflow, and the active runs of its person's other workflows."""

    workflow_id: str
    groups: Sequence[Group]
    ever: int
    """How many runs the workflow has had."""
    cap: int
    full: bool = False
    """Whether the disk is: what is made now may not be kept."""
    staff: bool = False
    """Whether who looks at it may steer the queue."""

    @property
    def running(self) -> int:
        """How many run here."""
        return self._group("running").size

    @property
    def waiting(self) -> int:
        """How many wait here."""
        return self._group("waiting").size

    @property
    def elsewhere(self) -> int:
        """How many are active in the person's other workflows."""
        return self._group("elsewhere").size

    @property
    def alone(self) -> bool:
        """Whether one run feels like one run: there was never another, and nothing is active elsewhere."""
        return self.ever <= 1 and not self.elsewhere

    @property
    def stuck(self) -> str:
        """Why nothing moves, though something waits: no_worker, redis, paused, cap; empty while something moves."""
        why = self._group("waiting").why
        return why if why in {"no_worker", "redis", "paused"} or (why == "cap" and not self.running) else ""

    @property
    def all(self) -> list[Group]:
        """Every group, in the order in which they stand, empty ones too."""
        return [self._group(name) for name in (*TITLES, "elsewhere")]

    @property
    def busy(self) -> Sequence[Card | Fold]:
        """The cards of what runs."""
        return self._group("running").cards[:FACES]

    def _group(self, name: str) -> Group:
        return next((group for group in self.groups if group.name == name), Group(name, 0, (), 0))


def read(user: User, workflow: Workflow, limits: Mapping[str, int] | None = None) -> Board:
    """The board as database and Redis have it now. `limits`: how many cards of each group, where more are asked for."""
    limits = {name: min((limits or {}).get(name, first), MOST) for name, first in FIRST.items()}
    rows = _all_rows(workflow, limits)
    rows["elsewhere"], others = _elsewhere(user, workflow)
    counts = {**_counts(workflow), "elsewhere": others}
    maker = _Cards([job for jobs in rows.values() for job in jobs])
    groups = [
        _group(name, maker.of(jobs), counts[name], limits.get(name, ELSEWHERE)) for name, jobs in rows.items() if jobs
    ]
    ever = Workflow.objects.values_list("jobs_made", flat=True).get(pk=workflow.pk)
    return Board(str(workflow.pk), groups, ever, gate.cap(), store.is_full(), user.is_staff)


def thumbnails(jobs: Sequence[Job]) -> dict[UUID | None, UUID]:
    """A picture of each of these jobs: a result's, else any other's."""
    made = Asset.objects.filter(job__in=[job.pk for job in jobs], index=0, blob__thumbnail__isnull=False)
    rows = made.order_by("result", "created_at").values_list("job", "pk")
    return dict(rows)  # the last one of each job, which is a result's


def _all_rows(workflow: Workflow, limits: Mapping[str, int]) -> dict[str, list[Job]]:
    """The rows of each group, read the way that jobs go: one that moves meanwhile is met twice, and stands where last.

    Jobs wait, run, and end; so none that moves on is missed.
    """
    way = ("waiting", "running", *(name for name in limits if name not in {"waiting", "running"}))
    found = {name: list(_rows(workflow, name, limits[name])) for name in way}
    last = {job.pk: name for name, jobs in found.items() for job in jobs}
    return {name: [job for job in found[name] if last[job.pk] == name] for name in limits}


def _rows(workflow: Workflow, name: str, limit: int) -> QuerySet[Job]:
    found = workflow.jobs.filter(state__in=STATES[name]).defer("traceback", "params")
    if name == "waiting":
        return found.order_by("place")[: limit * READ_AHEAD]
    return found.order_by("-number")[: limit if name == "running" else limit * READ_AHEAD]


def _elsewhere(user: User, workflow: Workflow) -> tuple[list[Job], int]:
    """The first active jobs of the person's other workflows, running ones first, and how many there are."""
    found: list[Job] = []
    count = 0
    # By what no index is of: along that of jobs by their start all would be read that have ended.
    latest = Coalesce("started_at", "created_at").desc()
    for active in (Job.objects.holding().order_by(latest), Job.objects.waiting()):
        mine = active.filter(owner=user).exclude(workflow=workflow)
        found += mine.select_related("workflow").defer("traceback", "params")[: ELSEWHERE - len(found)]
        count += mine.order_by().count()
    return found, count


def _counts(workflow: Workflow) -> dict[str, int]:
    every = Job.rows.filter(workflow=workflow).order_by()  # along an index alone, as those that nobody sees are few
    by_state = dict(every.values_list("state").annotate(Count("pk")))
    unseen = every.filter(batch_id__in=Batch.objects.in_making().values("pk"))
    for state, count in unseen.values_list("state").annotate(Count("pk")):
        by_state[state] -= count
    return {name: sum(by_state.get(state, 0) for state in states) for name, states in STATES.items()}


class _Cards:
    """Makes the cards of jobs, with what is read for all of them at once."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._places = queue.places(jobs)
        self._thumbnails = thumbnails(jobs)
        self._stoppers = _stoppers(jobs)
        self._leading = _leading(jobs)

    def of(self, jobs: Sequence[Job]) -> list[Card | Fold]:
        """The cards, in the order of the jobs; a batch's stand together where its first one stands."""
        batches: defaultdict[UUID, list[Job]] = defaultdict(list)
        for job in jobs:
            if job.batch_id:
                batches[job.batch_id].append(job)
        folded = {batch for batch, members in batches.items() if len(members) >= FOLDS and not members[0].runs}
        made: list[Card | Fold] = []
        for job in jobs:
            if job.batch_id is None or job.batch_id not in folded:
                made.append(self._card(job))
            elif job is batches[job.batch_id][0]:
                made.append(Fold(job.batch_id, [self._card(each) for each in batches[job.batch_id]]))
        return made

    def _card(self, job: Job) -> Card:
        place = self._places.get(job.pk, queue.Place())
        return Card(
            job,
            place,
            self._thumbnails.get(job.pk),
            self._stoppers.get(job.pk, ""),
            job.pk in self._leading,
            place.eta.words if place.eta else "",
        )


def _group(name: str, cards: Sequence[Card | Fold], count: int, limit: int) -> Group:
    shown = cards[:limit]
    covered = sum(len(each.cards) if isinstance(each, Fold) else 1 for each in shown)
    first = next((each for each in shown if isinstance(each, Card)), None)
    fold = next((each for each in shown if isinstance(each, Fold)), None)
    card = first or (fold.cards[0] if fold else None)
    why = (card.place.waiting_for or "") if name == "waiting" and card else ""
    return Group(name, count, shown, max(count - covered, 0), why)


def _stoppers(jobs: Sequence[Job]) -> dict[UUID, str]:
    """Who asked for the stop of those of these jobs that were stopped."""
    stopped = [job.pk for job in jobs if job.state in {State.CANCELLING, State.CANCELLED}]
    if not stopped:
        return {}
    steps = JobTransition.objects.filter(job__in=stopped, to_state__in=[State.CANCELLING, State.CANCELLED])
    return dict(steps.order_by("-id").values_list("job", "by"))  # the last one of each job, which was its first stop


def _leading(jobs: Sequence[Job]) -> set[UUID]:
    """Those that wait of which none of the same person's is before them in their lane."""
    lanes = {(job.owner_id, job.lane) for job in jobs if job.state == State.QUEUED}
    lines = (Job.objects.waiting().filter(owner=owner).in_lane(lane) for owner, lane in lanes)
    return {first for line in lines if (first := line.values_list("pk", flat=True).first())}
