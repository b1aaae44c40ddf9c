"""Jobs and assets as other programs see them, for REST, sockets, telemetry, pages and commands alike."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from accounts.plain_json import moment
from runs.models import Asset, Job

API_ROOT = "/api/v1"


def job_document(
    job: Job,
    *,
    position: int | None = None,
    progress: float | None = None,
    waiting_for: str | None = None,
    eta: Mapping[str, object] | None = None,
    outputs: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The job as `GET /jobs/{id}` gives it; sockets leave `outputs` out, and with None so does this.

    `position` counts from 1 among the waiting. `progress` (0–1) of an active job is in Redis, else in its row.
    """
    document = {
        "id": str(job.id),
        "number": job.number,
        "waiting_for": waiting_for,
        "workflow_id": str(job.workflow_id),
        "workflow_version": job.workflow_version,
        "batch_id": _text(job.batch_id),
        "state": str(job.state),
        "queue_position": position,
        "lane": job.lane,
        "label": job.label,
        "params": job.params,
        "scope": job.scope,
        "progress": job.progress if progress is None else progress,
        "eta": eta,
        "attempts": job.attempts,
        "worker": job.worker or None,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "ended_at": moment(job.ended_at),
        "error": job.error,
        "cost": job.cost,
    }
    return document if outputs is None else {**document, "outputs": dict(outputs)}


def asset_document(asset: Asset) -> dict[str, Any]:
    """The asset as all show it. Reads `asset.job` and `asset.blob`: select them beforehand."""
    blob = asset.blob
    content = None if blob else inline_content(asset)
    return {
        "id": str(asset.id),
        "workflow_id": _text(asset.workflow_id),
        "node": asset.node or None,
        "job_id": _text(asset.job_id),
        "job_number": asset.job.number if asset.job else None,
        "output": asset.output or None,
        "index": asset.index,
        "kind": asset.kind,
        "media_type": media_type(asset),
        "size": blob.size if blob else len(content or b""),
        "width": blob.width if blob else None,
        "height": blob.height if blob else None,
        "duration": blob.duration if blob else None,
        "value": asset.value if blob is None else None,
        "url": content_url(asset),
        "thumbnail_url": f"{API_ROOT}/assets/{asset.id}/thumbnail" if blob and blob.thumbnail_id else None,
        "created_at": moment(asset.created_at),
        "sha256": blob.digest if blob else hashlib.sha256(content or b"").hexdigest(),
    }


def outputs_document(assets: Iterable[Asset]) -> dict[str, Any]:
    """A job's outputs by result name, of its assets that are results; of several items their list, in order."""
    items: defaultdict[str, list[object]] = defaultdict(list)
    for asset in sorted(assets, key=lambda asset: (asset.node, asset.index)):
        items[asset.result].append(_output(asset))
    return {name: values[0] if len(values) == 1 else values for name, values in items.items()}


def media_type(asset: Asset) -> str:
    """What `content` is served as, without a charset."""
    if asset.blob:
        return asset.blob.media_type
    return "text/plain" if asset.kind == "text" else "application/json"


def inline_content(asset: Asset) -> bytes:
    """The bytes of a value that lives in its row: a text as itself, anything else as compact JSON, both in UTF-8."""
    if asset.kind == "text" and isinstance(asset.value, str):
        return asset.value.encode()
    return json.dumps(asset.value, ensure_ascii=False, separators=(",", ":")).encode()


def content_url(asset: Asset) -> str:
    """Where the asset's bytes are, as a path on this host."""
    return f"{API_ROOT}/assets/{asset.id}/content"


def _output(asset: Asset) -> object:
    if asset.blob is None:
        return asset.value
    return {
        "asset": str(asset.id),
        "kind": asset.kind,
        "media_type": media_type(asset),
        "url": content_url(asset),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
