"""Where a picture comes from, told by the file itself: a PNG that a run made carries what it takes to make it again."""

import json
import struct
import zlib
from typing import Final

from runs.models import Asset

KEYWORD: Final = b"loupe"
PLACE: Final = 33
"""Where the chunk goes: behind PNG's signature (8 bytes) and its first chunk, IHDR, which always has 25."""


def chunk_of(asset: Asset) -> bytes:
    """An iTXt chunk (PNG specification, 11.3.3.4) with the provenance as JSON; empty for what no run made.

    Reads `asset.job` with its parameters and `asset.job.graph`. What may change later, such as names, is not in it: a
    browser keeps the file for good.
    """
    job = asset.job
    if job is None:
        return b""
    told = {
        "asset": str(asset.pk),
        "node": asset.node,
        "output": asset.output,
        "index": asset.index,
        "job": {"id": str(job.pk), "number": job.number, "label": job.label, "params": job.params},
        "workflow": {"id": str(job.workflow_id), "version": job.workflow_version},
        "graph": job.graph.document,
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    # Keyword, compression flag and method, language tag, translated keyword, text.
    return _chunk(b"iTXt", KEYWORD + b"\0" + b"\0\0" + b"\0" + b"\0" + text)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
