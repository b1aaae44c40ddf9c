"""What a job's `output.*` nodes got, as a document, and as files in a folder."""

import re
from collections import defaultdict
from collections.abc import Collection
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from runs import content, store
from runs.models import Asset, Job
from runs.representation import inline_content, media_type, outputs_document


def outputs(job: Job) -> dict[str, Any]:
    """The job's outputs by result name."""
    return outputs_document(_results(job))


def outputs_of(jobs: Collection[Job]) -> dict[UUID, dict[str, Any]]:
    """The outputs of each of the jobs, in one query."""
    found: defaultdict[UUID | None, list[Asset]] = defaultdict(list)
    for asset in Asset.objects.filter(job__in=[job.pk for job in jobs]).exclude(result="").select_related("blob"):
        found[asset.job_id].append(asset)
    return {job.pk: outputs_document(found[job.pk]) for job in jobs}


def write(job: Job, folder: Path) -> list[Path]:
    """Writes each result to `<name>.<ending>`, where that is there to `<name>-2.<ending>`. Answers the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(asset, folder) for asset in _results(job).order_by("result", "node", "index")]


def _write(asset: Asset, folder: Path) -> Path:
    plain = re.sub(r"[^\w .-]", "_", asset.result).strip(" .") or "result"
    ending = content.ENDINGS.get(media_type(asset), ".bin")
    numbered = (folder / f"{plain}{f'-{number}' if number > 1 else ''}{ending}" for number in count(1))
    path = next(each for each in numbered if not each.exists())
    path.write_bytes(store.path(asset.blob.digest).read_bytes() if asset.blob else inline_content(asset))
    return path


def _results(job: Job) -> QuerySet[Asset]:
    return Asset.objects.filter(job=job).exclude(result="").select_related("blob")
