"""REST: many jobs at once."""

from contextlib import ExitStack
from dataclasses import asdict
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from ninja import Router

from accounts.authentication import READ, ApiRequest, visible
from accounts.idempotency import Made, once
from accounts.models import User
from accounts.problems import ProblemError, not_found
from accounts.scopes import Scope
from runs import batches, making, queue, results, twins
from runs.batches import Plan
from runs.estimate import estimate
from runs.grid import Grid
from runs.models import Batch
from runs.schemas import BatchBody, BatchDocument, BatchPlan, BatchState, EstimateDocument
from workflows.api import find as find_workflow
from workflows.models import Workflow

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
    made = _made_once(request, workflow, grid, body)
    jobs = batches.jobs_of(UUID(made.name))
    documents = queue.documents(jobs, results.outputs_of(jobs) if made.status == 200 else {})
    alike = {str(job): str(twin) for job, twin in twins.of_batch(jobs).items()}
    told = [{**document, "identical_to": alike.get(document["id"])} for document in documents]
    response = JsonResponse({"batch_id": made.name, "jobs": told}, status=made.status)
    response["Location"] = f"/api/v1/batches/{made.name}"
    return response


@router.get("/batches/{uuid:batch_id}", auth=READ, response=BatchState)
def read_batch(request: ApiRequest, batch_id: UUID) -> HttpResponse:
    """How far a batch is, what it has spent, and whether one of its rules has stopped it."""
    batch = visible(Batch.objects.released(), request.auth).filter(pk=batch_id).first()
    if batch is None:
        raise not_found("There is no such batch.")
    return JsonResponse(batches.document(batch))


def _made_once(request: ApiRequest, workflow: Workflow, grid: Grid, body: BatchBody) -> Made:
    """Written before the key is, as that takes its time; released together with it."""
    user: User = request.auth.user
    with ExitStack() as stack:
        written: list[UUID] = []

        def check() -> None:
            plan = _confirmed(batches.plan(workflow, grid, lane=body.lane, stop=body.stop.given()), body)
            written.append(stack.enter_context(batches.written(user, plan)))

        def make() -> str:
            making.release(user, written[0], focus=body.focus)
            return str(written[0])

        return once(request, request.auth, make, asked=request.body, check=check)


def _confirmed(plan: Plan, body: BatchBody) -> Plan:
    count = len(plan.labels)
    if count > batches.CONFIRMED_BEYOND and not body.confirm:
        detail = f"This makes {count:,} jobs. Send it again with `confirm: true` if that is what you want."
        raise ProblemError(409, detail, count=count)
    return plan
