"""Pictures as frames of an H.264 film that every browser plays."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageOps

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.recordings import Video

if TYPE_CHECKING:
    from av.video.stream import VideoStream

MAX_SIDE: Final = 2048
"""Pixels. The encoder holds some thirty frames: at this size up to 400 MB of a worker's memory."""
_BT709: Final = 1
_LIMITED: Final = 1
_SRGB: Final = 13
_ENCODER: Final = {"crf": "18", "preset": "veryfast", "threads": "2"}  # as many everywhere: the bytes hang on it


def size_of(first: Image.Image) -> tuple[int, int]:
    """The film's size in pixels when this is its first picture: even, as half of the colours' rows are left out."""
    scale = min(1.0, MAX_SIDE / max(first.size))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in first.size)
    return width, height


def filmed(context: NodeContext, images: Sequence[Image.Image], size: tuple[int, int], fps: float) -> Video:
    """Encode the pictures, telling of each; a cancelled run ends after the one that it is at."""
    import av  # noqa: PLC0415 (60 ms and 20 MB that only films need)

    rate, path = Fraction(fps).limit_denominator(1000), context.temporary_file(".mp4")
    poster = framed(images[0], size)
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=rate, options=_ENCODER)
            _set_up(stream, size)
            for place, image in enumerate(images):
                context.progress(place, len(images))
                frame = av.VideoFrame.from_ndarray(np.asarray(framed(image, size)), format="rgb24")
                frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
                frame.pts, frame.time_base = place, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise NodeFailed(
            "not_encoded", f"The film could not be made ({error}). Use smaller or fewer pictures."
        ) from error
    context.progress(len(images), len(images))
    return Video(path, "video/mp4", float(len(images) / rate), *size, poster)


def framed(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in RGB and in this size: whole, in the middle, on black; a pixel too much is cut off."""
    if image.mode in {"RGBA", "LA"}:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
    picture = image.convert("RGB")
    if picture.width - size[0] in {0, 1} and picture.height - size[1] in {0, 1}:
        return picture.crop((0, 0, *size))
    return ImageOps.pad(picture, size, Image.Resampling.LANCZOS, "black")


def _set_up(stream: "VideoStream", size: tuple[int, int]) -> None:
    """The size, and in which colours it is: what is not said, every player guesses for itself."""
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.colorspace = context.color_primaries = _BT709
    context.color_trc, context.color_range = _SRGB, _LIMITED
