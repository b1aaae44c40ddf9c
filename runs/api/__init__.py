"""REST: jobs, what they made, and the queue."""

from ninja import Router

from runs.api import assets, batches, choices, focus, jobs, queue, workflows

__all__ = ["router", "workflows"]

router = Router()
for _part in (jobs, batches, focus, choices, assets, queue):
    router.add_router("", _part.router)
