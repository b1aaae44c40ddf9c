"""Holds the evidence against what is promised; `reliability-security` numbers the invariants I1 to I8.

Each check yields a sentence for each violation, and says nothing of what it cannot prove: an attempt is known to have
run from its first line to its last, not longer.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from math import inf
from operator import itemgetter

from runs.telemetry import EMPTY, NOTHING, TelemetryId, fold
from tests.journal.evidence import HOLDING, TERMINAL, Cap, Evidence, Json, Recorded

SLACK = 5.0
"""Seconds that may pass from a claim to its first line, by a worker that stood still between them."""
Check = Callable[[Evidence], Iterator[str]]


def violations(evidence: Evidence) -> dict[str, list[str]]:
    """What is wrong, by the name of what was promised; empty when nothing is."""
    found = {name: list(check(evidence)) for name, check in CHECKS.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def lost(evidence: Evidence) -> Iterator[str]:
    """Every job that was promised is there and ended, for no other reason than one that its nodes give."""
    for job_id in evidence.accepted:
        job = evidence.jobs.get(job_id)
        if job is None:
            yield f"{job_id} was accepted and is not in the database"
        elif job.state not in TERMINAL:
            yield f"{job_id} is {job.state} and never ended"
        elif job.state == "completed":
            yield from _left_undone(evidence, job)
        elif job.state == "failed" and job.error not in evidence.plan(job_id).errors:
            yield f"{job_id} failed ({job.error}), which nothing in it explains"


def _left_undone(evidence: Evidence, job: Recorded) -> Iterator[str]:
    last = evidence.claims(job.id)
    done = {line.node for line in evidence.attempts.get((job.id, last), ()) if line.kind == "done"}
    for node in evidence.plan(job.id).nodes:
        if node not in done:
            yield f"{job.id} is completed, but its last attempt ({last}) never did {node}"


def doubled(evidence: Evidence) -> Iterator[str]:
    """Nothing is made, started or done twice that should be once."""
    for job_id in evidence.jobs.keys() - evidence.accepted:
        yield f"{job_id} was made, and nobody was promised it"
    for (job_id, fence), lines in evidence.attempts.items():
        for (kind, node), count in Counter((line.kind, line.node) for line in lines).items():
            if kind != "tick" and count > 1:
                yield f"{job_id} has {count} lines “{kind} {node}” of one attempt ({fence})"
    for job in evidence.jobs.values():
        for place, count in Counter((node, output, index) for node, output, index, _ in job.made).items():
            if count > 1:
                yield f"{job.id} has the product {place} {count} times"


def repeated(evidence: Evidence) -> Iterator[str]:
    """After a node has begun that is unsafe to repeat, its job never begins again."""
    for (job_id, fence), lines in evidence.attempts.items():
        if job_id not in evidence.jobs:
            continue
        unsafe = {line.node for line in lines if line.kind == "effect"} & evidence.plan(job_id).unsafe
        later = [other for job, other in evidence.attempts if job == job_id and other > fence]
        if unsafe and later:
            yield f"{job_id} did {', '.join(unsafe)} in attempt {fence} and began again as {later}"


def cap_by_journal(evidence: Evidence) -> Iterator[str]:
    """I1, I6: no attempt begins while as many others as may run are proven to; so at cap 1 no two overlap."""
    spans = [
        (lines[0].mono, next(line.mono for line in reversed(lines) if line.kind != "left"), attempt)
        for attempt, lines in evidence.attempts.items()
    ]
    for at, _, _ in spans:
        running = sorted(attempt for first, last, attempt in spans if first <= at <= last)
        if len(running) > (most := _allowed(evidence.caps, at)):
            yield f"{len(running)} attempts ran at once at {at:.3f}, of a cap of {most}: {running}"


def _allowed(caps: list[Cap], at: float) -> int:
    """The highest cap that may have been in force when what begins now was claimed."""
    since = [cap for cap in caps if cap.asked <= at]
    until = [min((following.known for following in caps[place:]), default=inf) for place in range(1, len(caps) + 1)]
    return max(cap.value for cap, end in zip(caps, until, strict=True) if cap in since and end >= at - SLACK)


def cap_by_history(evidence: Evidence) -> Iterator[str]:
    """I1, I3: by its own history no more than the highest cap ever held slots, and who came first started first."""
    most = max(cap.value for cap in evidence.caps)
    waiting = {job.id: job.place for job in evidence.jobs.values()}
    holding: set[str] = set()
    for step in evidence.steps:
        if step.source == "queued" and step.target == "running":
            place = waiting.pop(step.job, None)
            earlier = [job for job, other in waiting.items() if place is not None and other < place]
            if earlier:
                yield f"{step.job} started before {earlier}, which waited longer"
        _move(step.job, step.target, waiting, holding, evidence)
        if len(holding) > most:
            yield f"{len(holding)} jobs held slots at {step.at:.3f}, of a cap of {most}"


def _move(job: str, target: str, waiting: dict[str, int], holding: set[str], evidence: Evidence) -> None:
    waiting.pop(job, None)
    holding.discard(job)
    if target in HOLDING:
        holding.add(job)
    elif target == "queued" and job in evidence.jobs:
        waiting[job] = evidence.jobs[job].place


def ends(evidence: Evidence) -> Iterator[str]:
    """I4: each job has one end, which is its last step and its state, and no frame ever told another."""
    for job in evidence.jobs.values():
        steps = evidence.history.get(job.id, [])
        if any(first.target != second.source for first, second in pairwise(steps)):
            yield f"{job.id} has a history with gaps: {[(step.source, step.target) for step in steps]}"
        last = [step.target for step in steps if step.target in TERMINAL]
        if len(last) > 1 or (last and steps[-1].target != last[0]):
            yield f"{job.id} has more than one end: {[step.target for step in steps]}"
        if steps and steps[-1].target != job.state:
            yield f"{job.id} is {job.state}, but its history ends {steps[-1].target}"
        told = [state for state in _told(evidence.frames.get(job.id, [])) if state in TERMINAL]
        if set(told) - {job.state}:
            yield f"{job.id} is {job.state}, but its socket told {told}"


def stale(evidence: Evidence) -> Iterator[str]:
    """I5: who lost a job does nothing more for it, and of what it made and said nothing shows."""
    begun = {attempt: lines[0].mono for attempt, lines in evidence.attempts.items()}
    for (job_id, fence), lines in evidence.attempts.items():
        taken = [at for (job, other), at in begun.items() if job == job_id and other > fence]
        late = [line for line in lines if taken and line.mono > min(taken) and line.kind != "left"]
        if late:
            yield f"{job_id} had passed on, and attempt {fence} still wrote {late[0].kind} {late[0].node}"
    for job in evidence.jobs.values():
        yield from _shown_of_others(job, evidence.claims(job.id))


def _shown_of_others(job: Recorded, last: int) -> Iterator[str]:
    for node, output, _, value in job.made:
        if isinstance(value, str) and not value.endswith(f" by {last}"):
            yield f"{job.id} shows {node}.{output} = {value!r}, but its last attempt was {last}"
    for node, text in ((job.snapshot or EMPTY)["text"]).items():
        others = {word for word in text.split() if not word.startswith(f"{last}.")}
        if others:
            yield f"{job.id} shows {sorted(others)} of {node}, but its last attempt was {last}"
    if job.last_id and TelemetryId.parse(job.last_id).fence not in {last, last + 1}:
        yield f"{job.id} has telemetry of {job.last_id}, but its last attempt was {last}"


def seen(evidence: Evidence) -> Iterator[str]:
    """I7: what a reader was told last is what the database says."""
    for job_id, frames in evidence.frames.items():
        job = evidence.jobs.get(job_id)
        told = [frame for frame in frames if frame["type"] == "job"]
        if job is None or not told:
            yield f"{job_id} was told of, and is not there, or was never introduced"
            continue
        last = told[-1]
        if (last["job"]["state"], last["version"]) != (job.state, job.version):
            yield (
                f"{job_id} is {job.state} ({job.version}), but was told as {last['job']['state']} ({last['version']})"
            )
        at, snapshot = _folded(frames)
        if job.snapshot is not None and (at, snapshot) != (job.last_id, job.snapshot):
            yield f"{job_id} has telemetry up to {job.last_id}, but was told {at}, or other content"


def telemetry(evidence: Evidence) -> Iterator[str]:
    """I8: each update follows on what the reader had, and no word of an attempt is missing, doubled or misplaced."""
    for job_id, frames in evidence.frames.items():
        last = str(NOTHING)
        for frame in frames:
            if frame["type"] == "update" and frame["after"] != last:
                yield f"{job_id} was sent {frame['id']} after {frame['after']}, but had {last}"
            last = frame["id"] if frame["type"] in {"snapshot", "update"} else last
        for _, told in groupby(frames, itemgetter("socket")):
            versions = [frame["version"] for frame in told if frame["type"] == "job"]
            if versions != sorted(versions):
                yield f"{job_id} was told falling versions on one socket: {versions}"
    for job in evidence.jobs.values():
        for node, text in ((job.snapshot or EMPTY)["text"]).items():
            yield from _misspoken(job.id, node, text, evidence)


def _misspoken(job_id: str, node: str, text: str, evidence: Evidence) -> Iterator[str]:
    last = evidence.claims(job_id)
    words = text.split()
    if words != [f"{last}.{count}" for count in range(len(words))]:
        yield f"{job_id} says {text!r} at {node}"
    lines = [line.kind for line in evidence.attempts.get((job_id, last), ()) if line.node == node]
    if "done" in lines and evidence.jobs[job_id].state == "completed" and len(words) != lines.count("tick") + 1:
        yield f"{job_id} says {len(words)} words at {node}, and said {lines.count('tick') + 1}"


def _told(frames: list[Json]) -> list[str]:
    return [frame["job"]["state"] for frame in frames if frame["type"] == "job"]


def _folded(frames: list[Json]) -> tuple[str, Json]:
    """The last id and the snapshot of a reader who took these frames."""
    at, snapshot = str(NOTHING), EMPTY
    for frame in frames:
        if frame["type"] == "snapshot":
            at, snapshot = frame["id"], frame["snapshot"]
        elif frame["type"] == "update":
            at, snapshot = frame["id"], fold(snapshot, frame)
    return at, snapshot


CHECKS: dict[str, Check] = {
    "lost": lost,
    "doubled": doubled,
    "repeated": repeated,
    "I1, I6: the cap, by the journal": cap_by_journal,
    "I1, I3: the cap and the order, by the history": cap_by_history,
    "I4: one end": ends,
    "I5: nothing stale": stale,
    "I7: what is seen": seen,
    "I8: telemetry": telemetry,
}
