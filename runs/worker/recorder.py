"""What the engine tells of a job's run, on its way to Redis and the database: numbered batches, one in 100 ms at most.

The recorder keeps its own fold of all it has told, so Redis may come back empty, or be away for a while: readers get
the whole again, and nothing of the run waits for it.
"""

import asyncio
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar, Unpack

from django.conf import settings
from django.db import Error as DatabaseError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from runs import gate, publish, stream
from runs.errors import LostLease, OutputLimit
from runs.gate import Claim, Telemetry
from runs.redis import ENDED_SECONDS, RUNNING_SECONDS
from runs.steps import Tell
from runs.telemetry import EMPTY, Batch, Snapshot, TelemetryId, fold, merge, progress
from runs.worker import hold, plain
from runs.worker.crew import AWAY, Crew, insist
from runs.worker.pending import Pending
from runs.worker.products import Document, Products
from workflows import ports
from workflows.graph import Graph, Node
from workflows.host import EdgeState, Made, NodeFields, ProviderFields, TaskState
from workflows.registry import registry
from workflows.wiring import passed_on

T = TypeVar("T")
FLUSH_SECONDS: Final = 0.1
GATHER_SECONDS: Final = 0.01
"""After the first news of a batch: what follows at once comes with it, and a quick run tells all in one."""
SILENT_SECONDS: Final = 2.0
"""After so long without news, it is seen whether Redis still has what was told."""
WHOLE_EVERY: Final = 50
"""Batches from one snapshot to the next."""

logger = logging.getLogger(__name__)


