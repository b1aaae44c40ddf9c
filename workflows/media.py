"""Pictures in and out: what is decoded, what is stored, and the limits of both. Knows no Django."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from workflows.errors import MediaError

MAX_SIDE: Final = 8192
MAX_PIXELS: Final = 64_000_000
THUMBNAIL_SIDE: Final = 320
UNKNOWN: Final = "application/octet-stream"

# Pillow checks frames and tiles inside a file against this as well, where no caller could.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"})
_STORED_MODES: Final = frozenset({"L", "LA", "RGB", "RGBA"})
# What Pillow's decoders raise on ill-formed files; UnidentifiedImageError is an OSError and caught before it.
_ILL_FORMED: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
_TOO_LARGE: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# (offset, bytes found there, media type); the first that fits counts.
_MAGIC: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)


class Upload(NamedTuple):
    """Files that are asked for: what people call one, what a browser offers, and which formats there are."""

    noun: str
    accept: str
    formats: str


UPLOADS: Final = {
    "image": Upload(
        "picture",
        "image/png,image/jpeg,image/webp,image/gif,image/bmp,image/tiff",
        "a PNG, JPEG, WebP, GIF, BMP or TIFF",
    ),
    "audio": Upload("sound", "audio/*", "a WAV, MP3, FLAC, Ogg or M4A"),
    "video": Upload("film", "video/mp4,video/webm", "an MP4 or WebM"),
    "file": Upload("file", "", "a file"),
}
"""By the kind of asset that they become."""


@dataclass(frozen=True)
class Encoded:
    """A picture as stored: its bytes, their media type, and its size in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def decode_image(source: bytes | Path) -> Image.Image:
    """Decode the first frame of a picture, upright, in mode L, RGB or RGBA and in sRGB.

    Raises MediaError when the file is no picture of an allowed format, is broken, or has more than MAX_PIXELS.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS) as opened:
            check_size(opened.width, opened.height)
            opened.load()
            upright = ImageOps.exif_transpose(opened)
        return _plain(upright)
    except _TOO_LARGE as error:
        raise MediaError(_too_many_pixels()) from error
    except FileNotFoundError as error:
        raise MediaError("The picture's file is no longer there. Upload the picture again.") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"This file is not a picture that Loupe reads. Use one of: {', '.join(_FORMATS)}.") from error
    except _ILL_FORMED as error:
        raise MediaError("The picture is damaged or incomplete. Save it anew and upload that.") from error


def encode_image(image: Image.Image) -> Encoded:
    """Encode as PNG, alpha kept, without metadata, so that equal pictures are equal bytes."""
    picture = image if image.mode in _STORED_MODES else _eight_bit(image)
    buffer = io.BytesIO()
    # Level 6 takes four times as long and saves a tenth of the bytes.
    picture.save(buffer, format="PNG", compress_level=1, icc_profile=None)
    return Encoded(buffer.getvalue(), "image/png", picture.width, picture.height)


def thumbnail(image: Image.Image) -> Encoded:
    """Encode a small WebP of the picture, its longest side at most THUMBNAIL_SIDE pixels; never enlarges."""
    small = _eight_bit(image)
    scale = min(1.0, THUMBNAIL_SIDE / max(small.size))
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    small = small.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=80, method=2, icc_profile=None)
    return Encoded(buffer.getvalue(), "image/webp", *size)


def check_size(width: int, height: int) -> None:
    """Raise MediaError unless a picture of this size, in pixels, is within what Loupe handles."""
    if width < 1 or height < 1:
        raise MediaError("A picture is at least 1 pixel wide and 1 pixel high.")
    if width * height > MAX_PIXELS:
        raise MediaError(f"{_too_many_pixels()} This one would have {width} × {height}.")


def sniff(head: bytes) -> str:
    """Tell a file's media type from its first bytes (16 suffice); UNKNOWN when they say nothing."""
    for offset, mark, media_type in _MAGIC:
        if head.startswith(mark, offset):
            return media_type
    return UNKNOWN


def kind_of(media_type: str) -> str:
    """Tell what kind of asset a media type is: image, audio, video, text, json or file."""
    family, _, subtype = media_type.partition(";")[0].strip().lower().partition("/")
    if f"{family}/{subtype}" in _PICTURES:
        return "image"
    if subtype == "json":
        return "json"
    return family if family in {"audio", "video", "text"} else "file"


def _too_many_pixels() -> str:
    return f"A picture may have {MAX_PIXELS // 1_000_000} million pixels at most; use a smaller one."


def _plain(image: Image.Image) -> Image.Image:
    picture = _eight_bit(_in_srgb(image))
    if picture.mode == "LA" or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    picture.info = {}
    return picture


def _in_srgb(image: Image.Image) -> Image.Image:
    """Convert from the picture's own colour profile, which the stored PNG does not carry."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # A broken profile costs true colours, not the picture.
    return converted or image


def _eight_bit(image: Image.Image) -> Image.Image:
    """Bring any of Pillow's modes to L, LA, RGB or RGBA without losing alpha or the range of deep pictures."""
    if image.mode in _STORED_MODES:
        return image
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_scaled_to_bytes(np.asarray(image)))
    if image.mode == "1":
        return image.convert("L")
    transparent = "transparency" in image.info or image.mode in {"PA", "La", "RGBa"}
    return image.convert("RGBA" if transparent else "RGB")


def _scaled_to_bytes(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Map 16-bit pixels by their full range, and 32-bit and floating ones from their lowest to their highest."""
    if pixels.dtype.itemsize == 2:
        return (pixels.astype(np.uint16) >> 8).astype(np.uint8)
    finite = np.nan_to_num(pixels.astype(np.float64))
    low, high = float(finite.min()), float(finite.max())
    scaled: NDArray[np.float64] = (finite - low) * (255 / max(high - low, 1e-12))
    return scaled.astype(np.uint8)
