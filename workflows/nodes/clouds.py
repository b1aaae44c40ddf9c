"""Clouds of noise: small grids of random numbers, enlarged smoothly and laid over each other, finer and fainter."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workflows.nodes.oklab import to_srgb

Plane = NDArray[np.float32]
_SHADES: Final = 256
_STOPS: Final = (0, 0.3, 0.7, 1)
_STRIP: Final = 128  # rows painted at once, so that a large picture needs little memory beside itself


def clouds(width: int, height: int, seed: int, *, color: bool) -> Image.Image:
    """Paint clouds, RGB in a palette that the seed draws, or L. The shapes are the same at any size and in grey."""
    rng = np.random.default_rng(seed)
    shades = _palette(rng)
    billows = _grids(rng, width, height, cells=3, octaves=7)
    veins = _grids(rng, width, height, cells=2, octaves=4)
    picture = np.empty((height, width, 3) if color else (height, width), np.uint8)
    for top in range(0, height, _STRIP):
        rows = (top, min(top + _STRIP, height))
        depth = 0.75 * _contrast(_layered(billows, width, height, rows), 0.2, 0.8)
        depth += 0.25 * _contrast(1 - np.abs(2 * _layered(veins, width, height, rows) - 1), 0.35, 0.95)
        levels = (depth * (_SHADES - 1)).astype(np.uint8)
        picture[slice(*rows)] = shades[levels] if color else levels
    return Image.fromarray(picture)


def _palette(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Shades from dark to light whose hues drift to one side, as a sky's do; shape (_SHADES, 3).

    Mixed in Oklab, where equal steps look equal: so no hue glares, and no palette is muddy in between.
    """
    hue = rng.random()
    drift = rng.uniform(0.06, 0.22) * rng.choice((-1, 1))
    along = np.linspace(0, 1, _SHADES)
    lightness = np.interp(along, _STOPS, (0.26, 0.5, 0.76, 0.97))
    chroma = np.interp(along, _STOPS, (0.08, 0.17, 0.13, 0.03))
    angle = 2 * np.pi * (hue + drift * np.interp(along, _STOPS, (0.0, 0.5, 1.3, 1.8)))
    oklab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
    return (to_srgb(oklab) * 255).astype(np.uint8)


def _grids(rng: np.random.Generator, width: int, height: int, *, cells: int, octaves: int) -> list[Image.Image]:
    """Random grids, the first with `cells` cells along the longer side, each next one twice as fine."""
    longer = max(width, height)
    shapes = [
        tuple(max(2, round(cells * 2**octave * side / longer)) + 1 for side in (height, width))
        for octave in range(octaves)
    ]
    return [Image.fromarray(rng.random(shape, dtype=np.float32)) for shape in shapes]


def _layered(grids: Sequence[Image.Image], width: int, height: int, rows: tuple[int, int]) -> Plane:
    """The grids enlarged and added up, for the rows from rows[0] to rows[1] of the whole picture; about 0 to 1."""
    total = np.zeros((rows[1] - rows[0], width), np.float32)
    weight, weights = 1.0, 0.0
    for grid in grids:
        scale = (grid.height - 1) / height
        box = (0.5, 0.5 + rows[0] * scale, grid.width - 0.5, 0.5 + rows[1] * scale)
        total += np.float32(weight) * np.asarray(grid.resize(total.shape[::-1], Image.Resampling.BICUBIC, box))
        weights += weight
        weight *= 0.57
    total /= np.float32(weights)
    return total


def _contrast(plane: Plane, low: float, high: float) -> Plane:
    """Spread low…high over 0…1, softly at both ends."""
    spread: Plane = np.clip((plane - np.float32(low)) / np.float32(high - low), 0, 1)
    return spread * spread * (3 - 2 * spread)
