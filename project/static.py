"""Static files, answered before Django: streamed, with validators, from where the packages keep them.

Of styles and scripts copies are kept with the data, as they come by the dozen: without comments, with the
styles that they import, they shrink to a fifth.
"""

import gzip
import hashlib
import os
import re
import time
from collections.abc import Collection, MutableMapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI
from servestatic.responders import StaticFile

MAX_AGE = 60
"""Seconds until a browser asks again whether a file has changed; names carry no version."""
COMPRESSED = (".css", ".js")
OLD = 3600
"""Seconds."""
OF_THE_FILE = {"etag", "last-modified", "content-length", "vary"}
"""Headers that go with its own bytes."""
_COMMENTS = re.compile(
    rb"""
    ^[ \t]* /\* (?: (?! \*/ ) . )* \*/ [ \t]* \n    # on lines of its own
    | ^[ \t]* // [^\n]* \n
    | /\*\* [ ] @type [ ] [^*\n]* \*/ [ ]?
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
_IMPORT = re.compile(rb'^@import url\("([\w-]+\.css)"\);\n', re.MULTILINE)


def with_static_files(application: Any) -> ServeStaticASGI:
    """`application`, behind one that answers for the static files of the project, its apps and its packages."""
    served = ServeStaticASGI(application, max_age=MAX_AGE, allow_all_origins=False, add_headers_function=_safe)
    for finder in get_finders():
        for storage in getattr(finder, "storages", {}).values():  # each finder of ours has them
            prefix = getattr(storage, "prefix", None) or ""  # an app's storage has none
            served.add_files(storage.location, prefix=f"{settings.STATIC_URL}{prefix}")
    kept: set[Path] = set()
    for url, file in served.files.items():
        if url.endswith(COMPRESSED):
            _, path, headers = file.alternatives[0]
            copy, compressed = _copies(Path(path))
            kept |= {copy, compressed}
            own = [(name, value) for name, value in headers if name.lower() not in OF_THE_FILE]
            served.files[url] = StaticFile(str(copy), own, encodings={"gzip": str(compressed)})
    _clear(kept)
    return served


def plain(file: Path) -> bytes:
    """What is in a style or script, with the styles that it imports in their place, and without what only people read.

    That is comments that stand on lines of their own, and the types of expressions. Packages' files stay as they are.
    """
    content = file.read_bytes()
    if not file.is_relative_to(settings.BASE_DIR / "static"):
        return content
    return _IMPORT.sub(lambda found: plain(file.parent / found[1].decode()), _COMMENTS.sub(b"", content))


def _copies(file: Path) -> tuple[Path, Path]:
    """A plain copy of the file and a compressed one, made by whichever process needs them first.

    They are named by what is in them. So a file has other validators when a style that it imports has changed.
    """
    content = plain(file)
    copy: Path = settings.COMPRESSED_DIR / f"{hashlib.sha256(content).hexdigest()}{file.suffix}"
    compressed = copy.with_name(f"{copy.name}.gz")
    if not compressed.exists():
        copy.parent.mkdir(exist_ok=True)
        _write(copy, content)
        _write(compressed, gzip.compress(content, mtime=0))
    return copy, compressed


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(path)


def _clear(kept: Collection[Path]) -> None:
    """Deletes the copies of earlier versions, unless another process may have made them just now."""
    for copy in settings.COMPRESSED_DIR.glob("*"):
        if copy not in kept and time.time() - copy.stat().st_mtime > OLD:
            copy.unlink(missing_ok=True)


def _safe(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
