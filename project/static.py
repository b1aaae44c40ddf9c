"""Static files, answered before Django: streamed, with validators, from where the packages keep them."""

from collections.abc import MutableMapping
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

MAX_AGE = 60
"""Seconds until a browser asks again whether a file has changed; names carry no version."""


def with_static_files(application: Any) -> ServeStaticASGI:
    """`application`, behind one that answers for the static files of the project, its apps and its packages."""
    served = ServeStaticASGI(application, max_age=MAX_AGE, allow_all_origins=False, add_headers_function=_safe)
    for finder in get_finders():
        for storage in getattr(finder, "storages", {}).values():  # each finder of ours has them
            prefix = getattr(storage, "prefix", None) or ""  # an app's storage has none
            served.add_files(storage.location, prefix=f"{settings.STATIC_URL}{prefix}")
    return served


def _safe(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
