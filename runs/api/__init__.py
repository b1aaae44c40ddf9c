"""REST: jobs, what they made, and the queue."""

from ninja import Router

from runs.api import assets, batches, choices, focus, jobs, queue, webhooks, workflows

__all__ = ["router", "workflows"]

router = Router()
for _part in (jobs, batches, focus, choices, assets, queue, webhooks):
    router.add_router("", _part.router)
