"""The executor of a worker that keeps the journal, and what its nodes write into it."""

from pathlib import Path

from django.conf import settings

from runs.gate import Claim
from runs.worker.executor import Executor
from tests.journal import book
from tests.journal.book import Kind

JOURNAL = Path(settings.DATA_DIR) / "journal"
_now: list[Claim] = []


class Journalled(Executor):
    """Runs jobs as ever."""

    def execute(self, claim: Claim) -> None:
        _now[:] = [claim]
        note("begun")
        super().execute(claim)
        note("left")


def note(kind: Kind, node: str = "") -> int:
    """Writes about the job that this process runs; its fence."""
    (claim,) = _now
    book.write(JOURNAL, kind, job=str(claim.job_id), fence=claim.fence, worker=claim.worker, node=node)
    return claim.fence