class Recorder:
    """The engine's host for one job.

    Raises LostLease when the job has passed on: from what can be awaited, `begin` and `close`.
    """

    def __init__(self, claim: Claim, crew: Crew, loop: asyncio.AbstractEventLoop) -> None:
        """`loop` is this thread's."""
        self._claim = claim
        self._crew = crew
        self._nodes: dict[str, Node] = {}
        self._tables: frozenset[str] = frozenset()
        self._products = Products(claim, crew)
        self._pending = Pending()
        self._snapshot: Snapshot = EMPTY
        self._last = TelemetryId(claim.fence, 0)
        self._unwritten: Batch = {}
        self._redis_is_behind = False
        self._sure_at = time.time()
        self._loop = loop
        self._thread = threading.get_ident()
        self._news = asyncio.Event()
        self._urgent = asyncio.Event()
        self._stirred = False
        self._folder: Path | None = None

    def node(self, node: str, **fields: Unpack[NodeFields]) -> None:
        """The newest of a node; an error is told at once."""
        told: dict[str, object] = dict(fields)
        if "progress" in fields:
            told["progress"] = list(fields["progress"])
        if "error" in fields:
            told["error"] = dict(zip(("code", "message"), fields["error"], strict=True))
        self._pending.node(node, told)
        self._stir(urgent="error" in fields)

    def edge(self, edge: str, *, state: EdgeState | None = None, count: int | None = None) -> None:
        """The newest of an edge."""
        fields = {"state": state, "count": count}
        self._pending.edge(edge, {name: value for name, value in fields.items() if value is not None})
        self._stir()

    def text(self, node: str, chunk: str) -> None:
        """Text to append."""
        self._pending.text(node, chunk)
        self._stir()

    def log(self, node: str | None, level: str, message: str) -> None:
        """A line of the log."""
        self._pending.log(node, level, message)
        self._stir()

    def cost(self, node: str, amount: float) -> None:
        """Something to add to what a node has cost."""
        self._pending.cost(node, amount)
        self._stir()

    def call(self, node: str, call: str, tool: str, arguments: object, result: object) -> None:
        """A tool's call, as much of it as can be shown."""
        self._pending.call(node, call, {"tool": tool, "arguments": arguments, "result": result})
        self._stir()

    def plan(self, node: str, tasks: Sequence[tuple[str, TaskState]]) -> None:
        """What a node means to do."""
        self._pending.plan(node, tasks)
        self._stir()

    def provider(self, node: str, **fields: Unpack[ProviderFields]) -> None:
        """A provider was asked."""
        self._pending.provider(node, fields)
        self._stir()

    async def unsafe(self, node: str) -> None:  # noqa: ARG002 (one is enough for the whole job)
        """From now on the job can't be repeated if its worker is lost."""
        await self._crew.at_desk(insist, lambda: gate.mark_unrepeatable(self._claim))

    async def product(self, node: str, output: str, index: int, port_type: str, value: object) -> None:  # noqa: ARG002
        """Keeps what becomes an asset, and shows what is small. Raises NodeFailed, OutputLimit."""
        try:
            kept_as = "table" if node in self._tables and ports.matches(value, ports.TABLE) else port_type
            await self._products.keep(self._nodes[node], output, kept_as, value)
        except OutputLimit as error:
            error.node = node
            raise
        if value is not None and plain.small_size(value) is not None:
            self._pending.value(node, output, value)
        self._stir()

    def value(self, node: str, output: str, value: object) -> None:
        """Shows what a node that does not run is given."""
        self._pending.value(node, output, value)
        self._stir()

    async def key(self, revision: str, arguments: Mapping[str, object]) -> str | None:
        """What equal calls have in common."""
        return await self._products.memory.key(revision, arguments)

    async def recall(self, key: str, age: float | None) -> list[Made] | None:
        """What such a call made before."""
        return await self._products.memory.recall(key, age)

    async def remember(self, key: str, made: Sequence[Made]) -> None:
        """Keeps what such a call made."""
        await self._products.memory.remember(key, made)

    async def open_asset(self, asset_id: str, kind: str) -> object:
        """The run's value of an asset, as a port of this kind takes it. Raises NodeFailed."""
        return await self._products.open(asset_id, kind)

    def secret(self, name: str) -> str | None:
        """The key of the models' service, from the settings; there are no others."""
        return settings.LLM_API_KEY or None if name == "LLM_API_KEY" else None

    def temporary_folder(self) -> Path:
        """A folder for this run, made when it is first asked for."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="job-", dir=settings.FILE_UPLOAD_TEMP_DIR))
        return self._folder

    def begin(self) -> None:
        """This attempt begins, and is announced. Raises LostLease when it comes too late."""
        if (timezone.now() - self._claim.started_at).total_seconds() > settings.LEASE_SECONDS / 2:
            insist(lambda: hold.look(self._claim))  # it was stopped meanwhile: a stream that is gone refuses nobody
        change = publish.change(self._claim.job_id, self._claim.workflow_id, self._claim.version)
        hints = [*change, *self._hints({})]
        try:
            try:
                stream.begin(self._claim.job_id, self._claim.fence, hints)
            except LostLease:  # unless by what Redis has kept of a deleted job that had the same id
                insist(lambda: self._begin_anew(hints))
        except RedisError as error:
            self._lose_redis(error)

    def expect(self, graph: Graph) -> None:
        """This is what is going to run."""
        self._nodes = {node.id: node for node in graph.nodes}
        kinds = {node.id: passed_on(node, graph, registry) for node in graph.nodes if node.family == "output"}
        self._tables = frozenset(node for node, port in kinds.items() if port and port.kind == "table")

    async def tell(self) -> None:
        """Tells all that is new, again and again, until it is cancelled. Raises LostLease."""
        earliest = 0.0
        while True:
            if not await self._hear():
                await self._crew.at_desk(self._remind)
                earliest = self._loop.time() + FLUSH_SECONDS
                continue
            due = self._loop.call_at(max(earliest, self._loop.time() + GATHER_SECONDS), self._urgent.set)
            try:
                await self._urgent.wait()
            finally:
                due.cancel()
            self._news.clear()
            self._urgent.clear()
            self._stirred = False
            try:
                await self._crew.at_desk(self._flush)
            except AWAY as error:
                logger.warning("The products of job %s wait for the database (%s).", self._claim.job_id, error)
                self._news.set()
            earliest = self._loop.time() + FLUSH_SECONDS

    def close(self, end: Callable[[Callable[[], None], Tell], T]) -> T:
        """The rest: `end` gets what writes it, within its own transaction, and what tells it with the end, after that.

        Call it when the desk is clear (`Crew.clear_desk`). It waits for a database that is away. If it fails, the next
        `close` has all but the products.
        """
        before = self._last, self._snapshot
        documents, write = self._products.last()
        batch = self._taken(documents)
        try:
            return insist(lambda: end(write, lambda *change: self._tell_end(batch, publish.change(*change))))
        except BaseException:
            self._last, self._snapshot = before
            self._unwritten = {name: part for name, part in batch.items() if name != "products"}
            raise

    def clear_up(self) -> None:
        """Removes the run's temporary files, however it ended."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def told(self) -> Telemetry:
        """All that was told."""
        return Telemetry(str(self._last), self._snapshot)

    @property
    def progress(self) -> float | None:
        """How far the run has come, 0 to 1, of what was told."""
        return progress(self._snapshot, len(self._nodes))

    def _begin_anew(self, hints: Sequence[stream.Hint]) -> None:
        with hold.own(self._claim):
            stream.forget([self._claim.job_id])
            stream.begin(self._claim.job_id, self._claim.fence, hints)

    async def _hear(self) -> bool:
        """Waits for news, but not for long. Whether there is any."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENT_SECONDS):
                await self._news.wait()
        return self._news.is_set()

    def _stir(self, *, urgent: bool = False) -> None:
        """Wakes `tell`, from whichever thread, once for all that comes before it looks."""
        if urgent or not self._stirred:
            self._stirred = True
            self._set(self._news)
        if urgent:
            self._set(self._urgent)

    def _set(self, event: asyncio.Event) -> None:
        """Only another thread has to wake the loop, which costs three calls of the system."""
        if threading.get_ident() == self._thread:
            event.set()
        else:
            self._loop.call_soon_threadsafe(event.set)

    def _flush(self) -> None:
        """Rows first, then the batch that speaks of them, which has its number whether Redis takes it or not."""
        self._make_sure()
        if batch := self._taken(self._products.save()):
            self._tell(batch)

    def _taken(self, documents: list[Document]) -> Batch:
        """All that is new, which counts as told from now on."""
        batch, self._unwritten = merge(self._unwritten, self._pending.take()), {}
        if documents:
            batch["products"] = documents
        if batch:
            self._last = self._last.next()
            self._snapshot = fold(self._snapshot, batch)
        return batch

    def _tell(
        self,
        batch: Batch,
        also: Sequence[stream.Hint] = (),
        seconds: int = RUNNING_SECONDS,
        *,
        whole: bool = False,
    ) -> None:
        whole = whole or self._redis_is_behind or self._last.seq % WHOLE_EVERY == 0
        hints = [*self._hints(batch), *also]
        entry = stream.Addition(self._last, batch, self._snapshot, self.progress or 0.0, hints)
        try:
            if not stream.append(self._claim.job_id, entry, whole=whole, seconds=seconds):
                with hold.own(self._claim):
                    stream.append(self._claim.job_id, entry, whole=True, seconds=seconds, anew=True)
        except RedisError as error:
            self._lose_redis(error)
            return
        self._find_redis()

    def _tell_end(self, batch: Batch, change: list[stream.Hint]) -> None:
        """The row says that the job has ended, and has all this too: whom it does not reach finds it there."""
        try:
            if batch:
                self._tell(batch, change, ENDED_SECONDS)
            else:
                stream.expire(self._claim.job_id, change)
        except (LostLease, RedisError, DatabaseError) as error:
            logger.warning("The end of job %s was not told (%s); who looks finds it.", self._claim.job_id, error)

    def _remind(self) -> None:
        """What Redis has missed or lost while there was nothing to tell is told again, by a batch without news.

        It has an id of its own, so that readers who stand anywhere before it see that there is something to read.
        """
        try:
            self._make_sure()
            if stream.ends_with(self._claim.job_id, self._last):
                self._find_redis()
            else:
                self._last = self._last.next()
                self._tell({}, whole=True)
        except RedisError as error:
            self._lose_redis(error)
        except DatabaseError as error:
            logger.warning("The telemetry of job %s is made whole later (%s).", self._claim.job_id, error)
            connection.close()  # it may be dead

    def _make_sure(self) -> None:
        """Who was stopped may have lost the job: to another of the same id and fence, Redis would let it write."""
        if time.time() - self._sure_at > settings.LEASE_SECONDS / 2:
            hold.look(self._claim)
        self._sure_at = time.time()

    def _find_redis(self) -> None:
        if self._redis_is_behind:
            logger.warning("Redis is back; the telemetry of job %s is whole again.", self._claim.job_id)
            self._redis_is_behind = False

    def _hints(self, batch: Batch) -> list[stream.Hint]:
        return publish.telemetry(self._claim.job_id, self._claim.workflow_id, self._last, batch)

    def _lose_redis(self, error: RedisError) -> None:
        if not self._redis_is_behind:
            logger.warning("Redis is away (%s); job %s goes on and tells it later.", error, self._claim.job_id)
        self._redis_is_behind = True
