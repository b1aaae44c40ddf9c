"""What the running jobs of a workflow do, in few words: how far each is, and at which nodes."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from runs.models import Job
from runs.pages import drawing
from runs.tail import last_known
from runs.telemetry import Snapshot, progress

MOST = 12
"""So many jobs are looked at where a page is drawn whole; its socket looks at all."""


class Working(NamedTuple):
    """A job that runs: `share` 0–1, the status of each node that has one, and how many products have landed."""

    job_id: str
    number: int
    share: float
    statuses: Mapping[str, str]
    made: int = 0

    def busy_at(self, node: str) -> bool:
        """Whether it works there now."""
        return self.statuses.get(node) == "running"

    def still_to_come(self, node: str) -> bool:
        """Whether it may make something there yet."""
        return self.statuses.get(node, "waiting") in {"waiting", "running"}


def working(job_id: UUID | str, number: int, snapshot: Snapshot, nodes: int) -> Working:
    """The summary of what a job of so many nodes has told."""
    told: Mapping[str, Mapping[str, str]] = snapshot["nodes"]
    statuses = {node: fields["status"] for node, fields in told.items() if fields.get("status")}
    share = progress(snapshot, nodes) or 0.0
    return Working(str(job_id), number, share, statuses, len(snapshot["products"]))


def of_workflow(jobs: Iterable[Job]) -> list[Working]:
    """What Redis has of each of these running jobs."""
    return [
        working(job.pk, job.number, last_known(job.pk), len(drawing.of(job.graph_id).parts))
        for job in list(jobs)[:MOST]
    ]
