"""A run's pictures, sounds, films and files as blobs: each is stored once, however many nodes it passes through."""

import asyncio
import errno
import hashlib
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from django.conf import settings
from django.db import Error as DatabaseError, OperationalError
from PIL import Image

from runs import limits, store
from runs.errors import OutputLimit
from runs.gate import Claim
from runs.models import Blob
from runs.worker import hold
from runs.worker.crew import Crew, insist
from workflows import media
from workflows.errors import MediaError, NodeFailed
from workflows.media import Encoded
from workflows.recordings import KINDS, Recording

Medium: TypeAlias = Image.Image | Recording
CHUNK_BYTES: Final = 1024 * 1024
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Safe:
    """Stores the bytes of one job, as many as it may. Raises LostLease when that has passed on."""

    def __init__(self, claim: Claim, crew: Crew) -> None:
        self._claim = claim
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
        return await self._stored(lambda: store.keep(data, media_type=media_type, **known))

    async def keep_picture(self, picture: Encoded, small: Encoded) -> Blob:
        """The blob of a picture with its thumbnail. Raises as `keep` does."""
        self.spend(len(picture.data) + len(small.data))
        return await self._stored(lambda: store.keep_picture(picture, small))

    async def keep_file(self, file: Path, media_type: str, **known: object) -> Blob:
        """The blob of this file's bytes, which are never held all at once. Raises as `keep` does."""
        size, digest = await self._crew.in_workshop(_measured, file)
        self.spend(size)
        return await self._stored(
            lambda: store.keep_file(_chunks(file), digest=digest, size=size, media_type=media_type, **known)
        )

    async def _stored(self, store_it: Callable[[], Blob]) -> Blob:
        try:
            return await self._crew.at_desk(insist, lambda: self._attempted(store_it))
        except (OSError, DatabaseError) as error:
            raise _refusal(error) from error

    def _attempted(self, store_it: Callable[[], Blob]) -> Blob:
        try:
            hold.look(self._claim)
            return store_it()
        except OperationalError as error:
            if "disk is full" in str(error):  # SQLite's words; to try again would only keep the job waiting
                raise OSError(errno.ENOSPC, str(error)) from error
            raise


class Media:
    """The blobs of a run's pictures, sounds, films and files, by these themselves."""

    def __init__(self, crew: Crew, safe: Safe) -> None:
        self._crew = crew
        self._safe = safe
        self._blobs: dict[int, asyncio.Future[Blob]] = {}

    async def blob_of(self, medium: Medium) -> Blob:
        """The medium's blob with its thumbnail, made now unless it was before. Raises NodeFailed, OutputLimit."""
        if id(medium) not in self._blobs:
            made = self._of_file(medium) if isinstance(medium, Recording) else self._of_picture(medium)
            self._remember(medium, asyncio.ensure_future(made))
        return await asyncio.shield(self._blobs[id(medium)])

    async def open(self, blob: Blob, kind: str) -> Medium:
        """The image, audio, video or file of a blob; passed on as it is, it stays that blob.

        Raises NodeFailed when it can't be read.
        """
        try:
            medium = await self._crew.in_workshop(_opened, blob, kind)
        except MediaError as error:
            raise NodeFailed("bad_media", str(error)) from error
        known: asyncio.Future[Blob] = asyncio.get_running_loop().create_future()
        known.set_result(blob)
        self._remember(medium, known)
        return medium

    def _remember(self, medium: Medium, blob: "asyncio.Future[Blob]") -> None:
        """By identity, for as long as the medium lives: comparing pictures would mean comparing their pixels."""
        self._blobs[id(medium)] = blob
        weakref.finalize(medium, self._blobs.pop, id(medium), None).atexit = False

    async def _of_picture(self, picture: Image.Image) -> Blob:
        return await self._safe.keep_picture(*await self._crew.in_workshop(_encoded, picture))

    async def _of_file(self, file: Recording) -> Blob:
        thumbnail = await self._poster(file.poster) if file.poster else None
        known = {"width": file.width, "height": file.height, "duration": file.duration, "thumbnail": thumbnail}
        return await self._safe.keep_file(file.path, file.media_type, **known)

    async def _poster(self, picture: Image.Image) -> Blob:
        small = await self._crew.in_workshop(media.thumbnail, picture)
        return await self._safe.keep(small.data, small.media_type, width=small.width, height=small.height)


def _encoded(picture: Image.Image) -> tuple[Encoded, Encoded]:
    """Whole, and small."""
    return media.encode_image(picture), media.thumbnail(picture)


def _opened(blob: Blob, kind: str) -> Medium:
    path = store.path(blob.digest)
    if kind == "image":
        return media.decode_image(path)
    if not path.exists():
        raise MediaError("The file is no longer there. Upload it again.")
    return KINDS[kind](path, blob.media_type, blob.duration, blob.width, blob.height)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk


def _measured(file: Path) -> tuple[int, str]:
    """How many bytes there are, and their SHA-256."""
    with file.open("rb") as opened:
        return file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest()


def _refusal(error: Exception) -> NodeFailed:
    if getattr(error, "errno", None) in FULL:
        return NodeFailed("disk_full", "The disk is full. Free some space, then run the job again.")
    return NodeFailed("not_stored", f"The product could not be stored ({error}). See that Loupe may write its files.")
