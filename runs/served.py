"""What is served as an asset's bytes, wherever it is asked for: over REST, or in the administration."""

from dataclasses import replace

from runs import content, provenance, store
from runs.models import Asset, Blob
from runs.representation import asset_document, inline_content, media_type


def content_of(asset: Asset, *, raw: bool = False) -> content.Content:
    """What is served as the asset's bytes: a PNG tells where it comes from, unless they are to be `raw`, as stored.

    Reads `asset.blob` and `asset.job`, of a PNG also the job's parameters and graph.
    """
    if asset.blob:
        found = _of_blob(asset.blob, _name(asset), given=asset.name)
        if raw or asset.blob.media_type != "image/png":
            return found
        return replace(found, inserted=provenance.chunk_of(asset), at=provenance.PLACE)
    data = inline_content(asset)
    document = asset_document(asset)
    name = f"{_name(asset)}{content.ENDINGS[media_type(asset)]}"
    return content.Content(data, len(data), media_type(asset), name, document["sha256"])


def thumbnail_of(asset: Asset) -> content.Content | None:
    """What is served as a picture's thumbnail. Reads `asset.job` and `asset.blob.thumbnail`."""
    thumbnail = asset.blob.thumbnail if asset.blob else None
    return _of_blob(thumbnail, f"{_name(asset)}-thumbnail") if thumbnail else None


def _of_blob(blob: Blob, name: str, *, given: str = "") -> content.Content:
    """`given` is what a person called the file; `name` is what it is called otherwise, and still lacks its ending."""
    called = given or f"{name}{content.ENDINGS.get(blob.media_type, '')}"
    return content.Content(store.path(blob.digest), blob.size, blob.media_type, called, blob.digest)


def _name(asset: Asset) -> str:
    if asset.job is None:
        return "upload"
    return f"run-{asset.job.number}-{asset.node}-{asset.output}-{asset.index + 1}"
