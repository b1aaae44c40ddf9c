"""The gate against a model of it in memory: whatever is asked in whatever order, its rows are as the model has them."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from django.conf import settings as django
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, precondition, rule

from accounts.models import User
from runs import gate, halting, making
from runs.cancelling import cancel_all
from runs.entry import Entry
from runs.errors import JobExists
from runs.models import Batch, Gate, Job, JobTelemetry, JobTransition
from runs.promotion import promote
from runs.states import HOLDING, TERMINAL, State, allowed
from runs.submit import Order, submit
from runs.telemetry import EMPTY
from tests import factories
from tests.properties.gate_model import Model
from tests.properties.machine import Machine, play
from workflows.models import Workflow

EXAMPLES, STEPS = 40, 30
DEFAULT_CAP, MOST_WAITING = 2, 5

workers = st.sampled_from(["w1", "w2", "w3"])
places = st.integers(0, 2)  # of workflows
few = st.sampled_from([0, 0, 1, 2])
ways = st.sampled_from(
    [*"hand back, lose, end, mark, cancel".split(", "), State.COMPLETED, State.FAILED, State.CANCELLED]
)


class GateMachine(Machine):
    """Two workflows of one person and one of another, and the workers that they share."""

    jobs: Bundle[UUID] = Bundle("jobs")
    claims: Bundle[gate.Claim] = Bundle("claims")  # also those that have long passed on
    batches: Bundle[int] = Bundle("batches")  # released, removed or still in the making
    written = (Job, JobTransition, JobTelemetry, Workflow, Batch)

    def __init__(self, workflows: list[Workflow], valkey: redis.Redis) -> None:
        super().__init__()
        Job.rows.all().delete()
        Batch.objects.all().delete()
        Gate.objects.all().delete()
        valkey.flushall()
        self.workflows = workflows
        owners = [workflow.owner_id for workflow in workflows]
        self.model = Model(
            [owners.index(owner) for owner in owners],
            default_cap=DEFAULT_CAP,
            most_attempts=1,
            most_waiting=MOST_WAITING,
        )
        self.newest: dict[UUID, gate.Claim] = {}
        self.submits = 0
        self.lives = 0
        """How often the workers were all replaced by others."""
        self.batch_ids: dict[int, UUID] = {}

    # What people, workers and pools ask for ---------------------------------------------------------------------

    @initialize(target=jobs, most_attempts=st.integers(1, 2), crowd=st.lists(workers, max_size=3))
    def begin(self, most_attempts: int, crowd: list[str]) -> Any:
        """Some jobs wait, and some of them run."""
        django.MAX_CONCURRENT_JOBS_PER_WORKFLOW = django.MAX_CONCURRENT_JOBS_PER_USER = 0
        django.MAX_ATTEMPTS = self.model.most_attempts = most_attempts
        submitted = self.submit(3)
        self.claim(crowd)
        return submitted

    @rule(target=jobs, count=st.integers(1, 3), workflow=places, background=st.booleans())
    def submit(self, count: int, workflow: int = 0, background: bool = False) -> Any:
        return multiple(*filter(None, [self.submit_one(workflow, background) for _ in range(count)]))

    @rule(target=batches, count=st.integers(1, 3), workflow=places, background=st.booleans())
    def write_batch(self, count: int, workflow: int, background: bool) -> Any:
        """Nobody sees it yet. It stops at its first failure. Where too many wait there is none."""
        ids = [UUID(int=self.submits + index) for index in range(1, count + 1)]
        self.submits += count
        number, given = len(self.batch_ids), self.workflows[workflow]

        def write() -> int:
            entries = [Entry(pk, {}, "") for pk in ids]
            lane, stop = "background" if background else "normal", {"first_failure": True}
            self.batch_ids[number] = making.write(given.owner, given, entries, lane=lane, stop=stop)
            return number

        made = self.ask(lambda: self.model.write(number, ids, name(given), workflow, background=background), write)
        return multiple() if made is None else made

    @rule(target=jobs, batch=batches)
    def release_batch(self, batch: int) -> Any:
        written = self.model.hidden.get(batch, [])
        self.ask(lambda: self.model.release(batch), lambda: self.release(batch))
        return multiple(*(job.id for job in written if job.id in self.model.jobs))

    @rule(target=jobs, workflow=places, background=st.booleans(), fails=st.booleans())
    def submit_batch(self, workflow: int, background: bool, fails: bool) -> Any:
        """Written and released; perhaps its first job begins at once, and fails."""
        batch = self.write_batch(3, workflow, background)
        if not isinstance(batch, int):
            return batch
        submitted = self.release_batch(batch)
        self.claim(["w1", "w2"] if fails else [])
        for job in [job for job in self.model.holding() if job.batch == batch][:1]:
            self.finish(self.newest[job.id], State.FAILED)
        return submitted

    @rule(batch=batches, swept=st.booleans())
    def give_batch_up(self, batch: int, swept: bool) -> None:
        """Its writer gives it up, or has died and is found dead."""
        self.model.drop(batch)
        if swept:
            mine = Batch.objects.in_making().filter(pk=self.batch_ids[batch])
            mine.update(making_until=timezone.now() - timedelta(seconds=1))
            making.clear_leftovers()
        else:
            making.clear(self.batch_ids[batch])

    @rule()
    def halt_stopped_batches(self) -> None:
        self.model.halt(halting.BY)
        halting.halt_all()

    def release(self, batch: int) -> int:
        making.release(self.workflows[0].owner, self.batch_ids[batch], focus=False)
        return batch

    @rule(target=claims, crowd=st.lists(workers, min_size=1, max_size=4))
    def claim(self, crowd: list[str]) -> Any:
        return multiple(*filter(None, [self.claim_one(worker) for worker in crowd]))

    @precondition(lambda self: self.model.holding())
    @rule(target=claims, pick=st.integers(0, 3), way=ways, returns=st.booleans(), late=ways)
    def work(self, pick: int, way: State | str, returns: bool, late: State | str) -> Any:
        """Something becomes of a running job; its worker may come for the next, and be late with more for the old."""
        running = self.model.holding()
        claim = self.newest[running[pick % len(running)].id]
        self.go(claim, way)
        claimed = self.claim([claim.worker] if returns else [])
        self.go(claim, late)
        return claimed

    @rule(claim=claims, way=ways)
    def come_back_late(self, claim: gate.Claim, way: State | str) -> None:
        self.go(claim, way)

    @rule(job_id=jobs, deleted=st.booleans())
    def cancel_or_delete(self, job_id: UUID, deleted: bool) -> None:
        if deleted:
            self.ask(lambda: self.model.delete(job_id), lambda: gate.delete(job_id))
        else:
            self.cancel(job_id)

    @rule(claim=claims)
    def let_a_lease_run_out(self, claim: gate.Claim) -> None:
        job = self.model.jobs.get(claim.job_id)
        if job in self.model.holding():
            Job.objects.filter(pk=claim.job_id).update(lease_until=timezone.now() - timedelta(seconds=1))
            job.lapsed = True

    @rule(renewed=st.sampled_from(["none", "all"]) | st.sets(workers))
    def renew_and_rescue(self, renewed: str | set[str]) -> None:
        if renewed == "all":
            self.ask(lambda: self.model.renew({job.worker for job in self.model.holding()}), gate.renew_all)
        elif isinstance(renewed, set):
            living = {self.living(worker) for worker in renewed}
            self.ask(lambda: self.model.renew(living), lambda: gate.renew(living))
        for job in gate.expired():
            self.lose(job.pk, job.fence)

    @rule(cap=st.none() | st.integers(1, 4))
    def set_cap(self, cap: int | None) -> None:
        self.model.chosen_cap = cap
        assert gate.set_cap(cap) == gate.cap() == self.model.cap

    @rule(paused=st.sampled_from([False, False, True]), most=few, most_of_owner=few)
    def hold_back(self, paused: bool, most: int, most_of_owner: int) -> None:
        """The queue is paused or goes on, and so many of one workflow, or person, may run; 0 for as many as the cap."""
        self.model.paused = paused
        gate.pause(paused)
        django.MAX_CONCURRENT_JOBS_PER_WORKFLOW = self.model.most_of_workflow = most
        django.MAX_CONCURRENT_JOBS_PER_USER = self.model.most_of_owner = most_of_owner

    @rule(job_id=jobs, before_all=st.booleans())
    def promote(self, job_id: UUID, before_all: bool) -> None:
        self.ask(
            lambda: self.model.promote(job_id, before_all=before_all),
            lambda: promote(job_id, before_all=before_all).pk,
        )

    @rule(job_id=jobs, workflow=places)
    def submit_again(self, job_id: UUID, workflow: int) -> None:
        """With the id of another job, which may be anywhere on its way, or deleted."""
        given, order = self.workflows[workflow], Order(id=job_id, focus=False)
        if job_id in self.model.jobs:
            with pytest.raises(JobExists):
                submit(given.owner, given, order)
        else:
            self.lives += 1  # none takes a job before it has given up the one it had
            self.ask(
                lambda: self.model.submit(job_id, name(given), workflow, background=False),
                lambda: submit(given.owner, given, order).pk,
            )

    @rule(target=claims, claim=claims, late=st.sampled_from([State.COMPLETED, State.FAILED, "mark"]))
    def give_its_id_again(self, claim: gate.Claim, late: State | str) -> Any:
        """A job is ended from outside and deleted, another gets its id and begins: then the first's worker comes."""
        self.end(claim)
        self.cancel_or_delete(claim.job_id, deleted=True)
        self.submit_again(claim.job_id, 0)
        claimed = self.claim(["w1", "w2"])
        self.go(claim, late)
        return claimed

    @rule(workflow=places, states=st.sampled_from([{State.QUEUED}, {State.RUNNING}, {State.QUEUED, State.RUNNING}]))
    def cancel_many(self, workflow: int, states: set[State]) -> None:
        jobs = Job.objects.filter(workflow=self.workflows[workflow], state__in=states)
        self.ask(lambda: self.model.cancel_all(workflow, states, "ada"), lambda: cancel_all(jobs, by="ada"))

    def submit_one(self, workflow: int, background: bool) -> UUID | None:
        self.submits += 1
        order = Order(id=UUID(int=self.submits), lane="background" if background else "normal", focus=False)
        given = self.workflows[workflow]
        return self.ask(
            lambda: self.model.submit(UUID(int=self.submits), name(given), workflow, background=background),
            lambda: submit(given.owner, given, order).pk,
        )

    def claim_one(self, worker: str) -> gate.Claim | None:
        worker = self.living(worker)
        claimed = gate.claim(worker)
        got = claimed and (claimed.job_id, claimed.fence, claimed.worker)
        assert got == self.model.claim(worker)
        if claimed:
            assert Job.objects.holding().count() <= gate.cap()
            self.newest[claimed.job_id] = claimed
        return claimed

    def living(self, worker: str) -> str:
        """The worker's name, or that of the one in its place."""
        return f"{worker[:2]}.{self.lives}"

    def go(self, claim: gate.Claim, way: State | str) -> None:
        match way:
            case State():
                self.finish(claim, way)
            case "hand back":
                self.hand_back(claim)
            case "lose":
                self.lose(claim.job_id, claim.fence)
            case "end":
                self.end(claim)
            case "cancel":
                self.cancel(claim.job_id)
            case _:
                self.mark_unrepeatable(claim)

    def cancel(self, job_id: UUID) -> None:
        self.ask(lambda: self.model.cancel(job_id, "ada"), lambda: State(gate.cancel(job_id, by="ada").state))

    def finish(self, claim: gate.Claim, state: State) -> None:
        code = "error" if state == State.FAILED else None
        end = gate.End(state, error={"code": code, "message": "No.", "node": None} if code else None)
        told = gate.Telemetry(f"{claim.fence}-1", EMPTY)
        self.ask(
            lambda: self.model.finish(claim.job_id, claim.fence, claim.worker, state, code),
            lambda: gate.finish(claim, end, told),
        )

    def hand_back(self, claim: gate.Claim) -> None:
        self.ask(
            lambda: self.model.hand_back(claim.job_id, claim.fence, claim.worker),
            lambda: gate.hand_back(claim.job_id, claim.fence, by=claim.worker),
        )

    def lose(self, job_id: UUID, fence: int) -> None:
        self.ask(
            lambda: self.model.lost(job_id, fence, "pool"),
            lambda: gate.lost(job_id, fence, by="pool", why="killed"),
        )

    def end(self, claim: gate.Claim) -> None:
        self.ask(
            lambda: self.model.end(claim.job_id, claim.fence, "pool", "timeout"),
            lambda: gate.end(claim.job_id, claim.fence, code="timeout", message="Too long.", by="pool"),
        )

    def mark_unrepeatable(self, claim: gate.Claim) -> None:
        self.ask(
            lambda: self.model.mark_unrepeatable(claim.job_id, claim.fence, claim.worker),
            lambda: gate.mark_unrepeatable(claim),
        )

    # What holds at all times ------------------------------------------------------------------------------------

    @invariant()
    def rows_are_as_the_model_has_them(self) -> None:
        ends = dict(JobTelemetry.objects.values_list("job_id", "last_id"))
        found = list(Job.objects.order_by("id"))
        assert [
            (job.pk, job.state, job.fence, job.attempts, job.version, job.repeatable, job.worker) for job in found
        ] == [
            (job.id, job.state, job.fence, job.attempts, len(job.steps), job.repeatable, job.worker)
            for job in sorted(self.model.jobs.values(), key=lambda job: job.id)
        ]
        assert {job.pk: (job.error and job.error["code"], ends.get(job.pk)) for job in found} == {
            job.id: (job.code, job.last_id) for job in self.model.jobs.values()
        }
        for job in found:
            assert (job.lease_until is not None) == (job.state in HOLDING)
            assert (job.ended_at is not None) == (job.state in TERMINAL)
            assert job.started_at is None or job.state != State.QUEUED

    @invariant()
    def every_step_is_in_the_table_and_has_one_row_and_an_end_is_for_ever(self) -> None:
        histories: dict[UUID, list[tuple[str, str, str]]] = defaultdict(list)
        for step in JobTransition.objects.exclude(job__in=[job.id for job in self.model.written()]):
            histories[step.job_id].append((step.from_state, step.to_state, step.by))
        assert histories == {job.id: job.steps for job in self.model.jobs.values()}
        for (made_from, made, _), *later in histories.values():
            assert (made_from, made) == ("", State.QUEUED)
            assert all(allowed(State(source), State(target)) for source, target, _ in later)
            assert not any(target in TERMINAL for _, target, _ in later[:-1])

    @invariant()
    def the_line_is_counted_from_1_and_as_many_may_start_as_there_is_room_for(self) -> None:
        line = [job.id for job in self.model.waiting()]
        places = {job_id: place for place, job_id in enumerate(line, 1)}
        assert gate.positions([UUID(int=number) for number in range(self.submits + 1)]) == places
        if line:
            assert gate.positions(line[-1:]) == {line[-1]: len(line)}
        assert Job.objects.startable() == self.model.startable()

    @invariant()
    def exactly_those_are_rescued_whose_lease_has_run_out(self) -> None:
        assert {job.pk for job in gate.expired()} == {job.id for job in self.model.jobs.values() if job.lapsed}


def name(workflow: Workflow) -> str:
    return workflow.owner.get_username()


@pytest.mark.timeout(300)  # there are thousands of transactions, on whatever else the machine does
@pytest.mark.django_db(transaction=True)
def test_the_gate_does_what_the_model_does(ada: User, bob: User, valkey: redis.Redis, settings: Any) -> None:
    settings.MAX_CONCURRENT_JOBS = DEFAULT_CAP
    settings.MAX_ATTEMPTS = 1
    settings.MAX_WAITING_JOBS_PER_USER = MOST_WAITING
    settings.LEASE_SECONDS = 3600  # they run out when the machine lets them
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = settings.MAX_CONCURRENT_JOBS_PER_USER = 0
    workflows = [factories.workflow(owner) for owner in (ada, ada, bob)]
    play(lambda: GateMachine(workflows, valkey), examples=EXAMPLES, steps=STEPS)
