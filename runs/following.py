"""Follows one job in a terminal: what its nodes do, the text they stream, and how it ended."""

import time
from collections.abc import Callable
from typing import Any

import redis

from runs import tail
from runs.models import Job
from runs.states import TERMINAL, State
from runs.telemetry import EMPTY, NOTHING

LOOK_SECONDS = 0.1


def until_end(job: Job, say: Callable[[str], None] | None) -> Job:
    """Waits until the job has ended; with `say`, tells meanwhile what it does. Answers the job as it ended."""
    told = tail.Standing(NOTHING, EMPTY)
    while True:
        job.refresh_from_db()
        if say:
            told = _tell(job, told, say)
        if job.state in TERMINAL:
            return job
        time.sleep(LOOK_SECONDS)


def _tell(job: Job, before: tail.Standing, say: Callable[[str], None]) -> tail.Standing:
    """Says what is new since `before`, and answers where the telemetry stands now."""
    try:
        now = tail.told(job)
    except redis.RedisError:
        return before
    known = before.snapshot if now.id.fence == before.id.fence else EMPTY  # another attempt begins anew
    for node, text in now.snapshot["text"].items():
        if new := text[len(known["text"].get(node, "")) :]:
            say(new)
    for node, state in now.snapshot["nodes"].items():
        line = _line(state)
        if line != _line(known["nodes"].get(node, {})):
            say(f"\n{node}: {line}\n")
    return now


def _line(node: dict[str, Any]) -> str:
    """What a node does, in a few words."""
    progress, error = node.get("progress"), node.get("error")
    words = [node.get("status", "")]
    if progress and progress[1] and node.get("status") == State.RUNNING:
        words.append(f"{100 * progress[0] / progress[1]:.0f} %")
    if error:
        words.append(f"({error['code']}: {error['message']})")
    return " ".join(words)
