"""What processes die at in `test_lifecycle_deaths`, who goes on after them, and what is there then, in words."""

import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.scopes import Scope
from runs import gate, store, wake, webhooks
from runs.models import JOB_ENDED, Asset, Batch, Blob, Delivery, Duty, Job
from runs.pool import children, machine
from runs.pool.ledger import Ledger
from runs.pool.processes import Child
from runs.pool.sweep import Sweep
from runs.redis import connection as redis, stream_key
from runs.states import HOLDING
from runs.submit import Order, submit
from tests import factories
from tests.loopback import Server
from tests.runs import jobs
from tests.runs.dying import Doing, Plan, ask, childless, send
from tests.runs.followers import Attempt
from tests.waiting import eventually
from workflows.models import Workflow


@dataclass
class Stage:
    """What one scene plays with: who asks, the receiver that webhooks and nodes reach, and one workflow."""

    ada: User
    server: Server
    folder: Path
    pool: str = field(default_factory=machine.name_pool)
    workflow: Workflow = field(init=False)
    asked: tuple[Any, ...] = ()
    helper: Doing | None = None
    prepared: tuple[Any, ...] = ()
    gather: float = 60.0
    children: list[Doing] = field(default_factory=list)

    @property
    def worker(self) -> str:
        return f"{self.pool}.1"

    def has(self, document: dict[str, Any] | None = None, *, told: bool = False) -> Workflow:
        """The workflow is of this graph. If `told`, a webhook hears of its ends."""
        self.workflow = factories.workflow(self.ada, document)
        if told:
            webhooks.make(self.ada, f"{self.server.url}/", (JOB_ENDED,), self.workflow)
        return self.workflow

    def submitted(self, document: dict[str, Any] | None = None, *, told: bool = True) -> Job:
        return submit(self.ada, self.has(document, told=told), Order())

    def begun(self) -> Job:
        """A job whose worker has begun, and is not there."""
        job = self.submitted()
        wake_up = redis().lpop("rq:queue:loupe")
        assert wake_up
        attempt = Attempt.of(job, self.worker)
        attempt.tell({"nodes": {"word": {"status": "running"}}})
        return Job.objects.get(pk=job.pk)

    def request(self, method: str, path: str, body: object = None) -> tuple[Any, ...]:
        """What a web process is asked, so that it can be asked again."""
        token = ApiToken.objects.issue(self.ada, [Scope.WRITE])[1]
        ApiToken.objects.update(last_used_at=timezone.now())  # so that its use need not be noted
        headers = {"Host": "localhost", "Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
        self.asked = (method, f"/api/v1{path}", headers, body)
        return self.asked

    def doing(self, act: str, *given: Any, plan: Plan | None = None) -> Doing:
        """A child that does this, and dies as planned."""
        allowed = {"HTTP_ALLOW": [("127.0.0.1", self.server.port)], "LEASE_SECONDS": settings.LEASE_SECONDS}
        gather = {"runs.worker.recorder.GATHER_SECONDS": self.gather, "runs.worker.recorder.FLUSH_SECONDS": 60.0}
        notes = self.folder / f"notes-{act}"
        self.children.append(Doing(act, given, plan or Plan(), notes, **allowed, **gather, **CHANGES))
        return self.children[-1]

    def end(self) -> None:
        """No child is left: one that hangs may have the writers' turn, for which whoever clears up would wait."""
        for child in self.children:
            child.process.kill()


@dataclass(frozen=True)
class Scene:
    """What a process does: `prepare` answers its name in `dying.ACTS` and what it is given.

    `since`: the steps up to this one are another scene's. `meanwhile`: what others do while it goes on.
    """

    prepare: Callable[[Stage], tuple[Any, ...]]
    since: str = ""
    meanwhile: Callable[[Stage, Doing], None] = lambda _stage, _doing: None
    lease: float = 0.5
    gather: float = 60.0
    """When what a run tells first is told while it goes on."""
    prompt: bool = False


def submitting(stage: Stage) -> tuple[Any, ...]:
    return "ask", *stage.request("POST", f"/workflows/{stage.has(told=True).pk}/jobs", {})


def submitting_a_batch(stage: Stage) -> tuple[Any, ...]:
    return "ask", *stage.request("POST", f"/workflows/{stage.has().pk}/batches", {"axes": {"word": ["a", "b"]}})


def running(stage: Stage) -> tuple[Any, ...]:
    stage.submitted()
    return "work", stage.worker


def storing(stage: Stage) -> tuple[Any, ...]:
    """A picture that nobody has made before, told of while the run goes on for a while."""
    picture = {"width": 8, "height": 8, "seed": secrets.randbelow(2**31)}
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "noise": ("image.noise", picture),
        "wait": ("control.wait", {"seconds": 0.5}),
    }
    stage.submitted(jobs.graph(nodes, "noise.image > wait.value"), told=False)
    return "work", stage.worker


