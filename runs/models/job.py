"""Jobs: one row for each run of a workflow, its history, and its folded telemetry."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.db.models import BooleanField, Count, Func, Q
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from runs.models.batch import BatchIsNot
from runs.models.gate import Gate
from runs.states import ACTIVE, HOLDING, TERMINAL, State
from workflows.models import Graph, Workflow

BACKGROUND_PLACES: Final = 2**62
"""Places from here on are the background lane's: one line over both lanes, the normal one first."""


_QUEUED: Final = "= 'queued'"
_HOLDING: Final = "IN ('running', 'cancelling')"
_UNWELL: Final = "IN ('failed', 'cancelled')"
_TAKEN: Final = f"SELECT COUNT(*) FROM runs_job WHERE state {_HOLDING}"  # noqa: S608 (the line above)


class _StateIs(Func):
    """Whether a job is in such a state, in the words of an index's condition: `which` is SQL behind the state.

    SQLite reads along such an index only where the states are written out, for it plans before it knows parameters.
    """

    template = "%(expressions)s %(which)s"
    output_field = BooleanField()


def is_unwell() -> Func:
    """Whether a job has ended otherwise than completed, in the words of the index of those."""
    return _StateIs("state", which=_UNWELL)


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, by who may see them and where they stand."""

    def visible_to(self, user: User | AnonymousUser) -> "JobQuerySet":
        """A person's own jobs. Every page, request, socket and list goes through this."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def waiting(self) -> "JobQuerySet":
        """In the queue, the next to start first."""
        return self.filter(_StateIs("state", which=_QUEUED)).order_by("place")

    def holding(self) -> "JobQuerySet":
        """Those that take a slot."""
        return self.filter(_StateIs("state", which=_HOLDING))

    def in_lane(self, lane: str) -> "JobQuerySet":
        """Those of one lane, `normal` or `background`."""
        behind = Q(place__gte=BACKGROUND_PLACES)
        return self.filter(behind if lane == "background" else ~behind)

    def unbound(self) -> "JobQuerySet":
        """Waiting jobs, the next first, without those whose workflow or owner has as many running as may.

        And without those of a batch that has stopped, which are about to be cancelled.
        """
        line = self.waiting().filter(BatchIsNot("batch_id", which="stopping"))
        for whose, most in running_bounds().items():
            line = line.exclude(**{f"{whose}__in": self.at_bound(whose, most)})
        return line

    def at_bound(self, whose: str, most: int) -> "models.QuerySet[Job, Any]":
        """The workflows, or the owners, of which `most` jobs or more hold a slot."""
        counted = Job.objects.holding().order_by().values(whose).annotate(held=Count("pk"))
        found: models.QuerySet[Job, Any] = counted.filter(held__gte=most).values_list(whose, flat=True)
        return found

    def startable(self) -> int:
        """How many waiting jobs may start now; more than may, where starting some would reach a bound."""
        free = free_slots()
        return self.unbound()[:free].count() if free else 0

    def active(self) -> "JobQuerySet":
        """Those that have not ended; by their lack of an end too, as the index of a workflow's active jobs has it."""
        return self.filter(state__in=ACTIVE, ended_at=None)

    def ended(self) -> "JobQuerySet":
        """Those that have."""
        return self.filter(state__in=TERMINAL)

    def given(self, asset_id: uuid.UUID) -> "JobQuerySet":
        """Those that have the asset among their parameters or what they are given, or in their graph, read once."""
        named = Q(written__icontains=f'"asset": "{asset_id}"')
        graphs = Graph.objects.filter(pk__in=self.values("graph")).annotate(
            written=Cast("document", models.TextField())
        )
        with_params = self.annotate(written=Cast("params", models.TextField()))
        stocks = JobStock.objects.filter(job__in=self.filter(scope__isnull=False)).annotate(
            written=Cast("document", models.TextField())
        )
        stocked = Q(pk__in=list(stocks.filter(written__icontains=f'"{asset_id}"').values_list("pk", flat=True)))
        graph = Q(graph__in=list(graphs.filter(named).values_list("pk", flat=True)))
        return with_params.filter(named | graph | stocked)


