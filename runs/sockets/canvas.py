"""The socket of a workflow's canvas: everything of the run that the lens is on, and a little of all others.

What is sent is how the view differs from what the page shows. A move of the lens ends whatever is being drawn, of the
focused job and of the others, and a database that is away does too, so a view counts as shown once it is sent and not
before.

The lens is a rule of the network: one feed follows the focused job, and is replaced when the lens moves, wherever it
was moved. What the other jobs do comes from the overview, at most twice a second.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils.safestring import SafeString

from accounts.models import User
from runs import lens as lenses
from runs.errors import JobGone
from runs.models import Job
from runs.pages import aim, board, pushes, seen, sheet
from runs.pages.board import Board
from runs.pages.pushes import Focus, Patch
from runs.pages.seen import View
from runs.pages.sheet import Sheet
from runs.sockets.feed import Frame, JobFeed
from runs.sockets.hints import Hints
from runs.sockets.overview import Glance, Overview
from runs.sockets.sight import Crowd, Lens
from runs.sockets.socket import Feed, Message, Receive, Send, WorkflowSocket
from runs.sockets.tasks import end, first_of, to_the_end
from runs.sockets.threads import apart, in_database
from runs.telemetry import Snapshot
from workflows.models import Workflow

BEAT_SECONDS = 10.0
"""A page that has heard nothing for twice as long begins anew."""
NOWHERE = Focus(None, pinned=False)

logger = logging.getLogger(__name__)


class CanvasSocket(WorkflowSocket):
    """`/ws/pages/workflows/{id}`, for sessions. A page that comes back is drawn anew, so nothing shows twice."""

    lens: Lens

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._stir = asyncio.Event()
        self._telling = asyncio.Lock()
        self._found: Glance | None = None
        self._told: Glance | None = None
        self._hot: Patch = {}
        self._mark: tuple[object, ...] | None = None
        self._moved = True
        self._lost = False
        self._more: dict[str, int] = {}
        self._focus = NOWHERE
        self._board: Board | None = None
        self._document: dict[str, Any] = {}
        self._view: View
        self._shown = NOWHERE
        self._drawn = False
        self._anew = True
        self._following: asyncio.Task[None] | None = None
        self._glancing: asyncio.Task[None] | None = None

    def make_feed(self) -> Feed:
        """It follows by itself."""
        self.lens = (self.credentials.user.pk, self.workflow_id)
        return self

    async def run(self) -> None:
        """Draws all that is live, then follows the focused job, and looks at the others as the overview finds them."""
        overview = Overview.here()
        overview.add(self)
        try:
            async with Hints.here().crowd_followed_by(self):
                self._view = await in_database(seen.read, self.workflow_id)
                await overview.look([self])
                await first_of(self._attend(), self._beat())
        finally:
            await to_the_end(self._leave(overview))

    def hint(self, message: Message) -> None:
        """The channel layer says something about the workflow, or the lens on it."""
        if message["type"] == "focus.changed":
            self._moved = True
            self._stir.set()
        elif message["type"] == "asset.event" and message["event"] == "deleted":
            self._lost = True
            Overview.here().stir(self.workflow_id)

    def compare(self, crowd: Crowd | None, places: Mapping[UUID, int], focus: lenses.Focus) -> None:
        """What the hints see when they look; the overview looks more often."""

    def glance(self, found: Glance) -> None:
        """What the last look of the overview found."""
        self._found = found
        self._stir.set()

    async def hear(self, text: str | None) -> None:
        """What the page asks: to move the lens, `{"lens": {"step": "1"}}`, or more cards, `{"more": "<the group>"}`.

        It also says when it has saved its graph, `{"saved": true}`. Anything else says nothing.
        """
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            asked = json.loads(text or "")
            if "lens" in asked:
                await self._steer({str(name): str(value) for name, value in asked["lens"].items()})
            elif "saved" in asked:
                self._draw_all(anew=True)  # it may have drawn nodes by itself
            else:
                name = asked["more"]
                self._more[name] = min(self._more.get(name, board.FIRST[name]) * 2, board.MOST)
                self._draw_all()

    async def tell(self, frame: Frame) -> None:
        """What a frame of the focused job changes on the canvas."""
        if self._shown.job_id != self._focus.job_id:
            await self._cease_glancing()
        async with self._telling:
            if frame["type"] == "job":
                await self._tell_job(frame)
            elif frame["type"] == "snapshot":
                await self._tell_snapshot(frame["id"], frame["snapshot"])
            elif frame["type"] == "update" and self._view.sheet is not None:
                await self._tell_update(frame, self._view.sheet)

    def _draw_all(self, *, anew: bool = False) -> None:
        self._anew = self._anew or anew
        self._mark = self._told = None
        self._stir.set()

    async def _steer(self, asked: Mapping[str, str]) -> None:
        """Moves the lens. Where nothing comes of it, the page stays as it is, and the person asks again."""
        try:
            await apart(aim.move, self.credentials.user, self.workflow_id, asked)
        except (JobGone, OperationalError, InterfaceError) as error:
            logger.info("The lens stays where it is: %s", error)
        self._moved = True
        self._stir.set()

    async def _attend(self) -> None:
        """Whatever has changed since it looked last: the lens, the cards, what others do."""
        while True:
            await self._stir.wait()
            self._stir.clear()
            try:
                await self._look()
            except (OperationalError, InterfaceError):
                self._moved = True
                self._mark = None  # the next glance looks again

    async def _look(self) -> None:
        found = self._found
        if self._following is not None and self._following.done():
            await self._bury()
        if self._glancing is not None and self._glancing.done():
            glancing, self._glancing = self._glancing, None
            glancing.result()
        if self._moved or (found and _focus(found.focus) != self._focus):
            self._moved = False  # a look may be older than what a hint told of, so it only says when to read
            await self._cease_glancing()
            await self._move(await in_database(lenses.of, self.credentials.user, self.workflow_id))
        elif found and found is not self._told and self._drawn and self._glancing is None:
            self._told = found
            self._glancing = asyncio.create_task(self._tell_glance(found))
            self._glancing.add_done_callback(lambda _: self._stir.set())

    async def _move(self, to: lenses.Focus) -> None:
        """Shows another job, or the same as pinned or not. The old one stays to be seen until the new one is known."""
        was, self._focus = self._focus, _focus(to)
        if to.job_id is None:
            await self._unfollow()
            if self._shown.job_id or not self._drawn:
                await self._show_none()
        elif self._following is None or was.job_id != self._focus.job_id:
            await self._unfollow()
            self._following = asyncio.create_task(JobFeed(to.job_id, self.tell).run())
            self._following.add_done_callback(lambda _: self._stir.set())
        elif self._shown != self._focus and self._shown.job_id == self._focus.job_id:
            async with self._telling:
                focus = self._focus
                cards = await in_database(self._cards, focus)
                await self._push(pushes.lens(self._view, focus, self._board) + cards, {}, None)
                self._shown = focus

    async def _cease_glancing(self) -> None:
        """What was found of the others waits for the next look: the lens goes first."""
        if self._glancing is not None:
            task, self._glancing = self._glancing, None
            await end([task])

    async def _unfollow(self) -> None:
        if self._following is not None:
            task, self._following = self._following, None
            await end([task])

    async def _bury(self) -> None:
        """The focused job is gone, and the lens with it; anything else ends the socket."""
        task, self._following = self._following, None
        try:
            if task:
                task.result()
        except JobGone:
            self._moved = True

    async def _tell_job(self, frame: Frame) -> None:
        self._document = frame["job"]
        known = self._view.sheet
        if known is None or known.job["id"] != self._document["id"]:
            return
        history = await in_database(sheet.history, UUID(self._document["id"]), frame["version"])
        now = replace(known, job=self._document, history=history)
        view = replace(self._view, sheet=now)
        if now.ended:
            await self._draw(view, None)
        else:
            await self._push(pushes.lens(view, self._focus, self._board), {}, None)
            self._view = view

    async def _tell_snapshot(self, telemetry_id: str, snapshot: Snapshot) -> None:
        await self._draw(await in_database(_through, self._view, self._document, snapshot), telemetry_id)

    async def _tell_update(self, frame: Frame, known: Sheet) -> None:
        view = replace(self._view, sheet=known.after(frame))
        landed = {product["node"] for product in frame.get("products", ())} & view.galleries.keys()
        if landed:
            view = await in_database(seen.with_galleries, view, landed)
        html, patch = await in_database(pushes.changes, view, frame, self._view)
        await self._push(html, patch, frame["id"])
        self._view = view

    async def _show_none(self) -> None:
        """No run is seen: the chrome goes, the galleries stay."""
        async with self._telling:
            await self._draw(await in_database(seen.read, self.workflow_id, running=self._view.running), None)

    async def _draw(self, view: View, telemetry_id: str | None) -> None:
        """All that shows the focused run, as it differs from what the page shows."""
        focus, anew, self._anew = self._focus, self._anew, False
        try:
            html, patch = await in_database(self._chrome, view, focus, None if anew else self._view)
            await self._push(html, patch, telemetry_id)
        except BaseException:
            self._anew = self._anew or anew
            raise
        if not self._drawn or focus != self._focus:  # the latter where it was pinned meanwhile
            self._moved = self._moved or focus != self._focus
            self._stir.set()
        self._view, self._shown, self._drawn = view, focus, True

    async def _tell_glance(self, found: Glance) -> None:
        """What a look found of the others. If it comes to nothing, the next look reads all that this one would have."""
        mark = self._mark
        try:
            async with self._telling:
                await self._tell_others(found)
        except BaseException:
            self._mark = mark if self._mark else None
            raise

    async def _tell_others(self, found: Glance) -> None:
        before = self._view
        view, now = replace(before, running=found.working), self._board
        html = await in_database(pushes.rings, before, view)
        if found.mark != self._mark:
            self._mark = found.mark  # unless the page asks for more meanwhile
            view, now = await self._read(view, found)
            html += await in_database(self._changed_cards, view, now, self._board)
        html += await in_database(pushes.galleries, before, view)
        hot = pushes.hot_runs(view.working) | (pushes.board_patch(now) if now else {})
        if html or hot != self._hot:
            await self._push(html, hot, None)
        self._view, self._board, self._hot = view, now, hot

    async def _read(self, known: View, found: Glance) -> tuple[View, Board]:
        """Whatever the change was, cards and galleries are read anew, the cards once for all who see the same."""
        limits = dict(self._more)
        asked = ("board", self.lens, found.mark, tuple(limits.items()))
        work = partial(in_database, _board, self.credentials.user, self.workflow_id, limits)
        cards = await Overview.here().shared(asked, work)
        now = known.sheet
        lost, self._lost = self._lost, False
        try:
            if now and lost:
                now = replace(now, products=await in_database(sheet.products, UUID(now.job["id"])))
            return await in_database(seen.read, self.workflow_id, seen=now, running=known.running), cards
        except BaseException:
            self._lost = self._lost or lost
            raise

    def _changed_cards(self, view: View, now: Board, before: Board | None) -> SafeString:
        """The groups of cards that are not as they were; at first, and where it is no longer alone, the lens too."""
        cards = pushes.groups(before, now, self._shown, self._shown)
        if before is not None and before.alone == now.alone:
            return cards
        return cards + pushes.lens(view, self._shown, now)

    def _chrome(self, view: View, focus: Focus, shown: View | None) -> tuple[SafeString, pushes.Patch]:
        html, patch = pushes.chrome(view, focus, self._board, shown)
        return html + self._cards(focus), patch

    def _cards(self, focus: Focus) -> SafeString:
        """The groups of cards that the lens leaves or comes to."""
        return pushes.groups(self._board, self._board, focus, self._shown) if self._board else SafeString()

    async def _push(self, html: str, patch: Mapping[str, Any], telemetry_id: str | None) -> None:
        """One message: HTML and the hot values that belong to it, of this job and this telemetry."""
        stamp = {"type": "patch", "job_id": self._focus.job_id, "id": telemetry_id}
        await self.send({**stamp, "patch": dict(patch), **({"content": html} if html else {})})

    async def _beat(self) -> None:
        """Says now and then that the connection lives."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.send({"type": "head", "job_id": self._focus.job_id})

    async def _leave(self, overview: Overview) -> None:
        await self._cease_glancing()
        await self._unfollow()
        await overview.remove(self)


def _focus(found: lenses.Focus) -> Focus:
    """The lens, for templates."""
    return Focus(str(found.job_id) if found.job_id else None, found.pinned)


def _through(view: View, document: dict[str, Any], snapshot: Snapshot) -> View:
    """The canvas through the lens on this job."""
    job = Job.objects.only("pk", "graph_id").get(pk=document["id"])
    return seen.through(view, sheet.sheet(job, document, snapshot))


def _board(user: User, workflow_id: UUID, limits: Mapping[str, int]) -> Board:
    return board.read(user, Workflow.objects.get(pk=workflow_id), limits)
