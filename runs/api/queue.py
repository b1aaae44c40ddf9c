"""REST: the queue, in numbers, its cap, and whether it is paused."""

from django.http import HttpResponse, JsonResponse
from ninja import Router

from accounts.authentication import ADMIN, READ, ApiRequest
from runs import capacity, queue
from runs.schemas import QueueChange, QueueDocument

router = Router(tags=["queue"])


@router.get("/queue", auth=READ, response=QueueDocument)
def read_queue(request: ApiRequest) -> HttpResponse:
    """How many jobs run and wait, everyone's and yours; for staff also who works."""
    return JsonResponse(queue.summary(request.auth.user))


@router.patch("/queue", auth=ADMIN, response=QueueDocument)
def change_queue(request: ApiRequest, body: QueueChange) -> HttpResponse:
    """Changes the cap, or pauses the queue, at once and for good; a cap of null goes back to the setting."""
    if "cap" in body.model_fields_set:
        capacity.change(request.auth.user, body.cap)
    if "paused" in body.model_fields_set:
        capacity.pause(request.auth.user, paused=body.paused)
    return read_queue(request)
