"""For tests of what followers see: a writer that tells as a worker does, and a reader that keeps what it got."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from asgiref.sync import sync_to_async

from accounts.models import User
from runs import gate, publish, stream
from runs.models import Job
from runs.sockets.crowd import CrowdFeed
from runs.sockets.feed import Frame, JobFeed
from runs.sockets.tasks import end
from runs.states import State
from runs.submit import Order, submit
from runs.telemetry import EMPTY, Batch, Snapshot, TelemetryId, fold
from workflows.models import Workflow

PATIENCE = 10.0


def submitted(workflow: Workflow) -> Job:
    """A job of the workflow's owner at the end of the queue."""
    return submit(workflow.owner, workflow, Order())


class Attempt:
    """One claim of a job: tells batches to stream and groups, and keeps the fold that all readers must reach."""

    def __init__(self, claim: gate.Claim) -> None:
        self.claim = claim
        self.last = TelemetryId(claim.fence, 0)
        self.snapshot: Snapshot = EMPTY

    @classmethod
    def of(cls, job: Job, worker: str = "w1") -> "Attempt":
        """Claims the oldest waiting job, which has to be `job`, and begins its fence."""
        claim = gate.claim(worker)
        assert claim is not None
        assert claim.job_id == job.pk
        attempt = cls(claim)
        stream.begin(job.pk, claim.fence, attempt.hints({}))
        return attempt

    def tell(self, batch: Batch, *, whole: bool = False, hint: bool = True) -> None:
        """One more batch; without a hint, only whoever looks will find it."""
        self.last = self.last.next()
        self.snapshot = fold(self.snapshot, batch)
        hints = self.hints(batch) if hint else []
        added = stream.Addition(self.last, batch, self.snapshot, 0.5, hints)
        if not stream.append(self.claim.job_id, added, whole=whole):
            stream.append(self.claim.job_id, added, whole=True, anew=True)

    def hints(self, batch: Batch) -> list[stream.Hint]:
        """What followers are told of a batch."""
        return publish.telemetry(self.claim.job_id, self.claim.workflow_id, self.last, batch)

    def finish(self, state: State = State.COMPLETED) -> None:
        gate.finish(self.claim, gate.End(state), gate.Telemetry(str(self.last), self.snapshot))


class Follower:
    """Keeps the frames that it is sent, in their order."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._news = asyncio.Condition()

    async def until(self, holds: Callable[[Self], Any]) -> None:
        """Waits until that holds."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(lambda: holds(self))
        except TimeoutError as error:
            raise AssertionError(f"It did not come to that. Frames: {self.frames[-5:]}") from error


class Reader(Follower):
    """A client of a job: folds by the contract's rule, and finds fault with whatever is out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.last: str | None = None
        self.snapshot: Snapshot | None = None
        self.state: str | None = None
        self.version = 0

    async def take(self, frame: Frame) -> None:
        async with self._news:
            self.frames.append(frame)
            getattr(self, f"_{frame['type']}", lambda _frame: None)(frame)
            self._news.notify_all()

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames if frame["type"] != "head"]

    def states(self) -> list[str]:
        return [frame["job"]["state"] for frame in self.frames if frame["type"] == "job"]

    def _job(self, frame: Frame) -> None:
        assert frame["version"] >= self.version
        self.version, self.state = frame["version"], frame["job"]["state"]

    def _snapshot(self, frame: Frame) -> None:
        assert self.state is not None
        self.snapshot, self.last = frame["snapshot"], frame["id"]

    def _update(self, frame: Frame) -> None:
        assert frame["after"] == self.last
        assert self.snapshot is not None
        assert frame["id"] == f"{frame['id'].split('-')[0]}-{frame['seq']}"
        self.snapshot, self.last = fold(self.snapshot, frame), frame["id"]


@contextlib.asynccontextmanager
async def following(job: Job, reader: Reader | None = None) -> AsyncIterator[Reader]:
    """A reader on a feed of the job, from where it stands."""
    reader = reader or Reader()
    feed = JobFeed(job.pk, reader.take, after=TelemetryId.parse(reader.last) if reader.last else None)
    task = asyncio.create_task(feed.run())
    try:
        yield reader
        if task.done():
            task.result()
    finally:
        await end([task])


class CrowdReader(Follower):
    """A client of a workflow: a reader for each job, and what else it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: defaultdict[str, Reader] = defaultdict(Reader)
        self.focus: tuple[str | None, bool] | None = None

    async def take(self, frame: Frame) -> None:
        async with self._news:
            self.frames.append(frame)
            if frame["type"] == "focus":
                self.focus = frame["job_id"], frame["pinned"]
            elif frame["type"] != "asset":
                await self.jobs[frame["job_id"]].take(frame)
            self._news.notify_all()

    def of(self, job: Job) -> Reader:
        return self.jobs[str(job.pk)]

    def told(self, job: Job) -> bool:
        """Whether the job and its telemetry were told."""
        return self.of(job).snapshot is not None


@contextlib.asynccontextmanager
async def crowd_following(
    workflow: Workflow, user: User, reader: CrowdReader | None = None
) -> AsyncIterator[tuple[CrowdReader, CrowdFeed]]:
    """A reader on a feed of the workflow."""
    reader = reader or CrowdReader()
    feed = CrowdFeed(workflow.pk, user, reader.take)
    task = asyncio.create_task(feed.run())
    try:
        yield reader, feed
        if task.done():
            task.result()
    finally:
        await end([task])


def act(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Does what a worker or a person does, off the event loop."""
    return sync_to_async(work)(*arguments, **named)
