"""What calls of pure nodes made, kept for equal calls of the same person: by the hash of all that goes in."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from PIL import Image

from runs import store
from runs.gate import Claim
from runs.models import Blob, Kept
from runs.worker import hold, plain
from runs.worker.crew import Crew
from runs.worker.media import Media
from workflows.errors import NodeFailed
from workflows.host import Made
from workflows.recordings import Recording

MOST_BYTES: Final = 4 * plain.SMALL_BYTES
"""Of a call's values that are no media; larger ones are not kept."""
_Written = dict[str, Any]


class Memory:
    """Of one job. Whatever is wrong with it, nodes are called as if it were empty."""

    def __init__(self, claim: Claim, crew: Crew, media: Media) -> None:
        self._claim = claim
        self._owner = claim.owner_id
        self._crew = crew
        self._media = media

    async def key(self, revision: str, arguments: Mapping[str, object]) -> str | None:
        """What equal calls have in common; None when an argument is nothing that can be kept."""
        if settings.MAX_KEPT_RESULTS == 0:
            return None
        written = {name: await self._written(value) for name, value in sorted(arguments.items())}
        if None in written.values():
            return None
        whole = json.dumps([str(self._owner), revision, written], separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    async def recall(self, key: str, age: float | None) -> list[Made] | None:
        """What such a call made in the last `age` seconds, or ever; None when it, or any of its bytes, is gone."""
        try:
            found = await self._crew.at_desk(_found, key, age)
            if found is None:
                return None
            results, blobs = found
            return [Made(place, output, await self._read(value, blobs)) for place, output, value in results]
        except (DatabaseError, NodeFailed):
            return None

    async def remember(self, key: str, made: Sequence[Made]) -> None:
        """Keeps what such a call has made, if it can be kept. Raises LostLease when the job has passed on."""
        written = [(each.place, each.output, await self._written(each.value)) for each in made]
        if any(value is None for _, _, value in written) or plain.size(written, MOST_BYTES) is None:
            return
        row = {"owner_id": self._owner, "results": written, "made_at": timezone.now()}
        try:
            await self._crew.at_desk(hold.look, self._claim)
            await self._crew.at_desk(lambda: Kept.objects.update_or_create(key=key, defaults=row))
        except DatabaseError:
            return

    async def _written(self, value: object) -> _Written | None:
        """A value as JSON in which media are the digests of their bytes; None for what can't be kept."""
        if isinstance(value, Image.Image | Recording):
            kind = value.kind if isinstance(value, Recording) else "image"
            return {"blob": (await self._media.blob_of(value)).digest, "kind": kind}
        if plain.small_size(value) is not None:
            return {"value": value}
        if not isinstance(value, list):
            return None
        items = [await self._written(item) for item in value]
        return None if None in items else {"items": items}

    async def _read(self, written: _Written, blobs: Mapping[str, Blob]) -> object:
        if "blob" in written:
            return await self._media.open(blobs[written["blob"]], written["kind"])
        if "items" in written:
            return [await self._read(item, blobs) for item in written["items"]]
        return written["value"]


def _found(key: str, age: float | None) -> tuple[list[Any], dict[str, Blob]] | None:
    """The results with their blobs, which are in use from now on. Without all of them the row is of no use."""
    row = Kept.objects.filter(pk=key).first()
    if row is None or (age is not None and row.made_at < timezone.now() - timedelta(seconds=age)):
        return None
    named = {digest for _, _, value in row.results for digest in _digests(value)}
    if named:
        Blob.objects.filter(pk__in=named).update(used_at=timezone.now())
    blobs = Blob.objects.in_bulk(named) if named else {}
    if len(blobs) == len(named) and all(map(store.is_whole, blobs.values())):
        return row.results, blobs
    row.delete()
    return None


def _digests(written: _Written) -> Iterator[str]:
    if "blob" in written:
        yield written["blob"]
    for item in written.get("items", ()):
        yield from _digests(item)
