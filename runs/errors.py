"""What can go wrong with jobs. Each error's message says what to do next."""


class RunError(Exception):
    """Base of the errors of this app."""


class LostLease(RunError):  # noqa: N818 (what happened, not what it is)
    """This worker's right to write for the job has passed on; it stops at once and writes nothing more."""


class DatabaseAway(RunError):  # noqa: N818
    """The database was away for longer than a lease lasts; this worker ends, and its job goes to another one."""


class JobEnded(RunError):  # noqa: N818
    """The job has already ended in another state; nothing is left to cancel."""


class JobActive(RunError):  # noqa: N818
    """The job is still active. Cancel it and wait for its end before you delete it."""


class AssetUsed(RunError):  # noqa: N818
    """A run that is not over is given this asset, or it is chosen. Wait or choose another, or use `?force=true`."""


class IdGivenAgain(RunError):  # noqa: N818
    """What was told of a job is not of the one that has its id now. Whoever follows begins anew."""


class NotWaiting(RunError):  # noqa: N818
    """The job does not wait any more, so it has no place to leave. Only a waiting job can be put first."""


class JobExists(RunError):  # noqa: N818
    """A job with this id exists already. Leave `id` out, or choose a new one."""


class TooManyWaiting(RunError):  # noqa: N818
    """So many of the person's jobs wait already that no more are taken. Wait for some to end, or cancel some."""


class BatchGivenUp(RunError):  # noqa: N818
    """The batch took so long to be written that it was given up. No job was made; send it again in a moment."""


class JobGone(RunError):  # noqa: N818
    """The job does not exist any more: it has been deleted. Ask for the workflow's jobs again."""


class WorkflowGone(RunError):  # noqa: N818
    """The workflow does not exist any more: it has been deleted. Ask for the workflows again."""


class OverQuota(RunError):  # noqa: N818
    """A person's assets would have more bytes than STORAGE_QUOTA_PER_USER. Delete some of them first."""


class OutputLimit(RunError):  # noqa: N818
    """The job would store more bytes than it may. Make fewer or smaller products, or raise MAX_OUTPUT_BYTES."""

    node: str | None = None
    """The node that made the product which was too much."""
