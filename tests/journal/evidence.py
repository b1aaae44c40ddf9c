"""All that is known of what an installation did: from its journal, database, sockets, and who asked for jobs."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.journal.book import Line

Json = dict[str, Any]
TERMINAL = frozenset({"completed", "failed", "cancelled"})
HOLDING = frozenset({"running", "cancelling"})
Attempt = tuple[str, int]
"""A job, and the fence under which a worker had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A job as the database has it."""

    id: str
    workflow: str
    number: int
    place: int
    state: str
    version: int
    fence: int
    error: str
    last_id: str
    snapshot: Json | None
    made: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of a job's history."""

    job: str
    source: str
    target: str
    at: float
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A cap that was asked for and then told to be in force, both by the monotonic clock.

    `known` is infinite where nobody told: then it may be in force, or the one before it may.
    """

    value: int
    asked: float
    known: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a workflow's nodes are: those that write the journal, by name, in the order in which they come.

    `errors`: what its jobs may fail with.
    """

    nodes: tuple[str, ...]
    unsafe: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Evidence:
    """`frames`: those of each job, in the order in which one reader had them, whatever it was dropped in between.

    Each frame's `socket` is the number of the reader's socket on which it came.

    `accepted`: the jobs that were promised to whoever asked for them. `plans`: by workflow.
    """

    lines: list[Line]
    jobs: dict[str, Recorded]
    steps: list[Step]
    frames: dict[str, list[Json]]
    caps: list[Cap]
    accepted: set[str]
    plans: dict[str, Plan]

    @cached_property
    def attempts(self) -> dict[Attempt, list[Line]]:
        """The lines of each attempt."""
        found: defaultdict[Attempt, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.job, line.fence].append(line)
        return dict(found)

    @cached_property
    def history(self) -> dict[str, list[Step]]:
        """The steps of each job."""
        found: defaultdict[str, list[Step]] = defaultdict(list)
        for step in self.steps:
            found[step.job].append(step)
        return dict(found)

    def plan(self, job: str) -> Plan:
        """What the job's nodes are."""
        return self.plans[self.jobs[job].workflow]

    def claims(self, job: str) -> int:
        """How often a worker was given the job, which is its last attempt's fence."""
        return sum(step.target == "running" for step in self.history.get(job, ()))

    def cut(self) -> Iterator[tuple[Attempt, Line]]:
        """The attempts whose worker never came to let go of the job, each with the last that it wrote."""
        for attempt, lines in self.attempts.items():
            if lines[-1].kind != "left":
                yield attempt, lines[-1]


def recorded(text: str) -> tuple[dict[str, Recorded], list[Step]]:
    """What `manage.py recorded` printed."""
    document = json.loads(text)
    jobs = [Recorded(**job) for job in document["jobs"]]
    return {job.id: job for job in jobs}, [Step(**step) for step in document["steps"]]
