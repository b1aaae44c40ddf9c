"""Nodes that make and change pictures. None of them changes the picture that it is given."""

from typing import Annotated, Final, Literal

from PIL import Image, ImageColor, ImageFilter, ImageOps

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.media import MAX_SIDE, check_size
from workflows.nodes.clouds import clouds
from workflows.nodes.gradients import gradient as painted
from workflows.nodes.lettering import Colour, Position, lettered, missing
from workflows.registry import Setting, node

Side = Annotated[int, Setting(minimum=1, maximum=MAX_SIDE, unit="px")]
Seed = Annotated[int, Setting(minimum=0, maximum=2**53 - 1, description="Another seed gives another picture.")]
Color = Annotated[str, Setting(widget="color", description="As #rrggbb or by its English name.")]
Fit = Literal["contain", "cover", "stretch"]


@node("image.noise", title="Noise", description="Paints clouds of noise; each seed has its own.", output="image")
def noise(
    width: Side = 512,
    height: Side = 512,
    seed: Seed = 0,
    color: Annotated[bool, Setting(description="Off: in shades of grey.")] = True,
) -> Image.Image:
    """Return a picture of `width` × `height` pixels, RGB or L, always the same for the same seed."""
    check_size(width, height)
    return clouds(width, height, seed, color=color)


@node(
    "image.gradient",
    title="Gradient",
    description="Paints one colour going over into another, in steps that look even.",
    output="image",
)
def gradient(
    width: Side = 512,
    height: Side = 512,
    start: Color = "#1d2671",
    end: Color = "#f4a261",
    angle: Annotated[
        float,
        Setting(minimum=-360, maximum=360, unit="°", description="Where the end lies: 0 is up, 90 right, 180 down."),
    ] = 90.0,
) -> Image.Image:
    """Return a picture of `width` × `height` pixels in RGB, always the same for the same inputs."""
    check_size(width, height)
    return painted(width, height, _colour(start), _colour(end), angle)


@node("image.blur", title="Blur", description="Softens a picture.", output="image")
def blur(image: Image.Image, radius: Annotated[float, Setting(minimum=0, maximum=200, unit="px")] = 4.0) -> Image.Image:
    """Return the picture under a Gaussian blur of `radius` pixels (its standard deviation)."""
    soft = ImageFilter.GaussianBlur(radius)
    if image.mode == "RGBA":
        # With its alpha multiplied in, no colour of transparent pixels bleeds into the visible ones.
        return image.convert("RGBa").filter(soft).convert("RGBA")
    return image.filter(soft)


@node("image.resize", title="Resize", description="Brings a picture to another size.", output="image")
def resize(
    image: Image.Image,
    width: Side = 512,
    height: Side = 512,
    fit: Annotated[
        Fit, Setting(description="contain: all of it, inside the size. cover: fills the size, cut at the edges.")
    ] = "contain",
) -> Image.Image:
    """Return the picture in `width` × `height` pixels; for `contain`, in the largest size of its shape inside."""
    check_size(width, height)
    if fit == "cover":
        return ImageOps.fit(image, (width, height), _RESAMPLING)
    size = _inside(image.size, (width, height)) if fit == "contain" else (width, height)
    return image.resize(size, _RESAMPLING)


@node("image.text", title="Text on picture", description="Writes on a picture, wrapped to stay inside.", output="image")
def text(
    context: NodeContext,
    image: Image.Image,
    text: Annotated[str, Setting(multiline=True)],
    size: Annotated[
        int, Setting(minimum=4, maximum=1024, unit="px", description="Made smaller where the text would not fit.")
    ] = 48,
    color: Color = "#ffffff",
    position: Position = "bottom",
) -> Image.Image:
    """Return a copy with the text on it, outlined so that it can be read on any ground."""
    colour = _colour(color)
    if lacking := missing(text):
        context.log(f"The font has no “{lacking[:80]}”: boxes stand where these would be.", "warning")
    return lettered(image, text, size, colour, position)


_RESAMPLING: Final = Image.Resampling.LANCZOS


def _colour(written: str) -> Colour:
    try:
        red, green, blue = ImageColor.getrgb(written)[:3]
    except ValueError as error:
        message = f"“{written[:80]}” is no colour. Write it as #ff8800 or orange."
        raise NodeFailed("bad_value", message) from error
    return red, green, blue


def _inside(size: tuple[int, int], bounds: tuple[int, int]) -> tuple[int, int]:
    scale = min(bounds[0] / size[0], bounds[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
