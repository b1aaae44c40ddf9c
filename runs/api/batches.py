"""REST: many jobs at once."""

from dataclasses import asdict
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from ninja import Router

from accounts.authentication import READ, ApiRequest
from accounts.idempotency import once
from accounts.problems import ProblemError
from accounts.scopes import Scope
from runs import batches, queue, results
from runs.batches import Plan
from runs.estimate import estimate
from runs.grid import Grid
from runs.schemas import BatchBody, BatchDocument, BatchPlan, EstimateDocument
from workflows.api import find as find_workflow

router = Router(tags=["jobs"])


@router.post(
    "/workflows/{uuid:workflow_id}/batches", auth=READ, response={201: BatchDocument, 200: BatchPlan | BatchDocument}
)
def submit_batch(request: ApiRequest, workflow_id: UUID, body: BatchBody) -> HttpResponse:
    """A job for each combination, all or none; or, as a `dry_run`, for which reading is enough, what they would be.

    409 with their `count` when they are more than 50 and not confirmed.
    """
    workflow = find_workflow(request, workflow_id)
    grid = Grid(body.axes, body.zip, body.repeat, body.params)
    if body.dry_run:
        labels = list(batches.plan(workflow, grid, dry=True).labels)
        found = EstimateDocument(**asdict(estimate(workflow, len(labels))))
        return JsonResponse(BatchPlan(count=len(labels), labels=labels, estimate=found).model_dump())
    if not request.auth.may(Scope.RUN):
        raise ProblemError(403, f"This needs the scope “{Scope.RUN}”, but for a dry run. Use a token that has it.")
    plans: list[Plan] = []

    def check() -> None:
        plans.append(_confirmed(batches.plan(workflow, grid, lane=body.lane), body))

    def make() -> str:
        return str(batches.make(request.auth.user, plans[0], focus=body.focus))

    made = once(request, request.auth, make, asked=request.body, check=check)
    jobs = batches.jobs_of(UUID(made.name))
    documents = queue.documents(jobs, results.outputs_of(jobs) if made.status == 200 else {})
    return JsonResponse({"batch_id": made.name, "jobs": documents}, status=made.status)


def _confirmed(plan: Plan, body: BatchBody) -> Plan:
    count = len(plan.labels)
    if count > batches.CONFIRMED_BEYOND and not body.confirm:
        detail = f"This makes {count:,} jobs. Send it again with `confirm: true` if that is what you want."
        raise ProblemError(409, detail, count=count)
    return plan
