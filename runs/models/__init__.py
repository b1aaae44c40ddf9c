"""The rows of this app, one noun a file."""

from runs.models.asset import INLINE_BYTES, Asset, Blob
from runs.models.batch import BYTES, COST, FIRST_FAILURE, RULES, SECONDS, Batch
from runs.models.focus import RunFocus
from runs.models.gate import Duty, Gate, Worker
from runs.models.job import BACKGROUND_PLACES, Job, JobTelemetry, JobTransition, running_bounds

__all__ = [
    "BACKGROUND_PLACES",
    "BYTES",
    "COST",
    "FIRST_FAILURE",
    "INLINE_BYTES",
    "RULES",
    "SECONDS",
    "Asset",
    "Batch",
    "Blob",
    "Duty",
    "Gate",
    "Job",
    "JobTelemetry",
    "JobTransition",
    "RunFocus",
    "Worker",
    "running_bounds",
]