def taken() -> int:
    """How many slots are taken. Written out, as it is asked whenever a job comes, starts or ends."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN)
        return int(cursor.fetchone()[0])


def free_slots() -> int:
    """How many more jobs may run now; 0 also when a lowered cap is passed, and while the queue is paused."""
    gate = Gate.objects.now()
    return 0 if gate.paused else max(gate.limit - taken(), 0)


class _Released(models.Manager["Job"]):
    def get_queryset(self) -> JobQuerySet:
        return JobQuerySet(self.model, using=self._db).filter(BatchIsNot("batch_id", which="released_at IS NULL"))


class Job(models.Model):
    """One run of a workflow: the graph and parameters it runs with, its state, and who may write for it.

    Change it through `runs.gate` alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Foreign keys that begin an index below need none of their own: each index costs every write.
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="jobs", db_index=False)
    workflow_version = models.PositiveIntegerField()
    graph = models.ForeignKey(Graph, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="jobs", db_index=False)
    number = models.PositiveIntegerField(help_text="Counts within the workflow.")
    batch_id = models.UUIDField(null=True, blank=True, help_text="Shared by the jobs that one request made together.")
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in State], default=State.QUEUED
    )
    place = models.BigIntegerField(help_text="Its place in the order of the queue, given under the gate's lock.")
    label = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict, help_text="As resolved when submitted.")
    scope = models.JSONField(null=True, blank=True, help_text="Which part of the graph it runs; null: all of it.")
    version = models.PositiveIntegerField(default=1, help_text="Grows with every transition.")
    fence = models.PositiveIntegerField(default=0, help_text="Grows with every claim; all that is written carries it.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Claims, without those handed back.")
    repeatable = models.BooleanField(default=True, help_text="No node that is unsafe to repeat has begun.")
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(null=True, blank=True, help_text="0–1, kept when the job ends.")
    error = models.JSONField(null=True, blank=True, help_text='{"code", "message", "node"}')
    traceback = models.TextField(blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration = models.FloatField(null=True, blank=True, help_text="Seconds from its last start to its end.")

    cost = models.FloatField(null=True, blank=True, help_text="US dollars, where its nodes measured any.")
    twin = models.BigIntegerField(null=True, blank=True, help_text="The same for the same run; none if it is random.")

    objects = _Released.from_queryset(JobQuerySet)()
    """All but those of batches that are still being written, which nobody sees."""
    rows = JobQuerySet.as_manager()
    """Those too: for the gate and who writes them alone."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("workflow", "number"), name="one_job_a_number"),
            models.CheckConstraint(condition=Q(state__in=[state.value for state in State]), name="job_state_is_known"),
        )
        indexes = (
            models.Index(fields=("place",), name="job_place"),
            models.Index(fields=("state", "place"), name="job_waiting", condition=Q(state="queued")),
            models.Index(
                fields=("state", "owner"), name="job_holding", condition=Q(state__in=["running", "cancelling"])
            ),
            models.Index(fields=("-created_at", "-id"), name="job_by_created"),
            models.Index(fields=("owner", "-created_at", "-id"), name="job_of_owner"),
            models.Index(
                fields=("owner", "-created_at", "-id"), name="job_of_owner_active", condition=Q(ended_at=None)
            ),
            models.Index(fields=("owner", "started_at", "id"), name="job_of_owner_by_started"),
            models.Index(fields=("owner", "ended_at", "id"), name="job_of_owner_by_ended"),
            models.Index(fields=("owner", "duration", "id"), name="job_of_owner_by_duration"),
            models.Index(
                fields=("owner", "-created_at", "-id"),
                name="job_of_owner_unwell",
                condition=Q(state__in=["failed", "cancelled"]),
            ),
            models.Index(fields=("started_at", "id"), name="job_by_started", condition=Q(started_at__isnull=False)),
            models.Index(fields=("ended_at", "id"), name="job_by_ended", condition=Q(ended_at__isnull=False)),
            models.Index(fields=("duration", "id"), name="job_by_duration", condition=Q(duration__isnull=False)),
            models.Index(fields=("workflow", "-created_at", "-id"), name="job_of_workflow"),
            models.Index(fields=("workflow", "state", "-number"), name="job_of_workflow_by_state"),
            models.Index(fields=("workflow", "place"), name="job_of_workflow_active", condition=Q(ended_at=None)),
            models.Index(
                fields=("batch_id", "-created_at", "-id"), name="job_of_batch", condition=Q(batch_id__isnull=False)
            ),
            models.Index(
                fields=("twin", "number"), name="job_twin", condition=Q(state="completed", twin__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"#{self.number} of {self.workflow}"

    @property
    def lane(self) -> str:
        """`normal`, or `background`: which starts when nothing of the normal lane may."""
        return "background" if self.place >= BACKGROUND_PLACES else "normal"

    @property
    def waits(self) -> bool:
        """Whether it is in the queue."""
        return self.state == State.QUEUED

    @property
    def runs(self) -> bool:
        """Whether it takes a slot."""
        return self.state in HOLDING

    @property
    def waited(self) -> float:
        """Seconds from its submit to its last start, to its end where it never started, or until now."""
        until = self.started_at or self.ended_at or timezone.now()
        return max((until - self.created_at).total_seconds(), 0.0)

    @property
    def ran(self) -> float | None:
        """Seconds from its last start to its end, or until now; None before it."""
        if self.runs and self.started_at:
            return max((timezone.now() - self.started_at).total_seconds(), 0.0)
        return self.duration


class JobTransition(models.Model):
    """One step of a job from state to state, written in the same transaction as the step."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="transitions")
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.CharField(max_length=150, help_text="Who did it: a person's name, or the worker's.")
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.from_state or 'new'} → {self.to_state}"


class JobStock(models.Model):
    """What a job that runs a part of its graph is given of the nodes that it leaves out, as found when submitted."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="stock")
    document = models.JSONField(help_text='{node: {output: {"assets": [id, …]} or {"value": JSON}}}')

    def __str__(self) -> str:
        return f"what {self.job_id} is given"


class JobTelemetry(models.Model):
    """The folded telemetry of a job that has ended: zlib-compressed JSON of the whole snapshot."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="telemetry")
    last_id = models.CharField(max_length=40, help_text="<fence>-<seq> of the last update that is in it.")
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"telemetry of {self.job_id}"


def running_bounds() -> Mapping[str, int]:
    """How many jobs of one workflow, and of one owner, may hold slots; only those bounds that are set."""
    bounds = {
        "workflow": settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW,
        "owner": settings.MAX_CONCURRENT_JOBS_PER_USER,
    }
    return {whose: most for whose, most in bounds.items() if most}
