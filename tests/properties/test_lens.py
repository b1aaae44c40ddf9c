"""The lens against a model of it in memory: whatever people do, in whatever order, it is where it should be."""

import json
from typing import Any
from uuid import UUID

import pytest
import redis
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, precondition, rule

from accounts.models import User
from runs import gate, lens, making
from runs.entry import Entry
from runs.models import Batch, Gate, Job, RunFocus
from runs.retention import Rules, prune
from runs.states import State
from runs.submit import Order, submit
from runs.telemetry import EMPTY
from tests import factories
from tests.properties.lens_model import Model, ModelJob, Shown
from tests.properties.machine import Machine, play
from workflows.models import Workflow

EXAMPLES, STEPS = 20, 20

people = st.integers(0, 1)
places = st.sampled_from([0, 0, 0, 1])
ends = st.sampled_from([State.COMPLETED, State.FAILED, State.CANCELLED])


class LensMachine(Machine):
    """Two people and two workflows of one of them, with jobs that run, end and go."""

    jobs: Bundle[tuple[UUID, int]] = Bundle("jobs")
    batches: Bundle[int] = Bundle("batches")
    written = (RunFocus, Job)

    def __init__(self, users: list[User], workflows: list[Workflow], valkey: redis.Redis) -> None:
        super().__init__()
        RunFocus.objects.all().delete()
        Job.rows.all().delete()
        Batch.objects.all().delete()
        Gate.objects.all().delete()
        Workflow.objects.update(jobs_made=0)
        valkey.flushall()
        self.users, self.workflows, self.model = users, workflows, Model()
        self.lenses = {
            (person, place): (user.pk, workflow.pk)
            for person, user in enumerate(users)
            for place, workflow in enumerate(workflows)
        }
        self.made = [0, 0]
        self.hidden: dict[int, list[ModelJob]] = {}
        self.batch_ids: list[UUID] = []
        self.claims: dict[UUID, gate.Claim] = {}
        self.listening: Any = valkey.pubsub()  # type: ignore[no-untyped-call]
        self.listening.psubscribe("asgi__group__focus.*")

    def teardown(self) -> None:
        self.listening.close()

    # What people and programs ask for ---------------------------------------------------------------------------

    @initialize(target=jobs, ended=st.lists(st.booleans(), min_size=2, max_size=4))
    def begin(self, ended: list[bool]) -> Any:
        """Some jobs are there, and some of them have ended."""
        jobs = [self.submit(0, 0, focus=True) for _ in ended]
        for job, over in zip(jobs, ended, strict=True):
            if over:
                self.end(job, State.CANCELLED)
        return multiple(*jobs)

    @rule(target=jobs, person=people, workflow=places, focus=st.booleans())
    def submit(self, person: int, workflow: int, focus: bool) -> Any:
        (new,) = self.numbered(workflow, 1)
        submit(self.users[person], self.workflows[workflow], Order(id=new.id, focus=focus))
        self.model.submitted(person, [new], focus=focus)
        return new.id, workflow

    @rule(target=jobs, workflow=places, count=st.integers(2, 3), person=people, focus=st.booleans())
    def submit_batch(self, workflow: int, count: int, person: int, focus: bool) -> Any:
        return self.release_batch(self.write_batch(workflow, count), person, focus)

    @rule(target=batches, workflow=places, count=st.integers(1, 3))
    def write_batch(self, workflow: int, count: int) -> int:
        """Nobody sees it yet, and no lens moves."""
        number, given = len(self.batch_ids), self.workflows[workflow]
        self.hidden[number] = self.numbered(workflow, count, batch=number)
        entries = [Entry(job.id, {}, "") for job in self.hidden[number]]
        self.batch_ids.append(making.write(given.owner, given, entries, lane="normal"))
        return number

    @rule(target=jobs, batch=batches, person=people, focus=st.booleans())
    def release_batch(self, batch: int, person: int, focus: bool) -> Any:
        if batch not in self.hidden:
            return multiple()
        new = self.hidden.pop(batch)
        making.release(self.users[person], self.batch_ids[batch], focus=focus)
        self.model.submitted(person, new, focus=focus)
        return multiple(*((job.id, job.workflow) for job in new))

    @rule(person=people, job=jobs, pinned=st.booleans())
    def pin_or_look(self, person: int, job: tuple[UUID, int], pinned: bool) -> None:
        """At a job that is there, or was when the page was drawn."""
        job_id, workflow = job
        found = Job(pk=job_id, workflow_id=self.workflows[workflow].pk)
        self.ask(
            lambda: self.model.choose(person, job_id, workflow, pinned=pinned),
            lambda: shown(lens.choose(self.users[person], found, pinned=pinned)),
        )

    @rule(person=people, workflow=places)
    def unpin(self, person: int, workflow: int) -> None:
        self.ask(
            lambda: self.model.release(person, workflow),
            lambda: shown(lens.release(self.users[person], self.workflows[workflow].pk)),
        )

    @rule(job=jobs)
    def delete(self, job: tuple[UUID, int]) -> None:
        self.ask(lambda: self.model.delete(job[0]), lambda: gate.delete(job[0]))

    @precondition(lambda self: any(shown for shown, _ in self.model.lenses.values()))
    @rule(pick=st.integers(0, 3), quiet=st.booleans())
    def delete_what_is_shown(self, pick: int, quiet: bool) -> None:
        """To somebody, once it has ended, or nothing of its workflow is active any more."""
        on = [(shown, workflow) for (_, workflow), (shown, _) in self.model.lenses.items() if shown]
        job_id, workflow = on[pick % len(on)]
        self.end((job_id, workflow), State.COMPLETED)
        if quiet:
            self.end_all(workflow)
        self.delete((job_id, workflow))

    @rule(kept=st.integers(1, 2), quiet=st.booleans(), pinned=st.booleans())
    def prune(self, kept: int, quiet: bool, pinned: bool) -> None:
        """Perhaps where all has ended, and somebody has pinned the oldest."""
        if quiet:
            self.end_all(0)
        if pinned and self.model.jobs:
            oldest = min(self.model.jobs.values(), key=lambda job: job.number)
            self.pin_or_look(0, (oldest.id, oldest.workflow), pinned=True)
        self.ask(lambda: self.model.prune(kept), lambda: prune(Rules(jobs=kept)))

    @rule()
    def claim(self) -> None:
        if claimed := gate.claim("w1", tell=False):
            self.claims[claimed.job_id] = claimed

    @rule(job=jobs, state=ends)
    def end(self, job: tuple[UUID, int], state: State) -> None:
        """A job that runs ends so; one that waits is cancelled."""
        found = self.model.jobs.get(job[0])
        if found and found.active:
            claim = self.claims.get(found.id)
            if claim:
                gate.finish(claim, gate.End(state), gate.Telemetry(f"{claim.fence}-0", EMPTY))
            else:
                gate.cancel(found.id, by="ada")
            found.active = False

    def end_all(self, workflow: int) -> None:
        for job in list(self.model.jobs.values()):
            if job.workflow == workflow:
                self.end((job.id, workflow), State.COMPLETED)

    def numbered(self, workflow: int, count: int, batch: int | None = None) -> list[ModelJob]:
        """Jobs to come, with the workflow's next numbers."""
        first = self.made[workflow] + 1
        self.made[workflow] += count
        return [
            ModelJob(UUID(int=workflow * 10**6 + number), workflow, number, batch)
            for number in range(first, first + count)
        ]

    # What holds at all times ------------------------------------------------------------------------------------

    @invariant()
    def every_lens_is_where_it_should_be(self) -> None:
        found = lens.of_many(self.lenses.values())
        moved = {each: found[ids] for each, ids in self.lenses.items() if ids in found}
        assert {each: shown(focus) for each, focus in moved.items()} == self.model.lenses
        assert set(Job.objects.values_list("pk", flat=True)) == set(self.model.jobs)

    @invariant()
    def every_move_was_told_once_and_in_order(self) -> None:
        told, expected = self.heard(), self.model.asked()
        for each, ids in self.lenses.items():
            channel = "asgi__group__focus.{}.{}".format(*ids)
            assert [move for where, move in told if where == channel] == [
                move for where, move in expected if where == each
            ]

    def heard(self) -> list[tuple[str, Shown]]:
        """What came of lenses until now: all of it is there before the answer to a ping."""
        self.listening.ping()
        found: list[tuple[str, Shown]] = []
        while (message := self.listening.get_message(timeout=10))["type"] != "pong":
            if message["type"] == "pmessage":
                move = json.loads(message["data"])
                found.append((message["channel"].decode(), (move["job_id"] and UUID(move["job_id"]), move["pinned"])))
        return found


def shown(focus: lens.Focus) -> Shown:
    return focus.job_id, focus.pinned


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_the_lens_does_what_the_model_does(ada: User, root: User, valkey: redis.Redis, settings: Any) -> None:
    settings.LEASE_SECONDS = 3600
    settings.MAX_CONCURRENT_JOBS = 3
    workflows = [factories.workflow(ada), factories.workflow(ada)]
    play(lambda: LensMachine([ada, root], workflows, valkey), examples=EXAMPLES, steps=STEPS)
