"""What a program may ask for on a socket, checked and done as REST does it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from accounts.authentication import need, visible
from accounts.credentials import Credentials
from accounts.problems import ProblemError, fault, invalid, not_found
from accounts.schemas import Strict
from accounts.scopes import Scope
from runs import gate, lens, queue, results, twins, webhooks
from runs.models import Job
from runs.problems import faults, problem_of
from runs.schemas import JobBody
from runs.submit import Order, submit
from workflows.models import Workflow
from workflows.schemas import Id

REF_LENGTH = 200
Ref = Annotated[str, Field(max_length=REF_LENGTH)] | int | None
"""What the client calls its command, to know the answer by."""


class Cancel(Strict):
    """Stop a job."""

    type: Literal["cancel"]
    ref: Ref = None
    job_id: Id


class Focus(Strict):
    """Move one's lens to a job, of whichever workflow it is."""

    type: Literal["focus"]
    ref: Ref = None
    job_id: Id
    pinned: bool = True


class Run(Strict):
    """Submit a new job of the workflow; `body` is what `POST …/jobs` takes."""

    type: Literal["run"]
    ref: Ref = None
    body: JobBody | None = None


class Resume(Strict):
    """Begin again behind the last id that the client has."""

    type: Literal["resume"]
    ref: Ref = None
    job_id: Id
    after: Annotated[str, Field(pattern="^[0-9]{1,18}-[0-9]{1,18}$")]


Command = Cancel | Focus | Run | Resume
_COMMANDS: Mapping[str, type[Command]] = {"cancel": Cancel, "focus": Focus, "run": Run, "resume": Resume}


def read(message: object) -> Command:
    """The command that a JSON value is. Raises ProblemError or pydantic's ValidationError."""
    if not isinstance(message, dict):
        raise ProblemError(400, "A command is a JSON object with a “type”.")
    kind = _COMMANDS.get(str(message.get("type")))
    if kind is None:
        known = ", ".join(_COMMANDS)
        raise invalid(fault("bad_value", f"There is no such command here. There are: {known}.", name="type"))
    return kind.model_validate(message)


def reference(message: object) -> str | int | None:
    """What the client calls its command, also of one that can't be read otherwise."""
    ref = message.get("ref") if isinstance(message, dict) else None
    taken = isinstance(ref, str | int) and not isinstance(ref, bool) and len(str(ref)) <= REF_LENGTH
    return ref if taken else None


def job_id(message: object) -> str | None:
    """The job that a command is about, also one that can't be read otherwise."""
    try:
        return str(UUID(message["job_id"])) if isinstance(message, dict) else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def cancel(command: Cancel, credentials: Credentials) -> dict[str, Any]:
    """The job as it is then. Raises ProblemError, or JobEnded."""
    need(credentials, Scope.RUN)
    job = gate.cancel(_find(command.job_id, credentials).pk, by=credentials.user.get_username())
    return queue.document(job, outputs=results.outputs(job))


def focus(command: Focus, credentials: Credentials) -> dict[str, Any]:
    """The lens as it is then. Raises ProblemError, or JobGone."""
    return lens.choose(credentials.user, _find(command.job_id, credentials), pinned=command.pinned).as_dict()


def run(command: Run, credentials: Credentials, workflow_id: UUID) -> dict[str, Any]:
    """The new job. Raises ProblemError, GraphInvalid with all that is wrong, or JobExists."""
    need(credentials, Scope.RUN)
    workflow = visible(Workflow.objects.select_related("graph"), credentials).filter(pk=workflow_id).first()
    if workflow is None:
        raise not_found("There is no such workflow.")
    body = command.body or JobBody.model_validate({})
    webhooks.refuse_for_job(body.webhook_url, body.webhook_secret)
    order = Order(**dict(body))
    job = submit(credentials.user, workflow, order)
    return {**queue.document(job, outputs={}), "identical_to": twins.named(job)}


def problem(error: Exception) -> ProblemError:
    """What a socket says of an error that ended a command."""
    if isinstance(error, ValidationError):
        return invalid(*faults(error.errors()))
    return problem_of(error, "A command")


def _find(job_id: UUID, credentials: Credentials) -> Job:
    job = visible(Job.objects.defer("traceback"), credentials).filter(pk=job_id).first()
    if job is None:
        raise not_found("There is no such job.")
    return job