def running_what_is_unsafe(stage: Stage) -> tuple[Any, ...]:
    stage.submitted(jobs.graph({"get": ("http.get", {"url": f"{stage.server.url}/"})}), told=False)
    return "work", stage.worker


def running_again(stage: Stage) -> tuple[Any, ...]:
    job = stage.begun()
    factories.product(job)
    gate.lost(job.pk, job.fence, by=stage.pool, why="the worker died")
    return "work", stage.worker


def cancelling_what_waits(stage: Stage) -> tuple[Any, ...]:
    return "ask", *stage.request("POST", f"/jobs/{stage.submitted().pk}/cancellation", {})


def cancelling_what_runs(stage: Stage) -> tuple[Any, ...]:
    job = stage.submitted(factories.waiting(60))
    stage.helper = stage.doing("work", stage.worker)
    eventually(lambda: told(job) > "1-0")
    return "ask", *stage.request("POST", f"/jobs/{job.pk}/cancellation", {})


def stopping(stage: Stage) -> tuple[Any, ...]:
    stage.submitted(factories.waiting(60))
    return "work", stage.worker


def cancel(stage: Stage, doing: Doing) -> None:
    """The job is cancelled once it has said that it runs; its pool says so to the worker."""
    job = stage.workflow.jobs.get()
    eventually(lambda: told(job) > "1-0" or not doing.lives)
    gate.cancel(job.pk, by="ada")
    if doing.lives:
        doing.tell(signal.SIGUSR1)


def losing(stage: Stage) -> tuple[Any, ...]:
    stage.begun()
    return "look", stage.pool


def losing_for_good(stage: Stage) -> tuple[Any, ...]:
    job = stage.begun()
    Job.objects.filter(pk=job.pk).update(repeatable=False)
    return "look", stage.pool


def losing_a_cancelled_one(stage: Stage) -> tuple[Any, ...]:
    gate.cancel(stage.begun().pk, by="ada")
    return "look", stage.pool


def handing_back(stage: Stage) -> tuple[Any, ...]:
    job = stage.begun()
    return "hand back", job.pk, job.fence, stage.pool


def ending(stage: Stage) -> tuple[Any, ...]:
    job = stage.begun()
    return "end", job.pk, job.fence, stage.pool


def sweeping(stage: Stage) -> tuple[Any, ...]:
    stage.begun()
    eventually(gate.expired)
    return "sweep", "a pool"


def stopping_a_batch(stage: Stage) -> tuple[Any, ...]:
    body = {"axes": {"word": ["a", "b"]}, "stop": {"bytes": 1}}
    ask(*stage.request("POST", f"/workflows/{stage.has(told=True).pk}/batches", body))
    return "work", stage.worker


def deleting(stage: Stage) -> tuple[Any, ...]:
    job = stage.submitted(told=False)
    the_worker(stage)
    return "ask", *stage.request("DELETE", f"/jobs/{job.pk}")


def telling(stage: Stage) -> tuple[Any, ...]:
    stage.submitted()
    the_worker(stage)
    return "send", "a pool"


SCENES: Final = {
    "submit": Scene(submitting),
    "submit a batch": Scene(submitting_a_batch, lease=1.5),
    "run": Scene(running),
    "store a picture": Scene(storing, since="stream.begin", prompt=True),
    "run what is unsafe to repeat": Scene(running_what_is_unsafe, since="stream.begin"),
    "run again": Scene(running_again),
    "cancel what waits": Scene(cancelling_what_waits),
    "cancel what runs": Scene(cancelling_what_runs, lease=30.0, gather=0.01),
    "stop when cancelled": Scene(stopping, since="stream.begin", meanwhile=cancel, lease=30.0, gather=0.01),
    "lose a worker": Scene(losing),
    "lose a worker for good": Scene(losing_for_good),
    "lose a cancelled job's worker": Scene(losing_a_cancelled_one),
    "hand back": Scene(handing_back),
    "end at a limit": Scene(ending),
    "sweep": Scene(sweeping),
    "stop a batch": Scene(stopping_a_batch, since="stream.begin"),
    "delete": Scene(deleting),
    "tell a webhook": Scene(telling),
}


