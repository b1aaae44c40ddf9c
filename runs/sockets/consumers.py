"""The sockets of programs: every frame of a job as JSON, and commands."""

from typing import Any

from accounts import plain_json
from accounts.credentials import Credentials
from accounts.problems import ProblemError, not_found
from runs.sockets import commands
from runs.sockets.commands import Cancel, Command, Resume
from runs.sockets.socket import JobSocket, of_program
from runs.sockets.threads import apart, in_database
from runs.telemetry import TelemetryId


class ProgramSocket(JobSocket):
    """`/ws/v1/jobs/{id}`."""

    async def identify(self) -> Credentials | None:
        """By token, ticket or session."""
        return await in_database(of_program, self.scope)

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
        await self._answer("ack", message, result["id"], result=result)
        if isinstance(command, Resume):
            self.feed.resume(TelemetryId.parse(command.after))

    async def _do(self, command: Command) -> dict[str, Any]:
        if isinstance(command, Cancel):
            return await apart(commands.cancel, command, self.credentials)
        if not isinstance(command, Resume):
            return await apart(commands.run, command, self.credentials, self.workflow_id)
        if command.job_id != self.job_id:
            raise not_found("This socket does not follow that job. Open another one for it.")
        return {"id": str(self.job_id), "after": command.after}

    async def _answer(self, kind: str, message: object, job_id: str | None, **fields: object) -> None:
        meant = {"job_id": job_id} if job_id else {}
        ref = commands.reference(message)
        await self.send({"type": kind, **meant, "workflow_id": str(self.workflow_id), "ref": ref, **fields})


def _json(text: str | None) -> object:
    if text is None:
        raise ProblemError(400, "Send commands as text, not as bytes.")
    return plain_json.read(text.encode())
