"""The sockets of Loupe's own pages: what a job's frames change, as HTML and patches."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from runs.models import Job
from runs.pages import fragments, sheet
from runs.pages.sheet import Sheet
from runs.sockets.feed import Frame
from runs.sockets.socket import JobSocket
from runs.sockets.threads import in_database
from runs.telemetry import Snapshot, TelemetryId


class PageSocket(JobSocket):
    """`/ws/pages/jobs/{id}`, for sessions. A page that comes back is drawn anew, so nothing shows twice."""

    _document: dict[str, Any]
    _sheet: Sheet | None = None

    async def tell(self, frame: Frame) -> None:
        """Turns the frame into what it changes on the page."""
        if frame["type"] == "job":
            await self._tell_job(frame)
        elif frame["type"] == "snapshot":
            self._sheet = await in_database(_sheet, self.job_id, self._document, frame["snapshot"])
            await self._swap(frame["id"], fragments.whole(self._sheet))
        elif frame["type"] == "update" and self._sheet is not None:
            await self._tell_update(frame, self._sheet.after(frame))
        elif frame["type"] == "head":
            await self.send({"type": "head", "job_id": str(self.job_id), "id": frame["id"]})

    def after(self) -> TelemetryId | None:
        """Nothing: the sheet is made of a whole snapshot."""
        return None

    async def _tell_job(self, frame: Frame) -> None:
        self._document = frame["job"]
        if self._sheet is not None:
            history = await in_database(sheet.history, self.job_id, frame["version"])
            self._sheet = replace(self._sheet, job=self._document, history=history)
            await self._swap(None, fragments.header(self._sheet))

    async def _tell_update(self, frame: Frame, changed: Sheet) -> None:
        self._sheet = changed
        html, patch = fragments.changes(changed, frame)
        if html:
            await self._swap(frame["id"], html)
        if patch:
            await self.send({"type": "patch", "job_id": str(self.job_id), "id": frame["id"], **patch})

    async def _swap(self, telemetry_id: str | None, html: str) -> None:
        await self.send({"content": html, "job_id": str(self.job_id), "id": telemetry_id})


def _sheet(job_id: UUID, document: dict[str, Any], snapshot: Snapshot) -> Sheet:
    return sheet.sheet(Job.objects.defer("traceback").get(pk=job_id), document, snapshot)
