"""Many assets as one zip file, written while it is sent: it is never held, whole or in large parts, in memory."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

from runs.content import Content

MOST: Final = 1000
"""Assets in one archive."""
NAME: Final = "loupe-assets.zip"


async def zipped(contents: Sequence[Content]) -> AsyncIterator[bytes]:
    """The archive of these contents, each under a name of its own. All that is asked for is there, as `is_there` says.

    Products are packed already, so they are stored as they are. Their sizes follow their bytes, as APPNOTE.TXT 4.3.9
    has it for what can't be sought in.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, content in zip(_names(content.name for content in contents), contents, strict=True):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=content.length >= zipfile.ZIP64_LIMIT) as file:
                async for chunk in content.read(0, content.length):
                    file.write(chunk)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _names(wanted: Iterable[str]) -> list[str]:
    """Each once, whatever case a file system tells apart: `tile.png`, `tile (2).png`."""
    known: set[str] = set()
    names = []
    for each in wanted:
        bare = PurePosixPath(each.replace("\\", "/")).name or "asset"
        name, at = bare, 1
        while name.casefold() in known:
            at += 1
            stem, dot, ending = bare.rpartition(".")
            name = f"{stem} ({at}).{ending}" if dot else f"{bare} ({at})"
        known.add(name.casefold())
        names.append(name)
    return names
