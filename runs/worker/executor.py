"""Runs one claimed job after another: announce, load, run, settle."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError

from runs import gate, halting, limits
from runs.errors import DatabaseAway, LostLease, OutputLimit
from runs.gate import Claim, End
from runs.models import JobStock
from runs.states import State
from runs.steps import Tell
from runs.worker import hold
from runs.worker.crew import Crew, insist
from runs.worker.recorder import Recorder
from workflows import engine, graph as graphs, parameters, portion
from workflows.graph import Graph
from workflows.host import Outcome
from workflows.portion import Stock
from workflows.registry import registry

logger = logging.getLogger(__name__)


class Executor:
    """A worker's event loop and threads, which it keeps from job to job."""

    def __init__(self) -> None:
        self._crew = Crew()
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._asked = asyncio.Event()

    def execute(self, claim: Claim) -> None:
        """Runs the job to its end, unless it passes on to another worker meanwhile.

        Raises DatabaseAway when its end can't be written; then this process has to end, so that the job is rescued.
        """
        try:
            self._carry_out(claim)
        except LostLease as error:
            logger.warning("Job %s was given up: %s", claim.job_id, error)
            _end_if_mine(claim)

    def look(self) -> None:
        """The job that runs may have been cancelled: look at its row. A signal's handler may call this."""
        self._loop.call_soon_threadsafe(self._asked.set)

    def close(self) -> None:
        """Ends the loop and the threads."""
        self._crew.close()
        self._runner.close()

    def _carry_out(self, claim: Claim) -> None:
        """Begins and settles in this thread, before and after the loop: a visit to the desk changes threads twice."""
        recorder = Recorder(claim, self._crew, self._loop)
        try:
            try:
                end = self._run_to_end(claim, recorder)
            finally:
                self._crew.clear_desk()  # whatever ended it
            _settle(claim, end, recorder)
        finally:
            recorder.clear_up()

    def _run_to_end(self, claim: Claim, recorder: Recorder) -> End:
        try:
            recorder.begin()
            return _good_end(self._runner.run(self._run(claim, recorder)))
        except (LostLease, DatabaseAway):
            raise
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (every job comes to an end, whatever happens)
            return _bad_end(claim, recorder, error)

    async def _run(self, claim: Claim, recorder: Recorder) -> Outcome:
        """Runs the graph while its telemetry is told and cancels are heeded. Raises what ended it before its time."""
        graph, stock = await self._loaded(claim, recorder)
        run = asyncio.create_task(engine.run(graph, registry, recorder, given=stock))
        helpers = [asyncio.create_task(recorder.tell()), asyncio.create_task(self._heed(claim, run))]
        for helper in helpers:
            helper.add_done_callback(lambda _: run.cancel())
        try:
            return await asyncio.wait_for(run, settings.JOB_TIMEOUT_SECONDS)
        finally:
            for helper in helpers:
                helper.cancel()
            for failure in await asyncio.gather(*helpers, return_exceptions=True):
                if isinstance(failure, Exception):
                    raise failure

    async def _loaded(self, claim: Claim, recorder: Recorder) -> tuple[Graph, Stock]:
        """What is going to run; of a part of the graph, with what its other nodes made before."""
        graph = parameters.apply(graphs.load(claim.graph), claim.params)
        recorder.expect(graph)
        if claim.runs is None:
            return graph, {}
        part = portion.cut(graph, registry, claim.runs)
        for node in graph.nodes:
            if part.node(node.id) is None:
                recorder.node(node.id, status="skipped")
        return part, await self._crew.at_desk(insist, lambda: _stock(claim))

    async def _heed(self, claim: Claim, run: asyncio.Task[Outcome]) -> None:
        """Cancels the run when the job's row says so. Raises LostLease when the job has passed on."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            with suppress(DatabaseError):  # the pool asks again
                if await self._crew.at_desk(hold.look, claim) == State.CANCELLING:
                    run.cancel()


def _stock(claim: Claim) -> Stock:
    found: Stock = JobStock.objects.values_list("document", flat=True).get(pk=claim.job_id)
    return found


def _end_if_mine(claim: Claim) -> None:
    """A job that only the stream took away, whose row says that it is still this worker's, is ended by nobody else."""
    message = "Its telemetry was refused, as if it had passed on to another worker. Run it again."

    def end() -> None:
        with hold.own(claim):
            gate.end(claim.job_id, claim.fence, code="internal", message=message, by=claim.worker)

    with suppress(LostLease):
        insist(end)


def _settle(claim: Claim, end: End, recorder: Recorder) -> None:
    """All that was told is in the row as soon as the row says that the job has ended."""
    try:
        stopped = recorder.close(partial(_finish, claim, end, recorder))
    except (LostLease, DatabaseAway):
        raise
    except Exception as error:  # noqa: BLE001 (what can't be written is left out, so that the job ends all the same)
        stopped = recorder.close(partial(_finish, claim, _bad_end(claim, recorder, error), recorder))
    if stopped and claim.batch_id:
        with suppress(DatabaseError):  # the sweep does it then
            halting.halt(claim.batch_id)


def _finish(claim: Claim, end: End, recorder: Recorder, write: Callable[[], None], tell: Tell) -> bool:
    return gate.finish(claim, replace(end, progress=recorder.progress), recorder.told, write=write, tell=tell)


def _good_end(outcome: Outcome) -> End:
    if outcome.error is None:
        return End(State(outcome.state))
    error = {"code": outcome.error.code, "message": outcome.error.message, "node": outcome.error.node}
    return End(State(outcome.state), error, outcome.error.traceback)


def _bad_end(claim: Claim, recorder: Recorder, error: BaseException) -> End:
    """The one place that says why a run ended before its time."""
    if isinstance(error, asyncio.CancelledError):
        return End(State.CANCELLED)
    if isinstance(error, OutputLimit):
        recorder.node(str(error.node), status="failed", error=limits.output())
        return _failure(*limits.output(), error.node)
    if isinstance(error, TimeoutError):
        return _failure(*limits.time())
    logger.error("Job %s failed inside Loupe.", claim.job_id, exc_info=error)
    end = _failure("internal", "Something went wrong inside Loupe. Its administrator finds the details with the job.")
    return replace(end, traceback="".join(traceback.format_exception(error)))


def _failure(code: str, message: str, node: str | None = None) -> End:
    error: dict[str, Any] = {"code": code, "message": message, "node": node}
    return End(State.FAILED, error, why=code)