def the_same_request(stage: Stage) -> None:
    """Whoever asked has no answer, and asks again with the same key."""
    ask(*stage.asked, again=True)


def the_pool(stage: Stage) -> None:
    """The pool of the worker looks at its jobs, until none is held."""
    mine = childless(stage.pool)
    if stage.helper and stage.helper.lives:
        mine._workers[stage.worker] = children.Worker(stage.worker, cast("Child", _Grip(stage.helper)))
    ledger = Ledger(stage.pool, mine)

    def looked() -> bool:
        ledger.nudge()
        ledger.round()
        return not Job.objects.holding().exists()

    eventually(looked)


def the_sweep(_stage: Stage) -> None:
    """Another pool has the duty to sweep, when those have run out who had something to do."""
    now = timezone.now
    eventually(lambda: not Duty.objects.filter(name="sweep", until__gt=now()).exclude(holder="another pool").exists())
    eventually(
        lambda: not Job.objects.filter(state__in=HOLDING).exclude(pk__in=[j.pk for j in gate.expired()]).exists()
    )
    eventually(lambda: not Batch.objects.in_making().filter(making_until__gt=now()).exists())
    Sweep("another pool").round()


def the_worker(_stage: Stage) -> None:
    """Another worker, woken by a message, works off what it finds."""
    assert wake.pending(), "there is nothing to wake it"

    def work() -> None:
        jobs.worked_off()
        raise wake.Stopped

    try:
        wake.listen("another-worker", work)
    except wake.Stopped:
        return


def the_sender(_stage: Stage) -> None:
    """Another pool sends what is due, once the one that took it has had its half a minute."""
    Delivery.objects.waiting().update(due_at=timezone.now())
    eventually(lambda: not Duty.objects.filter(name="webhooks", until__gt=timezone.now()).exists())
    send("another pool")


MENDERS: Final[dict[str, Callable[[Stage], None]]] = {
    "the same request": the_same_request,
    "the pool": the_pool,
    "the sweep": the_sweep,
    "a worker": the_worker,
    "the sender": the_sender,
}
CHANGES: Final = {
    "runs.models.gate.DUTY_SECONDS": 0.1,
    "runs.worker.process.LONGEST_LIFE": 1,
}
"""What a child has otherwise: what others wait for when it has died comes sooner, and a worker ends with its job."""


def described(stage: Stage) -> str:
    """What is there now, in the database, in Redis and at the receiver."""
    found = [_job(job) for job in Job.rows.filter(workflow=stage.workflow).order_by("number")]
    blobs = Blob.objects.values_list("digest", flat=True)
    counts = {
        "hidden": Job.rows.filter(workflow=stage.workflow).count() - stage.workflow.jobs.count(),
        "product": Asset.objects.count(),
        "blob": len(blobs),
        "file": sum(store.path(digest).exists() for digest in blobs),
        "wake-up": wake.pending(),
        "delivery due": Delivery.objects.waiting().count(),
        "delivered": Delivery.objects.filter(state="delivered").count(),
        "call": len(stage.server.heard),
    }
    if not found:
        counts["stream"] = len(redis().keys("loupe:telemetry:*"))
    return "; ".join([*(found or ["nothing"]), *(f"{count} × {name}" for name, count in counts.items() if count)])


def told(job: Job) -> str:
    """The last id of the job's stream."""
    newest: Any = redis().xrevrange(stream_key(job.pk), count=1)
    return newest[0][0].decode() if newest else ""


def _job(job: Job) -> str:
    code = f" ({job.error['code']})" if job.error else ""
    fence, _, seq = told(job).partition("-")
    last = f"`{fence}-{seq if seq == '0' else '…'}`" if seq else ""
    facts = {"fence": job.fence, "attempts": job.attempts, "told": last}
    return ", ".join([f"`{job.state}`{code}", *(f"{name} {fact}" for name, fact in facts.items() if fact)])


class _Grip:
    """A worker as its pool holds it."""

    started = 0.0

    def __init__(self, doing: Doing) -> None:
        self.pid = doing.process.pid
        self.tell = doing.tell

    def send(self, _number: signal.Signals) -> None:
        raise AssertionError("It stops by itself.")
