"""Files that people give: looked at, not believed; kept as they are."""

import base64
import hashlib
import json
import logging
import subprocess
import sys
import threading
from pathlib import PurePosixPath
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from runs import outbox, store
from runs.errors import OverQuota
from runs.models import Asset, Blob
from runs.quota import Quota
from workflows import media
from workflows.errors import MediaError

PROBE_SECONDS: Final = 15.0
_decoding = threading.Semaphore(1)
"""A large photograph takes 200 MB while it is decoded: one at a time."""

logger = logging.getLogger(__name__)


def stored(file: "UploadedFile[Any]") -> Blob:
    """The blob of the file's bytes. Raises MediaError when they begin as a picture, sound or film and can't be read."""
    file.seek(0)
    media_type = media.sniff(file.read(64))
    kind = media.kind_of(media_type)
    known = _picture(file) if kind == "image" else {}
    size = file.size or 0
    blob = store.keep_file(file.chunks(), digest=_digest(file), size=size, media_type=media_type, **known)
    return _probed(blob) if kind in {"audio", "video"} and blob.duration is None else blob


def make(user: User, file: "UploadedFile[Any]", blob: Blob) -> Asset:
    """The upload as an asset of the user. Raises OverQuota."""
    kind = media.kind_of(blob.media_type)
    with transaction.atomic():
        if settings.STORAGE_QUOTA_PER_USER:  # what else the person uploads just now is counted after this
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
        Quota(user.pk).take(blob)
        asset = Asset.objects.create(owner=user, name=_name(file), kind=kind, blob=blob, created_at=timezone.now())
        outbox.assets_made(user.pk, None, [asset.pk])
    return asset


def of_kind(user: User, file: "UploadedFile[Any]", kind: str) -> Asset:
    """The upload as an asset, where one of this kind is needed; a `file` is any.

    Raises MediaError or OverQuota, with the file's name.
    """
    name = _name(file)
    file.seek(0)
    if kind not in {"file", media.kind_of(media.sniff(file.read(64)))}:
        asked = media.UPLOADS[kind]
        raise MediaError(f"{name} is no {asked.noun} that Loupe reads. Choose {asked.formats}.")
    try:
        return make(user, file, stored(file))
    except (MediaError, OverQuota) as error:
        raise type(error)(f"{name}: {error}") from error


def _name(file: "UploadedFile[Any]") -> str:
    return PurePosixPath((file.name or "").replace("\\", "/")).name[:255]


def _digest(file: "UploadedFile[Any]") -> str:
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    return found.hexdigest()


def _probed(blob: Blob) -> Blob:
    """The blob of a sound or film with what can be told of it: how long it is, its size, its first picture.

    Raises MediaError when nothing in it can be decoded; one that only takes too long is kept as it is.
    """
    command = [sys.executable, "-m", "workflows.probe", str(store.path(blob.digest)), blob.media_type]
    try:
        with _decoding:
            done = subprocess.run(  # noqa: S603 (no shell, and nothing of the file's but its path)
                command, cwd=settings.BASE_DIR, capture_output=True, timeout=PROBE_SECONDS, check=True
            )
    except (subprocess.SubprocessError, OSError) as error:
        logger.info("Nothing more is known of %s: %s", blob, error)
        return blob
    found = json.loads(done.stdout)
    if found is None:
        noun = media.UPLOADS[media.kind_of(blob.media_type)].noun
        raise MediaError(f"The {noun} is damaged or incomplete. Save it anew and upload that.")
    poster = base64.b64decode(found.pop("poster", None) or "")
    blob.duration, blob.width, blob.height = (found.get(name) for name in ("duration", "width", "height"))
    blob.thumbnail = store.keep(poster, media_type="image/webp") if poster else None
    blob.save(update_fields=("duration", "width", "height", "thumbnail"))
    return blob


def _picture(file: "UploadedFile[Any]") -> dict[str, object]:
    """What is known of a picture once it has been decoded: its size as it is seen, upright, and its thumbnail."""
    with _decoding:
        file.seek(0)
        picture = media.decode_image(file.read())
        small = media.thumbnail(picture)
    thumbnail = store.keep(small.data, media_type=small.media_type, width=small.width, height=small.height)
    return {"width": picture.width, "height": picture.height, "thumbnail": thumbnail}
