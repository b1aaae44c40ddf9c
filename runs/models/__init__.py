"""The rows of this app, one noun a file."""

from runs.models.asset import INLINE_BYTES, Asset, Blob
from runs.models.batch import BYTES, COST, FIRST_FAILURE, RULES, SECONDS, Batch
from runs.models.choice import Choice
from runs.models.focus import RunFocus
from runs.models.gate import Duty, Gate, Worker
from runs.models.job import BACKGROUND_PLACES, Job, JobStock, JobTelemetry, JobTransition, running_bounds
from runs.models.kept import Kept

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
    "Choice",
    "Duty",
    "Gate",
    "Job",
    "JobStock",
    "JobTelemetry",
    "JobTransition",
    "Kept",
    "RunFocus",
    "Worker",
    "running_bounds",
]
