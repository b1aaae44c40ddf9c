"""A run's pictures as blobs: each is encoded and stored once, however many nodes it passes through."""

import asyncio
import errno
import weakref
from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.db import DatabaseError, OperationalError
from PIL import Image

from runs import limits, store
from runs.errors import OutputLimit
from runs.models import Blob
from runs.worker.crew import Crew, insist
from workflows import media
from workflows.errors import MediaError, NodeFailed

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Safe:
    """Stores the bytes of one job, as many as it may."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._spent = 0

    def spend(self, size: int) -> None:
        """Counts bytes that are about to be stored. Raises OutputLimit when they are too many."""
        self._spent += size
        if self._spent > settings.MAX_OUTPUT_BYTES:
            raise OutputLimit(limits.output()[1])

    async def keep(self, data: bytes, media_type: str, **known: object) -> Blob:
        """The blob of these bytes. Raises NodeFailed when the store can't take them, OutputLimit."""
        self.spend(len(data))
        try:
            return await self._crew.at_desk(insist, lambda: _kept(data, media_type, known))
        except (OSError, DatabaseError) as error:
            raise _refusal(error) from error


class Pictures:
    """The blobs of a run's pictures, by the pictures themselves."""

    def __init__(self, crew: Crew, safe: Safe) -> None:
        self._crew = crew
        self._safe = safe
        self._blobs: dict[int, asyncio.Future[Blob]] = {}

    async def blob_of(self, picture: Image.Image) -> Blob:
        """The picture's blob with its thumbnail, made now unless it was before. Raises NodeFailed, OutputLimit."""
        if id(picture) not in self._blobs:
            self._remember(picture, asyncio.ensure_future(self._make(picture)))
        return await asyncio.shield(self._blobs[id(picture)])

    async def open(self, blob: Blob) -> Image.Image:
        """The picture of a blob; passed on as it is, it stays that blob. Raises NodeFailed when it can't be read."""
        try:
            picture = await self._crew.in_workshop(media.decode_image, store.path(blob.digest))
        except MediaError as error:
            raise NodeFailed("bad_media", str(error)) from error
        known: asyncio.Future[Blob] = asyncio.get_running_loop().create_future()
        known.set_result(blob)
        self._remember(picture, known)
        return picture

    def _remember(self, picture: Image.Image, blob: "asyncio.Future[Blob]") -> None:
        """By identity, for as long as the picture lives: comparing pictures would mean comparing their pixels."""
        self._blobs[id(picture)] = blob
        weakref.finalize(picture, self._blobs.pop, id(picture), None).atexit = False

    async def _make(self, picture: Image.Image) -> Blob:
        whole, small = await self._crew.in_workshop(_encode, picture)
        thumbnail = await self._safe.keep(small.data, small.media_type, width=small.width, height=small.height)
        return await self._safe.keep(
            whole.data, whole.media_type, width=whole.width, height=whole.height, thumbnail=thumbnail
        )


def _encode(picture: Image.Image) -> tuple[media.Encoded, media.Encoded]:
    return media.encode_image(picture), media.thumbnail(picture)


def _kept(data: bytes, media_type: str, known: Mapping[str, object]) -> Blob:
    try:
        return store.keep(data, media_type=media_type, **known)
    except OperationalError as error:
        if "disk is full" in str(error):  # SQLite's words; to try again would only keep the job waiting
            raise OSError(errno.ENOSPC, str(error)) from error
        raise


def _refusal(error: Exception) -> NodeFailed:
    if getattr(error, "errno", None) in FULL:
        return NodeFailed("disk_full", "The disk is full. Free some space, then run the job again.")
    return NodeFailed("not_stored", f"The product could not be stored ({error}). See that Loupe may write its files.")
