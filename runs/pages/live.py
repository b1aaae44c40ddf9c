"""What the page of a canvas shows of its runs when it is opened; from then on its socket keeps it true."""

from collections.abc import Mapping

from accounts.models import User
from runs import lens
from runs.pages import board, hints, seen, varying
from runs.pages.pushes import Focus
from runs.pages.steering import declared
from workflows.models import Workflow


def context(user: User, workflow: Workflow) -> Mapping[str, object]:
    """For the templates. The workflow's graph must be at hand."""
    now = lens.of(user, workflow.pk)
    job = workflow.jobs.defer("traceback").filter(pk=now.job_id).first() if now.job_id else None
    view = seen.view(workflow, job)
    return {
        "view": view,
        "sheet": view.sheet,
        "seen_nodes": view.nodes,
        "flows": view.flows,
        "focus": Focus(view.focused, now.pinned),
        "board": board.read(user, workflow),
        "hints": hints.unseen(user),
        "variable": varying.fields(declared(workflow), {}),
    }
