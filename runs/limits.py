"""The limits that end a job: the code and message that it fails with, whoever finds that one was passed."""

from django.conf import settings

Reason = tuple[str, str]
"""A code, and a message that says what to do."""


def time() -> Reason:
    """It ran for more than JOB_TIMEOUT_SECONDS."""
    return "timeout", (
        f"The run took longer than the {settings.JOB_TIMEOUT_SECONDS:g} s that a job may take, and was ended. "
        "Give it less to do, or raise JOB_TIMEOUT_SECONDS."
    )


def memory() -> Reason:
    """Its worker used more than WORKER_MEMORY_BYTES."""
    return "memory_limit", (
        f"The run used more than the {settings.WORKER_MEMORY_BYTES:,} bytes that a worker may use, "
        "and was ended. Give it smaller inputs, or raise WORKER_MEMORY_BYTES."
    )


def output() -> Reason:
    """It made more than MAX_OUTPUT_BYTES."""
    return "output_limit", (
        f"The run made more than the {settings.MAX_OUTPUT_BYTES:,} bytes that one job may store, and was ended. "
        "Make fewer or smaller products, or raise MAX_OUTPUT_BYTES."
    )
