"""The rows of this app, one noun a file."""

from runs.models.asset import INLINE_BYTES, Asset, Blob
from runs.models.focus import RunFocus
from runs.models.gate import Duty, Gate, Worker
from runs.models.job import BACKGROUND_PLACES, Job, JobTelemetry, JobTransition, running_bounds

__all__ = [
    "BACKGROUND_PLACES",
    "INLINE_BYTES",
    "Asset",
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
