"""The states of a job and the one table of its transitions (`docs/job_lifecycle.md` is the same in prose)."""

from enum import StrEnum


class State(StrEnum):
    """Where a job stands. Terminal is for ever."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({State.QUEUED})
HOLDING = frozenset({State.RUNNING, State.CANCELLING})
"""The states that take a slot: their job has a worker, a fence and a lease."""
ACTIVE = WAITING | HOLDING
TERMINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
UNWELL = TERMINAL - {State.COMPLETED}

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
    State.RUNNING: frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.CANCELLING, State.QUEUED}),
    State.CANCELLING: frozenset({State.CANCELLED, State.COMPLETED, State.FAILED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}


def allowed(source: State, target: State) -> bool:
    """Whether a job may go from `source` to `target`."""
    return target in TRANSITIONS[source]
