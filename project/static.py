"""Static files, answered before Django: streamed, with validators, from where the packages keep them.

Of styles and scripts a compressed copy is kept with the data, as they come by the dozen and shrink to a third.
"""

import gzip
import hashlib
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI
from servestatic.responders import StaticFile

MAX_AGE = 60
"""Seconds until a browser asks again whether a file has changed; names carry no version."""
COMPRESSED = (".css", ".js")


def with_static_files(application: Any) -> ServeStaticASGI:
    """`application`, behind one that answers for the static files of the project, its apps and its packages."""
    served = ServeStaticASGI(application, max_age=MAX_AGE, allow_all_origins=False, add_headers_function=_safe)
    for finder in get_finders():
        for storage in getattr(finder, "storages", {}).values():  # each finder of ours has them
            prefix = getattr(storage, "prefix", None) or ""  # an app's storage has none
            served.add_files(storage.location, prefix=f"{settings.STATIC_URL}{prefix}")
    for url, file in served.files.items():
        if url.endswith(COMPRESSED):
            _, path, headers = file.alternatives[0]
            served.files[url] = StaticFile(path, headers, encodings={"gzip": str(_compressed(Path(path)))})
    return served


def _compressed(file: Path) -> Path:
    """A compressed copy of the file, named by what is in it; it is made once, whichever process needs it first."""
    content = file.read_bytes()
    copy: Path = settings.COMPRESSED_DIR / f"{hashlib.sha256(content).hexdigest()}.gz"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        new = copy.with_suffix(f".{os.getpid()}")
        new.write_bytes(gzip.compress(content, mtime=0))
        new.replace(copy)
    return copy


def _safe(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
