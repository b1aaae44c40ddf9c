"""Text on pictures: wrapped, placed, shaded, and never beyond the edge."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from workflows.errors import NodeFailed

Colour: TypeAlias = tuple[int, int, int]
Position: TypeAlias = Literal[
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"
]
MAX_LETTERS: Final = 2_000
FONT: Final = str(files("font_source_sans_pro") / "files" / "SourceSansPro-Semibold.ttf")
"""Latin, Greek and Cyrillic with all their marks."""
_MISSING: Final = "\uffff"  # is no letter, so that its box is the one of all that the font lacks
_SMALLEST: Final = 4
_DARK: Final = (12, 12, 20)
_LIGHT: Final = (245, 245, 250)


@dataclass(frozen=True)
class _Block:
    """Lines of text in one font, each at most as wide as the picture allows; sizes in pixels."""

    lines: tuple[str, ...]
    font: ImageFont.FreeTypeFont

    @property
    def line_height(self) -> int:
        return sum(self.font.getmetrics())

    @property
    def height(self) -> int:
        return self.line_height * len(self.lines)


def lettered(image: Image.Image, text: str, size: int, colour: Colour, position: Position) -> Image.Image:
    """Write on a copy of the picture, in letters of `size` pixels or of the largest smaller size that fits.

    Raises NodeFailed when the text fits in no size that can be read.
    """
    picture = image.copy() if image.mode in {"RGB", "RGBA"} else image.convert("RGB")
    if not text.strip():
        return picture
    margin = round(min(picture.size) * 0.04)
    room = (picture.width - 2 * margin, picture.height - 2 * margin)
    block = _fitting(text, size, room)
    letters = _drawn(block, picture.size, margin, position)
    box = _around(letters, block.line_height // 2)  # On a large picture most of it need not be touched.
    letters = letters.crop(box)
    picture.paste(_shade(colour), box, letters.filter(ImageFilter.GaussianBlur(block.line_height / 10)))
    picture.paste(colour, box, letters)
    return picture


def missing(text: str) -> str:
    """Those of the text's letters that the font lacks, each once; they are drawn as boxes."""
    return "".join(dict.fromkeys(letter for letter in text if not _has(letter)))


@lru_cache(maxsize=4096)
def _has(letter: str) -> bool:
    font = _font(16)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(_MISSING))


def _fitting(text: str, size: int, room: tuple[int, int]) -> _Block:
    if len(text) > MAX_LETTERS:
        raise NodeFailed("too_large", f"The text has {len(text):,} characters; use {MAX_LETTERS:,} at most.")
    block = _block(text, size, room)
    best, too_large = _SMALLEST - 1, size
    while block is None and too_large - best > 1:
        tried = (best + too_large) // 2
        if _block(text, tried, room):
            best = tried
        else:
            too_large = tried
    block = block or _block(text, best, room)
    if block is None:
        raise NodeFailed("too_large", "The text does not fit on the picture. Shorten it or make the picture larger.")
    return block


def _block(text: str, size: int, room: tuple[int, int]) -> _Block | None:
    """The text in letters of this size, None when it does not fit or cannot be read."""
    if size < _SMALLEST:
        return None
    font = _font(size)
    block = _Block(tuple(_wrapped(text, font, room[0])), font)
    fits = block.height <= room[1] and all(font.getlength(line) <= room[0] for line in block.lines)
    return block if fits else None


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The text's own lines, broken between words where they are too wide, and within a word that is wider yet."""
    lines: list[str] = []
    for paragraph in text.strip("\n").split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if font.getlength(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _broken(word, font, width)
            lines += full
        lines.append(line)
    return lines


def _broken(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _drawn(block: _Block, size: tuple[int, int], margin: int, position: Position) -> Image.Image:
    """A mask of the picture's size with the letters in white."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    x, anchor = _across(size[0], margin, position)
    y = _down(size[1] - block.height, margin, position)
    for line in block.lines:
        draw.text((x, y), line, fill=255, font=block.font, anchor=anchor)
        y += block.line_height
    return mask


def _around(mask: Image.Image, room: int) -> tuple[int, int, int, int]:
    """The part of the picture that has letters, with some room for their shade."""
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    return max(0, left - room), max(0, top - room), min(mask.width, right + room), min(mask.height, bottom + room)


def _across(width: int, margin: int, position: Position) -> tuple[float, str]:
    if position.endswith("left"):
        return margin, "la"
    return (width - margin, "ra") if position.endswith("right") else (width / 2, "ma")


def _down(room: int, margin: int, position: Position) -> float:
    if position.startswith("top"):
        return margin
    return room - margin if position.startswith("bottom") else room / 2


def _shade(colour: Colour) -> Colour:
    """Dark behind light letters and light behind dark ones, so that they can be read on any ground."""
    red, green, blue = colour
    return _DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 110 else _LIGHT
