"""`manage.py recorded`: what the database says of all jobs, as JSON for `tests.journal.evidence`."""

import json
from typing import Any

from django.core.management import BaseCommand

from runs import tail
from runs.models import Asset, Job, JobTransition


class Command(BaseCommand):
    """Prints `{jobs, steps}`; steps in the order in which they were written."""

    def handle(self, **_: object) -> None:
        steps = [
            {
                "job": str(step.job_id),
                "source": step.from_state,
                "target": step.to_state,
                "at": step.at.timestamp(),
                "by": step.by,
                "why": step.why,
            }
            for step in JobTransition.objects.order_by("pk")
        ]
        self.stdout.write(json.dumps({"jobs": [_job(job) for job in Job.rows.all()], "steps": steps}))


def _job(job: Job) -> dict[str, Any]:
    told = tail.stored(job.pk)
    made = Asset.objects.filter(job=job).order_by("node", "output", "index")
    return {
        "id": str(job.pk),
        "workflow": str(job.workflow_id),
        "number": job.number,
        "place": job.place,
        "state": job.state,
        "version": job.version,
        "fence": job.fence,
        "error": (job.error or {}).get("code", ""),
        "last_id": str(told.id) if told else "",
        "snapshot": told.snapshot if told else None,
        "made": [[asset.node, asset.output, asset.index, asset.value] for asset in made],
    }
