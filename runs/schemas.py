"""What the API takes and answers about jobs, assets and the queue."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue, field_validator

from accounts.schemas import Paging, Strict
from runs import archive, capacity
from runs.webhooks import Secret, WebAddress
from workflows.schemas import Id, Moment, ScopeBody

Lane = Literal["normal", "background"]


class JobBody(Strict):
    """What a submit may say. An `id` of your own makes it safe to repeat; `focus: false` leaves the lens alone.

    `webhook_url` is told of the job's end (`job.ended`), signed by `webhook_secret`: `whsec_` and 24 to 64 bytes in
    base64.
    """

    id: Id | None = None
    params: dict[str, JsonValue] = {}
    label: str | None = Field(default=None, max_length=200)
    lane: Lane = "normal"
    focus: bool = True
    scope: ScopeBody | None = None
    webhook_url: WebAddress | None = None
    webhook_secret: Secret | None = None


class RerunBody(Strict):
    """What is to be otherwise in the new run; a `seed` given as null is drawn anew."""

    params: dict[str, JsonValue] = {}


class CancellationBody(Strict):
    """Which of a workflow's jobs to cancel, by their state."""

    states: list[Literal["queued", "running"]] = ["queued", "running"]


class Cancelled(BaseModel):
    """How many jobs have left the queue or were told to stop."""

    cancelled: int


class StopRules(Strict):
    """When a batch stops before its last job: at the `first_failure`; when so many `seconds` have passed since it came
    into the queue; when its jobs have made so many `bytes`, or have `cost` so many US dollars, counted at their ends.

    Then its waiting jobs are cancelled and its running ones told to stop; what was made stays.
    """

    first_failure: bool = False
    seconds: float | None = Field(default=None, gt=0, le=10**9)
    bytes: int | None = Field(default=None, gt=0, le=10**15)
    cost: float | None = Field(default=None, gt=0, le=10**9)

    def given(self) -> dict[str, Any]:
        """Those rules that are set."""
        return {name: value for name, value in self.model_dump().items() if value}


class BatchBody(Strict):
    """One job for each combination of the values on the axes, the last axis fastest, each `repeat` times.

    Axes named in one group of `zip` go in step. More than 50 jobs need `confirm`; a `dry_run` makes none.
    """

    axes: dict[str, list[JsonValue]]
    zip: list[list[str]] = []
    repeat: int = Field(1, ge=1)
    params: dict[str, JsonValue] = {}
    lane: Lane = "normal"
    stop: StopRules = StopRules()
    focus: bool = True
    confirm: bool = False
    dry_run: bool = False


class FocusBody(Strict):
    """The job to show. Pinned it stays; else it is shown until the next submit."""

    job_id: Id
    pinned: bool = True


class QueueChange(Strict):
    """How many jobs may run at once; null goes back to the setting. While it is `paused`, nothing starts."""

    cap: int | None = Field(None, ge=capacity.LEAST, le=capacity.MOST)
    paused: bool = False


