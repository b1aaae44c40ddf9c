"""`./loupe run_workflow WORKFLOW`: runs a workflow, waits for its end, and prints the job with its outputs."""

import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from runs import arguments, following, gate, queue, results
from runs.errors import JobEnded, RunError
from runs.models import Job
from runs.states import State
from runs.submit import Order, submit
from workflows import files, saving
from workflows.errors import GraphInvalid, Problem, WorkflowError
from workflows.models import Workflow

BAD_INPUT, CANCELLED = 2, 130


class Command(BaseCommand):
    help = "Runs a workflow and waits for its end. Exits with 0 completed, 1 failed, 2 bad input, 130 cancelled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workflow", help="the id of a workflow, or a JSON file")
        parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
        parser.add_argument("--follow", action="store_true", help="print progress and streamed text")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write the results to files there")
        parser.add_argument("--owner", default="owner", help="for whom to run it (owner)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 (Django's signature)
        if options["out"]:
            _prepare(options["out"])
        job, cancelled = self._run(options)
        if options["out"]:
            for path in results.write(job, options["out"]):
                self._note(f"Wrote {path}")
        self.stdout.write(json.dumps(queue.document(job, outputs=results.outputs(job))))
        if job.state != State.COMPLETED:
            sys.exit(CANCELLED if cancelled and job.state == State.CANCELLED else 1)

    def _submit(self, options: dict[str, Any]) -> Job:
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(
                f"There is no user “{options['owner']}”. Say for whom with --owner.", returncode=BAD_INPUT
            )
        workflow = _workflow(owner, options["workflow"])
        try:
            params = arguments.params(options["param"], workflow.graph.loaded(), owner)
            job = submit(owner, workflow, Order(params=params))
        except GraphInvalid as error:
            problems = "\n".join(map(_line, error.problems))
            raise CommandError(f"It can't run like this:\n{problems}", returncode=BAD_INPUT) from error
        except (RunError, WorkflowError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        if not queue.live_workers().exists():
            self._note("No worker is running, so the job waits. Start one with `make run`, or `./loupe workers`.")
        return job

    def _run(self, options: dict[str, Any]) -> tuple[Job, bool]:
        """The job as it ended, and whether Ctrl-C cancelled it: then its end is waited for, unless it comes again."""
        job = follower = None
        try:
            with _ctrl_c_held():
                job = self._submit(options)
            follower = self._follower(job) if options["follow"] else None
            return following.until_end(job, follower), False
        except KeyboardInterrupt:
            if job is None:
                raise
            below = "\n" if self.stdout.isatty() else ""
            self._note(f"{below}Cancelling … Ctrl-C again does not wait for its end.")
        try:
            with _ctrl_c_held():
                _cancel(job)
            return following.until_end(job, follower), True
        except KeyboardInterrupt:
            self._note(f"\nRun #{job.number} ends without this command: {job.pk}")
            sys.exit(CANCELLED)

    def _follower(self, job: Job) -> following.Follower:
        return following.Follower(job, self._say, live=self.stdout.isatty())

    def _note(self, text: str) -> None:
        """Tells beside the output, and not in the colour of errors."""
        self.stderr.write(text, str)

    def _say(self, text: str) -> None:
        self.stdout.write(text, ending="")
        self.stdout.flush()


def _workflow(owner: User, name: str) -> Workflow:
    """The owner's workflow of this id, or of this file: made of it, unless it was made of it before."""
    path = Path(name)
    if path.is_file():
        return _from_file(owner, path)
    try:
        found = Workflow.objects.visible_to(owner).select_related("graph", "owner").filter(pk=UUID(name)).first()
    except ValueError:
        found = None
    if found is None:
        message = f"{owner.username} has no workflow “{name}”, and there is no such file. Give an id or a JSON file."
        raise CommandError(message, returncode=BAD_INPUT)
    return found


def _from_file(owner: User, path: Path) -> Workflow:
    try:
        document = files.read(path)
    except files.FileInvalid as error:
        raise CommandError(str(error), returncode=BAD_INPUT) from error
    same = Workflow.objects.visible_to(owner).filter(name=document.name, graph=document.graph.digest)
    return same.select_related("graph", "owner").first() or saving.make(
        owner, name=document.name, description=document.description, graph=document.graph
    )


def _prepare(folder: Path) -> None:
    """Before there is a job whose results could not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        message = f"Nothing can be written to {folder} ({error.strerror}). Give --out another folder."
        raise CommandError(message, returncode=BAD_INPUT) from error


def _line(problem: Problem) -> str:
    where = f" at node {problem.node}" if problem.node else ""
    return f"  {problem.code}{where}: {problem.message}"


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Has Ctrl-C wait for the end of the block, so that no job is made unknown, or left half cancelled."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cancel(job: Job) -> None:
    try:
        gate.cancel(job.pk, by=job.owner.get_username(), why="Ctrl-C")
    except JobEnded:
        return
