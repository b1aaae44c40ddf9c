"""Gradients from one colour to another, even to the eye and free of bands."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workflows.nodes.lettering import Colour
from workflows.nodes.oklab import from_srgb, to_srgb

_SHADES: Final = 4096
_STRIP: Final = 128  # rows painted at once, so that a large picture needs little memory beside itself


def gradient(width: int, height: int, start: Colour, end: Colour, angle: float) -> Image.Image:
    """Paint a gradient in RGB, which runs towards `angle` as in CSS: 0 upwards, 90 to the right.

    The corners that lie farthest along that way have exactly the two colours.
    """
    shades = _shades(start, end)
    across, down = _ways(width, height, angle)
    grain = np.random.default_rng(0).random((_STRIP, width, 1), dtype=np.float32) * np.float32(
        0.999
    )  # never rounds to 1
    picture = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):
        along = down[top : top + _STRIP, None] + across[None, :]
        levels = np.rint(np.clip(along, 0, 1) * (_SHADES - 1)).astype(np.int16)
        # Where a colour lies between two bytes, that share of the pixels has the upper one: so no edge shows.
        picture[top : top + _STRIP] = shades[levels] + grain[: len(along)]
    return Image.fromarray(picture)


def _shades(start: Colour, end: Colour) -> NDArray[np.float32]:
    """From one colour to the other as bytes with fractions; shape (_SHADES, 3)."""
    first, last = from_srgb(np.array([start, end]) / 255)
    share = np.linspace(0, 1, _SHADES)[:, None]
    shades = to_srgb(first * (1 - share) + last * share) * 255
    shades[0], shades[-1] = start, end
    return np.round(shades, 4).astype(np.float32)


def _ways(width: int, height: int, angle: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What each column and each row adds to how far along a pixel lies, from 0 to 1."""
    turned = np.deg2rad(angle % 360)
    right, up = round(float(np.sin(turned)), 12), round(float(np.cos(turned)), 12)
    columns = (np.arange(width) - (width - 1) / 2) * right
    rows = ((height - 1) / 2 - np.arange(height)) * up
    length = (columns.max() + rows.max()) * 2 or 1.0
    return (columns / length).astype(np.float32), (rows / length + 0.5).astype(np.float32)