class StateFilter(StrEnum):
    """The states to filter by, with the other spelling of one."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CANCELED = "canceled"


class JobQuery(Paging):
    """Which jobs to list, and in which order (`-` before it: descending). Any `param.<name>` filters too.

    `search` finds what a label holds somewhere, in small letters or large, and a number, as `128` or `#128`.
    """

    PARAMETER: ClassVar = "param."

    workflow: UUID | None = None
    state: list[StateFilter] = []
    batch: UUID | None = None
    label: str | None = None
    search: str | None = Field(None, max_length=200)
    submitted_after: Moment | None = None
    order: Literal[
        "created_at", "-created_at", "started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"
    ] = "-created_at"

    @field_validator("submitted_after")
    @classmethod
    def in_utc(cls, moment: datetime | None) -> datetime | None:
        """The time as UTC: PostgreSQL takes no offset beyond 16 hours, where RFC 3339 has them up to 24."""
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("a time of the years 1 to 9999 in UTC is needed here") from error


class AssetQuery(Paging):
    """In which order to list assets (`-` before it: descending)."""

    order: Literal["created_at", "-created_at"] = "-created_at"


class ArchiveBody(Strict):
    """Which assets to pack, in this order; one that is named twice is packed once."""

    ids: list[Id] = Field(min_length=1, max_length=archive.MOST)


class WorkflowAssetQuery(AssetQuery):
    """Which assets of a workflow to list."""

    node: str | None = None
    job: UUID | None = None
    kind: Literal["image", "audio", "video", "text", "table", "json", "number", "file"] | None = None


class JobError(BaseModel):
    """Why a job failed, and at which node."""

    code: str
    message: str
    node: str | None


class Eta(BaseModel):
    """About when a waiting job will start, and end; null where nothing is known of that."""

    starts_at: datetime
    ends_at: datetime | None


class JobDocument(BaseModel):
    """A job. Its `outputs` by result name: a value, or `{asset, kind, media_type, url}`.

    The `scope` of one that runs a part of its workflow has besides what was asked for the nodes that run (`runs`), and
    those that are given what they made before (`given`).
    """

    id: UUID
    number: int
    waiting_for: Literal["cap", "workflow", "user", "lane", "paused", "no_worker", "redis"] | None
    workflow_id: UUID
    workflow_version: int
    batch_id: UUID | None
    state: Literal["queued", "running", "cancelling", "completed", "failed", "cancelled"]
    queue_position: int | None
    lane: Lane
    label: str
    params: dict[str, Any]
    scope: dict[str, Any] | None
    progress: float | None
    eta: Eta | None
    attempts: int
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: JobError | None
    cost: float | None
    outputs: dict[str, Any]


class NewJobDocument(JobDocument):
    """A job that was submitted just now; `identical_to`: an earlier one that was the same run and came to a good end.

    Null where there is none, or where something random is in it.
    """

    identical_to: UUID | None


class Stopped(BaseModel):
    """When a batch was stopped, by which of its rules, and how that is told."""

    at: datetime
    by: Literal["first_failure", "seconds", "bytes", "cost"]
    message: str


class Spent(BaseModel):
    """Seconds since the batch came into the queue, to its last end where all have ended; what its jobs have made, and
    what those that have ended have cost; null where nothing was measured.
    """

    seconds: float
    bytes: int
    cost: float | None


class BatchState(BaseModel):
    """A batch: how many of its `count` jobs are in each state, its rules, what it has spent, and why it stopped."""

    id: UUID
    workflow_id: UUID
    count: int
    states: dict[Literal["queued", "running", "cancelling", "completed", "failed", "cancelled"], int]
    stop: StopRules
    stopped: Stopped | None
    spent: Spent
    created_at: datetime
    ended_at: datetime | None


class BatchDocument(BaseModel):
    """The jobs that were made together, in grid order."""

    batch_id: UUID
    jobs: list[NewJobDocument]


class EstimateDocument(BaseModel):
    """What a batch would take, each as `[low, high]`; null where nothing is known."""

    seconds: tuple[float, float] | None = None
    bytes: tuple[int, int] | None = None
    cost: tuple[float, float] | None = None


class BatchPlan(BaseModel):
    """What a batch would be: how many jobs, and each one's label, where seeds that are to be drawn are random."""

    count: int
    labels: list[str]
    estimate: EstimateDocument


class ChoiceBody(Strict):
    """The product to choose."""

    asset_id: Id


class ChoiceDocument(BaseModel):
    """The product that runs of a part of the workflow take for a node."""

    node: str
    asset_id: UUID


class FocusDocument(BaseModel):
    """The job that a person's canvas shows for a workflow, if any, and whether submits leave it there."""

    job_id: UUID | None
    pinned: bool


class TelemetryDocument(BaseModel):
    """All that a job has told, folded, and the id of the last update in it."""

    id: str
    snapshot: dict[str, Any]


class AssetDocument(BaseModel):
    """One product of a job, or an upload, which has no workflow, node or job."""

    id: UUID
    workflow_id: UUID | None
    node: str | None
    job_id: UUID | None
    job_number: int | None
    output: str | None
    index: int
    kind: Literal["image", "audio", "video", "text", "table", "json", "number", "file"]
    media_type: str
    size: int
    width: int | None
    height: int | None
    duration: float | None
    value: Any
    url: str
    thumbnail_url: str | None
    created_at: datetime
    sha256: str


class Mine(BaseModel):
    """How many of the jobs are the user's own."""

    running: int
    waiting: int


class WorkerDocument(BaseModel):
    """A worker process that lives."""

    name: str
    host: str
    pid: int
    state: Literal["idle", "busy", "draining"]
    job_id: UUID | None
    heartbeat_at: datetime


class QueueDocument(BaseModel):
    """The queue in numbers; `workers` is for staff."""

    cap: int
    paused: bool
    running: int
    waiting: int
    mine: Mine
    workers: list[WorkerDocument] | None = None
