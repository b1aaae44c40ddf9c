"""The sockets of Loupe's own pages: what a job's frames change, as HTML and patches."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from accounts.credentials import Credentials
from runs.models import Job
from runs.pages import fragments, sheet
from runs.pages.sheet import Sheet
from runs.pages.viewer import OWNER, Viewer, staff
from runs.sockets.feed import Frame
from runs.sockets.socket import JobSocket
from runs.sockets.threads import in_database
from runs.telemetry import Snapshot, TelemetryId


class PageSocket(JobSocket):
    """`/ws/pages/jobs/{id}`, for sessions. A page that comes back is drawn anew, so nothing shows twice."""

    _document: dict[str, Any]
    _sheet: Sheet | None = None
    viewer: Viewer = OWNER

    async def tell(self, frame: Frame) -> None:
        """Turns the frame into what it changes on the page."""
        if frame["type"] == "job":
            await self._tell_job(frame)
        elif frame["type"] == "snapshot":
            self._sheet = await in_database(self.sheet, frame["snapshot"])
            await self._swap(frame["id"], fragments.whole(self._sheet))
        elif frame["type"] == "update" and self._sheet is not None:
            await self._tell_update(frame, self._sheet)
        elif frame["type"] == "head":
            await self.send({"type": "head", "job_id": str(self.job_id), "id": frame["id"]})

    def after(self) -> TelemetryId | None:
        """Nothing: the sheet is made of a whole snapshot."""
        return None

    def sheet(self, snapshot: Snapshot) -> Sheet:
        """All that the page shows. Reads the database."""
        job = Job.objects.defer("traceback").get(pk=self.job_id)
        return sheet.sheet(job, self._document, snapshot, self.viewer)

    def moved_on(self, shown: Sheet, version: int) -> Sheet:
        """The sheet after the job has come to another state. Reads the database."""
        return replace(shown, job=self._document, history=sheet.history(self.job_id, version))

    async def _tell_job(self, frame: Frame) -> None:
        self._document = frame["job"]
        if self._sheet is not None:
            before, self._sheet = self._sheet, await in_database(self.moved_on, self._sheet, frame["version"])
            await self._swap(None, fragments.header(self._sheet, before))

    async def _tell_update(self, frame: Frame, before: Sheet) -> None:
        self._sheet = before.after(frame)
        html, patch = fragments.changes(self._sheet, frame, before)
        if html:
            await self._swap(frame["id"], html)
        if patch:
            await self.send({"type": "patch", "job_id": str(self.job_id), "id": frame["id"], **patch})

    async def _swap(self, telemetry_id: str | None, html: str) -> None:
        await self.send({"content": html, "job_id": str(self.job_id), "id": telemetry_id})


class StaffPageSocket(PageSocket):
    """`/ws/admin/jobs/{id}`: anybody's job, for staff who may look at jobs in the administration."""

    @classmethod
    def seen(cls, credentials: Credentials, subject_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Anybody's jobs, while they may."""
        if staff(credentials.user) is None:
            return {}
        return dict(Job.objects.filter(pk__in=subject_ids).values_list("pk", "workflow_id"))

    def sheet(self, snapshot: Snapshot) -> Sheet:
        """With the rights that they have by then."""
        self.viewer = staff(self.credentials.user) or self.viewer
        return super().sheet(snapshot)

    def moved_on(self, shown: Sheet, version: int) -> Sheet:
        """With the row as well."""
        return replace(super().moved_on(shown, version), row=sheet.row(self.job_id) or shown.row)
