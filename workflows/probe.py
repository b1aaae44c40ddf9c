"""What a sound or film is, found out in a process of its own: decoders of strangers' files may hang, or worse.

`python -m workflows.probe PATH MEDIA_TYPE` prints `{"duration", "width", "height", "poster"}`, each null where it is
not known; the poster is a small WebP in base64. Of what can't be decoded at all it prints null.
"""

import base64
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer
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


def probe(path: Path, media_type: str) -> dict[str, Any] | None:
    """What the file tells, as a document; None when not even its beginning can be decoded."""
    try:
        with av.open(str(path), format=_FORMATS[media_type], options={"protocol_whitelist": "file"}) as container:
            frame = _first(container, media.kind_of(media_type))
            if frame is None:
                return None
            found: dict[str, Any] = {"duration": container.duration and container.duration / av.time_base}
            return found | _seen(frame) if isinstance(frame, av.VideoFrame) else found
    except (av.FFmpegError, ValueError):
        return None


def main(path: str, media_type: str) -> None:
    """Prints what is found, within bounds of time and memory."""
    for bound, most in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, _BYTES)):
        with suppress(ValueError, OSError):  # where a system knows no such bound, or has a lower one
            resource.setrlimit(bound, (most, most))
    print(json.dumps(probe(Path(path), media_type)))  # noqa: T201 (whoever started this reads it)


def _first(container: InputContainer, kind: str) -> av.AudioFrame | av.VideoFrame | None:
    """What can be decoded first of a film's pictures or of a sound; damage before it does not matter."""
    streams = container.streams
    wanted = [*streams.video, *streams.audio] if kind == "video" else [*streams.audio]
    for packet in container.demux(wanted[:1]) if wanted else ():
        with suppress(av.FFmpegError):
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame | av.VideoFrame):
                    return frame
    return None


def _seen(frame: av.VideoFrame) -> dict[str, Any]:
    picture = Image.fromarray(frame.to_ndarray(format="rgb24")).rotate(frame.rotation, expand=True)
    poster = base64.b64encode(media.thumbnail(picture).data).decode()
    return {"width": picture.width, "height": picture.height, "poster": poster}


if __name__ == "__main__":
    main(*sys.argv[1:])
