"""The bytes of blobs: one file each, named by its SHA-256, in a folder that nothing else writes to.

A row says that a blob is in use, and is touched before its file is looked at; the file of an unused one goes in the
transaction that deletes its row. So no file goes that someone has just come to need.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField
from django.utils import timezone

from accounts.compiled import Compiled, prepared
from runs.models import Blob

_TOUCH: Final = "UPDATE runs_blob SET used_at = %s WHERE digest = %s"
_BLOB: Final = Compiled[Blob](lambda digest: Blob.objects.filter(pk=digest), digest=CharField())
UNUSED_FOR = timedelta(hours=1)
LEFT_FOR = timedelta(days=1)


def keep(data: bytes, *, media_type: str, **known: Any) -> Blob:
    """The blob of these bytes, stored if they are new. `known`: width, height and thumbnail, of a picture."""
    blob = _row(hashlib.sha256(data).hexdigest(), len(data), media_type, known)
    if not is_whole(blob):
        _write([data], path(blob.digest))
    return blob


def keep_file(chunks: Iterable[bytes], *, digest: str, size: int, media_type: str, **known: Any) -> Blob:
    """As `keep`, of bytes that are too many to hold, whose SHA-256 is known; they are read only if they are new."""
    blob = _row(digest, size, media_type, known)
    if not is_whole(blob):
        _write(chunks, path(digest))
    return blob


def path(digest: str) -> Path:
    """Where the bytes are."""
    return _blobs() / digest[:2] / digest


def is_whole(blob: Blob) -> bool:
    """Whether all its bytes are there: a machine whose power failed may have kept the name of a file alone."""
    try:
        return path(blob.digest).stat().st_size == blob.size
    except FileNotFoundError:
        return False


def free_bytes() -> int:
    """How much room there is on the disk."""
    return shutil.disk_usage(settings.DATA_DIR).free


def is_full() -> bool:
    """Whether what is made now may find no room."""
    return free_bytes() < settings.MIN_FREE_BYTES


def clear_unused(limit: int = 100) -> int:
    """Deletes bytes that nothing has needed for an hour. Answers how many; call again until it is none."""
    thumbnails = Blob.objects.exclude(thumbnail=None).values("thumbnail")
    old = Blob.objects.filter(used_at__lt=timezone.now() - UNUSED_FOR, assets=None).exclude(pk__in=thumbnails)
    return sum(_clear(digest) for digest in list(old.values_list("pk", flat=True)[:limit]))


def clear_leftovers() -> int:
    """Deletes what processes that were killed left half done more than a day ago. Answers how many there were."""
    left = [*Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*"), *_blobs().glob("*/.*")]
    return sum(_clear_leftover(each) for each in left)


def _clear_leftover(left: Path) -> bool:
    try:
        if time.time() - left.stat().st_mtime < LEFT_FOR.total_seconds():
            return False
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    except FileNotFoundError:  # it was at work after all, and has ended
        return False
    return True


def _clear(digest: str) -> int:
    with transaction.atomic():
        old = Blob.objects.filter(pk=digest, used_at__lt=timezone.now() - UNUSED_FOR)
        if not old.select_for_update(no_key=True).exists():  # locked, so that nobody comes to need it meanwhile
            return 0
        gone = old.filter(assets=None).delete()[0]
        if gone:
            path(digest).unlink(missing_ok=True)
    return gone


def _blobs() -> Path:
    return Path(settings.DATA_DIR) / "media" / "blobs"


def _row(digest: str, size: int, media_type: str, known: dict[str, Any]) -> Blob:
    now = timezone.now()
    while True:  # again, if somebody else has stored the same in this very moment
        with suppress(IntegrityError), transaction.atomic():
            if _touch(digest, now) and (blob := _BLOB.first(digest=digest)):
                return blob
            return Blob.objects.create(digest=digest, size=size, media_type=media_type, used_at=now, **known)


def _touch(digest: str, now: datetime) -> bool:
    """Whether there is such a blob, which is in use from now on and stays until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [prepared(Blob, "used_at", now), digest])
        return bool(cursor.rowcount)


def _write(chunks: Iterable[bytes], target: Path) -> None:
    """The whole file appears at once, so that nobody reads half of one."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
