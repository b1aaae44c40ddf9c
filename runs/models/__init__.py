"""The rows of this app, one noun a file."""

from runs.models.asset import Asset, Blob
from runs.models.batch import BYTES, COST, FIRST_FAILURE, RULES, SECONDS, Batch
from runs.models.choice import Choice
from runs.models.focus import RunFocus
from runs.models.gate import Duty, Gate, Worker
from runs.models.job import (
    BACKGROUND_PLACES,
    Job,
    JobStock,
    JobTelemetry,
    JobTransition,
    free_slots,
    is_unwell,
    running_bounds,
    taken,
)
from runs.models.kept import Kept
from runs.models.webhook import (
    ASSET_CREATED,
    BATCH_ENDED,
    DELIVERED,
    EVENTS,
    FAILED,
    JOB_ENDED,
    WAITING,
    Delivery,
    Webhook,
)

__all__ = [
    "ASSET_CREATED",
    "BACKGROUND_PLACES",
    "BATCH_ENDED",
    "BYTES",
    "COST",
    "DELIVERED",
    "EVENTS",
    "FAILED",
    "FIRST_FAILURE",
    "JOB_ENDED",
    "RULES",
    "SECONDS",
    "WAITING",
    "Asset",
    "Batch",
    "Blob",
    "Choice",
    "Delivery",
    "Duty",
    "Gate",
    "Job",
    "JobStock",
    "JobTelemetry",
    "JobTransition",
    "Kept",
    "RunFocus",
    "Webhook",
    "Worker",
    "free_slots",
    "is_unwell",
    "running_bounds",
    "taken",
]
