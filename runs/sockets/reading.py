"""Reads rows of jobs as sockets tell them: where each stands, and by which steps it came there."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from runs import gate, queue
from runs.errors import JobGone
from runs.models import Job
from runs.states import TERMINAL, State


class Step(NamedTuple):
    """A state that the job came to, its version then, and how many attempts had been made."""

    state: State
    version: int
    attempts: int


class Reading(NamedTuple):
    """A job's row, its document, and the steps it took since it was read before, the newest last."""

    job: Job
    document: dict[str, Any]
    steps: list[Step]

    @property
    def position(self) -> int | None:
        """Its place in the queue, from 1."""
        position: int | None = self.document["queue_position"]
        return position


def read(job_id: UUID, version: int) -> Reading:
    """The job, and its steps since `version`; since 0 that is only the state it has come to."""
    job = queue.read(job_id)
    if job is None:
        raise JobGone("The job has been deleted.")
    return Reading(job, _of_row(job, queue.document(job)), _steps(job, version))


def read_ended(job_id: UUID) -> Reading | None:
    """As `read`, if the job has ended: nobody need listen to it, as it can only be deleted, and that is looked for."""
    job = queue.read(job_id)
    return Reading(job, queue.document(job), _steps(job, 0)) if job and job.state in TERMINAL else None


def as_it_was(document: dict[str, Any], state: State) -> dict[str, Any]:
    """The job in a state that is over already."""
    return {**document, "state": str(state), "ended_at": None, "error": None, "queue_position": None}


def as_it_waited(document: dict[str, Any], attempts: int) -> dict[str, Any]:
    """The job in the queue, which it has left since; so many attempts had been made."""
    nothing_yet = {"worker": None, "started_at": None, "progress": None, "cost": None}
    return as_it_was(document, State.QUEUED) | nothing_yet | {"attempts": attempts}


def active_jobs(workflow_id: UUID) -> list[tuple[UUID, int, int, int]]:
    """Id, number, version and fence of the active jobs, in the order of the queue."""
    active = Job.objects.filter(workflow=workflow_id).active().order_by("place")
    return list(active.values_list("pk", "number", "version", "fence"))


def of_batch(workflow_id: UUID, batch_id: UUID) -> list[UUID]:
    """The jobs of a batch of the workflow, in grid order."""
    return list(
        Job.objects.filter(batch_id=batch_id, workflow=workflow_id).order_by("number").values_list("pk", flat=True)
    )


def read_waiting(workflow_id: UUID, job_ids: Collection[UUID]) -> list[tuple[Job, dict[str, Any]]]:
    """These jobs of the workflow, most of which wait, with their documents, in the order of the queue."""
    jobs = list(Job.objects.filter(pk__in=job_ids, workflow=workflow_id).defer("traceback").order_by("place"))
    documents = queue.documents(jobs)
    return [(job, _of_row(job, document)) for job, document in zip(jobs, documents, strict=True)]


def _of_row(job: Job, document: dict[str, Any]) -> dict[str, Any]:
    """As the row has it: a job that left the queue meanwhile is told as it waited, and then as it went on."""
    if document["state"] == job.state:
        return document
    return as_it_waited(document, job.attempts)


def _steps(job: Job, version: int) -> list[Step]:
    """Each transition made one version, so that the history tells the states that came and went unseen."""
    told: list[tuple[str, str]] = [(job.state, "")]
    if version and job.version - version != 1:
        told = list(job.transitions.order_by("id").values_list("to_state", "why")[version : job.version])
    steps, attempts = [], job.attempts
    for back, (state, why) in enumerate(reversed(told)):
        steps.append(Step(State(state), job.version - back, attempts))
        attempts += (why == gate.HANDED_BACK) - (state == State.RUNNING)  # what is handed back has cost none
    return steps[::-1]
