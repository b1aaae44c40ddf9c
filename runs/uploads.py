"""Files that people give: looked at, not believed; kept as they are."""

import hashlib
import threading
from pathlib import PurePosixPath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from accounts.models import User
from runs import store
from runs.models import Asset, Blob
from workflows import media
from workflows.errors import MediaError

_decoding = threading.Semaphore(1)
"""A large photograph takes 200 MB while it is decoded: one at a time."""


def stored(file: "UploadedFile[Any]") -> Blob:
    """The blob of the file's bytes. Raises MediaError when they say that they are a picture and can't be read."""
    file.seek(0)
    media_type = media.sniff(file.read(64))
    known = _picture(file) if media.kind_of(media_type) == "image" else {}
    return store.keep_file(file.chunks(), digest=_digest(file), size=file.size or 0, media_type=media_type, **known)


def make(user: User, file: "UploadedFile[Any]", blob: Blob) -> Asset:
    """The upload as an asset of the user."""
    return Asset.objects.create(
        owner=user,
        name=_name(file),
        kind=media.kind_of(blob.media_type),
        blob=blob,
        created_at=timezone.now(),
    )


def of_kind(user: User, file: "UploadedFile[Any]", kind: str) -> Asset:
    """The upload as an asset, where one of this kind is needed; a `file` is any. Raises MediaError with its name."""
    name = _name(file)
    file.seek(0)
    if kind not in {"file", media.kind_of(media.sniff(file.read(64)))}:
        asked = media.UPLOADS[kind]
        raise MediaError(f"{name} is no {asked.noun} that Loupe reads. Choose {asked.formats}.")
    try:
        return make(user, file, stored(file))
    except MediaError as error:
        raise MediaError(f"{name}: {error}") from error


def _name(file: "UploadedFile[Any]") -> str:
    return PurePosixPath((file.name or "").replace("\\", "/")).name[:255]


def _digest(file: "UploadedFile[Any]") -> str:
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    return found.hexdigest()


def _picture(file: "UploadedFile[Any]") -> dict[str, object]:
    """What is known of a picture once it has been decoded: its size as it is seen, upright, and its thumbnail."""
    with _decoding:
        file.seek(0)
        picture = media.decode_image(file.read())
        small = media.thumbnail(picture)
    thumbnail = store.keep(small.data, media_type=small.media_type, width=small.width, height=small.height)
    return {"width": picture.width, "height": picture.height, "thumbnail": thumbnail}
