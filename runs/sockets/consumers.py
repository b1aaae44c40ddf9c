"""The sockets of programs: every frame of a job, or of a workflow's active jobs, as JSON, and commands."""

from abc import abstractmethod
from typing import Any
from uuid import UUID

from accounts import plain_json
from accounts.credentials import Credentials
from accounts.problems import ProblemError, not_found
from runs.models import Job
from runs.sockets import commands
from runs.sockets.commands import Cancel, Command, Focus, Resume
from runs.sockets.crowd import CrowdFeed
from runs.sockets.socket import JobSocket, Socket, WorkflowSocket, of_program
from runs.sockets.threads import apart, in_database
from runs.telemetry import TelemetryId


class ProgramSocket(Socket):
    """Does commands, whatever it shows."""

    def identify(self) -> Credentials | None:
        """By token, ticket or session."""
        return of_program(self.scope)

    async def hear(self, text: str | None) -> None:
        """Does one command and answers it, with an `error` whatever was wrong."""
        message: object = None
        try:
            message = _json(text)
            command = commands.read(message)
            result = await self._do(command)
        except Exception as error:  # noqa: BLE001 (the edge: no command ends the socket)
            problem = commands.problem(error).document()
            await self._answer("error", message, commands.job_id(message), problem=problem)
            return
        await self._answer("ack", message, str(result.get("id") or result["job_id"]), result=result)
        if isinstance(command, Resume):
            self.resume(command.job_id, TelemetryId.parse(command.after))

    @abstractmethod
    def shows(self, job_id: UUID) -> bool:
        """Whether the job is one that this socket follows. Reads the database."""

    @abstractmethod
    def resume(self, job_id: UUID, after: TelemetryId) -> None:
        """The client has everything of the job up to `after`: begin again from there."""

    async def _do(self, command: Command) -> dict[str, Any]:
        if isinstance(command, Cancel):
            return await apart(commands.cancel, command, self.credentials)
        if isinstance(command, Focus):
            return await apart(commands.focus, command, self.credentials)
        if not isinstance(command, Resume):
            return await apart(commands.run, command, self.credentials, self.workflow_id)
        if not await in_database(self.shows, command.job_id):
            raise not_found("This socket does not follow that job. Open another one for it.")
        return {"id": str(command.job_id), "after": command.after}

    async def _answer(self, kind: str, message: object, job_id: str | None, **fields: object) -> None:
        meant = {"job_id": job_id} if job_id else {}
        ref = commands.reference(message)
        await self.send({"type": kind, **meant, "workflow_id": str(self.workflow_id), "ref": ref, **fields})


class ProgramJobSocket(ProgramSocket, JobSocket):
    """`/ws/v1/jobs/{id}`."""

    def shows(self, job_id: UUID) -> bool:
        """Its own alone."""
        return job_id == self.job_id

    def resume(self, job_id: UUID, after: TelemetryId) -> None:  # noqa: ARG002 (it has but one)
        """From `after` on."""
        self.feed.resume(after)


class ProgramWorkflowSocket(ProgramSocket, WorkflowSocket):
    """`/ws/v1/workflows/{id}`."""

    feed: CrowdFeed

    def make_feed(self) -> CrowdFeed:
        """All active jobs', and the client's own lens."""
        return CrowdFeed(self.workflow_id, self.credentials.user, self.tell)

    def shows(self, job_id: UUID) -> bool:
        """Any of the workflow's, also one that has ended."""
        return Job.objects.filter(pk=job_id, workflow=self.workflow_id).exists()

    def resume(self, job_id: UUID, after: TelemetryId) -> None:
        """The job from `after` on."""
        self.feed.resume(job_id, after)


def _json(text: str | None) -> object:
    if text is None:
        raise ProblemError(400, "Send commands as text, not as bytes.")
    return plain_json.read(text.encode())
