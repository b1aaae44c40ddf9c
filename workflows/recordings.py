"""Sounds, films and other files as a run's values: they stay on disk, and what is known of them goes with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image


@dataclass(frozen=True, eq=False)
class Recording:
    """Bytes in a file that is there as long as the run, and is never changed. `kind` is its port type."""

    kind: ClassVar[str]

    path: Path
    media_type: str
    duration: float | None = None
    """Seconds."""
    width: int | None = None
    height: int | None = None
    poster: Image.Image | None = None
    """The picture that stands for it, in its own size."""


class Audio(Recording):
    """A sound."""

    kind = "audio"


class Video(Recording):
    """A film."""

    kind = "video"


class File(Recording):
    """Any file, whatever is in it."""

    kind = "file"


KINDS: dict[str, type[Recording]] = {each.kind: each for each in (Audio, Video, File)}
