"""Nodes that make films."""

from typing import Annotated, Final

from PIL import Image

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.nodes.filming import MAX_SIDE, filmed, size_of
from workflows.recordings import Video
from workflows.registry import Setting, node

MOST_PICTURES: Final = 3_000


@node(
    "video.from_images",
    title="Film of pictures",
    description="Makes a film of pictures, one after the other, in the size of the first.",
    output="video",
)
def from_images(
    context: NodeContext,
    images: list[Image.Image],
    fps: Annotated[
        float, Setting(minimum=0.1, maximum=60, unit="/s", description="How many pictures are shown in a second.")
    ] = 8,
) -> Video:
    """Return an MP4 file (H.264) without sound. Pictures of another size stand whole in the middle, on black.

    NodeFailed when there is no picture, or more than `MOST_PICTURES`.
    """
    if not images:
        raise NodeFailed("bad_value", "There are no pictures to make a film of. Send at least one.")
    if len(images) > MOST_PICTURES:
        message = f"A film has {MOST_PICTURES:,} pictures at most; these are {len(images):,}. Send fewer."
        raise NodeFailed("too_large", message)
    size = size_of(images[0])
    if max(images[0].size) > MAX_SIDE:
        context.log(f"The film is made smaller, {size[0]} × {size[1]}: its sides have {MAX_SIDE} px at most.")
    return filmed(context, images, size, fps)
