"""What a sound or film is, found out in a process of its own: decoders of strangers' files may hang, or worse.

`python -m workflows.probe PATH MEDIA_TYPE` prints `{"duration", "width", "height", "poster"}`, each null where it is
not known; the poster is a small WebP in base64.
"""

import base64
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import av
from PIL import Image

from workflows import media

SECONDS: Final = 10
_BYTES: Final = 2 * 1024**3
_FORMATS: Final = {
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "video/mp4": "mov",
    "video/webm": "matroska",
}
"""FFmpeg is told the format, so that no file can choose one that names other files."""


def probe(path: Path, media_type: str) -> dict[str, Any]:
    """What the file tells, as a document."""
    with av.open(str(path), format=_FORMATS[media_type], options={"protocol_whitelist": "file"}) as container:
        found: dict[str, Any] = {"duration": container.duration and container.duration / av.time_base}
        if media.kind_of(media_type) == "video" and container.streams.video:
            frame = next(container.decode(video=0))
            picture = Image.fromarray(frame.to_ndarray(format="rgb24")).rotate(frame.rotation, expand=True)
            poster = base64.b64encode(media.thumbnail(picture).data).decode()
            found |= {"width": picture.width, "height": picture.height, "poster": poster}
    return found


def main(path: str, media_type: str) -> None:
    """Prints what is found, within bounds of time and memory."""
    for bound, most in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, _BYTES)):
        with suppress(ValueError, OSError):  # where a system knows no such bound, or has a lower one
            resource.setrlimit(bound, (most, most))
    print(json.dumps(probe(Path(path), media_type)))  # noqa: T201 (whoever started this reads it)


if __name__ == "__main__":
    main(*sys.argv[1:])
